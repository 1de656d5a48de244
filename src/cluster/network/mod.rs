//! The flat Pod network, localhost with its port tables, and Services: who reaches whom, without NAT.
//!
//! Models a CNI plugin that routes each node's range, and kube-proxy (`pkg/proxy`). Deviations: an exchange is one event, without packets, handshakes,
//! bandwidth or UDP; a Service's endpoints are taken in turn, not by chance; session affinity, traffic policies and NetworkPolicies have no effect.
//!
//! [`Network`] also holds what a server needs to answer although it runs on another node: its container's files, its state and its port.
//! Facts of requests carry the source and destination addresses unchanged: nothing translates them on the way (Pod network model of
//! Kubernetes; ClusterIPs are resolved to an endpoint before the packet leaves, as kube-proxy does).

use crate::api::order::SortedMap;
mod agnhost;
mod dns;
mod fault;
mod server;

use std::rc::Rc;

pub use agnhost::Agnhost;
pub use fault::Fault;

pub use dns::Dns;
use dns::{endpoints, in_hosts, is_literal, resolve};

use super::apiserver::ApiServer;
use super::images::Program;
use super::log::{Fact, Stream};
use super::runtime::bulk::{self, Bulk};
use super::runtime::files::Tree;
use super::runtime::tmpfs::Tmpfs;
use super::runtime::{ContainerId, Runtime, SandboxId, read_file};
use super::shell::owner::Credentials;
use super::{Config, Context};
use crate::api::{Value, kinds, object};

/// A container as others on the network see it.
#[derive(Clone, Debug)]
pub struct Body {
    pub node: usize,
    pub sandbox: SandboxId,
    /// `namespace/pod`
    pub pod: String,
    pub container: String,
    pub hostname: String,
    pub ip: String,
    /// Whom its processes ask for names.
    pub dns: Dns,
    pub program: Program,
    /// Its own files.
    pub files: Tree,
    /// Whether there are symbolic links among them, or it made one in a volume.
    pub has_links: bool,
    /// How many bytes of them came with the image.
    pub image_bytes: usize,
    /// Who its processes are.
    pub user: Credentials,
    /// What root may do there, as the kernel's bits.
    pub capabilities: u64,
    /// Nothing of its own can be written, but for what stands here (`/dev` and what the kubelet mounts).
    pub read_only_but: Option<String>,
    /// Mount path → (volume, path inside, read-only), longest first when looked up.
    pub mounts: Vec<(String, String, String, bool)>,
    pub environment: SortedMap<String, String>,
    /// Ports on which its processes listen: address and port.
    pub listening: Vec<(String, u16)>,
    /// Ports on which an applet serves instead of the image's own program.
    pub services: SortedMap<u16, Service>,
    pub hung: bool,
    pub answers_with: Option<u16>,
    /// A redis' keys.
    pub store: SortedMap<String, String>,
}

/// A server that is not an image's own program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// `httpd`: the files below this directory.
    Files(String),
    /// `nc -l`: this text to whoever connects.
    Reply(String),
    Agnhost(Agnhost),
}

/// Which addresses exist and who answers there.
#[derive(Clone, Debug)]
pub struct Network {
    pub pod_cidr: String,
    pub bodies: SortedMap<ContainerId, Body>,
    /// Who lives at an address.
    bodies_at: SortedMap<String, Vec<ContainerId>>,
    /// Volume → its files by path inside.
    pub volumes: SortedMap<String, Tree>,
    /// Bytes of large files, whose content nobody reads.
    pub bulk: Bulk,
    /// Which volumes lie in memory.
    pub tmpfs: Tmpfs,
    /// IPs of sandboxes that are up.
    pub addresses: SortedMap<String, SandboxId>,
    /// Lines that servers wrote while answering; the runtimes take them.
    pub outbox: Vec<(ContainerId, Stream, String)>,
    /// Learner's faults, by what they hit: `node/node-1`, `pod/default/web`.
    faults: SortedMap<String, Fault>,
    node_ips: Vec<String>,
    /// Each node as the one who asks.
    node_sources: Vec<Rc<Source>>,
    turn: usize,
    ephemeral: u16,
}

