//! What a pod worker tells the API server: the Pod's status, its mirror, Events. Models `pkg/kubelet/status/status_manager.go`.
//!
//! Deviation: a status is written at once, without the manager's own queue; what could not be written is tried again every ten seconds, as there.

use std::rc::Rc;

use crate::api::kinds::{EVENT, POD};
use crate::api::object::{at, list_at, set, str_at, uid};
use crate::api::{Map, SimTime, Value, json};
use crate::cluster::apiserver::{Caller, EventSpec, Verb, WriteOptions};
use crate::cluster::log::Fact;
use crate::cluster::runtime::{ContainerId, Runtime};
use crate::cluster::shell::owner::Credentials;

use super::conditions::{self, Condition, Ground};
use super::observed::Ended;
use super::spec::{ContainerSpec, PodSpec, Role};
use super::status::{self, Basis, ContainerState, ContainerStatus, Phase, PodStatus};
use super::termination::PodFailure;
use super::worker::{Life, PodTimer, Turn, Worker};

/// The status manager's full pass.
pub const STATUS_PASS_MS: u64 = 10_000;

/// How long it is until the next one.
pub fn until_pass(now: SimTime) -> u64 {
    STATUS_PASS_MS - now.millis() % STATUS_PASS_MS
}

/// From a new mirror to its first status.
pub const MIRROR_STATUS_MS: u64 = 150;
/// A recorder's queue has an end.
const MOST_WAITING_EVENTS: usize = 200;

/// An event that waits to be sent.
#[derive(Clone, Debug)]
pub struct Said {
    field: String,
    kind: &'static str,
    reason: String,
    message: String,
}

