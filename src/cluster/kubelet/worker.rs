//! A pod worker: what the kubelet knows of one Pod, and when it looks at it next.
//!
//! Models `pkg/kubelet/pod_workers.go` and the work queue. One sync at a time; a sync publishes the status first, from what was last seen of
//! the runtime, and acts afterwards. So the effect of an action shows with the next sync.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::api::kinds::POD;
use crate::api::object::{at, list_at, name, namespace, str_at, uid};
use crate::api::{SimTime, Value, json};
use crate::cluster::apiserver::{Caller, EventSpec, WriteOptions};
use crate::cluster::log::{ContainerRef, Fact};
use crate::cluster::runtime::{ContainerId, Runtime, SandboxId};
use crate::cluster::{Context, Task};

use super::backoff::BackOff;
use super::conditions::{self, Condition, Ground};
use super::observed::{Ended, Observed};
use super::prober::{ProbeWorker, Results};
use super::spec::{ContainerSpec, PodSpec, Role};
use super::status::{self, Basis, ContainerState, Phase, PodStatus, Reasons};
use super::sync::Job;
use super::termination::Kill;
use super::{NodeState, Timer};

/// What is due for one Pod.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PodTimer {
    /// The work queue: look at the Pod.
    Sync,
    /// The running sync goes on.
    Step,
    /// The pod lifecycle event generator looks at the runtime.
    Relist,
    /// `activeDeadlineSeconds` are over.
    Deadline,
    /// Volumes are brought up to date.
    Remount,
    /// Containers that are being stopped.
    Kills,
    /// The status manager tries again to write the status.
    Save,
    /// Somebody changed the Pod.
    Updated,
    /// A deferred resize may fit now.
    RetryResize,
    Probe(u16),
    ProbeAnswer(u16),
}

/// How many kinds of timers have one current instance for each Pod.
const SINGLE_TIMERS: usize = 6;

impl PodTimer {
    /// The place of a timer of which only the newest counts.
    fn slot(self) -> Option<usize> {
        match self {
            Self::Sync => Some(0),
            Self::Step => Some(1),
            Self::Relist => Some(2),
            Self::Deadline => Some(3),
            Self::Kills => Some(4),
            Self::Save => Some(5),
            Self::Remount | Self::Updated | Self::RetryResize | Self::Probe(_) | Self::ProbeAnswer(_) => None,
        }
    }
}

/// How long the lifecycle event generator leaves a change unseen that it was not asked to look for.
pub const RELIST_MS: u64 = 600;
/// When a Pod is looked at again after a sync that failed.
pub const RETRY_MS: u64 = 13_000;
/// The longest time between two looks at a Pod in back-off.
pub const LONGEST_LOOK_MS: u64 = 60_000;

/// How far a wait in back-off is stretched, in percent: the kubelet's random factor lies between 100 and 150, its measured median at 130.
const STRETCH_PERCENT: u64 = 125;
/// The status manager's full pass.
const STATUS_PASS_MS: u64 = 10_000;
/// From a new mirror to its first status.
pub const MIRROR_STATUS_MS: u64 = 150;
/// A recorder's queue has an end.
const MOST_WAITING_EVENTS: usize = 200;

/// Whose turn it is: the node, its runtime, and the world outside.
pub struct Turn<'a, 'c> {
    pub node: &'a NodeState,
    pub runtime: &'a mut Runtime,
    pub ctx: &'a mut Context<'c>,
}

/// How far a Pod's life has come, for its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Syncing,
    Terminating,
    /// Nothing runs any more; the object waits to go.
    Terminated,
}

