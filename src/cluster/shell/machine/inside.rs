//! Machines inside of a machine: substitutions, the stages of a pipe, a command under `timeout`.

use crate::api::order::SortedMap;
use std::collections::VecDeque;
use std::rc::Rc;

use super::streams::{Files, Target};
use super::wait::Pending;
use super::{DEEPEST, MOST_TEXT, Machine, Step};
use crate::api::SimTime;
use crate::cluster::log::Stream;
use crate::cluster::shell::owner::{Credentials, Owner};
use crate::cluster::shell::parser::Program;
use crate::cluster::shell::{Answered, Command, FileError, Host, Input, Kind, Listening, Lookup, Mounted, ProcessRow, Progress, Written};

/// How many steps a substitution may take that nobody could foresee.
const MOST_STEPS: i64 = 20_000;

/// What becomes of the output of a machine inside of this one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Goal {
    Print,
    /// It is the value of a substitution; those that follow.
    Capture {
        rest: Vec<Rc<Program>>,
    },
    /// It is printed, and the command ends at this moment at the latest (`timeout`).
    Timed {
        until: SimTime,
    },
}

/// A command of a pipe.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stage {
    pub(super) machine: Machine,
    /// What the stage before printed and this one has not read yet; `None` for a first stage that reads what the shell reads.
    pub(super) input: Option<String>,
    pub(super) closed: bool,
    pub(super) ended: Option<i32>,
}

impl Machine {
    /// Another machine that runs inside of this process.
    pub(super) fn inside(&mut self, program: Rc<Program>) -> Machine {
        self.forks();
        let mut child = self.clone();
        child.enter(self.depth, &self.top().clone());
        child.program = program;
        child.traps = SortedMap::new();
        child.effort = 0;
        child
    }

    /// How many machines run inside of this one.
    pub(super) fn machines(&self) -> usize {
        match &self.pending {
            Some(Pending::Inside { child, .. }) => 1 + child.machines(),
            Some(Pending::Pipe(stages)) => stages.iter().map(|s| 1 + s.machine.machines()).sum(),
            _ => 0,
        }
    }

    /// Runs this as a part of the command that is being carried out.
    pub(super) fn begin(&mut self, program: Rc<Program>, goal: Goal) {
        if self.depth >= DEEPEST {
            self.status = 2;
            return;
        }
        self.pending = Some(Pending::Inside { child: Box::new(self.inside(program)), goal, files: self.top().clone() });
    }

    /// Begins anew inside of another machine: what it writes goes to its host, which passes it on.
    pub(super) fn enter(&mut self, depth: usize, files: &Files) {
        self.files = vec![Files { input: files.input, out: Target::Stream(Stream::Stdout), error: Target::Stream(Stream::Stderr) }];
        (self.at, self.frames, self.children, self.pending, self.signals) = (0, Vec::new(), Vec::new(), None, Vec::new());
        (self.reads_commands, self.ready, self.values, self.depth) = (false, false, VecDeque::new(), depth + 1);
    }

    /// Works out the substitutions of an instruction before it runs, so that they may take time.
    pub(super) fn prepare(&mut self, mut programs: Vec<Rc<Program>>) {
        if programs.is_empty() {
            self.ready = true;
            return;
        }
        let child = self.inside(programs.remove(0));
        self.values.push_back(String::new());
        self.pending = Some(Pending::Inside { child: Box::new(child), goal: Goal::Capture { rest: programs }, files: self.top().clone() });
    }

