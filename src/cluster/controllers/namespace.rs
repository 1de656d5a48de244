//! Models `pkg/controller/namespace` and the ServiceAccount controller: what a new namespace gets, and how one empties. Deviation: it empties kind by
//! kind as the store has them, not by discovery.

use super::Synced;
use super::bootstrap::namespace_objects;
use super::owned::put;
use crate::api::{json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{DeleteOptions, Key};

pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    let Some(namespace) = ctx.api.at(key).cloned() else { return Ok(None) };
    if !object::is_deleting(&namespace) {
        namespace_objects(&key.name, ctx);
        return Ok(None);
    }
    let content: Vec<Key> = ctx.api.all().filter(|(k, _)| k.kind.namespaced && k.namespace == key.name).map(|(k, _)| k.clone()).collect();
    let mut left = 0;
    for inside in content {
        let going = ctx.api.at(&inside).is_some_and(|o| object::is_deleting(o));
        if !going {
            let (api, mut caller) = ctx.api();
            api.delete(&mut caller, &inside, DeleteOptions::default())?;
        }
        left += usize::from(ctx.api.at(&inside).is_some());
    }
    if left > 0 {
        return Ok(None);
    }
    let mut new = (*namespace).clone();
    object::set(&mut new, "spec.finalizers", json!([]));
    put(ctx, kinds::NAMESPACE, new, "finalize")?;
    Ok(None)
}
