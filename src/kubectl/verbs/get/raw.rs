//! `kubectl get --raw PATH` and `--subresource`: what the server answers below an object's own path.

use crate::api::{Kind, Status, Value, json, object};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::rows;

/// `--raw /api/v1/namespaces/default/pods/web`
pub fn raw(path: &str, env: &mut Env) -> Result<Flow, Failure> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let rest = match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] => {
            env.out("ok");
            return Ok(DONE);
        }
        ["version"] => {
            env.out("{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n  \"gitVersion\": \"v1.36.3\"\n}");
            return Ok(DONE);
        }
        ["api", _, rest @ ..] => rest,
        ["apis", _, _, rest @ ..] => rest,
        _ => &[],
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let missing = || Failure::from(Status::new(404, "NotFound", "the server could not find the requested resource"));
    let kind = rest.first().and_then(|plural| Kind::by_name(plural)).ok_or_else(missing)?;
    let value = match rest.get(1) {
        Some(name) if rest.len() > 2 => match (rest[2], rest.len()) {
            (sub, 3) => subresource(kind, env.require(kind, namespace.unwrap_or(""), name)?.as_ref(), sub)?,
            _ => return Err(missing()),
        },
        Some(name) => env.require(kind, namespace.unwrap_or(""), name)?.as_ref().clone(),
        None => {
            let items: Vec<Value> = env.list(kind, namespace).iter().map(|o| o.as_ref().clone()).collect();
            json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(), "metadata": {"resourceVersion": env.cluster.api.resource_version().to_string()}, "items": items})
        }
    };
    env.out(crate::kubectl::json::compact(&value));
    Ok(DONE)
}

/// What a subresource shows of an object.
pub fn subresource(kind: &Kind, o: &Value, name: &str) -> Result<Value, Failure> {
    let scales = matches!(kind.kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController");
    match name {
        "status" => Ok(o.clone()),
        "resize" | "ephemeralcontainers" if kind.kind == "Pod" => Ok(o.clone()),
        "scale" if scales => {
            let mut metadata = json!({});
            for field in ["creationTimestamp", "name", "namespace", "resourceVersion", "uid"] {
                if let Some(value) = o["metadata"].get(field) {
                    metadata[field] = value.clone();
                }
            }
            let selector = rows::selector(o, "spec.selector");
            let count = |path| object::i64_at(o, path).unwrap_or(0);
            Ok(
                json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": count("spec.replicas")}, "status": {"replicas": count("status.replicas"), "selector": selector}}),
            )
        }
        _ => Err(Status::new(404, "NotFound", "the server could not find the requested resource").into()),
    }
}
