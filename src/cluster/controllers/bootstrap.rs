//! What every new cluster has: namespaces with their first objects, priority classes, nodes, the Service `kubernetes`.
//!
//! Models what kubeadm, the root CA publisher, the ServiceAccount controller and registering kubelets leave behind.

use crate::api::{Kind, Value, json, kinds, object};
use crate::cluster::apiserver::WriteOptions;
use crate::cluster::{Config, Context, NodeConfig};

const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// The hard eviction threshold that allocatable memory lacks.
const EVICTION_MEMORY: i64 = 100 * 1024 * 1024;
const VERSION: &str = "v1.36.3";

pub fn run(config: &Config, ctx: &mut Context) {
    for name in NAMESPACES {
        make(ctx, kinds::NAMESPACE, "", json!({"metadata": {"name": name}}));
    }
    for name in NAMESPACES {
        namespace_objects(name, ctx);
    }
    for (name, value, what) in [("system-cluster-critical", 2_000_000_000_i64, "the cluster's"), ("system-node-critical", 2_000_001_000, "a node's")]
    {
        let description = format!("Used for Pods without which {what} work stops.");
        make(ctx, kinds::PRIORITY_CLASS, "", json!({"metadata": {"name": name}, "value": value, "description": description}));
    }
    let service = json!({"metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}});
    make(ctx, kinds::SERVICE, "default", service);
    let slice = json!({"metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}}, "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.168.1.10"], "conditions": {"ready": true}}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]});
    make(ctx, kinds::ENDPOINT_SLICE, "default", slice);
    let endpoints = json!({"metadata": {"name": "kubernetes", "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [{"addresses": [{"ip": "192.168.1.10"}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}]});
    make(ctx, kinds::ENDPOINTS, "default", endpoints);
    for (index, node) in config.nodes.iter().enumerate() {
        make_node(index, node, ctx);
    }
}

/// Whether the controllers put an object of this name into every namespace.
pub fn is_standard(kind: &'static Kind, name: &str) -> bool {
    (kind == kinds::SERVICE_ACCOUNT && name == "default") || (kind == kinds::CONFIG_MAP && name == "kube-root-ca.crt")
}

/// What the controllers put into every namespace.
pub fn namespace_objects(namespace: &str, ctx: &mut Context) {
    make(ctx, kinds::SERVICE_ACCOUNT, namespace, json!({"metadata": {"name": "default"}}));
    let note = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP \
                or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
    let root = json!({"metadata": {"name": "kube-root-ca.crt", "annotations": {"kubernetes.io/description": note}},
        "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIDplayground\n-----END CERTIFICATE-----\n"}});
    make(ctx, kinds::CONFIG_MAP, namespace, root);
}

fn make(ctx: &mut Context, kind: &'static Kind, namespace: &str, object: Value) {
    if ctx.api.get(kind, namespace, object::name(&object)).is_some() {
        return;
    }
    let (api, mut caller) = ctx.api();
    if let Err(refusal) = api.create(&mut caller, kind, namespace, object, &WriteOptions::default()) {
        // A namespace that goes in the same instant takes nothing new; what a new cluster has is never refused.
        debug_assert!(!namespace.is_empty() && !NAMESPACES.contains(&namespace), "{}", refusal.message);
    }
}

fn make_node(index: usize, node: &NodeConfig, ctx: &mut Context) {
    let cidr = format!("10.244.{}.0/24", index + 1);
    let capacity = |memory: i64, storage: String| {
        let cpu = if node.cpu_milli % 1000 == 0 { (node.cpu_milli / 1000).to_string() } else { format!("{}m", node.cpu_milli) };
        json!({"cpu": cpu, "ephemeral-storage": storage, "hugepages-1Gi": "0", "hugepages-2Mi": "0",
            "memory": format!("{}Ki", memory / 1024), "pods": node.pods.to_string()})
    };
    let now = ctx.now.rfc3339();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": now, "lastTransitionTime": now});
    let id = ctx.random.uid();
    let object = json!({
        "metadata": {"name": node.name, "labels": {"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux"},
            "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
        "spec": {"podCIDR": cidr, "podCIDRs": [cidr]},
        "status": {
            "addresses": [{"type": "InternalIP", "address": format!("192.168.1.{}", index % 240 + 11)}, {"type": "Hostname", "address": node.name}],
            "allocatable": capacity(node.memory_bytes, "56453061334".into()),
            "capacity": capacity(node.memory_bytes + EVICTION_MEMORY, "61255492Ki".into()),
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {"architecture": "amd64", "bootID": id, "containerRuntimeVersion": "containerd://2.3.0", "kernelVersion": "6.12.0",
                "kubeProxyVersion": "", "kubeletVersion": VERSION, "machineID": id.replace('-', ""), "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 13 (trixie)", "systemUUID": id},
        },
    });
    make(ctx, kinds::NODE, "", object);
    let lease = json!({"metadata": {"name": node.name}, "spec": {"holderIdentity": node.name, "leaseDurationSeconds": 40,
        "renewTime": ctx.now.rfc3339_micro()}});
    make(ctx, kinds::LEASE, "kube-node-lease", lease);
}
