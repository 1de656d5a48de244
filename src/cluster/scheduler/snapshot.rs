//! What the scheduler knows of nodes and the Pods on them, read once from each change.
//!
//! Models `pkg/scheduler/backend/cache`. Deviation: what was assumed and what is stored are never apart, for a binding takes no time.

use crate::api::order::SortedMap;
use std::rc::Rc;

use crate::api::{Map, Quantity, Value, object};
use crate::cluster::apiserver::{Change, Key, Verb};

/// Amounts by resource name; cpu in thousandths, the rest in units.
pub type Amounts = SortedMap<String, i64>;

#[derive(Clone, Debug)]
pub struct PodInfo {
    pub object: Rc<Value>,
    pub requests: Amounts,
    /// Like `requests`, with the defaults that scoring takes for containers without requests.
    pub weighed: Amounts,
    pub priority: i64,
    /// (host IP, protocol, port)
    pub ports: Vec<(String, String, i64)>,
}

#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    pub object: Rc<Value>,
    pub allocatable: Amounts,
    pub pods: SortedMap<Key, PodInfo>,
    pub requested: Amounts,
    pub weighed: Amounts,
}

#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub nodes: SortedMap<String, NodeInfo>,
    pub namespaces: SortedMap<String, Map<String, Value>>,
    /// Which node a bound Pod counts on.
    places: SortedMap<Key, String>,
    /// Pods on nodes that do not exist (yet).
    strays: SortedMap<Key, Rc<Value>>,
}

impl Snapshot {
    pub fn node(&mut self, change: &Change) {
        if change.verb == Verb::Deleted {
            if let Some(gone) = self.nodes.remove(&change.key.name) {
                for (key, info) in gone.pods {
                    self.places.remove(&key);
                    self.strays.insert(key, info.object);
                }
            }
            return;
        }
        let node = self.nodes.entry(change.key.name.clone()).or_default();
        node.object = Rc::clone(&change.object);
        node.allocatable = object::map_at(&change.object, "status.allocatable").map(amounts).unwrap_or_default();
        let here: Vec<(Key, Rc<Value>)> = self
            .strays
            .iter()
            .filter(|(_, pod)| object::str_at(pod, "spec.nodeName") == Some(&change.key.name))
            .map(|(key, pod)| (key.clone(), Rc::clone(pod)))
            .collect();
        for (key, pod) in here {
            self.strays.remove(&key);
            self.assume(&key, &pod);
        }
    }

    pub fn namespace(&mut self, change: &Change) {
        if change.verb == Verb::Deleted {
            self.namespaces.remove(&change.key.name);
        } else {
            self.namespaces.insert(change.key.name.clone(), object::labels(&change.object).cloned().unwrap_or_default());
        }
    }

    /// Notes a bound Pod. True where it stopped counting, or counts less.
    pub fn pod(&mut self, change: &Change) -> bool {
        let finished = matches!(object::str_at(&change.object, "status.phase"), Some("Succeeded" | "Failed"));
        if change.verb == Verb::Deleted || finished {
            self.strays.remove(&change.key);
            return self.drop_pod(&change.key);
        }
        let same_weight = change.old.as_ref().is_some_and(|old| {
            old.get("spec") == change.object.get("spec")
                && object::labels(old) == object::labels(&change.object)
                && object::is_deleting(old) == object::is_deleting(&change.object)
        });
        if same_weight && self.places.contains_key(&change.key) {
            return false;
        }
        let resized = change.old.as_ref().is_some_and(|old| object::at(old, "spec.containers") != object::at(&change.object, "spec.containers"));
        self.assume(&change.key, &change.object);
        resized
    }

    /// Counts a Pod on the node that it names.
    pub fn assume(&mut self, key: &Key, pod: &Rc<Value>) {
        self.drop_pod(key);
        let name = object::str_at(pod, "spec.nodeName").unwrap_or("");
        let Some(node) = self.nodes.get_mut(name) else {
            self.strays.insert(key.clone(), Rc::clone(pod));
            return;
        };
        let info = PodInfo::of(pod);
        add(&mut node.requested, &info.requests, 1);
        add(&mut node.weighed, &info.weighed, 1);
        node.pods.insert(key.clone(), info);
        self.places.insert(key.clone(), name.to_owned());
    }

