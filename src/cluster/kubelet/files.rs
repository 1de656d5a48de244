//! Files on the node: the static Pod folder is watched, and looked at as a whole every 20 s. Models `pkg/kubelet/config/{file,file_linux}.go`.

use std::rc::Rc;

use crate::api::Value;
use crate::api::object::{name, namespace, uid};
use crate::api::order::SortedSet;
use crate::cluster::log::Fact;
use crate::cluster::runtime::Runtime;
use crate::cluster::{Context, Task};

use super::static_pods::{self, CLEANING_MS, FULL_LOOK_MS, NOTICE_MS};
use super::termination::KillReason;
use super::worker::{RETRY_MS, Turn, Worker};
use super::{Kubelet, Timer};

/// Static Pods that have come back while they end are looked for this often: cleanings come every 2 s, so half of that on average.
const AGAIN_MS: u64 = static_pods::CLEANING_MS / 2;

/// Sandboxes of Pods that are gone are collected this often (`ContainerGCPeriod`).
const COLLECTING_MS: u64 = 60_000;

impl Kubelet {
    /// Writes (or with `None` removes) a file on the node.
    pub fn write_file(&mut self, path: &str, text: Option<&str>, _runtime: &mut Runtime, ctx: &mut Context) {
        match text {
            Some(text) => self.node.files.insert(path.into(), text.into()),
            None => self.node.files.remove(path),
        };
        ctx.fact(Fact::NodeFile { node: self.node.name.clone(), path: path.into(), removed: text.is_none() });
        if static_pods::is_manifest(path) && !self.stopped {
            self.later(NOTICE_MS, Timer::FileChanged { path: path.into() }, ctx);
        }
    }

    fn later(&self, after: u64, timer: Timer, ctx: &mut Context) {
        ctx.after(after, Task::Kubelet { node: self.node.index, timer });
    }

    /// The next full look is due on a multiple of its period.
    fn full_look_later(&self, ctx: &mut Context) {
        let wait = FULL_LOOK_MS - ctx.now.millis() % FULL_LOOK_MS;
        self.later(wait, Timer::FullLook, ctx);
    }

    fn log(&self, line: String, ctx: &mut Context) {
        ctx.fact(Fact::KubeletLog { node: self.node.name.clone(), line });
    }

    /// A file event: a new or changed file adds its Pod, a removed one takes it away. A file that cannot be read changes nothing for now.
    pub(super) fn file_changed(&mut self, path: &str, runtime: &mut Runtime, ctx: &mut Context) {
        let before = self.static_files.get(path).cloned().unwrap_or_default();
        let Some(text) = self.node.files.get(path).cloned() else {
            self.static_files.remove(path);
            for old in before {
                self.drop_static(&old, runtime, ctx);
            }
            return;
        };
        let pod = match static_pods::read(path, &text, &self.node.name, ctx.now) {
            Ok(pod) => pod,
            Err(why) => {
                self.log(format!("\"Unable to process watch event\" err=\"can't process config file \\\"{path}\\\": {why}\""), ctx);
                return self.full_look_later(ctx);
            }
        };
        let new = uid(&pod).to_owned();
        if before.contains(&new) {
            return;
        }
        // One Pod of a name is known at a time: the latest takes the place of those before it, until the next look at the whole folder
        // (`NewUndeltaStore` with the namespace and name as key).
        let same_name = |uid: &String| self.static_pods.get(uid).is_some_and(|p| (namespace(p), name(p)) == (namespace(&pod), name(&pod)));
        let rivals: Vec<String> = self.static_pods.keys().filter(|uid| same_name(uid)).cloned().collect();
        let kept: Vec<String> = std::iter::once(new.clone()).chain(before.iter().filter(|old| !rivals.contains(old)).cloned()).collect();
        let elsewhere = rivals.iter().any(|rival| !before.contains(rival));
        for rival in rivals {
            self.static_files.values_mut().for_each(|uids| uids.retain(|uid| *uid != rival));
            self.drop_static(&rival, runtime, ctx);
        }
        if elsewhere || kept.len() > 1 {
            self.full_look_later(ctx);
        }
        self.static_files.insert(path.to_owned(), kept);
        self.static_pods.insert(new.clone(), pod);
        self.start_static(&new, runtime, ctx);
    }

    /// Everything that a file of the folder describes, and nothing else.
    pub(super) fn full_look(&mut self, runtime: &mut Runtime, ctx: &mut Context) {
        let paths: SortedSet<String> =
            self.node.files.keys().chain(self.static_files.keys()).filter(|p| static_pods::is_manifest(p)).cloned().collect();
        let described: Vec<(String, Option<Rc<Value>>)> = paths.into_iter().map(|path| (path.clone(), self.described(&path, ctx))).collect();
        let last_of_name =
            |pod: &Value| described.iter().rev().find(|(_, p)| p.as_ref().is_some_and(|p| (namespace(p), name(p)) == (namespace(pod), name(pod))));
        for (path, pod) in &described {
            // Of several files that describe a Pod of the same name, the last counts.
            let pod = pod.as_ref().filter(|pod| last_of_name(pod).is_none_or(|(last, _)| last == path)).cloned();
            let before = self.static_files.get(path).cloned().unwrap_or_default();
            let wanted = pod.as_ref().map(|p| uid(p).to_owned());
            for old in before.iter().filter(|old| Some(*old) != wanted.as_ref()) {
                self.drop_static(old, runtime, ctx);
            }
            match (pod, wanted) {
                (Some(pod), Some(new)) => {
                    self.static_files.insert(path.clone(), vec![new.clone()]);
                    if !before.contains(&new) {
                        self.static_pods.insert(new.clone(), pod);
                        self.start_static(&new, runtime, ctx);
                    }
                }
                (Some(_) | None, _) => {
                    self.static_files.remove(path);
                }
            }
        }
    }

