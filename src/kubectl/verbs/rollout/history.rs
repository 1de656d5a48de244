//! `kubectl rollout history`, and the revisions that `undo` goes back to.

use super::found;
use crate::api::object::{at, i64_at, list_at, map_at, name, namespace, str_at, uid};
use crate::api::order::InOrder as _;
use crate::api::{Kind, Value, kinds};
use crate::kubectl::call::Call;
use crate::kubectl::describe::{Page, pod_template};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::table;

fn revision_of(o: &Value) -> i64 {
    map_at(o, "metadata.annotations")
        .and_then(|a| a.get("deployment.kubernetes.io/revision"))
        .and_then(Value::as_str)
        .and_then(|r| r.parse().ok())
        .unwrap_or(0)
}

/// Revisions with their Pod templates and causes, oldest first.
pub fn revisions(kind: &Kind, o: &Value, env: &Env) -> Vec<(i64, Value, String)> {
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

pub fn must_roll(kind: &Kind) -> Result<(), Failure> {
    if matches!(kind.kind, "Deployment" | "DaemonSet" | "StatefulSet") {
        Ok(())
    } else {
        Err(Failure::error(format!("no history viewer has been implemented for {:?}", kind.group_kind())))
    }
}

pub fn history(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
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
