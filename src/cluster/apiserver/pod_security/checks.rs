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

/// Says in detail what a Pod has that it may not have in a version.
type Look = fn(&Value, i64) -> Option<String>;

/// `since` and `until` are minor versions.
struct Check {
    reason: &'static str,
    look: Look,
    restricted: bool,
    since: i64,
    /// At the restricted level another check stands for it since this version.
    until: i64,
    spared: Spared,
}

const fn baseline(reason: &'static str, look: Look) -> Check {
    Check { reason, look, restricted: false, since: 0, until: i64::MAX, spared: Spared::Nobody }
}

const fn restricted(since: i64, spared: Spared, reason: &'static str, look: Look) -> Check {
    Check { reason, look, restricted: true, since, until: i64::MAX, spared }
}

/// In the order of their ids upstream, as they are told.
const CHECKS: &[Check] = &[
    baseline("forbidden AppArmor profile", |pod, _| app_armor(pod, true)),
    baseline("forbidden AppArmor profiles", |pod, _| app_armor(pod, false)),
    Check { until: 22, ..baseline("non-default capabilities", capabilities) },
    baseline("host namespaces", host_namespaces),
    Check { until: 0, ..baseline("hostPath volumes", host_paths) },
    baseline("hostPort", host_ports),
    Check { since: 34, ..baseline(HOST, hosts) },
    baseline("privileged", privileged),
    Check { until: 35, spared: Spared::UserNamespaces, ..baseline("procMount", proc_mount) },
    baseline("seLinuxOptions", selinux),
    Check { until: 19, ..baseline("seccompProfile", seccomp) },
    baseline("forbidden sysctls", sysctls),
    baseline("hostProcess", host_process),
    restricted(8, Spared::Windows, "allowPrivilegeEscalation != false", escalation),
    restricted(22, Spared::Windows, "unrestricted capabilities", all_capabilities),
    restricted(35, Spared::Nobody, "procMount", proc_mount),
    restricted(0, Spared::Nobody, "restricted volume types", volumes),
    restricted(0, Spared::UserNamespaces, "runAsNonRoot != true", non_root),
    restricted(23, Spared::UserNamespaces, "runAsUser=0", root_user),
    restricted(19, Spared::Windows, "seccompProfile", seccomp_set),
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
    let violation = |check: &Check| Some(Violation { reason: check.reason, detail: (check.look)(pod, version)? });
    CHECKS.iter().filter(applies).filter_map(violation).collect()
}

/// Values that were found, each once and in order.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    /// True where there is something to find.
    fn all(&mut self, values: &mut dyn Iterator<Item = &str>) -> bool {
        let before = self.0.len();
        self.0.extend(values.map(str::to_owned));
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

fn several(what: &str, count: usize) -> String {
    format!("{what}{}", if count == 1 { "" } else { "s" })
}

/// `volume "a"`, `volumes "a", "b"`; `None` where there is none.
fn named(what: &str, names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{} {}", several(what, names.len()), quoted(names)))
}

/// `volume "a" uses`, `volumes "a", "b" use`
fn users(what: &str, names: &[String]) -> Option<String> {
    Some(format!("{} {}", named(what, names)?, if names.len() == 1 { "uses" } else { "use" }))
}

fn joined(parts: &[String], between: &str) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(between))
}

/// The names of the things in a list of which something is true.
fn names(list: &[Value], is_bad: &mut dyn FnMut(&Value) -> bool) -> Vec<String> {
    list.iter().filter(|item| is_bad(item)).map(|item| name(item).to_owned()).collect()
}

fn name(item: &Value) -> &str {
    object::str_at(item, "name").unwrap_or("")
}

/// The names of the containers of which something is true: init containers first.
fn containers(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Vec<String> {
    let lists = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"];
    lists.into_iter().flat_map(|list| names(object::list_at(pod, list), is_bad)).collect()
}

/// The containers of which something is true, as a text.
fn some_containers(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Option<String> {
    named("container", &containers(pod, is_bad))
}

/// Who says something wrong: the Pod itself, whose `securityContext` is asked as that of a container, and the containers.
fn setters(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Vec<String> {
    let itself = pod.get("spec").filter(|spec| is_bad(spec)).map(|_| "pod".to_owned());
    itself.into_iter().chain(some_containers(pod, is_bad)).collect()
}

/// The same as a text.
fn some_setters(pod: &Value, is_bad: &mut dyn FnMut(&Value) -> bool) -> Option<String> {
    joined(&setters(pod, is_bad), " and ")
}

/// Who leaves open what the Pod leaves open, too.
fn unset(pod: &Value, field: &str) -> Option<String> {
    if pod.get("spec").is_some_and(|spec| object::at(spec, field).is_some()) {
        return None;
    }
    Some(format!("pod or {}", some_containers(pod, &mut |container| object::at(container, field).is_none())?))
}

fn is(of: &Value, field: &str, value: bool) -> bool {
    object::bool_at(of, field) == Some(value)
}

fn texts<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    object::list_at(of, field).iter().filter_map(Value::as_str)
}

fn is_listed(list: &str, name: &str) -> bool {
    list.split(' ').any(|listed| listed == name)
}

/// The type of a profile, where it is one that switches protection off.
fn profile<'a>(of: &'a Value, field: &str) -> Option<&'a str> {
    object::str_at(of, field).filter(|kind| !matches!(*kind, "RuntimeDefault" | "Localhost"))
}

