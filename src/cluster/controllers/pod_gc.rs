//! Models `pkg/controller/podgc`: Pods of nodes that are gone, and ended Pods when there are too many.
//!
//! Deviation: 200 ended Pods are kept (`--terminated-pod-gc-threshold` is 12500), so that a browser can hold them.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::Synced;
use super::owned::{is_finished, put};
use crate::api::{Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{DeleteOptions, Key, set_condition};

/// It looks this often.
pub const PERIOD_MS: u64 = 20_000;
/// A node must be gone for so long.
pub const QUARANTINE_MS: u64 = 40_000;
const MOST_ENDED: usize = 200;

/// What the look for ended Pods is queued as.
pub fn ended_pods() -> Key {
    Key::new(kinds::NODE, "", "")
}

/// `key` is a node that went, or [`ended_pods`].
#[inline(never)]
pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    if key.name.is_empty() {
        let mut ended: Vec<Rc<Value>> = ctx.api.list(kinds::POD, None).filter(|p| is_finished(p) && !object::is_deleting(p)).cloned().collect();
        ended.order_by_key(|p| object::str_at(p, "metadata.creationTimestamp").unwrap_or("").to_owned());
        let surplus = ended.len().saturating_sub(MOST_ENDED);
        for pod in &ended[..surplus] {
            force_delete(pod, ctx);
        }
        return Ok(None);
    }
    if ctx.api.at(key).is_some() {
        return Ok(None);
    }
    let here: Vec<Rc<Value>> = ctx.api.list(kinds::POD, None).filter(|p| object::str_at(p, "spec.nodeName") == Some(&key.name)).cloned().collect();
    for pod in here {
        if !is_finished(&pod) {
            let mut new = (*pod).clone();
            new["status"]["phase"] = json!("Failed");
            let condition = json!({"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists", "lastProbeTime": null, "lastTransitionTime": ctx.now.rfc3339(),
                "observedGeneration": object::i64_at(&pod, "metadata.generation").unwrap_or(1)});
            set_condition(&mut new, condition);
            put(ctx, kinds::POD, new, "status")?;
        }
        force_delete(&pod, ctx);
    }
    Ok(None)
}

/// What cannot be deleted now is found again by the next look.
fn force_delete(pod: &Value, ctx: &mut Context) {
    let key = Key::new(kinds::POD, object::namespace(pod), object::name(pod));
    let (api, mut caller) = ctx.api();
    drop(api.delete(&mut caller, &key, DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() }));
}
