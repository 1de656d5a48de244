//! `kubectl describe pod`, and the Pod template of a workload.

use super::{Page, text, time, truth};
use crate::api::Value;
use crate::api::object::{at, i64_at, is_deleting, list_at, map_at, name, namespace, str_at};
use crate::api::order::InOrder as _;
use crate::kubectl::duration::since;
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;
use crate::kubectl::rows;

pub fn describe(page: &mut Page, o: &Value, env: &Env) -> bool {
    page.field(0, "Name", name(o));
    page.field(0, "Namespace", namespace(o));
    for (title, path) in [
        ("Priority", "spec.priority"),
        ("Priority Class Name", "spec.priorityClassName"),
        ("Runtime Class Name", "spec.runtimeClassName"),
        ("Service Account", "spec.serviceAccountName"),
    ] {
        if let Some(value) = at(o, path).map(show).filter(|v| !v.is_empty()) {
            page.field(0, title, value);
        }
    }
    match str_at(o, "spec.nodeName").filter(|n| !n.is_empty()) {
        Some(node) => page.field(0, "Node", format!("{node}/{}", text(o, "status.hostIP"))),
        None => page.field(0, "Node", "<none>"),
    }
    if str_at(o, "status.startTime").is_some() {
        page.field(0, "Start Time", time(o, "status.startTime"));
    }
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    let phase = text(o, "status.phase");
    if is_deleting(o) && !matches!(phase, "Failed" | "Succeeded") {
        page.field(0, "Status", format!("Terminating (lasts {})", since(str_at(o, "metadata.deletionTimestamp"), env.now())));
        page.field(0, "Termination Grace Period", format!("{}s", i64_at(o, "metadata.deletionGracePeriodSeconds").unwrap_or(0)));
    } else {
        page.field(0, "Status", phase);
    }
    for (title, path) in [("Reason", "status.reason"), ("Message", "status.message")] {
        if let Some(value) = str_at(o, path).filter(|v| !v.is_empty()) {
            page.field(0, title, value);
        }
    }
    seccomp(page, 0, o, "spec.securityContext");
    page.field(0, "IP", text(o, "status.podIP"));
    let ips = list_at(o, "status.podIPs");
    if ips.is_empty() {
        page.field(0, "IPs", "<none>");
    } else {
        page.line(0, "IPs:");
        for ip in ips {
            page.field(1, "IP", text(ip, "ip"));
        }
    }
    super::controlled_by(page, o);
    if let Some(node) = str_at(o, "status.nominatedNodeName").filter(|n| !n.is_empty()) {
        page.field(0, "NominatedNodeName", node);
    }
    if map_at(o, "spec.resources").is_some_and(|r| !r.is_empty()) {
        page.line(0, "Resources:");
        amounts(page, 1, at(o, "spec.resources"));
    }
    for (title, specs, statuses) in [
        ("Init Containers", "spec.initContainers", "status.initContainerStatuses"),
        ("Containers", "spec.containers", "status.containerStatuses"),
        ("Ephemeral Containers", "spec.ephemeralContainers", "status.ephemeralContainerStatuses"),
    ] {
        let specs = list_at(o, specs);
        if specs.is_empty() && title != "Containers" {
            continue;
        }
        page.line(0, format!("{title}:"));
        for spec in specs {
            let status = list_at(o, statuses).iter().find(|s| str_at(s, "name") == str_at(spec, "name"));
            container(page, spec, status, Some(o), "");
        }
    }
    let gates = list_at(o, "spec.readinessGates");
    if !gates.is_empty() {
        page.line(0, "Readiness Gates:");
        page.line(1, "Type\tStatus");
        for gate in gates {
            let kind = text(gate, "conditionType");
            let status = list_at(o, "status.conditions").iter().find(|c| str_at(c, "type") == Some(kind)).map_or("<none>", |c| text(c, "status"));
            page.line(1, format!("{kind} \t{status} "));
        }
    }
    let conditions = list_at(o, "status.conditions");
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
        for c in conditions {
            page.line(1, format!("{} \t{} ", text(c, "type"), text(c, "status")));
        }
    }
    volumes(page, o, "spec.volumes", "");
    if let Some(class) = str_at(o, "status.qosClass") {
        page.field(0, "QoS Class", class);
    }
    page.pairs(0, "Node-Selectors", o, "spec.nodeSelector");
    page.lines(0, "Tolerations", &tolerations(o, "spec.tolerations"));
    let spread: Vec<String> = list_at(o, "spec.topologySpreadConstraints")
        .iter()
        .map(|c| {
            let selector =
                if at(c, "labelSelector").is_some() { format!(" for selector {}", rows::selector(c, "labelSelector")) } else { String::new() };
            format!(
                "{}:{} when max skew {} is exceeded{selector}",
                text(c, "topologyKey"),
                text(c, "whenUnsatisfiable"),
                i64_at(c, "maxSkew").unwrap_or(0)
            )
        })
        .collect();
    if !spread.is_empty() {
        page.lines(0, "Topology Spread Constraints", &spread);
    }
    true
}

