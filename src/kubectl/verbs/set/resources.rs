//! `kubectl set resources | serviceaccount`.

use super::template::{containers, each};
use crate::api::{json, object};
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::verbs::create::pair;
use crate::manifest::scalars::check_quantity;

pub fn amounts(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.args.is_empty() && call.texts("filename").is_empty() {
        resources::request(call, &[], env, Rules::default())?;
    }
    if call.filled("limits").is_none() && call.filled("requests").is_none() {
        return Err(Failure::error("you must specify an update to requests or limits (in the form of --requests/--limits)"));
    }
    let wanted = call.filled("containers").unwrap_or("*").to_owned();
    let objects = call.args.clone();
    let groups: Vec<(&str, String)> = ["limits", "requests"].iter().filter_map(|g| Some((*g, call.filled(g)?.to_owned()))).collect();
    for part in groups.iter().flat_map(|(_, text)| text.split(',')) {
        let (_, amount) = pair(part).ok_or_else(|| Failure::error(format!("Invalid argument syntax {part}, expected <resource>=<value>")))?;
        check_quantity(amount).map_err(Failure::error)?;
    }
    each(call, &objects, env, "resource requirements updated", |spec, _, _| {
        let found = containers(spec, &wanted);
        if found.is_empty() {
            return Err(Failure::error(format!("error: unable to find container named {wanted}")));
        }
        for container in found {
            for (group, text) in &groups {
                for part in text.split(',') {
                    let Some((resource, amount)) = pair(part) else { continue };
                    object::set(container, &format!("resources.{group}.{resource}"), json!(amount));
                }
            }
        }
        Ok(())
    })
}

pub fn account(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some((account, objects)) = call.args.split_last() else { return Err(Failure::error("serviceaccount is required")) };
    each(call, objects, env, "serviceaccount updated", |spec, _, _| {
        spec["serviceAccountName"] = json!(account);
        spec["serviceAccount"] = json!(account);
        Ok(())
    })
}