impl Network {
    pub fn new(config: &Config) -> Self {
        Self {
            pod_cidr: "10.244.0.0/16".into(),
            bodies: SortedMap::new(),
            bodies_at: SortedMap::new(),
            volumes: SortedMap::new(),
            bulk: Bulk::new(),
            tmpfs: Tmpfs::default(),
            addresses: SortedMap::new(),
            outbox: Vec::new(),
            faults: SortedMap::new(),
            node_ips: (0..config.nodes.len()).map(node_ip).collect(),
            node_sources: config.nodes.iter().enumerate().map(|(i, n)| Rc::new(Source::node(i, &n.name))).collect(),
            turn: 0,
            ephemeral: 0,
        }
    }

    /// Whether what listens on a container's port speaks TLS: of the catalogue only metrics-server does.
    fn speaks_tls(&self, id: ContainerId, port: u16) -> bool {
        self.bodies.get(&id).is_some_and(|b| b.program == Program::MetricsServer && !b.services.contains_key(&port))
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.node_ips.len()
    }

    /// Who listens at an address, as seen from `from` (whose own localhost counts).
    fn listener(&self, ip: &str, port: u16, from: Option<SandboxId>) -> Result<ContainerId, Failure> {
        let local = ip == "127.0.0.1" || ip == "::1";
        let listens = |body: &Body| {
            body.listening.iter().any(|(address, p)| *p == port && (address == "0.0.0.0" || local || (Some(body.sandbox) == from && address == ip)))
        };
        if local {
            let found = self.bodies.iter().find(|(_, body)| Some(body.sandbox) == from && listens(body));
            return found.map(|(id, _)| *id).ok_or(Failure::Refused);
        }
        match self.bodies_at.get(ip) {
            Some(here) => here.iter().copied().find(|id| self.bodies.get(id).is_some_and(listens)).ok_or(Failure::Refused),
            None if self.addresses.contains_key(ip) || self.node_ips.iter().any(|n| n == ip) => Err(Failure::Refused),
            None => Err(Failure::NoRoute),
        }
    }

    pub fn add_body(&mut self, id: ContainerId, body: Body) {
        self.bodies_at.entry(body.ip.clone()).or_default().push(id);
        self.bodies.insert(id, body);
    }

    pub fn remove_body(&mut self, id: ContainerId) {
        let Some(body) = self.bodies.remove(&id) else { return };
        if !self.bulk.is_empty() {
            let tree = bulk::own(id);
            self.bulk.retain(|(t, _), _| *t != tree);
        }
        if let Some(here) = self.bodies_at.get_mut(&body.ip) {
            here.retain(|other| *other != id);
            if here.is_empty() {
                self.bodies_at.remove(&body.ip);
            }
        }
    }

    /// Whether a port of a sandbox is taken at this address.
    pub fn is_taken(&self, sandbox: SandboxId, port: u16) -> bool {
        let ip = self.bodies.values().find(|b| b.sandbox == sandbox).map(|b| b.ip.clone());
        self.bodies.values().any(|b| (b.sandbox == sandbox || Some(&b.ip) == ip.as_ref()) && b.listening.iter().any(|(_, p)| *p == port))
    }
}

/// The address of a node by its index.
pub fn node_ip(index: usize) -> String {
    format!("192.168.1.{}", index % 240 + 11)
}

/// How many Pods' addresses a node's range has: all but the network's own, the gateway's and the broadcast.
pub const HOSTS: usize = 253;

/// An address of the node's range: 1 to [`HOSTS`] are for Pods, 0 is the node's own end of every Pod's link.
pub fn pod_ip(node: usize, host: usize) -> String {
    format!("10.244.{}.{}", node + 1, host + 1)
}

/// How a request ended, and how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub took_ms: u64,
    pub result: Result<Response, Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub body: String,
    pub headers: Vec<(String, String)>,
}

/// Why no answer came, as far as the caller can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens there: `connect: connection refused`.
    Refused,
    /// No such host or no way there: `connect: no route to host`.
    NoRoute,
    /// Connected (or dropped on the way), no answer in time.
    Timeout,
    /// The name resolves to nothing.
    UnknownHost(String),
    /// The other side closed without an answer.
    Closed,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::NoRoute => f.write_str("no route to host"),
            Self::Timeout => f.write_str("timeout"),
            Self::UnknownHost(name) => write!(f, "unknown host {name}"),
            Self::Closed => f.write_str("closed"),
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Source {
    pub node: usize,
    pub container: Option<ContainerId>,
    pub sandbox: Option<SandboxId>,
    pub ip: String,
    pub namespace: String,
    /// What the picture shows: `pod/default/web`, `node/node-1`.
    pub name: String,
}

