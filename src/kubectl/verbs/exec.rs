//! `kubectl exec`, and the job that follows a command in a container.

use crate::api::object::{name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::cluster::log::Stream;
use crate::cluster::{ExecRef, PodRef};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};
use crate::kubectl::pods;

pub const VERB: Verb = Verb::new(
    "exec",
    "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]",
    "container,c:s stdin,i tty,t quiet,q filename,f:c pod-running-timeout:d",
    "Execute a command in a container.",
    run,
);

/// What a person's keyboard is to a process that kubectl follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// What is typed does not reach it.
    Away,
    /// It reads what is typed (`-i`).
    Keyboard,
    /// It has a terminal (`-it`), so that a shell shows its prompt.
    Terminal,
}

impl Seat {
    /// Models kubectl's `StreamOptions.SetupTTY` (`pkg/cmd/exec/exec.go`): without `-i` there is no terminal, and none is complained about.
    pub fn of(call: &Call, piped: bool, env: &mut Env) -> Self {
        let sits = env.terminal && !piped;
        match (call.is("stdin"), call.is("tty")) {
            (true, true) if sits => Self::Terminal,
            (true, false) if sits => Self::Keyboard,
            (true, true) => {
                env.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
                Self::Away
            }
            (..) => Self::Away,
        }
    }

    /// What stands before the next line there, where a process says so.
    pub fn prompt(self, of_process: Option<String>) -> Option<String> {
        match self {
            Self::Away => None,
            Self::Keyboard => of_process.map(|_| String::new()),
            Self::Terminal => of_process,
        }
    }
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (before, command) = call.args.split_at(call.dash.unwrap_or(call.args.len()).min(call.args.len()));
    let Some(reference) = before.first() else {
        return Err(Failure::error("pod, type/name or --filename must be specified"));
    };
    if before.len() > 1 {
        return Err(call.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"));
    }
    if command.is_empty() {
        return Err(Failure::error("you must specify at least one command for the container"));
    }
    let space = env.namespace(call);
    let pod = pods::find(reference, &space, env)?;
    let phase = str_at(&pod, "status.phase").unwrap_or("");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::error(format!("cannot exec into a container in a completed pod; current phase is {phase}")));
    }
    let container = pods::choose(&pod, call.filled("container"), call.is("quiet"), env)?;
    let stdin = env.stdin.take().filter(|_| call.is("stdin"));
    let seat = Seat::of(call, stdin.is_some(), env);
    start(&pod, &container, command, stdin, seat, env).map(Flow::wait)
}

/// Starts a command in a running container.
pub fn start(pod: &Value, container: &str, command: &[String], stdin: Option<String>, seat: Seat, env: &mut Env) -> Result<Exec, Failure> {
    if str_at(pod, "spec.nodeName").is_none_or(str::is_empty) {
        return Err(Failure::error(format!("unable to upgrade connection: pod {} does not have a host assigned", name(pod))));
    }
    let missing = || Failure::error(format!("unable to upgrade connection: container not found ({container:?})"));
    let place = PodRef { namespace: namespace(pod), name: name(pod) };
    let running = env.cluster.container(place, container, false).is_some_and(|r| matches!(r.state, crate::cluster::runtime::State::Running { .. }));
    if !running || env.get(kinds::POD, place.namespace, place.name).is_none() {
        return Err(missing());
    }
    // A person's input stays open.
    let given = (seat == Seat::Away).then(|| stdin.as_deref().unwrap_or(""));
    let exec = env.cluster.exec(place, container, command, given).map_err(|_| missing())?;
    Ok(Exec { exec, printed: 0, seat, prompt: None, quiet: false })
}

/// A command that runs in a container.
#[derive(Clone)]
pub struct Exec {
    exec: ExecRef,
    printed: usize,
    seat: Seat,
    prompt: Option<String>,
    /// No word about its exit code.
    pub quiet: bool,
}

impl Exec {
    /// What it printed so far, and its exit code when it has ended.
    pub fn result(&self, env: &Env) -> (String, Option<i32>) {
        match env.cluster.exec_state(self.exec) {
            Some(record) => {
                let code = record.exit_code.or(record.error.is_some().then_some(1));
                (record.output.iter().map(|(_, t)| t.as_str()).collect(), code)
            }
            None => (String::new(), Some(1)),
        }
    }
}

impl Job for Exec {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        self.prompt = self.seat.prompt(env.cluster.exec_prompt(self.exec));
        let Some(record) = env.cluster.exec_state(self.exec) else { return Ok(Poll::Done(1)) };
        let fresh: Vec<(Stream, String)> = record.output.get(self.printed..).unwrap_or_default().to_vec();
        let (code, error) = (record.exit_code, record.error.clone());
        self.printed = record.output.len();
        for (stream, text) in fresh {
            match stream {
                Stream::Stdout => env.out(text),
                Stream::Stderr => env.err(text),
            }
        }
        if let Some(error) = error {
            return Err(Failure::error(format!("Internal error occurred: Internal error occurred: error executing command in container: {error}")));
        }
        match code {
            None => Ok(Poll::Pending(None)),
            Some(0) => Ok(Poll::Done(0)),
            Some(code) => {
                if !self.quiet {
                    env.err(format!("command terminated with exit code {code}\n"));
                }
                Ok(Poll::Done(code))
            }
        }
    }

    fn input(&mut self, text: &str, env: &mut Env) {
        env.cluster.exec_input(self.exec, text);
    }

    fn interrupt(&mut self, env: &mut Env) -> bool {
        self.seat == Seat::Terminal && env.cluster.exec_interrupt(self.exec)
    }

    fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }
}
