//! `/proc` and `/sys/fs/cgroup` as a container's processes read them: what they are, what they may do, how much they may use.
//!
//! Models `fs/proc/{base,array}.c` and `kernel/cgroup` (version 2) of Linux as far as texts about Pods look into them: `/proc/1/status` for
//! capabilities, `oom_score_adj` for the class of service, `/proc/N/root` for another container's files, `memory.max` and `cpu.max` for limits.
//! Deviations: nothing here can be written, the other files of these file systems are not there, and memory of processes is their container's.

use super::host::ContainerHost;
use super::process::Process;
use super::spaces::PAUSE;
use super::{ContainerConfig, ContainerId};
use crate::cluster::shell::{self, Host as _};

/// What stands at a path of these file systems.
pub(super) enum Node {
    Folder(Vec<String>),
    File(String),
    Link(String),
}

const PROC: [&str; 6] = ["cpuinfo", "loadavg", "meminfo", "self", "uptime", "version"];
const OF_PROCESS: [&str; 7] = ["cmdline", "comm", "environ", "exe", "oom_score_adj", "root", "status"];
const CGROUP: [&str; 6] = ["cgroup.controllers", "cgroup.procs", "cpu.max", "memory.current", "memory.max", "pids.current"];
const CGROUPS: &str = "/sys/fs/cgroup";
/// The kernel's unit of memory.
const PAGE_BYTES: i64 = 4096;
/// The period of the kernel's bandwidth control, in microseconds.
const CPU_PERIOD: i64 = 100_000;

