//! Models `pkg/controller/namespace` (`namespaced_resources_deleter.go`) and the ServiceAccount controller: what a new namespace gets, and how one
//! empties: Pods first, the rest once they are gone. Deviation: it empties kind by kind as the store has them, not by discovery.

use crate::api::order::SortedMap;
use std::rc::Rc;

use super::Synced;
use super::bootstrap::namespace_objects;
use super::owned::{condition, is_finished, put};
use crate::api::{SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{DeleteOptions, Key};

/// How long a deleted namespace, or one whose status changed, is left alone (`namespaceDeletionGracePeriod`).
pub const QUIET_MS: u64 = 5000;
/// How long the garbage collector and others are given for finalizers.
const FINALIZERS_SECONDS: i64 = 15;

/// What a look has left: how many objects of each resource, how many wait for each finalizer, what went wrong.
#[derive(Default)]
struct Remains {
    resources: SortedMap<String, usize>,
    finalizers: SortedMap<String, usize>,
    errors: Vec<String>,
}

#[inline(never)]
pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    let Some(namespace) = ctx.api.at(key).cloned() else { return Ok(None) };
    if !object::is_deleting(&namespace) {
        namespace_objects(&key.name, ctx);
        return Ok(None);
    }
    let deleted = object::str_at(&namespace, "metadata.deletionTimestamp").and_then(SimTime::parse).unwrap_or(ctx.now);
    let pods = ctx.api.list(kinds::POD, Some(&key.name)).filter(|pod| !is_finished(pod));
    let grace = pods.filter_map(|pod| object::i64_at(pod, "spec.terminationGracePeriodSeconds")).max().unwrap_or(0);
    let grace = if ctx.now.since(deleted) < (grace.max(0) as u64).saturating_mul(1000) { grace } else { 0 };
    let mut remains = Remains::default();
    let mut estimate = remains.clear(&key.name, true, grace, ctx);
    // While Pods are left, nothing else goes, and nothing is told of what is left.
    let told = if remains.resources.is_empty() {
        estimate = remains.clear(&key.name, false, 0, ctx);
        true
    } else {
        false
    };
    remains.tell(&namespace, told, ctx)?;
    if !remains.errors.is_empty() {
        return Err(Status::new(500, "InternalError", remains.errors.join(", ")));
    }
    if estimate > 0 {
        return Ok(Some((estimate / 2 + 1) as u64 * 1000));
    }
    let Some(namespace) = ctx.api.at(key).cloned() else { return Ok(None) };
    let mut new = (*namespace).clone();
    object::set(&mut new, "spec.finalizers", json!([]));
    put(ctx, kinds::NAMESPACE, new, "finalize")?;
    Ok(None)
}

impl Remains {
    /// Deletes Pods, or all but Pods; gives how many seconds what is left may take.
    fn clear(&mut self, space: &str, pods: bool, grace: i64, ctx: &mut Context) -> i64 {
        let inside = |key: &Key| key.kind.namespaced && key.namespace == space && (key.kind == kinds::POD) == pods;
        let content: Vec<Key> = ctx.api.all().filter(|(key, _)| inside(key)).map(|(key, _)| key.clone()).collect();
        let mut estimate = 0;
        for key in content {
            if ctx.api.at(&key).is_some_and(|o| !object::is_deleting(o)) {
                let (api, mut caller) = ctx.api();
                if let Err(refusal) = api.delete(&mut caller, &key, DeleteOptions::default()) {
                    self.errors.push(refusal.into_message());
                }
            }
            let Some(left) = ctx.api.at(&key) else { continue };
            *self.resources.entry(format!("{}.{}", key.kind.plural, key.kind.group)).or_insert(0) += 1;
            let finalizers = object::list_at(left, "metadata.finalizers");
            for finalizer in finalizers.iter().filter_map(Value::as_str) {
                *self.finalizers.entry(finalizer.to_owned()).or_insert(0) += 1;
            }
            if grace > 0 || !finalizers.is_empty() {
                estimate = if grace > 0 { grace } else { FINALIZERS_SECONDS };
            } else if estimate == 0 {
                let of = [key.kind.group, key.kind.version].join("/");
                self.errors.push(format!("unexpected items still remain in namespace: {space} for gvr: {of}, Resource={}", key.kind.plural));
            }
        }
        self.errors.dedup();
        estimate
    }

    /// Writes the namespace's conditions, where they change (`namespaceConditionUpdater`).
    fn tell(&self, namespace: &Rc<Value>, told: bool, ctx: &mut Context) -> Result<(), Status> {
        let list = |of: &SortedMap<String, usize>, words: &str| -> Option<String> {
            let all: Vec<String> = of.iter().map(|(name, count)| format!("{name} {words} {count} resource instances")).collect();
            (told && !all.is_empty()).then(|| all.join(", "))
        };
        let failed = (!self.errors.is_empty())
            .then(|| format!("Failed to delete all resource types, {} remaining: {}", self.errors.len(), self.errors.join(", ")));
        let left = list(&self.resources, "has").map(|all| format!("Some resources are remaining: {all}"));
        let held = list(&self.finalizers, "in").map(|all| format!("Some content in the namespace has finalizers remaining: {all}"));
        let rows = [
            ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered", "", None),
            ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed", "", None),
            (
                "NamespaceDeletionContentFailure",
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
                "ContentDeletionFailed",
                failed,
            ),
            ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed", "SomeResourcesRemain", left),
            ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished", "SomeFinalizersRemain", held),
        ];
        let now = json!(ctx.now.rfc3339());
        let one = |(kind, fine, well, wrong, problem): (&str, &str, &str, &str, Option<String>)| {
            let (status, reason) = if problem.is_some() { ("True", wrong) } else { ("False", fine) };
            let before = condition(namespace, kind).filter(|c| object::str_at(c, "status") == Some(status));
            let since = before.and_then(|c| c.get("lastTransitionTime").cloned()).unwrap_or_else(|| now.clone());
            json!({"type": kind, "status": status, "reason": reason, "message": problem.unwrap_or_else(|| well.to_owned()), "lastTransitionTime": since})
        };
        let mut new = (**namespace).clone();
        object::set(&mut new, "status.conditions", Value::Array(rows.into_iter().map(one).collect()));
        if new != **namespace {
            put(ctx, kinds::NAMESPACE, new, "status")?;
        }
        Ok(())
    }
}
