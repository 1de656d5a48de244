//! `tests/data/updates.yaml`: what may change of a stored object, and how the server says what may not.

use podlab::api::{Kind, Value, json};
use podlab::manifest::{NewCluster, admit_create, admit_update};

fn stored(base: &str) -> (&'static Kind, Value) {
    let (version, kind, object) = match base {
        "pod" => (
            "v1",
            "Pod",
            json!({"spec": {"activeDeadlineSeconds": 100, "containers": [{"name": "web", "image": "nginx"}], "automountServiceAccountToken": false,
                "tolerations": [{"key": "own", "operator": "Exists", "effect": "NoSchedule"}]}}),
        ),
        "deployment" => (
            "apps/v1",
            "Deployment",
            json!({"spec": {"selector": {"matchLabels": {"app": "d"}}, "template": {"metadata": {"labels": {"app": "d"}},
                "spec": {"containers": [{"name": "a", "image": "nginx"}]}}}}),
        ),
        "service" => ("v1", "Service", json!({"spec": {"clusterIP": "10.96.0.5", "ports": [{"port": 80}]}})),
        "config" => ("v1", "ConfigMap", json!({"immutable": true, "data": {"a": "b"}})),
        "claim" => {
            ("v1", "PersistentVolumeClaim", json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}))
        }
        other => panic!("no base {other}"),
    };
    let kind = Kind::find(version, kind).expect("a kind of the table");
    let mut object = object;
    object["metadata"] = json!({"name": "web"});
    (kind, admit_create(kind, None, object, &NewCluster).expect("a fine object").object)
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    for (key, value) in patch {
        merge(&mut target[key.as_str()], value);
    }
}

#[test]
fn updates_are_refused_in_the_servers_words() {
    let cases = podlab::yaml::parse(include_str!("../data/updates.yaml"), 0).ok().flatten().expect("YAML").to_value();
    let cases = cases.as_array().expect("a list of cases");
    assert!(cases.len() > 10);
    for case in cases {
        let text = |field: &str| case[field].as_str().unwrap_or_default();
        let (kind, old) = stored(text("base"));
        let mut new = old.clone();
        merge(&mut new, &case["patch"]);
        let said = match admit_update(kind, "", &old, new, &NewCluster) {
            Ok(_) => String::new(),
            Err(status) => status.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect::<Vec<_>>().join("; "),
        };
        let (first, hunks) = said.split_once('\n').unwrap_or((&said, ""));
        assert_eq!(first, text("said"), "{}", text("name"));
        if !text("hunks").is_empty() {
            assert_eq!(hunks.trim_end(), text("hunks").trim_end(), "{}", text("name"));
        }
    }
}

#[test]
fn what_is_printed_is_read_back_as_it_was() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/verdicts");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect("the recorded verdicts are part of the source").flatten() {
        for line in std::fs::read_to_string(entry.path()).expect("a file that was just listed").lines() {
            let case: Value = podlab::yaml::json_value(line).expect("each line is a case");
            for document in case["documents"].as_array().into_iter().flatten() {
                let Some(object) = document.get("object") else { continue };
                let printed = podlab::yaml::print(object);
                let read = podlab::manifest::read_documents(&printed, "x.yaml").unwrap_or_else(|error| panic!("{}: {error}\n{printed}", case["id"]));
                assert_eq!(read.len(), 1, "{}", case["id"]);
                assert_eq!(&read[0].value, object, "{}\n{printed}", case["id"]);
                checked += 1;
            }
        }
    }
    assert!(checked > 500, "only {checked} objects");
}