/// How many machines hand a packet on between two addresses of the cluster: each node whose Pod sends or receives it, and is not itself an end.
#[inline(never)]
pub fn hops(from: &str, to: &str) -> u8 {
    let place = |ip: &str| {
        let number = |text: &str| text.parse::<usize>().ok();
        let pod = ip.strip_prefix("10.244.").and_then(|rest| number(rest.split('.').next()?)).map(|n| (n.wrapping_sub(1), true));
        pod.or_else(|| ip.strip_prefix("192.168.1.").and_then(number).map(|n| (n.wrapping_sub(11), false)))
    };
    match (place(from), place(to)) {
        _ if from == to || to.starts_with("127.") => 0,
        (Some((a, true)), Some((b, true))) => {
            if a == b {
                1
            } else {
                2
            }
        }
        (Some((pod, true)), Some((node, false))) | (Some((node, false)), Some((pod, true))) => u8::from(pod != node),
        (Some((_, true)), None) | (None, Some((_, true))) => 1,
        (Some((_, false)), Some((_, false)) | None) | (None, Some((_, false)) | None) => 0,
    }
}

impl Source {
    pub fn of_container(network: &Network, id: ContainerId) -> Option<Self> {
        let body = network.bodies.get(&id)?;
        let namespace = body.pod.split('/').next().unwrap_or("").to_owned();
        Some(Self {
            node: body.node,
            container: Some(id),
            sandbox: Some(body.sandbox),
            ip: body.ip.clone(),
            namespace,
            name: format!("pod/{}", body.pod),
        })
    }

    fn node(index: usize, name: &str) -> Self {
        Self { node: index, container: None, sandbox: None, ip: node_ip(index), namespace: "default".into(), name: format!("node/{name}") }
    }

    /// The address that a server at `ip` sees. On the loopback that is the loopback's; what runs on a node itself reaches the Pods there from the node's
    /// end of their link, as does a Pod that a Service leads back to itself (kube-proxy masquerades "traffic that loops back to the originator").
    fn seen_at(&self, ip: &str, through_service: bool) -> String {
        if matches!(ip, "127.0.0.1" | "::1") {
            return ip.to_owned();
        }
        let gateway = pod_ip(self.node, 0);
        let on_node = self.ip == node_ip(self.node) && ip.starts_with(&gateway[..gateway.len() - 1]);
        if on_node || through_service && ip == self.ip { gateway } else { self.ip.clone() }
    }

    /// Who asks, as a server at `ip` sees it.
    fn as_seen_at(&self, ip: &str, through_service: bool) -> Self {
        Self { ip: self.seen_at(ip, through_service), ..self.clone() }
    }

    pub fn of_node(network: &Network, node: usize) -> Rc<Self> {
        network.node_sources.get(node).cloned().unwrap_or_else(|| Rc::new(Self::node(node, "")))
    }
}

/// How deep one request may lead to another.
const DEEPEST: usize = 6;
/// What a client of ours waits at most.
const PATIENCE_MS: u64 = 30_000;

/// A GET as a person asks for it. See [`super::Cluster::send_request`].
pub fn get(source: Option<Rc<Source>>, url: &str, ctx: &mut Context) -> Answer {
    let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    match source {
        Some(source) => request(ctx, &source, &full, "", 0),
        None => Answer { took_ms: 0, result: Err(Failure::Refused) },
    }
}

