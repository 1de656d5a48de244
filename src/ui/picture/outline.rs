//! The picture as a nested list that a screen reader can walk.

use podlab::api::order::SortedMap;
use std::rc::Rc;

use podlab::view::outline::{self, Item};
use podlab::view::{self, Target};
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

#[function_component(Outline)]
pub fn outline(props: &OutlineProps) -> Html {
    html! {
        <nav class="outline" aria-label={props.language.say(words::PIC_OUTLINE)}>
            <ul>{ for props.outline.items.iter().map(|i| item(props, i)) }</ul>
        </nav>
    }
}

fn item(props: &OutlineProps, item: &Item) -> Html {
    let words = sentence(props.language, item);
    let line = match &item.target {
        Some(target) => {
            let (on, chosen) = (props.on.clone(), target.clone());
            let onclick = Callback::from(move |_: MouseEvent| on.emit(Intent::Select(Some(chosen.clone()))));
            let current = (props.selected.as_ref() == Some(target)).then_some("true");
            html! { <button type="button" {onclick} aria-current={current}>{ words }</button> }
        }
        None => html! { <span>{ words }</span> },
    };
    html! {
        <li>
            { line }
            if !item.children.is_empty() {
                <ul>{ for item.children.iter().map(|child| self::item(props, child)) }</ul>
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
