//! The details of the selected shape, with what can be done to it.

use std::rc::Rc;

use podlab::view;
use yew::prelude::*;

use super::intent::Intent;
use super::locales::Language;

#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    pub details: Rc<view::inspector::Details>,
    pub language: Language,
    pub on: Callback<Intent>,
}

#[function_component(Inspector)]
pub fn inspector(_props: &InspectorProps) -> Html {
    html! { <section class="inspector"/> }
}
