//! Models kube-scheduler: which node each unbound Pod goes to, and why it can go to none.
//!
//! Deviations: one profile, every node is looked at, ties are broken by name, of volumes only whether claims are bound is looked at, resource
//! claims not at all. Latencies are fixed (measured medians).

use crate::api::order::InOrder as _;
mod affinity;
pub(in crate::cluster) mod filter;
mod preempt;
mod score;
mod snapshot;

use std::rc::Rc;

use super::apiserver::{Change, EventSpec, Key, Verb, WriteOptions, set_condition};
use super::log::Fact;
use super::throttle::Throttle;
use super::{Context, Task};
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{SimTime, Value, json, kinds, object};
use filter::Verdict;
use snapshot::Snapshot;

/// From stored to bound.
const CYCLE_MS: u64 = 10;
/// How many Pods are looked at in one go: about one a millisecond, as fast as a real one bound the first hundred of `tests/data/pace.jsonl`.
const PODS_A_CYCLE: usize = 10;
/// How often the API server is asked (`ClientConnection` of `KubeSchedulerConfiguration`): of 300 Pods a real kube-scheduler bound 120 within half a second
/// and 50 a second from then on.
const CLIENT: Throttle = Throttle::new(50, 100);
/// Pods that nothing woke are tried again after this long.
const FLUSH_MS: u64 = 300_000;
/// How long a stopped API server is left alone before it is asked again.
const RETRY_MS: u64 = 1000;

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// Try the Pods that are in the active queue.
    Cycle,
}

/// A Pod that could not be placed.
#[derive(Clone, Debug)]
struct Waiting {
    last: SimTime,
    /// Something happened meanwhile that may help.
    woken: bool,
    helped_by: HelpedBy,
    /// It removed others and was promised their node.
    promised: bool,
}

/// Which events may help a Pod that was refused (the plugins' queueing hints). Changes of nodes may help every Pod.
#[derive(Clone, Copy, Debug)]
struct HelpedBy {
    /// A Pod went or got smaller.
    room: bool,
    /// A Pod was placed or has other labels.
    company: bool,
    /// A claim came or was bound.
    claims: bool,
}

impl HelpedBy {
    fn of(verdicts: &Verdicts) -> Self {
        let mut out = Self { room: false, company: false, claims: false };
        for reason in verdicts.values().flat_map(Verdict::reasons) {
            let between = reason.contains("affinity rules") || reason.contains("topology spread");
            out.company |= between;
            out.room |= between || reason.starts_with("Insufficient") || reason == "Too many pods" || reason.contains("free ports");
        }
        out
    }
}

/// Whether a waiting Pod's own update may let it fit: its labels where other Pods stood in its way, new tolerations, requests where there was no room
/// (`PodSchedulingPropertiesChange`, and the events that the plugins register).
fn own_change_helps(old: &Value, new: &Value, by: HelpedBy) -> bool {
    let differs = |path: &str| object::at(old, path) != object::at(new, path);
    by.company && differs("metadata.labels") || by.room && (differs("spec.containers") || differs("spec.resources")) || differs("spec.tolerations")
}

#[derive(Clone, Debug)]
pub struct Scheduler {
    active: SortedSet<(i64, u64, Key)>,
    waiting: SortedMap<Key, Waiting>,
    /// Every unbound Pod's place in the queue: when it was first seen.
    seen: SortedMap<Key, u64>,
    next_seen: u64,
    /// When the next cycle is due.
    due: Option<SimTime>,
    snapshot: Snapshot,
    client: Throttle,
}

impl Default for Scheduler {
    fn default() -> Self {
        let (active, waiting, seen, snapshot) = (SortedSet::new(), SortedMap::new(), SortedMap::new(), Snapshot::default());
        Self { active, waiting, seen, next_seen: 0, due: None, snapshot, client: CLIENT }
    }
}

