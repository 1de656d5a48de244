//! Which fields of a stored object an update may change.
//!
//! Models `ValidatePodUpdate`, `ValidateConfigMapUpdate` and the immutable selectors of `pkg/apis/apps/validation`.

use super::internal;
use crate::api::{Kind, Quantity, Value, json, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

const ALLOWED: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// What is wrong with the step from `old` to `new`, apart from what is wrong with `new` itself.
pub fn update(kind: &Kind, old: &Value, new: &Value) -> ErrorList {
    let mut errors = anew(kind, old, new);
    match kind.kind {
        "Pod" => pod(old, new, &mut errors),
        "ConfigMap" => frozen(old, new, &["data", "binaryData"], &mut errors),
        "Secret" => {
            immutable(old, new, "type", &mut errors);
            frozen(old, new, &["data"], &mut errors);
        }
        "Deployment" | "ReplicaSet" | "DaemonSet" => immutable(old, new, "spec.selector", &mut errors),
        "Job" => job(old, new, &mut errors),
        "StatefulSet" => stateful_set(old, new, &mut errors),
        "PersistentVolumeClaim" => claim(old, new, &mut errors),
        _ => {}
    }
    errors
}

/// What is wrong with the new object itself, as on a create; what was wrong before is left alone, since the server tightens its rules only for
/// what changes.
fn anew(kind: &Kind, old: &Value, new: &Value) -> ErrorList {
    let same = |path| object::at(old, path) == object::at(new, path);
    if ["spec", "data", "metadata.labels", "metadata.annotations", "metadata.finalizers", "metadata.ownerReferences"].iter().all(|path| same(path)) {
        return ErrorList::new();
    }
    let errors = super::create(kind, new);
    if errors.is_empty() {
        return errors;
    }
    let before = super::create(kind, old);
    errors.into_iter().filter(|error| !before.iter().any(|b| b.field == error.field && b.body() == error.body())).collect()
}

/// Models `ValidateJobSpecUpdate`.
fn job(old: &Value, new: &Value, errors: &mut ErrorList) {
    if object::str_at(old, "spec.completionMode") != Some("Indexed") {
        immutable(old, new, "spec.completions", errors);
    }
    immutable(old, new, "spec.selector", errors);
    // A suspended Job that never began may still be told where to run.
    let unstarted = object::bool_at(old, "spec.suspend") == Some(true) && object::at(old, "status.startTime").is_none();
    if object::at(old, "spec.template") != object::at(new, "spec.template") && !unstarted {
        let spec = object::at(new, "spec.template.spec").unwrap_or(&Value::Null);
        let metadata: String = object::map_at(new, "spec.template.metadata")
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| format!("\"{key}\":{value},"))
            .collect();
        let shown = format!("{{{metadata}\"Spec\":{}}}", internal::line("PodSpec", spec));
        errors.push(FieldError::invalid(&FieldPath::new("spec.template"), shown, "field is immutable").bare());
    }
    for field in ["spec.completionMode", "spec.podFailurePolicy", "spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy"] {
        immutable(old, new, field, errors);
    }
}

/// Models `ValidateStatefulSetUpdate`.
fn stateful_set(old: &Value, new: &Value, errors: &mut ErrorList) {
    const MAY_CHANGE: [&str; 7] =
        ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];
    let rest = |set: &Value| {
        let mut spec = set.get("spec").cloned().unwrap_or(Value::Null);
        for field in MAY_CHANGE {
            object::remove(&mut spec, field);
        }
        spec
    };
    if rest(old) != rest(new) {
        let fields: Vec<String> = MAY_CHANGE.iter().map(|f| format!("'{f}'")).collect();
        let (last, first) = fields.split_last().expect("seven fields may change");
        let what = format!("updates to statefulset spec for fields other than {} and {last} are forbidden", first.join(", "));
        errors.push(FieldError::forbidden(&FieldPath::new("spec"), what));
    }
}

