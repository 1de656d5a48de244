//! The details of one shape: what is known of it, and what can be done to it.

use super::Target;
use crate::session::Session;

#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    pub target: Target,
}

/// The details of a shape; `None` when it is not there any more.
pub fn build(session: &Session, target: &Target) -> Option<Details> {
    let _ = session;
    Some(Details { target: target.clone() })
}
