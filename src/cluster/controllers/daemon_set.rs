//! Models `pkg/controller/daemon`: one Pod on every node that it may run on. Deviation: a rollout takes the old Pod away first, whatever `maxSurge` says.

use std::rc::Rc;

use super::owned::{Owned, available_in, delete, is_finished, is_ready, make_pod, pod_of, put_status};
use super::rollout::{amount, hash, template};
use super::{Synced, history, say};
use crate::api::{Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;
use crate::cluster::scheduler::filter::{node_affinity, tolerated};

const COMPONENT: &str = "daemonset-controller";
const REVISION_LABEL: &str = "controller-revision-hash";

/// What every daemon tolerates besides what its template says.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(set) = ctx.api.at(key).cloned() else { return Ok(None) };
    if object::is_deleting(&set) {
        return Ok(None);
    }
    let pods = owned.pods(&set, ctx)?;
    let mut model = pod_of(&set, &template(&set));
    let revision = hash(&template(&set), 0);
    object::set(&mut model, &format!("metadata.labels.{REVISION_LABEL}"), json!(revision));
    let generation = object::i64_at(&set, "metadata.generation").unwrap_or(1);
    let live = |name: &str| {
        let used = |p: &Rc<Value>| object::labels(p).and_then(|l| l.get(REVISION_LABEL)).and_then(Value::as_str).unwrap_or("").to_owned();
        pods.iter().any(|p| name.strip_prefix(&format!("{}-", key.name)) == Some(&used(p)))
    };
    history::keep(&set, &format!("{}-{revision}", key.name), (REVISION_LABEL, &revision), &live, owned, ctx)?;
    object::set(&mut model, "metadata.labels.pod-template-generation", json!(generation.to_string()));
    let mut tolerations = object::list_at(&model, "spec.tolerations").to_vec();
    tolerations.extend(TOLERATED.iter().map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})));
    object::set(&mut model, "spec.tolerations", Value::Array(tolerations));

    let nodes: Vec<Rc<Value>> = ctx.api.list(kinds::NODE, None).cloned().collect();
    let (mut wanted, mut ready, mut available, mut updated, mut current, mut misplaced) = (0, 0, 0, 0, 0, 0);
    let mut unavailable_nodes = 0;
    let mut stale: Vec<Rc<Value>> = Vec::new();
    let min_ready = object::i64_at(&set, "spec.minReadySeconds").unwrap_or(0);
    let mut again: Option<u64> = None;
    for node in &nodes {
        let name = object::name(node);
        let here: Vec<&Rc<Value>> = pods.iter().filter(|p| target(p) == Some(name)).collect();
        let (runs, stays) = may_run(&model, node);
        if !runs {
            misplaced += usize::from(!here.is_empty());
            if !stays {
                for pod in here.iter().filter(|p| !object::is_deleting(p)) {
                    delete(ctx, kinds::POD, pod)?;
                    say(ctx, &set, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod)));
                }
            }
            continue;
        }
        wanted += 1;
        for pod in here.iter().filter(|p| is_finished(p) && !object::is_deleting(p)) {
            let text = format!("Found failed daemon pod {}/{} on node {name}, will try to kill it", key.namespace, object::name(pod));
            say(ctx, &set, COMPONENT, "Warning", "FailedDaemonPod", &text);
            delete(ctx, kinds::POD, pod)?;
        }
        let Some(pod) = here.iter().find(|p| !is_finished(p)) else {
            if here.iter().all(|p| ctx.api.get(kinds::POD, &key.namespace, object::name(p)).is_none()) {
                let mut pod = model.clone();
                pod["metadata"]["generateName"] = json!(format!("{}-", key.name));
                pin(&mut pod, name);
                make_pod(ctx, &set, COMPONENT, pod)?;
            }
            current += 1;
            unavailable_nodes += 1;
            continue;
        };
        current += 1;
        let is_new = object::labels(pod).and_then(|l| l.get(REVISION_LABEL)).and_then(Value::as_str) == Some(&revision);
        updated += usize::from(is_new);
        ready += usize::from(is_ready(pod) && !object::is_deleting(pod));
        let wait = available_in(pod, min_ready, ctx.now);
        if wait == Some(0) && !object::is_deleting(pod) {
            available += 1
        } else {
            unavailable_nodes += 1
        }
        again = [again, wait.filter(|w| *w > 0)].into_iter().flatten().min();
        if !is_new && !object::is_deleting(pod) {
            stale.push(Rc::clone(pod));
        }
    }
    if object::str_at(&set, "spec.updateStrategy.type") != Some("OnDelete") {
        let most = amount(object::at(&set, "spec.updateStrategy.rollingUpdate.maxUnavailable"), wanted, true).max(1);
        let mut room = most - unavailable_nodes;
        for pod in stale {
            let broken = available_in(&pod, min_ready, ctx.now) != Some(0);
            if !broken && room <= 0 {
                continue;
            }
            room -= i64::from(!broken);
            delete(ctx, kinds::POD, &pod)?;
            say(ctx, &set, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(&pod)));
        }
    }
    let mut status = json!({"currentNumberScheduled": current, "desiredNumberScheduled": wanted, "numberMisscheduled": misplaced,
        "numberReady": ready, "observedGeneration": generation});
    for (field, count) in [("numberAvailable", available), ("numberUnavailable", wanted as usize - available), ("updatedNumberScheduled", updated)] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    put_status(ctx, kinds::DAEMON_SET, &set, status)?;
    Ok(again)
}

/// The node that a daemon Pod is for, bound or not.
fn target(pod: &Value) -> Option<&str> {
    object::str_at(pod, "spec.nodeName").filter(|n| !n.is_empty()).or_else(|| {
        let terms = object::list_at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
        terms.iter().flat_map(|t| object::list_at(t, "matchFields")).find_map(|f| object::str_at(f, "values.0"))
    })
}

/// Binds a Pod to a node by affinity; the scheduler does the rest.
fn pin(pod: &mut Value, node: &str) {
    let field = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    let path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let mut terms = object::list_at(pod, path).to_vec();
    if terms.is_empty() {
        terms.push(json!({}));
    }
    for term in &mut terms {
        term["matchFields"] = field.clone();
    }
    object::set(pod, path, Value::Array(terms));
}

/// Whether a daemon is to run on a node, and whether one that is there may stay.
fn may_run(pod: &Value, node: &Value) -> (bool, bool) {
    if object::str_at(pod, "spec.nodeName").is_some_and(|n| !n.is_empty() && n != object::name(node)) || !node_affinity(pod, node) {
        return (false, false);
    }
    let tolerations = object::list_at(pod, "spec.tolerations");
    let repelled = |effects: &[&str]| {
        object::list_at(node, "spec.taints").iter().any(|taint| {
            let text = |field| object::str_at(taint, field).unwrap_or("");
            effects.contains(&text("effect")) && !tolerated(tolerations, text("key"), text("value"), text("effect"))
        })
    };
    (!repelled(&["NoSchedule", "NoExecute"]), !repelled(&["NoExecute"]))
}
