//! What a Pod's status says: container states from what was last seen, phase, conditions.
//!
//! Models `generateAPIPodStatus` and `convertToAPIContainerStatuses` of `pkg/kubelet/kubelet_pods.go`.

use crate::api::order::{InOrder as _, SortedMap};
use crate::api::{Map, SimTime, Value, json};
use crate::cluster::runtime::{ContainerId, Runtime};

use super::conditions::Condition;
use super::observed::{Ended, Observed, Seen, SeenState};
use super::spec::{ContainerSpec, PodSpec, Role};
use super::termination::RESTARTING;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    pub fn parse(text: &str) -> Self {
        match text {
            "Running" => Self::Running,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            _ => Self::Pending,
        }
    }

    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// A Pod's status, the kubelet's own half of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodStatus {
    pub phase: Phase,
    pub reason: String,
    pub message: String,
    pub ip: String,
    pub start_time: Option<SimTime>,
    pub conditions: Vec<Condition>,
    /// The Pod's effective request; null where it has none.
    pub allocated: Value,
    /// Its effective requests and limits.
    pub resources: Value,
    /// In the order of [`PodSpec::containers`].
    pub containers: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ContainerStatus {
    pub name: String,
    pub role: Role,
    pub image: String,
    pub image_id: String,
    pub id: Option<ContainerId>,
    pub ready: bool,
    pub started: bool,
    pub restart_count: u32,
    pub state: ContainerState,
    pub last: Option<Ended>,
    /// The resources in force.
    pub resources: Value,
    /// `{"linux": {"gid": …, "supplementalGroups": […], "uid": …}}`
    pub user: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ContainerState {
    Waiting { reason: String, message: String },
    Running { started_at: SimTime },
    Terminated(Ended),
}

impl ContainerState {
    fn waiting(reason: &str) -> Self {
        Self::Waiting { reason: reason.into(), message: String::new() }
    }

    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

/// Why the last start of a container failed, by container name: the kubelet's reason cache.
pub type Reasons = SortedMap<String, (String, String)>;

/// What the status of containers is made from.
pub struct Basis<'a> {
    pub spec: &'a PodSpec,
    pub seen: &'a Observed,
    pub old: &'a PodStatus,
    pub reasons: &'a Reasons,
    pub deleting: bool,
    pub runtime: &'a Runtime,
}

impl Basis<'_> {
    pub fn container_statuses(&self) -> Vec<ContainerStatus> {
        self.spec
            .containers
            .iter()
            .filter(|c| c.role != Role::Ephemeral || self.seen.newest(&c.name).is_some())
            .map(|c| self.container_status(c))
            .collect()
    }

    fn container_status(&self, container: &ContainerSpec) -> ContainerStatus {
        let old = self.old.containers.iter().find(|c| c.name == container.name);
        let mut instances = self.seen.containers.iter().filter(|c| c.name == container.name);
        let mut status = match instances.next() {
            Some(newest) => {
                let mut status = self.seen_status(container, newest, old);
                // Also when the runtime has removed the one before, its end is remembered.
                status.last = match instances.next().map(|previous| &previous.state) {
                    Some(SeenState::Exited(ended)) => Some(ended.clone()),
                    Some(SeenState::Created | SeenState::Running { .. }) => None,
                    None => self.remembered_end(old, newest),
                };
                status
            }
            None => self.unseen_status(container, old),
        };
        self.show_failed_start(container, &mut status);
        status
    }

    fn default_waiting(&self) -> ContainerState {
        ContainerState::waiting(if self.spec.has_init { "PodInitializing" } else { "ContainerCreating" })
    }

    fn seen_status(&self, container: &ContainerSpec, seen: &Seen, old: Option<&ContainerStatus>) -> ContainerStatus {
        let record = self.runtime.container(seen.id);
        let info = record.and_then(|r| self.runtime.image(&r.config.image));
        ContainerStatus {
            name: container.name.clone(),
            role: container.role,
            image: info.as_ref().map_or_else(|| container.image.clone(), |i| i.name.clone()),
            image_id: info.as_ref().map_or_else(String::new, |i| repository_digest(&i.name, &i.id)),
            id: Some(seen.id),
            ready: false,
            started: false,
            // A container that was made and never started is gone when its Pod ends, but it was told of: the count does not fall.
            restart_count: seen.attempt.max(old.map_or(0, |o| o.restart_count)),
            state: match &seen.state {
                SeenState::Created => self.default_waiting(),
                SeenState::Running { started_at } => ContainerState::Running { started_at: *started_at },
                SeenState::Exited(ended) => ContainerState::Terminated(ended.clone()),
            },
            last: None,
            resources: Value::Null,
            user: Value::Null,
        }
    }

    fn remembered_end(&self, old: Option<&ContainerStatus>, newest: &Seen) -> Option<Ended> {
        let old = old?;
        match &old.state {
            ContainerState::Terminated(ended) if ended.id != Some(newest.id) => Some(ended.clone()),
            ContainerState::Terminated(_) | ContainerState::Running { .. } | ContainerState::Waiting { .. } => {
                old.last.clone().filter(|last| last.id != Some(newest.id))
            }
        }
    }

    /// The runtime knows nothing of it: it waits, or what was known before stays.
    fn unseen_status(&self, container: &ContainerSpec, old: Option<&ContainerStatus>) -> ContainerStatus {
        if let Some(old) = old.filter(|o| matches!(o.state, ContainerState::Terminated(_))) {
            return old.clone();
        }
        let mut status = ContainerStatus {
            name: container.name.clone(),
            role: container.role,
            image: container.image.clone(),
            image_id: String::new(),
            id: None,
            ready: false,
            started: false,
            restart_count: old.map_or(0, |o| o.restart_count),
            state: self.default_waiting(),
            last: old.and_then(|o| o.last.clone()),
            resources: Value::Null,
            user: Value::Null,
        };
        if old.is_some_and(|o| o.state.is_running()) && status.last.is_none() {
            let message = "The container could not be located when the pod was deleted.  The container used to be Running";
            status.last = Some(Ended::lost(message));
            if !self.deleting {
                status.restart_count += 1;
            }
        }
        status
    }

    /// A container that is due to be started again waits, with the reason why the last try failed.
    fn show_failed_start(&self, container: &ContainerSpec, status: &mut ContainerStatus) {
        if self.deleting || container.role == Role::Ephemeral {
            return;
        }
        let Some((reason, message)) = self.reasons.get(&container.name) else { return };
        let newest = self.seen.newest(&container.name);
        let due = match newest.map(|n| &n.state) {
            None | Some(SeenState::Created) => true,
            Some(SeenState::Running { .. }) => false,
            Some(SeenState::Exited(ended)) => {
                !(container.is_init() && ended.exit_code == 0) && self.spec.may_restart(container, Some(ended.exit_code))
            }
        };
        if !due {
            return;
        }
        let waiting = ContainerState::Waiting { reason: reason.clone(), message: message.clone() };
        if let ContainerState::Terminated(ended) = std::mem::replace(&mut status.state, waiting) {
            status.last = Some(ended);
        }
    }
}

