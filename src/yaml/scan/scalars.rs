//! Scalars: plain, quoted, and block (`|`, `>`).

use std::borrow::Cow;

use super::{Kind, Mark, Scanned, Scanner, Token};

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scanned<()> {
        let start = self.mark;
        self.skip();
        let (mut chomping, mut increment) = (0i8, 0isize);
        for _ in 0..2 {
            match self.byte(0) {
                b'+' if chomping == 0 => chomping = 1,
                b'-' if chomping == 0 => chomping = -1,
                b'0' if increment == 0 => return self.fail(start, "found an indentation indicator equal to 0"),
                digit @ b'1'..=b'9' if increment == 0 => increment = isize::from(digit - b'0'),
                _ => break,
            }
            self.skip();
        }
        self.skip_blanks();
        self.finish_line(start)?;
        let mut end = self.mark;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let mut text = String::new();
        let mut leading_break = "";
        let mut trailing_breaks = String::new();
        self.scan_block_breaks(&mut indent, &mut trailing_breaks, start, &mut end)?;
        let mut leading_blank = false;
        while self.mark.column as isize == indent && !self.at_end() {
            let trailing_blank = self.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && leading_break == "\n" {
                if trailing_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(leading_break);
            }
            text.push_str(&trailing_breaks);
            trailing_breaks.clear();
            leading_blank = self.is_blank(0);
            let from = self.mark.at;
            self.skip_rest_of_line();
            text.push_str(&self.text[from..self.mark.at]);
            end = self.mark;
            leading_break = if self.is_break() { self.read_line() } else { "" };
            self.scan_block_breaks(&mut indent, &mut trailing_breaks, start, &mut end)?;
        }
        if chomping != -1 {
            text.push_str(leading_break);
        }
        if chomping == 1 {
            text.push_str(&trailing_breaks);
        }
        self.tokens.push_back(Token { kind: Kind::Scalar { text: Cow::Owned(text), plain: false }, start: start.into(), end: end.into() });
        Ok(())
    }

    fn scan_block_breaks(&mut self, indent: &mut isize, breaks: &mut String, start: Mark, end: &mut Mark) -> Scanned<()> {
        let mut most = 0;
        loop {
            while (*indent == 0 || (self.mark.column as isize) < *indent) && self.byte(0) == b' ' {
                self.skip();
            }
            most = most.max(self.mark.column as isize);
            if (*indent == 0 || (self.mark.column as isize) < *indent) && self.byte(0) == b'\t' {
                return self.fail(start, "found a tab character where an indentation space is expected");
            }
            if !self.is_break() {
                break;
            }
            breaks.push_str(self.read_line());
            *end = self.mark;
        }
        if *indent == 0 {
            *indent = most.max(self.indent + 1).max(1);
        }
        Ok(())
    }

    pub(super) fn scan_quoted(&mut self, quote: u8) -> Scanned<()> {
        let start = self.mark;
        self.skip();
        let from = self.mark.at;
        // Most scalars are a slice of the text; this string comes into being with the first escape or line break.
        let mut owned: Option<String> = None;
        loop {
            if self.at_document_indicator() {
                return self.fail(start, "found unexpected document indicator");
            }
            if self.at_end() {
                return self.fail(start, "found unexpected end of stream");
            }
            let mut leading_blanks = false;
            loop {
                let at = self.mark.at;
                self.skip_ordinary();
                if let Some(text) = &mut owned {
                    text.push_str(&self.text[at..self.mark.at]);
                }
                if self.is_blank_or_end(0) {
                    break;
                }
                let c = self.byte(0);
                if c == b'\'' && quote == b'\'' && self.byte(1) == b'\'' {
                    owned.get_or_insert_with(|| self.text[from..self.mark.at].to_owned()).push('\'');
                    self.skip_ascii(2);
                } else if c == quote {
                    break;
                } else if quote == b'"' && c == b'\\' {
                    let text = owned.get_or_insert_with(|| self.text[from..self.mark.at].to_owned());
                    if self.break_len(1) > 0 {
                        self.skip();
                        self.skip_line();
                        leading_blanks = true;
                        break;
                    }
                    let escaped = std::mem::take(text);
                    owned = Some(self.scan_escape(escaped, start)?);
                } else {
                    let at = self.mark.at;
                    self.skip();
                    if let Some(text) = &mut owned {
                        text.push_str(&self.text[at..self.mark.at]);
                    }
                }
            }
            if self.byte(0) == quote && !leading_blanks && !self.at_end() {
                break;
            }
            let blanks_from = self.mark.at;
            let (mut blanks, mut leading_break, mut trailing) = (blanks_from..blanks_from, "", String::new());
            while self.is_blank(0) || self.is_break() {
                if self.is_blank(0) {
                    self.skip();
                    if !leading_blanks {
                        blanks.end = self.mark.at;
                    }
                } else {
                    let text = owned.get_or_insert_with(|| self.text[from..blanks_from].to_owned());
                    debug_assert!(text.len() <= self.text.len());
                    if leading_blanks {
                        trailing.push_str(self.read_line());
                    } else {
                        blanks = blanks_from..blanks_from;
                        leading_break = self.read_line();
                        leading_blanks = true;
                    }
                }
            }
            if let Some(text) = &mut owned {
                if !leading_blanks {
                    text.push_str(&self.text[blanks]);
                } else if leading_break == "\n" {
                    text.push_str(if trailing.is_empty() { " " } else { &trailing });
                } else {
                    text.push_str(leading_break);
                    text.push_str(&trailing);
                }
            }
        }
        let text = owned.map_or_else(|| Cow::Borrowed(&self.text[from..self.mark.at]), Cow::Owned);
        self.skip();
        self.push(Kind::Scalar { text, plain: false }, start);
        Ok(())
    }

    fn scan_escape(&mut self, mut text: String, start: Mark) -> Scanned<String> {
        let digits = match self.byte(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            simple => {
                text.push(match simple {
                    b'0' => '\0',
                    b'a' => '\x07',
                    b'b' => '\x08',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\x0b',
                    b'f' => '\x0c',
                    b'r' => '\r',
                    b'e' => '\x1b',
                    b' ' => ' ',
                    b'"' => '"',
                    b'\'' => '\'',
                    b'\\' => '\\',
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return self.fail(start, "found unknown escape character"),
                });
                self.skip_ascii(2);
                return Ok(text);
            }
        };
        self.skip_ascii(2);
        let mut code = 0u32;
        for ahead in 0..digits {
            match char::from(self.byte(ahead)).to_digit(16) {
                Some(digit) => code = code.wrapping_mul(16).wrapping_add(digit),
                None => return self.fail(start, "did not find expected hexdecimal number"),
            }
        }
        match char::from_u32(code) {
            Some(c) => text.push(c),
            None => return self.fail(start, "found invalid Unicode character escape code"),
        }
        self.skip_ascii(digits);
        Ok(text)
    }

    pub(super) fn scan_plain(&mut self) -> Scanned<()> {
        let start = self.mark;
        let mut end = start;
        let in_flow = self.flow_level() > 0;
        let least = self.indent + 1;
        let mut owned: Option<String> = None;
        let mut leading_blanks = false;
        let (mut leading_break, mut trailing) = ("", String::new());
        loop {
            if self.at_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            let from = self.mark.at;
            loop {
                self.skip_ordinary();
                if self.is_blank_or_end(0) {
                    break;
                }
                let c = self.byte(0);
                if (c == b':' && self.is_blank_or_end(1)) || (in_flow && matches!(c, b',' | b'?' | b'[' | b']' | b'{' | b'}')) {
                    break;
                }
                self.skip();
            }
            if self.mark.at > from {
                if leading_blanks {
                    let text = owned.get_or_insert_with(|| self.text[start.at..end.at].to_owned());
                    if leading_break == "\n" {
                        text.push_str(if trailing.is_empty() { " " } else { &trailing });
                    } else {
                        text.push_str(leading_break);
                        text.push_str(&trailing);
                    }
                    text.push_str(&self.text[from..self.mark.at]);
                    trailing.clear();
                    leading_blanks = false;
                } else if let Some(text) = &mut owned {
                    text.push_str(&self.text[end.at..self.mark.at]);
                }
                end = self.mark;
            }
            if !(self.is_blank(0) || self.is_break()) {
                break;
            }
            while self.is_blank(0) || self.is_break() {
                if self.is_blank(0) {
                    if leading_blanks && (self.mark.column as isize) < least && self.byte(0) == b'\t' {
                        return self.fail(start, "found a tab character that violates indentation");
                    }
                    self.skip_ascii(1);
                    self.skip_spaces();
                } else if leading_blanks {
                    trailing.push_str(self.read_line());
                } else {
                    leading_break = self.read_line();
                    leading_blanks = true;
                }
            }
            if !in_flow && (self.mark.column as isize) < least {
                break;
            }
        }
        let text = owned.map_or_else(|| Cow::Borrowed(&self.text[start.at..end.at]), Cow::Owned);
        self.tokens.push_back(Token { kind: Kind::Scalar { text, plain: true }, start: start.into(), end: end.into() });
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(())
    }
}
