//! What of a Pod lies in memory, and how much it may take there.

use crate::api::object::{at, list_at, str_at, uid};
use crate::api::{Quantity, SimTime, Value};
use crate::cluster::runtime::files::Content;

use super::atomic;
use super::spec::{PodSpec, Role};
use super::volumes::{Volume, volume_key};

/// The volumes that lie in memory, and how much fits into each: what the node has, what the Pod may use, or the volume's own limit, whichever is
/// least. Models `calculateEmptyDirMemorySize` of `pkg/volume/emptydir`.
pub fn in_memory(pod: &Value, spec: &PodSpec, node_memory: i64) -> Vec<(String, i64)> {
    let memory = list_at(pod, "spec.volumes").iter().filter(|v| str_at(v, "emptyDir.medium") == Some("Memory"));
    let of_volume = |volume: &Value| {
        let limit = str_at(volume, "emptyDir.sizeLimit").and_then(Quantity::parse).map(Quantity::value);
        [memory_limit(pod, spec), limit].into_iter().flatten().filter(|n| *n > 0).fold(node_memory, i64::min)
    };
    memory.map(|volume| (volume_key(pod, volume), of_volume(volume))).collect()
}

/// Why the kubelet cannot write a volume that lies in memory: (volume, error). Each file fills whole pages, and what does not fit has no room; a Pod that
/// may use a few bytes has none for its service account's files (`MountVolume.SetUp failed … no space left on device`).
pub fn without_room(pod: &Value, spec: &PodSpec, volumes: &[Volume], node_memory: i64, now: SimTime) -> Vec<(String, String)> {
    match memory_limit(pod, spec) {
        Some(limit @ 1..MUCH) => overflowing(pod, volumes, limit.min(node_memory), now),
        Some(_) | None => Vec::new(),
    }
}

#[inline(never)]
fn overflowing(pod: &Value, volumes: &[Volume], room: i64, now: SimTime) -> Vec<(String, String)> {
    let pages = |bytes: i64| (bytes + PAGE - 1) / PAGE;
    let told = |volume: &Value| {
        let (_, plugin) = WRITTEN.iter().find(|(kind, _)| at(volume, kind).is_some())?;
        let key = volume_key(pod, volume);
        let made = volumes.iter().find(|made| made.key == key)?;
        let mut left = pages(room);
        let (path, _) = made.files.iter().find(|(_, inode)| match &inode.content {
            Content::File(text) => {
                left -= pages(text.len() as i64);
                left < 0
            }
            Content::Folder | Content::Link(_) => false,
        })?;
        let name = str_at(volume, "name").unwrap_or("");
        let folder = format!("/var/lib/kubelet/pods/{}/volumes/kubernetes.io~{plugin}/{name}/{}", uid(pod), atomic::folder(&key, now));
        Some((name.to_owned(), format!("write {folder}{path}: no space left on device")))
    };
    list_at(pod, "spec.volumes").iter().filter_map(told).collect()
}

/// Beyond this many bytes whatever the API server stores fits.
const MUCH: i64 = 64 << 20;
const PAGE: i64 = 4096;
/// What the kubelet writes into memory, and the plugins that do (`pkg/volume/{secret,projected,downwardapi}`).
const WRITTEN: [(&str, &str); 3] = [("secret", "secret"), ("projected", "projected"), ("downwardAPI", "downward-api")];

/// The memory limit of the Pod's cgroup: its own, or what its containers may use together where each has a limit (`ResourceConfigForPod`).
pub fn memory_limit(pod: &Value, spec: &PodSpec) -> Option<i64> {
    let whole = |value: &Value, path: &str| str_at(value, path).and_then(Quantity::parse).map(Quantity::value);
    if let Some(limit) = whole(pod, "spec.resources.limits.memory") {
        return Some(limit);
    }
    let (mut together, mut largest) = (0_i64, 0_i64);
    for container in spec.containers.iter().filter(|c| c.role != Role::Ephemeral) {
        let limit = whole(&container.resources, "limits.memory")?;
        if container.role == Role::Init {
            largest = largest.max(together.saturating_add(limit));
        } else {
            together = together.saturating_add(limit);
        }
    }
    Some(together.max(largest))
}
