//! What there is to draw: nodes, Pods, drafts, Services, from the API server's store and, for what only a node knows, from its kubelet and runtime.

use super::card::{self, Source};
use super::{
    Backbone, Component, File, Folder, Gauge, Kubelet, Mirror, Mood, Node, Pod, PodKind, Point, Rail, Rect, Role, Scene, Service, Tag, Volume, mood,
};
use crate::api::float::within;
use crate::api::order::{InOrder as _, SortedMap};
use crate::api::{Quantity, Selector, SimTime, Value, kinds, object};
use crate::cluster::runtime::{ContainerRecord, State};
use crate::kubectl::pod_row::pod_row;
use crate::manifest::Checked;
use crate::session::Session;
use crate::view::Target;
use crate::view::history::{self, History};
use crate::view::saying::Saying;
use crate::view::written::Written;

/// Where kubelets look for static Pods (`staticPodPath`, as kubeadm sets it).
pub const STATIC_POD_PATH: &str = "/etc/kubernetes/manifests";
const COMPONENTS: [&str; 4] = ["kube-apiserver", "etcd", "scheduler", "controllers"];

/// The newest record of each container, by Pod and container.
type Records<'a> = SortedMap<(String, &'a str), (&'a ContainerRecord, usize)>;

pub fn scene(session: &Session, draft: &Checked) -> Scene {
    history::with(session, |history| {
        let reader = Reader { session, history, records: records(session), now: session.now() };
        reader.scene(draft)
    })
}

struct Reader<'a> {
    session: &'a Session,
    history: &'a History,
    records: Records<'a>,
    now: SimTime,
}

fn records(session: &Session) -> Records<'_> {
    let mut records = Records::new();
    for (index, node) in session.config().nodes.iter().enumerate() {
        let Some(runtime) = session.cluster().runtime(&node.name) else { continue };
        for record in runtime.all_containers() {
            if let Some(sandbox) = runtime.sandbox(record.sandbox) {
                let pod = format!("{}/{}", sandbox.config.namespace, sandbox.config.name);
                records.insert((pod, record.config.name.as_str()), (record, index));
            }
        }
    }
    records
}

