//! The server's decoder: JSON → the typed object, with the words of Go's `encoding/json` for what does not fit.
//!
//! Models sigs.k8s.io/json and the strict decoding of the API server. What comes out is the value as Go would write it again: nulls and
//! empty optional fields are gone. Deviation: duplicate fields are not looked for, because kubectl's JSON never has any.

use crate::api::{Kind, Map, Number, Status, Value};
use crate::schema::{self, Field, Shape, Type};
use crate::yaml::go_quote;

use super::scalars::{bad_base64, check_quantity, encoded_again, go_kind, number_text};

/// Why the server cannot read an object.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeError {
    /// What stands behind `cannot be handled as a Pod: `.
    pub detail: String,
    /// The places, each with a reason; their paths have indices.
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `spec.containers[0].ports[0].containerPort`
    pub path: String,
    pub what: Mismatch,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// Go's names of the type that was given (`string`, `number 80.5`) and of the one that is wanted (`int32`).
    Type {
        given: String,
        wanted: String,
    },
    /// The name of the struct that lacks the field.
    UnknownField {
        owner: &'static str,
    },
    Quantity,
    Time,
    Base64,
}

/// At most so many strict errors are kept.
const MOST_STRICT_ERRORS: usize = 100;

/// Decodes an object of a kind. `strict`: unknown fields are errors; otherwise they are dropped.
pub fn decode_with(kind: &Kind, value: Value, strict: bool) -> Result<Value, DecodeError> {
    let (mut value, empties) = decode_keeping_empties(kind, value, strict)?;
    if empties {
        drop_empties(kind, &mut value);
    }
    Ok(value)
}

/// The same with the empty maps and lists that were written, which messages tell from missing ones; says whether there are any.
pub fn decode_keeping_empties(kind: &Kind, mut value: Value, strict: bool) -> Result<(Value, bool), DecodeError> {
    let Some(root) = schema::kind_of(kind.group, kind.version, kind.kind) else {
        // Of the few kinds without a row at least the metadata is known.
        if let Some(metadata) = value.get("metadata") {
            metadata_alone(metadata, Decoder { strict, ..Decoder::new(kind.kind) })?;
        }
        return Ok((value, false));
    };
    let mut decoder = Decoder { strict, ..Decoder::new(root.name) };
    let outcome = decoder.object(&mut value, root);
    let empties = decoder.empties;
    decoder.finish(outcome)?;
    Ok((value, empties))
}

/// Takes out the empty maps and lists, as Go's encoder does (`omitempty`).
pub fn drop_empties(kind: &Kind, value: &mut Value) {
    if let Some(root) = schema::kind_of(kind.group, kind.version, kind.kind) {
        drop_from(value, root);
    }
}

/// Whether a list or a map has nothing in it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn drop_from(value: &mut Value, owner: &'static Type) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| drop_from(item, owner)),
        Value::Object(map) => map.retain(|key, value| {
            let Some(field) = owner.field(key) else { return true };
            if let (Some(inner), Shape::Object(_) | Shape::List(_)) = (field.object(), &field.shape) {
                drop_from(value, inner);
            }
            if !matches!(field.shape, Shape::Map(_) | Shape::List(_)) || !is_empty(value) {
                return true;
            }
            // What the store gave back is nil.
            *value = Value::Null;
            field.required || field.always
        }),
        _ => {}
    }
}

/// `Pod in version "v1" cannot be handled as a Pod: …`
pub fn bad_request(kind: &Kind, detail: &str) -> Status {
    Status::new(400, "BadRequest", format!("{} in version {} cannot be handled as a {}: {detail}", kind.kind, go_quote(kind.version), kind.kind))
}

/// What kubectl itself decodes of every object: its metadata.
pub fn check_metadata(value: &Value) -> Result<(), DecodeError> {
    let Some(metadata) = value.get("metadata") else { return Ok(()) };
    let fits = |field: &Field| fits(metadata, &field.shape);
    if schema::kind_of("", "v1", "Pod").and_then(|pod| pod.field("metadata")).is_some_and(fits) {
        return Ok(());
    }
    metadata_alone(metadata, Decoder { strict: false, sent: false, ..Decoder::new("metadataOnlyObject") })
}