#[derive(Clone, Debug)]
pub struct Worker {
    pub id: u32,
    pub pod: Rc<Value>,
    pub spec: Rc<PodSpec>,
    pub uid: String,
    pub namespace: String,
    pub name: String,
    /// From a file on the node; its object in the API is a mirror.
    pub is_static: bool,
    pub life: Life,
    pub status: PodStatus,
    /// What was last seen of the runtime.
    pub seen: Observed,
    pub sandboxes: Vec<SandboxId>,
    pub hashes: BTreeMap<ContainerId, u64>,
    pub reasons: Reasons,
    pub restarts: BackOff,
    pub pulls: BackOff,
    /// The last error of each image's pull.
    pub pull_errors: BTreeMap<String, (String, String)>,
    pub probes: Vec<ProbeWorker>,
    pub results: Results,
    pub job: Option<Job>,
    pub kills: Vec<Kill>,
    pub mounted: bool,
    pub mount_tries: u32,
    pub mount_since: SimTime,
    /// The Pod failed for a reason of its own: a deadline, an eviction. (reason, message)
    pub failure: Option<(String, String)>,
    /// The grace period that the first deletion gave.
    pub grace_override: Option<u64>,
    /// The object is gone from the API.
    pub gone: bool,
    pub restarting_all: Option<Condition>,
    pub resize: super::resize::Resize,
    /// The next look, and whether another one is wanted after the running sync.
    sync_at: Option<SimTime>,
    again: bool,
    /// From when on what was seen is newer than the last sync's end.
    fresh_at: SimTime,
    relist_at: Option<SimTime>,
    seen_at: SimTime,
    synced_at: SimTime,
    seqs: [u32; SINGLE_TIMERS],
    /// Events that happened while the API server was away.
    outbox: Vec<(SimTime, Said)>,
}

/// An event that waits to be sent.
#[derive(Clone, Debug)]
struct Said {
    field: String,
    kind: &'static str,
    reason: String,
    message: String,
}

impl Worker {
    pub fn new(id: u32, pod: Rc<Value>, is_static: bool) -> Self {
        let spec = Rc::new(PodSpec::parse(&pod));
        let status = PodStatus {
            phase: Phase::parse(str_at(&pod, "status.phase").unwrap_or("")),
            reason: str_at(&pod, "status.reason").unwrap_or("").to_owned(),
            message: str_at(&pod, "status.message").unwrap_or("").to_owned(),
            ..PodStatus::default()
        };
        Self {
            id,
            uid: uid(&pod).to_owned(),
            namespace: namespace(&pod).to_owned(),
            name: name(&pod).to_owned(),
            spec,
            pod,
            is_static,
            life: Life::Syncing,
            status,
            seen: Observed::default(),
            sandboxes: Vec::new(),
            hashes: BTreeMap::new(),
            reasons: Reasons::new(),
            restarts: BackOff::default(),
            pulls: BackOff::default(),
            pull_errors: BTreeMap::new(),
            probes: Vec::new(),
            results: Results::new(),
            job: None,
            kills: Vec::new(),
            mounted: false,
            mount_tries: 0,
            mount_since: SimTime::ZERO,
            failure: None,
            grace_override: None,
            gone: false,
            restarting_all: None,
            resize: super::resize::Resize::default(),
            sync_at: None,
            again: false,
            fresh_at: SimTime::ZERO,
            relist_at: None,
            seen_at: SimTime::ZERO,
            synced_at: SimTime::ZERO,
            seqs: [0; SINGLE_TIMERS],
            outbox: Vec::new(),
        }
    }

    pub fn is_terminating(&self) -> bool {
        self.life != Life::Syncing
    }

    pub fn container_ref(&self, turn: &Turn, container: &str) -> ContainerRef {
        ContainerRef { node: turn.node.name.clone(), pod: format!("{}/{}", self.namespace, self.name), container: container.into() }
    }

    // ---------------------------------------------------------------------------------------------------------------- timers

    pub fn push(&self, what: PodTimer, seq: u32, at: SimTime, turn: &mut Turn) {
        let node = turn.node.index;
        turn.ctx.queue.push(at, Task::Kubelet { node, timer: Timer::Pod { pod: self.id, what, seq } });
    }

    /// Sets a timer of which there is one for the Pod; an earlier setting is forgotten.
    pub fn arm(&mut self, what: PodTimer, at: SimTime, turn: &mut Turn) {
        let Some(slot) = what.slot() else { return };
        self.seqs[slot] += 1;
        self.push(what, self.seqs[slot], at, turn);
    }

    pub fn disarm(&mut self, what: PodTimer) {
        if let Some(slot) = what.slot() {
            self.seqs[slot] += 1;
        }
    }

