//! The two-way link: which shape a field of the text draws, and which field a shape comes from.

use super::Target;
use crate::api::{Kind, Value, kinds, object};
use crate::manifest::Source;
use crate::session::Session;

/// The shape that a field of a document draws: the applied Pod's where there is one, else the draft's.
pub fn target_at(session: &Session, source: &Source, document: usize, path: &str) -> Option<Target> {
    let value = source.documents.get(document)?.value();
    let id = id(value);
    let stored = |kind: &'static Kind| {
        let (namespace, name) = id.split_once('/')?;
        session.cluster().api.get(kind, namespace, name)
    };
    match object::kind(value) {
        "Pod" => {
            let applied = stored(kinds::POD).is_some();
            Some(match part(value, path) {
                Part::Container(name) if applied => Target::Container { pod: id, container: name },
                Part::Container(container) => Target::DraftContainer { document, container },
                Part::Volume(volume) if applied => Target::Volume { pod: id, volume },
                Part::Volume(_) | Part::Whole if !applied => Target::Draft(document),
                Part::Volume(_) | Part::Whole => Target::Pod(id),
            })
        }
        "Service" => stored(kinds::SERVICE).map(|_| Target::Service(id.clone())),
        _ => None,
    }
}

/// The document and the path of the field that draws a shape. The whole document has an empty path.
pub fn lines_of(target: &Target, source: &Source) -> Option<(usize, String)> {
    let document_of = |kind: &str, wanted: &str| source.documents.iter().position(|d| object::kind(d.value()) == kind && id(d.value()) == wanted);
    let whole = |document: usize| (document, String::new());
    match target {
        Target::Pod(pod) => document_of("Pod", pod).map(whole),
        Target::Localhost(pod) => document_of("Pod", pod).map(|d| (d, "spec.containers".into())),
        Target::Container { pod, container } => {
            let document = document_of("Pod", pod)?;
            container_path(source.documents[document].value(), container).map(|path| (document, path))
        }
        Target::Volume { pod, volume } => {
            let document = document_of("Pod", pod)?;
            let volumes = object::list_at(source.documents[document].value(), "spec.volumes");
            let index = volumes.iter().position(|v| object::str_at(v, "name") == Some(volume))?;
            Some((document, format!("spec.volumes[{index}]")))
        }
        Target::Draft(document) => source.documents.get(*document).map(|_| whole(*document)),
        Target::DraftContainer { document, container } => {
            container_path(source.documents.get(*document)?.value(), container).map(|path| (*document, path))
        }
        Target::Service(service) => document_of("Service", service).map(whole),
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
        assert_eq!(lines_of(&container, &source), Some((0, "spec.containers[1]".into())));
        let volume = Target::Volume { pod: "default/web".into(), volume: "data".into() };
        assert_eq!(lines_of(&volume, &source), Some((0, "spec.volumes[0]".into())));
        assert_eq!(lines_of(&Target::Network, &source), None);
    }
}
