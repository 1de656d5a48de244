//! `podlab bench [NAME]`: measures the native side. Each figure is a median with its spread; machines are noisy, so compare only within one run.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use podlab::api::SimTime;
use podlab::cluster::Config;
use podlab::session::{Input, Session};
use podlab::{manifest, share};

const BIG: &str = include_str!("../../tests/data/bench/pod-500-lines.yaml");
const SMALL: &str = include_str!("../../tests/data/bench/link-pod.yaml");
const PROBED: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: NAME
spec:
  containers:
    - name: app
      image: ghcr.io/subicura/echo:v1
      livenessProbe: {httpGet: {path: /, port: 3000}, periodSeconds: 10}
      readinessProbe: {httpGet: {path: /, port: 3000}, periodSeconds: 10}
";

type Bench = (&'static str, &'static str, fn());

const BENCHES: &[Bench] = &[
    ("verdict", "text → verdict, warm", verdict),
    ("cluster", "24 h of 100 Pods with two probes each", cluster),
    ("seek", "playhead to any moment of a 30-minute run", seek),
    ("link", "characters of a link", link),
    ("get", "1,000 times `kubectl get pods -o wide` of 100 Pods", get),
];

pub fn main(arguments: &[String]) -> ExitCode {
    let wanted = arguments.first().map(String::as_str);
    if let Some(name) = wanted.filter(|name| !BENCHES.iter().any(|(n, ..)| n == name)) {
        let names: Vec<_> = BENCHES.iter().map(|(n, ..)| *n).collect();
        eprintln!("podlab bench: there is no {name:?}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    for (name, title, run) in BENCHES.iter().filter(|(n, ..)| wanted.is_none_or(|w| w == *n)) {
        println!("{name}: {title}");
        run();
    }
    ExitCode::SUCCESS
}

/// Runs `body` so often and prints its median, least and greatest time.
fn time(label: &str, times: usize, mut body: impl FnMut()) -> Duration {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            body();
            start.elapsed()
        })
        .collect();
    taken.sort();
    let median = taken[taken.len() / 2];
    println!("  {label}: median {median:.1?} (min {:.1?}, max {:.1?}, {times} runs)", taken[0], taken[taken.len() - 1]);
    median
}

fn verdict() {
    for (label, text) in [("28 lines", SMALL), ("500 lines", BIG)] {
        time(label, 200, || drop(std::hint::black_box(manifest::check(text))));
    }
}

/// A session with so many Pods, all ready.
fn pods(count: usize) -> Session {
    let mut config = Config::nodes(2);
    for node in &mut config.nodes {
        (node.cpu_milli, node.pods) = (64_000, 1000);
    }
    let mut session = Session::new(config);
    let text: Vec<String> = (0..count).map(|i| PROBED.replace("NAME", &format!("pod-{i}"))).collect();
    session.input(Input::Apply { file: "pods.yaml".into(), text: text.join("---\n") });
    session.play_to(SimTime::from_secs(60));
    session
}

fn cluster() {
    let session = pods(100);
    let mut cluster = session.cluster().clone();
    let start = Instant::now();
    let facts = cluster.log().total();
    cluster.advance_to(SimTime::from_secs(24 * 3600));
    println!("  {:.2?} for {} facts", start.elapsed(), cluster.log().total() - facts);
}

fn seek() {
    let mut session = pods(10);
    session.play_to(SimTime::from_secs(1800));
    for second in [1, 450, 900, 1350, 1799] {
        time(&format!("to {second} s and back"), 5, || {
            session.seek(SimTime::from_secs(second));
            session.seek(SimTime::from_secs(1800));
        });
    }
}

fn link() {
    let shared = share::Shared { manifests: vec![("pod.yaml".into(), SMALL.into())], lesson: None, moment: None };
    match share::encode(&shared) {
        Ok(link) => println!("  {} bytes of manifest: {} characters", SMALL.len(), link.len()),
        Err(error) => println!("  no link: {error:?}"),
    }
}

fn get() {
    let mut session = pods(100);
    time("1,000 commands", 1, || {
        for _ in 0..1000 {
            session.input(Input::Command("kubectl get pods -o wide".into()));
        }
    });
}
