//! What a HorizontalPodAutoscaler measures and wants, for its row and its page.

use super::rows::text;
use crate::api::Value;
use crate::api::object::{at, i64_at, list_at, str_at};

/// `cpu: 50%/80%` for each metric. Models `formatHPAMetrics`.
pub fn targets(o: &Value) -> String {
    let target = |(at_place, metric): (usize, &Value)| {
        let (resource, current, goal) = self::metric(o, at_place, metric);
        let current = current.split(' ').next().unwrap_or("").to_owned();
        format!("{resource}: {current}/{goal}")
    };
    let shown = list_at(o, "spec.metrics").iter().enumerate().map(target).collect::<Vec<_>>().join(", ");
    if shown.is_empty() { "<none>".into() } else { shown }
}

/// Of a metric: what is measured, the value now (`50% (100m)`, `3Mi`, `<unknown>`) and the target.
pub fn metric(o: &Value, place: usize, metric: &Value) -> (String, String, String) {
    let field = if str_at(metric, "type") == Some("ContainerResource") { "containerResource" } else { "resource" };
    let part = |name: &str| text(metric, &format!("{field}.{name}"));
    let current = list_at(o, "status.currentMetrics").get(place).and_then(|m| at(m, &format!("{field}.current")));
    let average = current.map(|c| text(c, "averageValue")).filter(|v| !v.is_empty());
    let unknown = || "<unknown>".to_owned();
    match i64_at(metric, &format!("{field}.target.averageUtilization")) {
        Some(percent) => {
            let now = current.and_then(|c| i64_at(c, "averageUtilization")).map(|now| format!("{now}% ({})", average.unwrap_or_default()));
            (part("name"), now.unwrap_or_else(unknown), format!("{percent}%"))
        }
        None => {
            let goal = Some(part("target.averageValue")).filter(|v| !v.is_empty());
            (part("name"), average.unwrap_or_else(unknown), goal.unwrap_or_else(|| "<unset>".into()))
        }
    }
}