impl Reader<'_> {
    fn scene(&self, draft: &Checked) -> Scene {
        let cluster = self.session.cluster();
        let mut scene = Scene {
            backbone: Backbone { cidr: cluster.network().pod_cidr.clone(), ..Backbone::default() },
            nodes: self.session.config().nodes.iter().map(|n| self.node(&n.name)).collect(),
            ..Scene::default()
        };
        scene.strip.components = COMPONENTS
            .into_iter()
            .map(|name| Component {
                target: Target::Component(name.into()),
                name,
                rect: Rect::default(),
                stopped: name == "kube-apiserver" && cluster.api.is_stopped(),
            })
            .collect();
        for object in cluster.api.list(kinds::POD, None) {
            let pod = self.pod(object);
            if let PodKind::Static { mirrored: true } = pod.kind {
                scene.strip.mirrors.push(Mirror { target: pod.target.clone(), name: pod.name.clone(), rect: Rect::default() });
            }
            let node = object::str_at(object, "spec.nodeName").and_then(|name| scene.nodes.iter_mut().find(|n| n.name == name));
            match node {
                Some(node) => node.pods.push(pod),
                None => scene.unplaced.push(pod),
            }
        }
        self.unregistered_pods(&mut scene);
        for node in &mut scene.nodes {
            // Those that stay beside the folder that they come from.
            node.pods.order_by_key(|p| matches!(p.kind, PodKind::Static { .. }));
        }
        self.services(&mut scene);
        self.drafts(draft, &mut scene);
        scene
    }

    fn node(&self, name: &str) -> Node {
        let cluster = self.session.cluster();
        let empty = Value::Null;
        let node = cluster.api.get(kinds::NODE, "", name).map_or(&empty, |n| n);
        let kubelet = cluster.kubelet(name);
        let ready = object::list_at(node, "status.conditions")
            .iter()
            .all(|c| object::str_at(c, "type") != Some("Ready") || object::str_at(c, "status") == Some("True"));
        let prefix = format!("{STATIC_POD_PATH}/");
        let files = kubelet.map(|k| k.files().keys().filter(|path| path.starts_with(&prefix)).cloned().collect::<Vec<_>>()).unwrap_or_default();
        Node {
            target: Target::Node(name.into()),
            rect: Rect::default(),
            name: name.into(),
            cidr: object::str_at(node, "spec.podCIDR").unwrap_or("").into(),
            ready,
            cordoned: object::bool_at(node, "spec.unschedulable").unwrap_or(false),
            gauges: self.node_gauges(name, node),
            kubelet: Kubelet { target: Target::Kubelet(name.into()), rect: Rect::default(), stopped: kubelet.is_some_and(|k| k.is_stopped()) },
            pods: Vec::new(),
            folder: Folder {
                target: Target::File { node: name.into(), path: STATIC_POD_PATH.into() },
                rect: Rect::default(),
                path: STATIC_POD_PATH.into(),
                files: files
                    .into_iter()
                    .map(|path| File { name: path[prefix.len()..].into(), target: Target::File { node: name.into(), path }, rect: Rect::default() })
                    .collect(),
            },
            riser: None,
            lanes: Vec::new(),
        }
    }

    /// What the node's Pods request of what it can give.
    fn node_gauges(&self, name: &str, node: &Value) -> Vec<Gauge> {
        let quantity = |path: &str| object::str_at(node, path).and_then(Quantity::parse);
        let config = self.session.config().nodes.iter().find(|n| n.name == name);
        let cpu = quantity("status.allocatable.cpu").map(Quantity::milli).or(config.map(|c| c.cpu_milli)).unwrap_or(0);
        let memory = quantity("status.allocatable.memory").map(Quantity::value).or(config.map(|c| c.memory_bytes)).unwrap_or(0);
        let (mut cpu_requested, mut memory_requested) = (0, 0);
        for pod in self.session.cluster().api.list(kinds::POD, None) {
            let ended = matches!(object::str_at(pod, "status.phase"), Some("Succeeded" | "Failed"));
            if object::str_at(pod, "spec.nodeName") != Some(name) || ended {
                continue;
            }
            for container in object::list_at(pod, "spec.containers") {
                let request = |path: &str| object::str_at(container, path).and_then(Quantity::parse);
                cpu_requested += request("resources.requests.cpu").map_or(0, Quantity::milli);
                memory_requested += request("resources.requests.memory").map_or(0, Quantity::value);
            }
        }
        let bar = |name, used: i64, whole: i64, words: fn(i64) -> String| Gauge {
            name,
            used: if whole > 0 { within(used as f64 / whole as f64, 0.0, 1.0) } else { 0.0 },
            words: format!("{} / {}", words(used), words(whole)),
            ..Gauge::default()
        };
        vec![bar("cpu", cpu_requested, cpu, card::cpu), bar("memory", memory_requested, memory, card::bytes)]
    }

    fn pod(&self, pod: &Value) -> Pod {
        let (namespace, name) = (object::namespace(pod), object::name(pod));
        let id = format!("{namespace}/{name}");
        let row = pod_row(pod);
        let alone = self.session.cluster().api.is_stopped();
        let static_pod = object::map_at(pod, "metadata.annotations").is_some_and(|a| a.contains_key("kubernetes.io/config.mirror"));
        let mut mood = mood::of_pod(pod, &row);
        let mut notice = notice(pod);
        if notice.is_empty() && mood == Mood::WAITING {
            notice = self.hindrance(&id);
        }
        if mood == Mood::WAITING && !notice.is_empty() && object::str_at(pod, "spec.nodeName").is_none() {
            mood = Mood { icon: super::Icon::Clock, ..Mood::FAILED };
        }
        let mut cards = Vec::new();
        let mut rail = rail(Target::Localhost(id.clone()));
        for (spec, role) in containers(pod) {
            let container = object::str_at(spec, "name").unwrap_or("");
            let source = Source {
                target: Target::Container { pod: id.clone(), container: container.into() },
                spec,
                status: status_of(pod, container),
                record: self.records.get(&(id.clone(), container)).map(|(r, _)| *r),
                track: self.history.track(&id, container),
                role,
                now: self.now,
                draft: false,
                alone,
            };
            cards.push(card::card(&source));
            rail.plugs.extend(card::plugs(&source));
        }
        mark_conflicts(&mut rail);
        let ip = object::str_at(pod, "status.podIP").unwrap_or("").to_owned();
        Pod {
            name: name.into(),
            full_name: name.into(),
            namespace: if namespace == "default" { String::new() } else { namespace.into() },
            mood,
            status: row.status,
            ready: row.ready,
            kind: if static_pod { PodKind::Static { mirrored: true } } else { PodKind::Plain },
            host_network: object::bool_at(pod, "spec.hostNetwork").unwrap_or(false),
            notice,
            cards,
            rails: if ip.is_empty() && rail.plugs.is_empty() { Vec::new() } else { vec![rail] },
            ip,
            volumes: volumes(pod, |volume| Target::Volume { pod: id.clone(), volume: volume.into() }),
            ..blank(Target::Pod(id.clone()))
        }
    }

    /// What keeps a bound Pod from starting: the last warning, while nothing good came after it.
    fn hindrance(&self, id: &str) -> Vec<String> {
        let marks = self.history.pods.get(id).map_or(&[][..], |p| history::until(&p.marks, self.now, |m| m.at));
        let last = marks.last().filter(|m| m.warning && matches!(&*m.reason, "FailedMount" | "FailedCreatePodSandBox" | "FailedAttachVolume"));
        last.map(|m| m.message.to_string()).into_iter().collect()
    }

    /// Pods that only their node knows: static ones whose mirror is not there, and those that were deleted by force and still end.
    fn unregistered_pods(&self, scene: &mut Scene) {
        let mut found: SortedMap<&str, (usize, Vec<&ContainerRecord>)> = SortedMap::new();
        for ((pod, _), (record, node)) in &self.records {
            let (namespace, name) = pod.split_once('/').unwrap_or(("", pod));
            if self.session.cluster().api.get(kinds::POD, namespace, name).is_none() {
                found.entry(pod).or_insert((*node, Vec::new())).1.push(record);
            }
        }
        for (id, (node, records)) in found {
            let running = |r: &&&ContainerRecord| matches!(r.state, State::Running { .. } | State::Created);
            let up = records.iter().filter(running).count();
            if up == 0 {
                continue;
            }
            let (namespace, name) = id.split_once('/').unwrap_or(("", id));
            let Some(config) = self.session.config().nodes.get(node) else { continue };
            let runtime = self.session.cluster().runtime(&config.name);
            let ip = records.first().and_then(|r| runtime?.sandbox(r.sandbox)).map(|s| s.ip.clone()).unwrap_or_default();
            // A static Pod's name ends with its node's.
            let from_file = name.ends_with(&format!("-{}", config.name)) && !scene.nodes[node].folder.files.is_empty();
            let mut rail = rail(Target::Localhost(id.into()));
            let mut cards = Vec::new();
            for record in &records {
                let spec = crate::api::json!({"name": record.config.name, "image": record.config.image});
                let source = Source {
                    target: Target::Container { pod: id.into(), container: record.config.name.clone() },
                    spec: &spec,
                    status: None,
                    record: Some(record),
                    track: self.history.track(id, &record.config.name),
                    role: Role::Main,
                    now: self.now,
                    draft: false,
                    alone: true,
                };
                cards.push(card::card(&source));
                rail.plugs.extend(card::plugs(&source));
            }
            mark_conflicts(&mut rail);
            scene.nodes[node].pods.push(Pod {
                name: name.into(),
                full_name: name.into(),
                namespace: if namespace == "default" { String::new() } else { namespace.into() },
                mood: if from_file { Mood::READY } else { Mood::LEAVING },
                status: if from_file { "Running".into() } else { "Terminating".into() },
                ready: format!("{up}/{}", records.len()),
                kind: if from_file { PodKind::Static { mirrored: false } } else { PodKind::Ghost },
                cards,
                rails: vec![rail],
                ip,
                ..blank(Target::Pod(id.into()))
            });
        }
    }

    fn services(&self, scene: &mut Scene) {
        let api = &self.session.cluster().api;
        for service in api.list(kinds::SERVICE, None) {
            let (namespace, name) = (object::namespace(service), object::name(service));
            // The API server's own Service chooses no Pods and is in every cluster.
            if (namespace, name) == ("default", "kubernetes") {
                continue;
            }
            let id = format!("{namespace}/{name}");
            let port = object::list_at(service, "spec.ports").first().and_then(|p| object::i64_at(p, "port"));
            let cluster_ip = object::str_at(service, "spec.clusterIP").unwrap_or("");
            let address = match port {
                Some(port) if !cluster_ip.is_empty() => format!("{cluster_ip}:{port}"),
                _ => cluster_ip.to_owned(),
            };
            scene.services.push(Service {
                target: Target::Service(id.clone()),
                rect: Rect::default(),
                name: name.into(),
                full_name: if namespace == "default" { name.into() } else { id.clone() },
                address,
                gate: Point::default(),
                routes: Vec::new(),
            });
            let members = ready_endpoints(api, namespace, name);
            let Some(wanted) = object::map_at(service, "spec.selector").filter(|s| !s.is_empty()) else { continue };
            let selector = Selector::from_map(wanted);
            for pod in scene.nodes.iter_mut().flat_map(|n| n.pods.iter_mut()) {
                let Target::Pod(pod_id) = &pod.target else { continue };
                let Some(pod_name) = pod_id.strip_prefix(namespace).and_then(|p| p.strip_prefix('/')) else { continue };
                let Some(object) = api.get(kinds::POD, namespace, pod_name) else { continue };
                if !selector.matches(object::labels(object)) {
                    continue;
                }
                let member = members.iter().any(|m| m == pod_name);
                let reason = (!member).then(|| left_out(object));
                pod.tags.push(Tag { service: name.into(), member, reason, y: 0.0 });
                let service = scene.services.last_mut().expect("pushed above");
                service.routes.push(super::Route { pod: pod_id.clone(), member, points: Vec::new() });
            }
        }
    }

    /// The Pods of the text that are not applied, a workload's as its template has them.
    fn drafts(&self, draft: &Checked, scene: &mut Scene) {
        for (index, document) in draft.source.documents.iter().enumerate() {
            if let Some(written) = Written::of(document).filter(|w| !w.is_applied(self.session)) {
                scene.unplaced.push(self.draft(index, &written));
            }
        }
    }

    fn draft(&self, document: usize, written: &Written) -> Pod {
        let value = written.pod;
        let mut cards = Vec::new();
        let mut rail = rail(Target::Draft(document));
        for (spec, role) in containers(value) {
            let source = Source {
                target: Target::DraftContainer { document, container: object::str_at(spec, "name").unwrap_or("").into() },
                spec,
                status: None,
                record: None,
                track: None,
                role,
                now: self.now,
                draft: true,
                alone: false,
            };
            cards.push(card::card(&source));
            rail.plugs.extend(card::plugs(&source));
        }
        mark_conflicts(&mut rail);
        let name = written.name();
        Pod {
            name: name.clone(),
            full_name: name,
            mood: Mood::DRAFT,
            kind: PodKind::Draft,
            rails: if rail.plugs.is_empty() && cards.len() < 2 { Vec::new() } else { vec![rail] },
            cards,
            volumes: volumes(value, |_| Target::Draft(document)),
            ..blank(Target::Draft(document))
        }
    }
}

