//! `kubectl logs`.

use std::rc::Rc;

use crate::api::object::{list_at, name, namespace, str_at};
use crate::api::{SimTime, Status, Value, kinds};
use crate::cluster::PodRef;
use crate::cluster::runtime::{LogLine, State};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll};
use crate::kubectl::{pods, resources, selector};

pub const VERB: Verb = Verb::new(
    "logs",
    "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]",
    "follow,f previous,p container,c:s all-containers all-pods prefix timestamps tail:i since:d since-time:s limit-bytes:i selector,l:s \
     ignore-errors max-log-requests:i pod-running-timeout:d insecure-skip-tls-verify-backend",
    "Print the logs for a container in a pod or specified resource.",
    run,
);

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

/// How often the kubelet looks whether a container that is followed has ended (`logForceCheckPeriod`).
const LOOK_MS: u64 = 1000;

/// One container's log, and how far it was printed.
#[derive(Clone)]
struct Source {
    namespace: String,
    pod: String,
    container: String,
    previous: bool,
    printed: usize,
    started: bool,
}

#[derive(Clone)]
struct Logs {
    sources: Vec<Source>,
    follow: bool,
    prefix: bool,
    timestamps: bool,
    tail: Option<usize>,
    since: Option<SimTime>,
    limit: Option<usize>,
    /// Until when a container that has not started is asked for again.
    give_up: SimTime,
    ask_again: Option<SimTime>,
    ignore_errors: bool,
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let selector = call.filled("selector");
    let inline = match (call.args.as_slice(), selector) {
        ([], None) => return Err(call.usage(USAGE)),
        ([_], None) => None,
        ([_, container], None) => Some(container.clone()),
        ([], Some(_)) => None,
        ([_, ..], Some(_)) => return Err(call.usage("only a selector (-l) or a POD name is allowed")),
        _ => return Err(call.usage(USAGE)),
    };
    if inline.is_some() && call.filled("container").is_some() {
        return Err(Failure::error("only one of -c or an inline [CONTAINER] arg is allowed"));
    }
    let wanted = inline.or_else(|| call.filled("container").map(str::to_owned));
    if call.is("all-containers") && wanted.is_some() {
        return Err(Failure::error("--all-containers=true should not be specified with container name"));
    }
    let tail = call.int("tail").unwrap_or(if selector.is_some() && !call.is("follow") { 10 } else { -1 });
    if tail < -1 {
        return Err(Failure::error("--tail must be greater than or equal to -1"));
    }
    if call.changed("since") && call.changed("since-time") {
        return Err(Failure::error("at most one of `--since` or `--since-time` may be specified"));
    }
    if call.duration("since").is_some_and(|s| s <= 0) {
        return Err(Failure::error("--since must be greater than 0"));
    }
    if call.int("limit-bytes").is_some_and(|l| l < 0) {
        return Err(Failure::error("--limit-bytes must be greater than 0"));
    }
    if let Some(text) = call.text("since-time").filter(|t| SimTime::parse(t).is_none()) {
        let head: String = text.chars().take_while(char::is_ascii_digit).take(4).collect();
        let (rest, part) = if head.len() == 4 { (&text[4..], "-") } else { (text, "2006") };
        return Err(Failure::error(format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest:?} as {part:?}")));
    }
    let space = env.namespace(call);
    let found: Vec<Rc<Value>> = match selector {
        Some(text) => {
            let selector = selector::parse(text).map_err(|why| {
                let what = format!("Unable to find \"/v1, Resource=pods\" that match label selector {text:?}, field selector \"\": {why}");
                Failure::from(Status::new(400, "BadRequest", what))
            })?;
            let found: Vec<_> = env.list(kinds::POD, Some(&space)).into_iter().filter(|p| selector.matches(crate::api::object::labels(p))).collect();
            if found.is_empty() {
                env.err(format!("No resources found in {space} namespace.\n"));
                return Ok(DONE);
            }
            found
        }
        None => {
            let reference = &call.args[0];
            let missing = |f: Failure| match &f.status {
                Some(status) if status.reason == "NotFound" => {
                    Failure::error(format!("error from server (NotFound): {} in namespace {space:?}", status.message))
                }
                _ => f,
            };
            if let Some((kind, owner)) = reference.split_once('/').filter(|(k, _)| crate::api::Kind::by_name(k).is_some_and(|k| k != kinds::POD)) {
                let owner = env.require(resources::kind(kind)?, &space, owner).map_err(missing)?;
                let all = pods::pods_of(&owner, env);
                let Some(first) = all.first().cloned() else { return Err(Failure::error("timed out waiting for the condition")) };
                if call.is("all-pods") {
                    all
                } else {
                    if all.len() > 1 {
                        env.err(format!("Found {} pods, using pod/{}\n", all.len(), name(&first)));
                    }
                    vec![first]
                }
            } else {
                vec![pods::find(reference, &space, env).map_err(missing)?]
            }
        }
    };
    let mut sources = Vec::new();
    for pod in &found {
        let containers: Vec<String> = if call.is("all-containers") {
            let groups = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"];
            groups.iter().flat_map(|g| list_at(pod, g)).filter_map(|c| str_at(c, "name").map(str::to_owned)).collect()
        } else {
            vec![pods::choose(pod, wanted.as_deref(), false, env)?]
        };
        sources.extend(containers.into_iter().map(|container| Source {
            namespace: namespace(pod).into(),
            pod: name(pod).into(),
            container,
            previous: call.is("previous"),
            printed: 0,
            started: false,
        }));
    }
    let follow = call.is("follow");
    let most = call.int("max-log-requests").unwrap_or(5);
    if follow && sources.len() as i64 > most {
        return Err(Failure::error(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    let since =
        call.duration("since").map(|s| SimTime(env.now().0.saturating_sub(s as u64))).or_else(|| call.text("since-time").and_then(SimTime::parse));
    Ok(Flow::wait(Logs {
        sources,
        follow,
        prefix: call.is("prefix"),
        timestamps: call.is("timestamps"),
        tail: usize::try_from(tail).ok(),
        since,
        limit: call.int("limit-bytes").filter(|l| *l > 0).and_then(|l| usize::try_from(l).ok()),
        give_up: env.now() + call.duration("pod-running-timeout").filter(|t| *t > 0).unwrap_or(20_000) as u64,
        ask_again: None,
        ignore_errors: call.is("ignore-errors"),
    }))
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
    fn line(&self, source: &Source, line: &LogLine) -> String {
        let mut out = String::new();
        if self.prefix {
            out.push_str(&format!("[pod/{}/{}] ", source.pod, source.container));
        }
        if self.timestamps {
            let stamp = line.at.rfc3339_micro();
            out.push_str(&format!("{}000Z ", stamp.trim_end_matches('Z')));
        }
        out.push_str(line.text.trim_end_matches('\n'));
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
                let from = self.since.map_or(0, |since| record.log.partition_point(|l| l.at < since));
                self.tail.map_or(from, |tail| from.max(record.log.len().saturating_sub(tail)))
            };
            let text: String = record.log.get(first..).unwrap_or_default().iter().map(|l| self.line(&source, l)).collect();
            // `waitLogs` of the kubelet: after the last line it looks each second whether the container still runs.
            let ends = match record.state {
                State::Running { .. } | State::Created => None,
                State::Exited { finished_at, .. } => {
                    let last = record.log.last().map_or(finished_at, |l| l.at.min(finished_at));
                    Some(last + finished_at.since(last).div_ceil(LOOK_MS).max(1) * LOOK_MS)
                }
            };
            self.sources[at].printed = record.log.len();
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
