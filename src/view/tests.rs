//! Laws of the pictures, on real runs: static Pods, so that nothing but kubelet and runtime is needed.

use super::scene::{Direction, Rect, STATIC_POD_PATH, Scene};
use super::{Target, inspector, outline, scene, timeline};
use crate::api::SimTime;
use crate::api::order::SortedSet;
use crate::cluster::Config;
use crate::manifest::{self, Checked};
use crate::session::{Input, Session};

fn manifest(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  - name: app\n    image: nginx\n    ports: [{{containerPort: 80}}]\n    \
         volumeMounts: [{{name: shared, mountPath: /data}}, {{name: other, mountPath: /a/rather/long/path/of/a/mount, readOnly: true}}]\n    \
         resources: {{requests: {{cpu: 10m, memory: 8Mi}}, limits: {{cpu: 100m, memory: 64Mi}}}}\n    \
         livenessProbe: {{httpGet: {{path: /not/exist, port: 8080}}, initialDelaySeconds: 2, periodSeconds: 5, failureThreshold: 2}}\n  \
         - {{name: db, image: redis, volumeMounts: [{{name: shared, mountPath: /data}}]}}\n  - {{name: third, image: busybox, command: [sleep, '3600']}}\n  \
         volumes: [{{name: shared, emptyDir: {{}}}}, {{name: other, emptyDir: {{}}}}]\n"
    )
}

/// A run with this many static Pods, spread over the nodes, after 40 seconds.
fn run(nodes: usize, pods: usize) -> Session {
    let mut session = Session::new(Config::nodes(nodes));
    session.play_to(SimTime(1000));
    for index in 0..pods {
        let (node, name) = (format!("node-{}", index % nodes + 1), format!("pod-with-a-name-{index}"));
        session.input(Input::NodeFile { node, path: format!("{STATIC_POD_PATH}/{name}.yaml"), text: Some(manifest(&name)) });
    }
    session.play_to(SimTime(40_000));
    session
}

fn draft() -> Checked {
    manifest::check(&manifest("draft"))
}

fn apart(a: Rect, b: Rect) -> bool {
    a.right() <= b.x + 0.01 || b.right() <= a.x + 0.01 || a.bottom() <= b.y + 0.01 || b.bottom() <= a.y + 0.01
}

fn inside(inner: Rect, outer: Rect) -> bool {
    inner.x >= outer.x - 0.01 && inner.y >= outer.y - 0.01 && inner.right() <= outer.right() + 0.01 && inner.bottom() <= outer.bottom() + 0.01
}

fn check_siblings(what: &str, rects: &[Rect], outer: Rect) {
    for (index, a) in rects.iter().enumerate() {
        assert!(inside(*a, outer), "{what}: {a:?} leaves {outer:?}");
        for b in &rects[index + 1..] {
            assert!(apart(*a, *b), "{what}: {a:?} and {b:?} overlap");
        }
    }
}

fn check_layout(scene: &Scene) {
    let page = Rect { x: 0.0, y: 0.0, w: scene.width, h: scene.height };
    let mut blocks: Vec<Rect> = scene.nodes.iter().map(|n| n.rect).collect();
    blocks.extend(scene.lobby);
    blocks.extend([scene.strip.rect, scene.backbone.rect]);
    blocks.extend(scene.services.iter().map(|s| s.rect));
    check_siblings("blocks", &blocks, page);
    let components: Vec<Rect> = scene.strip.components.iter().map(|c| c.rect).chain(scene.strip.mirrors.iter().map(|m| m.rect)).collect();
    check_siblings("control plane", &components, scene.strip.rect);
    for node in &scene.nodes {
        let mut rects: Vec<Rect> = node.pods.iter().map(|p| p.rect).collect();
        rects.extend([node.folder.rect, node.kubelet.rect]);
        check_siblings("node", &rects, node.rect);
        check_siblings("folder", &node.folder.files.iter().map(|f| f.rect).collect::<Vec<_>>(), node.folder.rect);
    }
    for pod in scene.nodes.iter().flat_map(|n| &n.pods).chain(&scene.unplaced) {
        let mut rects: Vec<Rect> = pod.cards.iter().map(|c| c.rect).collect();
        rects.extend(pod.volumes.iter().map(|v| v.rect));
        check_siblings("Pod", &rects, pod.rect);
    }
}

