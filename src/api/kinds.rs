//! The resources that the API server serves: one row for each kind, with the names that kubectl takes.

/// A kind of object and the resource under which it is served.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short_names: &'static [&'static str],
    pub namespaced: bool,
    /// Whether `kubectl get all` shows it.
    pub in_all: bool,
}

// Kind and group name a row; comparing the rest would only cost time.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.kind == other.kind && self.group == other.group)
    }
}

impl Eq for Kind {}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if std::ptr::eq(self, other) {
            return std::cmp::Ordering::Equal;
        }
        (self.kind, self.group).cmp(&(other.kind, other.group))
    }
}

impl std::hash::Hash for Kind {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.kind, self.group).hash(state);
    }
}

impl Kind {
    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.into() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods`, `deployments.apps`: how messages name the resource.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.into() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Pod`, `Deployment.apps`: how `Invalid` messages name the kind.
    pub fn group_kind(&self) -> String {
        if self.group.is_empty() { self.kind.into() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// `pod`, `deployment.apps`: how kubectl names one object (`pod/web created`).
    pub fn singular_with_group(&self) -> String {
        if self.group.is_empty() { self.singular.into() } else { format!("{}.{}", self.singular, self.group) }
    }

    /// Where its objects hold a Pod's spec.
    pub fn pod_spec(&self) -> Option<&'static str> {
        match self.kind {
            "Pod" => Some("spec"),
            "CronJob" => Some("spec.jobTemplate.spec.template.spec"),
            "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => Some("spec.template.spec"),
            _ => None,
        }
    }

    /// By `apiVersion` and `kind` as a manifest writes them.
    pub fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        KINDS.iter().find(|k| k.kind == kind && k.group == group && k.version == version)
    }

    /// By any name that kubectl takes: plural, singular, short name, kind in lower case, each with its group if wanted (`deploy.apps`).
    pub fn by_name(name: &str) -> Option<&'static Kind> {
        let lower = name.to_ascii_lowercase();
        let (plain, group) = match lower.split_once('.') {
            Some((plain, group)) => (plain, Some(group)),
            None => (lower.as_str(), None),
        };
        KINDS.iter().find(|k| {
            (k.plural == plain || k.singular == plain || k.short_names.contains(&plain))
                && group.is_none_or(|g| {
                    g == k.group || g == format!("{}.{}", k.version, k.group) || (g.strip_suffix('.') == Some(k.version) && k.group.is_empty())
                })
        })
    }
}

const fn row(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short_names: &'static [&'static str],
    namespaced: bool,
    in_all: bool,
) -> Kind {
    Kind { group, version, kind, plural, singular, short_names, namespaced, in_all }
}

pub const POD: &Kind = &KINDS[0];
pub const NODE: &Kind = &KINDS[1];
pub const SERVICE: &Kind = &KINDS[2];
pub const NAMESPACE: &Kind = &KINDS[3];
pub const CONFIG_MAP: &Kind = &KINDS[4];
pub const SECRET: &Kind = &KINDS[5];
pub const SERVICE_ACCOUNT: &Kind = &KINDS[6];
pub const EVENT: &Kind = &KINDS[7];
pub const ENDPOINTS: &Kind = &KINDS[8];
pub const PERSISTENT_VOLUME_CLAIM: &Kind = &KINDS[9];
pub const PERSISTENT_VOLUME: &Kind = &KINDS[10];
pub const REPLICATION_CONTROLLER: &Kind = &KINDS[11];
pub const DAEMON_SET: &Kind = &KINDS[12];
pub const DEPLOYMENT: &Kind = &KINDS[13];
pub const REPLICA_SET: &Kind = &KINDS[14];
pub const STATEFUL_SET: &Kind = &KINDS[15];
pub const HORIZONTAL_POD_AUTOSCALER: &Kind = &KINDS[16];
pub const CRON_JOB: &Kind = &KINDS[17];
pub const JOB: &Kind = &KINDS[18];
pub const ENDPOINT_SLICE: &Kind = &KINDS[19];
pub const PRIORITY_CLASS: &Kind = &KINDS[20];
pub const CONTROLLER_REVISION: &Kind = &KINDS[21];
pub const LEASE: &Kind = &KINDS[22];
pub const LIMIT_RANGE: &Kind = &KINDS[23];
pub const RESOURCE_QUOTA: &Kind = &KINDS[24];
pub const STORAGE_CLASS: &Kind = &KINDS[28];
pub const POD_DISRUPTION_BUDGET: &Kind = &KINDS[25];
pub const API_SERVICE: &Kind = &KINDS[33];

