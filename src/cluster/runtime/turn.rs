//! Whose turn it is in a container: its processes run until each waits, and one that does not wait costs time and processor.
//!
//! Models the kernel's scheduler as far as a learner sees it. Deviations: a process that never waits takes a fixed number of steps in a slice of time, far
//! fewer than a real one, and fewer still once it has gone on for long; containers do not take the processor from each other.

use super::host::{Around, Effects, run_shell};
use super::process::{MOST_PROCESSES, Process, Run};
use super::spaces::Space;
use super::{ContainerId, ExecId, Runtime, Timer};
use crate::api::SimTime;
use crate::cluster::images::Program;
use crate::cluster::shell::Step;
use crate::cluster::{Context, Task};

/// How many steps the processes of one container may take at one instant before time goes on.
const MOST_STEPS: i64 = 2000;
/// How long a process takes for that many steps.
const SLICE_MS: u64 = 100;
/// A process that went on for more slices than this without waiting is not about to come to an end: from then on a slice is a whole second.
const FRESH_SLICES: u32 = 100;
const LONG_SLICE_MS: u64 = 1000;
/// How long a server takes to end its work in good order: its client is gone before it is.
const SLOW_MS: u64 = 20;
/// A limit makes slices longer, but not more than this many times.
const MOST_STRETCH: u64 = 20;

impl Runtime {
    /// Runs the container's processes until each waits for something, or has used up its slice.
    pub(super) fn pump(&mut self, id: ContainerId, ctx: &mut Context) {
        let (mut left, mut tired) = (MOST_STEPS, 0);
        loop {
            let Some(live) = self.live.get(&id) else { return };
            let ready = |p: &&Process| p.ended.is_none() && p.wake.is_none_or(|at| at <= ctx.now);
            let pids: Vec<u64> = live.processes.values().filter(ready).map(|p| p.pid).collect();
            let mut progress = false;
            for pid in pids {
                progress |= self.run_one(id, pid, &mut left, ctx);
                if left <= 0 {
                    // A step that cost more than was left takes longer.
                    let slices = 1 - left / MOST_STEPS;
                    self.end_slice(id, pid, slices.unsigned_abs(), ctx);
                    // The others have their turn, too, but a crowd of busy processes does not cost a crowd's steps.
                    tired += 1;
                    left = MOST_STEPS / (tired + 1);
                }
            }
            if !progress {
                return self.count_cpu(id, ctx.now);
            }
        }
    }

