//! Models `pkg/controller/daemon`: one Pod on every node that it may run on, two for a moment where a rollout surges.

use crate::api::order::{InOrder as _, SortedMap};
use std::rc::Rc;

use super::owned::{Owned, age, annotations, available_in, delete, is_finished, is_ready, make_pod, pod_of, put_status, slow_start_pods};
use super::rollout::{amount, hash, template};
use super::{Synced, history, say};
use crate::api::{SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;
use crate::cluster::scheduler::filter::{node_affinity, tolerated};
use crate::cluster::throttle::Throttle;

const COMPONENT: &str = "daemonset-controller";
const REVISION_LABEL: &str = "controller-revision-hash";
const GENERATION: &str = "deprecated.daemonset.template.generation";
/// Failed Pods of a node are removed after this long, then after twice as long, and so on.
const FIRST_BACKOFF_MS: u64 = 1000;
const MOST_BACKOFF_MS: u64 = 900_000;

/// What every daemon tolerates besides what its template says.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// For a set's uid and a node: how long failed Pods wait, and since when.
pub type Backoff = SortedMap<(String, String), (u64, SimTime)>;

/// The nodes that lack a Pod, and the Pods that are to go.
type Plan = (Vec<String>, Vec<Rc<Value>>);

struct Daemons {
    set: Rc<Value>,
    /// What a Pod looks like before it is bound to a node.
    model: Value,
    hash: String,
    generation: String,
    min_ready: i64,
    /// Each node, whether a daemon is to run there, and whether one that is there may stay.
    nodes: Vec<(String, bool, bool)>,
    /// A node's Pods, the bound and the oldest first; those that have ended and go are no longer counted.
    pods: SortedMap<String, Vec<Rc<Value>>>,
    now: SimTime,
}

#[inline(never)]
pub fn sync(key: &Key, owned: &Owned, backoff: &mut Backoff, client: &mut Throttle, ctx: &mut Context) -> Synced {
    let Some(set) = ctx.api.at(key).cloned() else { return Ok(None) };
    if object::is_deleting(&set) {
        return Ok(None);
    }
    let pods = owned.pods(&set, ctx)?;
    let hash = hash(&template(&set), 0);
    let revision = format!("{}-{hash}", key.name);
    let mut revisions = history::keep(&set, &revision, (REVISION_LABEL, &hash), owned, ctx)?;
    let mut daemons = Daemons::new(&set, hash, &pods, ctx);
    let mut again = None;
    let plan = daemons.manage(backoff, &mut again, ctx);
    // A rollout goes on where nothing else has to be done first.
    let at_rest = plan.0.is_empty() && plan.1.is_empty();
    let mut done = daemons.carry_out(plan, client, ctx);
    if at_rest && object::str_at(&set, "spec.updateStrategy.type") != Some("OnDelete") {
        let plan = daemons.roll();
        done = daemons.carry_out(plan, client, ctx);
    }
    if let Ok(left) = done
        && left > 0
    {
        return Ok(Some(client.wait(ctx.now)));
    }
    let mut done = done.map(|_| ());
    if done.is_ok() {
        revisions.retain(|r| object::name(r) != revision);
        let used = |r: &Value| pods.iter().any(|p| label(p, REVISION_LABEL) == label(r, REVISION_LABEL));
        done = history::trim(&set, revisions, true, &used, ctx);
    }
    daemons.write_status(ctx)?;
    done?;
    Ok(again.into_iter().chain(daemons.next_available()).min())
}

/// Whether a changed node needs the set to do something (`syncNodeUpdate`); its counts alone are no reason.
pub fn wakes(set: &Value, node: &Value, owned: &Owned, ctx: &Context) -> bool {
    let mut model = json!({"spec": object::at(set, "spec.template.spec")});
    tolerate(&mut model);
    let (runs, stays) = may_run(&model, node);
    let is_there = owned.of_kind(set, kinds::POD, ctx).iter().any(|p| object::str_at(p, "spec.nodeName") == Some(object::name(node)));
    if is_there { !stays || object::i64_at(set, "status.numberMisscheduled") > Some(0) } else { runs }
}

/// Daemons tolerate more than what their template says.
fn tolerate(pod: &mut Value) {
    let mut tolerations = object::list_at(pod, "spec.tolerations").to_vec();
    tolerations.extend(TOLERATED.iter().map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})));
    object::set(pod, "spec.tolerations", Value::Array(tolerations));
}

fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    object::labels(object).and_then(|l| l.get(key)).and_then(Value::as_str).unwrap_or("")
}

impl Daemons {
    fn new(set: &Rc<Value>, hash: String, pods: &[Rc<Value>], ctx: &Context) -> Self {
        let mut model = pod_of(set, &template(set));
        let generation = annotations(set).get(GENERATION).and_then(Value::as_str).unwrap_or("").to_owned();
        object::set(&mut model, &format!("metadata.labels.{REVISION_LABEL}"), json!(hash));
        object::set(&mut model, "metadata.labels.pod-template-generation", json!(generation));
        model["metadata"]["generateName"] = json!(format!("{}-", object::name(set)));
        tolerate(&mut model);
        let mut by_node: SortedMap<String, Vec<Rc<Value>>> = SortedMap::new();
        for pod in pods.iter().filter(|p| !(object::is_deleting(p) && is_finished(p))) {
            if let Some(node) = target(pod) {
                by_node.entry(node.to_owned()).or_default().push(Rc::clone(pod));
            }
        }
        for pods in by_node.values_mut() {
            pods.order_by_key(|p| (object::str_at(p, "spec.nodeName").is_none_or(str::is_empty), age(p)));
        }
        let place = |node: &Rc<Value>| {
            let (runs, stays) = may_run(&model, node);
            (object::name(node).to_owned(), runs, stays)
        };
        let nodes = ctx.api.list(kinds::NODE, None).map(place).collect();
        let min_ready = object::i64_at(set, "spec.minReadySeconds").unwrap_or(0);
        Self { set: Rc::clone(set), model, hash, generation, min_ready, nodes, pods: by_node, now: ctx.now }
    }

    fn is_new(&self, pod: &Value) -> bool {
        let of = |key: &str, wanted: &str| !wanted.is_empty() && label(pod, key) == wanted;
        of(REVISION_LABEL, &self.hash) || of("pod-template-generation", &self.generation)
    }

    fn is_available(&self, pod: &Value) -> bool {
        available_in(pod, self.min_ready, self.now) == Some(0)
    }

