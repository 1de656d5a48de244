//! Rules between Pods: affinity, anti-affinity and topology spread.
//!
//! Models `pkg/scheduler/framework/plugins/{interpodaffinity,podtopologyspread}`.

use super::filter::{Verdict, Wanted, node_affinity};
use super::snapshot::{NodeInfo, Snapshot};
use crate::api::order::SortedMap;
use crate::api::{Map, Selector, Value, json, object};

/// One term of (anti-)affinity.
#[derive(Clone, Debug)]
pub struct Term {
    namespaces: Vec<String>,
    namespace_selector: Option<Selector>,
    selector: Selector,
    topology: String,
    pub weight: i64,
}

impl Term {
    fn of(term: &Value, owner: &Value, weight: i64) -> Option<Self> {
        let mut namespaces: Vec<String> = object::list_at(term, "namespaces").iter().filter_map(|n| Some(n.as_str()?.to_owned())).collect();
        let namespace_selector = term.get("namespaceSelector").filter(|s| !s.is_null()).map(Selector::from_value);
        if namespaces.is_empty() && namespace_selector.is_none() {
            namespaces.push(object::namespace(owner).to_owned());
        }
        let mut selector = Selector::from_value(term.get("labelSelector")?);
        let own = object::labels(owner);
        for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
            for key in object::list_at(term, field).iter().filter_map(Value::as_str) {
                if let Some(value) = own.and_then(|l| l.get(key)) {
                    selector.requirements.extend(Selector::expression(&json!({"key": key, "operator": operator, "values": [value]})));
                }
            }
        }
        Some(Self { namespaces, namespace_selector, selector, topology: object::str_at(term, "topologyKey")?.to_owned(), weight })
    }

    fn required(pod: &Value, which: &str) -> Vec<Self> {
        let path = format!("spec.affinity.{which}.requiredDuringSchedulingIgnoredDuringExecution");
        object::list_at(pod, &path).iter().filter_map(|t| Self::of(t, pod, 0)).collect()
    }

    fn preferred(pod: &Value, which: &str) -> Vec<Self> {
        let path = format!("spec.affinity.{which}.preferredDuringSchedulingIgnoredDuringExecution");
        let term = |t: &Value| Self::of(t.get("podAffinityTerm")?, pod, object::i64_at(t, "weight")?);
        object::list_at(pod, &path).iter().filter_map(term).collect()
    }

    pub fn chooses(&self, pod: &Value, namespaces: &SortedMap<String, Map<String, Value>>) -> bool {
        let space = object::namespace(pod);
        let there = self.namespaces.iter().any(|n| n == space) || self.namespace_selector.as_ref().is_some_and(|s| s.matches(namespaces.get(space)));
        there && self.selector.matches(object::labels(pod))
    }

    pub fn topology(&self) -> &str {
        &self.topology
    }

    pub fn value<'a>(&self, node: &'a Value) -> Option<&'a str> {
        object::labels(node)?.get(&self.topology)?.as_str()
    }
}

/// What a Pod itself asks for.
#[derive(Clone, Debug)]
pub struct Terms {
    pub near: Vec<Term>,
    pub away: Vec<Term>,
    pub rather_near: Vec<Term>,
    pub rather_away: Vec<Term>,
}

impl Terms {
    pub fn of(pod: &Value) -> Self {
        Self {
            near: Term::required(pod, "podAffinity"),
            away: Term::required(pod, "podAntiAffinity"),
            rather_near: Term::preferred(pod, "podAffinity"),
            rather_away: Term::preferred(pod, "podAntiAffinity"),
        }
    }
}

/// A place that a term speaks of: topology key and value.
type Place = (String, String);

/// InterPodAffinity's state for one Pod.
pub struct Between {
    /// For each required affinity term, the places with a Pod that it chooses.
    near: Vec<SortedMap<Place, usize>>,
    away: SortedMap<Place, usize>,
    /// Places that present Pods keep this one away from.
    forbidden: SortedMap<Place, usize>,
    /// The first of its kind may go anywhere: the Pod is its own friend, and there is no other.
    first: bool,
}

fn note(places: &mut SortedMap<Place, usize>, term: &Term, node: &Value) {
    if let Some(value) = term.value(node) {
        *places.entry((term.topology.clone(), value.to_owned())).or_insert(0) += 1;
    }
}

impl Between {
    pub fn new(wanted: &Wanted, snapshot: &Snapshot) -> Self {
        let mut out =
            Self { near: vec![SortedMap::new(); wanted.terms.near.len()], away: SortedMap::new(), forbidden: SortedMap::new(), first: false };
        for node in snapshot.nodes.values() {
            for present in node.pods.values() {
                for (term, places) in wanted.terms.near.iter().zip(&mut out.near) {
                    // A Pod counts only where it is chosen by all the terms.
                    if wanted.terms.near.iter().all(|t| t.chooses(&present.object, &snapshot.namespaces)) {
                        note(places, term, &node.object);
                    }
                }
                for term in wanted.terms.away.iter().filter(|t| t.chooses(&present.object, &snapshot.namespaces)) {
                    note(&mut out.away, term, &node.object);
                }
                if object::at(&present.object, "spec.affinity.podAntiAffinity").is_some() {
                    for term in Term::required(&present.object, "podAntiAffinity") {
                        if term.chooses(&wanted.pod, &snapshot.namespaces) {
                            note(&mut out.forbidden, &term, &node.object);
                        }
                    }
                }
            }
        }
        out.first = out.near.iter().all(SortedMap::is_empty) && wanted.terms.near.iter().all(|t| t.chooses(&wanted.pod, &snapshot.namespaces));
        out
    }

