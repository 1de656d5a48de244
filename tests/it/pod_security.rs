//! What the labels of a namespace forbid and warn of, in the words of `k8s.io/pod-security-admission` 0.36.3: see `tests/data/pod-security/README.md`.

use std::fs;

use podlab::api::kinds::{DEPLOYMENT, NAMESPACE, POD};
use podlab::api::{Kind, SimTime, Status, Value, json, object};
use podlab::cluster::apiserver::{Key, PatchKind, WriteOptions, Written};
use podlab::cluster::{Cluster, Config};

fn lines(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(format!("tests/data/pod-security/{file}")).expect("the file is part of the source");
    text.lines().map(|line| podlab::yaml::json_value(line).expect("a line is JSON")).collect()
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::new(Config::nodes(1));
    cluster.advance_to(SimTime(10_000));
    cluster
}

fn create(cluster: &mut Cluster, object: Value, dry_run: bool) -> Result<Written, Status> {
    let kind = Kind::find(object::api_version(&object), object::kind(&object)).unwrap_or_else(|| panic!("no kind of the table: {object}"));
    let space = object::namespace(&object).to_owned();
    let options = WriteOptions { dry_run, ..WriteOptions::default() };
    cluster.request(|api, caller| api.create(caller, kind, &space, object, &options))
}

/// A namespace with its service account.
fn make_namespace(cluster: &mut Cluster, name: &str, labels: Value) {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
    let made = create(cluster, object, false);
    assert!(made.is_ok(), "{made:?}");
    cluster.advance_to(cluster.now() + 1_000);
}

/// Sets what stands at a dotted path, where digits index lists; null removes it.
fn put(value: &mut Value, path: &str, new: &Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    if let Value::Array(items) = value {
        let index: usize = first.parse().expect("an index of a list");
        if index == items.len() {
            items.push(json!({}));
        }
        match rest {
            Some(rest) => put(&mut items[index], rest, new),
            None => items[index] = new.clone(),
        }
    } else if let Some(rest) = rest {
        if value.get(first).is_none() {
            object::set(value, first, json!({}));
        }
        put(&mut value[first], rest, new);
    } else if new.is_null() {
        object::remove(value, first);
    } else {
        object::set(value, first, new.clone());
    }
}

fn pod(case: &Value) -> Value {
    let sound = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let mut spec = json!({"containers": [{"name": "a", "image": "pause"}], "initContainers": [{"name": "b", "image": "pause"}]});
    if case["base"] == "restricted" {
        put(&mut spec, "containers.0.securityContext", &sound);
        put(&mut spec, "initContainers.0.securityContext", &sound);
        put(&mut spec, "securityContext", &json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}));
    }
    for (path, value) in case["set"].as_object().expect("what is set in the base") {
        put(&mut spec, path, value);
    }
    let annotations = case.get("annotations").cloned().unwrap_or_else(|| json!({}));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "annotations": annotations}, "spec": spec})
}

/// What is recorded against a Pod at a level of a minor version; `None` where nothing is recorded, nothing where it may be.
fn detail<'a>(case: &'a Value, level: &str, minor: i64) -> Option<&'a str> {
    let answers = object::list_at(case, level);
    answers.iter().rfind(|answer| answer[0].as_i64().is_some_and(|since| since <= minor))?[1].as_str()
}

