//! The programs that only the person's machine or a node has, beside the shell's applets.

use super::env::{DONE, Env, Failure, Flow};
use super::{call, node_shell};

pub struct Program {
    name: &'static str,
    /// Whether it is a node's program, not one of the person's machine.
    on_node: bool,
    pub run: fn(&[String], &mut Env) -> Result<Flow, Failure>,
    /// Whether it is really there; otherwise it only says what to do instead.
    pub is_there: bool,
}

const fn program(name: &'static str, on_node: bool, run: fn(&[String], &mut Env) -> Result<Flow, Failure>) -> Program {
    Program { name, on_node, run, is_there: true }
}

const fn absent(name: &'static str, run: fn(&[String], &mut Env) -> Result<Flow, Failure>) -> Program {
    Program { name, on_node: false, run, is_there: false }
}

const PROGRAMS: &[Program] = &[
    program("kubectl", false, call::run),
    program("k", false, call::run),
    // Bash's own `help` tells of bash; whoever asks for help here is told of kubectl.
    program("help", false, |_, env| call::run(&["help".to_owned()], env)),
    program("ssh", false, node_shell::ssh),
    program("vi", false, edit),
    program("vim", false, edit),
    program("nano", false, edit),
    absent("jq", |_, _| hint("jq", "kubectl itself picks fields: -o jsonpath='{.status.podIP}', -o go-template=…, -o custom-columns=…")),
    absent("yq", |_, _| hint("yq", "kubectl itself picks fields: -o jsonpath='{.status.podIP}', -o go-template=…, -o custom-columns=…")),
    absent("docker", |_, _| hint("docker", "the nodes run containerd: ssh node-1 crictl ps")),
    absent("crictl", |_, _| hint("crictl", "it is on the nodes: ssh node-1 crictl ps")),
    absent("journalctl", |_, _| hint("journalctl", "it is on the nodes: ssh node-1 journalctl -u kubelet")),
    absent("systemctl", |_, _| hint("systemctl", "it is on the nodes: ssh node-1 systemctl status kubelet")),
    program("vi", true, |_, _| node_editor("vi")),
    program("vim", true, |_, _| node_editor("vim")),
    program("nano", true, |_, _| node_editor("nano")),
    program("crictl", true, node_shell::crictl),
    program("journalctl", true, node_shell::journalctl),
    program("systemctl", true, node_shell::systemctl),
];

pub fn find(name: &str, on_node: bool) -> Option<&'static Program> {
    let name = name.rsplit('/').next().unwrap_or("");
    PROGRAMS.iter().find(|p| p.name == name && p.on_node == on_node)
}

impl Program {
    /// Whether it wants standard input whole before it begins: `-f -`, `-i`.
    pub fn reads_stdin(&self, arguments: &[String]) -> bool {
        let asks = |word: &str| {
            let letters = word.strip_prefix('-').unwrap_or("");
            matches!(word, "-" | "-f-" | "--stdin" | "--interactive")
                || word.ends_with("=-")
                || letters.contains('i') && letters.chars().all(|c| "itq".contains(c))
        };
        // `ssh` passes on whatever there is.
        self.name == "ssh" || matches!(self.name, "kubectl" | "k") && arguments.iter().take_while(|w| *w != "--").any(|w| asks(w))
    }
}

fn hint(name: &str, instead: &str) -> Result<Flow, Failure> {
    Err(Failure::raw(format!("bash: {name}: command not found ({instead})\n"), 127))
}

fn node_editor(name: &str) -> Result<Flow, Failure> {
    hint(name, "the editor beside the terminal opens files of this machine; on a node write: cat > /etc/kubernetes/manifests/web.yaml <<EOF")
}

/// `vi FILE`: files are edited beside the terminal.
fn edit(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let Some(file) = words.iter().find(|w| !w.starts_with('-')) else {
        env.err("Files are edited in the editor beside the terminal: name one.\n");
        return Ok(Flow::Done(1));
    };
    let key = env.key(file);
    env.files.entry(key).or_default();
    env.out(format!("{file} opens in the editor beside the terminal; what is written there is what commands here read.\n"));
    Ok(DONE)
}
