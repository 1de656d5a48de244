//! Static Pods: files in a folder of the node, and their mirrors in the API.
//!
//! Models `pkg/kubelet/config/{file,file_linux,common}.go` and `pkg/kubelet/pod/mirror_client.go`. Events of the file system act within tens of
//! milliseconds; a full look every 20 s drops what no file says any more.

use std::rc::Rc;

use crate::api::kinds::{NODE, POD};
use crate::api::object::{at, list_at, map_at, name, namespace, remove, set, str_at, uid};
use crate::api::{SimTime, Value, json};
use crate::cluster::apiserver::{Caller, DeleteOptions, Key, WriteOptions};
use crate::cluster::log::Fact;
use crate::manifest::{self, NewCluster};

use super::spec::fold;
use super::worker::{PodTimer, Turn, Worker};

/// Where a kubeadm node keeps them.
pub const FOLDER: &str = "/etc/kubernetes/manifests";
pub const CONFIG_FILE: &str = "/var/lib/kubelet/config.yaml";
/// What the kubelet's own configuration says, as far as a learner reads it.
pub const CONFIG: &str = "apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
fileCheckFrequency: 20s
kind: KubeletConfiguration
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
syncFrequency: 1m0s
";

/// A file event reaches the kubelet after this.
pub const NOTICE_MS: u64 = 30;
/// The full look at the folder.
pub const FULL_LOOK_MS: u64 = 20_000;
/// Cleaning removes mirrors whose static Pod is gone.
pub const CLEANING_MS: u64 = 2000;

/// A Pod is looked at again after a minute, stretched by up to a half (`resyncInterval` and `workerResyncIntervalJitterFactor` of `pkg/kubelet/pod_workers.go`). Deviation: it
/// is always the middle, and only a mirror waits for it.
const REGULAR_LOOK_MS: u64 = 75_000;

/// The static Pod whose mirror an object is.
pub fn mirror_hash(pod: &Value) -> Option<&str> {
    map_at(pod, "metadata.annotations")?.get("kubernetes.io/config.mirror")?.as_str()
}

/// Whether the kubelet reads a file as a static Pod: directly in the folder, and not hidden.
pub fn is_manifest(path: &str) -> bool {
    path.strip_prefix(FOLDER).and_then(|r| r.strip_prefix('/')).is_some_and(|file| !file.is_empty() && !file.contains('/') && !file.starts_with('.'))
}

/// The Pod that a file describes, filled in as the kubelet does; or the line of its log.
pub fn read(path: &str, text: &str, node: &str, now: SimTime) -> Result<Rc<Value>, String> {
    let unparsable = |why: &str| format!("{path}: couldn't parse as pod({why}), please check config file");
    let documents = manifest::read_documents(text, path).map_err(|e| unparsable(&parser_text(&e)))?;
    let mut pod = documents.into_iter().next().map(|d| d.value).ok_or_else(|| unparsable("unexpected end of file"))?;
    if str_at(&pod, "kind") != Some("Pod") || str_at(&pod, "apiVersion") != Some("v1") {
        return Err(unparsable("object is not a Pod"));
    }
    if name(&pod).is_empty() {
        return Err("invalid pod: name is needed for the pod".into());
    }
    if namespace(&pod).is_empty() {
        set(&mut pod, "metadata.namespace", json!("default"));
    }
    let written = pod.clone();
    let full_name = format!("{}-{}", name(&pod), node.to_ascii_lowercase());
    set(&mut pod, "metadata.name", json!(full_name));
    set(&mut pod, "spec.nodeName", json!(node));
    let admitted = manifest::admit_create(POD, None, pod, &NewCluster).map_err(|status| format!("invalid pod: {}", status.message))?;
    let mut pod = admitted.object;
    leave_out_admission(&mut pod, &written);
    if let Some(resource) = reference_to_api(&written) {
        return Err(format!("static pods may not reference {resource}"));
    }
    let hash = match uid(&written) {
        "" => {
            let text = format!("{pod}host:{node}file:{path}");
            format!("{:016x}{:016x}", fold(&text), fold(&format!("{text}{text}")))
        }
        given => given.to_owned(),
    };
    set(&mut pod, "metadata.uid", json!(hash));
    let seen = now.rfc3339_micro().replace('Z', "000Z");
    let mut annotations = map_at(&pod, "metadata.annotations").cloned().unwrap_or_default();
    for (key, value) in [("hash", hash.as_str()), ("seen", &seen), ("source", "file")] {
        annotations.insert(format!("kubernetes.io/config.{key}"), json!(value));
    }
    set(&mut pod, "metadata.annotations", Value::Object(annotations));
    set(&mut pod, "status", json!({"phase": "Pending"}));
    Ok(Rc::new(pod))
}

