//! `kubectl create service clusterip | nodeport | loadbalancer | externalname`.

use super::{generate, one_name};
use crate::api::{Value, json, kinds};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::verbs::help;

const CLUSTER_IP: &str = "tcp:c clusterip:s @make";
const EXTERNAL_NAME: &str = "tcp:c external-name:s @make";
const LOAD_BALANCER: &str = "tcp:c @make";
const NODE_PORT: &str = "tcp:c node-port:i @make";

pub const SERVICE: Verb =
    Verb::new("service", "[flags] [options]", "", "Create a service using a specified subcommand.", group).alias(&["svc"]).with(&[
        Verb::new(
            "clusterip",
            "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]",
            CLUSTER_IP,
            "Create a ClusterIP service",
            cluster_ip,
        ),
        Verb::new(
            "externalname",
            "NAME --external-name external.name [--dry-run=server|client|none] [options]",
            EXTERNAL_NAME,
            "Create an ExternalName service",
            external_name,
        )
        .requires(&["external-name"]),
        Verb::new(
            "loadbalancer",
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]",
            LOAD_BALANCER,
            "Create a LoadBalancer service",
            load_balancer,
        ),
        Verb::new(
            "nodeport",
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]",
            NODE_PORT,
            "Create a NodePort service",
            node_port,
        ),
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
    // `strconv.ParseUint(…, 10, 16)` and the checks of a port's number or name (`create_service.go`).
    let number: i64 = match port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() {
        true => port.parse::<u16>().map(i64::from).map_err(|_| Failure::error(format!("strconv.ParseUint: parsing {port:?}: value out of range")))?,
        false => return Err(Failure::error(format!("strconv.ParseUint: parsing {port:?}: invalid syntax"))),
    };
    let target = match target {
        None => json!(number),
        Some(target) => match target.parse::<i64>() {
            Ok(1..=65535) => json!(target.parse::<i64>().unwrap_or(number)),
            Ok(_) => return Err(Failure::error("must be between 1 and 65535, inclusive")),
            Err(_) => {
                let problems = port_name_problems(target);
                if !problems.is_empty() {
                    return Err(Failure::error(problems.join(",")));
                }
                json!(target)
            }
        },
    };
    let mut value = json!({"name": text.replace(':', "-"), "port": number, "protocol": "TCP", "targetPort": target});
    if node_port != 0 {
        value["nodePort"] = json!(node_port);
    }
    Ok(value)
}

/// `IsValidPortName` of apimachinery.
fn port_name_problems(name: &str) -> Vec<&'static str> {
    let mut problems = Vec::new();
    if name.len() > 15 {
        problems.push("must be no more than 15 characters");
    }
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        problems.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        problems.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        problems.push("must not begin or end with a hyphen");
    }
    problems
}

fn make(call: &Call, env: &mut Env, kind: &str) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let headless = call.text("clusterip") == Some("None");
    if call.texts("tcp").is_empty() && kind != "ExternalName" && !headless {
        return Err(Failure::error("at least one tcp port specifier must be provided"));
    }
    let node = if kind == "NodePort" { call.int("node-port").unwrap_or(0) } else { 0 };
    let ports = call.texts("tcp").iter().map(|t| port(t, node)).collect::<Result<Vec<_>, _>>()?;
    let mut spec = json!({"selector": {"app": name}, "type": kind});
    if !ports.is_empty() {
        spec["ports"] = json!(ports);
    }
    if let Some(ip) = call.filled("clusterip") {
        spec["clusterIP"] = json!(ip);
    }
    if kind == "ExternalName" {
        let external = call.text("external-name").unwrap_or("");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if external.is_empty()
            || !external.split('.').all(|part| !part.is_empty() && part.chars().all(plain) && !part.starts_with('-') && !part.ends_with('-'))
        {
            return Err(Failure::error(format!("invalid service external name {external}")));
        }
        spec["externalName"] = json!(external);
    }
    let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"labels": {"app": name}, "name": name}, "spec": spec, "status": {"loadBalancer": {}}});
    generate(call, env, kinds::SERVICE, value, &format!("failed to create {kind} service: "))
}
