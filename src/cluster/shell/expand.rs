//! Words → arguments: variables, substitutions, arithmetic, splitting, patterns.

use std::rc::Rc;

use super::Host;
use super::lexer::{Part, Word};
use super::machine::Machine;
use super::parser::Program;

/// All arguments that these words become.
pub fn arguments(machine: &mut Machine, host: &mut dyn Host, words: &[Word]) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        if machine.bash {
            let mut left = MOST_ALTERNATIVES;
            for word in braces(word.clone(), &mut left) {
                found.append(&mut fields(machine, host, &word));
            }
        } else {
            found.append(&mut fields(machine, host, word));
        }
    }
    found
}

/// How many words the braces of one may make.
const MOST_ALTERNATIVES: usize = 1000;

/// bash's `{a,b}` and `{1..5}`: a word becomes several.
fn braces(word: Word, left: &mut usize) -> Vec<Word> {
    let found = word.iter().enumerate().find_map(|(index, part)| {
        let Part::Bare(text) = part else { return None };
        let (start, end, pieces) = text.match_indices('{').find_map(|(start, _)| {
            let end = closing(text, start)?;
            Some((start, end, alternatives(&text[start + 1..end])?))
        })?;
        Some((index, text[..start].to_owned(), text[end + 1..].to_owned(), pieces))
    });
    let Some((index, before, after, pieces)) = found else { return vec![word] };
    let mut words = Vec::new();
    for piece in pieces {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let mut one = word.clone();
        one[index] = Part::Bare(format!("{before}{piece}{after}"));
        words.append(&mut braces(one, left));
    }
    words
}

/// Where the brace that opens here is closed.
fn closing(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0;
    text[start..].char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(start + at)
    })
}

/// What stands between braces as a list; `None` where it is just text.
fn alternatives(inner: &str) -> Option<Vec<String>> {
    if let Some((first, last)) = inner.split_once("..") {
        let (first, last) = (first.parse::<i64>().ok()?, last.parse::<i64>().ok()?);
        let steps = first.abs_diff(last).min(MOST_ALTERNATIVES as u64) as i64;
        let sign = if first <= last { 1 } else { -1 };
        return Some((0..=steps).map(|n| (first + sign * n).to_string()).collect());
    }
    let mut depth = 0;
    let pieces: Vec<String> = inner
        .split(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        })
        .map(str::to_owned)
        .collect();
    (pieces.len() > 1).then_some(pieces)
}

/// `~` and `~/…` at the head of a word.
fn at_home(machine: &Machine, word: &Word) -> Option<String> {
    let Some(Part::Bare(text)) = word.first() else { return None };
    let rest = text.strip_prefix('~').filter(|rest| rest.starts_with('/') || rest.is_empty() && word.len() == 1)?;
    Some(machine.variable("HOME")? + rest)
}

/// The substitutions that expanding these words will ask for, in order. Nothing where one of them may or may not be asked for.
pub fn substitutions<'a>(words: impl Iterator<Item = &'a Word>) -> Vec<Rc<Program>> {
    let mut found = Vec::new();
    for part in words.flatten() {
        match part {
            Part::Command { program, .. } => found.push(Rc::clone(program)),
            Part::Variable { argument: inner, .. } | Part::Arithmetic(inner) => {
                if inner.iter().any(|p| matches!(p, Part::Command { .. })) {
                    return Vec::new();
                }
            }
            Part::Quoted(_) | Part::Bare(_) => {}
        }
    }
    found
}

/// A word as one text, unsplit (assignments, redirects, `case`).
pub fn text(machine: &mut Machine, host: &mut dyn Host, word: &Word) -> String {
    let home = at_home(machine, word);
    let skipped = usize::from(home.is_some());
    home.into_iter().collect::<String>() + &word[skipped..].iter().map(|part| value(machine, host, part)).collect::<String>()
}

