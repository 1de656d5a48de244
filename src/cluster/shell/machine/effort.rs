//! What steps cost. A host lets its machines take so many steps at one instant; one that handles much text, or has other machines inside of it, must not
//! take a learner's time for that.

use super::{Machine, Step};
use crate::cluster::shell::Host;

/// So much text costs as much as a step.
const BYTES_A_STEP: usize = 2048;
/// Looking for a character of a pattern costs as much as copying so many.
const LOOKED: usize = 16;
/// Another machine costs so many steps.
const FORK_STEPS: usize = 20;
/// How many machines may run inside of a process.
const MOST_MACHINES: usize = 200;

impl Machine {
    /// Takes a step; gives what it cost, in plain steps.
    pub fn turn(&mut self, host: &mut dyn Host) -> (Step, i64) {
        let mut step = self.step(host);
        let cost = 1 + std::mem::take(&mut self.effort) / BYTES_A_STEP;
        if cost > FORK_STEPS && self.machines() > MOST_MACHINES {
            // As the kernel says to who has as many processes as they may have (`forkshell` of BusyBox's `ash.c`).
            self.pending = None;
            self.fault = Some("can't fork: Resource temporarily unavailable".into());
            step = self.give_up(host);
        }
        (step, cost.try_into().unwrap_or(i64::MAX))
    }

    pub(in crate::cluster::shell) fn handled(&mut self, bytes: usize) {
        self.effort += bytes;
    }

    /// Counts the search for a pattern in a text.
    pub(in crate::cluster::shell) fn searched(&mut self, pattern: &str, text: &str) {
        self.handled(LOOKED * pattern.len() * text.len());
    }

    /// Counts what another machine took.
    pub(super) fn took(&mut self, steps: usize) {
        self.handled(steps * BYTES_A_STEP);
    }

    /// Counts a copy of this machine that begins.
    pub(super) fn forks(&mut self) {
        let text: usize = self.variables.values().map(String::len).sum();
        self.handled(text);
        self.took(FORK_STEPS);
    }

    /// Counts a step of a machine inside of this one, and what it cost.
    pub(super) fn adds(&mut self, inner: &mut Machine) {
        self.effort += BYTES_A_STEP + std::mem::take(&mut inner.effort);
    }
}