/// A workload's `spec.template`, with tabs as they are.
pub fn template(page: &mut Page, o: &Value) {
    page.line(0, "Pod Template:");
    page.pairs(1, "Labels", o, "metadata.labels");
    if map_at(o, "metadata.annotations").is_some_and(|a| !a.is_empty()) {
        page.annotations(1, o, "metadata.annotations");
    }
    if let Some(account) = str_at(o, "spec.serviceAccountName").filter(|a| !a.is_empty()) {
        page.field(1, "Service Account", account);
    }
    for (title, path) in [("Init Containers", "spec.initContainers"), ("Containers", "spec.containers")] {
        let specs = list_at(o, path);
        if specs.is_empty() && title != "Containers" {
            continue;
        }
        page.line(1, format!("{title}:"));
        for spec in specs {
            container(page, spec, None, None, " ");
        }
    }
    volumes(page, o, "spec.volumes", "  ");
    if let Some(class) = str_at(o, "spec.priorityClassName").filter(|c| !c.is_empty()) {
        page.field(1, "Priority Class Name", class);
    }
    page.pairs(1, "Node-Selectors", o, "spec.nodeSelector");
    page.lines(1, "Tolerations", &tolerations(o, "spec.tolerations"));
}

fn seccomp(page: &mut Page, level: usize, o: &Value, path: &str) {
    if let Some(kind) = str_at(o, &format!("{path}.seccompProfile.type")) {
        page.field(level, "SeccompProfile", kind);
        if kind == "Localhost" {
            page.field(level, "LocalhostProfile", text(o, &format!("{path}.seccompProfile.localhostProfile")));
        }
    }
}

