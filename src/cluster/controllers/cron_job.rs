//! Models `pkg/controller/cronjob`: Jobs at set times.
//!
//! Deviation: of the time zones only some that know no summer time are known; in any other one a schedule counts in UTC.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::owned::{Owned, annotations, condition, delete, make, put_status, reference};
use super::{Synced, say};
use crate::api::{SimTime, Status, Value, json, kinds, object, time::EPOCH_SECONDS};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "cronjob-controller";
const MINUTE_MS: u64 = 60_000;
/// More missed times than this are told of.
const MOST_MISSED: u64 = 100;
/// How far ahead the next time is searched: four years and a day reach every 29 February.
const MOST_MINUTES: u64 = 1461 * 24 * 60;

#[inline(never)]
pub fn sync(key: &Key, owned: &Owned, ctx: &mut Context) -> Synced {
    let Some(cron) = ctx.api.at(key).cloned() else { return Ok(None) };
    let jobs = owned.of_kind(&cron, kinds::JOB, ctx);
    let mut status = cron.get("status").cloned().unwrap_or_else(|| json!({}));
    clean_up(&cron, &jobs, &mut status, ctx)?;
    note_finished(&cron, &jobs, &mut status, ctx);
    let done = if object::is_deleting(&cron) { Ok(None) } else { run(&cron, key, &mut status, ctx) };
    put_status(ctx, kinds::CRON_JOB, &cron, status)?;
    done
}

/// Starts a Job where one is due, and gives when the next one is.
fn run(cron: &Value, key: &Key, status: &mut Value, ctx: &mut Context) -> Synced {
    let Some(schedule) = object::str_at(cron, "spec.schedule").and_then(Schedule::parse) else { return Ok(None) };
    if object::bool_at(cron, "spec.suspend") == Some(true) {
        return Ok(None);
    }
    let read = |path| object::str_at(cron, path).and_then(SimTime::parse);
    let last = read("status.lastScheduleTime").or(read("metadata.creationTimestamp")).unwrap_or(SimTime::ZERO);
    let deadline = object::i64_at(cron, "spec.startingDeadlineSeconds").map(|seconds| (seconds.max(0) as u64).saturating_mul(1000));
    let offset_ms = offset_ms(object::str_at(cron, "spec.timeZone").unwrap_or(""));
    let earliest = deadline.map_or(last, |deadline| last.max(SimTime(ctx.now.0.saturating_sub(deadline))));
    // Of several missed times only the newest counts (`mostRecentScheduleTime`).
    let (mut due, mut missed) = (None, 0);
    if let Some(first) = schedule.next(earliest, offset_ms).filter(|first| *first <= ctx.now) {
        due = Some(first);
        if let Some(second) = schedule.next(first, offset_ms).filter(|second| *second <= ctx.now) {
            missed = ctx.now.since(first) / second.since(first).max(1) + 1;
            let mut at = SimTime((first + missed.saturating_sub(2) * second.since(first)).0.min(ctx.now.0));
            while let Some(next) = schedule.next(at, offset_ms).filter(|next| *next <= ctx.now) {
                (due, at) = (Some(next), next);
            }
        }
    }
    if let Some(due) = due {
        if missed > MOST_MISSED {
            let text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            say(ctx, cron, COMPONENT, "Warning", "TooManyMissedTimes", text);
        }
        start(cron, key, due, offset_ms, status, ctx)?;
    }
    Ok(schedule.next(ctx.now, offset_ms).map(|next| next - ctx.now))
}

/// Hours (in sixtieths) ahead of UTC, all year round.
const ZONES: &[(u64, &str)] = &[
    (60, "Africa/Lagos"),
    (120, "Africa/Johannesburg Africa/Maputo"),
    (180, "Africa/Nairobi Asia/Baghdad Asia/Riyadh Europe/Istanbul Europe/Minsk Europe/Moscow"),
    (240, "Asia/Baku Asia/Dubai Asia/Tbilisi"),
    (300, "Asia/Almaty Asia/Karachi Asia/Tashkent"),
    (330, "Asia/Calcutta Asia/Colombo Asia/Kolkata"),
    (345, "Asia/Kathmandu"),
    (360, "Asia/Dhaka"),
    (420, "Asia/Bangkok Asia/Ho_Chi_Minh Asia/Jakarta Asia/Novosibirsk"),
    (480, "Asia/Hong_Kong Asia/Kuala_Lumpur Asia/Manila Asia/Shanghai Asia/Singapore Asia/Taipei Australia/Perth"),
    (540, "Asia/Pyongyang Asia/Seoul Asia/Tokyo ROK Japan"),
    (600, "Asia/Vladivostok Australia/Brisbane Pacific/Port_Moresby"),
];

fn offset_ms(zone: &str) -> u64 {
    ZONES.iter().find(|(_, names)| names.split(' ').any(|name| name == zone)).map_or(0, |(minutes, _)| minutes * MINUTE_MS)
}

