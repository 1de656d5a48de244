//! Models kube-controller-manager: ReplicaSet, Deployment, DaemonSet, StatefulSet, Job, CronJob, EndpointSlice, Namespace, node lifecycle,
//! garbage collection.

mod bootstrap;

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
        bootstrap::run(config, ctx);
    }

    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        let _ = (change, ctx);
    }

    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        let _ = (timer, ctx);
    }
}
