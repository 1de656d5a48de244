//! The mutating admission plugins that touch a plain Pod in a default cluster, in their order.
//!
//! Models `plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds}`. The first plugin that objects wins, and its refusal takes the
//! place of validation errors.

pub mod dry_run;
pub mod service;

use super::ClusterFacts;
use crate::api::{Kind, Status, Value, json, object};

/// What admission changes on a create, or why it refuses. What it adds to nearly every Pod comes later: see [`give`].
pub fn create(kind: &Kind, object: &mut Value, facts: &dyn ClusterFacts) -> Result<(), Status> {
    if kind.namespaced {
        let namespace = object::namespace(object);
        if !namespace.is_empty() && !facts.namespace_exists(namespace) {
            return Err(Status::not_found("namespaces", namespace));
        }
    }
    if kind.kind != "Pod" {
        return Ok(());
    }
    if is_mirror(object) {
        mirror(object)?;
    } else {
        service_account(object, facts)?;
    }
    priority(object, facts)?;
    if may_be_in_the_way(object) {
        give(kind, object);
    }
    runtime_class(object)
}

fn is_mirror(pod: &Value) -> bool {
    object::annotations(pod).is_some_and(|a| a.contains_key("kubernetes.io/config.mirror"))
}

/// A mirror Pod is the kubelet's own: it may not lean on objects of the API.
fn mirror(pod: &Value) -> Result<(), Status> {
    if !object::str_at(pod, "spec.serviceAccountName").unwrap_or("").is_empty() {
        return Err(forbidden(pod, "a mirror pod may not reference service accounts"));
    }
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let there = |value: &Value, path: &str| object::at(value, path).is_some_and(|v| !v.is_null());
    let in_env = ["initContainers", "containers"].iter().flat_map(|list| object::list_at(spec, list)).any(|container| {
        object::list_at(container, "env").iter().any(|e| there(e, "valueFrom.secretKeyRef"))
            || object::list_at(container, "envFrom").iter().any(|e| there(e, "secretRef"))
    });
    let in_volumes = object::list_at(spec, "volumes").iter().any(|v| there(v, "secret"));
    if in_env || in_volumes || !object::list_at(spec, "imagePullSecrets").is_empty() {
        return Err(forbidden(pod, "a mirror pod may not reference secrets"));
    }
    for volume in object::list_at(spec, "volumes") {
        if there(volume, "projected") && object::list_at(volume, "projected.sources").iter().any(|s| there(s, "serviceAccountToken")) {
            return Err(forbidden(pod, "a mirror pod may not use ServiceAccountToken volume projections"));
        }
        if there(volume, "persistentVolumeClaim") {
            return Err(forbidden(pod, "a mirror pod may not reference persistentvolumeclaims"));
        }
    }
    Ok(())
}

fn forbidden(pod: &Value, why: &str) -> Status {
    Status::forbidden("pods", shown_name(pod), why)
}

/// A Pod that only has a `generateName` is called by that.
fn shown_name(pod: &Value) -> &str {
    let name = object::name(pod);
    let name = if name.is_empty() { object::str_at(pod, "metadata.generateName").unwrap_or("") } else { name };
    if name.is_empty() { "Unknown" } else { name }
}

fn service_account(pod: &Value, facts: &dyn ClusterFacts) -> Result<(), Status> {
    let (namespace, account) = (object::namespace(pod), account_of(pod.get("spec").unwrap_or(&Value::Null)));
    if !facts.service_account_exists(namespace, account) {
        let why = format!("error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found");
        return Err(forbidden(pod, &why));
    }
    Ok(())
}

/// The service account that a Pod runs under.
fn account_of(spec: &Value) -> &str {
    object::str_at(spec, "serviceAccountName").filter(|account| !account.is_empty()).unwrap_or("default")
}

/// What nearly every Pod is given: an account, the mount of its token, a priority, two tolerations. There is nothing wrong with them and they stand
/// behind the Pod's own, so they are given to those Pods only that somebody wants to see. Does nothing more when it is done again.
pub fn give(kind: &Kind, object: &mut Value) {
    if kind.kind != "Pod" {
        return;
    }
    let is_mirror = is_mirror(object);
    let Some(spec) = object.get_mut("spec").filter(|spec| spec.is_object()) else { return };
    if !is_mirror {
        let account = account_of(spec).to_owned();
        object::set(spec, "serviceAccountName", json!(account));
        object::set(spec, "serviceAccount", json!(account));
        if object::bool_at(spec, "automountServiceAccountToken") != Some(false) {
            mount_token(spec);
        }
    }
    if object::i64_at(spec, "priority").is_none() {
        object::set(spec, "priority", json!(0));
    }
    if object::str_at(spec, "preemptionPolicy").is_none() {
        object::set(spec, "preemptionPolicy", json!(PREEMPTION));
    }
    default_tolerations(object);
}

