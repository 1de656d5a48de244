//! What containers do beyond starting and ending: the processor that they use, memory that their files take, names that they look up; and that
//! whoever watches the cluster misses nothing of it.

use podlab::api::kinds::CONFIG_MAP;
use podlab::api::object::{name, str_at};
use podlab::api::{Kind, SimTime, json};
use podlab::cluster::apiserver::WriteOptions;
use podlab::cluster::runtime::{ContainerRecord, ExitReason, State};
use podlab::cluster::{Cluster, Config, PodRef};
use podlab::manifest::read_documents;

/// A cluster to which this was applied at second 10, at second 20.
pub fn cluster_with(text: &str) -> Cluster {
    let mut cluster = Cluster::new(Config::nodes(1));
    cluster.advance_to(SimTime::from_secs(10));
    for document in read_documents(text, "pod.yaml").expect("a good manifest") {
        let value = document.value;
        let kind = Kind::find(str_at(&value, "apiVersion").unwrap_or(""), str_at(&value, "kind").unwrap_or("")).expect("a known kind");
        let made = cluster.request(|api, caller| api.create(caller, kind, "default", value, &WriteOptions::default()));
        assert!(made.is_ok(), "{made:?}");
    }
    cluster.advance_to(SimTime::from_secs(20));
    cluster
}

fn container<'a>(cluster: &'a Cluster, pod: &str, container: &str) -> &'a ContainerRecord {
    cluster.container(PodRef { namespace: "default", name: pod }, container, false).expect("it was started")
}

fn is_running(record: &ContainerRecord) -> bool {
    matches!(record.state, State::Running { .. })
}

/// A command's exit code and output, once it has ended; it may take a minute.
fn exec(cluster: &mut Cluster, pod: &str, of: &str, script: &str) -> (i32, String) {
    let command = ["sh", "-c", script].map(str::to_owned);
    let running = cluster.exec(PodRef { namespace: "default", name: pod }, of, &command, None).expect("a running container");
    for _ in 0..600 {
        let record = cluster.exec_state(running).expect("its record is kept");
        if let Some(code) = record.exit_code {
            return (code, record.output.iter().map(|(_, text)| text.as_str()).collect());
        }
        cluster.advance_to(cluster.now() + 100);
    }
    panic!("{script} does not end");
}

