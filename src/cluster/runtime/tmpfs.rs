//! File systems in memory (`emptyDir.medium: Memory`): how much fits into one, and whose memory it takes.
//!
//! Models the kernel's tmpfs and its memory controller. What a container writes counts as its own memory; what lies there when a container starts,
//! and belongs to no other running one, counts for it (in reality for its Pod). Deviation: what is removed is given back to whoever removes it.

use super::{ContainerId, ExitReason, Runtime, State, bulk, files};
use crate::api::order::SortedMap;
use crate::cluster::Context;
use crate::cluster::network::{Body, Network};

/// The volumes that lie in memory, each with how many bytes fit into it, and what containers took or gave back since their runtime last asked.
#[derive(Clone, Debug, Default)]
pub struct Tmpfs {
    sizes: SortedMap<String, i64>,
    pub(super) charges: Vec<(ContainerId, i64)>,
}

impl Tmpfs {
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }
}

/// What the files of a volume take.
pub fn used(network: &Network, volume: &str) -> i64 {
    let text = network.volumes.get(volume).map_or(0, files::bytes);
    (text as i64).saturating_add(bulk::stored(&network.bulk, volume))
}

/// How much fits into a volume at all; `None` for one on disk.
pub fn size(network: &Network, volume: &str) -> Option<i64> {
    network.tmpfs.sizes.get(volume).copied()
}

/// How much more fits into a volume; `None` for one on disk.
pub fn room(network: &Network, volume: &str) -> Option<i64> {
    let size = network.tmpfs.sizes.get(volume)?;
    Some((size - used(network, volume)).max(0))
}

/// Does something to a volume's files, and notes what that costs the container in memory.
pub fn charged<T>(network: &mut Network, id: ContainerId, volume: Option<String>, act: impl FnOnce(&mut Network) -> T) -> T {
    let Some(volume) = volume.filter(|v| network.tmpfs.sizes.contains_key(v)) else { return act(network) };
    let before = used(network, &volume);
    let done = act(network);
    let change = used(network, &volume) - before;
    if change != 0 {
        network.tmpfs.charges.push((id, change));
    }
    done
}

fn mounts<'a>(body: &'a Body, network: &'a Network) -> impl Iterator<Item = &'a str> {
    body.mounts.iter().map(|(_, volume, ..)| volume.as_str()).filter(|volume| network.tmpfs.sizes.contains_key(*volume))
}

impl Runtime {
    /// Mounts a file system in memory that holds so many bytes.
    pub fn mount_memory(&mut self, volume: &str, size: i64, ctx: &mut Context) {
        ctx.network.tmpfs.sizes.insert(volume.to_owned(), size);
        ctx.network.volumes.entry(volume.to_owned()).or_default();
    }

    pub(super) fn unmount_memory(volume: &str, ctx: &mut Context) {
        ctx.network.tmpfs.sizes.remove(volume);
    }

    /// What was written before a container starts, and belongs to nobody who runs, is its own from now on.
    pub(super) fn inherit_memory(&mut self, id: ContainerId, ctx: &mut Context) {
        if ctx.network.tmpfs.is_empty() {
            return;
        }
        let Some(body) = ctx.network.bodies.get(&id) else { return };
        let others = self.containers.values().filter(|c| c.id != id && matches!(c.state, State::Running { .. }));
        let theirs: Vec<&str> = others.filter_map(|c| ctx.network.bodies.get(&c.id)).flat_map(|b| mounts(b, ctx.network)).collect();
        let bytes: i64 = mounts(body, ctx.network).filter(|volume| !theirs.contains(volume)).map(|volume| used(ctx.network, volume)).sum();
        if bytes > 0 {
            ctx.network.tmpfs.charges.push((id, bytes));
        }
    }

    /// Adds what containers wrote to their memory; the kernel ends one that has too much.
    pub(super) fn take_charges(&mut self, ctx: &mut Context) {
        for (id, bytes) in std::mem::take(&mut ctx.network.tmpfs.charges) {
            let Some(container) = self.containers.get_mut(&id) else { continue };
            container.memory_bytes = container.memory_bytes.saturating_add(bytes).max(0);
            if container.config.memory_limit.is_some_and(|limit| container.memory_bytes > limit) {
                self.end(id, 137, ExitReason::OomKilled, ctx);
            }
            self.tell_memory(ctx);
        }
    }
}
