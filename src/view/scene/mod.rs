//! The picture of the cluster at the playhead: what there is ([`read`]), and where each shape stands ([`layout`]).
//!
//! A scene holds no time of its own: between two happenings it is equal to itself, so nothing is drawn anew.

mod card;
mod hand_overs;
mod layout;
mod measure;
mod mood;
mod pod;
mod read;
mod traffic;
mod walk;

use super::Target;
use super::saying::Saying;
use crate::manifest::Checked;
use crate::session::Session;

pub use card::{bytes, cpu, probe_asks, state_of as card_of};
pub use mood::of_pod as pod_mood;
pub use mood::{Icon, Mood, Tone};
pub use read::{STATIC_POD_PATH, containers, left_out, ready_endpoints, status_of};
pub use traffic::outcome;
pub use walk::{Direction, Shape};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub fn center(&self) -> Point {
        Point { x: self.x + self.w / 2.0, y: self.y + self.h / 2.0 }
    }
}

/// How much of a Pod there is room for. Chosen by the number of Pods on the fullest node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    #[default]
    Full,
    /// One line for each container; no bars, no volumes.
    Compact,
    /// The Pod's name and status only.
    Tiny,
}

/// The whole picture, laid out for a width. Lengths are CSS pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    /// Nodes stand below each other.
    pub narrow: bool,
    pub detail: Detail,
    pub strip: Strip,
    /// Where Pods without a node and drafts are; `None` while there are none.
    pub lobby: Option<Rect>,
    pub unplaced: Vec<Pod>,
    pub nodes: Vec<Node>,
    pub backbone: Backbone,
    pub services: Vec<Service>,
    /// Of the last moments; each is drawn once, from its own start.
    pub requests: Vec<Request>,
    pub hand_overs: Vec<HandOver>,
}

/// The control plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    pub rect: Rect,
    /// Where the strip's own name stands (the start of its baseline).
    pub label: Point,
    pub components: Vec<Component>,
    /// The mirrors of static Pods, which only the API server has.
    pub mirrors: Vec<Mirror>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub target: Target,
    pub name: &'static str,
    pub rect: Rect,
    pub stopped: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// The Pod on the node.
    pub target: Target,
    pub name: String,
    pub rect: Rect,
}

/// An amount of a resource against its bounds, for a thin bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauge {
    /// The field's own word: `cpu`, `memory`, `pods`.
    pub name: &'static str,
    /// From 0 to 1 of the bar's length.
    pub used: f64,
    pub request: Option<f64>,
    pub limit: Option<f64>,
    /// `120m / 500m`.
    pub words: String,
    pub throttled: bool,
    /// At or over its limit.
    pub over: bool,
    pub rect: Rect,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub target: Target,
    pub rect: Rect,
    pub name: String,
    pub cidr: String,
    pub ready: bool,
    /// `spec.unschedulable`.
    pub cordoned: bool,
    pub gauges: Vec<Gauge>,
    pub kubelet: Kubelet,
    pub pods: Vec<Pod>,
    pub folder: Folder,
    /// The node's share of the Pod network: from its lanes down to the backbone.
    pub riser: Option<(Point, Point)>,
    /// The horizontal wires beneath each row of Pods.
    pub lanes: Vec<(Point, Point)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Kubelet {
    pub target: Target,
    pub rect: Rect,
    pub stopped: bool,
}

/// The folder from which a kubelet reads static Pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    pub target: Target,
    pub rect: Rect,
    pub path: String,
    pub files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub target: Target,
    pub name: String,
    pub rect: Rect,
}

