//! `kubectl top`: there is no metrics server.

use super::help;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};

const NODE: &str = "selector,l:s no-headers sort-by:s show-swap show-capacity use-protocol-buffers";
const POD: &str = "selector,l:s field-selector:s all-namespaces,A containers no-headers sort-by:s sum show-swap use-protocol-buffers";

pub const VERB: Verb = Verb::new("top", "[flags] [options]", "", "Display resource (CPU/memory) usage", group).with(&[
    Verb::new("node", "[NAME | -l label] [options]", NODE, "Display resource (CPU/memory) usage of nodes", none).alias(&["nodes", "no"]),
    Verb::new("pod", "[NAME | -l label] [options]", POD, "Display resource (CPU/memory) usage of pods", none).alias(&["pods", "po"]),
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

fn none(call: &Call, _: &mut Env) -> Result<Flow, Failure> {
    if call.filled("sort-by").is_some_and(|s| !matches!(s, "cpu" | "memory")) {
        return Err(Failure::error("--sort-by accepts only cpu or memory"));
    }
    if !call.args.is_empty() && call.filled("selector").is_some() {
        return Err(Failure::error("only one of NAME or selector can be provided"));
    }
    Err(Failure::error("Metrics API not available"))
}
