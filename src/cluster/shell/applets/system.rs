//! Words, numbers and what the system says of itself: `echo`, `printf`, `test`, `seq`, `date`, `id`, `ps`, …

use super::owners::user_name;
use super::{Call, find, is_applet, unescape};
use crate::api::SimTime;
use crate::api::time::EPOCH_SECONDS;
use crate::cluster::shell::arithmetic::arithmetic;
use crate::cluster::shell::owner::{EXECUTE, READ, WRITE};
use crate::cluster::shell::{Host, Kind, pattern};

pub(super) const FREE: &str = "              total        used        free      shared  buff/cache   available\nMem:       24536328      812340    21203112        3124     2520876    23398236\n";
pub(super) const DF: &str =
    "Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay              103080888  12044128  86684812  12% /\n";

pub(super) fn echo(call: &mut Call) -> i32 {
    let mut words = call.arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some(first) = words.first().filter(|w| w.len() > 1 && w.starts_with('-') && w[1..].chars().all(|c| "neE".contains(c))) {
        newline &= !first.contains('n');
        escapes |= first.contains('e');
        words = &words[1..];
    }
    let mut text = words.join(" ");
    if escapes {
        text = unescape(&text);
    }
    if newline {
        text.push('\n');
    }
    call.say(&text)
}

pub(super) fn printf(call: &mut Call) -> i32 {
    let words: &[String] = if call.arguments.first().is_some_and(|a| a == "--") { &call.arguments[1..] } else { call.arguments };
    let Some((format, words)) = words.split_first() else { return 1 };
    let format = unescape(format);
    let mut out = String::new();
    let mut rest = words.iter().peekable();
    loop {
        let mut used = false;
        let mut characters = format.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut width = String::new();
            loop {
                match characters.next() {
                    Some('%') => out.push('%'),
                    Some(d) if d.is_ascii_digit() || d == '-' || d == '.' => {
                        width.push(d);
                        continue;
                    }
                    Some(kind @ ('s' | 'd' | 'i' | 'u' | 'c' | 'b' | 'f')) => {
                        used = true;
                        let text = rest.next().cloned().unwrap_or_default();
                        let most = width.split_once('.').map(|(_, most)| most.parse::<usize>().unwrap_or(0));
                        let text = if kind == 's' { text.chars().take(most.unwrap_or(usize::MAX)).collect() } else { text };
                        let size = width.trim_start_matches(['-', '0']).split('.').next().and_then(|w| w.parse::<usize>().ok()).unwrap_or(0).min(200);
                        out.push_str(&match width.chars().next() {
                            Some('-') => format!("{text:<size$}"),
                            Some('0') => format!("{text:0>size$}"),
                            _ => format!("{text:>size$}"),
                        });
                    }
                    _ => {}
                }
                break;
            }
        }
        if !used || rest.peek().is_none() || out.len() > 1 << 16 {
            break;
        }
    }
    call.say(&out)
}

pub(super) fn expr(call: &mut Call) -> i32 {
    let value = arithmetic(call.machine, &call.arguments.concat());
    call.say(&format!("{value}\n"));
    i32::from(value == 0)
}

pub(super) fn seq(call: &mut Call) -> i32 {
    let numbers: Vec<i64> = call.arguments.iter().filter_map(|w| w.parse().ok()).collect();
    let (first, step, last) = match numbers[..] {
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [first, step, last] if step != 0 => (first, step, last),
        _ => return 1,
    };
    let mut text = String::new();
    let mut at = first;
    for _ in 0..10_000 {
        if step > 0 && at > last || step < 0 && at < last {
            break;
        }
        text.push_str(&format!("{at}\n"));
        at = at.saturating_add(step);
    }
    call.say(&text)
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `date`, `date +FORMAT`.
pub(super) fn date(call: &mut Call) -> i32 {
    let format = call.options.words.iter().find_map(|w| w.strip_prefix('+')).unwrap_or("%a %b %e %T UTC %Y").to_owned();
    let text = formatted(call.host.now(), &format);
    call.say(&format!("{text}\n"))
}

fn formatted(now: SimTime, format: &str) -> String {
    let stamp = now.rfc3339();
    let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or("").to_owned();
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let piece = match characters.next() {
            // The cluster's first day is a Thursday.
            Some('a') => DAYS[(now.secs() / 86_400 % 7) as usize].to_owned(),
            Some('b' | 'h') => part(5, 7).parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1))).map_or("", |m| m).to_owned(),
            Some('e') => format!("{:>2}", part(8, 10).trim_start_matches('0')),
            Some('s') => (EPOCH_SECONDS.unsigned_abs() + now.secs()).to_string(),
            Some('N') => format!("{:09}", now.millis() % 1000 * 1_000_000),
            Some('Y') => part(0, 4),
            Some('m') => part(5, 7),
            Some('d') => part(8, 10),
            Some('F') => part(0, 10),
            Some('T') => part(11, 19),
            Some('H') => part(11, 13),
            Some('M') => part(14, 16),
            Some('S') => part(17, 19),
            Some('Z') => "UTC".into(),
            Some('z') => "+0000".into(),
            Some('%') => "%".into(),
            Some(other) => format!("%{other}"),
            None => "%".into(),
        };
        out.push_str(&piece);
    }
    out
}

