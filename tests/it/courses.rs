//! What controllers make of a course of commands: each line of `tests/data/controllers/*.jsonl` was recorded from kube-controller-manager 1.36.3 with
//! kubelets that start every Pod after a second. Names that were drawn, uids and times stand as `*`, `<uid>` and `<time>`.

use std::fs;

use podlab::api::object::{bool_at, i64_at, list_at, map_at, name, str_at};
use podlab::api::{Map, SimTime, Value, json};
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::Terminal;

const LOOK: &str = "deploy,rs,sts,ds,job,cronjob,rc,pods,pdb,svc,endpointslices,endpoints,pvc,controllerrevisions,quota";
/// A command takes this long.
const COMMAND_MS: u64 = 150;

#[test]
fn controllers_do_what_was_recorded() {
    let mut files: Vec<_> = fs::read_dir("tests/data/controllers").expect("the folder is there").map(|f| f.expect("it can be read").path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files {
        for line in fs::read_to_string(&file).expect("it is text").lines() {
            let course: Value = podlab::yaml::json_value(line).expect("a course is JSON");
            count += 1;
            check(&course, &mut wrong);
        }
    }
    assert!(count > 0, "there are courses");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(course: &Value, wrong: &mut Vec<String>) {
    let mut cluster = Cluster::new(Config::nodes(2));
    cluster.advance_to(SimTime(30_000));
    let mut terminal = Terminal::default();
    for step in list_at(course, "steps") {
        let wait = match step {
            Value::String(command) => {
                terminal.submit(&format!("kubectl {command}"), &mut cluster);
                COMMAND_MS
            }
            Value::Object(_) => match i64_at(step, "second") {
                Some(second) => (second as u64 * 1000 + 60_000 - cluster.now().0 % 60_000) % 60_000,
                None if step.get("silent").is_some() || step.get("heard").is_some() => {
                    let (verb, node) = if step.get("silent").is_some() { ("stop", "silent") } else { ("start", "heard") };
                    terminal.submit(&format!("ssh {} systemctl {verb} kubelet", str_at(step, node).unwrap_or("")), &mut cluster);
                    COMMAND_MS
                }
                None => {
                    terminal.submit(&format!("kubectl apply -f - <<'EOF'\n{step}\nEOF"), &mut cluster);
                    COMMAND_MS
                }
            },
            seconds => (seconds.as_f64().expect("a wait is a number of seconds") * 1000.0) as u64,
        };
        cluster.advance_to(SimTime(cluster.now().0 + wait));
    }
    let mut list = |what: &str| -> Vec<Value> {
        let before = terminal.output().len();
        terminal.submit(&format!("kubectl get {what} -o json"), &mut cluster);
        let text: String = terminal.output()[before..].iter().skip(1).map(|line| format!("{}\n", line.text)).collect();
        let json = text.find("{\n").map_or("", |at| &text[at..]);
        let list: Value = podlab::yaml::json_value(json).unwrap_or_else(|| panic!("{what} are no JSON: {text}"));
        list_at(&list, "items").to_vec()
    };
    let all = list(&format!("{LOOK}{}", str_at(course, "also").unwrap_or("")));
    let preempts = all.iter().any(|o| str_at(o, "spec.priorityClassName").is_some());
    let mut found: Vec<String> = events(&list("events"), preempts);
    let mut objects: Vec<String> = all.iter().filter_map(shown).map(|o| o.to_string()).collect();
    objects.sort();
    found.extend(objects);
    let mut wanted: Vec<String> = list_at(course, "events").iter().map(Value::to_string).collect();
    let recorded = list_at(course, "objects").iter().flat_map(|o| {
        let mut plain = o.clone();
        let times = plain.as_object_mut().and_then(|o| o.remove("times")).and_then(|n| n.as_i64()).unwrap_or(1);
        (0..times).map(move |_| plain.to_string())
    });
    let mut recorded: Vec<String> = recorded.collect();
    recorded.sort();
    wanted.extend(recorded);
    if found != wanted {
        let only = |mine: &[String], other: &[String], sign: &str| -> String {
            mine.iter().filter(|line| !other.contains(line)).map(|line| format!("\n  {sign} {line}")).collect()
        };
        wrong.push(format!("{}:{}{}", course["name"], only(&wanted, &found, "-"), only(&found, &wanted, "+")));
    }
}

/// The events of controllers, summed up: object, reason (behind `!` a warning's), message, source, how often. Where Pods are preempted, the scheduler's as well.
fn events(events: &[Value], preempts: bool) -> Vec<String> {
    let text = |value: &Value, path: &str| str_at(value, path).unwrap_or("").to_owned();
    let mut sums: Vec<(Vec<String>, i64)> = Vec::new();
    for event in events {
        let kind = text(event, "involvedObject.kind");
        let source = [text(event, "source.component"), text(event, "reportingComponent")].into_iter().find(|s| !s.is_empty()).unwrap_or_default();
        let is_scheduler = source == "default-scheduler";
        let told = preempts && matches!(str_at(event, "reason"), Some("FailedScheduling" | "Preempted"));
        if source == "kubelet" || kind == "PersistentVolume" || (is_scheduler && !told) || (kind == "Node" && source != "taint-eviction-controller") {
            continue;
        }
        // Whether it comes depends on who wakes the Pod meanwhile.
        if text(event, "message").contains("not eligible due to a terminating") {
            continue;
        }
        let mut message = mask(&text(event, "message"));
        // How often these come depends on how fast everything is.
        let reason = text(event, "reason");
        let uncounted = message.contains("exceeded quota") || is_scheduler || source == "persistentvolume-controller" || reason == "UnexpectedJob";
        if message.contains("exceeded quota") {
            message = message.replace("(combined from similar events): ", "");
        }
        let of = format!("{kind}/{}", mask(&text(event, "involvedObject.name")));
        let sign = if text(event, "type") == "Normal" { "" } else { "! " };
        let key = vec![of, format!("{sign}{reason}"), message, source.replace("-controller", "")];
        let count = if uncounted { 0 } else { i64_at(event, "count").unwrap_or(1) };
        match sums.iter_mut().find(|(other, _)| *other == key) {
            Some((_, sum)) => *sum += count,
            None => sums.push((key, count)),
        }
    }
    sums.sort();
    let line = |(key, sum): (Vec<String>, i64)| {
        let mut all: Vec<Value> = key.into_iter().map(Value::from).collect();
        all.push(json!(sum));
        Value::Array(all).to_string()
    };
    sums.into_iter().map(line).collect()
}

/// What is compared of an object; `None` for what every cluster has.
fn shown(object: &Value) -> Option<Value> {
    let kind = str_at(object, "kind").unwrap_or("").to_owned();
    if matches!(kind.as_str(), "Endpoints" | "Service" | "EndpointSlice") && name(object) == "kubernetes" {
        return None;
    }
    if kind == "Namespace" && name(object) != "other" {
        return None;
    }
    let mut out = json!({"kind": kind, "name": mask(name(object))});
    let is_plain = matches!(kind.as_str(), "ConfigMap" | "ServiceAccount");
    for field in ["labels", "annotations"] {
        let all = map_at(object, &format!("metadata.{field}")).map(|map| marks(map, &kind)).unwrap_or_default();
        if !all.is_empty()
            && !is_plain
            && kind != "Node"
            && !(field == "annotations" && matches!(kind.as_str(), "EndpointSlice" | "Endpoints" | "Service"))
        {
            out[field] = Value::Object(all);
        }
    }
    if is_plain || kind == "Service" {
        return Some(out);
    }
    let owner = |r: &Value| {
        let controls = if bool_at(r, "controller") == Some(true) { "" } else { " (no controller)" };
        let blocks = if bool_at(r, "blockOwnerDeletion") == Some(true) { "" } else { " (does not block)" };
        json!(format!("{}/{}{controls}{blocks}", str_at(r, "kind").unwrap_or(""), mask(str_at(r, "name").unwrap_or(""))))
    };
    let owners: Vec<Value> = list_at(object, "metadata.ownerReferences").iter().map(owner).collect();
    if !owners.is_empty() {
        out["owners"] = Value::Array(owners);
    }
    // Podlab's Pods of Jobs have no finalizer.
    let finalizers: Vec<Value> =
        list_at(object, "metadata.finalizers").iter().filter(|f| *f != "batch.kubernetes.io/job-tracking").cloned().collect();
    if !finalizers.is_empty() {
        out["finalizers"] = Value::Array(finalizers);
    }
    if let Some(generation) = i64_at(object, "metadata.generation").filter(|n| *n != 1 && !matches!(kind.as_str(), "EndpointSlice" | "Node")) {
        out["generation"] = json!(generation);
    }
    if str_at(object, "metadata.deletionTimestamp").is_some() {
        out["deleting"] = i64_at(object, "metadata.deletionGracePeriodSeconds").map_or(json!(true), |grace| json!(grace));
    }
    special(&kind, object, &mut out);
    Some(out)
}

/// What is looked at of one kind alone, and the status.
fn special(kind: &str, object: &Value, out: &mut Value) {
    let sorted = |mut list: Vec<Value>| {
        list.sort_by_key(Value::to_string);
        Value::Array(list)
    };
    let at = |value: &Value, path: &str| podlab::api::object::at(value, path).cloned().unwrap_or(Value::Null);
    let target = |of: &Value| json!([at(of, "targetRef.kind"), str_at(of, "targetRef.name").map(mask)]);
    match kind {
        "Pod" => {
            out["status"] = at(object, "status.phase");
            let host = json!([at(object, "spec.hostname"), at(object, "spec.subdomain")]);
            if host != json!([null, null]) {
                out["hostname"] = host;
            }
            if str_at(object, "spec.priorityClassName").is_some() {
                out["node"] = json!([at(object, "spec.nodeName"), at(object, "status.nominatedNodeName")]);
            }
            let disrupted = list_at(object, "status.conditions").iter().filter(|c| str_at(c, "type") == Some("DisruptionTarget"));
            let disrupted: Vec<Value> =
                disrupted.map(|c| json!([at(c, "type"), at(c, "status"), at(c, "reason"), str_at(c, "message").map(mask)])).collect();
            if !disrupted.is_empty() {
                out["conditions"] = Value::Array(disrupted);
            }
            return;
        }
        "EndpointSlice" => {
            let endpoint = |e: &Value| {
                json!({"conditions": at(e, "conditions"), "hostname": at(e, "hostname"), "target": target(e),
                "addresses": list_at(e, "addresses").len()})
            };
            out["endpoints"] = sorted(list_at(object, "endpoints").iter().map(endpoint).collect());
            out["ports"] = sorted(list_at(object, "ports").to_vec());
            return;
        }
        "Endpoints" => {
            let addresses = |s: &Value, list: &str| {
                sorted(list_at(s, list).iter().map(|a| json!([str_at(a, "targetRef.name").map(mask), at(a, "hostname")])).collect())
            };
            let subset = |s: &Value| {
                json!({"addresses": addresses(s, "addresses"), "notReady": addresses(s, "notReadyAddresses"),
                "ports": sorted(list_at(s, "ports").to_vec())})
            };
            out["subsets"] = sorted(list_at(object, "subsets").iter().map(subset).collect());
            return;
        }
        "ReplicaSet" => out["replicas"] = at(object, "spec.replicas"),
        "ControllerRevision" => out["revision"] = at(object, "revision"),
        "Job" => {
            // What every Job has is not written down.
            let keys = |path: &str| map_at(object, path).into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<String>>();
            let selector = keys("spec.selector.matchLabels");
            if selector != ["batch.kubernetes.io/controller-uid"] {
                out["selector"] = json!(selector);
            }
            let template = keys("spec.template.metadata.labels");
            if template != ["batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"] {
                out["template"] = json!(template);
            }
        }
        "PersistentVolume" => out["claim"] = at(object, "spec.claimRef.name"),
        "Node" => {
            let taint = |t: &Value| json!([at(t, "key"), at(t, "value"), at(t, "effect")]);
            out["taints"] = sorted(list_at(object, "spec.taints").iter().map(taint).collect());
        }
        "PersistentVolumeClaim" => out["volume"] = at(object, "spec.volumeName"),
        _ => {}
    }
    let mut status = at(object, "status");
    if status.as_object().is_none_or(|s| s.is_empty()) {
        return;
    }
    if kind == "Job" && status["uncountedTerminatedPods"] == json!({}) {
        podlab::api::object::remove(&mut status, "uncountedTerminatedPods");
    }
    if kind == "Node" {
        let ready = list_at(&status, "conditions").iter().filter(|c| str_at(c, "type") == Some("Ready")).cloned().collect::<Vec<_>>();
        status = json!({"conditions": ready});
    }
    if kind == "CronJob" && status.get("active").is_some() {
        status["active"] = list_at(&status, "active").iter().map(|a| at(a, "name")).collect::<Vec<_>>().into();
    }
    if status.get("conditions").is_some() {
        let told = |c: &Value| {
            let text = |field: &str| str_at(c, field).unwrap_or("");
            let generation = i64_at(c, "observedGeneration").map_or(String::new(), |n| format!(" ({n})"));
            json!(format!("{}={} {}: {}{generation}", text("type"), text("status"), text("reason"), text("message")))
        };
        status["conditions"] = list_at(&status, "conditions").iter().map(told).collect::<Vec<_>>().into();
    }
    out["status"] = deep(&status);
}

/// Labels and annotations without hashes and what only kubectl writes.
fn marks(map: &Map<String, Value>, kind: &str) -> Map<String, Value> {
    const HASHES: [&str; 3] = ["pod-template-hash", "controller-revision-hash", "controller.kubernetes.io/hash"];
    const OTHERS: [&str; 3] = ["kubectl.kubernetes.io/last-applied-configuration", "kubectl.kubernetes.io/restartedAt", "kubernetes.io/description"];
    // The Pods of a Job have the labels of its template, which are looked at there.
    const JOBS: [&str; 4] = ["controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"];
    let kept = map.iter().filter(|(key, _)| !OTHERS.contains(&key.as_str()) && !(kind == "Pod" && JOBS.contains(&key.as_str())));
    kept.filter(|(key, _)| !HASHES.contains(&key.as_str())).map(|(key, value)| (key.clone(), deep(value))).collect()
}

fn deep(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(mask(text)),
        Value::Array(list) => Value::Array(list.iter().map(deep).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), deep(value))).collect()),
        other => other.clone(),
    }
}

