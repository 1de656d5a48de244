//! Models `calculateStatus`, `checkPausedConditions` and `syncRolloutStatus` of `pkg/controller/deployment`: the counts of a Deployment, and how far
//! it has come in words.

use std::rc::Rc;

use super::owned::{condition, replicas};
use super::rollout::most_unavailable;
use crate::api::{SimTime, Value, json, object};

/// The ReplicaSets of a Deployment.
pub struct Sets<'a> {
    /// Of the newest template.
    pub new: Option<&'a Value>,
    pub old: &'a [Rc<Value>],
}

/// How long a rollout may take without progress (`HasProgressDeadline`).
fn deadline(deployment: &Value) -> Option<u64> {
    let seconds = object::i64_at(deployment, "spec.progressDeadlineSeconds").filter(|seconds| *seconds != i64::from(i32::MAX));
    seconds.map(|seconds| (seconds.max(0) as u64).saturating_mul(1000))
}

/// Changes the conditions that a Deployment itself carries.
fn conditions_of(deployment: &Value, now: SimTime) -> Conditions {
    Conditions { list: object::list_at(deployment, "status.conditions").to_vec(), now: now.rfc3339() }
}

/// Tells of the rollout, where it has a deadline.
pub fn progressing(deployment: &mut Value, status: &str, reason: &str, message: String, now: SimTime) {
    if deadline(deployment).is_none() {
        return;
    }
    let mut conditions = conditions_of(deployment, now);
    conditions.set("Progressing", status, reason, message);
    object::set(deployment, "status.conditions", Value::Array(conditions.list));
}

/// Models `checkPausedConditions`.
pub fn pause(deployment: &mut Value, now: SimTime) {
    let paused = object::bool_at(deployment, "spec.paused") == Some(true);
    let reason = condition(deployment, "Progressing").and_then(|c| object::str_at(c, "reason")).unwrap_or("");
    if reason == "ProgressDeadlineExceeded" || paused == (reason == "DeploymentPaused") {
        return;
    }
    let (reason, message) = if paused { ("DeploymentPaused", "Deployment is paused") } else { ("DeploymentResumed", "Deployment is resumed") };
    progressing(deployment, "Unknown", reason, message.into(), now);
}

/// There is a ReplicaSet for the template, and nothing has been said of it yet.
pub fn found(deployment: &mut Value, set: &str, now: SimTime) {
    if condition(deployment, "Progressing").is_none() {
        progressing(deployment, "True", "FoundNewReplicaSet", format!("Found new replica set {set:?}"), now);
    }
}

/// Whether the status says that the rollout is done (`DeploymentComplete`).
pub fn is_complete(deployment: &Value) -> bool {
    let wanted = replicas(deployment);
    let seen = object::i64_at(deployment, "metadata.generation") <= object::i64_at(deployment, "status.observedGeneration");
    seen && ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|field| status_of(deployment, field) == wanted)
}

/// The counts, and whether enough are available (`calculateStatus`).
pub fn calculate(deployment: &Value, sets: &Sets, now: SimTime) -> Value {
    let (mut status, counts) = count(deployment, sets);
    let mut conditions = conditions_of(deployment, now);
    conditions.available(counts.available >= replicas(deployment) - most_unavailable(deployment));
    status["conditions"] = Value::Array(conditions.list);
    status
}

/// The status in a rollout, and after how many milliseconds to look again (`syncRolloutStatus`).
pub fn progress(deployment: &Value, sets: &Sets, now: SimTime) -> (Value, Option<u64>) {
    let (mut status, counts) = count(deployment, sets);
    let mut conditions = conditions_of(deployment, now);
    conditions.available(counts.available >= replicas(deployment) - most_unavailable(deployment));
    let deadline = deadline(deployment);
    if deadline.is_none() {
        conditions.remove("Progressing");
    }
    let again = deadline.and_then(|deadline| conditions.progress(deployment, sets, &counts, deadline, now));
    let failure = sets.new.into_iter().chain(sets.old.iter().map(|set| &**set)).find_map(|set| condition(set, "ReplicaFailure"));
    match failure {
        Some(failure) => {
            let text = |field: &str| object::str_at(failure, field).unwrap_or("");
            conditions.set("ReplicaFailure", text("status"), text("reason"), text("message").to_owned());
        }
        None => conditions.remove("ReplicaFailure"),
    }
    status["conditions"] = Value::Array(conditions.list);
    (status, again)
}

struct Counts {
    updated: i64,
    total: i64,
    ready: i64,
    available: i64,
}

fn status_of(object: &Value, field: &str) -> i64 {
    object::i64_at(object, &format!("status.{field}")).unwrap_or(0)
}

