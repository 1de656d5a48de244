//! The details of one shape: what is known of it, and what can be done to it.

use crate::api::order::InOrder as _;
mod container;
mod node;
mod pod;

use super::Target;
use super::history::{self, Mark};
use super::saying::Saying;
use super::scene::{Mood, Tone};
use crate::api::{SimTime, Value, kinds, object};
use crate::cluster::log::Stream;
use crate::cluster::network;
use crate::session::Session;

#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    pub target: Target,
    /// What kind of thing it is: `ins-kind-container`, …
    pub kind: Saying,
    pub name: String,
    pub mood: Option<Mood>,
    pub state: Option<Saying>,
    /// What is wrong, in the cluster's own words.
    pub alert: Option<Alert>,
    pub sections: Vec<Section>,
    pub events: Vec<Event>,
    /// The last lines of a container's log; `None` for what has none.
    pub log: Option<Vec<LogLine>>,
    /// Other shapes that belong to it.
    pub links: Vec<(Saying, Target)>,
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub bad: bool,
    pub words: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// `None` for what comes first.
    pub title: Option<Saying>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub label: Saying,
    pub value: String,
    /// Set in the monospaced face.
    pub code: bool,
    pub tone: Option<Tone>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: SimTime,
    pub warning: bool,
    pub reason: String,
    pub message: String,
    pub count: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    pub stderr: bool,
    pub text: String,
}

/// Something that the learner can do. The door gives each its form and its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    OpenShell {
        namespace: String,
        pod: String,
        container: String,
    },
    /// Exit, hang, answer 500, use memory.
    Break {
        namespace: String,
        pod: String,
        container: String,
    },
    Request {
        namespace: String,
        pod: String,
        container: String,
        url: String,
    },
    DeletePod {
        namespace: String,
        pod: String,
    },
    /// The learner says how an image that no registry knows behaves.
    DescribeImage {
        image: String,
    },
    StopKubelet {
        node: String,
        stopped: bool,
    },
    StopApiServer {
        stopped: bool,
    },
    /// Edits a file on a node; a new one where `text` is `None`.
    EditFile {
        node: String,
        path: String,
        text: Option<String>,
    },
    RemoveFile {
        node: String,
        path: String,
    },
    /// What befalls the packets of `node/NAME` or `pod/NAMESPACE/NAME`, and that it may be something else.
    Network {
        on: String,
        now: Option<network::Fault>,
    },
    /// A command for the terminal, shown as it is.
    Run {
        command: String,
    },
}

fn network_action(session: &Session, on: String) -> Action {
    let now = session.cluster().network().fault(&on);
    Action::Network { on, now }
}

/// How many lines and events are shown.
const MOST_LINES: usize = 60;
const MOST_EVENTS: usize = 12;

/// The details of a shape; `None` when it is not there any more.
pub fn build(session: &Session, target: &Target) -> Option<Details> {
    match target {
        Target::Container { pod, container } => container::details(session, target, pod, container),
        Target::Pod(pod) => pod::pod(session, target, pod),
        Target::Localhost(pod) => pod::localhost(session, target, pod),
        Target::Volume { pod, volume } => pod::volume(session, target, pod, volume),
        Target::Service(service) => pod::service(session, target, service),
        Target::Node(name) => node::node(session, target, name),
        Target::Kubelet(name) => node::kubelet(session, target, name),
        Target::File { node, path } => node::file(session, target, node, path),
        Target::Component(name) => Some(node::component(session, target, name)),
        Target::Network => Some(node::network(session, target)),
        Target::Draft(_) => Some(Details { name: String::new(), ..blank(target, "ins-kind-draft", "") }),
        Target::DraftContainer { container, .. } => Some(blank(target, "ins-kind-draft-container", container)),
    }
}

fn blank(target: &Target, kind: &'static str, name: &str) -> Details {
    Details {
        target: target.clone(),
        kind: Saying::new(kind),
        name: name.into(),
        mood: None,
        state: None,
        alert: None,
        sections: Vec::new(),
        events: Vec::new(),
        log: None,
        links: Vec::new(),
        actions: Vec::new(),
    }
}

