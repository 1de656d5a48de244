//! The small tools around kubectl: `cat`, `echo`, `grep`, `sed`, `head`, `tail`, `wc`, `sort`, `base64`, `curl`, …

use super::base64;
use super::env::{DONE, Env, Failure, Flow, Job, Poll};
use super::pattern::Pattern;
use crate::api::SimTime;
use crate::cluster::PodRef;

fn fail(text: String, code: i32) -> Failure {
    Failure::raw(text, code)
}

/// Seconds as `timeout` and `sleep` take them (`5`, `0.5`, `2m`), in milliseconds.
pub fn seconds(text: &str) -> Option<u64> {
    let (number, scale) = match text.char_indices().last()? {
        (at, 's') => (&text[..at], 1),
        (at, 'm') => (&text[..at], 60),
        (at, 'h') => (&text[..at], 3600),
        (at, 'd') => (&text[..at], 86_400),
        _ => (text, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction: String = format!("{fraction:0<3}").chars().take(3).collect();
    let millis = whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(fraction.parse().ok()?)?;
    millis.checked_mul(scale)
}

/// Flags of one letter with and without values, and the other words.
struct Options {
    flags: Vec<(char, String)>,
    words: Vec<String>,
}

impl Options {
    fn parse(words: &[String], valued: &str) -> Self {
        let mut out = Self { flags: Vec::new(), words: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                out.words.extend(words.cloned());
                break;
            }
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty() && !l.starts_with('-')) else {
                if let Some(long) = word.strip_prefix("--") {
                    let (name, value) = long.split_once('=').unwrap_or((long, ""));
                    let short = match name {
                        "lines" => 'n',
                        "decode" => 'd',
                        "silent" => 's',
                        "ignore-case" => 'i',
                        "invert-match" => 'v',
                        "count" => 'c',
                        "quiet" => 'q',
                        _ => '?',
                    };
                    out.flags.push((short, value.into()));
                    continue;
                }
                out.words.push(word.clone());
                continue;
            };
            if letters.bytes().all(|b| b.is_ascii_digit()) {
                out.flags.push(('n', letters.into()));
                continue;
            }
            let mut rest = letters;
            while let Some(letter) = rest.chars().next() {
                rest = &rest[letter.len_utf8()..];
                if valued.contains(letter) {
                    let value = if rest.is_empty() { words.next().cloned().unwrap_or_default() } else { rest.to_owned() };
                    out.flags.push((letter, value));
                    break;
                }
                out.flags.push((letter, String::new()));
            }
        }
        out
    }

    fn has(&self, letter: char) -> bool {
        self.flags.iter().any(|(l, _)| *l == letter)
    }

    fn value(&self, letter: char) -> Option<&str> {
        self.flags.iter().rev().find(|(l, _)| *l == letter).map(|(_, v)| v.as_str())
    }

    fn number(&self, letter: char, default: usize) -> usize {
        self.value(letter).and_then(|v| v.trim_start_matches('+').parse().ok()).unwrap_or(default)
    }
}

/// The files' text, or standard input without any.
fn input(tool: &str, files: &[String], env: &mut Env) -> Result<String, Failure> {
    let mut out = String::new();
    if files.is_empty() {
        return Ok(env.stdin.take().unwrap_or_default());
    }
    for file in files {
        if file == "-" {
            out.push_str(&env.stdin.take().unwrap_or_default());
            continue;
        }
        match env.files.get(plain(file)) {
            Some(text) => out.push_str(text),
            None if file == "/dev/null" => {}
            None => {
                env.out(std::mem::take(&mut out));
                return Err(fail(format!("{tool}: {file}: No such file or directory\n"), if tool == "grep" { 2 } else { 1 }));
            }
        }
    }
    Ok(out)
}

fn plain(path: &str) -> &str {
    path.strip_prefix("./").or(path.strip_prefix("~/")).unwrap_or(path)
}

