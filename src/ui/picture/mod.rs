//! The picture: the scene as SVG, and the same as a nested list for assistive technology.

use std::rc::Rc;

use podlab::view::{self, Target};
use yew::prelude::*;

use super::intent::Intent;
use super::locales::Language;

#[derive(Properties, PartialEq)]
pub struct PictureProps {
    pub scene: Rc<view::scene::Scene>,
    pub language: Language,
    pub selected: Option<Target>,
    pub pointed: Option<Target>,
    pub on: Callback<Intent>,
}

#[function_component(Picture)]
pub fn picture(_props: &PictureProps) -> Html {
    html! { <div class="picture"/> }
}

#[derive(Properties, PartialEq)]
pub struct OutlineProps {
    pub outline: Rc<view::outline::Outline>,
    pub language: Language,
    pub selected: Option<Target>,
    pub on: Callback<Intent>,
}

#[function_component(Outline)]
pub fn outline(_props: &OutlineProps) -> Html {
    html! { <ul class="outline"/> }
}
