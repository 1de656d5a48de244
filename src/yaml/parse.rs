//! Raw nodes → the tree: go-yaml v2's aliases, merges and typing, and what it says when a text breaks the rules.
//!
//! Models go.yaml.in/yaml/v2 `decode.go`. Two passes as there: first the whole document is composed, so that a syntax error anywhere comes
//! before an error of meaning; then it is decoded.

use base64::Engine as _;

use super::compose::{Composer, NodeId, Raw, RawContent};
use super::scalar::{Scalar, go_float, resolve};
use super::scan::{Problem, Stage};
use super::{Content, Entry, Error, MAX_DEPTH, Node};
use crate::api::order::InOrder as _;
use crate::text::Span;

/// The first YAML document of a chunk. `base` is where the chunk begins in the whole text; spans count from there. `None` for a chunk without any node.
pub fn parse(chunk: &str, base: usize) -> Result<Option<Node>, Error> {
    let (readable, control) = readable_part(chunk);
    let mut composer = Composer::new(readable);
    let composed = composer.document();
    if let Some(at) = control {
        // The reader decodes 512 bytes ahead: only what went wrong well before them is noticed first.
        if composed.as_ref().err().is_none_or(|p| p.mark.at as usize + 4 >= readable.len()) {
            return Err(Error {
                message: "yaml: control characters are not allowed".into(),
                span: Span::new(base + at, base + at + char_len(chunk, at)),
                problem: "control characters are not allowed",
            });
        }
    }
    match composed {
        Ok(None) => Ok(None),
        Ok(Some(root)) => {
            let open = if composer.anchors.is_empty() { Vec::new() } else { vec![false; composer.nodes.len()] };
            Decoder { chunk, nodes: &composer.nodes, base, decoded: 0, from_aliases: 0, alias_depth: 0, open, depth: 0 }.node(root).map(Some)
        }
        Err(problem) => Err(match composer.unknown {
            Some((name, span)) => meaning_error(format!("unknown anchor '{name}' referenced"), Span::new(base + span.start, base + span.end)),
            None => describe(&problem, chunk, base),
        }),
    }
}

