//! What `kubectl set` changes in the Pod spec of each object, sent as a patch of what differs.

use super::pod_spec_path;
use crate::api::object::{at, list_at, name, namespace, str_at};
use crate::api::{Value, json, object};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

/// Changes each object's Pod spec and sends what changed. `change` gives false where it has nothing to do.
pub fn each(
    call: &Call,
    objects: &[String],
    env: &mut Env,
    did: &str,
    mut change: impl FnMut(&mut Value) -> Result<(), Failure>,
) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    if objects.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    let request = resources::request(call, objects, env, Rules { type_alone: false, all_flag: true })?;
    let (found, mut failures) = request.fetch(env)?;
    for (kind, o) in found {
        let Some(path) = pod_spec_path(kind) else {
            failures.push(Failure::error(format!(
                "{}/{} the object is not a pod or does not have a pod template: {}",
                kind.plural,
                name(&o),
                kind.kind
            )));
            continue;
        };
        let before = at(&o, path).cloned().unwrap_or_default();
        let mut spec = before.clone();
        if let Err(failure) = change(&mut spec) {
            failures.push(failure);
            continue;
        }
        if spec == before {
            continue;
        }
        let mut patch = json!({});
        object::set(&mut patch, path, spec_patch(&before, &spec));
        let after = if dry == DryRun::Client {
            Ok(o.clone())
        } else {
            env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Strategic, &write_options("kubectl-set", dry == DryRun::Server))
        };
        match after {
            Ok(after) => print_done(call, env, kind, &after, &format!("{did}{}", dry.suffix()))?,
            Err(status) => {
                // `set_image.go` and its like wrap what the server says in an error of their own.
                let what = match did.split(' ').next().unwrap_or("") {
                    "serviceaccount" => "ServiceAccountName".to_owned(),
                    "resource" => "resources update to pod template".to_owned(),
                    kind => format!("{kind} update to pod template:"),
                };
                failures.push(Failure::error(format!("failed to patch {what} {}", status.message)));
            }
        }
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
