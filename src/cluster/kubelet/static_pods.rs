//! Static Pods: files in a folder of the node, and their mirrors in the API. Models `pkg/kubelet/config/file.go` and `mirror_client.go`.

use crate::api::Value;
use crate::api::object::map_at;

/// The static Pod whose mirror an object is.
pub fn mirror_hash(pod: &Value) -> Option<&str> {
    map_at(pod, "metadata.annotations")?.get("kubernetes.io/config.mirror")?.as_str()
}
