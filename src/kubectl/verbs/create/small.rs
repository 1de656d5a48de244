//! `kubectl create namespace | serviceaccount | quota | priorityclass`: kinds of a few fields.

use super::{generate, one_name, pair};
use crate::api::{Kind, Map, Value, json, kinds};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::manifest::scalars::check_quantity;

pub const NAMESPACE: Verb =
    Verb::new("namespace", "NAME [--dry-run=server|client|none] [options]", "@make", "Create a namespace with the specified name.", namespace)
        .alias(&["ns"]);

pub const SERVICE_ACCOUNT: Verb = Verb::new(
    "serviceaccount",
    "NAME [--dry-run=server|client|none] [options]",
    "@make",
    "Create a service account with the specified name.",
    service_account,
)
.alias(&["sa"]);

pub const QUOTA: Verb = Verb::new(
    "quota",
    "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [options]",
    "@make hard:s scopes:s",
    "Create a resource quota with the specified name, hard limits, and optional scopes.",
    quota,
)
.alias(&["resourcequota"]);

pub const PRIORITY_CLASS: Verb = Verb::new(
    "priorityclass",
    "NAME --value=VALUE --global-default=BOOL [options]",
    "@make value:i global-default description:s preemption-policy:s",
    "Create a priority class with the specified name, value, globalDefault and description.",
    priority_class,
)
.alias(&["pc"]);

fn namespace(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}, "status": {}});
    generate(call, env, kinds::NAMESPACE, value, "")
}

fn service_account(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    generate(
        call,
        env,
        kinds::SERVICE_ACCOUNT,
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}),
        "failed to create serviceaccount: ",
    )
}

fn plain_kind(name: &str) -> Result<&'static Kind, Failure> {
    crate::kubectl::resources::kind(name)
}

fn quota(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let mut hard = Map::new();
    for part in call.filled("hard").unwrap_or("").split(',').filter(|p| !p.is_empty()) {
        let (key, value) = pair(part).ok_or_else(|| Failure::error(format!("Invalid argument syntax {part}, expected <resource>=<value>")))?;
        check_quantity(value).map_err(Failure::error)?;
        hard.insert(key.into(), json!(value));
    }
    let mut spec = json!({});
    if !hard.is_empty() {
        spec["hard"] = Value::Object(hard);
    }
    if let Some(scopes) = call.filled("scopes") {
        if let Some(scope) = scopes.split(',').find(|s| s.is_empty()) {
            return Err(Failure::error(format!("invalid resource quota scope {scope:?}")));
        }
        spec["scopes"] = json!(scopes.split(',').collect::<Vec<_>>());
    }
    let value = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec, "status": {}});
    generate(call, env, plain_kind("quota")?, value, "failed to create quota: ")
}

fn priority_class(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let mut value = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
        "preemptionPolicy": call.filled("preemption-policy").unwrap_or("PreemptLowerPriority"), "value": call.int("value").unwrap_or(0)});
    if call.is("global-default") {
        value["globalDefault"] = json!(true);
    }
    if let Some(description) = call.filled("description") {
        value["description"] = json!(description);
    }
    generate(call, env, plain_kind("priorityclass")?, value, "failed to create priorityclass: ")?;
    Ok(DONE)
}
