//! Validation of PersistentVolumes.
//!
//! Models `ValidatePersistentVolumeSpec` of `pkg/apis/core/validation/validation.go`.

use super::{affinity, drivers, names, one_of, storage, volume};
use crate::api::{Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

/// In the order in which the server looks for them.
const SOURCES: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
];

pub fn spec(name: &str, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if object::list_at(spec, "accessModes").is_empty() {
        errors.required_at(path, "accessModes", "");
    }
    storage::access_modes(spec, path, errors);
    capacity(spec, &path.child("capacity"), errors);
    let policy = object::str_at(spec, "persistentVolumeReclaimPolicy").unwrap_or("");
    if !policy.is_empty() {
        one_of(policy, &["Delete", "Recycle", "Retain"], &path.child("persistentVolumeReclaimPolicy"), errors);
    }
    let has_affinity = node_affinity(spec, &path.child("nodeAffinity"), errors);
    let mut found = 0;
    for kind in SOURCES.into_iter().chain(["csi"]) {
        let Some(source) = spec.get(kind).filter(|s| !s.is_null()) else { continue };
        // A flexVolume is never one too many.
        if found > 0 && kind != "flexVolume" {
            let shown = if kind == "cephfs" { "cephFS" } else { kind };
            errors.forbidden_at(path, shown, "may not specify more than 1 volume type");
            continue;
        }
        found += 1;
        let at = path.child(if kind == "gcePersistentDisk" { "persistentDisk" } else { kind });
        match kind {
            "hostPath" => volume::host_path(source, &at, errors),
            "csi" => drivers::persistent_csi(source, &at, errors),
            "local" => {
                local(source, &at, errors);
                if !has_affinity {
                    errors.required_at(path, "nodeAffinity", "Local volume requires node affinity");
                }
            }
            _ => {
                drivers::source(kind, source, true, &at, errors);
                let portal = object::str_at(source, "targetPortal").unwrap_or("");
                if kind == "iscsi" && object::str_at(source, "initiatorName").is_some() && name.len() + 1 + portal.len() > 64 {
                    errors.invalid_at(&at, "targetportal", portal, drivers::LONG_PORTAL);
                }
            }
        }
    }
    if found == 0 {
        errors.required(path, "must specify a volume type");
    }
    if policy == "Recycle" && object::str_at(spec, "hostPath.path").is_some_and(is_root) {
        errors.forbidden_at(path, "persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'");
    }
    if let Some(class) = object::str_at(spec, "storageClassName").filter(|class| !class.is_empty()) {
        for message in names::subdomain(class) {
            errors.invalid_at(path, "storageClassName", class, message);
        }
    }
    if let Some(mode) = object::str_at(spec, "volumeMode") {
        one_of(mode, &["Block", "Filesystem"], &path.child("volumeMode"), errors);
    }
    if let Some(class) = object::str_at(spec, "volumeAttributesClassName") {
        let at = path.child("volumeAttributesClassName");
        if class.is_empty() {
            errors.required(&at, "an empty string is disallowed");
        } else {
            for message in names::subdomain(class) {
                errors.invalid(&at, class, message);
            }
        }
        if spec.get("csi").is_none_or(Value::is_null) {
            errors.required_at(path, "csi", "has to be specified when using volumeAttributesClassName");
        }
    }
}

/// Whether Go's `path.Clean` makes nothing but a slash of a path.
fn is_root(path: &str) -> bool {
    let depth = path.split('/').fold(0u32, |depth, part| match part {
        "" | "." => depth,
        ".." => depth.saturating_sub(1),
        _ => depth + 1,
    });
    path.starts_with('/') && depth == 0
}

fn capacity(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let amounts = object::map_at(spec, "capacity");
    if amounts.is_none_or(|a| a.is_empty()) {
        errors.required(path, "");
    }
    if amounts.is_none_or(|a| !a.contains_key("storage") || a.len() > 1) {
        let shown = amounts.map_or(Value::Null, |a| Value::Object(a.clone()));
        errors.not_supported(path, shown, &["storage"]);
    }
    for (name, amount) in amounts.into_iter().flatten() {
        let Some(text) = amount.as_str() else { continue };
        let Some(quantity) = Quantity::parse(text) else { continue };
        if quantity.value() < 0 {
            errors.invalid(&path.key(name), quantity.value(), "must be a valid resource quantity");
        }
        if quantity.nano() <= 0 {
            errors.invalid(&path.key(name), text, "must be greater than zero");
        }
    }
}

/// Whether there is one; `validateVolumeNodeAffinity`.
fn node_affinity(spec: &Value, path: &FieldPath, errors: &mut ErrorList) -> bool {
    let Some(affinity) = spec.get("nodeAffinity").filter(|a| !a.is_null()) else { return false };
    let at = path.child("required");
    match affinity.get("required").filter(|r| !r.is_null()) {
        None => errors.required(&at, "must specify required node constraints"),
        Some(required) => affinity::node_selector(required, &at, errors),
    }
    true
}

fn local(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let at = path.child("path");
    match object::str_at(source, "path").unwrap_or("") {
        "" => errors.required(&at, ""),
        text if text.split('/').any(|part| part == "..") => errors.invalid(&at, text, "must not contain '..'"),
        _ => {}
    }
}
