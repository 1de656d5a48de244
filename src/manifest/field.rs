//! Field paths and the twelve kinds of field errors that make every validation message of the API server.
//!
//! Models `k8s.io/apimachinery/pkg/util/validation/field`.

use std::cell::OnceCell;
use std::fmt::{self, Write as _};
use std::rc::Rc;

use crate::api::{Cause, Value};

/// The way to a field: `spec.containers[0].env[2].name`, `metadata.labels[app]`. Written out only for an error; until then a field costs nothing, and
/// only one that has fields of its own is put on the heap, once.
#[derive(Clone, Debug, Default)]
pub struct FieldPath {
    last: Option<Segment>,
    /// The same, once something below it refers to it.
    shared: OnceCell<Rc<Segment>>,
}

#[derive(Clone, Debug)]
struct Segment {
    parent: Option<Rc<Segment>>,
    step: Step,
}

#[derive(Clone, Debug)]
enum Step {
    Field(&'static str),
    Name(Rc<str>),
    Index(usize),
    Key(Rc<str>),
}

impl FieldPath {
    pub fn root() -> Self {
        Self::default()
    }

    pub fn new(name: &'static str) -> Self {
        Self::root().child(name)
    }

    /// A field by name; a dotted name goes down several steps.
    pub fn child(&self, name: &'static str) -> Self {
        self.step(Step::Field(name))
    }

    /// A field whose name comes from the object.
    pub fn name(&self, name: &str) -> Self {
        self.step(Step::Name(name.into()))
    }

    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// As messages write it: `spec.containers[0].image`.
    pub fn text(&self) -> String {
        let Some(last) = &self.last else { return String::new() };
        let mut out = String::with_capacity(64);
        last.write(&mut out);
        out
    }

    fn step(&self, step: Step) -> Self {
        let parent = self.last.as_ref().map(|last| self.shared.get_or_init(|| Rc::new(last.clone())).clone());
        Self { last: Some(Segment { parent, step }), shared: OnceCell::new() }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Segment {
    fn write(&self, out: &mut String) {
        if let Some(parent) = &self.parent {
            parent.write(out);
        }
        match &self.step {
            Step::Index(index @ 0..10) => out.extend(['[', char::from(b'0' + *index as u8), ']']),
            Step::Index(index) => out.extend(["[", &index.to_string(), "]"]),
            Step::Key(key) => out.extend(["[", key, "]"]),
            Step::Field(name) => self.write_name(name, out),
            Step::Name(name) => self.write_name(name, out),
        }
    }

    fn write_name(&self, name: &str, out: &mut String) {
        if self.parent.is_some() {
            out.push('.');
        }
        out.push_str(name);
    }
}

/// `field.ErrorType`; its [`ErrorKind::reason`] is what a cause carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Required,
    Invalid,
    NotSupported,
    Duplicate,
    Forbidden,
    TooLong,
    TooMany,
    NotFound,
    TypeInvalid,
    Internal,
}

impl ErrorKind {
    pub fn reason(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::NotFound => "FieldValueNotFound",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::NotFound => "Not found",
            Self::Internal => "Internal error",
        }
    }
}

/// One thing that is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub kind: ErrorKind,
    /// The path written out.
    pub field: String,
    /// The offending value, where the message shows one.
    pub value: Option<Value>,
    pub detail: String,
    /// The value is a text to be shown bare (how Go prints a struct of its own).
    pub bare: bool,
}

impl FieldError {
    fn new(kind: ErrorKind, path: &FieldPath, value: Option<Value>, detail: impl Into<String>) -> Self {
        Self { kind, field: path.text(), value, detail: detail.into(), bare: false }
    }

