//! Validation of Nodes.
//!
//! Models `ValidateNode` of `pkg/apis/core/validation/validation.go`.

use super::{addresses, affinity, names, resources};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorKind, ErrorList, FieldError, FieldPath};

pub fn node(node: &Value, errors: &mut ErrorList) {
    avoided(node, errors);
    // Their path is the metadata's, in the server too.
    taints(object::list_at(node, "spec.taints"), &FieldPath::new("metadata.taints"), errors);
    for list in ["capacity", "allocatable"] {
        let path = FieldPath::new("status").child(list);
        for (name, amount) in object::map_at(node, &format!("status.{list}")).into_iter().flatten() {
            resources::quantity(name, amount, &path.name(name), errors);
        }
    }
    // Its path is the metadata's, in the server too.
    if let Some(capacity) = object::i64_at(node, "status.nodeInfo.swap.capacity").filter(|c| *c <= 0) {
        errors.invalid(&FieldPath::new("metadata.nodeSwapStatus.capacity"), capacity, "must be greater than zero");
    }
    features(object::list_at(node, "status.declaredFeatures"), &FieldPath::new("status.declaredFeatures"), errors);
    pod_cidrs(object::list_at(node, "spec.podCIDRs"), &FieldPath::new("spec.podCIDRs"), errors);
}

/// `ValidateAvoidPodsInNodeAnnotations`
fn avoided(node: &Value, errors: &mut ErrorList) {
    const KEY: &str = "scheduler.alpha.kubernetes.io/preferAvoidPods";
    let annotation = object::annotations(node).and_then(|a| a.get(KEY)).and_then(Value::as_str);
    let Some(given) = annotation.and_then(crate::yaml::json_value) else { return };
    let path = FieldPath::new("metadata.annotations").name(KEY);
    for (index, entry) in object::list_at(&given, "preferAvoidPods").iter().enumerate() {
        let path = path.index(index).child("PodSignature");
        match object::at(entry, "podSignature.podController").filter(|c| !c.is_null()) {
            None => errors.required(&path, ""),
            Some(controller) if object::bool_at(controller, "controller") == Some(false) => {
                errors.invalid_at(&path, "PodController.Controller", false, "must point to a controller");
            }
            Some(_) => {}
        }
    }
}

/// `validateNodeDeclaredFeatures`
fn features(features: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let names: Vec<&str> = features.iter().map(|f| f.as_str().unwrap_or("")).collect();
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    for (index, name) in names.iter().enumerate() {
        let fine = name.split('/').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()) && letters(part))
            && name.starts_with(|c: char| c.is_ascii_uppercase());
        let quoted = crate::yaml::go_quote(name);
        if name.len() > 253 {
            errors.invalid(&path.index(index), *name, format!("invalid feature name {quoted}: must be no more than 253 characters"));
        } else if !fine {
            let detail = format!(
                "invalid feature name {quoted}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
            );
            errors.invalid(&path.index(index), *name, detail);
        }
        let Some(next) = names.get(index + 1) else { continue };
        if name == next {
            errors.duplicate(&path.index(index + 1), *next);
        } else if name > next {
            errors.invalid(&path.index(index + 1), *next, "list must be sorted alphabetically");
        }
    }
}

pub fn taints(taints: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        let text = |field: &str| object::str_at(taint, field).unwrap_or("");
        let (key, value, effect) = (text("key"), text("value"), text("effect"));
        for message in names::qualified_name(key) {
            errors.invalid_at(&path, "key", key, message);
        }
        let wrong = names::label_value(value);
        if !wrong.is_empty() {
            errors.invalid_at(&path, "value", value, wrong.join(";"));
        }
        if effect.is_empty() {
            errors.required_at(&path, "effect", "");
        } else {
            super::one_of(effect, &affinity::EFFECTS, &path.child("effect"), errors);
        }
        if !seen.insert((effect, key)) {
            let added = taint.get("timeAdded").cloned().unwrap_or(Value::Null);
            let shown = format!("{{\"Key\":{key:?},\"Value\":{value:?},\"Effect\":{effect:?},\"TimeAdded\":{added}}}");
            let mut error = FieldError::duplicate(&path, shown).bare();
            error.detail = "taints must be unique by key and effect pair".into();
            errors.push(error);
        }
    }
}

fn pod_cidrs(cidrs: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let texts: Vec<&str> = cidrs.iter().map(|c| c.as_str().unwrap_or("")).collect();
    for (index, text) in texts.iter().enumerate() {
        addresses::network(text, &path.index(index), errors);
    }
    if texts.len() > 1 {
        let families: Option<Vec<bool>> = texts.iter().map(|text| addresses::is_six(text)).collect();
        if families.is_none() {
            let wrong = texts.iter().enumerate().find(|(_, text)| addresses::is_six(text).is_none());
            let (index, wrong) = wrong.map_or((0, ""), |(index, text)| (index, *text));
            let detail =
                format!("invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[{index}]: <nil> (invalid CIDR address: {wrong})");
            errors.push(FieldError { kind: ErrorKind::Internal, ..FieldError::required(path, detail) });
        }
        let both = families.is_some_and(|six| six.contains(&true) && six.contains(&false));
        if !both || texts.len() > 2 {
            errors.invalid(path, cidrs.to_vec(), "may specify no more than one CIDR for each IP family");
        }
    }
}
