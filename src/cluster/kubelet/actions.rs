//! What a sync has to do to a Pod's containers. Models `computePodActions` of `pkg/kubelet/kuberuntime/kuberuntime_manager.go`.

use crate::cluster::log::ProbeKind;
use crate::cluster::runtime::ContainerId;

use super::observed::{Ended, Observed, Seen, SeenState};
use super::prober::{Results, Verdict};
use super::spec::{ContainerSpec, PodSpec, Role};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actions {
    pub create_sandbox: bool,
    /// Nothing is left to run: everything that still runs (sidecars) is stopped, and the sandbox with it.
    pub kill_pod: bool,
    pub kills: Vec<KillOrder>,
    /// Indices of [`PodSpec::containers`], in the order in which they are started.
    pub starts: Vec<usize>,
    /// A rule wants everything removed and started anew; the container that asked for it comes last.
    pub restart_all: Option<String>,
}

/// A running container that is to be killed, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct KillOrder {
    pub id: ContainerId,
    pub container: usize,
    pub message: String,
    pub probe: Option<ProbeKind>,
}

/// `resized` tells whether a container must be restarted for a resize.
pub fn compute(spec: &PodSpec, seen: &Observed, results: &Results, resized: &dyn Fn(&ContainerSpec) -> bool) -> Actions {
    let mut actions = Actions::default();
    if !seen.sandbox_ready {
        let ran_before = !seen.containers.is_empty();
        let may_go_on = spec.regular().any(|(_, c)| match seen.newest_ended(&c.name) {
            Some(ended) => spec.may_restart(c, Some(ended.exit_code)),
            None => true,
        });
        if ran_before && !may_go_on {
            actions.kill_pod = true;
            return actions;
        }
        actions.create_sandbox = true;
        let first_init = spec.init().next().map(|(index, _)| index);
        actions.starts = match first_init {
            Some(index) => vec![index],
            None => spec
                .regular()
                .filter(|(_, c)| seen.newest_ended(&c.name).is_none_or(|ended| spec.may_restart(c, Some(ended.exit_code))))
                .map(|(index, _)| index)
                .collect(),
        };
        return actions;
    }
    if let Some(name) = restart_all_trigger(spec, seen) {
        actions.restart_all = Some(name);
        return actions;
    }
    for (index, container) in spec.containers.iter().enumerate().filter(|(_, c)| c.role == Role::Ephemeral) {
        if here(seen, container).is_none() {
            actions.starts.push(index);
        }
    }
    if !init_actions(spec, seen, results, &mut actions) || actions.kill_pod {
        return actions;
    }
    let init_starts = std::mem::take(&mut actions.starts);
    let mut kept = 0;
    for (index, container) in spec.regular() {
        let Some(newest) = here(seen, container) else {
            actions.starts.push(index);
            continue;
        };
        match &newest.state {
            SeenState::Created => actions.starts.push(index),
            SeenState::Exited(Ended { exit_code, .. }) => {
                if spec.may_restart(container, Some(*exit_code)) {
                    actions.starts.push(index);
                }
            }
            SeenState::Running { .. } => match reason_to_kill(container, newest, results, resized) {
                None => kept += 1,
                Some((why, probe, keeps_policy)) => {
                    let restart = !keeps_policy || spec.may_restart(container, None);
                    let tail = if why.contains("requires restart") { "" } else { ", will be restarted" };
                    let message = format!("Container {} {why}{}", container.name, if restart { tail } else { "" });
                    if restart {
                        actions.starts.push(index);
                    }
                    actions.kills.push(KillOrder { id: newest.id, container: index, message, probe });
                }
            },
        }
    }
    if kept == 0 && actions.starts.is_empty() {
        actions.kill_pod = true;
        actions.kills.clear();
    } else {
        actions.starts.splice(0..0, init_starts);
    }
    actions
}

/// The newest instance in the present sandbox.
fn here<'a>(seen: &'a Observed, container: &ContainerSpec) -> Option<&'a Seen> {
    seen.newest(&container.name).filter(|c| Some(c.sandbox) == seen.sandbox)
}

