//! The checks of the Pod Security standards: what a Pod may not have at a level, as of which version. Models `policy/` of `k8s.io/pod-security-admission`.

use crate::api::order::InOrder as _;
use crate::api::{Value, object};
use crate::manifest::APPARMOR;
use crate::yaml::go_quote;

/// What forbids a Pod: in few words, and in detail.
pub struct Violation {
    pub reason: &'static str,
    pub detail: String,
}

/// Which Pods a check leaves alone, since which version.
#[derive(Clone, Copy)]
enum Spared {
    Nobody,
    Windows,
    UserNamespaces,
}

impl Spared {
    fn holds(self, pod: &Value, version: i64) -> bool {
        match self {
            Self::Nobody => false,
            Self::Windows => version >= 25 && object::str_at(pod, "spec.os.name") == Some("windows"),
            Self::UserNamespaces => version >= 35 && object::bool_at(pod, "spec.hostUsers") == Some(false),
        }
    }
}

/// `since` and `until` are minor versions. In the order of their ids, as they are told.
struct Check {
    look: fn(&Value, i64) -> Option<Violation>,
    restricted: bool,
    since: i64,
    /// At the restricted level another check stands for it since this version.
    until: i64,
    spared: Spared,
}

const fn baseline(look: fn(&Value, i64) -> Option<Violation>) -> Check {
    Check { look, restricted: false, since: 0, until: i64::MAX, spared: Spared::Nobody }
}

const fn restricted(since: i64, spared: Spared, look: fn(&Value, i64) -> Option<Violation>) -> Check {
    Check { look, restricted: true, since, until: i64::MAX, spared }
}

const CHECKS: &[Check] = &[
    baseline(app_armor),
    Check { until: 22, ..baseline(capabilities) },
    baseline(host_namespaces),
    Check { until: 0, ..baseline(host_paths) },
    baseline(host_ports),
    Check { since: 34, ..baseline(hosts) },
    baseline(privileged),
    Check { until: 35, spared: Spared::UserNamespaces, ..baseline(proc_mount) },
    baseline(selinux),
    Check { until: 19, ..baseline(seccomp) },
    baseline(sysctls),
    baseline(host_process),
    restricted(8, Spared::Windows, escalation),
    restricted(22, Spared::Windows, all_capabilities),
    restricted(35, Spared::Nobody, proc_mount),
    restricted(0, Spared::Nobody, volumes),
    restricted(0, Spared::UserNamespaces, non_root),
    restricted(23, Spared::UserNamespaces, root_user),
    restricted(19, Spared::Windows, seccomp_set),
];

/// The last version that changed a check; later ones are like it.
const NEWEST: i64 = 35;

/// What forbids a Pod, or a Pod's template, at the level baseline or restricted of a minor version. A function of its own, for which the first picture
/// needs not wait.
#[inline(never)]
pub fn violations(pod: &Value, is_restricted: bool, version: i64) -> Vec<Violation> {
    let version = version.min(NEWEST);
    let applies = |check: &&Check| {
        let chosen = if is_restricted { check.restricted || version < check.until } else { !check.restricted };
        chosen && version >= check.since && !check.spared.holds(pod, version)
    };
    CHECKS.iter().filter(applies).filter_map(|check| (check.look)(pod, version)).collect()
}

/// Values that were found, each once and in order.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    /// True where there is something to find.
    fn all<T: Into<String>>(&mut self, values: impl Iterator<Item = T>) -> bool {
        let before = self.0.len();
        self.0.extend(values.map(Into::into));
        self.0.len() > before
    }

    fn sorted(mut self) -> Vec<String> {
        self.0.order();
        self.0.dedup();
        self.0
    }

    fn quoted(self) -> String {
        quoted(&self.sorted())
    }
}

fn quoted(items: &[String]) -> String {
    format!("\"{}\"", items.join("\", \""))
}

/// `volume "a"`, `volumes "a", "b"`
fn named(what: &str, names: &[String]) -> String {
    format!("{} {}", several(what, names.len()), quoted(names))
}

fn several(what: &str, count: usize) -> String {
    format!("{what}{}", if count == 1 { "" } else { "s" })
}

fn uses(count: usize) -> &'static str {
    if count == 1 { "uses" } else { "use" }
}

