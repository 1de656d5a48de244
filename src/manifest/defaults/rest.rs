//! Defaults of the kinds that stand beside Pods: limits, policies, classes, bindings, endpoints.
//!
//! Models the `defaults.go` of `pkg/apis/{core,networking,storage,rbac,discovery}`.

use super::pod::canonical_amounts;
use super::{items, map_mut, unset, unset_number};
use crate::api::{Kind, Map, Value, json, object};

/// Kinds whose status Go always writes, and what it then says.
const STATUSES: &[(&str, &str)] = &[("ResourceQuota", "{}"), ("ResourceClaim", "{}"), ("Ingress", r#"{"loadBalancer":{}}"#)];

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
        // `SetDefaults_IngressClass`
        "IngressClass" => {
            if let Some(parameters) = object.get_mut("spec").and_then(|s| s.get_mut("parameters")).filter(|p| p.is_object())
                && parameters.get("scope").is_none_or(Value::is_null)
            {
                object::set(parameters, "scope", json!("Cluster"));
            }
        }
        "CSIDriver" => csi_driver(object),
        "ResourceClaim" => device_requests(object.get_mut("spec")),
        "ResourceClaimTemplate" => {
            device_requests(object.get_mut("spec").and_then(|s| s.get_mut("spec")));
            if let Some(spec) = object.get_mut("spec").filter(|s| s.is_object() && s.get("metadata").is_none_or(Value::is_null)) {
                object::set(spec, "metadata", json!({}));
            }
        }
        "ValidatingAdmissionPolicy" => {
            if let Some(spec) = object.get_mut("spec").filter(|s| s.is_object()) {
                unset(spec, "failurePolicy", json!("Fail"));
                match_resources(spec.get_mut("matchConstraints"));
            }
            object::set(object, "status", json!({}));
        }
        "ValidatingAdmissionPolicyBinding" => match_resources(object.get_mut("spec").and_then(|s| s.get_mut("matchResources"))),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            for webhook in items(object, "webhooks") {
                self::webhook(webhook, kind.kind.starts_with('M'));
            }
        }
        "APIService" => {
            if let Some(service) = object.get_mut("spec").and_then(|s| s.get_mut("service")).filter(|s| s.is_object()) {
                unset_number(service, "port", 443);
            }
            object::set(object, "status", json!({}));
        }
        "CustomResourceDefinition" => custom_resource(object),
        "Endpoints" => {
            for subset in items(object, "subsets") {
                items(subset, "ports").for_each(|port| unset(port, "protocol", json!("TCP")));
            }
        }
        "EndpointSlice" => {
            // `SetDefaults_EndpointPort`: what is a pointer may be empty.
            for port in items(object, "ports").filter_map(Value::as_object_mut) {
                port.entry("protocol").or_insert_with(|| json!("TCP"));
                port.entry("name").or_insert_with(|| json!(""));
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

/// `SetDefaults_ValidatingWebhook`, `SetDefaults_MutatingWebhook`
fn webhook(webhook: &mut Value, mutating: bool) {
    unset(webhook, "failurePolicy", json!("Fail"));
    unset(webhook, "matchPolicy", json!("Equivalent"));
    unset(webhook, "namespaceSelector", json!({}));
    unset(webhook, "objectSelector", json!({}));
    unset(webhook, "timeoutSeconds", json!(10));
    if mutating {
        unset(webhook, "reinvocationPolicy", json!("Never"));
    }
    if let Some(service) = webhook.get_mut("clientConfig").and_then(|c| c.get_mut("service")).filter(|s| s.is_object()) {
        unset_number(service, "port", 443);
    }
    for rule in items(webhook, "rules") {
        unset(rule, "scope", json!("*"));
    }
}

/// `SetDefaults_CSIDriver`
fn csi_driver(driver: &mut Value) {
    let flags =
        [("attachRequired", true), ("podInfoOnMount", false), ("storageCapacity", false), ("requiresRepublish", false), ("seLinuxMount", false)];
    if !driver.get("spec").is_some_and(Value::is_object) {
        object::set(driver, "spec", json!({}));
    }
    let Some(spec) = driver.get_mut("spec") else { return };
    for (field, flag) in flags {
        if spec.get(field).is_none_or(Value::is_null) {
            object::set(spec, field, json!(flag));
        }
    }
    unset(spec, "fsGroupPolicy", json!("ReadWriteOnceWithFSType"));
    if object::list_at(spec, "volumeLifecycleModes").is_empty() {
        object::set(spec, "volumeLifecycleModes", json!(["Persistent"]));
    }
}

/// `SetDefaults_MatchResources` of `admissionregistration`
fn match_resources(resources: Option<&mut Value>) {
    let Some(resources) = resources.filter(|r| r.is_object()) else { return };
    unset(resources, "matchPolicy", json!("Equivalent"));
    for field in ["namespaceSelector", "objectSelector"] {
        if resources.get(field).is_none_or(Value::is_null) {
            object::set(resources, field, json!({}));
        }
    }
    for list in ["resourceRules", "excludeResourceRules"] {
        items(resources, list).for_each(|rule| unset(rule, "scope", json!("*")));
    }
}

/// `SetDefaults_ExactDeviceRequest`, `SetDefaults_DeviceSubRequest`
fn device_requests(spec: Option<&mut Value>) {
    let one = |request: &mut Value| {
        unset(request, "allocationMode", json!("ExactCount"));
        if object::str_at(request, "allocationMode") == Some("ExactCount") {
            unset_number(request, "count", 1);
        }
    };
    for request in spec.and_then(|s| s.get_mut("devices")).into_iter().flat_map(|devices| items(devices, "requests")) {
        if let Some(exactly) = request.get_mut("exactly").filter(|e| e.is_object()) {
            one(exactly);
        }
        items(request, "firstAvailable").for_each(one);
    }
}

/// `SetDefaults_CustomResourceDefinitionSpec` and what the strategy makes of a new status.
fn custom_resource(definition: &mut Value) {
    let Some(spec) = definition.get_mut("spec").filter(|s| s.is_object()) else { return };
    if spec.get("conversion").is_none_or(Value::is_null) {
        object::set(spec, "conversion", json!({"strategy": "None"}));
    }
    if let Some(service) = spec.get_mut("conversion").and_then(|c| c.get_mut("webhook")).and_then(|w| w.get_mut("clientConfig"))
        && let Some(service) = service.get_mut("service").filter(|s| s.is_object())
    {
        unset_number(service, "port", 443);
    }
    let kind = object::str_at(spec, "names.kind").unwrap_or("").to_owned();
    if let Some(names) = spec.get_mut("names").filter(|n| n.is_object() && !kind.is_empty()) {
        unset(names, "singular", json!(kind.to_ascii_lowercase()));
        unset(names, "listKind", json!(format!("{kind}List")));
    }
    let versions = object::list_at(spec, "versions").iter().filter(|v| object::bool_at(v, "storage") == Some(true));
    let stored: Vec<Value> = versions.filter_map(|v| v.get("name").cloned()).collect();
    object::set(definition, "status", json!({"acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": stored}));
}