/// What kubectl puts before the parser's own words is not in the kubelet's.
fn parser_text(error: &str) -> String {
    error.split_once("error converting YAML to JSON: ").map_or(error, |(_, tail)| tail).to_owned()
}

/// A static Pod passes no admission plugin: no token volume, no tolerations but its own.
fn leave_out_admission(pod: &mut Value, written: &Value) {
    for field in ["serviceAccountName", "serviceAccount", "priority", "preemptionPolicy"] {
        let path = format!("spec.{field}");
        match at(written, &path) {
            Some(value) => set(pod, &path, value.clone()),
            None => {
                remove(pod, &path);
            }
        }
    }
    let is_token = |value: &Value| str_at(value, "name").is_some_and(|n| n.starts_with("kube-api-access-"));
    for list in ["volumes", "containers", "initContainers"] {
        let Some(items) = pod.get_mut("spec").and_then(|s| s.get_mut(list)).and_then(Value::as_array_mut) else { continue };
        if list == "volumes" {
            items.retain(|v| !is_token(v));
            continue;
        }
        for container in items {
            if let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
                mounts.retain(|m| !is_token(m));
                if mounts.is_empty() {
                    remove(container, "volumeMounts");
                }
            }
        }
    }
    if list_at(pod, "spec.volumes").is_empty() {
        remove(pod, "spec.volumes");
    }
    let mut tolerations = list_at(written, "spec.tolerations").to_vec();
    tolerations.push(json!({"effect": "NoExecute", "operator": "Exists"}));
    set(pod, "spec.tolerations", Value::Array(tolerations));
}

/// The first kind of API object that the Pod refers to. Models `HasAPIObjectReference` of `pkg/api/pod/util.go`.
fn reference_to_api(pod: &Value) -> Option<&'static str> {
    if str_at(pod, "spec.serviceAccountName").is_some_and(|n| !n.is_empty()) {
        return Some("serviceaccounts");
    }
    let containers: Vec<&Value> = ["spec.initContainers", "spec.containers"].iter().flat_map(|l| list_at(pod, l)).collect();
    let volumes = list_at(pod, "spec.volumes");
    let in_containers = |field: &str| {
        containers.iter().any(|c| {
            list_at(c, "env").iter().any(|e| at(e, &format!("valueFrom.{field}KeyRef")).is_some())
                || list_at(c, "envFrom").iter().any(|e| at(e, &format!("{field}Ref")).is_some())
        })
    };
    let in_volumes =
        |field: &str| volumes.iter().any(|v| at(v, field).is_some() || list_at(v, "projected.sources").iter().any(|s| at(s, field).is_some()));
    if !list_at(pod, "spec.imagePullSecrets").is_empty() || in_containers("secret") || in_volumes("secret") {
        return Some("secrets");
    }
    if in_containers("configMap") || in_volumes("configMap") {
        return Some("configmaps");
    }
    if !list_at(pod, "spec.resourceClaims").is_empty() {
        return Some("resourceclaims");
    }
    volumes.iter().find_map(|volume| {
        let table = [
            ("csi", "csidrivers (via CSI volumes)"),
            ("persistentVolumeClaim", "persistentvolumeclaims"),
            ("ephemeral", "persistentvolumeclaims (via ephemeral volumes)"),
        ];
        let direct = table.iter().find(|(field, _)| at(volume, field).is_some()).map(|(_, resource)| *resource);
        direct.or_else(|| {
            let sources = list_at(volume, "projected.sources");
            sources.iter().any(|s| at(s, "serviceAccountToken").is_some()).then_some("serviceaccounts (via projected volumes)")
        })
    })
}