fn verdict(results: &Results, id: ContainerId, kind: ProbeKind) -> Option<Verdict> {
    results.get(&(id, kind)).copied()
}

/// Why a running container must go: the words of the event, the probe, and whether the restart policy decides about its restart.
fn reason_to_kill(
    container: &ContainerSpec,
    newest: &Seen,
    results: &Results,
    resized: &dyn Fn(&ContainerSpec) -> bool,
) -> Option<(&'static str, Option<ProbeKind>, bool)> {
    if newest.hash != container.hash {
        Some(("definition changed", None, false))
    } else if verdict(results, newest.id, ProbeKind::Liveness) == Some(Verdict::Failure) {
        Some(("failed liveness probe", Some(ProbeKind::Liveness), true))
    } else if verdict(results, newest.id, ProbeKind::Startup) == Some(Verdict::Failure) {
        Some(("failed startup probe", Some(ProbeKind::Startup), true))
    } else if resized(container) {
        Some(("resize requires restart", None, false))
    } else {
        None
    }
}

/// Init containers and sidecars: which one is next. True once the regular containers may run.
///
/// The latest one that was ever created decides what comes next; sidecars before it are only kept alive.
fn init_actions(spec: &PodSpec, seen: &Observed, results: &Results, actions: &mut Actions) -> bool {
    let inits: Vec<(usize, &ContainerSpec)> = spec.init().collect();
    let Some(last) = inits.len().checked_sub(1) else { return true };
    let begun = spec.regular().any(|(_, c)| here(seen, c).is_some());
    let mut initialized = begun;
    let mut decided = begun;
    let mut starts = Vec::new();
    for place in (0..inits.len()).rev() {
        let (index, container) = inits[place];
        let Some(newest) = here(seen, container) else {
            if begun && container.role == Role::Sidecar {
                starts.push(index);
            }
            continue;
        };
        let first = !decided;
        decided = true;
        let mut next = |starts: &mut Vec<usize>| {
            if place == last {
                initialized = true;
            } else {
                starts.push(inits[place + 1].0);
            }
        };
        match (&newest.state, container.role == Role::Sidecar) {
            (SeenState::Created, _) => {
                if first || container.role == Role::Sidecar {
                    starts.push(index);
                }
            }
            (SeenState::Running { .. }, true) => {
                let startup = verdict(results, newest.id, ProbeKind::Startup);
                let started = container.probe(ProbeKind::Startup).is_none() || startup == Some(Verdict::Success);
                if let Some((why, probe, _)) = reason_to_kill(container, newest, results, &|_| false) {
                    let message = format!("Init container {} {why}", container.name);
                    actions.kills.push(KillOrder { id: newest.id, container: index, message, probe });
                    starts.push(index);
                } else if first && started {
                    next(&mut starts);
                }
            }
            (SeenState::Running { .. }, false) => {}
            (SeenState::Exited(_), true) => starts.push(index),
            (SeenState::Exited(ended), false) if first => {
                if ended.exit_code == 0 && ended.reason != "OOMKilled" {
                    next(&mut starts);
                } else if spec.may_restart(container, Some(ended.exit_code)) {
                    starts.push(index);
                } else {
                    actions.kill_pod = true;
                    return false;
                }
            }
            (SeenState::Exited(_), false) => {}
        }
    }
    if !decided {
        starts.push(inits[0].0);
    }
    starts.reverse();
    actions.starts.extend(starts);
    initialized
}

/// A container whose end matches a rule with the action RestartAllContainers.
fn restart_all_trigger(spec: &PodSpec, seen: &Observed) -> Option<String> {
    spec.containers.iter().find_map(|container| {
        let newest = here(seen, container)?;
        let SeenState::Exited(ended) = &newest.state else { return None };
        let rule = container.rules.iter().find(|r| r.matches(ended.exit_code))?;
        rule.restarts_all.then(|| container.name.clone())
    })
}
