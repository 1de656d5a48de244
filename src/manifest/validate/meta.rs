//! Validation of `metadata`, the first thing that the server reports on.
//!
//! Models `k8s.io/apimachinery/pkg/api/validation/objectmeta.go`.

use super::names;
use crate::api::{Map, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath, escape_html};

/// Which rule a kind's names follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    Subdomain,
    Label,
    /// Anything that may stand in a path.
    PathSegment,
    Address,
}

pub fn object_meta(object: &Value, rule: NameRule, namespaced: bool, errors: &mut ErrorList) {
    let path = FieldPath::new("metadata");
    let Some(meta) = object.get("metadata") else {
        errors.required_at(&path, "name", "name or generateName is required");
        return;
    };
    let check = |name: &str| match rule {
        NameRule::Subdomain => names::subdomain(name),
        NameRule::Label => names::label(name),
        NameRule::PathSegment => names::path_segment(name),
        NameRule::Address => names::ip(name),
    };
    let name = object::str_at(meta, "name").unwrap_or("");
    let prefix = object::str_at(meta, "generateName").unwrap_or("");
    if !prefix.is_empty() {
        let masked = if rule == NameRule::PathSegment { prefix.to_owned() } else { names::mask_trailing_dash(prefix) };
        for message in check(&masked) {
            errors.invalid_at(&path, "generateName", prefix, message);
        }
    }
    if name.is_empty() && prefix.is_empty() {
        errors.required_at(&path, "name", "name or generateName is required");
    } else if !name.is_empty() {
        let before = errors.len();
        for message in check(name) {
            errors.invalid_at(&path, "name", name, message);
        }
        if rule == NameRule::Address && errors.len() == before {
            super::addresses::canonical(name, &path.child("name"), errors);
        }
    }
    if namespaced {
        let namespace = object::str_at(meta, "namespace").unwrap_or("");
        if namespace.is_empty() {
            errors.required_at(&path, "namespace", "");
        } else {
            for message in names::label(namespace) {
                errors.invalid_at(&path, "namespace", namespace, message);
            }
        }
    }
    labels(object::map_at(meta, "labels"), &path.child("labels"), errors);
    annotations(object::map_at(meta, "annotations"), &path.child("annotations"), errors);
    owners(meta, &path.child("ownerReferences"), errors);
    finalizers(meta, &path.child("finalizers"), errors);
}

pub fn labels(labels: Option<&Map<String, Value>>, path: &FieldPath, errors: &mut ErrorList) {
    for (key, value) in labels.into_iter().flatten() {
        for message in names::qualified_name(key) {
            errors.invalid(path, key.as_str(), message);
        }
        let value = value.as_str().unwrap_or("");
        for message in names::label_value(value) {
            errors.invalid(path, value, message);
        }
    }
}

