//! What moves: requests that travel, hand-overs that flash. Each is shown for its own real time, however fast virtual time goes.

use gloo::timers::callback::Timeout;
use podlab::api::float::fixed;
use podlab::api::order::SortedSet;
use podlab::view::scene::{HandOver, Outcome, Point, Request};
use yew::prelude::*;

use super::pen::{n, round_path, say, title};
use crate::ui::locales::Language;

const FLIGHT_MS: u32 = 1500;
/// The answer stays a moment after it has arrived.
const REST_MS: u32 = 900;
const HAND_OVER_MS: u32 = 1400;
const MOST_FLIGHTS: usize = 16;
const MOST_HAND_OVERS: usize = 4;

/// Things with a number that are kept for a while after the scene has let them go.
#[hook]
fn use_held<T: Clone + PartialEq + 'static>(given: &[T], id: fn(&T) -> usize, size: (f64, f64), most: usize) -> (Vec<T>, Callback<usize>) {
    let held = use_state(Vec::<T>::new);
    let done = use_mut_ref(SortedSet::<usize>::new);
    {
        let (held, done) = (held.clone(), done.clone());
        // In another layout the old ways lead nowhere.
        let drawn_for = use_mut_ref(|| size);
        let moved = drawn_for.replace(size) != size;
        use_effect_with((given.to_vec(), moved), move |(given, moved)| {
            // Kept as it is drawn now, for when the scene lets it go.
            let now = |item: &T| given.iter().find(|g| id(g) == id(item)).or((!moved).then_some(item)).cloned();
            let mut all: Vec<T> = held.iter().filter_map(now).collect();
            // What is not in the scene any more may come again when time is turned back.
            done.borrow_mut().retain(|d| given.iter().any(|g| id(g) == *d));
            let is_fresh = |item: &&T| held.iter().all(|h| id(h) != id(item)) && !done.borrow().contains(&id(item));
            all.extend(given.iter().filter(is_fresh).cloned());
            let excess = all.len().saturating_sub(most);
            all.drain(..excess);
            if all != *held {
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
    /// Of the whole picture.
    pub size: (f64, f64),
}

#[function_component(Flights)]
pub fn flights(props: &FlightsProps) -> Html {
    let (held, over) = use_held(&props.requests, |r| r.id, props.size, MOST_FLIGHTS);
    html! {
        <g class="flights" aria-hidden="true">
            { for held.iter().enumerate().map(|(at, r)| {
                // In fast time many requests take one way at once: the newest speaks for all.
                let spoken_for = held[at + 1..].iter().any(|later| later.label == r.label);
                html! { <Flight key={r.id} request={r.clone()} over={over.clone()} width={props.size.0} quiet={spoken_for}/> }
            }) }
        </g>
    }
}

#[derive(Properties, PartialEq)]
struct FlightProps {
    request: Request,
    over: Callback<usize>,
    width: f64,
    /// Without its words.
    quiet: bool,
}

pub fn wants_stillness() -> bool {
    gloo::utils::window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|m| m.matches())
}

/// One request: a dot along its way with `source → destination` beside it. Without motion: an arrow that stays for a second.
#[function_component(Flight)]
fn flight(props: &FlightProps) -> Html {
    let request = &props.request;
    let still = *use_memo((), |()| wants_stillness());
    let (motion, label_motion) = (use_node_ref(), use_node_ref());
    {
        // Bound to the latest callback, or an old one would put back what has ended since.
        let over = props.over.clone();
        let latest = use_mut_ref(|| over.clone());
        *latest.borrow_mut() = over;
        let (motions, id) = ([motion.clone(), label_motion.clone()], request.id);
        use_effect_with((), move |()| {
            for element in motions.iter().filter_map(NodeRef::get) {
                begin(&element);
                if let Some(showing) = element.next_sibling() {
                    begin(&showing);
                }
            }
            let time = if still { 1000 } else { FLIGHT_MS } + REST_MS;
            let timeout = Timeout::new(time, move || {
                let over = latest.borrow().clone();
                over.emit(id);
            });
            move || drop(timeout)
        });
    }
    let outcome = match request.outcome {
        Outcome::Answered => "flight is-ok",
        Outcome::Complained => "flight is-complaint",
        Outcome::Failed => "flight is-failed",
    };
    let half = request.label.chars().count() as f64 * 3.35 + 10.0;
    // The label goes its own way beside the dot's, but stays inside the picture.
    let inside = |p: &Point| Point { x: p.x.min(props.width - half - 6.0).max(half + 6.0), y: p.y };
    let label_points: Vec<Point> = request.words.iter().map(inside).collect();
    let times = key_list(&parts(&request.points));
    let label = html! {
        <>
            <rect x={n(-half)} y="-11" width={n(half * 2.0)} height="20" rx="10" class="label"/>
            <text y="3" class="t-mini mono mid">{ request.label.clone() }</text>
        </>
    };
    let moving = |points: &[Point], node: &NodeRef| {
        let path = points.iter().enumerate().map(|(i, p)| format!("{}{} {}", if i == 0 { "M" } else { "L" }, n(p.x), n(p.y))).collect::<String>();
        // What has not set out would stand in the drawing's corner: it is shown by the same clock that moves it.
        html! {
            <>
            <animateMotion ref={node.clone()} {path} dur={format!("{FLIGHT_MS}ms")} begin="indefinite" fill="freeze" calcMode="linear"
                keyTimes={times.clone()} keyPoints={key_list(&parts(points))}/>
            <set attributeName="opacity" to="1" begin="indefinite" fill="freeze"/>
            </>
        }
    };
    let end = label_points.last().copied().unwrap_or_default();
    let answer = html! { <text x={n(request.answer_at.x)} y={n(request.answer_at.y)} class="t-tiny answer">{ request.answer.clone() }</text> };
    html! {
        <g class={outcome}>
            <path d={round_path(&request.points, 6.0)} class="trail" marker-end={still.then_some("url(#pic-arrow)")}/>
            <g class={props.quiet.then_some("quiet")}>{ answer }</g>
            if still {
                <g transform={format!("translate({} {})", n(end.x), n(end.y))}>{ label }</g>
            } else {
                <g opacity="0"><circle r="6.5" class="dot"/>{ moving(&request.points, &motion) }</g>
                <g class={props.quiet.then_some("quiet")}><g opacity="0">{ label }{ moving(&label_points, &label_motion) }</g></g>
            }
        </g>
    }
}

/// How far along its whole length each point of a way lies, from 0 to 1. Corner by corner two ways stay in step by these.
fn parts(points: &[Point]) -> Vec<f64> {
    let mut along = vec![0.0];
    for pair in points.windows(2) {
        along.push(along[along.len() - 1] + (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y));
    }
    let whole = along[along.len() - 1].max(0.001);
    along.into_iter().map(|l| l / whole).collect()
}

/// Numbers for `keyTimes` and `keyPoints`; the last has to be 1 exactly.
fn key_list(parts: &[f64]) -> String {
    let last = parts.len().saturating_sub(1);
    let number = |(index, part): (usize, &f64)| if index == last { "1".to_owned() } else { fixed(*part, 4) };
    parts.iter().enumerate().map(number).collect::<Vec<_>>().join(";")
}

/// Starts SVG animations now: the drawing's own clock began when the page was opened.
fn begin(element: &web_sys::Node) {
    let begin = js_sys::Reflect::get(element, &"beginElement".into());
    if let Some(begin) = begin.ok().and_then(|f| wasm_bindgen::JsCast::dyn_into::<js_sys::Function>(f).ok()) {
        // A browser without it shows the request's way only.
        begin.call0(element).ok();
    }
}

#[derive(Properties, PartialEq)]
pub struct HandOversProps {
    pub hand_overs: Vec<HandOver>,
    /// Of the whole picture.
    pub size: (f64, f64),
    pub language: Language,
}

#[function_component(HandOvers)]
pub fn hand_overs(props: &HandOversProps) -> Html {
    let (held, over) = use_held(&props.hand_overs, |h| h.id, props.size, MOST_HAND_OVERS);
    // Of several between the same two, the newest is drawn.
    let newest = held.iter().enumerate().filter(|(i, h)| !held[i + 1..].iter().any(|later| later.points == h.points));
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
    let HandOver { id, points, bend, label, label_ends, saying, full } = &props.hand_over;
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
    let d = match points.as_slice() {
        [from, to] if *bend > 0.0 => {
            let top = n(from.y.min(to.y) - bend);
            format!("M{} {}C{} {top} {} {top} {} {}", n(from.x), n(from.y), n(from.x), n(to.x), n(to.x), n(to.y))
        }
        points => round_path(points, 6.0),
    };
    let side = if *label_ends { "end" } else { "mid" };
    html! {
        <g class="hand-over">
            { title(say(props.language, full)) }
            <path {d} class="hand-over-line" marker-end="url(#pic-arrow)"/>
            <text x={n(label.x)} y={n(label.y)} class={classes!("t-tiny", side, "halo", "accent")}>{ words }</text>
        </g>
    }
}
