//! What must hold after every step, whatever a person does. Tests and fuzzing run a [`Checker`].

use super::Cluster;
use super::apiserver::{Change, Verb};
use super::log::{Fact, ProbeKind};
use crate::api::order::SortedMap;
use crate::api::{Quantity, SimTime, Value, kinds, object};

/// Looks at a cluster after every step. It remembers what it has seen, so that a step that wrote nothing costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    resource_version: u64,
    facts: usize,
    now: SimTime,
    /// What the readiness probe of a container last found, by `namespace/pod` and container. Only of instances that exist.
    readiness: SortedMap<(String, String), bool>,
    /// The newest instance of a container, by how many came before it: what the API says of an older one is not about it.
    newest: SortedMap<(String, String), u32>,
    /// Until then what the API shows may be older than what kubelets know: one of them could not be heard.
    uneasy_until: SimTime,
}

/// How long kubelets may take to send what they could not send before.
const CATCH_UP_MS: u64 = 15_000;

impl Checker {
    /// What is broken, one sentence each; empty for a sound cluster.
    pub fn check(&mut self, cluster: &Cluster) -> Vec<String> {
        let mut broken = Vec::new();
        if cluster.now() < self.now {
            broken.push(format!("time went back from {} to {}", self.now, cluster.now()));
        }
        self.now = cluster.now();
        if cluster.next_due().is_some_and(|due| due < cluster.now()) {
            broken.push("a task was due before now".to_owned());
        }
        self.read_log(cluster);
        if cluster.api.is_stopped() || cluster.kubelets.iter().any(|k| k.is_silent()) {
            self.uneasy_until = cluster.now() + CATCH_UP_MS;
        }
        if cluster.api.resource_version() < self.resource_version {
            broken.push(format!("resourceVersion fell from {} to {}", self.resource_version, cluster.api.resource_version()));
        }
        if cluster.api.resource_version() != self.resource_version {
            history(cluster, self.resource_version, &mut broken);
            self.resource_version = cluster.api.resource_version();
            addresses(cluster, &mut broken);
            requests(cluster, &mut broken);
            if cluster.now() >= self.uneasy_until {
                self.readiness(cluster, &mut broken);
            }
        }
        broken
    }

    fn read_log(&mut self, cluster: &Cluster) {
        for entry in cluster.log().since(self.facts) {
            match &entry.fact {
                Fact::ProbeResult { container, kind: ProbeKind::Readiness, ok } => {
                    self.readiness.insert((container.pod.clone(), container.container.clone()), *ok);
                }
                Fact::ContainerCreated { container, attempt } => {
                    let key = (container.pod.clone(), container.container.clone());
                    self.readiness.remove(&key);
                    self.newest.insert(key, *attempt);
                }
                _ => {}
            }
        }
        self.facts = cluster.log().len();
    }

