//! One container as a card: its state in words, its bars, its probes, its mounts.

use super::{Card, Gauge, Icon, Mood, MountLabel, Plug, Point, Probe, ProbeTick, Rect, Role, Tone, mood};
use crate::api::order::InOrder as _;
use crate::api::{Quantity, SimTime, Value, float, object};
use crate::cluster::runtime::{ContainerRecord, ExitReason, State};
use crate::session::Session;
use crate::view::Target;
use crate::view::history::{self, BarState, History, Track};
use crate::view::saying::Saying;

/// What a card is made from.
pub struct Source<'a> {
    pub target: Target,
    pub spec: &'a Value,
    pub status: Option<&'a Value>,
    /// What the node's runtime has; `None` before the container is created, and for drafts.
    pub record: Option<&'a ContainerRecord>,
    pub track: Option<&'a Track>,
    pub role: Role,
    pub now: SimTime,
    pub draft: bool,
    /// The API server cannot be asked: what the runtime knows counts.
    pub alone: bool,
}

/// How many of a probe's last attempts are shown.
const TICKS: usize = 5;

pub fn card(source: &Source) -> Card {
    let text = |path| object::str_at(source.spec, path).unwrap_or("").to_owned();
    let (mood, state) = state(source);
    let waiting = source.status.and_then(|s| object::str_at(s, "state.waiting.reason")).unwrap_or("");
    Card {
        target: source.target.clone(),
        rect: Rect::default(),
        name: text("name"),
        full_name: text("name"),
        image: text("image"),
        full_image: text("image"),
        role: source.role,
        mood,
        state,
        restarts: source.status.and_then(|s| object::i64_at(s, "restartCount")).unwrap_or(0),
        gauges: gauges(source),
        probes: probes(source),
        mounts: mounts(source.spec),
        unknown_image: matches!(waiting, "ErrImagePull" | "ImagePullBackOff"),
        lines: [0.0; 3],
        side_x: 0.0,
        question_y: 0.0,
    }
}

/// A container's mood and state in words, for the inspector: the same as on its card.
pub fn state_of(
    session: &Session,
    history: &History,
    pod: &str,
    spec: &Value,
    status: Option<&Value>,
    record: Option<&ContainerRecord>,
    role: Role,
) -> (Mood, Saying) {
    let container = object::str_at(spec, "name").unwrap_or("");
    state(&Source {
        target: Target::Pod(pod.into()),
        spec,
        status,
        record,
        track: history.track(pod, container),
        role,
        now: session.now(),
        draft: false,
        alone: session.cluster().api.is_stopped(),
    })
}

fn state(source: &Source) -> (Mood, Saying) {
    if source.draft {
        return (Mood::DRAFT, Saying::new("pic-state-draft"));
    }
    if let (true, Some(record)) = (source.alone || source.status.is_none(), source.record) {
        return match &record.state {
            State::Created => (Mood::WAITING, Saying::with("pic-state-waiting", &["ContainerCreating"])),
            State::Running { .. } => (Mood::READY, Saying::new("pic-state-running")),
            State::Exited { exit_code, reason, .. } => ended(i64::from(*exit_code), *reason == ExitReason::OomKilled),
        };
    }
    let Some(status) = source.status else {
        return (Mood::WAITING, Saying::new("pic-state-not-started"));
    };
    if let Some(reason) = object::str_at(status, "state.waiting.reason") {
        return waiting(source, status, reason);
    }
    if let Some(ended_state) = object::at(status, "state.terminated") {
        let code = object::i64_at(ended_state, "exitCode").unwrap_or(0);
        return ended(code, object::str_at(ended_state, "reason") == Some("OOMKilled"));
    }
    if object::at(status, "state.running").is_some() {
        if object::bool_at(status, "started") == Some(false) {
            return (Mood::NOT_READY, Saying::new("pic-state-starting"));
        }
        let ready = object::bool_at(status, "ready").unwrap_or(false) || source.role == Role::Ephemeral;
        return if ready { (Mood::READY, Saying::new("pic-state-running")) } else { (Mood::NOT_READY, Saying::new("pic-state-not-ready")) };
    }
    (Mood::WAITING, Saying::new("pic-state-not-started"))
}

