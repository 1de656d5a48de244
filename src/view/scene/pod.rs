//! The inside of a capsule: heading, cards in a grid, localhost beneath each row of cards, volumes at the foot.

use super::layout::{has_note, stack_gauges};
use super::{Beyond, Card, Detail, Icon, MountLine, Plug, Pod, PodKind, Point, Rail, RailLabel, Rect, Volume, measure};
use crate::api::float::within;

const PADDING: f64 = 14.0;
const CARD_GAP: f64 = 12.0;
const CARD_PADDING: f64 = 12.0;
const LEAST_CARD: f64 = 152.0;
const MOST_CARD: f64 = 230.0;
const PLUG_STEP: f64 = 56.0;
/// A card that is wider shows probes, bars and mounts beside its state, not beneath.
const SIDE_BY_SIDE: f64 = 310.0;

/// How wide a small capsule must be for everything but its name.
pub fn least_width(pod: &Pod, detail: Detail) -> f64 {
    if detail == Detail::Tiny { 120.0 } else { within(status_width(pod) + 2.0 * PADDING, 172.0, 230.0) }
}

/// How wide a capsule would like to be, at most `room`.
pub fn natural_width(pod: &Pod, detail: Detail, room: f64) -> f64 {
    let name = measure::sans(&pod.full_name, 14.5) + 8.0;
    match detail {
        Detail::Tiny => within(name + 56.0, 120.0, 190.0).min(room),
        Detail::Compact => within(name.max(status_width(pod)) + 2.0 * PADDING, 172.0, 230.0).min(room),
        Detail::Full => {
            let heading =
                (name + if pod.ip.is_empty() { 0.0 } else { measure::mono(&pod.ip, 12.0) + 14.0 }).max(status_width(pod)).max(match pod.kind {
                    PodKind::Plain => 0.0,
                    PodKind::Static { .. } | PodKind::Draft | PodKind::Ghost => 184.0,
                });
            let columns = columns(pod, room - 2.0 * PADDING) as f64;
            let card = pod.cards.iter().map(natural_card).fold(LEAST_CARD, f64::max);
            let cards = columns * card + (columns - 1.0) * CARD_GAP;
            (heading.max(cards) + 2.0 * PADDING).min(room)
        }
    }
}

fn natural_card(card: &Card) -> f64 {
    let name = measure::sans(&card.full_name, 13.5) + if card.role == super::Role::Main { 0.0 } else { 60.0 };
    let image = measure::mono(&card.full_image, 11.0);
    let ports_and_probes = if card.probes.is_empty() { 0.0 } else { 178.0 };
    within(name.max(image).max(ports_and_probes) + 2.0 * CARD_PADDING, LEAST_CARD, MOST_CARD)
}

fn columns(pod: &Pod, room: f64) -> usize {
    let card = pod.cards.iter().map(natural_card).fold(LEAST_CARD, f64::max);
    let fitting = |width: f64| ((room + CARD_GAP) / (width + CARD_GAP)).floor().max(1.0) as usize;
    // Cut images rather than leave a card alone in its row.
    let comfortable = fitting(card);
    let columns = if comfortable >= pod.cards.len() { comfortable } else { fitting(LEAST_CARD + 4.0) };
    columns.min(pod.cards.len()).clamp(1, 4)
}

fn status_width(pod: &Pod) -> f64 {
    // A draft has its note there, which in English is the longer.
    if pod.kind == PodKind::Draft {
        return measure::sans("draft · not applied", 12.5) + 22.0;
    }
    let not_ready = if pod.mood.icon == Icon::NotReady { 92.0 } else { 0.0 };
    measure::sans(&format!("{} {}", pod.status, pod.ready), 12.5) + 22.0 + not_ready
}

