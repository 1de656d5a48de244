//! Object path ↔ place in the text.

use super::Source;
use crate::text::Span;
use crate::yaml::{Content, Entry, Node, lines};

/// What a path can be followed in.
pub(super) trait Tree: Copy {
    type Entry: Twig<Tree = Self>;

    fn span(self) -> Span;
    fn is_mapping(self) -> bool;
    fn is_sequence(self) -> bool;
    /// In the order of the text; of equal keys the last one counts.
    fn entries(self) -> impl Iterator<Item = Self::Entry>;
    fn items(self) -> impl Iterator<Item = Self>;
    /// Whether it is a text that says this.
    fn is_text(self, text: &str) -> bool;
}

/// A node under its key.
pub(super) trait Twig: Copy {
    type Tree;

    fn key(&self) -> &str;
    fn key_span(self) -> Span;
    fn value(self) -> Self::Tree;
}

impl<'n> Tree for &'n Node {
    type Entry = &'n Entry;

    fn span(self) -> Span {
        self.span
    }
    fn is_mapping(self) -> bool {
        matches!(self.content, Content::Mapping(_))
    }
    fn is_sequence(self) -> bool {
        matches!(self.content, Content::Sequence(_))
    }
    fn entries(self) -> impl Iterator<Item = &'n Entry> {
        Node::entries(self).iter()
    }
    fn items(self) -> impl Iterator<Item = &'n Node> {
        Node::items(self).iter()
    }
    fn is_text(self, text: &str) -> bool {
        self.as_str() == Some(text)
    }
}

impl<'n> Twig for &'n Entry {
    type Tree = &'n Node;

    fn key(&self) -> &str {
        &self.key
    }
    fn key_span(self) -> Span {
        self.key_span
    }
    fn value(self) -> &'n Node {
        &self.value
    }
}

impl<'a> Tree for lines::Branch<'a> {
    type Entry = lines::Twig<'a>;

    fn span(self) -> Span {
        self.span()
    }
    fn is_mapping(self) -> bool {
        self.is_mapping()
    }
    fn is_sequence(self) -> bool {
        self.is_sequence()
    }
    fn entries(self) -> impl Iterator<Item = lines::Twig<'a>> {
        self.entries()
    }
    fn items(self) -> impl Iterator<Item = Self> {
        self.items()
    }
    fn is_text(self, text: &str) -> bool {
        self.is_text(text)
    }
}

impl<'a> Twig for lines::Twig<'a> {
    type Tree = lines::Branch<'a>;

    fn key(&self) -> &str {
        self.key
    }
    fn key_span(self) -> Span {
        self.key_span
    }
    fn value(self) -> lines::Branch<'a> {
        self.value
    }
}

/// Where a path leads in a tree.
pub(super) struct Place<T: Tree> {
    /// The entry whose value the innermost found node is; `None` for a list's item or the root.
    pub entry: Option<T::Entry>,
    pub node: T,
    /// Whether the whole path was found.
    pub whole: bool,
}

impl<T: Tree> Place<T> {
    /// What stands for it in the text.
    pub fn span(&self) -> Span {
        let (node, span) = (self.node, self.node.span());
        match self.entry {
            Some(entry) if !self.whole || node.is_mapping() || node.is_sequence() || span.start == span.end => entry.key_span(),
            Some(_) => span,
            // An item of a list, or the root: its first key stands for it.
            None => node.entries().next().map_or(span, Twig::key_span),
        }
    }
}

pub(super) fn find<T: Tree>(root: T, path: &str) -> Place<T> {
    let mut place = Place { entry: None, node: root, whole: true };
    let mut rest = path;
    loop {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return place;
        }
        // Keys may hold dots and slashes: the longest key that fits goes first, and the last of its like.
        let mut by_key: Option<(T::Entry, &str)> = None;
        for entry in place.node.entries() {
            let after = rest.strip_prefix(entry.key()).filter(|after| after.is_empty() || after.starts_with(['.', '[']));
            if let Some(after) = after.filter(|after| by_key.as_ref().is_none_or(|(_, best)| after.len() <= best.len())) {
                by_key = Some((entry, after));
            }
        }
        if let Some((entry, after)) = by_key {
            place = Place { entry: Some(entry), node: entry.value(), whole: true };
            rest = after;
            continue;
        }
        if let Some(inside) = rest.strip_prefix('[')
            && let Some(end) = inside.find(']')
        {
            let (key, after) = (&inside[..end], &inside[end + 1..]);
            if let Some(item) = key.parse::<usize>().ok().and_then(|i| place.node.items().nth(i)) {
                place = Place { entry: None, node: item, whole: true };
                rest = after;
                continue;
            }
            if let Some(entry) = place.node.entries().filter(|entry| entry.key() == key).last() {
                place = Place { entry: Some(entry), node: entry.value(), whole: true };
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
        Some(root.span_in(path))
    }

    /// The whole lines of a field, its key included (for lighting up).
    pub fn block_of(&self, document: usize, path: &str) -> Option<Span> {
        let document = self.documents.get(document)?;
        let place = find(&*document.root, path);
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
pub(super) fn span_in<T: Tree>(root: T, path: &str) -> Span {
    find(root, path).span()
}

/// Where a field's error stands. The server says of labels, annotations and some lists only which key or value is wrong, not where it is.
pub(super) fn span_of_error<T: Tree>(root: T, path: &str, message: &str) -> Span {
    let place = find(root, path);
    let quoted = message.strip_prefix("Invalid value: \"").and_then(|rest| rest.split_once("\": ")).map(|(value, _)| value);
    let inside = quoted.filter(|_| place.whole).and_then(|value| {
        let by_key = place.node.entries().find(|e| e.key() == value).map(Twig::key_span);
        let by_value = || {
            // Of two requests for `2` the one that the message names.
            let same = place.node.entries().filter(|e| e.value().is_text(value));
            let entry = same.min_by_key(|e| !message.contains(e.key())).map(Twig::value);
            let item = || place.node.items().find(|item| item.is_text(value));
            entry.or_else(item).map(Tree::span)
        };
        by_key.or_else(by_value)
    });
    inside.unwrap_or_else(|| place.span())
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
