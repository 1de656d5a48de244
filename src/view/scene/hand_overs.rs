//! Hand-overs of the control plane: an arrow from the one who writes to the API server, for a moment.

use super::{HandOver, PodKind, Point, Rect, Scene, measure};
use crate::api::SimTime;
use crate::view::Target;
use crate::view::history::{self, HandOverKind, History};
use crate::view::saying::Saying;

const MOST_HAND_OVERS: usize = 3;
/// The room that the word before or after a name takes, in either language, with some air.
const VERB: f64 = 52.0;
/// A name is cut to this at most.
const LEAST_NAME: f64 = 36.0;

pub fn recent(scene: &Scene, history: &History, since: SimTime, now: SimTime) -> Vec<HandOver> {
    let component = |name: &str| scene.strip.components.iter().find(|c| c.name == name).map(|c| c.rect);
    let Some(api) = component("kube-apiserver") else { return Vec::new() };
    // The words of a hand-over within the strip stand above a box of it, and leave its neighbours' room to them.
    let pitch = if let [first, second, ..] = &scene.strip.components[..] { second.rect.x - first.rect.x } else { scene.width };
    let room = pitch - VERB;
    let cut = |name: &str, room: f64| measure::fit_middle(name, room.max(LEAST_NAME), |t| measure::sans(t, 11.0));
    let mut arrows: Vec<HandOver> = Vec::new();
    let recent = history::between(&history.hand_overs, since, now, |h| h.at);
    for hand_over in recent.iter().rev() {
        let (from, to, saying, full) = match &hand_over.kind {
            HandOverKind::Bound { pod, node } => {
                let name = cut(short(pod), room - measure::sans(" → ", 11.0) - measure::sans(node, 11.0));
                (
                    component("scheduler"),
                    Some(api),
                    Saying::with("pic-hand-over-bind", &[&name, node]),
                    Saying::with("pic-hand-over-bind", &[short(pod), node]),
                )
            }
            HandOverKind::Stored { verb, object, component: by } => {
                let code = match *verb {
                    "created" => "pic-hand-over-create",
                    "deleted" => "pic-hand-over-delete",
                    _ => "pic-hand-over-update",
                };
                let from_node = by.contains("kubelet");
                let name = if from_node { short(object).to_owned() } else { cut(short(object), room) };
                let (saying, full) = (Saying::with(code, &[&name]), Saying::with(code, &[short(object)]));
                if from_node {
                    (kubelet_of(scene, object), Some(api), saying, full)
                } else if by.contains("scheduler") {
                    (component("scheduler"), Some(api), saying, full)
                } else if by.contains("controller") {
                    (component("controllers"), Some(api), saying, full)
                } else {
                    // A person's write: from the API server into etcd.
                    (Some(api), component("etcd"), saying, full)
                }
            }
        };
        let (Some(from), Some(to)) = (from, to) else { continue };
        let arrow = HandOver { full, ..arrow(scene, from, to, hand_over.id, saying) };
        // One arrow for each way: the newest.
        if !arrows.iter().any(|a| a.points == arrow.points) {
            arrows.push(arrow);
        }
        if arrows.len() == MOST_HAND_OVERS {
            break;
        }
    }
    arrows
}

