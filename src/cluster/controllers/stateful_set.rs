//! Models `pkg/controller/statefulset`: Pods with names that stay, one after the other or all at once.
//!
//! `maxUnavailable` is behind the feature MaxUnavailableStatefulSet, which 1.36 leaves off: one Pod at a time is replaced.

use crate::api::order::{InOrder as _, SortedMap};
use std::rc::Rc;

use super::owned::{Owned, available_in, delete, is_finished, is_ready, make, pod_of, put_status, replicas, slow_start};
use super::rollout::{hash, template};
use super::{Synced, history, say, stateful_claims as claims};
use crate::api::{SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;
use crate::cluster::throttle::Throttle;

pub const COMPONENT: &str = "statefulset-controller";
/// How many Pods one sync makes at most. Upstream knows no such limit here; a ReplicaSet has this one.
const BURST: usize = 500;
const REVISION_LABEL: &str = "controller-revision-hash";

#[inline(never)]
pub fn sync(key: &Key, owned: &Owned, client: &mut Throttle, ctx: &mut Context) -> Synced {
    let Some(set) = ctx.api.at(key).cloned() else { return Ok(None) };
    let pods = owned.pods(&set, ctx)?;
    let hash = hash(&template(&set), 0);
    let update = format!("{}-{hash}", key.name);
    let label = ("controller.kubernetes.io/hash", hash.as_str());
    let revisions = if object::is_deleting(&set) {
        owned.of_kind(&set, kinds::CONTROLLER_REVISION, ctx)
    } else {
        history::keep(&set, &update, label, owned, ctx)?
    };
    let named = object::str_at(&set, "status.currentRevision").and_then(|name| revisions.iter().find(|r| object::name(r) == name));
    let current = named.map_or(update.clone(), |r| object::name(r).to_owned());
    let old_template = named.and_then(|r| object::at(r, "data.spec.template")).cloned();
    let min_ready = object::i64_at(&set, "spec.minReadySeconds").unwrap_or(0);
    let parallel = object::str_at(&set, "spec.podManagementPolicy") == Some("Parallel");
    let run = Run { key, pods: &pods, update: &update, current: &current, old_template, min_ready, parallel, now: ctx.now };
    let acted = if object::is_deleting(&set) { Ok(None) } else { run.act(&set, client, ctx) };
    if let Ok(Some(_)) = acted {
        return acted;
    }
    let again = run.write_status(&set, ctx);
    acted?;
    let live = |revision: &Value| {
        let name = object::name(revision);
        name == update || name == current || pods.iter().any(|p| revision_of(p) == name)
    };
    history::trim(&set, revisions, false, &live, ctx)?;
    again
}

pub fn ordinal(pod: &Value, set: &str) -> Option<i64> {
    let digits = object::name(pod).strip_prefix(set)?.strip_prefix('-')?;
    digits.parse().ok().filter(|_| !digits.starts_with(['-', '+']))
}

fn revision_of(pod: &Value) -> &str {
    object::labels(pod).and_then(|l| l.get(REVISION_LABEL)).and_then(Value::as_str).unwrap_or("")
}

fn runs(pod: &Value) -> bool {
    object::str_at(pod, "status.phase") == Some("Running") && is_ready(pod)
}

struct Run<'a> {
    key: &'a Key,
    pods: &'a [Rc<Value>],
    /// The revision of the set's template, and the one that it comes from, with its template.
    update: &'a str,
    current: &'a str,
    old_template: Option<Value>,
    min_ready: i64,
    parallel: bool,
    now: SimTime,
}

