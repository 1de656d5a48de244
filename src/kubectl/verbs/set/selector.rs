//! `kubectl set selector`.

use super::split;
use crate::api::json;
use crate::api::object::namespace;
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::verbs::create::pair;

pub fn selector(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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
