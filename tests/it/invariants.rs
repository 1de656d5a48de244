//! Random manifests, actions and faults; after every step the cluster's invariants hold. A failing run prints its seed and its shortest form.
//!
//! `PODLAB_STEPS=1000000` asks for more steps, `PODLAB_SEED=7` for one seed alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use podlab::api::kinds::{CONFIG_MAP, CRON_JOB, DAEMON_SET, DEPLOYMENT, JOB, NODE, POD, SERVICE, STATEFUL_SET};
use podlab::api::{Kind, SimTime, Value, json, object};
use podlab::cluster::apiserver::{DeleteOptions, Key, PatchKind, WriteOptions};
use podlab::cluster::invariants::Checker;
use podlab::cluster::network::Fault as NetworkFault;
use podlab::cluster::runtime::Fault;
use podlab::cluster::{Cluster, Config, PodRef, Random};

const STEPS: usize = 100_000;
/// How many actions one run has, and how long it goes on after the last.
const ACTIONS: usize = 40;
const REST_MS: u64 = 120_000;

#[derive(Clone, Debug)]
enum Action {
    Create(&'static Kind, Value),
    Delete(&'static Kind, String, Option<i64>),
    Patch(&'static Kind, String, &'static str, Value),
    /// The nth Pod of the namespace, whatever its name.
    DeletePod(usize, Option<i64>),
    Exec(usize, Vec<String>),
    Fault(usize, Fault),
    DropPod(usize, Option<NetworkFault>),
    Network(String, Option<NetworkFault>),
    Kubelet(String, bool),
    ApiServer(bool),
    File(String, String, Option<String>),
}

struct Dice(Random);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        (self.0.draw() >> 16) as usize % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    fn node(&mut self) -> String {
        format!("node-{}", 1 + self.below(2))
    }

    fn probe(&mut self) -> Value {
        let mut probe = match self.below(4) {
            0 => json!({"exec": {"command": ["cat", "/tmp/ready"]}}),
            1 => json!({"tcpSocket": {"port": 3000}}),
            2 => json!({"exec": {"command": ["sleep", "3"]}}),
            _ => json!({"httpGet": {"path": "/", "port": 3000}}),
        };
        probe["periodSeconds"] = json!(1 + self.below(5));
        probe["failureThreshold"] = json!(1 + self.below(3));
        probe["initialDelaySeconds"] = json!(self.below(4));
        probe
    }

    fn container(&mut self, name: &str, init: bool) -> Value {
        let image = self.of(&["busybox:1.36", "ghcr.io/subicura/echo:v1", "nginx:1.27", "busybox:nope", "redis", "busybox:1.36"]);
        let mut container = json!({"name": name, "image": image});
        if image.starts_with("busybox") {
            let script =
                if init { self.of(&["true", "sleep 2", "exit 1"]) } else { self.of(&["sleep 3600", "sleep 7", "exit 3", "sleep 2; exit 1"]) };
            container["command"] = json!(["sh", "-c", script]);
        }
        if self.one_in(2) {
            let cpu = format!("{}m", 50 * (1 + self.below(20)));
            container["resources"] = json!({"requests": {"cpu": cpu, "memory": "64Mi"}, "limits": {"memory": "128Mi"}});
        }
        if self.one_in(8) {
            container["ports"] = json!([{"containerPort": 3000, "hostPort": 8000 + self.below(2)}]);
        }
        if self.one_in(6) {
            container["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
        }
        if !init {
            for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
                if self.one_in(3) {
                    container[kind] = self.probe();
                }
            }
            if self.one_in(6) {
                container["lifecycle"] = match self.below(3) {
                    0 => json!({"preStop": {"sleep": {"seconds": 3}}}),
                    1 => json!({"postStart": {"exec": {"command": ["sh", "-c", "sleep 1"]}}}),
                    _ => json!({"postStart": {"exec": {"command": ["false"]}}}),
                };
            }
        }
        container
    }

    fn pod_spec(&mut self, restart: &str) -> Value {
        let containers: Vec<Value> = (0..1 + self.below(3)).map(|i| self.container(&format!("c{i}"), false)).collect();
        let mut spec = json!({"containers": containers, "restartPolicy": restart, "terminationGracePeriodSeconds": self.below(6)});
        if self.one_in(3) {
            let init: Vec<Value> = (0..1 + self.below(2))
                .map(|i| {
                    let sidecar = self.one_in(2);
                    let mut container = self.container(&format!("i{i}"), !sidecar);
                    if sidecar {
                        container["restartPolicy"] = json!("Always");
                    }
                    container
                })
                .collect();
            spec["initContainers"] = json!(init);
        }
        spec["volumes"] = match self.below(4) {
            0 => json!([{"name": "data", "configMap": {"name": "settings"}}]),
            1 => json!([{"name": "data", "emptyDir": {"sizeLimit": "1Ki"}}]),
            _ => json!([{"name": "data", "emptyDir": {}}]),
        };
        if self.one_in(8) {
            spec["nodeName"] = json!(self.node());
        }
        if self.one_in(10) {
            spec["hostNetwork"] = json!(true);
            for container in spec["containers"].as_array_mut().expect("a list") {
                container.as_object_mut().expect("a map").remove("ports");
            }
        }
        if self.one_in(10) {
            spec["activeDeadlineSeconds"] = json!(5 + self.below(10));
        }
        if self.one_in(10) {
            spec["priorityClassName"] = json!("system-cluster-critical");
        }
        if self.one_in(10) {
            spec["tolerations"] = json!([{"key": "gone", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": self.below(9)}]);
        }
        spec
    }

    fn template(&mut self, app: &str, restart: &str) -> Value {
        json!({"metadata": {"labels": {"app": app}}, "spec": self.pod_spec(restart)})
    }

    fn create(&mut self) -> Action {
        let selector = |app: &str| json!({"matchLabels": {"app": app}});
        match self.below(14) {
            0 => Action::Create(
                DEPLOYMENT,
                json!({"metadata": {"name": "web"}, "spec": {"replicas": self.below(4), "selector": selector("web"), "template": self.template("web", "Always")}}),
            ),
            1 => Action::Create(
                STATEFUL_SET,
                json!({"metadata": {"name": "db"}, "spec": {"serviceName": "db", "replicas": self.below(3), "selector": selector("db"), "template": self.template("db", "Always")}}),
            ),
            2 => Action::Create(
                DAEMON_SET,
                json!({"metadata": {"name": "agent"}, "spec": {"selector": selector("agent"), "template": self.template("agent", "Always")}}),
            ),
            3 => Action::Create(
                JOB,
                json!({"metadata": {"name": "job"}, "spec": {"backoffLimit": self.below(3), "completions": 1 + self.below(2), "template": self.template("job", "Never")}}),
            ),
            4 => Action::Create(
                CRON_JOB,
                json!({"metadata": {"name": "tick"}, "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": self.template("tick", "OnFailure")}}}}),
            ),
            5 => Action::Create(
                SERVICE,
                json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 3000}]}}),
            ),
            6 => Action::Create(CONFIG_MAP, json!({"metadata": {"name": "settings"}, "data": {"key": "value"}})),
            _ => {
                let restart = self.of(&["Always", "Always", "OnFailure", "Never"]);
                let app = self.of(&["web", "db", "other"]);
                let metadata = json!({"name": format!("pod-{}", self.below(6)), "labels": {"app": app}});
                Action::Create(POD, json!({"metadata": metadata, "spec": self.pod_spec(restart)}))
            }
        }
    }

    fn set(&mut self) -> (&'static Kind, String) {
        match self.below(3) {
            0 => (DEPLOYMENT, "web".into()),
            1 => (STATEFUL_SET, "db".into()),
            _ => (DAEMON_SET, "agent".into()),
        }
    }

    fn action(&mut self) -> Action {
        let grace = |dice: &mut Self| match dice.below(4) {
            0 => Some(0),
            1 => Some(2),
            _ => None,
        };
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        match self.below(28) {
            0..=9 => self.create(),
            10 | 11 => Action::DeletePod(self.below(8), grace(self)),
            12 => {
                let (kind, name) = if self.one_in(2) { self.set() } else { (JOB, "job".into()) };
                Action::Delete(kind, name, None)
            }
            13 => {
                let (kind, name) = self.set();
                let image = self.of(&["nginx:1.27", "ghcr.io/subicura/echo:v1", "busybox:nope"]);
                Action::Patch(kind, name, "", json!({"spec": {"template": {"spec": {"containers": [{"name": "c0", "image": image}]}}}}))
            }
            14 => Action::Patch(DEPLOYMENT, "web".into(), "", json!({"spec": {"replicas": self.below(5)}})),
            15 => Action::Patch(STATEFUL_SET, "db".into(), "", json!({"spec": {"replicas": self.below(4)}})),
            16 => {
                let cpu = format!("{}m", 100 * (1 + self.below(15)));
                let resize = json!({"spec": {"containers": [{"name": "c0", "resources": {"requests": {"cpu": cpu}}}]}});
                Action::Patch(POD, format!("pod-{}", self.below(6)), "resize", resize)
            }
            17 => Action::Patch(POD, format!("pod-{}", self.below(6)), "", json!({"spec": {"containers": [{"name": "c0", "image": "nginx:1.27"}]}})),
            18 => Action::Patch(NODE, self.node(), "", json!({"spec": {"unschedulable": self.one_in(2)}})),
            19 => {
                let taints = if self.one_in(2) { json!([{"key": "gone", "effect": "NoExecute"}]) } else { json!(null) };
                Action::Patch(NODE, self.node(), "", json!({"spec": {"taints": taints}}))
            }
            20 => Action::Exec(self.below(8), words("touch /tmp/ready")),
            21 => {
                Action::Exec(self.below(8), words(self.of(&["rm /tmp/ready", "touch /tmp/unhealthy", "kill 1", "sh -c while(true)do(echo,a)done"])))
            }
            22 | 23 => {
                let fault = match self.below(6) {
                    0 => Fault::Exit(0),
                    1 => Fault::Exit(1),
                    2 => Fault::Hang,
                    3 => Fault::Unhang,
                    4 => Fault::AnswerWith(503),
                    _ => Fault::UseMemory(1 << (20 + self.below(16))),
                };
                Action::Fault(self.below(8), fault)
            }
            24 => Action::DropPod(self.below(8), [None, Some(NetworkFault::Drop), Some(NetworkFault::Delay(1500))][self.below(3)]),
            25 => Action::Network(format!("node/{}", self.node()), if self.one_in(2) { Some(NetworkFault::Drop) } else { None }),
            26 => match self.below(3) {
                0 => Action::Kubelet(self.node(), self.one_in(2)),
                1 => Action::ApiServer(self.one_in(2)),
                _ => Action::ApiServer(false),
            },
            _ => {
                let path = format!("/etc/kubernetes/manifests/{}.yaml", self.of(&["a", "b"]));
                let text = match self.below(3) {
                    0 => None,
                    1 => Some("kind: [".into()),
                    _ => {
                        Some(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "static"}, "spec": self.pod_spec("Always")}).to_string())
                    }
                };
                Action::File(self.node(), path, text)
            }
        }
    }

    fn run(seed: u64) -> Vec<(u64, Action)> {
        let mut dice = Self(Random::new(seed));
        let mut at = 1000;
        (0..ACTIONS)
            .map(|_| {
                at += [10, 300, 2000, 15_000][dice.below(4)];
                (at, dice.action())
            })
            .collect()
    }
}

