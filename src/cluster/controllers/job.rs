//! Models `pkg/controller/job`: Pods until enough have succeeded, or too many failed.
//!
//! Deviations: no tracking finalizers on Pods (what finished is remembered here), no elastic scaling of indexes, no PodGroups.

use crate::api::order::{InOrder as _, SortedMap, SortedSet};
use std::rc::Rc;

use super::job_policy::{self, index_of};
use super::owned::{Owned, condition, delete, is_active, is_ready, make_pod, pod_of, put_status, slow_start_pods};
use super::replica_set::removal_rank;
use super::rollout::template;
use super::{Synced, say};
use crate::api::{SimTime, Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{Change, Key, Verb};
use crate::cluster::throttle::Throttle;

const COMPONENT: &str = "job-controller";
const FIRST_BACKOFF_MS: u64 = 10_000;
const MOST_BACKOFF_MS: u64 = 600_000;
/// How many Pods one sync makes at most (`MaxPodCreateDeletePerSync`).
const BURST: usize = 500;
/// Changes of Pods are gathered this long before a sync (`syncJobBatchPeriod`).
const BATCH_MS: u64 = 1000;

/// What a Job's Pods came to; Pods may be deleted, this stays.
#[derive(Clone, Debug, Default)]
struct Tally {
    succeeded: SortedSet<String>,
    failed: SortedSet<String>,
    indexes: SortedSet<i64>,
    /// With `backoffLimitPerIndex`: how often each index failed and when it last did, and which are given up.
    index_failures: SortedMap<i64, (i64, SimTime)>,
    failed_indexes: SortedSet<i64>,
    /// Pods that the controller itself removed from a Job that goes on: they count as nothing (`deleteJobPods` takes their finalizer first).
    released: SortedSet<String>,
    /// Failed Pods that a rule of the failure policy ignores.
    ignored: SortedSet<String>,
    /// How many Pods failed since the last success, and when the last of them did.
    streak: usize,
    last_failure: Option<SimTime>,
    /// When a sync that was caused by Pods may act.
    batch: Option<SimTime>,
    /// When the back-off ends or the deadline comes; that sync waits for nothing more.
    retry: Option<SimTime>,
    /// How many Pods were made by a sync that is to make more as soon as its client may ask.
    made: usize,
    /// Which generation of the Job was last looked at: changes of its spec are synced at once.
    generation: i64,
    /// What the Pod failure policy says ends the Job.
    verdict: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Jobs {
    tallies: SortedMap<String, Tally>,
}

impl Jobs {
    /// A Pod that goes before it was counted counts as it was; its finalizer would have kept it until then.
    pub fn observe_pod(&mut self, change: &Change, ctx: &Context) {
        let owner = object::controller_of(&change.object).filter(|_| change.verb == Verb::Deleted);
        let Some(name) = owner.filter(|o| object::str_at(o, "kind") == Some("Job")).and_then(|o| object::str_at(o, "name")) else { return };
        let Some(job) = ctx.api.get(kinds::JOB, &change.key.namespace, name) else { return };
        if let Some(tally) = self.tallies.get_mut(object::uid(job)) {
            tally.note(job, std::slice::from_ref(&change.object));
        }
    }

    #[inline(never)]
    pub fn sync(&mut self, key: &Key, owned: &Owned, client: &mut Throttle, ctx: &mut Context) -> Synced {
        let Some(job) = ctx.api.at(key).cloned() else { return Ok(None) };
        if object::str_at(&job, "spec.managedBy").is_some_and(|by| by != "kubernetes.io/job-controller") {
            return Ok(None);
        }
        if condition(&job, "Complete").is_some() || condition(&job, "Failed").is_some() {
            self.tallies.remove(object::uid(&job));
            return expire(&job, ctx);
        }
        if object::is_deleting(&job) {
            return Ok(None);
        }
        let tally = self.tallies.entry(object::uid(&job).to_owned()).or_default();
        let generation = object::i64_at(&job, "metadata.generation").unwrap_or(1);
        let changed = std::mem::replace(&mut tally.generation, generation) != generation;
        let retry = tally.retry.take_if(|due| *due <= ctx.now).is_some() || changed;
        if object::str_at(&job, "status.startTime").is_some() && !retry {
            match tally.batch {
                None => {
                    tally.batch = Some(ctx.now + BATCH_MS);
                    return Ok(Some(BATCH_MS));
                }
                Some(due) if due > ctx.now => return Ok(Some(due - ctx.now)),
                Some(_) => tally.batch = None,
            }
        }
        let pods = owned.pods(&job, ctx)?;
        tally.note(&job, &pods);
        tally.act(&job, &pods, client, ctx)
    }
}

impl Tally {
    fn note(&mut self, job: &Value, pods: &[Rc<Value>]) {
        let (mut succeeded, mut failed): (Vec<SimTime>, Vec<SimTime>) = (Vec::new(), Vec::new());
        for pod in pods {
            let uid = object::uid(pod).to_owned();
            if self.released.contains(&uid) {
                continue;
            }
            match object::str_at(pod, "status.phase") {
                Some("Succeeded") => {
                    self.indexes.extend(index_of(pod));
                    if self.succeeded.insert(uid) {
                        succeeded.push(finished_at(pod));
                    }
                }
                Some("Failed") => {
                    let rule = job_policy::failure(job, pod);
                    match &rule {
                        // It does not count, but the next one waits for it too.
                        Some(("Ignore", _)) => {
                            if self.ignored.insert(uid) {
                                failed.push(finished_at(pod));
                            }
                            continue;
                        }
                        Some(("FailJob", message)) => drop(self.verdict.get_or_insert(message.clone())),
                        Some(_) | None => {}
                    }
                    failed.extend(self.note_failure(job, pod, matches!(rule, Some(("FailIndex", _)))));
                }
                _ => {
                    // A Pod that is being deleted has failed, where failed ones alone are not what is replaced (`isPodFailed`).
                    if object::is_deleting(pod) && !replaces_only_failed(job) {
                        failed.extend(self.note_failure(job, pod, false));
                    }
                }
            }
        }
        // Models `newBackoffRecord`: a success ends the streak; what failed after it begins another.
        if let Some(success) = succeeded.into_iter().max() {
            (self.streak, self.last_failure) = (0, None);
            failed.retain(|at| *at > success);
        }
        self.streak += failed.len();
        self.last_failure = failed.into_iter().max().or(self.last_failure);
    }

    /// When the Pod failed, the first time that it is seen to have.
    fn note_failure(&mut self, job: &Value, pod: &Value, gives_up: bool) -> Option<SimTime> {
        if !self.failed.insert(object::uid(pod).to_owned()) {
            return None;
        }
        let at = finished_at(pod);
        if let (Some(limit), Some(index)) = (object::i64_at(job, "spec.backoffLimitPerIndex"), index_of(pod)) {
            let (count, last) = self.index_failures.entry(index).or_insert((0, at));
            if gives_up || *count >= limit {
                self.failed_indexes.insert(index);
            }
            (*count, *last) = (*count + 1, at.max(*last));
        }
        Some(at)
    }

    fn act(&mut self, job: &Rc<Value>, pods: &[Rc<Value>], client: &mut Throttle, ctx: &mut Context) -> Synced {
        let active: Vec<Rc<Value>> = pods.iter().filter(|p| is_active(p)).cloned().collect();
        let terminating = pods.iter().filter(|p| object::is_deleting(p) && !super::owned::is_finished(p)).count();
        let indexed = object::str_at(job, "spec.completionMode") == Some("Indexed");
        let completions = object::i64_at(job, "spec.completions");
        let parallelism = object::i64_at(job, "spec.parallelism").unwrap_or(1).max(0);
        let limit = object::i64_at(job, "spec.backoffLimit").unwrap_or(6);
        let started = object::str_at(job, "status.startTime").and_then(SimTime::parse);
        let suspended = object::bool_at(job, "spec.suspend") == Some(true);
        let done = if indexed { self.indexes.len() } else { self.succeeded.len() } as i64;

        let restarts: i64 = pods
            .iter()
            .filter(|p| is_active(p) && object::str_at(p, "spec.restartPolicy") == Some("OnFailure"))
            .flat_map(|p| object::list_at(p, "status.containerStatuses").iter().chain(object::list_at(p, "status.initContainerStatuses")))
            .filter_map(|c| object::i64_at(c, "restartCount"))
            .sum();
        let too_often = self.failed.len() as i64 > limit || (if limit == 0 { restarts > 0 } else { restarts >= limit });
        let deadline = object::i64_at(job, "spec.activeDeadlineSeconds").map(|s| (s.max(0) as u64).saturating_mul(1000));
        let overdue = deadline.zip(started).is_some_and(|(d, s)| ctx.now.since(s) >= d);
        // What an earlier sync decided stands, while its Pods still end.
        let target = condition(job, "SuccessCriteriaMet").or_else(|| condition(job, "FailureTarget")).cloned();
        let (verdict, reason, message) = if let Some(target) = &target {
            let text = |field| object::str_at(target, field).unwrap_or("").to_owned();
            let verdict = if text("type") == "SuccessCriteriaMet" { "Complete" } else { "Failed" };
            (Some(verdict), text("reason"), text("message"))
        } else if let Some(message) = &self.verdict {
            (Some("Failed"), "PodFailurePolicy".into(), message.clone())
        } else if too_often {
            (Some("Failed"), "BackoffLimitExceeded".into(), "Job has reached the specified backoff limit".into())
        } else if overdue {
            (Some("Failed"), "DeadlineExceeded".into(), "Job was active longer than specified deadline".into())
        } else if let Some((reason, message)) = self.given_up(job, completions) {
            (Some("Failed"), reason.into(), message.into())
        } else if let Some(message) = job_policy::success(job, &self.indexes) {
            (Some("Complete"), "SuccessPolicy".into(), message)
        } else if completions.map_or(done > 0 && active.is_empty(), |wanted| done >= wanted) {
            (Some("Complete"), "CompletionsReached".into(), "Reached expected number of succeeded pods".into())
        } else {
            (None, String::new(), String::new())
        };
        if let Some(verdict) = verdict {
            for pod in &active {
                delete(ctx, kinds::POD, pod)?;
                say(ctx, job, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod)));
                // What is no longer needed has not failed; neither has what ends from now on (`trackJobStatusAndRemoveFinalizers`).
                let uids = if verdict == "Failed" { &mut self.failed } else { &mut self.released };
                uids.insert(object::uid(pod).to_owned());
            }
            let waits = !active.is_empty() || terminating > 0;
            if waits && target.is_some() {
                return Ok(None);
            }
            let now = ctx.now.rfc3339();
            let make = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": now, "lastTransitionTime": now});
            let first = if verdict == "Failed" { "FailureTarget" } else { "SuccessCriteriaMet" };
            let mut conditions = object::list_at(job, "status.conditions").to_vec();
            if target.is_none() {
                conditions.push(make(first, &reason, &message));
            }
            if !waits {
                conditions.push(make(verdict, &reason, &message));
            }
            let mut status = self.status(job, 0, 0, if waits { active.len() + terminating } else { 0 }, &ctx.now.rfc3339());
            status["conditions"] = Value::Array(conditions);
            if verdict == "Complete" && !waits {
                status["completionTime"] = json!(now);
            }
            put_status(ctx, kinds::JOB, job, status)?;
            if !waits {
                if verdict == "Complete" {
                    say(ctx, job, COMPONENT, "Normal", "Completed", "Job completed");
                } else {
                    say(ctx, job, COMPONENT, "Warning", &reason, &message);
                }
            }
            return Ok(None);
        }
        if suspended {
            return self.suspend(job, &active, terminating, ctx);
        }
        let mut again = deadline.zip(started).map(|(d, s)| (s + d).since(ctx.now));
        let mut count = active.len();
        let mut refusal = None;
        let missing = match completions {
            Some(wanted) => (wanted - done - count as i64).min(parallelism - count as i64),
            None if done > 0 => 0,
            None => parallelism - count as i64,
        };
        // Pods that still end are waited for only where they are to be replaced once they failed.
        let hold = if replaces_only_failed(job) { terminating as i64 } else { 0 };
        let each_for_itself = object::i64_at(job, "spec.backoffLimitPerIndex").is_some();
        let wait = if each_for_itself { 0 } else { self.backoff(ctx.now) };
        if missing - hold > 0 && wait > 0 {
            again = Some(again.map_or(wait, |a| a.min(wait)));
        } else if missing - hold > 0 {
            let mut used: SortedSet<i64> = self.indexes.iter().copied().chain(active.iter().filter_map(|p| index_of(p))).collect();
            used.extend(self.failed_indexes.iter().copied());
            for (index, (failures, last)) in &self.index_failures {
                let wait = (*last + delay_ms(*failures as usize)).since(ctx.now);
                if each_for_itself && wait > 0 && used.insert(*index) {
                    again = Some(again.map_or(wait, |a| a.min(wait)));
                }
            }
            let wanted = usize::try_from(missing - hold).unwrap_or(0).min(BURST - self.made);
            let indexes: Vec<i64> = if indexed { (0..completions.unwrap_or(0)).filter(|i| !used.contains(i)).take(wanted).collect() } else { vec![] };
            let asked = if indexed { indexes.len() } else { wanted };
            let made = slow_start_pods(client, asked, ctx, &mut |at, ctx| {
                let index = indexes.get(at).copied();
                let failures = index.filter(|_| each_for_itself).map(|i| self.index_failures.get(&i).map_or(0, |(count, _)| *count));
                make_pod(ctx, job, COMPONENT, pod_for(job, index, failures))?;
                count += 1;
                Ok(())
            });
            match made {
                Ok(0) => {}
                // The status is told when all have been made.
                Ok(left) => {
                    self.made += asked - left;
                    let wait = client.wait(ctx.now);
                    self.retry = Some(ctx.now + wait);
                    return Ok(Some(wait));
                }
                Err(failure) => refusal = Some(failure),
            }
        } else if missing < 0 {
            // Of those with an index what is too high goes first (`activePodsForRemoval`).
            let mut surplus = active.clone();
            surplus.order_by_key(|p| (completions.filter(|_| indexed).is_none_or(|c| index_of(p) < Some(c)), removal_rank(p, false, ctx)));
            for pod in surplus.iter().take((-missing) as usize) {
                delete(ctx, kinds::POD, pod)?;
                say(ctx, job, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod)));
                self.released.insert(object::uid(pod).to_owned());
            }
        }
        self.made = 0;
        let ready = active.iter().filter(|p| is_ready(p)).count();
        let mut status = self.status(job, count, ready, terminating, &ctx.now.rfc3339());
        if tell_suspended(&mut status, "False", "JobResumed", "Job resumed", ctx.now) {
            status["startTime"] = json!(ctx.now.rfc3339());
            say(ctx, job, COMPONENT, "Normal", "Resumed", "Job resumed");
        }
        put_status(ctx, kinds::JOB, job, status)?;
        self.retry = again.map(|wait| ctx.now + wait);
        refusal.map_or(Ok(again), Err)
    }

    fn suspend(&mut self, job: &Value, active: &[Rc<Value>], terminating: usize, ctx: &mut Context) -> Synced {
        for pod in active {
            delete(ctx, kinds::POD, pod)?;
            self.released.insert(object::uid(pod).to_owned());
            say(ctx, job, COMPONENT, "Normal", "SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod)));
        }
        let now = ctx.now.rfc3339();
        let mut status = self.status(job, 0, 0, active.len() + terminating, &now);
        if let Some(map) = status.as_object_mut() {
            map.remove("startTime");
        }
        if tell_suspended(&mut status, "True", "JobSuspended", "Job suspended", ctx.now) {
            say(ctx, job, COMPONENT, "Normal", "Suspended", "Job suspended");
        }
        put_status(ctx, kinds::JOB, job, status)?;
        Ok(None)
    }

    /// How long the next Pod waits after failures.
    fn backoff(&self, now: SimTime) -> u64 {
        let Some(last) = self.last_failure else { return 0 };
        (last + delay_ms(self.streak)).since(now)
    }

    /// Whether too many indexes failed for good, and the words for it.
    fn given_up(&self, job: &Value, completions: Option<i64>) -> Option<(&'static str, &'static str)> {
        let failed = self.failed_indexes.len() as i64;
        if object::i64_at(job, "spec.maxFailedIndexes").is_some_and(|most| failed > most) {
            return Some(("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"));
        }
        let all = failed > 0 && completions.is_some_and(|wanted| failed + self.indexes.len() as i64 >= wanted);
        all.then_some(("FailedIndexes", "Job has failed indexes"))
    }

    fn status(&self, job: &Value, active: usize, ready: usize, terminating: usize, now: &str) -> Value {
        let started = object::str_at(job, "status.startTime").unwrap_or(now);
        let mut status = json!({"startTime": started, "ready": ready, "terminating": terminating, "uncountedTerminatedPods": {}});
        let done = if object::str_at(job, "spec.completionMode") == Some("Indexed") { self.indexes.len() } else { self.succeeded.len() };
        for (field, count) in [("active", active), ("succeeded", done), ("failed", self.failed.len())] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        if !self.indexes.is_empty() {
            status["completedIndexes"] = json!(job_policy::text(&self.indexes));
        }
        if object::i64_at(job, "spec.backoffLimitPerIndex").is_some() {
            status["failedIndexes"] = json!(job_policy::text(&self.failed_indexes));
        }
        if let Some(conditions) = object::at(job, "status.conditions") {
            status["conditions"] = conditions.clone();
        }
        status
    }
}

