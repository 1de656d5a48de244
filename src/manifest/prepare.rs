//! The registry's own preparation of a new object: what a person may not set is reset, and what follows from the rest is filled in.
//!
//! Models `PrepareForCreate` of the strategies in `pkg/registry`.

use super::admission::dry_run::LABEL_UID;
use super::admit::qos_class;
use super::validate::annotation::{APPARMOR, apparmor, same_profile};
use super::warnings::APPARMOR_FIELD;
use crate::api::{Kind, Map, Value, json, object};

/// Whether its strategy counts generations.
fn has_generation(kind: &Kind) -> bool {
    matches!(
        kind.kind,
        "Pod"
            | "Deployment"
            | "ReplicaSet"
            | "ReplicationController"
            | "DaemonSet"
            | "StatefulSet"
            | "Job"
            | "CronJob"
            | "PodTemplate"
            | "NetworkPolicy"
            | "Ingress"
            | "IngressClass"
            | "EndpointSlice"
            | "PodDisruptionBudget"
            | "PriorityClass"
            | "CustomResourceDefinition"
    ) || matches!(kind.group, "admissionregistration.k8s.io")
        || matches!(kind.kind, "DeviceClass" | "ResourceSlice" | "FlowSchema" | "PriorityLevelConfiguration")
}

/// `warnings`: what is said of it even when it is refused afterwards.
pub fn create(kind: &Kind, object: &mut Value, warnings: &mut Vec<String>) {
    // `WipeObjectMetaSystemFields`: nothing new is being deleted.
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if has_generation(kind) {
            metadata.remove("generation");
        }
        for field in ["uid", "creationTimestamp", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            metadata.remove(field);
        }
    }
    match kind.kind {
        "Pod" => pod(object, warnings),
        "Namespace" => namespace(object),
        "Deployment" | "Job" | "CronJob" => object::set(object, "status", json!({})),
        "ReplicaSet" | "ReplicationController" => object::set(object, "status", json!({"replicas": 0})),
        "StatefulSet" => {
            object::set(object, "status", json!({"availableReplicas": 0, "replicas": 0}));
            // Its gate is off.
            object::remove(object, "spec.updateStrategy.rollingUpdate.maxUnavailable");
            if object::at(object, "spec.serviceName").is_none() && object::at(object, "spec").is_some() {
                object::set(object, "spec.serviceName", json!(""));
            }
        }
        "DaemonSet" => {
            if let Some(Value::Object(annotations)) = object.get_mut("metadata").map(|m| m["annotations"].take()) {
                object::set(object, "metadata.annotations", Value::Object(annotations));
            } else {
                object::set(object, "metadata.annotations", json!({}));
            }
            object["metadata"]["annotations"]["deprecated.daemonset.template.generation"] = json!("1");
            let status = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0});
            object::set(object, "status", status);
        }
        "PodDisruptionBudget" => {
            let status = json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
            object::set(object, "status", status);
        }
        "HorizontalPodAutoscaler" if kind.version == "v1" => object::set(object, "status", json!({"currentReplicas": 0, "desiredReplicas": 0})),
        "HorizontalPodAutoscaler" => object::set(object, "status", json!({"currentMetrics": null, "desiredReplicas": 0})),
        "VolumeAttachment" => object::set(object, "status", json!({"attached": false})),
        // Its gate is off.
        "CSIDriver" => {
            object::remove(object, "spec.preventPodSchedulingIfMissing");
        }
        // `dropTopologyOnV1`
        "EndpointSlice" => {
            for endpoint in object.get_mut("endpoints").and_then(Value::as_array_mut).into_iter().flatten() {
                object::remove(endpoint, "deprecatedTopology");
            }
        }
        "ResourceQuota" => object::set(object, "status", json!({})),
        "Ingress" => object::set(object, "status", json!({"loadBalancer": {}})),
        "Service" => {
            object::set(object, "status", json!({"loadBalancer": {}}));
            // `defaultOnReadInternalTrafficPolicy`: a name for an outside host has none.
            if object::str_at(object, "spec.type") == Some("ExternalName") {
                object::remove(object, "spec.internalTrafficPolicy");
            }
        }
        // `cleanSecretReferences`
        "ServiceAccount" => {
            for secret in object.get_mut("secrets").and_then(Value::as_array_mut).into_iter().flatten() {
                *secret = secret.get("name").map_or_else(|| json!({}), |name| json!({"name": name.clone()}));
            }
        }
        "LimitRange" => {
            if object::name(object).is_empty() && object::str_at(object, "metadata.generateName").unwrap_or("").is_empty() {
                object::set(object, "metadata.name", json!(LABEL_UID));
            }
            if object::list_at(object, "spec.limits").is_empty() {
                object::set(object, "spec.limits", Value::Null);
            }
        }
        "Node" => {
            for field in ["spec.configSource", "status.config"] {
                object::remove(object, field);
            }
        }
        "PersistentVolume" => object::set(object, "status", json!({"lastPhaseTransitionTime": "<time>", "phase": "Pending"})),
        "PersistentVolumeClaim" => {
            object::set(object, "status", json!({"phase": "Pending"}));
            if let Some(spec) = object.get_mut("spec") {
                data_sources(spec);
            }
        }
        _ => {}
    }
}

fn pod(pod: &mut Value, warnings: &mut Vec<String>) {
    apparmor_fields(pod, warnings);
    merge_label_keys(pod);
}

/// The part of preparation that validation does not look at: the generation, and a new Pod's status.
pub fn complete(kind: &Kind, object: &mut Value) {
    if has_generation(kind) {
        object::set(object, "metadata.generation", json!(1));
    }
    if kind.kind == "Pod" {
        pod_status(object);
    }
}

