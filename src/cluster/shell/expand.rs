//! Words → arguments: variables, substitutions, splitting, files that fit.

use std::rc::Rc;

use super::Host;
use super::arithmetic::arithmetic;
use super::braces::{MOST_ALTERNATIVES, braces};
use super::lexer::{Part, Word};
use super::machine::{ELEMENT_BYTES, Machine};
use super::parser::{Program, halves};
use super::pattern::{Pattern, is_active, quote};

/// All arguments that these words become.
pub fn arguments(machine: &mut Machine, host: &mut dyn Host, words: &[Word]) -> Vec<String> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    for word in words {
        let mut left = MOST_ALTERNATIVES;
        let words = if machine.bash { braces(word.clone(), &mut left) } else { vec![word.clone()] };
        for word in words {
            let more = fields(machine, host, &word);
            bytes += more.iter().map(|field| field.len() + size_of::<String>()).sum::<usize>();
            if bytes > MOST_BYTES {
                machine.fault = Some("out of memory".into());
                return Vec::new();
            }
            found.extend(more);
        }
    }
    found
}

/// How much memory the words of a command may take.
const MOST_BYTES: usize = 4 << 20;

/// `~` and `~/…` at the head of a word.
fn at_home(machine: &Machine, word: &[Part]) -> Option<String> {
    let Some(Part::Bare(text)) = word.first() else { return None };
    let rest = text.strip_prefix('~').filter(|rest| rest.starts_with('/') || rest.is_empty() && word.len() == 1)?;
    Some(machine.variable("HOME")? + rest)
}

/// The substitutions that expanding these words will ask for, in order. Nothing where one of them may or may not be asked for.
pub fn substitutions<'a>(words: impl Iterator<Item = &'a Word>) -> Vec<Rc<Program>> {
    let mut found = Vec::new();
    let is_sure = words.flatten().all(|part| asked_for(part, &mut found));
    if is_sure { found } else { Vec::new() }
}

/// Whether it is known which of them a part asks for.
fn asked_for(part: &Part, found: &mut Vec<Rc<Program>>) -> bool {
    let is_plain = |word: &Word| !word.iter().any(|p| matches!(p, Part::Command { .. }));
    match part {
        Part::Command { program, .. } => {
            found.push(Rc::clone(program));
            true
        }
        Part::Variable { argument, subscript, .. } => is_plain(argument) && is_plain(subscript),
        Part::Arithmetic(inner) => is_plain(inner),
        Part::Array { words, .. } => words.iter().flatten().all(|part| asked_for(part, found)),
        Part::Element { subscript, value, .. } => subscript.iter().chain(value).all(|part| asked_for(part, found)),
        Part::Quoted(_) | Part::Bare(_) => true,
    }
}

/// A stretch of a word after its expansion.
struct Piece {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Neither split nor a pattern.
    Quoted,
    /// May be a pattern.
    Bare,
    /// May be a pattern, and its blanks part arguments.
    Split,
    /// Here another argument begins (`"$@"`), or would if there were any.
    Next,
}

impl Piece {
    fn is_active(&self) -> bool {
        matches!(self.kind, Kind::Bare | Kind::Split) && is_active(&self.text)
    }

    fn as_pattern(&self) -> String {
        if matches!(self.kind, Kind::Bare | Kind::Split) { self.text.clone() } else { quote(&self.text) }
    }
}