impl Worker {
    /// A refused Pod's status: nothing but phase, reason and message. The conditions that are a kubelet's to tell go (`mergePodStatus`), even the
    /// scheduler's.
    pub fn save_refusal(&mut self, turn: &mut Turn) {
        let Some(stored) = self.stored(turn) else { return };
        let mut object = (*stored).clone();
        let status = &self.status;
        for (key, text) in [("phase", status.phase.name()), ("reason", &status.reason), ("message", &status.message)] {
            crate::api::object::set(&mut object, &format!("status.{key}"), json!(text));
        }
        let foreign: Vec<Value> =
            list_at(&object, "status.conditions").iter().filter(|c| !conditions::is_owned(str_at(c, "type").unwrap_or(""))).cloned().collect();
        if foreign.is_empty() {
            crate::api::object::remove(&mut object, "status.conditions");
        } else {
            set(&mut object, "status.conditions", Value::Array(foreign));
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
        let deleting = crate::api::object::is_deleting(&self.pod);
        let basis = Basis { spec: &spec, seen: &self.seen, old: &self.status, reasons: &self.reasons, deleting, runtime: turn.runtime };
        let mut containers = basis.container_statuses();
        let mut unready = Vec::new();
        for container in &mut containers {
            let Some((index, of)) = spec.find(&container.name) else { continue };
            container.resources = self.resize.actual(of).clone();
            container.user = self.user(of, turn.runtime);
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
        if self.failure.as_ref().is_some_and(|failure| failure.lasting || torn_down && phase != Phase::Succeeded) {
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
        let of_pod = |which: &str| self.resize.effective(&spec, &self.pod, which);
        let (requested, limited) = (of_pod("requests"), of_pod("limits"));
        let mut next = PodStatus {
            phase: shown,
            reason: String::new(),
            message: String::new(),
            ip: if self.seen.ip.is_empty() { self.status.ip.clone() } else { self.seen.ip.clone() },
            start_time: Some(self.status.start_time.unwrap_or(turn.ctx.now)),
            conditions,
            allocated: requested.clone().unwrap_or(Value::Null),
            resources: pod_resources(requested, limited),
            containers,
        };
        if shown == self.status.phase {
            (next.reason, next.message) = (self.status.reason.clone(), self.status.message.clone());
        }
        if let Some(PodFailure { reason, message, .. }) = self.failure.as_ref().filter(|_| shown == Phase::Failed) {
            (next.reason, next.message) = (reason.clone(), message.clone());
        }
        if torn_down {
            give_up_unknown(&mut next, self.initialized);
        }
        self.status = next;
        self.save(turn);
        for index in unready {
            self.trigger_readiness(index, turn);
        }
        phase
    }

    /// Models `SetContainerReadiness`: one container's readiness and the two conditions that follow from it, and nothing else.
    pub fn set_ready(&mut self, id: ContainerId, ready: bool, turn: &mut Turn) {
        let Some(status) = self.status.containers.iter_mut().find(|s| s.id == Some(id)) else { return };
        if status.ready == ready || ready && !status.state.is_running() {
            return;
        }
        status.ready = ready;
        let stored = self.stored(turn);
        let conditions = conditions::readiness(&Ground {
            spec: &self.spec,
            statuses: &self.status.containers,
            phase: self.status.phase,
            sandbox_ready: self.seen.sandbox_ready,
            stored: stored.as_ref().map_or(&[][..], |o| list_at(o, "status.conditions")),
            old: &self.status.conditions,
            resize: Vec::new(),
            restarting: None,
            now: turn.ctx.now,
        });
        for new in conditions {
            if let Some(old) = self.status.conditions.iter_mut().find(|c| c.kind == new.kind) {
                *old = new;
            }
        }
        self.save(turn);
    }

    /// Models `SetContainerStartup`.
    pub fn set_started(&mut self, id: ContainerId, started: bool, turn: &mut Turn) {
        let Some(status) = self.status.containers.iter_mut().find(|s| s.id == Some(id)) else { return };
        if status.started != started && status.state.is_running() {
            status.started = started;
            self.save(turn);
        }
    }

    /// The user that a container's first process runs as.
    fn user(&self, container: &ContainerSpec, runtime: &Runtime) -> Value {
        let Credentials { user, group, groups } = self.credentials(container, runtime);
        json!({"linux": {"gid": group, "supplementalGroups": groups, "uid": user}})
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
        if turn.api_is_away() {
            let now = turn.ctx.now;
            return self.arm(PodTimer::Save, now + until_pass(now), turn);
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
    pub fn catch_up(&mut self, turn: &mut Turn) {
        if !turn.api_is_away() {
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

    pub fn write(&mut self, object: Value, turn: &mut Turn) {
        let options = WriteOptions { field_manager: "kubelet".into(), subresource: "status", ..WriteOptions::default() };
        let ctx = &mut *turn.ctx;
        let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
        let result = ctx.api.update(&mut caller, POD, &self.namespace, object, &options);
        self.told = ctx.api.get(POD, &self.namespace, &self.name).cloned();
        if let Err(refusal) = result {
            let line = format!("Failed to update status for pod \"{}/{}\": {}", self.namespace, self.name, refusal.message);
            ctx.log.push(ctx.now, Fact::KubeletLog { node: turn.node.name.clone(), line });
        }
    }

    // ---------------------------------------------------------------------------------------------------------------- events

    pub fn event(&mut self, field: &str, kind: &'static str, reason: &str, message: &str, turn: &mut Turn) {
        let now = turn.ctx.now;
        if turn.api_is_away() {
            if self.outbox.len() < MOST_WAITING_EVENTS {
                self.outbox.push((now, Said { field: field.into(), kind, reason: reason.into(), message: message.into() }));
            }
            return self.arm(PodTimer::Save, now + until_pass(now), turn);
        }
        self.send_event(now, field, kind, reason, message, turn);
    }

    fn send_event(&self, at: SimTime, field: &str, kind: &str, reason: &str, message: &str, turn: &mut Turn) {
        let ctx = &mut *turn.ctx;
        let before = ctx.api.resource_version();
        let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
        let event = EventSpec { object: &self.pod, field, kind, reason, message, component: "kubelet", host: &turn.node.name };
        ctx.api.record_event(&mut caller, event);
        if at == ctx.now {
            return;
        }
        // It comes late, and bears the time at which it happened.
        let Some(made) = ctx.api.changes_since(before).find(|c| c.key.kind == EVENT).cloned() else { return };
        let mut object = (*made.object).clone();
        set(&mut object, "lastTimestamp", json!(at.rfc3339()));
        if made.verb == Verb::Added {
            set(&mut object, "firstTimestamp", json!(at.rfc3339()));
        }
        let options = WriteOptions { field_manager: "kubelet".into(), ..WriteOptions::default() };
        if let Err(refusal) = ctx.api.update(&mut caller, EVENT, &made.key.namespace, object, &options) {
            let line = format!("Server rejected event (will not retry!): {}", refusal.message);
            ctx.log.push(ctx.now, Fact::KubeletLog { node: turn.node.name.clone(), line });
        }
    }

    pub fn container_event(&mut self, container: usize, kind: &'static str, reason: &str, message: &str, turn: &mut Turn) {
        let field = self.spec.containers.get(container).map(ContainerSpec::field_path).unwrap_or_default();
        self.event(&field, kind, reason, message, turn);
    }
}

/// Models `TerminatePod` of the status manager: what cannot be found any more has ended, nobody knows how. What never came to its turn goes on
/// waiting.
#[inline(never)]
fn give_up_unknown(status: &mut PodStatus, initialized: bool) {
    let begun = |container: &ContainerStatus| container.last.is_some() || !matches!(container.state, ContainerState::Waiting { .. });
    let inits = || status.containers.iter().filter(|c| matches!(c.role, Role::Init | Role::Sidecar));
    let reached = inits().enumerate().filter(|(_, c)| begun(c)).last().map_or(0, |(at, _)| at);
    let mut index = 0;
    for container in &mut status.containers {
        let counts = match container.role {
            Role::Regular => initialized,
            Role::Init | Role::Sidecar => {
                index += 1;
                index <= reached + 1
            }
            Role::Ephemeral => false,
        };
        if counts && !matches!(container.state, ContainerState::Terminated(_)) {
            container.state = ContainerState::Terminated(Ended::lost("The container could not be located when the pod was terminated"));
        }
        container.started = false;
    }
    if !status.phase.is_terminal() {
        status.phase = Phase::Failed;
    }
}

/// Models `hasPodInitialized`.
#[inline(never)]
pub fn has_initialized(status: &PodStatus, spec: &PodSpec) -> bool {
    let begun = |c: &ContainerStatus| c.role == Role::Regular && (c.last.is_some() || !matches!(c.state, ContainerState::Waiting { .. }));
    if !spec.has_init || status.containers.iter().any(begun) {
        return true;
    }
    let Some(last) = status.containers.iter().rfind(|c| matches!(c.role, Role::Init | Role::Sidecar)) else { return false };
    if last.role == Role::Sidecar {
        return last.state.is_running() && last.started;
    }
    let now = if let ContainerState::Terminated(ended) = &last.state { Some(ended) } else { None };
    last.last.as_ref().into_iter().chain(now).any(|ended| ended.exit_code == 0)
}

fn pod_resources(requests: Option<Value>, limits: Option<Value>) -> Value {
    let mut out = Map::new();
    for (key, value) in [("limits", limits), ("requests", requests)] {
        if let Some(value) = value {
            out.insert(key.into(), value);
        }
    }
    Value::Object(out)
}