/// Places everything inside; gives the height that the content needs.
pub fn lay_out(pod: &mut Pod, at: Rect, detail: Detail) -> f64 {
    pod.rect = at;
    pod.plug = (!pod.ip.is_empty() && !pod.host_network).then(|| Point { x: at.x + (at.w * 0.5).min(60.0), y: at.y });
    let mut y = heading(pod, at, detail);
    match detail {
        Detail::Tiny => {
            hide_inside(pod);
            pod.tags.clear();
            y += 6.0;
        }
        Detail::Compact => {
            y += 8.0;
            for card in &mut pod.cards {
                card.rect = Rect { x: at.x + 10.0, y, w: at.w - 20.0, h: 24.0 };
                card.name = measure::fit(&card.full_name, card.rect.w - 58.0, |t| measure::sans(t, 12.5));
                (card.lines, card.image) = ([y + 16.0; 3], String::new());
                (card.gauges, card.probes, card.mounts) = (Vec::new(), Vec::new(), Vec::new());
                y += 28.0;
            }
            let cards = std::mem::take(&mut pod.cards);
            hide_inside(pod);
            pod.cards = cards;
            y += 4.0;
        }
        Detail::Full => y = inside(pod, at, y + 9.0),
    }
    for tag in &mut pod.tags {
        tag.y = y + 12.0;
        y += 19.0;
    }
    if !pod.tags.is_empty() {
        y += 7.0;
    }
    y - at.y
}

fn hide_inside(pod: &mut Pod) {
    pod.cards.clear();
    pod.rails.clear();
    pod.volumes.clear();
    pod.mounts.clear();
}

/// A row of capsules has one height; what hangs on the bottom goes along.
pub fn set_height(pod: &mut Pod, height: f64) {
    pod.rect.h = height;
}

fn heading(pod: &mut Pod, at: Rect, detail: Detail) -> f64 {
    let inner = at.w - 2.0 * PADDING;
    if detail == Detail::Tiny {
        pod.ip.clear();
        pod.notice.clear();
        pod.name = measure::fit_middle(&pod.full_name, at.w - 44.0, |t| measure::sans(t, 12.5));
        pod.baseline = at.y + 20.0;
        (pod.status_x, pod.status_y) = (at.x + 14.0, pod.baseline);
        return at.y + 24.0;
    }
    if detail == Detail::Compact {
        pod.notice.clear();
    }
    let ip = if pod.ip.is_empty() || detail == Detail::Compact { 0.0 } else { measure::mono(&pod.ip, 12.0) + 12.0 };
    let name_room = inner - ip;
    // Half bold at 14 px: as wide as plain text of this size.
    let wide = |t: &str| measure::sans(t, 15.6);
    let name_width = wide(&pod.full_name);
    pod.name = measure::fit_middle(&pod.full_name, name_room, wide);
    pod.baseline = at.y + 25.0;
    let mut y = pod.baseline;
    if name_width + 12.0 + status_width(pod) <= name_room {
        (pod.status_x, pod.status_y) = (at.x + PADDING + name_width + 12.0, y);
    } else {
        y += 19.0;
        (pod.status_x, pod.status_y) = (at.x + PADDING, y);
    }
    if has_note(pod.kind) && detail == Detail::Full {
        // A draft has no status: what it is stands in its place.
        if pod.kind != PodKind::Draft {
            y += 17.0;
        }
        pod.note_y = y;
    }
    let lines: Vec<String> = pod.notice.iter().flat_map(|n| measure::wrap(n, inner, 4, |t| measure::sans(t, 11.0))).collect();
    pod.notice = lines;
    if !pod.notice.is_empty() {
        pod.notice_y = y + 18.0;
        y += 4.0 + 15.0 * pod.notice.len() as f64;
    }
    y
}

