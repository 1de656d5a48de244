//! One simple command: its assignments and redirects, and who runs it: a function, the shell itself, the host, an applet.

use std::rc::Rc;

use super::inside::Inner;
use super::settings::{KEYWORDS, is_built_in};
use super::streams::{Files, Target};
use super::wait::{Pending, Reading};
use super::{Frame, Kept, Machine, Step};
use crate::cluster::log::Stream;
use crate::cluster::shell::lexer::{Part, Word};
use crate::cluster::shell::owner::EXECUTE;
use crate::cluster::shell::parser::{Instruction, Program, Redirect, is_name, of_words};
use crate::cluster::shell::{Answered, Command, Host, applets, expand};

/// A word as `set -x` shows it (`maybe_single_quote` of BusyBox's `ash.c`).
fn quoted(word: &str) -> String {
    let is_plain = |c: char| matches!(c, '+'..=':' | '@'..='Z' | ']'..='_' | 'a'..='z');
    let is_keyword = || word.len() < KEYWORDS.len() && KEYWORDS.contains(&format!(" {word} "));
    if word.chars().all(is_plain) && !word.is_empty() && !is_keyword() {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl Machine {
    /// A word as `set -x` shows it, if that is on: it may be long.
    pub(super) fn traced(&self, word: &str) -> String {
        if self.options.xtrace { quoted(word) } else { String::new() }
    }

    pub(super) fn simple(&mut self, host: &mut dyn Host, assignments: &[(String, Word)], words: &[Word], redirects: &[Redirect]) -> Step {
        self.forget_inputs();
        let mut arguments = expand::arguments(self, host, words);
        self.handled(arguments.iter().map(String::len).sum());
        if self.fault.is_some() {
            return Step::Ran;
        }
        // What is set for a command alone comes back.
        let saved: Vec<Kept> = assignments.iter().filter(|_| !words.is_empty()).map(|(name, _)| self.keep(name)).collect();
        // Each one sees those before it.
        let mut values = Vec::new();
        for (name, word) in assignments {
            if let [part @ (Part::Array { .. } | Part::Element { .. })] = word.as_slice() {
                values.push((name, self.assign(host, name, part)));
                continue;
            }
            let value = expand::text(self, host, word);
            if self.fault.is_none() {
                self.set(name, &value);
            }
            values.push((name, self.traced(&value)));
        }
        let files = self.top().clone();
        self.files.push(files);
        if let Err(message) = self.redirect(host, redirects) {
            self.pop_files();
            if !words.is_empty() {
                saved.into_iter().for_each(|kept| self.put_back(kept));
            }
            self.complain(host, &message);
            self.status = 1;
            return self.checked();
        }
        if self.fault.is_some() {
            self.pop_files();
            return Step::Ran;
        }
        if self.options.xtrace {
            let set = values.iter().map(|(name, value)| format!("{name}={value}"));
            let words: Vec<String> = set.chain(arguments.iter().map(|word| quoted(word))).collect();
            self.say_error(host, &format!("+ {}\n", words.join(" ")));
        }
        if !arguments.is_empty() {
            // A command gets what is set for it alone.
            self.own.retain(|own| values.iter().all(|(name, _)| *name != own));
        }
        if arguments.is_empty() {
            self.pop_files();
            if !values.is_empty() && words.is_empty() && !assignments.iter().any(|(_, w)| w.iter().any(|p| matches!(p, Part::Command { .. }))) {
                self.status = 0;
            }
            return self.checked();
        }
        if arguments[0] == "exec" && arguments.len() == 1 {
            // Only redirects: they stay.
            if let (Some(files), true) = (self.pop_files(), !redirects.is_empty()) {
                *self.files.last_mut().expect("the first entry is never popped") = files;
            }
            self.status = 0;
            return Step::Ran;
        }
        if arguments[0] == "exec" {
            arguments.remove(0);
            self.frames.clear();
            self.traps.clear();
            self.reads_commands = false;
            self.program = Rc::new(Program::default());
            self.at = 0;
        } else if matches!(arguments[0].as_str(), "command" | "builtin") && (self.bash || arguments[0] == "command") {
            if arguments.get(1).is_none_or(|word| !word.starts_with('-')) {
                arguments.remove(0);
            }
            if arguments.is_empty() {
                arguments.push(":".into());
            }
        }
        let depth = self.frames.len();
        if self.is_replaced_by(&arguments[0]) {
            host.becomes(&arguments);
        }
        let step = self.dispatch(host, arguments);
        self.pop_files();
        let is_called = self.frames.len() > depth;
        match self.frames.last_mut() {
            // A function keeps what was set for it until it returns.
            Some(Frame::Call { locals, .. }) if is_called => locals.extend(saved),
            _ => saved.into_iter().for_each(|kept| self.put_back(kept)),
        }
        if step == Step::Ran { self.checked() } else { step }
    }

    /// Whether the last command of a shell takes its place instead of being its child (`EV_EXIT` of BusyBox's `ash.c`; as it was seen with 1.35,
    /// also behind `&&`, behind `;`, and at the end of `if`).
    fn is_replaced_by(&self, command: &str) -> bool {
        let last = self.at >= self.program.code.len() && self.frames.is_empty() && self.traps.is_empty() && !self.reads_commands;
        last && !self.functions.contains_key(command) && !is_built_in(command)
    }

    /// `set -e`: a command that failed ends the shell (unless a condition looks at it).
    pub(super) fn checked(&mut self) -> Step {
        let is_question = |program: &Program, at: usize| {
            matches!(program.code.get(at), Some(Instruction::JumpIfFailed(_) | Instruction::JumpIfOk(_) | Instruction::Not))
        };
        // A function that a condition asks is let fail, too.
        let asked = |frame: &Frame| matches!(frame, Frame::Call { program, back, .. } if is_question(program, *back));
        let looked_at = is_question(&self.program, self.at) || self.frames.iter().any(asked);
        if self.options.errexit && self.status != 0 && !looked_at && self.pending.is_none() {
            self.leaving = Some(self.status);
        }
        Step::Ran
    }

    pub(super) fn dispatch(&mut self, host: &mut dyn Host, arguments: Vec<String>) -> Step {
        if let Some((program, at)) = self.functions.get(&arguments[0]).cloned() {
            self.call(program, at, arguments[1..].to_vec());
            return Step::Ran;
        }
        // Only bash adds to a variable so.
        let added = |word: &String| word.split_once("+=").filter(|(name, _)| is_name(name)).map(|(name, more)| (name.to_owned(), more.to_owned()));
        if self.bash
            && let Some(sums) = arguments.iter().map(added).collect::<Option<Vec<_>>>()
        {
            for (name, more) in sums {
                let whole = self.variable(&name).unwrap_or_default() + &more;
                self.set(&name, &whole);
            }
            self.status = 0;
            return Step::Ran;
        }
        if let Some(step) = self.builtin(host, &arguments) {
            return step;
        }
        // What does not read leaves its input to those that come after it.
        let hosts_own = host.reads_stdin(&arguments);
        let reads = hosts_own || applets::reads_stdin(&arguments) || applets::listens(&arguments);
        let piped = self.top().input.filter(|_| reads).map(|index| self.inputs[index].rest());
        let has_input = piped.is_some();
        let stdin = piped.unwrap_or_default();
        if !has_input && (hosts_own && !host.is_terminal() || applets::reads_stdin(&arguments)) {
            self.pending = Some(Pending::Reading(Box::new(Reading { arguments, got: String::new(), files: self.top().clone(), status: None })));
            return Step::Ran;
        }
        if arguments[0] == "xargs" {
            self.xargs(&arguments, &stdin);
            return Step::Ran;
        }
        let variables = self.environment();
        let command = Command { arguments: &arguments, stdin: has_input.then(|| stdin.clone()), variables: &variables, directory: &self.directory };
        match host.command(&command) {
            Answered::Done(code, written) => {
                self.pass_on(host, written);
                self.status = code;
                return Step::Ran;
            }
            Answered::Waits(id, written) => {
                self.pass_on(host, written);
                self.pending = Some(Pending::Job { id, files: self.top().clone() });
                return Step::Ran;
            }
            Answered::BecomesServer => return self.serve(host, arguments, stdin, true),
            Answered::Unknown => {}
        }
        if applets::listens(&arguments) {
            let plain = arguments[0].rsplit('/').next().unwrap_or("").to_owned();
            let stays = plain != "httpd" || arguments.iter().any(|a| a.starts_with("-f"));
            let front = if stays { None } else { Some("-f".to_owned()) };
            let arguments = std::iter::once(plain).chain(front).chain(arguments.into_iter().skip(1)).collect();
            return self.serve(host, arguments, stdin, stays);
        }
        if !applets::asks_the_network(&arguments[0]) {
            match applets::run(self, host, &arguments, &stdin) {
                Some(_) if std::mem::take(&mut self.is_endless) => self.pending = Some(Pending::Forever),
                Some(status) => self.status = status,
                None => return self.missing(host, &arguments),
            }
            return Step::Ran;
        }
        // What the network makes it wait for passes before it says anything.
        let files = self.top().clone();
        self.files.push(Files { input: files.input, out: Target::Stream(Stream::Stdout), error: Target::Stream(Stream::Stderr) });
        self.late_ms = 0;
        let mut inner = Inner { host, input: None, written: Vec::new() };
        let status = applets::run(self, &mut inner, &arguments, &stdin).unwrap_or(127);
        let written = inner.written;
        self.pop_files();
        if self.late_ms == 0 {
            self.pass_on(host, written);
            self.status = status;
        } else {
            self.pending = Some(Pending::Late { at: host.now() + self.late_ms, status, written, files });
        }
        Step::Ran
    }

    /// A server: in place of this process where nothing follows, otherwise as a child that is waited for (`stays`) or not.
    pub(super) fn serve(&mut self, host: &mut dyn Host, arguments: Vec<String>, stdin: String, stays: bool) -> Step {
        let nothing_follows = self.depth == 0 && self.at >= self.program.code.len() && self.frames.is_empty() && self.traps.is_empty();
        if stays && nothing_follows && !self.reads_commands {
            return Step::Server(arguments, stdin);
        }
        let mut child = Machine::new(of_words(&arguments), self.environment(), &self.directory);
        child.inputs = vec![stdin.into()];
        child.files = vec![Files { input: Some(0), ..self.top().clone() }];
        let pid = host.spawn(child);
        self.status = 0;
        if stays {
            self.pending = Some(Pending::Child(pid));
        }
        Step::Ran
    }

    /// A script that is named by its path is run; of all else that is not there the shell says so.
    fn missing(&mut self, host: &mut dyn Host, arguments: &[String]) -> Step {
        let name = &arguments[0];
        let path = self.path(name);
        if name.contains('/') && host.may(&path, EXECUTE) && host.read(&path).is_ok_and(|text| text.starts_with("#!")) {
            return self.nested(host, arguments);
        }
        let (message, code) = match host.stat(&path).filter(|_| name.contains('/')) {
            Some(_) => (format!("{name}: Permission denied"), 126),
            // Only `exec` leaves nothing behind it.
            None if !self.bash && self.program.code.is_empty() => (self.named("exec", &format!("{name}: not found")), 127),
            None if !self.bash => (format!("{name}: not found"), 127),
            None if name.contains('/') => (format!("{name}: No such file or directory"), 127),
            None => (format!("{name}: command not found"), 127),
        };
        self.complain(host, &message);
        self.status = code;
        Step::Ran
    }
}
