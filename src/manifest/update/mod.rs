//! What the API server does with the new state of a stored object: defaults, admission, then which fields may change.
//!
//! Models `rest.BeforeUpdate` and the `ValidateUpdate` of the strategies in `pkg/registry`: the new object is checked whole, as on a create, and after
//! that the step from the old one to it.

mod difference;
pub mod internal;
mod kinds;
mod pod;
mod resize;
mod shapes;

use super::field::{ErrorList, FieldPath};
use super::{Admitted, ClusterFacts, defaults, validate, warnings};
use crate::api::{Kind, Status, Value, json, object};

/// An update of the whole object or of a subresource (empty, `status`, `scale`, `resize`, `ephemeralcontainers`).
pub fn update(kind: &Kind, subresource: &str, old: &Value, new: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    let mut object = new;
    defaults::apply(kind, &mut object);
    match (kind.kind, subresource) {
        ("Pod", "resize") => object = resize::taken(old, &object),
        ("Pod", "ephemeralcontainers") => object = pod::only_ephemeral(old, &object),
        ("Pod", _) => pod::admit(old, &mut object),
        ("Service", _) => kinds::keep_addresses(old, &mut object),
        _ => {}
    }
    // Most writes of controllers change no more than the status.
    let rest = |value: &Value| value.as_object().map(|map| map.iter().filter(|(key, _)| *key != "status").count());
    let changed = |(key, value): (&String, &Value)| key != "status" && old.get(key) != Some(value);
    if rest(&object) == rest(old) && !object.as_object().is_some_and(|map| map.iter().any(changed)) {
        return Ok(Admitted { object, warnings: Vec::new() });
    }
    let mut errors = ErrorList::new();
    no_new_finalizers(old, &object, &mut errors);
    let step_first = matches!(kind.kind, "Service" | "ConfigMap" | "Secret");
    if step_first {
        kinds::check(kind.kind, old, &object, &mut errors);
    }
    errors.extend(validate::replacement(kind, old, &object));
    match (kind.kind, subresource) {
        ("Pod", "resize") => resize::check(old, &object, &mut errors),
        ("Pod", "ephemeralcontainers") => pod::check_ephemeral(old, &object, &mut errors),
        ("Pod", _) => pod::check(old, &object, &mut errors),
        _ if step_first => {}
        _ => kinds::check(kind.kind, old, &object, &mut errors),
    }
    if !errors.is_empty() {
        return Err(validate::invalid(kind, object::name(&object), &errors));
    }
    if (kind.kind, subresource) == ("Pod", "resize") {
        resize::fits_its_node(&object, facts)?;
    }
    // Of Pods there are no warnings on an update (`podStrategy.WarningsOnUpdate`).
    let warned = kind.kind != "Pod" && object.get("spec") != old.get("spec");
    let warnings = if warned { warnings::create(kind, &object) } else { Vec::new() };
    Ok(Admitted { object, warnings })
}

/// `ValidateNoNewFinalizers`: what is being deleted is not held up any longer than it was.
fn no_new_finalizers(old: &Value, new: &Value, errors: &mut ErrorList) {
    if !object::is_deleting(old) {
        return;
    }
    let before = object::list_at(old, "metadata.finalizers");
    let added: Vec<String> = object::list_at(new, "metadata.finalizers").iter().filter(|f| !before.contains(f)).map(Value::to_string).collect();
    if !added.is_empty() {
        let detail = format!("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}", added.join(", "));
        errors.forbidden(&FieldPath::new("metadata.finalizers"), detail);
    }
}

/// `ValidateImmutableField`
fn immutable(old: &Value, new: &Value, path: &'static str, errors: &mut ErrorList) {
    let (before, after) = (object::at(old, path).filter(|v| !v.is_null()), object::at(new, path).filter(|v| !v.is_null()));
    if before != after {
        let value = after.cloned().unwrap_or(Value::Null);
        errors.invalid(&FieldPath::new(path), value, "field is immutable");
    }
}

/// Whether two objects of a shape are the same to Go (`apiequality.Semantic`): what is empty is as good as missing.
fn same(one: &Value, other: &Value, shape: &str) -> bool {
    one == other || internal::compact(&pruned(one), shape) == internal::compact(&pruned(other), shape)
}

/// Without lists and maps that are empty, unless an empty map stands for a struct.
fn pruned(value: &Value) -> Value {
    const MAPS: [&str; 6] = ["nodeSelector", "limits", "requests", "overhead", "labels", "annotations"];
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, value)| match value {
                Value::Array(items) => !items.is_empty(),
                Value::Object(inner) => !inner.is_empty() || !MAPS.contains(&key.as_str()),
                value => !value.is_null(),
            });
            Value::Object(kept.map(|(key, value)| (key.clone(), pruned(value))).collect())
        }
        Value::Array(items) => items.iter().map(pruned).collect(),
        value => value.clone(),
    }
}

/// The hunks by which two objects of a shape differ, and an empty line.
fn shown_difference(old: &Value, new: &Value, shape: &str) -> String {
    format!("{}\n", difference::unified(&internal::pretty(old, shape), &internal::pretty(new, shape)))
}

/// Puts a field of the old object into the new one.
fn restore(old: &Value, new: &mut Value, field: &str) {
    match old.get(field) {
        Some(value) => new[field] = value.clone(),
        None => drop(object::remove(new, field)),
    }
}

/// A value for an object's field, `{}` where there is none.
fn spec_of(object: &Value) -> Value {
    object.get("spec").cloned().unwrap_or_else(|| json!({}))
}
