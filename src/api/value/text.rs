//! A tree as JSON text.

use std::fmt::{self, Write as _};

use super::Value;

/// JSON, on one line; `{:#}` over several.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = f.alternate().then_some(0);
        write_json(self, depth, f)
    }
}

fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            8 => "\\b",
            12 => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        f.write_str(&text[from..at])?;
        from = at + 1;
        if escape.is_empty() { write!(f, "\\u{byte:04x}")? } else { f.write_str(escape)? }
    }
    f.write_str(&text[from..])?;
    f.write_char('"')
}

/// Begins a line, where lines there are.
fn new_line(depth: Option<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(depth) = depth else { return Ok(()) };
    f.write_char('\n')?;
    (0..depth).try_for_each(|_| f.write_str("  "))
}

fn write_json(value: &Value, depth: Option<usize>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let deeper = depth.map(|depth| depth + 1);
    match value {
        Value::Null => f.write_str("null"),
        Value::Bool(b) => f.write_str(if *b { "true" } else { "false" }),
        Value::Number(number) => write!(f, "{number}"),
        Value::String(text) => write_text(text, f),
        Value::Array(items) if items.is_empty() => f.write_str("[]"),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                f.write_char(if index == 0 { '[' } else { ',' })?;
                new_line(deeper, f)?;
                write_json(item, deeper, f)?;
            }
            new_line(depth, f)?;
            f.write_char(']')
        }
        Value::Object(map) if map.is_empty() => f.write_str("{}"),
        Value::Object(map) => {
            for (index, (key, item)) in map.iter().enumerate() {
                f.write_char(if index == 0 { '{' } else { ',' })?;
                new_line(deeper, f)?;
                write_text(key, f)?;
                f.write_str(if depth.is_some() { ": " } else { ":" })?;
                write_json(item, deeper, f)?;
            }
            new_line(depth, f)?;
            f.write_char('}')
        }
    }
}
