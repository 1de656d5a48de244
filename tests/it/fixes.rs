//! Every fix that is offered for a recorded manifest removes its error and brings none of its own; and nothing panics on the way.

use std::collections::BTreeMap;

use podlab::manifest::{Checked, DocumentVerdict, check, complete, hover};
use podlab::text::{Diagnostic, Severity};

/// The texts of the recorded verdicts.
fn inputs() -> Vec<(String, String)> {
    let mut inputs = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/verdicts");
    for entry in std::fs::read_dir(folder).expect("the recorded verdicts are part of the source").flatten() {
        let lines = std::fs::read_to_string(entry.path()).expect("a file that was just listed");
        for line in lines.lines() {
            let case: podlab::api::Value = podlab::yaml::json_value(line).expect("each line is a case");
            if let (Some(id), Some(input)) = (case["id"].as_str(), case["input"].as_str()) {
                inputs.push((id.to_owned(), input.to_owned()));
            }
        }
    }
    assert!(inputs.len() > 1000, "only {} inputs", inputs.len());
    inputs
}

type Key = (usize, String, String);

fn errors(diagnostics: &[Diagnostic]) -> Vec<Key> {
    diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| (d.document, d.path.clone(), d.message.clone())).collect()
}

#[test]
fn fixes_remove_their_error() {
    let (mut offered, mut refused) = (0, 0);
    let mut without: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (id, text) in inputs() {
        let before = check(&text);
        let old = errors(&before.diagnostics);
        for diagnostic in &before.diagnostics {
            if diagnostic.severity == Severity::Error {
                refused += 1;
                if diagnostic.fixes.is_empty() {
                    *without.entry(diagnostic.code).or_default() += 1;
                }
            }
            for fix in &diagnostic.fixes {
                offered += 1;
                let repaired = fix.apply(&text);
                let after = check(&repaired);
                let this = (diagnostic.document, diagnostic.path.clone(), diagnostic.message.clone());
                let new = errors(&after.diagnostics);
                if diagnostic.severity == Severity::Error {
                    assert!(!new.contains(&this), "{id}: {} does not remove {this:?}\n{repaired}", fix.code);
                }
                let added: Vec<&Key> = new.iter().filter(|e| !old.contains(e) && !was_hidden(diagnostic, &before, &after, e)).collect();
                assert!(added.is_empty(), "{id}: {} adds {added:?}\n{repaired}", fix.code);
            }
        }
    }
    println!("{offered} fixes for {refused} errors; without one: {without:#?}");
    assert!(offered > 300, "only {offered} fixes are offered");
}

/// Whether an error that shows after a repair was always there: the one that is gone had kept kubectl or the server from looking at it.
fn was_hidden(repaired: &Diagnostic, before: &Checked, after: &Checked, (document, path, _): &Key) -> bool {
    if before.stderr.contains("error parsing ") {
        return true;
    }
    if *document != repaired.document {
        return *document > repaired.document && repaired.message.starts_with("error validating ");
    }
    let other_field = !["", "apiVersion", "kind", &repaired.path].contains(&path.as_str());
    let is_identity = ["apiVersion", "kind"].contains(&repaired.path.rsplit('.').next().unwrap_or_default());
    // The object now comes as far as validation, or was given up at its first mistake.
    let validated =
        |checked: &Checked| checked.documents.iter().filter(|d| !matches!(d, DocumentVerdict::Rejected(s) if matches!(s.code, 400 | 404))).count();
    validated(after) > validated(before) || other_field && (is_identity || repaired.code.starts_with("explain-type"))
}

