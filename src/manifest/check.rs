//! `kubectl create --dry-run=server -f pod.yaml` as one function: reading, the client's checks, the server's answer, what is printed.

use crate::api::order::{InOrder as _, SortedSet};
use crate::api::{Value, json};

use super::client::{self, ClientError, Target};
use super::read::{Stream, read_stream};
use super::source::span_in;
use super::validate::path_segment_problems;
use super::{Accepted, Admitted, Checked, ClusterFacts, Document, DocumentVerdict, Root, Source, SourceDocument, admit, decode, explain, fix, hint};
use crate::api::{Cause, Kind, Status, object};
use crate::text::{Diagnostic, Severity, Span};
use crate::yaml::go_quote;

/// The name under which messages know the text.
pub const FILE_NAME: &str = "pod.yaml";

const GENERATION: &str = "deprecated.daemonset.template.generation";
/// Marks that a document gets in the text; the messages name all that is wrong.
const MOST_MARKS: usize = 500;
/// What the server reads of one request (`MaxRequestBodyBytes`).
const LARGEST_REQUEST: usize = 3 * 1024 * 1024;

/// The verdict on a text, against any cluster, with hints and fixes.
pub fn check_against(text: &str, facts: &dyn ClusterFacts) -> Checked {
    let mut checked = verdict(text, facts);
    hint::add(text, &mut checked);
    fix::add(text, &mut checked, facts);
    checked.diagnostics.order_by_key(|d| (d.span, d.severity));
    checked
}

/// How far a text came before something was refused; what is further is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Reading,
    Client,
    Decoding,
    Admission,
    Accepted,
}

/// The stage at which a text fails first.
pub(super) fn stage(checked: &Checked) -> Stage {
    let refused = checked.documents.iter().filter_map(|d| match d {
        DocumentVerdict::Rejected(status) if status.code == 400 || status.code == 404 && status.kind.is_empty() => Some(Stage::Decoding),
        DocumentVerdict::Rejected(_) => Some(Stage::Admission),
        DocumentVerdict::Accepted(_) => None,
    });
    let worst = refused.min().unwrap_or(Stage::Accepted);
    if checked.stderr.contains("error parsing ") {
        Stage::Reading
    } else if checked.exit != 0 && worst == Stage::Accepted || checked.stderr.contains("resource mapping not found") {
        Stage::Client
    } else {
        worst
    }
}

/// The verdict on a text alone.
pub(super) fn verdict(text: &str, facts: &dyn ClusterFacts) -> Checked {
    let Stream { documents, error, .. } = read_stream(text);
    let mut source = Source::default();
    let mut run = Run { facts, length: text.len(), checked: Checked::default(), created: Vec::new(), read: Vec::new(), document: 0 };
    let mut stopped = false;
    for (index, Document { value, root, span }) in documents.into_iter().enumerate() {
        run.document = index;
        stopped = stopped || run.document_of(&root, value);
        source.documents.push(SourceDocument::new(root, span));
    }
    if let (false, Some(error)) = (stopped, error) {
        run.document = source.documents.len();
        let (code, args) = explain::read_error(&error, text);
        run.report(Severity::Error, error.span, "", &error.message, code, args);
        run.read.push(Failure::Plain(format!("error parsing {FILE_NAME}: {}", error.message)));
    }
    if run.created.is_empty() && run.read.is_empty() && run.checked.documents.is_empty() {
        run.document = 0;
        run.report(Severity::Error, Span::new(0, 0), "", "no objects passed to create", "explain-no-objects", Vec::new());
        run.read.push(Failure::Plain("no objects passed to create".into()));
    }
    let Run { mut checked, created, read, .. } = run;
    checked.stderr = stderr(&checked.documents, &created, &read);
    checked.exit = i32::from(!created.is_empty() || !read.is_empty());
    checked.source = source;
    checked
}

/// The server's half of a create: decoding, then what admission does.
pub fn admit_create(kind: &Kind, strict: bool, value: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    let (mut admitted, has_empties) =
        create(kind, if strict { Mode::Strict } else { Mode::Lenient }, value, facts).map_err(|refusal| refusal.status)?;
    admit::complete(kind, &mut admitted.object, has_empties, false);
    Ok(admitted)
}

/// How a create is meant.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// By kubectl: unknown fields are errors.
    Strict,
    /// From inside.
    Lenient,
    /// By kubectl, without a store that would make up a name. `is_long`: there may be very long lists.
    DryRun { is_long: bool },
}

/// A refusal, with the decoder's findings where it was the decoder.
struct Refusal {
    status: Status,
    findings: Vec<decode::Finding>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self { status, findings: Vec::new() }
    }
}

/// What passes, to be completed; and whether it has lists or maps with nothing in them.
type Passed = (Admitted, bool);