fn fields(machine: &mut Machine, host: &mut dyn Host, word: &Word) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    let mut open = false;
    let mut pattern = false;
    let home = at_home(machine, word);
    let skipped = usize::from(home.is_some());
    if let Some(home) = home {
        fields.push(home);
        open = true;
    }
    for part in &word[skipped..] {
        if let Part::Variable { name, operator, quoted: true, .. } = part
            && name == "@"
            && operator.is_empty()
        {
            for (index, argument) in machine.arguments.clone().into_iter().enumerate() {
                match fields.last_mut().filter(|_| open && index == 0) {
                    Some(last) => last.push_str(&argument),
                    None => fields.push(argument),
                }
                open = true;
            }
            continue;
        }
        let text = value(machine, host, part);
        let splits = matches!(part, Part::Variable { quoted: false, .. } | Part::Command { quoted: false, .. });
        pattern |= matches!(part, Part::Bare(t) if t.contains(['*', '?', '[']));
        if splits {
            let separators = machine.variable("IFS").unwrap_or_else(|| " \t\n".into());
            let is = |c: char| separators.contains(c);
            let begins_blank = text.starts_with(is);
            let ends_blank = text.ends_with(is);
            // Runs of blanks count once; each other separator ends a field, empty or not.
            let kept = |piece: &&str| !piece.is_empty() || !separators.trim().is_empty();
            for (index, piece) in text.split(is).filter(kept).enumerate() {
                match fields.last_mut().filter(|_| open && index == 0 && !begins_blank) {
                    Some(last) => last.push_str(piece),
                    None => fields.push(piece.to_owned()),
                }
                open = true;
            }
            open &= !ends_blank;
        } else {
            match fields.last_mut().filter(|_| open) {
                Some(last) => last.push_str(&text),
                None => fields.push(text),
            }
            open = true;
        }
    }
    if pattern {
        fields = fields.into_iter().flat_map(|field| paths(machine, host, field)).collect();
    }
    fields
}

/// Files that a pattern names; the pattern itself where there are none.
fn paths(machine: &Machine, host: &dyn Host, pattern: String) -> Vec<String> {
    let (folder, last) = pattern.rsplit_once('/').map_or(("", pattern.as_str()), |(f, l)| (f, l));
    let prefix = if pattern.contains('/') { format!("{folder}/") } else { String::new() };
    let at = machine.path(if prefix.is_empty() { "." } else { &prefix });
    let names = host.list(&at).unwrap_or_default();
    let found: Vec<String> =
        names.into_iter().filter(|n| (!n.starts_with('.') || last.starts_with('.')) && matches(last, n)).map(|n| format!("{prefix}{n}")).collect();
    if found.is_empty() { vec![pattern] } else { found }
}

fn value(machine: &mut Machine, host: &mut dyn Host, part: &Part) -> String {
    match part {
        Part::Quoted(text) | Part::Bare(text) => text.clone(),
        Part::Variable { name, operator, argument, .. } => variable(machine, host, name, operator, argument),
        Part::Command { program, .. } => {
            let output = machine.captured(host, program);
            output.trim_end_matches('\n').to_owned()
        }
        Part::Arithmetic(word) => {
            let expression = text(machine, host, word);
            arithmetic(machine, &expression).to_string()
        }
    }
}

fn variable(machine: &mut Machine, host: &mut dyn Host, name: &str, operator: &str, argument: &Word) -> String {
    let found = machine.variable(name);
    let set = found.is_some();
    let current = found.unwrap_or_default();
    let empty = if operator.starts_with(':') { current.is_empty() } else { !set };
    match operator {
        "" => current,
        "#len" => current.chars().count().to_string(),
        ":-" | "-" => {
            if empty {
                text(machine, host, argument)
            } else {
                current
            }
        }
        ":+" | "+" => {
            if empty {
                String::new()
            } else {
                text(machine, host, argument)
            }
        }
        ":=" | "=" => {
            if !empty {
                return current;
            }
            let value = text(machine, host, argument);
            machine.set(name, &value);
            value
        }
        "#" | "##" => {
            let pattern = text(machine, host, argument);
            let ends: Vec<usize> = current.char_indices().map(|(i, _)| i).chain([current.len()]).collect();
            let fits = |end: &&usize| matches(&pattern, &current[..**end]);
            let end = if operator == "#" { ends.iter().find(fits) } else { ends.iter().rev().find(fits) };
            end.map_or(current.clone(), |end| current[*end..].to_owned())
        }
        "%" | "%%" => {
            let pattern = text(machine, host, argument);
            let starts: Vec<usize> = current.char_indices().map(|(i, _)| i).chain([current.len()]).collect();
            let fits = |start: &&usize| matches(&pattern, &current[**start..]);
            let start = if operator == "%" { starts.iter().rev().find(fits) } else { starts.iter().find(fits) };
            start.map_or(current.clone(), |start| current[..*start].to_owned())
        }
        _ => current,
    }
}

