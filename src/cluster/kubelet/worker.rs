//! A pod worker: what the kubelet knows of one Pod, and when it looks at it next.
//!
//! Models `pkg/kubelet/pod_workers.go` and the work queue. One sync at a time; a sync publishes the status first, from what was last seen of
//! the runtime, and acts afterwards. So the effect of an action shows with the next sync. Deviations: a kubelet stretches what it asks of its work
//! queue by a random factor, here it is always the same one; it looks at each Pod's containers together, here each Pod has looks of its own.

use crate::api::order::{SortedMap, SortedSet};
use std::rc::Rc;

use crate::api::object::{name, namespace, str_at, uid};
use crate::api::{SimTime, Value};
use crate::cluster::log::{ContainerRef, Fact};
use crate::cluster::runtime::{ContainerId, Runtime, SandboxId, State};
use crate::cluster::{Context, Task};

use super::backoff::BackOff;
use super::conditions::Condition;
use super::eviction::Measured;
use super::observed::Observed;
use super::prober::{ProbeWorker, Results};
use super::publish::Said;
use super::spec::PodSpec;
use super::status::{Phase, PodStatus, Reasons};
use super::sync::Job;
use super::termination::{Kill, KillReason, PodFailure};
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
    /// The status in the API is not what was written: the next full pass puts it right.
    Reconcile,
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
            Self::Remount | Self::Reconcile | Self::Updated | Self::RetryResize | Self::Probe(_) | Self::ProbeAnswer(_) => None,
        }
    }
}

/// How long the lifecycle event generator leaves a change unseen that it was not asked to look for.
pub const RELIST_MS: u64 = 600;
/// When a Pod is looked at again after a sync that failed.
pub const RETRY_MS: u64 = 13_000;
/// The longest time between two looks at a Pod in back-off.
pub const LONGEST_LOOK_MS: u64 = 60_000;

/// How far a wait in back-off is stretched, in percent. Deviation: the kubelet draws a factor between 100 and 150; podlab takes 100, so that a
/// lesson's prediction has one right answer.
const STRETCH_PERCENT: u64 = 100;

/// Whose turn it is: the node, its runtime, and the world outside.
pub struct Turn<'a, 'c> {
    pub node: &'a NodeState,
    /// The node says that it is short of memory.
    pub memory_pressure: bool,
    pub runtime: &'a mut Runtime,
    pub ctx: &'a mut Context<'c>,
}

