//! Command line → requests to the API server → printed text: one file per verb, one table printer, one printer per output form.
//!
//! [`Terminal`] is the door. A line goes to a [`shell::Machine`](crate::cluster::shell::Machine), the same that containers run, with [`host`] as
//! all that is outside of it; `kubectl …` goes on to [`call`] (flags) and to [`verbs`]. What takes time is a job: a value that is looked at
//! whenever virtual time has moved.

use crate::api::order::{SortedMap, SortedSet};
mod base64;
mod call;
mod columns;
mod complete;
mod config;
mod describe;
mod duration;
mod enum_docs;
mod env;
mod files;
mod go_template;
mod hash;
mod host;
mod hpa_row;
mod json;
mod jsonpath;
mod kyaml;
mod merge;
mod node_logs;
mod node_shell;
mod output;
pub mod pod_row;
mod pods;
mod programs;
mod resources;
mod rows;
mod running;
mod selector;
mod table;
#[cfg(test)]
mod tests;
mod verbs;

use crate::api::SimTime;
use crate::cluster::Cluster;
pub use crate::cluster::runtime::MORE;
use crate::cluster::shell::{Machine, Step};
pub use env::EditRequest;
use env::Env;
use running::Running;

/// A line (or a part of one) on the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub at: SimTime,
    pub kind: OutputKind,
    /// May hold ANSI colours; ends where it ends (a newline is part of the text).
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// What the person typed, as echoed behind a prompt of so many bytes: none where a program read it.
    Command {
        prompt: usize,
    },
    Stdout,
    Stderr,
}

/// What stays from line to line beside the shell itself: configuration, folders, and what the person is asked to edit.
#[derive(Clone, Default)]
pub struct Seat {
    config: config::KubeConfig,
    /// Folders that were made, by their absolute paths. (Others are there because files are in them.)
    directories: SortedSet<String>,
    edit: Option<EditRequest>,
    /// Whether input and output are a terminal (the app) or not (a script).
    interactive: bool,
}

/// The person's shell: files, variables, what runs in the foreground and background. A value; cloning it is a checkpoint.
#[derive(Clone)]
pub struct Terminal {
    /// The person's folder: editor tabs are here as files.
    pub files: SortedMap<String, String>,
    output: Vec<Output>,
    seat: Seat,
    shell: Machine,
    /// When the shell wants to go on by itself.
    wakes_at: Option<SimTime>,
    /// For how long it has gone on without waiting.
    busy_ms: u64,
    /// What was typed while something runs that has not read it yet.
    typed: String,
    /// What runs in the foreground waits for something to be typed (`cat`).
    reads: bool,
    running: Running,
}

impl Default for Terminal {
    fn default() -> Self {
        let variables = [("HOME", host::HOME), ("USER", "root"), ("HOSTNAME", "workstation"), ("PATH", "/usr/local/bin:/usr/bin:/bin")];
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut shell = Machine::interactive(variables, host::HOME, true);
        (shell.bash, shell.pid, shell.name) = (true, SHELL_PID, "bash".into());
        Self {
            files: SortedMap::new(),
            output: Vec::new(),
            seat: Seat { interactive: true, ..Seat::default() },
            shell,
            wakes_at: None,
            busy_ms: 0,
            typed: String::new(),
            reads: false,
            running: Running::default(),
        }
    }
}

/// What stands before a line of the person's own shell.
pub const PROMPT: &str = "$ ";
/// The number of the person's shell among the processes of their machine.
const SHELL_PID: u64 = 4000;
/// Output beyond this many pieces is forgotten, oldest first.
const MOST_OUTPUT: usize = 20_000;
/// How many steps what runs here may go at one instant before time goes on by [`BUSY_MS`], as in a container.
const MOST_STEPS: i64 = 2000;
const BUSY_MS: u64 = 100;
/// What did not wait for so long is not about to end: from then on as many steps take a second.
const FRESH_MS: u64 = 10_000;
const LONG_BUSY_MS: u64 = 1000;

impl Terminal {
    /// Without a terminal: standard input is empty and `-t` is refused.
    pub fn script() -> Self {
        Self { seat: Seat::default(), ..Self::default() }
    }

    /// Runs a line. What takes time goes on with [`Terminal::poll`].
    pub fn submit(&mut self, line: &str, cluster: &mut Cluster) {
        let prompt = if self.shell.goes_on() { MORE } else { PROMPT };
        self.output.push(Output { at: cluster.now(), kind: OutputKind::Command { prompt: prompt.len() }, text: format!("{prompt}{line}\n") });
        // Something runs already (a watch): the new line runs beside it.
        let read = if self.is_busy() {
            self.shell.beside(line).map(|machine| {
                self.running.start(machine);
            })
        } else {
            self.busy_ms = 0;
            if self.seat.interactive { self.shell.typed(line) } else { self.shell.run(line) }
        };
        self.read(read, cluster);
    }

