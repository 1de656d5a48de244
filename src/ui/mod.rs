//! The browser door: Yew components, the editor's binding, clock, storage, URL, clipboard, downloads.
//!
//! Components are thin: each gets a `view` value and a callback of [`intent::Intent`]; the app owns the session.

pub mod intent;
pub mod locales;

use yew::prelude::*;

#[function_component(App)]
fn app() -> Html {
    html! { <main>{ locales::Language::English.say(locales::APP_NAME) }</main> }
}

pub fn mount() {
    yew::Renderer::<App>::new().render();
}