/// Each Pod at each level of each version: enforced for the Pod, warned of for a Deployment with such a template.
#[test]
fn pods_are_refused_and_templates_warned_of_at_each_level_of_each_version() {
    const NOW: i64 = 36;
    let cases: Vec<(Value, Value)> = lines("pods.jsonl").into_iter().map(|case| (pod(&case), case)).collect();
    let mut cluster = cluster();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (level, minor) in ["baseline", "restricted"].into_iter().flat_map(|level| (0..=NOW + 1).map(move |minor| (level, minor))) {
        let version = if minor > NOW { "latest".to_owned() } else { format!("v1.{minor}") };
        for (mode, verb) in [("enforce", "pods \"p\" is forbidden: violates"), ("warn", "would violate")] {
            let space = format!("{mode}-{level}-{minor}");
            let mut labels = json!({});
            labels[format!("pod-security.kubernetes.io/{mode}").as_str()] = json!(level);
            labels[format!("pod-security.kubernetes.io/{mode}-version").as_str()] = json!(version);
            make_namespace(&mut cluster, &space, labels);
            for (pod, case) in &cases {
                let Some(detail) = detail(case, level, minor) else { continue };
                let recorded = (!detail.is_empty()).then(|| format!("{verb} PodSecurity \"{level}:{version}\": {detail}"));
                let told = if mode == "enforce" {
                    let mut pod = pod.clone();
                    object::set(&mut pod, "metadata.namespace", json!(space));
                    create(&mut cluster, pod, true).err().map(|status| status.into_message())
                } else if case.get("annotations").is_some() {
                    // Only a Pod's annotations become fields.
                    continue;
                } else {
                    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": space}, "spec": {
                        "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod["spec"].clone()}}});
                    let answer = create(&mut cluster, deployment, true);
                    answer.map_or_else(|s| Some(s.into_message()), |w| w.warnings.into_iter().find(|w| w.contains("PodSecurity")))
                };
                count += 1;
                if told != recorded {
                    wrong.push(format!("{space}: {}\n  {told:?}\n  recorded: {recorded:?}", case["set"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 10_000, "{count}");
}

/// What stands for something longer that the first line names.
fn expand(value: &mut Value, stock: &Value) {
    match value {
        Value::String(name) if name.starts_with('$') => {
            *value = stock[name.as_str()].clone();
            expand(value, stock);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| expand(item, stock)),
        Value::Object(map) => map.values_mut().for_each(|item| expand(item, stock)),
        _ => {}
    }
}

#[test]
fn requests_are_answered_as_recorded() {
    let mut cases = lines("requests.jsonl").into_iter();
    let stock = cases.next().expect("the first line names what is used often");
    let mut wrong = Vec::new();
    for mut case in cases {
        expand(&mut case, &stock);
        let mut cluster = cluster();
        let relabel = |cluster: &mut Cluster, patch: &Value| {
            let key = Key::new(NAMESPACE, "", "x");
            cluster.request(|api, caller| api.patch(caller, &key, patch, PatchKind::Merge, &WriteOptions::default()))
        };
        make_namespace(&mut cluster, "x", json!({}));
        for object in object::list_at(&case, "existing").iter().chain(case.get("old")) {
            let made = create(&mut cluster, object.clone(), false);
            assert!(made.is_ok(), "{case}: {made:?}");
        }
        let labelled = relabel(&mut cluster, &json!({"metadata": {"labels": case["labels"].clone()}}));
        assert!(labelled.is_ok(), "{case}: {labelled:?}");
        let answer = match (case.get("object"), case.get("old"), case.get("patch")) {
            (Some(object), ..) => create(&mut cluster, object.clone(), false),
            (None, Some(old), Some(patch)) => {
                let kind = Kind::find(object::api_version(old), object::kind(old)).expect("a kind of the table");
                let key = Key::new(kind, "x", object::name(old));
                let subresource = ["scale", "status", "resize", "ephemeralcontainers"].into_iter().find(|s| case["subresource"] == *s).unwrap_or("");
                let options = WriteOptions { subresource, ..WriteOptions::default() };
                cluster.request(|api, caller| api.patch(caller, &key, patch, PatchKind::Merge, &options))
            }
            (None, None, Some(patch)) => relabel(&mut cluster, patch),
            (None, _, None) => panic!("nothing is asked: {case}"),
        };
        let answer = match answer {
            Ok(written) => json!({"warnings": written.warnings}),
            Err(status) => json!({"code": status.code, "message": status.message}),
        };
        if answer != case["answer"] {
            wrong.push(format!("{}: {}\n  {answer}\n  recorded: {}", case["what"], case["labels"], case["answer"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Controllers are refused as people are, and say so: a set of Pods waits, and its Deployment with it.
#[test]
fn what_a_controller_makes_is_refused_with_an_event() {
    let mut cluster = cluster();
    let labels = json!({"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "privileged"});
    make_namespace(&mut cluster, "x", labels);
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "x"}, "spec": {
        "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
        "spec": {"hostNetwork": true, "containers": [{"name": "c", "image": "nginx"}]}}}});
    let made = create(&mut cluster, deployment, false).expect("a Deployment is no Pod");
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    cluster.advance_to(SimTime(20_000));
    assert_eq!(cluster.api.list(POD, Some("x")).count(), 0);
    let stored = cluster.api.get(DEPLOYMENT, "x", "d").expect("it is there").clone();
    let conditions = object::list_at(&stored, "status.conditions");
    let failure = conditions.iter().find(|c| c["type"] == "ReplicaFailure").expect("the condition of a refusal");
    let message = object::str_at(failure, "message").unwrap_or("");
    assert!(message.starts_with("pods \"d-"), "{message}");
    assert!(message.ends_with("\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)"), "{message}");
}
