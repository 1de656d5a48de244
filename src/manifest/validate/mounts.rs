//! Validation of what a container mounts: volumes as folders and as raw devices.
//!
//! Models `ValidateVolumeMounts` and `ValidateVolumeDevices` of `pkg/apis/core/validation/validation.go`.

use super::container::Surroundings;
use super::{names, one_of};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn mounts(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let list = path.child("volumeMounts");
    let privileged = container.get("securityContext").is_some_and(|context| object::bool_at(context, "privileged") == Some(true));
    let devices: SortedSet<&str> = object::list_at(container, "volumeDevices").iter().filter_map(|d| object::str_at(d, "name")).collect();
    let device_paths: SortedSet<&str> = object::list_at(container, "volumeDevices").iter().filter_map(|d| object::str_at(d, "devicePath")).collect();
    let mut seen = SortedSet::new();
    for (index, mount) in object::list_at(container, "volumeMounts").iter().enumerate() {
        let path = list.index(index);
        let name = object::str_at(mount, "name").unwrap_or("");
        if name.is_empty() {
            errors.required_at(&path, "name", "");
        }
        if !around.volumes.contains(name) {
            errors.not_found_at(&path, "name", name);
        }
        let mount_path = object::str_at(mount, "mountPath").unwrap_or("");
        if mount_path.is_empty() {
            errors.required_at(&path, "mountPath", "");
        }
        if !seen.insert(mount_path) {
            errors.invalid_at(&path, "mountPath", mount_path, "must be unique");
        }
        if devices.contains(name) {
            errors.invalid_at(&path, "name", name, "must not already exist in volumeDevices");
        }
        if device_paths.contains(mount_path) {
            errors.invalid_at(&path, "mountPath", mount_path, "must not already exist as a path in volumeDevices");
        }
        let sub = |field: &str| object::str_at(mount, field).unwrap_or("");
        // Without an index, as in the server.
        for field in ["subPath", "subPathExpr"] {
            if field == "subPathExpr" && !sub("subPath").is_empty() && !sub("subPathExpr").is_empty() {
                errors.invalid_at(&path, "subPathExpr", sub("subPathExpr"), "subPathExpr and subPath are mutually exclusive");
            }
            for message in names::local_path(sub(field)) {
                errors.invalid_at(&list, field, sub(field), message);
            }
        }
        if let Some(propagation) = object::str_at(mount, "mountPropagation") {
            let path = list.child("mountPropagation");
            one_of(propagation, &["Bidirectional", "HostToContainer", "None"], &path, errors);
            if propagation == "Bidirectional" && !privileged {
                errors.forbidden(&path, "Bidirectional mount propagation is available only to privileged containers");
            }
        }
        if let Some(recursive) = object::str_at(mount, "recursiveReadOnly") {
            let path = list.child("recursiveReadOnly");
            match recursive {
                "Disabled" => {}
                "Enabled" | "IfPossible" => {
                    if object::bool_at(mount, "readOnly") != Some(true) {
                        errors.forbidden(&path, "may only be specified when readOnly is true");
                    }
                    if object::str_at(mount, "mountPropagation").is_some_and(|p| p != "None") {
                        errors.forbidden(&path, "may only be specified when mountPropagation is None or not specified");
                    }
                }
                other => errors.not_supported(&path, other, &["Disabled", "Enabled", "IfPossible"]),
            }
        }
    }
}

pub fn devices(container: &Value, around: &Surroundings<'_>, path: &FieldPath, errors: &mut ErrorList) {
    let mounts = object::list_at(container, "volumeMounts");
    let all = |field: &str| -> SortedSet<&str> { mounts.iter().map(|m| object::str_at(m, field).unwrap_or("")).collect() };
    let (mounted, mounted_at) = (all("name"), all("mountPath"));
    let (mut names, mut paths) = (SortedSet::new(), SortedSet::new());
    for (index, device) in object::list_at(container, "volumeDevices").iter().enumerate() {
        let (at_name, at_path) = (path.index(index).child("name"), path.index(index).child("devicePath"));
        let name = object::str_at(device, "name").unwrap_or("");
        let device_path = object::str_at(device, "devicePath").unwrap_or("");
        if name.is_empty() {
            errors.required(&at_name, "");
        }
        if names.contains(name) {
            errors.invalid(&at_name, name, "must be unique");
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
            errors.required(&at_path, "");
        }
        if paths.contains(device_path) {
            errors.invalid(&at_path, device_path, "must be unique");
        }
        if device_path.split('/').any(|part| part == "..") {
            errors.invalid(&at_path, device_path, "can not contain backsteps ('..')");
        } else {
            paths.insert(device_path);
        }
        if mounted.contains(name) {
            errors.invalid(&at_name, name, "must not already exist in volumeMounts");
        }
        if mounted_at.contains(device_path) {
            errors.invalid(&at_path, device_path, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}