    fn drop_pod(&mut self, key: &Key) -> bool {
        let Some(place) = self.places.remove(key) else { return false };
        let Some(node) = self.nodes.get_mut(&place) else { return false };
        let Some(info) = node.pods.remove(key) else { return false };
        add(&mut node.requested, &info.requests, -1);
        add(&mut node.weighed, &info.weighed, -1);
        true
    }
}

impl PodInfo {
    pub fn of(pod: &Rc<Value>) -> Self {
        let containers = object::list_at(pod, "spec.containers");
        let host_network = object::bool_at(pod, "spec.hostNetwork") == Some(true);
        let ports = containers
            .iter()
            .chain(object::list_at(pod, "spec.initContainers").iter().filter(|c| object::str_at(c, "restartPolicy") == Some("Always")))
            .flat_map(|c| object::list_at(c, "ports"))
            .filter_map(|port| {
                let number = object::i64_at(port, "hostPort").or_else(|| if host_network { object::i64_at(port, "containerPort") } else { None })?;
                let text = |field, default: &str| object::str_at(port, field).filter(|t| !t.is_empty()).unwrap_or(default).to_owned();
                (number != 0).then(|| (text("hostIP", "0.0.0.0"), text("protocol", "TCP"), number))
            })
            .collect();
        Self {
            object: Rc::clone(pod),
            requests: requests(pod, false),
            weighed: requests(pod, true),
            priority: object::i64_at(pod, "spec.priority").unwrap_or(0),
            ports,
        }
    }
}

/// A resource list as numbers.
pub fn amounts(list: &Map<String, Value>) -> Amounts {
    let read = |value: &Value| match value {
        Value::String(text) => Quantity::parse(text),
        other => Quantity::parse(&other.to_string()),
    };
    list.iter().filter_map(|(name, value)| read(value).map(|q| (name.clone(), if name == "cpu" { q.milli() } else { q.value() }))).collect()
}

pub fn add(to: &mut Amounts, from: &Amounts, sign: i64) {
    for (name, amount) in from {
        let total = to.entry(name.clone()).or_insert(0);
        *total = total.saturating_add(amount * sign);
    }
}

fn most(to: &mut Amounts, from: &Amounts) {
    for (name, amount) in from {
        let total = to.entry(name.clone()).or_insert(0);
        *total = (*total).max(*amount);
    }
}

/// The effective requests of a Pod; `component-helpers/resource`. `weighed` counts what asks for nothing as 100m and 200 MiB.
fn requests(pod: &Value, weighed: bool) -> Amounts {
    let of = |container: &Value| {
        let mut list = object::map_at(container, "resources.requests").map(amounts).unwrap_or_default();
        if weighed {
            list.entry("cpu".into()).or_insert(100);
            list.entry("memory".into()).or_insert(200 * 1024 * 1024);
        }
        list
    };
    let mut total = Amounts::new();
    for container in object::list_at(pod, "spec.containers") {
        add(&mut total, &of(container), 1);
    }
    let (mut sidecars, mut start) = (Amounts::new(), Amounts::new());
    for container in object::list_at(pod, "spec.initContainers") {
        let own = of(container);
        let mut peak = sidecars.clone();
        add(&mut peak, &own, 1);
        most(&mut start, &peak);
        if object::str_at(container, "restartPolicy") == Some("Always") {
            add(&mut sidecars, &own, 1);
        }
    }
    add(&mut total, &sidecars, 1);
    most(&mut total, &start);
    if let Some(whole) = object::map_at(pod, "spec.resources.requests") {
        for (name, amount) in amounts(whole) {
            total.insert(name, amount);
        }
    }
    if let Some(overhead) = object::map_at(pod, "spec.overhead") {
        add(&mut total, &amounts(overhead), 1);
    }
    total
}
