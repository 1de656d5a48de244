//! Names: localhost, Services, the Pods of headless Services.
//!
//! Models CoreDNS with its plugin `kubernetes` (kubeadm's Corefile) and the resolver that reads `/etc/resolv.conf` and `/etc/hosts`. Deviations: who asks
//! to connect takes the first address, the name server's own Service and Pods are not among the objects, there are no SRV records, and the world outside of the cluster, ExternalName targets included, has no names.

use crate::api::{Value, kinds, object};
use crate::cluster::apiserver::ApiServer;

/// What `/etc/resolv.conf` says: whom to ask, how a name is completed, in order, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dns {
    pub servers: Vec<String>,
    pub searches: Vec<String>,
    pub options: Vec<String>,
}

/// The cluster's name server (kubeadm's tenth address of its Services).
const CLUSTER_SERVER: &str = "10.96.0.10";
/// The name of its Service, which is not among the objects here.
const OWN_NAME: &str = "kube-dns.kube-system.svc.cluster.local";
/// Whom the nodes ask; it knows no names.
const NODE_SERVER: &str = "192.168.1.1";

impl Dns {
    /// That of a Pod of this namespace (`defaultDNSOptions` of the kubelet).
    pub fn of_cluster(namespace: &str) -> Self {
        let searches = vec![format!("{namespace}.svc.cluster.local"), "svc.cluster.local".into(), "cluster.local".into()];
        Self { servers: vec![CLUSTER_SERVER.into()], searches, options: vec!["ndots:5".into()] }
    }

    /// That of a node.
    pub fn of_node() -> Self {
        Self { servers: vec![NODE_SERVER.into()], ..Self::default() }
    }

    /// The file, as containerd writes it (`parseDNSOptions`).
    pub fn text(&self) -> String {
        let line = |what: &str, words: &[String]| if words.is_empty() { String::new() } else { format!("{what} {}\n", words.join(" ")) };
        let servers: String = self.servers.iter().map(|server| format!("nameserver {server}\n")).collect();
        format!("{}{servers}{}", line("search", &self.searches), line("options", &self.options))
    }

    /// Whether its first server knows the names of the cluster.
    fn asks_the_cluster(&self) -> bool {
        self.servers.first().is_some_and(|server| server == CLUSTER_SERVER)
    }

    /// Whether its first server answers at all.
    pub fn is_heard(&self) -> bool {
        self.servers.first().is_some_and(|server| [CLUSTER_SERVER, NODE_SERVER].contains(&server.as_str()))
    }

    /// From so many dots on a name is asked for as it stands first (`resolv.conf(5)`: 1 where nothing says so).
    fn dots(&self) -> usize {
        self.options.iter().find_map(|option| option.strip_prefix("ndots:")?.parse().ok()).unwrap_or(1)
    }
}

/// The address that a text like `/etc/hosts` has for a name.
pub fn in_hosts(hosts: &str, name: &str) -> Option<String> {
    let line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let address = words.next().filter(|address| !address.contains(':'))?;
        words.any(|word| word == name).then(|| address.to_owned())
    };
    hosts.lines().find_map(line)
}

/// Whether a word is an address already, or the one name that needs no server.
pub fn is_literal(name: &str) -> bool {
    name == "localhost" || name.split('.').count() == 4 && name.split('.').all(|p| p.parse::<u8>().is_ok())
}

/// A name as it is written in a Pod → its addresses.
pub fn resolve(api: &ApiServer, name: &str, dns: &Dns) -> Vec<String> {
    if name == "localhost" {
        return vec!["127.0.0.1".into()];
    }
    if is_literal(name) {
        return vec![name.into()];
    }
    if !dns.asks_the_cluster() {
        return Vec::new();
    }
    if let Some(whole) = name.strip_suffix('.') {
        return records(api, whole).unwrap_or_default();
    }
    let itself = || records(api, name);
    let completed = || dns.searches.iter().find_map(|suffix| records(api, &format!("{name}.{suffix}")));
    let found = if name.matches('.').count() < dns.dots() { completed().or_else(itself) } else { itself().or_else(completed) };
    found.unwrap_or_default()
}

