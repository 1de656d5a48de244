//! `sed`: addresses, `s`, `p`, `d`, `q`, `y`, `=`, `a`, `i`, `c`, several commands split by `;` or given with `-e`.

use super::regex::Regex;

enum Address {
    Line(usize),
    Last,
    Pattern(Regex),
}

struct Command {
    from: Option<Address>,
    to: Option<Address>,
    not: bool,
    what: What,
    /// Inside of a range just now.
    active: bool,
}

enum What {
    Substitute { regex: Regex, with: String, global: bool, print: bool, nth: usize },
    Print,
    Delete,
    Quit,
    Number,
    Translate(Vec<char>, Vec<char>),
    Append(String),
    Insert(String),
    Change(String),
}

/// A script that was read.
pub struct Script {
    commands: Vec<Command>,
    quiet: bool,
}

impl Script {
    /// Reads a script; the error is what `sed` says.
    pub fn new(text: &str, extended: bool, quiet: bool) -> Result<Self, String> {
        let mut reader = Reader { text: text.chars().collect(), at: 0, extended };
        let mut commands = Vec::new();
        while reader.skip(" \t\n;") {
            commands.push(reader.command()?);
        }
        Ok(Self { commands, quiet })
    }

    /// Whether a line means the same without those before and behind it.
    pub fn is_linewise(&self) -> bool {
        self.commands
            .iter()
            .all(|c| !matches!(c.from, Some(Address::Line(_) | Address::Last)) && c.to.is_none() && !matches!(c.what, What::Quit | What::Number))
    }

    pub fn run(&mut self, text: &str) -> String {
        let mut out = String::new();
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let (number, last) = (index + 1, index + 1 == lines.len());
            let mut line = (*line).to_owned();
            let (mut shown, mut quits, mut behind) = (!self.quiet, false, String::new());
            for command in &mut self.commands {
                if !command.applies(&line, number, last) {
                    continue;
                }
                match &command.what {
                    What::Substitute { regex, with, global, print, nth } => {
                        if let Some(new) = substitute(regex, &line, with, *global, *nth) {
                            line = new;
                            if *print {
                                out.push_str(&format!("{line}\n"));
                            }
                        }
                    }
                    What::Print => out.push_str(&format!("{line}\n")),
                    What::Number => out.push_str(&format!("{number}\n")),
                    What::Insert(text) => out.push_str(&format!("{text}\n")),
                    What::Append(text) => behind.push_str(&format!("{text}\n")),
                    What::Translate(from, to) => {
                        line = line.chars().map(|c| from.iter().position(|f| *f == c).and_then(|i| to.get(i)).copied().unwrap_or(c)).collect();
                    }
                    What::Change(text) => {
                        out.push_str(&format!("{text}\n"));
                        shown = false;
                        break;
                    }
                    What::Delete => {
                        shown = false;
                        break;
                    }
                    What::Quit => {
                        quits = true;
                        break;
                    }
                }
            }
            if shown {
                out.push_str(&line);
                if !last || text.ends_with('\n') || !behind.is_empty() {
                    out.push('\n');
                }
            }
            out.push_str(&behind);
            if quits {
                break;
            }
        }
        out
    }
}

impl Command {
    fn applies(&mut self, line: &str, number: usize, last: bool) -> bool {
        let fits = |address: &Address| match address {
            Address::Line(n) => *n == number,
            Address::Last => last,
            Address::Pattern(regex) => regex.is_match(line),
        };
        let inside = match (&self.from, &self.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(_), Some(to)) if self.active => {
                self.active = !(fits(to) || matches!(to, Address::Line(n) if *n <= number));
                !matches!(to, Address::Line(n) if *n < number)
            }
            (Some(from), Some(to)) => {
                let begins = fits(from);
                self.active = begins && !matches!(to, Address::Line(n) if *n <= number);
                begins
            }
        };
        inside != self.not
    }
}

