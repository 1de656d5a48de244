//! `kubectl config set | unset`: single values by their paths.

use crate::kubectl::call::Call;
use crate::kubectl::config::KubeConfig;
use crate::kubectl::env::{DONE, Env, Failure, Flow};

/// The field that `current-context` or `contexts.NAME.FIELD` names; a context's name may hold dots.
fn property<'a>(path: &str, config: &'a mut KubeConfig) -> Result<&'a mut String, Failure> {
    if path == "current-context" {
        return Ok(&mut config.current);
    }
    let unknown = || {
        let first = path.split('.').next().unwrap_or("");
        Failure::error(if matches!(first, "contexts" | "clusters" | "users" | "preferences") {
            format!("unable to locate path {path:?} in the config of this playground; it has contexts and a current-context")
        } else {
            format!("unable to parse {path} after [] at api.Config")
        })
    };
    let (name, field) = path.strip_prefix("contexts.").and_then(|rest| rest.rsplit_once('.')).ok_or_else(unknown)?;
    let context = config.contexts.iter_mut().find(|c| c.name == name).ok_or_else(unknown)?;
    match field {
        "namespace" => Ok(&mut context.namespace),
        "cluster" => Ok(&mut context.cluster),
        "user" => Ok(&mut context.user),
        _ => Err(unknown()),
    }
}

pub fn set(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [path, value] = call.args.as_slice() else { return Err(call.usage(format!("Unexpected args: {:?}", call.args))) };
    property(path, &mut env.seat.config)?.clone_from(value);
    env.out(format!("Property {path:?} set.\n"));
    Ok(DONE)
}

pub fn unset(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [path] = call.args.as_slice() else { return Err(call.usage(format!("Unexpected args: {:?}", call.args))) };
    let mut parts = path.splitn(2, '.');
    match (parts.next(), parts.next()) {
        // A whole context, there or not; its name may hold dots.
        (Some("contexts"), Some(name)) if property(path, &mut env.seat.config).is_err() => env.seat.config.contexts.retain(|c| c.name != name),
        _ => property(path, &mut env.seat.config)?.clear(),
    }
    env.out(format!("Property {path:?} unset.\n"));
    Ok(DONE)
}
