//! `podlab bench`: measures the native side. Each figure keeps all its samples; machines are noisy, so compare only within one run.

use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use podlab::api::kinds::POD;
use podlab::api::object::str_at;
use podlab::api::{SimTime, Value, json};
use podlab::cluster::log::{Fact, Log};
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::Terminal;
use podlab::session::{Input, Session};
use podlab::{manifest, share};

const BIG: &str = include_str!("../../tests/data/bench/pod-500-lines.yaml");
const SMALL: &str = include_str!("../../tests/data/bench/link-pod.yaml");
/// A line of [`BIG`] that an edit changes.
const EDITED: &str = "value: info";
/// The Pod of the probe figures: it answers, so nothing ever restarts.
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

const USAGE: &str = "\
Usage: podlab bench [--json] [NAME [ARGUMENT…]]
       podlab bench --ask      reads `NAME ARGUMENT…` lines, answers each with one line of JSON: for measuring turn by turn with others

Without a name everything is measured (about half a minute in a release build).

";

/// Something measured: every sample that was taken of it.
struct Figure {
    label: String,
    unit: &'static str,
    samples: Vec<f64>,
}

/// Name, title, what it does with its arguments.
type Bench = (&'static str, &'static str, fn(&[&str]) -> Result<Vec<Figure>, String>);

const BENCHES: &[Bench] = &[
    ("verdict", "text → verdict with its diagnostics, warm; of the named files and folders, else of two texts of its own", verdict),
    ("check", "the same with what the editor adds: hints, and fixes that were tried", check),
    ("edited", "text → verdict of 500 lines, one value different each time", edited),
    ("hostile", "texts of ten megabytes that mean harm → verdict", hostile),
    ("probes", "PODS Pods with two probes each, SECONDS of virtual time (100, 600)", probes),
    ("day", "24 h of 100 Pods with two probes each, hour by hour", day),
    ("crowd", "1,000 Pods on 50 nodes: until all run, then 1 h", crowd),
    ("checkpoint", "a checkpoint of 100 Pods after an hour, and resuming from it", checkpoint),
    ("seek", "playhead to any moment of a 30-minute run of ten Pods", seek),
    ("get", "1,000 times `kubectl get pods -o wide` of 100 Pods", get),
    ("link", "characters of a link; of the named files and folders, else of one text of its own", link),
];

