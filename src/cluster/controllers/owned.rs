//! Who belongs to whom: owner references as an index, adoption, and the template from which Pods are made.
//!
//! Models `pkg/controller/controller_ref_manager.go` and `controller_utils.go`.

use crate::api::order::{SortedMap, SortedSet};
use std::rc::Rc;

use super::selector;
use crate::api::{Kind, Map, SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{Change, DeleteOptions, Key, Verb, WriteOptions, Written};
use crate::cluster::throttle::Throttle;

#[derive(Clone, Debug, Default)]
pub struct Owned {
    by_owner: SortedMap<String, SortedSet<Key>>,
    /// Pods, ReplicaSets and ControllerRevisions without a controller.
    orphans: SortedSet<Key>,
}

impl Owned {
    pub fn note(&mut self, change: &Change) {
        if let Some(old) = &change.old {
            for uid in owners(old) {
                if let Some(keys) = self.by_owner.get_mut(uid) {
                    keys.remove(&change.key);
                    if keys.is_empty() {
                        self.by_owner.remove(uid);
                    }
                }
            }
            self.orphans.remove(&change.key);
        }
        if change.verb == Verb::Deleted {
            return;
        }
        for uid in owners(&change.object) {
            self.by_owner.entry(uid.to_owned()).or_default().insert(change.key.clone());
        }
        let adoptable = [kinds::POD, kinds::REPLICA_SET, kinds::CONTROLLER_REVISION].contains(&change.key.kind);
        if adoptable && object::controller_of(&change.object).is_none() {
            self.orphans.insert(change.key.clone());
        }
    }

    /// The uids of owners that are gone, or going with their dependents first.
    pub fn garbage(&self, change: &Change) -> Option<String> {
        let uid = object::uid(&change.object);
        let going = change.verb == Verb::Deleted || object::is_deleting(&change.object);
        (going && self.by_owner.contains_key(uid)).then(|| uid.to_owned())
    }

    /// Whether an object was given an owner that does not exist.
    pub fn is_dangling(&self, change: &Change, ctx: &Context) -> bool {
        let new = references(&change.object);
        let same = change.old.as_ref().is_some_and(|old| references(old) == new);
        change.verb != Verb::Deleted && !same && !new.iter().all(|owner| lives(owner, &change.key.namespace, ctx))
    }

    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.by_owner.get(uid).into_iter().flatten()
    }

    /// The dependents of one kind, as objects.
    pub fn of_kind(&self, owner: &Value, kind: &'static Kind, ctx: &Context) -> Vec<Rc<Value>> {
        self.dependents(object::uid(owner)).filter(|k| k.kind == kind).filter_map(|k| ctx.api.at(k).cloned()).collect()
    }

    /// A set's Pods: its own, after adopting those that its selector chooses and letting go those that it does not.
    pub fn pods(&self, set: &Value, ctx: &mut Context) -> Result<Vec<Rc<Value>>, Status> {
        self.claim(set, kinds::POD, ctx)
    }

    /// What a set owns of one kind, after adopting what its selector chooses and letting go what it does not.
    pub fn claim(&self, set: &Value, kind: &'static Kind, ctx: &mut Context) -> Result<Vec<Rc<Value>>, Status> {
        let selector = selector(set);
        // A StatefulSet's Pods have its name as well.
        let by_name = kind == kinds::POD && object::kind(set) == "StatefulSet";
        let chosen = |o: &Value| selector.matches(object::labels(o)) && (!by_name || super::stateful_set::ordinal(o, object::name(set)).is_some());
        let (mut mine, mut leaving) = (Vec::new(), Vec::new());
        for object in self.of_kind(set, kind, ctx) {
            if chosen(&object) { mine.push(object) } else { leaving.push(object) }
        }
        if !object::is_deleting(set) {
            for object in leaving {
                let new = without_owner(&object, object::uid(set));
                put(ctx, kind, new, "")?;
            }
            let space = object::namespace(set).to_owned();
            let strays = self.orphans.iter().filter(|k| k.kind == kind && k.namespace == space);
            let strays: Vec<Rc<Value>> = strays.filter_map(|k| ctx.api.at(k).cloned()).collect();
            for stray in strays.into_iter().filter(|p| !object::is_deleting(p) && chosen(p) && !selector.is_empty()) {
                let mut new = (*stray).clone();
                let mut all = references(&stray).to_vec();
                all.push(reference(set));
                object::set(&mut new, "metadata.ownerReferences", Value::Array(all));
                mine.push(put(ctx, kind, new, "")?.object);
            }
        }
        Ok(mine)
    }
}

