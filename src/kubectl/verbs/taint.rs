//! `kubectl taint`.

use crate::api::object::{list_at, name, str_at};
use crate::api::{Value, json, kinds};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

pub const VERB: Verb = Verb::new(
    "taint",
    "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
    "overwrite all selector,l:s dry-run=unchanged output,o:s field-manager:s validate=strict template:s show-managed-fields",
    "Update the taints on one or more nodes.",
    run,
);

#[derive(Clone, PartialEq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

/// What shall be added and what removed.
fn parse(words: &[String]) -> Result<(Vec<Taint>, Vec<Taint>), Failure> {
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for word in words {
        let removing = word.ends_with('-');
        let text = word.trim_end_matches('-');
        let (left, effect) = text.rsplit_once(':').map_or((text, ""), |(l, e)| (l, e));
        let (key, value) = left.split_once('=').unwrap_or((left, ""));
        let taint = Taint { key: key.into(), value: value.into(), effect: effect.into() };
        let known = matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute");
        if !known && !(removing && effect.is_empty()) {
            if text.contains(':') {
                return Err(Failure::error(format!("invalid taint effect: {effect}, unsupported taint effect")));
            }
            return Err(Failure::error(format!("invalid taint spec: {word}")));
        }
        if removing { remove.push(taint) } else { add.push(taint) }
    }
    Ok((add, remove))
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
    if crate::api::Kind::by_name(objects[0].split('/').next().unwrap_or("")) != Some(kinds::NODE) {
        return Err(Failure::error(format!("invalid resource type {}, only node types are supported", objects[0])));
    }
    let (add, remove) = parse(words)?;
    let dry = call.dry_run(env)?;
    let request = resources::request(call, objects, env, Rules { type_alone: false, all_flag: true })?;
    for (kind, o) in request.fetch_all(env)? {
        let text = |t: &Value, path: &str| str_at(t, path).unwrap_or("").to_owned();
        let mut taints: Vec<Value> = list_at(&o, "spec.taints").to_vec();
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
            (false, true) => "tainted",
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
        print_done(call, env, kind, &after, &format!("{did}{}", dry.suffix()))?;
    }
    Ok(DONE)
}