/// `docker.io/library/nginx@sha256:…` from a name with its tag and an id.
fn repository_digest(name: &str, id: &str) -> String {
    let slash = name.rfind('/').map_or(0, |i| i + 1);
    let end = name[slash..].find(':').map_or(name.len(), |i| slash + i);
    format!("{}@{id}", &name[..end])
}

/// Models `getPhase`. `torn_down` is set once the Pod will never run again.
pub fn phase(spec: &PodSpec, statuses: &[ContainerStatus], seen: &Observed, torn_down: bool) -> Phase {
    let (mut pending_init, mut failed_init, mut pending_sidecar) = (0, 0, 0);
    let (mut unknown, mut running, mut waiting, mut stopped, mut succeeded, mut last) = (0, 0, 0, 0, 0, 0);
    for container in &spec.containers {
        let mut status = statuses.iter().find(|s| s.name == container.name).cloned();
        // What a rule removed to start it anew has not ended.
        if let Some(status) = status.as_mut().filter(|s| s.last.as_ref().is_some_and(|l| l.reason == RESTARTING)) {
            status.last = None;
        }
        let status = status.as_ref();
        match container.role {
            Role::Init => match status.map(|s| (&s.state, &s.last)) {
                None | Some((ContainerState::Running { .. }, _)) => pending_init += 1,
                Some((ContainerState::Terminated(ended), _)) => {
                    if (ended.exit_code != 0 || ended.reason == "OOMKilled") && !spec.may_restart(container, Some(ended.exit_code)) {
                        failed_init += 1;
                    } else if ended.exit_code != 0 {
                        pending_init += 1;
                    }
                }
                Some((ContainerState::Waiting { .. }, Some(ended))) => {
                    if ended.exit_code != 0 && !spec.may_restart(container, Some(ended.exit_code)) {
                        failed_init += 1;
                    } else {
                        pending_init += 1;
                    }
                }
                Some((ContainerState::Waiting { .. }, None)) => pending_init += 1,
            },
            Role::Sidecar => match status.map(|s| (&s.state, &s.last, s.started)) {
                None => unknown += 1,
                Some((ContainerState::Running { .. }, _, started)) => {
                    running += 1;
                    pending_sidecar += u32::from(!started);
                }
                Some((ContainerState::Waiting { .. }, None, _)) => {
                    pending_sidecar += 1;
                    waiting += 1;
                }
                Some((ContainerState::Waiting { .. }, Some(_), _) | (ContainerState::Terminated(_), _, _)) => {}
            },
            Role::Regular => {
                let end = match status.map(|s| (&s.state, &s.last)) {
                    None => {
                        unknown += 1;
                        continue;
                    }
                    Some((ContainerState::Running { .. }, _)) => {
                        running += 1;
                        continue;
                    }
                    Some((ContainerState::Waiting { .. }, None)) => {
                        waiting += 1;
                        continue;
                    }
                    Some((ContainerState::Waiting { .. }, Some(ended)) | (ContainerState::Terminated(ended), _)) => ended,
                };
                stopped += 1;
                succeeded += u32::from(end.exit_code == 0);
                last += u32::from(!spec.may_restart(container, Some(end.exit_code)));
            }
            Role::Ephemeral => {}
        }
    }
    let any_regular = spec.regular().any(|(_, c)| seen.containers.iter().any(|s| s.name == c.name && Some(s.sandbox) == seen.sandbox));
    if failed_init > 0 {
        Phase::Failed
    } else if pending_init > 0 || pending_sidecar > 0 && !any_regular || waiting > 0 {
        Phase::Pending
    } else if running > 0 && unknown == 0 {
        Phase::Running
    } else if running == 0 && stopped > 0 && unknown == 0 {
        match (torn_down, stopped == last, stopped == succeeded) {
            (true, _, true) | (false, true, true) => Phase::Succeeded,
            (true, _, false) | (false, true, false) => Phase::Failed,
            (false, false, _) => Phase::Running,
        }
    } else {
        Phase::Pending
    }
}

