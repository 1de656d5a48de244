//! `kubectl set image | env | resources | serviceaccount | selector`.

use super::create::pair;
use super::help;
use crate::api::object::{at, list_at, name, namespace, str_at};
use crate::api::{Kind, Value, json};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

const COMMON: &str = "all selector,l:s filename,f:c kustomize,k:s recursive,R output,o:s dry-run=unchanged local field-manager:s template:s show-managed-fields \
    containers,c:s limits:s requests:s list overwrite from:s prefix:s env,e:a keys:c resolve resource-version:s";

pub const VERB: Verb = Verb::new("set", "SUBCOMMAND [options]", "", "Set specific features on objects.", group).with(&[
    Verb::new("env", "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]", COMMON, "Update environment variables on a pod template", environment),
    Verb::new(
        "image",
        "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]",
        COMMON,
        "Update the image of a pod template",
        image,
    ),
    Verb::new(
        "resources",
        "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]",
        COMMON,
        "Update resource requests/limits on objects with pod templates",
        amounts,
    ),
    Verb::new(
        "selector",
        "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]",
        COMMON,
        "Set the selector on a resource",
        selector,
    ),
    Verb::new("serviceaccount", "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]", COMMON, "Update the service account of a resource", account)
        .alias(&["sa"]),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let about = "Configure application resources.\n\n These commands help you make changes to existing application resources.\n";
    help::group(&VERB, call, about, env)
}

/// Where a kind keeps its Pod spec.
pub fn pod_spec_path(kind: &Kind) -> Option<&'static str> {
    match kind.kind {
        "Pod" => Some("spec"),
        "CronJob" => Some("spec.jobTemplate.spec.template.spec"),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => Some("spec.template.spec"),
        _ => None,
    }
}

/// `a=b` words after the objects.
fn split(call: &Call) -> (Vec<String>, Vec<String>) {
    let at = call.args.iter().position(|a| a.contains('=') || a.ends_with('-') && a.len() > 1).unwrap_or(call.args.len());
    (call.args[..at].to_vec(), call.args[at..].to_vec())
}

/// Changes each object's Pod spec and sends what changed. `change` gives false where it has nothing to do.
fn each(
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
        crate::api::object::set(&mut patch, path, spec_patch(&before, &spec));
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
fn containers<'a>(spec: &'a mut Value, wanted: &str) -> Vec<&'a mut Value> {
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

fn image(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, words) = split(call);
    let mut problems = Vec::new();
    if objects.is_empty() && call.texts("filename").is_empty() {
        problems.push("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if words.is_empty() {
        problems.push("at least one image update is required");
    }
    match problems.as_slice() {
        [] => {}
        [one] => return Err(Failure::error(*one)),
        all => return Err(Failure::error(format!("[{}]", all.join(", ")))),
    }
    let mut images = Vec::new();
    for word in &words {
        images.push(pair(word).ok_or_else(|| Failure::error(format!("invalid image update: {word}")))?);
    }
    each(call, &objects, env, "image updated", |spec| {
        for (wanted, image) in &images {
            let found = containers(spec, wanted);
            if found.is_empty() {
                return Err(Failure::error(format!("unable to find container named {wanted:?}")));
            }
            found.into_iter().for_each(|c| c["image"] = json!(image));
        }
        Ok(())
    })
}