fn count(deployment: &Value, sets: &Sets) -> (Value, Counts) {
    let all = || sets.old.iter().map(|set| &**set).chain(sets.new);
    let sum = |field: &str| all().map(|set| status_of(set, field)).sum::<i64>();
    let counts = Counts {
        updated: sets.new.map_or(0, |set| status_of(set, "replicas")),
        total: sum("replicas"),
        ready: sum("readyReplicas"),
        available: sum("availableReplicas"),
    };
    let unavailable = (all().map(replicas).sum::<i64>() - counts.available).max(0);
    let mut status = json!({"observedGeneration": object::i64_at(deployment, "metadata.generation").unwrap_or(1)});
    let fields = [
        ("replicas", counts.total),
        ("updatedReplicas", counts.updated),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
        ("unavailableReplicas", unavailable),
    ];
    for (field, count) in fields.into_iter().filter(|(_, count)| *count > 0) {
        status[field] = json!(count);
    }
    status["terminatingReplicas"] = json!(sum("terminatingReplicas"));
    if let Some(collisions) = object::at(deployment, "status.collisionCount") {
        status["collisionCount"] = collisions.clone();
    }
    (status, counts)
}

/// Conditions in the order in which they last changed their status or reason.
struct Conditions {
    list: Vec<Value>,
    now: String,
}

impl Conditions {
    fn get(&self, kind: &str) -> Option<&Value> {
        self.list.iter().find(|c| object::str_at(c, "type") == Some(kind))
    }

    fn remove(&mut self, kind: &str) {
        self.list.retain(|c| object::str_at(c, "type") != Some(kind));
    }

    /// `SetDeploymentCondition`: what has the same status and reason stays as it is.
    fn set(&mut self, kind: &str, status: &str, reason: &str, message: String) {
        let before = self.get(kind).filter(|c| object::str_at(c, "status") == Some(status));
        if before.is_some_and(|c| object::str_at(c, "reason") == Some(reason)) {
            return;
        }
        let since = before.and_then(|c| c.get("lastTransitionTime").cloned()).unwrap_or_else(|| json!(self.now));
        self.remove(kind);
        self.list.push(json!({"type": kind, "status": status, "reason": reason, "message": message, "lastUpdateTime": self.now,
            "lastTransitionTime": since}));
    }

    fn reason(&self, kind: &str) -> &str {
        self.get(kind).and_then(|c| object::str_at(c, "reason")).unwrap_or("")
    }

    fn available(&mut self, enough: bool) {
        if enough {
            self.set("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.".into());
        } else {
            self.set("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.".into());
        }
    }

    /// How far the rollout is; gives after how many milliseconds it may have timed out.
    fn progress(&mut self, deployment: &Value, sets: &Sets, counts: &Counts, deadline: u64, now: SimTime) -> Option<u64> {
        let was = self.reason("Progressing").to_owned();
        if counts.total == counts.updated && was == "NewReplicaSetAvailable" {
            return None;
        }
        let of = sets.new.map_or_else(|| format!("Deployment {:?}", object::name(deployment)), |set| format!("ReplicaSet {:?}", object::name(set)));
        let wanted = replicas(deployment);
        let before = |field| status_of(deployment, field);
        if counts.updated == wanted && counts.total == wanted && counts.available == wanted {
            self.set("Progressing", "True", "NewReplicaSetAvailable", format!("{of} has successfully progressed."));
            return None;
        }
        let moved = counts.updated > before("updatedReplicas")
            || counts.total - counts.updated < before("replicas") - before("updatedReplicas")
            || counts.ready > before("readyReplicas")
            || counts.available > before("availableReplicas");
        let last = self.get("Progressing").and_then(|c| object::str_at(c, "lastUpdateTime")).and_then(SimTime::parse).unwrap_or(now);
        if moved {
            // Told of again even with the same reason: the deadline counts from here.
            let since =
                self.get("Progressing").filter(|c| object::str_at(c, "status") == Some("True")).and_then(|c| c.get("lastTransitionTime").cloned());
            self.remove("Progressing");
            self.set("Progressing", "True", "ReplicaSetUpdated", format!("{of} is progressing."));
            if let (Some(since), Some(told)) = (since, self.list.last_mut()) {
                told["lastTransitionTime"] = since;
            }
            return Some(deadline + 1000);
        }
        if was == "NewReplicaSetAvailable" || was == "ProgressDeadlineExceeded" || was.is_empty() {
            return None;
        }
        if now.since(last) > deadline {
            self.set("Progressing", "False", "ProgressDeadlineExceeded", format!("{of} has timed out progressing."));
            return None;
        }
        Some((last + deadline).since(now) + 1000)
    }
}
