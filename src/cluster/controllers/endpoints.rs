//! Models `pkg/controller/endpointslice` and `pkg/controller/endpoint`: the Pods behind every Service.
//!
//! Deviation: one EndpointSlice per Service (real ones hold 100 endpoints each).

use crate::api::order::SortedMap;
use std::rc::Rc;

use super::owned::{delete, is_finished, is_ready, make, put, reference};
use super::{Controller, Synced, Work, enqueue};
use crate::api::{Selector, SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{Change, Key};

/// From a Pod's change to the slice's.
pub const SYNC_MS: u64 = 20;

#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The slice of each Service, by the Service's uid.
    slices: SortedMap<String, String>,
}

impl Endpoints {
    /// The Services that choose a Pod, before or after its change, look again.
    pub fn observe_pod(&mut self, change: &Change, queued: &mut SortedMap<Work, SimTime>, ctx: &mut Context) {
        let now = seen(&change.object);
        if change.verb == crate::cluster::apiserver::Verb::Modified && change.old.as_ref().is_some_and(|old| seen(old) == now) {
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

    pub fn sync(&mut self, key: &Key, ctx: &mut Context) -> Synced {
        let Some(service) = ctx.api.at(key).cloned() else {
            return gone(key, ctx);
        };
        let Some(selector) = object::map_at(&service, "spec.selector").filter(|s| !s.is_empty()).map(Selector::from_map) else { return Ok(None) };
        if object::str_at(&service, "spec.type") == Some("ExternalName") || object::is_deleting(&service) {
            return Ok(None);
        }
        let anyway = object::bool_at(&service, "spec.publishNotReadyAddresses") == Some(true);
        let chosen = |pod: &&Rc<Value>| selector.matches(object::labels(pod)) && !is_finished(pod) && address(pod).is_some();
        let pods: Vec<Rc<Value>> = ctx.api.list(kinds::POD, Some(&key.namespace)).filter(chosen).cloned().collect();
        let ports = ports(&service, &pods);
        let endpoints: Vec<Value> = pods.iter().map(|pod| endpoint(pod, &key.name, anyway)).collect();
        let uid = object::uid(&service).to_owned();
        let stored = self.slices.get(&uid).and_then(|name| ctx.api.get(kinds::ENDPOINT_SLICE, &key.namespace, name).cloned());
        let mut labels = object::labels(&service).cloned().unwrap_or_default();
        labels.insert("endpointslice.kubernetes.io/managed-by".into(), json!("endpointslice-controller.k8s.io"));
        labels.insert("kubernetes.io/service-name".into(), json!(key.name));
        if object::str_at(&service, "spec.clusterIP") == Some("None") {
            labels.insert("service.kubernetes.io/headless".into(), json!(""));
        }
        let slice_ports = if endpoints.is_empty() { Value::Null } else { Value::Array(ports.clone()) };
        match stored {
            Some(slice) => {
                let mut new = (*slice).clone();
                new["endpoints"] = json!(endpoints);
                new["ports"] = slice_ports;
                object::set(&mut new, "metadata.labels", Value::Object(labels));
                if new != *slice {
                    object::set(&mut new, "metadata.annotations", json!({"endpoints.kubernetes.io/last-change-trigger-time": ctx.now.rfc3339()}));
                    put(ctx, kinds::ENDPOINT_SLICE, new, "")?;
                }
            }
            None => {
                let slice = json!({"metadata": {"generateName": format!("{}-", key.name), "labels": labels, "ownerReferences": [reference(&service)],
                        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": ctx.now.rfc3339()}},
                    "addressType": "IPv4", "endpoints": endpoints, "ports": slice_ports});
                let slice = make(ctx, kinds::ENDPOINT_SLICE, &key.namespace, slice)?;
                self.slices.insert(uid, object::name(&slice).to_owned());
            }
        }
        legacy(&service, key, &pods, &ports, anyway, ctx)?;
        Ok(None)
    }
}

/// What a slice shows of a Pod.
fn seen(pod: &Value) -> (Option<&crate::api::Map<String, Value>>, Option<&str>, bool, bool, bool) {
    (object::labels(pod), address(pod), is_ready(pod), object::is_deleting(pod), is_finished(pod))
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

/// The Service's ports as the Pods have them; a named target is looked up in the first Pod that knows it.
fn ports(service: &Value, pods: &[Rc<Value>]) -> Vec<Value> {
    let mut out = Vec::new();
    for port in object::list_at(service, "spec.ports") {
        let protocol = object::str_at(port, "protocol").unwrap_or("TCP");
        let number = match port.get("targetPort") {
            Some(Value::String(name)) => pods.iter().find_map(|pod| {
                let all = object::list_at(pod, "spec.containers").iter().chain(object::list_at(pod, "spec.initContainers"));
                all.flat_map(|c| object::list_at(c, "ports"))
                    .find(|p| object::str_at(p, "name") == Some(name) && object::str_at(p, "protocol").unwrap_or("TCP") == protocol)
                    .and_then(|p| object::i64_at(p, "containerPort"))
            }),
            Some(value) if value.as_i64().is_some_and(|n| n != 0) => value.as_i64(),
            _ => object::i64_at(port, "port"),
        };
        if let Some(number) = number {
            out.push(json!({"name": object::str_at(port, "name").unwrap_or(""), "port": number, "protocol": protocol}));
        }
    }
    out
}

/// The older Endpoints object with the same content.
fn legacy(service: &Value, key: &Key, pods: &[Rc<Value>], ports: &[Value], anyway: bool, ctx: &mut Context) -> Result<(), Status> {
    let one = |pod: &Rc<Value>| {
        let mut one = json!({"ip": address(pod), "nodeName": object::str_at(pod, "spec.nodeName"), "targetRef": target(pod)});
        if let Some(host) = hostname(pod, &key.name) {
            one["hostname"] = json!(host);
        }
        one
    };
    let living = || pods.iter().filter(|p| !object::is_deleting(p));
    let ready: Vec<Value> = living().filter(|p| anyway || is_ready(p)).map(one).collect();
    let waiting: Vec<Value> = living().filter(|p| !anyway && !is_ready(p)).map(one).collect();
    let mut subset = json!({});
    for (field, list) in [("addresses", ready), ("notReadyAddresses", waiting)] {
        if !list.is_empty() {
            subset[field] = Value::Array(list);
        }
    }
    let filled = subset.as_object().is_some_and(|s| !s.is_empty());
    let ports: Vec<Value> = ports
        .iter()
        .map(|p| {
            let mut port = p.clone();
            if object::str_at(p, "name") == Some("") {
                object::remove(&mut port, "name");
            }
            port
        })
        .collect();
    subset["ports"] = Value::Array(ports);
    let subsets = if filled { Some(json!([subset])) } else { None };
    let mut labels = object::labels(service).cloned().unwrap_or_default();
    labels.insert("endpoints.kubernetes.io/managed-by".into(), json!("endpoint-controller"));
    match ctx.api.get(kinds::ENDPOINTS, &key.namespace, &key.name).cloned() {
        Some(stored) => {
            let mut new = (*stored).clone();
            match subsets {
                Some(subsets) => new["subsets"] = subsets,
                None => drop(object::remove(&mut new, "subsets")),
            }
            if new != *stored {
                put(ctx, kinds::ENDPOINTS, new, "")?;
            }
        }
        None => {
            let mut object = json!({"metadata": {"name": key.name, "labels": labels}});
            if let Some(subsets) = subsets {
                object["subsets"] = subsets;
            }
            make(ctx, kinds::ENDPOINTS, &key.namespace, object)?;
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
