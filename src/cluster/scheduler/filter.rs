//! Which nodes a Pod may go to: the filter plugins in the order of the default profile, the first that objects gives the reasons.
//!
//! Models `pkg/scheduler/framework/plugins/{nodeunschedulable,nodename,tainttoleration,nodeaffinity,nodeports,noderesources}`.

use crate::api::order::{InOrder as _, SortedSet};
use std::rc::Rc;

use super::Verdicts;
use super::affinity::{self, Terms};
use super::snapshot::{NodeInfo, PodInfo, Snapshot};
use crate::api::{Selector, Value, labels::Requirement, object};

/// The Pod that is to be placed.
pub struct Wanted {
    pub pod: Rc<Value>,
    pub info: PodInfo,
    pub terms: Terms,
}

impl Wanted {
    pub fn of(pod: &Rc<Value>) -> Self {
        Self { pod: Rc::clone(pod), info: PodInfo::of(pod), terms: Terms::of(pod) }
    }
}

/// Why a node will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Removing Pods may help.
    Unschedulable(Vec<String>),
    /// Nothing that the scheduler can do helps.
    Unresolvable(Vec<String>),
}

impl Verdict {
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::Unschedulable(reasons) | Self::Unresolvable(reasons) => reasons.clone(),
        }
    }
}

/// The nodes that fit, in order of name, and the others' verdicts.
pub fn run(wanted: &Wanted, snapshot: &Snapshot) -> (Vec<String>, Verdicts) {
    let spread = affinity::Spread::new(wanted, snapshot);
    let between = affinity::Between::new(wanted, snapshot);
    let (mut fitting, mut verdicts) = (Vec::new(), Verdicts::new());
    let named = named_nodes(&wanted.pod);
    for (name, node) in &snapshot.nodes {
        if named.as_ref().is_some_and(|named| !named.contains(name.as_str())) {
            verdicts.insert(name.clone(), Verdict::Unresolvable(vec!["node(s) didn't satisfy plugin(s) [NodeAffinity]".into()]));
            continue;
        }
        match one(wanted, node, &spread, &between) {
            None => fitting.push(name.clone()),
            Some(verdict) => drop(verdicts.insert(name.clone(), verdict)),
        }
    }
    (fitting, verdicts)
}

/// What the first plugin that objects says of a node.
pub fn one(wanted: &Wanted, node: &NodeInfo, spread: &affinity::Spread, between: &affinity::Between) -> Option<Verdict> {
    let no = |reason: &str| Some(Verdict::Unresolvable(vec![reason.into()]));
    let pod = &wanted.pod;
    let tolerations = object::list_at(pod, "spec.tolerations");
    if object::bool_at(&node.object, "spec.unschedulable") == Some(true)
        && !tolerated(tolerations, "node.kubernetes.io/unschedulable", "", "NoSchedule")
    {
        return no("node(s) were unschedulable");
    }
    if object::list_at(&node.object, "spec.taints").iter().any(|taint| repels(taint, tolerations)) {
        return no("node(s) had untolerated taint(s)");
    }
    if !node_affinity(pod, &node.object) {
        return no("node(s) didn't match Pod's node affinity/selector");
    }
    if wanted.info.ports.iter().any(|port| node.pods.values().flat_map(|p| &p.ports).any(|taken| ports_collide(port, taken))) {
        return Some(Verdict::Unschedulable(vec!["node(s) didn't have free ports for the requested pod ports".into()]));
    }
    if let Some(verdict) = resources(wanted, node) {
        return Some(verdict);
    }
    spread.verdict(node).or_else(|| between.verdict(wanted, node))
}

fn repels(taint: &Value, tolerations: &[Value]) -> bool {
    let effect = object::str_at(taint, "effect").unwrap_or("");
    matches!(effect, "NoSchedule" | "NoExecute")
        && !tolerated(tolerations, object::str_at(taint, "key").unwrap_or(""), object::str_at(taint, "value").unwrap_or(""), effect)
}

/// Whether one of the tolerations stands for a taint.
pub fn tolerated(tolerations: &[Value], key: &str, value: &str, effect: &str) -> bool {
    tolerations.iter().any(|t| tolerates(t, key, value, effect))
}