/// What the server warns of before it looks at an object: kinds that are going away.
pub(super) fn old_kind(kind: &Kind) -> Option<String> {
    (kind.kind == "Endpoints").then(|| "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned())
}

/// The server's half, with its first warning in front of all others.
fn create(kind: &Kind, mode: Mode, value: Value, facts: &dyn ClusterFacts) -> Result<Passed, Refusal> {
    let warning = old_kind(kind);
    let outcome = create_known(kind, mode, value, facts);
    match outcome {
        Ok((mut admitted, has_empties)) => {
            admitted.warnings.splice(0..0, warning);
            Ok((admitted, has_empties))
        }
        Err(mut refusal) => {
            refusal.status.warnings.splice(0..0, warning);
            Err(refusal)
        }
    }
}

fn create_known(kind: &Kind, mode: Mode, value: Value, facts: &dyn ClusterFacts) -> Result<Passed, Refusal> {
    let decoded = decode::decode_keeping_empties(kind, value, mode != Mode::Lenient);
    let (mut value, empties) = decoded.map_err(|error| Refusal { status: decode::bad_request(kind, &error.detail), findings: error.findings })?;
    // `Convert_v1_DaemonSet_To_apps_DaemonSet` reads a field of older versions from an annotation.
    if let ("DaemonSet", Some(text)) = (kind.kind, object::annotations(&value).and_then(|a| a.get(GENERATION)))
        && let Some(text) = text.as_str().filter(|text| text.parse::<i64>().is_err())
    {
        let detail = format!("strconv.ParseInt: parsing {}: invalid syntax", go_quote(text));
        return Err(decode::bad_request(kind, &detail).into());
    }
    if mode == (Mode::DryRun { is_long: true }) {
        shorten(&mut value);
    }
    let warning = unite_owners(&mut value);
    if kind.namespaced {
        let is_left_out = object::namespace(&value).is_empty();
        if is_left_out {
            object::set(&mut value, "metadata.namespace", json!("default"));
        }
        let namespace = if is_left_out { "default" } else { object::namespace(&value) };
        if !facts.namespace_exists(namespace) {
            let warnings = warning.into_iter().collect();
            return Err(Status::not_found("namespaces", namespace).with_warnings(warnings).into());
        }
    } else {
        object::remove(&mut value, "metadata.namespace");
    }
    if kind.kind == "Binding" {
        return Err(Status::not_found("pods", object::name(&value)).into());
    }
    let mut admitted = admit::create(kind, value, facts, matches!(mode, Mode::DryRun { .. })).map_err(|mut status| {
        status.warnings.splice(0..0, warning.clone());
        status
    })?;
    admitted.warnings.splice(0..0, warning);
    Ok((admitted, empties))
}

/// Owners that stand there twice count once, with a warning (`dedupOwnerReferences` of the API server's handlers).
fn unite_owners(value: &mut Value) -> Option<String> {
    let owners = value.get_mut("metadata")?.get_mut("ownerReferences")?.as_array_mut()?;
    let mut kept: Vec<Value> = Vec::new();
    let mut twice = Vec::new();
    for owner in owners.iter() {
        if kept.contains(owner) {
            twice.push(object::str_at(owner, "uid").unwrap_or("").to_owned());
        } else {
            kept.push(owner.clone());
        }
    }
    *owners = kept;
    (!twice.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        )
    })
}

/// Nobody writes longer lists; looking at all of one would make an editor stand still.
const LONGEST_LIST: usize = 10_000;

fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.truncate(LONGEST_LIST);
            items.iter_mut().for_each(shorten);
        }
        Value::Object(map) => map.values_mut().for_each(shorten),
        _ => {}
    }
}

fn exists(kind: &Kind, object: &Value, facts: &dyn ClusterFacts) -> bool {
    let (namespace, name) = (object::namespace(object), object::name(object));
    match kind.kind {
        "Namespace" => facts.namespace_exists(name),
        "ServiceAccount" => facts.service_account_exists(namespace, name),
        "PriorityClass" => facts.priority_class(name).is_some(),
        _ => facts.get(kind, if kind.namespaced { namespace } else { "" }, name).is_some(),
    }
}

/// One thing that kubectl prints at its end.
enum Failure {
    Plain(String),
    /// Of the document with this number.
    Refused(usize),
    /// Of the items of one list. Printed as it is, without `error: `, even alone.
    Gathered(Vec<String>),
}

impl Failure {
    /// As one of several.
    fn line(&self, documents: &[DocumentVerdict]) -> String {
        match self {
            Failure::Plain(text) => format!("{text}\n"),
            Failure::Refused(document) => refusal_of(documents, *document).map_or_else(String::new, |status| plain_status_text(status, FILE_NAME)),
            Failure::Gathered(texts) => format!("{}\n", client::aggregate(texts)),
        }
    }
}

