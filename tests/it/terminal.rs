//! The terminal: each `tests/data/terminal/NAME.txt` is a transcript whose `$` lines are typed and whose other lines are what came of them.
//! And: whatever is typed, no text makes a shell panic or run for ever.

use std::fs;

use podlab::api::SimTime;
use podlab::cluster::{Cluster, Config, PodRef, Random};
use podlab::kubectl::{OutputKind, Terminal};

/// No line of a transcript waits longer.
const LONGEST_WAIT_MS: u64 = 600_000;

#[test]
fn lines_do_as_recorded() {
    let mut wrong = Vec::new();
    let mut files: Vec<_> = fs::read_dir("tests/data/terminal").expect("the folder is part of the source").flatten().map(|e| e.path()).collect();
    files.sort();
    for file in files {
        let recorded = fs::read_to_string(&file).expect("a transcript is UTF-8");
        let told = play(&recorded);
        if std::env::var_os("PODLAB_UPDATE").is_some() {
            fs::write(&file, &told).expect("the folder is part of the source");
        } else if told != recorded {
            wrong.push(format!("{}:\n{told}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "behaviour changed; if on purpose: PODLAB_UPDATE=1 make unit\n{}", wrong.join("\n"));
}

/// Types the lines of a transcript (`$ LINE`, `> MORE OF IT`, `< TEXT` for what is typed while it runs, or to end it); gives it with what really
/// came.
fn play(transcript: &str) -> String {
    let mut cluster = Cluster::new(Config::nodes(2));
    cluster.advance_to(SimTime(30_000));
    let mut terminal = Terminal::default();
    let mut out = String::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        let before = terminal.output().len();
        if line.starts_with('#') {
            out.push_str(&format!("{line}\n"));
        } else if let Some(first) = line.strip_prefix("$ ") {
            out.push_str(&format!("{line}\n"));
            terminal.submit(first, &mut cluster);
            while let Some(more) = lines.next_if(|l| l.starts_with("> ")) {
                assert_eq!(terminal.prompt(), Some("> "), "before {more:?}");
                out.push_str(&format!("{more}\n"));
                terminal.submit(&more[2..], &mut cluster);
            }
        } else if let Some(typed) = line.strip_prefix("< ") {
            out.push_str(&format!("{line}\n"));
            match typed {
                "^C" => terminal.interrupt(&mut cluster),
                "^D" => terminal.input("\u{4}", &mut cluster),
                typed => terminal.input(&format!("{typed}\n"), &mut cluster),
            }
        } else {
            continue;
        }
        // What waits for a person is typed to; everything else runs to its end.
        let typed_next = lines.clone().find(|l| l.starts_with("$ ") || l.starts_with("< ")).is_some_and(|l| l.starts_with("< "));
        let limit = cluster.now() + if typed_next { 3_000 } else { LONGEST_WAIT_MS };
        while terminal.is_busy() && step(&mut terminal, &mut cluster, limit) {}
        let fresh = terminal.output()[before..].iter().filter(|o| !matches!(o.kind, OutputKind::Command { .. }));
        let text: String = fresh.map(|o| o.text.as_str()).collect();
        out.push_str(&text);
        if !text.is_empty() && !text.ends_with('\n') {
            out.push_str("\\\n");
        }
        if terminal.prompt() == Some("$ ") && terminal.exit_code() != 0 {
            out.push_str(&format!("! {}\n", terminal.exit_code()));
        }
    }
    out
}

/// At a terminal only a shell that waits says so; what a program reads stands behind nothing, as in a real one.
#[test]
fn what_stands_before_a_line_is_the_prompt_of_what_reads_it() {
    let mut cluster = Cluster::new(Config::nodes(2));
    let mut terminal = Terminal::default();
    let settle = |terminal: &mut Terminal, cluster: &mut Cluster| {
        let limit = cluster.now() + 4_000;
        while step(terminal, cluster, limit) {}
        terminal.prompt().map(str::to_owned)
    };
    terminal.submit("kubectl run b --image=busybox -- sleep 1000", &mut cluster);
    assert_eq!(settle(&mut terminal, &mut cluster).as_deref(), Some("$ "));
    terminal.submit("kubectl run n --image=nginx", &mut cluster);
    terminal
        .submit("kubectl run u --image=busybox --overrides='{\"spec\": {\"securityContext\": {\"runAsUser\": 1000}}}' -- sleep 1000", &mut cluster);
    settle(&mut terminal, &mut cluster);
    let sessions: [(&str, &[(&str, Option<&str>)]); 9] = [
        // A command over several lines.
        (
            "kubectl exec -it b -- sh",
            &[
                ("", Some("/ # ")),
                ("for i in 1 2\n", Some("> ")),
                ("do echo \"$i\n", Some("> ")),
                ("x\"\n", Some("> ")),
                ("done\n", Some("/ # ")),
                ("cat <<EOF\n", Some("> ")),
                ("EOF\n", Some("/ # ")),
                ("echo a \\\n", Some("> ")),
                ("b\n", Some("/ # ")),
                ("if true\n", Some("> ")),
                ("\u{4}", Some("/ # ")),
                ("\u{4}", Some("$ ")),
            ],
        ),
        (
            "ssh node-1",
            &[
                ("", Some("root@node-1:/root# ")),
                ("(\n", Some("> ")),
                ("ls)\n", Some("root@node-1:/root# ")),
                ("sleep 9\n", None),
                ("\u{3}", Some("root@node-1:/root# ")),
                ("\u{4}", Some("$ ")),
            ],
        ),
        ("while false", &[("", Some("> ")), ("\u{4}", Some("$ "))]),
        // dash; BusyBox for somebody who is not root.
        ("kubectl exec -it n -- sh", &[("", Some("# ")), ("cd /etc\n", Some("# ")), ("\u{4}", Some("$ "))]),
        ("kubectl exec -it u -- sh", &[("", Some("/ $ ")), ("\u{4}", Some("$ "))]),
        // A shell on a terminal; a program in it reads; it sleeps.
        (
            "kubectl exec -it b -- sh",
            &[
                ("", Some("/ # ")),
                ("cd /etc\n", Some("/etc # ")),
                ("cd\n", Some("~ # ")),
                ("cat\n", Some("")),
                ("/etc # x\n", Some("")),
                ("\u{4}", Some("~ # ")),
                ("sleep 1000\n", None),
                // Ctrl-C ends it and not the shell; nor does it where a command is half typed.
                ("\u{3}", Some("~ # ")),
                ("while true\n", Some("> ")),
                ("\u{3}", Some("~ # ")),
                ("sh -c 'sleep 1000'\n", None),
                ("\u{3}", Some("~ # ")),
                ("echo \"? $?\"\n", Some("~ # ")),
            ],
        ),
        // Without a terminal a shell shows no prompt, but it reads.
        ("kubectl exec -i b -- sh", &[("", Some("")), ("echo hi\n", Some("")), ("\u{4}", Some("$ "))]),
        ("kubectl exec -it b -- cat", &[("", Some("")), ("hello\n", Some("")), ("\u{4}", Some("$ "))]),
        (
            "kubectl run -it one --rm --restart=Never --image=busybox -- sh",
            &[("", Some("/ # ")), ("hostname\n", Some("/ # ")), ("exit\n", Some("$ "))],
        ),
    ];
    for (line, typed) in sessions {
        terminal.submit(line, &mut cluster);
        for (text, prompt) in typed {
            match *text {
                "" => {}
                "\u{3}" => terminal.interrupt(&mut cluster),
                text => terminal.input(text, &mut cluster),
            }
            assert_eq!(settle(&mut terminal, &mut cluster).as_deref(), *prompt, "{line}: after {text:?}");
        }
        terminal.leave(&mut cluster);
        assert_eq!(terminal.prompt(), Some("$ "), "{line}");
    }
    let said: String = terminal.output().iter().map(|o| o.text.as_str()).collect();
    for echoed in [
        "~ # cat\n/etc # x\n/etc # x\n",
        "echo hi\nhi\n",
        "hello\nhello\n",
        "~ # echo \"? $?\"\n? 130\n",
        "/ # hostname\none\n",
        "pod \"one\" deleted",
    ] {
        assert!(said.contains(echoed), "{echoed:?} is not in:\n{said}");
    }
}

/// One step of the cluster or of the terminal's own clock; false where nothing is left to happen before the limit.
pub fn step(terminal: &mut Terminal, cluster: &mut Cluster, limit: SimTime) -> bool {
    let due = cluster.next_due();
    let Some(next) = due.into_iter().chain(terminal.wakes_at()).min().filter(|at| *at <= limit) else {
        cluster.advance_to(limit);
        return false;
    };
    if due == Some(next) {
        cluster.step();
    } else {
        cluster.advance_to(next);
    }
    terminal.poll(cluster);
    true
}

const PIECES: &[&str] = &[
    "echo",
    "cat",
    "kubectl",
    "get",
    "pods",
    "-w",
    "sleep",
    "1",
    "0.1",
    "9999999999999999999",
    "timeout",
    "watch",
    "-n",
    "xargs",
    "-I",
    "{}",
    "env",
    "A=1",
    "x=",
    "$x",
    "${x:-",
    "${x#",
    "${x%%*}",
    "${#x}",
    "}",
    "$(",
    "`",
    "$((",
    "))",
    "((",
    "1/0",
    "1<<99",
    "-9223372036854775808",
    "'",
    "\"",
    "\\",
    "\n",
    ";",
    "&",
    "&&",
    "||",
    "|",
    "(",
    ")",
    "{",
    "{1..3}",
    "{a,b}",
    "{{,},",
    ">",
    ">>",
    "<",
    "<<E",
    "<<-E",
    "E",
    "<<<",
    "2>&1",
    ">&9",
    "&>",
    "f",
    "/",
    "/tmp/f",
    "..",
    "~",
    "*",
    "?",
    "[",
    "[!a-",
    "]",
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "for",
    "i",
    "in",
    "do",
    "done",
    "while",
    "until",
    "case",
    "esac",
    ";;",
    "f()",
    "f",
    "return",
    "break",
    "continue",
    "exit",
    "exec",
    "eval",
    "set",
    "-e",
    "--",
    "shift",
    "trap",
    "EXIT",
    "TERM",
    "kill",
    "$$",
    "$!",
    "%1",
    "-9",
    "wait",
    "read",
    "cd",
    ".",
    "alias",
    "a=b",
    "a",
    "sh",
    "-c",
    "true",
    "false",
    "!",
    "test",
    "-o",
    "-a",
    "==",
    "grep",
    "-E",
    "(a*)*b",
    "\\(",
    "a\\{2,1\\}",
    "-A",
    "3",
    "sed",
    "s/a/\\9/g",
    "y/ab/c/",
    "1,$!d",
    "$",
    "head",
    "-c",
    "tail",
    "-f",
    "+2",
    "wc",
    "sort",
    "-k",
    "uniq",
    "cut",
    "-d",
    ",",
    "tr",
    "z-a",
    "[:upper:]",
    "base64",
    "awk",
    "{print $1}",
    "NR>",
    "printf",
    "%999999s",
    "%",
    "seq",
    "-1",
    "date",
    "+%",
    "+%é",
    "curl",
    "nc",
    "-l",
    "-p",
    "localhost:",
    "http://",
    "ssh",
    "node-1",
    "crictl",
    "journalctl",
    "systemctl",
    "stop",
    "kubelet",
    "jq",
    "vi",
    "sudo",
    "tee",
    "rm",
    "-rf",
    "mkdir",
    "mv",
    "ls",
    "find",
    "한글",
    "\u{4}",
    "\u{0}",
    "é",
    "yes",
    "tail",
    "exec",
    "-it",
    "web",
    "describe",
    "logs",
    "-f",
    "apply",
    "delete",
    "--all",
    "--force",
    "create",
    "deployment",
    "--image=nginx",
    "--replicas=3",
    "scale",
    "rollout",
    "status",
    "undo",
    "set",
    "patch",
    "-p",
    "'{\"spec\":{\"x\":[1,null]}}'",
    "'[{\"op\":\"remove\",\"path\":\"/spec\"}]'",
    "--type=json",
    "label",
    "a=b",
    "wait",
    "--for=condition=Ready",
    "--for=jsonpath='{.a[?(@.b==",
    "drain",
    "cordon",
    "taint",
    "k=v:NoExecute",
    "explain",
    "pod.spec",
    "--recursive",
    "-o",
    "yaml",
    "jsonpath='{..}'",
    "go-template='{{range .}}{{end}}'",
    "custom-columns=A:.x[*]",
    "--sort-by=.x",
    "-l",
    "a in (b",
    "--field-selector",
    "--tail=",
    "-1",
    "debug",
    "port-forward",
    "8080:80",
    "cp",
    "web:/x",
    "diff",
    "config",
    "set-context",
    "--current",
    "-n",
    "kube-system",
    "node/node-1",
    "deploy/web",
    "events",
    "top",
    "--dry-run=client",
    "expose",
    "--port=80",
    "a=(",
    "a+=(b",
    "a[",
    "]=",
    "${a[@]}",
    "${!a[*]}",
    "${a[1",
    "((a[1]++))",
];

fn random_text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.draw() % 14 + 1 {
        text.push_str(PIECES[(random.draw() % PIECES.len() as u64) as usize]);
        if !random.draw().is_multiple_of(6) {
            text.push(' ');
        }
    }
    text
}

/// Lines typed into one cluster. Few: scripts that never wait live on in the container, and each costs some 25 ms a virtual second.
const LINES: u64 = 50;
/// What a test's patience allows; `PODLAB_FUZZ_LINES` asks for more.
const ALL_LINES: u64 = 800;
/// A line takes far less, however much runs already and however slow the machine is.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(60);

#[test]
fn random_texts_neither_panic_nor_hang() {
    let wanted = std::env::var("PODLAB_FUZZ_LINES").ok().and_then(|n| n.parse().ok()).unwrap_or(ALL_LINES);
    for round in 0..wanted.div_ceil(LINES) {
        if wanted > ALL_LINES && round % 100 == 0 {
            eprintln!("{} lines", round * LINES);
        }
        let mut random = Random::new(11 + round);
        let mut terminal = if round % 2 == 0 { Terminal::default() } else { Terminal::script() };
        let mut cluster = Cluster::new(Config::nodes(1));
        terminal.submit("kubectl run web --image=busybox -- sleep 100000", &mut cluster);
        cluster.advance_to(SimTime(60_000));
        let web = PodRef { namespace: "default", name: "web" };
        for _ in 0..LINES {
            let text = random_text(&mut random);
            let began = std::time::Instant::now();
            terminal.submit(&text, &mut cluster);
            let in_container = cluster.exec(web, "web", &["sh".into(), "-c".into(), text.clone()], None);
            terminal.input(&random_text(&mut random), &mut cluster);
            for _ in 0..20 {
                let limit = cluster.now() + 5_000;
                if !step(&mut terminal, &mut cluster, limit) {
                    break;
                }
            }
            terminal.complete(&text, &cluster);
            terminal.interrupt(&mut cluster);
            // A shell that is open on a node or in a container goes on at its prompt.
            assert!(terminal.prompt().is_some(), "Ctrl-C ends everything: {text}");
            terminal.leave(&mut cluster);
            assert!(!terminal.is_busy(), "who leaves is at the own prompt: {text}");
            if let Ok(exec) = in_container {
                assert!(cluster.exec_state(exec).is_some());
            }
            assert!(began.elapsed() < LONGEST, "round {round} hangs at {text:?}");
        }
        // Nothing that was typed may have taken the terminal away.
        terminal.submit("echo still here", &mut cluster);
        // (`exec >FILE` may have sent its words elsewhere.)
        assert!(!terminal.is_busy(), "round {round}: the terminal takes no more lines");
        assert_eq!(terminal.exit_code(), 0, "round {round}: echo failed");
    }
}

/// A script may go on for ever; the page may not wait for it.
#[test]
fn scripts_without_an_end_cost_moments_only() {
    let lines = fs::read_to_string("tests/data/shell/endless.txt").expect("the list is part of the source");
    for line in lines.lines().filter(|l| !l.starts_with('#')) {
        let quoted = line.replace('\'', "'\\''");
        for line in [line.to_owned(), format!("kubectl exec b -- sh -c '{quoted}'")] {
            let mut cluster = Cluster::new(Config::nodes(1));
            let mut terminal = Terminal::default();
            terminal.submit("kubectl run b --image=busybox -- sleep 100000", &mut cluster);
            cluster.advance_to(SimTime(10_000));
            let began = std::time::Instant::now();
            terminal.submit(&line, &mut cluster);
            while terminal.is_busy() && step(&mut terminal, &mut cluster, SimTime(13_000)) {}
            assert!(began.elapsed() < LONGEST, "three seconds of it took {:?}: {line}", began.elapsed());
            terminal.interrupt(&mut cluster);
            assert!(!terminal.is_busy(), "Ctrl-C ends it: {line}");
            terminal.submit("kubectl get pod b", &mut cluster);
            assert_eq!(terminal.exit_code(), 0, "after {line}");
            if std::env::var_os("PODLAB_TIMES").is_some() {
                eprintln!("{:?} {line}", began.elapsed());
            }
        }
    }
}