pub fn annotations(annotations: Option<&Map<String, Value>>, path: &FieldPath, errors: &mut ErrorList) {
    let mut size = 0;
    for (key, value) in annotations.into_iter().flatten() {
        for message in names::qualified_name(&names::lower(key)) {
            errors.invalid(path, key.as_str(), message);
        }
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > 262_144 {
        errors.push(FieldError::too_long(path, 262_144));
    }
}

/// Owners as Go prints them: its order of fields, without those that are not set.
fn shown_owner(owner: &Value) -> String {
    let fields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"].iter().enumerate().filter_map(|(index, field)| {
        let empty = Value::String(String::new());
        let value = owner.get(*field).filter(|v| !v.is_null()).or((index < 4).then_some(&empty))?;
        Some(format!("{field:?}:{value}"))
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn owners(meta: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let owners = object::list_at(meta, "ownerReferences");
    for owner in owners {
        let version = object::str_at(owner, "apiVersion").unwrap_or("");
        if version.is_empty() || version.ends_with('/') {
            errors.invalid_at(path, "apiVersion", version, "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if object::str_at(owner, field).unwrap_or("").is_empty() {
                errors.invalid_at(path, field, "", "must not be empty");
            }
        }
        if version == "v1" && object::str_at(owner, "kind") == Some("Event") {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(path, shown_owner(owner), detail).bare());
        }
    }
    let title = |owner: &Value| format!("{}/{}", object::str_at(owner, "kind").unwrap_or(""), object::str_at(owner, "name").unwrap_or(""));
    let mut controllers = owners.iter().filter(|owner| object::bool_at(owner, "controller") == Some(true));
    if let Some(first) = controllers.next() {
        // Each shows all owners: a few are enough.
        for other in controllers.take(20) {
            let detail =
                format!("Only one reference can have Controller set to true. Found \"true\" in references for {} and {}", title(first), title(other));
            let shown = format!("[{}]", owners.iter().map(shown_owner).collect::<Vec<_>>().join(","));
            errors.push(FieldError::invalid(path, shown, detail).bare());
        }
    }
}

fn finalizers(meta: &Value, list: &FieldPath, errors: &mut ErrorList) {
    let finalizers = object::list_at(meta, "finalizers");
    for name in finalizers.iter().filter_map(Value::as_str) {
        for message in names::qualified_name(name) {
            errors.invalid(list, name, message);
        }
    }
    let has = |name: &str| finalizers.iter().any(|f| f == name);
    if has("orphan") && has("foregroundDeletion") {
        errors.invalid(list, finalizers.to_vec(), "finalizer orphan and foregroundDeletion cannot be both set");
    }
    for (index, finalizer) in finalizers.iter().enumerate() {
        let path = list.index(index);
        let name = finalizer.as_str().unwrap_or("");
        let standard = matches!(name, "kubernetes" | "orphan" | "foregroundDeletion");
        if !standard && !name.contains('/') {
            errors.invalid(&path, name, "name is neither a standard finalizer name nor is it fully qualified");
        }
    }
}

/// An error that shows a whole `metav1.LabelSelector`.
pub fn invalid_selector(path: &FieldPath, selector: &Value, detail: &str) -> FieldError {
    FieldError::invalid(path, shown_selector(selector), detail).bare()
}

/// A selector as Go's encoder writes it: key and operator always, the rest where there is any.
fn shown_selector(selector: &Value) -> String {
    let labels = object::map_at(selector, "matchLabels").filter(|l| !l.is_empty()).map(|l| format!("\"matchLabels\":{}", Value::from(l.clone())));
    let expressions = object::list_at(selector, "matchExpressions").iter().map(|expression| {
        let text = |field: &str| object::at(expression, field).cloned().unwrap_or_else(|| Value::from(""));
        let values = object::list_at(expression, "values");
        let values = if values.is_empty() { String::new() } else { format!(",\"values\":{}", Value::from(values.to_vec())) };
        format!("{{\"key\":{},\"operator\":{}{values}}}", text("key"), text("operator"))
    });
    let expressions: Vec<String> = expressions.collect();
    let expressions = (!expressions.is_empty()).then(|| format!("\"matchExpressions\":[{}]", expressions.join(",")));
    escape_html(&format!("{{{}}}", labels.into_iter().chain(expressions).collect::<Vec<_>>().join(",")))
}

/// A `metav1.LabelSelector`.
pub fn label_selector(selector: &Value, path: &FieldPath, errors: &mut ErrorList) {
    labels(object::map_at(selector, "matchLabels"), &path.child("matchLabels"), errors);
    for (index, expression) in object::list_at(selector, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        let values = object::list_at(expression, "values");
        let operator = object::str_at(expression, "operator").unwrap_or("");
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                errors.required_at(&path, "values", "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.forbidden_at(&path, "values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.invalid_at(&path, "operator", operator, "not a valid selector operator"),
        }
        let key = object::str_at(expression, "key").unwrap_or("");
        for message in names::qualified_name(key) {
            errors.invalid_at(&path, "key", key, message);
        }
        for (index, value) in values.iter().enumerate() {
            let value = value.as_str().unwrap_or("");
            for message in names::label_value(value) {
                errors.invalid(&path.child("values").index(index), value, message);
            }
        }
    }
}
