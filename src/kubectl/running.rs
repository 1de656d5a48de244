//! What runs on the person's machine: background processes, and the commands that wait for something in the cluster.

use super::env::{Forward, Job};
use crate::api::SimTime;
use crate::api::order::SortedMap;
use crate::cluster::shell::{Machine, ProcessRow, signal_name, signal_number};

/// A shell in the background.
#[derive(Clone)]
pub struct Process {
    pub machine: Machine,
    /// When it wants to go on by itself.
    pub wakes_at: Option<SimTime>,
}

#[derive(Clone, Default)]
pub struct Running {
    last_pid: u64,
    last_job: u64,
    pub processes: SortedMap<u64, Process>,
    exits: SortedMap<u64, i32>,
    pub jobs: SortedMap<u64, Box<dyn Job>>,
}

/// The number of the first background process.
const FIRST_PID: u64 = 4000;
/// How many processes may run at once; beyond that a new one ends at once.
const MOST_PROCESSES: usize = 100;
/// How many exit codes are remembered.
const MOST_EXITS: usize = 200;

impl Running {
    pub fn start(&mut self, mut machine: Machine) -> u64 {
        self.last_pid = self.last_pid.max(FIRST_PID) + 1;
        let pid = self.last_pid;
        machine.pid = pid;
        if self.processes.len() < MOST_PROCESSES {
            self.processes.insert(pid, Process { machine, wakes_at: None });
        } else {
            self.end(pid, 254);
        }
        pid
    }

    pub fn end(&mut self, pid: u64, code: i32) {
        self.processes.remove(&pid);
        self.exits.insert(pid, code);
        while self.exits.len() > MOST_EXITS {
            self.exits.pop_first();
        }
    }

    pub fn ended(&self, pid: u64) -> Option<i32> {
        if self.processes.contains_key(&pid) { None } else { Some(self.exits.get(&pid).copied().unwrap_or(127)) }
    }

    pub fn signal(&mut self, pid: u64, signal: &str) -> bool {
        let name = signal_name(signal);
        let Some(process) = self.processes.get_mut(&pid) else { return false };
        let code = match name.as_str() {
            "KILL" => Some(137),
            name => process.machine.signal(name, signal_number(name)).filter(|_| signal != "0"),
        };
        if let Some(code) = code {
            self.end(pid, code);
        }
        true
    }

    pub fn rows(&self) -> Vec<ProcessRow> {
        let row = |pid: u64| ProcessRow { pid, user: 0, command: "bash".into() };
        std::iter::once(1).chain(self.processes.keys().copied()).map(row).collect()
    }

    /// Keeps a command that waits; gives its number.
    pub fn wait_for(&mut self, job: Box<dyn Job>) -> u64 {
        self.last_job += 1;
        self.jobs.insert(self.last_job, job);
        self.last_job
    }

    /// Where a local port leads to just now.
    pub fn forward(&self, port: u16) -> Option<Forward> {
        self.jobs.values().flat_map(|job| job.forwards()).find(|f| f.local == port).cloned()
    }

    /// A connection through a local port found nobody at its other end.
    pub fn lose(&mut self, port: u16) {
        self.jobs.values_mut().for_each(|job| job.lose(port));
    }

    /// Takes out the commands for which nobody waits any more: that of a `timeout` whose time is over, that of a line that was given up.
    pub fn take_unheard(&mut self, shell: &Machine) -> Vec<Box<dyn Job>> {
        let mut heard = Vec::new();
        shell.jobs(&mut heard);
        self.processes.values().for_each(|p| p.machine.jobs(&mut heard));
        let mut at = 0;
        // A command may run a shell of its own (`ssh`).
        while let Some(id) = heard.get(at) {
            if let Some(machine) = self.jobs.get(id).and_then(|job| job.machine()) {
                machine.jobs(&mut heard);
            }
            at += 1;
        }
        let unheard: Vec<u64> = self.jobs.keys().filter(|id| !heard.contains(id)).copied().collect();
        unheard.into_iter().filter_map(|id| self.jobs.remove(&id)).collect()
    }
}
