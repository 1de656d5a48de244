//! What Pods and nodes use, as `kubectl top` and autoscalers see it: metrics-server and the API behind which it stands.
//!
//! Models metrics-server 0.8 (`pkg/scraper`, `pkg/storage`: a look every 15 s, processor time as the difference of two looks, a container that is
//! younger than 10 s is not measured yet) and, of kube-aggregator, `pkg/controllers/status/remote`. Deviations: all replicas share one memory;
//! kubelets' certificates are trusted; a node uses what its containers use, and nothing for itself; whether a Service answers is told by its
//! endpoints, not by a request.

use super::apiserver::{Change, WriteOptions, set_condition};
use super::log::ContainerRef;
use super::network::Source;
use super::runtime::{ContainerId, Runtime, State};
use super::{Context, Task, kubelet};
use crate::api::order::SortedMap;
use crate::api::{SimTime, Value, json, kinds, object};

/// `--metric-resolution`
const RESOLUTION_MS: u64 = 15_000;
/// From this age on a container is measured from its start.
const FRESH_MS: u64 = 10_000;
/// From a change of a Service or its endpoints to what becomes of its APIService.
const AVAILABILITY_MS: u64 = 20;
/// The API that metrics-server serves.
pub const API: &str = "v1beta1.metrics.k8s.io";

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timer {
    /// A metrics server looks at all nodes.
    Scrape { node: usize, server: ContainerId },
    /// The aggregator looks at the Services behind APIs.
    Availability,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu_milli: i64,
    pub memory_bytes: i64,
}

impl Usage {
    pub fn plus(self, other: Self) -> Self {
        Self { cpu_milli: self.cpu_milli + other.cpu_milli, memory_bytes: self.memory_bytes + other.memory_bytes }
    }
}

/// What was measured of a Pod: its containers by name.
pub type PodUsage = Vec<(String, Usage)>;

/// What the metrics server remembers.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Who looks.
    server: Option<(usize, ContainerId)>,
    looks: u32,
    looked_at: SimTime,
    /// Processor time of each container up to the last look, in thousandths of a core times milliseconds.
    used: SortedMap<ContainerId, i64>,
    nodes: SortedMap<String, Usage>,
    /// By `namespace/name`.
    pods: SortedMap<String, PodUsage>,
}

impl Metrics {
    /// Whether the server says that it is ready: it has looked twice.
    pub fn is_ready(&self) -> bool {
        self.looks > 1
    }

    pub fn looked_at(&self) -> SimTime {
        self.looked_at
    }

    pub fn node(&self, name: &str) -> Option<Usage> {
        self.nodes.get(name).copied().filter(|_| self.is_ready())
    }

    pub fn pod(&self, namespace: &str, name: &str) -> Option<&PodUsage> {
        self.pods.get(&format!("{namespace}/{name}"))
    }
}

/// A Service or its endpoints changed, or an API came: the aggregator looks.
pub fn observe(change: &Change, ctx: &mut Context) {
    let concerned = [kinds::API_SERVICE, kinds::SERVICE, kinds::ENDPOINT_SLICE].contains(&change.key.kind);
    if concerned && ctx.api.list(kinds::API_SERVICE, None).next().is_some() {
        ctx.after(AVAILABILITY_MS, Task::Metrics(Timer::Availability));
    }
}

pub fn handle(timer: Timer, kubelets: &[kubelet::Kubelet], runtimes: &[Runtime], ctx: &mut Context) {
    match timer {
        Timer::Availability => availability(ctx),
        Timer::Scrape { node, server } => {
            let runs = |(node, id): (usize, ContainerId)| {
                runtimes.get(node).and_then(|r| r.container(id)).is_some_and(|c| matches!(c.state, State::Running { .. }))
            };
            if !runs((node, server)) {
                return;
            }
            ctx.after(RESOLUTION_MS, Task::Metrics(timer));
            let metrics = &mut *ctx.metrics;
            if metrics.server.filter(|known| *known != (node, server)).is_some_and(runs) {
                return;
            }
            if metrics.server != Some((node, server)) {
                *metrics = Metrics { server: Some((node, server)), ..Metrics::default() };
            }
            let isolated = Source::of_container(ctx.network, server).is_none_or(|source| ctx.network.is_isolated(&source));
            let heard = |index: &usize| !isolated && !kubelets.get(*index).is_none_or(kubelet::Kubelet::is_silent);
            metrics.look((0..runtimes.len()).filter(heard).map(|index| &runtimes[index]), ctx.now);
        }
    }
}

