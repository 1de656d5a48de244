//! Validation of EndpointSlices and of Endpoints.
//!
//! Models `pkg/apis/discovery/validation/validation.go`, and `ValidateEndpoints` of `pkg/apis/core/validation/validation.go`.

use super::{addresses, check_name, names, one_of, port_number};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const KINDS: [&str; 3] = ["FQDN", "IPv4", "IPv6"];

pub fn slice(slice: &Value, errors: &mut ErrorList) {
    let kind = object::str_at(slice, "addressType").unwrap_or("");
    let path = FieldPath::new("addressType");
    if kind.is_empty() {
        errors.required(&path, "");
    } else {
        one_of(kind, &KINDS, &path, errors);
    }
    slice_ports(object::list_at(slice, "ports"), &FieldPath::new("ports"), errors);
    let (list, path) = (object::list_at(slice, "endpoints"), FieldPath::new("endpoints"));
    if is_short(list, 1000, &path, errors) {
        for (index, endpoint) in list.iter().enumerate() {
            slice_endpoint(endpoint, kind, &path.index(index), errors);
        }
    }
}

fn is_short(list: &[Value], most: usize, path: &FieldPath, errors: &mut ErrorList) -> bool {
    let short = list.len() <= most;
    if !short {
        errors.push(FieldError::too_many(path, list.len(), most));
    }
    short
}

fn slice_ports(ports: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    let mut seen = SortedSet::new();
    for (index, port) in ports.iter().enumerate().filter(|_| ports.len() <= 20_000) {
        let path = path.index(index);
        let name = object::str_at(port, "name").unwrap_or("");
        if !name.is_empty() {
            check_name(name, &path.child("name"), errors);
        }
        if !seen.insert(name) {
            errors.duplicate_at(&path, "name", name);
        }
        one_of(object::str_at(port, "protocol").unwrap_or("TCP"), &PROTOCOLS, &path.child("protocol"), errors);
        application(port, &path, errors);
    }
}

fn application(port: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let protocol = object::str_at(port, "appProtocol");
    for (protocol, message) in protocol.into_iter().flat_map(|p| names::qualified_name(p).into_iter().map(move |m| (p, m))) {
        errors.invalid_at(path, "appProtocol", protocol, message);
    }
}

/// The name of a node, where there is one.
fn node(of: &Value, path: &FieldPath, field: &'static str, errors: &mut ErrorList) {
    let name = object::str_at(of, field);
    for (name, message) in name.into_iter().flat_map(|n| names::subdomain(n).into_iter().map(move |m| (n, m))) {
        errors.invalid_at(path, field, name, message);
    }
}

fn slice_endpoint(endpoint: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let (at, list) = (path.child("addresses"), object::list_at(endpoint, "addresses"));
    if list.is_empty() {
        errors.required(&at, "must contain at least 1 address");
    } else {
        is_short(list, 100, &at, errors);
    }
    for (index, address) in list.iter().filter_map(Value::as_str).enumerate() {
        match kind {
            "IPv4" | "IPv6" => ip(address, kind, &at, index, errors),
            "FQDN" => host(address, &at.index(index), errors),
            _ => {}
        }
    }
    node(endpoint, path, "nodeName", errors);
    for message in object::str_at(endpoint, "hostname").into_iter().flat_map(names::label) {
        errors.invalid_at(path, "hostname", object::str_at(endpoint, "hostname").unwrap_or(""), message);
    }
    for (list, rule) in [("forZones", names::label_value as fn(&str) -> Vec<String>), ("forNodes", names::subdomain)] {
        let Some(hints) = endpoint.get("hints") else { return };
        let (path, hints) = (path.child("hints").child(list), object::list_at(hints, list));
        if !is_short(hints, 8, &path, errors) {
            return;
        }
        let mut seen = SortedSet::new();
        for (index, hint) in hints.iter().enumerate() {
            let (path, name) = (path.index(index).child("name"), object::str_at(hint, "name").unwrap_or(""));
            if !seen.insert(name) {
                errors.duplicate(&path, name);
            }
            for message in rule(name) {
                errors.invalid(&path, name, message);
            }
        }
    }
}

fn ip(address: &str, kind: &str, list: &FieldPath, index: usize, errors: &mut ErrorList) {
    let before = errors.len();
    let path = list.index(index);
    for message in names::ip(address) {
        errors.invalid(&path, address, message);
    }
    if kind == "IPv6" && errors.len() == before {
        addresses::canonical(address, &path, errors);
    }
    if errors.len() > before {
        return;
    }
    if (kind == "IPv6") != address.contains(':') {
        errors.invalid(list, address, format!("must be an {kind} address"));
    }
    addresses::special(address, &path, errors);
}

/// `IsFullyQualifiedDomainName`
fn host(name: &str, path: &FieldPath, errors: &mut ErrorList) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let wrong = names::subdomain(name);
    if !wrong.is_empty() {
        errors.invalid(path, name, wrong.join(","));
    } else if !name.contains('.') {
        errors.invalid(path, name, "should be a domain with at least two segments separated by dots");
    } else if let Some((label, wrong)) = name.split('.').map(|l| (l, names::label(l))).find(|(_, wrong)| !wrong.is_empty()) {
        errors.invalid(path, label, wrong.join(","));
    }
}

pub fn endpoints(endpoints: &Value, errors: &mut ErrorList) {
    for (index, subset) in object::list_at(endpoints, "subsets").iter().enumerate() {
        let path = FieldPath::new("subsets").index(index);
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|list| object::list_at(subset, list).is_empty()) {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for list in lists {
            for (index, address) in object::list_at(subset, list).iter().enumerate() {
                endpoint_address(address, &path.child(list).index(index), errors);
            }
        }
        let ports = object::list_at(subset, "ports");
        for (index, port) in ports.iter().enumerate() {
            endpoint_port(port, ports.len() > 1, &path.child("ports").index(index), errors);
        }
    }
}

fn endpoint_address(address: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (at, text) = (path.child("ip"), object::str_at(address, "ip").unwrap_or(""));
    for message in names::ip(text) {
        errors.invalid(&at, text, message);
    }
    let name = object::str_at(address, "hostname").unwrap_or("");
    if !name.is_empty() {
        check_name(name, &path.child("hostname"), errors);
    }
    node(address, path, "nodeName", errors);
    if !addresses::is_ip(text) {
        errors.invalid(&at, text, "must be a valid IP address");
    }
    addresses::special(text, &at, errors);
}

fn endpoint_port(port: &Value, needs_name: bool, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(port, "name").unwrap_or("");
    if needs_name || !name.is_empty() {
        check_name(name, &path.child("name"), errors);
    }
    port_number(object::i64_at(port, "port").unwrap_or(0), &path.child("port"), errors);
    one_of(object::str_at(port, "protocol").unwrap_or("TCP"), &PROTOCOLS, &path.child("protocol"), errors);
    application(port, path, errors);
}