/// What a whole name stands for: addresses, or the name of one (`in-addr.arpa`). A Service without addresses has none either.
fn records(api: &ApiServer, name: &str) -> Option<Vec<String>> {
    if let Some(reversed) = name.strip_suffix(".in-addr.arpa") {
        return Some(names(api, &reversed.split('.').rev().collect::<Vec<_>>().join("."))).filter(|found| !found.is_empty());
    }
    if name == OWN_NAME {
        return Some(vec![CLUSTER_SERVER.into()]);
    }
    let parts: Vec<&str> = name.strip_suffix(".cluster.local")?.split('.').collect();
    let found = match parts.as_slice() {
        [service, space, "svc"] => match object::str_at(api.get(kinds::SERVICE, space, service)?, "spec.clusterIP") {
            Some("None") | None => endpoints(api, space, service).into_iter().map(|e| e.ip).collect(),
            Some(ip) => vec![ip.to_owned()],
        },
        // A headless Service knows its Pods by `spec.hostname` where their `spec.subdomain` is its name, the others by their dashed address.
        [host, service, space, "svc"] => {
            api.get(kinds::SERVICE, space, service).filter(|s| object::str_at(s, "spec.clusterIP").is_none_or(|ip| ip == "None"))?;
            endpoints(api, space, service).into_iter().filter(|e| e.host() == *host).map(|e| e.ip).collect()
        }
        // `pods insecure`: whatever stands there.
        [address, space, "pod"] => {
            let ip = address.replace('-', ".");
            if is_literal(&ip) && api.get(kinds::NAMESPACE, "", space).is_some() { vec![ip] } else { Vec::new() }
        }
        _ => Vec::new(),
    };
    Some(found).filter(|found| !found.is_empty())
}

/// What an address is called: the Service whose own it is, otherwise its Pod behind each Service (`serviceRecordForIP` and `endpointHostname` of the
/// plugin, CoreDNS 1.14.2).
fn names(api: &ApiServer, address: &str) -> Vec<String> {
    if address == CLUSTER_SERVER {
        return vec![OWN_NAME.into()];
    }
    let whole = |service: &str, namespace: &str| format!("{service}.{namespace}.svc.cluster.local");
    if let Some(service) = api.list(kinds::SERVICE, None).find(|s| object::str_at(s, "spec.clusterIP") == Some(address)) {
        return vec![whole(object::name(service), object::namespace(service))];
    }
    let called = |slice: &Value| {
        let service = service_of(slice)?;
        let endpoint = ready(slice).find(|e| e.ip == address)?;
        Some(format!("{}.{}", endpoint.host(), whole(service, object::namespace(slice))))
    };
    api.list(kinds::ENDPOINT_SLICE, None).filter_map(|slice| called(slice)).collect()
}

/// A Pod behind a Service that is ready for requests.
pub struct Endpoint {
    pub ip: String,
    pub pod: String,
    hostname: String,
}

impl Endpoint {
    /// What it is called among those of its Service: its name where it has one, otherwise its dashed address.
    fn host(&self) -> String {
        if self.hostname.is_empty() { self.ip.replace('.', "-") } else { self.hostname.clone() }
    }
}

/// The ready ones, over all slices of the Service.
pub fn endpoints(api: &ApiServer, namespace: &str, service: &str) -> Vec<Endpoint> {
    api.list(kinds::ENDPOINT_SLICE, Some(namespace)).filter(|slice| service_of(slice) == Some(service)).flat_map(|slice| ready(slice)).collect()
}

/// The Service of an EndpointSlice.
fn service_of(slice: &Value) -> Option<&str> {
    object::labels(slice)?.get("kubernetes.io/service-name")?.as_str()
}

fn ready(slice: &Value) -> impl Iterator<Item = Endpoint> {
    let is_ready = |e: &&Value| object::bool_at(e, "conditions.ready") == Some(true);
    object::list_at(slice, "endpoints").iter().filter(is_ready).map(|endpoint| {
        let text = |path: &str| object::str_at(endpoint, path).unwrap_or("").to_owned();
        Endpoint { ip: text("addresses.0"), pod: text("targetRef.name"), hostname: text("hostname") }
    })
}
