//! Object path ↔ place in the text.

use super::Source;
use crate::text::Span;
use crate::yaml::{Content, Entry, Node};

/// Where a path leads in a tree.
pub(super) struct Place<'n> {
    /// The entry whose value the innermost found node is; `None` for a list's item or the root.
    pub entry: Option<&'n Entry>,
    pub node: &'n Node,
    /// Whether the whole path was found.
    pub whole: bool,
}

pub(super) fn find<'n>(root: &'n Node, path: &str) -> Place<'n> {
    let mut place = Place { entry: None, node: root, whole: true };
    let mut rest = path;
    loop {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return place;
        }
        // Keys may hold dots and slashes: the longest key that fits goes first.
        let first = rest.as_bytes().first();
        let by_key = place.node.entries().iter().rev().filter(|e| e.key.as_bytes().first() == first).filter_map(|e| {
            let after = rest.strip_prefix(e.key.as_str())?;
            (after.is_empty() || after.starts_with(['.', '['])).then_some((e, after))
        });
        if let Some((entry, after)) = by_key.min_by_key(|(_, after)| after.len()) {
            place = Place { entry: Some(entry), node: &entry.value, whole: true };
            rest = after;
            continue;
        }
        if let Some(inside) = rest.strip_prefix('[')
            && let Some(end) = inside.find(']')
        {
            let (key, after) = (&inside[..end], &inside[end + 1..]);
            if let Some(item) = key.parse::<usize>().ok().and_then(|i| place.node.items().get(i)) {
                place = Place { entry: None, node: item, whole: true };
                rest = after;
                continue;
            }
            if let Some(entry) = place.node.entry(key) {
                place = Place { entry: Some(entry), node: &entry.value, whole: true };
                rest = after;
                continue;
            }
        }
        place.whole = false;
        return place;
    }
}

impl Source {
    /// Where a field stands: `spec.containers[0].ports[1].containerPort`, `metadata.labels[app]` and `metadata.labels.app` alike. A field
    /// that is missing gives its nearest parent's key. `None` only for a document that is not there.
    pub fn span_of(&self, document: usize, path: &str) -> Option<Span> {
        let root = &self.documents.get(document)?.root;
        Some(span_in(root, path))
    }

    /// The whole lines of a field, its key included (for lighting up).
    pub fn block_of(&self, document: usize, path: &str) -> Option<Span> {
        let document = self.documents.get(document)?;
        let place = find(&document.root, path);
        let start = place.entry.map_or(place.node.span.start, |e| e.key_span.start);
        Some(Span::new(start, place.node.span.end.max(start)))
    }

    /// The document and the path of the innermost field at a byte.
    pub fn path_at(&self, offset: usize) -> Option<(usize, String)> {
        let document = self.documents.iter().position(|d| d.span.contains(offset))?;
        let mut path = String::new();
        descend(&self.documents[document].root, offset, &mut path);
        Some((document, path))
    }
}

/// The value of a field; of a missing one the key of its nearest parent; of a list or mapping its key.
pub(super) fn span_in(root: &Node, path: &str) -> Span {
    let place = find(root, path);
    let collection = matches!(place.node.content, Content::Mapping(_) | Content::Sequence(_));
    match place.entry {
        Some(entry) if !place.whole || collection || place.node.span.start == place.node.span.end => entry.key_span,
        Some(_) => place.node.span,
        None => match (&place.node.content, collection) {
            // An item of a list, or the root: its first key stands for it.
            (Content::Mapping(entries), _) => entries.first().map_or(place.node.span, |e| e.key_span),
            _ => place.node.span,
        },
    }
}

/// Where a field's error stands. The server says of labels, annotations and some lists only which key or value is wrong, not where it is.
pub(super) fn span_of_error(root: &Node, path: &str, message: &str) -> Span {
    let place = find(root, path);
    let quoted = message.strip_prefix("Invalid value: \"").and_then(|rest| rest.split_once("\": ")).map(|(value, _)| value);
    let inside = quoted.filter(|_| place.whole).and_then(|value| {
        let entries = place.node.entries();
        let by_key = entries.iter().find(|e| e.key == value).map(|e| e.key_span);
        let by_value = || {
            // Of two requests for `2` the one that the message names.
            let same = entries.iter().filter(|e| e.value.as_str() == Some(value));
            let entry = same.min_by_key(|e| !message.contains(e.key.as_str())).map(|e| &e.value);
            let item = || place.node.items().iter().find(|item| item.as_str() == Some(value));
            entry.or_else(item).map(|node| node.span)
        };
        by_key.or_else(by_value)
    });
    inside.unwrap_or_else(|| span_in(root, path))
}

fn descend(node: &Node, offset: usize, path: &mut String) {
    match &node.content {
        Content::Mapping(entries) => {
            for entry in entries {
                if entry.key_span.start <= offset && offset <= entry.value.span.end.max(entry.key_span.end) {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&entry.key);
                    return descend(&entry.value, offset, path);
                }
            }
        }
        Content::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                if item.span.contains(offset) {
                    path.push_str(&format!("[{index}]"));
                    return descend(item, offset, path);
                }
            }
        }
        Content::Null | Content::Bool(_) | Content::Int(_) | Content::Uint(_) | Content::Float(_) | Content::String(_) => {}
    }
}
