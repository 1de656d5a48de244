//! `kubectl top`: what a metrics server has measured. Models `kubectl/pkg/cmd/top` and `kubectl/pkg/metricsutil`.

mod nodes;
mod pods;

use std::cmp::Reverse;

use super::help;
use crate::api::kinds;
use crate::api::order::InOrder as _;
use crate::cluster::metrics::{self, Usage};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::resources::{self, Request, Rules};
use crate::kubectl::table;

const NODE: &str = "selector,l:s no-headers sort-by:s show-swap show-capacity use-protocol-buffers";
const POD: &str = "selector,l:s field-selector:s all-namespaces,A containers no-headers sort-by:s sum show-swap use-protocol-buffers";

pub const VERB: Verb = Verb::new("top", "[flags] [options]", "", "Display resource (CPU/memory) usage", group).with(&[
    Verb::new("node", "[NAME | -l label] [options]", NODE, "Display resource (CPU/memory) usage of nodes", nodes::run).alias(&["nodes", "no"]),
    Verb::new("pod", "[NAME | -l label] [options]", POD, "Display resource (CPU/memory) usage of pods", pods::run).alias(&["pods", "po"]),
]);

const ABOUT: &str = "Display resource (CPU/memory) usage.

 This command provides a view of recent resource consumption for nodes and pods. It fetches metrics from the Metrics Server, which aggregates this data from the kubelet on each node. The Metrics Server must be installed and running in the cluster for this command to work.

 The metrics shown are specifically optimized for Kubernetes autoscaling decisions, such as those made by the Horizontal Pod Autoscaler (HPA) and Vertical Pod Autoscaler (VPA). Because of this, the values may not match those from standard OS tools like 'top', as the metrics are designed to provide a stable signal for autoscalers rather than for pinpoint accuracy.

 FAQ for Metrics Server: https://github.com/kubernetes-sigs/metrics-server/blob/master/FAQ.md

 When to use this command:

  *  For on-the-fly spot-checks of resource usage (e.g. identify which pods are consuming the most resources at a glance, or get a quick sense of the load on your nodes)
  *  Understand current resource consumption patterns
  *  Validate the behavior of your HPA or VPA configurations by seeing the metrics they use for scaling decisions.

 It is not intended to be a replacement for full-featured monitoring solutions. Its primary design goal is to provide a low-overhead signal for autoscalers, not to be a perfectly accurate monitoring tool. For high-accuracy reporting, historical analysis, dashboarding, or alerting, you should use a dedicated monitoring solution.
";

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    help::group(&VERB, call, ABOUT, env)
}

/// Models `SupportedMetricsAPIVersionAvailable`: whether the Metrics API is served.
pub fn is_served(env: &Env) -> bool {
    env.get(kinds::API_SERVICE, "", metrics::API).is_some_and(|api| metrics::is_available(&api))
}

fn check(call: &Call, env: &mut Env) -> Result<Request, Failure> {
    if call.filled("sort-by").is_some_and(|s| !matches!(s, "cpu" | "memory")) {
        return Err(Failure::error("--sort-by accepts only cpu or memory"));
    }
    let selects = call.filled("selector").is_some() || call.filled("field-selector").is_some();
    if !call.args.is_empty() && selects {
        let flag = if call.path.ends_with("node") { "--selector" } else { "selector" };
        return Err(Failure::error(format!("only one of NAME or {flag} can be provided")));
    }
    if call.args.len() > 1 {
        return Err(call.usage(if call.path.ends_with("node") { "node [NAME | -l label]" } else { "pod [NAME | -l label]" }));
    }
    let request = resources::request(call, &["pods".to_owned()], env, Rules::TYPES)?;
    if let Some(why) = &request.refused {
        return Err(Failure::error(why.clone()));
    }
    if is_served(env) { Ok(request) } else { Err(Failure::error("Metrics API not available")) }
}

/// A row of the table: the cells before the amounts, and these.
struct Row {
    names: Vec<String>,
    usage: Usage,
}

/// The most first where an order is asked for, otherwise by name.
fn sort(rows: &mut [Row], call: &Call) {
    match call.filled("sort-by") {
        Some("cpu") => rows.order_by_key(|r| Reverse(r.usage.cpu_milli)),
        Some(_) => rows.order_by_key(|r| Reverse(r.usage.memory_bytes)),
        None => rows.order_by(|a, b| a.names.cmp(&b.names)),
    }
}

fn amounts(usage: Usage) -> [String; 2] {
    [format!("{}m", usage.cpu_milli), format!("{}Mi", usage.memory_bytes >> 20)]
}

/// Prints lines whose every cell ends with a tab, as kubectl's printer of metrics does.
fn print(lines: Vec<Vec<String>>, env: &mut Env) -> Flow {
    let text: String = lines.into_iter().map(|cells| cells.into_iter().map(|c| c + "\t").collect::<String>() + "\n").collect();
    env.out(table::align(&text, table::GET));
    DONE
}