/// The status as the API shows it. `host_ip` is the node's address.
pub fn to_value(status: &PodStatus, spec: &PodSpec, old: &Value, host_ip: &str) -> Value {
    let mut out = old.as_object().cloned().unwrap_or_default();
    out.insert("phase".into(), json!(status.phase.name()));
    let mut text = |key: &str, value: &str| {
        if value.is_empty() {
            out.remove(key);
        } else {
            out.insert(key.into(), json!(value));
        }
    };
    text("reason", &status.reason);
    text("message", &status.message);
    text("hostIP", host_ip);
    text("podIP", &status.ip);
    if !host_ip.is_empty() {
        out.insert("hostIPs".into(), json!([{"ip": host_ip}]));
    }
    if !status.ip.is_empty() {
        out.insert("podIPs".into(), json!([{"ip": status.ip}]));
    }
    if let Some(start) = status.start_time {
        out.insert("startTime".into(), json!(start.rfc3339()));
    }
    out.insert("observedGeneration".into(), json!(spec.generation));
    if status.allocated.is_null() {
        out.remove("allocatedResources");
    } else {
        out.insert("allocatedResources".into(), status.allocated.clone());
    }
    out.insert("resources".into(), if status.resources.is_null() { json!({}) } else { status.resources.clone() });
    out.insert("conditions".into(), status.conditions.iter().map(Condition::to_value).collect());
    let list = |wanted: &dyn Fn(Role) -> bool| -> Vec<&ContainerStatus> { status.containers.iter().filter(|c| wanted(c.role)).collect() };
    let mut put = |key: &str, mut statuses: Vec<&ContainerStatus>, sorted: bool| {
        if sorted {
            statuses.order_by(|a, b| a.name.cmp(&b.name));
        }
        if statuses.is_empty() {
            out.remove(key);
        } else {
            let values = statuses.iter().filter_map(|s| Some(container_value(s, spec.find(&s.name)?.1))).collect();
            out.insert(key.into(), Value::Array(values));
        }
    };
    put("initContainerStatuses", list(&|r| matches!(r, Role::Init | Role::Sidecar)), false);
    put("containerStatuses", list(&|r| r == Role::Regular), true);
    put("ephemeralContainerStatuses", list(&|r| r == Role::Ephemeral), true);
    Value::Object(out)
}

