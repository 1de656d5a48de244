//! The log read once: for each container its bars and probe attempts, for each Pod its readiness, events and requests.
//!
//! Reading goes on from where it stopped, so a frame costs what happened since the last one. What was read is remembered for a few
//! runs (a run is its seed and journal), so the chart still shows the future when the playhead stands in the past. All is ordered by time.

use crate::api::order::SortedMap;
use std::cell::RefCell;
use std::rc::Rc;

use crate::api::{SimTime, kinds, object};
use crate::cluster::apiserver::{Change, Verb};
use crate::cluster::log::{ContainerRef, Entry, Fact, ProbeKind};
use crate::kubectl::pod_row::pod_row;
use crate::session::{Session, Timed};

/// What a container does for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BarState {
    /// Bound, but not started yet.
    Waiting,
    Running,
    Terminated {
        exit_code: i32,
        reason: Rc<str>,
    },
    BackOff {
        delay_ms: u64,
        until: SimTime,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub from: SimTime,
    /// `None` while it lasts.
    pub to: Option<SimTime>,
    pub state: BarState,
    /// Which instance of the container, from 0.
    pub attempt: u32,
}

/// One probe attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    pub at: SimTime,
    pub ok: bool,
    pub counted: bool,
    pub streak: u32,
    pub threshold: u32,
    pub message: Rc<str>,
}

/// A signal on its way to an end: the grace period as it passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grace {
    pub from: SimTime,
    pub to: Option<SimTime>,
}

#[derive(Clone, Debug, Default)]
pub struct Track {
    pub node: String,
    pub bars: Vec<Bar>,
    pub probes: [Vec<Tick>; 3],
    pub graces: Vec<Grace>,
    /// Ports that were asked for in vain.
    pub taken: Vec<(SimTime, u16)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: SimTime,
    pub warning: bool,
    pub reason: Rc<str>,
    pub message: Rc<str>,
}

/// A request that passed. Names are those of [`Fact::Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Place in the log: the same for the same request in every replay.
    pub id: usize,
    pub at: SimTime,
    pub from: Rc<str>,
    pub container: Rc<str>,
    pub to: Rc<str>,
    pub source: Rc<str>,
    pub destination: Rc<str>,
    pub via: Rc<str>,
    pub what: Rc<str>,
    pub answer: Rc<str>,
}

#[derive(Clone, Debug, Default)]
pub struct PodTrack {
    pub first_seen: Option<SimTime>,
    pub bound_at: Option<SimTime>,
    /// Since when how many of how many containers are ready.
    pub ready: Vec<(SimTime, Rc<str>)>,
    pub removed: Vec<SimTime>,
    pub marks: Vec<Mark>,
    pub containers: SortedMap<String, Track>,
}

