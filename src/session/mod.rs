//! The app as one value: seed + inputs with their times. Everything that the person does to the cluster is an [`Input`].
//!
//! The state at any moment is a pure function of the journal, so going back is a replay from the nearest checkpoint.

pub mod course;

use crate::api::{SimTime, Status, Value, kinds, object};
use crate::cluster::log::{ContainerRef, Fact};
use crate::cluster::{Cluster, Config, PodRef, Sender, network, runtime};
use crate::kubectl::{OutputKind, Terminal};

/// Something that the person does at a moment of virtual time. Plain data: it is journaled, shared by link and replayed.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// `kubectl apply` of a text, from the Apply button: every document of it.
    Apply {
        file: String,
        text: String,
    },
    /// Deletes what the text names.
    Delete {
        kind: String,
        namespace: String,
        name: String,
        grace_seconds: Option<i64>,
    },
    /// A line typed into the terminal.
    Command(String),
    /// Text for what runs in the terminal's foreground (an open shell).
    Keys(String),
    /// Ctrl-C in the terminal.
    Interrupt,
    /// A file of the person's folder (an editor tab) as the terminal's commands see it.
    File {
        name: String,
        text: String,
    },
    Fault {
        namespace: String,
        pod: String,
        container: String,
        fault: runtime::Fault,
    },
    /// A fault of the network on `node/NAME` or `pod/NAMESPACE/NAME`; without one, the network is mended there.
    NetworkFault {
        on: String,
        fault: Option<network::Fault>,
    },
    /// An HTTP request from a container to a URL.
    Request {
        namespace: String,
        pod: String,
        container: String,
        url: String,
    },
    NodeFile {
        node: String,
        path: String,
        text: Option<String>,
    },
    /// Stops or starts a part of the cluster.
    StopApiServer(bool),
    StopKubelet {
        node: String,
        stopped: bool,
    },
    /// The learner says how an unknown image behaves.
    DescribeImage(runtime::CustomImage),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    pub at: SimTime,
    pub input: Input,
}

/// What a checkpoint holds: everything that time changes.
#[derive(Clone)]
struct World {
    cluster: Cluster,
    terminal: Terminal,
    /// How many inputs of the journal it has seen.
    seen: usize,
}

/// A run: its seed, what the person did, and the world at the playhead.
#[derive(Clone)]
pub struct Session {
    config: Config,
    journal: Vec<Timed>,
    world: World,
    checkpoints: Vec<World>,
    /// The furthest moment that was ever played; the playhead may stand before it.
    horizon: SimTime,
    /// What was cut off when the person acted in the past: one step of undo.
    replaced: Option<(Vec<Timed>, SimTime)>,
}

/// A checkpoint every so often keeps going back short.
const CHECKPOINT_EVERY_MS: u64 = 10_000;
const MOST_CHECKPOINTS: usize = 200;
/// So long after a container's start its Pod's status tells of it at the latest, while there is an API server.
const REPORTED_WITHIN_MS: u64 = 2_000;

impl Session {
    pub fn new(config: Config) -> Self {
        let world = World { cluster: Cluster::new(config.clone()), terminal: Terminal::default(), seen: 0 };
        Self { config, journal: Vec::new(), checkpoints: vec![world.clone()], world, horizon: SimTime::ZERO, replaced: None }
    }

