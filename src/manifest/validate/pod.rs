//! Validation of Pods, and of the Pod templates in other kinds.
//!
//! Models `ValidatePodSpec` and `ValidatePodCreate` of `pkg/apis/core/validation/validation.go`; its order is kept to the letter.

use super::container::{self, Surroundings};
use super::{affinity, annotation, in_range, meta, names, one_of, resources, security, volume, windows};
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Quantity, Value, json, object};
use crate::manifest::amounts;
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// The annotation of a Pod that stands for a static one.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// `new`: nothing of it is stored yet (`ValidatePodCreate`).
pub fn pod(pod: &Value, new: bool, errors: &mut ErrorList) {
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let given = object::annotations(pod);
    if let Some(given) = given {
        let path = FieldPath::new("metadata").child("annotations");
        if let Some(mirror) = given.get(MIRROR).filter(|_| object::str_at(spec, "nodeName").unwrap_or("").is_empty()) {
            let detail = "must set spec.nodeName if mirror pod annotation is set";
            errors.invalid(&path.key(MIRROR), mirror.clone(), detail);
        }
        annotation::values(given, spec, &path, errors);
    }
    let path = FieldPath::new("spec");
    pod_spec(spec, Some(pod), &path, errors);
    tokens_without_account(spec, &path, errors);
    for list in ["containers", "initContainers"] {
        for (index, container) in object::list_at(spec, list).iter().enumerate() {
            let image = object::str_at(container, "image").unwrap_or("");
            if image.trim() != image {
                let path = path.child(list).index(index).child("image");
                errors.invalid(&path, image, "must not have leading or trailing whitespace");
            }
        }
    }
    if !new {
        return;
    }
    if !object::list_at(spec, "ephemeralContainers").is_empty() {
        errors.forbidden_at(&path, "ephemeralContainers", "cannot be set on create");
    }
    let gated = !object::list_at(spec, "schedulingGates").is_empty();
    if gated && !object::str_at(spec, "nodeName").unwrap_or("").is_empty() {
        errors.forbidden_at(&path, "nodeName", "cannot be set until all schedulingGates have been cleared");
    }
    if let Some(given) = given {
        annotation::against_fields(given, spec, &path, errors);
    }
}

fn tokens_without_account(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if !object::str_at(spec, "serviceAccountName").unwrap_or("").is_empty() {
        return;
    }
    for (v, volume) in object::list_at(spec, "volumes").iter().enumerate() {
        for (s, source) in object::list_at(volume, "projected.sources").iter().enumerate() {
            if source.get("serviceAccountToken").is_some_and(|t| !t.is_null()) {
                let path = path.child("volumes").index(v).child("projected").child("sources").index(s).child("serviceAccountToken");
                errors.forbidden(&path, "must not be specified when serviceAccountName is not set");
            }
        }
    }
}

