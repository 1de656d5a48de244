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

/// Makes the revision of the set's template the newest one. `label` is what the revision carries besides the template's labels; revisions that
/// Pods still have are kept, and of the others the newest.
pub fn keep(set: &Value, name: &str, label: (&str, &str), is_live: &dyn Fn(&str) -> bool, owned: &Owned, ctx: &mut Context) -> Result<(), Status> {
    let mut all: Vec<Rc<Value>> = owned.of_kind(set, kinds::CONTROLLER_REVISION, ctx);
    let number = |revision: &Value| object::i64_at(revision, "revision").unwrap_or(0);
    let newest = all.iter().map(|r| number(r)).max().unwrap_or(0);
    let space = object::namespace(set).to_owned();
    match ctx.api.get(kinds::CONTROLLER_REVISION, &space, name).cloned() {
        Some(existing) if number(&existing) < newest => {
            let mut new = (*existing).clone();
            new["revision"] = json!(newest + 1);
            put(ctx, kinds::CONTROLLER_REVISION, new, "")?;
        }
        Some(_) => {}
        None => {
            let mut labels = object::map_at(set, "spec.template.metadata.labels").cloned().unwrap_or_default();
            labels.insert(label.0.into(), json!(label.1));
            let revision = json!({"metadata": {"name": name, "labels": labels, "ownerReferences": [reference(set)]},
                "revision": newest + 1, "data": {"spec": {"template": template(set)}}});
            make(ctx, kinds::CONTROLLER_REVISION, &space, revision)?;
        }
    }
    all.retain(|r| object::name(r) != name && !is_live(object::name(r)));
    all.order_by_key(|r| number(r));
    let limit = object::i64_at(set, "spec.revisionHistoryLimit").unwrap_or(LIMIT).max(0) as usize;
    let surplus = all.len().saturating_sub(limit);
    for old in &all[..surplus] {
        delete(ctx, kinds::CONTROLLER_REVISION, old)?;
    }
    Ok(())
}
