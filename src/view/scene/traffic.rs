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
    let answer = measure::fit(&passed.answer, 170.0, |t| measure::sans(t, 11.0));
    let words = beside(scene, passed, &points);
    let end = *points.last()?;
    // Right of where it arrives: between the rail and the capsule's edge there is room for a line.
    let room = scene.width - measure::sans(&answer, 11.0) - 6.0;
    let answer_at = Point { x: (end.x + 11.0).min(room), y: if words.last()?.y > end.y { end.y - 4.0 } else { end.y + 4.0 } };
    Some(Request {
        id: passed.id,
        points,
        words,
        answer_at,
        // Within a Pod both ends have the same address: what is asked says more.
        label: if passed.destination.starts_with("127.") {
            measure::fit(&passed.what, 200.0, |t| measure::mono(t, 10.5))
        } else {
            format!("{source} → {}", passed.destination)
        },
        what: passed.what.to_string(),
        answer,
        outcome,
    })
}

/// How far above (or beneath) the dot its words are.
const WORDS_OFF: f64 = 20.0;

/// The way of a request's words: above the dot, but beneath a Pod's edge and beneath a Pod's rail, above which the ports are.
fn beside(scene: &Scene, passed: &Passed, points: &[Point]) -> Vec<Point> {
    let is_pod = |place: &str| place.strip_prefix("pod/").is_some_and(|id| pod(scene, id).is_some());
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let on_rail = passed.from == passed.to && points.len() <= 3;
    let y = |index: usize, point: &Point| {
        if on_rail || index < 2 && is_pod(&passed.from) {
            first.y + WORDS_OFF
        } else if index + 2 >= points.len() && is_pod(&passed.to) {
            last.y + WORDS_OFF
        } else {
            point.y - WORDS_OFF
        }
    };
    points.iter().enumerate().map(|(index, point)| Point { x: point.x, y: y(index, point) }).collect()
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

/// The room that the word before or after a name takes, in either language, with some air.
const VERB: f64 = 52.0;
/// A name is cut to this at most.
const LEAST_NAME: f64 = 36.0;

fn hand_overs(scene: &Scene, history: &History, since: SimTime, now: SimTime) -> Vec<HandOver> {
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
    use super::*;
    use crate::cluster::Config;
    use crate::session::Input;

    /// What runs when Podlab is opened first: a Pod asks a Service again and again.
    const FIRST: &str = include_str!("../../ui/app/examples/first.yaml");
    const WIDTHS: [f64; 6] = [360.0, 390.0, 576.0, 701.0, 940.0, 1440.0];

    fn scenes(text: &str, until: u64, look: impl Fn(&Scene)) {
        let mut session = Session::new(Config::nodes(2));
        session.play_to(SimTime(1000));
        session.input(Input::Apply { file: "pod.yaml".into(), text: text.into() });
        let draft = crate::manifest::check(text);
        for at in (1000..until).step_by(50) {
            session.play_to(SimTime(at));
            if at == 6000 {
                // A Pod that is behind no Service ends right beneath its rail.
                let scene = super::super::build(&session, &draft, 1440.0);
                let asked = scene.nodes.iter().flat_map(|n| &n.pods).find(|p| p.full_name == "echo-health").expect("it runs");
                let url = format!("http://{}:3000/", asked.ip);
                session.input(Input::Request { namespace: "default".into(), pod: "visitor".into(), container: "sh".into(), url });
            }
            WIDTHS.into_iter().for_each(|width| look(&super::super::build(&session, &draft, width)));
        }
    }

    fn apart(a: Rect, b: Rect) -> bool {
        a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y
    }

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

    #[test]
    fn words_of_a_request_leave_the_ports_of_its_pod_to_be_seen() {
        let seen = std::cell::Cell::new(0);
        scenes(FIRST, 12_000, |scene| {
            for request in &scene.requests {
                assert_eq!(request.words.len(), request.points.len());
                let (Some(middle), Some(end)) = (request.words.last(), request.points.last()) else { continue };
                let words = Rect { x: 0.0, y: middle.y - 11.0, w: scene.width, h: 20.0 };
                let answer = Rect { x: request.answer_at.x, y: request.answer_at.y - 9.0, w: measure::sans(&request.answer, 11.0), h: 11.0 };
                assert!(answer.right() <= scene.width, "at {}: {answer:?} leaves the picture", scene.width);
                let near = |p: &&Pod| p.rect.x <= end.x && end.x <= p.rect.right() && p.rect.y <= end.y && end.y <= p.rect.bottom() + 1.0;
                let pods = scene.nodes.iter().flat_map(|n| &n.pods).filter(near);
                for plug in pods.flat_map(|p| &p.rails).flat_map(|r| &r.plugs) {
                    seen.set(seen.get() + 1);
                    let knob = Rect { x: plug.to.x - 6.0, y: plug.from.y, w: 12.0, h: plug.to.y + 5.0 - plug.from.y };
                    let port = Rect { x: plug.to.x + 9.0, y: plug.to.y - 17.0, w: 34.0, h: 11.0 };
                    for seen in [knob, port] {
                        assert!(apart(words, seen) && apart(answer, seen), "at {}: {words:?} or {answer:?} covers {seen:?}", scene.width);
                    }
                }
            }
        });
        assert!(seen.get() > 20, "requests arrived");
    }

    #[test]
    fn ports_without_room_are_counted() {
        let ports: String = (80..92).map(|port| format!("{{containerPort: {port}}}, ")).collect();
        let text =
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: many}}\nspec: {{containers: [{{name: app, image: nginx, ports: [{ports}]}}]}}\n");
        let session = Session::new(Config::nodes(1));
        for width in WIDTHS {
            let scene = super::super::build(&session, &crate::manifest::check(&text), width);
            let rail = &scene.unplaced[0].rails[0];
            let rest = &rail.beyond[0];
            assert_eq!(rail.plugs.len() + rest.plugs.len(), 12, "at {width}");
            let card = scene.unplaced[0].cards[0].rect;
            assert!(rail.plugs.len() > 1 && rest.at.x + 20.0 <= card.right(), "at {width}: {rest:?} beyond {card:?}");
        }
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(outcome("200 hello"), Outcome::Answered);
        assert_eq!(outcome(":1"), Outcome::Answered);
        assert_eq!(outcome("503 Service Unavailable"), Outcome::Complained);
        assert_eq!(outcome("connection refused"), Outcome::Failed);
        assert_eq!(outcome("no endpoints"), Outcome::Failed);
    }
}
