//! `sed`: addresses and ranges, blocks, labels, the held text, and the commands `s`, `p`, `P`, `d`, `D`, `q`, `y`, `=`, `a`, `i`, `c`, `n`, `N`,
//! `h`, `H`, `g`, `G`, `x`, `b`, `t`, `T`.

mod read;

use super::regex::{MOST_EFFORT, Regex};
use read::Reader;

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

/// How much work one run may take, in characters that a pattern looked at: about what a learner does not notice.
const MOST_WORK: usize = 1 << 24;
/// Copying so many characters is as much work as matching one.
const COPIED: usize = 64;

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

    pub fn regexes(&self) -> impl Iterator<Item = &Regex> {
        self.commands.iter().flat_map(Command::regexes)
    }

    /// What it prints; `None` where it does not come to an end, as far as anybody waits.
    pub fn run(&mut self, text: &str) -> Option<String> {
        let quiet = self.quiet;
        let mut out = String::new();
        let lines: Vec<&str> = text.lines().collect();
        // The number of the line read last, what is held, and what was left by `D`.
        let (mut number, mut held, mut left, mut work) = (0, String::new(), None::<String>, 0);
        while number < lines.len() || left.is_some() {
            if self.regexes().map(Regex::effort).sum::<u64>() >= MOST_EFFORT {
                return None;
            }
            let mut line = left.take().unwrap_or_else(|| {
                number += 1;
                lines[number - 1].to_owned()
            });
            let (mut shown, mut quits, mut behind, mut replaced) = (!quiet, false, String::new(), false);
            let mut at = 0;
            while at < self.commands.len() {
                work += self.commands[at].work(&line);
                if work > MOST_WORK || self.commands[at].regexes().any(Regex::is_spent) || line.len() + held.len() + out.len() > MOST_TEXT {
                    return None;
                }
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
                    What::Hold(false) => held.clone_from(&line),
                    What::Hold(true) => {
                        held.push('\n');
                        held.push_str(&line);
                    }
                    What::Get(false) => line.clone_from(&held),
                    What::Get(true) => {
                        line.push('\n');
                        line.push_str(&held);
                    }
                    What::Exchange => std::mem::swap(&mut line, &mut held),
                    What::Next(adds) => {
                        if last {
                            quits = true;
                            break;
                        }
                        if *adds {
                            line.push('\n');
                            line.push_str(lines[number]);
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
            if quits {
                break;
            }
        }
        Some(out)
    }
}

/// How much the line, what is held beside it and the output may come to.
const MOST_TEXT: usize = 4 << 20;

impl Command {
    fn regexes(&self) -> impl Iterator<Item = &Regex> {
        let looks = [&self.from, &self.to].into_iter().filter_map(|a| if let Some(Address::Pattern(regex)) = a { Some(regex) } else { None });
        looks.chain(if let What::Substitute { regex, .. } = &self.what { Some(regex) } else { None })
    }

    /// What carrying it out on a line takes, about.
    fn work(&self, line: &str) -> usize {
        let own = if matches!(self.what, What::Translate(..)) { line.len() } else { line.len() / COPIED };
        1 + own + self.regexes().count() * line.len()
    }

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

#[cfg(test)]
mod tests {
    use super::Script;

    fn sed(script: &str, quiet: bool, text: &str) -> String {
        Script::new(script, false, quiet).map_or_else(|e| e, |mut s| s.run(text).unwrap_or_else(|| "endless".into()))
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
