//! Where in an object a place of a text is, judged by indentation alone, so that it works while the text is still broken.

use super::client::find_kind;
use crate::schema::{self, Field, Shape, Type};
use crate::text::{Span, floor_boundary};

/// One line of a document, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Line<'t> {
    /// Byte where the line begins.
    pub start: usize,
    /// Columns of the dashes that open list items.
    pub dashes: Vec<usize>,
    /// Column of what stands behind them.
    pub column: usize,
    pub key: Option<&'t str>,
    pub key_span: Span,
    /// What stands behind the colon, or the whole rest where there is none.
    pub value: &'t str,
}

/// One step from the root to a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Level<'t> {
    Key { name: &'t str, column: usize },
    Item { index: usize, column: usize },
}

/// A place in a text.
pub(super) struct Context<'t> {
    pub lines: Vec<Line<'t>>,
    /// The line of the place.
    pub current: usize,
    /// Keys and items around the place, outermost first; without the key of its own line.
    pub levels: Vec<Level<'t>>,
    pub root: Option<&'static Type>,
}

/// Reads the surroundings of a byte.
pub(super) fn context(text: &str, offset: usize) -> Context<'_> {
    let offset = floor_boundary(text, offset);
    let mut begin = 0;
    let mut end = text.len();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            if at + line.len() <= offset {
                begin = at + line.len();
            } else if at >= offset {
                end = at;
                break;
            }
        }
        at += line.len();
    }
    let mut lines = Vec::new();
    let mut current = 0;
    let mut start = begin;
    for raw in text[begin..end].split_inclusive('\n') {
        if start <= offset {
            current = lines.len();
        }
        lines.push(take_apart(raw.trim_end_matches(['\n', '\r']), start));
        start += raw.len();
    }
    // The empty line at the very end.
    if start <= offset && (text[begin..end].is_empty() || text[begin..end].ends_with('\n')) {
        current = lines.len();
        lines.push(take_apart("", start));
    }
    let top = |key: &str| lines.iter().find(|l| l.column == 0 && l.dashes.is_empty() && l.key == Some(key)).map(|l| unquoted(l.value));
    let (api_version, kind) = (top("apiVersion"), top("kind"));
    let root = kind.and_then(|kind| {
        let known = api_version
            .and_then(|version| find_kind(version, kind))
            .or_else(|| super::client::all_kinds().find(|k| k.kind.eq_ignore_ascii_case(kind)));
        known.and_then(|k| schema::kind(&k.api_version(), k.kind))
    });
    let column =
        lines.get(current).map_or(0, |l| if l.key.is_none() && l.value.is_empty() && l.dashes.is_empty() { offset - l.start } else { l.column });
    let levels = levels(&lines, current, column);
    Context { lines, current, levels, root }
}

fn unquoted(value: &str) -> &str {
    let value = value.split(" #").next().unwrap_or_default().trim();
    value.trim_matches(['"', '\''])
}

fn take_apart(line: &str, start: usize) -> Line<'_> {
    let mut column = line.len() - line.trim_start_matches(' ').len();
    let mut rest = &line[column..];
    let mut dashes = Vec::new();
    while let Some(inside) = rest.strip_prefix('-').filter(|r| r.is_empty() || r.starts_with(' ')) {
        dashes.push(column);
        let trimmed = inside.trim_start_matches(' ');
        column += rest.len() - trimmed.len();
        rest = trimmed;
    }
    let nothing = Line { start, dashes: dashes.clone(), column, key: None, key_span: Span::new(start + column, start + column), value: rest };
    if rest.starts_with('#') {
        return Line { value: "", ..nothing };
    }
    let colon = rest.match_indices(':').map(|(i, _)| i).find(|i| rest[i + 1..].is_empty() || rest[i + 1..].starts_with([' ', '\t']));
    let Some(colon) = colon else { return nothing };
    let key = rest[..colon].trim();
    Line {
        key: Some(key.trim_matches(['"', '\''])),
        key_span: Span::new(start + column, start + column + key.len()),
        value: rest[colon + 1..].trim(),
        ..nothing
    }
}

