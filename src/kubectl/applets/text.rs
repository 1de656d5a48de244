//! `grep` and `sed`.

use super::{Options, fail, input, plain};
use crate::kubectl::env::{Env, Failure};
use crate::kubectl::pattern::Pattern;

pub(super) fn grep(name: &str, rest: &[String], env: &mut Env) -> Result<i32, Failure> {
    let options = Options::parse(rest, "ABCem");
    let mut words = options.words.clone();
    let text = match options.value('e') {
        Some(pattern) => pattern.to_owned(),
        None if words.is_empty() => {
            return Err(fail("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n".into(), 2));
        }
        None => words.remove(0),
    };
    let fold = options.has('i');
    let pattern = if options.has('F') || name == "fgrep" {
        Pattern::literal(&text, fold)
    } else {
        let wide = options.has('E') || options.has('P') || name == "egrep";
        let text = if options.has('w') { format!("\\b{text}\\b") } else { text };
        Pattern::new(&text, wide, fold).map_err(|e| fail(format!("grep: {e}\n"), 2))?
    };
    let (after, before) = (options.number('A', options.number('C', 0)), options.number('B', options.number('C', 0)));
    let content = input("grep", &words, env)?;
    let lines: Vec<&str> = content.lines().collect();
    let hits: Vec<bool> = lines.iter().map(|l| pattern.matches(l) != options.has('v')).collect();
    let count = hits.iter().filter(|h| **h).count();
    if options.has('c') {
        env.out(format!("{count}\n"));
    } else if !options.has('q') {
        let most = options.number('m', usize::MAX);
        let mut out = String::new();
        let (mut last, mut seen) = (None, 0);
        for (at, line) in lines.iter().enumerate() {
            let near = (at.saturating_sub(after)..=(at + before).min(lines.len() - 1)).any(|n| hits[n]);
            if !near || seen >= most {
                continue;
            }
            seen += usize::from(hits[at]);
            if (after > 0 || before > 0) && last.is_some_and(|l| l + 1 < at) {
                out.push_str("--\n");
            }
            last = Some(at);
            if options.has('n') {
                out.push_str(&format!("{}{}", at + 1, if hits[at] { ':' } else { '-' }));
            }
            if options.has('o') {
                let chars: Vec<char> = line.chars().collect();
                let mut from = 0;
                while let Some((start, end)) = pattern.find(&chars, from).and_then(|f| f[0]) {
                    if end > start {
                        out.extend(&chars[start..end]);
                        out.push('\n');
                    }
                    from = end.max(start + 1);
                    if from > chars.len() {
                        break;
                    }
                }
            } else {
                out.push_str(line);
                out.push('\n');
            }
        }
        env.out(out);
    }
    Ok(i32::from(count == 0))
}

/// `s/…/…/flags`, `d`, `p`, with a line, `$` or `/…/` in front.
pub(super) fn sed(rest: &[String], env: &mut Env) -> Result<i32, Failure> {
    let options = Options::parse(rest, "e");
    let mut words = options.words.clone();
    let wide = options.has('E') || options.has('r');
    let script = match options.value('e') {
        Some(script) => script.to_owned(),
        None if words.is_empty() => return Err(fail("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n".into(), 1)),
        None => words.remove(0),
    };
    let bad = |what: &str| fail(format!("sed: -e expression #1, char {}: {what}\n", script.len()), 1);
    let mut rest = script.as_str();
    let mut range: (Option<usize>, Option<usize>) = (None, None);
    let mut filter = None;
    if let Some(body) = rest.strip_prefix('/') {
        let end = body.find('/').ok_or_else(|| bad("unterminated address regex"))?;
        filter = Some(Pattern::new(&body[..end], wide, false).map_err(|e| bad(&e))?);
        rest = &body[end + 1..];
    } else {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '$')).unwrap_or(rest.len());
        if end > 0 {
            let (from, to) = rest[..end].split_once(',').map_or((&rest[..end], None), |(f, t)| (f, Some(t)));
            range.0 = Some(from.parse().unwrap_or(usize::MAX));
            range.1 = Some(to.map_or(range.0.unwrap_or(1), |t| t.parse().unwrap_or(usize::MAX)));
            rest = &rest[end..];
        }
    }
    let mut replacement: Option<(Pattern, String, bool)> = None;
    if let Some(body) = rest.strip_prefix('s') {
        let separator = body.chars().next().ok_or_else(|| bad("unterminated `s' command"))?;
        let mut parts = vec![String::new()];
        let mut chars = body[separator.len_utf8()..].chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some(n) if n == separator => parts.last_mut().into_iter().for_each(|p| p.push(n)),
                    Some(n) => parts.last_mut().into_iter().for_each(|p| p.extend(['\\', n])),
                    None => {}
                },
                c if c == separator && parts.len() < 3 => parts.push(String::new()),
                c => parts.last_mut().into_iter().for_each(|p| p.push(c)),
            }
        }
        let [pattern, with, flags] = parts.as_slice() else { return Err(bad("unterminated `s' command")) };
        let pattern = Pattern::new(pattern, wide, flags.contains('i') || flags.contains('I')).map_err(|e| bad(&e))?;
        replacement = Some((pattern, with.clone(), flags.contains('g')));
    } else if !matches!(rest.trim(), "d" | "p" | "q" | "") {
        return Err(bad(&format!("unknown command: `{}'", rest.chars().next().unwrap_or(' '))));
    }
    let in_place = options.has('i');
    let text = if in_place {
        words
            .first()
            .and_then(|f| env.files.get(plain(f)).cloned())
            .ok_or_else(|| fail(format!("sed: can't read {}: No such file or directory\n", words.first().map_or("", String::as_str)), 2))?
    } else {
        input("sed", &words, env)?
    };
    let total = text.lines().count();
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let number_of = |n: usize| if n == usize::MAX { total } else { n };
        let chosen = filter.as_ref().is_none_or(|f| f.matches(line))
            && range.0.is_none_or(|from| number >= number_of(from))
            && range.1.is_none_or(|to| number <= number_of(to));
        let mut line = line.to_owned();
        if chosen {
            if let Some((pattern, with, all)) = &replacement {
                line = substitute(pattern, with, *all, &line);
            } else if rest.trim() == "d" {
                continue;
            } else if rest.trim() == "p" {
                out.push_str(&line);
                out.push('\n');
            }
        }
        if !options.has('n') {
            out.push_str(&line);
            out.push('\n');
        }
        if chosen && rest.trim() == "q" {
            break;
        }
    }
    if in_place {
        if let Some(file) = words.first() {
            env.files.insert(plain(file).into(), out);
        }
    } else {
        env.out(out);
    }
    Ok(0)
}

fn substitute(pattern: &Pattern, with: &str, all: bool, line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::new();
    let mut from = 0;
    while let Some(found) = pattern.find(&chars, from) {
        let Some((start, end)) = found[0] else { break };
        out.extend(&chars[from..start]);
        let mut letters = with.chars();
        while let Some(c) = letters.next() {
            match c {
                '&' => out.extend(&chars[start..end]),
                '\\' => match letters.next() {
                    Some(d) if d.is_ascii_digit() => {
                        if let Some((a, b)) = found[d as usize - '0' as usize] {
                            out.extend(&chars[a..b]);
                        }
                    }
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some(c) => out.push(c),
                    None => {}
                },
                c => out.push(c),
            }
        }
        if end == start {
            out.extend(chars.get(start));
            from = start + 1;
        } else {
            from = end;
        }
        if !all || from > chars.len() {
            break;
        }
    }
    out.extend(chars.get(from..).unwrap_or_default());
    out
}
