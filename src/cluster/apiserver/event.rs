//! Events as recorders make them: aggregated, counted on, dropped when there are too many; gone after an hour.
//!
//! Models `client-go/tools/record/events_cache.go` and, for the scheduler, `client-go/tools/events`.

use crate::api::order::{SortedMap, SortedSet};
use std::collections::VecDeque;

use super::{ApiServer, Caller, Key, Verb};
use crate::api::{SimTime, Value, json, kinds, object};
use crate::cluster::log::Fact;

/// What a component has to say of an object.
#[derive(Clone, Copy, Debug)]
pub struct EventSpec<'a> {
    pub object: &'a Value,
    /// `spec.containers{app}` or empty.
    pub field: &'a str,
    /// `Normal` or `Warning`.
    pub kind: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    /// `kubelet`, `default-scheduler`, …
    pub component: &'a str,
    /// The node of a kubelet; empty for others.
    pub host: &'a str,
}

/// How long the API server keeps an Event (`--event-ttl`).
const TTL_MS: u64 = 3_600_000;
/// Different messages of one reason within the window, from which on they are put together.
const MOST_SIMILAR: usize = 10;
const SIMILAR_WINDOW_MS: u64 = 600_000;
const BURST: u64 = 25;
const REFILL_MS: u64 = 300_000;
/// How many identities a recorder remembers (`maxLruCacheEntries`).
const REMEMBERED: usize = 4096;

#[derive(Clone, Debug)]
struct Known {
    name: String,
    count: i64,
    first: SimTime,
    last: SimTime,
}

#[derive(Clone, Debug, Default)]
struct Group {
    messages: SortedSet<String>,
    last: SimTime,
}

#[derive(Clone, Debug)]
struct Bucket {
    tokens: u64,
    refilled: SimTime,
}

#[derive(Clone, Debug, Default)]
pub struct Recorder {
    known: SortedMap<String, Known>,
    /// The nanoseconds in the newest name.
    last_name: u64,
    groups: SortedMap<String, Group>,
    buckets: SortedMap<String, Bucket>,
    /// When each Event was last written, oldest first; Events written again stand here more than once.
    written: VecDeque<(SimTime, Key)>,
}

impl Recorder {
    /// Whether the spam filter lets another Event of this source and object pass.
    fn may_pass(&mut self, group: String, now: SimTime) -> bool {
        let bucket = self.buckets.entry(group).or_insert(Bucket { tokens: BURST, refilled: now });
        let earned = now.since(bucket.refilled) / REFILL_MS;
        if earned > 0 {
            bucket.tokens = (bucket.tokens + earned).min(BURST);
            bucket.refilled += earned * REFILL_MS;
        }
        let passes = bucket.tokens > 0;
        bucket.tokens = bucket.tokens.saturating_sub(1);
        passes
    }

    fn forget_old(&mut self, now: SimTime) {
        if self.known.len() > REMEMBERED {
            self.known.retain(|_, known| now.since(known.last) < TTL_MS);
        }
        if self.groups.len() > REMEMBERED {
            self.groups.retain(|_, group| now.since(group.last) < SIMILAR_WINDOW_MS);
        }
        if self.buckets.len() > REMEMBERED {
            self.buckets.retain(|_, bucket| now.since(bucket.refilled) < BURST * REFILL_MS);
        }
    }
}

