//! The rows of `kubectl get`: for each kind its columns and the cells of an object.
//!
//! Models `pkg/printers/internalversion/printers.go`.

use super::duration::{age, human, since};
use super::hpa_row;
use super::pod_row::pod_row;
use crate::api::object::{at, i64_at, list_at, map_at, name, str_at};
use crate::api::{Kind, SimTime, Value};

/// Titles; those with `*` stand only in wide tables.
pub fn columns(kind: &Kind) -> &'static [&'static str] {
    match kind.kind {
        "Pod" => &["NAME", "READY", "STATUS", "RESTARTS", "AGE", "*IP", "*NODE", "*NOMINATED NODE", "*READINESS GATES"],
        "Node" => {
            &["NAME", "STATUS", "ROLES", "AGE", "VERSION", "*INTERNAL-IP", "*EXTERNAL-IP", "*OS-IMAGE", "*KERNEL-VERSION", "*CONTAINER-RUNTIME"]
        }
        "Service" => &["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "*SELECTOR"],
        "Namespace" => &["NAME", "STATUS", "AGE"],
        "ConfigMap" => &["NAME", "DATA", "AGE"],
        "Secret" => &["NAME", "TYPE", "DATA", "AGE"],
        "Event" => &["LAST SEEN", "TYPE", "REASON", "OBJECT", "*SUBOBJECT", "*SOURCE", "MESSAGE", "*FIRST SEEN", "*COUNT", "*NAME"],
        "Endpoints" => &["NAME", "ENDPOINTS", "AGE"],
        "EndpointSlice" => &["NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"],
        "PersistentVolumeClaim" => {
            &["NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "AGE", "*VOLUMEMODE"]
        }
        "PersistentVolume" => &[
            "NAME",
            "CAPACITY",
            "ACCESS MODES",
            "RECLAIM POLICY",
            "STATUS",
            "CLAIM",
            "STORAGECLASS",
            "VOLUMEATTRIBUTESCLASS",
            "REASON",
            "AGE",
            "*VOLUMEMODE",
        ],
        "ReplicationController" | "ReplicaSet" => &["NAME", "DESIRED", "CURRENT", "READY", "AGE", "*CONTAINERS", "*IMAGES", "*SELECTOR"],
        "Deployment" => &["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "*CONTAINERS", "*IMAGES", "*SELECTOR"],
        "StatefulSet" => &["NAME", "READY", "AGE", "*CONTAINERS", "*IMAGES"],
        "DaemonSet" => {
            &["NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE", "*CONTAINERS", "*IMAGES", "*SELECTOR"]
        }
        "Job" => &["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE", "*CONTAINERS", "*IMAGES", "*SELECTOR"],
        "CronJob" => &["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE", "*CONTAINERS", "*IMAGES", "*SELECTOR"],
        "HorizontalPodAutoscaler" => &["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"],
        "PriorityClass" => &["NAME", "VALUE", "GLOBAL-DEFAULT", "AGE", "PREEMPTIONPOLICY"],
        "ResourceQuota" => &["NAME", "REQUEST", "LIMIT", "AGE"],
        "LimitRange" | "Role" | "ClusterRole" => &["NAME", "CREATED AT"],
        "RoleBinding" | "ClusterRoleBinding" => &["NAME", "ROLE", "AGE", "*USERS", "*GROUPS", "*SERVICEACCOUNTS"],
        "IngressClass" => &["NAME", "CONTROLLER", "PARAMETERS", "AGE"],
        "PodDisruptionBudget" => &["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"],
        "NetworkPolicy" => &["NAME", "POD-SELECTOR", "AGE"],
        "Ingress" => &["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"],
        "StorageClass" => &["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"],
        "ControllerRevision" => &["NAME", "CONTROLLER", "REVISION", "AGE"],
        "Lease" => &["NAME", "HOLDER", "AGE"],
        "APIService" => &["NAME", "SERVICE", "AVAILABLE", "AGE"],
        _ => &["NAME", "AGE"],
    }
}

/// One cell for each of [`columns`].
pub fn cells(kind: &Kind, o: &Value, now: SimTime) -> Vec<String> {
    let name = name(o).to_owned();
    let old = age(o, now);
    match kind.kind {
        "Pod" => pod(o, name, old, now),
        "Node" => node(o, name, old),
        "Service" => service(o, name, old),
        "Namespace" => vec![name, text(o, "status.phase"), old],
        "ConfigMap" => vec![name, (count(o, "data") + count(o, "binaryData")).to_string(), old],
        "Secret" => vec![name, text(o, "type"), count(o, "data").to_string(), old],
        "Event" => event(o, now),
        "Endpoints" => vec![name, endpoints(o), old],
        "EndpointSlice" => vec![name, text(o, "addressType"), slice_ports(o), slice_addresses(o), old],
        "PersistentVolumeClaim" => {
            let capacity = text(o, "status.capacity.storage");
            vec![
                name,
                text(o, "status.phase"),
                text(o, "spec.volumeName"),
                capacity,
                access_modes(o, "status.accessModes"),
                text(o, "spec.storageClassName"),
                unset(o, "spec.volumeAttributesClassName"),
                old,
                text(o, "spec.volumeMode"),
            ]
        }
        "PersistentVolume" => {
            let claim = map_at(o, "spec.claimRef")
                .map(|_| format!("{}/{}", text(o, "spec.claimRef.namespace"), text(o, "spec.claimRef.name")))
                .unwrap_or_default();
            vec![
                name,
                text(o, "spec.capacity.storage"),
                access_modes(o, "spec.accessModes"),
                text(o, "spec.persistentVolumeReclaimPolicy"),
                text(o, "status.phase"),
                claim,
                text(o, "spec.storageClassName"),
                unset(o, "spec.volumeAttributesClassName"),
                text(o, "status.reason"),
                old,
                text(o, "spec.volumeMode"),
            ]
        }
        "ReplicationController" | "ReplicaSet" => {
            let mut row = vec![name, number(o, "spec.replicas"), number(o, "status.replicas"), number(o, "status.readyReplicas"), old];
            row.extend(template_cells(o));
            row
        }
        "Deployment" => {
            let ready = format!("{}/{}", number(o, "status.readyReplicas"), number(o, "spec.replicas"));
            let mut row = vec![name, ready, number(o, "status.updatedReplicas"), number(o, "status.availableReplicas"), old];
            row.extend(template_cells(o));
            row
        }
        "StatefulSet" => {
            let mut row = vec![name, format!("{}/{}", number(o, "status.readyReplicas"), number(o, "spec.replicas")), old];
            row.extend(template_cells(o).into_iter().take(2));
            row
        }
        "DaemonSet" => {
            let status = ["desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"];
            let mut row = vec![name];
            row.extend(status.iter().map(|field| number(o, &format!("status.{field}"))));
            row.extend([pairs(o, "spec.template.spec.nodeSelector"), old]);
            row.extend(template_cells(o));
            row
        }
        "Job" => {
            let mut row = vec![name, job_status(o), completions(o), job_duration(o, now), old];
            row.extend(template_cells(o));
            row
        }
        "CronJob" => {
            let last = str_at(o, "status.lastScheduleTime").map_or("<none>".into(), |t| since(Some(t), now));
            let zone = str_at(o, "spec.timeZone").unwrap_or("<none>").to_owned();
            let suspend = if at(o, "spec.suspend").and_then(Value::as_bool) == Some(true) { "True" } else { "False" };
            let mut row = vec![name, text(o, "spec.schedule"), zone, suspend.into(), list_at(o, "status.active").len().to_string(), last, old];
            let (names, images) = containers(list_at(o, "spec.jobTemplate.spec.template.spec.containers"));
            row.extend([names, images, pairs(o, "spec.jobTemplate.spec.selector.matchLabels")]);
            row
        }
        "HorizontalPodAutoscaler" => {
            let reference = format!("{}/{}", text(o, "spec.scaleTargetRef.kind"), text(o, "spec.scaleTargetRef.name"));
            let minimum = i64_at(o, "spec.minReplicas").map_or("<unset>".into(), |n| n.to_string());
            vec![name, reference, hpa_row::targets(o), minimum, number(o, "spec.maxReplicas"), number(o, "status.currentReplicas"), old]
        }
        "PriorityClass" => {
            let default = at(o, "globalDefault").and_then(Value::as_bool) == Some(true);
            vec![name, number(o, "value"), default.to_string(), old, str_at(o, "preemptionPolicy").unwrap_or("PreemptLowerPriority").into()]
        }
        "ResourceQuota" => quota(o, name, old),
        "LimitRange" | "Role" | "ClusterRole" => vec![name, text(o, "metadata.creationTimestamp")],
        "RoleBinding" | "ClusterRoleBinding" => binding(o, name, old),
        "IngressClass" => {
            let default =
                map_at(o, "metadata.annotations").is_some_and(|a| a.get("ingressclass.kubernetes.io/is-default-class").is_some_and(|v| v == "true"));
            let parameters = at(o, "spec.parameters").map(|p| {
                let group = str_at(p, "apiGroup").map(|g| format!(".{g}")).unwrap_or_default();
                format!("{}{group}/{}", text(p, "kind"), text(p, "name"))
            });
            vec![if default { name + " (default)" } else { name }, text(o, "spec.controller"), parameters.unwrap_or_else(|| "<none>".into()), old]
        }
        "APIService" => api_service(o, name, old),
        "PodDisruptionBudget" => {
            let bound = |path: &str| at(o, path).map_or("N/A".into(), super::jsonpath::show);
            vec![name, bound("spec.minAvailable"), bound("spec.maxUnavailable"), number(o, "status.disruptionsAllowed"), old]
        }
        "NetworkPolicy" => vec![name, selector(o, "spec.podSelector"), old],
        "Ingress" => ingress(o, name, old),
        "StorageClass" => {
            let expansion = at(o, "allowVolumeExpansion").and_then(Value::as_bool) == Some(true);
            let reclaim = str_at(o, "reclaimPolicy").unwrap_or("Delete").to_owned();
            vec![name, text(o, "provisioner"), reclaim, str_at(o, "volumeBindingMode").unwrap_or("Immediate").into(), expansion.to_string(), old]
        }
        "ControllerRevision" => {
            let owner = list_at(o, "metadata.ownerReferences").first().map(|r| {
                let group = str_at(r, "apiVersion").and_then(|v| v.split_once('/')).map(|(g, _)| format!(".{g}")).unwrap_or_default();
                format!("{}{group}/{}", text(r, "kind").to_ascii_lowercase(), text(r, "name"))
            });
            vec![name, owner.unwrap_or_else(|| "<none>".into()), number(o, "revision"), old]
        }
        "Lease" => vec![name, text(o, "spec.holderIdentity"), old],
        _ => vec![name, old],
    }
}

pub fn text(o: &Value, path: &str) -> String {
    str_at(o, path).unwrap_or("").to_owned()
}

fn unset(o: &Value, path: &str) -> String {
    str_at(o, path).filter(|t| !t.is_empty()).unwrap_or("<unset>").to_owned()
}

pub fn number(o: &Value, path: &str) -> String {
    i64_at(o, path).unwrap_or(0).to_string()
}

fn count(o: &Value, path: &str) -> usize {
    map_at(o, path).map_or(0, |m| m.len())
}

fn none(text: String) -> String {
    if text.is_empty() { "<none>".into() } else { text }
}

/// `a=b,c=d` of a map; `<none>` without any.
pub fn pairs(o: &Value, path: &str) -> String {
    let pairs = map_at(o, path).into_iter().flatten().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")));
    none(pairs.collect::<Vec<_>>().join(","))
}

/// A label selector as text (`metav1.FormatLabelSelector`).
pub fn selector(o: &Value, path: &str) -> String {
    let mut parts: Vec<String> =
        map_at(o, &format!("{path}.matchLabels")).into_iter().flatten().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
    for expression in list_at(o, &format!("{path}.matchExpressions")) {
        let key = text(expression, "key");
        let values: Vec<&str> = list_at(expression, "values").iter().filter_map(Value::as_str).collect();
        parts.push(match str_at(expression, "operator") {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key,
        });
    }
    none(parts.join(","))
}

fn containers(list: &[Value]) -> (String, String) {
    let join = |field: &str| list.iter().map(|c| text(c, field)).collect::<Vec<_>>().join(",");
    (join("name"), join("image"))
}

fn template_cells(o: &Value) -> Vec<String> {
    let (names, images) = containers(list_at(o, "spec.template.spec.containers"));
    let chosen = if map_at(o, "spec.selector.matchLabels").is_some() || at(o, "spec.selector.matchExpressions").is_some() {
        selector(o, "spec.selector")
    } else {
        pairs(o, "spec.selector")
    };
    vec![names, images, chosen]
}

fn pod(o: &Value, name: String, old: String, now: SimTime) -> Vec<String> {
    let row = pod_row(o);
    let restarts = match row.last_restart.filter(|_| row.restarts != 0) {
        Some(last) => format!("{} ({} ago)", row.restarts, human((now.since(last) / 1000) as i64)),
        None => row.restarts.to_string(),
    };
    let ip = list_at(o, "status.podIPs").first().and_then(|i| str_at(i, "ip")).or(str_at(o, "status.podIP")).unwrap_or("");
    let gates = list_at(o, "spec.readinessGates");
    let gate_text = if gates.is_empty() {
        "<none>".into()
    } else {
        let met = |gate: &&Value| {
            list_at(o, "status.conditions").iter().any(|c| str_at(c, "type") == str_at(gate, "conditionType") && str_at(c, "status") == Some("True"))
        };
        format!("{}/{}", gates.iter().filter(met).count(), gates.len())
    };
    vec![
        name,
        row.ready,
        row.status,
        restarts,
        old,
        none(ip.into()),
        none(text(o, "spec.nodeName")),
        none(text(o, "status.nominatedNodeName")),
        gate_text,
    ]
}

fn node(o: &Value, name: String, old: String) -> Vec<String> {
    let ready = list_at(o, "status.conditions").iter().find(|c| str_at(c, "type") == Some("Ready"));
    let mut status = match ready.and_then(|c| str_at(c, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if at(o, "spec.unschedulable").and_then(Value::as_bool) == Some(true) {
        status.push_str(",SchedulingDisabled");
    }
    let roles: Vec<&str> = map_at(o, "metadata.labels")
        .into_iter()
        .flatten()
        .filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/"))
        .filter(|r| !r.is_empty())
        .collect();
    let address = |kind: &str| {
        none(list_at(o, "status.addresses").iter().find(|a| str_at(a, "type") == Some(kind)).map(|a| text(a, "address")).unwrap_or_default())
    };
    let info = |field: &str| str_at(o, &format!("status.nodeInfo.{field}")).unwrap_or("<unknown>").to_owned();
    let kernel = format!("{} ({})", info("kernelVersion"), info("architecture"));
    vec![
        name,
        status,
        none(roles.join(",")),
        old,
        info("kubeletVersion"),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        kernel,
        info("containerRuntimeVersion"),
    ]
}

fn service(o: &Value, name: String, old: String) -> Vec<String> {
    let kind = str_at(o, "spec.type").unwrap_or("ClusterIP");
    let mut external: Vec<String> = list_at(o, "spec.externalIPs").iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    let external = match kind {
        "ExternalName" => text(o, "spec.externalName"),
        "LoadBalancer" => {
            let ingress = list_at(o, "status.loadBalancer.ingress");
            let mut all: Vec<String> = ingress.iter().map(|i| str_at(i, "ip").or(str_at(i, "hostname")).unwrap_or("").to_owned()).collect();
            all.append(&mut external);
            if all.is_empty() { "<pending>".into() } else { all.join(",") }
        }
        _ => none(external.join(",")),
    };
    let port = |p: &Value| match i64_at(p, "nodePort").filter(|n| *n > 0) {
        Some(node) => format!("{}:{node}/{}", number(p, "port"), text(p, "protocol")),
        None => format!("{}/{}", number(p, "port"), text(p, "protocol")),
    };
    let ports = list_at(o, "spec.ports").iter().map(port).collect::<Vec<_>>().join(",");
    let ip = str_at(o, "spec.clusterIP").filter(|i| !i.is_empty()).unwrap_or("<none>").to_owned();
    vec![name, kind.into(), ip, external, none(ports), old, pairs(o, "spec.selector")]
}

fn event(o: &Value, now: SimTime) -> Vec<String> {
    let event_time = str_at(o, "eventTime");
    let first = str_at(o, "firstTimestamp").or(event_time);
    let last = str_at(o, "series.lastObservedTime").or(str_at(o, "lastTimestamp")).or(first);
    let object = format!("{}/{}", text(o, "involvedObject.kind").to_ascii_lowercase(), text(o, "involvedObject.name"));
    let component = str_at(o, "source.component").filter(|c| !c.is_empty()).or(str_at(o, "reportingComponent")).unwrap_or("");
    let host = str_at(o, "source.host").filter(|h| !h.is_empty());
    let source = host.map_or(component.to_owned(), |host| format!("{component}, {host}"));
    let times = i64_at(o, "series.count").or(i64_at(o, "count")).unwrap_or(1).max(1);
    let seen = |time: Option<&str>| since(time, now);
    vec![
        seen(last),
        text(o, "type"),
        text(o, "reason"),
        object,
        text(o, "involvedObject.fieldPath"),
        source,
        text(o, "message").trim().to_owned(),
        seen(first),
        times.to_string(),
        name(o).to_owned(),
    ]
}

/// At most three, then how many more.
fn few(all: &[String], more: &str) -> String {
    let mut out = all[..all.len().min(3)].join(",");
    if all.len() > 3 {
        out.push_str(&format!(" + {} more...", all.len() - 3));
    }
    if out.is_empty() { more.into() } else { out }
}

/// `ip:port` of all subsets.
pub fn endpoints(o: &Value) -> String {
    let mut all = Vec::new();
    for subset in list_at(o, "subsets") {
        for address in list_at(subset, "addresses") {
            let ports = list_at(subset, "ports");
            if ports.is_empty() {
                all.push(text(address, "ip"));
            }
            all.extend(ports.iter().map(|p| format!("{}:{}", text(address, "ip"), number(p, "port"))));
        }
    }
    few(&all, "<none>")
}

fn slice_ports(o: &Value) -> String {
    let ports: Vec<String> = list_at(o, "ports").iter().map(|p| i64_at(p, "port").map_or("*".into(), |n| n.to_string())).collect();
    few(&ports, "<unset>")
}

fn slice_addresses(o: &Value) -> String {
    let all: Vec<String> =
        list_at(o, "endpoints").iter().flat_map(|e| list_at(e, "addresses")).filter_map(|a| a.as_str().map(str::to_owned)).collect();
    few(&all, "<unset>")
}

pub fn access_modes(o: &Value, path: &str) -> String {
    let short = |mode: &Value| match mode.as_str().unwrap_or("") {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    list_at(o, path).iter().map(short).collect::<Vec<_>>().join(",")
}

fn has_condition(o: &Value, kind: &str) -> bool {
    list_at(o, "status.conditions").iter().any(|c| str_at(c, "type") == Some(kind) && str_at(c, "status") == Some("True"))
}

fn job_status(o: &Value) -> String {
    let known = [("Complete", "Complete"), ("Failed", "Failed")];
    if let Some((_, word)) = known.iter().find(|(c, _)| has_condition(o, c)) {
        return (*word).into();
    }
    let word = if crate::api::object::is_deleting(o) {
        "Terminating"
    } else if has_condition(o, "Suspended") {
        "Suspended"
    } else if has_condition(o, "FailureTarget") {
        "FailureTarget"
    } else if has_condition(o, "SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    };
    word.into()
}

fn completions(o: &Value) -> String {
    let done = number(o, "status.succeeded");
    match (i64_at(o, "spec.completions"), i64_at(o, "spec.parallelism")) {
        (Some(all), _) => format!("{done}/{all}"),
        (None, Some(parallel)) if parallel > 1 => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    }
}

fn job_duration(o: &Value, now: SimTime) -> String {
    let time = |path: &str| str_at(o, path).and_then(SimTime::parse);
    let Some(start) = time("status.startTime") else { return String::new() };
    // One that has failed never completes: its time goes on (`printJob` of `pkg/printers/internalversion/printers.go`).
    let end = time("status.completionTime");
    human((end.unwrap_or(now).since(start) / 1000) as i64)
}

fn quota(o: &Value, name: String, old: String) -> Vec<String> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in map_at(o, "status.hard").or(map_at(o, "spec.hard")).into_iter().flatten() {
        let used = at(o, "status.used").and_then(|u| u.get(resource)).map_or("0".into(), super::jsonpath::show);
        let part = format!("{resource}: {used}/{}", super::jsonpath::show(hard));
        if resource.starts_with("limits") { limits.push(part) } else { requests.push(part) }
    }
    vec![name, requests.join(", "), limits.join(", "), old]
}

fn ingress(o: &Value, name: String, old: String) -> Vec<String> {
    let hosts: Vec<String> = list_at(o, "spec.rules").iter().map(|r| text(r, "host")).filter(|h| !h.is_empty()).collect();
    let hosts = if hosts.is_empty() { "*".into() } else { few(&hosts, "*") };
    let ports = if list_at(o, "spec.tls").is_empty() { "80" } else { "80, 443" };
    let address: Vec<String> = list_at(o, "status.loadBalancer.ingress").iter().map(|i| text(i, "ip")).collect();
    vec![name, none(text(o, "spec.ingressClassName")), hosts, address.join(","), ports.into(), old]
}

/// Models `printRoleBinding`: who is bound to what.
fn binding(o: &Value, name: String, old: String) -> Vec<String> {
    let subjects = |kind: &str| {
        let named = list_at(o, "subjects").iter().filter(|s| str_at(s, "kind") == Some(kind));
        let shown = named.map(|s| if kind == "ServiceAccount" { format!("{}/{}", text(s, "namespace"), text(s, "name")) } else { text(s, "name") });
        shown.collect::<Vec<_>>().join(", ")
    };
    let role = format!("{}/{}", text(o, "roleRef.kind"), text(o, "roleRef.name"));
    vec![name, role, old, subjects("User"), subjects("Group"), subjects("ServiceAccount")]
}

/// Models `printAPIService` of kube-aggregator's table convertor.
fn api_service(o: &Value, name: String, old: String) -> Vec<String> {
    let service = at(o, "spec.service").filter(|s| s.is_object());
    let shown = service.map_or("Local".into(), |s| format!("{}/{}", text(s, "namespace"), text(s, "name")));
    let condition = list_at(o, "status.conditions").iter().find(|c| str_at(c, "type") == Some("Available"));
    let available = match condition.map(|c| (text(c, "status"), text(c, "reason"))) {
        Some((status, reason)) if status != "True" && !reason.is_empty() => format!("{status} ({reason})"),
        Some((status, _)) => status,
        None => "Unknown".into(),
    };
    vec![name, shown, available, old]
}