/// Rows in the making; what is empty is left out.
#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn words(&mut self, label: &'static str, value: impl Into<String>) -> &mut Self {
        self.push(label, value.into(), false, None)
    }

    fn code(&mut self, label: &'static str, value: impl Into<String>) -> &mut Self {
        self.push(label, value.into(), true, None)
    }

    fn toned(&mut self, label: &'static str, value: impl Into<String>, tone: Tone) -> &mut Self {
        self.push(label, value.into(), false, Some(tone))
    }

    fn push(&mut self, label: &'static str, value: String, code: bool, tone: Option<Tone>) -> &mut Self {
        self.named(Saying::new(label), value, code, tone)
    }

    fn named(&mut self, label: Saying, value: String, code: bool, tone: Option<Tone>) -> &mut Self {
        if !value.is_empty() {
            self.0.push(Row { label, value, code, tone });
        }
        self
    }

    fn into_section(self, title: Option<&'static str>) -> Option<Section> {
        (!self.0.is_empty()).then(|| Section { title: title.map(Saying::new), rows: self.0 })
    }
}

/// A value as a person reads it: text without quotes, all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text_at(value: &Value, path: &str) -> String {
    object::at(value, path).filter(|v| !v.is_null()).map(plain).unwrap_or_default()
}

/// `10:32`, or with hours.
fn clock(at: SimTime) -> String {
    let s = at.secs();
    if s >= 3600 { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) } else { format!("{:02}:{:02}", s / 60, s % 60) }
}

fn clock_at(value: &Value, path: &str) -> String {
    object::str_at(value, path).and_then(SimTime::parse).map(clock).unwrap_or_default()
}

/// The Events of an object that the store has, newest first; those of a container where `field` names one.
fn events(session: &Session, kind: &str, namespace: &str, name: &str, container: Option<&str>) -> Vec<Event> {
    let mut events: Vec<Event> = session
        .cluster()
        .api
        .list(kinds::EVENT, Some(if namespace.is_empty() { "default" } else { namespace }))
        .filter(|e| object::str_at(e, "involvedObject.kind") == Some(kind) && object::str_at(e, "involvedObject.name") == Some(name))
        .filter(|e| container.is_none_or(|c| object::str_at(e, "involvedObject.fieldPath").is_some_and(|f| f.ends_with(&format!("{{{c}}}")))))
        .map(|e| Event {
            at: object::str_at(e, "lastTimestamp").or(object::str_at(e, "eventTime")).and_then(SimTime::parse).unwrap_or_default(),
            warning: object::str_at(e, "type") == Some("Warning"),
            reason: text_at(e, "reason"),
            message: text_at(e, "message"),
            count: object::i64_at(e, "count").unwrap_or(1),
        })
        .collect();
    if events.is_empty() && container.is_none() && kind == "Pod" {
        events = from_log(session, &format!("{namespace}/{name}"));
    }
    events.order_by_key(|e| e.at);
    events.reverse();
    events.truncate(MOST_EVENTS);
    events
}

/// Events of a Pod whose objects the store does not have (the API server forgets them with time).
fn from_log(session: &Session, pod: &str) -> Vec<Event> {
    let now = session.now();
    let event = |m: &Mark| Event { at: m.at, warning: m.warning, reason: m.reason.to_string(), message: m.message.to_string(), count: 1 };
    history::with(session, |history| {
        let marks = history.pods.get(pod).map_or(&[][..], |p| history::until(&p.marks, now, |m| m.at));
        marks.iter().rev().take(MOST_EVENTS).map(event).collect()
    })
}

fn log_lines(record: &crate::cluster::runtime::ContainerRecord) -> Vec<LogLine> {
    let from = record.log.end().saturating_sub(MOST_LINES);
    record.log.lines_from(from).map(|l| LogLine { stderr: l.stream == Stream::Stderr, text: l.text.to_owned() }).collect()
}

/// ` -n NAMESPACE` where it is not the default one.
fn namespace_flag(namespace: &str) -> String {
    if namespace == "default" { String::new() } else { format!(" -n {namespace}") }
}

fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or(("default", id))
}
