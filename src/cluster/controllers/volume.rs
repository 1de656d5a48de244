//! Models `pkg/controller/volume/persistentvolume` (`pv_controller.go`): claims are bound to volumes that somebody has made, and what a claim has left
//! is kept or deleted.
//!
//! Deviations: nothing is provisioned (there is no driver), `Recycle` does nothing.

use std::rc::Rc;

use super::owned::{annotations, delete, put, put_status};
use super::{Synced, say};
use crate::api::{Quantity, Selector, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "persistentvolume-controller";
/// `--pvclaimbinder-sync-period`: unbound claims are looked at anew.
const RESYNC_MS: u64 = 15_000;
const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// Looks at a claim or a volume.
#[inline(never)]
pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    let Some(thing) = ctx.api.at(key).cloned() else { return Ok(None) };
    if object::is_deleting(&thing) && !is_used(key, &thing, ctx) {
        return unprotect(key, &thing, ctx);
    }
    if key.kind == kinds::PERSISTENT_VOLUME {
        return sync_volume(&thing, ctx);
    }
    if annotations(&thing).contains_key(COMPLETED) {
        return sync_bound(&thing, ctx);
    }
    if object::is_deleting(&thing) {
        return Ok(None);
    }
    sync_unbound(key, &thing, ctx)
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    object::str_at(value, path).unwrap_or("")
}

/// Whether a volume is meant for a claim, by name and, where it has been bound, by uid (`IsVolumeBoundToClaim`).
fn is_for(volume: &Value, claim: &Value) -> bool {
    let (name, space, uid) = (text(volume, "spec.claimRef.name"), text(volume, "spec.claimRef.namespace"), text(volume, "spec.claimRef.uid"));
    name == object::name(claim) && space == object::namespace(claim) && (uid.is_empty() || uid == object::uid(claim))
}

/// Models `syncVolume`.
fn sync_volume(volume: &Rc<Value>, ctx: &mut Context) -> Synced {
    let uid = text(volume, "spec.claimRef.uid");
    if uid.is_empty() {
        set_phase(volume, "Available", "", ctx)?;
        return Ok(None);
    }
    let claim = ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, text(volume, "spec.claimRef.namespace"), text(volume, "spec.claimRef.name"));
    let Some(claim) = claim.filter(|c| object::uid(c) == uid).cloned() else {
        if !matches!(text(volume, "status.phase"), "Released" | "Failed") {
            set_phase(volume, "Released", "", ctx)?;
        }
        reclaim(volume, ctx)?;
        // What goes is let go as soon as nothing is bound to it any more.
        return Ok(object::is_deleting(volume).then_some(0));
    };
    let bound_to = text(&claim, "spec.volumeName");
    if bound_to == object::name(volume) {
        set_phase(volume, "Bound", "", ctx)?;
    } else if !bound_to.is_empty() && annotations(volume).contains_key(BY_CONTROLLER) {
        // The claim has got another one (`unbindVolume`).
        let mut new = (**volume).clone();
        object::remove(&mut new, "spec.claimRef");
        object::remove(&mut new, "metadata.annotations");
        put(ctx, kinds::PERSISTENT_VOLUME, new, "")?;
    }
    Ok(None)
}

fn set_phase(volume: &Value, phase: &str, message: &str, ctx: &mut Context) -> Result<(), Status> {
    if text(volume, "status.phase") == phase {
        return Ok(());
    }
    let mut status = json!({"phase": phase, "lastPhaseTransitionTime": ctx.now.rfc3339()});
    if !message.is_empty() {
        status["message"] = json!(message);
    }
    put_status(ctx, kinds::PERSISTENT_VOLUME, volume, status)
}