/// Models `ValidatePersistentVolumeClaimUpdate`: a bound claim may ask for more, nothing else changes.
fn claim(old: &Value, new: &Value, errors: &mut ErrorList) {
    let bound = object::str_at(old, "status.phase") == Some("Bound");
    let rest = |claim: &Value| {
        let mut spec = claim.get("spec").cloned().unwrap_or(Value::Null);
        if object::str_at(old, "spec.volumeName").is_none_or(str::is_empty) {
            object::remove(&mut spec, "volumeName");
        }
        if bound {
            let asked = object::at(old, "spec.resources.requests").cloned().unwrap_or(Value::Null);
            object::set(&mut spec, "resources.requests", asked);
            object::remove(&mut spec, "volumeAttributesClassName");
        }
        spec
    };
    let (before, after) = (rest(old), rest(new));
    if before != after {
        let diff = internal::changes("ClaimSpec", &before, &after);
        let what = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.push(FieldError::forbidden(&FieldPath::new("spec"), format!("{what}\n{diff}")));
    }
    let size = |claim: &Value, path: &str| object::str_at(claim, path).and_then(Quantity::parse).map(Quantity::nano);
    if let (Some(had), Some(wanted)) = (size(old, "status.capacity.storage"), size(new, "spec.resources.requests.storage"))
        && bound
        && wanted < had
    {
        let path = FieldPath::new("spec.resources.requests.storage");
        errors.push(FieldError::forbidden(&path, "field can not be less than status.capacity"));
    }
}

fn immutable(old: &Value, new: &Value, path: &str, errors: &mut ErrorList) {
    if object::at(old, path) != object::at(new, path) {
        let value = object::at(new, path).cloned().unwrap_or(Value::Null);
        errors.push(FieldError::invalid(&FieldPath::new(path), value, "field is immutable"));
    }
}

/// `immutable: true` cannot be taken back, and freezes the data.
fn frozen(old: &Value, new: &Value, fields: &[&str], errors: &mut ErrorList) {
    if object::bool_at(old, "immutable") != Some(true) {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if object::bool_at(new, "immutable") != Some(true) {
        errors.push(FieldError::forbidden(&FieldPath::new("immutable"), detail));
    }
    for field in fields.iter().filter(|field| old.get(**field) != new.get(**field)) {
        errors.push(FieldError::forbidden(&FieldPath::new(field), detail));
    }
}

/// Models `ValidatePodUpdate`.
fn pod(old: &Value, new: &Value, errors: &mut ErrorList) {
    let path = FieldPath::new("spec");
    for list in ["containers", "initContainers"] {
        let (before, after) = (object::list_at(old, &format!("spec.{list}")), object::list_at(new, &format!("spec.{list}")));
        if before.len() != after.len() {
            errors.push(FieldError::forbidden(&path.child(list), "pod updates may not add or remove containers"));
            return;
        }
        for (index, container) in after.iter().enumerate() {
            let image = object::str_at(container, "image").unwrap_or("");
            let at = path.child(list).index(index).child("image");
            if image.is_empty() {
                // Validation of the whole object has said so, too; the server says equal things once.
                errors.push(FieldError::required(&at, ""));
                return;
            }
            if image.trim() != image {
                errors.push(FieldError::invalid(&at, image, "must not have leading or trailing whitespace"));
                return;
            }
        }
    }
    let deadline = |pod: &Value| object::i64_at(pod, "spec.activeDeadlineSeconds");
    let at = path.child("activeDeadlineSeconds");
    match (deadline(old), deadline(new)) {
        (_, Some(seconds)) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            errors.push(FieldError::invalid(&at, seconds, "must be between 0 and 2147483647, inclusive"));
            return;
        }
        (Some(before), Some(after)) if before < after => {
            errors.push(FieldError::invalid(&at, after, "must be less than or equal to previous value"));
            return;
        }
        (Some(_), None) => errors.push(FieldError::invalid(&at, Value::Null, "must not update from a positive integer to nil value")),
        _ => {}
    }
    tolerations(old, new, &path.child("tolerations"), errors);
    let gates = |pod: &Value| object::list_at(pod, "spec.schedulingGates").to_vec();
    if let Some(fresh) = gates(new).iter().find(|gate| !gates(old).contains(gate)) {
        let what = format!("only deletion is allowed, but found new scheduling gate '{}'", object::str_at(fresh, "name").unwrap_or(""));
        errors.push(FieldError::forbidden(&path.child("schedulingGates"), what));
    }
    let (before, after) = (old.get("spec").cloned().unwrap_or(Value::Null), munged(old, new));
    if before != after {
        let diff = internal::changes("PodSpec", &before, &after);
        errors.push(FieldError::forbidden(&path, format!("pod updates may not change fields other than {ALLOWED}\n{diff}")));
    }
}

