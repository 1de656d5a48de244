//! Terminal text with colour codes → pieces with a class each. Other control sequences are dropped.

/// A piece of text and the names of its style sheet classes, separated by blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub class: String,
    pub text: String,
}

#[derive(Default, Clone, PartialEq, Eq)]
struct Style {
    bold: bool,
    dim: bool,
    colour: Option<&'static str>,
}

impl Style {
    fn class(&self) -> String {
        let parts = [self.bold.then_some("bold"), self.dim.then_some("dim"), self.colour];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Select Graphic Rendition, as far as programs in a learner's terminal use it.
    fn select(&mut self, codes: &str) {
        const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
        for code in codes.split(';') {
            match code.parse::<usize>().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                22 => (self.bold, self.dim) = (false, false),
                39 => self.colour = None,
                n @ (30..=37 | 90..=97) => self.colour = Some(COLOURS[n % 10]),
                _ => {}
            }
        }
    }
}

pub fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut style = Style::default();
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                let mut codes = String::new();
                // `ESC [ … letter`; anything else after ESC is one character.
                if chars.next() == Some('[') {
                    let end = chars.by_ref().find(|c| {
                        let ends = c.is_ascii_alphabetic();
                        if !ends {
                            codes.push(*c);
                        }
                        ends
                    });
                    if end == Some('m') {
                        flush(&mut out, &mut plain, &style);
                        style.select(&codes);
                    }
                }
            }
            '\r' => {}
            c => plain.push(c),
        }
    }
    flush(&mut out, &mut plain, &style);
    out
}

fn flush(out: &mut Vec<Piece>, plain: &mut String, style: &Style) {
    if !plain.is_empty() {
        out.push(Piece { class: style.class(), text: std::mem::take(plain) });
    }
}
