//! The three-way merge of `kubectl apply`: what was applied last, what shall be, what is → the patch that leads there.
//!
//! Models `CreateThreeWayMergePatch` of `k8s.io/apimachinery/pkg/util/strategicpatch`.

use crate::api::{Kind, Map, Value, json, object};
use crate::schema::{self, Type};

/// A strategic merge patch; empty where nothing is to be done.
pub fn three_way(kind: &Kind, original: &Value, wanted: &Value, current: &Value) -> Value {
    let schema = schema::kind(&kind.api_version(), kind.kind);
    let empty = Map::new();
    let maps = (original.as_object().unwrap_or(&empty), wanted.as_object().unwrap_or(&empty), current.as_object().unwrap_or(&empty));
    Value::Object(diff(schema, maps.0, maps.1, maps.2))
}

fn diff(
    schema: Option<&'static Type>,
    original: &Map<String, Value>,
    wanted: &Map<String, Value>,
    current: &Map<String, Value>,
) -> Map<String, Value> {
    let mut patch = Map::new();
    let null = Value::Null;
    for (key, want) in wanted {
        let have = current.get(key);
        let field = schema.and_then(|s| s.field(key));
        let inner = field.and_then(|f| f.object());
        match (want, have) {
            (Value::Null, None) => {}
            (Value::Object(want), Some(Value::Object(have))) => {
                let empty = Map::new();
                let before = original.get(key).and_then(Value::as_object).unwrap_or(&empty);
                let below = diff(inner, before, want, have);
                if !below.is_empty() {
                    patch.insert(key.clone(), Value::Object(below));
                }
            }
            (Value::Array(want), Some(Value::Array(have))) => {
                let before = original.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                match field.and_then(|f| f.merge_key()) {
                    Some(merge_key) if want.iter().all(Value::is_object) => {
                        let below = diff_list(inner, merge_key, before, want, have);
                        if !below.is_empty() {
                            patch.insert(key.clone(), Value::Array(below));
                            let order: Vec<Value> = want.iter().filter_map(|w| w.get(merge_key)).map(|k| json!({merge_key: k})).collect();
                            if !order.is_empty() {
                                patch.insert(format!("$setElementOrder/{key}"), Value::Array(order));
                            }
                        }
                    }
                    _ if want != have => drop(patch.insert(key.clone(), Value::Array(want.clone()))),
                    _ => {}
                }
            }
            (want, have) if have != Some(want) && !same_amount(field.is_some(), want, have.unwrap_or(&null)) => {
                patch.insert(key.clone(), want.clone());
            }
            _ => {}
        }
    }
    for key in original.keys() {
        if !wanted.contains_key(key) && current.contains_key(key) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    patch
}

/// Items of a list that is merged by a key.
fn diff_list(schema: Option<&'static Type>, key: &str, original: &[Value], wanted: &[Value], current: &[Value]) -> Vec<Value> {
    let find = |list: &[Value], id: &Value| list.iter().find(|i| i.get(key) == Some(id)).and_then(Value::as_object).cloned();
    let mut out = Vec::new();
    for want in wanted.iter().filter_map(Value::as_object) {
        let Some(id) = want.get(key) else {
            out.push(Value::Object(want.clone()));
            continue;
        };
        match find(current, id) {
            Some(have) => {
                let mut below = diff(schema, &find(original, id).unwrap_or_default(), want, &have);
                if !below.is_empty() {
                    below.insert(key.into(), id.clone());
                    out.push(Value::Object(below));
                }
            }
            None => out.push(Value::Object(want.clone())),
        }
    }
    for before in original {
        let Some(id) = before.get(key) else { continue };
        let gone = !wanted.iter().any(|w| w.get(key) == Some(id)) && current.iter().any(|c| c.get(key) == Some(id));
        if gone {
            out.push(json!({"$patch": "delete", key: id}));
        }
    }
    out
}

/// Numbers that were written another way (`80` and `80.0`) are no change.
fn same_amount(_known: bool, want: &Value, have: &Value) -> bool {
    matches!((want, have), (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64())
}

/// Takes fields out of a patch that the kind does not have, and names them (`--validate=ignore` and `warn`).
pub fn prune(kind: &Kind, patch: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    if let Some(schema) = schema::kind(&kind.api_version(), kind.kind) {
        prune_fields(schema, patch, "", &mut unknown);
    }
    unknown
}

fn prune_fields(schema: &'static Type, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    let Some(map) = value.as_object_mut() else { return };
    map.retain(|key, value| {
        if key.starts_with('$') {
            return true;
        }
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(field) = schema.field(key) else {
            unknown.push(here);
            return false;
        };
        // Maps hold any key; their values are checked by the server.
        if let (Some(inner), false) = (field.object(), matches!(field.shape, schema::Shape::Map(_))) {
            match value {
                Value::Array(items) => items.iter_mut().enumerate().for_each(|(i, item)| prune_fields(inner, item, &format!("{here}[{i}]"), unknown)),
                value => prune_fields(inner, value, &here, unknown),
            }
        }
        true
    });
}

/// The objects differ in more than what the server counts.
pub fn is_changed(before: &Value, after: &Value) -> bool {
    let bare = |value: &Value| {
        let mut value = value.clone();
        for field in ["metadata.resourceVersion", "metadata.generation", "metadata.managedFields"] {
            object::remove(&mut value, field);
        }
        value
    };
    bare(before) != bare(after)
}