fn container_value(status: &ContainerStatus, spec: &ContainerSpec) -> Value {
    let mut out = Map::new();
    if let Some(id) = status.id {
        out.insert("containerID".into(), json!(container_id(id)));
    }
    out.insert("image".into(), json!(status.image));
    out.insert("imageID".into(), json!(status.image_id));
    out.insert("lastState".into(), status.last.as_ref().map_or_else(|| json!({}), |ended| json!({"terminated": ended_value(ended)})));
    out.insert("name".into(), json!(status.name));
    out.insert("ready".into(), json!(status.ready));
    if status.id.is_some() {
        let resources = if status.resources.is_null() { json!({}) } else { status.resources.clone() };
        if let Some(requests) = resources.get("requests") {
            out.insert("allocatedResources".into(), requests.clone());
        }
        out.insert("resources".into(), resources);
    }
    out.insert("restartCount".into(), json!(status.restart_count));
    out.insert("started".into(), json!(status.started));
    out.insert(
        "state".into(),
        match &status.state {
            ContainerState::Waiting { reason, message } if message.is_empty() => json!({"waiting": {"reason": reason}}),
            ContainerState::Waiting { reason, message } => json!({"waiting": {"message": message, "reason": reason}}),
            ContainerState::Running { started_at } => json!({"running": {"startedAt": started_at.rfc3339()}}),
            ContainerState::Terminated(ended) => json!({"terminated": ended_value(ended)}),
        },
    );
    if status.id.is_some() {
        out.insert("user".into(), status.user.clone());
    }
    let mounts: Vec<Value> = crate::api::object::list_at(&spec.value, "volumeMounts").iter().map(mount_value).collect();
    if !mounts.is_empty() {
        out.insert("volumeMounts".into(), Value::Array(mounts));
    }
    Value::Object(out)
}

/// What a container status repeats of a mount.
fn mount_value(mount: &Value) -> Value {
    let mut out = Map::new();
    for key in ["mountPath", "name", "readOnly"] {
        if let Some(value) = mount.get(key) {
            out.insert(key.into(), value.clone());
        }
    }
    if out.get("readOnly") == Some(&Value::Bool(true)) {
        out.insert("recursiveReadOnly".into(), json!("Disabled"));
    }
    Value::Object(out)
}

fn ended_value(ended: &Ended) -> Value {
    let mut out = Map::new();
    if let Some(id) = ended.id {
        out.insert("containerID".into(), json!(container_id(id)));
    }
    out.insert("exitCode".into(), json!(ended.exit_code));
    out.insert("finishedAt".into(), ended.finished_at.map_or(Value::Null, |t| json!(t.rfc3339())));
    if !ended.message.is_empty() {
        out.insert("message".into(), json!(ended.message));
    }
    out.insert("reason".into(), json!(ended.reason));
    let started = match (ended.started_at, ended.id) {
        (Some(time), _) => json!(time.rfc3339()),
        // A process that never ran began, for containerd, at the Unix epoch.
        (None, Some(_)) => json!("1970-01-01T00:00:00Z"),
        (None, None) => Value::Null,
    };
    out.insert("startedAt".into(), started);
    Value::Object(out)
}

/// `containerd://` and 64 hexadecimal digits that only this container has.
pub fn container_id(id: ContainerId) -> String {
    format!("containerd://{}", id.hex())
}
