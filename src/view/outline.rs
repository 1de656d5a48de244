//! The picture as a nested list: the same shapes in the same order, for those who read with their ears.

use super::Target;
use super::saying::Saying;
use super::scene::{Card, Node, Pod, PodKind, Probe, Scene};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    pub items: Vec<Item>,
}

/// One line of the list, with those that lie inside its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `None` for a heading that is no shape, and for what only says more of its parent.
    pub target: Option<Target>,
    /// One after the other, with a comma between.
    pub sayings: Vec<Saying>,
    pub children: Vec<Item>,
}

pub fn build(scene: &Scene) -> Outline {
    let mut items = Vec::new();
    let mut plane = heading(Saying::new("pic-control-plane"));
    for component in &scene.strip.components {
        let mut item = shape(&component.target, Saying::with("pic-say", &[component.name]));
        if component.stopped {
            item.sayings.push(Saying::new("pic-stopped"));
        }
        plane.children.push(item);
    }
    items.push(plane);
    if !scene.unplaced.is_empty() {
        let mut lobby = heading(Saying::new("pic-lobby"));
        lobby.children = scene.unplaced.iter().map(pod).collect();
        items.push(lobby);
    }
    items.extend(scene.nodes.iter().map(node));
    let mut network = shape(&scene.backbone.target, Saying::with("pic-backbone", &[&scene.backbone.cidr]));
    for service in &scene.services {
        let mut item = shape(&service.target, Saying::with("pic-service", &[&service.full_name, &service.address]));
        for route in &service.routes {
            let name = route.pod.rsplit('/').next().unwrap_or(&route.pod);
            let code = if route.member { "pic-sends-to" } else { "pic-leaves-out" };
            item.children.push(heading(Saying::with(code, &[name])));
        }
        network.children.push(item);
    }
    items.push(network);
    Outline { items }
}

fn heading(saying: Saying) -> Item {
    Item { target: None, sayings: vec![saying], children: Vec::new() }
}

fn shape(target: &Target, saying: Saying) -> Item {
    Item { target: Some(target.clone()), sayings: vec![saying], children: Vec::new() }
}

fn node(node: &Node) -> Item {
    let mut item = shape(&node.target, Saying::with("pic-node", &[&node.name]));
    item.sayings.push(Saying::with("pic-pod-cidr", &[&node.cidr]));
    if !node.ready {
        item.sayings.push(Saying::with("pic-say", &["NotReady"]));
    }
    item.sayings.extend(node.gauges.iter().map(|g| Saying::with("pic-gauge", &[g.name, &g.words])));
    let mut kubelet = shape(&node.kubelet.target, Saying::with("pic-say", &["kubelet"]));
    if node.kubelet.stopped {
        kubelet.sayings.push(Saying::new("pic-stopped"));
    }
    item.children.push(kubelet);
    item.children.extend(node.pods.iter().map(pod));
    let mut folder = shape(&node.folder.target, Saying::with("pic-folder", &[&node.folder.path]));
    if node.folder.files.is_empty() {
        folder.sayings.push(Saying::new("pic-folder-empty"));
    }
    folder.children = node.folder.files.iter().map(|f| shape(&f.target, Saying::with("pic-say", &[&f.name]))).collect();
    item.children.push(folder);
    item
}

fn pod(pod: &Pod) -> Item {
    let mut item = shape(&pod.target, Saying::with("pic-pod", &[&pod.full_name]));
    match pod.kind {
        PodKind::Plain => {}
        PodKind::Static { mirrored: true } => item.sayings.push(Saying::new("pic-note-static")),
        PodKind::Static { mirrored: false } => item.sayings.push(Saying::new("pic-note-static-alone")),
        PodKind::Draft => item.sayings.push(Saying::new("pic-note-draft")),
        PodKind::Ghost => item.sayings.push(Saying::new("pic-note-ghost")),
    }
    if !pod.status.is_empty() {
        item.sayings.push(Saying::with("pic-say", &[&pod.status]));
        item.sayings.push(Saying::with("pic-ready", &[&pod.ready]));
    }
    if !pod.ip.is_empty() {
        item.sayings.push(Saying::with("pic-ip", &[&pod.ip]));
    }
    item.sayings.extend(pod.notice.iter().map(|line| Saying::with("pic-say", &[line])));
    item.children.extend(pod.cards.iter().map(|c| card(pod, c)));
    if let Some(rail) = pod.rails.first() {
        let own = matches!(rail.target, Target::Localhost(_));
        let saying = Saying::new("pic-localhost");
        let mut localhost = if own { shape(&rail.target, saying) } else { heading(saying) };
        for plug in pod.rails.iter().flat_map(|r| r.plugs.iter().chain(r.beyond.iter().flat_map(|b| &b.plugs))) {
            let code = match (plug.conflict, plug.local_only) {
                (true, _) => "pic-port-conflict",
                (false, true) => "pic-port-local",
                (false, false) => "pic-port",
            };
            localhost.children.push(heading(Saying::with(code, &[&plug.container, &plug.port.to_string()])));
        }
        item.children.push(localhost);
    }
    for volume in &pod.volumes {
        let saying = Saying::with("pic-volume", &[&volume.full_name, &volume.kind]);
        let own = !matches!(volume.target, Target::Draft(_));
        item.children.push(if own { shape(&volume.target, saying) } else { heading(saying) });
    }
    for tag in &pod.tags {
        let mut line = heading(Saying::with(if tag.member { "pic-behind" } else { "pic-not-behind" }, &[&tag.service]));
        line.sayings.extend(tag.reason.clone());
        item.children.push(line);
    }
    item
}

fn card(pod: &Pod, card: &Card) -> Item {
    let mut item = shape(&card.target, Saying::with("pic-container", &[&card.full_name]));
    item.sayings.push(card.state.clone());
    if pod.kind != PodKind::Draft {
        item.sayings.push(Saying::with("pic-restarts", &[&card.restarts.to_string()]));
    }
    item.sayings.push(Saying::with("pic-image", &[&card.full_image]));
    item.sayings.extend(card.gauges.iter().map(|g| Saying::with("pic-gauge", &[g.name, &g.words])));
    item.children.extend(card.probes.iter().map(probe));
    for mount in &card.mounts {
        let code = if mount.read_only { "pic-mount-ro" } else { "pic-mount" };
        item.children.push(heading(Saying::with(code, &[&mount.volume, &mount.full_path])));
    }
    item
}

fn probe(probe: &Probe) -> Item {
    let mut item = heading(Saying::with("pic-probe", &[probe.kind, &probe.full]));
    let last = match probe.ticks.last() {
        None => "pic-probe-none",
        Some(tick) if tick.ok => "pic-probe-ok",
        Some(tick) if tick.counted => "pic-probe-failed",
        Some(_) => "pic-probe-not-counted",
    };
    item.sayings.push(Saying::new(last));
    if !probe.message.is_empty() {
        item.sayings.push(Saying::with("pic-say", &[&probe.message]));
    }
    item
}