/// Replaces times, uids and drawn letters.
fn mask(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(end) = time_end(rest) {
            out.push_str("<time>");
            rest = &rest[end..];
        } else if rest.len() >= 36 && rest.is_char_boundary(36) && is_uid(&rest[..36]) {
            out.push_str("<uid>");
            rest = &rest[36..];
        } else if first.is_ascii_alphanumeric() || matches!(first, '.' | '-') {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))).unwrap_or(rest.len());
            let parts: Vec<&str> = rest[..end].split('-').collect();
            let shown: Vec<&str> = parts.iter().enumerate().map(|(i, part)| if i > 0 && is_drawn(part) { "*" } else { *part }).collect();
            out.push_str(&shown.join("-"));
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Letters that make no words, or the minutes in the name of a CronJob's Job.
fn is_drawn(part: &str) -> bool {
    let safe = (5..=10).contains(&part.len()) && part.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b));
    safe || (part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_uid(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

fn time_end(text: &str) -> Option<usize> {
    let shape = b"0000-00-00T";
    let bytes = text.as_bytes();
    let fits = bytes.len() > shape.len() && shape.iter().zip(bytes).all(|(s, b)| if *s == b'0' { b.is_ascii_digit() } else { s == b });
    if !fits {
        return None;
    }
    let end = bytes.iter().skip(shape.len()).position(|b| !(b.is_ascii_digit() || matches!(b, b':' | b'.')))? + shape.len();
    (bytes[end] == b'Z').then_some(end + 1)
}
