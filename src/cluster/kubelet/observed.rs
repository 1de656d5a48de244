//! What the kubelet last saw of a Pod in the runtime: the cache of the pod lifecycle event generator (`pkg/kubelet/pleg`).

use crate::api::SimTime;
use crate::api::order::{InOrder as _, SortedMap};
use crate::cluster::runtime::{ContainerId, ContainerRecord, ExitReason, Runtime, SandboxId, State};

use super::spec::PodSpec;

/// How long the end of a process stays unnoticed.
const NOTICE_END_MS: u64 = 100;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    pub sandbox: Option<SandboxId>,
    pub sandbox_ready: bool,
    pub ip: String,
    /// Newest first.
    pub containers: Vec<Seen>,
}

/// A container of the Pod as it was at the look.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub id: ContainerId,
    pub sandbox: SandboxId,
    pub name: String,
    pub attempt: u32,
    /// [`ContainerSpec::hash`](super::spec::ContainerSpec) of what it was made from.
    pub hash: u64,
    pub state: SeenState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SeenState {
    Created,
    Running { started_at: SimTime },
    Exited(Ended),
}

/// How a run of a container ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ended {
    pub exit_code: i32,
    pub reason: String,
    pub message: String,
    /// `None` is shown as the Unix epoch where the process never ran, and not at all where nobody knows.
    pub started_at: Option<SimTime>,
    pub finished_at: Option<SimTime>,
    pub id: Option<ContainerId>,
}

impl Ended {
    /// A container that nobody can find any more.
    pub fn lost(message: &str) -> Self {
        Self { exit_code: 137, reason: "ContainerStatusUnknown".into(), message: message.into(), ..Self::default() }
    }
}

impl Observed {
    /// Looks at the runtime. `sandboxes` are the Pod's, oldest first.
    pub fn look(now: SimTime, runtime: &Runtime, sandboxes: &[SandboxId], spec: &PodSpec, hashes: &SortedMap<ContainerId, u64>) -> Self {
        let newest = sandboxes.last().and_then(|id| runtime.sandbox(*id));
        let mut containers: Vec<Seen> =
            sandboxes.iter().flat_map(|id| runtime.containers_of(*id)).map(|record| see(now, runtime, record, spec, hashes)).collect();
        containers.order_by_key(|c| std::cmp::Reverse(c.id));
        Self {
            sandbox: newest.map(|s| s.id),
            sandbox_ready: newest.is_some_and(|s| s.ready),
            ip: newest.map_or_else(String::new, |s| s.ip.clone()),
            containers,
        }
    }

    /// The newest instance of a container.
    pub fn newest(&self, name: &str) -> Option<&Seen> {
        self.containers.iter().find(|c| c.name == name)
    }

    /// The newest instance that has ended.
    pub fn newest_ended(&self, name: &str) -> Option<&Ended> {
        self.containers.iter().filter(|c| c.name == name).find_map(|c| match &c.state {
            SeenState::Exited(ended) => Some(ended),
            SeenState::Created | SeenState::Running { .. } => None,
        })
    }

    pub fn running(&self) -> impl Iterator<Item = &Seen> {
        self.containers.iter().filter(|c| matches!(c.state, SeenState::Running { .. }))
    }
}

fn see(now: SimTime, runtime: &Runtime, record: &ContainerRecord, spec: &PodSpec, hashes: &SortedMap<ContainerId, u64>) -> Seen {
    let hash = hashes.get(&record.id).copied().unwrap_or(0);
    let state = match &record.state {
        State::Created => SeenState::Created,
        State::Running { started_at } => SeenState::Running { started_at: *started_at },
        // containerd needs a moment to notice an end, so that even what ends at once is seen to run first.
        State::Exited { started_at, finished_at, reason, .. }
            if finished_at.since(*started_at) < NOTICE_END_MS
                && now < *finished_at + NOTICE_END_MS
                && !matches!(reason, ExitReason::StartError(_)) =>
        {
            SeenState::Running { started_at: *started_at }
        }
        State::Exited { started_at, finished_at, exit_code, reason } => SeenState::Exited(Ended {
            exit_code: *exit_code,
            reason: reason_name(reason).into(),
            message: match reason {
                ExitReason::StartError(message) => message.clone(),
                ExitReason::Completed | ExitReason::Error | ExitReason::OomKilled => termination_message(runtime, record, spec, *exit_code),
            },
            started_at: Some(*started_at).filter(|_| !matches!(reason, ExitReason::StartError(_))),
            finished_at: Some(*finished_at),
            id: Some(record.id),
        }),
    };
    Seen { id: record.id, sandbox: record.sandbox, name: record.config.name.clone(), attempt: record.config.attempt, hash, state }
}

/// containerd's word for an end, as the API shows it.
pub fn reason_name(reason: &ExitReason) -> &'static str {
    match reason {
        ExitReason::Completed => "Completed",
        ExitReason::Error => "Error",
        ExitReason::OomKilled => "OOMKilled",
        ExitReason::StartError(_) => "StartError",
    }
}

/// The last 4096 bytes of the message file; with FallbackToLogsOnError, after a failure that wrote none, the end of the log.
fn termination_message(runtime: &Runtime, record: &ContainerRecord, spec: &PodSpec, exit_code: i32) -> String {
    let path = &record.config.termination_message_path;
    let file = if path.is_empty() { None } else { runtime.read_file(record.id, path) }.unwrap_or_default();
    if !file.is_empty() {
        return last_bytes(&file, 4096).to_owned();
    }
    let from_logs = spec.find(&record.config.name).is_some_and(|(_, c)| c.message_from_logs);
    if !from_logs || exit_code == 0 {
        return String::new();
    }
    let mut text = String::new();
    for line in record.log.lines_from(record.log.end().saturating_sub(80)) {
        text.push_str(line.text);
        text.extend(line.whole.then_some('\n'));
    }
    last_bytes(&text, 2048).to_owned()
}

fn last_bytes(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}
