//! What the server accepts with a warning in kinds other than Pods.
//!
//! Models `WarningsOnCreate` of the strategies in `pkg/registry` and what they call in `pkg/api`.

use super::pod::OLD_NODE_LABELS;
use crate::api::{Kind, Quantity, Value, object};
use crate::manifest::validate::{addresses, label_problems, secret_bytes};

pub fn create(kind: &Kind, object: &Value, warnings: &mut Vec<String>) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    match kind.kind {
        "Deployment" | "ReplicaSet" | "ReplicationController" | "Job" | "CronJob" => host_name(object, warnings),
        _ => {}
    }
    match kind.kind {
        "Deployment" | "ReplicaSet" | "ReplicationController" | "DaemonSet" => super::template(object, "spec.template", warnings),
        "PodTemplate" => super::template(object, "template", warnings),
        "Job" => job(object, "spec", warnings),
        "CronJob" => job(object, "spec.jobTemplate.spec", warnings),
        "StatefulSet" => {
            super::template(object, "spec.template", warnings);
            for (index, claim) in object::list_at(spec, "volumeClaimTemplates").iter().enumerate() {
                claim_spec(claim.get("spec").unwrap_or(&Value::Null), &format!("spec.volumeClaimTemplates[{index}]"), warnings);
            }
            if object::i64_at(spec, "revisionHistoryLimit").is_some_and(|limit| limit < 0) {
                warnings.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".into());
            }
        }
        "Service" => service(object, spec, warnings),
        "Node" => node(spec, warnings),
        "PersistentVolume" => volume(object, spec, warnings),
        "PersistentVolumeClaim" => {
            old_annotations(object, &OLD_VOLUME_ANNOTATIONS[..1], warnings);
            claim_spec(spec, "spec", warnings);
        }
        "ServiceAccount" if annotation(object, "kubernetes.io/enforce-mountable-secrets").is_some() => {
            warnings.push(
                "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
                    .into(),
            );
        }
        "Secret" if object::str_at(object, "type") == Some("kubernetes.io/tls") => {
            // `tls.X509KeyPair`, as far as it looks for the beginning of a block.
            for (key, what) in [("tls.crt", "certificate"), ("tls.key", "key")] {
                if !String::from_utf8_lossy(&secret_bytes(object, key)).contains("-----BEGIN") {
                    warnings.push(format!("tls: failed to find any PEM data in {what} input"));
                    break;
                }
            }
        }
        "ResourceQuota" => quota(spec, warnings),
        "Ingress" => {
            const CLASS: &str = "kubernetes.io/ingress.class";
            if annotation(object, CLASS).is_some() && spec.get("ingressClassName").is_none_or(Value::is_null) {
                warnings.push(format!("annotation {CLASS:?} is deprecated, please use 'spec.ingressClassName' instead"));
            }
        }
        "NetworkPolicy" => network_policy(spec, warnings),
        "StorageClass" => storage_class(object, warnings),
        "RuntimeClass" => {
            for key in object::map_at(object, "scheduling.nodeSelector").into_iter().flatten().map(|(key, _)| key) {
                if let Some(text) = old_node_label(key) {
                    warnings.push(format!("scheduling.nodeSelector: {text}"));
                }
            }
        }
        "CSIDriver" if !object::list_at(spec, "tokenRequests").is_empty() && object::at(spec, "serviceAccountTokenInSecrets").is_none() => {
            let what = "set to true to prevent possible logging of tokens in volume attributes";
            warnings.push(format!("spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, {what}"));
        }
        "Endpoints" => endpoints(object, warnings),
        "EndpointSlice" => {
            if object::str_at(object, "addressType") == Some("FQDN") {
                warnings.push("spec.addressType: FQDN endpoints are deprecated".into());
            }
            for (index, endpoint) in object::list_at(object, "endpoints").iter().enumerate() {
                for (place, address) in object::list_at(endpoint, "addresses").iter().filter_map(Value::as_str).enumerate() {
                    addresses::warn(address, &format!("endpoints[{index}].addresses[{place}]"), warnings);
                }
            }
        }
        _ => {}
    }
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object::annotations(object)?.get(key)?.as_str()
}