/// Shell patterns: `*`, `?`, `[a-z]`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where to go back to when what follows the last star does not fit.
    let (mut i, mut j, mut star) = (0, 0, None);
    loop {
        if j == t.len() {
            return p[i..].iter().all(|c| *c == '*');
        }
        let step = match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
                continue;
            }
            Some('?') => Some(i + 1),
            Some('[') => set(&p, i, t[j]),
            Some(c) if *c == t[j] => Some(i + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => (i, j) = (next, j + 1),
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (i, j) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
}

/// Whether `[…]` at `at` holds this character; where the pattern goes on.
fn set(pattern: &[char], at: usize, c: char) -> Option<usize> {
    let end = (at + 2..pattern.len()).find(|i| pattern[*i] == ']')?;
    let not = matches!(pattern[at + 1], '!' | '^');
    let inner = &pattern[at + 1 + usize::from(not)..end];
    let mut found = false;
    let mut i = 0;
    while i < inner.len() {
        if inner.get(i + 1) == Some(&'-') && i + 2 < inner.len() {
            found |= inner[i] <= c && c <= inner[i + 2];
            i += 3;
        } else {
            found |= inner[i] == c;
            i += 1;
        }
    }
    (found != not).then_some(end + 1)
}

/// `$((…))`: whole numbers, variables, C's operators with assignments; what makes no sense is 0.
pub fn arithmetic(machine: &mut Machine, expression: &str) -> i64 {
    let characters: Vec<char> = expression.chars().filter(|c| !c.is_whitespace()).collect();
    let mut reader = Sum { text: &characters, at: 0, machine, depth: 0, skips: 0 };
    reader.comma()
}

struct Sum<'a> {
    text: &'a [char],
    at: usize,
    machine: &'a mut Machine,
    depth: usize,
    /// Above zero: what is read is not carried out (the other side of `?:`, `&&`, `||`).
    skips: usize,
}

