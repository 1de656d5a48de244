//! What the server accepts in a Pod, or in a Pod's template, with a warning.
//!
//! Models `warningsForPodSpecAndMeta` of `pkg/api/pod/warnings.go`; its order is kept.

use std::fmt;

use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Quantity, Value, object};
use crate::manifest::validate::{addresses, label_value_problems, same_profile};
use crate::yaml::go_quote;

/// Of longer lists only the beginning is compared, each with each.
const MOST_PATHS: usize = 2_000;

/// `deprecatedNodeLabels` of `pkg/api/node`
pub const OLD_NODE_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    ("failure-domain.beta.kubernetes.io/region", "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"),
    ("failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"),
    ("beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    ("scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"),
    ("node-role.kubernetes.io/master", "use \"node-role.kubernetes.io/control-plane\" instead"),
];

const OLD_ANNOTATIONS: &[(&str, &str)] = &[
    ("scheduler.alpha.kubernetes.io/critical-pod", "non-functional in v1.16+; use the \"priorityClassName\" field instead"),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];

const SECCOMP: &str = "non-functional in v1.27+; use the \"seccompProfile\" field instead";

const DEAD_VOLUMES: &[(&str, &str)] = &[
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("ephemeral", ""),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn there<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    value.get(field).filter(|v| !v.is_null())
}

/// `of`: a Pod or a template; `at`: empty, or the path of the template with a dot behind it.
pub fn of(of: &Value, at: &str, warnings: &mut Vec<String>) {
    let spec = of.get("spec").unwrap_or(&Value::Null);
    let path = [at, "spec"].concat();
    node_labels(spec, &path, warnings);
    let annotations = object::annotations(of);
    let annotated = |key: &str| annotations.is_some_and(|a| a.contains_key(key));
    let of_annotation = |key: &str, text: &str| format!("{at}metadata.annotations[{key}]: {text}");
    for (key, text) in OLD_ANNOTATIONS.iter().filter(|(key, _)| annotated(key)) {
        warnings.push(of_annotation(key, text));
    }
    volumes(spec, &path, warnings);
    repeated(spec, &path, warnings);
    fractions(spec.get("overhead"), &format_args!("{path}.overhead"), warnings);
    const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    if annotated(SECCOMP_POD) && there(spec, "securityContext").and_then(|c| there(c, "seccompProfile")).is_none() {
        warnings.push(of_annotation(SECCOMP_POD, SECCOMP));
    }
    let all = containers(spec, &path);
    for (here, container) in &all {
        if annotations.is_some() {
            of_container(of, container, at, warnings);
        }
        for list in ["limits", "requests"] {
            fractions(container.get("resources").and_then(|r| r.get(list)), &format_args!("{here}.resources.{list}"), warnings);
        }
        env(container, *here, warnings);
    }
    ports(&all, warnings);
    if object::i64_at(spec, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        warnings.push(format!("{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    affinity(spec, &path, warnings);
    for (index, server) in object::list_at(spec, "dnsConfig.nameservers").iter().enumerate() {
        addresses::warn(server.as_str().unwrap_or(""), &format!("{path}.dnsConfig.nameservers[{index}]"), warnings);
    }
    for (index, alias) in object::list_at(spec, "hostAliases").iter().enumerate() {
        addresses::warn(object::str_at(alias, "ip").unwrap_or(""), &format!("{path}.hostAliases[{index}].ip"), warnings);
    }
}

/// What is said of the annotations that name a container.
fn of_container(of: &Value, container: &Value, at: &str, warnings: &mut Vec<String>) {
    let annotations = object::annotations(of);
    let profile = |field: &str| there(container, "securityContext").and_then(|c| there(c, field)).is_some();
    let name = object::str_at(container, "name").unwrap_or("");
    let key = format!("container.seccomp.security.alpha.kubernetes.io/{name}");
    if annotations.is_some_and(|a| a.contains_key(&key)) && !profile("seccompProfile") {
        warnings.push(format!("{at}metadata.annotations[{key}]: {SECCOMP}"));
    }
    // A Pod's own are told of when they become the field.
    let key = format!("{}{name}", crate::manifest::validate::APPARMOR);
    let own = annotations.and_then(|a| a.get(&key)).and_then(Value::as_str).filter(|_| !at.is_empty());
    if let Some(value) = own
        && !profile("appArmorProfile")
        && !same_profile(value, object::at(of, "spec.securityContext.appArmorProfile"))
    {
        warnings.push(format!("{at}metadata.annotations[{key}]: {}", super::APPARMOR_FIELD));
    }
}

/// Where a container stands. Paths are written out only where there is something to say.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    list: &'static str,
    index: usize,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}[{}]", self.path, self.list, self.index)
    }
}