fn container(page: &mut Page, spec: &Value, status: Option<&Value>, pod: Option<&Value>, name_indent: &str) {
    page.line(1, format!("{name_indent}{}:", text(spec, "name")));
    if let Some(status) = status {
        page.field(2, "Container ID", text(status, "containerID"));
    }
    page.field(2, "Image", text(spec, "image"));
    if let Some(status) = status {
        page.field(2, "Image ID", text(status, "imageID"));
    }
    for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let port = |p: &Value| {
            let name = str_at(p, "name").filter(|n| !n.is_empty()).map(|n| format!(" ({n})")).unwrap_or_default();
            format!("{}/{}{name}", i64_at(p, field).unwrap_or(0), str_at(p, "protocol").unwrap_or("TCP"))
        };
        let ports: Vec<String> = list_at(spec, "ports").iter().map(port).collect();
        let all = if ports.is_empty() { "<none>".into() } else { ports.join(", ") };
        page.field(2, &format!("{title}{}", if ports.len() > 1 { "s" } else { "" }), all);
    }
    seccomp(page, 2, spec, "securityContext");
    for (title, path) in [("Command", "command"), ("Args", "args")] {
        let words = list_at(spec, path);
        if !words.is_empty() {
            page.line(2, format!("{title}:"));
            for line in words.iter().flat_map(|w| w.as_str().unwrap_or("").split('\n')) {
                page.line(3, line);
            }
        }
    }
    if let Some(status) = status {
        state(page, "State", status.get("state").unwrap_or(&Value::Null));
        if let Some(last) = status.get("lastState").filter(|l| l.get("terminated").is_some()) {
            state(page, "Last State", last);
        }
        page.field(2, "Ready", if truth(at(status, "ready")) { "True" } else { "False" });
        page.field(2, "Restart Count", i64_at(status, "restartCount").unwrap_or(0).to_string());
    }
    amounts(page, 2, spec.get("resources"));
    for (title, path) in [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")] {
        if let Some(probe) = spec.get(path).filter(|p| p.is_object()) {
            page.field(2, title, probe_text(probe));
        }
    }
    environment(page, spec, pod);
    let mounts = list_at(spec, "volumeMounts");
    if mounts.is_empty() {
        page.field(2, "Mounts", "<none>");
    } else {
        page.line(2, "Mounts:");
        let mut lines: Vec<(&str, String)> = mounts
            .iter()
            .map(|m| {
                let mut flags = if truth(at(m, "readOnly")) { "ro" } else { "rw" }.to_owned();
                if let Some(sub) = str_at(m, "subPath").filter(|s| !s.is_empty()) {
                    flags.push_str(&format!(",path={sub:?}"));
                }
                (text(m, "mountPath"), format!("{} from {} ({flags})", text(m, "mountPath"), text(m, "name")))
            })
            .collect();
        lines.order();
        for (_, line) in lines {
            page.line(3, line);
        }
    }
}

