//! Validation of the kinds that make Pods: Deployment, ReplicaSet, DaemonSet, StatefulSet, Job, CronJob.

use super::{meta, not_negative, one_of, pod};
use crate::api::{Selector, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn workload(kind: &str, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    match kind {
        "Deployment" => {
            not_negative(spec, "replicas", path, errors);
            selector(spec, path, errors);
            template(spec, path, errors);
            strategy(spec, path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            not_negative(spec, "revisionHistoryLimit", path, errors);
            not_negative(spec, "progressDeadlineSeconds", path, errors);
            let deadline = object::i64_at(spec, "progressDeadlineSeconds");
            if deadline.is_some_and(|d| d <= object::i64_at(spec, "minReadySeconds").unwrap_or(0)) {
                errors.push(FieldError::invalid(
                    &path.child("progressDeadlineSeconds"),
                    deadline.unwrap_or(0),
                    "must be greater than minReadySeconds",
                ));
            }
        }
        "ReplicaSet" => {
            not_negative(spec, "replicas", path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            selector(spec, path, errors);
            template(spec, path, errors);
        }
        "ReplicationController" => {
            not_negative(spec, "minReadySeconds", path, errors);
            if object::map_at(spec, "selector").is_none_or(|s| s.is_empty()) {
                errors.push(FieldError::required(&path.child("selector"), ""));
            }
            not_negative(spec, "replicas", path, errors);
            template(spec, path, errors);
        }
        "DaemonSet" => {
            selector(spec, path, errors);
            template(spec, path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            let kind = object::str_at(spec, "updateStrategy.type").unwrap_or("");
            let at = path.child("updateStrategy");
            if !matches!(kind, "RollingUpdate" | "OnDelete") {
                errors.push(unknown_strategy(&at, kind, &["RollingUpdate", "OnDelete"]));
            } else if kind == "RollingUpdate" {
                let zero = |field: &str| object::at(spec, &format!("updateStrategy.rollingUpdate.{field}")).is_some_and(is_zero);
                if zero("maxUnavailable") && zero("maxSurge") {
                    errors.push(FieldError::required(&at.child("rollingUpdate.maxUnavailable"), "cannot be 0 when maxSurge is 0"));
                }
            }
            not_negative(spec, "revisionHistoryLimit", path, errors);
        }
        _ => {
            let policy = object::str_at(spec, "podManagementPolicy").unwrap_or("");
            let at = path.child("podManagementPolicy");
            if !matches!(policy, "OrderedReady" | "Parallel") {
                errors.push(FieldError::invalid(&at, policy, "must be 'OrderedReady' or 'Parallel'"));
            }
            let kind = object::str_at(spec, "updateStrategy.type").unwrap_or("");
            if !matches!(kind, "RollingUpdate" | "OnDelete") {
                errors.push(FieldError::invalid(
                    &path.child("updateStrategy"),
                    spec["updateStrategy"].clone(),
                    "must be 'RollingUpdate' or 'OnDelete'",
                ));
            }
            for (parent, field) in [("updateStrategy.rollingUpdate", "partition"), ("ordinals", "start")] {
                if let Some(parent_value) = object::at(spec, parent) {
                    not_negative(parent_value, field, &path.child(parent), errors);
                }
            }
            not_negative(spec, "replicas", path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            selector(spec, path, errors);
            template_of(spec, false, path, errors);
        }
    }
}

/// Go's own rendering of a strategy without parameters.
fn unknown_strategy(path: &FieldPath, kind: &str, known: &[&str]) -> FieldError {
    FieldError::not_supported(path, format!("{{\"Type\":{kind:?},\"RollingUpdate\":null}}"), known).bare()
}

fn is_zero(value: &Value) -> bool {
    value.as_i64() == Some(0) || value.as_str() == Some("0%")
}

/// A count, or a share in percent.
fn int_or_percent(value: Option<&Value>, path: &FieldPath, errors: &mut ErrorList) {
    match value {
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('%');
            if !digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
                let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                errors.push(FieldError::invalid(path, text.as_str(), detail));
            }
        }
        Some(value) => {
            if let Some(number) = value.as_i64().filter(|n| *n < 0) {
                errors.push(FieldError::invalid(path, number, "must be greater than or equal to 0"));
            }
        }
        None => {}
    }
}

fn selector(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("selector");
    match spec.get("selector").filter(|s| !s.is_null()) {
        None => errors.push(FieldError::required(&path, "")),
        Some(selector) => {
            meta::label_selector(selector, &path, errors);
            if Selector::from_value(selector).is_empty() {
                errors.push(FieldError::invalid(&path, selector.clone(), "empty selector is invalid for deployment"));
            }
        }
    }
}

fn template(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    template_of(spec, true, path, errors);
}

/// A StatefulSet's Pod spec is not looked at before there are Pods: its claims will be volumes only then.
fn template_of(spec: &Value, whole: bool, path: &FieldPath, errors: &mut ErrorList) {
    let broken = object::list_at(spec, "selector.matchExpressions").iter().any(|e| {
        let empty = object::list_at(e, "values").is_empty();
        match object::str_at(e, "operator").unwrap_or("") {
            "In" | "NotIn" => empty,
            "Exists" | "DoesNotExist" => !empty,
            _ => true,
        }
    });
    if broken {
        errors.push(FieldError::invalid(&path.child("selector"), spec["selector"].clone(), "invalid label selector"));
        return;
    }
    let path = path.child("template");
    let template = spec.get("template").unwrap_or(&Value::Null);
    let labels = object::labels(template);
    if let Some(selector) = spec.get("selector").filter(|s| !s.is_null()) {
        let chosen = if selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some() {
            Selector::from_value(selector)
        } else {
            selector.as_object().map_or_else(Selector::default, Selector::from_map)
        };
        if !chosen.is_empty() && !chosen.matches(labels) {
            let shown = labels.map_or(Value::Null, |l| Value::Object(l.clone()));
            errors.push(FieldError::invalid(&path.child("metadata").child("labels"), shown, "`selector` does not match template `labels`"));
        }
    }
    if whole {
        pod_template(template, &path, errors);
    }
    let policy = object::str_at(template, "spec.restartPolicy").unwrap_or("");
    if policy != "Always" {
        errors.push(FieldError::not_supported(&path.child("spec").child("restartPolicy"), policy, &["Always"]));
    }
    if object::i64_at(template, "spec.activeDeadlineSeconds").is_some() {
        errors
            .push(FieldError::forbidden(&path.child("spec").child("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported"));
    }
}

fn pod_template(template: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    meta::labels(object::map_at(metadata, "labels"), &path.child("metadata").child("labels").clone(), errors);
    meta::annotations(object::map_at(metadata, "annotations"), &path.child("metadata").child("annotations"), errors);
    pod::pod_spec(template.get("spec").unwrap_or(&Value::Null), &path.child("spec"), errors);
}

fn strategy(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("strategy");
    match object::str_at(spec, "strategy.type").unwrap_or("") {
        "Recreate" => {
            if object::at(spec, "strategy.rollingUpdate").is_some_and(|r| !r.is_null()) {
                errors.push(FieldError::forbidden(&path.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'"));
            }
        }
        "RollingUpdate" => {
            for field in ["maxUnavailable", "maxSurge"] {
                let value = object::at(spec, &format!("strategy.rollingUpdate.{field}"));
                int_or_percent(value, &path.child("rollingUpdate").child(field), errors);
            }
            let zero = |field: &str| object::at(spec, &format!("strategy.rollingUpdate.{field}")).is_some_and(is_zero);
            if zero("maxUnavailable") && zero("maxSurge") {
                let value = object::at(spec, "strategy.rollingUpdate.maxUnavailable").cloned().unwrap_or(Value::Null);
                let at = path.child("rollingUpdate").child("maxUnavailable");
                errors.push(FieldError::invalid(&at, value, "may not be 0 when `maxSurge` is 0"));
            }
        }
        other => errors.push(unknown_strategy(&path, other, &["Recreate", "RollingUpdate"])),
    }
}

pub fn job(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"] {
        not_negative(spec, field, path, errors);
    }
    if let Some(mode) = object::str_at(spec, "completionMode").filter(|m| !m.is_empty()) {
        one_of(mode, &["NonIndexed", "Indexed"], &path.child("completionMode"), errors);
        if mode == "Indexed" && object::i64_at(spec, "completions").is_none() {
            errors.push(FieldError::required(&path.child("completions"), "when completion mode is Indexed"));
        }
    }
    if object::bool_at(spec, "manualSelector") == Some(true) {
        let chosen = spec.get("selector").map(Selector::from_value).unwrap_or_default();
        let labels = object::map_at(spec, "template.metadata.labels");
        if !chosen.is_empty() && !chosen.matches(labels) {
            let shown = labels.map_or(Value::Null, |l| Value::Object(l.clone()));
            errors.push(FieldError::invalid(&path.child("template.metadata.labels"), shown, "`selector` does not match template `labels`"));
        }
    }
    job_template(spec, path, errors);
}

fn job_template(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let template = spec.get("template").unwrap_or(&Value::Null);
    let path = path.child("template");
    pod_template(template, &path, errors);
    let policy = object::str_at(template, "spec.restartPolicy").unwrap_or("");
    if !matches!(policy, "OnFailure" | "Never") && matches!(policy, "Always") {
        let path = path.child("spec").child("restartPolicy");
        if policy == "Always" {
            errors.push(FieldError::required(&path, "valid values: \"OnFailure\", \"Never\""));
        } else {
            errors.push(FieldError::not_supported(&path, policy, &["OnFailure", "Never"]));
        }
    }
}

pub fn cron_job(object: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if object::name(object).len() > 52 {
        errors.push(FieldError::invalid(&FieldPath::new("metadata").child("name"), object::name(object), "must be no more than 52 characters"));
    }
    let schedule = object::str_at(spec, "schedule").unwrap_or("");
    if schedule.is_empty() {
        errors.push(FieldError::required(&path.child("schedule"), ""));
    } else if !schedule.starts_with('@') && schedule.split_whitespace().count() != 5 {
        let count = schedule.split_whitespace().count();
        let fields = schedule.split_whitespace().collect::<Vec<_>>().join(" ");
        errors.push(FieldError::invalid(&path.child("schedule"), schedule, format!("expected exactly 5 fields, found {count}: [{fields}]")));
    }
    const DESCRIPTORS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if schedule.starts_with('@') && !schedule.starts_with("@every ") && !DESCRIPTORS.contains(&schedule) {
        errors.push(FieldError::invalid(&path.child("schedule"), schedule, format!("unrecognized descriptor: {schedule}")));
    }
    if let Some(zone) = object::str_at(spec, "timeZone") {
        if zone.is_empty() {
            errors.push(FieldError::invalid(&path.child("timeZone"), zone, "timeZone must be nil or non-empty string"));
        } else if !is_time_zone(zone) {
            errors.push(FieldError::invalid(&path.child("timeZone"), zone, format!("unknown time zone {zone}")));
        }
    }
    not_negative(spec, "startingDeadlineSeconds", path, errors);
    let policy = object::str_at(spec, "concurrencyPolicy").unwrap_or("");
    one_of(policy, &["Allow", "Forbid", "Replace"], &path.child("concurrencyPolicy"), errors);
    let template = path.child("jobTemplate").child("spec");
    if let Some(job_spec) = object::at(spec, "jobTemplate.spec") {
        job(job_spec, &template, errors);
    }
    not_negative(spec, "successfulJobsHistoryLimit", path, errors);
    not_negative(spec, "failedJobsHistoryLimit", path, errors);
}

/// Whether a name has the shape of the time zone database: its table is too large to carry, its regions are not.
fn is_time_zone(zone: &str) -> bool {
    const REGIONS: [&str; 13] =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "Etc", "US", "Canada"];
    match zone.split_once('/') {
        Some((region, city)) => REGIONS.contains(&region) && city.starts_with(|c: char| c.is_ascii_uppercase()),
        None => zone.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '+') && zone.starts_with(|c: char| c.is_ascii_uppercase()),
    }
}