/// Where an arrow leaves one shape and meets the other: an arc above boxes that stand side by side, a straight line across the free room between
/// strip and nodes, and along the margins where nodes stand below each other.
fn arrow(scene: &Scene, from: Rect, to: Rect, id: usize, saying: Saying) -> HandOver {
    let (a, b) = (from.center(), to.center());
    let with = |points: Vec<Point>, bend: f64, label: Point, label_ends: bool| HandOver {
        id,
        points,
        bend,
        label,
        label_ends,
        full: Saying::default(),
        saying,
    };
    // The API server has the first box of the strip, and the strip's name above or beside it: words stand over the other box.
    let other = if a.x > b.x || a.y > b.y { from } else { to };
    if (a.y - b.y).abs() < 1.0 {
        // At the API server both directions keep right, clear of the strip's name, and apart from each other.
        let (start, end) = if a.x < b.x { (a.x + from.w * 0.2, b.x - to.w * 0.2) } else { (a.x + from.w * 0.2, b.x + to.w * 0.4) };
        let (start, end) = (Point { x: start, y: from.y }, Point { x: end, y: to.y });
        return with(vec![start, end], 16.0, Point { x: other.center().x, y: start.y - 13.5 }, false);
    }
    let strip = scene.strip.rect;
    if scene.narrow && from.y > strip.bottom() {
        // Left of the strip's boxes and of the mirrors beneath them.
        let (margin, above, lane) = (from.right() + 17.0, strip.bottom() + 6.0, to.x - 8.0);
        let mut corners = vec![(from.right(), a.y), (margin, a.y)];
        if let Some(lobby) = scene.lobby {
            let (beneath, outside) = (lobby.bottom() + 7.0, lobby.right() + 6.0);
            corners.extend([(margin, beneath), (outside, beneath), (outside, above)]);
        } else {
            corners.push((margin, above));
        }
        corners.extend([(lane, above), (lane, b.y), (to.x, b.y)]);
        let points = corners.into_iter().map(|(x, y)| Point { x, y }).collect();
        return with(points, 0.0, Point { x: margin - 4.0, y: from.y - 11.0 }, true);
    }
    let up = b.y < a.y;
    let start = Point { x: a.x, y: if up { from.y } else { from.bottom() } };
    let end = Point { x: b.x, y: if up { to.bottom() } else { to.y } };
    if from.y < strip.bottom() && to.y < strip.bottom() {
        return with(vec![start, end], 0.0, Point { x: other.center().x, y: other.y - 6.0 }, false);
    }
    if up && to.y < strip.bottom() && !scene.strip.mirrors.is_empty() {
        // Past the mirrors, which begin right of this lane.
        let (lane, below) = (to.x + 12.0, strip.bottom() + 3.0);
        let points = vec![start, Point { x: lane, y: below }, Point { x: lane, y: to.bottom() }];
        return with(points, 0.0, Point { x: start.x + (lane - start.x) * 0.3, y: start.y + (below - start.y) * 0.3 }, false);
    }
    // Near its beginning a long arrow passes over nothing yet.
    let early = Point { x: start.x + (end.x - start.x) * 0.3, y: start.y + (end.y - start.y) * 0.3 };
    with(vec![start, end], 0.0, early, false)
}

fn kubelet_of(scene: &Scene, object: &str) -> Option<Rect> {
    let id = object.strip_prefix("pod/")?;
    let of = |node: &&super::Node| node.pods.iter().any(|p| p.kind != PodKind::Draft && matches!(&p.target, Target::Pod(name) if name == id));
    scene.nodes.iter().find(of).map(|n| n.kubelet.rect)
}

/// The name without kind and namespace.
fn short(object: &str) -> &str {
    object.rsplit('/').next().unwrap_or(object)
}

#[cfg(test)]
mod tests {
    use super::super::traffic::tests::{FIRST, WIDTHS, apart, scenes};
    use super::*;
    use crate::cluster::Config;
    use crate::session::{Input, Session};

