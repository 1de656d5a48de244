//! `kubectl expose`.

use super::create::{pair, sendable};
use crate::api::object::{at, i64_at, list_at, map_at, name};
use crate::api::{Map, Value, json, kinds};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::merge_json;
use crate::kubectl::output::print_done;
use crate::kubectl::resources::{self, Rules};

pub const VERB: Verb = Verb::new(
    "expose",
    "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]",
    "port:s target-port:s protocol:s name:s type:s selector:s labels,l:s external-ip:s load-balancer-ip:s cluster-ip:s session-affinity:s overrides:s override-type:s \
     filename,f:c kustomize,k:s recursive,R output,o:s dry-run=unchanged save-config field-manager:s template:s show-managed-fields",
    "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service.",
    run,
);

fn pairs(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut map = Map::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (key, value) = pair(part).ok_or_else(|| Failure::error(format!("unexpected label spec: {part}")))?;
        map.insert(key.into(), json!(value));
    }
    Ok(map)
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    // `--selector` is the Service's here, not the objects'.
    let mut lookup = call.clone();
    lookup.forget("selector");
    let request = resources::request(&lookup, &call.args, env, Rules::default())?;
    for (kind, o) in request.fetch_all(env)? {
        let selector = match (call.filled("selector"), kind.kind) {
            (Some(text), _) => pairs(text)?,
            (None, "Pod") => match map_at(&o, "metadata.labels").filter(|l| !l.is_empty()) {
                Some(labels) => labels.clone(),
                None => {
                    return Err(Failure::error(
                        "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
                    ));
                }
            },
            (None, "Service" | "ReplicationController") => map_at(&o, "spec.selector").cloned().unwrap_or_default(),
            (None, "Deployment" | "ReplicaSet") => map_at(&o, "spec.selector.matchLabels").cloned().unwrap_or_default(),
            (None, _) => return Err(Failure::error(format!("cannot expose a {}", kind.group_kind()))),
        };
        let spec_path = super::set::pod_spec_path(kind).unwrap_or("spec");
        let known: Vec<(i64, String)> = if kind.kind == "Service" {
            list_at(&o, "spec.ports").iter().map(|p| (i64_at(p, "port").unwrap_or(0), protocol(p))).collect()
        } else {
            at(&o, spec_path)
                .map(|s| list_at(s, "containers"))
                .unwrap_or_default()
                .iter()
                .flat_map(|c| list_at(c, "ports"))
                .map(|p| (i64_at(p, "containerPort").unwrap_or(0), protocol(p)))
                .collect()
        };
        let mut ports = Vec::new();
        match call.filled("port") {
            Some(text) => {
                for part in text.split(',') {
                    let port: i64 = part.parse().map_err(|_| Failure::error(format!("strconv.Atoi: parsing {part:?}: invalid syntax")))?;
                    let found = known.iter().find(|k| k.0 == port).map(|k| k.1.clone());
                    ports.push((port, call.filled("protocol").map(str::to_owned).or(found).unwrap_or_else(|| "TCP".into())));
                }
            }
            None => ports.extend(known.iter().map(|(port, protocol)| (*port, call.filled("protocol").map_or(protocol.clone(), str::to_owned)))),
        }
        if ports.is_empty() {
            return Err(Failure::error("couldn't find port via --port flag or introspection"));
        }
        let several = ports.len() > 1;
        let listed: Vec<Value> = ports
            .iter()
            .enumerate()
            .map(|(i, (port, protocol))| {
                let target = call.filled("target-port").map_or(json!(port), |t| t.parse::<i64>().map_or(json!(t), |n| json!(n)));
                let mut value = json!({"port": port, "protocol": protocol, "targetPort": target});
                if several {
                    value["name"] = json!(format!("port-{}", i + 1));
                }
                value
            })
            .collect();
        let mut spec = json!({"ports": listed, "selector": selector});
        for (flag, field) in
            [("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity"), ("load-balancer-ip", "loadBalancerIP")]
        {
            if let Some(value) = call.filled(flag) {
                spec[field] = json!(value);
            }
        }
        if let Some(ip) = call.filled("external-ip") {
            spec["externalIPs"] = json!([ip]);
        }
        let mut metadata = json!({"name": call.filled("name").unwrap_or(name(&o))});
        let labels = match call.filled("labels") {
            Some(text) => pairs(text)?,
            None => map_at(&o, "metadata.labels").cloned().unwrap_or_default(),
        };
        if !labels.is_empty() {
            metadata["labels"] = Value::Object(labels);
        }
        let mut value = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}});
        if let Some(overrides) = call.filled("overrides").and_then(|t| serde_json::from_str::<Value>(t).ok()) {
            merge_json(&mut value, &overrides);
        }
        let space = env.namespace(call);
        let shown = if dry == DryRun::Client {
            std::rc::Rc::new(value)
        } else {
            env.create(kinds::SERVICE, &space, sendable(value), &write_options("kubectl-expose", dry == DryRun::Server))?
        };
        print_done(call, env, kinds::SERVICE, &shown, &format!("exposed{}", dry.suffix()))?;
    }
    Ok(DONE)
}

fn protocol(port: &Value) -> String {
    crate::api::object::str_at(port, "protocol").unwrap_or("TCP").to_owned()
}
