//! Processes by their names: `ps`, `pidof`, `pgrep`, `pkill`, `killall`.

use super::Call;
use super::owners::user_name;
use crate::cluster::shell::machine::{SIGNALS, signal_name};
use crate::cluster::shell::regex::Regex;
use crate::cluster::shell::{FileError, ProcessRow};

/// What the kernel calls a process: its program without the folders.
pub fn short_name(command: &str) -> &str {
    let first = command.split([' ', ':']).next().unwrap_or("");
    first.rsplit('/').next().unwrap_or("")
}

pub(super) fn ps(call: &mut Call) -> i32 {
    let mut text = String::from("PID   USER     TIME  COMMAND\n");
    for row in call.host.processes() {
        let user = user_name(call.host, row.user);
        // `read_cmdline` of `libbb/procps.c`: what moves the cursor is shown as a blank.
        let command = row.command.replace(|c: char| c < ' ', " ");
        text.push_str(&format!("{:>5} {user:<8.8}  0:00 {command}\n", row.pid));
    }
    call.say(&text)
}

/// Those of this name, the newest first, without the one that asks.
fn named(call: &Call, fits: impl Fn(&ProcessRow) -> bool) -> Vec<u64> {
    let own = call.machine.pid;
    call.host.processes().into_iter().rev().filter(|row| row.pid != own && fits(row)).map(|row| row.pid).collect()
}

pub(super) fn pidof(call: &mut Call) -> i32 {
    let words = call.options.words.clone();
    let mut found = named(call, |row| words.iter().any(|word| word.rsplit('/').next() == Some(short_name(&row.command))));
    if call.has('s') {
        found.truncate(1);
    }
    let line: Vec<String> = found.iter().map(u64::to_string).collect();
    call.say(&if line.is_empty() { String::new() } else { format!("{}\n", line.join(" ")) });
    i32::from(found.is_empty())
}

/// The signal that is named in front, and the other words; the error is the name that no signal has.
fn signal_of(words: &[String]) -> Result<(String, Vec<String>), String> {
    let (mut signal, mut rest) = ("TERM".to_owned(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = match word.strip_prefix('-') {
            Some("s") => words.next().map_or("", String::as_str),
            Some(name) if name.chars().next().is_some_and(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) => name,
            _ => {
                rest.push(word.clone());
                continue;
            }
        };
        signal = if name == "0" { "0".to_owned() } else { signal_name(name) };
        if signal != "0" && !SIGNALS.iter().any(|(_, known)| *known == signal) {
            return Err(name.to_owned());
        }
    }
    Ok((signal, rest))
}

pub(super) fn killall(call: &mut Call) -> i32 {
    let (signal, words) = match signal_of(call.arguments) {
        Ok(found) => found,
        Err(name) => return call.fail(&format!("bad signal name '{name}'"), 1),
    };
    if words.is_empty() {
        return call.fail("you need to specify whom to kill", 1);
    }
    let quiet = words.iter().any(|word| word == "-q");
    let mut code = 0;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        let pids = named(call, |row| word.rsplit('/').next() == Some(short_name(&row.command)));
        if pids.is_empty() {
            code = if quiet { 1 } else { call.fail(&format!("{word}: no process killed"), 1) };
        }
        for pid in pids {
            if let Err(error) = call.host.signal(pid, &signal) {
                code = call.fail(&format!("can't kill pid {pid}: {}", error.words()), 1);
            }
        }
    }
    code
}

/// `pgrep PATTERN` tells, `pkill PATTERN` signals.
pub(super) fn pgrep(call: &mut Call) -> i32 {
    let kills = call.name == "pkill";
    let (signal, words) = match signal_of(call.arguments) {
        Ok(found) => found,
        Err(name) => return call.fail(&format!("bad signal name '{name}'"), 1),
    };
    let has = |flag: char| words.iter().any(|word| word.starts_with('-') && word.contains(flag));
    let Some(pattern) = words.iter().find(|word| !word.starts_with('-')) else { return call.usage() };
    let regex = Regex::new(pattern, true, false);
    let (whole, exact) = (has('f'), has('x'));
    let mut pids = named(call, |row| {
        let text = if whole { row.command.as_str() } else { short_name(&row.command) };
        if exact { text == pattern } else { regex.is_match(text) }
    });
    call.looked([&regex]);
    pids.reverse();
    let mut code = i32::from(pids.is_empty());
    let rows = call.host.processes();
    for pid in pids {
        if kills {
            match call.host.signal(pid, &signal) {
                Ok(()) => {}
                Err(FileError::NotFound) => code = 1,
                Err(error) => code = call.fail(&format!("can't kill pid {pid}: {}", error.words()), 1),
            }
        } else {
            let name = rows.iter().find(|row| row.pid == pid).map_or("", |row| row.command.as_str());
            let line = match (has('l'), has('a')) {
                (_, true) => format!("{pid} {name}\n"),
                (true, false) => format!("{pid} {}\n", short_name(name)),
                (false, false) => format!("{pid}\n"),
            };
            call.say(&line);
        }
    }
    code
}
