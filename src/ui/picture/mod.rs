//! The picture: the scene as SVG that can be walked, pointed at and zoomed, and the same as a nested list for assistive technology.
//!
//! The scene comes laid out; here it is only drawn. One listener on the whole drawing serves all shapes: each carries its number.

use podlab::api::float::{fixed, within};
use podlab::api::order::{SortedMap, SortedSet};
mod chrome;
mod icon;
mod motion;
mod outline;
mod pen;
mod pod;
pub mod size;

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use podlab::view::scene::{Direction, PodKind, Rect};
use podlab::view::{self, Target};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::intent::Intent;
use super::locales::{self as words, Language};
pub use icon::mood_badge;
pub use outline::Outline;
use pen::Pen;
pub use pen::{n, say};
use size::{use_height, use_width};

#[derive(Properties, PartialEq)]
pub struct PictureProps {
    pub scene: Rc<view::scene::Scene>,
    pub language: Language,
    pub selected: Option<Target>,
    pub pointed: Option<Target>,
    pub on: Callback<Intent>,
}

const LEAST_ZOOM: f64 = 0.3;
const MOST_ZOOM: f64 = 3.0;
/// Below this the small print is hard to read; scrolling is better then.
const LEAST_SELF_CHOSEN: f64 = 0.8;
/// What has to be scrolled far anyway need not be small.
const MUCH_TOO_HIGH: f64 = 0.68;
const SCROLLED: f64 = 0.95;
/// Larger it would be read from afar.
const MOST_SELF_CHOSEN: f64 = 1.5;

