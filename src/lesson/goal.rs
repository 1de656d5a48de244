//! What must hold for a step to be done: a predicate over facts, never over typed text or pressed buttons.

use crate::api::order::SortedMap;

use crate::api::{Kind, SimTime, Value, object};
use crate::cluster::log::{Entry, Fact, ProbeKind};
use crate::cluster::{Cluster, PodRef};
use crate::manifest::Source;

/// A row of `kubectl get pods`, as the learner would see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub ready: String,
    pub status: String,
    pub restarts: i64,
}

/// Everything that a goal may look at.
pub struct Evidence<'a> {
    pub cluster: &'a Cluster,
    /// The rows of all Pods in `default`, by name.
    pub rows: SortedMap<String, Row>,
    /// The editor's own tree.
    pub source: &'a Source,
    /// When the step began, and how many log entries there were: older facts do not count.
    pub began: SimTime,
    pub since: usize,
    /// What the terminal has printed since then: output of commands, not what was typed.
    pub printed: Vec<&'a str>,
    /// The learner's answer to the step's question, if given.
    pub answer: Option<&'a str>,
}

/// One condition. Pods are those of the namespace `default`.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    All(Vec<Goal>),
    Any(Vec<Goal>),
    Not(Box<Goal>),
    /// The step's question is answered (rightly or not).
    Answered {},
    /// The Pod is in the API server.
    PodExists {
        pod: String,
    },
    /// The STATUS column says this.
    PodStatus {
        pod: String,
        status: String,
    },
    /// The READY column says this (`1/1`).
    PodReady {
        pod: String,
        ready: String,
    },
    /// The RESTARTS column is at least this.
    Restarts {
        pod: String,
        at_least: i64,
    },
    /// The Pod has not been restarted and has been running for so long.
    RunsSteadily {
        pod: String,
        seconds: u64,
    },
    /// An object of this kind is in the API server.
    Exists {
        kind: String,
        name: String,
    },
    /// A field of an object in the API server (of `default`, where its kind has namespaces); without `equals`, that it is there at all.
    Field {
        kind: String,
        name: String,
        path: String,
        equals: Option<Value>,
    },
    /// The terminal printed this since the step began, whichever command asked for it.
    Printed {
        contains: String,
    },
    /// The object was written so often since the step began; `verb` is `created`, `updated` or `deleted`.
    Stored {
        verb: String,
        kind: String,
        name: String,
        at_least: usize,
    },
    /// An Event came (or was counted on) since the step began.
    Event {
        object: String,
        reason: String,
        at_least: usize,
    },
    /// Probe attempts since the step began.
    Probed {
        pod: String,
        kind: Probe,
        ok: bool,
        at_least: usize,
    },
    /// A container ended with this code since the step began.
    Exited {
        pod: String,
        container: String,
        exit_code: i32,
    },
    /// A process wanted a port that another container of the Pod has.
    PortTaken {
        pod: String,
        port: u16,
    },
    /// A container of the Pod listens on the port.
    Listens {
        pod: String,
        container: String,
        port: u16,
    },
    /// A request was answered since the step began. `to` is an address's end (`:6379`) or the whole destination; `answer` a part of the answer;
    /// `from` the end of the asker's name (`pod/default/web`).
    Requested {
        to: String,
        from: String,
        answer: String,
        at_least: usize,
    },
    /// A container's output holds this, in any of its instances since the step began.
    Output {
        pod: String,
        container: String,
        contains: String,
    },
    /// A file is (or with `present: false` is not) on a node.
    NodeFile {
        node: String,
        path: String,
        present: bool,
    },
    /// A file on a node holds this text.
    NodeFileHolds {
        node: String,
        path: String,
        contains: String,
    },
    /// The Pod in the API server is the mirror of a static one.
    Mirror {
        pod: String,
    },
    /// The runtime of the node runs this container, whatever the API server knows.
    RunsOnNode {
        pod: String,
        container: String,
    },
    ApiServerStopped {
        stopped: bool,
    },
    /// A field of the editor's text; without `equals`, that it is there at all.
    Manifest {
        path: String,
        equals: Option<Value>,
    },
    /// Virtual time since the step began.
    Elapsed {
        seconds: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    Startup,
    Readiness,
    Liveness,
}

