//! Play, pause, speed, steps, undo.

use podlab::api::SimTime;
use podlab::api::order::InOrder as _;
use yew::prelude::*;

use super::clock;
use crate::ui::intent::Intent;
use crate::ui::locales::{self as words, Language};

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

const SPEEDS: [u32; 6] = [1, 2, 5, 10, 30, 60];
/// The icons, on a ground 12 high.
const BACK: &str = "M1.5 1h2v10h-2zM11 1v10L4 6z";
const PLAY: &str = "M2.5 1v10l8-5z";
const PAUSE: &str = "M2.5 1h2.5v10H2.5zM7 1h2.5v10H7z";
const NEXT: &str = "M8.5 1h2v10h-2zM1 1v10l7-5z";
/// On to a turn: the arrow of [`NEXT`], and where it leads something that begins anew.
const RESTART: &str = "M0 1.5v9L6.5 6zM13 2.2V.4l3.4 2.7L13 5.8V4A2.6 2.6 0 1 0 15.6 6.6h1.8A4.4 4.4 0 1 1 13 2.2z";

#[function_component(Controls)]
pub fn controls(props: &ControlsProps) -> Html {
    let language = props.language;
    let send = |intent: Intent| props.on.reform(move |_: MouseEvent| intent.clone());
    let button = |word, path: &'static str, intent: Intent, class: &'static str| {
        let name = language.say(word);
        let wide = if path == RESTART { "18" } else { "12" };
        html! { <button type="button" {class} aria-label={name} title={name} onclick={send(intent)}><svg viewBox={format!("0 0 {wide} 12")} width={wide} aria-hidden="true"><path d={path}/></svg></button> }
    };
    let onchange = props.on.reform(|event: Event| {
        let chosen = event.target().and_then(|select| js_sys::Reflect::get(&select, &"value".into()).ok()?.as_string()?.parse().ok());
        Intent::Speed(chosen.unwrap_or(1))
    });
    // A speed that is not in the list (from a link) is shown all the same.
    let mut speeds = SPEEDS.to_vec();
    if !speeds.contains(&props.speed) {
        speeds.push(props.speed);
        speeds.order();
    }
    html! {
        <div class="controls" role="toolbar" aria-label={language.say(words::TIME_CONTROLS)}>
            <span class={if props.in_past { "clock is-past" } else { "clock" }} title={if props.in_past { language.say(words::TIME_IN_PAST) } else { "" }}>{ clock(props.now) }</span>
            { button(words::TIME_START, BACK, Intent::Seek(SimTime::ZERO), "") }
            if props.playing {
                { button(words::TIME_PAUSE, PAUSE, Intent::Pause, "play") }
            } else {
                { button(words::TIME_PLAY, PLAY, Intent::Play, "play") }
            }
            { button(words::TIME_NEXT_EVENT, NEXT, Intent::NextEvent, "") }
            { button(words::TIME_NEXT_RESTART, RESTART, Intent::NextRestart, "") }
            <select aria-label={language.say(words::TIME_SPEED)} {onchange}>
                { for speeds.into_iter().map(|s| html! { <option value={s.to_string()} selected={s == props.speed}>{ format!("×{s}") }</option> }) }
            </select>
            if props.can_undo {
                <button type="button" class="undo" onclick={send(Intent::Undo)} title={language.say(words::TIME_UNDO_HINT)}>{ "↶ " }{ language.say(words::TIME_UNDO) }</button>
            }
        </div>
    }
}
