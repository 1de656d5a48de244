//! What moves in the network: requests, and the ways from Services to their Pods.

use super::{Outcome, Pod, Point, Request, Scene, hand_overs, measure};
use crate::api::SimTime;
use crate::session::Session;
use crate::view::Target;
use crate::view::history::{self, Passed};

/// What happened this long ago is still drawn, in milliseconds of virtual time.
const RECENT_MS: u64 = 1500;
const MOST_REQUESTS: usize = 12;

pub fn draw(scene: &mut Scene, session: &Session) {
    routes(scene);
    let now = session.now();
    let since = SimTime(now.0.saturating_sub(RECENT_MS));
    history::with(session, |history| {
        let recent = history::between(&history.requests, since, now, |r| r.at);
        let recent = &recent[recent.len().saturating_sub(MOST_REQUESTS)..];
        let mut requests: Vec<Request> = recent.iter().filter_map(|r| request(scene, r)).collect();
        keep_apart(recent, &mut requests);
        let hand_overs = hand_overs::recent(scene, history, since, now);
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
    // Beneath the lowest piece of the rail.
    let on_rail = stays_inside(passed).then(|| points.iter().fold(first.y, |y, p| y.max(p.y)));
    let y = |index: usize, point: &Point| {
        if let Some(rail) = on_rail {
            rail + WORDS_OFF
        } else if index < 2 && is_pod(&passed.from) {
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

/// One request on localhost often leads to another at once: each has a line for its words.
fn keep_apart(recent: &[Passed], requests: &mut [Request]) {
    let of = |id: usize| recent.iter().find(|p| p.id == id).filter(|p| stays_inside(p));
    for index in 1..requests.len() {
        let (before, rest) = requests.split_at_mut(index);
        let Some(passed) = of(rest[0].id) else { continue };
        let beside = before.iter().filter(|r| of(r.id).is_some_and(|p| p.at == passed.at && p.from == passed.from)).count();
        rest[0].words.iter_mut().for_each(|point| point.y += 22.0 * beside as f64);
    }
}

fn stays_inside(passed: &Passed) -> bool {
    passed.from == passed.to && (passed.destination.starts_with("127.") || &*passed.via == "localhost")
}

fn path(scene: &Scene, passed: &Passed) -> Option<Vec<Point>> {
    let from_pod = passed.from.strip_prefix("pod/");
    let to_pod = passed.to.strip_prefix("pod/");
    if let Some(id) = from_pod.filter(|_| stays_inside(passed)) {
        return on_localhost(pod(scene, id)?, passed);
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

/// From the card of the container that asks down to the rail, and along it to the plug of the port that is asked; from one row of cards to another
/// around them, where the pieces of the rail are joined.
fn on_localhost(pod: &Pod, passed: &Passed) -> Option<Vec<Point>> {
    let port: u16 = passed.destination.rsplit_once(':')?.1.parse().ok()?;
    let rail = pod.rails.last()?;
    let to = pod.rails.iter().flat_map(|r| r.plugs.iter().map(move |p| (r, p))).find(|(_, p)| p.port == port && !p.conflict);
    let asks = pod.cards.iter().find(|card| *card.full_name == *passed.container);
    let start = asks.and_then(|card| pod.rails.iter().find(|r| r.from.y > card.rect.bottom())).unwrap_or(rail);
    // Right of the plugs of its own.
    let own = start.plugs.iter().filter(|p| *p.container == *passed.container).map(|p| p.to.x + 30.0);
    let x = asks.map_or(start.from.x, |card| own.fold(card.rect.center().x, f64::max).min(card.rect.right() - 14.0));
    let (last, end) = to.map_or((rail, rail.to), |(r, p)| (r, p.to));
    let mut way: Vec<Point> = asks.map(|card| Point { x, y: card.rect.bottom() }).into_iter().collect();
    way.push(Point { x, y: start.from.y });
    if start.from.y != last.from.y {
        way.extend([start.from, last.from]);
    }
    way.push(end);
    if let Some((_, plug)) = to {
        way.push(plug.from);
    }
    Some(way)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Rect;
    use super::*;
    use crate::cluster::Config;
    use crate::session::Input;

    /// What runs when Podlab is opened first: a Pod asks a Service again and again.
    pub const FIRST: &str = include_str!("../../ui/app/examples/first.yaml");
    pub const WIDTHS: [f64; 6] = [360.0, 390.0, 576.0, 701.0, 940.0, 1440.0];

    pub fn scenes(text: &str, until: u64, look: impl Fn(&Scene)) {
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

    pub fn apart(a: Rect, b: Rect) -> bool {
        a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y
    }

    #[test]
    fn what_asks_localhost_goes_around_the_cards() {
        let text = include_str!("../../../lessons/shared-localhost/own-ports.yaml");
        let mut session = Session::new(Config::nodes(2));
        session.play_to(SimTime(1000));
        session.input(Input::Apply { file: "pod.yaml".into(), text: text.into() });
        session.play_to(SimTime(5000));
        let url = "http://localhost:8888/".to_owned();
        session.input(Input::Request { namespace: "default".into(), pod: "twins".into(), container: "a".into(), url });
        let mut rows = Vec::new();
        for width in WIDTHS {
            let scene = super::super::build(&session, &crate::manifest::check(text), width);
            let pod = pod(&scene, "default/twins").expect("it runs");
            rows.push(pod.rails.len());
            let [request] = &scene.requests[..] else { panic!("at {width}: {:?}", scene.requests) };
            let asks = &pod.cards[0].rect;
            assert!(
                pod.cards[0].full_name == "a" && request.points[0].y == asks.bottom() && request.points[0].x < asks.right(),
                "{:?}",
                request.points
            );
            for leg in request.points.windows(2) {
                let middle = Rect { x: (leg[0].x + leg[1].x) / 2.0, y: (leg[0].y + leg[1].y) / 2.0, w: 0.1, h: 0.1 };
                let covered = pod.cards.iter().map(|c| Rect { x: c.rect.x + 6.0, ..c.rect }).find(|r| !apart(*r, middle));
                assert!(covered.is_none(), "at {width}: {:?} crosses {covered:?}", request.points);
            }
        }
        assert!(rows.contains(&1) && rows.contains(&2), "side by side and below each other: {rows:?}");
    }

    #[test]
    fn a_request_that_leads_to_another_is_told_beside_it() {
        let text = include_str!("../../../lessons/shared-localhost/counter.yaml");
        let mut session = Session::new(Config::nodes(1));
        session.input(Input::Apply { file: "pod.yaml".into(), text: text.into() });
        session.play_to(SimTime(5000));
        let url = "http://localhost:3000/".to_owned();
        session.input(Input::Request { namespace: "default".into(), pod: "counter".into(), container: "app".into(), url });
        let scene = super::super::build(&session, &crate::manifest::check(text), 600.0);
        let [inner, outer] = &scene.requests[..] else { panic!("{:?}", scene.requests) };
        assert_eq!((inner.what.as_str(), outer.what.as_str()), ("INCR count", "GET /"));
        // Both are asked by `app`, and neither's words lie over the other's.
        assert_eq!(inner.points[0], outer.points[0]);
        assert!(outer.words[0].y >= inner.words[0].y + 20.0, "{inner:?} {outer:?}");
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
