//! What is due, in order of time; equal times run first in, first out. It takes the place of every clock and work queue; nothing upstream is modelled.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::api::SimTime;

/// A queue of tasks by virtual time.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    heap: BinaryHeap<Reverse<Due<T>>>,
    seq: u64,
}

#[derive(Clone, Debug)]
struct Due<T> {
    at: SimTime,
    seq: u64,
    task: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), seq: 0 }
    }
}

impl<T> PartialEq for Due<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}

impl<T> Eq for Due<T> {}

impl<T> PartialOrd for Due<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Due<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

impl<T> Queue<T> {
    pub fn push(&mut self, at: SimTime, task: T) {
        self.seq += 1;
        self.heap.push(Reverse(Due { at, seq: self.seq, task }));
    }

    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        self.heap.pop().map(|Reverse(due)| (due.at, due.task))
    }

    pub fn next_at(&self) -> Option<SimTime> {
        self.heap.peek().map(|Reverse(due)| due.at)
    }
}
