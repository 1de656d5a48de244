//! Where everything stands: sizes from content, rows that wrap, nothing that overlaps.
//!
//! From the top: the control plane, Pods without a node, the nodes in a grid, the backbone with its Services. A node's share of the
//! Pod network (its riser) runs down the gap at its right, where nothing else is drawn.

use super::{Detail, Folder, Gauge, Node, Pod, PodKind, Point, Rect, Scene, measure, pod};
use crate::api::float::within;

/// Below this width nodes stand under each other.
const NARROW: f64 = 700.0;
const MARGIN: f64 = 14.0;
/// Between nodes; the risers run here.
const GAP: f64 = 24.0;
/// Between capsules of a row.
const BETWEEN: f64 = 12.0;
const NODE_PADDING: f64 = 12.0;
const LEAST_NODE: f64 = 300.0;
/// A Pod that stands by itself needs no more.
const MOST_UNPLACED: f64 = 540.0;
const MOST_WIDTH: f64 = 2400.0;
/// How much of its natural width a small capsule gets at least where that makes room for one more column.
const LEAST_SHARE: f64 = 0.8;
/// A component of the control plane, and the way between two of them.
const MOST_COMPONENT: f64 = 170.0;
const MOST_BETWEEN: f64 = 110.0;
/// From here on the strip's four components stand side by side.
const LEAST_ONE_ROW: f64 = 500.0;

pub fn lay_out(scene: &mut Scene, width_px: f64) {
    // A pane may have no size yet, or a wrong one.
    let width = if width_px.is_finite() { within(width_px, 320.0, MOST_WIDTH) } else { 900.0 };
    scene.width = width;
    scene.narrow = width < NARROW;
    let most = scene.nodes.iter().map(|n| n.pods.len()).chain([scene.unplaced.len()]).max().unwrap_or(0);
    scene.detail = match most {
        0..=6 => Detail::Full,
        7..=24 => Detail::Compact,
        _ => Detail::Tiny,
    };
    let mut y = strip(scene, 8.0) + 12.0;
    y = lobby(scene, y);
    y = nodes(scene, y);
    y = backbone(scene, y);
    scene.height = y + 10.0;
}

fn strip(scene: &mut Scene, top: f64) -> f64 {
    let width = scene.width - 2.0 * MARGIN;
    let strip = &mut scene.strip;
    let columns = if scene.width < LEAST_ONE_ROW { 2.0 } else { 4.0 };
    let (left, mut y) = if scene.narrow { (MARGIN + 12.0, top + 26.0) } else { (MARGIN + 124.0, top + 22.0) };
    strip.label = Point { x: MARGIN + 14.0, y: if scene.narrow { top + 18.0 } else { top + 41.0 } };
    let least = if scene.narrow { 12.0 } else { 34.0 };
    let room = MARGIN + width - 14.0 - left;
    let box_width = ((room - (columns - 1.0) * least) / columns).min(MOST_COMPONENT);
    // Where there is room, what they hand over has a longer way, whose words are not cut.
    let between = ((room - columns * box_width) / (columns - 1.0)).min(MOST_BETWEEN).max(least);
    let mut x = left;
    let mut in_row = 0.0;
    for component in &mut strip.components {
        if in_row == columns {
            (x, y, in_row) = (left, y + 48.0, 0.0);
        }
        component.rect = Rect { x, y, w: box_width, h: 29.0 };
        x += box_width + between;
        in_row += 1.0;
    }
    y += 29.0;
    if !strip.mirrors.is_empty() {
        y += 8.0;
        // Beneath the API server its arrows have a lane of their own.
        let start = if scene.narrow { left } else { left + 24.0 };
        let mut x = start;
        for mirror in &mut strip.mirrors {
            // Its icon and the word `mirror`, which the door says in its language.
            let w = (measure::sans(&mirror.name, 11.0) + 64.0).min(room);
            mirror.name = measure::fit_middle(&mirror.name, w - 60.0, |t| measure::sans(t, 11.0));
            if x > start && x + w > left + room {
                (x, y) = (start, y + 26.0);
            }
            mirror.rect = Rect { x, y, w, h: 20.0 };
            x += w + 8.0;
        }
        y += 20.0;
    }
    strip.rect = Rect { x: MARGIN, y: top, w: width, h: y + 9.0 - top };
    strip.rect.bottom()
}

fn lobby(scene: &mut Scene, top: f64) -> f64 {
    scene.lobby = None;
    if scene.unplaced.is_empty() {
        return top;
    }
    let inner = Rect { x: MARGIN + NODE_PADDING, y: top + 30.0, w: scene.width - 2.0 * (MARGIN + NODE_PADDING), h: 0.0 };
    let mut pods: Vec<Item> = scene.unplaced.iter_mut().map(Item::Pod).collect();
    let (bottom, _) = shelves(&mut pods, inner, scene.detail, MOST_UNPLACED);
    let rect = Rect { x: MARGIN, y: top, w: scene.width - 2.0 * MARGIN, h: bottom + NODE_PADDING - top };
    scene.lobby = Some(rect);
    rect.bottom() + 14.0
}

