//! `kubectl create poddisruptionbudget | ingress`.

use super::{generate, one_name, pair};
use crate::api::{Kind, Value, json};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::selector;

const BUDGET_FLAGS: &str = "min-available:s max-unavailable:s selector:s @make";
const INGRESS_FLAGS: &str = "rule:a class:s default-backend:s annotation:a @make";

pub const BUDGET: Verb = Verb::new(
    "poddisruptionbudget",
    "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none] [options]",
    BUDGET_FLAGS,
    "Create a pod disruption budget with the specified name",
    budget,
)
.alias(&["pdb"]);
pub const INGRESS: Verb = Verb::new(
    "ingress",
    "NAME --rule=host/path=service:port[,tls[=secret]] [options]",
    INGRESS_FLAGS,
    "Create an ingress with the specified name",
    ingress,
)
.alias(&["ing"]);

/// `3` or `50%`.
fn count(flag: &str, text: &str) -> Result<Value, Failure> {
    match text.strip_suffix('%').unwrap_or(text).parse::<i64>() {
        Ok(_) if text.ends_with('%') => Ok(json!(text)),
        Ok(number) => Ok(json!(number)),
        Err(_) => Err(Failure::error(format!("invalid format specified for {flag}"))),
    }
}

fn kind(name: &str) -> Result<&'static Kind, Failure> {
    Kind::by_name(name).ok_or_else(|| Failure::error(format!("the server doesn't have a resource type {name:?}")))
}

/// Models `create_pdb.go`.
fn budget(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let Some(text) = call.filled("selector") else { return Err(Failure::error("a selector must be specified")) };
    let labels = selector::parse(text).map_err(Failure::error)?;
    let (least, most) = (call.filled("min-available"), call.filled("max-unavailable"));
    let mut spec = json!({"selector": {}});
    match (least, most) {
        (Some(_), Some(_)) => return Err(Failure::error("min-available and max-unavailable cannot be both specified")),
        (None, None) => return Err(Failure::error("one of min-available or max-unavailable must be specified")),
        (Some(least), None) => spec["minAvailable"] = count("min-available", least)?,
        (None, Some(most)) => spec["maxUnavailable"] = count("max-unavailable", most)?,
    }
    spec["selector"] = selector::to_value(&labels);
    let status = json!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
    let value = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec, "status": status});
    generate(call, env, kind("pdb")?, value, "failed to create poddisruptionbudgets: ")
}

/// Models `create_ingress.go`: `host/path=service:port`, a path that ends in `*` is a prefix.
fn ingress(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    if call.texts("rule").is_empty() && call.filled("default-backend").is_none() {
        return Err(Failure::error(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let mut metadata = json!({"name": name});
    for text in call.texts("annotation") {
        let (key, value) = pair(text).ok_or_else(|| Failure::error(format!("annotation {text} is invalid and should be in format key=[value]")))?;
        metadata["annotations"][key] = json!(value);
    }
    let mut spec = json!({});
    if let Some(class) = call.filled("class") {
        spec["ingressClassName"] = json!(class);
    }
    if let Some(backend) = call.filled("default-backend") {
        let bad = || Failure::error("default-backend should be in format servicename:serviceport");
        spec["defaultBackend"] = self::backend(backend).ok_or_else(bad)?;
    }
    let (mut rules, mut tls): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for text in call.texts("rule") {
        let bad = || Failure::error(format!("rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"));
        let plain = text.split(',').next().unwrap_or("");
        let (place, target) = plain.split_once('=').ok_or_else(bad)?;
        let (host, path) = place.split_once('/').ok_or_else(bad)?;
        let (path, path_type) = path.strip_suffix('*').map_or((path, "Exact"), |path| (path, "Prefix"));
        let path = json!({"backend": backend(target).ok_or_else(bad)?, "path": format!("/{path}"), "pathType": path_type});
        // `tls=SECRET` or `tls` alone; one entry for each secret, with its hosts.
        if let Some(secured) = text.split(',').nth(1) {
            let secret = secured.strip_prefix("tls").ok_or_else(bad)?.trim_start_matches('=');
            match tls.iter_mut().find(|t| t["secretName"].as_str().unwrap_or("") == secret) {
                Some(entry) => entry["hosts"].as_array_mut().into_iter().for_each(|hosts| hosts.push(json!(host))),
                None if secret.is_empty() => tls.push(json!({"hosts": [host]})),
                None => tls.push(json!({"hosts": [host], "secretName": secret})),
            }
        }
        match rules.iter_mut().find(|r| r["host"].as_str().unwrap_or("") == host) {
            Some(rule) => rule["http"]["paths"].as_array_mut().into_iter().for_each(|paths| paths.push(path.clone())),
            None if host.is_empty() => rules.push(json!({"http": {"paths": [path]}})),
            None => rules.push(json!({"host": host, "http": {"paths": [path]}})),
        }
    }
    if !tls.is_empty() {
        spec["tls"] = json!(tls);
    }
    if !rules.is_empty() {
        spec["rules"] = json!(rules);
    }
    let value = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}});
    generate(call, env, kind("ingress")?, value, "failed to create ingress: ")
}

fn backend(text: &str) -> Option<Value> {
    let (service, port) = text.split_once(':')?;
    let port = port.parse::<i64>().map_or_else(|_| json!({"name": port}), |n| json!({"number": n}));
    Some(json!({"service": {"name": service, "port": port}}))
}