fn is_done(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| condition(job, kind).is_some())
}

fn active(status: &Value) -> Vec<Value> {
    object::list_at(status, "active").to_vec()
}

fn set_active(status: &mut Value, active: Vec<Value>) {
    if active.is_empty() {
        object::remove(status, "active");
    } else {
        status["active"] = Value::Array(active);
    }
}

fn note_finished(cron: &Value, jobs: &[Rc<Value>], status: &mut Value, ctx: &mut Context) {
    let mut keep = Vec::new();
    for entry in active(status) {
        let name = object::str_at(&entry, "name").unwrap_or("");
        match jobs.iter().find(|j| object::uid(j) == object::str_at(&entry, "uid").unwrap_or("")) {
            Some(job) => match is_done(job) {
                Some(how) => say(ctx, cron, COMPONENT, "Normal", "SawCompletedJob", &format!("Saw completed job: {name}, condition: {how}")),
                None => keep.push(entry),
            },
            None => say(ctx, cron, COMPONENT, "Normal", "MissingJob", &format!("Active job went missing: {name}")),
        }
    }
    // Those that somebody else made in its name.
    let known: Vec<String> = active(status).iter().map(|entry| object::str_at(entry, "uid").unwrap_or("").to_owned()).collect();
    for job in jobs.iter().filter(|job| is_done(job).is_none() && !known.iter().any(|uid| uid == object::uid(job))) {
        let text = format!("Saw a job that the controller did not create or forgot: {}", object::name(job));
        say(ctx, cron, COMPONENT, "Warning", "UnexpectedJob", &text);
    }
    // The last success counts, whoever began it.
    let at = |value: &Value, path: &str| object::str_at(value, path).and_then(SimTime::parse);
    let ends = jobs.iter().filter(|job| is_done(job) == Some("Complete")).filter_map(|job| at(job, "status.completionTime"));
    if let Some(end) = ends.max().filter(|end| at(status, "lastSuccessfulTime").is_none_or(|last| last < *end)) {
        status["lastSuccessfulTime"] = json!(end.rfc3339());
    }
    set_active(status, keep);
}

fn clean_up(cron: &Value, jobs: &[Rc<Value>], status: &mut Value, ctx: &mut Context) -> Result<(), Status> {
    for (how, limit) in [("Complete", "spec.successfulJobsHistoryLimit"), ("Failed", "spec.failedJobsHistoryLimit")] {
        let Some(limit) = object::i64_at(cron, limit) else { continue };
        let mut done: Vec<Rc<Value>> = jobs.iter().filter(|j| is_done(j) == Some(how)).cloned().collect();
        done.order_by_key(|j| {
            let started = object::str_at(j, "status.startTime");
            (started.is_none(), started.unwrap_or("").to_owned(), object::name(j).to_owned())
        });
        let surplus = done.len().saturating_sub(limit.max(0) as usize);
        for job in done.iter().take(surplus) {
            remove(cron, job, status, ctx)?;
        }
    }
    Ok(())
}

