//! Models the prober manager and its workers (`pkg/kubelet/prober`): when a probe asks, what counts, what is published.
//!
//! A worker's ticks stand at the Pod's first sync + k × period and go on across restarts. Deviations: no start-up jitter,
//! and no probe of the catalogue's servers speaks gRPC or TLS.

use crate::api::order::SortedMap;
use std::rc::Rc;

use crate::api::SimTime;
use crate::cluster::log::{ContainerRef, Fact, ProbeKind};
use crate::cluster::network::{self, Failure, HttpGet, ProbeRequest};
use crate::cluster::runtime::{ContainerId, ExecId};

use super::spec::{ContainerSpec, Handler, Port, ProbeSpec};
use super::status::ContainerState;
use super::worker::{PodTimer, Turn, Worker};

/// What is published of a container's probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Unknown,
    Success,
    Failure,
}

/// The results of all probes of a Pod, by container instance.
pub type Results = SortedMap<(ContainerId, ProbeKind), Verdict>;

#[derive(Clone, Debug)]
pub struct ProbeWorker {
    /// Index in the Pod's containers.
    pub container: usize,
    pub spec: Rc<ProbeSpec>,
    of: Rc<ContainerRef>,
    id: Option<ContainerId>,
    on_hold: bool,
    /// The last attempt, and how often in a row it came out so.
    last: Option<bool>,
    streak: u32,
    asking: Option<Asking>,
    /// A tick that came while the attempt before was still going on.
    missed: bool,
    pub ended: bool,
    pub seq: u32,
}

/// An attempt that takes time.
#[derive(Clone, Debug)]
enum Asking {
    Exec { exec: ExecId, until: SimTime },
    Known(Attempt),
}

/// How one attempt came out.
#[derive(Clone, Debug)]
enum Attempt {
    Success,
    Failure(String),
    /// The probe itself did not work: the result is thrown away.
    Error(String),
}

/// How often the kubelet looks whether a probe's command has ended.
const LOOK_MS: u64 = 50;
/// From a status that shows a container started and not ready to the extra run of its readiness probe.
const TRIGGER_MS: u64 = 10;

fn kind_name(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Startup => "Startup",
        ProbeKind::Readiness => "Readiness",
        ProbeKind::Liveness => "Liveness",
    }
}

impl ProbeWorker {
    pub fn new(container: usize, spec: Rc<ProbeSpec>, of: Rc<ContainerRef>) -> Self {
        Self { container, spec, of, id: None, on_hold: false, last: None, streak: 0, asking: None, missed: false, ended: false, seq: 0 }
    }
}

impl Worker {
    /// `AddPod`: a worker for each probe; the first look is now, when no container is there yet.
    pub fn add_probes(&mut self, turn: &mut Turn) {
        let spec = self.spec.clone();
        for (index, container) in spec.containers.iter().enumerate() {
            for probe in &container.probes {
                let of = self.container_ref(turn, &container.name);
                self.probes.push(ProbeWorker::new(index, probe.clone(), of));
                let place = self.probes.len() - 1;
                self.arm_probe(place, turn.ctx.now + probe.period_ms, turn);
            }
        }
    }

    fn arm_probe(&mut self, place: usize, at: SimTime, turn: &mut Turn) {
        self.probes[place].seq += 1;
        let seq = self.probes[place].seq;
        self.push(PodTimer::Probe(place as u16), seq, at, turn);
    }

    /// Liveness and startup probes end when their Pod is being stopped.
    pub fn stop_liveness_and_startup(&mut self) {
        for probe in self.probes.iter_mut().filter(|p| p.spec.kind != ProbeKind::Readiness) {
            probe.ended = true;
        }
    }

    pub fn stop_probes(&mut self) {
        for probe in &mut self.probes {
            probe.ended = true;
        }
    }

    /// Whether `started` holds for a running container.
    pub fn is_started(&self, index: usize, container: &ContainerSpec, id: Option<ContainerId>, state: &ContainerState) -> bool {
        if !state.is_running() {
            return false;
        }
        match id.and_then(|id| self.results.get(&(id, ProbeKind::Startup))) {
            Some(verdict) => *verdict == Verdict::Success,
            None if !self.has_worker(index, ProbeKind::Startup) => true,
            // What was known of the instance before holds until the probe has looked at the new one.
            None => self.status.containers.iter().any(|s| s.name == container.name && s.started),
        }
    }

    fn has_worker(&self, index: usize, kind: ProbeKind) -> bool {
        self.probes.iter().any(|p| p.container == index && p.spec.kind == kind)
    }