fn metadata_alone(metadata: &Value, mut decoder: Decoder) -> Result<(), DecodeError> {
    let Some(owner) = schema::kind_of("", "v1", "Pod").and_then(|pod| pod.field("metadata")?.object()) else { return Ok(()) };
    decoder.go_path.push("metadata");
    decoder.path.push(Step::Name("metadata"));
    let mut copy = metadata.clone();
    let outcome = match &copy {
        Value::Null => Ok(()),
        Value::Object(_) => decoder.object(&mut copy, owner),
        other => {
            decoder.save(other, "v1.ObjectMeta");
            Ok(())
        }
    };
    decoder.finish(outcome)
}

/// Whether a value so plainly is what the schema says that its decoder would find nothing. Where it is not, only decoding can tell.
fn fits(value: &Value, shape: &Shape) -> bool {
    match (shape, value) {
        (Shape::Any, _) | (_, Value::Null) | (Shape::String, Value::String(_)) | (Shape::Bool, Value::Bool(_)) => true,
        (Shape::Int64, value) => value.is_i64(),
        (Shape::List(item), Value::Array(items)) => items.iter().all(|value| fits(value, item)),
        (Shape::Map(item), Value::Object(map)) => map.values().all(|value| fits(value, item)),
        (Shape::Object(_), Value::Object(map)) => {
            shape.object().is_some_and(|owner| map.iter().all(|(key, value)| owner.field(key).is_none_or(|field| fits(value, &field.shape))))
        }
        _ => false,
    }
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

struct Decoder<'a> {
    strict: bool,
    /// Whether kubectl has written the object again before.
    sent: bool,
    /// Go's struct around the value, and the way to it without indices but with embedded structs.
    owner: &'static str,
    go_path: Vec<&'static str>,
    path: Vec<Step<'a>>,
    /// The first mismatch; decoding goes on after it.
    saved: Option<(String, Finding)>,
    strict_errors: Vec<(String, Finding)>,
    /// Whether a map that could be missing stands there empty.
    empties: bool,
}

/// An error that ends decoding at once: types that decode themselves raise it.
struct Abort(String, Finding);

