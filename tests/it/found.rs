//! What fuzzing found (`make fuzz`), kept: each text once broke something.

use podlab::cluster::{Cluster, Config};
use podlab::kubectl::Terminal;
use podlab::manifest;
use podlab::text::{Severity, Span};

/// Every place that is spoken of lies on characters of the text, and every repair can be made and removes its error.
fn is_sound(text: &str) {
    let sound = |span: Span| span.start <= span.end && span.end <= text.len() && text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
    for diagnostic in manifest::check(text).diagnostics {
        assert!(sound(diagnostic.span), "{:?} in {} bytes of {text:?}: {}", diagnostic.span, text.len(), diagnostic.message);
        for fix in &diagnostic.fixes {
            assert!(fix.edits.iter().all(|edit| sound(edit.span)), "{fix:?} of {text:?}");
            let after = manifest::check(&fix.apply(text));
            let remains = |d: &podlab::text::Diagnostic| {
                d.severity == Severity::Error && (d.document, &d.path, &d.message) == (diagnostic.document, &diagnostic.path, &diagnostic.message)
            };
            assert!(diagnostic.severity != Severity::Error || !after.diagnostics.iter().any(remains), "{} does not help {text:?}", fix.code);
        }
    }
}

#[test]
fn a_block_scalar_at_the_very_end_stays_inside_the_text() {
    // kubectl's reader ends every line, so the scalar's end may lie behind the text's.
    for text in ["|", "a: >", "a: |\n  ", "a:\n- |+", "? |", "a: |\n  한글\u{85}\n   ", "---\na: |\n---\nb: |"] {
        is_sound(text);
    }
    let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: nginx\n    env:\n      ";
    for value in ["value: |\n  ", "value: |", "value: >-\n\n\n ", "A: one\n      B: |\n        two\n   "] {
        is_sound(&format!("{head}{value}"));
    }
}

#[test]
fn blanks_that_yaml_does_not_know_are_no_indentation() {
    is_sound("-a\u{2028}\n\u{2028}- Cnf:\n\u{fffd}\n\u{fffd}");
    is_sound("a:\n\u{a0}- b:\n  c = d\n\u{2028}e f\n");
}

#[test]
fn a_repair_of_one_document_is_not_offered_for_another() {
    is_sound("apiVersion: v1\nkind: ConfigMap\n---\nn: v1\n///sea\n---\nn: v1\n///service\n");
}

#[test]
fn the_zeroth_argument_has_many_names() {
    let mut cluster = Cluster::new(Config::nodes(1));
    let mut terminal = Terminal::script();
    terminal.submit("[ \"$0\" = \"${0000}\" ] && echo same; echo \"[${0099}]\"", &mut cluster);
    let said: String = terminal.output().iter().map(|line| line.text.as_str()).collect();
    assert!(said.contains("same\n[]\n"), "{said}");
}
