//! Validation of a Pod's volumes: exactly one source each, and what each source asks for.
//!
//! Models `ValidateVolumes` and `validateVolumeSource`; what belongs to one maker's storage stands in [`super::drivers`].

use super::env::{field_ref, resource_field_ref};
use super::{check_name, drivers, names, one_of};
use crate::api::order::{InOrder as _, SortedSet};
use crate::api::{Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

/// In the order in which the server looks for them; the second text is the path that its "more than 1" message shows.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Validates all volumes; gives the names of those without errors, and of those that are claims. `pod`: the name of the Pod, where it is one.
pub fn volumes(volumes: &[Value], pod: Option<&str>, path: &FieldPath, errors: &mut ErrorList) -> (SortedSet<String>, SortedSet<String>) {
    let (mut names, mut claims) = (SortedSet::new(), SortedSet::new());
    // Claims that will be made for the Pod alone.
    let own = volumes.iter().filter(|v| there(v, "ephemeral")).map(|v| object::str_at(v, "name").unwrap_or(""));
    let made: SortedSet<String> = own.filter_map(|volume| pod.filter(|pod| !pod.is_empty()).map(|pod| format!("{pod}-{volume}"))).collect();
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index);
        let before = errors.len();
        source(volume, pod, &path, errors);
        let name = object::str_at(volume, "name").unwrap_or("");
        let had_name_errors = errors.len();
        check_name(name, &path.child("name"), errors);
        if errors.len() == had_name_errors && names.contains(name) {
            errors.duplicate_at(&path, "name", name);
        }
        if errors.len() == before {
            names.insert(name.to_owned());
            if volume.get("persistentVolumeClaim").or(volume.get("ephemeral")).is_some_and(|v| !v.is_null()) {
                claims.insert(name.to_owned());
            }
        }
        if let Some(claim) = object::str_at(volume, "persistentVolumeClaim.claimName").filter(|claim| made.contains(*claim)) {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            errors.invalid_at(&path, "persistentVolumeClaim.claimName", claim, detail);
        }
    }
    (names, claims)
}

fn source(volume: &Value, pod: Option<&str>, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(volume, "name").unwrap_or("");
    let mut found = 0;
    let given = volume.as_object().into_iter().flatten().filter(|(_, source)| !source.is_null());
    let mut given: Vec<(usize, &Value)> = given.filter_map(|(key, source)| Some((SOURCES.iter().position(|kind| kind == key)?, source))).collect();
    given.order_by_key(|(place, _)| *place);
    for (kind, source) in given.into_iter().map(|(place, source)| (&SOURCES[place], source)) {
        if found > 0 {
            // The server's own misspelling.
            let shown = match *kind {
                "downwardAPI" => "downwarAPI",
                "cephfs" => "cephFS",
                kind => kind,
            };
            errors.forbidden_at(path, shown, "may not specify more than 1 volume type");
            continue;
        }
        found += 1;
        // The server's own name for this one.
        let shown = if *kind == "gcePersistentDisk" { "persistentDisk" } else { kind };
        one(kind, source, &path.child(shown), errors);
        match *kind {
            "iscsi" if there(source, "initiatorName") && name.len() + 1 + object::str_at(source, "targetPortal").unwrap_or("").len() > 64 => {
                errors.invalid_at(path, "name", name, drivers::LONG_PORTAL);
            }
            // The claim will be called after both.
            "ephemeral" => {
                if let Some(pod) = pod.filter(|pod| !pod.is_empty() && !name.is_empty()) {
                    let claim = format!("{pod}-{name}");
                    for message in names::subdomain(&claim) {
                        errors.invalid_at(path, "name", name, format!("PVC name {claim:?}: {message}"));
                    }
                }
            }
            _ => {}
        }
    }
    if found == 0 {
        errors.required(path, "must specify a volume type");
    }
}

fn there(source: &Value, field: &str) -> bool {
    source.get(field).is_some_and(|f| !f.is_null())
}

pub fn required(source: &Value, field: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if object::str_at(source, field).unwrap_or("").is_empty() {
        errors.required_at(path, field, "");
    }
}

fn one(kind: &str, source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match kind {
        "emptyDir" => {
            let size = object::str_at(source, "sizeLimit").and_then(Quantity::parse);
            if size.is_some_and(|s| s.nano() < 0) {
                errors.forbidden_at(path, "sizeLimit", "SizeLimit field must be a valid resource quantity");
            }
        }
        "hostPath" => host_path(source, path, errors),
        "gitRepo" => {
            required(source, "repository", path, errors);
            let directory = object::str_at(source, "directory").unwrap_or("");
            for message in names::local_path(directory) {
                errors.invalid_at(path, "directory", directory, message);
            }
        }
        "secret" => {
            required(source, "secretName", path, errors);
            mode_and_items(source, path, errors);
        }
        "configMap" => {
            required(source, "name", path, errors);
            mode_and_items(source, path, errors);
        }
        "downwardAPI" => {
            mode(source, path, errors);
            for item in object::list_at(source, "items") {
                downward_file(item, path, errors);
            }
        }
        "projected" => projected(source, path, errors),
        "csi" => {
            drivers::csi_driver(source, path, errors);
            if let Some(secret) = source.get("nodePublishSecretRef").filter(|s| !s.is_null()) {
                match object::str_at(secret, "name").unwrap_or("") {
                    "" => errors.required_at(path, "nodePublishSecretRef.name", ""),
                    name => {
                        for message in names::subdomain(name) {
                            errors.invalid_at(path, "name", name, message);
                        }
                    }
                }
            }
        }
        "image" => {
            required(source, "reference", path, errors);
            let policy = object::str_at(source, "pullPolicy").unwrap_or("");
            one_of(policy, &["Always", "IfNotPresent", "Never"], &path.child("pullPolicy"), errors);
        }
        "ephemeral" => {
            let at = path.child("volumeClaimTemplate");
            match source.get("volumeClaimTemplate").filter(|t| !t.is_null()) {
                None => errors.required(&at, ""),
                Some(template) => super::storage::claim_template(template, &at, errors),
            }
        }
        _ => drivers::source(kind, source, false, path, errors),
    }
}