    pub fn required(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Required, path, None, detail)
    }

    pub fn invalid(path: &FieldPath, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, path, Some(value.into()), detail)
    }

    /// `Unsupported value: "x": supported values: "a", "b"`; `supported` in the order to be shown.
    pub fn not_supported(path: &FieldPath, value: impl Into<Value>, supported: &[&str]) -> Self {
        let mut detail = String::from("supported values: ");
        for (i, text) in supported.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(detail, "{comma}{text:?}").expect("writing to a String never fails");
        }
        Self::new(ErrorKind::NotSupported, path, Some(value.into()), detail)
    }

    pub fn duplicate(path: &FieldPath, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::Duplicate, path, Some(value.into()), "")
    }

    pub fn forbidden(path: &FieldPath, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, path, None, detail)
    }

    /// `Too long: may not be more than 63 bytes`
    pub fn too_long(path: &FieldPath, most: usize) -> Self {
        Self::new(ErrorKind::TooLong, path, None, format!("may not be more than {most} bytes"))
    }

    /// `Too many: 300: must have at most 256 items`
    pub fn too_many(path: &FieldPath, count: usize, most: usize) -> Self {
        let items = if most == 1 { "item" } else { "items" };
        Self::new(ErrorKind::TooMany, path, Some(count.into()), format!("must have at most {most} {items}"))
    }

    /// Shows the value's text without quotes: Go's own rendering of one of its structs.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    pub fn not_found(path: &FieldPath, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::NotFound, path, Some(value.into()), "")
    }

    /// The message without the path: `Invalid value: 0: must be greater than 0`.
    pub fn body(&self) -> String {
        let mut out = String::from(self.kind.words());
        if let Some(value) = &self.value {
            // Values are shown as JSON since 1.35; reference/03-validation.md §1.
            out.push_str(": ");
            match value {
                Value::String(text) if self.bare => out.push_str(text),
                // What is no plain string in Go, as are the words of an enumeration, stands there as JSON.
                Value::String(text) if self.kind != ErrorKind::NotSupported => out.push_str(&crate::yaml::go_quote(text)),
                value => out.push_str(&escape_html(&value.to_string())),
            }
        }
        if !self.detail.is_empty() {
            out.extend([": ", &self.detail]);
        }
        out
    }

    pub fn to_cause(&self) -> Cause {
        Cause { field: self.field.clone(), reason: self.kind.reason().into(), message: self.body() }
    }
}

/// Go's JSON encoder escapes what could be HTML.
pub fn escape_html(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// All that is wrong with an object, in the server's order; of very many only the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorList(Vec<FieldError>);

const MOST_ERRORS: usize = 10_000;

impl ErrorList {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, error: FieldError) {
        if self.0.len() < MOST_ERRORS {
            self.0.push(error);
        }
    }
}

/// One call where an error is found; `_at` is that of a field below the path.
impl ErrorList {
    pub fn required(&mut self, path: &FieldPath, detail: impl Into<String>) {
        self.push(FieldError::required(path, detail));
    }

    pub fn required_at(&mut self, path: &FieldPath, field: &'static str, detail: impl Into<String>) {
        self.push(FieldError::required(&path.child(field), detail));
    }

    pub fn invalid(&mut self, path: &FieldPath, value: impl Into<Value>, detail: impl Into<String>) {
        self.push(FieldError::invalid(path, value, detail));
    }

    pub fn invalid_at(&mut self, path: &FieldPath, field: &'static str, value: impl Into<Value>, detail: impl Into<String>) {
        self.push(FieldError::invalid(&path.child(field), value, detail));
    }

    pub fn not_supported(&mut self, path: &FieldPath, value: impl Into<Value>, supported: &[&str]) {
        self.push(FieldError::not_supported(path, value, supported));
    }

    pub fn not_supported_at(&mut self, path: &FieldPath, field: &'static str, value: impl Into<Value>, supported: &[&str]) {
        self.push(FieldError::not_supported(&path.child(field), value, supported));
    }

    pub fn forbidden(&mut self, path: &FieldPath, detail: impl Into<String>) {
        self.push(FieldError::forbidden(path, detail));
    }

    pub fn forbidden_at(&mut self, path: &FieldPath, field: &'static str, detail: impl Into<String>) {
        self.push(FieldError::forbidden(&path.child(field), detail));
    }

    pub fn duplicate(&mut self, path: &FieldPath, value: impl Into<Value>) {
        self.push(FieldError::duplicate(path, value));
    }

    pub fn duplicate_at(&mut self, path: &FieldPath, field: &'static str, value: impl Into<Value>) {
        self.push(FieldError::duplicate(&path.child(field), value));
    }

    pub fn not_found(&mut self, path: &FieldPath, value: impl Into<Value>) {
        self.push(FieldError::not_found(path, value));
    }

    pub fn not_found_at(&mut self, path: &FieldPath, field: &'static str, value: impl Into<Value>) {
        self.push(FieldError::not_found(&path.child(field), value));
    }
}

impl From<FieldError> for ErrorList {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl Extend<FieldError> for ErrorList {
    fn extend<I: IntoIterator<Item = FieldError>>(&mut self, errors: I) {
        errors.into_iter().for_each(|error| self.push(error));
    }
}

impl IntoIterator for ErrorList {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl std::ops::Deref for ErrorList {
    type Target = [FieldError];

    fn deref(&self) -> &[FieldError] {
        &self.0
    }
}
