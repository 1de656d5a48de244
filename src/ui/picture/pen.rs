//! What every drawing function needs, and the few primitives that they share.

use podlab::api::float::fixed;
use podlab::api::order::SortedMap;
use podlab::view::Target;
use podlab::view::saying::Saying;
use podlab::view::scene::{Gauge, Point, Rect, Tone};
use yew::prelude::*;

use crate::ui::locales::Language;

pub struct Pen<'a> {
    pub language: Language,
    pub numbers: &'a SortedMap<Target, usize>,
    pub labels: &'a SortedMap<Target, String>,
    pub selected: Option<&'a Target>,
    pub pointed: Option<&'a Target>,
    /// The one shape that Tab reaches; arrow keys lead to the others.
    pub entry: Option<&'a Target>,
}

impl Pen<'_> {
    /// A shape: what can be pointed at, selected and read.
    pub fn shape(&self, target: &Target, class: impl Into<Classes>, inside: Html) -> Html {
        let selected = self.selected == Some(target);
        let mut classes: Classes = class.into();
        classes.push("shape");
        classes.extend(selected.then_some("is-selected"));
        classes.extend((self.pointed == Some(target)).then_some("is-pointed"));
        let label = self.labels.get(target).cloned();
        let Some(number) = self.numbers.get(target) else {
            return html! { <g class={classes}>{ inside }</g> };
        };
        let tabindex = if self.entry == Some(target) { "0" } else { "-1" };
        html! {
            <g class={classes} role="button" {tabindex} data-shape={number.to_string()} aria-label={label} aria-pressed={selected.to_string()}>
                { inside }
            </g>
        }
    }

    pub fn say(&self, saying: &Saying) -> String {
        say(self.language, saying)
    }
}

/// The sentence in a language; a key without one is shown as it is, which a test forbids.
pub fn say(language: Language, saying: &Saying) -> String {
    let mut sentence = language.find(saying.code).unwrap_or(saying.code).to_owned();
    for (index, arg) in saying.args.iter().enumerate() {
        sentence = sentence.replace(&format!("{{{index}}}"), arg);
    }
    sentence
}

/// A length as an attribute: tenths are enough.
pub fn n(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if tenths.fract() == 0.0 { fixed(tenths, 0) } else { fixed(tenths, 1) }
}

pub fn text(x: f64, y: f64, class: &'static str, words: impl Into<AttrValue>) -> Html {
    html! { <text x={n(x)} y={n(y)} {class}>{ words.into() }</text> }
}

pub fn rect(rect: Rect, radius: f64, class: &'static str) -> Html {
    html! { <rect x={n(rect.x)} y={n(rect.y)} width={n(rect.w.max(0.0))} height={n(rect.h.max(0.0))} rx={n(radius)} {class}/> }
}

pub fn line(from: Point, to: Point, class: &'static str) -> Html {
    html! { <path d={format!("M{} {}L{} {}", n(from.x), n(from.y), n(to.x), n(to.y))} {class}/> }
}

pub fn title(words: impl Into<AttrValue>) -> Html {
    html! { <title>{ words.into() }</title> }
}

/// A line through points with round corners.
pub fn round_path(points: &[Point], radius: f64) -> String {
    let Some((first, rest)) = points.split_first() else { return String::new() };
    let mut d = format!("M{} {}", n(first.x), n(first.y));
    let mut before = *first;
    for (index, point) in rest.iter().enumerate() {
        match rest.get(index + 1) {
            None => d.push_str(&format!("L{} {}", n(point.x), n(point.y))),
            Some(next) => {
                let (enter, leave) = (toward(*point, before, radius), toward(*point, *next, radius));
                d.push_str(&format!("L{} {}Q{} {} {} {}", n(enter.x), n(enter.y), n(point.x), n(point.y), n(leave.x), n(leave.y)));
            }
        }
        before = *point;
    }
    d
}

/// A point `by` pixels from `from` on the way to `to`, at most half of it.
fn toward(from: Point, to: Point, by: f64) -> Point {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx.hypot(dy).max(0.001);
    let part = by.min(length / 2.0) / length;
    Point { x: from.x + dx * part, y: from.y + dy * part }
}

pub fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Running => "tone-running",
        Tone::Waiting => "tone-waiting",
        Tone::Failed => "tone-failed",
        Tone::Done => "tone-done",
        Tone::Draft => "tone-draft",
    }
}

/// A thin bar with its words above it: what is used, and marks for request and limit.
pub fn gauge(gauge: &Gauge, words_above: bool) -> Html {
    let r = gauge.rect;
    let mark = |part: Option<f64>, class: &'static str| {
        part.map(|part| {
            let x = r.x + part * r.w;
            line(Point { x, y: r.y - 3.0 }, Point { x, y: r.bottom() + 3.0 }, class)
        })
    };
    let used = if gauge.over {
        "gauge-over"
    } else if gauge.throttled {
        "gauge-throttled"
    } else {
        "gauge-used"
    };
    html! {
        <g class="gauge">
            if words_above {
                { text(r.x, r.y - 5.0, "t-tiny muted", gauge.name) }
                <text x={n(r.right())} y={n(r.y - 5.0)} class="t-tiny mono muted end">{ gauge.words.clone() }</text>
            }
            { rect(r, r.h / 2.0, "gauge-ground") }
            { rect(Rect { w: (gauge.used * r.w).max(if gauge.used > 0.0 { 3.0 } else { 0.0 }), ..r }, r.h / 2.0, used) }
            { mark(gauge.request, "gauge-request") }
            { mark(gauge.limit, "gauge-limit") }
        </g>
    }
}
