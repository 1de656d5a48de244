//! Validation of Services.

use std::collections::BTreeSet;

use super::{meta, names, one_of, port_number};
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
    let mut seen = BTreeSet::new();
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
    let mut pairs = BTreeSet::new();
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
