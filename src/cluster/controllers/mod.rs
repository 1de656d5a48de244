//! Models kube-controller-manager: ReplicaSet, ReplicationController, Deployment, DaemonSet, StatefulSet, Job, CronJob, EndpointSlice, Namespace,
//! ResourceQuota, PodDisruptionBudget, HorizontalPodAutoscaler, PersistentVolume, node lifecycle, garbage collection of dependents and of Pods.
//!
//! Every controller has a work queue of objects; a change puts those that it concerns into it, and a little later they are synced against the
//! store. Pods are made and removed as fast as each controller's client may ask (`tests/data/pace.jsonl`). Deviations: one worker each, syncs take no time.

use crate::api::order::SortedMap;
mod bootstrap;
mod cron_job;
mod daemon_set;
mod deployment;
mod deployment_status;
mod disruption;
mod endpoint_mirror;
mod endpoints;
mod garbage;
mod history;
mod hpa;
mod hpa_replicas;
mod job;
mod job_policy;
mod namespace;
mod node;
mod owned;
mod pod_gc;
mod quota;
mod replica_set;
mod rollout;
mod stateful_claims;
mod stateful_set;
mod volume;

use super::apiserver::{Change, EventSpec, Key, Verb};
use super::log::Fact;
use super::throttle::Throttle;
use super::{Config, Context, Task};
use crate::api::{Kind, Selector, SimTime, Status, Value, kinds, object};
use owned::Owned;

/// From a change to the sync that it causes.
const SYNC_MS: u64 = 10;
/// How long a stopped API server is left alone before it is asked again.
const RETRY_MS: u64 = 1000;
/// What was refused is tried again after this, then after twice as long, and so on.
const FIRST_RETRY_MS: u64 = 5;
const LONGEST_RETRY_MS: u64 = 1_000_000;
/// How often a controller may make or remove something; each has a client of its own. `--kube-api-qps` and, at once, `--kube-api-burst`: 30, of which
/// events and statuses take six (`tests/data/pace.jsonl`).
const CLIENT: Throttle = Throttle::new(20, 24);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    ReplicaSet,
    Deployment,
    DaemonSet,
    StatefulSet,
    Job,
    CronJob,
    Endpoints,
    Namespace,
    Garbage,
    PodGc,
    ResourceQuota,
    Disruption,
    HorizontalPodAutoscaler,
    Volume,
    TaintEviction,
    NodeLifecycle,
}

/// An object in a controller's queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    pub controller: Controller,
    pub key: Key,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    Sync(Work),
}

#[derive(Clone, Debug, Default)]
pub struct Controllers {
    /// When each queued object is due; an earlier time replaces a later one.
    queued: SortedMap<Work, SimTime>,
    /// How often in a row the sync of an object was refused.
    refused: SortedMap<Work, u32>,
    owned: Owned,
    endpoints: endpoints::Endpoints,
    eviction: node::Eviction,
    nodes: node::Lifecycle,
    jobs: job::Jobs,
    autoscalers: hpa::Autoscalers,
    daemons: daemon_set::Backoff,
    /// What those controllers may still ask that make and remove Pods by the dozen.
    clients: SortedMap<Controller, Throttle>,
    collector: garbage::Client,
}

