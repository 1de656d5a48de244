//! Validation of classes that others name: of storage, of priority, of runtimes; and of CSI drivers.
//!
//! Models `pkg/apis/{storage,scheduling,node}/validation/validation.go`.

use super::{affinity, drivers, meta, names, one_of, resources};
use crate::api::order::SortedSet;
use crate::api::{Map, Value, json, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn storage(class: &Value, errors: &mut ErrorList) {
    let provisioner = object::str_at(class, "provisioner").unwrap_or("");
    super::name_errors(&provisioner.to_ascii_lowercase(), names::qualified_name, &FieldPath::new("provisioner"), errors);
    parameters(class, errors);
    if let Some(policy) = object::str_at(class, "reclaimPolicy").filter(|p| !p.is_empty()) {
        one_of(policy, &["Delete", "Retain"], &FieldPath::new("reclaimPolicy"), errors);
    }
    let mode = object::str_at(class, "volumeBindingMode").unwrap_or("");
    one_of(mode, &["Immediate", "WaitForFirstConsumer"], &FieldPath::new("volumeBindingMode"), errors);
    topologies(object::list_at(class, "allowedTopologies"), &FieldPath::new("allowedTopologies"), errors);
}

/// `ValidateVolumeAttributesClass`
pub fn attributes(class: &Value, errors: &mut ErrorList) {
    let driver = object::str_at(class, "driverName").unwrap_or("");
    super::name_errors(&driver.to_ascii_lowercase(), names::qualified_name, &FieldPath::new("driverName"), errors);
    parameters(class, errors);
    if object::map_at(class, "parameters").is_none_or(Map::is_empty) {
        errors.required(&FieldPath::new("parameters"), "must contain at least one key/value pair");
    }
}

/// `validateCSINodeDriver` of each
pub fn csi_node(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const LONGEST_ID: usize = 256;
    let mut seen = SortedSet::new();
    for (index, driver) in object::list_at(spec, "drivers").iter().enumerate() {
        let path = path.child("drivers").index(index);
        let text = |field: &str| object::str_at(driver, field).unwrap_or("");
        drivers::driver_name(text("name"), &path.child("name"), errors);
        let id = text("nodeID");
        if id.is_empty() {
            errors.required_at(&path, "nodeID", "");
        } else if id.len() > LONGEST_ID {
            errors.invalid_at(&path, "nodeID", id, format!("must be {LONGEST_ID} characters or less"));
        }
        let allocatable = driver.get("allocatable").unwrap_or(&Value::Null);
        super::not_negative(allocatable, "count", &path.child("allocatable"), errors);
        if !seen.insert(text("name")) {
            errors.duplicate_at(&path, "name", text("name"));
        }
        let mut keys = SortedSet::new();
        for key in object::list_at(driver, "topologyKeys").iter().filter_map(Value::as_str) {
            if key.is_empty() {
                errors.required(&path, "");
            }
            if !keys.insert(key) {
                errors.duplicate(&path, key);
            }
            for message in names::qualified_name(key) {
                errors.invalid(&path, key, message);
            }
        }
    }
}

/// `ValidateCSIStorageCapacity`
pub fn capacity(capacity: &Value, errors: &mut ErrorList) {
    meta::label_selector(capacity.get("nodeTopology").unwrap_or(&Value::Null), &FieldPath::new("nodeTopology"), errors);
    let class = object::str_at(capacity, "storageClassName").unwrap_or("");
    for message in names::subdomain(class) {
        errors.invalid(&FieldPath::new("storageClassName"), class, message);
    }
    super::amount_not_negative(capacity, "capacity", &FieldPath::root(), errors);
}

/// `validateVolumeAttachmentSpec`, of volumes that are not written inline
pub fn attachment(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const ONE: &str = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    let text = |field: &str| object::str_at(spec, field);
    drivers::driver_name(text("attacher").unwrap_or(""), &path.child("attacher"), errors);
    let (volume, at) = (text("source.persistentVolumeName"), path.child("source"));
    match (volume, object::at(spec, "source.inlineVolumeSpec").is_some_and(|s| !s.is_null())) {
        (None, false) => errors.required(&at, ONE),
        (Some(_), true) => errors.forbidden(&at, ONE),
        (Some(""), false) => errors.required_at(&at, "persistentVolumeName", "must specify non empty persistentVolumeName"),
        _ => {}
    }
    let node = text("nodeName").unwrap_or("");
    for message in names::subdomain(node) {
        errors.invalid_at(path, "nodeName", node, message);
    }
    for (volume, message) in volume.into_iter().flat_map(|v| names::subdomain(v).into_iter().map(move |m| (v, m))) {
        errors.invalid_at(&at, "persistentVolumeName", volume, message);
    }
}

fn parameters(class: &Value, errors: &mut ErrorList) {
    let path = &FieldPath::new("parameters");
    const MOST: usize = 512;
    const MOST_BYTES: usize = 256 * 1024;
    let Some(parameters) = object::map_at(class, "parameters") else { return };
    if parameters.len() > MOST {
        errors.push(FieldError::too_long(path, MOST));
        return;
    }
    if parameters.contains_key("") {
        errors.invalid(path, "", "field can not be empty.");
    }
    if parameters.iter().map(|(k, v)| k.len() + v.as_str().map_or(0, str::len)).sum::<usize>() > MOST_BYTES {
        errors.push(FieldError::too_long(path, MOST_BYTES));
    }
}

/// `ValidateTopologySelectorTerm` of each
fn topologies(terms: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen: Vec<Vec<(&str, SortedSet<&str>)>> = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let path = path.index(index).child("matchLabelExpressions");
        let mut keys: Vec<(&str, SortedSet<&str>)> = Vec::new();
        for (index, expression) in object::list_at(term, "matchLabelExpressions").iter().enumerate() {
            let path = path.index(index);
            let key = object::str_at(expression, "key").unwrap_or("");
            let values = object::list_at(expression, "values");
            let mut set = SortedSet::new();
            if values.is_empty() {
                errors.required_at(&path, "values", "");
            }
            for (index, value) in values.iter().filter_map(Value::as_str).enumerate() {
                if !set.insert(value) {
                    errors.duplicate(&path.child("values").index(index), value);
                }
            }
            for message in names::qualified_name(key) {
                errors.invalid_at(&path, "key", key, message);
            }
            match keys.iter_mut().find(|(k, _)| *k == key) {
                Some((_, old)) => {
                    errors.duplicate_at(&path, "key", key);
                    *old = set;
                }
                None => keys.push((key, set)),
            }
        }
        // The server compares with as many empty terms as there are terms, too.
        if keys.is_empty() {
            terms.iter().for_each(|_| errors.duplicate(&path, ""));
        }
        let same = |other: &&Vec<(&str, SortedSet<&str>)>| {
            let equal = |a: &SortedSet<&str>, b: &SortedSet<&str>| a.iter().eq(b.iter());
            other.len() == keys.len() && keys.iter().all(|(k, v)| other.iter().any(|(o, w)| o == k && equal(v, w)))
        };
        for _ in seen.iter().filter(same) {
            errors.duplicate(&path, "");
        }
        seen.push(keys);
    }
}

