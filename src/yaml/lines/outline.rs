//! Where everything stands in a text of plain lines: its tree laid out in one list, without a word of the text, so that it costs next to nothing
//! where nobody asks.

use super::super::scalar::{Scalar, resolve};
use crate::text::Span;
use crate::yaml::{Content, Entry, Node};

/// The marks of a text's nodes, each in front of those inside of it.
#[derive(Clone, Debug)]
pub struct Outline(Vec<Mark>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// From where to where the key stands under which a mapping has it; nowhere for an item.
    key: (u32, u32),
    from: u32,
    to: u32,
    /// How many marks this and those inside of it are.
    count: u32,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One without a length is what is not there.
    Scalar,
    Sequence,
    Mapping,
    FlowSequence,
    FlowMapping,
}

/// A text that this reader takes is shorter than that.
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Mark {
    pub fn new(key: (usize, usize), from: usize, to: usize, shape: Shape) -> Self {
        Self { key: (short(key.0), short(key.1)), from: short(from), to: short(to), count: 1, shape }
    }
}

impl Outline {
    /// With room for the nodes of a usual text of so many bytes.
    pub(super) fn for_text_of(length: usize) -> Self {
        Self(Vec::with_capacity(length / 8 + 4))
    }

    /// Gives back the mark's place.
    pub(super) fn push(&mut self, mark: Mark) -> usize {
        self.0.push(mark);
        self.0.len() - 1
    }

    /// What was pushed since then is inside of it.
    pub(super) fn close(&mut self, opened: usize, end: usize) {
        let count = short(self.0.len() - opened);
        let mark = &mut self.0[opened];
        (mark.to, mark.count) = (short(end), count);
    }

    /// The tree over the text that it is of, which begins at `base` in the whole one.
    pub fn root<'a>(&'a self, text: &'a str, base: usize) -> Branch<'a> {
        Branch { text, base, marks: &self.0 }
    }
}

/// A node and what is inside of it.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    text: &'a str,
    base: usize,
    /// Its own first.
    marks: &'a [Mark],
}

/// A node under its key.
#[derive(Clone, Copy, Debug)]
pub struct Twig<'a> {
    pub key: &'a str,
    pub key_span: Span,
    pub value: Branch<'a>,
}

impl<'a> Branch<'a> {
    fn mark(self) -> Mark {
        self.marks[0]
    }

    fn between(self, from: u32, to: u32) -> Span {
        Span::new(self.base + from as usize, self.base + to as usize)
    }

    /// A scalar without its quotes; no plain one begins with one.
    fn word(self, from: u32, to: u32) -> &'a str {
        let (from, to) = (from as usize, to as usize);
        let is_quoted = matches!(self.text.as_bytes().get(from), Some(b'"' | b'\'')) && from + 1 < to;
        if is_quoted { &self.text[from + 1..to - 1] } else { &self.text[from..to] }
    }

    pub fn span(self) -> Span {
        self.between(self.mark().from, self.mark().to)
    }

    pub fn is_mapping(self) -> bool {
        matches!(self.mark().shape, Shape::Mapping | Shape::FlowMapping)
    }

    pub fn is_sequence(self) -> bool {
        matches!(self.mark().shape, Shape::Sequence | Shape::FlowSequence)
    }

    fn inside(self) -> impl Iterator<Item = Branch<'a>> {
        let mut rest = &self.marks[1..];
        std::iter::from_fn(move || {
            let count = rest.first()?.count as usize;
            let (marks, behind) = rest.split_at(count);
            rest = behind;
            Some(Branch { marks, ..self })
        })
    }

    /// In the order of the text, with all that have the same key.
    pub fn entries(self) -> impl Iterator<Item = Twig<'a>> {
        self.inside().filter(move |_| self.is_mapping()).map(move |value| {
            let (from, to) = value.mark().key;
            Twig { key: self.word(from, to), key_span: self.between(from, to), value }
        })
    }

    pub fn items(self) -> impl Iterator<Item = Branch<'a>> {
        self.inside().filter(move |_| self.is_sequence())
    }

    fn content(self) -> Content {
        let Mark { from, to, shape, .. } = self.mark();
        match shape {
            Shape::Mapping | Shape::FlowMapping => {
                Content::Mapping(self.entries().map(|e| Entry { key: e.key.to_owned(), key_span: e.key_span, value: e.value.node() }).collect())
            }
            Shape::Sequence | Shape::FlowSequence => Content::Sequence(self.items().map(Branch::node).collect()),
            Shape::Scalar if from == to => Content::Null,
            Shape::Scalar => {
                let text = self.word(from, to);
                let typed = if text.len() < (to - from) as usize { Scalar::String } else { resolve(text) };
                Content::of(typed, text)
            }
        }
    }

    /// The same as the composer's tree.
    pub fn node(self) -> Node {
        Node { span: self.span(), content: self.content(), flow: matches!(self.mark().shape, Shape::FlowMapping | Shape::FlowSequence) }
    }

    /// Whether it is a text that says this.
    pub fn is_text(self, text: &str) -> bool {
        let Mark { from, to, shape, .. } = self.mark();
        shape == Shape::Scalar && from < to && self.word(from, to) == text && matches!(self.content(), Content::String(_))
    }
}