impl Scheduler {
    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        let kind = change.key.kind;
        if kind == kinds::NODE {
            self.snapshot.node(change);
            let helps = change.verb != Verb::Deleted && change.old.as_ref().is_none_or(|old| node_differs(old, &change.object));
            if helps {
                self.wake(|_| true, ctx);
            }
        } else if kind == kinds::NAMESPACE {
            self.snapshot.namespace(change);
        } else if kind == kinds::PERSISTENT_VOLUME_CLAIM {
            self.wake(|by| by.claims, ctx);
        } else if kind == kinds::POD {
            self.observe_pod(change, ctx);
        }
    }

    fn observe_pod(&mut self, change: &Change, ctx: &mut Context) {
        let pod = &change.object;
        if object::str_at(pod, "spec.schedulerName").is_some_and(|name| !matches!(name, "" | "default-scheduler"))
            && !self.seen.contains_key(&change.key)
        {
            // Another scheduler's, but where it is bound it takes room.
            if object::str_at(pod, "spec.nodeName").is_none_or(str::is_empty) {
                return;
            }
        }
        let bound = object::str_at(pod, "spec.nodeName").is_some_and(|n| !n.is_empty());
        if bound {
            let was_bound = change.old.as_ref().is_some_and(|old| object::str_at(old, "spec.nodeName").is_some_and(|n| !n.is_empty()));
            let freed = self.snapshot.pod(change);
            self.forget(&change.key);
            let labels_moved = change.old.as_ref().is_some_and(|old| object::labels(old) != object::labels(pod));
            let company = !was_bound || labels_moved;
            if freed || company {
                self.wake(|by| (freed && by.room) || (company && by.company), ctx);
            }
            return;
        }
        let finished = matches!(object::str_at(pod, "status.phase"), Some("Succeeded" | "Failed"));
        if change.verb == Verb::Deleted || object::is_deleting(pod) || finished {
            self.forget(&change.key);
            return;
        }
        // Gates, and claims for devices, which nothing here ever makes, keep a Pod out of the queue (`PreEnqueue`).
        if ["spec.schedulingGates", "spec.resourceClaims"].iter().any(|list| !object::list_at(pod, list).is_empty()) {
            self.forget(&change.key);
            return;
        }
        if !self.seen.contains_key(&change.key) {
            self.activate(change.key.clone(), pod, CYCLE_MS, ctx);
        } else if let Some(old) = &change.old
            && let Some(waiting) = self.waiting.get_mut(&change.key)
            && own_change_helps(old, pod, waiting.helped_by)
        {
            waiting.woken = true;
            self.plan(ctx);
        }
    }

    fn forget(&mut self, key: &Key) {
        self.waiting.remove(key);
        if let Some(seen) = self.seen.remove(key) {
            self.active.retain(|(_, at, _)| *at != seen);
        }
    }

    fn activate(&mut self, key: Key, pod: &Value, after: u64, ctx: &mut Context) {
        let seen = *self.seen.entry(key.clone()).or_insert_with(|| {
            self.next_seen += 1;
            self.next_seen
        });
        let priority = object::i64_at(pod, "spec.priority").unwrap_or(0);
        self.active.insert((-priority, seen, key));
        self.arm(ctx.now + after, ctx);
    }

    fn arm(&mut self, at: SimTime, ctx: &mut Context) {
        if self.due.is_none_or(|due| due > at || due < ctx.now) {
            self.due = Some(at);
            ctx.after(at - ctx.now, Task::Scheduler(Timer::Cycle));
        }
    }

    /// Something changed that may let waiting Pods fit.
    fn wake(&mut self, helps: impl Fn(HelpedBy) -> bool, ctx: &mut Context) {
        if self.waiting.is_empty() {
            return;
        }
        for waiting in self.waiting.values_mut().filter(|w| helps(w.helped_by)) {
            waiting.woken = true;
        }
        self.plan(ctx);
    }

    /// Sets the timer for the first waiting Pod whose turn comes. An idle scheduler takes woken Pods out of their back-off.
    fn plan(&mut self, ctx: &mut Context) {
        let next = self.waiting.values().map(|w| if w.woken { ctx.now + CYCLE_MS } else { w.last + FLUSH_MS }).min();
        if let Some(at) = next {
            self.arm(at.max(ctx.now), ctx);
        }
    }

    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        let Timer::Cycle = timer;
        if self.due.is_some_and(|due| due > ctx.now) {
            return;
        }
        self.due = None;
        if ctx.api.is_stopped() {
            if !self.seen.is_empty() {
                self.arm(ctx.now + RETRY_MS, ctx);
            }
            return;
        }
        let mut ready = Vec::new();
        for (key, waiting) in self.waiting.iter_mut().filter(|(_, w)| w.woken || ctx.now.since(w.last) >= FLUSH_MS) {
            // It is in the queue from now on.
            (waiting.woken, waiting.last) = (false, ctx.now);
            ready.push(key.clone());
        }
        for key in ready {
            if let Some(pod) = ctx.api.at(&key).cloned() {
                self.activate(key, &pod, 0, ctx);
            }
        }
        self.due = None;
        for _ in 0..PODS_A_CYCLE.min(self.client.free(ctx.now)) {
            let Some((_, _, key)) = self.active.pop_first() else { break };
            if let Some(pod) = ctx.api.at(&key).cloned() {
                self.schedule(key, &pod, ctx);
            }
        }
        if !self.active.is_empty() {
            self.arm(ctx.now + self.client.wait(ctx.now).max(CYCLE_MS), ctx);
        }
        self.plan(ctx);
    }

    fn schedule(&mut self, key: Key, pod: &Rc<Value>, ctx: &mut Context) {
        let wanted = filter::Wanted::of(pod);
        let count = self.snapshot.nodes.len();
        if let Some(unbound) = claim_error(pod, ctx).filter(|_| count > 0) {
            // What VolumeBinding says before any node is looked at stands for all of them. DynamicResources, which comes behind it, has not looked
            // at the Pod then, and its `PostFilter` says so: `not found`.
            let message = format!("0/{count} nodes are available: {unbound}. not found");
            return self.give_up(key, pod, &message, HelpedBy { room: false, company: false, claims: true }, None, ctx);
        }
        let (fitting, verdicts) = self.filter(&key, &wanted, ctx);
        if let Some(node) = score::best(&wanted, &fitting, &self.snapshot) {
            self.bind(&key, pod, &node, ctx);
            return;
        }
        if count == 0 {
            return self.give_up(key, pod, "no nodes available to schedule pods", HelpedBy::of(&verdicts), None, ctx);
        }
        let mut message = tell(count, verdicts.values().flat_map(|verdict| verdict.reasons()));
        let mut nominated = None;
        message.push_str(" no new claims to deallocate, preemption: ");
        if let Some(why) = preempt::ineligible(&wanted, &verdicts, &self.snapshot) {
            message.push_str(why);
            nominated = object::str_at(pod, "status.nominatedNodeName").map(str::to_owned);
        } else {
            let budgets: Vec<Rc<Value>> = ctx.api.list(kinds::POD_DISRUPTION_BUDGET, None).cloned().collect();
            match preempt::run(&wanted, &verdicts, &self.snapshot, &budgets, ctx) {
                Ok(choice) => {
                    self.evict(&choice, pod, ctx);
                    nominated = Some(choice.node);
                    message.truncate(message.len() - " no new claims to deallocate, preemption: ".len());
                }
                Err(reasons) => message.push_str(&tell(count, reasons)),
            }
        }
        self.give_up(key, pod, &message, HelpedBy::of(&verdicts), nominated, ctx);
    }

    /// The nodes that fit, and why the others do not. Pods as important that have been promised a node count there already
    /// (`RunFilterPluginsWithNominatedPods`).
    fn filter(&self, key: &Key, wanted: &filter::Wanted, ctx: &Context) -> (Vec<String>, Verdicts) {
        let mut promised = Vec::new();
        for (other, _) in self.waiting.iter().filter(|(other, waiting)| waiting.promised && *other != key) {
            let Some(pod) = ctx.api.at(other) else { continue };
            let node = object::str_at(pod, "status.nominatedNodeName").filter(|node| !node.is_empty());
            let Some(node) = node.filter(|_| object::i64_at(pod, "spec.priority").unwrap_or(0) >= wanted.info.priority) else { continue };
            let mut there = (**pod).clone();
            object::set(&mut there, "spec.nodeName", json!(node));
            promised.push((other, Rc::new(there)));
        }
        let (mut fitting, mut verdicts) = filter::run(wanted, &self.snapshot);
        if !promised.is_empty() {
            let mut fuller = self.snapshot.clone();
            promised.iter().for_each(|(other, pod)| fuller.assume(other, pod));
            let (still, refused) = filter::run(wanted, &fuller);
            fitting.retain(|node| still.contains(node));
            verdicts.extend(refused);
        }
        (fitting, verdicts)
    }

    fn bind(&mut self, key: &Key, pod: &Rc<Value>, node: &str, ctx: &mut Context) {
        self.client.spend(1, ctx.now);
        let (api, mut caller) = ctx.api();
        match api.bind(&mut caller, key, node) {
            Ok(written) => {
                let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
                api.record_event(&mut caller, event(pod, "Normal", "Scheduled", &message));
                self.forget(key);
                self.snapshot.assume(key, &written.object);
            }
            Err(refusal) => {
                ctx.fact(Fact::Refused { object: format!("pod/{}/{}", key.namespace, key.name), message: refusal.into_message() });
            }
        }
    }

    fn give_up(&mut self, key: Key, pod: &Rc<Value>, message: &str, helped_by: HelpedBy, nominated: Option<String>, ctx: &mut Context) {
        let waiting = self.waiting.entry(key.clone()).or_insert(Waiting { last: ctx.now, woken: false, helped_by, promised: false });
        waiting.promised |= nominated.is_some();
        waiting.helped_by = helped_by;
        waiting.last = ctx.now;
        waiting.woken = false;
        let name = format!("{}/{}", key.namespace, key.name);
        let now = ctx.now;
        ctx.fact(Fact::PodUnschedulable { pod: name, message: message.into() });
        let (api, mut caller) = ctx.api();
        api.record_event(&mut caller, event(pod, "Warning", "FailedScheduling", message));
        let mut new = (**pod).clone();
        let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastProbeTime": null,
            "observedGeneration": object::i64_at(pod, "metadata.generation").unwrap_or(1), "lastTransitionTime": caller.now.rfc3339()});
        set_condition(&mut new, condition);
        if let Some(node) = nominated {
            object::set(&mut new, "status.nominatedNodeName", json!(node));
        }
        // What it says already is not said again (`util.PatchPodStatus`).
        self.client.spend(usize::from(new != **pod), now);
        let options = WriteOptions { subresource: "status", field_manager: "kube-scheduler".into(), ..WriteOptions::default() };
        if let Err(refusal) = api.update(&mut caller, kinds::POD, &key.namespace, new, &options) {
            ctx.fact(Fact::Refused { object: format!("pod/{}/{}", key.namespace, key.name), message: refusal.into_message() });
        }
    }

    fn evict(&mut self, choice: &preempt::Choice, preemptor: &Value, ctx: &mut Context) {
        for key in &choice.victims {
            let Some(victim) = ctx.api.at(key).cloned() else { continue };
            let (api, mut caller) = ctx.api();
            let message = format!("Preempted by pod {} on node {}", object::uid(preemptor), choice.node);
            api.record_event(&mut caller, event(&victim, "Normal", "Preempted", &message));
            let mut new = (*victim).clone();
            let why = format!("{}: preempting to accommodate a higher priority pod", "default-scheduler");
            let condition = json!({"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "message": why,
                "observedGeneration": object::i64_at(&victim, "metadata.generation").unwrap_or(1), "lastProbeTime": null,
                "lastTransitionTime": caller.now.rfc3339()});
            set_condition(&mut new, condition);
            let options = WriteOptions { subresource: "status", field_manager: "kube-scheduler".into(), ..WriteOptions::default() };
            let told = api.update(&mut caller, kinds::POD, &key.namespace, new, &options).map(|_| ());
            let gone = told.and_then(|()| api.delete(&mut caller, key, super::apiserver::DeleteOptions::default()).map(|_| ()));
            if let Err(refusal) = gone {
                ctx.fact(Fact::Refused { object: format!("pod/{}/{}", key.namespace, key.name), message: refusal.into_message() });
            }
        }
    }
}

