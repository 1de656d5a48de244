//! `kubectl describe`'s texts: what is common to all kinds, and which kind is written where.
//!
//! Models `k8s.io/kubectl/pkg/describe/describe.go`. Text is written with tabs; [`super::table::align`] lays it out.

use crate::api::order::InOrder as _;
mod access;
mod network;
mod node;
mod pod;
mod scaling;
mod service;
mod small;
mod workload;

pub use pod::template as pod_template;

use super::duration::{rfc1123, since};
use super::env::Env;
use super::table;
use crate::api::object::{at, i64_at, list_at, map_at, name, namespace, str_at, uid};
use crate::api::{Kind, SimTime, Value, kinds};

/// Text with indents, as describe's prefix writer makes it.
#[derive(Default)]
pub struct Page {
    pub text: String,
    /// Where the block of events begins: it is laid out for itself.
    events_at: Option<usize>,
}

impl Page {
    /// A line, indented by `level` times two blanks; `\t` ends a cell.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.text.extend(std::iter::repeat_n("  ", level));
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    pub fn field(&mut self, level: usize, name: &str, value: impl AsRef<str>) {
        self.line(level, format!("{name}:\t{}", value.as_ref()));
    }

    /// `Labels:` and their like: one a line, `<none>` without any.
    pub fn pairs(&mut self, level: usize, title: &str, o: &Value, path: &str) {
        let all: Vec<String> = map_at(o, path).into_iter().flatten().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect();
        self.lines(level, title, &all);
    }

    /// A title with its first value beside it and the others below.
    pub fn lines(&mut self, level: usize, title: &str, values: &[String]) {
        let mut values = values.iter();
        self.field(level, title, values.next().map_or("<none>", String::as_str));
        // Without the indent, as `printLabelsMultiline` writes it: `rollout history` shows the tabs as they are.
        for value in values {
            self.line(0, format!("\t{value}"));
        }
    }

    pub fn annotations(&mut self, level: usize, o: &Value, path: &str) {
        const LONGEST: usize = 140;
        let hidden = "kubectl.kubernetes.io/last-applied-configuration";
        let all: Vec<(&String, &str)> =
            map_at(o, path).into_iter().flatten().filter(|(k, _)| *k != hidden).map(|(k, v)| (k, v.as_str().unwrap_or(""))).collect();
        if all.is_empty() {
            self.field(level, "Annotations", "<none>");
        }
        for (i, (key, value)) in all.into_iter().enumerate() {
            let head = if i == 0 { "Annotations:\t" } else { "\t" };
            let value = value.trim_end_matches('\n');
            if value.len() + key.len() + 2 > LONGEST || value.contains('\n') {
                self.line(level, format!("{head}{key}:"));
                for part in value.split('\n') {
                    let short: String = part.chars().take(LONGEST - 2).collect();
                    let dots = if short.len() < part.len() { "..." } else { "" };
                    self.line(level, format!("\t  {short}{dots}"));
                }
            } else {
                self.line(level, format!("{head}{key}: {value}"));
            }
        }
    }

    /// The Events block of an object.
    pub fn events(&mut self, o: &Value, kind: &Kind, env: &Env) {
        let events = events_of(o, kind, env);
        if events.is_empty() {
            return self.field(0, "Events", "<none>");
        }
        self.events_at = Some(self.text.len());
        self.line(0, "Events:");
        self.line(1, "Type\tReason\tAge\tFrom\tMessage");
        self.line(1, "----\t------\t----\t----\t-------");
        for event in events {
            let text = |path| str_at(&event, path).unwrap_or("");
            let field = text("involvedObject.fieldPath");
            let message = text("message").trim();
            let message = if field.is_empty() { message.to_owned() } else { format!("{field}: {message}") };
            let from = if text("source.component").is_empty() { text("reportingComponent") } else { text("source.component") };
            self.line(1, format!("{}\t{}\t{}\t{from}\t{message}", text("type"), text("reason"), interval(&event, env.now())));
        }
    }

    /// The text as it is printed.
    pub fn finish(self) -> String {
        let (head, events) = self.text.split_at(self.events_at.unwrap_or(self.text.len()));
        table::align(head, table::DESCRIBE) + &table::align(events, table::DESCRIBE)
    }
}

