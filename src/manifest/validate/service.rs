//! Validation of Services.
//!
//! Models `ValidateService` of `pkg/apis/core/validation/validation.go`.

use super::{addresses, in_range, meta, names, one_of, port_number};
use crate::api::order::SortedSet;
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldError, FieldPath};

const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";

pub fn service(service: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let kind = object::str_at(spec, "type").unwrap_or("ClusterIP");
    let headless = is_headless(spec);
    let ports = object::list_at(spec, "ports");
    let annotation = |key: &str| object::annotations(service).and_then(|a| a.get(key)).and_then(Value::as_str);
    if let (Some(mode), Some(hints)) = (annotation(TOPOLOGY_MODE), annotation(TOPOLOGY_HINTS))
        && mode != hints
    {
        let detail = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
        errors.invalid(&FieldPath::new("metadata.annotations").key(TOPOLOGY_MODE), mode, detail);
    }
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.required_at(path, "ports", "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            let detail = format!("may not be set to 'None' for {kind} services");
            errors.invalid(&path.child("clusterIPs").index(0), "None", detail);
        }
        "ExternalName" => external_name(spec, path, errors),
        _ => {}
    }
    let mut seen = SortedSet::new();
    for (index, given) in ports.iter().enumerate() {
        let name = object::str_at(given, "name").unwrap_or("");
        let again = !name.is_empty() && !seen.insert(name);
        port(given, ports.len() > 1, again, &path.child("ports").index(index), errors);
    }
    meta::labels(object::map_at(spec, "selector"), &path.child("selector"), errors);
    session_affinity(spec, path, errors);
    if kind != "ExternalName" {
        errors.extend(self::addresses(spec));
    }
    for (index, ip) in object::list_at(spec, "externalIPs").iter().enumerate() {
        let text = ip.as_str().unwrap_or("");
        let at = path.child("externalIPs").index(index);
        let wrong = names::ip(text);
        if wrong.is_empty() {
            addresses::special(text, &at, errors);
        }
        errors.extend(wrong.into_iter().map(|message| FieldError::invalid(&at, text, message)));
    }
    one_of(kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], &path.child("type"), errors);
    port_pairs(ports, kind, &path.child("ports"), errors);
    source_ranges(service, spec, kind, path, errors);
    if kind != "LoadBalancer" && spec.get("allocateLoadBalancerNodePorts").is_some_and(|a| !a.is_null()) {
        errors.forbidden_at(path, "allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'");
    }
    if let Some(class) = object::str_at(spec, "loadBalancerClass") {
        let at = path.child("loadBalancerClass");
        if kind == "LoadBalancer" {
            for message in names::qualified_name(class) {
                errors.invalid(&at, class, message);
            }
        } else {
            errors.forbidden(&at, "may only be used when `type` is 'LoadBalancer'");
        }
    }
    traffic(spec, kind, path, errors);
}

/// A name for an outside host has no addresses of its own.
fn external_name(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for field in ["clusterIPs", "ipFamilies"] {
        if !object::list_at(spec, field).is_empty() {
            errors.forbidden_at(path, field, "may not be set for ExternalName services");
        }
    }
    if object::str_at(spec, "ipFamilyPolicy").is_some() {
        errors.forbidden_at(path, "ipFamilyPolicy", "may not be set for ExternalName services");
    }
    let given = object::str_at(spec, "externalName").unwrap_or("");
    let name = given.strip_suffix('.').unwrap_or(given);
    if name.is_empty() {
        errors.required_at(path, "externalName", "");
        return;
    }
    for message in names::subdomain(name) {
        errors.invalid_at(path, "externalName", name, message);
    }
}

