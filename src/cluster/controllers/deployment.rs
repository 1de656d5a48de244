//! Models `pkg/controller/deployment`: a ReplicaSet per template, and how one takes over from another.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::deployment_status::{self as told, Sets};
use super::owned::{Owned, age, annotations, make, put, reference, replicas};
use super::rollout::{hash, most_surge, most_unavailable, plain, template};
use super::{Synced, say};
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations that are not handed on to ReplicaSets.
const OWN: [&str; 6] = ["kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MOST, "deprecated.deployment.rollback.to"];
/// How long a ReplicaSet's list of former revisions may get.
const LONGEST_HISTORY: usize = 2000;
const MOST_COLLISIONS: i64 = 20;

struct Rollout {
    /// As it is stored, and with what this sync says of it.
    stored: Rc<Value>,
    deployment: Value,
    new: Option<Rc<Value>>,
    /// From the oldest to the newest.
    old: Vec<Rc<Value>>,
}

fn status_of(set: &Value, field: &str) -> i64 {
    object::i64_at(set, &format!("status.{field}")).unwrap_or(0)
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object::map_at(object, "metadata.annotations")?.get(key)?.as_str()
}

fn number(set: &Value, key: &str) -> Option<i64> {
    annotation(set, key)?.parse().ok()
}

fn revision(set: &Value) -> i64 {
    number(set, REVISION).unwrap_or(0)
}

#[inline(never)]
pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(stored) = ctx.api.at(key).cloned() else { return Ok(None) };
    let mut sets = owned.claim(&stored, kinds::REPLICA_SET, ctx)?;
    sets.order_by_key(|s| age(s));
    let wanted = plain(&template(&stored));
    let new = sets.iter().find(|s| plain(&template(s)) == wanted).cloned();
    let old: Vec<Rc<Value>> = sets.into_iter().filter(|s| new.as_ref().is_none_or(|n| object::uid(n) != object::uid(s))).collect();
    let mut rollout = Rollout { deployment: (*stored).clone(), stored, new, old };
    if object::is_deleting(&rollout.stored) {
        rollout.adjust_new(ctx)?;
        return rollout.finish(false, ctx);
    }
    told::pause(&mut rollout.deployment, ctx.now);
    let paused = object::bool_at(&rollout.stored, "spec.paused") == Some(true);
    let recreates = object::str_at(&rollout.stored, "spec.strategy.type") == Some("Recreate");
    rollout.adjust_new(ctx)?;
    if paused || rollout.is_scaled() {
        rollout.scale_all(ctx)?;
        if paused {
            rollout.clean_up(ctx)?;
        }
        return rollout.finish(false, ctx);
    }
    if recreates {
        rollout.recreate(owned, ctx)?
    } else {
        rollout.roll(ctx)?
    }
    rollout.finish(true, ctx)
}

impl Rollout {
    fn active(&self) -> Vec<Rc<Value>> {
        self.old.iter().chain(&self.new).filter(|s| replicas(s) > 0).cloned().collect()
    }

    fn total(&self) -> i64 {
        self.old.iter().chain(&self.new).map(|s| replicas(s)).sum()
    }

    /// Puts what was written in the place of what it was.
    fn replace(&mut self, set: Rc<Value>) {
        match &mut self.new {
            Some(new) if object::uid(new) == object::uid(&set) => *new = set,
            Some(_) | None => {
                if let Some(old) = self.old.iter_mut().find(|s| object::uid(s) == object::uid(&set)) {
                    *old = set;
                }
            }
        }
    }

    /// `SetNewReplicaSetAnnotations`: the Deployment's own, and the newest revision.
    fn annotate(&self, set: &mut Value) {
        let mut all = annotations(set);
        for (key, value) in annotations(&self.deployment).iter().filter(|(key, _)| !OWN.contains(&key.as_str())) {
            all.insert(key.clone(), value.clone());
        }
        let next = self.old.iter().map(|s| revision(s)).max().unwrap_or(0) + 1;
        if revision(set) < next {
            all.insert(REVISION.into(), json!(next.to_string()));
            // Going back to an older template: its former numbers are kept.
            if let Some(before) = annotation(set, REVISION) {
                let mut former: Vec<&str> = annotation(set, HISTORY).unwrap_or("").split(',').filter(|r| !r.is_empty()).collect();
                former.push(before);
                while former.join(",").len() > LONGEST_HISTORY {
                    former.remove(0);
                }
                all.insert(HISTORY.into(), json!(former.join(",")));
            }
        }
        object::set(set, "metadata.annotations", Value::Object(all));
    }