/// The names of the containers of which something is true: init containers first.
fn containers(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Vec<String> {
    let lists = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"];
    let all = lists.into_iter().flat_map(|list| object::list_at(pod, list));
    all.filter(|container| is_bad(container)).map(|c| object::str_at(c, "name").unwrap_or("").to_owned()).collect()
}

/// The containers of which something is true, as a text; `None` where there is none.
fn some_containers(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Option<String> {
    let names = containers(pod, is_bad);
    (!names.is_empty()).then(|| named("container", &names))
}

/// Who says something wrong: the Pod itself, whose `securityContext` is asked as that of a container, and the containers. May be empty.
fn setters(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Vec<String> {
    let itself = pod.get("spec").filter(|spec| is_bad(spec)).map(|_| "pod".to_owned());
    itself.into_iter().chain(some_containers(pod, is_bad)).collect()
}

/// The violation, where anybody is to blame: `detail` goes on behind who it is.
fn blame(reason: &'static str, setters: &[String], detail: impl FnOnce() -> String) -> Option<Violation> {
    (!setters.is_empty()).then(|| Violation { reason, detail: format!("{} {}", setters.join(" and "), detail()) })
}

fn is(of: &Value, field: &str, value: bool) -> bool {
    object::bool_at(of, field) == Some(value)
}

fn texts<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    object::list_at(of, field).iter().filter_map(Value::as_str)
}

fn app_armor(pod: &Value, _: i64) -> Option<Violation> {
    let mut types = Found::default();
    let mut setters = setters(pod, &mut |of| types.all(profile(of, "securityContext.appArmorProfile.type")));
    let mut values = types.sorted();
    let forbidden = |(key, value): (&String, &Value)| {
        let value = value.as_str().unwrap_or("");
        let is_fine = value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
        (key.starts_with(APPARMOR) && !is_fine).then(|| format!("{key}={}", go_quote(value)))
    };
    let mut annotations = Found::default();
    if annotations.all(object::annotations(pod).into_iter().flatten().filter_map(forbidden)) {
        let annotations = annotations.sorted();
        setters.push(several("annotation", annotations.len()));
        values.extend(annotations);
    }
    let reason = if values.len() == 1 { "forbidden AppArmor profile" } else { "forbidden AppArmor profiles" };
    blame(reason, &setters, || format!("must not set AppArmor profile type to {}", quoted(&values)))
}

/// The type of a profile, where it is one that switches protection off.
fn profile<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    object::str_at(of, field).filter(|kind| !matches!(*kind, "RuntimeDefault" | "Localhost")).into_iter()
}

const ADDED: &str = "securityContext.capabilities.add";

fn capabilities(pod: &Value, _: i64) -> Option<Violation> {
    const DEFAULTS: &str = " AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT ";
    let detail = added(pod, DEFAULTS)?;
    Some(Violation { reason: "non-default capabilities", detail })
}

/// Who adds capabilities that are not in a list.
fn added(pod: &Value, list: &str) -> Option<String> {
    let mut found = Found::default();
    let who = some_containers(pod, &mut |c| found.all(texts(c, ADDED).filter(|name| !is_listed(list, name))))?;
    Some(format!("{who} must not include {} in {ADDED}", found.quoted()))
}

fn is_listed(list: &str, name: &str) -> bool {
    list.split(' ').any(|listed| listed == name)
}

fn host_namespaces(pod: &Value, _: i64) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(|field| pod.get("spec").is_some_and(|spec| is(spec, field, true)));
    let fields: Vec<String> = fields.map(|field| format!("{field}=true")).collect();
    (!fields.is_empty()).then(|| Violation { reason: "host namespaces", detail: fields.join(", ") })
}

fn host_paths(pod: &Value, _: i64) -> Option<Violation> {
    let volumes = object::list_at(pod, "spec.volumes").iter().filter(|volume| volume.get("hostPath").is_some());
    let names: Vec<String> = volumes.map(|volume| object::str_at(volume, "name").unwrap_or("").to_owned()).collect();
    (!names.is_empty()).then(|| Violation { reason: "hostPath volumes", detail: named("volume", &names) })
}