/// The line with what was found replaced; `None` where nothing was found.
fn substitute(regex: &Regex, line: &str, with: &str, global: bool, nth: usize) -> Option<String> {
    let (text, searched): (Vec<char>, Vec<char>) = (line.chars().collect(), regex.characters(line));
    let mut out = String::new();
    let (mut at, mut count) = (0, 0);
    let mut changed = false;
    while let Some(found) = regex.find(&searched, at).filter(|f| f.end <= text.len()) {
        count += 1;
        out.extend(&text[at..found.start]);
        if count < nth {
            out.extend(&text[found.start..found.end]);
        } else {
            changed = true;
            let mut characters = with.chars();
            while let Some(c) = characters.next() {
                match c {
                    '&' => out.extend(&text[found.start..found.end]),
                    '\\' => match characters.next() {
                        Some('n') => out.push('\n'),
                        Some('t') => out.push('\t'),
                        Some(digit @ '0'..='9') => {
                            let group = if digit == '0' { Some((found.start, found.end)) } else { found.groups[digit as usize - '0' as usize] };
                            if let Some((from, to)) = group {
                                out.extend(&text[from..to]);
                            }
                        }
                        Some(other) => out.push(other),
                        None => {}
                    },
                    other => out.push(other),
                }
            }
        }
        at = found.end;
        if found.end == found.start {
            match text.get(at) {
                Some(c) => out.push(*c),
                None => {
                    at += 1;
                    break;
                }
            }
            at += 1;
        }
        if changed && !global || at > text.len() {
            break;
        }
    }
    out.extend(text.get(at..).unwrap_or_default());
    changed.then_some(out)
}

struct Reader {
    text: Vec<char>,
    at: usize,
    extended: bool,
}

impl Reader {
    /// Passes over these characters; false at the end.
    fn skip(&mut self, what: &str) -> bool {
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

    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.text.get(self.at) {
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some('/') => {
                self.at += 1;
                let pattern = self.until('/')?;
                Ok(Some(Address::Pattern(Regex::new(&pattern, self.extended, false))))
            }
            Some(c) if c.is_ascii_digit() => {
                let mut number = 0usize;
                while let Some(digit) = self.text.get(self.at).and_then(|c| c.to_digit(10)) {
                    number = number.saturating_mul(10).saturating_add(digit as usize);
                    self.at += 1;
                }
                Ok(Some(Address::Line(number)))
            }
            _ => Ok(None),
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        let from = self.address()?;
        let mut to = None;
        if self.text.get(self.at) == Some(&',') {
            self.at += 1;
            to = self.address()?;
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
                            _ => break,
                        }
                        self.at += 1;
                    }
                    What::Substitute { regex: Regex::new(&first, self.extended, fold), with: second, global, print, nth }
                }
            }
            'a' | 'i' | 'c' => {
                self.skip(" \t\\\n");
                let text: String = self.text[self.at..].iter().take_while(|c| **c != '\n').collect();
                self.at += text.chars().count();
                match letter {
                    'a' => What::Append(text),
                    'i' => What::Insert(text),
                    _ => What::Change(text),
                }
            }
            other => return Err(format!("unsupported command {other}")),
        };
        Ok(Command { from, to, not, what, active: false })
    }
}

#[cfg(test)]
mod tests {
    use super::Script;

    fn sed(script: &str, quiet: bool, text: &str) -> String {
        Script::new(script, false, quiet).map_or_else(|e| e, |mut s| s.run(text))
    }

    #[test]
    fn edits_lines() {
        assert_eq!(sed("s/^\\(.*\\)|\\(.*\\)$/b=\\2 a=\\1/", false, "x|y\n"), "b=y a=x\n");
        assert_eq!(sed("s/o/0/g;s/x/<&>/", false, "foo x\n"), "f00 <x>\n");
        assert_eq!(sed("2,3p", true, "a\nb\nc\nd\n"), "b\nc\n");
        assert_eq!(sed("/b/d", false, "a\nb\nc\n"), "a\nc\n");
        assert_eq!(sed("$!d", false, "a\nb\n"), "b\n");
        assert_eq!(sed("s,/tmp,/var,2", false, "/tmp/tmp\n"), "/tmp/var\n");
        assert_eq!(sed("k", false, "a\n"), "unsupported command k");
    }
}
