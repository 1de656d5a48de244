//! Lines by their pattern: `grep` and `sed`.

use super::{Call, Options};
use crate::cluster::shell::edit;
use crate::cluster::shell::regex::{MOST_EFFORT, Regex};

/// Whether each line that `grep` reads stands for itself.
pub(super) fn grep_goes_by_line(options: &Options) -> bool {
    !"cmnABClLr".chars().any(|letter| options.has(letter))
}

pub(super) fn grep(call: &mut Call) -> i32 {
    let mut patterns: Vec<String> = call.options.values('e').map(str::to_owned).collect();
    let files: Vec<String> = call.options.values('f').map(str::to_owned).collect();
    let behind = usize::from(patterns.is_empty() && files.is_empty());
    for file in files {
        match call.open(&file) {
            Ok(text) => patterns.push(text.trim_end_matches('\n').to_owned()),
            Err(code) => return code,
        }
    }
    if behind == 1 {
        let Some(pattern) = call.options.words.first() else { return call.usage() };
        patterns.push(pattern.clone());
    }
    let extended = call.has('E') || call.has('P') || call.name == "egrep";
    let plain = call.has('F') || call.name == "fgrep";
    let mut regexes = Vec::new();
    for pattern in patterns.iter().flat_map(|pattern| pattern.split('\n')) {
        if !plain && !is_whole(pattern, extended) {
            return call.fail(&format!("bad regex '{pattern}'"), 2);
        }
        let pattern = if plain { quote(pattern) } else { pattern.to_owned() };
        let (open, close) = if extended && !plain { ("(", ")") } else { ("\\(", "\\)") };
        let pattern = match (call.has('x'), call.has('w')) {
            (true, _) => format!("^{open}{pattern}{close}$"),
            (_, true) => format!("\\b{open}{pattern}{close}\\b"),
            _ => pattern,
        };
        regexes.push(Regex::new(&pattern, extended && !plain, call.has('i')));
    }
    let number = |call: &mut Call, letter: char| match call.options.value(letter).map(str::to_owned) {
        Some(text) => call.number(&text).map(Some),
        None => Ok(None),
    };
    let mut limits = [None; 4];
    for (limit, letter) in limits.iter_mut().zip(['m', 'C', 'B', 'A']) {
        match number(call, letter) {
            Ok(given) => *limit = given,
            Err(code) => return code,
        }
    }
    let [most, around, before, after] = limits;
    let around = around.unwrap_or(0);
    let recursive = call.has('r') || call.has('R');
    let words = if recursive && call.options.words.len() <= behind { vec![".".to_owned()] } else { call.inputs(behind) };
    let named = (words.len() > 1 || recursive || call.has('H')) && !call.has('h');
    let mut search = Search {
        regexes,
        most: most.unwrap_or(usize::MAX),
        before: before.unwrap_or(around),
        after: after.unwrap_or(around),
        gap: before.is_some() || after.is_some() || around > 0,
    };
    let (mut code, mut hits) = (0, 0);
    let mut waiting: Vec<String> = words.into_iter().rev().collect();
    while let Some(word) = waiting.pop() {
        if recursive && call.folder(&word) {
            let names = call.list(&call.path(&word)).unwrap_or_default();
            waiting.extend(names.into_iter().rev().map(|name| format!("{}/{name}", word.trim_end_matches('/'))));
            continue;
        }
        match call.open(&word) {
            Ok(text) => {
                let shown = if word == "-" { "(standard input)" } else { &word };
                hits += search.run(call, &text, shown, named);
            }
            Err(failed) => code = failed,
        }
    }
    call.looked(&search.regexes);
    if code != 0 { code } else { i32::from(hits == 0) }
}

/// What `grep` looks for in each file, and how much around it is shown.
struct Search {
    regexes: Vec<Regex>,
    most: usize,
    before: usize,
    after: usize,
    gap: bool,
}

impl Search {
    /// Looks through a text, prints what was asked for; how many lines (with `-L`: files) count.
    fn run(&mut self, call: &mut Call, text: &str, name: &str, named: bool) -> usize {
        let lines: Vec<&str> = text.lines().collect();
        let mut left = self.most;
        let mut fits = |line: &&str| {
            // All of them together look no longer than one.
            let spent = self.regexes.iter().map(Regex::effort).sum::<u64>() >= MOST_EFFORT;
            let fits = !spent && left > 0 && self.regexes.iter().any(|r| r.is_match(line)) != call.has('v');
            left -= usize::from(fits);
            fits
        };
        let hits: Vec<bool> = lines.iter().map(&mut fits).collect();
        let count = hits.iter().filter(|h| **h).count();
        let prefix = |mark: char| if named { format!("{name}{mark}") } else { String::new() };
        if call.has('q') {
            return count;
        }
        if call.has('l') || call.has('L') {
            let lists = (count > 0) == call.has('l');
            call.say(&if lists { format!("{name}\n") } else { String::new() });
            return usize::from(lists);
        }
        if call.has('c') {
            call.say(&format!("{}{count}\n", prefix(':')));
            return count;
        }
        let (mut out, mut last) = (String::new(), None);
        for (at, line) in lines.iter().enumerate() {
            let near = at.saturating_sub(self.after)..=at.saturating_add(self.before).min(lines.len() - 1);
            if !hits[near].contains(&true) {
                continue;
            }
            if self.gap && last.is_some_and(|l| l + 1 < at) {
                out.push_str("--\n");
            }
            last = Some(at);
            let mark = if hits[at] { ':' } else { '-' };
            let mut head = prefix(mark);
            if call.has('n') {
                head.push_str(&format!("{}{mark}", at + 1));
            }
            if call.has('o') {
                self.regexes.iter().for_each(|regex| matches(regex, line, &head, &mut out));
            } else {
                out.push_str(&format!("{head}{line}\n"));
            }
        }
        call.say(&out);
        count
    }
}

