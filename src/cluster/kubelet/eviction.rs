//! The eviction manager: Pods that fill the disk beyond what they may, and the node's memory. Models `pkg/kubelet/eviction`.
//!
//! Deviations: nothing but containers uses memory; the disk of a node has no end of its own; a look comes every ten seconds only while there is
//! something that could be too much.

use crate::api::kinds::NODE;
use crate::api::object::{at, i64_at, list_at, set, str_at};
use crate::api::order::SortedMap;
use crate::api::{Quantity, SimTime, Value, json};
use crate::cluster::apiserver::{Caller, EventSpec, WriteOptions, set_condition};
use crate::cluster::runtime::{Runtime, State, bulk, files};
use crate::cluster::{Context, Task};

use super::resize::{amount, quantity_text};
use super::spec::Role;
use super::termination::{KillReason, PodFailure};
use super::worker::{Life, Turn, Worker};
use super::{Kubelet, Timer};

/// `monitoringInterval` of the manager. Between two of its looks containerd measures what containers wrote (`stats_collect_period`), as often.
const PERIOD_MS: u64 = 10_000;
/// How often the kubelet looks for Pods whose volumes nobody has measured (`volumeStatsAggPeriod`).
const NEW_VOLUMES_MS: u64 = 60_000;
/// The mean of one and two such periods (`volumeStatCalculator`): how long a volume's size is believed.
const VOLUMES_MS: u64 = 90_000;
/// `memory.available<100Mi`. What a node offers to Pods is its capacity less this.
const THRESHOLD: i64 = 100 << 20;
/// Pressure is told for at least so long (`evictionPressureTransitionPeriod`).
const TRANSITION_MS: u64 = 300_000;
/// `immediateEvictionGracePeriodSeconds`.
const GRACE_SECONDS: u64 = 1;
/// `SystemCriticalPriority`: what the kubelet itself never evicts.
const SYSTEM_CRITICAL: i64 = 2_000_000_000;

/// What the manager remembers.
#[derive(Clone, Debug, Default)]
pub struct Pressure {
    due: Option<SimTime>,
    /// When memory was last short, while the node says so.
    short_at: Option<SimTime>,
}

impl Pressure {
    /// Whether the node says that it is short of memory.
    pub fn is_short(&self) -> bool {
        self.short_at.is_some()
    }
}

/// Why a kubelet ends a Pod that could have gone on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub reason: &'static str,
    pub message: String,
    /// The words of the condition `DisruptionTarget`, where there is to be one.
    pub disruption: Option<String>,
    /// `None`: the Pod's own grace.
    pub grace_seconds: Option<u64>,
}

/// What the kubelet last learned of what a Pod has stored.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Bytes of a container's own files and its log, by name.
    containers: SortedMap<String, i64>,
    /// Bytes by volume.
    volumes: SortedMap<String, i64>,
    volumes_at: Option<SimTime>,
}

impl Kubelet {
    /// Looks in time, where something could be too much one day. At every tenth second what is stored is measured, five seconds later judged.
    pub(super) fn watch_pressure(&mut self, ctx: &mut Context) {
        if self.pressure.due.is_none() {
            let half = PERIOD_MS / 2;
            let due = ctx.now + (half - ctx.now.millis() % half);
            self.pressure.due = Some(due);
            ctx.queue.push(due, Task::Kubelet { node: self.node.index, timer: Timer::Pressure { due } });
        }
    }

    /// One `synchronize`: at most one Pod goes for the memory's sake.
    pub(super) fn relieve(&mut self, due: SimTime, runtime: &mut Runtime, ctx: &mut Context) {
        if self.pressure.due != Some(due) {
            return;
        }
        self.pressure.due = None;
        if due.millis().is_multiple_of(PERIOD_MS) {
            self.workers.values_mut().filter(|w| w.can_be_evicted()).for_each(|w| w.measure(runtime, ctx));
            return self.watch_pressure(ctx);
        }
        let over: Vec<(u32, String)> =
            self.workers.values().filter(|w| w.can_be_evicted()).filter_map(|w| Some((w.id, w.storage_excess()?))).collect();
        let mut evicted = !over.is_empty();
        for (id, message) in over {
            let why = Reason { reason: "Evicted", message, disruption: None, grace_seconds: Some(GRACE_SECONDS) };
            self.with(Some(id), runtime, ctx, |worker, turn| worker.evict(&why, turn));
        }
        let free = self.node.config.memory_bytes + THRESHOLD - runtime.memory_used();
        if free < THRESHOLD {
            if self.pressure.short_at.is_none() {
                self.tell_pressure(true, ctx);
            }
            self.pressure.short_at = Some(ctx.now);
            if !evicted && let Some((id, why)) = self.choose_victim(free, runtime) {
                self.with(Some(id), runtime, ctx, |worker, turn| worker.evict(&why, turn));
                evicted = true;
            }
        } else if self.pressure.short_at.is_some_and(|at| ctx.now.since(at) >= TRANSITION_MS) {
            self.pressure.short_at = None;
            self.tell_pressure(false, ctx);
        }
        if evicted || self.pressure.short_at.is_some() || self.workers.values().any(|w| w.can_be_evicted() && w.has_storage_limit()) {
            self.watch_pressure(ctx);
        }
    }

