//! `kubectl drain`: cordons a node and sends its Pods away.

use super::cordon::{mark, nodes};
use super::delete::Gone;
use crate::api::object::{at, list_at, map_at, name, namespace, str_at, uid};
use crate::api::order::InOrder as _;
use crate::api::{SimTime, Value, kinds};
use crate::cluster::apiserver::{DeleteOptions, Key};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};

pub const VERB: Verb = Verb::new(
    "drain",
    "NODE [options]",
    "force ignore-daemonsets delete-emptydir-data delete-local-data grace-period:i timeout:d selector,l:s pod-selector:s disable-eviction skip-wait-for-delete-timeout:i dry-run=unchanged chunk-size:i",
    "Drain node in preparation for maintenance.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let nodes = nodes(call, env, "drain")?;
    let dry = call.dry_run(env)?;
    for node in &nodes {
        mark(node, true, dry, env)?;
    }
    let timeout = call.duration("timeout").filter(|t| *t > 0).map(|t| env.now() + t as u64);
    Ok(Flow::wait(Draining { call: call.clone(), nodes, dry, timeout, leaving: None }))
}

/// The Pods of a node that shall go, with warnings; or why they can't.
fn plan(call: &Call, node: &str, env: &Env) -> Result<(Vec<std::rc::Rc<Value>>, Vec<String>), Vec<String>> {
    let (mut go, mut unmanaged, mut local, mut daemons) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pod in env.list(kinds::POD, None).into_iter().filter(|p| str_at(p, "spec.nodeName") == Some(node)) {
        let named = format!("{}/{}", namespace(&pod), name(&pod));
        if map_at(&pod, "metadata.annotations").is_some_and(|a| a.contains_key("kubernetes.io/config.mirror")) {
            continue;
        }
        let finished = matches!(str_at(&pod, "status.phase"), Some("Succeeded" | "Failed"));
        let owner = list_at(&pod, "metadata.ownerReferences").iter().find(|r| at(r, "controller").and_then(Value::as_bool) == Some(true));
        if owner.is_some_and(|o| str_at(o, "kind") == Some("DaemonSet")) && !finished {
            daemons.push(named);
            continue;
        }
        if list_at(&pod, "spec.volumes").iter().any(|v| v.get("emptyDir").is_some()) && !finished {
            local.push(named.clone());
        }
        if owner.is_none() && !finished {
            unmanaged.push(named);
        }
        go.push(pod);
    }
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    if !daemons.is_empty() {
        if call.is("ignore-daemonsets") {
            warnings.push(format!("ignoring DaemonSet-managed Pods: {}", daemons.join(", ")));
        } else {
            errors.push(format!("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): {}", daemons.join(", ")));
        }
    }
    if !unmanaged.is_empty() {
        if call.is("force") {
            warnings.push(format!("deleting Pods that declare no controller: {}", unmanaged.join(", ")));
        } else {
            errors.push(format!("cannot delete Pods that declare no controller (use --force to override): {}", unmanaged.join(", ")));
        }
    }
    if !local.is_empty() && !call.is("delete-emptydir-data") && !call.is("delete-local-data") {
        errors.push(format!("cannot delete Pods with local storage (use --delete-emptydir-data to override): {}", local.join(", ")));
    }
    errors.order();
    if errors.is_empty() { Ok((go, warnings)) } else { Err(errors) }
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
