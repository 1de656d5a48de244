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
    node: usize,
    next: u64,
    sandboxes: BTreeMap<SandboxId, SandboxRecord>,
    containers: BTreeMap<ContainerId, ContainerRecord>,
    execs: BTreeMap<ExecId, ExecRecord>,
    hung: Vec<ContainerId>,
}

impl Runtime {
    pub fn new(node: usize, _config: &NodeConfig) -> Self {
        Self { node, next: 1, sandboxes: BTreeMap::new(), containers: BTreeMap::new(), execs: BTreeMap::new(), hung: Vec::new() }
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn end(&mut self, id: ContainerId, exit_code: i32, reason: ExitReason, ctx: &mut Context) {
        let Some(container) = self.containers.get_mut(&id) else { return };
        let State::Running { started_at } = container.state else { return };
        container.state = State::Exited { started_at, finished_at: ctx.now, exit_code, reason };
        container.listening.clear();
        ctx.queue.push(ctx.now, super::Task::Kubelet { node: self.node, timer: super::kubelet::Timer::ContainerChanged(id) });
    }

    /// Continues a process, or ends a grace period.
    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        match timer {
            Timer::Kill { container } => self.end(container, 137, ExitReason::Error, ctx),
            Timer::Wake { container, process } => {
                self.end(container, process as i32, if process == 0 { ExitReason::Completed } else { ExitReason::Error }, ctx)
            }
        }
    }

    /// RunPodSandbox: the Pod's network namespace with its IP (from the node's CIDR; the node's own IP with host network).
    pub fn run_sandbox(&mut self, config: SandboxConfig, ctx: &mut Context) -> SandboxId {
        let id = SandboxId(self.id());
        let ip = if config.host_network {
            format!("172.18.0.{}", self.node + 2)
        } else {
            format!("10.244.{}.{}", self.node + 1, self.sandboxes.len() + 2)
        };
        self.sandboxes.insert(id, SandboxRecord { id, config, ip, ready: true, created_at: ctx.now });
        id
    }

    pub fn stop_sandbox(&mut self, id: SandboxId, _ctx: &mut Context) {
        if let Some(sandbox) = self.sandboxes.get_mut(&id) {
            sandbox.ready = false;
        }
    }

    pub fn remove_sandbox(&mut self, id: SandboxId, _ctx: &mut Context) {
        self.sandboxes.remove(&id);
    }

    pub fn sandbox(&self, id: SandboxId) -> Option<&SandboxRecord> {
        self.sandboxes.get(&id)
    }

    /// ImageStatus: whether the image is on the node.
    pub fn image(&self, name: &str) -> Option<ImageInfo> {
        known(name).then(|| ImageInfo { name: format!("docker.io/{name}"), id: format!("sha256:{name}"), size_bytes: 1_000_000 })
    }

