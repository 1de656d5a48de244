//! Models `pkg/controller/endpointslice` and `pkg/controller/endpoint`: the Pods behind every Service.
//!
//! Deviation: a slice holds any number of endpoints (real ones 100 each).

use crate::api::order::SortedMap;
use std::rc::Rc;

use super::owned::{annotations, condition, delete, is_finished, is_ready, make, put, reference};
use super::{Controller, Synced, Work, enqueue};
use crate::api::{Map, Selector, SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{Change, Key};

/// From a Pod's change to the slice's.
pub const SYNC_MS: u64 = 20;
/// When the change happened that an object shows, for those who measure how long it takes.
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const MANAGER: &str = "endpointslice.kubernetes.io/managed-by";
const SERVICE: &str = "kubernetes.io/service-name";
const HEADLESS: &str = "service.kubernetes.io/headless";
const LEGACY_MANAGER: &str = "endpoints.kubernetes.io/managed-by";

#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// For each Service the times of its own and its Pods' changes that have been seen, by name (`TriggerTimeTracker`).
    seen: SortedMap<Key, SortedMap<String, SimTime>>,
}

/// The Pods that have the same ports.
struct Group {
    ports: Vec<Value>,
    pods: Vec<Rc<Value>>,
}

impl Endpoints {
    /// The Services that choose a Pod, before or after its change, look again. Models `podEndpointsChanged`, which does not ask for the phase: a Pod
    /// that had stopped being ready before it ended stays in its slice (`tests/recorded/traces/service-done`), and whatever happens
    /// to one that is being deleted counts.
    pub fn observe_pod(&mut self, change: &Change, queued: &mut SortedMap<Work, SimTime>, ctx: &mut Context) {
        let same = |old: &Rc<Value>| !object::is_deleting(&change.object) && seen(old) == seen(&change.object);
        if change.verb == crate::cluster::apiserver::Verb::Modified && change.old.as_ref().is_some_and(same) {
            return;
        }
        let chosen = |service: &&Rc<Value>| {
            let Some(selector) = object::map_at(service, "spec.selector").filter(|s| !s.is_empty()).map(Selector::from_map) else { return false };
            selector.matches(object::labels(&change.object)) || change.old.as_ref().is_some_and(|old| selector.matches(object::labels(old)))
        };
        let services: Vec<Key> =
            ctx.api.list(kinds::SERVICE, Some(&change.key.namespace)).filter(chosen).map(|s| super::key_of(kinds::SERVICE, s)).collect();
        for key in services {
            enqueue(queued, Work { controller: Controller::Endpoints, key }, SYNC_MS, ctx);
        }
    }

    #[inline(never)]
    pub fn sync(&mut self, key: &Key, ctx: &mut Context) -> Synced {
        let Some(service) = ctx.api.at(key).cloned() else {
            self.seen.remove(key);
            return gone(key, ctx);
        };
        super::endpoint_mirror::sync(key, &service, ctx)?;
        let Some(selector) = object::map_at(&service, "spec.selector").filter(|s| !s.is_empty()).map(Selector::from_map) else { return Ok(None) };
        if object::str_at(&service, "spec.type") == Some("ExternalName") || object::is_deleting(&service) {
            return Ok(None);
        }
        let anyway = object::bool_at(&service, "spec.publishNotReadyAddresses") == Some(true);
        let chosen = |pod: &&Rc<Value>| selector.matches(object::labels(pod));
        let mut pods: Vec<Rc<Value>> = ctx.api.list(kinds::POD, Some(&key.namespace)).filter(chosen).cloned().collect();
        let trigger = self.trigger(key, &service, &pods);
        pods.retain(|pod| !is_finished(pod) && address(pod).is_some());
        self::slices(&service, key, &pods, anyway, trigger, ctx)?;
        legacy(&service, key, &pods, anyway, trigger, ctx)?;
        Ok(None)
    }

    /// The first of the changes that were not seen before: models `ComputeEndpointLastChangeTriggerTime`.
    fn trigger(&mut self, key: &Key, service: &Value, pods: &[Rc<Value>]) -> Option<SimTime> {
        let time = |value: &Value, path: &str| object::str_at(value, path).and_then(SimTime::parse);
        let mut now: SortedMap<String, SimTime> = SortedMap::new();
        for pod in pods {
            if let Some(at) = condition(pod, "Ready").and_then(|c| time(c, "lastTransitionTime")) {
                now.insert(object::name(pod).to_owned(), at);
            }
        }
        now.extend(time(service, "metadata.creationTimestamp").map(|at| (String::new(), at)));
        let before = self.seen.get(key);
        let is_new = |name: &String, at: SimTime| before.and_then(|seen| seen.get(name)).is_none_or(|seen| *seen < at);
        let first = now.iter().filter(|(name, at)| is_new(name, **at)).map(|(_, at)| *at).min();
        self.seen.insert(key.clone(), now);
        first
    }
}

