//! Tokens → a document of raw nodes: libyaml's grammar, as go-yaml v2 keeps it (`parserc.go`), with its words for what breaks it.

use std::borrow::Cow;

use super::MAX_DEPTH;
use super::anchors::Anchors;
use super::scan::{Kind, Place, Problem, Scanner, Stage};
use crate::text::Span;

pub(super) type NodeId = u32;
const NONE: NodeId = NodeId::MAX;

/// A node as it is written; collections are lists of siblings in one arena. There are millions in a hostile text: every field counts.
pub(super) struct Raw<'a> {
    pub start: u32,
    pub end: u32,
    /// The next child of the same collection.
    pub next: NodeId,
    /// A scalar whose looks say of what type it is.
    pub implicit: bool,
    /// A collection in brackets.
    pub flow: bool,
    pub tag: Tag,
    pub content: RawContent<'a>,
}

/// Hardly a node has a tag; in a box it takes a third of the room.
type Tag = Option<Box<String>>;

pub(super) enum RawContent<'a> {
    Scalar(Cow<'a, str>),
    Sequence {
        first: NodeId,
    },
    /// Keys and values in turn.
    Mapping {
        first: NodeId,
    },
    Alias(NodeId),
}

pub(super) struct Composer<'a> {
    scanner: Scanner<'a>,
    pub nodes: Vec<Raw<'a>>,
    pub anchors: Anchors<'a>,
    tags: Vec<(&'a str, String)>,
    depth: usize,
    /// An alias to an anchor that is not there; it is no syntax error, but go-yaml reports it at once.
    pub unknown: Option<(&'a str, Span)>,
}

type Composed<T> = Result<T, Box<Problem>>;

fn parser_error<T>(context: Place, text: &'static str, mark: Place) -> Composed<T> {
    Err(Box::new(Problem { stage: Stage::Parser, text, mark, context }))
}

/// Children of a collection while it is being composed.
struct Chain {
    first: NodeId,
    last: NodeId,
}

impl Chain {
    fn new() -> Self {
        Self { first: NONE, last: NONE }
    }

    fn push(&mut self, nodes: &mut [Raw<'_>], id: NodeId) {
        if self.first == NONE {
            self.first = id;
        } else {
            nodes[self.last as usize].next = id;
        }
        self.last = id;
    }
}

impl<'a> Composer<'a> {
    pub fn new(text: &'a str) -> Self {
        let room = text.len() / 12 + 8;
        Self { scanner: Scanner::new(text), nodes: Vec::with_capacity(room), anchors: Anchors::default(), tags: Vec::new(), depth: 0, unknown: None }
    }

    /// The root of the first document; `None` where there is no node at all.
    pub fn document(&mut self) -> Composed<Option<NodeId>> {
        let token = self.scanner.peek()?;
        let root = match token.kind {
            Kind::StreamEnd => return Ok(None),
            Kind::VersionDirective { .. } | Kind::TagDirective { .. } | Kind::DocumentStart => {
                self.directives()?;
                let token = self.scanner.peek()?;
                if !matches!(token.kind, Kind::DocumentStart) {
                    let mark = token.start;
                    return parser_error(Place::default(), "did not find expected <document start>", mark);
                }
                self.scanner.next();
                let token = self.scanner.peek()?;
                if matches!(
                    token.kind,
                    Kind::VersionDirective { .. } | Kind::TagDirective { .. } | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd
                ) {
                    let at = token.start;
                    self.empty(at)
                } else {
                    self.node(true, false)?
                }
            }
            _ => self.node(true, false)?,
        };
        // The document's end has to be a token at least.
        self.scanner.peek()?;
        Ok(Some(root))
    }

    fn directives(&mut self) -> Composed<()> {
        let mut version_seen = false;
        loop {
            let token = self.scanner.peek()?;
            let mark = token.start;
            match &token.kind {
                Kind::VersionDirective { major, minor } => {
                    if version_seen {
                        return parser_error(Place::default(), "found duplicate %YAML directive", mark);
                    }
                    if (*major, *minor) != (1, 1) {
                        return parser_error(Place::default(), "found incompatible YAML document", mark);
                    }
                    version_seen = true;
                }
                Kind::TagDirective { handle, prefix } => {
                    if self.tags.iter().any(|(h, _)| h == handle) {
                        return parser_error(Place::default(), "found duplicate %TAG directive", mark);
                    }
                    let entry = (*handle, prefix.clone());
                    self.tags.push(entry);
                }
                _ => return Ok(()),
            }
            self.scanner.next();
        }
    }

    fn push(&mut self, raw: Raw<'a>) -> NodeId {
        if self.nodes.len() == self.nodes.capacity() {
            self.make_room();
        }
        self.nodes.push(raw);
        (self.nodes.len() - 1) as NodeId
    }

    /// As many more nodes as the rest of the text holds if it goes on as it began: a large text is not copied from one vector to the next over and over.
    #[cold]
    fn make_room(&mut self) {
        let (read, whole) = self.scanner.progress();
        let rest = self.nodes.len() as u64 * (whole - read) as u64 / read.max(1) as u64;
        self.nodes.reserve_exact(rest as usize * 9 / 8 + 64);
    }

    fn scalar(&mut self, start: Place, end: Place, tag: Tag, text: Cow<'a, str>, implicit: bool) -> NodeId {
        self.push(Raw { start: start.at, end: end.at, next: NONE, implicit, flow: false, tag, content: RawContent::Scalar(text) })
    }

    fn collection(&mut self, start: Place, end: Place, tag: Tag, flow: bool, content: RawContent<'a>) -> NodeId {
        self.push(Raw { start: start.at, end: end.at, next: NONE, implicit: false, flow, tag, content })
    }

    fn empty(&mut self, mark: Place) -> NodeId {
        self.scalar(mark, mark, None, Cow::Borrowed(""), true)
    }

    fn node(&mut self, block: bool, indentless: bool) -> Composed<NodeId> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let mark = self.scanner.peek()?.start;
            return Err(Box::new(Problem { stage: Stage::Scanner, text: "exceeded max depth of 10000", mark, context: mark }));
        }
        let node = self.node_inside(block, indentless);
        self.depth -= 1;
        node
    }

    fn node_inside(&mut self, block: bool, indentless: bool) -> Composed<NodeId> {
        let token = self.scanner.peek()?;
        let start = token.start;
        if let Kind::Alias(name) = token.kind {
            let end = token.end;
            self.scanner.next();
            let Some(target) = self.anchors.get(name) else {
                self.unknown = Some((name, Span::new(start.at as usize, end.at as usize)));
                return Err(Box::new(Problem { stage: Stage::Reader, text: "unknown anchor", mark: start, context: start }));
            };
            return Ok(self.collection(start, end, None, false, RawContent::Alias(target)));
        }
        // Hardly a node has an anchor or a tag.
        if !matches!(token.kind, Kind::Anchor(_) | Kind::Tag { .. }) {
            return self.content(block, indentless, start, start, None, false);
        }
        let (mut anchor, mut tag, mut end) = (None, None, start);
        loop {
            let token = self.scanner.peek()?;
            match &token.kind {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(*name),
                Kind::Tag { handle, suffix } if tag.is_none() => {
                    let mark = token.start;
                    let (handle, suffix) = (*handle, suffix.clone());
                    let full = match handle {
                        "" => suffix,
                        handle => match self.tags.iter().find(|(h, _)| *h == handle) {
                            Some((_, prefix)) => format!("{prefix}{suffix}"),
                            None if handle == "!" => format!("!{suffix}"),
                            None if handle == "!!" => format!("tag:yaml.org,2002:{suffix}"),
                            None => return parser_error(start, "found undefined tag handle", mark),
                        },
                    };
                    tag = Some(Box::new(full));
                }
                _ => break,
            }
            end = self.scanner.next().end;
        }
        // An alias inside of the node that it names is an error of meaning, so the anchor has to be known before its content.
        let reserved = anchor.map(|name| {
            let id = self.empty(start);
            self.anchors.insert(name, id);
            id
        });
        let id = self.content(block, indentless, start, end, tag, anchor.is_some())?;
        let Some(reserved) = reserved else { return Ok(id) };
        // The node moves to the place that its aliases already know; nothing else refers to where it was.
        self.nodes.swap(reserved as usize, id as usize);
        Ok(reserved)
    }

    fn content(&mut self, block: bool, indentless: bool, start: Place, end: Place, tag: Tag, anchored: bool) -> Composed<NodeId> {
        let token = self.scanner.peek()?;
        let mark = token.start;
        match &token.kind {
            Kind::BlockEntry if indentless => self.indentless_sequence(start, tag),
            Kind::Scalar { .. } => {
                let token = self.scanner.next();
                let Kind::Scalar { text, plain } = token.kind else { return parser_error(start, "did not find expected node content", mark) };
                let implicit = (plain && tag.is_none()) || tag.as_ref().is_some_and(|tag| tag.as_str() == "!");
                Ok(self.scalar(start, token.end, tag, text, implicit))
            }
            Kind::FlowSequenceStart => self.flow_sequence(start, tag),
            Kind::FlowMappingStart => self.flow_mapping(start, tag),
            Kind::BlockSequenceStart if block => self.block_sequence(start, tag),
            Kind::BlockMappingStart if block => self.block_mapping(start, tag),
            _ if anchored || tag.is_some() => {
                let implicit = tag.is_none();
                Ok(self.scalar(start, end, tag, Cow::Borrowed(""), implicit))
            }
            _ => parser_error(start, "did not find expected node content", mark),
        }
    }

    fn end_of(&self, chain: &Chain, fallback: Place) -> u32 {
        if chain.last == NONE { fallback.at } else { self.nodes[chain.last as usize].end }
    }

    fn block_sequence(&mut self, start: Place, tag: Tag) -> Composed<NodeId> {
        let context = self.scanner.next().start;
        let mut chain = Chain::new();
        loop {
            let token = self.scanner.peek()?;
            let mark = token.start;
            match token.kind {
                Kind::BlockEntry => {
                    let after = self.scanner.next().end;
                    let item = match self.scanner.peek()?.kind {
                        Kind::BlockEntry | Kind::BlockEnd => self.empty(after),
                        _ => self.node(true, false)?,
                    };
                    chain.push(&mut self.nodes, item);
                }
                Kind::BlockEnd => {
                    self.scanner.next();
                    break;
                }
                _ => return parser_error(context, "did not find expected '-' indicator", mark),
            }
        }
        let end = Place { at: self.end_of(&chain, context), ..context };
        Ok(self.collection(start, end, tag, false, RawContent::Sequence { first: chain.first }))
    }

    fn indentless_sequence(&mut self, start: Place, tag: Tag) -> Composed<NodeId> {
        let mut chain = Chain::new();
        while matches!(self.scanner.peek()?.kind, Kind::BlockEntry) {
            let after = self.scanner.next().end;
            let item = match self.scanner.peek()?.kind {
                Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => self.empty(after),
                _ => self.node(true, false)?,
            };
            chain.push(&mut self.nodes, item);
        }
        let end = Place { at: self.end_of(&chain, start), ..start };
        Ok(self.collection(start, end, tag, false, RawContent::Sequence { first: chain.first }))
    }

    fn block_mapping(&mut self, start: Place, tag: Tag) -> Composed<NodeId> {
        let context = self.scanner.next().start;
        let mut chain = Chain::new();
        loop {
            let token = self.scanner.peek()?;
            let mark = token.start;
            match token.kind {
                Kind::Key => {
                    let after = self.scanner.next().end;
                    let key = match self.scanner.peek()?.kind {
                        Kind::Key | Kind::Value | Kind::BlockEnd => self.empty(after),
                        _ => self.node(true, true)?,
                    };
                    chain.push(&mut self.nodes, key);
                    let token = self.scanner.peek()?;
                    let here = token.start;
                    let value = if matches!(token.kind, Kind::Value) {
                        let after = self.scanner.next().end;
                        match self.scanner.peek()?.kind {
                            Kind::Key | Kind::Value | Kind::BlockEnd => self.empty(after),
                            _ => self.node(true, true)?,
                        }
                    } else {
                        self.empty(here)
                    };
                    chain.push(&mut self.nodes, value);
                }
                Kind::BlockEnd => {
                    self.scanner.next();
                    break;
                }
                _ => return parser_error(context, "did not find expected key", mark),
            }
        }
        let end = Place { at: self.end_of(&chain, context), ..context };
        Ok(self.collection(start, end, tag, false, RawContent::Mapping { first: chain.first }))
    }

    fn flow_sequence(&mut self, start: Place, tag: Tag) -> Composed<NodeId> {
        let context = self.scanner.next().start;
        let mut chain = Chain::new();
        let mut first = true;
        loop {
            if !first && !matches!(self.scanner.peek()?.kind, Kind::FlowSequenceEnd) {
                let token = self.scanner.peek()?;
                if !matches!(token.kind, Kind::FlowEntry) {
                    let mark = token.start;
                    return parser_error(context, "did not find expected ',' or ']'", mark);
                }
                self.scanner.next();
            }
            first = false;
            match self.scanner.peek()?.kind {
                Kind::FlowSequenceEnd => break,
                Kind::Key => {
                    let pair = self.flow_pair()?;
                    chain.push(&mut self.nodes, pair);
                }
                _ => {
                    let item = self.node(false, false)?;
                    chain.push(&mut self.nodes, item);
                }
            }
        }
        let end = self.scanner.next().end;
        Ok(self.collection(start, end, tag, true, RawContent::Sequence { first: chain.first }))
    }

    /// `[a: b]`: a mapping of one entry.
    fn flow_pair(&mut self) -> Composed<NodeId> {
        let start = self.scanner.next().start;
        let token = self.scanner.peek()?;
        let mark = token.end;
        let key = match token.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // libyaml swallows the token here.
                self.scanner.next();
                self.empty(mark)
            }
            _ => self.node(false, false)?,
        };
        let token = self.scanner.peek()?;
        let mut here = token.start;
        let mut value = NONE;
        if matches!(token.kind, Kind::Value) {
            here = self.scanner.next().end;
            if !matches!(self.scanner.peek()?.kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                value = self.node(false, false)?;
            }
        }
        if value == NONE {
            value = self.empty(here);
        }
        let mut chain = Chain::new();
        chain.push(&mut self.nodes, key);
        chain.push(&mut self.nodes, value);
        let end = Place { at: self.end_of(&chain, start), ..start };
        Ok(self.collection(start, end, None, true, RawContent::Mapping { first: chain.first }))
    }

    fn flow_mapping(&mut self, start: Place, tag: Tag) -> Composed<NodeId> {
        let context = self.scanner.next().start;
        let mut chain = Chain::new();
        let mut first = true;
        loop {
            if !first && !matches!(self.scanner.peek()?.kind, Kind::FlowMappingEnd) {
                let token = self.scanner.peek()?;
                if !matches!(token.kind, Kind::FlowEntry) {
                    let mark = token.start;
                    return parser_error(context, "did not find expected ',' or '}'", mark);
                }
                self.scanner.next();
            }
            first = false;
            let token = self.scanner.peek()?;
            let mut here = token.start;
            let key = match token.kind {
                Kind::FlowMappingEnd => break,
                Kind::Key => {
                    here = self.scanner.next().end;
                    match self.scanner.peek()?.kind {
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => self.empty(here),
                        _ => self.node(false, false)?,
                    }
                }
                _ => {
                    // An entry without ":" has no value.
                    let key = self.node(false, false)?;
                    chain.push(&mut self.nodes, key);
                    let end = Place { at: self.nodes[key as usize].end, ..here };
                    let value = self.empty(end);
                    chain.push(&mut self.nodes, value);
                    continue;
                }
            };
            chain.push(&mut self.nodes, key);
            let mut value = NONE;
            if matches!(self.scanner.peek()?.kind, Kind::Value) {
                here = self.scanner.next().end;
                if !matches!(self.scanner.peek()?.kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                    value = self.node(false, false)?;
                }
            }
            if value == NONE {
                value = self.empty(here);
            }
            chain.push(&mut self.nodes, value);
        }
        let end = self.scanner.next().end;
        Ok(self.collection(start, end, tag, true, RawContent::Mapping { first: chain.first }))
    }
}
