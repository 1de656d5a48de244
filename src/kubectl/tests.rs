//! The terminal as a whole: lines that mean nothing, and lines of many parts.

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
