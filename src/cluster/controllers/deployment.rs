//! Models `pkg/controller/deployment`: a ReplicaSet per template, and how one takes over from another.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::deployment_status::{self, Sets};
use super::owned::{Owned, make, put, put_status, reference, replicas};
use super::rollout::{amount, hash, plain, template};
use super::{Synced, say};
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";

struct Rollout {
    deployment: Rc<Value>,
    new: Option<Rc<Value>>,
    old: Vec<Rc<Value>>,
    min_ready_changed: bool,
    /// The newest template's ReplicaSet was made just now.
    made: bool,
}

fn status_of(set: &Value, field: &str) -> i64 {
    object::i64_at(set, &format!("status.{field}")).unwrap_or(0)
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object::map_at(object, "metadata.annotations")?.get(key)?.as_str()
}

fn revision(set: &Value) -> i64 {
    annotation(set, REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(deployment) = ctx.api.at(key).cloned() else { return Ok(None) };
    if object::is_deleting(&deployment) {
        return Ok(None);
    }
    let wanted = plain(&template(&deployment));
    let mut sets = owned.of_kind(&deployment, kinds::REPLICA_SET, ctx);
    sets.order_by_key(|s| (object::str_at(s, "metadata.creationTimestamp").unwrap_or("").to_owned(), object::name(s).to_owned()));
    let new = sets.iter().find(|s| plain(&template(s)) == wanted).cloned();
    let old: Vec<Rc<Value>> = sets.into_iter().filter(|s| new.as_ref().is_none_or(|n| object::uid(n) != object::uid(s))).collect();
    let mut rollout = Rollout { deployment, new, old, min_ready_changed: false, made: false };
    let paused = object::bool_at(&rollout.deployment, "spec.paused") == Some(true);
    let recreate = object::str_at(&rollout.deployment, "spec.strategy.type") == Some("Recreate");
    if paused {
        scale_only(&mut rollout, ctx)?;
    } else if recreate {
        self::recreate(&mut rollout, owned, ctx)?;
    } else {
        ensure_new(&mut rollout, ctx)?;
        if !scale_event(&rollout, ctx)? {
            rolling(&mut rollout, ctx)?;
        }
    }
    if !paused {
        clean_up(&rollout, ctx)?;
    }
    let again = finish(&rollout, ctx)?;
    Ok(again)
}

/// Finds or makes the ReplicaSet of the newest template, and numbers it.
fn ensure_new(rollout: &mut Rollout, ctx: &mut Context) -> Result<(), Status> {
    let deployment = &rollout.deployment;
    let next = rollout.old.iter().map(|s| revision(s)).max().unwrap_or(0) + 1;
    if let Some(new) = rollout.new.clone() {
        let mut changed = (*new).clone();
        if revision(&new) < next {
            let mut annotations = object::map_at(&new, "metadata.annotations").cloned().unwrap_or_default();
            let before = annotation(&new, REVISION).unwrap_or("").to_owned();
            let mut history = annotation(&new, "deployment.kubernetes.io/revision-history").unwrap_or("").to_owned();
            if !before.is_empty() {
                history = if history.is_empty() { before } else { format!("{history},{before}") };
                annotations.insert("deployment.kubernetes.io/revision-history".into(), json!(history));
            }
            annotations.insert(REVISION.into(), json!(next.to_string()));
            object::set(&mut changed, "metadata.annotations", Value::Object(annotations));
        }
        copy_cause(deployment, &mut changed);
        if let Some(seconds) = object::at(deployment, "spec.minReadySeconds")
            && object::at(&changed, "spec.minReadySeconds") != Some(seconds)
        {
            object::set(&mut changed, "spec.minReadySeconds", seconds.clone());
            rollout.min_ready_changed = true;
        }
        if changed != *new {
            rollout.new = Some(put(ctx, kinds::REPLICA_SET, changed, "")?.object);
        }
    } else {
        let mut made = None;
        for collision in 0..20 {
            let mut pods = plain(&template(deployment));
            let hash = hash(&pods, collision);
            let mut labels = object::map_at(&pods, "metadata.labels").cloned().unwrap_or_default();
            labels.insert("pod-template-hash".into(), json!(hash));
            object::set(&mut pods, "metadata.labels", json!(labels));
            let mut selector = object::at(deployment, "spec.selector").cloned().unwrap_or_else(|| json!({}));
            object::set(&mut selector, "matchLabels.pod-template-hash", json!(hash));
            let count = new_replicas(rollout);
            let name = format!("{}-{hash}", object::name(deployment));
            let mut set = json!({"metadata": {"name": name, "labels": labels, "annotations": counts(deployment), "ownerReferences": [reference(deployment)]},
                "spec": {"replicas": count, "selector": selector, "template": pods}});
            set["metadata"]["annotations"][REVISION] = json!(next.to_string());
            copy_cause(deployment, &mut set);
            if let Some(seconds) = object::at(deployment, "spec.minReadySeconds") {
                set["spec"]["minReadySeconds"] = seconds.clone();
            }
            match make(ctx, kinds::REPLICA_SET, object::namespace(deployment), set) {
                Ok(set) => {
                    made = Some((set, count));
                    break;
                }
                Err(refusal) if refusal.reason == "AlreadyExists" => {}
                Err(refusal) => return Err(refusal),
            }
        }
        let Some((set, count)) = made else { return Ok(()) };
        if count > 0 {
            let message = format!("Scaled up replica set {} from 0 to {count}", object::name(&set));
            say(ctx, &rollout.deployment, COMPONENT, "Normal", "ScalingReplicaSet", &message);
        }
        rollout.new = Some(set);
        rollout.made = true;
    }
    Ok(())
}

fn counts(deployment: &Value) -> Value {
    let wanted = replicas(deployment);
    let surge = amount(object::at(deployment, "spec.strategy.rollingUpdate.maxSurge"), wanted, true);
    json!({"deployment.kubernetes.io/desired-replicas": wanted.to_string(), "deployment.kubernetes.io/max-replicas": (wanted + surge).to_string()})
}

fn copy_cause(deployment: &Value, set: &mut Value) {
    if let Some(cause) = annotation(deployment, "kubernetes.io/change-cause") {
        let mut annotations = object::map_at(set, "metadata.annotations").cloned().unwrap_or_default();
        annotations.insert("kubernetes.io/change-cause".into(), json!(cause));
        object::set(set, "metadata.annotations", Value::Object(annotations));
    }
}

fn total(sets: impl IntoIterator<Item = impl AsRef<Value>>) -> i64 {
    sets.into_iter().map(|s| replicas(s.as_ref())).sum()
}

/// How many Pods the new ReplicaSet may have just now (`NewRSNewReplicas`).
fn new_replicas(rollout: &Rollout) -> i64 {
    let deployment = &rollout.deployment;
    let wanted = replicas(deployment);
    let now = rollout.new.as_ref().map_or(0, |s| replicas(s));
    if object::str_at(deployment, "spec.strategy.type") == Some("Recreate") {
        return wanted;
    }
    let most = wanted + amount(object::at(deployment, "spec.strategy.rollingUpdate.maxSurge"), wanted, true);
    let current = now + total(&rollout.old);
    if current >= most { now } else { now + (most - current).min(wanted - now) }
}

fn scale(rollout: &Rollout, set: &Rc<Value>, to: i64, ctx: &mut Context) -> Result<Rc<Value>, Status> {
    let from = replicas(set);
    let mut new = (**set).clone();
    object::set(&mut new, "spec.replicas", json!(to));
    let mut annotations = object::map_at(set, "metadata.annotations").cloned().unwrap_or_default();
    if let Value::Object(counts) = counts(&rollout.deployment) {
        annotations.extend(counts);
    }
    object::set(&mut new, "metadata.annotations", Value::Object(annotations));
    if new == **set {
        return Ok(Rc::clone(set));
    }
    let written = put(ctx, kinds::REPLICA_SET, new, "")?;
    if from != to {
        let word = if to > from { "up" } else { "down" };
        let message = format!("Scaled {word} replica set {} from {from} to {to}", object::name(set));
        say(ctx, &rollout.deployment, COMPONENT, "Normal", "ScalingReplicaSet", &message);
    }
    Ok(written.object)
}

/// The wanted number changed while the template stayed: true where that was dealt with.
fn scale_event(rollout: &Rollout, ctx: &mut Context) -> Result<bool, Status> {
    let Some(new) = &rollout.new else { return Ok(false) };
    let wanted = replicas(&rollout.deployment).to_string();
    let differs = |s: &Rc<Value>| replicas(s) > 0 && annotation(s, "deployment.kubernetes.io/desired-replicas").is_some_and(|d| d != wanted);
    let scaling = differs(new) || rollout.old.iter().any(differs);
    if !scaling || rollout.old.iter().any(|s| replicas(s) > 0) {
        return Ok(false);
    }
    scale(rollout, new, replicas(&rollout.deployment), ctx)?;
    Ok(true)
}

fn scale_only(rollout: &mut Rollout, ctx: &mut Context) -> Result<(), Status> {
    scale_event(rollout, ctx).map(|_| ())
}

fn rolling(rollout: &mut Rollout, ctx: &mut Context) -> Result<(), Status> {
    let Some(new) = rollout.new.clone() else { return Ok(()) };
    let wanted = replicas(&rollout.deployment);
    if replicas(&new) > wanted {
        rollout.new = Some(scale(rollout, &new, wanted, ctx)?);
        return Ok(());
    }
    let up = new_replicas(rollout);
    if up > replicas(&new) {
        rollout.new = Some(scale(rollout, &new, up, ctx)?);
        return Ok(());
    }
    scale_down_old(rollout, &new, wanted, ctx)
}

fn scale_down_old(rollout: &mut Rollout, new: &Rc<Value>, wanted: i64, ctx: &mut Context) -> Result<(), Status> {
    if total(&rollout.old) == 0 {
        return Ok(());
    }
    let deployment = &rollout.deployment;
    let surge = amount(object::at(deployment, "spec.strategy.rollingUpdate.maxSurge"), wanted, true);
    let mut unavailable = amount(object::at(deployment, "spec.strategy.rollingUpdate.maxUnavailable"), wanted, false);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let least = wanted - unavailable.min(wanted);
    let all = total(&rollout.old) + replicas(new);
    let mut room = all - least - (replicas(new) - status_of(new, "availableReplicas"));
    if room <= 0 {
        return Ok(());
    }
    // Those that do not work go first.
    for index in 0..rollout.old.len() {
        let set = Rc::clone(&rollout.old[index]);
        let broken = replicas(&set) - status_of(&set, "availableReplicas");
        let cut = broken.min(room);
        if cut > 0 {
            rollout.old[index] = scale(rollout, &set, replicas(&set) - cut, ctx)?;
            room -= cut;
        }
    }
    let available: i64 = rollout.old.iter().chain([new]).map(|s| status_of(s, "availableReplicas")).sum();
    let mut cut = available - least;
    for index in 0..rollout.old.len() {
        let set = Rc::clone(&rollout.old[index]);
        let here = replicas(&set).min(cut);
        if here > 0 {
            rollout.old[index] = scale(rollout, &set, replicas(&set) - here, ctx)?;
            cut -= here;
        }
    }
    Ok(())
}

fn recreate(rollout: &mut Rollout, owned: &Owned, ctx: &mut Context) -> Result<(), Status> {
    let mut scaled = false;
    for index in 0..rollout.old.len() {
        let set = Rc::clone(&rollout.old[index]);
        if replicas(&set) > 0 {
            rollout.old[index] = scale(rollout, &set, 0, ctx)?;
            scaled = true;
        }
    }
    let running = rollout.old.iter().any(|set| !owned.of_kind(set, kinds::POD, ctx).iter().all(|p| super::owned::is_finished(p)));
    if scaled || running {
        return Ok(());
    }
    ensure_new(rollout, ctx)?;
    if let Some(new) = rollout.new.clone() {
        rollout.new = Some(scale(rollout, &new, replicas(&rollout.deployment), ctx)?);
    }
    Ok(())
}

/// Old ReplicaSets beyond `revisionHistoryLimit` go.
fn clean_up(rollout: &Rollout, ctx: &mut Context) -> Result<(), Status> {
    let Some(limit) = object::i64_at(&rollout.deployment, "spec.revisionHistoryLimit") else { return Ok(()) };
    let idle = |s: &&Rc<Value>| replicas(s) == 0 && status_of(s, "replicas") == 0 && !object::is_deleting(s);
    let mut idle: Vec<&Rc<Value>> = rollout.old.iter().filter(idle).collect();
    idle.order_by_key(|s| revision(s));
    let surplus = (idle.len() as i64 - limit.max(0)).max(0) as usize;
    for set in idle.into_iter().take(surplus) {
        super::owned::delete(ctx, kinds::REPLICA_SET, set)?;
    }
    Ok(())
}

/// Writes revision and status.
fn finish(rollout: &Rollout, ctx: &mut Context) -> Result<Option<u64>, Status> {
    let deployment = &rollout.deployment;
    let sets = Sets { new: rollout.new.as_deref(), old: &rollout.old, made: rollout.made };
    let (status, again) = deployment_status::of(deployment, &sets, ctx.now);
    let numbered = rollout.new.as_ref().map(|s| revision(s).to_string());
    if numbered.is_some() && annotation(deployment, REVISION) != numbered.as_deref() {
        let mut new = (**deployment).clone();
        let mut annotations = object::map_at(&new, "metadata.annotations").cloned().unwrap_or_default();
        annotations.insert(REVISION.into(), json!(numbered));
        object::set(&mut new, "metadata.annotations", Value::Object(annotations));
        new["status"] = status;
        put(ctx, kinds::DEPLOYMENT, new, "status")?;
    } else {
        put_status(ctx, kinds::DEPLOYMENT, deployment, status)?;
    }
    Ok(again)
}
