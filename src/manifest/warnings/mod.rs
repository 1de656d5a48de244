//! What the server accepts with a warning.
//!
//! Models `pkg/api/pod/warnings.go` and its neighbours for other kinds.

mod kinds;
mod pod;

use crate::api::{Kind, Value, object};

/// What is said of an AppArmor annotation.
pub const APPARMOR_FIELD: &str = "deprecated since v1.30; use the \"appArmorProfile\" field instead";

/// The warnings for a new object, in the server's order.
pub fn create(kind: &Kind, object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    match kind.kind {
        "Pod" => {
            let name = object::name(object);
            let problems = dns_label_problems(name);
            if !name.is_empty() && !problems.is_empty() {
                warnings.push(format!(
                    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
                    problems.join(" ")
                ));
            }
            pod::of(object, "", &mut warnings);
        }
        _ => kinds::create(kind, object, &mut warnings),
    }
    warnings
}

fn dns_label_problems(name: &str) -> Vec<String> {
    super::validate::label_problems(name)
}

fn template(object: &Value, path: &str, warnings: &mut Vec<String>) {
    if let Some(template) = object::at(object, path) {
        pod::of(template, &format!("{path}."), warnings);
    }
}