    fn read(&mut self, read: Result<(), String>, cluster: &mut Cluster) {
        match read {
            Ok(()) => self.poll(cluster),
            Err(message) => self.output.push(Output { at: cluster.now(), kind: OutputKind::Stderr, text: format!("bash: {message}\n") }),
        }
    }

    /// Text for the standard input of what runs in the foreground (a shell in a container). Ctrl-D is U+0004.
    pub fn input(&mut self, text: &str, cluster: &mut Cluster) {
        if let Some(prompt) = self.prompt().filter(|_| text.ends_with('\n')) {
            let (kind, text) = (OutputKind::Command { prompt: prompt.len() }, format!("{prompt}{text}"));
            self.output.push(Output { at: cluster.now(), kind, text });
        }
        let mut jobs = Vec::new();
        self.shell.jobs(&mut jobs);
        match jobs.first().and_then(|id| Some((*id, self.running.jobs.remove(id)?))) {
            Some((id, mut job)) => {
                self.with_env(cluster, |env, _| {
                    job.input(text, env);
                    env.running.jobs.insert(id, job);
                });
            }
            None if self.is_busy() => self.typed.push_str(text),
            // Ctrl-D: what was begun ends where it is.
            None if self.shell.goes_on() && text == "\u{4}" => {
                let read = self.shell.end_lines();
                return self.read(read, cluster);
            }
            None => {}
        }
        self.poll(cluster);
    }

    /// Ctrl-C. In a shell that was opened on a terminal it ends what runs there, as the terminal hands it on; everywhere else what runs here.
    pub fn interrupt(&mut self, cluster: &mut Cluster) {
        let mut jobs = Vec::new();
        self.shell.jobs(&mut jobs);
        if let Some((id, mut job)) = jobs.first().and_then(|id| Some((*id, self.running.jobs.remove(id)?))) {
            let heard = self.with_env(cluster, |env, _| {
                let heard = job.interrupt(env);
                if heard {
                    env.out("^C\n");
                }
                env.running.jobs.insert(id, job);
                heard
            });
            if heard {
                return self.poll(cluster);
            }
        }
        self.leave(cluster);
    }

    /// Ends what runs in the foreground, and a command that is half typed: the person's own prompt is there then.
    pub fn leave(&mut self, cluster: &mut Cluster) {
        if !self.is_busy() && !self.shell.goes_on() {
            return;
        }
        self.shell.stop(130);
        self.typed.clear();
        self.with_env(cluster, |env, _| env.out("^C\n"));
        self.poll(cluster);
    }

    /// Looks at what runs: after each step of the cluster while [`Terminal::is_busy`], and whenever [`Terminal::wakes_at`] is reached.
    pub fn poll(&mut self, cluster: &mut Cluster) {
        if self.busy_ms > 0 && self.is_busy() && self.wakes_at.is_some_and(|at| at > cluster.now()) {
            return;
        }
        self.with_env(cluster, |env, turn| {
            let mut left = MOST_STEPS;
            while let Some(cost) = turn.round(env) {
                left -= cost;
                if left <= 0 {
                    // A busy loop costs time, a step that was a long one more.
                    let busy_ms = if *turn.busy_ms < FRESH_MS { BUSY_MS } else { LONG_BUSY_MS } * (1 - left / MOST_STEPS).unsigned_abs();
                    *turn.busy_ms += busy_ms;
                    *turn.wakes_at = Some(env.now() + busy_ms);
                    break;
                }
            }
            if left > 0 {
                *turn.busy_ms = 0;
            }
            // Stopping one may free another.
            loop {
                let unheard = env.running.take_unheard(turn.shell);
                if unheard.is_empty() {
                    break;
                }
                unheard.into_iter().for_each(|mut job| job.stop(env));
            }
        });
    }

    /// Runs something with the environment of a command, then takes in what it printed.
    fn with_env<T>(&mut self, cluster: &mut Cluster, run: impl FnOnce(&mut Env, &mut Turn) -> T) -> T {
        let mut out = Vec::new();
        let at = cluster.now();
        let mut env = Env {
            cluster,
            files: &mut self.files,
            terminal: self.seat.interactive,
            seat: &mut self.seat,
            variables: SortedMap::new(),
            directory: host::HOME.into(),
            stdin: None,
            out: &mut out,
            running: &mut self.running,
            node: None,
            keyboard: false,
            typed: String::new(),
            user: None,
            warned: SortedSet::default(),
        };
        let result = run(
            &mut env,
            &mut Turn {
                shell: &mut self.shell,
                wakes_at: &mut self.wakes_at,
                busy_ms: &mut self.busy_ms,
                typed: &mut self.typed,
                reads: &mut self.reads,
            },
        );
        self.output.extend(out.into_iter().map(|(kind, text)| Output { at, kind, text }));
        if self.output.len() > MOST_OUTPUT {
            self.output.drain(..self.output.len() - MOST_OUTPUT);
        }
        result
    }