pub fn run(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let (name, rest) = (words[0].as_str(), &words[1..]);
    let code = match name {
        "true" | ":" | "clear" | "export" | "set" => {
            for word in rest.iter().filter(|_| name == "export") {
                if let Some((name, value)) = word.split_once('=') {
                    env.vars.insert(name.into(), value.into());
                }
            }
            0
        }
        "false" => 1,
        "echo" => {
            let newline = rest.first().map(String::as_str) != Some("-n");
            let words = if newline { rest } else { &rest[1..] };
            let escapes = words.first().map(String::as_str) == Some("-e");
            let text = if escapes { unescape(&words[1..].join(" ")) } else { words.join(" ") };
            env.out(if newline { text + "\n" } else { text });
            0
        }
        "printf" => {
            let format = rest.first().map(|f| unescape(f)).unwrap_or_default();
            let mut out = String::new();
            let mut args = rest.get(1..).unwrap_or_default().iter();
            let mut pieces = format.split("%s");
            out.push_str(pieces.next().unwrap_or(""));
            for piece in pieces {
                out.push_str(args.next().map_or("", String::as_str));
                out.push_str(piece);
            }
            env.out(out.replace("%%", "%"));
            0
        }
        "cat" => {
            let options = Options::parse(rest, "");
            let text = input("cat", &options.words, env)?;
            env.out(text);
            0
        }
        "tee" => {
            let options = Options::parse(rest, "");
            let text = env.stdin.take().unwrap_or_default();
            for file in &options.words {
                env.files.insert(plain(file).into(), text.clone());
            }
            env.out(text);
            0
        }
        "head" | "tail" => {
            let options = Options::parse(rest, "nc");
            let text = input(name, &options.words, env)?;
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let count = options.number('n', 10);
            let from_start = options.value('n').is_some_and(|v| v.starts_with('+'));
            let chosen = match (name, from_start) {
                ("head", _) => &lines[..count.min(lines.len())],
                (_, true) => &lines[count.saturating_sub(1).min(lines.len())..],
                (_, false) => &lines[lines.len().saturating_sub(count)..],
            };
            env.out(if let Some(bytes) = options.value('c').and_then(|v| v.parse::<usize>().ok()) {
                text.chars().take(bytes).collect()
            } else {
                chosen.concat()
            });
            0
        }
        "wc" => {
            let options = Options::parse(rest, "");
            let text = input("wc", &options.words, env)?;
            let all = options.flags.is_empty();
            let counts = [('l', text.matches('\n').count()), ('w', text.split_whitespace().count()), ('c', text.len())];
            let shown: Vec<String> = counts.iter().filter(|(f, _)| all || options.has(*f)).map(|(_, n)| n.to_string()).collect();
            let line = if shown.len() == 1 { shown.concat() } else { shown.iter().map(|n| format!("{n:>7}")).collect::<Vec<_>>().join(" ") };
            let files = options.words.iter().map(|w| format!(" {w}")).collect::<String>();
            env.out(format!("{line}{files}\n"));
            0
        }
        "sort" => {
            let options = Options::parse(rest, "kt");
            let text = input("sort", &options.words, env)?;
            let mut lines: Vec<&str> = text.lines().collect();
            let column = options.number('k', 0);
            let key = |line: &str| -> String {
                if column == 0 { line.to_owned() } else { line.split_whitespace().nth(column - 1).unwrap_or("").to_owned() }
            };
            if options.has('n') {
                let number = |line: &str| key(line).chars().take_while(|c| c.is_ascii_digit()).collect::<String>().parse::<u64>().unwrap_or(0);
                lines.sort_by_key(|l| number(l));
            } else {
                lines.sort_by_key(|l| key(l));
            }
            if options.has('r') {
                lines.reverse();
            }
            if options.has('u') {
                lines.dedup();
            }
            env.out(lines.iter().map(|l| format!("{l}\n")).collect::<String>());
            0
        }
        "uniq" => {
            let options = Options::parse(rest, "");
            let text = input("uniq", &options.words, env)?;
            let mut counted: Vec<(usize, &str)> = Vec::new();
            for line in text.lines() {
                match counted.last_mut() {
                    Some((n, last)) if *last == line => *n += 1,
                    _ => counted.push((1, line)),
                }
            }
            env.out(counted.iter().map(|(n, l)| if options.has('c') { format!("{n:>7} {l}\n") } else { format!("{l}\n") }).collect::<String>());
            0
        }
        "cut" => {
            let options = Options::parse(rest, "dfc");
            let text = input("cut", &options.words, env)?;
            let separator = options.value('d').and_then(|d| d.chars().next()).unwrap_or('\t');
            let wanted: Vec<usize> = options.value('f').unwrap_or("1").split(',').filter_map(|n| n.parse().ok()).collect();
            let cut = |line: &str| {
                let fields: Vec<&str> = line.split(separator).collect();
                wanted.iter().filter_map(|n| fields.get(n.wrapping_sub(1)).copied()).collect::<Vec<_>>().join(&separator.to_string())
            };
            env.out(text.lines().map(|l| cut(l) + "\n").collect::<String>());
            0
        }
        "tr" => {
            let options = Options::parse(rest, "");
            let text = env.stdin.take().unwrap_or_default();
            let set = |n: usize| options.words.get(n).map(|s| unescape(s)).unwrap_or_default().chars().collect::<Vec<char>>();
            let (from, to) = (set(0), set(1));
            let change = |c: char| match from.iter().position(|f| *f == c) {
                Some(_) if options.has('d') => None,
                Some(at) => Some(to.get(at).or(to.last()).copied().unwrap_or(c)),
                None => Some(c),
            };
            env.out(text.chars().filter_map(change).collect::<String>());
            0
        }
        "base64" => {
            let options = Options::parse(rest, "w");
            let text = input("base64", &options.words, env)?;
            if options.has('d') {
                let bytes = base64::decode(&text).ok_or_else(|| fail("base64: invalid input\n".into(), 1))?;
                env.out(String::from_utf8_lossy(&bytes).into_owned());
            } else {
                env.out(base64::encode(text.as_bytes()) + "\n");
            }
            0
        }
        "grep" | "egrep" | "fgrep" => grep(name, rest, env)?,
        "sed" => sed(rest, env)?,
        "curl" | "wget" => return curl(name, rest, env),
        "sleep" => {
            let millis = rest.first().and_then(|t| seconds(t)).ok_or_else(|| fail("sleep: missing operand\n".into(), 1))?;
            return Ok(Flow::wait(Sleep { until: env.now() + millis }));
        }
        "ls" => {
            let options = Options::parse(rest, "");
            let folder = options.words.first().map(|w| plain(w).trim_end_matches('/').to_owned()).filter(|w| w != ".").unwrap_or_default();
            if env.files.contains_key(&folder) {
                env.out(format!("{folder}\n"));
                return Ok(DONE);
            }
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let mut names: Vec<String> =
                env.files.keys().filter_map(|f| f.strip_prefix(&prefix)).map(|f| f.split('/').next().unwrap_or(f).to_owned()).collect();
            names.dedup();
            if names.is_empty() && !folder.is_empty() {
                return Err(fail(format!("ls: cannot access '{folder}': No such file or directory\n"), 2));
            }
            env.out(names.iter().map(|n| format!("{n}\n")).collect::<String>());
            0
        }
        "rm" => {
            let options = Options::parse(rest, "");
            for file in &options.words {
                let folder = format!("{}/", plain(file).trim_end_matches('/'));
                let before = env.files.len();
                env.files.remove(plain(file));
                if options.has('r') || options.has('R') {
                    env.files.retain(|name, _| !name.starts_with(&folder));
                }
                if env.files.len() == before && !options.has('f') {
                    return Err(fail(format!("rm: cannot remove '{file}': No such file or directory\n"), 1));
                }
            }
            0
        }
        "cp" | "mv" => {
            let [from, to] = rest else { return Err(fail(format!("{name}: missing file operand\n"), 1)) };
            let text =
                env.files.get(plain(from)).cloned().ok_or_else(|| fail(format!("{name}: cannot stat '{from}': No such file or directory\n"), 1))?;
            env.files.insert(plain(to).into(), text);
            if name == "mv" {
                env.files.remove(plain(from));
            }
            0
        }
        "touch" => {
            for file in rest {
                env.files.entry(plain(file).into()).or_default();
            }
            0
        }
        "mkdir" | "cd" | "history" | "alias" => 0,
        "pwd" => {
            env.out("/root\n");
            0
        }
        "whoami" => {
            env.out("root\n");
            0
        }
        "hostname" => {
            env.out("workstation\n");
            0
        }
        "date" => {
            let text = super::duration::rfc1123(&env.now().rfc3339());
            env.out(text + "\n");
            0
        }
        "seq" => {
            let numbers: Vec<i64> = rest.iter().filter_map(|n| n.parse().ok()).collect();
            let (from, to) = if numbers.len() > 1 { (numbers[0], numbers[1]) } else { (1, numbers.first().copied().unwrap_or(0)) };
            env.out((from..=to.min(from + 10_000)).map(|n| format!("{n}\n")).collect::<String>());
            0
        }
        _ => return Err(fail(format!("bash: {name}: command not found\n"), 127)),
    };
    Ok(Flow::Done(code))
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
}

