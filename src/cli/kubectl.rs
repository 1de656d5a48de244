//! `podlab kubectl --script FILE`: runs a terminal transcript's commands and prints the whole transcript.

use std::process::ExitCode;

use podlab::api::SimTime;
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::{OutputKind, Terminal};

/// No command of a transcript waits longer than this, in milliseconds of virtual time.
const LONGEST_WAIT_MS: u64 = 15 * 60 * 1000;
/// What a command of kubectl takes on a calm machine: the time in which a new namespace gets its ServiceAccount.
const COMMAND_MS: u64 = 60;
/// How long the cluster has been there when the transcript begins.
const SETTLED: SimTime = SimTime(30_000);

pub fn main(arguments: &[String]) -> ExitCode {
    let [flag, path] = arguments else {
        eprintln!("Usage: podlab kubectl --script FILE");
        return ExitCode::from(2);
    };
    if flag != "--script" {
        eprintln!("Usage: podlab kubectl --script FILE");
        return ExitCode::from(2);
    }
    match std::fs::read_to_string(path) {
        Ok(script) => {
            print!("{}", play(&script));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("podlab kubectl: {path}: {error}");
            ExitCode::from(2)
        }
    }
}

/// One command of the answer, with what came under it.
struct Entry {
    head: String,
    output: String,
    exit: i32,
    /// What stands below until the next command: directives and comments.
    tail: String,
}

struct Player {
    cluster: Cluster,
    terminal: Terminal,
    entries: Vec<Entry>,
    printed: usize,
}

fn play(script: &str) -> String {
    let mut cluster = Cluster::new(Config::nodes(2));
    cluster.advance_to(SETTLED);
    let mut player = Player { cluster, terminal: Terminal::script(), entries: Vec::new(), printed: 0 };
    player.entries.push(Entry { head: String::new(), output: String::new(), exit: 0, tail: String::new() });
    let lines: Vec<&str> = script.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if let Some(command) = line.strip_prefix("$ ") {
            let mut text = command.to_owned();
            let mut head = format!("{line}\n");
            while let Some(more) = lines.get(at).and_then(|l| l.strip_prefix("> ")) {
                text.push('\n');
                text.push_str(more);
                head.push_str(&format!("> {more}\n"));
                at += 1;
            }
            player.command(head, &text);
        } else if let Some(path) = line.strip_prefix("@ put ") {
            let end = lines[at..].iter().position(|l| *l == "@ end").map_or(lines.len(), |n| at + n);
            let body: String = lines[at..end].iter().map(|l| format!("{l}\n")).collect();
            player.note(line);
            lines[at..end].iter().for_each(|l| player.note(l));
            player.note("@ end");
            player.put(path, Some(&body));
            at = end + 1;
        } else {
            player.note(line);
            if let Some(path) = line.strip_prefix("@ rm ") {
                player.put(path, None);
            } else if let Some(millis) = line.strip_prefix("@ ").and_then(wait) {
                player.run_until(player.cluster.now() + millis);
            }
        }
    }
    player.collect();
    player.entries.iter().map(Entry::text).collect()
}

/// `12s`, `1m30s` in milliseconds.
fn wait(text: &str) -> Option<u64> {
    let mut total = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..end].parse().ok()?;
        let (unit, after) = rest[end..].split_at(rest[end..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - end));
        total += number
            * match unit {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
        rest = after;
    }
    Some(total)
}

impl Entry {
    fn text(&self) -> String {
        let mut out = self.head.clone();
        out.push_str(&self.output);
        if !self.output.is_empty() && !self.output.ends_with('\n') {
            out.push('\n');
        }
        if self.exit != 0 {
            out.push_str(&format!("! {}\n", self.exit));
        }
        out.push_str(&self.tail);
        out
    }
}

impl Player {
    fn note(&mut self, line: &str) {
        if let Some(last) = self.entries.last_mut() {
            last.tail.push_str(line);
            last.tail.push('\n');
        }
    }

    /// A file in the person's folder, or on a node (`node-1:/path`).
    fn put(&mut self, path: &str, text: Option<&str>) {
        match (path.split_once(':'), text) {
            (Some((node, path)), text) => {
                if let Err(status) = self.cluster.write_node_file(node, path, text) {
                    eprintln!("podlab kubectl: {}", status.message);
                }
            }
            (None, Some(text)) => drop(self.terminal.files.insert(path.into(), text.into())),
            (None, None) => drop(self.terminal.files.remove(path)),
        }
    }

    fn command(&mut self, head: String, text: &str) {
        self.collect();
        self.entries.push(Entry { head, output: String::new(), exit: 0, tail: String::new() });
        self.terminal.submit(text, &mut self.cluster);
        let limit = self.cluster.now() + LONGEST_WAIT_MS;
        while self.terminal.is_busy() && self.cluster.now() < limit {
            if !self.step(limit) {
                break;
            }
        }
        if self.terminal.is_busy() {
            self.terminal.interrupt(&mut self.cluster);
        }
        self.collect();
        let exit = self.terminal.exit_code();
        if let Some(last) = self.entries.last_mut() {
            last.exit = exit;
        }
        self.run_until(self.cluster.now() + COMMAND_MS);
    }

    /// Takes what was printed to the command that was typed last.
    fn collect(&mut self) {
        let fresh = &self.terminal.output()[self.printed.min(self.terminal.output().len())..];
        let text: String = fresh.iter().filter(|o| !matches!(o.kind, OutputKind::Command { .. })).map(|o| o.text.as_str()).collect();
        self.printed = self.terminal.output().len();
        if let Some(last) = self.entries.last_mut() {
            last.output.push_str(&text);
        }
    }

    /// One step of the cluster or of the terminal's own clock, at most to `limit`. False where nothing is left to happen.
    fn step(&mut self, limit: SimTime) -> bool {
        let due = self.cluster.next_due().filter(|at| *at <= limit);
        let wake = self.terminal.wakes_at().filter(|at| *at <= limit);
        match (due, wake) {
            (Some(due), wake) if wake.is_none_or(|w| due <= w) => {
                self.cluster.step();
            }
            (_, Some(wake)) => self.cluster.advance_to(wake),
            _ => return false,
        }
        self.terminal.poll(&mut self.cluster);
        true
    }

    fn run_until(&mut self, until: SimTime) {
        while self.terminal.is_running() && self.step(until) {}
        self.cluster.advance_to(until);
        if self.terminal.is_running() {
            self.terminal.poll(&mut self.cluster);
        }
    }
}