impl Controllers {
    /// What every new cluster has: namespaces, ServiceAccounts, nodes, the Service `kubernetes`.
    pub fn bootstrap(&mut self, config: &Config, ctx: &mut Context) {
        bootstrap::run(config, ctx);
    }

    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        let key = &change.key;
        let kind = key.kind;
        if kind == kinds::EVENT {
            return;
        }
        self.owned.note(change);
        if let Some(uid) = self.owned.garbage(change) {
            self.enqueue_dependents(&uid, ctx);
        }
        if object::is_deleting(&change.object) && !object::list_at(&change.object, "metadata.finalizers").is_empty() {
            self.enqueue(Controller::Garbage, key.clone(), SYNC_MS, ctx);
        }
        let controller = match kind.kind {
            "ReplicaSet" | "ReplicationController" => Some(Controller::ReplicaSet),
            "ResourceQuota" => Some(Controller::ResourceQuota),
            "PodDisruptionBudget" => Some(Controller::Disruption),
            "HorizontalPodAutoscaler" => Some(Controller::HorizontalPodAutoscaler),
            "Deployment" => Some(Controller::Deployment),
            "DaemonSet" => Some(Controller::DaemonSet),
            "StatefulSet" => Some(Controller::StatefulSet),
            "Job" => Some(Controller::Job),
            "CronJob" => Some(Controller::CronJob),
            "Service" => Some(Controller::Endpoints),
            "Namespace" => Some(Controller::Namespace),
            "PersistentVolumeClaim" | "PersistentVolume" => Some(Controller::Volume),
            _ => None,
        };
        if let Some(controller) = controller {
            let own = change.verb != Verb::Deleted && change.old.as_ref().is_some_and(|old| only_status(old, &change.object));
            if !own
                || matches!(
                    kind.kind,
                    "ReplicaSet" | "ReplicationController" | "Job" | "Deployment" | "StatefulSet" | "Namespace" | "PodDisruptionBudget"
                )
            {
                let after = match controller {
                    Controller::Endpoints => endpoints::SYNC_MS,
                    Controller::Namespace if object::is_deleting(&change.object) => namespace::QUIET_MS,
                    Controller::HorizontalPodAutoscaler => hpa::RESYNC_MS,
                    _ => SYNC_MS,
                };
                self.enqueue(controller, key.clone(), after, ctx);
            }
        }
        self.enqueue_owner(change, ctx);
        self.orphan(change, ctx);
        if self.owned.is_dangling(change, ctx) {
            self.enqueue(Controller::Garbage, key.clone(), SYNC_MS, ctx);
        }
        if kind == kinds::ENDPOINTS {
            let service = Key::new(kinds::SERVICE, &key.namespace, &key.name);
            if ctx.api.at(&service).is_some_and(|s| object::at(s, "spec.selector").is_none()) {
                self.enqueue(Controller::Endpoints, service, endpoints::SYNC_MS, ctx);
            }
        }
        // What every namespace has is made again.
        if change.verb == Verb::Deleted && bootstrap::is_standard(kind, &key.name) {
            self.enqueue(Controller::Namespace, Key::new(kinds::NAMESPACE, "", &key.namespace), SYNC_MS, ctx);
        }
        // A new volume may do for a claim that waits; a claim that goes releases its volume.
        let waiting = match kind.kind {
            "PersistentVolume" => Some(kinds::PERSISTENT_VOLUME_CLAIM),
            "PersistentVolumeClaim" if change.verb == Verb::Deleted => Some(kinds::PERSISTENT_VOLUME),
            _ => None,
        };
        if let Some(others) = waiting.filter(|_| change.old.is_none() || change.verb == Verb::Deleted) {
            for other in ctx.api.list(others, None).map(|o| key_of(others, o)).collect::<Vec<_>>() {
                self.enqueue(Controller::Volume, other, SYNC_MS, ctx);
            }
        }
        if change.old.is_none() || change.verb == Verb::Deleted || kind == kinds::POD {
            for quota in ctx.api.list(kinds::RESOURCE_QUOTA, Some(&key.namespace)).map(|q| key_of(kinds::RESOURCE_QUOTA, q)).collect::<Vec<_>>() {
                self.enqueue(Controller::ResourceQuota, quota, SYNC_MS, ctx);
            }
        }
        if kind == kinds::POD {
            if owned::is_finished(&change.object) && change.old.as_ref().is_some_and(|old| !owned::is_finished(old)) {
                self.enqueue(Controller::PodGc, pod_gc::ended_pods(), pod_gc::PERIOD_MS, ctx);
            }
            self.disrupt(change, ctx);
            self.endpoints.observe_pod(change, &mut self.queued, ctx);
            self.eviction.observe_pod(change, &mut self.queued, ctx);
            self.release_claims(change, ctx);
            self.jobs.observe_pod(change, ctx);
        } else if kind == kinds::NODE {
            if change.verb == Verb::Deleted {
                self.enqueue(Controller::PodGc, key.clone(), pod_gc::QUARANTINE_MS, ctx);
            }
            self.eviction.observe_node(change, &mut self.queued, ctx);
            let seen = |node: &Value| (object::labels(node).cloned(), object::at(node, "spec.taints").cloned());
            if change.verb != Verb::Deleted && change.old.as_ref().is_none_or(|old| seen(old) != seen(&change.object)) {
                let wakes = |set: &&std::rc::Rc<Value>| daemon_set::wakes(set, &change.object, &self.owned, ctx);
                let sets: Vec<Key> = ctx.api.list(kinds::DAEMON_SET, None).filter(wakes).map(|s| key_of(kinds::DAEMON_SET, s)).collect();
                for set in sets {
                    self.enqueue(Controller::DaemonSet, set, SYNC_MS, ctx);
                }
            }
            self.enqueue(Controller::NodeLifecycle, key.clone(), SYNC_MS, ctx);
        }
    }

    /// A kubelet stopped or started; its node's lease runs out or is renewed.
    pub fn kubelet_silent(&mut self, node: &str, stopped: bool, ctx: &mut Context) {
        self.nodes.heard(node, stopped, ctx.now);
        self.enqueue(Controller::NodeLifecycle, Key::new(kinds::NODE, "", node), SYNC_MS, ctx);
    }

    fn enqueue(&mut self, controller: Controller, key: Key, after: u64, ctx: &mut Context) {
        enqueue(&mut self.queued, Work { controller, key }, after, ctx);
    }

    /// The controller that owns the changed object looks again.
    fn enqueue_owner(&mut self, change: &Change, ctx: &mut Context) {
        for object in [Some(&change.object), change.old.as_ref()].into_iter().flatten() {
            let Some(owner) = object::controller_of(object) else { continue };
            let (kind, controller) = match object::str_at(owner, "kind") {
                Some("ReplicaSet") => (kinds::REPLICA_SET, Controller::ReplicaSet),
                Some("ReplicationController") => (kinds::REPLICATION_CONTROLLER, Controller::ReplicaSet),
                Some("Deployment") => (kinds::DEPLOYMENT, Controller::Deployment),
                Some("DaemonSet") => (kinds::DAEMON_SET, Controller::DaemonSet),
                // Its revisions are not watched.
                Some("StatefulSet") if change.key.kind == kinds::CONTROLLER_REVISION => continue,
                Some("StatefulSet") => (kinds::STATEFUL_SET, Controller::StatefulSet),
                Some("Job") => (kinds::JOB, Controller::Job),
                Some("CronJob") => (kinds::CRON_JOB, Controller::CronJob),
                _ => continue,
            };
            let key = Key::new(kind, &change.key.namespace, object::str_at(owner, "name").unwrap_or(""));
            self.enqueue(controller, key, SYNC_MS, ctx);
        }
    }

    /// What has no controller may be adopted by any whose selector chooses it.
    fn orphan(&mut self, change: &Change, ctx: &mut Context) {
        if object::controller_of(&change.object).is_some() || change.verb == Verb::Deleted {
            return;
        }
        if change.old.as_ref().is_some_and(|old| object::labels(old) == object::labels(&change.object) && object::controller_of(old).is_none()) {
            return;
        }
        let labels = object::labels(&change.object);
        let adopters: &[(&'static Kind, Controller)] = match change.key.kind.kind {
            "ReplicaSet" => &[(kinds::DEPLOYMENT, Controller::Deployment)],
            "ControllerRevision" => &[(kinds::DAEMON_SET, Controller::DaemonSet), (kinds::STATEFUL_SET, Controller::StatefulSet)],
            "Pod" => &[
                (kinds::REPLICA_SET, Controller::ReplicaSet),
                (kinds::REPLICATION_CONTROLLER, Controller::ReplicaSet),
                (kinds::DAEMON_SET, Controller::DaemonSet),
                (kinds::STATEFUL_SET, Controller::StatefulSet),
                (kinds::JOB, Controller::Job),
            ],
            _ => &[],
        };
        for (kind, controller) in adopters.iter().copied() {
            let choose = |set: &&std::rc::Rc<Value>| selector(set).matches(labels);
            let sets: Vec<Key> = ctx.api.list(kind, Some(&change.key.namespace)).filter(choose).map(|set| key_of(kind, set)).collect();
            for key in sets {
                self.enqueue(controller, key, SYNC_MS, ctx);
            }
        }
    }

    /// The budgets that choose a Pod count again.
    fn disrupt(&mut self, change: &Change, ctx: &mut Context) {
        let labels = object::labels(&change.object);
        let budgets = ctx.api.list(kinds::POD_DISRUPTION_BUDGET, Some(&change.key.namespace)).filter(|budget| selector(budget).matches(labels));
        for key in budgets.map(|budget| key_of(kinds::POD_DISRUPTION_BUDGET, budget)).collect::<Vec<_>>() {
            self.enqueue(Controller::Disruption, key, SYNC_MS, ctx);
        }
    }

    /// A Pod that ends no longer keeps its claims from going.
    fn release_claims(&mut self, change: &Change, ctx: &mut Context) {
        for name in volume::claims(&change.object) {
            let claim = Key::new(kinds::PERSISTENT_VOLUME_CLAIM, &change.key.namespace, &name);
            if ctx.api.at(&claim).is_some_and(|c| object::is_deleting(c)) {
                self.enqueue(Controller::Volume, claim, SYNC_MS, ctx);
            }
        }
    }

    fn enqueue_dependents(&mut self, uid: &str, ctx: &mut Context) {
        let dependents: Vec<Key> = self.owned.dependents(uid).cloned().collect();
        for key in dependents {
            let wait = self.collector.reserve(ctx.now);
            self.enqueue(Controller::Garbage, key, SYNC_MS + wait, ctx);
        }
    }

    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        let Timer::Sync(work) = timer;
        if self.queued.get(&work).is_none_or(|due| *due > ctx.now) {
            return;
        }
        self.queued.remove(&work);
        if ctx.api.is_stopped() {
            return enqueue(&mut self.queued, work, RETRY_MS, ctx);
        }
        self.sync(work, ctx);
    }

    /// Each controller is a function of its own (`inline(never)`), so that a page whose cluster needs one late can fetch it late.
    fn sync(&mut self, work: Work, ctx: &mut Context) {
        let (key, done) = (work.key.clone(), work.clone());
        let client = self.clients.entry(work.controller).or_insert(CLIENT);
        let wait = client.wait(ctx.now);
        if wait > 0 {
            // Whatever it asked now would wait.
            return enqueue(&mut self.queued, work, wait, ctx);
        }
        let again = match work.controller {
            Controller::ReplicaSet => replica_set::sync(&key, &self.owned, client, ctx),
            Controller::Deployment => deployment::sync(&key, &self.owned, ctx),
            Controller::DaemonSet => daemon_set::sync(&key, &self.owned, &mut self.daemons, client, ctx),
            Controller::StatefulSet => stateful_set::sync(&key, &self.owned, client, ctx),
            Controller::Job => self.jobs.sync(&key, &self.owned, client, ctx),
            Controller::CronJob => cron_job::sync(&key, &self.owned, ctx),
            Controller::Endpoints => self.endpoints.sync(&key, ctx),
            Controller::Namespace => namespace::sync(&key, ctx),
            Controller::Garbage => garbage::sync(&key, &self.owned, ctx),
            Controller::PodGc => pod_gc::sync(&key, ctx),
            Controller::ResourceQuota => quota::sync(&key, ctx),
            Controller::Disruption => disruption::sync(&key, ctx),
            Controller::HorizontalPodAutoscaler => self.autoscalers.sync(&key, ctx),
            Controller::Volume => volume::sync(&key, ctx),
            Controller::NodeLifecycle => self.nodes.sync(&key, ctx),
            Controller::TaintEviction => self.eviction.sync(&key, ctx),
        };
        match again {
            Ok(Some(after)) => enqueue(&mut self.queued, work, after, ctx),
            Ok(None) => {}
            Err(refusal) => {
                // A controller tries again what the API server refused (client-go's `ItemExponentialFailureRateLimiter`).
                let count = self.refused.entry(work.clone()).or_default();
                let first = if work.controller == Controller::Job { 1000 } else { FIRST_RETRY_MS };
                let after = (first << (*count).min(20)).min(if work.controller == Controller::Job { 60_000 } else { LONGEST_RETRY_MS });
                *count += 1;
                ctx.fact(Fact::Refused { object: format!("{}/{}/{}", key.kind.singular, key.namespace, key.name), message: refusal.into_message() });
                if ctx.api.at(&key).is_some() {
                    return enqueue(&mut self.queued, work, after, ctx);
                }
            }
        }
        if !self.refused.is_empty() {
            self.refused.remove(&done);
        }
    }
}