    pub(super) fn step_inside(&mut self, host: &mut dyn Host, mut child: Box<Machine>, goal: Goal) -> Step {
        let mut inner = Inner { host, input: None, written: Vec::new() };
        let step = child.step(&mut inner);
        let written = inner.written;
        self.adds_inner(&mut child);
        for (stream, text) in written {
            match (&goal, stream) {
                (Goal::Capture { .. }, Stream::Stdout) => {
                    if let Some(value) = self.values.back_mut().filter(|v| v.len() < MOST_TEXT) {
                        value.push_str(&text);
                    }
                }
                (Goal::Print | Goal::Timed { .. }, Stream::Stdout) => self.print(host, &text),
                (_, Stream::Stderr) => self.say_error(host, &text),
            }
        }
        match step {
            Step::Exit(code) => {
                self.status = code;
                if let Goal::Capture { rest } = goal {
                    self.prepare(rest);
                }
                Step::Ran
            }
            step => {
                let step = match (&goal, step) {
                    (Goal::Timed { until }, _) if host.now() >= *until => {
                        // coreutils' program says so itself, BusyBox's ends as its child did.
                        self.status = if self.bash { 124 } else { 128 + 15 };
                        return Step::Ran;
                    }
                    (Goal::Timed { until }, Step::Sleep(at)) => Step::Sleep(at.min(*until)),
                    (Goal::Timed { until }, Step::Wait | Step::Input) => Step::Sleep(*until),
                    (_, step) => step,
                };
                self.pending = Some(Pending::Inside { child, goal, files: self.top().clone() });
                step
            }
        }
    }

    /// A step of each stage of a pipe.
    pub(super) fn step_pipe(&mut self, host: &mut dyn Host, mut stages: Vec<Stage>) -> Step {
        let (mut ran, mut sleeps, mut reads) = (false, None::<SimTime>, false);
        for index in 0..stages.len() {
            if stages[index].ended.is_some() {
                continue;
            }
            let stage = &mut stages[index];
            let first = stage.input.is_none();
            let input = stage.input.as_mut().map(|text| (text, stage.closed));
            let mut inner = Inner { host, input, written: Vec::new() };
            let step = stage.machine.step(&mut inner);
            let written = inner.written;
            match step {
                Step::Ran | Step::Server(..) => ran = true,
                Step::Exit(code) => {
                    stage.ended = Some(code);
                    ran = true;
                }
                Step::Sleep(at) => sleeps = Some(sleeps.map_or(at, |before| before.min(at))),
                Step::Input => reads |= first,
                Step::Wait => {}
            }
            self.adds_inner(&mut stage.machine);
            let ended = stage.ended.is_some();
            for (stream, text) in written {
                match (stream, stages.get_mut(index + 1)) {
                    (Stream::Stderr, _) => self.say_error(host, &text),
                    (Stream::Stdout, None) => self.print(host, &text),
                    // Nobody reads any more: SIGPIPE.
                    (Stream::Stdout, Some(next)) if next.ended.is_some() => stages[index].ended = Some(141),
                    (Stream::Stdout, Some(next)) => {
                        ran = true;
                        if let Some(input) = next.input.as_mut().filter(|i| i.len() < MOST_TEXT) {
                            input.push_str(&text);
                        }
                    }
                }
            }
            if let Some(next) = stages.get_mut(index + 1).filter(|_| ended) {
                next.closed = true;
            }
        }
        if stages.iter().all(|s| s.ended.is_some()) {
            let failed = stages.iter().rev().filter_map(|s| s.ended).find(|code| self.options.pipefail && *code != 0);
            self.status = failed.or(stages.last().and_then(|s| s.ended)).unwrap_or(0);
            return Step::Ran;
        }
        self.pending = Some(Pending::Pipe(stages));
        match sleeps {
            _ if ran => Step::Ran,
            Some(at) => Step::Sleep(at),
            None if reads => Step::Input,
            None => Step::Wait,
        }
    }

    /// What a substitution prints: worked out before, or at once where nobody could foresee it.
    pub(in crate::cluster::shell) fn captured(&mut self, host: &mut dyn Host, program: &Rc<Program>) -> String {
        if let Some(value) = self.values.pop_front() {
            return value;
        }
        if self.depth >= DEEPEST {
            return String::new();
        }
        let child = self.inside(Rc::clone(program));
        self.run_to_end(host, child)
    }

    /// Runs another machine at once, without letting time pass, and gives what it printed.
    pub(super) fn run_to_end(&mut self, host: &mut dyn Host, mut child: Machine) -> String {
        let mut inner = Inner { host, input: None, written: Vec::new() };
        let mut code = 0;
        let mut left = MOST_STEPS;
        while left > 0 {
            let (step, cost) = child.turn(&mut inner);
            left -= cost;
            match step {
                Step::Ran => {}
                Step::Exit(exit) => {
                    code = exit;
                    break;
                }
                // A wait inside of a substitution is over at once.
                Step::Sleep(_) | Step::Wait | Step::Input | Step::Server(..) => child.pending = None,
            }
        }
        self.took((MOST_STEPS - left).unsigned_abs());
        self.status = code;
        let mut output = String::new();
        for (stream, text) in inner.written {
            match stream {
                Stream::Stdout => output.push_str(&text),
                Stream::Stderr => self.say_error(host, &text),
            }
        }
        output
    }
}

