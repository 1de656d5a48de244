//! The schema's descriptions: a file of their own, fetched when the page has time for it or when somebody asks for one first.

use podlab::manifest::hover;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/static/editor.js")]
extern "C" {
    fn fetch_descriptions(take: &JsValue, done: &JsValue);
}

/// Calls back when the descriptions are there, or cannot be had (no network on a first visit).
pub fn want(done: impl FnOnce() + 'static) {
    if hover::is_described() {
        return done();
    }
    let take = Closure::once_into_js(|text: String| {
        hover::describe(text);
    });
    fetch_descriptions(&take, &Closure::once_into_js(done));
}
