//! One sync of a Pod: status first, then volumes, sandbox, kills and starts, step by step in virtual time.
//!
//! Models `SyncPod` of `pkg/kubelet/kubelet.go` and of `kuberuntime_manager.go`. Durations are the measured medians.

use std::collections::VecDeque;

use crate::api::SimTime;
use crate::api::kinds::SECRET;
use crate::api::object::{list_at, str_at};
use crate::cluster::log::Fact;
use crate::cluster::runtime::SandboxConfig;

use super::actions::{self, Actions};
use super::atomic;
use super::environment::Surroundings;
use super::memory;
use super::publish::MIRROR_STATUS_MS;
use super::start::Start;
use super::termination::{KillReason, RESTARTING};
use super::volumes;
use super::worker::{Life, PodTimer, Turn, Worker};

/// From the first status to the first try at the volumes.
const MOUNT_MS: u64 = 130;
/// The volume manager looks this often whether everything is mounted.
const MOUNT_LOOK_MS: u64 = 300;
/// The first wait after a volume that cannot be mounted; it doubles.
const MOUNT_RETRY_MS: u64 = 500;
const LONGEST_MOUNT_RETRY_MS: u64 = 122_000;
/// From a sync to the volume manager's look at what it asked to set up again.
const REMOUNT_MS: u64 = 50;
const SANDBOX_MS: u64 = 260;
/// From the last end of a container that is being stopped to the sync's next step.
const STOPPED_MS: u64 = 30;
/// Stopping a sandbox, and what goes with it.
const STOP_POD_MS: u64 = 500;

/// The sync that is going on.
#[derive(Clone, Debug, Default)]
pub struct Job {
    pub steps: VecDeque<Step>,
    pub failed: bool,
    pub acted: bool,
    /// When the earliest crash back-off is over.
    pub retry_at: Option<SimTime>,
}

impl Job {
    /// Whether it goes no further when its Pod is to end.
    pub fn is_cancelled(&self) -> bool {
        self.steps.is_empty() || self.steps.iter().any(|step| matches!(step, Step::Volumes))
    }
}

#[derive(Clone, Debug)]
pub enum Step {
    Wait(u64),
    Volumes,
    /// Volumes are there: probe workers begin, and what is to be done is worked out.
    Plan,
    Sandbox(Vec<usize>),
    Kill(Vec<actions::KillOrder>),
    AwaitKills,
    Start(Start),
    /// The sandbox is stopped after everything in it.
    StopSandbox,
    RestartAll(String),
    RemoveAll(String),
    // The end of a Pod.
    LastStatus,
    DeleteObject,
}

/// When the next step may come.
pub enum Next {
    Now,
    After(u64),
    /// Somebody calls [`Worker::run_steps`].
    Wait,
}

/// How long a volume waits that could not be set up so often in a row.
fn mount_wait(tries: u32) -> u64 {
    MOUNT_RETRY_MS.checked_shl(tries).unwrap_or(LONGEST_MOUNT_RETRY_MS).min(LONGEST_MOUNT_RETRY_MS)
}

impl Worker {
    pub fn begin_sync(&mut self, turn: &mut Turn) {
        if self.life != Life::Syncing || self.job.is_some() {
            return;
        }
        if self.spec_behind {
            self.take_new_spec();
        }
        self.look_if_stale(turn);
        if self.status.start_time.is_none() && !self.admit(turn) {
            return;
        }
        self.consider_resize(turn);
        let phase = self.publish(false, turn);
        if self.reconcile_mirror(turn) {
            self.arm(PodTimer::Save, turn.ctx.now + MIRROR_STATUS_MS, turn);
        }
        self.arm_deadline(turn);
        if phase.is_terminal() {
            return self.begin_termination(KillReason::Finished, turn);
        }
        let mut job = Job::default();
        if !self.mounted {
            self.mount_since = turn.ctx.now;
            if crate::api::object::list_at(&self.pod, "spec.volumes").is_empty() {
                job.steps.push_back(Step::Wait(if self.is_static { 0 } else { MOUNT_MS }));
            } else {
                job.steps.push_back(Step::Wait(MOUNT_MS));
            }
            job.steps.push_back(Step::Volumes);
        }
        job.steps.push_back(Step::Plan);
        self.job = Some(job);
        self.run_steps(turn);
    }

    pub fn run_steps(&mut self, turn: &mut Turn) {
        while let Some(step) = self.job.as_mut().and_then(|j| j.steps.pop_front()) {
            match self.perform(step, turn) {
                Next::Now => {}
                Next::After(ms) => return self.arm(PodTimer::Step, turn.ctx.now + ms, turn),
                Next::Wait => return,
            }
        }
        let Some(job) = self.job.take() else { return };
        if let Some(why) = self.ending.take() {
            return self.begin_termination(why, turn);
        }
        if self.life == Life::Syncing {
            self.rest(job.failed, job.acted, job.retry_at, turn);
        }
    }

