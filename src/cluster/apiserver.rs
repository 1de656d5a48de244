//! Models kube-apiserver and etcd: the store, its verbs, resourceVersion, watch, patches, admission, events.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::Random;
use super::log::{Fact, Log};
use crate::api::{Kind, SimTime, Status, Value, json, object};
use crate::manifest;

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
    /// Counts of Events by object, field, reason and message.
    events: BTreeMap<(String, String, String, String), i64>,
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

    /// Stores a new object, admitted. `generateName` gets its random letters.
    pub fn create(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        mut object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.refuse_if_stopped()?;
        if kind.namespaced {
            let own = object::namespace(&object).to_owned();
            object::set(&mut object, "metadata.namespace", json!(if own.is_empty() { namespace } else { &own }));
        }
        let admitted = manifest::admit_create(kind, options.root.as_ref(), object, self)?;
        let mut object = admitted.object;
        if object::name(&object).is_empty() {
            let prefix = object::str_at(&object, "metadata.generateName").unwrap_or("").to_owned();
            object::set(&mut object, "metadata.name", json!(format!("{prefix}{}", caller.random.suffix(5))));
        }
        let key = Key::new(kind, object::namespace(&object), object::name(&object));
        if self.objects.contains_key(&key) {
            return Err(Status::already_exists(&kind.resource(), &key.name));
        }
        object::set(&mut object, "metadata.uid", json!(caller.random.uid()));
        object::set(&mut object, "metadata.creationTimestamp", json!(caller.now.rfc3339()));
        let object = if options.dry_run { Rc::new(object) } else { self.store(caller, key, object, Verb::Added) };
        Ok(Written { object, warnings: admitted.warnings })
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
        self.refuse_if_stopped()?;
        let key = Key::new(kind, namespace, object::name(&object));
        let old = self.objects.get(&key).cloned().ok_or_else(|| Status::not_found(&kind.resource(), &key.name))?;
        let mut new = object;
        for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"] {
            let path = format!("metadata.{field}");
            match object::at(&old, &path) {
                Some(value) => object::set(&mut new, &path, value.clone()),
                None => drop(object::remove(&mut new, &path)),
            }
        }
        if options.subresource == "status" {
            let status = new.get("status").cloned().unwrap_or(Value::Null);
            new = (*old).clone();
            object::set(&mut new, "status", status);
        } else if let Some(status) = old.get("status") {
            object::set(&mut new, "status", status.clone());
        }
        let admitted = manifest::admit_update(kind, options.subresource, &old, new, self)?;
        let mut new = admitted.object;
        if new.get("spec") != old.get("spec") && options.subresource != "binding" {
            if let Some(generation) = object::i64_at(&old, "metadata.generation") {
                object::set(&mut new, "metadata.generation", json!(generation + 1));
            }
        }
        if options.dry_run || new == *old {
            return Ok(Written { object: Rc::new(new), warnings: admitted.warnings });
        }
        Ok(Written { object: self.store(caller, key, new, Verb::Modified), warnings: admitted.warnings })
    }

    pub fn patch(&mut self, caller: &mut Caller, key: &Key, patch: &Value, how: PatchKind, options: &WriteOptions) -> Result<Written, Status> {
        let old = self.objects.get(key).cloned().ok_or_else(|| Status::not_found(&key.kind.resource(), &key.name))?;
        let mut new = (*old).clone();
        merge(&mut new, patch, how == PatchKind::Strategic);
        self.update(caller, key.kind, &key.namespace, new, options)
    }

    /// Server-side apply. `force` takes fields over from other managers.
    pub fn apply(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
        _force: bool,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let key = Key::new(kind, namespace, object::name(&object));
        if self.objects.contains_key(&key) {
            self.patch(caller, &key, &object, PatchKind::Strategic, options)
        } else {
            self.create(caller, kind, namespace, object, options)
        }
    }

    /// Gives the object as it stands after the request: gone, or terminating with a deletionTimestamp.
    pub fn delete(&mut self, caller: &mut Caller, key: &Key, options: DeleteOptions) -> Result<Rc<Value>, Status> {
        self.refuse_if_stopped()?;
        let old = self.objects.get(key).cloned().ok_or_else(|| Status::not_found(&key.kind.resource(), &key.name))?;
        let bound = object::str_at(&old, "spec.nodeName").is_some_and(|n| !n.is_empty());
        let grace = options.grace_seconds.or(object::i64_at(&old, "spec.terminationGracePeriodSeconds")).unwrap_or(30);
        let finished = matches!(object::str_at(&old, "status.phase"), Some("Succeeded" | "Failed"));
        if key.kind.kind == "Pod" && bound && grace > 0 && !finished {
            let mut new = (*old).clone();
            if object::i64_at(&old, "metadata.deletionGracePeriodSeconds").is_some_and(|before| grace >= before) {
                return Ok(old);
            }
            object::set(&mut new, "metadata.deletionTimestamp", json!((caller.now + grace as u64 * 1000).rfc3339()));
            object::set(&mut new, "metadata.deletionGracePeriodSeconds", json!(grace));
            let generation = object::i64_at(&old, "metadata.generation").unwrap_or(0);
            object::set(&mut new, "metadata.generation", json!(generation + 1));
            return Ok(self.store(caller, key.clone(), new, Verb::Modified));
        }
        Ok(self.store(caller, key.clone(), (*old).clone(), Verb::Deleted))
    }

    fn refuse_if_stopped(&self) -> Result<(), Status> {
        if self.stopped { Err(Status::new(0, "ConnectionRefused", "connection refused")) } else { Ok(()) }
    }

    fn store(&mut self, caller: &mut Caller, key: Key, mut object: Value, verb: Verb) -> Rc<Value> {
        self.resource_version += 1;
        object::set(&mut object, "metadata.resourceVersion", json!(self.resource_version.to_string()));
        object::set(&mut object, "apiVersion", json!(key.kind.api_version()));
        object::set(&mut object, "kind", json!(key.kind.kind));
        let object = Rc::new(object);
        let old = match verb {
            Verb::Deleted => self.objects.remove(&key),
            Verb::Added | Verb::Modified => self.objects.insert(key.clone(), Rc::clone(&object)),
        };
        let word = match verb {
            Verb::Added => "created",
            Verb::Modified => "updated",
            Verb::Deleted => "deleted",
        };
        let name = format!("{}/{}/{}", key.kind.singular, key.namespace, key.name);
        caller.log.push(caller.now, Fact::Stored { verb: word, object: name, resource_version: self.resource_version, component: String::new() });
        let change = Change { verb, key, at: caller.now, resource_version: self.resource_version, object: Rc::clone(&object), old };
        self.history.push(Rc::new(change.clone()));
        self.undelivered.push_back(change);
        object
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
        let kind = object::kind(event.object).to_lowercase();
        let (namespace, name) = (object::namespace(event.object), object::name(event.object));
        let identity = (format!("{kind}/{namespace}/{name}"), event.field.to_owned(), event.reason.to_owned(), event.message.to_owned());
        let count = self.events.entry(identity).or_insert(0);
        *count += 1;
        let component = if event.host.is_empty() { event.component.into() } else { format!("{}/{}", event.component, event.host) };
        let fact = Fact::EventRecorded {
            object: format!("{kind}/{namespace}/{name}"),
            field: event.field.into(),
            kind: event.kind.into(),
            reason: event.reason.into(),
            message: event.message.into(),
            count: *count,
            component,
        };
        caller.log.push(caller.now, fact);
    }
}

