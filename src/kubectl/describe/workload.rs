//! `kubectl describe` of what makes Pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob.

use super::{Page, conditions, controlled_by, head, pod, text, time, truth};
use crate::api::object::{at, i64_at, list_at, name, namespace, str_at, uid};
use crate::api::order::InOrder as _;
use crate::api::{Kind, Selector, SimTime, Value, kinds};
use crate::kubectl::duration::human;
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;
use crate::kubectl::rows;

pub fn describe(page: &mut Page, kind: &'static Kind, o: &Value, env: &Env) -> bool {
    match kind.kind {
        "Deployment" => deployment(page, o, env),
        "Job" => job(page, o),
        "CronJob" => cron_job(page, o),
        _ => set(page, kind, o, env),
    }
    true
}

fn number(o: &Value, path: &str) -> i64 {
    i64_at(o, path).unwrap_or(0)
}

fn deployment(page: &mut Page, o: &Value, env: &Env) {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    page.field(0, "CreationTimestamp", time(o, "metadata.creationTimestamp"));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    page.field(0, "Selector", rows::selector(o, "spec.selector"));
    let count = |field: &str| number(o, &format!("status.{field}"));
    page.field(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(o, "spec.replicas"),
            count("updatedReplicas"),
            count("replicas"),
            count("availableReplicas"),
            count("unavailableReplicas")
        ),
    );
    page.field(0, "StrategyType", text(o, "spec.strategy.type"));
    page.field(0, "MinReadySeconds", number(o, "spec.minReadySeconds").to_string());
    if let Some(rolling) = at(o, "spec.strategy.rollingUpdate") {
        let part = |field: &str| rolling.get(field).map(show).unwrap_or_default();
        page.field(0, "RollingUpdateStrategy", format!("{} max unavailable, {} max surge", part("maxUnavailable"), part("maxSurge")));
    }
    pod::template(page, at(o, "spec.template").unwrap_or(&Value::Null));
    conditions(page, o);
    let owned = |rs: &Value| list_at(rs, "metadata.ownerReferences").iter().any(|r| text(r, "uid") == uid(o));
    let mut sets: Vec<_> = env.list(kinds::REPLICA_SET, Some(namespace(o))).into_iter().filter(|rs| owned(rs)).collect();
    let revision = |rs: &Value| {
        at(rs, "metadata.annotations")
            .and_then(|a| a.get("deployment.kubernetes.io/revision"))
            .and_then(Value::as_str)
            .and_then(|r| r.parse::<i64>().ok())
            .unwrap_or(0)
    };
    sets.order_by_key(|rs| revision(rs));
    let newest = sets.pop();
    let line = |rs: &Value| format!("{} ({}/{} replicas created)", name(rs), number(rs, "status.replicas"), number(rs, "spec.replicas"));
    let old: Vec<String> = sets.iter().map(|rs| line(rs)).collect();
    page.field(0, "OldReplicaSets", if old.is_empty() { "<none>".into() } else { old.join(", ") });
    page.field(0, "NewReplicaSet", newest.map_or("<none>".into(), |rs| line(&rs)));
}

/// `2 Running / 0 Waiting / 0 Succeeded / 0 Failed`
fn pods_status(o: &Value, env: &Env) -> String {
    let selector = Selector::from_value(at(o, "spec.selector").unwrap_or(&Value::Null));
    let mut counts = [0; 4];
    for pod in env.list(kinds::POD, Some(namespace(o))) {
        let owned = list_at(&pod, "metadata.ownerReferences").iter().any(|r| text(r, "uid") == uid(o));
        if !owned || !selector.matches(crate::api::object::labels(&pod)) {
            continue;
        }
        match text(&pod, "status.phase") {
            "Running" => counts[0] += 1,
            "Pending" => counts[1] += 1,
            "Succeeded" => counts[2] += 1,
            "Failed" => counts[3] += 1,
            _ => {}
        }
    }
    format!("{} Running / {} Waiting / {} Succeeded / {} Failed", counts[0], counts[1], counts[2], counts[3])
}

fn set(page: &mut Page, kind: &Kind, o: &Value, env: &Env) {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    let selector = if at(o, "spec.selector.matchLabels").is_some() || at(o, "spec.selector.matchExpressions").is_some() {
        rows::selector(o, "spec.selector")
    } else {
        rows::pairs(o, "spec.selector")
    };
    match kind.kind {
        "StatefulSet" => {
            page.field(0, "CreationTimestamp", time(o, "metadata.creationTimestamp"));
            page.field(0, "Selector", selector);
            page.pairs(0, "Labels", o, "metadata.labels");
            page.annotations(0, o, "metadata.annotations");
            page.field(0, "Replicas", format!("{} desired | {} total", number(o, "spec.replicas"), number(o, "status.replicas")));
            page.field(0, "Update Strategy", text(o, "spec.updateStrategy.type"));
            if let Some(partition) = i64_at(o, "spec.updateStrategy.rollingUpdate.partition") {
                page.field(1, "Partition", partition.to_string());
            }
        }
        "DaemonSet" => {
            page.field(0, "Selector", selector);
            page.field(0, "Node-Selector", rows::pairs(o, "spec.template.spec.nodeSelector"));
            page.pairs(0, "Labels", o, "metadata.labels");
            page.annotations(0, o, "metadata.annotations");
            for (title, field) in [
                ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
                ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
                ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
                ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
                ("Number of Nodes Misscheduled", "numberMisscheduled"),
            ] {
                page.line(0, format!("{title}: {}", number(o, &format!("status.{field}"))));
            }
        }
        _ => {
            page.field(0, "Selector", selector);
            page.pairs(0, "Labels", o, "metadata.labels");
            page.annotations(0, o, "metadata.annotations");
            controlled_by(page, o);
            page.field(0, "Replicas", format!("{} current / {} desired", number(o, "status.replicas"), number(o, "spec.replicas")));
        }
    }
    page.field(0, "Pods Status", pods_status(o, env));
    pod::template(page, at(o, "spec.template").unwrap_or(&Value::Null));
    if kind.kind == "StatefulSet" {
        let claims = list_at(o, "spec.volumeClaimTemplates");
        if claims.is_empty() {
            page.field(0, "Volume Claims", "<none>");
        } else {
            page.line(0, "Volume Claims:");
            for claim in claims {
                page.field(1, "Name", name(claim));
                page.field(1, "StorageClass", text(claim, "spec.storageClassName"));
                page.pairs(1, "Labels", claim, "metadata.labels");
                page.pairs(1, "Annotations", claim, "metadata.annotations");
                page.field(1, "Capacity", text(claim, "spec.resources.requests.storage"));
                let modes: Vec<String> = list_at(claim, "spec.accessModes").iter().map(show).collect();
                page.field(1, "Access Modes", format!("[{}]", modes.join(" ")));
            }
        }
    }
    if kind.kind == "ReplicaSet" || kind.kind == "ReplicationController" {
        conditions(page, o);
    }
}