#[test]
fn nothing_overlaps_at_any_width_and_any_number_of_pods() {
    for (nodes, pods) in [(1, 0), (2, 1), (2, 6), (3, 18), (2, 30), (1, 60)] {
        let session = run(nodes, pods);
        for width in [0.0, 320.0, 390.0, 576.0, 700.0, 701.0, 840.0, 1024.0, 1440.0, 2400.0, f64::NAN] {
            let scene = scene::build(&session, &draft(), width);
            let drawn: usize = scene.nodes.iter().map(|n| n.pods.len()).sum();
            assert_eq!((drawn, scene.unplaced.len()), (pods, 1), "{nodes} nodes, {pods} Pods");
            check_layout(&scene);
        }
    }
}

#[test]
fn many_pods_stand_in_columns() {
    let session = run(2, 20);
    for width in [400.0, 700.0, 920.0, 1440.0] {
        let scene = scene::build(&session, &draft(), width);
        for node in &scene.nodes {
            let lefts: SortedSet<i64> = node.pods.iter().map(|p| p.rect.x.round() as i64).collect();
            let widths: SortedSet<i64> = node.pods.iter().map(|p| p.rect.w.round() as i64).collect();
            assert_eq!(widths.len(), 1, "at {width}: {widths:?}");
            assert!(lefts.len() > 1 || node.rect.w < 400.0, "at {width} the ten Pods of a node stand in one column");
        }
    }
}

#[test]
fn a_picture_grows_where_its_pane_has_room() {
    let session = run(2, 2);
    let drawn = |scene: &Scene, width: f64| (width / scene.width).max(1.0);
    // The pane's width, its height in heights of the picture as it is, and how much larger the picture is drawn.
    for (width, heights, larger) in
        [(1013.0, 3.0, 1.0), (1445.0, 3.0, 1.2), (2021.0, 3.0, 1.5), (2813.0, 3.0, 1.5), (2300.0, 0.5, 1.0), (2021.0, 1.4, 0.0)]
    {
        let height = scene::build(&session, &draft(), width).height * heights;
        let scene = scene::build_in(&session, &draft(), width, height, 1.0);
        let times = drawn(&scene, width);
        assert!(larger == 0.0 || (times - larger).abs() < 0.01, "{width} × {height}: {times} times as large");
        assert!(times < 1.01 || scene.height * times <= height, "{width} × {height}: higher than its pane");
        check_layout(&scene);
    }
    // It does not grow into the last of the room, where a line more would make it shrink again; but it stays as large as it is.
    let large = scene::build_in(&session, &draft(), 1445.0, f64::INFINITY, 1.0);
    let just_enough = large.height * drawn(&large, 1445.0) + 1.0;
    assert!(scene::build_in(&session, &draft(), 1445.0, just_enough, 1.0).width > large.width);
    assert_eq!(scene::build_in(&session, &draft(), 1445.0, just_enough, 1.2), large);
}

#[test]
fn arrow_keys_reach_every_shape() {
    for (width, pods) in [(390.0, 3), (1024.0, 8), (1440.0, 2)] {
        let scene = scene::build(&run(2, pods), &draft(), width);
        let shapes: Vec<Target> = scene.shapes().into_iter().map(|s| s.target).collect();
        let mut reached: SortedSet<Target> = shapes.first().cloned().into_iter().collect();
        let mut rest: Vec<Target> = reached.iter().cloned().collect();
        while let Some(target) = rest.pop() {
            for direction in [Direction::Left, Direction::Right, Direction::Up, Direction::Down] {
                if let Some(next) = scene.neighbour(&target, direction)
                    && reached.insert(next.clone())
                {
                    rest.push(next);
                }
            }
        }
        let missed: Vec<&Target> = shapes.iter().filter(|s| !reached.contains(s)).collect();
        assert!(missed.is_empty(), "at width {width} no arrow leads to {missed:?}");
    }
}

#[test]
fn the_outline_names_every_shape_and_every_sentence_is_in_the_tables() {
    const TABLE: &str = include_str!("../ui/locales/picture.en.yaml");
    let known = |code: &str| TABLE.lines().any(|line| line.strip_prefix(code).is_some_and(|rest| rest.starts_with(':')));
    let session = run(2, 4);
    let scene = scene::build(&session, &draft(), 1200.0);
    let mut told = SortedSet::new();
    let tree = outline::build(&scene);
    let mut rest: Vec<&outline::Item> = tree.items.iter().collect();
    while let Some(item) = rest.pop() {
        told.extend(item.target.clone());
        for saying in &item.sayings {
            assert!(known(saying.code), "{} is in no table", saying.code);
        }
        rest.extend(&item.children);
    }
    for shape in scene.shapes() {
        assert!(told.contains(&shape.target), "the outline is silent about {:?}", shape.target);
        let details = inspector::build(&session, &shape.target).unwrap_or_else(|| panic!("no details of {:?}", shape.target));
        let labels = details.sections.iter().flat_map(|s| s.title.iter().chain(s.rows.iter().map(|r| &r.label)));
        for saying in [&details.kind].into_iter().chain(&details.state).chain(details.links.iter().map(|(s, _)| s)).chain(labels) {
            assert!(known(saying.code), "{} is in no table", saying.code);
        }
    }
}

