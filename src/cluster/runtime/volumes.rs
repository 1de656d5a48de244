//! Volumes: made, written and taken away for the kubelet, and what is mounted out of one.
//!
//! Stands for the folders below `/var/lib/kubelet/pods` and the bind mounts that runc makes of them.

use super::Runtime;
use super::files::Tree;
use crate::cluster::Context;
use crate::cluster::kubelet::atomic;
use crate::cluster::network::Network;

/// Stands behind a volume's name in that of what was bound out of it.
const BOUND: &str = "//";

/// A part of a volume in which links show the newest state: what they lead to now is mounted, and stays as it is when the links move on (a bind mount
/// of what `doBindSubPath` of `pkg/volume/util/subpath` has resolved). Gives its name.
pub(super) fn bind(network: &mut Network, volume: &str, sub_path: &str) -> Option<String> {
    let sub_path = sub_path.trim_matches('/');
    let tree = network.volumes.get(volume).filter(|_| !sub_path.is_empty())?;
    let at = format!("/{}/{sub_path}", atomic::newest(tree)?);
    let part: Tree = tree
        .iter()
        .filter_map(|(path, inode)| {
            let rest = path.strip_prefix(&at).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some((if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }, inode.clone()))
        })
        .collect();
    if part.is_empty() {
        return None;
    }
    let name = format!("{volume}{BOUND}{at}");
    network.volumes.insert(name.clone(), part);
    Some(name)
}

impl Runtime {
    /// Makes a volume, or gives it this content in place of its own.
    pub fn write_volume(&mut self, volume: &str, files: Tree, ctx: &mut Context) {
        ctx.network.volumes.insert(volume.into(), files);
    }

    /// Makes a volume that containers write to; what is in it stays.
    pub fn open_volume(&mut self, volume: &str, files: Tree, ctx: &mut Context) {
        let before = ctx.network.volumes.entry(volume.into()).or_default();
        for (path, inode) in files {
            before.entry(path).or_insert_with(|| inode);
        }
    }

    pub fn remove_volume(&mut self, volume: &str, ctx: &mut Context) {
        let bound = format!("{volume}{BOUND}");
        ctx.network.volumes.retain(|key, _| key != volume && !key.starts_with(&bound));
        ctx.network.bulk.retain(|(tree, _), _| tree != volume);
        Self::unmount_memory(volume, ctx);
    }
}