/// An annotation, as it is told, where its profile is none that may be chosen.
fn annotation(key: &str, value: &Value, is_fine: fn(&str) -> bool) -> Option<String> {
    let value = value.as_str().filter(|value| !value.starts_with("localhost/") && *value != "runtime/default" && !is_fine(value))?;
    Some(format!("{key}={}", go_quote(value)))
}

/// `one`: whether one profile is forbidden, or several are, which has another name.
fn app_armor(pod: &Value, one: bool) -> Option<String> {
    let mut types = Found::default();
    let mut setters = setters(pod, &mut |of| types.all(&mut profile(of, "securityContext.appArmorProfile.type").into_iter()));
    let mut values = types.sorted();
    let of_containers = object::annotations(pod).into_iter().flatten().filter(|(key, _)| key.starts_with(APPARMOR));
    let annotations = Found(of_containers.filter_map(|(key, value)| annotation(key, value, str::is_empty)).collect()).sorted();
    if !annotations.is_empty() {
        setters.push(several("annotation", annotations.len()));
        values.extend(annotations);
    }
    let who = joined(&setters, " and ").filter(|_| (values.len() == 1) == one)?;
    Some(format!("{who} must not set AppArmor profile type to {}", quoted(&values)))
}

fn capabilities(pod: &Value, _: i64) -> Option<String> {
    added(pod, "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT")
}

/// Who adds capabilities that are not in a list.
fn added(pod: &Value, list: &str) -> Option<String> {
    const FIELD: &str = "securityContext.capabilities.add";
    let mut found = Found::default();
    let who = some_containers(pod, &mut |container| found.all(&mut texts(container, FIELD).filter(|name| !is_listed(list, name))))?;
    Some(format!("{who} must not include {} in {FIELD}", found.quoted()))
}

fn host_namespaces(pod: &Value, _: i64) -> Option<String> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(|field| pod.get("spec").is_some_and(|spec| is(spec, field, true)));
    joined(&fields.map(|field| format!("{field}=true")).collect::<Vec<_>>(), ", ")
}

fn host_paths(pod: &Value, _: i64) -> Option<String> {
    named("volume", &names(object::list_at(pod, "spec.volumes"), &mut |volume| volume.get("hostPath").is_some()))
}

fn host_ports(pod: &Value, _: i64) -> Option<String> {
    let mut found = Found::default();
    let names = containers(pod, &mut |container| {
        let before = found.0.len();
        let ports = object::list_at(container, "ports").iter().filter_map(|port| object::i64_at(port, "hostPort"));
        found.0.extend(ports.filter(|port| *port != 0).map(|port| port.to_string()));
        found.0.len() > before
    });
    let ports = found.sorted();
    Some(format!("{} {} {}", users("container", &names)?, several("hostPort", ports.len()), ports.join(", ")))
}

const HOST: &str = "probe or lifecycle host";

fn hosts(pod: &Value, _: i64) -> Option<String> {
    const HANDLERS: [&str; 5] = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];
    let mut found = Found::default();
    let mut names = containers(pod, &mut |container| {
        let handlers = HANDLERS.into_iter().filter_map(|handler| object::at(container, handler));
        let hosts = handlers.flat_map(|handler| ["httpGet.host", "tcpSocket.host"].into_iter().filter_map(|host| object::str_at(handler, host)));
        found.all(&mut hosts.filter(|host| !host.is_empty()))
    });
    names.order();
    Some(format!("{} {}", users("container", &names)?, named(HOST, &found.sorted())?))
}

fn privileged(pod: &Value, _: i64) -> Option<String> {
    const FIELD: &str = "securityContext.privileged";
    Some(format!("{} must not set {FIELD}=true", some_containers(pod, &mut |container| is(container, FIELD, true))?))
}

fn proc_mount(pod: &Value, _: i64) -> Option<String> {
    const FIELD: &str = "securityContext.procMount";
    let mut found = Found::default();
    let unmasked = |mount: &&str| *mount != "Default";
    let who = some_containers(pod, &mut |container| found.all(&mut object::str_at(container, FIELD).filter(unmasked).into_iter()))?;
    Some(format!("{who} must not set {FIELD} to {}", found.quoted()))
}

