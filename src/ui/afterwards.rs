//! What comes after the first picture, as files of their own: texts, and the second part of the WebAssembly.
//!
//! The build moves what the first picture does not need into a second file (`app/split.mjs`). A function in it that is called too early brings the whole
//! file first, and the caller waits for it; so the code everywhere else knows nothing of the two.

use podlab::manifest::hover;
use wasm_bindgen::prelude::*;

use crate::ui::{link, storage};

#[wasm_bindgen(module = "/src/ui/afterwards.js")]
extern "C" {
    fn fetch_text(name: &str, take: &JsValue);
    fn follow(exports: &JsValue, afresh: bool, mount: &JsValue);
    #[wasm_bindgen(js_name = bring_later)]
    fn bring();
}

/// Mounts the app, at once where a learner comes for the first time; a link, an embedded page and kept work need both parts soon.
pub fn start(mount: impl FnOnce() + 'static) {
    let is_afresh = link::fragment().is_empty() && !link::is_embedded() && storage::is_empty();
    follow(&wasm_bindgen::exports(), is_afresh, &Closure::once_into_js(mount));
}

/// What the first part calls for the second, by this exported name.
#[wasm_bindgen]
pub fn bring_later() {
    bring();
}

/// Calls back when the schema's descriptions are there, or cannot be had (no network on a first visit).
pub fn want_descriptions(done: impl FnOnce() + 'static) {
    if hover::is_described() {
        return done();
    }
    want_text("descriptions", move |text| {
        if let Some(text) = text {
            hover::describe(text);
        }
        done();
    });
}

/// Hands over a text that is a file of its own, which the page's `<html>` names or which lies beside it; `None` where it cannot be had.
pub fn want_text(file: &str, take: impl FnOnce(Option<String>) + 'static) {
    fetch_text(file, &Closure::once_into_js(take));
}
