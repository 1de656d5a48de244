//! Quick fixes: repairs that are certain.
//!
//! Each candidate is applied and checked again before it is offered: it has to remove its error and add none (`helps` says what counts as added).

use crate::api::order::InOrder as _;
mod object;
mod syntax;

use super::check::{Stage, stage, verdict};
use super::{Checked, ClusterFacts};
use crate::text::{Diagnostic, Fix, Severity, Span, TextEdit};

/// Longer texts get no fixes: each candidate costs a whole check.
const LONGEST_TEXT: usize = 64 * 1024;
/// Diagnostics that are looked at, candidates of each that are tried, fixes that are offered.
const MOST_DIAGNOSTICS: usize = 12;
const MOST_CANDIDATES: usize = 24;
const MOST_FIXES: usize = 3;
/// Bytes that all candidates of a text together may have checked again, so that a keystroke stays a matter of milliseconds.
const MOST_BYTES: usize = 300_000;

/// Adds fixes to the diagnostics of a text.
pub(super) fn add(text: &str, checked: &mut Checked, facts: &dyn ClusterFacts) {
    if text.len() > LONGEST_TEXT || checked.diagnostics.is_empty() {
        return;
    }
    let before = stage(checked);
    let mut found = Vec::new();
    let mut budget = MOST_BYTES;
    for (index, hint) in checked.diagnostics.iter().enumerate().filter(|(_, d)| d.severity == Severity::Hint).take(MOST_DIAGNOSTICS) {
        let errors = |c: &Checked| {
            c.diagnostics.iter().filter(|d| d.severity != Severity::Hint).map(|d| (d.document, d.path.clone(), d.message.clone())).collect::<Vec<_>>()
        };
        let old = errors(checked);
        let helps = |fix: &Fix| {
            let repaired = fix.apply(text);
            let mut after = verdict(&repaired, facts);
            let no_worse = stage(&after) >= before && errors(&after).iter().all(|e| old.contains(e));
            super::hint::add(&repaired, &mut after);
            no_worse && !after.diagnostics.iter().any(|d| (d.code, &d.path, &d.args) == (hint.code, &hint.path, &hint.args))
        };
        if let Some(fix) = hint_candidates(text, hint).into_iter().find(helps) {
            found.push((index, vec![fix]));
        }
    }
    for (index, diagnostic) in checked.diagnostics.iter().enumerate().filter(|(_, d)| d.severity == Severity::Error).take(MOST_DIAGNOSTICS) {
        let candidates = match before {
            Stage::Reading => syntax::candidates(text, diagnostic),
            Stage::Client | Stage::Decoding | Stage::Admission | Stage::Accepted => object::candidates(text, checked, diagnostic),
        };
        let mut fixes: Vec<(Stage, Fix)> = Vec::new();
        for fix in candidates.into_iter().take(MOST_CANDIDATES) {
            let Some(left) = budget.checked_sub(text.len()) else { break };
            budget = left;
            let repaired = fix.apply(text);
            if repaired == text || fixes.iter().any(|(_, f)| f.apply(text) == repaired) {
                continue;
            }
            let after = verdict(&repaired, facts);
            let reached = stage(&after);
            if helps(checked, diagnostic, before, &after, reached) {
                fixes.push((reached, fix));
            }
        }
        // Where one repair makes the text acceptable, those that only come further are no longer certain.
        let best = fixes.iter().map(|(s, _)| *s).max();
        fixes.retain(|(s, _)| Some(*s) == best);
        fixes.truncate(MOST_FIXES);
        found.push((index, fixes.into_iter().map(|(_, f)| f).collect()));
    }
    for (index, fixes) in found {
        checked.diagnostics[index].fixes = fixes;
    }
}

/// Repairs for what is accepted but probably not meant.
fn hint_candidates(text: &str, hint: &Diagnostic) -> Vec<Fix> {
    let raw = text.get(hint.span.range()).unwrap_or_default();
    let bare = raw.trim_matches(['"', '\'']);
    let change = |code, right: String| vec![fix(code, &[raw, &right], vec![replace(hint.span, right.clone())])];
    match hint.code {
        "explain-hint-memory-small" => change("fix-quantity", format!("{bare}Mi")),
        "explain-hint-cpu-large" => change("fix-quantity", format!("{bare}m")),
        "explain-hint-bool-word" => {
            let plain = hint.args.get(1).cloned().unwrap_or_default();
            let mut candidates = vec![fix("fix-quote", &[raw], vec![replace(hint.span, quoted(raw))])];
            candidates.extend(change("fix-value", plain));
            candidates
        }
        "explain-hint-key-word" => vec![fix("fix-quote", &[raw], vec![replace(hint.span, quoted(raw))])],
        "explain-hint-command-words" => {
            let words: Vec<&str> = bare.split_whitespace().collect();
            let in_brackets = text[..hint.span.start].trim_end().ends_with('[');
            let separator = if in_brackets {
                ", ".to_owned()
            } else {
                format!("\n{}- ", " ".repeat((hint.span.start - line_start(text, hint.span.start)).saturating_sub(2)))
            };
            let split: Vec<String> = words.iter().map(|w| quoted(w)).collect();
            vec![fix("fix-split-words", &[], vec![replace(hint.span, split.join(&separator))])]
        }
        _ => Vec::new(),
    }
}