impl Decoder<'_> {
    fn new(owner: &'static str) -> Self {
        Self {
            strict: true,
            sent: true,
            owner,
            go_path: Vec::with_capacity(12),
            path: Vec::with_capacity(12),
            saved: None,
            strict_errors: Vec::new(),
            empties: false,
        }
    }

    fn finish(self, outcome: Result<(), Abort>) -> Result<(), DecodeError> {
        let fatal = match outcome {
            Err(Abort(detail, finding)) => Some((detail, finding)),
            Ok(()) => self.saved,
        };
        if let Some((detail, finding)) = fatal {
            return Err(DecodeError { detail, findings: vec![finding] });
        }
        if self.strict_errors.is_empty() {
            return Ok(());
        }
        let (texts, findings): (Vec<String>, Vec<Finding>) = self.strict_errors.into_iter().unzip();
        Err(DecodeError { detail: format!("strict decoding error: {}", texts.join(", ")), findings })
    }

    fn path_text(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Name(name) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(name);
                }
                Step::Index(index) => {
                    out.push('[');
                    out.push_str(&index.to_string());
                    out.push(']');
                }
            }
        }
        out
    }

    fn mismatch(&self, given: String, wanted: &str) -> (String, Finding) {
        let text = format!("json: cannot unmarshal {given} into Go struct field {}.{} of type {wanted}", self.owner, self.go_path.join("."));
        (text, Finding { path: self.path_text(), what: Mismatch::Type { given, wanted: wanted.to_owned() } })
    }

    fn save(&mut self, value: &Value, wanted: &str) {
        if self.saved.is_none() {
            let exact = matches!(wanted, "int32" | "int64") && value.is_number();
            let text = if self.sent { number_text(value) } else { value.to_string() };
            let given = if exact { format!("number {text}") } else { go_kind(value).to_owned() };
            self.saved = Some(self.mismatch(given, wanted));
        }
    }

    /// What is no byte of a list of bytes.
    fn wrong_byte(&mut self, value: &Value) {
        if self.saved.is_none() {
            let given = if value.is_number() { format!("number {}", number_text(value)) } else { go_kind(value).to_owned() };
            self.saved = Some(self.mismatch(given, "uint8"));
        }
    }

    fn abort<T>(&self, value: &Value, wanted: &str) -> Result<T, Abort> {
        let given = if wanted == "int32" && value.is_number() { format!("number {}", number_text(value)) } else { go_kind(value).to_owned() };
        let (text, finding) = self.mismatch(given, wanted);
        Err(Abort(text, finding))
    }

    fn fail<T>(&self, text: &str, what: Mismatch) -> Result<T, Abort> {
        Err(Abort(text.to_owned(), Finding { path: self.path_text(), what }))
    }

    fn object(&mut self, value: &mut Value, owner: &'static Type) -> Result<(), Abort> {
        let Value::Object(map) = value else { return Ok(()) };
        let outer = std::mem::replace(&mut self.owner, owner.name);
        let depth = self.go_path.len();
        let mut gone: Vec<usize> = Vec::new();
        for (place, (key, value)) in map.iter_mut().enumerate() {
            let Some(field) = owner.field(key) else {
                self.unknown(key, owner.name);
                gone.push(place);
                continue;
            };
            if value.is_null() && !matches!(field.shape, Shape::Any) {
                gone.push(place);
                continue;
            }
            if !field.embedded.is_empty() {
                self.go_path.push(field.embedded);
            }
            self.go_path.push(field.name);
            self.path.push(Step::Name(field.name));
            self.value(value, &field.shape, field, false)?;
            self.path.pop();
            self.go_path.truncate(depth);
            if is_dropped(value, field) {
                gone.push(place);
            }
            self.empties |= matches!(field.shape, Shape::Map(_) | Shape::List(_)) && is_empty(value);
        }
        if !gone.is_empty() {
            let (mut gone, mut place) = (gone.into_iter().peekable(), 0);
            map.retain(|_, _| {
                place += 1;
                gone.next_if_eq(&(place - 1)).is_none()
            });
        }
        // Structs that are no pointers are there whether they are written or not, and so are the ones inside of them, and what has no
        // `omitempty` (nearly all that is required).
        let strict = self.strict;
        for field in owner.demanded().filter(|f| f.always || strict) {
            if map.contains_key(field.name) {
                continue;
            }
            let mut empty = match field.shape {
                Shape::Object(_) if field.always => Value::Object(Map::new()),
                Shape::Object(_) => continue,
                _ if field.pointer => Value::Null,
                shape => zero(&shape),
            };
            if let (Some(inner), Value::Object(_)) = (field.object(), &empty) {
                self.object(&mut empty, inner)?;
            }
            map.insert(field.name.to_owned(), empty);
        }
        self.owner = outer;
        Ok(())
    }

    fn unknown(&mut self, key: &str, owner: &'static str) {
        if !self.strict || self.strict_errors.len() >= MOST_STRICT_ERRORS {
            return;
        }
        let parent = self.path_text();
        let path = if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") };
        let text = format!("unknown field {}", go_quote(&path));
        if !self.strict_errors.iter().any(|(t, _)| *t == text) {
            self.strict_errors.push((text, Finding { path, what: Mismatch::UnknownField { owner } }));
        }
    }

    /// Decodes one value. `element`: it stands in a list or map, whose items' type the messages then name.
    fn value(&mut self, value: &mut Value, shape: &'static Shape, field: &'static Field, element: bool) -> Result<(), Abort> {
        let wanted = |decoder: &mut Self, value: &Value| {
            let name = if element { field.go_element() } else { field.go_type() };
            decoder.save(value, &name);
        };
        match shape {
            Shape::Any => {}
            Shape::String if value.is_string() => {}
            Shape::Bool if value.is_boolean() => {}
            Shape::Int32 if value.as_i64().is_some_and(|i| i32::try_from(i).is_ok()) => {}
            Shape::Int64 if value.as_i64().is_some() => {}
            Shape::Float if value.is_number() => {}
            Shape::String | Shape::Bool | Shape::Int32 | Shape::Int64 | Shape::Float => wanted(self, value),
            Shape::Bytes => match &*value {
                Value::String(text) => match bad_base64(text) {
                    Some(at) if self.saved.is_none() => {
                        let finding = Finding { path: self.path_text(), what: Mismatch::Base64 };
                        self.saved = Some((format!("illegal base64 data at input byte {at}"), finding));
                    }
                    Some(_) => {}
                    None => *value = Value::String(encoded_again(text)),
                },
                // Bytes may also come one by one.
                Value::Array(items) => {
                    match items
                        .iter()
                        .map(|item| if item.is_null() { Some(0) } else { u8::try_from(item.as_i64()?).ok() })
                        .collect::<Option<Vec<u8>>>()
                    {
                        Some(bytes) => *value = Value::String(super::defaults::base64(&bytes)),
                        None => {
                            let wrong = items.iter().find(|item| item.as_i64().is_none_or(|i| !(0..=255).contains(&i))).cloned();
                            self.wrong_byte(&wrong.unwrap_or(Value::Null));
                        }
                    }
                }
                other => wanted(self, &other.clone()),
            },
            Shape::Time | Shape::MicroTime => match &*value {
                Value::String(text) => {
                    if let Err(message) = super::time::check(text, matches!(shape, Shape::MicroTime)) {
                        return self.fail(&message, Mismatch::Time);
                    }
                }
                other => return self.abort(other, "string"),
            },
            Shape::Quantity => {
                let text = match &*value {
                    // Go trims the JSON, where control characters stand as escapes.
                    Value::String(text) => {
                        text.trim_matches(|c: char| c.is_whitespace() && c >= ' ' && !matches!(c, '\u{2028}' | '\u{2029}')).to_owned()
                    }
                    Value::Number(_) => number_text(value),
                    other => other.to_string(),
                };
                if let Err(message) = check_quantity(&text) {
                    return self.fail(message, Mismatch::Quantity);
                }
                // A quantity is a string from here on.
                *value = Value::String(text);
            }
            Shape::IntOrString => {
                let fits = value.as_i64().is_some_and(|i| i32::try_from(i).is_ok());
                if !value.is_string() && !fits {
                    return self.abort(value, "int32");
                }
            }
            Shape::Object(_) => match (value.is_object(), shape.object()) {
                (true, Some(owner)) => self.object(value, owner)?,
                _ => wanted(self, value),
            },
            Shape::List(item) => match value {
                Value::Array(items) => {
                    for (index, value) in items.iter_mut().enumerate() {
                        if value.is_null() {
                            *value = zero(item);
                            continue;
                        }
                        self.path.push(Step::Index(index));
                        self.value(value, item, field, true)?;
                        self.path.pop();
                    }
                }
                other => wanted(self, &other.clone()),
            },
            Shape::Map(item) => match value {
                Value::Object(map) => self.map(map, item, field)?,
                other => wanted(self, &other.clone()),
            },
        }
        Ok(())
    }

    fn map(&mut self, map: &mut Map<String, Value>, item: &'static Shape, field: &'static Field) -> Result<(), Abort> {
        for (key, value) in map.iter_mut() {
            if value.is_null() {
                *value = zero(item);
                continue;
            }
            // The path borrows names of the schema only; a key is written out where it is needed.
            let depth = self.path.len();
            let before = (self.saved.is_some(), self.strict_errors.len());
            let outcome = self.value(value, item, field, true);
            self.path.truncate(depth);
            let add = |finding: &mut Finding| finding.path = format!("{}.{key}", finding.path);
            if let Err(Abort(text, mut finding)) = outcome {
                add(&mut finding);
                return Err(Abort(text, finding));
            }
            if let (false, Some((_, finding))) = (before.0, &mut self.saved) {
                add(finding);
            }
        }
        Ok(())
    }
}

/// Whether Go leaves a field out when it writes the object again (`omitempty` on what is no pointer).
fn is_dropped(value: &Value, field: &Field) -> bool {
    if field.required || field.always {
        return false;
    }
    match value {
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => text.is_empty() && !field.pointer && !matches!(field.shape, Shape::Quantity | Shape::IntOrString),
        Value::Bool(b) => !b && !field.pointer,
        Value::Number(n) => n.as_i64() == Some(0) && !field.pointer && !matches!(field.shape, Shape::IntOrString),
        Value::Null => false,
    }
}

/// What null in a list or map becomes.
fn zero(shape: &Shape) -> Value {
    match shape {
        Shape::String | Shape::Bytes => Value::String(String::new()),
        Shape::Quantity => Value::String("0".into()),
        Shape::Bool => Value::Bool(false),
        Shape::Int32 | Shape::Int64 | Shape::Float | Shape::IntOrString => Value::Number(Number::from(0)),
        Shape::Object(_) => Value::Object(Map::new()),
        Shape::Time | Shape::MicroTime | Shape::Any | Shape::List(_) | Shape::Map(_) => Value::Null,
    }
}
