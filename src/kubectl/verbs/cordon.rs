//! `kubectl cordon` and `kubectl uncordon`.

use crate::api::object::{at, name};
use crate::api::{Selector, Value, json, kinds};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::selector;

pub const CORDON: Verb = Verb::new("cordon", "NODE [options]", "selector,l:s dry-run=unchanged", "Mark node as unschedulable.", cordon);
pub const UNCORDON: Verb = Verb::new("uncordon", "NODE [options]", "selector,l:s dry-run=unchanged", "Mark node as schedulable.", uncordon);

fn cordon(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    nodes(call, env, "cordon")?.iter().try_for_each(|node| mark(node, true, call.dry_run(env)?, env))?;
    Ok(DONE)
}

fn uncordon(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    nodes(call, env, "uncordon")?.iter().try_for_each(|node| mark(node, false, call.dry_run(env)?, env))?;
    Ok(DONE)
}

/// The nodes that a command names or selects.
pub fn nodes(call: &Call, env: &mut Env, verb: &str) -> Result<Vec<String>, Failure> {
    if call.args.is_empty() && call.filled("selector").is_none() {
        return Err(call.usage(format!("USAGE: {verb} NODE [flags]")));
    }
    if !call.args.is_empty() && call.filled("selector").is_some() {
        return Err(call.usage("cannot specify both a node name and a --selector option"));
    }
    let selector: Selector = selector::parse(call.text("selector").unwrap_or("")).map_err(Failure::error)?;
    if call.args.is_empty() {
        let all = env.list(kinds::NODE, None);
        return Ok(all.iter().filter(|n| selector.matches(crate::api::object::labels(n))).map(|n| name(n).to_owned()).collect());
    }
    let mut found = Vec::new();
    for arg in &call.args {
        let node = arg.strip_prefix("node/").or(arg.strip_prefix("nodes/")).unwrap_or(arg);
        found.push(name(&*env.require(kinds::NODE, "", node)?).to_owned());
    }
    Ok(found)
}

pub fn mark(node: &str, unschedulable: bool, dry: DryRun, env: &mut Env) -> Result<(), Failure> {
    let o = env.require(kinds::NODE, "", node)?;
    let now = at(&o, "spec.unschedulable").and_then(Value::as_bool).unwrap_or(false);
    let word = if unschedulable { "cordoned" } else { "uncordoned" };
    if now == unschedulable {
        env.out(format!("node/{node} already {word}{}\n", dry.suffix()));
        return Ok(());
    }
    if dry != DryRun::Client {
        let value = if unschedulable { json!(true) } else { Value::Null };
        env.patch(
            &Key::new(kinds::NODE, "", node),
            &json!({"spec": {"unschedulable": value}}),
            PatchKind::Merge,
            &write_options("kubectl-cordon", dry == DryRun::Server),
        )?;
    }
    env.out(format!("node/{node} {word}{}\n", dry.suffix()));
    Ok(())
}
