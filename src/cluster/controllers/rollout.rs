//! What Deployments, DaemonSets and StatefulSets share: hashes of templates and amounts of a rollout.
//!
//! Models `pkg/controller/deployment/util`. Deviation: the hash is taken over the JSON of the template, so it differs from the real one.

use crate::api::{Value, object};

/// A template's hash, as Pods and ReplicaSets carry it: FNV-1a in letters that make no words.
pub fn hash(template: &Value, collisions: i64) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let text = format!("{template}{}", if collisions > 0 { collisions.to_string() } else { String::new() });
    let hash = text.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| char::from(LETTERS[usize::from(digit) % LETTERS.len()])).collect()
}

/// `2` or `25%` of a number.
pub fn amount(value: Option<&Value>, of: i64, round_up: bool) -> i64 {
    match value {
        Some(Value::Number(n)) => n.as_i64().unwrap_or(0),
        Some(Value::String(text)) => match text.strip_suffix('%').and_then(|p| p.parse::<i64>().ok()) {
            Some(percent) if round_up => (of * percent + 99) / 100,
            Some(percent) => of * percent / 100,
            None => text.parse().unwrap_or(0),
        },
        _ => 0,
    }
}

/// How many Pods more than wanted a Deployment may have in a rollout.
pub fn most_surge(deployment: &Value) -> i64 {
    amount(object::at(deployment, "spec.strategy.rollingUpdate.maxSurge"), super::owned::replicas(deployment), true)
}

/// How many Pods fewer than wanted may be available; one, where neither more nor fewer are allowed. With Recreate, none.
pub fn most_unavailable(deployment: &Value) -> i64 {
    let wanted = super::owned::replicas(deployment);
    if object::str_at(deployment, "spec.strategy.type") == Some("Recreate") {
        return 0;
    }
    let most = amount(object::at(deployment, "spec.strategy.rollingUpdate.maxUnavailable"), wanted, false);
    if most == 0 && most_surge(deployment) == 0 { 1.min(wanted) } else { most.min(wanted) }
}

/// A template without the label that its hash became.
pub fn plain(template: &Value) -> Value {
    let mut plain = template.clone();
    if let Some(labels) = plain.get_mut("metadata").and_then(|m| m.get_mut("labels")).and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    plain
}

pub fn template(set: &Value) -> Value {
    object::at(set, "spec.template").cloned().unwrap_or(Value::Null)
}
