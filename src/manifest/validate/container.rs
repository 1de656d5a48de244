//! Validation of containers: regular, init and sidecar.
//!
//! Models `validateContainers` and its parts in `pkg/apis/core/validation/validation.go`.

use super::probe::{self, Which};
use super::{check_name, name_errors, names, one_of, port_number, resources, security};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// What containers are checked against.
pub struct Surroundings<'a> {
    /// Names of the Pod's volumes that are without errors.
    pub volumes: SortedSet<String>,
    pub claims: SortedSet<String>,
    /// Names of `resourceClaims`.
    pub devices: SortedSet<String>,
    pub grace: i64,
    pub pod_restart_policy: &'a str,
    pub host_users: bool,
}

pub fn regular(containers: &[Value], around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    if containers.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let mut seen = SortedSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        common(container, around, &path, errors);
        let name = object::str_at(container, "name").unwrap_or("");
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        hooks_and_probes(container, around, &path, errors);
        restart_policy(container, true, &path, errors);
    }
    host_ports(containers, path, errors);
}

/// Ports of the host may be asked for once by all regular containers.
fn host_ports(containers: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (index, container) in containers.iter().enumerate() {
        one_containers_host_ports(container, &mut seen, &path.index(index), errors);
    }
}

fn one_containers_host_ports(container: &Value, seen: &mut SortedSet<String>, path: &FieldPath, errors: &mut ErrorList) {
    for (index, port) in object::list_at(container, "ports").iter().enumerate() {
        let Some(number) = object::i64_at(port, "hostPort").filter(|n| *n != 0) else { continue };
        let protocol = object::str_at(port, "protocol").unwrap_or("");
        let text = format!("{protocol}/{}/{number}", object::str_at(port, "hostIP").unwrap_or(""));
        if !seen.insert(text.clone()) {
            errors.push(FieldError::duplicate(&path.child("ports").index(index).child("hostPort"), text));
        }
    }
}

pub fn init(containers: &[Value], regular: &[Value], around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let mut seen: SortedSet<&str> = regular.iter().filter_map(|c| object::str_at(c, "name")).collect();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        common(container, around, &path, errors);
        let sidecar = object::str_at(container, "restartPolicy") == Some("Always");
        restart_policy(container, false, &path, errors);
        let name = object::str_at(container, "name").unwrap_or("");
        if !name.is_empty() && !seen.insert(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        one_containers_host_ports(container, &mut SortedSet::new(), &path, errors);
        if sidecar {
            hooks_and_probes(container, around, &path, errors);
        } else {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if container.get(field).is_some_and(|f| !f.is_null()) {
                    errors.push(FieldError::forbidden(&path.child(field), "may not be set for init containers without restartPolicy=Always"));
                }
            }
            for (index, policy) in object::list_at(container, "resizePolicy").iter().enumerate() {
                if object::str_at(policy, "restartPolicy") == Some("RestartContainer") {
                    let path = path.child("resizePolicy").index(index).child("restartPolicy");
                    errors.push(FieldError::invalid(
                        &path,
                        "RestartContainer",
                        "must not be set to 'RestartContainer' for non-sidecar initContainers",
                    ));
                }
            }
        }
    }
}

fn hooks_and_probes(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let there = |field: &str| container.get(field).filter(|f| !f.is_null());
    if let Some(lifecycle) = there("lifecycle") {
        probe::lifecycle(lifecycle, around.grace, &path.child("lifecycle"), errors);
    }
    for (field, which) in [("livenessProbe", Which::Liveness), ("readinessProbe", Which::Readiness), ("startupProbe", Which::Startup)] {
        if let Some(value) = there(field) {
            probe::probe(value, which, &path.child(field), errors);
        }
    }
}

