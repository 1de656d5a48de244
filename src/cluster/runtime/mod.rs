//! Models containerd (its CRI plugin, `internal/cri/server`) and runc on one node: images, sandboxes, containers as processes that can be resumed,
//! exec, logs, memory.
//!
//! The kubelet drives it through the verbs of the CRI. Processes are values that yield (they sleep, wait, read, serve, end), so that a clone of the
//! runtime is a checkpoint. Deviations: its verbs take no time (the kubelet waits the measured time), no code runs but the small shell and the
//! programs of the catalogue, memory counts per container and rises only where something says so, of the capabilities only those count that have to do with files, seccomp
//! forbids nothing.

use crate::api::order::{InOrder as _, SortedMap};
pub(in crate::cluster) mod access;
pub(in crate::cluster) mod bulk;
pub(in crate::cluster) mod files;
mod host;
mod keyboard;
pub mod logs;
mod perl;
mod process;
mod procfs;
mod programs;
mod record;
mod server;
mod spaces;
pub(in crate::cluster) mod tmpfs;
mod turn;
mod volumes;

use std::rc::Rc;

use super::images::{self, Image};
use super::log::{ContainerRef, Fact};
use super::network::{self, Body};
use super::shell::owner::Owner;
use super::{Context, NodeConfig};
use crate::api::SimTime;
use files::Inode;
pub(super) use files::{has_file, read_file};
pub use keyboard::{MORE, Seat};
use process::Live;
pub use record::*;
use spaces::Space;

/// What containerd says before runc's own words.
const RUNC: &str =
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process";
/// The kernel ended runc before the program could begin.
const TOO_LOW: &str = "container init was OOM-killed (memory limit too low?)";
/// What runc needs of a container's memory to begin in it (measured: with 3 MB it does not, with 4 MB it does), and of a Pod's to begin its sandbox (not
/// with 4 MB, with 5 MB). See `tests/recorded/traces/memory-limit-*`.
const START_BYTES: i64 = 3_500_000;
const SANDBOX_BYTES: i64 = 4_500_000;

#[derive(Clone, Debug)]
pub struct Runtime {
    node: usize,
    name: String,
    next: u64,
    /// The place in the node's range of the address that was given away last.
    last_host: usize,
    sandboxes: SortedMap<SandboxId, SandboxRecord>,
    containers: SortedMap<ContainerId, ContainerRecord>,
    live: SortedMap<ContainerId, Live>,
    execs: SortedMap<ExecId, ExecRecord>,
    /// The next process's number in each namespace.
    numbers: SortedMap<Space, u64>,
    custom: Vec<CustomImage>,
    /// What the node offers to Pods.
    allocatable_memory: i64,
    cpu_milli: i64,
}

impl Runtime {
    pub fn new(node: usize, config: &NodeConfig) -> Self {
        Self {
            node,
            name: config.name.clone(),
            next: (node as u64) << 40,
            last_host: 0,
            sandboxes: SortedMap::new(),
            containers: SortedMap::new(),
            live: SortedMap::new(),
            execs: SortedMap::new(),
            numbers: SortedMap::new(),
            custom: Vec::new(),
            allocatable_memory: config.memory_bytes,
            cpu_milli: config.cpu_milli,
        }
    }

    pub fn node(&self) -> usize {
        self.node
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Continues a process, or ends a grace period.
    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        match timer {
            Timer::Kill { container } => self.end(container, 137, ExitReason::Error, ctx),
            Timer::Signal { from, target, signal } => {
                self.send(from, target, &signal, ctx);
                self.pump(from, ctx);
            }
            Timer::Wake { container, process } => {
                if let Some(process) = self.live.get_mut(&container).and_then(|l| l.processes.get_mut(&process)) {
                    process.wake = process.wake.filter(|at| *at > ctx.now);
                }
                self.pump(container, ctx);
            }
        }
        self.take_outbox(ctx);
    }