    pub fn handle(&mut self, what: PodTimer, seq: u32, turn: &mut Turn) {
        match what {
            PodTimer::Probe(place) => {
                if self.probes.get(usize::from(place)).is_some_and(|p| p.seq == seq) {
                    self.tick(usize::from(place), turn);
                }
                return;
            }
            PodTimer::ProbeAnswer(place) => return self.look_for_answer(usize::from(place), turn),
            PodTimer::Updated => return self.request_sync(turn.ctx.now, turn),
            PodTimer::RetryResize => return self.retry_resize(turn),
            // Asked for from outside, and harmless when it comes twice.
            PodTimer::Remount => return self.remount(turn),
            PodTimer::Sync | PodTimer::Step | PodTimer::Relist | PodTimer::Deadline | PodTimer::Kills | PodTimer::Save => {}
        }
        if what.slot().is_none_or(|slot| self.seqs[slot] != seq) {
            return;
        }
        match what {
            PodTimer::Sync => {
                self.sync_at = None;
                self.begin_sync(turn);
            }
            PodTimer::Step => self.run_steps(turn),
            PodTimer::Relist => self.relist(turn),
            PodTimer::Deadline => self.deadline_over(turn),
            PodTimer::Kills => self.tend_kills(turn),
            PodTimer::Save => self.catch_up(turn),
            PodTimer::Remount | PodTimer::Updated | PodTimer::RetryResize | PodTimer::Probe(_) | PodTimer::ProbeAnswer(_) => {}
        }
    }

    /// Wants a sync at this time, or as soon after as the kubelet may: not during another one, and not before the runtime was looked at again.
    pub fn request_sync(&mut self, at: SimTime, turn: &mut Turn) {
        if self.life != Life::Syncing {
            return;
        }
        if self.job.is_some() {
            self.again = true;
            return;
        }
        let at = at.max(self.fresh_at).max(turn.ctx.now);
        if self.sync_at.is_none_or(|due| at < due) {
            self.sync_at = Some(at);
            self.arm(PodTimer::Sync, at, turn);
        }
    }

    /// After the running sync comes another.
    pub fn want_another_sync(&mut self) {
        self.again = true;
    }

    /// The sync is over. With an error the runtime is looked at with everybody else's Pods, else at once where something was done.
    pub fn rest(&mut self, failed: bool, acted: bool, retry_at: Option<SimTime>, turn: &mut Turn) {
        let now = turn.ctx.now;
        self.synced_at = now;
        if acted && !failed {
            self.fresh_at = now;
            self.relist_by(now + 10, turn);
        } else {
            self.fresh_at = now + RELIST_MS;
            self.relist_by(now + RELIST_MS, turn);
        }
        if failed {
            let look = retry_at.map_or(now + RETRY_MS, |at| stretched(now, at.min(now + LONGEST_LOOK_MS)));
            self.request_sync(look, turn);
        }
        if std::mem::take(&mut self.again) {
            self.request_sync(now + 10, turn);
        }
    }

    /// Something about a container changed by itself: the next look at the runtime will see it.
    pub fn container_changed(&mut self, turn: &mut Turn) {
        self.relist_by(turn.ctx.now + RELIST_MS, turn);
        if !self.kills.is_empty() {
            self.tend_kills(turn);
        }
    }

    fn relist_by(&mut self, at: SimTime, turn: &mut Turn) {
        if self.relist_at.is_none_or(|due| at < due) {
            self.relist_at = Some(at);
            self.arm(PodTimer::Relist, at, turn);
        }
    }

    fn relist(&mut self, turn: &mut Turn) {
        self.relist_at = None;
        if self.life != Life::Syncing {
            return;
        }
        let before = std::mem::take(&mut self.seen);
        self.look(turn);
        if changed(&before, &self.seen) {
            self.fresh_at = self.fresh_at.min(turn.ctx.now);
            self.request_sync(turn.ctx.now + 10, turn);
        }
    }

    /// Looks at the runtime now.
    pub fn look(&mut self, turn: &Turn) {
        self.seen_at = turn.ctx.now;
        self.seen = Observed::look(turn.ctx.now, turn.runtime, &self.sandboxes, &self.spec, &self.hashes);
    }

    /// Whether what was seen is older than the last sync's end.
    pub fn needs_look(&self) -> bool {
        self.seen_at < self.synced_at
    }

    /// Reads the object anew: image, resources, grace may have changed.
    pub fn take_new_spec(&mut self) {
        self.spec = Rc::new(PodSpec::parse(&self.pod));
    }

    /// A refused Pod's status: nothing but phase, reason and message.
    pub fn save_refusal(&mut self, turn: &mut Turn) {
        let Some(stored) = self.stored(turn) else { return };
        let mut object = (*stored).clone();
        let status = &self.status;
        for (key, text) in [("phase", status.phase.name()), ("reason", &status.reason), ("message", &status.message)] {
            crate::api::object::set(&mut object, &format!("status.{key}"), json!(text));
        }
        crate::api::object::set(&mut object, "status.startTime", json!(turn.ctx.now.rfc3339()));
        crate::api::object::set(&mut object, "status.observedGeneration", json!(self.spec.generation));
        self.write(object, turn);
    }

