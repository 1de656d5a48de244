//! Models `pkg/controller/nodelifecycle` and `pkg/controller/tainteviction`: nodes that fall silent, and Pods that taints drive away.
//!
//! Deviation: kubelets' leases are not written every ten seconds; the cluster tells when a kubelet stops or starts.

use crate::api::order::SortedMap;
use std::rc::Rc;

use super::owned::{condition, delete, put};
use super::{Controller, Synced, Work, enqueue, say};
use crate::api::{SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{Change, Key, Verb, set_condition};
use crate::cluster::scheduler::filter::tolerates;

/// How long a node may be silent (`--node-monitor-grace-period`).
pub const GRACE_MS: u64 = 50_000;
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Which Pods have to leave, and when.
#[derive(Clone, Debug, Default)]
pub struct Eviction {
    due: SortedMap<Key, SimTime>,
}

fn executing(node: &Value) -> impl Iterator<Item = &Value> {
    object::list_at(node, "spec.taints").iter().filter(|t| object::str_at(t, "effect") == Some("NoExecute"))
}

impl Eviction {
    pub fn observe_pod(&mut self, change: &Change, queued: &mut SortedMap<Work, SimTime>, ctx: &mut Context) {
        if change.verb == Verb::Deleted {
            self.due.remove(&change.key);
            return;
        }
        let node_of = |o: &Rc<Value>| object::str_at(o, "spec.nodeName").unwrap_or("").to_owned();
        let node = node_of(&change.object);
        let moved = change
            .old
            .as_ref()
            .is_none_or(|old| node_of(old) != node || object::at(old, "spec.tolerations") != object::at(&change.object, "spec.tolerations"));
        let tainted = moved && !node.is_empty() && ctx.api.get(kinds::NODE, "", &node).is_some_and(|n| executing(n).next().is_some());
        if tainted {
            // Two requests to the API server, of which the first comes after the kubelet's, who refuses such a Pod (tests/recorded/traces/scheduling-node-name-noexecute).
            enqueue(queued, Work { controller: Controller::TaintEviction, key: change.key.clone() }, 4 * super::SYNC_MS, ctx);
        }
    }

    pub fn observe_node(&mut self, change: &Change, queued: &mut SortedMap<Work, SimTime>, ctx: &mut Context) {
        let taints = |o: &Value| executing(o).cloned().collect::<Vec<Value>>();
        let before = change.old.as_ref().map(|old| taints(old)).unwrap_or_default();
        if before == taints(&change.object) {
            return;
        }
        let here = |pod: &&Rc<Value>| object::str_at(pod, "spec.nodeName") == Some(&change.key.name);
        let pods: Vec<Key> = ctx.api.list(kinds::POD, None).filter(here).map(|p| super::key_of(kinds::POD, p)).collect();
        // DaemonSets take their Pods away before.
        for key in pods {
            enqueue(queued, Work { controller: Controller::TaintEviction, key }, 2 * super::SYNC_MS, ctx);
        }
    }

    pub fn sync(&mut self, key: &Key, ctx: &mut Context) -> Synced {
        let Some(pod) = ctx.api.at(key).cloned() else { return Ok(None) };
        let node = ctx.api.get(kinds::NODE, "", object::str_at(&pod, "spec.nodeName").unwrap_or("")).cloned();
        let taints: Vec<Value> = node.iter().flat_map(|n| executing(n)).cloned().collect();
        if taints.is_empty() {
            if self.due.remove(key).is_some() && !object::is_deleting(&pod) {
                let text = format!("Cancelling deletion of Pod {}/{}", key.namespace, key.name);
                say(ctx, &pod, "taint-eviction-controller", "Normal", "TaintManagerEviction", &text);
            }
            return Ok(None);
        }
        let mut stay: Option<u64> = None;
        let mut must_go = false;
        for taint in &taints {
            let text = |field| object::str_at(taint, field).unwrap_or("");
            let fitting: Vec<&Value> =
                object::list_at(&pod, "spec.tolerations").iter().filter(|t| tolerates(t, text("key"), text("value"), "NoExecute")).collect();
            must_go |= fitting.is_empty();
            if let Some(seconds) = fitting.iter().filter_map(|t| object::i64_at(t, "tolerationSeconds")).min() {
                let millis = (seconds.max(0) as u64).saturating_mul(1000);
                stay = Some(stay.map_or(millis, |s| s.min(millis)));
            }
        }
        if !must_go {
            let Some(millis) = stay else {
                self.due.remove(key);
                return Ok(None);
            };
            let due = *self.due.entry(key.clone()).or_insert(ctx.now + millis);
            if due > ctx.now {
                return Ok(Some(due - ctx.now));
            }
        }
        self.due.remove(key);
        let text = format!("Marking for deletion Pod {}/{}", key.namespace, key.name);
        say(ctx, &pod, "taint-eviction-controller", "Normal", "TaintManagerEviction", &text);
        let mut new = (*pod).clone();
        set_condition(
            &mut new,
            json!({"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint", "lastProbeTime": null, "lastTransitionTime": ctx.now.rfc3339(),
            "observedGeneration": object::i64_at(&pod, "metadata.generation").unwrap_or(1)}),
        );
        put(ctx, kinds::POD, new, "status")?;
        delete(ctx, kinds::POD, &pod)?;
        Ok(None)
    }
}

/// What the node lifecycle controller knows of kubelets.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Since when each silent kubelet has been silent.
    silent: SortedMap<String, SimTime>,
}

