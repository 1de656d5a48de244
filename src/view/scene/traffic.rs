//! What moves: requests through the network, hand-overs of the control plane, and the ways from Services to their Pods.

use super::{HandOver, Outcome, Pod, PodKind, Point, Rect, Request, Scene, measure};
use crate::api::SimTime;
use crate::session::Session;
use crate::view::Target;
use crate::view::history::{self, HandOverKind, History, Passed};
use crate::view::saying::Saying;

/// What happened this long ago is still drawn, in milliseconds of virtual time.
const RECENT_MS: u64 = 1500;
const MOST_REQUESTS: usize = 12;
const MOST_HAND_OVERS: usize = 3;

pub fn draw(scene: &mut Scene, session: &Session) {
    routes(scene);
    let now = session.now();
    let since = SimTime(now.0.saturating_sub(RECENT_MS));
    history::with(session, |history| {
        let recent = history::between(&history.requests, since, now, |r| r.at);
        let recent = &recent[recent.len().saturating_sub(MOST_REQUESTS)..];
        let requests: Vec<Request> = recent.iter().filter_map(|r| request(scene, r)).collect();
        let hand_overs = hand_overs(scene, history, since, now);
        (scene.requests, scene.hand_overs) = (requests, hand_overs);
    });
}

/// The way of a Pod's wire from its capsule to the backbone: capsule, lane, riser, backbone.
fn way_down(scene: &Scene, id: &str) -> Option<Vec<Point>> {
    scene.nodes.iter().find_map(|node| {
        let pod = node.pods.iter().find(|p| matches!(&p.target, Target::Pod(name) if name == id))?;
        let plug = pod.plug?;
        let (_, end) = node.riser?;
        Some(vec![Point { x: plug.x, y: pod.rect.bottom() }, plug, Point { x: end.x, y: plug.y }, end])
    })
}

fn routes(scene: &mut Scene) {
    let mut services = std::mem::take(&mut scene.services);
    for (index, service) in services.iter_mut().enumerate() {
        // Services side by side do not hide each other's lines.
        let shift = ((index % 4) as f64 - 1.5) * 3.0;
        for route in &mut service.routes {
            let Some(mut way) = way_down(scene, &route.pod) else { continue };
            way.reverse();
            let mut points = vec![Point { x: service.gate.x, y: service.rect.y }];
            points.push(Point { x: service.gate.x, y: service.gate.y + shift });
            for (step, point) in way.iter().enumerate() {
                let last = step + 1 == way.len();
                points.push(Point { x: point.x + shift, y: if last { point.y } else { point.y + shift } });
            }
            route.points = points;
        }
    }
    scene.services = services;
}

fn request(scene: &Scene, passed: &Passed) -> Option<Request> {
    let points = path(scene, passed)?;
    let outcome = outcome(&passed.answer);
    let source = passed.source.rsplit_once(':').map_or(&*passed.source, |(ip, _)| ip);
    Some(Request {
        id: passed.id,
        points,
        // Within a Pod both ends have the same address: what is asked says more.
        label: if passed.destination.starts_with("127.") {
            measure::fit(&passed.what, 200.0, |t| measure::mono(t, 10.5))
        } else {
            format!("{source} → {}", passed.destination)
        },
        what: passed.what.to_string(),
        answer: measure::fit(&passed.answer, 170.0, |t| measure::sans(t, 11.0)),
        outcome,
    })
}

/// What the network says when no answer came.
const FAILURES: [&str; 6] = ["connection refused", "no route", "timeout", "unknown host", "closed", "no endpoints"];

/// By the status code that an answer begins with; other answers (of a database) have none and are good.
pub fn outcome(answer: &str) -> Outcome {
    if answer.is_empty() || FAILURES.iter().any(|f| answer.contains(f)) {
        return Outcome::Failed;
    }
    let first = answer.split(' ').next().filter(|w| w.len() == 3);
    match first.and_then(|code| code.parse::<u16>().ok()) {
        Some(400..=599) => Outcome::Complained,
        Some(_) | None => Outcome::Answered,
    }
}

fn pod<'a>(scene: &'a Scene, id: &str) -> Option<&'a Pod> {
    scene.nodes.iter().flat_map(|n| &n.pods).find(|p| matches!(&p.target, Target::Pod(name) if name == id))
}

fn path(scene: &Scene, passed: &Passed) -> Option<Vec<Point>> {
    let from_pod = passed.from.strip_prefix("pod/");
    let to_pod = passed.to.strip_prefix("pod/");
    if let (Some(from), Some(to)) = (from_pod, to_pod)
        && from == to
        && (passed.destination.starts_with("127.") || &*passed.via == "localhost")
    {
        return on_localhost(pod(scene, from)?, &passed.destination);
    }
    let mut way = match from_pod {
        Some(id) => way_down(scene, id)?,
        None => from_node(scene, &passed.from)?,
    };
    if let Some(service) = passed.via.strip_prefix("service/").or(passed.to.strip_prefix("service/")) {
        let gate = scene.services.iter().find(|s| matches!(&s.target, Target::Service(name) if name == service));
        if let Some(service) = gate {
            way.push(service.gate);
            way.push(Point { x: service.gate.x, y: service.rect.y + 8.0 });
            way.push(service.gate);
        }
    }
    match to_pod {
        Some(id) => {
            let mut back = way_down(scene, id)?;
            back.reverse();
            // On one node a request turns round on the riser.
            let through_gate = way.len() > 4;
            if !through_gate && way.last() == back.first() {
                way.pop();
                back.remove(0);
            }
            way.extend(back);
        }
        None => {
            if let Some(node) = scene.nodes.iter().find(|n| passed.to.strip_prefix("node/") == Some(&n.name)) {
                way.push(node.kubelet.rect.center());
            }
        }
    }
    way.dedup();
    (way.len() > 1).then_some(way)
}

