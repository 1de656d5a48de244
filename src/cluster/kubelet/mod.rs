//! Models the kubelet: pod workers and their syncs, status, prober, back-off, images, volumes, static Pods, termination.

use std::collections::BTreeMap;

use super::apiserver::Change;
use super::runtime::{ContainerId, Runtime};
use super::{Context, NodeConfig};

#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// The runtime reports that something about a container changed by itself; seen at the next look (PLEG).
    ContainerChanged(ContainerId),
}

#[derive(Clone, Debug)]
pub struct Kubelet {
    /// Files on the node that a learner can see and edit, by absolute path (the static Pod folder among them).
    files: BTreeMap<String, String>,
    stopped: bool,
}

impl Kubelet {
    pub fn new(index: usize, config: &NodeConfig) -> Self {
        let _ = (index, config);
        Self { files: BTreeMap::new(), stopped: false }
    }

    pub fn bootstrap(&mut self, runtime: &mut Runtime, ctx: &mut Context) {
        let _ = (runtime, ctx);
    }

    pub fn observe(&mut self, change: &Change, ctx: &mut Context) {
        let _ = (change, ctx);
    }

    pub fn handle(&mut self, timer: Timer, runtime: &mut Runtime, ctx: &mut Context) {
        let _ = (timer, runtime, ctx);
    }

    pub fn write_file(&mut self, path: &str, text: Option<&str>, runtime: &mut Runtime, ctx: &mut Context) {
        let _ = (runtime, ctx);
        match text {
            Some(text) => self.files.insert(path.into(), text.into()),
            None => self.files.remove(path),
        };
    }

    /// The node's files, by absolute path.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped
    }
}