    pub fn pull_image(&mut self, name: &str, _ctx: &mut Context) -> Result<ImageInfo, String> {
        self.image(name)
            .ok_or_else(|| format!("failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": {name}: not found"))
    }

    pub fn add_image(&mut self, _image: CustomImage) {}

    pub fn create_container(&mut self, sandbox: SandboxId, config: ContainerConfig, ctx: &mut Context) -> Result<ContainerId, String> {
        let id = ContainerId(self.id());
        let record = ContainerRecord {
            id,
            sandbox,
            config,
            state: State::Created,
            created_at: ctx.now,
            log: Vec::new(),
            memory_bytes: 1 << 20,
            cpu_milli: 1,
            throttled: false,
            listening: Vec::new(),
        };
        self.containers.insert(id, record);
        Ok(id)
    }

    pub fn start_container(&mut self, id: ContainerId, ctx: &mut Context) -> Result<(), String> {
        let container = self.containers.get_mut(&id).ok_or("no such container")?;
        container.state = State::Running { started_at: ctx.now };
        let port = port_of(&container.config.image);
        let port = container.config.env.iter().find(|(k, _)| k == "PORT").and_then(|(_, v)| v.parse().ok()).or(port);
        if let Some(port) = port {
            let sandbox = container.sandbox;
            let taken = self.containers.values().any(|c| c.sandbox == sandbox && c.listening.iter().any(|(_, p)| *p == port));
            if taken {
                ctx.queue.push(ctx.now + 20, super::Task::Runtime { node: self.node, timer: Timer::Wake { container: id, process: 1 } });
            } else if let Some(container) = self.containers.get_mut(&id) {
                container.listening.push(("0.0.0.0".into(), port));
            }
        }
        Ok(())
    }

    pub fn stop_container(&mut self, id: ContainerId, grace_ms: u64, ctx: &mut Context) {
        let Some(container) = self.containers.get(&id) else { return };
        let stubborn = container.config.image.contains("kubia");
        let (wait, timer) = if stubborn { (grace_ms, Timer::Kill { container: id }) } else { (20, Timer::Wake { container: id, process: 0 }) };
        ctx.queue.push(ctx.now + wait, super::Task::Runtime { node: self.node, timer });
    }

    pub fn remove_container(&mut self, id: ContainerId, _ctx: &mut Context) {
        self.containers.remove(&id);
    }

    pub fn container(&self, id: ContainerId) -> Option<&ContainerRecord> {
        self.containers.get(&id)
    }

    pub fn containers_of(&self, sandbox: SandboxId) -> impl Iterator<Item = &ContainerRecord> {
        self.containers.values().filter(move |c| c.sandbox == sandbox)
    }

    pub fn find(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Option<&ContainerRecord> {
        let of_pod = |id: &SandboxId| self.sandboxes.get(id).is_some_and(|s| s.config.namespace == namespace && s.config.name == pod);
        self.containers.values().rev().filter(|c| c.config.name == container && of_pod(&c.sandbox)).nth(usize::from(previous))
    }

    pub fn all_containers(&self) -> impl Iterator<Item = &ContainerRecord> {
        self.containers.values()
    }

    pub fn exec(&mut self, _id: ContainerId, _command: &[String], _stdin: Option<&str>, ctx: &mut Context) -> ExecId {
        let id = ExecId(self.id());
        self.execs.insert(id, ExecRecord { exit_code: Some(0), finished_at: Some(ctx.now), ..ExecRecord::default() });
        id
    }

    pub fn exec_input(&mut self, _exec: ExecId, _text: &str, _ctx: &mut Context) {}

    pub fn exec_record(&self, exec: ExecId) -> Option<&ExecRecord> {
        self.execs.get(&exec)
    }

    pub fn kill_exec(&mut self, _exec: ExecId, _ctx: &mut Context) {}

    pub fn write_volume_file(&mut self, _volume: &str, _path: &str, _content: Option<&str>) {}

    pub fn remove_volume(&mut self, _volume: &str) {}

    pub fn read_file(&self, _id: ContainerId, _path: &str) -> Option<String> {
        None
    }

    pub fn update_resources(&mut self, _id: ContainerId, _memory_limit: Option<i64>, _cpu_limit_milli: Option<i64>) -> Result<(), String> {
        Ok(())
    }

    pub fn inject(&mut self, id: ContainerId, fault: Fault, ctx: &mut Context) {
        match fault {
            Fault::Exit(code) => self.end(id, code, if code == 0 { ExitReason::Completed } else { ExitReason::Error }, ctx),
            Fault::Hang => self.hung.push(id),
            Fault::Unhang => self.hung.retain(|h| *h != id),
            Fault::AnswerWith(_) | Fault::UseMemory(_) | Fault::UseCpu(_) => {}
        }
    }

    pub(super) fn answers(&self, ip: &str, port: u16) -> Option<bool> {
        let sandbox = self.sandboxes.values().find(|s| s.ready && s.config.host_network == (ip == "127.0.0.1") && s.ip == ip)?;
        Some(self.containers.values().any(|c| c.sandbox == sandbox.id && c.listening.iter().any(|(_, p)| *p == port)))
    }
}

fn known(name: &str) -> bool {
    ["nginx", "redis", "busybox", "alpine", "kubia", "echo:v1", "counter", "stress", "pause"].iter().any(|k| name.contains(k))
}

fn port_of(image: &str) -> Option<u16> {
    [("nginx", 80), ("redis", 6379), ("kubia", 8080), ("echo:v1", 3000), ("counter", 3000)]
        .iter()
        .find(|(name, _)| image.contains(name))
        .map(|(_, port)| *port)
}