fn refusal_of(documents: &[DocumentVerdict], document: usize) -> Option<&Status> {
    match documents.get(document)? {
        DocumentVerdict::Rejected(status) => Some(status),
        DocumentVerdict::Accepted(_) => None,
    }
}

struct Run<'a> {
    facts: &'a dyn ClusterFacts,
    /// The text's, in bytes: a short one has no room for lists or objects that are too long.
    length: usize,
    checked: Checked,
    /// What went wrong in creating objects, and what in reading them.
    created: Vec<Failure>,
    read: Vec<Failure>,
    document: usize,
}

impl Run<'_> {
    fn report(&mut self, severity: Severity, span: Span, path: &str, message: &str, code: &'static str, args: Vec<String>) {
        self.checked.diagnostics.push(Diagnostic {
            severity,
            span,
            document: self.document,
            path: path.to_owned(),
            message: message.to_owned(),
            code,
            args,
            fixes: Vec::new(),
        });
    }

    /// Checks a document; true where kubectl reads no further.
    fn document_of(&mut self, root: &Root, value: Value) -> bool {
        match client::inspect(root, &value, FILE_NAME) {
            Err(error) => {
                let stops = error.stops;
                self.client_error(root, &value, error);
                return stops;
            }
            Ok(Target::Create(kind)) => self.request(root, kind, value, ""),
            Ok(Target::Refused(status, code)) => {
                let path = if code == client::ClientCode::NoResource { "apiVersion" } else { "kind" };
                let (code, args) = explain::client(code, &value, path, &[]);
                self.report(Severity::Error, root.span_in(path), path, &status.message, code, args);
                self.refused(status);
            }
            Ok(Target::Items(items)) => {
                let mut unknown = Vec::new();
                for (path, node, value) in items {
                    match client::resolve_item(&value) {
                        Ok(Target::Create(kind)) => self.request(&node.into(), kind, value, &path),
                        Ok(Target::Refused(status, code)) => {
                            let (code, args) = explain::client(code, &value, "kind", &[]);
                            self.report(Severity::Error, span_in(&node, "kind"), &format!("{path}.kind"), &status.message, code, args);
                            self.refused(status);
                        }
                        Ok(Target::Items(_)) => {}
                        Err(missing) => {
                            let (code, args) = explain::client(client::ClientCode::UnknownKind, &value, "kind", &[]);
                            self.report(Severity::Error, span_in(&node, "kind"), &format!("{path}.kind"), &missing, code, args);
                            unknown.push(missing);
                        }
                    }
                }
                if !unknown.is_empty() {
                    self.read.push(Failure::Gathered(unknown));
                }
            }
        }
        false
    }

    fn client_error(&mut self, root: &Root, value: &Value, error: ClientError) {
        let (code, args) = explain::client(error.code, value, &error.path, &error.findings);
        self.report(Severity::Error, root.span_in(&error.path), &error.path, &error.message, code, args);
        self.read.push(Failure::Plain(error.message));
    }

    fn refused(&mut self, status: Status) {
        self.created.push(Failure::Refused(self.checked.documents.len()));
        self.checked.documents.push(DocumentVerdict::Rejected(status));
    }

    fn request(&mut self, root: &Root, kind: &'static Kind, mut sent: Value, prefix: &str) {
        let at = |path: &str| if prefix.is_empty() { path.to_owned() } else { format!("{prefix}.{path}") };
        client::renew_last_applied(kind, &mut sent);
        if self.length > LARGEST_REQUEST / 4 && sent.to_string().len() > LARGEST_REQUEST {
            let status = Status::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {LARGEST_REQUEST}"));
            self.report(Severity::Error, root.span_in("kind"), &at(""), &status.message, "explain-refused", Vec::new());
            self.refused(status);
            return;
        }
        let namespace = object::namespace(&sent);
        let wrong = path_segment_problems(namespace);
        if kind.namespaced && !wrong.is_empty() {
            let message = format!("error when creating {FILE_NAME:?}: invalid namespace {}: [{}]", go_quote(namespace), wrong.join(" "));
            self.report(Severity::Error, root.span_in("metadata.namespace"), &at("metadata.namespace"), &message, "explain-refused", Vec::new());
            self.created.push(Failure::Plain(message));
            return;
        }
        match create(kind, Mode::DryRun { is_long: self.length > LONGEST_LIST }, sent, self.facts) {
            Ok((admitted, _)) if exists(kind, &admitted.object, self.facts) => {
                let status = Status::already_exists(&kind.resource(), object::name(&admitted.object));
                let args = vec![object::name(&admitted.object).to_owned()];
                self.report(Severity::Error, root.span_in("metadata.name"), &at("metadata.name"), &status.message, "explain-already-exists", args);
                self.refused(status);
            }
            Ok((admitted, has_empties)) => {
                for warning in admitted.warnings.iter().take(MOST_MARKS) {
                    let (path, message, code, args) = explain::warning(warning);
                    self.report(Severity::Warning, root.span_in(path), &at(path), message, code, args);
                }
                for part in [&kind.singular_with_group(), "/", object::name(&admitted.object), " created (server dry run)\n"] {
                    self.checked.stdout.push_str(part);
                }
                self.checked.documents.push(DocumentVerdict::Accepted(Accepted::new(kind, admitted, has_empties)));
            }
            Err(Refusal { status, findings }) => {
                for finding in findings.iter().take(MOST_MARKS) {
                    let (code, args) = explain::finding(finding);
                    let message = explain::finding_words(finding, &status.message);
                    self.report(Severity::Error, root.finding_span(finding), &at(&finding.path), &message, code, args);
                }
                for cause in status.causes.iter().take(MOST_MARKS) {
                    let (code, args) = explain::cause(cause);
                    let span = root.span_of_error(&cause.field, &cause.message);
                    self.report(Severity::Error, span, &at(&cause.field), &cause.message, code, args);
                }
                if findings.is_empty() && status.causes.is_empty() {
                    let (path, code, args) = explain::refusal(&status);
                    self.report(Severity::Error, root.span_in(path), &at(path), &status.message, code, args);
                }
                for warning in status.warnings.iter().take(MOST_MARKS) {
                    let (path, message, code, args) = explain::warning(warning);
                    self.report(Severity::Warning, root.span_in(path), &at(path), message, code, args);
                }
                self.refused(status);
            }
        }
    }
}

