//! `kubectl describe service | endpoints | endpointslice`.

use super::{Page, head, text};
use crate::api::object::{at, i64_at, list_at, name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;
use crate::kubectl::rows;

pub fn describe(page: &mut Page, o: &Value, env: &Env) -> bool {
    head(page, o, kinds::SERVICE);
    page.field(0, "Selector", rows::pairs(o, "spec.selector"));
    page.field(0, "Type", text(o, "spec.type"));
    if let Some(policy) = str_at(o, "spec.ipFamilyPolicy") {
        page.field(0, "IP Family Policy", policy);
    }
    let families: Vec<String> = list_at(o, "spec.ipFamilies").iter().map(show).collect();
    page.field(0, "IP Families", if families.is_empty() { "<none>".into() } else { families.join(",") });
    page.field(0, "IP", text(o, "spec.clusterIP"));
    let ips: Vec<String> = list_at(o, "spec.clusterIPs").iter().map(show).collect();
    page.field(0, "IPs", if ips.is_empty() { "<none>".into() } else { ips.join(",") });
    let external: Vec<String> = list_at(o, "spec.externalIPs").iter().map(show).collect();
    if !external.is_empty() {
        page.field(0, "External IPs", external.join(","));
    }
    if let Some(external) = str_at(o, "spec.externalName").filter(|n| !n.is_empty()) {
        page.field(0, "External Name", external);
    }
    if let Some(ip) = str_at(o, "spec.loadBalancerIP").filter(|i| !i.is_empty()) {
        page.field(0, "Desired LoadBalancer IP", ip);
    }
    let ingress: Vec<String> =
        list_at(o, "status.loadBalancer.ingress").iter().map(|i| str_at(i, "ip").or(str_at(i, "hostname")).unwrap_or("").to_owned()).collect();
    if !ingress.is_empty() {
        page.field(0, "LoadBalancer Ingress", ingress.join(", "));
    }
    for port in list_at(o, "spec.ports") {
        let label = str_at(port, "name").filter(|n| !n.is_empty()).unwrap_or("<unset>");
        let protocol = text(port, "protocol");
        page.line(0, format!("Port:\t{label}\t{}/{protocol}", i64_at(port, "port").unwrap_or(0)));
        page.field(0, "TargetPort", format!("{}/{protocol}", port.get("targetPort").map(show).unwrap_or_default()));
        if let Some(node) = i64_at(port, "nodePort").filter(|n| *n > 0) {
            page.line(0, format!("NodePort:\t{label}\t{node}/{protocol}"));
        }
        if let Some(app) = str_at(port, "appProtocol") {
            page.field(0, "AppProtocol", app);
        }
        page.field(0, "Endpoints", endpoints_of(o, port, env));
    }
    page.field(0, "Session Affinity", text(o, "spec.sessionAffinity"));
    for (title, path) in [
        ("External Traffic Policy", "spec.externalTrafficPolicy"),
        ("Internal Traffic Policy", "spec.internalTrafficPolicy"),
        ("Traffic Distribution", "spec.trafficDistribution"),
    ] {
        if let Some(value) = str_at(o, path) {
            page.field(0, title, value);
        }
    }
    if let Some(port) = i64_at(o, "spec.healthCheckNodePort").filter(|p| *p > 0) {
        page.field(0, "HealthCheck NodePort", port.to_string());
    }
    let ranges: Vec<String> = list_at(o, "spec.loadBalancerSourceRanges").iter().map(show).collect();
    if !ranges.is_empty() {
        page.field(0, "LoadBalancer Source Ranges", ranges.join(","));
    }
    true
}

/// The ready addresses of a Service's port, from its EndpointSlices.
pub fn endpoints_of(service: &Value, port: &Value, env: &Env) -> String {
    let mut all = Vec::new();
    for slice in env.list(kinds::ENDPOINT_SLICE, Some(namespace(service))) {
        let of = crate::api::object::labels(&slice).and_then(|l| l.get("kubernetes.io/service-name")).and_then(Value::as_str);
        if of != Some(name(service)) {
            continue;
        }
        let wanted = str_at(port, "name").unwrap_or("");
        let ready = || list_at(&slice, "endpoints").iter().filter(|e| at(e, "conditions.ready").and_then(Value::as_bool) != Some(false));
        let address = |endpoint: &Value| list_at(endpoint, "addresses").first().map(show).unwrap_or_default();
        let ports = list_at(&slice, "ports");
        if ports.is_empty() {
            // None of the Pods has a port of the name that the Service asks for.
            all.extend(ready().map(address));
        }
        for found in ports.iter().filter(|p| str_at(p, "name").unwrap_or("") == wanted) {
            all.extend(ready().map(|endpoint| format!("{}:{}", address(endpoint), i64_at(found, "port").unwrap_or(0))));
        }
    }
    let mut out = all[..all.len().min(3)].join(",");
    if all.len() > 3 {
        out.push_str(&format!(" + {} more...", all.len() - 3));
    }
    out
}

pub fn endpoints(page: &mut Page, o: &Value) -> bool {
    head(page, o, kinds::ENDPOINTS);
    page.line(0, "Subsets:");
    for subset in list_at(o, "subsets") {
        for (title, path) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let all: Vec<&str> = list_at(subset, path).iter().map(|a| text(a, "ip")).collect();
            page.field(1, title, if all.is_empty() { "<none>".into() } else { all.join(",") });
        }
        let ports = list_at(subset, "ports");
        if !ports.is_empty() {
            page.line(1, "Ports:");
            page.line(2, "Name\tPort\tProtocol");
            page.line(2, "----\t----\t--------");
            for port in ports {
                let name = str_at(port, "name").filter(|n| !n.is_empty()).unwrap_or("<unset>");
                page.line(2, format!("{name}\t{}\t{}", i64_at(port, "port").unwrap_or(0), text(port, "protocol")));
            }
        }
        page.line(0, "");
    }
    true
}

