//! The chart of time: for each container a bar of states, its probes, its readiness; events, requests and measured gaps.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::Target;
use super::history::{self, Bar, BarState, Mark, PodTrack, Tick, Track};
use super::scene::probe_asks;
use crate::api::{SimTime, Value, kinds, object};
use crate::session::Session;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub now: SimTime,
    /// The furthest moment that was ever played.
    pub horizon: SimTime,
    pub groups: Vec<Group>,
}

/// The rows of one Pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub target: Target,
    pub name: String,
    pub tracks: Vec<ContainerTrack>,
    /// Since when how many are ready (`1/2`), and until when; `all` when they all are.
    pub ready: Vec<ReadySpan>,
    pub marks: Vec<Mark>,
    pub requests: Vec<Dot>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ReadySpan {
    pub from: SimTime,
    pub to: Option<SimTime>,
    pub ready: Rc<str>,
    pub all: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub at: SimTime,
    pub label: String,
    pub ok: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ContainerTrack {
    pub target: Target,
    pub name: String,
    pub bars: Vec<Bar>,
    pub probes: Vec<ProbeRow>,
    pub gaps: Vec<Gap>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProbeRow {
    /// `startup`, `readiness`, `liveness`.
    pub kind: &'static str,
    pub asks: String,
    pub ticks: Vec<Tick>,
    pub gaps: Vec<Gap>,
}

/// A wait that the manifest asks for, with the name of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: SimTime,
    pub to: SimTime,
    /// `initialDelaySeconds 5`
    pub label: String,
    /// One of many of its kind: naming the newest is enough.
    pub repeats: bool,
}

/// So far around the playhead ticks are given; bars are given whole. In milliseconds.
const REACH_MS: u64 = 20 * 60 * 1000;
const MOST_TICKS: usize = 900;
/// Shorter waits for the end of a process are not named.
const LEAST_GRACE_MS: u64 = 1000;
/// Pods that were created within this time of one another were created together.
const TOGETHER_MS: u64 = 500;
const PROBES: [(&str, &str); 3] = [("startup", "startupProbe"), ("readiness", "readinessProbe"), ("liveness", "livenessProbe")];

/// The chart of one Pod (`namespace/name`), or with `None` of every Pod. It holds what was ever played, also after the playhead.
pub fn build(session: &Session, pod: Option<&str>) -> Timeline {
    let (now, horizon) = (session.now(), session.horizon());
    let groups = history::with(session, |history| {
        let chosen = history.pods.iter().filter(|(name, _)| pod.is_none_or(|wanted| wanted == *name));
        let mut groups: Vec<(SimTime, Group)> = chosen
            .map(|(name, track)| (track, name, group(session, name, track)))
            .filter(|(.., group)| pod.is_some() || !group.tracks.is_empty())
            .map(|(track, name, mut group)| {
                let of_pod = |end: &str| end.strip_prefix("pod/") == Some(name);
                let near = history::between(&history.requests, earliest(now), now + REACH_MS, |r| r.at);
                let own = near.iter().filter(|r| of_pod(&r.from) || of_pod(&r.to));
                group.requests = own
                    .map(|r| Dot {
                        at: r.at,
                        label: format!("{} → {} {} {}", r.source, r.destination, r.what, r.answer),
                        ok: super::scene::outcome(&r.answer) == super::scene::Outcome::Answered,
                    })
                    .collect();
                (track.first_seen.unwrap_or_default(), group)
            })
            .collect();
        groups.order_by_key(|(first, _)| *first);
        newest_first(groups)
    });
    Timeline { now, horizon, groups }
}

/// What came together stays together in its order; what came last stands on top, as it is what the person just did.
fn newest_first(groups: Vec<(SimTime, Group)>) -> Vec<Group> {
    let mut batches: Vec<(SimTime, Vec<Group>)> = Vec::new();
    for (first, group) in groups {
        match batches.last_mut() {
            Some((last, batch)) if first.since(*last) <= TOGETHER_MS => {
                *last = first;
                batch.push(group);
            }
            Some(_) | None => batches.push((first, vec![group])),
        }
    }
    batches.into_iter().rev().flat_map(|(_, batch)| batch).collect()
}

fn earliest(now: SimTime) -> SimTime {
    SimTime(now.0.saturating_sub(REACH_MS))
}

fn group(session: &Session, id: &str, track: &PodTrack) -> Group {
    let (namespace, name) = id.split_once('/').unwrap_or(("", id));
    let object = session.cluster().api.get(kinds::POD, namespace, name).map(AsRef::as_ref);
    // In the order of the manifest; containers of a Pod that is gone by name.
    let order = |container: &str| {
        object.and_then(|pod| super::scene::containers(pod).position(|(c, _)| object::str_at(c, "name") == Some(container))).unwrap_or(usize::MAX)
    };
    let now = session.now();
    let mut tracks: Vec<ContainerTrack> = track.containers.iter().map(|(name, own)| container_track(object, id, name, own, now)).collect();
    // Containers that wait for their image or their volumes were never created: the log knows nothing of them yet.
    if let (Some(pod), Some(from)) = (object, track.bound_at) {
        let waiting = Track { bars: vec![Bar { from, to: None, state: BarState::Waiting, attempt: 0 }], ..Track::default() };
        let uncreated =
            super::scene::containers(pod).filter_map(|(c, _)| object::str_at(c, "name")).filter(|name| !track.containers.contains_key(*name));
        tracks.extend(uncreated.map(|name| container_track(object, id, name, &waiting, now)));
    }
    tracks.order_by_key(|t| order(&t.name));
    let mut ready: Vec<ReadySpan> = Vec::new();
    for (from, words) in &track.ready {
        if let Some(last) = ready.last_mut() {
            last.to.get_or_insert(*from);
        }
        let all = words.split_once('/').is_some_and(|(ready, whole)| ready == whole && ready != "0");
        ready.push(ReadySpan { from: *from, to: None, ready: words.clone(), all });
    }
    for removed in &track.removed {
        for span in ready.iter_mut().filter(|s| s.from <= *removed) {
            span.to.get_or_insert(*removed);
        }
    }
    let marks = history::between(&track.marks, earliest(now), now + REACH_MS, |m| m.at).to_vec();
    Group { target: Target::Pod(id.into()), name: name.into(), tracks, ready, marks, requests: Vec::new() }
}

fn container_track(pod: Option<&Value>, id: &str, name: &str, track: &Track, now: SimTime) -> ContainerTrack {
    let spec = pod.and_then(|pod| super::scene::containers(pod).map(|(c, _)| c).find(|c| object::str_at(c, "name") == Some(name)));
    let mut probes = Vec::new();
    for (index, (kind, field)) in PROBES.into_iter().enumerate() {
        let probe = spec.and_then(|s| object::at(s, field)).filter(|p| p.is_object());
        let near = history::between(&track.probes[index], earliest(now), now + REACH_MS, |t| t.at);
        let ticks = near[near.len().saturating_sub(MOST_TICKS)..].to_vec();
        if probe.is_none() && ticks.is_empty() {
            continue;
        }
        probes.push(ProbeRow { kind, asks: probe.map(probe_asks).unwrap_or_default(), gaps: probe_gaps(probe, &track.bars, &ticks), ticks });
    }
    let grace = pod.and_then(|p| object::i64_at(p, "spec.terminationGracePeriodSeconds"));
    let gaps = track
        .graces
        .iter()
        // A process that obeys at once leaves no wait to look at.
        .filter(|g| g.to.unwrap_or(now).max(g.from).since(g.from) >= LEAST_GRACE_MS)
        .filter_map(|g| {
            Some(Gap {
                from: g.from,
                to: g.to.unwrap_or(now).max(g.from),
                label: format!("terminationGracePeriodSeconds {}", grace?),
                repeats: false,
            })
        })
        .collect();
    ContainerTrack { target: Target::Container { pod: id.into(), container: name.into() }, name: name.into(), bars: track.bars.clone(), probes, gaps }
}

/// From each start to the first attempt after it; then from attempt to attempt.
fn probe_gaps(probe: Option<&Value>, bars: &[Bar], ticks: &[Tick]) -> Vec<Gap> {
    // Of a Pod that is gone nobody knows what its manifest asked for.
    let Some(probe) = probe else { return Vec::new() };
    let field = |name: &str| object::i64_at(probe, name);
    let mut gaps = Vec::new();
    for bar in bars.iter().filter(|b| b.state == BarState::Running) {
        let end = bar.to.unwrap_or(SimTime(u64::MAX));
        let own = history::between(ticks, bar.from, end, |t| t.at);
        if let (Some(first), Some(delay)) = (own.first(), field("initialDelaySeconds").filter(|d| *d > 0)) {
            gaps.push(Gap { from: bar.from, to: first.at, label: format!("initialDelaySeconds {delay}"), repeats: false });
        }
        let period = field("periodSeconds").unwrap_or(10);
        for pair in own.windows(2) {
            gaps.push(Gap { from: pair[0].at, to: pair[1].at, label: format!("periodSeconds {period}"), repeats: true });
        }
    }
    gaps
}
