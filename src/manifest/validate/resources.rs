//! Validation of `resources`: names, amounts, and requests against limits.

use super::names;
use crate::api::{Map, Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// Whether a name belongs to Kubernetes itself: without a domain, or in `kubernetes.io`.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.split('/').next().is_some_and(|domain| domain == "kubernetes.io" || domain.ends_with(".kubernetes.io"))
}

pub fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && names::qualified_name(&format!("requests.{name}")).is_empty()
}

fn is_standard(name: &str) -> bool {
    matches!(
        name,
        "cpu"
            | "memory"
            | "ephemeral-storage"
            | "storage"
            | "pods"
            | "services"
            | "replicationcontrollers"
            | "resourcequotas"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
    ) || name.starts_with("hugepages-")
        || name.starts_with("requests.")
        || name.starts_with("limits.")
}

pub fn of_container(resources: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let limits = object::map_at(resources, "limits");
    let requests = object::map_at(resources, "requests");
    for (field, amounts) in [("limits", limits), ("requests", requests)] {
        for (name, amount) in amounts.into_iter().flatten() {
            let path = path.child(field).key(name);
            container_resource_name(name, &path, errors);
            quantity(name, amount, &path, errors);
            whole_pages(name, amount, &path, errors);
        }
        if field == "limits" {
            continue;
        }
        against_limits(amounts, limits, path, errors);
    }
    let has = |map: Option<&Map<String, Value>>, is: &dyn Fn(&str) -> bool| map.is_some_and(|m| m.keys().any(|k| is(k)));
    let huge = |k: &str| k.starts_with("hugepages-");
    let plain = |k: &str| matches!(k, "cpu" | "memory");
    if (has(limits, &huge) || has(requests, &huge)) && !(has(limits, &plain) || has(requests, &plain)) {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
}

/// Huge pages come whole: the amount is a multiple of the size in the name.
fn whole_pages(name: &str, amount: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (Some(size), Some(text)) = (name.strip_prefix("hugepages-"), amount.as_str()) else { return };
    let Some(given) = Quantity::parse(text) else { return };
    let fits = Quantity::parse(size).is_some_and(|size| size.nano() > 0 && given.nano() % size.nano() == 0);
    if !fits {
        errors.push(FieldError::invalid(path, text, format!("{text} is not positive integer multiple of {name}")));
    }
}

fn container_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let wrong = names::qualified_name(name);
    if !wrong.is_empty() {
        errors.extend(wrong.into_iter().map(|message| FieldError::invalid(path, name, message)));
        return;
    }
    if !name.contains('/') {
        if !is_standard(name) {
            errors.push(FieldError::invalid(path, name, "must be a standard resource type or fully qualified"));
        }
        if !(matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")) {
            errors.push(FieldError::invalid(path, name, "must be a standard resource for containers"));
        }
    } else if is_native(name) {
        // Qualified names in Kubernetes' own domain are reserved.
        errors.push(FieldError::invalid(path, name, "doesn't follow extended resource name standard"));
    }
}

pub fn quantity(name: &str, amount: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(text) = amount.as_str() else { return };
    let Some(value) = Quantity::parse(text) else { return };
    if value.nano() < 0 {
        errors.push(FieldError::invalid(path, text, "must be greater than or equal to 0"));
    }
    if is_integer_resource(name) && value.nano() % 1_000_000_000 != 0 {
        errors.push(FieldError::invalid(path, text, "must be an integer"));
    }
}

fn is_integer_resource(name: &str) -> bool {
    is_extended(name) || matches!(name, "pods" | "services" | "secrets")
}

fn against_limits(requests: Option<&Map<String, Value>>, limits: Option<&Map<String, Value>>, path: &FieldPath, errors: &mut ErrorList) {
    let parse = |v: &Value| v.as_str().and_then(Quantity::parse);
    for (name, request) in requests.into_iter().flatten() {
        let limit = limits.and_then(|l| l.get(name));
        let no_overcommit = is_extended(name) || name.starts_with("hugepages-");
        match limit {
            Some(limit) => {
                let (Some(r), Some(l)) = (parse(request), parse(limit)) else { continue };
                let (shown, of) = (request.clone(), limit.as_str().unwrap_or(""));
                if no_overcommit && r.nano() != l.nano() {
                    errors.push(FieldError::invalid(&path.child("requests"), shown, format!("must be equal to {name} limit of {of}")));
                } else if r.nano() > l.nano() {
                    errors.push(FieldError::invalid(&path.child("requests"), shown, format!("must be less than or equal to {name} limit of {of}")));
                }
            }
            None if no_overcommit => {
                errors.push(FieldError::required(&path.child("limits"), "Limit must be set for non overcommitable resources"));
            }
            None => {}
        }
    }
}
