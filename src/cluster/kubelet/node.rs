//! The node's own status: what becomes of it while its kubelet is silent, and when it speaks again.
//!
//! Models the heartbeats of `pkg/kubelet/nodestatus` together with `pkg/controller/nodelifecycle`, which hears them. Deviation: heartbeats are
//! not written one by one; silence is known from the moment at which it begins.

use crate::api::kinds::{NODE, POD};
use crate::api::object::{list_at, set, str_at};
use crate::api::{Value, json};
use crate::cluster::Context;
use crate::cluster::apiserver::{Caller, EventSpec, WriteOptions};

use super::status::Phase;

/// After so long without a heartbeat the node counts as lost.
pub const SILENCE_MS: u64 = 50_000;
const LOST: &str = "node.kubernetes.io/unreachable";

/// Writes an object as a component would; a refusal (the API server is away) leaves things as they are.
fn write(kind: &'static crate::api::Kind, namespace: &str, object: Value, subresource: &'static str, manager: &str, ctx: &mut Context) -> bool {
    let options = WriteOptions { field_manager: manager.into(), subresource, ..WriteOptions::default() };
    let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
    ctx.api.update(&mut caller, kind, namespace, object, &options).is_ok()
}

/// Nobody hears the kubelet any more: conditions Unknown, taints, and the node's Pods are no longer Ready.
pub fn lose(node: &str, ctx: &mut Context) {
    if !set_conditions(
        node,
        "Unknown",
        &|_| ("NodeStatusUnknown".into(), "Kubelet stopped posting node status.".into()),
        "kube-controller-manager",
        ctx,
    ) {
        return;
    }
    set_taints(node, true, ctx);
    let pods: Vec<_> = ctx.api.list(POD, None).filter(|p| str_at(p, "spec.nodeName") == Some(node)).cloned().collect();
    for pod in pods {
        if Phase::parse(str_at(&pod, "status.phase").unwrap_or("")).is_terminal() {
            continue;
        }
        let mut changed = (*pod).clone();
        let mut conditions = list_at(&pod, "status.conditions").to_vec();
        for condition in conditions.iter_mut().filter(|c| str_at(c, "type") == Some("Ready") && str_at(c, "status") == Some("True")) {
            set(condition, "status", json!("False"));
            set(condition, "lastTransitionTime", json!(ctx.now.rfc3339()));
        }
        set(&mut changed, "status.conditions", Value::Array(conditions));
        if write(POD, crate::api::object::namespace(&pod), changed, "status", "kube-controller-manager", ctx) {
            let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
            let (kind, reason, message) = ("Warning", "NodeNotReady", "Node is not ready");
            ctx.api.record_event(&mut caller, EventSpec { object: &pod, field: "", kind, reason, message, component: "node-controller", host: "" });
        }
    }
}

/// The kubelet speaks again.
pub fn find_again(node: &str, ctx: &mut Context) {
    let healthy = |kind: &str| -> (String, String) {
        let (reason, message) = match kind {
            "MemoryPressure" => ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            "DiskPressure" => ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            "PIDPressure" => ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            _ => ("KubeletReady", "kubelet is posting ready status"),
        };
        (reason.into(), message.into())
    };
    if set_conditions(node, "", &healthy, "kubelet", ctx) {
        set_taints(node, false, ctx);
    }
}

/// Gives all conditions this status (empty: the healthy one) and what the table says of each.
fn set_conditions(node: &str, status: &str, words: &dyn Fn(&str) -> (String, String), manager: &str, ctx: &mut Context) -> bool {
    let Some(stored) = ctx.api.get(NODE, "", node).cloned() else { return false };
    let mut conditions = list_at(&stored, "status.conditions").to_vec();
    for condition in &mut conditions {
        let kind = str_at(condition, "type").unwrap_or("").to_owned();
        let wanted = match (status, kind.as_str()) {
            ("", "Ready") => "True",
            ("", _) => "False",
            (given, _) => given,
        };
        if str_at(condition, "status") != Some(wanted) {
            set(condition, "lastTransitionTime", json!(ctx.now.rfc3339()));
        }
        let (reason, message) = words(&kind);
        set(condition, "status", json!(wanted));
        set(condition, "reason", json!(reason));
        set(condition, "message", json!(message));
        if status.is_empty() {
            set(condition, "lastHeartbeatTime", json!(ctx.now.rfc3339()));
        }
    }
    let mut changed = (*stored).clone();
    set(&mut changed, "status.conditions", Value::Array(conditions));
    write(NODE, "", changed, "status", manager, ctx)
}

fn set_taints(node: &str, lost: bool, ctx: &mut Context) {
    let Some(stored) = ctx.api.get(NODE, "", node).cloned() else { return };
    let mut taints: Vec<Value> = list_at(&stored, "spec.taints").iter().filter(|t| str_at(t, "key") != Some(LOST)).cloned().collect();
    if lost {
        for effect in ["NoSchedule", "NoExecute"] {
            taints.push(json!({"effect": effect, "key": LOST, "timeAdded": ctx.now.rfc3339()}));
        }
    }
    let mut changed = (*stored).clone();
    if taints.is_empty() {
        crate::api::object::remove(&mut changed, "spec.taints");
    } else {
        set(&mut changed, "spec.taints", Value::Array(taints));
    }
    if changed != *stored {
        write(NODE, "", changed, "", "kube-controller-manager", ctx);
    }
}
