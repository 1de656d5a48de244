//! `sed`: addresses and ranges, blocks, labels, the held text, and the commands `s`, `p`, `P`, `d`, `D`, `q`, `y`, `=`, `a`, `i`, `c`, `n`, `N`,
//! `h`, `H`, `g`, `G`, `x`, `b`, `t`, `T`.

use super::regex::Regex;

enum Address {
    Line(usize),
    Last,
    Pattern(Regex),
    /// `,+2`
    More(usize),
}

struct Command {
    from: Option<Address>,
    to: Option<Address>,
    not: bool,
    what: What,
    /// Inside of a range just now.
    active: bool,
    /// Where the range that ends so many lines behind its begin ends.
    until: usize,
}

enum What {
    Substitute {
        regex: Regex,
        with: String,
        global: bool,
        print: bool,
        nth: usize,
    },
    Print,
    Delete,
    Quit,
    PrintFirst,
    DeleteFirst,
    /// `h`, `H`
    Hold(bool),
    /// `g`, `G`
    Get(bool),
    Exchange,
    /// `n`, `N`
    Next(bool),
    /// `{`, and where its `}` stands.
    Begin(usize),
    End,
    Label(String),
    /// `b`, `t`, `T`: only where something was replaced, or was not.
    Branch(String, Option<bool>),
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

/// How many commands one cycle may carry out.
const MOST_STEPS: usize = 100_000;

impl Script {
    /// Reads a script; the error is what `sed` says.
    pub fn new(text: &str, extended: bool, quiet: bool) -> Result<Self, String> {
        let mut reader = Reader { text: text.chars().collect(), at: 0, extended };
        let mut commands: Vec<Command> = Vec::new();
        let mut open = Vec::new();
        while reader.skip(" \t\n;") {
            if reader.text[reader.at] == '#' {
                reader.rest_of_line();
                continue;
            }
            let command = reader.command()?;
            match &command.what {
                What::Begin(_) => open.push(commands.len()),
                What::End => {
                    let Some(begin) = open.pop() else { return Err("unexpected '}'".into()) };
                    commands[begin].what = What::Begin(commands.len());
                }
                _ => {}
            }
            commands.push(command);
        }
        if !open.is_empty() {
            return Err("unmatched '{'".into());
        }
        let is_label = |wanted: &str| wanted.is_empty() || commands.iter().any(|c| matches!(&c.what, What::Label(label) if label == wanted));
        let missing = commands.iter().find_map(|c| match &c.what {
            What::Branch(label, _) if !is_label(label) => Some(label),
            _ => None,
        });
        match missing {
            Some(label) => Err(format!("can't find label for jump to '{label}'")),
            None => Ok(Self { commands, quiet }),
        }
    }

    /// Whether a line means the same without those before and behind it.
    pub fn is_linewise(&self) -> bool {
        let stays = |what: &What| {
            matches!(
                what,
                What::Substitute { .. } | What::Print | What::Delete | What::Translate(..) | What::Append(_) | What::Insert(_) | What::Change(_)
            )
        };
        self.commands.iter().all(|c| !matches!(c.from, Some(Address::Line(_) | Address::Last)) && c.to.is_none() && stays(&c.what))
    }

