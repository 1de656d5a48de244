//! Names: localhost, Services, the Pods of headless Services.
//!
//! Models CoreDNS with its plugin `kubernetes` (kubeadm's Corefile) and the search list of `/etc/resolv.conf` with `ndots:5`. Deviations: one address
//! for each name, no SRV records, and the world outside of the cluster, ExternalName targets included, has no names.

use crate::api::{Value, kinds, object};
use crate::cluster::apiserver::ApiServer;

/// How a name is completed in a Pod of this namespace, in order.
fn search_list(namespace: &str) -> [String; 3] {
    [format!("{namespace}.svc.cluster.local"), "svc.cluster.local".into(), "cluster.local".into()]
}

/// From so many dots on a name is asked for as it stands first.
const DOTS: usize = 5;

/// Whether a word is an address already, or the one name that needs no server.
pub fn is_literal(name: &str) -> bool {
    name == "localhost" || name.split('.').count() == 4 && name.split('.').all(|p| p.parse::<u8>().is_ok())
}

/// A name as it is written in a Pod of a namespace → its address.
pub fn resolve(api: &ApiServer, name: &str, namespace: &str) -> Option<String> {
    if name == "localhost" {
        return Some("127.0.0.1".into());
    }
    if is_literal(name) {
        return Some(name.into());
    }
    if let Some(whole) = name.strip_suffix('.') {
        return record(api, whole);
    }
    let completed = || search_list(namespace).iter().find_map(|suffix| record(api, &format!("{name}.{suffix}")));
    if name.matches('.').count() < DOTS { completed().or_else(|| record(api, name)) } else { record(api, name).or_else(completed) }
}

/// The address that a whole name stands for.
fn record(api: &ApiServer, name: &str) -> Option<String> {
    let parts: Vec<&str> = name.strip_suffix(".cluster.local")?.split('.').collect();
    match parts.as_slice() {
        [service, space, "svc"] => {
            let object = api.get(kinds::SERVICE, space, service)?;
            match object::str_at(object, "spec.clusterIP") {
                Some("None") | None => endpoints(api, space, service).into_iter().next().map(|e| e.ip),
                Some(ip) => Some(ip.to_owned()),
            }
        }
        // A headless Service knows its Pods by `spec.hostname` where their `spec.subdomain` is its name, the others by their dashed address.
        [host, service, space, "svc"] => {
            api.get(kinds::SERVICE, space, service).filter(|s| object::str_at(s, "spec.clusterIP").is_none_or(|ip| ip == "None"))?;
            let known = |e: &Endpoint| if e.hostname.is_empty() { e.ip.replace('.', "-") == *host } else { e.hostname == *host };
            endpoints(api, space, service).into_iter().find(known).map(|e| e.ip)
        }
        // `pods insecure`: whatever stands there.
        [address, space, "pod"] => {
            let ip = address.replace('-', ".");
            (is_literal(&ip) && api.get(kinds::NAMESPACE, "", space).is_some()).then_some(ip)
        }
        _ => None,
    }
}

/// A Pod behind a Service that is ready for requests.
pub struct Endpoint {
    pub ip: String,
    pub pod: String,
    hostname: String,
}

/// The ready ones, over all slices of the Service.
pub fn endpoints(api: &ApiServer, namespace: &str, service: &str) -> Vec<Endpoint> {
    let slices = api.list(kinds::ENDPOINT_SLICE, Some(namespace));
    let mine = slices.filter(|s| object::labels(s).and_then(|l| l.get("kubernetes.io/service-name")).and_then(Value::as_str) == Some(service));
    let mut found = Vec::new();
    for slice in mine {
        for endpoint in object::list_at(slice, "endpoints").iter().filter(|e| object::bool_at(e, "conditions.ready") == Some(true)) {
            let text = |path: &str| object::str_at(endpoint, path).unwrap_or("").to_owned();
            found.push(Endpoint { ip: text("addresses.0"), pod: text("targetRef.name"), hostname: text("hostname") });
        }
    }
    found
}
