//! Which of the fitting nodes is best: the score plugins of the default profile with their weights; ties go to the node with fewer Pods, then by name.
//!
//! Models `pkg/scheduler/framework/plugins/{noderesources,nodeaffinity,tainttoleration,interpodaffinity,podtopologyspread}`. Images are on
//! every node, so ImageLocality does not tell nodes apart.

use super::affinity::{Term, matching, spread_selector};
use super::filter::{Wanted, node_term, tolerated};
use super::snapshot::{NodeInfo, Snapshot};
use crate::api::order::SortedMap;
use crate::api::{Selector, Value, json, object};

pub fn best(wanted: &Wanted, fitting: &[String], snapshot: &Snapshot) -> Option<String> {
    if fitting.len() < 2 {
        return fitting.first().cloned();
    }
    let nodes: Vec<(&String, &NodeInfo)> = fitting.iter().filter_map(|name| Some((name, snapshot.nodes.get(name)?))).collect();
    let mut totals = vec![0_i64; nodes.len()];
    let mut add = |weight: i64, scores: Vec<i64>| totals.iter_mut().zip(scores).for_each(|(t, s)| *t += weight * s);
    add(1, nodes.iter().map(|(_, node)| least_allocated(wanted, node)).collect());
    add(1, nodes.iter().map(|(_, node)| balanced(wanted, node)).collect());
    add(3, reversed(nodes.iter().map(|(_, node)| soft_taints(wanted, node)).collect()));
    add(2, normal(nodes.iter().map(|(_, node)| preferred_nodes(wanted, node)).collect()));
    add(2, between(wanted, &nodes, snapshot));
    add(2, spread(wanted, &nodes));
    let key = |i: &usize| (totals[*i], std::cmp::Reverse(nodes[*i].1.pods.len()), std::cmp::Reverse(nodes[*i].0));
    (0..nodes.len()).max_by_key(key).map(|i| nodes[i].0.clone())
}

/// Stretched so that the most is 100.
fn normal(scores: Vec<i64>) -> Vec<i64> {
    let most = scores.iter().copied().max().unwrap_or(0);
    if most <= 0 { vec![0; scores.len()] } else { scores.into_iter().map(|s| s * 100 / most).collect() }
}

fn reversed(scores: Vec<i64>) -> Vec<i64> {
    let most = scores.iter().copied().max().unwrap_or(0);
    if most <= 0 { vec![100; scores.len()] } else { scores.into_iter().map(|s| 100 - s * 100 / most).collect() }
}

fn least_allocated(wanted: &Wanted, node: &NodeInfo) -> i64 {
    let score = |name: &str| {
        let whole = node.allocatable.get(name).copied().unwrap_or(0);
        let used = node.weighed.get(name).copied().unwrap_or(0) + wanted.info.weighed.get(name).copied().unwrap_or(0);
        if whole <= 0 || used > whole { 0 } else { (whole - used) * 100 / whole }
    };
    (score("cpu") + score("memory")) / 2
}

/// Since 1.36 the improvement counts: 75 is no change.
fn balanced(wanted: &Wanted, node: &NodeInfo) -> i64 {
    if wanted.info.requests.values().all(|amount| *amount == 0) {
        return 0;
    }
    // Fractions in millionths: no floating point where replay has to agree on every target.
    let fraction = |name: &str, with: bool| {
        let whole = node.allocatable.get(name).copied().unwrap_or(0).max(1);
        let own = if with { wanted.info.requests.get(name).copied().unwrap_or(0) } else { 0 };
        let used = node.requested.get(name).copied().unwrap_or(0) + own;
        i64::try_from(i128::from(used) * 1_000_000 / i128::from(whole)).unwrap_or(i64::MAX).min(1_000_000)
    };
    let score = |with| 100 - (fraction("cpu", with) - fraction("memory", with)).abs() / 2 / 10_000;
    50 + (50 + score(true) - score(false)) / 2
}

fn soft_taints(wanted: &Wanted, node: &NodeInfo) -> i64 {
    let tolerations = object::list_at(&wanted.pod, "spec.tolerations");
    let text = |taint: &Value, field: &str| object::str_at(taint, field).unwrap_or("").to_owned();
    let repels = |taint: &&Value| {
        text(taint, "effect") == "PreferNoSchedule" && !tolerated(tolerations, &text(taint, "key"), &text(taint, "value"), "PreferNoSchedule")
    };
    object::list_at(&node.object, "spec.taints").iter().filter(repels).count() as i64
}