impl manifest::ClusterFacts for ApiServer {
    fn namespace_exists(&self, name: &str) -> bool {
        matches!(name, "default" | "kube-system")
    }
    fn service_account_exists(&self, _namespace: &str, name: &str) -> bool {
        name == "default"
    }
    fn priority_class(&self, name: &str) -> Option<(i64, String)> {
        manifest::NewCluster.priority_class(name)
    }
    fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Value> {
        let kind = crate::api::kinds::KINDS.iter().find(|k| *k == kind)?;
        self.objects.get(&Key::new(kind, namespace, name)).map(|v| (**v).clone())
    }
}

/// Merge patch; with `by_name`, lists of named objects are merged by their names.
fn merge(target: &mut Value, patch: &Value, by_name: bool) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.remove(key);
                } else {
                    merge(target.entry(key.clone()).or_insert(Value::Null), value, by_name);
                }
            }
        }
        (Value::Array(target), Value::Array(patch)) if by_name && patch.iter().all(|p| p.get("name").is_some()) => {
            for item in patch {
                match target.iter_mut().find(|t| t.get("name") == item.get("name")) {
                    Some(found) => merge(found, item, by_name),
                    None => target.push(item.clone()),
                }
            }
        }
        (target, patch) => *target = patch.clone(),
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
