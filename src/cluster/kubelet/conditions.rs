//! The conditions that a kubelet writes: which hold, and why not. Models `pkg/kubelet/status/generate.go`.

use crate::api::object::str_at;
use crate::api::{Map, SimTime, Value, json};

use super::spec::{PodSpec, Role};
use super::status::{ContainerState, ContainerStatus, Phase};

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub kind: String,
    pub status: bool,
    pub reason: String,
    pub message: String,
    pub since: SimTime,
    pub generation: i64,
    /// A condition of somebody else, kept as it is.
    pub foreign: Option<Value>,
}

/// The kubelet's own, which it writes anew with every status.
const OWNED: [&str; 8] = [
    "PodScheduled",
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodResizePending",
    "PodResizeInProgress",
    "AllContainersRestarting",
];

impl Condition {
    pub fn new(kind: &str, status: bool, reason: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), status, reason: reason.into(), message: message.into(), since: SimTime::ZERO, generation: 0, foreign: None }
    }

    pub fn to_value(&self) -> Value {
        if let Some(value) = &self.foreign {
            return value.clone();
        }
        let mut out = Map::new();
        out.insert("lastProbeTime".into(), Value::Null);
        out.insert("lastTransitionTime".into(), json!(self.since.rfc3339()));
        for (key, text) in [("message", &self.message), ("reason", &self.reason)] {
            if !text.is_empty() {
                out.insert(key.into(), json!(text));
            }
        }
        // The one condition that `pkg/kubelet/status/generate.go` makes without it.
        if self.kind != "AllContainersRestarting" {
            out.insert("observedGeneration".into(), json!(self.generation));
        }
        out.insert("status".into(), json!(if self.status { "True" } else { "False" }));
        out.insert("type".into(), json!(self.kind));
        Value::Object(out)
    }
}

/// What the conditions are made from.
pub struct Ground<'a> {
    pub spec: &'a PodSpec,
    pub statuses: &'a [ContainerStatus],
    pub phase: Phase,
    pub sandbox_ready: bool,
    /// The conditions as stored: other components' ones are kept.
    pub stored: &'a [Value],
    pub old: &'a [Condition],
    /// `PodResizePending`, `PodResizeInProgress`, while they hold.
    pub resize: Vec<Condition>,
    /// `AllContainersRestarting`, where some rule has that action.
    pub restarting: Option<Condition>,
    pub now: SimTime,
}

/// All conditions in the order in which a kubelet writes them.
pub fn generate(ground: Ground<'_>) -> Vec<Condition> {
    let mut out: Vec<Condition> = ground.stored.iter().filter(|c| is_foreign(c)).map(foreign).collect();
    let containers_ready = containers_ready(&ground);
    let mut owned = ground.resize.clone();
    owned.push(Condition::new("PodReadyToStartContainers", ground.sandbox_ready, "", ""));
    owned.push(initialized(&ground));
    owned.push(ready(&ground, &containers_ready));
    owned.push(containers_ready);
    owned.push(Condition::new("PodScheduled", true, "", ""));
    owned.extend(ground.restarting.clone());
    for mut condition in owned {
        condition.generation = ground.spec.generation;
        condition.since = since(&condition, &ground);
        out.push(condition);
    }
    out
}

/// The two conditions that follow from readiness alone.
pub fn readiness(ground: &Ground<'_>) -> [Condition; 2] {
    let containers_ready = containers_ready(ground);
    [ready(ground, &containers_ready), containers_ready].map(|mut condition| {
        condition.generation = ground.spec.generation;
        condition.since = since(&condition, ground);
        condition
    })
}

/// Whether a condition is the kubelet's own.
pub fn is_owned(kind: &str) -> bool {
    OWNED.contains(&kind)
}

fn is_foreign(condition: &Value) -> bool {
    str_at(condition, "type").is_some_and(|kind| !is_owned(kind))
}

fn foreign(value: &Value) -> Condition {
    let status = str_at(value, "status") == Some("True");
    Condition { foreign: Some(value.clone()), ..Condition::new(str_at(value, "type").unwrap_or(""), status, "", "") }
}

