//! `kubectl replace`.

use super::apply;
use super::create;
use super::delete::{Gone, deleted_line};
use crate::api::object::uid;
use crate::api::{Status, json};
use crate::cluster::apiserver::{DeleteOptions, Key};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll, write_options};
use crate::kubectl::output;
use crate::kubectl::resources::{self, Named, Request, Rules, Wanted};

pub const VERB: Verb = Verb::new(
    "replace",
    "-f FILENAME [options]",
    "@files force grace-period:i timeout:d wait cascade=background dry-run=unchanged output,o:s save-config validate=strict \
     subresource:s field-manager:s raw:s @show",
    "Replace a resource by file name or stdin.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.texts("filename").is_empty() && !call.changed("kustomize") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if !call.args.is_empty() {
        return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" "))));
    }
    if call.changed("grace-period") && call.int("grace-period").is_some_and(|g| g >= 0) && !call.is("force") {
        return Err(Failure::error("--grace-period must have --force specified"));
    }
    if call.filled("raw").is_some() {
        return Err(Failure::error("kubectl replace --raw is not part of this playground"));
    }
    let dry = call.dry_run(env)?;
    let validate = apply::validation(call)?;
    let request = resources::request(call, &[], env, Rules { checks_schema: !call.is("force"), ..Rules::default() })?;
    let Request { wanted: Wanted::Named(named), failures: mut failed, .. } = request else { return Ok(DONE) };
    if call.is("force") {
        if let Some(failure) = Failure::many(failed) {
            return Err(failure);
        }
        return force(call, named, env);
    }
    for one in named {
        let source = one.source.clone().unwrap_or_default();
        let Some(read) = &one.object else { continue };
        if one.name.is_empty() {
            failed.push(Failure::error(format!("error when replacing {source:?}: resource name may not be empty")));
            continue;
        }
        if env.get(one.kind, &one.namespace, &one.name).is_none() {
            failed.push(Failure::when("replacing", &source, Status::not_found(&one.kind.resource(), &one.name)));
            continue;
        }
        let mut value = apply::placed(&one);
        if call.is("save-config") || apply::names_last_applied(&value) {
            value = apply::with_last_applied(&value);
        }
        let mut options = write_options("kubectl-replace", dry == DryRun::Server);
        options.root = create::strict_root(read, validate);
        options.subresource = super::patch::subresource(call);
        let result = if dry == DryRun::Client { Ok(std::rc::Rc::new(value)) } else { env.update(one.kind, &one.namespace, value, &options) };
        match result {
            Ok(o) => output::print_done(call, env, one.kind, &o, &format!("replaced{}", dry.suffix()))?,
            Err(status) => failed.push(Failure::when("replacing", &source, status)),
        }
    }
    Failure::many(failed).map_or(Ok(DONE), Err)
}

/// Deletes, waits, makes anew.
fn force(call: &Call, named: Vec<Named>, env: &mut Env) -> Result<Flow, Failure> {
    let grace = call.int("grace-period").filter(|g| *g >= 0);
    let mut gone = Gone { waiting: Vec::new(), timeout: None, code: 0 };
    for one in &named {
        if let (true, Some(source)) = (one.name.is_empty(), &one.source) {
            return Err(Failure::error(format!("error when deleting {source:?}: resource name may not be empty")));
        }
        let Some(before) = env.get(one.kind, &one.namespace, &one.name) else { continue };
        let key = Key::new(one.kind, &one.namespace, &one.name);
        env.delete(&key, DeleteOptions { grace_seconds: grace, ..DeleteOptions::default() })?;
        env.out(deleted_line(one.kind, &before, "deleted", DryRun::None));
        gone.waiting.push((key, uid(&before).into()));
    }
    Ok(Flow::wait(Forced { call: call.clone(), named, gone }))
}

#[derive(Clone)]
struct Forced {
    call: Call,
    named: Vec<Named>,
    gone: Gone,
}

impl Job for Forced {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        if let Poll::Pending(at) = self.gone.poll(env)? {
            return Ok(Poll::Pending(at));
        }
        let mut failed = Vec::new();
        for one in std::mem::take(&mut self.named) {
            let Some(read) = &one.object else { continue };
            let validate = apply::validation(&self.call)?;
            let mut options = write_options("kubectl-replace", false);
            options.root = create::strict_root(read, validate);
            let mut value = apply::placed(&one);
            if self.call.is("save-config") {
                value = apply::with_last_applied(&value);
            }
            value["metadata"]["name"] = json!(one.name);
            match create::send(one.kind, &one.namespace, value, read, validate, &options, env) {
                Ok(o) => output::print_done(&self.call, env, one.kind, &o, "replaced")?,
                Err(status) => failed.push(Failure::when("replacing", one.source.as_deref().unwrap_or(""), status)),
            }
        }
        Failure::many(failed).map_or(Ok(Poll::Done(0)), Err)
    }
}