#[function_component(Picture)]
pub fn picture(props: &PictureProps) -> Html {
    let PictureProps { scene, language, selected, pointed, on } = props;
    let chosen = use_state_eq(|| None::<f64>);
    let pane = use_node_ref();
    let room = (use_width(&pane, scene.width), use_height(&pane, scene.height));
    // Until a zoom is chosen, a picture that is too high is made smaller, to be seen whole or nearly; a phone scrolls anyway. Where it was laid out for
    // less than the pane's width, it is to be drawn larger.
    let zoom = chosen.unwrap_or_else(|| {
        let whole = room.1 / scene.height.max(1.0);
        let by_height = match whole {
            _ if scene.narrow => 1.0,
            _ if whole < MUCH_TOO_HIGH => SCROLLED,
            whole => within(whole, LEAST_SELF_CHOSEN, MOST_SELF_CHOSEN),
        };
        by_height.min(within(room.0 / scene.width.max(1.0), LEAST_ZOOM, MOST_SELF_CHOSEN))
    });
    let active = use_state_eq(|| None::<Target>);
    let shapes: Rc<Vec<Target>> = Rc::new(scene.shapes().into_iter().map(|s| s.target).collect());

    let set_zoom = {
        let chosen = chosen.clone();
        Callback::from(move |wanted: f64| chosen.set(Some(within(wanted, LEAST_ZOOM, MOST_ZOOM))))
    };
    let fit = {
        let (pane, scene, set_zoom) = (pane.clone(), scene.clone(), set_zoom.clone());
        Callback::from(move |()| {
            if let Some(pane) = pane.cast::<Element>() {
                let (w, h) = (f64::from(pane.client_width()), f64::from(pane.client_height()));
                set_zoom.emit((w / scene.width).min(h / scene.height.max(1.0)));
            }
        })
    };
    use_wheel(&pane, zoom, &set_zoom);
    let drag = use_mut_ref(|| None::<Drag>);

    let target_of = {
        let shapes = shapes.clone();
        move |event: &Event| -> Option<Target> { shapes.get(number_of(event)?).cloned() }
    };
    let onclick = {
        let (on, target_of, drag) = (on.clone(), target_of.clone(), drag.clone());
        Callback::from(move |event: MouseEvent| {
            // What ends a drag is no click.
            if drag.borrow_mut().take().is_some_and(|d| d.moved) {
                return;
            }
            on.emit(Intent::Select(target_of(&event)));
        })
    };
    let point = {
        let (on, target_of, pointed) = (on.clone(), target_of.clone(), pointed.clone());
        move |event: &Event| {
            let target = target_of(event);
            if target != pointed {
                on.emit(Intent::Point(target));
            }
        }
    };
    let onpointerover = {
        let point = point.clone();
        Callback::from(move |event: PointerEvent| point(&event))
    };
    let onpointerleave = on.reform(|_: PointerEvent| Intent::Point(None));
    // What takes the focus next points to itself right after this.
    let onfocusout = on.reform(|_: FocusEvent| Intent::Point(None));
    let onfocusin = {
        let (active, target_of) = (active.clone(), target_of.clone());
        Callback::from(move |event: FocusEvent| {
            point(&event);
            if let Some(target) = target_of(&event) {
                active.set(Some(target));
            }
        })
    };
    let onkeydown = {
        let (on, scene, shapes, pane, set_zoom, fit, zoom) =
            (on.clone(), scene.clone(), shapes.clone(), pane.clone(), set_zoom.clone(), fit.clone(), zoom);
        Callback::from(move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let target = target_of(&event);
            let direction = match event.key().as_str() {
                "ArrowLeft" => Some(Direction::Left),
                "ArrowRight" => Some(Direction::Right),
                "ArrowUp" => Some(Direction::Up),
                "ArrowDown" => Some(Direction::Down),
                _ => None,
            };
            match (event.key().as_str(), direction, target) {
                (_, Some(direction), Some(target)) => {
                    if let Some(next) = scene.neighbour(&target, direction) {
                        focus(&pane, shapes.iter().position(|t| *t == next));
                    }
                }
                ("Enter" | " ", _, Some(target)) => on.emit(Intent::Select(Some(target))),
                ("Home", ..) => focus(&pane, Some(0)),
                ("End", ..) => focus(&pane, shapes.len().checked_sub(1)),
                ("Escape", ..) => on.emit(Intent::Select(None)),
                ("+" | "=", ..) => set_zoom.emit(zoom * 1.2),
                ("-", ..) => set_zoom.emit(zoom / 1.2),
                ("0", ..) => set_zoom.emit(1.0),
                ("f", ..) => fit.emit(()),
                (..) => return,
            }
            event.prevent_default();
            event.stop_propagation();
        })
    };
    let (onpointerdown, onpointermove, onpointerup) = drag_to_pan(&pane, &drag);

    let labels = outline::labels(&view::outline::build(scene), *language);
    let numbers: SortedMap<Target, usize> = shapes.iter().cloned().enumerate().map(|(i, t)| (t, i)).collect();
    let entry = (*active).clone().or_else(|| selected.clone()).filter(|t| numbers.contains_key(t)).or_else(|| shapes.first().cloned());
    let pen = Pen {
        language: *language,
        numbers: &numbers,
        labels: &labels,
        selected: selected.as_ref(),
        pointed: pointed.as_ref(),
        entry: entry.as_ref(),
    };
    let step = |factor: f64| {
        let (set_zoom, zoom) = (set_zoom.clone(), zoom);
        Callback::from(move |_: MouseEvent| set_zoom.emit(if factor == 0.0 { 1.0 } else { zoom * factor }))
    };
    let fit_click = fit.reform(|_: MouseEvent| ());
    // Details that lie over the picture keep away from the shape that they tell of.
    let rect_of = |target: &Target| scene.shapes().into_iter().find(|s| s.target == *target).map(|s| s.rect);
    let chosen_rect = selected.as_ref().and_then(rect_of);
    let on_right = chosen_rect.is_some_and(|r| r.w < scene.width * 0.6 && r.x + r.w / 2.0 > scene.width * 0.5);
    use_in_view(&pane, selected.clone(), chosen_rect, zoom);
    let arrived = use_arrived(scene).filter(|_| selected.is_none());
    let arrived_rect = arrived.as_ref().and_then(rect_of);
    use_in_view(&pane, arrived, arrived_rect, zoom);
    let size = (scene.width, scene.height);
    let percent = format!("{}%", fixed(zoom * 100.0, 0));
    html! {
        <div class={if on_right { "picture is-right" } else { "picture" }}>
            <div class="picture-view" id="picture-view" ref={pane} {onpointerdown} {onpointermove} {onpointerup}>
                <svg class="picture-svg" width={pen::n(scene.width * zoom)} height={pen::n(scene.height * zoom)}
                    viewBox={format!("0 0 {} {}", pen::n(scene.width), pen::n(scene.height))}
                    role="group" aria-label={language.say(words::PIC_LABEL)}
                    {onclick} {onpointerover} {onpointerleave} {onfocusin} {onfocusout} {onkeydown}>
                    { chrome::definitions() }
                    { chrome::network(&pen, scene) }
                    { chrome::strip(&pen, &scene.strip) }
                    { chrome::lobby(&pen, scene) }
                    { for scene.nodes.iter().map(|node| chrome::node(&pen, node, scene.detail)) }
                    { chrome::services(&pen, scene) }
                    <motion::HandOvers hand_overs={scene.hand_overs.clone()} {size} language={*language}/>
                    <motion::Flights requests={scene.requests.clone()} {size}/>
                </svg>
            </div>
            <div class="picture-zoom" role="toolbar" aria-label={language.say(words::PIC_ZOOM)}>
                <button type="button" onclick={step(1.0 / 1.2)} aria-label={language.say(words::PIC_ZOOM_OUT)} title={language.say(words::PIC_ZOOM_OUT)}>{ "−" }</button>
                <button type="button" onclick={step(0.0)} aria-label={language.fill(words::PIC_ZOOM_RESET, &[&percent])} title={language.say(words::PIC_ZOOM_RESET_HINT)}>{ percent.clone() }</button>
                <button type="button" onclick={step(1.2)} aria-label={language.say(words::PIC_ZOOM_IN)} title={language.say(words::PIC_ZOOM_IN)}>{ "+" }</button>
                <button type="button" onclick={fit_click} aria-label={language.say(words::PIC_ZOOM_FIT)} title={language.say(words::PIC_ZOOM_FIT)}>{ "⤢" }</button>
            </div>
        </div>
    }
}

