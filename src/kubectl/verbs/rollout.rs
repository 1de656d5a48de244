//! `kubectl rollout status | history | undo | restart | pause | resume`.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::apply::LAST_APPLIED;
use super::help;
use crate::api::object::{at, i64_at, list_at, map_at, name, namespace, str_at, uid};
use crate::api::{Kind, SimTime, Value, json, kinds};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::describe::{Page, pod_template};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::table;

const FLAGS: &str = "filename,f:c kustomize,k:s recursive,R selector,l:s output,o:s dry-run=unchanged to-revision:i revision:i watch,w timeout:d field-manager:s template:s show-managed-fields";

pub const VERB: Verb = Verb::new("rollout", "SUBCOMMAND [options]", "", "Manage the rollout of one or many resources.", group).with(&[
    Verb::new("history", "(TYPE NAME | TYPE/NAME) [flags] [options]", FLAGS, "View rollout history", history),
    Verb::new("pause", "RESOURCE [options]", FLAGS, "Mark the provided resource as paused", pause),
    Verb::new("restart", "RESOURCE [options]", FLAGS, "Restart a resource", restart),
    Verb::new("resume", "RESOURCE [options]", FLAGS, "Resume a paused resource", resume),
    Verb::new("status", "(TYPE NAME | TYPE/NAME) [flags] [options]", FLAGS, "Show the status of the rollout", status),
    Verb::new("undo", "(TYPE NAME | TYPE/NAME) [flags] [options]", FLAGS, "Undo a previous rollout", undo),
]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let about = "Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets\n";
    help::group(&VERB, call, about, env)
}

type Found = Vec<(&'static Kind, Rc<Value>)>;

fn found(call: &Call, env: &mut Env) -> Result<Found, Failure> {
    if call.args.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error("required resource not specified"));
    }
    resources::request(call, &call.args, env, Rules { type_alone: true, all_flag: false })?.fetch_all(env)
}

