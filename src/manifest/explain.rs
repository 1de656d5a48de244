//! From the words of kubectl and the server to the code of a plain explanation, and what its placeholders stand for.
//!
//! The sentences themselves are data: `src/ui/locales/explain.*.yaml`.

use crate::api::Value;

use super::client::{ClientCode, all_kinds};
use super::decode::{Finding, Mismatch};
use super::fix::closest;
use super::read::{ReadCause, ReadError};
use super::source::{Tree, Twig, find};
use crate::api::{Cause, Status};
use crate::text::Span;

type Explained = (&'static str, Vec<String>);

/// A text that kubectl cannot read on.
pub(super) fn read_error(error: &ReadError, text: &str) -> Explained {
    let here = text[error.span.start..].chars().next();
    let words = match &error.cause {
        ReadCause::Separator => return ("explain-separator", Vec::new()),
        ReadCause::UnsupportedNumber => return ("explain-unsupported-number", Vec::new()),
        ReadCause::Json => return ("explain-json-syntax", Vec::new()),
        ReadCause::Yaml(words) => *words,
    };
    let code = match words {
        "found character that cannot start any token" if here == Some('\t') => "explain-yaml-tab",
        "found character that cannot start any token" => return ("explain-yaml-reserved", here.map(String::from).into_iter().collect()),
        "found a tab character that violates indentation" | "found a tab character where an indentation space is expected" => "explain-yaml-tab",
        "mapping values are not allowed in this context" => "explain-yaml-colon",
        "could not find expected ':'" => {
            let line = text[error.span.start..].lines().next().unwrap_or_default().trim();
            return ("explain-yaml-missing-colon", vec![line.to_owned()]);
        }
        "did not find expected key" => "explain-yaml-indent",
        "did not find expected '-' indicator" => "explain-yaml-expected-dash",
        "block sequence entries are not allowed in this context" => "explain-yaml-dash-here",
        "found unexpected end of stream" | "found unexpected document indicator" => "explain-yaml-open-quote",
        "did not find expected ',' or ']'" | "did not find expected ',' or '}'" => "explain-yaml-open-bracket",
        "did not find expected node content" => "explain-yaml-no-value",
        "found unknown escape character" | "did not find expected hexdecimal number" | "found invalid Unicode character escape code" => {
            "explain-yaml-escape"
        }
        "did not find expected comment or line break" | "found an indentation indicator equal to 0" => "explain-yaml-block-scalar",
        "did not find expected alphabetic or numeric character" => "explain-yaml-anchor-name",
        "did not find expected <document start>" | "found incompatible YAML document" | "found unknown directive name" => "explain-yaml-directive",
        "control characters are not allowed" => "explain-yaml-control",
        "" if error.message.contains("unknown anchor") || error.message.contains("contains itself") => "explain-yaml-anchor",
        "" if error.message.contains("map merge") => "explain-yaml-merge",
        "" if error.message.contains("map key") => "explain-yaml-map-key",
        _ => "explain-yaml-syntax",
    };
    (code, Vec::new())
}

/// The kind that kubectl's command line knows by this name: `deploy`, `networkpolicies`.
fn called(name: &str) -> Option<&'static str> {
    all_kinds().find(|k| k.plural == name || k.short_names.contains(&name)).map(|k| k.kind)
}

