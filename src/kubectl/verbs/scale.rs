//! `kubectl scale` and `kubectl autoscale`'s neighbour: how many replicas.

use crate::api::object::{i64_at, name, namespace, str_at};
use crate::api::{Status, json};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

pub const VERB: Verb = Verb::new(
    "scale",
    "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]",
    "replicas:i current-replicas:i resource-version:s all selector,l:s @files timeout:d output,o:s dry-run=unchanged @show record",
    "Set a new size for a deployment, replica set, or replication controller.",
    run,
)
.requires(&["replicas"]);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    let replicas = call.int("replicas").unwrap_or(-1);
    if replicas < 0 {
        return Err(Failure::error("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"));
    }
    let request = resources::request(call, &call.args, env, Rules::NAMES)?;
    let (found, failures) = request.fetch(env)?;
    if found.is_empty() && failures.is_empty() {
        return Err(Failure::error("no objects passed to scale"));
    }
    for (kind, o) in found {
        if !matches!(kind.kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController") {
            return Err(Status::new(404, "NotFound", "the server could not find the requested resource").into());
        }
        let current = i64_at(&o, "spec.replicas").unwrap_or(1);
        if let Some(expected) = call.int("current-replicas").filter(|e| *e >= 0 && *e != current) {
            return Err(Failure::error(format!("Expected replicas to be {expected}, was {current}")));
        }
        if let Some(expected) = call.filled("resource-version")
            && str_at(&o, "metadata.resourceVersion") != Some(expected)
        {
            let found = str_at(&o, "metadata.resourceVersion").unwrap_or("");
            return Err(Failure::error(format!("Expected resource version to be {expected}, was {found}")));
        }
        let mut after = o.clone();
        if dry != DryRun::Client {
            let mut options = write_options("kubectl", dry == DryRun::Server);
            options.subresource = "scale";
            env.patch(&Key::new(kind, namespace(&o), name(&o)), &json!({"spec": {"replicas": replicas}}), PatchKind::Merge, &options)?;
            after = env.get(kind, namespace(&o), name(&o)).unwrap_or(o);
        }
        print_done(call, env, kind, &after, &format!("scaled{}", dry.suffix()))?;
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
