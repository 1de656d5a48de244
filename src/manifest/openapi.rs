//! The client-side check against the OpenAPI schema, which kubectl still makes for lists and a few kinds that the server does not check.
//!
//! Models `k8s.io/kube-openapi/pkg/util/proto/validation`.

use crate::api::Value;

use super::client::{ClientCode, find_kind};
use crate::schema::{self, Shape, Type};

/// `ValidationError(Pod.spec.containers[0]): unknown field "imag" in io.k8s.api.core.v1.Container`
pub struct SchemaFinding {
    pub text: String,
    /// The field, without the kind in front.
    pub path: String,
    pub code: ClientCode,
}

/// Checks an object of a kind; a kind that the schema lacks is let pass.
pub fn check(api_version: &str, kind: &str, value: &Value) -> Vec<SchemaFinding> {
    let mut checker = Checker { kind, path: String::new(), findings: Vec::new() };
    if let Some(root) = schema::kind(api_version, kind) {
        checker.object(value, root);
    } else if let Some(base) = kind.strip_suffix("List").filter(|base| find_kind(api_version, base).is_some()) {
        checker.list(api_version, base, value);
    }
    checker.findings
}

struct Checker<'a> {
    kind: &'a str,
    path: String,
    findings: Vec<SchemaFinding>,
}

impl Checker<'_> {
    fn report(&mut self, text: String, field: Option<&str>, code: ClientCode) {
        let place = if self.path.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.path) };
        let path = match field {
            Some(field) if !self.path.is_empty() => format!("{}.{field}", self.path),
            Some(field) => field.to_owned(),
            None => self.path.clone(),
        };
        self.findings.push(SchemaFinding { text: format!("ValidationError({place}): {text}"), path, code });
    }

    /// A null in a list or a map; of a map's the validator speaks without its `ValidationError` (`itemFactory`).
    fn null(&mut self, in_list: bool) {
        let text = format!("unknown object type \"nil\" in {}.{}", self.kind, self.path);
        let list = self.path.rsplit_once('[').map_or("", |(list, _)| list);
        let text = if in_list { format!("ValidationError({}.{list}): {text}", self.kind) } else { text };
        self.findings.push(SchemaFinding { text, path: self.path.clone(), code: ClientCode::WrongType });
    }

    fn inside(&mut self, step: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if !self.path.is_empty() && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        visit(self);
        self.path.truncate(length);
    }

    /// A typed list of a kind (`PodList`).
    fn list(&mut self, api_version: &str, base: &str, value: &Value) {
        let Some(root) = schema::kind(api_version, base) else { return };
        let id = format!("{}List", root.id);
        let Value::Object(map) = value else { return };
        for (key, value) in map.iter().filter(|(_, v)| !v.is_null()) {
            match (key.as_str(), value) {
                ("items", Value::Array(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        self.inside("items", |c| c.inside(&format!("[{index}]"), |c| c.object(item, root)));
                    }
                }
                ("metadata", value) => {
                    let metadata = schema::kind("v1", "Status").and_then(|status| status.field("metadata"));
                    if let Some(field) = metadata {
                        self.inside("metadata", |c| c.value(value, &field.shape, ""));
                    }
                }
                ("apiVersion" | "kind" | "items", _) => {}
                _ => self.report(format!("unknown field {key:?} in {id}"), Some(key), ClientCode::UnknownField),
            }
        }
        if map.get("items").is_none_or(Value::is_null) {
            self.report(format!("missing required field \"items\" in {id}"), None, ClientCode::MissingField);
        }
    }

    fn object(&mut self, value: &Value, owner: &'static Type) {
        let Value::Object(map) = value else {
            self.wrong_type(owner.id, value, "map");
            return;
        };
        for (key, value) in map.iter().filter(|(_, v)| !v.is_null()) {
            match owner.field(key) {
                Some(field) => self.inside(key, |c| c.value(value, &field.shape, &format!("{}.{key}", owner.id))),
                None => self.report(format!("unknown field {key:?} in {}", owner.id), Some(key), ClientCode::UnknownField),
            }
        }
        // The schema here demands the metadata of a kind, as the server does; OpenAPI does so of Events only.
        for field in owner.fields.iter().filter(|f| f.required && (f.name != "metadata" || owner.name == "Event")) {
            if map.get(field.name).is_none_or(Value::is_null) {
                self.report(format!("missing required field {:?} in {}", field.name, owner.id), None, ClientCode::MissingField);
            }
        }
    }

    fn wrong_type(&mut self, id: &str, value: &Value, expected: &str) {
        let got = match value {
            Value::Null => "nil",
            Value::Bool(_) => "boolean",
            Value::Number(n) if n.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "map",
        };
        self.report(format!("invalid type for {id}: got {got:?}, expected {expected:?}"), None, ClientCode::WrongType);
    }

    fn value(&mut self, value: &Value, shape: &'static Shape, id: &str) {
        match shape {
            Shape::Any => {}
            // Every scalar is taken for a string, every number for an integer (`primitiveItem.VisitPrimitive`).
            Shape::String | Shape::Bytes | Shape::Time | Shape::MicroTime | Shape::Quantity | Shape::IntOrString => {
                if value.is_object() || value.is_array() {
                    self.wrong_type(id, value, "string");
                }
            }
            Shape::Bool if !value.is_boolean() => self.wrong_type(id, value, "boolean"),
            Shape::Int32 | Shape::Int64 if !value.is_number() => self.wrong_type(id, value, "integer"),
            Shape::Float if !value.is_number() => self.wrong_type(id, value, "number"),
            Shape::Bool | Shape::Int32 | Shape::Int64 | Shape::Float => {}
            Shape::Object(_) => {
                if let Some(owner) = shape.object() {
                    self.object(value, owner);
                }
            }
            Shape::List(item) => match value {
                Value::Array(items) => {
                    for (index, value) in items.iter().enumerate() {
                        self.inside(&format!("[{index}]"), |c| if value.is_null() { c.null(true) } else { c.value(value, item, id) });
                    }
                }
                other => self.wrong_type(id, other, "array"),
            },
            Shape::Map(item) => match value {
                Value::Object(map) => {
                    for (key, value) in map {
                        self.inside(key, |c| if value.is_null() { c.null(false) } else { c.value(value, item, id) });
                    }
                }
                other => self.wrong_type(id, other, "map"),
            },
        }
    }
}
