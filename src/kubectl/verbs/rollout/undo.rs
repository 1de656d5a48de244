//! `kubectl rollout undo`.

use super::found;
use super::history::{Revision, must_roll, revisions};
use crate::api::object::{at, map_at, name, namespace};
use crate::api::{Map, Value, json};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::describe::{Page, pod_template};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_done;
use crate::kubectl::verbs::apply::LAST_APPLIED;

pub fn undo(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    for (kind, o) in found(call, env)? {
        if map_at(&o, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED)) {
            env.err(format!(
                "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n",
                kind.plural,
                name(&o)
            ));
        }
        must_roll(kind, "rollbacker")?;
        let wanted = call.int("to-revision").unwrap_or(0);
        if wanted < 0 {
            return Err(Failure::error(format!("unable to find specified revision {wanted} in history")));
        }
        let all = revisions(kind, &o, env);
        let chosen = match wanted {
            0 => all.len().checked_sub(2).and_then(|at| all.get(at)),
            wanted => all.iter().find(|r| r.number == wanted),
        };
        let Some(Revision { number: revision, template, keeper, .. }) = chosen else {
            return Err(Failure::error(if wanted == 0 && kind.kind != "Deployment" {
                "no last revision to roll back to".into()
            } else if wanted == 0 {
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
        if dry == DryRun::Client {
            let mut page = Page::default();
            pod_template(&mut page, template);
            print_done(call, env, kind, &o, &format!("{}{}", page.text, dry.suffix()))?;
            continue;
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
        let mut patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        if kind.kind == "Deployment" {
            // What was written beside the revision comes back with it (`getDeploymentPatch`).
            let own = |key: &str| key == LAST_APPLIED || key.starts_with("deployment.kubernetes.io/") || key == "deprecated.deployment.rollback.to";
            let kept = map_at(&o, "metadata.annotations").into_iter().flatten().filter(|(key, _)| own(key));
            let back = map_at(&keeper.1, "metadata.annotations").into_iter().flatten().filter(|(key, _)| !own(key));
            let annotations: Map<String, Value> = kept.chain(back).map(|(key, value)| (key.clone(), value.clone())).collect();
            if let Some(operations) = patch.as_array_mut() {
                operations.push(json!({"op": "add", "path": "/metadata/annotations", "value": annotations}));
            }
        }
        let after = env.patch(&key, &patch, PatchKind::Json, &write_options("kubectl-rollout", dry == DryRun::Server))?;
        print_done(call, env, kind, &after, &format!("rolled back{}", dry.suffix()))?;
    }
    Ok(DONE)
}
