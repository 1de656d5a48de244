//! Merge patches: RFC 7386, and Kubernetes' strategic kind, which merges lists by the schema's keys.
//!
//! Models `apimachinery/pkg/util/strategicpatch`.

use crate::api::order::InOrder as _;
use crate::api::{Kind, Map, Value, object};
use crate::schema::{self, Field, Shape, Type};

/// RFC 7386.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge_patch(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// A strategic merge patch with its directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList`, `$setElementOrder`).
pub fn apply(kind: &Kind, target: &mut Value, patch: &Value) {
    merge(target, patch, schema::kind(&kind.api_version(), kind.kind));
}

/// An item of a list that is to be merged, and the key that it lacks: it cannot be said which item it is for (`ErrNoMergeKey`). Where the object has no
/// such list yet, the patch's is taken as it is.
pub fn without_key<'p>(kind: &Kind, target: &Value, patch: &'p Value) -> Option<(&'p Value, &'static str)> {
    unkeyed(target, patch, schema::kind(&kind.api_version(), kind.kind))
}

fn unkeyed<'p>(target: &Value, patch: &'p Value, of: Option<&'static Type>) -> Option<(&'p Value, &'static str)> {
    if patch.get("$patch").is_some() {
        return None;
    }
    patch.as_object()?.iter().filter_map(|(key, value)| Some((of?.field(key)?, target.get(key)?, value))).find_map(|(field, present, value)| {
        let (Some(items), Some(present)) = (value.as_array(), present.as_array()) else { return unkeyed(present, value, field.object()) };
        let key = field.merge_key()?;
        if items.iter().any(|item| object::str_at(item, "$patch") == Some("replace")) {
            return None;
        }
        let lacks = items.iter().find(|item| item.is_object() && item.get("$patch").is_none() && item.get(key).is_none());
        lacks.map(|item| (item, key)).or_else(|| {
            let same = |item: &Value| present.iter().find(|other| other.get(key) == item.get(key));
            items.iter().find_map(|item| unkeyed(same(item)?, item, field.object()))
        })
    })
}

/// What the schema says of the children of a value.
fn merge(target: &mut Value, patch: &Value, of: Option<&'static Type>) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut plain = patch.clone();
            plain.remove("$patch");
            *target = Value::Object(plain);
            return;
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return;
        }
        Some(_) | None => {}
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    if let Some(keep) = patch.get("$retainKeys").and_then(Value::as_array) {
        target.retain(|key, _| keep.iter().any(|k| k.as_str() == Some(key)));
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(items) = target.get_mut(list).and_then(Value::as_array_mut) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if key.starts_with('$') {
            continue;
        }
        let field = of.and_then(|t| t.field(key));
        if value.is_null() {
            target.remove(key);
            continue;
        }
        let place = target.entry(key.clone()).or_insert(Value::Null);
        match value {
            Value::Array(items) => merge_list(place, items, field),
            Value::Object(_) => match field.map(|f| f.shape) {
                Some(Shape::Map(inner)) => merge_map(place, value, inner),
                _ => merge(place, value, field.and_then(Field::object)),
            },
            scalar => *place = scalar.clone(),
        }
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix("$setElementOrder/")
            && let (Some(order), Some(items)) = (value.as_array(), target.get_mut(list).and_then(Value::as_array_mut))
        {
            let merge_key = of.and_then(|t| t.field(list)).and_then(Field::merge_key);
            reorder(items, order, merge_key);
        }
    }
}

fn merge_map(target: &mut Value, patch: &Value, inner: &'static Shape) {
    let Some(patch) = patch.as_object() else { return };
    if !target.is_object() || patch.get("$patch").and_then(Value::as_str) == Some("replace") {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value, inner.object());
        }
    }
}

fn merge_list(target: &mut Value, patch: &[Value], field: Option<&'static Field>) {
    let replaces = |item: &Value| object::str_at(item, "$patch") == Some("replace");
    let known = target.as_array().is_some();
    let merge_key = field.and_then(Field::merge_key);
    if !known {
        *target = Value::Array(Vec::new());
    }
    let Some(items) = target.as_array_mut() else { return };
    if patch.iter().any(replaces) {
        *items = patch.iter().filter(|item| !replaces(item)).cloned().collect();
        return;
    }
    let Some(key) = merge_key else {
        if field.is_some_and(Field::merges_as_set) {
            for item in patch {
                if !items.contains(item) {
                    items.push(item.clone());
                }
            }
        } else {
            *items = patch.to_vec();
        }
        return;
    };
    let inner = field.and_then(Field::object);
    let before = items.clone();
    let same = |a: &Value, b: &Value| a.get(key).is_some() && a.get(key) == b.get(key);
    for item in patch {
        if object::str_at(item, "$patch") == Some("delete") {
            items.retain(|present| !same(present, item));
            continue;
        }
        match items.iter_mut().find(|present| same(present, item)) {
            Some(present) => merge(present, item, inner),
            None => {
                let mut fresh = Value::Null;
                merge(&mut fresh, item, inner);
                items.push(fresh);
            }
        }
    }
    // What the patch names goes before what it does not, unless both were there before in the other order (`mergeSortedSlice`).
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item));
    let (mut named, rest): (Vec<Value>, Vec<Value>) = std::mem::take(items).into_iter().partition(|item| place(patch, item).is_some());
    named.order_by_key(|item| place(patch, item));
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    while let (Some(left), Some(right)) = (rest.peek(), named.peek()) {
        let first = matches!((place(&before, left), place(&before, right)), (Some(l), Some(r)) if l < r);
        items.extend(if first { rest.next() } else { named.next() });
    }
    items.extend(named);
    items.extend(rest);
}

/// Puts items in the wanted order; those that it does not name follow, as they stood.
fn reorder(items: &mut [Value], order: &[Value], merge_key: Option<&str>) {
    let rank = |item: &Value| {
        let matches = |wanted: &Value| match merge_key {
            Some(key) => wanted.get(key).is_some() && wanted.get(key) == item.get(key),
            None => wanted == item,
        };
        order.iter().position(matches).unwrap_or(usize::MAX)
    };
    items.order_by_key(rank);
}
