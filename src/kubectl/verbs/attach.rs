//! `kubectl attach`, and the job that follows a container's output (also of `kubectl run -i`).

use crate::api::object::{list_at, name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::cluster::PodRef;
use crate::cluster::log::Stream;
use crate::cluster::runtime::State;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};
use crate::kubectl::pods;
use crate::kubectl::verbs::exec::Seat;

pub const VERB: Verb = Verb::new(
    "attach",
    "(POD | TYPE/NAME) -c CONTAINER [options]",
    "container,c:s stdin,i tty,t quiet,q pod-running-timeout:d detach-keys:s",
    "Attach to a process that is already running inside an existing container.",
    run,
);

pub const HINT: &str = "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n";

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some(reference) = call.args.first() else { return Err(Failure::error("at least 1 argument is required for attach")) };
    if call.args.len() > 2 {
        return Err(Failure::error("expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw 3: ".to_owned() + &call.args.join(" ")));
    }
    if call.duration("pod-running-timeout").is_some_and(|t| t <= 0) {
        return Err(call.usage("--pod-running-timeout must be higher than zero"));
    }
    let space = env.namespace(call);
    let reference = if call.args.len() == 2 { format!("{reference}/{}", call.args[1]) } else { reference.clone() };
    let pod = pods::find(&reference, &space, env)?;
    let phase = str_at(&pod, "status.phase").unwrap_or("");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::error(format!("cannot attach a container in a completed pod; current phase is {phase}")));
    }
    let container = pods::choose(&pod, call.filled("container"), call.is("quiet"), env)
        .map_err(|f| Failure::raw(f.text.replacen("error: ", "error: cannot attach to the container: ", 1), f.code))?;
    let place = PodRef { namespace: namespace(&pod), name: name(&pod) };
    if crate::api::object::str_at(&pod, "spec.nodeName").unwrap_or("").is_empty() {
        env.err(HINT);
        return Err(Failure::error(format!("unable to upgrade connection: pod {} does not have a host assigned", name(&pod))));
    }
    let Some(record) = env.cluster.container(place, &container, false).filter(|r| matches!(r.state, State::Running { .. })) else {
        return Err(Failure::error(format!(
            "unable to upgrade connection: container {container} not found in pod {}_{}",
            name(&pod),
            namespace(&pod)
        )));
    };
    let printed = record.log.end();
    let seat = Seat::of(call, env.stdin.is_some(), env);
    if !call.is("quiet") {
        env.err(HINT);
    }
    Ok(Flow::wait(Attached::new(&pod, container, printed, seat)))
}

/// Follows what a container prints until it ends.
#[derive(Clone)]
pub struct Attached {
    namespace: String,
    pod: String,
    pub container: String,
    printed: usize,
    seat: Seat,
    prompt: Option<String>,
}

impl Attached {
    pub fn new(pod: &Value, container: String, printed: usize, seat: Seat) -> Self {
        Self { namespace: namespace(pod).into(), pod: name(pod).into(), container, printed, seat, prompt: None }
    }

    /// Prints what is new; true once the container has ended.
    pub fn follow(&mut self, env: &mut Env) -> bool {
        let place = PodRef { namespace: &self.namespace, name: &self.pod };
        self.prompt = self.seat.prompt(env.cluster.attached_prompt(place, &self.container));
        let Some(record) = env.cluster.container(place, &self.container, false) else { return true };
        let ended = matches!(record.state, State::Exited { .. });
        let fresh: Vec<(Stream, String)> =
            record.log.lines_from(self.printed).map(|l| (l.stream, format!("{}{}", l.text, if l.whole { "\n" } else { "" }))).collect();
        self.printed = record.log.end();
        for (stream, text) in fresh {
            match stream {
                Stream::Stdout => env.out(text),
                Stream::Stderr => env.err(text),
            }
        }
        ended
    }

    pub fn type_in(&self, text: &str, env: &mut Env) {
        if self.seat != Seat::Away {
            env.cluster.attached_input(PodRef { namespace: &self.namespace, name: &self.pod }, &self.container, text);
        }
    }

    pub fn interrupt(&self, env: &mut Env) -> bool {
        self.seat == Seat::Terminal && env.cluster.attached_interrupt(PodRef { namespace: &self.namespace, name: &self.pod }, &self.container)
    }

    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// The exit code that the Pod's status tells.
    pub fn exit_code(&self, env: &Env) -> Option<(i64, String)> {
        let pod = env.get(kinds::POD, &self.namespace, &self.pod)?;
        let statuses = ["status.containerStatuses", "status.ephemeralContainerStatuses"].into_iter().flat_map(|list| list_at(&pod, list));
        let status = statuses.into_iter().find(|s| str_at(s, "name") == Some(&self.container))?;
        let ended = status["state"].get("terminated").or_else(|| status["lastState"].get("terminated"))?;
        Some((ended["exitCode"].as_i64().unwrap_or(0), str_at(ended, "reason").unwrap_or("").into()))
    }
}

impl Job for Attached {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        Ok(if self.follow(env) { Poll::Done(0) } else { Poll::Pending(None) })
    }

    fn input(&mut self, text: &str, env: &mut Env) {
        self.type_in(text, env);
    }

    fn interrupt(&mut self, env: &mut Env) -> bool {
        Attached::interrupt(self, env)
    }

    fn prompt(&self) -> Option<&str> {
        Attached::prompt(self)
    }
}
