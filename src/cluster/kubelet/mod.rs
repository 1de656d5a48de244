//! Models the kubelet (`pkg/kubelet`): pod workers and their syncs, status, prober, back-off, images, volumes, static Pods, termination.
//!
//! Deviations: each hand-over takes a fixed time (the measured median), and nothing is stretched or shifted by chance; a Pod is looked at when
//! something is due for it, not once a minute anyway; there are no devices, no CPU, memory or topology managers, no swap, no garbage collection of
//! images, no node shutdown and no checkpoints; the node's heartbeat is not written, the cluster tells who fell silent.
//!
//! | file | models |
//! | --- | --- |
//! | [`worker`] | pod workers, the work queue, the lifecycle event generator's looks |
//! | [`sync`] | one sync, step by step |
//! | [`actions`] | what a sync has to do (`computePodActions`) |
//! | [`start`], [`images`], [`environment`], [`volumes`], [`hooks`] | starting a container |
//! | [`termination`] | stopping containers and Pods |
//! | [`publish`], [`status`], [`conditions`], [`observed`] | what the API shows |
//! | [`prober`], [`backoff`] | probes, waits |
//! | [`admission`], [`resize`] | does it fit |
//! | [`eviction`] | too much memory or disk |
//! | [`static_pods`], [`files`] | static Pods and their folder |

use crate::api::order::SortedMap;
mod actions;
mod admission;
pub(in crate::cluster) mod atomic;
mod backoff;
mod conditions;
mod environment;
mod eviction;
mod files;
mod hooks;
mod image_volumes;
mod images;
mod memory;
mod names;
mod observed;
mod privileges;
mod prober;
mod publish;
mod resize;
mod spec;
mod start;
mod static_pods;
mod status;
mod sync;
mod termination;
mod volumes;
mod worker;

use std::rc::Rc;

use super::apiserver::{Change, Key, Verb};
use super::log::Fact;
use super::runtime::{ContainerId, Runtime};
use super::{Context, NodeConfig, Task};
use crate::api::kinds::{CONFIG_MAP, NODE, POD, SECRET};
use crate::api::object::{at, is_deleting, list_at, name, namespace, str_at, uid};
use crate::api::{SimTime, Value};
pub use backoff::go_duration;
pub(super) use spec::fold;
use termination::KillReason;
use worker::{PodTimer, Turn, Worker};

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// The runtime reports that something about a container changed by itself; seen at the next look (PLEG).
    ContainerChanged(ContainerId),
    /// Something is due for a Pod; only the newest setting of a timer counts.
    Pod { pod: u32, what: PodTimer, seq: u32 },
    /// The kubelet has received a Pod, or a change of it.
    Received { uid: String, what: Received },
    /// A file in the static Pod folder came, changed or went.
    FileChanged { path: String },
    /// The full look at the static Pod folder.
    FullLook,
    /// A static Pod is to be started as soon as nothing of its name runs.
    StartStatic { uid: String },
    /// The eviction manager looks.
    Pressure { due: SimTime },
    /// A container's log has become large enough to be rotated.
    RotateLog(ContainerId),
    /// A container uses more memory than before.
    MemoryRose,
    /// A Pod makes room for a critical one.
    Evict { uid: String, why: eviction::Reason },
    /// What is left of a static Pod that is gone is cleaned away.
    Cleaning { uid: String },
    /// Sandboxes of Pods that are gone are collected.
    Collect { uid: String },
}

/// What the kubelet has been told of a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    Added,
    Deleting,
    Gone,
}

/// From the write in the store to the kubelet's first status.
const RECEIVE_MS: u64 = 30;
const DELETE_MS: u64 = 10;
/// Dead containers and their logs outlive the object by this much.
const CLEAN_UP_MS: u64 = 2000;
/// Volumes that show ConfigMaps and Secrets are looked at again this often.
const REMOUNT_MS: u64 = 60_000;

/// The node as its kubelet knows it.
#[derive(Clone, Debug)]
pub struct NodeState {
    pub index: usize,
    pub name: String,
    pub ip: String,
    pub config: NodeConfig,
    /// Files on the node that a learner can see and edit, by absolute path (the static Pod folder among them).
    pub files: SortedMap<String, String>,
    /// Nothing goes to or comes from other machines; the API server is on one of them.
    pub cut_off: bool,
}

