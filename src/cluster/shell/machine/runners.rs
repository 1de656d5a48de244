//! Commands that run other commands: `timeout`, `watch`, `env`, `xargs`. Each becomes a program that this machine runs inside of itself.

use std::rc::Rc;

use super::Machine;
use super::inside::Goal;
use crate::cluster::shell::parser::{Program, of_command, of_words, parse};
use crate::cluster::shell::{Host, applets};

/// How many commands one `xargs` may start.
const MOST_CALLS: usize = 100_000;

impl Machine {
    /// `timeout [-s SIGNAL] [-k SECONDS] SECONDS COMMAND…`
    pub(super) fn timeout(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        let mut words = rest;
        while let Some((flag, after)) = words.split_first().filter(|(w, _)| w.starts_with('-') && w.len() > 1) {
            let takes_next = matches!(flag.as_str(), "-s" | "-k");
            words = after.get(usize::from(takes_next)..).unwrap_or_default();
        }
        let hint = "Try 'timeout --help' for more information.\n";
        let (limit, command) = match words.split_first() {
            Some((limit, command)) if !command.is_empty() => (limit, command),
            _ if self.bash => {
                self.say_error(host, &format!("timeout: missing operand\n{hint}"));
                return 125;
            }
            _ => {
                self.say_error(host, "BusyBox v1.36.1 multi-call binary.\n\nUsage: timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS\n");
                return 1;
            }
        };
        match applets::duration_ms(limit) {
            // Without a limit.
            Some(0) => self.begin(of_words(command), Goal::Print),
            Some(limit) => self.begin(of_words(command), Goal::Timed { until: host.now() + limit }),
            None if self.bash => {
                self.say_error(host, &format!("timeout: invalid time interval '{limit}'\n{hint}"));
                return 125;
            }
            None => {
                self.say_error(host, &format!("timeout: invalid number '{limit}'\n"));
                return 1;
            }
        }
        0
    }

    /// What `time` says. Commands take no processor time here.
    pub(super) fn clocked(&self, took_ms: u64) -> String {
        let (minutes, seconds, ms) = (took_ms / 60_000, took_ms / 1000 % 60, took_ms % 1000);
        if self.bash {
            return format!("\nreal\t{minutes}m{seconds}.{ms:03}s\nuser\t0m0.000s\nsys\t0m0.000s\n");
        }
        format!("real\t{minutes}m {seconds}.{:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n", ms / 10)
    }

    /// `watch [-n SECONDS] COMMAND…`. There is no screen to draw on again and again: it shows what has changed, under its usual head.
    pub(super) fn watch(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        let mut words = rest;
        let mut seconds = "2".to_owned();
        while let Some((flag, after)) = words.split_first().filter(|(w, _)| w.starts_with('-')) {
            words = after;
            let given = flag.strip_prefix("-n").or(flag.strip_prefix("--interval="));
            match given {
                Some("") => {
                    seconds = words.first().cloned().unwrap_or_default();
                    words = words.get(1..).unwrap_or_default();
                }
                Some(number) => seconds = number.to_owned(),
                None => {}
            }
        }
        let Some(every) = applets::duration_ms(&seconds).filter(|_| !words.is_empty()) else {
            self.say_error(host, "Usage: watch [-n SEC] [-t] PROG ARGS\n");
            return 1;
        };
        let every = every.max(100);
        let every = format!("{}.{}", every / 1000, every % 1000 / 100);
        let line = words.join(" ");
        let text = format!(
            "while :; do __new=$({line} 2>&1); [ \"$__new\" = \"$__old\" ] || printf '%s\\n' \"Every {every}s: $0\" '' \"$__new\" ''; __old=$__new; sleep {every}; done"
        );
        match parse(&text, self.manner()) {
            Ok(program) => {
                let name = std::mem::replace(&mut self.name, line);
                self.begin(Rc::new(program), Goal::Print);
                self.name = name;
                0
            }
            Err(message) => {
                self.complain(host, &message);
                2
            }
        }
    }

    /// `env [NAME=VALUE…] [COMMAND…]`
    pub(super) fn env(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        let is_setting = |w: &&String| w.starts_with('-') || w.contains('=');
        let (settings, command) = rest.split_at(rest.iter().take_while(is_setting).count());
        let print = ["printenv".to_owned()];
        let command = if command.is_empty() { &print } else { command };
        if settings.is_empty() && command == print {
            return applets::run(self, host, command, "").unwrap_or(127);
        }
        let settings = settings.iter().filter_map(|w| w.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.begin(of_command(settings.collect(), command), Goal::Print);
        0
    }

    /// `xargs [-n MOST] [-I MARK] [COMMAND…]` with what it read.
    pub(super) fn xargs(&mut self, arguments: &[String], stdin: &str) {
        let mut words = &arguments[1..];
        let (mut most, mut mark, mut skips) = (usize::MAX, None, false);
        while let Some((flag, after)) = words.split_first().filter(|(w, _)| w.starts_with('-')) {
            words = after;
            let (letter, given) = flag.split_at(flag.char_indices().nth(2).map_or(flag.len(), |(at, _)| at));
            skips |= letter == "-r";
            if !matches!(letter, "-n" | "-I" | "-L" | "-P" | "-d") {
                continue;
            }
            let value = if given.is_empty() { words.first().cloned().unwrap_or_default() } else { given.to_owned() };
            words = words.get(usize::from(given.is_empty())..).unwrap_or_default();
            match letter {
                "-n" | "-L" => most = value.parse().unwrap_or(usize::MAX).max(1),
                "-I" => mark = Some(value).filter(|m| !m.is_empty()),
                _ => {}
            }
        }
        let echo = ["echo".to_owned()];
        let command = if words.is_empty() { &echo } else { words };
        let mut calls: Vec<Vec<String>> = match &mark {
            Some(mark) => {
                let filled = |line: &str| command.iter().map(|w| w.replace(mark.as_str(), line)).collect();
                stdin.lines().map(str::trim).filter(|l| !l.is_empty()).map(filled).collect()
            }
            None => {
                let given: Vec<String> = stdin.split_whitespace().map(|w| w.trim_matches(['\'', '"']).to_owned()).collect();
                given.chunks(most.min(given.len()).max(1)).map(|some| [command, some].concat()).collect()
            }
        };
        if calls.is_empty() && mark.is_none() && !skips && !self.bash {
            calls.push(command.to_vec());
        }
        calls.truncate(MOST_CALLS);
        let code = calls.iter().flat_map(|words| of_words(words).code.clone()).collect();
        self.status = 0;
        self.begin(Rc::new(Program { code }), Goal::Print);
    }
}