/// Whether all that a pattern opens is closed.
fn is_whole(pattern: &str, extended: bool) -> bool {
    let characters: Vec<char> = pattern.chars().collect();
    let (mut depth, mut at) = (0, 0);
    while let Some(&c) = characters.get(at) {
        at += 1;
        let escaped = c == '\\';
        let sign = if escaped {
            at += 1;
            characters.get(at - 1).copied()
        } else {
            Some(c)
        };
        match sign {
            None => return false,
            Some('[') if !escaped => {
                // A bracket that stands first, or first behind `^`, is one of the set.
                at += usize::from(characters.get(at) == Some(&'^')) + 1;
                let end = characters.get(at..).and_then(closing);
                match end {
                    Some(end) => at += end + 1,
                    None => return false,
                }
            }
            Some('(') if escaped != extended => depth += 1,
            Some(')') if escaped != extended && depth == 0 && escaped => return false,
            Some(')') if escaped != extended && depth > 0 => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// Where a set of characters ends; `[:alpha:]` in it does not end it.
fn closing(rest: &[char]) -> Option<usize> {
    let mut at = 0;
    while let Some(&c) = rest.get(at) {
        if c == ']' {
            return Some(at);
        }
        let named = c == '[' && rest.get(at + 1) == Some(&':');
        at += if named { 2 + rest[at + 2..].iter().position(|c| *c == ']')? } else { 1 };
    }
    None
}

/// What of a line fits, each on its own line.
fn matches(regex: &Regex, line: &str, head: &str, out: &mut String) {
    let (characters, searched): (Vec<char>, Vec<char>) = (line.chars().collect(), regex.characters(line));
    let mut from = 0;
    while let Some(found) = regex.find(&searched, from) {
        if found.end > found.start {
            out.push_str(head);
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
fn script(options: &Options, files: &[String]) -> Option<(Result<edit::Script, String>, usize)> {
    let mut given: Vec<&str> = options.values('e').collect();
    given.extend(files.iter().map(|text| text.trim_end_matches('\n')));
    let (text, behind) = if given.is_empty() { (options.words.first()?.clone(), 1) } else { (given.join("\n"), 0) };
    Some((edit::Script::new(&text, options.has('E') || options.has('r'), options.has('n')), behind))
}

/// Whether each line that `sed` reads stands for itself.
pub(super) fn sed_goes_by_line(options: &Options) -> bool {
    !options.has('f') && script(options, &[]).is_some_and(|(script, _)| script.is_ok_and(|s| s.is_linewise()))
}

pub(super) fn sed(call: &mut Call) -> i32 {
    let mut files = Vec::new();
    for file in call.options.values('f').map(str::to_owned).collect::<Vec<_>>() {
        match call.open(&file) {
            Ok(text) => files.push(text),
            Err(code) => return code,
        }
    }
    let Some((script, behind)) = script(&call.options, &files) else { return call.usage() };
    let mut script = match script {
        Ok(script) => script,
        Err(message) => return call.fail(&message, 1),
    };
    if call.has('i') {
        let mut code = 0;
        let copy = call.options.value('i').unwrap_or("").to_owned();
        let words = call.options.words.split_off(behind);
        for word in words {
            let path = call.path(&word);
            let done = call.host.read(&path).and_then(|text| {
                if !copy.is_empty() {
                    call.host.write_file(&format!("{path}{copy}"), &text, false)?;
                }
                match script.run(&text) {
                    Some(out) => {
                        // What it writes anew takes the place of a link.
                        if call.host.link(&path).is_some() {
                            call.host.remove(&path, false)?;
                        }
                        call.host.write_file(&path, &out, false)
                    }
                    None => {
                        call.machine.is_endless = true;
                        Ok(())
                    }
                }
            });
            if let Err(error) = done {
                code = call.fail(&format!("{word}: {}", error.words()), 1);
            }
        }
        call.looked(script.regexes());
        return code;
    }
    let (text, code) = call.text(behind);
    match script.run(&text) {
        Some(out) => call.machine.print(call.host, &out),
        None => call.machine.is_endless = true,
    }
    call.looked(script.regexes());
    code
}
