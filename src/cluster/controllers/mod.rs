//! Models kube-controller-manager: ReplicaSet, Deployment, DaemonSet, StatefulSet, Job, CronJob, EndpointSlice, Namespace, node lifecycle,
//! garbage collection.

use super::apiserver::Change;
use super::{Config, Context};

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    Sync,
}

#[derive(Clone, Debug, Default)]
pub struct Controllers {}

impl Controllers {
    /// What every new cluster has: namespaces, ServiceAccounts, nodes, the Service `kubernetes`.
    pub fn bootstrap(&mut self, config: &Config, ctx: &mut Context) {
        use crate::api::{json, kinds};
        for (index, node) in config.nodes.iter().enumerate() {
            let object = json!({"metadata": {"name": node.name}, "spec": {"podCIDR": format!("10.244.{}.0/24", index + 1)}, "status": {
                "allocatable": {"cpu": (node.cpu_milli / 1000).to_string(), "memory": node.memory_bytes.to_string(), "pods": node.pods.to_string()}}});
            let mut caller = super::apiserver::Caller { now: ctx.now, random: ctx.random, log: ctx.log };
            drop(ctx.api.create(&mut caller, kinds::NODE, "", object, &Default::default()));
        }
    }

    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        let _ = (change, ctx);
    }

    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        let _ = (timer, ctx);
    }
}