    /// How many Pods a rollout may make besides the old ones, and how many nodes may be without (`updatedDesiredNodeCounts`).
    fn allowed(&self) -> (i64, i64) {
        let wanted = self.nodes.iter().filter(|(_, runs, _)| *runs).count() as i64;
        let of = |field: &str| amount(object::at(&self.set, &format!("spec.updateStrategy.rollingUpdate.{field}")), wanted, true);
        let (surge, unavailable) = (of("maxSurge"), of("maxUnavailable"));
        (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable })
    }

    /// One Pod where one is to be, none where none is: models `podsShouldBeOnNode`.
    fn manage(&self, backoff: &mut Backoff, again: &mut Option<u64>, ctx: &mut Context) -> Plan {
        let surges = self.allowed().0 > 0;
        let (mut lacking, mut leaving) = (Vec::new(), Vec::new());
        for (node, runs, stays) in &self.nodes {
            let Some(here) = self.pods.get(node) else {
                if *runs {
                    lacking.push(node.clone());
                }
                continue;
            };
            if !stays {
                leaving.extend(here.iter().filter(|p| !object::is_deleting(p)).cloned());
                continue;
            }
            let mut running: Vec<&Rc<Value>> = Vec::new();
            for pod in here.iter().filter(|p| !object::is_deleting(p)) {
                let is_failed = object::str_at(pod, "status.phase") == Some("Failed");
                if !is_finished(pod) {
                    running.push(pod);
                } else if let Some(wait) = if is_failed { self.wait(node, backoff) } else { None } {
                    *again = Some(again.map_or(wait, |a| a.min(wait)));
                } else {
                    let who = format!("{}/{}", object::namespace(pod), object::name(pod));
                    let (kind, reason, text) = if is_failed {
                        ("Warning", "FailedDaemonPod", format!("Found failed daemon pod {who} on node {node}, will try to kill it"))
                    } else {
                        ("Normal", "SucceededDaemonPod", format!("Found succeeded daemon pod {who} on node {node}, will try to delete it"))
                    };
                    say(ctx, &self.set, COMPONENT, kind, reason, &text);
                    leaving.push(Rc::clone(pod));
                }
            }
            if !surges {
                leaving.extend(running.into_iter().skip(1).cloned());
                continue;
            }
            if running.is_empty() && *runs {
                lacking.push(node.clone());
            }
            // An old Pod stays beside the new one only while it is ready and the new one is not available.
            let (new, old): (Vec<_>, Vec<_>) = running.into_iter().partition(|p| label(p, REVISION_LABEL) == self.hash);
            leaving.extend(new.iter().skip(1).chain(old.iter().skip(1)).map(|p| Rc::clone(p)));
            if let (Some(new), Some(old)) = (new.first().copied(), old.first().copied())
                && (!is_ready(old) || self.is_available(new))
            {
                leaving.push(Rc::clone(old));
            }
        }
        let unknown = self.pods.iter().filter(|(node, _)| !self.nodes.iter().any(|(name, _, _)| name == *node));
        leaving.extend(unknown.flat_map(|(_, pods)| pods).filter(|p| object::str_at(p, "spec.nodeName").is_none_or(str::is_empty)).cloned());
        (lacking, leaving)
    }

    /// How long a failed Pod of a node still waits for its removal; `None` where it may go now.
    fn wait(&self, node: &str, backoff: &mut Backoff) -> Option<u64> {
        let entry = backoff.entry((object::uid(&self.set).to_owned(), node.to_owned())).or_insert((0, self.now));
        let since = self.now.since(entry.1);
        if since < entry.0 {
            return Some(entry.0 - since);
        }
        let fresh = entry.0 == 0 || since > 2 * MOST_BACKOFF_MS;
        *entry = (if fresh { FIRST_BACKOFF_MS } else { (entry.0 * 2).min(MOST_BACKOFF_MS) }, self.now);
        None
    }

    /// Which old Pods a rollout replaces now, or adds new ones to: models `rollingUpdate` of `update.go`.
    fn roll(&self) -> Plan {
        let (surge, unavailable) = self.allowed();
        let wanted = self.nodes.iter().filter(|(_, runs, _)| *runs).count();
        let (mut make, mut allowed, mut go) = (Vec::new(), Vec::new(), Vec::new());
        let (mut candidates, mut sunset): (Vec<Rc<Value>>, Vec<Rc<Value>>) = (Vec::new(), Vec::new());
        // Nodes that are without an available Pod, or have two already.
        let mut busy = 0;
        let mut available = 0;
        let none = Vec::new();
        for (node, runs, _) in &self.nodes {
            let here = self.pods.get(node).unwrap_or(&none);
            if here.is_empty() && !runs {
                continue;
            }
            let (new, old): (Vec<_>, Vec<_>) = here.iter().filter(|p| !object::is_deleting(p)).partition(|p| self.is_new(p));
            if new.len() > 1 || old.len() > 1 {
                busy += 1;
                continue;
            }
            let (new, old) = (new.first().copied(), old.first().copied());
            available += usize::from(old.or(new).is_some_and(|p| self.is_available(p)));
            match (new, old) {
                (Some(new), Some(old)) if surge > 0 => {
                    if self.is_available(new) {
                        go.push(Rc::clone(old))
                    } else {
                        busy += 1
                    }
                }
                (Some(_), Some(_)) | (None, None) => busy += i64::from(surge == 0),
                (Some(new), None) => busy += i64::from(surge == 0 && !self.is_available(new)),
                (None, Some(old)) if surge == 0 => {
                    if !self.is_available(old) {
                        go.push(Rc::clone(old));
                        busy += 1;
                    } else if busy < unavailable {
                        candidates.push(Rc::clone(old));
                    }
                }
                (None, Some(old)) if !runs => {
                    if self.is_available(old) {
                        sunset.push(Rc::clone(old))
                    } else {
                        go.push(Rc::clone(old))
                    }
                }
                (None, Some(old)) if !self.is_available(old) => make.push(node.clone()),
                (None, Some(_)) => allowed.push(node.clone()),
            }
        }
        if surge == 0 {
            go.extend(candidates.into_iter().take((unavailable - busy).max(0) as usize));
            return (Vec::new(), go);
        }
        // Where the set moved to other nodes, an old Pod goes once enough are available there.
        go.extend(sunset.into_iter().take(available.saturating_sub(wanted)));
        make.extend(allowed.into_iter().take((surge - busy).max(0) as usize));
        (make, go)
    }

    /// Gives how many Pods are still to be made, because the client may ask no more now.
    fn carry_out(&mut self, (lacking, leaving): Plan, client: &mut Throttle, ctx: &mut Context) -> Result<usize, Status> {
        let set = Rc::clone(&self.set);
        let made = slow_start_pods(client, lacking.len(), ctx, &mut |at, ctx| {
            let mut pod = self.model.clone();
            pin(&mut pod, &lacking[at]);
            let pod = make_pod(ctx, &set, COMPONENT, pod)?;
            self.pods.entry(lacking[at].clone()).or_default().push(pod);
            Ok(())
        });
        for pod in leaving {
            delete(ctx, kinds::POD, &pod)?;
            say(ctx, &set, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(&pod)));
        }
        made
    }

    fn write_status(&self, ctx: &mut Context) -> Result<(), Status> {
        let (mut wanted, mut current, mut misplaced, mut ready, mut available, mut updated) = (0, 0, 0, 0, 0, 0);
        for (node, runs, _) in &self.nodes {
            let pod = self.pods.get(node).and_then(|here| here.first());
            if !runs {
                misplaced += usize::from(pod.is_some());
                continue;
            }
            wanted += 1;
            let Some(pod) = pod else { continue };
            current += 1;
            ready += usize::from(is_ready(pod));
            available += usize::from(self.is_available(pod));
            updated += usize::from(self.is_new(pod));
        }
        let mut status = json!({"currentNumberScheduled": current, "desiredNumberScheduled": wanted, "numberMisscheduled": misplaced,
            "numberReady": ready, "observedGeneration": object::i64_at(&self.set, "metadata.generation").unwrap_or(1)});
        for (field, count) in [("numberAvailable", available), ("numberUnavailable", wanted - available), ("updatedNumberScheduled", updated)] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        put_status(ctx, kinds::DAEMON_SET, &self.set, status)
    }

    fn next_available(&self) -> Option<u64> {
        self.pods.values().flatten().filter_map(|p| available_in(p, self.min_ready, self.now)).filter(|wait| *wait > 0).min()
    }
}

