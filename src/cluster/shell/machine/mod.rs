//! Runs a program step by step: a process as a value, which yields whenever it has to wait.

mod arrays;
mod builtins;
mod command;
mod effort;
mod inside;
mod lines;
mod perform;
mod runners;
mod settings;
mod signals;
mod streams;
mod variables;
mod wait;

use std::collections::VecDeque;
use std::rc::Rc;

use super::Host;
use super::expand;
use super::parser::{Instruction, Manner, Program, parse};
use crate::api::SimTime;
use crate::api::order::{SortedMap, SortedSet};
use crate::cluster::log::Stream;
use arrays::Array;
pub(super) use arrays::{ELEMENT_BYTES, subscripted};
pub(super) use effort::NAME_BYTES;
use inside::Stage;
pub(super) use signals::SIGNALS;
pub use signals::{signal_name, signal_number};
use streams::{Feed, Files, Target};
use variables::Kept;
use wait::Pending;

/// What a machine does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It did something; ask again at once.
    Ran,
    /// Ask again at this moment.
    Sleep(SimTime),
    /// Ask again when one of its children has ended or a signal came.
    Wait,
    /// Ask again when there is more on standard input.
    Input,
    Exit(i32),
    /// A server takes the process over (`exec nginx`, or a server as the last command), called with these arguments.
    /// Behind them what there is for its standard input.
    Server(Vec<String>, String),
}

#[derive(Clone, Debug, PartialEq)]
enum Frame {
    Loop {
        end: usize,
        next: usize,
        files: usize,
    },
    Subshell {
        variables: SortedMap<String, String>,
        arrays: SortedMap<String, Array>,
        own: SortedSet<String>,
        directory: String,
    },
    /// `locals` are the values that come back when it returns.
    Call {
        program: Rc<Program>,
        back: usize,
        arguments: Vec<String>,
        locals: Vec<Kept>,
    },
    For {
        values: Vec<String>,
        next: usize,
    },
    /// `time`, since when.
    Clock(SimTime),
}

/// What `set` switches: `-e`, `-u`, `-x`, `-o pipefail`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Options {
    errexit: bool,
    nounset: bool,
    xtrace: bool,
    pipefail: bool,
}

impl Options {
    fn named(&mut self, name: &str) -> Option<&mut bool> {
        match name {
            "e" | "errexit" => Some(&mut self.errexit),
            "u" | "nounset" => Some(&mut self.nounset),
            "x" | "xtrace" => Some(&mut self.xtrace),
            "pipefail" => Some(&mut self.pipefail),
            _ => None,
        }
    }
}

/// A process. Plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    program: Rc<Program>,
    at: usize,
    frames: Vec<Frame>,
    files: Vec<Files>,
    inputs: Vec<Feed>,
    variables: SortedMap<String, String>,
    arrays: SortedMap<String, Array>,
    /// Variables that commands do not get: those that nobody has exported.
    own: SortedSet<String>,
    readonly: SortedSet<String>,
    functions: SortedMap<String, (Rc<Program>, usize)>,
    traps: SortedMap<String, String>,
    pub arguments: Vec<String>,
    /// `$0`
    pub name: String,
    pub directory: String,
    pub pid: u64,
    /// What it was started as, where another shell started it.
    pub title: Option<Vec<String>>,
    pub(super) status: i32,
    children: Vec<u64>,
    /// `$!`
    background: Option<u64>,
    /// What was read from standard input beyond the line that was asked for.
    unread: Feed,
    /// Values of the next instruction's substitutions, once they are `ready`.
    values: VecDeque<String>,
    ready: bool,
    /// How long the network let an applet wait.
    pub(super) late_ms: u64,
    /// An applet does not come to an end.
    pub(super) is_endless: bool,
    /// Bytes of text that were handled since the host last asked.
    effort: u64,
    pending: Option<Pending>,
    signals: Vec<String>,
    cases: Vec<String>,
    /// A shell that reads its commands from standard input; with a prompt where a person sits there.
    reads_commands: bool,
    prompts: bool,
    /// The lines so far of a command that goes on (`while true`, an open quote).
    begun: String,
    options: Options,
    /// The line of the command that runs, from 0.
    line: usize,
    /// What is wrong with an expansion: its command does not run, and a script ends.
    pub(super) fault: Option<String>,
    /// How many random numbers were asked for.
    drawn: u64,
    /// The person's own shell: bash among GNU's programs, where a container has BusyBox. A few words differ.
    pub bash: bool,
    leaving: Option<i32>,
    depth: usize,
}

