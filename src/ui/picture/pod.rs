//! A Pod as a capsule, with everything that shares its network and its files.

use podlab::view::scene::{Card, Detail, Icon, MountLine, Plug, Pod, PodKind, Point, Probe, Rail, Rect, Role, Volume};
use yew::prelude::*;

use super::icon::icon;
use super::pen::{Pen, gauge, line, n, rect, text, title, tone};
use crate::ui::locales as words;

pub fn pod(pen: &Pen, pod: &Pod, detail: Detail) -> Html {
    let kind = match pod.kind {
        PodKind::Plain => "pod",
        PodKind::Static { .. } => "pod is-static",
        PodKind::Draft => "pod is-draft",
        PodKind::Ghost => "pod is-ghost",
    };
    html! {
        <g class={classes!(tone(pod.mood.tone))} key={pod.target.key()}>
            if let Some(plug) = pod.plug {
                { line(Point { x: plug.x, y: pod.rect.bottom() }, plug, "plug-wire") }
            }
            { pen.shape(&pod.target, kind, capsule(pen, pod, detail)) }
            { for pod.mounts.iter().map(mount_line) }
            { for pod.cards.iter().map(|c| card(pen, c, detail)) }
            { for pod.rails.iter().map(|r| rail(pen, pod, r)) }
            { for pod.volumes.iter().map(|v| volume(pen, v)) }
            if let Some(plug) = pod.plug {
                <circle cx={n(plug.x)} cy={n(plug.y)} r="4.5" class="joint"/>
            }
        </g>
    }
}

fn capsule(pen: &Pen, pod: &Pod, detail: Detail) -> Html {
    let r = pod.rect;
    let left = r.x + 14.0;
    let radius = if detail == Detail::Tiny { 14.0 } else { 20.0 };
    html! {
        <>
            { title(if pod.namespace.is_empty() { pod.full_name.clone() } else { format!("{}/{}", pod.namespace, pod.full_name) }) }
            { rect(r, radius, "capsule") }
            if detail == Detail::Tiny {
                { icon(pod.mood.icon, left + 4.0, pod.baseline - 4.0) }
                { text(left + 17.0, pod.baseline, "t-small", pod.name.clone()) }
            } else {
                { text(left, pod.baseline, "t-name", pod.name.clone()) }
                { status(pen, pod) }
                if !pod.ip.is_empty() && detail == Detail::Full {
                    <text x={n(r.right() - 14.0)} y={n(pod.baseline)} class="t-small mono end">{ pod.ip.clone() }</text>
                }
                { note(pen, pod, detail) }
                { for pod.notice.iter().enumerate().map(|(i, words)| text(left, pod.notice_y + 15.0 * i as f64, "t-tiny", words.clone())) }
                { for pod.tags.iter().map(|tag| {
                    let class = if tag.member { "tag" } else { "tag is-left-out" };
                    let reason = tag.reason.as_ref().map(|r| format!(" — {}", pen.say(r))).unwrap_or_default();
                    html! { <g {class}>
                        <path d={format!("M{} {}v-5a3.5 3.5 0 0 1 7 0v5", n(left), n(tag.y))} class="gate-icon"/>
                        { text(left + 13.0, tag.y, "t-tiny", format!("{}{reason}", tag.service)) }
                    </g> }
                }) }
            }
        </>
    }
}

fn status(pen: &Pen, pod: &Pod) -> Html {
    if pod.status.is_empty() {
        return Html::default();
    }
    let not_ready = if pod.mood.icon == Icon::NotReady { format!(" — {}", pen.language.say(words::PIC_NOT_READY)) } else { String::new() };
    html! {
        <g class="status">
            { icon(pod.mood.icon, pod.status_x + 6.0, pod.status_y - 4.2) }
            { text(pod.status_x + 17.0, pod.status_y, "t-status", format!("{} {}{not_ready}", pod.status, pod.ready)) }
        </g>
    }
}

/// What kind of Pod it is.
fn note(pen: &Pen, pod: &Pod, detail: Detail) -> Html {
    if detail != Detail::Full || pod.note_y == 0.0 {
        return Html::default();
    }
    let say = |word| pen.language.say(word);
    let left = pod.rect.x + 14.0;
    match pod.kind {
        PodKind::Plain => Html::default(),
        PodKind::Static { mirrored: true } => text(left, pod.note_y, "t-tiny muted", say(words::PIC_NOTE_STATIC)),
        PodKind::Static { mirrored: false } => text(left, pod.note_y, "t-tiny muted", say(words::PIC_NOTE_STATIC_ALONE)),
        PodKind::Ghost => text(left, pod.note_y, "t-tiny muted", say(words::PIC_NOTE_GHOST)),
        PodKind::Draft => html! {
            <g class="status">
                { icon(Icon::Draft, pod.status_x + 6.0, pod.note_y - 4.2) }
                { text(pod.status_x + 17.0, pod.note_y, "t-status", say(words::PIC_NOTE_DRAFT)) }
            </g>
        },
    }
}

