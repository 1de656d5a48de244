//! Words → arguments: variables, substitutions, splitting, files that fit.

use std::rc::Rc;

use super::Host;
use super::arithmetic::arithmetic;
use super::braces::{MOST_ALTERNATIVES, braces};
use super::lexer::{Part, Word};
use super::machine::Machine;
use super::parser::Program;
use super::pattern::matches;

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

/// How many names a pattern may stand for.
const MOST_FOUND: usize = 5000;

/// Files that a pattern names; the pattern itself where there are none.
fn paths(machine: &Machine, host: &dyn Host, pattern: String) -> Vec<String> {
    let mut found = vec![String::new()];
    for (at, part) in pattern.split('/').enumerate() {
        let here = |before: &str| if at == 0 { before.to_owned() } else { format!("{before}/") };
        if !part.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|before| *before = here(before) + part);
            continue;
        }
        let below = |before: String| {
            let folder = here(&before);
            let names = host.list(&machine.path(if folder.is_empty() { "." } else { &folder })).unwrap_or_default();
            let shown = names.into_iter().filter(|n| (!n.starts_with('.') || part.starts_with('.')) && matches(part, n));
            shown.map(|n| format!("{folder}{n}")).collect::<Vec<_>>()
        };
        found = found.into_iter().flat_map(below).take(MOST_FOUND).collect();
    }
    // What stands behind the last sign must be there, too.
    found.retain(|path| host.stat(&machine.path(path)).is_some());
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
    let found = machine.variable(name).or_else(|| (name == "RANDOM").then(|| machine.random(host.now())));
    let set = found.is_some();
    if !set && matches!(operator, "" | "#len" | "#" | "##" | "%" | "%%") && name != "@" && name != "*" && machine.wants_all_set() {
        machine.fault = Some(format!("{name}: parameter not set"));
    }
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
            let argument = text(machine, host, argument);
            let (pattern, by) = argument.split_once('/').unwrap_or((&argument, ""));
            replaced(&current, pattern, by, operator == "//")
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

/// Longer texts are searched for plain words only: a pattern looks at each part of a text.
const MOST_SEARCHED: usize = 4096;

/// `${name/pattern/by}`: the longest part that fits, from the left; each of them with `//`.
fn replaced(text: &str, pattern: &str, by: &str, each: bool) -> String {
    let (mut out, mut rest) = (String::new(), text);
    let is_plain = !pattern.contains(['*', '?', '[']);
    while !rest.is_empty() && !pattern.is_empty() && (is_plain || text.len() <= MOST_SEARCHED) {
        let ends = |start: usize| rest[start..].char_indices().map(move |(at, c)| start + at + c.len_utf8());
        let found = if is_plain {
            rest.find(pattern).map(|start| (start, start + pattern.len()))
        } else {
            rest.char_indices().find_map(|(start, _)| Some((start, ends(start).rfind(|end| matches(pattern, &rest[start..*end]))?)))
        };
        let Some((start, end)) = found else { break };
        out.push_str(&rest[..start]);
        out.push_str(by);
        rest = &rest[end..];
        if !each {
            break;
        }
    }
    out + rest
}
