//! Reading fields of an object that is a JSON tree. A field that is missing or of another type reads as nothing.

use crate::api::{Map, Value};

/// The names of a dotted path. Paths are short and read very often: a look at each byte beats a search that first sets itself up.
fn names(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let here = rest?;
        match here.bytes().position(|byte| byte == b'.') {
            Some(dot) => {
                rest = Some(&here[dot + 1..]);
                Some(&here[..dot])
            }
            None => {
                rest = None;
                Some(here)
            }
        }
    })
}

/// How long a path's first name is; most paths are one name. Nearly all are known when podlab is built: natively, where a few bytes more cost nothing,
/// what reads a field is laid into its caller, so that this question is settled there and names are compared without a call.
const fn first_name(path: &str) -> usize {
    let mut at = 0;
    while at < path.len() && path.as_bytes()[at] != b'.' {
        at += 1;
    }
    at
}

/// The value at a dotted path of field names (`spec.nodeName`); digits index lists (`spec.containers.0.image`).
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let first = first_name(path);
    match value {
        Value::Object(map) if first == path.len() => map.get(path),
        #[cfg(not(target_arch = "wasm32"))]
        Value::Object(map) => below(map.get(&path[..first])?, &path[first + 1..]),
        value => below(value, path),
    }
}

fn below<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    names(path).try_fold(value, |value, key| match value {
        Value::Object(map) => map.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub fn str_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    at(value, path)?.as_str()
}

#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub fn i64_at(value: &Value, path: &str) -> Option<i64> {
    at(value, path)?.as_i64()
}

#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub fn bool_at(value: &Value, path: &str) -> Option<bool> {
    at(value, path)?.as_bool()
}

/// The items of a list; none where the field is missing.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub fn list_at<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub fn map_at<'a>(value: &'a Value, path: &str) -> Option<&'a Map<String, Value>> {
    at(value, path)?.as_object()
}

/// Sets the value at a dotted path of field names, making objects on the way. What stands in the way (a scalar, a list) is replaced.
pub fn set(value: &mut Value, path: &str, new: Value) {
    let mut here = value;
    for key in names(path) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        here = here.as_object_mut().expect("made an object above").place_of(key);
    }
    *here = new;
}

/// Appends to a list, which is made where there is none.
pub fn push(value: &mut Value, field: &str, item: Value) {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value.as_object_mut().expect("made an object above").place_of(field) {
        Value::Array(items) => items.push(item),
        other => *other = Value::Array(vec![item]),
    }
}

/// Removes the field at a dotted path of field names and gives back what stood there.
pub fn remove(value: &mut Value, path: &str) -> Option<Value> {
    let (parent, key) = match path.rsplit_once('.') {
        Some((parent, key)) => (parent.split('.').try_fold(value, |v, k| v.get_mut(k))?, key),
        None => (value, path),
    };
    parent.as_object_mut()?.remove(key)
}

fn metadata<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    object.get("metadata")?.get(field)
}

pub fn name(object: &Value) -> &str {
    metadata(object, "name").and_then(Value::as_str).unwrap_or("")
}

pub fn namespace(object: &Value) -> &str {
    metadata(object, "namespace").and_then(Value::as_str).unwrap_or("")
}

pub fn uid(object: &Value) -> &str {
    metadata(object, "uid").and_then(Value::as_str).unwrap_or("")
}

pub fn kind(object: &Value) -> &str {
    str_at(object, "kind").unwrap_or("")
}

pub fn api_version(object: &Value) -> &str {
    str_at(object, "apiVersion").unwrap_or("")
}

pub fn labels(object: &Value) -> Option<&Map<String, Value>> {
    metadata(object, "labels")?.as_object()
}

pub fn annotations(object: &Value) -> Option<&Map<String, Value>> {
    metadata(object, "annotations")?.as_object()
}

pub fn is_deleting(object: &Value) -> bool {
    metadata(object, "deletionTimestamp").is_some_and(|t| !t.is_null())
}

/// The owner reference of the object's controller.
pub fn controller_of(object: &Value) -> Option<&Value> {
    list_at(object, "metadata.ownerReferences").iter().find(|r| bool_at(r, "controller") == Some(true))
}
