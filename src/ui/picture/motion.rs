//! What moves: requests that travel, hand-overs that flash. Each is shown for its own real time, however fast virtual time goes.

use std::collections::BTreeSet;

use gloo::timers::callback::Timeout;
use podlab::view::scene::{HandOver, Outcome, Point, Request};
use yew::prelude::*;

use super::pen::{n, round_path, say, title};
use crate::ui::locales::Language;

const FLIGHT_MS: u32 = 1500;
/// The answer stays a moment after it has arrived.
const REST_MS: u32 = 900;
const HAND_OVER_MS: u32 = 1400;
const MOST: usize = 16;

/// Things with a number that are kept for a while after the scene has let them go.
#[hook]
fn use_held<T: Clone + PartialEq + 'static>(given: &[T], id: fn(&T) -> usize) -> (Vec<T>, Callback<usize>) {
    let held = use_state(Vec::<T>::new);
    let done = use_mut_ref(BTreeSet::<usize>::new);
    {
        let (held, done) = (held.clone(), done.clone());
        let ids: Vec<usize> = given.iter().map(id).collect();
        let fresh_ones = given.to_vec();
        use_effect_with(ids, move |ids| {
            // What is not in the scene any more may come again when time is turned back.
            done.borrow_mut().retain(|d| ids.contains(d));
            let known: Vec<usize> = held.iter().map(id).collect();
            let fresh: Vec<T> = fresh_ones.into_iter().filter(|item| !known.contains(&id(item)) && !done.borrow().contains(&id(item))).collect();
            if !fresh.is_empty() {
                let mut all: Vec<T> = held.iter().cloned().chain(fresh).collect();
                let excess = all.len().saturating_sub(MOST);
                all.drain(..excess);
                held.set(all);
            }
        });
    }
    let over = {
        let held = held.clone();
        Callback::from(move |number: usize| {
            done.borrow_mut().insert(number);
            held.set(held.iter().filter(|item| id(item) != number).cloned().collect());
        })
    };
    // Where things are may change under what is still shown.
    let shown = held.iter().map(|item| given.iter().find(|g| id(g) == id(item)).unwrap_or(item).clone()).collect();
    (shown, over)
}

#[derive(Properties, PartialEq)]
pub struct FlightsProps {
    pub requests: Vec<Request>,
    pub width: f64,
}

#[function_component(Flights)]
pub fn flights(props: &FlightsProps) -> Html {
    let (held, over) = use_held(&props.requests, |r| r.id);
    html! {
        <g class="flights" aria-hidden="true">
            { for held.iter().map(|r| html! { <Flight key={r.id} request={r.clone()} over={over.clone()} width={props.width}/> }) }
        </g>
    }
}

#[derive(Properties, PartialEq)]
struct FlightProps {
    request: Request,
    over: Callback<usize>,
    width: f64,
}

pub fn wants_stillness() -> bool {
    gloo::utils::window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|m| m.matches())
}