fn inside(pod: &mut Pod, at: Rect, top: f64) -> f64 {
    let inner = at.w - 2.0 * PADDING;
    let columns = columns(pod, inner);
    let width = (inner - CARD_GAP * (columns as f64 - 1.0)) / columns as f64;
    let template = pod.rails.pop();
    let plugs = template.as_ref().map(|r| r.plugs.clone()).unwrap_or_default();
    let mut rails: Vec<Rail> = Vec::new();
    let rows = pod.cards.len().div_ceil(columns);
    let mut y = top;
    for (row, cards) in pod.cards.chunks_mut(columns).enumerate() {
        let mut height: f64 = 0.0;
        for (column, card) in cards.iter_mut().enumerate() {
            let x = at.x + PADDING + column as f64 * (width + CARD_GAP);
            height = height.max(lay_out_card(card, Rect { x, y, w: width, h: 0.0 }));
        }
        for card in cards.iter_mut() {
            card.rect.h = height;
        }
        y += height;
        let Some(template) = &template else {
            y += if row + 1 < rows { CARD_GAP } else { 0.0 };
            continue;
        };
        let mut rail = Rail { plugs: Vec::new(), beyond: Vec::new(), ..template.clone() };
        let wire = y + 25.0;
        rail.from = Point { x: at.x + PADDING + 2.0, y: wire };
        rail.to = Point { x: at.right() - PADDING - 2.0, y: wire };
        for card in cards.iter() {
            let own: Vec<_> = plugs.iter().filter(|p| p.container == card.full_name).collect();
            let fitting = ((card.rect.w - 8.0) / PLUG_STEP).floor().max(1.0) as usize;
            // The last place tells how many more there are.
            let shown = if own.len() > fitting { fitting.max(2) - 1 } else { own.len() };
            let (own, rest) = own.split_at(shown);
            let x_of = |index: usize| card.rect.x + 18.0 + index as f64 * PLUG_STEP;
            for (index, plug) in own.iter().enumerate() {
                let x = x_of(index);
                rail.plugs.push(Plug { from: Point { x, y }, to: Point { x, y: wire }, ..(*plug).clone() });
            }
            if !rest.is_empty() {
                let at = Point { x: x_of(shown), y: wire - 8.0 };
                rail.beyond.push(Beyond { plugs: rest.iter().map(|p| (*p).clone()).collect(), at });
            }
        }
        rail.joins_at = rails.last().map(|above| above.from);
        let last = row + 1 == rows;
        if last {
            let label = rail_label(&rail, !pod.volumes.is_empty());
            y = if label.at.y > wire { wire + 20.0 } else { wire + 6.0 };
            rail.label = Some(label);
        } else {
            y = wire + 14.0;
        }
        rails.push(rail);
    }
    pod.rails = rails;
    if !pod.volumes.is_empty() {
        y = volumes(pod, at, y);
    }
    y + 11.0
}

/// The room that the name of the wire takes, without and with what it means.
const LABEL: f64 = 92.0;
const LONG_LABEL: f64 = 292.0;

/// The wire's name stands above its end where plugs leave room, else beneath its start; always beneath, and short, where mounts cross.
fn rail_label(rail: &Rail, crossed: bool) -> RailLabel {
    let ends = rail.plugs.iter().map(|p| p.to.x + PLUG_STEP - 4.0).chain(rail.beyond.iter().map(|b| b.at.x + PLUG_STEP / 2.0));
    let taken = ends.fold(rail.from.x, f64::max);
    let above = rail.to.x - taken;
    if !crossed && above >= LABEL {
        return RailLabel { at: Point { x: rail.to.x, y: rail.to.y - 8.0 }, ends: true, long: above >= LONG_LABEL };
    }
    let long = !crossed && rail.to.x - rail.from.x >= LONG_LABEL;
    RailLabel { at: Point { x: rail.from.x, y: rail.from.y + 16.0 }, ends: false, long }
}

