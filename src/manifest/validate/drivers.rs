//! Validation of the storage of single makers and protocols: disks of clouds, network file systems, CSI drivers.
//!
//! Models `validateISCSIVolumeSource`, `validateFCVolumeSource` and their likes in `pkg/apis/core/validation/validation.go`.

use super::volume::required;
use super::{in_range, names, one_of};
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub const LONG_PORTAL: &str = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";

/// The texts that a kind asks for, and nothing else.
const REQUIRED: &[(&str, &[&str])] = &[
    ("persistentVolumeClaim", &["claimName"]),
    ("nfs", &["server", "path"]),
    ("glusterfs", &["endpoints", "path"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("cinder", &["volumeID"]),
    ("azureFile", &["secretName", "shareName"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("flexVolume", &["driver"]),
];

/// One source; `persistent` says that it stands in a PersistentVolume, whose secrets have a namespace.
pub fn source(kind: &str, source: &Value, persistent: bool, path: &FieldPath, errors: &mut ErrorList) {
    let fields = REQUIRED.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, fields)| fields);
    for field in fields {
        required(source, field, path, errors);
    }
    match kind {
        "nfs" => {
            let text = object::str_at(source, "path").unwrap_or("");
            if !text.starts_with('/') {
                errors.invalid_at(path, "path", text, "must be an absolute path");
            }
        }
        "iscsi" => iscsi(source, persistent, path, errors),
        "fc" => fibre_channel(source, path, errors),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            let partition = object::i64_at(source, "partition").unwrap_or(0);
            if partition != 0 {
                in_range(partition, 1, 255, &path.child("partition"), errors);
            }
        }
        "cinder" => secret_ref(source, persistent, path, errors),
        "storageos" => {
            label(source, "volumeName", true, path, errors);
            label(source, "volumeNamespace", false, path, errors);
            secret_ref(source, persistent, path, errors);
        }
        "rbd" | "cephfs" => {
            if object::list_at(source, "monitors").is_empty() {
                errors.required_at(path, "monitors", "");
            }
            if kind == "rbd" {
                required(source, "image", path, errors);
            }
        }
        "flocker" => flocker(source, path, errors),
        "quobyte" => quobyte(source, path, errors),
        "flexVolume" => flex_options(source, path, errors),
        "azureDisk" => azure_disk(source, path, errors),
        "azureFile" if persistent && object::str_at(source, "secretNamespace") == Some("") => {
            errors.required_at(path, "secretNamespace", "");
        }
        "glusterfs" if persistent => {
            if let Some(namespace) = object::str_at(source, "endpointsNamespace") {
                let at = path.child("endpointsNamespace");
                if namespace.is_empty() {
                    let detail = "if the endpointnamespace is set, it must be a valid namespace name";
                    errors.invalid(&at, namespace, detail);
                } else {
                    for message in names::label(namespace) {
                        errors.invalid(&at, namespace, message);
                    }
                }
            }
        }
        _ => {}
    }
}

fn label(source: &Value, field: &'static str, needed: bool, path: &FieldPath, errors: &mut ErrorList) {
    match object::str_at(source, field).unwrap_or("") {
        "" if needed => errors.required_at(path, field, ""),
        "" => {}
        text => {
            for message in names::label(text) {
                errors.invalid_at(path, field, text, message);
            }
        }
    }
}

fn secret_ref(source: &Value, persistent: bool, path: &FieldPath, errors: &mut ErrorList) {
    let Some(secret) = source.get("secretRef").filter(|s| !s.is_null()) else { return };
    let path = path.child("secretRef");
    required(secret, "name", &path, errors);
    if persistent {
        required(secret, "namespace", &path, errors);
    }
}

fn iscsi(source: &Value, persistent: bool, path: &FieldPath, errors: &mut ErrorList) {
    // The words for what has none of the three beginnings.
    let foreign = if persistent { "must be valid format" } else { "must be valid format starting with iqn, eui, or naa" };
    required(source, "targetPortal", path, errors);
    let check = |name: &str, at: &FieldPath, errors: &mut ErrorList| match qualified(name) {
        Some(true) => {}
        Some(false) => errors.invalid(at, name, "must be valid format"),
        None => errors.invalid(at, name, foreign),
    };
    match object::str_at(source, "iqn").unwrap_or("") {
        "" => errors.required_at(path, "iqn", ""),
        name => check(name, &path.child("iqn"), errors),
    }
    in_range(object::i64_at(source, "lun").unwrap_or(0), 0, 255, &path.child("lun"), errors);
    let chap = ["chapAuthDiscovery", "chapAuthSession"].iter().any(|field| object::bool_at(source, field) == Some(true));
    let secret = source.get("secretRef").filter(|s| !s.is_null());
    if chap && secret.is_none() {
        errors.required_at(path, "secretRef", "");
    }
    if let Some(secret) = secret.filter(|_| persistent) {
        required(secret, "name", &path.child("secretRef"), errors);
    }
    if let Some(name) = object::str_at(source, "initiatorName") {
        check(name, &path.child("initiatorname"), errors);
    }
}

/// Whether an iSCSI name has the form of its beginning; `None` where it begins with none of the three.
fn qualified(name: &str) -> Option<bool> {
    let letters = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_alphanumeric());
    // The dot of the server's patterns stands for any character.
    let rest = |name: &str| name.chars().nth(3).and_then(|dot| name.get(3 + dot.len_utf8()..).map(str::to_owned)).unwrap_or_default();
    if name.starts_with("eui") {
        return Some(letters(&rest(name), 16));
    }
    if name.starts_with("naa") {
        return Some(letters(&rest(name), 32));
    }
    let tail = name.strip_prefix("iqn")?;
    let fine = || -> Option<bool> {
        let tail = tail.strip_prefix('.')?;
        let (year, tail) = tail.split_at_checked(4)?;
        let tail = tail.strip_prefix('-')?;
        let (month, tail) = tail.split_at_checked(2)?;
        let tail = tail.strip_prefix('.')?;
        let (owner, own) = tail.split_once(':')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let named = !owner.is_empty() && owner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        let free = !own.is_empty() && !own.chars().any(|c| matches!(c, ',' | ';' | '*' | '&' | '$' | '|') || c.is_ascii_whitespace());
        Some(digits(year) && digits(month) && named && free)
    };
    Some(fine().unwrap_or(false))
}