    pub fn run(&mut self, text: &str) -> String {
        let quiet = self.quiet;
        let mut out = String::new();
        let lines: Vec<&str> = text.lines().collect();
        // The number of the line read last, what is held, and what was left by `D`.
        let (mut number, mut held, mut left) = (0, String::new(), None::<String>);
        while number < lines.len() || left.is_some() {
            let mut line = left.take().unwrap_or_else(|| {
                number += 1;
                lines[number - 1].to_owned()
            });
            let (mut shown, mut quits, mut behind, mut replaced) = (!quiet, false, String::new(), false);
            let (mut at, mut steps) = (0, 0);
            while at < self.commands.len() && steps < MOST_STEPS && line.len() + held.len() < MOST_TEXT {
                steps += 1;
                let last = number == lines.len();
                let fits = self.commands[at].applies(&line, number, last);
                let command = &self.commands[at];
                at += 1;
                if !fits {
                    if let What::Begin(end) = command.what {
                        at = end;
                    }
                    continue;
                }
                match &command.what {
                    What::Begin(_) | What::End | What::Label(_) => {}
                    What::Substitute { regex, with, global, print, nth } => {
                        if let Some((new, _)) = substitute(regex, &line, with, *global, *nth) {
                            line = new;
                            replaced = true;
                            if *print {
                                out.push_str(&format!("{line}\n"));
                            }
                        }
                    }
                    What::Print => out.push_str(&format!("{line}\n")),
                    What::PrintFirst => out.push_str(&format!("{}\n", line.split('\n').next().unwrap_or(""))),
                    What::Number => out.push_str(&format!("{number}\n")),
                    What::Insert(text) => out.push_str(&format!("{text}\n")),
                    What::Append(text) => behind.push_str(&format!("{text}\n")),
                    What::Translate(from, to) => {
                        line = line.chars().map(|c| from.iter().position(|f| *f == c).and_then(|i| to.get(i)).copied().unwrap_or(c)).collect();
                    }
                    What::Change(text) => {
                        // Of a range, once, at its end.
                        if command.not || !command.active {
                            out.push_str(&format!("{text}\n"));
                        }
                        shown = false;
                        break;
                    }
                    What::Delete => {
                        shown = false;
                        break;
                    }
                    What::DeleteFirst => {
                        shown = false;
                        left = line.split_once('\n').map(|(_, rest)| rest.to_owned());
                        break;
                    }
                    What::Quit => {
                        quits = true;
                        break;
                    }
                    What::Hold(adds) => held = if *adds { format!("{held}\n{line}") } else { line.clone() },
                    What::Get(adds) => line = if *adds { format!("{line}\n{held}") } else { held.clone() },
                    What::Exchange => std::mem::swap(&mut line, &mut held),
                    What::Next(adds) => {
                        if last {
                            quits = true;
                            break;
                        }
                        if *adds {
                            line = format!("{line}\n{}", lines[number]);
                        } else {
                            if !quiet {
                                out.push_str(&format!("{line}\n"));
                            }
                            line = lines[number].to_owned();
                        }
                        out.push_str(&std::mem::take(&mut behind));
                        number += 1;
                    }
                    What::Branch(label, on) => {
                        if on.is_none_or(|wanted| replaced == wanted) {
                            let place = self.commands.iter().position(|c| matches!(&c.what, What::Label(l) if l == label));
                            at = place.unwrap_or(self.commands.len());
                        }
                        replaced &= on.is_none();
                    }
                }
            }
            if shown {
                out.push_str(&line);
                if number < lines.len() || text.ends_with('\n') || !behind.is_empty() {
                    out.push('\n');
                }
            }
            out.push_str(&behind);
            if quits || out.len() > MOST_TEXT {
                break;
            }
        }
        out
    }
}

/// More is not printed or held.
const MOST_TEXT: usize = 1 << 20;

impl Command {
    fn applies(&mut self, line: &str, number: usize, last: bool) -> bool {
        let until = self.until;
        let fits = |address: &Address| match address {
            Address::Line(n) => *n == number,
            Address::Last => last,
            Address::Pattern(regex) => regex.is_match(line),
            Address::More(_) => number >= until,
        };
        let is_over = |to: &Address| matches!(to, Address::Line(n) if *n <= number);
        let inside = match (&self.from, &self.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(_), Some(to)) if self.active => {
                self.active = !(fits(to) || is_over(to));
                !matches!(to, Address::Line(n) if *n < number)
            }
            (Some(from), Some(to)) => {
                let begins = fits(from);
                let ends = is_over(to) || matches!(to, Address::More(0));
                self.active = begins && !ends;
                if let (true, Address::More(more)) = (begins, to) {
                    self.until = number + more;
                }
                begins
            }
        };
        inside != self.not
    }
}

/// The line with what was found replaced, from the `nth` on, and how many were; `None` where nothing was found.
pub fn substitute(regex: &Regex, line: &str, with: &str, global: bool, nth: usize) -> Option<(String, usize)> {
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
    changed.then(|| (out, (count + 1).saturating_sub(nth)))
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

    /// The text up to the end of the line, which is passed.
    fn rest_of_line(&mut self) -> String {
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

    fn command(&mut self) -> Result<Command, String> {
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
