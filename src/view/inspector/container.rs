//! A container: its state and the one before, its image, probes, resources, mounts, variables, log.

use super::{Action, Alert, Details, Rows, Section, blank, clock_at, events, log_lines, namespace_flag, plain, split, text_at};
use crate::api::{Value, kinds, object};
use crate::cluster::PodRef;
use crate::cluster::runtime::ContainerRecord;
use crate::session::Session;
use crate::view::Target;
use crate::view::history::{self, History};
use crate::view::saying::Saying;
use crate::view::scene::{self, Tone};

const PROBES: [(&str, &str, usize); 3] = [("startup", "startupProbe", 0), ("readiness", "readinessProbe", 1), ("liveness", "livenessProbe", 2)];

pub fn details(session: &Session, target: &Target, pod_id: &str, container: &str) -> Option<Details> {
    let (namespace, name) = split(pod_id);
    let cluster = session.cluster();
    let record = cluster.container(PodRef { namespace, name }, container, false);
    let empty = Value::Null;
    let object = cluster.api.get(kinds::POD, namespace, name).map_or(&empty, |p| p);
    let found = scene::containers(object).find(|(c, _)| object::str_at(c, "name") == Some(container));
    if found.is_none() && record.is_none() {
        return None;
    }
    let (spec, role) = found.unwrap_or((&empty, scene::Role::Main));
    let status = scene::status_of(object, container);
    let mut details = blank(target, kind(role), container);
    let card = history::with(session, |history| {
        details.sections.extend(probes(spec, history, pod_id, container, session));
        scene::card_of(session, history, pod_id, spec, status, record, role)
    });
    details.mood = Some(card.0);
    details.state = Some(card.1);
    let waiting = status.and_then(|s| object::str_at(s, "state.waiting.message")).unwrap_or("");
    if !waiting.is_empty() {
        details.alert = Some(Alert { bad: true, words: waiting.into() });
    }
    details.sections.splice(0..0, state(status, record, spec));
    details.sections.extend(resources(spec, record));
    details.sections.extend(mounts(spec));
    details.sections.extend(environment(spec, record));
    details.log = record.map(log_lines);
    details.events = events(session, "Pod", namespace, name, Some(container));
    details.links.push((Saying::with("pic-pod", &[name]), Target::Pod(pod_id.into())));
    let (namespace, pod, container) = (namespace.to_owned(), name.to_owned(), container.to_owned());
    if card.0.icon == scene::Icon::BackOff || card.0.tone == Tone::Failed {
        let unknown =
            status.and_then(|s| object::str_at(s, "state.waiting.reason")).is_some_and(|r| matches!(r, "ErrImagePull" | "ImagePullBackOff"));
        if unknown {
            details.actions.push(Action::DescribeImage { image: text_at(spec, "image") });
        }
    }
    let running = record.is_some_and(|r| matches!(r.state, crate::cluster::runtime::State::Running { .. }));
    if running {
        details.actions.push(Action::OpenShell { namespace: namespace.clone(), pod: pod.clone(), container: container.clone() });
    }
    let flag = namespace_flag(&namespace);
    let log = format!("kubectl logs {pod}{flag} -c {container}");
    details.actions.push(Action::Run { command: log.clone() });
    if record.is_some_and(|r| r.config.attempt > 0) {
        details.actions.push(Action::Run { command: format!("{log} --previous") });
    }
    if running {
        let url = first_url(record);
        details.actions.push(Action::Request { namespace: namespace.clone(), pod: pod.clone(), container: container.clone(), url });
        details.actions.push(Action::Break { namespace: namespace.clone(), pod: pod.clone(), container });
    }
    if object::at(object, "metadata").is_some() {
        details.actions.push(Action::DeletePod { namespace, pod });
    }
    Some(details)
}

fn kind(role: scene::Role) -> &'static str {
    match role {
        scene::Role::Main => "ins-kind-container",
        scene::Role::Init => "ins-kind-init",
        scene::Role::Sidecar => "ins-kind-sidecar",
        scene::Role::Ephemeral => "ins-kind-ephemeral",
    }
}

/// What is easiest to ask: something on its own localhost.
fn first_url(record: Option<&ContainerRecord>) -> String {
    let port = record.and_then(|r| r.listening.first()).map_or(80, |(_, port)| *port);
    format!("http://localhost:{port}/")
}