/// How long the next try waits after so many failures.
fn delay_ms(failures: usize) -> u64 {
    (FIRST_BACKOFF_MS << failures.saturating_sub(1).min(6) as u32).min(MOST_BACKOFF_MS)
}

/// Models `onlyReplaceFailedPods`.
fn replaces_only_failed(job: &Value) -> bool {
    object::str_at(job, "spec.podReplacementPolicy") == Some("Failed") || object::at(job, "spec.podFailurePolicy").is_some_and(Value::is_object)
}

/// Sets the condition `Suspended`; false where it says so already, or was never there and is not True. Models `ensureJobConditionStatus`.
fn tell_suspended(status: &mut Value, value: &str, reason: &str, message: &str, now: SimTime) -> bool {
    let now = now.rfc3339();
    let new = json!({"type": "Suspended", "status": value, "reason": reason, "message": message, "lastProbeTime": now, "lastTransitionTime": now});
    let mut conditions = object::list_at(status, "conditions").to_vec();
    match conditions.iter_mut().find(|c| object::str_at(c, "type") == Some("Suspended")) {
        Some(old) if object::str_at(old, "status") == Some(value) => return false,
        Some(old) => *old = new,
        None if value == "False" => return false,
        None => conditions.push(new),
    }
    status["conditions"] = Value::Array(conditions);
    true
}