/// Models `validateOnlyAddedTolerations`.
fn tolerations(old: &Value, new: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let plain = |toleration: &Value| {
        let mut toleration = toleration.clone();
        object::remove(&mut toleration, "tolerationSeconds");
        toleration
    };
    let after: Vec<Value> = object::list_at(new, "spec.tolerations").iter().map(plain).collect();
    if object::list_at(old, "spec.tolerations").iter().any(|t| !after.contains(&plain(t))) {
        errors.push(FieldError::forbidden(path, "existing toleration can not be modified except its tolerationSeconds"));
    }
}

/// The new spec with what may change as it was; a gated Pod may still be told where to go.
fn munged(old: &Value, new: &Value) -> Value {
    let mut spec = new.get("spec").cloned().unwrap_or(Value::Null);
    for list in ["containers", "initContainers"] {
        let before = object::list_at(old, &format!("spec.{list}"));
        for (index, container) in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
            if let Some(image) = before.get(index).and_then(|c| c.get("image")) {
                container["image"] = image.clone();
            }
        }
    }
    // What the request can't carry (`ephemeralContainers`) or what is another word for a field that is compared (`serviceAccount`) stays, too.
    let mut kept = vec!["activeDeadlineSeconds", "tolerations", "schedulingGates", "ephemeralContainers", "serviceAccount"];
    let grace = |pod: &Value| object::i64_at(pod, "spec.terminationGracePeriodSeconds");
    if grace(old).is_some_and(|s| s < 0) && grace(new) == Some(1) {
        kept.push("terminationGracePeriodSeconds");
    }
    if !object::list_at(old, "spec.schedulingGates").is_empty() {
        kept.extend(["nodeSelector", "affinity"]);
    }
    for field in kept {
        match object::at(old, &format!("spec.{field}")) {
            Some(value) => object::set(&mut spec, field, value.clone()),
            None => drop(object::remove(&mut spec, field)),
        }
    }
    spec
}

/// Models `ValidatePodEphemeralContainersUpdate`: they may only become more.
pub fn ephemeral(old: &Value, new: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = FieldPath::new("spec.ephemeralContainers");
    if static_pod(old) {
        errors.push(FieldError::forbidden(&FieldPath::root(), "static pods do not support ephemeral containers"));
        return errors;
    }
    let after = object::list_at(new, "spec.ephemeralContainers");
    for before in object::list_at(old, "spec.ephemeralContainers") {
        let name = object::str_at(before, "name").unwrap_or("");
        match after.iter().find(|c| object::str_at(c, "name") == Some(name)) {
            None => errors.push(FieldError::forbidden(&path, format!("existing ephemeral containers {name:?} may not be removed\n"))),
            Some(same) if same == before => {}
            Some(other) => {
                let diff = internal::changes("EphemeralContainer", before, other);
                errors.push(FieldError::forbidden(&path, format!("existing ephemeral containers {name:?} may not be changed\n{diff}")));
            }
        }
    }
    errors
}

