//! Stopping containers and Pods: preStop, order, grace, the last status, the object's end.
//!
//! Models `killContainer` of `kuberuntime_container.go`, `kuberuntime_termination_order.go`, and the pod worker's terminating and terminated
//! steps. Deviation: dead containers are removed at set times after the end, not by the garbage collector of `pkg/kubelet/container`.

use crate::api::kinds::POD;
use crate::api::object::{at, i64_at, is_deleting};
use crate::api::order::InOrder as _;
use crate::api::{SimTime, Value};
use crate::cluster::apiserver::{Caller, DeleteOptions, Key};
use crate::cluster::log::{Fact, ProbeKind};
use crate::cluster::runtime::{ContainerId, State};

use super::actions::KillOrder;
use super::conditions::Condition;
use super::hooks::{HookRun, Progress};
use super::observed::Ended;
use super::publish::has_initialized;
use super::spec::Role;
use super::status::ContainerState;
use super::sync::{Job, Next, Step};
use super::worker::{Life, PodTimer, Turn, Worker};

/// The runtime never waits less than this for a process.
const LEAST_GRACE_MS: u64 = 2000;
/// From the end of the last process to the last status of a Pod that was deleted.
const LAST_STATUS_MS: u64 = 300;
/// From the row that tells of the end to the phase that does, for a Pod that ended by itself.
const FINISHED_MS: u64 = 1100;
/// The last status of a Pod that had no containers yet.
const NOTHING_RAN_MS: u64 = 1500;
/// From the order to stop a container to its signal: the way through the runtime.
const SIGNAL_MS: u64 = 20;
const OBJECT_GONE_MS: u64 = 300;

/// Why a container waits that was removed by a rule.
pub const RESTARTING: &str = "RestartingAllContainers";
const REMOVED: &str = "The container is removed because RestartAllContainers in place";

/// A container that is being stopped.
#[derive(Clone, Debug)]
pub struct Kill {
    id: ContainerId,
    container: usize,
    began: SimTime,
    grace_ms: u64,
    stage: KillStage,
}

#[derive(Clone, Debug)]
enum KillStage {
    PreStop(HookRun),
    /// A sidecar waits for the containers that have to end before it.
    Waiting,
    Stopping,
}

/// Why a whole Pod is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    /// It was deleted (or, a static Pod, its file).
    Deleted,
    /// All its containers have ended, or it failed.
    Finished,
}

const DEADLINE: &str = "Pod was active on the node longer than the specified deadline";

/// Why a Pod failed whose containers did not.
#[derive(Clone, Debug)]
pub struct PodFailure {
    pub reason: String,
    pub message: String,
    /// A deadline stays over (`ShouldEvict` of `active_deadline.go`). An eviction is told once, before the containers end; what they end with counts
    /// then: where all exit with 0, the Pod has succeeded (`SyncTerminatedPod` makes its status anew).
    pub lasting: bool,
}

impl Worker {
    /// The grace that a probe's kill gives, where the probe says so.
    pub fn probe_grace(&self, order: &KillOrder) -> Option<u64> {
        let kind: ProbeKind = order.probe?;
        self.spec.containers.get(order.container)?.probe(kind)?.grace_seconds
    }

    /// Stop orders for everything that runs, with the words of a Pod's end.
    pub fn kill_everything_order(&self) -> Vec<KillOrder> {
        self.seen
            .running()
            .filter_map(|c| {
                let (container, _) = self.spec.find(&c.name)?;
                Some(KillOrder { id: c.id, container, message: format!("Stopping container {}", c.name), probe: None })
            })
            .collect()
    }

    /// Begins to stop a container: event, preStop, signal. The rest comes with [`Worker::tend_kills`].
    pub fn kill(&mut self, id: ContainerId, container: usize, message: &str, grace_seconds: Option<u64>, turn: &mut Turn) {
        if self.kills.iter().any(|k| k.id == id) {
            return;
        }
        self.container_event(container, "Normal", "Killing", message, turn);
        let seconds = grace_seconds.or(self.grace_override).unwrap_or(self.spec.grace_seconds);
        let spec = self.spec.clone();
        let hook = spec.containers.get(container).and_then(|c| Some((c, c.pre_stop.as_ref()?)));
        let stage = match hook {
            Some((of, handler)) if seconds > 0 => KillStage::PreStop(self.begin_hook(of, id, handler, turn)),
            Some(_) | None => KillStage::Waiting,
        };
        let wait = if matches!(stage, KillStage::PreStop(_)) { 0 } else { SIGNAL_MS };
        self.kills.push(Kill { id, container, began: turn.ctx.now, grace_ms: seconds.saturating_mul(1000), stage });
        self.arm(PodTimer::Kills, turn.ctx.now + wait, turn);
    }

