//! Which Pod a document of the text describes, its own or the one that its template stands for, and which of the cluster's Pods came of it.

use crate::api::{Kind, Value, kinds, object};
use crate::manifest::SourceDocument;
use crate::session::Session;

/// A Pod as the text writes it.
pub struct Written<'a> {
    kind: &'static Kind,
    namespace: &'a str,
    name: &'a str,
    /// Where in the document the Pod stands; empty for a Pod itself, `spec.template` for a Deployment.
    place: &'static str,
    pub pod: &'a Value,
    /// How many of it there will be, where the text says so.
    pub count: Option<i64>,
}

impl<'a> Written<'a> {
    /// `None` for a document that has no Pod in it.
    pub fn of(document: &'a SourceDocument) -> Option<Self> {
        let value = document.value();
        // The version may be half typed.
        let kind = Kind::by_name(object::kind(value)).filter(|kind| kind.kind == object::kind(value))?;
        let place = kind.pod_spec()?.trim_end_matches("spec").trim_end_matches('.');
        let pod = if place.is_empty() { value } else { object::at(value, place).filter(|template| template.is_object())? };
        let count = object::i64_at(value, if kind == kinds::JOB { "spec.parallelism" } else { "spec.replicas" });
        Some(Self {
            kind,
            namespace: Some(object::namespace(value)).filter(|n| !n.is_empty()).unwrap_or("default"),
            name: object::name(value),
            place,
            pod,
            count,
        })
    }

    pub fn is_template(&self) -> bool {
        !self.place.is_empty()
    }

    /// `web`; `web-…` for what a controller will name.
    pub fn name(&self) -> String {
        let name = if self.name.is_empty() { "?" } else { self.name };
        match (self.is_template(), self.count) {
            (false, _) => name.into(),
            (true, None | Some(1)) => format!("{name}-…"),
            (true, Some(count)) => format!("{name}-… × {count}"),
        }
    }

    /// The path of a Pod's field, as it is in the document.
    pub fn path(&self, inside: &str) -> String {
        if self.place.is_empty() || inside.is_empty() { format!("{}{inside}", self.place) } else { format!("{}.{inside}", self.place) }
    }

    /// What a path of the document is inside of the Pod; empty for what is outside of it.
    pub fn inside<'p>(&self, path: &'p str) -> &'p str {
        if self.place.is_empty() { path } else { path.strip_prefix(self.place).and_then(|rest| rest.strip_prefix('.')).unwrap_or("") }
    }

    /// Whether the cluster has the document's object.
    pub fn is_applied(&self, session: &Session) -> bool {
        session.cluster().api.get(self.kind, self.namespace, self.name).is_some()
    }

    /// The first of the Pods that came of it, as `namespace/name`.
    pub fn first_pod(&self, session: &Session) -> Option<String> {
        if !self.is_template() {
            return Some(format!("{}/{}", self.namespace, self.name));
        }
        let mut pods = session.cluster().api.list(kinds::POD, Some(self.namespace));
        pods.find(|pod| self.made(session, pod)).map(|pod| format!("{}/{}", self.namespace, object::name(pod)))
    }

    /// Whether a Pod (`namespace/name`) came of it.
    pub fn is_origin_of(&self, session: &Session, id: &str) -> bool {
        let Some((namespace, name)) = id.split_once('/').filter(|(namespace, _)| *namespace == self.namespace) else { return false };
        if !self.is_template() {
            return name == self.name;
        }
        session.cluster().api.get(kinds::POD, namespace, name).is_some_and(|pod| self.made(session, pod))
    }

    /// Follows the controllers up from a Pod: a Deployment is two steps away, and nothing is further. What people write may go in a circle.
    fn made(&self, session: &Session, pod: &Value) -> bool {
        const FARTHEST: usize = 2;
        let mut here = pod;
        for _ in 0..FARTHEST {
            let Some(owner) = object::controller_of(here) else { return false };
            let Some(kind) = Kind::find(object::api_version(owner), object::kind(owner)) else { return false };
            let name = object::str_at(owner, "name").unwrap_or("");
            if kind == self.kind && name == self.name {
                return true;
            }
            let Some(above) = session.cluster().api.get(kind, self.namespace, name) else { return false };
            here = above;
        }
        false
    }
}
