//! Prepared runs that the native gate and the browser both play: the same inputs must give the same facts at the same times.

use podlab::api::SimTime;
use podlab::cluster::Config;
use podlab::session::{Input, Session};

// The player is part of the binary, which no test can import: the tests compile it once more.
#[path = "../src/cli/scenario.rs"]
mod scenario;

/// Name and inputs (seconds, line for the terminal or text to apply) of each run.
pub const RUNS: &[(&str, &[(u64, Do)], u64)] = &[
    ("echo-lp", &[(0, Do::Apply(include_str!("../lessons/liveness-probe/echo-lp.yaml")))], 120),
    (
        "counter",
        &[
            (0, Do::Apply(include_str!("../lessons/shared-localhost/counter.yaml"))),
            (5, Do::Run("kubectl exec counter -c app -- wget -qO- localhost:3000")),
            (9, Do::Run("kubectl get pods -o wide")),
            (20, Do::Run("kubectl delete pod counter")),
        ],
        60,
    ),
    (
        "static",
        &[
            (1, Do::File("/etc/kubernetes/manifests/web.yaml", include_str!("../lessons/static-pods/web.yaml"))),
            (20, Do::Run("kubectl delete pod web-node-1")),
            (40, Do::File("/etc/kubernetes/manifests/web.yaml", include_str!("../lessons/static-pods/web-alpine.yaml"))),
        ],
        90,
    ),
    ("twins", &[(0, Do::Apply(include_str!("../lessons/shared-localhost/twins.yaml")))], 90),
];

#[derive(Clone, Copy)]
pub enum Do {
    Apply(&'static str),
    Run(&'static str),
    File(&'static str, &'static str),
}

/// Plays a run and gives the hash of its log and the number of facts.
pub fn play(actions: &[(u64, Do)], seconds: u64) -> (Session, u64) {
    let mut session = Session::new(Config::nodes(2));
    for (at, action) in actions {
        session.play_to(SimTime::from_secs(*at));
        session.input(match action {
            Do::Apply(text) => Input::Apply { file: "pod.yaml".into(), text: (*text).into() },
            Do::Run(line) => Input::Command((*line).into()),
            Do::File(path, text) => Input::NodeFile { node: "node-1".into(), path: (*path).into(), text: Some((*text).into()) },
        });
    }
    session.play_to(SimTime::from_secs(seconds));
    let hash = session.cluster().log().hash();
    (session, hash)
}

/// `name hash facts`, one line for each run.
pub fn hashes() -> String {
    let line = |(name, actions, seconds): &(&str, &[(u64, Do)], u64)| {
        let (session, hash) = play(actions, *seconds);
        format!("{name} {hash:016x} {}\n", session.cluster().log().len())
    };
    RUNS.iter().map(line).collect()
}

/// Name and files (name, text) of every recorded scenario; `build.rs` collects them.
pub const SCENARIOS: &[(&str, &[(&str, &str)])] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// Plays a recorded scenario as `podlab run --scenario` does: `name hash facts reports refused`, where `reports` is a hash of what watches
/// reported, and `refused` the number of actions that the server refused.
pub fn scenario_line(name: &str, files: &[(&str, &str)]) -> String {
    let read = |wanted: &str| {
        let found = files.iter().find(|(file, _)| *file == wanted);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("{wanted}: no such file"))
    };
    let (cluster, played) = scenario::play(&read).unwrap_or_else(|error| panic!("{name}: {error}"));
    // FNV-1a: what a watch reported, texts and numbers and their order.
    let reports = played.lines.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let log = cluster.log();
    format!("{name} {:016x} {} {reports:016x} {}\n", log.hash(), log.len(), played.refused.len())
}
