//! A run is a pure function of its seed and inputs: on every target, played through or jumped about in.

use podlab::api::SimTime;
use podlab::session::Session;

use crate::runs::{RUNS, hashes, play};

/// The browser's test compares with the same file. `PODLAB_UPDATE=1` rewrites it when behaviour changed on purpose.
#[test]
fn runs_give_the_recorded_hashes() {
    let file = "tests/data/runs/hashes.txt";
    let now = hashes();
    if std::env::var_os("PODLAB_UPDATE").is_some() {
        std::fs::write(file, &now).expect("the folder is part of the source");
    }
    let recorded = std::fs::read_to_string(file).expect("the file is part of the source");
    assert_eq!(now, recorded, "behaviour changed; if on purpose: PODLAB_UPDATE=1 make unit");
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
