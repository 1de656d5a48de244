//! JSON as a tree: objects of the API, whose fields are few, looked up often, and walked in the order of their names.
//!
//! Stands for serde_json's tree of the same shape. A field list there is a B-tree; here it is a sorted vector: a look-up compares lengths
//! before letters, a clone or a drop walks one block of memory, and the code for it all is small, which the browser pays for.

mod convert;
mod json;
mod names;
mod number;
mod step;
mod text;

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Index, IndexMut};

pub use convert::ToValue;
#[doc(hidden)]
pub use json::{put_field, put_item};
pub use number::Number;
pub use step::Step;

use super::order::InOrder as _;
use names::Names;

/// Any JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Value>),
    Object(Map<String, Value>),
}

/// The fields of an object, in the order of their names.
#[derive(Clone)]
pub struct Map<K, V> {
    entries: Vec<(K, V)>,
    /// Most look-ups are for what is not there; few of those get as far as the entries.
    names: Names,
}

/// A name and the place of its value, there or to be filled.
pub struct Entry<'a> {
    map: &'a mut Map<String, Value>,
    key: String,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries.iter().map(|(k, v)| (k, v))).finish()
    }
}

impl<K, V> Map<K, V> {
    pub const fn new() -> Self {
        Self { entries: Vec::new(), names: Names::none() }
    }

    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), names: Names::none() }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        self.into_iter()
    }

    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> + ExactSizeIterator {
        self.entries.iter_mut().map(|(k, v)| (&*k, v))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(k, _)| k)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.entries.iter().map(|(_, v)| v)
    }

    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.entries.iter_mut().map(|(_, v)| v)
    }

    pub fn into_keys(self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator {
        self.entries.into_iter().map(|(k, _)| k)
    }

    pub fn into_values(self) -> impl DoubleEndedIterator<Item = V> + ExactSizeIterator {
        self.entries.into_iter().map(|(_, v)| v)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.entries.retain_mut(|(k, v)| keep(k, v));
    }
}

/// How two names stand to each other. Most often their first letters tell, which costs no call.
fn in_order(a: &str, b: &str) -> Ordering {
    a.as_bytes().first().cmp(&b.as_bytes().first()).then_with(|| a.cmp(b))
}

impl Map<String, Value> {
    /// Where a field is.
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn find(&self, key: &str) -> Option<usize> {
        if self.names.lack(key) { None } else { self.search(key) }
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(never))]
    fn search(&self, key: &str) -> Option<usize> {
        const FEW: usize = 24;
        if self.entries.len() <= FEW {
            return self.entries.iter().position(|(own, _)| own.len() == key.len() && own.as_bytes().first() == key.as_bytes().first() && own == key);
        }
        self.entries.binary_search_by(|(own, _)| in_order(own, key)).ok()
    }

    /// Where a field is, or where it would be. The last place is looked at first, as fields often come in order.
    fn place(&self, key: &str) -> Result<usize, usize> {
        if self.entries.last().is_none_or(|(last, _)| in_order(last, key).is_lt()) {
            return Err(self.entries.len());
        }
        self.entries.binary_search_by(|(own, _)| in_order(own, key))
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).map(|at| &self.entries[at].1)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.find(key).map(|at| &mut self.entries[at].1)
    }

    pub fn get_key_value(&self, key: &str) -> Option<(&String, &Value)> {
        self.find(key).map(|at| (&self.entries[at].0, &self.entries[at].1))
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Sets a field and gives back what stood there.
    pub fn insert(&mut self, key: String, value: Value) -> Option<Value> {
        match self.place(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            Err(at) => {
                self.names.add(&key);
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).map(|at| self.entries.remove(at).1)
    }

    pub fn entry(&mut self, key: impl Into<String>) -> Entry<'_> {
        Entry { map: self, key: key.into() }
    }

    /// The place of a field, filled with null where there is none.
    pub fn place_of(&mut self, key: &str) -> &mut Value {
        let at = self.place(key).unwrap_or_else(|at| {
            self.names.add(key);
            self.entries.insert(at, (key.to_owned(), Value::Null));
            at
        });
        &mut self.entries[at].1
    }

    /// Moves all fields of the other here.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }
}

impl<'a> Entry<'a> {
    pub fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }

    pub fn or_insert_with(self, value: impl FnOnce() -> Value) -> &'a mut Value {
        let at = self.map.place(&self.key).unwrap_or_else(|at| {
            self.map.names.add(&self.key);
            self.map.entries.insert(at, (self.key, value()));
            at
        });
        &mut self.map.entries[at].1
    }

    pub fn and_modify(self, change: impl FnOnce(&mut Value)) -> Self {
        if let Some(value) = self.map.get_mut(&self.key) {
            change(value);
        }
        self
    }
}

/// Walks the fields of an object.
pub type Iter<'a, K, V> = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter().map(|(k, v)| (k, v))
    }
}

