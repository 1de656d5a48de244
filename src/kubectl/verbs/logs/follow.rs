//! Printing containers' logs, once or (`-f`) as they grow.

use crate::api::object::{list_at, name, str_at};
use crate::api::{SimTime, Status, Value, kinds};
use crate::cluster::PodRef;
use crate::cluster::runtime::State;
use crate::cluster::runtime::logs::LogLine;
use crate::kubectl::env::{Env, Failure, Job, Poll};

/// How often the kubelet looks whether a container that is followed has ended (`logForceCheckPeriod`).
const LOOK_MS: u64 = 1000;

/// One container's log, and how far it was printed.
#[derive(Clone)]
pub struct Source {
    pub namespace: String,
    pub pod: String,
    pub container: String,
    pub previous: bool,
    pub printed: usize,
    pub started: bool,
}

#[derive(Clone)]
pub struct Logs {
    pub sources: Vec<Source>,
    pub follow: bool,
    pub prefix: bool,
    pub timestamps: bool,
    pub tail: Option<usize>,
    pub since: Option<SimTime>,
    pub limit: Option<usize>,
    /// Until when a container that has not started is asked for again.
    pub give_up: SimTime,
    pub ask_again: Option<SimTime>,
    pub ignore_errors: bool,
}

/// Which instance's log the kubelet would read, or why none (`validateContainerLogStatus`).
enum Readable {
    Nothing,
    /// The newest instance, or with `true` the one before it.
    Instance(bool),
    /// Its container was removed already: its id.
    Removed(String),
    Refused(Status),
}

fn readable(pod: &Value, container: &str, previous: bool) -> Readable {
    let refuse = |what: String| Readable::Refused(Status::new(400, "BadRequest", format!("container {container:?} in pod {:?} {what}", name(pod))));
    if str_at(pod, "spec.nodeName").is_none_or(str::is_empty) {
        return Readable::Nothing;
    }
    let all = ["status.containerStatuses", "status.initContainerStatuses", "status.ephemeralContainerStatuses"];
    let status = all.iter().flat_map(|p| list_at(pod, p)).find(|s| str_at(s, "name") == Some(container));
    let Some(status) = status else { return refuse("is not available".into()) };
    let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
    if previous {
        return match (last.is_object(), state.get("terminated").is_some()) {
            (false, _) => Readable::Refused(Status::new(
                400,
                "BadRequest",
                format!("previous terminated container {container:?} in pod {:?} not found", name(pod)),
            )),
            // The kubelet keeps one dead container, and the newer one is dead too.
            (true, true) => Readable::Removed(str_at(last, "containerID").unwrap_or("").into()),
            (true, false) => Readable::Instance(state.get("running").is_some()),
        };
    }
    // One that was never started: the kubelet says how it ended, not under which id (`validateContainerLogStatus`).
    let id = |terminated: &Value| str_at(terminated, "containerID").is_some_and(|id| !id.is_empty());
    let is_unknown = state.get("terminated").is_some_and(|ended| !id(ended));
    if is_unknown && !id(last) {
        return refuse("is terminated".into());
    }
    if state.get("running").is_some() || state.get("terminated").is_some() || last.is_object() {
        return Readable::Instance(false);
    }
    match str_at(state, "waiting.reason") {
        Some("ErrImagePull") => refuse("is waiting to start: image can't be pulled".into()),
        Some("ImagePullBackOff") => refuse("is waiting to start: trying and failing to pull image".into()),
        Some(reason) => refuse(format!("is waiting to start: {reason}")),
        None => refuse("is waiting to start - no logs yet".into()),
    }
}

impl Logs {
    fn line(&self, source: &Source, line: LogLine) -> String {
        let mut out = String::new();
        if self.prefix {
            out.push_str(&format!("[pod/{}/{}] ", source.pod, source.container));
        }
        if self.timestamps {
            let stamp = line.at.rfc3339_micro();
            out.push_str(&format!("{}000Z ", stamp.trim_end_matches('Z')));
        }
        out.push_str(line.text);
        if line.whole {
            out.push('\n');
        }
        out
    }
}

impl Job for Logs {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let mut open = false;
        let mut looks_at = None;
        let mut failures = Vec::new();
        for at in 0..self.sources.len() {
            let source = self.sources[at].clone();
            let pod = env.get(kinds::POD, &source.namespace, &source.pod);
            let place = PodRef { namespace: &source.namespace, name: &source.pod };
            let previous = match pod.as_ref().map(|p| readable(p, &source.container, source.previous)) {
                None | Some(Readable::Nothing) => continue,
                Some(_) if source.started => false,
                Some(Readable::Instance(previous)) => previous,
                Some(Readable::Removed(id)) => {
                    env.out(format!("unable to retrieve container logs for {id}\n"));
                    continue;
                }
                Some(Readable::Refused(status)) => {
                    if self.follow && env.now() < self.give_up {
                        open = true;
                        if self.ask_again.is_none_or(|t| env.now() >= t) {
                            env.err(format!("{}\n", status.message));
                            self.ask_again = Some(env.now() + 1000);
                        }
                    } else if self.ignore_errors {
                        env.err(format!("error: {}\n", status.message));
                    } else {
                        failures.push(Failure::from(status));
                    }
                    continue;
                }
            };
            let Some(record) = env.cluster.container(place, &source.container, previous) else { continue };
            let first = if source.started {
                source.printed
            } else {
                let from = self.since.map_or(0, |since| record.log.since(since));
                self.tail.map_or(from, |tail| from.max(record.log.end().saturating_sub(tail)))
            };
            let text: String = record.log.lines_from(first).map(|l| self.line(&source, l)).collect();
            // `waitLogs` of the kubelet: after the last line it looks each second whether the container still runs.
            let ends = match record.state {
                State::Running { .. } | State::Created => None,
                State::Exited { finished_at, .. } => {
                    let last = record.log.last().map_or(finished_at, |l| l.at.min(finished_at));
                    Some(last + finished_at.since(last).div_ceil(LOOK_MS).max(1) * LOOK_MS)
                }
            };
            self.sources[at].printed = record.log.end();
            self.sources[at].started = true;
            let text = match self.limit {
                Some(limit) => text.get(..limit.min(text.len())).map_or_else(|| text.clone(), str::to_owned),
                None => text,
            };
            env.out(text);
            match ends.filter(|_| self.follow) {
                Some(end) if env.now() >= end => {}
                Some(end) => {
                    open = true;
                    looks_at = Some(looks_at.map_or(end, |t: SimTime| t.min(end)));
                }
                None => open = true,
            }
        }
        if let Some(failure) = Failure::many(failures) {
            return Err(failure);
        }
        let wake = [self.ask_again, looks_at].into_iter().flatten().filter(|t| *t > env.now()).min();
        if self.follow && open { Ok(Poll::Pending(wake)) } else { Ok(Poll::Done(0)) }
    }
}
