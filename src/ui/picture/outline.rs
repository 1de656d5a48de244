//! The picture as a nested list that a screen reader can walk.

use podlab::api::order::SortedMap;
use std::rc::Rc;

use podlab::view::outline::{self, Item};
use podlab::view::{self, Target};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::pen::say;
use crate::ui::intent::Intent;
use crate::ui::locales::{self as words, Language};

#[derive(Properties, PartialEq)]
pub struct OutlineProps {
    pub outline: Rc<view::outline::Outline>,
    pub language: Language,
    pub selected: Option<Target>,
    pub on: Callback<Intent>,
}

/// One stop for Tab, as the drawing is; arrows walk on.
#[function_component(Outline)]
pub fn outline(props: &OutlineProps) -> Html {
    let list = use_node_ref();
    let onkeydown = {
        let list = list.clone();
        Callback::from(move |event: KeyboardEvent| {
            let Some(buttons) = list.cast::<Element>().and_then(|list| list.query_selector_all("button").ok()) else { return };
            let all: Vec<HtmlElement> = (0..buttons.length()).filter_map(|i| buttons.get(i)?.dyn_into().ok()).collect();
            let active = gloo::utils::document().active_element();
            let here = all.iter().position(|button| active.as_ref().is_some_and(|active| button.is_same_node(Some(active))));
            let to = match (event.key().as_str(), here) {
                ("ArrowDown" | "ArrowRight", Some(here)) => here + 1,
                ("ArrowUp" | "ArrowLeft", Some(here)) => here.saturating_sub(1),
                ("Home", _) => 0,
                ("End", _) => all.len().saturating_sub(1),
                (..) => return,
            };
            event.prevent_default();
            if let Some(button) = all.get(to) {
                // What is in the list can take the focus while the list has it.
                button.focus().unwrap_or_default();
            }
        })
    };
    html! {
        <nav class="outline" ref={list} aria-label={props.language.say(words::PIC_OUTLINE)} {onkeydown}>
            <ul>{ for props.outline.items.iter().enumerate().map(|(index, i)| item(props, i, index == 0)) }</ul>
        </nav>
    }
}

fn item(props: &OutlineProps, item: &Item, first: bool) -> Html {
    let words = sentence(props.language, item);
    let line = match &item.target {
        Some(target) => {
            let (on, chosen) = (props.on.clone(), target.clone());
            let onclick = Callback::from(move |_: MouseEvent| on.emit(Intent::Select(Some(chosen.clone()))));
            let current = (props.selected.as_ref() == Some(target)).then_some("true");
            let tabindex = if first { "0" } else { "-1" };
            html! { <button type="button" {tabindex} {onclick} aria-current={current}>{ words }</button> }
        }
        None => html! { <span>{ words }</span> },
    };
    html! {
        <li>
            { line }
            if !item.children.is_empty() {
                <ul>{ for item.children.iter().enumerate().map(|(index, child)| self::item(props, child, first && index == 0 && item.target.is_none())) }</ul>
            }
        </li>
    }
}

fn sentence(language: Language, item: &Item) -> String {
    item.sayings.iter().map(|s| say(language, s)).collect::<Vec<_>>().join(", ")
}

/// Names of the shapes for assistive technology: the same sentences as in the list.
pub fn labels(outline: &outline::Outline, language: Language) -> SortedMap<Target, String> {
    let mut labels = SortedMap::new();
    let mut rest: Vec<&Item> = outline.items.iter().collect();
    while let Some(item) = rest.pop() {
        if let Some(target) = &item.target {
            labels.insert(target.clone(), sentence(language, item));
        }
        rest.extend(&item.children);
    }
    labels
}
