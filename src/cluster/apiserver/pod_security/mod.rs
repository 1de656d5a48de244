//! Pod Security admission: which Pods the labels of a namespace forbid, and of which they warn. Models `plugin/pkg/admission/security/podsecurity` and
//! `k8s.io/pod-security-admission` 0.36.3 with the server's own configuration: nobody is exempt, and a namespace without labels is privileged.
//!
//! Deviations: `audit` does nothing, as nobody reads an audit log; a namespace's Pods are looked at all of them, however many there are and however long
//! that takes (a real server looks at 3000 of them for a second at most).

mod checks;

use super::ApiServer;
use crate::api::order::{InOrder as _, SortedMap};
use crate::api::{Kind, Status, Value, kinds, object};
use crate::manifest::policy_version;
use crate::yaml::go_quote;
use checks::Violation;

const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];

/// A level of the standards as they were in a version; `labels` are those that the server admitted.
#[derive(PartialEq)]
struct Policy<'a> {
    level: usize,
    version: &'a str,
}

impl<'a> Policy<'a> {
    /// The policy that a namespace enforces, or (`warn`) warns of; what is enforced is warned of, too, where nothing else is said. Models `PolicyToEvaluate`.
    fn of(namespace: &'a Value, mode: &str) -> Self {
        let label = |mode: &str, what: &str| object::labels(namespace)?.get(&format!("pod-security.kubernetes.io/{mode}{what}"))?.as_str();
        let level = |mode| label(mode, "").and_then(|text| LEVELS.iter().position(|level| *level == text));
        let enforced = || level("enforce").filter(|level| mode == "warn" && *level > 0);
        let fallback = enforced().filter(|_| level(mode).is_none());
        let version = label(mode, "-version").or_else(|| fallback.and_then(|_| label("enforce", "-version")));
        Self { level: level(mode).or(fallback).unwrap_or(0), version: version.unwrap_or("latest") }
    }

    fn shown(&self) -> String {
        format!("\"{}:{}\"", LEVELS[self.level], self.version)
    }

    fn violations(&self, pod: &Value) -> Vec<Violation> {
        if self.level == 0 {
            return Vec::new();
        }
        checks::violations(pod, self.level == 2, policy_version(self.version).unwrap_or(i64::MAX))
    }

    /// `violates PodSecurity "restricted:latest": …`
    fn told(&self, pod: &Value, verb: &str) -> Option<String> {
        let all = self.violations(pod).into_iter().map(|Violation { reason, detail }| format!("{reason} ({detail})"));
        let all = all.collect::<Vec<_>>().join(", ");
        (!all.is_empty()).then(|| format!("{verb} PodSecurity {}: {all}", self.shown()))
    }
}

/// Refuses a Pod that its namespace forbids; gives what the namespace warns of in Pods and in templates of Pods, and what a namespace's new labels say of the
/// Pods that are in it already. `old` is what an update changes.
pub fn check(api: &ApiServer, kind: &Kind, subresource: &str, old: Option<&Value>, new: &Value) -> Result<Vec<String>, Status> {
    let template = match kind.kind {
        "Pod" if old.is_some_and(|old| !is_significant(old, new)) => return Ok(Vec::new()),
        "Pod" => Some(new),
        _ if !subresource.is_empty() => return Ok(Vec::new()),
        "Namespace" => return Ok(old.map_or_else(Vec::new, |old| of_namespace(api, old, new))),
        "CronJob" => object::at(new, "spec.jobTemplate.spec.template"),
        "ReplicationController" | "ReplicaSet" | "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => object::at(new, "spec.template"),
        _ => None,
    };
    let (Some(pod), Some(namespace)) = (template, api.get(kinds::NAMESPACE, "", object::namespace(new))) else { return Ok(Vec::new()) };
    if kind.kind == "Pod"
        && let Some(why) = Policy::of(namespace, "enforce").told(pod, "violates")
    {
        return Err(Status::forbidden(&kind.resource(), object::name(new), &why));
    }
    Ok(Policy::of(namespace, "warn").told(pod, "would violate").into_iter().collect())
}

/// Of a Pod's fields that may be changed, only images and what containers there are matter (`isSignificantPodUpdate`).
fn is_significant(old: &Value, new: &Value) -> bool {
    let image = |container: &Value| object::str_at(container, "image").map(str::to_owned);
    let images = |pod, list| object::list_at(pod, list).iter().map(image).collect::<Vec<_>>();
    let ephemeral = |pod| object::list_at(pod, "spec.ephemeralContainers");
    let known = |container: &Value| ephemeral(old).iter().any(|was| was.get("name") == container.get("name") && image(was) == image(container));
    ["spec.containers", "spec.initContainers"].into_iter().any(|list| images(old, list) != images(new, list)) || !ephemeral(new).iter().all(known)
}

/// What labels that enforce more than before say of the Pods that are there (`ValidateNamespace`, `EvaluatePodsInNamespace`).
fn of_namespace(api: &ApiServer, old: &Value, new: &Value) -> Vec<String> {
    let (before, after) = (Policy::of(old, "enforce"), Policy::of(new, "enforce"));
    if after.version == before.version && after.level <= before.level {
        return Vec::new();
    }
    // The first Pod by name, and how many more there are, by what is wrong with them.
    let mut wrong: SortedMap<String, (&str, usize)> = SortedMap::new();
    for pod in api.list(kinds::POD, Some(object::name(new))) {
        let reasons: Vec<&str> = after.violations(pod).iter().map(|violation| violation.reason).collect();
        if !reasons.is_empty() {
            wrong.entry(reasons.join(", ")).or_insert((object::name(pod), 0)).1 += 1;
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for (reasons, (first, count)) in wrong {
        let others = match count {
            1 => String::new(),
            2 => " (and 1 other pod)".into(),
            count => format!(" (and {} other pods)", count - 1),
        };
        lines.push(format!("{first}{others}: {reasons}"));
    }
    lines.order();
    if !lines.is_empty() {
        let head = format!("existing pods in namespace {} violate the new PodSecurity enforce level {}", go_quote(object::name(new)), after.shown());
        lines.insert(0, head);
    }
    lines
}