/// A Pod that has just come to a node, alone: what the learner has applied. Of several, none is more worth seeing than the others.
#[hook]
fn use_arrived(scene: &view::scene::Scene) -> Option<Target> {
    let known = use_mut_ref(|| None::<SortedSet<Target>>);
    let arrived = use_mut_ref(|| None::<Target>);
    let here: SortedSet<Target> = scene.nodes.iter().flat_map(|n| &n.pods).filter(|p| p.kind != PodKind::Draft).map(|p| p.target.clone()).collect();
    let mut arrived = arrived.borrow_mut();
    if let Some(known) = known.replace(Some(here.clone())) {
        let mut new = here.iter().filter(|t| !known.contains(t));
        if let (Some(one), None) = (new.next(), new.next()) {
            *arrived = Some(one.clone());
        }
    }
    arrived.take_if(|t| !here.contains(t));
    arrived.clone()
}

/// Scrolls a shape into view when it becomes the one to see (details that open from below on a phone would cover it), and again when it grows,
/// unless the learner has scrolled since.
#[hook]
fn use_in_view(pane: &NodeRef, target: Option<Target>, rect: Option<Rect>, zoom: f64) {
    let pane = pane.clone();
    let last = use_mut_ref(|| None::<(Target, Rect, i32)>);
    use_effect_with((target, rect), move |(target, rect)| {
        let (Some(pane), Some(target), Some(rect)) = (pane.cast::<Element>(), target, rect) else {
            last.take();
            return;
        };
        let moved_on = |(_, before, top): &(Target, Rect, i32)| (before.x, before.y, *top) != (rect.x, rect.y, pane.scroll_top());
        if last.borrow().as_ref().filter(|(before, ..)| before == target).is_some_and(moved_on) {
            return;
        }
        // Room that stays free around the shape.
        let air = 16.0;
        let along = |at: f64, long: f64, scrolled: i32, room: f64| {
            let (start, end) = (at * zoom - air, (at + long) * zoom + air);
            let first = f64::from(scrolled);
            // A shape that is longer than the room shows its beginning.
            let wanted = if start < first || end - start > room { start } else { first.max(end - room) };
            wanted.max(0.0) as i32
        };
        // What lies under the buttons of the zoom is not seen. (Where they are not shown, they have no height.)
        let bar = pane.parent_element().and_then(|picture| picture.query_selector(".picture-zoom").ok()?).map(|bar| bar.get_bounding_client_rect());
        let covered = bar.filter(|bar| bar.height() > 0.0).map_or(0.0, |bar| (pane.get_bounding_client_rect().bottom() - bar.top()).max(0.0));
        pane.set_scroll_top(along(rect.y, rect.h, pane.scroll_top(), f64::from(pane.client_height()) - covered));
        pane.set_scroll_left(along(rect.x, rect.w, pane.scroll_left(), f64::from(pane.client_width())));
        *last.borrow_mut() = Some((target.clone(), *rect, pane.scroll_top()));
    });
}

