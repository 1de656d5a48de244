//! How fast controllers make and remove Pods and the scheduler binds them: each line of `tests/data/pace.jsonl` was counted on kube-controller-manager and
//! kube-scheduler 1.36.3 (without kubelets): how many Pods had been made, were going or were bound half a second after the first, a second after it, and
//! so on. (The real scheduler's Pods waited because it was stopped.) `within` is how many Pods off the model is allowed to be: it sets a fixed share of a
//! client's requests aside for events, where a real one's events take what is left.

use podlab::api::kinds::POD;
use podlab::api::object::{i64_at, is_deleting, list_at, str_at};
use podlab::api::{SimTime, Value};
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::Terminal;

#[test]
fn pods_are_made_removed_and_bound_as_fast_as_was_counted() {
    let courses = std::fs::read_to_string("tests/data/pace.jsonl").expect("the file is there");
    for line in courses.lines() {
        let course = podlab::yaml::json_value(line).expect("a course is JSON");
        let wanted: Vec<i64> = list_at(&course, "counts").iter().filter_map(Value::as_i64).collect();
        let seen = play(&course, wanted.len());
        let within = i64_at(&course, "within").expect("a course says how near it is");
        let far = wanted.iter().zip(&seen).any(|(wanted, seen)| (wanted - seen).abs() > within);
        assert!(!far && seen.last() == wanted.last(), "{}: recorded {wanted:?}, here {seen:?}", str_at(&course, "what").unwrap_or(""));
    }
}

fn play(course: &Value, halves: usize) -> Vec<i64> {
    let mut cluster = Cluster::new(Config::nodes(i64_at(course, "nodes").unwrap_or(2) as usize));
    let mut terminal = Terminal::default();
    cluster.advance_to(SimTime::from_secs(30));
    for step in list_at(course, "before") {
        act(step, &mut terminal, &mut cluster);
    }
    let before = count(course, &cluster);
    act(&course["act"], &mut terminal, &mut cluster);
    while count(course, &cluster) == before {
        cluster.advance_to(SimTime(cluster.now().0 + 10));
        assert!(cluster.now() < SimTime::from_secs(600), "nothing happens");
    }
    let first = cluster.now().0;
    let mut seen = Vec::new();
    for half in 1..=halves as u64 {
        cluster.advance_to(SimTime(first + 500 * half));
        seen.push(count(course, &cluster));
    }
    seen
}

fn act(step: &Value, terminal: &mut Terminal, cluster: &mut Cluster) {
    match step {
        Value::String(command) => terminal.submit(&format!("kubectl {command}"), cluster),
        Value::Object(_) => terminal.submit(&format!("kubectl apply -f - <<'EOF'\n{step}\nEOF"), cluster),
        seconds => cluster.advance_to(SimTime(cluster.now().0 + seconds.as_i64().unwrap_or(0) as u64 * 1000)),
    };
}

fn count(course: &Value, cluster: &Cluster) -> i64 {
    let of = |chosen: &dyn Fn(&Value) -> bool| cluster.api.list(POD, Some("default")).filter(|pod| chosen(pod)).count() as i64;
    let staying = of(&|pod| !is_deleting(pod));
    match str_at(course, "of") {
        Some("bound") => of(&|pod| str_at(pod, "spec.nodeName").is_some()),
        // Of all that there were.
        Some("going") => list_at(course, "counts").last().and_then(Value::as_i64).unwrap_or(0) - staying,
        _ => staying,
    }
}
