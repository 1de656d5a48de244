//! Any text → its fixes, applied: each removes the error that it was offered for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podlab::manifest;
use podlab::text::Severity;

fuzz_target!(|text: &str| {
    let before = manifest::check(text);
    for diagnostic in before.diagnostics.iter().filter(|d| d.severity == Severity::Error) {
        for fix in &diagnostic.fixes {
            let repaired = fix.apply(text);
            let after = manifest::check(&repaired);
            let same = |d: &&podlab::text::Diagnostic| {
                d.severity == Severity::Error && (d.document, &d.path, &d.message) == (diagnostic.document, &diagnostic.path, &diagnostic.message)
            };
            assert!(!after.diagnostics.iter().any(|d| same(&d)), "{} does not remove {:?}\n{repaired}", fix.code, diagnostic.message);
        }
    }
});
