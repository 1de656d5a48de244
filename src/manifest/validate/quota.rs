//! Validation of LimitRanges and ResourceQuotas.
//!
//! Models `ValidateLimitRange` and `ValidateResourceQuota` of `pkg/apis/core/validation/validation.go`.

use super::{names, resources};
use crate::api::order::SortedSet;
use crate::api::{Quantity, Value, float, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn limit_range(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mut types = SortedSet::new();
    for (index, limit) in object::list_at(spec, "limits").iter().enumerate() {
        let path = path.child("limits").index(index);
        let kind = object::str_at(limit, "type").unwrap_or("");
        let wrong = names::qualified_name(kind);
        if wrong.is_empty() && !kind.contains('/') && !matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim") {
            errors.invalid_at(&path, "type", kind, "must be a standard limit type or fully qualified");
        }
        errors.extend(wrong.into_iter().map(|message| FieldError::invalid(&path.child("type"), kind, message)));
        if !types.insert(kind) {
            errors.duplicate_at(&path, "type", kind);
        }
        limit_item(limit, kind, &path, errors);
    }
}

fn limit_item(limit: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let rule: fn(&str, &FieldPath, &mut ErrorList) =
        if matches!(kind, "Pod" | "Container") { resources::container_resource_name } else { resources::resource_name };
    let mut names: SortedSet<&str> = SortedSet::new();
    let of_pod = kind == "Pod";
    for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        let amounts = object::map_at(limit, field);
        if of_pod && matches!(field, "default" | "defaultRequest") {
            if amounts.is_some_and(|a| !a.is_empty()) {
                errors.forbidden_at(path, field, "may not be specified when `type` is 'Pod'");
            }
            continue;
        }
        if field == "maxLimitRequestRatio" && kind == "PersistentVolumeClaim" {
            let storage = |list: &str| object::map_at(limit, list).is_some_and(|a| a.contains_key("storage"));
            if !storage("min") && !storage("max") {
                let detail = "either minimum or maximum storage value is required, but neither was provided";
                errors.required_at(path, "limits", detail);
            }
        }
        for name in amounts.into_iter().flat_map(|a| a.keys()) {
            rule(name, &path.child(field).key(name), errors);
            names.insert(name);
        }
    }
    for name in names.iter() {
        compare(limit, name, of_pod, path, errors);
    }
}

/// An amount as it is written, and as a number.
type Amount<'a> = Option<(&'a str, Quantity)>;

fn compare(limit: &Value, name: &str, of_pod: bool, path: &FieldPath, errors: &mut ErrorList) {
    let of = |list: &str| -> Amount<'_> {
        let text = object::map_at(limit, list)?.get(name)?.as_str()?;
        Some((text, Quantity::parse(text)?))
    };
    let default_of = |list: &str| if of_pod { None } else { of(list) };
    let (min, max, ratio) = (of("min"), of("max"), of("maxLimitRequestRatio"));
    let (default, request) = (default_of("default"), default_of("defaultRequest"));
    let mut greater = |field: &'static str, shown: Amount<'_>, (a, what): (Amount<'_>, &str), (b, than): (Amount<'_>, &str)| {
        if let (Some((low, a)), Some((high, b)), Some((shown, _))) = (a, b, shown)
            && a.nano() > b.nano()
        {
            let detail = format!("{what} value {low} is greater than {than} value {high}");
            errors.invalid(&path.child(field).key(name), shown, detail);
        }
    };
    greater("min", min, (min, "min"), (max, "max"));
    greater("defaultRequest", request, (min, "min"), (request, "default request"));
    greater("defaultRequest", request, (request, "default request"), (max, "max"));
    greater("defaultRequest", request, (request, "default request"), (default, "default limit"));
    greater("default", min, (min, "min"), (default, "default"));
    greater("default", max, (default, "default"), (max, "max"));
    let at = path.child("maxLimitRequestRatio").key(name);
    if let Some((text, most)) = ratio {
        if most.nano() < 1_000_000_000 {
            errors.invalid(&at, text, format!("ratio {text} is less than 1"));
        }
        if let (Some((_, min)), Some((_, max))) = (min, max) {
            // Thousandths, rounded up, as the server counts.
            let milli = |q: Quantity| (q.nano() + 999_999).div_euclid(1_000_000) as f64;
            let limit = milli(max) / milli(min);
            if milli(most) / 1000.0 > limit {
                let shown = if limit.is_finite() { float::fixed(limit, 6) } else { "+Inf".to_owned() };
                errors.invalid(&at, text, format!("ratio {text} is greater than max/min = {shown}"));
            }
        }
    }
    let overcommits = !name.contains('/') || name.contains("kubernetes.io/");
    if let (Some((default, a)), Some((request, b))) = (default, request)
        && (!overcommits || name.starts_with("hugepages-"))
        && a.nano() != b.nano()
    {
        let detail = format!("default value {default} must equal to defaultRequest value {request} in {name}");
        errors.invalid(&path.child("defaultRequest").key(name), request, detail);
    }
}

