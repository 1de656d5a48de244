//! Words → arguments: variables, substitutions, splitting, files that fit.

use std::rc::Rc;

use super::Host;
use super::arithmetic::arithmetic;
use super::braces::{MOST_ALTERNATIVES, braces};
use super::lexer::{Part, Word};
use super::machine::Machine;
use super::parser::Program;
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
            Part::Variable { name, operator, argument, quoted } => match variable(machine, host, name, operator, argument) {
                Some(_) if name == "@" && *quoted && matches!(operator.as_str(), "" | ":-" | "-") => {
                    found.extend(machine.arguments.is_empty().then(|| Piece { text: String::new(), kind: Kind::Next }));
                    for (index, text) in machine.arguments.iter().cloned().enumerate() {
                        found.extend((index > 0).then(|| Piece { text: " ".into(), kind: Kind::Next }));
                        found.push(Piece { text, kind: Kind::Quoted });
                    }
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
        };
        found.push(Piece { text, kind });
    }
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
            Kind::Next => open = false,
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
fn variable(machine: &mut Machine, host: &mut dyn Host, name: &str, operator: &str, argument: &Word) -> Option<String> {
    let found = machine.variable(name).or_else(|| (name == "RANDOM").then(|| machine.random(host.now())));
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
            let (searched, by) = cut(argument);
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
            let argument = text(machine, host, argument);
            let (from, length) = argument.split_once(':').map_or((argument.as_str(), None), |(from, length)| (from, Some(length)));
            let all: Vec<char> = current.chars().collect();
            let place = |at: i64, back: usize| if at < 0 { back as i64 + at } else { at }.clamp(0, back as i64) as usize;
            let from = place(arithmetic(machine, from), all.len());
            let rest = &all[from..];
            let length = length.map_or(rest.len(), |length| place(arithmetic(machine, length), rest.len()));
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

/// A word before and behind its first bare `/`.
fn cut(word: &Word) -> (Word, Word) {
    let found = word.iter().enumerate().find_map(|(index, part)| match part {
        Part::Bare(text) => text.split_once('/').map(|halves| (index, halves)),
        _ => None,
    });
    let Some((index, (before, behind))) = found else { return (word.clone(), Word::new()) };
    let half = |text: &str| Part::Bare(text.to_owned());
    (word[..index].iter().cloned().chain([half(before)]).collect(), std::iter::once(half(behind)).chain(word[index + 1..].iter().cloned()).collect())
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
