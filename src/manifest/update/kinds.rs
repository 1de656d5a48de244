//! What may change of the other kinds.
//!
//! Models the `Validate…Update` functions in `pkg/apis/{core,apps,batch}/validation/validation.go`.

use super::{immutable, internal, pruned, restore, same, shown_difference, spec_of};
use crate::api::{Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn check(kind: &str, old: &Value, new: &Value, errors: &mut ErrorList) {
    match kind {
        "ConfigMap" => frozen(old, new, &["data", "binaryData"], errors),
        "Secret" => {
            immutable(old, new, "type", errors);
            frozen(old, new, &["data"], errors);
        }
        "Deployment" | "ReplicaSet" | "DaemonSet" => selector(old, new, errors),
        "StatefulSet" => stateful_set(old, new, errors),
        "Job" => job(old, new, errors),
        "Service" => service(old, new, errors),
        "PersistentVolumeClaim" => claim(old, new, errors),
        "PersistentVolume" => volume(old, new, errors),
        "Node" => node(old, new, errors),
        // `ValidatePriorityClassUpdate`
        "PriorityClass" => {
            for field in ["value", "preemptionPolicy"] {
                if old.get(field) != new.get(field) {
                    let detail = if field == "value" { "may not be changed in an update." } else { "field is immutable" };
                    errors.forbidden(&FieldPath::new(field), detail);
                }
            }
        }
        _ => {}
    }
}

/// `immutable: true` cannot be taken back, and freezes the data.
fn frozen(old: &Value, new: &Value, fields: &[&'static str], errors: &mut ErrorList) {
    if object::bool_at(old, "immutable") != Some(true) {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if object::bool_at(new, "immutable") != Some(true) {
        errors.forbidden(&FieldPath::new("immutable"), detail);
    }
    let of = |object: &Value, field: &str| object.get(field).and_then(Value::as_object).filter(|m| !m.is_empty()).cloned();
    for field in fields.iter().filter(|field| of(old, field) != of(new, field)) {
        errors.forbidden(&FieldPath::new(field), detail);
    }
}

fn selector(old: &Value, new: &Value, errors: &mut ErrorList) {
    let of = |object| object::at(object, "spec.selector").cloned().unwrap_or(Value::Null);
    if pruned(&of(old)) != pruned(&of(new)) {
        let shown = internal::compact(&of(new), "*LabelSelector");
        errors.push(FieldError::invalid(&FieldPath::new("spec.selector"), shown, "field is immutable").bare());
    }
}

fn stateful_set(old: &Value, new: &Value, errors: &mut ErrorList) {
    const MAY_CHANGE: [&str; 7] =
        ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];
    let rest = |object| {
        let mut spec = spec_of(object);
        for field in MAY_CHANGE {
            object::remove(&mut spec, field);
        }
        for claim in spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut).into_iter().flatten() {
            object::remove(claim, "status");
        }
        pruned(&spec)
    };
    if rest(old) != rest(new) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errors.forbidden(&FieldPath::new("spec"), detail);
    }
}

/// `ValidateJobSpecUpdate`
fn job(old: &Value, new: &Value, errors: &mut ErrorList) {
    let path = FieldPath::new("spec");
    let number = |job, field: &str| object::i64_at(job, &format!("spec.{field}"));
    let (before, after) = (number(old, "completions"), number(new, "completions"));
    if object::str_at(new, "spec.completionMode") != Some("Indexed") {
        immutable(old, new, "spec.completions", errors);
    } else if before != after && (after.is_none() || after != number(new, "parallelism")) {
        let value = after.map_or(Value::Null, Value::from);
        let detail = if after.is_none() { "field is immutable" } else { "can only be modified in tandem with spec.parallelism" };
        errors.invalid_at(&path, "completions", value, detail);
    }
    selector(old, new, errors);
    template(old, new, errors);
    immutable(old, new, "spec.completionMode", errors);
    immutable(old, new, "spec.podFailurePolicy", errors);
    immutable(old, new, "spec.backoffLimitPerIndex", errors);
    immutable(old, new, "spec.managedBy", errors);
    immutable(old, new, "spec.successPolicy", errors);
}

