//! What a Pod's containers know of names: their own, those of `/etc/hosts`, and whom they ask for all others.
//!
//! Models `managedHostsFileContent` of `pkg/kubelet/kubelet_pods.go`, `GetPodDNS` of `pkg/kubelet/network/dns/dns.go` and `GetNodenameForKernel`.
//! Deviations: a node's own name server knows no names; options that a Pod adds stand in the order in which it names them; a full name that is too long
//! for the kernel is taken anyway.

use crate::api::Value;
use crate::api::object::{bool_at, list_at, str_at};
use crate::cluster::network::Dns;

use super::worker::Worker;

/// How many name servers and completions a resolver takes (`pkg/apis/core/validation`).
const MOST_SERVERS: usize = 3;
const MOST_SEARCHES: usize = 32;

fn words(value: &Value, path: &str) -> Vec<String> {
    list_at(value, path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds what is not there yet.
fn add(to: &mut Vec<String>, more: Vec<String>, most: usize) {
    for word in more {
        if to.len() < most && !to.contains(&word) {
            to.push(word);
        }
    }
}

impl Worker {
    /// The domain that a Pod with a subdomain is in.
    fn domain(&self) -> Option<String> {
        let subdomain = str_at(&self.pod, "spec.subdomain").filter(|s| !s.is_empty())?;
        // Who names the Pod otherwise gives it no domain.
        let overridden = str_at(&self.pod, "spec.hostnameOverride").is_some_and(|name| !name.is_empty());
        (!overridden).then(|| format!("{subdomain}.{}.svc.cluster.local", self.namespace))
    }

    /// What the kernel says that the machine is called.
    pub fn kernel_name(&self, node: &str) -> String {
        let whole = bool_at(&self.pod, "spec.setHostnameAsFQDN") == Some(true);
        match self.domain().filter(|_| whole) {
            _ if self.spec.host_network => node.to_owned(),
            Some(domain) => format!("{}.{domain}", self.spec.hostname),
            None => self.spec.hostname.clone(),
        }
    }

    /// The text of `/etc/hosts`.
    pub fn hosts(&self, ip: &str, node: &str) -> String {
        let mut out = if self.spec.host_network {
            format!("# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n{ip}\t{node}\n")
        } else {
            let own = match self.domain() {
                Some(domain) => format!("{ip}\t{0}.{domain}\t{0}\n", self.spec.hostname),
                None => format!("{ip}\t{}\n", self.spec.hostname),
            };
            format!(
                "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{own}"
            )
        };
        let aliases = list_at(&self.pod, "spec.hostAliases");
        if !aliases.is_empty() {
            out.push_str("\n# Entries added by HostAliases.\n");
        }
        for alias in aliases {
            out.push_str(&format!("{}\t{}\n", str_at(alias, "ip").unwrap_or(""), words(alias, "hostnames").join("\t")));
        }
        out
    }

    /// Whom the containers ask for names, and how these are completed.
    pub fn dns(&self) -> Dns {
        let mut dns = match str_at(&self.pod, "spec.dnsPolicy") {
            Some("None") => Dns::default(),
            Some("Default") => Dns::of_node(),
            Some("ClusterFirstWithHostNet") => Dns::of_cluster(&self.namespace),
            _ if self.spec.host_network => Dns::of_node(),
            _ => Dns::of_cluster(&self.namespace),
        };
        add(&mut dns.servers, words(&self.pod, "spec.dnsConfig.nameservers"), MOST_SERVERS);
        add(&mut dns.searches, words(&self.pod, "spec.dnsConfig.searches"), MOST_SEARCHES);
        for option in list_at(&self.pod, "spec.dnsConfig.options") {
            let name = str_at(option, "name").unwrap_or("");
            dns.options.retain(|known| known.split(':').next() != Some(name));
            dns.options.push(str_at(option, "value").filter(|v| !v.is_empty()).map_or_else(|| name.to_owned(), |value| format!("{name}:{value}")));
        }
        dns
    }
}
