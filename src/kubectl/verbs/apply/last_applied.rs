//! The annotation of what was applied last: writing it, `kubectl apply view-last-applied | set-last-applied`.

use super::placed;
use crate::api::{Value, json, object};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::resources::{self, Named, Rules, Wanted};
use crate::kubectl::{json as json_text, output};

pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The object as it is sent, with what was applied in its annotation.
pub fn with_last_applied(value: &Value) -> Value {
    let mut bare = value.clone();
    object::remove(&mut bare, &format!("metadata.annotations.{LAST_APPLIED}"));
    if let Some(annotations) = bare["metadata"].get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    if bare["metadata"].get("annotations").is_none() {
        bare["metadata"]["annotations"] = json!({});
    }
    let text = json_text::compact(&bare) + "\n";
    let mut out = bare;
    out["metadata"]["annotations"][LAST_APPLIED] = json!(text);
    out
}

/// Whether an object that is to be sent says itself what was applied last.
pub fn names_last_applied(value: &Value) -> bool {
    object::map_at(value, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED))
}

/// Whether the stored object remembers what was applied.
pub fn has_last_applied(one: &Named, env: &Env) -> bool {
    let stored = env.get(one.kind, &one.namespace, &one.name);
    stored.is_some_and(|o| object::map_at(&o, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED)))
}

pub fn view_last_applied(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = resources::request(call, &call.args, env, Rules::NAMES)?;
    let found = request.fetch_all(env)?;
    if let Some(output) = call.filled("output").filter(|o| !matches!(*o, "json" | "yaml")) {
        return Err(call.usage(format!("Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json")));
    }
    for (_, o) in found {
        let text = object::map_at(&o, "metadata.annotations").and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
        // What was never applied has nothing to show.
        let Some(text) = text else { continue };
        let value = crate::yaml::json_value(text).unwrap_or_default();
        env.out(if call.text("output") == Some("json") { json_text::pretty(&value, 2) + "\n" } else { crate::yaml::print(&value) });
    }
    Ok(DONE)
}

pub fn set_last_applied(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = resources::request(call, &[], env, Rules::default())?;
    if let Some(failure) = Failure::many(request.failures.clone()) {
        return Err(failure);
    }
    let Wanted::Named(named) = &request.wanted else { return Ok(DONE) };
    let dry = call.dry_run(env)?;
    let mut changes = Vec::new();
    for one in named {
        let current = env.require(one.kind, &one.namespace, &one.name)?;
        let has = object::map_at(&current, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED));
        if !has && !call.is("create-annotation") {
            return Err(Failure::error(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                one.name
            )));
        }
        // As it stands in the file: unlike `apply`, without annotations where it has none (`GetApplyPatch`).
        let text = json!(json_text::compact(&placed(one)) + "\n");
        if object::map_at(&current, "metadata.annotations").and_then(|a| a.get(LAST_APPLIED)) == Some(&text) {
            env.out(format!("set-last-applied {}: no changes required.\n", one.name));
            continue;
        }
        changes.push((one, json!({"metadata": {"annotations": {LAST_APPLIED: text}}}), current));
    }
    for (one, patch, mut after) in changes {
        if dry != DryRun::Client {
            let options = write_options("kubectl-last-applied", dry == DryRun::Server);
            after = env.patch(&Key::new(one.kind, &one.namespace, &one.name), &patch, PatchKind::Merge, &options)?;
        }
        output::print_done(call, env, one.kind, &after, &format!("configured{}", dry.suffix()))?;
    }
    Ok(DONE)
}
