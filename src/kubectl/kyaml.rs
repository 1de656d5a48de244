//! `-o kyaml`: YAML in its flow style, with quoted strings and trailing commas.
//!
//! Models `sigs.k8s.io/yaml/kyaml`.

use super::json;
use crate::api::Value;

pub fn print(value: &Value) -> String {
    let mut out = String::from("---\n");
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let indent = |depth: usize, out: &mut String| out.extend(std::iter::repeat_n("  ", depth));
    match value {
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) => {
            out.push_str("{\n");
            for (key, item) in map {
                indent(depth + 1, out);
                if is_plain(key) {
                    out.push_str(key);
                } else {
                    out.push_str(&json::compact(&Value::String(key.clone())));
                }
                out.push_str(": ");
                write(item, depth + 1, out);
                out.push_str(",\n");
            }
            indent(depth, out);
            out.push('}');
        }
        // Lists of objects are cuddled: `[{`, `}, {`, `}]`.
        Value::Array(items) if items.iter().all(|i| i.as_object().is_some_and(|o| !o.is_empty())) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write(item, depth, out);
            }
            out.push(']');
        }
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                indent(depth + 1, out);
                write(item, depth + 1, out);
                out.push_str(",\n");
            }
            indent(depth, out);
            out.push(']');
        }
        // Text of several lines keeps them, each ended by its own backslash.
        Value::String(text) if text.contains('\n') => {
            out.push_str("\"\\\n");
            for line in text.split_inclusive('\n') {
                indent(depth + 1, out);
                out.push(if line.starts_with([' ', '\t']) { '\\' } else { ' ' });
                out.push_str(&line.trim_end_matches('\n').replace('\\', "\\\\").replace('"', "\\\""));
                out.push_str(if line.ends_with('\n') { "\\n\\\n" } else { "\\\n" });
            }
            indent(depth + 1, out);
            out.push('"');
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&json::compact(value)),
    }
}

/// Whether a key may stand without quotes.
fn is_plain(key: &str) -> bool {
    let reserved = matches!(key.to_ascii_lowercase().as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c)) && !reserved
}