fn host_name(object: &Value, warnings: &mut Vec<String>) {
    let problems = label_problems(object::name(object));
    if !problems.is_empty() {
        warnings.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [{}]",
            problems.join(" ")
        ));
    }
}

/// `WarningsForJobSpec`
fn job(object: &Value, path: &str, warnings: &mut Vec<String>) {
    let number = |field: &str| object::i64_at(object, &format!("{path}.{field}")).unwrap_or(0);
    let indexed = object::str_at(object, &format!("{path}.completionMode")) == Some("Indexed");
    if indexed && number("completions") > 100_000 && number("parallelism") > 10_000 {
        warnings.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        ));
    }
    super::template(object, &format!("{path}.template"), warnings);
}

/// `GetWarningsForService`
fn service(service: &Value, spec: &Value, warnings: &mut Vec<String>) {
    let text = |field: &str| object::str_at(spec, field).unwrap_or("");
    let (ip, kind) = (text("clusterIP"), text("type"));
    let external = object::list_at(spec, "externalIPs");
    if annotation(service, "service.kubernetes.io/topology-aware-hints").is_some() {
        let (old, new) = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode");
        warnings.push(format!("annotation {old} is deprecated, please use {new} instead"));
    }
    let addresses_of = |list: &str, warnings: &mut Vec<String>| {
        for (index, ip) in object::list_at(spec, list).iter().enumerate() {
            addresses::warn(ip.as_str().unwrap_or(""), &format!("spec.{list}[{index}]"), warnings);
        }
    };
    if !ip.is_empty() && ip != "None" {
        addresses_of("clusterIPs", warnings);
    }
    let headless = kind == "ClusterIP" && ip == "None";
    if headless {
        let ignored = [
            ("loadBalancerIP", !text("loadBalancerIP").is_empty()),
            ("externalIPs", !external.is_empty()),
            ("SessionAffinity", text("sessionAffinity") != "None"),
        ];
        for (field, _) in ignored.iter().filter(|(_, given)| *given) {
            warnings.push(format!("spec.{field} is ignored for headless services"));
        }
    }
    addresses_of("externalIPs", warnings);
    if !external.is_empty() && !headless && kind != "ExternalName" {
        warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".into());
    }
    addresses::warn(text("loadBalancerIP"), "spec.loadBalancerIP", warnings);
    for (index, range) in object::list_at(spec, "loadBalancerSourceRanges").iter().enumerate() {
        addresses::warn_network(range.as_str().unwrap_or(""), &format!("spec.loadBalancerSourceRanges[{index}]"), warnings);
    }
    if kind == "ExternalName" && !external.is_empty() {
        warnings.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".into());
    }
    if kind != "ExternalName" && !text("externalName").is_empty() {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".into());
    }
    if text("trafficDistribution") == "PreferClose" {
        warnings.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".into());
    }
}

/// `nodeWarnings`
fn node(spec: &Value, warnings: &mut Vec<String>) {
    if !object::str_at(spec, "externalID").unwrap_or("").is_empty() {
        warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".into());
    }
    for (index, network) in object::list_at(spec, "podCIDRs").iter().enumerate() {
        addresses::warn_network(network.as_str().unwrap_or(""), &format!("spec.podCIDRs[{index}]"), warnings);
    }
}

const OLD_VOLUME_ANNOTATIONS: &[(&str, &str)] = &[
    ("volume.beta.kubernetes.io/storage-class", "deprecated since v1.8; use \"storageClassName\" attribute instead"),
    ("volume.beta.kubernetes.io/mount-options", "deprecated since v1.31; use \"mountOptions\" attribute instead"),
];

