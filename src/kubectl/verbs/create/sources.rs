//! What `--from-literal`, `--from-file` and `--from-env-file` say, for `kubectl create configmap` and `secret generic`.

use super::pair;
use crate::api::{Map, Value, json};
use crate::kubectl::base64;
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure};

/// What ConfigMaps and Secrets are made from.
pub const SOURCES: &str = "from-literal:a from-file:a from-env-file:a append-hash @make";
pub const TYPED_SOURCES: &str = "from-literal:a from-file:a from-env-file:a append-hash type:s @make";

/// What a key of an env file must be (`validation.IsEnvVarName`).
const ENV_NAME: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/// Adds what the `--from-…` flags name. `what` is `ConfigMap` or `Secret`.
pub fn collect(call: &Call, env: &Env, name: &str, what: &str) -> Result<Map<String, Value>, Failure> {
    let mut data = Map::new();
    let mut add = |key: &str, text: String| {
        if data.contains_key(key) {
            return Err(Failure::error(if what == "Secret" {
                format!("cannot add key {key}, another key by that name already exists")
            } else {
                format!("cannot add key {key:?}, another key by that name already exists in Data for {what} {name:?}")
            }));
        }
        let bad = key.is_empty() || key.contains(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        if bad {
            let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
            return Err(Failure::error(if what == "Secret" {
                format!("{key:?} is not valid key name for a Secret {rule}")
            } else {
                format!("{key:?} is not a valid key name for a {what}: {rule}")
            }));
        }
        data.insert(key.into(), if what == "Secret" { json!(base64::encode(text.as_bytes())) } else { json!(text) });
        Ok(())
    };
    if !call.texts("from-env-file").is_empty() && !(call.texts("from-file").is_empty() && call.texts("from-literal").is_empty()) {
        return Err(Failure::error("from-env-file cannot be combined with from-file or from-literal"));
    }
    for source in call.texts("from-file") {
        if source.matches('=').count() > 1 {
            return Err(Failure::error("key names or file paths cannot contain '='"));
        }
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
            let starts_badly = key.starts_with(|c: char| c.is_ascii_digit());
            if key.is_empty() || starts_badly || key.contains(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))) {
                // Models `processEnvFileLine` of `kubectl/pkg/cmd/util/env_file.go`.
                return Err(Failure::error(format!("{key:?} is not a valid key name: {ENV_NAME}")));
            }
            add(key, value.into())?;
        }
    }
    for literal in call.texts("from-literal") {
        let (key, value) = pair(literal).ok_or_else(|| Failure::error(format!("invalid literal source {literal}, expected key=value")))?;
        add(key, value.into())?;
    }
    Ok(data)
}
