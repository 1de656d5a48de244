//! What a machine waits for, and how it goes on when that has come.

use super::inside::{Goal, Stage};
use super::streams::Files;
use super::{MOST_TEXT, Machine, Step};
use crate::api::SimTime;
use crate::cluster::log::Stream;
use crate::cluster::shell::{Host, Input, Progress, applets};

/// What it is waiting for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pending {
    Until(SimTime, i32),
    Child(u64),
    AllChildren,
    /// `tail -f`
    Follow(Follow),
    /// An applet that reads standard input: line by line where each line stands for itself, to its end otherwise.
    Reading(Box<Reading>),
    /// A substitution, or a shell inside of one.
    Inside {
        child: Box<Machine>,
        goal: Goal,
        files: Files,
    },
    Pipe(Vec<Stage>),
    /// A command of the host's that goes on by itself.
    Job {
        id: u64,
        files: Files,
    },
    /// An applet that waited for the network; what it has to say then.
    Late {
        at: SimTime,
        status: i32,
        written: Vec<(Stream, String)>,
        files: Files,
    },
    /// `read`
    Line {
        names: Vec<String>,
        got: String,
        /// `IFS` as it was for this command.
        separators: String,
    },
    Forever,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Follow {
    name: String,
    path: String,
    /// Bytes of the file that were shown.
    shown: usize,
    /// `-F`: what is not there may come, or come back.
    retry: bool,
    /// It was there at the last look, or once.
    here: bool,
    seen: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) arguments: Vec<String>,
    pub(super) got: String,
    pub(super) files: Files,
    pub(super) status: Option<i32>,
}

