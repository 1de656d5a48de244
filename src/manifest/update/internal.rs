//! Objects as the server's own Go types print them: Go's field names in the order of declaration, with all that is empty.
//!
//! The server shows these in what it says of updates (`diff.Diff`, `field.Invalid`).

use super::shapes::{OF_UPDATES, OF_VALIDATION, Shapes};
use crate::api::{Map, Value, json, object};

/// A container that is looked in with: the fields of a container and one more.
const EPHEMERAL: &str = "EphemeralContainer";
const TARGET: &str = "TargetContainerName:s";

/// On one line, as in `Invalid value: {…}`.
pub fn compact(value: &Value, shape: &str) -> String {
    print(value, shape, &[OF_VALIDATION, OF_UPDATES], false)
}

/// The same of a struct that is shown when an object is created, too.
pub fn compact_on_create(value: &Value, shape: &str) -> String {
    print(value, shape, &[OF_VALIDATION], false)
}

/// Indented by one blank for each level, as in diffs.
pub fn pretty(value: &Value, shape: &str) -> String {
    print(value, shape, &[OF_VALIDATION, OF_UPDATES], true)
}

fn print(value: &Value, shape: &str, shapes: &'static [Shapes], pretty: bool) -> String {
    let mut printer = Printer { out: String::new(), depth: 0, shapes, pretty };
    printer.one(Some(value), shape);
    printer.out
}

/// A Pod's spec as [`OF_UPDATES`] has it: what belongs to the host stands in the security context.
pub fn pod_spec(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(value) = object::remove(&mut spec, field) {
            if !spec.get("securityContext").is_some_and(Value::is_object) {
                object::set(&mut spec, "securityContext", json!({}));
            }
            spec["securityContext"][field] = value;
        }
    }
    spec
}

/// A template as [`OF_UPDATES`] has it: its metadata stands beside the spec.
pub fn template(template: &Value) -> Value {
    let mut whole = object::map_at(template, "metadata").cloned().unwrap_or_default();
    whole.insert("spec".into(), pod_spec(template.get("spec").unwrap_or(&Value::Null)));
    Value::Object(whole)
}

/// The manifest's name of a Go field: a run of capitals becomes small, but for the last one before a small letter (`DNSPolicy` → `dnsPolicy`).
fn manifest_name(go: &str) -> String {
    let capitals = go.chars().take_while(char::is_ascii_uppercase).count();
    let small = if capitals > 1 && capitals < go.len() { capitals - 1 } else { capitals };
    format!("{}{}", go[..small].to_ascii_lowercase(), &go[small..])
}

struct Printer {
    out: String,
    depth: usize,
    shapes: &'static [Shapes],
    pretty: bool,
}