    /// Drives every stop that is going on as far as it goes now.
    pub fn tend_kills(&mut self, turn: &mut Turn) {
        let mut look = None;
        let mut index = 0;
        while index < self.kills.len() {
            match self.tend_kill(index, turn) {
                None => {
                    self.kills.remove(index);
                    // An end may be what an earlier sidecar waits for.
                    index = 0;
                }
                Some(ms) => {
                    look = Some(look.map_or(ms, |l: u64| l.min(ms)));
                    index += 1;
                }
            }
        }
        if self.kills.is_empty() {
            self.disarm(PodTimer::Kills);
            if self.job.is_some() {
                self.run_steps(turn);
            }
        } else if let Some(ms) = look {
            self.arm(PodTimer::Kills, turn.ctx.now + ms, turn);
        }
    }

    /// One stop: `None` when the container has ended, else after how long to look again.
    fn tend_kill(&mut self, index: usize, turn: &mut Turn) -> Option<u64> {
        const LONG: u64 = 3_600_000;
        let kill = self.kills[index].clone();
        if !turn.runtime.container(kill.id).is_some_and(|c| matches!(c.state, State::Running { .. })) {
            return None;
        }
        let spent = turn.ctx.now.since(kill.began);
        match kill.stage {
            KillStage::PreStop(hook) => match self.tend_hook(&hook, turn) {
                Progress::Look(ms) if spent < kill.grace_ms => Some(ms.min(kill.grace_ms - spent)),
                progress => {
                    if matches!(progress, Progress::Done(Err(_)) | Progress::Look(_)) {
                        self.container_event(kill.container, "Warning", "FailedPreStopHook", "PreStopHook failed", turn);
                    }
                    self.kills[index].stage = KillStage::Waiting;
                    self.tend_kill(index, turn)
                }
            },
            KillStage::Waiting => {
                if self.must_wait(kill.container, turn) && spent < kill.grace_ms {
                    return Some(kill.grace_ms - spent);
                }
                // The hook and the waiting have used up whole seconds of the grace.
                let left = kill.grace_ms.saturating_sub(spent / 1000 * 1000).max(LEAST_GRACE_MS);
                self.kills[index].stage = KillStage::Stopping;
                if let Some(name) = self.spec.containers.get(kill.container).map(|c| c.name.clone()) {
                    let container = self.container_ref(turn, &name);
                    turn.ctx.fact(Fact::Signalled { container, signal: "SIGTERM".into() });
                }
                turn.runtime.stop_container(kill.id, left, turn.ctx);
                self.tend_kill(index, turn)
            }
            KillStage::Stopping => Some(LONG),
        }
    }

    /// Whether a container has been told to end and may be killed for it.
    pub fn is_stopping(&self, id: ContainerId) -> bool {
        self.kills.iter().any(|k| k.id == id && matches!(k.stage, KillStage::Stopping))
    }

    /// A sidecar ends after all regular containers and after the sidecars that come after it.
    fn must_wait(&self, container: usize, turn: &Turn) -> bool {
        let Some(of) = self.spec.containers.get(container).filter(|c| c.role == Role::Sidecar) else { return false };
        debug_assert!(!of.name.is_empty());
        self.kills.iter().any(|other| {
            let later = other.container > container && self.spec.containers.get(other.container).is_some_and(|c| c.role != Role::Ephemeral);
            later && turn.runtime.container(other.id).is_some_and(|c| matches!(c.state, State::Running { .. }))
        })
    }

    // ---------------------------------------------------------------------------------------------------------------- the Pod's end

