//! Reading `-f`: files, folders and standard input → objects, with kubectl's errors on the way.

use super::env::{Env, Failure};
use crate::api::{Kind, Status, Value, object};
use crate::cluster::shell;
use crate::{manifest, yaml};

/// What lies at addresses that everybody types; the playground has no way to them, and brings the objects along.
const KNOWN: [(&str, &str); 2] = [
    ("https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml", METRICS_SERVER),
    ("https://github.com/kubernetes-sigs/metrics-server/releases/download/v0.8.0/components.yaml", METRICS_SERVER),
];
const METRICS_SERVER: &str = include_str!("known/metrics-server.yaml");

/// An object as a file holds it.
#[derive(Clone, Debug)]
pub struct FileObject {
    pub value: Value,
    /// The document in the order in which it was written; none for an item of a List.
    pub root: Option<yaml::Node>,
    /// The file as it was named; `STDIN` for `-`.
    pub source: String,
    /// Under which resource it is served, or why none is known.
    pub kind: Result<&'static Kind, Failure>,
}

/// The documents of all these files, in order. A path that is not there fails at once; what a file holds fails for itself.
/// `checks`: whether they are held to the schema first, as verbs that send them do.
pub fn read_all(paths: &[String], recursive: bool, checks: bool, env: &mut Env) -> Result<Vec<Result<FileObject, Failure>>, Failure> {
    let mut sources: Vec<(String, String)> = Vec::new();
    for path in paths.iter().filter(|p| !p.is_empty()) {
        if path == "-" {
            let text = env.stdin.take().unwrap_or_default();
            sources.push(("STDIN".into(), text));
        } else if path.starts_with("http://") || path.starts_with("https://") {
            if let Some((_, text)) = KNOWN.iter().find(|(url, _)| url == path) {
                sources.push((path.clone(), (*text).to_owned()));
                continue;
            }
            return Err(Failure::error(format!("unable to read URL {path:?}, the playground has no way to the Internet")));
        } else {
            let plain = env.key(path);
            if let Some(text) = env.files.get(&plain) {
                sources.push((path.clone(), text.clone()));
                continue;
            }
            if path == "/dev/null" {
                continue;
            }
            let folder = if plain.is_empty() { String::new() } else { format!("{plain}/") };
            let inside: Vec<(&String, &String)> = env.files.range_from(&folder).take_while(|(name, _)| name.starts_with(&folder)).collect();
            if inside.is_empty() && path.contains(['*', '?']) {
                // A pattern that the shell left alone (`expandIfFilePattern`).
                let found: Vec<_> =
                    env.files.iter().filter(|(name, _)| fits(&plain, name)).map(|(name, text)| (name.clone(), text.clone())).collect();
                if !found.is_empty() {
                    sources.extend(found);
                    continue;
                }
            }
            if inside.is_empty() {
                return Err(Failure::error(format!("the path {path:?} does not exist")));
            }
            let known = |name: &str| [".json", ".yaml", ".yml"].iter().any(|e| name.ends_with(e));
            let direct = |name: &str| recursive || !name[folder.len()..].contains('/');
            let before = sources.len();
            sources.extend(inside.into_iter().filter(|(name, _)| known(name) && direct(name)).map(|(name, text)| (name.clone(), text.clone())));
            if sources.len() == before {
                return Err(Failure::error(format!("error reading [{path}]: recognized file extensions are [.json .yaml .yml]")));
            }
        }
    }
    let mut out = Vec::new();
    for (source, text) in sources {
        match manifest::read_documents(&text, &source) {
            Ok(documents) => {
                // An empty document is none (`StreamVisitor.Visit`).
                for document in documents.into_iter().filter(|d| !d.value.is_null()) {
                    flatten(document.value, Some(document.root.into_node()), (&source, checks), &mut out);
                }
            }
            Err(message) => out.push(Err(Failure::raw(message + "\n", 1))),
        }
    }
    Ok(out)
}

