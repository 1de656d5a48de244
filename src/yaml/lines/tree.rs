//! What lines are read into: a value alone, or a tree with places.

use super::Word;
use crate::api::{Map, Value};
use crate::text::Span;
use crate::yaml::scalar::Scalar;
use crate::yaml::{Content, Entry, Node, float_value};

/// What is made of a text.
pub(super) trait Tree: Sized {
    type Fields;

    fn scalar(word: &Word<'_>, span: Span) -> Option<Self>;
    fn nothing(span: Span) -> Self;
    fn sequence(items: Vec<Self>, flow: bool, span: Span) -> Self;
    fn fields() -> Self::Fields;
    fn set(fields: &mut Self::Fields, key: (String, Span), value: Self);
    fn mapping(fields: Self::Fields, flow: bool, span: Span) -> Self;
}

impl Tree for Value {
    type Fields = Fields;

    fn scalar(word: &Word<'_>, _: Span) -> Option<Self> {
        Some(match word.typed() {
            Scalar::Null => Value::Null,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(i) => Value::Number(i.into()),
            Scalar::Uint(u) => Value::Number(u.into()),
            Scalar::Float(f) if f.is_finite() => float_value(f),
            Scalar::Float(_) => return None,
            Scalar::Timestamp | Scalar::String => Value::String(word.text.to_owned()),
        })
    }

    fn nothing(_: Span) -> Self {
        Value::Null
    }

    fn sequence(items: Vec<Self>, _: bool, _: Span) -> Self {
        Value::Array(items)
    }

    fn fields() -> Fields {
        Fields { map: Map::with_capacity(4), more: Vec::new() }
    }

    fn set(fields: &mut Fields, (name, _): (String, Span), value: Self) {
        const FEW: usize = 32;
        if fields.map.len() < FEW {
            fields.map.insert(name, value);
        } else {
            fields.more.push((name, value));
        }
    }

    fn mapping(mut fields: Fields, _: bool, _: Span) -> Self {
        fields.map.extend(fields.more);
        Value::Object(fields.map)
    }
}

/// The fields of an object, of which the last of a name counts.
pub(in crate::yaml) struct Fields {
    map: Map<String, Value>,
    /// Those behind the first few; brought in order together.
    more: Vec<(String, Value)>,
}

impl Tree for Node {
    type Fields = Vec<Entry>;

    fn scalar(word: &Word<'_>, span: Span) -> Option<Self> {
        let content = match word.typed() {
            Scalar::Null => Content::Null,
            Scalar::Bool(b) => Content::Bool(b),
            Scalar::Int(i) => Content::Int(i),
            Scalar::Uint(u) => Content::Uint(u),
            Scalar::Float(f) => Content::Float(f),
            Scalar::Timestamp | Scalar::String => Content::String(word.text.to_owned()),
        };
        Some(Node { span, content, flow: false })
    }

    fn nothing(span: Span) -> Self {
        Node { span, content: Content::Null, flow: false }
    }

    fn sequence(items: Vec<Self>, flow: bool, span: Span) -> Self {
        Node { span, content: Content::Sequence(items), flow }
    }

    fn fields() -> Vec<Entry> {
        Vec::with_capacity(4)
    }

    fn set(fields: &mut Vec<Entry>, (key, key_span): (String, Span), value: Self) {
        fields.push(Entry { key, key_span, value });
    }

    fn mapping(fields: Vec<Entry>, flow: bool, span: Span) -> Self {
        Node { span, content: Content::Mapping(fields), flow }
    }
}
