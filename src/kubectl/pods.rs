//! Finding the Pod and the container that `logs`, `exec`, `attach`, `cp` and `port-forward` mean.

use crate::api::order::InOrder as _;
use std::rc::Rc;

use super::env::{Env, Failure};
use super::resources;
use crate::api::object::{at, labels, list_at, map_at, name, namespace, str_at};
use crate::api::{Kind, Selector, Status, Value, kinds};

/// `web, log, i1 (init), dbg (ephem)`
pub fn container_names(pod: &Value) -> String {
    let mut all = Vec::new();
    for (path, mark) in [("spec.containers", ""), ("spec.initContainers", " (init)"), ("spec.ephemeralContainers", " (ephem)")] {
        all.extend(list_at(pod, path).iter().map(|c| format!("{}{mark}", name_of(c))));
    }
    all.join(", ")
}

fn name_of(container: &Value) -> &str {
    str_at(container, "name").unwrap_or("")
}

pub fn has_container(pod: &Value, wanted: &str) -> bool {
    ["spec.containers", "spec.initContainers", "spec.ephemeralContainers"].iter().any(|path| list_at(pod, path).iter().any(|c| name_of(c) == wanted))
}

/// The container that is wanted, or the default one with a word about it.
pub fn choose(pod: &Value, wanted: Option<&str>, quiet: bool, env: &mut Env) -> Result<String, Failure> {
    let bad = |wanted: &str| Failure::error(format!("container {wanted} is not valid for pod {} out of: {}", name(pod), container_names(pod)));
    if let Some(wanted) = wanted.filter(|w| !w.is_empty()) {
        return if has_container(pod, wanted) { Ok(wanted.into()) } else { Err(bad(wanted)) };
    }
    let annotated = map_at(pod, "metadata.annotations")
        .and_then(|a| a.get("kubectl.kubernetes.io/default-container"))
        .and_then(Value::as_str)
        .filter(|n| !n.is_empty());
    if let Some(annotated) = annotated {
        return if has_container(pod, annotated) { Ok(annotated.into()) } else { Err(bad(annotated)) };
    }
    let first = list_at(pod, "spec.containers").first().map(name_of).unwrap_or("").to_owned();
    let count: usize = ["spec.containers", "spec.initContainers", "spec.ephemeralContainers"].iter().map(|p| list_at(pod, p).len()).sum();
    if count > 1 && !quiet {
        env.err(format!("Defaulted container {first:?} out of: {}\n", container_names(pod)));
    }
    Ok(first)
}

/// The Pods of a workload, ready ones first.
pub fn pods_of(owner: &Value, env: &Env) -> Vec<Rc<Value>> {
    let selector = match at(owner, "spec.selector") {
        Some(s) if s.get("matchLabels").is_some() || s.get("matchExpressions").is_some() => Selector::from_value(s),
        Some(Value::Object(map)) => Selector::from_map(map),
        _ => return Vec::new(),
    };
    if selector.is_empty() {
        return Vec::new();
    }
    let mut pods: Vec<Rc<Value>> = env.list(kinds::POD, Some(namespace(owner))).into_iter().filter(|p| selector.matches(labels(p))).collect();
    let running = |p: &Value| str_at(p, "status.phase") == Some("Running") && !crate::api::object::is_deleting(p);
    pods.order_by_key(|p| !running(p));
    pods
}

/// Why nothing of a kind leads to Pods (`SelectorsForObject` of polymorphichelpers); `what` is the deed that fails.
pub fn follows(kind: &Kind, object: &Value, what: &str) -> Result<(), Failure> {
    let go = format!("*{}.{}", kind.version, kind.kind);
    match kind.kind {
        "Service" if map_at(object, "spec.selector").is_none_or(|s| s.is_empty()) => {
            Err(Failure::error(format!("{what} {go}: invalid service '{}': Service is defined without a selector", name(object))))
        }
        "Pod" | "Service" | "Deployment" | "ReplicaSet" | "ReplicationController" | "DaemonSet" | "StatefulSet" | "Job" => Ok(()),
        _ => Err(Failure::error(format!("{what} {go}: selector for {go} not implemented"))),
    }
}

/// The Pod behind `POD` or `TYPE/NAME`.
pub fn find(reference: &str, space: &str, env: &Env) -> Result<Rc<Value>, Failure> {
    let (kind, name) = match reference.split_once('/') {
        Some((kind, name)) => (resources::kind(kind)?, name),
        None => (kinds::POD, reference),
    };
    let object = env.require(kind, space, name)?;
    if kind == kinds::POD {
        return Ok(object);
    }
    follows(kind, &object, "cannot attach to")?;
    pods_of(&object, env).into_iter().next().ok_or_else(|| {
        let status = Status::new(0, "", "timed out waiting for the condition");
        Failure::error(status.into_message())
    })
}
