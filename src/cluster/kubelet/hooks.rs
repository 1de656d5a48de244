//! postStart and preStop. Models `pkg/kubelet/lifecycle/handlers.go`. Deviation: an HTTP hook ends after a minute.

use crate::api::SimTime;
use crate::cluster::log::Stream;
use crate::cluster::network::{self, Failure, HttpGet, ProbeRequest};
use crate::cluster::runtime::{ContainerId, ExecId};

use super::prober::{exec_failure, hook_failure};
use super::spec::{ContainerSpec, Handler};
use super::worker::{Turn, Worker};

const LOOK_MS: u64 = 20;
/// A hook's HTTP request has no limit of its own; this one keeps the simulation bounded.
const HTTP_TIMEOUT_MS: u64 = 60_000;

/// A hook that is going on.
#[derive(Clone, Debug)]
pub enum HookRun {
    Exec { exec: ExecId, command: Vec<String> },
    Until { at: SimTime, outcome: Result<(), HookError> },
}

#[derive(Clone, Debug)]
pub struct HookError {
    /// `Exec lifecycle hook ([sh -c exit 1])`
    what: String,
    why: String,
}

pub enum Progress {
    /// Look again after so many milliseconds.
    Look(u64),
    Done(Result<(), HookError>),
}

impl Worker {
    pub fn begin_hook(&mut self, container: &ContainerSpec, id: ContainerId, handler: &Handler, turn: &mut Turn) -> HookRun {
        let now = turn.ctx.now;
        match handler {
            Handler::Exec(command) => HookRun::Exec { exec: turn.runtime.exec(id, command, Some(""), turn.ctx), command: command.clone() },
            Handler::Sleep(seconds) => HookRun::Until { at: now + seconds.saturating_mul(1000), outcome: Ok(()) },
            Handler::Http { https, host, port, path, headers } => {
                let what = format!("HTTP lifecycle hook ({path})");
                let ip = self.surroundings(turn).pod_ip.to_owned();
                let host = if host.is_empty() { &ip } else { host };
                let Some(port) = port.resolve(container) else {
                    return HookRun::Until { at: now, outcome: Err(HookError { what, why: "couldn't find port".into() }) };
                };
                let http = Some(HttpGet { https: *https, path, headers });
                let mut answer = network::probe(&ProbeRequest { host, port, http, timeout_ms: HTTP_TIMEOUT_MS }, turn.runtime, turn.ctx);
                if *https && matches!(answer.result, Err(Failure::Closed)) {
                    // A server that understands only HTTP is asked once more in its own way (`isHTTPResponseError`).
                    let http = Some(HttpGet { https: false, path, headers });
                    answer = network::probe(&ProbeRequest { host, port, http, timeout_ms: HTTP_TIMEOUT_MS }, turn.runtime, turn.ctx);
                    if answer.result.is_ok() {
                        let message = format!("request to HTTPS lifecycle hook {host}:{port} got HTTP response, retry with HTTP succeeded");
                        self.event("", "Warning", "LifecycleHTTPFallback", &message, turn);
                    }
                }
                let failed = |failure| HookError { what, why: hook_failure(&failure, *https, host, port, path) };
                HookRun::Until { at: now + answer.took_ms, outcome: answer.result.map(|_| ()).map_err(failed) }
            }
            Handler::Tcp { .. } | Handler::Grpc { .. } => {
                let error = HookError { what: "Cannot run handler".into(), why: "invalid handler".into() };
                HookRun::Until { at: now, outcome: Err(error) }
            }
        }
    }

    pub fn tend_hook(&self, hook: &HookRun, turn: &Turn) -> Progress {
        match hook {
            HookRun::Until { at, outcome } if *at <= turn.ctx.now => Progress::Done(outcome.clone()),
            HookRun::Until { at, .. } => Progress::Look(at.since(turn.ctx.now)),
            HookRun::Exec { exec, command } => {
                let what = || format!("Exec lifecycle hook ([{}])", command.join(" "));
                let Some(record) = turn.runtime.exec_record(*exec) else {
                    return Progress::Done(Err(HookError { what: what(), why: "container not found".into() }));
                };
                if let Some(error) = &record.error {
                    let why = format!("{}, message: \"\"", exec_failure(error));
                    return Progress::Done(Err(HookError { what: what(), why }));
                }
                match record.exit_code {
                    None => Progress::Look(LOOK_MS),
                    Some(0) => Progress::Done(Ok(())),
                    Some(code) => {
                        let text = |wanted| record.output.iter().filter(|(s, _)| *s == wanted).map(|(_, t)| t.as_str()).collect::<String>();
                        let (stdout, stderr) = (text(Stream::Stdout), text(Stream::Stderr));
                        let why = format!("command '{}' exited with {code}: {stderr}, message: {:?}", command.join(" "), stdout + &stderr);
                        Progress::Done(Err(HookError { what: what(), why }))
                    }
                }
            }
        }
    }

    /// The message of `PostStartHookError`.
    pub fn hook_message(&self, container: &ContainerSpec, error: &HookError) -> String {
        let pod = format!("{}_{}({})", self.name, self.namespace, self.uid);
        format!("{} for Container \"{}\" in Pod \"{pod}\" failed - error: {}", error.what, container.name, error.why)
    }
}
