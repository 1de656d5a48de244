//! Any text as a container's script: never a panic, never without an end.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use podlab::api::SimTime;
use podlab::cluster::{Cluster, Config, PodRef};
use podlab::kubectl::Terminal;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: sh}\nspec: {containers: [{name: sh, image: busybox, command: [sleep, '99999']}]}\n";

thread_local! {
    static LIVING: RefCell<Option<Cluster>> = const { RefCell::new(None) };
}

fn living() -> Cluster {
    let mut cluster = Cluster::new(Config::nodes(1));
    cluster.advance_to(SimTime(5_000));
    let mut terminal = Terminal::script();
    terminal.files.insert("a.yaml".into(), POD.into());
    terminal.submit("kubectl apply -f a.yaml", &mut cluster);
    cluster.advance_to(SimTime(30_000));
    cluster
}

fuzz_target!(|text: &str| {
    let mut cluster = LIVING.with_borrow_mut(|kept| kept.get_or_insert_with(living).clone());
    let script = ["sh".to_owned(), "-c".to_owned(), text.to_owned()];
    let exec = cluster.exec(PodRef { namespace: "default", name: "sh" }, "sh", &script, Some("one\ntwo words\n")).expect("the container runs");
    // A busy loop costs real time for as long as it may run.
    let end = cluster.now() + 5_000;
    for _ in 0..500 {
        if cluster.next_due().is_none_or(|due| due > end) || !cluster.step() {
            break;
        }
    }
    cluster.exec_input(exec, "three\n");
    let end = cluster.now() + 1_000;
    cluster.advance_to(end);
});
