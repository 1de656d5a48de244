//! The core in a real browser: the same runs give the same facts as on a native target.

#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "../runs.rs"]
mod runs;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn runs_give_the_same_hashes_as_natively() {
    assert_eq!(runs::hashes(), include_str!("../data/runs/hashes.txt"));
}
