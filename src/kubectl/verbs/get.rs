//! `kubectl get`: tables, other forms, and the watch.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use crate::api::{Kind, Status, Value, json, object};
use crate::cluster::apiserver::Verb as Change;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll};
use crate::kubectl::jsonpath::Template;
use crate::kubectl::output::{self, Form};
use crate::kubectl::resources::{self, Request, Rules, Wanted};
use crate::kubectl::{rows, table};

pub const VERB: Verb = Verb::new(
    "get",
    "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]",
    "output,o:s watch,w watch-only output-watch-events selector,l:s field-selector:s all-namespaces,A filename,f:c recursive,R kustomize,k:s \
     label-columns,L:c show-labels show-kind no-headers ignore-not-found sort-by:s subresource:s chunk-size:i raw:s server-print template:s \
     show-managed-fields allow-missing-template-keys",
    "Display one or many resources.",
    run,
);

/// How rows are shown.
#[derive(Clone)]
struct Show {
    wide: bool,
    headers: bool,
    labels: bool,
    label_columns: Vec<String>,
    namespaces: bool,
    kinds: bool,
    subresource: String,
    events: bool,
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if let Some(path) = call.filled("raw") {
        return raw(path, env);
    }
    if call.args.is_empty() && !call.changed("filename") && !call.changed("kustomize") {
        env.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n");
        return Err(call.usage("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods)."));
    }
    let form = output::form(call, env, true)?;
    let request = resources::request(call, &call.args, env, Rules { type_alone: true, all_flag: false })?;
    let watch = call.is("watch") || call.is("watch-only");
    let show = Show {
        wide: matches!(form, Form::Table { wide: true }),
        headers: !call.is("no-headers"),
        labels: call.is("show-labels"),
        label_columns: call.texts("label-columns").to_vec(),
        namespaces: request.all_namespaces,
        kinds: call.is("show-kind") || request.several_kinds,
        subresource: call.text("subresource").unwrap_or("").into(),
        events: call.is("output-watch-events"),
    };
    if request.kinds().iter().any(|k| k.kind == "Endpoints") {
        env.err("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n");
    }
    if watch {
        return start_watch(call, request, form, show, env);
    }
    let (mut found, mut failures) = request.fetch(env)?;
    if call.is("ignore-not-found") {
        failures.retain(|f| !f.is_not_found());
    }
    if !show.subresource.is_empty() {
        for (kind, object) in &mut found {
            *object = Rc::new(subresource(kind, object, &show.subresource)?);
        }
    }
    if let Some(path) = call.filled("sort-by") {
        sort(&mut found, path)?;
    }
    match &form {
        Form::Table { .. } => {
            if found.is_empty() && failures.is_empty() && !call.is("ignore-not-found") {
                let in_namespace = !request.all_namespaces && request.kinds().iter().all(|k| k.namespaced);
                env.err(if in_namespace {
                    format!("No resources found in {} namespace.\n", request.namespace)
                } else {
                    "No resources found\n".into()
                });
            }
            let text = tables(&found, &show, env, &mut Vec::new());
            env.out(text);
        }
        Form::Name => {
            let text: String = found.iter().map(|(kind, o)| output::name_of(kind, o) + "\n").collect();
            env.out(text);
        }
        form => {
            let objects: Vec<Value> = found.iter().map(|(_, o)| output::shown(call, o)).collect();
            let text = match (form, objects.as_slice()) {
                (Form::Columns(columns), objects) => columns.print(objects, show.headers),
                (_, []) if !failures.is_empty() || request.single => String::new(),
                (form, [one]) if request.single => output::print(form, one)?,
                (form, _) => {
                    output::print(form, &json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}))?
                }
            };
            env.out(text);
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

/// `--raw /api/v1/namespaces/default/pods/web`
fn raw(path: &str, env: &mut Env) -> Result<Flow, Failure> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let rest = match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] => {
            env.out("ok");
            return Ok(DONE);
        }
        ["version"] => {
            env.out("{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n  \"gitVersion\": \"v1.36.3\"\n}");
            return Ok(DONE);
        }
        ["api", _, rest @ ..] => rest,
        ["apis", _, _, rest @ ..] => rest,
        _ => &[],
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let missing = || Failure::from(Status::new(404, "NotFound", "the server could not find the requested resource"));
    let kind = rest.first().and_then(|plural| Kind::by_name(plural)).ok_or_else(missing)?;
    let value = match rest.get(1) {
        Some(name) => env.require(kind, namespace.unwrap_or(""), name)?.as_ref().clone(),
        None => {
            let items: Vec<Value> = env.list(kind, namespace).iter().map(|o| o.as_ref().clone()).collect();
            json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(), "metadata": {"resourceVersion": env.cluster.api.resource_version().to_string()}, "items": items})
        }
    };
    env.out(crate::kubectl::json::compact(&value));
    Ok(DONE)
}

