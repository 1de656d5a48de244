//! Prepared runs that the native gate and the browser both play: the same inputs must give the same facts at the same times.

use podlab::api::SimTime;
use podlab::cluster::Config;
use podlab::session::{Input, Session};

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