    /// The Pod stops for good: what a sync was doing is given up.
    pub fn begin_termination(&mut self, why: KillReason, turn: &mut Turn) {
        if self.life != Life::Syncing {
            return;
        }
        // A sync is cancelled while it waits for volumes. What it does to containers it does to the end, a postStart hook too (`SyncPod` of
        // `kubelet.go` hands the runtime a context `WithoutCancel`).
        if self.job.as_ref().is_some_and(|job| !job.is_cancelled()) {
            self.ending = Some(self.ending.filter(|before| *before == KillReason::Deleted).unwrap_or(why));
            return;
        }
        (self.job, self.ending) = (None, None);
        self.life = Life::Terminating;
        self.initialized = has_initialized(&self.status, &self.spec);
        if self.spec_behind {
            self.take_new_spec();
        }
        self.disarm(PodTimer::Sync);
        self.disarm(PodTimer::Step);
        self.disarm(PodTimer::Relist);
        if why == KillReason::Deleted && !self.gone {
            self.look(turn);
            self.publish(false, turn);
        }
        self.stop_liveness_and_startup();
        self.look(turn);
        let orders = self.kill_everything_order();
        let ran = !self.seen.containers.is_empty();
        let never_started: Vec<ContainerId> =
            self.seen.containers.iter().filter(|c| c.state == super::observed::SeenState::Created).map(|c| c.id).collect();
        for id in never_started {
            turn.runtime.remove_container(id, turn.ctx);
            self.forget(id);
        }
        let wait = match (why, ran) {
            (KillReason::Finished, _) => FINISHED_MS,
            (KillReason::Deleted, true) => LAST_STATUS_MS,
            (KillReason::Deleted, false) => NOTHING_RAN_MS,
        };
        let mut job = Job::default();
        job.steps.push_back(Step::Kill(orders));
        job.steps.push_back(Step::AwaitKills);
        job.steps.push_back(Step::Wait(wait.saturating_sub(50)));
        job.steps.push_back(Step::StopSandbox);
        job.steps.push_back(Step::LastStatus);
        job.steps.push_back(Step::Wait(if ran { OBJECT_GONE_MS } else { 20 }));
        job.steps.push_back(Step::DeleteObject);
        self.job = Some(job);
        self.run_steps(turn);
    }

    pub fn stop_sandboxes(&mut self, turn: &mut Turn) {
        self.tell_deadline(turn);
        for id in self.sandboxes.clone() {
            turn.runtime.stop_sandbox(id, turn.ctx);
        }
    }

    /// Everything has ended: the status that stays.
    pub fn last_status(&mut self, turn: &mut Turn) -> Next {
        self.tell_deadline(turn);
        self.stop_probes();
        self.look(turn);
        self.life = Life::Terminated;
        if !self.gone {
            self.publish(true, turn);
        }
        Next::Now
    }

    /// A deleted Pod's object goes once nothing of it is left on the node.
    pub fn delete_object(&mut self, turn: &mut Turn) -> Next {
        if turn.api_is_away() && !self.is_static && !self.gone {
            self.first([Step::DeleteObject].into_iter());
            return Next::After(super::publish::STATUS_PASS_MS);
        }
        let deleting = self.stored(turn).is_some_and(|o| is_deleting(&o));
        if deleting && !self.is_static {
            self.delete_from_api(turn);
        }
        Next::Now
    }

    pub fn delete_from_api(&mut self, turn: &mut Turn) {
        let key = Key::new(POD, &self.namespace, &self.name);
        let ctx = &mut *turn.ctx;
        let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        if let Err(refusal) = ctx.api.delete(&mut caller, &key, options) {
            let line = format!("Failed to delete status for pod \"{}/{}\": {}", self.namespace, self.name, refusal.message);
            ctx.log.push(ctx.now, Fact::KubeletLog { node: turn.node.name.clone(), line });
        }
    }

    /// Nothing of the Pod is left: the runtime forgets it.
    pub fn clean_up(&mut self, turn: &mut Turn) {
        self.remove_content(turn);
        for sandbox in std::mem::take(&mut self.sandboxes) {
            turn.runtime.remove_sandbox(sandbox, turn.ctx);
        }
    }

    /// Its containers and volumes go; its sandboxes stay, stopped, until they are collected.
    pub fn remove_content(&mut self, turn: &mut Turn) {
        for sandbox in &self.sandboxes {
            let ids: Vec<ContainerId> = turn.runtime.containers_of(*sandbox).map(|c| c.id).collect();
            for id in ids {
                turn.runtime.remove_container(id, turn.ctx);
            }
            turn.runtime.stop_sandbox(*sandbox, turn.ctx);
        }
        self.remove_volumes(turn);
    }