fn selinux(pod: &Value, version: i64) -> Option<String> {
    const FIELD: &str = "securityContext.seLinuxOptions";
    let may_be = |kind: &&str| is_listed(" container_t container_init_t container_kvm_t", kind) || version >= 31 && *kind == "container_engine_t";
    let (mut types, mut user, mut role) = (Found::default(), false, false);
    let who = some_setters(pod, &mut |of| {
        let Some(options) = object::at(of, FIELD) else { return false };
        let is_set = |field| object::str_at(options, field).is_some_and(|text| !text.is_empty());
        (user, role) = (user | is_set("user"), role | is_set("role"));
        types.all(&mut object::str_at(options, "type").filter(|kind| !may_be(kind)).into_iter()) | is_set("user") | is_set("role")
    })?;
    let types = named("type", &types.sorted());
    let user = user.then(|| "user may not be set".to_owned());
    let role = role.then(|| "role may not be set".to_owned());
    let wrong: Vec<String> = types.into_iter().chain(user).chain(role).collect();
    Some(format!("{who} set forbidden {FIELD}: {}", wrong.join("; ")))
}

const SECCOMP: &str = "securityContext.seccompProfile";

/// Until 1.18 seccomp was a matter of annotations.
fn seccomp(pod: &Value, version: i64) -> Option<String> {
    let mut found = Found::default();
    if version >= 19 {
        let who = some_setters(pod, &mut |of| found.all(&mut profile(of, &format!("{SECCOMP}.type")).into_iter()))?;
        return Some(format!("{who} must not set {SECCOMP}.type to {}", found.quoted()));
    }
    let mut look = |key: String| {
        let value = object::annotations(pod).and_then(|annotations| annotations.get(&key));
        found.0.extend(value.and_then(|value| annotation(&key, value, |value| value == "docker/default")));
        false
    };
    look("seccomp.security.alpha.kubernetes.io/pod".into());
    containers(pod, &mut |container| look(format!("container.seccomp.security.alpha.kubernetes.io/{}", name(container))));
    let found = found.sorted();
    Some(format!("forbidden {} {}", several("annotation", found.len()), joined(&found, ", ")?))
}

fn sysctls(pod: &Value, version: i64) -> Option<String> {
    const SAFE: [(i64, &str); 4] = [
        (
            0,
            "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start",
        ),
        (27, "net.ipv4.ip_local_reserved_ports"),
        (29, "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"),
        (32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"),
    ];
    let is_safe = |name: &str| SAFE.iter().any(|(since, list)| version >= *since && is_listed(list, name));
    joined(&names(object::list_at(pod, "spec.securityContext.sysctls"), &mut |sysctl| !is_safe(name(sysctl))), ", ")
}

fn host_process(pod: &Value, _: i64) -> Option<String> {
    const FIELD: &str = "securityContext.windowsOptions.hostProcess";
    Some(format!("{} must not set {FIELD}=true", some_setters(pod, &mut |of| is(of, FIELD, true))?))
}

fn escalation(pod: &Value, _: i64) -> Option<String> {
    const FIELD: &str = "securityContext.allowPrivilegeEscalation";
    Some(format!("{} must set {FIELD}=false", some_containers(pod, &mut |container| !is(container, FIELD, false))?))
}

fn all_capabilities(pod: &Value, _: i64) -> Option<String> {
    const FIELD: &str = "securityContext.capabilities.drop";
    let keeps = some_containers(pod, &mut |container| texts(container, FIELD).all(|name| name != "ALL"));
    let keeps = keeps.map(|who| format!("{who} must set {FIELD}=[\"ALL\"]"));
    joined(&keeps.into_iter().chain(added(pod, "NET_BIND_SERVICE")).collect::<Vec<_>>(), "; ")
}

fn volumes(pod: &Value, _: i64) -> Option<String> {
    const ALLOWED: &str = "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret";
    let mut found = Found::default();
    let names = names(object::list_at(pod, "spec.volumes"), &mut |volume| {
        // Validation sees to it that there is one source.
        let source = volume.as_object().and_then(|fields| fields.keys().map(String::as_str).find(|field| *field != "name"));
        found.all(&mut source.filter(|source| !is_listed(ALLOWED, source)).into_iter())
    });
    Some(format!("{} {}", users("volume", &names)?, named("restricted volume type", &found.sorted())?))
}

fn non_root(pod: &Value, _: i64) -> Option<String> {
    const FIELD: &str = "securityContext.runAsNonRoot";
    let denied = some_setters(pod, &mut |of| is(of, FIELD, false)).map(|who| format!("{who} must not set {FIELD}=false"));
    denied.or_else(|| Some(format!("{} must set {FIELD}=true", unset(pod, FIELD)?)))
}

fn root_user(pod: &Value, _: i64) -> Option<String> {
    let who = some_setters(pod, &mut |of| object::i64_at(of, "securityContext.runAsUser") == Some(0))?;
    Some(format!("{who} must not set runAsUser=0"))
}

fn seccomp_set(pod: &Value, version: i64) -> Option<String> {
    let unset = || Some(format!("{} must set {SECCOMP}.type to \"RuntimeDefault\" or \"Localhost\"", unset(pod, SECCOMP)?));
    seccomp(pod, version).or_else(unset)
}
