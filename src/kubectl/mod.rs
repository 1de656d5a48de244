//! Command line → requests to the API server → printed text: one file per verb, one table printer, one printer per output form.
//!
//! [`Terminal`] is the door. A line goes to [`line`] (the person's shell), `kubectl …` to [`call`] (flags) and on to [`verbs`]. What takes
//! time is a job: a value that is looked at whenever virtual time has moved.

mod applets;
mod base64;
mod call;
mod columns;
mod complete;
mod config;
mod describe;
mod duration;
mod env;
mod files;
mod go_template;
mod json;
mod jsonpath;
mod kyaml;
mod line;
mod merge;
mod node_shell;
mod output;
mod pattern;
pub mod pod_row;
mod pods;
mod resources;
mod rows;
mod selector;
mod table;
mod verbs;

use std::collections::BTreeMap;

use crate::api::{SimTime, Value};
use crate::cluster::Cluster;
pub use env::EditRequest;
use env::{Env, Forward};
use line::Line;

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

/// What stays from line to line: the person's variables, configuration, and what they are asked to edit.
#[derive(Clone, Default)]
struct Seat {
    vars: BTreeMap<String, String>,
    config: config::KubeConfig,
    edit: Option<EditRequest>,
    /// Whether input and output are a terminal (the app) or not (a script).
    interactive: bool,
}

/// The person's shell: files, variables, history, what runs in the foreground and background. A value; cloning it is a checkpoint.
#[derive(Clone)]
pub struct Terminal {
    /// The person's folder: editor tabs are here as files.
    pub files: BTreeMap<String, String>,
    output: Vec<Output>,
    seat: Seat,
    foreground: Option<Line>,
    background: Vec<Line>,
    exit_code: i32,
}

impl Default for Terminal {
    fn default() -> Self {
        let seat = Seat { interactive: true, ..Seat::default() };
        Self { files: BTreeMap::new(), output: Vec::new(), seat, foreground: None, background: Vec::new(), exit_code: 0 }
    }
}

/// Output beyond this many pieces is forgotten, oldest first.
const MOST_OUTPUT: usize = 20_000;

impl Terminal {
    /// Without a terminal: standard input is empty and `-t` is refused.
    pub fn script() -> Self {
        Self { seat: Seat::default(), ..Self::default() }
    }

    /// Runs a line. What takes time goes on with [`Terminal::poll`].
    pub fn submit(&mut self, line: &str, cluster: &mut Cluster) {
        self.output.push(Output { at: cluster.now(), kind: OutputKind::Command, text: format!("{line}\n") });
        match Line::parse(line) {
            // Something runs already (a watch): the new line runs beside it.
            Ok(mut parsed) if self.is_busy() => {
                if self.with_env(cluster, |env| parsed.poll(env)).is_none() {
                    self.background.push(parsed);
                }
            }
            Ok(parsed) => {
                self.foreground = Some(parsed);
                self.poll(cluster);
            }
            Err(message) => {
                self.exit_code = 2;
                self.output.push(Output { at: cluster.now(), kind: OutputKind::Stderr, text: format!("bash: {message}\n") });
            }
        }
    }

    /// Text for the standard input of what runs in the foreground (a shell in a container).
    pub fn input(&mut self, text: &str, cluster: &mut Cluster) {
        if let Some(mut line) = self.foreground.take() {
            self.with_env(cluster, |env| line.input(text, env));
            self.foreground = Some(line);
        }
        self.poll(cluster);
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self, cluster: &mut Cluster) {
        if let Some(mut line) = self.foreground.take() {
            self.with_env(cluster, |env| {
                env.out("^C\n");
                line.stop(env);
            });
            self.exit_code = 130;
        }
    }

    /// Looks at what runs: after each step of the cluster while [`Terminal::is_busy`], and whenever [`Terminal::wakes_at`] is reached.
    pub fn poll(&mut self, cluster: &mut Cluster) {
        let mut background = std::mem::take(&mut self.background);
        background.retain_mut(|line| self.with_env(cluster, |env| line.poll(env)).is_none());
        self.background.splice(0..0, background);
        if let Some(mut line) = self.foreground.take() {
            match self.with_env(cluster, |env| line.poll(env)) {
                Some(code) => self.exit_code = code,
                None => self.foreground = Some(line),
            }
        }
    }

    /// Runs something with the environment of a command, then takes in what it printed and started.
    fn with_env<T>(&mut self, cluster: &mut Cluster, run: impl FnOnce(&mut Env) -> T) -> T {
        let mut out = Vec::new();
        let mut started = Vec::new();
        let forwards: Vec<Forward> = self.background.iter().flat_map(Line::forwards).collect();
        let at = cluster.now();
        let mut env = Env {
            cluster,
            files: &mut self.files,
            config: &mut self.seat.config,
            vars: &mut self.seat.vars,
            stdin: None,
            terminal: self.seat.interactive,
            edit: &mut self.seat.edit,
            out: &mut out,
            forwards: &forwards,
            started: &mut started,
        };
        let result = run(&mut env);
        self.background.append(&mut started);
        self.output.extend(out.into_iter().map(|(kind, text)| Output { at, kind, text }));
        if self.output.len() > MOST_OUTPUT {
            self.output.drain(..self.output.len() - MOST_OUTPUT);
        }
        result
    }

    /// Whether something runs in the foreground, so that the prompt is not there.
    pub fn is_busy(&self) -> bool {
        self.foreground.is_some()
    }

    /// Whether anything runs at all, in the foreground or the background.
    pub fn is_running(&self) -> bool {
        self.is_busy() || !self.background.is_empty()
    }

