//! JSONPath templates as kubectl reads them: `{.items[*].metadata.name}`, filters, slices, unions, `range … end`.
//!
//! Models `k8s.io/client-go/util/jsonpath`.

use std::cmp::Ordering;

use super::json;
use crate::api::{Value, float};

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Field(String),
    Index(i64),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: Option<i64>,
    },
    Filter {
        left: Vec<Node>,
        op: &'static str,
        right: Vec<Node>,
    },
    Union(Vec<Vec<Node>>),
    Wildcard,
    Recursive,
    Literal(Value),
    /// `range PATH`, what is done for each, up to `end`.
    Range(Vec<Node>, Vec<Node>),
    Action(Vec<Node>),
}

/// A template that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

const OPERATORS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];
const DEEPEST: usize = 32;

impl Template {
    /// The error is the parser's own sentence, without the template in front.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let nodes = parser.template(false)?;
        Ok(Self { nodes })
    }

    /// A plain path without braces or a leading dot, as custom columns, `--sort-by` and `wait` take it.
    pub fn relaxed(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { nodes: Vec::new() });
        }
        let trimmed = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        if trimmed.contains(['{', '}']) {
            return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".into());
        }
        let path = trimmed.strip_prefix('.').unwrap_or(trimmed);
        Self::parse(&format!("{{.{path}}}"))
    }

    /// The template's text for an object.
    pub fn text(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        run(&self.nodes, value, &mut out)?;
        Ok(out)
    }

    /// What the template's paths find, without text around.
    pub fn find<'a>(&self, value: &'a Value) -> Result<Vec<&'a Value>, String> {
        let mut found = Vec::new();
        for node in &self.nodes {
            if let Node::Action(path) = node {
                found.extend(walk(path, vec![value])?);
            }
        }
        Ok(found)
    }
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len() } else { 0 };
        found
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
    }

    /// Text and actions up to the end of the template (or of a range).
    fn template(&mut self, in_range: bool) -> Result<Vec<Node>, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("template is nested too deep".into());
        }
        let mut nodes = Vec::new();
        loop {
            let Some(open) = self.rest().find('{') else {
                if !self.rest().is_empty() {
                    nodes.push(Node::Text(self.rest().to_owned()));
                    self.at = self.text.len();
                }
                // A range that is never ended goes to the end of the template.
                break;
            };
            if open > 0 {
                nodes.push(Node::Text(self.rest()[..open].to_owned()));
            }
            self.at += open + 1;
            self.blanks();
            if self.rest().starts_with("range") && self.rest()[5..].starts_with([' ', '\t', '.']) {
                self.at += 5;
                let path = self.path(&['}'])?;
                self.close()?;
                let body = self.template(true)?;
                nodes.push(Node::Range(path, body));
            } else if self.rest().starts_with("end") && self.rest()[3..].trim_start().starts_with('}') {
                self.at += 3;
                self.close()?;
                if in_range {
                    break;
                }
                return Err("not in range, nothing to end".into());
            } else {
                let path = self.path(&['}'])?;
                self.close()?;
                nodes.push(Node::Action(path));
            }
        }
        self.depth -= 1;
        Ok(nodes)
    }

    fn close(&mut self) -> Result<(), String> {
        self.blanks();
        if self.eat("}") { Ok(()) } else { Err("unclosed action".into()) }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.at += 1;
                if let Some(next) = self.peek() {
                    name.push(next);
                    self.at += next.len_utf8();
                }
            } else if c.is_whitespace() || ".,:|&\"{}()[]<>=!@$'*?".contains(c) {
                break;
            } else {
                name.push(c);
                self.at += c.len_utf8();
            }
        }
        name
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else { return Err("unterminated quoted string".into()) };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(out),
                '\\' => {
                    let Some(next) = self.peek() else { return Err("unterminated quoted string".into()) };
                    self.at += next.len_utf8();
                    out.push(match next {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                c => out.push(c),
            }
        }
    }

    fn path(&mut self, stop: &[char]) -> Result<Vec<Node>, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("template is nested too deep".into());
        }
        let mut nodes = Vec::new();
        loop {
            self.blanks();
            let Some(c) = self.peek() else { return Err("unclosed action".into()) };
            if stop.contains(&c) || OPERATORS.iter().any(|op| self.rest().starts_with(op)) {
                break;
            }
            match c {
                '.' if self.eat("..") => nodes.push(Node::Recursive),
                '.' => {
                    self.at += 1;
                    if self.eat("*") {
                        nodes.push(Node::Wildcard);
                        continue;
                    }
                    let name = self.name();
                    if !name.is_empty() {
                        nodes.push(Node::Field(name));
                    }
                }
                '@' | '$' => self.at += 1,
                '*' => {
                    self.at += 1;
                    nodes.push(Node::Wildcard);
                }
                '[' => nodes.push(self.bracket()?),
                '"' | '\'' => {
                    let text = self.quoted(c)?;
                    nodes.push(Node::Literal(Value::String(text)));
                }
                c if c.is_ascii_digit() || c == '-' || c == '+' => {
                    let end = self.rest()[1..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(self.rest().len(), |n| n + 1);
                    let text = self.rest()[..end].to_owned();
                    self.at += end;
                    let number = text.parse::<i64>().ok().map(Value::from).or_else(|| float::read(&text).map(Value::from));
                    nodes.push(Node::Literal(number.ok_or_else(|| format!("cannot parse number {text}"))?));
                }
                c if c.is_alphabetic() || c == '_' => {
                    let name = self.name();
                    match name.as_str() {
                        "true" => nodes.push(Node::Literal(Value::Bool(true))),
                        "false" => nodes.push(Node::Literal(Value::Bool(false))),
                        _ if matches!(nodes.last(), Some(Node::Recursive)) => nodes.push(Node::Field(name)),
                        _ => return Err(format!("unrecognized identifier {name}")),
                    }
                }
                c => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            }
        }
        self.depth -= 1;
        Ok(nodes)
    }

    fn bracket(&mut self) -> Result<Node, String> {
        let inner_start = self.at + 1;
        if self.rest().starts_with("[?(") {
            self.at += 3;
            let left = self.path(&[')']).map_err(|e| if e == "unclosed action" { "unterminated filter".into() } else { e })?;
            let op = OPERATORS.into_iter().find(|op| self.rest().starts_with(op));
            let (op, right) = match op {
                Some(op) => {
                    self.at += op.len();
                    (op, self.path(&[')']).map_err(|e| if e == "unclosed action" { "unterminated filter".into() } else { e })?)
                }
                None => ("exists", Vec::new()),
            };
            return if self.eat(")]") { Ok(Node::Filter { left, op, right }) } else { Err("unclosed array expect ]".into()) };
        }
        let mut quote = None;
        let end = self.text[inner_start..].char_indices().find(|(_, c)| {
            match (quote, *c) {
                (Some(q), c) if q == c => quote = None,
                (None, '\'' | '"') => quote = Some(*c),
                (None, ']') => return true,
                _ => return false,
            }
            false
        });
        let Some((length, _)) = end else { return Err("unterminated array".into()) };
        let inner = &self.text[inner_start..inner_start + length];
        self.at = inner_start + length + 1;
        let members = inner.split(',').map(member).collect::<Result<Vec<_>, _>>()?;
        Ok(match members.as_slice() {
            [one] if one.len() == 1 => one[0].clone(),
            _ => Node::Union(members),
        })
    }
}