/// What becomes of a volume that was released (`reclaimVolume`): only paths below `/tmp` have somebody here who deletes them.
fn reclaim(volume: &Value, ctx: &mut Context) -> Result<(), Status> {
    if text(volume, "spec.persistentVolumeReclaimPolicy") != "Delete" || text(volume, "status.phase") == "Failed" || object::is_deleting(volume) {
        return Ok(());
    }
    // A driver's own controller deletes what it provides.
    if object::at(volume, "spec.csi").is_some() {
        return Ok(());
    }
    let why = match object::str_at(volume, "spec.hostPath.path") {
        Some(path) if path.strip_prefix("/tmp/").is_some_and(|rest| !rest.is_empty()) => return delete(ctx, kinds::PERSISTENT_VOLUME, volume),
        Some(path) => format!("host_path deleter only supports /tmp/.+ but received provided {path}"),
        None => format!("error getting deleter volume plugin for volume {:?}: no deletable volume plugin matched", object::name(volume)),
    };
    set_phase(volume, "Failed", &why, ctx)?;
    say(ctx, volume, COMPONENT, "Warning", "VolumeFailedDelete", &why);
    Ok(())
}

/// Models `syncBoundClaim`: what was bound has to be there still.
fn sync_bound(claim: &Rc<Value>, ctx: &mut Context) -> Synced {
    let volume = ctx.api.get(kinds::PERSISTENT_VOLUME, "", text(claim, "spec.volumeName")).cloned();
    let (reason, message) = match volume {
        None => ("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        Some(volume) if object::at(&volume, "spec.claimRef").is_none() || is_for(&volume, claim) => {
            bind(claim, &volume, ctx)?;
            return Ok(None);
        }
        Some(_) => ("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly"),
    };
    if text(claim, "status.phase") != "Lost" {
        put_status(ctx, kinds::PERSISTENT_VOLUME_CLAIM, claim, json!({"phase": "Lost"}))?;
        say(ctx, claim, COMPONENT, "Warning", reason, message);
    }
    Ok(None)
}

