//! What the server accepts with a warning.
//!
//! Models `pkg/api/pod/warnings.go` and its neighbours for other kinds.

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
        "Deployment" | "ReplicaSet" | "ReplicationController" | "DaemonSet" | "StatefulSet" | "Job" => {
            template(object, "spec.template", &mut warnings)
        }
        "CronJob" => template(object, "spec.jobTemplate.spec.template", &mut warnings),
        "Service" => {
            if !object::list_at(object, "spec.externalIPs").is_empty() {
                warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".into());
            }
            if object::str_at(object, "spec.trafficDistribution") == Some("PreferClose") {
                warnings.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".into());
            }
        }
        "Endpoints" => warnings.push("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".into()),
        _ => {}
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