impl Worker {
    /// Makes the mirror, or makes it anew where it is another Pod's or is being deleted. One that somebody else took away at once (`kubectl delete --force`)
    /// is made at a later look only: the sync that its end causes finds nothing to delete, and makes nothing then
    /// (`tests/recorded/traces/static-delete-force-back`). True where there is a new one.
    pub fn reconcile_mirror(&mut self, turn: &mut Turn) -> bool {
        if !self.is_static {
            return false;
        }
        if std::mem::take(&mut self.lost_mirror) {
            self.push(PodTimer::Updated, 0, turn.ctx.now + REGULAR_LOOK_MS, turn);
            return false;
        }
        if turn.api_is_away() {
            return false;
        }
        let key = Key::new(POD, &self.namespace, &self.name);
        if let Some(present) = turn.ctx.api.get(POD, &self.namespace, &self.name).cloned() {
            if mirror_hash(&present) == Some(&self.uid) && !crate::api::object::is_deleting(&present) {
                return false;
            }
            if mirror_hash(&present).is_some() {
                delete_mirror(&key, turn);
            } else {
                // Somebody else's Pod has the name.
                return false;
            }
        }
        let Some(node) = turn.ctx.api.get(NODE, "", &turn.node.name).cloned() else { return false };
        let mut mirror = (*self.pod).clone();
        remove(&mut mirror, "metadata.uid");
        remove(&mut mirror, "status");
        let mut annotations = map_at(&mirror, "metadata.annotations").cloned().unwrap_or_default();
        annotations.insert("kubernetes.io/config.mirror".into(), json!(self.uid));
        set(&mut mirror, "metadata.annotations", Value::Object(annotations));
        let owner = json!([{"apiVersion": "v1", "controller": true, "kind": "Node", "name": turn.node.name, "uid": uid(&node)}]);
        set(&mut mirror, "metadata.ownerReferences", owner);
        let options = WriteOptions { field_manager: "kubelet".into(), ..WriteOptions::default() };
        let ctx = &mut *turn.ctx;
        let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
        if let Err(refusal) = ctx.api.create(&mut caller, POD, &self.namespace, mirror, &options) {
            let line = format!("Failed creating a mirror pod for \"{}/{}\": {}", self.namespace, self.name, refusal.message);
            ctx.log.push(ctx.now, Fact::KubeletLog { node: turn.node.name.clone(), line });
            return false;
        }
        true
    }

    /// The static Pod is gone: its mirror goes with the next cleaning.
    pub fn remove_mirror(&mut self, turn: &mut Turn) {
        if self.stored(turn).is_some() {
            delete_mirror(&Key::new(POD, &self.namespace, &self.name), turn);
        }
    }
}

fn delete_mirror(key: &Key, turn: &mut Turn) {
    let ctx = &mut *turn.ctx;
    let mut caller = Caller { now: ctx.now, random: ctx.random, log: ctx.log };
    let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    if let Err(refusal) = ctx.api.delete(&mut caller, key, options) {
        let line = format!("Failed deleting a mirror pod \"{}/{}\": {}", key.namespace, key.name, refusal.message);
        ctx.log.push(ctx.now, Fact::KubeletLog { node: turn.node.name.clone(), line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_the_folder_are_manifests() {
        assert!(is_manifest("/etc/kubernetes/manifests/web.yaml"));
        assert!(is_manifest("/etc/kubernetes/manifests/web.yaml~"));
        assert!(!is_manifest("/etc/kubernetes/manifests/.web.yaml"));
        assert!(!is_manifest("/etc/kubernetes/manifests/more/web.yaml"));
        assert!(!is_manifest("/etc/kubernetes/web.yaml"));
    }

    #[test]
    fn references_to_api_objects_are_found() {
        let pod = |spec: Value| json!({"spec": spec});
        assert_eq!(reference_to_api(&pod(json!({"containers": [{"name": "a"}]}))), None);
        let env = json!({"containers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "y"}}}]}]});
        assert_eq!(reference_to_api(&pod(env)), Some("configmaps"));
        let volume = json!({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]});
        assert_eq!(reference_to_api(&pod(volume)), Some("secrets"));
    }
}
