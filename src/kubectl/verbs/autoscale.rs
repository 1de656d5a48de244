//! `kubectl autoscale`.

use super::create;
use crate::api::object::name;
use crate::api::{Quantity, Value, json, kinds};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_typed;
use crate::kubectl::resources::{self, Rules};

pub const VERB: Verb = Verb::new(
    "autoscale",
    "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [options]",
    "min:i max:i cpu:s memory:s cpu-percent:i name:s @files output,o:s dry-run=unchanged save-config field-manager:s @show record",
    "Auto-scale a deployment, replica set, stateful set, or replication controller.",
    run,
)
.requires(&["max"]);

/// `50%` of the request, or an amount.
fn metric(resource: &str, text: &str) -> Result<Value, Failure> {
    let target = match text.strip_suffix('%') {
        Some(percent) => {
            let percent: i64 = percent.parse().map_err(|_| Failure::error(format!("invalid {resource} value: {text}")))?;
            json!({"averageUtilization": percent, "type": "Utilization"})
        }
        // Bare digits are thousandths of a core, or mebibytes.
        None => {
            let unit = if text.bytes().all(|b| b.is_ascii_digit()) { if resource == "cpu" { "m" } else { "Mi" } } else { "" };
            let amount = format!("{text}{unit}");
            if Quantity::parse(&amount).is_none() {
                return Err(Failure::error(format!("invalid resource {resource} value: {text}")));
            }
            json!({"averageValue": amount, "type": "AverageValue"})
        }
    };
    Ok(json!({"resource": {"name": resource, "target": target}, "type": "Resource"}))
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    let (min, max) = (call.int("min").unwrap_or(-1), call.int("max").unwrap_or(0));
    if max < 1 {
        return Err(Failure::error(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(Failure::error(format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}")));
    }
    let request = resources::request(call, &call.args, env, Rules::default())?;
    let (found, mut failures) = request.fetch(env)?;
    for (kind, o) in found {
        if !matches!(kind.kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController") {
            failures.push(Failure::error(format!(
                "cannot autoscale a {}: could not find scale subresource for {}/{}, Resource={} in discovery information",
                kind.kind, kind.group, kind.version, kind.plural
            )));
            continue;
        }
        let mut metrics = Vec::new();
        for resource in ["cpu", "memory"] {
            if let Some(text) = call.filled(resource) {
                metrics.push(metric(resource, text)?);
            }
        }
        if let Some(percent) = call.int("cpu-percent").filter(|p| *p >= 0) {
            env.err("Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n");
            metrics.push(metric("cpu", &format!("{percent}%"))?);
        }
        let mut spec = json!({"maxReplicas": max, "scaleTargetRef": {"apiVersion": kind.api_version(), "kind": kind.kind, "name": name(&o)}});
        if !metrics.is_empty() {
            spec["metrics"] = json!(metrics);
        }
        if min > 0 {
            spec["minReplicas"] = json!(min);
        }
        let value = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": call.filled("name").unwrap_or(name(&o))},
            "spec": spec, "status": {"currentMetrics": null, "desiredReplicas": 0}});
        let space = env.namespace(call);
        let no_metrics = value["spec"].get("metrics").is_none();
        let shown = if dry == DryRun::Client {
            std::rc::Rc::new(value)
        } else {
            let options = write_options("kubectl-autoscale", dry == DryRun::Server);
            env.create(kinds::HORIZONTAL_POD_AUTOSCALER, &space, create::sendable(value), &options).map_err(|status| {
                // What the server refuses is tried again in the older version, which only knows a share of the CPU.
                if no_metrics {
                    Failure::error("failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: empty input")
                } else {
                    status.into()
                }
            })?
        };
        print_typed(
            call,
            env,
            kinds::HORIZONTAL_POD_AUTOSCALER,
            &shown,
            &if dry == DryRun::Client { "created (dry run)".into() } else { format!("autoscaled{}", dry.suffix()) },
        )?;
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
