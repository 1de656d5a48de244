//! Validation of what decides where a Pod may run: affinity, tolerations, topology spread.

use super::volume::weight;
use super::{meta, names, one_of};
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

pub fn affinity(affinity: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(node) = affinity.get("nodeAffinity").filter(|n| !n.is_null()) {
        node_affinity(node, &path.child("nodeAffinity"), errors);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        if let Some(pods) = affinity.get(kind).filter(|p| !p.is_null()) {
            let path = path.child(kind);
            for (index, term) in object::list_at(pods, "requiredDuringSchedulingIgnoredDuringExecution").iter().enumerate() {
                pod_term(term, &path.child("requiredDuringSchedulingIgnoredDuringExecution").index(index), errors);
            }
            for (index, term) in object::list_at(pods, "preferredDuringSchedulingIgnoredDuringExecution").iter().enumerate() {
                let path = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(index);
                weight(term, &path, errors);
                pod_term(term.get("podAffinityTerm").unwrap_or(&Value::Null), &path.child("podAffinityTerm"), errors);
            }
        }
    }
}

fn node_affinity(affinity: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(required) = affinity.get("requiredDuringSchedulingIgnoredDuringExecution").filter(|r| !r.is_null()) {
        node_selector(required, &path.child("requiredDuringSchedulingIgnoredDuringExecution"), errors);
    }
    for (index, term) in object::list_at(affinity, "preferredDuringSchedulingIgnoredDuringExecution").iter().enumerate() {
        let path = path.child("preferredDuringSchedulingIgnoredDuringExecution").index(index);
        if !(1..=100).contains(&object::i64_at(term, "weight").unwrap_or(0)) {
            weight(term, &path, errors);
        }
        node_term(term.get("preference").unwrap_or(&Value::Null), false, &path.child("preference"), errors);
    }
}

pub fn node_selector(selector: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let terms = object::list_at(selector, "nodeSelectorTerms");
    let path = path.child("nodeSelectorTerms");
    if terms.is_empty() {
        errors.required(&path, "must have at least one node selector term");
        return;
    }
    for (index, term) in terms.iter().enumerate() {
        node_term(term, true, &path.index(index), errors);
    }
}

