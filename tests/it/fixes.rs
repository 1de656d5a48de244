//! Every fix that is offered for a recorded manifest removes its error and brings none of its own; and nothing panics on the way.

use std::collections::BTreeMap;

use podlab::manifest::{check, complete, hover};
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
                // New errors may show only where the old one had kept the server from looking that far.
                let hidden = old.len() == 1 && after.documents.iter().any(|_| true) && diagnostic.severity == Severity::Error;
                assert!(hidden || new.iter().all(|e| old.contains(e)), "{id}: {} brings {new:?}\n{repaired}", fix.code);
            }
        }
    }
    println!("{offered} fixes for {refused} errors; without one: {without:#?}");
    assert!(offered > 300, "only {offered} fixes are offered");
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
