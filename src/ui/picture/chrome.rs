//! What stands around the Pods: control plane, lobby, nodes, backbone, Services.

use podlab::view::scene::{Component, Detail, Folder, Node, PodKind, Point, Scene, Strip};
use yew::prelude::*;

use super::pen::{Pen, gauge, line, n, rect, round_path, text, title};
use super::pod;
use crate::ui::locales as words;

/// Patterns, markers and the one shadow.
pub fn definitions() -> Html {
    html! {
        <defs>
            <filter id="pic-shadow" x="-10%" y="-10%" width="120%" height="130%"><feDropShadow dx="0" dy="1" stdDeviation="1.2" flood-opacity=".16"/></filter>
            <marker id="pic-arrow" viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0.5 0.5L7 4L0.5 7.5Z" class="arrow-head"/></marker>
            <pattern id="pic-stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="stripe-ground"/><rect width="3" height="6" class="stripe"/></pattern>
        </defs>
    }
}

pub fn strip(pen: &Pen, strip: &Strip) -> Html {
    html! {
        <g class="strip">
            { rect(strip.rect, 12.0, "strip-ground") }
            { text(strip.label.x, strip.label.y, "t-small muted", pen.language.say(words::PIC_CONTROL_PLANE)) }
            { for strip.components.iter().map(|c| component(pen, c)) }
            { for strip.mirrors.iter().map(|mirror| html! {
                <g class="mirror" key={mirror.name.clone()}>
                    { title(pen.language.fill(words::PIC_MIRROR_HINT, &[&mirror.name])) }
                    { rect(mirror.rect, 10.0, "mirror-ground") }
                    { text(mirror.rect.x + 10.0, mirror.rect.y + 14.0, "t-tiny muted", pen.language.say(words::PIC_MIRROR)) }
                    { text(mirror.rect.x + 48.0, mirror.rect.y + 14.0, "t-tiny", mirror.name.clone()) }
                </g>
            }) }
        </g>
    }
}

fn component(pen: &Pen, component: &Component) -> Html {
    let r = component.rect;
    let class = if component.stopped { "component is-stopped" } else { "component" };
    let inside = html! {
        <>
            { rect(r, 8.0, "box") }
            if component.stopped {
                <text x={n(r.center().x)} y={n(r.y + 14.0)} class="t-small mid">{ component.name }</text>
                <text x={n(r.center().x)} y={n(r.y + 25.0)} class="t-tiny mid bad">{ pen.language.say(words::PIC_STOPPED) }</text>
            } else {
                <text x={n(r.center().x)} y={n(r.y + 19.0)} class="t-small mid">{ component.name }</text>
            }
        </>
    };
    pen.shape(&component.target, class, inside)
}

pub fn lobby(pen: &Pen, scene: &Scene) -> Html {
    let Some(frame) = scene.lobby else { return Html::default() };
    html! {
        <g class="lobby">
            { rect(frame, 14.0, "lobby-ground") }
            { text(frame.x + 14.0, frame.y + 20.0, "t-small muted", pen.language.say(words::PIC_LOBBY)) }
            { for scene.unplaced.iter().map(|p| pod::pod(pen, p, scene.detail)) }
        </g>
    }
}

pub fn node(pen: &Pen, node: &Node, detail: Detail) -> Html {
    let r = node.rect;
    let name_end = r.x + 14.0 + podlab_width(&node.name);
    let class = if node.ready { "node" } else { "node is-failed" };
    let empty = node.pods.is_empty() && node.folder.files.is_empty();
    let frame = html! {
        <>
            { rect(r, 16.0, "frame") }
            { text(r.x + 14.0, r.y + 25.0, "t-name", node.name.clone()) }
            { text(name_end + 10.0, r.y + 25.0, "t-small mono muted", node.cidr.clone()) }
            { for node.gauges.iter().map(|g| gauge(g, true)) }
        </>
    };
    let kubelet = &node.kubelet;
    let chip = html! {
        <>
            { rect(kubelet.rect, 12.0, "chip") }
            <text x={n(kubelet.rect.center().x)} y={n(kubelet.rect.y + 15.5)} class={if kubelet.stopped { "t-tiny mid bad" } else { "t-tiny mid" }}>
                { if kubelet.stopped { format!("✕ {}", pen.language.say(words::PIC_KUBELET_STOPPED)) } else { "kubelet".into() } }
            </text>
        </>
    };
    let badge = if !node.ready {
        Some("NotReady")
    } else if node.cordoned {
        Some("SchedulingDisabled")
    } else {
        None
    };
    html! {
        <g key={node.name.clone()}>
            { pen.shape(&node.target, class, frame) }
            if let Some(words) = badge {
                { text(r.x + 14.0, r.y + 39.0, "t-tiny bad", words) }
            }
            { pen.shape(&kubelet.target, if kubelet.stopped { "kubelet is-stopped" } else { "kubelet" }, chip) }
            if empty {
                <text x={n(r.center().x)} y={n(r.y + 100.0)} class="t-small mid muted">{ pen.language.say(words::PIC_NODE_EMPTY) }</text>
            }
            { for node.lanes.iter().map(|(from, to)| line(*from, *to, "lane")) }
            { for node.pods.iter().map(|p| pod::pod(pen, p, detail)) }
            { folder(pen, &node.folder) }
            { feed(node) }
        </g>
    }
}

