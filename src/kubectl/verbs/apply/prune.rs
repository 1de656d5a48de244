//! `kubectl apply --prune`: what was applied before and is not any more goes. Models `prune.go` of apply.

use super::LAST_APPLIED;
use crate::api::object::{self, name, namespace, uid};
use crate::api::order::SortedSet;
use crate::api::{Kind, Selector};
use crate::cluster::apiserver::{DeleteOptions, Key, Propagation};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{Env, Failure};
use crate::kubectl::output::print_done;
use crate::kubectl::verbs::get::OLD_ENDPOINTS;

/// In the order in which they are looked through (`defaultNamespacedPruneResources` and those without a namespace).
const PRUNED: &str = "configmaps endpoints persistentvolumeclaims pods replicationcontrollers secrets services jobs cronjobs ingresses daemonsets \
    deployments replicasets statefulsets namespaces persistentvolumes";
const TOLD: &str = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.";

/// `visited`: the uids of what was just applied; `spaces`: the namespaces that it is in.
pub fn prune(
    call: &Call,
    labels: &Selector,
    visited: &SortedSet<String>,
    spaces: &SortedSet<String>,
    dry: DryRun,
    env: &mut Env,
) -> Result<(), Failure> {
    let allowed = call.texts("prune-allowlist");
    if allowed.is_empty() {
        env.log_warning("prune.go:71", TOLD);
    }
    for kind in PRUNED.split_whitespace().filter_map(Kind::by_name) {
        // `core/v1/ConfigMap`
        let full = format!("{}/{}/{}", if kind.group.is_empty() { "core" } else { kind.group }, kind.version, kind.kind);
        if !allowed.is_empty() && !allowed.contains(&full) {
            continue;
        }
        if kind.kind == "Endpoints" {
            env.err(OLD_ENDPOINTS);
        }
        for o in env.list(kind, None) {
            let here = !kind.namespaced || spaces.contains(namespace(&o));
            let applied = object::map_at(&o, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED));
            if !here || !applied || visited.contains(uid(&o)) || !labels.matches(object::labels(&o)) {
                continue;
            }
            if dry != DryRun::Client {
                let options =
                    DeleteOptions { dry_run: dry == DryRun::Server, propagation: Some(Propagation::Background), ..DeleteOptions::default() };
                env.delete(&Key::new(kind, namespace(&o), name(&o)), options)?;
            }
            print_done(call, env, kind, &o, &format!("pruned{}", dry.suffix()))?;
        }
    }
    Ok(())
}