/// `pod`: the Pod itself; `None` for a template.
pub fn pod_spec(spec: &Value, pod: Option<&Value>, path: &FieldPath, errors: &mut ErrorList) {
    let text = |field: &str| object::str_at(spec, field).unwrap_or("");
    let flag = |field: &str| object::bool_at(spec, field) == Some(true);
    let (volumes, claims) = volume::volumes(object::list_at(spec, "volumes"), pod.map(object::name), &path.child("volumes"), errors);
    let regular = object::list_at(spec, "containers");
    let inits = object::list_at(spec, "initContainers");
    let around = Surroundings {
        volumes,
        claims,
        devices: object::list_at(spec, "resourceClaims").iter().filter_map(|c| object::str_at(c, "name")).map(str::to_owned).collect(),
        grace: object::i64_at(spec, "terminationGracePeriodSeconds").unwrap_or(30),
        pod_restart_policy: text("restartPolicy"),
        host_users: object::bool_at(spec, "hostUsers") != Some(false),
    };
    let mirror = pod.and_then(|pod| object::annotations(pod)).is_some_and(|a| a.contains_key(MIRROR));
    resource_claims(spec, mirror, &path.child("resourceClaims"), errors);
    container::regular(regular, &around, &path.child("containers"), errors);
    container::init(inits, regular, &around, &path.child("initContainers"), errors);
    container::ephemeral(object::list_at(spec, "ephemeralContainers"), &[regular, inits], &around, &path.child("ephemeralContainers"), errors);
    pod_resources(spec, &around.devices, path, errors);
    if flag("hostNetwork") {
        host_ports(regular, pod.is_some(), &path.child("containers"), errors);
    }
    one_of(text("restartPolicy"), &["Always", "OnFailure", "Never"], &path.child("restartPolicy"), errors);
    one_of(text("dnsPolicy"), &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], &path.child("dnsPolicy"), errors);
    meta::labels(object::map_at(spec, "nodeSelector"), &path.child("nodeSelector"), errors);
    if let Some(context) = spec.get("securityContext").filter(|c| !c.is_null()) {
        security::pod(context, spec, &path.child("securityContext"), errors);
    }
    if let Some(value) = spec.get("affinity").filter(|a| !a.is_null()) {
        affinity::affinity(value, &path.child("affinity"), errors);
    }
    dns(spec, path, errors);
    for (index, gate) in object::list_at(spec, "readinessGates").iter().enumerate() {
        let kind = object::str_at(gate, "conditionType").unwrap_or("");
        for message in names::qualified_name(kind) {
            errors.invalid_at(&path.child("readinessGates").index(index), "conditionType", kind, message);
        }
    }
    let mut seen = SortedSet::new();
    for (index, gate) in object::list_at(spec, "schedulingGates").iter().enumerate() {
        let name = object::str_at(gate, "name").unwrap_or("");
        let path = path.child("schedulingGates").index(index);
        for message in names::qualified_name(name) {
            errors.invalid(&path, name, message);
        }
        if !seen.insert(name) {
            errors.duplicate(&path, name);
        }
    }
    affinity::topology_spread(object::list_at(spec, "topologySpreadConstraints"), &path.child("topologySpreadConstraints"), errors);
    windows::host_process(spec, path, errors);
    if object::bool_at(spec, "hostUsers") == Some(false) {
        for (index, container) in regular.iter().enumerate() {
            if !object::list_at(container, "volumeDevices").is_empty() {
                errors.forbidden_at(&path.child("containers").index(index), "volumeDevices", "when `hostUsers` is false");
            }
        }
        for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
            if flag(field) {
                errors.forbidden_at(path, shown, "when `hostUsers` is false");
            }
        }
    }
    hostname_override(spec, path, errors);
    for field in ["serviceAccountName", "nodeName"] {
        if !text(field).is_empty() {
            for message in names::subdomain(text(field)) {
                errors.invalid_at(path, field, text(field), message);
            }
        }
    }
    if let Some(seconds) = object::i64_at(spec, "activeDeadlineSeconds") {
        in_range(seconds, 1, i64::from(i32::MAX), &path.child("activeDeadlineSeconds"), errors);
    }
    for field in ["hostname", "subdomain"] {
        if !text(field).is_empty() {
            for message in names::label(text(field)) {
                errors.invalid_at(path, field, text(field), message);
            }
        }
    }
    affinity::tolerations(object::list_at(spec, "tolerations"), &path.child("tolerations"), errors);
    for (index, alias) in object::list_at(spec, "hostAliases").iter().enumerate() {
        let path = path.child("hostAliases").index(index);
        let ip = object::str_at(alias, "ip").unwrap_or("");
        for message in names::ip(ip) {
            errors.invalid_at(&path, "ip", ip, message);
        }
        for (index, hostname) in object::list_at(alias, "hostnames").iter().enumerate() {
            let name = hostname.as_str().unwrap_or("");
            for message in names::subdomain(name) {
                errors.invalid(&path.child("hostnames").index(index), name, message);
            }
        }
    }
    if let Some(overhead) = spec.get("overhead").filter(|o| o.is_object()) {
        // `validateOverhead`: as if a container were limited to it.
        resources::of_container(&json!({"limits": overhead}), &SortedSet::new(), &path.child("overhead"), errors);
    }
    if let Some(os) = spec.get("os").filter(|o| !o.is_null()) {
        match object::str_at(os, "name").unwrap_or("") {
            "" => errors.required_at(&path.child("os"), "name", ""),
            name => one_of(name, &["linux", "windows"], &path.child("os"), errors),
        }
    }
    windows::os(spec, path, errors);
    file_key_volumes(spec, path, errors);
}