#[derive(Clone, Debug)]
pub struct Kubelet {
    node: NodeState,
    workers: SortedMap<u32, Worker>,
    by_uid: SortedMap<String, u32>,
    next_id: u32,
    /// The static Pods that the node's files describe, by uid, and the uids by file. A file may still stand for a Pod that it no longer
    /// describes: the full look drops it.
    static_pods: SortedMap<String, Rc<Value>>,
    static_files: SortedMap<String, Vec<String>>,
    /// What the runtime still has of static Pods that are gone, by uid, until it is collected.
    left: SortedMap<String, Worker>,
    /// What came due while the kubelet was stopped.
    deferred: Vec<Timer>,
    stopped: bool,
    pressure: eviction::Pressure,
}

impl Kubelet {
    pub fn new(index: usize, config: &NodeConfig) -> Self {
        let files = SortedMap::from([(static_pods::CONFIG_FILE.to_owned(), static_pods::CONFIG.to_owned())]);
        Self {
            node: NodeState { index, name: config.name.clone(), ip: String::new(), config: config.clone(), files, cut_off: false },
            workers: SortedMap::new(),
            by_uid: SortedMap::new(),
            next_id: 0,
            static_pods: SortedMap::new(),
            static_files: SortedMap::new(),
            left: SortedMap::new(),
            deferred: Vec::new(),
            stopped: false,
            pressure: eviction::Pressure::default(),
        }
    }

    pub fn bootstrap(&mut self, runtime: &mut Runtime, ctx: &mut Context) {
        debug_assert!(runtime.all_containers().next().is_none(), "a new cluster runs nothing");
        self.learn_address(ctx);
    }