fn environment(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, mut words) = split(call);
    words.extend(call.texts("env").iter().cloned());
    let mut sourced = Vec::new();
    if let Some(from) = call.filled("from") {
        let space = env.namespace(call);
        let (kind_name, source) = from.split_once('/').unwrap_or(("configmap", from));
        let kind = resources::kind(kind_name)?;
        let o = env.require(kind, &space, source)?;
        let reference = if kind.kind == "Secret" { "secretKeyRef" } else { "configMapKeyRef" };
        for key in crate::api::object::map_at(&o, "data").into_iter().flatten().map(|(k, _)| k) {
            let variable: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
            sourced.push(
                json!({"name": format!("{}{variable}", call.text("prefix").unwrap_or("")), "valueFrom": {reference: {"key": key, "name": source}}}),
            );
        }
    }
    if call.is("list") {
        let request = resources::request(call, &objects, env, Rules { type_alone: false, all_flag: true })?;
        for (kind, o) in request.fetch_all(env)? {
            let spec = pod_spec_path(kind).and_then(|p| at(&o, p)).cloned().unwrap_or_default();
            for container in list_at(&spec, "containers") {
                env.out(format!("# {} {}, container {}\n", kind.plural, name(&o), str_at(container, "name").unwrap_or("")));
                for variable in list_at(container, "env") {
                    env.out(match str_at(variable, "value") {
                        Some(value) => format!("{}={value}\n", str_at(variable, "name").unwrap_or("")),
                        None => {
                            format!("# {} from {}\n", str_at(variable, "name").unwrap_or(""), crate::kubectl::json::compact(&variable["valueFrom"]))
                        }
                    });
                }
            }
        }
        return Ok(DONE);
    }
    if words.is_empty() && sourced.is_empty() {
        return Err(Failure::error("at least one environment variable must be provided"));
    }
    let wanted = call.filled("containers").unwrap_or("*").to_owned();
    each(call, &objects, env, "env updated", |spec| {
        for container in containers(spec, &wanted) {
            let mut list = list_at(container, "env").to_vec();
            let mut put = |variable: Value| match list.iter_mut().find(|e| e["name"] == variable["name"]) {
                Some(old) => *old = variable,
                None => list.push(variable),
            };
            for word in &words {
                if let Some((key, value)) = pair(word) {
                    put(json!({"name": key, "value": value}));
                }
            }
            sourced.iter().cloned().for_each(&mut put);
            list.retain(|e| !words.iter().any(|w| w.strip_suffix('-').is_some_and(|k| !w.contains('=') && str_at(e, "name") == Some(k))));
            if list.is_empty() {
                crate::api::object::remove(container, "env");
            } else {
                container["env"] = json!(list);
            }
        }
        Ok(())
    })
}

fn amounts(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.filled("limits").is_none() && call.filled("requests").is_none() {
        return Err(Failure::error("you must specify an update to requests or limits (in the form of --requests/--limits)"));
    }
    let wanted = call.filled("containers").unwrap_or("*").to_owned();
    let objects = call.args.clone();
    let groups: Vec<(&str, String)> = ["limits", "requests"].iter().filter_map(|g| Some((*g, call.filled(g)?.to_owned()))).collect();
    each(call, &objects, env, "resource requirements updated", |spec| {
        let found = containers(spec, &wanted);
        if found.is_empty() {
            return Err(Failure::error(format!("unable to find container named {wanted}")));
        }
        for container in found {
            for (group, text) in &groups {
                for part in text.split(',') {
                    let (resource, amount) =
                        pair(part).ok_or_else(|| Failure::error(format!("invalid argument syntax {part}, expected <resource>=<value>")))?;
                    crate::api::object::set(container, &format!("resources.{group}.{resource}"), json!(amount));
                }
            }
        }
        Ok(())
    })
}

fn account(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some((account, objects)) = call.args.split_last() else { return Err(Failure::error("serviceaccount is required")) };
    each(call, objects, env, "serviceaccount updated", |spec| {
        spec["serviceAccountName"] = json!(account);
        spec["serviceAccount"] = json!(account);
        Ok(())
    })
}

fn selector(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, words) = split(call);
    let request = resources::request(call, &objects, env, Rules { type_alone: false, all_flag: true })?;
    let dry = call.dry_run(env)?;
    let mut map = json!({});
    for (key, value) in words.iter().flat_map(|w| w.split(',')).filter_map(pair) {
        map[key] = json!(value);
    }
    for (kind, o) in request.fetch_all(env)? {
        let mut after = o.as_ref().clone();
        after["spec"]["selector"] = map.clone();
        if kind.kind != "Service" {
            return Err(Failure::error("setting a selector is only supported for Services"));
        }
        let after = env.update(kind, namespace(&o), after, &write_options("kubectl-set", dry != DryRun::None))?;
        print_done(call, env, kind, &after, &format!("selector updated{}", dry.suffix()))?;
    }
    Ok(DONE)
}