    /// Numbers the ReplicaSet of the newest template, where there is one, and the Deployment after it. Models `getNewReplicaSet`.
    fn adjust_new(&mut self, ctx: &mut Context) -> Result<(), Status> {
        let Some(new) = self.new.clone() else { return Ok(()) };
        let mut changed = (*new).clone();
        self.annotate(&mut changed);
        let ready = |of: &Value| object::i64_at(of, "spec.minReadySeconds").unwrap_or(0);
        if ready(&changed) != ready(&self.deployment) {
            object::set(&mut changed, "spec.minReadySeconds", json!(ready(&self.deployment)));
        }
        if changed != *new {
            self.new = Some(put(ctx, kinds::REPLICA_SET, changed, "")?.object);
            return Ok(());
        }
        self.number(revision(&new));
        told::found(&mut self.deployment, object::name(&new), ctx.now);
        Ok(())
    }

    fn number(&mut self, revision: i64) {
        let mut all = annotations(&self.deployment);
        all.insert(REVISION.into(), json!(revision.to_string()));
        object::set(&mut self.deployment, "metadata.annotations", Value::Object(all));
    }

    /// Makes the ReplicaSet of the newest template, where there is none.
    fn ensure_new(&mut self, ctx: &mut Context) -> Result<(), Status> {
        if self.new.is_some() {
            return Ok(());
        }
        let deployment = &self.deployment;
        let first = status_of(deployment, "collisionCount");
        for collision in first..first + MOST_COLLISIONS {
            let mut pods = plain(&template(&self.deployment));
            let hash = hash(&pods, collision);
            let mut labels = object::map_at(&pods, "metadata.labels").cloned().unwrap_or_default();
            labels.insert("pod-template-hash".into(), json!(hash));
            object::set(&mut pods, "metadata.labels", json!(labels));
            let mut selector = object::at(&self.deployment, "spec.selector").cloned().unwrap_or_else(|| json!({}));
            object::set(&mut selector, "matchLabels.pod-template-hash", json!(hash));
            let count = self.new_replicas();
            let name = format!("{}-{hash}", object::name(&self.deployment));
            let mut set = json!({"metadata": {"name": name, "labels": labels, "ownerReferences": [reference(&self.deployment)]},
                "spec": {"replicas": count, "selector": selector, "template": pods}});
            self.annotate(&mut set);
            self.annotate_counts(&mut set);
            if let Some(seconds) = object::at(&self.deployment, "spec.minReadySeconds") {
                set["spec"]["minReadySeconds"] = seconds.clone();
            }
            let next = revision(&set);
            match make(ctx, kinds::REPLICA_SET, object::namespace(&self.deployment), set) {
                Ok(set) => {
                    if count > 0 {
                        let message = format!("Scaled up replica set {name} from 0 to {count}");
                        say(ctx, &self.deployment, COMPONENT, "Normal", "ScalingReplicaSet", &message);
                    }
                    self.number(next);
                    let message = format!("Created new replica set {name:?}");
                    told::progressing(&mut self.deployment, "True", "NewReplicaSetCreated", message, ctx.now);
                    self.new = Some(set);
                    return Ok(());
                }
                Err(refusal) if refusal.reason == "AlreadyExists" => {
                    object::set(&mut self.deployment, "status.collisionCount", json!(collision + 1));
                }
                Err(refusal) => {
                    let message = format!("Failed to create new replica set {name:?}: {}", refusal.message);
                    told::progressing(&mut self.deployment, "False", "ReplicaSetCreateError", message.clone(), ctx.now);
                    say(ctx, &self.deployment, COMPONENT, "Warning", "ReplicaSetCreateError", &message);
                    self.write(ctx)?;
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    fn annotate_counts(&self, set: &mut Value) {
        let wanted = replicas(&self.deployment);
        let mut all = annotations(set);
        all.insert(DESIRED.into(), json!(wanted.to_string()));
        all.insert(MOST.into(), json!((wanted + most_surge(&self.deployment)).to_string()));
        object::set(set, "metadata.annotations", Value::Object(all));
    }

    /// How many Pods the new ReplicaSet may have just now (`NewRSNewReplicas`).
    fn new_replicas(&self) -> i64 {
        let wanted = replicas(&self.deployment);
        let now = self.new.as_ref().map_or(0, |s| replicas(s));
        if object::str_at(&self.deployment, "spec.strategy.type") == Some("Recreate") {
            return wanted;
        }
        let room = wanted + most_surge(&self.deployment) - self.total();
        if room <= 0 { now } else { now + room.min(wanted - now) }
    }

    /// `scaleReplicaSet`: true where the number changed. What has it already is left alone, unless its annotations are to be looked at as well.
    fn scale(&mut self, set: &Rc<Value>, to: i64, even_same: bool, ctx: &mut Context) -> Result<bool, Status> {
        let from = replicas(set);
        if from == to && !even_same {
            return Ok(false);
        }
        let mut new = (**set).clone();
        object::set(&mut new, "spec.replicas", json!(to));
        self.annotate_counts(&mut new);
        if new == **set {
            return Ok(false);
        }
        let written = put(ctx, kinds::REPLICA_SET, new, "")?;
        if from != to {
            let word = if to > from { "up" } else { "down" };
            let message = format!("Scaled {word} replica set {} from {from} to {to}", object::name(set));
            say(ctx, &self.deployment, COMPONENT, "Normal", "ScalingReplicaSet", &message);
        }
        self.replace(written.object);
        Ok(from != to)
    }

    /// The wanted number changed, and some ReplicaSet does not know it yet (`isScalingEvent`).
    fn is_scaled(&self) -> bool {
        let wanted = replicas(&self.deployment);
        self.active().iter().any(|s| number(s, DESIRED).is_some_and(|desired| desired != wanted))
    }

    /// Brings the Deployment to its number without a rollout: one active ReplicaSet takes all, several share. Models `scale`.
    fn scale_all(&mut self, ctx: &mut Context) -> Result<(), Status> {
        let wanted = replicas(&self.deployment);
        let mut active = self.active();
        if active.len() < 2 {
            let only = active.into_iter().next().or_else(|| self.new.clone()).or_else(|| self.old.last().cloned());
            if let Some(only) = only {
                self.scale(&only, wanted, false, ctx)?;
            }
            return Ok(());
        }
        let saturated = |s: &Rc<Value>| replicas(s) == wanted && number(s, DESIRED) == Some(wanted) && status_of(s, "availableReplicas") == wanted;
        if self.new.as_ref().is_some_and(saturated) {
            for set in self.old.clone() {
                self.scale(&set, 0, false, ctx)?;
            }
            return Ok(());
        }
        if object::str_at(&self.deployment, "spec.strategy.type") == Some("Recreate") {
            return Ok(());
        }
        let most = wanted + most_surge(&self.deployment);
        let to_add = if wanted > 0 { most } else { 0 } - active.iter().map(|s| replicas(s)).sum::<i64>();
        // The largest first; of the same size the newest where some are added, the oldest where some go.
        active.order_by_key(|s| age(s));
        if to_add > 0 {
            active.reverse();
        }
        active.order_by_key(|s| -replicas(s));
        let mut added = 0;
        let mut sizes = Vec::new();
        for set in &active {
            let here = replicas(set);
            let before = number(set, MOST).filter(|n| *n != 0).unwrap_or(status_of(&self.deployment, "replicas"));
            let share = match (wanted, before) {
                (0, _) => -here,
                (_, 0) => 0,
                // Rounded half away from zero.
                (_, before) => (2 * here * most + before) / (2 * before) - here,
            };
            let share = if to_add > 0 { share.min(to_add - added) } else { share.max(to_add - added) };
            let share = if to_add == added { 0 } else { share };
            added += share;
            sizes.push(here + share);
        }
        for (index, set) in active.iter().enumerate() {
            let left = if index == 0 { to_add - added } else { 0 };
            self.scale(set, (sizes[index] + left).max(0), true, ctx)?;
        }
        Ok(())
    }

    /// Models `rolloutRolling`.
    fn roll(&mut self, ctx: &mut Context) -> Result<(), Status> {
        self.ensure_new(ctx)?;
        let Some(new) = self.new.clone() else { return Ok(()) };
        let wanted = replicas(&self.deployment);
        let to = if replicas(&new) > wanted { wanted } else { self.new_replicas() };
        if self.scale(&new, to, false, ctx)? || self.scale_down_old(&new, wanted, ctx)? {
            return Ok(());
        }
        self.clean_up_when_done(ctx)
    }

    fn scale_down_old(&mut self, new: &Rc<Value>, wanted: i64, ctx: &mut Context) -> Result<bool, Status> {
        let least = wanted - most_unavailable(&self.deployment);
        let mut room = self.total() - least - (replicas(new) - status_of(new, "availableReplicas"));
        if self.old.iter().all(|s| replicas(s) == 0) || room <= 0 {
            return Ok(false);
        }
        let mut scaled = false;
        // Those that do not work go first.
        for set in self.old.clone() {
            let cut = (replicas(&set) - status_of(&set, "availableReplicas")).min(room);
            if cut > 0 {
                scaled |= self.scale(&set, replicas(&set) - cut, false, ctx)?;
                room -= cut;
            }
        }
        let available: i64 = self.old.iter().filter(|s| replicas(s) > 0).chain([new]).map(|s| status_of(s, "availableReplicas")).sum();
        let mut cut = available - least;
        for set in self.old.clone() {
            let here = replicas(&set).min(cut);
            if here > 0 {
                scaled |= self.scale(&set, replicas(&set) - here, false, ctx)?;
                cut -= here;
            }
        }
        Ok(scaled)
    }

    /// Models `rolloutRecreate`.
    fn recreate(&mut self, owned: &Owned, ctx: &mut Context) -> Result<(), Status> {
        let mut scaled = false;
        for set in self.old.clone() {
            scaled |= self.scale(&set, 0, false, ctx)?;
        }
        let lives =
            |set: &Rc<Value>| status_of(set, "replicas") > 0 || !owned.of_kind(set, kinds::POD, ctx).iter().all(|p| super::owned::is_finished(p));
        if scaled || self.old.iter().any(lives) {
            return Ok(());
        }
        self.ensure_new(ctx)?;
        if let Some(new) = self.new.clone() {
            self.scale(&new, replicas(&self.deployment), false, ctx)?;
        }
        self.clean_up_when_done(ctx)
    }

    fn clean_up_when_done(&mut self, ctx: &mut Context) -> Result<(), Status> {
        if told::is_complete(&self.deployment) { self.clean_up(ctx) } else { Ok(()) }
    }

    /// Old ReplicaSets beyond `revisionHistoryLimit` go, those with Pods excepted.
    fn clean_up(&self, ctx: &mut Context) -> Result<(), Status> {
        let Some(limit) = object::i64_at(&self.deployment, "spec.revisionHistoryLimit") else { return Ok(()) };
        let mut old: Vec<&Rc<Value>> = self.old.iter().filter(|s| !object::is_deleting(s)).collect();
        old.order_by_key(|s| revision(s));
        let surplus = (old.len() as i64 - limit.max(0)).max(0) as usize;
        for set in old.into_iter().take(surplus) {
            let seen = object::i64_at(set, "metadata.generation") <= object::i64_at(set, "status.observedGeneration");
            if replicas(set) == 0 && status_of(set, "replicas") == 0 && seen {
                super::owned::delete(ctx, kinds::REPLICA_SET, set)?;
            }
        }
        Ok(())
    }

    /// Writes revision and status; a rollout tells how far it has come as well.
    fn finish(mut self, rolls: bool, ctx: &mut Context) -> Synced {
        let sets = Sets { new: self.new.as_deref(), old: &self.old };
        let (status, again) =
            if rolls { told::progress(&self.deployment, &sets, ctx.now) } else { (told::calculate(&self.deployment, &sets, ctx.now), None) };
        self.deployment["status"] = status;
        self.write(ctx)?;
        Ok(again)
    }

    fn write(&self, ctx: &mut Context) -> Result<(), Status> {
        if self.deployment == *self.stored {
            return Ok(());
        }
        put(ctx, kinds::DEPLOYMENT, self.deployment.clone(), "status").map(|_| ())
    }
}