fn node_term(term: &Value, strict_values: bool, path: &FieldPath, errors: &mut ErrorList) {
    for (index, requirement) in object::list_at(term, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        let values = object::list_at(requirement, "values");
        let operator = object::str_at(requirement, "operator").unwrap_or("");
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                errors.required_at(&path, "values", "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.forbidden_at(&path, "values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "Gt" | "Lt" if values.len() != 1 => {
                errors.required_at(&path, "values", "must be specified single value when `operator` is 'Lt' or 'Gt'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            _ => errors.invalid_at(&path, "operator", operator, "not a valid selector operator"),
        }
        let key = object::str_at(requirement, "key").unwrap_or("");
        for message in names::qualified_name(key) {
            errors.invalid_at(&path, "key", key, message);
        }
        if strict_values {
            for (index, value) in values.iter().enumerate() {
                let value = value.as_str().unwrap_or("");
                for message in names::label_value(value) {
                    errors.invalid(&path.child("values").index(index), value, message);
                }
            }
        }
    }
    for (index, requirement) in object::list_at(term, "matchFields").iter().enumerate() {
        let path = path.child("matchFields").index(index);
        let values = object::list_at(requirement, "values");
        let operator = object::str_at(requirement, "operator").unwrap_or("");
        match operator {
            "In" | "NotIn" if values.len() != 1 => {
                errors.required_at(&path, "values", "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
            }
            "In" | "NotIn" => {}
            _ => errors.invalid_at(&path, "operator", operator, "not a valid selector operator"),
        }
        let key = object::str_at(requirement, "key").unwrap_or("");
        if key == "metadata.name" {
            for (index, value) in values.iter().enumerate() {
                let value = value.as_str().unwrap_or("");
                for message in names::subdomain(value) {
                    errors.invalid(&path.child("values").index(index), value, message);
                }
            }
        } else {
            errors.invalid_at(&path, "key", key, "not a valid field selector key");
        }
    }
}

fn pod_term(term: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for field in ["labelSelector", "namespaceSelector"] {
        if let Some(selector) = term.get(field).filter(|s| !s.is_null()) {
            meta::label_selector(selector, &path.child(field), errors);
        }
    }
    for namespace in object::list_at(term, "namespaces") {
        let name = namespace.as_str().unwrap_or("");
        for message in names::label(name) {
            errors.invalid_at(path, "namespace", name, message);
        }
    }
    label_keys(term, path, errors);
    let key = object::str_at(term, "topologyKey").unwrap_or("");
    if key.is_empty() {
        errors.required_at(path, "topologyKey", "can not be empty");
    }
    for message in names::qualified_name(key) {
        errors.invalid_at(path, "topologyKey", key, message);
    }
}

/// Keys whose values are the Pod's own (`validateMatchLabelKeysAndMismatchLabelKeys`). They were merged into the selector before, so that one
/// expression there is theirs.
fn label_keys(term: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (matching, mismatching) = (object::list_at(term, "matchLabelKeys"), object::list_at(term, "mismatchLabelKeys"));
    let selector = term.get("labelSelector").filter(|s| !s.is_null());
    for (field, keys) in [("matchLabelKeys", matching), ("mismatchLabelKeys", mismatching)] {
        if !keys.is_empty() && selector.is_none() {
            errors.forbidden_at(path, field, "must not be specified when labelSelector is not set");
            continue;
        }
        for (index, key) in keys.iter().filter_map(Value::as_str).enumerate() {
            for message in names::qualified_name(key) {
                errors.invalid(&path.child(field).index(index), key, message);
            }
        }
    }
    if let Some(selector) = selector {
        let mut seen: SortedSet<&str> = object::map_at(selector, "matchLabels").into_iter().flat_map(|m| m.keys().map(String::as_str)).collect();
        for expression in object::list_at(selector, "matchExpressions") {
            let key = object::str_at(expression, "key").unwrap_or("");
            let new = seen.insert(key);
            if let Some(index) = matching.iter().rposition(|k| k == key).filter(|_| !new) {
                errors.invalid(&path.index(index), key, "exists in both matchLabelKeys and labelSelector");
            }
        }
    }
    for (index, key) in matching.iter().enumerate().filter(|(_, key)| mismatching.contains(key)) {
        let path = path.child("matchLabelKeys").index(index);
        errors.invalid(&path, key.clone(), "exists in both matchLabelKeys and mismatchLabelKeys");
    }
}

/// In the server's order.
pub const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub fn tolerations(tolerations: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let path = path.index(index);
        let get = |field: &str| object::str_at(toleration, field).unwrap_or("");
        let (key, operator, value, effect) = (get("key"), get("operator"), get("value"), get("effect"));
        if !key.is_empty() {
            for message in names::qualified_name(key) {
                errors.invalid_at(&path, "key", key, message);
            }
        }
        if key.is_empty() && operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid_at(&path, "operator", operator, detail);
        }
        if toleration.get("tolerationSeconds").is_some_and(|s| !s.is_null()) && effect != "NoExecute" {
            errors.invalid_at(&path, "effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        match operator {
            "" | "Equal" => {
                let wrong = names::label_value(value);
                if !wrong.is_empty() {
                    errors.invalid_at(&path, "operator", value, wrong.join(";"));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    errors.invalid_at(&path, "operator", value, "value must be empty when `operator` is 'Exists'");
                }
            }
            // Their gate is off, yet the list names them.
            "Lt" | "Gt" => errors.not_supported_at(&path, "operator", operator, &["Equal", "Exists", "Lt", "Gt"]),
            _ => errors.not_supported_at(&path, "operator", operator, &["Equal", "Exists"]),
        }
        if !effect.is_empty() {
            one_of(effect, &EFFECTS, &path.child("effect"), errors);
        }
    }
}

pub fn topology_spread(constraints: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    // How many of each pair are still to come.
    let pair =
        |c: &'_ Value| (object::str_at(c, "topologyKey").unwrap_or("").to_owned(), object::str_at(c, "whenUnsatisfiable").unwrap_or("").to_owned());
    let mut left: SortedMap<(String, String), usize> = SortedMap::new();
    constraints.iter().for_each(|constraint| *left.entry(pair(constraint)).or_default() += 1);
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        let skew = object::i64_at(constraint, "maxSkew").unwrap_or(0);
        if skew <= 0 {
            errors.invalid_at(&path, "maxSkew", skew, "must be greater than zero");
        }
        let key = object::str_at(constraint, "topologyKey").unwrap_or("");
        if key.is_empty() {
            errors.required_at(&path, "topologyKey", "can not be empty");
        }
        let when = object::str_at(constraint, "whenUnsatisfiable").unwrap_or("");
        one_of(when, &["DoNotSchedule", "ScheduleAnyway"], &path.child("whenUnsatisfiable"), errors);
        let rest = left.entry(pair(constraint)).or_default();
        *rest -= 1;
        if *rest > 0 {
            let shown = format!("{{{key}, {when}}}");
            errors.duplicate_at(&path, "{topologyKey, whenUnsatisfiable}", shown);
        }
        if let Some(least) = object::i64_at(constraint, "minDomains") {
            if least <= 0 {
                errors.invalid_at(&path, "minDomains", least, "must be greater than zero");
            }
            if when != "DoNotSchedule" {
                let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}");
                errors.invalid_at(&path, "minDomains", least, detail);
            }
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if let Some(policy) = object::str_at(constraint, field) {
                one_of(policy, &["Honor", "Ignore"], &path.child(field), errors);
            }
        }
        label_keys(constraint, &path, errors);
        if let Some(selector) = constraint.get("labelSelector").filter(|s| !s.is_null()) {
            meta::label_selector(selector, &path.child("labelSelector"), errors);
        }
    }
}
