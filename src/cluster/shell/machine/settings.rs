//! The commands that change the shell's own variables and options, and the one that tells what a name is. Words and exit codes are those of BusyBox's
//! `ash.c`, compared with a real one over `tests/data/terminal/busybox-language.txt`.

use super::arrays::subscripted;
use super::{Frame, Machine};
use crate::api::order::InOrder as _;
use crate::cluster::shell::parser::is_name;
use crate::cluster::shell::{Host, applets};

/// What BusyBox's shell runs itself.
const BUILT_IN: &str = " . : [ [[ alias bg break cd command continue echo eval exec exit export false fg getopts hash help jobs kill let local printf pwd \
    read readonly return set shift source test times trap true type ulimit umask unalias unset wait ";
const BASH_KEYWORDS: &str = " [[ function time ";
pub(super) const KEYWORDS: &str = " ! case do done elif else esac fi for function if in then until while { } ";

/// Whether the shell does this itself.
pub(super) fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&format!(" {name} "))
}

impl Machine {
    /// `export`, `readonly`, `local`, with values or for variables that are there.
    pub(super) fn declare(&mut self, host: &mut dyn Host, command: &str, rest: &[String]) -> i32 {
        let words: Vec<&String> = rest.iter().filter(|word| !word.starts_with('-')).collect();
        if words.is_empty() && command != "local" {
            let is_meant = |name: &str| if command == "export" { !self.own.contains(name) } else { self.readonly.contains(name) };
            let lines = self.variables.iter().filter(|(name, _)| is_meant(name)).map(|(name, value)| format!("{command} {name}='{value}'\n"));
            let lines: String = lines.collect();
            self.print(host, &lines);
        }
        for word in words {
            let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            if !is_name(name) {
                self.fault = Some(self.named(command, &format!("{name}: bad variable name")));
                return 2;
            }
            if command == "local" {
                let kept = self.keep(name);
                let Some(Frame::Call { locals, .. }) = self.frames.iter_mut().rev().find(|f| matches!(f, Frame::Call { .. })) else {
                    self.fault = Some(self.named(command, "not in a function"));
                    return 2;
                };
                locals.push(kept);
                if value.is_none() {
                    self.unset(name);
                }
            }
            if let Some(value) = value {
                self.set(name, value);
            }
            match command {
                "export" => drop(self.own.remove(name)),
                "readonly" => drop(self.readonly.insert(name.into())),
                _ => {}
            }
        }
        0
    }

    pub(super) fn unset_all(&mut self, rest: &[String]) -> i32 {
        for name in rest.iter().filter(|word| !word.starts_with('-')) {
            let wrong = if self.readonly.contains(name) { "is read only" } else { "bad variable name" };
            if rest[0] == "-f" {
                self.functions.remove(name);
            } else if is_name(name) && !self.readonly.contains(name) {
                self.unset(name);
            } else if let Some((name, subscript)) = subscripted(name).filter(|_| self.bash) {
                self.unset_element(name, subscript);
            } else {
                self.fault = Some(self.named("unset", &format!("{name}: {wrong}")));
                return 2;
            }
        }
        0
    }

    /// `set [-eux] [-o NAME] [--] [ARGUMENT…]`
    pub(super) fn set_options(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        if rest.is_empty() {
            let all: String = self.variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
            self.print(host, &all);
        }
        let mut words = rest;
        while let Some((word, after)) = words.split_first() {
            let on = word.starts_with('-');
            if word == "--" || !on && !word.starts_with('+') {
                self.arguments = if word == "--" { after.to_vec() } else { words.to_vec() };
                break;
            }
            words = after;
            for letter in word.chars().skip(1) {
                let mut name = letter.to_string();
                if letter == 'o' {
                    let Some((given, after)) = words.split_first() else { return 0 };
                    (name, words) = (given.clone(), after);
                }
                if let Some(option) = self.options.named(&name) {
                    *option = on;
                } else if letter == 'o' || !"fnvabmhCI".contains(letter) {
                    let shown = if letter == 'o' { format!("o {name}") } else { name };
                    self.fault = Some(self.named("set", &format!("illegal option -{shown}")));
                    return 2;
                }
            }
        }
        0
    }

    /// `trap`, `trap SCRIPT SIGNAL…`, `trap - SIGNAL…`
    pub(super) fn trap(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        let Some((script, signals)) = rest.split_first() else {
            let mut all: Vec<(&String, &String)> = self.traps.iter().collect();
            all.order_by_key(|(name, _)| if *name == "EXIT" { 0 } else { super::signal_number(name) });
            let lines: String = all.into_iter().map(|(name, script)| format!("trap -- '{script}' {name}\n")).collect();
            self.print(host, &lines);
            return 0;
        };
        // One word alone is a signal whose trap goes.
        let (script, signals) = if signals.is_empty() { ("-", rest) } else { (script.as_str(), signals) };
        for signal in signals {
            let name = super::signal_name(signal);
            if name != "EXIT" && !super::signals::SIGNALS.iter().any(|(_, known)| *known == name) {
                self.complain_of(host, "trap", &format!("{signal}: invalid signal specification"));
                return 1;
            }
            if script == "-" { drop(self.traps.remove(&name)) } else { drop(self.traps.insert(name, script.into())) }
        }
        0
    }

    /// `type NAME…`; `command -v NAME` says it in one word.
    pub(super) fn tell(&mut self, host: &mut dyn Host, names: &[String], in_one_word: bool) -> i32 {
        let mut status = 0;
        for name in names {
            let within = |list: &str| list.contains(&format!(" {name} "));
            let what = if within(KEYWORDS) || self.bash && within(BASH_KEYWORDS) {
                "a shell keyword".to_owned()
            } else if self.functions.contains_key(name) {
                "a function".to_owned()
            } else if is_built_in(name) {
                "a shell builtin".to_owned()
            } else if let Some(path) = applets::path_of(host, name) {
                path
            } else {
                match in_one_word {
                    true => {}
                    false if self.bash => self.complain_of(host, "type", &format!("{name}: not found")),
                    false => self.print(host, &format!("{name}: not found\n")),
                }
                status = if self.bash { 1 } else { 127 };
                continue;
            };
            let line = match in_one_word {
                true if what.starts_with('/') => format!("{what}\n"),
                true => format!("{name}\n"),
                false => format!("{name} is {what}\n"),
            };
            self.print(host, &line);
        }
        status
    }
}
