//! `kubectl describe` of what scales, guards and stores for Pods: HorizontalPodAutoscaler, PodDisruptionBudget, PersistentVolumeClaim.
//!
//! Each answers whether its page ends with the object's events; all do.

use super::{Page, text, time};
use crate::api::object::{at, i64_at, list_at, name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;
use crate::kubectl::{hpa_row, rows};

/// Models `describeHorizontalPodAutoscalerV2`.
pub fn autoscaler(page: &mut Page, o: &Value) -> bool {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    page.field(0, "CreationTimestamp", time(o, "metadata.creationTimestamp"));
    let target = text(o, "spec.scaleTargetRef.kind");
    page.field(0, "Reference", format!("{target}/{}", text(o, "spec.scaleTargetRef.name")));
    page.field(0, "Metrics", "( current / target )");
    for (place, metric) in list_at(o, "spec.metrics").iter().enumerate() {
        let (resource, current, target) = hpa_row::metric(o, place, metric);
        let how = if target.ends_with('%') { "  (as a percentage of request)" } else { "" };
        let container = text(metric, "containerResource.container");
        let of = if container.is_empty() { String::new() } else { format!("of container {container:?} ") };
        page.line(1, format!("resource {resource} {of}on pods{how}:\t{current} / {target}"));
    }
    page.field(0, "Min replicas", at(o, "spec.minReplicas").map_or("<unset>".into(), show));
    page.field(0, "Max replicas", at(o, "spec.maxReplicas").map_or("0".into(), show));
    if at(o, "spec.behavior").is_some_and(Value::is_object) {
        page.line(0, "Behavior:");
        for (title, field) in [("Scale Up:", "scaleUp"), ("Scale Down:", "scaleDown")] {
            direction(page, title, at(o, &format!("spec.behavior.{field}")));
        }
    }
    let count = |path| i64_at(o, path).unwrap_or(0);
    page.field(0, &format!("{target} pods"), format!("{} current / {} desired", count("status.currentReplicas"), count("status.desiredReplicas")));
    let all = list_at(o, "status.conditions");
    if !all.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason\tMessage");
        page.line(1, "----\t------\t------\t-------");
        for c in all {
            page.line(1, format!("{}\t{}\t{}\t{}", text(c, "type"), text(c, "status"), text(c, "reason"), text(c, "message")));
        }
    }
    true
}

/// Models `printDirectionBehavior`.
fn direction(page: &mut Page, title: &str, rules: Option<&Value>) {
    let Some(rules) = rules.filter(|r| r.is_object()) else { return };
    page.line(1, title);
    if let Some(seconds) = i64_at(rules, "stabilizationWindowSeconds") {
        page.line(2, format!("Stabilization Window: {seconds} seconds"));
    }
    let policies = list_at(rules, "policies");
    if !policies.is_empty() {
        page.line(2, format!("Select Policy: {}", str_at(rules, "selectPolicy").unwrap_or("Max")));
        page.line(2, "Policies:");
        for p in policies {
            let number = |field| i64_at(p, field).unwrap_or(0);
            page.line(3, format!("- Type: {}\tValue: {}\tPeriod: {} seconds", text(p, "type"), number("value"), number("periodSeconds")));
        }
    }
}

/// Models `describePodDisruptionBudget`.
pub fn budget(page: &mut Page, o: &Value) -> bool {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    match (at(o, "spec.minAvailable"), at(o, "spec.maxUnavailable")) {
        (Some(least), _) => page.field(0, "Min available", show(least)),
        (None, Some(most)) => page.field(0, "Max unavailable", show(most)),
        (None, None) => {}
    }
    page.field(0, "Selector", if at(o, "spec.selector").is_some() { rows::selector(o, "spec.selector") } else { "<unset>".into() });
    page.line(0, "Status:");
    for (title, path) in
        [("Allowed disruptions", "disruptionsAllowed"), ("Current", "currentHealthy"), ("Desired", "desiredHealthy"), ("Total", "expectedPods")]
    {
        page.field(2, title, i64_at(o, &format!("status.{path}")).unwrap_or(0).to_string());
    }
    true
}

/// Models `describePersistentVolumeClaim`.
pub fn claim(page: &mut Page, o: &Value, env: &Env) -> bool {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    page.field(0, "StorageClass", text(o, "spec.storageClassName"));
    page.field(0, "Status", text(o, "status.phase"));
    page.field(0, "Volume", text(o, "spec.volumeName"));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    let finalizers: Vec<&str> = list_at(o, "metadata.finalizers").iter().filter_map(Value::as_str).collect();
    page.field(0, "Finalizers", format!("[{}]", finalizers.join(" ")));
    let bound = str_at(o, "spec.volumeName").is_some_and(|v| !v.is_empty());
    page.field(0, "Capacity", at(o, "status.capacity.storage").filter(|_| bound).map_or(String::new(), show));
    page.field(0, "Access Modes", if bound { rows::access_modes(o, "status.accessModes") } else { String::new() });
    if let Some(mode) = str_at(o, "spec.volumeMode") {
        page.field(0, "VolumeMode", mode);
    }
    let uses = |pod: &Value| list_at(pod, "spec.volumes").iter().any(|v| str_at(v, "persistentVolumeClaim.claimName") == Some(name(o)));
    let pods = env.list(kinds::POD, Some(namespace(o)));
    let users: Vec<String> = pods.iter().filter(|p| uses(p)).map(|p| name(p).to_owned()).collect();
    page.lines(0, "Used By", &users);
    true
}
