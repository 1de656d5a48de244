//! What must hold after every step, whatever a person does. Tests and fuzzing run [`check`].

use super::Cluster;
use super::apiserver::{Change, Verb};
use crate::api::order::SortedMap;
use crate::api::{Quantity, Value, kinds, object};

/// How many of the newest changes are looked at: more than one step makes.
const NEWEST: u64 = 64;

/// What is broken, one sentence each; empty for a sound cluster.
pub fn check(cluster: &Cluster) -> Vec<String> {
    let mut broken = Vec::new();
    addresses(cluster, &mut broken);
    requests(cluster, &mut broken);
    history(cluster, &mut broken);
    if cluster.next_due().is_some_and(|due| due < cluster.now()) {
        broken.push("a task was due before now".to_owned());
    }
    broken
}

fn is_finished(pod: &Value) -> bool {
    matches!(object::str_at(pod, "status.phase"), Some("Succeeded" | "Failed"))
}

fn named(pod: &Value) -> String {
    format!("{}/{}", object::namespace(pod), object::name(pod))
}

/// No two living Pods share an address, but for those on the host's network.
fn addresses(cluster: &Cluster, broken: &mut Vec<String>) {
    let mut owners: SortedMap<&str, &Value> = SortedMap::new();
    for pod in cluster.api.list(kinds::POD, None).filter(|p| !is_finished(p) && object::bool_at(p, "spec.hostNetwork") != Some(true)) {
        let Some(ip) = object::str_at(pod, "status.podIP").filter(|ip| !ip.is_empty()) else { continue };
        if let Some(other) = owners.insert(ip, pod) {
            broken.push(format!("Pods {} and {} share the address {ip}", named(other), named(pod)));
        }
        let ready = is_ready(pod);
        let idle = object::list_at(pod, "status.containerStatuses").iter().find(|c| object::bool_at(c, "ready") == Some(false));
        if let (true, Some(container)) = (ready, idle) {
            broken.push(format!("Pod {} is Ready, its container {} is not", named(pod), object::str_at(container, "name").unwrap_or("")));
        }
    }
}

fn is_ready(pod: &Value) -> bool {
    let ready = |c: &&Value| object::str_at(c, "type") == Some("Ready");
    object::list_at(pod, "status.conditions").iter().find(ready).is_some_and(|c| object::str_at(c, "status") == Some("True"))
}

/// What containers on a node asked for fits into what the node gives.
fn requests(cluster: &Cluster, broken: &mut Vec<String>) {
    let mut used: SortedMap<&str, (i64, i64)> = SortedMap::new();
    let started = |p: &&std::rc::Rc<Value>| !is_finished(p) && !object::list_at(p, "status.containerStatuses").is_empty();
    for pod in cluster.api.list(kinds::POD, None).filter(started) {
        let total = used.entry(object::str_at(pod, "spec.nodeName").unwrap_or("")).or_default();
        for container in object::list_at(pod, "spec.containers") {
            // What counts is what the kubelet allocated; a resize that is not granted asks for more.
            let name = object::str_at(container, "name");
            let status = object::list_at(pod, "status.containerStatuses").iter().find(|s| object::str_at(s, "name") == name);
            let granted = status.and_then(|s| s.get("allocatedResources"));
            let list = granted.or_else(|| object::at(container, "resources.requests"));
            let read = |resource: &str| list.and_then(|l| l.get(resource)).and_then(Value::as_str).and_then(Quantity::parse);
            total.0 += read("cpu").map_or(0, Quantity::milli);
            total.1 += read("memory").map_or(0, Quantity::value);
        }
    }
    for node in cluster.api.list(kinds::NODE, None) {
        let whole = |resource| object::str_at(node, &format!("status.allocatable.{resource}")).and_then(Quantity::parse).unwrap_or_default();
        let (cpu, memory) = used.get(object::name(node)).copied().unwrap_or_default();
        if cpu > whole("cpu").milli() || memory > whole("memory").value() {
            broken.push(format!("node {} gives more than it has: {cpu}m, {memory} bytes", object::name(node)));
        }
    }
}

/// What no change may do.
fn history(cluster: &Cluster, broken: &mut Vec<String>) {
    let mut last = 0;
    for change in cluster.api.changes_since(cluster.api.resource_version().saturating_sub(NEWEST)) {
        if change.resource_version <= last {
            broken.push(format!("resourceVersion {} came after {last}", change.resource_version));
        }
        last = change.resource_version;
        if change.key.kind == kinds::POD && change.verb == Verb::Modified {
            pod_change(change, broken);
        }
    }
}

fn pod_change(change: &Change, broken: &mut Vec<String>) {
    let (Some(old), new) = (&change.old, &change.object) else { return };
    let node = |pod: &Value| object::str_at(pod, "spec.nodeName").unwrap_or("").to_owned();
    if !node(old).is_empty() && node(old) != node(new) {
        broken.push(format!("Pod {} was bound to {}, then to {}", named(new), node(old), node(new)));
    }
    for list in ["containerStatuses", "initContainerStatuses"] {
        for after in object::list_at(new, &format!("status.{list}")) {
            let name = object::str_at(after, "name");
            let Some(before) = object::list_at(old, &format!("status.{list}")).iter().find(|c| object::str_at(c, "name") == name) else { continue };
            let restarts = |status: &Value| object::i64_at(status, "restartCount").unwrap_or(0);
            let shown = name.unwrap_or("");
            if restarts(after) < restarts(before) {
                broken.push(format!("Pod {}: restarts of {shown} fell from {} to {}", named(new), restarts(before), restarts(after)));
            }
            let has = |status: &Value, state: &str| object::at(status, &format!("state.{state}")).is_some();
            if has(before, "terminated") && has(after, "running") && restarts(after) == restarts(before) {
                broken.push(format!("Pod {}: {shown} runs again without a restart", named(new)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{SimTime, json};
    use crate::cluster::Config;
    use crate::cluster::apiserver::WriteOptions;

    fn deployment() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 3,
            "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "nginx:1.27", "resources": {"requests": {"cpu": "600m"}}}]}}}})
    }

    #[test]
    fn a_deployment_survives_a_silent_node() {
        let mut cluster = Cluster::new(Config::nodes(3));
        let made = cluster.request(|api, caller| api.create(caller, kinds::DEPLOYMENT, "default", deployment(), &WriteOptions::default()));
        assert!(made.is_ok(), "{made:?}");
        let mut steps = 0;
        let mut run = |cluster: &mut Cluster, until: SimTime| {
            while cluster.next_due().is_some_and(|due| due <= until) && steps < 100_000 {
                cluster.step();
                steps += 1;
                assert_eq!(check(cluster), Vec::<String>::new(), "after {steps} steps, at {}", cluster.now());
            }
            cluster.advance_to(until);
        };
        run(&mut cluster, SimTime::from_secs(10));
        let bound = |cluster: &Cluster, node: &str| {
            cluster.api.list(kinds::POD, Some("default")).filter(|p| object::str_at(p, "spec.nodeName") == Some(node)).count()
        };
        assert_eq!(["node-1", "node-2", "node-3"].map(|node| bound(&cluster, node)), [1, 1, 1]);
        cluster.set_kubelet_stopped("node-3", true).expect("the node is there");
        run(&mut cluster, SimTime::from_secs(500));
        // 50 s of silence, then 300 s of toleration: a new Pod stands elsewhere, the old one waits for its kubelet.
        assert_eq!(bound(&cluster, "node-1") + bound(&cluster, "node-2"), 3);
        assert!(cluster.api.list(kinds::POD, Some("default")).any(|p| object::is_deleting(p)));
    }
}