/// What a sync gives: after how many milliseconds it wants to look again, if at all.
pub(super) type Synced = Result<Option<u64>, Status>;

fn enqueue(queued: &mut SortedMap<Work, SimTime>, work: Work, after: u64, ctx: &mut Context) {
    let at = ctx.now + after;
    if queued.get(&work).is_some_and(|due| *due <= at) {
        return;
    }
    queued.insert(work.clone(), at);
    ctx.after(after, Task::Controllers(Timer::Sync(work)));
}

fn key_of(kind: &'static Kind, object: &Value) -> Key {
    Key::new(kind, object::namespace(object), object::name(object))
}

fn selector(set: &Value) -> Selector {
    if object::kind(set) == "ReplicationController" {
        return object::map_at(set, "spec.selector").map(Selector::from_map).unwrap_or_default();
    }
    object::at(set, "spec.selector").map(Selector::from_value).unwrap_or_default()
}

/// Whether a change touched nothing but the status.
fn only_status(old: &Value, new: &Value) -> bool {
    let metadata = |o: &Value| {
        let mut metadata = o.get("metadata").cloned().unwrap_or(Value::Null);
        object::remove(&mut metadata, "resourceVersion");
        metadata
    };
    old.get("spec") == new.get("spec") && metadata(old) == metadata(new)
}

fn say(ctx: &mut Context, object: &Value, component: &str, kind: &str, reason: &str, message: &str) {
    let (api, mut caller) = ctx.api();
    api.record_event(&mut caller, EventSpec { object, field: "", kind, reason, message, component, host: "" });
}
