//! Command line → requests to the API server → printed text: one file per verb, one table printer, one printer per output form.

pub mod pod_row;

use std::collections::BTreeMap;

use crate::api::SimTime;
use crate::cluster::Cluster;

/// A line (or a part of one) on the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub at: SimTime,
    pub kind: OutputKind,
    /// May hold ANSI colours; ends where it ends (a newline is part of the text).
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// What the person typed, as echoed.
    Command,
    Stdout,
    Stderr,
}

/// The person's shell: files, variables, history, what runs in the foreground and background. A value; cloning it is a checkpoint.
#[derive(Clone, Default)]
pub struct Terminal {
    /// The person's folder: editor tabs are here as files.
    pub files: BTreeMap<String, String>,
    output: Vec<Output>,
}

impl Terminal {
    /// Runs a line. What takes time goes on with [`Terminal::poll`].
    pub fn submit(&mut self, line: &str, cluster: &mut Cluster) {
        self.output.push(Output { at: cluster.now(), kind: OutputKind::Command, text: format!("{line}\n") });
    }

    /// Text for the standard input of what runs in the foreground (a shell in a container).
    pub fn input(&mut self, text: &str, cluster: &mut Cluster) {
        let _ = (text, cluster);
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self, cluster: &mut Cluster) {
        let _ = cluster;
    }

    /// Looks at what runs: after each step of the cluster while [`Terminal::is_busy`], and whenever [`Terminal::wakes_at`] is reached.
    pub fn poll(&mut self, cluster: &mut Cluster) {
        let _ = cluster;
    }

    /// Whether something runs in the foreground, so that the prompt is not there.
    pub fn is_busy(&self) -> bool {
        false
    }

    /// Whether anything runs at all, in the foreground or the background.
    pub fn is_running(&self) -> bool {
        self.is_busy()
    }

    /// When it wants to be polled although nothing happens in the cluster (a `timeout`, a `sleep`).
    pub fn wakes_at(&self) -> Option<SimTime> {
        None
    }

    /// `Some("/ # ")` while an open shell in a container waits for a line; `Some("$ ")` at the person's own prompt; `None` while busy.
    pub fn prompt(&self) -> Option<&str> {
        Some("$ ")
    }

    pub fn output(&self) -> &[Output] {
        &self.output
    }

    /// The exit code of the last line.
    pub fn exit_code(&self) -> i32 {
        0
    }

    /// What Tab offers at the end of `line`: (start byte of the word, candidates).
    pub fn complete(&self, line: &str, cluster: &Cluster) -> (usize, Vec<String>) {
        let _ = cluster;
        (line.len(), Vec::new())
    }
}
