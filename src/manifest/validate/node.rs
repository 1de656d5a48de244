//! Validation of Nodes.
//!
//! Models `ValidateNode` of `pkg/apis/core/validation/validation.go`.

use super::{affinity, names, resources, service};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn node(node: &Value, errors: &mut ErrorList) {
    // Their path is the metadata's, in the server too.
    taints(object::list_at(node, "spec.taints"), &FieldPath::new("metadata.taints"), errors);
    for list in ["capacity", "allocatable"] {
        let path = FieldPath::new("status").child(list);
        for (name, amount) in object::map_at(node, &format!("status.{list}")).into_iter().flatten() {
            resources::quantity(name, amount, &path.name(name), errors);
        }
    }
    pod_cidrs(object::list_at(node, "spec.podCIDRs"), &FieldPath::new("spec.podCIDRs"), errors);
}

pub fn taints(taints: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        let text = |field: &str| object::str_at(taint, field).unwrap_or("");
        let (key, value, effect) = (text("key"), text("value"), text("effect"));
        for message in names::qualified_name(key) {
            errors.push(FieldError::invalid(&path.child("key"), key, message));
        }
        let wrong = names::label_value(value);
        if !wrong.is_empty() {
            errors.push(FieldError::invalid(&path.child("value"), value, wrong.join(";")));
        }
        if effect.is_empty() {
            errors.push(FieldError::required(&path.child("effect"), ""));
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
        service::cidr(text, &path.index(index), errors);
    }
    if texts.len() > 1 {
        let sixes = texts.iter().filter(|text| text.contains(':')).count();
        if texts.len() > 2 || sixes != 1 {
            errors.push(FieldError::invalid(path, cidrs.to_vec(), "may specify no more than one CIDR for each IP family"));
        }
        let mut seen = SortedSet::new();
        for (index, text) in texts.iter().enumerate() {
            if !seen.insert(*text) {
                errors.push(FieldError::duplicate(&path.index(index), *text));
            }
        }
    }
}
