//! Cluster IPs and node ports of Services: which are taken, which come next.
//!
//! Models `pkg/registry/core/service/ipallocator` and `portallocator`.

use super::refusal::invalid;
use crate::api::order::SortedSet;
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Random;

/// 10.96.0.0/12 (kubeadm's default) is 10.96 to 10.111; from 10.97 on nobody has an address of their own choice.
const SECOND_BYTES: std::ops::Range<u64> = 97..112;
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

#[derive(Clone, Debug, Default)]
pub struct Addresses {
    ips: SortedSet<String>,
    ports: SortedSet<i64>,
}

impl Addresses {
    /// Gives a Service its address and node ports. `old` is the Service before an update; what it has is its own.
    pub fn assign(&mut self, random: &mut Random, old: Option<&Value>, service: &mut Value, dry_run: bool) -> Result<(), Status> {
        let kind = object::str_at(service, "spec.type").unwrap_or("ClusterIP").to_owned();
        let had = old.and_then(|o| object::str_at(o, "spec.clusterIP")).unwrap_or("").to_owned();
        let given = object::str_at(service, "spec.clusterIP").filter(|ip| *ip != "<ip>").unwrap_or("").to_owned();
        if kind != "ExternalName" {
            let ip = if given.is_empty() { if had.is_empty() { self.free_ip(random) } else { had.clone() } } else { given };
            let known = ip == "None" || ip == had;
            if !known && (self.ips.contains(&ip) || !in_range(&ip)) {
                let name = object::name(service).to_owned();
                let why = if in_range(&ip) { "provided IP is already allocated" } else { "the provided network does not match the current range" };
                let message = format!("Invalid value: [\"{ip}\"]: failed to allocate IP {ip}: {why}");
                return Err(invalid(kinds::SERVICE, &name, "spec.clusterIPs", message));
            }
            object::set(service, "spec.clusterIP", json!(ip));
            object::set(service, "spec.clusterIPs", json!([ip]));
            if !dry_run && ip != "None" {
                self.ips.insert(ip);
            }
        }
        let wants_ports = kind == "NodePort" || kind == "LoadBalancer";
        let own: Vec<i64> = old.map(node_ports).unwrap_or_default();
        let before: Vec<Value> = old.map(|o| object::list_at(o, "spec.ports").to_vec()).unwrap_or_default();
        let name = object::name(service).to_owned();
        let mut taken = Vec::new();
        for (index, port) in service.get_mut("spec").and_then(|s| s.get_mut("ports")).and_then(Value::as_array_mut).into_iter().flatten().enumerate()
        {
            if !wants_ports {
                if let Some(map) = port.as_object_mut() {
                    map.remove("nodePort");
                }
                continue;
            }
            let given = object::i64_at(port, "nodePort").unwrap_or(0);
            if given != 0 {
                let outside = !dry_run && !NODE_PORTS.contains(&given);
                if outside || self.ports.contains(&given) && !own.contains(&given) {
                    let why = if outside {
                        "provided port is not in the valid range. The range of valid ports is 30000-32767"
                    } else {
                        "provided port is already allocated"
                    };
                    let field = format!("spec.ports[{index}].nodePort");
                    return Err(invalid(kinds::SERVICE, &name, &field, format!("Invalid value: {given}: {why}")));
                }
                taken.push(given);
                continue;
            }
            let kept = before.iter().find(|b| b.get("port") == port.get("port")).and_then(|b| object::i64_at(b, "nodePort"));
            let chosen = kept.unwrap_or_else(|| self.free_port(random, &taken));
            port["nodePort"] = json!(chosen);
            taken.push(chosen);
        }
        if !dry_run {
            for port in own {
                self.ports.remove(&port);
            }
            self.ports.extend(taken);
        }
        Ok(())
    }

    fn free_ip(&self, random: &mut Random) -> String {
        loop {
            let drawn = random.draw();
            let second = SECOND_BYTES.start + (drawn >> 32) % (SECOND_BYTES.end - SECOND_BYTES.start);
            let ip = format!("10.{second}.{}.{}", drawn % 256, (drawn >> 16) % 254 + 1);
            if !self.ips.contains(&ip) || self.ips.len() > 60_000 {
                return ip;
            }
        }
    }

    fn free_port(&self, random: &mut Random, taken: &[i64]) -> i64 {
        let count = (NODE_PORTS.end() - NODE_PORTS.start() + 1) as u64;
        let first = (random.draw() % count) as i64;
        let free = |port: &i64| !self.ports.contains(port) && !taken.contains(port);
        (0..count as i64).map(|i| NODE_PORTS.start() + (first + i) % count as i64).find(free).unwrap_or(*NODE_PORTS.start())
    }

    pub fn release(&mut self, service: &Value) {
        if let Some(ip) = object::str_at(service, "spec.clusterIP") {
            self.ips.remove(ip);
        }
        for port in node_ports(service) {
            self.ports.remove(&port);
        }
    }
}

/// Whether an address lies in 10.96.0.0/12; one that is none is not the allocator's matter.
fn in_range(ip: &str) -> bool {
    let mut bytes = ip.split('.').map(str::parse::<u8>);
    match (bytes.next(), bytes.next()) {
        (Some(Ok(first)), Some(Ok(second))) => first == 10 && (96..112).contains(&second),
        _ => true,
    }
}

fn node_ports(service: &Value) -> Vec<i64> {
    object::list_at(service, "spec.ports").iter().filter_map(|p| object::i64_at(p, "nodePort")).filter(|p| *p != 0).collect()
}
