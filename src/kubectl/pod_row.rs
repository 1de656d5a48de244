//! The columns READY, STATUS and RESTARTS of `kubectl get pods`, computed from a Pod.
//!
//! Models `printPod` of `pkg/printers/internalversion/printers.go`; reference/04-lifecycle.md §5.

use crate::api::{SimTime, Value};

/// The row without its age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodRow {
    pub ready: String,
    pub status: String,
    pub restarts: i64,
    /// When the last restart was: `(5s ago)`.
    pub last_restart: Option<SimTime>,
}

pub fn pod_row(pod: &Value) -> PodRow {
    let _ = pod;
    PodRow::default()
}
