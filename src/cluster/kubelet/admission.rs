//! The kubelet's own admission of a Pod that was bound to its node. Models `pkg/kubelet/lifecycle/predicate.go`, and those that are asked before it:
//! the eviction manager and the sysctls (`pkg/kubelet/sysctl/allowlist.go`). Deviation: nobody else may refuse (AppArmor, the topology manager).

use std::borrow::Cow;

use crate::api::kinds::{NODE, POD};
use crate::api::object::{at, i64_at, list_at, str_at, uid};
use crate::api::order::InOrder as _;
use crate::api::{Quantity, Value};
use crate::cluster::Task;
use crate::cluster::scheduler::filter::{node_affinity, ports_collide as collide, tolerated};
use crate::manifest::sysctl_name;

use super::Timer;
use super::eviction::Reason;
use super::status::Phase;
use super::worker::{Life, Turn, Worker};

/// Why the node is no place for a Pod.
struct Refusal {
    reason: String,
    message: String,
    /// Other Pods could make room: how much of which resource is missing.
    missing: Vec<(&'static str, i64)>,
}

/// How long a critical Pod waits for those that make room before it asks again.
const ROOM_MS: u64 = 500;

impl Worker {
    /// Refuses a Pod for which the node is no place; a refused Pod is Failed and never looked at again. A critical Pod takes the place of others.
    pub fn admit(&mut self, turn: &mut Turn) -> bool {
        let Some(mut refusal) = self.refusal(turn) else { return true };
        if self.is_critical() && !refusal.missing.is_empty() {
            match self.preempt(&refusal.missing, turn) {
                Ok(()) => {
                    self.request_sync(turn.ctx.now + ROOM_MS, turn);
                    return false;
                }
                Err(lacking) => {
                    refusal.message = format!(
                        "Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: \
                         no set of running pods found to reclaim resources: [{lacking}]"
                    );
                    refusal.reason = "UnexpectedAdmissionError".into();
                }
            }
        }
        let Refusal { reason, message, .. } = refusal;
        self.event("", "Warning", &reason, &message, turn);
        self.status.phase = Phase::Failed;
        self.status.reason = reason;
        self.status.message = format!("Pod was rejected: {message}");
        self.life = Life::Terminated;
        self.save_refusal(turn);
        false
    }

