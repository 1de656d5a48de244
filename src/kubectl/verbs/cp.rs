//! `kubectl cp`: files into a container and out of it.

use std::rc::Rc;

use super::exec::{self, Exec};
use crate::api::Value;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};
use crate::kubectl::pods;

pub const VERB: Verb = Verb::new(
    "cp",
    "<file-spec-src> <file-spec-dest> [options]",
    "container,c:s no-preserve retries:i",
    "Copy files and directories to and from containers.",
    run,
);

/// `[[NAMESPACE/]POD:]PATH`
fn spec(text: &str) -> (Option<&str>, Option<&str>, &str) {
    match text.split_once(':') {
        Some((pod, path)) if !pod.is_empty() => match pod.split_once('/') {
            Some((namespace, pod)) => (Some(namespace), Some(pod), path),
            None => (None, Some(pod), path),
        },
        _ => (None, None, text),
    }
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [from, to] = call.args.as_slice() else { return Err(Failure::error("source and destination are required")) };
    if from.starts_with(':') || to.starts_with(':') {
        return Err(Failure::error("filespec must match the canonical format: [[namespace/]pod:]file/path"));
    }
    let (from, to) = (spec(from), spec(to));
    let (namespace, pod) = match (from, to) {
        ((_, Some(_), _), (_, Some(_), _)) => return Err(Failure::error("one of src or dest must be a local file specification")),
        ((ns, Some(pod), _), _) | (_, (ns, Some(pod), _)) => (ns, pod),
        _ => return Err(Failure::error("one of src or dest must be a remote file specification")),
    };
    if from.2.is_empty() || to.2.is_empty() {
        return Err(Failure::error("filepath can not be empty"));
    }
    let space = namespace.map_or_else(|| env.namespace(call), str::to_owned);
    if from.1.is_none() && !env.files.contains_key(from.2.trim_start_matches("./")) {
        return Err(Failure::error(format!("{} doesn't exist in local filesystem", from.2)));
    }
    let pod: Rc<Value> = pods::find(pod, &space, env)?;
    let container = pods::choose(&pod, call.filled("container"), false, env)?;
    if from.1.is_some() {
        let job = exec::start(&pod, &container, &words(&["cat", from.2]), None, exec::Seat::Away, env)?;
        let local = to.2.trim_start_matches("./");
        let local =
            if local == "." || local.ends_with('/') { format!("{}{}", local.trim_start_matches('.'), base(from.2)) } else { local.to_owned() };
        return Ok(Flow::wait(Fetch { job, remote: from.2.into(), local }));
    }
    let text = env.files.get(from.2.trim_start_matches("./")).cloned().unwrap_or_default();
    let script = format!("if [ -d '{0}' ]; then cat > '{0}/{1}'; else cat > '{0}'; fi", to.2.trim_end_matches('/'), base(from.2));
    let mut job = exec::start(&pod, &container, &words(&["sh", "-c", &script]), Some(text), exec::Seat::Away, env)?;
    job.quiet = true;
    Ok(Flow::wait(job))
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

#[derive(Clone)]
struct Fetch {
    job: Exec,
    remote: String,
    local: String,
}

impl Job for Fetch {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let (text, code) = self.job.result(env);
        match code {
            None => Ok(Poll::Pending(None)),
            Some(0) => {
                if self.remote.starts_with('/') {
                    env.err("tar: removing leading '/' from member names\n");
                }
                env.files.insert(self.local.clone(), text);
                Ok(Poll::Done(0))
            }
            Some(_) => {
                env.err(format!("tar: {}: No such file or directory\n", self.remote));
                Ok(Poll::Done(0))
            }
        }
    }
}
