//! The rows of the chart: bars, ticks, gaps, readiness, events, requests, and the playhead over them.

use podlab::api::SimTime;
use podlab::api::float::within;
use podlab::view::Target;
use podlab::view::history::{Bar, BarState, Mark, Tick};
use podlab::view::timeline::{ContainerTrack, Gap, Group, Timeline};
use yew::prelude::*;

use super::clock;
use crate::ui::intent::Intent;
use crate::ui::locales::{self as words, Language};

/// Which time is where.
#[derive(Clone, Copy, PartialEq)]
pub struct Frame {
    pub from: SimTime,
    pub to: SimTime,
    pub left: f64,
    pub width: f64,
}

impl Frame {
    pub fn x(&self, at: SimTime) -> f64 {
        let span = self.to.since(self.from).max(1) as f64;
        let offset = at.0 as f64 - self.from.0 as f64;
        self.left + within(offset / span * self.width, -20.0, self.width + 20.0)
    }

    pub fn time(&self, x: f64) -> SimTime {
        let part = within((x - self.left) / self.width, 0.0, 1.0);
        SimTime(self.from.0 + (part * self.to.since(self.from) as f64) as u64)
    }

    fn holds(&self, at: SimTime) -> bool {
        self.from <= at && at <= self.to
    }

    fn right(&self) -> f64 {
        self.left + self.width
    }
}

pub struct Handlers {
    pub onpointerdown: Callback<PointerEvent>,
    pub onpointermove: Callback<PointerEvent>,
    pub onpointerup: Callback<PointerEvent>,
    pub onkeydown: Callback<KeyboardEvent>,
}

const AXIS: f64 = 24.0;
const BAR_ROW: f64 = 27.0;
const PROBE_ROW: f64 = 26.0;
const THIN_ROW: f64 = 20.0;
/// Marks nearer than this are drawn as one.
const NEAR: f64 = 4.0;
/// More ticks of one probe than this are not pointed at one by one.
const MOST_TICKS: usize = 60;

pub fn chart(frame: &Frame, timeline: &Timeline, language: Language, selected: Option<&Target>, on: &Callback<Intent>, handlers: Handlers) -> Html {
    let mut y = AXIS;
    let mut rows = Vec::new();
    let many = timeline.groups.len() > 1;
    for group in &timeline.groups {
        rows.push(draw_group(frame, group, timeline.now, language, selected, on, many, &mut y));
    }
    let height = y + 8.0;
    let Handlers { onpointerdown, onpointermove, onpointerup, onkeydown } = handlers;
    let playhead = frame.x(timeline.now);
    let words_now = clock(timeline.now);
    let flag = if words_now.len() > 5 { 54.0 } else { 42.0 };
    let total = frame.right() + 10.0;
    let flag_x = within(playhead - flag / 2.0, frame.left - 20.0, total - flag);
    html! {
        <svg class="chart" width={n(total)} height={n(height)} role="group" aria-label={language.say(words::TIME_LABEL)} {onpointerdown} {onpointermove} {onpointerup}>
            { axis(frame, height, playhead) }
            { for rows }
            if timeline.now < timeline.horizon {
                <rect x={n(playhead)} y={n(AXIS - 4.0)} width={n((frame.right() - playhead).max(0.0))} height={n(height - AXIS)} class="future"/>
            }
            <g class="playhead" role="slider" tabindex="0" aria-label={language.say(words::TIME_PLAYHEAD)} aria-valuemin="0"
                aria-valuemax={timeline.horizon.0.to_string()} aria-valuenow={timeline.now.0.to_string()} aria-valuetext={words_now.clone()} {onkeydown}>
                <path d={format!("M{x} 14V{}", n(height), x = n(playhead))} class="playhead-line"/>
                <rect x={n(flag_x)} y="2" width={n(flag)} height="16" rx="8" class="playhead-flag"/>
                <text x={n(flag_x + flag / 2.0)} y="13.8" class="playhead-words">{ words_now }</text>
            </g>
        </svg>
    }
}

fn n(value: f64) -> String {
    crate::ui::picture::n(value)
}