fn from_node(scene: &Scene, name: &str) -> Option<Vec<Point>> {
    let node = scene.nodes.iter().find(|n| name.strip_prefix("node/") == Some(&n.name))?;
    let chip = node.kubelet.rect;
    let riser = node.rect.right() + 12.0;
    let y = scene.backbone.from.y;
    Some(vec![Point { x: chip.right(), y: chip.center().y }, Point { x: riser, y: chip.center().y }, Point { x: riser, y }])
}

/// Along the rail, from another card's plug (or the rail's start) to the plug of the port that is asked.
fn on_localhost(pod: &Pod, destination: &str) -> Option<Vec<Point>> {
    let port: u16 = destination.rsplit_once(':')?.1.parse().ok()?;
    let rail = pod.rails.last()?;
    let plugs = || pod.rails.iter().flat_map(|r| &r.plugs);
    let to = plugs().find(|p| p.port == port);
    let from = plugs().find(|p| p.port != port && to.is_none_or(|t| t.container != p.container)).map_or(rail.from, |p| p.to);
    let end = to.map_or(rail.to, |p| p.to);
    let mut way = vec![from, end];
    if let Some(plug) = to {
        way.push(plug.from);
    }
    Some(way)
}

fn hand_overs(scene: &Scene, history: &History, since: SimTime, now: SimTime) -> Vec<HandOver> {
    let component = |name: &str| scene.strip.components.iter().find(|c| c.name == name).map(|c| c.rect);
    let Some(api) = component("kube-apiserver") else { return Vec::new() };
    let mut arrows: Vec<HandOver> = Vec::new();
    let recent = history::between(&history.hand_overs, since, now, |h| h.at);
    for hand_over in recent.iter().rev() {
        let (from, to, saying) = match &hand_over.kind {
            HandOverKind::Bound { pod, node } => {
                let saying = Saying::with("pic-hand-over-bind", &[short(pod), node]);
                (component("scheduler"), Some(api), saying)
            }
            HandOverKind::Stored { verb, object, component: by } => {
                let saying = Saying::with(
                    match *verb {
                        "created" => "pic-hand-over-create",
                        "deleted" => "pic-hand-over-delete",
                        _ => "pic-hand-over-update",
                    },
                    &[short(object)],
                );
                if by.contains("kubelet") {
                    (kubelet_of(scene, object), Some(api), saying)
                } else if by.contains("scheduler") {
                    (component("scheduler"), Some(api), saying)
                } else if by.contains("controller") {
                    (component("controllers"), Some(api), saying)
                } else {
                    // A person's write: from the API server into etcd.
                    (Some(api), component("etcd"), saying)
                }
            }
        };
        let (Some(from), Some(to)) = (from, to) else { continue };
        let arrow = arrow(scene, from, to, hand_over.id, saying);
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
    let with = |points: Vec<Point>, bend: f64, label: Point, label_ends: bool| HandOver { id, points, bend, label, label_ends, saying };
    if (a.y - b.y).abs() < 1.0 {
        let side = if b.x < a.x { -1.0 } else { 1.0 };
        let (start, end) = (Point { x: a.x - side * from.w * 0.2, y: from.y }, Point { x: b.x - side * to.w * 0.2, y: to.y });
        return with(vec![start, end], 16.0, Point { x: (start.x + end.x) / 2.0, y: start.y - 13.5 }, false);
    }
    let strip = scene.strip.rect;
    if scene.narrow && from.y > strip.bottom() {
        let (margin, above, between) = (from.right() + 17.0, strip.bottom() + 6.0, to.right() + 6.0);
        let mut corners = vec![(from.right(), a.y), (margin, a.y), (margin, above)];
        if scene.strip.components.iter().any(|c| c.rect.y > to.bottom()) {
            corners.extend([(between, above), (between, b.y), (to.right(), b.y)]);
        } else {
            corners.extend([(b.x, above), (b.x, to.bottom())]);
        }
        let points = corners.into_iter().map(|(x, y)| Point { x, y }).collect();
        return with(points, 0.0, Point { x: margin - 4.0, y: from.y - 11.0 }, true);
    }
    let up = b.y < a.y;
    let start = Point { x: a.x, y: if up { from.y } else { from.bottom() } };
    let end = Point { x: b.x, y: if up { to.bottom() } else { to.y } };
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
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(outcome("200 hello"), Outcome::Answered);
        assert_eq!(outcome(":1"), Outcome::Answered);
        assert_eq!(outcome("503 Service Unavailable"), Outcome::Complained);
        assert_eq!(outcome("connection refused"), Outcome::Failed);
        assert_eq!(outcome("no endpoints"), Outcome::Failed);
    }
}
