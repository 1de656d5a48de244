//! `kubectl describe` of the small kinds: Namespace, ConfigMap, Secret, ServiceAccount, ResourceQuota, LimitRange, …; any other as a tree.

use super::{Page, head, text};
use crate::api::object::{at, i64_at, list_at, map_at, name, namespace, str_at};
use crate::api::order::InOrder as _;
use crate::api::{Kind, Map, Value};
use crate::kubectl::base64;
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;

/// Whether the page ends with the object's events.
pub fn describe(page: &mut Page, kind: &Kind, o: &Value, env: &Env) -> bool {
    match kind.kind {
        "Namespace" => {
            head(page, o, kind);
            page.field(0, "Status", text(o, "status.phase"));
            page.line(0, "");
            let found = |name: &str| Kind::by_name(name).map(|k| env.list(k, Some(crate::api::object::name(o)))).unwrap_or_default();
            let quotas = found("quota");
            if quotas.is_empty() {
                page.line(0, "No resource quota.");
            } else {
                page.line(0, "Resource Quotas");
                for quota in &quotas {
                    page.line(1, format!("Name:\t{}", name(quota)));
                    scopes(page, 1, quota, "");
                    used_and_hard(page, 1, quota, "---");
                }
            }
            page.line(0, "");
            let ranges = found("limits");
            if ranges.is_empty() {
                page.line(0, "No LimitRange resource.");
            } else {
                page.line(0, "Resource Limits");
                limits(page, " ", &ranges.iter().flat_map(|r| list_at(r, "spec.limits").to_vec()).collect::<Vec<_>>());
            }
            false
        }
        "ConfigMap" => {
            head(page, o, kind);
            page.line(0, "\nData\n====");
            for (key, value) in map_at(o, "data").into_iter().flatten() {
                page.line(0, format!("{key}:\n----\n{}\n", value.as_str().unwrap_or("")));
            }
            page.line(0, "\nBinaryData\n====");
            for (key, value) in map_at(o, "binaryData").into_iter().flatten() {
                page.line(0, format!("{key}: {} bytes", base64::decode(value.as_str().unwrap_or("")).map_or(0, |b| b.len())));
            }
            page.line(0, "");
            true
        }
        "Secret" => {
            head(page, o, kind);
            page.line(0, format!("\nType:\t{}\n\nData\n====", text(o, "type")));
            for (key, value) in map_at(o, "data").into_iter().flatten() {
                page.field(0, key, format!("{} bytes", base64::decode(value.as_str().unwrap_or("")).map_or(0, |b| b.len())));
            }
            false
        }
        "ServiceAccount" => {
            head(page, o, kind);
            let secrets: Vec<String> = list_at(o, "imagePullSecrets").iter().map(|s| text(s, "name").to_owned()).collect();
            page.lines(0, "Image pull secrets", &secrets);
            true
        }
        "ResourceQuota" => {
            page.field(0, "Name", name(o));
            page.field(0, "Namespace", namespace(o));
            scopes(page, 0, o, " ");
            used_and_hard(page, 0, o, "----");
            false
        }
        "LimitRange" => {
            page.field(0, "Name", name(o));
            page.field(0, "Namespace", namespace(o));
            limits(page, "", list_at(o, "spec.limits"));
            false
        }
        "PriorityClass" => {
            page.field(0, "Name", name(o));
            page.field(0, "Value", i64_at(o, "value").unwrap_or(0).to_string());
            page.field(0, "GlobalDefault", at(o, "globalDefault").and_then(Value::as_bool).unwrap_or(false).to_string());
            page.field(0, "PreemptionPolicy", str_at(o, "preemptionPolicy").unwrap_or("PreemptLowerPriority"));
            page.field(0, "Description", text(o, "description"));
            page.field(0, "Annotations", labels_line(o));
            true
        }
        "StorageClass" => {
            let default =
                map_at(o, "metadata.annotations").and_then(|a| a.get("storageclass.kubernetes.io/is-default-class")).is_some_and(|v| v == "true");
            page.field(0, "Name", name(o));
            page.field(0, "IsDefaultClass", if default { "Yes" } else { "No" });
            page.field(0, "Annotations", labels_line(o));
            page.field(0, "Provisioner", text(o, "provisioner"));
            page.field(0, "Parameters", pairs(map_at(o, "parameters")));
            page.field(
                0,
                "AllowVolumeExpansion",
                match at(o, "allowVolumeExpansion").and_then(Value::as_bool) {
                    Some(true) => "True",
                    Some(false) => "False",
                    None => "<unset>",
                },
            );
            let options: Vec<String> = list_at(o, "mountOptions").iter().map(show).collect();
            if options.is_empty() {
                page.field(0, "MountOptions", "<none>");
            } else {
                page.line(0, "MountOptions:");
                options.iter().for_each(|option| page.line(1, option.clone()));
            }
            page.field(0, "ReclaimPolicy", str_at(o, "reclaimPolicy").unwrap_or("Delete"));
            page.field(0, "VolumeBindingMode", str_at(o, "volumeBindingMode").unwrap_or("Immediate"));
            true
        }
        _ => {
            head(page, o, kind);
            page.field(0, "API Version", kind.api_version());
            page.field(0, "Kind", kind.kind);
            tree(page, 0, o);
            true
        }
    }
}