impl Metrics {
    fn look<'a>(&mut self, runtimes: impl Iterator<Item = &'a Runtime>, now: SimTime) {
        let before = std::mem::take(&mut self.used);
        let window = now.since(self.looked_at).max(1);
        let (mut nodes, mut pods) = (SortedMap::new(), SortedMap::<String, Option<PodUsage>>::new());
        for runtime in runtimes {
            let mut together = Usage::default();
            for container in runtime.all_containers() {
                let State::Running { started_at } = container.state else { continue };
                let used = container.cpu_used(now);
                self.used.insert(container.id, used);
                let age = now.since(started_at);
                let (spent, over) = match before.get(&container.id) {
                    Some(before) => (Some(used - before), window),
                    None => (Some(used).filter(|_| age >= FRESH_MS), age.max(1)),
                };
                let usage = spent.map(|spent| Usage { cpu_milli: spent / over as i64, memory_bytes: container.memory_bytes });
                together = together.plus(usage.unwrap_or_default());
                let ContainerRef { pod, container: name, .. } = &*runtime.reference(container.id);
                // A Pod is shown when all of its containers are measured.
                let all = pods.entry(pod.clone()).or_insert_with(|| Some(PodUsage::new()));
                match usage {
                    Some(usage) => all.iter_mut().for_each(|list| list.push((name.clone(), usage))),
                    None => *all = None,
                }
            }
            nodes.insert(runtime.name().to_owned(), together);
        }
        (self.looks, self.looked_at, self.nodes) = (self.looks.saturating_add(1), now, nodes);
        self.pods = pods.into_iter().filter_map(|(pod, list)| Some((pod, list?))).collect();
    }
}

/// Whether an API that a Service stands behind can be asked.
pub fn is_available(service: &Value) -> bool {
    let conditions = object::list_at(service, "status.conditions");
    conditions.iter().any(|c| object::str_at(c, "type") == Some("Available") && object::str_at(c, "status") == Some("True"))
}

/// Models `sync` of the remote availability controller.
fn availability(ctx: &mut Context) {
    let apis: Vec<_> = ctx.api.list(kinds::API_SERVICE, None).cloned().collect();
    for api in apis {
        let (status, reason, message) = judge(&api, ctx);
        let mut new = (*api).clone();
        set_condition(
            &mut new,
            json!({"lastTransitionTime": ctx.now.rfc3339(), "message": message, "reason": reason, "status": status, "type": "Available"}),
        );
        if new.get("status") != api.get("status") {
            let options = WriteOptions { subresource: "status", field_manager: "kube-apiserver".into(), ..WriteOptions::default() };
            let (server, mut caller) = ctx.api();
            if server.update(&mut caller, kinds::API_SERVICE, "", new, &options).is_err() {
                // The server is stopped: it looks again when it runs.
                ctx.after(RESOLUTION_MS, Task::Metrics(Timer::Availability));
            }
        }
    }
}

fn judge(api: &Value, ctx: &Context) -> (&'static str, &'static str, String) {
    let Some(service) = object::at(api, "spec.service").filter(|s| s.is_object()) else {
        return ("True", "Local", "Local APIServices are always available".into());
    };
    let text = |field: &str| object::str_at(service, field).unwrap_or("");
    let (space, name, port) = (text("namespace"), text("name"), object::i64_at(service, "port").unwrap_or(443));
    let shown = format!("service/{name} in {space:?}");
    let Some(found) = ctx.api.get(kinds::SERVICE, space, name) else {
        return ("False", "ServiceNotFound", format!("{shown} is not present"));
    };
    let Some(entry) = object::list_at(found, "spec.ports").iter().find(|p| object::i64_at(p, "port") == Some(port)) else {
        return ("False", "ServicePortError", format!("{shown} is not listening on port {port}"));
    };
    let label = |slice: &&std::rc::Rc<Value>| {
        object::labels(slice).and_then(|l| l.get("kubernetes.io/service-name")).and_then(Value::as_str).is_some_and(|of| of == name)
    };
    if ctx.api.list(kinds::ENDPOINT_SLICE, Some(space)).find(label).is_none() {
        return ("False", "EndpointsNotFound", format!("cannot find endpointslices for {shown}"));
    }
    if super::network::ready_endpoints(ctx.api, space, name) == 0 {
        let port = object::str_at(entry, "name").unwrap_or("");
        return ("False", "MissingEndpoints", format!("endpointslices for {shown} have no addresses with port name {port:?}"));
    }
    ("True", "Passed", "all checks passed".into())
}