const BUSY: &str = "
apiVersion: v1
kind: Pod
metadata: {name: busy}
spec:
  terminationGracePeriodSeconds: 2
  containers:
    - {name: spins, image: busybox, command: [sh, -c, 'while true; do :; done']}
    - {name: held, image: busybox, command: [sh, -c, 'while true; do :; done'], resources: {limits: {cpu: 200m}}}
    - {name: counts, image: busybox, command: [sh, -c, 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; date +%s; sleep 36000']}
    - {name: counts-held, image: busybox, command: [sh, -c, 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; date +%s; sleep 36000'], resources: {limits: {cpu: 200m}}}
";

#[test]
fn a_process_that_never_waits_keeps_a_core_busy_and_costs_little() {
    let mut cluster = cluster_with(BUSY);
    let begun = std::time::Instant::now();
    cluster.advance_to(SimTime::from_secs(3600));
    assert!(begun.elapsed().as_secs() < 20, "an hour of two busy loops took {:?}", begun.elapsed());
    let of = |name| container(&cluster, "busy", name);
    assert_eq!((of("spins").cpu_milli, of("spins").throttled), (1000, false));
    assert_eq!((of("held").cpu_milli, of("held").throttled), (200, true));
    // Who has counted to the end is idle again; with a fifth of a core it took five times as long.
    assert_eq!((of("counts").cpu_milli, of("counts-held").cpu_milli), (1, 1));
    let took = |name| {
        let record = of(name);
        let State::Running { started_at } = record.state else { panic!("{name} sleeps") };
        record.log.lines_from(0).next().expect("the time at which it was done").at.since(started_at)
    };
    let (free, held) = (took("counts"), took("counts-held"));
    assert!(free > 0 && held.abs_diff(free * 5) <= free, "{free} ms and {held} ms");
}

#[test]
fn a_busy_process_hears_signals_and_others_have_their_turn() {
    let mut cluster = cluster_with(&BUSY.replace("'while", "'trap \"exit 3\" USR1; while"));
    cluster.advance_to(SimTime::from_secs(600));
    let begun = cluster.now();
    assert_eq!(exec(&mut cluster, "busy", "spins", "echo here"), (0, "here\n".into()));
    assert_eq!(cluster.now(), begun, "a command does not wait for a busy process");
    exec(&mut cluster, "busy", "spins", "kill -USR1 1");
    cluster.advance_to(begun + 100);
    assert!(matches!(container(&cluster, "busy", "spins").state, State::Exited { exit_code: 3, .. }));
}

const IN_MEMORY: &str = "
apiVersion: v1
kind: Pod
metadata: {name: memory}
spec:
  restartPolicy: Never
  containers:
    - name: app
      image: busybox
      command: [sleep, '36000']
      resources: {limits: {memory: 50Mi}}
      volumeMounts: [{name: small, mountPath: /small}, {name: large, mountPath: /large}, {name: disk, mountPath: /disk}]
  volumes:
    - {name: small, emptyDir: {medium: Memory, sizeLimit: 10Mi}}
    - {name: large, emptyDir: {medium: Memory}}
    - {name: disk, emptyDir: {}}
";

#[test]
fn files_in_memory_count_against_the_limit() {
    let mut cluster = cluster_with(IN_MEMORY);
    let before = container(&cluster, "memory", "app").memory_bytes;
    exec(&mut cluster, "memory", "app", "dd if=/dev/zero of=/disk/f bs=1M count=80");
    assert_eq!(container(&cluster, "memory", "app").memory_bytes, before, "a disk is not memory");
    let (code, said) = exec(&mut cluster, "memory", "app", "dd if=/dev/zero of=/small/f bs=1M count=20");
    assert!(code == 1 && said.contains("No space left on device"), "{code} {said}");
    assert_eq!(container(&cluster, "memory", "app").memory_bytes, before + (10 << 20));
    exec(&mut cluster, "memory", "app", "rm /small/f");
    assert_eq!(container(&cluster, "memory", "app").memory_bytes, before);
    exec(&mut cluster, "memory", "app", "dd if=/dev/zero of=/large/f bs=1M count=40");
    assert!(is_running(container(&cluster, "memory", "app")));
    exec(&mut cluster, "memory", "app", "dd if=/dev/zero of=/large/g bs=1M count=40");
    let State::Exited { exit_code, reason, .. } = &container(&cluster, "memory", "app").state else { panic!("it had too much") };
    assert_eq!((*exit_code, reason), (137, &ExitReason::OomKilled));
}

const NAMED: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: asks}
spec: {containers: [{name: app, image: busybox, command: [sleep, '36000']}]}
";

#[test]
fn pods_of_a_headless_service_have_names() {
    let mut cluster = cluster_with(NAMED);
    let ip = |cluster: &Cluster, pod: &str| {
        let pod = cluster.api.get(podlab::api::kinds::POD, "default", pod).expect("the set made it");
        str_at(pod, "status.podIP").expect("it runs").to_owned()
    };
    let (first, second) = (ip(&cluster, "web-0"), ip(&cluster, "web-1"));
    let dashed = format!("{}.default.pod", second.replace('.', "-"));
    for (asked, address) in [
        ("web-1.web", Some(&second)),
        ("web-1.web.default", Some(&second)),
        ("web-1.web.default.svc.cluster.local", Some(&second)),
        ("web-1.web.default.svc.cluster.local.", Some(&second)),
        ("web-0.web", Some(&first)),
        (dashed.as_str(), Some(&second)),
        ("web", Some(&first)),
        ("web-7.web", None),
        ("web-1", None),
        ("web-1.web.other", None),
        ("example.com", None),
    ] {
        let (code, said) = exec(&mut cluster, "asks", "app", &format!("ping -c 1 {asked}"));
        assert_eq!(code == 0, address.is_some(), "{asked}: {said}");
        assert!(address.is_none_or(|ip| said.starts_with(&format!("PING {asked} ({ip})"))), "{asked}: {said}");
    }
}

#[test]
fn a_watch_misses_nothing_of_an_instant_and_lists_again_when_it_was_left_behind() {
    const MANY: u64 = 20_000;
    let mut cluster = Cluster::new(Config::nodes(1));
    cluster.advance_to(SimTime::from_secs(1));
    let make = |cluster: &mut Cluster, prefix: &str, count: u64| {
        for i in 0..count {
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("{prefix}-{i}")}});
            let made = cluster.request(|api, caller| api.create(caller, CONFIG_MAP, "default", object, &WriteOptions::default()));
            assert!(made.is_ok(), "{made:?}");
        }
    };
    let begun = cluster.api.resource_version();
    make(&mut cluster, "a", MANY);
    assert_eq!(cluster.api.changes_since(begun).count() as u64, MANY);
    assert!(cluster.api.relist(begun).is_empty());
    cluster.advance_to(SimTime::from_secs(2));
    make(&mut cluster, "b", 10);
    let listed = cluster.api.relist(begun);
    let told: Vec<String> =
        listed.iter().map(|c| name(&c.object).to_owned()).chain(cluster.api.changes_since(begun).map(|c| name(&c.object).to_owned())).collect();
    let expected: Vec<String> = (0..MANY).map(|i| format!("a-{i}")).chain((0..10).map(|i| format!("b-{i}"))).collect();
    assert!(told == expected, "{} of {}", told.len(), expected.len());
    assert!(listed.len() as u64 > MANY / 2, "the journal stays short");
}
