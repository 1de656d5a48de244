//! A Pod and what belongs to it: its localhost, its volumes; and a Service with the Pods that it chooses.

use super::{Action, Alert, Details, Rows, blank, clock_at, events, namespace_flag, network_action, plain, split, text_at};
use crate::api::{Selector, kinds, object};
use crate::cluster::PodRef;
use crate::kubectl::pod_row::pod_row;
use crate::session::Session;
use crate::view::Target;
use crate::view::saying::Saying;
use crate::view::scene::{self, Tone};

pub fn pod(session: &Session, target: &Target, id: &str) -> Option<Details> {
    let (namespace, name) = split(id);
    let pod = session.cluster().api.get(kinds::POD, namespace, name)?;
    let row = pod_row(pod);
    let mut details = blank(target, "ins-kind-pod", name);
    details.mood = Some(scene::pod_mood(pod, &row));
    details.state = Some(Saying::with("pic-say", &[&format!("{} {}", row.status, row.ready)]));
    let unscheduled = object::list_at(pod, "status.conditions")
        .iter()
        .find(|c| object::str_at(c, "type") == Some("PodScheduled") && object::str_at(c, "status") == Some("False"));
    let words = unscheduled.map(|c| text_at(c, "message")).filter(|m| !m.is_empty()).unwrap_or_else(|| text_at(pod, "status.message"));
    details.alert = Some(words).filter(|w| !w.is_empty()).map(|words| Alert { bad: unscheduled.is_none(), words });
    let mut rows = Rows::default();
    rows.words("ins-namespace", namespace);
    rows.words("ins-node", text_at(pod, "spec.nodeName"));
    rows.code("ins-ip", text_at(pod, "status.podIP"));
    rows.words("ins-phase", text_at(pod, "status.phase"));
    rows.words("ins-restarts", row.restarts.to_string());
    rows.words("ins-restart-policy", text_at(pod, "spec.restartPolicy"));
    rows.words("ins-qos", text_at(pod, "status.qosClass"));
    rows.words("ins-grace", text_at(pod, "spec.terminationGracePeriodSeconds"));
    rows.words("ins-start-time", clock_at(pod, "status.startTime"));
    rows.words("ins-service-account", text_at(pod, "spec.serviceAccountName"));
    let labels: Vec<String> = object::labels(pod).into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
    rows.code("ins-labels", labels.join(" "));
    let owner = object::list_at(pod, "metadata.ownerReferences").first().map(|o| format!("{}/{}", text_at(o, "kind"), text_at(o, "name")));
    rows.words("ins-owner", owner.unwrap_or_default());
    details.sections.extend(rows.into_section(None));
    let mut rows = Rows::default();
    for condition in object::list_at(pod, "status.conditions") {
        let status = text_at(condition, "status");
        let reason = text_at(condition, "reason");
        let value = if reason.is_empty() { status.clone() } else { format!("{status} · {reason}") };
        let tone = if status == "True" { Tone::Running } else { Tone::Waiting };
        rows.named(Saying::with("pic-say", &[&text_at(condition, "type")]), value, false, Some(tone));
    }
    details.sections.extend(rows.into_section(Some("ins-conditions")));
    details.events = events(session, "Pod", namespace, name, None);
    for (container, _) in scene::containers(pod) {
        let container = text_at(container, "name");
        details.links.push((Saying::with("pic-container", &[&container]), Target::Container { pod: id.into(), container }));
    }
    let node = text_at(pod, "spec.nodeName");
    if !node.is_empty() {
        details.links.push((Saying::with("pic-node", &[&node]), Target::Node(node)));
    }
    let flag = namespace_flag(namespace);
    details.actions.push(Action::Run { command: format!("kubectl describe pod {name}{flag}") });
    details.actions.push(Action::Run { command: format!("kubectl get pod {name}{flag} -o yaml") });
    details.actions.push(Action::DeletePod { namespace: namespace.into(), pod: name.into() });
    details.actions.push(network_action(session, format!("pod/{namespace}/{name}")));
    Some(details)
}

