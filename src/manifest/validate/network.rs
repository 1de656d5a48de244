//! Validation of NetworkPolicies, Ingresses and their classes.
//!
//! Models `pkg/apis/networking/validation/validation.go`.

use super::{addresses, job, meta, names, one_of, port_number};
use crate::api::{Value, json, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

pub fn network_policy(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    meta::label_selector(spec.get("podSelector").unwrap_or(&Value::Null), &path.child("podSelector"), errors);
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in object::list_at(spec, list).iter().enumerate() {
            let path = path.child(list).index(index);
            for (index, port) in object::list_at(rule, "ports").iter().enumerate() {
                policy_port(port, &path.child("ports").index(index), errors);
            }
            for (index, peer) in object::list_at(rule, peers).iter().enumerate() {
                policy_peer(peer, &path.child(peers).index(index), errors);
            }
        }
    }
    let types = object::list_at(spec, "policyTypes");
    if types.len() > 2 {
        errors.invalid_at(path, "policyTypes", types.to_vec(), "may not specify more than two policyTypes");
        return;
    }
    for (index, kind) in types.iter().enumerate() {
        one_of(kind.as_str().unwrap_or(""), &["Ingress", "Egress"], &path.child("policyTypes").index(index), errors);
    }
}

fn policy_port(port: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(protocol) = object::str_at(port, "protocol") {
        one_of(protocol, &["TCP", "UDP", "SCTP"], &path.child("protocol"), errors);
    }
    let (at, end) = (path.child("endPort"), object::i64_at(port, "endPort"));
    match port.get("port").filter(|p| !p.is_null()) {
        Some(Value::String(name)) => {
            if let Some(end) = end {
                errors.invalid(&at, end, "may not be specified when `port` is non-numeric");
            }
            for message in names::port_name(name) {
                errors.invalid_at(path, "port", name.as_str(), message);
            }
        }
        Some(number) => {
            let number = number.as_i64().unwrap_or(0);
            port_number(number, &path.child("port"), errors);
            if let Some(end) = end {
                if end < number {
                    errors.invalid(&at, number, "must be greater than or equal to `port`");
                }
                port_number(end, &at, errors);
            }
        }
        None => {
            if let Some(end) = end {
                errors.invalid(&at, end, "may not be specified when `port` is not specified");
            }
        }
    }
}

fn policy_peer(peer: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let there = |field: &str| peer.get(field).filter(|p| !p.is_null());
    let mut count = 0;
    for field in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = there(field) {
            count += 1;
            meta::label_selector(selector, &path.child(field), errors);
        }
    }
    let block = there("ipBlock");
    if let Some(block) = block {
        ip_block(block, &path.child("ipBlock"), errors);
    }
    if count == 0 && block.is_none() {
        errors.required(path, "must specify a peer");
    } else if count > 0 && block.is_some() {
        errors.forbidden(path, "may not specify both ipBlock and another peer");
    }
}

fn ip_block(block: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let whole = object::str_at(block, "cidr").unwrap_or("");
    if whole.is_empty() {
        errors.required_at(path, "cidr", "");
        return;
    }
    addresses::network(whole, &path.child("cidr"), errors);
    for (index, except) in object::list_at(block, "except").iter().enumerate().filter(|_| addresses::is_six(whole).is_some()) {
        let (path, text) = (path.child("except").index(index), except.as_str().unwrap_or(""));
        addresses::network(text, &path, errors);
        if addresses::is_strictly_inside(text, whole) == Some(false) {
            errors.invalid(&path, text, "must be a strict subset of `cidr`");
        }
    }
}

