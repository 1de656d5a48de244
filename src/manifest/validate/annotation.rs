//! Validation of the annotations that once were, or still are, fields of a Pod.
//!
//! Models `ValidatePodSpecificAnnotations` and `validateSeccompAnnotationsAndFields`.

use crate::api::{Map, Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// The annotation of one container ends in its name.
pub const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// What the values must look like, whatever the spec says.
pub fn values(annotations: &Map<String, Value>, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    if let Some(cost) = annotations.get("controller.kubernetes.io/pod-deletion-cost").map(text) {
        let digits = cost.strip_prefix('-').unwrap_or(&cost);
        let canonical = cost == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
        if !canonical || cost.parse::<i32>().is_err() {
            let path = path.key("controller.kubernetes.io/pod-deletion-cost");
            errors.invalid(&path, cost, "must be a 32bit integer");
        }
    }
    for (key, value) in annotations {
        if key == SECCOMP_POD || key.starts_with(SECCOMP_CONTAINER) {
            let value = text(value);
            let fine = matches!(value.as_str(), "runtime/default" | "docker/default" | "unconfined");
            if let Some(local) = value.strip_prefix("localhost/") {
                for message in super::names::local_path(local) {
                    errors.invalid(&path.name(key), local, message);
                }
            } else if !fine {
                errors.invalid(&path.name(key), value, "must be a valid seccomp profile");
            }
        }
    }
    for (key, value) in annotations {
        let Some(name) = key.strip_prefix(APPARMOR) else { continue };
        let known = ["containers", "initContainers", "ephemeralContainers"];
        if !known.iter().flat_map(|l| object::list_at(spec, l)).any(|c| object::str_at(c, "name") == Some(name)) {
            errors.invalid(&path.key(key), name, "container not found");
        }
        let value = text(value);
        if !matches!(value.as_str(), "" | "runtime/default" | "unconfined") && !value.starts_with("localhost/") {
            let detail = format!("invalid AppArmor profile name: {value:?}");
            errors.invalid(&path.key(key), value, detail);
        }
    }
}

/// The type and the local profile that an annotation's value stands for.
pub fn profile(value: &str) -> Option<(&'static str, Option<&str>)> {
    match value {
        "runtime/default" | "docker/default" => Some(("RuntimeDefault", None)),
        "unconfined" => Some(("Unconfined", None)),
        _ => value.strip_prefix("localhost/").map(|local| ("Localhost", Some(local))),
    }
}

/// Where both an annotation and its field are set, they say the same.
pub fn against_fields(annotations: &Map<String, Value>, spec: &Value, root: &FieldPath, errors: &mut ErrorList) {
    let value = |key: &str| annotations.get(key).and_then(Value::as_str);
    if let Some(value) = value(SECCOMP_POD) {
        compare(value, object::at(spec, "securityContext.seccompProfile"), "seccomp", &root.child("securityContext.seccompProfile"), errors);
    }
    for list in ["initContainers", "containers"] {
        for (index, container) in object::list_at(spec, list).iter().enumerate() {
            let path = root.child(list).index(index).child("securityContext").child("seccompProfile");
            let name = object::str_at(container, "name").unwrap_or("");
            if let Some(value) = value(&format!("{SECCOMP_CONTAINER}{name}")) {
                compare(value, object::at(container, "securityContext.seccompProfile"), "seccomp", &path, errors);
            }
        }
    }
    if object::str_at(spec, "os.name") == Some("windows") {
        return;
    }
    // `validateAppArmorAnnotationsAndFieldsMatchOnCreate`: what holds for a container may be the Pod's.
    let of_pod = object::at(spec, "securityContext.appArmorProfile").filter(|p| !p.is_null());
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in object::list_at(spec, list).iter().enumerate() {
            let path = root.child(list).index(index).child("securityContext").child("appArmorProfile");
            let name = object::str_at(container, "name").unwrap_or("");
            let own = object::at(container, "securityContext.appArmorProfile").filter(|p| !p.is_null());
            let (Some(given), Some(field)) = (value(&format!("{APPARMOR}{name}")), own.or(of_pod)) else { continue };
            let fits = match object::str_at(field, "type").unwrap_or("") {
                "Unconfined" => given == "unconfined",
                "RuntimeDefault" => given == "runtime/default",
                "Localhost" => match given.strip_prefix("localhost/") {
                    Some(local) if object::str_at(field, "localhostProfile") != Some(local) => {
                        let detail = "apparmor profile in annotation and field must match";
                        errors.forbidden_at(&path, "localhostProfile", detail);
                        true
                    }
                    local => local.is_some(),
                },
                _ => true,
            };
            if !fits {
                errors.forbidden_at(&path, "type", "apparmor type in annotation and field must match");
            }
        }
    }
}

/// The AppArmor profile that an annotation stands for: its type and the local one's name (`ApparmorFieldForAnnotation`).
pub fn apparmor(value: &str) -> Option<(&'static str, Option<&str>)> {
    match value {
        "unconfined" => Some(("Unconfined", None)),
        "runtime/default" => Some(("RuntimeDefault", None)),
        _ => value.strip_prefix("localhost/").filter(|local| !local.is_empty()).map(|local| ("Localhost", Some(local))),
    }
}

/// Whether an annotation and a field say the same.
pub fn same_profile(annotation: &str, field: Option<&Value>) -> bool {
    let field = field.filter(|f| !f.is_null());
    let said = field.map(|f| (object::str_at(f, "type").unwrap_or(""), object::str_at(f, "localhostProfile")));
    said.is_some() && said == apparmor(annotation)
}

fn compare(annotation: &str, field: Option<&Value>, shown: &str, path: &FieldPath, errors: &mut ErrorList) {
    let (Some((kind, local)), Some(field)) = (profile(annotation), field.filter(|f| !f.is_null())) else { return };
    if object::str_at(field, "type") != Some(kind) {
        errors.forbidden_at(path, "type", format!("{shown} type in annotation and field must match"));
    } else if kind == "Localhost" && object::str_at(field, "localhostProfile") != local {
        errors.forbidden_at(path, "localhostProfile", format!("{shown} profile in annotation and field must match"));
    }
}
