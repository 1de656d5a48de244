//! The two-way link: which shape a field of the text draws, and which field a shape comes from.

use super::Target;
use super::written::Written;
use crate::api::{Value, kinds, object};
use crate::manifest::Source;
use crate::session::Session;

/// The shape that a field of a document draws: the applied Pod's where there is one, else the draft's. Of a workload's Pods it is the first.
pub fn target_at(session: &Session, source: &Source, document: usize, path: &str) -> Option<Target> {
    let here = source.documents.get(document)?;
    if let Some(written) = Written::of(here) {
        let part = part(written.pod, written.inside(path));
        if !written.is_applied(session) {
            return Some(match part {
                Part::Container(container) => Target::DraftContainer { document, container },
                Part::Volume(_) | Part::Whole => Target::Draft(document),
            });
        }
        let pod = written.first_pod(session)?;
        return Some(match part {
            Part::Container(container) => Target::Container { pod, container },
            Part::Volume(volume) => Target::Volume { pod, volume },
            Part::Whole => Target::Pod(pod),
        });
    }
    let id = id(here.value());
    let (namespace, name) = id.split_once('/')?;
    let is_served = object::kind(here.value()) == "Service" && session.cluster().api.get(kinds::SERVICE, namespace, name).is_some();
    is_served.then_some(Target::Service(id))
}

/// The document and the path of the field that draws a shape. A whole document has an empty path.
pub fn lines_of(session: &Session, target: &Target, source: &Source) -> Option<(usize, String)> {
    // Where the Pod is written, and the path of what `inside` finds in it.
    let of_pod = |pod: &str, inside: &dyn Fn(&Value) -> Option<String>| {
        let written = |document| Some((document, Written::of(source.documents.get(document)?)?));
        let (document, written) = (0..source.documents.len()).filter_map(written).find(|(_, written)| written.is_origin_of(session, pod))?;
        Some((document, written.path(&inside(written.pod)?)))
    };
    match target {
        Target::Pod(pod) => of_pod(pod, &|_| Some(String::new())),
        Target::Localhost(pod) => of_pod(pod, &|_| Some("spec.containers".into())),
        Target::Container { pod, container } => of_pod(pod, &|written| container_path(written, container)),
        Target::Volume { pod, volume } => of_pod(pod, &|written| {
            let index = object::list_at(written, "spec.volumes").iter().position(|v| object::str_at(v, "name") == Some(volume))?;
            Some(format!("spec.volumes[{index}]"))
        }),
        Target::Draft(document) => source.documents.get(*document).map(|_| (*document, String::new())),
        Target::DraftContainer { document, container } => {
            let written = Written::of(source.documents.get(*document)?)?;
            container_path(written.pod, container).map(|path| (*document, written.path(&path)))
        }
        Target::Service(service) => {
            let is_it = |value: &Value| object::kind(value) == "Service" && id(value) == *service;
            source.documents.iter().position(|d| is_it(d.value())).map(|document| (document, String::new()))
        }
        Target::Component(_) | Target::Node(_) | Target::Kubelet(_) | Target::File { .. } | Target::Network => None,
    }
}

/// `namespace/name`, with the namespace that the API server would fill in.
fn id(value: &Value) -> String {
    let namespace = Some(object::namespace(value)).filter(|n| !n.is_empty()).unwrap_or("default");
    format!("{namespace}/{}", object::name(value))
}

enum Part {
    Container(String),
    Volume(String),
    Whole,
}

const LISTS: [&str; 3] = ["spec.containers", "spec.initContainers", "spec.ephemeralContainers"];

/// What of a Pod a path like `spec.containers[1].ports[0]` lies in.
fn part(pod: &Value, path: &str) -> Part {
    let item = |list: &str| {
        let rest = path.strip_prefix(list)?.strip_prefix('[')?;
        let index: usize = rest.split(']').next()?.parse().ok()?;
        object::str_at(object::list_at(pod, list).get(index)?, "name").map(str::to_owned)
    };
    if let Some(name) = LISTS.into_iter().find_map(item) {
        return Part::Container(name);
    }
    item("spec.volumes").map_or(Part::Whole, Part::Volume)
}

