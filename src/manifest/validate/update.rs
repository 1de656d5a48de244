//! Which fields of a stored object an update may change.
//!
//! Models `ValidatePodUpdate`, `ValidateConfigMapUpdate` and the immutable selectors of `pkg/apis/apps/validation`.

use crate::api::{Kind, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

const ALLOWED: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// What is wrong with the step from `old` to `new`, apart from what is wrong with `new` itself.
pub fn update(kind: &Kind, old: &Value, new: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    match kind.kind {
        "Pod" => pod(old, new, &mut errors),
        "ConfigMap" => frozen(old, new, &["data", "binaryData"], &mut errors),
        "Secret" => {
            immutable(old, new, "type", &mut errors);
            frozen(old, new, &["data"], &mut errors);
        }
        "Deployment" | "ReplicaSet" | "DaemonSet" | "Job" => immutable(old, new, "spec.selector", &mut errors),
        _ => {}
    }
    errors
}

fn immutable(old: &Value, new: &Value, path: &str, errors: &mut ErrorList) {
    if object::at(old, path) != object::at(new, path) {
        let value = object::at(new, path).cloned().unwrap_or(Value::Null);
        errors.push(FieldError::invalid(&FieldPath::new(path), value, "field is immutable"));
    }
}

/// `immutable: true` cannot be taken back, and freezes the data.
fn frozen(old: &Value, new: &Value, fields: &[&str], errors: &mut ErrorList) {
    if object::bool_at(old, "immutable") != Some(true) {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if object::bool_at(new, "immutable") != Some(true) {
        errors.push(FieldError::forbidden(&FieldPath::new("immutable"), detail));
    }
    for field in fields.iter().filter(|field| old.get(**field) != new.get(**field)) {
        errors.push(FieldError::forbidden(&FieldPath::new(field), detail));
    }
}

fn pod(old: &Value, new: &Value, errors: &mut ErrorList) {
    let path = FieldPath::new("spec");
    for list in ["containers", "initContainers"] {
        let at = format!("spec.{list}");
        if object::list_at(old, &at).len() != object::list_at(new, &at).len() {
            errors.push(FieldError::forbidden(&path.child(list), "pod updates may not add or remove containers"));
            return;
        }
    }
    if rest(old) != rest(new) {
        errors.push(FieldError::forbidden(&path, format!("pod updates may not change fields other than {ALLOWED}")));
    }
}

/// The spec without what may change; a gated Pod may still be told where to go.
fn rest(pod: &Value) -> Value {
    let mut spec = pod.get("spec").cloned().unwrap_or(Value::Null);
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            object::remove(container, "image");
        }
    }
    for field in [
        "activeDeadlineSeconds",
        "tolerations",
        "terminationGracePeriodSeconds",
        "schedulingGates",
        "nodeSelector",
        "affinity",
        "nodeName",
        "ephemeralContainers",
    ] {
        object::remove(&mut spec, field);
    }
    spec
}
