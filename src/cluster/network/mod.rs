//! The flat Pod network, localhost with its port tables, and Services: who reaches whom, without NAT.

use super::runtime::{ContainerId, Runtime};
use super::{Config, Context};

/// Which addresses exist. Port tables live with the runtimes' containers.
#[derive(Clone, Debug)]
pub struct Network {
    pub pod_cidr: String,
}

impl Network {
    pub fn new(config: &Config) -> Self {
        let _ = config;
        Self { pod_cidr: "10.244.0.0/16".into() }
    }
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

/// A GET as a person asks for it, from a container or (with `None`) from a node. See [`super::Cluster::send_request`].
pub fn get(source: Option<(usize, ContainerId)>, url: &str, runtimes: &mut [Runtime], ctx: &mut Context) -> Answer {
    let _ = (source, url, runtimes, ctx);
    Answer { took_ms: 0, result: Err(Failure::Refused) }
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

/// A probe from the node itself to one of its Pods. `host` is an IP (the Pod's, or 127.0.0.1 on the node).
pub fn probe(request: &ProbeRequest<'_>, runtime: &mut Runtime, ctx: &mut Context) -> Answer {
    let _ = ctx;
    let result = match runtime.answers(request.host, request.port) {
        Some(true) => Ok(Response { status: 200, body: String::new(), headers: Vec::new() }),
        Some(false) => Err(Failure::Refused),
        None => Err(Failure::NoRoute),
    };
    Answer { took_ms: 1, result }
}
