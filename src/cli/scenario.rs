//! A scenario's actions on a cluster, and what watches would have reported meanwhile. It does no IO, so that the tests can play it in a browser, too.

use std::collections::BTreeMap;

use podlab::api::kinds::{ENDPOINT_SLICE, EVENT, POD};
use podlab::api::object::{at, bool_at, i64_at, labels, list_at, name, namespace, str_at};
use podlab::api::{Kind, SimTime, Status, Value, json};
use podlab::cluster::apiserver::{Change, DeleteOptions, Key, PatchKind, Verb, WriteOptions};
use podlab::cluster::network::Fault;
use podlab::cluster::{Cluster, Config, PodRef};
use podlab::kubectl::pod_row::pod_row;
use podlab::{manifest, yaml};

/// The cluster stands this long before the first action, so that its own beginnings are over.
const SETTLED: SimTime = SimTime(10_000);

/// How often the watches are read.
const STRETCH_MS: u64 = 10_000;

/// The text of a file of the scenario, by its name.
pub type Read<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

/// What came of a scenario.
pub struct Played {
    /// What watches would have reported, one JSON object a line.
    pub lines: String,
    /// The actions that were refused, and why.
    pub refused: Vec<String>,
}

/// Plays the scenario that `scenario.yaml` describes: the cluster at its end, and what was seen meanwhile.
pub fn play(read: &Read) -> Result<(Cluster, Played), String> {
    let text = read("scenario.yaml")?;
    let tree = yaml::parse(&text, 0).map_err(|e| format!("scenario.yaml: {}", e.message))?;
    let scenario = tree.map_or(Value::Null, |tree| tree.to_value());
    let nodes = i64_at(&scenario, "nodes").and_then(|n| usize::try_from(n).ok()).unwrap_or(2);
    let mut run = Run { cluster: Cluster::new(Config::nodes(nodes)), trace: Trace::default(), read };
    run.cluster.advance_to(SETTLED);
    run.trace.seen = run.cluster.api.resource_version();
    let mut refused = Vec::new();
    for action in list_at(&scenario, "actions") {
        run.advance(SETTLED + millis(at(action, "at")));
        if let Err(error) = run.act(action) {
            refused.push(format!("{action}: {error}"));
        }
        run.trace.collect(&run.cluster);
    }
    run.advance(SETTLED + millis(at(&scenario, "duration")));
    Ok((run.cluster, Played { lines: run.trace.lines, refused }))
}

/// `90s`, `1m30s`, `500ms` as milliseconds.
fn millis(value: Option<&Value>) -> u64 {
    let Some(text) = value.and_then(Value::as_str) else { return 0 };
    let mut total = 0.0;
    let mut rest = text;
    while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let number: f64 = rest[..end].parse().unwrap_or(0.0);
        let unit_end = rest[end..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |i| end + i);
        total += number
            * match &rest[end..unit_end] {
                "ms" => 1.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                _ => 1000.0,
            };
        rest = &rest[unit_end..];
    }
    total as u64
}

struct Run<'a> {
    cluster: Cluster,
    trace: Trace,
    read: &'a Read<'a>,
}