    /// Who uses more than it asked for goes first, then the less important, then who is the most beyond its request (`rankMemoryPressure`).
    fn choose_victim(&self, free: i64, runtime: &Runtime) -> Option<(u32, Reason)> {
        let rank = |worker: &&Worker| {
            let (used, asked) = worker.memory(runtime);
            (used <= asked, worker.priority(), asked - used)
        };
        let worker = self.workers.values().filter(|w| w.can_be_evicted() && !w.is_critical()).min_by_key(rank)?;
        let mut message = format!(
            "The node was low on resource: memory. Threshold quantity: {}, available: {}. ",
            quantity_text("memory", THRESHOLD),
            quantity_text("memory", free.max(0) / 1024 * 1024)
        );
        for (name, used, asked) in worker.memory_by_container(runtime).into_iter().filter(|(_, used, asked)| used > asked) {
            let (used, asked) = (quantity_text("memory", used), quantity_text("memory", asked));
            message += &format!("Container {name} was using {used}, request is {asked}, has larger consumption of memory. ");
        }
        Some((worker.id, Reason { reason: "Evicted", disruption: Some(message.clone()), message, grace_seconds: Some(GRACE_SECONDS) }))
    }

    fn tell_pressure(&self, short: bool, ctx: &mut Context) {
        let Some(node) = ctx.api.get(NODE, "", &self.node.name).cloned() else { return };
        if ctx.api.is_stopped() || self.node.cut_off {
            return;
        }
        let (status, reason, message) = if short {
            ("True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available")
        } else {
            ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
        };
        let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
        let mut say = |kind: &str, reason: &str, message: &str| {
            let event = EventSpec { object: &node, field: "", kind, reason, message, component: "kubelet", host: &self.node.name };
            ctx.api.record_event(&mut caller, event);
        };
        if short {
            say("Warning", "EvictionThresholdMet", "Attempting to reclaim memory");
        }
        let word = if short { "NodeHasInsufficientMemory" } else { "NodeHasSufficientMemory" };
        say("Normal", word, &format!("Node {} status is now: {word}", self.node.name));
        let mut new = (*node).clone();
        let now = ctx.now.rfc3339();
        let condition = json!({"type": "MemoryPressure", "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now});
        set_condition(&mut new, condition);
        let options = WriteOptions { field_manager: "kubelet".into(), subresource: "status", ..WriteOptions::default() };
        drop(ctx.api.update(&mut caller, NODE, "", new, &options));
    }
}

impl Worker {
    fn can_be_evicted(&self) -> bool {
        self.life == Life::Syncing && self.failure.is_none() && self.status.start_time.is_some()
    }

    pub fn priority(&self) -> i64 {
        i64_at(&self.pod, "spec.priority").unwrap_or(0)
    }

    /// Models `IsCriticalPod`.
    pub fn is_critical(&self) -> bool {
        self.is_static || self.priority() >= SYSTEM_CRITICAL
    }

    /// Whether some volume or container says how much it may store.
    pub fn has_storage_limit(&self) -> bool {
        list_at(&self.pod, "spec.volumes").iter().any(|v| at(v, "emptyDir.sizeLimit").is_some())
            || self.spec.containers.iter().any(|c| at(&c.resources, "limits.ephemeral-storage").is_some())
    }

    fn measure(&mut self, runtime: &Runtime, ctx: &Context) {
        self.measured.containers = self.seen.running().map(|c| (c.name.clone(), runtime.stored_bytes(c.id, ctx.network))).collect();
        let due = match self.measured.volumes_at {
            None => ctx.now.millis() % NEW_VOLUMES_MS == NEW_VOLUMES_MS / 2,
            Some(at) => ctx.now.since(at) >= VOLUMES_MS,
        };
        if due {
            let size = |name: &str| {
                let volume = format!("{}/{name}", self.uid);
                let text = ctx.network.volumes.get(&volume).map_or(0, files::bytes) as i64;
                text.saturating_add(bulk::stored(&ctx.network.bulk, &volume))
            };
            let names = list_at(&self.pod, "spec.volumes").iter().filter_map(|volume| str_at(volume, "name"));
            self.measured.volumes = names.map(|name| (name.to_owned(), size(name))).collect();
            self.measured.volumes_at = Some(ctx.now);
        }
    }

    /// Models `localStorageEviction`: the first limit that the Pod is beyond, in the manager's words.
    fn storage_excess(&self) -> Option<String> {
        let mut stored = 0;
        for volume in list_at(&self.pod, "spec.volumes").iter().filter(|v| at(v, "emptyDir").is_some()) {
            let name = str_at(volume, "name").unwrap_or("");
            // A file system in memory is as large as it may be; nothing more fits into it.
            if str_at(volume, "emptyDir.medium") == Some("Memory") {
                continue;
            }
            let used = self.measured.volumes.get(name).copied().unwrap_or(0);
            stored += used;
            if let Some(limit) = str_at(volume, "emptyDir.sizeLimit")
                && Quantity::parse(limit).is_some_and(|q| q.value() > 0 && used > q.value())
            {
                return Some(format!("Usage of EmptyDir volume \"{name}\" exceeds the limit \"{limit}\". "));
            }
        }
        let limit = |c: &super::spec::ContainerSpec| amount(&c.resources, "limits.ephemeral-storage", false);
        let regular = || self.spec.containers.iter().filter(|c| matches!(c.role, Role::Regular | Role::Sidecar));
        let written: i64 = self.measured.containers.values().sum();
        if regular().all(|c| limit(c).is_some()) {
            let total: i64 = regular().filter_map(limit).sum();
            if stored + written > total {
                let total = quantity_text("memory", total);
                return Some(format!("Pod ephemeral local storage usage exceeds the total limit of containers {total}. "));
            }
        }
        self.measured.containers.iter().find_map(|(name, used)| {
            let (_, container) = self.spec.find(name)?;
            let most = limit(container)?;
            let text = str_at(&container.resources, "limits.ephemeral-storage").unwrap_or("");
            (*used > most).then(|| format!("Container {name} exceeded its local ephemeral storage limit \"{text}\". "))
        })
    }

    /// (name, bytes used, bytes asked for) of each running container.
    fn memory_by_container(&self, runtime: &Runtime) -> Vec<(String, i64, i64)> {
        let running = self.seen.running().filter_map(|seen| {
            let record = runtime.container(seen.id).filter(|c| matches!(c.state, State::Running { .. }))?;
            let asked = self.spec.find(&seen.name).and_then(|(_, c)| amount(&c.resources, "requests.memory", false)).unwrap_or(0);
            Some((seen.name.clone(), record.memory_bytes, asked))
        });
        running.collect()
    }

    fn memory(&self, runtime: &Runtime) -> (i64, i64) {
        self.memory_by_container(runtime).into_iter().fold((0, 0), |(used, asked), (_, u, a)| (used + u, asked + a))
    }

    /// Ends the Pod; it is `Failed` then. Models `evictPod` and `killPodNow`.
    pub fn evict(&mut self, why: &Reason, turn: &mut Turn) {
        if self.life != Life::Syncing || self.failure.is_some() {
            return;
        }
        self.event("", "Warning", why.reason, &why.message, turn);
        self.failure = Some(PodFailure { reason: why.reason.to_owned(), message: why.message.clone(), lasting: false });
        if let (Some(message), Some(stored)) = (&why.disruption, self.stored(turn)) {
            let mut new = (*stored).clone();
            let condition = json!({"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": message,
                "lastProbeTime": null, "lastTransitionTime": turn.ctx.now.rfc3339(), "observedGeneration": self.spec.generation});
            let mut conditions: Vec<Value> = list_at(&new, "status.conditions").to_vec();
            conditions.retain(|c| str_at(c, "type") != Some("DisruptionTarget"));
            conditions.insert(0, condition);
            set(&mut new, "status.conditions", Value::Array(conditions));
            self.write(new, turn);
        }
        if why.grace_seconds.is_some() {
            self.grace_override = why.grace_seconds;
        }
        self.look(turn);
        self.publish(false, turn);
        self.begin_termination(KillReason::Finished, turn);
    }
}