    /// Puts steps before everything else that the sync has still to do.
    pub fn first(&mut self, steps: impl DoubleEndedIterator<Item = Step>) {
        if let Some(job) = &mut self.job {
            for step in steps.rev() {
                job.steps.push_front(step);
            }
        }
    }

    pub fn fail(&mut self, retry_at: Option<SimTime>) {
        if let Some(job) = &mut self.job {
            job.failed = true;
            job.retry_at = match (job.retry_at, retry_at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }

    pub fn acted(&mut self) {
        if let Some(job) = &mut self.job {
            job.acted = true;
        }
    }

    fn perform(&mut self, step: Step, turn: &mut Turn) -> Next {
        match step {
            Step::Wait(ms) => Next::After(ms),
            Step::Volumes => self.mount(turn),
            Step::Plan => {
                if !self.mounted {
                    self.mounted = true;
                    turn.ctx.fact(Fact::VolumesMounted { node: turn.node.name.clone(), pod: format!("{}/{}", self.namespace, self.name) });
                    self.add_probes(turn);
                } else if volumes::follow_others(&self.pod) {
                    self.remount_after(REMOUNT_MS, turn);
                }
                if !list_at(&self.pod, "spec.imagePullSecrets").is_empty() {
                    self.miss_pull_secrets(turn);
                }
                self.plan(turn);
                Next::Now
            }
            Step::Sandbox(starts) => self.make_sandbox(&starts, turn),
            Step::Kill(orders) => {
                self.acted();
                for order in orders {
                    self.kill(order.id, order.container, &order.message, self.probe_grace(&order), turn);
                }
                Next::Now
            }
            Step::AwaitKills => {
                if self.kills.is_empty() {
                    Next::After(STOPPED_MS)
                } else {
                    self.first([Step::AwaitKills].into_iter());
                    Next::Wait
                }
            }
            Step::Start(start) => self.start(start, turn),
            Step::StopSandbox => {
                self.stop_sandboxes(turn);
                Next::Now
            }
            Step::RestartAll(name) => self.restart_all(&name, turn),
            Step::RemoveAll(name) => self.remove_all(&name, turn),
            Step::LastStatus => self.last_status(turn),
            Step::DeleteObject => self.delete_object(turn),
        }
    }

    /// A sync needs a look at the runtime that is newer than the end of the sync before.
    fn look_if_stale(&mut self, turn: &Turn) {
        if self.seen.sandbox.is_none() || self.needs_look() {
            self.look(turn);
        }
    }

    // ---------------------------------------------------------------------------------------------------------------- volumes

    pub fn surroundings<'a>(&'a self, turn: &'a Turn) -> Surroundings<'a> {
        let sandbox = self.sandboxes.last().and_then(|id| turn.runtime.sandbox(*id));
        Surroundings {
            api: turn.ctx.api,
            pod: &self.pod,
            pod_ip: sandbox.map_or(self.status.ip.as_str(), |s| s.ip.as_str()),
            host_ip: &turn.node.ip,
            node_cpu_milli: turn.node.config.cpu_milli,
            node_memory: turn.node.config.memory_bytes,
        }
    }

    fn mount(&mut self, turn: &mut Turn) -> Next {
        let node_memory = turn.node.config.memory_bytes;
        let result = volumes::resolve(&self.surroundings(turn), &self.spec, &turn.node.files).and_then(|volumes| {
            let full = memory::without_room(&self.pod, &self.spec, &volumes, node_memory, turn.ctx.now);
            if full.is_empty() { Ok(volumes) } else { Err(full) }
        });
        match result {
            Ok(volumes) => {
                self.write_volumes(volumes, turn);
                if crate::api::object::list_at(&self.pod, "spec.volumes").is_empty() && self.is_static {
                    return Next::Now;
                }
                let waited = turn.ctx.now.since(self.mount_since);
                Next::After(waited.div_ceil(MOUNT_LOOK_MS).max(1) * MOUNT_LOOK_MS + 20 - waited)
            }
            Err(errors) => {
                self.tell_failed_mounts(errors, turn);
                let wait = mount_wait(self.mount_tries);
                self.mount_tries = (self.mount_tries + 1).min(16);
                self.first([Step::Volumes].into_iter());
                Next::After(wait)
            }
        }
    }

    fn write_volumes(&self, volumes: Vec<volumes::Volume>, turn: &mut Turn) {
        for (volume, size) in memory::in_memory(&self.pod, &self.spec, turn.node.config.memory_bytes) {
            turn.runtime.mount_memory(&volume, size, turn.ctx);
        }
        for volume in volumes {
            let Some(owner) = volume.whole else {
                turn.runtime.open_volume(&volume.key, volume.files, turn.ctx);
                continue;
            };
            let before = turn.ctx.network.volumes.get(&volume.key);
            if let Some(tree) = atomic::written(before, &volume.files, owner, &volume.key, turn.ctx.now) {
                turn.runtime.write_volume(&volume.key, tree, turn.ctx);
            }
        }
    }

    /// Brings volumes up to date with the ConfigMaps and Secrets that they show. One that cannot be set up any more is tried again and again, and shows
    /// what it showed (`reconciler`, `RequiresRemount`).
    #[inline(never)]
    pub fn remount(&mut self, turn: &mut Turn) {
        if self.life != Life::Syncing || !self.mounted || self.remount_tries.is_some_and(|(_, due)| turn.ctx.now < due) {
            return;
        }
        match volumes::resolve(&self.surroundings(turn), &self.spec, &turn.node.files) {
            Ok(volumes) => {
                self.remount_tries = None;
                self.write_volumes(volumes, turn);
            }
            Err(errors) => {
                self.tell_failed_mounts(errors, turn);
                let tries = self.remount_tries.map_or(0, |(tries, _)| (tries + 1).min(16));
                let wait = mount_wait(tries);
                self.remount_tries = Some((tries, turn.ctx.now + wait));
                self.remount_after(wait, turn);
            }
        }
    }

    fn remount_after(&self, ms: u64, turn: &mut Turn) {
        let timer = super::Timer::Pod { pod: self.id, what: PodTimer::Remount, seq: 0 };
        turn.ctx.after(ms, crate::cluster::Task::Kubelet { node: turn.node.index, timer });
    }

    fn tell_failed_mounts(&mut self, errors: Vec<(String, String)>, turn: &mut Turn) {
        for (volume, error) in errors {
            let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {error}");
            self.event("", "Warning", "FailedMount", &message, turn);
        }
    }

    /// Every sync says which pull secrets are not there. Models `getPullSecretsForPod`.
    #[inline(never)]
    fn miss_pull_secrets(&mut self, turn: &mut Turn) {
        let named = list_at(&self.pod, "spec.imagePullSecrets").iter().filter_map(|secret| str_at(secret, "name")).filter(|name| !name.is_empty());
        let missing: Vec<&str> = named.filter(|name| turn.ctx.api.get(SECRET, &self.namespace, name).is_none()).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let message = format!("Unable to retrieve some image pull secrets ({missing}); attempting to pull the image may not succeed.");
            self.event("", "Warning", "FailedToRetrieveImagePullSecret", &message, turn);
        }
    }

    // ---------------------------------------------------------------------------------------------------------------- plan

    fn plan(&mut self, turn: &mut Turn) {
        self.reasons.retain(|_, (reason, _)| reason != RESTARTING);
        let resize = &self.resize;
        let Actions { create_sandbox, kill_pod, kills, starts, restart_all } =
            actions::compute(&self.spec, &self.seen, &self.results, &|container| resize.wants_restart(container));
        if let Some(name) = restart_all {
            return self.first([Step::RestartAll(name)].into_iter());
        }
        if create_sandbox {
            if !self.sandboxes.is_empty() {
                self.event("", "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", turn);
            }
            return self.first([Step::Wait(SANDBOX_MS), Step::Sandbox(starts)].into_iter());
        }
        if kill_pod {
            let orders = self.kill_everything_order();
            if orders.is_empty() && !self.seen.sandbox_ready {
                return;
            }
            return self.first([Step::Kill(orders), Step::AwaitKills, Step::StopSandbox, Step::Wait(STOP_POD_MS)].into_iter());
        }
        let mut steps = Vec::new();
        if !kills.is_empty() {
            steps.push(Step::Kill(kills));
            steps.push(Step::AwaitKills);
        }
        steps.extend(starts.into_iter().map(|container| Step::Start(Start::begin(container))));
        self.resize_in_place(turn);
        self.first(steps.into_iter());
    }

    fn make_sandbox(&mut self, starts: &[usize], turn: &mut Turn) -> Next {
        let config = SandboxConfig {
            uid: self.uid.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            hostname: self.kernel_name(&turn.node.name),
            dns: self.dns(),
            host_network: self.spec.host_network,
            memory_limit: memory::memory_limit(&self.pod, &self.spec),
            user: self.sandbox_user(),
            attempt: self.sandboxes.len() as u32,
        };
        let id = match turn.runtime.run_sandbox(config, turn.ctx) {
            Ok(id) => id,
            Err(error) => {
                let message = format!("Failed to create pod sandbox: rpc error: code = Unknown desc = {error}");
                self.event("", "Warning", "FailedCreatePodSandBox", &message, turn);
                self.fail(None);
                return Next::Now;
            }
        };
        self.sandboxes.push(id);
        self.acted();
        let ip = turn.runtime.sandbox(id).map_or_else(String::new, |s| s.ip.clone());
        turn.ctx.fact(Fact::SandboxReady { node: turn.node.name.clone(), pod: format!("{}/{}", self.namespace, self.name), ip });
        // Published as soon as it is there, without its address: that comes with the next status.
        self.mark_sandbox_ready(turn);
        self.first(starts.iter().map(|container| Step::Start(Start::begin(*container))));
        Next::After(10)
    }

    fn mark_sandbox_ready(&mut self, turn: &mut Turn) {
        let now = turn.ctx.now;
        if let Some(condition) = self.status.conditions.iter_mut().find(|c| c.kind == "PodReadyToStartContainers" && !c.status) {
            (condition.status, condition.since) = (true, now);
            self.save(turn);
        }
    }
}
