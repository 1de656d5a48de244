//! JSONPath templates as kubectl reads them: `{.items[*].metadata.name}`, filters, slices, unions, `range … end`.
//!
//! Models `k8s.io/client-go/util/jsonpath`, errors included: `parser.go` in `parse.rs`, `jsonpath.go` here.

mod parse;

use std::cmp::Ordering;

use super::json;
use crate::api::Value;

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Field(String),
    /// `[from:to:step]`; of an index the end is its own (`one`).
    Array {
        from: Option<i64>,
        to: Option<i64>,
        step: Option<i64>,
        one: bool,
    },
    Filter {
        left: Vec<Node>,
        op: String,
        right: Vec<Node>,
    },
    Union(Vec<Vec<Node>>),
    Wildcard,
    Recursive,
    Literal(Value),
    /// A word that is neither `true` nor `false`; unless it is `range` or `end` in its place, it is no good.
    Word(String),
    /// `range PATH`, what is done for each, up to `end`.
    Range(Vec<Node>, Vec<Node>),
    Action(Vec<Node>),
}

/// A template that was understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
    /// A field that nothing has is an error (`--allow-missing-template-keys=false`).
    pub strict: bool,
}

impl Template {
    /// The error is the parser's own sentence, without the template in front.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { nodes: parse::template(text)?, strict: false })
    }

    /// A plain path without braces or a leading dot, as custom columns, `--sort-by` and `wait` take it.
    pub fn relaxed(text: &str) -> Result<Self, String> {
        Self::parse(&relaxed(text)?)
    }

    /// The template's text for an object.
    pub fn text(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        run(&self.nodes, value, self.strict, &mut out)?;
        Ok(out)
    }

    /// What the template's paths find, without text around.
    pub fn find<'a>(&'a self, value: &'a Value) -> Result<Vec<&'a Value>, String> {
        let mut found = Vec::new();
        for node in &self.nodes {
            if let Node::Action(path) = node {
                found.extend(walk(path, vec![value], self.strict)?);
            }
        }
        Ok(found)
    }
}

/// `metadata.name` in any of its forms as `{.metadata.name}` (`RelaxedJSONPathExpression`).
pub fn relaxed(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let trimmed = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let path = trimmed.strip_prefix('.').filter(|p| !p.is_empty()).unwrap_or(trimmed);
    if path.is_empty() || path.contains(['{', '}']) {
        return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".into());
    }
    Ok(format!("{{.{path}}}"))
}

fn run(nodes: &[Node], value: &Value, strict: bool, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Action(path) => {
                if let [Node::Literal(literal)] = path.as_slice() {
                    out.push_str(&show(literal));
                    continue;
                }
                let found = walk(path, vec![value], strict)?;
                for (i, value) in found.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    out.push_str(&show(value));
                }
            }
            Node::Range(path, body) => {
                for item in walk(path, vec![value], strict)? {
                    run(body, item, strict, out)?;
                }
            }
            // Steps of a path stand only inside of actions.
            Node::Field(_)
            | Node::Array { .. }
            | Node::Filter { .. }
            | Node::Union(_)
            | Node::Wildcard
            | Node::Recursive
            | Node::Word(_)
            | Node::Literal(_) => {}
        }
    }
    Ok(())
}

/// How a single value reads.
pub fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".into(),
        Value::Array(_) | Value::Object(_) => json::compact(value),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// How Go prints a value: maps and slices in their own form (`%v`).
pub fn go_show(value: &Value) -> String {
    match value {
        Value::Object(map) => format!("map[{}]", map.iter().map(|(k, v)| format!("{k}:{}", go_show(v))).collect::<Vec<_>>().join(" ")),
        Value::Array(items) => format!("[{}]", items.iter().map(go_show).collect::<Vec<_>>().join(" ")),
        other => show(other),
    }
}

/// The name of its type in Go (`%T`), where it was decoded from JSON.
pub fn go_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Null => "<nil>",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.as_i64().is_some() => "int64",
        Value::Number(_) => "float64",
    }
}

fn walk<'a>(path: &'a [Node], mut values: Vec<&'a Value>, strict: bool) -> Result<Vec<&'a Value>, String> {
    for node in path {
        let mut next: Vec<&'a Value> = Vec::new();
        match node {
            // All that the first member finds, then all of the next.
            Node::Union(members) => {
                for member in members {
                    next.extend(walk(member, values.clone(), strict)?);
                }
            }
            Node::Field(name) => {
                next.extend(values.iter().filter_map(|value| value.get(name)));
                if strict && next.is_empty() && !values.is_empty() {
                    return Err(format!("{name} is not found"));
                }
            }
            Node::Literal(literal) => next.extend(values.iter().map(|_| literal)),
            Node::Word(word) if word == "end" => return Err("not in range, nothing to end".into()),
            Node::Word(word) => return Err(format!("unrecognized identifier {word}")),
            _ => {
                for value in values {
                    step(node, value, strict, &mut next)?;
                }
            }
        }
        values = next;
    }
    Ok(values)
}

