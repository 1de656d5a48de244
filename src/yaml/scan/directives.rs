//! Directives and tags: `%YAML`, `%TAG`, `!!str`, `!<…>`.

use super::characters::is_word;
use super::{Kind, Mark, Scanned, Scanner};

impl<'a> Scanner<'a> {
    pub(super) fn scan_directive(&mut self) -> Scanned<()> {
        let start = self.mark;
        self.skip();
        let from = self.mark.at;
        while is_word(self.byte(0)) {
            self.skip();
        }
        let name = &self.text[from..self.mark.at];
        if name.is_empty() {
            return self.fail(start, "could not find expected directive name");
        }
        if !self.is_blank_or_end(0) {
            return self.fail(start, "found unexpected non-alphabetical character");
        }
        let kind = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.scan_version_number(start)?;
                if self.byte(0) != b'.' {
                    return self.fail(start, "did not find expected digit or '.' character");
                }
                self.skip();
                let minor = self.scan_version_number(start)?;
                Kind::VersionDirective { major, minor }
            }
            "TAG" => {
                self.skip_blanks();
                let handle = self.scan_tag_handle(true, start)?;
                if !self.is_blank(0) {
                    return self.fail(start, "did not find expected whitespace");
                }
                self.skip_blanks();
                let prefix = self.scan_tag_uri("", start)?;
                if !self.is_blank_or_end(0) {
                    return self.fail(start, "did not find expected whitespace or line break");
                }
                Kind::TagDirective { handle, prefix }
            }
            _ => return self.fail(start, "found unknown directive name"),
        };
        self.push(kind, start);
        self.skip_blanks();
        self.finish_line(start)
    }

    /// A comment and the line's end, where nothing else may stand.
    pub(super) fn finish_line(&mut self, context: Mark) -> Scanned<()> {
        if self.byte(0) == b'#' {
            self.skip_rest_of_line();
        }
        if !self.is_break_or_end(0) {
            return self.fail(context, "did not find expected comment or line break");
        }
        if self.is_break() {
            self.skip_line();
        }
        Ok(())
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    fn scan_version_number(&mut self, start: Mark) -> Scanned<u32> {
        let from = self.mark.at;
        while self.byte(0).is_ascii_digit() {
            if self.mark.at - from >= 9 {
                return self.fail(start, "found extremely long version number");
            }
            self.skip();
        }
        match self.text[from..self.mark.at].parse() {
            Ok(number) => Ok(number),
            Err(_) => self.fail(start, "did not find expected version number"),
        }
    }

    fn scan_tag_handle(&mut self, directive: bool, start: Mark) -> Scanned<&'a str> {
        if self.byte(0) != b'!' {
            return self.fail(start, "did not find expected '!'");
        }
        let from = self.mark.at;
        self.skip();
        while is_word(self.byte(0)) {
            self.skip();
        }
        if self.byte(0) == b'!' {
            self.skip();
        } else if directive && self.mark.at - from != 1 {
            return self.fail(start, "did not find expected '!'");
        }
        Ok(&self.text[from..self.mark.at])
    }

    fn scan_tag_uri(&mut self, head: &str, start: Mark) -> Scanned<String> {
        let mut uri = head.get(1..).unwrap_or_default().to_owned();
        while is_word(self.byte(0)) || b";/?:@&=+$.!~*'()%,[]".contains(&self.byte(0)) {
            if self.byte(0) == b'%' {
                let code = self.text.get(self.mark.at + 1..self.mark.at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                match code.filter(u8::is_ascii) {
                    Some(code) => uri.push(char::from(code)),
                    None => return self.fail(start, "did not find URI escaped octet"),
                }
                self.skip_ascii(3);
            } else {
                uri.push(char::from(self.byte(0)));
                self.skip();
            }
        }
        if head.is_empty() && uri.is_empty() {
            return self.fail(start, "did not find expected tag URI");
        }
        Ok(uri)
    }

    pub(super) fn scan_tag(&mut self) -> Scanned<()> {
        let start = self.mark;
        let kind = if self.byte(1) == b'<' {
            self.skip_ascii(2);
            let suffix = self.scan_tag_uri("", start)?;
            if self.byte(0) != b'>' {
                return self.fail(start, "did not find the expected '>'");
            }
            self.skip();
            Kind::Tag { handle: "", suffix }
        } else {
            let handle = self.scan_tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                Kind::Tag { handle, suffix: self.scan_tag_uri("", start)? }
            } else {
                let suffix = self.scan_tag_uri(handle, start)?;
                // A lone "!" is a tag without a handle.
                if suffix.is_empty() { Kind::Tag { handle: "", suffix: "!".into() } } else { Kind::Tag { handle: "!", suffix } }
            }
        };
        if !self.is_blank_or_end(0) {
            return self.fail(start, "did not find expected whitespace or line break");
        }
        self.push(kind, start);
        Ok(())
    }
}
