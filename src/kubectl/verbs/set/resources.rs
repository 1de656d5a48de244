//! `kubectl set resources | serviceaccount`.

use super::template::{containers, each};
use crate::api::{json, object};
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::verbs::create::pair;

pub fn amounts(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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
                    object::set(container, &format!("resources.{group}.{resource}"), json!(amount));
                }
            }
        }
        Ok(())
    })
}

pub fn account(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some((account, objects)) = call.args.split_last() else { return Err(Failure::error("serviceaccount is required")) };
    each(call, objects, env, "serviceaccount updated", |spec| {
        spec["serviceAccountName"] = json!(account);
        spec["serviceAccount"] = json!(account);
        Ok(())
    })
}