impl Machine {
    /// `tail -f` and `tail -F`, of one file. Models BusyBox's `tail.c`; its words were recorded (`tests/data/terminal/inside.txt`).
    #[inline(never)]
    pub(super) fn follow(&mut self, host: &mut dyn Host, rest: &[String]) -> Option<Step> {
        let (mut retry, mut lines, mut name) = (false, "10", None);
        let mut words = rest.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
                name = Some(word);
                continue;
            };
            retry |= flags.contains('F');
            lines = match flags.split_once('n') {
                Some((_, "")) => words.next().unwrap_or("10"),
                Some((_, count)) => count,
                None if flags.starts_with(|c: char| c.is_ascii_digit()) => flags.trim_end_matches(['f', 'F']),
                None => lines,
            };
        }
        let name = name?.to_owned();
        let path = self.path(&name);
        let text = host.read(&path);
        if let Err(error) = &text {
            self.say_error(host, &format!("tail: can't open '{name}': {}\n", error.words()));
            if !retry {
                self.say_error(host, "tail: no files\n");
                self.status = 1;
                return Some(Step::Ran);
            }
        }
        let here = text.is_ok();
        let text = text.unwrap_or_default();
        let skipped = match lines.strip_prefix('+') {
            Some(first) => first.parse::<usize>().unwrap_or(1).saturating_sub(1),
            None => text.lines().count().saturating_sub(lines.parse().unwrap_or(10)),
        };
        let shown = text.split_inclusive('\n').take(skipped).map(str::len).sum();
        self.pending = Some(Pending::Follow(Follow { name, path, shown, retry, here, seen: here }));
        Some(Step::Ran)
    }

    #[inline(never)]
    fn look_again(&mut self, host: &mut dyn Host, mut follow: Follow) -> Follow {
        let text = host.read(&follow.path);
        let here = text.is_ok();
        let name = &follow.name;
        match (&text, follow.here) {
            (Err(error), _) if follow.retry && follow.seen => {
                self.say_error(host, &format!("tail: {name} has been renamed or deleted: {}\n", error.words()));
            }
            (Ok(_), false) if follow.retry => {
                let how = if follow.seen { "been replaced" } else { "appeared" };
                self.say_error(host, &format!("tail: {name} has {how}; following end of new file\n"));
                follow.shown = 0;
            }
            _ => {}
        }
        // Without `-F` the file is still open that has lost its name.
        if here || follow.retry {
            follow.here = here;
            follow.seen |= here;
        }
        if let Ok(text) = text {
            let from = if text.len() < follow.shown { 0 } else { follow.shown };
            if text.len() > from {
                let new = text[crate_floor(&text, from)..].to_owned();
                self.print(host, &new);
            }
            follow.shown = text.len();
        }
        follow
    }

    /// Looks whether what it waits for has come; `Some` while it has not.
    pub(super) fn wait(&mut self, host: &mut dyn Host) -> Option<Step> {
        match self.pending.take()? {
            Pending::Until(at, status) => {
                if host.now() < at {
                    self.pending = Some(Pending::Until(at, status));
                    return Some(Step::Sleep(at));
                }
                self.status = status;
            }
            Pending::Child(pid) => match host.ended(pid) {
                Some(code) => {
                    self.status = code;
                    self.children.retain(|c| *c != pid);
                }
                None => {
                    self.pending = Some(Pending::Child(pid));
                    return Some(Step::Wait);
                }
            },
            Pending::AllChildren => {
                if self.children.iter().any(|pid| host.ended(*pid).is_none()) {
                    self.pending = Some(Pending::AllChildren);
                    return Some(Step::Wait);
                }
                self.status = 0;
                self.children.clear();
            }
            Pending::Follow(follow) => {
                let follow = self.look_again(host, follow);
                self.pending = Some(Pending::Follow(follow));
                return Some(Step::Sleep(host.now() + 1000));
            }
            Pending::Reading(reading) => return self.read_on(host, reading),
            Pending::Inside { child, goal, files } => {
                self.files.push(files);
                let step = self.step_inside(host, child, goal);
                self.pop_files();
                return Some(step);
            }
            Pending::Pipe(stages) => return Some(self.step_pipe(host, stages)),
            Pending::Job { id, files } => {
                let (progress, written) = host.look(id);
                self.files.push(files.clone());
                self.pass_on(host, written);
                self.pop_files();
                match progress {
                    Progress::Ended(code) => self.status = code,
                    Progress::Waits(at) => {
                        self.pending = Some(Pending::Job { id, files });
                        return Some(at.map_or(Step::Wait, Step::Sleep));
                    }
                }
            }
            Pending::Late { at, status, written, files } => {
                if host.now() < at {
                    self.pending = Some(Pending::Late { at, status, written, files });
                    return Some(Step::Sleep(at));
                }
                self.files.push(files);
                self.pass_on(host, written);
                self.pop_files();
                self.status = status;
            }
            Pending::Line { names, mut got, separators } => match self.hear(host) {
                Input::Text(_) => {
                    let (line, is_whole) = self.unread.line();
                    got.push_str(&line);
                    if !is_whole {
                        self.pending = Some(Pending::Line { names, got, separators });
                        return Some(Step::Ran);
                    }
                    self.finish_line(&names, &got, &separators);
                }
                Input::Empty => {
                    self.pending = Some(Pending::Line { names, got, separators });
                    return Some(Step::Input);
                }
                Input::Closed => {
                    self.finish_line(&names, &got, &separators);
                    self.status = 1;
                }
            },
            Pending::Forever => {
                self.pending = Some(Pending::Forever);
                return Some(Step::Wait);
            }
        }
        None
    }

    pub(super) fn stdin(&mut self, host: &mut dyn Host) -> Input {
        if self.unread.is_empty() { host.stdin() } else { Input::Text(self.unread.rest()) }
    }

    /// As [`Machine::stdin`], with the text kept among what is not read yet.
    fn hear(&mut self, host: &mut dyn Host) -> Input {
        if !self.unread.is_empty() {
            return Input::Text(String::new());
        }
        match host.stdin() {
            Input::Text(text) => {
                self.unread = text.into();
                Input::Text(String::new())
            }
            other => other,
        }
    }

    /// An applet reads on.
    pub(super) fn read_on(&mut self, host: &mut dyn Host, mut reading: Box<Reading>) -> Option<Step> {
        let input = self.stdin(host);
        let closed = match input {
            Input::Empty => {
                self.pending = Some(Pending::Reading(reading));
                return Some(Step::Input);
            }
            Input::Closed => true,
            Input::Text(text) => {
                if reading.got.len() < MOST_TEXT {
                    reading.got.push_str(&text);
                }
                false
            }
        };
        let lines = if closed { reading.got.len() } else { reading.got.rfind('\n').map_or(0, |at| at + 1) };
        let enough = applets::lines_wanted(&reading.arguments).is_some_and(|most| reading.got.matches('\n').count() >= most);
        let linewise = applets::is_linewise(&reading.arguments);
        if !(closed || enough || linewise && lines > 0) {
            self.pending = Some(Pending::Reading(reading));
            return Some(Step::Ran);
        }
        if closed && !linewise {
            let Reading { arguments, got, files, .. } = *reading;
            self.inputs.push(got.into());
            self.files.push(Files { input: Some(self.inputs.len() - 1), ..files });
            let step = self.dispatch(host, arguments);
            self.pop_files();
            return Some(step);
        }
        if !closed || reading.status.is_none() || !reading.got.is_empty() {
            let text: String = if enough { std::mem::take(&mut reading.got) } else { reading.got.drain(..lines).collect() };
            self.files.push(reading.files.clone());
            let status = applets::run(self, host, &reading.arguments, &text).unwrap_or(127);
            self.pop_files();
            if std::mem::take(&mut self.is_endless) {
                self.pending = Some(Pending::Forever);
                return Some(Step::Ran);
            }
            let grep = reading.arguments[0].ends_with("grep");
            reading.status = Some(reading.status.map_or(status, |before| if grep { before.min(status) } else { before.max(status) }));
            if reading.arguments[0] == "tee" && !reading.arguments.iter().any(|a| a == "-a") {
                reading.arguments.insert(1, "-a".into());
            }
        }
        let found = reading.status == Some(0) && applets::ends_when_found(&reading.arguments);
        if closed || enough || found {
            self.status = reading.status.unwrap_or(0);
            return None;
        }
        self.pending = Some(Pending::Reading(reading));
        Some(Step::Ran)
    }

    pub(super) fn finish_line(&mut self, names: &[String], line: &str, separators: &str) {
        let line = line.lines().next().unwrap_or("").to_owned();
        let is = |c: char| separators.contains(c);
        let blank = separators.trim().is_empty();
        let mut rest = if blank { line.trim() } else { line.as_str() };
        for (index, name) in names.iter().enumerate() {
            let (first, after) = if index + 1 == names.len() { (rest, "") } else { rest.split_once(is).unwrap_or((rest, "")) };
            let first = first.to_owned();
            rest = if blank { after.trim_start() } else { after };
            self.variables.insert(name.clone(), first);
        }
        self.status = 0;
    }
}

fn crate_floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}