/// What a word becomes; `bare` is how the text counts that nothing quotes.
fn pieces(machine: &mut Machine, host: &mut dyn Host, word: &[Part], bare: Kind, found: &mut Vec<Piece>) {
    let home = if bare == Kind::Quoted { None } else { at_home(machine, word) };
    let word = &word[usize::from(home.is_some())..];
    found.extend(home.map(|text| Piece { text, kind: Kind::Quoted }));
    for part in word {
        let kind = |quoted: &bool| if *quoted || bare == Kind::Quoted { Kind::Quoted } else { Kind::Split };
        let (text, kind) = match part {
            Part::Quoted(text) => (text.clone(), Kind::Quoted),
            Part::Bare(text) => (text.clone(), bare),
            Part::Variable { name, subscript, operator, argument, quoted } => match variable(machine, host, (name, subscript), operator, argument) {
                Some(_) if name == "@" && *quoted && matches!(operator.as_str(), "" | ":-" | "-") => {
                    each(machine.arguments.clone(), found);
                    continue;
                }
                Some(_) if *quoted && is_all(subscript) == Some('@') && matches!(operator.as_str(), "" | "!" | ":") => {
                    let values = elements(machine, host, name, operator, argument);
                    each(values, found);
                    continue;
                }
                Some(text) => (text, kind(quoted)),
                None => {
                    pieces(machine, host, argument, kind(quoted), found);
                    continue;
                }
            },
            Part::Command { program, quoted } => (machine.captured(host, program).trim_end_matches('\n').to_owned(), kind(quoted)),
            Part::Arithmetic(word) => {
                let expression = text(machine, host, word);
                (arithmetic(machine, &expression).to_string(), Kind::Quoted)
            }
            // Assignments take these apart.
            Part::Array { .. } | Part::Element { .. } => continue,
        };
        found.push(Piece { text, kind });
    }
}

/// Each one an argument of its own.
fn each(values: Vec<String>, found: &mut Vec<Piece>) {
    found.extend(values.is_empty().then(|| Piece { text: String::new(), kind: Kind::Next }));
    for (index, text) in values.into_iter().enumerate() {
        found.extend((index > 0).then(|| Piece { text: " ".into(), kind: Kind::Next }));
        found.push(Piece { text, kind: Kind::Quoted });
    }
}

/// `@` or `*` where a subscript means all elements.
fn is_all(subscript: &Word) -> Option<char> {
    match subscript.as_slice() {
        [Part::Quoted(text)] if text == "@" => Some('@'),
        [Part::Quoted(text)] if text == "*" => Some('*'),
        _ => None,
    }
}

/// All elements of an array, their numbers with `!`, those of a stretch with `:`.
fn elements(machine: &mut Machine, host: &mut dyn Host, name: &str, operator: &str, argument: &Word) -> Vec<String> {
    let all: Vec<(u64, String)> = match machine.array(name) {
        Some(array) => array.numbers().zip(array.values().cloned()).collect(),
        None => machine.variable(name).map(|text| (0, text)).into_iter().collect(),
    };
    machine.handled(all.iter().map(|(_, text)| text.len() + ELEMENT_BYTES).sum());
    match operator {
        "!" => all.iter().map(|(number, _)| number.to_string()).collect(),
        ":" => {
            let (from, length) = stretch(machine, host, argument);
            let end = all.last().map_or(0, |(last, _)| i64::try_from(*last).unwrap_or(i64::MAX).saturating_add(1));
            let from = if from < 0 { end.saturating_add(from) } else { from };
            let length = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0));
            // Counted by their numbers, taken one by one.
            all.into_iter().filter(|(number, _)| i64::try_from(*number).is_ok_and(|n| n >= from)).take(length).map(|(_, text)| text).collect()
        }
        _ => all.into_iter().map(|(_, text)| text).collect(),
    }
}

/// Where `${name:from:length}` begins, and how long it is.
fn stretch(machine: &mut Machine, host: &mut dyn Host, argument: &Word) -> (i64, Option<i64>) {
    let argument = text(machine, host, argument);
    let (from, length) = argument.split_once(':').map_or((argument.as_str(), None), |(from, length)| (from, Some(length)));
    (arithmetic(machine, from), length.map(|length| arithmetic(machine, length)))
}

fn unsplit(machine: &mut Machine, host: &mut dyn Host, word: &[Part]) -> Vec<Piece> {
    let mut found = Vec::new();
    pieces(machine, host, word, Kind::Bare, &mut found);
    found
}

/// A word as one text, unsplit (assignments, redirects, `case`).
pub fn text(machine: &mut Machine, host: &mut dyn Host, word: &[Part]) -> String {
    unsplit(machine, host, word).into_iter().map(|piece| piece.text).collect()
}

/// A word as a pattern: what is quoted in it means just itself.
pub fn pattern(machine: &mut Machine, host: &mut dyn Host, word: &[Part]) -> String {
    unsplit(machine, host, word).iter().map(Piece::as_pattern).collect()
}

