//! Models `pkg/controller/podautoscaler/horizontal.go`: how many Pods a HorizontalPodAutoscaler wants, every 15 s.
//!
//! Deviations: metrics of Pods, objects and the world outside are never there; two autoscalers of the same Pods are not noticed.

use super::hpa_replicas::{self, Past};
use super::owned::{put, put_status};
use super::{Synced, say, selector};
use crate::api::order::SortedMap;
use crate::api::{Kind, Quantity, Selector, Value, json, kinds, object, quantity};
use crate::cluster::Context;
use crate::cluster::apiserver::{Key, set_condition};
use crate::cluster::metrics;

/// `--horizontal-pod-autoscaler-sync-period`
pub const RESYNC_MS: u64 = 15_000;
const COMPONENT: &str = "horizontal-pod-autoscaler";

/// What the controller remembers of each autoscaler.
#[derive(Clone, Debug, Default)]
pub struct Autoscalers {
    past: SortedMap<Key, Past>,
}

/// What a metric comes to: replicas, what it is called, its place in the status.
type Proposal = (i64, String, Value);

/// Why a metric says nothing: the reason of the event and of the condition, its text, and what the whole computation says of it.
struct Unknown {
    reason: &'static str,
    why: String,
    whole: String,
}

impl Autoscalers {
    #[inline(never)]
    pub fn sync(&mut self, key: &Key, ctx: &mut Context) -> Synced {
        let Some(hpa) = ctx.api.at(key).cloned() else {
            self.past.remove(key);
            return Ok(None);
        };
        let mut new = (*hpa).clone();
        let now = ctx.now;
        let condition = |new: &mut Value, kind: &str, holds: bool, reason: &str, message: &str| {
            let status = if holds { "True" } else { "False" };
            set_condition(new, json!({"lastTransitionTime": now.rfc3339(), "message": message, "reason": reason, "status": status, "type": kind}));
        };
        let (kind, target) = match scale(&hpa, ctx) {
            Ok(found) => found,
            Err(why) => {
                say(ctx, &hpa, COMPONENT, "Warning", "FailedGetScale", &why);
                let message = format!("the HPA controller was unable to get the target's current scale: {why}");
                condition(&mut new, "AbleToScale", false, "FailedGetScale", &message);
                put_status(ctx, key.kind, &hpa, new["status"].clone())?;
                return Ok(Some(RESYNC_MS));
            }
        };
        let got = "the HPA controller was able to get the target's current scale";
        condition(&mut new, "AbleToScale", true, "SucceededGetScale", got);
        let current = object::i64_at(&target, "spec.replicas").unwrap_or(1);
        let past = self.past.entry(key.clone()).or_insert_with(|| Past::new(current, now));
        let bound = |path: &str| object::i64_at(&hpa, path).unwrap_or(1);
        let (min, max) = (bound("spec.minReplicas"), bound("spec.maxReplicas"));
        let mut measured = Value::Null;
        let (desired, because) = if current == 0 {
            condition(&mut new, "ScalingActive", false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
            (0, String::new())
        } else if current > max {
            (max, "Current number of replicas above Spec.MaxReplicas".into())
        } else if current < min {
            (min, "Current number of replicas below Spec.MinReplicas".into())
        } else {
            let (statuses, outcome) = compute(&hpa, current, &selector(&target), ctx);
            measured = statuses;
            match outcome {
                Ok((wanted, metric)) => {
                    let message = format!("the HPA was able to successfully calculate a replica count from {metric}");
                    condition(&mut new, "ScalingActive", true, "ValidMetricFound", &message);
                    let because = match wanted.cmp(&current) {
                        std::cmp::Ordering::Greater => format!("{metric} above target"),
                        std::cmp::Ordering::Less => "All metrics below target".into(),
                        std::cmp::Ordering::Equal => String::new(),
                    };
                    let normal = past.normalise(object::at(&hpa, "spec.behavior"), (current, wanted), (min, max), now);
                    condition(&mut new, "AbleToScale", true, normal.able.0, normal.able.1);
                    condition(&mut new, "ScalingLimited", normal.replicas != normal.stabilised, normal.limited.0, normal.limited.1);
                    (normal.replicas, because)
                }
                Err(unknown) => {
                    let message = format!("the HPA was unable to compute the replica count: {}", unknown.why);
                    condition(&mut new, "ScalingActive", false, unknown.reason, &message);
                    let desired = object::i64_at(&hpa, "status.desiredReplicas").unwrap_or(0);
                    put_status(ctx, key.kind, &hpa, status(&new, current, desired, measured, None))?;
                    say(ctx, &hpa, COMPONENT, "Warning", "FailedComputeMetricsReplicas", &unknown.whole);
                    return Ok(Some(RESYNC_MS));
                }
            }
        };
        let mut scaled_at = None;
        if desired != current {
            let mut scaled = (*target).clone();
            object::set(&mut scaled, "spec.replicas", json!(desired));
            if let Err(refusal) = put(ctx, kind, scaled, "scale") {
                let why = refusal.into_message();
                say(ctx, &hpa, COMPONENT, "Warning", "FailedRescale", &format!("New size: {desired}; reason: {because}; error: {why}"));
                let message = format!("the HPA controller was unable to update the target scale: {why}");
                condition(&mut new, "AbleToScale", false, "FailedUpdateScale", &message);
                let before = object::i64_at(&hpa, "status.desiredReplicas").unwrap_or(0);
                put_status(ctx, key.kind, &hpa, status(&new, current, before, measured, None))?;
                return Ok(Some(RESYNC_MS));
            }
            let message = format!("the HPA controller was able to update the target scale to {desired}");
            condition(&mut new, "AbleToScale", true, "SucceededRescale", &message);
            say(ctx, &hpa, COMPONENT, "Normal", "SuccessfulRescale", &format!("New size: {desired}; reason: {because}"));
            past.scaled(desired - current, now);
            scaled_at = Some(now.rfc3339());
        }
        put_status(ctx, key.kind, &hpa, status(&new, current, desired, measured, scaled_at))?;
        Ok(Some(RESYNC_MS))
    }
}

/// Models `setStatus`.
fn status(new: &Value, current: i64, desired: i64, measured: Value, scaled_at: Option<String>) -> Value {
    let conditions = object::at(new, "status.conditions").cloned().unwrap_or_else(|| json!([]));
    let mut status = json!({"conditions": conditions, "currentMetrics": measured, "desiredReplicas": desired});
    if current != 0 {
        status["currentReplicas"] = json!(current);
    }
    let scaled_at = scaled_at.map(|at| json!(at)).or_else(|| object::at(new, "status.lastScaleTime").cloned());
    if let Some(at) = scaled_at {
        status["lastScaleTime"] = at;
    }
    status
}

/// What is scaled, or why it cannot be.
fn scale(hpa: &Value, ctx: &Context) -> Result<(&'static Kind, std::rc::Rc<Value>), String> {
    let text = |field: &str| object::str_at(hpa, &format!("spec.scaleTargetRef.{field}")).unwrap_or("");
    let (version, name) = (text("apiVersion"), text("name"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let Some(kind) = kinds::KINDS.iter().find(|k| k.kind == text("kind") && k.group == group) else {
        return Err(format!("no matches for kind {:?} in group {group:?}", text("kind")));
    };
    let found = ctx.api.get(kind, object::namespace(hpa), name);
    match kind.kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => {
            Ok((kind, found.cloned().ok_or_else(|| format!("{} {name:?} not found", kind.resource()))?))
        }
        _ => Err("the server could not find the requested resource".into()),
    }
}

/// Models `computeReplicasForMetrics`: the most that any metric asks for, and all their statuses.
fn compute(hpa: &Value, current: i64, chosen: &Selector, ctx: &mut Context) -> (Value, Result<(i64, String), Unknown>) {
    let specs = object::list_at(hpa, "spec.metrics");
    let (mut best, mut first, mut invalid) = (None::<(i64, String)>, None::<Unknown>, 0);
    let mut statuses = Vec::new();
    for spec in specs {
        match metric(spec, hpa, current, chosen, ctx) {
            Ok((replicas, name, status)) => {
                statuses.push(status);
                if best.as_ref().is_none_or(|(most, _)| replicas > *most) {
                    best = Some((replicas, name));
                }
            }
            Err(unknown) => {
                statuses.push(json!({"type": ""}));
                say(ctx, hpa, COMPONENT, "Warning", unknown.reason, &unknown.why);
                invalid += 1;
                first.get_or_insert(unknown);
            }
        }
    }
    let outcome = match (best, first) {
        // With some unknown it only grows.
        (Some((replicas, name)), first) if first.is_none() || replicas >= current => Ok((replicas, name)),
        (_, Some(unknown)) => {
            let whole = format!("invalid metrics ({invalid} invalid out of {}), first error is: {}", specs.len(), unknown.whole);
            Err(Unknown { whole, ..unknown })
        }
        (_, None) => Ok((current, String::new())),
    };
    (Value::Array(statuses), outcome)
}

/// Models `computeReplicasForMetric` and what it calls.
fn metric(spec: &Value, hpa: &Value, current: i64, chosen: &Selector, ctx: &Context) -> Result<Proposal, Unknown> {
    let kind = object::str_at(spec, "type").unwrap_or("");
    let (field, reason) = match kind {
        "Resource" => ("resource", "FailedGetResourceMetric"),
        "ContainerResource" => ("containerResource", "FailedGetContainerResourceMetric"),
        _ => return Err(foreign(spec, kind, object::namespace(hpa))),
    };
    let text = |path: &str| object::str_at(spec, &format!("{field}.{path}")).unwrap_or("").to_owned();
    let (resource, container) = (text("name"), text("container"));
    let target_value = object::at(spec, &format!("{field}.target.averageValue")).and_then(Value::as_str).and_then(Quantity::parse);
    let percent = object::i64_at(spec, &format!("{field}.target.averageUtilization")).unwrap_or(0);
    let ask = hpa_replicas::Ask {
        resource: &resource,
        container: &container,
        target: match target_value {
            Some(value) => hpa_replicas::Target::Average(if resource == "cpu" { value.milli() } else { value.value() }),
            None => hpa_replicas::Target::Percent(percent),
        },
        current,
        tolerance: hpa_replicas::tolerance(object::at(hpa, "spec.behavior")),
    };
    let served = ctx.api.get(kinds::API_SERVICE, "", metrics::API);
    let fetched = match served {
        None => Err("the server could not find the requested resource (get pods.metrics.k8s.io)"),
        Some(api) if !metrics::is_available(api) => Err("the server is currently unable to handle the request (get pods.metrics.k8s.io)"),
        Some(_) => Ok(()),
    };
    let found = fetched
        .map_err(|why| format!("unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: {why}"))
        .and_then(|()| hpa_replicas::calculate(&ask, object::namespace(hpa), chosen, ctx));
    let what = if target_value.is_some() { "usage" } else { "utilization" };
    let counted = found.map_err(|why| {
        let why = format!("failed to get {resource} {what}: {why}");
        let of = if kind == "Resource" { format!("{resource} resource metric") } else { format!("{container} container metric") };
        Unknown { reason, whole: format!("failed to get {of} value: {why}"), why }
    })?;
    let mut now = json!({"averageValue": amount(&resource, counted.average)});
    if let Some(utilisation) = counted.utilisation {
        now["averageUtilization"] = json!(utilisation);
    }
    let (mut inner, name) = (
        json!({"name": resource.as_str(), "current": now}),
        match (target_value.is_some(), kind) {
            (true, _) => format!("{resource} resource"),
            (false, "Resource") => format!("{resource} resource utilization (percentage of request)"),
            (false, _) => format!("{resource} container resource utilization (percentage of request)"),
        },
    );
    if kind == "ContainerResource" {
        inner["container"] = json!(container);
    }
    let mut status = json!({"type": kind});
    status[field] = inner;
    Ok((counted.replicas, name, status))
}

/// A metric that only an adapter could serve, and none runs.
fn foreign(spec: &Value, kind: &str, namespace: &str) -> Unknown {
    let text = |path: &str| object::str_at(spec, path).unwrap_or("").to_owned();
    let custom = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let (reason, what, why) = match kind {
        "Pods" => ("FailedGetPodsMetric", "pods metric", format!("unable to get metric {}: {custom}", text("pods.metric.name"))),
        "Object" => {
            let of = format!("{} on {namespace} {}", text("object.describedObject.kind"), text("object.describedObject.name"));
            ("FailedGetObjectMetric", "object metric", format!("unable to get metric {}: {of}/{custom}", text("object.metric.name")))
        }
        _ => {
            let name = text("external.metric.name");
            let why = format!(
                "unable to get external metric {namespace}/{name}/nil: unable to fetch metrics from external metrics API: the server could not find the requested \
                 resource (get {name}.external.metrics.k8s.io)"
            );
            return Unknown { reason: "FailedGetExternalMetric", whole: format!("failed to get {name} external metric value: {why}"), why };
        }
    };
    Unknown { reason, whole: format!("failed to get {what} value: {why}"), why }
}

/// `100m`, `3Mi`
fn amount(resource: &str, value: i64) -> String {
    match resource {
        "cpu" => quantity::canonical(&format!("{value}m")),
        _ if value % 1024 == 0 => quantity::canonical(&format!("{}Ki", value / 1024)),
        _ => value.to_string(),
    }
}