/// The host as a machine inside of another one sees it: what it writes is kept, and what it reads may come from a pipe.
pub(super) struct Inner<'a> {
    pub(super) host: &'a mut dyn Host,
    pub(super) input: Option<(&'a mut String, bool)>,
    pub(super) written: Written,
}

impl Host for Inner<'_> {
    fn now(&self) -> SimTime {
        self.host.now()
    }

    fn write(&mut self, stream: Stream, text: &str) {
        if !text.is_empty() {
            self.written.push((stream, text.into()));
        }
    }

    fn stat(&self, path: &str) -> Option<Kind> {
        self.host.stat(path)
    }

    fn read(&self, path: &str) -> Result<String, FileError> {
        self.host.read(path)
    }

    fn write_file(&mut self, path: &str, text: &str, append: bool) -> Result<(), FileError> {
        self.host.write_file(path, text, append)
    }

    fn make_directory(&mut self, path: &str, parents: bool) -> Result<(), FileError> {
        self.host.make_directory(path, parents)
    }

    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError> {
        self.host.remove(path, recursive)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.host.list(path)
    }

    fn spawn(&mut self, machine: Machine) -> u64 {
        self.host.spawn(machine)
    }

    fn ended(&self, pid: u64) -> Option<i32> {
        self.host.ended(pid)
    }

    fn listening(&self) -> Vec<Listening> {
        self.host.listening()
    }

    fn mounts(&self) -> Vec<Mounted> {
        self.host.mounts()
    }

    fn link(&self, path: &str) -> Option<(String, Owner)> {
        self.host.link(path)
    }

    fn real_path(&self, path: &str) -> String {
        self.host.real_path(path)
    }

    fn make_link(&mut self, target: &str, path: &str) -> Result<(), FileError> {
        self.host.make_link(target, path)
    }

    fn signal(&mut self, pid: u64, signal: &str) -> Result<(), FileError> {
        self.host.signal(pid, signal)
    }

    fn processes(&self) -> Vec<ProcessRow> {
        self.host.processes()
    }

    fn request(&mut self, url: &str, body: &str) -> crate::cluster::network::Answer {
        self.host.request(url, body)
    }

    fn hostname(&self) -> String {
        self.host.hostname()
    }

    fn lookup(&self) -> Lookup {
        self.host.lookup()
    }

    fn ip(&self) -> String {
        self.host.ip()
    }

    fn user(&self) -> Credentials {
        self.host.user()
    }

    fn owner(&self, path: &str) -> Owner {
        self.host.owner(path)
    }

    fn may(&self, path: &str, want: u16) -> bool {
        self.host.may(path, want)
    }

    fn set_owner(&mut self, path: &str, owner: Owner) -> Result<(), FileError> {
        self.host.set_owner(path, owner)
    }

    fn command(&mut self, command: &Command) -> Answered {
        self.host.command(command)
    }

    fn look(&mut self, job: u64) -> (Progress, Written) {
        self.host.look(job)
    }

    fn reads_stdin(&self, arguments: &[String]) -> bool {
        self.host.reads_stdin(arguments)
    }

    fn knows(&self, name: &str) -> bool {
        self.host.knows(name)
    }

    fn hold(&mut self, bytes: i64) {
        self.host.hold(bytes);
    }

    fn is_terminal(&self) -> bool {
        self.input.is_none() && self.host.is_terminal()
    }

    fn stdin(&mut self) -> Input {
        match &mut self.input {
            None => self.host.stdin(),
            Some((text, _)) if !text.is_empty() => Input::Text(std::mem::take(*text)),
            Some((_, true)) => Input::Closed,
            Some((_, false)) => Input::Empty,
        }
    }
}
