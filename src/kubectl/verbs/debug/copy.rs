//! `kubectl debug --copy-to`: a copy of a Pod with other images, another command or one more container.
//!
//! Models `generatePodCopyWithDebugContainer` of `debug.go` and what the profiles do to a copy.

use crate::api::object::{self, at, list_at, name, namespace, str_at};
use crate::api::{Value, json, kinds};
use crate::cluster::apiserver::{DeleteOptions, Key};
use crate::kubectl::call::Call;
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};

/// Whether the container that `-c` names is one of the Pod's own.
pub fn is_own(call: &Call, pod: &Value) -> bool {
    call.filled("container").is_some_and(|wanted| list_at(pod, "spec.containers").iter().any(|c| str_at(c, "name") == Some(wanted)))
}

/// `extra`: what the debug container has; none where only images change.
pub fn copy_pod(call: &Call, pod: &Value, copy: &str, extra: Option<Value>, env: &mut Env) -> Result<Flow, Failure> {
    let mut value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": copy}, "spec": pod["spec"]});
    for (field, flag) in [("labels", "keep-labels"), ("annotations", "keep-annotations")] {
        if let Some(kept) = pod["metadata"].get(field).filter(|_| call.is(flag) || extra.is_none()) {
            value["metadata"][field] = kept.clone();
        }
    }
    object::remove(&mut value, "spec.ephemeralContainers");
    if !call.is("same-node") {
        object::remove(&mut value, "spec.nodeName");
    }
    if call.changed("share-processes") {
        object::set(&mut value, "spec.shareProcessNamespace", json!(call.is("share-processes")));
    }
    let images: Vec<(&str, &str)> = call.texts("set-image").iter().flat_map(|text| text.split(',')).filter_map(|pair| pair.split_once('=')).collect();
    let spec = &mut value["spec"];
    for container in spec.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        let own = str_at(container, "name").unwrap_or("").to_owned();
        let image = images.iter().find(|(name, _)| *name == own).or_else(|| images.iter().find(|(name, _)| *name == "*"));
        if let Some((_, image)) = image {
            container["image"] = json!(image);
        }
    }
    if let Some(mut extra) = extra {
        if let Some(map) = extra.as_object_mut() {
            map.retain(|_, v| !v.is_null());
        }
        for (field, flag) in [("livenessProbe", "keep-liveness"), ("readinessProbe", "keep-readiness"), ("startupProbe", "keep-startup")] {
            for container in spec.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten().filter(|_| !call.is(flag)) {
                object::remove(container, field);
            }
        }
        if call.text("keep-init-containers") == Some("false") {
            object::remove(spec, "initContainers");
        }
        if at(spec, "shareProcessNamespace").is_none() {
            spec["shareProcessNamespace"] = json!(true);
        }
        let Some(list) = spec.get_mut("containers").and_then(Value::as_array_mut) else { return Ok(DONE) };
        match list.iter_mut().find(|c| is_own(call, pod) && c["name"] == extra["name"]) {
            // One of its own gets what was asked for; of a debug container's own ways it takes none.
            Some(own) => {
                for (field, wanted) in extra.as_object().into_iter().flatten() {
                    if !matches!(field.as_str(), "name" | "resources" | "terminationMessagePolicy") {
                        own[field.as_str()] = wanted.clone();
                    }
                }
                if extra.get("command").is_some() {
                    object::remove(own, "args");
                }
            }
            None => list.push(extra),
        }
    }
    let space = env.namespace(call);
    env.create(kinds::POD, &space, value, &write_options("kubectl-debug", false))?;
    if call.is("replace") {
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        env.delete(&Key::new(kinds::POD, namespace(pod), name(pod)), options)?;
    }
    Ok(DONE)
}
