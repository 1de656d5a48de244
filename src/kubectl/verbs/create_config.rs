//! `kubectl create configmap | secret | namespace | serviceaccount | quota | priorityclass`.

use super::create::{generate, one_name, pair};
use super::help;
use crate::api::{Kind, Map, Value, json, kinds};
use crate::kubectl::base64;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};

const SOURCES: &str = "from-literal:a from-file:a from-env-file:a append-hash type:s output,o:s dry-run=unchanged save-config field-manager:s \
    validate=strict template:s show-managed-fields";
const REGISTRY: &str = "docker-server:s docker-username:s docker-password:s docker-email:s from-file:a append-hash output,o:s dry-run=unchanged save-config \
    field-manager:s validate=strict template:s";
const TLS_FLAGS: &str = "cert:s key:s append-hash output,o:s dry-run=unchanged save-config field-manager:s validate=strict template:s";
const PLAIN: &str = "output,o:s dry-run=unchanged save-config field-manager:s validate=strict template:s show-managed-fields hard:s scopes:s value:i \
    global-default description:s preemption-policy:s";

pub const CONFIG_MAP: Verb = Verb::new(
    "configmap",
    "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]",
    SOURCES,
    "Create a config map based on a file, directory, or specified literal value.",
    config_map,
)
.alias(&["cm"]);
pub const SECRET: Verb = Verb::new("secret", "(docker-registry | generic | tls) [options]", "", "Create a secret with specified type.", secret_group)
    .with(&[
        Verb::new(
            "docker-registry",
            "NAME --docker-username=user --docker-password=password --docker-email=email [options]",
            REGISTRY,
            "Create a secret for use with a Docker registry",
            docker_registry,
        ),
        Verb::new(
            "generic",
            "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [options]",
            SOURCES,
            "Create a secret from a local file, directory, or literal value",
            generic,
        ),
        Verb::new("tls", "NAME --cert=path/to/cert/file --key=path/to/key/file [options]", TLS_FLAGS, "Create a TLS secret", tls)
            .requires(&["cert", "key"]),
    ]);
pub const NAMESPACE: Verb =
    Verb::new("namespace", "NAME [--dry-run=server|client|none] [options]", PLAIN, "Create a namespace with the specified name.", namespace)
        .alias(&["ns"]);
pub const SERVICE_ACCOUNT: Verb = Verb::new(
    "serviceaccount",
    "NAME [--dry-run=server|client|none] [options]",
    PLAIN,
    "Create a service account with the specified name.",
    service_account,
)
.alias(&["sa"]);
pub const QUOTA: Verb = Verb::new(
    "quota",
    "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [options]",
    PLAIN,
    "Create a resource quota with the specified name, hard limits, and optional scopes.",
    quota,
)
.alias(&["resourcequota"]);
pub const PRIORITY_CLASS: Verb = Verb::new(
    "priorityclass",
    "NAME --value=VALUE --global-default=BOOL [options]",
    PLAIN,
    "Create a priority class with the specified name, value, globalDefault and description.",
    priority_class,
)
.alias(&["pc"])
.requires(&["value"]);

/// Adds what the `--from-…` flags name. `what` is `ConfigMap` or `Secret`.
fn collect(call: &Call, env: &Env, name: &str, what: &str) -> Result<Map<String, Value>, Failure> {
    let mut data = Map::new();
    let mut add = |key: &str, text: String| {
        if data.contains_key(key) {
            return Err(Failure::error(format!("cannot add key {key:?}, another key by that name already exists in Data for {what} {name:?}")));
        }
        let bad = key.is_empty() || key.contains(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        if bad {
            let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
            let what = if what == "Secret" { "Secret" } else { "ConfigMap" };
            return Err(Failure::error(format!("{key:?} is not a valid key name for a {what}: {rule}")));
        }
        data.insert(key.into(), if what == "Secret" { json!(base64::encode(text.as_bytes())) } else { json!(text) });
        Ok(())
    };
    if !call.texts("from-env-file").is_empty() && !(call.texts("from-file").is_empty() && call.texts("from-literal").is_empty()) {
        return Err(Failure::error("from-env-file cannot be combined with from-file or from-literal"));
    }
    for source in call.texts("from-file") {
        let (key, path) = match source.split_once('=') {
            Some(("", _)) => return Err(Failure::error(format!("key name for file path {} missing", &source[1..]))),
            Some((_, "")) => return Err(Failure::error(format!("file path for key name {} missing", source.trim_end_matches('=')))),
            Some((key, path)) => (Some(key), path),
            None => (None, source.as_str()),
        };
        let plain = path.trim_start_matches("./");
        if let Some(text) = env.files.get(plain) {
            let key = key.unwrap_or_else(|| plain.rsplit('/').next().unwrap_or(plain));
            add(key, text.clone())?;
            continue;
        }
        let folder = format!("{}/", plain.trim_end_matches('/'));
        let inside: Vec<(&String, &String)> =
            env.files.iter().filter(|(n, _)| n.strip_prefix(&folder).is_some_and(|rest| !rest.contains('/'))).collect();
        if inside.is_empty() {
            return Err(Failure::error(format!("error reading {path}: no such file or directory")));
        }
        if key.is_some() {
            return Err(Failure::error("cannot give a key name for a directory path"));
        }
        for (path, text) in inside {
            add(path.rsplit('/').next().unwrap_or(path), text.clone())?;
        }
    }
    for path in call.texts("from-env-file") {
        let missing = || Failure::error(format!("error reading {path}: no such file or directory"));
        let text = env.files.get(path.trim_start_matches("./")).ok_or_else(missing)?;
        for line in text.lines().map(str::trim_start).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            add(key, value.into())?;
        }
    }
    for literal in call.texts("from-literal") {
        let (key, value) = pair(literal).ok_or_else(|| Failure::error(format!("invalid literal source {literal}, expected key=value")))?;
        let quoted = value.len() > 1 && (value.starts_with('"') && value.ends_with('"') || value.starts_with('\'') && value.ends_with('\''));
        add(key, if quoted { value[1..value.len() - 1].into() } else { value.into() })?;
    }
    Ok(data)
}

