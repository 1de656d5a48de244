//! The chart of time with its playhead, and the controls of play.

mod chart;
mod controls;

use std::rc::Rc;

use podlab::api::SimTime;
use podlab::view::{self, Target};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use super::intent::Intent;
use super::locales::{self as words, Language};
use super::picture::size::use_width;
use chart::Frame;
pub use controls::Controls;

#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    pub timeline: Rc<view::timeline::Timeline>,
    pub language: Language,
    pub selected: Option<Target>,
    pub on: Callback<Intent>,
}

/// How much of the run the chart shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    All,
    Seconds(u64),
}

const REACHES: [Reach; 4] = [Reach::Seconds(30), Reach::Seconds(120), Reach::Seconds(600), Reach::All];
const HEAD_WIDTH: f64 = 92.0;

/// `01:42`, or with hours `1:01:42`.
pub fn clock(at: SimTime) -> String {
    let s = at.secs();
    if s >= 3600 { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) } else { format!("{:02}:{:02}", s / 60, s % 60) }
}

#[function_component(Timeline)]
pub fn timeline(props: &TimelineProps) -> Html {
    let TimelineProps { timeline, language, selected, on } = props;
    let body = use_node_ref();
    let width = use_width(&body, 640.0);
    let reach = use_state_eq(|| Reach::Seconds(120));
    let frame = frame(timeline, *reach, width);

    let dragging = use_mut_ref(|| false);
    let seek_at = {
        let (on, body, horizon) = (on.clone(), body.clone(), timeline.horizon);
        move |event: &PointerEvent| {
            if let Some(element) = body.cast::<Element>() {
                let x = f64::from(event.client_x()) - element.get_bounding_client_rect().left();
                on.emit(Intent::Seek(frame.time(x).min(horizon)));
            }
        }
    };
    let onpointerdown = {
        let (dragging, seek_at, on) = (dragging.clone(), seek_at.clone(), on.clone());
        Callback::from(move |event: PointerEvent| {
            if event.button() != 0 || f64::from(event.offset_x()) < HEAD_WIDTH {
                return;
            }
            *dragging.borrow_mut() = true;
            if let Some(element) = event.current_target().and_then(|t| t.dyn_into::<Element>().ok()) {
                // Without capture a drag ends at the chart's edge, which is bearable.
                element.set_pointer_capture(event.pointer_id()).ok();
            }
            on.emit(Intent::Pause);
            seek_at(&event);
        })
    };
    let onpointermove = {
        let dragging = dragging.clone();
        Callback::from(move |event: PointerEvent| {
            if *dragging.borrow() && event.buttons() & 1 == 1 {
                seek_at(&event);
            }
        })
    };
    let onpointerup = Callback::from(move |_: PointerEvent| *dragging.borrow_mut() = false);
    let onkeydown = {
        let (on, now, horizon) = (on.clone(), timeline.now, timeline.horizon);
        Callback::from(move |event: KeyboardEvent| {
            let step = if event.shift_key() { 10_000 } else { 1000 };
            let to = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => SimTime(now.0.saturating_sub(step)),
                "ArrowRight" | "ArrowUp" => now + step,
                "PageDown" => SimTime(now.0.saturating_sub(60_000)),
                "PageUp" => now + 60_000,
                "Home" => SimTime::ZERO,
                "End" => horizon,
                _ => return,
            };
            event.prevent_default();
            on.emit(Intent::Seek(to.min(horizon)));
        })
    };
    let onscrub = {
        let on = on.clone();
        Callback::from(move |event: InputEvent| {
            let value = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()).map(|i| i.value_as_number());
            if let Some(value) = value.filter(|v| v.is_finite() && *v >= 0.0) {
                on.emit(Intent::Seek(SimTime(value as u64)));
            }
        })
    };
    let of = match timeline.groups.as_slice() {
        [only] => only.name.clone(),
        _ => String::new(),
    };
    html! {
        <div class="timeline">
            <div class="timeline-head">
                <b>{ language.say(words::TIMELINE) }</b>
                <span class="of">{ of }</span>
                <span class="zooms" role="group" aria-label={language.say(words::TIME_REACH)}>
                    { for REACHES.into_iter().map(|choice| {
                        let reach_state = reach.clone();
                        let words = match choice {
                            Reach::All => language.say(words::TIME_ALL).to_owned(),
                            Reach::Seconds(s) if s < 60 => language.fill(words::TIME_SECONDS, &[&s.to_string()]),
                            Reach::Seconds(s) => language.fill(words::TIME_MINUTES, &[&(s / 60).to_string()]),
                        };
                        html! {
                            <button type="button" aria-pressed={(*reach == choice).to_string()} onclick={Callback::from(move |_: MouseEvent| reach_state.set(choice))}>{ words }</button>
                        }
                    }) }
                </span>
            </div>
            <div class="timeline-body" ref={body}>
                if timeline.groups.is_empty() {
                    <p class="timeline-empty">{ language.say(words::TIME_EMPTY) }</p>
                } else {
                    { chart::chart(&frame, timeline, *language, selected.as_ref(), on, chart::Handlers { onpointerdown, onpointermove, onpointerup, onkeydown }) }
                }
            </div>
            <div class="scrub">
                <input type="range" min="0" max={timeline.horizon.0.max(1).to_string()} step="100" value={timeline.now.0.to_string()} oninput={onscrub}
                    aria-label={language.say(words::TIME_SCRUB)} aria-valuetext={clock(timeline.now)}/>
                <output>{ format!("{} / {}", clock(timeline.now), clock(timeline.horizon)) }</output>
            </div>
        </div>
    }
}

/// Which time is where: the playhead stays in sight, with a tenth of the width before the right edge.
fn frame(timeline: &view::timeline::Timeline, reach: Reach, width: f64) -> Frame {
    let latest = timeline.horizon.max(timeline.now);
    let (from, span) = match reach {
        Reach::All => (0, latest.0 + latest.0 / 12 + 5000),
        Reach::Seconds(seconds) => {
            // A young run fills the chart: a shorter stretch is doubled as it is outgrown.
            let mut span = 30_000.min(seconds * 1000);
            while span < seconds * 1000 && latest.0 > span * 9 / 10 {
                span = (span * 2).min(seconds * 1000);
            }
            (timeline.now.0.saturating_sub(span * 9 / 10), span)
        }
    };
    Frame { from: SimTime(from), to: SimTime(from + span), left: HEAD_WIDTH, width: (width - HEAD_WIDTH - 10.0).max(60.0) }
}
