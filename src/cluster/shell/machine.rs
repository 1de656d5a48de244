//! Runs a program step by step: a process as a value, which yields whenever it has to wait.

use crate::api::order::SortedMap;
use std::collections::VecDeque;
use std::rc::Rc;

use super::expand;
use super::parser::{How, Instruction, Program, Redirect, parse};
use super::{FileError, Host, Input, Kind, applets};
use crate::api::SimTime;
use crate::cluster::log::Stream;

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

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq)]
enum Target {
    Stream(Stream),
    File(String),
    Nowhere,
}

#[derive(Clone, Debug, PartialEq)]
struct Files {
    /// Text that is read instead of standard input: an index of `inputs`.
    input: Option<usize>,
    out: Target,
    error: Target,
}

#[derive(Clone, Debug, PartialEq)]
enum Frame {
    Loop { end: usize, next: usize, files: usize },
    Subshell { variables: SortedMap<String, String>, directory: String },
    Call { program: Rc<Program>, back: usize, arguments: Vec<String> },
    For { values: Vec<String>, next: usize },
}

/// What it is waiting for.
#[derive(Clone, Debug, PartialEq)]
enum Pending {
    Until(SimTime, i32),
    Child(u64),
    AllChildren,
    /// `tail -f`: bytes of the file that were shown.
    Follow {
        path: String,
        shown: usize,
    },
    /// An applet that reads standard input: line by line where each line stands for itself, to its end otherwise.
    Reading(Box<Reading>),
    /// A substitution, or a shell inside of one.
    Inside {
        child: Box<Machine>,
        goal: Goal,
        files: Files,
    },
    Pipe(Vec<Stage>),
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
struct Reading {
    arguments: Vec<String>,
    got: String,
    files: Files,
    status: Option<i32>,
}

/// What becomes of the output of a machine inside of this one.
#[derive(Clone, Debug, PartialEq)]
enum Goal {
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
struct Stage {
    machine: Machine,
    /// What the stage before printed and this one has not read yet; `None` for a first stage that reads what the shell reads.
    input: Option<String>,
    closed: bool,
    ended: Option<i32>,
}

/// A process. Plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    program: Rc<Program>,
    at: usize,
    frames: Vec<Frame>,
    files: Vec<Files>,
    inputs: Vec<String>,
    variables: SortedMap<String, String>,
    functions: SortedMap<String, (Rc<Program>, usize)>,
    traps: SortedMap<String, String>,
    pub arguments: Vec<String>,
    /// `$0`
    pub name: String,
    pub directory: String,
    pub pid: u64,
    status: i32,
    children: Vec<u64>,
    /// `$!`
    background: Option<u64>,
    /// What was read from standard input beyond the line that was asked for.
    unread: String,
    /// Values of the next instruction's substitutions, once they are `ready`.
    values: VecDeque<String>,
    ready: bool,
    /// How long the network let an applet wait.
    pub(super) late_ms: u64,
    pending: Option<Pending>,
    signals: Vec<String>,
    cases: Vec<String>,
    /// A shell that reads its commands from standard input; with a prompt where a person sits there.
    reads_commands: bool,
    prompts: bool,
    exit_on_error: bool,
    leaving: Option<i32>,
    depth: usize,
}

/// How deep functions and substitutions may nest.
const DEEPEST: usize = 60;
/// How many steps a substitution may take.
const MOST_STEPS: usize = 20_000;
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
            functions: SortedMap::new(),
            traps: SortedMap::new(),
            arguments: Vec::new(),
            name: "sh".into(),
            directory: directory.into(),
            pid: 1,
            status: 0,
            children: Vec::new(),
            background: None,
            unread: String::new(),
            values: VecDeque::new(),
            ready: false,
            late_ms: 0,
            pending: None,
            signals: Vec::new(),
            cases: Vec::new(),
            reads_commands: false,
            prompts: false,
            exit_on_error: false,
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
        let mut machine = Self::new(Rc::new(parse(script, 0)?), environment, directory);
        if let Some((name, arguments)) = rest.split_first() {
            (machine.name, machine.arguments) = (name.clone(), arguments.to_vec());
        }
        Ok(machine)
    }

    pub fn variable(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "$" => Some(self.pid.to_string()),
            "!" => Some(self.background.map_or(String::new(), |pid| pid.to_string())),
            "#" => Some(self.arguments.len().to_string()),
            "@" | "*" => Some(self.arguments.join(" ")),
            "0" => Some(self.name.clone()),
            "PWD" => Some(self.directory.clone()),
            _ => match name.parse::<usize>() {
                Ok(number) => self.arguments.get(number - 1).cloned(),
                Err(_) => self.variables.get(name).cloned(),
            },
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.into(), value.chars().take(MOST_TEXT).collect());
    }

    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    pub fn environment(&self) -> &SortedMap<String, String> {
        &self.variables
    }

    /// An absolute path, without `.` and `..`.
    pub fn path(&self, path: &str) -> String {
        absolute(&self.directory, path)
    }

    /// Whether a shell shows its prompt and waits for a line.
    pub fn prompt(&self) -> Option<String> {
        (self.prompts && self.at >= self.program.code.len() && self.pending.is_none()).then(|| format!("{} # ", self.directory))
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
                self.perform(host, instruction)
            }
            None => match self.frames.pop() {
                Some(Frame::Call { program, back, arguments }) => {
                    (self.program, self.at, self.arguments) = (program, back, arguments);
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

    fn read_command(&mut self, host: &mut dyn Host) -> Step {
        match self.stdin(host) {
            Input::Empty => Step::Input,
            Input::Closed => self.leave(host, self.status),
            Input::Text(text) => {
                self.at = 0;
                self.program = match parse(&text, 0) {
                    Ok(program) => Rc::new(program),
                    Err(message) => {
                        self.say_error(host, &format!("sh: {message}\n"));
                        self.status = 2;
                        Rc::new(Program::default())
                    }
                };
                Step::Ran
            }
        }
    }

    /// Runs a script's text in this very process (traps, `eval`, `.`).
    pub(super) fn call_text(&mut self, host: &mut dyn Host, script: &str) {
        match parse(script, self.depth) {
            Ok(program) => self.call(Rc::new(program), 0, self.arguments.clone()),
            Err(message) => {
                self.say_error(host, &format!("sh: {message}\n"));
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
        self.frames.push(Frame::Call { program: old, back: self.at, arguments: std::mem::replace(&mut self.arguments, arguments) });
        self.at = at;
    }

    /// Looks whether what it waits for has come; `Some` while it has not.
    fn wait(&mut self, host: &mut dyn Host) -> Option<Step> {
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
            Pending::Follow { path, shown } => {
                let text = host.read(&path).unwrap_or_default();
                let from = if text.len() < shown { 0 } else { shown };
                if text.len() > from {
                    let new = text[crate_floor(&text, from)..].to_owned();
                    self.print(host, &new);
                }
                self.pending = Some(Pending::Follow { path, shown: text.len() });
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
            Pending::Line { names, mut got, separators } => match self.stdin(host) {
                Input::Text(text) => {
                    got.push_str(&text);
                    match got.split_once('\n') {
                        Some((line, rest)) => {
                            self.unread = rest.to_owned();
                            self.finish_line(&names, line, &separators);
                        }
                        None => {
                            self.pending = Some(Pending::Line { names, got, separators });
                            return Some(Step::Ran);
                        }
                    }
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

    fn stdin(&mut self, host: &mut dyn Host) -> Input {
        if self.unread.is_empty() { host.stdin() } else { Input::Text(std::mem::take(&mut self.unread)) }
    }

    /// An applet reads on.
    fn read_on(&mut self, host: &mut dyn Host, mut reading: Box<Reading>) -> Option<Step> {
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
            self.inputs.push(got);
            self.files.push(Files { input: Some(self.inputs.len() - 1), ..files });
            let step = self.dispatch(host, arguments);
            self.pop_files();
            return Some(step);
        }
        if !closed || reading.status.is_none() || !reading.got.is_empty() {
            let text: String = if enough { std::mem::take(&mut reading.got) } else { reading.got.drain(..lines).collect() };
            self.files.push(reading.files.clone());
            let status = applets::run(self, host, &reading.arguments, &text);
            self.pop_files();
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

    /// Another machine that runs inside of this process.
    fn inside(&self, program: Rc<Program>) -> Machine {
        let mut child = self.clone();
        child.enter(self.depth, &self.top().clone());
        child.program = program;
        child.traps = SortedMap::new();
        child
    }

    /// Begins anew inside of another machine: what it writes goes to its host, which passes it on.
    fn enter(&mut self, depth: usize, files: &Files) {
        self.files = vec![Files { input: files.input, out: Target::Stream(Stream::Stdout), error: Target::Stream(Stream::Stderr) }];
        (self.at, self.frames, self.children, self.pending, self.signals) = (0, Vec::new(), Vec::new(), None, Vec::new());
        (self.reads_commands, self.ready, self.values, self.depth) = (false, false, VecDeque::new(), depth + 1);
    }

    /// Works out the substitutions of an instruction before it runs, so that they may take time.
    fn prepare(&mut self, mut programs: Vec<Rc<Program>>) {
        if programs.is_empty() {
            self.ready = true;
            return;
        }
        let child = self.inside(programs.remove(0));
        self.values.push_back(String::new());
        self.pending = Some(Pending::Inside { child: Box::new(child), goal: Goal::Capture { rest: programs }, files: self.top().clone() });
    }

    fn step_inside(&mut self, host: &mut dyn Host, mut child: Box<Machine>, goal: Goal) -> Step {
        let mut inner = Inner { host, input: None, written: Vec::new() };
        let step = child.step(&mut inner);
        let written = inner.written;
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
                        self.status = 128 + 15;
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
    fn step_pipe(&mut self, host: &mut dyn Host, mut stages: Vec<Stage>) -> Step {
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
            self.status = stages.last().and_then(|s| s.ended).unwrap_or(0);
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

    /// Writes where this command writes.
    fn pass_on(&mut self, host: &mut dyn Host, written: Vec<(Stream, String)>) {
        for (stream, text) in written {
            match stream {
                Stream::Stdout => self.print(host, &text),
                Stream::Stderr => self.say_error(host, &text),
            }
        }
    }

    fn finish_line(&mut self, names: &[String], line: &str, separators: &str) {
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

    fn perform(&mut self, host: &mut dyn Host, instruction: &Instruction) -> Step {
        if self.ready {
            self.ready = false;
        } else if self.depth < DEEPEST {
            let programs = match instruction {
                Instruction::Simple { assignments, words, .. } => expand::substitutions(words.iter().chain(assignments.iter().map(|(_, w)| w))),
                Instruction::ForBegin { words: Some(words) } => expand::substitutions(words.iter()),
                Instruction::Case(word) => expand::substitutions(std::iter::once(word)),
                _ => Vec::new(),
            };
            if !programs.is_empty() {
                self.at -= 1;
                self.values.clear();
                self.prepare(programs);
                return Step::Ran;
            }
        }
        match instruction {
            Instruction::Simple { assignments, words, redirects } => return self.simple(host, assignments, words, redirects),
            Instruction::Jump(to) => {
                let back = *to < self.at;
                self.at = *to;
                if back && self.signals.is_empty() {
                    return Step::Ran;
                }
            }
            Instruction::JumpIfFailed(to) if self.status != 0 => self.at = *to,
            Instruction::JumpIfOk(to) if self.status == 0 => self.at = *to,
            Instruction::JumpIfFailed(_) | Instruction::JumpIfOk(_) => {}
            Instruction::Not => self.status = i32::from(self.status == 0),
            Instruction::Pipe(stages) => {
                if self.depth >= DEEPEST {
                    self.status = 2;
                    return Step::Ran;
                }
                let stages = stages.iter().enumerate().map(|(index, program)| {
                    let mut machine = self.inside(Rc::clone(program));
                    if index > 0 {
                        (machine.files[0].input, machine.unread) = (None, String::new());
                    }
                    Stage { machine, input: (index > 0).then(String::new), closed: false, ended: None }
                });
                self.pending = Some(Pending::Pipe(stages.collect()));
            }
            Instruction::Redirect(redirects) => {
                let files = self.top().clone();
                self.files.push(files);
                if let Err(message) = self.redirect(host, redirects) {
                    self.say_error(host, &format!("sh: {message}\n"));
                    self.status = 1;
                }
            }
            Instruction::EndRedirect => drop(self.pop_files()),
            Instruction::Subshell => {
                self.frames.push(Frame::Subshell { variables: self.variables.clone(), directory: self.directory.clone() });
            }
            Instruction::EndSubshell => {
                if let Some(Frame::Subshell { variables, directory }) = self.frames.pop() {
                    (self.variables, self.directory) = (variables, directory);
                }
            }
            Instruction::ForBegin { words } => {
                let values = match words {
                    Some(words) => expand::arguments(self, host, words),
                    None => self.arguments.clone(),
                };
                self.frames.push(Frame::For { values, next: 0 });
            }
            Instruction::ForNext { variable, end } => {
                // The loop's own frame lies on top of the list's.
                let list = self.frames.iter_mut().rev().find_map(|f| if let Frame::For { values, next } = f { Some((values, next)) } else { None });
                match list.and_then(|(values, next)| {
                    *next += 1;
                    values.get(*next - 1).cloned()
                }) {
                    Some(value) => drop(self.variables.insert(variable.clone(), value)),
                    None => self.at = *end,
                }
            }
            Instruction::Case(word) => {
                let text = expand::text(self, host, word);
                self.cases.push(text);
                self.status = 0;
            }
            Instruction::CaseTest { patterns, otherwise } => {
                let text = self.cases.last().cloned().unwrap_or_default();
                let fits = patterns.iter().any(|p| {
                    let pattern = expand::text(self, host, p);
                    expand::matches(&pattern, &text)
                });
                if !fits {
                    self.at = *otherwise;
                }
            }
            Instruction::LoopBegin { end, next } => {
                self.frames.push(Frame::Loop { end: *end, next: *next, files: self.files.len() });
                self.status = 0;
            }
            Instruction::LoopEnd => {
                self.frames.pop();
                if matches!(self.frames.last(), Some(Frame::For { .. })) {
                    self.frames.pop();
                }
                if self.status == 1 {
                    self.status = 0;
                }
            }
            Instruction::Background { end } => {
                let mut child = self.clone();
                child.frames = Vec::new();
                child.children = Vec::new();
                child.traps = self.traps.iter().filter(|(_, t)| t.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
                child.reads_commands = false;
                child.unread = String::new();
                let body = Program { code: self.program.code[..*end].to_vec() };
                child.program = Rc::new(body);
                let pid = host.spawn(child);
                self.children.push(pid);
                self.background = Some(pid);
                self.at = *end;
                self.status = 0;
            }
            Instruction::Function { name, end } => {
                self.functions.insert(name.clone(), (Rc::clone(&self.program), self.at));
                self.at = *end;
                self.status = 0;
            }
            Instruction::Return => self.return_from(),
            Instruction::Succeed => self.status = 0,
        }
        Step::Ran
    }

    fn return_from(&mut self) {
        while let Some(frame) = self.frames.pop() {
            if let Frame::Call { program, back, arguments } = frame {
                (self.program, self.at, self.arguments) = (program, back, arguments);
                return;
            }
        }
        self.at = self.program.code.len();
    }

    fn top(&self) -> &Files {
        self.files.last().expect("the first entry is never popped")
    }

    fn pop_files(&mut self) -> Option<Files> {
        if self.files.len() > 1 { self.files.pop() } else { None }
    }

    fn redirect(&mut self, host: &mut dyn Host, redirects: &[Redirect]) -> Result<(), String> {
        for redirect in redirects {
            let word = expand::text(self, host, &redirect.target);
            let path = self.path(&word);
            let target = match redirect.how {
                How::Read => {
                    let text =
                        if path == "/dev/null" { String::new() } else { host.read(&path).map_err(|e| format!("can't open {word}: {}", short(e)))? };
                    self.inputs.push(text);
                    self.set_input();
                    continue;
                }
                How::Here => {
                    self.inputs.push(word);
                    self.set_input();
                    continue;
                }
                How::Duplicate if word == "1" => self.top().out.clone(),
                How::Duplicate if word == "2" => self.top().error.clone(),
                How::Duplicate => return Err(format!("{word}: Bad file descriptor")),
                How::Write | How::Append => match path.as_str() {
                    "/dev/null" => Target::Nowhere,
                    "/dev/stdout" | "/proc/1/fd/1" | "/proc/self/fd/1" => Target::Stream(Stream::Stdout),
                    "/dev/stderr" | "/proc/1/fd/2" => Target::Stream(Stream::Stderr),
                    _ => {
                        host.write_file(&path, "", redirect.how == How::Append).map_err(|e| format!("can't create {word}: {}", create(e)))?;
                        Target::File(path)
                    }
                },
            };
            let top = self.files.last_mut().expect("the first entry is never popped");
            match redirect.number {
                1 => top.out = target,
                2 => top.error = target,
                _ => {}
            }
        }
        Ok(())
    }

    fn set_input(&mut self) {
        let index = self.inputs.len() - 1;
        self.files.last_mut().expect("the first entry is never popped").input = Some(index);
    }

    fn simple(
        &mut self,
        host: &mut dyn Host,
        assignments: &[(String, Vec<super::lexer::Part>)],
        words: &[Vec<super::lexer::Part>],
        redirects: &[Redirect],
    ) -> Step {
        let mut arguments = expand::arguments(self, host, words);
        let values: Vec<(String, String)> = assignments.iter().map(|(name, word)| (name.clone(), expand::text(self, host, word))).collect();
        let files = self.top().clone();
        self.files.push(files);
        if let Err(message) = self.redirect(host, redirects) {
            self.pop_files();
            self.say_error(host, &format!("sh: {message}\n"));
            self.status = 1;
            return self.checked();
        }
        let saved: Vec<(String, Option<String>)> = values.iter().map(|(name, _)| (name.clone(), self.variables.get(name).cloned())).collect();
        for (name, value) in &values {
            self.set(name, value);
        }
        if arguments.is_empty() {
            self.pop_files();
            if !values.is_empty()
                && words.is_empty()
                && !assignments.iter().any(|(_, w)| w.iter().any(|p| matches!(p, super::lexer::Part::Command { .. })))
            {
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
        } else if matches!(arguments[0].as_str(), "command" | "builtin") && arguments.len() > 1 && !arguments[1].starts_with('-') {
            arguments.remove(0);
        }
        let step = self.dispatch(host, arguments);
        self.pop_files();
        for (name, value) in saved {
            match value {
                Some(value) => self.set(&name, &value),
                None => drop(self.variables.remove(&name)),
            }
        }
        if step == Step::Ran { self.checked() } else { step }
    }

    /// `set -e`: a command that failed ends the shell (unless a condition looks at it).
    fn checked(&mut self) -> Step {
        let looked_at = matches!(self.program.code.get(self.at), Some(Instruction::JumpIfFailed(_) | Instruction::JumpIfOk(_) | Instruction::Not));
        if self.exit_on_error && self.status != 0 && !looked_at && self.pending.is_none() {
            self.leaving = Some(self.status);
        }
        Step::Ran
    }

    fn dispatch(&mut self, host: &mut dyn Host, arguments: Vec<String>) -> Step {
        if let Some((program, at)) = self.functions.get(&arguments[0]).cloned() {
            self.call(program, at, arguments[1..].to_vec());
            return Step::Ran;
        }
        if let Some(step) = self.builtin(host, &arguments) {
            return step;
        }
        let piped = self.top().input.map(|index| std::mem::take(&mut self.inputs[index]));
        let has_input = piped.is_some();
        let stdin = piped.unwrap_or_default();
        let plain = arguments[0].rsplit('/').next().unwrap_or("").to_owned();
        if !has_input && applets::reads_stdin(&plain, &arguments) {
            self.pending = Some(Pending::Reading(Box::new(Reading { arguments, got: String::new(), files: self.top().clone(), status: None })));
            return Step::Ran;
        }
        match host.command(&arguments, &stdin) {
            super::Answered::Done(code, written) => {
                self.pass_on(host, written);
                self.status = code;
                return Step::Ran;
            }
            super::Answered::BecomesServer => return self.serve(host, arguments, stdin, true),
            super::Answered::Unknown => {}
        }
        if applets::listens(&plain, &arguments) {
            let stays = plain != "httpd" || arguments.iter().any(|a| a.starts_with("-f"));
            let front = if stays { None } else { Some("-f".to_owned()) };
            let arguments = std::iter::once(plain).chain(front).chain(arguments.into_iter().skip(1)).collect();
            return self.serve(host, arguments, stdin, stays);
        }
        if !applets::is_applet(&plain) {
            let (message, code) = missing(self, host, &arguments[0]);
            self.say_error(host, &format!("sh: {message}\n"));
            self.status = code;
            return Step::Ran;
        }
        if !matches!(plain.as_str(), "wget" | "curl" | "nc" | "nslookup" | "telnet" | "ping") {
            self.status = applets::run(self, host, &arguments, &stdin);
            return Step::Ran;
        }
        // What the network makes it wait for passes before it says anything.
        let files = self.top().clone();
        self.files.push(Files { input: files.input, out: Target::Stream(Stream::Stdout), error: Target::Stream(Stream::Stderr) });
        self.late_ms = 0;
        let mut inner = Inner { host, input: None, written: Vec::new() };
        let status = applets::run(self, &mut inner, &arguments, &stdin);
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
    fn serve(&mut self, host: &mut dyn Host, arguments: Vec<String>, stdin: String, stays: bool) -> Step {
        let nothing_follows = self.depth == 0 && self.at >= self.program.code.len() && self.frames.is_empty() && self.traps.is_empty();
        if stays && nothing_follows && !self.reads_commands {
            return Step::Server(arguments, stdin);
        }
        let mut child = Machine::new(super::parser::of_words(&arguments), self.variables.clone(), &self.directory);
        child.inputs = vec![stdin];
        child.files = vec![Files { input: Some(0), ..self.top().clone() }];
        let pid = host.spawn(child);
        self.status = 0;
        if stays {
            self.pending = Some(Pending::Child(pid));
        }
        Step::Ran
    }

    fn builtin(&mut self, host: &mut dyn Host, arguments: &[String]) -> Option<Step> {
        let rest = &arguments[1..];
        self.status = match arguments[0].rsplit('/').next().unwrap_or("") {
            ":" | "true" => 0,
            "false" => 1,
            "exit" => {
                let code = rest.first().and_then(|t| t.parse::<i32>().ok()).unwrap_or(self.status) & 0xff;
                return Some(self.exit(host, code));
            }
            "return" => {
                let code = rest.first().and_then(|t| t.parse::<i32>().ok()).unwrap_or(self.status);
                self.return_from();
                code
            }
            "break" | "continue" => {
                self.jump_out(arguments[0] == "break");
                0
            }
            "cd" => {
                let to = rest.first().cloned().or_else(|| self.variable("HOME")).unwrap_or_else(|| "/".into());
                let path = self.path(&to);
                match host.stat(&path) {
                    Some(Kind::Directory) => {
                        self.directory = path;
                        0
                    }
                    Some(Kind::File { .. }) => {
                        self.say_error(host, &format!("sh: cd: can't cd to {to}: Not a directory\n"));
                        2
                    }
                    None => {
                        self.say_error(host, &format!("sh: cd: can't cd to {to}: No such file or directory\n"));
                        2
                    }
                }
            }
            "export" | "local" | "readonly" => {
                for word in rest {
                    if let Some((name, value)) = word.split_once('=') {
                        self.set(name, value);
                    }
                }
                0
            }
            "unset" => {
                for name in rest {
                    self.unset(name);
                }
                0
            }
            "set" => {
                for word in rest {
                    match word.as_str() {
                        "-e" | "-eu" | "-ex" => self.exit_on_error = true,
                        "+e" => self.exit_on_error = false,
                        "--" => {
                            self.arguments = rest.iter().skip_while(|w| *w != "--").skip(1).cloned().collect();
                            break;
                        }
                        _ => {}
                    }
                }
                0
            }
            "shift" => {
                let count = rest.first().and_then(|t| t.parse().ok()).unwrap_or(1).min(self.arguments.len());
                self.arguments.drain(..count);
                0
            }
            "trap" => {
                if let Some((script, signals)) = rest.split_first() {
                    for signal in signals {
                        let name = signal_name(signal);
                        if script == "-" { drop(self.traps.remove(&name)) } else { drop(self.traps.insert(name, script.clone())) }
                    }
                }
                0
            }
            "eval" => {
                let script = rest.join(" ");
                self.status = 0;
                self.call_text(host, &script);
                return Some(Step::Ran);
            }
            "wait" => {
                self.pending = Some(match rest.first().and_then(|t| t.parse().ok()) {
                    Some(pid) => Pending::Child(pid),
                    None => Pending::AllChildren,
                });
                0
            }
            "sleep" => {
                let total: Option<u64> = rest.iter().map(|t| applets::duration_ms(t)).sum();
                match total {
                    Some(total) if !rest.is_empty() => {
                        self.pending = Some(Pending::Until(host.now() + total, 0));
                        0
                    }
                    Some(_) => {
                        self.say_error(host, "BusyBox v1.36.1 multi-call binary.\n\nUsage: sleep [N]...\n");
                        1
                    }
                    None if rest.iter().any(|t| t == "infinity") => {
                        self.pending = Some(Pending::Forever);
                        0
                    }
                    None => {
                        self.say_error(host, &format!("sleep: invalid number '{}'\n", rest.first().map_or("", String::as_str)));
                        1
                    }
                }
            }
            "usleep" => {
                let micros = rest.first().and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
                self.pending = Some(Pending::Until(host.now() + micros / 1000, 0));
                0
            }
            "timeout" => {
                let words: Vec<&String> = rest.iter().skip_while(|w| w.starts_with('-') && w.len() > 1).collect();
                let (limit, command) = match words.split_first() {
                    Some((limit, command)) if !command.is_empty() => (applets::duration_ms(limit), command),
                    _ => {
                        self.say_error(host, "BusyBox v1.36.1 multi-call binary.\n\nUsage: timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS\n");
                        self.status = 1;
                        return Some(Step::Ran);
                    }
                };
                let Some(limit) = limit.filter(|_| self.depth < DEEPEST) else {
                    self.say_error(host, &format!("timeout: invalid number '{}'\n", words[0]));
                    self.status = 1;
                    return Some(Step::Ran);
                };
                let command: Vec<String> = command.iter().map(|w| (*w).clone()).collect();
                let child = self.inside(super::parser::of_words(&command));
                let goal = Goal::Timed { until: host.now() + limit };
                self.pending = Some(Pending::Inside { child: Box::new(child), goal, files: self.top().clone() });
                0
            }
            "read" => {
                let separators = self.variable("IFS").unwrap_or_else(|| " \t".into());
                let names: Vec<String> = rest.iter().filter(|w| !w.starts_with('-')).cloned().collect();
                match self.top().input {
                    Some(index) => {
                        let text = std::mem::take(&mut self.inputs[index]);
                        let (line, after) = text.split_once('\n').map_or((text.as_str(), ""), |(l, a)| (l, a));
                        let ended = text.is_empty();
                        self.inputs[index] = after.to_owned();
                        self.finish_line(&names, line, &separators);
                        i32::from(ended)
                    }
                    None => {
                        self.pending = Some(Pending::Line { names, got: String::new(), separators });
                        0
                    }
                }
            }
            "tail" if rest.iter().any(|w| matches!(w.as_str(), "-f" | "-F")) => {
                let file = rest.iter().rev().find(|w| !w.starts_with(['-', '+']) && w.parse::<i64>().is_err()).cloned();
                let file = file?;
                let path = self.path(&file);
                let whole = rest.iter().any(|w| w == "+1" || w == "-n+1");
                let text = host.read(&path).unwrap_or_default();
                let lines = text.lines().count();
                let shown = if whole { 0 } else { text.split_inclusive('\n').take(lines.saturating_sub(10)).map(str::len).sum() };
                self.pending = Some(Pending::Follow { path, shown });
                0
            }
            "kill" => self.kill(host, rest),
            "sh" | "ash" => return Some(self.nested(host, rest)),
            "pwd" => {
                let line = format!("{}\n", self.directory);
                self.print(host, &line);
                0
            }
            _ => return None,
        };
        Some(Step::Ran)
    }

    fn exit(&mut self, host: &mut dyn Host, code: i32) -> Step {
        self.status = code;
        if self.frames.iter().any(|f| matches!(f, Frame::Subshell { .. })) {
            while let Some(frame) = self.frames.pop() {
                match frame {
                    Frame::Subshell { variables, directory } => {
                        (self.variables, self.directory) = (variables, directory);
                        break;
                    }
                    Frame::Call { program, back, arguments } => (self.program, self.at, self.arguments) = (program, back, arguments),
                    Frame::Loop { .. } | Frame::For { .. } => {}
                }
            }
            let mut depth = 1;
            while depth > 0 && self.at < self.program.code.len() {
                match self.program.code[self.at] {
                    Instruction::Subshell => depth += 1,
                    Instruction::EndSubshell => depth -= 1,
                    _ => {}
                }
                self.at += 1;
            }
            return Step::Ran;
        }
        self.frames.clear();
        self.reads_commands = false;
        self.at = self.program.code.len();
        self.leave(host, code)
    }

    fn jump_out(&mut self, leave: bool) {
        while let Some(frame) = self.frames.last() {
            match frame {
                Frame::Loop { end, next, files } => {
                    let (end, next, files) = (*end, *next, *files);
                    self.files.truncate(files.max(1));
                    // The command's own entry is popped when it returns.
                    let copy = self.top().clone();
                    self.files.push(copy);
                    self.at = if leave { end } else { next };
                    return;
                }
                Frame::Call { .. } => return,
                Frame::Subshell { .. } | Frame::For { .. } => drop(self.frames.pop()),
            }
        }
    }

    fn kill(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        let mut signal = "TERM".to_owned();
        let mut failed = 0;
        let mut words = rest.iter().peekable();
        while let Some(word) = words.next() {
            if word == "-s" {
                signal = words.next().map(|s| signal_name(s)).unwrap_or(signal);
            } else if let Some(name) = word.strip_prefix('-').filter(|n| !n.is_empty()) {
                signal = signal_name(name);
            } else if let Some(job) = word.strip_prefix('%').and_then(|n| n.parse::<usize>().ok()) {
                let pid = self.children.get(job.wrapping_sub(1)).copied().unwrap_or(0);
                failed = i32::from(!host.signal(pid, &signal));
            } else if let Ok(pid) = word.parse::<u64>() {
                if pid == self.pid {
                    // Its own process: as the first one it is protected, otherwise it ends here.
                    if self.pid != 1 && !self.traps.contains_key(&signal) {
                        self.leaving = Some(128 + signal_number(&signal));
                    } else if signal != "KILL" && self.traps.contains_key(&signal) {
                        self.signals.push(signal.clone());
                    }
                } else if !host.signal(pid, &signal) {
                    self.say_error(host, &format!("sh: can't kill pid {pid}: No such process\n"));
                    failed = 1;
                }
            } else {
                self.say_error(host, &format!("sh: bad pid '{word}'\n"));
                failed = 1;
            }
        }
        failed
    }

    /// `sh …` as a command: another process, waited for.
    fn nested(&mut self, host: &mut dyn Host, rest: &[String]) -> Step {
        let machine = match rest.split_first() {
            Some((flag, script)) if flag.starts_with('-') && flag.ends_with('c') && !script.is_empty() => {
                Machine::script(&script[0], &script[1..], self.variables.clone(), &self.directory)
            }
            Some((file, more)) if !file.starts_with('-') => {
                let path = self.path(file);
                match host.read(&path) {
                    Ok(text) => Machine::script(&text, more, self.variables.clone(), &self.directory),
                    Err(_) => Err(format!("can't open '{file}': No such file or directory")),
                }
            }
            _ => match self.top().input {
                Some(index) => {
                    let text = std::mem::take(&mut self.inputs[index]);
                    Machine::script(&text, &[], self.variables.clone(), &self.directory)
                }
                None => {
                    self.reads_commands = true;
                    return Step::Ran;
                }
            },
        };
        match machine {
            Ok(mut child) => {
                child.inputs = self.inputs.clone();
                if self.depth >= DEEPEST {
                    self.status = 2;
                } else if self.depth > 0 {
                    // Inside a pipe or a substitution it is part of this process.
                    child.pid = self.pid;
                    child.enter(self.depth, self.top());
                    self.pending = Some(Pending::Inside { child: Box::new(child), goal: Goal::Print, files: self.top().clone() });
                } else {
                    child.files = vec![self.top().clone()];
                    let pid = host.spawn(child);
                    self.pending = Some(Pending::Child(pid));
                }
            }
            Err(message) => {
                self.say_error(host, &format!("sh: {message}\n"));
                self.status = 2;
            }
        }
        Step::Ran
    }

    /// What a substitution prints: worked out before, or at once where nobody could foresee it.
    pub(super) fn captured(&mut self, host: &mut dyn Host, program: &Rc<Program>) -> String {
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
    fn run_to_end(&mut self, host: &mut dyn Host, mut child: Machine) -> String {
        let mut inner = Inner { host, input: None, written: Vec::new() };
        let mut code = 0;
        for _ in 0..MOST_STEPS {
            match child.step(&mut inner) {
                Step::Ran => {}
                Step::Exit(exit) => {
                    code = exit;
                    break;
                }
                // A wait inside of a substitution is over at once.
                Step::Sleep(_) | Step::Wait | Step::Input | Step::Server(..) => child.pending = None,
            }
        }
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

    pub(super) fn print(&mut self, host: &mut dyn Host, text: &str) {
        let target = self.top().out.clone();
        self.put(host, target, text);
    }

    pub(super) fn say_error(&mut self, host: &mut dyn Host, text: &str) {
        let target = self.top().error.clone();
        self.put(host, target, text);
    }

    fn put(&mut self, host: &mut dyn Host, target: Target, text: &str) {
        match target {
            Target::Stream(stream) => host.write(stream, text),
            Target::File(path) => {
                if host.write_file(&path, text, true).is_err() {
                    self.status = 1;
                }
            }
            Target::Nowhere => {}
        }
    }
}

/// The host as a machine inside of another one sees it: what it writes is kept, and what it reads may come from a pipe.
struct Inner<'a> {
    host: &'a mut dyn Host,
    input: Option<(&'a mut String, bool)>,
    written: Vec<(Stream, String)>,
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

    fn signal(&mut self, pid: u64, signal: &str) -> bool {
        self.host.signal(pid, signal)
    }

    fn processes(&self) -> Vec<super::ProcessRow> {
        self.host.processes()
    }

    fn request(&mut self, url: &str, body: &str) -> crate::cluster::network::Answer {
        self.host.request(url, body)
    }

    fn hostname(&self) -> String {
        self.host.hostname()
    }

    fn ip(&self) -> String {
        self.host.ip()
    }

    fn user(&self) -> (i64, i64) {
        self.host.user()
    }

    fn command(&mut self, arguments: &[String], stdin: &str) -> super::Answered {
        self.host.command(arguments, stdin)
    }

    fn stdin(&mut self) -> Input {
        match &mut self.input {
            None => self.host.stdin(),
            Some((text, _)) if !text.is_empty() => Input::Text(std::mem::take(*text)),
            Some((_, true)) => Input::Closed,
            Some((_, false)) => Input::Empty,
        }
    }

    fn date(&self) -> String {
        self.host.date()
    }
}

/// What a shell says of a command that is not there, and its exit code.
fn missing(machine: &Machine, host: &dyn Host, name: &str) -> (String, i32) {
    if name.contains('/') {
        return match host.stat(&machine.path(name)) {
            None => (format!("{name}: not found"), 127),
            Some(_) => (format!("{name}: Permission denied"), 126),
        };
    }
    (format!("{name}: not found"), 127)
}

fn short(error: FileError) -> &'static str {
    match error {
        FileError::NotFound => "no such file",
        other => other.words(),
    }
}

fn create(error: FileError) -> &'static str {
    match error {
        FileError::NotFound => "nonexistent directory",
        other => other.words(),
    }
}

fn crate_floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
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

/// `15`, `SIGTERM`, `TERM`, `term` → `TERM`; `0` and `EXIT` → `EXIT`.
pub fn signal_name(text: &str) -> String {
    let name = match text {
        "0" => "EXIT",
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "9" => "KILL",
        "10" => "USR1",
        "12" => "USR2",
        "15" => "TERM",
        other => other,
    };
    name.to_uppercase().trim_start_matches("SIG").to_owned()
}

pub fn signal_number(name: &str) -> i32 {
    match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "KILL" => 9,
        "USR1" => 10,
        "SEGV" => 11,
        "USR2" => 12,
        _ => 15,
    }
}