fn config_map(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let data = collect(call, env, &name, "ConfigMap")?;
    let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    if !data.is_empty() {
        value["data"] = Value::Object(data);
    }
    generate(call, env, kinds::CONFIG_MAP, value, "failed to create configmap: ")
}

fn secret_group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    help::group(&SECRET, call, SECRET_HELP, env)
}

const SECRET_HELP: &str = "Create a secret with specified type.

 A docker-registry type secret is for accessing a container registry.

 A generic type secret indicate an Opaque secret type.

 A tls type secret holds TLS certificate and its associated key.
";

fn secret(name: &str, data: Map<String, Value>, kind: Option<&str>) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !data.is_empty() {
        value["data"] = Value::Object(data);
    }
    if let Some(kind) = kind.filter(|k| !k.is_empty()) {
        value["type"] = json!(kind);
    }
    value
}

fn generic(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let data = collect(call, env, &name, "Secret")?;
    generate(call, env, kinds::SECRET, secret(&name, data, call.text("type")), "failed to create secret ")
}

fn docker_registry(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let (user, password) = (call.text("docker-username").unwrap_or(""), call.text("docker-password").unwrap_or(""));
    if call.texts("from-file").is_empty() && (user.is_empty() || password.is_empty()) {
        let missing: Vec<&str> =
            [("docker-username", user), ("docker-password", password)].iter().filter(|(_, v)| v.is_empty()).map(|(f, _)| *f).collect();
        return Err(Failure::error(format!(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required: {} missing",
            missing.join(", ")
        )));
    }
    let server = call.filled("docker-server").unwrap_or("https://index.docker.io/v1/");
    let mut entry = json!({"username": user, "password": password, "auth": base64::encode(format!("{user}:{password}").as_bytes())});
    if let Some(email) = call.filled("docker-email") {
        entry["email"] = json!(email);
    }
    let config = crate::kubectl::json::compact(&json!({"auths": {server: entry}}));
    let data = Map::from_iter([(".dockerconfigjson".to_owned(), json!(base64::encode(config.as_bytes())))]);
    generate(call, env, kinds::SECRET, secret(&name, data, Some("kubernetes.io/dockerconfigjson")), "failed to create secret ")
}

fn tls(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let mut data = Map::new();
    for (flag, key) in [("cert", "tls.crt"), ("key", "tls.key")] {
        let path = call.text(flag).unwrap_or("");
        let text = env.files.get(path).ok_or_else(|| Failure::error(format!("open {path}: no such file or directory")))?;
        data.insert(key.into(), json!(base64::encode(text.as_bytes())));
    }
    generate(call, env, kinds::SECRET, secret(&name, data, Some("kubernetes.io/tls")), "failed to create secret ")
}

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
        let (key, value) = pair(part).ok_or_else(|| Failure::error(format!("invalid argument syntax {part}, expected <resource>=<value>")))?;
        hard.insert(key.into(), json!(value));
    }
    let mut spec = json!({});
    if !hard.is_empty() {
        spec["hard"] = Value::Object(hard);
    }
    if let Some(scopes) = call.filled("scopes") {
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
