//! Lines by their pattern: `grep`, `sed`, and as much of `awk` as columns need.

use super::{Call, Options};
use crate::cluster::shell::edit;
use crate::cluster::shell::regex::Regex;

/// Whether each line that `grep` reads stands for itself.
pub(super) fn grep_goes_by_line(options: &Options) -> bool {
    !"cmnABC".chars().any(|letter| options.has(letter))
}

pub(super) fn grep(call: &mut Call) -> i32 {
    let mut patterns: Vec<String> = call.options.values('e').map(str::to_owned).collect();
    let behind = usize::from(patterns.is_empty());
    if behind == 1 {
        let Some(pattern) = call.options.words.first() else { return call.fail("needs a pattern", 2) };
        patterns.extend(pattern.lines().map(str::to_owned));
    }
    let extended = call.has('E') || call.has('P') || call.name == "egrep";
    let plain = call.has('F') || call.name == "fgrep";
    let regexes: Vec<Regex> = patterns
        .iter()
        .map(|pattern| {
            let pattern = if plain { quote(pattern) } else { pattern.clone() };
            let pattern = match (call.has('x'), call.has('w')) {
                (true, _) => format!("^{pattern}$"),
                (_, true) => format!("\\b{pattern}\\b"),
                _ => pattern,
            };
            Regex::new(&pattern, extended && !plain, call.has('i'))
        })
        .collect();
    let (text, code) = call.text(behind);
    let lines: Vec<&str> = text.lines().collect();
    let mut left = call.options.number('m').unwrap_or(usize::MAX);
    let mut fits = |line: &&str| {
        let fits = left > 0 && regexes.iter().any(|r| r.is_match(line)) != call.has('v');
        left -= usize::from(fits);
        fits
    };
    let hits: Vec<bool> = lines.iter().map(&mut fits).collect();
    let count = hits.iter().filter(|h| **h).count();
    let around = call.options.number('C').unwrap_or(0);
    let (before, after) = (call.options.number('B').unwrap_or(around), call.options.number('A').unwrap_or(around));
    let mut out = String::new();
    if call.has('c') {
        out = format!("{count}\n");
    } else if !call.has('q') && !call.has('l') {
        let mut last = None;
        for (at, line) in lines.iter().enumerate() {
            let near = at.saturating_sub(after)..=at.saturating_add(before).min(lines.len() - 1);
            if !hits[near].contains(&true) {
                continue;
            }
            if before + after > 0 && last.is_some_and(|l| l + 1 < at) {
                out.push_str("--\n");
            }
            last = Some(at);
            if call.has('n') {
                out.push_str(&format!("{}{}", at + 1, if hits[at] { ':' } else { '-' }));
            }
            if call.has('o') {
                regexes.iter().for_each(|regex| matches(regex, line, &mut out));
            } else {
                out.push_str(line);
                out.push('\n');
            }
        }
    } else if call.has('l') && count > 0 {
        out = format!("{}\n", call.options.words.get(behind).map_or("(standard input)", String::as_str));
    }
    call.say(&out);
    if code != 0 { 2 } else { i32::from(count == 0) }
}

/// What of a line fits, each on its own line.
fn matches(regex: &Regex, line: &str, out: &mut String) {
    let (characters, searched): (Vec<char>, Vec<char>) = (line.chars().collect(), regex.characters(line));
    let mut from = 0;
    while let Some(found) = regex.find(&searched, from) {
        if found.end > found.start {
            out.extend(characters.get(found.start..found.end).unwrap_or_default());
            out.push('\n');
        }
        from = found.end.max(found.start + 1);
        if from > searched.len() {
            break;
        }
    }
}