/// Deletes a Job, and forgets that it is active.
fn remove(cron: &Value, job: &Value, status: &mut Value, ctx: &mut Context) -> Result<(), Status> {
    delete(ctx, kinds::JOB, job)?;
    let mut left = active(status);
    left.retain(|entry| object::str_at(entry, "uid") != Some(object::uid(job)));
    set_active(status, left);
    say(ctx, cron, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted job {}", object::name(job)));
    Ok(())
}

fn start(cron: &Value, key: &Key, due: SimTime, offset_ms: u64, status: &mut Value, ctx: &mut Context) -> Result<(), Status> {
    let deadline = object::i64_at(cron, "spec.startingDeadlineSeconds");
    if deadline.is_some_and(|seconds| ctx.now.since(due) > (seconds.max(0) as u64).saturating_mul(1000)) {
        say(ctx, cron, COMPONENT, "Warning", "MissSchedule", &format!("Missed scheduled time to start a job: {}", due.rfc1123()));
        return Ok(());
    }
    let minutes = (EPOCH_SECONDS as u64 + due.secs()) / 60;
    let name = format!("{}-{minutes}", key.name);
    let running = active(status);
    let is_known = running.iter().any(|entry| object::str_at(entry, "name") == Some(&name));
    if is_known || object::str_at(status, "lastScheduleTime") == Some(&due.rfc3339()) {
        return Ok(());
    }
    match object::str_at(cron, "spec.concurrencyPolicy") {
        Some("Forbid") if !running.is_empty() => {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            say(ctx, cron, COMPONENT, "Normal", "JobAlreadyActive", text);
            return Ok(());
        }
        Some("Replace") => {
            for entry in running {
                if let Some(job) = ctx.api.get(kinds::JOB, &key.namespace, object::str_at(&entry, "name").unwrap_or("")).cloned() {
                    remove(cron, &job, status, ctx)?;
                }
            }
        }
        Some(_) | None => {}
    }
    let template = object::at(cron, "spec.jobTemplate").cloned().unwrap_or_else(|| json!({}));
    let mut notes = annotations(&template);
    notes.insert("batch.kubernetes.io/cronjob-scheduled-timestamp".into(), json!(local(due, offset_ms)));
    let mut job = json!({"metadata": {"name": name, "ownerReferences": [reference(cron)], "annotations": notes}, "spec": template.get("spec")});
    if let Some(labels) = object::at(&template, "metadata.labels") {
        job["metadata"]["labels"] = labels.clone();
    }
    match make(ctx, kinds::JOB, &key.namespace, job) {
        Ok(job) => {
            say(ctx, cron, COMPONENT, "Normal", "SuccessfulCreate", &format!("Created job {name}"));
            let mut list = active(status);
            list.push(json!({"apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": key.namespace, "uid": object::uid(&job),
                "resourceVersion": object::at(&job, "metadata.resourceVersion")}));
            set_active(status, list);
        }
        Err(refusal) if refusal.reason == "AlreadyExists" => {}
        Err(refusal) => {
            say(ctx, cron, COMPONENT, "Warning", "FailedCreate", &format!("Error creating job: {}", refusal.message));
            return Err(refusal);
        }
    }
    status["lastScheduleTime"] = json!(due.rfc3339());
    Ok(())
}

/// A time as a clock shows it that is so far ahead of UTC.
fn local(time: SimTime, offset_ms: u64) -> String {
    let shown = (time + offset_ms).rfc3339();
    let minutes = offset_ms / MINUTE_MS;
    if minutes == 0 { shown } else { format!("{}+{:02}:{:02}", shown.trim_end_matches('Z'), minutes / 60, minutes % 60) }
}

/// A cron line: which minutes, hours, days, months and weekdays, each as a set of bits.
struct Schedule {
    fields: [u64; 5],
    /// Whether day and weekday are both narrowed: then either will do.
    either_day: bool,
}

impl Schedule {
    fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
        if parts.len() != 5 {
            return None;
        }
        let mut fields = [0; 5];
        for (i, (part, (low, high))) in parts.iter().zip(ranges).enumerate() {
            fields[i] = part.split(',').try_fold(0, |bits, item| Some(bits | Self::item(item, low, high)?))?;
        }
        let free = |part: &str| part.starts_with(['*', '?']);
        Some(Self { fields, either_day: !free(parts[2]) && !free(parts[4]) })
    }

    fn item(item: &str, low: u64, high: u64) -> Option<u64> {
        let (range, step) = item.split_once('/').map_or((item, 1), |(r, s)| (r, s.parse().unwrap_or(0)));
        if step == 0 {
            return None;
        }
        let number = |text: &str| {
            const NAMES: [&str; 19] =
                ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
            let named = NAMES.iter().position(|n| n.eq_ignore_ascii_case(text)).map(|i| if i < 7 { i } else { i - 6 } as u64);
            named.or_else(|| text.parse().ok()).map(|n| if high == 6 && n == 7 { 0 } else { n })
        };
        let (from, to) = match range {
            "*" | "?" => (low, high),
            _ => match range.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                None if item.contains('/') => (number(range)?, high),
                None => (number(range)?, number(range)?),
            },
        };
        if from < low || to > high || from > to {
            return None;
        }
        Some((from..=to).step_by(step as usize).fold(0, |bits, n| bits | 1 << n))
    }

    /// The first time after this one, where clocks are so far ahead of UTC.
    fn next(&self, after: SimTime, offset_ms: u64) -> Option<SimTime> {
        let mut at = SimTime((after.0 / MINUTE_MS + 1) * MINUTE_MS + offset_ms);
        let mut looked = 0;
        while looked < MOST_MINUTES {
            let text = at.rfc3339();
            let part = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
            let (month, day, hour, minute) = (part(5..7), part(8..10), part(11..13), part(14..16));
            // 1 January 1970 was a Thursday.
            let weekday = ((EPOCH_SECONDS as u64 + at.secs()) / 86_400 + 4) % 7;
            let has = |field: usize, value: u64| self.fields[field] >> value & 1 == 1;
            let day_fits = if self.either_day { has(2, day) || has(4, weekday) } else { has(2, day) && has(4, weekday) };
            let skip = if !has(3, month) || !day_fits {
                (24 - hour) * 60 - minute
            } else if !has(1, hour) {
                60 - minute
            } else if !has(0, minute) {
                1
            } else {
                return Some(SimTime(at.0.saturating_sub(offset_ms)));
            };
            at += skip * MINUTE_MS;
            looked += skip;
        }
        None
    }
}