    /// Lines that servers wrote while they answered somebody.
    pub fn take_outbox(&mut self, ctx: &mut Context) {
        let lines = std::mem::take(&mut ctx.network.outbox);
        for (id, stream, text) in lines {
            if self.containers.contains_key(&id) { self.write_log(id, stream, &text, ctx) } else { ctx.network.outbox.push((id, stream, text)) }
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn reference(&self, id: ContainerId) -> Rc<ContainerRef> {
        let container = self.containers.get(&id);
        let pod =
            container.and_then(|c| self.sandboxes.get(&c.sandbox)).map_or(String::new(), |s| format!("{}/{}", s.config.namespace, s.config.name));
        Rc::new(ContainerRef { node: self.name.clone(), pod, container: container.map_or(String::new(), |c| c.config.name.clone()) })
    }

    /// The container's first process has ended, and all others with it.
    fn end(&mut self, id: ContainerId, exit_code: i32, reason: ExitReason, ctx: &mut Context) {
        let reference = self.reference(id);
        let Some(container) = self.containers.get_mut(&id) else { return };
        let State::Running { started_at } = container.state else { return };
        container.state = State::Exited { started_at, finished_at: ctx.now, exit_code, reason };
        // A container that wrote no such file leaves no words.
        container.last_words = files::read_file(ctx.network, id, &container.config.termination_message_path).ok();
        container.set_cpu(0, ctx.now);
        (container.memory_bytes, container.throttled) = (0, false);
        for (_, port) in container.listening.drain(..) {
            ctx.log.push(ctx.now, Fact::PortClosed { container: reference.clone(), port });
        }
        if let Some(body) = ctx.network.bodies.get_mut(&id) {
            body.listening.clear();
            body.services.clear();
        }
        if let Some(live) = self.live.remove(&id) {
            for process in live.processes.values().filter(|p| p.ended.is_none() && p.leads()) {
                if let Some(record) = process.exec.and_then(|e| self.execs.get_mut(&e)) {
                    (record.exit_code, record.finished_at) = (Some(137), Some(ctx.now));
                }
            }
        }
        ctx.queue.push(ctx.now, super::Task::Kubelet { node: self.node, timer: super::kubelet::Timer::ContainerChanged(id) });
        self.close_space(id, ctx);
    }

    /// A server that is not the first process has ended: its port is free again.
    fn close_port(&mut self, id: ContainerId, port: u16, ctx: &mut Context) {
        let container = self.reference(id);
        if let Some(record) = self.containers.get_mut(&id) {
            record.listening.retain(|(_, p)| *p != port);
        }
        if let Some(body) = ctx.network.bodies.get_mut(&id) {
            body.listening.retain(|(_, p)| *p != port);
            body.services.remove(&port);
        }
        ctx.log.push(ctx.now, Fact::PortClosed { container, port });
    }

    /// RunPodSandbox: the Pod's network namespace with its IP (from the node's CIDR; the node's own IP with host network).
    /// Where the Pod has too little memory for that, runc's words.
    pub fn run_sandbox(&mut self, config: SandboxConfig, ctx: &mut Context) -> Result<SandboxId, String> {
        let id = SandboxId(self.id());
        let ip = if config.host_network { network::node_ip(self.node) } else { self.free_address(ctx) };
        if config.memory_limit.is_some_and(|limit| limit < SANDBOX_BYTES) {
            return Err(format!("failed to start sandbox \"{}\": {RUNC}: {TOO_LOW}", id.hex()));
        }
        if !config.host_network {
            ctx.network.addresses.insert(ip.clone(), id);
        }
        self.sandboxes.insert(id, SandboxRecord { id, config, ip, ready: true, created_at: ctx.now });
        Ok(id)
    }

    /// The next address of the node's range that nobody has. It goes on from the last that was given away, so that a freed one rests as long as may be
    /// (`host-local` of the CNI plugins, `GetNext` of its allocator). Where all are taken the last one is given twice.
    fn free_address(&mut self, ctx: &Context) -> String {
        for _ in 0..network::HOSTS {
            self.last_host = self.last_host % network::HOSTS + 1;
            let ip = network::pod_ip(self.node, self.last_host);
            if !ctx.network.addresses.contains_key(&ip) {
                return ip;
            }
        }
        network::pod_ip(self.node, self.last_host)
    }

    /// StopPodSandbox: its network goes; containers must be stopped before.
    pub fn stop_sandbox(&mut self, id: SandboxId, ctx: &mut Context) {
        if let Some(sandbox) = self.sandboxes.get_mut(&id) {
            sandbox.ready = false;
            ctx.network.addresses.retain(|_, owner| *owner != id);
        }
    }

    pub fn remove_sandbox(&mut self, id: SandboxId, ctx: &mut Context) {
        ctx.network.addresses.retain(|_, owner| *owner != id);
        self.numbers.remove(&Space::Sandbox(id));
        self.sandboxes.remove(&id);
    }

    pub fn sandbox(&self, id: SandboxId) -> Option<&SandboxRecord> {
        self.sandboxes.get(&id)
    }

    fn find_image(&self, name: &str) -> Option<Image> {
        let (full, tag) = images::normalise(name);
        let custom = self.custom.iter().position(|c| images::normalise(&c.name) == (full.clone(), tag.clone()));
        custom.map(|index| images::of_custom(index, &self.custom[index])).or_else(|| images::find(name).copied())
    }

    /// ImageStatus: whether the image is on the node.
    pub fn image(&self, name: &str) -> Option<ImageInfo> {
        let image = self.find_image(name)?;
        let (full, tag) = images::normalise(name);
        let name = format!("{full}:{tag}");
        let digest = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        let id =
            (0..4).map(|i| format!("{:016x}", digest.rotate_left(i * 13).wrapping_mul(0x9E37_79B9_7F4A_7C15 + u64::from(i)))).collect::<String>();
        Some(ImageInfo { name, id: format!("sha256:{id}"), size_bytes: image.size_bytes })
    }

    /// The user that the image names.
    pub fn image_user(&self, name: &str) -> i64 {
        self.find_image(name).map_or(0, |image| image.user)
    }

    /// PullImage: the image, or the registry's refusal in containerd's words. The kubelet waits for the duration of a pull itself.
    pub fn pull_image(&self, name: &str) -> Result<ImageInfo, String> {
        let (full, tag) = images::normalise(name);
        let shown = format!("{full}:{tag}");
        self.image(name).ok_or_else(|| {
            format!("rpc error: code = NotFound desc = failed to pull and unpack image \"{shown}\": failed to resolve image: {shown}: not found")
        })
    }

    /// Teaches the node's registry an image (before or after it was asked for in vain).
    pub fn add_image(&mut self, image: CustomImage) {
        self.custom.retain(|c| c.name != image.name);
        self.custom.push(image);
    }

    /// CreateContainer; the error is containerd's.
    pub fn create_container(&mut self, sandbox: SandboxId, config: ContainerConfig, ctx: &mut Context) -> Result<ContainerId, String> {
        let image = self.find_image(&config.image).ok_or_else(|| format!("failed to resolve image {:?}: not found", config.image))?;
        let owner = self.sandboxes.get(&sandbox).ok_or("failed to find sandbox")?;
        let id = ContainerId(self.next + 1);
        let mut environment: SortedMap<String, String> = SortedMap::new();
        environment.insert("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
        environment.insert("HOSTNAME".into(), owner.config.hostname.clone());
        environment.insert("HOME".into(), access::home(config.user.user).into());
        environment.extend(config.env.iter().cloned());
        let mut mounts: Vec<(String, String, String, bool)> = config
            .mounts
            .iter()
            .map(|m| (m.mount_path.trim_end_matches('/').to_owned(), m.volume.clone(), m.sub_path.clone(), m.read_only))
            .collect();
        mounts.order_by_key(|m| std::cmp::Reverse(m.0.len()));
        for (_, volume, sub_path, _) in &mut mounts {
            if let Some(bound) = volumes::bind(ctx.network, volume, sub_path) {
                (*volume, *sub_path) = (bound, String::new());
            }
        }
        for mount in &config.mounts {
            let tree = ctx.network.volumes.entry(mount.volume.clone()).or_default();
            let inside = format!("/{}", mount.sub_path.trim_matches('/'));
            let below = format!("{inside}/");
            if inside.len() > 1 && tree.range_from(&inside).next().is_none_or(|(p, _)| *p != inside && !p.starts_with(&below)) {
                // `doSafeMakeDir` of the kubelet: a folder with the mode of the volume itself.
                let root = tree.get("/").map_or(Owner::plain(true), |root| root.owner);
                tree.insert(inside, Inode::folder(Owner { user: 0, ..root }));
            }
        }
        let mut files = files::root(&image, &owner.config.hostname, &config.hosts, &owner.config.dns);
        let has_links = files.values().any(Inode::is_link);
        if !config.termination_message_path.is_empty() {
            // The kubelet mounts a file that everybody may write to.
            files.insert(config.termination_message_path.clone(), Inode::file("", Owner::root(0o666)));
        }
        let read_only_but = config.read_only_root.then(|| config.termination_message_path.clone());
        let body = Body {
            node: self.node,
            sandbox,
            pod: format!("{}/{}", owner.config.namespace, owner.config.name),
            container: config.name.clone(),
            hostname: owner.config.hostname.clone(),
            ip: owner.ip.clone(),
            dns: owner.config.dns.clone(),
            program: image.program,
            image_bytes: files::bytes(&files),
            read_only_but,
            user: config.user.clone(),
            capabilities: config.capabilities,
            files,
            has_links,
            mounts,
            environment,
            listening: Vec::new(),
            services: SortedMap::new(),
            hung: false,
            answers_with: None,
            store: SortedMap::new(),
        };
        self.next += 1;
        ctx.network.add_body(id, body);
        let record = ContainerRecord {
            id,
            sandbox,
            config,
            state: State::Created,
            created_at: ctx.now,
            log: logs::ContainerLog::default(),
            memory_bytes: 0,
            cpu_milli: 0,
            throttled: false,
            cpu_used: 0,
            cpu_since: ctx.now,
            listening: Vec::new(),
            last_words: None,
        };
        self.containers.insert(id, record);
        Ok(id)
    }

    /// StartContainer; on an error (runc's words) the container is left `Exited` with code 128 and `StartError`.
    pub fn start_container(&mut self, id: ContainerId, ctx: &mut Context) -> Result<(), String> {
        let container = self.containers.get_mut(&id).ok_or("no such container")?;
        container.state = State::Running { started_at: ctx.now };
        container.memory_bytes = 3 << 20;
        container.set_cpu(1, ctx.now);
        let launched = match container.config.memory_limit {
            Some(1..START_BYTES) => Err(TOO_LOW.to_owned()),
            Some(_) | None => self.launch(id, ctx).map_err(|why| format!("error during container init: {why}")),
        };
        match launched {
            Ok(()) => {
                self.inherit_memory(id, ctx);
                self.take_charges(ctx);
                self.pump(id, ctx);
                Ok(())
            }
            Err(why) => {
                let message = format!("{RUNC}: {why}");
                if let Some(container) = self.containers.get_mut(&id) {
                    container.state =
                        State::Exited { started_at: ctx.now, finished_at: ctx.now, exit_code: 128, reason: ExitReason::StartError(message.clone()) };
                }
                self.live.remove(&id);
                Err(message)
            }
        }
    }

    /// StopContainer: the image's stop signal now, SIGKILL after `grace_ms`. It returns at once; the end comes as
    /// [`kubelet::Timer::ContainerChanged`](super::kubelet::Timer).
    pub fn stop_container(&mut self, id: ContainerId, grace_ms: u64, ctx: &mut Context) {
        let running = self.containers.get(&id).is_some_and(|c| matches!(c.state, State::Running { .. }));
        if !running {
            return;
        }
        let signal = self.containers.get(&id).and_then(|c| self.find_image(&c.config.image)).map_or("TERM", |i| i.stop_signal);
        ctx.queue.push(ctx.now + grace_ms, super::Task::Runtime { node: self.node, timer: Timer::Kill { container: id } });
        let first = self.live.get(&id).map_or(1, |live| live.first);
        self.deliver_signal(id, first, signal, true, ctx);
        self.pump(id, ctx);
    }

    pub fn remove_container(&mut self, id: ContainerId, ctx: &mut Context) {
        self.live.remove(&id);
        ctx.network.remove_body(id);
        self.containers.remove(&id);
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

    pub fn exec_record(&self, exec: ExecId) -> Option<&ExecRecord> {
        self.execs.get(&exec)
    }

    /// Ends a running command (its time is over, or the person left).
    pub fn kill_exec(&mut self, exec: ExecId, ctx: &mut Context) {
        let found = self.live.iter().find_map(|(id, live)| Some((*id, live.processes.values().find(|p| p.leads() && p.exec == Some(exec))?.pid)));
        if let Some((id, pid)) = found {
            self.finish(id, pid, 137, ctx);
        }
    }

    /// What an ended container left in its termination message file.
    pub fn read_file(&self, id: ContainerId, path: &str) -> Option<String> {
        self.containers.get(&id).filter(|c| c.config.termination_message_path == path).and_then(|c| c.last_words.clone())
    }

    /// UpdateContainerResources (in-place resize). The error is runc's.
    pub fn update_resources(&mut self, id: ContainerId, memory_limit: Option<i64>, cpu_limit_milli: Option<i64>) -> Result<(), String> {
        let container = self.containers.get_mut(&id).ok_or("no such container")?;
        if memory_limit.is_some_and(|limit| limit < container.memory_bytes) {
            return Err("memory limit is below the current usage".into());
        }
        (container.config.memory_limit, container.config.cpu_limit_milli) = (memory_limit, cpu_limit_milli);
        Ok(())
    }

    pub fn inject(&mut self, id: ContainerId, fault: Fault, ctx: &mut Context) {
        let reference = self.reference(id);
        ctx.fact(Fact::Fault { what: fault.to_string(), on: format!("{}/{}", reference.pod, reference.container) });
        match fault {
            Fault::Exit(code) => self.end(id, code, if code == 0 { ExitReason::Completed } else { ExitReason::Error }, ctx),
            Fault::UseMemory(bytes) => self.use_memory(id, bytes, ctx),
            Fault::UseCpu(milli) => self.use_cpu(id, milli, ctx.now),
            Fault::Hang | Fault::Unhang | Fault::AnswerWith(_) => {
                let Some(body) = ctx.network.bodies.get_mut(&id) else { return };
                match fault {
                    Fault::Hang => body.hung = true,
                    Fault::AnswerWith(status) => body.answers_with = Some(status).filter(|s| *s != 0),
                    _ => (body.hung, body.answers_with) = (false, None),
                }
            }
        }
    }

    fn use_memory(&mut self, id: ContainerId, bytes: i64, ctx: &mut Context) {
        let Some(container) = self.containers.get_mut(&id) else { return };
        container.memory_bytes = bytes;
        if container.config.memory_limit.is_some_and(|limit| bytes > limit) {
            self.end(id, 137, ExitReason::OomKilled, ctx);
        }
        self.tell_memory(ctx);
    }

    /// What all containers use together.
    pub fn memory_used(&self) -> i64 {
        self.containers.values().fold(0, |sum, c| sum.saturating_add(c.memory_bytes.max(0)))
    }

    /// What a container wrote: its own files less those of its image, and its log.
    pub fn stored_bytes(&self, id: ContainerId, network: &network::Network) -> i64 {
        let logged = self.containers.get(&id).map_or(0, |c| c.log.on_disk());
        let body = network.bodies.get(&id);
        let files = body.map_or(0, |b| files::bytes(&b.files).saturating_sub(b.image_bytes));
        logged as i64 + files as i64 + bulk::stored(&network.bulk, &bulk::own(id))
    }

    fn tell_memory(&self, ctx: &mut Context) {
        if self.memory_used() > self.allocatable_memory {
            ctx.queue.push(ctx.now, super::Task::Kubelet { node: self.node, timer: super::kubelet::Timer::MemoryRose });
        }
    }

    fn use_cpu(&mut self, id: ContainerId, milli: i64, now: SimTime) {
        let Some(container) = self.containers.get_mut(&id) else { return };
        let limit = container.config.cpu_limit_milli.unwrap_or(i64::MAX);
        container.set_cpu(milli.min(limit), now);
        container.throttled = milli > limit;
    }
}
