//! Text → tokens: go-yaml v2's flavour of libyaml's scanner, with its limits and its words for what is wrong.
//!
//! Models go.yaml.in/yaml/v2 `scannerc.go`: indentation becomes block tokens, and a simple key is recognised only when its `:` comes.

mod characters;
mod directives;
mod scalars;

use std::borrow::Cow;
use std::collections::VecDeque;

use super::MAX_DEPTH;
use characters::is_word;

/// A place in the text, counted in all the ways that the scanner needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mark {
    /// Byte.
    pub at: usize,
    /// Character.
    pub index: usize,
    /// From 0.
    pub line: usize,
    /// In characters, from 0.
    pub column: usize,
}

/// What is kept of a place: where a token is, or what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub at: u32,
    pub line: u32,
}

impl From<Mark> for Place {
    fn from(mark: Mark) -> Self {
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self { at: short(mark.at), line: short(mark.line) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    Reader,
    Scanner,
    Parser,
}

/// What stopped the scanner or the parser.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub stage: Stage,
    pub text: &'static str,
    pub mark: Place,
    pub context: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    VersionDirective { major: u32, minor: u32 },
    TagDirective { handle: &'a str, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: &'a str, suffix: String },
    Scalar { text: Cow<'a, str>, plain: bool },
    StreamEnd,
}

#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    pub start: Place,
    pub end: Place,
}

#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    mark: Mark,
}

impl SimpleKey {
    /// Whether this place is too far away for the key's colon.
    fn is_past(&self, mark: Mark) -> bool {
        self.mark.line < mark.line || self.mark.index + 1024 < mark.index
    }
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    mark: Mark,
    tokens: VecDeque<Token<'a>>,
    tokens_parsed: usize,
    simple_key_allowed: bool,
    /// One for each flow level, the block context first.
    simple_keys: Vec<SimpleKey>,
    /// -1 outside of every collection.
    indent: isize,
    indents: Vec<isize>,
    ended: bool,
}

