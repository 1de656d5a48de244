//! What a container writes to its standard streams, as a file of the node that is rotated by size.
//!
//! Models containerd's logger (`internal/cri/io/logger.go`: time, stream, tag and text on each line) and the kubelet's
//! `pkg/kubelet/logs/container_log_manager.go` with its defaults: a look every 10 s, 10 MiB a file, five files. Deviations: of rotated files only
//! names and sizes are kept (`kubectl logs` reads the newest file alone, too; a packed one's size is an estimate), a line without its newline
//! is there at once (the real logger waits for it), and where the logs of a node take more memory than
//! [`MOST_HELD`] allows, the oldest lines of the longest log are forgotten although their file holds them.

use std::rc::Rc;

use super::{ContainerId, Runtime, State};
use crate::api::SimTime;
use crate::cluster::log::{Fact, Stream};
use crate::cluster::{Context, Task, kubelet};

/// `containerLogMaxSize`, `containerLogMaxFiles`, `containerLogMonitorInterval`.
pub const MAX_SIZE: u64 = 10 << 20;
const MAX_FILES: usize = 5;
const MONITOR_MS: u64 = 10_000;
/// What stands before a line's text, with the newline: `2026-01-01T00:00:00.000000000Z stdout F `. A longer line is cut into several.
const HEAD_BYTES: usize = 41;
const MOST_IN_LINE: usize = 16 << 10;
/// Log text is about this many times smaller when it is packed by gzip.
const PACKED: u64 = 12;
/// How much the logs of all nodes may take in memory, and what each node's may at least.
const MOST_HELD: usize = 32 << 20;
const LEAST_HELD: usize = 1 << 20;
/// A piece is shared by all checkpoints as soon as it is full.
const PIECE_BYTES: usize = 4 << 10;

/// A line as it is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogLine<'a> {
    pub at: SimTime,
    pub stream: Stream,
    pub text: &'a str,
    /// False for a last line that has no newline yet.
    pub whole: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    at: SimTime,
    /// Where its text ends in that of its piece.
    end: u32,
    stream: Stream,
    whole: bool,
}

#[derive(Clone, Debug, Default)]
struct Piece {
    /// The number of its first line.
    first: usize,
    text: String,
    lines: Vec<Entry>,
}

impl Piece {
    fn line(&self, at: usize) -> Option<LogLine<'_>> {
        let entry = self.lines.get(at)?;
        let from = at.checked_sub(1).map_or(0, |before| self.lines[before].end as usize);
        let text = self.text.get(from..entry.end as usize)?;
        Some(LogLine { at: entry.at, stream: entry.stream, text, whole: entry.whole })
    }

    fn held(&self) -> usize {
        self.text.capacity() + self.lines.capacity() * size_of::<Entry>()
    }
}

/// A file that the kubelet has put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// What stands behind the file's name: `20260101-000010`, `20260101-000010.gz`.
    pub suffix: String,
    pub bytes: u64,
}

/// The log of one instance of a container. Lines have numbers from its first one on, whether they can still be read or not.
#[derive(Clone, Debug, Default)]
pub struct ContainerLog {
    pieces: Vec<Rc<Piece>>,
    end: usize,
    /// Size of the newest file.
    bytes: u64,
    rotated: Vec<Rotated>,
}

impl ContainerLog {
    /// Adds a line, or what follows to one without an end. True where the newest file has just become large enough to be rotated.
    fn push(&mut self, at: SimTime, stream: Stream, text: &str, whole: bool) -> bool {
        let before = self.bytes;
        let open = self.pieces.last().and_then(|p| p.lines.last()).is_some_and(|l| !l.whole && l.stream == stream);
        if !open && self.pieces.last().is_none_or(|p| p.text.len() >= PIECE_BYTES) {
            self.pieces.push(Rc::new(Piece { first: self.end, ..Piece::default() }));
        }
        let Some(piece) = self.pieces.last_mut() else { return false };
        let piece = Rc::make_mut(piece);
        piece.text.push_str(text);
        let end = u32::try_from(piece.text.len()).unwrap_or(u32::MAX);
        let heads = text.len() / MOST_IN_LINE + usize::from(!open);
        self.bytes += (heads * HEAD_BYTES + text.len()) as u64;
        match piece.lines.last_mut().filter(|_| open) {
            Some(last) => (last.end, last.whole) = (end, whole),
            None => {
                piece.lines.push(Entry { at, end, stream, whole });
                self.end += 1;
            }
        }
        before < MAX_SIZE && self.bytes >= MAX_SIZE
    }

    /// The number of the first line that can be read.
    pub fn first(&self) -> usize {
        self.pieces.first().map_or(self.end, |p| p.first)
    }

    /// One more than the number of the last line.
    pub fn end(&self) -> usize {
        self.end
    }

