//! Making room for a Pod of higher priority by removing lower ones.
//!
//! Models `pkg/scheduler/framework/preemption` and the DefaultPreemption plugin. Deviation: every node is tried, in order of name.

use std::cmp::Reverse;
use std::rc::Rc;

use super::Verdicts;
use super::affinity::{Between, Spread};
use super::filter::{Verdict, Wanted, one};
use super::snapshot::{PodInfo, Snapshot, add};
use crate::api::order::InOrder as _;
use crate::api::{Selector, SimTime, Value, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

pub struct Choice {
    pub node: String,
    pub victims: Vec<Key>,
}

/// A Pod that may have to go: the most important first, of equal ones the one that has run longer (`MoreImportantPod`).
struct Victim {
    key: Key,
    priority: i64,
    started: SimTime,
}

/// What decides between nodes, the smallest being best: broken budgets, the highest priority, the sum of priorities, how many go, and how long the
/// most important of them have run (`pickOneNodeForPreemption`).
type Cost = (usize, i64, i64, usize, Reverse<SimTime>);

/// Why the Pod may not preempt now (`PodEligibleToPreemptOthers`).
pub fn ineligible(wanted: &Wanted, verdicts: &Verdicts, snapshot: &Snapshot) -> Option<&'static str> {
    if object::str_at(&wanted.pod, "spec.preemptionPolicy") == Some("Never") {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = object::str_at(&wanted.pod, "status.nominatedNodeName").filter(|name| !name.is_empty())?;
    if matches!(verdicts.get(nominated), Some(Verdict::Unresolvable(_))) {
        return None;
    }
    let leaves = |info: &PodInfo| {
        let preempted =
            |c: &Value| object::str_at(c, "type") == Some("DisruptionTarget") && object::str_at(c, "reason") == Some("PreemptionByScheduler");
        info.priority < wanted.info.priority
            && object::is_deleting(&info.object)
            && object::list_at(&info.object, "status.conditions").iter().any(preempted)
    };
    let waits = snapshot.nodes.get(nominated).is_some_and(|node| node.pods.values().any(leaves));
    waits.then_some("not eligible due to a terminating pod on the nominated node.")
}

/// The node where the least has to be broken; otherwise why preemption does not help, for each node.
pub fn run(wanted: &Wanted, verdicts: &Verdicts, snapshot: &Snapshot, budgets: &[Rc<Value>], ctx: &Context) -> Result<Choice, Vec<String>> {
    let mut reasons = Vec::new();
    let mut best: Option<(Cost, Choice)> = None;
    for (name, verdict) in verdicts {
        match verdict {
            Verdict::Unresolvable(_) => reasons.push("Preemption is not helpful for scheduling".to_owned()),
            Verdict::Unschedulable(_) => match victims(wanted, name, snapshot, budgets, ctx) {
                Ok((cost, victims)) => {
                    if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                        best = Some((cost, Choice { node: name.clone(), victims }));
                    }
                }
                Err(why) => reasons.extend(why),
            },
        }
    }
    best.map(|(_, choice)| choice).ok_or(reasons)
}

/// All Pods of lower priority go; then as many as possible come back: first those whose budget would be broken, the most important of them first.
/// Models `SelectVictimsOnNode`.
fn victims(wanted: &Wanted, name: &str, snapshot: &Snapshot, budgets: &[Rc<Value>], ctx: &Context) -> Result<(Cost, Vec<Key>), Vec<String>> {
    const NONE: &str = "No preemption victims found for incoming pod";
    let none = || vec![NONE.to_owned()];
    let node = snapshot.nodes.get(name).ok_or_else(none)?;
    let victim = |(key, info): (&Key, &PodInfo)| {
        // The snapshot does not follow what changes in the status alone.
        let started = ctx.api.at(key).and_then(|pod| object::str_at(pod, "status.startTime")).and_then(SimTime::parse).unwrap_or(ctx.now);
        Victim { key: key.clone(), priority: info.priority, started }
    };
    let mut lower: Vec<Victim> = node.pods.iter().filter(|(_, p)| p.priority < wanted.info.priority).map(victim).collect();
    if lower.is_empty() {
        return Err(none());
    }
    lower.order_by_key(|v| (Reverse(v.priority), v.started, v.key.clone()));
    let mut trial = snapshot.clone();
    let take = |trial: &mut Snapshot, key: &Key| {
        let node = trial.nodes.get_mut(name)?;
        let info = node.pods.remove(key)?;
        add(&mut node.requested, &info.requests, -1);
        Some(info)
    };
    let refusal = |trial: &Snapshot| {
        let node = trial.nodes.get(name)?;
        one(wanted, node, &Spread::new(wanted, trial), &Between::new(wanted, trial))
    };
    let breaks = breaking(&lower, snapshot, name, budgets);
    let mut removed: Vec<Option<PodInfo>> = lower.iter().map(|v| take(&mut trial, &v.key)).collect();
    if let Some(verdict) = refusal(&trial) {
        return Err(verdict.reasons());
    }
    let mut goes = vec![true; lower.len()];
    for broken in [true, false] {
        for (index, victim) in lower.iter().enumerate().filter(|(index, _)| breaks[*index] == broken) {
            let (Some(node), Some(info)) = (trial.nodes.get_mut(name), removed[index].take()) else { continue };
            add(&mut node.requested, &info.requests, 1);
            node.pods.insert(victim.key.clone(), info);
            goes[index] = refusal(&trial).is_some();
            if goes[index] {
                drop(take(&mut trial, &victim.key));
            }
        }
    }
    let gone: Vec<&Victim> = lower.iter().zip(&goes).filter(|(_, goes)| **goes).map(|(victim, _)| victim).collect();
    let Some(first) = gone.first() else { return Err(none()) };
    let broken = goes.iter().zip(&breaks).filter(|(goes, breaks)| **goes && **breaks).count();
    let since = gone.iter().filter(|v| v.priority == first.priority).map(|v| v.started).min().unwrap_or(ctx.now);
    // Each counts by how far it is above the lowest priority of all.
    let sum = gone.iter().map(|v| v.priority + i64::from(i32::MAX) + 1).sum();
    Ok(((broken, first.priority, sum, gone.len(), Reverse(since)), gone.iter().map(|v| v.key.clone()).collect()))
}

/// Which of the Pods their budgets would not let go, if they all went in this order (`filterPodsWithPDBViolation`).
fn breaking(victims: &[Victim], snapshot: &Snapshot, node: &str, budgets: &[Rc<Value>]) -> Vec<bool> {
    let allowed = |budget: &Rc<Value>| object::i64_at(budget, "status.disruptionsAllowed").unwrap_or(0);
    let mut left: Vec<i64> = budgets.iter().map(allowed).collect();
    let selectors: Vec<Selector> = budgets.iter().map(|b| object::at(b, "spec.selector").map(Selector::from_value).unwrap_or_default()).collect();
    let pods = snapshot.nodes.get(node).map(|node| &node.pods);
    let breaks = |victim: &Victim| {
        let labels = pods.and_then(|pods| pods.get(&victim.key)).and_then(|info| object::labels(&info.object));
        let mut broken = false;
        for ((budget, selector), left) in budgets.iter().zip(&selectors).zip(&mut left) {
            if object::namespace(budget) == victim.key.namespace && !selector.is_empty() && selector.matches(labels) {
                *left -= 1;
                broken |= *left < 0;
            }
        }
        broken
    };
    victims.iter().map(breaks).collect()
}