    /// Whether a started container is ready. `None` asks for an extra run of its readiness probe.
    pub fn is_ready(&self, index: usize, id: Option<ContainerId>, state: &ContainerState) -> Option<bool> {
        if !state.is_running() {
            return Some(false);
        }
        if id.and_then(|id| self.results.get(&(id, ProbeKind::Readiness))) == Some(&Verdict::Success) {
            return Some(true);
        }
        if self.has_worker(index, ProbeKind::Readiness) { None } else { Some(true) }
    }

    /// A status found a container started and not ready: its readiness probe runs now, and its ticks begin anew from here.
    pub fn trigger_readiness(&mut self, index: usize, turn: &mut Turn) {
        let found = self.probes.iter().position(|p| p.container == index && p.spec.kind == ProbeKind::Readiness && !p.ended);
        if let Some(place) = found {
            self.arm_probe(place, turn.ctx.now + TRIGGER_MS, turn);
        }
    }

    /// A tick. The next one is due a period later, whatever comes of this one.
    pub fn tick(&mut self, place: usize, turn: &mut Turn) {
        let Some(probe) = self.probes.get(place) else { return };
        if probe.ended {
            return;
        }
        let period = probe.spec.period_ms;
        self.arm_probe(place, turn.ctx.now + period, turn);
        if self.probes[place].asking.is_some() {
            self.probes[place].missed = true;
            return;
        }
        self.attempt(place, turn);
    }

    /// Models `doProbe`.
    fn attempt(&mut self, place: usize, turn: &mut Turn) {
        let (index, kind) = (self.probes[place].container, self.probes[place].spec.kind);
        let spec = self.spec.clone();
        let Some(container) = spec.containers.get(index) else { return };
        let Some(status) = self.status.containers.get(index) else { return };
        if self.status.phase.is_terminal() {
            self.probes[place].ended = true;
            return;
        }
        let Some(id) = status.id else { return };
        let (started, delay) = (status.started, self.probes[place].spec.initial_delay_seconds);
        let running_since = match &status.state {
            ContainerState::Running { started_at } => Ok(started_at.secs()),
            ContainerState::Terminated(ended) => Err(spec.may_restart(container, Some(ended.exit_code))),
            ContainerState::Waiting { .. } => Err(true),
        };
        if self.probes[place].id != Some(id) {
            self.probes[place].id = Some(id);
            self.probes[place].on_hold = false;
            let initial = match kind {
                ProbeKind::Readiness => Verdict::Failure,
                ProbeKind::Liveness => Verdict::Success,
                ProbeKind::Startup => Verdict::Unknown,
            };
            self.publish_verdict(place, id, initial, turn);
        }
        if self.probes[place].on_hold {
            return;
        }
        let since = match running_since {
            Ok(since) => since,
            Err(may_restart) => {
                self.publish_verdict(place, id, Verdict::Failure, turn);
                self.probes[place].ended = !may_restart;
                return;
            }
        };
        if self.is_terminating() && kind != ProbeKind::Readiness {
            self.publish_verdict(place, id, Verdict::Success, turn);
            self.probes[place].ended = true;
            return;
        }
        // The status has whole seconds, so the delay counts from the second in which the container started.
        if turn.ctx.now.millis() < (since + delay) * 1000 || started == (kind == ProbeKind::Startup) {
            return;
        }
        let asking = self.ask(place, container, id, turn);
        match asking {
            (0, Asking::Known(attempt)) => self.conclude(place, attempt, turn),
            (after, asking) => {
                self.probes[place].asking = Some(asking);
                let seq = self.probes[place].seq;
                self.push(PodTimer::ProbeAnswer(place as u16), seq, turn.ctx.now + after, turn);
            }
        }
    }