    fn learn_address(&mut self, ctx: &Context) {
        if let Some(node) = ctx.api.get(NODE, "", &self.node.name) {
            let internal = list_at(node, "status.addresses").iter().find(|a| str_at(a, "type") == Some("InternalIP"));
            self.node.ip = internal.and_then(|a| str_at(a, "address")).unwrap_or("").to_owned();
        }
    }

    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        if self.stopped || self.node.cut_off {
            return;
        }
        if change.key.kind == NODE && change.key.name == self.node.name {
            self.learn_address(ctx);
        } else if change.key.kind == CONFIG_MAP || change.key.kind == SECRET {
            self.observe_configuration(change, ctx);
        } else if change.key.kind == POD && str_at(&change.object, "spec.nodeName") == Some(&self.node.name) {
            self.observe_pod(change, ctx);
        }
    }

    fn observe_pod(&mut self, change: &Change, ctx: &mut Context) {
        if let Some(hash) = static_pods::mirror_hash(&change.object) {
            // Models `HandlePodAdditions` and `HandlePodRemoves`: a mirror that comes or goes lets its static Pod be looked at once more.
            let news = change.verb != Verb::Modified || is_deleting(&change.object);
            let worker = self.by_uid.get(hash).and_then(|id| self.workers.get_mut(id)).filter(|_| news);
            if let Some(worker) = worker {
                worker.lost_mirror = change.verb == Verb::Deleted;
                let id = worker.id;
                self.sync_soon(id, ctx);
            }
            return;
        }
        let pod_uid = uid(&change.object);
        let makes_room = change.verb == Verb::Deleted || matches!(str_at(&change.object, "status.phase"), Some("Succeeded" | "Failed"));
        if makes_room {
            for id in self.workers.values().filter(|w| w.resize.is_deferred() && w.uid != pod_uid).map(|w| w.id).collect::<Vec<_>>() {
                self.sync_soon(id, ctx);
            }
        }
        let Some(worker) = self.by_uid.get(pod_uid).and_then(|id| self.workers.get_mut(id)) else {
            let finished = matches!(str_at(&change.object, "status.phase"), Some("Succeeded" | "Failed"));
            if change.verb != Verb::Deleted && !finished {
                self.add(Worker::new(self.next_id, change.object.clone(), false), RECEIVE_MS, ctx);
            }
            return;
        };
        let tell = |what, after, ctx: &mut Context| {
            let timer = Timer::Received { uid: pod_uid.to_owned(), what };
            ctx.after(after, Task::Kubelet { node: self.node.index, timer });
        };
        match change.verb {
            Verb::Deleted => {
                worker.gone = true;
                // Without a deletion before, it was one by force.
                worker.grace_override.get_or_insert(1);
                tell(Received::Gone, DELETE_MS, ctx);
            }
            Verb::Added | Verb::Modified => {
                let was_deleting = is_deleting(&worker.pod);
                let news = differs(&worker.pod, &change.object);
                worker.pod = change.object.clone();
                // Models `needsReconcile`: a status that somebody else wrote is put right with the next full pass.
                if worker.told.as_ref().is_some_and(|told| at(told, "status") != at(&worker.pod, "status")) {
                    let (node, timer) = (self.node.index, Timer::Pod { pod: worker.id, what: PodTimer::Reconcile, seq: 0 });
                    ctx.after(publish::until_pass(ctx.now), Task::Kubelet { node, timer });
                }
                if is_deleting(&worker.pod) && !was_deleting {
                    worker.note_grace();
                    tell(Received::Deleting, DELETE_MS, ctx);
                } else if news {
                    worker.take_new_spec();
                    let id = worker.id;
                    self.sync_soon(id, ctx);
                }
            }
        }
    }

    /// The Pod was changed by somebody else: its worker looks at it a moment later.
    fn sync_soon(&mut self, id: u32, ctx: &mut Context) {
        let (node, timer) = (self.node.index, PodTimer::Updated);
        ctx.after(DELETE_MS, Task::Kubelet { node, timer: Timer::Pod { pod: id, what: timer, seq: 0 } });
    }

    fn add(&mut self, worker: Worker, after: u64, ctx: &mut Context) {
        self.next_id += 1;
        if worker.has_storage_limit() {
            self.watch_pressure(ctx);
        }
        let timer = Timer::Received { uid: worker.uid.clone(), what: Received::Added };
        self.by_uid.insert(worker.uid.clone(), worker.id);
        self.workers.insert(worker.id, worker);
        ctx.after(after, Task::Kubelet { node: self.node.index, timer });
    }

    /// A ConfigMap or Secret changed: volumes that show it follow at their Pod's next regular look.
    fn observe_configuration(&mut self, change: &Change, ctx: &mut Context) {
        let (kind, object) = (change.key.kind.kind, &change.object);
        for worker in self.workers.values() {
            if worker.mounted && worker.namespace == namespace(object) && volumes::refers_to(&worker.pod, kind, name(object)) {
                let since = ctx.now.since(worker.mount_since);
                let timer = Timer::Pod { pod: worker.id, what: PodTimer::Remount, seq: 0 };
                ctx.after(REMOUNT_MS - since % REMOUNT_MS, Task::Kubelet { node: self.node.index, timer });
            }
        }
    }

    pub fn handle(&mut self, timer: Timer, runtime: &mut Runtime, ctx: &mut Context) {
        if self.stopped {
            return self.deferred.push(timer);
        }
        match timer {
            Timer::ContainerChanged(id) => {
                let pod = runtime.container(id).and_then(|c| runtime.sandbox(c.sandbox)).and_then(|s| self.by_uid.get(&s.config.uid)).copied();
                self.with(pod, runtime, ctx, |worker, turn| worker.container_changed(id, turn));
            }
            Timer::Pod { pod, what, seq } => self.with(Some(pod), runtime, ctx, |worker, turn| worker.handle(what, seq, turn)),
            Timer::Received { uid, what } => {
                let pod = self.by_uid.get(&uid).copied();
                if what == Received::Gone && self.forget_if_over(pod, runtime, ctx) {
                    return;
                }
                self.with(pod, runtime, ctx, |worker, turn| match what {
                    Received::Added if is_deleting(&worker.pod) => worker.begin_termination(KillReason::Deleted, turn),
                    Received::Added => worker.request_sync(turn.ctx.now, turn),
                    Received::Deleting | Received::Gone => worker.begin_termination(KillReason::Deleted, turn),
                });
                if what == Received::Gone {
                    // Its containers are still being stopped, with their own grace: look again later.
                    ctx.after(CLEAN_UP_MS, Task::Kubelet { node: self.node.index, timer: Timer::Received { uid, what } });
                }
            }
            Timer::Pressure { due } => self.relieve(due, runtime, ctx),
            Timer::RotateLog(id) => runtime.rotate_log(id, ctx.now),
            Timer::MemoryRose => self.watch_pressure(ctx),
            Timer::Evict { uid, why } => self.with(self.by_uid.get(&uid).copied(), runtime, ctx, |worker, turn| worker.evict(&why, turn)),
            Timer::FileChanged { path } => self.file_changed(&path, runtime, ctx),
            Timer::FullLook => self.full_look(runtime, ctx),
            Timer::StartStatic { uid } => self.retry_static(&uid, runtime, ctx),
            Timer::Cleaning { uid } => self.clean_static(&uid, runtime, ctx),
            Timer::Collect { uid } => self.collect(&uid, runtime, ctx),
        }
    }

    /// A Pod that is gone from the API and has nothing running any more is forgotten.
    fn forget_if_over(&mut self, pod: Option<u32>, runtime: &mut Runtime, ctx: &mut Context) -> bool {
        let Some(id) = pod else { return true };
        let over = self.workers.get(&id).is_none_or(Worker::is_over);
        if over && let Some(mut worker) = self.workers.remove(&id) {
            self.by_uid.remove(&worker.uid);
            worker.clean_up(&mut Turn { node: &self.node, memory_pressure: false, runtime, ctx });
        }
        over
    }

    fn with(&mut self, pod: Option<u32>, runtime: &mut Runtime, ctx: &mut Context, act: impl FnOnce(&mut Worker, &mut Turn)) {
        if let Some(worker) = pod.and_then(|id| self.workers.get_mut(&id)) {
            act(worker, &mut Turn { node: &self.node, memory_pressure: self.pressure.is_short(), runtime, ctx });
        }
    }

    /// The node's files, by absolute path.
    pub fn files(&self) -> &SortedMap<String, String> {
        &self.node.files
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Stops the kubelet's process, or starts it again. Containers go on without it; afterwards it looks at everything anew.
    pub fn set_stopped(&mut self, stopped: bool, runtime: &mut Runtime, ctx: &mut Context) {
        if self.stopped == stopped {
            return;
        }
        self.stopped = stopped;
        let line = if stopped { "Stopping kubelet." } else { "Started kubelet" };
        ctx.fact(Fact::KubeletLog { node: self.node.name.clone(), line: line.into() });
        if stopped {
            return;
        }
        for timer in std::mem::take(&mut self.deferred) {
            ctx.after(RECEIVE_MS, Task::Kubelet { node: self.node.index, timer });
        }
        self.catch_up(ctx);
        self.full_look(runtime, ctx);
    }

    /// Cuts the kubelet off from the API server, or lets it reach it again. It goes on with what it knows, probes and restarts included.
    pub fn set_cut_off(&mut self, cut_off: bool, ctx: &mut Context) {
        if self.node.cut_off != cut_off {
            self.node.cut_off = cut_off;
            if !cut_off && !self.stopped {
                self.catch_up(ctx);
            }
        }
    }

    /// Whether nobody hears this kubelet.
    pub fn is_silent(&self) -> bool {
        self.stopped || self.node.cut_off
    }

    fn catch_up(&mut self, ctx: &mut Context) {
        if self.node.cut_off {
            return;
        }
        self.learn_address(ctx);
        self.list_pods(ctx);
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            self.sync_soon(id, ctx);
        }
    }

    /// Compares what is known with what the API has now.
    fn list_pods(&mut self, ctx: &mut Context) {
        let here: Vec<Rc<Value>> = ctx.api.list(POD, None).filter(|p| str_at(p, "spec.nodeName") == Some(&self.node.name)).cloned().collect();
        let gone: Vec<(Key, Rc<Value>)> = self
            .workers
            .values()
            .filter(|w| !w.is_static && !w.gone && !here.iter().any(|p| uid(p) == w.uid))
            .map(|w| (Key::new(POD, &w.namespace, &w.name), w.pod.clone()))
            .collect();
        let present = here.into_iter().map(|p| (Verb::Modified, Key::new(POD, namespace(&p), name(&p)), p));
        for (verb, key, object) in present.chain(gone.into_iter().map(|(key, pod)| (Verb::Deleted, key, pod))) {
            let change = Change { verb, key, at: ctx.now, resource_version: ctx.api.resource_version(), object, old: None };
            self.observe_pod(&change, ctx);
        }
    }
}

/// Whether a change of the object is one that a sync must look at: not what the kubelet itself wrote.
fn differs(old: &Value, new: &Value) -> bool {
    let part = |path: &str| at(old, path) != at(new, path);
    let foreign = |pod: &Value| -> Vec<Value> {
        let own = |c: &&Value| str_at(c, "type").is_some_and(|t| !conditions::is_owned(t));
        list_at(pod, "status.conditions").iter().filter(own).cloned().collect()
    };
    part("metadata.generation") || part("metadata.labels") || part("metadata.annotations") || part("spec") || foreign(old) != foreign(new)
}