fn pod_for(job: &Value, index: Option<i64>, failures: Option<i64>) -> Value {
    let mut pod = pod_of(job, &template(job));
    let name = object::name(job);
    match index {
        Some(index) => {
            pod["metadata"]["generateName"] = json!(format!("{name}-{index}-"));
            pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] = json!(index.to_string());
            object::set(&mut pod, "spec.hostname", json!(format!("{name}-{index}")));
            let mut annotations = json!({"batch.kubernetes.io/job-completion-index": index.to_string()});
            if let Some(failures) = failures {
                annotations["batch.kubernetes.io/job-index-failure-count"] = json!(failures.to_string());
            }
            pod["metadata"]["annotations"] = annotations;
            for list in ["containers", "initContainers"] {
                for container in pod["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                    let mut env = object::list_at(container, "env").to_vec();
                    if env.iter().all(|v| object::str_at(v, "name") != Some("JOB_COMPLETION_INDEX")) {
                        let source = json!({"fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"});
                        env.push(json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": source}}));
                    }
                    container["env"] = Value::Array(env);
                }
            }
        }
        None => pod["metadata"]["generateName"] = json!(format!("{name}-")),
    }
    pod
}

/// When a Pod ended: its last container once all have, when it was no longer ready, or when its deletion was asked for. Models `getFinishedTime`.
fn finished_at(pod: &Value) -> SimTime {
    let time = |value: &Value, path: &str| object::str_at(value, path).and_then(SimTime::parse);
    let statuses = object::list_at(pod, "status.containerStatuses");
    let ends: Option<Vec<SimTime>> = statuses.iter().map(|c| time(c, "state.terminated.finishedAt")).collect();
    let unready = condition(pod, "Ready").filter(|c| object::str_at(c, "status") == Some("False"));
    let grace_ms = (object::i64_at(pod, "metadata.deletionGracePeriodSeconds").unwrap_or(0).max(0) as u64).saturating_mul(1000);
    ends.and_then(|ends| ends.into_iter().max())
        .or_else(|| time(unready?, "lastTransitionTime"))
        .or_else(|| Some(SimTime(time(pod, "metadata.deletionTimestamp")?.0.saturating_sub(grace_ms))))
        .or_else(|| time(pod, "metadata.creationTimestamp"))
        .unwrap_or(SimTime::ZERO)
}

/// `ttlSecondsAfterFinished`.
fn expire(job: &Value, ctx: &mut Context) -> Result<Option<u64>, Status> {
    let Some(ttl) = object::i64_at(job, "spec.ttlSecondsAfterFinished") else { return Ok(None) };
    let ended = condition(job, "Complete").or_else(|| condition(job, "Failed")).and_then(|c| object::str_at(c, "lastTransitionTime"));
    let Some(ended) = ended.and_then(SimTime::parse) else { return Ok(None) };
    let left = (ended + (ttl.max(0) as u64).saturating_mul(1000)).since(ctx.now);
    if left > 0 {
        return Ok(Some(left));
    }
    delete(ctx, kinds::JOB, job)?;
    Ok(None)
}
