//! Validation of the kinds that keep Pods running: Deployment, ReplicaSet, ReplicationController, DaemonSet, StatefulSet.
//!
//! Models `pkg/apis/apps/validation/validation.go`.

use super::{annotation, meta, not_negative, one_of, pod};
use crate::api::{Selector, Value, json, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// `replaces`: the object takes the place of another, whose unchangeable parts are let be.
pub fn workload(object: &Value, kind: &str, replaces: bool, errors: &mut ErrorList) {
    let (spec, path) = (object.get("spec").unwrap_or(&Value::Null), &FieldPath::new("spec"));
    match kind {
        "Deployment" => {
            not_negative(spec, "replicas", path, errors);
            selector(spec, "deployment", path, errors);
            template(spec, path, errors);
            strategy(spec, path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            not_negative(spec, "revisionHistoryLimit", path, errors);
            rollback(object, errors);
            not_negative(spec, "progressDeadlineSeconds", path, errors);
            let deadline = object::i64_at(spec, "progressDeadlineSeconds");
            if deadline.is_some_and(|d| d <= object::i64_at(spec, "minReadySeconds").unwrap_or(0)) {
                errors.invalid_at(path, "progressDeadlineSeconds", deadline.unwrap_or(0), "must be greater than minReadySeconds");
            }
        }
        "ReplicaSet" => {
            not_negative(spec, "replicas", path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            selector(spec, "deployment", path, errors);
            template(spec, path, errors);
        }
        "ReplicationController" => {
            not_negative(spec, "minReadySeconds", path, errors);
            if object::map_at(spec, "selector").is_none_or(|s| s.is_empty()) {
                errors.required_at(path, "selector", "");
            }
            not_negative(spec, "replicas", path, errors);
            controller_template(spec, path, errors);
        }
        "DaemonSet" => daemon_set(spec, path, errors),
        _ => stateful_set(spec, replaces, path, errors),
    }
}

fn daemon_set(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let at = path.child("selector");
    let selector = spec.get("selector").filter(|s| !s.is_null());
    if let Some(selector) = selector {
        meta::label_selector(selector, &at, errors);
    }
    if !is_broken(selector) {
        matches_template(selector, spec.get("template").unwrap_or(&Value::Null), &path.child("template"), errors);
    }
    if let Some(selector) = selector.filter(|s| is_empty(s)) {
        errors.push(meta::invalid_selector(&at, selector, "empty selector is invalid for daemonset"));
    }
    let template = spec.get("template").unwrap_or(&Value::Null);
    pod_template(template, &path.child("template"), errors);
    runs_always(template, "DaemonSet", &path.child("template"), errors);
    not_negative(spec, "minReadySeconds", path, errors);
    let kind = object::str_at(spec, "updateStrategy.type").unwrap_or("");
    let at = path.child("updateStrategy");
    match kind {
        "OnDelete" => {}
        "RollingUpdate" => {
            let at = at.child("rollingUpdate");
            let get = |field: &str| object::at(spec, &format!("updateStrategy.rollingUpdate.{field}"));
            for field in ["maxUnavailable", "maxSurge"] {
                int_or_percent(get(field), &at.child(field), errors);
            }
            for field in ["maxUnavailable", "maxSurge"] {
                not_above_100_percent(get(field), &at.child(field), errors);
            }
            match (amount(get("maxUnavailable")), amount(get("maxSurge"))) {
                (0, 0) => errors.required_at(&at, "maxUnavailable", "cannot be 0 when maxSurge is 0"),
                (0, _) | (_, 0) => {}
                _ => {
                    let surge = get("maxSurge").cloned().unwrap_or(Value::Null);
                    errors.invalid_at(&at, "maxSurge", surge, "may not be set when maxUnavailable is non-zero");
                }
            }
        }
        _ => errors.push(unknown_strategy(&at, &spec["updateStrategy"], &["RollingUpdate", "OnDelete"])),
    }
    not_negative(spec, "revisionHistoryLimit", path, errors);
}

/// A field of older versions lives on as an annotation.
fn rollback(deployment: &Value, errors: &mut ErrorList) {
    let annotation = object::annotations(deployment).and_then(|a| a.get("deprecated.deployment.rollback.to"));
    if let Some(revision) = annotation.and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok()).filter(|r| *r < 0) {
        errors.invalid(&FieldPath::new("spec.rollback.version"), revision, "must be greater than or equal to 0");
    }
}

/// `ValidateStatefulSetSpec`
fn stateful_set(spec: &Value, replaces: bool, path: &FieldPath, errors: &mut ErrorList) {
    match object::str_at(spec, "podManagementPolicy").unwrap_or("") {
        "OrderedReady" | "Parallel" => {}
        policy => errors.invalid_at(path, "podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"),
    }
    let at = path.child("updateStrategy");
    let rolling = object::at(spec, "updateStrategy.rollingUpdate").filter(|r| !r.is_null());
    match object::str_at(spec, "updateStrategy.type").unwrap_or("") {
        "OnDelete" => {
            if let Some(rolling) = rolling {
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                errors.push(FieldError::invalid(&at.child("rollingUpdate"), shown_partition(rolling), detail).bare());
            }
        }
        "RollingUpdate" => {
            if let Some(rolling) = rolling {
                not_negative(rolling, "partition", &at.child("rollingUpdate"), errors);
            }
        }
        kind => {
            let shown = format!("{{\"Type\":{kind:?},\"RollingUpdate\":{}}}", rolling.map_or("null".into(), shown_partition));
            errors.push(FieldError::invalid(&at, shown, "must be 'RollingUpdate' or 'OnDelete'").bare());
        }
    }
    for field in ["whenDeleted", "whenScaled"] {
        let policy = object::str_at(spec, &format!("persistentVolumeClaimRetentionPolicy.{field}")).unwrap_or("Retain");
        one_of(policy, &["Retain", "Delete"], &path.child("persistentVolumeClaimRetentionPolicy").child(field), errors);
    }
    let claims = object::list_at(spec, "volumeClaimTemplates");
    for (index, claim) in claims.iter().enumerate().filter(|_| !replaces) {
        let at = path.child("volumeClaimTemplates").index(index).child("spec");
        super::storage::claim_spec(claim.get("spec").unwrap_or(&Value::Null), &at, errors);
    }
    not_negative(spec, "replicas", path, errors);
    not_negative(spec, "minReadySeconds", path, errors);
    if let Some(ordinals) = spec.get("ordinals") {
        not_negative(ordinals, "start", &path.child("ordinals"), errors);
    }
    if let Some(service) = object::str_at(spec, "serviceName").filter(|service| !service.is_empty() && !replaces) {
        super::check_name(service, &path.child("serviceName"), errors);
    }
    selector(spec, "statefulset", path, errors);
    let selector = spec.get("selector").filter(|s| !s.is_null());
    let (template, at) = (spec.get("template").unwrap_or(&Value::Null), path.child("template"));
    if is_broken(selector) {
        errors.push(meta::invalid_selector(&path.child("selector"), &spec["selector"], ""));
    } else {
        if selector.is_none_or(|s| !is_empty(s)) {
            matches_template(selector, template, &at, errors);
        }
        pod_template(&of_stateful_set(template, claims), &at, errors);
        // Twice, in the server too.
        template_metadata(template, &at, errors);
    }
    runs_always(template, "StatefulSet", &at, errors);
}

fn shown_partition(rolling: &Value) -> String {
    // The other field belongs to a gate that is off.
    format!("{{\"Partition\":{},\"MaxUnavailable\":null}}", object::i64_at(rolling, "partition").unwrap_or(0))
}

/// The template as the controller will complete it: its own host names, the claims as the first volumes.
fn of_stateful_set(template: &Value, claims: &[Value]) -> Value {
    let mut whole = template.clone();
    let Some(spec) = whole.get_mut("spec").filter(|s| s.is_object()) else { return whole };
    for field in ["subdomain", "hostname"] {
        object::remove(spec, field);
    }
    let mut volumes: Vec<Value> = Vec::new();
    let there = |volumes: &[Value], name: &str| volumes.iter().any(|v| object::str_at(v, "name").unwrap_or("") == name);
    for name in claims.iter().map(object::name) {
        if !there(&volumes, name) {
            volumes.push(json!({"name": name, "persistentVolumeClaim": {"claimName": name}}));
        }
    }
    if !volumes.is_empty() {
        let own = object::list_at(spec, "volumes").iter().filter(|v| !there(&volumes, object::str_at(v, "name").unwrap_or("")));
        let own: Vec<Value> = own.cloned().collect();
        volumes.extend(own);
        object::set(spec, "volumes", Value::from(volumes));
    }
    whole
}

/// Go's own rendering of a strategy of an unknown type.
fn unknown_strategy(path: &FieldPath, strategy: &Value, known: &[&str]) -> FieldError {
    let kind = object::str_at(strategy, "type").unwrap_or("");
    let rolling = strategy.get("rollingUpdate").filter(|r| !r.is_null()).map_or_else(
        || "null".to_owned(),
        |rolling| {
            let of = |field: &str| rolling.get(field).filter(|f| !f.is_null()).unwrap_or(&Value::from(0)).to_string();
            format!("{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}", of("maxUnavailable"), of("maxSurge"))
        },
    );
    FieldError::not_supported(path, format!("{{\"Type\":{kind:?},\"RollingUpdate\":{rolling}}}"), known).bare()
}

/// Go's `getIntOrPercentValue`: what cannot be read counts as nothing.
fn amount(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('%').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|d| d.parse().ok()).unwrap_or(0)
        }
        Some(value) => value.as_i64().unwrap_or(0),
        None => 0,
    }
}

