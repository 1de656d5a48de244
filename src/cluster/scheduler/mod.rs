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
        let _ = (change, ctx);
    }

    pub fn handle(&mut self, timer: Timer, ctx: &mut Context) {
        let _ = (timer, ctx);
    }
}