impl Lifecycle {
    pub fn heard(&mut self, node: &str, stopped: bool, now: SimTime) {
        if stopped {
            self.silent.entry(node.to_owned()).or_insert(now);
        } else {
            self.silent.remove(node);
        }
    }

    /// Makes a node say what is known of its kubelet: `Unknown` after the grace period, `True` again when it is back.
    pub fn sync(&self, key: &Key, ctx: &mut Context) -> Synced {
        let Some(node) = ctx.api.at(key).cloned() else { return Ok(None) };
        cordon_taint(&node, ctx)?;
        let ready = condition(&node, "Ready").and_then(|c| object::str_at(c, "status")).unwrap_or("");
        match self.silent.get(&key.name) {
            Some(since) if ctx.now.since(*since) < GRACE_MS => return Ok(Some(GRACE_MS - ctx.now.since(*since))),
            Some(_) if ready != "Unknown" => lost(&node, key, ctx)?,
            None if ready == "Unknown" => found(&node, key, ctx)?,
            Some(_) | None => {}
        }
        Ok(None)
    }
}

/// A cordoned node carries a taint as well.
fn cordon_taint(node: &Value, ctx: &mut Context) -> Result<(), Status> {
    let wanted = object::bool_at(node, "spec.unschedulable") == Some(true);
    let has = object::list_at(node, "spec.taints").iter().any(|t| object::str_at(t, "key") == Some(UNSCHEDULABLE));
    match (wanted, has) {
        (true, false) => taint(node.clone(), &[], &[json!({"key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": ctx.now.rfc3339()})], ctx),
        (false, true) => taint(node.clone(), &[UNSCHEDULABLE], &[], ctx),
        (true, true) | (false, false) => Ok(()),
    }
}

fn taint(mut node: Value, remove: &[&str], add: &[Value], ctx: &mut Context) -> Result<(), Status> {
    let mut taints: Vec<Value> =
        object::list_at(&node, "spec.taints").iter().filter(|t| !remove.contains(&object::str_at(t, "key").unwrap_or(""))).cloned().collect();
    taints.extend(add.iter().cloned());
    if taints.is_empty() {
        object::remove(&mut node, "spec.taints");
    } else {
        object::set(&mut node, "spec.taints", Value::Array(taints));
    }
    put(ctx, kinds::NODE, node, "").map(|_| ())
}

const CONDITIONS: [(&str, &str, &str, &str); 4] = [
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

fn write_conditions(node: &Value, unknown: bool, ctx: &mut Context) -> Result<Value, Status> {
    let now = ctx.now.rfc3339();
    let mut new = node.clone();
    for (kind, status, reason, message) in CONDITIONS {
        let beat = condition(node, kind).and_then(|c| c.get("lastHeartbeatTime").cloned()).unwrap_or(Value::Null);
        let (status, reason, message) =
            if unknown { ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.") } else { (status, reason, message) };
        let beat = if unknown { beat } else { json!(now) };
        set_condition(
            &mut new,
            json!({"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": beat, "lastTransitionTime": now}),
        );
    }
    Ok((*put(ctx, kinds::NODE, new, "status")?.object).clone())
}

fn lost(node: &Value, key: &Key, ctx: &mut Context) -> Result<(), Status> {
    let node = write_conditions(node, true, ctx)?;
    say(ctx, &node, "node-controller", "Normal", "NodeNotReady", &format!("Node {} status is now: NodeNotReady", key.name));
    let now = json!(ctx.now.rfc3339());
    let both = ["NoSchedule", "NoExecute"].map(|effect| json!({"key": UNREACHABLE, "effect": effect, "timeAdded": now}));
    taint(node, &[UNREACHABLE], &both, ctx)?;
    let here = |pod: &&Rc<Value>| object::str_at(pod, "spec.nodeName") == Some(&key.name);
    let pods: Vec<Rc<Value>> = ctx.api.list(kinds::POD, None).filter(here).cloned().collect();
    for pod in pods.into_iter().filter(|p| super::owned::is_ready(p)) {
        say(ctx, &pod, "node-controller", "Warning", "NodeNotReady", "Node is not ready");
        let mut new = (*pod).clone();
        let mut ready = condition(&pod, "Ready").cloned().unwrap_or(Value::Null);
        ready["status"] = json!("False");
        ready["lastTransitionTime"] = json!(ctx.now.rfc3339());
        set_condition(&mut new, ready);
        put(ctx, kinds::POD, new, "status")?;
    }
    Ok(())
}

fn found(node: &Value, key: &Key, ctx: &mut Context) -> Result<(), Status> {
    let node = write_conditions(node, false, ctx)?;
    say(ctx, &node, "kubelet", "Normal", "NodeReady", &format!("Node {} status is now: NodeReady", key.name));
    taint(node, &[UNREACHABLE], &[], ctx)
}