pub fn tolerates(toleration: &Value, key: &str, value: &str, effect: &str) -> bool {
    let text = |field| object::str_at(toleration, field).unwrap_or("");
    let number = |text: &str| text.parse::<i64>().ok();
    (text("effect").is_empty() || text("effect") == effect)
        && (text("key").is_empty() || text("key") == key)
        && match text("operator") {
            "" | "Equal" => text("value") == value,
            "Exists" => true,
            "Gt" => number(value).zip(number(text("value"))).is_some_and(|(taint, bound)| taint > bound),
            "Lt" => number(value).zip(number(text("value"))).is_some_and(|(taint, bound)| taint < bound),
            _ => false,
        }
}

/// `nodeSelector` and the required node affinity.
pub fn node_affinity(pod: &Value, node: &Value) -> bool {
    if let Some(wanted) = object::map_at(pod, "spec.nodeSelector")
        && !Selector::from_map(wanted).matches(object::labels(node))
    {
        return false;
    }
    match object::at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution") {
        Some(required) => object::list_at(required, "nodeSelectorTerms").iter().any(|term| node_term(term, node)),
        None => true,
    }
}

/// The nodes that every required term names by `metadata.name`, as the Pods of a DaemonSet do: no other one is looked at (`PreFilter` of NodeAffinity).
fn named_nodes(pod: &Value) -> Option<SortedSet<&str>> {
    let required = object::at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution")?;
    let mut all = SortedSet::new();
    for term in object::list_at(required, "nodeSelectorTerms") {
        let by_name = |field: &&Value| object::str_at(field, "key") == Some("metadata.name") && object::str_at(field, "operator") == Some("In");
        let named = object::list_at(term, "matchFields").iter().find(by_name)?;
        object::list_at(named, "values").iter().filter_map(Value::as_str).for_each(|name| {
            all.insert(name);
        });
    }
    Some(all)
}

/// One node selector term; an empty one chooses nothing.
pub fn node_term(term: &Value, node: &Value) -> bool {
    let (expressions, fields) = (object::list_at(term, "matchExpressions"), object::list_at(term, "matchFields"));
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let all = |list: &[Value], labels: Option<&crate::api::Map<String, Value>>| {
        let requirements: Option<Vec<Requirement>> = list.iter().map(Selector::expression).collect();
        requirements.is_some_and(|requirements| Selector { requirements }.matches(labels))
    };
    let mut names = crate::api::Map::new();
    names.insert("metadata.name".into(), Value::from(object::name(node)));
    all(expressions, object::labels(node)) && all(fields, Some(&names))
}

/// Whether two ports of a node, each (host IP, protocol, port), cannot both be taken.
pub fn ports_collide(a: &(String, String, i64), b: &(String, String, i64)) -> bool {
    a.2 == b.2 && a.1 == b.1 && (a.0 == b.0 || a.0 == "0.0.0.0" || b.0 == "0.0.0.0")
}

/// NodeResourcesFit: every resource that does not fit is a reason.
fn resources(wanted: &Wanted, node: &NodeInfo) -> Option<Verdict> {
    let most = node.allocatable.get("pods").copied().unwrap_or(0);
    let mut reasons = Vec::new();
    let mut hopeless = false;
    if node.pods.len() as i64 + 1 > most {
        reasons.push("Too many pods".to_owned());
    }
    let known: SortedSet<&str> = ["cpu", "memory", "ephemeral-storage"].into();
    let named = wanted.info.requests.iter().filter(|(name, amount)| **amount > 0 && (known.contains(name.as_str()) || name.contains(['/', '-'])));
    let rank = |name: &str| ["cpu", "memory", "ephemeral-storage"].iter().position(|n| *n == name).unwrap_or(3);
    let mut named: Vec<_> = named.collect();
    named.order_by_key(|(name, _)| (rank(name), (*name).clone()));
    for (name, amount) in named {
        let whole = node.allocatable.get(name).copied().unwrap_or(0);
        let used = node.requested.get(name).copied().unwrap_or(0);
        if *amount > whole - used {
            reasons.push(format!("Insufficient {name}"));
            hopeless |= *amount > whole;
        }
    }
    match (reasons.is_empty(), hopeless) {
        (true, _) => None,
        (false, false) => Some(Verdict::Unschedulable(reasons)),
        // One resource of which the node has too little even when empty is enough.
        (false, true) => Some(Verdict::Unresolvable(reasons)),
    }
}
