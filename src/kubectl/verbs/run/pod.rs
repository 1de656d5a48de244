//! The Pod that the flags of `kubectl run` describe.

use crate::api::{Map, Value, json};
use crate::kubectl::call::Call;
use crate::kubectl::env::Failure;
use crate::kubectl::verbs::create;

/// A reference as `distribution/reference` reads it, as far as people get it wrong: upper case, blanks, an empty part.
pub fn is_image(text: &str) -> bool {
    let (path, digest) = text.split_once('@').map_or((text, None), |(p, d)| (p, Some(d)));
    if digest.is_some_and(|d| !d.contains(':')) {
        return false;
    }
    let slash = path.rfind('/').map_or(0, |n| n + 1);
    let (base, tag) = match path[slash..].split_once(':') {
        Some((base, tag)) => (format!("{}{base}", &path[..slash]), Some(tag)),
        None => (path.to_owned(), None),
    };
    let tag_ok = tag.is_none_or(|t| {
        !t.is_empty() && t.len() <= 128 && !t.starts_with(['.', '-']) && t.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    });
    let parts: Vec<&str> = base.split('/').collect();
    let host = |p: &str| p.contains(['.', ':']) || p == "localhost";
    tag_ok
        && parts.iter().enumerate().all(|(i, part)| {
            if i == 0 && parts.len() > 1 && host(part) {
                return part.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
            }
            let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            part.starts_with(ends) && part.ends_with(ends) && part.chars().all(|c| ends(c) || "._-".contains(c))
        })
}

pub fn build(call: &Call, pod_name: &str, rest: &[String], restart: &str, port: Option<i64>) -> Result<Value, Failure> {
    let mut labels = Map::new();
    match call.filled("labels") {
        None => drop(labels.insert("run".into(), json!(pod_name))),
        Some(text) => {
            for part in text.split(',').filter(|p| !p.is_empty()) {
                let (key, value) = create::pair(part)
                    .filter(|(_, value)| !value.contains('='))
                    .ok_or_else(|| Failure::error(format!("unexpected label spec: {part}")))?;
                labels.insert(key.into(), json!(value));
            }
        }
    }
    let mut container = json!({"image": call.text("image").unwrap_or(""), "name": pod_name, "resources": {}});
    let mut variables = Vec::new();
    for text in call.texts("env") {
        let (key, value) =
            create::pair(text).filter(|(key, _)| create::names_variable(key)).ok_or_else(|| Failure::error(format!("invalid env: {text}")))?;
        variables.push(if value.is_empty() { json!({"name": key}) } else { json!({"name": key, "value": value}) });
    }
    if !variables.is_empty() {
        container["env"] = json!(variables);
    }
    if let Some(port) = port {
        container["ports"] = json!([{"containerPort": port}]);
    }
    if !rest.is_empty() {
        container[if call.is("command") { "command" } else { "args" }] = json!(rest);
    }
    if let Some(policy) = call.filled("image-pull-policy") {
        container["imagePullPolicy"] = json!(policy);
    }
    if call.is("stdin") {
        container["stdin"] = json!(true);
        if !call.is("leave-stdin-open") {
            container["stdinOnce"] = json!(true);
        }
    }
    if call.is("tty") {
        container["tty"] = json!(true);
    }
    if call.is("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    let mut metadata = json!({"name": pod_name});
    if !labels.is_empty() {
        metadata["labels"] = Value::Object(labels);
    }
    let mut annotations = Map::new();
    for text in call.texts("annotations") {
        let (key, value) = create::pair(text).ok_or_else(|| Failure::error(format!("invalid annotations format: {text}")))?;
        annotations.insert(key.into(), json!(value));
    }
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    let spec = json!({"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart});
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}))
}
