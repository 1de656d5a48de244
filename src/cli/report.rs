//! What `podlab check` says to a person: each diagnostic with its lines and carets, as compilers show them.

use std::io::IsTerminal as _;
use std::sync::LazyLock;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use podlab::manifest::Checked;
use podlab::text::{Diagnostic, Fix, LineIndex, Severity, Span, floor_boundary};

/// The report of one file. `sentence` says a code in plain words.
pub fn report(
    name: &str,
    text: &str,
    checked: &Checked,
    words: impl Fn(&Diagnostic) -> String,
    sentence: impl Fn(&str, &[String]) -> String,
) -> String {
    static IN_COLOUR: LazyLock<bool> = LazyLock::new(|| std::io::stdout().is_terminal());
    let renderer = if *IN_COLOUR { Renderer::styled() } else { Renderer::plain() };
    let index = LineIndex::new(text);
    let mut out = String::new();
    for diagnostic in &checked.diagnostics {
        let mut title = level(diagnostic).primary_title(words(diagnostic)).element(excerpt(name, text, &index, diagnostic.span));
        if !diagnostic.message.is_empty() {
            title = title.element(Level::NOTE.no_name().message(sentence(diagnostic.code, &diagnostic.args)));
        }
        let mut groups = vec![title];
        groups.extend(diagnostic.fixes.iter().map(|fix| repair(text, fix, sentence(fix.code, &fix.args))));
        out.push_str(&renderer.render(&groups));
        out.push_str("\n\n");
    }
    if checked.exit == 0 {
        for line in checked.stdout.lines() {
            out.push_str(&format!("{name}: {line}\n"));
        }
    }
    out
}

fn level(diagnostic: &Diagnostic) -> Level<'static> {
    match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name("hint"),
    }
}

/// The line in which a span begins, so that megabytes around it cost nothing.
fn excerpt<'t>(name: &'t str, text: &'t str, index: &LineIndex, span: Span) -> Snippet<'t, annotate_snippets::Annotation<'t>> {
    let line = index.line(span.start);
    let from = index.start_of(line).min(text.len());
    let shown = text[from..].lines().next().unwrap_or_default();
    let start = floor_boundary(shown, span.start.saturating_sub(from).min(shown.len()));
    let end = floor_boundary(shown, span.end.saturating_sub(from).min(shown.len())).max(start);
    Snippet::source(shown).path(name).line_start(line + 1).annotation(AnnotationKind::Primary.span(start..end))
}

fn repair<'t>(text: &'t str, fix: &'t Fix, title: String) -> Group<'t> {
    let patches = fix.edits.iter().map(|edit| Patch::new(edit.span.range(), edit.insert.as_str()));
    Level::HELP.secondary_title(title).element(Snippet::source(text).patches(patches))
}
