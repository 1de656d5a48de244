//! Files on the node: the static Pod folder is watched, and looked at as a whole every 20 s. Models `pkg/kubelet/config/{file,file_linux}.go`.

use crate::api::object::{name, namespace, uid};
use crate::cluster::log::Fact;
use crate::cluster::runtime::Runtime;
use crate::cluster::{Context, Task};

use super::static_pods::{self, CLEANING_MS, FULL_LOOK_MS, NOTICE_MS};
use super::termination::KillReason;
use super::worker::{Life, RETRY_MS, Turn, Worker};
use super::{Kubelet, Timer};

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
        let mut kept = vec![new.clone()];
        for old in before {
            let same_name = self.static_pods.get(&old).is_some_and(|p| (namespace(p), name(p)) == (namespace(&pod), name(&pod)));
            if same_name {
                self.drop_static(&old, runtime, ctx);
            } else {
                kept.push(old);
                self.full_look_later(ctx);
            }
        }
        self.static_files.insert(path.to_owned(), kept);
        self.static_pods.insert(new.clone(), pod);
        self.start_static(&new, runtime, ctx);
    }

    /// Everything that a file of the folder describes, and nothing else.
    pub(super) fn full_look(&mut self, runtime: &mut Runtime, ctx: &mut Context) {
        let paths: Vec<String> = self.node.files.keys().chain(self.static_files.keys()).filter(|p| static_pods::is_manifest(p)).cloned().collect();
        for path in paths {
            let read = self.node.files.get(&path).map(|text| static_pods::read(&path, text, &self.node.name, ctx.now));
            let described = match read {
                Some(Ok(pod)) => Some(pod),
                Some(Err(why)) => {
                    self.log(format!("\"Could not process manifest file\" err=\"{why}\" path=\"{path}\""), ctx);
                    None
                }
                None => None,
            };
            let before = self.static_files.get(&path).cloned().unwrap_or_default();
            let wanted = described.as_ref().map(|p| uid(p).to_owned());
            for old in before.iter().filter(|old| Some(*old) != wanted.as_ref()) {
                self.drop_static(old, runtime, ctx);
            }
            match (described, wanted) {
                (Some(pod), Some(new)) => {
                    self.static_files.insert(path, vec![new.clone()]);
                    if !before.contains(&new) {
                        self.static_pods.insert(new.clone(), pod);
                        self.start_static(&new, runtime, ctx);
                    }
                }
                (Some(_) | None, _) => {
                    self.static_files.remove(&path);
                }
            }
        }
    }

    /// Starts a static Pod, unless something of its name still runs: then the worker's next try comes with the ordinary delay after an error.
    pub(super) fn start_static(&mut self, new: &str, runtime: &mut Runtime, ctx: &mut Context) {
        let Some(pod) = self.static_pods.get(new).cloned() else { return };
        let of_name: Vec<u32> =
            self.workers.values().filter(|w| (w.namespace.as_str(), w.name.as_str()) == (namespace(&pod), name(&pod))).map(|w| w.id).collect();
        for id in of_name {
            if !self.forget_if_over(Some(id), runtime, ctx) {
                return self.later(RETRY_MS, Timer::StartStatic { uid: new.to_owned() }, ctx);
            }
        }
        self.add(Worker::new(self.next_id, pod, true), 0, ctx);
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
        if worker.life != Life::Terminated || worker.job.is_some() {
            return self.later(CLEANING_MS, Timer::Cleaning { uid: old.to_owned() }, ctx);
        }
        let replaced = self.static_pods.values().any(|p| (namespace(p), name(p)) == (&worker.namespace, &worker.name));
        if !replaced {
            self.with(Some(id), runtime, ctx, |worker, turn| worker.remove_mirror(turn));
            self.forget_if_over(Some(id), runtime, ctx);
        }
    }
}