/// What kubectl refuses by itself.
pub(super) fn client(code: ClientCode, value: &Value, path: &str, findings: &[Finding]) -> Explained {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let api_version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    match code {
        ClientCode::NotAnObject => ("explain-not-an-object", Vec::new()),
        ClientCode::NotSet => ("explain-not-set", vec![last_name(path).to_owned()]),
        ClientCode::NotAString => ("explain-not-a-string", vec![last_name(path).to_owned()]),
        ClientCode::GroupVersion => ("explain-group-version", vec![api_version.to_owned()]),
        ClientCode::Metadata => findings.first().map_or(("explain-metadata", Vec::new()), finding),
        ClientCode::KindEmpty => ("explain-not-set", vec!["kind".into()]),
        ClientCode::NoResource => ("explain-not-set", vec!["apiVersion".into()]),
        ClientCode::KindCase => {
            let right = all_kinds().find(|k| k.kind.eq_ignore_ascii_case(kind)).map_or(kind, |k| k.kind);
            ("explain-kind-case", vec![kind.to_owned(), right.to_owned()])
        }
        ClientCode::UnknownKind => match all_kinds().find(|k| k.kind == kind) {
            Some(known) => ("explain-wrong-api-version", vec![kind.to_owned(), known.api_version(), api_version.to_owned()]),
            None => match called(kind).or_else(|| closest(kind, all_kinds().map(|k| k.kind))) {
                Some(near) => ("explain-unknown-kind-near", vec![kind.to_owned(), near.to_owned()]),
                None => ("explain-unknown-kind", vec![kind.to_owned(), api_version.to_owned()]),
            },
        },
        ClientCode::ListItems => ("explain-list-items", Vec::new()),
        ClientCode::UnknownField => ("explain-unknown-field", vec![last_name(path).to_owned(), parent_name(path).to_owned()]),
        ClientCode::MissingField => ("explain-required", vec![last_name(path).to_owned()]),
        ClientCode::WrongType => ("explain-list-type", vec![last_name(path).to_owned()]),
    }
}

/// What the server's decoder found.
pub(super) fn finding(finding: &Finding) -> Explained {
    let field = last_name(&finding.path).to_owned();
    match &finding.what {
        Mismatch::Type { given, wanted } => {
            let given = given.split(' ').next().unwrap_or_default();
            // Named types that are no structs are strings (`v1.PullPolicy`).
            let named = ["v1.", "v2.", "types."].into_iter().find_map(|package| wanted.strip_prefix(package));
            let is_text = wanted == "string" || named.is_some_and(|name| name != "ResourceList" && crate::schema::by_name(name).is_none());
            let code = match (given, wanted.as_str()) {
                ("number" | "bool", _) if is_text => "explain-type-string",
                (_, _) if is_text => "explain-type",
                ("string", "int32" | "int64") => "explain-type-integer",
                ("number", "int32" | "int64") => "explain-type-integer-range",
                ("string" | "number", "bool") => "explain-type-bool",
                (_, wanted) if wanted.starts_with("[]") && wanted != "[]uint8" => "explain-type-list",
                (_, wanted) if wanted.starts_with("map[") || wanted == "v1.ResourceList" => "explain-type-map",
                (given, _) if named.is_some() && given != "object" => "explain-type-object",
                _ => "explain-type",
            };
            (code, vec![field, plain_given(given).to_owned(), wanted.clone()])
        }
        Mismatch::UnknownField { .. } => {
            let parent = parent_name(&finding.path);
            ("explain-unknown-field", vec![field, if parent.is_empty() { "(root)".into() } else { parent.to_owned() }])
        }
        Mismatch::Quantity => ("explain-quantity", vec![field]),
        Mismatch::Time => ("explain-time", vec![field]),
        Mismatch::Base64 => ("explain-base64", vec![field]),
    }
}

fn plain_given(given: &str) -> &str {
    match given {
        "bool" => "true/false",
        "object" => "mapping",
        "array" => "list",
        other => other,
    }
}

/// The server's words for one finding, without what names the object.
pub(super) fn finding_words(finding: &Finding, message: &str) -> String {
    if let Mismatch::UnknownField { .. } = finding.what {
        return format!("unknown field {}", crate::yaml::go_quote(&finding.path));
    }
    message.split_once(" cannot be handled as a ").and_then(|(_, rest)| rest.split_once(": ")).map_or(message, |(_, detail)| detail).to_owned()
}

