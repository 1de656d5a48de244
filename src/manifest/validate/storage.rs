//! Validation of what holds data: ConfigMaps, Secrets and claims.

use super::{meta, names, one_of};
use crate::api::{Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};
use crate::yaml;

const MOST_BYTES: usize = 1_048_576;

pub fn config_map(map: &Value, errors: &mut ErrorList) {
    let mut size = 0;
    let binary = object::map_at(map, "binaryData");
    for field in ["data", "binaryData"] {
        for (key, value) in object::map_at(map, field).into_iter().flatten() {
            let path = FieldPath::new(field).key(key);
            for message in names::config_key(key) {
                errors.invalid(&path, key.as_str(), message);
            }
            if field == "data" && binary.is_some_and(|b| b.contains_key(key)) {
                errors.invalid(&path, key.as_str(), "duplicate of key present in binaryData");
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
            errors.invalid(&FieldPath::new("data").key(key), key.as_str(), message);
        }
        size += value.as_str().map_or(0, |v| v.len() / 4 * 3);
    }
    if size > MOST_BYTES {
        errors.push(FieldError::too_long(&FieldPath::new("data"), MOST_BYTES));
    }
    let data = object::map_at(secret, "data");
    let missing = |key: &str| data.is_none_or(|d| !d.contains_key(key));
    let empty = |key: &str| data.and_then(|d| d.get(key)).and_then(Value::as_str).unwrap_or("").is_empty();
    let mut required = |key: &str| errors.required(&FieldPath::new("data").key(key), "");
    match object::str_at(secret, "type").unwrap_or("") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            let account = object::annotations(secret).and_then(|a| a.get(key)).and_then(Value::as_str);
            if account.unwrap_or("").is_empty() {
                errors.required(&FieldPath::new("metadata").child("annotations").key(key), "");
            }
        }
        "kubernetes.io/basic-auth" if missing("username") && missing("password") => ["username", "password"].into_iter().for_each(required),
        "kubernetes.io/ssh-auth" if empty("ssh-privatekey") => required("ssh-privatekey"),
        "kubernetes.io/tls" => ["tls.crt", "tls.key"].into_iter().filter(|key| missing(key)).for_each(required),
        "kubernetes.io/dockercfg" => json_object(data.and_then(|d| d.get(".dockercfg")), ".dockercfg", errors),
        "kubernetes.io/dockerconfigjson" => json_object(data.and_then(|d| d.get(".dockerconfigjson")), ".dockerconfigjson", errors),
        _ => {}
    }
}

/// A key whose bytes have to be a JSON object, in the words of Go's `encoding/json`.
fn json_object(bytes: Option<&Value>, key: &str, errors: &mut ErrorList) {
    let path = FieldPath::new("data").key(key);
    let Some(text) = bytes else {
        errors.required(&path, "");
        return;
    };
    if let Some(why) = not_a_json_object(&String::from_utf8_lossy(&decoded(text.as_str().unwrap_or("")))) {
        errors.invalid(&path, "<secret contents redacted>", why);
    }
}

/// Why Go's `json.Unmarshal` does not read a text as an object.
fn not_a_json_object(text: &str) -> Option<String> {
    let ended = || "unexpected end of JSON input".to_owned();
    let (node, end) = match yaml::read_json(text, 0) {
        Ok(None) => return Some(ended()),
        Ok(Some(read)) => read,
        Err(error) if error.message == "unexpected EOF" => return Some(ended()),
        Err(error) => return Some(error.message),
    };
    if let Some(rest) = text[end..].trim_start_matches([' ', '\t', '\r', '\n']).chars().next() {
        return Some(format!("invalid character {} after top-level value", format_args!("'{rest}'")));
    }
    let given = match node.content {
        yaml::Content::Mapping(_) | yaml::Content::Null => return None,
        yaml::Content::Sequence(_) => "array",
        yaml::Content::String(_) => "string",
        yaml::Content::Bool(_) => "bool",
        yaml::Content::Int(_) | yaml::Content::Uint(_) | yaml::Content::Float(_) => "number",
    };
    Some(format!("json: cannot unmarshal {given} into Go value of type map[string]interface {{}}"))
}

/// Base64 that was found to be right when it was decoded.
pub fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        word = word << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    out
}

/// The rules for access modes that claims and volumes share.
pub fn access_modes(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const KNOWN: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let path = path.child("accessModes");
    let (mut single, mut other) = (false, false);
    for mode in object::list_at(spec, "accessModes") {
        let mode = mode.as_str().unwrap_or("");
        one_of(mode, &KNOWN, &path, errors);
        single |= mode == "ReadWriteOncePod";
        other |= mode != "ReadWriteOncePod" && KNOWN.contains(&mode);
    }
    if single && other {
        errors.forbidden(&path, "may not use ReadWriteOncePod with other access modes");
    }
}

