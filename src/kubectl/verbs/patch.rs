//! `kubectl patch`.

use std::rc::Rc;

use crate::api::object::{name, namespace};
use crate::api::{Status, Value};
use crate::cluster::apiserver::{Key, PatchKind, patched};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::{merge, output};

pub const VERB: Verb = Verb::new(
    "patch",
    "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]",
    "patch,p:s patch-file:s type:s @files output,o:s dry-run=unchanged local subresource:s field-manager:s @show record",
    "Update fields of a resource.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let text = match (call.filled("patch"), call.filled("patch-file")) {
        (Some(_), Some(_)) => return Err(Failure::error("cannot specify --patch and --patch-file together")),
        (None, None) => return Err(Failure::error("must specify --patch or --patch-file containing the contents of the patch")),
        (Some(patch), None) => patch.to_owned(),
        (None, Some(path)) => env
            .files
            .get(path)
            .cloned()
            .ok_or_else(|| Failure::error(format!("unable to read patch file: open {path}: no such file or directory")))?,
    };
    let how = match call.filled("type").unwrap_or("strategic") {
        "strategic" => PatchKind::Strategic,
        "merge" => PatchKind::Merge,
        "json" => PatchKind::Json,
        other => return Err(Failure::error(format!("--type must be one of [json merge strategic], not {other:?}"))),
    };
    // What begins like JSON goes to the server as it is.
    let patch = match parse(&text) {
        Ok(patch) => patch,
        Err(_) if text.trim_start().starts_with(['{', '[']) => return Err(Status::new(400, "BadRequest", "unexpected end of JSON input").into()),
        Err(why) => return Err(Failure::error(format!("unable to parse {text:?}: {why}"))),
    };
    let request = resources::request(call, &call.args, env, Rules::default())?;
    // A patch that is no object is the server's to refuse (`strategicpatch` decodes it as a map).
    if how != PatchKind::Json && !patch.is_object() {
        let what = if patch.is_array() { "array" } else { "string" };
        return Err(Status::new(400, "BadRequest", format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}")).into());
    }
    if call.filled("subresource").is_some_and(|s| !matches!(s, "status" | "scale" | "resize" | "ephemeralcontainers")) {
        return Err(Status::new(404, "NotFound", "the server could not find the requested resource").into());
    }
    if matches!(&request.wanted, resources::Wanted::Named(named) if named.is_empty()) && request.failures.is_empty() {
        return Err(Failure::error("no objects passed to patch"));
    }
    let dry = call.dry_run(env)?;
    let (found, mut failures) = request.fetch(env)?;
    for (kind, o) in found {
        let mut patch = patch.clone();
        if how != PatchKind::Json {
            for field in merge::prune(kind, &mut patch) {
                env.err(format!("Warning: unknown field {field:?}\n"));
            }
        }
        let mut options = write_options("kubectl-patch", dry != DryRun::None);
        options.subresource = subresource(call);
        let after = if request.local {
            patched(kind, &o, &patch, how).map(Rc::new)
        } else {
            env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, how, &options)
        };
        match after {
            Ok(after) => {
                let did = if merge::is_changed(&o, &after) { "patched" } else { "patched (no change)" };
                if options.subresource == "scale" && call.filled("output").is_none() {
                    env.out(format!("scale.autoscaling/{} {did}\n", name(&o)));
                } else {
                    output::print_done(call, env, kind, &after, did)?;
                }
            }
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

/// The subresource as the API server knows it.
pub fn subresource(call: &Call) -> &'static str {
    match call.text("subresource") {
        Some("status") => "status",
        Some("scale") => "scale",
        Some("resize") => "resize",
        _ => "",
    }
}

/// JSON, or YAML that is one.
fn parse(text: &str) -> Result<Value, String> {
    if let Some(value) = crate::yaml::json_value(text) {
        return Ok(value);
    }
    match crate::yaml::parse(text, 0).ok().flatten().map(|node| node.to_value()) {
        Some(value) if !value.is_null() => Ok(value),
        _ => Err("yaml: could not find expected ':'".into()),
    }
}
