//! The browser door: Yew components, the editor's binding, clock, storage, URL, clipboard, downloads.
//!
//! Components are thin: each gets plain values and a callback; the app owns the session.

pub mod afterwards;
pub mod app;
mod editor;
pub mod inspector;
pub mod intent;
pub mod lessons;
pub mod link;
pub mod locales;
pub mod picture;
pub mod problems;
pub mod storage;
pub mod terminal;
pub mod timeline;

pub fn mount() {
    let root = gloo::utils::document().get_element_by_id("app").expect("index.html holds #app");
    afterwards::start(move || drop(yew::Renderer::<app::App>::with_root(root).render()));
}