/// The nth Pod of the namespace and its first container.
fn nth_pod(cluster: &Cluster, n: usize) -> Option<(String, String)> {
    let pods: Vec<_> = cluster.api.list(POD, Some("default")).collect();
    let pod = pods.get(n.checked_rem(pods.len())?)?;
    Some((object::name(pod).to_owned(), object::str_at(pod, "spec.containers.0.name").unwrap_or("").to_owned()))
}

/// Refusals are no news: the dice know nothing of what is there.
fn act(cluster: &mut Cluster, action: &Action) {
    let options = |subresource| WriteOptions { field_manager: "dice".into(), subresource, ..WriteOptions::default() };
    let space = |kind: &Kind| if kind.namespaced { "default" } else { "" };
    let delete = |cluster: &mut Cluster, key: Key, grace_seconds| {
        drop(cluster.request(|api, caller| api.delete(caller, &key, DeleteOptions { grace_seconds, ..DeleteOptions::default() })));
    };
    match action {
        Action::Create(kind, value) => drop(cluster.request(|api, caller| api.create(caller, kind, space(kind), value.clone(), &options("")))),
        Action::Delete(kind, name, grace) => delete(cluster, Key::new(kind, space(kind), name), *grace),
        Action::Patch(kind, name, subresource, patch) => {
            let key = Key::new(kind, space(kind), name);
            drop(cluster.request(|api, caller| api.patch(caller, &key, patch, PatchKind::Strategic, &options(subresource))));
        }
        Action::DeletePod(n, grace) => {
            if let Some((pod, _)) = nth_pod(cluster, *n) {
                delete(cluster, Key::new(POD, "default", &pod), *grace);
            }
        }
        Action::Exec(n, command) => {
            if let Some((pod, container)) = nth_pod(cluster, *n) {
                drop(cluster.exec(PodRef { namespace: "default", name: &pod }, &container, command, None));
            }
        }
        Action::Fault(n, fault) => {
            if let Some((pod, container)) = nth_pod(cluster, *n) {
                drop(cluster.inject(PodRef { namespace: "default", name: &pod }, &container, fault.clone()));
            }
        }
        Action::DropPod(n, fault) => {
            if let Some((pod, _)) = nth_pod(cluster, *n) {
                drop(cluster.set_network_fault(&format!("pod/default/{pod}"), *fault));
            }
        }
        Action::Network(on, fault) => drop(cluster.set_network_fault(on, *fault)),
        Action::Kubelet(node, stopped) => drop(cluster.set_kubelet_stopped(node, *stopped)),
        Action::ApiServer(stopped) => cluster.api.set_stopped(*stopped),
        Action::File(node, path, text) => drop(cluster.write_node_file(node, path, text.as_deref())),
    }
}