    /// Models the eviction manager's `Admit`, that of the sysctls, `generalFilter` and the check of NoExecute taints, in this order.
    fn refusal(&self, turn: &Turn) -> Option<Refusal> {
        let best_effort = str_at(&self.pod, "status.qosClass") == Some("BestEffort");
        let endures = tolerated(list_at(&self.pod, "spec.tolerations"), "node.kubernetes.io/memory-pressure", "", "NoSchedule");
        if turn.memory_pressure && best_effort && !endures && !self.is_critical() {
            return Some(Refusal { reason: "Evicted".into(), message: "The node had condition: [MemoryPressure]. ".into(), missing: Vec::new() });
        }
        if let Some(name) = forbidden_sysctl(&self.pod) {
            let message = format!("forbidden sysctl: {name:?} not allowlisted");
            return Some(Refusal { reason: "SysctlForbidden".into(), message, missing: Vec::new() });
        }
        let used = others(&self.uid, turn).count() as i64;
        let capacity = turn.node.config.pods;
        if used + 1 > capacity {
            let message = format!("Node didn't have enough resource: pods, requested: 1, used: {used}, capacity: {capacity}");
            return Some(Refusal { reason: "OutOfpods".into(), message, missing: vec![("pods", used + 1 - capacity)] });
        }
        if let Some((resource, message)) = shortage(&self.pod, &self.uid, turn) {
            return Some(Refusal { reason: format!("OutOf{resource}"), message, missing: shortages(&self.pod, &self.uid, turn) });
        }
        let predicate =
            |name: &str, why: &str| Refusal { reason: name.into(), message: format!("Predicate {name} failed: {why}"), missing: Vec::new() };
        let node = turn.ctx.api.get(NODE, "", &turn.node.name);
        if !self.is_static && node.is_some_and(|n| !node_affinity(&self.pod, n)) {
            return Some(predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector"));
        }
        let ports = host_ports(&self.pod);
        if !ports.is_empty() && others(&self.uid, turn).any(|p| host_ports(p).iter().any(|taken| ports.iter().any(|port| collide(port, taken)))) {
            return Some(predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports"));
        }
        let repels = |taint: &Value| {
            let text = |field| str_at(taint, field).unwrap_or("");
            text("effect") == "NoExecute" && !tolerated(list_at(&self.pod, "spec.tolerations"), text("key"), text("value"), "NoExecute")
        };
        if !self.is_static && node.is_some_and(|n| list_at(n, "spec.taints").iter().any(repels)) {
            return Some(predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate"));
        }
        None
    }

    /// Ends as many less important Pods as are needed. Models `pkg/kubelet/preemption`: the least set, Pods without requests first. Deviation:
    /// among Pods of one class the one that gives the most goes first.
    fn preempt(&self, missing: &[(&'static str, i64)], turn: &mut Turn) -> Result<(), String> {
        let own = self.priority();
        let given = |pod: &Value, resource: &str| if resource == "pods" { 1 } else { pod_request(pod, resource) };
        let class = |pod: &Value| match str_at(pod, "status.qosClass") {
            Some("BestEffort") => 0,
            Some("Burstable") => 1,
            _ => 2,
        };
        let lesser = |pod: &Value| {
            let priority = i64_at(pod, "spec.priority").unwrap_or(0);
            let critical = super::static_pods::mirror_hash(pod).is_some() || priority >= 2_000_000_000;
            !critical || own > priority
        };
        let mut candidates: Vec<std::rc::Rc<Value>> = others(&self.uid, turn).filter(|p| lesser(p)).cloned().collect();
        candidates.order_by_key(|p| (class(p), std::cmp::Reverse(missing.iter().map(|(r, _)| given(p, r)).max())));
        let mut left = missing.to_vec();
        let mut chosen = Vec::new();
        for pod in candidates {
            if left.iter().all(|(_, amount)| *amount <= 0) {
                break;
            }
            if left.iter().any(|(resource, amount)| *amount > 0 && given(&pod, resource) > 0) {
                for (resource, amount) in &mut left {
                    *amount -= given(&pod, resource);
                }
                chosen.push(pod);
            }
        }
        left.retain(|(_, amount)| *amount > 0);
        if !left.is_empty() {
            return Err(left.iter().map(|(resource, amount)| format!("(res: {resource}, q: {amount}), ")).collect());
        }
        let message = "Preempted in order to admit critical pod";
        for pod in chosen {
            let why = Reason {
                reason: "Preempting",
                message: message.into(),
                disruption: Some("Pod was preempted by Kubelet to accommodate a critical pod.".into()),
                grace_seconds: None,
            };
            let timer = Timer::Evict { uid: uid(&pod).to_owned(), why };
            turn.ctx.after(0, Task::Kubelet { node: turn.node.index, timer });
        }
        Ok(())
    }
}

/// Sysctls that change nothing for anybody but the Pod (`pkg/kubelet/sysctl/safe_sysctls.go`). Others must be allowed on the kubelet's command line.
const SAFE_SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

/// The Pod's first sysctl that the kubelet does not set, with dots between its parts.
fn forbidden_sysctl(pod: &Value) -> Option<String> {
    let mut names = list_at(pod, "spec.securityContext.sysctls").iter().filter_map(|sysctl| str_at(sysctl, "name")).map(sysctl_name);
    names.find(|name| !SAFE_SYSCTLS.contains(&&**name)).map(Cow::into_owned)
}

/// (host IP, protocol, port) of each port that a Pod takes on its node.
fn host_ports(pod: &Value) -> Vec<(String, String, i64)> {
    let sidecars = list_at(pod, "spec.initContainers").iter().filter(|c| str_at(c, "restartPolicy") == Some("Always"));
    let ports = list_at(pod, "spec.containers").iter().chain(sidecars).flat_map(|c| list_at(c, "ports"));
    let text = |port: &Value, field: &str, default: &str| str_at(port, field).filter(|t| !t.is_empty()).unwrap_or(default).to_owned();
    ports.filter_map(|p| Some((text(p, "hostIP", "0.0.0.0"), text(p, "protocol", "TCP"), i64_at(p, "hostPort").filter(|n| *n > 0)?))).collect()
}

/// The node's other Pods that its kubelet has taken in and that have not ended.
pub fn others<'a>(own_uid: &'a str, turn: &'a Turn) -> impl Iterator<Item = &'a std::rc::Rc<Value>> {
    turn.ctx.api.list(POD, None).filter(move |p| {
        uid(p) != own_uid
            && str_at(p, "spec.nodeName") == Some(&turn.node.name)
            && !Phase::parse(str_at(p, "status.phase").unwrap_or("")).is_terminal()
            // What came later does not count: it will be asked itself. A mirror is made only once its static Pod has been taken in.
            && (at(p, "status.startTime").is_some() || super::static_pods::mirror_hash(p).is_some())
    })
}

/// What the node has too little of for this Pod: resource, requested, used, capacity.
fn lacking(pod: &Value, own_uid: &str, turn: &Turn) -> impl Iterator<Item = (&'static str, i64, i64, i64)> {
    let node = turn.ctx.api.get(NODE, "", &turn.node.name);
    [("cpu", turn.node.config.cpu_milli), ("memory", turn.node.config.memory_bytes), ("ephemeral-storage", i64::MAX)].into_iter().filter_map(
        move |(resource, fallback)| {
            let requested = pod_request(pod, resource);
            if requested <= 0 {
                return None;
            }
            let written = node.and_then(|n| str_at(n, &format!("status.allocatable.{resource}"))).and_then(Quantity::parse);
            let capacity = written.map_or(fallback, |q| if resource == "cpu" { q.milli() } else { q.value() });
            let used: i64 = others(own_uid, turn).fold(0, |sum, p| sum.saturating_add(pod_request(p, resource)));
            (used.saturating_add(requested) > capacity).then_some((resource, requested, used, capacity))
        },
    )
}

/// How much of each resource is missing.
fn shortages(pod: &Value, own_uid: &str, turn: &Turn) -> Vec<(&'static str, i64)> {
    lacking(pod, own_uid, turn).map(|(resource, requested, used, capacity)| (resource, used.saturating_add(requested) - capacity)).collect()
}

/// Which resource the node has too little of for this Pod, in the kubelet's words.
pub fn shortage(pod: &Value, own_uid: &str, turn: &Turn) -> Option<(&'static str, String)> {
    let (resource, requested, used, capacity) = lacking(pod, own_uid, turn).next()?;
    Some((resource, format!("Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, capacity: {capacity}")))
}

/// The Pod's effective request: cpu in thousandths, memory in bytes.
///
/// The larger of what runs together and what each init container needs beside the sidecars that were started before it; a request of the whole
/// Pod replaces it.
pub fn pod_request(pod: &Value, resource: &str) -> i64 {
    pod_amount(pod, "requests", resource)
}

/// The same for `requests` or `limits`.
pub fn pod_amount(pod: &Value, which: &str, resource: &str) -> i64 {
    let of_container = format!("resources.{which}");
    let of_pod = format!("spec.resources.{which}");
    let amount = |value: &Value, path: &str| {
        str_at(value, &format!("{path}.{resource}")).and_then(Quantity::parse).map_or(0, |q| if resource == "cpu" { q.milli() } else { q.value() })
    };
    if at(pod, &format!("{of_pod}.{resource}")).is_some() {
        return amount(pod, &of_pod) + amount(pod, "spec.overhead");
    }
    let regular: i64 = list_at(pod, "spec.containers").iter().map(|c| amount(c, &of_container)).sum();
    let (mut sidecars, mut largest_init) = (0, 0);
    for container in list_at(pod, "spec.initContainers") {
        let request = amount(container, &of_container);
        if str_at(container, "restartPolicy") == Some("Always") {
            sidecars += request;
            largest_init = largest_init.max(sidecars);
        } else {
            largest_init = largest_init.max(sidecars + request);
        }
    }
    (regular + sidecars).max(largest_init) + amount(pod, "spec.overhead")
}
