//! `kubectl set subject`: who a role is bound to.

use std::rc::Rc;

use super::NOTHING_NAMED;
use crate::api::object::{list_at, name, namespace};
use crate::api::{Value, json};
use crate::cluster::apiserver::{Key, PatchKind, patched};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Adds those who are not there yet; says nothing where all are (`SubjectOptions.Run`).
pub fn subject(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.args.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error(NOTHING_NAMED));
    }
    let request = resources::request(call, &call.args, env, Rules::NAMES)?;
    let found = request.fetch_all(env)?;
    let mut wanted: Vec<Value> = Vec::new();
    wanted.extend(call.texts("user").iter().map(|user| json!({"apiGroup": GROUP, "kind": "User", "name": user})));
    wanted.extend(call.texts("group").iter().map(|group| json!({"apiGroup": GROUP, "kind": "Group", "name": group})));
    for account in call.texts("serviceaccount") {
        let Some((space, name)) = account.split_once(':').filter(|(space, name)| !space.is_empty() && !name.is_empty() && !name.contains(':')) else {
            return Err(Failure::error("serviceaccount must be <namespace>:<name>"));
        };
        wanted.push(json!({"kind": "ServiceAccount", "name": name, "namespace": space}));
    }
    if wanted.is_empty() {
        return Err(Failure::error("you must specify at least one value of user, group or serviceaccount"));
    }
    let dry = call.dry_run(env)?;
    for (kind, o) in found {
        if !matches!(kind.kind, "RoleBinding" | "ClusterRoleBinding") {
            return Err(Failure::error("setting subjects is only supported for RoleBinding/ClusterRoleBinding"));
        }
        let mut subjects = list_at(&o, "subjects").to_vec();
        let before = subjects.len();
        for one in &wanted {
            if !subjects.contains(one) {
                subjects.push(one.clone());
            }
        }
        if subjects.len() == before {
            continue;
        }
        let patch = json!({"subjects": subjects});
        let after = if dry == DryRun::Client || request.local {
            Rc::new(patched(kind, &o, &patch, PatchKind::Merge)?)
        } else {
            env.patch(&Key::new(kind, namespace(&o), name(&o)), &patch, PatchKind::Merge, &write_options("kubectl-set", dry == DryRun::Server))?
        };
        print_done(call, env, kind, &after, &format!("subjects updated{}", dry.suffix()))?;
    }
    Ok(DONE)
}
