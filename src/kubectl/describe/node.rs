//! `kubectl describe node`.

use super::{Page, text, time, truth};
use crate::api::object::{at, list_at, map_at, name, namespace, str_at};
use crate::api::order::InOrder as _;
use crate::api::{Quantity, Value, kinds};
use crate::kubectl::duration::age;
use crate::kubectl::env::Env;
use crate::kubectl::jsonpath::show;

pub fn describe(page: &mut Page, o: &Value, env: &Env) -> bool {
    page.field(0, "Name", name(o));
    let roles: Vec<&str> =
        map_at(o, "metadata.labels").into_iter().flatten().filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/")).collect();
    page.field(0, "Roles", if roles.is_empty() { "<none>".into() } else { roles.join(",") });
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
    page.field(0, "CreationTimestamp", time(o, "metadata.creationTimestamp"));
    let mut taints: Vec<String> = list_at(o, "spec.taints").iter().map(taint).collect();
    taints.order();
    page.lines(0, "Taints", &taints);
    page.field(0, "Unschedulable", truth(at(o, "spec.unschedulable")).to_string());
    let lease = crate::api::Kind::by_name("leases").and_then(|k| env.get(k, "kube-node-lease", name(o)));
    page.line(0, "Lease:");
    page.field(1, "HolderIdentity", lease.as_ref().map_or(name(o).to_owned(), |l| text(l, "spec.holderIdentity").to_owned()));
    page.field(1, "AcquireTime", "<unset>");
    let renewed = lease.as_ref().map(|l| time(l, "spec.renewTime")).filter(|t| !t.is_empty());
    page.field(1, "RenewTime", renewed.unwrap_or_else(|| super::rfc1123(&env.now().rfc3339())));
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for c in list_at(o, "status.conditions") {
        let heartbeat = time(c, "lastHeartbeatTime");
        page.line(
            1,
            format!(
                "{} \t{} \t{heartbeat} \t{} \t{} \t{}",
                text(c, "type"),
                text(c, "status"),
                time(c, "lastTransitionTime"),
                text(c, "reason"),
                text(c, "message")
            ),
        );
    }
    page.line(0, "Addresses:");
    for address in list_at(o, "status.addresses") {
        page.field(1, text(address, "type"), text(address, "address"));
    }
    for (title, path) in [("Capacity", "status.capacity"), ("Allocatable", "status.allocatable")] {
        page.line(0, format!("{title}:"));
        for (resource, amount) in map_at(o, path).into_iter().flatten() {
            page.field(1, resource, show(amount));
        }
    }
    page.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        page.field(1, title, text(o, &format!("status.nodeInfo.{field}")));
    }
    if let Some(cidr) = str_at(o, "spec.podCIDR") {
        page.field(0, "PodCIDR", cidr);
        page.field(0, "PodCIDRs", list_at(o, "spec.podCIDRs").iter().map(show).collect::<Vec<_>>().join(","));
    }
    pods(page, o, env);
    true
}

pub fn taint(t: &Value) -> String {
    let value = str_at(t, "value").filter(|v| !v.is_empty()).map(|v| format!("={v}")).unwrap_or_default();
    format!("{}{value}:{}", text(t, "key"), text(t, "effect"))
}

/// What a Pod asks for or may take: the sum of its containers, or its largest init container.
fn total(pod: &Value, group: &str, resource: &str) -> Quantity {
    let amount = |c: &Value| {
        at(c, "resources").and_then(|r| r.get(group)).and_then(|g| g.get(resource)).map(show).and_then(|t| Quantity::parse(&t)).unwrap_or_default()
    };
    let milli = |list: &str, sidecars: Option<bool>| -> Vec<i64> {
        list_at(pod, list)
            .iter()
            .filter(|c| sidecars.is_none_or(|s| (str_at(c, "restartPolicy") == Some("Always")) == s))
            .map(|c| amount(c).milli())
            .collect()
    };
    let always: i64 = milli("spec.initContainers", Some(true)).iter().sum();
    let regular: i64 = milli("spec.containers", None).iter().sum::<i64>() + always;
    let first = milli("spec.initContainers", Some(false)).into_iter().max().unwrap_or(0) + always;
    Quantity::from_milli(regular.max(first))
}

/// A quantity as Kubernetes prints it.
fn print(resource: &str, amount: Quantity) -> String {
    if resource == "cpu" {
        let milli = amount.milli();
        return if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") };
    }
    let bytes = amount.value();
    for (shift, suffix) in [(40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")] {
        if bytes != 0 && bytes % (1i64 << shift) == 0 {
            return format!("{}{suffix}", bytes >> shift);
        }
    }
    bytes.to_string()
}

fn pods(page: &mut Page, o: &Value, env: &Env) {
    let here: Vec<_> = env
        .list(kinds::POD, None)
        .into_iter()
        .filter(|p| str_at(p, "spec.nodeName") == Some(name(o)) && !matches!(str_at(p, "status.phase"), Some("Succeeded" | "Failed")))
        .collect();
    let allocatable =
        |resource: &str| at(o, "status.allocatable").and_then(|a| a.get(resource)).map(show).and_then(|t| Quantity::parse(&t)).unwrap_or_default();
    let share = |resource: &str, amount: Quantity| {
        let all = i128::from(allocatable(resource).milli());
        let percent = if all == 0 { 0 } else { i128::from(amount.milli()) * 100 / all };
        format!("{} ({percent}%)", print(resource, amount))
    };
    page.field(0, "Non-terminated Pods", format!("({} in total)", here.len()));
    page.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    page.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    for pod in &here {
        let cell = |group, resource| share(resource, total(pod, group, resource));
        page.line(
            1,
            format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                namespace(pod),
                name(pod),
                cell("requests", "cpu"),
                cell("limits", "cpu"),
                cell("requests", "memory"),
                cell("limits", "memory"),
                age(pod, env.now())
            ),
        );
    }
    page.line(0, "Allocated resources:");
    page.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    let mut resources = vec!["cpu", "memory", "ephemeral-storage"];
    resources.extend(map_at(o, "status.allocatable").into_iter().flatten().map(|(k, _)| k.as_str()).filter(|k| k.starts_with("hugepages-")));
    for resource in resources {
        let sum = |group| Quantity::from_milli(here.iter().map(|p| total(p, group, resource).milli()).sum());
        page.line(1, format!("{resource}\t{}\t{}", share(resource, sum("requests")), share(resource, sum("limits"))));
    }
}