/// A capsule.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    pub target: Target,
    pub rect: Rect,
    /// Cut to its room; [`Pod::full_name`] is whole.
    pub name: String,
    pub full_name: String,
    /// Empty for `default`.
    pub namespace: String,
    pub mood: Mood,
    /// The STATUS of `kubectl get pods`, e.g. `CrashLoopBackOff`.
    pub status: String,
    /// `1/2`
    pub ready: String,
    pub ip: String,
    pub kind: PodKind,
    pub host_network: bool,
    /// Why it does not get on, in the cluster's own words, broken into lines.
    pub notice: Vec<String>,
    pub cards: Vec<Card>,
    pub rails: Vec<Rail>,
    pub volumes: Vec<Volume>,
    pub mounts: Vec<MountLine>,
    /// Where it is plugged into its node's network; `None` without an IP.
    pub plug: Option<Point>,
    pub tags: Vec<Tag>,
    /// Where its name begins, and where its IP ends.
    pub baseline: f64,
    pub status_x: f64,
    /// Baseline of the status, which may stand in a line of its own.
    pub status_y: f64,
    /// Baseline of the line that says what kind of Pod it is; 0 without one.
    pub note_y: f64,
    /// Baseline of the first line of [`Pod::notice`].
    pub notice_y: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodKind {
    Plain,
    /// From a file on the node; `mirrored` when the API server shows it.
    Static {
        mirrored: bool,
    },
    /// Described by the editor's text only.
    Draft,
    /// Its object is gone, but its containers are still being stopped.
    Ghost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Main,
    Init,
    Sidecar,
    Ephemeral,
}

/// A container.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub target: Target,
    pub rect: Rect,
    pub name: String,
    pub full_name: String,
    pub image: String,
    pub full_image: String,
    pub role: Role,
    pub mood: Mood,
    pub state: Saying,
    pub restarts: i64,
    pub gauges: Vec<Gauge>,
    pub probes: Vec<Probe>,
    pub mounts: Vec<MountLabel>,
    /// The registry does not know its image: the learner may say how it behaves.
    pub unknown_image: bool,
    /// Baselines: name, image, state.
    pub lines: [f64; 3],
    /// Where probes, bars and mounts begin: on the left, or in a column of their own on a wide card.
    pub side_x: f64,
    /// Baseline of the question about an unknown image.
    pub question_y: f64,
}

/// A row of a card: what a probe asks, and its last answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// `startup`, `readiness`, `liveness`.
    pub kind: &'static str,
    /// `GET :8080/healthz`, cut to its room.
    pub asks: String,
    pub full: String,
    pub ticks: Vec<ProbeTick>,
    /// How many failures in a row of how many that count, e.g. `2/3`; empty while it passes.
    pub streak: String,
    pub message: String,
    pub y: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeTick {
    /// Milliseconds of virtual time: names the attempt.
    pub at: u64,
    pub ok: bool,
    pub counted: bool,
    pub x: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MountLabel {
    pub volume: String,
    pub path: String,
    pub full_path: String,
    pub read_only: bool,
    pub y: f64,
}

/// localhost: one wire beneath a row of cards. A Pod whose cards fill several rows has several pieces, joined at the left.
#[derive(Clone, Debug, PartialEq)]
pub struct Rail {
    pub target: Target,
    pub from: Point,
    pub to: Point,
    pub plugs: Vec<Plug>,
    /// The ports of a card for which there was no room.
    pub beyond: Vec<Beyond>,
    /// Where the wire's name stands; only the last piece has one.
    pub label: Option<RailLabel>,
    /// The piece above, to be joined with.
    pub joins_at: Option<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RailLabel {
    pub at: Point,
    /// It ends there, rather than begins.
    pub ends: bool,
    /// There is room for what it means, too.
    pub long: bool,
}

/// Plugs that stand together as `+3`, where the next would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct Beyond {
    pub plugs: Vec<Plug>,
    pub at: Point,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Plug {
    pub port: u16,
    /// Listens on 127.0.0.1 only.
    pub local_only: bool,
    /// Two containers want it: this one came too late.
    pub conflict: bool,
    /// Only declared by the text; nothing listens yet.
    pub declared: bool,
    pub container: String,
    /// On the card's edge.
    pub from: Point,
    /// On the rail.
    pub to: Point,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    pub target: Target,
    pub rect: Rect,
    pub name: String,
    pub full_name: String,
    /// `emptyDir`, `configMap`, …
    pub kind: String,
}

/// A dashed line from a card to a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct MountLine {
    pub container: String,
    pub volume: String,
    /// From the card, perhaps around others, to the volume.
    pub points: Vec<Point>,
}

/// A Pod and a Service that chooses it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    pub service: String,
    pub member: bool,
    pub reason: Option<Saying>,
    pub y: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Backbone {
    pub target: Target,
    pub from: Point,
    pub to: Point,
    pub cidr: String,
    pub label: Point,
    /// The words are broken into two lines where the picture is narrow.
    pub rect: Rect,
}

impl Default for Backbone {
    fn default() -> Self {
        Self {
            target: Target::Network,
            from: Point::default(),
            to: Point::default(),
            cidr: String::new(),
            label: Point::default(),
            rect: Rect::default(),
        }
    }
}

/// A gate on the backbone.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub target: Target,
    pub rect: Rect,
    pub name: String,
    pub full_name: String,
    /// `10.96.12.7:80`, `None` or empty for a headless one.
    pub address: String,
    /// Where it meets the backbone.
    pub gate: Point,
    pub routes: Vec<Route>,
}

