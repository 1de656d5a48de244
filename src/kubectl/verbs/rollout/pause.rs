//! `kubectl rollout pause | resume | restart`.

use super::found;
use crate::api::object::{at, map_at, name, namespace};
use crate::api::{Value, json};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::Call;
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_typed;

/// A restart is a change of this annotation.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

fn set_paused(call: &Call, env: &mut Env, pause: bool) -> Result<Flow, Failure> {
    let mut failures = Vec::new();
    for (kind, o) in found(call, env)? {
        let named = format!("{} {:?}", kind.resource(), name(&o));
        let paused = at(&o, "spec.paused").and_then(Value::as_bool).unwrap_or(false);
        let word = if pause { "paus" } else { "resum" };
        if kind.kind != "Deployment" {
            failures.push(Failure::error(format!("error: {named} {word}ing is not supported")));
        } else if paused == pause {
            failures.push(Failure::error(format!("error: {named} is {} paused", if pause { "already" } else { "not" })));
        } else {
            let patch = json!({"spec": {"paused": if pause { json!(true) } else { Value::Null }}});
            let after = env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Merge, &write_options("kubectl-rollout", false))?;
            print_typed(call, env, kind, &after, &format!("{word}ed"))?;
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

pub fn pause(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    set_paused(call, env, true)
}

pub fn resume(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    set_paused(call, env, false)
}

pub fn restart(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let mut failures = Vec::new();
    for (kind, o) in found(call, env)? {
        let named = format!("{} {:?}", kind.resource(), name(&o));
        if !matches!(kind.kind, "Deployment" | "DaemonSet" | "StatefulSet") {
            failures.push(Failure::error(format!("error: {named} restarting is not supported")));
            continue;
        }
        if at(&o, "spec.paused").and_then(Value::as_bool) == Some(true) {
            failures.push(Failure::error(format!("error: {named} can't restart paused deployment (run rollout resume first)")));
            continue;
        }
        let (now, place) = (env.now().rfc3339(), "spec.template.metadata.annotations");
        if map_at(&o, place).and_then(|a| a.get(RESTARTED_AT)).and_then(Value::as_str) == Some(&now) {
            let why = "if restart has already been triggered within the past second, please wait before attempting to trigger another";
            failures.push(Failure::error(format!("failed to create patch for {}: {why}", name(&o))));
            continue;
        }
        let patch = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}});
        let after = env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Strategic, &write_options("kubectl-rollout", false))?;
        print_typed(call, env, kind, &after, "restarted")?;
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
