//! Validation of security contexts, of Pods and of containers.

use std::borrow::Cow;

use super::{in_range, names, one_of, windows};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};
use crate::manifest::update::internal;

fn id(context: &Value, field: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(number) = object::i64_at(context, field) {
        in_range(number, 0, i64::from(i32::MAX), &path.child(field), errors);
    }
}

fn seccomp(context: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(profile) = context.get("seccompProfile").filter(|p| !p.is_null()) else { return };
    let path = path.child("seccompProfile");
    let kind = object::str_at(profile, "type").unwrap_or("");
    let local = profile.get("localhostProfile").filter(|p| !p.is_null());
    match (kind, local) {
        ("", _) => errors.required_at(&path, "type", "type is required when seccompProfile is set"),
        ("Localhost", None) => errors.required_at(&path, "localhostProfile", "must be set when seccomp type is Localhost"),
        ("Localhost", Some(local)) => {
            let local = local.as_str().unwrap_or("");
            for message in names::local_path(local) {
                errors.invalid_at(&path, "localhostProfile", local, message);
            }
        }
        ("RuntimeDefault" | "Unconfined", _) => {}
        (other, _) => errors.not_supported_at(&path, "type", other, &["Localhost", "RuntimeDefault", "Unconfined"]),
    }
    if kind != "Localhost" && local.is_some() {
        let shown = internal::compact_on_create(profile, "Profile");
        let detail = "can only be set when seccomp type is Localhost";
        errors.push(FieldError::invalid(&path.child("localhostProfile"), shown, detail).bare());
    }
}

fn apparmor(context: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(profile) = context.get("appArmorProfile").filter(|p| !p.is_null()) else { return };
    let path = path.child("appArmorProfile");
    let (at, missing) = (path.child("localhostProfile"), "must be set when AppArmor type is Localhost");
    match (object::str_at(profile, "type").unwrap_or(""), object::str_at(profile, "localhostProfile")) {
        ("", _) => errors.required_at(&path, "type", "type is required when appArmorProfile is set"),
        ("Localhost", None) => errors.required(&at, missing),
        ("Localhost", Some(local)) => {
            if local.trim() != local {
                errors.invalid(&at, local, "must not be padded with whitespace");
            } else if local.is_empty() {
                errors.required(&at, missing);
            }
            if local.len() > 4095 {
                errors.push(FieldError::too_long(&at, 4095));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(local)) => {
            errors.invalid(&at, local, "can only be set when AppArmor type is Localhost");
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        (other, _) => errors.not_supported_at(&path, "type", other, &["Localhost", "RuntimeDefault", "Unconfined"]),
    }
}

pub fn container(context: &Value, host_users: bool, path: &FieldPath, errors: &mut ErrorList) {
    id(context, "runAsUser", path, errors);
    id(context, "runAsGroup", path, errors);
    if let Some(mount) = object::str_at(context, "procMount") {
        one_of(mount, &["Default", "Unmasked"], &path.child("procMount"), errors);
        if mount == "Unmasked" && host_users {
            errors.invalid_at(path, "procMount", mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp(context, path, errors);
    if object::bool_at(context, "allowPrivilegeEscalation") == Some(false) {
        let in_go = |context| internal::compact_on_create(context, "SecurityContext");
        if object::bool_at(context, "privileged") == Some(true) {
            errors.push(FieldError::invalid(path, in_go(context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true").bare());
        }
        if object::list_at(context, "capabilities.add").iter().any(|c| c == "CAP_SYS_ADMIN") {
            errors.push(
                FieldError::invalid(path, in_go(context), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
                    .bare(),
            );
        }
    }
    windows::options(context, path, errors);
    apparmor(context, path, errors);
}

/// A sysctl's name with dots between its parts: where the first separator is a slash, dots and slashes change places (`NormalizeName`).
pub fn sysctl_name(sysctl: &str) -> Cow<'_, str> {
    if sysctl.find(['.', '/']).is_none_or(|at| sysctl[at..].starts_with('.')) {
        return sysctl.into();
    }
    let swapped = |c| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    sysctl.chars().map(swapped).collect()
}

/// The namespace of the kernel that a sysctl belongs to, by the Pod's field that would give the host's (`GetNamespace` of `sysctl/namespace.go`).
fn host_namespace(sysctl: &str) -> Option<&'static str> {
    let name = sysctl_name(sysctl);
    let ipc = name == "kernel.sem" || ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|p| name.starts_with(p));
    if ipc { Some("hostIPC") } else { name.starts_with("net.").then_some("hostNetwork") }
}

const SYSCTL: &str = "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

/// `IsValidSysctlName`
fn is_sysctl(name: &str) -> bool {
    let part = |part: &str| {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(edge) && part.ends_with(edge) && part.chars().all(|c| edge(c) || matches!(c, '-' | '_'))
    };
    name.len() <= 253 && name.split(['.', '/']).all(part)
}

pub fn pod(context: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    id(context, "fsGroup", path, errors);
    id(context, "runAsUser", path, errors);
    id(context, "runAsGroup", path, errors);
    for (index, group) in object::list_at(context, "supplementalGroups").iter().enumerate() {
        in_range(group.as_i64().unwrap_or(0), 0, i64::from(i32::MAX), &path.child("supplementalGroups").index(index), errors);
    }
    let flag = |field: &str| object::bool_at(spec, field) == Some(true);
    if flag("shareProcessNamespace") && flag("hostPID") {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid_at(path, "shareProcessNamespace", true, detail);
    }
    let mut seen = SortedSet::new();
    for (index, sysctl) in object::list_at(context, "sysctls").iter().enumerate() {
        let path = path.child("sysctls").index(index).child("name");
        let name = object::str_at(sysctl, "name").unwrap_or("");
        if name.is_empty() {
            errors.required(&path, "");
        } else if !is_sysctl(name) {
            errors.invalid(&path, name, SYSCTL);
        } else if seen.contains(name) {
            errors.duplicate(&path, name);
        }
        seen.insert(name);
        if let Some(host) = host_namespace(name).filter(|host| object::bool_at(spec, host) == Some(true)) {
            errors.invalid(&path, name, format!("may not be specified when '{host}' is true"));
        }
    }
    if let Some(policy) = object::str_at(context, "fsGroupChangePolicy") {
        one_of(policy, &["Always", "OnRootMismatch"], &path.child("fsGroupChangePolicy"), errors);
    }
    seccomp(context, path, errors);
    windows::options(context, path, errors);
    apparmor(context, path, errors);
    if let Some(policy) = object::str_at(context, "supplementalGroupsPolicy") {
        one_of(policy, &["Merge", "Strict"], &path.child("supplementalGroupsPolicy"), errors);
    }
    if let Some(policy) = object::str_at(context, "seLinuxChangePolicy") {
        one_of(policy, &["Recursive"], &path.child("seLinuxChangePolicy"), errors);
    }
}
