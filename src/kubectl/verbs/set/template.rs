//! What `kubectl set` changes in the Pod spec of each object, sent as a patch of what differs.

use std::rc::Rc;

use crate::api::object::{at, list_at, name, namespace, str_at};
use crate::api::{Value, json, object};
use crate::cluster::apiserver::{Key, PatchKind, patched};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_typed;
use crate::kubectl::resources::{self, Rules};
use crate::manifest::decode::decode_with;

/// Changes each object's Pod spec and sends what changed. A `change` that fails may have changed other parts; those are sent all the same.
pub fn each(
    call: &Call,
    objects: &[String],
    env: &mut Env,
    did: &str,
    mut change: impl FnMut(&mut Value, &mut Env, &str) -> Result<(), Failure>,
) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    let request = resources::request(call, objects, env, Rules::NAMES)?;
    let (found, mut failures) = request.fetch(env)?;
    for (kind, o) in found {
        let Some(path) = kind.pod_spec() else {
            // These say `error:` themselves, which shows among several.
            failures.push(Failure::error(format!(
                "error: {}/{} the object is not a pod or does not have a pod template: {}\n\n",
                kind.plural,
                name(&o),
                format_args!("*{}.{}", kind.version, kind.kind)
            )));
            continue;
        };
        let before = at(&o, path).cloned().unwrap_or_default();
        let mut spec = before.clone();
        let failed = change(&mut spec, env, &format!("{}/{}", kind.kind, name(&o))).err();
        // A service account is set again whatever it was (`set_serviceaccount.go` has no look at the difference).
        if spec == before && (failed.is_some() || !did.starts_with("serviceaccount")) {
            failures.extend(failed);
            continue;
        }
        let mut patch = json!({});
        object::set(&mut patch, path, spec_patch(&before, &spec));
        if call.is("record") {
            let command = format!("{} {} --record=true", call.path, call.args.join(" "));
            patch["metadata"] = json!({"annotations": {"kubernetes.io/change-cause": command}});
        }
        let after = if dry == DryRun::Client || request.local {
            let typed = patched(kind, &o, &patch, PatchKind::Strategic)?;
            let mut typed = decode_with(kind, typed, false).unwrap_or_else(|_| o.as_ref().clone());
            if typed.get("status").is_none() {
                typed["status"] = json!({});
            }
            Ok(Rc::new(typed))
        } else {
            env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Strategic, &write_options("kubectl-set", dry == DryRun::Server))
        };
        match after {
            Ok(after) => print_typed(call, env, kind, &after, &format!("{did}{}", dry.suffix()))?,
            Err(status) => {
                // `set_image.go` and its like wrap what the server says in an error of their own.
                let what = match did.split(' ').next().unwrap_or("") {
                    "serviceaccount" => "ServiceAccountName".to_owned(),
                    "resource" => "resources update to pod template".to_owned(),
                    kind => format!("{kind} update to pod template:"),
                };
                failures.push(Failure::error(format!("failed to patch {what} {}", status.message.trim_end())));
            }
        }
        failures.extend(failed);
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

/// The containers that differ, and other fields that do.
fn spec_patch(before: &Value, after: &Value) -> Value {
    let mut patch = json!({});
    for (field, value) in after.as_object().into_iter().flatten() {
        if before.get(field) == Some(value) {
            continue;
        }
        if matches!(field.as_str(), "containers" | "initContainers") {
            let old = list_at(before, field);
            let changed: Vec<Value> = list_at(after, field).iter().filter(|c| !old.contains(c)).map(|c| container_patch(old, c)).collect();
            patch[field] = json!(changed);
        } else {
            patch[field] = value.clone();
        }
    }
    patch
}

fn container_patch(old: &[Value], container: &Value) -> Value {
    let before = old.iter().find(|o| o.get("name") == container.get("name")).cloned().unwrap_or_default();
    let mut patch = json!({"name": container["name"]});
    for (field, value) in container.as_object().into_iter().flatten() {
        if before.get(field) != Some(value) {
            patch[field] = value.clone();
        }
    }
    // Variables that went away must be told.
    let gone = list_at(&before, "env").iter().filter(|e| !list_at(container, "env").iter().any(|n| n["name"] == e["name"]));
    let gone: Vec<Value> = gone.map(|e| json!({"$patch": "delete", "name": e["name"]})).collect();
    if !gone.is_empty() {
        let mut all = list_at(container, "env").to_vec();
        all.extend(gone);
        patch["env"] = json!(all);
    }
    patch
}

/// The containers that a name (or `*`) means.
pub fn containers<'a>(spec: &'a mut Value, wanted: &str) -> Vec<&'a mut Value> {
    let Some(map) = spec.as_object_mut() else { return Vec::new() };
    let mut found = Vec::new();
    for (field, list) in map.iter_mut() {
        if field == "containers" || field == "initContainers" {
            let chosen = list.as_array_mut().into_iter().flatten().filter(|c| wanted == "*" || str_at(c, "name") == Some(wanted));
            found.extend(chosen);
        }
    }
    found
}