/// The keys and items around a column of a line.
fn levels<'t>(lines: &[Line<'t>], current: usize, column: usize) -> Vec<Level<'t>> {
    let mut levels: Vec<Level<'t>> = Vec::new();
    for (index, line) in lines.iter().enumerate().take(current + 1) {
        let here = index == current;
        let blank = line.key.is_none() && line.value.is_empty() && line.dashes.is_empty();
        if blank && !here {
            continue;
        }
        for dash in &line.dashes {
            let mut next = 0;
            while let Some(last) = levels.last() {
                match last {
                    Level::Item { index, column } if column == dash => {
                        next = index + 1;
                        levels.pop();
                        break;
                    }
                    Level::Item { column, .. } if column > dash => levels.pop(),
                    Level::Key { column, .. } if column > dash => levels.pop(),
                    Level::Key { .. } | Level::Item { .. } => break,
                };
            }
            levels.push(Level::Item { index: next, column: *dash });
        }
        let place = if here { column } else { line.column };
        while let Some(last) = levels.last() {
            match last {
                Level::Key { column, .. } | Level::Item { column, .. } if *column >= place => levels.pop(),
                Level::Key { .. } | Level::Item { .. } => break,
            };
        }
        if let (Some(name), false) = (line.key, here) {
            levels.push(Level::Key { name, column: line.column });
        }
    }
    levels
}

impl<'t> Context<'t> {
    pub fn line(&self) -> Option<&Line<'t>> {
        self.lines.get(self.current)
    }

    /// The shape of what stands at the place: of the container that its key belongs to.
    pub fn shape(&self) -> Option<(Shape, Option<&'static Field>)> {
        let root = self.root?;
        let mut shape: Option<Shape> = None;
        let mut field = None;
        for level in &self.levels {
            let owner = match shape {
                None => Some(root),
                Some(Shape::Object(_)) => shape.as_ref().and_then(Shape::object),
                Some(_) => None,
            };
            match (level, shape) {
                (Level::Key { name, .. }, _) if owner.is_some() => {
                    let found = owner?.field(name)?;
                    field = Some(found);
                    shape = Some(found.shape);
                }
                (Level::Key { .. }, Some(Shape::Map(value))) => shape = Some(*value),
                (Level::Item { .. }, Some(Shape::List(item))) => shape = Some(*item),
                _ => return None,
            }
        }
        Some((shape.unwrap_or(Shape::Any), field))
    }

    /// The struct whose fields may stand at the place.
    pub fn owner(&self) -> Option<&'static Type> {
        if self.levels.is_empty() {
            return self.root;
        }
        match self.shape()?.0 {
            shape @ Shape::Object(_) => shape.object(),
            _ => None,
        }
    }

    /// `spec.containers[0]`
    pub fn path(&self) -> String {
        let mut path = String::new();
        for level in &self.levels {
            match level {
                Level::Key { name, .. } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Level::Item { index, .. } => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }

    /// The path of names alone: `spec.containers`.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.levels.iter().filter_map(|l| if let Level::Key { name, .. } = l { Some(*name) } else { None }).collect();
        names.join(".")
    }

    /// The keys that already stand beside the place.
    pub fn siblings(&self, column: usize) -> Vec<&'t str> {
        let item = |line: &Line<'_>| !line.dashes.is_empty() && line.column == column;
        let ends = |line: &Line<'_>| {
            let first = line.dashes.first().copied().unwrap_or(line.column);
            (line.key.is_some() || !line.dashes.is_empty()) && first < column && !item(line)
        };
        let mut keys = Vec::new();
        for line in self.lines[..self.current].iter().rev() {
            if ends(line) {
                break;
            }
            if line.column == column {
                keys.extend(line.key);
                if item(line) {
                    break;
                }
            }
        }
        let opens = self.line().is_some_and(item);
        for line in self.lines.iter().skip(self.current + 1) {
            if ends(line) || (item(line) && (opens || column > 0)) {
                break;
            }
            if line.column == column {
                keys.extend(line.key);
            }
        }
        keys
    }
}
