//! LimitRanges: what they fill into new Pods and what they refuse. Models `plugin/pkg/admission/limitranger`.

use super::ApiServer;
use crate::api::order::InOrder as _;
use crate::api::{Kind, Map, Quantity, Status, Value, json, kinds, object};

fn limits_of<'a>(api: &'a ApiServer, namespace: &str, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let ranges = api.list(kinds::LIMIT_RANGE, Some(namespace));
    ranges.flat_map(|r| object::list_at(r, "spec.limits")).filter(move |l| object::str_at(l, "type") == Some(kind))
}

fn text_of<'a>(list: Option<&'a Value>, resource: &str) -> Option<&'a str> {
    list?.get(resource)?.as_str()
}

/// What a limit gives to containers that say nothing: requests and limits by resource. Models `SetDefaults_LimitRangeItem`.
fn defaults(limit: &Value, which: &str) -> Map<String, Value> {
    let sources: &[&str] = if which == "limits" { &["default", "max"] } else { &["defaultRequest", "default", "max", "min"] };
    let mut out = Map::new();
    for (name, value) in sources.iter().filter_map(|field| limit.get(*field)?.as_object()).flatten() {
        out.entry(name.clone()).or_insert_with(|| value.clone());
    }
    out
}

/// Fills in what a Pod's containers leave open, before anything else looks at it.
pub fn set_defaults(api: &ApiServer, kind: &Kind, pod: &mut Value) {
    if kind.kind != "Pod" {
        return;
    }
    let space = object::namespace(pod).to_owned();
    let Some(limit) = limits_of(api, &space, "Container").next().cloned() else { return };
    let mut said = Vec::new();
    for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
        for container in pod.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut).into_iter().flatten() {
            if !container.is_object() || container.get("resources").is_some_and(|r| !r.is_object()) {
                continue;
            }
            let name = object::str_at(container, "name").unwrap_or("").to_owned();
            let written = object::map_at(container, "resources.limits").cloned().unwrap_or_default();
            for (which, one) in [("requests", "request"), ("limits", "limit")] {
                let mut list = object::map_at(container, &format!("resources.{which}")).cloned().unwrap_or_default();
                let mut added = Vec::new();
                for (resource, value) in defaults(&limit, which) {
                    // A written limit becomes the request by itself.
                    if !list.contains_key(&resource) && !(which == "requests" && written.contains_key(&resource)) {
                        list.insert(resource.clone(), value);
                        added.push(resource);
                    }
                }
                if !added.is_empty() {
                    added.order();
                    object::set(container, &format!("resources.{which}"), Value::Object(list));
                    said.push(format!("{} {one} for {word} {name}", added.join(", ")));
                }
            }
        }
    }
    if !said.is_empty() {
        let mut annotations = object::map_at(pod, "metadata.annotations").cloned().unwrap_or_default();
        annotations.insert("kubernetes.io/limit-ranger".into(), json!(format!("LimitRanger plugin set: {}", said.join("; "))));
        object::set(pod, "metadata.annotations", Value::Object(annotations));
    }
}

/// Refuses a Pod (or a claim) that is beyond a limit.
pub fn check(api: &ApiServer, kind: &Kind, object: &Value) -> Result<(), Status> {
    let space = object::namespace(object);
    let mut errors = Vec::new();
    if kind.kind == "Pod" {
        let containers = || object::list_at(object, "spec.containers").iter().chain(object::list_at(object, "spec.initContainers"));
        for limit in limits_of(api, space, "Container") {
            for container in containers() {
                let of = |which: &str, resource: &str| text_of(object::at(container, &format!("resources.{which}")), resource).map(str::to_owned);
                one(limit, "Container", &of, &mut errors);
            }
        }
        for limit in limits_of(api, space, "Pod") {
            let of = |which: &str, resource: &str| super::quota::pod_sum(object, which, resource);
            one(limit, "Pod", &of, &mut errors);
        }
    } else if kind.kind == "PersistentVolumeClaim" {
        for limit in limits_of(api, space, "PersistentVolumeClaim") {
            let of = |which: &str, resource: &str| text_of(object::at(object, &format!("spec.resources.{which}")), resource).map(str::to_owned);
            one(limit, "PersistentVolumeClaim", &of, &mut errors);
        }
    }
    match errors.as_slice() {
        [] => Ok(()),
        [only] => Err(Status::forbidden(&kind.resource(), object::name(object), only)),
        all => Err(Status::forbidden(&kind.resource(), object::name(object), &format!("[{}]", all.join(", ")))),
    }
}

/// Holds one thing's requests and limits against one limit. Deviation: resources in order of name; the real order is random.
fn one(limit: &Value, what: &str, of: &dyn Fn(&str, &str) -> Option<String>, errors: &mut Vec<String>) {
    let number = |text: &str| Quantity::parse(text).map_or(0, Quantity::nano);
    let bounds = |field: &str| limit.get(field).and_then(Value::as_object).into_iter().flatten().filter_map(|(r, v)| Some((r.clone(), v.as_str()?)));
    for (resource, least) in bounds("min") {
        let start = format!("minimum {resource} usage per {what} is {least}");
        match (of("requests", &resource), of("limits", &resource)) {
            (None, _) => errors.push(format!("{start}.  No request is specified")),
            (_, Some(given)) if number(&given) < number(least) => errors.push(format!("{start}, but limit is {given}")),
            (Some(given), _) if number(&given) < number(least) => errors.push(format!("{start}, but request is {given}")),
            (Some(_), _) => {}
        }
    }
    for (resource, most) in bounds("max") {
        let start = format!("maximum {resource} usage per {what} is {most}");
        // A claim has no limit to hold against.
        let given = if what == "PersistentVolumeClaim" { of("requests", &resource) } else { of("limits", &resource) };
        match (given, of("requests", &resource)) {
            (None, _) => errors.push(format!("{start}.  No limit is specified")),
            (Some(given), _) if number(&given) > number(most) => {
                let word = if what == "PersistentVolumeClaim" { "request" } else { "limit" };
                errors.push(format!("{start}, but {word} is {given}"));
            }
            (_, Some(given)) if number(&given) > number(most) => errors.push(format!("{start}, but request is {given}")),
            (Some(_), _) => {}
        }
    }
    for (resource, most) in bounds("maxLimitRequestRatio") {
        let start = format!("{resource} max limit to request ratio per {what} is {most}");
        let (request, given) = (of("requests", &resource).map_or(0, |t| number(&t)), of("limits", &resource).map_or(0, |t| number(&t)));
        if request == 0 {
            errors.push(format!("{start}, but no request is specified or request is 0"));
        } else if given == 0 {
            errors.push(format!("{start}, but no limit is specified or limit is 0"));
        } else if given * 1_000_000_000 / request > number(most) {
            let millionths = given * 1_000_000 / request;
            errors.push(format!("{start}, but provided ratio is {}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
        }
    }
}
