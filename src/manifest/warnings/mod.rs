//! What the server accepts with a warning.
//!
//! Models `pkg/api/pod/warnings.go` and its neighbours for other kinds.

mod kinds;

use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Kind, Quantity, Value, object};

/// The warnings for a new object, in the server's order.
pub fn create(kind: &Kind, object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    match kind.kind {
        "Pod" => {
            let name = object::name(object);
            let problems = dns_label_problems(name);
            if !name.is_empty() && !problems.is_empty() {
                warnings.push(format!(
                    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
                    problems.join(" ")
                ));
            }
            pod(object.get("spec").unwrap_or(&Value::Null), object.get("metadata").unwrap_or(&Value::Null), "spec", "metadata", &mut warnings);
        }
        _ => kinds::create(kind, object, &mut warnings),
    }
    warnings
}

fn dns_label_problems(name: &str) -> Vec<String> {
    super::validate::label_problems(name)
}

fn template(object: &Value, path: &str, warnings: &mut Vec<String>) {
    if let Some(template) = object::at(object, path) {
        let (spec, meta) = (template.get("spec").unwrap_or(&Value::Null), template.get("metadata").unwrap_or(&Value::Null));
        pod(spec, meta, &format!("{path}.spec"), &format!("{path}.metadata"), warnings);
    }
}

const OLD_NODE_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    ("failure-domain.beta.kubernetes.io/region", "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"),
    ("failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"),
    ("beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"),
];

