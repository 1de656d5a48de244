//! `kubectl set`: the group, and what its commands share.

mod env;
mod image;
mod resources;
mod selector;
mod subject;
mod template;

use super::help;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};

const ENV: &str =
    "all selector,l:s @files @print dry-run=unchanged local field-manager:s containers,c:s list overwrite from:s prefix:s env,e:a keys:c resolve";
const IMAGE: &str = "all selector,l:s @files @print dry-run=unchanged local field-manager:s record";
const RESOURCES: &str = "all selector,l:s @files @print dry-run=unchanged local field-manager:s containers,c:s limits:s requests:s record";
const SELECTOR: &str = "all filename,f:c recursive,R @print dry-run=unchanged local field-manager:s resource-version:s record";
const SUBJECT: &str = "all selector,l:s @files @print dry-run=unchanged local field-manager:s user:c group:c serviceaccount:c";
const ACCOUNT: &str = "all @files @print dry-run=unchanged local field-manager:s record";

pub const VERB: Verb = Verb::new("set", "SUBCOMMAND [options]", "", "Set specific features on objects.", group).with(&[
    Verb::new("env", "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]", ENV, "Update environment variables on a pod template", env::environment),
    Verb::new(
        "image",
        "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]",
        IMAGE,
        "Update the image of a pod template",
        image::image,
    ),
    Verb::new(
        "resources",
        "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]",
        RESOURCES,
        "Update resource requests/limits on objects with pod templates",
        resources::amounts,
    ),
    Verb::new(
        "selector",
        "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]",
        SELECTOR,
        "Set the selector on a resource",
        selector::selector,
    ),
    Verb::new(
        "serviceaccount",
        "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]",
        ACCOUNT,
        "Update the service account of a resource",
        resources::account,
    )
    .alias(&["sa"]),
    Verb::new(
        "subject",
        "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]",
        SUBJECT,
        "Update the user, group, or service account in a role binding or cluster role binding",
        subject::subject,
    ),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let about = "Configure application resources.\n\n These commands help you make changes to existing application resources.\n";
    help::group(&VERB, call, about, env)
}

/// What is said where no object is named.
pub const NOTHING_NAMED: &str = "one or more resources must be specified as <resource> <name> or <resource>/<name>";

/// `a=b` words after the objects.
fn split(call: &Call) -> (Vec<String>, Vec<String>) {
    let at = call.args.iter().position(|a| a.find('=').is_some_and(|at| at > 0) || a.ends_with('-')).unwrap_or(call.args.len());
    (call.args[..at].to_vec(), call.args[at..].to_vec())
}