/// The template of a Job that is suspended and has never been started may still be told where its Pods go (`validatePodTemplateUpdate`).
fn template(old: &Value, new: &Value, errors: &mut ErrorList) {
    let of = |job| internal::template(object::at(job, "spec.template").unwrap_or(&Value::Null));
    let (mut before, after) = (of(old), of(new));
    let waiting = object::bool_at(old, "spec.suspend") == Some(true) && object::at(old, "status.startTime").is_none();
    if waiting {
        for field in ["labels", "annotations"] {
            restore(&after, &mut before, field);
        }
        for field in ["nodeSelector", "tolerations", "schedulingGates", "affinity"] {
            let (mut spec, from) = (spec_of(&before), spec_of(&after));
            restore(&from, &mut spec, field);
            before["spec"] = spec;
        }
    }
    if !same(&before, &after, "PodTemplate") {
        let shown = internal::compact(&after, "PodTemplate");
        errors.push(FieldError::invalid(&FieldPath::new("spec.template"), shown, "field is immutable").bare());
    }
}

/// A PUT without the addresses that the server gave keeps them (`patchAllocatedValues`, `normalizeClusterIPs`).
pub fn keep_addresses(old: &Value, new: &mut Value) {
    let kind = |service: &Value| object::str_at(service, "spec.type").unwrap_or("ClusterIP").to_owned();
    if kind(old) == "ExternalName" || kind(new) == "ExternalName" || !new.get("spec").is_some_and(Value::is_object) {
        return;
    }
    let ip = |service: &Value| object::str_at(service, "spec.clusterIP").unwrap_or("").to_owned();
    let (had, mut has) = (ip(old), ip(new));
    let listed = |service: &Value| object::list_at(service, "spec.clusterIPs").to_vec();
    if has.is_empty() && listed(new).is_empty() {
        object::set(new, "spec.clusterIP", Value::from(had.as_str()));
        has = had.clone();
    }
    // Only one of the two was changed: the other follows.
    if has != had && (listed(new) == listed(old) || listed(new).is_empty()) {
        object::set(new, "spec.clusterIPs", Value::from(vec![Value::from(has)]));
    } else if listed(new).is_empty() {
        object::set(new, "spec.clusterIPs", Value::from(listed(old)));
    }
    for field in ["ipFamilies", "ipFamilyPolicy"] {
        if let Some(value) = object::at(old, &format!("spec.{field}")).filter(|_| new["spec"].get(field).is_none()) {
            new["spec"][field] = value.clone();
        }
    }
}

/// `validateUpgradeDowngradeClusterIPs` and its neighbours.
fn service(old: &Value, new: &Value, errors: &mut ErrorList) {
    let kind = |service| object::str_at(service, "spec.type").unwrap_or("ClusterIP");
    if kind(old) == "ExternalName" || kind(new) == "ExternalName" {
        return;
    }
    let headless = |service| object::str_at(service, "spec.clusterIP") == Some("None");
    let lists: &[(&str, &str)] = match (headless(old), headless(new)) {
        (true, true) => &[],
        (false, false) => &[("clusterIPs", "primary clusterIP can not be unset"), ("ipFamilies", "primary ipFamily can not be unset")],
        _ => &[("clusterIPs", "primary clusterIP can not be unset")],
    };
    for (field, unset) in lists {
        let at = format!("spec.{field}");
        let (before, after) = (object::list_at(old, &at), object::list_at(new, &at));
        let path = FieldPath::root().name(&at);
        let mut refuse = |index: usize, detail: &str| errors.invalid(&path.index(index), after.to_vec(), detail);
        if !before.is_empty() && after.is_empty() {
            refuse(0, unset);
        }
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            if before != after {
                refuse(if *field == "ipFamilies" { 0 } else { index }, "may not change once set");
            }
        }
    }
    let health = |service| {
        let local = object::str_at(service, "spec.externalTrafficPolicy") == Some("Local");
        object::i64_at(service, "spec.healthCheckNodePort").filter(|_| kind(service) == "LoadBalancer" && local)
    };
    if health(old).is_some() && health(new).is_some() && health(old) != health(new) {
        errors.forbidden(&FieldPath::new("spec.healthCheckNodePort"), "field is immutable");
    }
    let policy = |service| object::str_at(service, "spec.ipFamilyPolicy");
    if policy(new) == Some("RequireDualStack") && policy(old) != policy(new) && !headless(new) {
        let detail = "this cluster is not configured for dual-stack services";
        errors.invalid(&FieldPath::new("spec.ipFamilyPolicy"), "RequireDualStack", detail);
    }
    let class = |service| object::str_at(service, "spec.loadBalancerClass");
    if kind(old) == "LoadBalancer" && kind(new) == "LoadBalancer" && class(old) != class(new) {
        let value = class(new).map_or(Value::Null, Value::from);
        errors.invalid(&FieldPath::new("spec.loadBalancerClass"), value, "may not change once set");
    }
}

