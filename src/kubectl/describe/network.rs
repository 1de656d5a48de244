//! `kubectl describe persistentvolume | ingress | ingressclass | networkpolicy`.
//!
//! Each answers whether its page ends with the object's events. Models `describePersistentVolume`, `describeIngressV1` and `describeNetworkPolicy`.

use super::{Page, text};
use crate::api::object::{at, i64_at, list_at, map_at, name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;
use crate::kubectl::rows;

/// Models `IngressClassDescriber`.
pub fn class(page: &mut Page, o: &Value) -> bool {
    page.field(0, "Name", name(o));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    page.field(0, "Controller", text(o, "spec.controller"));
    if let Some(parameters) = at(o, "spec.parameters") {
        page.line(0, "Parameters:");
        if let Some(group) = str_at(parameters, "apiGroup") {
            page.field(1, "APIGroup", group);
        }
        page.field(1, "Kind", text(parameters, "kind"));
        page.field(1, "Name", text(parameters, "name"));
    }
    true
}

pub fn volume(page: &mut Page, o: &Value) -> bool {
    page.field(0, "Name", name(o));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    let finalizers: Vec<&str> = list_at(o, "metadata.finalizers").iter().filter_map(Value::as_str).collect();
    page.field(0, "Finalizers", format!("[{}]", finalizers.join(" ")));
    page.field(0, "StorageClass", text(o, "spec.storageClassName"));
    page.field(0, "Status", text(o, "status.phase"));
    let claim = at(o, "spec.claimRef").map(|c| format!("{}/{}", text(c, "namespace"), text(c, "name")));
    page.field(0, "Claim", claim.unwrap_or_default());
    page.field(0, "Reclaim Policy", text(o, "spec.persistentVolumeReclaimPolicy"));
    page.field(0, "Access Modes", rows::access_modes(o, "spec.accessModes"));
    if let Some(mode) = str_at(o, "spec.volumeMode") {
        page.field(0, "VolumeMode", mode);
    }
    page.field(0, "Capacity", at(o, "spec.capacity.storage").map(show).unwrap_or_default());
    let terms = list_at(o, "spec.nodeAffinity.required.nodeSelectorTerms");
    page.line(0, format!("Node Affinity:\t{}", if terms.is_empty() { "<none>" } else { "" }));
    if !terms.is_empty() {
        page.line(1, "Required Terms:\t");
        for (index, term) in terms.iter().enumerate() {
            for (place, expression) in list_at(term, "matchExpressions").iter().enumerate() {
                let values: Vec<&str> = list_at(expression, "values").iter().filter_map(Value::as_str).collect();
                let words = format!("{} {} [{}]", text(expression, "key"), text(expression, "operator").to_ascii_lowercase(), values.join(", "));
                page.line(2, if place == 0 { format!("Term {index}:\t{words}") } else { format!("\t{words}") });
            }
        }
    }
    page.field(0, "Message", text(o, "status.message"));
    page.line(0, "Source:");
    for (kind, what, fields) in [
        ("hostPath", "HostPath (bare host directory volume)", &[("Path", "path"), ("HostPathType", "type")] as &[(&str, &str)]),
        ("local", "LocalVolume (a persistent volume backed by local storage on a node)", &[("Path", "path")]),
        ("nfs", "NFS (an NFS mount that lasts the lifetime of a pod)", &[("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly")]),
        (
            "csi",
            "CSI (a Container Storage Interface (CSI) volume source)",
            &[("Driver", "driver"), ("FSType", "fsType"), ("VolumeHandle", "volumeHandle"), ("ReadOnly", "readOnly")],
        ),
    ] {
        if let Some(source) = at(o, &format!("spec.{kind}")) {
            page.field(2, "Type", what);
            for (title, field) in fields {
                let missing = if *title == "ReadOnly" { "false" } else { "" };
                page.field(2, title, source.get(*field).map_or(missing.into(), show));
            }
        }
    }
    true
}

pub fn ingress(page: &mut Page, o: &Value, env: &Env) -> bool {
    page.field(0, "Name", name(o));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.field(0, "Namespace", namespace(o));
    let addresses: Vec<&str> = list_at(o, "status.loadBalancer.ingress").iter().filter_map(|i| str_at(i, "ip").or(str_at(i, "hostname"))).collect();
    page.field(0, "Address", addresses.join(","));
    page.field(0, "Ingress Class", str_at(o, "spec.ingressClassName").unwrap_or("<none>"));
    let default = at(o, "spec.defaultBackend").map_or("<default>".into(), |b| backend(b, namespace(o), env));
    page.field(0, "Default backend", &default);
    let certificates = list_at(o, "spec.tls");
    if !certificates.is_empty() {
        page.line(0, "TLS:");
        for tls in certificates {
            let hosts: Vec<&str> = list_at(tls, "hosts").iter().filter_map(Value::as_str).collect();
            let secret = str_at(tls, "secretName").unwrap_or("");
            let how = if secret.is_empty() { "SNI routes".to_owned() } else { format!("{secret} terminates") };
            page.line(1, format!("{how} {}", hosts.join(",")));
        }
    }
    page.line(0, "Rules:");
    page.line(1, "Host\tPath\tBackends");
    page.line(1, "----\t----\t--------");
    let rules = list_at(o, "spec.rules");
    for rule in rules {
        page.line(1, format!("{}\t", str_at(rule, "host").filter(|h| !h.is_empty()).unwrap_or("*")));
        for path in list_at(rule, "http.paths") {
            let target = path.get("backend").map(|b| backend(b, namespace(o), env)).unwrap_or_default();
            page.line(1, format!("\t{} \t{target}", text(path, "path")));
        }
    }
    if rules.is_empty() {
        page.line(1, format!("*\t*\t{default}"));
    }
    page.annotations(0, o, "metadata.annotations");
    true
}

/// `web:80 (10.244.1.2:80,10.244.2.2:80)`
fn backend(backend: &Value, space: &str, env: &Env) -> String {
    let port = at(backend, "service.port.number").or(at(backend, "service.port.name")).map(show).unwrap_or_default();
    let service = text(backend, "service.name");
    let Some(found) = env.get(kinds::SERVICE, space, service) else {
        return format!("{service}:{port} (<error: services {service:?} not found>)");
    };
    let wanted = list_at(&found, "spec.ports").iter().find(|p| p.get("port").map(show) == Some(port.clone()) || text(p, "name") == port);
    let endpoints = wanted.map(|p| super::service::endpoints_of(&found, p, env)).unwrap_or_default();
    format!("{service}:{port} ({})", if endpoints == "<none>" { "" } else { &endpoints })
}

pub fn policy(page: &mut Page, o: &Value) -> bool {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    let created = str_at(o, "metadata.creationTimestamp").unwrap_or("").replace('T', " ").replace('Z', " +0000 UTC");
    page.field(0, "Created on", created);
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    page.line(0, "Spec:");
    let selected = map_at(o, "spec.podSelector").is_none_or(|s| s.is_empty());
    let all = "<none> (Allowing the specific traffic to all pods in this namespace)";
    page.line(1, format!("PodSelector:     {}", if selected { all.to_owned() } else { rows::selector(o, "spec.podSelector") }));
    let types: Vec<&str> = list_at(o, "spec.policyTypes").iter().filter_map(Value::as_str).collect();
    for (kind, way, side) in [("Ingress", "ingress", "From"), ("Egress", "egress", "To")] {
        // Without types a policy is about ingress, and about egress where it has rules for it.
        let concerned = types.contains(&kind) || types.is_empty() && (kind == "Ingress" || at(o, "spec.egress").is_some());
        if !concerned {
            page.line(1, format!("Not affecting {way} traffic"));
            continue;
        }
        page.line(1, format!("Allowing {way} traffic:"));
        rules(page, list_at(o, &format!("spec.{way}")), way, side);
    }
    page.line(1, format!("Policy Types: {}", if types.is_empty() { "Ingress".to_owned() } else { types.join(", ") }));
    false
}

fn rules(page: &mut Page, rules: &[Value], way: &str, side: &str) {
    if rules.is_empty() {
        page.line(2, format!("<none> (Selected pods are isolated for {way} connectivity)"));
    }
    for (index, rule) in rules.iter().enumerate() {
        let ports = list_at(rule, "ports");
        if ports.is_empty() {
            page.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let number = port.get("port").map_or("<any>".into(), show);
            let (range, last) = i64_at(port, "endPort").map_or(("", String::new()), |p| (" Range", format!("-{p}")));
            page.line(2, format!("To Port{range}: {number}{last}/{}", str_at(port, "protocol").unwrap_or("TCP")));
        }
        let peers = list_at(rule, &side.to_ascii_lowercase());
        if peers.is_empty() {
            page.line(2, format!("{side}: <any> (traffic not restricted by {})", if side == "From" { "source" } else { "destination" }));
        }
        for peer in peers {
            page.line(2, format!("{side}:"));
            for (title, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
                if at(peer, field).is_some() {
                    page.line(3, format!("{title}: {}", rows::selector(peer, field)));
                }
            }
            if let Some(block) = at(peer, "ipBlock") {
                let except: Vec<&str> = list_at(block, "except").iter().filter_map(Value::as_str).collect();
                page.line(3, "IPBlock:");
                page.line(4, format!("CIDR: {}", text(block, "cidr")));
                page.line(4, format!("Except: {}", except.join(", ")));
            }
        }
        if index + 1 < rules.len() {
            page.line(2, "----------");
        }
    }
}
