//! Models containerd and runc on one node: images, sandboxes, containers as resumable processes, exec, logs, memory.
//!
//! The kubelet drives it through the verbs of the CRI. Processes are values that yield (`Sleep`, `Listen`, `Connect`, `Write`, `Exit`),
//! so that a clone of the runtime is a checkpoint.

use std::collections::BTreeMap;

use super::log::Stream;
use super::{Context, NodeConfig};
use crate::api::SimTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxId(pub u64);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub u64);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecId(pub u64);

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// A process goes on (after a sleep, a read, a connection).
    Wake { container: ContainerId, process: u64 },
    /// The grace period of a stop is over: SIGKILL.
    Kill { container: ContainerId },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SandboxConfig {
    pub uid: String,
    pub namespace: String,
    pub name: String,
    pub hostname: String,
    pub host_network: bool,
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
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub read_only_root: bool,
    pub stdin: bool,
    pub stdin_once: bool,
    pub tty: bool,
    pub termination_message_path: String,
}

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

#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    pub at: SimTime,
    pub stream: Stream,
    pub text: String,
    /// False for a last line that has no newline yet.
    pub whole: bool,
}

/// A container as the runtime knows it.
#[derive(Clone, Debug)]
pub struct ContainerRecord {
    pub id: ContainerId,
    pub sandbox: SandboxId,
    pub config: ContainerConfig,
    pub state: State,
    pub created_at: SimTime,
    pub log: Vec<LogLine>,
    pub memory_bytes: i64,
    /// Cores wanted just now, in thousandths, and whether the limit holds them down.
    pub cpu_milli: i64,
    pub throttled: bool,
    /// Ports that its processes listen on: address (`0.0.0.0`, `127.0.0.1`) and port.
    pub listening: Vec<(String, u16)>,
}

/// A command running (or having run) in a container.
#[derive(Clone, Debug, Default)]
pub struct ExecRecord {
    /// Output so far, in the order in which it was written.
    pub output: Vec<(Stream, String)>,
    /// Set when it has ended.
    pub exit_code: Option<i32>,
    /// runc could not start it: the error that the API gives (`exec failed: unable to start container process: …`).
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

#[derive(Clone, Debug)]
pub struct Runtime {
    sandboxes: BTreeMap<SandboxId, SandboxRecord>,
    containers: BTreeMap<ContainerId, ContainerRecord>,
    execs: BTreeMap<ExecId, ExecRecord>,
}

impl Runtime {
    pub fn new(node: usize, config: &NodeConfig) -> Self {
        let _ = (node, config);
        Self { sandboxes: BTreeMap::new(), containers: BTreeMap::new(), execs: BTreeMap::new() }
    }

    /// Continues a process, or ends a grace period.
    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        let _ = (timer, ctx);
    }

    /// RunPodSandbox: the Pod's network namespace with its IP (from the node's CIDR; the node's own IP with host network).
    pub fn run_sandbox(&mut self, config: SandboxConfig, ctx: &mut Context) -> SandboxId {
        let _ = (config, ctx);
        SandboxId(0)
    }

    /// StopPodSandbox: its network goes; containers must be stopped before.
    pub fn stop_sandbox(&mut self, id: SandboxId, ctx: &mut Context) {
        let _ = (id, ctx);
    }

    pub fn remove_sandbox(&mut self, id: SandboxId, ctx: &mut Context) {
        let _ = (id, ctx);
    }

    pub fn sandbox(&self, id: SandboxId) -> Option<&SandboxRecord> {
        self.sandboxes.get(&id)
    }

    /// ImageStatus: whether the image is on the node.
    pub fn image(&self, name: &str) -> Option<ImageInfo> {
        let _ = name;
        None
    }

    /// PullImage: the image, or the registry's refusal in containerd's words. The kubelet waits for the duration of a pull itself.
    pub fn pull_image(&mut self, name: &str, ctx: &mut Context) -> Result<ImageInfo, String> {
        let _ = (name, ctx);
        Err("not built yet".into())
    }