pub fn not_above_100_percent(value: Option<&Value>, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(text) = value.and_then(Value::as_str).filter(|text| text.ends_with('%'))
        && amount(value) > 100
    {
        errors.invalid(path, text, "must not be greater than 100%");
    }
}

/// A count, or a share in percent.
pub fn int_or_percent(value: Option<&Value>, path: &FieldPath, errors: &mut ErrorList) {
    match value {
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('%');
            if !digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
                let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                errors.invalid(path, text.as_str(), detail);
            }
        }
        Some(value) => {
            if let Some(number) = value.as_i64().filter(|n| *n < 0) {
                errors.invalid(path, number, "must be greater than or equal to 0");
            }
        }
        None => {}
    }
}

fn selector(spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("selector");
    match spec.get("selector").filter(|s| !s.is_null()) {
        None => errors.required(&path, ""),
        Some(selector) => {
            meta::label_selector(selector, &path, errors);
            if is_empty(selector) {
                errors.push(meta::invalid_selector(&path, selector, &format!("empty selector is invalid for {kind}")));
            }
        }
    }
}

/// Whether a `LabelSelector` asks for nothing.
fn is_empty(selector: &Value) -> bool {
    object::map_at(selector, "matchLabels").is_none_or(|l| l.is_empty()) && object::list_at(selector, "matchExpressions").is_empty()
}