fn event<'a>(object: &'a Value, kind: &'a str, reason: &'a str, message: &'a str) -> EventSpec<'a> {
    EventSpec { object, field: "", kind, reason, message, component: "default-scheduler", host: "" }
}

/// `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.`: reasons counted and sorted as strings.
fn tell(count: usize, reasons: impl IntoIterator<Item = String>) -> String {
    let mut counts: SortedMap<String, usize> = SortedMap::new();
    for reason in reasons {
        *counts.entry(reason).or_insert(0) += 1;
    }
    let mut items: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    items.order();
    format!("0/{count} nodes are available: {}.", items.join(", "))
}

/// Why a Pod's claims keep it from every node. Models `PreFilter` of `plugins/volumebinding`.
fn claim_error(pod: &Value, ctx: &Context) -> Option<String> {
    let mut waits = false;
    for volume in object::list_at(pod, "spec.volumes") {
        let name = match (object::str_at(volume, "persistentVolumeClaim.claimName"), volume.get("ephemeral")) {
            (Some(claim), _) => claim.to_owned(),
            (None, Some(_)) => format!("{}-{}", object::name(pod), object::str_at(volume, "name").unwrap_or("")),
            (None, None) => continue,
        };
        let Some(claim) = ctx.api.get(kinds::PERSISTENT_VOLUME_CLAIM, object::namespace(pod), &name) else {
            let waiting = if volume.get("ephemeral").is_some() { "waiting for ephemeral volume controller to create the " } else { "" };
            return Some(format!("{waiting}persistentvolumeclaim {name:?} not found"));
        };
        if object::is_deleting(claim) {
            return Some(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        waits |= object::str_at(claim, "status.phase") != Some("Bound");
    }
    waits.then(|| "pod has unbound immediate PersistentVolumeClaims".to_owned())
}

/// Whether a change of a node can let a Pod fit: heartbeats cannot.
fn node_differs(old: &Value, new: &Value) -> bool {
    old.get("spec") != new.get("spec")
        || object::labels(old) != object::labels(new)
        || object::at(old, "status.allocatable") != object::at(new, "status.allocatable")
}

/// What every plugin may say of one node.
pub(super) type Verdicts = SortedMap<String, Verdict>;
