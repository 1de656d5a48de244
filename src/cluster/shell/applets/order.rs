//! Lines in order: `sort` with its keys, and `uniq`.

use std::cmp::Ordering;

use super::Call;
use crate::api::float;
use crate::api::order::InOrder as _;

/// `-k START[.OFS][OPTS][,END[.OFS][OPTS]]`: fields and characters from 1; an end of 0 is that of the line or field.
struct Key {
    from: (usize, usize),
    to: (usize, usize),
    flags: String,
}

impl Key {
    fn read(text: &str) -> Self {
        let place = |text: &str| {
            let numbers = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let (field, character) = numbers.split_once('.').unwrap_or((numbers, "0"));
            (field.parse().unwrap_or(0), character.parse().unwrap_or(0))
        };
        let (from, to) = text.split_once(',').unwrap_or((text, ""));
        Self { from: place(from), to: place(to), flags: text.chars().filter(char::is_ascii_alphabetic).collect() }
    }

    /// Where field number `field` begins, and where it ends.
    fn field(line: &str, field: usize, separator: Option<char>) -> (usize, usize) {
        let mut at = 0;
        for number in 1.. {
            let rest = &line[at..];
            let end = at
                + match separator {
                    Some(separator) => rest.find(separator),
                    None => rest.find(|c: char| !c.is_whitespace()).and_then(|word| Some(word + rest[word..].find(char::is_whitespace)?)),
                }
                .unwrap_or(rest.len());
            if number >= field || end == line.len() {
                return if number >= field { (at, end) } else { (line.len(), line.len()) };
            }
            at = end + separator.map_or(0, char::len_utf8);
        }
        (line.len(), line.len())
    }

    fn part<'a>(&self, line: &'a str, separator: Option<char>, skips: bool) -> &'a str {
        let behind = |at: usize, characters: usize| line[at..].char_indices().nth(characters).map_or(line.len(), |(more, _)| at + more);
        let begin = |field, skips: bool| {
            let (at, _) = Self::field(line, field, separator);
            at + if skips { line[at..].len() - line[at..].trim_start().len() } else { 0 }
        };
        let from = behind(begin(self.from.0.max(1), skips), self.from.1.saturating_sub(1));
        let to = match self.to {
            (0, _) => line.len(),
            (field, 0) => Self::field(line, field, separator).1,
            (field, characters) => behind(begin(field, skips), characters),
        };
        &line[from..to.max(from)]
    }
}

/// The number that a text begins with; `-h`: with its unit.
fn number(text: &str, units: bool) -> f64 {
    let text = text.trim_start();
    let digits = text.len() - text.trim_start_matches('-').trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let power = text[digits..].chars().next().filter(|_| units).and_then(|unit| "KMGTPE".find(unit.to_ascii_uppercase())).map_or(0, |at| at + 1);
    (0..power).fold(float::read(&text[..digits]).unwrap_or(0.0), |value, _| value * 1024.0)
}

/// `v1.9` before `v1.10`: digits as numbers, all else as it is.
fn by_version(left: &str, right: &str) -> Ordering {
    let run = |text: &str| {
        let digits = text.starts_with(|c: char| c.is_ascii_digit());
        text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len())
    };
    let (mut left, mut right) = (left, right);
    while !left.is_empty() && !right.is_empty() {
        let ((a, more_left), (b, more_right)) = (left.split_at(run(left)), right.split_at(run(right)));
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (more_left, more_right);
    }
    left.len().cmp(&right.len())
}

pub(super) fn sort(call: &mut Call) -> i32 {
    let flags: String = call.options.flags.iter().map(|(letter, _)| *letter).filter(|letter| "nrfbghVM".contains(*letter)).collect();
    let mut keys: Vec<Key> = call.options.values('k').map(Key::read).collect();
    let separator = call.options.value('t').and_then(|t| t.chars().next());
    let whole = keys.is_empty();
    if whole {
        keys.push(Key { from: (1, 0), to: (0, 0), flags: String::new() });
    }
    let (unique, stable) = (call.has('u'), call.has('s'));
    let compare = |left: &String, right: &String| {
        for key in &keys {
            let flags = if key.flags.is_empty() { &flags } else { &key.flags };
            let has = |flag: char| flags.contains(flag);
            let part = |line| key.part(line, separator, has('b'));
            let (a, b) = if whole && !has('b') { (left.as_str(), right.as_str()) } else { (part(left), part(right)) };
            let order = if has('g') {
                let number = |text: &str| float::read(text.split_whitespace().next().unwrap_or("")).unwrap_or(0.0);
                number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal)
            } else if has('n') || has('h') {
                number(a, has('h')).partial_cmp(&number(b, has('h'))).unwrap_or(Ordering::Equal)
            } else if has('V') {
                by_version(a, b)
            } else if has('f') {
                a.to_uppercase().cmp(&b.to_uppercase())
            } else {
                a.cmp(b)
            };
            if order.is_ne() {
                return if has('r') { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    };
    let last_resort = |left: &String, right: &String| match compare(left, right) {
        Ordering::Equal if !unique && !stable => {
            let order = left.cmp(right);
            if flags.contains('r') { order.reverse() } else { order }
        }
        order => order,
    };
    let (text, code) = call.text(0);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if call.has('c') {
        let at = lines.windows(2).position(|two| last_resort(&two[0], &two[1]).is_gt());
        return at.map_or(0, |at| {
            call.say(&format!("Check line {}\n", at + 1));
            1
        });
    }
    if code != 0 {
        return code;
    }
    lines.order_by(last_resort);
    if unique {
        lines.dedup_by(|right, left| compare(left, right).is_eq());
    }
    let out: String = lines.iter().map(|line| format!("{line}\n")).collect();
    written(call, 'o', None, &out)
}

/// Writes to the file that a flag or a word names, or prints.
fn written(call: &mut Call, flag: char, word: Option<String>, out: &str) -> i32 {
    let Some(file) = call.options.value(flag).map(str::to_owned).or(word) else { return call.say(out) };
    let path = call.path(&file);
    match call.host.write_file(&path, out, false) {
        Ok(()) => 0,
        Err(error) => call.fail(&format!("can't open '{file}': {}", error.words()), 1),
    }
}

pub(super) fn uniq(call: &mut Call) -> i32 {
    let text = match call.open(&call.inputs(0)[0]) {
        Ok(text) => text,
        Err(code) => return code,
    };
    let number = |letter| call.options.number(letter).unwrap_or(0);
    let (fields, characters, width) = (number('f'), number('s'), call.options.number('w').unwrap_or(usize::MAX));
    let folds = call.has('i');
    let part = |line: &str| {
        let mut rest = line;
        for _ in 0..fields {
            rest = rest.trim_start().trim_start_matches(|c: char| !c.is_whitespace());
        }
        let part: String = rest.chars().skip(characters).take(width).collect();
        if folds { part.to_lowercase() } else { part }
    };
    let mut counted: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        match counted.last_mut() {
            Some((count, last)) if part(last) == part(line) => *count += 1,
            _ => counted.push((1, line)),
        }
    }
    let kept = counted.into_iter().filter(|(count, _)| !(call.has('d') && *count < 2 || call.has('u') && *count > 1));
    let out: String = kept.map(|(count, line)| if call.has('c') { format!("{count:>7} {line}\n") } else { format!("{line}\n") }).collect();
    let to = call.options.words.get(1).cloned();
    written(call, '?', to, &out)
}