/// As the view measures names of nodes; only where the next word begins depends on it.
fn podlab_width(name: &str) -> f64 {
    name.chars().count() as f64 * 8.6
}

/// From the folder to the Pod beside it that comes from one of its files.
fn feed(node: &Node) -> Html {
    let folder = node.folder.rect;
    let beside = node.pods.iter().rev().find(|p| matches!(p.kind, PodKind::Static { .. }) && p.rect.y == folder.y && p.rect.right() < folder.x);
    beside.map_or_else(Html::default, |pod| {
        let y = folder.y + 48.0;
        line(Point { x: folder.x + 11.0, y }, Point { x: pod.rect.right() + 1.0, y }, "feed")
    })
}

fn folder(pen: &Pen, folder: &Folder) -> Html {
    let r = folder.rect;
    let inside = html! {
        <>
            { rect(r, 10.0, "folder-ground") }
            <path d={format!("M{} {}h5l2 2h7v8h-14z", n(r.x + 10.0), n(r.y + 8.0))} class="folder-icon"/>
            { text(r.x + 31.0, r.y + 17.5, "t-tiny mono", folder.path.clone()) }
            if folder.files.is_empty() {
                <text x={n(r.right() - 10.0)} y={n(r.y + 17.5)} class="t-tiny muted end">{ pen.language.say(words::PIC_FOLDER_EMPTY) }</text>
            } else {
                { text(r.x + 12.0, r.bottom() - 10.0, "t-tiny muted", pen.language.say(words::PIC_FOLDER_HINT)) }
            }
        </>
    };
    html! {
        <>
            { pen.shape(&folder.target, "folder", inside) }
            { for folder.files.iter().map(|file| pen.shape(&file.target, "file", html! {
                <>
                    { rect(file.rect, 6.0, "box") }
                    <path d={format!("M{} {}h5l3 3v7h-8zM{} {}v3h3", n(file.rect.x + 8.0), n(file.rect.y + 6.0), n(file.rect.x + 13.0), n(file.rect.y + 6.0))} class="file-icon"/>
                    { text(file.rect.x + 22.0, file.rect.y + 15.0, "t-tiny mono", file.name.clone()) }
                </>
            })) }
        </>
    }
}

/// The backbone with its risers; under everything else.
pub fn network(pen: &Pen, scene: &Scene) -> Html {
    let backbone = &scene.backbone;
    let words_of = |word| pen.language.fill(word, &[&backbone.cidr]);
    let inside = html! {
        <>
            { rect(backbone.rect, 8.0, "hit") }
            { line(backbone.from, backbone.to, "backbone") }
        </>
    };
    html! {
        <g class="network">
            { for scene.nodes.iter().filter_map(|node| node.riser).map(|(from, to)| line(from, to, "riser")) }
            { pen.shape(&backbone.target, "wire", inside) }
            { for scene.nodes.iter().filter_map(|node| node.riser).map(|(_, to)| html! { <circle cx={n(to.x)} cy={n(to.y)} r="5" class="joint"/> }) }
            if scene.narrow {
                <text x={n(backbone.label.x)} y={n(backbone.label.y)} class="t-tiny mid net">{ words_of(words::PIC_BACKBONE) }</text>
                <text x={n(backbone.label.x)} y={n(backbone.label.y + 16.0)} class="t-tiny mid net">{ pen.language.say(words::PIC_BACKBONE_MEANING) }</text>
            } else {
                <text x={n(backbone.label.x)} y={n(backbone.label.y)} class="t-small mid net">{ words_of(words::PIC_BACKBONE) }{ " — " }{ pen.language.say(words::PIC_BACKBONE_MEANING) }</text>
            }
        </g>
    }
}

pub fn services(pen: &Pen, scene: &Scene) -> Html {
    html! {
        <g class="services">
            { for scene.services.iter().flat_map(|s| &s.routes).filter(|r| r.points.len() > 1).map(|route| html! {
                <path d={round_path(&route.points, 6.0)} class={if route.member { "route" } else { "route is-left-out" }} marker-end={route.member.then_some("url(#pic-arrow)")}/>
            }) }
            { for scene.services.iter().map(|service| {
                let r = service.rect;
                let inside = html! {
                    <>
                        { line(Point { x: service.gate.x, y: service.gate.y }, Point { x: service.gate.x, y: r.y }, "gate-stem") }
                        { rect(r, 10.0, "gate") }
                        <path d={format!("M{} {}v-12a6 6 0 0 1 12 0v12M{} {}v-16", n(r.x + 12.0), n(r.y + 29.0), n(r.x + 18.0), n(r.y + 29.0))} class="gate-icon"/>
                        { text(r.x + 34.0, r.y + 18.0, "t-card", service.name.clone()) }
                        { text(r.x + 34.0, r.y + 33.0, "t-tiny mono muted", if service.address.is_empty() { "—".to_owned() } else { service.address.clone() }) }
                    </>
                };
                html! {
                    <>
                        { pen.shape(&service.target, "service", inside) }
                        <circle cx={n(service.gate.x)} cy={n(service.gate.y)} r="6" class="joint"/>
                    </>
                }
            }) }
        </g>
    }
}
