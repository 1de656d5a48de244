//! `kubectl create configmap | secret`.

use super::sources::{SOURCES, TYPED_SOURCES, collect};
use super::{generate, one_name};
use crate::api::{Map, Value, json, kinds};
use crate::kubectl::base64;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::verbs::help;

const REGISTRY: &str = "docker-server:s docker-username:s docker-password:s docker-email:s from-file:a append-hash @make";

const TLS_FLAGS: &str = "cert:s key:s append-hash @make";

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
            TYPED_SOURCES,
            "Create a secret from a local file, directory, or literal value",
            generic,
        ),
        Verb::new("tls", "NAME --cert=path/to/cert/file --key=path/to/key/file [options]", TLS_FLAGS, "Create a TLS secret", tls),
    ]);

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
    if !call.texts("from-file").is_empty() {
        let mut data = collect(call, env, &name, "Secret")?;
        if let Some(config) = data.remove("config.json") {
            data.insert(".dockerconfigjson".into(), config);
        }
        return generate(call, env, kinds::SECRET, secret(&name, data, Some("kubernetes.io/dockerconfigjson")), "failed to create secret ");
    }
    if user.is_empty() || password.is_empty() {
        return Err(Failure::error("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required"));
    }
    let server = call.filled("docker-server").unwrap_or("https://index.docker.io/v1/");
    let mut entry = json!({"username": user, "password": password, "auth": base64::encode(format!("{user}:{password}").as_bytes())});
    if let Some(email) = call.filled("docker-email") {
        entry["email"] = json!(email);
    }
    let config = crate::kubectl::json::typed(&json!({"auths": {server: entry}}), None);
    let data = Map::from_iter([(".dockerconfigjson".to_owned(), json!(base64::encode(config.as_bytes())))]);
    generate(call, env, kinds::SECRET, secret(&name, data, Some("kubernetes.io/dockerconfigjson")), "failed to create secret ")
}

fn tls(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    if call.filled("cert").is_none() || call.filled("key").is_none() {
        return Err(Failure::error("key and cert must be specified"));
    }
    let mut data = Map::new();
    for (flag, key) in [("cert", "tls.crt"), ("key", "tls.key")] {
        let path = call.text(flag).unwrap_or("");
        let text = env
            .files
            .get(&env.key(path))
            .ok_or_else(|| Failure::error(format!("Cannot read file {path}, open {path}: no such file or directory")))?;
        data.insert(key.into(), json!(base64::encode(text.as_bytes())));
    }
    // `tls.X509KeyPair` wants PEM; what is inside of it is not looked at here.
    for (flag, what) in [("cert", "certificate"), ("key", "key")] {
        let path = env.key(call.text(flag).unwrap_or(""));
        if !env.files.get(&path).is_some_and(|text| text.contains("-----BEGIN ")) {
            return Err(Failure::error(format!("tls: failed to find any PEM data in {what} input")));
        }
    }
    generate(call, env, kinds::SECRET, secret(&name, data, Some("kubernetes.io/tls")), "failed to create secret ")
}