impl Run<'_> {
    /// Up to the moment of the next action, but not into it; in stretches that are short enough for the journal to hold what happens in one.
    fn advance(&mut self, until: SimTime) {
        while self.cluster.now() < until {
            self.cluster.advance_before(until.min(self.cluster.now() + STRETCH_MS));
            self.trace.collect(&self.cluster);
        }
    }

    fn act(&mut self, action: &Value) -> Result<(), String> {
        let map = action.as_object().ok_or("an action is a mapping")?;
        let (verb, target) = map.iter().find(|(key, _)| *key != "at").ok_or("an action says what to do")?;
        let done = match verb.as_str() {
            "apply" => return self.apply(target.as_str().unwrap_or("")),
            "delete" => self.delete(target),
            "exec" => self.exec(target),
            "patch" => {
                let how = PatchKind::Strategic;
                let subresource = match str_at(target, "subresource") {
                    Some("resize") => "resize",
                    Some("status") => "status",
                    Some("ephemeralcontainers") => "ephemeralcontainers",
                    None => "",
                    Some(other) => return Err(format!("there is no subresource {other:?} to patch")),
                };
                self.patch(target, target.get("patch").unwrap_or(&Value::Null), how, subresource)
            }
            "scale" => self.patch(target, &json!({"spec": {"replicas": target.get("replicas")}}), PatchKind::Merge, ""),
            "label" => self.patch(target, &json!({"metadata": {"labels": target.get("labels")}}), PatchKind::Merge, ""),
            "taint" => self.taint(target),
            "cordon" | "uncordon" => self.patch(target, &json!({"spec": {"unschedulable": verb == "cordon"}}), PatchKind::Merge, ""),
            "kubelet" => self.cluster.set_kubelet_stopped(str_at(target, "node").unwrap_or(""), bool_at(target, "stopped") == Some(true)),
            "network" => {
                let fault = match (bool_at(target, "drop"), i64_at(target, "delayMs")) {
                    (Some(true), _) => Some(Fault::Drop),
                    (_, Some(ms)) => Some(Fault::Delay(ms.unsigned_abs())),
                    _ => None,
                };
                self.cluster.set_network_fault(str_at(target, "on").unwrap_or(""), fault)
            }
            "write" | "remove" => {
                let text = str_at(target, "file").map(|file| (self.read)(file)).transpose()?;
                let node = str_at(target, "node").unwrap_or("");
                self.cluster.write_node_file(node, str_at(target, "path").unwrap_or(""), text.as_deref())
            }
            other => return Err(format!("there is no action {other:?}")),
        };
        done.map_err(Status::into_message)
    }

    /// Every document of a file: made, or patched where it is there already.
    fn apply(&mut self, file: &str) -> Result<(), String> {
        let text = (self.read)(file)?;
        let mut refused = Vec::new();
        for document in manifest::read_documents(&text, file)? {
            let value = document.value;
            let kind = Kind::find(str_at(&value, "apiVersion").unwrap_or(""), str_at(&value, "kind").unwrap_or("")).ok_or("an unknown kind")?;
            let space = if namespace(&value).is_empty() { "default" } else { namespace(&value) }.to_owned();
            let key = Key::new(kind, &space, name(&value));
            let options =
                WriteOptions { field_manager: "kubectl-client-side-apply".into(), root: Some(document.root.into_node()), ..WriteOptions::default() };
            let result = self.cluster.request(|api, caller| {
                if api.get(kind, &space, &key.name).is_some() {
                    api.patch(caller, &key, &value, PatchKind::Strategic, &options)
                } else {
                    api.create(caller, kind, &space, value, &options)
                }
            });
            // Like kubectl: the other documents are sent all the same.
            if let Err(status) = result {
                refused.push(status.into_message());
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused.join("\n")) }
    }

    /// `{KIND: NAME, …}` → which object. Names that a controller made up are written `web-<hash1>-<id1>`.
    fn target(&self, target: &Value) -> Result<Key, Status> {
        let entry = target.as_object().into_iter().flatten().find_map(|(key, value)| Some((Kind::by_name(key)?, value.as_str()?)));
        let (kind, written) = entry.ok_or_else(|| Status::new(400, "BadRequest", "no kind"))?;
        Ok(Key::new(kind, "default", &self.trace.real_name(written)))
    }

    fn delete(&mut self, target: &Value) -> Result<(), Status> {
        let key = self.target(target)?;
        let force = bool_at(target, "force") == Some(true);
        let grace_seconds = if force { Some(0) } else { i64_at(target, "gracePeriod") };
        let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
        self.cluster.request(|api, caller| api.delete(caller, &key, options)).map(|_| ())
    }

    fn exec(&mut self, target: &Value) -> Result<(), Status> {
        let pod = self.trace.real_name(str_at(target, "pod").unwrap_or(""));
        let command: Vec<String> = list_at(target, "command").iter().filter_map(|c| Some(c.as_str()?.to_owned())).collect();
        let pod = PodRef { namespace: "default", name: &pod };
        self.cluster.exec(pod, str_at(target, "container").unwrap_or(""), &command, Some("")).map(|_| ())
    }

    fn patch(&mut self, target: &Value, patch: &Value, how: PatchKind, subresource: &'static str) -> Result<(), Status> {
        let key = self.target(target)?;
        let options = WriteOptions { field_manager: "kubectl-edit".into(), subresource, ..WriteOptions::default() };
        self.cluster.request(|api, caller| api.patch(caller, &key, patch, how, &options)).map(|_| ())
    }

    fn taint(&mut self, target: &Value) -> Result<(), Status> {
        let key = self.target(target)?;
        let node = self.cluster.api.get(key.kind, "", &key.name).cloned().ok_or_else(|| Status::not_found("nodes", &key.name))?;
        let taint = str_at(target, "key").unwrap_or("");
        let mut taints: Vec<Value> = list_at(&node, "spec.taints").iter().filter(|t| str_at(t, "key") != Some(taint)).cloned().collect();
        if let Some(effect) = str_at(target, "effect") {
            let mut new = json!({"key": taint, "effect": effect});
            if let Some(value) = target.get("value") {
                new["value"] = value.clone();
            }
            taints.push(new);
        }
        self.patch(target, &json!({"spec": {"taints": taints}}), PatchKind::Merge, "")
    }
}

