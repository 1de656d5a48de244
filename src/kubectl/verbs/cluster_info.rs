//! `kubectl cluster-info`.

use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};

pub const VERB: Verb = Verb::new(
    "cluster-info",
    "[flags] [options]",
    "",
    "Display addresses of the control plane and services with label kubernetes.io/cluster-service=true.",
    run,
);

fn run(_: &Call, env: &mut Env) -> Result<Flow, Failure> {
    env.out("Kubernetes control plane is running at https://172.30.0.10:6443\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    Ok(DONE)
}
