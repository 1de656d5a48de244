//! Models `pkg/controller/garbagecollector`: what belongs to nobody any more goes. Deviation: owners are found in the store itself, without a graph
//! that could be behind.

use super::Synced;
use super::owned::{Owned, delete, lives, put, without_owner};
use crate::api::{SimTime, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{DeleteOptions, Key, Propagation};
use crate::cluster::throttle::Throttle;

/// When the collector may remove one more object. Its client may ask twice as often as those of others (`startGarbageCollectorController`), and asks twice:
/// it looks at an object before it removes it.
#[derive(Clone, Debug)]
pub struct Client(Throttle);

impl Default for Client {
    fn default() -> Self {
        Self(Throttle::new(20, 15))
    }
}

impl Client {
    /// Counts an object that will be removed as soon as it may be; gives after how many milliseconds that is.
    pub fn reserve(&mut self, now: SimTime) -> u64 {
        let wait = self.0.wait(now);
        self.0.spend(1, now);
        wait
    }
}

#[inline(never)]
pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(stored) = ctx.api.at(key).cloned() else { return Ok(None) };
    let finalizers = object::list_at(&stored, "metadata.finalizers");
    let has = |name: &str| finalizers.iter().any(|f| f.as_str() == Some(name));
    if object::is_deleting(&stored) && has("orphan") {
        let uid = object::uid(&stored).to_owned();
        let dependents: Vec<Key> = owned.dependents(&uid).cloned().collect();
        for dependent in dependents {
            let Some(object) = ctx.api.at(&dependent).cloned() else { continue };
            let new = without_owner(&object, &uid);
            put(ctx, dependent.kind, new, "")?;
        }
        return drop_finalizer(key, "orphan", ctx);
    }
    if object::is_deleting(&stored) && has("foregroundDeletion") {
        let mut waits = false;
        let dependents: Vec<Key> = owned.dependents(object::uid(&stored)).cloned().collect();
        for dependent in dependents {
            let Some(object) = ctx.api.at(&dependent).cloned() else { continue };
            let blocks = object::list_at(&object, "metadata.ownerReferences")
                .iter()
                .any(|r| object::str_at(r, "uid") == Some(object::uid(&stored)) && object::bool_at(r, "blockOwnerDeletion") == Some(true));
            waits |= blocks;
            if !object::is_deleting(&object) {
                let options = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
                let options = if dependent.kind == kinds::POD { DeleteOptions::default() } else { options };
                let (api, mut caller) = ctx.api();
                api.delete(&mut caller, &dependent, options)?;
            }
        }
        return if waits { Ok(Some(100)) } else { drop_finalizer(key, "foregroundDeletion", ctx) };
    }
    let owners = object::list_at(&stored, "metadata.ownerReferences");
    if owners.is_empty() || object::is_deleting(&stored) {
        return Ok(None);
    }
    let (there, gone): (Vec<&Value>, Vec<&Value>) = owners.iter().partition(|owner| lives(owner, &key.namespace, ctx));
    if there.is_empty() {
        delete(ctx, key.kind, &stored)?;
    } else if let Some(uid) = gone.first().and_then(|owner| object::str_at(owner, "uid")) {
        put(ctx, key.kind, without_owner(&stored, uid), "")?;
        return Ok(Some(0));
    }
    Ok(None)
}

fn drop_finalizer(key: &Key, name: &str, ctx: &mut Context) -> Synced {
    let Some(stored) = ctx.api.at(key).cloned() else { return Ok(None) };
    let mut new = (*stored).clone();
    let keep: Vec<Value> = object::list_at(&stored, "metadata.finalizers").iter().filter(|f| f.as_str() != Some(name)).cloned().collect();
    object::set(&mut new, "metadata.finalizers", json!(keep));
    put(ctx, key.kind, new, "")?;
    Ok(None)
}
