//! The picture of the cluster at the playhead: what there is, and where each shape stands.

use crate::api::SimTime;
use crate::manifest::Checked;
use crate::session::Session;

/// The whole picture, laid out for a width. Lengths are CSS pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub now: SimTime,
    pub width: f64,
    pub height: f64,
}

/// The picture of the session, with the draft that the editor's text describes, at most `width_px` wide.
pub fn build(session: &Session, draft: &Checked, width_px: f64) -> Scene {
    let _ = draft;
    Scene { now: session.now(), width: width_px, height: 0.0 }
}
