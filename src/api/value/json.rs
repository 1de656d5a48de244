//! JSON written in code: the macro `json!`.

use super::{Map, Value};

/// Once for all places where [`json!`](crate::api::json) stands.
#[doc(hidden)]
#[inline(never)]
pub fn put_item(items: &mut Vec<Value>, item: Value) {
    items.push(item);
}

#[doc(hidden)]
#[inline(never)]
pub fn put_field(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.insert(key.to_owned(), value);
}

/// JSON as it is written, with expressions for values: `json!({"name": name, "ports": [80, 443]})`.
#[macro_export]
macro_rules! json {
    (null) => { $crate::api::Value::Null };
    ([$($items:tt)*]) => {{
        #[allow(unused_mut, clippy::vec_init_then_push)]
        let mut items: Vec<$crate::api::Value> = Vec::new();
        $crate::json_items!(items $($items)*);
        $crate::api::Value::Array(items)
    }};
    ({$($fields:tt)*}) => {{
        #[allow(unused_mut)]
        let mut map: $crate::api::Map<String, $crate::api::Value> = $crate::api::Map::new();
        $crate::json_fields!(map $($fields)*);
        $crate::api::Value::Object(map)
    }};
    ($value:expr) => { $crate::api::value::ToValue::to_value(&$value) };
}

/// The items of a list in [`json!`].
#[doc(hidden)]
#[macro_export]
macro_rules! json_items {
    ($items:ident) => {};
    ($items:ident null $(, $($rest:tt)*)?) => { $crate::api::value::put_item(&mut $items, $crate::api::Value::Null); $crate::json_items!($items $($($rest)*)?); };
    ($items:ident [$($inner:tt)*] $(, $($rest:tt)*)?) => { $crate::api::value::put_item(&mut $items, $crate::json!([$($inner)*])); $crate::json_items!($items $($($rest)*)?); };
    ($items:ident {$($inner:tt)*} $(, $($rest:tt)*)?) => { $crate::api::value::put_item(&mut $items, $crate::json!({$($inner)*})); $crate::json_items!($items $($($rest)*)?); };
    ($items:ident $value:expr $(, $($rest:tt)*)?) => { $crate::api::value::put_item(&mut $items, $crate::json!($value)); $crate::json_items!($items $($($rest)*)?); };
}

/// The fields of an object in [`json!`].
#[doc(hidden)]
#[macro_export]
macro_rules! json_fields {
    ($map:ident) => {};
    ($map:ident $key:tt : null $(, $($rest:tt)*)?) => { $crate::api::value::put_field(&mut $map, ($key).as_ref(), $crate::api::Value::Null); $crate::json_fields!($map $($($rest)*)?); };
    ($map:ident $key:tt : [$($inner:tt)*] $(, $($rest:tt)*)?) => { $crate::api::value::put_field(&mut $map, ($key).as_ref(), $crate::json!([$($inner)*])); $crate::json_fields!($map $($($rest)*)?); };
    ($map:ident $key:tt : {$($inner:tt)*} $(, $($rest:tt)*)?) => { $crate::api::value::put_field(&mut $map, ($key).as_ref(), $crate::json!({$($inner)*})); $crate::json_fields!($map $($($rest)*)?); };
    ($map:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => { $crate::api::value::put_field(&mut $map, ($key).as_ref(), $crate::json!($value)); $crate::json_fields!($map $($($rest)*)?); };
}
