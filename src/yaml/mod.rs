//! Text → tree with spans, exactly as kubectl reads YAML; value → text exactly as kubectl prints it.
//!
//! Parsing never fails: what could be read is there, and the error stands beside it.

mod print;
pub mod scalar;

pub use print::{natural, print};

use crate::text::Span;

/// A node of the tree, with the place that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub content: Content,
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

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().rev().find(|e| e.key == key).map(|e| &e.value),
            _ => None,
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }
}