impl<'a, K, V> IntoIterator for &'a mut Map<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = std::iter::Map<std::slice::IterMut<'a, (K, V)>, fn(&'a mut (K, V)) -> (&'a K, &'a mut V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter_mut().map(|(k, v)| (&*k, v))
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Map<String, Value> {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(fields: I) -> Self {
        let mut map = Self::new();
        map.extend(fields);
        map
    }
}

impl<K: Into<String>> Extend<(K, Value)> for Map<String, Value> {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, fields: I) {
        let mut in_order = true;
        for (key, value) in fields {
            let key = key.into();
            in_order = in_order && self.entries.last().is_none_or(|(last, _)| *last < key);
            self.names.add(&key);
            self.entries.push((key, value));
        }
        if in_order {
            return;
        }
        self.entries.order_by(|(a, _), (b, _)| a.cmp(b));
        // The last of equal ones counts.
        self.entries.dedup_by(|later, kept| {
            let is_again = later.0 == kept.0;
            if is_again {
                std::mem::swap(later, kept);
            }
            is_again
        });
    }
}

impl Index<&str> for Map<String, Value> {
    type Output = Value;

    fn index(&self, key: &str) -> &Value {
        self.get(key).expect("an index names a field that is there")
    }
}

impl IndexMut<&str> for Map<String, Value> {
    fn index_mut(&mut self, key: &str) -> &mut Value {
        self.get_mut(key).expect("an index names a field that is there")
    }
}

impl Value {
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    pub fn get(&self, step: impl Step) -> Option<&Value> {
        step.look(self)
    }

    pub fn get_mut(&mut self, step: impl Step) -> Option<&mut Value> {
        step.look_mut(self)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    pub fn as_array(&self) -> Option<&Vec<Value>> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Map<String, Value>> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_object_mut(&mut self) -> Option<&mut Map<String, Value>> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn is_boolean(&self) -> bool {
        matches!(self, Value::Bool(_))
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Value::Number(_))
    }

    pub fn is_string(&self) -> bool {
        matches!(self, Value::String(_))
    }

    pub fn is_array(&self) -> bool {
        matches!(self, Value::Array(_))
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }

    pub fn is_i64(&self) -> bool {
        self.as_number().is_some_and(Number::is_i64)
    }

    pub fn is_u64(&self) -> bool {
        self.as_number().is_some_and(Number::is_u64)
    }

    pub fn is_f64(&self) -> bool {
        self.as_number().is_some_and(Number::is_f64)
    }

    /// What a JSON pointer (`/spec/containers/0`) leads to.
    pub fn pointer(&self, path: &str) -> Option<&Value> {
        pointer_steps(path)?.try_fold(self, |value, name| match value {
            Value::Object(map) => map.get(&name),
            Value::Array(items) => items.get(list_index(&name)?),
            _ => None,
        })
    }

    pub fn pointer_mut(&mut self, path: &str) -> Option<&mut Value> {
        pointer_steps(path)?.try_fold(self, |value, name| match value {
            Value::Object(map) => map.get_mut(&name),
            Value::Array(items) => items.get_mut(list_index(&name)?),
            _ => None,
        })
    }

    /// Takes the value away and leaves null.
    pub fn take(&mut self) -> Value {
        std::mem::take(self)
    }
}

/// The names of a JSON pointer, which is empty or begins with a slash.
fn pointer_steps(path: &str) -> Option<impl Iterator<Item = String>> {
    let names = match path.strip_prefix('/') {
        Some(rest) => Some(rest.split('/')),
        None if path.is_empty() => None,
        None => return None,
    };
    Some(names.into_iter().flatten().map(|name| name.replace("~1", "/").replace("~0", "~")))
}

/// A place in a list, written without sign or leading zeros.
fn list_index(name: &str) -> Option<usize> {
    let plain = name.bytes().all(|b| b.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0'));
    if plain { name.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn it_is_written_as_json() {
        let value = json!({"c": [1, -2, 1.5, true, null, {}], "a": {"x\n\"\u{1}é": "\\"}, "z": u64::MAX, "b": [[], "s"]});
        assert_eq!(value.to_string(), r#"{"a":{"x\n\"\u0001é":"\\"},"b":[[],"s"],"c":[1,-2,1.5,true,null,{}],"z":18446744073709551615}"#);
        assert_eq!(format!("{:#}", json!({"a": [1, {}], "b": "s"})), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"s\"\n}");
    }

    #[test]
    fn fields_stand_in_order_and_the_last_of_equal_ones_counts() {
        let map: Map<String, Value> = [("b", json!(1)), ("a", json!(2)), ("b", json!([null, {"x": null}, [1]]))].into_iter().collect();
        assert_eq!(Value::Object(map).to_string(), r#"{"a":2,"b":[null,{"x":null},[1]]}"#);
        let mut value = json!({});
        for index in (0..100).rev() {
            value[format!("{index:02}")] = json!(index);
        }
        let keys: Vec<String> = value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        assert!(keys.is_sorted() && keys.len() == 100);
        assert!((0..100).all(|index| value.get(format!("{index:02}")) == Some(&json!(index))));
        assert_eq!(value.as_object_mut().and_then(|map| map.remove("50")), Some(json!(50)));
        assert_eq!(value["50"], Value::Null);
    }
}