fn waiting(source: &Source, status: &Value, reason: &str) -> (Mood, Saying) {
    if reason == "CrashLoopBackOff" {
        let icon = if object::str_at(status, "lastState.terminated.reason") == Some("OOMKilled") { Icon::OutOfMemory } else { Icon::BackOff };
        let mood = Mood { tone: Tone::Failed, icon };
        let Some((delay_ms, until)) = back_off(source, status) else { return (mood, Saying::with("pic-state-waiting", &[reason])) };
        let left = until.since(source.now).div_ceil(1000);
        return (mood, Saying::with("pic-state-back-off", &[&(delay_ms / 1000).to_string(), &left.to_string()]));
    }
    let mood = match reason {
        _ if reason.contains("BackOff") => Mood::BACK_OFF,
        _ if mood::is_trouble(reason) => Mood::FAILED,
        _ => Mood::WAITING,
    };
    (mood, Saying::with("pic-state-waiting", &[reason]))
}

/// How long the wait is, and when it ends: as the log has it, else from the kubelet's message and the end of the last run.
fn back_off(source: &Source, status: &Value) -> Option<(u64, SimTime)> {
    let bars = source.track.map_or(&[][..], |t| history::until(&t.bars, source.now, |b| b.from));
    if let Some(BarState::BackOff { delay_ms, until }) = bars.last().map(|b| &b.state) {
        return Some((*delay_ms, *until));
    }
    let message = object::str_at(status, "state.waiting.message")?;
    let delay_ms = duration_ms(message.strip_prefix("back-off ")?.split(' ').next()?)?;
    let finished = SimTime::parse(object::str_at(status, "lastState.terminated.finishedAt")?)?;
    Some((delay_ms, finished + delay_ms))
}

/// `40s`, `1m20s`, `5m0s`: a duration of Go with whole seconds.
fn duration_ms(text: &str) -> Option<u64> {
    let (minutes, seconds) = text.split_once('m').unwrap_or(("0", text));
    let seconds: u64 = if seconds.is_empty() { 0 } else { seconds.strip_suffix('s')?.parse().ok()? };
    Some((minutes.parse::<u64>().ok()? * 60 + seconds) * 1000)
}

fn ended(code: i64, out_of_memory: bool) -> (Mood, Saying) {
    if out_of_memory {
        return (Mood::OUT_OF_MEMORY, Saying::with("pic-state-oom", &[&code.to_string()]));
    }
    if code == 0 {
        return (Mood::DONE, Saying::new("pic-state-finished"));
    }
    (Mood::FAILED, Saying::with("pic-state-failed", &[&code.to_string()]))
}

