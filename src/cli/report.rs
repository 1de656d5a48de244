//! What `podlab check` says to a person: each diagnostic with its lines and carets, as compilers show them.

use std::io::IsTerminal as _;
use std::ops::Range;
use std::sync::LazyLock;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use podlab::manifest::Checked;
use podlab::text::{Diagnostic, Fix, LineIndex, Severity, Span, floor_boundary};

use super::check::severity;

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
        let (title, place) = (words(diagnostic), Place::of(text, &index, diagnostic.span));
        let note = (!diagnostic.message.is_empty()).then(|| sentence(diagnostic.code, &diagnostic.args));
        if !*IN_COLOUR && diagnostic.fixes.is_empty() && is_simple(name, &title, &place, note.as_deref()) {
            simple(&mut out, name, diagnostic, &title, &place, note.as_deref());
            continue;
        }
        let repairs = diagnostic.fixes.iter().map(|fix| repair(text, fix, sentence(fix.code, &fix.args)));
        out.push_str(&rendered(&renderer, name, diagnostic, title, &place, note, repairs));
    }
    if checked.exit == 0 {
        for line in checked.stdout.lines() {
            out.push_str(&format!("{name}: {line}\n"));
        }
    }
    out
}

fn rendered<'t>(
    renderer: &Renderer,
    name: &'t str,
    diagnostic: &Diagnostic,
    title: String,
    place: &Place<'t>,
    note: Option<String>,
    repairs: impl Iterator<Item = Group<'t>>,
) -> String {
    let mut first = level(diagnostic).primary_title(title).element(place.snippet(name));
    if let Some(note) = note {
        first = first.element(Level::NOTE.no_name().message(note));
    }
    let groups: Vec<_> = std::iter::once(first).chain(repairs).collect();
    renderer.render(&groups) + "\n\n"
}

fn level(diagnostic: &Diagnostic) -> Level<'static> {
    match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name("hint"),
    }
}

/// The line in which a span begins, so that megabytes around it cost nothing.
struct Place<'t> {
    /// From 1.
    number: usize,
    line: &'t str,
    marked: Range<usize>,
}

impl<'t> Place<'t> {
    fn of(text: &'t str, index: &LineIndex, span: Span) -> Self {
        let number = index.line(span.start);
        let from = index.start_of(number).min(text.len());
        let line = text[from..].lines().next().unwrap_or_default();
        let start = floor_boundary(line, span.start.saturating_sub(from).min(line.len()));
        let end = floor_boundary(line, span.end.saturating_sub(from).min(line.len())).max(start);
        Self { number: number + 1, line, marked: start..end }
    }

    fn snippet(&self, name: &'t str) -> Snippet<'t, Annotation<'t>> {
        let mark = AnnotationKind::Primary.span(self.marked.clone());
        Snippet::source(self.line).path(name).line_start(self.number).annotation(mark)
    }
}

/// Whether there is a mark, in a line that needs neither cutting nor replacing of characters.
fn is_simple(name: &str, title: &str, place: &Place<'_>, note: Option<&str>) -> bool {
    let is_plain = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    !place.marked.is_empty() && place.line.len() <= 100 && [place.line, name, title, note.unwrap_or_default()].into_iter().all(is_plain)
}

/// What the renderer would write of one simple place. It keeps each character apart with its style, which for most diagnostics cost more than
/// the verdict itself.
fn simple(out: &mut String, name: &str, diagnostic: &Diagnostic, title: &str, place: &Place<'_>, note: Option<&str>) {
    let Place { number, line, marked } = place;
    let severity = severity(diagnostic);
    let margin = " ".repeat(number.to_string().len());
    let mark = " ".repeat(marked.start) + &"^".repeat(marked.len());
    let column = marked.start + 1;
    out.push_str(&format!("{severity}: {title}\n{margin}--> {name}:{number}:{column}\n{margin} |\n{number} | {line}\n{margin} | {mark}\n"));
    if let Some(note) = note {
        out.push_str(&format!("{margin} |\n{margin} = {note}\n"));
    }
    out.push('\n');
}

fn repair<'t>(text: &'t str, fix: &'t Fix, title: String) -> Group<'t> {
    let patches = fix.edits.iter().map(|edit| {
        let (span, insert) = (edit.span.range(), edit.insert.as_str());
        match (text.strip_suffix('\n'), insert.strip_suffix('\n')) {
            // Lines behind the last one are shown as such only where they begin at its end.
            (Some(before), Some(lines)) if span.start == text.len() => Patch::new(before.len()..before.len(), format!("\n{lines}")),
            _ => Patch::new(span, insert),
        }
    });
    Level::HELP.secondary_title(title).element(Snippet::source(text).patches(patches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simple_report_is_what_the_renderer_writes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/verdicts");
        let renderer = Renderer::plain();
        let (mut seen, mut files) = (0, 0);
        for file in std::fs::read_dir(folder).expect("the recorded cases are there") {
            let cases = std::fs::read_to_string(file.expect("an entry").path()).expect("text");
            files += 1;
            for case in cases.lines() {
                let case = podlab::yaml::json_value(case).expect("JSON");
                let Some(text) = case["input"].as_str() else { continue };
                let index = LineIndex::new(text);
                for diagnostic in &podlab::manifest::check(text).diagnostics {
                    let (title, place, note) = (diagnostic.message.clone(), Place::of(text, &index, diagnostic.span), diagnostic.code.to_owned());
                    if is_simple("pod.yaml", &title, &place, Some(&note)) {
                        let mut own = String::new();
                        simple(&mut own, "pod.yaml", diagnostic, &title, &place, Some(&note));
                        assert_eq!(own, rendered(&renderer, "pod.yaml", diagnostic, title, &place, Some(note), std::iter::empty()), "{text}");
                        seen += 1;
                    }
                }
            }
        }
        assert!(files > 5 && seen > 1000, "{seen} simple reports in {files} files");
    }
}
