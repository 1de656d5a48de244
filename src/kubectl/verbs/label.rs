//! `kubectl label`, and what it shares with `annotate`.

use std::rc::Rc;

use crate::api::object::{map_at, name, namespace};
use crate::api::{Kind, Map, Value, json};
use crate::cluster::apiserver::{Key, PatchKind, patched};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::selector::value_problem;

pub const FLAGS: &str = "overwrite list all selector,l:s field-selector:s all-namespaces,A @files output,o:s dry-run=unchanged local resource-version:s field-manager:s @show \
    record";

pub const VERB: Verb = Verb::new(
    "label",
    "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
    FLAGS,
    "Update the labels on a resource.",
    run,
);

/// The objects and the changes of an argument list: what follows the first `key=value` or `key-` is changes.
fn split(call: &Call) -> (Vec<String>, Vec<String>) {
    let is_change = |a: &String| a.contains('=') && !a.starts_with('=') || a.ends_with('-') && a.len() > 1;
    let at = call.args.iter().position(is_change).unwrap_or(call.args.len());
    (call.args[..at].to_vec(), call.args[at..].to_vec())
}

/// What shall be set and what removed.
struct Changes {
    set: Vec<(String, String)>,
    removed: Vec<String>,
}

fn changes(words: &[String], noun: &str) -> Result<Changes, Failure> {
    let mut out = Changes { set: Vec::new(), removed: Vec::new() };
    for word in words {
        if let Some((key, value)) = word.split_once('=').filter(|(k, _)| !k.is_empty()) {
            if noun == "label" && value.contains('=') {
                return Err(Failure::error(format!("invalid label spec: {word}")));
            }
            if noun == "label"
                && let Some(problem) = value_problem(value)
            {
                return Err(Failure::error(format!("invalid label value: {word:?}: {problem}")));
            }
            out.set.push((key.into(), value.into()));
        } else if let Some(key) = word.strip_suffix('-').filter(|k| !k.is_empty()) {
            out.removed.push(key.into());
        } else if noun == "label" {
            return Err(Failure::error(format!("unknown label spec: {word}")));
        } else {
            return Err(Failure::error(format!("invalid annotation format: {word}")));
        }
    }
    if out.set.iter().any(|(key, _)| out.removed.contains(key)) {
        let both: Vec<&str> = out.set.iter().map(|(key, _)| key.as_str()).filter(|key| out.removed.iter().any(|r| r == key)).collect();
        return Err(Failure::error(if noun == "label" {
            "can not both modify and remove a label in the same command".to_owned()
        } else {
            format!("can not both modify and remove the following annotation(s) in the same command: {}", both.join(","))
        }));
    }
    Ok(out)
}

/// `--resource-version` goes along with the patch, so that the server compares it.
fn metadata_patch(call: &Call, field: &str, values: Map<String, Value>, objects: usize) -> Result<Value, Failure> {
    let mut patch = json!({"metadata": {field: values}});
    if let Some(version) = call.filled("resource-version") {
        if objects > 1 {
            return Err(Failure::error("--resource-version may only be used with a single resource"));
        }
        patch["metadata"]["resourceVersion"] = json!(version);
    }
    Ok(patch)
}

/// `--list`: the pairs of an object as they are or would be; nothing is sent.
fn list(kind: &Kind, o: &Value, field: &str, several: bool, env: &mut Env) {
    if several {
        env.out(format!("Listing {field} for {}.{}/{}:\n", kind.kind, kind.group, name(o)));
    }
    for (key, value) in map_at(o, &format!("metadata.{field}")).into_iter().flatten() {
        env.out(format!("{}{key}={}\n", if several { " " } else { "" }, value.as_str().unwrap_or("")));
    }
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    change(call, env, "label")
}

/// `kubectl label` and `kubectl annotate`: the two differ in their words, and in what they do with values that stand there already.
pub fn change(call: &Call, env: &mut Env, noun: &str) -> Result<Flow, Failure> {
    let (is_label, field) = (noun == "label", &format!("{noun}s"));
    let (objects, words) = split(call);
    if objects.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if words.is_empty() && !call.is("list") {
        return Err(Failure::error(format!("at least one {noun} update is required")));
    }
    if call.is("all") && call.filled("selector").is_some() {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    let changes = changes(&words, noun)?;
    let dry = call.dry_run(env)?;
    let request = resources::request(call, &objects, env, Rules::NAMES)?;
    let (found, mut failures) = request.fetch(env)?;
    let count = found.len();
    for (kind, o) in found {
        let empty = Map::new();
        let have = map_at(&o, &format!("metadata.{field}")).unwrap_or(&empty);
        let value = |key: &str| have.get(key).and_then(Value::as_str);
        if !call.is("overwrite") {
            let why = if is_label { ", and --overwrite is false" } else { "" };
            let taken: Vec<String> = (changes.set.iter())
                .filter_map(|(k, v)| Some(format!("'{k}' already has a value ({}){why}", value(k).filter(|h| h != v)?)))
                .collect();
            if !taken.is_empty() {
                failures.push(Failure::error(match taken.as_slice() {
                    _ if !is_label => format!("--overwrite is false but found the following declared annotation(s): {}", taken.join("; ")),
                    [one] => one.clone(),
                    _ => format!("[{}]", taken.join(", ")),
                }));
                continue;
            }
        }
        if is_label {
            for key in changes.removed.iter().filter(|k| !have.contains_key(k)) {
                env.out(format!("label {key:?} not found.\n"));
            }
        }
        let set: Vec<&(String, String)> = changes.set.iter().filter(|(k, v)| !is_label || value(k) != Some(v)).collect();
        let removed: Vec<&String> = changes.removed.iter().filter(|k| have.contains_key(k)).collect();
        let did = match (set.is_empty(), removed.is_empty()) {
            _ if !is_label => "annotated",
            (true, true) => "not labeled",
            (false, true) => "labeled",
            (true, false) => "unlabeled",
            (false, false) => "modified",
        };
        let mut values = Map::new();
        values.extend(set.iter().map(|(k, v)| (k.clone(), json!(v))));
        values.extend(removed.iter().map(|k| ((*k).clone(), Value::Null)));
        let unchanged = values.is_empty();
        let patch = metadata_patch(call, field, values, count)?;
        let here = dry == DryRun::Client || request.local || call.is("list");
        let result = if unchanged {
            Ok(o.clone())
        } else if here {
            patched(kind, &o, &patch, PatchKind::Merge).map(Rc::new)
        } else {
            let key = Key::new(kind, namespace(&o), name(&o));
            let manager = if is_label { "kubectl-label" } else { "kubectl-annotate" };
            env.patch(&key, &patch, PatchKind::Merge, &write_options(manager, dry == DryRun::Server))
        };
        match result {
            Ok(o) if call.is("list") => list(kind, &o, field, count > 1, env),
            Ok(o) => print_done(call, env, kind, &o, &format!("{did}{}", dry.suffix()))?,
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
