//! `kubectl rollout history`, and the revisions that `undo` goes back to.

use std::rc::Rc;

use super::found;
use crate::api::object::{at, i64_at, list_at, map_at, name, namespace, str_at, uid};
use crate::api::order::InOrder as _;
use crate::api::{Kind, Value, json};
use crate::kubectl::call::Call;
use crate::kubectl::describe::{Page, pod_template};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::output::{self, Form};
use crate::kubectl::table;

/// What a person wrote beside a revision.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The number of what a Deployment rolls out, or of a ReplicaSet.
pub fn revision_of(o: &Value) -> i64 {
    map_at(o, "metadata.annotations")
        .and_then(|a| a.get("deployment.kubernetes.io/revision"))
        .and_then(Value::as_str)
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

/// One state that was rolled out.
pub struct Revision {
    pub number: i64,
    pub template: Value,
    pub cause: Option<String>,
    /// The ReplicaSet or ControllerRevision that keeps it.
    pub keeper: (&'static Kind, Rc<Value>),
}

/// Oldest first.
pub fn revisions(kind: &Kind, o: &Value, env: &Env) -> Vec<Revision> {
    let deployed = kind.kind == "Deployment";
    let Some(keepers) = Kind::by_name(if deployed { "replicasets" } else { "controllerrevisions" }) else { return Vec::new() };
    let owned = |x: &Value| list_at(x, "metadata.ownerReferences").iter().any(|r| str_at(r, "uid") == Some(uid(o)));
    let revision = |x: Rc<Value>| Revision {
        number: if deployed { revision_of(&x) } else { i64_at(&x, "revision").unwrap_or(0) },
        template: at(&x, if deployed { "spec.template" } else { "data.spec.template" }).cloned().unwrap_or_default(),
        cause: map_at(&x, "metadata.annotations").and_then(|a| a.get(CHANGE_CAUSE)).and_then(Value::as_str).map(str::to_owned),
        keeper: (keepers, x),
    };
    let mut all: Vec<Revision> = env.list(keepers, Some(namespace(o))).into_iter().filter(|x| owned(x)).map(revision).collect();
    all.order_by_key(|r| r.number);
    all
}

/// Whether kubectl knows revisions of a kind; `what` is the `history viewer` or the `rollbacker` that is missing.
pub fn must_roll(kind: &Kind, what: &str) -> Result<(), Failure> {
    match kind.kind {
        "Deployment" | "DaemonSet" | "StatefulSet" => Ok(()),
        // Kinds that run Pods are known to its `KindVisitor`.
        "Pod" | "ReplicaSet" | "ReplicationController" | "Job" | "CronJob" => {
            Err(Failure::error(format!("no {what} has been implemented for {:?}", kind.group_kind())))
        }
        _ => {
            let what = what.trim_end_matches(" viewer");
            Err(Failure::error(format!(
                "error retrieving {what} for {:?}, no visitor method exists for {{{} {}}}",
                kind.group_kind(),
                kind.group,
                kind.kind
            )))
        }
    }
}

pub fn history(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let form = output::form(call, env, false)?;
    for (kind, o) in found(call, env)? {
        must_roll(kind, "history viewer")?;
        let wanted = call.int("revision").unwrap_or(0);
        if wanted < 0 {
            return Err(Failure::error(format!("revision must be a positive integer: {wanted}")));
        }
        let all = revisions(kind, &o, env);
        let chosen: Vec<&Revision> = all.iter().filter(|r| wanted == 0 || r.number == wanted).collect();
        if chosen.is_empty() && wanted > 0 {
            return Err(Failure::error("unable to find the specified revision"));
        }
        if !matches!(form, Form::Table { .. }) {
            for revision in &chosen {
                let (kind, object) = &revision.keeper;
                output::print_done(call, env, kind, object, "")?;
            }
            continue;
        }
        let named = format!("{}/{}", kind.singular_with_group(), name(&o));
        if let (true, Some(revision)) = (wanted > 0, chosen.first()) {
            let mut template = revision.template.clone();
            if let Some(cause) = &revision.cause {
                template["metadata"]["annotations"][CHANGE_CAUSE] = json!(cause);
            }
            let mut page = Page::default();
            pod_template(&mut page, &template);
            env.out(format!("{named} with revision #{wanted}\n{}\n", page.text));
            continue;
        }
        let mut rows = vec![vec!["REVISION".to_owned(), "CHANGE-CAUSE".into()]];
        rows.extend(all.iter().map(|r| vec![r.number.to_string(), r.cause.clone().unwrap_or_else(|| "<none>".into())]));
        env.out(format!("{named} \n{}\n", table::align(&table::rows(rows), table::DESCRIBE)));
    }
    Ok(DONE)
}