/// A request between processes: `http://host[:port]/path`, `tcp://host:port`; `dns://name` asks the name server, `host://name` looks into `/etc/hosts` first.
pub fn request(ctx: &mut Context, source: &Source, url: &str, body: &str, depth: usize) -> Answer {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (host, path) = rest.split_once('/').map_or((rest, "/".to_owned()), |(h, p)| (h, format!("/{p}")));
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().unwrap_or(0)),
        None => (host, if scheme == "https" { 443 } else { 80 }),
    };
    let failed = |failure| Answer { took_ms: 1, result: Err(failure) };
    if depth > DEEPEST {
        return failed(Failure::Closed);
    }
    let own = source.container.and_then(|id| ctx.network.bodies.get(&id)).map(|body| body.dns.clone());
    let dns = own.unwrap_or_else(|| Dns::of_cluster(&source.namespace));
    // Who asks the name server itself does not look into the file.
    let written = source.container.filter(|_| scheme != "dns").and_then(|id| read_file(ctx.network, id, "/etc/hosts").ok());
    let written = written.and_then(|hosts| in_hosts(&hosts, name));
    // Name servers are somewhere else.
    if written.is_none() && !is_literal(name) && (ctx.network.is_isolated(source) || !dns.is_heard()) {
        return Answer { took_ms: PATIENCE_MS, result: Err(Failure::UnknownHost(name.into())) };
    }
    if scheme == "dns" || scheme == "host" {
        let found = written.map_or_else(|| resolve(ctx.api, name, &dns), |address| vec![address]);
        return match found.is_empty() {
            false => Answer { took_ms: 1, result: Ok(Response { status: 200, body: found.join("\n"), headers: Vec::new() }) },
            true => failed(Failure::UnknownHost(name.into())),
        };
    }
    let Some(address) = written.or_else(|| resolve(ctx.api, name, &dns).into_iter().next()) else { return failed(Failure::UnknownHost(name.into())) };
    let (ip, real_port, via) = match through_service(ctx, &address, port) {
        Routed::Endpoint(ip, port, service) => (ip, port, service),
        Routed::NoEndpoints(service) => {
            log(ctx, source, (&service, &address, port), &service, &path, "no endpoints", 1);
            return failed(Failure::Refused);
        }
        Routed::Direct => (address.clone(), port, String::new()),
    };
    let answer = match ctx.network.listener(&ip, real_port, source.sandbox) {
        Ok(target) => match ctx.network.trouble(source, target) {
            Some(Fault::Drop) => Answer { took_ms: PATIENCE_MS, result: Err(Failure::Timeout) },
            _ if (scheme == "https") != ctx.network.speaks_tls(target, real_port) && scheme != "tcp" => other_scheme(scheme == "https", 1),
            trouble => {
                let seen = source.as_seen_at(&ip, !via.is_empty());
                let mut answer = server::answer(ctx, target, real_port, &seen, scheme == "tcp", &path, body, depth);
                answer.took_ms = (answer.took_ms + trouble.map_or(0, Fault::delay_ms)).min(PATIENCE_MS);
                if answer.took_ms >= PATIENCE_MS { Answer { took_ms: PATIENCE_MS, result: Err(Failure::Timeout) } } else { answer }
            }
        },
        Err(_) if ctx.network.is_isolated(source) && ip != "127.0.0.1" => Answer { took_ms: PATIENCE_MS, result: Err(Failure::Timeout) },
        Err(failure) => failed(failure),
    };
    let to = ctx
        .network
        .listener(&ip, real_port, source.sandbox)
        .ok()
        .and_then(|id| ctx.network.bodies.get(&id))
        .map_or_else(|| owner(ctx.network, &ip), |b| format!("pod/{}", b.pod));
    let said = match &answer.result {
        Ok(response) if scheme == "tcp" => response.body.trim().to_owned(),
        Ok(response) => format!("{} {}", response.status, response.body.lines().next().unwrap_or("")),
        Err(failure) => failure.to_string(),
    };
    let what = if scheme == "tcp" { body.lines().next().unwrap_or("connect").to_owned() } else { format!("GET {path}") };
    log(ctx, source, (&to, &ip, real_port), &via, &what, &said, answer.took_ms);
    answer
}

fn owner(network: &Network, ip: &str) -> String {
    let body = network.bodies.values().find(|b| b.ip == ip);
    body.map_or_else(|| ip.to_owned(), |b| format!("pod/{}", b.pod))
}

fn log(ctx: &mut Context, source: &Source, to: (&str, &str, u16), via: &str, what: &str, answer: &str, took_ms: u64) {
    ctx.network.ephemeral = ctx.network.ephemeral.wrapping_add(1) % 20_000;
    let from_ip = source.seen_at(to.1, !via.is_empty());
    let fact = Fact::Request {
        from: source.name.clone(),
        container: source.container.and_then(|id| ctx.network.bodies.get(&id)).map_or_else(String::new, |body| body.container.clone()),
        to: to.0.to_owned(),
        source: format!("{from_ip}:{}", 32_768 + u32::from(ctx.network.ephemeral)),
        destination: format!("{}:{}", to.1, to.2),
        via: via.to_owned(),
        what: what.to_owned(),
        answer: answer.to_owned(),
        took_ms,
    };
    ctx.fact(fact);
}

enum Routed {
    Direct,
    Endpoint(String, u16, String),
    NoEndpoints(String),
}