/// A text as a pattern that means just itself.
fn quote(text: &str) -> String {
    text.chars().flat_map(|c| if "\\.*[]^$".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}

/// The script of a `sed`, and behind how many words its files stand.
fn script(options: &Options) -> Option<(Result<edit::Script, String>, usize)> {
    let given: Vec<&str> = options.values('e').collect();
    let (text, behind) = if given.is_empty() { (options.words.first()?.clone(), 1) } else { (given.join("\n"), 0) };
    Some((edit::Script::new(&text, options.has('E') || options.has('r'), options.has('n')), behind))
}

/// Whether each line that `sed` reads stands for itself.
pub(super) fn sed_goes_by_line(options: &Options) -> bool {
    script(options).is_some_and(|(script, _)| script.is_ok_and(|s| s.is_linewise()))
}

pub(super) fn sed(call: &mut Call) -> i32 {
    let Some((script, behind)) = script(&call.options) else { return call.fail("no script", 1) };
    let mut script = match script {
        Ok(script) => script,
        Err(message) => return call.fail(&message, 1),
    };
    if call.has('i') {
        let mut code = 0;
        let words = call.options.words.split_off(behind);
        for word in words {
            let path = call.path(&word);
            let done = call.host.read(&path).and_then(|text| call.host.write_file(&path, &script.run(&text), false));
            if let Err(error) = done {
                code = call.fail(&format!("{word}: {}", error.words()), 1);
            }
        }
        return code;
    }
    let (text, code) = call.text(behind);
    let out = script.run(&text);
    call.say(&out);
    code
}

/// `awk '[CONDITION] {print $N, …}'`, with `/…/`, `NR` and `$N` compared to something as the condition, and nothing more.
pub(super) fn awk(call: &mut Call) -> i32 {
    let program = call.word(0).trim().to_owned();
    let (condition, action) = match program.find('{') {
        Some(at) => (program[..at].trim(), program[at..].trim_start_matches('{').trim().trim_end_matches('}').trim()),
        None => (program.as_str(), "print"),
    };
    let Some(shown) = action.strip_prefix("print").filter(|_| !program.is_empty()) else {
        return call.fail("only '[/…/ | NR > N | $N == \"…\"] {print $N, …}' is known here", 1);
    };
    let regex = condition.strip_prefix('/').and_then(|c| c.strip_suffix('/')).map(|c| Regex::new(c, true, false));
    let comparison = ["==", "!=", ">=", "<=", ">", "<"].iter().find_map(|o| condition.split_once(o).map(|(l, r)| (l.trim(), *o, r.trim())));
    let separator = call.options.value('F').map(str::to_owned);
    let (text, code) = call.text(1);
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let fields: Vec<&str> = match &separator {
            Some(separator) => line.split(separator.as_str()).collect(),
            None => line.split_whitespace().collect(),
        };
        let value = |expression: &str| match expression.strip_prefix('$') {
            Some("0") => line.to_owned(),
            Some("NF") => fields.last().map_or("", |f| f).to_owned(),
            Some(n) => n.parse::<usize>().ok().and_then(|n| fields.get(n.wrapping_sub(1))).map_or("", |f| f).to_owned(),
            None if expression == "NR" => (at + 1).to_string(),
            None if expression == "NF" => fields.len().to_string(),
            None => super::unescape(expression.trim_matches('"')),
        };
        let holds = match (&regex, comparison) {
            (Some(regex), _) => regex.is_match(line),
            (None, Some((left, operator, right))) => {
                let (left, right) = (value(left), value(right));
                let order = match (left.parse::<i64>(), right.parse::<i64>()) {
                    (Ok(left), Ok(right)) => left.cmp(&right),
                    _ => left.cmp(&right),
                };
                match operator {
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">=" => order.is_ge(),
                    "<=" => order.is_le(),
                    ">" => order.is_gt(),
                    _ => order.is_lt(),
                }
            }
            (None, None) => true,
        };
        if !holds {
            continue;
        }
        let pieces: Vec<String> =
            if shown.trim().is_empty() { vec![line.to_owned()] } else { listed(shown).into_iter().map(|e| joined(e, &value)).collect() };
        out.push_str(&pieces.join(" "));
        out.push('\n');
    }
    call.say(&out);
    code
}

/// The expressions between the commas outside of quotes.
fn listed(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .collect()
}

/// `$1 "/" $2`: what stands side by side is put together.
fn joined(expression: &str, value: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('"') {
            Some(inner) => inner.find('"').map_or(rest.len(), |at| at + 2),
            None => rest[1..].find([' ', '"', '$']).map_or(rest.len(), |at| at + 1),
        };
        // The first character may be of several bytes.
        let end = (end..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        out.push_str(&value(rest[..end].trim()));
        rest = rest[end..].trim_start();
    }
    out
}
