//! Hints: what is accepted but probably not meant.

use std::fmt;

use super::source::find;
use super::{Checked, DocumentVerdict, SourceDocument};
use crate::text::{Diagnostic, Severity, Span};
use crate::yaml::{Content, Node};

/// More of them would not help.
const MOST_HINTS: usize = 50;

/// Adds hints to the diagnostics of a text.
pub(super) fn add(text: &str, checked: &mut Checked) {
    let mut hints = Hints { text, document: 0, found: Vec::new() };
    let refused = checked.documents.iter().any(|d| matches!(d, DocumentVerdict::Rejected(_)));
    for (index, document) in checked.source.documents.iter().enumerate() {
        hints.document = index;
        hints.node(&document.root, 0);
        hints.ignored_rest(document);
        if !refused {
            hints.object(document);
        }
    }
    // Where something is refused, the refusal says enough.
    let refused_at =
        |span: Span| checked.diagnostics.iter().any(|d| d.severity == Severity::Error && d.span.start <= span.start && span.end <= d.span.end);
    hints.found.retain(|h| !refused_at(h.span));
    checked.diagnostics.append(&mut hints.found);
}

struct Hints<'t> {
    text: &'t str,
    document: usize,
    found: Vec<Diagnostic>,
}

impl Hints<'_> {
    fn push(&mut self, span: Span, path: &str, code: &'static str, args: &[&str]) {
        if self.found.len() < MOST_HINTS {
            self.found.push(Diagnostic {
                severity: Severity::Hint,
                span,
                document: self.document,
                path: path.to_owned(),
                message: String::new(),
                code,
                args: args.iter().map(|a| (*a).to_owned()).collect(),
                fixes: Vec::new(),
            });
        }
    }

    /// What the YAML itself hides: duplicate keys, words that are no words.
    fn node(&mut self, node: &Node, depth: usize) {
        let raw = self.text.get(node.span.range()).unwrap_or_default();
        match &node.content {
            Content::Mapping(entries) => {
                // Long mappings are data, not a slip of the hand.
                if entries.len() <= 200 {
                    for (index, entry) in entries.iter().enumerate() {
                        if entries[index + 1..].iter().any(|e| e.key == entry.key && e.key_span != entry.key_span) {
                            self.push(entry.key_span, "", "explain-hint-duplicate-key", &[&entry.key]);
                        }
                        let written = self.text.get(entry.key_span.range()).unwrap_or_default();
                        if matches!(entry.key.as_str(), "true" | "false")
                            && !written.eq_ignore_ascii_case(&entry.key)
                            && !written.starts_with(['"', '\'', '*'])
                        {
                            self.push(entry.key_span, "", "explain-hint-key-word", &[written, &entry.key]);
                        }
                    }
                }
                if depth < 64 && self.found.len() < MOST_HINTS {
                    entries.iter().for_each(|e| self.node(&e.value, depth + 1));
                }
            }
            Content::Sequence(items) if depth < 64 && self.found.len() < MOST_HINTS => items.iter().for_each(|n| self.node(n, depth + 1)),
            Content::Bool(b)
                if !raw.eq_ignore_ascii_case(if *b { "true" } else { "false" })
                    && raw.len() <= 3
                    && raw.chars().all(|c| c.is_ascii_alphabetic())
                    && !raw.is_empty() =>
            {
                self.push(node.span, "", "explain-hint-bool-word", &[raw, if *b { "true" } else { "false" }]);
            }
            Content::Int(value) if raw.len() > 2 && raw.starts_with('0') && raw.bytes().all(|b| b.is_ascii_digit()) => {
                // File modes are meant to be octal.
                let mode = self.text[..node.span.start].trim_end_matches([' ', ':']).to_ascii_lowercase().ends_with("mode");
                if !mode {
                    self.push(node.span, "", "explain-hint-octal", &[raw, &value.to_string()]);
                }
            }
            _ => {}
        }
    }

    /// Text behind the end of the document's only node, which kubectl never reads.
    fn ignored_rest(&mut self, document: &SourceDocument) {
        let end = document.span.end.min(self.text.len());
        let from = document.root.span.end.min(end);
        let mut at = from;
        for line in self.text[from..end].split_inclusive('\n') {
            let body = line.trim();
            if at > from && !body.is_empty() && !body.starts_with('#') && body != "..." && !body.starts_with("---") && self.is_new_node(document, at)
            {
                let start = at + line.len() - line.trim_start().len();
                self.push(Span::new(start, start + body.len()), "", "explain-hint-ignored-rest", &[]);
                return;
            }
            at += line.len();
        }
    }

    /// A line after the root's end that is no end of a block scalar.
    fn is_new_node(&self, document: &SourceDocument, at: usize) -> bool {
        let column = document.root.span.start - self.text[..document.root.span.start].rfind('\n').map_or(0, |i| i + 1);
        let line = self.text[at..].lines().next().unwrap_or_default();
        line.len() - line.trim_start().len() < column.max(1) && line.contains(':')
    }

    /// What an accepted object probably does not mean.
    fn object(&mut self, document: &SourceDocument) {
        if document.root.get("status").is_some_and(|s| !s.entries().is_empty()) {
            let span = document.root.entry("status").map_or(document.root.span, |e| e.key_span);
            self.push(span, "status", "explain-hint-status", &[]);
        }
        for spec in ["spec", "spec.template.spec", "spec.jobTemplate.spec.template.spec"] {
            let place = find(&*document.root, spec);
            for list in ["containers", "initContainers"].into_iter().filter(|_| place.whole) {
                for (index, container) in place.node.get(list).map(Node::items).into_iter().flatten().enumerate() {
                    self.container(container, &format_args!("{spec}.{list}[{index}]"));
                }
            }
        }
    }

    fn container(&mut self, container: &Node, path: &dyn fmt::Display) {
        for which in ["requests", "limits"] {
            let Some(amounts) = container.get("resources").and_then(|r| r.get(which)) else { continue };
            for entry in amounts.entries() {
                let raw = self.text.get(entry.value.span.range()).unwrap_or_default().trim_matches(['"', '\'']).to_owned();
                let Ok(number) = raw.parse::<u64>() else { continue };
                let code = match entry.key.as_str() {
                    "memory" if number > 0 && number < 1_000_000 => "explain-hint-memory-small",
                    "cpu" if number >= 64 => "explain-hint-cpu-large",
                    _ => continue,
                };
                self.push(entry.value.span, &format!("{path}.resources.{which}.{}", entry.key), code, &[&raw]);
            }
        }
        if let Some([only]) = container.get("command").map(Node::items)
            && let Some(text) = only.as_str()
            && container.get("args").is_none()
            && text.contains(' ')
            && !text.contains('\n')
        {
            self.push(only.span, &format!("{path}.command[0]"), "explain-hint-command-words", &[]);
        }
        for key in ["env", "ports", "resources", "volumeMounts", "command", "args"] {
            if let Some(entry) = container.entry(key)
                && entry.value.is_null()
            {
                self.push(entry.key_span, &format!("{path}.{key}"), "explain-hint-empty", &[key]);
            }
        }
    }
}
