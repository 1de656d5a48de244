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
    let local = if from.1.is_none() { local_files(from.2, env) } else { Vec::new() };
    if from.1.is_none() && local.is_empty() {
        return Err(Failure::error(format!("{} doesn't exist in local filesystem", from.2)));
    }
    let pod: Rc<Value> = pods::find(pod, &space, env)?;
    let container = pods::choose(&pod, call.filled("container"), false, env)?;
    if from.1.is_some() {
        let job = exec::start(&pod, &container, &words(&["sh", "-c", PACK, from.2]), None, exec::Seat::Away, env)?;
        let local = to.2.trim_start_matches("./");
        let local =
            if local == "." || local.ends_with('/') { format!("{}{}", local.trim_start_matches('.'), base(from.2)) } else { local.to_owned() };
        return Ok(Flow::wait(Fetch { job, remote: from.2.into(), local }));
    }
    let job = exec::start(&pod, &container, &words(&["sh", "-c", &unpack(&local, to.2, base(from.2))]), None, exec::Seat::Away, env)?;
    Ok(Flow::wait(job))
}

/// Stands for `tar cf -`: what is at a path. Of a folder each file has a line with its name and one with its bytes before it.
const PACK: &str = "if [ -d \"$0\" ]; then cd \"$0\"; echo folder; find . -type f | while read f; do echo \"$f\"; wc -c < \"$f\"; cat \"$f\"; done; \
                    else cat \"$0\" > /dev/null && echo file && cat \"$0\"; fi";

/// Stands for `tar xmf -`: a script that makes the files below a path, or inside of it where it is a folder (`checkDestinationIsDir` of `cp.go`).
fn unpack(files: &[(String, String)], to: &str, name: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut script = format!(
        "to={}; if [ -d \"$to\" ]; then to=\"$to\"/{}; fi; up=$(dirname \"$to\")\n\
         if ! [ -d \"$up\" ]; then echo \"tar: can't change directory to '$up': No such file or directory\" >&2; exit 1; fi\n",
        quoted(if to == "/" { to } else { to.trim_end_matches('/') }),
        quoted(name)
    );
    for (inside, text) in files {
        if let Some((folder, _)) = inside.rsplit_once('/') {
            script.push_str(&format!("mkdir -p \"$to\"{} || exit 1\n", quoted(folder)));
        }
        script.push_str(&format!("printf %s {} > \"$to\"{} || exit 1\n", quoted(text), quoted(inside)));
    }
    script
}

/// What a path means in the person's own folder: a file, or all below a folder. (path inside, with its slash; text)
fn local_files(path: &str, env: &Env) -> Vec<(String, String)> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if let Some(text) = env.files.get(path) {
        return vec![(String::new(), text.clone())];
    }
    env.files
        .iter()
        .filter_map(|(name, text)| Some((name.strip_prefix(path).filter(|rest| rest.starts_with('/'))?.to_owned(), text.clone())))
        .collect()
}

/// The files that [`PACK`] has written: (path inside, with its slash; text).
fn unpacked(packed: &str) -> Vec<(String, String)> {
    if let Some(text) = packed.strip_prefix("file\n") {
        return vec![(String::new(), text.to_owned())];
    }
    let mut out = Vec::new();
    let mut rest = packed.strip_prefix("folder\n").unwrap_or("");
    while let Some((name, after)) = rest.split_once('\n') {
        let Some((count, after)) = after.split_once('\n') else { break };
        let Some((text, after)) = count.trim().parse().ok().and_then(|bytes| after.split_at_checked(bytes)) else { break };
        out.push((name.trim_start_matches('.').to_owned(), text.to_owned()));
        rest = after;
    }
    out
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
                for (inside, text) in unpacked(&text) {
                    env.files.insert(format!("{}{inside}", self.local), text);
                }
                Ok(Poll::Done(0))
            }
            Some(_) => {
                env.err(format!("tar: {}: No such file or directory\n", self.remote));
                Ok(Poll::Done(0))
            }
        }
    }
}
