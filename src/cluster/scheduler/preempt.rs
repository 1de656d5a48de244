//! Making room for a Pod of higher priority by removing lower ones.
//!
//! Models `pkg/scheduler/framework/preemption` and the DefaultPreemption plugin. Deviation: PodDisruptionBudgets are not looked at.

use super::Verdicts;
use super::affinity::{Between, Spread};
use super::filter::{Verdict, Wanted, one};
use super::snapshot::{Snapshot, add};
use crate::api::order::InOrder as _;
use crate::cluster::apiserver::Key;

pub struct Choice {
    pub node: String,
    pub victims: Vec<Key>,
}

/// The node where the least important Pods have to go; otherwise why preemption does not help, one reason a node.
pub fn run(wanted: &Wanted, verdicts: &Verdicts, snapshot: &Snapshot) -> Result<Choice, Vec<String>> {
    let mut reasons = Vec::new();
    let mut choices: Vec<(i64, i64, usize, Choice)> = Vec::new();
    for (name, verdict) in verdicts {
        match verdict {
            Verdict::Unresolvable(_) => reasons.push("Preemption is not helpful for scheduling".to_owned()),
            Verdict::Unschedulable(_) => match victims(wanted, name, snapshot) {
                Some(victims) => {
                    let priority = |key: &Key| snapshot.nodes.get(name).and_then(|n| n.pods.get(key)).map_or(0, |p| p.priority);
                    let highest = victims.iter().map(priority).max().unwrap_or(i64::MIN);
                    let sum = victims.iter().map(priority).sum();
                    choices.push((highest, sum, victims.len(), Choice { node: name.clone(), victims }));
                }
                None => reasons.push("No preemption victims found for incoming pod".to_owned()),
            },
        }
    }
    choices.order_by(|a, b| (a.0, a.1, a.2, &a.3.node).cmp(&(b.0, b.1, b.2, &b.3.node)));
    match choices.into_iter().next() {
        Some((_, _, _, choice)) => Ok(choice),
        None => Err(reasons),
    }
}

/// All Pods of lower priority go; then as many as possible come back, the most important first.
fn victims(wanted: &Wanted, name: &str, snapshot: &Snapshot) -> Option<Vec<Key>> {
    let node = snapshot.nodes.get(name)?;
    let mut lower: Vec<(Key, i64)> =
        node.pods.iter().filter(|(_, p)| p.priority < wanted.info.priority).map(|(key, p)| (key.clone(), p.priority)).collect();
    if lower.is_empty() {
        return None;
    }
    let mut trial = snapshot.clone();
    let remove = |trial: &mut Snapshot, key: &Key| {
        let node = trial.nodes.get_mut(name)?;
        let info = node.pods.remove(key)?;
        add(&mut node.requested, &info.requests, -1);
        Some(info)
    };
    let fits = |trial: &Snapshot| {
        let node = trial.nodes.get(name)?;
        Some(one(wanted, node, &Spread::new(wanted, trial), &Between::new(wanted, trial)).is_none())
    };
    let mut removed = Vec::new();
    for (key, _) in &lower {
        removed.push((key.clone(), remove(&mut trial, key)?));
    }
    if fits(&trial) != Some(true) {
        return None;
    }
    lower.order_by_key(|(key, priority)| (std::cmp::Reverse(*priority), key.clone()));
    let mut gone = Vec::new();
    for (key, _) in lower {
        let index = removed.iter().position(|(k, _)| *k == key)?;
        let info = removed[index].1.clone();
        let node = trial.nodes.get_mut(name)?;
        add(&mut node.requested, &info.requests, 1);
        node.pods.insert(key.clone(), info);
        if fits(&trial) != Some(true) {
            remove(&mut trial, &key)?;
            gone.push(key);
        }
    }
    (!gone.is_empty()).then_some(gone)
}