/// ClusterIP:port and node:nodePort → one of the ready endpoints, in turn.
fn through_service(ctx: &mut Context, ip: &str, port: u16) -> Routed {
    let is_node = ctx.network.node_ips.iter().any(|n| n == ip) || ip == "127.0.0.1";
    let mut chosen = None;
    for service in ctx.api.list(kinds::SERVICE, None) {
        let mine = object::str_at(service, "spec.clusterIP") == Some(ip);
        for entry in object::list_at(service, "spec.ports") {
            let by_ip = mine && object::i64_at(entry, "port") == Some(i64::from(port));
            let by_node = is_node && object::i64_at(entry, "nodePort") == Some(i64::from(port)) && port >= 30000;
            if by_ip || by_node {
                chosen = Some((object::namespace(service).to_owned(), object::name(service).to_owned(), entry.clone()));
            }
        }
        if mine && chosen.is_none() {
            return Routed::NoEndpoints(format!("service/{}/{}", object::namespace(service), object::name(service)));
        }
    }
    let Some((namespace, name, entry)) = chosen else { return Routed::Direct };
    let shown = format!("service/{namespace}/{name}");
    let ready = endpoints(ctx.api, &namespace, &name);
    if ready.is_empty() {
        return Routed::NoEndpoints(shown);
    }
    ctx.network.turn += 1;
    let endpoint = &ready[ctx.network.turn % ready.len()];
    let target = match &entry["targetPort"] {
        Value::String(port_name) => ctx.api.get(kinds::POD, &namespace, &endpoint.pod).and_then(|pod| {
            let ports = object::list_at(pod, "spec.containers").iter().flat_map(|c| object::list_at(c, "ports"));
            ports.into_iter().find(|p| object::str_at(p, "name") == Some(port_name)).and_then(|p| object::i64_at(p, "containerPort"))
        }),
        other => other.as_i64(),
    };
    Routed::Endpoint(endpoint.ip.clone(), u16::try_from(target.unwrap_or(0)).unwrap_or(0), shown)
}

/// What the kubelet's prober asks of a Pod: an HTTP GET (`http`) or a plain connection (`tcp`), answered within `timeout_ms`.
pub struct ProbeRequest<'a> {
    pub host: &'a str,
    pub port: u16,
    pub http: Option<HttpGet<'a>>,
    pub timeout_ms: u64,
}

pub struct HttpGet<'a> {
    pub https: bool,
    pub path: &'a str,
    pub headers: &'a [(String, String)],
}

/// What a client gets from a server that speaks the other scheme.
fn other_scheme(https: bool, took_ms: u64) -> Answer {
    let plain = Response { status: 400, body: "Client sent an HTTP request to an HTTPS server.\n".into(), headers: Vec::new() };
    Answer { took_ms, result: if https { Err(Failure::Closed) } else { Ok(plain) } }
}

/// How many endpoints of a Service are ready.
pub fn ready_endpoints(api: &ApiServer, namespace: &str, service: &str) -> usize {
    endpoints(api, namespace, service).len()
}

/// A probe from the node itself to one of its Pods. `host` is an IP (the Pod's, or 127.0.0.1 on the node).
pub fn probe(request: &ProbeRequest<'_>, runtime: &mut Runtime, ctx: &mut Context) -> Answer {
    if !is_literal(request.host) {
        // The node's own name server knows nothing of the cluster.
        return Answer { took_ms: 1, result: Err(Failure::UnknownHost(request.host.to_owned())) };
    }
    let target = match ctx.network.listener(request.host, request.port, None) {
        Ok(target) => target,
        Err(failure) => return Answer { took_ms: 1, result: Err(failure) },
    };
    let hung = ctx.network.bodies.get(&target).is_some_and(|b| b.hung);
    let source = Source::of_node(ctx.network, runtime.node()).as_seen_at(request.host, false);
    let late = match ctx.network.trouble(&source, target) {
        Some(Fault::Drop) => request.timeout_ms,
        trouble => trouble.map_or(0, Fault::delay_ms),
    };
    if late >= request.timeout_ms || hung && request.http.is_some() {
        return Answer { took_ms: request.timeout_ms, result: Err(Failure::Timeout) };
    }
    let Some(get) = &request.http else {
        return Answer { took_ms: 1 + late, result: Ok(Response { status: 0, body: String::new(), headers: Vec::new() }) };
    };
    if get.https != ctx.network.speaks_tls(target, request.port) {
        return other_scheme(get.https, 1 + late);
    }
    let mut answer = server::answer(ctx, target, request.port, &source, false, get.path, "", 0);
    answer.took_ms += late;
    if answer.took_ms >= request.timeout_ms { Answer { took_ms: request.timeout_ms, result: Err(Failure::Timeout) } } else { answer }
}