    /// When it wants to be polled although nothing happens in the cluster (a `timeout`, a `sleep`).
    pub fn wakes_at(&self) -> Option<SimTime> {
        self.foreground.iter().chain(&self.background).filter_map(Line::wakes_at).min()
    }

    /// `Some("/ # ")` while an open shell in a container waits for a line; `Some("$ ")` at the person's own prompt; `None` while busy.
    pub fn prompt(&self) -> Option<&str> {
        match &self.foreground {
            None => Some("$ "),
            Some(line) => line.prompt(),
        }
    }

    pub fn output(&self) -> &[Output] {
        &self.output
    }

    /// The exit code of the last line.
    pub fn exit_code(&self) -> i32 {
        self.exit_code
    }

    /// What `kubectl edit` waits for: the page opens this file; writing it (as an input of the session) saves it, Ctrl-C cancels.
    pub fn wants_edit(&self) -> Option<&EditRequest> {
        self.seat.edit.as_ref()
    }

    /// What Tab offers at the end of `line`: (start byte of the word, candidates).
    pub fn complete(&self, line: &str, cluster: &Cluster) -> (usize, Vec<String>) {
        let namespace = self.seat.config.current().map(|c| c.namespace.as_str()).filter(|n| !n.is_empty()).unwrap_or("default");
        complete::complete(line, &self.files, namespace, cluster)
    }
}

/// A JSON merge patch (RFC 7386).
fn merge_json(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(crate::api::Map::new());
    }
    if let Value::Object(map) = target {
        for (key, value) in patch {
            if value.is_null() {
                map.remove(key);
            } else {
                merge_json(map.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Config, Random};

    const WORDS: &[&str] = &[
        "kubectl",
        "get",
        "describe",
        "delete",
        "apply",
        "create",
        "run",
        "logs",
        "exec",
        "label",
        "annotate",
        "scale",
        "set",
        "image",
        "rollout",
        "status",
        "undo",
        "history",
        "explain",
        "pod",
        "pods",
        "pod.spec.containers",
        "svc",
        "deploy",
        "all",
        "nodes",
        "node-1",
        "web",
        "pod/web",
        "deploy/web",
        "a=b",
        "a-",
        "--",
        "-f",
        "-",
        "a.yaml",
        "-o",
        "yaml",
        "jsonpath={.items[*]}",
        "jsonpath={..x[?(@.a>1)]}",
        "custom-columns=A:.b",
        "go-template={{range .items}}{{.metadata.name}}{{end}}",
        "-n",
        "default",
        "-l",
        "a in (b,c)",
        "!x",
        "--image=nginx",
        "--replicas=3",
        "--dry-run=client",
        "-A",
        "-w",
        "timeout",
        "2",
        "|",
        "&&",
        "||",
        ";",
        "&",
        ">",
        "<",
        "<<EOF",
        "$(echo",
        ")",
        "'",
        "\"",
        "grep",
        "-E",
        "(a*)*b",
        "sed",
        "s/a\\(b\\)/\\1/g",
        "head",
        "-n",
        "1",
        "cat",
        "echo",
        "$X",
        "${Y:-z}",
        "X=1",
        "wait",
        "--for=condition=Ready",
        "--timeout=1s",
        "drain",
        "cordon",
        "taint",
        "k=v:NoSchedule",
        "top",
        "config",
        "view",
        "edit",
        "patch",
        "-p",
        "{}",
        "[{\"op\":\"add\"}]",
        "cp",
        "web:/x",
        "port-forward",
        "8080:80",
        "ssh",
        "ls",
        "expose",
        "--port=80",
        "debug",
        "diff",
        "replace",
        "autoscale",
        "--max=3",
        "api-resources",
        "auth",
        "can-i",
        "한글",
        "\\",
        "\n",
    ];

    #[test]
    fn random_lines_never_panic_or_hang() {
        let mut random = Random::new(7);
        let mut cluster = Cluster::new(Config::nodes(2));
        cluster.advance_to(SimTime(5_000));
        let mut terminal = Terminal::script();
        terminal
            .files
            .insert("a.yaml".into(), "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n".into());
        for _ in 0..3000 {
            let count = random.draw() % 9 + 1;
            let mut words: Vec<&str> = (0..count).map(|_| WORDS[(random.draw() % WORDS.len() as u64) as usize]).collect();
            if !random.draw().is_multiple_of(4) {
                words.insert(0, "kubectl");
            }
            let line = words.join(" ");
            terminal.submit(&line, &mut cluster);
            for _ in 0..20 {
                if !terminal.is_busy() || !cluster.step() {
                    break;
                }
                terminal.poll(&mut cluster);
            }
            terminal.interrupt(&mut cluster);
            terminal.complete(&line, &cluster);
        }
        assert!(terminal.output().len() > 3000);
    }

    #[test]
    fn a_line_has_pipes_quotes_and_lists() {
        let mut cluster = Cluster::new(Config::nodes(1));
        let mut terminal = Terminal::script();
        let mut text = |line: &str| {
            let before = terminal.output().len() + 1;
            terminal.submit(line, &mut cluster);
            terminal.output()[before..].iter().map(|o| o.text.as_str()).collect::<String>()
        };
        assert_eq!(text("echo 'a  b' | sed 's/a/x/' && echo \"$(echo y)\" || echo no"), "x  b\ny\n");
        assert_eq!(text("cat <<EOF | grep -c line\none line\nEOF"), "1\n");
        assert_eq!(text("false; X=3; echo $X > f; cat f"), "3\n");
        assert_eq!(text("kubectl get pods --nope"), "error: unknown flag: --nope\nSee 'kubectl get --help' for usage.\n");
    }
}
