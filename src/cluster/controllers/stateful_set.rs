//! Models `pkg/controller/statefulset`: Pods with names that stay, one after the other. Deviations: one Pod is replaced at a time, whatever
//! `maxUnavailable` says, and claims are kept, whatever `persistentVolumeClaimRetentionPolicy` says.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::owned::{Owned, available_in, delete, is_finished, is_ready, make, pod_of, put_status, replicas};
use super::rollout::{hash, template};
use super::{Synced, history, say};
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "statefulset-controller";
const REVISION_LABEL: &str = "controller-revision-hash";

pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(set) = ctx.api.at(key).cloned() else { return Ok(None) };
    let pods = owned.pods(&set, ctx)?;
    let start = object::i64_at(&set, "spec.ordinals.start").unwrap_or(0);
    let wanted = replicas(&set);
    let revision = format!("{}-{}", key.name, hash(&template(&set), 0));
    let mut again = None;
    if !object::is_deleting(&set) {
        let live = |name: &str| pods.iter().any(|p| revision_of(p) == name);
        let hash = revision.strip_prefix(&format!("{}-", key.name)).unwrap_or("");
        history::keep(&set, &revision, ("controller.kubernetes.io/hash", hash), &live, owned, ctx)?;
        again = act(&set, key, &pods, start, wanted, &revision, ctx)?;
    }
    write_status(&set, key, owned, wanted, &revision, ctx)?;
    Ok(again)
}

fn ordinal(pod: &Value, set: &str) -> Option<i64> {
    object::name(pod).strip_prefix(set)?.strip_prefix('-')?.parse().ok()
}

fn revision_of(pod: &Value) -> &str {
    object::labels(pod).and_then(|l| l.get(REVISION_LABEL)).and_then(Value::as_str).unwrap_or("")
}

fn act(set: &Value, key: &Key, pods: &[Rc<Value>], start: i64, wanted: i64, revision: &str, ctx: &mut Context) -> Result<Option<u64>, Status> {
    let parallel = object::str_at(set, "spec.podManagementPolicy") == Some("Parallel");
    let min_ready = object::i64_at(set, "spec.minReadySeconds").unwrap_or(0);
    let find = |n: i64| pods.iter().find(|p| ordinal(p, &key.name) == Some(n));
    for n in start..start + wanted {
        match find(n) {
            None => {
                create(set, key, n, revision, ctx)?;
                if !parallel {
                    return Ok(None);
                }
            }
            Some(pod) if is_finished(pod) && !object::is_deleting(pod) => {
                let text = format!("StatefulSet {}/{} is recreating failed Pod {}", key.namespace, key.name, object::name(pod));
                say(ctx, set, COMPONENT, "Warning", "RecreatingFailedPod", &text);
                remove(set, pod, ctx)?;
                if !parallel {
                    return Ok(None);
                }
            }
            Some(pod) => {
                let wait = available_in(pod, min_ready, ctx.now);
                if !parallel && (object::is_deleting(pod) || wait != Some(0)) {
                    return Ok(wait.filter(|w| *w > 0));
                }
            }
        }
    }
    // Those beyond the wanted number go, the last first, one after the other.
    let mut surplus: Vec<&Rc<Value>> = pods.iter().filter(|p| ordinal(p, &key.name).is_some_and(|n| n >= start + wanted || n < start)).collect();
    surplus.order_by_key(|p| std::cmp::Reverse(ordinal(p, &key.name)));
    for pod in surplus {
        if !object::is_deleting(pod) {
            remove(set, pod, ctx)?;
        }
        if !parallel {
            return Ok(None);
        }
    }
    if object::str_at(set, "spec.updateStrategy.type") == Some("OnDelete") {
        return Ok(None);
    }
    let partition = object::i64_at(set, "spec.updateStrategy.rollingUpdate.partition").unwrap_or(0).max(start);
    for n in (partition..start + wanted).rev() {
        let Some(pod) = find(n) else { return Ok(None) };
        if revision_of(pod) != revision && !object::is_deleting(pod) {
            remove(set, pod, ctx)?;
            return Ok(None);
        }
        if !is_ready(pod) {
            return Ok(None);
        }
    }
    Ok(None)
}

