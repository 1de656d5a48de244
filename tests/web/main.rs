//! The core and the browser door in a real browser.

#![cfg(target_arch = "wasm32")]

#[path = "../runs.rs"]
mod runs;
// The door is part of the binary, which no test can import: the tests compile it once more.
#[path = "../../src/ui/mod.rs"]
#[allow(dead_code)]
mod ui;

mod door;
mod parts;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn runs_give_the_same_hashes_as_natively() {
    assert_eq!(runs::hashes(), include_str!("../data/runs/hashes.txt"));
}

/// With a pause after each: the page stays alive, and the driver hears from it.
#[wasm_bindgen_test]
async fn every_recorded_scenario_gives_the_same_hash_as_natively() {
    let mut lines = String::new();
    for (name, files) in runs::SCENARIOS {
        lines.push_str(&runs::scenario_line(name, files));
        door::pause(0).await;
    }
    let recorded = include_str!("../data/runs/scenarios.txt");
    let different: Vec<&str> = lines.lines().filter(|line| !recorded.lines().any(|other| other == *line)).collect();
    assert!(lines == recorded, "other runs than natively:\n{}", different.join("\n"));
}
