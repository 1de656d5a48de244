//! Validation of where environment variables come from, and of the references to fields that volumes share.
//!
//! Models `ValidateEnv`, `validateObjectFieldSelector` and their likes in `pkg/apis/core/validation/validation.go`.

use super::{check_name, name_errors, names};
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

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

pub fn env(variable: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(variable, "name").unwrap_or("");
    if name.is_empty() {
        errors.required_at(path, "name", "");
    } else {
        for message in names::env_name(name) {
            errors.invalid_at(path, "name", name, message);
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
        errors.invalid(&path, "", detail);
    }
    if !object::str_at(variable, "value").unwrap_or("").is_empty() {
        if found > 0 {
            errors.invalid(&path, "", "may not be specified when `value` is not empty");
        }
    } else if found > 1 {
        errors.invalid(&path, "", "may not have more than one field specified at a time");
    }
}

fn key_ref(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(reference, "name").unwrap_or("");
    for message in names::subdomain(name) {
        errors.invalid_at(path, "name", name, message);
    }
    match object::str_at(reference, "key").unwrap_or("") {
        "" => errors.required_at(path, "key", ""),
        key => {
            for message in names::config_key(key) {
                errors.invalid_at(path, "key", key, message);
            }
        }
    }
}

fn file_key_ref(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match object::str_at(reference, "key").unwrap_or("") {
        "" => errors.required_at(path, "key", ""),
        key => {
            for message in names::env_name(key) {
                errors.invalid_at(path, "key", key, message);
            }
        }
    }
    check_name(object::str_at(reference, "volumeName").unwrap_or(""), &path.child("volumeName"), errors);
    match object::str_at(reference, "path").unwrap_or("") {
        "" => errors.required_at(path, "path", ""),
        text => {
            if text.split('/').any(|part| part == "..") {
                errors.invalid_at(path, "path", text, "must not contain '..'");
            }
        }
    }
}

/// A `fieldRef`; `subscripts` says whether `metadata.labels['k']` is allowed beside the listed paths.
pub fn field_ref(reference: &Value, allowed: &[&str], subscripts: bool, path: &FieldPath, errors: &mut ErrorList) {
    if object::str_at(reference, "apiVersion").unwrap_or("").is_empty() {
        errors.required_at(path, "apiVersion", "");
        return;
    }
    let given = object::str_at(reference, "fieldPath").unwrap_or("");
    if given.is_empty() {
        errors.required_at(path, "fieldPath", "");
        return;
    }
    if let Some(version) = object::str_at(reference, "apiVersion").filter(|v| *v != "v1") {
        let detail = format!("error converting fieldPath: unsupported pod version: {version}");
        errors.invalid_at(path, "fieldPath", given, detail);
        return;
    }
    // An old name, still understood.
    let field = if given == "spec.host" { "spec.nodeName" } else { given };
    if let Some((base, rest)) = field.split_once("['").filter(|(base, rest)| rest.ends_with("']") && !base.is_empty()) {
        let key = &rest[..rest.len() - 2];
        match base {
            "metadata.labels" | "metadata.annotations" if subscripts => {
                let shown = if base == "metadata.labels" { key.to_owned() } else { names::lower(key) };
                for message in names::qualified_name(&shown) {
                    errors.invalid(path, shown.as_str(), message);
                }
            }
            "metadata.labels" | "metadata.annotations" => errors.not_supported_at(path, "fieldPath", field, allowed),
            _ => {
                let detail = format!("error converting fieldPath: field label does not support subscript: {field}");
                errors.invalid_at(path, "fieldPath", field, detail);
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
        errors.invalid_at(path, "fieldPath", field, detail);
    } else if !allowed.contains(&field) {
        errors.not_supported_at(path, "fieldPath", field, allowed);
    }
}

const RESOURCE_FIELDS: &[&str] =
    &["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];

pub fn resource_field_ref(reference: &Value, in_env: bool, path: &FieldPath, errors: &mut ErrorList) {
    let resource = object::str_at(reference, "resource").unwrap_or("");
    if !in_env && object::str_at(reference, "containerName").unwrap_or("").is_empty() {
        errors.required_at(path, "containerName", "");
    } else if resource.is_empty() {
        errors.required_at(path, "resource", "");
    }
    let hugepages = resource.strip_prefix("limits.").or(resource.strip_prefix("requests.")).is_some_and(|r| r.starts_with("hugepages-"));
    if !RESOURCE_FIELDS.contains(&resource) && !hugepages {
        if !resource.is_empty() && (in_env || !object::str_at(reference, "containerName").unwrap_or("").is_empty()) {
            errors.not_supported_at(path, "resource", resource, RESOURCE_FIELDS);
        }
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
        errors.invalid_at(path, "divisor", resource, detail);
    }
}

pub fn env_from(from: &Value, list: &FieldPath, index: usize, errors: &mut ErrorList) {
    let path = list.index(index);
    if let Some(prefix) = object::str_at(from, "prefix").filter(|p| !p.is_empty()) {
        for message in names::env_name(prefix) {
            errors.invalid_at(&path, "prefix", prefix, message);
        }
    }
    let mut found = 0;
    for kind in ["configMapRef", "secretRef"] {
        if let Some(reference) = from.get(kind).filter(|r| !r.is_null()) {
            found += 1;
            let name = object::str_at(reference, "name").unwrap_or("");
            // Taken for the beginning of a name: a dash may end it.
            name_errors(name, |name| names::subdomain(&names::mask_trailing_dash(name)), &path.child(kind).child("name"), errors);
        }
    }
    if found == 0 {
        errors.invalid(list, "", "must specify one of: `configMapRef` or `secretRef`");
    } else if found > 1 {
        errors.invalid(list, "", "may not have more than one field specified at a time");
    }
}
