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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{SimTime, Value, json};
    use crate::cluster::runtime::SandboxId;

    fn spec(restart: &str, init: Value, containers: Value) -> PodSpec {
        PodSpec::parse(&json!({"metadata": {"name": "p"}, "spec": {"restartPolicy": restart, "initContainers": init, "containers": containers}}))
    }

    /// `name` runs (`None`) or has ended with a code.
    fn seen(spec: &PodSpec, states: &[(&str, Option<i32>)]) -> Observed {
        let container = |(index, (name, end)): (usize, &(&str, Option<i32>))| Seen {
            id: ContainerId(index as u64 + 1),
            sandbox: SandboxId(1),
            name: (*name).into(),
            attempt: 0,
            hash: spec.find(name).map_or(0, |(_, c)| c.hash),
            state: match end {
                None => SeenState::Running { started_at: SimTime::ZERO },
                Some(exit_code) => SeenState::Exited(Ended { exit_code: *exit_code, ..Ended::default() }),
            },
        };
        let mut containers: Vec<Seen> = states.iter().enumerate().map(container).collect();
        containers.reverse();
        Observed { sandbox: Some(SandboxId(1)), sandbox_ready: true, ip: "10.0.0.1".into(), containers }
    }

    fn check(spec: &PodSpec, states: &[(&str, Option<i32>)], expected: &str) {
        let actions = compute(spec, &seen(spec, states), &Results::new(), &|_| false);
        let names: Vec<&str> = actions.starts.iter().map(|i| spec.containers[*i].name.as_str()).collect();
        let said = if actions.kill_pod { "kill the Pod".to_owned() } else { format!("start {}", names.join(" ")) };
        assert_eq!(said, expected, "{states:?}");
    }

    #[test]
    fn init_containers_run_one_after_the_other() {
        let spec = spec("Always", json!([{"name": "one"}, {"name": "two"}]), json!([{"name": "app"}, {"name": "log"}]));
        check(&spec, &[], "start one");
        check(&spec, &[("one", None)], "start ");
        check(&spec, &[("one", Some(1))], "start one");
        check(&spec, &[("one", Some(0))], "start two");
        check(&spec, &[("one", Some(0)), ("two", Some(0))], "start app log");
        check(&spec, &[("one", Some(0)), ("two", Some(0)), ("app", Some(1)), ("log", None)], "start app");
    }

    #[test]
    fn a_failed_init_container_ends_a_pod_that_is_never_restarted() {
        let spec = spec("Never", json!([{"name": "one"}]), json!([{"name": "app"}]));
        check(&spec, &[("one", Some(1))], "kill the Pod");
        check(&spec, &[("one", Some(0)), ("app", Some(1))], "kill the Pod");
    }

    #[test]
    fn sidecars_are_restarted_always_and_stopped_with_the_last_container() {
        let spec = spec("Never", json!([{"name": "side", "restartPolicy": "Always"}]), json!([{"name": "app"}]));
        check(&spec, &[("side", None)], "start app");
        check(&spec, &[("side", Some(0)), ("app", None)], "start side");
        check(&spec, &[("side", None), ("app", Some(0))], "kill the Pod");
    }

    #[test]
    fn a_rule_decides_before_the_policy() {
        let rules = json!([{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]);
        let app = json!([{"name": "app", "restartPolicy": "Never", "restartPolicyRules": rules}, {"name": "log"}]);
        let spec = spec("Always", json!([]), app);
        check(&spec, &[("app", Some(42)), ("log", None)], "start app");
        check(&spec, &[("app", Some(1)), ("log", None)], "start ");
    }

    #[test]
    fn a_failed_liveness_probe_kills_and_starts_in_one_sync() {
        let spec = spec("Always", json!([]), json!([{"name": "app"}]));
        let seen = seen(&spec, &[("app", None)]);
        let results = Results::from([((ContainerId(1), ProbeKind::Liveness), Verdict::Failure)]);
        let actions = compute(&spec, &seen, &results, &|_| false);
        assert_eq!(actions.starts, [0]);
        assert_eq!(actions.kills[0].message, "Container app failed liveness probe, will be restarted");
    }
}