fn host_ports(pod: &Value, _: i64) -> Option<Violation> {
    let mut found = Found::default();
    let names = containers(pod, &mut |container| {
        let ports = object::list_at(container, "ports").iter().filter_map(|port| object::i64_at(port, "hostPort"));
        found.all(ports.filter(|port| *port != 0).map(|port| port.to_string()))
    });
    let ports = found.sorted();
    let rest = || format!("{} {} {}", uses(names.len()), several("hostPort", ports.len()), ports.join(", "));
    (!names.is_empty()).then(|| Violation { reason: "hostPort", detail: format!("{} {}", named("container", &names), rest()) })
}

/// Hosts that probes and lifecycle handlers name.
fn hosts(pod: &Value, _: i64) -> Option<Violation> {
    const HANDLERS: [&str; 5] = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];
    let mut found = Found::default();
    let mut names = containers(pod, &mut |container| {
        let handlers = HANDLERS.into_iter().filter_map(|handler| object::at(container, handler));
        let named = handlers.flat_map(|handler| ["httpGet.host", "tcpSocket.host"].into_iter().filter_map(|host| object::str_at(handler, host)));
        found.all(named.filter(|host| !host.is_empty()))
    });
    names.order();
    let (reason, hosts) = ("probe or lifecycle host", found.sorted());
    let detail = || format!("{} {} {}", named("container", &names), uses(names.len()), named(reason, &hosts));
    (!names.is_empty()).then(|| Violation { reason, detail: detail() })
}

fn privileged(pod: &Value, _: i64) -> Option<Violation> {
    let who = some_containers(pod, &mut |container| is(container, "securityContext.privileged", true))?;
    Some(Violation { reason: "privileged", detail: format!("{who} must not set securityContext.privileged=true") })
}

fn proc_mount(pod: &Value, _: i64) -> Option<Violation> {
    let mut found = Found::default();
    const FIELD: &str = "securityContext.procMount";
    let who = some_containers(pod, &mut |container| found.all(object::str_at(container, FIELD).filter(|mount| *mount != "Default").into_iter()))?;
    Some(Violation { reason: "procMount", detail: format!("{who} must not set {FIELD} to {}", found.quoted()) })
}

fn selinux(pod: &Value, version: i64) -> Option<Violation> {
    let allowed = if version < 31 {
        " container_t container_init_t container_kvm_t"
    } else {
        " container_t container_init_t container_kvm_t container_engine_t"
    };
    let (mut types, mut user, mut role) = (Found::default(), false, false);
    let setters = setters(pod, &mut |of| {
        let Some(options) = object::at(of, "securityContext.seLinuxOptions") else { return false };
        let is_set = |field| object::str_at(options, field).is_some_and(|text| !text.is_empty());
        let kind = object::str_at(options, "type").filter(|kind| !is_listed(allowed, kind));
        let is_wrong = types.all(kind.into_iter()) | is_set("user") | is_set("role");
        (user, role) = (user || is_set("user"), role || is_set("role"));
        is_wrong
    });
    let types = types.sorted();
    let types = (!types.is_empty()).then(|| named("type", &types));
    let user = user.then(|| "user may not be set".to_owned());
    let role = role.then(|| "role may not be set".to_owned());
    let wrong: Vec<String> = types.into_iter().chain(user).chain(role).collect();
    blame("seLinuxOptions", &setters, || format!("set forbidden securityContext.seLinuxOptions: {}", wrong.join("; ")))
}

const SECCOMP: &str = "securityContext.seccompProfile";

/// Until 1.18 seccomp was a matter of annotations.
fn seccomp(pod: &Value, version: i64) -> Option<Violation> {
    const ANNOTATIONS: &str = "seccomp.security.alpha.kubernetes.io/pod";
    const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
    let mut found = Found::default();
    if version >= 19 {
        let setters = setters(pod, &mut |of| found.all(profile(of, &format!("{SECCOMP}.type"))));
        return blame("seccompProfile", &setters, || format!("must not set {SECCOMP}.type to {}", found.quoted()));
    }
    let annotation = |key: String| {
        let value = object::annotations(pod)?.get(&key)?.as_str()?;
        let is_fine = matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/");
        (!is_fine).then(|| format!("{key}={}", go_quote(value)))
    };
    found.all(annotation(ANNOTATIONS.into()).into_iter());
    containers(pod, &mut |container| found.all(annotation(format!("{OF_CONTAINER}{}", object::str_at(container, "name").unwrap_or(""))).into_iter()));
    let found = found.sorted();
    let detail = || format!("forbidden {} {}", several("annotation", found.len()), found.join(", "));
    (!found.is_empty()).then(|| Violation { reason: "seccompProfile", detail: detail() })
}

