//! `kubectl get --watch`.

use super::tables::{self, Show, header, row};
use crate::api::{Kind, SimTime, Value, object};
use crate::cluster::apiserver::Verb as Change;
use crate::kubectl::call::Call;
use crate::kubectl::duration;
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};
use crate::kubectl::output::{self, Form};
use crate::kubectl::resources::{Request, Wanted};
use crate::kubectl::table;

pub fn start_watch(call: &Call, request: Request, form: Form, show: Show, env: &mut Env) -> Result<Flow, Failure> {
    let kinds = request.kinds();
    let named = matches!(&request.wanted, Wanted::Named(named) if named.len() > 1);
    if kinds.len() > 1 && matches!(request.wanted, Wanted::Listed(_)) {
        return Err(Failure::error("you may only specify a single resource type"));
    }
    if named {
        let (found, failures) = request.fetch(env)?;
        if let Some(failure) = Failure::many(failures) {
            return Err(failure);
        }
        // Several of one kind are printed once (`SingleResourceType`, then `r.Watch`).
        if kinds.len() == 1 {
            let text = tables::tables(&found, &show, env, &mut Vec::new());
            env.out(text);
            return Err(Failure::error("you may only watch a single resource or type of resource at a time"));
        }
    }
    if kinds.len() != 1 {
        let count = kinds.len().max(2);
        return Err(Failure::error(format!(
            "watch is only supported on individual resources and resource collections - {count} resources were found"
        )));
    }
    // `--request-timeout` ends the request that a watch is.
    let limit = call.filled("request-timeout").and_then(|t| duration::parse(t).or_else(|| Some(t.parse::<i64>().ok()? * 1000)));
    let until = limit.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms > 0).map(|ms| env.now() + ms);
    let seen = env.cluster.api.resource_version();
    let mut watch = Watch { call: call.clone(), request, form, show, seen, until, widths: Vec::new(), titled: false };
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
    until: Option<SimTime>,
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
                    row.insert(0, tables::event(event));
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
        Ok(if self.until.is_some_and(|until| env.now() >= until) { Poll::Done(0) } else { Poll::Pending(self.until) })
    }
}
