//! A button with a list under it. Opened, the list has the focus; Escape and a choice give it back to the button; leaving the list closes it.

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
    let (button, list) = (use_node_ref(), use_node_ref());
    {
        let list = list.clone();
        use_effect_with(*open, move |open| {
            let first = list.cast::<Element>().filter(|_| *open).and_then(|list| list.query_selector("[role=menuitem]").ok().flatten());
            if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
                focus(&first);
            }
        });
    }
    let give_back = {
        let button = button.clone();
        move || {
            if let Some(button) = button.cast::<HtmlElement>() {
                focus(&button);
            }
        }
    };
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let chosen = {
        let (open, give_back) = (open.clone(), give_back.clone());
        Callback::from(move |e: MouseEvent| {
            let on_item = e.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|t| t.closest("[role=menuitem]").ok().flatten());
            if on_item.is_some() {
                // The item goes, and the focus with it.
                give_back();
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
        let open = open.clone();
        Callback::from(move |e: KeyboardEvent| {
            match e.key().as_str() {
                "Escape" if *open => {
                    give_back();
                    open.set(false);
                }
                "ArrowDown" if !*open => open.set(true),
                "ArrowDown" => walk(&e, 1),
                "ArrowUp" if *open => walk(&e, -1),
                _ => return,
            }
            e.prevent_default();
        })
    };
    html! {
        <div class={classes!("menu", props.class)} onfocusout={left} onkeydown={keyed}>
            <button type="button" class="button" ref={button} aria-haspopup="menu" aria-expanded={open.to_string()} onclick={toggle}>{ &props.label }<span class="arrow" aria-hidden="true">{ "▾" }</span></button>
            if *open { <div class="menu-list" role="menu" aria-label={&props.label} tabindex="-1" ref={list} onclick={chosen}>{ for props.children.iter() }</div> }
        </div>
    }
}

/// An element that is not shown cannot take the focus, and need not.
fn focus(element: &HtmlElement) {
    element.focus().unwrap_or_default();
}

/// One item down or up, round the ends.
fn walk(e: &KeyboardEvent, by: i32) {
    let menu = e.current_target().and_then(|t| t.dyn_into::<Element>().ok());
    let Some(items) = menu.and_then(|menu| menu.query_selector_all("[role=menuitem]").ok()) else { return };
    let all: Vec<HtmlElement> = (0..items.length()).filter_map(|i| items.get(i)?.dyn_into().ok()).collect();
    let active = gloo::utils::document().active_element();
    let here = all.iter().position(|item| active.as_ref().is_some_and(|active| item.is_same_node(Some(active))));
    let next = here.map_or(if by > 0 { 0 } else { all.len() as i32 - 1 }, |here| here as i32 + by);
    if let Some(item) = all.get(next.rem_euclid(all.len().max(1) as i32) as usize) {
        focus(item);
    }
}
