//! What a person can point at: every shape of the picture, by name.

/// A shape of the picture. Pods are `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// `kube-apiserver`, `etcd`, `scheduler`, `controllers`.
    Component(String),
    Node(String),
    /// A kubelet, by its node.
    Kubelet(String),
    Pod(String),
    Container {
        pod: String,
        container: String,
    },
    /// A Pod's localhost rail.
    Localhost(String),
    Volume {
        pod: String,
        volume: String,
    },
    Service(String),
    /// A static Pod's file on a node.
    File {
        node: String,
        path: String,
    },
    /// The Pod that the editor's text describes but that is not applied, by its document in the text.
    Draft(usize),
    /// A container of such a draft.
    DraftContainer {
        document: usize,
        container: String,
    },
    Network,
}

impl Target {
    /// A text that only this shape has.
    pub fn key(&self) -> String {
        let (kind, of, part) = match self {
            Self::Component(name) => ('c', name.as_str(), ""),
            Self::Node(name) => ('n', name.as_str(), ""),
            Self::Kubelet(node) => ('k', node.as_str(), ""),
            Self::Pod(pod) => ('p', pod.as_str(), ""),
            Self::Container { pod, container } => ('a', pod.as_str(), container.as_str()),
            Self::Localhost(pod) => ('l', pod.as_str(), ""),
            Self::Volume { pod, volume } => ('v', pod.as_str(), volume.as_str()),
            Self::Service(name) => ('s', name.as_str(), ""),
            Self::File { node, path } => ('f', node.as_str(), path.as_str()),
            Self::Draft(document) => return format!("d {document}"),
            Self::DraftContainer { document, container } => return format!("d {document} {container}"),
            Self::Network => ('w', "", ""),
        };
        format!("{kind} {of} {part}")
    }
}