/// In the order in which `kubectl get all` and `kubectl api-resources` list what they share.
pub static KINDS: &[Kind] = &[
    row("", "v1", "Pod", "pods", "pod", &["po"], true, true),
    row("", "v1", "Node", "nodes", "node", &["no"], false, false),
    row("", "v1", "Service", "services", "service", &["svc"], true, true),
    row("", "v1", "Namespace", "namespaces", "namespace", &["ns"], false, false),
    row("", "v1", "ConfigMap", "configmaps", "configmap", &["cm"], true, false),
    row("", "v1", "Secret", "secrets", "secret", &[], true, false),
    row("", "v1", "ServiceAccount", "serviceaccounts", "serviceaccount", &["sa"], true, false),
    row("", "v1", "Event", "events", "event", &["ev"], true, false),
    row("", "v1", "Endpoints", "endpoints", "endpoints", &["ep"], true, false),
    row("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "persistentvolumeclaim", &["pvc"], true, false),
    row("", "v1", "PersistentVolume", "persistentvolumes", "persistentvolume", &["pv"], false, false),
    row("", "v1", "ReplicationController", "replicationcontrollers", "replicationcontroller", &["rc"], true, true),
    row("apps", "v1", "DaemonSet", "daemonsets", "daemonset", &["ds"], true, true),
    row("apps", "v1", "Deployment", "deployments", "deployment", &["deploy"], true, true),
    row("apps", "v1", "ReplicaSet", "replicasets", "replicaset", &["rs"], true, true),
    row("apps", "v1", "StatefulSet", "statefulsets", "statefulset", &["sts"], true, true),
    row("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", &["hpa"], true, true),
    row("batch", "v1", "CronJob", "cronjobs", "cronjob", &["cj"], true, true),
    row("batch", "v1", "Job", "jobs", "job", &[], true, true),
    row("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", "endpointslice", &[], true, false),
    row("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", "priorityclass", &["pc"], false, false),
    row("apps", "v1", "ControllerRevision", "controllerrevisions", "controllerrevision", &[], true, false),
    row("coordination.k8s.io", "v1", "Lease", "leases", "lease", &[], true, false),
    row("", "v1", "LimitRange", "limitranges", "limitrange", &["limits"], true, false),
    row("", "v1", "ResourceQuota", "resourcequotas", "resourcequota", &["quota"], true, false),
    row("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget", &["pdb"], true, false),
    row("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "networkpolicy", &["netpol"], true, false),
    row("networking.k8s.io", "v1", "Ingress", "ingresses", "ingress", &["ing"], true, false),
    row("storage.k8s.io", "v1", "StorageClass", "storageclasses", "storageclass", &["sc"], false, false),
    row("rbac.authorization.k8s.io", "v1", "Role", "roles", "role", &[], true, false),
    row("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", "rolebinding", &[], true, false),
    row("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "clusterrole", &[], false, false),
    row("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding", &[], false, false),
    row("apiregistration.k8s.io", "v1", "APIService", "apiservices", "apiservice", &[], false, false),
    row("networking.k8s.io", "v1", "IngressClass", "ingressclasses", "ingressclass", &[], false, false),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_name_their_rows() {
        let rows = [(POD, "Pod"), (EVENT, "Event"), (ENDPOINT_SLICE, "EndpointSlice"), (PRIORITY_CLASS, "PriorityClass")];
        let more = [(CONTROLLER_REVISION, "ControllerRevision"), (LEASE, "Lease"), (LIMIT_RANGE, "LimitRange")];
        let most = [
            (RESOURCE_QUOTA, "ResourceQuota"),
            (POD_DISRUPTION_BUDGET, "PodDisruptionBudget"),
            (STORAGE_CLASS, "StorageClass"),
            (API_SERVICE, "APIService"),
        ];
        for (kind, name) in rows.into_iter().chain(more).chain(most) {
            assert_eq!(kind.kind, name);
        }
    }
}