fn revision_of(o: &Value) -> i64 {
    map_at(o, "metadata.annotations")
        .and_then(|a| a.get("deployment.kubernetes.io/revision"))
        .and_then(Value::as_str)
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

/// Revisions with their Pod templates and causes, oldest first.
fn revisions(kind: &Kind, o: &Value, env: &Env) -> Vec<(i64, Value, String)> {
    let owned = |x: &Value| list_at(x, "metadata.ownerReferences").iter().any(|r| str_at(r, "uid") == Some(uid(o)));
    let cause = |x: &Value| {
        map_at(x, "metadata.annotations").and_then(|a| a.get("kubernetes.io/change-cause")).and_then(Value::as_str).unwrap_or("<none>").to_owned()
    };
    let mut all: Vec<(i64, Value, String)> = if kind.kind == "Deployment" {
        env.list(kinds::REPLICA_SET, Some(namespace(o)))
            .iter()
            .filter(|rs| owned(rs))
            .map(|rs| (revision_of(rs), rs["spec"]["template"].clone(), cause(rs)))
            .collect()
    } else {
        let revisions = Kind::by_name("controllerrevisions").map(|k| env.list(k, Some(namespace(o)))).unwrap_or_default();
        revisions
            .iter()
            .filter(|r| owned(r))
            .map(|r| (i64_at(r, "revision").unwrap_or(0), at(r, "data.spec.template").cloned().unwrap_or_default(), cause(r)))
            .collect()
    };
    all.order_by_key(|r| r.0);
    all
}

fn must_roll(kind: &Kind) -> Result<(), Failure> {
    if matches!(kind.kind, "Deployment" | "DaemonSet" | "StatefulSet") {
        Ok(())
    } else {
        Err(Failure::error(format!("no history viewer has been implemented for {:?}", kind.group_kind())))
    }
}

fn history(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    for (kind, o) in found(call, env)? {
        must_roll(kind)?;
        let all = revisions(kind, &o, env);
        let named = format!("{}/{}", kind.singular_with_group(), name(&o));
        if let Some(wanted) = call.int("revision").filter(|r| *r > 0) {
            let Some((_, template, _)) = all.iter().find(|r| r.0 == wanted) else {
                return Err(Failure::error("unable to find the specified revision"));
            };
            let mut page = Page::default();
            pod_template(&mut page, template);
            env.out(format!("{named} with revision #{wanted}\n{}\n", page.text));
            continue;
        }
        let mut rows = vec![vec!["REVISION".to_owned(), "CHANGE-CAUSE".into()]];
        rows.extend(all.iter().map(|(n, _, cause)| vec![n.to_string(), cause.clone()]));
        env.out(format!("{named} \n{}\n", table::align(&table::rows(rows), table::DESCRIBE)));
    }
    Ok(DONE)
}

fn set_paused(call: &Call, env: &mut Env, pause: bool) -> Result<Flow, Failure> {
    let mut failures = Vec::new();
    for (kind, o) in found(call, env)? {
        let named = format!("{} {:?}", kind.resource(), name(&o));
        let paused = at(&o, "spec.paused").and_then(Value::as_bool).unwrap_or(false);
        let word = if pause { "paus" } else { "resum" };
        if kind.kind != "Deployment" {
            failures.push(Failure::error(format!("{named} {word}ing is not supported")));
        } else if paused == pause {
            failures.push(Failure::error(format!("{named} is {} paused", if pause { "already" } else { "not" })));
        } else {
            let patch = json!({"spec": {"paused": if pause { json!(true) } else { Value::Null }}});
            let after = env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Merge, &write_options("kubectl-rollout", false))?;
            print_done(call, env, kind, &after, &format!("{word}ed"))?;
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

fn pause(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    set_paused(call, env, true)
}

fn resume(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    set_paused(call, env, false)
}

fn restart(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let mut failures = Vec::new();
    for (kind, o) in found(call, env)? {
        let named = format!("{} {:?}", kind.resource(), name(&o));
        if !matches!(kind.kind, "Deployment" | "DaemonSet" | "StatefulSet") {
            failures.push(Failure::error(format!("{named} restarting is not supported")));
            continue;
        }
        if at(&o, "spec.paused").and_then(Value::as_bool) == Some(true) {
            failures.push(Failure::error(format!("{named} can't restart paused deployment (run rollout resume first)")));
            continue;
        }
        let patch = json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": env.now().rfc3339()}}}}});
        let after = env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Strategic, &write_options("kubectl-rollout", false))?;
        print_done(call, env, kind, &after, "restarted")?;
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

fn undo(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    for (kind, o) in found(call, env)? {
        must_roll(kind).map_err(|_| Failure::error(format!("no rollbacker has been implemented for {:?}", kind.group_kind())))?;
        if map_at(&o, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED)) {
            env.err(format!(
                "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n",
                kind.plural,
                name(&o)
            ));
        }
        let wanted = call.int("to-revision").unwrap_or(0);
        if wanted < 0 {
            return Err(Failure::error(format!("unable to find specified revision {wanted} in history")));
        }
        let all = revisions(kind, &o, env);
        let chosen = match wanted {
            0 => all.len().checked_sub(2).and_then(|at| all.get(at)),
            wanted => all.iter().find(|r| r.0 == wanted),
        };
        let Some((revision, template, _)) = chosen else {
            return Err(Failure::error(if wanted == 0 {
                format!("no rollout history found for {} {:?}", kind.singular, name(&o))
            } else {
                format!("unable to find specified revision {wanted} in history")
            }));
        };
        if at(&o, "spec.paused").and_then(Value::as_bool) == Some(true) {
            return Err(Failure::error(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again".to_string(),
            ));
        }
        let mut template = template.clone();
        if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
            labels.remove("pod-template-hash");
        }
        let key = Key::new(kind, namespace(&o), name(&o));
        if template == o["spec"]["template"] {
            print_done(call, env, kind, &o, &format!("skipped rollback (current template already matches revision {revision})"))?;
            continue;
        }
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        let after = if dry == DryRun::Client {
            o.clone()
        } else {
            env.patch(&key, &patch, PatchKind::Json, &write_options("kubectl-rollout", dry == DryRun::Server))?
        };
        print_done(call, env, kind, &after, &format!("rolled back{}", dry.suffix()))?;
    }
    Ok(DONE)
}

/// What `rollout status` says of an object, and whether it is done.
fn progress(kind: &Kind, o: &Value) -> Result<(String, bool), Failure> {
    let number = |path: &str| i64_at(o, path).unwrap_or(0);
    let named = name(o);
    let observed = number("metadata.generation") <= number("status.observedGeneration");
    let waiting = |text: String| Ok((format!("Waiting for {text}...\n"), false));
    match kind.kind {
        "Deployment" if observed => {
            let late = list_at(o, "status.conditions")
                .iter()
                .any(|c| str_at(c, "type") == Some("Progressing") && str_at(c, "reason") == Some("ProgressDeadlineExceeded"));
            if late {
                return Err(Failure::error(format!("deployment {named:?} exceeded its progress deadline")));
            }
            let (wanted, updated, total, available) =
                (number("spec.replicas"), number("status.updatedReplicas"), number("status.replicas"), number("status.availableReplicas"));
            if updated < wanted {
                waiting(format!("deployment {named:?} rollout to finish: {updated} out of {wanted} new replicas have been updated"))
            } else if total > updated {
                waiting(format!("deployment {named:?} rollout to finish: {} old replicas are pending termination", total - updated))
            } else if available < updated {
                waiting(format!("deployment {named:?} rollout to finish: {available} of {updated} updated replicas are available"))
            } else {
                Ok((format!("deployment {named:?} successfully rolled out\n"), true))
            }
        }
        "Deployment" => waiting("deployment spec update to be observed".into()),
        "DaemonSet" if observed => {
            let (wanted, updated, available) =
                (number("status.desiredNumberScheduled"), number("status.updatedNumberScheduled"), number("status.numberAvailable"));
            if updated < wanted {
                waiting(format!("daemon set {named:?} rollout to finish: {updated} out of {wanted} new pods have been updated"))
            } else if available < wanted {
                waiting(format!("daemon set {named:?} rollout to finish: {available} of {wanted} updated pods are available"))
            } else {
                Ok((format!("daemon set {named:?} successfully rolled out\n"), true))
            }
        }
        "DaemonSet" => waiting("daemon set spec update to be observed".into()),
        "StatefulSet" if !observed || number("status.observedGeneration") == 0 => waiting("statefulset spec update to be observed".into()),
        "StatefulSet" => {
            let wanted = number("spec.replicas");
            if number("status.readyReplicas") < wanted {
                return waiting(format!("{} pods to be ready", wanted - number("status.readyReplicas")));
            }
            let (current, update) = (str_at(o, "status.currentRevision"), str_at(o, "status.updateRevision"));
            if current != update {
                return waiting(format!(
                    "statefulset rolling update to complete {} pods at revision {}",
                    number("status.updatedReplicas"),
                    update.unwrap_or("")
                ));
            }
            Ok((
                format!("statefulset rolling update complete {} pods at revision {}...\n", number("status.currentReplicas"), current.unwrap_or("")),
                true,
            ))
        }
        _ => Err(Failure::error(format!("no status viewer has been implemented for {}", kind.group_kind()))),
    }
}

fn status(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let all = found(call, env)?;
    let timeout = call.duration("timeout").filter(|t| *t > 0).map(|t| env.now() + t as u64);
    let watch = !call.changed("watch") || call.is("watch");
    Ok(Flow::wait(Rolling { left: all.into_iter().map(|(kind, o)| Key::new(kind, namespace(&o), name(&o))).collect(), seen: None, watch, timeout }))
}

/// Prints a line at every change until it is rolled out.
#[derive(Clone)]
struct Rolling {
    left: Vec<Key>,
    /// The resourceVersion of the state that was printed last.
    seen: Option<String>,
    watch: bool,
    timeout: Option<SimTime>,
}

impl Job for Rolling {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        while let Some(key) = self.left.first().cloned() {
            let Some(o) = env.get(key.kind, &key.namespace, &key.name) else { return Err(Failure::error("object has been deleted")) };
            let version = str_at(&o, "metadata.resourceVersion").map(str::to_owned);
            let (text, done) = progress(key.kind, &o)?;
            if self.seen != version || done {
                env.out(text);
                self.seen = version;
            }
            if done || !self.watch {
                self.left.remove(0);
                self.seen = None;
                continue;
            }
            if self.timeout.is_some_and(|t| env.now() >= t) {
                return Err(Failure::error("timed out waiting for the condition"));
            }
            return Ok(Poll::Pending(self.timeout));
        }
        Ok(Poll::Done(0))
    }
}