pub fn slice(page: &mut Page, o: &Value) -> bool {
    head(page, o, kinds::ENDPOINT_SLICE);
    page.field(0, "AddressType", text(o, "addressType"));
    let ports = list_at(o, "ports");
    if ports.is_empty() {
        page.line(0, "Ports: <unset>");
    } else {
        page.line(0, "Ports:");
        page.line(1, "Name\tPort\tProtocol");
        page.line(1, "----\t----\t--------");
        for port in ports {
            let name = str_at(port, "name").filter(|n| !n.is_empty()).unwrap_or("<unset>");
            page.line(1, format!("{name}\t{}\t{}", i64_at(port, "port").map_or("<unset>".into(), |p| p.to_string()), text(port, "protocol")));
        }
    }
    let endpoints = list_at(o, "endpoints");
    if endpoints.is_empty() {
        page.line(0, "Endpoints: <none>");
    } else {
        page.line(0, "Endpoints:");
        for endpoint in endpoints {
            let addresses: Vec<String> = list_at(endpoint, "addresses").iter().map(show).collect();
            page.line(1, format!("- Addresses:\t{}", addresses.join(", ")));
            page.line(2, "Conditions:");
            page.field(3, "Ready", at(endpoint, "conditions.ready").map_or("<unset>".into(), show));
            page.field(2, "Hostname", str_at(endpoint, "hostname").unwrap_or("<unset>"));
            if let Some(target) = endpoint.get("targetRef") {
                page.field(2, "TargetRef", format!("{}/{}", text(target, "kind"), text(target, "name")));
            }
            page.field(2, "NodeName", str_at(endpoint, "nodeName").unwrap_or("<unset>"));
            page.field(2, "Zone", str_at(endpoint, "zone").unwrap_or("<unset>"));
        }
    }
    true
}
