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