/// The part of a chunk before go-yaml's reader meets a character that no YAML may hold, and where that character is.
fn readable_part(chunk: &str) -> (&str, Option<usize>) {
    // Bytes that can begin such a character: controls, DEL, C1 controls, U+FFFE and U+FFFF.
    let suspicious = |b: u8| (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f || b == 0xc2 || b == 0xef;
    // Without a way out in the middle many bytes are looked at in one step.
    if !chunk.bytes().fold(false, |found, byte| found | suspicious(byte)) {
        return (chunk, None);
    }
    let forbidden =
        |c: char| !matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    match chunk.char_indices().find(|(_, c)| forbidden(*c)) {
        Some((at, _)) => (&chunk[..crate::text::floor_boundary(chunk, at / 512 * 512)], Some(at)),
        None => (chunk, None),
    }
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// go-yaml's message, whose line is often one off, and the true place.
fn describe(problem: &Problem, chunk: &str, base: usize) -> Error {
    let line = match (problem.mark.line, problem.stage) {
        (0, _) => problem.context.line,
        (line, Stage::Scanner) => line + 1,
        (line, _) => line,
    };
    let place = if line == 0 { String::new() } else { format!("line {line}: ") };
    // Where the reader of the text should look: the beginning of what is left open, else the offending token.
    let at_context = matches!(problem.text, "could not find expected ':'" | "found unexpected end of stream" | "found unexpected document indicator")
        || (problem.text.starts_with("did not find expected ','") && problem.mark.line > problem.context.line);
    let at = if at_context { problem.context.at } else { problem.mark.at };
    let at = crate::text::floor_boundary(chunk, at as usize);
    let rest = chunk[at..].split(['\n', '\r']).next().unwrap_or_default();
    let len = match problem.text {
        "could not find expected ':'" => rest.trim_end().len(),
        _ => rest.find([' ', '\t', ':', ',']).map_or(rest.trim_end().len(), |end| end.max(char_len(chunk, at))),
    };
    Error { message: format!("yaml: {place}{}", problem.text), span: Span::new(base + at, base + at + len), problem: problem.text }
}

fn meaning_error(message: String, span: Span) -> Error {
    Error { message: format!("yaml: {message}"), span, problem: "" }
}

struct Decoder<'n, 'a> {
    chunk: &'n str,
    nodes: &'n [Raw<'a>],
    base: usize,
    decoded: usize,
    from_aliases: usize,
    alias_depth: usize,
    /// Nodes that are being decoded through an alias just now.
    open: Vec<bool>,
    depth: usize,
}

impl<'a> Decoder<'_, 'a> {
    fn span(&self, id: NodeId) -> Span {
        let raw = &self.nodes[id as usize];
        Span::new(self.base + raw.start as usize, self.base + raw.end.max(raw.start) as usize)
    }

    fn children(&self, first: NodeId) -> impl Iterator<Item = NodeId> + use<'_, 'a> {
        let mut next = first;
        std::iter::from_fn(move || {
            let id = next;
            next = self.nodes.get(id as usize)?.next;
            Some(id)
        })
    }

    fn node(&mut self, id: NodeId) -> Result<Node, Error> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.from_aliases += 1;
        }
        if self.from_aliases > 100 && self.decoded > 1000 && self.from_aliases as f64 / self.decoded as f64 > allowed_alias_ratio(self.decoded) {
            return Err(meaning_error("document contains excessive aliasing".into(), self.span(id)));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(meaning_error("exceeded max depth of 10000".into(), self.span(id)));
        }
        let span = self.span(id);
        let raw = &self.nodes[id as usize];
        let (content, flow) = match &raw.content {
            RawContent::Scalar(text) => (self.scalar(text, raw.implicit, raw.tag.as_deref().map(String::as_str), span)?, false),
            RawContent::Sequence { first } => {
                let mut items = Vec::with_capacity(self.children(*first).count());
                let mut next = *first;
                while let Some(child) = self.nodes.get(next as usize) {
                    items.push(self.node(next)?);
                    next = child.next;
                }
                (Content::Sequence(items), raw.flow)
            }
            RawContent::Mapping { first } => (Content::Mapping(self.mapping(*first)?), raw.flow),
            RawContent::Alias(target) => {
                let target = *target;
                if std::mem::replace(&mut self.open[target as usize], true) {
                    let name = &self.chunk[raw.start as usize + 1..raw.end as usize];
                    return Err(meaning_error(format!("anchor '{name}' value contains itself"), span));
                }
                self.alias_depth += 1;
                let node = self.node(target)?;
                self.alias_depth -= 1;
                self.open[target as usize] = false;
                // What came through an alias stands where the alias does.
                (node.content, node.flow)
            }
        };
        self.depth -= 1;
        Ok(Node { span, content, flow })
    }

    fn scalar(&self, text: &str, implicit: bool, tag: Option<&str>, span: Span) -> Result<Content, Error> {
        let short = tag.map(|t| t.strip_prefix("tag:yaml.org,2002:").unwrap_or(t));
        match short {
            None if !implicit => return Ok(Content::String(text.to_owned())),
            None => {}
            Some("str") => return Ok(Content::String(text.to_owned())),
            Some("bool" | "int" | "float" | "null" | "timestamp") => {}
            Some("binary") => {
                let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
                return match base64::engine::general_purpose::STANDARD.decode(packed) {
                    Ok(bytes) => Ok(Content::String(String::from_utf8_lossy(&bytes).into_owned())),
                    Err(_) => Err(meaning_error("!!binary value contains invalid base64 data".into(), span)),
                };
            }
            Some(_) => return Ok(Content::String(text.to_owned())),
        }
        let mut scalar = resolve(text);
        if let Some(wanted) = short {
            if let (Scalar::Int(i), "float") = (&scalar, wanted) {
                scalar = Scalar::Float(*i as f64);
            }
            if scalar.tag().strip_prefix("!!") != Some(wanted) {
                return Err(meaning_error(format!("cannot decode {} `{text}` as a !!{wanted}", scalar.tag()), span));
            }
        }
        Ok(Content::of(scalar, text))
    }

    fn mapping(&mut self, first: NodeId) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::with_capacity(self.children(first).count() / 2);
        let mut merged = Vec::new();
        let mut next = first;
        while let Some(raw) = self.nodes.get(next as usize) {
            let (key, value) = (next, raw.next);
            let Some(raw) = self.nodes.get(value as usize) else { break };
            next = raw.next;
            if self.is_merge(key) {
                self.merge(value, &mut merged)?;
                continue;
            }
            let key = self.node(key)?;
            if matches!(key.content, Content::Mapping(_) | Content::Sequence(_)) {
                return Err(meaning_error(format!("invalid map key: {}", key.go_syntax()), key.span));
            }
            let value = self.node(value)?;
            let key_span = key.span;
            let name = key_text(key).map_err(|key| {
                let message = format!("unsupported map key of type: {}, key: {}, value: {}", key.go_type(), key.go_syntax(), value.go_syntax());
                Error { message, span: key_span, problem: "" }
            })?;
            entries.push(Entry { key: name, key_span, value });
        }
        if !merged.is_empty() {
            let explicit = entries.len();
            entries.append(&mut merged);
            drop_beaten(&mut entries, explicit);
        }
        Ok(entries)
    }

    fn is_merge(&self, id: NodeId) -> bool {
        let raw = &self.nodes[id as usize];
        match &raw.content {
            RawContent::Scalar(text) if text == "<<" => match raw.tag.as_deref().map(String::as_str) {
                None | Some("!") => raw.implicit,
                Some(tag) => tag == "tag:yaml.org,2002:merge",
            },
            _ => false,
        }
    }

    fn merge(&mut self, id: NodeId, into: &mut Vec<Entry>) -> Result<(), Error> {
        let wrong = |span| Err(meaning_error("map merge requires map or sequence of maps as the value".into(), span));
        let target = |id: NodeId| match self.nodes[id as usize].content {
            RawContent::Alias(target) => target,
            _ => id,
        };
        let is_map = |id: NodeId| matches!(self.nodes[target(id) as usize].content, RawContent::Mapping { .. });
        let sources = match &self.nodes[id as usize].content {
            RawContent::Sequence { first, .. } => self.children(*first).collect(),
            _ => vec![id],
        };
        for source in sources {
            if !is_map(source) {
                return wrong(self.span(id));
            }
            let span = self.span(source);
            let node = self.node(source)?;
            let Content::Mapping(entries) = node.content else { return wrong(span) };
            // Shown where the merge is written.
            into.extend(entries.into_iter().map(|entry| Entry { key_span: span, ..entry }));
        }
        Ok(())
    }
}

