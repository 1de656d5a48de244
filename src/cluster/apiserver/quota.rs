//! ResourceQuotas: what a namespace uses, and the refusal of what is beyond. Models `plugin/pkg/admission/resourcequota` and `pkg/quota/v1`.

use super::ApiServer;
use crate::api::order::{InOrder as _, SortedMap};
use crate::api::{Kind, Map, Quantity, Status, Value, json, kinds, object};

/// Amounts in thousandths.
type Usage = SortedMap<String, i128>;

fn milli(text: &str) -> i128 {
    Quantity::parse(text).map_or(0, |q| q.nano() / 1_000_000)
}

/// An amount as the API writes it: `1500m`, `2`, and memory in binary units.
fn shown(resource: &str, amount: i128) -> String {
    if amount % 1000 != 0 {
        return format!("{amount}m");
    }
    let (mut value, mut unit) = (amount / 1000, 0);
    let binary = resource.contains("memory") || resource.contains("storage");
    while binary && unit < 4 && value != 0 && value % 1024 == 0 {
        (value, unit) = (value / 1024, unit + 1);
    }
    format!("{value}{}", ["", "Ki", "Mi", "Gi", "Ti"][unit])
}

/// What a Pod's containers ask for together, with sidecars and the largest init container; `None` where none says anything.
fn pod_amount(pod: &Value, which: &str, resource: &str) -> Option<i128> {
    let of = |c: &Value| Some(milli(object::at(c, &format!("resources.{which}"))?.get(resource)?.as_str()?));
    let (mut sum, mut sidecars, mut largest, mut any) = (0, 0, 0, false);
    for container in object::list_at(pod, "spec.containers") {
        any |= of(container).is_some();
        sum += of(container).unwrap_or(0);
    }
    for container in object::list_at(pod, "spec.initContainers") {
        any |= of(container).is_some();
        let amount = of(container).unwrap_or(0);
        largest = largest.max(sidecars + amount);
        if object::str_at(container, "restartPolicy") == Some("Always") {
            sidecars += amount;
        }
    }
    any.then(|| (sum + sidecars).max(largest))
}

/// What a Pod asks for in all: cpu in thousandths, everything else in whole units. A request of the Pod itself goes before.
pub(super) fn pod_request(pod: &Value, resource: &str) -> i64 {
    let own = object::str_at(pod, &format!("spec.resources.requests.{resource}")).map(milli);
    let amount = own.or_else(|| pod_amount(pod, "requests", resource)).unwrap_or(0);
    i64::try_from(if resource == "cpu" { amount } else { amount.div_euclid(1000) }).unwrap_or(i64::MAX)
}

/// The same as a text.
pub(super) fn pod_sum(pod: &Value, which: &str, resource: &str) -> Option<String> {
    pod_amount(pod, which, resource).map(|amount| shown(resource, amount))
}

/// `requests.cpu` → (`requests`, `cpu`); `cpu` means requests.
fn of_pods(resource: &str) -> Option<(&'static str, &str)> {
    match resource.split_once('.') {
        Some(("requests", rest)) if rest != "storage" => Some(("requests", rest)),
        Some(("limits", rest)) => Some(("limits", rest)),
        _ if matches!(resource, "cpu" | "memory" | "ephemeral-storage") => Some(("requests", resource)),
        _ => None,
    }
}

/// The count that an object adds to, as `services` or `count/deployments.apps`.
fn counts(kind: &Kind, resource: &str) -> bool {
    match resource.strip_prefix("count/") {
        Some(rest) => rest == kind.resource(),
        None => {
            let old = ["pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas"];
            old.contains(&resource) && resource == kind.plural
        }
    }
}

/// What one object uses of the resources that a quota names.
fn usage(kind: &Kind, object: &Value, quota: &Value) -> Usage {
    let mut out = Usage::new();
    let pod = kind.kind == "Pod";
    let ended = pod && matches!(object::str_at(object, "status.phase"), Some("Succeeded" | "Failed"));
    if !in_scope(kind, object, quota) {
        return out;
    }
    for resource in object::map_at(quota, "spec.hard").into_iter().flat_map(Map::keys) {
        let amount = match of_pods(resource) {
            Some((which, name)) if pod && !ended => pod_amount(object, which, name).unwrap_or(0),
            Some(_) => continue,
            // The bare object counts even when the Pod has ended; `pods` counts those that have not.
            None if counts(kind, resource) && !(ended && resource == "pods") => 1000,
            None if kind.kind == "Service" && resource == "services.nodeports" => {
                object::list_at(object, "spec.ports").iter().filter(|p| object::i64_at(p, "nodePort").is_some()).count() as i128 * 1000
            }
            None if kind.kind == "Service" && resource == "services.loadbalancers" => {
                1000 * i128::from(object::str_at(object, "spec.type") == Some("LoadBalancer"))
            }
            None if kind.kind == "PersistentVolumeClaim" && resource == "requests.storage" => {
                object::str_at(object, "spec.resources.requests.storage").map_or(0, milli)
            }
            None => continue,
        };
        *out.entry(resource.clone()).or_default() += amount;
    }
    out
}