impl Run<'_> {
    fn is_available(&self, pod: &Value) -> bool {
        available_in(pod, self.min_ready, self.now) == Some(0)
    }

    fn is_unavailable(&self, pod: &Value) -> bool {
        !self.is_available(pod) || object::is_deleting(pod)
    }

    /// Models `updateStatefulSet`. Gives when it goes on, where the client may ask no more now.
    fn act(&self, set: &Value, client: &mut Throttle, ctx: &mut Context) -> Synced {
        let start = object::i64_at(set, "spec.ordinals.start").unwrap_or(0);
        let end = start + replicas(set);
        let by_ordinal: SortedMap<i64, &Rc<Value>> = self.pods.iter().filter_map(|p| Some((ordinal(p, &self.key.name)?, p))).collect();
        // Of millions of places as many count as there may be Pods after this sync.
        let places: Vec<(i64, Option<&Rc<Value>>)> = (start..end).take(self.pods.len() + BURST).map(|n| (n, by_ordinal.get(&n).copied())).collect();
        let mut surplus: Vec<&Rc<Value>> =
            self.pods.iter().filter(|p| ordinal(p, &self.key.name).is_some_and(|n| !(start..end).contains(&n))).collect();
        surplus.order_by_key(|p| std::cmp::Reverse(ordinal(p, &self.key.name)));
        // Of those to go one that is not available may go only if it is the first such Pod of all.
        let missing = places.iter().any(|(_, pod)| pod.is_none_or(|p| self.is_unavailable(p)));
        let first_surplus = if missing { None } else { surplus.iter().rev().find(|p| self.is_unavailable(p)) };
        let first = first_surplus.map(|p| object::uid(p));

        if self.parallel {
            // Up to the first Pod that the client may not make any more.
            let lacking = places.iter().enumerate().filter(|(_, (_, pod))| pod.is_none());
            let beyond = lacking.map(|(at, _)| at).nth(client.free(ctx.now));
            slow_start(beyond.unwrap_or(places.len()), &mut |at| {
                client.spend(usize::from(places[at].1.is_none()), ctx.now);
                self.place(set, places[at], ctx).map(|_| ())
            })?;
            if beyond.is_some() {
                return Ok(Some(client.wait(ctx.now)));
            }
        } else {
            for place in &places {
                if self.place(set, *place, ctx)? {
                    return Ok(None);
                }
            }
        }
        for pod in &surplus {
            claims::settle(set, pod, ctx)?;
        }
        for pod in surplus {
            if object::is_deleting(pod) {
                if self.parallel { continue } else { return Ok(None) }
            }
            let sound = runs(pod) && self.is_available(pod);
            if !self.parallel && !sound && first != Some(object::uid(pod)) {
                return Ok(None);
            }
            remove(set, pod, ctx)?;
            if !self.parallel {
                return Ok(None);
            }
        }
        if object::str_at(set, "spec.updateStrategy.type") == Some("OnDelete") {
            return Ok(None);
        }
        let partition = partition(set).unwrap_or(0).max(0) as usize;
        for (_, pod) in places.iter().skip(partition).rev() {
            let Some(pod) = pod else { return Ok(None) };
            if revision_of(pod) != self.update && !object::is_deleting(pod) {
                remove(set, pod, ctx)?;
                return Ok(None);
            }
            if self.is_unavailable(pod) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Brings one Pod to where it is to be; true where those behind it have to wait. Models `processReplica`.
    fn place(&self, set: &Value, (n, pod): (i64, Option<&Rc<Value>>), ctx: &mut Context) -> Result<bool, Status> {
        let Some(pod) = pod else {
            let name = format!("{}-{n}", self.key.name);
            if claims::is_stale(set, &name, ctx) {
                return Ok(true);
            }
            let made = self.create(set, n, &name, ctx);
            tell(set, "Create", &name, made.as_ref().err(), ctx);
            made?;
            return Ok(!self.parallel);
        };
        if is_finished(pod) {
            if !object::is_deleting(pod) {
                remove(set, pod, ctx)?;
            }
            return Ok(true);
        }
        if object::str_at(pod, "status.phase") == Some("Pending") {
            claims::ensure(set, object::name(pod), ctx)?;
            claims::settle(set, pod, ctx)?;
        }
        if !self.parallel && (object::is_deleting(pod) || !runs(pod) || !self.is_available(pod)) {
            return Ok(true);
        }
        // A Pod that was adopted lacks the set's labels (`identityMatches`).
        const NAME: &str = "statefulset.kubernetes.io/pod-name";
        let strange = object::labels(pod).and_then(|l| l.get(NAME)).and_then(Value::as_str) != Some(object::name(pod));
        if strange {
            let mut new = (**pod).clone();
            new["metadata"]["labels"][NAME] = json!(object::name(pod));
            new["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = json!(n.to_string());
            super::owned::put(ctx, kinds::POD, new, "")?;
        }
        if claims::settle(set, pod, ctx)? || strange {
            tell(set, "Update", object::name(pod), None, ctx);
        }
        Ok(false)
    }

    fn create(&self, set: &Value, n: i64, name: &str, ctx: &mut Context) -> Result<(), Status> {
        claims::ensure(set, name, ctx)?;
        // Those below the partition are made as they were before (`newVersionedStatefulSetPod`).
        let start = object::i64_at(set, "spec.ordinals.start").unwrap_or(0);
        let former = partition(set).is_some_and(|partition| n < start + partition);
        let (template, revision) =
            if former { (self.old_template.clone().unwrap_or_else(|| template(set)), self.current) } else { (template(set), self.update) };
        let mut pod = pod_of(set, &template);
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["generateName"] = json!(format!("{}-", object::name(set)));
        for (label, value) in [
            ("apps.kubernetes.io/pod-index", n.to_string()),
            (REVISION_LABEL, revision.to_owned()),
            ("statefulset.kubernetes.io/pod-name", name.to_owned()),
        ] {
            pod["metadata"]["labels"][label] = json!(value);
        }
        object::set(&mut pod, "spec.hostname", json!(name));
        if let Some(service) = object::str_at(set, "spec.serviceName").filter(|s| !s.is_empty()) {
            object::set(&mut pod, "spec.subdomain", json!(service));
        }
        claims::mount(set, name, &mut pod);
        let pod = make(ctx, kinds::POD, &self.key.namespace, pod)?;
        claims::settle(set, &pod, ctx).map(|_| ())
    }

    fn write_status(&self, set: &Value, ctx: &mut Context) -> Synced {
        let count = |f: &dyn Fn(&Value) -> bool| self.pods.iter().filter(|p| f(p)).count() as i64;
        let ready = count(&runs);
        let available = count(&|p| runs(p) && self.is_available(p));
        let of = |revision: &str| count(&|p| revision_of(p) == revision && !object::is_deleting(p));
        let (updated, wanted) = (of(self.update), replicas(set));
        let mut current = (self.current, of(self.current));
        let rolls = object::str_at(set, "spec.updateStrategy.type") != Some("OnDelete");
        if rolls && updated == wanted && ready == wanted && self.pods.len() as i64 == wanted {
            current = (self.update, updated);
        }
        let mut status = json!({"observedGeneration": object::i64_at(set, "metadata.generation").unwrap_or(1), "replicas": self.pods.len(),
            "availableReplicas": available, "currentRevision": current.0, "updateRevision": self.update, "collisionCount": 0});
        for (field, count) in [("readyReplicas", ready), ("updatedReplicas", updated), ("currentReplicas", current.1)] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        put_status(ctx, kinds::STATEFUL_SET, set, status)?;
        Ok(self.pods.iter().filter_map(|p| available_in(p, self.min_ready, self.now)).filter(|wait| *wait > 0).min())
    }
}

fn partition(set: &Value) -> Option<i64> {
    object::at(set, "spec.updateStrategy.rollingUpdate")?;
    Some(object::i64_at(set, "spec.updateStrategy.rollingUpdate.partition").unwrap_or(0))
}

/// The event of what was done to a Pod, or could not be (`recordPodEvent`).
fn tell(set: &Value, verb: &str, pod: &str, refusal: Option<&Status>, ctx: &mut Context) {
    let what = format!("{verb} Pod {pod} in StatefulSet {}", object::name(set));
    match refusal {
        None => say(ctx, set, COMPONENT, "Normal", &format!("Successful{verb}"), &format!("{what} successful")),
        Some(refusal) => say(ctx, set, COMPONENT, "Warning", &format!("Failed{verb}"), &format!("{what} failed error: {}", refusal.message)),
    }
}

fn remove(set: &Value, pod: &Value, ctx: &mut Context) -> Result<(), Status> {
    delete(ctx, kinds::POD, pod)?;
    tell(set, "Delete", object::name(pod), None, ctx);
    Ok(())
}