/// How deep functions and substitutions may nest.
const DEEPEST: usize = 60;
/// How much text a variable, a pipe or a file may hold.
const MOST_TEXT: usize = 1 << 20;

impl Machine {
    pub fn new(program: Rc<Program>, environment: SortedMap<String, String>, directory: &str) -> Self {
        Self {
            program,
            at: 0,
            frames: Vec::new(),
            files: vec![Files { input: None, out: Target::Stream(Stream::Stdout), error: Target::Stream(Stream::Stderr) }],
            inputs: Vec::new(),
            variables: environment,
            arrays: SortedMap::new(),
            own: SortedSet::new(),
            readonly: SortedSet::new(),
            functions: SortedMap::new(),
            traps: SortedMap::new(),
            arguments: Vec::new(),
            name: "sh".into(),
            directory: directory.into(),
            pid: 1,
            title: None,
            status: 0,
            children: Vec::new(),
            background: None,
            unread: Feed::default(),
            values: VecDeque::new(),
            ready: false,
            late_ms: 0,
            is_endless: false,
            effort: 0,
            pending: None,
            signals: Vec::new(),
            cases: Vec::new(),
            reads_commands: false,
            prompts: false,
            begun: String::new(),
            options: Options::default(),
            line: 0,
            fault: None,
            drawn: 0,
            bash: false,
            leaving: None,
            depth: 0,
        }
    }

    /// A shell that reads its commands from standard input.
    pub fn interactive(environment: SortedMap<String, String>, directory: &str, prompts: bool) -> Self {
        let mut machine = Self::new(Rc::new(Program::default()), environment, directory);
        (machine.reads_commands, machine.prompts) = (true, prompts);
        machine
    }

    /// `sh -c SCRIPT [NAME [ARGUMENT…]]`; the error is what `sh` says.
    pub fn script(script: &str, rest: &[String], environment: SortedMap<String, String>, directory: &str) -> Result<Self, String> {
        Self::script_in(Manner::default(), script, rest, environment, directory)
    }

    /// As [`Machine::script`], of bash where the manner says so.
    pub fn script_in(manner: Manner, script: &str, rest: &[String], environment: SortedMap<String, String>, directory: &str) -> Result<Self, String> {
        let mut machine = Self::new(Rc::new(parse(script, manner)?), environment, directory);
        machine.bash = manner.bash;
        if let Some((name, arguments)) = rest.split_first() {
            (machine.name, machine.arguments) = (name.clone(), arguments.to_vec());
        }
        Ok(machine)
    }

    pub(super) fn manner(&self) -> Manner {
        Manner { bash: self.bash, depth: self.depth }
    }

    /// An absolute path, without `.` and `..`.
    pub fn path(&self, path: &str) -> String {
        absolute(&self.directory, path)
    }

    /// `$?`
    pub fn status(&self) -> i32 {
        self.status
    }

    /// Gives up what it does (Ctrl-C), and is idle.
    pub fn stop(&mut self, status: i32) {
        self.at = self.program.code.len();
        self.frames.clear();
        self.files.truncate(1);
        self.files[0].input = None;
        self.inputs.clear();
        self.signals.clear();
        self.unread = Feed::default();
        self.begun.clear();
        (self.pending, self.leaving, self.ready, self.status, self.reads_commands) = (None, None, false, status, true);
    }

    /// The host's commands that it waits for.
    pub fn jobs(&self, found: &mut Vec<u64>) {
        match &self.pending {
            Some(Pending::Job { id, .. }) => found.push(*id),
            Some(Pending::Inside { child, .. }) => child.jobs(found),
            Some(Pending::Pipe(stages)) => stages.iter().filter(|s| s.ended.is_none()).for_each(|s| s.machine.jobs(found)),
            _ => {}
        }
    }