/// A manifest with all that may be wrong in it, then the same with another word for its kind or version: the fix gives back the manifest as it was,
/// whatever else is wrong.
#[test]
fn a_wrong_kind_or_version_is_repaired_whatever_else_is_wrong() {
    let spoilt = [
        ("kind: Pod\n", "kind: pod\n"),
        ("kind: Pod\n", "kind: POD\n"),
        ("kind: Pod\n", "kind: Pods\n"),
        ("kind: Pod\n", "kind: Podd\n"),
        ("kind: Deployment\n", "kind: deployment\n"),
        ("kind: Deployment\n", "kind: deploy\n"),
        ("kind: Service\n", "kind: svc\n"),
        ("kind: ConfigMap\n", "kind: Configmap\n"),
        ("apiVersion: v1\n", "apiVersion: apps/v1\n"),
        ("apiVersion: v1\n", "apiVersion: V1\n"),
        ("apiVersion: apps/v1\n", "apiVersion: v1\n"),
        ("apiVersion: apps/v1\n", "apiVersion: extensions/v1beta1\n"),
        ("apiVersion: v1\n", ""),
        ("apiVersion: v1\nkind: Pod\n", ""),
    ];
    let (mut tried, mut with_others) = ([0; 14], 0);
    for (id, text) in inputs() {
        let here = check(&text);
        // The other documents of a text have their own say in which repair is the best one; of a list nothing tells whose it is.
        let whole = here.source.documents.len() == 1 && !here.stderr.contains("error parsing ") && !text.contains("List");
        let known = ["Pod", "Deployment", "Service", "ConfigMap", "Job", "StatefulSet", "DaemonSet", "Secret", "Namespace"];
        let whole = whole && known.iter().any(|kind| text.contains(&format!("kind: {kind}\n")));
        let identified = here.diagnostics.iter().all(|d| !["", "apiVersion", "kind"].contains(&d.path.as_str()));
        if !whole || !identified {
            continue;
        }
        for (number, (right, wrong)) in spoilt.iter().enumerate() {
            if !text.starts_with(right) && !text.contains(&format!("\n{right}")) || text.matches(right).count() != 1 {
                continue;
            }
            // Without both only a Pod is known by what stands in it.
            let other = text.replacen(right, wrong, 1);
            if wrong.is_empty() && !text.contains("\n  containers:") {
                continue;
            }
            let diagnostics = check(&other).diagnostics;
            let Some(found) = diagnostics.iter().find(|d| ["apiVersion", "kind"].contains(&d.path.as_str())) else { continue };
            let repaired: Vec<String> = found.fixes.iter().map(|f| f.apply(&other)).collect();
            let same = |repaired: &String| check(repaired).stderr == here.stderr;
            assert!(repaired.iter().any(same), "{id}: {wrong:?} is not repaired: {found:?}\n{other}");
            tried[number] += 1;
            with_others += usize::from(!errors(&here.diagnostics).is_empty());
        }
    }
    println!("{tried:?} repaired, {with_others} of them in texts with other errors");
    assert!(tried.iter().all(|count| *count > 0) && with_others > 500, "{tried:?}, {with_others}");
}

#[test]
fn every_code_has_its_sentence() {
    for language in ["en", "ko"] {
        let path = format!("{}/src/ui/locales/explain.{language}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the sentences are part of the source");
        let sentences: BTreeMap<String, String> = serde_yaml::from_str(&text).expect("a flat mapping");
        for (id, text) in inputs() {
            for diagnostic in check(&text).diagnostics {
                let codes = diagnostic.fixes.iter().map(|f| (f.code, f.args.len())).chain([(diagnostic.code, diagnostic.args.len())]);
                for (code, args) in codes {
                    let sentence = sentences.get(code).unwrap_or_else(|| panic!("{id}: {language} lacks {code}"));
                    for number in 0..6 {
                        assert!(!sentence.contains(&format!("{{{number}}}")) || number < args, "{id}: {code} has no argument {number}");
                    }
                }
            }
        }
    }
}

#[test]
fn spans_lie_in_the_text_and_language_services_never_panic() {
    for (id, text) in inputs() {
        for diagnostic in check(&text).diagnostics {
            let inside = diagnostic.span.end <= text.len() && text.get(diagnostic.span.range()).is_some();
            assert!(inside, "{id}: {diagnostic:?}");
        }
        for offset in (0..text.len()).step_by(37) {
            hover(&text, offset);
            complete(&text, offset);
        }
        // Half a text is what an editor holds most of the time.
        let half = podlab::text::floor_boundary(&text, text.len() / 2);
        check(&text[..half]);
    }
}
