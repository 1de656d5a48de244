//! `kubectl annotate`.

use std::rc::Rc;

use super::label::{FLAGS, changes, list, metadata_patch, split};
use crate::api::object::{map_at, name, namespace};
use crate::api::{Map, Value, json};
use crate::cluster::apiserver::{Key, PatchKind, patched};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

pub const VERB: Verb = Verb::new(
    "annotate",
    "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
    FLAGS,
    "Update the annotations on a resource.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, words) = split(call);
    if objects.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if words.is_empty() && !call.is("list") {
        return Err(Failure::error("at least one annotation update is required"));
    }
    if call.is("all") && call.filled("selector").is_some() {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    let changes = changes(&words, "annotation")?;
    let dry = call.dry_run(env)?;
    let request = resources::request(call, &objects, env, Rules { type_alone: false, all_flag: true })?;
    let (found, mut failures) = request.fetch(env)?;
    let count = found.len();
    for (kind, o) in found {
        let empty = Map::new();
        let have = map_at(&o, "metadata.annotations").unwrap_or(&empty);
        if !call.is("overwrite") {
            let taken: Vec<String> = changes
                .set
                .iter()
                .filter_map(|(k, v)| have.get(k).and_then(Value::as_str).filter(|h| *h != v).map(|h| format!("'{k}' already has a value ({h})")))
                .collect();
            if !taken.is_empty() {
                failures.push(Failure::error(format!("--overwrite is false but found the following declared annotation(s): {}", taken.join("; "))));
                continue;
            }
        }
        let mut annotations = Map::new();
        annotations.extend(changes.set.iter().map(|(k, v)| (k.clone(), json!(v))));
        annotations.extend(changes.removed.iter().filter(|k| have.contains_key(k)).map(|k| (k.clone(), Value::Null)));
        let unchanged = annotations.is_empty();
        let patch = metadata_patch(call, "annotations", annotations, count)?;
        let here = dry == DryRun::Client || request.local || call.is("list");
        let result = if unchanged {
            Ok(o.clone())
        } else if here {
            patched(kind, &o, &patch, PatchKind::Merge).map(Rc::new)
        } else {
            let key = Key::new(kind, namespace(&o), name(&o));
            env.patch(&key, &patch, PatchKind::Merge, &write_options("kubectl-annotate", dry == DryRun::Server))
        };
        match result {
            Ok(o) if call.is("list") => list(kind, &o, "annotations", count > 1, env),
            Ok(o) => print_done(call, env, kind, &o, &format!("annotated{}", dry.suffix()))?,
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
