//! `kubectl config`: contexts and their namespaces.

use super::help;
use crate::api::order::InOrder as _;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::config::{Context, KubeConfig};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::output::{self, Form};
use crate::kubectl::table;

const FLAGS: &str = "output,o:s no-headers minify flatten raw merge current template:s allow-missing-template-keys show-managed-fields";

pub const VERB: Verb = Verb::new("config", "SUBCOMMAND [options]", "", "Modify kubeconfig files.", group).with(&[
    Verb::new("current-context", "[flags] [options]", FLAGS, "Display the current-context", current_context),
    Verb::new("delete-context", "NAME [options]", FLAGS, "Delete the specified context from the kubeconfig", delete_context),
    Verb::new("get-clusters", "[flags] [options]", FLAGS, "Display clusters defined in the kubeconfig", get_clusters),
    Verb::new("get-contexts", "[(-o|--output=)name)] [options]", FLAGS, "Describe one or many contexts", get_contexts),
    Verb::new("get-users", "[flags] [options]", FLAGS, "Display users defined in the kubeconfig", get_users),
    Verb::new("rename-context", "CONTEXT_NAME NEW_NAME [options]", FLAGS, "Rename a context from the kubeconfig file", rename_context),
    Verb::new("set", "PROPERTY_NAME PROPERTY_VALUE [options]", FLAGS, "Set an individual value in a kubeconfig file", set),
    Verb::new(
        "set-context",
        "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]",
        FLAGS,
        "Set a context entry in kubeconfig",
        set_context,
    ),
    Verb::new("unset", "PROPERTY_NAME [options]", FLAGS, "Unset an individual value in a kubeconfig file", unset),
    Verb::new("use-context", "CONTEXT_NAME [options]", FLAGS, "Set the current-context in a kubeconfig file", use_context).alias(&["use"]),
    Verb::new("view", "[flags] [options]", FLAGS, "Display merged kubeconfig settings or a specified kubeconfig file", view),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    help::group(&VERB, call, "Modify kubeconfig files using subcommands like \"kubectl config set current-context my-context\".\n", env)
}

fn current_context(_: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if env.seat.config.current.is_empty() {
        return Err(Failure::error("current-context is not set"));
    }
    env.out(format!("{}\n", env.seat.config.current));
    Ok(DONE)
}

fn get_clusters(_: &Call, env: &mut Env) -> Result<Flow, Failure> {
    env.out("NAME\nkubernetes\n");
    Ok(DONE)
}

fn get_users(_: &Call, env: &mut Env) -> Result<Flow, Failure> {
    env.out("NAME\nkubernetes-admin\n");
    Ok(DONE)
}

fn get_contexts(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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

fn use_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [name] = call.args.as_slice() else { return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" ")))) };
    if env.seat.config.context(name).is_none() {
        return Err(Failure::error(format!("no context exists with the name: {name:?}")));
    }
    env.seat.config.current = name.clone();
    env.out(format!("Switched to context {name:?}.\n"));
    Ok(DONE)
}

fn set_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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

fn delete_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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

fn rename_context(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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

fn set(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let [path, value] = call.args.as_slice() else { return Err(call.usage(format!("Unexpected args: {:?}", call.args))) };
    property(path, &mut env.seat.config)?.clone_from(value);
    env.out(format!("Property {path:?} set.\n"));
    Ok(DONE)
}

fn unset(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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

fn view(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if !call.args.is_empty() {
        return Err(call.usage(format!("unexpected arguments: [{}]", call.args.join(" "))));
    }
    let value = if call.is("minify") {
        let current = env.seat.config.current().cloned().ok_or_else(|| Failure::error("current-context must exist in order to minify"))?;
        KubeConfig { current: current.name.clone(), contexts: vec![current] }.to_value()
    } else {
        env.seat.config.to_value()
    };
    let form = output::form(call, env, false)?;
    let form = if matches!(form, Form::Table { .. }) { Form::Yaml } else { form };
    env.out(output::print(&form, &value)?);
    Ok(DONE)
}