const DEAD_PLUGINS: &[(&str, &str, &str)] = &[
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn old_annotations(object: &Value, old: &[(&str, &str)], warnings: &mut Vec<String>) {
    for (key, text) in old.iter().filter(|(key, _)| annotation(object, key).is_some()) {
        warnings.push(format!("metadata.annotations[{key}]: {text}"));
    }
}

/// `warningsForPersistentVolumeSpecAndMeta`
fn volume(volume: &Value, spec: &Value, warnings: &mut Vec<String>) {
    old_annotations(volume, OLD_VOLUME_ANNOTATIONS, warnings);
    if object::str_at(spec, "persistentVolumeReclaimPolicy") == Some("Recycle") {
        warnings.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".into());
    }
    for (index, term) in object::list_at(spec, "nodeAffinity.required.nodeSelectorTerms").iter().enumerate() {
        for (place, expression) in object::list_at(term, "matchExpressions").iter().enumerate() {
            let key = object::str_at(expression, "key").unwrap_or("");
            if let Some(text) = old_node_label(key) {
                let path = format!("spec.nodeAffinity.required.nodeSelectorTerms[{index}].matchExpressions[{place}].key");
                warnings.push(format!("{path}: {key} is {text}"));
            }
        }
    }
    for (field, shown, text) in DEAD_PLUGINS {
        if spec.get(field).is_some_and(|v| !v.is_null()) {
            warnings.push(format!("spec.{shown}: {text}"));
        }
    }
}

/// `GetNodeLabelDeprecatedMessage`
fn old_node_label(key: &str) -> Option<&'static str> {
    OLD_NODE_LABELS.iter().find(|(old, _)| *old == key).map(|(_, text)| *text)
}

/// `GetWarningsForPersistentVolumeClaimSpec`
fn claim_spec(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    for list in ["requests", "limits"] {
        let text = object::str_at(spec, &format!("resources.{list}.storage")).unwrap_or("");
        if Quantity::parse(text).is_some_and(|q| q.nano() % 1_000_000_000 != 0) {
            warnings.push(format!("{path}.resources.{list}[storage]: fractional byte value {text:?} is invalid, must be an integer"));
        }
    }
}

fn quota(spec: &Value, warnings: &mut Vec<String>) {
    let Some(hard) = object::map_at(spec, "hard") else { return };
    let amount = |name: &str| hard.get(name).and_then(Value::as_str);
    for name in ["cpu", "memory", "storage", "ephemeral-storage"] {
        let long = format!("requests.{name}");
        let request = amount(&long).map(|text| (long.as_str(), text));
        let request = request.or_else(|| matches!(name, "cpu" | "memory").then(|| amount(name).map(|text| (name, text))).flatten());
        let limit = format!("limits.{name}");
        if let (Some((request, asked)), Some(most)) = (request, amount(&limit))
            && let (Some(a), Some(b)) = (Quantity::parse(asked), Quantity::parse(most))
            && a.nano() > b.nano()
        {
            warnings.push(format!("ResourceQuota {request} ({asked}) should be less than {limit} ({most})"));
        }
    }
}

fn network_policy(spec: &Value, warnings: &mut Vec<String>) {
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in object::list_at(spec, list).iter().enumerate() {
            for (place, peer) in object::list_at(rule, peers).iter().enumerate() {
                let path = format!("spec.{list}[{index}].{peers}[{place}].ipBlock");
                let Some(block) = peer.get("ipBlock").filter(|b| !b.is_null()) else { continue };
                addresses::warn_network(object::str_at(block, "cidr").unwrap_or(""), &format!("{path}.cidr"), warnings);
                for (number, except) in object::list_at(block, "except").iter().enumerate() {
                    addresses::warn_network(except.as_str().unwrap_or(""), &format!("{path}.except[{number}]"), warnings);
                }
            }
        }
    }
}

fn storage_class(class: &Value, warnings: &mut Vec<String>) {
    for (index, term) in object::list_at(class, "allowedTopologies").iter().enumerate() {
        for (place, expression) in object::list_at(term, "matchLabelExpressions").iter().enumerate() {
            if let Some(text) = old_node_label(object::str_at(expression, "key").unwrap_or("")) {
                warnings.push(format!("allowedTopologies[{index}].matchLabelExpressions[{place}].key: {text}"));
            }
        }
    }
}

fn endpoints(endpoints: &Value, warnings: &mut Vec<String>) {
    for (index, subset) in object::list_at(endpoints, "subsets").iter().enumerate() {
        for list in ["addresses", "notReadyAddresses"] {
            for (place, address) in object::list_at(subset, list).iter().enumerate() {
                let ip = object::str_at(address, "ip").unwrap_or("");
                addresses::warn(ip, &format!("subsets[{index}].{list}[{place}].ip"), warnings);
            }
        }
    }
}