/// Whether the error is gone and none was added.
///
/// Added is every error that the text did not have, unless the one that is gone had kept kubectl or the server from looking there. That is so
/// where the whole text now comes further than before. Else it is so for the other fields of an object whose kind or version was not known, or that
/// the decoder gave up at its first wrong type; and for the documents below one that kubectl would not validate, as it read no further. What shows
/// there was always wrong. Another word for this object's kind and version is never such.
fn helps(checked: &Checked, diagnostic: &Diagnostic, before: Stage, after: &Checked, reached: Stage) -> bool {
    let errors = |checked: &Checked| {
        checked
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| (d.document, d.path.clone(), d.message.clone()))
            .collect::<Vec<_>>()
    };
    let (old, new) = (errors(checked), errors(after));
    let this = (diagnostic.document, diagnostic.path.clone(), diagnostic.message.clone());
    let hides = diagnostic.code.starts_with("explain-type") || NOT_KNOWN.contains(&diagnostic.code);
    let was_hidden = |(document, path, _): &Key| {
        let same_object = *document == this.0 && object_of(path) == object_of(&this.1);
        same_object
            && hides
            && !matches!(path.as_str(), "" | "apiVersion" | "kind")
            && !path.starts_with(&this.1)
            && !this.1.starts_with(path.as_str())
            || *document > this.0 && this.2.starts_with("error validating ")
    };
    !new.contains(&this)
        && match reached.cmp(&before) {
            std::cmp::Ordering::Less => false,
            // A syntax error has to give way to an object.
            std::cmp::Ordering::Greater => before != Stage::Reading || reached >= Stage::Admission,
            std::cmp::Ordering::Equal => before != Stage::Reading && new.iter().all(|e| old.contains(e) || was_hidden(e)),
        }
}

/// An error's document, path and message.
type Key = (usize, String, String);

/// What keeps kubectl and the server from knowing what an object is.
const NOT_KNOWN: [&str; 5] =
    ["explain-kind-case", "explain-unknown-kind-near", "explain-wrong-api-version", "explain-not-set", "explain-group-version"];

/// The item of a list that a path lies in: `items[0]` of `items[0].kind`; empty where it is no list.
fn object_of(path: &str) -> &str {
    path.find(']').filter(|_| path.starts_with("items[")).map_or("", |end| &path[..=end])
}

fn fix(code: &'static str, args: &[&str], edits: Vec<TextEdit>) -> Fix {
    let mut edits = edits;
    edits.order_by_key(|e| e.span);
    Fix { code, args: args.iter().map(|a| (*a).to_owned()).collect(), edits }
}

fn replace(span: Span, insert: impl Into<String>) -> TextEdit {
    TextEdit { span, insert: insert.into() }
}

fn insert(at: usize, text: impl Into<String>) -> TextEdit {
    TextEdit { span: Span::new(at, at), insert: text.into() }
}

/// Where the line of a byte begins.
fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |i| i + 1)
}

/// Where the line of a byte ends, before its line break.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |i| at + i)
}

/// A value in double quotes.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The word among those allowed that a misspelt one probably means.
pub fn closest<'w>(word: &str, allowed: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let word: Vec<char> = word.to_ascii_lowercase().chars().collect();
    let near = allowed.filter_map(|candidate| Some((distance(&word, candidate, limit)?, candidate)));
    near.min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

/// Edits between two words, the first in small letters, a swap of neighbours counted as one; `None` where there are more than `most`.
fn distance(a: &[char], b: &str, most: usize) -> Option<usize> {
    // The lengths alone tell of nearly all.
    if a.len().abs_diff(b.chars().count()) > most {
        return None;
    }
    let b: Vec<char> = b.to_ascii_lowercase().chars().collect();
    let width = b.len() + 1;
    // How far the first letters of the one are from the first of the other, row by row.
    let mut cells = vec![0; (a.len() + 1) * width];
    for at in 0..cells.len() {
        let (i, j) = (at / width, at % width);
        cells[at] = if i == 0 || j == 0 {
            i + j
        } else {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let best = (cells[at - width] + 1).min(cells[at - 1] + 1).min(cells[at - width - 1] + change);
            let is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if is_swap { best.min(cells[at - 2 * width - 2] + 1) } else { best }
        };
    }
    cells.last().copied().filter(|edits| *edits <= most)
}
