//! A button with a list under it: Escape closes it, and so does leaving it.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    pub label: AttrValue,
    /// Its place in tests and style sheet.
    pub class: &'static str,
    pub children: Children,
}

#[function_component(Menu)]
pub fn menu(props: &MenuProps) -> Html {
    let open = use_state_eq(|| false);
    let button = use_node_ref();
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let chosen = {
        let open = open.clone();
        Callback::from(move |e: MouseEvent| {
            let on_item = e.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|t| t.closest("button").ok().flatten());
            if on_item.is_some() {
                open.set(false);
            }
        })
    };
    let left = {
        let open = open.clone();
        Callback::from(move |e: FocusEvent| {
            let menu = e.current_target().and_then(|t| t.dyn_into::<Element>().ok());
            let to = e.related_target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
            if !menu.is_some_and(|menu| menu.contains(to.as_ref())) {
                open.set(false);
            }
        })
    };
    let keyed = {
        let (open, button) = (open.clone(), button.clone());
        Callback::from(move |e: KeyboardEvent| {
            if e.key() == "Escape" && *open {
                open.set(false);
                if let Some(button) = button.cast::<HtmlElement>() {
                    // A button that is gone needs no focus.
                    button.focus().unwrap_or_default();
                }
            }
        })
    };
    html! {
        <div class={classes!("menu", props.class)} onfocusout={left} onkeydown={keyed}>
            <button type="button" class="button" ref={button} aria-expanded={open.to_string()} onclick={toggle}>{ &props.label }<span class="arrow" aria-hidden="true">{ "▾" }</span></button>
            if *open { <div class="menu-list" tabindex="-1" onclick={chosen}>{ for props.children.iter() }</div> }
        </div>
    }
}