/// A hand-over between the parts of the control plane, or with a kubelet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    pub id: usize,
    pub at: SimTime,
    pub kind: HandOverKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOverKind {
    /// The scheduler tells the API server which node a Pod goes to.
    Bound { pod: Rc<str>, node: Rc<str> },
    /// Somebody wrote an object.
    Stored { verb: &'static str, object: Rc<str>, component: Rc<str> },
}

#[derive(Clone, Debug, Default)]
pub struct History {
    seen: usize,
    /// The last change of the store that was read.
    resource_version: u64,
    /// By `namespace/name`.
    pub pods: SortedMap<String, PodTrack>,
    pub requests: Vec<Passed>,
    pub hand_overs: Vec<HandOver>,
}

/// More than this of one kind is never kept: the older half goes.
const MOST: usize = 8192;
/// How many runs are remembered: the page's own and a lesson's small figures.
const RUNS: usize = 4;

struct Memo {
    seed: u64,
    nodes: usize,
    journal: usize,
    last: Option<Timed>,
    history: History,
}

thread_local! {
    static MEMOS: RefCell<Vec<Memo>> = const { RefCell::new(Vec::new()) };
}

/// Reads what is new in the session's log, then lends the history.
pub fn with<R>(session: &Session, look: impl FnOnce(&History) -> R) -> R {
    let mut memos = MEMOS.with(RefCell::take);
    let (config, journal) = (session.config(), session.journal());
    let same = |m: &Memo| m.seed == config.seed && m.nodes == config.nodes.len() && m.journal == journal.len() && m.last.as_ref() == journal.last();
    let mut memo = match memos.iter().position(same) {
        Some(index) => memos.remove(index),
        None => {
            Memo { seed: config.seed, nodes: config.nodes.len(), journal: journal.len(), last: journal.last().cloned(), history: History::default() }
        }
    };
    memo.history.read_on(session);
    let answer = look(&memo.history);
    memos.push(memo);
    if memos.len() > RUNS {
        memos.remove(0);
    }
    MEMOS.with(|cell| cell.replace(memos));
    answer
}

impl History {
    fn read_on(&mut self, session: &Session) {
        let log = session.cluster().log();
        if log.len() > self.seen {
            for entry in log.since(self.seen) {
                self.read(entry);
                self.seen += 1;
            }
        }
        let api = &session.cluster().api;
        if api.resource_version() > self.resource_version {
            for change in api.relist(self.resource_version).iter().filter(|c| c.key.kind == kinds::POD) {
                self.read_change(change);
            }
            for change in api.changes_since(self.resource_version).filter(|c| c.key.kind == kinds::POD) {
                self.read_change(change);
            }
            self.resource_version = api.resource_version();
        }
    }

    /// What only the store says: how many containers are ready, where the Pod went, and ends that the log has not.
    fn read_change(&mut self, change: &Change) {
        let (pod, at) = (&change.object, change.at);
        let track = self.pod_mut(&format!("{}/{}", change.key.namespace, change.key.name), at);
        if change.verb == Verb::Deleted {
            if track.removed.last() != Some(&at) {
                push(&mut track.removed, at);
            }
            return;
        }
        if object::str_at(pod, "spec.nodeName").is_some() {
            track.bound_at.get_or_insert(at);
        }
        let ready = pod_row(pod).ready;
        if track.ready.last().is_none_or(|(_, r)| **r != *ready) {
            push(&mut track.ready, (at, ready.into()));
        }
        for status in object::list_at(pod, "status.containerStatuses") {
            let Some(container) = object::str_at(status, "name").and_then(|name| track.containers.get_mut(name)) else { continue };
            let Some(last) = container.bars.last().filter(|b| b.state == BarState::Running) else { continue };
            let ended = object::at(status, "state.terminated").or_else(|| object::at(status, "lastState.terminated"));
            let same = object::i64_at(status, "restartCount") == Some(i64::from(last.attempt)) && object::at(status, "state.running").is_none();
            if let Some(ended) = ended.filter(|e| same && e.is_object()) {
                let exit_code = object::i64_at(ended, "exitCode").and_then(|c| i32::try_from(c).ok()).unwrap_or(0);
                let reason = object::str_at(ended, "reason").unwrap_or("").into();
                let attempt = last.attempt;
                begin(&mut container.bars, at, BarState::Terminated { exit_code, reason }, attempt);
                end_grace(container, at);
            }
        }
    }

    pub fn track(&self, pod: &str, container: &str) -> Option<&Track> {
        self.pods.get(pod)?.containers.get(container)
    }

    fn track_mut(&mut self, container: &ContainerRef) -> &mut Track {
        let pod = self.pods.entry(container.pod.clone()).or_default();
        let track = pod.containers.entry(container.container.clone()).or_default();
        if track.node != container.node {
            track.node.clone_from(&container.node);
        }
        track
    }

    fn read(&mut self, entry: &Entry) {
        let at = entry.at;
        match &entry.fact {
            Fact::PodBound { pod, node } => {
                self.pod_mut(pod, at).bound_at = Some(at);
                let kind = HandOverKind::Bound { pod: pod.as_str().into(), node: node.as_str().into() };
                self.hand_over(at, kind);
            }
            Fact::Stored { verb, object, component, .. } => {
                if let Some(name) = object.strip_prefix("pod/").or_else(|| object.strip_prefix("pods/")) {
                    let name = name.to_owned();
                    let track = self.pod_mut(&name, at);
                    if *verb == "deleted" {
                        push(&mut track.removed, at);
                        // A process may outlive its Pod's object (`--force`): its bar ends with it.
                        for container in track.containers.values_mut().filter(|c| c.bars.last().is_some_and(|b| b.state != BarState::Running)) {
                            close(&mut container.bars, at);
                        }
                    }
                }
                // Leases and Events are written all the time; as arrows they would hide the others.
                if !object.starts_with("event") && !object.starts_with("lease") && !object.starts_with("node/") {
                    let kind = HandOverKind::Stored { verb, object: object.as_str().into(), component: component.as_str().into() };
                    self.hand_over(at, kind);
                }
            }
            Fact::EventRecorded { object, kind, reason, message, .. } => {
                if let Some(name) = object.to_ascii_lowercase().strip_prefix("pod/").map(str::to_owned) {
                    let mark = Mark { at, warning: kind == "Warning", reason: reason.as_str().into(), message: message.as_str().into() };
                    push(&mut self.pod_mut(&name, at).marks, mark);
                }
            }
            Fact::ContainerCreated { container, attempt } => {
                let from = self.pods.get(&container.pod).and_then(|p| p.bound_at).unwrap_or(at);
                let attempt = *attempt;
                let track = self.track_mut(container);
                if track.bars.is_empty() || attempt == 0 {
                    let from = track.bars.last().and_then(|b| b.to).map_or(from, |end| end.max(from));
                    begin(&mut track.bars, from, BarState::Waiting, attempt);
                }
            }
            Fact::ContainerStarted { container, attempt } => {
                let attempt = *attempt;
                begin(&mut self.track_mut(container).bars, at, BarState::Running, attempt);
            }
            Fact::ContainerExited { container, attempt, exit_code, reason } => {
                let state = BarState::Terminated { exit_code: *exit_code, reason: reason.as_str().into() };
                let attempt = *attempt;
                let removed = self.pods.get(&container.pod).and_then(|p| p.removed.last().copied());
                let track = self.track_mut(container);
                if track.bars.last().is_some_and(|bar| removed.is_some_and(|removed| removed >= bar.from)) {
                    close(&mut track.bars, at);
                } else {
                    begin(&mut track.bars, at, state, attempt);
                }
                end_grace(track, at);
            }
            Fact::BackOff { container, delay_ms, until } => {
                let state = BarState::BackOff { delay_ms: *delay_ms, until: *until };
                let track = self.track_mut(container);
                let attempt = track.bars.last().map_or(0, |b| b.attempt);
                if track.bars.last().is_none_or(|b| b.state != state) {
                    begin(&mut track.bars, at, state, attempt);
                }
            }
            Fact::Signalled { container, signal, .. } => {
                let track = self.track_mut(container);
                let waiting = track.graces.last().is_some_and(|g| g.to.is_none());
                if !waiting && (signal.contains("TERM") || signal.contains("QUIT")) {
                    push(&mut track.graces, Grace { from: at, to: None });
                }
            }
            Fact::Probed { container, kind, ok, counted, streak, threshold, message } => {
                let tick = Tick { at, ok: *ok, counted: *counted, streak: *streak, threshold: *threshold, message: message.as_str().into() };
                push(&mut self.track_mut(container).probes[probe_index(*kind)], tick);
            }
            Fact::PortTaken { container, port } => {
                let port = *port;
                push(&mut self.track_mut(container).taken, (at, port));
            }
            Fact::Request { from, container, to, source, destination, via, what, answer, .. } => {
                let passed = Passed {
                    id: self.seen,
                    at,
                    from: from.as_str().into(),
                    container: container.as_str().into(),
                    to: to.as_str().into(),
                    source: source.as_str().into(),
                    destination: destination.as_str().into(),
                    via: via.as_str().into(),
                    what: what.as_str().into(),
                    answer: answer.as_str().into(),
                };
                push(&mut self.requests, passed);
            }
            // Facts that neither picture nor chart shows as such; a new fact is to be thought about here.
            Fact::RowChanged { .. }
            | Fact::Refused { .. }
            | Fact::PodUnschedulable { .. }
            | Fact::ImagePullStarted { .. }
            | Fact::ImagePulled { .. }
            | Fact::SandboxReady { .. }
            | Fact::VolumesMounted { .. }
            | Fact::ProbeResult { .. }
            | Fact::PortOpened { .. }
            | Fact::PortClosed { .. }
            | Fact::Output { .. }
            | Fact::NodeFile { .. }
            | Fact::KubeletLog { .. }
            | Fact::Person { .. }
            | Fact::Fault { .. } => {}
        }
    }

    fn pod_mut(&mut self, pod: &str, at: SimTime) -> &mut PodTrack {
        let track = self.pods.entry(pod.to_owned()).or_default();
        track.first_seen.get_or_insert(at);
        track
    }

    fn hand_over(&mut self, at: SimTime, kind: HandOverKind) {
        let id = self.seen;
        push(&mut self.hand_overs, HandOver { id, at, kind });
    }
}

pub fn probe_index(kind: ProbeKind) -> usize {
    match kind {
        ProbeKind::Startup => 0,
        ProbeKind::Readiness => 1,
        ProbeKind::Liveness => 2,
    }
}

/// The part of a list that had happened by `now`.
pub fn until<T>(list: &[T], now: SimTime, at: impl Fn(&T) -> SimTime) -> &[T] {
    &list[..list.partition_point(|item| at(item) <= now)]
}

/// The part of a list that lies in a range of time.
pub fn between<T>(list: &[T], from: SimTime, to: SimTime, at: impl Fn(&T) -> SimTime) -> &[T] {
    let start = list.partition_point(|item| at(item) < from);
    let end = list.partition_point(|item| at(item) <= to);
    &list[start..end.max(start)]
}

fn push<T>(list: &mut Vec<T>, item: T) {
    list.push(item);
    if list.len() > MOST {
        list.drain(..MOST / 2);
    }
}

fn end_grace(track: &mut Track, at: SimTime) {
    if let Some(grace) = track.graces.last_mut() {
        grace.to.get_or_insert(at);
    }
}

fn close(bars: &mut [Bar], at: SimTime) {
    if let Some(last) = bars.last_mut() {
        last.to.get_or_insert(at);
    }
}

fn begin(bars: &mut Vec<Bar>, from: SimTime, state: BarState, attempt: u32) {
    close(bars, from);
    push(bars, Bar { from, to: None, state, attempt });
}