    #[test]
    fn words_of_a_hand_over_cover_neither_the_name_of_the_strip_nor_each_other() {
        let seen = std::cell::Cell::new(0);
        scenes(&FIRST.replace("name: visitor", "name: visitor-5d8f7c9b-x2k4j"), 4000, |scene| {
            let at = scene.strip.label;
            let name = Rect { x: at.x, y: at.y - 10.0, w: 80.0, h: 12.0 };
            let within = scene.hand_overs.iter().filter(|h| h.points[0].y < scene.strip.rect.bottom());
            for arc in scene.hand_overs.iter().filter(|h| h.bend > 0.0) {
                assert!(arc.points.iter().all(|p| p.x > name.right()), "at {}: {arc:?} crosses {name:?}", scene.width);
            }
            let words: Vec<Rect> = within
                .map(|h| {
                    let arrow = if h.saying.args.len() > 1 { 8.0 } else { 0.0 };
                    let w = h.saying.args.iter().map(|a| measure::sans(a, 11.0)).sum::<f64>() + 44.0 + arrow;
                    Rect { x: h.label.x - if h.label_ends { w } else { w / 2.0 }, y: h.label.y - 9.0, w, h: 11.0 }
                })
                .collect();
            for (index, one) in words.iter().enumerate() {
                seen.set(seen.get() + 1);
                assert!(apart(*one, name), "at {}: {one:?} covers {name:?}", scene.width);
                assert!(one.x >= 0.0 && one.right() <= scene.width, "at {}: {one:?} leaves the picture", scene.width);
                for other in &words[index + 1..] {
                    assert!(apart(*one, *other), "at {}: {one:?} and {other:?} overlap", scene.width);
                }
            }
        });
        assert!(seen.get() > 20, "hand-overs were drawn");
    }

    #[test]
    fn a_kubelets_arrow_leads_past_mirrors_and_drafts() {
        let mut session = Session::new(Config::nodes(2));
        for (node, name) in [("node-1", "web"), ("node-2", "web"), ("node-1", "a-longer-name"), ("node-2", "cache")] {
            let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: app, image: nginx}}]}}\n");
            session.input(Input::NodeFile { node: node.into(), path: format!("/etc/kubernetes/manifests/{name}.yaml"), text: Some(text) });
        }
        let draft = crate::manifest::check(FIRST);
        let mut seen = 0;
        for at in (0..6000).step_by(50) {
            session.play_to(SimTime(at));
            for width in WIDTHS {
                let scene = super::super::build(&session, &draft, width);
                // Where there is room beside them, a straight line may pass over a draft.
                let drafts = scene.unplaced.iter().filter(|_| scene.narrow).map(|p| p.rect);
                let avoided: Vec<Rect> = scene.strip.mirrors.iter().map(|m| m.rect).chain(drafts).collect();
                for arrow in scene.hand_overs.iter().filter(|h| h.points[0].y > scene.strip.rect.bottom()) {
                    seen += usize::from(!scene.strip.mirrors.is_empty());
                    for leg in arrow.points.windows(2) {
                        let on_leg = |part: f64| Point { x: leg[0].x + (leg[1].x - leg[0].x) * part, y: leg[0].y + (leg[1].y - leg[0].y) * part };
                        for point in (0..=100).map(|part| on_leg(f64::from(part) / 100.0)) {
                            let spot = Rect { x: point.x - 1.0, y: point.y - 1.0, w: 2.0, h: 2.0 };
                            let covered = avoided.iter().find(|r| !apart(**r, spot));
                            assert!(covered.is_none(), "at {}: {:?} crosses {covered:?}", scene.width, arrow.points);
                            assert!((0.0..=scene.width).contains(&point.x), "at {}: {point:?} leaves the picture", scene.width);
                        }
                    }
                }
            }
        }
        assert!(seen > 20, "kubelets told of their Pods {seen} times");
    }

    #[test]
    fn a_cut_name_keeps_its_ending_and_is_whole_in_the_title() {
        let seen = std::cell::Cell::new(0);
        scenes(&FIRST.replace("name: visitor", "name: visitor-5d8f7c9b-x2k4j"), 4000, |scene| {
            for arrow in scene.hand_overs.iter().filter(|h| h.full.args[0] == "visitor-5d8f7c9b-x2k4j") {
                let name = &arrow.saying.args[0];
                seen.set(seen.get() + usize::from(name.contains('…')));
                assert!(!name.contains('…') || name.starts_with('v') && name.ends_with("4j"), "at {}: {name}", scene.width);
            }
        });
        assert!(seen.get() > 0, "in a narrow picture it is cut");
    }
}
