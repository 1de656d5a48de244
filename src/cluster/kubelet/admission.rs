//! The kubelet's own admission of a Pod that was bound to its node. Models `pkg/kubelet/lifecycle/predicate.go`.

use crate::api::Selector;
use crate::api::kinds::{NODE, POD};
use crate::api::labels::Requirement;
use crate::api::object::{at, labels, list_at, map_at, name, str_at, uid};
use crate::api::{Quantity, Value};

use super::status::Phase;
use super::worker::{Life, Turn, Worker};

impl Worker {
    /// Refuses a Pod for which the node is no place; a refused Pod is Failed and never looked at again.
    pub fn admit(&mut self, turn: &mut Turn) -> bool {
        let Some((reason, message)) = self.refusal(turn) else { return true };
        self.event("", "Warning", &reason, &message, turn);
        self.status.phase = Phase::Failed;
        self.status.reason = reason;
        self.status.message = format!("Pod was rejected: {message}");
        self.life = Life::Terminated;
        self.save_refusal(turn);
        false
    }

    fn refusal(&self, turn: &Turn) -> Option<(String, String)> {
        if self.is_static {
            return None;
        }
        let node = turn.ctx.api.get(NODE, "", &turn.node.name);
        if let Some(node) = node
            && !fits_affinity(&self.pod, node)
        {
            let message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
            return Some(("NodeAffinity".into(), message.into()));
        }
        if others(&self.uid, turn).count() as i64 + 1 > turn.node.config.pods {
            let used = others(&self.uid, turn).count();
            let message = format!("Node didn't have enough resource: pods, requested: 1, used: {used}, capacity: {}", turn.node.config.pods);
            return Some(("OutOfpods".into(), message));
        }
        let (resource, message) = shortage(&self.pod, &self.uid, turn)?;
        Some((format!("OutOf{resource}"), message))
    }
}

/// The node's other Pods that its kubelet has taken in and that have not ended.
fn others<'a>(own_uid: &'a str, turn: &'a Turn) -> impl Iterator<Item = &'a std::rc::Rc<Value>> {
    turn.ctx.api.list(POD, None).filter(move |p| {
        uid(p) != own_uid
            && str_at(p, "spec.nodeName") == Some(&turn.node.name)
            && !Phase::parse(str_at(p, "status.phase").unwrap_or("")).is_terminal()
            // What came later does not count: it will be asked itself.
            && at(p, "status.startTime").is_some()
    })
}

/// Which resource the node has too little of for this Pod, in the kubelet's words.
pub fn shortage(pod: &Value, own_uid: &str, turn: &Turn) -> Option<(&'static str, String)> {
    let node = turn.ctx.api.get(NODE, "", &turn.node.name);
    [("cpu", turn.node.config.cpu_milli), ("memory", turn.node.config.memory_bytes)].into_iter().find_map(|(resource, fallback)| {
        let written = node.and_then(|n| str_at(n, &format!("status.allocatable.{resource}"))).and_then(Quantity::parse);
        let capacity = written.map_or(fallback, |q| if resource == "cpu" { q.milli() } else { q.value() });
        let requested = pod_request(pod, resource);
        let used: i64 = others(own_uid, turn).map(|p| pod_request(p, resource)).sum();
        (requested > 0 && used + requested > capacity).then(|| {
            let message = format!("Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, capacity: {capacity}");
            (resource, message)
        })
    })
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

/// nodeSelector and the required half of the node affinity.
fn fits_affinity(pod: &Value, node: &Value) -> bool {
    if map_at(pod, "spec.nodeSelector").is_some_and(|s| !Selector::from_map(s).matches(labels(node))) {
        return false;
    }
    let terms = list_at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    if terms.is_empty() {
        return true;
    }
    terms.iter().any(|term| {
        let requirements: Vec<Requirement> = list_at(term, "matchExpressions").iter().filter_map(Selector::expression).collect();
        let by_name = list_at(term, "matchFields").iter().filter_map(Selector::expression).all(|r| match r {
            Requirement::In(_, values) => values.iter().any(|v| v == name(node)),
            Requirement::NotIn(_, values) => values.iter().all(|v| v != name(node)),
            Requirement::Exists(_) | Requirement::DoesNotExist(_) | Requirement::GreaterThan(..) | Requirement::LessThan(..) => true,
        });
        by_name && Selector { requirements }.matches(labels(node))
    })
}