    /// A Pod that is Ready has containers whose readiness probe last succeeded.
    fn readiness(&self, cluster: &Cluster, broken: &mut Vec<String>) {
        for pod in cluster.api.list(kinds::POD, None).filter(|p| is_ready(p)) {
            for container in object::list_at(pod, "spec.containers").iter().filter(|c| c.get("readinessProbe").is_some()) {
                let name = object::str_at(container, "name").unwrap_or("");
                let key = (named(pod), name.to_owned());
                let status = object::list_at(pod, "status.containerStatuses").iter().find(|s| object::str_at(s, "name") == Some(name));
                let told = status.and_then(|s| object::i64_at(s, "restartCount")).unwrap_or(0);
                // Killed and started in one sync: the API learns of both when the sync is over.
                if self.newest.get(&key).is_some_and(|newest| i64::from(*newest) > told) {
                    continue;
                }
                if self.readiness.get(&key) != Some(&true) {
                    broken.push(format!("Pod {} is Ready, the readiness probe of {name} did not succeed last", named(pod)));
                }
            }
        }
    }
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

/// What the Pod asks for is not, or not yet, what its kubelet gave it.
fn is_resizing(pod: &Value) -> bool {
    let waits = |c: &Value| object::str_at(c, "type") == Some("PodResizePending");
    object::i64_at(pod, "metadata.generation") != object::i64_at(pod, "status.observedGeneration")
        || object::list_at(pod, "status.conditions").iter().any(waits)
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
            let list = granted.or_else(|| object::at(container, "resources.requests").filter(|_| !is_resizing(pod)));
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
fn history(cluster: &Cluster, since: u64, broken: &mut Vec<String>) {
    let mut last = since;
    for change in cluster.api.changes_since(since) {
        if change.resource_version <= last {
            broken.push(format!("resourceVersion {} came after {last}", change.resource_version));
        }
        last = change.resource_version;
        if change.verb == Verb::Modified {
            object_change(change, broken);
            if change.key.kind == kinds::POD {
                pod_change(change, broken);
            }
        }
    }
}

/// What holds for objects of every kind.
fn object_change(change: &Change, broken: &mut Vec<String>) {
    let (Some(old), new) = (&change.old, &change.object) else { return };
    let shown = || format!("{} {}", change.key.kind.singular, named(new));
    if object::uid(old) != object::uid(new) {
        broken.push(format!("{} got another uid", shown()));
    }
    let generation = |o: &Value| object::i64_at(o, "metadata.generation").unwrap_or(0);
    if generation(new) < generation(old) {
        broken.push(format!("{}: generation fell from {} to {}", shown(), generation(old), generation(new)));
    }
    if object::is_deleting(old) && !object::is_deleting(new) {
        broken.push(format!("{} is no longer being deleted", shown()));
    }
}

fn pod_change(change: &Change, broken: &mut Vec<String>) {
    let (Some(old), new) = (&change.old, &change.object) else { return };
    let node = |pod: &Value| object::str_at(pod, "spec.nodeName").unwrap_or("").to_owned();
    if !node(old).is_empty() && node(old) != node(new) {
        broken.push(format!("Pod {} was bound to {}, then to {}", named(new), node(old), node(new)));
    }
    let phase = |pod: &Value| object::str_at(pod, "status.phase").unwrap_or("").to_owned();
    if is_finished(old) && phase(old) != phase(new) {
        broken.push(format!("Pod {} was {}, then {}", named(new), phase(old), phase(new)));
    }
    for list in ["containerStatuses", "initContainerStatuses"] {
        for after in object::list_at(new, &format!("status.{list}")) {
            let name = object::str_at(after, "name");
            let Some(before) = object::list_at(old, &format!("status.{list}")).iter().find(|c| object::str_at(c, "name") == name) else { continue };
            for wrong in container_change(before, after) {
                broken.push(format!("Pod {}: {} {wrong}", named(new), name.unwrap_or("")));
            }
        }
    }
}

/// What a kubelet cannot make of a container's status.
fn container_change(before: &Value, after: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let restarts = |status: &Value| object::i64_at(status, "restartCount").unwrap_or(0);
    if restarts(after) < restarts(before) {
        broken.push(format!("restarted fewer times than before: {} after {}", restarts(after), restarts(before)));
    }
    let has = |status: &Value, state: &str| object::at(status, &format!("state.{state}")).is_some();
    let id = |status: &Value| object::str_at(status, "containerID").unwrap_or("").to_owned();
    let ran = |status: &Value| has(status, "running") || has(status, "terminated");
    if has(before, "terminated") && has(after, "running") && restarts(after) == restarts(before) {
        broken.push("runs again without a restart".into());
    }
    if ran(before) && ran(after) && !id(before).is_empty() && !id(after).is_empty() && id(before) != id(after) && restarts(after) == restarts(before)
    {
        broken.push("is another container without a restart".into());
    }
    if object::bool_at(after, "ready") == Some(true) && has(after, "waiting") {
        broken.push("waits and is ready".into());
    }
    if has(after, "running") && object::str_at(after, "state.running.startedAt").is_none() {
        broken.push("runs since never".into());
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;
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
        let mut checker = Checker::default();
        let mut run = |cluster: &mut Cluster, until: SimTime| {
            while cluster.next_due().is_some_and(|due| due <= until) && steps < 100_000 {
                cluster.step();
                steps += 1;
                assert_eq!(checker.check(cluster), Vec::<String>::new(), "after {steps} steps, at {}", cluster.now());
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