fn port(port: &Value, needs_name: bool, again: bool, path: &FieldPath, errors: &mut ErrorList) {
    let name = object::str_at(port, "name").unwrap_or("");
    if name.is_empty() {
        if needs_name {
            errors.required_at(path, "name", "");
        }
    } else {
        for message in names::label(name) {
            errors.invalid_at(path, "name", name, message);
        }
        if again {
            errors.duplicate_at(path, "name", name);
        }
    }
    port_number(object::i64_at(port, "port").unwrap_or(0), &path.child("port"), errors);
    match object::str_at(port, "protocol").unwrap_or("") {
        "" => errors.required_at(path, "protocol", ""),
        protocol => one_of(protocol, &["SCTP", "TCP", "UDP"], &path.child("protocol"), errors),
    }
    match port.get("targetPort") {
        Some(Value::String(name)) => {
            for message in names::port_name(name) {
                errors.invalid_at(path, "targetPort", name.as_str(), message);
            }
        }
        Some(number) => port_number(number.as_i64().unwrap_or(0), &path.child("targetPort"), errors),
        None => {}
    }
    if let Some(protocol) = object::str_at(port, "appProtocol") {
        for message in names::qualified_name(protocol) {
            errors.invalid_at(path, "appProtocol", protocol, message);
        }
    }
}

fn session_affinity(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const MOST_SECONDS: i64 = 86_400;
    let affinity = object::str_at(spec, "sessionAffinity").unwrap_or("None");
    one_of(affinity, &["ClientIP", "None"], &path.child("sessionAffinity"), errors);
    let at = path.child("sessionAffinityConfig");
    let given = spec.get("sessionAffinityConfig").filter(|c| !c.is_null());
    if affinity == "None" && given.is_some() {
        errors.forbidden(&at, "must not be set when session affinity is None");
    }
    if affinity == "ClientIP"
        && let Some(seconds) = object::i64_at(spec, "sessionAffinityConfig.clientIP.timeoutSeconds").filter(|s| !(1..=MOST_SECONDS).contains(s))
    {
        let detail = format!("must be greater than 0 and less than {MOST_SECONDS}");
        errors.invalid_at(&at, "clientIP.timeoutSeconds", seconds, detail);
    }
}

/// `ValidateServiceClusterIPsRelatedFields`
pub fn addresses(spec: &Value) -> ErrorList {
    let (path, errors) = (&FieldPath::new("spec"), &mut ErrorList::new());
    let headless = is_headless(spec);
    let list = object::list_at(spec, "clusterIPs");
    let at = path.child("clusterIPs");
    match object::str_at(spec, "clusterIP").unwrap_or("") {
        "" if !list.is_empty() => errors.invalid(&at, list.to_vec(), "must be empty when `clusterIP` is not specified"),
        "" => {}
        _ if list.is_empty() => errors.required(&at, ""),
        first if list[0] != first => errors.invalid(&at, list.to_vec(), "first value must match `clusterIP`"),
        _ => {}
    }
    let families = object::list_at(spec, "ipFamilies");
    let mut seen = SortedSet::new();
    for (index, family) in families.iter().enumerate() {
        let at = path.child("ipFamilies").index(index);
        one_of(family.as_str().unwrap_or(""), &["IPv4", "IPv6"], &at, errors);
        if !seen.insert(family.as_str()) {
            errors.duplicate(&at, family.clone());
        }
    }
    let policy = object::str_at(spec, "ipFamilyPolicy");
    if let Some(policy) = policy {
        one_of(policy, &["PreferDualStack", "RequireDualStack", "SingleStack"], &path.child("ipFamilyPolicy"), errors);
    }
    let mut broken = false;
    for (index, ip) in list.iter().filter_map(Value::as_str).enumerate() {
        if index == 0 && ip == "None" {
            if list.len() > 1 {
                broken = true;
                errors.invalid(&at, list.to_vec(), "'None' must be the first and only value");
            }
            continue;
        }
        for message in names::ip(ip) {
            broken = true;
            errors.invalid(&at.index(index), ip, message);
        }
    }
    if list.len() > 2 {
        errors.invalid(&at, list.to_vec(), "may only hold up to 2 values");
    }
    if broken {
        return std::mem::take(errors);
    }
    let is_six = |ip: &Value| ip.as_str().is_some_and(|ip| ip.contains(':'));
    if list.len() > 1 && list.iter().all(is_six) | !list.iter().any(is_six) {
        errors.invalid(&at, list.to_vec(), "may specify no more than one IP for each IP family");
    }
    if !headless {
        for (index, (ip, family)) in list.iter().zip(families).enumerate() {
            if (family == "IPv6") != is_six(ip) && matches!(family.as_str(), Some("IPv4" | "IPv6")) {
                let detail = format!("expected an {} value as indicated by `ipFamilies[{index}]`", family.as_str().unwrap_or(""));
                errors.invalid(&at.index(index), ip.clone(), detail);
            }
        }
    }
    std::mem::take(errors)
}