fn lay_out_card(card: &mut Card, at: Rect) -> f64 {
    card.rect = at;
    let inner = at.w - 2.0 * CARD_PADDING;
    let name_room = inner - if card.role == super::Role::Main { 0.0 } else { 58.0 };
    card.name = measure::fit(&card.full_name, name_room, |t| measure::sans(t, 13.5));
    // The registry's host says least.
    let image = card
        .full_image
        .strip_prefix("docker.io/library/")
        .or_else(|| card.full_image.strip_prefix("docker.io/"))
        .unwrap_or(&card.full_image)
        .to_owned();
    card.lines = [at.y + 20.0, at.y + 36.0, at.y + 53.0];
    let mut left = at.y + 59.0;
    if card.restarts > 0 {
        left += 15.0;
    }
    if card.unknown_image {
        card.question_y = left + 16.0;
        left += 24.0;
    }
    let more = !card.probes.is_empty() || !card.gauges.is_empty() || !card.mounts.is_empty();
    let beside = more && inner >= SIDE_BY_SIDE;
    card.side_x = at.x + CARD_PADDING + if beside { inner * 0.48 } else { 0.0 };
    let room = at.right() - CARD_PADDING - card.side_x;
    let image_room = if beside { inner * 0.48 - 14.0 } else { inner };
    card.image = measure::fit_end(&image, image_room, |t| measure::mono(t, 11.0));
    let mut y = if beside { at.y + 5.0 } else { left };
    for probe in &mut card.probes {
        probe.y = y + 14.0;
        probe.asks = measure::fit(&probe.full, room, |t| measure::mono(t, 10.5));
        for (index, tick) in probe.ticks.iter_mut().enumerate() {
            tick.x = card.side_x + 68.0 + index as f64 * 13.0;
        }
        y += 33.0;
    }
    y = stack_gauges(&mut card.gauges, card.side_x, y, room);
    for mount in &mut card.mounts {
        mount.y = y + 13.0;
        let room = room - 18.0 - if mount.read_only { 20.0 } else { 0.0 };
        mount.path = measure::fit(&mount.full_path, room, |t| measure::mono(t, 10.5));
        y += 17.0;
    }
    y.max(left) + 6.0 - at.y
}

/// Cylinders in rows at the foot, centred, and the lines from the cards to them.
fn volumes(pod: &mut Pod, at: Rect, top: f64) -> f64 {
    let inner = at.w - 2.0 * PADDING;
    let width = |v: &Volume| within(measure::sans(&v.full_name, 10.5).max(measure::sans(&v.kind, 10.5)) + 26.0, 84.0, 140.0).min(inner);
    let mut y = top + 14.0;
    let mut rest = &mut pod.volumes[..];
    while !rest.is_empty() {
        let mut used = 0.0;
        let mut count = 0;
        for volume in rest.iter() {
            let wanted = width(volume) + if count == 0 { 0.0 } else { 16.0 };
            if count > 0 && used + wanted > inner {
                break;
            }
            used += wanted;
            count += 1;
        }
        let (row, after) = rest.split_at_mut(count);
        let mut x = at.x + PADDING + (inner - used) / 2.0;
        for volume in row {
            let w = width(volume);
            volume.rect = Rect { x, y, w, h: 46.0 };
            volume.name = measure::fit(&volume.full_name, w - 14.0, |t| measure::sans(t, 10.5));
            x += w + 16.0;
        }
        y += 54.0;
        rest = after;
    }
    let last_row = pod.cards.last().map_or(0.0, |c| c.rect.y);
    let mut lines = Vec::new();
    for card in &pod.cards {
        for (index, mount) in card.mounts.iter().enumerate() {
            let Some(volume) = pod.volumes.iter().find(|v| v.full_name == mount.volume) else { continue };
            let start = Point { x: card.rect.right() - 16.0 - (index as f64 * 12.0).min(card.rect.w / 2.0), y: card.rect.bottom() };
            let end = Point { x: volume.rect.x + volume.rect.w / 2.0, y: volume.rect.y + 4.0 };
            let mut points = vec![start];
            if card.rect.y < last_row {
                // Past the cards below, in the gap beside them.
                let gutter = card.rect.right() + CARD_GAP / 2.0;
                points.push(Point { x: gutter, y: start.y + 10.0 });
                points.push(Point { x: gutter, y: volume.rect.y - 20.0 });
            }
            points.push(end);
            lines.push(MountLine { container: card.full_name.clone(), volume: mount.volume.clone(), points });
        }
    }
    pod.mounts = lines;
    y - 6.0
}