    /// Asks, and says after how long to look for the answer.
    fn ask(&self, place: usize, container: &ContainerSpec, id: ContainerId, turn: &mut Turn) -> (u64, Asking) {
        let probe = &self.probes[place].spec;
        let known = |attempt| (0, Asking::Known(attempt));
        let port_of = |port: &Port| {
            port.resolve(container).ok_or_else(|| match port {
                Port::Name(name) => Attempt::Error(format!("strconv.Atoi: parsing {name:?}: invalid syntax")),
                Port::Number(_) => Attempt::Error("invalid port number".into()),
            })
        };
        match &probe.handler {
            // The commands of a Pod that is being stopped are cancelled before they begin.
            Handler::Exec(_) if self.is_terminating() => known(Attempt::Error("rpc error: code = Canceled desc = context canceled".into())),
            Handler::Exec(command) => {
                let exec = turn.runtime.exec(id, command, Some(""), turn.ctx);
                match exec_outcome(command, exec, turn) {
                    Some(attempt) => known(attempt),
                    None => (LOOK_MS.min(probe.timeout_ms), Asking::Exec { exec, until: turn.ctx.now + probe.timeout_ms }),
                }
            }
            Handler::Http { https, host, port, path, headers } => match port_of(port) {
                Err(attempt) => known(attempt),
                Ok(port) => {
                    let host = if host.is_empty() { self.status.ip.as_str() } else { host };
                    let http = Some(HttpGet { https: *https, path, headers });
                    let answer = network::probe(&ProbeRequest { host, port, http, timeout_ms: probe.timeout_ms }, turn.runtime, turn.ctx);
                    let attempt = match answer.result {
                        Ok(response) if (200..400).contains(&response.status) => Attempt::Success,
                        Ok(response) => Attempt::Failure(format!("HTTP probe failed with statuscode: {}", response.status)),
                        Err(failure) => Attempt::Failure(http_failure(&failure, *https, host, port, path)),
                    };
                    (late(answer.took_ms), Asking::Known(attempt))
                }
            },
            Handler::Tcp { host, port } => match port_of(port) {
                Err(attempt) => known(attempt),
                Ok(port) => {
                    let host = if host.is_empty() { self.status.ip.as_str() } else { host };
                    let answer = network::probe(&ProbeRequest { host, port, http: None, timeout_ms: probe.timeout_ms }, turn.runtime, turn.ctx);
                    let attempt = match answer.result {
                        Ok(_) => Attempt::Success,
                        Err(failure) => Attempt::Failure(dial_failure(&failure, host, port)),
                    };
                    (late(answer.took_ms), Asking::Known(attempt))
                }
            },
            // No image of the catalogue speaks gRPC, so the client tries to connect until its time is over.
            Handler::Grpc { port, .. } => {
                let seconds = super::backoff::go_duration(probe.timeout_ms);
                let text = format!("timeout: failed to connect service \"{}:{port}\" within {seconds}: context deadline exceeded", self.status.ip);
                (probe.timeout_ms, Asking::Known(Attempt::Failure(text)))
            }
            Handler::Sleep(_) => known(Attempt::Error("missing probe handler".into())),
        }
    }

    /// Looks whether an attempt that took time has come to an end.
    pub fn look_for_answer(&mut self, place: usize, turn: &mut Turn) {
        let Some(probe) = self.probes.get_mut(place) else { return };
        let attempt = match probe.asking.take() {
            None => return,
            Some(Asking::Known(attempt)) => attempt,
            Some(Asking::Exec { exec, until }) => {
                let Handler::Exec(command) = &probe.spec.handler else { return };
                let command = command.clone();
                match exec_outcome(&command, exec, turn) {
                    Some(attempt) => attempt,
                    None if turn.ctx.now < until => {
                        probe.asking = Some(Asking::Exec { exec, until });
                        let (seq, next) = (probe.seq, (turn.ctx.now + LOOK_MS).min(until));
                        self.push(PodTimer::ProbeAnswer(place as u16), seq, next, turn);
                        return;
                    }
                    None => {
                        turn.runtime.kill_exec(exec, turn.ctx);
                        let seconds = super::backoff::go_duration(probe.spec.timeout_ms);
                        Attempt::Failure(format!("command timed out: \"{}\" timed out after {seconds}", command.join(" ")))
                    }
                }
            }
        };
        if self.probes[place].ended {
            return;
        }
        self.conclude(place, attempt, turn);
        if std::mem::take(&mut self.probes[place].missed) {
            self.attempt(place, turn);
        }
    }

    /// Counts an attempt and publishes what has been reached.
    fn conclude(&mut self, place: usize, attempt: Attempt, turn: &mut Turn) {
        let kind = self.probes[place].spec.kind;
        let container = self.probes[place].container;
        let (ok, message) = match attempt {
            Attempt::Success => (true, String::new()),
            Attempt::Failure(message) => {
                let text = format!("{} probe failed: {message}", kind_name(kind));
                self.container_event(container, "Warning", "Unhealthy", &text, turn);
                (false, message)
            }
            Attempt::Error(message) => {
                let text = format!("{} probe errored and resulted in unknown state: {message}", kind_name(kind));
                self.container_event(container, "Warning", "Unhealthy", &text, turn);
                self.note_attempt(place, false, false, message, turn);
                return;
            }
        };
        let probe = &mut self.probes[place];
        if probe.last == Some(ok) {
            probe.streak += 1;
        } else {
            (probe.last, probe.streak) = (Some(ok), 1);
        }
        self.note_attempt(place, ok, true, message, turn);
        let probe = &mut self.probes[place];
        let threshold = if ok { probe.spec.success_threshold } else { probe.spec.failure_threshold };
        if probe.streak < threshold {
            return;
        }
        if kind == ProbeKind::Liveness && !ok || kind == ProbeKind::Startup {
            probe.on_hold = true;
            (probe.last, probe.streak) = (None, 0);
        }
        if let Some(id) = probe.id {
            self.publish_verdict(place, id, if ok { Verdict::Success } else { Verdict::Failure }, turn);
        }
    }