fn container_path(pod: &Value, container: &str) -> Option<String> {
    LISTS.into_iter().find_map(|list| {
        let index = object::list_at(pod, list).iter().position(|c| object::str_at(c, "name") == Some(container))?;
        Some(format!("{list}[{index}]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Config;

    #[test]
    fn a_shape_and_its_lines_find_each_other() {
        let text = "kind: Pod\napiVersion: v1\nmetadata: {name: web}\nspec:\n  containers: [{name: app}, {name: db}]\n  volumes: [{name: data, emptyDir: {}}]\n";
        let source = crate::manifest::check(text).source;
        let session = Session::new(Config::nodes(2));
        let draft = target_at(&session, &source, 0, "spec.containers[1].ports[0].containerPort");
        assert_eq!(draft, Some(Target::DraftContainer { document: 0, container: "db".into() }));
        assert_eq!(target_at(&session, &source, 0, "metadata.name"), Some(Target::Draft(0)));
        assert_eq!(target_at(&session, &source, 1, ""), None);
        let container = Target::Container { pod: "default/web".into(), container: "db".into() };
        assert_eq!(lines_of(&session, &container, &source), Some((0, "spec.containers[1]".into())));
        let volume = Target::Volume { pod: "default/web".into(), volume: "data".into() };
        assert_eq!(lines_of(&session, &volume, &source), Some((0, "spec.volumes[0]".into())));
        assert_eq!(lines_of(&session, &Target::Network, &source), None);
    }

    #[test]
    fn a_workload_s_template_and_its_pods_find_each_other() {
        let text = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: app, image: 'nginx:1.27'}]\n";
        let source = crate::manifest::check(text).source;
        let mut session = Session::new(Config::nodes(2));
        let image = "spec.template.spec.containers[0].image";
        assert_eq!(target_at(&session, &source, 0, image), Some(Target::DraftContainer { document: 0, container: "app".into() }));
        assert_eq!(target_at(&session, &source, 0, "spec.replicas"), Some(Target::Draft(0)));
        session.input(crate::session::Input::Apply { file: "web.yaml".into(), text: text.into() });
        session.play_to(crate::api::SimTime(20_000));
        let Some(Target::Container { pod, container }) = target_at(&session, &source, 0, image) else { panic!("the image draws a container") };
        assert!(pod.starts_with("default/web-"), "{pod}");
        assert_eq!(lines_of(&session, &Target::Pod(pod.clone()), &source), Some((0, "spec.template".into())));
        assert_eq!(lines_of(&session, &Target::Container { pod, container }, &source), Some((0, "spec.template.spec.containers[0]".into())));
        assert_eq!(lines_of(&session, &Target::Pod("default/other".into()), &source), None);
    }

    #[test]
    fn owners_in_a_circle_are_left() {
        let owner = |name: &str| format!("ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: {name}, uid: x, controller: true}}]");
        let set = |name: &str, above: &str| {
            let spec = "spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}}";
            format!("apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: {name}, {}}}\n{spec}\n", owner(above))
        };
        let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web, {}}}\nspec: {{containers: [{{name: c, image: nginx}}]}}\n", owner("a"));
        let mut session = Session::new(Config::nodes(2));
        let text = format!("{}---\n{}---\n{pod}", set("a", "b"), set("b", "a"));
        session.input(crate::session::Input::Apply { file: "web.yaml".into(), text });
        session.play_to(crate::api::SimTime(1_000));
        assert!(session.cluster().api.get(kinds::POD, "default", "web").is_some(), "the Pod is still there to ask about");
        let source = crate::manifest::check(&set("other", "a")).source;
        assert_eq!(lines_of(&session, &Target::Pod("default/web".into()), &source), None);
    }
}
