//! Defaults of Pods and of the Pod templates in other kinds.

use super::{items, map_mut, unset, unset_number};
use crate::api::quantity;
use crate::api::{Value, json, object};
use crate::manifest::amounts;
use crate::manifest::image_name;

pub fn pod(pod: &mut Value) {
    if let Some(spec) = pod.get_mut("spec") {
        requests_from_limits(spec);
        if spec.is_object() && spec.get("enableServiceLinks").is_none_or(Value::is_null) {
            object::set(spec, "enableServiceLinks", json!(true));
        }
        if object::bool_at(spec, "hostNetwork") == Some(true) {
            for list in ["containers", "initContainers"] {
                for container in items(spec, list) {
                    host_ports(container);
                }
            }
        }
        pod_spec(spec);
        whole_pod(spec);
    }
}

/// On the host's network a port of the container is a port of the host.
fn host_ports(container: &mut Value) {
    for port in items(container, "ports") {
        if let Some(number) = object::i64_at(port, "containerPort").filter(|n| *n != 0) {
            unset_number(port, "hostPort", number);
        }
    }
}

/// `defaultHugePagePodLimits` and `defaultPodRequests`: a Pod whose `resources` are given in part gets the rest from its containers, then from its
/// limits. What cannot be overcommitted is never summed up into a request.
fn whole_pod(spec: &mut Value) {
    if !spec.get("resources").is_some_and(Value::is_object) {
        return;
    }
    let sums = |spec: &Value, list: &str, wanted: fn(&str) -> bool| -> Vec<(String, Value)> {
        let sums = amounts::of_containers(spec, list).into_iter().filter(|(name, _)| wanted(name));
        sums.map(|(name, sum)| (name.to_owned(), json!(amounts::written(sum, name, spec, list)))).collect()
    };
    let fill = |spec: &mut Value, list: &str, amounts: Vec<(String, Value)>| {
        if amounts.is_empty() {
            return;
        }
        let path = format!("resources.{list}");
        let mut all = object::map_at(spec, &path).cloned().unwrap_or_default();
        for (name, amount) in amounts {
            all.entry(name).or_insert(amount);
        }
        object::set(spec, &path, Value::Object(all));
    };
    let huge = sums(spec, "limits", |name| name.starts_with("hugepages-"));
    fill(spec, "limits", huge);
    let limits = object::map_at(spec, "resources.limits").cloned().unwrap_or_default();
    if limits.is_empty() {
        return;
    }
    let requests = sums(spec, "requests", |name| matches!(name, "cpu" | "memory"));
    fill(spec, "requests", requests);
    let fits = |name: &str| matches!(name, "cpu" | "memory") || name.starts_with("hugepages-");
    fill(spec, "requests", limits.into_iter().filter(|(name, _)| fits(name)).collect());
}

/// A Pod template's spec gets the same defaults, but for requests, service links and host ports, which are filled in on Pods alone.
pub fn template(template: &mut Value) {
    if let Some(spec) = template.get_mut("spec") {
        pod_spec(spec);
    }
}

/// `SetDefaults_Pod`: a limit without a request is a request.
fn requests_from_limits(spec: &mut Value) {
    for list in ["containers", "initContainers"] {
        for container in items(spec, list) {
            let Some(limits) = object::map_at(container, "resources.limits").cloned() else { continue };
            if limits.is_empty() {
                continue;
            }
            for (name, amount) in limits {
                if object::map_at(container, "resources.requests").is_none_or(|r| !r.contains_key(&name)) {
                    let mut requests = object::map_at(container, "resources.requests").cloned().unwrap_or_default();
                    requests.insert(name, amount);
                    object::set(container, "resources.requests", Value::Object(requests));
                }
            }
        }
    }
}

