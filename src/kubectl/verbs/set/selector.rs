//! `kubectl set selector`.

use std::rc::Rc;

use crate::api::Value;
use crate::api::object::{self, namespace};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::jsonpath::{go_show, show};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::selector;

/// The last argument is the selector, whatever it looks like (`getResourcesAndSelector`).
pub fn selector(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some((text, objects)) = call.args.split_last() else { return Err(Failure::error("one selector is required")) };
    let selector = selector::parse(text).map_err(Failure::error)?;
    let value = selector::to_value(&selector);
    let expressions: Vec<String> = object::list_at(&value, "matchExpressions")
        .iter()
        .map(|e| format!("{{{} {} {}}}", show(&e["key"]), show(&e["operator"]), go_show(e.get("values").unwrap_or(&Value::Array(Vec::new())))))
        .collect();
    if !expressions.is_empty() {
        return Err(Failure::error(format!("match expression [{}] not supported on this object", expressions.join(" "))));
    }
    let map = value["matchLabels"].clone();
    let request = resources::request(
        call,
        objects,
        env,
        Rules { all_flag: objects.len() < 2 && !objects.iter().any(|o| o.contains('/')), ..Rules::default() },
    )?;
    let dry = call.dry_run(env)?;
    for (kind, o) in request.fetch_all(env)? {
        let mut after = o.as_ref().clone();
        after["spec"]["selector"] = map.clone();
        if kind.kind != "Service" {
            return Err(Failure::error("setting a selector is only supported for Services"));
        }
        let after = match dry == DryRun::Client || request.local {
            true => Rc::new(after),
            false => env.update(kind, namespace(&o), after, &write_options("kubectl-set", dry == DryRun::Server))?,
        };
        print_done(call, env, kind, &after, &format!("selector updated{}", dry.suffix()))?;
    }
    Ok(DONE)
}
