//! The API server's refusal: `metav1.Status` as plain data.

use std::ops::{Deref, DerefMut};

use crate::api::{Value, json};

/// One of the reasons in a refusal (`details.causes`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub field: String,
    /// `FieldValueRequired`, `FieldValueInvalid`, …
    pub reason: String,
    pub message: String,
}

/// A failed request, in the API server's own words. It lies in a box, as most results that can hold one hold none.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Status(Box<Refusal>);

/// What a [`Status`] says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Refusal {
    /// HTTP status code.
    pub code: u16,
    /// `NotFound`, `AlreadyExists`, `Invalid`, `Conflict`, `BadRequest`, …; empty where the server gives none.
    pub reason: String,
    pub message: String,
    pub causes: Vec<Cause>,
    /// `details.kind`: a resource (`pods`) or a kind (`Pod`, with `Invalid`), as the server fills it.
    pub kind: String,
    pub name: String,
    /// Warnings that came with the refusal.
    pub warnings: Vec<String>,
}

impl Deref for Status {
    type Target = Refusal;

    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl DerefMut for Status {
    fn deref_mut(&mut self) -> &mut Refusal {
        &mut self.0
    }
}

impl Status {
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Refusal { code, reason: reason.into(), message: message.into(), ..Refusal::default() }))
    }

    pub fn with_causes(mut self, causes: Vec<Cause>) -> Self {
        self.causes = causes;
        self
    }

    pub fn into_message(self) -> String {
        self.0.message
    }

    pub fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings = warnings;
        self
    }

    /// `pods "web" not found`; `resource` may carry its group (`deployments.apps`).
    pub fn not_found(resource: &str, name: &str) -> Self {
        let mut status = Self::new(404, "NotFound", format!("{resource} \"{name}\" not found"));
        (status.kind, status.name) = (resource.into(), name.into());
        status
    }

    /// `pods "web" already exists`
    pub fn already_exists(resource: &str, name: &str) -> Self {
        let mut status = Self::new(409, "AlreadyExists", format!("{resource} \"{name}\" already exists"));
        (status.kind, status.name) = (resource.into(), name.into());
        status
    }

    /// `Operation cannot be fulfilled on pods "web": …`
    pub fn conflict(resource: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
        let mut status = Self::new(409, "Conflict", message);
        (status.kind, status.name) = (resource.into(), name.into());
        status
    }

    /// `pods "web" is forbidden: …`
    pub fn forbidden(resource: &str, name: &str, why: &str) -> Self {
        let mut status = Self::new(403, "Forbidden", format!("{resource} \"{name}\" is forbidden: {why}"));
        (status.kind, status.name) = (resource.into(), name.into());
        status
    }

    /// The object of kind `Status` that goes over the wire.
    pub fn to_value(&self) -> Value {
        let causes: Vec<Value> = self.causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect();
        let mut details = crate::api::Map::new();
        for (key, text) in [("name", &self.name), ("kind", &self.kind)] {
            if !text.is_empty() {
                details.insert(key.into(), json!(text));
            }
        }
        if !causes.is_empty() {
            details.insert("causes".into(), json!(causes));
        }
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "details": details, "code": self.code})
    }
}