/// Models `syncUnboundClaim`.
fn sync_unbound(key: &Key, claim: &Rc<Value>, ctx: &mut Context) -> Synced {
    put_status(ctx, key.kind, claim, json!({"phase": "Pending"}))?;
    let Some(claim) = ctx.api.at(key).cloned() else { return Ok(None) };
    let class = text(&claim, "spec.storageClassName").to_owned();
    let named = text(&claim, "spec.volumeName").to_owned();
    if !named.is_empty() {
        let Some(volume) = ctx.api.get(kinds::PERSISTENT_VOLUME, "", &named).cloned() else { return Ok(Some(RESYNC_MS)) };
        let taken = object::at(&volume, "spec.claimRef").is_some() && !is_for(&volume, &claim);
        let problem = if taken { None } else { mismatch(&volume, &claim, &class) };
        match (taken, problem) {
            (true, _) => say(ctx, &claim, COMPONENT, "Warning", "FailedBinding", &format!("volume {named:?} already bound to a different claim.")),
            (false, Some(problem)) => {
                let message = format!("Cannot bind to requested volume {named:?}: {problem}");
                say(ctx, &claim, COMPONENT, "Warning", "VolumeMismatch", &message);
            }
            (false, None) => return bind(&claim, &volume, ctx).map(|()| None),
        }
        return Ok(Some(RESYNC_MS));
    }
    let found = ctx.api.get(kinds::STORAGE_CLASS, "", &class).cloned();
    let waits = found.as_ref().is_some_and(|c| object::str_at(c, "volumeBindingMode") == Some("WaitForFirstConsumer"));
    if let Some(volume) = best(&claim, &class, ctx) {
        return bind(&claim, &volume, ctx).map(|()| None);
    }
    let (kind, reason, message) = match found {
        _ if class.is_empty() => ("Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set".to_owned()),
        None => ("Warning", "ProvisioningFailed", format!("storageclass.storage.k8s.io {class:?} not found")),
        Some(_) if waits => ("Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
        Some(found) => {
            let driver = object::str_at(&found, "provisioner").unwrap_or("");
            let text = format!(
                "Waiting for a volume to be created either by the external provisioner '{driver}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            );
            ("Normal", "ExternalProvisioning", text)
        }
    };
    say(ctx, &claim, COMPONENT, kind, reason, &message);
    Ok(Some(RESYNC_MS))
}

fn size(value: &Value, path: &str) -> i64 {
    object::str_at(value, path).and_then(Quantity::parse).map_or(0, Quantity::value)
}

/// Why a volume that a claim names will not do (`checkVolumeSatisfyClaim`).
fn mismatch(volume: &Value, claim: &Value, class: &str) -> Option<&'static str> {
    let modes = object::list_at(volume, "spec.accessModes");
    if size(volume, "spec.capacity.storage") < size(claim, "spec.resources.requests.storage") {
        return Some("requested PV is too small");
    }
    if text(volume, "spec.storageClassName") != class {
        return Some("storageClassName does not match");
    }
    if mode(volume) != mode(claim) {
        return Some("incompatible volumeMode");
    }
    let fits = object::list_at(claim, "spec.accessModes").iter().all(|m| modes.contains(m));
    (!fits).then_some("incompatible accessMode")
}

fn mode(thing: &Value) -> &str {
    object::str_at(thing, "spec.volumeMode").unwrap_or("Filesystem")
}

/// The volume that is meant for the claim, or of the free ones that will do the one with the fewest access modes, and of those the smallest.
fn best(claim: &Value, class: &str, ctx: &Context) -> Option<Rc<Value>> {
    let selector = object::at(claim, "spec.selector").filter(|s| s.is_object()).map(Selector::from_value);
    let fits = |volume: &&Rc<Value>| {
        let meant = object::at(volume, "spec.claimRef").is_some();
        let free = if meant {
            is_for(volume, claim)
        } else {
            text(volume, "status.phase") == "Available" && selector.as_ref().is_none_or(|s| s.matches(object::labels(volume)))
        };
        free && !object::is_deleting(volume) && mismatch(volume, claim, class).is_none()
    };
    let found = ctx.api.list(kinds::PERSISTENT_VOLUME, None).filter(fits);
    let rank =
        |v: &&Rc<Value>| (object::at(v, "spec.claimRef").is_none(), object::list_at(v, "spec.accessModes").len(), size(v, "spec.capacity.storage"));
    found.min_by_key(rank).cloned()
}

/// Lets a volume and a claim name each other (`bind`).
fn bind(claim: &Value, volume: &Rc<Value>, ctx: &mut Context) -> Result<(), Status> {
    let name = object::name(volume).to_owned();
    let note = |object: &mut Value, keys: &[&str]| {
        let mut notes = annotations(object);
        keys.iter().for_each(|key| drop(notes.insert((*key).into(), json!("yes"))));
        object::set(object, "metadata.annotations", Value::Object(notes));
    };
    if text(volume, "spec.claimRef.uid") != object::uid(claim) {
        let mut new = (**volume).clone();
        if !is_for(volume, claim) {
            note(&mut new, &[BY_CONTROLLER]);
        }
        let of = json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": object::namespace(claim), "name": object::name(claim),
            "uid": object::uid(claim), "resourceVersion": object::at(claim, "metadata.resourceVersion")});
        object::set(&mut new, "spec.claimRef", of);
        put(ctx, kinds::PERSISTENT_VOLUME, new, "")?;
    }
    if let Some(volume) = ctx.api.get(kinds::PERSISTENT_VOLUME, "", &name).cloned() {
        set_phase(&volume, "Bound", "", ctx)?;
    }
    let mut new = claim.clone();
    if text(claim, "spec.volumeName") != name {
        object::set(&mut new, "spec.volumeName", json!(name));
        note(&mut new, &[BY_CONTROLLER]);
    }
    note(&mut new, &[COMPLETED]);
    let claim = if new == *claim { Rc::new(new) } else { put(ctx, kinds::PERSISTENT_VOLUME_CLAIM, new, "")?.object };
    let (capacity, modes) = (volume["spec"]["capacity"].clone(), volume["spec"]["accessModes"].clone());
    put_status(ctx, kinds::PERSISTENT_VOLUME_CLAIM, &claim, json!({"phase": "Bound", "accessModes": modes, "capacity": capacity}))
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
