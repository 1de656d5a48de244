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