/// An unknown field points at its key, everything else at the value.
pub(super) fn finding_span<T: Tree>(root: T, finding: &Finding) -> Span {
    let place = find(root, &finding.path);
    let (node, span) = (place.node, place.node.span());
    match finding.what {
        Mismatch::UnknownField { .. } => place.entry.map_or(span, Twig::key_span),
        // Of a long value the first line is enough.
        _ if place.whole && span.end > span.start && node.entries().next().is_none() && node.items().next().is_none() => span,
        _ => place.span(),
    }
}

/// One cause of an `Invalid` answer.
pub(super) fn cause(cause: &Cause) -> Explained {
    let field = last_name(&cause.field).to_owned();
    let message = cause.message.as_str();
    // Parts of 32 letters at most, which the standard library looks for without preparing itself.
    let has = |part: &str| message.contains(part);
    let code = match cause.reason.as_str() {
        "FieldValueRequired" => "explain-required",
        "FieldValueNotSupported" => {
            let choices = message.split_once("supported values: ").map_or("", |(_, list)| list);
            return ("explain-not-supported", vec![field, choices.to_owned()]);
        }
        "FieldValueDuplicate" => "explain-duplicate",
        "FieldValueForbidden" => "explain-forbidden",
        "FieldValueTooLong" => "explain-too-long",
        "FieldValueTooMany" => "explain-too-many",
        "FieldValueNotFound" => "explain-not-found",
        _ if has("a lowercase RFC 1123 subdomain") => "explain-subdomain",
        _ if has("a lowercase RFC 1123 label") => "explain-dns-label",
        _ if has("a DNS-1035 label") => "explain-dns-1035",
        _ if has("a valid label must be") => "explain-label-value",
        _ if has("name part must") || has("prefix part") || has("a valid label key") => "explain-label-key",
        _ if has("must be between 1 and 65535") => "explain-port-range",
        _ if has("must contain at least one letter") => "explain-port-name",
        _ if has("must be less than or equal to") && has(" limit of ") => {
            let limit = message.rsplit(" limit of ").next().unwrap_or_default();
            let resource = message.split("must be less than or equal to ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            return ("explain-request-above-limit", vec![resource.to_owned(), limit.to_owned()]);
        }
        _ if has("be greater than or equal to 0") => "explain-not-negative",
        _ if has("` does not match template `") => "explain-selector",
        _ => "explain-invalid",
    };
    (code, vec![field])
}

/// A refusal as a whole: the field that it is about, its explanation.
pub(super) fn refusal(status: &Status) -> (&'static str, &'static str, Vec<String>) {
    match status.reason.as_str() {
        "NotFound" if status.kind == "namespaces" => ("metadata.namespace", "explain-namespace-missing", vec![status.name.clone()]),
        "Forbidden" => ("", "explain-refused-forbidden", Vec::new()),
        _ => ("", "explain-refused", Vec::new()),
    }
}

/// A warning: its field, its words without it, its explanation.
pub(super) fn warning(text: &str) -> (&str, &str, &'static str, Vec<String>) {
    let (path, message) = match text.split_once(": ") {
        Some((path, message)) if !path.contains(' ') && path.starts_with(|c: char| c.is_ascii_lowercase()) => (path, message),
        _ => ("", text),
    };
    let code = match message {
        m if m.contains("duplicate port") => "explain-warning-duplicate-port",
        m if m.contains("fractional byte value") => "explain-warning-fractional-byte",
        m if m.contains("hides previous definition") => "explain-warning-hidden",
        m if m.contains("deprecated") => "explain-warning-deprecated",
        _ => "explain-warning",
    };
    (path, message, code, vec![last_name(path).to_owned()])
}

/// `containerPort` of `spec.containers[0].ports[0].containerPort`; `containers` of `spec.containers[0]`.
pub(super) fn last_name(path: &str) -> &str {
    let name = path.rsplit('.').next().unwrap_or_default();
    name.split('[').next().unwrap_or_default()
}

/// `ports` of `spec.containers[0].ports[0].containerPort`; empty at the root.
pub(super) fn parent_name(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| last_name(parent))
}
