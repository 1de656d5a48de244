//! Candidates for texts that are no YAML: tabs, comments, colons, quotes, indentation.

use super::{fix, insert, line_end, line_start, quoted, replace};
use crate::text::{Diagnostic, Fix, Span, TextEdit};

pub(super) fn candidates(text: &str, diagnostic: &Diagnostic) -> Vec<Fix> {
    let at = diagnostic.span.start.min(text.len());
    let line = Line::at(text, at);
    let mut found = Vec::new();
    found.extend(slashes(text));
    match diagnostic.code {
        "explain-yaml-tab" => found.extend(tabs(text)),
        "explain-yaml-reserved" => found.extend(quote_value(&line)),
        "explain-separator" => found.push(fix("fix-comment", &[], vec![insert(at, "# ")])),
        "explain-yaml-directive" => {
            let whole = Span::new(line.start, (line.end + 1).min(text.len()));
            found.push(fix("fix-remove-field", &[line.body()], vec![replace(whole, "")]));
        }
        "explain-yaml-open-quote" => {
            let quote = text[at..].chars().next().filter(|c| matches!(c, '"' | '\'')).unwrap_or('"');
            let end = line.start + line.text.trim_end().len();
            found.push(fix("fix-close-quote", &[], vec![insert(end, quote.to_string())]));
        }
        "explain-yaml-escape" | "explain-yaml-anchor-name" | "explain-yaml-map-key" | "explain-yaml-anchor" | "explain-yaml-block-scalar" => {
            found.extend(quote_value(&line))
        }
        _ => {}
    }
    // What is wrong on a line often began on one before.
    let previous = (line.start > 0).then(|| Line::at(text, line.start - 1));
    found.extend(colon(&line));
    let mut above = line.start;
    for _ in 0..3 {
        let Some(end) = above.checked_sub(1) else { break };
        let before = Line::at(text, end);
        found.extend(colon(&before));
        above = before.start;
    }
    found.extend(quote_value(&line));
    if let Some(previous) = &previous {
        found.extend(quote_value(previous));
    }
    found.extend(indentation(text, &line));
    if let Some(rest) = dash_after_key(&line) {
        let pad = " ".repeat(line.column);
        found.push(fix("fix-indent", &[], vec![replace(rest, format!("\n{pad}"))]));
    }
    found
}

struct Line<'t> {
    start: usize,
    end: usize,
    /// Without its line break.
    text: &'t str,
    /// Of the first character that is no blank.
    column: usize,
}

impl<'t> Line<'t> {
    fn at(text: &'t str, at: usize) -> Self {
        let (start, end) = (line_start(text, at), line_end(text, at));
        let line = text[start..end].trim_end_matches('\r');
        Self { start, end, text: line, column: line.len() - line.trim_start_matches([' ', '\t']).len() }
    }

    fn body(&self) -> &'t str {
        self.text[self.column..].trim_end()
    }

    /// The value behind the first colon, with its place.
    fn value(&self) -> Option<(Span, &'t str)> {
        let colon = self.text.find(": ")?;
        let value = self.text[colon + 1..].trim();
        let from = self.start + colon + 1 + (self.text[colon + 1..].len() - self.text[colon + 1..].trim_start().len());
        (!value.is_empty()).then(|| (Span::new(from, from + value.len()), value))
    }
}

/// Tabs in the indentation of all lines.
fn tabs(text: &str) -> Vec<Fix> {
    [2, 4, 8]
        .into_iter()
        .map(|width| {
            let mut edits = Vec::new();
            let mut start = 0;
            for line in text.split_inclusive('\n') {
                let blanks = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
                for (at, _) in line[..blanks].match_indices('\t') {
                    edits.push(replace(Span::new(start + at, start + at + 1), " ".repeat(width)));
                }
                start += line.len();
            }
            fix("fix-tabs", &[], edits)
        })
        .collect()
}

/// `// comment` on all lines.
pub(super) fn slashes(text: &str) -> Option<Fix> {
    let mut edits = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let found = line.match_indices("//").map(|(at, _)| at).find(|at| line[..*at].is_empty() || line[..*at].ends_with([' ', '\t']));
        if let Some(at) = found {
            edits.push(replace(Span::new(start + at, start + at + 2), "#"));
        }
        start += line.len();
    }
    (!edits.is_empty()).then(|| fix("fix-comment", &[], edits))
}

