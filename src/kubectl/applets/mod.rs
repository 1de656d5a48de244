//! The small tools around kubectl: `cat`, `echo`, `grep`, `sed`, `head`, `tail`, `wc`, `sort`, `base64`, `curl`, …

use crate::api::order::InOrder as _;
mod curl;
mod text;

use super::base64;
use super::env::{DONE, Env, Failure, Flow, Job, Poll};
use crate::api::SimTime;

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
                lines.order_by_key(|l| number(l));
            } else {
                lines.order_by_key(|l| key(l));
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
        "grep" | "egrep" | "fgrep" => text::grep(name, rest, env)?,
        "sed" => text::sed(rest, env)?,
        "curl" | "wget" => return curl::curl(name, rest, env),
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

#[derive(Clone)]
struct Sleep {
    until: SimTime,
}

impl Job for Sleep {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        Ok(if env.now() >= self.until { Poll::Done(0) } else { Poll::Pending(Some(self.until)) })
    }
}