/// Plays a run; how many steps it had, or what broke.
fn play(seed: u64, actions: &[(u64, Action)]) -> Result<usize, String> {
    let mut cluster = Cluster::new(Config { seed, ..Config::nodes(2) });
    let (mut checker, mut steps) = (Checker::default(), 0);
    let end = actions.last().map_or(0, |(at, _)| *at) + REST_MS;
    let mut rest = actions.iter().peekable();
    loop {
        let until = SimTime(rest.peek().map_or(end, |(at, _)| *at));
        while cluster.next_due().is_some_and(|due| due <= until) {
            cluster.step();
            steps += 1;
            if let Some(wrong) = checker.check(&cluster).first() {
                return Err(format!("at {}: {wrong}", cluster.now()));
            }
            if steps > 400_000 {
                return Err(format!("at {}: it does not come to rest", cluster.now()));
            }
        }
        cluster.advance_to(until);
        let Some((_, action)) = rest.next() else { return Ok(steps) };
        act(&mut cluster, action);
        if let Some(wrong) = checker.check(&cluster).first() {
            return Err(format!("at {}: {wrong}", cluster.now()));
        }
    }
}

/// A panic counts as something that broke.
fn outcome(seed: u64, actions: &[(u64, Action)]) -> Result<usize, String> {
    catch_unwind(AssertUnwindSafe(|| play(seed, actions))).unwrap_or_else(|_| Err("a panic".into()))
}