/// Whether an owner is there; one of a kind that is not served is believed to be.
pub fn lives(owner: &Value, namespace: &str, ctx: &Context) -> bool {
    let text = |field| object::str_at(owner, field).unwrap_or("");
    Kind::find(text("apiVersion"), text("kind")).is_none_or(|kind| {
        let space = if kind.namespaced { namespace } else { "" };
        ctx.api.get(kind, space, text("name")).is_some_and(|o| object::uid(o) == text("uid"))
    })
}

/// The object as it is when that owner has let it go.
pub fn without_owner(object: &Value, uid: &str) -> Value {
    let mut new = object.clone();
    let keep: Vec<Value> = references(object).iter().filter(|r| object::str_at(r, "uid") != Some(uid)).cloned().collect();
    object::set(&mut new, "metadata.ownerReferences", Value::Array(keep));
    new
}

/// Does `count` things in batches of one, two, four …; the batch in which one fails is the last. Models `slowStartBatch`.
pub fn slow_start(count: usize, act: &mut dyn FnMut(usize) -> Result<(), Status>) -> Result<(), Status> {
    let (mut at, mut batch) = (0, 1);
    while at < count {
        let end = (at + batch).min(count);
        let mut done = Ok(());
        for index in at..end {
            done = done.and(act(index));
        }
        done?;
        (at, batch) = (end, batch * 2);
    }
    Ok(())
}

/// The same for Pods that are made; gives how many are left because the client may ask no more now. (A real one's requests wait where they are, and its
/// sync with them.)
pub fn slow_start_pods(
    client: &mut Throttle,
    count: usize,
    ctx: &mut Context,
    make: &mut dyn FnMut(usize, &mut Context) -> Result<(), Status>,
) -> Result<usize, Status> {
    let may = client.free(ctx.now).min(count);
    slow_start(may, &mut |at| {
        client.spend(1, ctx.now);
        make(at, ctx)
    })?;
    Ok(count - may)
}

fn references(object: &Value) -> &[Value] {
    object::list_at(object, "metadata.ownerReferences")
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    references(object).iter().filter_map(|r| object::str_at(r, "uid"))
}

pub fn reference(owner: &Value) -> Value {
    json!({"apiVersion": object::api_version(owner), "kind": object::kind(owner), "name": object::name(owner), "uid": object::uid(owner),
        "controller": true, "blockOwnerDeletion": true})
}

/// Stores a changed object on behalf of a controller.
pub fn put(ctx: &mut Context, kind: &'static Kind, object: Value, subresource: &'static str) -> Result<Written, Status> {
    let space = object::namespace(&object).to_owned();
    let options = WriteOptions { subresource, field_manager: "kube-controller-manager".into(), ..WriteOptions::default() };
    let (api, mut caller) = ctx.api();
    api.update(&mut caller, kind, &space, object, &options)
}

/// The annotations of an object, to be changed.
pub fn annotations(object: &Value) -> Map<String, Value> {
    object::map_at(object, "metadata.annotations").cloned().unwrap_or_default()
}

/// When an object was made, and its name: the order in which sets are looked through.
pub fn age(object: &Value) -> (String, String) {
    (object::str_at(object, "metadata.creationTimestamp").unwrap_or("").to_owned(), object::name(object).to_owned())
}

