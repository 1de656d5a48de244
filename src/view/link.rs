//! The two-way link: which shape a field of the text draws, and which field a shape comes from.

use super::Target;
use crate::manifest::Source;
use crate::session::Session;

/// The shape that a field of a document draws: the applied Pod's where there is one, else the draft's.
pub fn target_at(session: &Session, source: &Source, document: usize, path: &str) -> Option<Target> {
    let _ = (session, source, document, path);
    None
}

/// The document and the path of the field that draws a shape.
pub fn lines_of(target: &Target, source: &Source) -> Option<(usize, String)> {
    let _ = (target, source);
    None
}