fn grep(name: &str, rest: &[String], env: &mut Env) -> Result<i32, Failure> {
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
fn sed(rest: &[String], env: &mut Env) -> Result<i32, Failure> {
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

/// A request from the person's machine: a forwarded port, or what a node reaches.
fn curl(name: &str, rest: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let options = Options::parse(rest, "moXHdwOT");
    let quiet = options.has('s') && !options.has('S') || name == "wget" && options.has('q');
    let Some(url) = options.words.first() else { return Err(fail(format!("{name}: no URL specified\n"), 2)) };
    let bare = url.split("://").nth(1).unwrap_or(url);
    let (host, path) = bare.split_once('/').map_or((bare, ""), |(h, p)| (h, p));
    let (host, port) = host.rsplit_once(':').map_or((host, 80), |(h, p)| (h, p.parse::<u16>().unwrap_or(80)));
    let local = matches!(host, "localhost" | "127.0.0.1");
    let answer = if local {
        match env.forwards.iter().find(|f| f.local == port).cloned() {
            Some(forward) => {
                env.err(format!("Handling connection for {port}\n"));
                let place = PodRef { namespace: &forward.namespace, name: &forward.pod };
                env.cluster.send_request(Some((place, &forward.container)), &format!("localhost:{}/{path}", forward.remote)).ok()
            }
            None => None,
        }
    } else {
        env.cluster.send_request(None, bare).ok()
    };
    match answer.map(|a| a.result) {
        Some(Ok(response)) => {
            if options.has('i') || options.has('I') {
                env.out(format!(
                    "HTTP/1.1 {}\r\n{}\r\n",
                    response.status,
                    response.headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect::<String>()
                ));
            }
            if options.value('o').is_none() && !options.has('I') {
                env.out(response.body);
            }
            if let Some(format) = options.value('w') {
                env.out(unescape(&format.replace("%{http_code}", &response.status.to_string())));
            }
            let failed = options.has('f') && response.status >= 400;
            Ok(Flow::Done(if failed { 22 } else { 0 }))
        }
        Some(Err(crate::cluster::network::Failure::Timeout)) => Err(fail(
            if quiet { String::new() } else { format!("curl: (28) Connection timed out after {} milliseconds\n", 1000 * options.number('m', 130)) },
            28,
        )),
        Some(Err(crate::cluster::network::Failure::UnknownHost(host))) => {
            Err(fail(if quiet { String::new() } else { format!("curl: (6) Could not resolve host: {host}\n") }, 6))
        }
        _ => Err(fail(
            if quiet {
                String::new()
            } else {
                format!("curl: (7) Failed to connect to {host} port {port} after 0 ms: Could not connect to server\n")
            },
            7,
        )),
    }
}

#[derive(Clone)]
struct Sleep {
    until: SimTime,
}

impl Job for Sleep {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        Ok(if env.now() >= self.until { Poll::Done(0) } else { Poll::Pending(Some(self.until)) })
    }
}
