//! What the store of Services does before anything is validated: which IP families one has, and in a dry run its address and its ports.
//!
//! Models `initIPFamilyFields`, `initNodePorts` and their neighbours in `pkg/registry/core/service/storage/alloc.go`, on a cluster that has IPv4 alone.
//! Real addresses are drawn by the cluster's own store.

use crate::api::ip::Ip;
use crate::api::{Kind, Status, Value, json, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};
use crate::manifest::validate;

/// Dry runs draw ports from above all real ones.
const FIRST_PORT: i64 = 32769;

/// Settles the families of a new Service; in a dry run the address and the ports too.
pub fn begin(kind: &Kind, service: &mut Value, dry_run: bool) -> Result<(), Status> {
    let refuse = |service: &Value, errors: ErrorList| {
        if errors.is_empty() { Ok(()) } else { Err(validate::invalid(kind, object::name(service), &errors)) }
    };
    let Some(spec) = service.get_mut("spec").filter(|s| s.is_object()) else { return Ok(()) };
    let ip = object::str_at(spec, "clusterIP").unwrap_or("").to_owned();
    if object::list_at(spec, "clusterIPs").is_empty() && !ip.is_empty() {
        object::set(spec, "clusterIPs", json!([ip]));
    }
    if object::str_at(spec, "type") == Some("ExternalName") {
        return Ok(());
    }
    // Endpoints of a Service without both address and selector come from outside, in either family.
    let free = ip == "None" && object::map_at(spec, "selector").is_none_or(|s| s.is_empty());
    if object::str_at(spec, "ipFamilyPolicy").is_none() {
        object::set(spec, "ipFamilyPolicy", json!(if free { "RequireDualStack" } else { "SingleStack" }));
    }
    let errors = validate::service_addresses(spec);
    if !errors.is_empty() {
        return refuse(service, errors);
    }
    let errors = families(spec, free);
    refuse(service, errors)?;
    if dry_run && ip != "None" {
        let errors = address(&mut service["spec"]);
        refuse(service, errors)?;
    }
    if dry_run { ports(kind, service) } else { Ok(()) }
}

/// Fills in the families, as far as policy and addresses allow.
fn families(spec: &mut Value, free: bool) -> ErrorList {
    let mut errors = ErrorList::new();
    let policy = object::str_at(spec, "ipFamilyPolicy").unwrap_or("").to_owned();
    let at = FieldPath::new("spec.ipFamilyPolicy");
    let mut families = object::list_at(spec, "ipFamilies").to_vec();
    let ips = object::list_at(spec, "clusterIPs").to_vec();
    if policy == "SingleStack" {
        for (count, what) in [(ips.len(), "cluster IPs"), (families.len(), "IP families")] {
            if count == 2 {
                let detail = format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                errors.invalid(&at, policy.as_str(), detail);
            }
        }
    }
    for (index, ip) in ips.iter().enumerate().take_while(|(_, ip)| *ip != "None") {
        if index < families.len() {
            continue;
        }
        if ip.as_str().is_some_and(|ip| ip.contains(':')) {
            let path = FieldPath::new("spec.clusterIPs").index(index);
            errors.invalid(&path, ips.clone(), "IPv6 is not configured on this cluster");
        } else {
            families.push(json!("IPv4"));
        }
    }
    if !errors.is_empty() {
        return errors;
    }
    if free {
        if families.is_empty() {
            families.push(json!("IPv4"));
        }
        if families.len() < 2 && policy != "SingleStack" {
            families.push(json!(if families[0] == "IPv4" { "IPv6" } else { "IPv4" }));
        }
    } else {
        if policy == "RequireDualStack" {
            errors.invalid(&at, policy.as_str(), "this cluster is not configured for dual-stack services");
        }
        for (index, family) in families.iter().enumerate().filter(|(_, family)| *family != "IPv4") {
            let path = FieldPath::new("spec.ipFamilies").index(index);
            errors.invalid(&path, family.clone(), "not configured on this cluster");
        }
        if families.is_empty() {
            families.push(json!("IPv4"));
        }
    }
    object::set(spec, "ipFamilies", Value::from(families));
    errors
}

