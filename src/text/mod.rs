//! Places in a text: byte spans, lines and columns, and the diagnostics that point at them.
//!
//! Everything here counts bytes; [`LineIndex`] converts to the UTF-16 columns that editors use.

use std::ops::Range;

/// A half-open range of bytes in the text that it came from. Both ends lie on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }

    pub fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset <= self.end
    }

    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Where the lines of a text begin. Lines and columns count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<usize>,
    len: usize,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Self { starts, len: text.len() }
    }

    /// The line (from 0) that holds this byte; a byte past the end is on the last line.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset.min(self.len)) - 1
    }

    /// Line and column of a byte, both from 0, the column in UTF-16 units.
    pub fn line_column(&self, text: &str, offset: usize) -> (usize, usize) {
        let offset = floor_boundary(text, offset.min(self.len));
        let line = self.line(offset);
        (line, text[self.starts[line]..offset].encode_utf16().count())
    }

    /// The byte at which this line (from 0) begins; the end of the text for a line past the last.
    pub fn start_of(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.len)
    }

    pub fn line_count(&self) -> usize {
        self.starts.len()
    }
}

/// The nearest character boundary at or before `offset`.
pub fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Byte offset → UTF-16 offset of the whole text, as editors in a browser count.
pub fn utf16_offset(text: &str, offset: usize) -> usize {
    text[..floor_boundary(text, offset)].encode_utf16().count()
}

/// UTF-16 offset of the whole text → byte offset; past the end: the end.
pub fn byte_offset(text: &str, utf16: usize) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= utf16 {
            return at;
        }
        units += c.len_utf16();
    }
    text.len()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The API server (or kubectl) refuses the text.
    Error,
    /// The API server accepts it with a warning.
    Warning,
    /// Accepted without a word, but it does not mean what its writer thinks. Ours, never the server's words.
    Hint,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    pub span: Span,
    pub insert: String,
}

/// A repair that is certain: applied, it removes its diagnostic and adds none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Key of the title in the tables of UI strings, e.g. `fix-rename-field`.
    pub code: &'static str,
    /// What the title's placeholders `{0}`, `{1}`, … stand for.
    pub args: Vec<String>,
    /// Sorted, not overlapping.
    pub edits: Vec<TextEdit>,
}

impl Fix {
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 32);
        let mut at = 0;
        for edit in &self.edits {
            out.push_str(&text[at..edit.span.start]);
            out.push_str(&edit.insert);
            at = edit.span.end;
        }
        out.push_str(&text[at..]);
        out
    }
}

/// Something to say about a place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub span: Span,
    /// Index of the YAML document in the text, from 0.
    pub document: usize,
    /// The field as the API server writes it (`spec.containers[0].image`); empty where no field is meant.
    pub path: String,
    /// The server's (or kubectl's) exact words, without the path. Empty for a hint.
    pub message: String,
    /// Key of the plain explanation in the tables of UI strings, e.g. `explain-required`.
    pub code: &'static str,
    /// What the explanation's placeholders `{0}`, `{1}`, … stand for.
    pub args: Vec<String>,
    pub fixes: Vec<Fix>,
}
