//! Which Pods find no node, and in which words: each line of `tests/data/scheduling.jsonl` was recorded from kube-scheduler 1.36.3 with two nodes.

use std::fs;

use podlab::api::{SimTime, Value, object};
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::Terminal;

#[test]
fn pods_wait_for_a_node_in_the_scheduler_s_words() {
    let recorded = fs::read_to_string("tests/data/scheduling.jsonl").expect("the file is part of the source");
    let mut wrong = Vec::new();
    for line in recorded.lines() {
        let case: Value = podlab::yaml::json_value(line).expect("a case is JSON");
        let mut cluster = Cluster::new(Config::nodes(2));
        cluster.advance_to(SimTime(30_000));
        let mut terminal = Terminal::default();
        for command in object::list_at(&case, "setup").iter().filter_map(Value::as_str) {
            terminal.submit(&format!("kubectl {command}"), &mut cluster);
        }
        for one in object::list_at(&case, "objects") {
            terminal.submit(&format!("kubectl create -f - <<'EOF'\n{one}\nEOF"), &mut cluster);
            cluster.advance_to(SimTime(cluster.now().0 + 500));
        }
        cluster.advance_to(SimTime(cluster.now().0 + 1_500));
        let mut list = |what: &str| -> Vec<Value> {
            let before = terminal.output().len();
            terminal.submit(&format!("kubectl get {what} -o json"), &mut cluster);
            let text: String = terminal.output()[before..].iter().skip(1).map(|line| format!("{}\n", line.text)).collect();
            let list: Value = podlab::yaml::json_value(&text).unwrap_or_else(|| panic!("{what} are no JSON: {text}"));
            object::list_at(&list, "items").to_vec()
        };
        let text = |value: &Value, at: &str| object::str_at(value, at).unwrap_or("").to_owned();
        let failed = list("events").into_iter().filter(|event| text(event, "reason") == "FailedScheduling");
        let mut failed: Vec<Value> = failed.map(|e| Value::from(vec![text(&e, "involvedObject.name"), text(&e, "message")])).collect();
        failed.sort_by_key(Value::to_string);
        let pods = list("pods").into_iter().filter(|pod| text(pod, "spec.nodeName").is_empty());
        let mut waiting: Vec<Value> = pods.map(|pod| Value::from(object::name(&pod))).collect();
        waiting.sort_by_key(Value::to_string);
        if (&Value::from(failed.clone()), &Value::from(waiting.clone())) != (&case["failed"], &case["waiting"]) {
            wrong.push(format!("{}: {failed:?}, waiting: {waiting:?}\n  recorded: {}, waiting: {}", case["name"], case["failed"], case["waiting"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