impl Turn<'_, '_> {
    /// The API server cannot be reached: it is stopped, or the node is cut off.
    pub fn api_is_away(&self) -> bool {
        self.ctx.api.is_stopped() || self.node.cut_off
    }
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
    /// Its mirror was taken away, and the sync that this causes still goes by that mirror.
    pub lost_mirror: bool,
    pub life: Life,
    pub status: PodStatus,
    /// The object as it was after the last status that was written.
    pub told: Option<Rc<Value>>,
    /// What was last seen of the runtime.
    pub seen: Observed,
    pub sandboxes: Vec<SandboxId>,
    pub hashes: SortedMap<ContainerId, u64>,
    /// Containers whose end has been written down.
    pub ended: SortedSet<ContainerId>,
    pub reasons: Reasons,
    pub restarts: BackOff,
    pub pulls: BackOff,
    /// The last error of each image's pull.
    pub pull_errors: SortedMap<String, (String, String)>,
    pub probes: Vec<ProbeWorker>,
    pub results: Results,
    pub job: Option<Job>,
    pub kills: Vec<Kill>,
    /// The Pod has changed during the running sync.
    pub spec_behind: bool,
    pub mounted: bool,
    pub mount_tries: u32,
    /// How often in a row a mounted volume could not be brought up to date, and when it is tried again.
    pub remount_tries: Option<(u32, SimTime)>,
    pub mount_since: SimTime,
    /// The Pod failed for a reason of its own.
    pub failure: Option<PodFailure>,
    /// It is to end as soon as the sync that goes on is over.
    pub ending: Option<KillReason>,
    /// What it has stored, as far as the kubelet knows.
    pub measured: Measured,
    /// Whether its init containers were done when its end began.
    pub initialized: bool,
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
    /// The look that is due was asked for by a sync that went well.
    on_demand: bool,
    /// The last look had more than one thing to tell.
    more_events: bool,
    /// The last sync failed, and something asked for another while it ran.
    pub waiting: bool,
    seen_at: SimTime,
    synced_at: SimTime,
    seqs: [u32; SINGLE_TIMERS],
    /// Events that happened while the API server was away.
    pub outbox: Vec<(SimTime, Said)>,
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
            lost_mirror: false,
            life: Life::Syncing,
            status,
            told: None,
            seen: Observed::default(),
            sandboxes: Vec::new(),
            hashes: SortedMap::new(),
            ended: SortedSet::new(),
            reasons: Reasons::new(),
            restarts: BackOff::default(),
            pulls: BackOff::default(),
            pull_errors: SortedMap::new(),
            probes: Vec::new(),
            results: Results::new(),
            job: None,
            kills: Vec::new(),
            spec_behind: false,
            mounted: false,
            mount_tries: 0,
            remount_tries: None,
            mount_since: SimTime::ZERO,
            failure: None,
            ending: None,
            measured: Measured::default(),
            initialized: false,
            grace_override: None,
            gone: false,
            restarting_all: None,
            resize: super::resize::Resize::default(),
            sync_at: None,
            again: false,
            fresh_at: SimTime::ZERO,
            relist_at: None,
            on_demand: false,
            more_events: false,
            waiting: false,
            seen_at: SimTime::ZERO,
            synced_at: SimTime::ZERO,
            seqs: [0; SINGLE_TIMERS],
            outbox: Vec::new(),
        }
    }

    /// The same static Pod, begun again after its end: what the runtime still has of it stays, and its back-off.
    pub fn once_more(self, id: u32, pod: Rc<Value>) -> Self {
        let Self { sandboxes, hashes, ended, restarts, pulls, outbox, .. } = self;
        Self { sandboxes, hashes, ended, restarts, pulls, outbox, ..Self::new(id, pod, true) }
    }

    /// Nothing of it runs any more, and nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.life == Life::Terminated && self.job.is_none()
    }

    pub fn is_terminating(&self) -> bool {
        self.life != Life::Syncing
    }

    pub fn container_ref(&self, turn: &Turn, container: &str) -> Rc<ContainerRef> {
        Rc::new(ContainerRef { node: turn.node.name.clone(), pod: format!("{}/{}", self.namespace, self.name), container: container.into() })
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
            PodTimer::Reconcile => return self.save(turn),
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
            PodTimer::Remount | PodTimer::Reconcile | PodTimer::Updated | PodTimer::RetryResize | PodTimer::Probe(_) | PodTimer::ProbeAnswer(_) => {}
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
            self.on_demand = true;
            self.relist_by(now + 10, turn);
        } else {
            self.fresh_at = now + RELIST_MS;
            self.relist_by(now + RELIST_MS, turn);
        }
        if failed {
            let look = retry_at.map_or(now + RETRY_MS, |at| stretched(now, at.min(now + LONGEST_LOOK_MS)));
            self.request_sync(look, turn);
        }
        self.waiting = failed && self.again;
        if std::mem::take(&mut self.again) | std::mem::take(&mut self.more_events) {
            self.request_sync(now + 10, turn);
        }
    }

    /// Something about a container changed by itself: the next look at the runtime will see it.
    pub fn container_changed(&mut self, id: ContainerId, turn: &mut Turn) {
        self.note_end(id, turn);
        self.relist_by(turn.ctx.now + RELIST_MS, turn);
        if !self.kills.is_empty() {
            self.tend_kills(turn);
        }
    }

    /// Writes down the end of a process, once.
    fn note_end(&mut self, id: ContainerId, turn: &mut Turn) {
        let Some(record) = turn.runtime.container(id) else { return };
        let State::Exited { exit_code, reason, .. } = &record.state else { return };
        let (name, attempt, exit_code) = (record.config.name.clone(), record.config.attempt, *exit_code);
        let reason = super::observed::reason_name(reason).to_owned();
        if self.ended.insert(id) {
            let container = self.container_ref(turn, &name);
            if exit_code == 137 && self.is_stopping(id) {
                turn.ctx.fact(Fact::Signalled { container: container.clone(), signal: "SIGKILL".into() });
            }
            turn.ctx.fact(Fact::ContainerExited { container, attempt, exit_code, reason });
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
        let events = events(&before, &self.seen) + usize::from(std::mem::take(&mut self.waiting));
        // Each event asks for a sync. The first one begins at once; the others are one more, which needs a newer look (`GetNewerThan`) and so
        // comes with the next ordinary one. After a sync that went well there is nothing that it could tell.
        self.more_events = events > 1 && !std::mem::take(&mut self.on_demand);
        if events > 0 {
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
    ///
    /// A sync goes on with the Pod with which it began, as in `pkg/kubelet/pod_workers.go`; the next one takes the new one.
    pub fn take_new_spec(&mut self) {
        self.spec_behind = self.job.is_some() && self.life == Life::Syncing;
        if !self.spec_behind {
            self.spec = Rc::new(PodSpec::parse(&self.pod));
        }
    }
}

/// When the kubelet really comes back that wants to come back at a time.
pub fn stretched(now: SimTime, at: SimTime) -> SimTime {
    now + at.since(now) * STRETCH_PERCENT / 100
}

/// How many things the lifecycle event generator has to tell: containers and sandboxes that came, started or ended. What was removed does not
/// count.
fn events(before: &Observed, now: &Observed) -> usize {
    let sandbox = usize::from((before.sandbox, before.sandbox_ready) != (now.sandbox, now.sandbox_ready));
    sandbox + now.containers.iter().filter(|c| before.containers.iter().find(|b| b.id == c.id).is_none_or(|b| b.state != c.state)).count()
}