fn fields(machine: &mut Machine, host: &mut dyn Host, word: &Word) -> Vec<String> {
    let pieces = unsplit(machine, host, word);
    // `"$@"` without arguments is nothing, in spite of its quotes.
    if pieces.iter().all(|piece| piece.text.is_empty()) && pieces.iter().any(|piece| piece.kind == Kind::Next) {
        return Vec::new();
    }
    let separators = machine.variable("IFS").unwrap_or_else(|| " \t\n".into());
    let is_active = pieces.iter().any(Piece::is_active);
    // Each with what it is as a pattern, where that matters.
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for piece in pieces {
        let mut add = |text: &str, joins: bool| {
            let pattern = if is_active { Piece { text: text.to_owned(), kind: piece.kind }.as_pattern() } else { String::new() };
            match fields.last_mut().filter(|_| joins) {
                Some((last, whole)) => {
                    last.push_str(text);
                    whole.push_str(&pattern);
                }
                None => fields.push((text.to_owned(), pattern)),
            }
        };
        match piece.kind {
            // Where there are none what stands around them stays one.
            Kind::Next => open &= piece.text.is_empty(),
            Kind::Quoted | Kind::Bare => {
                add(&piece.text, open);
                open = true;
            }
            Kind::Split => {
                let is = |c: char| separators.contains(c);
                let begins_blank = piece.text.starts_with(is);
                // Runs of blanks count once; each other separator ends a field, empty or not.
                let kept = |piece: &&str| !piece.is_empty() || !separators.trim().is_empty();
                for (index, part) in piece.text.split(is).filter(kept).enumerate() {
                    add(part, open && index == 0 && !begins_blank);
                    open = true;
                }
                open &= !piece.text.ends_with(is);
            }
        }
    }
    if !is_active {
        return fields.into_iter().map(|(text, _)| text).collect();
    }
    fields.into_iter().flat_map(|(text, pattern)| paths(machine, host, &pattern).unwrap_or_else(|| vec![text])).collect()
}

/// How many names a pattern may stand for.
const MOST_FOUND: usize = 5000;

/// Files that a pattern names; `None` where there are none.
fn paths(machine: &Machine, host: &dyn Host, pattern: &str) -> Option<Vec<String>> {
    let mut found = vec![String::new()];
    for (at, part) in pattern.split('/').enumerate() {
        let here = |before: &str| if at == 0 { before.to_owned() } else { format!("{before}/") };
        let part = Pattern::new(part);
        if let Some(text) = part.literal() {
            found.iter_mut().for_each(|before| *before = here(before) + &text);
            continue;
        }
        let below = |before: String| {
            let folder = here(&before);
            let names = host.list(&machine.path(if folder.is_empty() { "." } else { &folder })).unwrap_or_default();
            // BusyBox's shell finds these, bash does not.
            let own = if part.begins_with('.') && !machine.bash { vec![".".to_owned(), "..".to_owned()] } else { Vec::new() };
            let shown = own.into_iter().chain(names).filter(|n| (!n.starts_with('.') || part.begins_with('.')) && part.fits(n));
            shown.map(|n| format!("{folder}{n}")).collect::<Vec<_>>()
        };
        found = found.into_iter().flat_map(below).take(MOST_FOUND).collect();
    }
    // What stands behind the last sign must be there, too.
    found.retain(|path| host.stat(&machine.path(path)).is_some());
    (!found.is_empty()).then_some(found)
}

