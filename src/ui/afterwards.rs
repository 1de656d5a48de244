//! Texts that are files of their own: fetched when the page has time for them, or when somebody asks for one first.

use podlab::manifest::hover;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/static/editor.js")]
extern "C" {
    fn fetch_text(name: &str, take: &JsValue, done: &JsValue);
}

/// Calls back when the schema's descriptions are there, or cannot be had (no network on a first visit).
pub fn want_descriptions(done: impl FnOnce() + 'static) {
    if hover::is_described() {
        return done();
    }
    let take = Closure::once_into_js(|text: String| {
        hover::describe(text);
    });
    fetch_text("descriptions", &take, &Closure::once_into_js(done));
}

/// Hands over the JSON of the lessons, if it can be had and nobody else has it.
pub fn want_lessons(take: impl FnOnce(String) + 'static) {
    fetch_text("lessons", &Closure::once_into_js(take), &Closure::once_into_js(|| ()));
}
