//! Command lines on a living cluster: never a panic, never without an end, and the cluster stays sound.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use podlab::api::SimTime;
use podlab::cluster::invariants::Checker;
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::Terminal;

const FILES: &[(&str, &str)] = &[
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: web, image: nginx}]}\n"),
    (
        "d.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: busybox, command: [sleep, '99']}]}}}\n",
    ),
    ("s.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"),
];

thread_local! {
    static LIVING: RefCell<Option<(Cluster, Terminal, Checker)>> = const { RefCell::new(None) };
}

/// Everything applied and running.
fn living() -> (Cluster, Terminal, Checker) {
    let mut cluster = Cluster::new(Config::nodes(2));
    cluster.advance_to(SimTime(5_000));
    let mut terminal = Terminal::script();
    for (name, text) in FILES {
        terminal.files.insert((*name).into(), (*text).into());
        terminal.submit(&format!("kubectl apply -f {name}"), &mut cluster);
    }
    cluster.advance_to(SimTime(30_000));
    let mut checker = Checker::default();
    let broken = checker.check(&cluster);
    assert!(broken.is_empty(), "{broken:?}");
    (cluster, terminal, checker)
}

fuzz_target!(|text: &str| {
    let (mut cluster, mut terminal, mut checker) = LIVING.with_borrow_mut(|kept| kept.get_or_insert_with(living).clone());
    // A line that begins with > is typed at what runs in the foreground.
    for line in text.split('\r').take(4) {
        match line.strip_prefix('>') {
            Some(keys) => terminal.input(keys, &mut cluster),
            None => terminal.submit(line, &mut cluster),
        }
        for _ in 0..300 {
            if !terminal.is_running() || cluster.now() > SimTime(600_000) {
                break;
            }
            match (cluster.next_due(), terminal.wakes_at()) {
                (Some(due), wake) if wake.is_none_or(|wake| due <= wake) => drop(cluster.step()),
                (_, Some(wake)) => cluster.advance_to(wake),
                _ => break,
            }
            terminal.poll(&mut cluster);
        }
        terminal.complete(line, &cluster);
    }
    terminal.interrupt(&mut cluster);
    let until = cluster.now() + 2_000;
    cluster.advance_to(until);
    let broken = checker.check(&cluster);
    assert!(broken.is_empty(), "{broken:?}");
});