impl Printer {
    /// A struct's name and its fields.
    fn shape(&self, name: &str) -> Option<(&'static str, &'static str)> {
        let own = if name == EPHEMERAL { "Container" } else { name };
        let (found, fields) = self.shapes.iter().copied().flatten().find(|(known, _)| *known == own)?;
        Some((if name == EPHEMERAL { EPHEMERAL } else { found }, fields))
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', self.depth));
        }
    }

    /// Brackets around what `inside` prints; it is told to call [`Printer::item`] before each.
    fn between(&mut self, brackets: [char; 2], empty: bool, inside: impl FnOnce(&mut Self)) {
        self.out.push(brackets[0]);
        if !empty {
            self.depth += 1;
            inside(self);
            self.depth -= 1;
            self.line();
        }
        self.out.push(brackets[1]);
    }

    fn item(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        self.line();
    }

    fn text(&mut self, text: &str) {
        let quoted = Value::from(text).to_string();
        self.out.push_str(&crate::manifest::field::escape_html(&quoted));
    }

    fn name(&mut self, name: &str) {
        self.text(name);
        self.out.push_str(if self.pretty { ": " } else { ":" });
    }

    fn one(&mut self, value: Option<&Value>, shape: &str) {
        let value = value.filter(|v| !v.is_null());
        if let Some(of) = shape.strip_prefix("[]") {
            match value.and_then(Value::as_array) {
                None => self.out.push_str("null"),
                Some(items) => self.between(['[', ']'], items.is_empty(), |printer| {
                    let mut first = true;
                    for item in items {
                        printer.item(&mut first);
                        printer.one(Some(item), of);
                    }
                }),
            }
            return;
        }
        let (shape, optional) = shape.strip_prefix('*').map_or((shape, false), |shape| (shape, true));
        let zero = match shape {
            "s" => "\"\"",
            "i" => "0",
            "b" => "false",
            "q" => "\"0\"",
            _ => "null",
        };
        match (value, self.shape(shape)) {
            (None, Some(_)) if optional => self.out.push_str("null"),
            (value, Some((name, fields))) => self.fields(value.and_then(Value::as_object), fields, if name == EPHEMERAL { TARGET } else { "" }),
            (Some(value), None) => self.raw(value),
            (None, None) => self.out.push_str(zero),
        }
    }

    fn fields(&mut self, map: Option<&Map<String, Value>>, fields: &str, more: &str) {
        let mut wanted = fields.split_ascii_whitespace().chain(more.split_ascii_whitespace()).filter_map(|field| {
            let (name, shape) = field.split_once(':').unwrap_or((field, ""));
            let (go, json) = name.split_once('=').map_or_else(|| (name, manifest_name(name)), |(go, json)| (go, json.to_owned()));
            let value = map.and_then(|map| map.get(&json)).filter(|v| !v.is_null());
            (value.is_some() || go.starts_with(|c: char| c.is_ascii_uppercase())).then_some((go, shape, value))
        });
        let Some(head) = wanted.next() else {
            self.out.push_str("{}");
            return;
        };
        self.between(['{', '}'], false, |printer| {
            let mut first = true;
            for (go, shape, value) in std::iter::once(head).chain(wanted) {
                printer.item(&mut first);
                printer.name(go);
                printer.one(value, shape);
            }
        });
    }

    /// A value whose type has no Go names of its own.
    fn raw(&mut self, value: &Value) {
        match value {
            Value::Array(items) => self.between(['[', ']'], items.is_empty(), |printer| {
                let mut first = true;
                for item in items {
                    printer.item(&mut first);
                    printer.raw(item);
                }
            }),
            Value::Object(map) => self.between(['{', '}'], map.is_empty(), |printer| {
                let mut first = true;
                for (key, value) in map {
                    printer.item(&mut first);
                    printer.name(key);
                    printer.raw(value);
                }
            }),
            Value::String(text) => self.text(text),
            plain => self.out.push_str(&plain.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_names_become_the_manifests() {
        for (go, json) in [
            ("DNSPolicy", "dnsPolicy"),
            ("OS", "os"),
            ("GCEPersistentDisk", "gcePersistentDisk"),
            ("SELinuxOptions", "seLinuxOptions"),
            ("SetHostnameAsFQDN", "setHostnameAsFQDN"),
            ("Name", "name"),
        ] {
            assert_eq!(manifest_name(go), json);
        }
    }

    #[test]
    fn every_shape_that_is_named_is_there_and_every_field_is_a_manifests() {
        let all = Printer { out: String::new(), depth: 0, shapes: &[OF_VALIDATION, OF_UPDATES], pretty: false };
        let of_validation = Printer { out: String::new(), depth: 0, shapes: &[OF_VALIDATION], pretty: false };
        for (name, fields) in OF_VALIDATION.iter().chain(OF_UPDATES) {
            // What is shown on create shows nothing but the like.
            let printer = if of_validation.shape(name).is_some() { &of_validation } else { &all };
            for field in fields.split_ascii_whitespace() {
                let shape = field.split_once(':').map_or("", |(_, shape)| shape.trim_start_matches("[]").trim_start_matches('*'));
                let known = matches!(shape, "" | "s" | "i" | "b" | "q") || printer.shape(shape).is_some();
                assert!(known, "{name}: {field}");
            }
        }
        let spec = crate::schema::kind("v1", "Pod").and_then(|pod| pod.at("spec")).and_then(|field| field.object()).expect("a Pod has a spec");
        for (shape, of) in [("PodSpec", spec), ("Container", spec.at("containers").and_then(|f| f.object()).expect("a list of containers"))] {
            let (_, fields) = all.shape(shape).expect("a shape");
            for field in fields.split_ascii_whitespace() {
                let name = manifest_name(field.split(':').next().unwrap_or(field));
                assert!(of.field(&name).is_some() || name == "schedulingGroup", "{shape}: {name}");
            }
        }
    }

    #[test]
    fn a_context_prints_as_go_prints_it() {
        let context = json!({"privileged": true, "capabilities": {"add": ["A<B"]}});
        let expected = "{\"Capabilities\":{\"Add\":[\"A\\u003cB\"],\"Drop\":null},\"Privileged\":true,\"SELinuxOptions\":null,";
        assert!(compact(&context, "SecurityContext").starts_with(expected), "{}", compact(&context, "SecurityContext"));
        assert_eq!(pretty(&json!({"name": "a"}), "Device"), "{\n \"Name\": \"a\",\n \"DevicePath\": \"\"\n}");
    }
}