/// A quota with scopes is for the Pods that have them all.
fn in_scope(kind: &Kind, object: &Value, quota: &Value) -> bool {
    let scopes = object::list_at(quota, "spec.scopes");
    if scopes.is_empty() {
        return true;
    }
    let best_effort = object::str_at(object, "status.qosClass") == Some("BestEffort");
    let limited = object::i64_at(object, "spec.activeDeadlineSeconds").is_some_and(|s| s >= 0);
    kind.kind == "Pod"
        && scopes.iter().all(|scope| match scope.as_str() {
            Some("BestEffort") => best_effort,
            Some("NotBestEffort") => !best_effort,
            Some("Terminating") => limited,
            Some("NotTerminating") => !limited,
            _ => true,
        })
}

fn used(api: &ApiServer, quota: &Value) -> Usage {
    let mut total: Usage = object::map_at(quota, "spec.hard").into_iter().flat_map(Map::keys).map(|r| (r.clone(), 0)).collect();
    for kind in kinds::KINDS.iter().filter(|k| k.namespaced && *k != kinds::EVENT) {
        for object in api.list(kind, Some(object::namespace(quota))) {
            for (resource, amount) in usage(kind, object, quota) {
                *total.entry(resource).or_default() += amount;
            }
        }
    }
    total
}

/// The use of a quota as its status tells it.
pub fn used_text(api: &ApiServer, quota: &Value) -> Value {
    Value::Object(used(api, quota).into_iter().map(|(resource, amount)| (resource.clone(), json!(shown(&resource, amount)))).collect())
}

/// Refuses what goes beyond one of the namespace's quotas.
pub fn check(api: &ApiServer, kind: &Kind, new: &Value) -> Result<(), Status> {
    let refuse = |why: String| Err(Status::forbidden(&kind.resource(), object::name(new), &why));
    for quota in api.list(kinds::RESOURCE_QUOTA, Some(object::namespace(new)).filter(|_| kind.namespaced)).filter(|_| kind.namespaced) {
        let (name, hard) = (object::name(quota), object::map_at(quota, "spec.hard").cloned().unwrap_or_default());
        if kind.kind == "Pod"
            && in_scope(kind, new, quota)
            && let Some(missing) = missing(new, &hard)
        {
            return refuse(format!("failed quota: {name}: must specify {missing}"));
        }
        let wanted: Usage = usage(kind, new, quota).into_iter().filter(|(_, amount)| *amount > 0).collect();
        if wanted.is_empty() {
            continue;
        }
        let used = used(api, quota);
        let limit = |resource: &str| hard.get(resource).and_then(Value::as_str).map_or(0, milli);
        let over: Vec<&String> =
            wanted.iter().filter(|(r, amount)| used.get(*r).copied().unwrap_or(0) + **amount > limit(r)).map(|(r, _)| r).collect();
        if over.is_empty() {
            continue;
        }
        let list = |of: &dyn Fn(&str) -> String| over.iter().map(|r| format!("{r}={}", of(r))).collect::<Vec<_>>().join(",");
        let requested = list(&|r| shown(r, wanted.get(r).copied().unwrap_or(0)));
        let taken = list(&|r| shown(r, used.get(r).copied().unwrap_or(0)));
        let limited = list(&|r| hard.get(r).and_then(Value::as_str).unwrap_or("0").to_owned());
        return refuse(format!("exceeded quota: {name}, requested: {requested}, used: {taken}, limited: {limited}"));
    }
    Ok(())
}

/// Which of the limited resources containers say nothing of: `limits.cpu for: app; memory for: app,log`.
fn missing(pod: &Value, hard: &Map<String, Value>) -> Option<String> {
    let mut parts = Vec::new();
    for resource in hard.keys() {
        let Some((which, name)) = of_pods(resource) else { continue };
        let containers = object::list_at(pod, "spec.containers").iter().chain(object::list_at(pod, "spec.initContainers"));
        let silent = containers.filter(|c| object::at(c, &format!("resources.{which}")).and_then(|l| l.get(name)).is_none());
        let mut names: Vec<&str> = silent.map(|c| object::str_at(c, "name").unwrap_or("")).collect();
        names.order();
        if !names.is_empty() {
            parts.push(format!("{resource} for: {}", names.join(",")));
        }
    }
    parts.order();
    Some(parts.join("; ")).filter(|p| !p.is_empty())
}