fn create(set: &Value, key: &Key, n: i64, revision: &str, ctx: &mut Context) -> Result<(), Status> {
    let name = format!("{}-{n}", key.name);
    let mut pod = pod_of(set, &template(set));
    pod["metadata"]["name"] = json!(name);
    for (label, value) in
        [("apps.kubernetes.io/pod-index", n.to_string()), (REVISION_LABEL, revision.to_owned()), ("statefulset.kubernetes.io/pod-name", name.clone())]
    {
        pod["metadata"]["labels"][label] = json!(value);
    }
    object::set(&mut pod, "spec.hostname", json!(name));
    if let Some(service) = object::str_at(set, "spec.serviceName").filter(|s| !s.is_empty()) {
        object::set(&mut pod, "spec.subdomain", json!(service));
    }
    claims(set, key, &name, &mut pod, ctx)?;
    match make(ctx, kinds::POD, &key.namespace, pod) {
        Ok(_) => {
            let text = format!("Create Pod {name} in StatefulSet {} successful", key.name);
            say(ctx, set, COMPONENT, "Normal", "SuccessfulCreate", &text);
            Ok(())
        }
        Err(refusal) => {
            let text = format!("Create Pod {name} in StatefulSet {} failed error: {}", key.name, refusal.message);
            say(ctx, set, COMPONENT, "Warning", "FailedCreate", &text);
            Err(refusal)
        }
    }
}

/// The claims of `volumeClaimTemplates`, made once and kept.
fn claims(set: &Value, key: &Key, pod_name: &str, pod: &mut Value, ctx: &mut Context) -> Result<(), Status> {
    let templates = object::list_at(set, "spec.volumeClaimTemplates");
    if templates.is_empty() {
        return Ok(());
    }
    let mut volumes = object::list_at(pod, "spec.volumes").to_vec();
    for template in templates {
        let name = format!("{}-{pod_name}", object::name(template));
        volumes.retain(|v| object::str_at(v, "name") != Some(object::name(template)));
        volumes.push(json!({"name": object::name(template), "persistentVolumeClaim": {"claimName": name}}));
        if ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, &key.namespace, &name).is_none() {
            let mut claim = template.clone();
            claim["metadata"]["name"] = json!(name);
            make(ctx, kinds::PERSISTENT_VOLUME_CLAIM, &key.namespace, claim)?;
            let text = format!("Create Claim {name} Pod {pod_name} in StatefulSet {} success", key.name);
            say(ctx, set, COMPONENT, "Normal", "SuccessfulCreate", &text);
        }
    }
    object::set(pod, "spec.volumes", Value::Array(volumes));
    Ok(())
}

fn remove(set: &Value, pod: &Value, ctx: &mut Context) -> Result<(), Status> {
    delete(ctx, kinds::POD, pod)?;
    let text = format!("Delete Pod {} in StatefulSet {} successful", object::name(pod), object::name(set));
    say(ctx, set, COMPONENT, "Normal", "SuccessfulDelete", &text);
    Ok(())
}

fn write_status(set: &Value, key: &Key, owned: &Owned, wanted: i64, revision: &str, ctx: &mut Context) -> Result<(), Status> {
    let mut pods: Vec<Rc<Value>> = owned.of_kind(set, kinds::POD, ctx);
    // What this sync made is not in the index yet.
    for n in 0..wanted {
        if let Some(pod) = ctx.api.get(kinds::POD, &key.namespace, &format!("{}-{n}", key.name))
            && !pods.iter().any(|p| object::uid(p) == object::uid(pod))
        {
            pods.push(Rc::clone(pod));
        }
    }
    let min_ready = object::i64_at(set, "spec.minReadySeconds").unwrap_or(0);
    let count = |f: &dyn Fn(&Value) -> bool| pods.iter().filter(|p| f(p)).count();
    let ready = count(&|p| is_ready(p) && !object::is_deleting(p));
    let available = count(&|p| available_in(p, min_ready, ctx.now) == Some(0) && !object::is_deleting(p));
    let updated = count(&|p| revision_of(p) == revision && !object::is_deleting(p));
    let before = object::str_at(set, "status.currentRevision").unwrap_or(revision).to_owned();
    let current = if updated as i64 == wanted && ready as i64 == wanted { revision.to_owned() } else { before };
    let on_current = count(&|p| revision_of(p) == current && !object::is_deleting(p));
    let mut status = json!({"observedGeneration": object::i64_at(set, "metadata.generation").unwrap_or(1), "replicas": pods.len(),
        "availableReplicas": available, "currentRevision": current, "updateRevision": revision, "collisionCount": 0});
    for (field, count) in [("readyReplicas", ready), ("updatedReplicas", updated), ("currentReplicas", on_current)] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    put_status(ctx, kinds::STATEFUL_SET, set, status)
}