    /// Teaches the node's registry an image (before or after it was asked for in vain).
    pub fn add_image(&mut self, image: CustomImage) {
        let _ = image;
    }

    /// CreateContainer; the error is containerd's.
    pub fn create_container(&mut self, sandbox: SandboxId, config: ContainerConfig, ctx: &mut Context) -> Result<ContainerId, String> {
        let _ = (sandbox, config, ctx);
        Err("not built yet".into())
    }

    /// StartContainer; on an error (runc's words) the container is left `Exited` with code 128 and `StartError`.
    pub fn start_container(&mut self, id: ContainerId, ctx: &mut Context) -> Result<(), String> {
        let _ = (id, ctx);
        Err("not built yet".into())
    }

    /// StopContainer: the image's stop signal now, SIGKILL after `grace_ms`. It returns at once; the end comes as
    /// [`kubelet::Timer::ContainerChanged`](super::kubelet::Timer).
    pub fn stop_container(&mut self, id: ContainerId, grace_ms: u64, ctx: &mut Context) {
        let _ = (id, grace_ms, ctx);
    }

    pub fn remove_container(&mut self, id: ContainerId, ctx: &mut Context) {
        let _ = (id, ctx);
    }

    pub fn container(&self, id: ContainerId) -> Option<&ContainerRecord> {
        self.containers.get(&id)
    }

    /// All containers of a sandbox, oldest first.
    pub fn containers_of(&self, sandbox: SandboxId) -> impl Iterator<Item = &ContainerRecord> {
        self.containers.values().filter(move |c| c.sandbox == sandbox)
    }

    /// The newest instance of a Pod's container, or with `previous` the one before it.
    pub fn find(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Option<&ContainerRecord> {
        let of_pod = |id: &SandboxId| self.sandboxes.get(id).is_some_and(|s| s.config.namespace == namespace && s.config.name == pod);
        self.containers.values().rev().filter(|c| c.config.name == container && of_pod(&c.sandbox)).nth(usize::from(previous))
    }

    pub fn all_containers(&self) -> impl Iterator<Item = &ContainerRecord> {
        self.containers.values()
    }

    /// ExecSync and exec with streams. What is asked of a container that does not run ends at once with an error.
    pub fn exec(&mut self, id: ContainerId, command: &[String], stdin: Option<&str>, ctx: &mut Context) -> ExecId {
        let _ = (id, command, stdin, ctx);
        ExecId(0)
    }

    pub fn exec_input(&mut self, exec: ExecId, text: &str, ctx: &mut Context) {
        let _ = (exec, text, ctx);
    }

    pub fn exec_record(&self, exec: ExecId) -> Option<&ExecRecord> {
        self.execs.get(&exec)
    }

    /// Ends a running command (its time is over, or the person left).
    pub fn kill_exec(&mut self, exec: ExecId, ctx: &mut Context) {
        let _ = (exec, ctx);
    }

    /// Writes a file of a volume (a ConfigMap's key, a downward API value); `None` removes it.
    pub fn write_volume_file(&mut self, volume: &str, path: &str, content: Option<&str>) {
        let _ = (volume, path, content);
    }

    pub fn remove_volume(&mut self, volume: &str) {
        let _ = volume;
    }

    /// A file as a container sees it (termination messages, the inspector).
    pub fn read_file(&self, id: ContainerId, path: &str) -> Option<String> {
        let _ = (id, path);
        None
    }

    /// UpdateContainerResources (in-place resize). The error is runc's.
    pub fn update_resources(&mut self, id: ContainerId, memory_limit: Option<i64>, cpu_limit_milli: Option<i64>) -> Result<(), String> {
        let _ = (id, memory_limit, cpu_limit_milli);
        Ok(())
    }

    pub fn inject(&mut self, id: ContainerId, fault: Fault, ctx: &mut Context) {
        let _ = (id, fault, ctx);
    }
}