/// Round steps, so that about 70 pixels lie between two marks.
fn axis(frame: &Frame, height: f64, playhead: f64) -> Html {
    const STEPS: [u64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
    let span = frame.to.since(frame.from) as f64 / 1000.0;
    let wanted = span * 72.0 / frame.width;
    let step = STEPS.into_iter().find(|s| *s as f64 >= wanted).unwrap_or_else(|| (wanted / 3600.0).ceil() as u64 * 3600) * 1000;
    let first = frame.from.0.div_ceil(step) * step;
    let marks = std::iter::successors(Some(first), |at| Some(at + step)).take_while(|at| *at <= frame.to.0).take(60);
    html! {
        <g aria-hidden="true">
            { for marks.map(|at| {
                let x = frame.x(SimTime(at));
                html! {
                    <>
                        <path d={format!("M{} {}V{}", n(x), n(AXIS), n(height))} class="grid"/>
                        // Half a mark at the edge could be read as another time.
                        if (x - playhead).abs() > 44.0 && x + 8.0 < frame.right() {
                            <text x={n(x)} y="14" class="t-mini mid muted">{ clock(SimTime(at)) }</text>
                        }
                    </>
                }
            }) }
        </g>
    }
}

#[allow(clippy::too_many_arguments)] // One group's row needs all that the chart knows.
fn draw_group(
    frame: &Frame,
    group: &Group,
    now: SimTime,
    language: Language,
    selected: Option<&Target>,
    on: &Callback<Intent>,
    many: bool,
    y: &mut f64,
) -> Html {
    let mut rows = Vec::new();
    if many {
        let name = clip(&group.name, 44);
        let target = group.target.clone();
        let onclick = on.reform(move |_: MouseEvent| Intent::Select(Some(target.clone())));
        rows.push(html! {
            <>
                <path d={format!("M0 {}H{}", n(*y + 1.0), n(frame.right() + 10.0))} class="row-line"/>
                <text x="12" y={n(*y + 16.0)} class="group-name" {onclick}>{ name }</text>
            </>
        });
        *y += 21.0;
    }
    for track in &group.tracks {
        rows.push(container(frame, track, now, language, selected, y));
    }
    let label = |y: f64, word| html! { <text x="12" y={n(y)} class="muted">{ language.say(word) }</text> };
    if !group.ready.is_empty() {
        let middle = *y + 9.0;
        rows.push(label(middle + 4.0, words::TIME_READY));
        for span in &group.ready {
            let (from, to) = (frame.x(span.from).max(frame.left), frame.x(span.to.unwrap_or(now)).min(frame.right()));
            if to > from {
                let none = span.ready.starts_with("0/");
                let class = if span.all {
                    "ready-all"
                } else if none {
                    "ready-none"
                } else {
                    "ready-some"
                };
                rows.push(html! { <path d={format!("M{} {m}H{}", n(from), n(to), m = n(middle))} {class}><title>{ format!("{} {}", clock(span.from), span.ready) }</title></path> });
            }
        }
        *y += THIN_ROW;
    }
    if !group.marks.is_empty() {
        let middle = *y + 9.0;
        rows.push(label(middle + 4.0, words::TIME_EVENTS));
        rows.push(marks(frame, &group.marks, middle));
        *y += THIN_ROW;
    }
    if !group.requests.is_empty() {
        let middle = *y + 9.0;
        rows.push(label(middle + 4.0, words::TIME_REQUESTS));
        let mut last = f64::NEG_INFINITY;
        for dot in group.requests.iter().filter(|d| frame.holds(d.at)) {
            let x = frame.x(dot.at);
            if x - last < NEAR && dot.ok {
                continue;
            }
            last = x;
            let class = if dot.ok { "request-ok" } else { "request-failed" };
            rows.push(
                html! { <circle cx={n(x)} cy={n(middle)} r="3.4" {class}><title>{ format!("{} {}", clock(dot.at), dot.label) }</title></circle> },
            );
        }
        *y += THIN_ROW;
    }
    html! { <g key={group.name.clone()}>{ for rows }</g> }
}

fn container(frame: &Frame, track: &ContainerTrack, now: SimTime, language: Language, selected: Option<&Target>, y: &mut f64) -> Html {
    let mut rows = Vec::new();
    let middle = *y + 13.0;
    let class = if selected == Some(&track.target) { "group-name" } else { "" };
    rows.push(html! { <text x="12" y={n(middle + 4.0)} {class}>{ clip(&track.name, 12) }<title>{ track.name.clone() }</title></text> });
    rows.extend(track.bars.iter().filter_map(|b| bar(frame, b, now, language, *y + 4.0)));
    *y += BAR_ROW;
    let graces: Vec<Html> = track.gaps.iter().filter_map(|g| gap(frame, g, *y + 2.0, 4.5)).collect();
    if !graces.is_empty() {
        rows.extend(graces);
        *y += 13.0;
    }
    for probe in &track.probes {
        let middle = *y + 15.0;
        rows.push(
            html! { <text x="12" y={n(middle + 4.0)} class="muted">{ probe.kind }<title>{ format!("{} {}", probe.kind, probe.asks) }</title></text> },
        );
        // A label where it fits and where the one before has ended.
        let mut free = frame.left;
        let newest = probe.gaps.iter().rev().find(|g| g.repeats && g.to <= now && g.from >= frame.from);
        for one in &probe.gaps {
            let x = frame.x(one.from);
            if x >= free
                && (!one.repeats || newest == Some(one))
                && let Some(drawn) = gap(frame, one, middle, 6.5)
            {
                free = frame.x(one.to).max(x + one.label.len() as f64 * 5.2);
                rows.push(drawn);
            }
        }
        rows.extend(ticks(frame, &probe.ticks, middle));
        *y += PROBE_ROW;
    }
    html! { <g key={track.name.clone()}>{ for rows }</g> }
}

/// A probe's attempts: each with its own words, or, where they stand too close to be pointed at one by one, all of a kind as one shape.
fn ticks(frame: &Frame, ticks: &[Tick], middle: f64) -> Vec<Html> {
    let mut shown: Vec<(f64, &Tick)> = Vec::new();
    for tick in ticks.iter().filter(|t| frame.holds(t.at)) {
        let x = frame.x(tick.at);
        let same = shown.last().is_some_and(|(last, other)| x - last < NEAR && (other.ok, other.counted) == (tick.ok, tick.counted));
        if !same {
            shown.push((x, tick));
        }
    }
    if shown.len() > MOST_TICKS {
        let kinds = [("ticks-ok", true, true), ("ticks-failed", false, true), ("ticks-hollow", true, false), ("ticks-hollow", false, false)];
        let shape = |(class, ok, counted): (&'static str, bool, bool)| {
            let of_kind = shown.iter().filter(|(_, tick)| (tick.ok, tick.counted) == (ok, counted));
            // A line of no length with round ends is a dot.
            let dots: String = of_kind.map(|(x, _)| format!("M{} {}h0", n(*x), n(middle))).collect();
            (!dots.is_empty()).then(|| html! { <path d={dots} {class}/> })
        };
        return kinds.into_iter().filter_map(shape).collect();
    }
    let one = |(x, tick): (f64, &Tick)| {
        let title = format!("{} {} {}", clock(tick.at), if tick.ok { "✓" } else { "✕" }, tick.message);
        if !tick.counted {
            html! { <circle cx={n(x)} cy={n(middle)} r="4" class="tick-hollow"><title>{ title }</title></circle> }
        } else if tick.ok {
            html! { <circle cx={n(x)} cy={n(middle)} r="4.2" class="tick-ok"><title>{ title }</title></circle> }
        } else {
            html! {
                <g><title>{ title }</title>
                    <circle cx={n(x)} cy={n(middle)} r="4.8" class="tick-failed"/>
                    <path d={format!("M{} {}l3.6 3.6m0 -3.6l-3.6 3.6", n(x - 1.8), n(middle - 1.8))} class="cut"/>
                </g>
            }
        }
    };
    shown.into_iter().map(one).collect()
}

fn bar(frame: &Frame, bar: &Bar, now: SimTime, language: Language, y: f64) -> Option<Html> {
    let end = bar.to.unwrap_or(now);
    if end < frame.from || bar.from > frame.to {
        return None;
    }
    let (from, to) = (frame.x(bar.from).max(frame.left), frame.x(end).min(frame.right()));
    let width = (to - from).max(1.5);
    let (tone, class, words) = match &bar.state {
        BarState::Waiting => ("tone-waiting", "bar-shape", language.say(words::TIME_WAITING).to_owned()),
        BarState::Running => ("tone-running", "bar-shape", language.say(words::TIME_RUNNING).to_owned()),
        BarState::Terminated { exit_code: 0, .. } => ("tone-done", "bar-shape", language.say(words::TIME_FINISHED).to_owned()),
        BarState::Terminated { exit_code, reason } => ("tone-failed", "bar-shape", format!("{reason} {exit_code}")),
        BarState::BackOff { delay_ms, .. } => {
            ("tone-failed", "bar-shape is-back-off", language.fill(words::TIME_BACK_OFF, &[&(delay_ms / 1000).to_string()]))
        }
    };
    let fits = width > words.chars().map(|c| if c.is_ascii() { 6.0 } else { 10.5 }).sum::<f64>() + 8.0;
    let title = format!("{} – {} {}", clock(bar.from), clock(end), words);
    Some(html! {
        <g class={tone}>
            <title>{ title }</title>
            <rect x={n(from)} y={n(y)} width={n(width)} height="18" rx={n((width / 2.0).min(4.0))} {class}/>
            if fits {
                <text x={n(from + width / 2.0)} y={n(y + 12.8)} class="bar-words">{ words }</text>
            }
        </g>
    })
}

/// A dotted measure with its label over its middle, where there is room for it: above what stands at its ends.
fn gap(frame: &Frame, gap: &Gap, y: f64, above: f64) -> Option<Html> {
    if gap.to < frame.from || gap.from > frame.to {
        return None;
    }
    let (from, to) = (frame.x(gap.from).max(frame.left), frame.x(gap.to).min(frame.right()));
    let label = gap.label.len() as f64 * 5.0;
    let middle = ((from + to) / 2.0).max(frame.left + label * 0.55);
    if to - from < label * 0.45 {
        return None;
    }
    let words_fit = to - from >= label * 0.62;
    Some(html! {
        <g>
            <title>{ gap.label.clone() }</title>
            <path d={format!("M{} {y}H{}", n(from + 6.0), n(to - 6.0), y = n(y))} class="gap"/>
            <path d={format!("M{} {a}v6M{} {a}v6", n(from + 5.0), n(to - 5.0), a = n(y - 3.0))} class="gap-end"/>
            if words_fit {
                <text x={n(middle)} y={n(y - above)} class="gap-words">{ gap.label.clone() }</text>
            }
        </g>
    })
}

fn marks(frame: &Frame, marks: &[Mark], y: f64) -> Html {
    // Several at one place become one mark with all their words.
    let mut places: Vec<(f64, bool, String)> = Vec::new();
    for mark in marks.iter().filter(|m| frame.holds(m.at)) {
        let x = frame.x(mark.at);
        let words = format!("{} {}: {}", clock(mark.at), mark.reason, mark.message);
        match places.last_mut() {
            Some((at, warning, all)) if x - *at < NEAR + 4.0 => {
                *warning |= mark.warning;
                if all.len() < 600 {
                    all.push('\n');
                    all.push_str(&words);
                }
            }
            _ => places.push((x, mark.warning, words)),
        }
    }
    html! {
        <>{ for places.into_iter().map(|(x, warning, words)| html! {
            <path d={format!("M{} {}l4.2 7.6h-8.4z", n(x), n(y - 4.0))} class={if warning { "mark is-warning" } else { "mark" }}><title>{ words }</title></path>
        }) }</>
    }
}

fn clip(name: &str, most: usize) -> String {
    if name.chars().count() <= most { name.to_owned() } else { name.chars().take(most - 1).chain(['…']).collect() }
}
