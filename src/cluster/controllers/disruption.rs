//! Models `pkg/controller/disruption`: how many Pods of a budget may be evicted now.
//!
//! Deviation: Pods that are about to be evicted are not kept in `disruptedPods`; an eviction is done at once.

use super::owned::put_status;
use super::{Synced, say};
use crate::api::{Value, json, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const COMPONENT: &str = "controllermanager";

#[inline(never)]
pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    let Some(budget) = ctx.api.at(key).cloned() else { return Ok(None) };
    if object::is_deleting(&budget) {
        return Ok(None);
    }
    let sum = ctx.api.budget(&budget);
    if sum.pods == 0 {
        say(ctx, &budget, COMPONENT, "Normal", "NoPods", "No matching pods found");
    }
    if let Some(why) = &sum.unscalable {
        let text = format!("Failed to calculate the number of expected pods: {why}");
        say(ctx, &budget, COMPONENT, "Warning", "CalculateExpectedPodCountFailed", &text);
        // Nothing may be evicted then (`failSafe`).
        let mut status = budget.get("status").cloned().unwrap_or_else(|| json!({}));
        status["disruptionsAllowed"] = json!(0);
        let generation = object::i64_at(&budget, "status.observedGeneration");
        status["conditions"] = json!([condition(&budget, "False", "SyncFailed", why, generation, ctx)]);
        put_status(ctx, key.kind, &budget, status)?;
        return Ok(None);
    }
    if sum.unmanaged {
        let text = format!(
            "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated \
             correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an \
             integer value.",
            shown(budget.get("spec").and_then(|s| s.get("selector")))
        );
        say(ctx, &budget, COMPONENT, "Warning", "UnmanagedPods", &text);
    }
    let allowed = if sum.expected <= 0 { 0 } else { (sum.healthy - sum.needed).max(0) };
    let generation = object::i64_at(&budget, "metadata.generation").unwrap_or(1);
    let (is, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let condition = condition(&budget, is, reason, "", Some(generation), ctx);
    let status = json!({"conditions": [condition], "currentHealthy": sum.healthy, "desiredHealthy": sum.needed, "disruptionsAllowed": allowed,
        "expectedPods": sum.expected, "observedGeneration": generation});
    put_status(ctx, key.kind, &budget, status)?;
    Ok(None)
}

/// Whether Pods may be evicted, in the words of the status; since when is kept.
fn condition(budget: &Value, is: &str, reason: &str, message: &str, generation: Option<i64>, ctx: &Context) -> Value {
    let before = object::list_at(budget, "status.conditions").iter().find(|c| object::str_at(c, "status") == Some(is));
    let since = before.and_then(|c| c.get("lastTransitionTime").cloned()).unwrap_or_else(|| json!(ctx.now.rfc3339()));
    let mut condition = json!({"type": "DisruptionAllowed", "status": is, "reason": reason, "message": message, "lastTransitionTime": since});
    if let Some(generation) = generation.filter(|generation| *generation > 0) {
        condition["observedGeneration"] = json!(generation);
    }
    condition
}

/// A selector in Go's words.
fn shown(selector: Option<&Value>) -> String {
    let labels = selector.and_then(|s| object::map_at(s, "matchLabels"));
    let pairs: String = labels.into_iter().flatten().map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or(""))).collect();
    let expressions = selector.map_or(&[][..], |s| object::list_at(s, "matchExpressions"));
    let text = |value: &Value, field: &str| object::str_at(value, field).unwrap_or("").to_owned();
    let rules = expressions.iter().map(|e| {
        let values: Vec<&str> = object::list_at(e, "values").iter().filter_map(Value::as_str).collect();
        format!("{{{} {} [{}]}},", text(e, "key"), text(e, "operator"), values.join(" "))
    });
    let rules: String = rules.collect();
    format!("&LabelSelector{{MatchLabels:map[string]string{{{pairs}}},MatchExpressions:[]LabelSelectorRequirement{{{rules}}},}}")
}
