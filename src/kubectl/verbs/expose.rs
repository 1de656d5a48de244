//! `kubectl expose`.

use super::create::{pair, sendable};
use crate::api::object::{at, i64_at, list_at, map_at, name};
use crate::api::{Kind, Map, Value, json, kinds};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output::print_typed;
use crate::kubectl::resources::{self, Rules};

pub const VERB: Verb = Verb::new(
    "expose",
    "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]",
    "port:s target-port:s protocol:s name:s type:s selector:s labels,l:s external-ip:s load-balancer-ip:s cluster-ip:s session-affinity:s overrides:s override-type:s \
     @files output,o:s dry-run=unchanged save-config field-manager:s @show record",
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
    let mut request = resources::request(&lookup, &call.args, env, Rules::default())?;
    // What a file says is not asked for again.
    request.local = true;
    // What is learnt of the first object stays for the others, as in `expose.go`.
    let mut learnt = Learnt::default();
    let (found, mut failures) = request.fetch(env)?;
    for (kind, o) in found {
        if let Err(failure) = expose(call, kind, &o, dry, &mut learnt, env) {
            failures.push(failure);
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}

#[derive(Default)]
struct Learnt {
    selector: Option<Map<String, Value>>,
    ports: Option<Vec<(i64, String)>>,
    labels: Option<Map<String, Value>>,
}

fn expose(call: &Call, kind: &'static Kind, o: &Value, dry: DryRun, learnt: &mut Learnt, env: &mut Env) -> Result<(), Failure> {
    let selector = match (&learnt.selector, call.filled("selector"), kind.kind) {
        (Some(known), ..) => known.clone(),
        (None, Some(text), _) => pairs(text)?,
        (None, None, "Pod") => match map_at(o, "metadata.labels").filter(|l| !l.is_empty()) {
            Some(labels) => labels.clone(),
            None => {
                return Err(Failure::error(
                    "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
                ));
            }
        },
        (None, None, "Service" | "ReplicationController") => match map_at(o, "spec.selector").filter(|s| !s.is_empty()) {
            Some(selector) => selector.clone(),
            None => {
                let what =
                    if kind.kind == "Service" { "the service has no pod selector set" } else { "the replication controller has no pod selector set" };
                return Err(Failure::error(format!("couldn't retrieve selectors via --selector flag or introspection: {what}")));
            }
        },
        (None, None, "Deployment" | "ReplicaSet") => map_at(o, "spec.selector.matchLabels").cloned().unwrap_or_default(),
        (None, None, _) => return Err(Failure::error(format!("cannot expose a {}", kind.group_kind()))),
    };
    learnt.selector = Some(selector.clone());
    let known: Vec<(i64, String)> = if kind.kind == "Service" {
        list_at(o, "spec.ports").iter().map(|p| (i64_at(p, "port").unwrap_or(0), protocol(p))).collect()
    } else {
        let spec_path = kind.pod_spec().unwrap_or("spec");
        let containers = at(o, spec_path).map(|s| list_at(s, "containers")).unwrap_or_default();
        containers.iter().flat_map(|c| list_at(c, "ports")).map(|p| (i64_at(p, "containerPort").unwrap_or(0), protocol(p))).collect()
    };
    let ports = match &learnt.ports {
        Some(ports) => ports.clone(),
        None => ports_of(call, &known)?,
    };
    learnt.ports = Some(ports.clone());
    if call.filled("session-affinity").is_some_and(|s| !matches!(s, "None" | "ClientIP")) {
        return Err(Failure::error(format!("unknown session affinity: {}", call.text("session-affinity").unwrap_or(""))));
    }
    let labels = match (&learnt.labels, call.filled("labels")) {
        (Some(known), _) => known.clone(),
        (None, Some(text)) => pairs(text)?,
        (None, None) => map_at(o, "metadata.labels").cloned().unwrap_or_default(),
    };
    learnt.labels = Some(labels.clone());
    let value = service(call, name(o), &ports, selector, labels)?;
    let space = env.namespace(call);
    let shown = if dry == DryRun::Client {
        std::rc::Rc::new(value)
    } else {
        env.create(kinds::SERVICE, &space, sendable(value), &write_options("kubectl-expose", dry == DryRun::Server))?
    };
    print_typed(call, env, kinds::SERVICE, &shown, &format!("exposed{}", dry.suffix()))
}

/// `--port`, or the ports that the object has.
fn ports_of(call: &Call, known: &[(i64, String)]) -> Result<Vec<(i64, String)>, Failure> {
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
    Ok(ports)
}

fn service(call: &Call, own: &str, ports: &[(i64, String)], selector: Map<String, Value>, labels: Map<String, Value>) -> Result<Value, Failure> {
    let several = ports.len() > 1;
    let port = |(i, (port, protocol)): (usize, &(i64, String))| {
        let target = call.filled("target-port").map_or(json!(port), |t| t.parse::<i64>().map_or(json!(t), |n| json!(n)));
        let mut value = json!({"port": port, "protocol": protocol, "targetPort": target});
        if several {
            value["name"] = json!(format!("port-{}", i + 1));
        }
        value
    };
    let listed: Vec<Value> = ports.iter().enumerate().map(port).collect();
    let mut spec = json!({"ports": listed, "selector": selector});
    let balanced = call.text("type") == Some("LoadBalancer");
    for (flag, field) in
        [("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity"), ("load-balancer-ip", "loadBalancerIP")]
    {
        if let Some(value) = call.filled(flag).filter(|_| balanced || flag != "load-balancer-ip") {
            spec[field] = json!(value);
        }
    }
    if let Some(ip) = call.filled("external-ip") {
        spec["externalIPs"] = json!([ip]);
    }
    let mut metadata = json!({"name": call.filled("name").unwrap_or(own)});
    if !labels.is_empty() {
        metadata["labels"] = Value::Object(labels);
    }
    let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}});
    super::run::overridden(call, kinds::SERVICE, value)
}

fn protocol(port: &Value) -> String {
    crate::api::object::str_at(port, "protocol").unwrap_or("TCP").to_owned()
}
