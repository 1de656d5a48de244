//! The applets: `tests/data/shell/busybox.txt` holds scripts and what came of them in a real BusyBox.

use std::fs;

use podlab::api::SimTime;
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::{OutputKind, Terminal};

use crate::terminal::step;

const RECORDED: &str = "tests/data/shell/busybox.txt";

/// A script, and what it printed on both streams; behind it `! CODE` where that is not 0.
struct Case {
    script: String,
    printed: String,
}

/// Reads `$ SCRIPT`, `> MORE OF IT` and the lines behind them. A `\` alone ends what has no end of line.
fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(script) = line.strip_prefix("$ ") {
            cases.push(Case { script: script.to_owned(), printed: String::new() });
        } else if let Some(case) = cases.last_mut() {
            match line.strip_prefix("> ") {
                Some(more) if case.printed.is_empty() => case.script.push_str(&format!("\n{more}")),
                _ => case.printed.push_str(&format!("{line}\n")),
            }
        }
    }
    cases
}

/// Types a line and lets it run to its end; what it printed.
fn typed(terminal: &mut Terminal, cluster: &mut Cluster, line: &str) -> String {
    let before = terminal.output().len();
    for part in line.split('\n') {
        terminal.submit(part, cluster);
    }
    let limit = cluster.now() + 60_000;
    while terminal.is_busy() && step(terminal, cluster, limit) {}
    let fresh = terminal.output()[before..].iter().filter(|o| !matches!(o.kind, OutputKind::Command { .. }));
    fresh.map(|o| o.text.as_str()).collect()
}

#[test]
fn scripts_do_as_in_a_real_busybox() {
    let recorded = cases(&fs::read_to_string(RECORDED).expect("the folder is part of the source"));
    assert!(recorded.len() > 100, "only {} cases were read", recorded.len());
    let mut cluster = Cluster::new(Config::nodes(1));
    cluster.advance_to(SimTime(30_000));
    let mut terminal = Terminal::default();
    typed(&mut terminal, &mut cluster, "kubectl run b --image=busybox:1.36 -- sleep 360000");
    typed(&mut terminal, &mut cluster, "sleep 5");
    let mut wrong = Vec::new();
    for (at, case) in recorded.iter().enumerate() {
        let script = case.script.replace('\'', "'\\''");
        let enter = format!("mkdir -p /tmp/{at} && cd /tmp/{at} && exec sh -c \"$1\"");
        let mut printed = typed(&mut terminal, &mut cluster, &format!("kubectl exec b -- sh -c '{enter}' sh '{script}'"));
        let code = terminal.exit_code();
        let said = format!("command terminated with exit code {code}\n");
        printed = printed.strip_suffix(said.as_str()).unwrap_or(&printed).to_owned();
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push_str("\\\n");
        }
        if code != 0 {
            printed.push_str(&format!("! {code}\n"));
        }
        if printed != case.printed {
            wrong.push(format!("$ {}\n{printed}--- recorded:\n{}", case.script, case.printed));
        }
    }
    assert!(wrong.is_empty(), "{} of {} scripts do otherwise:\n{}", wrong.len(), recorded.len(), wrong.join("\n"));
}
