//! The columns READY, STATUS and RESTARTS of `kubectl get pods`, computed from a Pod.
//!
//! Models `printPod` of `pkg/printers/internalversion/printers.go`; reference/04-lifecycle.md §5.

use crate::api::object::{at, bool_at, i64_at, is_deleting, list_at, str_at};
use crate::api::{SimTime, Value};

/// The row without its age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodRow {
    pub ready: String,
    pub status: String,
    pub restarts: i64,
    /// When the last restart was: `(5s ago)`.
    pub last_restart: Option<SimTime>,
}

/// Restarts of a group of containers, and the newest end among them.
#[derive(Default)]
struct Restarts {
    count: i64,
    last: Option<SimTime>,
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count += i64_at(status, "restartCount").unwrap_or(0);
        let finished = str_at(status, "lastState.terminated.finishedAt").and_then(SimTime::parse);
        self.last = self.last.max(finished);
    }
}

pub fn pod_row(pod: &Value) -> PodRow {
    let init_specs = list_at(pod, "spec.initContainers");
    let is_sidecar = |name: &str| init_specs.iter().any(|c| str_at(c, "name") == Some(name) && str_at(c, "restartPolicy") == Some("Always"));
    let sidecars = init_specs.iter().filter(|c| str_at(c, "restartPolicy") == Some("Always")).count();
    let total = list_at(pod, "spec.containers").len() + sidecars;

    let phase = str_at(pod, "status.phase").unwrap_or("");
    let mut status = match str_at(pod, "status.reason") {
        Some(reason) if !reason.is_empty() => reason.to_owned(),
        _ => phase.to_owned(),
    };
    if condition(pod, "PodScheduled").is_some_and(|c| str_at(c, "reason") == Some("SchedulingGated")) {
        status = "SchedulingGated".into();
    }

    let mut ready = 0;
    let mut restarts = Restarts::default();
    let mut of_sidecars = Restarts::default();
    let mut initializing = false;
    for (index, container) in list_at(pod, "status.initContainerStatuses").iter().enumerate() {
        let sidecar = is_sidecar(str_at(container, "name").unwrap_or(""));
        restarts.add(container);
        if sidecar {
            of_sidecars.add(container);
        }
        if initializing {
            continue;
        }
        let started = bool_at(container, "started") == Some(true);
        match init_reason(container, sidecar && started) {
            InitStep::Passed => {
                if sidecar && started && bool_at(container, "ready") == Some(true) {
                    ready += 1;
                }
            }
            InitStep::Stuck(reason) => {
                status = format!("Init:{reason}");
                initializing = true;
            }
            InitStep::Working => {
                status = format!("Init:{index}/{}", init_specs.len());
                initializing = true;
            }
        }
    }

    if !initializing || is_true(pod, "Initialized") {
        restarts = of_sidecars;
        let mut has_running = false;
        let mut failure = None;
        for container in list_at(pod, "status.containerStatuses").iter().rev() {
            restarts.add(container);
            if let Some(reason) = str_at(container, "state.waiting.reason").filter(|r| !r.is_empty()) {
                status = reason.to_owned();
            } else if let Some(end) = terminated(container) {
                status = end_reason(end);
                if i64_at(end, "exitCode").unwrap_or(0) != 0 {
                    failure = Some(status.clone());
                }
            } else if bool_at(container, "ready") == Some(true) && at(container, "state.running").is_some_and(|r| !r.is_null()) {
                has_running = true;
                ready += 1;
            }
        }
        if status == "Completed" {
            if has_running && is_true(pod, "Ready") {
                status = "Running".into();
            } else if let Some(failure) = failure {
                status = failure;
            } else if has_running {
                status = "NotReady".into();
            }
        }
    }

    if is_deleting(pod) {
        if str_at(pod, "status.reason") == Some("NodeLost") {
            status = "Unknown".into();
        } else if !matches!(phase, "Succeeded" | "Failed") {
            status = "Terminating".into();
        }
    }
    let last_restart = restarts.last.filter(|_| restarts.count > 0);
    PodRow { ready: format!("{ready}/{total}"), status, restarts: restarts.count, last_restart }
}

/// How far one init container is.
enum InitStep {
    Passed,
    Stuck(String),
    Working,
}

fn init_reason(container: &Value, started_sidecar: bool) -> InitStep {
    if let Some(end) = terminated(container) {
        return if i64_at(end, "exitCode").unwrap_or(0) == 0 { InitStep::Passed } else { InitStep::Stuck(end_reason(end)) };
    }
    if started_sidecar {
        return InitStep::Passed;
    }
    match str_at(container, "state.waiting.reason") {
        Some(reason) if !reason.is_empty() && reason != "PodInitializing" => InitStep::Stuck(reason.to_owned()),
        _ => InitStep::Working,
    }
}

fn terminated(container: &Value) -> Option<&Value> {
    at(container, "state.terminated").filter(|t| !t.is_null())
}

/// `Error`, or for ends without a reason `Signal:9`, `ExitCode:3`.
fn end_reason(end: &Value) -> String {
    match (str_at(end, "reason"), i64_at(end, "signal")) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", i64_at(end, "exitCode").unwrap_or(0)),
    }
}

fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    list_at(pod, "status.conditions").iter().find(|c| str_at(c, "type") == Some(kind))
}

fn is_true(pod: &Value, kind: &str) -> bool {
    condition(pod, kind).is_some_and(|c| str_at(c, "status") == Some("True"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    fn row(pod: Value) -> (String, String, i64) {
        let row = pod_row(&pod);
        (row.ready, row.status, row.restarts)
    }

    #[test]
    fn a_crash_looping_sidecar_hides_the_running_app() {
        let pod = json!({
            "spec": {"initContainers": [{"name": "side", "restartPolicy": "Always"}], "containers": [{"name": "app"}]},
            "status": {"phase": "Running",
                "conditions": [{"type": "Initialized", "status": "True"}],
                "initContainerStatuses": [{"name": "side", "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
                "containerStatuses": [{"name": "app", "ready": true, "restartCount": 1, "state": {"running": {}}}]}
        });
        assert_eq!(row(pod), ("1/2".into(), "Init:CrashLoopBackOff".into(), 3));
    }

    #[test]
    fn of_two_ends_the_failed_one_shows() {
        let pod = json!({
            "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
            "status": {"phase": "Failed", "containerStatuses": [
                {"name": "a", "restartCount": 0, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
                {"name": "b", "restartCount": 0, "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}]}
        });
        assert_eq!(row(pod), ("0/2".into(), "Error".into(), 0));
    }

    #[test]
    fn a_finished_pod_that_is_deleted_keeps_its_reason() {
        let pod = |phase: &str| {
            json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"containers": [{"name": "a"}]},
                "status": {"phase": phase, "containerStatuses": [
                    {"name": "a", "restartCount": 0, "state": {"terminated": {"exitCode": 137}}}]}})
        };
        assert_eq!(row(pod("Failed")).1, "ExitCode:137");
        assert_eq!(row(pod("Running")).1, "Terminating");
    }
}