pub fn pod_spec(spec: &mut Value) {
    if !spec.is_object() {
        return;
    }
    unset(spec, "dnsPolicy", json!("ClusterFirst"));
    unset(spec, "restartPolicy", json!("Always"));
    unset(spec, "schedulerName", json!("default-scheduler"));
    if spec.get("securityContext").is_none_or(Value::is_null) {
        object::set(spec, "securityContext", json!({}));
    }
    match object::i64_at(spec, "terminationGracePeriodSeconds") {
        None => object::set(spec, "terminationGracePeriodSeconds", json!(30)),
        Some(grace) if grace < 0 => object::set(spec, "terminationGracePeriodSeconds", json!(1)),
        Some(_) => {}
    }
    if let Some(account) = object::str_at(spec, "serviceAccountName").filter(|a| !a.is_empty()).map(str::to_owned) {
        object::set(spec, "serviceAccount", json!(account));
    } else if let Some(account) = object::str_at(spec, "serviceAccount").filter(|a| !a.is_empty()).map(str::to_owned) {
        object::set(spec, "serviceAccountName", json!(account));
    }
    for volume in items(spec, "volumes") {
        self::volume(volume);
    }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in items(spec, list) {
            self::container(container);
        }
    }
    if let Some(resources) = spec.get_mut("resources") {
        canonical_resources(resources);
    }
    if let Some(overhead) = map_mut(spec, "overhead") {
        canonical_amounts(overhead);
    }
    for secret in items(spec, "imagePullSecrets") {
        if object::str_at(secret, "name") == Some("") {
            object::remove(secret, "name");
        }
    }
    // The gate GenericWorkload is off: the field is dropped.
    object::remove(spec, "schedulingGroup");
}

fn container(container: &mut Value) {
    if let Some(image) = object::str_at(container, "image").filter(|i| !i.is_empty()).map(str::to_owned) {
        unset(container, "imagePullPolicy", json!(pull_policy(&image)));
    } else {
        unset(container, "imagePullPolicy", json!("IfNotPresent"));
    }
    unset(container, "terminationMessagePath", json!("/dev/termination-log"));
    unset(container, "terminationMessagePolicy", json!("File"));
    if container.get("resources").is_none_or(Value::is_null) {
        object::set(container, "resources", json!({}));
    }
    if let Some(resources) = container.get_mut("resources") {
        canonical_resources(resources);
    }
    for port in items(container, "ports") {
        unset(port, "protocol", json!("TCP"));
    }
    for variable in items(container, "env") {
        if let Some(source) = variable.get_mut("valueFrom") {
            if let Some(field) = source.get_mut("fieldRef") {
                unset(field, "apiVersion", json!("v1"));
            }
            if let Some(file) = source.get_mut("fileKeyRef")
                && file.get("optional").is_none_or(Value::is_null)
            {
                object::set(file, "optional", json!(false));
            }
            if let Some(resource) = source.get_mut("resourceFieldRef") {
                divisor(resource);
            }
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe).filter(|p| p.is_object()) {
            unset_number(probe, "timeoutSeconds", 1);
            unset_number(probe, "periodSeconds", 10);
            unset_number(probe, "successThreshold", 1);
            unset_number(probe, "failureThreshold", 3);
            handler(probe);
        }
    }
    if let Some(lifecycle) = container.get_mut("lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(hook) = lifecycle.get_mut(hook) {
                handler(hook);
            }
        }
        // The gate ContainerStopSignals is off: the field is dropped.
        let dropped = object::remove(lifecycle, "stopSignal").is_some();
        if dropped && lifecycle.as_object().is_some_and(|m| m.values().all(Value::is_null)) {
            object::remove(container, "lifecycle");
        }
    }
}

fn handler(handler: &mut Value) {
    if let Some(get) = handler.get_mut("httpGet").filter(|g| g.is_object()) {
        unset(get, "path", json!("/"));
        unset(get, "scheme", json!("HTTP"));
        for header in items(get, "httpHeaders") {
            unset(header, "value", json!(""));
        }
    }
    if let Some(grpc) = handler.get_mut("grpc").filter(|g| g.is_object()) {
        unset(grpc, "service", json!(""));
    }
    if let Some(sleep) = handler.get_mut("sleep").filter(|s| s.is_object())
        && sleep.get("seconds").is_none_or(Value::is_null)
    {
        object::set(sleep, "seconds", json!(0));
    }
}

fn divisor(resource: &mut Value) {
    match object::str_at(resource, "divisor") {
        None | Some("") => object::set(resource, "divisor", json!("0")),
        Some(text) => {
            let canonical = quantity::canonical(text);
            object::set(resource, "divisor", json!(canonical));
        }
    }
}

