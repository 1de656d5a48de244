//! Models `pkg/controller/replicaset`, which also serves ReplicationControllers: as many Pods as wanted.
//!
//! Deviation: while new Pods fail at once (their node refuses them), one is made a second; upstream goes on as fast as its client may ask.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::owned::{
    Owned, available_in, condition, delete, is_active, is_finished, is_ready, make_pod, pod_of, put_status, replicas, slow_start_pods,
};
use super::{Synced, say};
use crate::api::{Map, SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;
use crate::cluster::throttle::Throttle;

/// How long nothing is made after a Pod that failed at once.
const PAUSE_MS: u64 = 1000;
/// How many Pods one sync makes or removes at most; its status is told then.
const BURST: usize = 500;

#[inline(never)]
pub fn sync(key: &Key, owned: &Owned, client: &mut Throttle, ctx: &mut Context) -> Synced {
    let Some(set) = ctx.api.at(key).cloned() else { return Ok(None) };
    let all = owned.pods(&set, ctx)?;
    let mut active: Vec<Rc<Value>> = all.iter().filter(|p| is_active(p)).cloned().collect();
    let terminating = all.iter().filter(|p| object::is_deleting(p)).count();
    let wanted = replicas(&set) as usize;
    let mut failure: Option<Status> = None;
    let component = if key.kind == kinds::REPLICA_SET { "replicaset-controller" } else { "replication-controller" };
    let lately = |p: &Value| object::str_at(p, "metadata.creationTimestamp").and_then(SimTime::parse).is_some_and(|at| at + PAUSE_MS > ctx.now);
    let pause = active.len() < wanted && all.iter().any(|p| is_finished(p) && lately(p));
    if !object::is_deleting(&set) && !pause {
        if active.len() < wanted {
            let template = object::at(&set, "spec.template").cloned().unwrap_or_else(|| json!({}));
            let missing = (wanted - active.len()).min(BURST - active.len() % BURST);
            let made = slow_start_pods(client, missing, ctx, &mut |_, ctx| {
                let mut pod = pod_of(&set, &template);
                pod["metadata"]["generateName"] = json!(format!("{}-", key.name));
                active.push(make_pod(ctx, &set, component, pod)?);
                Ok(())
            });
            match made {
                Ok(0) => {}
                // The status is told when all have been made.
                Ok(_) => return Ok(Some(client.wait(ctx.now))),
                Err(refusal) => failure = Some(refusal),
            }
        } else if active.len() > wanted {
            let may = client.free(ctx.now).min(BURST);
            if may == 0 {
                return Ok(Some(client.wait(ctx.now)));
            }
            active.order_by_key(|p| removal_rank(p, true, ctx));
            let surplus: Vec<Rc<Value>> = active.drain(..(active.len() - wanted).min(may)).collect();
            client.spend(surplus.len(), ctx.now);
            for pod in surplus {
                delete(ctx, kinds::POD, &pod)?;
                say(ctx, &set, component, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(&pod)));
            }
            if active.len() > wanted {
                return Ok(Some(client.wait(ctx.now)));
            }
        }
    }
    let min_ready = object::i64_at(&set, "spec.minReadySeconds").unwrap_or(0);
    let waits: Vec<u64> = active.iter().filter_map(|p| available_in(p, min_ready, ctx.now)).collect();
    let labels = object::map_at(&set, "spec.template.metadata.labels").cloned().unwrap_or_default();
    let fully: usize = active.iter().filter(|p| carries(p, &labels)).count();
    let mut status = json!({"replicas": active.len(), "observedGeneration": object::i64_at(&set, "metadata.generation").unwrap_or(1)});
    let ready = active.iter().filter(|p| is_ready(p)).count();
    let available = waits.iter().filter(|w| **w == 0).count();
    for (field, count) in
        [("fullyLabeledReplicas", fully), ("readyReplicas", ready), ("availableReplicas", available), ("terminatingReplicas", terminating)]
    {
        let shown = if field == "terminatingReplicas" { key.kind == kinds::REPLICA_SET } else { count > 0 };
        if shown {
            status[field] = json!(count);
        }
    }
    if let Some(refusal) = &failure {
        // The first failure's words stay until there is none.
        let now = ctx.now.rfc3339();
        let new =
            json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refusal.message, "lastTransitionTime": now});
        status["conditions"] = json!([condition(&set, "ReplicaFailure").cloned().unwrap_or(new)]);
    }
    put_status(ctx, key.kind, &set, status)?;
    match failure {
        Some(refusal) => Err(refusal),
        None => Ok(waits.into_iter().filter(|w| *w > 0).chain(pause.then_some(PAUSE_MS)).min()),
    }
}

fn carries(pod: &Value, labels: &Map<String, Value>) -> bool {
    labels.iter().all(|(key, value)| object::labels(pod).and_then(|l| l.get(key)) == Some(value))
}

/// Who goes first: unbound, pending, unready, cheap to delete, crowded nodes, ready for a shorter time, restarted more, younger.
/// Models `ActivePodsWithRanks`, and without `ranked`, that is without cost and crowd, `ActivePods`.
pub fn removal_rank(pod: &Value, ranked: bool, ctx: &Context) -> impl Ord + use<> {
    let bound = object::str_at(pod, "spec.nodeName").is_some_and(|n| !n.is_empty());
    let phase = match object::str_at(pod, "status.phase") {
        Some("Pending") => 0,
        Some("Unknown") => 1,
        _ => 2,
    };
    let cost: i64 = object::map_at(pod, "metadata.annotations")
        .and_then(|a| a.get("controller.kubernetes.io/pod-deletion-cost"))
        .and_then(Value::as_str)
        .and_then(|c| c.parse().ok())
        .filter(|_| ranked)
        .unwrap_or(0);
    let owner = object::controller_of(pod).and_then(|o| object::str_at(o, "uid")).unwrap_or("").to_owned();
    let same = ctx
        .api
        .list(kinds::POD, Some(object::namespace(pod)))
        .filter(|p| {
            ranked
                && object::at(p, "spec.nodeName") == object::at(pod, "spec.nodeName")
                && object::controller_of(p).and_then(|o| object::str_at(o, "uid")) == Some(&owner)
        })
        .count();
    let restarts: i64 = object::list_at(pod, "status.containerStatuses").iter().filter_map(|c| object::i64_at(c, "restartCount")).sum();
    let since = condition(pod, "Ready").and_then(|c| object::str_at(c, "lastTransitionTime")).unwrap_or("").to_owned();
    let made = object::str_at(pod, "metadata.creationTimestamp").unwrap_or("").to_owned();
    let reversed = std::cmp::Reverse::<String>;
    (bound, phase, is_ready(pod), cost, std::cmp::Reverse(same), reversed(since), -restarts, reversed(made))
}
