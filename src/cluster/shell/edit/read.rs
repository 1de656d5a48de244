//! A script of `sed` → its commands.

use super::{Address, Command, What};
use crate::cluster::shell::regex::Regex;

pub struct Reader {
    pub text: Vec<char>,
    pub at: usize,
    pub extended: bool,
}

impl Reader {
    /// Passes over these characters; false at the end.
    pub fn skip(&mut self, what: &str) -> bool {
        while self.text.get(self.at).is_some_and(|c| what.contains(*c)) {
            self.at += 1;
        }
        self.at < self.text.len()
    }

    /// Up to the mark, which is passed; `\` before the mark is dropped.
    fn until(&mut self, mark: char) -> Result<String, String> {
        let mut out = String::new();
        while let Some(&c) = self.text.get(self.at) {
            self.at += 1;
            match (c, self.text.get(self.at)) {
                (c, _) if c == mark => return Ok(out),
                ('\\', Some(&next)) => {
                    self.at += 1;
                    if next != mark {
                        out.push('\\');
                    }
                    out.push(next);
                }
                (c, _) => out.push(c),
            }
        }
        Err("unmatched '/'".replace('/', &mark.to_string()))
    }

    /// The text up to the end of the line, which is passed.
    pub fn rest_of_line(&mut self) -> String {
        let text: String = self.text[self.at..].iter().take_while(|c| **c != '\n').collect();
        self.at += text.chars().count();
        text
    }

    fn digits(&mut self) -> usize {
        let mut number = 0usize;
        while let Some(digit) = self.text.get(self.at).and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        number
    }

    /// The text behind `a`, `i`, `c`: lines that end in `\\` go on in the next.
    fn block(&mut self) -> String {
        self.skip(" \t");
        if self.text.get(self.at) == Some(&'\\') {
            // Blanks behind it are part of the text, unless nothing else follows.
            self.at += 1;
            let behind = self.at;
            self.skip(" \t");
            self.at = if self.text.get(self.at) == Some(&'\n') { self.at + 1 } else { behind };
        }
        let mut out = String::new();
        while let Some(&c) = self.text.get(self.at).filter(|c| **c != '\n') {
            self.at += 1;
            match (c, self.text.get(self.at)) {
                ('\\', Some(&next)) => {
                    self.at += 1;
                    out.push(if next == 't' { '\t' } else { next });
                }
                _ => out.push(c),
            }
        }
        out
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.text.get(self.at) {
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some('/' | '\\') => {
                let custom = self.text[self.at] == '\\';
                self.at += 1 + usize::from(custom);
                let mark = self.text.get(self.at - 1).copied().unwrap_or('/');
                let pattern = self.until(mark)?;
                let folds = self.text.get(self.at) == Some(&'I');
                self.at += usize::from(folds);
                Ok(Some(Address::Pattern(Regex::new(&pattern, self.extended, folds))))
            }
            Some('+') => {
                self.at += 1;
                Ok(Some(Address::More(self.digits())))
            }
            Some(c) if c.is_ascii_digit() => Ok(Some(Address::Line(self.digits()))),
            _ => Ok(None),
        }
    }

    /// A label: to the end of the line, or (where one is jumped to) of the command.
    fn label(&mut self, whole: bool) -> String {
        let ends = |c: &char| *c == '\n' || *c == ';' || !whole && *c == '}';
        let label: String = self.text[self.at..].iter().take_while(|c| !ends(c)).collect();
        self.at += label.chars().count();
        label.trim().to_owned()
    }

    pub fn command(&mut self) -> Result<Command, String> {
        let from = self.address()?;
        let mut to = None;
        if self.text.get(self.at) == Some(&',') {
            self.at += 1;
            self.skip(" ");
            to = Some(self.address()?.ok_or("no address after comma")?);
        }
        self.skip(" ");
        let not = self.text.get(self.at) == Some(&'!');
        self.at += usize::from(not);
        let letter = self.text.get(self.at).copied().ok_or("missing command")?;
        self.at += 1;
        let what = match letter {
            'p' => What::Print,
            'd' => What::Delete,
            'q' => What::Quit,
            'P' => What::PrintFirst,
            'D' => What::DeleteFirst,
            'h' | 'H' => What::Hold(letter == 'H'),
            'g' | 'G' => What::Get(letter == 'G'),
            'x' => What::Exchange,
            'n' | 'N' => What::Next(letter == 'N'),
            '{' => What::Begin(0),
            '}' => What::End,
            ':' => {
                self.skip(" ");
                What::Label(self.label(true))
            }
            'b' | 't' | 'T' => {
                self.skip(" ");
                What::Branch(self.label(false), (letter != 'b').then_some(letter == 't'))
            }
            '=' => What::Number,
            's' | 'y' => {
                let mark = self.text.get(self.at).copied().ok_or("bad format in substitution expression")?;
                self.at += 1;
                let (first, second) = (self.until(mark)?, self.until(mark)?);
                if letter == 'y' {
                    What::Translate(first.chars().collect(), second.chars().collect())
                } else {
                    let (mut global, mut print, mut fold, mut nth) = (false, false, false, 1);
                    while let Some(&flag) = self.text.get(self.at) {
                        match flag {
                            'g' => global = true,
                            'p' => print = true,
                            'i' | 'I' => fold = true,
                            '1'..='9' => nth = flag as usize - '0' as usize,
                            ';' | '}' | '\n' | ' ' | '\t' | '#' => break,
                            _ => return Err("bad option in substitution expression".into()),
                        }
                        self.at += 1;
                    }
                    What::Substitute { regex: Regex::new(&first, self.extended, fold), with: second, global, print, nth }
                }
            }
            'a' | 'i' | 'c' => {
                let text = self.block();
                match letter {
                    'a' => What::Append(text),
                    'i' => What::Insert(text),
                    _ => What::Change(text),
                }
            }
            other => return Err(format!("unsupported command {other}")),
        };
        Ok(Command { from, to, not, what, active: false, until: 0 })
    }
}
