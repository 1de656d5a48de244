//! Validation: what the API server refuses, in its words and its order. One validator per type; errors accumulate.
//!
//! Models `pkg/apis/*/validation`. Objects come decoded and defaulted, so that JSON types are right.

pub mod addresses;
mod affinity;
pub mod annotation;
mod classes;
mod container;
mod cron;
mod drivers;
mod endpoints;
mod env;
mod job;
mod meta;
mod metrics;
mod mounts;
mod names;
mod network;
mod node;
mod persistent_volume;
mod pod;
mod probe;
mod quota;
mod rbac;
mod resources;
mod scaling;
mod security;
mod service;
mod storage;
mod volume;
mod windows;
mod workload;
mod zones;

use super::field::{ErrorList, FieldError, FieldPath};
use crate::api::{Cause, Kind, Quantity, Status, Value, object};

/// All errors of a new object, in the server's order.
pub fn create(kind: &Kind, object: &Value) -> ErrorList {
    whole(kind, None, object)
}

/// All errors of an object that takes the place of another, apart from the step from one to the other.
pub fn replacement(kind: &Kind, old: &Value, object: &Value) -> ErrorList {
    whole(kind, Some(old), object)
}

fn whole(kind: &Kind, old: Option<&Value>, object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let rule = match kind.kind {
        "Namespace" | "Service" | "StatefulSet" => meta::NameRule::Label,
        "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" | "PodDisruptionBudget" | "Event" => meta::NameRule::PathSegment,
        "IPAddress" => meta::NameRule::Address,
        _ => meta::NameRule::Subdomain,
    };
    // Reviews are questions, without a name.
    let nameless = matches!(kind.group, "authentication.k8s.io" | "authorization.k8s.io");
    let general = matches!((kind.group, kind.kind), ("policy", "PodDisruptionBudget") | ("", "Event"));
    if !general && !nameless {
        meta::object_meta(object, rule, kind.namespaced, &mut errors);
    }
    match kind.kind {
        "Pod" => pod::pod(object, old.is_none(), &mut errors),
        _ => other(kind, old, object, &mut errors),
    }
    if general && errors.is_empty() {
        // Their own rules leave the metadata to those of all kinds, which know no standard finalizers (`rest.BeforeCreate`).
        meta::object_meta(object, rule, kind.namespaced, &mut errors);
        errors = errors.into_iter().filter(|error| !error.field.starts_with("metadata.finalizers[")).fold(ErrorList::new(), |mut all, e| {
            all.push(e);
            all
        });
    }
    errors
}

/// The rules of every kind but Pod; a function of its own, so that a page that shows Pods needs not wait for it.
#[inline(never)]
fn other(kind: &Kind, old: Option<&Value>, object: &Value, errors: &mut ErrorList) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let path = FieldPath::new("spec");
    match kind.kind {
        "Service" => service::service(object, spec, &path, errors),
        "ConfigMap" => storage::config_map(object, errors),
        "Secret" => storage::secret(object, errors),
        "PersistentVolumeClaim" => storage::claim_spec(spec, &path, errors),
        "PersistentVolume" => persistent_volume::spec(object::name(object), spec, &path, errors),
        "Node" => node::node(object, errors),
        "Deployment" | "ReplicaSet" | "ReplicationController" | "DaemonSet" | "StatefulSet" => {
            workload::workload(object, kind.kind, old.is_some(), errors)
        }
        "Namespace" => namespace(object, errors),
        "PodTemplate" => workload::pod_template(object.get("template").unwrap_or(&Value::Null), &FieldPath::new("template"), errors),
        "LimitRange" => quota::limit_range(spec, &path, errors),
        "ResourceQuota" => quota::resource_quota(object, errors),
        "Role" | "ClusterRole" => rbac::role(object, kind.namespaced, errors),
        "RoleBinding" | "ClusterRoleBinding" => rbac::binding(object, kind.namespaced, errors),
        "NetworkPolicy" => network::network_policy(spec, &path, errors),
        "Ingress" => network::ingress(object, spec, &path, errors),
        "IngressClass" => network::ingress_class(spec, &path, errors),
        "Endpoints" => endpoints::endpoints(object, errors),
        "EndpointSlice" => endpoints::slice(object, errors),
        "StorageClass" => classes::storage(object, errors),
        "PriorityClass" => classes::priority(object, errors),
        "VolumeAttributesClass" => classes::attributes(object, errors),
        "CSINode" => classes::csi_node(spec, &path, errors),
        "CSIStorageCapacity" => classes::capacity(object, errors),
        "VolumeAttachment" => classes::attachment(spec, &path, errors),
        "RuntimeClass" => classes::runtime(object, errors),
        "CSIDriver" => classes::csi_driver(spec, &path, errors),
        "HorizontalPodAutoscaler" => scaling::autoscaler(spec, &path, errors),
        "PodDisruptionBudget" => scaling::disruption_budget(spec, &path, errors),
        "Event" if kind.group.is_empty() => event(object, errors),
        "IPAddress" => network::ip_address(spec, &path, errors),
        "ServiceCIDR" => network::service_networks(spec, &path, errors),
        "Job" => job::job(object, spec, &path, errors),
        "CronJob" => job::cron_job(object, spec, &path, errors),
        _ => {}
    }
}

