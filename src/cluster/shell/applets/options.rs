//! The flags of a call, read as C's `getopt` reads them.

use super::find;

/// Flags of one letter with their values (empty for those without), and the other words.
pub struct Options {
    pub flags: Vec<(char, String)>,
    pub words: Vec<String>,
    /// What is wrong with the flags.
    pub wrong: Option<String>,
}

impl Options {
    fn parse(arguments: &[String], letters: &str) -> Self {
        let mut out = Self { flags: Vec::new(), words: Vec::new(), wrong: None };
        // The colons behind a letter, where it is one of the flags.
        let colons = |letter: char| {
            let (_, behind) = letters.split_once(letter).filter(|_| letter.is_ascii_alphanumeric())?;
            Some(behind.len() - behind.trim_start_matches(':').len())
        };
        let lenient = letters.starts_with('~');
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            // `tail +4`
            if letters.contains("#+") && word.strip_prefix('+').is_some_and(|n| n.parse::<u32>().is_ok()) {
                out.flags.push(('n', word.clone()));
                continue;
            }
            let dashed = word.strip_prefix('-').filter(|l| !l.is_empty());
            if word == "--" || letters.starts_with('+') && dashed.is_none() {
                out.words.extend((word != "--").then(|| word.clone()));
                out.words.extend(rest.cloned());
                break;
            }
            let Some(given) = dashed else {
                out.words.push(word.clone());
                continue;
            };
            let mut next = |letter: char, given: &str, wrong: &mut Option<String>| {
                let value = if given.is_empty() { rest.next().cloned() } else { Some(given.to_owned()) };
                value.unwrap_or_else(|| {
                    wrong.get_or_insert(format!("option requires an argument -- '{letter}'"));
                    String::new()
                })
            };
            if let Some(long) = given.strip_prefix('-') {
                let (name, value) = long.split_once('=').unwrap_or((long, ""));
                let letter = LONG.iter().find(|(long, _)| *long == name).map_or('?', |(_, letter)| *letter);
                let known = colons(letter);
                if known.is_none() && !lenient {
                    out.wrong.get_or_insert(format!("unrecognized option '{word}'"));
                }
                let value = if known == Some(1) { next(letter, value, &mut out.wrong) } else { value.to_owned() };
                out.flags.push((letter, value));
                continue;
            }
            if let Some((_, letter)) = letters.split_once('#').filter(|_| given.bytes().all(|b| b.is_ascii_digit())) {
                // `head -5`, `grep -2`
                out.flags.extend(letter.chars().filter(|l| *l != '+').map(|letter| (letter, given.to_owned())));
                continue;
            }
            let mut characters = given.chars();
            while let Some(letter) = characters.next() {
                let rest = characters.as_str();
                let value = match colons(letter) {
                    Some(1) => next(letter, rest, &mut out.wrong),
                    Some(2) => rest.to_owned(),
                    known => {
                        if known.is_none() && !lenient {
                            out.wrong.get_or_insert(format!("invalid option -- '{letter}'"));
                        }
                        out.flags.push((letter, String::new()));
                        continue;
                    }
                };
                out.flags.push((letter, value));
                break;
            }
        }
        out
    }

    pub fn of(arguments: &[String]) -> Self {
        Self::parse(arguments.get(1..).unwrap_or_default(), arguments.first().and_then(|n| find(n)).map_or("~", |a| a.letters))
    }

    pub fn has(&self, letter: char) -> bool {
        self.flags.iter().any(|(l, _)| *l == letter)
    }

    pub fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(l, _)| *l == letter).map(|(_, value)| value.as_str())
    }

    pub fn value(&self, letter: char) -> Option<&str> {
        self.values(letter).last()
    }

    pub fn number(&self, letter: char) -> Option<usize> {
        self.value(letter)?.trim_start_matches(['+', '-']).parse().ok()
    }
}

/// Long flags and the letters that mean the same. (`?` stands for those that change nothing here.)
const LONG: &[(&str, char)] = &[
    ("after-context", 'A'),
    ("all", 'a'),
    ("before-context", 'B'),
    ("bytes", 'c'),
    ("connect-timeout", 'm'),
    ("context", 'C'),
    ("count", 'c'),
    ("data", 'd'),
    ("decode", 'd'),
    ("delete", 'd'),
    ("delimiter", 'd'),
    ("expression", 'e'),
    ("extended-regexp", 'E'),
    ("fail", 'f'),
    ("field-separator", 't'),
    ("fields", 'f'),
    ("fixed-strings", 'F'),
    ("force", 'f'),
    ("head", 'I'),
    ("header", 'H'),
    ("ignore-case", 'i'),
    ("in-place", 'i'),
    ("include", 'i'),
    ("invert-match", 'v'),
    ("key", 'k'),
    ("line-number", 'n'),
    ("lines", 'n'),
    ("max-count", 'm'),
    ("max-time", 'm'),
    ("numeric-sort", 'n'),
    ("only-matching", 'o'),
    ("output", 'o'),
    ("parents", 'p'),
    ("quiet", 'q'),
    ("recursive", 'r'),
    ("regexp", 'e'),
    ("request", 'X'),
    ("reverse", 'r'),
    ("silent", 's'),
    ("spider", 'S'),
    ("timeout", 'T'),
    ("unique", 'u'),
    ("verbose", 'v'),
    ("word-regexp", 'w'),
    ("write-out", 'w'),
];
