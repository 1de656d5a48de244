//! `kubectl auth`: the person may do everything.

use super::help;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};

pub const VERB: Verb = Verb::new("auth", "[flags] [options]", "", "Inspect authorization.", group).with(&[
    Verb::new(
        "can-i",
        "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
        "all-namespaces,A list quiet,q subresource:s no-headers",
        "Check whether an action is allowed",
        can_i,
    ),
    Verb::absent("reconcile", "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects"),
    Verb::new("whoami", "[options]", "@print", "Experimental: Check self subject attributes", whoami),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    help::group(&VERB, call, "Inspect authorization.\n", env)
}

fn can_i(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.is("list") {
        if !call.args.is_empty() {
            return Err(Failure::error("list option must be specified with no arguments"));
        }
        env.out("Resources   Non-Resource URLs   Resource Names   Verbs\n*.*         []                  []               [*]\n            [*]                 []               [*]\n");
        return Ok(DONE);
    }
    let [verb, resource] = call.args.as_slice() else {
        return Err(Failure::error(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    const VERBS: &str = "get list watch create update patch delete deletecollection use bind impersonate * approve sign escalate attest";
    if !resource.starts_with('/') && !VERBS.split(' ').any(|known| known == verb) {
        env.err(format!("Warning: verb '{verb}' is not a known verb\n\n"));
    }
    let plain = resource.split('/').next().unwrap_or("");
    if !resource.starts_with('/') && crate::api::Kind::by_name(plain).is_none() && plain != "*" {
        let (name, group) = plain.split_once('.').map_or((plain, String::new()), |(name, group)| (name, format!(" in group '{group}'")));
        env.err(format!("Warning: the server doesn't have a resource type '{name}'{group}\n\n"));
    } else if crate::api::Kind::by_name(plain).is_some_and(|k| !k.namespaced) {
        env.err(format!("Warning: resource '{plain}' is not namespace scoped\n\n"));
    }
    let as_other = call.filled("as").is_some_and(|u| u != "kubernetes-admin");
    if !call.is("quiet") {
        env.out(if as_other { "no\n" } else { "yes\n" });
    }
    Ok(Flow::Done(i32::from(as_other)))
}

fn whoami(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.text("output") == Some("name") {
        env.out("selfsubjectreview.authentication.k8s.io/<unknown>\n");
        return Ok(DONE);
    }
    env.out("ATTRIBUTE   VALUE\nUsername    kubernetes-admin\nGroups      [kubeadm:cluster-admins system:authenticated]\n");
    Ok(DONE)
}