fn static_pod(pod: &Value) -> bool {
    object::map_at(pod, "metadata.annotations").is_some_and(|a| a.contains_key("kubernetes.io/config.mirror"))
}

/// Models `podResizeStrategy.PrepareForUpdate` and `ValidatePodResize`: only resources are taken from the request, and only some may change.
pub fn resize(old: &Value, new: &mut Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = FieldPath::new("spec");
    if static_pod(old) {
        errors.push(FieldError::forbidden(&FieldPath::root(), "static pods cannot be resized"));
        return errors;
    }
    let mut taken = old.clone();
    for list in ["containers", "initContainers"] {
        let at = format!("spec.{list}");
        let (before, after) = (object::list_at(old, &at), object::list_at(new, &at));
        if before.len() != after.len() {
            errors.push(FieldError::forbidden(&path.child(list), "containers may not be added or removed on resize"));
            continue;
        }
        let mut merged = before.to_vec();
        for (index, (container, wanted)) in merged.iter_mut().zip(after).enumerate() {
            let at = path.child(list).index(index);
            if container.get("name") != wanted.get("name") {
                errors.push(FieldError::forbidden(&at.child("name"), "containers may not be renamed or reordered on resize"));
                continue;
            }
            for field in ["resources", "resizePolicy"] {
                match wanted.get(field) {
                    Some(value) => container[field] = value.clone(),
                    None => drop(object::remove(container, field)),
                }
            }
            shrunk(&before[index], wanted, &at.child("resources"), "resource", &mut errors);
        }
        if !merged.is_empty() {
            object::set(&mut taken, &at, Value::from(merged));
        }
    }
    match object::at(new, "spec.resources") {
        Some(value) => object::set(&mut taken, "spec.resources", value.clone()),
        None => drop(object::remove(&mut taken, "spec.resources")),
    }
    let level = |pod: &Value| pod.get("spec").cloned().unwrap_or(Value::Null);
    shrunk(&level(old), &level(&taken), &path.child("resources"), "pod-level resource", &mut errors);
    let class = crate::manifest::admit::qos_class(old);
    if crate::manifest::admit::qos_class(&taken) != class {
        errors.push(FieldError::invalid(&path, class, "Pod QOS Class may not change as a result of resizing"));
    }
    let others = |pod: &Value| -> Vec<Value> {
        ["containers", "initContainers"]
            .iter()
            .flat_map(|list| object::list_at(pod, &format!("spec.{list}")).to_vec())
            .map(|mut container| {
                for amount in ["cpu", "memory"] {
                    for side in ["requests", "limits"] {
                        object::remove(&mut container, &format!("resources.{side}.{amount}"));
                    }
                }
                let amounts = |side: &str| object::map_at(&container, &format!("resources.{side}")).cloned().unwrap_or_default();
                json!([amounts("requests"), amounts("limits"), object::at(&container, "resources.claims")])
            })
            .collect()
    };
    if errors.is_empty() && others(old) != others(&taken) {
        errors.push(FieldError::forbidden(&path, "only cpu and memory resources are mutable"));
    }
    if let Some(status) = new.get("status") {
        taken["status"] = status.clone();
    }
    *new = taken;
    errors
}

/// A request or limit that was there may change, but not go.
fn shrunk(before: &Value, after: &Value, path: &FieldPath, what: &str, errors: &mut ErrorList) {
    for (side, word) in [("requests", "requests"), ("limits", "limits")] {
        let amounts = |holder: &Value| object::map_at(holder, &format!("resources.{side}")).cloned().unwrap_or_default();
        let left = amounts(after);
        if ["cpu", "memory"].iter().any(|a| amounts(before).contains_key(*a) && !left.contains_key(*a)) {
            errors.push(FieldError::forbidden(&path.child(side), format!("{what} {word} cannot be removed")));
        }
    }
}