pub fn main(arguments: &[String]) -> ExitCode {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (as_json, words) = match words.as_slice() {
        ["--help" | "-h", ..] => {
            print!("{USAGE}");
            BENCHES.iter().for_each(|(name, title, _)| println!("  {name:<11}{title}"));
            return ExitCode::SUCCESS;
        }
        ["--ask"] => return ask(),
        ["--json", rest @ ..] => (true, rest),
        all => (false, all),
    };
    let wanted: Vec<&[&str]> = match words {
        [] => BENCHES.iter().map(|(name, ..)| std::slice::from_ref(name)).collect(),
        named => vec![named],
    };
    for words in wanted {
        match run(words) {
            Ok((_, figures)) if as_json => println!("{}", Value::Array(figures.iter().map(Figure::json).collect())),
            Ok((title, figures)) => {
                println!("{}: {title}", words[0]);
                figures.iter().for_each(|figure| println!("  {}", figure.text()));
            }
            Err(why) => {
                eprintln!("podlab bench: {why}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

/// One answer for each line, so that a caller can take turns between programs.
fn ask() -> ExitCode {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return ExitCode::from(2) };
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match run(&words) {
            Ok((_, figures)) => json!({"figures": figures.iter().map(Figure::json).collect::<Vec<_>>()}),
            Err(why) => json!({"error": why}),
        };
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn run(words: &[&str]) -> Result<(&'static str, Vec<Figure>), String> {
    let (name, arguments) = words.split_first().ok_or("no measure is named")?;
    let Some((_, title, bench)) = BENCHES.iter().find(|(n, ..)| n == name) else {
        let names: Vec<_> = BENCHES.iter().map(|(n, ..)| *n).collect();
        return Err(format!("there is no {name:?}; there are {}", names.join(", ")));
    };
    Ok((title, bench(arguments)?))
}

impl Figure {
    fn new(label: impl Into<String>, unit: &'static str, samples: Vec<f64>) -> Self {
        Self { label: label.into(), unit, samples }
    }

    fn json(&self) -> Value {
        json!({"label": self.label, "unit": self.unit, "samples": self.samples})
    }

    fn text(&self) -> String {
        let Self { label, unit, samples } = self;
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.as_slice() {
            [] => format!("{label}: nothing"),
            [one] => format!("{label}: {one:.3} {unit}"),
            many => {
                let at = |share: f64| many[((many.len() - 1) as f64 * share).round() as usize];
                format!("{label}: median {:.3} {unit} (min {:.3}, p95 {:.3}, max {:.3}; {} times)", at(0.5), at(0.0), at(0.95), at(1.0), many.len())
            }
        }
    }
}

/// Milliseconds that `body` takes, and what it gives.
fn timed<T>(body: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let given = body();
    (start.elapsed().as_secs_f64() * 1e3, given)
}

fn repeated(times: usize, mut body: impl FnMut()) -> Vec<f64> {
    (0..times).map(|_| timed(&mut body).0).collect()
}

/// The most memory that this process ever had, in MiB, where the system tells.
fn peak_memory() -> Option<Figure> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(Figure::new("peak memory of the process", "MiB", vec![kib / 1024.0]))
}

/// The texts of the named files and of the folders' files.
fn texts(paths: &[&str]) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for path in paths {
        if Path::new(path).is_dir() {
            let listed = fs::read_dir(path).map_err(|e| format!("{path}: {e}"))?;
            let mut inside: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.into());
        }
    }
    files.iter().map(|file| fs::read(file).map(|bytes| manifest::decode_bytes(&bytes)).map_err(|e| format!("{}: {e}", file.display()))).collect()
}

// ------------------------------------------------------------------------------------------------ verdicts

fn verdict(paths: &[&str]) -> Result<Vec<Figure>, String> {
    of_texts(paths, |text| drop(black_box(manifest::verdict(text))))
}

fn check(paths: &[&str]) -> Result<Vec<Figure>, String> {
    of_texts(paths, |text| drop(black_box(manifest::check(text))))
}

fn of_texts(paths: &[&str], judge: impl Fn(&str)) -> Result<Vec<Figure>, String> {
    if paths.is_empty() {
        return Ok([("28 lines", SMALL), ("500 lines", BIG)].map(|(label, text)| Figure::new(label, "ms", repeated(200, || judge(text)))).into());
    }
    let samples = texts(paths)?.iter().map(|text| timed(|| judge(text)).0).collect();
    Ok(vec![Figure::new("each file once", "ms", samples)])
}

fn edited(_: &[&str]) -> Result<Vec<Figure>, String> {
    let samples = (0..100).map(|i| {
        let text = BIG.replacen(EDITED, &format!("{EDITED}{i}"), 1);
        timed(|| drop(black_box(manifest::verdict(&text)))).0
    });
    Ok(vec![Figure::new("500 lines, one value edited", "ms", samples.collect())])
}

fn hostile(_: &[&str]) -> Result<Vec<Figure>, String> {
    const SIZE: usize = 10_000_000;
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (last, next) in ('a'..'t').zip('b'..='t') {
        bomb.push_str(&format!("{next}: &{next} [{}]\n", vec![format!("*{last}"); 9].join(", ")));
    }
    let keys: String = (0..1_000_000).map(|i| format!("k{i}: v\n")).collect();
    let pods = PROBED.repeat(4) + &"---\n".repeat(SIZE / 4);
    let all = [
        ("ten million open brackets", "[".repeat(SIZE)),
        ("two and a half million open mappings", "{a: ".repeat(SIZE / 4)),
        ("aliases of aliases", bomb),
        ("a million keys", keys),
        ("a million and a half floats", format!("a: [{}]\n", "5e-324,".repeat(SIZE / 7))),
        ("one scalar of ten megabytes", format!("a: \"{}", "x".repeat(SIZE))),
        ("two and a half million documents", pods),
    ];
    let figures: Vec<Figure> =
        all.into_iter().map(|(label, text)| Figure::new(label, "ms", repeated(3, || drop(black_box(manifest::check(&text)))))).collect();
    Ok(figures.into_iter().chain(peak_memory()).collect())
}

// ------------------------------------------------------------------------------------------------- cluster

fn config(nodes: usize) -> Config {
    let mut config = Config::nodes(nodes);
    for node in &mut config.nodes {
        (node.cpu_milli, node.pods) = (64_000, 1000);
    }
    config
}

fn manifests(count: usize) -> String {
    (0..count).map(|i| PROBED.replace("NAME", &format!("pod-{i}"))).collect::<Vec<_>>().join("---\n")
}

/// A cluster with so many Pods after a minute.
fn cluster(count: usize, nodes: usize) -> Cluster {
    let mut cluster = Cluster::new(config(nodes));
    let mut terminal = Terminal::script();
    terminal.files.insert("pods.yaml".into(), manifests(count));
    terminal.submit("kubectl apply -f pods.yaml", &mut cluster);
    while terminal.is_running() && cluster.step() {
        terminal.poll(&mut cluster);
    }
    cluster.advance_to(SimTime::from_secs(60));
    cluster
}

/// The same as a run, with its checkpoints.
fn session(count: usize, nodes: usize) -> Session {
    let mut session = Session::new(config(nodes));
    session.input(Input::Apply { file: "pods.yaml".into(), text: manifests(count) });
    session.play_to(SimTime::from_secs(60));
    session
}

/// How many probes were made since a place in the log. To be asked before the log forgets them.
fn probed(log: &Log, since: usize) -> usize {
    log.since(since).filter(|entry| matches!(entry.fact, Fact::Probed { .. })).count()
}

/// Plays a cluster on by so many seconds and gives the milliseconds of each hour (or of the rest), the probes and the facts.
fn play(mut cluster: Cluster, seconds: u64) -> (Vec<f64>, usize, usize) {
    // The log remembers the last 130,000 facts: count before it forgets.
    let stretch = if cluster.api.resource_version() > 2000 { 60 } else { 300 };
    let (mut hours, mut probes, first) = (Vec::new(), 0, cluster.log().total());
    let mut gone = 0;
    while gone < seconds {
        let more = stretch.min(seconds - gone);
        let before = cluster.log().total();
        let until = cluster.now() + more * 1000;
        let (millis, ()) = timed(|| cluster.advance_to(until));
        if gone % 3600 == 0 {
            hours.push(0.0);
        }
        *hours.last_mut().expect("the first stretch begins an hour") += millis;
        probes += probed(cluster.log(), before);
        gone += more;
    }
    (hours, probes, cluster.log().total() - first)
}

fn probes(arguments: &[&str]) -> Result<Vec<Figure>, String> {
    let number =
        |index: usize, otherwise: u64| arguments.get(index).map_or(Ok(otherwise), |text| text.parse().map_err(|_| format!("no number: {text:?}")));
    let (count, seconds) = (number(0, 100)?, number(1, 600)?);
    let (hours, probes, _) = play(cluster(count as usize, 3), seconds);
    let millis: f64 = hours.iter().sum();
    let expected = count * seconds / 10 * 2;
    if (probes as u64).abs_diff(expected) > count * 2 {
        return Err(format!("{probes} probes were made where {expected} were due"));
    }
    Ok(vec![
        Figure::new("wall", "ms", vec![millis]),
        Figure::new("virtual seconds a second", "", vec![seconds as f64 / millis * 1e3]),
        Figure::new("probes", "", vec![probes as f64]),
    ])
}

fn day(_: &[&str]) -> Result<Vec<Figure>, String> {
    let (hours, probes, facts) = play(cluster(100, 2), 24 * 3600);
    let figures = vec![
        Figure::new("24 h", "s", vec![hours.iter().sum::<f64>() / 1e3]),
        Figure::new("the first hour", "ms", vec![hours[0]]),
        Figure::new("an hour of the last twelve", "ms", hours[12..].to_vec()),
        Figure::new("probes", "", vec![probes as f64]),
        Figure::new("facts", "", vec![facts as f64]),
    ];
    Ok(figures.into_iter().chain(peak_memory()).collect())
}

fn crowd(_: &[&str]) -> Result<Vec<Figure>, String> {
    let (start, crowd) = timed(|| cluster(1000, 50));
    let running = crowd.api.list(POD, None).filter(|pod| str_at(pod, "status.phase") == Some("Running")).count();
    if running < 1000 {
        return Err(format!("only {running} of 1000 Pods run after a minute"));
    }
    let (hours, probes, facts) = play(crowd, 3600);
    let figures = vec![
        Figure::new("1,000 Pods from nothing, the first minute", "s", vec![start / 1e3]),
        Figure::new("1 h", "s", vec![hours.iter().sum::<f64>() / 1e3]),
        Figure::new("probes", "", vec![probes as f64]),
        Figure::new("facts", "", vec![facts as f64]),
    ];
    Ok(figures.into_iter().chain(peak_memory()).collect())
}

fn checkpoint(_: &[&str]) -> Result<Vec<Figure>, String> {
    let mut cluster = cluster(100, 2);
    cluster.advance_to(SimTime::from_secs(3600));
    let taken = repeated(50, || drop(black_box(cluster.clone())));
    let resumed = (0..50).map(|_| {
        let kept = cluster.clone();
        let until = cluster.now() + 1000;
        cluster.advance_to(until);
        timed(|| cluster = kept.clone()).0
    });
    let resumed = resumed.collect();
    Ok(vec![Figure::new("checkpoint", "ms", taken), Figure::new("resume", "ms", resumed)])
}

fn seek(_: &[&str]) -> Result<Vec<Figure>, String> {
    let mut session = session(10, 2);
    session.play_to(SimTime::from_secs(1800));
    // Places all over the run, each far from the last.
    let samples = (0..100u64).map(|i| timed(|| session.seek(SimTime(i * 617_123 % 1_800_000))).0);
    Ok(vec![Figure::new("to any moment", "ms", samples.collect())])
}

fn get(_: &[&str]) -> Result<Vec<Figure>, String> {
    let mut session = session(100, 2);
    let samples = repeated(3, || {
        for _ in 0..1000 {
            session.input(Input::Command("kubectl get pods -o wide".into()));
        }
    });
    Ok(vec![Figure::new("1,000 commands", "ms", samples)])
}

// --------------------------------------------------------------------------------------------------- links

fn link(paths: &[&str]) -> Result<Vec<Figure>, String> {
    let texts = if paths.is_empty() { vec![SMALL.to_owned()] } else { texts(paths)? };
    let (mut lengths, mut making, mut reading) = (Vec::new(), Vec::new(), Vec::new());
    for text in texts {
        let shared = share::Shared { manifests: vec![("pod.yaml".into(), text)], ..share::Shared::default() };
        let (made, link) = timed(|| share::encode(&shared));
        let link = link.map_err(|error| format!("no link: {error:?}"))?;
        let (read, back) = timed(|| share::decode(&link));
        if back.as_ref() != Ok(&shared) {
            return Err(format!("a link of {} characters does not come back", link.len()));
        }
        lengths.push(link.len() as f64);
        making.push(made);
        reading.push(read);
    }
    Ok(vec![Figure::new("characters", "", lengths), Figure::new("making", "ms", making), Figure::new("reading", "ms", reading)])
}
