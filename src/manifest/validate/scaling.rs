//! Validation of what keeps the number of Pods in bounds: HorizontalPodAutoscalers and PodDisruptionBudgets.
//!
//! Models `pkg/apis/{autoscaling,policy}/validation/validation.go`.

use super::workload::{int_or_percent, not_above_100_percent};
use super::{meta, metrics, names, one_of};
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// `ValidatePodDisruptionBudgetSpec`
pub fn disruption_budget(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let there = |field: &str| spec.get(field).filter(|f| !f.is_null());
    if there("minAvailable").is_some() && there("maxUnavailable").is_some() {
        let shown = crate::manifest::update::internal::compact_on_create(spec, "DisruptionSpec");
        errors.push(FieldError::invalid(path, shown, "minAvailable and maxUnavailable cannot be both set").bare());
    }
    for field in ["minAvailable", "maxUnavailable"] {
        let (value, path) = (there(field), path.child(field));
        int_or_percent(value, &path, errors);
        not_above_100_percent(value, &path, errors);
    }
    meta::label_selector(spec.get("selector").unwrap_or(&Value::Null), &path.child("selector"), errors);
    if let Some(policy) = object::str_at(spec, "unhealthyPodEvictionPolicy") {
        one_of(policy, &["AlwaysAllow", "IfHealthyBudget"], &path.child("unhealthyPodEvictionPolicy"), errors);
    }
}

/// `validateHorizontalPodAutoscalerSpec`
pub fn autoscaler(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let number = |field: &str| object::i64_at(spec, field);
    let (least, most) = (number("minReplicas"), number("maxReplicas").unwrap_or(0));
    if let Some(least) = least.filter(|least| *least < 1) {
        errors.invalid_at(path, "minReplicas", least, "must be greater than or equal to 1");
    }
    let at = path.child("maxReplicas");
    match most {
        0 => errors.required(&at, "must be set and greater than 0"),
        most if most < 0 => errors.invalid(&at, most, "must be greater than or equal to 1"),
        _ => {}
    }
    if least.is_some_and(|least| most < least) {
        errors.invalid(&at, most, "must be greater than or equal to `minReplicas`");
    }
    // The only kind of the core group that scales (`validationOptionsForHorizontalPodAutoscaler`).
    let core = object::str_at(spec, "scaleTargetRef.kind") == Some("ReplicationController");
    reference(spec.get("scaleTargetRef").unwrap_or(&Value::Null), &path.child("scaleTargetRef"), core, errors);
    for (index, metric) in object::list_at(spec, "metrics").iter().enumerate() {
        metrics::metric(metric, &path.child("metrics").index(index), errors);
    }
    let outside = |m: &Value| matches!(object::str_at(m, "type"), Some("Object" | "External"));
    if least == Some(0) && !object::list_at(spec, "metrics").iter().any(outside) {
        let detail = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.forbidden_at(path, "metrics", detail);
    }
    for field in ["scaleUp", "scaleDown"] {
        if let Some(rules) = object::at(spec, &format!("behavior.{field}")).filter(|r| !r.is_null()) {
            scaling_rules(rules, &path.child("behavior").child(field), errors);
        }
    }
}

/// `ValidateCrossVersionObjectReference`. The core group may be meant only where a group may be left out.
pub fn reference(target: &Value, path: &FieldPath, core: bool, errors: &mut ErrorList) {
    for field in ["kind", "name"] {
        super::name_errors(object::str_at(target, field).unwrap_or(""), names::path_segment, &path.child(field), errors);
    }
    let version = object::str_at(target, "apiVersion").unwrap_or("");
    let without_group = || (!core).then(|| "apiVersion must specify API group".to_owned());
    let why = match version.matches('/').count() {
        0 => without_group(),
        1 if version.starts_with('/') => without_group(),
        1 => None,
        _ => Some(format!("unexpected GroupVersion string: {version}")),
    };
    if let Some(why) = why {
        errors.invalid_at(path, "apiVersion", version, why);
    }
}

fn scaling_rules(rules: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const LONGEST_WINDOW: i64 = 3600;
    const LONGEST_PERIOD: i64 = 1800;
    if let Some(seconds) = object::i64_at(rules, "stabilizationWindowSeconds") {
        let mut wrong = |detail: String| errors.invalid_at(path, "stabilizationWindowSeconds", seconds, detail);
        if seconds < 0 {
            wrong("must be greater than or equal to zero".into());
        }
        if seconds > LONGEST_WINDOW {
            wrong(format!("must be less than or equal to {LONGEST_WINDOW}"));
        }
    }
    if let Some(policy) = object::str_at(rules, "selectPolicy") {
        one_of(policy, &["Disabled", "Max", "Min"], &path.child("selectPolicy"), errors);
    }
    let (at, policies) = (path.child("policies"), object::list_at(rules, "policies"));
    if policies.is_empty() {
        errors.required(&at, "must specify at least one Policy");
    }
    for (index, policy) in policies.iter().enumerate() {
        let path = at.index(index);
        one_of(object::str_at(policy, "type").unwrap_or(""), &["Percent", "Pods"], &path.child("type"), errors);
        for field in ["value", "periodSeconds"] {
            let number = object::i64_at(policy, field).unwrap_or(0);
            if number <= 0 {
                errors.invalid_at(&path, field, number, "must be greater than zero");
            }
            if field == "periodSeconds" && number > LONGEST_PERIOD {
                errors.invalid_at(&path, field, number, format!("must be less than or equal to {LONGEST_PERIOD}"));
            }
        }
    }
    super::amount_not_negative(rules, "tolerance", path, errors);
}
