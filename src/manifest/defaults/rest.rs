//! Defaults of the kinds that stand beside Pods: limits, policies, classes, bindings, endpoints.
//!
//! Models the `defaults.go` of `pkg/apis/{core,networking,storage,rbac,discovery}`.

use super::pod::canonical_amounts;
use super::{items, map_mut, unset};
use crate::api::{Kind, Map, Value, json, object};

/// Kinds whose status Go always writes, and what it then says.
const STATUSES: &[(&str, &str)] = &[("ResourceQuota", "{}"), ("Ingress", r#"{"loadBalancer":{}}"#)];

pub fn apply(kind: &Kind, object: &mut Value) {
    match kind.kind {
        "LimitRange" => {
            for limit in object.get_mut("spec").into_iter().flat_map(|spec| items(spec, "limits")) {
                limit_range(limit);
            }
        }
        "ResourceQuota" => {
            if let Some(hard) = object.get_mut("spec").and_then(|spec| map_mut(spec, "hard")) {
                canonical_amounts(hard);
            }
        }
        "NetworkPolicy" => network_policy(object),
        "StorageClass" => {
            unset(object, "reclaimPolicy", json!("Delete"));
            unset(object, "volumeBindingMode", json!("Immediate"));
        }
        "RoleBinding" | "ClusterRoleBinding" => binding(object),
        "Endpoints" => {
            for subset in items(object, "subsets") {
                items(subset, "ports").for_each(|port| unset(port, "protocol", json!("TCP")));
            }
        }
        "EndpointSlice" => {
            for port in items(object, "ports") {
                unset(port, "protocol", json!("TCP"));
                unset(port, "name", json!(""));
            }
        }
        _ => {}
    }
    if let Some((_, status)) = STATUSES.iter().find(|(name, _)| *name == kind.kind)
        && object.get("status").is_none_or(Value::is_null)
        && let Ok(Some((status, _))) = crate::yaml::read_json(status, 0)
    {
        object::set(object, "status", status.to_value());
    }
}

/// `SetDefaults_LimitRangeItem`
fn limit_range(limit: &mut Value) {
    for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        if let Some(amounts) = map_mut(limit, list) {
            canonical_amounts(amounts);
        }
    }
    if object::str_at(limit, "type") != Some("Container") {
        return;
    }
    let of = |limit: &Value, list: &str| object::map_at(limit, list).cloned().unwrap_or_default();
    for (list, from) in [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")] {
        let (mut amounts, others): (Map<String, Value>, Map<String, Value>) = (of(limit, list), of(limit, from));
        for (name, amount) in others {
            amounts.entry(name).or_insert(amount);
        }
        if !amounts.is_empty() {
            object::set(limit, list, Value::Object(amounts));
        }
    }
}

/// `SetDefaults_NetworkPolicy` and `SetDefaults_NetworkPolicyPort`
fn network_policy(policy: &mut Value) {
    let Some(spec) = policy.get_mut("spec").filter(|s| s.is_object()) else { return };
    for list in ["ingress", "egress"] {
        for rule in items(spec, list) {
            items(rule, "ports").for_each(|port| unset(port, "protocol", json!("TCP")));
        }
    }
    if object::list_at(spec, "policyTypes").is_empty() {
        let egress = !object::list_at(spec, "egress").is_empty();
        object::set(spec, "policyTypes", if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) });
    }
}

/// `SetDefaults_RoleBinding`, `SetDefaults_Subject`
fn binding(binding: &mut Value) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    if let Some(role) = binding.get_mut("roleRef").filter(|r| r.is_object()) {
        unset(role, "apiGroup", json!(GROUP));
    }
    for subject in items(binding, "subjects") {
        if matches!(object::str_at(subject, "kind"), Some("User" | "Group")) {
            unset(subject, "apiGroup", json!(GROUP));
        }
    }
}
