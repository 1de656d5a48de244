//! `tests/data/verdicts/*.jsonl`: manifests with the answers of a real API server and kubectl, each once found to be answered differently here.

use podlab::api::Value;
use podlab::manifest::{Checked, DocumentVerdict, check};

/// A recorded value that the server draws at random; any scalar agrees with it.
const PLACEHOLDERS: [&str; 4] = ["<ip>", "<port>", "<uid>", "<time>"];

fn agrees(recorded: &Value, answered: &Value) -> bool {
    match (recorded, answered) {
        (Value::String(text), Value::String(_) | Value::Number(_)) if PLACEHOLDERS.contains(&text.as_str()) => true,
        (Value::Array(one), Value::Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(a, b)| agrees(a, b)),
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(key, a)| other.get(key).is_some_and(|b| agrees(a, b)))
        }
        _ => recorded == answered,
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a document's answer has that was not recorded so.
fn difference(recorded: &Value, answered: &DocumentVerdict) -> Option<String> {
    let accepted = recorded["accepted"] == Value::Bool(true);
    match answered {
        DocumentVerdict::Accepted(answered) => {
            let (object, warnings) = (answered.object(), &answered.warnings);
            let warned = texts(&recorded["warnings"]) == warnings.iter().map(String::as_str).collect::<Vec<_>>();
            let same = accepted && warned && agrees(&recorded["object"], &object);
            (!same).then(|| format!("accepted: {object}, warnings {warnings:?}"))
        }
        DocumentVerdict::Rejected(status) => {
            let causes = recorded["causes"].as_array().into_iter().flatten();
            let causes: Vec<[&str; 3]> = causes.map(|c| ["field", "reason", "message"].map(|key| c[key].as_str().unwrap_or_default())).collect();
            let told: Vec<[&str; 3]> = status.causes.iter().map(|c| [c.field.as_str(), c.reason.as_str(), c.message.as_str()]).collect();
            let same = !accepted && recorded["message"].as_str() == Some(&status.message) && causes == told;
            (!same).then(|| format!("refused: {}, causes {told:?}", status.message))
        }
    }
}

fn disagreement(case: &Value, checked: &Checked) -> Option<String> {
    if case["exit"].as_i64() != Some(i64::from(checked.exit)) || case["stderr"].as_str() != Some(&checked.stderr) {
        return Some(format!("exit {}, {}", checked.exit, checked.stderr));
    }
    let recorded = case["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
    if recorded.len() != checked.documents.len() {
        return Some(format!("{} documents", checked.documents.len()));
    }
    recorded.iter().zip(&checked.documents).find_map(|(one, other)| difference(one, other))
}

#[test]
fn manifests_are_answered_as_the_server_answered_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/verdicts");
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).expect("the recordings are part of the source").flatten() {
        if entry.path().extension().is_none_or(|end| end != "jsonl") {
            continue;
        }
        let lines = std::fs::read_to_string(entry.path()).expect("a file that was just listed");
        for line in lines.lines() {
            let case: Value = podlab::yaml::json_value(line).expect("each line is a case");
            let Some(input) = case["input"].as_str() else { continue };
            count += 1;
            if let Some(what) = disagreement(&case, &check(input)) {
                wrong.push(format!("{}\n{input}\nrecorded: {}\nanswered: {what}", case["id"], case["stderr"]));
            }
        }
    }
    assert!(count > 50, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} disagree:\n{}", wrong.len(), wrong.join("\n\n"));
}