/// What was reported so far.
#[derive(Default)]
struct Trace {
    lines: String,
    /// The last resourceVersion that was looked at.
    seen: u64,
    rows: BTreeMap<String, Value>,
    statuses: BTreeMap<String, Value>,
    slices: BTreeMap<(String, String), Value>,
    endpoints: BTreeMap<String, Value>,
    /// `<hash1>` → the hash, `<id1>` → the letters, in order of appearance.
    made: BTreeMap<String, String>,
}

impl Trace {
    fn collect(&mut self, cluster: &Cluster) {
        for change in cluster.api.changes_since(self.seen) {
            let t = change.at.since(SETTLED);
            if change.key.kind == POD {
                self.pod(change, t);
            } else if change.key.kind == EVENT {
                self.event(change, t);
            } else if change.key.kind == ENDPOINT_SLICE {
                self.endpoint_slice(change, t);
            }
        }
        self.seen = cluster.api.resource_version();
    }

    fn print(&mut self, t: u64, what: &str, value: Value) {
        self.lines.push_str(&json!({"t": t, what: value}).to_string());
        self.lines.push('\n');
    }

    fn pod(&mut self, change: &Change, t: u64) {
        let (pod, key) = (&change.object, change.key.name.clone());
        if change.verb == Verb::Added {
            self.note_made_name(pod);
        }
        let row = pod_row(pod);
        let mut row = json!({"pod": key, "ready": row.ready, "status": row.status, "restarts": row.restarts.to_string()});
        if change.verb == Verb::Deleted {
            row["deleted"] = json!(true);
        }
        if self.rows.get(&key) != Some(&row) {
            self.rows.insert(key.clone(), row.clone());
            self.print(t, "row", row);
        }
        if change.verb == Verb::Deleted {
            self.statuses.remove(&key);
            return;
        }
        let mut status = at(pod, "status").cloned().unwrap_or_else(|| json!({}));
        relative(&mut status, "");
        status["pod"] = json!(key);
        if let Some(node) = str_at(pod, "spec.nodeName") {
            status["node"] = json!(node);
        }
        if self.statuses.get(&key) != Some(&status) {
            self.statuses.insert(key, status.clone());
            self.print(t, "status", status);
        }
    }

    fn event(&mut self, change: &Change, t: u64) {
        let event = &change.object;
        let kind = str_at(event, "involvedObject.kind").unwrap_or("").to_ascii_lowercase();
        if change.verb == Verb::Deleted || kind == "node" {
            return;
        }
        let component = str_at(event, "source.component").filter(|c| !c.is_empty()).or_else(|| str_at(event, "reportingComponent")).unwrap_or("");
        let from = match str_at(event, "source.host").filter(|h| !h.is_empty()) {
            Some(host) => format!("{component}/{host}"),
            None => component.to_owned(),
        };
        let count = i64_at(event, "count").or_else(|| i64_at(event, "series.count")).unwrap_or(1).max(1);
        let mut line = json!({
            "object": format!("{kind}/{}", str_at(event, "involvedObject.name").unwrap_or("")),
            "type": str_at(event, "type"), "reason": str_at(event, "reason"), "message": str_at(event, "message"),
            "count": count, "from": from,
        });
        if let Some(field) = str_at(event, "involvedObject.fieldPath").filter(|f| !f.is_empty()) {
            line["field"] = json!(field);
        }
        self.print(t, "event", line);
    }

