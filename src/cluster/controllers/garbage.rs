//! Models `pkg/controller/garbagecollector`: what belongs to nobody any more goes. Deviation: owners are found in the store itself, without a graph
//! that could be behind.

use super::Synced;
use super::owned::{Owned, delete, put};
use crate::api::{Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{DeleteOptions, Key, Propagation};

pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(stored) = ctx.api.at(key).cloned() else { return Ok(None) };
    let finalizers = object::list_at(&stored, "metadata.finalizers");
    let has = |name: &str| finalizers.iter().any(|f| f.as_str() == Some(name));
    if object::is_deleting(&stored) && has("orphan") {
        let uid = object::uid(&stored).to_owned();
        let dependents: Vec<Key> = owned.dependents(&uid).cloned().collect();
        for dependent in dependents {
            let Some(object) = ctx.api.at(&dependent).cloned() else { continue };
            let mut new = (*object).clone();
            let keep: Vec<Value> =
                object::list_at(&object, "metadata.ownerReferences").iter().filter(|r| object::str_at(r, "uid") != Some(&uid)).cloned().collect();
            object::set(&mut new, "metadata.ownerReferences", Value::Array(keep));
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
    let lives = |owner: &Value| {
        let kind = crate::api::Kind::find(object::str_at(owner, "apiVersion").unwrap_or(""), object::str_at(owner, "kind").unwrap_or(""));
        kind.is_none_or(|kind| {
            let found = ctx.api.get(kind, &key.namespace, object::str_at(owner, "name").unwrap_or(""));
            found.is_some_and(|o| object::str_at(owner, "uid") == Some(object::uid(o)))
        })
    };
    if !owners.iter().any(lives) {
        delete(ctx, key.kind, &stored)?;
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
