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

const FLAGS: &str = "filename,f:c kustomize,k:s recursive,R selector,l:s output,o:s dry-run=unchanged to-revision:i revision:i watch,w timeout:d field-manager:s template:s show-managed-fields";

pub const VERB: Verb = Verb::new("rollout", "SUBCOMMAND [options]", "", "Manage the rollout of one or many resources.", group).with(&[
    Verb::new("history", "(TYPE NAME | TYPE/NAME) [flags] [options]", FLAGS, "View rollout history", history::history),
    Verb::new("pause", "RESOURCE [options]", FLAGS, "Mark the provided resource as paused", pause::pause),
    Verb::new("restart", "RESOURCE [options]", FLAGS, "Restart a resource", pause::restart),
    Verb::new("resume", "RESOURCE [options]", FLAGS, "Resume a paused resource", pause::resume),
    Verb::new("status", "(TYPE NAME | TYPE/NAME) [flags] [options]", FLAGS, "Show the status of the rollout", status::status),
    Verb::new("undo", "(TYPE NAME | TYPE/NAME) [flags] [options]", FLAGS, "Undo a previous rollout", undo::undo),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let about = "Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets\n";
    help::group(&VERB, call, about, env)
}

type Found = Vec<(&'static Kind, Rc<Value>)>;

fn found(call: &Call, env: &mut Env) -> Result<Found, Failure> {
    if call.args.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error("required resource not specified"));
    }
    let request = resources::request(call, &call.args, env, Rules { type_alone: true, all_flag: false })?;
    let found = request.fetch_all(env)?;
    if found.is_empty() {
        env.err(format!("No resources found in {} namespace.\n", request.namespace));
    }
    Ok(found)
}
