//! Pods through time: each `tests/data/cluster/NAME.yaml` is applied, and what a watch sees of its rows and Events stands in `NAME.txt`.

use std::fmt::Write as _;
use std::fs;

use podlab::api::kinds::{EVENT, POD};
use podlab::api::object::str_at;
use podlab::api::{Kind, SimTime};
use podlab::cluster::apiserver::WriteOptions;
use podlab::cluster::{Cluster, Config};
use podlab::kubectl::pod_row::pod_row;
use podlab::manifest::read_documents;

/// When the documents are applied: the cluster's own beginnings are over.
const BEGIN: SimTime = SimTime(10_000);

#[test]
fn pods_live_as_recorded() {
    let mut wrong = Vec::new();
    let mut files: Vec<_> = fs::read_dir("tests/data/cluster").expect("the folder is part of the source").flatten().map(|e| e.path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "yaml")) {
        let told = tell(&fs::read_to_string(file).expect("a manifest is UTF-8"));
        let expected = file.with_extension("txt");
        if std::env::var_os("PODLAB_UPDATE").is_some() {
            fs::write(&expected, &told).expect("the folder is part of the source");
        }
        if fs::read_to_string(&expected).unwrap_or_default() != told {
            wrong.push(format!("{}:\n{told}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "behaviour changed; if on purpose: PODLAB_UPDATE=1 make unit\n{}", wrong.join("\n"));
}

/// Times in tenths of a second, so that a millisecond more or less is no news.
fn tell(text: &str) -> String {
    let seconds: u64 = text.lines().next().and_then(|l| l.strip_prefix("# until ")?.parse().ok()).expect("the first line says until when");
    let mut cluster = Cluster::new(Config::nodes(1));
    cluster.advance_to(BEGIN);
    let before = cluster.api.resource_version();
    for document in read_documents(text, "pod.yaml").expect("a good manifest") {
        let value = document.value;
        let kind = Kind::find(str_at(&value, "apiVersion").unwrap_or(""), str_at(&value, "kind").unwrap_or("")).expect("a known kind");
        let made = cluster.request(|api, caller| api.create(caller, kind, "default", value, &WriteOptions::default()));
        assert!(made.is_ok(), "{made:?}");
    }
    cluster.advance_to(BEGIN + seconds * 1000);
    let (mut out, mut last) = (String::new(), String::new());
    for change in cluster.api.changes_since(before) {
        let tenths = change.at.since(BEGIN) / 100;
        let at = format!("{:>3}.{}", tenths / 10, tenths % 10);
        if change.key.kind == POD {
            let row = pod_row(&change.object);
            let row = format!("{}  {}  {}", row.ready, row.status, row.restarts);
            if row != last {
                writeln!(out, "{at}  {row}").expect("a String takes everything");
                last = row;
            }
        } else if change.key.kind == EVENT && str_at(&change.object, "source.component") == Some("kubelet") {
            let (reason, count) = (str_at(&change.object, "reason").unwrap_or(""), &change.object["count"]);
            writeln!(out, "{at}      {reason} x{count}").expect("a String takes everything");
        }
    }
    out
}

/// `docs/what-the-simulation-does-not-do.md` tells the same in one place.
#[test]
fn every_component_names_what_it_models_and_where_it_deviates() {
    for component in ["apiserver", "controllers", "images", "kubelet", "network", "runtime", "scheduler"] {
        let file = format!("src/cluster/{component}/mod.rs");
        let text = fs::read_to_string(&file).expect("a component's room has this file");
        let words: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(words.contains("odels ") || words.contains("stands for "), "{file} does not name what it models");
        assert!(words.contains("eviation"), "{file} does not say where it deviates");
    }
    let mut silent = Vec::new();
    for room in ["controllers", "scheduler", "apiserver"] {
        for file in fs::read_dir(format!("src/cluster/{room}")).expect("a room").flatten().map(|e| e.path()) {
            // A folder says it in its own `mod.rs`.
            let file = if file.is_dir() { file.join("mod.rs") } else { file };
            let text = fs::read_to_string(&file).expect("a source file is UTF-8");
            let words: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            if !words.contains("odels ") && !words.contains("RFC ") {
                silent.push(file);
            }
        }
    }
    // What the rest of a component shares, or says in its own words, stands in its `mod.rs`.
    silent.retain(|file| !file.ends_with("refusal.rs"));
    assert!(silent.is_empty(), "these do not name the upstream code that they model: {silent:?}");
}