/// On the host's network both ports are one. In a template the host's may be missing: it is filled in when there is a Pod. Init containers are not
/// looked at.
fn host_ports(containers: &[Value], in_pod: bool, path: &FieldPath, errors: &mut ErrorList) {
    for (c, container) in containers.iter().enumerate() {
        for (p, port) in object::list_at(container, "ports").iter().enumerate() {
            let host = object::i64_at(port, "hostPort").unwrap_or(0);
            if (in_pod || host != 0) && host != object::i64_at(port, "containerPort").unwrap_or(0) {
                let path = path.index(c).child("ports").index(p).child("hostPort");
                errors.invalid(&path, host, "must match `containerPort` when `hostNetwork` is true");
            }
        }
    }
}

fn resource_claims(spec: &Value, mirror: bool, path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (index, claim) in object::list_at(spec, "resourceClaims").iter().enumerate() {
        if mirror {
            // The server names no field here.
            errors.forbidden(&FieldPath::new("[]"), "static pods do not support resource claims");
            continue;
        }
        let path = path.index(index);
        let name = object::str_at(claim, "name").unwrap_or("");
        if !name.is_empty() && !seen.insert(name) {
            errors.duplicate_at(&path, "name", name);
        }
        super::check_name(name, &path.child("name"), errors);
        let (of, template) = (object::str_at(claim, "resourceClaimName"), object::str_at(claim, "resourceClaimTemplateName"));
        // Go's own rendering of the struct.
        let quoted = |text: Option<&str>| text.map_or("null".to_owned(), |t| format!("{t:?}"));
        let shown = || format!("{{\"Name\":{name:?},\"ResourceClaimName\":{},\"ResourceClaimTemplateName\":{}}}", quoted(of), quoted(template));
        match (of, template) {
            (Some(_), Some(_)) => {
                let detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                errors.push(FieldError::invalid(&path, shown(), detail).bare());
            }
            (None, None) => {
                let detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                errors.push(FieldError::invalid(&path, shown(), detail).bare());
            }
            _ => {}
        }
        for (field, text) in [("resourceClaimName", of), ("resourceClaimTemplateName", template)] {
            for message in text.into_iter().flat_map(names::subdomain) {
                errors.invalid_at(&path, field, text.unwrap_or(""), message);
            }
        }
    }
}

fn hostname_override(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(name) = object::str_at(spec, "hostnameOverride") else { return };
    let path = path.child("hostnameOverride");
    if object::bool_at(spec, "setHostnameAsFQDN") == Some(true) {
        errors.forbidden(&path, "may not be specified when setHostnameAsFQDN is true");
    }
    if object::bool_at(spec, "hostNetwork") == Some(true) {
        errors.forbidden(&path, "may not be specified when hostNetwork is true");
    }
    if name.len() > 64 {
        errors.push(FieldError::too_long(&path, 64));
    }
    for message in names::subdomain(name) {
        errors.invalid(&path, name, message);
    }
}