fn common(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    check_name(object::str_at(container, "name").unwrap_or(""), &path.child("name"), errors);
    if object::str_at(container, "image").unwrap_or("").is_empty() {
        errors.push(FieldError::required(&path.child("image"), ""));
    }
    let policy = object::str_at(container, "terminationMessagePolicy").unwrap_or("");
    one_of(policy, &["File", "FallbackToLogsOnError"], &path.child("terminationMessagePolicy"), errors);
    ports(object::list_at(container, "ports"), &path.child("ports"), errors);
    for (index, variable) in object::list_at(container, "env").iter().enumerate() {
        env(variable, &path.child("env").index(index), errors);
    }
    for (index, from) in object::list_at(container, "envFrom").iter().enumerate() {
        env_from(from, &path.child("envFrom"), index, errors);
    }
    mounts(container, around, path, errors);
    devices(container, around, &path.child("volumeDevices"), errors);
    let policy = object::str_at(container, "imagePullPolicy").unwrap_or("");
    one_of(policy, &["Always", "IfNotPresent", "Never"], &path.child("imagePullPolicy"), errors);
    if let Some(value) = container.get("resources") {
        resources::of_container(value, &around.devices, &path.child("resources"), errors);
    }
    resize_policy(container, around, path, errors);
    if let Some(context) = container.get("securityContext").filter(|c| !c.is_null()) {
        security::container(context, around.host_users, &path.child("securityContext"), errors);
    }
}

fn ports(ports: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        if let Some(name) = object::str_at(port, "name").filter(|n| !n.is_empty()) {
            let wrong = names::port_name(name);
            for message in &wrong {
                errors.push(FieldError::invalid(&path.child("name"), name, message.as_str()));
            }
            if wrong.is_empty() && !seen.insert(name) {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
        }
        match object::i64_at(port, "containerPort").unwrap_or(0) {
            0 => errors.push(FieldError::required(&path.child("containerPort"), "")),
            number => port_number(number, &path.child("containerPort"), errors),
        }
        if let Some(number) = object::i64_at(port, "hostPort").filter(|n| *n != 0) {
            port_number(number, &path.child("hostPort"), errors);
        }
        let protocol = object::str_at(port, "protocol").unwrap_or("");
        one_of(protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors);
    }
}

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const ENV_SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

fn env(variable: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(variable, "name").unwrap_or("");
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    } else {
        for message in names::env_name(name) {
            errors.push(FieldError::invalid(&path.child("name"), name, message));
        }
    }
    let Some(source) = variable.get("valueFrom").filter(|v| !v.is_null()) else { return };
    let path = path.child("valueFrom");
    let mut found = 0;
    for kind in ENV_SOURCES {
        let Some(reference) = source.get(kind).filter(|r| !r.is_null()) else { continue };
        found += 1;
        let path = path.child(kind);
        match kind {
            "fieldRef" => field_ref(reference, ENV_FIELDS, true, &path, errors),
            "resourceFieldRef" => resource_field_ref(reference, true, &path, errors),
            "fileKeyRef" => file_key_ref(reference, &path, errors),
            _ => key_ref(reference, &path, errors),
        }
    }
    if found == 0 {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        errors.push(FieldError::invalid(&path, "", detail));
    }
    if !object::str_at(variable, "value").unwrap_or("").is_empty() {
        if found > 0 {
            errors.push(FieldError::invalid(&path, "", "may not be specified when `value` is not empty"));
        }
    } else if found > 1 {
        errors.push(FieldError::invalid(&path, "", "may not have more than one field specified at a time"));
    }
}

fn key_ref(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(reference, "name").unwrap_or("");
    for message in names::subdomain(name) {
        errors.push(FieldError::invalid(&path.child("name"), name, message));
    }
    match object::str_at(reference, "key").unwrap_or("") {
        "" => errors.push(FieldError::required(&path.child("key"), "")),
        key => {
            for message in names::config_key(key) {
                errors.push(FieldError::invalid(&path.child("key"), key, message));
            }
        }
    }
}

fn file_key_ref(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match object::str_at(reference, "key").unwrap_or("") {
        "" => errors.push(FieldError::required(&path.child("key"), "")),
        key => {
            for message in names::env_name(key) {
                errors.push(FieldError::invalid(&path.child("key"), key, message));
            }
        }
    }
    check_name(object::str_at(reference, "volumeName").unwrap_or(""), &path.child("volumeName"), errors);
    match object::str_at(reference, "path").unwrap_or("") {
        "" => errors.push(FieldError::required(&path.child("path"), "")),
        text => {
            for message in names::local_path(text) {
                errors.push(FieldError::invalid(&path.child("path"), text, message));
            }
        }
    }
}

