//! Nodes with their kubelets and files, the control plane, the network.

use super::{Action, Alert, Details, Rows, blank, events, network_action, text_at};
use crate::api::{Value, kinds, object};
use crate::session::Session;
use crate::view::Target;
use crate::view::saying::Saying;
use crate::view::scene::{Mood, STATIC_POD_PATH, Tone};

pub fn node(session: &Session, target: &Target, name: &str) -> Option<Details> {
    let cluster = session.cluster();
    cluster.node_index(name)?;
    let empty = Value::Null;
    let node = cluster.api.get(kinds::NODE, "", name).map_or(&empty, |n| n);
    let mut details = blank(target, "ins-kind-node", name);
    let mut rows = Rows::default();
    rows.code("ins-pod-cidr", text_at(node, "spec.podCIDR"));
    let address = |kind: &str| {
        let addresses = object::list_at(node, "status.addresses");
        addresses.iter().find(|a| object::str_at(a, "type") == Some(kind)).map(|a| text_at(a, "address")).unwrap_or_default()
    };
    rows.code("ins-internal-ip", address("InternalIP"));
    rows.code("ins-cpu", text_at(node, "status.allocatable.cpu"));
    rows.code("ins-memory", text_at(node, "status.allocatable.memory"));
    rows.words("ins-pods", text_at(node, "status.allocatable.pods"));
    let taints: Vec<String> =
        object::list_at(node, "spec.taints").iter().map(|t| format!("{}:{}", text_at(t, "key"), text_at(t, "effect"))).collect();
    rows.code("ins-taints", taints.join(" "));
    details.sections.extend(rows.into_section(None));
    let mut rows = Rows::default();
    for condition in object::list_at(node, "status.conditions") {
        let (kind, status) = (text_at(condition, "type"), text_at(condition, "status"));
        let good = (kind == "Ready") == (status == "True");
        rows.named(Saying::with("pic-say", &[&kind]), status, false, Some(if good { Tone::Running } else { Tone::Failed }));
    }
    details.sections.extend(rows.into_section(Some("ins-conditions")));
    details.links.push((Saying::with("pic-say", &["kubelet"]), Target::Kubelet(name.into())));
    details.links.push((Saying::with("pic-say", &[STATIC_POD_PATH]), Target::File { node: name.into(), path: STATIC_POD_PATH.into() }));
    details.actions.push(Action::Run { command: format!("kubectl describe node {name}") });
    details.actions.push(network_action(session, format!("node/{name}")));
    details.events = events(session, "Node", "", name, None);
    Some(details)
}

pub fn kubelet(session: &Session, target: &Target, node: &str) -> Option<Details> {
    let stopped = session.cluster().kubelet(node)?.is_stopped();
    let mut details = blank(target, "ins-kind-kubelet", node);
    details.state = Some(Saying::new(if stopped { "ins-kubelet-stopped" } else { "ins-kubelet-runs" }));
    details.mood = Some(if stopped { Mood::FAILED } else { Mood::READY });
    let mut rows = Rows::default();
    rows.code("ins-static-pod-path", STATIC_POD_PATH);
    rows.words("ins-file-check", "20s");
    details.sections.extend(rows.into_section(None));
    details.links.push((Saying::with("pic-node", &[node]), Target::Node(node.into())));
    details.links.push((Saying::with("pic-say", &[STATIC_POD_PATH]), Target::File { node: node.into(), path: STATIC_POD_PATH.into() }));
    details.actions.push(Action::StopKubelet { node: node.into(), stopped: !stopped });
    Some(details)
}

/// A file of the static Pod folder, or the folder itself.
pub fn file(session: &Session, target: &Target, node: &str, path: &str) -> Option<Details> {
    let files = session.cluster().kubelet(node)?.files();
    if path == STATIC_POD_PATH {
        let mut details = blank(target, "ins-kind-folder", path);
        details.state = Some(Saying::new("ins-folder-meaning"));
        let own = files.keys().filter(|p| p.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
        for file in own {
            let short = file.rsplit('/').next().unwrap_or(file);
            details.links.push((Saying::with("pic-say", &[short]), Target::File { node: node.into(), path: file.clone() }));
        }
        details.links.push((Saying::with("pic-node", &[node]), Target::Node(node.into())));
        details.actions.push(Action::EditFile { node: node.into(), path: format!("{path}/web.yaml"), text: None });
        return Some(details);
    }
    let text = files.get(path)?;
    let mut details = blank(target, "ins-kind-file", path);
    details.links.push((Saying::with("pic-node", &[node]), Target::Node(node.into())));
    details.actions.push(Action::EditFile { node: node.into(), path: path.into(), text: Some(text.clone()) });
    details.actions.push(Action::RemoveFile { node: node.into(), path: path.into() });
    Some(details)
}

pub fn component(session: &Session, target: &Target, name: &str) -> Details {
    let api = &session.cluster().api;
    let mut details = blank(target, "ins-kind-component", name);
    let mut rows = Rows::default();
    match name {
        "kube-apiserver" => {
            let stopped = api.is_stopped();
            details.state = Some(Saying::new(if stopped { "ins-api-stopped" } else { "ins-api-meaning" }));
            details.mood = Some(if stopped { Mood::FAILED } else { Mood::READY });
            if stopped {
                details.alert = Some(Alert { bad: true, words: "connect: connection refused".into() });
            }
            details.actions.push(Action::StopApiServer { stopped: !stopped });
        }
        "etcd" => {
            details.state = Some(Saying::new("ins-etcd-meaning"));
            rows.code("ins-resource-version", api.resource_version().to_string());
            for (label, kind) in [("Pods", kinds::POD), ("Services", kinds::SERVICE), ("Events", kinds::EVENT)] {
                rows.named(Saying::with("pic-say", &[label]), api.list(kind, None).count().to_string(), false, None);
            }
        }
        "scheduler" => {
            details.state = Some(Saying::new("ins-scheduler-meaning"));
            let waiting = api.list(kinds::POD, None).filter(|p| object::str_at(p, "spec.nodeName").is_none()).count();
            rows.words("ins-unbound", waiting.to_string());
        }
        _ => details.state = Some(Saying::new("ins-controllers-meaning")),
    }
    details.sections.extend(rows.into_section(None));
    details
}

pub fn network(session: &Session, target: &Target) -> Details {
    let mut details = blank(target, "ins-kind-network", &session.cluster().network().pod_cidr);
    details.state = Some(Saying::new("pic-backbone-meaning"));
    let mut rows = Rows::default();
    for pod in session.cluster().api.list(kinds::POD, None) {
        rows.named(Saying::with("pic-say", &[object::name(pod)]), text_at(pod, "status.podIP"), true, None);
    }
    rows.0.truncate(40);
    details.sections.extend(rows.into_section(Some("ins-addresses")));
    details
}
