//! The containers' logs as files of their node: `/var/log/pods`, and in `/var/log/containers` a name for each newest one.
//!
//! Models `BuildContainerLogsDirectory` and `legacyLogSymlink` of `pkg/kubelet/kuberuntime`. Deviations: the latter are no links, rotated files have a
//! size and no text, and nobody writes to any of them but the container.

use crate::cluster::Cluster;
use crate::cluster::log::Stream;
use crate::cluster::runtime::ContainerRecord;
use crate::cluster::runtime::logs::ContainerLog;

/// The folder of all of them.
const FOLDER: &str = "/var/log/";

/// A log file of a node.
pub struct LogFile<'a> {
    pub path: String,
    log: &'a ContainerLog,
    /// The size of one that was put aside.
    rotated: Option<u64>,
}

impl LogFile<'_> {
    pub fn bytes(&self) -> usize {
        usize::try_from(self.rotated.unwrap_or(self.log.bytes())).unwrap_or(usize::MAX)
    }

    /// Its lines in the form of the CRI.
    pub fn text(&self) -> String {
        if self.rotated.is_some() {
            return String::new();
        }
        let lines = self.log.lines_from(0).map(|l| {
            let (stamp, stream) = (l.at.rfc3339_micro(), if l.stream == Stream::Stderr { "stderr" } else { "stdout" });
            format!("{}000Z {stream} {} {}\n", stamp.trim_end_matches('Z'), if l.whole { 'F' } else { 'P' }, l.text)
        });
        lines.collect()
    }
}

/// The files of all containers of a node.
pub fn all<'a>(cluster: &'a Cluster, node: &str) -> impl Iterator<Item = LogFile<'a>> {
    cluster.runtime(node).into_iter().flat_map(|runtime| {
        runtime.all_containers().flat_map(move |container| {
            let sandbox = runtime.sandbox(container.sandbox).map(|s| &s.config);
            let (namespace, pod, uid) = sandbox.map_or(("", "", ""), |c| (&c.namespace, &c.name, &c.uid));
            of_container(container, namespace, pod, uid)
        })
    })
}

fn of_container<'a>(container: &'a ContainerRecord, namespace: &str, pod: &str, uid: &str) -> Vec<LogFile<'a>> {
    let (config, log) = (&container.config, &container.log);
    let path = format!("{FOLDER}pods/{namespace}_{pod}_{uid}/{}/{}.log", config.name, config.attempt);
    let file = |path: String, rotated: Option<u64>| LogFile { path, log, rotated };
    let mut files: Vec<LogFile> = log.rotated().iter().map(|r| file(format!("{path}.{}", r.suffix), Some(r.bytes))).collect();
    files.push(file(path, None));
    files.push(file(format!("{FOLDER}containers/{pod}_{namespace}_{}-{}.log", config.name, container.id.hex()), None));
    files
}

/// The file at this path.
pub fn find<'a>(cluster: &'a Cluster, node: &str, path: &str) -> Option<LogFile<'a>> {
    if path.starts_with(FOLDER) { all(cluster, node).find(|f| f.path == path) } else { None }
}
