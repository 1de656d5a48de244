//! JSON as Go's encoder writes it: sorted keys, `<`, `>` and `&` escaped.

use crate::api::Value;
use crate::api::order::InOrder as _;

/// On one line, without blanks.
pub fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(value, None, false, 0, &mut out);
    out
}

/// Indented by so many blanks.
pub fn pretty(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    write(value, Some(indent), false, 0, &mut out);
    out
}

/// As the encoder writes a Go struct: fields in the order of its declaration. `indent`: none for one line.
pub fn typed(value: &Value, indent: Option<usize>) -> String {
    let mut out = String::new();
    write(value, indent, true, 0, &mut out);
    out
}

/// The order of the fields that kubectl's generators write, over all their structs.
const DECLARED: &str = "kind apiVersion metadata name image command args generateName namespace uid resourceVersion generation creationTimestamp labels annotations \
    ownerReferences value globalDefault description preemptionPolicy schedule concurrencyPolicy suspend jobTemplate parallelism completions backoffLimit protocol port \
    targetPort nodePort replicas minAvailable hard scopes ports containerPort env ingressClassName defaultBackend tls rules scaleTargetRef minReplicas maxReplicas metrics \
    hosts secretName host http path pathType backend selector template strategy maxUnavailable clusterIP clusterIPs data username password email auth containers \
    restartPolicy terminationGracePeriodSeconds dnsPolicy resources terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty \
    type externalName major minor emulationMajor emulationMinor minCompatibilityMajor minCompatibilityMinor gitVersion gitCommit gitTreeState buildDate goVersion \
    compiler platform spec disruptionsAllowed currentHealthy desiredHealthy expectedPods status";

fn declared(key: &str) -> usize {
    DECLARED.split_ascii_whitespace().position(|word| word == key).unwrap_or(usize::MAX)
}

fn write(value: &Value, indent: Option<usize>, typed: bool, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        if let Some(indent) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    };
    match value {
        Value::String(text) => string(text, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                write(item, indent, typed, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            let mut entries: Vec<_> = map.iter().collect();
            if typed {
                entries.order_by_key(|(key, _)| declared(key));
            }
            for (i, (key, item)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                string(key, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(item, indent, typed, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
