//! `kubectl wait`.

use crate::api::object::{i64_at, list_at, name, namespace, str_at, uid};
use crate::api::{SimTime, Value};
use crate::cluster::apiserver::Key;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};
use crate::kubectl::jsonpath::{Template, show};
use crate::kubectl::resources::{self, Rules, Wanted};

pub const VERB: Verb = Verb::new(
    "wait",
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
    "for:a timeout:d all all-namespaces,A selector,l:s field-selector:s filename,f:c recursive,R output,o:s local @show",
    "Wait for a specific condition on one or many resources.",
    run,
);

#[derive(Clone)]
enum Condition {
    Create,
    Delete,
    Status { kind: String, value: String },
    Path { template: Template, value: Option<String> },
}

fn parse(text: &str) -> Result<Condition, Failure> {
    if text == "create" {
        return Ok(Condition::Create);
    }
    if text == "delete" {
        return Ok(Condition::Delete);
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (kind, value) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(Condition::Status { kind: kind.into(), value: value.into() });
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let cut = rest.rfind("}=").map(|at| (&rest[..=at], Some(rest[at + 2..].to_owned())));
        let (path, value) = cut
            .or_else(|| (!rest.contains('}')).then(|| rest.split_once('=').map(|(p, v)| (p, Some(v.to_owned())))).flatten())
            .unwrap_or((rest, None));
        if value.as_deref() == Some("") {
            return Err(Failure::error("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"));
        }
        if path.trim_matches('\'').is_empty() {
            return Err(Failure::error("jsonpath expression cannot be empty"));
        }
        let template = Template::relaxed(path.trim_matches('\'')).map_err(Failure::error)?;
        return Ok(Condition::Path { template, value });
    }
    Err(Failure::error(format!("unrecognized condition: {text:?}")))
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.texts("for").is_empty() {
        return Err(Failure::error("unrecognized condition: []"));
    }
    let conditions = call.texts("for").iter().map(|t| parse(t)).collect::<Result<Vec<_>, _>>()?;
    let request = resources::request(call, &call.args, env, Rules::NAMES)?;
    if let Some(failure) = Failure::many(request.failures.clone()) {
        return Err(failure);
    }
    let timeout = match call.duration("timeout").unwrap_or(30_000) {
        0 => 0,
        t if t < 0 => 7 * 24 * 3_600_000,
        t => t as u64,
    };
    let until = env.now() + timeout;
    let create = conditions.iter().any(|c| matches!(c, Condition::Create));
    let delete = conditions.iter().any(|c| matches!(c, Condition::Delete));
    let mut targets: Vec<(Key, String)> = Vec::new();
    let mut missing: Vec<Failure> = Vec::new();
    match &request.wanted {
        Wanted::Named(named) => {
            for one in named {
                let key = Key::new(one.kind, &one.namespace, &one.name);
                match env.get(one.kind, &one.namespace, &one.name) {
                    Some(o) => targets.push((key, uid(&o).into())),
                    None if create => targets.push((key, String::new())),
                    None if delete => {}
                    None => missing.push(env.missing(one.kind, &one.namespace, &one.name).into()),
                }
            }
        }
        Wanted::Listed(_) => {
            let (found, _) = request.fetch(env)?;
            if found.is_empty() && !delete {
                let why = if create { "timed out waiting for the condition" } else { "no matching resources found" };
                return Err(Failure::error(why));
            }
            targets.extend(found.iter().map(|(kind, o)| (Key::new(kind, namespace(o), name(o)), uid(o).to_owned())));
        }
    }
    let mut left = Vec::new();
    for target in targets {
        left.extend(conditions.iter().map(|condition| (target.clone(), condition.clone())));
    }
    Ok(Flow::wait(Waiting { left, until, missing, once: timeout == 0, waited: false, named: call.text("output") == Some("name") }))
}

#[derive(Clone)]
struct Waiting {
    left: Vec<((Key, String), Condition)>,
    until: SimTime,
    /// What was not there from the start, or not met in time; told at the end.
    missing: Vec<Failure>,
    /// `--timeout=0`: one look.
    once: bool,
    /// One of them was not met at once.
    waited: bool,
    /// `-o name`
    named: bool,
}

impl Job for Waiting {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        while let Some(((key, id), condition)) = self.left.first().cloned() {
            // What one of them waits is taken from the time of those behind it: nothing of them is even looked at (`RunWaitContext`).
            let late = self.waited && !self.once && env.now() >= self.until;
            let o = env.get(key.kind, &key.namespace, &key.name);
            let met = match (&condition, &o) {
                _ if late => false,
                (Condition::Create, o) => o.is_some(),
                (Condition::Delete, o) => o.as_ref().is_none_or(|o| uid(o) != id),
                (_, None) => return Err(crate::api::Status::not_found(&key.kind.resource(), &key.name).into()),
                (Condition::Status { kind, value }, Some(o)) => has_condition(o, kind, value),
                (Condition::Path { template, value }, Some(o)) => {
                    let found = template.find(o).unwrap_or_default();
                    if found.len() > 1 {
                        return Err(Failure::error("given jsonpath expression matches more than one value"));
                    }
                    match value {
                        Some(_) if found.first().is_some_and(|f| f.is_object() || f.is_array()) => {
                            return Err(Failure::error("jsonpath leads to a nested object or list which is not supported"));
                        }
                        Some(value) => found.first().is_some_and(|f| show(f) == *value),
                        None => found.iter().any(|f| !f.is_null()),
                    }
                }
            };
            if met {
                let did = if self.named { "" } else { " condition met" };
                env.out(format!("{}/{}{did}\n", key.kind.singular_with_group(), key.name));
                self.left.remove(0);
                continue;
            }
            if env.now() >= self.until {
                self.missing.push(Failure::error(match condition {
                    _ if self.once => format!("condition not met for {}/{}", key.kind.plural, key.name),
                    Condition::Create => "timed out waiting for the condition".into(),
                    _ => format!("timed out waiting for the condition on {}/{}", key.kind.plural, key.name),
                }));
                self.left.retain(|(target, _)| target.0 != key);
                self.waited = true;
                continue;
            }
            self.waited = true;
            return Ok(Poll::Pending(Some(self.until)));
        }
        Failure::many(std::mem::take(&mut self.missing)).map_or(Ok(Poll::Done(0)), Err)
    }
}

fn has_condition(o: &Value, kind: &str, value: &str) -> bool {
    let found = list_at(o, "status.conditions").iter().find(|c| str_at(c, "type").is_some_and(|t| t.eq_ignore_ascii_case(kind)));
    // A condition that was told of an older version of the object says nothing yet (`checkCondition` of `cmd/wait`).
    let seen = |c: &Value| i64_at(c, "observedGeneration").or_else(|| i64_at(o, "status.observedGeneration"));
    let current = |c: &Value| seen(c).is_none_or(|seen| i64_at(o, "metadata.generation").is_none_or(|now| seen >= now));
    found.is_some_and(|c| current(c) && str_at(c, "status").is_some_and(|s| s.eq_ignore_ascii_case(value)))
}
