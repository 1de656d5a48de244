//! `kubectl version`.

use crate::api::json;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};

pub const VERB: Verb =
    Verb::new("version", "[flags] [options]", "client output,o:s", "Print the client and server version information for the current context.", run);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let git = json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitTreeState": "clean", "compiler": "gc", "platform": "linux/amd64"});
    let mut all = json!({"clientVersion": git, "kustomizeVersion": "v5.8.1"});
    if !call.is("client") {
        all["serverVersion"] = git;
    }
    match call.text("output") {
        None | Some("") => {
            env.out("Client Version: v1.36.3\nKustomize Version: v5.8.1\n");
            if !call.is("client") {
                env.out("Server Version: v1.36.3\n");
            }
        }
        Some("json") => env.out(crate::kubectl::json::pretty(&all, 2) + "\n"),
        Some("yaml") => env.out(crate::yaml::print(&all)),
        Some(_) => return Err(Failure::error("--output must be 'yaml' or 'json'")),
    }
    Ok(DONE)
}