fn fibre_channel(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (targets, ids) = (object::list_at(source, "targetWWNs"), object::list_at(source, "wwids"));
    let at = path.child("targetWWNs");
    if targets.is_empty() && ids.is_empty() {
        errors.required(&at, "must specify either targetWWNs or wwids, but not both");
    }
    if !targets.is_empty() && !ids.is_empty() {
        errors.invalid(&at, targets.to_vec(), "targetWWNs and wwids can not be specified simultaneously");
    }
    if !targets.is_empty() {
        match object::i64_at(source, "lun") {
            None => errors.required_at(path, "lun", "lun is required if targetWWNs is specified"),
            Some(lun) => in_range(lun, 0, 255, &path.child("lun"), errors),
        }
    }
}

fn flocker(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = |field: &str| object::str_at(source, field).unwrap_or("");
    let (name, id) = (text("datasetName"), text("datasetUUID"));
    if name.is_empty() && id.is_empty() {
        errors.required(path, "one of datasetName and datasetUUID is required");
    }
    if !name.is_empty() && !id.is_empty() {
        errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
    }
    if name.contains('/') {
        errors.invalid_at(path, "datasetName", name, "must not contain '/'");
    }
}

fn quobyte(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
    let registry = object::str_at(source, "registry").unwrap_or("");
    if registry.is_empty() {
        errors.required_at(path, "registry", PAIRS);
    } else if object::str_at(source, "tenant").unwrap_or("").len() > 64 {
        errors.required_at(path, "tenant", "must be a UUID and may not exceed a length of 64 characters");
    } else {
        for _ in registry.split(',').filter(|pair| !is_host_port(pair)) {
            errors.invalid_at(path, "registry", registry, PAIRS);
        }
    }
    required(source, "volume", path, errors);
}

/// Go's `net.SplitHostPort`.
fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let inner = match host.strip_prefix('[') {
        Some(inside) => match inside.strip_suffix(']') {
            Some(inner) => inner,
            None => return false,
        },
        None if host.contains(':') => return false,
        None => host,
    };
    !inner.contains(['[', ']']) && !port.contains(['[', ']'])
}

fn flex_options(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for key in object::map_at(source, "options").into_iter().flat_map(|options| options.keys()) {
        let owner = format!(".{}", names::lower(key.split('/').next().unwrap_or(key)));
        if owner.ends_with(".kubernetes.io") || owner.ends_with(".k8s.io") {
            errors.invalid(&path.child("options").key(key), key.as_str(), "kubernetes.io and k8s.io namespaces are reserved");
        }
    }
}

fn azure_disk(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const MANAGED: &str = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    if let Some(mode) = object::str_at(source, "cachingMode") {
        one_of(mode, &["None", "ReadOnly", "ReadWrite"], &path.child("cachingMode"), errors);
    }
    let Some(kind) = object::str_at(source, "kind") else { return };
    one_of(kind, &["Dedicated", "Managed", "Shared"], &path.child("kind"), errors);
    let uri = object::str_at(source, "diskURI").unwrap_or("");
    let (start, form) = if kind == "Managed" { ("/subscriptions/", MANAGED) } else { ("https://", BLOB) };
    if !uri.starts_with(start) {
        errors.not_supported_at(path, "diskURI", uri, &[form]);
    }
}

pub fn csi_driver(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    driver_name(object::str_at(source, "driver").unwrap_or(""), &path.child("driver"), errors);
}

/// `ValidateCSIDriverName`
pub fn driver_name(driver: &str, path: &FieldPath, errors: &mut ErrorList) {
    if driver.is_empty() {
        errors.required(path, "");
        return;
    }
    if driver.len() > 63 {
        errors.push(FieldError::too_long(path, 63));
    }
    for message in names::subdomain(&names::lower(driver)) {
        errors.invalid(path, driver, message);
    }
}

/// A CSI source of a PersistentVolume.
pub fn persistent_csi(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    csi_driver(source, path, errors);
    required(source, "volumeHandle", path, errors);
    for field in ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] {
        let Some(secret) = source.get(field).filter(|s| !s.is_null()) else { continue };
        let path = path.child(field);
        for (field, rule) in [("name", names::subdomain as fn(&str) -> Vec<String>), ("namespace", names::label)] {
            super::name_errors(object::str_at(secret, field).unwrap_or(""), rule, &path.child(field), errors);
        }
    }
}
