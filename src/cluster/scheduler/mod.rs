//! Models kube-scheduler: which node each unbound Pod goes to, and why it can go to none.

use super::Context;
use super::apiserver::Change;

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// Try the Pods that are in the active queue.
    Cycle,
}

#[derive(Clone, Debug, Default)]
pub struct Scheduler {}

impl Scheduler {
    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        if change.key.kind.kind == "Pod" && change.verb == super::apiserver::Verb::Added {
            ctx.after(10, super::Task::Scheduler(Timer::Cycle));
        }
    }

    pub fn handle(&mut self, _timer: Timer, ctx: &mut Context) {
        use crate::api::{json, kinds, object};
        let waiting: Vec<_> = ctx.api.list(kinds::POD, None).filter(|p| object::str_at(p, "spec.nodeName").is_none()).cloned().collect();
        for pod in waiting {
            let nodes: Vec<String> = ctx.api.list(kinds::NODE, None).map(|n| object::name(n).to_owned()).collect();
            let load = |n: &String| ctx.api.list(kinds::POD, None).filter(|p| object::str_at(p, "spec.nodeName") == Some(n)).count();
            let Some(node) = nodes.iter().min_by_key(|n| load(n)).cloned() else { continue };
            let mut bound = (*pod).clone();
            object::set(&mut bound, "spec.nodeName", json!(node));
            let mut caller = super::apiserver::Caller { now: ctx.now, random: ctx.random, log: ctx.log };
            let options = super::apiserver::WriteOptions { subresource: "binding", ..Default::default() };
            if let Ok(written) = ctx.api.update(&mut caller, kinds::POD, object::namespace(&pod), bound, &options) {
                let mut status = (*written.object).clone();
                object::set(
                    &mut status,
                    "status.conditions",
                    json!([{"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": ctx.now.rfc3339()}]),
                );
                let options = super::apiserver::WriteOptions { subresource: "status", ..Default::default() };
                drop(ctx.api.update(&mut caller, kinds::POD, object::namespace(&pod), status, &options));
                let message = format!("Successfully assigned {}/{} to {node}", object::namespace(&pod), object::name(&pod));
                ctx.api.record_event(
                    &mut caller,
                    super::apiserver::EventSpec {
                        object: &pod,
                        field: "",
                        kind: "Normal",
                        reason: "Scheduled",
                        message: &message,
                        component: "default-scheduler",
                        host: "",
                    },
                );
            }
        }
    }
}
