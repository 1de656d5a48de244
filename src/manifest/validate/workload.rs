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
            one_of(kind, &["RollingUpdate", "OnDelete"], &path.child("updateStrategy").child("type"), errors);
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
            not_negative(spec, "replicas", path, errors);
            not_negative(spec, "minReadySeconds", path, errors);
            selector(spec, path, errors);
            template(spec, path, errors);
        }
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
    pod_template(template, &path, errors);
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
            let zero = |field: &str| {
                let value = object::at(spec, &format!("strategy.rollingUpdate.{field}"));
                value.is_some_and(|v| v.as_i64() == Some(0) || v.as_str() == Some("0%"))
            };
            if zero("maxUnavailable") && zero("maxSurge") {
                let value = object::at(spec, "strategy.rollingUpdate.maxUnavailable").cloned().unwrap_or(Value::Null);
                let at = path.child("rollingUpdate").child("maxUnavailable");
                errors.push(FieldError::invalid(&at, value, "may not be 0 when `maxSurge` is 0"));
            }
        }
        other => errors.push(FieldError::not_supported(&path.child("type"), other, &["Recreate", "RollingUpdate"])),
    }
}

pub fn job(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"] {
        not_negative(spec, field, path, errors);
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