/// A colon that is missing, or its blank, or another sign in its place.
fn colon(line: &Line<'_>) -> Vec<Fix> {
    let mut found = Vec::new();
    let body = line.body();
    let key_start = line.start + line.column + if body.starts_with("- ") { 2 } else { 0 };
    let rest = &line.text[key_start - line.start..];
    let word = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')).len();
    if word == 0 {
        return found;
    }
    let (key, after) = rest.split_at(word);
    let place = key_start + word;
    let trimmed = after.trim_start();
    if trimmed.is_empty() || (after.starts_with(' ') && !trimmed.starts_with(':')) {
        found.push(fix("fix-add-colon", &[key], vec![insert(place, ":")]));
    } else if after.starts_with(':') && !after.starts_with(": ") {
        found.push(fix("fix-space-after-colon", &[], vec![insert(place + 1, " ")]));
    }
    if trimmed.starts_with(['=', ';']) {
        let from = place + (after.len() - trimmed.len());
        found.push(fix("fix-add-colon", &[key], vec![replace(Span::new(place, from + 1), if trimmed[1..].starts_with(' ') { ":" } else { ": " })]));
    }
    found
}

fn quote_value(line: &Line<'_>) -> Option<Fix> {
    let (span, value) = line.value()?;
    if value.starts_with(['"', '\'', '[']) {
        return None;
    }
    let value = value.split(" #").next().unwrap_or(value).trim_end();
    Some(fix("fix-quote", &[value], vec![replace(Span::new(span.start, span.start + value.len()), quoted(value))]))
}

/// The blanks between a key's colon and the dash of a list on the same line.
fn dash_after_key(line: &Line<'_>) -> Option<Span> {
    let (span, value) = line.value()?;
    value.starts_with("- ").then(|| Span::new(line.start + line.text.find(": ").unwrap_or(0) + 1, span.start))
}

/// This line, alone or with what is deeper below it, at the columns that its neighbours use.
fn indentation(text: &str, line: &Line<'_>) -> Vec<Fix> {
    let mut found = Vec::new();
    let mut previous = line.start;
    for distance in 0..2 {
        // The line that is named, and the one before it.
        let here = if distance == 0 { Line::at(text, line.start) } else { Line::at(text, previous.saturating_sub(1)) };
        previous = here.start;
        // A word without a colon is no line of its own: moved deeper, it would quietly become a part of the value above it.
        if !here.body().contains(':') && !here.body().starts_with('-') {
            continue;
        }
        for column in columns(text, here.start) {
            if column == here.column {
                continue;
            }
            for with_block in [false, true] {
                let edits = shift(text, &here, column, with_block);
                found.push(fix("fix-indent", &[], edits));
            }
        }
        if here.start == 0 {
            break;
        }
    }
    found
}

/// Columns at which the lines above begin, nearest first, also behind a dash.
fn columns(text: &str, before: usize) -> Vec<usize> {
    let mut columns = Vec::new();
    for line in text[..before].lines().rev().filter(|l| !l.trim().is_empty()).take(12) {
        let column = line.len() - line.trim_start_matches(' ').len();
        let behind = line[column..].len() - line[column..].trim_start_matches(['-', ' ']).len();
        for candidate in [column + behind, column, column + 2] {
            if !columns.contains(&candidate) {
                columns.push(candidate);
            }
        }
    }
    columns.truncate(5);
    columns
}

fn shift(text: &str, line: &Line<'_>, column: usize, with_block: bool) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    let mut start = line.start;
    while start < text.len() {
        let here = Line::at(text, start);
        let first = start == line.start;
        if !first && (!with_block || (here.column <= line.column && !here.body().is_empty())) {
            break;
        }
        if !here.body().is_empty() {
            let indent = (here.column + column).saturating_sub(line.column);
            edits.push(replace(Span::new(here.start, here.start + here.column), " ".repeat(indent)));
        }
        start = here.end + 1;
    }
    edits
}
