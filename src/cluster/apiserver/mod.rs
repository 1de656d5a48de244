//! Models kube-apiserver and etcd: the store, its verbs, resourceVersion, watch, patches, admission, events.
//!
//! Deviations: no API groups in several versions, no managedFields in objects (ownership is kept beside them), no users and no authorization, requests
//! take no time, and the watch cache is one journal for all kinds: it holds what the newest instant brought and some thousand changes before that
//! (some hundred in a crowd). A watch that was left further behind lists again ([`ApiServer::relist`]), as after a `410 Gone`.

use crate::api::order::{InOrder as _, SortedMap};
mod address;
mod apply;
mod budget;
mod delete;
mod event;
mod json_patch;
mod limits;
mod pod_security;
pub mod quota;
mod refusal;
mod strategic;
pub mod token;
mod write;

use std::collections::VecDeque;
use std::rc::Rc;

use super::Random;
use super::log::{Fact, Log};
use crate::api::{Kind, SimTime, Status, Value, json, kinds, object};
use crate::manifest;

pub use event::EventSpec;
pub use write::{patched, set_condition};

/// What a request brings along besides its object: the instant and the cluster's chance.
pub struct Caller<'a> {
    pub now: SimTime,
    pub random: &'a mut Random,
    pub log: &'a mut Log,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kind: &'static Kind,
    /// Empty for kinds without a namespace.
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(kind: &'static Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced { namespace.into() } else { String::new() };
        Self { kind, namespace, name: name.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Added,
    Modified,
    Deleted,
}

/// One step of the store's history, as a watch reports it.
#[derive(Clone, Debug)]
pub struct Change {
    pub verb: Verb,
    pub key: Key,
    pub at: SimTime,
    pub resource_version: u64,
    /// The object after the change (its last state for `Deleted`).
    pub object: Rc<Value>,
    pub old: Option<Rc<Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    Json,
    Merge,
    Strategic,
}

/// How a write is made.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    pub dry_run: bool,
    /// `kubectl-client-side-apply`, `kubelet`, …
    pub field_manager: String,
    /// The document as the person wrote it, for strict decoding.
    pub root: Option<crate::yaml::Node>,
    /// Empty, `status`, `resize`, `scale`, `ephemeralcontainers`, `binding`.
    pub subresource: &'static str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    pub dry_run: bool,
    pub grace_seconds: Option<i64>,
    pub propagation: Option<Propagation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Orphan,
    Background,
    Foreground,
}

/// An answer that may carry warnings (kubectl prints each as `Warning: …`).
#[derive(Clone, Debug)]
pub struct Written {
    pub object: Rc<Value>,
    pub warnings: Vec<String>,
}

/// How many changes the journal keeps for watches; older ones are forgotten, as etcd compacts. Those of the newest instant always stay.
const JOURNAL: usize = 8192;
/// With more objects than this it keeps fewer: each change holds a whole object, and a crowd makes thousands at once.
const CROWD: usize = 1000;
const JOURNAL_OF_A_CROWD: usize = 512;

/// The store and its verbs. Cloning is cheap: objects are shared.
#[derive(Clone, Default)]
pub struct ApiServer {
    objects: SortedMap<Key, Rc<Value>>,
    resource_version: u64,
    undelivered: VecDeque<Change>,
    /// The store's history for watches, oldest first.
    history: VecDeque<Rc<Change>>,
    /// The resourceVersion of the newest change that was forgotten.
    compacted: u64,
    /// A learner may stop the API server; requests then fail with `connection refused`, and kubelets go on alone.
    stopped: bool,
    events: event::Recorder,
    ownership: apply::Ownership,
    addresses: address::Addresses,
}

