//! Defaults of the other kinds: Service, Namespace, workloads, volumes.

use super::{items, map_mut, pod, unset};
use crate::api::{Kind, Value, json, object};

pub fn service(service: &mut Value) {
    let Some(spec) = service.get_mut("spec").filter(|s| s.is_object()) else { return };
    unset(spec, "sessionAffinity", json!("None"));
    if object::str_at(spec, "sessionAffinity") == Some("None") {
        object::remove(spec, "sessionAffinityConfig");
    }
    if object::str_at(spec, "sessionAffinity") == Some("ClientIP") && object::at(spec, "sessionAffinityConfig.clientIP.timeoutSeconds").is_none() {
        object::set(spec, "sessionAffinityConfig.clientIP.timeoutSeconds", json!(10800));
    }
    unset(spec, "type", json!("ClusterIP"));
    let kind = object::str_at(spec, "type").unwrap_or("ClusterIP").to_owned();
    for port in items(spec, "ports") {
        unset(port, "protocol", json!("TCP"));
        let target = port.get("targetPort").cloned().unwrap_or(Value::Null);
        if target.is_null() || target.as_i64() == Some(0) || target.as_str() == Some("") {
            let number = port.get("port").cloned().unwrap_or(json!(0));
            object::set(port, "targetPort", number);
        }
    }
    let external = !object::list_at(spec, "externalIPs").is_empty();
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && external) {
        unset(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        absent(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" && spec.get("allocateLoadBalancerNodePorts").is_none_or(Value::is_null) {
        object::set(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

/// `stringData` is written over `data` and gone (`pkg/apis/core/v1/conversion.go`).
pub fn secret(secret: &mut Value) {
    unset(secret, "type", json!("Opaque"));
    let Some(Value::Object(plain)) = object::remove(secret, "stringData") else { return };
    if plain.is_empty() {
        return;
    }
    let mut data = object::map_at(secret, "data").cloned().unwrap_or_default();
    for (key, value) in plain {
        data.insert(key, json!(base64(value.as_str().unwrap_or("").as_bytes())));
    }
    object::set(secret, "data", Value::Object(data));
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// A HorizontalPodAutoscaler watches the CPU where nothing else is asked for.
pub fn autoscaler(kind: &Kind, autoscaler: &mut Value) {
    let Some(spec) = autoscaler.get_mut("spec").filter(|s| s.is_object()) else { return };
    number_if_absent(spec, "minReplicas", 1);
    if kind.version == "v1" {
        number_if_absent(spec, "targetCPUUtilizationPercentage", 80);
    } else if object::list_at(spec, "metrics").is_empty() {
        let cpu = json!({"name": "cpu", "target": {"averageUtilization": 80, "type": "Utilization"}});
        object::set(spec, "metrics", json!([{"resource": cpu, "type": "Resource"}]));
    }
    // `GenerateHPAScaleUpRules`, `GenerateHPAScaleDownRules`
    if let Some(behavior) = spec.get_mut("behavior").filter(|b| b.is_object()) {
        let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
        let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
        for (field, policies) in [("scaleUp", json!([pods, percent.clone()])), ("scaleDown", json!([percent]))] {
            absent(behavior, field, json!({}));
            let Some(rules) = behavior.get_mut(field) else { continue };
            absent(rules, "selectPolicy", json!("Max"));
            absent(rules, "policies", policies);
            if field == "scaleUp" {
                number_if_absent(rules, "stabilizationWindowSeconds", 0);
            }
        }
    }
}

pub fn namespace(namespace: &mut Value) {
    let name = object::name(namespace).to_owned();
    if !name.is_empty() {
        let mut labels = object::labels(namespace).cloned().unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".into(), json!(name));
        object::set(namespace, "metadata.labels", Value::Object(labels));
    }
}

pub fn deployment(deployment: &mut Value) {
    let Some(spec) = deployment.get_mut("spec").filter(|s| s.is_object()) else { return };
    replicas(spec);
    number_if_absent(spec, "revisionHistoryLimit", 10);
    number_if_absent(spec, "progressDeadlineSeconds", 600);
    if spec.get("strategy").is_none_or(Value::is_null) {
        object::set(spec, "strategy", json!({}));
    }
    if let Some(strategy) = spec.get_mut("strategy") {
        unset(strategy, "type", json!("RollingUpdate"));
        if object::str_at(strategy, "type") == Some("RollingUpdate") {
            for field in ["rollingUpdate.maxUnavailable", "rollingUpdate.maxSurge"] {
                if object::at(strategy, field).is_none_or(Value::is_null) {
                    object::set(strategy, field, json!("25%"));
                }
            }
        }
    }
    template(spec);
}

pub fn replica_set(set: &mut Value) {
    let Some(spec) = set.get_mut("spec").filter(|s| s.is_object()) else { return };
    replicas(spec);
    template(spec);
}

pub fn replication_controller(controller: &mut Value) {
    let labels = object::map_at(controller, "spec.template.metadata.labels").cloned();
    if let Some(labels) = labels.filter(|l| !l.is_empty()) {
        if object::map_at(controller, "spec.selector").is_none_or(|s| s.is_empty()) {
            object::set(controller, "spec.selector", Value::Object(labels.clone()));
        }
        if object::labels(controller).is_none_or(|l| l.is_empty()) {
            object::set(controller, "metadata.labels", Value::Object(labels));
        }
    }
    replica_set(controller);
}

pub fn daemon_set(set: &mut Value) {
    let Some(spec) = set.get_mut("spec").filter(|s| s.is_object()) else { return };
    number_if_absent(spec, "revisionHistoryLimit", 10);
    if spec.get("updateStrategy").is_none_or(Value::is_null) {
        object::set(spec, "updateStrategy", json!({}));
    }
    if let Some(strategy) = spec.get_mut("updateStrategy") {
        unset(strategy, "type", json!("RollingUpdate"));
        if object::str_at(strategy, "type") == Some("RollingUpdate") {
            if object::at(strategy, "rollingUpdate.maxUnavailable").is_none_or(Value::is_null) {
                object::set(strategy, "rollingUpdate.maxUnavailable", json!(1));
            }
            if object::at(strategy, "rollingUpdate.maxSurge").is_none_or(Value::is_null) {
                object::set(strategy, "rollingUpdate.maxSurge", json!(0));
            }
        } else if let Some(rolling) = strategy.get_mut("rollingUpdate").filter(|r| r.is_object()) {
            // Of another strategy nothing is defaulted; the conversion to the internal version makes numbers of what is missing.
            for field in ["maxUnavailable", "maxSurge"] {
                unset(rolling, field, json!(0));
            }
        }
    }
    template(spec);
}

pub fn stateful_set(set: &mut Value) {
    let Some(spec) = set.get_mut("spec").filter(|s| s.is_object()) else { return };
    unset(spec, "podManagementPolicy", json!("OrderedReady"));
    replicas(spec);
    number_if_absent(spec, "revisionHistoryLimit", 10);
    if spec.get("updateStrategy").is_none_or(Value::is_null) {
        object::set(spec, "updateStrategy", json!({}));
    }
    if let Some(strategy) = spec.get_mut("updateStrategy") {
        let given = strategy.get("rollingUpdate").is_some_and(|r| !r.is_null());
        if object::str_at(strategy, "type").is_none_or(str::is_empty) || given {
            unset(strategy, "type", json!("RollingUpdate"));
            let rolls = object::str_at(strategy, "type") == Some("RollingUpdate");
            if rolls && object::at(strategy, "rollingUpdate.partition").is_none_or(Value::is_null) {
                object::set(strategy, "rollingUpdate.partition", json!(0));
            }
        }
    }
    for field in ["persistentVolumeClaimRetentionPolicy.whenDeleted", "persistentVolumeClaimRetentionPolicy.whenScaled"] {
        if object::str_at(spec, field).is_none_or(str::is_empty) {
            object::set(spec, field, json!("Retain"));
        }
    }
    for claim in items(spec, "volumeClaimTemplates") {
        object::set(claim, "apiVersion", json!("v1"));
        object::set(claim, "kind", json!("PersistentVolumeClaim"));
        self::claim(claim);
    }
    template(spec);
}

pub fn job_spec(spec: &mut Value) {
    let Some(map) = spec.as_object() else { return };
    let lacks = |field: &str| map.get(field).is_none_or(Value::is_null);
    if lacks("completions") && lacks("parallelism") {
        object::set(spec, "completions", json!(1));
    }
    number_if_absent(spec, "parallelism", 1);
    let per_index = spec.get("backoffLimitPerIndex").is_some_and(|b| !b.is_null());
    number_if_absent(spec, "backoffLimit", if per_index { i64::from(i32::MAX) } else { 6 });
    absent(spec, "completionMode", json!("NonIndexed"));
    if let Some(policy) = spec.get_mut("podFailurePolicy") {
        for rule in items(policy, "rules") {
            for condition in items(rule, "onPodConditions") {
                unset(condition, "status", json!("True"));
            }
        }
    }
    for field in ["suspend", "manualSelector"] {
        if spec.get(field).is_none_or(Value::is_null) {
            object::set(spec, field, json!(false));
        }
    }
    let replacement = if spec.get("podFailurePolicy").is_some_and(|p| !p.is_null()) { "Failed" } else { "TerminatingOrFailed" };
    absent(spec, "podReplacementPolicy", json!(replacement));
    template(spec);
}

pub fn cron_job(job: &mut Value) {
    let Some(spec) = job.get_mut("spec").filter(|s| s.is_object()) else { return };
    unset(spec, "concurrencyPolicy", json!("Allow"));
    if spec.get("suspend").is_none_or(Value::is_null) {
        object::set(spec, "suspend", json!(false));
    }
    number_if_absent(spec, "successfulJobsHistoryLimit", 3);
    number_if_absent(spec, "failedJobsHistoryLimit", 1);
    if let Some(job) = spec.get_mut("jobTemplate").and_then(|t| t.get_mut("spec"))
        && let Some(template) = job.get_mut("template")
    {
        pod::template(template);
    }
}

pub fn claim(claim: &mut Value) {
    if let Some(spec) = claim.get_mut("spec") {
        claim_spec(spec);
    }
    pending(claim);
}

/// Nothing has happened to it yet.
fn pending(object: &mut Value) {
    if object::str_at(object, "status.phase").unwrap_or("").is_empty() {
        object::set(object, "status.phase", json!("Pending"));
    }
}

/// `SetDefaults_NodeStatus`
pub fn node(node: &mut Value) {
    pod_cidrs(node);
    if let Some(capacity) = object::at(node, "status.capacity").filter(|c| c.is_object()).cloned()
        && object::at(node, "status.allocatable").is_none_or(Value::is_null)
    {
        object::set(node, "status.allocatable", capacity);
    }
    for list in ["capacity", "allocatable"] {
        if let Some(amounts) = node.get_mut("status").and_then(|status| map_mut(status, list)) {
            pod::canonical_amounts(amounts);
        }
    }
}

/// One network and a list of networks tell the same; the one is believed (`Convert_v1_NodeSpec_To_core_NodeSpec` and back).
fn pod_cidrs(node: &mut Value) {
    let Some(spec) = node.get_mut("spec").filter(|s| s.is_object()) else { return };
    let one = object::str_at(spec, "podCIDR").unwrap_or("").to_owned();
    match object::str_at(spec, "podCIDRs.0").map(str::to_owned) {
        first if !one.is_empty() && first.as_deref() != Some(one.as_str()) => object::set(spec, "podCIDRs", json!([one])),
        Some(first) => object::set(spec, "podCIDR", json!(first)),
        None => {}
    }
}

pub fn claim_spec(spec: &mut Value) {
    if !spec.is_object() {
        return;
    }
    absent(spec, "volumeMode", json!("Filesystem"));
    for field in ["dataSource", "dataSourceRef"] {
        if let Some(source) = spec.get_mut(field).filter(|s| s.is_object() && s.get("apiGroup").is_none()) {
            object::set(source, "apiGroup", Value::Null);
        }
    }
    if let Some(resources) = spec.get_mut("resources") {
        pod::canonical_resources(resources);
    }
}

pub fn volume(volume: &mut Value) {
    let Some(spec) = volume.get_mut("spec").filter(|s| s.is_object()) else { return };
    unset(spec, "persistentVolumeReclaimPolicy", json!("Retain"));
    absent(spec, "volumeMode", json!("Filesystem"));
    if let Some(host) = spec.get_mut("hostPath").filter(|h| h.is_object()) {
        unset(host, "type", json!(""));
    }
    if let Some(capacity) = map_mut(spec, "capacity") {
        pod::canonical_amounts(capacity);
    }
    pending(volume);
}

fn replicas(spec: &mut Value) {
    number_if_absent(spec, "replicas", 1);
}

fn number_if_absent(spec: &mut Value, field: &str, value: i64) {
    absent(spec, field, json!(value));
}

/// Sets a field that Go points to: an empty text counts as given.
pub fn absent(spec: &mut Value, field: &str, value: Value) {
    if spec.get(field).is_none_or(Value::is_null) {
        object::set(spec, field, value);
    }
}

fn template(spec: &mut Value) {
    if let Some(template) = spec.get_mut("template") {
        pod::template(template);
    }
}
