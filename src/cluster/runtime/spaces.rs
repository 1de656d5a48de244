//! Process namespaces: whose processes see one another, and which numbers they have.
//!
//! Models `man 7 pid_namespaces` with the modes of the CRI: each container has a namespace of its own (`CONTAINER`), or those of a Pod share the
//! sandbox's, whose pause program is the first process (`POD`, `shareProcessNamespace`), or a debug container enters that of its target (`TARGET`).
//! Deviation: `hostPID` shares nothing.

use super::{ContainerId, ContainerRecord, ExitReason, Runtime, SandboxId, Sharing};
use crate::cluster::Context;

/// Processes that see one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Space {
    Container(ContainerId),
    Sandbox(SandboxId),
}

/// The sandbox's own program.
pub(super) const PAUSE: &str = "/pause";
/// How far the numbers go on with each process that runc starts: itself, and the threads that set it up before it becomes the program. With these
/// the numbers are those of the listing in the documentation's "Share Process Namespace between Containers in a Pod" (1, 8, 15).
const OF_RUNC: u64 = 7;

impl Space {
    /// The first process that a container starts in it. In a sandbox's the pause program was there before.
    fn first(self) -> u64 {
        match self {
            Self::Container(_) => 1,
            Self::Sandbox(_) => 1 + OF_RUNC,
        }
    }
}

impl Runtime {
    /// Where a container's processes are. A target that is gone leaves its debugger alone.
    pub(super) fn space_of(&self, container: &ContainerRecord) -> Space {
        match container.config.processes {
            Sharing::Own => Space::Container(container.id),
            Sharing::Pod => Space::Sandbox(container.sandbox),
            Sharing::Target(target) => self.live.get(&target).map_or(Space::Container(container.id), |live| live.space),
        }
    }

    /// The number of the next process that runc starts there.
    pub(super) fn number(&mut self, space: Space) -> u64 {
        let next = self.numbers.entry(space).or_insert_with(|| space.first());
        let number = *next;
        *next += OF_RUNC;
        number
    }

    /// In which container a process runs that another container's process sees under this number.
    pub(super) fn home_of(&self, space: Space, pid: u64) -> Option<ContainerId> {
        self.live.iter().find(|(_, live)| live.space == space && live.processes.contains_key(&pid)).map(|(id, _)| *id)
    }

    /// A container's namespace has lost its first process: the kernel kills all others in it, those of debug containers too.
    pub(super) fn close_space(&mut self, id: ContainerId, ctx: &mut Context) {
        let space = Space::Container(id);
        self.numbers.remove(&space);
        let left: Vec<ContainerId> = self.live.iter().filter(|(_, live)| live.space == space).map(|(id, _)| *id).collect();
        for debugger in left {
            self.end(debugger, 137, ExitReason::Error, ctx);
        }
    }

    /// Somebody in the Pod ended the pause program: the sandbox is gone, and everything in it.
    pub(super) fn end_pause(&mut self, sandbox: SandboxId, ctx: &mut Context) {
        let inside: Vec<ContainerId> = self.containers_of(sandbox).map(|c| c.id).filter(|id| self.live.contains_key(id)).collect();
        for id in inside {
            self.end(id, 137, ExitReason::Error, ctx);
        }
        self.stop_sandbox(sandbox, ctx);
    }
}