/// Operators of two sides, weakest first.
const LEVELS: [&[&str]; 10] =
    [&["||"], &["&&"], &["|"], &["^"], &["&"], &["==", "!="], &["<=", ">=", "<", ">"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];
const ASSIGNMENTS: [&str; 11] = ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="];

impl Sum<'_> {
    fn starts(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }

    fn comma(&mut self) -> i64 {
        let mut value = self.assignment();
        while self.starts(",") {
            self.at += 1;
            value = self.assignment();
        }
        value
    }

    fn assignment(&mut self) -> i64 {
        let start = self.at;
        let name = self.name();
        if !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !self.starts("==")
            && let Some(operator) = ASSIGNMENTS.iter().find(|o| self.starts(o))
        {
            self.at += operator.len();
            let right = self.assignment();
            let value = if *operator == "=" { right } else { apply(operator.trim_end_matches('='), self.value(&name), right) };
            self.assign(&name, value);
            return value;
        }
        self.at = start;
        let condition = self.level(0);
        if !self.starts("?") {
            return condition;
        }
        self.at += 1;
        let yes = self.skipped(condition == 0, Self::assignment);
        self.at += usize::from(self.starts(":"));
        let no = self.skipped(condition != 0, Self::assignment);
        if condition != 0 { yes } else { no }
    }

    fn skipped(&mut self, skip: bool, read: impl Fn(&mut Self) -> i64) -> i64 {
        self.skips += usize::from(skip);
        let value = read(self);
        self.skips -= usize::from(skip);
        value
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$')) {
            self.at += 1;
        }
        self.text[start..self.at].iter().filter(|c| **c != '$').collect()
    }

    fn value(&self, name: &str) -> i64 {
        self.machine.variable(name).and_then(|v| v.trim().parse().ok()).unwrap_or(0)
    }

    fn assign(&mut self, name: &str, value: i64) {
        if self.skips == 0 {
            self.machine.set(name, &value.to_string());
        }
    }

    fn level(&mut self, level: usize) -> i64 {
        let Some(operators) = LEVELS.get(level) else { return self.unit() };
        let mut left = self.level(level + 1);
        loop {
            let found = operators.iter().find(|o| self.starts(o)).filter(|o| {
                // `&` is not the first half of `&&`, `<` not that of `<<`, and nothing is that of an assignment.
                let next = self.text.get(self.at + o.len());
                o.len() == 2 || !(next == Some(&'=') || "&|<>".contains(**o) && next == o.chars().next().as_ref())
            });
            let Some(operator) = found else { return left };
            self.at += operator.len();
            let decided = *operator == "&&" && left == 0 || *operator == "||" && left != 0;
            let right = self.skipped(decided, |sum| sum.level(level + 1));
            left = apply(operator, left, right);
        }
    }

    fn unit(&mut self) -> i64 {
        self.depth += 1;
        if self.depth > 200 {
            self.at = self.text.len();
            return 0;
        }
        for operator in ["++", "--"] {
            if self.starts(operator) && self.text.get(self.at + 2).is_some_and(|c| c.is_ascii_alphabetic() || *c == '_') {
                self.at += 2;
                let name = self.name();
                let value = apply(&operator[..1], self.value(&name), 1);
                self.assign(&name, value);
                return value;
            }
        }
        let sign = self.text.get(self.at).copied();
        if let Some(c) = sign.filter(|c| "-+!~(".contains(*c)) {
            self.at += 1;
            return match c {
                '(' => {
                    let inner = self.comma();
                    self.at += usize::from(self.starts(")"));
                    inner
                }
                '-' => self.unit().wrapping_neg(),
                '!' => i64::from(self.unit() == 0),
                '~' => !self.unit(),
                _ => self.unit(),
            };
        }
        let word = self.name();
        if let Some(number) = number(&word) {
            return number;
        }
        let value = self.value(&word);
        for operator in ["++", "--"] {
            if !word.is_empty() && self.starts(operator) {
                self.at += 2;
                self.assign(&word, apply(&operator[..1], value, 1));
                break;
            }
        }
        value
    }
}

/// `12`, `0x1f`, `017`.
fn number(word: &str) -> Option<i64> {
    match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None if word.len() > 1 && word.starts_with('0') => i64::from_str_radix(word, 8).ok(),
        None => word.parse().ok(),
    }
}

fn apply(operator: &str, left: i64, right: i64) -> i64 {
    let bits = u32::try_from(right & 63).unwrap_or(0);
    match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(bits),
        ">>" => left.wrapping_shr(bits),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right).unwrap_or(0),
        _ => left.checked_rem(right).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use crate::api::order::SortedMap;
    use std::rc::Rc;

    use super::{Machine, arithmetic, matches};

    #[test]
    fn reckons_as_c_does() {
        let mut machine = Machine::new(Rc::default(), SortedMap::default(), "/");
        let cases = [
            ("1 + 2 * 3", 7),
            ("(1+2)*3 % 4", 1),
            ("i = 4", 4),
            ("i += 2", 6),
            ("i++", 6),
            ("i", 7),
            ("--i", 6),
            ("1 ? 5 : 6", 5),
            ("0 && (i = 9)", 0),
            ("i", 6),
            ("1 << 3 | 1", 9),
            ("5 & 4", 4),
            ("3 < 4 == 1", 1),
            ("0x10 + 010", 24),
            ("7 / 0", 0),
            ("!0 - -1", 2),
        ];
        for (expression, value) in cases {
            assert_eq!(arithmetic(&mut machine, expression), value, "{expression}");
        }
    }

    #[test]
    fn patterns_fit() {
        assert!(matches("*.t?t", "a.txt") && matches("[!a-c]*", "d1") && !matches("[a-c]", "d"));
    }
}