/// The template of a claim inside of a Pod: of its metadata only labels and annotations may be set.
pub fn claim_template(template: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const OTHERS: [(&str, &str); 13] = [
        ("name", "name"),
        ("generateName", "generateName"),
        ("namespace", "namespace"),
        ("selfLink", "selfLink"),
        ("uid", "uID"),
        ("resourceVersion", "resourceVersion"),
        ("generation", "generation"),
        ("creationTimestamp", "creationTimestamp"),
        ("deletionTimestamp", "deletionTimestamp"),
        ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
        ("ownerReferences", "ownerReferences"),
        ("finalizers", "finalizers"),
        ("managedFields", "managedFields"),
    ];
    let at = path.child("metadata");
    if let Some(metadata) = template.get("metadata") {
        meta::annotations(object::map_at(metadata, "annotations"), &at.child("annotations"), errors);
        meta::labels(object::map_at(metadata, "labels"), &at.child("labels"), errors);
        for (field, shown) in OTHERS {
            if metadata.get(field).is_some_and(|f| !f.is_null() && f.as_str() != Some("") && (f.as_i64() != Some(0) || field.starts_with("deletion")))
            {
                errors.forbidden_at(&at, shown, "cannot be set");
            }
        }
    }
    claim_spec(template.get("spec").unwrap_or(&Value::Null), &path.child("spec"), errors);
}

pub fn claim_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if object::list_at(spec, "accessModes").is_empty() {
        errors.required_at(path, "accessModes", "at least 1 access mode is required");
    }
    if let Some(selector) = spec.get("selector").filter(|s| !s.is_null()) {
        meta::label_selector(selector, &path.child("selector"), errors);
    }
    access_modes(spec, path, errors);
    let storage = path.child("resources").key("storage");
    match object::map_at(spec, "resources.requests").and_then(|r| r.get("storage")).and_then(Value::as_str) {
        None => errors.required(&storage, ""),
        Some(text) => {
            if Quantity::parse(text).is_some_and(|q| q.nano() <= 0) {
                errors.invalid(&storage, text, "must be greater than zero");
            }
        }
    }
    class_name(spec, "storageClassName", path, errors);
    if let Some(mode) = object::str_at(spec, "volumeMode") {
        one_of(mode, &["Block", "Filesystem"], &path.child("volumeMode"), errors);
    }
    let (source, reference) = (spec.get("dataSource").filter(|s| !s.is_null()), spec.get("dataSourceRef").filter(|s| !s.is_null()));
    for (field, value) in [("dataSource", source), ("dataSourceRef", reference)] {
        if let Some(value) = value {
            data_source(value, &path.child(field), errors);
        }
    }
    // The value is a path, of which Go's encoder sees nothing.
    let mut clash = |detail: &str| errors.push(FieldError::invalid(path, "{}", detail).bare());
    if let (Some(source), Some(reference)) = (source, reference) {
        let text = |value: &Value, field: &str| object::str_at(value, field).map(str::to_owned);
        if text(reference, "namespace").is_some_and(|n| !n.is_empty()) {
            clash("may not be specified when dataSourceRef.namespace is specified");
        } else if ["apiGroup", "kind", "name"].iter().any(|field| text(source, field) != text(reference, field)) {
            clash("must match dataSourceRef");
        }
    }
    class_name(spec, "volumeAttributesClassName", path, errors);
}

fn class_name(spec: &Value, field: &'static str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(name) = object::str_at(spec, field).filter(|name| !name.is_empty()) {
        for message in names::subdomain(name) {
            errors.invalid_at(path, field, name, message);
        }
    }
}

fn data_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = |field: &str| object::str_at(source, field).unwrap_or("");
    for field in ["name", "kind"] {
        if text(field).is_empty() {
            errors.required_at(path, field, "");
        }
    }
    if text("apiGroup").is_empty() {
        if text("kind") != "PersistentVolumeClaim" {
            errors.invalid(path, text("kind"), "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
        }
    } else {
        for message in names::subdomain(text("apiGroup")) {
            errors.invalid_at(path, "apiGroup", text("apiGroup"), message);
        }
    }
    if !text("namespace").is_empty() {
        for message in names::label(text("namespace")) {
            errors.invalid_at(path, "namespace", text("namespace"), message);
        }
    }
}
