//! Validation of `resources`: names, amounts, and requests against limits.

use super::names;
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Map, Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// Whether a name belongs to Kubernetes itself (`IsNativeResource`).
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

pub fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && names::qualified_name(&format!("requests.{name}")).is_empty()
}

fn is_standard(name: &str) -> bool {
    // `standardResources` of `pkg/apis/core/helper`.
    const PLAIN: [&str; 4] = ["cpu", "memory", "ephemeral-storage", "storage"];
    let asked = name.strip_prefix("requests.");
    PLAIN.contains(&name)
        || asked.is_some_and(|rest| PLAIN.contains(&rest) || rest.starts_with("hugepages-"))
        || name.strip_prefix("limits.").is_some_and(|rest| PLAIN[..3].contains(&rest))
        || COUNTED.contains(&name)
        || name.starts_with("hugepages-")
}

/// `devices`: the names of the Pod's `resourceClaims`.
pub fn of_container(resources: &Value, devices: &SortedSet<String>, path: &FieldPath, errors: &mut ErrorList) {
    amounts(resources, container_resource_name, path, errors);
    claims(object::list_at(resources, "claims"), devices, &path.child("claims"), errors);
}

/// `validateResourceRequirements`, of a container or of a whole Pod: `name_rule` says which names there may be.
pub fn amounts(resources: &Value, name_rule: fn(&str, &FieldPath, &mut ErrorList), path: &FieldPath, errors: &mut ErrorList) {
    let limits = object::map_at(resources, "limits");
    let requests = object::map_at(resources, "requests");
    for (field, amounts) in [("limits", limits), ("requests", requests)] {
        for (name, amount) in amounts.into_iter().flatten() {
            let at = path.child(field).key(name);
            name_rule(name, &at, errors);
            quantity(name, amount, &at, errors);
            if field == "requests" {
                against_limit(name, amount, limits, path, errors);
            }
            whole_pages(name, amount, &at, errors);
        }
    }
    let has = |map: Option<&Map<String, Value>>, is: &dyn Fn(&str) -> bool| map.is_some_and(|m| m.keys().any(|k| is(k)));
    let huge = |k: &str| k.starts_with("hugepages-");
    let plain = |k: &str| matches!(k, "cpu" | "memory");
    if (has(limits, &huge) || has(requests, &huge)) && !(has(limits, &plain) || has(requests, &plain)) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
}

/// Huge pages come whole: the amount is a multiple of the size in the name.
fn whole_pages(name: &str, amount: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (Some(size), Some(text)) = (name.strip_prefix("hugepages-"), amount.as_str()) else { return };
    let Some(given) = Quantity::parse(text) else { return };
    let fits = Quantity::parse(size).is_some_and(|size| size.nano() > 0 && given.nano() % size.nano() == 0);
    if !fits {
        errors.invalid(path, text, format!("{text} is not positive integer multiple of {name}"));
    }
}

/// `validateResourceName`
pub fn resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let wrong = names::qualified_name(name);
    if wrong.is_empty() && !name.contains('/') && !is_standard(name) {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    errors.extend(wrong.into_iter().map(|message| FieldError::invalid(path, name, message)));
}

pub fn container_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    resource_name(name, path, errors);
    let qualified = name.contains('/');
    if !qualified && !(matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")) {
        errors.invalid(path, name, "must be a standard resource for containers");
    } else if qualified && !is_native(name) && !is_extended(name) {
        errors.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

pub fn quantity(name: &str, amount: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(text) = amount.as_str() else { return };
    let Some(value) = Quantity::parse(text) else { return };
    if value.nano() < 0 {
        errors.invalid(path, text, "must be greater than or equal to 0");
    }
    if is_integer_resource(name) && value.nano() % 1_000_000_000 != 0 {
        errors.invalid(path, text, "must be an integer");
    }
}

/// What is counted in whole objects.
pub const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_integer_resource(name: &str) -> bool {
    is_extended(name) || COUNTED.contains(&name)
}

fn against_limit(name: &str, request: &Value, limits: Option<&Map<String, Value>>, path: &FieldPath, errors: &mut ErrorList) {
    let parse = |v: &Value| v.as_str().and_then(Quantity::parse);
    let no_overcommit = !is_native(name) || name.starts_with("hugepages-");
    match limits.and_then(|l| l.get(name)) {
        Some(limit) => {
            let (Some(r), Some(l)) = (parse(request), parse(limit)) else { return };
            let (at, of) = (path.child("requests"), limit.as_str().unwrap_or(""));
            if no_overcommit && r != l {
                errors.invalid(&at, request.clone(), format!("must be equal to {name} limit of {of}"));
            } else if r > l {
                errors.invalid(&at, request.clone(), format!("must be less than or equal to {name} limit of {of}"));
            }
        }
        None if no_overcommit => {
            errors.required_at(path, "limits", "Limit must be set for non overcommitable resources");
        }
        None => {}
    }
}

/// Names that one message lists.
const MOST_SHOWN: usize = 100;

/// `validateResourceClaimNames`: each claim, or one request of it, once, and one of the Pod's.
pub fn claims(claims: &[Value], devices: &SortedSet<String>, path: &FieldPath, errors: &mut ErrorList) {
    // Claims, and how many of each claim's requests.
    let mut seen: SortedSet<String> = SortedSet::new();
    let mut parts: SortedMap<&str, usize> = SortedMap::default();
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        let name = object::str_at(claim, "name").unwrap_or("");
        if name.is_empty() {
            errors.required(&path, "");
            continue;
        }
        if seen.contains(name) {
            errors.duplicate(&path, name);
        } else {
            let request = object::str_at(claim, "request").unwrap_or("");
            let key = if request.is_empty() { name.to_owned() } else { format!("{name}/{request}") };
            for message in names::label(request).into_iter().filter(|_| !request.is_empty()) {
                errors.invalid_at(&path, "request", request, message);
            }
            if seen.contains(&key) {
                errors.duplicate(&path, key.as_str());
            } else if request.is_empty() {
                for _ in 0..parts.get(name).copied().unwrap_or(0) {
                    errors.duplicate(&path, name);
                }
            }
            if seen.insert(key) && !request.is_empty() {
                *parts.entry(name).or_default() += 1;
            }
        }
        if !devices.contains(name) {
            let mut error = FieldError::not_found(&path, name);
            let known: Vec<&str> = devices.iter().take(MOST_SHOWN).map(String::as_str).collect();
            let rest = if known.is_empty() { " which is empty".to_owned() } else { format!(": {}", known.join(", ")) };
            error.detail = format!("must be one of the names in pod.spec.resourceClaims{rest}");
            errors.push(error);
        }
    }
}
