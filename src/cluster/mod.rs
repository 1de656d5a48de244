//! The simulated cluster: virtual time, the API server, scheduler, controllers, one kubelet and one container runtime per node, the network.
//!
//! Components are reconcilers. Each looks at state and says what is to be done; they meet only through the API server's store and its
//! watch, as in Kubernetes. No component calls another. Time is event-driven: [`queue`] holds what is due, nothing ticks.
//!
//! | module | models |
//! | --- | --- |
//! | [`apiserver`] | kube-apiserver and etcd: store, verbs, resourceVersion, watch, patches, admission |
//! | [`scheduler`] | kube-scheduler |
//! | [`controllers`] | kube-controller-manager |
//! | [`kubelet`] | the kubelet: pod workers, prober, back-off, images, volumes, static Pods, termination |
//! | [`runtime`] | containerd and runc: sandboxes, containers as resumable processes, exec, logs |
//! | [`images`] | the image catalogue |
//! | [`shell`] | a small POSIX sh with its applets |
//! | [`network`] | Pod network, localhost, Services |

pub mod apiserver;
pub mod controllers;
pub mod images;
pub mod invariants;
pub mod kubelet;
pub mod log;
pub mod metrics;
pub mod network;
pub mod queue;
pub mod runtime;
pub mod scheduler;
pub mod shell;
mod throttle;

use std::rc::Rc;

use crate::api::{SimTime, Status};
use apiserver::ApiServer;
use log::{Fact, Log};
use queue::Queue;

/// What a cluster is made of. A whole run is this, the inputs and their times.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub seed: u64,
    pub nodes: Vec<NodeConfig>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeConfig {
    pub name: String,
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    /// How many Pods fit (kubelet's maxPods).
    pub pods: i64,
}

impl Config {
    /// `node-1` … `node-N` with 2 CPUs and about 23.4 GiB each, as the recorded cluster's.
    pub fn nodes(count: usize) -> Self {
        let node = |i| NodeConfig { name: format!("node-{}", i + 1), cpu_milli: 2000, memory_bytes: 25_125_000_000 / 4096 * 4096, pods: 110 };
        Self { seed: 1, nodes: (0..count).map(node).collect() }
    }
}

/// What becomes due: whose turn it is. Each component owns its own kind of timer.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    Scheduler(scheduler::Timer),
    Controllers(controllers::Timer),
    Kubelet { node: usize, timer: kubelet::Timer },
    Runtime { node: usize, timer: runtime::Timer },
    Metrics(metrics::Timer),
}

/// Everything but the component whose turn it is: what a component may look at and act on.
pub struct Context<'a> {
    pub now: SimTime,
    pub queue: &'a mut Queue<Task>,
    pub log: &'a mut Log,
    pub api: &'a mut ApiServer,
    pub random: &'a mut Random,
    pub network: &'a mut network::Network,
    /// What a metrics server has measured, where one runs.
    pub metrics: &'a mut metrics::Metrics,
}

impl Context<'_> {
    /// Runs a task after so many milliseconds; equal times run first in, first out.
    pub fn after(&mut self, millis: u64, task: Task) {
        self.queue.push(self.now + millis, task);
    }

    /// The API server, and who asks.
    pub fn api(&mut self) -> (&mut ApiServer, apiserver::Caller<'_>) {
        (self.api, apiserver::Caller { now: self.now, random: self.random, log: self.log })
    }

    pub fn fact(&mut self, fact: Fact) {
        self.log.push(self.now, fact);
    }
}

/// The one source of chance: a small seeded generator (xorshift64*), for uids and generated names.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A version 4 UUID.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.draw(), self.draw());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            8 + (b >> 62),
            b >> 48 & 0xfff,
            b & 0xffff_ffff_ffff
        )
    }

    /// Random letters as in generated names (`bcdfghjklmnpqrstvwxz2456789`).
    pub fn suffix(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).map(|_| char::from(LETTERS[(self.draw() % LETTERS.len() as u64) as usize])).collect()
    }
}

/// The whole simulated cluster as one value: cloning it is a checkpoint.
#[derive(Clone)]
pub struct Cluster {
    config: Config,
    now: SimTime,
    queue: Queue<Task>,
    log: Log,
    random: Random,
    pub api: ApiServer,
    scheduler: scheduler::Scheduler,
    controllers: controllers::Controllers,
    kubelets: Vec<kubelet::Kubelet>,
    runtimes: Vec<runtime::Runtime>,
    network: network::Network,
    metrics: metrics::Metrics,
}

