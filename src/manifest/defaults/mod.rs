//! What the API server fills in before it looks at an object: the schema's defaults, kind by kind.
//!
//! Models `pkg/apis/core/v1/defaults.go` and its neighbours in `apps` and `batch`.

mod pod;
mod rest;
mod workload;

pub use workload::base64;

use crate::api::{Kind, Map, Value, json};

/// Fills in the defaults of an object of this kind. Doing it twice changes nothing.
pub fn apply(kind: &Kind, object: &mut Value) {
    match kind.kind {
        "Pod" => pod::pod(object),
        "Service" => workload::service(object),
        "Secret" => workload::secret(object),
        "Namespace" => workload::namespace(object),
        "Deployment" => workload::deployment(object),
        "ReplicaSet" => workload::replica_set(object),
        "ReplicationController" => workload::replication_controller(object),
        "DaemonSet" => workload::daemon_set(object),
        "StatefulSet" => workload::stateful_set(object),
        "Job" => {
            if let Some(spec) = object.get_mut("spec") {
                workload::job_spec(spec);
            }
        }
        "CronJob" => workload::cron_job(object),
        "PersistentVolumeClaim" => workload::claim(object),
        "PersistentVolume" => workload::volume(object),
        "Node" => workload::node(object),
        "PodTemplate" => {
            if let Some(template) = object.get_mut("template") {
                pod::template(template);
            }
        }
        "HorizontalPodAutoscaler" => workload::autoscaler(kind, object),
        "PriorityClass" => workload::absent(object, "preemptionPolicy", json!("PreemptLowerPriority")),
        _ => rest::apply(kind, object),
    }
}

/// Sets a field that is missing, `null`, or an empty string.
fn unset(object: &mut Value, field: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        let empty = map.get(field).is_none_or(|v| v.is_null() || v.as_str() == Some(""));
        if empty {
            map.insert(field.into(), value);
        }
    }
}

/// The same for numbers that Go counts as unset at zero.
fn unset_number(object: &mut Value, field: &str, value: i64) {
    if let Some(map) = object.as_object_mut() {
        let empty = map.get(field).is_none_or(|v| v.is_null() || v.as_i64() == Some(0));
        if empty {
            map.insert(field.into(), json!(value));
        }
    }
}

/// The items of a list field, to be changed.
fn items<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}

fn map_mut<'a>(object: &'a mut Value, field: &str) -> Option<&'a mut Map<String, Value>> {
    object.get_mut(field)?.as_object_mut()
}
