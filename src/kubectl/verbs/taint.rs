//! `kubectl taint`.

use crate::api::object::{list_at, name, str_at};
use crate::api::{Value, json, kinds};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::selector::value_problem;

pub const VERB: Verb = Verb::new(
    "taint",
    "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
    "overwrite all selector,l:s dry-run=unchanged output,o:s field-manager:s validate=strict @show",
    "Update the taints on one or more nodes.",
    run,
);

#[derive(Clone, PartialEq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

/// What shall be added and what removed. Models `parseTaints` of `kubectl/pkg/cmd/taint/utils.go`.
fn parse(call: &Call, words: &[String]) -> Result<(Vec<Taint>, Vec<Taint>), Failure> {
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for word in words {
        let removing = word.ends_with('-');
        let text = word.strip_suffix('-').unwrap_or(word);
        let bad = |why: &str| call.usage(format!("invalid taint spec: {text}{}{why}", if why.is_empty() { "" } else { ", " }));
        let parts: Vec<&str> = text.split(':').collect();
        let (left, effect) = match parts[..] {
            [left] if removing => (left, ""),
            [left] => (left, "?"),
            [left, effect] => (left, effect),
            _ => return Err(bad("")),
        };
        if !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute" | "" | "?") || effect.is_empty() && !removing {
            return Err(call.usage(format!("invalid taint effect: {effect}, unsupported taint effect")));
        }
        let (key, value) = match left.split('=').collect::<Vec<_>>()[..] {
            [key] => (key, ""),
            [key, value] => (key, value),
            _ => return Err(bad("")),
        };
        if let Some(why) = value_problem(value).filter(|_| !value.is_empty()) {
            return Err(bad(&why));
        }
        let problems = key_problems(key);
        if !problems.is_empty() {
            return Err(bad(&problems.join("; ")));
        }
        // What has a value but no effect.
        if effect == "?" {
            return Err(bad(NAME_RULE));
        }
        let taint = Taint { key: key.into(), value: value.into(), effect: effect.into() };
        if !removing && add.iter().any(|a: &Taint| a.key == taint.key && a.effect == taint.effect) {
            let (key, value, effect) = (&taint.key, &taint.value, &taint.effect);
            return Err(call.usage(format!("duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}")));
        }
        if removing { remove.push(taint) } else { add.push(taint) }
    }
    let both: Vec<String> = add
        .iter()
        .filter(|a| remove.iter().any(|r| r.key == a.key && (r.effect == a.effect || r.effect.is_empty())))
        .map(|a| format!("{}={}", a.key, remove.iter().find(|r| r.key == a.key).map_or("", |r| &r.effect)))
        .collect();
    if !both.is_empty() {
        return Err(Failure::error(format!("can not both modify and remove the following taint(s) in the same command: {}", both.join(","))));
    }
    Ok((add, remove))
}

const NAME_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// `IsQualifiedName`, as far as the name part goes.
fn key_problems(key: &str) -> Vec<&'static str> {
    let name = key.rsplit('/').next().unwrap_or("");
    let mut problems = Vec::new();
    if name.is_empty() {
        problems.push("name part must be non-empty");
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = |c: char| c.is_ascii_alphanumeric();
    if !(name.starts_with(ends) && name.ends_with(ends) && name.chars().all(plain)) {
        problems.push(NAME_RULE);
    }
    problems
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let at = call.args.iter().position(|a| a.contains('=') || a.contains(':') || a.ends_with('-')).unwrap_or(call.args.len());
    let (objects, words) = call.args.split_at(at);
    if objects.is_empty() {
        return Err(Failure::error("one or more resources must be specified as <resource> <name>"));
    }
    if words.is_empty() {
        return Err(Failure::error("at least one taint update is required"));
    }
    if crate::api::Kind::by_name(&objects[0]).is_none() {
        return Err(Failure::raw(format!("the server doesn't have a resource type {:?}\n", objects[0]), 1));
    }
    if crate::api::Kind::by_name(&objects[0]) != Some(kinds::NODE) {
        return Err(Failure::error(format!("invalid resource type {}, only node types are supported", objects[0])));
    }
    let (add, remove) = parse(call, words)?;
    let dry = call.dry_run(env)?;
    let request = resources::request(call, objects, env, Rules::NAMES)?;
    for (kind, o) in request.fetch_all(env)? {
        let text = |t: &Value, path: &str| str_at(t, path).unwrap_or("").to_owned();
        let mut taints: Vec<Value> = list_at(&o, "spec.taints").to_vec();
        let over = add.iter().any(|a| taints.iter().any(|t| text(t, "key") == a.key && text(t, "effect") == a.effect));
        if !call.is("overwrite") {
            let taken: Vec<&str> = add
                .iter()
                .filter(|a| taints.iter().any(|t| text(t, "key") == a.key && text(t, "effect") == a.effect))
                .map(|a| a.key.as_str())
                .collect();
            if !taken.is_empty() {
                return Err(Failure::error(format!(
                    "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                    name(&o),
                    taken.join(", ")
                )));
            }
        }
        for gone in &remove {
            let before = taints.len();
            taints.retain(|t| !(text(t, "key") == gone.key && (gone.effect.is_empty() || text(t, "effect") == gone.effect)));
            if taints.len() == before {
                let what = if gone.effect.is_empty() { gone.key.clone() } else { format!("{}:{}", gone.key, gone.effect) };
                return Err(Failure::error(format!("taint {what:?} not found")));
            }
        }
        for new in &add {
            taints.retain(|t| !(text(t, "key") == new.key && text(t, "effect") == new.effect));
            let mut value = json!({"effect": new.effect, "key": new.key});
            if !new.value.is_empty() {
                value["value"] = json!(new.value);
            }
            taints.insert(0, value);
        }
        let did = match (add.is_empty(), remove.is_empty()) {
            (false, true) if !over => "tainted",
            (true, false) => "untainted",
            _ => "modified",
        };
        let value = if taints.is_empty() { Value::Null } else { json!(taints) };
        let after = if dry == DryRun::Client {
            o.clone()
        } else {
            env.patch(
                &Key::new(kind, "", name(&o)),
                &json!({"spec": {"taints": value}}),
                PatchKind::Merge,
                &write_options("kubectl-taint", dry == DryRun::Server),
            )?
        };
        print_done(call, env, kind, &after, did)?;
    }
    Ok(DONE)
}