#[test]
fn a_scene_is_equal_to_itself_while_nothing_happens() {
    let session = run(2, 2);
    let first = scene::build(&session, &draft(), 900.0);
    assert_eq!(first, scene::build(&session, &draft(), 900.0));
    assert!(first.nodes[0].pods[0].plug.is_some(), "a running Pod is plugged into the network");
}

#[test]
fn the_chart_keeps_the_future_when_the_playhead_goes_back() {
    let mut session = run(1, 1);
    let bars = |session: &Session| {
        let chart = timeline::build(session, None);
        let tracks = chart.groups.iter().flat_map(|g| &g.tracks);
        tracks.map(|t| (t.bars.len(), t.probes.iter().map(|p| p.ticks.len()).sum::<usize>())).collect::<Vec<_>>()
    };
    let before = bars(&session);
    assert!(before.iter().any(|(bars, ticks)| *bars > 1 && *ticks > 1), "{before:?}");
    session.seek(SimTime(10_000));
    assert_eq!(bars(&session), before);
    // The picture shows the past all the same.
    let scene = scene::build(&session, &draft(), 900.0);
    let probes = scene.nodes[0].pods[0].cards.iter().flat_map(|c| &c.probes).flat_map(|p| &p.ticks);
    assert!(probes.into_iter().all(|t| t.at <= 10_000));
}

#[test]
fn gaps_are_measured_and_named_by_their_field() {
    let chart = timeline::build(&run(1, 1), None);
    let gaps: Vec<&str> =
        chart.groups.iter().flat_map(|g| &g.tracks).flat_map(|t| &t.probes).flat_map(|p| &p.gaps).map(|g| g.label.as_str()).collect();
    assert!(gaps.contains(&"initialDelaySeconds 2") && gaps.contains(&"periodSeconds 5"), "{gaps:?}");
}

#[test]
fn a_wait_for_the_end_of_a_process_ends_with_it() {
    let lesson = crate::lesson::find("liveness-probe").expect("the lesson is in the house");
    let figure = lesson.steps.iter().find_map(|s| s.figure.as_ref()).expect("it has a figure");
    let session = crate::session::course::prepare(figure);
    let chart = timeline::build(&session, None);
    let track = &chart.groups[0].tracks[0];
    assert!(track.bars.len() > 3, "the probe killed it more than once");
    assert_eq!(track.gaps, [], "the web server obeys SIGTERM at once");
}

#[test]
fn bars_of_a_pod_end_with_it() {
    for how in ["--now", "--force"] {
        let mut session = Session::new(Config::nodes(1));
        session.play_to(SimTime(1000));
        session.input(Input::Apply { file: "pod.yaml".into(), text: manifest("one") });
        session.play_to(SimTime(20_000));
        session.input(Input::Command(format!("kubectl delete pod one --wait=false {how}")));
        session.play_to(SimTime(90_000));
        let chart = timeline::build(&session, None);
        let last: Vec<_> = chart.groups.iter().flat_map(|g| &g.tracks).filter_map(|t| t.bars.last()).collect();
        assert_eq!(last.len(), 3);
        for bar in last {
            assert!(bar.to.is_some_and(|end| end > SimTime(20_000) && end < SimTime(60_000)), "{how}: {bar:?}");
            // After the Pod's object is gone there is no state to tell.
            assert!(how != "--force" || bar.state == crate::view::history::BarState::Running, "{bar:?}");
        }
    }
}

#[test]
fn a_container_that_waits_for_its_image_has_a_bar() {
    let mut session = Session::new(Config::nodes(1));
    session.play_to(SimTime(1000));
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: mine}\nspec: {containers: [{name: web, image: 'example.com/mine:1'}]}\n";
    session.input(Input::Apply { file: "pod.yaml".into(), text: text.into() });
    session.play_to(SimTime(9000));
    let chart = timeline::build(&session, None);
    let bar = &chart.groups[0].tracks[0].bars[0];
    assert!(bar.state == crate::view::history::BarState::Waiting && bar.to.is_none() && bar.from >= SimTime(1000), "{bar:?}");
}
