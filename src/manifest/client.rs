//! What kubectl checks before it sends anything: kind and apiVersion, the metadata's types, which resource a kind is, and lists.
//!
//! Models `cli-runtime/pkg/resource/{visitor,mapper}.go` and `kubectl/pkg/validation/schema.go`.

use crate::api::{Map, Value};

use super::decode::{Finding, check_metadata};
use super::openapi;
use super::scalars::go_kind;
use super::{Root, check};
use crate::api::kinds::KINDS;
use crate::api::order::InOrder as _;
use crate::api::{Kind, Status};
use crate::yaml::{Entry, Node, go_quote};

/// What kubectl makes of a document.
#[derive(Clone, Debug)]
pub enum Target {
    /// A request for this resource.
    Create(&'static Kind),
    /// A request that the server refuses because of its kind alone.
    Refused(Status, ClientCode),
    /// A list: its items, each with the path to it.
    Items(Vec<(String, Node, Value)>),
}

/// kubectl refuses a document.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientError {
    /// What stands behind `error: `.
    pub message: String,
    /// The field that it is about.
    pub path: String,
    pub code: ClientCode,
    /// Whether kubectl reads no further in this file.
    pub stops: bool,
    /// What the decoder found, where it was the decoder.
    pub findings: Vec<Finding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCode {
    NotAnObject,
    NotSet,
    NotAString,
    GroupVersion,
    Metadata,
    UnknownKind,
    KindCase,
    KindEmpty,
    NoResource,
    ListItems,
    UnknownField,
    MissingField,
    WrongType,
}

/// Kinds that the server has, beside those of the cluster's model.
static MORE_KINDS: &[Kind] = &[
    more("", "v1", "PodTemplate", "podtemplates", "podtemplate", true),
    more("", "v1", "Binding", "bindings", "binding", true),
    more("", "v1", "ComponentStatus", "componentstatuses", "componentstatus", false),
    more("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler", true),
    more("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", "runtimeclass", false),
    // Of policies, flows, slices and definitions the schema has no rows: of those only the metadata is looked at.
    more("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", "customresourcedefinition", false),
    more(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        "validatingwebhookconfiguration",
        false,
    ),
    more(
        "admissionregistration.k8s.io",
        "v1",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        "mutatingwebhookconfiguration",
        false,
    ),
    more("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", "certificatesigningrequest", false),
    more("resource.k8s.io", "v1", "ResourceClaim", "resourceclaims", "resourceclaim", true),
    more("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates", "resourceclaimtemplate", true),
    more("storage.k8s.io", "v1", "CSIDriver", "csidrivers", "csidriver", false),
    more("resource.k8s.io", "v1", "DeviceClass", "deviceclasses", "deviceclass", false),
    more("resource.k8s.io", "v1", "ResourceSlice", "resourceslices", "resourceslice", false),
    more("apps", "v1", "ControllerRevision", "controllerrevisions", "controllerrevision", true),
    more("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies", "mutatingadmissionpolicy", false),
    more(
        "admissionregistration.k8s.io",
        "v1",
        "MutatingAdmissionPolicyBinding",
        "mutatingadmissionpolicybindings",
        "mutatingadmissionpolicybinding",
        false,
    ),
    more("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", "validatingadmissionpolicy", false),
    more(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        "validatingadmissionpolicybinding",
        false,
    ),
    more("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview", false),
    more("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", "tokenreview", false),
    more("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "selfsubjectaccessreview", false),
    more("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", "selfsubjectrulesreview", false),
    more("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", "subjectaccessreview", false),
    more("authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", "localsubjectaccessreview", true),
    more("events.k8s.io", "v1", "Event", "events", "event", true),
    more("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowschemas", "flowschema", false),
    more("flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration", "prioritylevelconfigurations", "prioritylevelconfiguration", false),
    more("storage.k8s.io", "v1", "CSINode", "csinodes", "csinode", false),
    more("storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", "csistoragecapacity", true),
    more("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", "volumeattachment", false),
    more("storage.k8s.io", "v1", "VolumeAttributesClass", "volumeattributesclasses", "volumeattributesclass", false),
    more("networking.k8s.io", "v1", "IPAddress", "ipaddresses", "ipaddress", false),
    more("networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs", "servicecidr", false),
];

const fn more(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    namespaced: bool,
) -> Kind {
    Kind { group, version, kind, plural, singular, short_names: &[], namespaced, in_all: false }
}

/// All kinds that kubectl can create.
pub fn all_kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain(MORE_KINDS)
}

/// By `apiVersion` and `kind` as a manifest writes them, whether the cluster's model has the kind or not.
pub fn find_kind(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    all_kinds().find(|k| k.kind == kind && k.group == group && k.version == version)
}

/// Several errors as one: what is said twice is printed once (`aggregate.Error` of apimachinery).
pub fn aggregate(texts: &[String]) -> String {
    match once(texts).as_slice() {
        [one] => (*one).to_owned(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// Without what was said before.
pub fn once(texts: &[String]) -> Vec<&str> {
    // There may be a million: brought together by sorting, then back in their order.
    let mut places: Vec<usize> = (0..texts.len()).collect();
    places.order_by_key(|place| &texts[*place]);
    places.dedup_by(|later, first| texts[*later] == texts[*first]);
    places.order();
    places.into_iter().map(|place| texts[place].as_str()).collect()
}

/// `error validating "pod.yaml": error validating data: …`; several findings stand in brackets.
fn validation_error(file: &str, texts: &[String], path: &str, code: ClientCode) -> ClientError {
    let all = aggregate(texts);
    let message = format!(
        "error validating {file:?}: error validating data: {all}; if you choose to ignore these errors, turn validation off with --validate=false"
    );
    ClientError { message, path: path.into(), code, stops: true, findings: Vec::new() }
}

/// Checks one document. `value` is `root` as JSON.
pub fn inspect(root: &Root, value: &Value, file: &str) -> Result<Target, ClientError> {
    identify(value).map_err(|(texts, path, code)| validation_error(file, &texts, path, code))?;
    let (api_version, kind) = (text(value, "apiVersion"), text(value, "kind"));
    let is_list = kind.strip_suffix("List").is_some_and(|base| find_kind(api_version, base).is_some());
    if matches!((api_version, kind), ("v1" | "/v1", "List")) {
        check_list(value, file)?;
    } else if is_list
        || matches!((api_version, kind), ("v1", "Binding" | "Status"))
        || kind.ends_with("Review") && find_kind(api_version, kind).is_some()
    {
        // What can only be created cannot be patched, and of that the server tells kubectl nothing about fields (`QueryParamVerifierV3`).
        let findings = openapi::check(api_version, kind, value);
        if let Some(first) = findings.first() {
            let (path, code) = (first.path.clone(), first.code);
            let texts: Vec<String> = findings.into_iter().map(|f| f.text).collect();
            return Err(validation_error(file, &texts, &path, code));
        }
    }
    let undecodable = |text: String, path: &str, code, findings| ClientError {
        message: format!("unable to decode {file:?}: {text}"),
        path: path.into(),
        code,
        stops: false,
        findings,
    };
    // Whatever has items is read as a list, whatever its kind (`unstructuredJSONScheme.decode` of apimachinery).
    let listed = value.get("items");
    let not_a = |value: &Value, what: &str| undecodable(cannot_unmarshal(value, what), "items", ClientCode::ListItems, Vec::new());
    match listed {
        Some(Value::Array(items)) => {
            if let Some(wrong) = items.iter().find(|item| !item.is_object() && !item.is_null()) {
                return Err(not_a(wrong, "value of type map[string]interface {}"));
            }
        }
        None | Some(Value::Null) => {}
        Some(other) => return Err(not_a(other, "struct field decodeList.items of type []json.RawMessage")),
    }
    if kind.is_empty() {
        return Err(undecodable(format!("Object 'Kind' is missing in '{}'", go_json(value)), "kind", ClientCode::KindEmpty, Vec::new()));
    }
    if let Err(error) = check_metadata(value) {
        let path = error.findings.first().map_or("metadata", |f| f.path.as_str()).to_owned();
        return Err(undecodable(error.detail, &path, ClientCode::Metadata, error.findings));
    }
    // Of every group and version that is served kubectl knows a `List`, and one of each kind (`NewDiscoveryRESTMapper` of client-go).
    let version = api_version.strip_prefix('/').unwrap_or(api_version);
    let target = if listed.is_some() && (is_list || kind == "List" && all_kinds().any(|k| k.api_version() == version)) {
        Ok(Target::Items(Vec::new()))
    } else {
        resolve(value)
    };
    let target = target.map_err(|missing| {
        let metadata = |key: &str| go_quote(value.get("metadata").and_then(|m| m.get(key)).and_then(Value::as_str).unwrap_or_default());
        let message = format!(
            "resource mapping not found for name: {} namespace: {} from {file:?}: {missing}\nensure CRDs are installed first",
            metadata("name"),
            metadata("namespace")
        );
        let path = if all_kinds().any(|k| k.kind == kind) { "apiVersion" } else { "kind" };
        ClientError { message, path: path.into(), code: ClientCode::UnknownKind, stops: false, findings: Vec::new() }
    })?;
    let Some(listed) = listed else { return Ok(target) };
    // A list inside of a list was not read as one (`meta.ExtractList`).
    if listed.as_array().into_iter().flatten().any(|item| item.get("items").is_some_and(Value::is_array)) {
        let message = "*unstructured.Unstructured is not a list: no Items field in this object".into();
        return Err(ClientError { message, path: "items".into(), code: ClientCode::ListItems, stops: false, findings: Vec::new() });
    }
    Ok(Target::Items(items(root, value)))
}

/// `json: cannot unmarshal string into Go value of type …`
fn cannot_unmarshal(value: &Value, what: &str) -> String {
    format!("json: cannot unmarshal {} into Go {what}", go_kind(value))
}

/// The resource of an item of a list, or what kubectl says of it at its end (`infoForObject` of cli-runtime's mapper).
pub fn resolve_item(value: &Value) -> Result<Target, String> {
    let missing =
        [("kind", "'Kind' is missing in 'object has no kind field '"), ("apiVersion", "'apiVersion' is missing in 'object has no apiVersion field'")];
    match missing.iter().find(|(key, _)| text(value, key).is_empty()) {
        Some((_, what)) => Err(format!("unable to get type info from the object \"*unstructured.Unstructured\": Object {what}")),
        None => resolve(value).map_err(|missing| format!("unable to recognize {missing}")),
    }
}

/// The resource of an object, or `no matches for kind "Podd" in version "v1"`.
pub fn resolve(value: &Value) -> Result<Target, String> {
    let (api_version, kind) = (text(value, "apiVersion"), text(value, "kind"));
    // An empty group may be written with its slash.
    let normal = api_version.strip_prefix('/').unwrap_or(api_version);
    if let Some(found) = find_kind(normal, kind) {
        if found.kind == "ComponentStatus" {
            return Ok(no_method());
        }
        return Ok(Target::Create(found));
    }
    if normal.is_empty() && all_kinds().any(|k| k.kind == kind && k.group.is_empty()) {
        return Ok(Target::Refused(Status::new(404, "NotFound", "the server could not find the requested resource"), ClientCode::NoResource));
    }
    // kubectl also knows kinds in lower case; the server does not.
    let (group, version) = normal.split_once('/').unwrap_or(("", normal));
    if let Some(found) = all_kinds().find(|k| k.kind.to_ascii_lowercase() == kind && k.group == group && k.version == version) {
        if found.kind == "ComponentStatus" {
            return Ok(no_method());
        }
        let message = format!(
            "{kind} in version {} cannot be handled as a {}: no kind {} is registered for version {} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
            go_quote(version),
            found.kind,
            go_quote(kind),
            go_quote(normal)
        );
        // The path alone already says which resource is meant.
        let warnings = check::old_kind(found).into_iter().collect();
        return Ok(Target::Refused(Status::new(400, "BadRequest", message).with_warnings(warnings), ClientCode::KindCase));
    }
    Err(format!("no matches for kind {} in version {}", go_quote(kind), go_quote(api_version)))
}

fn no_method() -> Target {
    let message = "the server does not allow this method on the requested resource";
    Target::Refused(Status::new(405, "MethodNotAllowed", message), ClientCode::NoResource)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What kubectl makes of the annotation with the last applied configuration before it creates an object: where there is one, it is written anew
/// (`util.CreateOrUpdateAnnotation`).
pub fn renew_last_applied(kind: &Kind, value: &mut Value) {
    let Some(annotations) = value.get_mut("metadata").and_then(|m| m.get_mut("annotations")).and_then(Value::as_object_mut) else { return };
    if annotations.remove(LAST_APPLIED).is_none() {
        return;
    }
    if kind.namespaced && value["metadata"].get("namespace").is_none_or(|n| n.is_null() || n.as_str() == Some("")) {
        value["metadata"]["namespace"] = Value::String("default".into());
    }
    let text = format!("{}\n", go_json(value));
    value["metadata"]["annotations"][LAST_APPLIED] = Value::String(text);
}

/// JSON as Go's encoder writes it: safe inside of HTML.
pub fn go_json(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// What keeps kubectl from knowing what an object is.
pub(super) fn identify(value: &Value) -> Result<(), (Vec<String>, &'static str, ClientCode)> {
    let Value::Object(map) = value else { return Err((vec!["invalid object to validate".into()], "", ClientCode::NotAnObject)) };
    let mut wrong = Vec::new();
    let mut first = None;
    for key in ["apiVersion", "kind"] {
        let (finding, code) = match map.get(key) {
            None | Some(Value::Null) => (format!("{key} not set"), ClientCode::NotSet),
            Some(Value::String(text)) if key == "apiVersion" && text.matches('/').count() > 1 => {
                (format!("unexpected GroupVersion string: {text}"), ClientCode::GroupVersion)
            }
            Some(Value::String(_)) => continue,
            Some(_) => (format!("{key} isn't string type"), ClientCode::NotAString),
        };
        wrong.push(finding);
        first.get_or_insert((key, code));
    }
    match first {
        Some((path, code)) => Err((wrong, path, code)),
        None => Ok(()),
    }
}

/// A `List` is checked on the client, every item by its own kind.
fn check_list(value: &Value, file: &str) -> Result<(), ClientError> {
    let Some(items) = value.get("items").and_then(Value::as_array) else {
        return Err(validation_error(file, &["invalid object to validate".into()], "items", ClientCode::ListItems));
    };
    let mut texts = Vec::new();
    let mut first = None;
    for (index, item) in items.iter().enumerate() {
        match identify(item) {
            Err((found, path, code)) => {
                texts.extend(found);
                let place = if path.is_empty() { format!("items[{index}]") } else { format!("items[{index}].{path}") };
                first.get_or_insert((place, code));
            }
            Ok(()) => {
                for finding in openapi::check(text(item, "apiVersion"), text(item, "kind"), item) {
                    first.get_or_insert((format!("items[{index}].{}", finding.path), finding.code));
                    texts.push(finding.text);
                }
            }
        }
    }
    match first {
        Some((path, code)) => Err(validation_error(file, &texts, &path, code)),
        None => Ok(()),
    }
}

/// The items of a list; those that lack both get apiVersion and kind of the list, less `List` (`decodeToList` of apimachinery).
fn items(root: &Node, value: &Value) -> Vec<(String, Node, Value)> {
    let nodes = root.get("items").map(Node::items).unwrap_or_default();
    let values = value.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of = text(value, "kind");
    let of = [("apiVersion", text(value, "apiVersion")), ("kind", of.strip_suffix("List").unwrap_or(of))];
    let together = nodes.iter().zip(values).enumerate();
    together
        .map(|(index, (node, value))| {
            let (mut node, mut value) = (node.clone(), value.clone());
            if value.is_null() {
                value = Value::Object(Map::new());
            }
            let bare = of.iter().all(|(key, _)| text(&value, key).is_empty());
            if let (true, Value::Object(map)) = (bare, &mut value) {
                for (key, word) in of {
                    map.insert(key.into(), Value::String(word.into()));
                    if let crate::yaml::Content::Mapping(entries) = &mut node.content {
                        let span = crate::text::Span::new(node.span.start, node.span.start);
                        let value = Node { span, content: crate::yaml::Content::String(word.into()), flow: false };
                        entries.push(Entry { key: key.into(), key_span: span, value });
                    }
                }
            }
            (format!("items[{index}]"), node, value)
        })
        .collect()
}
