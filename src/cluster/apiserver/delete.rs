//! Deleting: graceful for Pods, finalizers, namespaces, what becomes of dependents.
//!
//! Models `rest.BeforeDelete`, `pkg/registry/core/pod/strategy.go` (CheckGracefulDelete) and `pkg/registry/core/namespace/storage`.

use std::rc::Rc;

use super::budget::Budget;
use super::{ApiServer, Caller, DeleteOptions, Key, Propagation, Verb};
use crate::api::{Kind, Selector, Status, Value, json, kinds, object};

/// Namespaces that admission protects (`NamespaceLifecycle`).
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl ApiServer {
    /// Gives the object as it stands after the request: gone, or terminating with a deletionTimestamp.
    pub fn delete(&mut self, caller: &mut Caller, key: &Key, options: DeleteOptions) -> Result<Rc<Value>, Status> {
        self.refuse_if_stopped()?;
        let old = self.at(key).cloned().ok_or_else(|| Status::not_found(&key.kind.resource(), &key.name))?;
        if key.kind.kind == "Namespace" && IMMORTAL.contains(&key.name.as_str()) {
            return Err(Status::forbidden("namespaces", &key.name, "this namespace may not be deleted"));
        }
        if options.dry_run {
            return Ok(old);
        }
        let grace = grace(key.kind, &old, options.grace_seconds);
        let finalizer = match options.propagation {
            Some(Propagation::Orphan) => Some("orphan"),
            Some(Propagation::Foreground) => Some("foregroundDeletion"),
            Some(Propagation::Background) | None => None,
        };
        let mut new = (*old).clone();
        if let Some(finalizer) = finalizer.filter(|_| !object::is_deleting(&old)) {
            let mut finalizers = object::list_at(&new, "metadata.finalizers").to_vec();
            finalizers.push(json!(finalizer));
            object::set(&mut new, "metadata.finalizers", Value::Array(finalizers));
        }
        let before = object::i64_at(&old, "metadata.deletionGracePeriodSeconds");
        if object::is_deleting(&old) {
            // A second request may only shorten.
            if before.is_some_and(|before| grace >= before) && (grace > 0 || before != Some(0) || !may_go(key.kind, &old)) {
                return Ok(old);
            }
            if let Some(before) = before
                && grace < before
                && let Some(due) = object::str_at(&old, "metadata.deletionTimestamp").and_then(crate::api::SimTime::parse)
            {
                let due = crate::api::SimTime(due.0.saturating_sub(((before - grace).max(0) as u64).saturating_mul(1000)));
                object::set(&mut new, "metadata.deletionTimestamp", json!(due.rfc3339()));
            }
        } else {
            object::set(&mut new, "metadata.deletionTimestamp", json!((caller.now + (grace.max(0) as u64).saturating_mul(1000)).rfc3339()));
            if let Some(generation) = object::i64_at(&old, "metadata.generation") {
                object::set(&mut new, "metadata.generation", json!(generation + 1));
            }
            if key.kind.kind == "Namespace" {
                object::set(&mut new, "status.phase", json!("Terminating"));
            }
        }
        // A namespace has no grace period (`pkg/registry/core/namespace/storage`).
        if key.kind.kind != "Namespace" {
            object::set(&mut new, "metadata.deletionGracePeriodSeconds", json!(grace));
        }
        if may_go(key.kind, &new) {
            self.forget(key, &old);
            // A Pod is marked before it goes, as its last state in a watch shows; other kinds go as they are.
            let last = if object::is_deleting(&old) || key.kind.kind == "Pod" { new } else { (*old).clone() };
            return Ok(self.store(caller, key.clone(), last, Verb::Deleted, ""));
        }
        Ok(self.store(caller, key.clone(), new, Verb::Modified, ""))
    }

    /// The eviction subresource: a delete that PodDisruptionBudgets may refuse (`pkg/registry/core/pod/storage/eviction.go`).
    pub fn evict(&mut self, caller: &mut Caller, key: &Key, grace_seconds: Option<i64>) -> Result<Rc<Value>, Status> {
        self.refuse_if_stopped()?;
        let pod = self.at(key).cloned().ok_or_else(|| Status::not_found("pods", &key.name))?;
        let finished = matches!(object::str_at(&pod, "status.phase"), Some("Succeeded" | "Failed" | "Pending"));
        if !finished && !object::is_deleting(&pod) {
            for budget in self.list(kinds::POD_DISRUPTION_BUDGET, Some(&key.namespace)) {
                let selector = object::at(budget, "spec.selector").map(Selector::from_value).unwrap_or_default();
                if !selector.matches(object::labels(&pod)) {
                    continue;
                }
                let Budget { healthy, needed, .. } = self.budget(budget);
                if healthy - 1 < needed {
                    let name = object::name(budget);
                    let mut status = Status::new(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
                    status.causes.push(crate::api::Cause {
                        field: String::new(),
                        reason: "DisruptionBudget".into(),
                        message: format!("The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"),
                    });
                    return Err(status);
                }
            }
        }
        self.delete(caller, key, DeleteOptions { grace_seconds, ..DeleteOptions::default() })
    }

    /// Frees what the API server keeps for an object.
    pub(super) fn forget(&mut self, key: &Key, object: &Value) {
        self.ownership.removed(key);
        if key.kind.kind == "Service" {
            self.addresses.release(object);
        }
    }
}

/// How long the object may take to end.
fn grace(kind: &Kind, object: &Value, wanted: Option<i64>) -> i64 {
    if kind.kind != "Pod" {
        return 0;
    }
    let bound = object::str_at(object, "spec.nodeName").is_some_and(|n| !n.is_empty());
    let finished = matches!(object::str_at(object, "status.phase"), Some("Succeeded" | "Failed"));
    if !bound || finished {
        return 0;
    }
    let period = wanted.or(object::i64_at(object, "spec.terminationGracePeriodSeconds")).unwrap_or(30);
    if period < 0 { 1 } else { period }
}

/// Whether nothing holds back an object that is to go.
pub(super) fn may_go(kind: &Kind, object: &Value) -> bool {
    object::is_deleting(object)
        && object::list_at(object, "metadata.finalizers").is_empty()
        && object::i64_at(object, "metadata.deletionGracePeriodSeconds").unwrap_or(0) == 0
        && (kind.kind != "Namespace" || object::list_at(object, "spec.finalizers").is_empty())
}