pub fn resource_quota(quota: &Value, errors: &mut ErrorList) {
    let spec = quota.get("spec").unwrap_or(&Value::Null);
    hard(object::map_at(spec, "hard"), &FieldPath::new("spec.hard"), errors);
    scopes(spec, errors);
    selector(spec, errors);
    for (list, path) in [("status.hard", "status.hard"), ("status.used", "status.used")] {
        hard(object::map_at(quota, list), &FieldPath::new(path), errors);
    }
}

fn hard(amounts: Option<&crate::api::Map<String, Value>>, path: &FieldPath, errors: &mut ErrorList) {
    for (name, amount) in amounts.into_iter().flatten() {
        let path = path.key(name);
        resources::resource_name(name, &path, errors);
        if !name.contains('/') && !is_quota_name(name) {
            errors.invalid(&path, name.as_str(), "must be a standard resource for quota");
        }
        resources::quantity(name, amount, &path, errors);
    }
}

/// `IsStandardQuotaResourceName`
fn is_quota_name(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
    ];
    NAMES.contains(&name) || resources::COUNTED.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

const SCOPES: [&str; 7] =
    ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "VolumeAttributesClass", "CrossNamespacePodAffinity"];
const CONFLICTS: [[&str; 2]; 2] = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];

/// `IsResourceQuotaScopeValidForResource`
fn fits(scope: &str, name: &str) -> bool {
    match scope {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => matches!(name, "persistentvolumeclaims" | "requests.storage"),
        scope if SCOPES.contains(&scope) => {
            matches!(name, "pods" | "cpu" | "memory" | "limits.cpu" | "limits.memory" | "requests.cpu" | "requests.memory")
        }
        _ => true,
    }
}

fn misfits(spec: &Value, scope: &str) -> usize {
    let names = object::map_at(spec, "hard").into_iter().flat_map(|hard| hard.keys());
    names.filter(|name| is_quota_name(name) && !fits(scope, name)).count()
}

fn scopes(spec: &Value, errors: &mut ErrorList) {
    let path = FieldPath::new("spec.scopes");
    let scopes = object::list_at(spec, "scopes");
    let mut wrong = |detail: &str| errors.invalid(&path, scopes.to_vec(), detail);
    for scope in scopes.iter().map(|s| s.as_str().unwrap_or("")) {
        if !SCOPES.contains(&scope) {
            wrong("unsupported scope");
        }
        (0..misfits(spec, scope)).for_each(|_| wrong("unsupported scope applied to resource"));
    }
    for pair in CONFLICTS {
        if pair.iter().all(|scope| scopes.iter().any(|s| s == *scope)) {
            wrong("conflicting scopes");
        }
    }
}

fn selector(spec: &Value, errors: &mut ErrorList) {
    let path = FieldPath::new("spec.scopeSelector.matchExpressions");
    let expressions = object::list_at(spec, "scopeSelector.matchExpressions");
    let text = |expression, field| object::str_at(expression, field).unwrap_or("");
    let shown = || {
        let each = expressions.iter().map(|e| {
            let values = e.get("values").unwrap_or(&Value::Null);
            format!("{{\"ScopeName\":{:?},\"Operator\":{:?},\"Values\":{values}}}", text(e, "scopeName"), text(e, "operator"))
        });
        format!("{{\"MatchExpressions\":[{}]}}", each.collect::<Vec<_>>().join(","))
    };
    for expression in expressions {
        let (scope, operator) = (text(expression, "scopeName"), text(expression, "operator"));
        let values = object::list_at(expression, "values");
        if !SCOPES.contains(&scope) {
            errors.invalid_at(&path, "scopeName", scope, "unsupported scope");
        }
        for _ in 0..misfits(spec, scope) {
            errors.push(FieldError::invalid(&path, shown(), "unsupported scope applied to resource").bare());
        }
        let plain = SCOPES.contains(&scope) && !matches!(scope, "PriorityClass" | "VolumeAttributesClass");
        if plain && operator != "Exists" {
            let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.invalid_at(&path, "operator", operator, detail);
        }
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.required_at(&path, "values", detail);
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid_at(&path, "values", values.to_vec(), detail);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid_at(&path, "operator", other, "not a valid selector operator"),
        }
    }
    for pair in CONFLICTS {
        if pair.iter().all(|scope| expressions.iter().any(|e| text(e, "scopeName") == *scope)) {
            errors.push(FieldError::invalid(&FieldPath::new("spec.scopeSelector.matchExpressions"), shown(), "conflicting scopes").bare());
        }
    }
}