fn dns(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let none = object::str_at(spec, "dnsPolicy") == Some("None");
    let path = path.child("dnsConfig");
    let Some(config) = spec.get("dnsConfig").filter(|c| !c.is_null()) else {
        if none {
            errors.required(&path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        return;
    };
    let servers = object::list_at(config, "nameservers");
    if none && servers.is_empty() {
        errors.required_at(&path, "nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None");
        return;
    }
    if servers.len() > 3 {
        errors.invalid_at(&path, "nameservers", config["nameservers"].clone(), "must not have more than 3 nameservers");
    }
    for (index, server) in servers.iter().enumerate() {
        let ip = server.as_str().unwrap_or("");
        for message in names::ip(ip) {
            errors.invalid(&path.child("nameservers").index(index), ip, message);
        }
    }
    let searches = object::list_at(config, "searches");
    if searches.len() > 32 {
        errors.invalid_at(&path, "searches", config["searches"].clone(), "must not have more than 32 search paths");
    }
    // With a blank between each two.
    let length = searches.iter().filter_map(Value::as_str).map(|text| text.len() + 1).sum::<usize>().saturating_sub(1);
    if length > 2048 {
        let detail = "must not have more than 2048 characters (including spaces) in the search list";
        errors.invalid_at(&path, "searches", config["searches"].clone(), detail);
    }
    for (index, search) in searches.iter().enumerate() {
        let text = search.as_str().filter(|text| *text != ".");
        let text = text.map(|text| text.strip_suffix('.').unwrap_or(text));
        for message in text.into_iter().flat_map(names::dns_search_path) {
            errors.invalid(&path.child("searches").index(index), text.unwrap_or(""), message);
        }
    }
    for (index, option) in object::list_at(config, "options").iter().enumerate() {
        if object::str_at(option, "name").unwrap_or("").is_empty() {
            errors.required(&path.child("options").index(index), "must not be empty");
        }
    }
}

fn pod_resources(spec: &Value, devices: &SortedSet<String>, path: &FieldPath, errors: &mut ErrorList) {
    let Some(value) = spec.get("resources").filter(|r| !r.is_null()) else { return };
    let path = path.child("resources");
    if object::str_at(spec, "os.name") == Some("windows") {
        errors.forbidden(&path, "may not be set for a windows pod");
        return;
    }
    if !object::list_at(value, "claims").is_empty() {
        errors.forbidden_at(&path, "claims", "claims may not be set for Resources at pod-level");
    }
    resources::amounts(value, pod_resource_name, &path, errors);
    resources::claims(object::list_at(value, "claims"), devices, &path.child("claims"), errors);
    let amount = |v: Option<&Value>| v.and_then(Value::as_str).and_then(Quantity::parse);
    // Of limits only huge pages are summed up: the others may be overcommitted.
    for (list, counted) in [("requests", &["cpu", "memory", "hugepages-"][..]), ("limits", &["hugepages-"][..])] {
        for (name, sum) in amounts::of_containers(spec, list) {
            if !counted.iter().any(|c| *c == name || c.ends_with('-') && name.starts_with(c)) {
                continue;
            }
            let Some(given) = object::map_at(value, list).and_then(|m| m.get(name)) else { continue };
            if sum > amount(Some(given)).map_or(0, Quantity::nano) {
                let shown = amounts::written(sum, name, spec, list);
                let detail = format!("must be greater than or equal to aggregate container {list} of {shown}");
                errors.invalid(&path.child(list).key(name), given.clone(), detail);
            }
        }
    }
    let limits = object::map_at(value, "limits");
    for (index, container) in object::list_at(spec, "containers").iter().enumerate() {
        for (name, given) in object::map_at(container, "resources.limits").into_iter().flatten() {
            let Some(most) = limits.and_then(|l| l.get(name)) else { continue };
            if amount(Some(given)) > amount(Some(most)) {
                let path = path.child("containers").index(index).key(name).child("limits");
                let detail = format!("must be less than or equal to pod limits of {}", most.as_str().unwrap_or(""));
                errors.invalid(&path, given.clone(), detail);
            }
        }
    }
}

fn pod_resource_name(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    let before = errors.len();
    resources::resource_name(name, path, errors);
    if errors.len() == before && !matches!(name, "cpu" | "memory") && !name.starts_with("hugepages-") {
        errors.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

/// At the very end of the spec: files that variables come from lie in emptyDirs.
fn file_key_volumes(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let volumes: SortedMap<&str, &Value> =
        object::list_at(spec, "volumes").iter().rev().map(|v| (object::str_at(v, "name").unwrap_or(""), v)).collect();
    for list in ["containers", "initContainers"] {
        for (c, container) in object::list_at(spec, list).iter().enumerate() {
            for (e, variable) in object::list_at(container, "env").iter().enumerate() {
                let Some(reference) = object::at(variable, "valueFrom.fileKeyRef").filter(|r| r.is_object()) else { continue };
                let name = object::str_at(reference, "volumeName").unwrap_or("");
                let path = path.child(list).index(c).child("env").index(e).child("valueFrom.fileKeyRef.volumeName");
                match volumes.get(name) {
                    None => errors.not_found(&path, name),
                    Some(volume) if volume.get("emptyDir").is_none_or(Value::is_null) => {
                        errors.invalid(&path, name, "referenced volume must be of type emptyDir");
                    }
                    Some(_) => {}
                }
            }
        }
    }
}