/// Tells what caused a change, or that nothing new did.
fn note_trigger(object: &mut Value, trigger: Option<SimTime>) {
    let mut notes = annotations(object);
    match trigger {
        Some(at) => drop(notes.insert(TRIGGER.into(), json!(at.rfc3339()))),
        None => drop(notes.remove(TRIGGER)),
    }
    if notes.is_empty() {
        object::remove(object, "metadata.annotations");
    } else {
        object::set(object, "metadata.annotations", Value::Object(notes));
    }
}

/// Brings the slices of a Service to what they are to show: one for each set of ports; what is no longer needed is used again or goes.
fn slices(service: &Value, key: &Key, pods: &[Rc<Value>], anyway: bool, trigger: Option<SimTime>, ctx: &mut Context) -> Result<(), Status> {
    let mut labels = object::labels(service).cloned().unwrap_or_default();
    labels.insert(MANAGER.into(), json!("endpointslice-controller.k8s.io"));
    labels.insert(SERVICE.into(), json!(key.name));
    if is_headless(service) {
        labels.insert(HEADLESS.into(), json!(""));
    }
    let mut groups = groups(service, pods);
    if groups.is_empty() {
        groups.push(Group { ports: Vec::new(), pods: Vec::new() });
    }
    let wanted = groups.into_iter().map(|group| {
        let endpoints: Vec<Value> = group.pods.iter().map(|pod| endpoint(pod, &key.name, anyway)).collect();
        (if group.ports.is_empty() { Value::Null } else { Value::Array(group.ports) }, Value::Array(endpoints))
    });
    reconcile(service, key, &Value::Object(labels), wanted.collect(), trigger, ctx)
}

/// Models the reconcilers of EndpointSlices: those with the same ports stay what they are, others are changed before one is made or removed.
pub fn reconcile(
    owner: &Value,
    key: &Key,
    labels: &Value,
    mut wanted: Vec<(Value, Value)>,
    trigger: Option<SimTime>,
    ctx: &mut Context,
) -> Result<(), Status> {
    let mine = |slice: &&Rc<Value>| object::controller_of(slice).is_some_and(|of| object::str_at(of, "uid") == Some(object::uid(owner)));
    let mut stored: Vec<Rc<Value>> = ctx.api.list(kinds::ENDPOINT_SLICE, Some(&key.namespace)).filter(mine).cloned().collect();
    let mut pairs: Vec<(Rc<Value>, (Value, Value))> = Vec::new();
    let ports = |slice: &Value| slice.get("ports").cloned().unwrap_or(Value::Null);
    wanted.retain(|one| match stored.iter().position(|slice| ports(slice) == one.0) {
        Some(at) => {
            pairs.push((stored.remove(at), one.clone()));
            false
        }
        None => true,
    });
    for (ports, endpoints) in wanted {
        if !stored.is_empty() {
            pairs.push((stored.remove(0), (ports, endpoints)));
            continue;
        }
        let mut slice = json!({"metadata": {"generateName": format!("{}-", key.name), "labels": labels, "ownerReferences": [reference(owner)]},
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports});
        note_trigger(&mut slice, trigger);
        make(ctx, kinds::ENDPOINT_SLICE, &key.namespace, slice)?;
    }
    for (slice, (ports, endpoints)) in pairs {
        let mut new = (*slice).clone();
        new["endpoints"] = endpoints;
        new["ports"] = ports;
        object::set(&mut new, "metadata.labels", labels.clone());
        if new != *slice {
            note_trigger(&mut new, trigger);
            put(ctx, kinds::ENDPOINT_SLICE, new, "")?;
        }
    }
    for slice in stored {
        delete(ctx, kinds::ENDPOINT_SLICE, &slice)?;
    }
    Ok(())
}

fn is_headless(service: &Value) -> bool {
    object::str_at(service, "spec.clusterIP") == Some("None")
}

/// What makes the controller look again when it changes.
fn seen(pod: &Value) -> (Option<&Map<String, Value>>, Option<&str>, bool) {
    (object::labels(pod), address(pod), is_ready(pod))
}

fn address(pod: &Value) -> Option<&str> {
    object::str_at(pod, "status.podIP").filter(|ip| !ip.is_empty())
}

fn target(pod: &Value) -> Value {
    json!({"kind": "Pod", "name": object::name(pod), "namespace": object::namespace(pod), "uid": object::uid(pod)})
}

/// `ShouldSetHostname`: the name that a Pod has below its Service's.
fn hostname<'a>(pod: &'a Value, service: &str) -> Option<&'a str> {
    object::str_at(pod, "spec.hostname").filter(|host| !host.is_empty() && object::str_at(pod, "spec.subdomain") == Some(service))
}