    /// A signal reached the process. Gives the exit code where it ends by it: without a trap, and not as the first process.
    pub fn signal(&mut self, signal: &str, code: i32) -> Option<i32> {
        match self.traps.get(signal) {
            Some(script) if script.is_empty() => None,
            Some(_) => {
                self.signals.push(signal.into());
                if matches!(self.pending, Some(Pending::Child(_) | Pending::AllChildren)) {
                    // `wait` is cut short; other commands are let end.
                    self.pending = None;
                    self.status = 128 + code;
                }
                None
            }
            None if self.pid == 1 => None,
            None => Some(128 + code),
        }
    }

    /// Whether the process reacts to a signal at all.
    pub fn reacts_to(&self, signal: &str) -> bool {
        self.pid != 1 || self.traps.get(signal).is_some_and(|t| !t.is_empty())
    }

    /// One step.
    pub fn step(&mut self, host: &mut dyn Host) -> Step {
        if self.pending.is_some() {
            let step = self.wait(host);
            if self.pending.is_none() && !self.ready {
                self.checked();
            }
            if let Some(step) = step {
                return step;
            }
        }
        if !self.ready
            && let Some(signal) = self.signals.pop()
            && let Some(script) = self.traps.get(&signal).cloned()
        {
            let status = self.status;
            self.call_text(host, &script);
            self.status = status;
            return Step::Ran;
        }
        if let Some(code) = self.leaving.take() {
            return self.leave(host, code);
        }
        let program = Rc::clone(&self.program);
        match program.code.get(self.at) {
            Some(instruction) => {
                self.at += 1;
                let step = self.perform(host, instruction);
                if self.fault.is_some() { self.give_up(host) } else { step }
            }
            None => match self.frames.pop() {
                Some(Frame::Call { program, back, arguments, locals }) => {
                    self.come_back(program, back, arguments, locals);
                    Step::Ran
                }
                Some(_) => Step::Ran,
                None if self.reads_commands => self.read_command(host),
                None => self.leave(host, self.status),
            },
        }
    }

    fn leave(&mut self, host: &mut dyn Host, code: i32) -> Step {
        if let Some(script) = self.traps.remove("EXIT") {
            self.call_text(host, &format!("{script}\nexit {code}"));
            return Step::Ran;
        }
        Step::Exit(code)
    }

    /// Runs a script's text in this very process (traps, `eval`, `.`).
    pub(super) fn call_text(&mut self, host: &mut dyn Host, script: &str) {
        match parse(script, self.manner()) {
            Ok(program) => self.call(Rc::new(program), 0, self.arguments.clone()),
            Err(message) => {
                self.complain(host, &message);
                self.status = 2;
            }
        }
    }

    fn call(&mut self, program: Rc<Program>, at: usize, arguments: Vec<String>) {
        if self.frames.len() > DEEPEST {
            self.status = 2;
            return;
        }
        let old = std::mem::replace(&mut self.program, program);
        let arguments = std::mem::replace(&mut self.arguments, arguments);
        self.frames.push(Frame::Call { program: old, back: self.at, arguments, locals: Vec::new() });
        self.at = at;
    }

    fn return_from(&mut self) {
        while let Some(frame) = self.frames.pop() {
            if let Frame::Call { program, back, arguments, locals } = frame {
                self.come_back(program, back, arguments, locals);
                return;
            }
        }
        self.at = self.program.code.len();
    }

    fn come_back(&mut self, program: Rc<Program>, back: usize, arguments: Vec<String>, locals: Vec<Kept>) {
        (self.program, self.at, self.arguments) = (program, back, arguments);
        // Of a name that was made local twice the first value is the outer one.
        for kept in locals.into_iter().rev() {
            self.put_back(kept);
        }
    }

    /// An expansion went wrong: a script ends, a person's line is given up (`ash_msg_and_raise_error` of BusyBox's `ash.c`).
    fn give_up(&mut self, host: &mut dyn Host) -> Step {
        if let Some(message) = self.fault.take() {
            self.complain(host, &message);
        }
        let has_line = (self.prompts || self.bash) && self.depth == 0 && !self.frames.iter().any(|f| matches!(f, Frame::Subshell { .. }));
        if has_line {
            let (reads, unread) = (self.reads_commands, std::mem::take(&mut self.unread));
            self.stop(if self.bash { 1 } else { 2 });
            (self.reads_commands, self.unread) = (reads, unread);
            return Step::Ran;
        }
        self.exit(host, 2)
    }
}

/// An absolute path of `path` seen from `directory`.
pub fn absolute(directory: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
