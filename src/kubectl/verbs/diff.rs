//! `kubectl diff`: what `apply` would change.

use super::apply;
use crate::api::{Value, object};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, write_options};
use crate::kubectl::merge;
use crate::kubectl::resources::{self, Rules, Wanted};

pub const VERB: Verb = Verb::new(
    "diff",
    "-f FILENAME [options]",
    "filename,f:c kustomize,k:s recursive,R selector,l:s server-side force-conflicts field-manager:s prune concurrency:i show-managed-fields",
    "Diff the live version against a would-be applied version.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let two = |f: Failure| Failure { code: 2, ..f };
    if call.texts("filename").is_empty() && !call.changed("kustomize") {
        return Err(two(Failure::error("must specify one of -f and -k")));
    }
    let request = resources::request(call, &[], env, Rules::default()).map_err(two)?;
    if let Some(failure) = Failure::many(request.failures.clone()) {
        return Err(two(failure));
    }
    let Wanted::Named(named) = &request.wanted else { return Ok(Flow::Done(0)) };
    let mut different = false;
    for one in named {
        let wanted = apply::with_last_applied(&apply::placed(one));
        let options = write_options("kubectl-client-side-apply", true);
        let live = env.get(one.kind, &one.namespace, &one.name);
        let merged = match &live {
            None => env.create(one.kind, &one.namespace, wanted, &options).map_err(|s| two(s.into()))?.as_ref().clone(),
            Some(live) => {
                let annotation = object::map_at(live, "metadata.annotations").and_then(|a| a.get(apply::LAST_APPLIED)).and_then(Value::as_str);
                let original: Value = annotation.and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
                // The annotation itself is not compared: it stays as it is.
                let mut wanted = wanted;
                match annotation {
                    Some(text) => wanted["metadata"]["annotations"][apply::LAST_APPLIED] = text.into(),
                    None => drop(wanted["metadata"]["annotations"].as_object_mut().and_then(|a| a.remove(apply::LAST_APPLIED))),
                }
                let patch = merge::three_way(one.kind, &original, &wanted, live);
                if patch.as_object().is_none_or(|p| p.is_empty()) {
                    live.as_ref().clone()
                } else {
                    env.patch(&Key::new(one.kind, &one.namespace, &one.name), &patch, PatchKind::Strategic, &options)
                        .map_err(|s| two(s.into()))?
                        .as_ref()
                        .clone()
                }
            }
        };
        let text = |o: &Value| {
            let mut o = o.clone();
            object::remove(&mut o, "metadata.managedFields");
            // What would be applied is not part of what is compared.
            if let Some(annotations) = o["metadata"].get_mut("annotations").and_then(Value::as_object_mut)
                && annotations.contains_key(apply::LAST_APPLIED)
            {
                annotations.remove(apply::LAST_APPLIED);
                let only = annotations.is_empty();
                if only {
                    object::remove(&mut o, "metadata.annotations");
                }
            }
            crate::yaml::print(&o)
        };
        let keep = |o: &Value| {
            let mut o = o.clone();
            object::remove(&mut o, "metadata.managedFields");
            crate::yaml::print(&o)
        };
        let (before, mut after) = (live.as_deref().map(keep).unwrap_or_default(), keep(&merged));
        if live.is_none() {
            let mut fresh = merged.clone();
            object::remove(&mut fresh, "metadata.resourceVersion");
            after = text(&fresh);
        }
        if before == after || live.as_deref().map(text).unwrap_or_default() == text(&merged) {
            continue;
        }
        different = true;
        let name = format!("{}.{}.{}.{}", one.kind.api_version().replace('/', "."), one.kind.kind, one.namespace, one.name);
        let stamp = env.now().rfc3339_micro().replace('T', " ").replace('Z', "000 +0000");
        let mut out = format!("diff -u -N /tmp/LIVE-1200837410/{name} /tmp/MERGED-1643190331/{name}\n");
        out.push_str(&format!("--- /tmp/LIVE-1200837410/{name}\t{stamp}\n+++ /tmp/MERGED-1643190331/{name}\t{stamp}\n"));
        out.push_str(&crate::text::unified(&before, &after));
        env.out(out);
    }
    Ok(Flow::Done(i32::from(different)))
}