/// What a subresource shows of an object.
fn subresource(kind: &Kind, o: &Value, name: &str) -> Result<Value, Failure> {
    let scales = matches!(kind.kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController");
    match name {
        "status" => Ok(o.clone()),
        "resize" | "ephemeralcontainers" if kind.kind == "Pod" => Ok(o.clone()),
        "scale" if scales => {
            let mut metadata = json!({});
            for field in ["creationTimestamp", "name", "namespace", "resourceVersion", "uid"] {
                if let Some(value) = o["metadata"].get(field) {
                    metadata[field] = value.clone();
                }
            }
            let selector = rows::selector(o, "spec.selector");
            let count = |path| object::i64_at(o, path).unwrap_or(0);
            Ok(
                json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": count("spec.replicas")}, "status": {"replicas": count("status.replicas"), "selector": selector}}),
            )
        }
        _ => Err(Status::new(404, "NotFound", "the server could not find the requested resource").into()),
    }
}

fn sort(found: &mut [(&'static Kind, Rc<Value>)], path: &str) -> Result<(), Failure> {
    let template = Template::relaxed(path).map_err(|e| Failure::error(format!("{path}: {e}")))?;
    let key = |o: &Value| template.find(o).ok().and_then(|f| f.first().map(|v| (*v).clone()));
    if !found.is_empty() && found.iter().all(|(_, o)| key(o).is_none()) {
        return Err(Failure::error(format!("couldn't find any field with path \"{{{path}}}\" in the list of objects")));
    }
    found.order_by(|(_, a), (_, b)| match (key(a), key(b)) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
        (Some(Value::String(a)), Some(Value::String(b))) => crate::yaml::natural(&a, &b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    Ok(())
}

fn titles(kind: &'static Kind, show: &Show) -> &'static [&'static str] {
    if show.subresource == "scale" { &["NAME", "DESIRED", "AVAILABLE", "AGE"] } else { rows::columns(kind) }
}

fn header(kind: &'static Kind, show: &Show) -> Vec<String> {
    let mut row: Vec<String> = Vec::new();
    if show.events {
        row.push("EVENT".into());
    }
    if show.namespaces {
        row.push("NAMESPACE".into());
    }
    row.extend(titles(kind, show).iter().filter(|t| show.wide || !t.starts_with('*')).map(|t| t.trim_start_matches('*').to_owned()));
    row.extend(show.label_columns.iter().map(|l| l.rsplit('/').next().unwrap_or(l).to_uppercase()));
    if show.labels {
        row.push("LABELS".into());
    }
    row
}

fn row(kind: &'static Kind, o: &Value, show: &Show, env: &Env) -> Vec<String> {
    let mut row: Vec<String> = Vec::new();
    if show.namespaces {
        row.push(object::namespace(o).into());
    }
    let cells = if show.subresource == "scale" {
        let old = crate::kubectl::duration::age(o, env.now());
        vec![object::name(o).into(), rows::number(o, "spec.replicas"), rows::number(o, "status.replicas"), old]
    } else {
        rows::cells(kind, o, env.now())
    };
    for (title, mut cell) in titles(kind, show).iter().zip(cells) {
        if *title == "NAME" && show.kinds {
            cell = format!("{}/{cell}", kind.singular_with_group());
        }
        if show.wide || !title.starts_with('*') {
            row.push(cell);
        }
    }
    let label = |name: &String| object::labels(o).and_then(|l| l.get(name)).and_then(Value::as_str).unwrap_or("").to_owned();
    row.extend(show.label_columns.iter().map(label));
    if show.labels {
        row.push(rows::pairs(o, "metadata.labels"));
    }
    row
}

/// One table for each run of a kind, with a blank line between.
fn tables(found: &[(&'static Kind, Rc<Value>)], show: &Show, env: &Env, remembered: &mut Vec<usize>) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < found.len() {
        let kind = found[at].0;
        let end = found[at..].iter().position(|(k, _)| *k != kind).map_or(found.len(), |n| at + n);
        let mut lines: Vec<Vec<String>> = Vec::new();
        if show.headers {
            lines.push(header(kind, show));
        }
        lines.extend(found[at..end].iter().map(|(_, o)| {
            let mut row = row(kind, o, show, env);
            if show.events {
                row.insert(0, "ADDED".into());
            }
            row
        }));
        if at > 0 {
            if show.headers {
                out.push('\n');
            }
            remembered.clear();
        }
        out.push_str(&table::align_remembering(&table::rows(lines), table::GET, remembered));
        at = end;
    }
    out
}

fn start_watch(call: &Call, request: Request, form: Form, show: Show, env: &mut Env) -> Result<Flow, Failure> {
    let kinds = request.kinds();
    let named = matches!(&request.wanted, Wanted::Named(named) if named.len() > 1);
    if kinds.len() != 1 || named {
        let count = kinds.len().max(2);
        return Err(Failure::error(format!(
            "watch is only supported on individual resources and resource collections - {count} resources were found"
        )));
    }
    let mut watch = Watch { call: call.clone(), request, form, show, seen: env.cluster.api.resource_version(), widths: Vec::new(), titled: false };
    let (found, failures) = watch.request.fetch(env)?;
    if let Some(failure) = Failure::many(failures) {
        return Err(failure);
    }
    if !call.is("watch-only") {
        for (kind, object) in found {
            watch.print(kind, &object, "ADDED", env)?;
        }
    }
    Ok(Flow::wait(watch))
}

/// `-w`: every change as it comes, until it is stopped.
#[derive(Clone)]
struct Watch {
    call: Call,
    request: Request,
    form: Form,
    show: Show,
    seen: u64,
    widths: Vec<usize>,
    titled: bool,
}

impl Watch {
    fn print(&mut self, kind: &'static Kind, o: &Value, event: &str, env: &mut Env) -> Result<(), Failure> {
        let text = match &self.form {
            Form::Table { .. } => {
                let mut lines: Vec<Vec<String>> = Vec::new();
                if self.show.headers && !std::mem::replace(&mut self.titled, true) {
                    lines.push(header(kind, &self.show));
                }
                let mut row = row(kind, o, &self.show, env);
                if self.show.events {
                    row.insert(0, event.into());
                }
                lines.push(row);
                table::align_remembering(&table::rows(lines), table::GET, &mut self.widths)
            }
            Form::Columns(columns) => columns.print(std::iter::once(o), !std::mem::replace(&mut self.titled, true) && self.show.headers),
            Form::Yaml => format!(
                "{}{}",
                if std::mem::replace(&mut self.titled, true) { "---\n" } else { "" },
                output::print(&self.form, &output::shown(&self.call, o))?
            ),
            form => output::print(form, &output::shown(&self.call, o))?,
        };
        env.out(text);
        Ok(())
    }

    fn wants(&self, kind: &'static Kind, o: &Value) -> bool {
        let in_namespace = self.request.all_namespaces || !kind.namespaced || object::namespace(o) == self.request.namespace;
        match &self.request.wanted {
            Wanted::Named(named) => named.iter().any(|n| n.kind == kind && n.name == object::name(o)) && in_namespace,
            Wanted::Listed(kinds) => kinds.contains(&kind) && in_namespace && self.request.chooses(o),
        }
    }
}

impl Job for Watch {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let changes: Vec<_> = env.cluster.api.changes_since(self.seen).cloned().collect();
        for change in changes {
            self.seen = change.resource_version;
            let kind = change.key.kind;
            let now = self.wants(kind, &change.object);
            let before = change.old.as_ref().is_some_and(|old| self.wants(kind, old));
            let event = match (change.verb, before, now) {
                (_, false, false) => continue,
                (Change::Deleted, ..) | (_, true, false) => "DELETED",
                (Change::Added, ..) | (_, false, true) => "ADDED",
                (Change::Modified, true, true) => "MODIFIED",
            };
            self.print(kind, &change.object, event, env)?;
        }
        Ok(Poll::Pending(None))
    }
}
