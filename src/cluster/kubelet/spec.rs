//! What the kubelet reads of a Pod, parsed once per generation so that syncs and probes need not look into JSON trees.

use std::rc::Rc;

use crate::api::Value;
use crate::api::object::{at, bool_at, i64_at, list_at, str_at};
use crate::cluster::log::ProbeKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

impl RestartPolicy {
    fn parse(text: Option<&str>) -> Option<Self> {
        match text? {
            "Always" => Some(Self::Always),
            "OnFailure" => Some(Self::OnFailure),
            "Never" => Some(Self::Never),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullPolicy {
    Always,
    IfNotPresent,
    Never,
}

/// Where a container stands in its Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    Regular,
    Ephemeral,
}

#[derive(Clone, Debug)]
pub struct PodSpec {
    pub generation: i64,
    pub restart_policy: RestartPolicy,
    pub grace_seconds: u64,
    pub active_deadline_seconds: Option<u64>,
    pub host_network: bool,
    pub hostname: String,
    pub readiness_gates: Vec<String>,
    /// Init containers and sidecars in order, then regular containers in order, then ephemeral ones.
    pub containers: Vec<ContainerSpec>,
    pub has_init: bool,
    /// Whether a restart rule of the Pod restarts everything.
    pub restarts_all: bool,
}

#[derive(Clone, Debug)]
pub struct ContainerSpec {
    pub name: String,
    pub role: Role,
    pub image: String,
    pub pull: PullPolicy,
    pub restart: Option<RestartPolicy>,
    pub rules: Vec<RestartRule>,
    pub probes: Vec<Rc<ProbeSpec>>,
    pub post_start: Option<Handler>,
    pub pre_stop: Option<Handler>,
    pub ports: Vec<(String, u16)>,
    pub message_path: String,
    pub message_from_logs: bool,
    pub resources: Value,
    /// Changes with everything that makes another container of it (its image), not with its resources.
    pub hash: u64,
    /// The container as written, for what is read only when it starts.
    pub value: Rc<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartRule {
    pub restarts_all: bool,
    pub not_in: bool,
    pub exit_codes: Vec<i32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProbeSpec {
    pub kind: ProbeKind,
    pub handler: Handler,
    pub initial_delay_seconds: u64,
    pub period_ms: u64,
    pub timeout_ms: u64,
    pub failure_threshold: u32,
    pub success_threshold: u32,
    pub grace_seconds: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Handler {
    Exec(Vec<String>),
    Http { https: bool, host: String, port: Port, path: String, headers: Vec<(String, String)> },
    Tcp { host: String, port: Port },
    Grpc { port: u16, service: String },
    Sleep(u64),
}

/// A port by number, or the name of one of the container's ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    Number(u16),
    Name(String),
}

impl PodSpec {
    pub fn parse(pod: &Value) -> Self {
        let init = list_at(pod, "spec.initContainers").iter().map(|c| ContainerSpec::parse(c, Role::Init));
        let regular = list_at(pod, "spec.containers").iter().map(|c| ContainerSpec::parse(c, Role::Regular));
        let ephemeral = list_at(pod, "spec.ephemeralContainers").iter().map(|c| ContainerSpec::parse(c, Role::Ephemeral));
        let containers: Vec<ContainerSpec> = init.chain(regular).chain(ephemeral).collect();
        let positive = |path: &str| i64_at(pod, path).and_then(|n| u64::try_from(n).ok());
        Self {
            generation: i64_at(pod, "metadata.generation").unwrap_or(1),
            restart_policy: RestartPolicy::parse(str_at(pod, "spec.restartPolicy")).unwrap_or(RestartPolicy::Always),
            grace_seconds: positive("spec.terminationGracePeriodSeconds").unwrap_or(30),
            active_deadline_seconds: positive("spec.activeDeadlineSeconds"),
            host_network: bool_at(pod, "spec.hostNetwork") == Some(true),
            hostname: hostname(pod),
            readiness_gates: list_at(pod, "spec.readinessGates").iter().filter_map(|g| Some(str_at(g, "conditionType")?.to_owned())).collect(),
            has_init: containers.iter().any(|c| c.role != Role::Regular && c.role != Role::Ephemeral),
            restarts_all: containers.iter().any(|c| c.rules.iter().any(|r| r.restarts_all)),
            containers,
        }
    }

    pub fn init(&self) -> impl DoubleEndedIterator<Item = (usize, &ContainerSpec)> {
        self.containers.iter().enumerate().filter(|(_, c)| matches!(c.role, Role::Init | Role::Sidecar))
    }

    pub fn regular(&self) -> impl DoubleEndedIterator<Item = (usize, &ContainerSpec)> {
        self.containers.iter().enumerate().filter(|(_, c)| c.role == Role::Regular)
    }

    pub fn find(&self, name: &str) -> Option<(usize, &ContainerSpec)> {
        self.containers.iter().enumerate().find(|(_, c)| c.name == name)
    }

    /// Whether a container that ended with this code may be started again; `None` for an end whose code does not count (a kill by a probe).
    pub fn may_restart(&self, container: &ContainerSpec, exit_code: Option<i32>) -> bool {
        if container.role == Role::Sidecar {
            return true;
        }
        if container.role == Role::Ephemeral {
            return false;
        }
        if let Some(code) = exit_code
            && container.rules.iter().any(|r| r.matches(code))
        {
            return true;
        }
        match container.restart.unwrap_or(self.restart_policy) {
            RestartPolicy::Always => true,
            RestartPolicy::Never => false,
            RestartPolicy::OnFailure => exit_code.is_none_or(|code| code != 0),
        }
    }
}

impl RestartRule {
    pub fn matches(&self, exit_code: i32) -> bool {
        self.exit_codes.contains(&exit_code) != self.not_in
    }
}

impl ContainerSpec {
    fn parse(value: &Value, role: Role) -> Self {
        let restart = RestartPolicy::parse(str_at(value, "restartPolicy"));
        let sidecar = role == Role::Init && restart == Some(RestartPolicy::Always);
        let image = str_at(value, "image").unwrap_or("").to_owned();
        let mut hashed = value.clone();
        if let Some(map) = hashed.as_object_mut() {
            map.remove("resources");
            map.remove("resizePolicy");
        }
        let probe = |kind, key| at(value, key).and_then(|p| ProbeSpec::parse(kind, p)).map(Rc::new);
        Self {
            name: str_at(value, "name").unwrap_or("").to_owned(),
            role: if sidecar { Role::Sidecar } else { role },
            pull: match str_at(value, "imagePullPolicy") {
                Some("Always") => PullPolicy::Always,
                Some("Never") => PullPolicy::Never,
                Some(_) => PullPolicy::IfNotPresent,
                None if image.ends_with(":latest") || !image.rsplit('/').next().unwrap_or("").contains(':') => PullPolicy::Always,
                None => PullPolicy::IfNotPresent,
            },
            image,
            restart,
            rules: list_at(value, "restartPolicyRules").iter().map(RestartRule::parse).collect(),
            probes: [(ProbeKind::Startup, "startupProbe"), (ProbeKind::Readiness, "readinessProbe"), (ProbeKind::Liveness, "livenessProbe")]
                .into_iter()
                .filter_map(|(kind, key)| probe(kind, key))
                .collect(),
            post_start: at(value, "lifecycle.postStart").and_then(Handler::parse),
            pre_stop: at(value, "lifecycle.preStop").and_then(Handler::parse),
            ports: list_at(value, "ports")
                .iter()
                .map(|p| (str_at(p, "name").unwrap_or("").to_owned(), port_number(at(p, "containerPort"))))
                .collect(),
            message_path: str_at(value, "terminationMessagePath").unwrap_or("/dev/termination-log").to_owned(),
            message_from_logs: str_at(value, "terminationMessagePolicy") == Some("FallbackToLogsOnError"),
            resources: at(value, "resources").cloned().unwrap_or(Value::Null),
            hash: fold(&hashed.to_string()),
            value: Rc::new(value.clone()),
        }
    }

    /// `spec.containers{app}`, as Events name it.
    pub fn field_path(&self) -> String {
        let list = match self.role {
            Role::Init | Role::Sidecar => "initContainers",
            Role::Regular => "containers",
            Role::Ephemeral => "ephemeralContainers",
        };
        format!("spec.{list}{{{}}}", self.name)
    }

    pub fn probe(&self, kind: ProbeKind) -> Option<&Rc<ProbeSpec>> {
        self.probes.iter().find(|p| p.kind == kind)
    }

    pub fn is_init(&self) -> bool {
        matches!(self.role, Role::Init | Role::Sidecar)
    }
}

impl RestartRule {
    fn parse(value: &Value) -> Self {
        Self {
            restarts_all: str_at(value, "action") == Some("RestartAllContainers"),
            not_in: str_at(value, "exitCodes.operator") == Some("NotIn"),
            exit_codes: list_at(value, "exitCodes.values").iter().filter_map(|v| i32::try_from(v.as_i64()?).ok()).collect(),
        }
    }
}

impl ProbeSpec {
    fn parse(kind: ProbeKind, value: &Value) -> Option<Self> {
        let number = |key: &str, default: u64| i64_at(value, key).and_then(|n| u64::try_from(n).ok()).unwrap_or(default);
        let least_one = |key: &str, default: u64| match number(key, default) {
            0 => default,
            n => n,
        };
        Some(Self {
            kind,
            handler: Handler::parse(value)?,
            initial_delay_seconds: number("initialDelaySeconds", 0),
            period_ms: least_one("periodSeconds", 10) * 1000,
            timeout_ms: least_one("timeoutSeconds", 1) * 1000,
            failure_threshold: least_one("failureThreshold", 3) as u32,
            success_threshold: least_one("successThreshold", 1) as u32,
            grace_seconds: i64_at(value, "terminationGracePeriodSeconds").and_then(|n| u64::try_from(n).ok()),
        })
    }
}

impl Handler {
    fn parse(value: &Value) -> Option<Self> {
        if let Some(exec) = at(value, "exec") {
            return Some(Self::Exec(list_at(exec, "command").iter().filter_map(|c| Some(c.as_str()?.to_owned())).collect()));
        }
        if let Some(http) = at(value, "httpGet") {
            let path = str_at(http, "path").unwrap_or("");
            return Some(Self::Http {
                https: str_at(http, "scheme") == Some("HTTPS"),
                host: str_at(http, "host").unwrap_or("").to_owned(),
                port: Port::parse(at(http, "port")),
                path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
                headers: list_at(http, "httpHeaders")
                    .iter()
                    .map(|h| (str_at(h, "name").unwrap_or("").to_owned(), str_at(h, "value").unwrap_or("").to_owned()))
                    .collect(),
            });
        }
        if let Some(tcp) = at(value, "tcpSocket") {
            return Some(Self::Tcp { host: str_at(tcp, "host").unwrap_or("").to_owned(), port: Port::parse(at(tcp, "port")) });
        }
        if let Some(grpc) = at(value, "grpc") {
            return Some(Self::Grpc { port: port_number(at(grpc, "port")), service: str_at(grpc, "service").unwrap_or("").to_owned() });
        }
        if at(value, "sleep").is_some() {
            return Some(Self::Sleep(i64_at(value, "sleep.seconds").and_then(|n| u64::try_from(n).ok()).unwrap_or(0)));
        }
        None
    }
}

impl Port {
    fn parse(value: Option<&Value>) -> Self {
        match value {
            Some(Value::String(name)) => name.parse().map_or_else(|_| Self::Name(name.clone()), Self::Number),
            other => Self::Number(port_number(other)),
        }
    }

    /// The number; a name is looked up among the container's own ports.
    pub fn resolve(&self, container: &ContainerSpec) -> Option<u16> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Name(name) => container.ports.iter().find(|(n, _)| n == name).map(|(_, port)| *port),
        }
    }
}

fn port_number(value: Option<&Value>) -> u16 {
    value.and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

/// `spec.hostnameOverride`, else `spec.hostname`, else the Pod's name cut to what a host name may be.
fn hostname(pod: &Value) -> String {
    let given = str_at(pod, "spec.hostnameOverride").or_else(|| str_at(pod, "spec.hostname")).filter(|h| !h.is_empty());
    let name = given.unwrap_or_else(|| crate::api::object::name(pod));
    name.chars().take(63).collect::<String>().trim_end_matches(['-', '.']).to_owned()
}

/// FNV-1a, the same on every target.
pub fn fold(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}