/// `legacyValidateEvent`: an Event lies where its object does; of what lies in no namespace, in `default`.
fn event(event: &Value, errors: &mut ErrorList) {
    let involved = object::str_at(event, "involvedObject.namespace").unwrap_or("");
    if object::namespace(event) != if involved.is_empty() { "default" } else { involved } {
        errors.invalid(&FieldPath::new("involvedObject.namespace"), involved, "does not match event.namespace");
    }
}

fn namespace(namespace: &Value, errors: &mut ErrorList) {
    for (index, finalizer) in object::list_at(namespace, "spec.finalizers").iter().enumerate() {
        let name = finalizer.as_str().unwrap_or("");
        for message in names::qualified_name(name).into_iter().filter(|_| index < 64) {
            errors.invalid(&FieldPath::new("spec.finalizers"), name, message);
        }
        if name != "kubernetes" && !name.contains('/') && index < 64 {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&FieldPath::new("spec.finalizers"), name, detail);
        }
    }
    // These are the plugin's `PodSecurity`, which comes behind the rest.
    let fine = errors.is_empty();
    for mode in ["enforce", "audit", "warn"].into_iter().filter(|_| fine) {
        for what in ["", "-version"] {
            let key = ["pod-security.kubernetes.io/", mode, what].concat();
            let Some(text) = object::labels(namespace).and_then(|l| l.get(&key)).and_then(Value::as_str) else { continue };
            let (is_fine, rule) = if what.is_empty() {
                (matches!(text, "privileged" | "baseline" | "restricted"), "must be one of privileged, baseline, restricted")
            } else {
                (policy_version(text).is_some(), "must be \"latest\" or \"v1.x\"")
            };
            if !is_fine {
                errors.invalid(&FieldPath::new("metadata.labels").key(&key), text, rule);
            }
        }
    }
}

/// The minor version of the Pod Security standards that a label names; `latest` is the greatest.
pub fn policy_version(text: &str) -> Option<i64> {
    if text == "latest" {
        return Some(i64::MAX);
    }
    let minor = text.strip_prefix("v1.").filter(|minor| matches!(minor.as_bytes(), [b'0'] | [b'1'..=b'9', ..]))?;
    minor.parse().ok()
}

/// `Pod "web" is invalid: …`: one error plain, several in brackets, equal ones once.
pub fn invalid(kind: &Kind, name: &str, errors: &ErrorList) -> Status {
    let causes: Vec<Cause> = errors.iter().map(FieldError::to_cause).collect();
    let texts: Vec<String> = causes.iter().map(|cause| [&cause.field, ": ", &cause.message].concat()).collect();
    let message = [&kind.group_kind(), " ", &crate::yaml::go_quote(name), " is invalid: ", &super::client::aggregate(&texts)].concat();
    let mut status = Status::new(422, "Invalid", message);
    (status.causes, status.kind, status.name) = (causes, kind.kind.into(), name.into());
    status
}

pub use names::lower;

/// `ValidateServiceClusterIPsRelatedFields`
pub fn service_addresses(spec: &Value) -> ErrorList {
    service::addresses(spec)
}

/// The bytes of a Secret's key.
pub fn secret_bytes(secret: &Value, key: &str) -> Vec<u8> {
    storage::decoded(object::map_at(secret, "data").and_then(|d| d.get(key)).and_then(Value::as_str).unwrap_or(""))
}

/// What keeps a text from standing in the path of a request.
pub fn path_segment_problems(text: &str) -> Vec<String> {
    names::path_segment(text)
}

/// What keeps a name from being a DNS label.
pub fn label_problems(name: &str) -> Vec<String> {
    names::label(name)
}

/// What keeps a text from being the value of a label.
pub fn label_value_problems(value: &str) -> Vec<String> {
    names::label_value(value)
}

pub use annotation::{APPARMOR, same_profile};
pub use security::sysctl_name;

/// A required DNS label.
fn check_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    name_errors(name, names::label, path, errors);
}

fn name_errors(name: &str, rule: fn(&str) -> Vec<String>, path: &FieldPath, errors: &mut ErrorList) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    for message in rule(name) {
        errors.invalid(path, name, message);
    }
}

fn one_of(value: &str, allowed: &[&str], path: &FieldPath, errors: &mut ErrorList) {
    if !allowed.contains(&value) {
        errors.not_supported(path, value, allowed);
    }
}

fn in_range(number: i64, least: i64, most: i64, path: &FieldPath, errors: &mut ErrorList) {
    if !(least..=most).contains(&number) {
        errors.invalid(path, number, format!("must be between {least} and {most}, inclusive"));
    }
}

fn port_number(number: i64, path: &FieldPath, errors: &mut ErrorList) {
    in_range(number, 1, 65535, path, errors);
}

/// `ValidateNonnegativeQuantity`
fn amount_not_negative(value: &Value, field: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(text) = object::str_at(value, field).filter(|text| Quantity::parse(text).is_some_and(|q| q.nano() < 0)) {
        errors.invalid_at(path, field, text, "must be greater than or equal to 0");
    }
}

fn not_negative(value: &Value, field: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(number) = object::i64_at(value, field).filter(|n| *n < 0) {
        errors.invalid_at(path, field, number, "must be greater than or equal to 0");
    }
}