/// Whether `LabelSelectorAsSelector` fails.
pub fn is_broken(selector: Option<&Value>) -> bool {
    selector.is_some_and(|selector| {
        let mut errors = ErrorList::new();
        meta::label_selector(selector, &FieldPath::root(), &mut errors);
        !errors.is_empty()
    })
}

/// No selector matches nothing.
pub fn matches_template(selector: Option<&Value>, template: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let labels = object::labels(template);
    if !selector.is_some_and(|s| Selector::from_value(s).matches(labels)) {
        let shown = labels.map_or(Value::Null, |l| Value::Object(l.clone()));
        errors.invalid_at(path, "metadata.labels", shown, "`selector` does not match template `labels`");
    }
}

/// `ValidatePodTemplateSpecForReplicaSet`, which Deployments use too.
fn template(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let selector = spec.get("selector").filter(|s| !s.is_null());
    if is_broken(selector) {
        errors.push(meta::invalid_selector(&path.child("selector"), &spec["selector"], "invalid label selector"));
        return;
    }
    let path = path.child("template");
    let template = spec.get("template").unwrap_or(&Value::Null);
    if selector.is_none_or(|s| !is_empty(s)) {
        matches_template(selector, template, &path, errors);
    }
    pod_template(template, &path, errors);
    runs_always(template, "ReplicaSet", &path, errors);
}