    /// What its volumes held is gone, but for the node's own folders.
    pub fn remove_volumes(&self, turn: &mut Turn) {
        for volume in crate::api::object::list_at(&self.pod, "spec.volumes") {
            if at(volume, "hostPath").is_none() {
                let name = volume.get("name").and_then(Value::as_str).unwrap_or("");
                turn.runtime.remove_volume(&format!("{}/{name}", self.uid), turn.ctx);
            }
        }
    }

    /// The grace that the API gave this deletion; the first one counts.
    pub fn note_grace(&mut self) {
        if self.grace_override.is_none() {
            // By force means as quickly as a runtime can.
            self.grace_override = i64_at(&self.pod, "metadata.deletionGracePeriodSeconds").and_then(|g| u64::try_from(g.max(1)).ok());
        }
    }

    // ---------------------------------------------------------------------------------------------------------------- deadline

    /// The second in which `activeDeadlineSeconds` are over, and the kubelet's next look after it.
    pub fn arm_deadline(&mut self, turn: &mut Turn) {
        let (Some(seconds), Some(start)) = (self.spec.active_deadline_seconds, self.status.start_time) else { return };
        let over = SimTime::from_secs(start.secs()) + seconds.saturating_mul(1000).saturating_add(700);
        if self.failure.is_none() {
            self.arm(PodTimer::Deadline, over.max(turn.ctx.now + 10), turn);
        }
    }

    pub fn deadline_over(&mut self, turn: &mut Turn) {
        if self.life != Life::Syncing || self.failure.is_some() {
            return;
        }
        if self.job.is_some() {
            // A sync that waits (for a volume, an image, a postStart hook) goes on first; every second the kubelet looks whether there is one to do.
            return self.arm(PodTimer::Deadline, turn.ctx.now + 1000, turn);
        }
        self.failure = Some(PodFailure { reason: "DeadlineExceeded".into(), message: DEADLINE.into(), lasting: true });
        self.tell_deadline(turn);
        self.look(turn);
        self.publish(false, turn);
        self.tell_deadline(turn);
        self.begin_termination(KillReason::Finished, turn);
    }

    /// Whoever makes the Pod's status says it: the sync that sees it, then twice while containers are stopped, and once more behind them.
    pub fn tell_deadline(&mut self, turn: &mut Turn) {
        if self.failure.as_ref().is_some_and(|failure| failure.lasting) {
            self.event("", "Normal", "DeadlineExceeded", DEADLINE, turn);
        }
    }

    // ---------------------------------------------------------------------------------------------------------------- restart of everything

    /// A rule removes all containers: what still runs is killed first.
    pub fn restart_all(&mut self, name: &str, turn: &mut Turn) -> Next {
        let message = "container exited with restart policy rule";
        self.restarting_all = Some(Condition::new("AllContainersRestarting", true, "RestartAllContainersStarted", message));
        self.publish(false, turn);
        for order in self.kill_everything_order() {
            self.kill(order.id, order.container, "killing", Some(0), turn);
        }
        self.first([Step::AwaitKills, Step::RemoveAll(name.to_owned())].into_iter());
        Next::Now
    }

    /// The container that asked for it goes last, and everything begins anew in the same sandbox.
    pub fn remove_all(&mut self, name: &str, turn: &mut Turn) -> Next {
        self.acted();
        let mut ids: Vec<(bool, ContainerId)> = Vec::new();
        for sandbox in &self.sandboxes {
            ids.extend(turn.runtime.containers_of(*sandbox).map(|c| (c.config.name == name, c.id)));
        }
        ids.order();
        for (_, id) in ids {
            turn.runtime.remove_container(id, turn.ctx);
            self.forget(id);
        }
        for status in &mut self.status.containers {
            if status.id.take().is_some() {
                status.restart_count += 1;
                status.last = Some(Ended { reason: RESTARTING.into(), ..Ended::lost(REMOVED) });
            }
            status.state = ContainerState::Waiting { reason: RESTARTING.into(), message: REMOVED.into() };
            (status.ready, status.started) = (false, false);
            self.reasons.insert(status.name.clone(), (RESTARTING.into(), REMOVED.into()));
        }
        self.restarting_all = None;
        self.look(turn);
        self.want_another_sync();
        Next::After(90)
    }
}
