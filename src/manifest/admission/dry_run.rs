//! What a dry run shows of that which otherwise the store and the controllers give: addresses, ports, a Job's uid, protecting finalizers.
//!
//! Models `pkg/registry/core/service/{ipallocator,portallocator}` in their dry-run form and the admission plugins
//! `storageobjectinuseprotection` and `nodetaint`, whose marks nobody here would take away again from a stored object.

use crate::api::{Kind, Status, Value, json, object};
use crate::manifest::field::{FieldError, FieldPath};
use crate::manifest::validate;

/// Dry runs draw ports from above all real ones.
const FIRST_PORT: i64 = 32769;
/// Stands for the uid that the store would draw.
const UID: &str = "<uid>";

/// Completes an admitted object that will not be stored.
pub fn complete(kind: &Kind, object: &mut Value) -> Result<(), Status> {
    match kind.kind {
        "Service" => return service(kind, object),
        "Job" => job(object),
        "PersistentVolumeClaim" => protect(object, "kubernetes.io/pvc-protection"),
        "PersistentVolume" => protect(object, "kubernetes.io/pv-protection"),
        "Node" => node(object),
        "Event" => event(object),
        _ => {}
    }
    Ok(())
}

fn service(kind: &Kind, service: &mut Value) -> Result<(), Status> {
    let of = object::str_at(service, "spec.type").unwrap_or("ClusterIP").to_owned();
    if of == "ExternalName" {
        return Ok(());
    }
    let given = object::str_at(service, "spec.clusterIP").unwrap_or("").to_owned();
    if given.is_empty() {
        object::set(service, "spec.clusterIP", json!("10.96.0.0"));
        object::set(service, "spec.clusterIPs", json!(["10.96.0.0"]));
    } else if given != "None" && !in_service_range(&given) {
        let why =
            format!("failed to allocate IP {given}: the provided IP ({given}) is not in the valid range. The range of valid IPs is 10.96.0.0/12");
        let errors = FieldError::invalid(&FieldPath::new("spec.clusterIPs"), json!([given]), why).into();
        return Err(validate::invalid(kind, object::name(service), &errors));
    }
    let allocates = object::bool_at(service, "spec.allocateLoadBalancerNodePorts") != Some(false);
    if of == "NodePort" || (of == "LoadBalancer" && allocates) {
        let mut next = FIRST_PORT;
        for port in service.get_mut("spec").and_then(|s| s.get_mut("ports")).and_then(Value::as_array_mut).into_iter().flatten() {
            if object::i64_at(port, "nodePort").unwrap_or(0) == 0 {
                object::set(port, "nodePort", json!(next));
                next += 1;
            }
        }
        let local = object::str_at(service, "spec.externalTrafficPolicy") == Some("Local");
        if of == "LoadBalancer" && local && object::i64_at(service, "spec.healthCheckNodePort").unwrap_or(0) == 0 {
            object::set(service, "spec.healthCheckNodePort", json!(next));
        }
    }
    Ok(())
}

/// 10.96.0.0/12, kubeadm's default.
fn in_service_range(ip: &str) -> bool {
    ip.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| u32::from(ip) >> 20 == (10 << 4) | 6)
}

/// Models `generateSelector` of `pkg/registry/batch/job/strategy.go`.
fn job(job: &mut Value) {
    if object::bool_at(job, "spec.manualSelector") == Some(true) {
        return;
    }
    let name = object::name(job).to_owned();
    let mut labels = object::map_at(job, "spec.template.metadata.labels").cloned().unwrap_or_default();
    for (key, value) in [("job-name", name.as_str()), ("controller-uid", UID)] {
        labels.insert(format!("batch.kubernetes.io/{key}"), json!(value));
        labels.insert(key.into(), json!(value));
    }
    object::set(job, "spec.template.metadata.labels", Value::Object(labels.clone()));
    if object::labels(job).is_none_or(|l| l.is_empty()) {
        object::set(job, "metadata.labels", Value::Object(labels));
    }
    object::set(job, "spec.selector.matchLabels", json!({"batch.kubernetes.io/controller-uid": UID}));
}

fn protect(object: &mut Value, finalizer: &str) {
    let mut finalizers = object::list_at(object, "metadata.finalizers").to_vec();
    if !finalizers.iter().any(|f| f == finalizer) {
        finalizers.push(json!(finalizer));
        object::set(object, "metadata.finalizers", Value::from(finalizers));
    }
}

fn node(node: &mut Value) {
    let mut taints = object::list_at(node, "spec.taints").to_vec();
    if !taints.iter().any(|t| object::str_at(t, "key") == Some("node.kubernetes.io/not-ready")) {
        taints.push(json!({"effect": "NoSchedule", "key": "node.kubernetes.io/not-ready"}));
    }
    object::set(node, "spec.taints", Value::from(taints));
    fill(node, "status.daemonEndpoints.kubeletEndpoint.Port", json!(0));
    for field in [
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ] {
        fill(node, &format!("status.nodeInfo.{field}"), json!(""));
    }
}

fn event(event: &mut Value) {
    for field in ["eventTime", "firstTimestamp", "lastTimestamp"] {
        fill(event, field, Value::Null);
    }
    for field in ["reportingComponent", "reportingInstance"] {
        fill(event, field, json!(""));
    }
    fill(event, "source", json!({}));
}

fn fill(object: &mut Value, path: &str, value: Value) {
    if object::at(object, path).is_none() {
        object::set(object, path, value);
    }
}