    /// What a file says, where it can be read.
    fn described(&self, path: &str, ctx: &mut Context) -> Option<Rc<Value>> {
        match static_pods::read(path, self.node.files.get(path)?, &self.node.name, ctx.now) {
            Ok(pod) => Some(pod),
            Err(why) => {
                self.log(format!("\"Could not process manifest file\" err=\"{why}\" path=\"{path}\""), ctx);
                None
            }
        }
    }

    /// Starts a static Pod, unless something of its name still runs: then the worker's next try comes with the ordinary delay after an error. One that is
    /// only just ending, and has come back unchanged, begins again at a cleaning.
    fn start_static(&mut self, new: &str, runtime: &mut Runtime, ctx: &mut Context) {
        let Some(pod) = self.static_pods.get(new).cloned() else { return };
        if self.by_uid.contains_key(new) {
            return self.later(AGAIN_MS, Timer::StartStatic { uid: new.to_owned() }, ctx);
        }
        let of_name: Vec<u32> =
            self.workers.values().filter(|w| (w.namespace.as_str(), w.name.as_str()) == (namespace(&pod), name(&pod))).map(|w| w.id).collect();
        for id in of_name {
            if !self.forget_if_over(Some(id), runtime, ctx) {
                return self.later(RETRY_MS, Timer::StartStatic { uid: new.to_owned() }, ctx);
            }
        }
        let worker = match self.left.remove(new) {
            Some(before) => before.once_more(self.next_id, pod),
            None => Worker::new(self.next_id, pod, true),
        };
        self.add(worker, 0, ctx);
    }

    /// The next try. The same Pod, back before its end was cleaned up, goes on where it was. Models `SyncKnownPods` of `pkg/kubelet/pod_workers.go` (what
    /// it calls `restartRequested`).
    pub(super) fn retry_static(&mut self, new: &str, runtime: &mut Runtime, ctx: &mut Context) {
        let before = self.by_uid.get(new).copied().filter(|id| self.workers.get(id).is_some_and(Worker::is_over));
        let (Some(id), Some(pod)) = (before, self.static_pods.get(new).cloned()) else { return self.start_static(new, runtime, ctx) };
        self.with(Some(id), runtime, ctx, |worker, turn| worker.remove_volumes(turn));
        if let Some(mut worker) = self.workers.remove(&id) {
            let status = std::mem::take(&mut worker.status);
            let mut worker = worker.once_more(self.next_id, pod);
            worker.status = status;
            self.add(worker, 0, ctx);
        }
    }

    /// No file describes the Pod any more: it is stopped with its grace period.
    fn drop_static(&mut self, old: &str, runtime: &mut Runtime, ctx: &mut Context) {
        self.static_pods.remove(old);
        let pod = self.by_uid.get(old).copied();
        self.with(pod, runtime, ctx, |worker: &mut Worker, turn: &mut Turn| {
            worker.gone = true;
            worker.begin_termination(KillReason::Deleted, turn);
        });
        self.later(CLEANING_MS, Timer::Cleaning { uid: old.to_owned() }, ctx);
    }

    /// The mirror goes once everything of the Pod has ended, unless another static Pod of that name is on its way.
    pub(super) fn clean_static(&mut self, old: &str, runtime: &mut Runtime, ctx: &mut Context) {
        let Some(id) = self.by_uid.get(old).copied() else { return };
        let Some(worker) = self.workers.get(&id).filter(|_| !self.static_pods.contains_key(old)) else { return };
        if !worker.is_over() {
            return self.later(CLEANING_MS, Timer::Cleaning { uid: old.to_owned() }, ctx);
        }
        let replaced = self.static_pods.values().any(|p| (namespace(p), name(p)) == (&worker.namespace, &worker.name));
        if !replaced {
            self.with(Some(id), runtime, ctx, |worker, turn| worker.remove_mirror(turn));
        }
        self.with(Some(id), runtime, ctx, |worker, turn| worker.remove_content(turn));
        self.by_uid.remove(old);
        if let Some(worker) = self.workers.remove(&id) {
            self.left.insert(old.to_owned(), worker);
            self.later(COLLECTING_MS - ctx.now.millis() % COLLECTING_MS, Timer::Collect { uid: old.to_owned() }, ctx);
        }
    }

    /// What is left of a static Pod is collected, unless it has come back.
    pub(super) fn collect(&mut self, old: &str, runtime: &mut Runtime, ctx: &mut Context) {
        if let Some(mut worker) = self.left.remove(old) {
            worker.clean_up(&mut Turn { node: &self.node, memory_pressure: false, runtime, ctx });
        }
    }
}