/// Leaves out what is not needed for the run to break.
fn shrink(seed: u64, mut actions: Vec<(u64, Action)>) -> Vec<(u64, Action)> {
    let mut index = actions.len();
    while index > 0 {
        index -= 1;
        let mut fewer = actions.clone();
        fewer.remove(index);
        if outcome(seed, &fewer).is_err() {
            actions = fewer;
        }
    }
    actions
}

fn tell(action: &Action) -> String {
    match action {
        Action::Create(kind, value) => format!("create {} {value}", kind.singular),
        Action::Patch(kind, name, subresource, patch) => format!("patch {} {name} {subresource} {patch}", kind.singular),
        Action::Delete(kind, name, grace) => format!("delete {} {name} {grace:?}", kind.singular),
        other => format!("{other:?}"),
    }
}

#[test]
fn invariants_hold_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<usize>().ok());
    let (wanted, only) = (number("PODLAB_STEPS").unwrap_or(STEPS), number("PODLAB_SEED"));
    let (mut steps, mut seed) = (0, only.unwrap_or(1) as u64);
    // Of each kind of failure one, and not too many of them.
    let mut failures: BTreeMap<String, String> = BTreeMap::new();
    while steps < wanted {
        let actions = Dice::run(seed);
        match outcome(seed, &actions) {
            Ok(count) => steps += count,
            Err(wrong) => {
                steps += 1000;
                let kind: String = wrong.split_once(": ").map_or(wrong.as_str(), |(_, what)| what).chars().filter(|c| !c.is_ascii_digit()).collect();
                if failures.contains_key(&kind) || failures.len() >= 5 {
                    seed += 1;
                    continue;
                }
                let short = shrink(seed, actions);
                let again = outcome(seed, &short).err().unwrap_or_default();
                let list: Vec<String> = short.iter().map(|(at, action)| format!("  {at:>7} ms  {}", tell(action))).collect();
                failures.insert(kind, format!("PODLAB_SEED={seed}: {wrong}\nthe shortest form ends with: {again}\n{}", list.join("\n")));
            }
        }
        if only.is_some() {
            break;
        }
        seed += 1;
    }
    println!("{steps} steps, {seed} runs");
    assert!(failures.is_empty(), "{}", failures.into_values().collect::<Vec<_>>().join("\n\n"));
}
