//! Which objects a command means: `TYPE NAME…`, `TYPE/NAME…`, `-l`, `--all`, `-f`. Models cli-runtime's resource builder and its errors.

use std::rc::Rc;

use super::call::Call;
use super::env::{Env, Failure};
use super::files::{self, FileObject};
use super::selector;
use crate::api::{Kind, Selector, Status, Value, object};

const COMBINED: &str = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";
const EVERYWHERE: &str = "a resource cannot be retrieved by name across all namespaces";
/// Both groups of Events have this short name.
pub const EV: &str = "Warning: short name \"ev\" could also match lower priority resource events.events.k8s.io\n";
const MISSING: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// One object by its name.
#[derive(Clone, Debug)]
pub struct Named {
    pub kind: &'static Kind,
    /// Empty for kinds without one.
    pub namespace: String,
    pub name: String,
    /// The file that it came from.
    pub source: Option<String>,
    pub object: Option<FileObject>,
}

#[derive(Clone, Debug)]
pub enum Wanted {
    Named(Vec<Named>),
    /// All of these kinds that the selectors choose.
    Listed(Vec<&'static Kind>),
}

#[derive(Clone, Debug)]
pub struct Request {
    pub wanted: Wanted,
    pub namespace: String,
    pub all_namespaces: bool,
    pub labels: Selector,
    pub label_text: String,
    pub fields: Vec<(String, bool, String)>,
    pub field_text: String,
    /// Why the server does not understand the selectors; it says so when it is asked to list.
    pub refused: Option<String>,
    /// The arguments named one object only, so that a List is not made of it.
    pub single: bool,
    /// NAME carries its kind (`pod/web`).
    pub several_kinds: bool,
    /// Documents of files that name no object.
    pub failures: Vec<Failure>,
    /// `--local`: the files' objects themselves, whatever the server has.
    pub local: bool,
}

/// How a verb names its objects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// A type alone means all of that type.
    pub type_alone: bool,
    /// There is a flag `--all`.
    pub all_flag: bool,
    /// It may stand beside a selector.
    pub all_with_selector: bool,
    /// What stands in files is sent as it stands there, and held against the schema before.
    pub checks_schema: bool,
    /// What the verb was doing when the server did not know a file's kind: `creating`.
    pub doing: &'static str,
}

impl Rules {
    /// `get pods`: those of a type, or some of them.
    pub const TYPES: Self = Self { type_alone: true, all_flag: false, all_with_selector: false, checks_schema: false, doing: "" };
    /// `scale deployment web`: names, or all.
    pub const NAMES: Self = Self { type_alone: false, all_flag: true, ..Self::TYPES };
}

pub fn kind(name: &str) -> Result<&'static Kind, Failure> {
    Kind::by_name(name).ok_or_else(|| Failure::error(format!("the server doesn't have a resource type {:?}", name.split('.').next().unwrap_or(""))))
}

/// The kinds of `pods,svc` or `all`.
pub fn kinds(text: &str) -> Result<Vec<&'static Kind>, Failure> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let more: Vec<&'static Kind> = if part == "all" { all_kinds().collect() } else { vec![kind(part)?] };
        // What is named twice is listed once (`Builder.resourceMappings`).
        for kind in more {
            if !found.contains(&kind) {
                found.push(kind);
            }
        }
    }
    Ok(found)
}

/// The order in which the group "all" expands.
fn all_kinds() -> impl Iterator<Item = &'static Kind> {
    [
        "pods",
        "replicationcontrollers",
        "services",
        "daemonsets",
        "deployments",
        "replicasets",
        "statefulsets",
        "horizontalpodautoscalers",
        "cronjobs",
        "jobs",
    ]
    .into_iter()
    .filter_map(Kind::by_name)
}

