//! What steps cost. A host lets its machines take so many steps at one instant; one that handles much text, or has other machines inside of it, must not
//! take a learner's time for that.

use super::arrays::Array;
use super::{Machine, Step};
use crate::cluster::shell::Host;

/// So much text costs as much as a step.
const BYTES_A_STEP: u64 = 2048;
/// Looking for a character of a pattern costs as much as copying so many.
const LOOKED: u64 = 16;
/// Looking at a file costs as much as copying so many bytes.
pub(in crate::cluster::shell) const NAME_BYTES: u64 = 512;
/// Another machine costs so many steps.
const FORK_STEPS: u64 = 20;
/// No step costs more: about a minute.
const MOST_COST: u64 = 1_000_000;
/// How many machines may run inside of a process.
const MOST_MACHINES: usize = 200;

impl Machine {
    /// Takes a step; gives what it cost, in plain steps.
    pub fn turn(&mut self, host: &mut dyn Host) -> (Step, i64) {
        let mut step = self.step(host);
        let cost = (1 + std::mem::take(&mut self.effort) / BYTES_A_STEP).min(MOST_COST);
        if cost > FORK_STEPS && self.machines() > MOST_MACHINES {
            // As the kernel says to who has as many processes as they may have (`forkshell` of BusyBox's `ash.c`).
            self.pending = None;
            self.fault = Some("can't fork: Resource temporarily unavailable".into());
            step = self.give_up(host);
        }
        (step, cost as i64)
    }

    pub(in crate::cluster::shell) fn handled(&mut self, bytes: usize) {
        self.adds_bytes(bytes as u64);
    }

    /// The same on every machine, whatever the size of its words.
    pub(in crate::cluster::shell) fn adds_bytes(&mut self, bytes: u64) {
        self.effort = self.effort.saturating_add(bytes);
    }

    /// Counts the search for a pattern in a text.
    pub(in crate::cluster::shell) fn searched(&mut self, pattern: &str, text: &str) {
        self.adds_bytes((LOOKED * pattern.len() as u64).saturating_mul(text.len() as u64));
    }

    /// Counts what another machine took.
    pub(super) fn took(&mut self, steps: u64) {
        self.adds_bytes(steps.saturating_mul(BYTES_A_STEP));
    }

    /// Counts a copy of this machine that begins.
    pub(super) fn forks(&mut self) {
        let text: usize = self.variables.values().map(String::len).sum();
        self.handled(text);
        self.copies_arrays();
        self.took(FORK_STEPS);
    }

    pub(super) fn copies_arrays(&mut self) {
        self.handled(self.arrays.values().map(Array::bytes).sum());
    }

    /// Counts a step of a machine inside of this one, and what it cost.
    pub(super) fn adds_inner(&mut self, inner: &mut Machine) {
        self.adds_bytes(BYTES_A_STEP);
        self.adds_bytes(std::mem::take(&mut inner.effort));
    }
}