impl ApiServer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    pub fn get(&self, kind: &'static Kind, namespace: &str, name: &str) -> Option<&Rc<Value>> {
        self.objects.get(&Key::new(kind, namespace, name))
    }

    /// Like [`ApiServer::get`], by key.
    pub fn at(&self, key: &Key) -> Option<&Rc<Value>> {
        self.objects.get(key)
    }

    /// Objects of a kind in order of namespace and name; all namespaces with `None`.
    pub fn list(&self, kind: &'static Kind, namespace: Option<&str>) -> impl Iterator<Item = &Rc<Value>> {
        let namespace = namespace.filter(|_| kind.namespaced).map(str::to_owned);
        let start = Key::new(kind, namespace.as_deref().unwrap_or(""), "");
        self.objects
            .range_from(&start)
            .take_while(move |(k, _)| k.kind == kind && namespace.as_ref().is_none_or(|n| *n == k.namespace))
            .map(|(_, v)| v)
    }

    /// Every object, in order of kind, namespace and name.
    pub fn all(&self) -> impl Iterator<Item = (&Key, &Rc<Value>)> {
        self.objects.iter()
    }

    fn refuse_if_stopped(&self) -> Result<(), Status> {
        if self.stopped { Err(Status::new(0, "ConnectionRefused", "connection refused")) } else { Ok(()) }
    }

    fn store(&mut self, caller: &mut Caller, key: Key, mut object: Value, verb: Verb, component: &str) -> Rc<Value> {
        self.resource_version += 1;
        object::set(&mut object, "metadata.resourceVersion", json!(self.resource_version.to_string()));
        object["apiVersion"] = json!(key.kind.api_version());
        object["kind"] = json!(key.kind.kind);
        let object = Rc::new(object);
        let (word, old) = match verb {
            Verb::Added => ("created", self.objects.insert(key.clone(), Rc::clone(&object))),
            Verb::Modified => ("updated", self.objects.insert(key.clone(), Rc::clone(&object))),
            Verb::Deleted => ("deleted", self.objects.remove(&key)),
        };
        let fact = Fact::Stored {
            verb: word,
            object: format!("{}/{}/{}", key.kind.singular, key.namespace, key.name),
            resource_version: self.resource_version,
            component: component.into(),
        };
        caller.log.push(caller.now, fact);
        let change = Change { verb, key, at: caller.now, resource_version: self.resource_version, object: Rc::clone(&object), old };
        self.history.push_back(Rc::new(change.clone()));
        let most = if self.objects.len() > CROWD { JOURNAL_OF_A_CROWD } else { JOURNAL };
        // A watch is read after every instant: what this one brought stays, however much it is.
        while self.history.len() > most && self.history.front().is_some_and(|oldest| oldest.at < caller.now) {
            self.compacted = self.history.pop_front().map_or(self.compacted, |oldest| oldest.resource_version);
        }
        self.undelivered.push_back(change);
        object
    }

    /// Changes after this resourceVersion, oldest first: what a watch reports. One that is read after every instant misses nothing; one that was left
    /// further behind, as after a `410 Gone`, begins with what [`ApiServer::relist`] gives.
    pub fn changes_since(&self, resource_version: u64) -> impl Iterator<Item = &Rc<Change>> {
        let from = self.history.partition_point(|c| c.resource_version <= resource_version);
        self.history.range(from..)
    }

    /// What a watch lists anew when the journal no longer reaches back to its resourceVersion: the objects that changed since then and of which the
    /// journal tells nothing, each as one change of the time at which the journal begins. What was deleted in between is not among them.
    pub fn relist(&self, resource_version: u64) -> Vec<Change> {
        if resource_version >= self.compacted {
            return Vec::new();
        }
        let at = self.history.front().map_or(SimTime::ZERO, |oldest| oldest.at);
        let version = |object: &Value| object::str_at(object, "metadata.resourceVersion").and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
        let missed = self.objects.iter().map(|(key, object)| (version(object), key, object));
        let missed = missed.filter(|(version, ..)| (resource_version + 1..=self.compacted).contains(version));
        let mut changes: Vec<Change> = missed
            .map(|(version, key, object)| Change {
                verb: Verb::Modified,
                key: key.clone(),
                at,
                resource_version: version,
                object: Rc::clone(object),
                old: None,
            })
            .collect();
        changes.order_by_key(|change| change.resource_version);
        changes
    }

    pub(super) fn next_undelivered(&mut self) -> Option<Change> {
        self.undelivered.pop_front()
    }
}

impl manifest::ClusterFacts for ApiServer {
    fn namespace_exists(&self, name: &str) -> bool {
        ApiServer::get(self, kinds::NAMESPACE, "", name).is_some()
    }

    fn service_account_exists(&self, namespace: &str, name: &str) -> bool {
        ApiServer::get(self, kinds::SERVICE_ACCOUNT, namespace, name).is_some()
    }

    fn priority_class(&self, name: &str) -> Option<(i64, String)> {
        let class = ApiServer::get(self, kinds::PRIORITY_CLASS, "", name)?;
        let policy = object::str_at(class, "preemptionPolicy").unwrap_or("PreemptLowerPriority");
        Some((object::i64_at(class, "value")?, policy.into()))
    }

    fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Value> {
        let kind = kinds::KINDS.iter().find(|k| *k == kind)?;
        self.objects.get(&Key::new(kind, namespace, name)).map(|v| (**v).clone())
    }
}