fn state(page: &mut Page, title: &str, state: &Value) {
    if let Some(running) = state.get("running") {
        page.field(2, title, "Running");
        page.field(3, "Started", time(running, "startedAt"));
    } else if let Some(ended) = state.get("terminated") {
        page.field(2, title, "Terminated");
        for (name, path) in [("Reason", "reason"), ("Message", "message")] {
            if let Some(value) = str_at(ended, path).filter(|v| !v.is_empty()) {
                page.field(3, name, value);
            }
        }
        page.field(3, "Exit Code", i64_at(ended, "exitCode").unwrap_or(0).to_string());
        if let Some(signal) = i64_at(ended, "signal").filter(|s| *s > 0) {
            page.field(3, "Signal", signal.to_string());
        }
        for (name, path) in [("Started", "startedAt"), ("Finished", "finishedAt")] {
            // Nobody knows when what could not be found began and ended: the first moment of Go's time.
            page.field(3, name, Some(time(ended, path)).filter(|at| !at.is_empty()).unwrap_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".into()));
        }
    } else {
        page.field(2, title, "Waiting");
        if let Some(reason) = str_at(state, "waiting.reason").filter(|r| !r.is_empty()) {
            page.field(3, "Reason", reason);
        }
    }
}

fn amounts(page: &mut Page, level: usize, resources: Option<&Value>) {
    for (title, path) in [("Limits", "limits"), ("Requests", "requests")] {
        let Some(map) = resources.and_then(|r| map_at(r, path)).filter(|m| !m.is_empty()) else { continue };
        page.line(level, format!("{title}:"));
        for (name, amount) in map {
            page.field(level + 1, name, show(amount));
        }
    }
}

/// `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`
fn probe_text(probe: &Value) -> String {
    let number = |path| i64_at(probe, path).unwrap_or(0);
    let numbers = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let port = |o: &Value| o.get("port").map(show).unwrap_or_default();
    if let Some(exec) = probe.get("exec") {
        let words: Vec<&str> = list_at(exec, "command").iter().filter_map(Value::as_str).collect();
        return format!("exec [{}] {numbers}", words.join(" "));
    }
    if let Some(get) = probe.get("httpGet") {
        let scheme = text(get, "scheme").to_ascii_lowercase();
        let path = text(get, "path");
        let slash = if path.starts_with('/') || path.is_empty() { "" } else { "/" };
        let port = port(get);
        let host = text(get, "host");
        let address = if port.is_empty() { host.to_owned() } else { format!("{host}:{port}") };
        return format!("http-get {scheme}://{address}{slash}{path} {numbers}");
    }
    if let Some(tcp) = probe.get("tcpSocket") {
        return format!("tcp-socket {}:{} {numbers}", text(tcp, "host"), port(tcp));
    }
    if let Some(grpc) = probe.get("grpc") {
        return format!("grpc <pod>:{} {} {numbers}", port(grpc), text(grpc, "service"));
    }
    format!("unknown {numbers}")
}

fn environment(page: &mut Page, spec: &Value, pod: Option<&Value>) {
    let from = list_at(spec, "envFrom");
    if !from.is_empty() {
        page.line(2, "Environment Variables from:");
        for source in from {
            let (kind, reference) = if source.get("configMapRef").is_some() { ("ConfigMap", "configMapRef") } else { ("Secret", "secretRef") };
            let prefix = str_at(source, "prefix").filter(|p| !p.is_empty()).map(|p| format!(" with prefix '{p}'")).unwrap_or_default();
            let reference = &source[reference];
            page.line(3, format!("{}\t{kind}{prefix}\tOptional: {}", text(reference, "name"), truth(at(reference, "optional"))));
        }
    }
    let env = list_at(spec, "env");
    if env.is_empty() {
        return page.field(2, "Environment", "<none>");
    }
    page.line(2, "Environment:");
    for variable in env {
        let name = text(variable, "name");
        let Some(source) = variable.get("valueFrom").filter(|v| v.is_object()) else {
            for (i, line) in text(variable, "value").split('\n').enumerate() {
                page.line(3, if i == 0 { format!("{name}:\t{line}") } else { format!("\t{line}") });
            }
            continue;
        };
        if let Some(field) = source.get("fieldRef") {
            let path = text(field, "fieldPath");
            let value = pod.and_then(|p| field_value(p, path)).unwrap_or_default();
            page.field(3, name, format!("{value} ({}:{path})", str_at(field, "apiVersion").unwrap_or("v1")));
        } else if let Some(resource) = source.get("resourceFieldRef") {
            page.field(3, name, format!("{} ({})", resource_value(spec, resource), text(resource, "resource")));
        } else if let Some(secret) = source.get("secretKeyRef") {
            page.field(
                3,
                name,
                format!(
                    "<set to the key '{}' in secret '{}'>\tOptional: {}",
                    text(secret, "key"),
                    text(secret, "name"),
                    truth(at(secret, "optional"))
                ),
            );
        } else if let Some(map) = source.get("configMapKeyRef") {
            page.field(
                3,
                name,
                format!("<set to the key '{}' of config map '{}'>\tOptional: {}", text(map, "key"), text(map, "name"), truth(at(map, "optional"))),
            );
        }
    }
}

/// What a field of the Pod holds, where `kubectl describe` reads it: by name and namespace alone (`EnvValueRetriever` of `pkg/describe/describe.go`
/// knows no labels of fields but those that every kind has).
fn field_value<'a>(pod: &'a Value, path: &str) -> Option<&'a str> {
    matches!(path, "metadata.name" | "metadata.namespace").then(|| text(pod, path))
}

fn resource_value(spec: &Value, reference: &Value) -> String {
    let path = text(reference, "resource");
    let (group, name) = path.split_once('.').unwrap_or(("limits", path));
    let nano = |value: Option<&Value>| value.map(show).and_then(|t| crate::api::Quantity::parse(&t)).map_or(0, crate::api::Quantity::nano);
    let amount = nano(spec.get("resources").and_then(|r| r.get(group)).and_then(|g| g.get(name)));
    let divisor = match nano(reference.get("divisor")) {
        0 => 1_000_000_000,
        divisor => divisor,
    };
    (amount / divisor + i128::from(amount % divisor != 0)).to_string()
}