/// `labels.FormatLabels`: `a=b,c=d` on one line, whatever the values hold.
fn pairs(map: Option<&Map<String, Value>>) -> String {
    let all: Vec<String> = map.into_iter().flatten().map(|(key, value)| format!("{key}={}", show(value))).collect();
    if all.is_empty() { "<none>".into() } else { all.join(",") }
}

fn labels_line(o: &Value) -> String {
    pairs(map_at(o, "metadata.annotations"))
}

/// What a quota's scopes mean, in kubectl's words.
fn scopes(page: &mut Page, level: usize, o: &Value, indent: &str) {
    let mut scopes: Vec<&str> = list_at(o, "spec.scopes").iter().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.order();
    page.field(level, "Scopes", scopes.join(", "));
    for scope in scopes {
        let means = match scope {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        page.line(level, format!("{indent}* {means}"));
    }
}

fn used_and_hard(page: &mut Page, level: usize, o: &Value, rule: &str) {
    page.line(level, "Resource\tUsed\tHard");
    page.line(level, format!("--------\t{rule}\t{rule}"));
    for (resource, hard) in map_at(o, "status.hard").or(map_at(o, "spec.hard")).into_iter().flatten() {
        let used = at(o, "status.used").and_then(|u| u.get(resource)).map_or("0".into(), show);
        page.line(level, format!("{resource}\t{used}\t{}", show(hard)));
    }
}

/// A Namespace's page sets them in by one blank.
fn limits(page: &mut Page, prefix: &str, items: &[Value]) {
    page.line(0, format!("{prefix}Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio"));
    page.line(0, format!("{prefix}----\t--------\t---\t---\t---------------\t-------------\t-----------------------"));
    for item in items {
        let mut resources: Vec<&String> = ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"]
            .iter()
            .filter_map(|g| map_at(item, g))
            .flat_map(|m| m.keys())
            .collect();
        resources.order();
        resources.dedup();
        for resource in resources {
            let cell = |group: &str| item.get(group).and_then(|g| g.get(resource)).map_or("-".into(), show);
            page.line(
                0,
                format!(
                    "{prefix}{}\t{resource}\t{}\t{}\t{}\t{}\t{}",
                    text(item, "type"),
                    cell("min"),
                    cell("max"),
                    cell("defaultRequest"),
                    cell("default"),
                    cell("maxLimitRequestRatio")
                ),
            );
        }
    }
}

/// `camelCase` as describe's generic pages write it: `Camel Case`.
fn smart_label(field: &str) -> String {
    let mut out = String::new();
    for (i, c) in field.chars().enumerate() {
        if i == 0 {
            out.push(c.to_ascii_uppercase());
        } else {
            if c.is_ascii_uppercase() {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}

fn tree(page: &mut Page, level: usize, o: &Value) {
    const SKIPPED: [&str; 6] = ["apiVersion", "kind", "managedFields", "labels", "annotations", "namespace"];
    for (key, value) in o.as_object().into_iter().flatten() {
        if SKIPPED.contains(&key.as_str()) || level == 1 && key == "name" && level < 2 {
            continue;
        }
        let label = smart_label(key);
        match value {
            Value::Object(map) if !map.is_empty() => {
                page.line(level, format!("{label}:"));
                tree(page, level + 1, value);
            }
            Value::Object(_) => page.line(level, format!("{label}:")),
            Value::Array(items) => {
                page.line(level, format!("{label}:"));
                for item in items {
                    if item.is_object() {
                        tree(page, level + 1, item);
                    } else {
                        page.line(level + 1, show(item));
                    }
                }
            }
            value => page.field(level, &label, show(value)),
        }
    }
}