fn card(pen: &Pen, card: &Card, detail: Detail) -> Html {
    let r = card.rect;
    let left = r.x + 12.0;
    let class = classes!("card", tone(card.mood.tone));
    if detail == Detail::Compact {
        let inside = html! {
            <>
                { title(format!("{} · {}", card.full_name, pen.say(&card.state))) }
                { rect(r, 8.0, "box") }
                { icon(card.mood.icon, r.x + 13.0, r.y + 12.0) }
                { text(r.x + 25.0, card.lines[0], "t-small", card.name.clone()) }
                if card.restarts > 0 {
                    <text x={n(r.right() - 9.0)} y={n(card.lines[0])} class="t-tiny muted end">{ format!("↻ {}", card.restarts) }</text>
                }
            </>
        };
        return pen.shape(&card.target, class, inside);
    }
    let role = match card.role {
        Role::Main => None,
        Role::Init => Some("init"),
        Role::Sidecar => Some("sidecar"),
        Role::Ephemeral => Some("ephemeral"),
    };
    // What is measured may stand beside the question.
    let question_end = if card.side_x > left + 40.0 { card.side_x - 14.0 } else { r.right() - 12.0 };
    let inside = html! {
        <>
            { title(format!("{} · {}", card.full_name, card.full_image)) }
            { rect(r, 10.0, "box") }
            { text(left, card.lines[0], "t-card", card.name.clone()) }
            if let Some(role) = role {
                <text x={n(r.right() - 12.0)} y={n(card.lines[0])} class="t-tiny muted end">{ role }</text>
            }
            { text(left, card.lines[1], "t-mini mono muted", card.image.clone()) }
            <g class="status">
                { icon(card.mood.icon, left + 5.5, card.lines[2] - 4.0) }
                { text(left + 16.0, card.lines[2], "t-small tone", pen.say(&card.state)) }
            </g>
            if card.restarts > 0 {
                { text(left, card.lines[2] + 16.0, "t-tiny muted", pen.language.fill(words::PIC_RESTARTS, &[&card.restarts.to_string()])) }
            }
            if card.unknown_image {
                { rect(Rect { x: left - 4.0, y: card.question_y - 13.0, w: question_end - left, h: 19.0 }, 9.5, "question") }
                { text(left + 4.0, card.question_y, "t-tiny accent", pen.language.say(words::PIC_UNKNOWN_IMAGE)) }
            }
            { for card.probes.iter().map(|p| probe(p, card.side_x)) }
            { for card.gauges.iter().map(|g| gauge(g, true)) }
            { for card.mounts.iter().map(|m| html! {
                <g class="mount">
                    <path d={format!("M{} {}v7a4 1.6 0 0 0 8 0v-7a4 1.6 0 0 0 -8 0a4 1.6 0 0 0 8 0", n(card.side_x), n(m.y - 7.5))} class="mount-icon"/>
                    { text(card.side_x + 13.0, m.y, "t-mini mono volume", m.path.clone()) }
                    if m.read_only {
                        <text x={n(r.right() - 12.0)} y={n(m.y)} class="t-tiny volume end">{ "ro" }</text>
                    }
                </g>
            }) }
        </>
    };
    pen.shape(&card.target, class, inside)
}

fn probe(probe: &Probe, left: f64) -> Html {
    html! {
        <g class="probe">
            { title(if probe.message.is_empty() { format!("{} {}", probe.kind, probe.full) } else { format!("{} {} · {}", probe.kind, probe.full, probe.message) }) }
            { text(left, probe.y, "t-tiny muted", probe.kind) }
            { for probe.ticks.iter().enumerate().map(|(index, tick)| {
                let newest = index + 1 == probe.ticks.len();
                let class = classes!("tick", if tick.ok { "is-ok" } else { "is-failed" }, (!tick.counted).then_some("is-hollow"));
                html! {
                    // The key is the attempt's time: a new attempt is a new element, and its pulse starts anew.
                    <g key={tick.at} {class} transform={format!("translate({} {})", n(tick.x), n(probe.y - 4.0))}>
                        if newest {
                            <circle r="4.5" class="pulse"/>
                        }
                        if tick.ok || !tick.counted {
                            <circle r="4" class="dot"/>
                        } else {
                            <><circle r="4.4" class="dot"/><path d="M-1.7 -1.7L1.7 1.7M1.7 -1.7L-1.7 1.7" class="cut"/></>
                        }
                    </g>
                }
            }) }
            if !probe.streak.is_empty() {
                { text(left + 70.0 + probe.ticks.len() as f64 * 13.0, probe.y, "t-tiny bad", probe.streak.clone()) }
            }
            { text(left, probe.y + 14.0, "t-mini mono muted", probe.asks.clone()) }
        </g>
    }
}

