//! ControllerRevisions: which templates a DaemonSet or StatefulSet has had. Models `pkg/controller/history`.
//!
//! Deviation: the data lacks the directive `$patch: replace` of the real ones.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::owned::{Owned, delete, make, put, reference};
use super::rollout::template;
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Context;

/// How many old revisions stay, where the set does not say.
const LIMIT: i64 = 10;

/// Makes the revision of the set's template the newest one, and gives all that there are, from the oldest to the newest. `label` is what the
/// revision carries besides the template's labels.
pub fn keep(set: &Value, name: &str, label: (&str, &str), owned: &Owned, ctx: &mut Context) -> Result<Vec<Rc<Value>>, Status> {
    let mut all: Vec<Rc<Value>> = owned.claim(set, kinds::CONTROLLER_REVISION, ctx)?;
    let others = all.iter().filter(|r| object::name(r) != name);
    let newest = others.map(|r| number(r)).max().unwrap_or(0);
    let place = all.iter().position(|r| object::name(r) == name);
    let current = match place.map(|at| all.remove(at)) {
        Some(existing) if number(&existing) < newest => {
            let mut new = (*existing).clone();
            new["revision"] = json!(newest + 1);
            put(ctx, kinds::CONTROLLER_REVISION, new, "")?.object
        }
        Some(existing) => existing,
        None => {
            let mut labels = object::map_at(set, "spec.template.metadata.labels").cloned().unwrap_or_default();
            labels.insert(label.0.into(), json!(label.1));
            let mut revision = json!({"metadata": {"name": name, "labels": labels, "ownerReferences": [reference(set)]},
                "revision": newest + 1, "data": {"spec": {"template": template(set)}}});
            if let Some(notes) = object::at(set, "metadata.annotations") {
                revision["metadata"]["annotations"] = notes.clone();
            }
            make(ctx, kinds::CONTROLLER_REVISION, object::namespace(set), revision)?
        }
    };
    all.push(current);
    all.order_by_key(|r| number(r));
    Ok(all)
}

fn number(revision: &Value) -> i64 {
    object::i64_at(revision, "revision").unwrap_or(0)
}

/// Removes the oldest of those that nobody has any more, beyond the set's limit. A DaemonSet counts those in use as well (`cleanupHistory`), a
/// StatefulSet does not (`truncateHistory`).
pub fn trim(set: &Value, old: Vec<Rc<Value>>, counts_live: bool, is_live: &dyn Fn(&Value) -> bool, ctx: &mut Context) -> Result<(), Status> {
    let limit = object::i64_at(set, "spec.revisionHistoryLimit").unwrap_or(LIMIT).max(0) as usize;
    let count = old.len();
    let idle: Vec<Rc<Value>> = old.into_iter().filter(|r| !is_live(r)).collect();
    let surplus = (if counts_live { count } else { idle.len() }).saturating_sub(limit);
    for revision in idle.iter().take(surplus) {
        delete(ctx, kinds::CONTROLLER_REVISION, revision)?;
    }
    Ok(())
}