pub fn ingress(ingress: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let rules = object::list_at(spec, "rules");
    let default = spec.get("defaultBackend").filter(|b| !b.is_null());
    if rules.is_empty() && default.is_none() {
        let shown = spec.get("rules").cloned().unwrap_or(Value::Null);
        errors.invalid(path, shown, "either `defaultBackend` or `rules` must be specified");
    }
    if let Some(backend) = default {
        ingress_backend(backend, &path.child("defaultBackend"), errors);
    }
    for (index, rule) in rules.iter().enumerate() {
        ingress_rule(rule, &path.child("rules").index(index), errors);
    }
    for (index, tls) in object::list_at(spec, "tls").iter().enumerate() {
        let path = path.child("tls").index(index);
        for (index, host) in object::list_at(tls, "hosts").iter().enumerate() {
            host_name(host.as_str().unwrap_or(""), &path.child("hosts").index(index), errors);
        }
        if let Some(name) = object::str_at(tls, "secretName").filter(|name| !name.is_empty()) {
            for message in names::subdomain(name) {
                errors.invalid_at(&path, "secretName", name, message);
            }
        }
    }
    let class = object::str_at(spec, "ingressClassName");
    if let Some(class) = class {
        for message in names::subdomain(class) {
            errors.invalid_at(path, "ingressClassName", class, message);
        }
        const KEY: &str = "kubernetes.io/ingress.class";
        let old = object::annotations(ingress).and_then(|a| a.get(KEY)).and_then(Value::as_str);
        if let Some(old) = old.filter(|old| *old != class) {
            let detail = "must match `ingressClassName` when both are specified";
            errors.invalid(&FieldPath::new("annotations").name(KEY), old, detail);
        }
    }
}

/// The name of a host, or of all hosts of a domain.
fn host_name(host: &str, path: &FieldPath, errors: &mut ErrorList) {
    let wrong = if host.contains('*') { names::wildcard(host) } else { names::subdomain(host) };
    errors.extend(wrong.into_iter().map(|message| FieldError::invalid(path, host, message)));
}

fn ingress_rule(rule: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(host) = object::str_at(rule, "host").filter(|host| !host.is_empty()) {
        if addresses::is_ip(host) {
            errors.invalid_at(path, "host", host, "must be a DNS name, not an IP address");
        }
        host_name(host, &path.child("host"), errors);
    }
    let Some(http) = rule.get("http").filter(|h| !h.is_null()) else { return };
    let path = path.child("http.paths");
    let paths = object::list_at(http, "paths");
    if paths.is_empty() {
        errors.required(&path, "");
    }
    for (index, entry) in paths.iter().enumerate() {
        ingress_path(entry, &path.index(index), errors);
    }
}

fn ingress_path(entry: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let text = object::str_at(entry, "path").unwrap_or("");
    let at = path.child("path");
    let absolute = |errors: &mut ErrorList| {
        if !text.starts_with('/') {
            errors.invalid(&at, text, "must be an absolute path");
        }
    };
    match object::str_at(entry, "pathType") {
        None => {
            errors.required_at(path, "pathType", "pathType must be specified");
            return;
        }
        Some("Exact" | "Prefix") => {
            absolute(errors);
            for part in ["//", "/./", "/../", "%2f", "%2F"].iter().filter(|part| text.contains(**part)) {
                errors.invalid(&at, text, format!("must not contain '{part}'"));
            }
            for end in ["/..", "/."].iter().filter(|end| text.ends_with(**end)) {
                errors.invalid(&at, text, format!("cannot end with '{end}'"));
            }
        }
        Some("ImplementationSpecific") => {
            if !text.is_empty() {
                absolute(errors);
            }
        }
        Some(other) => {
            errors.not_supported_at(path, "pathType", other, &["Exact", "ImplementationSpecific", "Prefix"]);
        }
    }
    ingress_backend(entry.get("backend").unwrap_or(&Value::Null), &path.child("backend"), errors);
}

