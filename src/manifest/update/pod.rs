//! What may change of a Pod, and how it is said what may not.
//!
//! Models `ValidatePodUpdate` and `ValidatePodEphemeralContainersUpdate` of `pkg/apis/core/validation/validation.go`.

use super::{internal, restore, same, shown_difference, spec_of};
use crate::api::{Value, object};
use crate::manifest::admission;
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

const MAY_CHANGE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What admission sets on an update: the priority stays (`priority.Plugin`), the two tolerations are added again (`defaulttolerationseconds`).
pub fn admit(old: &Value, new: &mut Value) {
    let Some(spec) = new.get_mut("spec").filter(|s| s.is_object()) else { return };
    for field in ["priority", "preemptionPolicy"] {
        if let Some(value) = object::at(old, &format!("spec.{field}"))
            && spec.get(field).is_none_or(Value::is_null)
        {
            spec[field] = value.clone();
        }
    }
    admission::default_tolerations(new);
}

pub fn check(old: &Value, new: &Value, errors: &mut ErrorList) {
    annotations(old, new, errors);
    let path = FieldPath::new("spec");
    for list in ["containers", "initContainers"] {
        let at = format!("spec.{list}");
        let (before, after) = (object::list_at(old, &at), object::list_at(new, &at));
        let path = path.child(list);
        if before.len() != after.len() {
            errors.forbidden(&path, "pod updates may not add or remove containers");
            return;
        }
    }
    if !deadline(old, new, &path.child("activeDeadlineSeconds"), errors) {
        return;
    }
    tolerations(object::list_at(old, "spec.tolerations"), object::list_at(new, "spec.tolerations"), &path.child("tolerations"), errors);
    gates(object::list_at(old, "spec.schedulingGates"), object::list_at(new, "spec.schedulingGates"), &path.child("schedulingGates"), errors);
    let before = spec_of(old);
    let mut after = spec_of(new);
    for list in ["containers", "initContainers"] {
        let containers = after.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (container, before) in containers.zip(object::list_at(&before, list)) {
            restore(before, container, "image");
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        restore(&before, &mut after, field);
    }
    let negative = object::i64_at(&before, "terminationGracePeriodSeconds").is_some_and(|grace| grace < 0);
    if negative && object::i64_at(&after, "terminationGracePeriodSeconds") == Some(1) {
        restore(&before, &mut after, "terminationGracePeriodSeconds");
    }
    if !object::list_at(&before, "schedulingGates").is_empty() {
        where_to_go(&before, &mut after, &path, errors);
    }
    let (before, after) = (internal::pod_spec(&before), internal::pod_spec(&after));
    if !same(&before, &after, "PodSpec") {
        let hunks = shown_difference(&before, &after, "PodSpec");
        errors.forbidden(&path, format!("pod updates may not change fields other than {MAY_CHANGE}\n{hunks}"));
    }
}

/// `ValidatePodSpecificAnnotationUpdates`
fn annotations(old: &Value, new: &Value, errors: &mut ErrorList) {
    let (before, after) = (object::annotations(old), object::annotations(new));
    let path = FieldPath::new("metadata.annotations");
    for (key, value) in before.into_iter().flatten() {
        if key == MIRROR && after.and_then(|a| a.get(key)) != Some(value) {
            errors.forbidden(&path.key(key), "may not remove or update mirror pod annotation");
        }
    }
    for key in after.into_iter().flatten().map(|(key, _)| key) {
        if key == MIRROR && before.is_none_or(|b| !b.contains_key(key)) {
            errors.forbidden(&path.key(key), "may not add mirror pod annotation");
        }
    }
}

/// Whether the rest is looked at.
fn deadline(old: &Value, new: &Value, path: &FieldPath, errors: &mut ErrorList) -> bool {
    let of = |pod| object::i64_at(pod, "spec.activeDeadlineSeconds");
    let (value, detail) = match (of(old), of(new)) {
        (_, Some(new)) if !(0..=i64::from(i32::MAX)).contains(&new) => (Value::from(new), "must be between 0 and 2147483647, inclusive"),
        (Some(old), Some(new)) if old < new => (Value::from(new), "must be less than or equal to previous value"),
        (Some(_), None) => {
            errors.invalid(path, Value::Null, "must not update from a positive integer to nil value");
            return true;
        }
        _ => return true,
    };
    errors.invalid(path, value, detail);
    false
}

/// `validateOnlyAddedTolerations`
fn tolerations(old: &[Value], new: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let like = |one: &Value, other: &Value| {
        ["key", "operator", "value", "effect"]
            .iter()
            .all(|field| object::str_at(one, field).unwrap_or("") == object::str_at(other, field).unwrap_or(""))
    };
    if !old.iter().all(|old| new.iter().any(|new| like(old, new))) {
        errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
}

/// `validateOnlyDeletedSchedulingGates`
fn gates(old: &[Value], new: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    for (index, gate) in new.iter().enumerate() {
        let name = object::str_at(gate, "name").unwrap_or("");
        if !old.iter().any(|old| object::str_at(old, "name") == Some(name)) {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.forbidden_at(&path.index(index), "name", detail);
        }
    }
}

/// A gated Pod may still be told more narrowly where to go (`validateNodeSelectorMutation`, `validateNodeAffinityMutation`).
fn where_to_go(before: &Value, after: &mut Value, path: &FieldPath, errors: &mut ErrorList) {
    let (old, new) = (object::map_at(before, "nodeSelector"), object::map_at(after, "nodeSelector"));
    if old.into_iter().flatten().any(|(key, value)| new.and_then(|new| new.get(key)) != Some(value)) {
        let shown = after.get("nodeSelector").cloned().unwrap_or(Value::Null);
        let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.invalid_at(path, "nodeSelector", shown, detail);
    }
    restore(before, after, "nodeSelector");
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const TERMS: &str = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let (old, new) = (object::list_at(before, TERMS), object::list_at(after, TERMS));
    let path = path.child("affinity.nodeAffinity").child(REQUIRED).child("nodeSelectorTerms");
    let shown = |terms: &[Value], shape: &str| internal::compact(&Value::from(terms.to_vec()), shape);
    if !old.is_empty() && old.len() != new.len() {
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errors.push(FieldError::invalid(&path, shown(new, "[]NodeTerm"), detail).bare());
    } else if !old.is_empty() {
        for (index, (old, new)) in old.iter().zip(new).enumerate() {
            let keeps = |list: &str| object::list_at(new, list).starts_with(object::list_at(old, list));
            let empty = ["matchExpressions", "matchFields"].iter().all(|list| object::list_at(old, list).is_empty());
            if empty && old != new || !keeps("matchExpressions") || !keeps("matchFields") {
                let detail = "only additions are allowed (no mutations or deletions)";
                errors.push(FieldError::invalid(&path.index(index), internal::compact(new, "NodeTerm"), detail).bare());
            }
        }
    }
    match object::at(before, "affinity.nodeAffinity").cloned() {
        Some(old) => object::set(after, "affinity.nodeAffinity", old),
        None => drop(object::remove(after, "affinity.nodeAffinity")),
    }
    if before.get("affinity").is_none() && after.get("affinity").and_then(Value::as_object).is_some_and(|a| a.is_empty()) {
        drop(object::remove(after, "affinity"));
    }
}

/// The subresource takes nothing else (`dropNonEphemeralContainerUpdates`).
pub fn only_ephemeral(old: &Value, new: &Value) -> Value {
    let mut pod = old.clone();
    let given = object::at(new, "spec.ephemeralContainers").cloned().unwrap_or(Value::Null);
    object::set(&mut pod, "spec.ephemeralContainers", given);
    pod
}

pub fn check_ephemeral(old: &Value, new: &Value, errors: &mut ErrorList) {
    if object::annotations(old).is_some_and(|a| a.contains_key(MIRROR)) {
        *errors = FieldError::forbidden(&FieldPath::root(), "static pods do not support ephemeral containers").into();
        return;
    }
    let path = FieldPath::new("spec.ephemeralContainers");
    let containers = object::list_at(new, "spec.ephemeralContainers");
    for before in object::list_at(old, "spec.ephemeralContainers") {
        let name = object::str_at(before, "name").unwrap_or("");
        match containers.iter().rev().find(|c| object::str_at(c, "name") == Some(name)) {
            None => errors.forbidden(&path, format!("existing ephemeral containers {name:?} may not be removed\n")),
            Some(after) if !same(before, after, "EphemeralContainer") => {
                let hunks = shown_difference(before, after, "EphemeralContainer");
                errors.forbidden(&path, format!("existing ephemeral containers {name:?} may not be changed\n{hunks}"));
            }
            Some(_) => {}
        }
    }
}