pub(super) fn hostname(call: &mut Call) -> i32 {
    let text = if call.has('i') { call.host.ip() } else { call.host.hostname() };
    call.say(&format!("{text}\n"))
}

pub(super) fn printenv(call: &mut Call) -> i32 {
    let mut code = 0;
    for name in call.options.words.clone() {
        match call.machine.environment().get(&name).cloned() {
            Some(value) => drop(call.say(&format!("{value}\n"))),
            None => code = 1,
        }
    }
    if call.options.words.is_empty() {
        let text: String = call.machine.environment().iter().map(|(k, v)| format!("{k}={v}\n")).collect();
        call.say(&text);
    }
    code
}

pub(super) fn ps(call: &mut Call) -> i32 {
    let mut text = String::from("PID   USER     TIME  COMMAND\n");
    let user = user_name(call.host, call.host.user().user);
    for row in call.host.processes() {
        text.push_str(&format!("{:>5} {user:<8.8}  0:00 {}\n", row.pid, row.command));
    }
    call.say(&text)
}

pub(super) fn uname(call: &mut Call) -> i32 {
    let text = if call.has('a') { format!("Linux {} 6.1.0 #1 SMP x86_64 GNU/Linux\n", call.host.hostname()) } else { "Linux\n".into() };
    call.say(&text)
}

/// Where a command lies.
pub fn path_of(host: &dyn Host, word: &str) -> Option<String> {
    let name = word.rsplit('/').next().unwrap_or("");
    if is_applet(name) || find(name).is_some() {
        return Some(if name == word { format!("/bin/{word}") } else { word.to_owned() });
    }
    if word.contains('/') {
        return host.stat(word).map(|_| word.to_owned());
    }
    host.knows(word).then(|| format!("/usr/local/bin/{word}"))
}

pub(super) fn which(call: &mut Call) -> i32 {
    let mut code = 0;
    for word in call.options.words.clone() {
        match path_of(call.host, &word) {
            Some(path) => drop(call.say(&format!("{path}\n"))),
            None => code = 1,
        }
    }
    code
}

pub(super) fn uptime(call: &mut Call) -> i32 {
    let minutes = call.host.now().secs() / 60;
    call.say(&format!(" up {minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n"))
}

pub(super) fn test(call: &mut Call) -> i32 {
    let words: Vec<&str> = call.arguments.iter().map(String::as_str).filter(|w| !(call.name == "[" && *w == "]" || *w == "]]")).collect();
    i32::from(!holds(call, &words))
}

fn holds(call: &Call, words: &[&str]) -> bool {
    for (operator, both) in [("-o", false), ("||", false), ("-a", true), ("&&", true)] {
        if let Some(at) = words.iter().position(|w| *w == operator) {
            let (left, right) = (holds(call, &words[..at]), &words[at + 1..]);
            return if both { left && holds(call, right) } else { left || holds(call, right) };
        }
    }
    match words {
        [] => false,
        ["!", rest @ ..] => !holds(call, rest),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        [flag @ ("-e" | "-f" | "-d" | "-r" | "-w" | "-x" | "-s"), file] => match (call.host.stat(&call.path(file)), *flag) {
            (None, _) => false,
            (Some(Kind::Directory), "-f" | "-s") => false,
            (Some(Kind::File { .. }), "-d") => false,
            (Some(Kind::File { bytes, .. }), "-s") => bytes > 0,
            (Some(Kind::File { executable, .. }), "-x") if call.machine.bash => executable,
            (Some(_), "-r") => call.host.may(&call.path(file), READ),
            (Some(_), "-w") => call.host.may(&call.path(file), WRITE),
            (Some(_), "-x") => call.host.may(&call.path(file), EXECUTE),
            (Some(_), _) => true,
        },
        [text] => !text.is_empty(),
        [left, operator, right] => {
            let numbers = || Some((left.trim().parse::<i64>().ok()?, right.trim().parse::<i64>().ok()?));
            match *operator {
                "=" => left == right,
                "==" if call.name == "[[" => pattern::matches(right, left),
                "==" => left == right,
                "!=" => left != right,
                "-eq" => numbers().is_some_and(|(a, b)| a == b),
                "-ne" => numbers().is_some_and(|(a, b)| a != b),
                "-lt" => numbers().is_some_and(|(a, b)| a < b),
                "-le" => numbers().is_some_and(|(a, b)| a <= b),
                "-gt" => numbers().is_some_and(|(a, b)| a > b),
                "-ge" => numbers().is_some_and(|(a, b)| a >= b),
                _ => false,
            }
        }
        _ => false,
    }
}
