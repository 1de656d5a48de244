//! `kubectl config get-contexts | use-context | set-context | delete-context | rename-context`.

use crate::api::order::InOrder as _;
use crate::kubectl::call::Call;
use crate::kubectl::config::Context;
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::table;

pub fn get_contexts(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let mut wanted: Vec<Context> = if call.args.is_empty() {
        env.seat.config.contexts.clone()
    } else {
        for name in &call.args {
            match env.seat.config.context(name) {
                Some(context) => found.push(context.clone()),
                None => missing.push(Failure::error(format!("context {name} not found"))),
            }
        }
        found
    };
    wanted.order_by(|a, b| a.name.cmp(&b.name));
    match call.text("output") {
        None | Some("") => {}
        Some("name") => {
            env.out(wanted.iter().map(|c| format!("{}\n", c.name)).collect::<String>());
            return Ok(DONE);
        }
        Some(other) => {
            return Err(Failure::error(format!(
                "--output {other} is not available in kubectl config get-contexts; resetting to default output format"
            )));
        }
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !call.is("no-headers") {
        rows.push(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(str::to_owned).to_vec());
    }
    for c in wanted {
        let mark = if c.name == env.seat.config.current { "*" } else { "" };
        rows.push(vec![mark.into(), c.name, c.cluster, c.user, c.namespace]);
    }
    env.out(table::align(&table::rows(rows), table::GET));
    Failure::many(missing).map_or(Ok(DONE), Err)
}

pub fn use_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [name] = call.args.as_slice() else { return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" ")))) };
    if env.seat.config.context(name).is_none() {
        return Err(Failure::error(format!("no context exists with the name: {name:?}")));
    }
    env.seat.config.current = name.clone();
    env.out(format!("Switched to context {name:?}.\n"));
    Ok(DONE)
}

pub fn set_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = match (call.args.as_slice(), call.is("current")) {
        ([], true) => env.seat.config.current.clone(),
        ([name], false) => name.clone(),
        ([_, ..], true) => return Err(Failure::error("you cannot specify both a context name and --current")),
        _ => return Err(Failure::error("you must specify a non-empty context name or --current")),
    };
    let known = env.seat.config.context(&name).is_some();
    if !known {
        env.seat.config.contexts.push(Context { name: name.clone(), cluster: String::new(), user: String::new(), namespace: String::new() });
    }
    if let Some(context) = env.seat.config.contexts.iter_mut().find(|c| c.name == name) {
        if let Some(namespace) = call.text("namespace") {
            context.namespace = namespace.into();
        }
        if let Some(cluster) = call.text("cluster") {
            context.cluster = cluster.into();
        }
        if let Some(user) = call.text("user") {
            context.user = user.into();
        }
    }
    env.out(format!("Context {name:?} {}.\n", if known { "modified" } else { "created" }));
    Ok(DONE)
}

pub fn delete_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = call.args.first().cloned().unwrap_or_default();
    if env.seat.config.context(&name).is_none() {
        return Err(Failure::error(format!("cannot delete context {name}, not in /root/.kube/config")));
    }
    if env.seat.config.current == name {
        env.err("warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n".to_string());
    }
    env.seat.config.contexts.retain(|c| c.name != name);
    env.out(format!("deleted context {name} from /root/.kube/config\n"));
    Ok(DONE)
}

pub fn rename_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [old, new] = call.args.as_slice() else { return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" ")))) };
    let taken = env.seat.config.context(new).is_some();
    let Some(context) = env.seat.config.contexts.iter_mut().find(|c| c.name == *old) else {
        return Err(Failure::error(format!("cannot rename the context {old:?}, it's not in /root/.kube/config")));
    };
    if taken {
        return Err(Failure::error(format!("cannot rename the context {old:?}, the context {new:?} already exists in /root/.kube/config")));
    }
    context.name = new.clone();
    if env.seat.config.current == *old {
        env.seat.config.current = new.clone();
    }
    env.out(format!("Context {old:?} renamed to {new:?}.\n"));
    Ok(DONE)
}