fn rail(pen: &Pen, pod: &Pod, rail: &Rail) -> Html {
    let inside = html! {
        <>
            { rect(Rect { x: rail.from.x, y: rail.from.y - 8.0, w: rail.to.x - rail.from.x, h: 16.0 }, 8.0, "hit") }
            if let Some(above) = rail.joins_at {
                { line(above, rail.from, "rail") }
            }
            { line(rail.from, rail.to, "rail") }
            if let Some(label) = rail.label {
                <text x={n(label.at.x)} y={n(label.at.y)} class={if label.ends { "t-tiny end net" } else { "t-tiny net" }}>
                    { "lo · 127.0.0.1" }
                    if label.long {
                        { " — " }{ pen.language.say(words::PIC_ONE_NETWORK) }
                    }
                </text>
            }
        </>
    };
    html! {
        <>
            if matches!(pod.kind, PodKind::Draft) {
                <g class="wire">{ inside }</g>
            } else {
                { pen.shape(&rail.target, "wire", inside) }
            }
            { for rail.plugs.iter().map(|p| plug(pen, p)) }
            { for rail.beyond.iter().map(|b| {
                let ports: Vec<String> = b.plugs.iter().map(|p| format!(":{}", p.port)).collect();
                html! {
                    <g class="plug beyond">
                        { title(ports.join(" ")) }
                        { text(b.at.x, b.at.y, "t-mini mono port", format!("+{}", b.plugs.len())) }
                    </g>
                }
            }) }
        </>
    }
}

fn plug(pen: &Pen, plug: &Plug) -> Html {
    let class =
        classes!("plug", plug.conflict.then_some("is-conflict"), plug.declared.then_some("is-declared"), plug.local_only.then_some("is-local"));
    let meaning = match plug {
        Plug { conflict: true, .. } => words::PIC_PORT_CONFLICT,
        Plug { local_only: true, .. } => words::PIC_PORT_LOCAL,
        _ => words::PIC_PORT,
    };
    let words_of = pen.language.fill(meaning, &[&plug.container, &plug.port.to_string()]);
    html! {
        <g {class}>
            { title(words_of) }
            { line(plug.from, plug.to, "stem") }
            if plug.conflict {
                <circle cx={n(plug.to.x)} cy={n(plug.to.y)} r="6.5" class="knob"/>
                <path d={format!("M{} {}l4.4 4.4m0 -4.4l-4.4 4.4", n(plug.to.x - 2.2), n(plug.to.y - 2.2))} class="cut"/>
            } else {
                <circle cx={n(plug.to.x)} cy={n(plug.to.y)} r="5" class="knob"/>
            }
            { text(plug.to.x + 9.0, plug.to.y - 8.0, "t-mini mono port", format!("{}:{}", if plug.local_only { "lo" } else { "" }, plug.port)) }
        </g>
    }
}

fn volume(pen: &Pen, volume: &Volume) -> Html {
    let r = volume.rect;
    let (half, lid) = (r.w / 2.0, 6.0);
    let center = r.center().x;
    let inside = html! {
        <>
            { title(format!("{} · {}", volume.full_name, volume.kind)) }
            <path d={format!("M{} {}v{high}a{} {} 0 0 0 {} 0v-{high}", n(r.x), n(r.y + lid), n(half), n(lid), n(r.w), high = n(r.h - 2.0 * lid))} class="cylinder"/>
            <ellipse cx={n(center)} cy={n(r.y + lid)} rx={n(half)} ry={n(lid)} class="cylinder"/>
            <text x={n(center)} y={n(r.y + 24.0)} class="t-tiny mid volume">{ volume.kind.clone() }</text>
            <text x={n(center)} y={n(r.y + 37.0)} class="t-mini mid muted">{ volume.name.clone() }</text>
        </>
    };
    pen.shape(&volume.target, "volume-shape", inside)
}

/// Dashed, from the card's foot to the volume's lid; drawn before both.
fn mount_line(mount: &MountLine) -> Html {
    let d = match mount.points.as_slice() {
        [from, to] => {
            let bend = (to.y - from.y) * 0.55;
            format!("M{} {}C{} {} {} {} {} {}", n(from.x), n(from.y), n(from.x), n(from.y + bend), n(to.x), n(to.y - bend), n(to.x), n(to.y))
        }
        points => super::pen::round_path(points, 8.0),
    };
    html! { <path {d} class="mount-line"/> }
}
