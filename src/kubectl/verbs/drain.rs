//! `kubectl drain`: cordons a node and sends its Pods away.

use crate::api::order::SortedMap;
use std::rc::Rc;

use super::cordon::{mark, nodes};
use super::delete::Gone;
use crate::api::object::{at, labels, list_at, map_at, name, namespace, str_at, uid};
use crate::api::{SimTime, Value, kinds};
use crate::cluster::apiserver::{DeleteOptions, Key};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};
use crate::kubectl::selector;

pub const VERB: Verb = Verb::new(
    "drain",
    "NODE [options]",
    "force ignore-daemonsets delete-emptydir-data delete-local-data grace-period:i timeout:d selector,l:s pod-selector:s disable-eviction skip-wait-for-delete-timeout:i dry-run=unchanged chunk-size:i",
    "Drain node in preparation for maintenance.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.filled("pod-selector").is_some_and(|text| selector::parse(text).is_err()) {
        return Err(Failure::error("--pod-selector=<pod_selector> must be a valid label selector"));
    }
    let nodes = nodes(call, env, "drain")?;
    let dry = call.dry_run(env)?;
    for node in &nodes {
        mark(node, true, dry, env)?;
    }
    let timeout = call.duration("timeout").filter(|t| *t > 0).map(|t| env.now() + t as u64);
    Ok(Flow::wait(Draining { call: call.clone(), nodes, dry, timeout, leaving: None }))
}

/// What a drain does with a Pod, and what it says of it. Models the filters of `k8s.io/kubectl/pkg/drain/filters.go`: the first that holds a
/// Pod back decides, and of those that only warn the last one speaks.
enum Fate {
    Go(Option<&'static str>),
    Stay,
    StayWith(&'static str),
    Refused(&'static str),
}

fn fate(call: &Call, pod: &Value, env: &Env) -> Fate {
    let annotated = |key| map_at(pod, "metadata.annotations").is_some_and(|a| a.contains_key(key));
    let finished = matches!(str_at(pod, "status.phase"), Some("Succeeded" | "Failed"));
    let owner = list_at(pod, "metadata.ownerReferences").iter().find(|r| at(r, "controller").and_then(Value::as_bool) == Some(true));
    let mut warning = None;
    if let Some(owner) = owner.filter(|o| str_at(o, "kind") == Some("DaemonSet") && !finished) {
        let gone = env.get(kinds::DAEMON_SET, namespace(pod), str_at(owner, "name").unwrap_or("")).is_none();
        if !(gone && call.is("force")) {
            return if call.is("ignore-daemonsets") {
                Fate::StayWith("ignoring DaemonSet-managed Pods")
            } else {
                Fate::Refused("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
            };
        }
        warning = Some("deleting orphaned DaemonSet-managed Pods");
    }
    if annotated("kubernetes.io/config.mirror") {
        return Fate::Stay;
    }
    let keeps = list_at(pod, "spec.volumes").iter().any(|v| v.get("emptyDir").is_some());
    if keeps && !finished && !call.is("delete-emptydir-data") && !call.is("delete-local-data") {
        return Fate::Refused("Pods with local storage (use --delete-emptydir-data to override)");
    }
    if finished || owner.is_some() {
        return Fate::Go(warning);
    }
    if call.is("force") {
        Fate::Go(Some("deleting Pods that declare no controller"))
    } else {
        Fate::Refused("Pods that declare no controller (use --force to override)")
    }
}

/// The Pods of a node that shall go, with warnings; or why they can't.
fn plan(call: &Call, node: &str, env: &Env) -> Result<(Vec<Rc<Value>>, Vec<String>), Vec<String>> {
    let selector = call.filled("pod-selector").map(selector::parse).transpose().map_err(|why| vec![why])?;
    let mut go = Vec::new();
    let (mut warned, mut refused) = (SortedMap::<&str, Vec<String>>::new(), SortedMap::<&str, Vec<String>>::new());
    let on_node = |p: &Rc<Value>| str_at(p, "spec.nodeName") == Some(node) && selector.as_ref().is_none_or(|s| s.matches(labels(p)));
    for pod in env.list(kinds::POD, None).into_iter().filter(on_node) {
        let named = format!("{}/{}", namespace(&pod), name(&pod));
        match fate(call, &pod, env) {
            Fate::Stay => {}
            Fate::StayWith(what) => warned.entry(what).or_default().push(named),
            Fate::Refused(what) => refused.entry(what).or_default().push(named),
            Fate::Go(warning) => {
                if let Some(what) = warning {
                    warned.entry(what).or_default().push(named);
                }
                go.push(pod);
            }
        }
    }
    let told =
        |all: SortedMap<&str, Vec<String>>, head: &str| all.into_iter().map(|(what, pods)| format!("{head}{what}: {}", pods.join(", "))).collect();
    if refused.is_empty() { Ok((go, told(warned, ""))) } else { Err(told(refused, "cannot delete ")) }
}

#[derive(Clone)]
struct Draining {
    call: Call,
    nodes: Vec<String>,
    dry: DryRun,
    timeout: Option<SimTime>,
    /// The Pods of the first node that are on their way.
    leaving: Option<Vec<(Key, String)>>,
}

impl Job for Draining {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        while let Some(node) = self.nodes.first().cloned() {
            let Some(leaving) = &mut self.leaving else {
                let (pods, warnings) = plan(&self.call, &node, env).map_err(|errors| {
                    let all = if errors.len() == 1 { errors[0].clone() } else { format!("[{}]", errors.join(", ")) };
                    let pending: String = self.nodes.iter().map(|n| format!(" {n}\n")).collect();
                    let lines: String = errors.iter().map(|e| format!("{e}\n")).collect();
                    Failure::raw(
                        format!("error: unable to drain node {node:?} due to error: {all}, continuing command...\nThere are pending nodes to be drained:\n{pending}{lines}"),
                        1,
                    )
                })?;
                if !warnings.is_empty() {
                    env.err(format!("Warning: {}\n", warnings.join("; ")));
                }
                let grace = self.call.int("grace-period").filter(|g| *g >= 0);
                let mut leaving = Vec::new();
                for pod in pods {
                    env.out(format!("evicting pod {}/{}{}\n", namespace(&pod), name(&pod), self.dry.suffix()));
                    let key = Key::new(kinds::POD, namespace(&pod), name(&pod));
                    if self.dry == DryRun::None {
                        env.delete(&key, DeleteOptions { grace_seconds: grace, ..DeleteOptions::default() })?;
                        leaving.push((key, uid(&pod).to_owned()));
                    }
                }
                self.leaving = Some(leaving);
                continue;
            };
            let mut gone = Vec::new();
            leaving.retain(|one| {
                let is_gone = Gone::is_gone(env, one);
                if is_gone {
                    gone.push(one.0.name.clone());
                }
                !is_gone
            });
            let empty = leaving.is_empty();
            for pod in gone {
                env.out(format!("pod/{pod} evicted\n"));
            }
            if !empty {
                if self.timeout.is_some_and(|t| env.now() >= t) {
                    return Err(Failure::error(format!(
                        "unable to drain node {node:?} due to error: global timeout reached: {}",
                        self.call.text("timeout").unwrap_or("")
                    )));
                }
                return Ok(Poll::Pending(self.timeout));
            }
            env.out(format!("node/{node} drained{}\n", self.dry.suffix()));
            self.nodes.remove(0);
            self.leaving = None;
        }
        Ok(Poll::Done(0))
    }
}