fn state(status: Option<&Value>, record: Option<&ContainerRecord>, spec: &Value) -> Vec<Section> {
    let mut rows = Rows::default();
    let image = text_at(spec, "image");
    rows.code("ins-image", if image.is_empty() { record.map(|r| r.config.image.clone()).unwrap_or_default() } else { image });
    if let Some(status) = status {
        rows.words("ins-started-at", clock_at(status, "state.running.startedAt"));
        rows.words("ins-finished-at", clock_at(status, "state.terminated.finishedAt"));
        let ready = object::bool_at(status, "ready").unwrap_or(false);
        rows.toned("ins-ready", ready.to_string(), if ready { Tone::Running } else { Tone::Waiting });
        rows.words("ins-restarts", text_at(status, "restartCount"));
    }
    let command = |path: &str| object::list_at(spec, path).iter().map(plain).collect::<Vec<_>>().join(" ");
    rows.code("ins-command", command("command"));
    rows.code("ins-args", command("args"));
    rows.code("ins-pull-policy", text_at(spec, "imagePullPolicy"));
    if let Some(record) = record {
        let ports: Vec<String> = record.listening.iter().map(|(address, port)| format!("{address}:{port}")).collect();
        rows.code("ins-listens", ports.join(", "));
    }
    let mut sections: Vec<Section> = rows.into_section(None).into_iter().collect();
    let last = status.and_then(|s| object::at(s, "lastState.terminated")).filter(|l| l.is_object());
    if let Some(last) = last {
        let mut rows = Rows::default();
        let code = object::i64_at(last, "exitCode").unwrap_or(0);
        rows.toned("ins-reason", text_at(last, "reason"), if code == 0 { Tone::Done } else { Tone::Failed });
        rows.words("ins-exit-code", code.to_string());
        rows.words("ins-started-at", clock_at(last, "startedAt"));
        rows.words("ins-finished-at", clock_at(last, "finishedAt"));
        rows.words("ins-message", text_at(last, "message"));
        sections.extend(rows.into_section(Some("ins-last-state")));
    }
    sections
}

fn probes(spec: &Value, history: &History, pod: &str, container: &str, session: &Session) -> Option<Section> {
    let mut rows = Rows::default();
    for (kind, field, index) in PROBES {
        let Some(probe) = object::at(spec, field).filter(|p| p.is_object()) else { continue };
        let last = history.track(pod, container).and_then(|t| history::until(&t.probes[index], session.now(), |t| t.at).last());
        let tone = last.map(|t| if t.ok { Tone::Running } else { Tone::Failed });
        let numbers: Vec<String> = ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"]
            .into_iter()
            .filter_map(|name| Some(format!("{name} {}", object::i64_at(probe, name)?)))
            .collect();
        rows.named(Saying::with("pic-say", &[kind]), format!("{} · {}", scene::probe_asks(probe), numbers.join(" · ")), true, tone);
        if let Some(last) = last.filter(|l| !l.message.is_empty()) {
            rows.named(Saying::new("ins-last-answer"), last.message.to_string(), true, tone);
        }
    }
    rows.into_section(Some("ins-probes"))
}

fn resources(spec: &Value, record: Option<&ContainerRecord>) -> Option<Section> {
    let mut rows = Rows::default();
    for what in ["cpu", "memory"] {
        let part = |which: &str| text_at(spec, &format!("resources.{which}.{what}"));
        let (request, limit) = (part("requests"), part("limits"));
        let used = record.filter(|r| matches!(r.state, crate::cluster::runtime::State::Running { .. })).map(|r| match what {
            "cpu" => scene::cpu(r.cpu_milli),
            _ => scene::bytes(r.memory_bytes),
        });
        let used = used.filter(|_| !request.is_empty() || !limit.is_empty() || what == "memory").unwrap_or_default();
        for (label, amount) in [("ins-used", used), ("ins-request", request), ("ins-limit", limit)] {
            rows.named(Saying::with(label, &[what]), amount, true, None);
        }
    }
    rows.into_section(Some("ins-resources"))
}

fn mounts(spec: &Value) -> Option<Section> {
    let mut rows = Rows::default();
    for mount in object::list_at(spec, "volumeMounts") {
        let read_only = if object::bool_at(mount, "readOnly") == Some(true) { " (ro)" } else { "" };
        rows.named(Saying::with("pic-say", &[&text_at(mount, "mountPath")]), format!("{}{read_only}", text_at(mount, "name")), true, None);
    }
    rows.into_section(Some("ins-mounts"))
}

/// As the process sees them, where it runs; else as written.
fn environment(spec: &Value, record: Option<&ContainerRecord>) -> Option<Section> {
    let mut rows = Rows::default();
    for variable in object::list_at(spec, "env").iter().take(30) {
        let name = text_at(variable, "name");
        let resolved = record.and_then(|r| r.config.env.iter().rev().find(|(n, _)| *n == name)).map(|(_, v)| v.clone());
        rows.named(Saying::with("pic-say", &[&name]), resolved.unwrap_or_else(|| text_at(variable, "value")), true, None);
    }
    rows.into_section(Some("ins-env"))
}
