//! A run is a pure function of its seed and inputs: on every target, played through or jumped about in.

use podlab::api::{SimTime, kinds, object};
use podlab::cluster::Config;
use podlab::session::{Input, Session, find};

use crate::runs::{RUNS, SCENARIOS, hashes, play, scenario_line};

/// The browser's tests compare with the same files. `PODLAB_UPDATE=1` rewrites them when behaviour changed on purpose.
fn check_recorded(file: &str, now: &str) {
    if std::env::var_os("PODLAB_UPDATE").is_some() {
        std::fs::write(file, now).expect("the folder is part of the source");
    }
    let recorded = std::fs::read_to_string(file).expect("the file is part of the source");
    let changed: Vec<&str> = now.lines().filter(|line| !recorded.lines().any(|other| other == *line)).collect();
    assert!(now == recorded, "{file}: behaviour changed; if on purpose: PODLAB_UPDATE=1 make unit\n{}", changed.join("\n"));
}

#[test]
fn runs_give_the_recorded_hashes() {
    check_recorded("tests/data/runs/hashes.txt", &hashes());
}

#[test]
fn every_scenario_gives_the_recorded_hash() {
    assert!(SCENARIOS.len() >= 133, "the recorded scenarios are part of the source");
    let lines: String = SCENARIOS.iter().map(|(name, files)| scenario_line(name, files)).collect();
    check_recorded("tests/data/runs/scenarios.txt", &lines);
}

#[test]
fn going_back_and_forth_changes_nothing() {
    for (name, actions, seconds) in RUNS {
        let (session, hash) = play(actions, *seconds);
        let mut moved = session.clone();
        for to in [seconds / 2, 1, seconds - 1, 0, *seconds] {
            moved.seek(SimTime::from_secs(to));
            assert_eq!(moved.now(), SimTime::from_secs(to));
        }
        assert_eq!(moved.cluster().log().hash(), hash, "{name}: seek");
        let replayed = Session::replay(session.config().clone(), session.journal().to_vec(), session.now());
        assert_eq!(replayed.cluster().log().hash(), hash, "{name}: replay");
        assert_eq!(replayed.terminal().output(), session.terminal().output(), "{name}: terminal");
    }
}

#[test]
fn acting_in_the_past_replaces_the_future_and_undo_brings_it_back() {
    let (name, actions, seconds) = RUNS[0];
    let (mut session, hash) = play(actions, seconds);
    session.seek(SimTime::from_secs(7));
    session.input(podlab::session::Input::Command("kubectl delete pod echo-lp --wait=false".into()));
    session.play_to(SimTime::from_secs(seconds));
    assert_ne!(session.cluster().log().hash(), hash, "{name}: deleting must change the run");
    assert!(session.can_undo());
    session.undo();
    session.seek(SimTime::from_secs(seconds));
    assert_eq!(session.cluster().log().hash(), hash, "{name}: undo");
}

/// The button "Next restart": where it stops, the Pod's status has the restart already; and when nothing restarts, it ends.
#[test]
fn a_step_to_the_next_restart_ends_where_it_can_be_seen() {
    let mut session = Session::new(Config::nodes(2));
    session.play_to(SimTime(1000));
    session.input(Input::Apply { file: "pod.yaml".into(), text: include_str!("../../src/ui/app/examples/echo-lp.yaml").into() });
    for restarts in 1..6 {
        session.step_to_restart(3_600_000);
        let pod = find(&session, kinds::POD, "default", "echo-lp").expect("it was applied");
        let status = &object::list_at(pod, "status.containerStatuses")[0];
        assert_eq!(object::i64_at(status, "restartCount"), Some(restarts));
        assert!(object::at(status, "state.running").is_some(), "restart {restarts}: {status:?}");
    }
    let mut calm = Session::new(Config::nodes(1));
    calm.step_to_restart(10_000);
    assert_eq!(calm.now(), SimTime(10_000));
}
