//! A small live figure in a lesson's text: one Pod of a prepared cluster, drawn by the picture's own code, with a slider for its time.

use std::rc::Rc;

use podlab::api::float;
use podlab::lesson::Figure as Plan;
use podlab::manifest;
use podlab::session::course;
use podlab::view::{Target, scene};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::ui::locales::{self as words, Language};
use crate::ui::picture::size::use_width;
use crate::ui::picture::{drawn_alone, n};

#[derive(Properties, PartialEq)]
pub struct FigureProps {
    pub plan: Rc<Plan>,
    pub language: Language,
}

/// At most as wide a picture is laid out: in a wider column the drawing stays as large as it is.
const WIDTH: f64 = 440.0;
/// Air around the Pod.
const MARGIN: f64 = 8.0;
/// How much narrower than the scene a Pod is that has its node to itself, with that air.
const AROUND: f64 = 60.0;

#[function_component(Figure)]
pub fn figure(props: &FigureProps) -> Html {
    let FigureProps { plan, language } = props;
    let at = use_state_eq(|| plan.at);
    let session = use_memo(plan.clone(), |plan| std::cell::RefCell::new(course::prepare(plan)));
    let mut session = session.borrow_mut();
    session.seek(course::moment(*at));
    let target = Target::Pod(format!("default/{}", plan.pod));
    let node = use_node_ref();
    let room = use_width(&node, WIDTH - AROUND);
    // Laid out for its column, so that its words are as large as the picture's: containers stand side by side where there is room.
    let scene = scene::build(&session, &manifest::check(""), (room + AROUND).min(WIDTH));
    let caption = language.of(&plan.caption);
    let oninput = {
        let at = at.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            at.set(float::read(&input.value()).unwrap_or_default());
        })
    };
    let moment = language.fill(words::TIME_SECONDS, &[&float::fixed(*at, 1)]);
    // Before the Pod exists there is nothing to draw; the room is kept, so that the text below does not jump.
    let (view, inside) = match scene.nodes.iter().flat_map(|node| &node.pods).chain(&scene.unplaced).find(|pod| pod.target == target) {
        Some(pod) => (pod.rect, drawn_alone(pod, *language)),
        None => (scene::Rect { x: 0.0, y: 0.0, w: WIDTH, h: 160.0 }, Html::default()),
    };
    let view_box = format!("{} {} {} {}", n(view.x - MARGIN), n(view.y - MARGIN), n(view.w + 2.0 * MARGIN), n(view.h + 2.0 * MARGIN));
    html! {
        <figure class="lesson-figure">
            <div class="figure-room" ref={node}></div>
            <svg class="picture-svg" viewBox={view_box} role="img" aria-label={plain(caption)}>{ inside }</svg>
            <label class="figure-time">
                <input type="range" min="0" max={n(plan.until)} step="0.1" value={n(*at)} {oninput}
                    aria-label={language.say(words::LESSON_FIGURE_TIME)} aria-valuetext={moment.clone()} />
                <output>{ moment }</output>
            </label>
            <figcaption>{ Html::from_html_unchecked(AttrValue::from(format!("<span>{caption}</span>"))) }</figcaption>
        </figure>
    }
}

/// The words of a caption without its tags.
fn plain(html: &str) -> String {
    let mut inside = false;
    html.chars()
        .filter(|c| {
            inside |= *c == '<';
            let keep = !inside;
            inside &= *c != '>';
            keep
        })
        .collect()
}
