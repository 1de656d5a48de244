//! Validation of what belongs to one operating system: Windows options, host process containers, `spec.os`.
//!
//! Models `validateWindowsSecurityContextOptions`, `validateWindowsHostProcessPod` and `validateOS`.

use super::names;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

pub fn options(context: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(options) = context.get("windowsOptions").filter(|o| !o.is_null()) else { return };
    let path = path.child("windowsOptions");
    if let Some(name) = object::str_at(options, "gmsaCredentialSpecName") {
        for message in names::subdomain(name) {
            errors.invalid_at(&path, "gmsaCredentialSpecName", name, message);
        }
    }
    if let Some(spec) = object::str_at(options, "gmsaCredentialSpec") {
        let path = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            errors.invalid(&path, "", "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > 64 * 1024 {
            errors.invalid(&path, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(user) = object::str_at(options, "runAsUserName") {
        for detail in user_name(user) {
            errors.invalid_at(&path, "runAsUserName", user, detail);
        }
    }
}

/// `DOMAIN\USER`, the domain being optional.
fn user_name(text: &str) -> Vec<&'static str> {
    if text.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    let mut wrong = Vec::new();
    if text.chars().any(char::is_control) {
        wrong.push("runAsUserName cannot contain control characters");
    }
    if text.matches('\\').count() > 1 {
        wrong.push("runAsUserName cannot contain more than one backslash");
        return wrong;
    }
    let (domain, user) = text.split_once('\\').map_or((None, text), |(domain, user)| (Some(domain), user));
    if let Some(domain) = domain {
        let net_bios = (1..=15).contains(&domain.chars().count())
            && !domain.starts_with('.')
            && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|']);
        let dns = domain.split('.').all(|part| {
            let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            edge(part.chars().next()) && edge(part.chars().last()) && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        });
        if domain.len() >= 256 {
            wrong.push("runAsUserName's Domain length must be under 256 characters");
        }
        if !net_bios && !dns {
            wrong.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
        }
    }
    if user.is_empty() {
        wrong.push("runAsUserName's User cannot be empty");
    } else if user.len() > 104 {
        wrong.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.chars().all(|c| c == '.' || c == ' ') {
        wrong.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        wrong.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    wrong
}

/// Host process containers come all together, on the host's network.
pub fn host_process(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const OPTION: &str = "securityContext.windowsOptions.hostProcess";
    let option = |of: &Value| object::bool_at(of.get("securityContext")?.get("windowsOptions")?, "hostProcess");
    let of_pod = option(spec);
    let (mut all, mut any) = (true, false);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in object::list_at(spec, list).iter().enumerate() {
            let own = option(container);
            if let (Some(own), Some(pod)) = (own, of_pod)
                && own != pod
            {
                let path = path.child(list).index(index).child(OPTION);
                errors.invalid(&path, own, format!("pod hostProcess value must be identical if both are specified, was {pod}"));
            }
            let is = own.or(of_pod) == Some(true);
            all &= is;
            any |= is;
        }
    }
    if !any {
        return;
    }
    if !all {
        let detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.invalid(path, "", detail);
    }
    if object::bool_at(spec, "hostNetwork") != Some(true) {
        errors.invalid_at(path, "hostNetwork", false, "hostNetwork must be true if pod contains any hostProcess containers");
    }
}

/// In the server's order; what stands in the spec itself has a dot.
const NOT_IN_POD: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    ".hostUsers",
    ".hostPID",
    ".hostIPC",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    ".shareProcessNamespace",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
];
const NOT_IN_CONTAINER: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// What the Pod's declared system does not have.
pub fn os(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let there = |value: &Value, field: &str| value.get(field).is_some_and(|v| !v.is_null());
    let context = spec.get("securityContext").unwrap_or(&Value::Null);
    let containers = ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| {
        let path = path.child(list);
        object::list_at(spec, list).iter().enumerate().map(move |(i, c)| (path.index(i).child("securityContext"), c))
    });
    match spec.get("os").and_then(|os| object::str_at(os, "name")) {
        Some("linux") => {
            let detail = "windows options cannot be set for a linux pod";
            if there(context, "windowsOptions") {
                errors.forbidden_at(path, "securityContext.windowsOptions", detail);
            }
            for (path, container) in containers {
                if container.get("securityContext").is_some_and(|c| there(c, "windowsOptions")) {
                    errors.forbidden_at(&path, "windowsOptions", detail);
                }
            }
        }
        Some("windows") => {
            let detail = "cannot be set for a windows pod";
            let mut forbid = |path: FieldPath| errors.forbidden(&path, detail);
            for field in NOT_IN_POD {
                match field.strip_prefix('.') {
                    Some(own @ ("hostUsers" | "shareProcessNamespace")) if there(spec, own) => forbid(path.child(own)),
                    Some(own) if object::bool_at(spec, own) == Some(true) => forbid(path.child(own)),
                    None if there(context, field) => forbid(path.child("securityContext").child(field)),
                    _ => {}
                }
            }
            for (path, container) in containers {
                let context = container.get("securityContext").unwrap_or(&Value::Null);
                for field in NOT_IN_CONTAINER.iter().filter(|f| there(context, f)) {
                    forbid(path.child(field));
                }
            }
        }
        _ => {}
    }
}