fn pod_status(pod: &mut Value) {
    let class = object::str_at(pod, "status.qosClass").filter(|c| !c.is_empty()).map_or_else(|| qos_class(pod).to_owned(), str::to_owned);
    let mut status = json!({"phase": "Pending", "qosClass": class});
    if !object::list_at(pod, "spec.schedulingGates").is_empty() {
        status["conditions"] = json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates", "lastProbeTime": null, "lastTransitionTime": "<time>"}]);
    }
    object::set(pod, "status", status);
}

/// An AppArmor annotation without the field becomes the field, which is told of (`applyAppArmorVersionSkew`).
fn apparmor_fields(pod: &mut Value, warnings: &mut Vec<String>) {
    let Some(annotations) = object::annotations(pod).cloned() else { return };
    if object::str_at(pod, "spec.os.name") == Some("windows") {
        return;
    }
    let of_pod = object::at(pod, "spec.securityContext.appArmorProfile").cloned();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let containers = pod.get_mut("spec").and_then(|s| s.get_mut(list)).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let key = format!("{APPARMOR}{}", object::str_at(container, "name").unwrap_or(""));
            let Some(given) = annotations.get(&key).and_then(Value::as_str) else { continue };
            if object::at(container, "securityContext.appArmorProfile").is_some_and(|p| !p.is_null()) {
                continue;
            }
            let sound = |local: Option<&str>| local.is_none_or(|l| l.trim() == l && l.len() <= 4095);
            match apparmor(given).filter(|(_, local)| sound(*local)) {
                Some(_) if same_profile(given, of_pod.as_ref()) => continue,
                Some((kind, local)) => {
                    let mut field = json!({"type": kind});
                    if let Some(local) = local {
                        field["localhostProfile"] = json!(local);
                    }
                    object::set(container, "securityContext.appArmorProfile", field);
                }
                None => {}
            }
            warnings.push(format!("metadata.annotations[{key}]: {APPARMOR_FIELD}"));
        }
    }
}

/// `matchLabelKeys` and `mismatchLabelKeys` stand for the Pod's own values (`applyMatchLabelKeysAndMismatchLabelKeys`).
fn merge_label_keys(pod: &mut Value) {
    let Some(spec) = pod.get("spec") else { return };
    if spec.get("affinity").is_none() && spec.get("topologySpreadConstraints").is_none() {
        return;
    }
    let Some(labels) = object::labels(pod).cloned() else { return };
    let Some(spec) = pod.get_mut("spec") else { return };
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = spec.get_mut("affinity").and_then(|a| a.get_mut(kind)) else { continue };
        let required = affinity.get_mut("requiredDuringSchedulingIgnoredDuringExecution").and_then(Value::as_array_mut);
        required.into_iter().flatten().for_each(|term| merge_term(term, &labels));
        let preferred = affinity.get_mut("preferredDuringSchedulingIgnoredDuringExecution").and_then(Value::as_array_mut);
        preferred.into_iter().flatten().filter_map(|t| t.get_mut("podAffinityTerm")).for_each(|term| merge_term(term, &labels));
    }
    let constraints = spec.get_mut("topologySpreadConstraints").and_then(Value::as_array_mut);
    constraints.into_iter().flatten().for_each(|constraint| merge_term(constraint, &labels));
}

fn merge_term(term: &mut Value, labels: &Map<String, Value>) {
    if !term.get("labelSelector").is_some_and(Value::is_object) {
        return;
    }
    let mut expressions = object::list_at(term, "labelSelector.matchExpressions").to_vec();
    for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
        for key in object::list_at(term, field).iter().filter_map(Value::as_str) {
            if let Some(value) = labels.get(key) {
                expressions.push(json!({"key": key, "operator": operator, "values": [value]}));
            }
        }
    }
    if !expressions.is_empty() {
        object::set(term, "labelSelector.matchExpressions", Value::from(expressions));
    }
}

fn namespace(namespace: &mut Value) {
    let mut finalizers = object::list_at(namespace, "spec.finalizers").to_vec();
    if !finalizers.iter().any(|f| f == "kubernetes") {
        finalizers.push(json!("kubernetes"));
    }
    object::set(namespace, "spec", json!({"finalizers": finalizers}));
    object::set(namespace, "status", json!({"phase": "Active"}));
}

/// `DropDisabledFields`, `EnforceDataSourceBackwardsCompatibility` and `NormalizeDataSources` of `pkg/api/persistentvolumeclaim`: what a claim is filled
/// from has an old field and a new one, of which each fills in for the other. The old one only knows claims and snapshots.
fn data_sources(spec: &mut Value) {
    let there = |spec: &Value, field: &str| spec.get(field).filter(|s| s.is_object()).cloned();
    let foreign = |reference: &Value| !object::str_at(reference, "namespace").unwrap_or("").is_empty();
    if there(spec, "dataSourceRef").as_ref().is_some_and(foreign) {
        object::remove(spec, "dataSourceRef");
    }
    let (source, reference) = (there(spec, "dataSource"), there(spec, "dataSourceRef"));
    match (source, reference) {
        (Some(source), None) => {
            let known = match object::str_at(&source, "apiGroup").unwrap_or("") {
                "" => object::str_at(&source, "kind") == Some("PersistentVolumeClaim"),
                group => group == "snapshot.storage.k8s.io" && object::str_at(&source, "kind") == Some("VolumeSnapshot"),
            };
            if known {
                object::set(spec, "dataSourceRef", source);
            } else {
                object::remove(spec, "dataSource");
            }
        }
        (None, Some(mut reference)) => {
            object::remove(&mut reference, "namespace");
            object::set(spec, "dataSource", reference);
        }
        _ => {}
    }
}
