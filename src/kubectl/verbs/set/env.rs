//! `kubectl set env`.

use super::template::{containers, each};
use super::{pod_spec_path, split};
use crate::api::object::{at, list_at, name, str_at};
use crate::api::{Value, json, object};
use crate::kubectl::call::Call;
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::verbs::create::pair;

pub fn environment(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, mut words) = split(call);
    words.extend(call.texts("env").iter().cloned());
    let mut sourced = Vec::new();
    if let Some(from) = call.filled("from") {
        let space = env.namespace(call);
        let (kind_name, source) = from.split_once('/').unwrap_or(("configmap", from));
        let kind = resources::kind(kind_name)?;
        let o = env.require(kind, &space, source)?;
        let reference = if kind.kind == "Secret" { "secretKeyRef" } else { "configMapKeyRef" };
        for key in object::map_at(&o, "data").into_iter().flatten().map(|(k, _)| k) {
            let variable: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
            sourced.push(
                json!({"name": format!("{}{variable}", call.text("prefix").unwrap_or("")), "valueFrom": {reference: {"key": key, "name": source}}}),
            );
        }
    }
    if call.is("list") {
        let request = resources::request(call, &objects, env, Rules { type_alone: false, all_flag: true })?;
        for (kind, o) in request.fetch_all(env)? {
            let spec = pod_spec_path(kind).and_then(|p| at(&o, p)).cloned().unwrap_or_default();
            for container in list_at(&spec, "containers") {
                env.out(format!("# {} {}, container {}\n", kind.plural, name(&o), str_at(container, "name").unwrap_or("")));
                for variable in list_at(container, "env") {
                    env.out(match str_at(variable, "value") {
                        Some(value) => format!("{}={value}\n", str_at(variable, "name").unwrap_or("")),
                        None => {
                            format!("# {} from {}\n", str_at(variable, "name").unwrap_or(""), crate::kubectl::json::compact(&variable["valueFrom"]))
                        }
                    });
                }
            }
        }
        return Ok(DONE);
    }
    if words.is_empty() && sourced.is_empty() {
        return Err(Failure::error("at least one environment variable must be provided"));
    }
    let wanted = call.filled("containers").unwrap_or("*").to_owned();
    each(call, &objects, env, "env updated", |spec| {
        for container in containers(spec, &wanted) {
            let mut list = list_at(container, "env").to_vec();
            let mut put = |variable: Value| match list.iter_mut().find(|e| e["name"] == variable["name"]) {
                Some(old) => *old = variable,
                None => list.push(variable),
            };
            for word in &words {
                if let Some((key, value)) = pair(word) {
                    put(json!({"name": key, "value": value}));
                }
            }
            sourced.iter().cloned().for_each(&mut put);
            list.retain(|e| !words.iter().any(|w| w.strip_suffix('-').is_some_and(|k| !w.contains('=') && str_at(e, "name") == Some(k))));
            if list.is_empty() {
                object::remove(container, "env");
            } else {
                container["env"] = json!(list);
            }
        }
        Ok(())
    })
}