/// A quoted name is a path of its own: only a dot behind a backslash belongs to a name.
fn member(text: &str) -> Result<Vec<Node>, String> {
    let text = text.trim();
    if text == "*" || text.is_empty() {
        return Ok(vec![Node::Wildcard]);
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        let escaped = inner.replace("\\.", "\u{1}");
        return Ok(escaped.split('.').map(|name| Node::Field(name.replace('\u{1}', "."))).collect());
    }
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse::<i64>().map(Some).map_err(|_| format!("invalid array index {inner}", inner = text)),
    };
    let mut parts = text.split(':');
    let from = number(parts.next().unwrap_or(""))?;
    let Some(to) = parts.next() else { return from.map(|n| vec![Node::Index(n)]).ok_or_else(|| "invalid array index ".into()) };
    Ok(vec![Node::Slice { from, to: number(to)?, step: number(parts.next().unwrap_or(""))? }])
}

fn run(nodes: &[Node], value: &Value, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Action(path) => {
                if let [Node::Literal(literal)] = path.as_slice() {
                    out.push_str(&show(literal));
                    continue;
                }
                let found = walk(path, vec![value])?;
                for (i, value) in found.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    out.push_str(&show(value));
                }
            }
            Node::Range(path, body) => {
                for item in walk(path, vec![value])? {
                    run(body, item, out)?;
                }
            }
            // Steps of a path stand only inside of actions.
            Node::Field(_)
            | Node::Index(_)
            | Node::Slice { .. }
            | Node::Filter { .. }
            | Node::Union(_)
            | Node::Wildcard
            | Node::Recursive
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