/// One request: a dot along its way with `source → destination` beside it. Without motion: an arrow that stays for a second.
#[function_component(Flight)]
fn flight(props: &FlightProps) -> Html {
    let request = &props.request;
    let still = *use_memo((), |()| wants_stillness());
    let motion = use_node_ref();
    {
        // Bound to the latest callback, or an old one would put back what has ended since.
        let over = props.over.clone();
        let latest = use_mut_ref(|| over.clone());
        *latest.borrow_mut() = over;
        let (motion, id) = (motion.clone(), request.id);
        use_effect_with((), move |()| {
            if let Some(element) = motion.get() {
                begin(&element);
            }
            let time = if still { 1000 } else { FLIGHT_MS } + REST_MS;
            let timeout = Timeout::new(time, move || {
                let over = latest.borrow().clone();
                over.emit(id);
            });
            move || drop(timeout)
        });
    }
    let path = round_path(&request.points, 6.0);
    let outcome = match request.outcome {
        Outcome::Answered => "flight is-ok",
        Outcome::Complained => "flight is-complaint",
        Outcome::Failed => "flight is-failed",
    };
    let label_width = request.label.chars().count() as f64 * 6.7 + 20.0;
    let longest = request.points.iter().map(|p| p.x).fold(f64::NEG_INFINITY, f64::max);
    let leftmost = request.points.iter().map(|p| p.x).fold(f64::INFINITY, f64::min);
    // The label stays inside the picture at both ends of the way.
    let shift = (props.width - 6.0 - longest - label_width / 2.0).min(0.0) + (label_width / 2.0 + 6.0 - leftmost).max(0.0);
    let label = html! {
        <g transform={format!("translate({} -20)", n(shift))}>
            <rect x={n(-label_width / 2.0)} y="-11" width={n(label_width)} height="20" rx="10" class="label"/>
            <text y="3" class="t-mini mono mid">{ request.label.clone() }</text>
            <text y="-15" class="t-tiny mid answer">{ request.answer.clone() }</text>
        </g>
    };
    let end = request.points.last().copied().unwrap_or_default();
    html! {
        <g class={outcome}>
            <path d={path.clone()} class="trail" marker-end={still.then_some("url(#pic-arrow)")}/>
            if still {
                <g transform={format!("translate({} {})", n(end.x), n(end.y))}>{ label }</g>
            } else {
                <g class="traveller">
                    <circle r="6.5" class="dot"/>
                    { label }
                    <animateMotion ref={motion} {path} dur={format!("{FLIGHT_MS}ms")} begin="indefinite" fill="freeze" calcMode="spline" keyTimes="0;1" keyPoints="0;1" keySplines=".4 0 .3 1"/>
                </g>
            }
        </g>
    }
}

/// Starts an SVG animation now: the drawing's own clock began when the page was opened.
fn begin(element: &web_sys::Node) {
    let begin = js_sys::Reflect::get(element, &"beginElement".into());
    if let Some(begin) = begin.ok().and_then(|f| wasm_bindgen::JsCast::dyn_into::<js_sys::Function>(f).ok()) {
        // A browser without it shows the dot at its start until it goes.
        begin.call0(element).ok();
    }
}

#[derive(Properties, PartialEq)]
pub struct HandOversProps {
    pub hand_overs: Vec<HandOver>,
    pub language: Language,
}

#[function_component(HandOvers)]
pub fn hand_overs(props: &HandOversProps) -> Html {
    let (held, over) = use_held(&props.hand_overs, |h| h.id);
    // Of several between the same two, the newest is drawn.
    let newest = held.iter().enumerate().filter(|(i, h)| !held[i + 1..].iter().any(|later| later.from == h.from && later.to == h.to));
    html! {
        <g class="hand-overs" aria-hidden="true">
            { for newest.map(|(_, hand_over)| html! {
                <Arrow key={hand_over.id} hand_over={hand_over.clone()} over={over.clone()} language={props.language}/>
            }) }
        </g>
    }
}

#[derive(Properties, PartialEq)]
struct ArrowProps {
    hand_over: HandOver,
    over: Callback<usize>,
    language: Language,
}

#[function_component(Arrow)]
fn arrow(props: &ArrowProps) -> Html {
    let HandOver { id, from, to, bend, saying } = &props.hand_over;
    {
        let over = props.over.clone();
        let latest = use_mut_ref(|| over.clone());
        *latest.borrow_mut() = over;
        let id = *id;
        use_effect_with((), move |()| {
            let timeout = Timeout::new(HAND_OVER_MS, move || {
                let over = latest.borrow().clone();
                over.emit(id);
            });
            move || drop(timeout)
        });
    }
    let words = say(props.language, saying);
    let middle = Point { x: (from.x + to.x) / 2.0, y: (from.y + to.y) / 2.0 };
    let (d, label) = if *bend > 0.0 {
        let top = from.y.min(to.y) - bend;
        (
            format!("M{} {}C{} {} {} {} {} {}", n(from.x), n(from.y), n(from.x), n(top), n(to.x), n(top), n(to.x), n(to.y)),
            Point { x: middle.x, y: from.y - 13.5 },
        )
    } else {
        (format!("M{} {}L{} {}", n(from.x), n(from.y), n(to.x), n(to.y)), middle)
    };
    html! {
        <g class="hand-over">
            { title(words.clone()) }
            <path {d} class="hand-over-line" marker-end="url(#pic-arrow)"/>
            <text x={n(label.x)} y={n(label.y)} class="t-tiny mid halo accent">{ words }</text>
        </g>
    }
}