/// `6s (x2 over 6s)`
pub fn interval(event: &Value, now: SimTime) -> String {
    let first = since(str_at(event, "firstTimestamp").or(str_at(event, "eventTime")), now);
    let series = i64_at(event, "series.count").map(|n| (n, str_at(event, "series.lastObservedTime")));
    let counted = i64_at(event, "count").filter(|n| *n > 1).map(|n| (n, str_at(event, "lastTimestamp")));
    match series.or(counted) {
        Some((count, last)) => format!("{} (x{count} over {first})", since(last, now)),
        None => first,
    }
}

/// When an event was last seen, for sorting.
pub fn last_seen(event: &Value) -> Option<SimTime> {
    ["series.lastObservedTime", "lastTimestamp", "eventTime", "firstTimestamp"].iter().find_map(|path| str_at(event, path).and_then(SimTime::parse))
}

pub fn events_of(o: &Value, kind: &Kind, env: &Env) -> Vec<Value> {
    let space = if kind.namespaced { namespace(o) } else { "default" };
    let about = |e: &&std::rc::Rc<Value>| {
        str_at(e, "involvedObject.name") == Some(name(o))
            && str_at(e, "involvedObject.kind") == Some(kind.kind)
            && (str_at(e, "involvedObject.uid").is_none_or(|u| u == uid(o)) || kind.kind == "Node")
    };
    let mut events: Vec<Value> = env.cluster.api.list(kinds::EVENT, Some(space)).filter(about).map(|e| e.as_ref().clone()).collect();
    // Events without a last time (the scheduler's) come first, as in Go's zero time.
    events.order_by_key(|e| (str_at(e, "lastTimestamp").and_then(SimTime::parse).map(SimTime::secs), last_seen(e)));
    events
}

pub fn time(o: &Value, path: &str) -> String {
    str_at(o, path).map(rfc1123).unwrap_or_default()
}

fn text<'a>(o: &'a Value, path: &str) -> &'a str {
    str_at(o, path).unwrap_or("")
}

fn truth(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

/// Name, Namespace, Labels, Annotations: how most pages begin.
fn head(page: &mut Page, o: &Value, kind: &Kind) {
    page.field(0, "Name", name(o));
    if kind.namespaced {
        page.field(0, "Namespace", namespace(o));
    }
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
}

/// The page of an object.
pub fn describe(kind: &'static Kind, o: &Value, show_events: bool, env: &Env) -> String {
    let mut page = Page::default();
    let events = match kind.kind {
        "Pod" => pod::describe(&mut page, o, env),
        "Node" => node::describe(&mut page, o, env),
        "Service" => service::describe(&mut page, o, env),
        "Endpoints" => service::endpoints(&mut page, o),
        "EndpointSlice" => service::slice(&mut page, o),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" | "ReplicationController" => {
            workload::describe(&mut page, kind, o, env)
        }
        "HorizontalPodAutoscaler" => scaling::autoscaler(&mut page, o),
        "PodDisruptionBudget" => scaling::budget(&mut page, o),
        "PersistentVolumeClaim" => scaling::claim(&mut page, o, env),
        "PersistentVolume" => network::volume(&mut page, o),
        "Ingress" => network::ingress(&mut page, o, env),
        "NetworkPolicy" => network::policy(&mut page, o),
        "IngressClass" => network::class(&mut page, o),
        "Role" | "ClusterRole" => access::role(&mut page, o),
        "RoleBinding" | "ClusterRoleBinding" => access::binding(&mut page, o),
        _ => small::describe(&mut page, kind, o, env),
    };
    if events && show_events {
        page.events(o, kind, env);
    }
    page.finish()
}

/// Conditions with their reasons, as workloads show them.
fn conditions(page: &mut Page, o: &Value) {
    let all = list_at(o, "status.conditions");
    if !all.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason");
        page.line(1, "----\t------\t------");
        for c in all {
            page.line(1, format!("{} \t{}\t{}", text(c, "type"), text(c, "status"), text(c, "reason")));
        }
    }
}

fn controlled_by(page: &mut Page, o: &Value) {
    let owner = list_at(o, "metadata.ownerReferences").iter().find(|r| truth(at(r, "controller")));
    if let Some(owner) = owner {
        page.field(0, "Controlled By", format!("{}/{}", text(owner, "kind"), text(owner, "name")));
    }
}