/// A variable's value; `None` where it is the argument instead.
fn variable(machine: &mut Machine, host: &mut dyn Host, name: (&str, &Word), operator: &str, argument: &Word) -> Option<String> {
    let (name, subscript) = name;
    let found = if let Some(sign) = is_all(subscript) {
        let part = if matches!(operator, "!" | ":") { operator } else { "" };
        let values = elements(machine, host, name, part, argument);
        if operator == "#len" {
            return Some(values.len().to_string());
        }
        let separator = if sign == '*' { machine.separator() } else { " ".into() };
        let found = (!values.is_empty()).then(|| values.join(&separator));
        if matches!(operator, "" | "!" | ":") {
            return Some(found.unwrap_or_default());
        }
        found
    } else if !subscript.is_empty() {
        let number = machine.number(host, subscript);
        machine.element(name, number)
    } else {
        machine.variable(name).or_else(|| (name == "RANDOM").then(|| machine.random(host.now())))
    };
    let set = found.is_some();
    if !set && matches!(operator, "" | "#len" | "#" | "##" | "%" | "%%") && name != "@" && name != "*" && machine.wants_all_set() {
        machine.fault = Some(format!("{name}: parameter not set"));
    }
    let current = found.unwrap_or_default();
    let empty = if operator.starts_with(':') { current.is_empty() } else { !set };
    Some(match operator {
        "" => current,
        "#len" => current.chars().count().to_string(),
        ":-" | "-" if empty => return None,
        ":+" | "+" if !empty => return None,
        ":+" | "+" => String::new(),
        ":=" | "=" => {
            if !empty {
                return Some(current);
            }
            let value = text(machine, host, argument);
            machine.set(name, &value);
            value
        }
        ":?" | "?" => {
            if empty {
                let given = text(machine, host, argument);
                let why = match given.as_str() {
                    "" if operator == "?" => "parameter not set",
                    "" => "parameter not set or null",
                    given => given,
                };
                machine.fault = Some(format!("{name}: {why}"));
            }
            current
        }
        "/" | "//" => {
            let (searched, by) = halves(argument.clone(), "/").unwrap_or_else(|| (argument.clone(), Word::new()));
            let (searched, by) = (pattern(machine, host, &searched), text(machine, host, &by));
            machine.searched(&searched, &current);
            // bash holds a pattern to one end of the text.
            let anchored = if machine.bash { searched.chars().next().filter(|c| "#%".contains(*c)) } else { None };
            let found = |from: &Pattern| match anchored {
                Some('#') => from.prefix(&current, true).map(|end| (0, end)),
                Some(_) => from.suffix(&current, true).map(|start| (start, current.len())),
                None => None,
            };
            let searched = Pattern::new(&searched[usize::from(anchored.is_some())..]);
            match found(&searched) {
                Some((start, end)) => [&current[..start], &by, &current[end..]].concat(),
                None if anchored.is_some() => current,
                None => replaced(&current, &searched, &by, operator == "//"),
            }
        }
        "^^" => current.to_uppercase(),
        ",," => current.to_lowercase(),
        "^" | "," => {
            let first = current.chars().next().map_or(0, char::len_utf8);
            let (head, rest) = current.split_at(first);
            let head = if operator == "^" { head.to_uppercase() } else { head.to_lowercase() };
            head + rest
        }
        ":" => {
            let (from, length) = stretch(machine, host, argument);
            let all: Vec<char> = current.chars().collect();
            let place = |at: i64, back: usize| if at < 0 { back as i64 + at } else { at }.clamp(0, back as i64) as usize;
            let from = place(from, all.len());
            let rest = &all[from..];
            let length = length.map_or(rest.len(), |length| place(length, rest.len()));
            rest[..length].iter().collect()
        }
        "#" | "##" => {
            let pattern = pattern(machine, host, argument);
            machine.searched(&pattern, &current);
            let end = Pattern::new(&pattern).prefix(&current, operator == "##").unwrap_or(0);
            current[end..].to_owned()
        }
        "%" | "%%" => {
            let pattern = pattern(machine, host, argument);
            machine.searched(&pattern, &current);
            let start = Pattern::new(&pattern).suffix(&current, operator == "%%").unwrap_or(current.len());
            current[..start].to_owned()
        }
        _ => current,
    })
}

/// `${name/pattern/by}`: the longest part that fits, from the left; each of them with `//`.
fn replaced(text: &str, pattern: &Pattern, by: &str, each: bool) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((start, end)) = pattern.find(rest).filter(|(start, end)| start < end) {
        out.push_str(&rest[..start]);
        out.push_str(by);
        rest = &rest[end..];
        if !each {
            break;
        }
    }
    out + rest
}
