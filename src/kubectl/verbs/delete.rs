//! `kubectl delete`: asks, says, and waits until it is gone.

use crate::api::object::{name, uid};
use std::rc::Rc;

use crate::api::{Kind, SimTime, Status, Value, json};
use crate::cluster::apiserver::{DeleteOptions, Key, Propagation};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll};
use crate::kubectl::output;
use crate::kubectl::resources::{self, Named, Rules, Wanted};

pub const VERB: Verb = Verb::new(
    "delete",
    "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]",
    "@files selector,l:s field-selector:s all all-namespaces,A cascade=background now force grace-period:i timeout:d \
     wait ignore-not-found output,o:s dry-run=unchanged interactive,i raw:s",
    "Delete resources by file names, stdin, resources and names, or by resources and label selector.",
    run,
);

/// `pod "web" deleted from default namespace`
pub fn deleted_line(kind: &Kind, o: &Value, how: &str, dry: DryRun) -> String {
    let space = if kind.namespaced { format!(" from {} namespace", crate::api::object::namespace(o)) } else { String::new() };
    format!("{} {:?} {how}{space}{}\n", kind.singular_with_group(), name(o), dry.suffix())
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.is("all") && (call.filled("selector").is_some() || call.filled("field-selector").is_some()) {
        return Err(Failure::error("setting 'all' parameter but found a non empty selector. "));
    }
    if call.filled("raw").is_some() {
        return Err(Status::new(404, "NotFound", "the server could not find the requested resource").into());
    }
    let dry = call.dry_run(env)?;
    let request = resources::request(call, &call.args, env, Rules { all_with_selector: true, doing: "deleting", ..Rules::NAMES })?;
    if let Some(output) = call.filled("output").filter(|o| *o != "name") {
        return Err(Failure::error(format!("unexpected -o output mode: {output}. We only support '-o name'")));
    }
    let grace = call.int("grace-period").unwrap_or(-1);
    let (mut force, mut seconds) = (call.is("force"), (grace >= 0).then_some(grace));
    if call.is("now") {
        if seconds.is_some() {
            return Err(Failure::error("--now and --grace-period cannot be specified together"));
        }
        seconds = Some(1);
    }
    if force && seconds.is_some_and(|s| s > 0) {
        return Err(Failure::error("--force and --grace-period greater than 0 cannot be specified together"));
    }
    match (force, seconds) {
        (true, None) => seconds = Some(0),
        // A deletion that can be waited for.
        (false, Some(0)) => seconds = Some(1),
        _ => {}
    }
    force = force && seconds == Some(0);
    if let Some(old @ ("true" | "false")) = call.text("cascade") {
        let new = if old == "true" { "background" } else { "orphan" };
        env.err(format!("warning: --cascade={old} is deprecated (boolean value) and can be replaced with --cascade={new}.\n"));
    }
    let propagation = match call.text("cascade") {
        None | Some("background" | "true") => Some(Propagation::Background),
        Some("foreground") => Some(Propagation::Foreground),
        Some("orphan" | "false") => Some(Propagation::Orphan),
        Some(other) => return Err(Failure::error(format!("invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""))),
    };
    if force {
        env.err("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n");
    }
    let (targets, mut failures) = targets(&request, env)?;
    if call.is("interactive") && !targets.is_empty() {
        env.out(format!("You are about to delete the following {} resource(s):\n", targets.len()));
        let lines: String = targets.iter().map(|t| format!("{}/{}\n", t.kind.singular_with_group(), t.name)).collect();
        env.out(lines + "Do you want to continue? (y/N): ");
        let answer = env.stdin.take().unwrap_or_default();
        if !answer.trim_start().to_ascii_lowercase().starts_with('y') {
            env.out("deletion is cancelled\n");
            return Ok(DONE);
        }
    }
    let listed = matches!(request.wanted, Wanted::Listed(_));
    let quiet = call.is("ignore-not-found") || (listed && !call.changed("ignore-not-found"));
    let nothing = targets.is_empty() && failures.is_empty();
    let mut waiting = Vec::new();
    for target in targets {
        if let (true, Some(source)) = (target.name.is_empty(), &target.source) {
            failures.push(Failure::error(format!("error when deleting {source:?}: resource name may not be empty")));
            continue;
        }
        let key = Key::new(target.kind, &target.namespace, &target.name);
        let imagined = || (dry == DryRun::Client).then(|| Rc::new(json!({"metadata": {"name": target.name, "namespace": target.namespace}})));
        let Some(before) = env.get(target.kind, &target.namespace, &target.name).or_else(imagined) else {
            let status = Status::not_found(&target.kind.resource(), &target.name);
            failures.push(match &target.source {
                Some(source) => Failure::when("deleting", source, status),
                None => status.into(),
            });
            continue;
        };
        let options = DeleteOptions { dry_run: dry == DryRun::Server, grace_seconds: seconds, propagation };
        if dry != DryRun::Client
            && let Err(status) = env.delete(&key, options)
        {
            failures.push(match &target.source {
                Some(source) => Failure::when("deleting", source, status),
                None => status.into(),
            });
            continue;
        }
        let how = if force { "force deleted" } else { "deleted" };
        env.out(if call.filled("output").is_some() {
            output::name_of(target.kind, &before) + "\n"
        } else {
            deleted_line(target.kind, &before, how, dry)
        });
        waiting.push((key, uid(&before).to_owned()));
    }
    failures.retain(|f| !(quiet && f.is_not_found()));
    if let Some(failure) = Failure::many(failures) {
        return Err(failure);
    }
    if nothing {
        env.out("No resources found\n");
    }
    let wait = !call.changed("wait") || call.is("wait");
    if dry != DryRun::None || !wait || (call.changed("force") && force) || waiting.is_empty() {
        return Ok(DONE);
    }
    let timeout = call.duration("timeout").filter(|t| *t > 0).map(|t| env.now() + t as u64);
    Ok(Flow::wait(Gone { waiting, timeout, code: 0 }))
}

/// What shall be deleted, in order. Whether what was named is there shows when it is its turn: kubectl does not ask before.
fn targets(request: &resources::Request, env: &Env) -> Result<(Vec<Named>, Vec<Failure>), Failure> {
    if let Wanted::Named(named) = &request.wanted {
        return Ok((named.clone(), request.failures.clone()));
    }
    let (found, failures) = request.fetch(env)?;
    Ok((found.iter().map(|(kind, o)| resources::target(kind, crate::api::object::namespace(o), name(o))).collect(), failures))
}

/// Waits until objects are gone.
#[derive(Clone)]
pub struct Gone {
    pub waiting: Vec<(Key, String)>,
    pub timeout: Option<SimTime>,
    pub code: i32,
}

impl Gone {
    pub fn is_gone(env: &Env, (key, id): &(Key, String)) -> bool {
        env.get(key.kind, &key.namespace, &key.name).is_none_or(|o| uid(&o) != id)
    }
}

impl Job for Gone {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        self.waiting.retain(|one| !Self::is_gone(env, one));
        let Some((key, _)) = self.waiting.first() else { return Ok(Poll::Done(self.code)) };
        if self.timeout.is_some_and(|t| env.now() >= t) {
            return Err(Failure::error(format!("timed out waiting for the condition on {}/{}", key.kind.resource(), key.name)));
        }
        Ok(Poll::Pending(self.timeout))
    }
}
