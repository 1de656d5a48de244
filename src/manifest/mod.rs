//! Tree → objects: strict decoding, defaulting, admission's own filling in, validation; object path → span; completion, fixes.

// A refusal is the seldom way out; boxing it would burden every caller.
#![allow(clippy::result_large_err)]

mod admission;
pub mod admit;
mod amounts;
pub mod check;
pub mod client;
pub mod complete;
mod context;
pub mod decode;
mod defaults;
mod explain;
pub mod field;
pub mod fix;
pub mod hint;
pub mod hover;
mod image_name;
mod openapi;
mod prepare;
pub mod read;
mod root;
pub mod scalars;
mod source;
mod time;
pub mod update;
mod validate;
mod warnings;

pub use admit::Accepted;
pub use complete::{Completion, CompletionKind, complete};
pub use hover::{Hover, hover};
pub use read::{Stream, decode_bytes, read_stream};
pub use root::Root;
pub use validate::{APPARMOR, policy_version, sysctl_name};

use std::cell::OnceCell;

use crate::api::{Kind, Status, Value, json};
use crate::text::{Diagnostic, Span};

/// What `kubectl create --dry-run=server -f pod.yaml` and a new cluster's API server say of a text.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// kubectl's exit code.
    pub exit: i32,
    pub stdout: String,
    /// kubectl's standard error, byte for byte, for a file that is called `pod.yaml`.
    pub stderr: String,
    /// One entry for each request that kubectl would send, in order.
    pub documents: Vec<DocumentVerdict>,
    /// The same, with places in the text; then warnings and hints. Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The objects as far as they could be read (before defaulting), for drafts, lesson goals and the two-way link.
    pub source: Source,
}

#[derive(Clone, Debug)]
pub enum DocumentVerdict {
    Accepted(Accepted),
    Rejected(Status),
}

/// The text's own objects, and where each of their fields stands.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub documents: Vec<SourceDocument>,
}

#[derive(Clone, Debug)]
pub struct SourceDocument {
    pub span: Span,
    pub root: Root,
    value: OnceCell<Value>,
}

impl SourceDocument {
    fn new(root: Root, span: Span) -> Self {
        Self { span, root, value: OnceCell::new() }
    }

    /// The root as a JSON value, with the last of duplicate keys, as kubectl sends it. Made when it is first asked for.
    pub fn value(&self) -> &Value {
        self.value.get_or_init(|| self.root.to_value())
    }
}

/// What checking needs to know of the cluster that the text is sent to.
pub trait ClusterFacts {
    fn namespace_exists(&self, name: &str) -> bool;
    fn service_account_exists(&self, namespace: &str, name: &str) -> bool;
    /// The value and preemption policy of a PriorityClass.
    fn priority_class(&self, name: &str) -> Option<(i64, String)>;
    /// Any other object, e.g. whether it is there already. `namespace` is empty for kinds without one.
    fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Value>;
}

/// A new cluster: the four namespaces with their `default` ServiceAccounts, two PriorityClasses, nothing else.
pub struct NewCluster;

impl ClusterFacts for NewCluster {
    fn namespace_exists(&self, name: &str) -> bool {
        matches!(name, "default" | "kube-system" | "kube-public" | "kube-node-lease")
    }
    fn service_account_exists(&self, namespace: &str, name: &str) -> bool {
        name == "default" && self.namespace_exists(namespace)
    }
    fn priority_class(&self, name: &str) -> Option<(i64, String)> {
        let value = match name {
            "system-cluster-critical" => 2_000_000_000,
            "system-node-critical" => 2_000_001_000,
            _ => return None,
        };
        Some((value, "PreemptLowerPriority".into()))
    }
    fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Value> {
        let there = match (kind.kind, name) {
            ("ConfigMap", "kube-root-ca.crt") => self.namespace_exists(namespace),
            ("Service", "kubernetes") => namespace == "default",
            ("ServiceAccount", name) => self.service_account_exists(namespace, name),
            ("Namespace", name) => self.namespace_exists(name),
            ("PriorityClass", name) => self.priority_class(name).is_some(),
            _ => false,
        };
        there.then(|| {
            let mut metadata = json!({"name": name});
            if kind.namespaced {
                metadata["namespace"] = json!(namespace);
            }
            json!({"apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata})
        })
    }
}

/// The verdict on a text alone, against a new cluster: what kubectl and the server say, and where. [`check`] adds what helps a person.
pub fn verdict(text: &str) -> Checked {
    check::verdict(text, &NewCluster)
}

/// The verdict on a text, against a new cluster, with hints and fixes. Never fails, never panics: broken text is the normal input of an editor.
pub fn check(text: &str) -> Checked {
    check_against(text, &NewCluster)
}

/// The verdict on a text, against any cluster.
pub fn check_against(text: &str, facts: &dyn ClusterFacts) -> Checked {
    check::check_against(text, facts)
}

/// One object of a file.
#[derive(Clone, Debug)]
pub struct Document {
    pub value: Value,
    /// The same with places, in the order of the text.
    pub root: Root,
    pub span: Span,
}

/// kubectl's half: a file's text → the objects to send, in order, or what kubectl prints (`error: error parsing pod.yaml: …`, without the newline).
/// What kubectl would still send of a text that is broken further down is in [`read_stream`]; its checks of each object in [`client::inspect`].
pub fn read_documents(text: &str, file_name: &str) -> Result<Vec<Document>, String> {
    let stream = read_stream(text);
    match stream.error {
        Some(error) => Err(format!("error: error parsing {file_name}: {}", error.message)),
        None => Ok(stream.documents),
    }
}

/// What the server does with a request, as far as it does not depend on what is stored: decoding, defaulting, admission, validation.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Defaulted and admitted; without uid, creationTimestamp and resourceVersion, which the store gives.
    pub object: Value,
    pub warnings: Vec<String>,
}

/// The server's half of a create: decoding, the namespace, then what [`admit::create`] does. With `root` (a value that kubectl sends) unknown
/// fields are errors; without it (a value from inside) nothing is unknown.
pub fn admit_create(kind: &Kind, root: Option<&crate::yaml::Node>, object: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    check::admit_create(kind, root.is_some(), object, facts)
}

/// The server's half of an update (PUT, or the result of a PATCH): which fields may change, and the new object's validation.
/// `subresource` is empty, `status`, `resize`, `ephemeralcontainers`, `scale` or `binding`.
pub fn admit_update(kind: &Kind, subresource: &str, old: &Value, new: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    update::update(kind, subresource, old, new, facts)
}