/// Every container with its place, as `VisitContainersWithPath` goes.
fn containers<'a>(spec: &'a Value, path: &'a str) -> Vec<(Place<'a>, &'a Value)> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let of = |list| object::list_at(spec, list).iter().enumerate().map(move |(index, container)| (Place { path, list, index }, container));
    lists.into_iter().flat_map(of).collect()
}

fn old_label(key: &str) -> Option<&'static str> {
    OLD_NODE_LABELS.iter().find(|(old, _)| *old == key).map(|(_, text)| *text)
}

fn node_labels(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    for key in object::map_at(spec, "nodeSelector").into_iter().flatten().map(|(k, _)| k) {
        if let Some(text) = old_label(key) {
            warnings.push(format!("{path}.nodeSelector[{key}]: {text}"));
        }
    }
    if there(spec, "affinity").is_some() {
        let required = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
        for (index, term) in object::list_at(spec, required).iter().enumerate() {
            node_term(term, false, &format!("{path}.{required}[{index}]"), warnings);
        }
        let preferred = "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution";
        for (index, term) in object::list_at(spec, preferred).iter().enumerate() {
            node_term(term.get("preference").unwrap_or(&Value::Null), true, &format!("{path}.{preferred}[{index}].preference"), warnings);
        }
    }
    for (index, constraint) in object::list_at(spec, "topologySpreadConstraints").iter().enumerate() {
        let here = format!("{path}.topologySpreadConstraints[{index}]");
        let key = object::str_at(constraint, "topologyKey").unwrap_or("");
        if let Some(text) = old_label(key) {
            warnings.push(format!("{here}.topologyKey: {key} is {text}"));
        }
        no_selector(constraint, &here, warnings);
    }
}

/// `GetWarningsForNodeSelectorTerm`; `values`: what could never match is told of too.
pub fn node_term(term: &Value, values: bool, path: &str, warnings: &mut Vec<String>) {
    for (index, expression) in object::list_at(term, "matchExpressions").iter().enumerate() {
        let here = format!("{path}.matchExpressions[{index}]");
        let key = object::str_at(expression, "key").unwrap_or("");
        if let Some(text) = old_label(key) {
            warnings.push(format!("{here}.key: {key} is {text}"));
        }
        for (index, value) in object::list_at(expression, "values").iter().enumerate().filter(|_| values) {
            let value = value.as_str().unwrap_or("");
            for text in label_value_problems(value) {
                warnings.push(format!("{here}.values[{index}]: {value} is invalid, {text}"));
            }
        }
    }
}

fn no_selector(term: &Value, path: &str, warnings: &mut Vec<String>) {
    if there(term, "labelSelector").is_none() {
        warnings.push(format!("{path}.labelSelector: a null labelSelector results in matching no pod"));
    }
}

fn affinity(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    let Some(given) = there(spec, "affinity") else { return };
    for kind in ["podAffinity", "podAntiAffinity"].into_iter().filter(|kind| given.get(*kind).is_some()) {
        let required = format!("affinity.{kind}.requiredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in object::list_at(spec, &required).iter().enumerate() {
            no_selector(term, &format!("{path}.{required}[{index}]"), warnings);
        }
        let preferred = format!("affinity.{kind}.preferredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in object::list_at(spec, &preferred).iter().enumerate() {
            let term = term.get("podAffinityTerm").unwrap_or(&Value::Null);
            no_selector(term, &format!("{path}.{preferred}[{index}].podAffinityTerm"), warnings);
        }
    }
}

