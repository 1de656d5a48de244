//! The `resize` subresource: new amounts of cpu and memory for a Pod that runs.
//!
//! Models `podResizeStrategy`, `ValidatePodResize` and the admission plugin `podresize`; the texts are those of reference/01-decoding.md §8.

use super::{internal, restore, same, spec_of};
use crate::api::{Quantity, Status, Value, kinds, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};
use crate::manifest::{ClusterFacts, admit, amounts};

const LISTS: [&str; 2] = ["containers", "initContainers"];

/// The old Pod with the resources of the new one; containers that are not the same ones are left for validation to find.
pub fn taken(old: &Value, new: &Value) -> Value {
    let mut pod = old.clone();
    for list in LISTS {
        let at = format!("spec.{list}");
        let (before, after) = (object::list_at(old, &at), object::list_at(new, &at));
        let names = |containers: &[Value]| -> Vec<String> { containers.iter().map(|c| container_name(c).to_owned()).collect() };
        if after.len() > before.len() || !names(before).starts_with(&names(after)) {
            object::set(&mut pod, &at, Value::from(after.to_vec()));
            continue;
        }
        let mut merged = before.to_vec();
        merged.truncate(if after.is_empty() { 0 } else { before.len() });
        for (container, new) in merged.iter_mut().zip(after) {
            restore(new, container, "resources");
            restore(new, container, "resizePolicy");
        }
        if !(before.is_empty() && merged.is_empty()) {
            object::set(&mut pod, &at, Value::from(merged));
        }
    }
    match object::at(new, "spec.resources").cloned() {
        Some(resources) => object::set(&mut pod, "spec.resources", resources),
        None => drop(pod.get_mut("spec").and_then(|spec| object::remove(spec, "resources"))),
    }
    pod
}

pub fn check(old: &Value, new: &Value, errors: &mut ErrorList) {
    let refused = if object::annotations(old).is_some_and(|a| a.contains_key("kubernetes.io/config.mirror")) {
        Some("static pods cannot be resized")
    } else {
        (object::str_at(old, "spec.os.name") == Some("windows")).then_some("windows pods cannot be resized")
    };
    if let Some(detail) = refused {
        let mut error = FieldError::forbidden(&FieldPath::root(), detail);
        // How Go prints no path at all.
        error.field = "[]".into();
        *errors = error.into();
        return;
    }
    let path = FieldPath::new("spec");
    let class = object::str_at(old, "status.qosClass").filter(|c| !c.is_empty()).unwrap_or_else(|| admit::qos_class(old));
    if class != admit::qos_class(new) {
        errors.invalid(&path, class, "Pod QOS Class may not change as a result of resizing");
    }
    if !same_containers(old, new, &path, errors) {
        return;
    }
    let mut after = spec_of(new);
    for list in LISTS {
        let at = format!("spec.{list}");
        for (index, (old, new)) in object::list_at(old, &at).iter().zip(object::list_at(new, &at)).enumerate() {
            removed(old, new, "resource", &path.child(list).index(index).child("resources"), errors);
        }
        let containers = after.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (container, old) in containers.zip(object::list_at(old, &at)) {
            keep_cpu_and_memory(old, container);
        }
    }
    let before = spec_of(old);
    removed(&before, &after.clone(), "pod-level resource", &path.child("resources"), errors);
    keep_cpu_and_memory(&before, &mut after);
    if !same(&internal::pod_spec(&before), &internal::pod_spec(&after), "PodSpec") {
        errors.forbidden(&path, "only cpu and memory resources are mutable");
    }
}

fn container_name(container: &Value) -> &str {
    object::str_at(container, "name").unwrap_or("")
}

fn same_containers(old: &Value, new: &Value, path: &FieldPath, errors: &mut ErrorList) -> bool {
    let before = errors.len();
    for list in ["initContainers", "containers"] {
        let at = format!("spec.{list}");
        let (old, new) = (object::list_at(old, &at), object::list_at(new, &at));
        let path = path.child(list);
        if old.len() != new.len() {
            errors.forbidden(&path, format!("{list} may not be added or removed on resize"));
            continue;
        }
        for (index, (old, new)) in old.iter().zip(new).enumerate() {
            if container_name(old) != container_name(new) {
                let detail = format!("{list} may not be renamed or reordered on resize");
                errors.forbidden_at(&path.index(index), "name", detail);
            }
        }
    }
    errors.len() == before
}

/// An amount that was there stays there.
fn removed(old: &Value, new: &Value, what: &str, path: &FieldPath, errors: &mut ErrorList) {
    for list in ["requests", "limits"] {
        let at = format!("resources.{list}");
        let after = object::map_at(new, &at);
        let gone = object::map_at(old, &at).is_some_and(|before| before.keys().any(|name| after.is_none_or(|after| !after.contains_key(name))));
        if gone {
            errors.forbidden_at(path, list, format!("{what} {list} cannot be removed"));
        }
    }
}

/// Puts the old amounts of cpu and memory into the new resources, so that only what must not differ can.
fn keep_cpu_and_memory(old: &Value, new: &mut Value) {
    for list in ["limits", "requests"] {
        let at = format!("resources.{list}");
        let mut amounts = object::map_at(new, &at).cloned().unwrap_or_default();
        for name in ["cpu", "memory"] {
            match object::map_at(old, &at).and_then(|before| before.get(name)) {
                Some(amount) => drop(amounts.insert(name.into(), amount.clone())),
                None => drop(amounts.remove(name)),
            }
        }
        if !amounts.is_empty() || object::map_at(new, &at).is_some() {
            object::set(new, &at, Value::Object(amounts));
        }
    }
}

/// `plugin/pkg/admission/podresize`: what the node could never give is refused at once.
pub fn fits_its_node(pod: &Value, facts: &dyn ClusterFacts) -> Result<(), Status> {
    let name = object::str_at(pod, "spec.nodeName").unwrap_or("");
    let Some(node) = facts.get(kinds::NODE, "", name) else { return Ok(()) };
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let mut asked = amounts::of_containers(spec, "requests");
    for (name, amount) in object::map_at(spec, "resources.requests").into_iter().flatten() {
        let Some(amount) = amount.as_str().and_then(Quantity::parse) else { continue };
        asked.retain(|(asked, _)| *asked != name.as_str());
        asked.push((name, amount.nano()));
    }
    let mut short = Vec::new();
    // Cpu in thousandths, memory in bytes.
    for (name, unit) in [("cpu", 1_000_000), ("memory", 1_000_000_000)] {
        let has = object::map_at(&node, "status.allocatable").and_then(|a| a.get(name)).and_then(Value::as_str).and_then(Quantity::parse);
        let (Some(has), Some((_, asked))) = (has, asked.iter().find(|(asked, _)| *asked == name)) else { continue };
        if *asked > has.nano() {
            short.push(format!("{name}, requested: {}, allocatable: {}", asked / unit, has.nano() / unit));
        }
    }
    if short.is_empty() {
        return Ok(());
    }
    Err(Status::forbidden("pods", object::name(pod), &format!("node didn't have enough allocatable resources: {}", short.join("; "))))
}