fn nodes(scene: &mut Scene, top: f64) -> f64 {
    let count = scene.nodes.len().max(1);
    let room = scene.width - 2.0 * MARGIN;
    let fitting = ((room + GAP) / (LEAST_NODE + GAP)).floor().max(1.0) as usize;
    // Rows of about equal length: 4 nodes in 2 × 2 rather than 3 + 1.
    let columns = if scene.narrow { 1 } else { count.div_ceil(count.div_ceil(fitting)) };
    let width = (room - GAP * columns as f64) / columns as f64;
    let mut y = top;
    let detail = scene.detail;
    for row in scene.nodes.chunks_mut(columns) {
        let mut bottom: f64 = y;
        for (column, node) in row.iter_mut().enumerate() {
            let x = MARGIN + column as f64 * (width + GAP);
            bottom = bottom.max(lay_out_node(node, Rect { x, y, w: width, h: 0.0 }, detail));
        }
        for node in row {
            node.rect.h = bottom - y;
            if node.folder.files.is_empty() {
                node.folder.rect.y = bottom - NODE_PADDING - node.folder.rect.h;
            }
        }
        y = bottom + 14.0;
    }
    y
}

/// Gives the node's bottom.
fn lay_out_node(node: &mut Node, frame: Rect, detail: Detail) -> f64 {
    node.rect = frame;
    let (left, right) = (frame.x + NODE_PADDING, frame.right() - NODE_PADDING);
    // Stopped, it says so.
    let chip = if node.kubelet.stopped { 122.0 } else { 84.0 };
    node.kubelet.rect = Rect { x: right - chip, y: frame.y + 9.0, w: chip, h: 23.0 };
    let gauges = node.gauges.len().max(1) as f64;
    let bar = (right - left - (gauges - 1.0) * 18.0) / gauges;
    for (index, gauge) in node.gauges.iter_mut().enumerate() {
        gauge.rect = Rect { x: left + index as f64 * (bar + 18.0), y: frame.y + 52.0, w: bar, h: 5.0 };
    }
    let inner = Rect { x: left, y: frame.y + 67.0, w: right - left, h: 0.0 };
    let has_files = !node.folder.files.is_empty();
    let mut items: Vec<Item> = node.pods.iter_mut().map(Item::Pod).collect();
    if has_files {
        items.push(Item::Folder(&mut node.folder));
    }
    let empty = items.is_empty();
    let (mut bottom, lanes) = shelves(&mut items, inner, detail, f64::INFINITY);
    let riser_x = frame.right() + GAP / 2.0;
    node.lanes = lanes.iter().map(|(x, y)| (Point { x: *x, y: *y }, Point { x: riser_x, y: *y })).collect();
    node.riser = lanes.first().map(|(_, y)| (Point { x: riser_x, y: *y }, Point { x: riser_x, y: *y }));
    if empty {
        // Room for the sentence that nothing runs here.
        bottom = inner.y + 56.0;
    }
    if !has_files {
        node.folder.rect = Rect { x: left, y: bottom + 10.0, w: right - left, h: 26.0 };
        bottom = node.folder.rect.bottom();
    }
    bottom + NODE_PADDING
}

/// What stands in a row of a node.
enum Item<'a> {
    Pod(&'a mut Pod),
    Folder(&'a mut Folder),
}

impl Item<'_> {
    fn natural_width(&self, detail: Detail, room: f64) -> f64 {
        match self {
            Self::Pod(pod) => pod::natural_width(pod, detail, room),
            Self::Folder(_) => 196.0,
        }
    }

    fn least_width(&self, detail: Detail) -> f64 {
        match self {
            Self::Pod(pod) => pod::least_width(pod, detail),
            Self::Folder(_) => 0.0,
        }
    }

    fn lay_out(&mut self, at: Rect, detail: Detail) -> f64 {
        match self {
            Self::Pod(pod) => pod::lay_out(pod, at, detail),
            Self::Folder(folder) => lay_out_folder(folder, at),
        }
    }

    fn set_height(&mut self, height: f64) {
        match self {
            Self::Pod(pod) => pod::set_height(pod, height),
            Self::Folder(folder) => folder.rect.h = height,
        }
    }

    fn plug(&mut self) -> Option<&mut Point> {
        match self {
            Self::Pod(pod) => pod.plug.as_mut(),
            Self::Folder(_) => None,
        }
    }
}