fn blank(target: Target) -> Pod {
    Pod {
        target,
        rect: Rect::default(),
        name: String::new(),
        full_name: String::new(),
        namespace: String::new(),
        mood: Mood::default(),
        status: String::new(),
        ready: String::new(),
        ip: String::new(),
        kind: PodKind::Plain,
        host_network: false,
        notice: Vec::new(),
        cards: Vec::new(),
        rails: Vec::new(),
        volumes: Vec::new(),
        mounts: Vec::new(),
        plug: None,
        tags: Vec::new(),
        baseline: 0.0,
        status_x: 0.0,
        status_y: 0.0,
        note_y: 0.0,
        notice_y: 0.0,
    }
}

fn rail(target: Target) -> Rail {
    Rail { target, from: Point::default(), to: Point::default(), plugs: Vec::new(), beyond: Vec::new(), label: None, joins_at: None }
}

/// Two containers of a draft that name the same port will not both get it.
fn mark_conflicts(rail: &mut Rail) {
    for index in 1..rail.plugs.len() {
        let (before, rest) = rail.plugs.split_at_mut(index);
        if rest[0].declared && before.iter().any(|p| p.port == rest[0].port && p.container != rest[0].container) {
            rest[0].conflict = true;
        }
    }
}

/// All containers of a Pod, init containers first.
pub fn containers(pod: &Value) -> impl Iterator<Item = (&Value, Role)> {
    let init = object::list_at(pod, "spec.initContainers").iter().map(|c| {
        let sidecar = object::str_at(c, "restartPolicy") == Some("Always");
        (c, if sidecar { Role::Sidecar } else { Role::Init })
    });
    let main = object::list_at(pod, "spec.containers").iter().map(|c| (c, Role::Main));
    let ephemeral = object::list_at(pod, "spec.ephemeralContainers").iter().map(|c| (c, Role::Ephemeral));
    init.chain(main).chain(ephemeral).filter(|(c, _)| c.is_object())
}