fn volumes(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    let volumes = object::list_at(spec, "volumes");
    for (index, volume) in volumes.iter().enumerate() {
        for (kind, text) in DEAD_VOLUMES {
            let Some(source) = there(volume, kind) else { continue };
            let here = format!("{path}.volumes[{index}].{kind}");
            if *kind == "ephemeral" {
                let claim = object::at(source, "volumeClaimTemplate.spec").unwrap_or(&Value::Null);
                storage(claim, &format!("{here}.volumeClaimTemplate.spec"), warnings);
            } else {
                // The field's name in Go gives the path.
                let here = if *kind == "storageos" { here.replace("storageos", "storageOS") } else { here };
                warnings.push(format!("{here}: {text}"));
            }
        }
    }
    for volume in volumes {
        let name = go_quote(object::str_at(volume, "name").unwrap_or(""));
        for (kind, shown, name_field) in [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")]
        {
            let Some(source) = there(volume, kind) else { continue };
            let paths: Vec<String> = item_paths(source).map(go_path).collect();
            let of = if name_field.is_empty() {
                shown.to_owned()
            } else {
                format!("{shown} {}", go_quote(object::str_at(source, name_field).unwrap_or("")))
            };
            overlaps(paths.into_iter().map(|path| (path, String::new())).collect(), &format!("volume {name} ({of})"), warnings);
        }
        if let Some(projected) = there(volume, "projected") {
            let sources = object::list_at(projected, "sources");
            for _ in sources.iter().filter(|s| !s.as_object().is_some_and(|m| m.values().any(|v| !v.is_null()))) {
                warnings.push(format!("volume {name} (Projected) has no sources provided"));
            }
            overlaps(sources.iter().flat_map(projected_paths).collect(), &format!("volume {name} (Projected)"), warnings);
        }
    }
}

fn item_paths(source: &Value) -> impl Iterator<Item = &str> {
    object::list_at(source, "items").iter().map(|item| object::str_at(item, "path").unwrap_or(""))
}

fn go_path(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}

/// The paths of one source, each with the words that name the source.
fn projected_paths(source: &Value) -> Vec<(String, String)> {
    let text = |value: &Value, field: &str| object::str_at(value, field).unwrap_or("").to_owned();
    for (kind, shown) in [("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")] {
        let Some(given) = there(source, kind).filter(|g| !object::list_at(g, "items").is_empty()) else { continue };
        let of = if kind == "downwardAPI" { shown.to_owned() } else { format!("{shown} {}", go_quote(&text(given, "name"))) };
        return item_paths(given).map(|path| (go_path(path), of.clone())).collect();
    }
    if let Some(token) = there(source, "serviceAccountToken") {
        return vec![(go_path(&text(token, "path")), "ServiceAccountToken".into())];
    }
    if let Some(bundle) = there(source, "clusterTrustBundle") {
        let name = object::str_at(bundle, "name").or(object::str_at(bundle, "signerName")).unwrap_or("");
        return vec![(go_path(&text(bundle, "path")), format!("ClusterTrustBundle {}", go_quote(name)))];
    }
    let Some(certificate) = there(source, "podCertificate") else { return Vec::new() };
    let parts = [("certificateChainPath", "chain"), ("keyPath", "key"), ("credentialBundlePath", "credential bundle")];
    let given = parts.iter().map(|(field, shown)| (go_path(&text(certificate, field)), format!("PodCertificate {shown}")));
    given.filter(|(path, _)| !path.is_empty()).collect()
}

/// Each path against those before it: the same, or one lies below the other.
fn overlaps(paths: Vec<(String, String)>, of: &str, warnings: &mut Vec<String>) {
    let below = |path: &str, other: &str| path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let shown = |(path, of): &(String, String)| {
        let path = go_quote(path);
        if of.is_empty() { path } else { format!("{path} ({of})") }
    };
    let paths = &paths[..paths.len().min(MOST_PATHS)];
    for (index, one) in paths.iter().enumerate().filter(|(_, one)| !one.0.is_empty()) {
        for other in paths[..index].iter().filter(|other| !other.0.is_empty()) {
            if below(&other.0, &one.0) || below(&one.0, &other.0) {
                warnings.push(format!("{of}: overlapping paths: {} with {}", shown(one), shown(other)));
                if warnings.len() > MOST_PATHS {
                    return;
                }
            }
        }
    }
}

fn repeated(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    for (list, field, shown) in [("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")] {
        let mut seen = SortedSet::new();
        for (index, item) in object::list_at(spec, list).iter().enumerate() {
            let text = object::str_at(item, field).unwrap_or("");
            if !seen.insert(text) {
                warnings.push(format!("{path}.{list}[{index}].{field}: duplicate {shown} {}", go_quote(text)));
            }
        }
    }
    for (index, secret) in object::list_at(spec, "imagePullSecrets").iter().enumerate() {
        if object::str_at(secret, "name").unwrap_or("").is_empty() {
            warnings.push(format!("{path}.imagePullSecrets[{index}].name: invalid empty name \"\""));
        }
    }
}

/// Bytes come whole.
fn fractions(amounts: Option<&Value>, path: &dyn fmt::Display, warnings: &mut Vec<String>) {
    for name in ["memory", "ephemeral-storage"] {
        fraction(amounts, name, path, warnings);
    }
}

fn fraction(amounts: Option<&Value>, name: &str, path: &dyn fmt::Display, warnings: &mut Vec<String>) {
    let Some(text) = amounts.and_then(|a| a.get(name)).and_then(Value::as_str) else { return };
    // Thousandths overflow from 2^63 on, and come out whole again beyond 10^18 of them.
    let overflows = i128::from(i64::MAX) / 1000..1_000_000_000_000_000_000_000_000;
    if Quantity::parse(text).is_some_and(|q| q.nano() % 1_000_000_000 != 0 || overflows.contains(&(q.nano() / 1_000_000_000 - 1))) {
        warnings.push(format!("{path}[{name}]: fractional byte value {} is invalid, must be an integer", go_quote(text)));
    }
}

/// `GetWarningsForPersistentVolumeClaimSpec`
pub fn storage(claim: &Value, path: &str, warnings: &mut Vec<String>) {
    for list in ["requests", "limits"] {
        fraction(claim.get("resources").and_then(|r| r.get(list)), "storage", &format_args!("{path}.resources.{list}"), warnings);
    }
}

fn env(container: &Value, path: Place, warnings: &mut Vec<String>) {
    let mut seen = SortedSet::new();
    for (index, variable) in object::list_at(container, "env").iter().enumerate() {
        let name = object::str_at(variable, "name").unwrap_or("");
        if seen.insert(name) {
            continue;
        }
        let itself = format!("$({name})");
        // A value that holds the one before it loses nothing.
        let extends = there(variable, "valueFrom").is_none()
            && object::str_at(variable, "value").is_some_and(|value| value != itself && value.contains(&itself));
        if !extends {
            let name = go_quote(name);
            warnings.push(format!("{path}.env[{index}]: hides previous definition of {name}, which may be dropped when using apply"));
        }
    }
}

/// Ports that several containers of the Pod declare: numbers first, then names.
fn ports(all: &[(Place, &Value)], warnings: &mut Vec<String>) {
    type Port<'a> = (Place<'a>, usize, &'a str, i64);
    let mut numbers: SortedMap<(i64, &str), Vec<Port>> = SortedMap::new();
    let mut names: SortedMap<&str, (Place, usize)> = SortedMap::new();
    let mut later = Vec::new();
    for (at, container) in all {
        for (index, port) in object::list_at(container, "ports").iter().enumerate() {
            let text = |field: &str| object::str_at(port, field).unwrap_or("");
            let number = |field: &str| object::i64_at(port, field).unwrap_or(0);
            let (ip, host) = (text("hostIP"), number("hostPort"));
            if !ip.is_empty() && host == 0 {
                let shown = format!(
                    "{{Name:{} HostPort:0 ContainerPort:{} Protocol:{} HostIP:{ip}}}",
                    text("name"),
                    number("containerPort"),
                    text("protocol")
                );
                warnings.push(format!("{at}.ports[{index}]: hostIP set without hostPort: {shown}"));
            }
            let same = numbers.entry((number("containerPort"), text("protocol"))).or_default();
            for (other, port, other_ip, other_host) in same.iter().take(MOST_PATHS) {
                let kind = if (*other_ip, *other_host) == (ip, host) {
                    "duplicate"
                } else if host == 0 || *other_host == 0 {
                    "overlapping"
                } else if host == *other_host && (ip.is_empty() != other_ip.is_empty()) {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                if warnings.len() <= MOST_PATHS {
                    warnings.push(format!("{at}.ports[{index}]: {kind} port definition with {other}.ports[{port}]"));
                }
            }
            let name = text("name");
            if !name.is_empty() {
                match names.get(name) {
                    Some((first, port)) => {
                        let first = format!("{first}.ports[{port}]");
                        later.push(format!(
                            "{at}.ports[{index}]: duplicate port name {} with {first}, services and probes that select ports by name will use {first}",
                            go_quote(name)
                        ));
                    }
                    None => drop(names.insert(name, (*at, index))),
                }
            }
            same.push((*at, index, ip, host));
        }
    }
    warnings.extend(later);
}