/// Explicit keys, which come first, beat those that `<<` brings, and of those the earlier beat the later.
fn drop_beaten(entries: &mut Vec<Entry>, explicit: usize) {
    let mut places: Vec<usize> = (0..entries.len()).collect();
    places.order_by(|a, b| entries[*a].key.cmp(&entries[*b].key));
    let mut kept = vec![true; entries.len()];
    for pair in places.windows(2) {
        kept[pair[1]] = pair[1] < explicit || entries[pair[0]].key != entries[pair[1]].key;
    }
    let mut kept = kept.into_iter();
    entries.retain(|_| kept.next().unwrap_or(true));
}

/// How many of the decoded nodes may come from aliases (`decode.go`, allowedAliasRatio).
fn allowed_alias_ratio(decoded: usize) -> f64 {
    match decoded {
        0..=400_000 => 0.99,
        400_001..4_000_000 => 0.99 - 0.89 * ((decoded - 400_000) as f64 / 3_600_000.0),
        _ => 0.10,
    }
}

/// A key's text; the key itself where it can be none.
fn key_text(key: Node) -> Result<String, Node> {
    Ok(match key.content {
        Content::String(text) => text,
        Content::Bool(b) => b.to_string(),
        Content::Int(i) => i.to_string(),
        Content::Float(f) if f.is_nan() => ".nan".into(),
        Content::Float(f) if f.is_infinite() => if f > 0.0 { ".inf" } else { "-.inf" }.into(),
        Content::Float(f) => go_float(f),
        _ => return Err(key),
    })
}
