//! Runs a program step by step: a process as a value, which yields whenever it has to wait.

use std::collections::BTreeMap;
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
    /// A server of the image takes the process over (`exec nginx`, or a server as the command).
    Server,
}

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq)]
enum Target {
    Stream(Stream),
    /// Into the buffer with this number.
    Buffer(usize),
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
    Loop { end: usize, next: usize, files: usize, buffers: usize },
    Subshell { variables: BTreeMap<String, String>, directory: String },
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
    /// An applet that reads standard input to its end.
    Reading {
        arguments: Vec<String>,
        got: String,
    },
    /// `read`
    Line {
        names: Vec<String>,
        got: String,
    },
    Forever,
}

/// A process. Plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    program: Rc<Program>,
    at: usize,
    frames: Vec<Frame>,
    files: Vec<Files>,
    buffers: Vec<String>,
    inputs: Vec<String>,
    variables: BTreeMap<String, String>,
    functions: BTreeMap<String, (Rc<Program>, usize)>,
    traps: BTreeMap<String, String>,
    pub arguments: Vec<String>,
    /// `$0`
    pub name: String,
    pub directory: String,
    pub pid: u64,
    status: i32,
    children: Vec<u64>,
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
    pub fn new(program: Rc<Program>, environment: BTreeMap<String, String>, directory: &str) -> Self {
        Self {
            program,
            at: 0,
            frames: Vec::new(),
            files: vec![Files { input: None, out: Target::Stream(Stream::Stdout), error: Target::Stream(Stream::Stderr) }],
            buffers: Vec::new(),
            inputs: Vec::new(),
            variables: environment,
            functions: BTreeMap::new(),
            traps: BTreeMap::new(),
            arguments: Vec::new(),
            name: "sh".into(),
            directory: directory.into(),
            pid: 1,
            status: 0,
            children: Vec::new(),
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
    pub fn interactive(environment: BTreeMap<String, String>, directory: &str, prompts: bool) -> Self {
        let mut machine = Self::new(Rc::new(Program::default()), environment, directory);
        (machine.reads_commands, machine.prompts) = (true, prompts);
        machine
    }

    /// `sh -c SCRIPT [NAME [ARGUMENT…]]`; the error is what `sh` says.
    pub fn script(script: &str, rest: &[String], environment: BTreeMap<String, String>, directory: &str) -> Result<Self, String> {
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
            "!" => Some(self.children.last().map_or(String::new(), u64::to_string)),
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

    pub fn environment(&self) -> &BTreeMap<String, String> {
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
        if let Some(step) = self.wait(host) {
            return step;
        }
        if let Some(signal) = self.signals.pop()
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
            self.call_text(host, &script);
            self.leaving = Some(code);
            return Step::Ran;
        }
        Step::Exit(code)
    }

    fn read_command(&mut self, host: &mut dyn Host) -> Step {
        match host.stdin() {
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
            Pending::Reading { arguments, mut got } => match host.stdin() {
                Input::Text(text) => {
                    got.push_str(&text);
                    self.pending = Some(Pending::Reading { arguments, got });
                    return Some(Step::Ran);
                }
                Input::Empty => {
                    self.pending = Some(Pending::Reading { arguments, got });
                    return Some(Step::Input);
                }
                Input::Closed => self.status = applets::run(self, host, &arguments, &got),
            },
            Pending::Line { names, mut got } => match host.stdin() {
                Input::Text(text) => {
                    got.push_str(&text);
                    self.finish_line(&names, &got);
                }
                Input::Empty => {
                    self.pending = Some(Pending::Line { names, got });
                    return Some(Step::Input);
                }
                Input::Closed => {
                    self.finish_line(&names, &got);
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

    fn finish_line(&mut self, names: &[String], line: &str) {
        let line = line.lines().next().unwrap_or("").to_owned();
        let mut rest = line.trim();
        for (index, name) in names.iter().enumerate() {
            let (first, after) = if index + 1 == names.len() { (rest, "") } else { rest.split_once(char::is_whitespace).unwrap_or((rest, "")) };
            let first = first.to_owned();
            rest = after.trim_start();
            self.variables.insert(name.clone(), first);
        }
        self.status = 0;
    }

    fn perform(&mut self, host: &mut dyn Host, instruction: &Instruction) -> Step {
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
            Instruction::PipeBegin => {
                self.buffers.push(String::new());
                let files = Files { out: Target::Buffer(self.buffers.len() - 1), ..self.top().clone() };
                self.files.push(files);
            }
            Instruction::PipeNext { last } => {
                let text = self.buffers.pop().unwrap_or_default();
                self.inputs.push(text);
                let mut files = self.files.pop().unwrap_or_else(|| self.top().clone());
                files.input = Some(self.inputs.len() - 1);
                if *last {
                    files.out = self.top().out.clone();
                } else {
                    self.buffers.push(String::new());
                    files.out = Target::Buffer(self.buffers.len() - 1);
                }
                self.files.push(files);
            }
            Instruction::PipeEnd => drop(self.pop_files()),
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
                self.frames.push(Frame::Loop { end: *end, next: *next, files: self.files.len(), buffers: self.buffers.len() });
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
                let body = Program { code: self.program.code[..*end].to_vec() };
                child.program = Rc::new(body);
                let pid = host.spawn(child);
                self.children.push(pid);
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
            return Step::Ran;
        }
        if arguments[0] == "exec" && arguments.len() > 1 {
            arguments.remove(0);
            self.frames.clear();
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
        match host.command(&arguments, &stdin) {
            super::Answered::Done(code) => {
                self.status = code;
                return Step::Ran;
            }
            super::Answered::BecomesServer => return Step::Server,
            super::Answered::Unknown => {}
        }
        let plain = arguments[0].rsplit('/').next().unwrap_or("").to_owned();
        if !applets::is_applet(&plain) {
            let (message, code) = missing(self, host, &arguments[0]);
            self.say_error(host, &format!("sh: {message}\n"));
            self.status = code;
            return Step::Ran;
        }
        if applets::reads_stdin(&plain, &arguments) && !has_input {
            self.pending = Some(Pending::Reading { arguments, got: String::new() });
            return Step::Ran;
        }
        self.status = applets::run(self, host, &arguments, &stdin);
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
            "read" => {
                let names: Vec<String> = rest.iter().filter(|w| !w.starts_with('-')).cloned().collect();
                match self.top().input {
                    Some(index) => {
                        let text = std::mem::take(&mut self.inputs[index]);
                        let (line, after) = text.split_once('\n').map_or((text.as_str(), ""), |(l, a)| (l, a));
                        let ended = text.is_empty();
                        self.inputs[index] = after.to_owned();
                        self.finish_line(&names, line);
                        i32::from(ended)
                    }
                    None => {
                        self.pending = Some(Pending::Line { names, got: String::new() });
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
                Frame::Loop { end, next, files, buffers } => {
                    let (end, next, files, buffers) = (*end, *next, *files, *buffers);
                    self.files.truncate(files.max(1));
                    // The command's own entry is popped when it returns.
                    let copy = self.top().clone();
                    self.files.push(copy);
                    self.buffers.truncate(buffers);
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
                child.files = vec![self.top().clone()];
                (child.buffers, child.inputs) = (self.buffers.clone(), self.inputs.clone());
                let in_buffer = matches!(self.top().out, Target::Buffer(_));
                if in_buffer || self.depth > 0 {
                    // Inside a pipe or a substitution it is run to its end at once.
                    child.pid = self.pid;
                    let output = self.run_to_end(host, child);
                    self.print(host, &output);
                } else {
                    let pid = host.spawn(child);
                    self.children.push(pid);
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

    /// What a substitution prints.
    pub(super) fn capture(&mut self, host: &mut dyn Host, program: &Rc<Program>) -> String {
        if self.depth >= DEEPEST {
            return String::new();
        }
        let mut child = self.clone();
        child.program = Rc::clone(program);
        (child.at, child.frames, child.reads_commands) = (0, Vec::new(), false);
        child.traps = BTreeMap::new();
        self.run_to_end(host, child)
    }

    /// Runs another machine at once, without letting time pass, and gives what it printed.
    fn run_to_end(&mut self, host: &mut dyn Host, mut child: Machine) -> String {
        child.depth = self.depth + 1;
        child.buffers = vec![String::new()];
        child.files = vec![Files { input: child.files.last().and_then(|f| f.input), out: Target::Buffer(0), error: self.top().error.clone() }];
        let mut code = 0;
        for _ in 0..MOST_STEPS {
            match child.step(host) {
                Step::Ran => {}
                Step::Exit(exit) => {
                    code = exit;
                    break;
                }
                // A wait inside of a substitution is over at once.
                Step::Sleep(_) | Step::Wait | Step::Input | Step::Server => child.pending = None,
            }
        }
        self.status = code;
        child.buffers.into_iter().next().unwrap_or_default()
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
            Target::Buffer(index) => {
                if let Some(buffer) = self.buffers.get_mut(index).filter(|b| b.len() < MOST_TEXT) {
                    buffer.push_str(text);
                }
            }
            Target::File(path) => {
                if host.write_file(&path, text, true).is_err() {
                    self.status = 1;
                }
            }
            Target::Nowhere => {}
        }
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