/// The bars for cpu and memory: only those of which the text or the process has something to say.
fn gauges(source: &Source) -> Vec<Gauge> {
    let amount = |path: &str| {
        let value = object::at(source.spec, path)?;
        Quantity::parse(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let running = source.record.filter(|r| matches!(r.state, State::Running { .. }));
    let last_reason = |path: &str| source.status.and_then(|s| object::str_at(s, path)) == Some("OOMKilled");
    let killed = last_reason("state.terminated.reason") || (running.is_none() && last_reason("lastState.terminated.reason"));
    let mut gauges = Vec::new();
    let (request, limit) = (amount("resources.requests.cpu").map(Quantity::milli), amount("resources.limits.cpu").map(Quantity::milli));
    if request.is_some() || limit.is_some() {
        let used = running.map_or(0, |r| r.cpu_milli);
        let throttled = running.is_some_and(|r| r.throttled);
        gauges.push(Gauge { throttled, ..gauge("cpu", used, request, limit, cpu) });
    }
    let (request, limit) = (amount("resources.requests.memory").map(Quantity::value), amount("resources.limits.memory").map(Quantity::value));
    if request.is_some() || limit.is_some() {
        let used = if killed { limit.unwrap_or(0) } else { running.map_or(0, |r| r.memory_bytes) };
        gauges.push(Gauge { over: killed || limit.is_some_and(|l| used >= l && l > 0), ..gauge("memory", used, request, limit, bytes) });
    }
    gauges
}

/// A bar whose whole length is the limit, or where there is none, somewhat more than what is asked for and used.
pub fn gauge(name: &'static str, used: i64, request: Option<i64>, limit: Option<i64>, words: impl Fn(i64) -> String) -> Gauge {
    // The limit's mark stays a little before the end, so that what goes over it can be seen.
    let whole = limit.map_or_else(|| (request.unwrap_or(0) * 2).max(used * 5 / 4), |l| l * 10 / 9).max(request.unwrap_or(0)).max(1);
    let part = |amount: i64| float::within(amount as f64 / whole as f64, 0.0, 1.0);
    let words = match (request, limit) {
        (_, Some(limit)) => format!("{} / {}", words(used), words(limit)),
        (Some(request), None) => format!("{} ({})", words(used), words(request)),
        (None, None) => words(used),
    };
    Gauge { name, used: part(used), request: request.map(part), limit: limit.map(part), words, throttled: false, over: false, rect: Rect::default() }
}

/// `250m`, `2`
pub fn cpu(milli: i64) -> String {
    if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
}

/// `64Mi`, `23.4Gi`
pub fn bytes(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["", "Ki", "Mi", "Gi", "Ti"];
    let mut unit = 0;
    let mut amount = bytes as f64;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if amount >= 100.0 || (amount - amount.round()).abs() < 0.05 {
        format!("{}{}", float::fixed(amount, 0), UNITS[unit])
    } else {
        format!("{}{}", float::fixed(amount, 1), UNITS[unit])
    }
}

const PROBES: [(&str, &str); 3] = [("startup", "startupProbe"), ("readiness", "readinessProbe"), ("liveness", "livenessProbe")];

fn probes(source: &Source) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (index, (kind, field)) in PROBES.into_iter().enumerate() {
        let Some(spec) = object::at(source.spec, field).filter(|p| p.is_object()) else { continue };
        let attempts = source.track.map_or(&[][..], |t| history::until(&t.probes[index], source.now, |t| t.at));
        let last = attempts.last();
        let shown = &attempts[attempts.len().saturating_sub(TICKS)..];
        let failing = last.filter(|t| !t.ok && t.counted);
        let asks = probe_asks(spec);
        probes.push(Probe {
            kind,
            asks: asks.clone(),
            full: asks,
            ticks: shown.iter().map(|t| ProbeTick { at: t.at.0, ok: t.ok, counted: t.counted, x: 0.0 }).collect(),
            streak: failing.map(|t| format!("{}/{}", t.streak.min(t.threshold.max(1)), t.threshold)).unwrap_or_default(),
            message: last.filter(|t| !t.ok).map(|t| t.message.to_string()).unwrap_or_default(),
            y: 0.0,
        });
    }
    probes
}

/// What a probe asks: `GET :8080/healthz`, `tcp :3306`, `exec cat /tmp/healthy`, `grpc :9000`.
pub fn probe_asks(spec: &Value) -> String {
    let port =
        |handler: &Value| object::at(handler, "port").map(|p| p.as_str().map_or_else(|| p.to_string(), str::to_owned)).unwrap_or_else(|| "?".into());
    if let Some(get) = object::at(spec, "httpGet") {
        return format!("GET :{}{}", port(get), object::str_at(get, "path").unwrap_or("/"));
    }
    if let Some(tcp) = object::at(spec, "tcpSocket") {
        return format!("tcp :{}", port(tcp));
    }
    if let Some(grpc) = object::at(spec, "grpc") {
        return format!("grpc :{}", port(grpc));
    }
    let words: Vec<&str> = object::list_at(spec, "exec.command").iter().filter_map(Value::as_str).collect();
    if words.is_empty() { "?".into() } else { format!("exec {}", words.join(" ")) }
}

/// Mounts that a person wrote; the ServiceAccount's own is on every container and says nothing.
fn mounts(spec: &Value) -> Vec<MountLabel> {
    let own = |mount: &&Value| !object::str_at(mount, "name").is_some_and(|n| n.starts_with("kube-api-access-"));
    object::list_at(spec, "volumeMounts")
        .iter()
        .filter(own)
        .map(|mount| {
            let path = object::str_at(mount, "mountPath").unwrap_or("?").to_owned();
            MountLabel {
                volume: object::str_at(mount, "name").unwrap_or("").to_owned(),
                path: path.clone(),
                full_path: path,
                read_only: object::bool_at(mount, "readOnly").unwrap_or(false),
                y: 0.0,
            }
        })
        .collect()
}

/// The ports of a container: those that it listens on, that it wanted in vain, or (of a draft) that its text names.
pub fn plugs(source: &Source) -> Vec<Plug> {
    let name = object::str_at(source.spec, "name").unwrap_or("").to_owned();
    let plug = |port: u16| Plug {
        port,
        local_only: false,
        conflict: false,
        declared: false,
        container: name.clone(),
        from: Point::default(),
        to: Point::default(),
    };
    let mut plugs: Vec<Plug> = Vec::new();
    if let Some(record) = source.record.filter(|r| matches!(r.state, State::Running { .. })) {
        for (address, port) in &record.listening {
            if !plugs.iter().any(|p| p.port == *port) {
                plugs.push(Plug { local_only: address.starts_with("127."), ..plug(*port) });
            }
        }
    }
    if let Some(track) = source.track {
        let started = history::until(&track.bars, source.now, |b| b.from).iter().rev().find(|b| b.state == BarState::Running).map(|b| b.from);
        let taken = history::until(&track.taken, source.now, |(at, _)| *at).last().filter(|(at, _)| started.is_none_or(|s| *at >= s));
        if let Some((_, port)) = taken.filter(|(_, port)| !plugs.iter().any(|p| p.port == *port)) {
            plugs.push(Plug { conflict: true, ..plug(*port) });
        }
    }
    if source.draft {
        for port in object::list_at(source.spec, "ports") {
            if let Some(port) = object::i64_at(port, "containerPort").and_then(|p| u16::try_from(p).ok()) {
                plugs.push(Plug { declared: true, ..plug(port) });
            }
        }
    }
    plugs.order_by_key(|p| p.port);
    plugs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn a_probe_says_what_it_asks() {
        assert_eq!(probe_asks(&json!({"httpGet": {"port": 8080, "path": "/not/exist"}})), "GET :8080/not/exist");
        assert_eq!(probe_asks(&json!({"tcpSocket": {"port": "web"}})), "tcp :web");
        assert_eq!(probe_asks(&json!({"exec": {"command": ["cat", "/tmp/healthy"]}})), "exec cat /tmp/healthy");
        assert_eq!(probe_asks(&json!({})), "?");
    }

    #[test]
    fn back_off_messages_are_read() {
        assert_eq!(duration_ms("40s"), Some(40_000));
        assert_eq!(duration_ms("1m20s"), Some(80_000));
        assert_eq!(duration_ms("5m0s"), Some(300_000));
        assert_eq!(duration_ms("soon"), None);
    }

    #[test]
    fn amounts_are_short() {
        assert_eq!(bytes(64 * 1024 * 1024), "64Mi");
        assert_eq!(bytes(25_125_000_000), "23.4Gi");
        assert_eq!((cpu(250).as_str(), cpu(2000).as_str()), ("250m", "2"));
    }
}