/// Fills rows from the left and stretches each to the full width (an item at most to `most`); what is small stands in equal columns. Gives the
/// bottom, and for each row with plugs the wire beneath it: where its first plug is, and its height.
fn shelves(items: &mut [Item], inner: Rect, detail: Detail, most: f64) -> (f64, Vec<(f64, f64)>) {
    let mut lanes = Vec::new();
    let mut y = inner.y;
    let mut start = 0;
    // Many small capsules stand in columns, so that the eye finds its way down.
    let column = (detail != Detail::Full && !items.is_empty()).then(|| {
        let widest = |width: &dyn Fn(&Item) -> f64| items.iter().map(width).fold(0.0, f64::max);
        // Cut names a little, but no status, rather than waste half a row.
        let least = (widest(&|item| item.natural_width(detail, inner.w)) * LEAST_SHARE).max(widest(&|item| item.least_width(detail)));
        let columns = ((inner.w + BETWEEN) / (least + BETWEEN)).floor().max(1.0).min(items.len() as f64);
        ((inner.w - (columns - 1.0) * BETWEEN) / columns).min(most)
    });
    while start < items.len() {
        let mut widths = Vec::new();
        let mut used = 0.0;
        for item in &items[start..] {
            let natural = column.unwrap_or_else(|| item.natural_width(detail, inner.w)).min(inner.w);
            let wanted = natural + if widths.is_empty() { 0.0 } else { BETWEEN };
            // Sums of widths are never quite what they were divided from.
            if !widths.is_empty() && used + wanted > inner.w + 0.01 {
                break;
            }
            used += wanted;
            widths.push(natural);
        }
        let spare = if column.is_some() { 0.0 } else { ((inner.w - used) / widths.len() as f64).max(0.0) };
        let row = &mut items[start..start + widths.len()];
        let mut x = inner.x;
        let mut height: f64 = 0.0;
        for (item, natural) in row.iter_mut().zip(&widths) {
            let w = (natural + spare).min(most.max(*natural));
            height = height.max(item.lay_out(Rect { x, y, w, h: 0.0 }, detail));
            x += w + BETWEEN;
        }
        let lane = y + height + 13.0;
        let mut first: Option<f64> = None;
        for item in row.iter_mut() {
            item.set_height(height);
            if let Some(plug) = item.plug() {
                plug.y = lane;
                first.get_or_insert(plug.x);
            }
        }
        y += height;
        if let Some(first) = first {
            lanes.push((first, lane));
            y += 26.0;
        } else {
            y += BETWEEN;
        }
        start += widths.len();
    }
    (if items.is_empty() { y } else { y - BETWEEN }, lanes)
}

fn lay_out_folder(folder: &mut Folder, at: Rect) -> f64 {
    for (index, file) in folder.files.iter_mut().enumerate() {
        file.rect = Rect { x: at.x + 12.0, y: at.y + 32.0 + index as f64 * 26.0, w: at.w - 24.0, h: 22.0 };
        file.name = measure::fit(&file.name, file.rect.w - 28.0, |t| measure::mono(t, 11.5));
    }
    folder.rect = Rect { h: 32.0 + folder.files.len() as f64 * 26.0 + 28.0, ..at };
    folder.rect.h
}

fn backbone(scene: &mut Scene, top: f64) -> f64 {
    let y = top + 12.0;
    let (left, right) = (MARGIN + 4.0, scene.width - MARGIN - 4.0);
    scene.backbone.from = Point { x: left, y };
    scene.backbone.to = Point { x: right, y };
    for node in &mut scene.nodes {
        if let Some((_, end)) = &mut node.riser {
            end.y = y;
        }
    }
    let mut bottom = y + 12.0;
    let mut x = left + 24.0;
    let mut row = 0.0;
    for service in &mut scene.services {
        service.name = measure::fit(&service.full_name, 150.0, |t| measure::sans(t, 12.5));
        let w = measure::sans(&service.name, 12.5).max(measure::mono(&service.address, 10.5)) + 46.0;
        if x > left + 24.0 && x + w > right {
            (x, row) = (left + 24.0, row + 1.0);
        }
        service.rect = Rect { x, y: y + 16.0 + row * 54.0, w, h: 42.0 };
        service.gate = Point { x: x + w / 2.0, y };
        x += w + 18.0;
        bottom = service.rect.bottom() + 4.0;
    }
    scene.backbone.label = Point { x: scene.width / 2.0, y: bottom + 14.0 };
    scene.backbone.rect = Rect { x: left, y: y - 8.0, w: right - left, h: 16.0 };
    bottom + if scene.narrow { 36.0 } else { 20.0 }
}

/// Stacks bars under each other, each with a line of words above it; gives the bottom.
pub fn stack_gauges(gauges: &mut [Gauge], x: f64, top: f64, w: f64) -> f64 {
    let mut y = top;
    for gauge in gauges {
        gauge.rect = Rect { x, y: y + 15.0, w, h: 4.0 };
        y += 23.0;
    }
    y
}

/// Whether a Pod has a line that says what kind of Pod it is.
pub fn has_note(kind: PodKind) -> bool {
    match kind {
        PodKind::Plain => false,
        PodKind::Static { .. } | PodKind::Draft | PodKind::Ghost => true,
    }
}
