//! Validation of containers: regular, init, sidecar and ephemeral.
//!
//! Models `validateContainers` and its parts in `pkg/apis/core/validation/validation.go`.

use super::probe::{self, Which};
use super::{check_name, env, mounts, names, one_of, port_number, resources, security};
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
        errors.required(path, "");
        return;
    }
    let mut seen = SortedSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        common(container, around, &path, errors);
        let name = object::str_at(container, "name").unwrap_or("");
        if !seen.insert(name) {
            errors.duplicate_at(&path, "name", name);
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
            errors.duplicate_at(&path.child("ports").index(index), "hostPort", text);
        }
    }
}

pub fn init(containers: &[Value], regular: &[Value], around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    if containers.is_empty() {
        return;
    }
    let mut seen: SortedSet<&str> = regular.iter().filter_map(|c| object::str_at(c, "name")).collect();
    let list = path;
    for (index, container) in containers.iter().enumerate() {
        let path = list.index(index);
        common(container, around, &path, errors);
        let sidecar = object::str_at(container, "restartPolicy") == Some("Always");
        restart_policy(container, false, &path, errors);
        let name = object::str_at(container, "name").unwrap_or("");
        // Of the regular containers even an empty name counts.
        if seen.contains(name) || !name.is_empty() && !seen.insert(name) {
            errors.duplicate_at(&path, "name", name);
        }
        // Each alone, and always by the first one's path.
        one_containers_host_ports(container, &mut SortedSet::new(), &list.index(0), errors);
        if sidecar {
            hooks_and_probes(container, around, &path, errors);
        } else {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if container.get(field).is_some_and(|f| !f.is_null()) {
                    errors.forbidden_at(&path, field, "may not be set for init containers without restartPolicy=Always");
                }
            }
            for (index, policy) in object::list_at(container, "resizePolicy").iter().enumerate() {
                if object::str_at(policy, "restartPolicy") == Some("RestartContainer") {
                    let path = path.child("resizePolicy").index(index).child("restartPolicy");
                    errors.invalid(&path, "RestartContainer", "must not be set to 'RestartContainer' for non-sidecar initContainers");
                }
            }
        }
    }
}

/// What has no meaning where a container is only looked in from, in the order of Go's struct.
const NOT_EPHEMERAL: [&str; 9] =
    ["ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"];

/// `validateEphemeralContainers`; `others`: the Pod's regular and init containers.
pub fn ephemeral(containers: &[Value], others: &[&[Value]], around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    const FOREIGN: &str = "cannot be set for an Ephemeral Container";
    if containers.is_empty() {
        return;
    }
    let others: SortedSet<&str> = others.iter().copied().flatten().filter_map(|c| object::str_at(c, "name")).collect();
    let mut seen = others.clone();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        common(container, around, &path, errors);
        let image = object::str_at(container, "image").unwrap_or("");
        if image.trim() != image {
            errors.invalid_at(&path, "image", image, "must not have leading or trailing whitespace");
        }
        let name = object::str_at(container, "name").unwrap_or("");
        if !seen.insert(name) {
            errors.duplicate_at(&path, "name", name);
        }
        if let Some(target) = object::str_at(container, "targetContainerName").filter(|t| !t.is_empty() && !others.contains(*t)) {
            errors.not_found_at(&path, "targetContainerName", target);
        }
        for field in NOT_EPHEMERAL {
            let value = container.get(field).unwrap_or(&Value::Null);
            let empty = value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || field == "resources" && value.as_object().is_some_and(|m| m.is_empty());
            if !empty {
                errors.forbidden_at(&path, field, FOREIGN);
            }
        }
        for (index, mount) in object::list_at(container, "volumeMounts").iter().enumerate() {
            for field in ["subPath", "subPathExpr"] {
                if object::str_at(mount, field).is_some_and(|f| !f.is_empty()) {
                    errors.forbidden_at(&path.child("volumeMounts").index(index), field, FOREIGN);
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
        errors.required_at(path, "image", "");
    }
    let policy = object::str_at(container, "terminationMessagePolicy").unwrap_or("");
    one_of(policy, &["File", "FallbackToLogsOnError"], &path.child("terminationMessagePolicy"), errors);
    ports(object::list_at(container, "ports"), &path.child("ports"), errors);
    for (index, variable) in object::list_at(container, "env").iter().enumerate() {
        env::env(variable, &path.child("env").index(index), errors);
    }
    for (index, from) in object::list_at(container, "envFrom").iter().enumerate() {
        env::env_from(from, &path.child("envFrom"), index, errors);
    }
    mounts::mounts(container, around, path, errors);
    mounts::devices(container, around, &path.child("volumeDevices"), errors);
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
                errors.invalid_at(&path, "name", name, message.as_str());
            }
            if wrong.is_empty() && !seen.insert(name) {
                errors.duplicate_at(&path, "name", name);
            }
        }
        match object::i64_at(port, "containerPort").unwrap_or(0) {
            0 => errors.required_at(&path, "containerPort", ""),
            number => port_number(number, &path.child("containerPort"), errors),
        }
        if let Some(number) = object::i64_at(port, "hostPort").filter(|n| *n != 0) {
            port_number(number, &path.child("hostPort"), errors);
        }
        let protocol = object::str_at(port, "protocol").unwrap_or("");
        one_of(protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors);
    }
}

fn resize_policy(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("resizePolicy");
    let mut seen = SortedSet::new();
    for (index, policy) in object::list_at(container, "resizePolicy").iter().enumerate() {
        let name = object::str_at(policy, "resourceName").unwrap_or("");
        if !seen.insert(name) {
            errors.duplicate(&path.index(index), name);
        }
        match name {
            "cpu" | "memory" => {}
            "" => errors.required(&path, ""),
            other => errors.not_supported(&path, other, &["cpu", "memory"]),
        }
        match object::str_at(policy, "restartPolicy").unwrap_or("") {
            "NotRequired" | "RestartContainer" => {}
            "" => errors.required(&path, ""),
            other => errors.not_supported(&path, other, &["NotRequired", "RestartContainer"]),
        }
        if around.pod_restart_policy == "Never" && object::str_at(policy, "restartPolicy").is_some_and(|p| p != "NotRequired") {
            let value = object::str_at(policy, "restartPolicy").unwrap_or("");
            errors.invalid(&path, value, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
        }
    }
}

fn restart_policy(container: &Value, regular: bool, path: &FieldPath, errors: &mut ErrorList) {
    let policy = object::str_at(container, "restartPolicy");
    let rules = object::list_at(container, "restartPolicyRules");
    if let Some(policy) = policy {
        one_of(policy, &["Always", "Never", "OnFailure"], &path.child("restartPolicy"), errors);
    } else if !rules.is_empty() {
        errors.required_at(path, "restartPolicy", "must specify restartPolicy when restart rules are used");
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
            errors.required_at(&path, "exitCodes", "must be specified");
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
