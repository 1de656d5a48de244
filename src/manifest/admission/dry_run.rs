//! What a dry run shows of that which otherwise the store and the controllers give: a Job's uid, protecting finalizers.
//!
//! Models the admission plugins `storageobjectinuseprotection` and `nodetaint`, whose marks nobody here would take away again from a stored object.

use crate::api::{Kind, Map, Value, json, object};

const EMPTY: Value = Value::String(String::new());
/// Stands for the uid that the store would draw, as the object shows it.
const UID: &str = "<uid>";
/// The same where it has to be a label.
pub const LABEL_UID: &str = "00000000-0000-4000-8000-000000000000";

/// Completes an admitted object that will not be stored.
pub fn complete(kind: &Kind, object: &mut Value) {
    match kind.kind {
        "Job" => job(object),
        "PersistentVolumeClaim" => protect(object, "kubernetes.io/pvc-protection"),
        "VolumeAttributesClass" => protect(object, "kubernetes.io/vac-protection"),
        "PersistentVolume" => protect(object, "kubernetes.io/pv-protection"),
        "Node" => node(object),
        "Event" => event(object),
        _ => {}
    }
}

/// Models `generateSelector` of `pkg/registry/batch/job/strategy.go`, and defaulting, which runs once more behind it.
fn job(job: &mut Value) {
    select(job, UID);
    if object::labels(job).is_none_or(|l| l.is_empty())
        && let Some(labels) = object::map_at(job, "spec.template.metadata.labels").cloned()
    {
        object::set(job, "metadata.labels", Value::Object(labels));
    }
}

/// A Job as validation sees it: with the labels and the selector that it is given, unless it has some of its own.
pub fn selecting(job: &Value) -> Value {
    let mut whole = job.clone();
    // Defaulting gave a Job without labels those of its template: the same map, which now grows (`SetDefaults_Job`).
    let follows =
        object::labels(job).is_none_or(Map::is_empty) && object::map_at(job, "spec.template.metadata.labels").is_some_and(|l| !l.is_empty());
    select(&mut whole, LABEL_UID);
    if let Some(labels) = object::map_at(&whole, "spec.template.metadata.labels").filter(|_| follows).cloned() {
        object::set(&mut whole, "metadata.labels", Value::Object(labels));
    }
    whole
}

fn select(job: &mut Value, uid: &str) {
    if object::bool_at(job, "spec.manualSelector") == Some(true) || !job.get("spec").is_some_and(Value::is_object) {
        return;
    }
    let name = object::name(job).to_owned();
    let mut labels = object::map_at(job, "spec.template.metadata.labels").cloned().unwrap_or_default();
    for (key, value) in [("job-name", name.as_str()), ("controller-uid", uid)] {
        labels.entry(key).or_insert_with(|| json!(value));
        labels.entry(format!("batch.kubernetes.io/{key}")).or_insert_with(|| json!(value));
    }
    object::set(job, "spec.template.metadata.labels", Value::Object(labels));
    let mut chosen = object::map_at(job, "spec.selector.matchLabels").cloned().unwrap_or_default();
    chosen.entry("batch.kubernetes.io/controller-uid").or_insert_with(|| json!(uid));
    object::set(job, "spec.selector.matchLabels", Value::Object(chosen));
}

fn protect(object: &mut Value, finalizer: &str) {
    let mut finalizers = object::list_at(object, "metadata.finalizers").to_vec();
    if !finalizers.iter().any(|f| f == finalizer) {
        finalizers.push(json!(finalizer));
        object::set(object, "metadata.finalizers", Value::from(finalizers));
    }
}

fn node(node: &mut Value) {
    let mut taints = object::list_at(node, "spec.taints").to_vec();
    if !taints.iter().any(|t| object::str_at(t, "key") == Some("node.kubernetes.io/not-ready")) {
        taints.push(json!({"effect": "NoSchedule", "key": "node.kubernetes.io/not-ready"}));
    }
    object::set(node, "spec.taints", Value::from(taints));
    complete_status(node);
}

/// What Go writes of a Node's status whether it is there or not.
fn complete_status(node: &mut Value) {
    const ITEMS: &[(&str, &[(&str, Value)])] = &[
        ("conditions", &[("type", EMPTY), ("status", EMPTY), ("lastHeartbeatTime", Value::Null), ("lastTransitionTime", Value::Null)]),
        ("addresses", &[("type", EMPTY), ("address", EMPTY)]),
        ("images", &[("names", Value::Null)]),
        ("volumesAttached", &[("name", EMPTY), ("devicePath", EMPTY)]),
        ("runtimeHandlers", &[("name", EMPTY)]),
    ];
    for (list, fields) in ITEMS {
        let items = node.get_mut("status").and_then(|s| s.get_mut(*list)).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
            for (field, value) in *fields {
                item.entry(*field).or_insert_with(|| value.clone());
            }
        }
    }
    fill(node, "status.daemonEndpoints.kubeletEndpoint.Port", json!(0));
    for field in [
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ] {
        fill(node, &format!("status.nodeInfo.{field}"), json!(""));
    }
}

fn event(event: &mut Value) {
    for field in ["eventTime", "firstTimestamp", "lastTimestamp"] {
        fill(event, field, Value::Null);
    }
    for field in ["reportingComponent", "reportingInstance"] {
        fill(event, field, json!(""));
    }
    fill(event, "source", json!({}));
}

fn fill(object: &mut Value, path: &str, value: Value) {
    if object::at(object, path).is_none() {
        object::set(object, path, value);
    }
}