/// The instant at which the condition got the status that it has.
fn since(condition: &Condition, ground: &Ground<'_>) -> SimTime {
    if let Some(old) = ground.old.iter().find(|c| c.kind == condition.kind) {
        return if old.status == condition.status { old.since } else { ground.now };
    }
    let stored = ground.stored.iter().find(|c| str_at(c, "type") == Some(&condition.kind));
    let same = stored.filter(|c| (str_at(c, "status") == Some("True")) == condition.status);
    same.and_then(|c| SimTime::parse(str_at(c, "lastTransitionTime")?)).unwrap_or(ground.now)
}

fn initialized(ground: &Ground<'_>) -> Condition {
    if !ground.spec.has_init {
        let reason = if ground.phase == Phase::Succeeded { "PodCompleted" } else { "" };
        return Condition::new("Initialized", true, reason, "");
    }
    if ground.phase == Phase::Succeeded {
        return Condition::new("Initialized", true, "PodCompleted", "");
    }
    // Once a regular container has been started, initialization is over for good.
    let begun = ground
        .statuses
        .iter()
        .any(|s| s.role == Role::Regular && (s.started || s.last.is_some() || matches!(s.state, ContainerState::Terminated(_))));
    if begun {
        return Condition::new("Initialized", true, "", "");
    }
    let (mut unknown, mut incomplete) = (Vec::new(), Vec::new());
    for (_, container) in ground.spec.init() {
        match ground.statuses.iter().find(|s| s.name == container.name) {
            None => unknown.push(container.name.as_str()),
            Some(status) if container.role == Role::Sidecar && !status.started => incomplete.push(container.name.as_str()),
            Some(status) if container.role == Role::Init && !status.ready => incomplete.push(container.name.as_str()),
            Some(_) => {}
        }
    }
    match unready("incomplete", &unknown, &incomplete) {
        None => Condition::new("Initialized", true, "", ""),
        Some(message) => Condition::new("Initialized", false, "ContainersNotInitialized", message),
    }
}

fn containers_ready(ground: &Ground<'_>) -> Condition {
    if ground.statuses.is_empty() {
        return Condition::new("ContainersReady", false, "UnknownContainerStatuses", "");
    }
    match ground.phase {
        Phase::Succeeded => return Condition::new("ContainersReady", false, "PodCompleted", ""),
        Phase::Failed => return Condition::new("ContainersReady", false, "PodFailed", ""),
        Phase::Pending | Phase::Running => {}
    }
    let (mut unknown, mut waiting) = (Vec::new(), Vec::new());
    for container in ground.spec.containers.iter().filter(|c| matches!(c.role, Role::Sidecar | Role::Regular)) {
        match ground.statuses.iter().find(|s| s.name == container.name) {
            None => unknown.push(container.name.as_str()),
            Some(status) if !status.ready => waiting.push(container.name.as_str()),
            Some(_) => {}
        }
    }
    match unready("unready", &unknown, &waiting) {
        None => Condition::new("ContainersReady", true, "", ""),
        Some(message) => Condition::new("ContainersReady", false, "ContainersNotReady", message),
    }
}

fn unready(word: &str, unknown: &[&str], waiting: &[&str]) -> Option<String> {
    let mut parts = Vec::new();
    if !unknown.is_empty() {
        parts.push(format!("containers with unknown status: [{}]", unknown.join(" ")));
    }
    if !waiting.is_empty() {
        parts.push(format!("containers with {word} status: [{}]", waiting.join(" ")));
    }
    Some(parts.join(", ")).filter(|m| !m.is_empty())
}

fn ready(ground: &Ground<'_>, containers_ready: &Condition) -> Condition {
    if !containers_ready.status {
        return Condition { kind: "Ready".into(), ..containers_ready.clone() };
    }
    let mut messages = Vec::new();
    for gate in &ground.spec.readiness_gates {
        match ground.stored.iter().find(|c| str_at(c, "type") == Some(gate)).map(|c| str_at(c, "status").unwrap_or("")) {
            None => messages.push(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
            Some("True") => {}
            Some(other) => messages.push(format!("the status of pod readiness gate \"{gate}\" is not \"True\", but {other}")),
        }
    }
    if messages.is_empty() {
        Condition::new("Ready", true, "", "")
    } else {
        Condition::new("Ready", false, "ReadinessGatesNotReady", messages.join(", "))
    }
}
