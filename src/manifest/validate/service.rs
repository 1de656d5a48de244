//! Validation of Services.

use super::{meta, names, one_of, port_number};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn service(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let kind = object::str_at(spec, "type").unwrap_or("ClusterIP");
    let headless = object::str_at(spec, "clusterIP") == Some("None");
    let ports = object::list_at(spec, "ports");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required(&path.child("ports"), ""));
    }
    if kind == "ExternalName" && object::str_at(spec, "externalName").unwrap_or("").is_empty() {
        errors.push(FieldError::required(&path.child("externalName"), ""));
    }
    let external = object::str_at(spec, "externalName").unwrap_or("");
    if kind == "ExternalName" && !external.is_empty() {
        for message in names::subdomain(external.trim_end_matches('.')) {
            errors.push(FieldError::invalid(&path.child("externalName"), external, message));
        }
    }
    let mut seen = SortedSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.child("ports").index(index);
        let name = object::str_at(port, "name").unwrap_or("");
        if name.is_empty() {
            if ports.len() > 1 {
                errors.push(FieldError::required(&path.child("name"), ""));
            }
        } else {
            for message in names::label(name) {
                errors.push(FieldError::invalid(&path.child("name"), name, message));
            }
            if !seen.insert(name) {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
        }
        port_number(object::i64_at(port, "port").unwrap_or(0), &path.child("port"), errors);
        let protocol = object::str_at(port, "protocol").unwrap_or("");
        if protocol.is_empty() {
            errors.push(FieldError::required(&path.child("protocol"), ""));
        } else {
            one_of(protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors);
        }
        if let Some(protocol) = object::str_at(port, "appProtocol") {
            for message in names::qualified_name(protocol) {
                errors.push(FieldError::invalid(&path.child("appProtocol"), protocol, message));
            }
        }
        match port.get("targetPort") {
            Some(Value::String(name)) => {
                for message in names::port_name(name) {
                    errors.push(FieldError::invalid(&path.child("targetPort"), name.as_str(), message));
                }
            }
            Some(number) => port_number(number.as_i64().unwrap_or(0), &path.child("targetPort"), errors),
            None => {}
        }
    }
    meta::labels(object::map_at(spec, "selector"), &path.child("selector"), errors);
    let affinity = object::str_at(spec, "sessionAffinity").unwrap_or("None");
    one_of(affinity, &["ClientIP", "None"], &path.child("sessionAffinity"), errors);
    one_of(kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], &path.child("type"), errors);
    for (index, ip) in object::list_at(spec, "clusterIPs").iter().filter_map(Value::as_str).enumerate() {
        if ip != "None" {
            for message in names::ip(ip) {
                errors.push(FieldError::invalid(&path.child("clusterIPs").index(index), ip, message));
            }
        }
    }
    if object::str_at(spec, "ipFamilyPolicy") == Some("RequireDualStack") && !headless {
        let detail = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid(&path.child("ipFamilyPolicy"), "RequireDualStack", detail));
    }
    if let Some(how) = object::str_at(spec, "trafficDistribution") {
        // In the server's own order.
        one_of(how, &["PreferClose", "PreferSameZone", "PreferSameNode"], &path.child("trafficDistribution"), errors);
    }
    for (index, range) in object::list_at(spec, "loadBalancerSourceRanges").iter().filter_map(Value::as_str).enumerate() {
        let fine = range.trim().split_once('/').is_some_and(|(ip, bits)| {
            let most = if ip.contains(':') { 128 } else { 32 };
            names::ip(ip).is_empty() && bits.parse::<u8>().is_ok_and(|b| b <= most)
        });
        if !fine {
            let detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
            errors.push(FieldError::invalid(&path.child("LoadBalancerSourceRanges").index(index), range, detail));
        }
    }
    let mut pairs = SortedSet::new();
    for (index, port) in ports.iter().enumerate() {
        let number = object::i64_at(port, "port").unwrap_or(0);
        let protocol = object::str_at(port, "protocol").unwrap_or("");
        if !pairs.insert((number, protocol)) {
            let shown =
                format!("{{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}");
            errors.push(FieldError { bare: true, ..FieldError::duplicate(&path.child("ports").index(index), shown) });
        }
    }
    for (index, port) in ports.iter().enumerate() {
        // Whether it is in the range is the allocator's business, which a dry run never asks.
        if kind == "ClusterIP" && object::i64_at(port, "nodePort").is_some_and(|n| n != 0) {
            let path = path.child("ports").index(index).child("nodePort");
            errors.push(FieldError::forbidden(&path, "may not be used when `type` is 'ClusterIP'"));
        }
    }
}