    pub fn last(&self) -> Option<LogLine<'_>> {
        let piece = self.pieces.last()?;
        piece.line(piece.lines.len().checked_sub(1)?)
    }

    /// All lines from the one of this number on.
    pub fn lines_from(&self, number: usize) -> impl Iterator<Item = LogLine<'_>> {
        let piece = self.pieces.partition_point(|p| p.first + p.lines.len() <= number);
        let pieces = self.pieces.get(piece..).unwrap_or_default();
        pieces.iter().flat_map(move |p| (number.saturating_sub(p.first)..p.lines.len()).filter_map(|at| p.line(at)))
    }

    /// The number of the first line that was written at this time or later.
    pub fn since(&self, at: SimTime) -> usize {
        let piece = self.pieces.partition_point(|p| p.lines.last().is_some_and(|l| l.at < at));
        self.pieces.get(piece).map_or(self.end, |p| p.first + p.lines.partition_point(|l| l.at < at))
    }

    /// Size of the newest file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The files that were put aside, oldest first.
    pub fn rotated(&self) -> &[Rotated] {
        &self.rotated
    }

    /// What all its files take on the node's disk.
    pub fn on_disk(&self) -> u64 {
        self.rotated.iter().fold(self.bytes, |sum, file| sum + file.bytes)
    }

    /// `rotateLog`: surplus files go, those put aside are packed, the newest one is put aside.
    fn rotate(&mut self, now: SimTime) {
        let surplus = self.rotated.len().saturating_sub(MAX_FILES - 2);
        self.rotated.drain(..surplus);
        for file in self.rotated.iter_mut().filter(|f| !f.suffix.ends_with(".gz")) {
            file.suffix.push_str(".gz");
            file.bytes /= PACKED;
        }
        let stamp: String = now.rfc3339().chars().filter(char::is_ascii_digit).take(14).collect();
        let suffix = format!("{}-{}", stamp.get(..8).unwrap_or(""), stamp.get(8..).unwrap_or(""));
        self.rotated.push(Rotated { suffix, bytes: self.bytes });
        self.bytes = 0;
        self.pieces.clear();
    }

    fn held(&self) -> usize {
        self.pieces.iter().map(|p| p.held()).sum()
    }
}

impl Runtime {
    pub(super) fn write_log(&mut self, id: ContainerId, stream: Stream, text: &str, ctx: &mut Context) {
        let reference = self.reference(id);
        let Some(container) = self.containers.get_mut(&id) else { return };
        let pieces = container.log.pieces.len();
        for piece in text.split_inclusive('\n') {
            let line = piece.trim_end_matches('\n');
            if container.log.push(ctx.now, stream, line, piece.ends_with('\n')) {
                // The kubelet has looked every ten seconds since its start.
                let wait = MONITOR_MS - ctx.now.millis() % MONITOR_MS;
                ctx.after(wait, Task::Kubelet { node: self.node, timer: kubelet::Timer::RotateLog(id) });
            }
            ctx.log.push(ctx.now, Fact::Output { container: reference.clone(), stream, line: line.into() });
        }
        if container.log.pieces.len() > pieces {
            self.forget_lines((MOST_HELD / ctx.network.nodes().max(1)).max(LEAST_HELD));
        }
    }

    /// Forgets the oldest lines of the longest logs, until all take no more than so much memory.
    fn forget_lines(&mut self, most: usize) {
        let mut held: usize = self.containers.values().map(|c| c.log.held()).sum();
        while held > most {
            let longest = self.containers.values_mut().max_by_key(|c| c.log.pieces.len());
            let Some(log) = longest.map(|c| &mut c.log).filter(|log| log.pieces.len() > 1) else { return };
            // Several at once, so that a chatty container does not pay for each line.
            let surplus = (log.pieces.len() / 16).max(1);
            held -= log.pieces.drain(..surplus).map(|p| p.held()).sum::<usize>();
        }
    }

    /// A look of the kubelet at a log that has become large; only a running container's is rotated.
    pub fn rotate_log(&mut self, id: ContainerId, now: SimTime) {
        let running = self.containers.get_mut(&id).filter(|c| matches!(c.state, State::Running { .. }));
        if let Some(container) = running.filter(|c| c.log.bytes >= MAX_SIZE) {
            container.log.rotate(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ContainerLog, MAX_SIZE, PIECE_BYTES};
    use crate::api::SimTime;
    use crate::cluster::log::Stream;

    fn texts(log: &ContainerLog, from: usize) -> Vec<&str> {
        log.lines_from(from).map(|l| l.text).collect()
    }

    #[test]
    fn lines_keep_their_numbers() {
        let mut log = ContainerLog::default();
        let line = "x".repeat(100);
        for at in 0..1000 {
            log.push(SimTime(at * 10), Stream::Stdout, &format!("{at} {line}"), true);
        }
        log.push(SimTime(10_000), Stream::Stderr, "half", false);
        log.push(SimTime(10_001), Stream::Stderr, " whole", true);
        assert!(log.pieces.len() > 100_000 / (2 * PIECE_BYTES));
        assert_eq!((log.first(), log.end()), (0, 1001));
        assert_eq!(texts(&log, 1000), ["half whole"]);
        assert!(texts(&log, 41)[0].starts_with("41 "));
        assert_eq!(texts(&log, 0).len(), 1001);
        assert_eq!((log.since(SimTime(410)), log.since(SimTime(411)), log.since(SimTime(99_999))), (41, 42, 1001));
        log.pieces.drain(..2);
        let first = log.first();
        assert!(first > 2 && texts(&log, 0)[0].starts_with(&format!("{first} ")));
        assert_eq!(log.last().map(|l| l.text), Some("half whole"));
    }

    #[test]
    fn five_files_are_kept() {
        let mut log = ContainerLog::default();
        let line = "x".repeat(1 << 20);
        for turn in 0..7 {
            let large = (0..20).map(|_| log.push(SimTime(turn), Stream::Stdout, &line, true)).filter(|l| *l).count();
            assert_eq!(large, 1, "said once");
            assert!(log.bytes() > MAX_SIZE);
            log.rotate(SimTime(turn * 10_000));
            assert_eq!((log.first(), log.bytes(), texts(&log, 0).len()), (log.end(), 0, 0));
        }
        let names: Vec<&str> = log.rotated().iter().map(|f| f.suffix.as_str()).collect();
        assert_eq!(names, ["20260101-000030.gz", "20260101-000040.gz", "20260101-000050.gz", "20260101-000100"]);
    }
}