fn endpoint(pod: &Value, service: &str, anyway: bool) -> Value {
    let (serving, terminating) = (is_ready(pod), object::is_deleting(pod));
    let mut endpoint = json!({"addresses": [address(pod)], "conditions": {"ready": anyway || (serving && !terminating), "serving": serving, "terminating": terminating},
        "nodeName": object::str_at(pod, "spec.nodeName"), "targetRef": target(pod)});
    if let Some(host) = hostname(pod, service) {
        endpoint["hostname"] = json!(host);
    }
    endpoint
}

/// The Pods by the ports that they have for the Service; the name of a target is looked up in each.
fn groups(service: &Value, pods: &[Rc<Value>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for pod in pods {
        let ports = ports(service, pod);
        match groups.iter_mut().find(|group| group.ports == ports) {
            Some(group) => group.pods.push(Rc::clone(pod)),
            None => groups.push(Group { ports, pods: vec![Rc::clone(pod)] }),
        }
    }
    groups
}

fn ports(service: &Value, pod: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    for port in object::list_at(service, "spec.ports") {
        let protocol = object::str_at(port, "protocol").unwrap_or("TCP");
        let number = match port.get("targetPort") {
            Some(Value::String(name)) => {
                let all = object::list_at(pod, "spec.containers").iter().chain(object::list_at(pod, "spec.initContainers"));
                all.flat_map(|c| object::list_at(c, "ports"))
                    .find(|p| object::str_at(p, "name") == Some(name) && object::str_at(p, "protocol").unwrap_or("TCP") == protocol)
                    .and_then(|p| object::i64_at(p, "containerPort"))
            }
            Some(value) if value.as_i64().is_some_and(|n| n != 0) => value.as_i64(),
            _ => object::i64_at(port, "port"),
        };
        if let Some(number) = number {
            let mut one = json!({"name": object::str_at(port, "name").unwrap_or(""), "port": number, "protocol": protocol});
            if let Some(app) = object::str_at(port, "appProtocol") {
                one["appProtocol"] = json!(app);
            }
            out.push(one);
        }
    }
    out
}

/// The older Endpoints object with the same content.
fn legacy(service: &Value, key: &Key, pods: &[Rc<Value>], anyway: bool, trigger: Option<SimTime>, ctx: &mut Context) -> Result<(), Status> {
    let one = |pod: &&Rc<Value>| {
        let mut one = json!({"ip": address(pod), "nodeName": object::str_at(pod, "spec.nodeName"), "targetRef": target(pod)});
        if let Some(host) = hostname(pod, &key.name) {
            one["hostname"] = json!(host);
        }
        one
    };
    let living: Vec<Rc<Value>> = pods.iter().filter(|p| anyway || !object::is_deleting(p)).cloned().collect();
    let portless = is_headless(service) && object::list_at(service, "spec.ports").is_empty();
    let mut subsets: Vec<Value> = Vec::new();
    for group in groups(service, &living).into_iter().filter(|group| portless || !group.ports.is_empty()) {
        let mut subset = json!({});
        let (ready, waiting): (Vec<_>, Vec<_>) = group.pods.iter().partition(|p| anyway || is_ready(p));
        for (field, list) in [("addresses", ready), ("notReadyAddresses", waiting)] {
            if !list.is_empty() {
                subset[field] = Value::Array(list.iter().map(one).collect());
            }
        }
        let plain = |mut port: Value| {
            if object::str_at(&port, "name") == Some("") {
                object::remove(&mut port, "name");
            }
            port
        };
        if !portless {
            subset["ports"] = Value::Array(group.ports.into_iter().map(plain).collect());
        }
        subsets.push(subset);
    }
    let mut labels: Map<String, Value> = object::labels(service).cloned().unwrap_or_default();
    labels.insert(LEGACY_MANAGER.into(), json!("endpoint-controller"));
    if is_headless(service) {
        labels.insert(HEADLESS.into(), json!(""));
    }
    let stored = ctx.api.get(kinds::ENDPOINTS, &key.namespace, &key.name).cloned();
    let mut new = stored.as_ref().map_or_else(|| json!({"metadata": {"name": key.name}}), |stored| (**stored).clone());
    object::set(&mut new, "metadata.labels", Value::Object(labels));
    if subsets.is_empty() {
        object::remove(&mut new, "subsets");
    } else {
        new["subsets"] = Value::Array(subsets);
    }
    match stored {
        Some(stored) if *stored == new => {}
        Some(_) => {
            note_trigger(&mut new, trigger);
            put(ctx, kinds::ENDPOINTS, new, "")?;
        }
        None => {
            note_trigger(&mut new, trigger);
            make(ctx, kinds::ENDPOINTS, &key.namespace, new)?;
        }
    }
    Ok(())
}

/// The Service is gone: its Endpoints go too (slices have an owner, the garbage collector takes them).
fn gone(key: &Key, ctx: &mut Context) -> Synced {
    if let Some(old) = ctx.api.get(kinds::ENDPOINTS, &key.namespace, &key.name).cloned() {
        delete(ctx, kinds::ENDPOINTS, &old)?;
    }
    Ok(None)
}
