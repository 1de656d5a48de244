//! Validation of what a HorizontalPodAutoscaler scales by.
//!
//! Models `validateMetricSpec` and what it calls in `pkg/apis/autoscaling/validation/validation.go`.

use super::{names, resources, scaling};
use crate::api::{Quantity, Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

/// The types of sources with their fields, in the order in which messages list them.
const SOURCES: [(&str, &str); 5] =
    [("ContainerResource", "containerResource"), ("External", "external"), ("Object", "object"), ("Pods", "pods"), ("Resource", "resource")];

/// A metric names its source and has it, and no other one.
pub fn metric(metric: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let kind = object::str_at(metric, "type").unwrap_or("");
    let expected = SOURCES.iter().find(|(name, _)| *name == kind).map(|(_, field)| *field);
    if kind.is_empty() {
        errors.required_at(path, "type", "must specify a metric source type");
    }
    if expected.is_none() {
        errors.not_supported_at(path, "type", kind, &SOURCES.map(|(name, _)| name));
    }
    // Of several sources only the first of this order is looked into.
    let there = |field: &&'static str| metric.get(*field).is_some_and(|source| !source.is_null());
    let present: Vec<&'static str> = ["object", "external", "pods", "resource", "containerResource"].into_iter().filter(there).collect();
    if let Some(first) = present.first() {
        source(&metric[*first], first, &path.child(first), errors);
    }
    match expected {
        Some(field) if !present.contains(&field) => errors.required_at(path, field, "must populate information for the given metric source"),
        Some(_) => {}
        // The API server says it a second time; equal errors are one in the end.
        None => errors.not_supported_at(path, "type", kind, &SOURCES.map(|(name, _)| name)),
    }
    if present.len() > 1 {
        for field in present.into_iter().filter(|field| Some(*field) != expected) {
            errors.forbidden_at(path, field, "must populate the given metric source only");
        }
    }
}

fn source(source: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let text = |field: &str| object::str_at(source, field).unwrap_or("");
    match kind {
        "object" => {
            let described = source.get("describedObject").unwrap_or(&Value::Null);
            scaling::reference(described, &path.child("describedObject"), true, errors);
        }
        "resource" | "containerResource" => {
            let name = text("name");
            if name.is_empty() {
                errors.required_at(path, "name", "must specify a resource name");
            } else if kind == "containerResource" {
                resources::container_resource_name(name, &path.child("name"), errors);
            }
            if kind == "containerResource" {
                let (container, at) = (text("container"), path.child("container"));
                if container.is_empty() {
                    errors.required(&at, "must specify a container");
                } else {
                    errors.extend(names::label(container).into_iter().map(|message| FieldError::invalid(&at, container, message)));
                }
            }
        }
        _ => {}
    }
    if matches!(kind, "object" | "external" | "pods") {
        let (name, at) = (object::str_at(source, "metric.name").unwrap_or(""), path.child("metric").child("name"));
        if name.is_empty() {
            errors.required(&at, "must specify a metric name");
        } else {
            errors.extend(names::path_segment(name).into_iter().map(|message| FieldError::invalid(&at, name, message)));
        }
    }
    let (target, path) = (source.get("target").unwrap_or(&Value::Null), path.child("target"));
    bounds(target, &path, errors);
    let has = |field: &str| target.get(field).is_some_and(|value| !value.is_null());
    match kind {
        "object" if !has("value") && !has("averageValue") => {
            errors.required_at(&path, "averageValue", "must set either a target value or averageValue");
        }
        "external" if !has("value") && !has("averageValue") => {
            errors.required_at(&path, "averageValue", "must set either a target value for metric or a per-pod target");
        }
        "external" if has("value") && has("averageValue") => {
            errors.forbidden_at(&path, "value", "may not set both a target value for metric and a per-pod target");
        }
        "pods" if !has("averageValue") => errors.required_at(&path, "averageValue", "must specify a positive target averageValue"),
        "resource" | "containerResource" => match (has("averageUtilization"), has("averageValue")) {
            (false, false) => errors.required_at(&path, "averageUtilization", "must set either a target raw value or a target utilization"),
            (true, true) => errors.forbidden_at(&path, "averageValue", "may not set both a target raw value and a target utilization"),
            _ => {}
        },
        _ => {}
    }
}

/// `validateMetricTarget`
fn bounds(target: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let kind = object::str_at(target, "type").unwrap_or("");
    if kind.is_empty() {
        errors.required_at(path, "type", "must specify a metric target type");
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        errors.invalid_at(path, "type", kind, "must be either Utilization, Value, or AverageValue");
    }
    for field in ["value", "averageValue"] {
        let Some(text) = object::str_at(target, field) else { continue };
        if Quantity::parse(text).is_some_and(|quantity| quantity.nano() <= 0) {
            errors.invalid_at(path, field, text, "must be positive");
        }
    }
    if let Some(percent) = object::i64_at(target, "averageUtilization").filter(|percent| *percent < 1) {
        errors.invalid_at(path, "averageUtilization", percent, "must be greater than 0");
    }
}
