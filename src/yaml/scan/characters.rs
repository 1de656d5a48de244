//! The scanner's place in the text: what stands there, and going on.

use super::Scanner;

impl<'a> Scanner<'a> {
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.mark.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn at_end(&self) -> bool {
        self.mark.at >= self.bytes.len()
    }

    /// Length in bytes of the line break that stands `ahead` bytes from here; 0 where none does.
    pub(super) fn break_len(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\r' if self.byte(ahead + 1) == b'\n' => 2,
            b'\r' | b'\n' => 1,
            0xc2 if self.byte(ahead + 1) == 0x85 => 2,
            0xe2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub(super) fn is_break(&self) -> bool {
        self.break_len(0) > 0
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.mark.at + ahead >= self.bytes.len() || self.break_len(ahead) > 0
    }

    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    pub(super) fn char_len(&self) -> usize {
        match self.byte(0) {
            0..=0x7f => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        }
    }

    pub(super) fn skip(&mut self) {
        self.mark.at += self.char_len();
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Skips characters that mean nothing of their own, up to the first that might.
    pub(super) fn skip_ordinary(&mut self) {
        let rest = &self.bytes[self.mark.at.min(self.bytes.len())..];
        self.skip_ascii(rest.iter().position(|byte| !ORDINARY[usize::from(*byte)]).unwrap_or(rest.len()));
    }

    pub(super) fn skip_spaces(&mut self) {
        let rest = &self.bytes[self.mark.at.min(self.bytes.len())..];
        self.skip_ascii(rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len()));
    }

    /// Skips a comment or what else reaches to the line's end.
    pub(super) fn skip_rest_of_line(&mut self) {
        loop {
            self.skip_ordinary();
            if self.is_break_or_end(0) {
                return;
            }
            self.skip();
        }
    }

    /// Skips so many ASCII characters.
    pub(super) fn skip_ascii(&mut self, count: usize) {
        self.mark.at += count;
        self.mark.index += count;
        self.mark.column += count;
    }

    pub(super) fn skip_line(&mut self) {
        let len = self.break_len(0);
        self.mark.at += len;
        self.mark.index += if self.bytes[self.mark.at - len] == b'\r' { len } else { 1 };
        self.mark.column = 0;
        self.mark.line += 1;
    }

    /// Skips a line break and says what it stands for in a scalar.
    pub(super) fn read_line(&mut self) -> &'a str {
        let start = self.mark.at;
        self.skip_line();
        if self.bytes[start] == 0xe2 { &self.text[start..self.mark.at] } else { "\n" }
    }

    pub(super) fn at_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!(&self.bytes[self.mark.at.min(self.bytes.len())..], [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..])
            && self.is_blank_or_end(3)
    }
}

/// ASCII characters that never end a scalar, escape in it or count for more than themselves.
static ORDINARY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = !matches!(byte as u8, b':' | b',' | b'[' | b']' | b'{' | b'}' | b'?' | b'\'' | b'"' | b'\\');
        byte += 1;
    }
    table
};

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