/// `isHeadlessService` of the validation: no address is wanted.
fn is_headless(spec: &Value) -> bool {
    object::list_at(spec, "clusterIPs") == ["None"]
}

fn port_pairs(ports: &[Value], kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let node_port = |port: &Value| object::i64_at(port, "nodePort").unwrap_or(0);
    if kind == "ClusterIP" {
        for (index, _) in ports.iter().enumerate().filter(|(_, port)| node_port(port) != 0) {
            errors.forbidden_at(&path.index(index), "nodePort", "may not be used when `type` is 'ClusterIP'");
        }
    }
    let mut nodes = SortedSet::new();
    for (index, port) in ports.iter().enumerate().filter(|(_, port)| node_port(port) != 0) {
        if !nodes.insert((node_port(port), object::str_at(port, "protocol").unwrap_or(""))) {
            errors.duplicate_at(&path.index(index), "nodePort", node_port(port));
        }
    }
    let mut pairs = SortedSet::new();
    for (index, port) in ports.iter().enumerate() {
        let number = object::i64_at(port, "port").unwrap_or(0);
        let protocol = object::str_at(port, "protocol").unwrap_or("");
        if !pairs.insert((number, protocol)) {
            let shown =
                format!("{{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}");
            errors.push(FieldError::duplicate(&path.index(index), shown).bare());
        }
    }
}

fn source_ranges(service: &Value, spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    const KEY: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    const ELSEWHERE: &str = "may only be used when `type` is 'LoadBalancer'";
    let ranges = object::list_at(spec, "loadBalancerSourceRanges");
    if !ranges.is_empty() {
        let at = path.child("LoadBalancerSourceRanges");
        if kind != "LoadBalancer" {
            errors.forbidden(&at, ELSEWHERE);
        }
        for (index, range) in ranges.iter().filter_map(Value::as_str).enumerate() {
            addresses::network(range.trim(), &at.index(index), errors);
        }
    } else if let Some(text) = object::annotations(service).and_then(|a| a.get(KEY)).and_then(Value::as_str) {
        let at = FieldPath::new("metadata.annotations").key(KEY);
        if kind != "LoadBalancer" {
            errors.forbidden(&at, ELSEWHERE);
        }
        for range in text.split(',').filter(|_| !text.trim().is_empty()) {
            addresses::network(range.trim(), &at, errors);
        }
    }
}

fn traffic(spec: &Value, kind: &str, path: &FieldPath, errors: &mut ErrorList) {
    let at = path.child("externalTrafficPolicy");
    let external = kind == "NodePort" || kind == "LoadBalancer" || kind == "ClusterIP" && !object::list_at(spec, "externalIPs").is_empty();
    let policy = object::str_at(spec, "externalTrafficPolicy").unwrap_or("");
    match (external, policy) {
        (false, "") => {}
        (false, policy) => errors.invalid(&at, policy, "may only be set for externally-accessible services"),
        (true, "") => errors.required(&at, ""),
        (true, policy) => one_of(policy, &["Cluster", "Local"], &at, errors),
    }
    if let Some(port) = object::i64_at(spec, "healthCheckNodePort").filter(|p| *p != 0) {
        let at = path.child("healthCheckNodePort");
        if kind == "LoadBalancer" && policy == "Local" {
            in_range(port, 1, 65535, &at, errors);
        } else {
            let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.invalid(&at, port, detail);
        }
    }
    if let Some(policy) = object::str_at(spec, "internalTrafficPolicy") {
        one_of(policy, &["Cluster", "Local"], &path.child("internalTrafficPolicy"), errors);
    }
    if let Some(how) = object::str_at(spec, "trafficDistribution") {
        // In the server's own order.
        one_of(how, &["PreferClose", "PreferSameZone", "PreferSameNode"], &path.child("trafficDistribution"), errors);
    }
}