/// `ValidatePersistentVolumeClaimUpdate`
fn claim(old: &Value, new: &Value, errors: &mut ErrorList) {
    let (mut before, mut after) = (spec_of(old), spec_of(new));
    let size = |spec: &Value| object::str_at(spec, "resources.requests.storage").and_then(Quantity::parse).unwrap_or_default();
    let (had, wants) = (size(&before), size(&after));
    if object::str_at(&before, "volumeName").unwrap_or("").is_empty() {
        restore(&after, &mut before, "volumeName");
    }
    if object::str_at(new, "status.phase") == Some("Bound")
        && let Some(storage) = object::at(&before, "resources.requests.storage").cloned()
    {
        object::set(&mut after, "resources.requests.storage", storage);
        restore(&before, &mut after, "volumeAttributesClassName");
    }
    // A claim without a class may be given one (`validateStorageClassUpgradeFromNil`).
    if object::str_at(&before, "storageClassName").is_none() {
        restore(&after, &mut before, "storageClassName");
    }
    if !same(&before, &after, "ClaimSpec") {
        let hunks = shown_difference(&before, &after, "ClaimSpec");
        let detail = format!("spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{hunks}");
        errors.forbidden(&FieldPath::new("spec"), detail);
    }
    let capacity = object::str_at(old, "status.capacity.storage").and_then(Quantity::parse).unwrap_or_default();
    if wants < had && wants <= capacity {
        let path = FieldPath::new("spec.resources.requests.storage");
        errors.forbidden(&path, "field can not be less than status.capacity");
    }
    let mode = |claim| object::str_at(claim, "spec.volumeMode");
    if mode(old) != mode(new) {
        errors.invalid(&FieldPath::new("volumeMode"), mode(new).map_or(Value::Null, Value::from), "field is immutable");
    }
}

/// `ValidatePersistentVolumeUpdate`
fn volume(old: &Value, new: &Value, errors: &mut ErrorList) {
    const OTHERS: [&str; 9] = [
        "capacity",
        "accessModes",
        "claimRef",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "mountOptions",
        "volumeMode",
        "nodeAffinity",
        "volumeAttributesClassName",
    ];
    let source = |volume| {
        let mut spec = spec_of(volume);
        for field in OTHERS {
            object::remove(&mut spec, field);
        }
        pruned(&spec)
    };
    if source(old) != source(new) {
        let path = FieldPath::new("spec.persistentvolumesource");
        errors.forbidden(&path, "spec.persistentvolumesource is immutable after creation");
    }
    let mode = |volume| object::str_at(volume, "spec.volumeMode");
    if mode(old) != mode(new) {
        errors.invalid(&FieldPath::new("volumeMode"), mode(new).map_or(Value::Null, Value::from), "field is immutable");
    }
    if object::at(old, "spec.nodeAffinity").is_some() {
        let of = |volume| object::at(volume, "spec.nodeAffinity").cloned().unwrap_or(Value::Null);
        if of(old) != of(new) {
            let shown = internal::compact(&of(new), "*VolumeAffinity");
            let detail = "field is immutable, except for updating from beta label to GA";
            errors.push(FieldError::invalid(&FieldPath::new("nodeAffinity"), shown, detail).bare());
        }
    }
}

/// `ValidateNodeUpdate`
fn node(old: &Value, new: &Value, errors: &mut ErrorList) {
    for (field, shown) in [("podCIDRs", "podCIDR"), ("providerID", "providerID")] {
        let of = |node| object::at(node, &format!("spec.{field}")).filter(|v| !v.is_null() && v.as_str() != Some(""));
        if of(old).is_some() && of(old) != of(new) {
            let detail = format!("node updates may not change {shown} except from \"\" to valid");
            errors.forbidden_at(&FieldPath::new("spec"), field, detail);
        }
    }
}