fn preferred_nodes(wanted: &Wanted, node: &NodeInfo) -> i64 {
    let terms = object::list_at(&wanted.pod, "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution");
    let weight = |term: &Value| {
        let holds = term.get("preference").is_some_and(|p| node_term(p, &node.object));
        if holds { object::i64_at(term, "weight").unwrap_or(0) } else { 0 }
    };
    terms.iter().map(weight).sum()
}

/// Preferred affinity of the Pod itself and of those that are there already (whose required affinity counts 1).
fn between(wanted: &Wanted, nodes: &[(&String, &NodeInfo)], snapshot: &Snapshot) -> Vec<i64> {
    let mut places: SortedMap<(String, String), i64> = SortedMap::new();
    let mut note = |term: &Term, node: &Value, key: String, weight: i64| {
        if let Some(value) = term.value(node) {
            *places.entry((key, value.to_owned())).or_insert(0) += weight;
        }
    };
    for node in snapshot.nodes.values() {
        for present in node.pods.values() {
            for (terms, sign) in [(&wanted.terms.rather_near, 1), (&wanted.terms.rather_away, -1)] {
                for term in terms.iter().filter(|t| t.chooses(&present.object, &snapshot.namespaces)) {
                    note(term, &node.object, term.topology().to_owned(), sign * term.weight);
                }
            }
            if object::at(&present.object, "spec.affinity").is_none() {
                continue;
            }
            let theirs = super::affinity::Terms::of(&present.object);
            for (terms, sign, fixed) in [(&theirs.near, 1, Some(1)), (&theirs.rather_near, 1, None), (&theirs.rather_away, -1, None)] {
                for term in terms.iter().filter(|t| t.chooses(&wanted.pod, &snapshot.namespaces)) {
                    note(term, &node.object, term.topology().to_owned(), sign * fixed.unwrap_or(term.weight));
                }
            }
        }
    }
    let score = |node: &NodeInfo| -> i64 {
        let labels = object::labels(&node.object);
        places.iter().filter(|((k, v), _)| labels.and_then(|l| l.get(k)).and_then(Value::as_str) == Some(v)).map(|(_, weight)| *weight).sum()
    };
    let scores: Vec<i64> = nodes.iter().map(|(_, node)| score(node)).collect();
    let (least, most) = (scores.iter().copied().min().unwrap_or(0), scores.iter().copied().max().unwrap_or(0));
    if most == least { vec![0; scores.len()] } else { scores.into_iter().map(|s| (s - least) * 100 / (most - least)).collect() }
}

/// Soft spread constraints; a Pod without any that has a controller is spread over hosts (the system default constraints).
fn spread(wanted: &Wanted, nodes: &[(&String, &NodeInfo)]) -> Vec<i64> {
    let pod = &wanted.pod;
    let own = object::list_at(pod, "spec.topologySpreadConstraints");
    let mut soft: Vec<(String, Selector)> = own
        .iter()
        .filter(|c| object::str_at(c, "whenUnsatisfiable") == Some("ScheduleAnyway"))
        .filter_map(|c| Some((object::str_at(c, "topologyKey")?.to_owned(), spread_selector(c, pod))))
        .collect();
    let owned = object::controller_of(pod).is_some();
    if own.is_empty()
        && owned
        && let Some(labels) = object::labels(pod)
    {
        let mut selector = Selector::from_map(labels);
        // What tells one Pod of a set from the next is not in its owner's selector.
        selector.requirements.retain(|r| !matches!(r, crate::api::labels::Requirement::In(key, _) if key.contains("pod-name") || key.contains("pod-index") || key.contains("completion-index")));
        soft.push(("kubernetes.io/hostname".into(), selector));
    }
    if soft.is_empty() {
        return vec![0; nodes.len()];
    }
    let mut counts = vec![0_i64; nodes.len()];
    for (topology, selector) in &soft {
        let value = |node: &NodeInfo| object::labels(&node.object).and_then(|l| l.get(topology)).cloned().unwrap_or(json!(null));
        let mut per: SortedMap<String, i64> = SortedMap::new();
        for (_, node) in nodes {
            *per.entry(value(node).to_string()).or_insert(0) += matching(node, pod, selector);
        }
        for (count, (_, node)) in counts.iter_mut().zip(nodes) {
            *count += per.get(&value(node).to_string()).copied().unwrap_or(0);
        }
    }
    let (least, most) = (counts.iter().copied().min().unwrap_or(0), counts.iter().copied().max().unwrap_or(0));
    if most == 0 { vec![100; counts.len()] } else { counts.into_iter().map(|c| 100 * (most + least - c) / most).collect() }
}