fn ingress_backend(backend: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let there = |field: &str| backend.get(field).filter(|b| !b.is_null());
    let service = match (there("resource"), there("service")) {
        (Some(_), Some(_)) => {
            errors.invalid(path, "", "cannot set both resource and service backends");
            return;
        }
        (Some(resource), None) => return reference(resource, &path.child("resource"), errors),
        (None, None) => {
            errors.invalid(path, "", "resource or service backend is required");
            return;
        }
        (None, Some(service)) => service,
    };
    let at = path.child("service");
    super::check_name(object::str_at(service, "name").unwrap_or(""), &at.child("name"), errors);
    let name = object::str_at(service, "port.name").unwrap_or("");
    match (name, object::i64_at(service, "port.number").unwrap_or(0)) {
        ("", 0) => errors.required(path, "port name or number is required"),
        ("", number) => port_number(number, &at.child("port.number"), errors),
        (name, 0) => {
            for message in names::port_name(name) {
                errors.invalid_at(&at, "port.name", name, message);
            }
        }
        _ => errors.invalid(path, "", "cannot set both port name & port number"),
    }
}

/// A reference to an object of any kind.
fn reference(reference: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(group) = object::str_at(reference, "apiGroup") {
        for message in names::subdomain(group) {
            errors.invalid_at(path, "apiGroup", group, message);
        }
    }
    for field in ["kind", "name"] {
        super::name_errors(object::str_at(reference, field).unwrap_or(""), names::path_segment, &path.child(field), errors);
    }
}

pub fn ingress_class(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let controller = object::str_at(spec, "controller").unwrap_or("");
    if controller.len() > 250 {
        errors.push(FieldError::too_long(&path.child("controller"), 250));
    }
    job::domain_prefixed(controller, &path.child("controller"), errors);
    let Some(parameters) = spec.get("parameters").filter(|p| !p.is_null()) else { return };
    let path = path.child("parameters");
    reference(parameters, &path, errors);
    let (at, namespace) = (path.child("namespace"), object::str_at(parameters, "namespace"));
    match (object::str_at(parameters, "scope"), namespace) {
        (None, _) => errors.required_at(&path, "scope", ""),
        (Some("Namespace"), None) => errors.required(&at, "`parameters.scope` is set to 'Namespace'"),
        (Some("Namespace"), Some(namespace)) => {
            for message in names::label(namespace) {
                errors.invalid(&at, namespace, message);
            }
        }
        (Some("Cluster"), Some(_)) => errors.forbidden(&at, "`parameters.scope` is set to 'Cluster'"),
        (Some("Cluster"), None) => {}
        (Some(other), _) => errors.not_supported_at(&path, "scope", other, &["Cluster", "Namespace"]),
    }
}

/// `ValidateIPAddress`
pub fn ip_address(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let Some(parent) = spec.get("parentRef").filter(|p| !p.is_null()) else {
        errors.required_at(path, "parentRef", "");
        return;
    };
    let path = path.child("parentRef");
    let text = |field: &str| object::str_at(parent, field).unwrap_or("");
    if !text("group").is_empty() {
        for message in names::subdomain(text("group")) {
            errors.invalid_at(&path, "group", text("group"), message);
        }
    }
    for field in ["resource", "name"] {
        super::name_errors(text(field), names::path_segment, &path.child(field), errors);
    }
    if !text("namespace").is_empty() {
        for message in names::path_segment(text("namespace")) {
            errors.invalid_at(&path, "namespace", text("namespace"), message);
        }
    }
}

/// `ValidateServiceCIDR`
pub fn service_networks(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let networks = object::list_at(spec, "cidrs");
    let path = path.child("cidrs");
    if networks.is_empty() {
        errors.required(&path, "at least one CIDR required");
    }
    if networks.len() > 2 {
        errors.invalid(&path, json!({"CIDRs": networks.to_vec()}), "may only hold up to 2 values");
        return;
    }
    for (index, network) in networks.iter().enumerate() {
        addresses::canonical_network(network.as_str().unwrap_or(""), &path.index(index), errors);
    }
    let six: Vec<_> = networks.iter().filter_map(|n| addresses::is_six(n.as_str()?)).collect();
    if let [one, other] = six[..]
        && one == other
    {
        let detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.invalid(&path, networks.to_vec(), detail);
    }
}
