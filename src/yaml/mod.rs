//! Text → tree with spans, exactly as kubectl reads YAML; value → text exactly as kubectl prints it.
//!
//! Parsing never fails: what could be read is there, and the error stands beside it.

mod anchors;
mod compose;
mod json;
pub mod lines;
mod parse;
mod print;
pub mod scalar;
mod scan;

use std::fmt::Write as _;

use crate::api::{Map, Number, Value};
pub use json::{JsonError, json_value, read_json};
pub use parse::parse;
pub use print::{natural, print};
use scalar::Scalar;

use crate::text::Span;

/// How deep collections may lie in one another. Kubernetes allows 10000; a browser's stack does not hold trees of that depth.
pub const MAX_DEPTH: usize = 300;

/// A node of the tree, with the place that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub content: Content,
    /// A collection in brackets.
    pub flow: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Null,
    Bool(bool),
    Int(i64),
    /// Whole numbers above `i64::MAX`.
    Uint(u64),
    Float(f64),
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// One `key: value` of a mapping, in the order of the text. Duplicate keys are all here; readers decide which counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

/// Why a text is no YAML that kubectl could read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// In go-yaml's words: `yaml: line 4: mapping values are not allowed in this context`. Its line is often one off; the span is not.
    pub message: String,
    pub span: Span,
    /// The words of the scanner or parser alone; empty for an error of meaning.
    pub problem: &'static str,
}

impl Content {
    /// A scalar of this text that reads as this.
    fn of(scalar: Scalar, text: &str) -> Self {
        match scalar {
            Scalar::Null => Content::Null,
            Scalar::Bool(b) => Content::Bool(b),
            Scalar::Int(i) => Content::Int(i),
            Scalar::Uint(u) => Content::Uint(u),
            Scalar::Float(f) => Content::Float(f),
            Scalar::Timestamp | Scalar::String => Content::String(text.to_owned()),
        }
    }
}

impl Node {
    /// Lets no span reach beyond this byte.
    pub fn clip(&mut self, end: usize) {
        self.span = Span::new(self.span.start.min(end), self.span.end.min(end));
        match &mut self.content {
            Content::Sequence(items) => items.iter_mut().for_each(|item| item.clip(end)),
            Content::Mapping(entries) => {
                for entry in entries {
                    entry.key_span = Span::new(entry.key_span.start.min(end), entry.key_span.end.min(end));
                    entry.value.clip(end);
                }
            }
            Content::Null | Content::Bool(_) | Content::Int(_) | Content::Uint(_) | Content::Float(_) | Content::String(_) => {}
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The entry that counts: the last of that key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|e| e.key == key)
    }

    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// The value that kubectl sends: the last of duplicate keys, whole floats as whole numbers.
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(b) => Value::Bool(*b),
            Content::Int(i) => Value::Number((*i).into()),
            Content::Uint(u) => Value::Number((*u).into()),
            Content::Float(f) => float_value(*f),
            Content::String(text) => Value::String(text.clone()),
            Content::Sequence(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Content::Mapping(entries) => {
                let mut map = Map::with_capacity(entries.len());
                map.extend(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value())));
                Value::Object(map)
            }
        }
    }

    /// The first number in the tree that JSON cannot hold, as Go names it.
    pub fn unsupported_number(&self) -> Option<(Span, &'static str)> {
        match &self.content {
            Content::Float(f) if f.is_nan() => Some((self.span, "NaN")),
            Content::Float(f) if f.is_infinite() => Some((self.span, if *f > 0.0 { "+Inf" } else { "-Inf" })),
            Content::Sequence(items) => items.iter().find_map(Node::unsupported_number),
            Content::Mapping(entries) => entries.iter().find_map(|e| e.value.unsupported_number()),
            _ => None,
        }
    }

    /// Go's `%s` of the value's type.
    pub(crate) fn go_type(&self) -> &'static str {
        match &self.content {
            Content::Null => "%!s(<nil>)",
            Content::Bool(_) => "bool",
            Content::Int(_) => "int",
            Content::Uint(_) => "uint64",
            Content::Float(_) => "float64",
            Content::String(_) => "string",
            Content::Sequence(_) => "[]interface {}",
            Content::Mapping(_) => "map[interface {}]interface {}",
        }
    }

    /// Go's `%#v` of the value.
    pub(crate) fn go_syntax(&self) -> String {
        let mut out = String::new();
        self.write_go(&mut out, true);
        out
    }

    fn write_go(&self, out: &mut String, outermost: bool) {
        match &self.content {
            Content::Null => out.push_str(if outermost { "<nil>" } else { "interface {}(nil)" }),
            Content::Uint(u) => write!(out, "{u:#x}").expect("a String takes all"),
            Content::Bool(b) => write!(out, "{b}").expect("a String takes all"),
            Content::Int(i) => write!(out, "{i}").expect("a String takes all"),
            Content::Float(f) => out.push_str(&scalar::go_float(*f)),
            Content::String(text) => out.push_str(&go_quote(text)),
            Content::Sequence(items) => {
                out.push_str("[]interface {}{");
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    item.write_go(out, false);
                }
                out.push('}');
            }
            Content::Mapping(entries) => {
                out.push_str("map[interface {}]interface {}{");
                for (i, entry) in entries.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    out.push_str(&go_quote(&entry.key));
                    out.push(':');
                    entry.value.write_go(out, false);
                }
                out.push('}');
            }
        }
    }
}

fn float_value(float: f64) -> Value {
    if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
        return Value::Number((float as i64).into());
    }
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}

/// Go's `%q`.
pub fn go_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\x7f' => write!(out, "\\x{:02x}", u32::from(c)).expect("a String takes all"),
            // What Unicode counts as printable, for the characters that occur: no controls, no other blanks than the plain one.
            c if c.is_control()
                || (c.is_whitespace() && c != ' ')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}') =>
            {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes all");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