/// The node that a daemon Pod is for, bound or not.
fn target(pod: &Value) -> Option<&str> {
    object::str_at(pod, "spec.nodeName").filter(|n| !n.is_empty()).or_else(|| {
        let terms = object::list_at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
        terms.iter().flat_map(|t| object::list_at(t, "matchFields")).find_map(|f| object::str_at(f, "values.0"))
    })
}

/// Binds a Pod to a node by affinity; the scheduler does the rest.
fn pin(pod: &mut Value, node: &str) {
    let field = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    let path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let mut terms = object::list_at(pod, path).to_vec();
    if terms.is_empty() {
        terms.push(json!({}));
    }
    for term in &mut terms {
        term["matchFields"] = field.clone();
    }
    object::set(pod, path, Value::Array(terms));
}

/// Whether a daemon is to run on a node, and whether one that is there may stay.
fn may_run(pod: &Value, node: &Value) -> (bool, bool) {
    if object::str_at(pod, "spec.nodeName").is_some_and(|n| !n.is_empty() && n != object::name(node)) || !node_affinity(pod, node) {
        return (false, false);
    }
    let tolerations = object::list_at(pod, "spec.tolerations");
    let repelled = |effects: &[&str]| {
        object::list_at(node, "spec.taints").iter().any(|taint| {
            let text = |field| object::str_at(taint, field).unwrap_or("");
            effects.contains(&text("effect")) && !tolerated(tolerations, text("key"), text("value"), text("effect"))
        })
    };
    (!repelled(&["NoSchedule", "NoExecute"]), !repelled(&["NoExecute"]))
}
