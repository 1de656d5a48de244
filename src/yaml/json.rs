//! JSON text → the same tree, with the errors of Go's `encoding/json`.

use super::{Content, Entry, MAX_DEPTH, Node};
use crate::api::{Value, float};
use crate::text::Span;

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// `invalid character '}' looking for beginning of value`, or `unexpected EOF`.
    pub message: String,
    /// The byte at which reading stopped.
    pub at: usize,
}

/// Reads the JSON value that stands at or after byte `at`; gives it and the byte after it. `None` where only blanks are left.
pub fn read_json(text: &str, at: usize) -> Result<Option<(Node, usize)>, JsonError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at, depth: 0 };
    reader.skip_blanks();
    if reader.at >= reader.bytes.len() {
        return Ok(None);
    }
    let node = reader.value()?;
    Ok(Some((node, reader.at)))
}

/// The value of a text that is one JSON value and nothing else.
pub fn json_value(text: &str) -> Option<Value> {
    let (node, end) = read_json(text, 0).ok()??;
    text[end..].trim_ascii().is_empty().then(|| node.to_value())
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, why: &str) -> Result<T, JsonError> {
        let message = match self.bytes.get(self.at) {
            None => "unexpected EOF".to_owned(),
            Some(byte) => format!("invalid character {} {why}", quote_byte(*byte)),
        };
        Err(JsonError { message, at: self.at })
    }

    fn value(&mut self) -> Result<Node, JsonError> {
        self.skip_blanks();
        let start = self.at;
        let content = match self.bytes.get(self.at) {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Content::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true", Content::Bool(true))?,
            Some(b'f') => self.literal("false", Content::Bool(false))?,
            Some(b'n') => self.literal("null", Content::Null)?,
            _ => return self.fail("looking for beginning of value"),
        };
        Ok(Node { span: Span::new(start, self.at), content, flow: true })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Content, JsonError>) -> Result<Content, JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(JsonError { message: "exceeded max depth".into(), at: self.at });
        }
        let content = read(self)?;
        self.depth -= 1;
        Ok(content)
    }

    fn object(&mut self) -> Result<Content, JsonError> {
        self.at += 1;
        let mut entries = Vec::new();
        self.skip_blanks();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Content::Mapping(entries));
        }
        loop {
            self.skip_blanks();
            let start = self.at;
            if self.bytes.get(self.at) != Some(&b'"') {
                return self.fail("looking for beginning of object key string");
            }
            let key = self.string()?;
            let key_span = Span::new(start, self.at);
            self.skip_blanks();
            if self.bytes.get(self.at) != Some(&b':') {
                return self.fail("after object key");
            }
            self.at += 1;
            let value = self.value()?;
            entries.push(Entry { key, key_span, value });
            self.skip_blanks();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Content::Mapping(entries));
                }
                _ => return self.fail("after object key:value pair"),
            }
        }
    }

    fn array(&mut self) -> Result<Content, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_blanks();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Content::Sequence(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blanks();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Content::Sequence(items));
                }
                _ => return self.fail("after array element"),
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    match self.bytes.get(self.at) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
                        Some(b'u') => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.bytes.get(self.at).is_some_and(u8::is_ascii_hexdigit) {
                                    return self.fail("in \\u hexadecimal character escape");
                                }
                                self.at += 1;
                            }
                        }
                        _ => return self.fail("in string escape code"),
                    }
                }
                Some(0..=0x1f) | None => return self.fail("in string literal"),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let raw = &self.text[start..self.at];
        if !raw.contains('\\') {
            return Ok(raw[1..raw.len() - 1].to_owned());
        }
        Ok(unescaped(&raw[1..raw.len() - 1]))
    }

    fn number(&mut self) -> Result<Content, JsonError> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.bytes.get(reader.at).is_some_and(u8::is_ascii_digit) {
                reader.at += 1;
            }
            reader.at > from
        };
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else if !digits(self) {
            return self.fail("in numeric literal");
        }
        let mut whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            whole = false;
            self.at += 1;
            if !digits(self) {
                return self.fail("after decimal point in numeric literal");
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !digits(self) {
                return self.fail("in exponent of numeric literal");
            }
        }
        let text = &self.text[start..self.at];
        if whole && let Ok(int) = text.parse() {
            return Ok(Content::Int(int));
        }
        Ok(Content::Float(float::read(text).unwrap_or(f64::MAX)))
    }

    fn literal(&mut self, word: &str, content: Content) -> Result<Content, JsonError> {
        for expected in word.bytes() {
            if self.bytes.get(self.at) != Some(&expected) {
                return self.fail(&format!("in literal {word} (expecting '{}')", char::from(expected)));
            }
            self.at += 1;
        }
        Ok(content)
    }
}

/// A byte as Go's decoder quotes it.
fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".into(),
        b'"' => "'\"'".into(),
        _ => {
            let quoted = super::go_quote(&char::from(byte).to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}
/// What a string with sound escapes means; a surrogate without its half is U+FFFD, as in Go.
fn unescaped(raw: &str) -> String {
    let unit = |rest: &str| rest.strip_prefix("\\u").and_then(|digits| u16::from_str_radix(digits.get(..4)?, 16).ok());
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(first) = unit(rest) else {
            out.push(match rest.as_bytes().get(1) {
                Some(b'b') => '\x08',
                Some(b'f') => '\x0c',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(other) => char::from(*other),
                None => break,
            });
            rest = &rest[2..];
            continue;
        };
        rest = &rest[6..];
        let pair = unit(rest).and_then(|second| char::decode_utf16([first, second]).next()?.ok()).filter(|c| c.len_utf16() == 2);
        if pair.is_some() {
            rest = &rest[6..];
        }
        out.push(pair.or_else(|| char::from_u32(first.into())).unwrap_or('\u{fffd}'));
    }
    out.push_str(rest);
    out
}
