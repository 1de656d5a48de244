//! `kubectl apply` as kubectl itself computes it: a three-way patch against the last applied configuration.

use std::rc::Rc;

use super::{LAST_APPLIED, Validation, describe_target, file, placed, with_last_applied};
use crate::api::{Map, Value, json, object};
use crate::cluster::apiserver::{DeleteOptions, Key, PatchKind, Propagation, patched};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{Env, Failure, write_options};
use crate::kubectl::resources::Named;
use crate::kubectl::verbs::create;
use crate::kubectl::{json as json_text, merge};

pub fn client_apply(call: &Call, one: &Named, dry: DryRun, validate: Validation, env: &mut Env) -> Result<(Rc<Value>, &'static str), Failure> {
    let (read, source) = file(one);
    let value = placed(one);
    if one.name.is_empty() {
        if let Some(prefix) = object::str_at(&value, "metadata.generateName").filter(|p| !p.is_empty()) {
            return Err(Failure::error(format!("from {prefix}: cannot use generate name with apply")));
        }
        return Err(Failure::error(format!(
            "error when retrieving current configuration of:\n{}\nfrom server for: {source:?}: resource name may not be empty",
            describe_target(one)
        )));
    }
    let wanted = with_last_applied(&value);
    let mut options = write_options("kubectl-client-side-apply", dry == DryRun::Server);
    let Some(current) = env.get(one.kind, &one.namespace, &one.name) else {
        if dry == DryRun::Client {
            return Ok((Rc::new(wanted), "created"));
        }
        options.root = create::strict_root(read, validate);
        let created = create::send(one.kind, &one.namespace, wanted, read, validate, &options, env);
        return created.map(|o| (o, "created")).map_err(|status| Failure::when("creating", &source, status));
    };
    let annotation = object::map_at(&current, "metadata.annotations").and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
    if annotation.is_none() {
        env.err(format!(
            "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
            one.kind.plural, one.name
        ));
    }
    let original: Value = annotation.and_then(crate::yaml::json_value).unwrap_or_else(|| json!({}));
    let mut patch = merge::three_way(one.kind, &original, &wanted, &current);
    if patch.as_object().is_none_or(Map::is_empty) {
        return Ok((current, "unchanged"));
    }
    if validate != Validation::Strict {
        for field in merge::prune(one.kind, &mut patch) {
            if validate == Validation::Warn {
                env.err(format!("Warning: unknown field {field:?}\n"));
            }
        }
    }
    if patch.as_object().is_none_or(Map::is_empty) {
        return Ok((current, "configured"));
    }
    if dry == DryRun::Client {
        return Ok((Rc::new(patched(one.kind, &current, &patch, PatchKind::Strategic)?), "configured"));
    }
    let key = Key::new(one.kind, &one.namespace, &one.name);
    match env.patch(&key, &patch, PatchKind::Strategic, &options) {
        Ok(object) => Ok((object, "configured")),
        Err(status) if call.is("force") && matches!(status.reason.as_str(), "Invalid" | "Conflict") => {
            // `deleteAndCreate` of `patcher.go`, whose patience is `--timeout`: none as a rule, so that what needs its grace is deleted and not made again.
            let grace = call.int("grace-period").filter(|grace| *grace >= 0);
            env.delete(&key, DeleteOptions { grace_seconds: grace, propagation: Some(Propagation::Background), ..DeleteOptions::default() })?;
            if env.get(one.kind, &one.namespace, &one.name).is_some() {
                return Err(Failure::error(unpatched(&(json_text::compact(&wanted) + "\n"), one, &source, "context deadline exceeded")));
            }
            let created = create::send(one.kind, &one.namespace, wanted, read, validate, &options, env);
            created.map(|o| (o, "configured")).map_err(|status| Failure::when("creating", &source, status))
        }
        Err(mut status) => {
            // `The … is invalid` is printed from its causes alone.
            if status.reason != "Invalid" {
                status.message = unpatched(&json_text::compact(&patch), one, &source, &status.message);
            }
            Err(status.into())
        }
    }
}

fn unpatched(patch: &str, one: &Named, source: &str, why: &str) -> String {
    format!("error when applying patch:\n{patch}\nto:\n{}\nfor: {source:?}: {why}", describe_target(one))
}