pub fn host_path(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = object::str_at(source, "path").unwrap_or("");
    if text.is_empty() {
        errors.required_at(path, "path", "");
        return;
    }
    if text.split('/').any(|part| part == "..") {
        errors.invalid_at(path, "path", text, "must not contain '..'");
    }
    const TYPES: &[&str] = &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    let kind = object::str_at(source, "type").unwrap_or("");
    one_of(kind, TYPES, &path.child("type"), errors);
}

fn mode(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    mode_at(source, "defaultMode", path, errors);
}

fn mode_at(source: &Value, field: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(mode) = object::i64_at(source, field).filter(|m| !(0..=0o777).contains(m)) {
        errors.invalid_at(path, field, mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

fn mode_and_items(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    mode(source, path, errors);
    key_items(source, path, errors);
}

fn key_items(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for (index, item) in object::list_at(source, "items").iter().enumerate() {
        key_item(item, &path.child("items").index(index), errors);
    }
}

fn key_item(item: &Value, path: &FieldPath, errors: &mut ErrorList) {
    required(item, "key", path, errors);
    required(item, "path", path, errors);
    local(object::str_at(item, "path").unwrap_or(""), &path.child("path"), errors);
    mode_at(item, "mode", path, errors);
}

fn local(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    for message in names::local_path(text) {
        errors.invalid(path, text, message);
    }
    // `..` as a whole element was reported above.
    if text.starts_with("..") && text != ".." && !text.starts_with("../") {
        errors.invalid(path, text, "must not start with '..'");
    }
}

const DOWNWARD_FIELDS: &[&str] = &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Paths carry no item index, as in the server.
fn downward_file(item: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = object::str_at(item, "path").unwrap_or("");
    if text.is_empty() {
        errors.required_at(path, "path", "");
    }
    local(text, &path.child("path"), errors);
    let field = item.get("fieldRef").filter(|f| !f.is_null());
    let resource = item.get("resourceFieldRef").filter(|r| !r.is_null());
    match (field, resource) {
        (Some(field), other) => {
            field_ref(field, DOWNWARD_FIELDS, true, &path.child("fieldRef"), errors);
            if other.is_some() {
                errors.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        }
        (None, Some(resource)) => resource_field_ref(resource, false, &path.child("resourceFieldRef"), errors),
        (None, None) => errors.required(path, "one of fieldRef and resourceFieldRef is required"),
    }
    if let Some(mode) = object::i64_at(item, "mode").filter(|m| !(0..=0o777).contains(m)) {
        errors.invalid_at(path, "mode", mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

fn projected(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    mode(source, path, errors);
    let mut paths = SortedSet::new();
    for (index, projection) in object::list_at(source, "sources").iter().enumerate() {
        let at = path.child("sources").index(index);
        let mut found = 0;
        for kind in ["secret", "configMap", "downwardAPI", "serviceAccountToken"] {
            let Some(inner) = projection.get(kind).filter(|p| !p.is_null()) else { continue };
            let inner_path = at.child(kind);
            found += 1;
            let mut clash = |text: &str, shown: &str, errors: &mut ErrorList| {
                if !text.is_empty() && !paths.insert(text.to_owned()) {
                    errors.invalid(path, shown, "conflicting duplicate paths");
                }
            };
            match kind {
                "secret" | "configMap" => {
                    required(inner, "name", &inner_path, errors);
                    for (index, item) in object::list_at(inner, "items").iter().enumerate() {
                        key_item(item, &inner_path.child("items").index(index), errors);
                        clash(object::str_at(item, "path").unwrap_or(""), object::str_at(inner, "name").unwrap_or(""), errors);
                    }
                }
                "downwardAPI" => {
                    for item in object::list_at(inner, "items") {
                        downward_file(item, &inner_path, errors);
                        let text = object::str_at(item, "path").unwrap_or("");
                        clash(text, text, errors);
                    }
                }
                _ => token(inner, &inner_path, path, errors),
            }
        }
        if found > 1 {
            errors.forbidden(&at, "may not specify more than 1 volume type per source");
        }
    }
}

/// A projected token; its path is reported on as the volume's.
fn token(token: &Value, path: &FieldPath, volume: &FieldPath, errors: &mut ErrorList) {
    let seconds = object::i64_at(token, "expirationSeconds").unwrap_or(3600);
    let at = path.child("expirationSeconds");
    if seconds < 600 {
        errors.invalid(&at, seconds, "may not specify a duration less than 10 minutes");
    } else if seconds > 1 << 32 {
        errors.invalid(&at, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    match object::str_at(token, "path").unwrap_or("") {
        "" => errors.required_at(volume, "path", ""),
        text => local(text, &volume.child("path"), errors),
    }
}

pub fn weight(term: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let weight = object::i64_at(term, "weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        errors.invalid_at(path, "weight", weight, "must be in the range 1-100");
    }
}
