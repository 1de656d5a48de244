//! `kubectl logs`: which containers are meant, and how much of what they wrote.

mod follow;

use std::rc::Rc;

use crate::api::object::{list_at, name, namespace, str_at};
use crate::api::{Kind, SimTime, Status, Value, kinds, object};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::{pods, resources, selector};
use follow::{Logs, Source};

pub const VERB: Verb = Verb::new(
    "logs",
    "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]",
    "follow,f previous,p container,c:s all-containers all-pods prefix timestamps tail:i since:d since-time:s limit-bytes:i selector,l:s \
     ignore-errors max-log-requests:i pod-running-timeout:d insecure-skip-tls-verify-backend",
    "Print the logs for a container in a pod or specified resource.",
    run,
);

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

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
    if let Some(text) = call.text("since-time").filter(|t| SimTime::parse_or_start(t).is_none()) {
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
            let found: Vec<_> = env.list(kinds::POD, Some(&space)).into_iter().filter(|p| selector.matches(object::labels(p))).collect();
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
            if let Some((kind, owner)) = reference.split_once('/').filter(|(k, _)| Kind::by_name(k).is_some_and(|k| k != kinds::POD)) {
                let kind = resources::kind(kind)?;
                let owner = env.require(kind, &space, owner).map_err(missing)?;
                pods::follows(kind, &owner, "cannot get the logs from")?;
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
    let wanted = inline.clone().or_else(|| call.filled("container").map(str::to_owned));
    let tail = call.int("tail").unwrap_or(if selector.is_some() && !call.is("follow") { 10 } else { -1 });
    check_flags(call, wanted.as_deref(), inline.is_some(), tail)?;
    let mut sources = Vec::new();
    for pod in &found {
        let containers: Vec<String> = if call.is("all-containers") {
            let groups = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"];
            groups.iter().flat_map(|g| list_at(pod, g)).filter_map(|c| str_at(c, "name").map(str::to_owned)).collect()
        } else {
            vec![pods::choose(pod, wanted.as_deref(), call.is("all-pods"), env)?]
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
    if follow && sources.len() > 1 && sources.len() as i64 > most {
        return Err(Failure::error(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    let since = call
        .duration("since")
        .map(|s| SimTime(env.now().0.saturating_sub(s as u64)))
        .or_else(|| call.text("since-time").and_then(SimTime::parse_or_start));
    Ok(Flow::wait(Logs {
        sources,
        follow,
        // `--all-pods` "sets prefix to true".
        prefix: call.is("prefix") || call.is("all-pods"),
        timestamps: call.is("timestamps"),
        tail: usize::try_from(tail).ok(),
        since,
        limit: call.int("limit-bytes").filter(|l| *l > 0).and_then(|l| usize::try_from(l).ok()),
        give_up: env.now() + call.duration("pod-running-timeout").filter(|t| *t > 0).unwrap_or(20_000) as u64,
        ask_again: None,
        ignore_errors: call.is("ignore-errors"),
    }))
}

/// `LogsOptions.Validate`, in its order.
fn check_flags(call: &Call, wanted: Option<&str>, inline: bool, tail: i64) -> Result<(), Failure> {
    let both = call.is("all-containers").then_some(wanted).flatten();
    let why = if call.changed("since") && call.changed("since-time") {
        "at most one of `sinceTime` or `sinceSeconds` may be specified"
    } else if let Some(name) = both {
        return Err(Failure::error(format!("--all-containers=true should not be specified with container name {name}")));
    } else if inline && call.filled("container").is_some() {
        "only one of -c or an inline [CONTAINER] arg is allowed"
    } else if call.int("limit-bytes").is_some_and(|l| l < 0) {
        "--limit-bytes must be greater than 0"
    } else if call.duration("since").is_some_and(|s| s < 0) {
        "--since must be greater than 0"
    } else if tail < -1 {
        "--tail must be greater than or equal to -1"
    } else {
        return Ok(());
    };
    Err(Failure::error(why))
}