impl ApiServer {
    /// Records an Event as the recorder does: made once, counted on when it comes again.
    pub fn record_event(&mut self, caller: &mut Caller, event: EventSpec<'_>) {
        if self.stopped {
            return;
        }
        self.expire_events(caller);
        let now = caller.now;
        let kind = object::kind(event.object);
        let name = object::name(event.object);
        let own_namespace = object::namespace(event.object);
        let scheduler = event.component == "default-scheduler";
        let source = format!("{}|{}|{kind}|{own_namespace}|{name}|{}", event.component, event.host, object::uid(event.object));
        let mut message = event.message.to_owned();
        let mut identity = format!("{source}|{}|{}|{}|{message}", event.field, event.kind, event.reason);
        if !scheduler {
            let group_key = format!("{source}|{}|{}", event.kind, event.reason);
            let group = self.events.groups.entry(group_key.clone()).or_default();
            if now.since(group.last) > SIMILAR_WINDOW_MS {
                group.messages.clear();
            }
            group.last = now;
            if group.messages.len() < MOST_SIMILAR || group.messages.contains(&message) {
                group.messages.insert(message.clone());
            }
            if group.messages.len() >= MOST_SIMILAR {
                message = format!("(combined from similar events): {message}");
                identity = group_key;
            }
        }
        let (names, last_name) = (&mut self.events.known, &mut self.events.last_name);
        let known = names.entry(identity).or_insert_with(|| {
            // The real name ends in the nanoseconds of the first time; the draw stands for what is below milliseconds. Names are in the order of time.
            let (start, below) =
                ((crate::api::time::EPOCH_SECONDS as u64) * 1_000_000_000 + now.millis() * 1_000_000, caller.random.draw() % 1_000_000);
            let nanos = if start + below > *last_name { start + below } else { *last_name + 1 + below % 1000 };
            *last_name = nanos;
            Known { name: format!("{name}.{nanos:x}"), count: 0, first: now, last: now }
        });
        known.count += 1;
        known.last = now;
        let known = known.clone();
        if !scheduler && !self.events.may_pass(format!("{source}|{}", event.kind), now) {
            return;
        }
        let namespace = if own_namespace.is_empty() { "default" } else { own_namespace };
        let key = Key::new(kinds::EVENT, namespace, &known.name);
        let stored = self.at(&key).cloned();
        let (verb, value) = match &stored {
            Some(stored) => (Verb::Modified, counted(stored, &message, &known, scheduler)),
            None => (Verb::Added, fresh(&event, &message, &known, namespace, scheduler, caller)),
        };
        self.store(caller, key.clone(), value, verb, event.component);
        self.events.written.push_back((now, key));
        self.events.forget_old(now);
        let component = if event.host.is_empty() { event.component.into() } else { format!("{}/{}", event.component, event.host) };
        let fact = Fact::EventRecorded {
            object: format!("{}/{own_namespace}/{name}", kind.to_ascii_lowercase()),
            field: event.field.into(),
            kind: event.kind.into(),
            reason: event.reason.into(),
            message,
            count: known.count,
            component,
        };
        caller.log.push(now, fact);
    }

    /// Removes the Events whose hour is over.
    fn expire_events(&mut self, caller: &mut Caller) {
        while self.events.written.front().is_some_and(|(at, _)| caller.now.since(*at) >= TTL_MS) {
            let Some((at, key)) = self.events.written.pop_front() else { return };
            let Some(event) = self.at(&key).cloned() else { continue };
            let last =
                ["lastTimestamp", "series.lastObservedTime", "eventTime"].iter().find_map(|f| object::str_at(&event, f)).and_then(SimTime::parse);
            if last.is_none_or(|last| last.secs() <= at.secs()) {
                self.store(caller, key, (*event).clone(), Verb::Deleted, "");
            }
        }
    }
}

fn counted(stored: &Value, message: &str, known: &Known, scheduler: bool) -> Value {
    let mut value = stored.clone();
    if scheduler {
        value["series"] = json!({"count": known.count, "lastObservedTime": known.last.rfc3339_micro()});
    } else {
        value["count"] = json!(known.count);
        value["message"] = json!(message);
        value["lastTimestamp"] = json!(known.last.rfc3339());
    }
    value
}

fn fresh(event: &EventSpec<'_>, message: &str, known: &Known, namespace: &str, scheduler: bool, caller: &mut Caller) -> Value {
    let mut involved =
        json!({"kind": object::kind(event.object), "name": object::name(event.object), "apiVersion": object::api_version(event.object)});
    let uid = if object::kind(event.object) == "Node" { object::name(event.object) } else { object::uid(event.object) };
    for (field, text) in [
        ("namespace", object::namespace(event.object)),
        ("uid", uid),
        ("resourceVersion", object::str_at(event.object, "metadata.resourceVersion").unwrap_or("")),
        ("fieldPath", event.field),
    ] {
        if !text.is_empty() {
            involved[field] = json!(text);
        }
    }
    let metadata = json!({"name": known.name, "namespace": namespace, "uid": caller.random.uid(), "creationTimestamp": caller.now.rfc3339()});
    if scheduler {
        let action = if event.reason == "Scheduled" { "Binding" } else { "Scheduling" };
        return json!({"metadata": metadata, "involvedObject": involved, "type": event.kind, "reason": event.reason, "message": message,
            "source": {}, "firstTimestamp": null, "lastTimestamp": null, "eventTime": known.first.rfc3339_micro(), "action": action,
            "reportingComponent": event.component, "reportingInstance": "default-scheduler-control-plane"});
    }
    let mut source = json!({"component": event.component});
    if !event.host.is_empty() {
        source["host"] = json!(event.host);
    }
    json!({"metadata": metadata, "involvedObject": involved, "type": event.kind, "reason": event.reason, "message": message, "source": source,
        "firstTimestamp": known.first.rfc3339(), "lastTimestamp": known.last.rfc3339(), "count": known.count, "eventTime": null,
        "reportingComponent": event.component, "reportingInstance": event.host})
}