/// The way from a Service's gate to a Pod that its selector chooses.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    pub pod: String,
    /// Among the ready endpoints.
    pub member: bool,
    pub points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// An answer that says no (4xx, 5xx).
    Complained,
    /// None came.
    Failed,
}

/// A request as it travels.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub id: usize,
    pub points: Vec<Point>,
    /// `10.244.2.4 → 10.244.1.5:80`
    pub label: String,
    /// The way of the label's middle: as many points.
    pub words: Vec<Point>,
    /// Where the answer's baseline begins, once it is there.
    pub answer_at: Point,
    pub what: String,
    pub answer: String,
    pub outcome: Outcome,
}

/// An arrow of the control plane.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOver {
    pub id: usize,
    /// From where to where, with the corners between. Two points with a `bend` make an arc.
    pub points: Vec<Point>,
    /// Height of the arc, upwards; 0 draws straight lines.
    pub bend: f64,
    /// Where the words stand: the middle of their baseline, or its end where `label_ends`.
    pub label: Point,
    pub label_ends: bool,
    /// Names are cut to their room.
    pub saying: Saying,
    /// The same with whole names.
    pub full: Saying,
}

/// How much larger a picture may be drawn where its pane has room, the largest first.
const LARGER: [f64; 4] = [1.5, 1.35, 1.2, 1.1];
/// A picture that is drawn larger is laid out for this width at least.
const LEAST_ENLARGED: f64 = 1150.0;
/// The part of the pane's height that has to stay free before a picture grows: it may get a line more at any moment, and would shrink again.
const TO_SPARE: f64 = 0.06;

/// The picture of the session, with the draft that the editor's text describes, for a pane that is `width_px` wide.
pub fn build(session: &Session, draft: &Checked, width_px: f64) -> Scene {
    build_in(session, draft, width_px, 0.0, 1.0)
}

/// The same for a pane of which the height is known too: where it is much wider than the picture needs, the picture is laid out for less, as far as it
/// can be drawn larger then and still be seen whole. `drawn` is how large it was drawn last.
pub fn build_in(session: &Session, draft: &Checked, width_px: f64, height_px: f64, drawn: f64) -> Scene {
    let bare = read::scene(session, draft);
    let enlarged = LARGER.into_iter().filter(|larger| width_px / larger >= LEAST_ENLARGED).find_map(|larger| {
        let mut scene = bare.clone();
        layout::lay_out(&mut scene, (width_px / larger).floor());
        let spare = if larger > drawn + 0.01 { 1.0 + TO_SPARE } else { 1.0 };
        (scene.height * larger * spare <= height_px).then_some(scene)
    });
    let mut scene = enlarged.unwrap_or_else(|| {
        let mut scene = bare;
        layout::lay_out(&mut scene, width_px);
        scene
    });
    traffic::draw(&mut scene, session);
    scene
}
