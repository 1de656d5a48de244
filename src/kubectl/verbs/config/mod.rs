//! `kubectl config`: what the kubeconfig holds.

mod contexts;
mod properties;

use super::help;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::config::KubeConfig;
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::output::{self, Form};

const VIEW: &str = "@print minify flatten raw merge";

pub const VERB: Verb = Verb::new("config", "SUBCOMMAND [options]", "", "Modify kubeconfig files.", group).with(&[
    Verb::new("current-context", "[flags] [options]", "", "Display the current-context", current_context),
    Verb::absent("delete-cluster", "Delete the specified cluster from the kubeconfig"),
    Verb::new("delete-context", "NAME [options]", "", "Delete the specified context from the kubeconfig", contexts::delete_context),
    Verb::absent("delete-user", "Delete the specified user from the kubeconfig"),
    Verb::new("get-clusters", "[flags] [options]", "", "Display clusters defined in the kubeconfig", get_clusters),
    Verb::new("get-contexts", "[(-o|--output=)name)] [options]", "output,o:s no-headers", "Describe one or many contexts", contexts::get_contexts),
    Verb::new("get-users", "[flags] [options]", "", "Display users defined in the kubeconfig", get_users),
    Verb::new("rename-context", "CONTEXT_NAME NEW_NAME [options]", "", "Rename a context from the kubeconfig file", contexts::rename_context),
    Verb::new("set", "PROPERTY_NAME PROPERTY_VALUE [options]", "set-raw-bytes", "Set an individual value in a kubeconfig file", properties::set),
    Verb::absent("set-cluster", "Set a cluster entry in kubeconfig"),
    Verb::new(
        "set-context",
        "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]",
        "current",
        "Set a context entry in kubeconfig",
        contexts::set_context,
    ),
    Verb::absent("set-credentials", "Set a user entry in kubeconfig"),
    Verb::new("unset", "PROPERTY_NAME [options]", "", "Unset an individual value in a kubeconfig file", properties::unset),
    Verb::new("use-context", "CONTEXT_NAME [options]", "", "Set the current-context in a kubeconfig file", contexts::use_context).alias(&["use"]),
    Verb::new("view", "[flags] [options]", VIEW, "Display merged kubeconfig settings or a specified kubeconfig file", view),
]);

const LOADING: &str = "Modify kubeconfig files using subcommands like \"kubectl config set current-context my-context\".\n\n The loading order follows these rules:\n\n  1.  If the --kubeconfig flag is set, then only that file is loaded. The flag may only be set once and no merging takes place.\n  2.  If $KUBECONFIG environment variable is set, then it is used as a list of paths (normal path delimiting rules for your system). These paths are merged. When a value is modified, it is modified in the file that defines the stanza. When a value is created, it is created in the first file that exists. If no files in the chain exist, then it creates the last file in the list.\n  3.  Otherwise, ${HOME}/.kube/config is used and no merging takes place.\n";

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    help::group(&VERB, call, LOADING, env)
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
