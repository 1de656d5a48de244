//! Models kube-apiserver and etcd: the store, its verbs, resourceVersion, watch, patches, admission, events.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::Random;
use super::log::Log;
use crate::api::{Kind, SimTime, Status, Value};

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

/// The store and its verbs. Cloning is cheap: objects are shared.
#[derive(Clone, Default)]
pub struct ApiServer {
    objects: BTreeMap<Key, Rc<Value>>,
    resource_version: u64,
    undelivered: VecDeque<Change>,
    /// The store's history for watches, oldest first.
    history: Vec<Rc<Change>>,
    /// A learner may stop the API server; requests then fail with `connection refused`, and kubelets go on alone.
    stopped: bool,
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

    /// Objects of a kind in order of namespace and name; all namespaces with `None`.
    pub fn list(&self, kind: &'static Kind, namespace: Option<&str>) -> impl Iterator<Item = &Rc<Value>> {
        let namespace = namespace.filter(|_| kind.namespaced).map(str::to_owned);
        self.objects.iter().filter(move |(k, _)| k.kind == kind && namespace.as_ref().is_none_or(|n| *n == k.namespace)).map(|(_, v)| v)
    }

    pub fn create(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let _ = (caller, kind, namespace, object, options);
        Err(Status::new(500, "InternalError", "not built yet"))
    }

    /// PUT. A `metadata.resourceVersion` that is not the stored one is a conflict.
    pub fn update(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let _ = (caller, kind, namespace, object, options);
        Err(Status::new(500, "InternalError", "not built yet"))
    }

    pub fn patch(&mut self, caller: &mut Caller, key: &Key, patch: &Value, how: PatchKind, options: &WriteOptions) -> Result<Written, Status> {
        let _ = (caller, key, patch, how, options);
        Err(Status::new(500, "InternalError", "not built yet"))
    }

    /// Server-side apply. `force` takes fields over from other managers.
    pub fn apply(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
        force: bool,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let _ = (caller, kind, namespace, object, force, options);
        Err(Status::new(500, "InternalError", "not built yet"))
    }

    /// Gives the object as it stands after the request: gone, or terminating with a deletionTimestamp.
    pub fn delete(&mut self, caller: &mut Caller, key: &Key, options: DeleteOptions) -> Result<Rc<Value>, Status> {
        let _ = (caller, key, options);
        Err(Status::new(500, "InternalError", "not built yet"))
    }

    /// Changes after this resourceVersion, oldest first: what a watch reports.
    pub fn changes_since(&self, resource_version: u64) -> impl Iterator<Item = &Rc<Change>> {
        let from = self.history.partition_point(|c| c.resource_version <= resource_version);
        self.history[from..].iter()
    }

    pub(super) fn next_undelivered(&mut self) -> Option<Change> {
        self.undelivered.pop_front()
    }

    /// Records an Event as the recorder does: made once, counted on when it comes again.
    pub fn record_event(&mut self, caller: &mut Caller, event: EventSpec<'_>) {
        let _ = (caller, event);
    }
}

/// What a component has to say of an object.
#[derive(Clone, Copy, Debug)]
pub struct EventSpec<'a> {
    pub object: &'a Value,
    /// `spec.containers{app}` or empty.
    pub field: &'a str,
    /// `Normal` or `Warning`.
    pub kind: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    /// `kubelet`, `default-scheduler`, …
    pub component: &'a str,
    /// The node of a kubelet; empty for others.
    pub host: &'a str,
}