impl Goal {
    pub fn holds(&self, evidence: &Evidence<'_>) -> bool {
        let row = |pod: &str| evidence.rows.get(pod);
        let cluster = evidence.cluster;
        match self {
            Self::All(goals) => goals.iter().all(|g| g.holds(evidence)),
            Self::Any(goals) => goals.iter().any(|g| g.holds(evidence)),
            Self::Not(goal) => !goal.holds(evidence),
            Self::Answered {} => evidence.answer.is_some(),
            Self::PodExists { pod } => row(pod).is_some(),
            Self::PodStatus { pod, status } => row(pod).is_some_and(|r| r.status == *status),
            Self::PodReady { pod, ready } => row(pod).is_some_and(|r| r.ready == *ready),
            Self::Restarts { pod, at_least } => row(pod).is_some_and(|r| r.restarts >= *at_least),
            Self::RunsSteadily { pod, seconds } => {
                row(pod).is_some_and(|r| r.status == "Running" && r.restarts == 0)
                    && started(cluster, pod).is_some_and(|at| cluster.now().since(at) >= seconds * 1000)
            }
            Self::Exists { kind, name } => Kind::by_name(kind).is_some_and(|k| cluster.api.get(k, "default", name).is_some()),
            Self::Field { kind, name, path, equals } => {
                let stored = Kind::by_name(kind).and_then(|k| cluster.api.get(k, if k.namespaced { "default" } else { "" }, name));
                stored.and_then(|o| object::at(o, path)).is_some_and(|found| equals.as_ref().is_none_or(|wanted| found == wanted))
            }
            Self::Printed { contains } => evidence.printed.iter().any(|text| text.contains(contains.as_str())),
            Self::Stored { verb, kind, name, at_least } => {
                let object =
                    if Kind::by_name(kind).is_some_and(|k| k.namespaced) { format!("{kind}/default/{name}") } else { format!("{kind}//{name}") };
                evidence.count(|f| matches!(f, Fact::Stored { verb: v, object: o, .. } if v == verb && *o == object)) >= *at_least
            }
            Self::Event { object, reason, at_least } => {
                let plain = |o: &str| o.replacen("/default/", "/", 1);
                evidence.count(|f| matches!(f, Fact::EventRecorded { object: o, reason: r, .. } if plain(o) == *object && r == reason)) >= *at_least
            }
            Self::Probed { pod, kind, ok, at_least } => {
                let wanted = match kind {
                    Probe::Startup => ProbeKind::Startup,
                    Probe::Readiness => ProbeKind::Readiness,
                    Probe::Liveness => ProbeKind::Liveness,
                };
                let full = format!("default/{pod}");
                evidence.count(|f| matches!(f, Fact::Probed { container, kind, ok: o, .. } if *kind == wanted && o == ok && *container.pod == *full))
                    >= *at_least
            }
            Self::Exited { pod, container, exit_code } => {
                let full = format!("default/{pod}");
                let is = |f: &Fact| matches!(f, Fact::ContainerExited { container: c, exit_code: e, .. } if e == exit_code && *c.pod == *full && *c.container == **container);
                evidence.count(is) >= 1
            }
            Self::PortTaken { pod, port } => {
                let full = format!("default/{pod}");
                evidence.count(|f| matches!(f, Fact::PortTaken { container, port: p } if p == port && *container.pod == *full)) >= 1
            }
            Self::Listens { pod, container, port } => cluster
                .container(PodRef { namespace: "default", name: pod }, container, false)
                .is_some_and(|c| c.listening.iter().any(|(_, p)| p == port)),
            Self::Requested { to, from, answer, at_least } => {
                let is = |f: &Fact| matches!(f, Fact::Request { from: asker, destination, answer: a, .. } if destination.ends_with(to.as_str()) && asker.ends_with(from.as_str()) && a.contains(answer.as_str()));
                evidence.count(is) >= *at_least
            }
            Self::Output { pod, container, contains } => {
                let full = format!("default/{pod}");
                let is = |f: &Fact| matches!(f, Fact::Output { container: c, line, .. } if *c.pod == *full && *c.container == **container && line.contains(contains.as_str()));
                evidence.count(is) >= 1
            }
            Self::NodeFile { node, path, present } => file(cluster, node, path).is_some() == *present,
            Self::NodeFileHolds { node, path, contains } => file(cluster, node, path).is_some_and(|text| text.contains(contains.as_str())),
            Self::Mirror { pod } => cluster
                .api
                .get(crate::api::kinds::POD, "default", pod)
                .and_then(|p| object::map_at(p, "metadata.annotations"))
                .is_some_and(|a| a.contains_key("kubernetes.io/config.mirror")),
            Self::RunsOnNode { pod, container } => started_container(cluster, pod, container).is_some(),
            Self::ApiServerStopped { stopped } => cluster.api.is_stopped() == *stopped,
            Self::Manifest { path, equals } => evidence.source.documents.iter().any(|d| {
                let found = object::at(d.value(), path);
                found.is_some() && equals.as_ref().is_none_or(|wanted| found == Some(wanted))
            }),
            Self::Elapsed { seconds } => cluster.now().since(evidence.began) >= seconds * 1000,
        }
    }
}

impl Evidence<'_> {
    /// How many facts since the step began are such.
    fn count(&self, is: impl Fn(&Fact) -> bool) -> usize {
        self.cluster.log().since(self.since).filter(|Entry { fact, .. }| is(fact)).count()
    }
}

/// When the Pod's container that started last did so; `None` unless all run.
fn started(cluster: &Cluster, pod: &str) -> Option<SimTime> {
    let object = cluster.api.get(crate::api::kinds::POD, "default", pod)?;
    let names = object::list_at(object, "spec.containers").iter().filter_map(|c| object::str_at(c, "name"));
    names.map(|name| started_container(cluster, pod, name)).collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn started_container(cluster: &Cluster, pod: &str, container: &str) -> Option<SimTime> {
    match cluster.container(PodRef { namespace: "default", name: pod }, container, false)?.state {
        crate::cluster::runtime::State::Running { started_at } => Some(started_at),
        _ => None,
    }
}

fn file<'a>(cluster: &'a Cluster, node: &str, path: &str) -> Option<&'a str> {
    cluster.kubelet(node)?.files().get(path).map(String::as_str)
}