    /// Whether something runs in the foreground, so that the prompt is not there.
    pub fn is_busy(&self) -> bool {
        !self.shell.is_idle()
    }

    /// Whether anything runs at all, in the foreground or the background.
    pub fn is_running(&self) -> bool {
        self.is_busy() || !self.running.processes.is_empty()
    }

    /// When it wants to be polled although nothing happens in the cluster (a `timeout`, a `sleep`).
    pub fn wakes_at(&self) -> Option<SimTime> {
        let shell = self.wakes_at.filter(|_| self.is_busy());
        shell.into_iter().chain(self.running.processes.values().filter_map(|p| p.wakes_at)).min()
    }

    /// `Some("/ # ")` while an open shell in a container waits for a line; `Some("$ ")` at the person's own prompt, `Some("> ")` where a command goes
    /// on; `Some("")` where what runs waits for a line without asking for it; `None` while busy.
    pub fn prompt(&self) -> Option<&str> {
        if !self.is_busy() {
            return Some(if self.shell.goes_on() { MORE } else { PROMPT });
        }
        let mut jobs = Vec::new();
        self.shell.jobs(&mut jobs);
        match jobs.first() {
            Some(id) => self.running.jobs.get(id).and_then(|job| job.prompt()),
            None => self.reads.then_some(""),
        }
    }

    /// Puts something on the screen that no command wrote: what a button of the page led to.
    pub fn show(&mut self, at: SimTime, kind: OutputKind, text: String) {
        self.output.push(Output { at, kind, text });
    }

    pub fn output(&self) -> &[Output] {
        &self.output
    }

    /// The exit code of the last line.
    pub fn exit_code(&self) -> i32 {
        self.shell.status()
    }

    /// What `kubectl edit` waits for: the page opens this file; writing it (as an input of the session) saves it, Ctrl-C cancels.
    pub fn wants_edit(&self) -> Option<&EditRequest> {
        self.seat.edit.as_ref()
    }

    /// What Tab offers at the end of `line`: (start byte of the word, candidates).
    pub fn complete(&self, line: &str, cluster: &Cluster) -> (usize, Vec<String>) {
        let namespace = self.seat.config.current().map(|c| c.namespace.as_str()).filter(|n| !n.is_empty()).unwrap_or("default");
        complete::complete(line, &self.files, namespace, cluster)
    }
}

/// The terminal's own part, while its commands have the rest.
struct Turn<'a> {
    shell: &'a mut Machine,
    wakes_at: &'a mut Option<SimTime>,
    busy_ms: &'a mut u64,
    typed: &'a mut String,
    reads: &'a mut bool,
}

impl Turn<'_> {
    /// A step of the shell and of each process in the background; what they cost, where any of them did something.
    fn round(&mut self, env: &mut Env) -> Option<i64> {
        let (mut ran, mut cost) = (false, 0);
        (*self.wakes_at, *self.reads) = (None, false);
        if !self.shell.is_idle() {
            (env.keyboard, env.typed) = (env.terminal, std::mem::take(self.typed));
            let (step, own) = self.shell.turn(env);
            cost = own;
            match step {
                Step::Ran => ran = true,
                Step::Sleep(at) => *self.wakes_at = Some(at.max(env.now() + 1)),
                Step::Wait => {}
                Step::Input => *self.reads = true,
                // `exit`, `exec`: the person gets a new shell in the same place.
                Step::Exit(code) => self.shell.stop(code),
                Step::Server(..) => self.shell.stop(1),
            }
            *self.typed = std::mem::take(&mut env.typed);
            env.keyboard = false;
        }
        let pids: Vec<u64> = env.running.processes.keys().copied().collect();
        for pid in pids {
            let Some(mut process) = env.running.processes.remove(&pid) else { continue };
            let (step, own) = process.machine.turn(env);
            cost = cost.max(own);
            process.wakes_at = if let Step::Sleep(at) = step { Some(at.max(env.now() + 1)) } else { None };
            env.running.processes.insert(pid, process);
            match step {
                Step::Ran => ran = true,
                Step::Sleep(_) | Step::Wait | Step::Input => {}
                Step::Exit(code) => {
                    env.running.end(pid, code);
                    ran = true;
                }
                Step::Server(arguments, _) => {
                    env.err(format!("{}: nothing can listen here; containers can\n", arguments.first().map_or("", String::as_str)));
                    env.running.end(pid, 1);
                    ran = true;
                }
            }
        }
        ran.then_some(cost)
    }
}
