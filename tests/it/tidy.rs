//! Reads the source tree and holds it to the house rules: who may import whom, and what is banned, with the reason.

use std::fs;
use std::path::{Path, PathBuf};

/// Room → the rooms that it may import. The binary's two doors see the library as `podlab::`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("yaml", &["text", "api"]),
    ("schema", &[]),
    ("api", &[]),
    ("manifest", &["text", "yaml", "schema", "api"]),
    ("cluster", &["api", "manifest", "yaml", "schema"]),
    ("kubectl", &["manifest", "cluster", "api", "yaml", "schema", "text"]),
    ("lesson", &["yaml", "manifest", "cluster", "api"]),
    ("session", &["text", "yaml", "schema", "api", "manifest", "cluster", "kubectl", "lesson"]),
    ("share", &["session", "api", "cluster"]),
    ("view", &["session", "lesson", "kubectl", "cluster", "manifest", "api", "schema", "yaml", "text"]),
    ("cli", CORE),
    ("ui", &["session", "view", "share", "text", "yaml", "api", "manifest", "lesson", "kubectl", "cluster"]),
];

/// What runs in a browser and natively.
const CORE: &[&str] = &["text", "yaml", "schema", "api", "manifest", "cluster", "kubectl", "lesson", "session", "share", "view"];

/// Where (room prefixes; empty: everywhere in `src/`), what, why.
const BANS: &[(&[&str], &str, &str)] = &[
    (CORE, "Instant::now", "it panics on wasm and breaks replay"),
    (CORE, "SystemTime", "it panics on wasm and breaks replay"),
    (CORE, "std::fs", "the core does no IO"),
    (CORE, "std::env", "the core does no IO"),
    (CORE, "println!", "the core does no IO"),
    (CORE, "BTree", "its code is there once for each type, which a browser has to fetch: api::order"),
    (CORE, "sort_unstable", "its code is there once for each type, which a browser has to fetch: api::order"),
    (CORE, "sort_by_cached_key", "its code is there once for each type, which a browser has to fetch: api::order"),
    (&["cluster", "session", "kubectl"], "HashMap", "its order differs from run to run"),
    (&["cluster", "session", "kubectl"], "HashSet", "its order differs from run to run"),
    (&[], "thread_rng", "chance comes from cluster::Random alone"),
    (&["cluster"], "Duration::from_secs_f", "virtual time is whole milliseconds"),
    (&[], "todo!(", "unfinished work is named in the README, not left to panic"),
    (&[], "unimplemented!(", "unfinished work is named in the README, not left to panic"),
    (&[], "dbg!(", "left over from debugging"),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        let mut paths: Vec<_> = fs::read_dir(folder).expect("a folder of the source").flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    found
}

/// `src/cluster/kubelet/sync.rs` → `cluster`; `src/main.rs` → `main`.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix("src").expect("a file of src/");
    let first = inside.components().next().expect("a file has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The lines that are code, with their numbers from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The rooms that a line of code names: `crate::api::…`, `podlab::view::…`, `use crate::{api, cluster}`.
fn named_rooms(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for root in ["crate::", "podlab::"] {
        for (at, _) in line.match_indices(root) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '/') {
                continue;
            }
            let rest = &line[at + root.len()..];
            let list = rest.strip_prefix('{').map_or(rest, |inside| inside.split('}').next().unwrap_or(inside));
            let parts: Vec<&str> = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
            for part in parts {
                let name: String = part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                rooms.push(name);
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = room(&path);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == own) else { continue };
        for (number, line) in code(&text) {
            for other in named_rooms(line) {
                let is_room = MAY_IMPORT.iter().any(|(name, _)| *name == other);
                if is_room && other != own && !allowed.contains(&other.as_str()) {
                    wrong.push(format!("{}:{number}: {own} may not import {other}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "docs/architecture.md says who may import whom:\n{}", wrong.join("\n"));
}

#[test]
fn banned_words_stay_out() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = room(&path);
        for (rooms, word, why) in BANS {
            // Where the house's own maps are held to the standard library's.
            let compares = *word == "BTree" && path.ends_with("api/order.rs");
            if !rooms.is_empty() && !rooms.contains(&own.as_str()) || path.ends_with("generate.rs") || compares {
                continue;
            }
            for (number, line) in code(&text).filter(|(_, line)| line.contains(word)) {
                wrong.push(format!("{}:{number}: `{word}` is banned ({why}): {}", path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_its_purpose_first() {
    let silent: Vec<_> = sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "these files lack a first line `//! …` that says what they are for: {silent:?}");
}

#[test]
fn no_file_is_named_after_nothing() {
    let empty_names = ["util", "utils", "helper", "helpers", "misc", "common", "manager"];
    let wrong: Vec<_> = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|p| p.components().any(|c| empty_names.contains(&c.as_os_str().to_string_lossy().trim_end_matches(".rs"))))
        .collect();
    assert!(wrong.is_empty(), "a file is named after its one purpose: {wrong:?}");
}

#[test]
fn a_verb_of_kubectl_is_a_short_file() {
    let verbs = Path::new("src/kubectl/verbs");
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| path.starts_with(verbs))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines >= 200)
        .collect();
    assert!(long.is_empty(), "a verb that grows to 200 lines becomes a folder with a file for each idea: {long:?}");
}

/// The files and folders of this project that a text cites: `tests/data/x` in backquotes.
fn cited(text: &str) -> impl Iterator<Item = &str> {
    let roots = ["src/", "tests/", "docs/", "lessons/", "static/"];
    let is_path = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(move |word| roots.iter().any(|root| word.starts_with(root)) && is_path(word))
}

#[test]
fn what_is_cited_is_there() {
    let mut texts = sources();
    let docs = fs::read_dir("docs").expect("the docs").flatten().map(|entry| entry.path());
    for path in docs.chain(["README.md", "CHANGELOG.md"].map(PathBuf::from)).filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(&path).expect("a document is UTF-8");
        texts.push((path, text));
    }
    let missing: Vec<_> =
        texts.iter().flat_map(|(file, text)| cited(text).filter(|path| !Path::new(path).exists()).map(|path| (file.clone(), path))).collect();
    assert!(missing.is_empty(), "these files cite what is not there: {missing:?}");
    assert_eq!(cited("as `tests/data/x` and `src/a b` say").collect::<Vec<_>>(), ["tests/data/x"]);
}

#[test]
fn the_import_check_sees_what_it_must() {
    assert_eq!(named_rooms("use crate::cluster::log::Log;"), ["cluster"]);
    assert_eq!(named_rooms("use crate::{api, cluster::Cluster};"), ["api", "cluster"]);
    assert_eq!(named_rooms("let x = podlab::view::scene::build(podlab::text::Span::new(0, 1));"), ["view", "text"]);
}