/// `ValidatePriorityClass`
pub fn priority(class: &Value, errors: &mut ErrorList) {
    const HIGHEST: i64 = 1_000_000_000;
    let (name, value) = (object::name(class), object::i64_at(class, "value").unwrap_or(0));
    if name.starts_with("system-") {
        let known = [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
        let why = match known.iter().find(|(known, _)| *known == name) {
            None => Some(format!("{name} is not a known system priority class")),
            Some((_, right)) if *right != value => Some(format!("value of {name} PriorityClass must be {right}")),
            Some(_) => {
                (object::bool_at(class, "globalDefault") == Some(true)).then(|| format!("globalDefault of {name} PriorityClass must be false"))
            }
        };
        if let Some(why) = why {
            let detail = format!("priority class names with 'system-' prefix are reserved for system use only. error: {why}");
            errors.forbidden(&FieldPath::new("metadata.name"), detail);
        }
    } else if value > HIGHEST {
        let detail = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        errors.forbidden(&FieldPath::new("value"), detail);
    }
    match object::str_at(class, "preemptionPolicy") {
        None => {}
        Some("") => errors.required(&FieldPath::new("preemptionPolicy"), ""),
        Some(policy) => one_of(policy, &["PreemptLowerPriority", "Never"], &FieldPath::new("preemptionPolicy"), errors),
    }
}

/// `ValidateRuntimeClass`
pub fn runtime(class: &Value, errors: &mut ErrorList) {
    super::check_name(object::str_at(class, "handler").unwrap_or(""), &FieldPath::new("handler"), errors);
    if let Some(fixed) = object::at(class, "overhead.podFixed") {
        let limits = json!({"limits": fixed.clone()});
        resources::of_container(&limits, &SortedSet::default(), &FieldPath::new("overhead"), errors);
    }
    let path = FieldPath::new("scheduling");
    meta::labels(object::map_at(class, "scheduling.nodeSelector"), &path.child("nodeSelector"), errors);
    let (path, tolerations) = (path.child("tolerations"), object::list_at(class, "scheduling.tolerations"));
    affinity::tolerations(tolerations, &path, errors);
    let mut seen = SortedSet::new();
    for (index, toleration) in tolerations.iter().enumerate() {
        let key = ["key", "operator", "value", "effect"].map(|field| object::str_at(toleration, field).unwrap_or(""));
        if seen.insert(key) {
            continue;
        }
        // Go's own struct, in its own order.
        let [name, operator, value, effect] = key.map(|text| Value::from(text).to_string());
        let seconds = toleration.get("tolerationSeconds").unwrap_or(&Value::Null);
        let shown = format!("{{\"Key\":{name},\"Operator\":{operator},\"Value\":{value},\"Effect\":{effect},\"TolerationSeconds\":{seconds}}}");
        errors.push(FieldError::duplicate(&path.index(index), shown).bare());
    }
}

/// `validateCSIDriverSpec`
pub fn csi_driver(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(policy) = object::str_at(spec, "fsGroupPolicy") {
        one_of(policy, &["File", "None", "ReadWriteOnceWithFSType"], &path.child("fsGroupPolicy"), errors);
    }
    let tokens = object::list_at(spec, "tokenRequests");
    let mut audiences = SortedSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let path = path.child("tokenRequests").index(index);
        let audience = object::str_at(token, "audience").unwrap_or("");
        if !audiences.insert(audience) {
            errors.duplicate_at(&path, "audience", audience);
            continue;
        }
        let Some(seconds) = object::i64_at(token, "expirationSeconds") else { continue };
        let mut wrong = |detail: &str| errors.invalid_at(&path, "expirationSeconds", seconds, detail);
        if seconds < 600 {
            wrong("may not specify a duration less than 10 minutes");
        }
        if seconds > 1 << 32 {
            wrong("may not specify a duration larger than 2^32 seconds");
        }
    }
    for mode in object::list_at(spec, "volumeLifecycleModes") {
        one_of(mode.as_str().unwrap_or(""), &["Persistent", "Ephemeral"], &path.child("volumeLifecycleModes"), errors);
    }
    if let Some(seconds) = object::i64_at(spec, "nodeAllocatableUpdatePeriodSeconds").filter(|s| *s < 10) {
        let detail = "must be greater than or equal to 10 seconds";
        errors.invalid_at(path, "nodeAllocatableUpdatePeriodSeconds", seconds, detail);
    }
    if let Some(given) = object::bool_at(spec, "serviceAccountTokenInSecrets").filter(|_| tokens.is_empty()) {
        let detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        errors.invalid_at(path, "serviceAccountTokenInSecrets", given, detail);
    }
}