fn job(page: &mut Page, o: &Value) {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    page.field(0, "Selector", rows::selector(o, "spec.selector"));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    controlled_by(page, o);
    let optional = |path: &str| i64_at(o, path).map(|n| n.to_string());
    page.field(0, "Parallelism", optional("spec.parallelism").unwrap_or_else(|| "<unset>".into()));
    page.field(0, "Completions", optional("spec.completions").unwrap_or_else(|| "<unset>".into()));
    page.field(0, "Completion Mode", str_at(o, "spec.completionMode").unwrap_or("NonIndexed"));
    page.field(0, "Suspend", truth(at(o, "spec.suspend")).to_string());
    page.field(0, "Backoff Limit", number(o, "spec.backoffLimit").to_string());
    if let Some(seconds) = optional("spec.ttlSecondsAfterFinished") {
        page.field(0, "TTL Seconds After Finished", seconds);
    }
    let moment = |path: &str| str_at(o, path).and_then(SimTime::parse);
    if str_at(o, "status.startTime").is_some() {
        page.field(0, "Start Time", time(o, "status.startTime"));
    }
    if str_at(o, "status.completionTime").is_some() {
        page.field(0, "Completed At", time(o, "status.completionTime"));
    }
    if let (Some(start), Some(end)) = (moment("status.startTime"), moment("status.completionTime")) {
        page.field(0, "Duration", human((end.since(start) / 1000) as i64));
    }
    if let Some(seconds) = optional("spec.activeDeadlineSeconds") {
        page.field(0, "Active Deadline Seconds", format!("{seconds}s"));
    }
    let ready = i64_at(o, "status.ready").map(|n| format!(" ({n} Ready)")).unwrap_or_default();
    page.field(
        0,
        "Pods Statuses",
        format!("{} Active{ready} / {} Succeeded / {} Failed", number(o, "status.active"), number(o, "status.succeeded"), number(o, "status.failed")),
    );
    if str_at(o, "spec.completionMode") == Some("Indexed") {
        page.field(0, "Completed Indexes", capped(str_at(o, "status.completedIndexes").unwrap_or("")));
    }
    pod::template(page, at(o, "spec.template").unwrap_or(&Value::Null));
}

/// `0,2-4`, cut behind the comma that follows the fiftieth character (`capIndexesListOrNone`).
fn capped(indexes: &str) -> String {
    const SOFT_LIMIT: usize = 50;
    match indexes.bytes().skip(SOFT_LIMIT).position(|byte| byte == b',') {
        _ if indexes.is_empty() => "<none>".into(),
        Some(comma) => format!("{}...", &indexes[..=SOFT_LIMIT + comma]),
        None => indexes.to_owned(),
    }
}

fn cron_job(page: &mut Page, o: &Value) {
    head(page, o, kinds::CRON_JOB);
    page.field(0, "Schedule", text(o, "spec.schedule"));
    page.field(0, "Concurrency Policy", text(o, "spec.concurrencyPolicy"));
    page.field(0, "Suspend", if truth(at(o, "spec.suspend")) { "True" } else { "False" });
    page.field(0, "Time Zone", str_at(o, "spec.timeZone").unwrap_or("<unset>"));
    for (title, path) in
        [("Successful Job History Limit", "spec.successfulJobsHistoryLimit"), ("Failed Job History Limit", "spec.failedJobsHistoryLimit")]
    {
        page.field(0, title, i64_at(o, path).map_or("<unset>".into(), |n| n.to_string()));
    }
    page.field(0, "Starting Deadline Seconds", i64_at(o, "spec.startingDeadlineSeconds").map_or("<unset>".into(), |n| format!("{n}s")));
    page.field(0, "Selector", rows::selector(o, "spec.jobTemplate.spec.selector").replace("<none>", "<unset>"));
    page.field(0, "Parallelism", i64_at(o, "spec.jobTemplate.spec.parallelism").map_or("<unset>".into(), |n| n.to_string()));
    page.field(0, "Completions", i64_at(o, "spec.jobTemplate.spec.completions").map_or("<unset>".into(), |n| n.to_string()));
    pod::template(page, at(o, "spec.jobTemplate.spec.template").unwrap_or(&Value::Null));
    let last = str_at(o, "status.lastScheduleTime");
    page.field(0, "Last Schedule Time", last.map_or("<unset>".into(), super::rfc1123));
    let active: Vec<String> = list_at(o, "status.active").iter().map(|j| text(j, "name").to_owned()).collect();
    page.field(0, "Active Jobs", if active.is_empty() { "<none>".into() } else { active.join(", ") });
}