/// What kubectl prints: warnings as they come, errors at the end; those of creating first, and behind them those of reading as one
/// (`ContinueOnErrorVisitor` around `EagerVisitorList` in cli-runtime, `checkErr` in kubectl).
fn stderr(documents: &[DocumentVerdict], created: &[Failure], read: &[Failure]) -> String {
    let mut out = String::new();
    let mut told: SortedSet<&str> = SortedSet::default();
    for document in documents {
        let warnings = match document {
            DocumentVerdict::Accepted(accepted) => &accepted.warnings,
            DocumentVerdict::Rejected(status) => &status.warnings,
        };
        for warning in warnings {
            if told.insert(warning.as_str()) {
                out.extend(["Warning: ", warning, "\n"]);
            }
        }
    }
    match (created, read) {
        ([], []) => {}
        ([Failure::Plain(text)], []) | ([], [Failure::Plain(text)]) => out.extend(["error: ", text, "\n"]),
        ([Failure::Refused(document)], []) => out.extend(refusal_of(documents, *document).map(|status| status_text(status, FILE_NAME))),
        ([], [Failure::Gathered(texts)]) => texts.iter().for_each(|text| out.push_str(&format!("{text}\n"))),
        ([], many) | (many, []) => many.iter().for_each(|failure| out.push_str(&failure.line(documents))),
        (created, read) => {
            created.iter().for_each(|failure| out.push_str(&failure.line(documents)));
            let texts = read.iter().flat_map(|failure| match failure {
                Failure::Gathered(texts) => texts.clone(),
                other => vec![other.line(documents).trim_end_matches('\n').to_owned()],
            });
            out.push_str(&Failure::Gathered(texts.collect()).line(documents));
        }
    }
    out
}

/// How kubectl prints a refusal when it is the only error of a command that creates.
pub fn status_text(status: &Status, file: &str) -> String {
    if status.reason != "Invalid" || (status.kind.is_empty() && status.name.is_empty()) {
        return plain_status_text(status, file);
    }
    let line = |cause: &Cause| if cause.field.is_empty() { cause.message.clone() } else { [&cause.field, ": ", &cause.message].concat() };
    let lines: Vec<String> = status.causes.iter().map(line).collect();
    let mut out = ["The ", &status.kind, " ", &go_quote(&status.name), " is invalid"].concat();
    match client::once(&lines).as_slice() {
        [] => {}
        [one] => out.extend([": ", one]),
        many => {
            out.push_str(": ");
            many.iter().for_each(|line| out.extend(["\n* ", line]));
        }
    }
    out.push('\n');
    out
}

/// `Error from server (REASON): error when creating "F": MESSAGE`
fn plain_status_text(status: &Status, file: &str) -> String {
    let reason = if status.reason.is_empty() { String::new() } else { format!(" ({})", status.reason) };
    format!("Error from server{reason}: error when creating {file:?}: {}\n", status.message)
}