fn sysctls(pod: &Value, version: i64) -> Option<Violation> {
    const SAFE: [(i64, &str); 4] = [
        (
            0,
            "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start",
        ),
        (27, "net.ipv4.ip_local_reserved_ports"),
        (29, "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"),
        (32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"),
    ];
    let names = object::list_at(pod, "spec.securityContext.sysctls").iter().map(|sysctl| object::str_at(sysctl, "name").unwrap_or(""));
    let forbidden = names.filter(|name| !SAFE.iter().any(|(since, list)| version >= *since && is_listed(list, name)));
    let forbidden = forbidden.collect::<Vec<_>>().join(", ");
    (!forbidden.is_empty()).then(|| Violation { reason: "forbidden sysctls", detail: forbidden })
}

fn host_process(pod: &Value, _: i64) -> Option<Violation> {
    const FIELD: &str = "securityContext.windowsOptions.hostProcess";
    blame("hostProcess", &setters(pod, &mut |of| is(of, FIELD, true)), || format!("must not set {FIELD}=true"))
}

fn escalation(pod: &Value, _: i64) -> Option<Violation> {
    const FIELD: &str = "securityContext.allowPrivilegeEscalation";
    let who = some_containers(pod, &mut |container| !is(container, FIELD, false))?;
    Some(Violation { reason: "allowPrivilegeEscalation != false", detail: format!("{who} must set {FIELD}=false") })
}

fn all_capabilities(pod: &Value, _: i64) -> Option<Violation> {
    let dropped = some_containers(pod, &mut |container| texts(container, "securityContext.capabilities.drop").all(|name| name != "ALL"));
    let dropped = dropped.map(|who| format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    let details: Vec<String> = dropped.into_iter().chain(added(pod, "NET_BIND_SERVICE")).collect();
    (!details.is_empty()).then(|| Violation { reason: "unrestricted capabilities", detail: details.join("; ") })
}

fn volumes(pod: &Value, _: i64) -> Option<Violation> {
    const ALLOWED: &str = "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret";
    let (mut names, mut kinds) = (Vec::new(), Found::default());
    for volume in object::list_at(pod, "spec.volumes") {
        // Validation sees to it that there is one source.
        let source = volume.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).find(|key| *key != "name");
        let source = source.unwrap_or("unknown");
        if !is_listed(ALLOWED, source) {
            kinds.0.push(source.to_owned());
            names.push(object::str_at(volume, "name").unwrap_or("").to_owned());
        }
    }
    let kinds = kinds.sorted();
    let detail = || format!("{} {} {}", named("volume", &names), uses(names.len()), named("restricted volume type", &kinds));
    (!names.is_empty()).then(|| Violation { reason: "restricted volume types", detail: detail() })
}

fn non_root(pod: &Value, _: i64) -> Option<Violation> {
    const FIELD: &str = "securityContext.runAsNonRoot";
    let denied = blame("runAsNonRoot != true", &setters(pod, &mut |of| is(of, FIELD, false)), || format!("must not set {FIELD}=false"));
    denied.or_else(|| {
        let who = unset(pod, FIELD)?;
        Some(Violation { reason: "runAsNonRoot != true", detail: format!("{who} must set {FIELD}=true") })
    })
}

/// Who leaves open what the Pod leaves open, too.
fn unset(pod: &Value, field: &str) -> Option<String> {
    if pod.get("spec").is_some_and(|spec| object::at(spec, field).is_some()) {
        return None;
    }
    Some(format!("pod or {}", some_containers(pod, &mut |container| object::at(container, field).is_none())?))
}

fn root_user(pod: &Value, _: i64) -> Option<Violation> {
    let setters = setters(pod, &mut |of| object::i64_at(of, "securityContext.runAsUser") == Some(0));
    blame("runAsUser=0", &setters, || "must not set runAsUser=0".into())
}

fn seccomp_set(pod: &Value, version: i64) -> Option<Violation> {
    seccomp(pod, version).or_else(|| {
        let who = unset(pod, SECCOMP)?;
        let detail = format!("{who} must set {SECCOMP}.type to \"RuntimeDefault\" or \"Localhost\"");
        Some(Violation { reason: "seccompProfile", detail })
    })
}
