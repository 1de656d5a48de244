//! The chart of time with its playhead, and the controls of play.

use std::rc::Rc;

use podlab::api::SimTime;
use podlab::view::{self, Target};
use yew::prelude::*;

use super::intent::Intent;
use super::locales::Language;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub timeline: Rc<view::timeline::Timeline>,
    pub language: Language,
    pub selected: Option<Target>,
    pub on: Callback<Intent>,
}

#[function_component(Timeline)]
pub fn timeline(_props: &TimelineProps) -> Html {
    html! { <div class="timeline"/> }
}

#[derive(Properties, PartialEq)]
pub struct ControlsProps {
    pub now: SimTime,
    pub playing: bool,
    pub speed: u32,
    pub in_past: bool,
    pub can_undo: bool,
    pub language: Language,
    pub on: Callback<Intent>,
}

#[function_component(Controls)]
pub fn controls(_props: &ControlsProps) -> Html {
    html! { <div class="controls"/> }
}