/// Everything but the component whose turn it is, borrowed field by field.
macro_rules! context {
    ($cluster:ident) => {
        Context {
            now: $cluster.now,
            queue: &mut $cluster.queue,
            log: &mut $cluster.log,
            api: &mut $cluster.api,
            random: &mut $cluster.random,
            network: &mut $cluster.network,
            metrics: &mut $cluster.metrics,
        }
    };
}

impl Cluster {
    pub fn new(config: Config) -> Self {
        let nodes = config.nodes.len();
        let mut cluster = Self {
            now: SimTime::ZERO,
            queue: Queue::default(),
            log: Log::default(),
            random: Random::new(config.seed),
            api: ApiServer::new(),
            scheduler: scheduler::Scheduler::default(),
            controllers: controllers::Controllers::default(),
            kubelets: (0..nodes).map(|i| kubelet::Kubelet::new(i, &config.nodes[i])).collect(),
            runtimes: (0..nodes).map(|i| runtime::Runtime::new(i, &config.nodes[i])).collect(),
            network: network::Network::new(&config),
            metrics: metrics::Metrics::default(),
            config,
        };
        cluster.controllers.bootstrap(&cluster.config, &mut context!(cluster));
        for (kubelet, runtime) in cluster.kubelets.iter_mut().zip(&mut cluster.runtimes) {
            kubelet.bootstrap(runtime, &mut context!(cluster));
        }
        cluster.deliver();
        cluster
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn now(&self) -> SimTime {
        self.now
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What a metrics server has measured, where one runs.
    pub fn metrics(&self) -> &metrics::Metrics {
        &self.metrics
    }

    pub fn network(&self) -> &network::Network {
        &self.network
    }

    pub fn kubelet(&self, node: &str) -> Option<&kubelet::Kubelet> {
        self.kubelets.get(self.node_index(node)?)
    }

    pub fn runtime(&self, node: &str) -> Option<&runtime::Runtime> {
        self.runtimes.get(self.node_index(node)?)
    }

    pub fn node_index(&self, node: &str) -> Option<usize> {
        self.config.nodes.iter().position(|n| n.name == node)
    }

    /// When the next thing is due, if anything is.
    pub fn next_due(&self) -> Option<SimTime> {
        self.queue.next_at()
    }

    /// Runs everything that is due up to and including `until`, then stands at `until`.
    pub fn advance_to(&mut self, until: SimTime) {
        while self.next_due().is_some_and(|at| at <= until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Runs everything that is due before `until`, then stands there: what is due at that very moment comes after what somebody does then. A real cluster
    /// never keeps an appointment to the millisecond, it comes later.
    pub fn advance_before(&mut self, until: SimTime) {
        while self.next_due().is_some_and(|at| at < until) {
            self.step();
        }
        self.now = self.now.max(until);
    }

    /// Runs the one task that is due next, and whatever the watches make of it at the same instant. False where nothing is due.
    pub fn step(&mut self) -> bool {
        let Some((at, task)) = self.queue.pop() else { return false };
        debug_assert!(at >= self.now, "virtual time never goes back");
        self.now = at;
        let (kubelets, runtimes) = (&mut self.kubelets, &mut self.runtimes);
        let mut ctx = context!(self);
        match task {
            Task::Scheduler(timer) => self.scheduler.handle(timer, &mut ctx),
            Task::Controllers(timer) => self.controllers.handle(timer, &mut ctx),
            Task::Kubelet { node, timer } => kubelets[node].handle(timer, &mut runtimes[node], &mut ctx),
            Task::Runtime { node, timer } => runtimes[node].handle(timer, &mut ctx),
            Task::Metrics(timer) => metrics::handle(timer, kubelets, runtimes, &mut ctx),
        }
        self.deliver();
        true
    }

    /// Hands the store's changes to everybody who watches. Watchers only note and plan (with their own delay); they act when their task is due.
    fn deliver(&mut self) {
        if !self.network.outbox.is_empty() {
            // A server writes its log on its own node, whoever asked it.
            let runtimes = &mut self.runtimes;
            let mut ctx = context!(self);
            for runtime in runtimes {
                runtime.take_outbox(&mut ctx);
            }
        }
        while let Some(change) = self.api.next_undelivered() {
            let mut ctx = context!(self);
            self.scheduler.observe(&change, &mut ctx);
            self.controllers.observe(&change, &mut ctx);
            metrics::observe(&change, &mut ctx);
            for kubelet in &mut self.kubelets {
                kubelet.observe(&change, &mut ctx);
            }
        }
    }

    /// A person's request to the API server: runs `request` at this instant and tells everybody who watches.
    pub fn request<T>(&mut self, request: impl FnOnce(&mut ApiServer, &mut apiserver::Caller) -> T) -> T {
        let mut caller = apiserver::Caller { now: self.now, random: &mut self.random, log: &mut self.log };
        let answer = request(&mut self.api, &mut caller);
        self.deliver();
        answer
    }

    /// Writes (or with `None` removes) a file on a node, as a person with a shell there would.
    pub fn write_node_file(&mut self, node: &str, path: &str, text: Option<&str>) -> Result<(), Status> {
        let index = self.node_index(node).ok_or_else(|| Status::not_found("nodes", node))?;
        let (kubelet, runtime) = (&mut self.kubelets[index], &mut self.runtimes[index]);
        let mut ctx = context!(self);
        kubelet.write_file(path, text, runtime, &mut ctx);
        self.deliver();
        Ok(())
    }

    /// Stops a node's kubelet, or starts it again. What runs on the node goes on without it.
    pub fn set_kubelet_stopped(&mut self, node: &str, stopped: bool) -> Result<(), Status> {
        let index = self.node_index(node).ok_or_else(|| Status::not_found("nodes", node))?;
        let (kubelet, runtime) = (&mut self.kubelets[index], &mut self.runtimes[index]);
        let mut ctx = context!(self);
        kubelet.set_stopped(stopped, runtime, &mut ctx);
        self.controllers.kubelet_silent(node, kubelet.is_silent(), &mut ctx);
        self.deliver();
        Ok(())
    }

    /// A fault of the network on `node/NAME` or `pod/NAMESPACE/NAME`; `None` mends it. A node whose packets are lost is cut off from the API
    /// server, too.
    pub fn set_network_fault(&mut self, on: &str, fault: Option<network::Fault>) -> Result<(), Status> {
        let node = on.strip_prefix("node/");
        let index = match node {
            Some(node) => Some(self.node_index(node).ok_or_else(|| Status::not_found("nodes", node))?),
            None => None,
        };
        self.network.set_fault(on, fault);
        let what = match fault {
            Some(network::Fault::Drop) => "network: drop".to_owned(),
            Some(network::Fault::Delay(ms)) => format!("network: delay {ms}ms"),
            None => "network: mended".to_owned(),
        };
        self.log.push(self.now, Fact::Fault { what, on: on.to_owned() });
        if let (Some(node), Some(index)) = (node, index) {
            let kubelet = &mut self.kubelets[index];
            let mut ctx = context!(self);
            kubelet.set_cut_off(fault == Some(network::Fault::Drop), &mut ctx);
            self.controllers.kubelet_silent(node, kubelet.is_silent(), &mut ctx);
        }
        self.deliver();
        Ok(())
    }

    /// The learner says how an unknown image behaves; every node can pull it from now on.
    pub fn add_image(&mut self, image: &runtime::CustomImage) {
        for runtime in &mut self.runtimes {
            runtime.add_image(image.clone());
        }
    }

    /// Runs a command in a container, with this on its standard input (`None`: a person's terminal). Its output and exit code come with time: [`Cluster::exec_state`].
    pub fn exec(&mut self, pod: PodRef<'_>, container: &str, command: &[String], stdin: Option<&str>) -> Result<ExecRef, Status> {
        let (node, id) = self.find_container(pod, container)?;
        let mut ctx = context!(self);
        let exec = self.runtimes[node].exec(id, command, stdin, &mut ctx);
        self.deliver();
        Ok(ExecRef { node, exec })
    }

    /// A person types to a running command (an open shell).
    pub fn exec_input(&mut self, exec: ExecRef, text: &str) {
        self.type_in(exec.node, runtime::Seat::Exec(exec.exec), text);
    }

    /// Ctrl-C at the terminal of a running command; false where no shell hears it.
    pub fn exec_interrupt(&mut self, exec: ExecRef) -> bool {
        self.interrupt(exec.node, runtime::Seat::Exec(exec.exec))
    }

    /// What stands before the person's next line there: see [`runtime::Runtime::prompt`].
    pub fn exec_prompt(&self, exec: ExecRef) -> Option<String> {
        self.runtimes.get(exec.node)?.prompt(runtime::Seat::Exec(exec.exec))
    }

    /// A person who is attached to a container types to its first process.
    pub fn attached_input(&mut self, pod: PodRef<'_>, container: &str, text: &str) {
        if let Ok((node, id)) = self.find_container(pod, container) {
            self.type_in(node, runtime::Seat::First(id), text);
        }
    }

    /// Ctrl-C of a person who is attached; false where no shell hears it.
    pub fn attached_interrupt(&mut self, pod: PodRef<'_>, container: &str) -> bool {
        self.find_container(pod, container).is_ok_and(|(node, id)| self.interrupt(node, runtime::Seat::First(id)))
    }

    /// What stands before the next line of a person who is attached.
    pub fn attached_prompt(&self, pod: PodRef<'_>, container: &str) -> Option<String> {
        let (node, id) = self.find_container(pod, container).ok()?;
        self.runtimes[node].prompt(runtime::Seat::First(id))
    }

    fn type_in(&mut self, node: usize, seat: runtime::Seat, text: &str) {
        let mut ctx = context!(self);
        self.runtimes[node].type_in(seat, text, &mut ctx);
        self.deliver();
    }

    fn interrupt(&mut self, node: usize, seat: runtime::Seat) -> bool {
        let mut ctx = context!(self);
        let heard = self.runtimes[node].interrupt(seat, &mut ctx);
        self.deliver();
        heard
    }

    pub fn exec_state(&self, exec: ExecRef) -> Option<&runtime::ExecRecord> {
        self.runtimes.get(exec.node)?.exec_record(exec.exec)
    }

    /// A fault that the learner asks for: the process exits, hangs, fails its probes, uses memory.
    pub fn inject(&mut self, pod: PodRef<'_>, container: &str, fault: runtime::Fault) -> Result<(), Status> {
        let (node, id) = self.find_container(pod, container)?;
        let mut ctx = context!(self);
        self.runtimes[node].inject(id, fault, &mut ctx);
        self.deliver();
        Ok(())
    }

    /// An HTTP request to an address as a person types it: `10.244.1.5:8080/path`, `localhost:3000`, `web.default.svc`. Recorded as facts; the answer
    /// says when it comes.
    pub fn send_request(&mut self, from: Sender<'_>, url: &str) -> Result<network::Answer, Status> {
        let container = match from {
            Sender::Container(pod, container) => Some(self.find_container(pod, container)?.1),
            Sender::Node(_) => None,
        };
        let mut ctx = context!(self);
        let source = match (from, container) {
            (Sender::Node(index), _) => Some(network::Source::of_node(ctx.network, index)),
            (Sender::Container(..), id) => id.and_then(|id| network::Source::of_container(ctx.network, id)).map(Rc::new),
        };
        let answer = network::get(source, url, &mut ctx);
        self.deliver();
        Ok(answer)
    }

    /// The runtime's record of a Pod's container: its newest instance, or with `previous` the one before.
    pub fn container(&self, pod: PodRef<'_>, container: &str, previous: bool) -> Option<&runtime::ContainerRecord> {
        self.runtimes.iter().find_map(|runtime| runtime.find(pod.namespace, pod.name, container, previous))
    }

    fn find_container(&self, pod: PodRef<'_>, container: &str) -> Result<(usize, runtime::ContainerId), Status> {
        self.runtimes
            .iter()
            .enumerate()
            .find_map(|(node, runtime)| Some((node, runtime.find(pod.namespace, pod.name, container, false)?.id)))
            .ok_or_else(|| Status::new(400, "BadRequest", format!("container not found (\"{container}\")")))
    }
}

/// A Pod by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodRef<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
}

/// From where a request sets out.
#[derive(Clone, Copy, Debug)]
pub enum Sender<'a> {
    /// A container of a Pod, by its name.
    Container(PodRef<'a>, &'a str),
    /// A node, by its index.
    Node(usize),
}

/// A command that was started in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecRef {
    pub node: usize,
    pub exec: runtime::ExecId,
}