fn address(spec: &mut Value) -> ErrorList {
    let mut errors = ErrorList::new();
    match object::str_at(spec, "clusterIPs.0").map(str::to_owned) {
        None => {
            object::set(spec, "clusterIP", json!("10.96.0.0"));
            object::set(spec, "clusterIPs", json!(["10.96.0.0"]));
        }
        Some(ip) if in_service_range(&ip) => {}
        Some(ip) => {
            let why = format!("failed to allocate IP {ip}: the provided IP ({ip}) is not in the valid range. The range of valid IPs is 10.96.0.0/12");
            errors.invalid(&FieldPath::new("spec.clusterIPs"), spec["clusterIPs"].clone(), why);
        }
    }
    errors
}

/// 10.96.0.0/12, kubeadm's default, without its first and its last address.
fn in_service_range(ip: &str) -> bool {
    Ip::parse(ip).is_some_and(|(ip, strict)| strict && !ip.six && ip.bits >> 20 == (10 << 4) | 6 && !matches!(ip.bits & 0xf_ffff, 0 | 0xf_ffff))
}

/// The ports of one request: those that it has, and the next free one.
struct Ports(Vec<i64>);

impl Ports {
    fn take(&mut self, port: i64) -> bool {
        let free = !self.0.contains(&port);
        if free {
            self.0.push(port);
        }
        free
    }

    fn next(&mut self) -> i64 {
        let next = self.0.iter().max().map_or(FIRST_PORT, |last| (*last).max(0) + 1);
        self.0.push(next);
        next
    }
}

const TAKEN: &str = "provided port is already allocated";

fn ports(kind: &Kind, service: &mut Value) -> Result<(), Status> {
    let mut taken = Ports(Vec::new());
    let of = object::str_at(service, "spec.type").unwrap_or("").to_owned();
    let draws = of == "NodePort" || object::bool_at(service, "spec.allocateLoadBalancerNodePorts") != Some(false);
    let mut list = if matches!(of.as_str(), "NodePort" | "LoadBalancer") { object::list_at(service, "spec.ports").to_vec() } else { Vec::new() };
    let number = |port: &Value, field: &str| object::i64_at(port, field).unwrap_or(0);
    // One port number has one port of the node, whatever the protocol.
    let mut known: Vec<(i64, i64)> = Vec::new();
    for index in 0..list.len() {
        let (port, given) = (number(&list[index], "port"), number(&list[index], "nodePort"));
        if given == 0 && !draws {
            continue;
        }
        let earlier = known.iter().find(|(p, node)| *p == port && *node != 0).map(|(_, node)| *node);
        let wanted = match earlier {
            None => list.iter().find(|p| number(p, "port") == port && number(p, "nodePort") != 0).map_or(0, |p| number(p, "nodePort")),
            Some(node) if given == 0 || given == node => {
                object::set(&mut list[index], "nodePort", json!(node));
                continue;
            }
            Some(_) => given,
        };
        if wanted != 0 && !taken.take(wanted) {
            let path = FieldPath::new("spec.ports").index(index).child("nodePort");
            let errors = FieldError::invalid(&path, wanted, TAKEN).into();
            return Err(validate::invalid(kind, object::name(service), &errors));
        }
        if earlier.is_none() {
            let node = if wanted == 0 { taken.next() } else { wanted };
            object::set(&mut list[index], "nodePort", json!(node));
            known.push((port, node));
        }
    }
    if !list.is_empty() {
        object::set(service, "spec.ports", Value::from(list));
    }
    if of == "LoadBalancer" && object::str_at(service, "spec.externalTrafficPolicy") == Some("Local") {
        match object::i64_at(service, "spec.healthCheckNodePort").unwrap_or(0) {
            0 => object::set(service, "spec.healthCheckNodePort", json!(taken.next())),
            port if taken.take(port) => {}
            port => {
                let why = format!("Internal error occurred: failed to allocate requested HealthCheck NodePort {port}: {TAKEN}");
                return Err(Status::new(500, "InternalError", why));
            }
        }
    }
    Ok(())
}