    fn endpoint_slice(&mut self, change: &Change, t: u64) {
        let slice = &change.object;
        let Some(service) = labels(slice).and_then(|l| l.get("kubernetes.io/service-name")).and_then(Value::as_str) else { return };
        let key = (service.to_owned(), change.key.name.clone());
        if change.verb == Verb::Deleted {
            self.slices.remove(&key);
        } else {
            self.slices.insert(key, (**slice).clone());
        }
        let (mut ready, mut not_ready, mut terminating) = (Vec::new(), Vec::new(), Vec::new());
        let slices = self.slices.iter().filter(|((of, _), _)| of == service).flat_map(|(_, slice)| list_at(slice, "endpoints"));
        for endpoint in slices {
            let pod = str_at(endpoint, "targetRef.name").unwrap_or("").to_owned();
            if bool_at(endpoint, "conditions.terminating") == Some(true) {
                terminating.push(pod);
            } else if bool_at(endpoint, "conditions.ready") == Some(true) {
                ready.push(pod);
            } else {
                not_ready.push(pod);
            }
        }
        for list in [&mut ready, &mut not_ready, &mut terminating] {
            list.sort();
            list.dedup();
        }
        let line = json!({"service": service, "ready": ready, "notReady": not_ready, "terminating": terminating});
        if self.endpoints.get(service) != Some(&line) {
            self.endpoints.insert(service.to_owned(), line.clone());
            self.print(t, "endpoints", line);
        }
    }

    /// Counts the hashes and random letters of names that controllers made up, in order of appearance.
    fn note_made_name(&mut self, pod: &Value) {
        let Some(owner) = list_at(pod, "metadata.ownerReferences").iter().find(|o| bool_at(o, "controller") == Some(true)) else { return };
        if !matches!(str_at(owner, "kind"), Some("ReplicaSet" | "DaemonSet" | "Job" | "ReplicationController")) {
            return;
        }
        let number = |prefix: &str, made: &BTreeMap<String, String>| made.keys().filter(|k| k.starts_with(prefix)).count() + 1;
        if let Some(hash) = labels(pod).and_then(|l| l.get("pod-template-hash")).and_then(Value::as_str)
            && !self.made.values().any(|v| v == hash)
        {
            let mark = format!("<hash{}>", number("<hash", &self.made));
            self.made.insert(mark, hash.to_owned());
        }
        if let Some((_, letters)) = name(pod).rsplit_once('-') {
            let mark = format!("<id{}>", number("<id", &self.made));
            self.made.insert(mark, letters.to_owned());
        }
    }

    fn real_name(&self, written: &str) -> String {
        self.made.iter().fold(written.to_owned(), |name, (mark, real)| name.replace(mark, real))
    }
}

/// Clock times become milliseconds since the first action, addresses and ids what they are in a recording.
fn relative(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| !value.is_null() && key != "lastProbeTime");
            for (key, value) in map.iter_mut() {
                relative(value, key);
            }
        }
        Value::Array(items) => {
            for item in items {
                relative(item, key);
            }
        }
        Value::String(text) => match key {
            "startTime" | "lastTransitionTime" | "startedAt" | "finishedAt" if text.starts_with("1970-") => *value = json!("epoch"),
            "startTime" | "lastTransitionTime" | "startedAt" | "finishedAt" => {
                if let Some(time) = SimTime::parse(text) {
                    *value = json!(time.millis() as i64 - SETTLED.millis() as i64);
                }
            }
            "podIP" | "hostIP" | "ip" => *value = json!("<ip>"),
            "containerID" => *value = json!("containerd://<id>"),
            "imageID" if !text.is_empty() => *value = json!("<id>"),
            _ => {}
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