/// A `fieldRef`; `subscripts` says whether `metadata.labels['k']` is allowed beside the listed paths.
pub fn field_ref(reference: &Value, allowed: &[&str], subscripts: bool, path: &FieldPath, errors: &mut ErrorList) {
    if object::str_at(reference, "apiVersion").unwrap_or("").is_empty() {
        errors.push(FieldError::required(&path.child("apiVersion"), ""));
        return;
    }
    let given = object::str_at(reference, "fieldPath").unwrap_or("");
    if given.is_empty() {
        errors.push(FieldError::required(&path.child("fieldPath"), ""));
        return;
    }
    if let Some(version) = object::str_at(reference, "apiVersion").filter(|v| *v != "v1") {
        let detail = format!("error converting fieldPath: unsupported pod version: {version}");
        errors.push(FieldError::invalid(&path.child("fieldPath"), given, detail));
        return;
    }
    // An old name, still understood.
    let field = if given == "spec.host" { "spec.nodeName" } else { given };
    if let Some((base, rest)) = field.split_once("['").filter(|(base, rest)| rest.ends_with("']") && !base.is_empty()) {
        let key = &rest[..rest.len() - 2];
        match base {
            "metadata.labels" | "metadata.annotations" if subscripts => {
                let shown = if base == "metadata.labels" { key.to_owned() } else { key.to_lowercase() };
                for message in names::qualified_name(&shown) {
                    errors.push(FieldError::invalid(path, shown.as_str(), message));
                }
            }
            "metadata.labels" | "metadata.annotations" => errors.push(FieldError::not_supported(&path.child("fieldPath"), field, allowed)),
            _ => {
                let detail = format!("error converting fieldPath: field label does not support subscript: {field}");
                errors.push(FieldError::invalid(&path.child("fieldPath"), field, detail));
            }
        }
        return;
    }
    let convertible = allowed.contains(&field)
        || ENV_FIELDS.contains(&field)
        || matches!(
            field,
            "metadata.annotations"
                | "metadata.labels"
                | "spec.restartPolicy"
                | "spec.schedulerName"
                | "spec.hostNetwork"
                | "status.phase"
                | "status.nominatedNodeName"
        );
    if !convertible {
        let detail = format!("error converting fieldPath: field label not supported: {field}");
        errors.push(FieldError::invalid(&path.child("fieldPath"), field, detail));
    } else if !allowed.contains(&field) {
        errors.push(FieldError::not_supported(&path.child("fieldPath"), field, allowed));
    }
}