const DEAD_VOLUMES: &[(&str, &str)] = &[
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn pod(spec: &Value, meta: &Value, path: &str, meta_path: &str, warnings: &mut Vec<String>) {
    for key in object::map_at(spec, "nodeSelector").into_iter().flatten().map(|(k, _)| k) {
        if let Some((_, text)) = OLD_NODE_LABELS.iter().find(|(old, _)| old == key) {
            warnings.push(format!("{path}.nodeSelector[{key}]: {text}"));
        }
    }
    null_selectors(spec, path, warnings);
    old_annotations(spec, meta, meta_path, warnings);
    let mut names = SortedSet::new();
    for (index, secret) in object::list_at(spec, "imagePullSecrets").iter().enumerate() {
        let name = object::str_at(secret, "name").unwrap_or("");
        if name.is_empty() {
            warnings.push(format!("{path}.imagePullSecrets[{index}].name: invalid empty name \"\""));
        } else if !names.insert(name) {
            warnings.push(format!("{path}.imagePullSecrets[{index}].name: duplicate name \"{name}\""));
        }
    }
    let mut ips = SortedSet::new();
    for (index, alias) in object::list_at(spec, "hostAliases").iter().enumerate() {
        let ip = object::str_at(alias, "ip").unwrap_or("");
        if !ips.insert(ip) {
            warnings.push(format!("{path}.hostAliases[{index}].ip: duplicate ip \"{ip}\""));
        }
    }
    volumes(spec, path, warnings);
    containers(spec, path, warnings);
}

fn null_selectors(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    let null = |term: &Value| term.get("labelSelector").is_none_or(Value::is_null);
    let text = "a null labelSelector results in matching no pod";
    for (index, constraint) in object::list_at(spec, "topologySpreadConstraints").iter().enumerate() {
        if null(constraint) {
            warnings.push(format!("{path}.topologySpreadConstraints[{index}].labelSelector: {text}"));
        }
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let required = format!("affinity.{kind}.requiredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in object::list_at(spec, &required).iter().enumerate() {
            if null(term) {
                warnings.push(format!("{path}.{required}[{index}].labelSelector: {text}"));
            }
        }
        let preferred = format!("affinity.{kind}.preferredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in object::list_at(spec, &preferred).iter().enumerate() {
            if term.get("podAffinityTerm").is_none_or(null) {
                warnings.push(format!("{path}.{preferred}[{index}].podAffinityTerm.labelSelector: {text}"));
            }
        }
    }
}

fn old_annotations(spec: &Value, meta: &Value, path: &str, warnings: &mut Vec<String>) {
    let Some(annotations) = object::map_at(meta, "annotations") else { return };
    for key in annotations.keys() {
        let container = |prefix: &str| {
            let name = key.strip_prefix(prefix)?;
            object::list_at(spec, "containers").iter().any(|c| object::str_at(c, "name") == Some(name)).then_some(())
        };
        // A field that says the same makes the annotation harmless.
        let replaced = |value: &Value| object::at(value, "securityContext.seccompProfile").is_some_and(|p| !p.is_null());
        let by_field = key
            .strip_prefix("container.seccomp.security.alpha.kubernetes.io/")
            .is_some_and(|name| object::list_at(spec, "containers").iter().any(|c| object::str_at(c, "name") == Some(name) && replaced(c)));
        if by_field || (key == "seccomp.security.alpha.kubernetes.io/pod" && replaced(spec)) {
            continue;
        }
        let text = if key == "scheduler.alpha.kubernetes.io/critical-pod" {
            "non-functional in v1.16+; use the \"priorityClassName\" field instead"
        } else if key == "security.alpha.kubernetes.io/sysctls" || key == "security.alpha.kubernetes.io/unsafe-sysctls" {
            "non-functional in v1.11+; use the \"sysctls\" field instead"
        } else if key == "seccomp.security.alpha.kubernetes.io/pod" || container("container.seccomp.security.alpha.kubernetes.io/").is_some() {
            "non-functional in v1.27+; use the \"seccompProfile\" field instead"
        } else if container("container.apparmor.security.beta.kubernetes.io/").is_some() {
            "deprecated since v1.30; use the \"appArmorProfile\" field instead"
        } else {
            continue;
        };
        warnings.push(format!("{path}.annotations[{key}]: {text}"));
    }
}

fn volumes(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    for (index, volume) in object::list_at(spec, "volumes").iter().enumerate() {
        for (kind, text) in DEAD_VOLUMES {
            if volume.get(kind).is_some_and(|v| !v.is_null()) {
                warnings.push(format!("{path}.volumes[{index}].{kind}: {text}"));
            }
        }
        let name = object::str_at(volume, "name").unwrap_or("");
        for (kind, shown, name_field) in [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")] {
            if let Some(source) = volume.get(kind).filter(|s| !s.is_null()) {
                let of = object::str_at(source, name_field).unwrap_or("");
                let paths: Vec<&str> = object::list_at(source, "items").iter().filter_map(|i| object::str_at(i, "path")).collect();
                overlaps(&paths, &format!("volume \"{name}\" ({shown} \"{of}\")"), warnings);
            }
        }
        if let Some(source) = volume.get("downwardAPI").filter(|s| !s.is_null()) {
            let paths: Vec<&str> = object::list_at(source, "items").iter().filter_map(|i| object::str_at(i, "path")).collect();
            overlaps(&paths, &format!("volume \"{name}\" (DownwardAPI)"), warnings);
        }
        if let Some(projected) = volume.get("projected").filter(|p| !p.is_null()) {
            let sources = object::list_at(projected, "sources");
            let real = |s: &Value| s.as_object().is_some_and(|m| m.values().any(|v| !v.is_null()));
            if !sources.iter().all(real) {
                warnings.push(format!("volume \"{name}\" (Projected) has no sources provided"));
            }
        }
    }
}

/// One path lies in another's way: of those before it the first that is the same, above it or below it.
fn overlaps(paths: &[&str], of: &str, warnings: &mut Vec<String>) {
    // The first path at a place, and the first one below it.
    let (mut at, mut below): (SortedMap<&str, usize>, SortedMap<&str, usize>) = (SortedMap::default(), SortedMap::default());
    for (index, path) in paths.iter().enumerate() {
        let above = || path.match_indices('/').map(|(end, _)| &path[..end]);
        let clash = above().chain([*path]).filter_map(|place| at.get(place)).chain(below.get(*path)).min();
        if let Some(other) = clash {
            warnings.push(format!("{of}: overlapping paths: \"{path}\" with \"{}\"", paths[*other]));
        }
        for place in above() {
            below.entry(place).or_insert(index);
        }
        at.entry(path).or_insert(index);
    }
}

fn containers(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    let all = ["initContainers", "containers"].into_iter().flat_map(|list| {
        let each = object::list_at(spec, list).iter().enumerate();
        each.map(move |(index, container)| (format!("{list}[{index}]"), container))
    });
    let all: Vec<(String, &Value)> = all.collect();
    for (at, container) in &all {
        for list in ["limits", "requests"] {
            let Some(text) = object::map_at(container, &format!("resources.{list}")).and_then(|m| m.get("memory")).and_then(Value::as_str) else {
                continue;
            };
            // Thousandths overflow from 2^63 on, and come out whole again beyond 10^18 of them.
            let overflows = i128::from(i64::MAX) / 1000..1_000_000_000_000_000_000_000_000;
            let fractional =
                Quantity::parse(text).is_some_and(|q| q.nano() % 1_000_000_000 != 0 || overflows.contains(&(q.nano() / 1_000_000_000 - 1)));
            if fractional {
                warnings.push(format!("{path}.{at}.resources.{list}[memory]: fractional byte value \"{text}\" is invalid, must be an integer"));
            }
        }
        env(container, &format!("{path}.{at}"), warnings);
    }
    let mut numbers: SortedMap<(i64, &str), String> = SortedMap::new();
    let mut later = Vec::new();
    let mut names: SortedMap<&str, String> = SortedMap::new();
    for (at, container) in &all {
        for (index, port) in object::list_at(container, "ports").iter().enumerate() {
            let here = format!("{path}.{at}.ports[{index}]");
            let number = object::i64_at(port, "containerPort").unwrap_or(0);
            let protocol = object::str_at(port, "protocol").unwrap_or("TCP");
            let same_host = |port: &Value| object::i64_at(port, "hostPort").is_none_or(|h| h == 0);
            match numbers.get(&(number, protocol)) {
                Some(first) if same_host(port) => warnings.push(format!("{here}: duplicate port definition with {first}")),
                Some(_) => {}
                None => drop(numbers.insert((number, protocol), here.clone())),
            }
            if let Some(name) = object::str_at(port, "name").filter(|n| !n.is_empty()) {
                match names.get(name) {
                    Some(first) => later.push(format!(
                        "{here}: duplicate port name \"{name}\" with {first}, services and probes that select ports by name will use {first}"
                    )),
                    None => drop(names.insert(name, here.clone())),
                }
            }
        }
    }
    warnings.extend(later);
}

fn env(container: &Value, path: &str, warnings: &mut Vec<String>) {
    let mut seen = SortedSet::new();
    for (index, variable) in object::list_at(container, "env").iter().enumerate() {
        let name = object::str_at(variable, "name").unwrap_or("");
        let refers = object::str_at(variable, "value").is_some_and(|v| v.contains(&format!("$({name})")));
        if !seen.insert(name) && !refers {
            warnings.push(format!("{path}.env[{index}]: hides previous definition of \"{name}\", which may be dropped when using apply"));
        }
    }
}