/// The same for a ReplicationController, whose selector is a plain map.
fn controller_template(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("template");
    let Some(template) = spec.get("template").filter(|t| !t.is_null()) else {
        errors.required(&path, "");
        return;
    };
    let labels = object::labels(template);
    let chosen = object::map_at(spec, "selector").map_or_else(Selector::default, Selector::from_map);
    if !chosen.is_empty() && !chosen.matches(labels) {
        let shown = labels.map_or(Value::Null, |l| Value::Object(l.clone()));
        errors.invalid_at(&path, "metadata.labels", shown, "`selector` does not match template `labels`");
    }
    pod_template(template, &path, errors);
    runs_always(template, "ReplicationController", &path, errors);
}

fn runs_always(template: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let policy = object::str_at(template, "spec.restartPolicy").unwrap_or("");
    if policy != "Always" {
        errors.not_supported_at(path, "spec.restartPolicy", policy, &["Always"]);
    }
    if object::i64_at(template, "spec.activeDeadlineSeconds").is_some() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.forbidden_at(path, "spec.activeDeadlineSeconds", detail);
    }
}

/// The paths of a template's labels and annotations leave out `metadata`, as in the server.
fn template_metadata(template: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    meta::labels(object::map_at(metadata, "labels"), &path.child("labels"), errors);
    let annotations = object::map_at(metadata, "annotations");
    meta::annotations(annotations, &path.child("annotations"), errors);
    if let Some(given) = annotations {
        annotation::values(given, template.get("spec").unwrap_or(&Value::Null), &path.child("annotations"), errors);
    }
}

/// `ValidatePodTemplateSpec`.
pub fn pod_template(template: &Value, path: &FieldPath, errors: &mut ErrorList) {
    template_metadata(template, path, errors);
    let spec = template.get("spec").unwrap_or(&Value::Null);
    pod::pod_spec(spec, None, &path.child("spec"), errors);
    if let Some(given) = object::annotations(template) {
        annotation::against_fields(given, spec, &path.child("spec"), errors);
    }
    if !object::list_at(spec, "ephemeralContainers").is_empty() {
        errors.forbidden_at(path, "spec.ephemeralContainers", "ephemeral containers not allowed in pod template");
    }
}

fn strategy(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("strategy");
    match object::str_at(spec, "strategy.type").unwrap_or("") {
        "Recreate" => {
            if object::at(spec, "strategy.rollingUpdate").is_some_and(|r| !r.is_null()) {
                errors.forbidden_at(&path, "rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
            }
        }
        "RollingUpdate" => {
            for field in ["maxUnavailable", "maxSurge"] {
                let value = object::at(spec, &format!("strategy.rollingUpdate.{field}"));
                int_or_percent(value, &path.child("rollingUpdate").child(field), errors);
            }
            let get = |field: &str| object::at(spec, &format!("strategy.rollingUpdate.{field}"));
            let at = path.child("rollingUpdate.maxUnavailable");
            if amount(get("maxUnavailable")) == 0 && amount(get("maxSurge")) == 0 {
                let value = get("maxUnavailable").cloned().unwrap_or(Value::Null);
                errors.invalid(&at, value, "may not be 0 when `maxSurge` is 0");
            }
            not_above_100_percent(get("maxUnavailable"), &at, errors);
        }
        _ => errors.push(unknown_strategy(&path, &spec["strategy"], &["Recreate", "RollingUpdate"])),
    }
}