    pub fn verdict(&self, wanted: &Wanted, node: &NodeInfo) -> Option<Verdict> {
        let place = |term: &Term| term.value(&node.object).map(|v| (term.topology.clone(), v.to_owned()));
        let labelled = wanted.terms.near.iter().all(|t| place(t).is_some());
        let beside = labelled && wanted.terms.near.iter().zip(&self.near).all(|(t, places)| place(t).is_some_and(|p| places.contains_key(&p)));
        if !wanted.terms.near.is_empty() && !beside && !(self.first && labelled) {
            return Some(Verdict::Unresolvable(vec!["node(s) didn't match pod affinity rules".into()]));
        }
        if wanted.terms.away.iter().any(|t| place(t).is_some_and(|p| self.away.contains_key(&p))) {
            return Some(Verdict::Unschedulable(vec!["node(s) didn't match pod anti-affinity rules".into()]));
        }
        let labels = object::labels(&node.object);
        let kept_away = self.forbidden.keys().any(|(key, value)| labels.and_then(|l| l.get(key)).and_then(Value::as_str) == Some(value));
        kept_away.then(|| Verdict::Unschedulable(vec!["node(s) didn't satisfy existing pods anti-affinity rules".into()]))
    }
}

struct Constraint {
    topology: String,
    most_skew: i64,
    counts: SortedMap<String, i64>,
    least: i64,
    self_match: i64,
}

/// PodTopologySpread's state for one Pod.
pub struct Spread {
    constraints: Vec<Constraint>,
}

impl Spread {
    pub fn new(wanted: &Wanted, snapshot: &Snapshot) -> Self {
        let pod = &wanted.pod;
        let hard: Vec<&Value> = object::list_at(pod, "spec.topologySpreadConstraints")
            .iter()
            .filter(|c| object::str_at(c, "whenUnsatisfiable") != Some("ScheduleAnyway"))
            .collect();
        let keys: Vec<&str> = hard.iter().filter_map(|c| object::str_at(c, "topologyKey")).collect();
        let counts_node = |node: &Value| keys.iter().all(|k| object::labels(node).is_some_and(|l| l.contains_key(k)));
        let constraints = hard
            .iter()
            .filter_map(|constraint| {
                let topology = object::str_at(constraint, "topologyKey")?.to_owned();
                let selector = spread_selector(constraint, pod);
                let honors_affinity = object::str_at(constraint, "nodeAffinityPolicy") != Some("Ignore");
                let mut counts = SortedMap::new();
                for node in snapshot.nodes.values().filter(|n| counts_node(&n.object)) {
                    if honors_affinity && !node_affinity(pod, &node.object) {
                        continue;
                    }
                    let Some(value) = object::labels(&node.object).and_then(|l| l.get(&topology)).and_then(Value::as_str) else { continue };
                    *counts.entry(value.to_owned()).or_insert(0) += matching(node, pod, &selector);
                }
                let domains = object::i64_at(constraint, "minDomains").unwrap_or(1);
                let least = if (counts.len() as i64) < domains { 0 } else { counts.values().copied().min().unwrap_or(0) };
                let self_match = i64::from(selector.matches(object::labels(pod)));
                Some(Constraint { topology, most_skew: object::i64_at(constraint, "maxSkew").unwrap_or(1), counts, least, self_match })
            })
            .collect();
        Self { constraints }
    }

    pub fn verdict(&self, node: &NodeInfo) -> Option<Verdict> {
        for constraint in &self.constraints {
            let Some(value) = object::labels(&node.object).and_then(|l| l.get(&constraint.topology)).and_then(Value::as_str) else {
                return Some(Verdict::Unresolvable(vec!["node(s) didn't match pod topology spread constraints (missing required label)".into()]));
            };
            let count = constraint.counts.get(value).copied().unwrap_or(0);
            if count + constraint.self_match - constraint.least > constraint.most_skew {
                return Some(Verdict::Unschedulable(vec!["node(s) didn't match pod topology spread constraints".into()]));
            }
        }
        None
    }
}

pub fn spread_selector(constraint: &Value, pod: &Value) -> Selector {
    let mut selector = constraint.get("labelSelector").map(Selector::from_value).unwrap_or_default();
    for key in object::list_at(constraint, "matchLabelKeys").iter().filter_map(Value::as_str) {
        if let Some(value) = object::labels(pod).and_then(|l| l.get(key)) {
            selector.requirements.extend(Selector::expression(&json!({"key": key, "operator": "In", "values": [value]})));
        }
    }
    selector
}

/// How many living Pods of the same namespace on a node a selector chooses.
pub fn matching(node: &NodeInfo, pod: &Value, selector: &Selector) -> i64 {
    let counts = |present: &Value| {
        object::namespace(present) == object::namespace(pod) && !object::is_deleting(present) && selector.matches(object::labels(present))
    };
    node.pods.values().filter(|p| counts(&p.object)).count() as i64
}