const RESOURCE_FIELDS: &[&str] =
    &["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];

pub fn resource_field_ref(reference: &Value, in_env: bool, path: &FieldPath, errors: &mut ErrorList) {
    if !in_env && object::str_at(reference, "containerName").unwrap_or("").is_empty() {
        errors.push(FieldError::required(&path.child("containerName"), ""));
        return;
    }
    let resource = object::str_at(reference, "resource").unwrap_or("");
    if resource.is_empty() {
        errors.push(FieldError::required(&path.child("resource"), ""));
        return;
    }
    let hugepages = resource.strip_prefix("limits.").or(resource.strip_prefix("requests.")).is_some_and(|r| r.starts_with("hugepages-"));
    if !RESOURCE_FIELDS.contains(&resource) && !hugepages {
        errors.push(FieldError::not_supported(&path.child("resource"), resource, RESOURCE_FIELDS));
        return;
    }
    let divisor = object::str_at(reference, "divisor").unwrap_or("0");
    let (fine, detail) = match resource.split_once('.').map_or("", |(_, name)| name) {
        "cpu" => (matches!(divisor, "0" | "1m" | "1"), "only divisor's values 1m and 1 are supported with the cpu resource"),
        name => {
            let fine = matches!(divisor, "0" | "1" | "1k" | "1M" | "1G" | "1T" | "1P" | "1E" | "1Ki" | "1Mi" | "1Gi" | "1Ti" | "1Pi" | "1Ei");
            let detail = match name {
                "memory" => "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource",
                "ephemeral-storage" => {
                    "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource"
                }
                _ => "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the hugepages resource",
            };
            (fine, detail)
        }
    };
    if !fine {
        errors.push(FieldError::invalid(&path.child("divisor"), resource, detail));
    }
}

fn env_from(from: &Value, list: &FieldPath, index: usize, errors: &mut ErrorList) {
    let path = list.index(index);
    if let Some(prefix) = object::str_at(from, "prefix").filter(|p| !p.is_empty()) {
        for message in names::env_name(prefix) {
            errors.push(FieldError::invalid(&path.child("prefix"), prefix, message));
        }
    }
    let mut found = 0;
    for kind in ["configMapRef", "secretRef"] {
        if let Some(reference) = from.get(kind).filter(|r| !r.is_null()) {
            found += 1;
            name_errors(object::str_at(reference, "name").unwrap_or(""), names::subdomain, &path.child(kind).child("name"), errors);
        }
    }
    if found == 0 {
        errors.push(FieldError::invalid(list, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if found > 1 {
        errors.push(FieldError::invalid(list, "", "may not have more than one field specified at a time"));
    }
}

fn mounts(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let list = path.child("volumeMounts");
    let privileged = object::bool_at(container, "securityContext.privileged") == Some(true);
    let devices: Vec<&str> = object::list_at(container, "volumeDevices").iter().filter_map(|d| object::str_at(d, "name")).collect();
    let device_paths: Vec<&str> = object::list_at(container, "volumeDevices").iter().filter_map(|d| object::str_at(d, "devicePath")).collect();
    let mut seen = SortedSet::new();
    for (index, mount) in object::list_at(container, "volumeMounts").iter().enumerate() {
        let path = list.index(index);
        let name = object::str_at(mount, "name").unwrap_or("");
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
        if !around.volumes.contains(name) {
            errors.push(FieldError::not_found(&path.child("name"), name));
        }
        let mount_path = object::str_at(mount, "mountPath").unwrap_or("");
        if mount_path.is_empty() {
            errors.push(FieldError::required(&path.child("mountPath"), ""));
        }
        if !seen.insert(mount_path) {
            errors.push(FieldError::invalid(&path.child("mountPath"), mount_path, "must be unique"));
        }
        if devices.contains(&name) {
            errors.push(FieldError::invalid(&path.child("name"), name, "must not already exist in volumeDevices"));
        }
        if device_paths.contains(&mount_path) {
            errors.push(FieldError::invalid(&path.child("mountPath"), mount_path, "must not already exist as a path in volumeDevices"));
        }
        let sub = |field: &str| object::str_at(mount, field).unwrap_or("");
        // Without an index, as in the server.
        for field in ["subPath", "subPathExpr"] {
            if field == "subPathExpr" && !sub("subPath").is_empty() && !sub("subPathExpr").is_empty() {
                errors.push(FieldError::invalid(&path.child("subPathExpr"), sub("subPathExpr"), "subPathExpr and subPath are mutually exclusive"));
            }
            for message in names::local_path(sub(field)) {
                errors.push(FieldError::invalid(&list.child(field), sub(field), message));
            }
        }
        if let Some(propagation) = object::str_at(mount, "mountPropagation") {
            let path = list.child("mountPropagation");
            one_of(propagation, &["Bidirectional", "HostToContainer", "None"], &path, errors);
            if propagation == "Bidirectional" && !privileged {
                errors.push(FieldError::forbidden(&path, "Bidirectional mount propagation is available only to privileged containers"));
            }
        }
        if let Some(recursive) = object::str_at(mount, "recursiveReadOnly") {
            let path = list.child("recursiveReadOnly");
            match recursive {
                "Disabled" => {}
                "Enabled" | "IfPossible" => {
                    if object::bool_at(mount, "readOnly") != Some(true) {
                        errors.push(FieldError::forbidden(&path, "may only be specified when readOnly is true"));
                    }
                    if object::str_at(mount, "mountPropagation").is_some_and(|p| p != "None") {
                        errors.push(FieldError::forbidden(&path, "may only be specified when mountPropagation is None or not specified"));
                    }
                }
                other => errors.push(FieldError::not_supported(&path, other, &["Disabled", "Enabled", "IfPossible"])),
            }
        }
    }
}

fn devices(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let mounts = object::list_at(container, "volumeMounts");
    let mounted = |field: &str, text: &str| mounts.iter().any(|m| object::str_at(m, field).unwrap_or("") == text);
    let (mut names, mut paths) = (SortedSet::new(), SortedSet::new());
    for (index, device) in object::list_at(container, "volumeDevices").iter().enumerate() {
        let (at_name, at_path) = (path.index(index).child("name"), path.index(index).child("devicePath"));
        let name = object::str_at(device, "name").unwrap_or("");
        let device_path = object::str_at(device, "devicePath").unwrap_or("");
        if name.is_empty() {
            errors.push(FieldError::required(&at_name, ""));
        }
        if names.contains(name) {
            errors.push(FieldError::invalid(&at_name, name, "must be unique"));
        }
        if !around.claims.contains(name) {
            errors.push(if around.volumes.contains(name) {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                FieldError::invalid(&at_name, name, detail)
            } else {
                FieldError::not_found(&at_name, name)
            });
        }
        if device_path.is_empty() {
            errors.push(FieldError::required(&at_path, ""));
        }
        if paths.contains(device_path) {
            errors.push(FieldError::invalid(&at_path, device_path, "must be unique"));
        }
        if device_path.split('/').any(|part| part == "..") {
            errors.push(FieldError::invalid(&at_path, device_path, "can not contain backsteps ('..')"));
        } else {
            paths.insert(device_path);
        }
        if mounted("name", name) {
            errors.push(FieldError::invalid(&at_name, name, "must not already exist in volumeMounts"));
        }
        if mounted("mountPath", device_path) {
            errors.push(FieldError::invalid(&at_path, device_path, "must not already exist as a path in volumeMounts"));
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}

fn resize_policy(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("resizePolicy");
    let mut seen = SortedSet::new();
    for (index, policy) in object::list_at(container, "resizePolicy").iter().enumerate() {
        let name = object::str_at(policy, "resourceName").unwrap_or("");
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(&path.index(index), name));
        }
        match name {
            "cpu" | "memory" => {}
            "" => errors.push(FieldError::required(&path, "")),
            other => errors.push(FieldError::not_supported(&path, other, &["cpu", "memory"])),
        }
        match object::str_at(policy, "restartPolicy").unwrap_or("") {
            "NotRequired" | "RestartContainer" => {}
            "" => errors.push(FieldError::required(&path, "")),
            other => errors.push(FieldError::not_supported(&path, other, &["NotRequired", "RestartContainer"])),
        }
        if around.pod_restart_policy == "Never" && object::str_at(policy, "restartPolicy").is_some_and(|p| p != "NotRequired") {
            let value = object::str_at(policy, "restartPolicy").unwrap_or("");
            errors.push(FieldError::invalid(&path, value, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
        }
    }
}

fn restart_policy(container: &Value, regular: bool, path: &FieldPath, errors: &mut ErrorList) {
    let policy = object::str_at(container, "restartPolicy");
    let rules = object::list_at(container, "restartPolicyRules");
    if let Some(policy) = policy {
        one_of(policy, &["Always", "Never", "OnFailure"], &path.child("restartPolicy"), errors);
    } else if !rules.is_empty() {
        errors.push(FieldError::required(&path.child("restartPolicy"), "must specify restartPolicy when restart rules are used"));
        if !regular {
            return;
        }
    }
    let path = path.child("restartPolicyRules");
    if rules.len() > 20 {
        errors.push(FieldError::too_many(&path, rules.len(), 20));
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = path.index(index);
        let action = object::str_at(rule, "action").unwrap_or("");
        one_of(action, &["Restart", "RestartAllContainers"], &path.child("action"), errors);
        let Some(codes) = rule.get("exitCodes").filter(|c| !c.is_null()) else {
            errors.push(FieldError::required(&path.child("exitCodes"), "must be specified"));
            continue;
        };
        let path = path.child("exitCodes");
        let operator = object::str_at(codes, "operator").unwrap_or("");
        one_of(operator, &["In", "NotIn"], &path.child("operator"), errors);
        let values = object::list_at(codes, "values");
        if values.len() > 255 {
            errors.push(FieldError::too_many(&path.child("values"), values.len(), 255));
        }
    }
}
