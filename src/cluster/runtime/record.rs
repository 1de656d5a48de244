//! What the runtime knows as plain data: sandboxes, containers with what was asked for them, execs, faults, images.

use super::logs::ContainerLog;
use crate::api::SimTime;
use crate::cluster::log::Stream;
use crate::cluster::network::Dns;
use crate::cluster::shell::owner::Credentials;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxId(pub u64);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub u64);

impl ContainerId {
    /// The 64 hexadecimal digits that containerd knows it by.
    pub fn hex(self) -> String {
        hex(self.0)
    }
}

impl SandboxId {
    /// The 64 hexadecimal digits that containerd knows it by.
    pub fn hex(self) -> String {
        hex(self.0)
    }
}

fn hex(number: u64) -> String {
    let part = |salt: u64| crate::cluster::kubelet::fold(&format!("{number}/{salt}"));
    format!("{:016x}{:016x}{:016x}{:016x}", part(1), part(2), part(3), part(4))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecId(pub u64);

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// A process goes on (after a sleep, a read, a connection).
    Wake { container: ContainerId, process: u64 },
    /// A signal from a process of this container to one that it sees.
    Signal { from: ContainerId, target: u64, signal: String },
    /// The grace period of a stop is over: SIGKILL.
    Kill { container: ContainerId },
}

/// Whose processes a container sees beside its own (the CRI's `NamespaceMode` for `pid`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody's: its first process has the number 1.
    #[default]
    Own,
    /// Those of its whole Pod, where the sandbox's own program has the number 1.
    Pod,
    /// Those of the container that it is to debug.
    Target(ContainerId),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SandboxConfig {
    pub uid: String,
    pub namespace: String,
    pub name: String,
    pub hostname: String,
    pub dns: Dns,
    pub host_network: bool,
    /// What the Pod's cgroup may hold in memory.
    pub memory_limit: Option<i64>,
    /// Who the sandbox's own program runs as.
    pub user: u32,
    pub attempt: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SandboxRecord {
    pub id: SandboxId,
    pub config: SandboxConfig,
    pub ip: String,
    pub ready: bool,
    pub created_at: SimTime,
}

/// Where a volume appears in a container. The volume's content lives in the runtime, shared by all that mount it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// `POD_UID/VOLUME_NAME`, or `host:/path` for a hostPath.
    pub volume: String,
    pub mount_path: String,
    pub sub_path: String,
    pub read_only: bool,
    /// Which field of the volume says what it is: `emptyDir`. Nothing for a hostPath.
    pub kind: &'static str,
}

/// What the kubelet asks for, everything resolved: variables expanded, config values looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerConfig {
    pub name: String,
    pub attempt: u32,
    pub image: String,
    /// `None`: the image's own entrypoint.
    pub command: Option<Vec<String>>,
    pub args: Option<Vec<String>>,
    /// In order; later ones win. The image's own variables are added below these.
    pub env: Vec<(String, String)>,
    pub working_dir: String,
    pub mounts: Vec<Mount>,
    pub memory_limit: Option<i64>,
    pub cpu_limit_milli: Option<i64>,
    pub cpu_request_milli: i64,
    pub user: Credentials,
    pub processes: Sharing,
    /// What root may do in it, as the kernel's bits, and whether that can never become more.
    pub capabilities: u64,
    pub no_new_privileges: bool,
    /// How soon the kernel ends it for want of memory: −1000 (never) to 1000 (first).
    pub oom_score_adj: i64,
    pub read_only_root: bool,
    pub stdin: bool,
    pub stdin_once: bool,
    pub tty: bool,
    pub termination_message_path: String,
    /// The text of `/etc/hosts`.
    pub hosts: String,
}

/// The capabilities that containerd gives a container which asks for none (`defaultUnixCaps` of `pkg/oci/spec.go`).
pub const DEFAULT_CAPABILITIES: u64 = 0xa804_25fb;

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Created,
    Running { started_at: SimTime },
    Exited { started_at: SimTime, finished_at: SimTime, exit_code: i32, reason: ExitReason },
}

/// containerd's own reason for an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitReason {
    Completed,
    Error,
    OomKilled,
    /// runc could not start it; the message is runc's.
    StartError(String),
}

/// A container as the runtime knows it.
#[derive(Clone, Debug)]
pub struct ContainerRecord {
    pub id: ContainerId,
    pub sandbox: SandboxId,
    pub config: ContainerConfig,
    pub state: State,
    pub created_at: SimTime,
    pub log: ContainerLog,
    pub memory_bytes: i64,
    /// Cores wanted just now, in thousandths, and whether the limit holds them down.
    pub cpu_milli: i64,
    pub throttled: bool,
    /// Processor time up to the moment since when it wants as much as now, in thousandths of a core times milliseconds.
    pub(super) cpu_used: i64,
    pub(super) cpu_since: SimTime,
    /// Ports that its processes listen on: address (`0.0.0.0`, `127.0.0.1`) and port.
    pub listening: Vec<(String, u16)>,
    /// The content of its termination message file, once it has ended.
    pub last_words: Option<String>,
}

impl ContainerRecord {
    /// Processor time that it has taken, in thousandths of a core times milliseconds.
    pub fn cpu_used(&self, now: SimTime) -> i64 {
        self.cpu_used.saturating_add(self.cpu_milli.saturating_mul(now.since(self.cpu_since) as i64))
    }

    pub(super) fn set_cpu(&mut self, milli: i64, now: SimTime) {
        (self.cpu_used, self.cpu_since, self.cpu_milli) = (self.cpu_used(now), now, milli);
    }
}

/// A command running (or having run) in a container.
#[derive(Clone, Debug, Default)]
pub struct ExecRecord {
    /// Output so far, in the order in which it was written.
    pub output: Vec<(Stream, String)>,
    /// Set when it has ended.
    pub exit_code: Option<i32>,
    /// It could not be started: containerd's error (`failed to exec in container: …`).
    pub error: Option<String>,
    pub finished_at: Option<SimTime>,
}

/// What a learner does to a container to see what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    Exit(i32),
    /// Stops answering, but goes on running.
    Hang,
    Unhang,
    /// Answers HTTP requests with this status, whatever they ask.
    AnswerWith(u16),
    UseMemory(i64),
    UseCpu(i64),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "Exit({code})"),
            Self::Hang => f.write_str("Hang"),
            Self::Unhang => f.write_str("Unhang"),
            Self::AnswerWith(status) => write!(f, "AnswerWith({status})"),
            Self::UseMemory(bytes) => write!(f, "UseMemory({bytes})"),
            Self::UseCpu(milli) => write!(f, "UseCpu({milli})"),
        }
    }
}

/// How an unknown image behaves, as the learner says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomImage {
    pub name: String,
    pub listens_on: Option<u16>,
    pub exits_after_ms: Option<u64>,
    pub exit_code: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageInfo {
    /// `docker.io/library/nginx:1.27`
    pub name: String,
    /// `sha256:…`
    pub id: String,
    pub size_bytes: i64,
}
