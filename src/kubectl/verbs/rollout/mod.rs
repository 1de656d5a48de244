//! `kubectl rollout`: the group, and the objects that its commands are about.

mod history;
mod pause;
mod status;
mod undo;

use std::rc::Rc;

use super::help;
use crate::api::{Kind, Value};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules};

const HISTORY: &str = "@files selector,l:s @print revision:i";
const CHANGE: &str = "@files selector,l:s @print field-manager:s";
const STATUS: &str = "@files selector,l:s revision:i timeout:d watch,w";
const UNDO: &str = "@files selector,l:s @print dry-run=unchanged to-revision:i";

pub const VERB: Verb = Verb::new("rollout", "SUBCOMMAND [options]", "", "Manage the rollout of one or many resources.", group).with(&[
    Verb::new("history", "(TYPE NAME | TYPE/NAME) [flags] [options]", HISTORY, "View rollout history", history::history),
    Verb::new("pause", "RESOURCE [options]", CHANGE, "Mark the provided resource as paused", pause::pause),
    Verb::new("restart", "RESOURCE [options]", CHANGE, "Restart a resource", pause::restart),
    Verb::new("resume", "RESOURCE [options]", CHANGE, "Resume a paused resource", pause::resume),
    Verb::new("status", "(TYPE NAME | TYPE/NAME) [flags] [options]", STATUS, "Show the status of the rollout", status::status),
    Verb::new("undo", "(TYPE NAME | TYPE/NAME) [flags] [options]", UNDO, "Undo a previous rollout", undo::undo),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let about = "Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets\n\n\
        Examples:\n  # Rollback to the previous deployment\n  kubectl rollout undo deployment/abc\n  \n  # Check the rollout status of a daemonset\n  \
        kubectl rollout status daemonset/foo\n  \n  # Restart a deployment\n  kubectl rollout restart deployment/abc\n  \n  \
        # Restart deployments with the 'app=nginx' label\n  kubectl rollout restart deployment --selector=app=nginx\n";
    help::group(&VERB, call, about, env)
}

type Found = Vec<(&'static Kind, Rc<Value>)>;

fn found(call: &Call, env: &mut Env) -> Result<Found, Failure> {
    if call.args.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error("required resource not specified"));
    }
    let request = resources::request(call, &call.args, env, Rules::TYPES)?;
    let found = request.fetch_all(env)?;
    if found.is_empty() {
        env.err(format!("No resources found in {} namespace.\n", request.namespace));
    }
    Ok(found)
}