    fn note_attempt(&self, place: usize, ok: bool, counted: bool, message: String, turn: &mut Turn) {
        let probe = &self.probes[place];
        let threshold = if ok { probe.spec.success_threshold } else { probe.spec.failure_threshold };
        turn.ctx.fact(Fact::Probed { container: probe.of.clone(), kind: probe.spec.kind, ok, counted, streak: probe.streak, threshold, message });
    }

    /// A changed result wakes the Pod.
    fn publish_verdict(&mut self, place: usize, id: ContainerId, verdict: Verdict, turn: &mut Turn) {
        let kind = self.probes[place].spec.kind;
        if self.results.insert((id, kind), verdict) == Some(verdict) {
            return;
        }
        if verdict != Verdict::Unknown {
            let container = self.probes[place].of.clone();
            turn.ctx.fact(Fact::ProbeResult { container, kind, ok: verdict == Verdict::Success });
        }
        if self.is_terminating() {
            // Readiness goes on being told while the Pod is stopped.
            if kind == ProbeKind::Readiness && !self.gone {
                self.publish(false, turn);
            }
            return;
        }
        // The sync loop of `pkg/kubelet/kubelet.go` writes readiness and start-up into the status by itself (`SetContainerReadiness`,
        // `SetContainerStartup`); the sync for which it asks as well comes with the next look at the runtime.
        match kind {
            ProbeKind::Readiness => self.set_ready(id, verdict == Verdict::Success, turn),
            ProbeKind::Startup => self.set_started(id, verdict == Verdict::Success, turn),
            ProbeKind::Liveness => {}
        }
        if kind != ProbeKind::Liveness || verdict == Verdict::Failure {
            self.request_sync(turn.ctx.now + 10, turn);
        }
    }
}

/// An answer within a moment counts as one at once.
fn late(took_ms: u64) -> u64 {
    if took_ms < 10 { 0 } else { took_ms }
}

fn exec_outcome(command: &[String], exec: ExecId, turn: &Turn) -> Option<Attempt> {
    let record = turn.runtime.exec_record(exec)?;
    if let Some(error) = &record.error {
        let name = command.first().map_or("", String::as_str);
        debug_assert!(!error.is_empty(), "an exec of {name} that failed says why");
        return Some(Attempt::Error(exec_failure(error)));
    }
    let code = record.exit_code?;
    let text = |wanted| record.output.iter().filter(|(s, _)| *s == wanted).map(|(_, t)| t.as_str()).collect::<String>();
    let output = text(crate::cluster::log::Stream::Stdout) + &text(crate::cluster::log::Stream::Stderr);
    Some(if code == 0 { Attempt::Success } else { Attempt::Failure(output) })
}

/// What `ExecSync` of the runtime says of a command that it could not start.
pub fn exec_failure(error: &str) -> String {
    format!("rpc error: code = Unknown desc = {error}")
}

/// `dial tcp 10.244.1.5:80: connect: connection refused`, as Go says it.
fn dial_failure(failure: &Failure, host: &str, port: u16) -> String {
    match failure {
        Failure::Refused | Failure::Closed => format!("dial tcp {host}:{port}: connect: connection refused"),
        Failure::NoRoute => format!("dial tcp {host}:{port}: connect: no route to host"),
        Failure::Timeout => format!("dial tcp {host}:{port}: i/o timeout"),
        Failure::UnknownHost(name) => format!("dial tcp: lookup {name} on 10.0.0.2:53: no such host"),
    }
}

fn http_failure(failure: &Failure, https: bool, host: &str, port: u16, path: &str) -> String {
    let scheme = if https { "https" } else { "http" };
    let why = match failure {
        Failure::Timeout => "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned(),
        Failure::Closed if https => "http: server gave HTTP response to HTTPS client".to_owned(),
        Failure::Closed => "EOF".to_owned(),
        Failure::Refused | Failure::NoRoute | Failure::UnknownHost(_) => dial_failure(failure, host, port),
    };
    format!("Get \"{scheme}://{host}:{port}{path}\": {why}")
}

/// What a hook's HTTP request got wrong on its way, in the same words.
pub fn hook_failure(failure: &Failure, https: bool, host: &str, port: u16, path: &str) -> String {
    http_failure(failure, https, host, port, path)
}
