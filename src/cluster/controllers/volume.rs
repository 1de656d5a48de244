//! Models `pkg/controller/volume/persistentvolume`: claims are bound to volumes that somebody has made.
//!
//! Deviations: nothing is provisioned (there is no driver), volumes are neither recycled nor deleted, selectors of claims are not looked at.

use super::owned::{put, put_status};
use super::{Synced, say};
use crate::api::{Quantity, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "persistentvolume-controller";
/// `--pvclaimbinder-sync-period`: unbound claims are looked at anew.
const RESYNC_MS: u64 = 15_000;

/// Looks at a claim or a volume.
pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    let Some(thing) = ctx.api.at(key).cloned() else { return Ok(None) };
    if object::is_deleting(&thing) && !is_used(key, &thing, ctx) {
        return unprotect(key, &thing, ctx);
    }
    if key.kind == kinds::PERSISTENT_VOLUME {
        let phase = match thing.pointer("/spec/claimRef") {
            None => "Available",
            Some(claim) => {
                let text = |field| object::str_at(claim, field).unwrap_or("");
                let claimed = ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, text("namespace"), text("name"));
                if claimed.is_some_and(|c| object::uid(c) == text("uid")) { "Bound" } else { "Released" }
            }
        };
        put_status(ctx, key.kind, &thing, json!({"phase": phase}))?;
        return Ok((object::is_deleting(&thing) && phase != "Bound").then_some(0));
    }
    if object::is_deleting(&thing) || object::str_at(&thing, "status.phase") == Some("Bound") {
        return Ok(None);
    }
    put_status(ctx, key.kind, &thing, json!({"phase": "Pending"}))?;
    let class = object::str_at(&thing, "spec.storageClassName").unwrap_or("").to_owned();
    match best(&thing, &class, ctx) {
        Some(volume) => bind(key, volume, ctx),
        None => {
            let found = ctx.api.get(kinds::STORAGE_CLASS, "", &class);
            let waits = found.is_some_and(|c| object::str_at(c, "volumeBindingMode") == Some("WaitForFirstConsumer"));
            let (kind, reason, message) = match found {
                _ if class.is_empty() => {
                    ("Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set".to_owned())
                }
                None => ("Warning", "ProvisioningFailed", format!("storageclass.storage.k8s.io {class:?} not found")),
                Some(_) if waits => ("Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
                Some(found) => {
                    let driver = object::str_at(found, "provisioner").unwrap_or("");
                    let text = format!(
                        "Waiting for a volume to be created either by the external provisioner '{driver}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
                    );
                    ("Normal", "ExternalProvisioning", text)
                }
            };
            say(ctx, &thing, COMPONENT, kind, reason, &message);
            Ok(Some(RESYNC_MS))
        }
    }
}

/// The claims that a Pod uses.
pub fn claims(pod: &Value) -> Vec<String> {
    let volumes = object::list_at(pod, "spec.volumes");
    volumes.iter().filter_map(|volume| object::str_at(volume, "persistentVolumeClaim.claimName")).map(str::to_owned).collect()
}

/// Whether something keeps a claim or a volume from going (`pkg/controller/volume/{pvcprotection,pvprotection}`): a bound Pod, a bound claim.
fn is_used(key: &Key, thing: &Value, ctx: &Context) -> bool {
    if key.kind == kinds::PERSISTENT_VOLUME {
        return object::str_at(thing, "status.phase") == Some("Bound");
    }
    let uses = |pod: &Value| {
        let is_shut_down = object::is_deleting(pod) && object::i64_at(pod, "metadata.deletionGracePeriodSeconds") == Some(0);
        let is_bound = object::str_at(pod, "spec.nodeName").is_some_and(|node| !node.is_empty());
        is_bound && !is_shut_down && claims(pod).contains(&key.name)
    };
    ctx.api.list(kinds::POD, Some(&key.namespace)).any(|pod| uses(pod))
}

fn unprotect(key: &Key, thing: &Value, ctx: &mut Context) -> Synced {
    let mut new = thing.clone();
    let is_ours = |f: &Value| f == "kubernetes.io/pvc-protection" || f == "kubernetes.io/pv-protection";
    let keep: Vec<Value> = object::list_at(thing, "metadata.finalizers").iter().filter(|f| !is_ours(f)).cloned().collect();
    object::set(&mut new, "metadata.finalizers", json!(keep));
    if new != *thing {
        put(ctx, key.kind, new, "")?;
    }
    Ok(None)
}

/// The smallest volume that will do.
fn best(claim: &Value, class: &str, ctx: &Context) -> Option<Value> {
    let size = |v: &Value, path| object::str_at(v, path).and_then(Quantity::parse).map_or(0, Quantity::value);
    let asked = size(claim, "spec.resources.requests.storage");
    let modes = object::list_at(claim, "spec.accessModes");
    let named = object::str_at(claim, "spec.volumeName").unwrap_or("");
    let fits = |volume: &&std::rc::Rc<Value>| {
        let meant = match volume.pointer("/spec/claimRef") {
            None => true,
            Some(of) => object::str_at(of, "name") == Some(object::name(claim)) && object::str_at(of, "namespace") == Some(object::namespace(claim)),
        };
        meant
            && (named.is_empty() || named == object::name(volume))
            && object::str_at(volume, "spec.storageClassName").unwrap_or("") == class
            && size(volume, "spec.capacity.storage") >= asked
            && modes.iter().all(|m| object::list_at(volume, "spec.accessModes").contains(m))
    };
    let found = ctx.api.list(kinds::PERSISTENT_VOLUME, None).filter(fits);
    found.min_by_key(|v| size(v, "spec.capacity.storage")).map(|v| (**v).clone())
}

fn bind(key: &Key, mut volume: Value, ctx: &mut Context) -> Synced {
    let Some(claim) = ctx.api.at(key).cloned() else { return Ok(None) };
    let of = json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": key.namespace, "name": key.name, "uid": object::uid(&claim)});
    object::set(&mut volume, "spec.claimRef", of);
    let name = object::name(&volume).to_owned();
    let (capacity, modes) = (volume["spec"]["capacity"].clone(), volume["spec"]["accessModes"].clone());
    put(ctx, kinds::PERSISTENT_VOLUME, volume, "")?;
    if let Some(volume) = ctx.api.get(kinds::PERSISTENT_VOLUME, "", &name).cloned() {
        put_status(ctx, kinds::PERSISTENT_VOLUME, &volume, json!({"phase": "Bound"}))?;
    }
    let mut claim = (*claim).clone();
    object::set(&mut claim, "spec.volumeName", json!(name));
    let mut notes = object::map_at(&claim, "metadata.annotations").cloned().unwrap_or_default();
    for note in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
        notes.insert(note.into(), json!("yes"));
    }
    object::set(&mut claim, "metadata.annotations", Value::Object(notes));
    put(ctx, kinds::PERSISTENT_VOLUME_CLAIM, claim, "")?;
    if let Some(claim) = ctx.api.at(key).cloned() {
        put_status(ctx, key.kind, &claim, json!({"phase": "Bound", "accessModes": modes, "capacity": capacity}))?;
    }
    Ok(None)
}
