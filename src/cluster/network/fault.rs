//! Learner's faults of the network: a node cut off, a slow link, a Pod whose packets are lost. Nothing upstream is modelled here; all or none of the
//! packets are lost, never some.

use super::{Network, Source};
use crate::cluster::runtime::ContainerId;

/// What befalls the packets of a Pod, or those that leave or reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All are lost, without a word to the sender. On a node: it is cut off from all others and from the API server.
    Drop,
    /// Each exchange takes so many milliseconds longer.
    Delay(u64),
}

impl Fault {
    pub fn delay_ms(self) -> u64 {
        match self {
            Self::Drop => 0,
            Self::Delay(ms) => ms,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Delay(a), Self::Delay(b)) => Self::Delay(a.saturating_add(b)),
            (Self::Drop, _) | (_, Self::Drop) => Self::Drop,
        }
    }
}

impl Network {
    /// Sets or (with `None`) mends the fault of `node/NAME` or `pod/NAMESPACE/NAME`.
    pub fn set_fault(&mut self, on: &str, fault: Option<Fault>) {
        match fault {
            Some(fault) => drop(self.faults.insert(on.to_owned(), fault)),
            None => drop(self.faults.remove(on)),
        }
    }

    /// The fault of `node/NAME` or `pod/NAMESPACE/NAME`.
    pub fn fault(&self, on: &str) -> Option<Fault> {
        self.faults.get(on).copied()
    }

    /// What befalls an exchange between these two. Within a Pod nothing can: localhost never leaves it. A node reaches its own Pods even when
    /// it is cut off.
    pub(super) fn trouble(&self, source: &Source, target: ContainerId) -> Option<Fault> {
        if self.faults.is_empty() {
            return None;
        }
        let body = self.bodies.get(&target)?;
        if source.sandbox == Some(body.sandbox) {
            return None;
        }
        let node = |index: usize| self.node_sources.get(index).and_then(|s| self.fault(&s.name));
        let crosses = body.node != source.node;
        let of_nodes = [node(source.node), node(body.node)].into_iter().flatten().filter(|_| crosses);
        let of_pods = [self.fault(&format!("pod/{}", body.pod)), self.fault(&source.name).filter(|_| source.sandbox.is_some())];
        of_pods.into_iter().flatten().chain(of_nodes).reduce(Fault::and)
    }

    /// Whether nothing that this one sends reaches another machine.
    pub fn is_isolated(&self, source: &Source) -> bool {
        let of_node = self.node_sources.get(source.node).and_then(|s| self.fault(&s.name));
        [of_node, self.fault(&source.name)].contains(&Some(Fault::Drop))
    }
}