/// One Pod as the picture draws it, for a figure in a text: nothing of it can be chosen.
pub fn drawn_alone(pod: &podlab::view::scene::Pod, language: Language) -> Html {
    let (numbers, labels) = (SortedMap::new(), SortedMap::new());
    let pen = Pen { language, numbers: &numbers, labels: &labels, selected: None, pointed: None, entry: None };
    pod::pod(&pen, pod, podlab::view::scene::Detail::Full)
}

/// The number of the shape in which an event happened.
fn number_of(event: &Event) -> Option<usize> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest("[data-shape]").ok()??.get_attribute("data-shape")?.parse().ok()
}

fn focus(pane: &NodeRef, number: Option<usize>) {
    let found = number.and_then(|n| pane.cast::<Element>()?.query_selector(&format!("[data-shape=\"{n}\"]")).ok()?);
    if let Some(element) = found {
        // Every element of SVG has `focus`, as those of HTML.
        let element: HtmlElement = element.unchecked_into();
        // It fails only for what is not in the page any more, and then there is nothing to focus.
        element.focus().ok();
    }
}

/// A pan in progress: where it began, and how far the pane was scrolled.
struct Drag {
    at: (i32, i32),
    scrolled: (i32, i32),
    held: bool,
    moved: bool,
}

type PointerCallback = Callback<PointerEvent>;

/// With a mouse, dragging the ground moves the picture. Fingers scroll by themselves.
fn drag_to_pan(pane: &NodeRef, drag: &Rc<std::cell::RefCell<Option<Drag>>>) -> (PointerCallback, PointerCallback, PointerCallback) {
    let down = {
        let (pane, drag) = (pane.clone(), drag.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some(pane) = pane.cast::<Element>().filter(|_| event.pointer_type() == "mouse" && event.button() == 0) {
                let scrolled = (pane.scroll_left(), pane.scroll_top());
                *drag.borrow_mut() = Some(Drag { at: (event.client_x(), event.client_y()), scrolled, held: true, moved: false });
            }
        })
    };
    let moved = {
        let (pane, drag) = (pane.clone(), drag.clone());
        Callback::from(move |event: PointerEvent| {
            let mut drag = drag.borrow_mut();
            let (Some(pane), Some(drag)) = (pane.cast::<Element>(), drag.as_mut().filter(|d| d.held && event.buttons() & 1 == 1)) else { return };
            let by = (event.client_x() - drag.at.0, event.client_y() - drag.at.1);
            // A trembling hand still clicks.
            drag.moved |= by.0.abs() + by.1.abs() > 5;
            if drag.moved {
                pane.set_scroll_left(drag.scrolled.0 - by.0);
                pane.set_scroll_top(drag.scrolled.1 - by.1);
            }
        })
    };
    let up = {
        let drag = drag.clone();
        Callback::from(move |_: PointerEvent| {
            if let Some(drag) = drag.borrow_mut().as_mut() {
                drag.held = false;
            }
        })
    };
    (down, moved, up)
}

/// Ctrl and the wheel zoom (a pinch on a touchpad arrives as the same). It must not be passive, as the page would zoom too.
#[hook]
fn use_wheel(pane: &NodeRef, zoom: f64, set_zoom: &Callback<f64>) {
    let (pane, set_zoom) = (pane.clone(), set_zoom.clone());
    use_effect_with((zoom, pane), move |(zoom, pane)| {
        let zoom = *zoom;
        let listener = pane.cast::<Element>().map(|element| {
            EventListener::new_with_options(&element, "wheel", EventListenerOptions::enable_prevent_default(), move |event| {
                if let Some(wheel) = event.dyn_ref::<WheelEvent>().filter(|w| w.ctrl_key() || w.meta_key()) {
                    wheel.prevent_default();
                    set_zoom.emit(zoom * (-wheel.delta_y() * 0.0025).exp());
                }
            })
        });
        move || drop(listener)
    });
}