/// A container's status in its Pod's.
pub fn status_of<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    ["status.containerStatuses", "status.initContainerStatuses", "status.ephemeralContainerStatuses"]
        .into_iter()
        .flat_map(|path| object::list_at(pod, path))
        .find(|s| object::str_at(s, "name") == Some(container))
}

/// What keeps a Pod from getting on: the scheduler's message.
fn notice(pod: &Value) -> Vec<String> {
    let condition = object::list_at(pod, "status.conditions")
        .iter()
        .find(|c| object::str_at(c, "type") == Some("PodScheduled") && object::str_at(c, "status") == Some("False"));
    let message = condition.and_then(|c| object::str_at(c, "message")).or_else(|| object::str_at(pod, "status.message")).unwrap_or("");
    if message.is_empty() { Vec::new() } else { vec![message.to_owned()] }
}

fn volumes(pod: &Value, target: impl Fn(&str) -> Target) -> Vec<Volume> {
    object::list_at(pod, "spec.volumes")
        .iter()
        .filter_map(|volume| {
            let name = object::str_at(volume, "name").unwrap_or("?");
            if name.starts_with("kube-api-access-") {
                return None;
            }
            let kind = volume.as_object()?.keys().find(|k| *k != "name").map_or("emptyDir", String::as_str);
            Some(Volume { target: target(name), rect: Rect::default(), name: name.into(), full_name: name.into(), kind: kind.into() })
        })
        .collect()
}

/// The names of the Pods to which a Service sends.
pub fn ready_endpoints(api: &crate::cluster::apiserver::ApiServer, namespace: &str, service: &str) -> Vec<String> {
    let of_service = |slice: &&std::rc::Rc<Value>| {
        object::labels(slice).and_then(|l| l.get("kubernetes.io/service-name")).and_then(Value::as_str) == Some(service)
    };
    api.list(kinds::ENDPOINT_SLICE, Some(namespace))
        .filter(of_service)
        .flat_map(|slice| object::list_at(slice, "endpoints"))
        .filter(|e| object::bool_at(e, "conditions.ready").unwrap_or(true))
        .filter_map(|e| object::str_at(e, "targetRef.name").map(str::to_owned))
        .collect()
}

/// Why a Service that chooses this Pod does not send to it.
pub fn left_out(pod: &Value) -> Saying {
    if object::is_deleting(pod) {
        return Saying::new("pic-left-out-terminating");
    }
    if object::str_at(pod, "status.podIP").is_none_or(str::is_empty) {
        return Saying::new("pic-left-out-no-ip");
    }
    if mood::is_ready(pod) { Saying::new("pic-left-out-soon") } else { Saying::new("pic-left-out-not-ready") }
}
