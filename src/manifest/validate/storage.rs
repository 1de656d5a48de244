//! Validation of what holds data: ConfigMaps, Secrets, claims and volumes.

use super::{affinity, names, one_of, volume};
use crate::api::order::SortedSet;
use crate::api::{Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

const MOST_BYTES: usize = 1_048_576;

pub fn config_map(map: &Value, errors: &mut ErrorList) {
    let mut size = 0;
    let binary = object::map_at(map, "binaryData");
    for field in ["data", "binaryData"] {
        for (key, value) in object::map_at(map, field).into_iter().flatten() {
            let path = FieldPath::new(field).key(key);
            for message in names::config_key(key) {
                errors.push(FieldError::invalid(&path, key.as_str(), message));
            }
            if field == "data" && binary.is_some_and(|b| b.contains_key(key)) {
                errors.push(FieldError::invalid(&path, key.as_str(), "duplicate of key present in binaryData"));
            }
            size += value.as_str().map_or(0, |v| if field == "data" { v.len() } else { v.len() / 4 * 3 });
        }
    }
    if size > MOST_BYTES {
        errors.push(FieldError::too_long(&FieldPath::root(), MOST_BYTES));
    }
}

pub fn secret(secret: &Value, errors: &mut ErrorList) {
    let mut size = 0;
    for (key, value) in object::map_at(secret, "data").into_iter().flatten() {
        for message in names::config_key(key) {
            errors.push(FieldError::invalid(&FieldPath::new("data").key(key), key.as_str(), message));
        }
        size += value.as_str().map_or(0, |v| v.len() / 4 * 3);
    }
    if size > MOST_BYTES {
        errors.push(FieldError::too_long(&FieldPath::new("data"), MOST_BYTES));
    }
    let has = |key: &str| object::map_at(secret, "data").is_some_and(|d| d.get(key).and_then(Value::as_str).is_some_and(|v| !v.is_empty()));
    let needed: &[&str] = match object::str_at(secret, "type").unwrap_or("") {
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => &["username", "password"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        _ => &[],
    };
    for key in needed.iter().filter(|key| !object::map_at(secret, "data").is_some_and(|d| d.contains_key(**key))) {
        errors.push(FieldError::required(&FieldPath::new("data").key(key), ""));
    }
    if object::str_at(secret, "type") == Some("kubernetes.io/service-account-token") {
        let account = object::map_at(secret, "metadata.annotations").and_then(|a| a.get("kubernetes.io/service-account.name"));
        if account.is_none() {
            errors.push(FieldError::required(&FieldPath::new("metadata").child("annotations").key("kubernetes.io/service-account.name"), ""));
        }
    }
}

fn access_modes(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let modes = object::list_at(spec, "accessModes");
    let path = path.child("accessModes");
    if modes.is_empty() {
        errors.push(FieldError::required(&path, "at least 1 access mode is required"));
    }
    let mut seen = SortedSet::new();
    for mode in modes {
        let mode = mode.as_str().unwrap_or("");
        seen.insert(mode);
        one_of(mode, &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"], &path, errors);
    }
    if seen.contains("ReadWriteOncePod") && seen.len() > 1 {
        errors.push(FieldError::forbidden(&path, "may not use ReadWriteOncePod with other access modes"));
    }
}

pub fn claim_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    access_modes(spec, path, errors);
    if let Some(selector) = spec.get("selector").filter(|s| !s.is_null()) {
        super::meta::label_selector(selector, &path.child("selector"), errors);
    }
    match object::map_at(spec, "resources.requests").and_then(|r| r.get("storage")).and_then(Value::as_str) {
        None => errors.push(FieldError::required(&path.child("resources").key("storage"), "")),
        Some(text) => {
            if Quantity::parse(text).is_some_and(|q| q.nano() <= 0) {
                errors.push(FieldError::invalid(&path.child("resources").key("storage"), text, "must be greater than zero"));
            }
        }
    }
    if let Some(mode) = object::str_at(spec, "volumeMode") {
        one_of(mode, &["Block", "Filesystem"], &path.child("volumeMode"), errors);
    }
}

pub fn volume_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    access_modes(spec, path, errors);
    match object::map_at(spec, "capacity") {
        None => errors.push(FieldError::required(&path.child("capacity"), "")),
        Some(capacity) if !capacity.contains_key("storage") || capacity.len() > 1 => {
            errors.push(FieldError::not_supported(&path.child("capacity"), Value::Object(capacity.clone()), &["storage"]));
        }
        Some(_) => {}
    }
    let known = ["hostPath", "nfs", "local", "csi", "iscsi", "fc"];
    if !known.iter().any(|k| spec.get(k).is_some_and(|v| !v.is_null())) {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
    if let Some(host) = spec.get("hostPath").filter(|h| !h.is_null()) {
        volume::host_path_of(host, &path.child("hostPath"), errors);
    }
    let policy = object::str_at(spec, "persistentVolumeReclaimPolicy").unwrap_or("Retain");
    one_of(policy, &["Delete", "Recycle", "Retain"], &path.child("persistentVolumeReclaimPolicy"), errors);
    if let Some(required) = object::at(spec, "nodeAffinity.required") {
        affinity::node_selector(required, &path.child("nodeAffinity").child("required"), errors);
    }
}