type Scanned<T> = Result<T, Box<Problem>>;

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut scanner = Self {
            text,
            bytes: text.as_bytes(),
            mark: Mark::default(),
            tokens: VecDeque::with_capacity(16),
            tokens_parsed: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            indent: -1,
            indents: Vec::with_capacity(16),
            ended: false,
        };
        if text.starts_with('\u{feff}') {
            scanner.mark.at = 3;
        }
        scanner
    }

    /// The next token, which stays.
    pub fn peek(&mut self) -> Scanned<&Token<'a>> {
        if !self.is_ready() {
            self.fetch_more()?;
        }
        Ok(&self.tokens[0])
    }

    /// Takes the token that was peeked at.
    pub fn next(&mut self) -> Token<'a> {
        self.tokens_parsed += 1;
        self.tokens.pop_front().expect("it was peeked at")
    }

    /// How many bytes were read, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.mark.at.min(self.bytes.len()), self.bytes.len())
    }

    fn fail<T>(&self, context: Mark, text: &'static str) -> Scanned<T> {
        Err(Box::new(Problem { stage: Stage::Scanner, text, mark: self.mark.into(), context: context.into() }))
    }

    /// Whether the first token is past all doubt: only keys are waited for.
    fn is_ready(&self) -> bool {
        let [key] = self.simple_keys.as_slice() else { return false };
        (!key.possible || key.token_number != self.tokens_parsed) && !self.tokens.is_empty()
    }

    fn fetch_more(&mut self) -> Scanned<()> {
        loop {
            if !self.tokens.is_empty() {
                // The first token may turn out to be a simple key, before which a KEY has to stand.
                let head = self.tokens_parsed;
                let Some(level) = self.simple_keys.iter().rposition(|k| k.possible && k.token_number == head) else { return Ok(()) };
                if !self.key_is_valid(level)? {
                    return Ok(());
                }
            }
            self.fetch_next()?;
        }
    }

    fn key_is_valid(&mut self, level: usize) -> Scanned<bool> {
        let key = &self.simple_keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.is_past(self.mark) {
            if key.required {
                return self.fail(key.mark, "could not find expected ':'");
            }
            self.simple_keys[level].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn flow_level(&self) -> usize {
        self.simple_keys.len() - 1
    }

    fn save_key(&mut self) -> Scanned<()> {
        if self.simple_key_allowed {
            let required = self.flow_level() == 0 && self.indent == self.mark.column as isize;
            self.remove_key()?;
            let key = SimpleKey { possible: true, required, token_number: self.tokens_parsed + self.tokens.len(), mark: self.mark };
            *self.simple_keys.last_mut().expect("the block context has one") = key;
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Scanned<()> {
        let key = self.simple_keys.last_mut().expect("the block context has one");
        if key.possible && key.required {
            let mark = key.mark;
            return self.fail(mark, "could not find expected ':'");
        }
        key.possible = false;
        Ok(())
    }

    fn push(&mut self, kind: Kind<'a>, start: Mark) {
        self.tokens.push_back(Token { kind, start: start.into(), end: self.mark.into() });
    }

    fn roll_indent(&mut self, mark: Mark, number: Option<usize>, kind: Kind<'a>) -> Scanned<()> {
        let column = mark.column as isize;
        if self.flow_level() > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            return self.fail(self.mark, "exceeded max depth of 10000");
        }
        let token = Token { kind, start: mark.into(), end: mark.into() };
        match number {
            Some(number) => self.tokens.insert(number - self.tokens_parsed, token),
            None => self.tokens.push_back(token),
        }
        Ok(())
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level() > 0 {
            return;
        }
        while self.indent > column {
            self.push(Kind::BlockEnd, self.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_next(&mut self) -> Scanned<()> {
        self.scan_to_next_token();
        self.unroll_indent(self.mark.column as isize);
        if self.at_end() {
            return self.fetch_stream_end();
        }
        let first = self.byte(0);
        let start = self.mark;
        if self.mark.column == 0 && first == b'%' {
            self.unroll_indent(-1);
            self.remove_key()?;
            self.simple_key_allowed = false;
            return self.scan_directive();
        }
        if self.at_document_indicator() {
            self.unroll_indent(-1);
            self.remove_key()?;
            self.simple_key_allowed = false;
            self.skip_ascii(3);
            self.push(if first == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd }, start);
            return Ok(());
        }
        let in_flow = self.flow_level() > 0;
        match first {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                self.skip();
                self.push(Kind::FlowEntry, start);
                Ok(())
            }
            b'-' if self.is_blank_or_end(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blank_or_end(1) => self.fetch_key(),
            b':' if in_flow || self.is_blank_or_end(1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(first == b'*'),
            b'!' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_tag()
            }
            b'|' | b'>' if !in_flow => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                self.scan_block_scalar(first == b'|')
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_quoted(first)?;
                self.fetch_near_value()
            }
            b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => self.fail(self.mark, "found character that cannot start any token"),
            b'?' | b':' if in_flow => self.fail(self.mark, "found character that cannot start any token"),
            _ => {
                self.save_key()?;
                self.simple_key_allowed = false;
                self.scan_plain()?;
                self.fetch_near_value()
            }
        }
    }

    fn scan_to_next_token(&mut self) {
        loop {
            self.skip_spaces();
            while self.byte(0) == b' ' || ((self.flow_level() > 0 || !self.simple_key_allowed) && self.byte(0) == b'\t') {
                self.skip_ascii(1);
            }
            if self.byte(0) == b'#' {
                self.skip_rest_of_line();
            }
            if !self.is_break() {
                return;
            }
            self.skip_line();
            if self.flow_level() == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn fetch_stream_end(&mut self) -> Scanned<()> {
        if !self.ended {
            if self.mark.column != 0 {
                self.mark.column = 0;
                self.mark.line += 1;
            }
            self.unroll_indent(-1);
            self.remove_key()?;
            self.simple_key_allowed = false;
            self.ended = true;
        }
        self.push(Kind::StreamEnd, self.mark);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Scanned<()> {
        self.save_key()?;
        self.simple_keys.push(SimpleKey::default());
        if self.simple_keys.len() + self.indents.len() > MAX_DEPTH {
            return self.fail(self.mark, "exceeded max depth of 10000");
        }
        self.simple_key_allowed = true;
        let start = self.mark;
        self.skip();
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Scanned<()> {
        self.remove_key()?;
        if self.simple_keys.len() > 1 {
            self.simple_keys.pop();
        }
        self.simple_key_allowed = false;
        let start = self.mark;
        self.skip();
        self.push(kind, start);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scanned<()> {
        if self.flow_level() == 0 {
            if !self.simple_key_allowed {
                return self.fail(self.mark, "block sequence entries are not allowed in this context");
            }
            self.roll_indent(self.mark, None, Kind::BlockSequenceStart)?;
        }
        self.remove_key()?;
        self.simple_key_allowed = true;
        let start = self.mark;
        self.skip();
        self.push(Kind::BlockEntry, start);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scanned<()> {
        if self.flow_level() == 0 {
            if !self.simple_key_allowed {
                return self.fail(self.mark, "mapping keys are not allowed in this context");
            }
            self.roll_indent(self.mark, None, Kind::BlockMappingStart)?;
        }
        self.remove_key()?;
        self.simple_key_allowed = self.flow_level() == 0;
        let start = self.mark;
        self.skip();
        self.push(Kind::Key, start);
        Ok(())
    }

    /// The colon right behind a key, where it mostly stands: nothing that comes between has to be looked for.
    fn fetch_near_value(&mut self) -> Scanned<()> {
        let (level, scalar) = (self.flow_level(), self.tokens_parsed + self.tokens.len() - 1);
        let key = &self.simple_keys[level];
        let is_key = key.possible && key.token_number == scalar && !key.is_past(self.mark);
        if is_key && self.byte(0) == b':' && (level > 0 || self.is_blank_or_end(1)) { self.fetch_value() } else { Ok(()) }
    }

    fn fetch_value(&mut self) -> Scanned<()> {
        let level = self.flow_level();
        if self.key_is_valid(level)? {
            let key = self.simple_keys[level];
            self.tokens.insert(key.token_number - self.tokens_parsed, Token { kind: Kind::Key, start: key.mark.into(), end: key.mark.into() });
            self.roll_indent(key.mark, Some(key.token_number), Kind::BlockMappingStart)?;
            self.simple_keys[level].possible = false;
            self.simple_key_allowed = false;
        } else {
            if level == 0 {
                if !self.simple_key_allowed {
                    return self.fail(self.mark, "mapping values are not allowed in this context");
                }
                self.roll_indent(self.mark, None, Kind::BlockMappingStart)?;
            }
            self.simple_key_allowed = level == 0;
        }
        let start = self.mark;
        self.skip();
        self.push(Kind::Value, start);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Scanned<()> {
        self.save_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        self.skip();
        let from = self.mark.at;
        while is_word(self.byte(0)) {
            self.skip();
        }
        let name = &self.text[from..self.mark.at];
        let ends = self.is_blank_or_end(0) || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return self.fail(start, "did not find expected alphabetic or numeric character");
        }
        self.push(if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start);
        Ok(())
    }
}
