//! Tree → objects: strict decoding, defaulting, admission's own filling in, validation; object path → span; completion, fixes.

pub mod admit;
pub mod field;

use crate::api::{Kind, Status, Value};
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

#[derive(Clone, Debug, PartialEq)]
pub enum DocumentVerdict {
    Accepted { object: Value, warnings: Vec<String> },
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
    pub root: crate::yaml::Node,
    /// The root as a JSON value, with the last of duplicate keys, as kubectl sends it.
    pub value: Value,
}

impl Source {
    /// Where a field stands: `spec.containers[0].ports[1].containerPort`, `metadata.labels[app]` and `metadata.labels.app` alike. A field
    /// that is missing gives its nearest parent's key. `None` only for a document that is not there.
    pub fn span_of(&self, document: usize, path: &str) -> Option<Span> {
        let _ = path;
        self.documents.get(document).map(|d| d.span)
    }

    /// The whole lines of a field, its key included (for lighting up).
    pub fn block_of(&self, document: usize, path: &str) -> Option<Span> {
        self.span_of(document, path)
    }

    /// The document and the path of the innermost field at a byte.
    pub fn path_at(&self, offset: usize) -> Option<(usize, String)> {
        let document = self.documents.iter().position(|d| d.span.contains(offset))?;
        Some((document, String::new()))
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
    fn get(&self, _kind: &Kind, _namespace: &str, _name: &str) -> Option<Value> {
        None
    }
}

/// The verdict on a text, against a new cluster. Never fails, never panics: broken text is the normal input of an editor.
pub fn check(text: &str) -> Checked {
    check_against(text, &NewCluster)
}

/// The verdict on a text, against any cluster.
pub fn check_against(text: &str, facts: &dyn ClusterFacts) -> Checked {
    let _ = (text, facts);
    Checked::default()
}

/// kubectl's half: a file's text → the objects to send, in order, or what kubectl prints (`error: error parsing pod.yaml: …`, without the newline).
pub struct Document {
    pub value: Value,
    /// The JSON that kubectl sends; the server's decoder quotes it in a few messages, and strict decoding reads it in this order.
    pub root: crate::yaml::Node,
    pub span: Span,
}

pub fn read_documents(text: &str, file_name: &str) -> Result<Vec<Document>, String> {
    let _ = (text, file_name);
    Ok(Vec::new())
}

/// What the server does with a request, as far as it does not depend on what is stored: decoding, defaulting, admission, validation.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Defaulted and admitted; without uid, creationTimestamp and resourceVersion, which the store gives.
    pub object: Value,
    pub warnings: Vec<String>,
}

/// The server's half of a create. `root` gives the order of fields for strict decoding; without it (a value from inside) nothing is unknown.
pub fn admit_create(kind: &Kind, root: Option<&crate::yaml::Node>, object: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    let _ = root;
    admit::create(kind, object, facts)
}

/// The server's half of an update (PUT, or the result of a PATCH): which fields may change, and the new object's validation.
/// `subresource` is empty, `status`, `resize`, `ephemeralcontainers`, `scale` or `binding`.
pub fn admit_update(kind: &Kind, subresource: &str, old: &Value, new: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    admit::update(kind, subresource, old, new, facts)
}