/// One step from one value.
fn step<'a>(node: &'a Node, value: &'a Value, strict: bool, next: &mut Vec<&'a Value>) -> Result<(), String> {
    match node {
        Node::Wildcard => next.extend(children(value)),
        Node::Recursive => descend(value, next),
        Node::Array { .. } if value.is_null() => {}
        Node::Array { from, to, step, one } => {
            let Value::Array(items) = value else { return Err(format!("{} is not array or slice", go_type(value))) };
            let length = items.len() as i64;
            let mut from = from.unwrap_or(0);
            // The largest number wraps, as in Go, and is out of bounds below.
            let mut to = if *one { from.wrapping_add(1) } else { to.unwrap_or(length) };
            from += if from < 0 { length } else { 0 };
            to += if to < 0 || to == 0 && *one { length } else { 0 };
            if from == to {
                return Ok(());
            }
            let outside = |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
            if from >= length || from < 0 {
                return outside(from);
            }
            if to > length || to < 0 {
                return outside(to.wrapping_sub(1));
            }
            if from > to {
                return Err(format!("starting index {from} is greater than ending index {to}"));
            }
            let step = usize::try_from(step.unwrap_or(1)).ok().filter(|s| *s > 0).ok_or("step must be > 0")?;
            next.extend(items[from as usize..to as usize].iter().step_by(step));
        }
        Node::Filter { left, op, right } => {
            let Value::Array(items) = value else { return Err(format!("{} is not array or slice and cannot be filtered", go_show(value))) };
            for item in items {
                if holds(left, op, right, item, strict)? {
                    next.push(item);
                }
            }
        }
        _ => next.push(value),
    }
    Ok(())
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn descend<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    let inner = children(value);
    if !inner.is_empty() {
        out.push(value);
        inner.into_iter().for_each(|item| descend(item, out));
    }
}

/// `evalFilter`; comparisons are those of Go's templates.
fn holds(left: &[Node], op: &str, right: &[Node], item: &Value, strict: bool) -> Result<bool, String> {
    if op == "exists" {
        return Ok(walk(left, vec![item], strict).is_ok_and(|found| !found.is_empty()));
    }
    let left = walk(left, vec![item], strict)?;
    if left.is_empty() {
        return Ok(false);
    }
    let right = walk(right, vec![item], strict)?;
    if left.len() > 1 || right.len() > 1 {
        return Err("can only compare one element at a time".into());
    }
    let Some(right) = right.first() else { return Ok(false) };
    let equality = matches!(op, "==" | "!=");
    let order = match (left[0], *right) {
        (Value::Number(a), Value::Number(b)) if a.as_i64().is_some() == b.as_i64().is_some() => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) if equality => Some(a.cmp(b)),
        (a, b) => {
            let plain = |v: &Value| !matches!(v, Value::Null | Value::Array(_) | Value::Object(_));
            let comparable = plain(a) && plain(b) && !(a.is_boolean() && b.is_boolean());
            return Err(if comparable { "incompatible types for comparison" } else { "invalid type for comparison" }.into());
        }
    };
    Ok(match op {
        "==" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        ">=" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => return Err(format!("unrecognized filter operator {op}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn paths_find_what_they_say() {
        let value = json!({"items": [{"n": "a", "k": 1}, {"n": "b", "k": 2}, {"n": "c"}]});
        let text = |template: &str| Template::parse(template).and_then(|t| t.text(&value));
        assert_eq!(text("{.items[*].n}").as_deref(), Ok("a b c"));
        assert_eq!(text("{.items[-1:].n}").as_deref(), Ok("c"));
        assert_eq!(text("{.items[?(@.k>1)].n}").as_deref(), Ok("b"));
        assert_eq!(text("{range .items[*]}{.n}{\"\\n\"}{end}").as_deref(), Ok("a\nb\nc\n"));
        assert_eq!(text("{..k}").as_deref(), Ok("1 2"));
        assert_eq!(text("{.items[0,2].n}").as_deref(), Ok("a c"));
        assert_eq!(text("{.items[0]}").as_deref(), Ok("{\"k\":1,\"n\":\"a\"}"));
        assert_eq!(text("{.items[9223372036854775807].n}"), Err("array index out of bounds: index 9223372036854775807, length 3".into()));
        assert_eq!(text("{.items[*"), Err("unterminated array".into()));
        assert_eq!(text("zz{"), Err("unclosed action".into()));
    }
}