/// Writes a status where it differs.
pub fn put_status(ctx: &mut Context, kind: &'static Kind, object: &Value, status: Value) -> Result<(), Status> {
    if object.get("status") == Some(&status) {
        return Ok(());
    }
    let key = Key::new(kind, object::namespace(object), object::name(object));
    let Some(stored) = ctx.api.at(&key) else { return Ok(()) };
    let mut new = (**stored).clone();
    new["status"] = status;
    put(ctx, kind, new, "status").map(|_| ())
}

/// A Pod of a set, with the event of its creation, or of the refusal. Models `RealPodControl.createPods`.
pub fn make_pod(ctx: &mut Context, set: &Value, component: &'static str, pod: Value) -> Result<Rc<Value>, Status> {
    match make(ctx, kinds::POD, object::namespace(set), pod) {
        Ok(pod) => {
            super::say(ctx, set, component, "Normal", "SuccessfulCreate", &format!("Created pod: {}", object::name(&pod)));
            Ok(pod)
        }
        Err(refusal) => {
            // Of a namespace that goes nothing is told.
            let space = ctx.api.get(kinds::NAMESPACE, "", object::namespace(set));
            if !space.is_some_and(|space| object::is_deleting(space)) {
                super::say(ctx, set, component, "Warning", "FailedCreate", &format!("Error creating: {}", refusal.message));
            }
            Err(refusal)
        }
    }
}

pub fn make(ctx: &mut Context, kind: &'static Kind, namespace: &str, object: Value) -> Result<Rc<Value>, Status> {
    let options = WriteOptions { field_manager: "kube-controller-manager".into(), ..WriteOptions::default() };
    let (api, mut caller) = ctx.api();
    Ok(api.create(&mut caller, kind, namespace, object, &options)?.object)
}

pub fn delete(ctx: &mut Context, kind: &'static Kind, object: &Value) -> Result<(), Status> {
    let key = Key::new(kind, object::namespace(object), object::name(object));
    let (api, mut caller) = ctx.api();
    match api.delete(&mut caller, &key, DeleteOptions::default()) {
        Err(refusal) if refusal.code != 404 => Err(refusal),
        Err(_) | Ok(_) => Ok(()),
    }
}

/// A Pod from a set's template, without a name.
pub fn pod_of(set: &Value, template: &Value) -> Value {
    let mut pod = json!({"metadata": {"ownerReferences": [reference(set)]}, "spec": template.get("spec").cloned().unwrap_or_else(|| json!({}))});
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = object::at(template, &format!("metadata.{field}")) {
            pod["metadata"][field] = value.clone();
        }
    }
    pod
}

pub fn is_finished(pod: &Value) -> bool {
    matches!(object::str_at(pod, "status.phase"), Some("Succeeded" | "Failed"))
}

/// Neither finished nor going.
pub fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !object::is_deleting(pod)
}

/// A condition of a Pod or another object, by its type.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object::list_at(object, "status.conditions").iter().find(|c| object::str_at(c, "type") == Some(kind))
}

pub fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|c| object::str_at(c, "status") == Some("True"))
}

/// After how many milliseconds a ready Pod counts as available; 0 where it does, `None` where it is not ready.
pub fn available_in(pod: &Value, min_ready_seconds: i64, now: SimTime) -> Option<u64> {
    let ready = condition(pod, "Ready").filter(|c| object::str_at(c, "status") == Some("True"))?;
    if min_ready_seconds <= 0 {
        return Some(0);
    }
    let since = object::str_at(ready, "lastTransitionTime").and_then(SimTime::parse)?;
    Some((since + (min_ready_seconds as u64).saturating_mul(1000)).since(now))
}

/// How many Pods a set is to have.
pub fn replicas(set: &Value) -> i64 {
    object::i64_at(set, "spec.replicas").unwrap_or(1).max(0)
}