pub fn localhost(session: &Session, target: &Target, id: &str) -> Option<Details> {
    let (namespace, name) = split(id);
    let pod = session.cluster().api.get(kinds::POD, namespace, name)?;
    let mut details = blank(target, "ins-kind-localhost", "127.0.0.1");
    let mut rows = Rows::default();
    rows.code("ins-ip", text_at(pod, "status.podIP"));
    details.sections.extend(rows.into_section(None));
    let mut rows = Rows::default();
    for (spec, _) in scene::containers(pod) {
        let container = text_at(spec, "name");
        let record = session.cluster().container(PodRef { namespace, name }, &container, false);
        for (address, port) in record.map_or(&[][..], |r| &r.listening[..]) {
            rows.named(Saying::with("pic-say", &[&container]), format!("{address}:{port}"), true, None);
        }
        details.links.push((Saying::with("pic-container", &[&container]), Target::Container { pod: id.into(), container }));
    }
    details.sections.extend(rows.into_section(Some("ins-ports")));
    details.state = Some(Saying::new("ins-localhost-meaning"));
    Some(details)
}

pub fn volume(session: &Session, target: &Target, id: &str, volume: &str) -> Option<Details> {
    let (namespace, name) = split(id);
    let pod = session.cluster().api.get(kinds::POD, namespace, name)?;
    let spec = object::list_at(pod, "spec.volumes").iter().find(|v| object::str_at(v, "name") == Some(volume))?;
    let (kind, source) = spec.as_object()?.iter().find(|(k, _)| *k != "name")?;
    let mut details = blank(target, "ins-kind-volume", volume);
    let mut rows = Rows::default();
    rows.code("ins-volume-kind", kind.clone());
    for (key, value) in source.as_object().into_iter().flatten() {
        rows.named(Saying::with("pic-say", &[key]), plain(value), true, None);
    }
    details.sections.extend(rows.into_section(None));
    let mut rows = Rows::default();
    for (spec, _) in scene::containers(pod) {
        for mount in object::list_at(spec, "volumeMounts").iter().filter(|m| object::str_at(m, "name") == Some(volume)) {
            let read_only = if object::bool_at(mount, "readOnly") == Some(true) { " (ro)" } else { "" };
            rows.named(Saying::with("pic-say", &[&text_at(spec, "name")]), format!("{}{read_only}", text_at(mount, "mountPath")), true, None);
        }
    }
    details.sections.extend(rows.into_section(Some("ins-mounts")));
    if kind == "emptyDir" {
        details.state = Some(Saying::new("ins-empty-dir-meaning"));
    }
    details.links.push((Saying::with("pic-pod", &[name]), Target::Pod(id.into())));
    Some(details)
}

pub fn service(session: &Session, target: &Target, id: &str) -> Option<Details> {
    let (namespace, name) = split(id);
    let api = &session.cluster().api;
    let service = api.get(kinds::SERVICE, namespace, name)?;
    let mut details = blank(target, "ins-kind-service", name);
    let mut rows = Rows::default();
    rows.words("ins-type", text_at(service, "spec.type"));
    rows.code("ins-cluster-ip", text_at(service, "spec.clusterIP"));
    let ports: Vec<String> = object::list_at(service, "spec.ports")
        .iter()
        .map(|p| {
            format!("{} → {}", text_at(p, "port"), Some(text_at(p, "targetPort")).filter(|t| !t.is_empty()).unwrap_or_else(|| text_at(p, "port")))
        })
        .collect();
    rows.code("ins-ports", ports.join(", "));
    let wanted = object::map_at(service, "spec.selector");
    let selector: Vec<String> = wanted.into_iter().flatten().map(|(k, v)| format!("{k}={}", plain(v))).collect();
    rows.code("ins-selector", selector.join(","));
    rows.code("ins-dns", format!("{name}.{namespace}.svc.cluster.local"));
    details.sections.extend(rows.into_section(None));
    if let Some(wanted) = wanted.filter(|w| !w.is_empty()) {
        let selector = Selector::from_map(wanted);
        let members = scene::ready_endpoints(api, namespace, name);
        let mut rows = Rows::default();
        for pod in api.list(kinds::POD, Some(namespace)).filter(|p| selector.matches(object::labels(p))) {
            let pod_name = object::name(pod);
            let member = members.iter().any(|m| m == pod_name);
            let ip = text_at(pod, "status.podIP");
            let tone = if member { Tone::Running } else { Tone::Waiting };
            // What is left out has a reason; the door says it beside the list of the picture, here the address is enough.
            rows.named(Saying::with("pic-say", &[pod_name]), if member { ip } else { format!("✕ {ip}") }, true, Some(tone));
            details.links.push((Saying::with("pic-pod", &[pod_name]), Target::Pod(format!("{namespace}/{pod_name}"))));
        }
        details.sections.extend(rows.into_section(Some("ins-endpoints")));
    }
    let flag = namespace_flag(namespace);
    details.actions.push(Action::Run { command: format!("kubectl describe service {name}{flag}") });
    details.events = events(session, "Service", namespace, name, None);
    Some(details)
}
