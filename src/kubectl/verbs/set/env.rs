//! `kubectl set env`.

use super::template::{containers, each};
use super::{NOTHING_NAMED, split};
use crate::api::object::{at, list_at, name, str_at};
use crate::api::{Kind, Value, json, object};
use crate::kubectl::base64;
use crate::kubectl::call::Call;
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::verbs::create::{names_variable, pair};

pub fn environment(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, mut words) = split(call);
    if objects.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error(NOTHING_NAMED));
    }
    words.extend(call.texts("env").iter().cloned());
    if words.iter().any(|w| w == "-") {
        words.retain(|w| w != "-");
        let lines = env.stdin.clone().unwrap_or_default();
        // What stands behind a `#` is a comment (`readEnv`).
        let plain = lines.lines().map(|line| line.split('#').next().unwrap_or(""));
        words.extend(plain.filter(|line| line.contains('=')).map(str::to_owned));
    }
    let request = resources::request(call, &objects, env, Rules { all_flag: true, ..Rules::TYPES })?;
    let (set, removed) = changes(&words)?;
    let sourced = match call.filled("from") {
        Some(from) => sourced(call, from, env)?,
        None => Vec::new(),
    };
    if call.is("list") {
        for (kind, o) in request.fetch_all(env)? {
            list(call, kind, &o, env)?;
        }
        return Ok(DONE);
    }
    let wanted = call.filled("containers").unwrap_or("*").to_owned();
    let keep = call.text("overwrite") == Some("false");
    each(call, &objects, env, "env updated", |spec, env, named| {
        let found = containers(spec, &wanted);
        if found.is_empty() {
            env.err(format!("Warning: {named} does not have any containers matching {wanted:?}\n"));
        }
        for container in found {
            let mut list = list_at(container, "env").to_vec();
            let new = set.iter().map(|(key, value)| json!({"name": key, "value": value})).chain(sourced.iter().cloned());
            for variable in new {
                match list.iter_mut().find(|e| e["name"] == variable["name"]) {
                    Some(old) if keep => {
                        let (key, value) = (str_at(&variable, "name").unwrap_or(""), str_at(old, "value").unwrap_or(""));
                        let (kind, name) = named.split_once('/').unwrap_or((named, ""));
                        let plural = Kind::by_name(kind).map_or(kind, |k| k.plural);
                        return Err(Failure::error(format!("{plural}/{name} '{key}' already has a value ({value}), and --overwrite is false")));
                    }
                    Some(old) => *old = variable,
                    None => list.push(variable),
                }
            }
            list.retain(|e| !removed.iter().any(|key| str_at(e, "name") == Some(key)));
            if list.is_empty() {
                object::remove(container, "env");
            } else {
                container["env"] = json!(list);
            }
        }
        Ok(())
    })
}

/// `K=V` and `K-`.
fn changes(words: &[String]) -> Result<(Vec<(&str, &str)>, Vec<&str>), Failure> {
    let set: Vec<(&str, &str)> = words.iter().filter_map(|w| pair(w)).collect();
    let removed: Vec<&str> = words.iter().filter(|w| !w.contains('=')).filter_map(|w| w.strip_suffix('-')).collect();
    if let Some((key, _)) = set.iter().find(|(key, _)| !names_variable(key)) {
        let rule = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
        return Err(Failure::error(format!("{key:?} is not a valid key name: {rule}")));
    }
    if set.iter().any(|(key, _)| removed.contains(key)) {
        return Err(Failure::error("can not both modify and remove the same environment variable in the same command"));
    }
    Ok((set, removed))
}

/// `--from=configmap/NAME`: a variable for each key.
fn sourced(call: &Call, from: &str, env: &mut Env) -> Result<Vec<Value>, Failure> {
    let space = env.namespace(call);
    let request = resources::request(&Call::default(), &[from.to_owned()], env, Rules::TYPES)?;
    let mut out = Vec::new();
    for kind in request.kinds() {
        let source = from.split_once('/').map_or("", |(_, name)| name);
        let o = env.require(kind, &space, source)?;
        let reference = match kind.kind {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return Err(Failure::error("unsupported resource specified in --from")),
        };
        let only = call.texts("keys");
        for key in object::map_at(&o, "data").into_iter().flatten().map(|(key, _)| key).filter(|key| only.is_empty() || only.contains(key)) {
            let variable: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
            if variable != *key {
                env.err(format!("Warning: key {key} transferred to {variable}\n"));
            }
            let variable = format!("{}{variable}", call.text("prefix").unwrap_or(""));
            out.push(json!({"name": variable, "valueFrom": {reference: {"key": key, "name": source}}}));
        }
    }
    Ok(out)
}

/// `--list`: what stands in the containers; with `--resolve` the values themselves.
fn list(call: &Call, kind: &Kind, o: &Value, env: &mut Env) -> Result<(), Failure> {
    let spec = kind.pod_spec().and_then(|p| at(o, p)).cloned().unwrap_or_default();
    let wanted = call.filled("containers").unwrap_or("*");
    let all = list_at(&spec, "containers").iter().chain(list_at(&spec, "initContainers"));
    for container in all.filter(|c| wanted == "*" || str_at(c, "name") == Some(wanted)) {
        env.out(format!("# {} {}, container {}\n", kind.kind, name(o), str_at(container, "name").unwrap_or("")));
        for variable in list_at(container, "env") {
            let key = str_at(variable, "name").unwrap_or("");
            let from = &variable["valueFrom"];
            let place = |field: &str| (str_at(&from[field], "name").unwrap_or("").to_owned(), str_at(&from[field], "key").unwrap_or("").to_owned());
            let (what, (source, entry)) = match (from.get("configMapKeyRef"), from.get("secretKeyRef")) {
                (Some(_), _) => ("configmap", place("configMapKeyRef")),
                (_, Some(_)) => ("secret", place("secretKeyRef")),
                _ if from.get("fieldRef").is_some() => {
                    env.out(format!("# {key} from field path {}\n", str_at(&from["fieldRef"], "fieldPath").unwrap_or("")));
                    continue;
                }
                _ => {
                    env.out(format!("{key}={}\n", str_at(variable, "value").unwrap_or("")));
                    continue;
                }
            };
            if !call.is("resolve") {
                env.out(format!("# {key} from {what} {source}, key {entry}\n"));
                continue;
            }
            let holder = env.require(resources::kind(what)?, object::namespace(o), &source)?;
            let text = object::map_at(&holder, "data").and_then(|d| d.get(&entry)).and_then(Value::as_str).unwrap_or("").to_owned();
            let text = if what == "secret" { base64::decode(&text).map_or(text, |b| String::from_utf8_lossy(&b).into_owned()) } else { text };
            env.out(format!("{key}={text}\n"));
        }
    }
    Ok(())
}