pub fn tolerations(o: &Value, path: &str) -> Vec<String> {
    let mut all: Vec<&Value> = list_at(o, path).iter().collect();
    all.order_by_key(|t| text(t, "key"));
    all.iter()
        .map(|t| {
            let mut out = text(t, "key").to_owned();
            let (value, effect) = (text(t, "value"), text(t, "effect"));
            if !value.is_empty() {
                out.push_str(&format!("={value}"));
            }
            if !effect.is_empty() {
                out.push_str(&format!(":{effect}"));
            }
            if text(t, "operator") == "Exists" && value.is_empty() {
                out.push_str(if out.is_empty() { "op=Exists" } else { " op=Exists" });
            }
            if let Some(seconds) = i64_at(t, "tolerationSeconds") {
                out.push_str(&format!(" for {seconds}s"));
            }
            out
        })
        .collect()
}

fn volumes(page: &mut Page, o: &Value, path: &str, space: &str) {
    let all = list_at(o, path);
    if all.is_empty() {
        return page.line(0, format!("{space}Volumes:\t<none>"));
    }
    page.line(0, format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in all {
        page.line(1, format!("{indent}{}:", text(volume, "name")));
        let optional = |source: &Value| truth(at(source, "optional")).to_string();
        let Some((kind, source)) = volume.as_object().and_then(|m| m.iter().find(|(k, _)| *k != "name")) else { continue };
        let or = |path: &str, other: &str| str_at(source, path).filter(|t| !t.is_empty()).unwrap_or(other).to_owned();
        match kind.as_str() {
            "emptyDir" => {
                page.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
                page.field(2, "Medium", text(source, "medium"));
                page.field(2, "SizeLimit", source.get("sizeLimit").map_or("<unset>".into(), show));
            }
            "hostPath" => {
                page.field(2, "Type", "HostPath (bare host directory volume)");
                page.field(2, "Path", text(source, "path"));
                page.field(2, "HostPathType", text(source, "type"));
            }
            "configMap" => {
                page.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
                page.field(2, "Name", text(source, "name"));
                page.field(2, "Optional", optional(source));
            }
            "secret" => {
                page.field(2, "Type", "Secret (a volume populated by a Secret)");
                page.field(2, "SecretName", text(source, "secretName"));
                page.field(2, "Optional", optional(source));
            }
            "persistentVolumeClaim" => {
                page.field(2, "Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)");
                page.field(2, "ClaimName", text(source, "claimName"));
                page.field(2, "ReadOnly", truth(at(source, "readOnly")).to_string());
            }
            "downwardAPI" => {
                page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
                page.line(2, "Items:");
                for item in list_at(source, "items") {
                    let from = str_at(item, "fieldRef.fieldPath").or(str_at(item, "resourceFieldRef.resource")).unwrap_or("");
                    page.line(3, format!("{from} -> {}", text(item, "path")));
                }
            }
            "projected" => {
                page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
                for part in list_at(source, "sources") {
                    if let Some(secret) = part.get("secret") {
                        page.field(2, "SecretName", text(secret, "name"));
                        page.field(2, "Optional", optional(secret));
                    } else if part.get("downwardAPI").is_some() {
                        page.field(2, "DownwardAPI", "true");
                    } else if let Some(map) = part.get("configMap") {
                        page.field(2, "ConfigMapName", text(map, "name"));
                        page.field(2, "Optional", optional(map));
                    } else if let Some(token) = part.get("serviceAccountToken") {
                        page.field(2, "TokenExpirationSeconds", i64_at(token, "expirationSeconds").unwrap_or(0).to_string());
                    }
                }
            }
            "image" => {
                page.field(2, "Type", "Image (a container image or OCI artifact)");
                page.field(2, "Reference", text(source, "reference"));
                page.field(2, "PullPolicy", text(source, "pullPolicy"));
            }
            "nfs" => {
                page.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
                page.field(2, "Server", text(source, "server"));
                page.field(2, "Path", text(source, "path"));
                page.field(2, "ReadOnly", truth(at(source, "readOnly")).to_string());
            }
            "csi" => {
                page.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
                page.field(2, "Driver", text(source, "driver"));
                page.field(2, "FSType", or("fsType", ""));
                page.field(2, "ReadOnly", truth(at(source, "readOnly")).to_string());
            }
            _ => page.line(2, "<unknown>"),
        }
    }
}