    // ---------------------------------------------------------------------------------------------------------------- status

    /// Makes the status from what was last seen and stores it. Gives the phase that it comes to, which a Pod whose containers may still run
    /// does not show yet.
    pub fn publish(&mut self, torn_down: bool, turn: &mut Turn) -> Phase {
        let spec = self.spec.clone();
        let deleting = crate::api::object::is_deleting(&self.pod) || self.life != Life::Syncing;
        let basis = Basis { spec: &spec, seen: &self.seen, old: &self.status, reasons: &self.reasons, deleting, runtime: turn.runtime };
        let mut containers = basis.container_statuses();
        let mut unready = Vec::new();
        for container in &mut containers {
            let Some((index, of)) = spec.find(&container.name) else { continue };
            container.resources = self.resize.actual(of).clone();
            container.started = self.is_started(index, of, container.id, &container.state);
            container.ready = match (&container.state, of.role) {
                (ContainerState::Terminated(ended), Role::Init) => ended.exit_code == 0,
                (_, Role::Init | Role::Ephemeral) => false,
                (state, Role::Sidecar | Role::Regular) => {
                    container.started
                        && self.is_ready(index, container.id, state).unwrap_or_else(|| {
                            unready.push(index);
                            false
                        })
                }
            };
        }
        let mut phase = status::phase(&spec, &containers, &self.seen, torn_down && !self.is_static);
        if self.failure.is_some() {
            phase = Phase::Failed;
        }
        if self.status.phase.is_terminal() {
            phase = self.status.phase;
        }
        let shown = if phase.is_terminal() && !torn_down { self.status.phase } else { phase };
        // A new static Pod takes over the times of the mirror that still stands there.
        let stored = match self.status.conditions.is_empty() && self.is_static {
            true => turn.ctx.api.get(POD, &self.namespace, &self.name).cloned(),
            false => self.stored(turn),
        };
        let stored_conditions = stored.as_ref().map_or(&[][..], |o| list_at(o, "status.conditions"));
        let resize = self.resize.conditions();
        let conditions = conditions::generate(Ground {
            spec: &spec,
            statuses: &containers,
            phase,
            sandbox_ready: self.seen.sandbox_ready,
            stored: stored_conditions,
            old: &self.status.conditions,
            resize,
            restarting: spec.restarts_all.then(|| self.restarting_condition(phase)),
            now: turn.ctx.now,
        });
        let mut next = PodStatus {
            phase: shown,
            reason: String::new(),
            message: String::new(),
            ip: if self.seen.ip.is_empty() { self.status.ip.clone() } else { self.seen.ip.clone() },
            start_time: Some(self.status.start_time.unwrap_or(turn.ctx.now)),
            conditions,
            containers,
        };
        if shown == self.status.phase {
            (next.reason, next.message) = (self.status.reason.clone(), self.status.message.clone());
        }
        if let Some((reason, message)) = self.failure.as_ref().filter(|_| shown == Phase::Failed) {
            (next.reason, next.message) = (reason.clone(), message.clone());
        }
        if torn_down {
            give_up_unknown(&mut next);
        }
        self.status = next;
        self.save(turn);
        for index in unready {
            self.trigger_readiness(index, turn);
        }
        phase
    }

    /// `AllContainersRestarting`, which stands in the status of every Pod that has such a rule.
    fn restarting_condition(&self, phase: Phase) -> Condition {
        let reason = match phase {
            Phase::Succeeded => "PodCompleted",
            Phase::Failed => "PodFailed",
            Phase::Pending | Phase::Running => "",
        };
        self.restarting_all.clone().unwrap_or_else(|| Condition::new("AllContainersRestarting", false, reason, ""))
    }

    /// The object in the API: the Pod itself, or a static Pod's mirror.
    pub fn stored(&self, turn: &Turn) -> Option<Rc<Value>> {
        let object = turn.ctx.api.get(POD, &self.namespace, &self.name)?;
        let same = if self.is_static { super::static_pods::mirror_hash(object) == Some(self.uid.as_str()) } else { uid(object) == self.uid };
        same.then(|| object.clone())
    }

