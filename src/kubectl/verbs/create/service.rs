//! `kubectl create service clusterip | nodeport | loadbalancer | externalname`.

use super::{generate, one_name};
use crate::api::{Value, json, kinds};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::verbs::help;

const FLAGS: &str = "tcp:a node-port:i clusterip:s external-name:s output,o:s dry-run=unchanged save-config field-manager:s validate=strict template:s show-managed-fields";

pub const SERVICE: Verb =
    Verb::new("service", "[flags] [options]", "", "Create a service using a specified subcommand.", group).alias(&["svc"]).with(&[
        Verb::new(
            "clusterip",
            "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]",
            FLAGS,
            "Create a ClusterIP service",
            cluster_ip,
        ),
        Verb::new(
            "externalname",
            "NAME --external-name external.name [--dry-run=server|client|none] [options]",
            FLAGS,
            "Create an ExternalName service",
            external_name,
        )
        .requires(&["external-name"]),
        Verb::new(
            "loadbalancer",
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]",
            FLAGS,
            "Create a LoadBalancer service",
            load_balancer,
        ),
        Verb::new("nodeport", "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]", FLAGS, "Create a NodePort service", node_port),
    ]);

fn group(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    help::group(&SERVICE, call, "Create a service using a specified subcommand.\n\nAliases:\nservice, svc\n", env)
}

fn cluster_ip(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    make(call, env, "ClusterIP")
}

fn node_port(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    make(call, env, "NodePort")
}

fn load_balancer(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    make(call, env, "LoadBalancer")
}

fn external_name(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    make(call, env, "ExternalName")
}

/// One `--tcp=PORT[:TARGET]`.
fn port(text: &str, node_port: i64) -> Result<Value, Failure> {
    let (port, target) = text.split_once(':').map_or((text, None), |(p, t)| (p, Some(t)));
    let number: i64 = match port.parse() {
        Ok(number) => number,
        Err(_) => {
            return Err(Failure::error(
                format!("invalid port specified: strconv.Atoi: parsing {port:?}: invalid syntax").replace("invalid port specified: ", ""),
            ));
        }
    };
    if !(0..=65535).contains(&number) {
        return Err(Failure::error(format!("invalid port number: {number}")));
    }
    let target = match target {
        None | Some("") => json!(number),
        Some(target) => target.parse::<i64>().map_or_else(|_| json!(target), |n| json!(n)),
    };
    let mut value = json!({"name": text.replace(':', "-"), "port": number, "protocol": "TCP", "targetPort": target});
    if node_port != 0 {
        value["nodePort"] = json!(node_port);
    }
    Ok(value)
}

fn make(call: &Call, env: &mut Env, kind: &str) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let headless = call.text("clusterip") == Some("None");
    if call.texts("tcp").is_empty() && kind != "ExternalName" && !headless {
        return Err(Failure::error("at least one tcp port specifier must be provided"));
    }
    let node = if kind == "NodePort" { call.int("node-port").unwrap_or(0) } else { 0 };
    let ports = call.texts("tcp").iter().flat_map(|t| t.split(',')).map(|t| port(t, node)).collect::<Result<Vec<_>, _>>()?;
    let mut spec = json!({"selector": {"app": name}, "type": kind});
    if !ports.is_empty() {
        spec["ports"] = json!(ports);
    }
    if let Some(ip) = call.filled("clusterip") {
        spec["clusterIP"] = json!(ip);
    }
    if let Some(external) = call.filled("external-name").filter(|_| kind == "ExternalName") {
        spec["externalName"] = json!(external);
    }
    let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"labels": {"app": name}, "name": name}, "spec": spec, "status": {"loadBalancer": {}}});
    generate(call, env, kinds::SERVICE, value, &format!("failed to create {kind} service: "))
}
