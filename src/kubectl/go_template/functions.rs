//! The functions that a Go template may call.
//!
//! Models `text/template/funcs.go`, and what kubectl adds (`exists`, `base64decode` of `cli-runtime`'s template printer).

use crate::api::{Value, json};
use crate::kubectl::base64;
use crate::kubectl::jsonpath::{go_show, show};

pub const FUNCTIONS: &[&str] = &[
    "len",
    "index",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "not",
    "print",
    "println",
    "printf",
    "base64decode",
    "exists",
    "html",
    "js",
    "slice",
    "urlquery",
];

pub fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(a) => !a.is_empty(),
        Value::Object(o) => !o.is_empty(),
    }
}

pub fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let first = args.first().unwrap_or(&Value::Null);
    let compare = || match (first, args.get(1).unwrap_or(&Value::Null)) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (a, b) => Some(show(a).cmp(&show(b))),
    };
    Ok(match name {
        "len" => match first {
            Value::String(s) => json!(s.len()),
            Value::Array(a) => json!(a.len()),
            Value::Object(o) => json!(o.len()),
            _ => return Err("error calling len: len of untyped nil".into()),
        },
        "index" => args[1.min(args.len())..].iter().try_fold(first.clone(), |value, key| match key {
            Value::String(key) => Ok(value.get(key).cloned().unwrap_or(Value::Null)),
            Value::Number(n) => {
                let at = n.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
                value.get(at).cloned().ok_or_else(|| "error calling index: reflect: slice index out of range".to_owned())
            }
            _ => Err("error calling index: cannot index".to_owned()),
        })?,
        "eq" => json!(args.iter().skip(1).any(|other| other == first)),
        "ne" => json!(args.get(1) != Some(first)),
        "lt" => json!(compare().is_some_and(|o| o.is_lt())),
        "le" => json!(compare().is_some_and(|o| o.is_le())),
        "gt" => json!(compare().is_some_and(|o| o.is_gt())),
        "ge" => json!(compare().is_some_and(|o| o.is_ge())),
        "and" => args.iter().find(|v| !truth(v)).or(args.last()).cloned().unwrap_or(Value::Null),
        "or" => args.iter().find(|v| truth(v)).or(args.last()).cloned().unwrap_or(Value::Null),
        "not" => json!(!truth(first)),
        "exists" => json!(args.iter().skip(1).try_fold(first, |value, key| value.get(show(key))).is_some_and(|found| !found.is_null())),
        "base64decode" => json!(base64::decode(&show(first)).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()),
        "slice" => {
            let end = match first {
                Value::String(s) => s.len(),
                Value::Array(a) => a.len(),
                other => return Err(format!("error calling slice: can't slice item of type {}", show(other))),
            };
            let place = |at: usize, default: usize| match args.get(at) {
                None => Ok(default),
                Some(n) => n
                    .as_u64()
                    .and_then(|n| usize::try_from(n).ok())
                    .filter(|n| *n <= end)
                    .ok_or_else(|| format!("error calling slice: index out of range: {}", show(n))),
            };
            let (from, to) = (place(1, 0)?, place(2, end)?);
            if from > to {
                return Err(format!("error calling slice: invalid slice index: {from} > {to}"));
            }
            match first {
                Value::String(s) => json!(String::from_utf8_lossy(&s.as_bytes()[from..to])),
                _ => json!(first.as_array().map_or(&[][..], |a| &a[from..to])),
            }
        }
        "html" => json!(escaped(args, html)),
        "js" => json!(escaped(args, js)),
        "urlquery" => json!(escaped(args, query)),
        "println" => json!(args.iter().map(go_show).collect::<Vec<_>>().join(" ") + "\n"),
        "printf" => json!(printf(&show(first), &args[1.min(args.len())..])),
        _ => json!(sprint(args)),
    })
}

/// `fmt.Sprint`: a blank stands between two of which neither is text.
fn sprint(args: &[Value]) -> String {
    let mut text = String::new();
    for (at, arg) in args.iter().enumerate() {
        if at > 0 && !arg.is_string() && !args[at - 1].is_string() {
            text.push(' ');
        }
        text.push_str(&go_show(arg));
    }
    text
}

/// `text/template/funcs.go`: each letter as it may stand in the other language.
fn escaped(args: &[Value], escape: fn(char, &mut String)) -> String {
    let mut out = String::new();
    sprint(args).chars().for_each(|c| escape(c, &mut out));
    out
}

fn html(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("&#34;"),
        '\'' => out.push_str("&#39;"),
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\0' => out.push('\u{fffd}'),
        c => out.push(c),
    }
}

fn js(c: char, out: &mut String) {
    match c {
        '\\' | '\'' | '"' => out.extend(['\\', c]),
        '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
        c => out.push(c),
    }
}

fn query(c: char, out: &mut String) {
    match c {
        ' ' => out.push('+'),
        c if c.is_ascii_alphanumeric() || "-_.~".contains(c) => out.push(c),
        c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}"))),
    }
}

/// `%s`, `%v`, `%d`, `%q` with widths.
fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(c) = chars.peek().copied().filter(|c| c.is_ascii_digit() || *c == '-') {
            spec.push(c);
            chars.next();
        }
        let verb = chars.next().unwrap_or('%');
        if verb == '%' {
            out.push('%');
            continue;
        }
        let text = args.next().map_or("%!v(MISSING)".into(), |v| if verb == 'q' { format!("{:?}", show(v)) } else { go_show(v) });
        let width: usize = spec.trim_start_matches('-').parse().unwrap_or(0).min(1000);
        let fill = " ".repeat(width.saturating_sub(text.chars().count()));
        out.push_str(&if spec.starts_with('-') { text + &fill } else { fill + &text });
    }
    out
}
