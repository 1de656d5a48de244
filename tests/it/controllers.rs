//! What controllers make of objects over time, where no recorded trace looks: Jobs that are suspended, that give up or are content early; CronJobs in
//! other time zones.

use podlab::api::kinds::{CRON_JOB, EVENT, JOB, POD};
use podlab::api::object::{i64_at, list_at, str_at};
use podlab::api::{SimTime, Value, json, object};
use podlab::cluster::Cluster;
use podlab::cluster::apiserver::{Key, PatchKind, WriteOptions};

use crate::containers::cluster_with;

fn job(name: &str, spec: &str, script: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec:\n{spec}  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        \
         - {{name: app, image: 'busybox:1.36', command: [sh, -c, \"{script}\"]}}\n"
    )
}

fn patch(cluster: &mut Cluster, name: &str, patch: &Value) {
    let (key, options) = (Key::new(JOB, "default", name), WriteOptions::default());
    let done = cluster.request(|api, caller| api.patch(caller, &key, patch, PatchKind::Merge, &options));
    assert!(done.is_ok(), "{done:?}");
}

fn stored(cluster: &Cluster, name: &str) -> Value {
    (**cluster.api.get(JOB, "default", name).expect("it is there")).clone()
}

/// `Type=Status (Reason)` of each condition.
fn conditions(job: &Value) -> Vec<String> {
    let text = |c: &Value, field| str_at(c, field).unwrap_or("").to_owned();
    list_at(job, "status.conditions").iter().map(|c| format!("{}={} ({})", text(c, "type"), text(c, "status"), text(c, "reason"))).collect()
}

/// The reasons of the Job's own events, in order of their first time.
fn reasons(cluster: &Cluster, name: &str) -> Vec<String> {
    let mine = |e: &&std::rc::Rc<Value>| str_at(e, "involvedObject.kind") == Some("Job") && str_at(e, "involvedObject.name") == Some(name);
    let mut events: Vec<_> = cluster.api.list(EVENT, None).filter(mine).collect();
    events.sort_by_key(|e| str_at(e, "firstTimestamp").unwrap_or("").to_owned());
    events.iter().map(|e| str_at(e, "reason").unwrap_or("").to_owned()).collect()
}

#[test]
fn a_suspended_job_neither_fails_nor_completes_and_goes_on_later() {
    let mut cluster = cluster_with(&job("slow", "", "trap 'exit 0' TERM; sleep 30 & wait"));
    patch(&mut cluster, "slow", &json!({"spec": {"suspend": true}}));
    cluster.advance_to(SimTime::from_secs(60));
    let suspended = stored(&cluster, "slow");
    assert_eq!(conditions(&suspended), ["Suspended=True (JobSuspended)"]);
    // Its Pod ended with 0, but it was the controller that ended it.
    assert_eq!((i64_at(&suspended, "status.succeeded"), i64_at(&suspended, "status.failed")), (None, None));
    assert_eq!(str_at(&suspended, "status.startTime"), None);
    assert_eq!(cluster.api.list(POD, Some("default")).count(), 0);
    patch(&mut cluster, "slow", &json!({"spec": {"suspend": false}}));
    cluster.advance_to(SimTime::from_secs(120));
    let done = stored(&cluster, "slow");
    assert_eq!(
        conditions(&done),
        ["Suspended=False (JobResumed)", "SuccessCriteriaMet=True (CompletionsReached)", "Complete=True (CompletionsReached)"]
    );
    assert_eq!(str_at(&done, "status.startTime").and_then(SimTime::parse), Some(SimTime::from_secs(60)));
    assert!(reasons(&cluster, "slow").contains(&"Resumed".to_owned()), "{:?}", reasons(&cluster, "slow"));
}

#[test]
fn each_index_may_fail_so_often_and_no_more() {
    let spec = "  completionMode: Indexed\n  completions: 4\n  parallelism: 4\n  backoffLimitPerIndex: 1\n";
    let mut cluster = cluster_with(&job("each", spec, "test $JOB_COMPLETION_INDEX != 2"));
    cluster.advance_to(SimTime::from_secs(22));
    let first = stored(&cluster, "each");
    assert_eq!((str_at(&first, "status.completedIndexes"), str_at(&first, "status.failedIndexes")), (Some("0,1,3"), Some("")));
    cluster.advance_to(SimTime::from_secs(120));
    let failed = stored(&cluster, "each");
    assert_eq!((str_at(&failed, "status.completedIndexes"), str_at(&failed, "status.failedIndexes")), (Some("0,1,3"), Some("2")));
    assert_eq!(conditions(&failed), ["FailureTarget=True (FailedIndexes)", "Failed=True (FailedIndexes)"]);
    // Twice, ten seconds after the first end at the earliest.
    let pods: Vec<_> = cluster
        .api
        .list(POD, Some("default"))
        .filter(|p| object::labels(p).is_some_and(|l| l["batch.kubernetes.io/job-completion-index"] == "2"))
        .collect();
    let count =
        |p: &Value| object::at(p, "metadata.annotations").and_then(|a| a["batch.kubernetes.io/job-index-failure-count"].as_str().map(str::to_owned));
    let mut counts: Vec<_> = pods.iter().map(|p| count(p)).collect();
    counts.sort();
    assert_eq!(counts, [Some("0".to_owned()), Some("1".to_owned())]);
}

#[test]
fn a_deleted_pod_has_failed_and_a_success_ends_the_streak() {
    let spec = "  completions: 3\n  parallelism: 1\n";
    let mut cluster = cluster_with(&job("steps", spec, "sleep 3600"));
    // Of those that were neither deleted nor have ended there is one at most.
    let going = |cluster: &Cluster| {
        let goes = |p: &&std::rc::Rc<Value>| !object::is_deleting(p) && !matches!(str_at(p, "status.phase"), Some("Succeeded" | "Failed"));
        cluster.api.list(POD, Some("default")).find(goes).map(|p| object::name(p).to_owned())
    };
    let pod = |cluster: &Cluster| going(cluster).expect("one runs");
    let delete = |cluster: &mut Cluster| {
        let key = Key::new(POD, "default", &pod(cluster));
        let options = podlab::cluster::apiserver::DeleteOptions { grace_seconds: Some(2), ..Default::default() };
        assert!(cluster.request(|api, caller| api.delete(caller, &key, options)).is_ok());
    };
    // Ten seconds after the deletion was asked for comes the next one, after the second twenty.
    let next = |cluster: &mut Cluster, old: &str| {
        let since = cluster.now();
        while going(cluster).is_none_or(|name| name == old) {
            cluster.advance_to(cluster.now() + 100);
        }
        cluster.now().since(since)
    };
    for wait in [10_000, 20_000] {
        let old = pod(&cluster);
        delete(&mut cluster);
        let waited = next(&mut cluster, &old);
        assert!(waited.abs_diff(wait) <= 1500, "{waited} instead of {wait}");
        cluster.advance_to(SimTime(cluster.now().0 / 1000 * 1000 + 5000));
    }
    // One succeeds; then it is ten seconds again.
    let old = pod(&cluster);
    let fault = podlab::cluster::runtime::Fault::Exit(0);
    assert!(cluster.inject(podlab::cluster::PodRef { namespace: "default", name: &old }, "app", fault).is_ok());
    assert!(next(&mut cluster, &old) < 5000);
    cluster.advance_to(SimTime(cluster.now().0 / 1000 * 1000 + 5000));
    let (old, wait) = (pod(&cluster), 10_000);
    delete(&mut cluster);
    let waited = next(&mut cluster, &old);
    assert!(waited.abs_diff(wait) <= 1500, "{waited} instead of {wait}");
}

#[test]
fn a_success_policy_ends_a_job_early() {
    let spec =
        "  completionMode: Indexed\n  completions: 5\n  parallelism: 5\n  successPolicy: {rules: [{succeededIndexes: '0-3', succeededCount: 2}]}\n";
    let mut cluster = cluster_with(&job("early", spec, "test $JOB_COMPLETION_INDEX -lt 2 && exit 0; trap 'exit 1' TERM; sleep 3600 & wait"));
    cluster.advance_to(SimTime::from_secs(60));
    let done = stored(&cluster, "early");
    assert_eq!(conditions(&done), ["SuccessCriteriaMet=True (SuccessPolicy)", "Complete=True (SuccessPolicy)"]);
    assert_eq!(str_at(&done, "status.conditions.0.message"), Some("Matched rules at index 0"));
    assert_eq!(cluster.api.list(POD, Some("default")).filter(|p| str_at(p, "status.phase") == Some("Running")).count(), 0);
}

#[test]
fn a_cron_job_keeps_its_own_time_zone() {
    let cron = |name: &str, zone: &str| {
        format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: {name}}}\nspec:\n  schedule: '30 9 * * *'\n{zone}  jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, \
             containers: [{{name: app, image: 'busybox:1.36', command: ['true']}}]}}}}}}}}\n"
        )
    };
    let text = [cron("plain", ""), cron("seoul", "  timeZone: Asia/Seoul\n"), cron("kolkata", "  timeZone: Asia/Kolkata\n")].join("---\n");
    let mut cluster = cluster_with(&text);
    cluster.advance_to(SimTime::from_secs(86_400));
    let last = |name: &str| {
        let cron = cluster.api.get(CRON_JOB, "default", name).expect("it is there");
        str_at(cron, "status.lastScheduleTime").expect("it ran within a day").get(11..16).map(str::to_owned)
    };
    assert_eq!([last("plain"), last("seoul"), last("kolkata")].map(Option::unwrap_or_default), ["09:30", "00:30", "04:00"]);
}

#[test]
fn a_job_of_very_many_pods_tells_from_time_to_time_how_far_it_is() {
    // One sync makes 500 Pods, 20 a second, and tells of them when they are made.
    let mut cluster = cluster_with(&job("many", "  completions: 100000\n  parallelism: 100000\n", "exit 0"));
    cluster.advance_to(SimTime::from_secs(20));
    assert_eq!(i64_at(&stored(&cluster, "many"), "status.succeeded"), None);
    cluster.advance_to(SimTime::from_secs(60));
    let told = i64_at(&stored(&cluster, "many"), "status.succeeded").unwrap_or(0);
    assert!((900..1200).contains(&told), "{told}");
}
