//! Text of the plainest shape → its value, and where everything stands: block collections and scalars of one line each, as nearly every manifest is
//! written.
//!
//! Whatever else a text holds (a scalar of several lines, an anchor, a tag, a tab, anything that might be wrong), it is not for this reader, which
//! then says nothing; the scanner, the composer and the decoder, which model go-yaml, give the tree or the error. Where it does answer, it answers
//! as they would (`tests/it/yaml.rs` and the fuzz target `verdict` hold them together), several times faster.

mod fields;
mod outline;

use super::float_value;
use super::scalar::{Scalar, resolve};
use crate::api::Value;
use fields::Fields;
pub use outline::{Branch, Outline, Twig};
use outline::{Mark, Shape};

/// Deeper ones are left to the scanner, which knows what to say of them.
const MAX_DEPTH: usize = 64;
/// In longer texts another reader more does not matter, but going through them twice would where something is wrong.
const MAX_LENGTH: usize = 256 * 1024;
/// A key's colon is not looked for further away than 1024 characters.
const MAX_KEY: usize = 1000;

/// The value of a chunk of text, and where in it everything stands. `None`: it takes more than this reader to know.
pub fn read(chunk: &str) -> Option<(Value, Outline)> {
    // Controls, tabs, and the first bytes of characters that are line breaks or may not stand in YAML.
    let is_unusual = |byte: u8| (byte < 0x20 && byte != b'\n') || matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef);
    // Without a way out in the middle many bytes are looked at in one step.
    if chunk.len() > MAX_LENGTH || chunk.bytes().fold(false, |found, byte| found | is_unusual(byte)) {
        return None;
    }
    let outline = Outline::for_text_of(chunk.len());
    let mut lines = Lines { text: chunk, bytes: chunk.as_bytes(), at: 0, line: 0, column: 0, ended: false, end: 0, depth: 0, key: (0, 0), outline };
    if chunk.starts_with("---\n") {
        lines.at = 4;
    }
    lines.next_line()?;
    if lines.ended || lines.byte(0) == b'[' {
        return None;
    }
    let is_scalar = !lines.is_item() && lines.byte(0) != b'{' && !lines.begins_with_key();
    let value = lines.block()?;
    // A single scalar at the outermost level is no object: others know what to say of it.
    (lines.ended && !is_scalar).then_some((value, lines.outline))
}

/// Where a plain scalar may end.
static ENDS: [bool; 256] = bytes(b":#\n");
/// What does not begin a plain scalar, or only sometimes; a dash does where something stands behind it.
static INDICATORS: [bool; 256] = bytes(b"?:,[]{}#&*!|>%@`'\" \n");

const fn bytes(of: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < of.len() {
        table[of[at] as usize] = true;
        at += 1;
    }
    table
}

struct Lines<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the line of `at` begins.
    line: usize,
    /// How far the first thing in this line is indented.
    column: usize,
    ended: bool,
    /// Where the last node ends.
    end: usize,
    depth: usize,
    /// From where to where the key of what comes next stands.
    key: (usize, usize),
    outline: Outline,
}

/// A scalar, and whether a colon behind it makes it a key.
struct Word<'a> {
    text: &'a str,
    /// With its quotes.
    from: usize,
    to: usize,
    is_plain: bool,
    is_key: bool,
}

impl Word<'_> {
    fn typed(&self) -> Scalar {
        if self.is_plain { resolve(self.text) } else { Scalar::String }
    }

    /// As a name. Numbers, truth values and merges are for others.
    fn name(&self) -> Option<String> {
        // The longest words that mean something else have five letters.
        let is_word = |text: &str| text.len() > 5 && text.as_bytes()[0].is_ascii_alphabetic();
        let is_name = !self.is_plain || is_word(self.text) || self.text != "<<" && matches!(resolve(self.text), Scalar::String);
        is_name.then(|| self.text.to_owned())
    }
}

impl<'a> Lines<'a> {
    /// Goes on to the first thing in the next line that has one. Stands at a line's beginning.
    fn next_line(&mut self) -> Option<()> {
        loop {
            self.line = self.at;
            self.skip_spaces();
            match self.bytes.get(self.at) {
                None => {
                    (self.ended, self.column) = (true, 0);
                    return Some(());
                }
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.skip_comment(),
                Some(first) => {
                    self.column = self.at - self.line;
                    // The document's end, or the next one's directives.
                    let is_marked = self.column == 0
                        && (matches!(first, b'%') || matches!(&self.bytes[self.at..], [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]));
                    return (!is_marked).then_some(());
                }
            }
        }
    }

    fn skip_spaces(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// To the beginning of the next line.
    fn skip_comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(b'\n')
    }

    fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\n')
    }

    fn is_item(&self) -> bool {
        self.byte(0) == b'-' && self.is_blank(1)
    }

    /// Past the end of a line that holds nothing more than a comment, to the next thing.
    fn end_line(&mut self) -> Option<()> {
        let from = self.at;
        self.skip_spaces();
        match self.byte(0) {
            b'\n' => self.at = (self.at + 1).min(self.bytes.len()),
            b'#' if self.at > from => self.skip_comment(),
            _ => return None,
        }
        self.next_line()
    }

    /// What begins here is a collection, which [`Self::close`] ends.
    fn open(&mut self, from: usize, shape: Shape) -> usize {
        self.outline.push(Mark::new(std::mem::take(&mut self.key), from, from, shape))
    }

    fn close(&mut self, opened: usize) {
        self.outline.close(opened, self.end);
    }

    fn scalar(&mut self, word: &Word<'a>) -> Option<Value> {
        let value = match word.typed() {
            Scalar::Null => Value::Null,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(i) => Value::Number(i.into()),
            Scalar::Uint(u) => Value::Number(u.into()),
            Scalar::Float(f) if f.is_finite() => float_value(f),
            Scalar::Float(_) => return None,
            Scalar::Timestamp | Scalar::String => Value::String(word.text.to_owned()),
        };
        self.end = word.to;
        let key = std::mem::take(&mut self.key);
        self.outline.push(Mark::new(key, word.from, word.to, Shape::Scalar));
        Some(value)
    }

    /// A name that says what comes next.
    fn name(&mut self, word: &Word<'a>) -> Option<String> {
        self.key = (word.from, word.to);
        word.name()
    }

    /// What is not there, behind a dash or a colon.
    fn nothing(&mut self, at: usize) -> Value {
        self.end = at;
        let key = std::mem::take(&mut self.key);
        self.outline.push(Mark::new(key, at, at, Shape::Scalar));
        Value::Null
    }

    /// Whether the line begins with a key; goes nowhere.
    fn begins_with_key(&mut self) -> bool {
        let at = self.at;
        let is_key = self.word().is_some_and(|word| word.is_key);
        self.at = at;
        is_key
    }

    /// What begins here, in the line's column or behind a dash: a collection or a scalar.
    fn block(&mut self) -> Option<Value> {
        if self.is_item() {
            return self.sequence(false);
        }
        if matches!(self.byte(0), b'[' | b'{') {
            return self.flow_line();
        }
        let word = self.word()?;
        if word.is_key {
            return self.mapping(word);
        }
        let scalar = self.scalar(&word)?;
        self.end_line()?;
        Some(scalar)
    }

    /// `beside`: its dashes stand in the column of the mapping's keys that it belongs to.
    fn sequence(&mut self, beside: bool) -> Option<Value> {
        self.deeper()?;
        let column = self.column;
        let opened = self.open(self.at, Shape::Sequence);
        let mut items = Vec::new();
        while self.is_item() {
            self.at += 1;
            let behind = self.at;
            self.skip_spaces();
            items.push(if self.byte(0) == b'\n' || self.byte(0) == b'#' {
                self.end_line()?;
                if self.column > column && !self.ended { self.block()? } else { self.nothing(behind) }
            } else {
                self.column = self.at - self.line;
                self.block()?
            });
            if self.ended || self.column < column {
                break;
            }
            if self.column > column || !(beside || self.is_item()) {
                return None;
            }
        }
        self.depth -= 1;
        self.close(opened);
        Some(Value::Array(items))
    }

    fn mapping(&mut self, first: Word<'a>) -> Option<Value> {
        self.deeper()?;
        let column = self.column;
        let opened = self.open(first.from, Shape::Mapping);
        let mut fields = Fields::new();
        let mut name = self.name(&first)?;
        loop {
            // Behind the key's colon.
            let value = self.value_of_key(column)?;
            fields.set(name, value);
            if self.ended || self.column < column {
                break;
            }
            if self.column > column || self.is_item() {
                return None;
            }
            let word = self.word().filter(|word| word.is_key)?;
            name = self.name(&word)?;
        }
        self.depth -= 1;
        self.close(opened);
        Some(fields.into())
    }

    fn value_of_key(&mut self, column: usize) -> Option<Value> {
        let behind = self.at;
        self.skip_spaces();
        match self.byte(0) {
            b'\n' | b'#' => {
                self.end_line()?;
                if self.ended || self.column < column {
                    return Some(self.nothing(behind));
                }
                if self.column > column {
                    return self.block();
                }
                if self.is_item() { self.sequence(true) } else { Some(self.nothing(behind)) }
            }
            b'[' | b'{' => self.flow_line(),
            _ => {
                let word = self.word().filter(|word| !word.is_key)?;
                let scalar = self.scalar(&word)?;
                self.end_line()?;
                Some(scalar)
            }
        }
    }

    /// A scalar of one line. Stands behind it then, and behind the colon of a key.
    fn word(&mut self) -> Option<Word<'a>> {
        let from = self.at;
        let mut word = match self.byte(0) {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            _ => self.plain()?,
        };
        if self.byte(0) == b':' && self.is_blank(1) {
            // A key is told from a scalar by what stands right behind it.
            if self.at - from > MAX_KEY || self.bytes[self.at - 1] == b' ' {
                return None;
            }
            self.at += 1;
            word.is_key = true;
        }
        Some(word)
    }

    fn quoted(&mut self, quote: u8) -> Option<Word<'a>> {
        let from = self.at + 1;
        let rest = &self.bytes[from..];
        let end = from + rest.iter().position(|byte| *byte == quote || matches!(*byte, b'\\' | b'\n'))?;
        // What is escaped, or goes on in the next line, is for the scanner.
        if self.bytes[end] != quote || self.bytes.get(end + 1) == Some(&quote) {
            return None;
        }
        self.at = end + 1;
        Some(Word { text: &self.text[from..end], from: from - 1, to: end + 1, is_plain: false, is_key: false })
    }

    /// Stands at the colon of a key then, or at the line's end or a comment.
    fn plain(&mut self) -> Option<Word<'a>> {
        let from = self.at;
        if self.is_item() || INDICATORS[usize::from(self.byte(0))] {
            return None;
        }
        let rest = &self.bytes[from..];
        let mut end = 0;
        loop {
            end += rest[end..].iter().position(|byte| ENDS[usize::from(*byte)]).unwrap_or(rest.len() - end);
            let is_end = match rest.get(end) {
                Some(b':') => matches!(rest.get(end + 1), Some(b' ' | b'\n') | None),
                Some(b'#') => rest[end - 1] == b' ',
                _ => true,
            };
            if is_end {
                break;
            }
            end += 1;
        }
        self.at = from + end;
        if rest.get(end) == Some(&b'#') {
            // The blank before it belongs to the comment.
            self.at -= 1;
        }
        while rest[end - 1] == b' ' {
            end -= 1;
        }
        Some(Word { text: &self.text[from..from + end], from, to: from + end, is_plain: true, is_key: false })
    }

    /// A collection in brackets, and the rest of its line.
    fn flow_line(&mut self) -> Option<Value> {
        let value = self.flow()?;
        self.end_line()?;
        Some(value)
    }

    fn flow(&mut self) -> Option<Value> {
        match self.byte(0) {
            b'[' => {
                self.deeper()?;
                let opened = self.open(self.at, Shape::FlowSequence);
                let mut items = Vec::new();
                self.at += 1;
                while !self.closes(b']')? {
                    items.push(self.flow()?);
                    self.separator(b']')?;
                }
                self.depth -= 1;
                self.end = self.at;
                self.close(opened);
                Some(Value::Array(items))
            }
            b'{' => {
                self.deeper()?;
                let opened = self.open(self.at, Shape::FlowMapping);
                let mut fields = Fields::new();
                self.at += 1;
                while !self.closes(b'}')? {
                    let word = self.flow_word()?;
                    let name = self.name(&word)?;
                    if self.byte(0) != b':' || self.byte(1) != b' ' {
                        return None;
                    }
                    self.at += 1;
                    self.skip_spaces();
                    let value = self.flow()?;
                    fields.set(name, value);
                    self.separator(b'}')?;
                }
                self.depth -= 1;
                self.end = self.at;
                self.close(opened);
                Some(fields.into())
            }
            _ => {
                let word = self.flow_word()?;
                self.scalar(&word)
            }
        }
    }

    /// Whether the collection ends here.
    fn closes(&mut self, bracket: u8) -> Option<bool> {
        self.skip_spaces();
        let is_end = self.byte(0) == bracket;
        self.at += usize::from(is_end);
        Some(is_end)
    }

    /// What has to stand behind an item.
    fn separator(&mut self, bracket: u8) -> Option<()> {
        self.skip_spaces();
        match self.byte(0) {
            b',' => self.at += 1,
            byte if byte == bracket => {}
            _ => return None,
        }
        Some(())
    }

    fn flow_word(&mut self) -> Option<Word<'a>> {
        if let quote @ (b'"' | b'\'') = self.byte(0) {
            return self.quoted(quote);
        }
        let rest = &self.bytes[self.at..];
        let is_special = |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'/' | b'-' | b'_' | b'='));
        let (from, end) = (self.at, rest.iter().position(is_special)?);
        let text = self.text[self.at..self.at + end].trim_end_matches(' ');
        // Only letters and digits begin a scalar beyond doubt.
        if !text.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.')) {
            return None;
        }
        self.at += text.len();
        Some(Word { text, from, to: self.at, is_plain: true, is_key: false })
    }

    fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }
}