    /// Writes the status to the API, where it differs.
    pub fn save(&mut self, turn: &mut Turn) {
        if turn.ctx.api.is_stopped() {
            let now = turn.ctx.now;
            return self.arm(PodTimer::Save, now + (STATUS_PASS_MS - now.millis() % STATUS_PASS_MS), turn);
        }
        let Some(stored) = self.stored(turn) else { return };
        let empty = json!({});
        let value = status::to_value(&self.status, &self.spec, at(&stored, "status").unwrap_or(&empty), &turn.node.ip);
        if at(&stored, "status") == Some(&value) {
            return;
        }
        let mut object = (*stored).clone();
        crate::api::object::set(&mut object, "status", value);
        self.write(object, turn);
    }

    /// The API server may be back: mirror, status and events that wait are sent.
    fn catch_up(&mut self, turn: &mut Turn) {
        if !turn.ctx.api.is_stopped() {
            for (at, waiting) in std::mem::take(&mut self.outbox) {
                let Said { field, kind, reason, message } = waiting;
                self.send_event(at, &field, kind, &reason, &message, turn);
            }
            if self.life == Life::Syncing && self.reconcile_mirror(turn) {
                return self.arm(PodTimer::Save, turn.ctx.now + MIRROR_STATUS_MS, turn);
            }
        }
        self.save(turn);
    }

    fn write(&self, object: Value, turn: &mut Turn) {
        let options = WriteOptions { field_manager: "kubelet".into(), subresource: "status", ..WriteOptions::default() };
        let ctx = &mut *turn.ctx;
        let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
        if let Err(refusal) = ctx.api.update(&mut caller, POD, &self.namespace, object, &options) {
            let line = format!("Failed to update status for pod \"{}/{}\": {}", self.namespace, self.name, refusal.message);
            ctx.log.push(ctx.now, Fact::KubeletLog { node: turn.node.name.clone(), line });
        }
    }

    // ---------------------------------------------------------------------------------------------------------------- events

    pub fn event(&mut self, field: &str, kind: &'static str, reason: &str, message: &str, turn: &mut Turn) {
        let now = turn.ctx.now;
        if turn.ctx.api.is_stopped() {
            if self.outbox.len() < MOST_WAITING_EVENTS {
                self.outbox.push((now, Said { field: field.into(), kind, reason: reason.into(), message: message.into() }));
            }
            return self.arm(PodTimer::Save, now + (STATUS_PASS_MS - now.millis() % STATUS_PASS_MS), turn);
        }
        self.send_event(now, field, kind, reason, message, turn);
    }

    fn send_event(&self, at: SimTime, field: &str, kind: &str, reason: &str, message: &str, turn: &mut Turn) {
        let ctx = &mut *turn.ctx;
        let mut caller = Caller { now: at, random: ctx.random, log: ctx.log };
        let event = EventSpec { object: &self.pod, field, kind, reason, message, component: "kubelet", host: &turn.node.name };
        ctx.api.record_event(&mut caller, event);
    }

    pub fn container_event(&mut self, container: usize, kind: &'static str, reason: &str, message: &str, turn: &mut Turn) {
        let field = self.spec.containers.get(container).map(ContainerSpec::field_path).unwrap_or_default();
        self.event(&field, kind, reason, message, turn);
    }
}

/// When the kubelet really comes back that wants to come back at a time.
pub fn stretched(now: SimTime, at: SimTime) -> SimTime {
    now + at.since(now) * STRETCH_PERCENT / 100
}

/// Whether the lifecycle event generator has something to tell: a container or sandbox that came, started or ended. What was removed does not count.
fn changed(before: &Observed, now: &Observed) -> bool {
    if (before.sandbox, before.sandbox_ready) != (now.sandbox, now.sandbox_ready) {
        return true;
    }
    now.containers.iter().any(|c| before.containers.iter().find(|b| b.id == c.id).is_none_or(|b| b.state != c.state))
}

/// Models `TerminatePod` of the status manager: what cannot be found any more has ended, nobody knows how.
fn give_up_unknown(status: &mut PodStatus) {
    for container in &mut status.containers {
        if !matches!(container.state, ContainerState::Terminated(_)) {
            container.state = ContainerState::Terminated(Ended::lost("The container could not be located when the pod was terminated"));
        }
        container.started = false;
    }
    if !status.phase.is_terminal() {
        status.phase = Phase::Failed;
    }
}
