//! `kubectl rollout status`.

use super::found;
use super::history::revision_of;
use crate::api::object::{i64_at, list_at, name, namespace, str_at};
use crate::api::{Kind, SimTime, Value};
use crate::cluster::apiserver::Key;
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, Flow, Job, Poll};

/// What `rollout status` says of an object, and whether it is done.
fn progress(kind: &Kind, o: &Value, wanted_revision: i64) -> Result<(String, bool), Failure> {
    let number = |path: &str| i64_at(o, path).unwrap_or(0);
    let named = name(o);
    let observed = number("metadata.generation") <= number("status.observedGeneration");
    let waiting = |text: String| Ok((format!("Waiting for {text}...\n"), false));
    match kind.kind {
        "Deployment" if observed => {
            let late = list_at(o, "status.conditions")
                .iter()
                .any(|c| str_at(c, "type") == Some("Progressing") && str_at(c, "reason") == Some("ProgressDeadlineExceeded"));
            let running = revision_of(o);
            if wanted_revision > 0 && wanted_revision != running {
                return Err(Failure::error(format!("desired revision ({wanted_revision}) is different from the running revision ({running})")));
            }
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
            // The server gives every StatefulSet that rolls a partition.
            if let Some(partition) = i64_at(o, "spec.updateStrategy.rollingUpdate.partition") {
                let updated = number("status.updatedReplicas");
                return if updated < wanted - partition {
                    let wanted = wanted - partition;
                    waiting(format!("partitioned roll out to finish: {updated} out of {wanted} new pods have been updated"))
                } else {
                    Ok((format!("partitioned roll out complete: {updated} new pods have been updated...\n"), true))
                };
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

pub fn status(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let all = found(call, env)?;
    let timeout = call.duration("timeout").filter(|t| *t > 0).map(|t| env.now() + t as u64);
    let watch = !call.changed("watch") || call.is("watch");
    Ok(Flow::wait(Rolling {
        left: all.into_iter().map(|(kind, o)| Key::new(kind, namespace(&o), name(&o))).collect(),
        seen: None,
        watch,
        timeout,
        revision: call.int("revision").unwrap_or(0),
    }))
}

/// Prints a line at every change until it is rolled out.
#[derive(Clone)]
struct Rolling {
    left: Vec<Key>,
    /// The resourceVersion of the state that was printed last.
    seen: Option<String>,
    watch: bool,
    timeout: Option<SimTime>,
    /// The revision that must be the running one; 0 for any.
    revision: i64,
}

impl Job for Rolling {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        while let Some(key) = self.left.first().cloned() {
            let Some(o) = env.get(key.kind, &key.namespace, &key.name) else { return Err(Failure::error("object has been deleted")) };
            let version = str_at(&o, "metadata.resourceVersion").map(str::to_owned);
            let (text, done) = progress(key.kind, &o, self.revision)?;
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
