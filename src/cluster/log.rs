//! Facts in the past tense: what happened, and when. Pictures, timeline, lesson goals and traces read them; nothing is called back.

use std::collections::VecDeque;
use std::hash::{Hash as _, Hasher};
use std::rc::Rc;

use crate::api::SimTime;

/// A fact's place in the log, counted from 0 over the whole run (compaction does not renumber).
pub type FactId = u64;

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: SimTime,
    pub fact: Fact,
}

/// Which Pod's which container; `pod` is `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerRef {
    pub node: String,
    pub pod: String,
    pub container: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

/// Something that happened. Extend it with new facts; never put a call or a closure here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// Any write to the store. `object` is `kind/namespace/name` in lower case (`pod/default/web`); `verb` is `created`, `updated` or `deleted`.
    Stored {
        verb: &'static str,
        object: String,
        resource_version: u64,
        component: String,
    },
    /// A request that the API server refused.
    Refused {
        object: String,
        message: String,
    },
    PodBound {
        pod: String,
        node: String,
    },
    PodUnschedulable {
        pod: String,
        message: String,
    },
    /// The STATUS row of `kubectl get pods` changed.
    RowChanged {
        pod: String,
        ready: String,
        status: String,
        restarts: i64,
    },
    /// An Event was recorded or counted on.
    EventRecorded {
        object: String,
        field: String,
        kind: String,
        reason: String,
        message: String,
        count: i64,
        component: String,
    },
    ImagePullStarted {
        node: String,
        image: String,
    },
    ImagePulled {
        node: String,
        image: String,
    },
    SandboxReady {
        node: String,
        pod: String,
        ip: String,
    },
    VolumesMounted {
        node: String,
        pod: String,
    },
    ContainerCreated {
        container: Rc<ContainerRef>,
        attempt: u32,
    },
    ContainerStarted {
        container: Rc<ContainerRef>,
        attempt: u32,
    },
    ContainerExited {
        container: Rc<ContainerRef>,
        attempt: u32,
        exit_code: i32,
        reason: String,
    },
    /// A signal was sent to the container's first process; `handled` says whether it reacts.
    Signalled {
        container: Rc<ContainerRef>,
        signal: String,
    },
    /// The container waits before it is started again.
    BackOff {
        container: Rc<ContainerRef>,
        delay_ms: u64,
        until: SimTime,
    },
    /// One probe attempt. `counted` is false where the result is thrown away (an error of the probe itself).
    Probed {
        container: Rc<ContainerRef>,
        kind: ProbeKind,
        ok: bool,
        counted: bool,
        streak: u32,
        threshold: u32,
        message: String,
    },
    /// A probe's published result changed.
    ProbeResult {
        container: Rc<ContainerRef>,
        kind: ProbeKind,
        ok: bool,
    },
    PortOpened {
        container: Rc<ContainerRef>,
        address: String,
        port: u16,
    },
    PortClosed {
        container: Rc<ContainerRef>,
        port: u16,
    },
    /// A process wanted a port that another in its Pod has.
    PortTaken {
        container: Rc<ContainerRef>,
        port: u16,
    },
    /// A request that went through the network (or stayed on localhost). Names are what the picture shows: `pod/default/web`, `node/node-1`,
    /// `service/default/web`. Addresses are `ip:port` and do not change on the way.
    Request {
        from: String,
        /// Whose process asks; empty for a node's.
        container: String,
        to: String,
        source: String,
        destination: String,
        via: String,
        what: String,
        answer: String,
        took_ms: u64,
    },
    /// A line of a container's standard output or error.
    Output {
        container: Rc<ContainerRef>,
        stream: Stream,
        line: String,
    },
    /// A file on a node was written (or removed).
    NodeFile {
        node: String,
        path: String,
        removed: bool,
    },
    /// A line of a kubelet's own log.
    KubeletLog {
        node: String,
        line: String,
    },
    /// Something that a person did: the verb and what it was done to.
    Person {
        did: String,
    },
    Fault {
        what: String,
        on: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// The log. Cloning shares what is already full, so that a checkpoint is cheap. The oldest facts are forgotten; numbers stay.
#[derive(Clone, Debug, Default)]
pub struct Log {
    full: VecDeque<Rc<Vec<Entry>>>,
    open: Vec<Entry>,
    /// How many facts were forgotten.
    forgotten: usize,
    hash: RunHash,
}

const CHUNK: usize = 1024;
/// How many full chunks are kept: some 130,000 facts.
const CHUNKS: usize = 128;

impl Log {
    pub fn push(&mut self, at: SimTime, fact: Fact) {
        at.hash(&mut self.hash);
        fact.hash(&mut self.hash);
        self.open.push(Entry { at, fact });
        if self.open.len() == CHUNK {
            self.full.push_back(Rc::new(std::mem::replace(&mut self.open, Vec::with_capacity(CHUNK))));
            if self.full.len() > CHUNKS {
                self.full.pop_front();
                self.forgotten += CHUNK;
            }
        }
    }

    /// How many facts were ever written, those that were forgotten included: the number of the next one.
    pub fn len(&self) -> usize {
        self.forgotten + self.full.len() * CHUNK + self.open.len()
    }

    /// Like [`Log::len`].
    pub fn total(&self) -> usize {
        self.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is still remembered, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.open)
    }

    /// The entries from this number on, as far as they are remembered.
    pub fn since(&self, from: usize) -> impl Iterator<Item = &Entry> {
        let from = from.saturating_sub(self.forgotten);
        let skip = (from / CHUNK).min(self.full.len());
        self.full.range(skip..).flat_map(|chunk| chunk.iter()).chain(&self.open).skip(from - skip * CHUNK)
    }

    /// A number that two runs share only when they wrote the same facts at the same times.
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }
}