    /// A process that did not wait goes on when its slice of time is over.
    fn end_slice(&mut self, id: ContainerId, pid: u64, slices: u64, ctx: &mut Context) {
        let limit = self.containers.get(&id).and_then(|c| c.config.cpu_limit_milli).and_then(|milli| u64::try_from(milli).ok());
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return };
        if process.ended.is_some() || process.wake.is_some_and(|at| at > ctx.now) {
            return;
        }
        process.slices = process.slices.saturating_add(1);
        let slice_ms = if process.slices > FRESH_SLICES { LONG_SLICE_MS } else { SLICE_MS };
        // The kernel's bandwidth control: with half a core everything takes twice as long.
        let stretched = limit.map_or(slice_ms, |milli| (slice_ms * 1000 / milli.max(1)).clamp(slice_ms, slice_ms * MOST_STRETCH));
        let at = ctx.now + stretched * slices;
        process.wake = Some(at);
        ctx.queue.push(at, Task::Runtime { node: self.node, timer: Timer::Wake { container: id, process: pid } });
    }

    /// Each process that does not wait keeps a core busy, as far as there are cores; when none does any more, the container is as idle as before.
    fn count_cpu(&mut self, id: ContainerId, now: SimTime) {
        let (Some(live), Some(container)) = (self.live.get_mut(&id), self.containers.get(&id)) else { return };
        let busy = live.processes.values().filter(|p| p.slices > 0 && p.ended.is_none()).count() as i64;
        if busy > 0 {
            live.idle_cpu_milli.get_or_insert(container.cpu_milli);
            self.use_cpu(id, (busy * 1000).min(self.cpu_milli), now);
        } else if let Some(before) = live.idle_cpu_milli.take() {
            self.use_cpu(id, before, now);
        }
    }

    /// Runs one process until it waits or no steps are `left`; true where something happened that others may wait for.
    fn run_one(&mut self, id: ContainerId, pid: u64, left: &mut i64, ctx: &mut Context) -> bool {
        let mut progress = false;
        while *left > 0 {
            let Some(live) = self.live.get_mut(&id) else { return progress };
            let Some(process) = live.processes.get(&pid).filter(|p| p.ended.is_none()) else { return progress };
            let exec = process.exec;
            if matches!(process.run, Run::Server(_)) {
                return self.serve(id, pid, ctx) || progress;
            }
            let space = live.space;
            let pause = match space {
                Space::Container(_) => None,
                Space::Sandbox(sandbox) => self.sandboxes.get(&sandbox).map(|s| s.config.user),
            };
            let numbers = self.numbers.entry(space).or_insert_with(|| pid + 1);
            let around = Around { containers: &self.containers, pause, memory: self.allocatable_memory, cpu_milli: self.cpu_milli };
            let (step, effects) = run_shell((id, pid), &mut self.live, around, numbers, left, ctx);
            progress |= self.apply(id, pid, exec, effects, ctx);
            self.take_charges(ctx);
            let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return progress };
            process.reads = step == Step::Input;
            match step {
                Step::Ran => {}
                Step::Exit(code) => {
                    self.finish(id, pid, code, ctx);
                    return true;
                }
                Step::Sleep(at) => {
                    process.slices = 0;
                    if process.wake != Some(at) {
                        process.wake = Some(at);
                        ctx.queue.push(at, Task::Runtime { node: self.node, timer: Timer::Wake { container: id, process: pid } });
                    }
                    return progress;
                }
                Step::Wait | Step::Input => {
                    process.slices = 0;
                    return progress;
                }
                Step::Server(arguments, stdin) => {
                    process.slices = 0;
                    let program = ctx.network.bodies.get(&id).map_or(Program::Pause, |b| b.program);
                    let server = self.server(id, program, &arguments, &stdin, ctx);
                    if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) {
                        process.run = Run::Server(server);
                    }
                }
            }
        }
        progress
    }

    /// What a step did outside of its machine.
    fn apply(&mut self, id: ContainerId, pid: u64, exec: Option<ExecId>, effects: Effects, ctx: &mut Context) -> bool {
        let progress = !effects.spawned.is_empty() || !effects.signals.is_empty();
        for (target, signal) in effects.slow_signals {
            ctx.after(SLOW_MS, Task::Runtime { node: self.node, timer: Timer::Signal { from: id, target, signal } });
        }
        for (stream, text) in effects.output {
            match exec.and_then(|e| self.execs.get_mut(&e)) {
                Some(record) => record.output.push((stream, text)),
                None => self.write_log(id, stream, &text, ctx),
            }
        }
        for (child, mut machine) in effects.spawned {
            if self.live.get(&id).is_some_and(|l| l.processes.len() < MOST_PROCESSES) {
                let parent = || self.live.get(&id).and_then(|l| l.processes.get(&pid)).map(|parent| parent.words.clone());
                let words = machine.title.take().or_else(parent).unwrap_or_default();
                self.add(id, child, words, Run::Shell(Box::new(machine)), None, "", true);
                if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&child)) {
                    // Its output goes where its parent's goes.
                    process.exec = None;
                }
                self.inherit(id, child, pid, exec);
            }
        }
        for (target, signal) in effects.signals {
            self.send(id, target, &signal, ctx);
        }
        progress
    }

    /// A process of this container sends a signal, maybe to one of another container that it sees.
    pub(super) fn send(&mut self, from: ContainerId, target: u64, signal: &str, ctx: &mut Context) {
        let Some(space) = self.live.get(&from).map(|live| live.space) else { return };
        match (self.home_of(space, target), space) {
            (Some(home), _) => {
                self.deliver_signal(home, target, signal, false, ctx);
                if home != from {
                    ctx.queue.push(ctx.now, Task::Runtime { node: self.node, timer: Timer::Wake { container: home, process: target } });
                }
            }
            // The pause program ends at these two; what it has no handler for does not reach a first process.
            (None, Space::Sandbox(sandbox)) if target == 1 && matches!(signal, "TERM" | "INT") => self.end_pause(sandbox, ctx),
            (None, _) => {}
        }
    }

    /// A child of a command writes where the command writes; only the command itself ends the exec.
    fn inherit(&mut self, id: ContainerId, child: u64, parent: u64, exec: Option<ExecId>) {
        if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&child)) {
            (process.parent, process.exec) = (Some(parent), exec);
        }
    }
}