fn walk<'a>(path: &[Node], mut values: Vec<&'a Value>) -> Result<Vec<&'a Value>, String> {
    for node in path {
        let mut next: Vec<&'a Value> = Vec::new();
        // All that the first member finds, then all of the next.
        if let Node::Union(members) = node {
            for member in members {
                next.extend(walk(member, values.clone())?);
            }
            values = next;
            continue;
        }
        for value in values {
            match node {
                Node::Field(name) => next.extend(value.get(name)),
                Node::Wildcard => match value {
                    Value::Array(items) => next.extend(items),
                    Value::Object(map) => next.extend(map.values()),
                    _ => {}
                },
                Node::Recursive => descend(value, &mut next),
                Node::Index(index) => {
                    let Value::Array(items) = value else { return Err(format!("{} is not array or slice", show(value))) };
                    let at = if *index < 0 { *index + items.len() as i64 } else { *index };
                    match usize::try_from(at).ok().and_then(|at| items.get(at)) {
                        Some(item) => next.push(item),
                        None => return Err(format!("array index out of bounds: index {index}, length {}", items.len())),
                    }
                }
                Node::Slice { from, to, step } => {
                    let Value::Array(items) = value else { return Err(format!("{} is not array or slice", show(value))) };
                    let length = items.len() as i64;
                    let place = |n: i64| (if n < 0 { n + length } else { n }).clamp(0, length);
                    let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(length)));
                    let step = step.unwrap_or(1).max(1);
                    let mut at = from;
                    while at < to {
                        next.extend(items.get(at as usize));
                        at += step;
                    }
                }
                Node::Filter { left, op, right } => {
                    let items: Vec<&Value> = match value {
                        Value::Array(items) => items.iter().collect(),
                        Value::Object(map) => map.values().collect(),
                        _ => return Err(format!("{} is not array or slice and cannot be filtered", show(value))),
                    };
                    for item in items {
                        if holds(left, op, right, item)? {
                            next.push(item);
                        }
                    }
                }
                Node::Text(_) | Node::Literal(_) | Node::Range(..) | Node::Action(_) | Node::Union(_) => next.push(value),
            }
        }
        values = next;
    }
    Ok(values)
}

fn descend<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    out.push(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| descend(item, out)),
        Value::Object(map) => map.values().for_each(|item| descend(item, out)),
        _ => {}
    }
}

fn holds(left: &[Node], op: &str, right: &[Node], item: &Value) -> Result<bool, String> {
    fn side<'a>(path: &'a [Node], item: &'a Value) -> Result<Option<&'a Value>, String> {
        if let [Node::Literal(literal)] = path {
            return Ok(Some(literal));
        }
        let found = walk(path, vec![item])?;
        if found.len() > 1 {
            return Err("can only compare one element at a time".into());
        }
        Ok(found.first().copied())
    }
    let left = side(left, item)?;
    if op == "exists" {
        return Ok(left.is_some());
    }
    let (Some(left), Some(right)) = (left, side(right, item)?) else { return Ok(false) };
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    };
    Ok(match op {
        "==" => order == Some(Ordering::Equal),
        "!=" => order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
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
        assert_eq!(text("{.items[*"), Err("unterminated array".into()));
        assert_eq!(text("zz{"), Err("unclosed action".into()));
    }
}