/// A multiply-and-fold hash of what the facts are made of. It is the same on every target: whole numbers go in little-endian, a `usize` as
/// 64 bits, a text with its end marked (`Hash for str` does that).
#[derive(Clone, Copy, Debug)]
struct RunHash(u64);

impl Default for RunHash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl RunHash {
    fn fold(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ mixed >> 32;
    }
}

impl Hasher for RunHash {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
        self.fold(bytes.len() as u64);
    }

    fn write_u8(&mut self, n: u8) {
        self.fold(n.into());
    }

    fn write_u16(&mut self, n: u16) {
        self.fold(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.fold(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.fold(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.fold(n as u64);
    }

    fn write_i32(&mut self, n: i32) {
        self.fold(i64::from(n) as u64);
    }

    fn write_i64(&mut self, n: i64) {
        self.fold(n as u64);
    }

    /// How a derived `Hash` writes which variant it is.
    fn write_isize(&mut self, n: isize) {
        self.fold(n as i64 as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_fact_counts() {
        let hash = |at, fact: Fact| {
            let mut log = Log::default();
            log.push(SimTime(at), fact);
            log.hash()
        };
        let fault = |what: &str, on: &str| Fact::Fault { what: what.into(), on: on.into() };
        let seen = [
            hash(1, fault("hang", "web")),
            hash(2, fault("hang", "web")),
            hash(1, fault("hangw", "eb")),
            hash(1, fault("", "hangweb")),
            hash(1, Fact::PodBound { pod: "hang".into(), node: "web".into() }),
        ];
        let different: crate::api::order::SortedSet<_> = seen.iter().collect();
        assert_eq!(different.len(), seen.len());
    }

    #[test]
    fn numbers_stay_when_old_facts_are_forgotten() {
        let mut log = Log::default();
        let many = CHUNK * (CHUNKS + 2) + 5;
        for i in 0..many {
            log.push(SimTime(i as u64), Fact::Person { did: i.to_string() });
        }
        assert_eq!(log.len(), many);
        assert_eq!(log.since(many - 3).map(|e| e.at.0).collect::<Vec<_>>(), [many as u64 - 3, many as u64 - 2, many as u64 - 1]);
        assert_eq!(log.iter().next().map(|e| e.at.0), Some(2 * CHUNK as u64));
        assert_eq!(log.since(0).count(), log.iter().count());
    }
}
