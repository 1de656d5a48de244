//! `kubectl version`.

use crate::api::json;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};

pub const VERB: Verb =
    Verb::new("version", "[flags] [options]", "client output,o:s", "Print the client and server version information for the current context.", run);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if !call.args.is_empty() {
        return Err(Failure::error(format!("extra arguments: [{}]", call.args.join(" "))));
    }
    let git = json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitTreeState": "clean", "compiler": "gc", "platform": "linux/amd64"});
    let mut all = json!({"clientVersion": git, "kustomizeVersion": "v5.8.1"});
    if !call.is("client") {
        let mut server = git;
        for (field, value) in [("emulationMajor", "1"), ("emulationMinor", "36"), ("minCompatibilityMajor", "1"), ("minCompatibilityMinor", "35")] {
            server[field] = json!(value);
        }
        all["serverVersion"] = server;
    }
    match call.text("output") {
        None | Some("") => {
            env.out("Client Version: v1.36.3\nKustomize Version: v5.8.1\n");
            if !call.is("client") {
                env.out("Server Version: v1.36.3\n");
            }
        }
        Some("json") => env.out(crate::kubectl::json::typed(&all, Some(2)) + "\n"),
        Some("yaml") => env.out(crate::yaml::print(&all) + "\n"),
        Some(_) => return Err(Failure::error("--output must be 'yaml' or 'json'")),
    }
    Ok(DONE)
}
