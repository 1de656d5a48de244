//! `kubectl events`.

use crate::api::object::{i64_at, str_at};
use crate::api::order::InOrder as _;
use crate::api::{Value, json, kinds};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::describe::{interval, last_seen};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll};
use crate::kubectl::output::{self, Form};
use crate::kubectl::table;

pub const VERB: Verb = Verb::new(
    "events",
    "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]",
    "for:s types:c watch,w all-namespaces,A no-headers output,o:s chunk-size:i @show",
    "List events.",
    run,
);

#[derive(Clone)]
struct Show {
    namespace: Option<String>,
    about: Option<(&'static str, String)>,
    types: Vec<String>,
    headers: bool,
}

impl Show {
    fn wants(&self, event: &Value) -> bool {
        let about = self
            .about
            .as_ref()
            .is_none_or(|(kind, name)| str_at(event, "involvedObject.kind") == Some(kind) && str_at(event, "involvedObject.name") == Some(name));
        let typed = self.types.is_empty() || self.types.iter().any(|t| str_at(event, "type").is_some_and(|e| e.eq_ignore_ascii_case(t)));
        about && typed && self.namespace.as_ref().is_none_or(|n| crate::api::object::namespace(event) == n)
    }

    fn row(&self, event: &Value, env: &Env) -> Vec<String> {
        let text = |path| str_at(event, path).unwrap_or("").to_owned();
        let mut row = Vec::new();
        if self.namespace.is_none() {
            row.push(text("metadata.namespace"));
        }
        let mut age = interval(event, env.now());
        if i64_at(event, "count").unwrap_or(1) <= 1 && event.get("series").is_none() {
            age = crate::kubectl::duration::since(str_at(event, "firstTimestamp").or(str_at(event, "eventTime")), env.now());
        }
        row.extend([
            age,
            text("type"),
            text("reason"),
            format!("{}/{}", text("involvedObject.kind"), text("involvedObject.name")),
            text("message").trim().to_owned(),
        ]);
        row
    }

    fn header(&self) -> Vec<String> {
        let mut titles = vec!["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
        if self.namespace.is_none() {
            titles.insert(0, "NAMESPACE");
        }
        titles.into_iter().map(str::to_owned).collect()
    }
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    for kind in call.texts("types") {
        if !matches!(kind.to_ascii_lowercase().as_str(), "normal" | "warning") {
            return Err(Failure::error("valid --types are Normal or Warning"));
        }
    }
    let about = match call.filled("for") {
        Some(text) => {
            let Some((kind, name)) = text.split_once('/') else { return Err(Failure::error("--for must be in resource/name form")) };
            let unknown = || Failure::raw(format!("the server doesn't have a resource type {kind:?}\n"), 1);
            Some((crate::api::Kind::by_name(kind).ok_or_else(unknown)?.kind, name.to_owned()))
        }
        None => None,
    };
    let form = output::form(call, env, false)?;
    let namespace = (!call.is("all-namespaces")).then(|| env.namespace(call));
    let show = Show { namespace, about, types: call.texts("types").to_vec(), headers: !call.is("no-headers") };
    let mut events: Vec<_> = env.list(kinds::EVENT, show.namespace.as_deref()).into_iter().filter(|e| show.wants(e)).collect();
    events.order_by_key(|e| (last_seen(e).map(|t| t.secs()), last_seen(e)));
    let watch = call.is("watch");
    if events.is_empty() && !watch {
        env.err(match &show.namespace {
            Some(namespace) => format!("No events found in {namespace} namespace.\n"),
            None => "No events found.\n".into(),
        });
        return Ok(DONE);
    }
    match form {
        Form::Table { .. } => {}
        // The printer of names passes over a list.
        Form::Name => return Ok(DONE),
        form => {
            let items: Vec<&Value> = events.iter().map(AsRef::as_ref).collect();
            env.out(output::print(&form, &json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}))?);
            return Ok(DONE);
        }
    }
    let mut rows = Vec::new();
    let mut titled = false;
    if show.headers && !events.is_empty() {
        rows.push(show.header());
        titled = true;
    }
    rows.extend(events.iter().map(|e| show.row(e, env)));
    let mut widths = Vec::new();
    let text = table::align_remembering(&table::rows(rows), table::GET, &mut widths);
    env.out(text);
    if !watch {
        return Ok(DONE);
    }
    Ok(Flow::wait(Watch { show, seen: env.cluster.api.resource_version(), widths, titled }))
}

#[derive(Clone)]
struct Watch {
    show: Show,
    seen: u64,
    widths: Vec<usize>,
    titled: bool,
}

impl Job for Watch {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let changes: Vec<_> = env.cluster.api.changes_since(self.seen).cloned().collect();
        for change in changes {
            self.seen = change.resource_version;
            let gone = change.verb == crate::cluster::apiserver::Verb::Deleted;
            if change.key.kind != kinds::EVENT || gone || !self.show.wants(&change.object) {
                continue;
            }
            let mut rows = Vec::new();
            if self.show.headers && !std::mem::replace(&mut self.titled, true) {
                rows.push(self.show.header());
            }
            rows.push(self.show.row(&change.object, env));
            let text = table::align_remembering(&table::rows(rows), table::GET, &mut self.widths);
            env.out(text);
        }
        Ok(Poll::Pending(None))
    }
}