/// Reads a command's arguments and flags.
pub fn request(call: &Call, args: &[String], env: &mut Env, rules: Rules) -> Result<Request, Failure> {
    let namespace = env.namespace(call);
    let label_text = call.text("selector").unwrap_or("").to_owned();
    let field_text = call.text("field-selector").unwrap_or("").to_owned();
    let mut request = Request {
        wanted: Wanted::Listed(Vec::new()),
        namespace: namespace.clone(),
        all_namespaces: call.is("all-namespaces"),
        labels: Selector::default(),
        fields: Vec::new(),
        refused: None,
        label_text,
        field_text,
        single: false,
        several_kinds: false,
        failures: Vec::new(),
        local: call.is("local"),
    };
    match (selector::parse(&request.label_text), parse_fields(&request.field_text)) {
        (Ok(labels), Ok(fields)) => (request.labels, request.fields) = (labels, fields),
        (Err(why), _) | (_, Err(why)) => request.refused = Some(why),
    }
    let all = rules.all_flag && call.is("all");
    let selects = all || !request.label_text.is_empty() || !request.field_text.is_empty();
    if all && !request.label_text.is_empty() && !rules.all_with_selector {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    let files: Vec<String> = call.texts("filename").to_vec();
    if let Some(dir) = call.filled("kustomize") {
        let folder = env.key(dir);
        let inside = |name: &&String| folder.is_empty() || name.strip_prefix(&folder).is_some_and(|rest| rest.starts_with('/'));
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let there = |name: &str| env.files.contains_key(&if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") });
        let nothing = || {
            format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{}'",
                crate::cluster::shell::absolute(&env.directory, dir)
            )
        };
        return Err(Failure::error(if !files.is_empty() {
            "only one of -f or -k can be specified".into()
        } else if (env.directory_is_there(dir) || env.files.keys().any(|name| inside(&name))) && !names.iter().any(|name| there(name)) {
            nothing()
        } else if env.files.keys().any(|name| inside(&name)) {
            "kustomizations (-k) are not part of this playground".into()
        } else {
            format!("must build at directory: not a valid directory: evalsymlink failure on '{dir}' : lstat {dir}: no such file or directory")
        }));
    }
    if !files.is_empty() {
        if !args.is_empty() {
            return Err(Failure::error("when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"));
        }
        let checks = rules.checks_schema && !matches!(call.text("validate"), Some("false" | "ignore"));
        let read = files::read_all(&files, call.is("recursive"), checks, env)?;
        let mut named: Vec<Named> = Vec::new();
        for target in read.into_iter().map(|file| file.and_then(|file| file_target(file, &namespace, call, rules))) {
            match target {
                Ok(target) => named.push(target),
                Err(failure) => request.failures.push(failure),
            }
        }
        request.several_kinds = named.iter().any(|n| n.kind != named[0].kind);
        request.single = named.len() == 1;
        request.wanted = Wanted::Named(named);
        return Ok(request);
    }
    if request.local {
        return Err(Failure::error("can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set"));
    }
    let types = args.iter().take(if args.iter().any(|a| a.contains('/')) { usize::MAX } else { 1 });
    if types.flat_map(|arg| arg.split('/').next().unwrap_or("").split(',')).any(|word| word.eq_ignore_ascii_case("ev")) {
        env.err(EV);
    }
    let with_slash = args.iter().filter(|a| a.contains('/')).count();
    if with_slash > 0 {
        if with_slash < args.len() {
            return Err(Failure::error(COMBINED));
        }
        if request.all_namespaces && args.iter().any(|a| a.split('/').next().and_then(Kind::by_name).is_none_or(|k| k.namespaced)) {
            return Err(Failure::error(EVERYWHERE));
        }
        let mut named: Vec<Named> = Vec::new();
        for arg in args {
            let parts: Vec<&str> = arg.split('/').collect();
            let [kind_name, name] = parts[..] else {
                return Err(Failure::error("arguments in resource/name form may not have more than one slash"));
            };
            if kind_name.is_empty() || name.is_empty() {
                return Err(Failure::error("arguments in resource/name form must have a single resource and name"));
            }
            if selects {
                return Err(Failure::error("selectors and the all flag cannot be used when passing resource/name arguments"));
            }
            let kind = kind(kind_name)?;
            named.push(target(kind, &namespace, name));
        }
        request.several_kinds = named.len() > 1 && named.iter().any(|n| n.kind != named[0].kind);
        request.single = args.len() == 1;
        request.wanted = Wanted::Named(named);
        return Ok(request);
    }
    let Some((types, names)) = args.split_first() else {
        return Err(Failure::error(if selects { "at least one resource must be specified to use a selector" } else { MISSING }));
    };
    let kinds = kinds(types)?;
    if names.is_empty() {
        if !selects && !rules.type_alone {
            return Err(Failure::error("resource(s) were provided, but no name was specified"));
        }
        request.several_kinds = kinds.len() > 1;
        request.wanted = Wanted::Listed(kinds);
        return Ok(request);
    }
    if selects {
        return Err(Failure::error("name cannot be provided when a selector is specified"));
    }
    if types.split(',').any(|part| part == "all") {
        return Err(Failure::error("you must specify only one resource"));
    }
    if request.all_namespaces && kinds.iter().any(|k| k.namespaced) {
        return Err(Failure::error(EVERYWHERE));
    }
    let mut named: Vec<Named> = Vec::new();
    for kind in &kinds {
        for name in names {
            if name.is_empty() {
                return Err(Failure::error("resource name may not be empty"));
            }
            named.push(target(kind, &namespace, name));
        }
    }
    request.several_kinds = kinds.len() > 1;
    request.single = names.len() == 1 && kinds.len() == 1;
    request.wanted = Wanted::Named(named);
    Ok(request)
}

pub fn target(kind: &'static Kind, namespace: &str, name: &str) -> Named {
    let namespace = if kind.namespaced { namespace.to_owned() } else { String::new() };
    Named { kind, namespace, name: name.into(), source: None, object: None }
}

/// What a file's object is, in the namespace that it names or that the command works in.
fn file_target(file: FileObject, namespace: &str, call: &Call, rules: Rules) -> Result<Named, Failure> {
    let must = call.filled("namespace").is_some();
    let kind = file.kind.clone().map_err(|failure| match failure.status().filter(|_| !rules.doing.is_empty()) {
        Some(status) => Failure::when(rules.doing, &file.source, status.clone()),
        None => failure,
    })?;
    let own = object::namespace(&file.value).to_owned();
    if must && kind.namespaced && !own.is_empty() && own != namespace {
        return Err(Failure::error(format!(
            "the namespace from the provided object {own:?} does not match the namespace {namespace:?}. You must pass '--namespace={own}' to perform this operation."
        )));
    }
    let namespace = match (kind.namespaced, own.is_empty()) {
        (false, _) => String::new(),
        (true, true) => namespace.to_owned(),
        (true, false) => own,
    };
    let name = object::name(&file.value).to_owned();
    Ok(Named { kind, namespace, name, source: Some(file.source.clone()), object: Some(file) })
}

impl Request {
    /// For verbs that gather failures twice: what is gathered says nowhere that it is an error (`checkErr`).
    pub fn unname(&mut self) {
        self.failures = std::mem::take(&mut self.failures).into_iter().map(Failure::unnamed).collect();
    }

    /// The kinds that are asked for, in order.
    pub fn kinds(&self) -> Vec<&'static Kind> {
        match &self.wanted {
            Wanted::Listed(kinds) => kinds.clone(),
            Wanted::Named(named) => {
                let mut kinds: Vec<&'static Kind> = Vec::new();
                for one in named {
                    if !kinds.contains(&one.kind) {
                        kinds.push(one.kind);
                    }
                }
                kinds
            }
        }
    }

    /// The objects, in order, and the failures of those that are not there.
    pub fn fetch(&self, env: &Env) -> Result<(Vec<(&'static Kind, Rc<Value>)>, Vec<Failure>), Failure> {
        let (mut found, mut failures) = (Vec::new(), self.failures.clone());
        self.check_user(env)?;
        match &self.wanted {
            Wanted::Named(named) => {
                for one in named {
                    match one
                        .object
                        .as_ref()
                        .filter(|_| self.local)
                        .map(|file| Rc::new(file.value.clone()))
                        .or_else(|| env.get(one.kind, &one.namespace, &one.name))
                    {
                        Some(object) => found.push((one.kind, object)),
                        None => failures.push(env.missing(one.kind, &one.namespace, &one.name).into()),
                    }
                }
            }
            Wanted::Listed(kinds) => {
                for kind in kinds {
                    if let Err(failure) = self.check_fields(kind) {
                        failures.push(failure);
                        continue;
                    }
                    let namespace = (!self.all_namespaces).then_some(self.namespace.as_str());
                    found.extend(env.list(kind, namespace).into_iter().filter(|o| self.chooses(o)).map(|o| (*kind, o)));
                }
            }
        }
        Ok((found, failures))
    }

    /// Whoever `--as` names may do nothing: no role is bound here but the person's own.
    fn check_user(&self, env: &Env) -> Result<(), Failure> {
        let Some(user) = &env.user else { return Ok(()) };
        let forbid = |kind: &Kind, name: &str, verb: &str| {
            let space = if kind.namespaced && !self.all_namespaces {
                format!(" in the namespace {:?}", self.namespace)
            } else {
                " at the cluster scope".into()
            };
            let named = if name.is_empty() { kind.resource() } else { format!("{} {name:?}", kind.resource()) };
            let what = format!("{named} is forbidden: User {user:?} cannot {verb} resource {:?} in API group {:?}{space}", kind.plural, kind.group);
            Failure::from(Status::new(403, "Forbidden", what))
        };
        let failures = match &self.wanted {
            Wanted::Named(named) => named.iter().map(|one| forbid(one.kind, &one.name, "get")).collect(),
            Wanted::Listed(kinds) => kinds.iter().map(|kind| forbid(kind, "", "list")).collect(),
        };
        Failure::many(failures).map_or(Ok(()), Err)
    }

    /// Like [`Request::fetch`] for verbs that act: the first failure ends it where nothing was found.
    pub fn fetch_all(&self, env: &Env) -> Result<Vec<(&'static Kind, Rc<Value>)>, Failure> {
        let (found, failures) = self.fetch(env)?;
        match Failure::many(failures) {
            Some(failure) => Err(failure),
            None => Ok(found),
        }
    }

    pub fn chooses(&self, object: &Value) -> bool {
        self.labels.matches(object::labels(object)) && self.fields.iter().all(|(path, equal, value)| (field(object, path) == *value) == *equal)
    }

    /// The API server knows few fields to select by.
    fn check_fields(&self, kind: &Kind) -> Result<(), Failure> {
        let known = |path: &str| {
            matches!(path, "metadata.name" | "metadata.namespace")
                || match kind.kind {
                    "Pod" => matches!(
                        path,
                        "spec.nodeName"
                            | "spec.restartPolicy"
                            | "spec.schedulerName"
                            | "spec.serviceAccountName"
                            | "spec.hostNetwork"
                            | "status.phase"
                            | "status.podIP"
                            | "status.podIPs"
                            | "status.nominatedNodeName"
                    ),
                    "Event" => {
                        matches!(path, "reason" | "reportingComponent" | "source" | "type")
                            || matches!(
                                path.strip_prefix("involvedObject."),
                                Some("kind" | "namespace" | "name" | "uid" | "apiVersion" | "resourceVersion" | "fieldPath")
                            )
                    }
                    "Node" => path == "spec.unschedulable",
                    "Namespace" => path == "status.phase",
                    "Secret" => path == "type",
                    "Job" => path == "status.successful",
                    "ReplicaSet" | "ReplicationController" => path == "status.replicas",
                    "Service" => matches!(path, "spec.clusterIP" | "spec.type"),
                    _ => false,
                }
        };
        let unknown = self.fields.iter().find(|(path, ..)| !known(path));
        let what = match (&self.refused, unknown) {
            (None, None) => return Ok(()),
            (Some(why), _) => why.clone(),
            // Each kind with fields of its own has its own words.
            (None, Some((path, ..))) => match kind.kind {
                "Pod" | "Node" | "ReplicationController" | "Event" | "Namespace" | "Secret" | "Service" => {
                    format!("field label not supported: {path}")
                }
                "Job" => format!("field label {path:?} not supported for Job"),
                _ => format!("{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""),
            },
        };
        let version = kind.api_version();
        let version = if version == "v1" { "/v1".into() } else { version };
        let message = format!(
            "Unable to find \"{version}, Resource={}\" that match label selector {:?}, field selector {:?}: {what}",
            kind.plural, self.label_text, self.field_text
        );
        Err(Status::new(400, "BadRequest", message).into())
    }
}

/// The text of a field that can be selected by.
fn field(object: &Value, path: &str) -> String {
    match object::at(object, if path == "source" { "source.component" } else { path }) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Number(n)) => n.to_string(),
        _ if matches!(path, "spec.unschedulable" | "spec.hostNetwork") => "false".into(),
        _ if matches!(path, "status.replicas" | "status.successful") => "0".into(),
        _ => String::new(),
    }
}

fn parse_fields(text: &str) -> Result<Vec<(String, bool, String)>, String> {
    let mut out = Vec::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let found = part
            .split_once("!=")
            .map(|(k, v)| (k, false, v))
            .or_else(|| part.split_once("==").or_else(|| part.split_once('=')).map(|(k, v)| (k, true, v)));
        let Some((key, equal, value)) = found else {
            return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
        };
        out.push((key.trim().into(), equal, value.trim().into()));
    }
    Ok(out)
}