/// Whether a path lies in one of these file systems.
pub(super) fn holds(path: &str) -> bool {
    ["/proc", "/sys"].iter().any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn folder(names: &[&str]) -> Node {
    Node::Folder(names.iter().map(|name| (*name).to_owned()).collect())
}

/// The number of a process and the rest of the path: `/proc/8/root/etc` → (8, `root/etc`). `self` is the one that asks.
pub(super) fn of_process(path: &str, own: u64) -> Option<(u64, &str)> {
    let rest = path.strip_prefix("/proc/")?;
    let (word, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let pid = if word == "self" { own } else { word.parse().ok()? };
    Some((pid, rest))
}

impl ContainerHost<'_, '_> {
    pub(super) fn pseudo(&self, path: &str) -> Option<Node> {
        if let Some(name) = path.strip_prefix(CGROUPS) {
            return self.cgroup(name.trim_start_matches('/'));
        }
        match path {
            "/sys" => return Some(folder(&["fs"])),
            "/sys/fs" => return Some(folder(&["cgroup"])),
            "/proc" => {
                let pids = self.processes().into_iter().map(|row| row.pid.to_string());
                return Some(Node::Folder(pids.chain(PROC.iter().map(|name| (*name).to_owned())).collect()));
            }
            "/proc/self" => return Some(Node::Link(self.pid.to_string())),
            _ => {}
        }
        if let Some((pid, name)) = of_process(path, self.pid) {
            return self.of_process(pid, name);
        }
        let now = self.now();
        let kib = self.around.memory / 1024;
        Some(Node::File(match path.strip_prefix("/proc/")? {
            "cpuinfo" => (0..self.around.cpu_milli / 1000).map(|n| format!("processor\t: {n}\nmodel name\t: virtual\n\n")).collect(),
            "loadavg" => format!("0.00 0.00 0.00 1/{} {}\n", self.processes().len(), self.next_pid.saturating_sub(1)),
            "meminfo" => format!("MemTotal:       {kib:>8} kB\nMemFree:        {:>8} kB\nMemAvailable:   {:>8} kB\n", kib / 2, kib / 4 * 3),
            "uptime" => format!("{}.{:02} {}.00\n", now.secs(), now.millis() % 1000 / 10, now.secs()),
            "version" => "Linux version 6.1.0 #1 SMP\n".into(),
            _ => return None,
        }))
    }

    fn config(&self, id: ContainerId) -> Option<&ContainerConfig> {
        self.around.containers.get(&id).map(|container| &container.config)
    }

    fn of_process(&self, pid: u64, name: &str) -> Option<Node> {
        let found = self.seen().find(|(_, process)| process.pid == pid && process.ended.is_none());
        let (home, words) = match found {
            Some((home, process)) => (Some(home), process.words.clone()),
            None if pid == 1 && self.around.pause.is_some() => (None, vec![PAUSE.to_owned()]),
            None => return None,
        };
        let config = home.and_then(|id| self.config(id));
        let first = words.first().map_or("", String::as_str);
        let short: String = shell::short_name(first).chars().take(15).collect();
        Some(match name {
            "" => folder(&OF_PROCESS),
            "cmdline" => Node::File(words.iter().map(|word| format!("{word}\0")).collect()),
            "comm" => Node::File(format!("{short}\n")),
            "environ" => {
                let body = home.and_then(|id| self.ctx.network.bodies.get(&id));
                Node::File(body.map_or(String::new(), |b| b.environment.iter().map(|(name, value)| format!("{name}={value}\0")).collect()))
            }
            "exe" if home.is_some() => Node::Link(if first.starts_with('/') { first.to_owned() } else { format!("/bin/{first}") }),
            "exe" => Node::Link(PAUSE.into()),
            "root" => Node::Link("/".into()),
            // The kubelet gives the sandbox the score of what is never killed (`PodInfraOOMAdj`).
            "oom_score_adj" => Node::File(format!("{}\n", config.map_or(-998, |config| config.oom_score_adj))),
            "status" => Node::File(self.status(pid, &short, found.map(|(_, process)| process), config)),
            _ => return None,
        })
    }

    /// Models `proc_pid_status`. Who is not root has no capabilities in effect: the runtime gives none that outlast the start of a program.
    fn status(&self, pid: u64, name: &str, process: Option<&Process>, config: Option<&ContainerConfig>) -> String {
        let (user, group, groups) = match config {
            Some(config) => (config.user.user, config.user.group, config.user.groups.clone()),
            None => (self.around.pause.unwrap_or(0), self.around.pause.unwrap_or(0), Vec::new()),
        };
        let bound = config.map_or(super::DEFAULT_CAPABILITIES, |config| config.capabilities);
        let held = if user == 0 { bound } else { 0 };
        let state = if pid == self.pid { "R (running)" } else { "S (sleeping)" };
        let parent = process.and_then(|process| process.parent).unwrap_or(0);
        let groups: String = groups.iter().map(|group| format!("{group} ")).collect();
        let no_new = u8::from(config.is_some_and(|config| config.no_new_privileges));
        format!(
            "Name:\t{name}\nUmask:\t0022\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{parent}\nTracerPid:\t0\n\
             Uid:\t{user}\t{user}\t{user}\t{user}\nGid:\t{group}\t{group}\t{group}\t{group}\nFDSize:\t64\nGroups:\t{groups}\nThreads:\t1\n\
             CapInh:\t{:016x}\nCapPrm:\t{held:016x}\nCapEff:\t{held:016x}\nCapBnd:\t{bound:016x}\nCapAmb:\t{:016x}\nNoNewPrivs:\t{no_new}\n",
            0, 0
        )
    }

    /// The container's own group: it is the root of what it sees.
    fn cgroup(&self, name: &str) -> Option<Node> {
        let container = self.around.containers.get(&self.id)?;
        let config = &container.config;
        Some(Node::File(match name {
            "" => return Some(folder(&CGROUP)),
            "cgroup.controllers" => "cpuset cpu io memory hugetlb pids rdma misc\n".into(),
            "cgroup.procs" => {
                let own = self.seen().filter(|(id, process)| *id == self.id && process.ended.is_none());
                own.map(|(_, process)| format!("{}\n", process.pid)).collect()
            }
            // `MilliCPUToQuota` of the kubelet: a limit below one hundredth of a core counts as one.
            "cpu.max" => match config.cpu_limit_milli {
                Some(milli) => format!("{} {CPU_PERIOD}\n", (milli * CPU_PERIOD / 1000).max(1000)),
                None => format!("max {CPU_PERIOD}\n"),
            },
            "memory.current" => format!("{}\n", container.memory_bytes),
            "memory.max" => match config.memory_limit {
                Some(limit) => format!("{}\n", limit / PAGE_BYTES * PAGE_BYTES),
                None => "max\n".into(),
            },
            "pids.current" => format!("{}\n", self.seen().filter(|(id, process)| *id == self.id && process.ended.is_none()).count()),
            _ => return None,
        }))
    }
}