    /// A run with its inputs, standing at `at`.
    pub fn replay(config: Config, journal: Vec<Timed>, at: SimTime) -> Self {
        let mut session = Self::new(config);
        session.horizon = journal.last().map_or(at, |t| t.at.max(at));
        session.journal = journal;
        session.play_to(at);
        session
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn journal(&self) -> &[Timed] {
        &self.journal
    }

    pub fn cluster(&self) -> &Cluster {
        &self.world.cluster
    }

    pub fn terminal(&self) -> &Terminal {
        &self.world.terminal
    }

    pub fn now(&self) -> SimTime {
        self.world.cluster.now()
    }

    pub fn horizon(&self) -> SimTime {
        self.horizon
    }

    pub fn is_in_past(&self) -> bool {
        self.now() < self.horizon
    }

    /// Plays on to `until`; inputs of the journal that lie on the way happen again.
    pub fn play_to(&mut self, until: SimTime) {
        while self.now() < until || self.journal.get(self.world.seen).is_some_and(|t| t.at <= until) {
            let next_input = self.journal.get(self.world.seen).map(|t| t.at);
            // A long way is gone in stretches, so that it leaves checkpoints behind.
            let stretch = until.min(self.now() + CHECKPOINT_EVERY_MS);
            let stop = next_input.map_or(stretch, |at| at.min(stretch));
            advance(&mut self.world, stop);
            if next_input == Some(stop) {
                let input = self.journal[self.world.seen].input.clone();
                self.world.seen += 1;
                perform(&mut self.world, &input);
            }
            self.keep_checkpoint();
        }
        self.horizon = self.horizon.max(until);
    }

    /// Puts the playhead at any moment up to the horizon.
    pub fn seek(&mut self, to: SimTime) {
        let nearest = self.checkpoints.iter().rposition(|w| w.cluster.now() <= to).unwrap_or(0);
        if to < self.now() || self.checkpoints[nearest].cluster.now() > self.now() {
            self.world = self.checkpoints[nearest].clone();
        }
        self.play_to(to);
    }

    /// The person does something now. In the past it replaces the future; [`Session::undo`] brings that back.
    pub fn input(&mut self, input: Input) {
        let now = self.now();
        if self.is_in_past() || self.world.seen < self.journal.len() {
            self.replaced = Some((self.journal.clone(), self.horizon));
            self.journal.truncate(self.world.seen);
            self.checkpoints.retain(|w| w.cluster.now() <= now);
            self.horizon = now;
        }
        self.journal.push(Timed { at: now, input: input.clone() });
        self.world.seen = self.journal.len();
        perform(&mut self.world, &input);
    }

    pub fn can_undo(&self) -> bool {
        self.replaced.is_some()
    }

    /// Brings the replaced future back; the playhead stays where it is.
    pub fn undo(&mut self) {
        if let Some((journal, horizon)) = self.replaced.take() {
            let at = self.now();
            *self = Self { horizon, ..Self::replay(self.config.clone(), journal, at) };
        }
    }

    /// Steps to the next thing that happens in the cluster, at most `limit_ms` ahead.
    pub fn step(&mut self, limit_ms: u64) {
        let limit = self.now() + limit_ms;
        let facts = self.cluster().log().len();
        while self.now() < limit && self.cluster().log().len() == facts {
            let next = self.cluster().next_due().unwrap_or(limit).min(limit);
            self.play_to(next.max(self.now() + 1));
        }
    }

    /// Steps to the next restart of any container, at most `limit_ms` ahead, and on until its Pod's status tells of it: the kubelet reports
    /// a moment later, and until then everything would look as before.
    pub fn step_to_restart(&mut self, limit_ms: u64) {
        let limit = self.now() + limit_ms;
        let mut seen = self.cluster().log().len();
        let mut restarted = None;
        while self.now() < limit && restarted.is_none() {
            self.step(limit.since(self.now()));
            let log = self.cluster().log();
            restarted = log.since(seen).find_map(|entry| match &entry.fact {
                Fact::ContainerStarted { container, attempt } if *attempt > 0 => Some((container.clone(), i64::from(*attempt))),
                _ => None,
            });
            seen = log.len();
        }
        let Some((container, attempt)) = restarted else { return };
        let until = limit.min(self.now() + REPORTED_WITHIN_MS);
        while self.now() < until && !self.tells_of(&container, attempt) {
            self.step(until.since(self.now()));
        }
    }

    /// Whether the stored status of a Pod has this run of a container.
    fn tells_of(&self, container: &ContainerRef, attempt: i64) -> bool {
        let (namespace, name) = container.pod.split_once('/').unwrap_or(("default", &container.pod));
        let Some(pod) = find(self, kinds::POD, namespace, name) else { return true };
        let lists = ["status.containerStatuses", "status.initContainerStatuses"];
        let statuses = lists.into_iter().flat_map(|list| object::list_at(pod, list));
        let own = |status: &&Value| object::str_at(status, "name") == Some(&container.container);
        statuses.filter(own).any(|status| object::i64_at(status, "restartCount").is_some_and(|count| count >= attempt))
    }

    fn keep_checkpoint(&mut self) {
        let now = self.now();
        let last = self.checkpoints.last().map_or(SimTime::ZERO, |w| w.cluster.now());
        if now >= last + CHECKPOINT_EVERY_MS {
            self.checkpoints.push(self.world.clone());
            if self.checkpoints.len() > MOST_CHECKPOINTS {
                // Thin out: every second one goes, the first stays.
                let mut index = 0;
                self.checkpoints.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
            }
        }
    }
}

/// Runs the cluster up to `until`, with the terminal's jobs looking on.
fn advance(world: &mut World, until: SimTime) {
    while world.terminal.is_running() {
        let due = world.cluster.next_due();
        let wake = world.terminal.wakes_at();
        let Some(next) = due.into_iter().chain(wake).min().filter(|at| *at <= until) else { break };
        if due == Some(next) {
            world.cluster.step();
        } else {
            world.cluster.advance_to(next);
        }
        world.terminal.poll(&mut world.cluster);
    }
    world.cluster.advance_to(until);
}

fn perform(world: &mut World, input: &Input) {
    let World { cluster, terminal, .. } = world;
    match input {
        Input::Apply { file, text } => {
            // A button's command needs the prompt: what runs in the foreground ends.
            terminal.leave(cluster);
            terminal.files.insert(file.clone(), text.clone());
            terminal.submit(&format!("kubectl apply -f {file}"), cluster);
        }
        Input::Delete { kind, namespace, name, grace_seconds } => {
            terminal.leave(cluster);
            let grace = grace_seconds.map(|g| format!(" --grace-period={g}")).unwrap_or_default();
            terminal.submit(&format!("kubectl delete {kind} {name} -n {namespace} --wait=false{grace}"), cluster);
        }
        Input::Command(line) => terminal.submit(line, cluster),
        Input::Keys(text) => terminal.input(text, cluster),
        Input::Interrupt => terminal.interrupt(cluster),
        Input::File { name, text } => {
            terminal.files.insert(name.clone(), text.clone());
            // A `kubectl edit` may be waiting for it.
            terminal.poll(cluster);
        }
        Input::Fault { namespace, pod, container, fault } => {
            note(cluster.inject(PodRef { namespace, name: pod }, container, fault.clone()));
        }
        Input::NetworkFault { on, fault } => note(cluster.set_network_fault(on, *fault)),
        Input::Request { namespace, pod, container, url } => {
            let (kind, said) = match cluster.send_request(Sender::Container(PodRef { namespace, name: pod }, container), url) {
                Ok(network::Answer { result: Ok(response), .. }) => {
                    (OutputKind::Stdout, format!("{}\n{}", response.status, response.body.trim_end()))
                }
                Ok(network::Answer { result: Err(failure), .. }) => (OutputKind::Stderr, failure.to_string()),
                Err(status) => (OutputKind::Stderr, status.into_message()),
            };
            // The terminal is where a person looks for an answer, whichever way the question was asked.
            terminal.show(cluster.now(), kind, format!("# {pod}/{container} → {url}: {said}\n"));
        }
        Input::NodeFile { node, path, text } => note(cluster.write_node_file(node, path, text.as_deref())),
        Input::StopApiServer(stopped) => cluster.api.set_stopped(*stopped),
        Input::StopKubelet { node, stopped } => note(cluster.set_kubelet_stopped(node, *stopped)),
        Input::DescribeImage(image) => cluster.add_image(image),
    }
}

/// A fault or request aimed at what is gone by now does nothing; the picture already shows that it is gone.
fn note(result: Result<(), Status>) {
    drop(result);
}

/// The stored object, for views and goals.
pub fn find<'a>(session: &'a Session, kind: &'static crate::api::Kind, namespace: &str, name: &str) -> Option<&'a Value> {
    session.cluster().api.get(kind, namespace, name).map(AsRef::as_ref)
}
