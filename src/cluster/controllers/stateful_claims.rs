//! The claims of a StatefulSet's Pods: made from its templates, and owned as `persistentVolumeClaimRetentionPolicy` says.
//!
//! Models the claims' half of `pkg/controller/statefulset/{stateful_pod_control,stateful_set_utils}.go`.

use super::owned::{make, put, reference};
use super::say;
use super::stateful_set::{COMPONENT, ordinal};
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Context;

/// Name of the claim and the template's own name, for each template.
fn names(set: &Value, pod: &str) -> Vec<(String, String)> {
    let one = |template: &Value| (format!("{}-{pod}", object::name(template)), object::name(template).to_owned());
    object::list_at(set, "spec.volumeClaimTemplates").iter().map(one).collect()
}

/// Whether claims go when the set shrinks, and when it is deleted.
fn policy(set: &Value) -> (bool, bool) {
    let is_delete = |field: &str| object::str_at(set, &format!("spec.persistentVolumeClaimRetentionPolicy.{field}")) == Some("Delete");
    (is_delete("whenScaled"), is_delete("whenDeleted"))
}

/// Lets a Pod's volumes of the templates' names be its claims; they come first (`updateStorage`).
pub fn mount(set: &Value, pod_name: &str, pod: &mut Value) {
    let names = names(set, pod_name);
    if names.is_empty() {
        return;
    }
    let mut volumes: Vec<Value> =
        names.iter().map(|(claim, volume)| json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}})).collect();
    let others = object::list_at(pod, "spec.volumes").iter().filter(|v| !names.iter().any(|(_, name)| object::str_at(v, "name") == Some(name)));
    volumes.extend(others.cloned());
    object::set(pod, "spec.volumes", Value::Array(volumes));
}

/// Makes the claims that a Pod lacks (`createPersistentVolumeClaims`).
pub fn ensure(set: &Value, pod: &str, ctx: &mut Context) -> Result<(), Status> {
    let space = object::namespace(set).to_owned();
    for template in object::list_at(set, "spec.volumeClaimTemplates") {
        let name = format!("{}-{pod}", object::name(template));
        if let Some(claim) = ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, &space, &name) {
            if object::is_deleting(claim) {
                return Err(Status::new(500, "InternalError", format!("pvc {name} is being deleted")));
            }
            continue;
        }
        let mut claim = template.clone();
        claim["metadata"]["name"] = json!(name);
        let mut labels = object::labels(template).cloned().unwrap_or_default();
        labels.extend(object::map_at(set, "spec.selector.matchLabels").cloned().unwrap_or_default());
        claim["metadata"]["labels"] = Value::Object(labels);
        let made = make(ctx, kinds::PERSISTENT_VOLUME_CLAIM, &space, claim);
        let of = object::name(set);
        match made {
            Ok(_) => {
                say(ctx, set, COMPONENT, "Normal", "SuccessfulCreate", &format!("Create Claim {name} Pod {pod} in StatefulSet {of} success"));
            }
            Err(mut refusal) => {
                let text = format!("Create Claim {name} for Pod {pod} in StatefulSet {of} failed error: {}", refusal.message);
                say(ctx, set, COMPONENT, "Warning", "FailedCreate", &text);
                refusal.message.insert_str(0, &format!("failed to create PVC {name}: "));
                return Err(refusal);
            }
        }
    }
    Ok(())
}

/// Whether a claim still belongs to an earlier Pod of this name and will go with it (`PodClaimIsStale`).
pub fn is_stale(set: &Value, pod: &str, ctx: &Context) -> bool {
    policy(set).0
        && names(set, pod).iter().any(|(claim, _)| {
            let claim = ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, object::namespace(set), claim);
            claim.is_some_and(|c| object::list_at(c, "metadata.ownerReferences").iter().any(|r| is_ref(r, "Pod", pod)))
        })
}

fn is_ref(reference: &Value, kind: &str, name: &str) -> bool {
    object::str_at(reference, "kind") == Some(kind) && object::str_at(reference, "name") == Some(name)
}

/// The owners that a claim is to have; `None` where they are right, or somebody else's business (`updateClaimOwnerRefForSetAndPod`).
fn owners(claim: &Value, set: &Value, pod: &Value) -> Option<Vec<Value>> {
    let (when_scaled, when_deleted) = policy(set);
    let refs = object::list_at(claim, "metadata.ownerReferences");
    let mine = |r: &Value| is_ref(r, "StatefulSet", object::name(set)) || is_ref(r, "Pod", object::name(pod));
    let uid = |r: &Value| object::str_at(r, "uid").unwrap_or("").to_owned();
    if refs.iter().any(|r| mine(r) && uid(r) != object::uid(set) && uid(r) != object::uid(pod)) {
        return None;
    }
    let mut new: Vec<Value> = refs.iter().filter(|r| !mine(r)).cloned().collect();
    let foreign = (when_scaled || when_deleted) && new.iter().any(|r| object::bool_at(r, "controller") == Some(true));
    if !foreign {
        let start = object::i64_at(set, "spec.ordinals.start").unwrap_or(0);
        let stays = ordinal(pod, object::name(set)).is_some_and(|n| (start..start + super::owned::replicas(set)).contains(&n));
        match (when_scaled, when_deleted) {
            (true, _) if !stays => new.push(reference(pod)),
            (_, true) => new.push(reference(set)),
            (true | false, false) => {}
        }
    }
    (new != refs).then_some(new)
}

/// Gives a Pod's claims the owners that the policy asks for; true where some had others (`UpdatePodClaimForRetentionPolicy`).
pub fn settle(set: &Value, pod: &Value, ctx: &mut Context) -> Result<bool, Status> {
    let mut changed = false;
    for (name, _) in names(set, object::name(pod)) {
        let Some(claim) = ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, object::namespace(set), &name).cloned() else { continue };
        if let Some(owners) = owners(&claim, set, pod) {
            let mut new = (*claim).clone();
            object::set(&mut new, "metadata.ownerReferences", Value::Array(owners));
            put(ctx, kinds::PERSISTENT_VOLUME_CLAIM, new, "")?;
            changed = true;
        }
    }
    Ok(changed)
}