fn volume(volume: &mut Value) {
    let Some(map) = volume.as_object_mut() else { return };
    if !map.iter().any(|(key, value)| key != "name" && !value.is_null()) {
        map.insert("emptyDir".into(), json!({}));
    }
    for kind in ["configMap", "secret", "downwardAPI", "projected"] {
        if let Some(source) = volume.get_mut(kind).filter(|s| s.is_object()) {
            if source.get("defaultMode").is_none_or(Value::is_null) {
                object::set(source, "defaultMode", json!(420));
            }
            downward_items(source);
            if kind == "projected" && source.get("sources").is_none() {
                // Go writes the list even where there is none.
                object::set(source, "sources", Value::Null);
            }
            for projected in items(source, "sources") {
                if let Some(map) = projected.as_object_mut() {
                    // Their gates are off.
                    map.remove("clusterTrustBundle");
                    map.remove("podCertificate");
                }
                if let Some(token) = projected.get_mut("serviceAccountToken").filter(|t| t.is_object())
                    && token.get("expirationSeconds").is_none_or(Value::is_null)
                {
                    object::set(token, "expirationSeconds", json!(3600));
                }
                if let Some(downward) = projected.get_mut("downwardAPI") {
                    downward_items(downward);
                }
            }
        }
    }
    if let Some(host) = volume.get_mut("hostPath").filter(|h| h.is_object()) {
        unset(host, "type", json!(""));
    }
    if let Some(image) = volume.get_mut("image").filter(|i| i.is_object()) {
        let policy = object::str_at(image, "reference").map_or("IfNotPresent", pull_policy).to_owned();
        unset(image, "pullPolicy", json!(policy));
    }
    if let Some(size) = object::str_at(volume, "emptyDir.sizeLimit").map(quantity::canonical) {
        object::set(volume, "emptyDir.sizeLimit", json!(size));
    }
    if let Some(template) = volume.get_mut("ephemeral").and_then(|e| e.get_mut("volumeClaimTemplate")).and_then(|t| t.get_mut("spec")) {
        super::workload::claim_spec(template);
    }
    for (kind, field, value) in [
        ("iscsi", "iscsiInterface", "default"),
        ("rbd", "pool", "rbd"),
        ("rbd", "user", "admin"),
        ("rbd", "keyring", "/etc/ceph/keyring"),
        ("scaleIO", "storageMode", "ThinProvisioned"),
        ("scaleIO", "fsType", "xfs"),
    ] {
        if let Some(source) = volume.get_mut(kind).filter(|s| s.is_object()) {
            unset(source, field, json!(value));
        }
    }
    if let Some(drive) = volume.get_mut("scaleIO").filter(|s| s.is_object() && s.get("secretRef").is_none()) {
        object::set(drive, "secretRef", Value::Null);
    }
    if let Some(disk) = volume.get_mut("azureDisk").filter(|d| d.is_object()) {
        unset(disk, "cachingMode", json!("ReadWrite"));
        unset(disk, "kind", json!("Shared"));
        unset(disk, "fsType", json!("ext4"));
        if disk.get("readOnly").is_none_or(Value::is_null) {
            object::set(disk, "readOnly", json!(false));
        }
    }
}

fn downward_items(source: &mut Value) {
    for item in items(source, "items") {
        if let Some(field) = item.get_mut("fieldRef").filter(|f| f.is_object()) {
            unset(field, "apiVersion", json!("v1"));
        }
        if let Some(resource) = item.get_mut("resourceFieldRef").filter(|r| r.is_object()) {
            divisor(resource);
        }
    }
}

pub fn canonical_resources(resources: &mut Value) {
    for list in ["limits", "requests"] {
        if let Some(amounts) = map_mut(resources, list) {
            canonical_amounts(amounts);
        }
    }
}

pub fn canonical_amounts(amounts: &mut crate::api::Map<String, Value>) {
    for amount in amounts.values_mut() {
        if let Some(text) = amount.as_str() {
            *amount = json!(quantity::canonical_rounded_to_milli(text));
        }
    }
}

/// `Always` for the tag `latest` or none at all; reference/02-defaulting.md. A name that cannot be read has no tag.
pub fn pull_policy(image: &str) -> &'static str {
    if image_name::tag(image) == Some("latest") { "Always" } else { "IfNotPresent" }
}