/// Whether the Pod's own volumes or devices could disagree with the token or ask for an account, which validation should see then.
fn may_be_in_the_way(pod: &Value) -> bool {
    let Some(spec) = pod.get("spec") else { return false };
    let is_token =
        |volume: &Value| volume.get("projected").is_some() || object::str_at(volume, "name").is_some_and(|name| name.starts_with(TOKEN_VOLUMES));
    let has_devices = |list: &str| object::list_at(spec, list).iter().any(|container| container.get("volumeDevices").is_some());
    object::list_at(spec, "volumes").iter().any(is_token) || has_devices("containers") || has_devices("initContainers")
}

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_VOLUMES: &str = "kube-api-access-";
/// Of a Pod without a class.
const PREEMPTION: &str = "PreemptLowerPriority";
/// The five letters of the real name are random; the store replaces these.
const TOKEN_VOLUME: &str = "kube-api-access-xxxxx";

/// A volume that already has such a name is taken for the token's.
fn mount_token(spec: &mut Value) {
    let present = object::list_at(spec, "volumes").iter().filter_map(|v| object::str_at(v, "name")).find(|n| n.starts_with(TOKEN_VOLUMES));
    let (name, own) = (present.unwrap_or(TOKEN_VOLUME).to_owned(), present.is_some());
    let mut needed = false;
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if object::list_at(container, "volumeMounts").iter().any(|m| object::str_at(m, "mountPath") == Some(TOKEN_PATH)) {
                continue;
            }
            needed = true;
            object::push(container, "volumeMounts", json!({"name": name, "mountPath": TOKEN_PATH, "readOnly": true}));
        }
    }
    if needed && !own {
        let volume = json!({"name": TOKEN_VOLUME, "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
            {"downwardAPI": {"items": [{"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}]}},
        ]}});
        object::push(spec, "volumes", volume);
    }
}

fn priority(pod: &mut Value, facts: &dyn ClusterFacts) -> Result<(), Status> {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let class = object::str_at(spec, "priorityClassName").unwrap_or("");
    let (value, policy) = if class.is_empty() {
        (0, PREEMPTION.to_owned())
    } else {
        facts.priority_class(class).ok_or_else(|| forbidden(pod, &format!("no PriorityClass with name {class} was found")))?
    };
    if let Some(given) = object::i64_at(spec, "priority").filter(|given| *given != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(forbidden(pod, &why));
    }
    if let Some(given) = object::str_at(spec, "preemptionPolicy").filter(|given| *given != policy) {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(forbidden(pod, &why));
    }
    let has_class = !class.is_empty();
    if let Some(spec) = pod.get_mut("spec").filter(|spec| has_class && spec.is_object()) {
        object::set(spec, "priority", json!(value));
        object::set(spec, "preemptionPolicy", Value::String(policy));
    }
    Ok(())
}

pub fn default_tolerations(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec").filter(|s| s.is_object()) else { return };
    for own in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covered = object::list_at(spec, "tolerations").iter().any(|given| {
            let key = object::str_at(given, "key").unwrap_or("");
            (key.is_empty() || key == own) && matches!(object::str_at(given, "effect").unwrap_or(""), "" | "NoExecute")
        });
        if !covered {
            object::push(spec, "tolerations", json!({"effect": "NoExecute", "key": own, "operator": "Exists", "tolerationSeconds": 300}));
        }
    }
}

fn runtime_class(pod: &Value) -> Result<(), Status> {
    match object::str_at(pod, "spec.runtimeClassName") {
        None => Ok(()),
        Some("") => Err(Status::new(500, "", "resource name may not be empty")),
        Some(class) if class.contains(['/', '%']) || matches!(class, "." | "..") => {
            let wrong = match class {
                "." | ".." => format!("may not be '{class}'"),
                _ => ["/", "%"].into_iter().filter(|c| class.contains(c)).map(|c| format!("may not contain '{c}'")).collect::<Vec<_>>().join(" "),
            };
            Err(Status::new(500, "", format!("invalid resource name {class:?}: [{wrong}]")))
        }
        Some(class) => Err(forbidden(pod, &format!("pod rejected: RuntimeClass \"{class}\" not found"))),
    }
}