/// Whether a path fits a pattern of Go's `filepath.Match`, whose stars do not reach beyond a folder.
fn fits(pattern: &str, path: &str) -> bool {
    let (patterns, names) = (pattern.split('/'), path.split('/'));
    patterns.clone().count() == names.clone().count() && patterns.zip(names).all(|(pattern, name)| shell::matches(pattern, name))
}

/// A List is as if its items stood there.
fn flatten(value: Value, root: Option<yaml::Node>, (source, checks): (&str, bool), out: &mut Vec<Result<FileObject, Failure>>) {
    let is_list = object::kind(&value).ends_with("List") && value.get("items").is_some_and(Value::is_array);
    if is_list {
        let items = root.as_ref().and_then(|r| r.get("items")).map(|n| n.items().to_vec()).unwrap_or_default();
        for (i, item) in object::list_at(&value, "items").iter().enumerate() {
            // Of what stands in a list no file is told (`FlattenListVisitor`).
            let (version, kind) = (object::api_version(item), object::kind(item));
            if !kind.is_empty() && !version.is_empty() && !kind.ends_with("List") && kind_of(version, kind).is_none() {
                out.push(Err(Failure::raw(format!("unable to recognize no matches for kind {kind:?} in version {version:?}\n"), 1)));
                continue;
            }
            flatten(item.clone(), items.get(i).cloned(), (source, checks), out);
        }
        return;
    }
    let unchecked = if checks { check(&value, source) } else { Ok(()) };
    let kind = unchecked.and_then(|()| decode(&value, source)).and_then(|()| find_kind(&value, source));
    out.push(Ok(FileObject { value, root, source: source.into(), kind }));
}

/// The mapper knows every kind in lower case too; the server then refuses it.
fn kind_of(version: &str, kind: &str) -> Option<&'static Kind> {
    let lower = || crate::api::kinds::KINDS.iter().find(|k| k.kind.to_ascii_lowercase() == kind && k.api_version() == version);
    Kind::find(version, kind).or_else(lower)
}

/// What the schema's check says of an object of which it cannot find the type.
fn check(value: &Value, source: &str) -> Result<(), Failure> {
    let fields = [(object::api_version(value), "apiVersion not set"), (object::kind(value), "kind not set")];
    let missing: Vec<&str> = fields.iter().filter(|(text, _)| text.is_empty()).map(|(_, what)| *what).collect();
    let what = match missing.as_slice() {
        _ if !value.is_object() => "invalid object to validate".to_owned(),
        [] => return Ok(()),
        [one] => (*one).to_owned(),
        all => format!("[{}]", all.join(", ")),
    };
    let text = format!(
        "error validating {source:?}: error validating data: {what}; if you choose to ignore these errors, turn validation off with --validate=false"
    );
    Err(Failure::error(text))
}

/// What kubectl itself reads of every object (`unstructured.UnstructuredJSONScheme`): its kind, and its metadata, in which a label that is no text ends here.
fn decode(value: &Value, source: &str) -> Result<(), Failure> {
    let found = match value {
        Value::Object(_) if object::kind(value).is_empty() => Err(format!("Object 'Kind' is missing in '{}'", super::json::compact(value))),
        Value::Object(_) => manifest::decode::check_metadata(value).map_err(|error| error.detail),
        other => {
            let found = match other {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            Err(format!("json: cannot unmarshal {found} into Go value of type unstructured.detector"))
        }
    };
    found.map_err(|why| Failure::error(format!("unable to decode {source:?}: {why}")))
}

fn find_kind(value: &Value, source: &str) -> Result<&'static Kind, Failure> {
    let (version, kind) = (object::api_version(value), object::kind(value));
    // The kind is found without its version; the path that is asked for is then none.
    if version.is_empty() && crate::api::kinds::KINDS.iter().any(|k| k.kind == kind) {
        return Err(Status::new(404, "NotFound", "the server could not find the requested resource").into());
    }
    kind_of(version, kind).ok_or_else(|| {
        let (name, namespace) = (object::name(value), object::namespace(value));
        Failure::error(format!(
            "resource mapping not found for name: {name:?} namespace: {namespace:?} from {source:?}: no matches for kind {kind:?} in version {version:?}\nensure CRDs are installed first"
        ))
    })
}
