//! The list of problems under the editor: the server's exact words, a plain sentence, a jump to the place and a repair where one is certain.

use podlab::manifest::Checked;
use podlab::text::{Diagnostic, Fix, LineIndex, Severity};
use yew::prelude::*;

use crate::ui::app::message::Message;
use crate::ui::locales::{self as words, Language, fill_in};

/// The server's words as its error message writes them: the path, then what is wrong with it (`Required value`). What kubectl says of a
/// whole file or document (`error validating …`, `unknown field …`) has no path before it. Empty for a hint of ours.
pub fn exact_words(diagnostic: &Diagnostic) -> String {
    match (diagnostic.path.as_str(), diagnostic.message.as_str()) {
        (_, "") => String::new(),
        ("", message) => message.to_owned(),
        (_, message) if diagnostic.severity == Severity::Error && message.starts_with(|c: char| c.is_ascii_lowercase()) => message.to_owned(),
        (path, message) => format!("{path}: {message}"),
    }
}

/// The plain sentence of a diagnostic in the learner's language.
pub fn explanation(diagnostic: &Diagnostic, language: Language) -> Option<String> {
    let args: Vec<&str> = diagnostic.args.iter().map(|arg| in_words(arg, diagnostic.code, language)).collect();
    language.find(diagnostic.code).map(|sentence| fill_in(sentence, &args))
}

/// What a value is, which the core says in the decoder's words, in the learner's.
fn in_words<'a>(arg: &'a str, code: &str, language: Language) -> &'a str {
    let word = match arg {
        "(root)" => words::TYPE_ROOT,
        _ if !code.starts_with("explain-type") => return arg,
        "true/false" => words::TYPE_BOOL,
        "list" => words::TYPE_LIST,
        "mapping" => words::TYPE_MAPPING,
        "number" => words::TYPE_NUMBER,
        "string" => words::TYPE_STRING,
        _ => return arg,
    };
    language.say(word)
}

pub fn fix_title(fix: &Fix, language: Language) -> String {
    language.find(fix.code).map_or_else(|| fix.code.to_owned(), |title| fill_in(title, &fix.args))
}

pub fn problems(checked: &Checked, text: &str, language: Language, on: &Callback<Message>) -> Html {
    let label = language.say(words::PROBLEMS);
    if text.trim().is_empty() {
        return html! { <section class="problems quiet" aria-label={label} tabindex="-1">{ language.say(words::PROBLEMS_EMPTY) }</section> };
    }
    if checked.diagnostics.is_empty() {
        return html! {
            <section class="problems quiet good" aria-label={label} tabindex="-1"><span class="sign" aria-hidden="true">{ "✓" }</span><span>{ language.say(words::PROBLEMS_NONE) }</span><kbd class="leave" aria-hidden="true">{ language.say(words::EDITOR_LEAVE) }</kbd></section>
        };
    }
    let lines = LineIndex::new(text);
    let rows = checked.diagnostics.iter().enumerate().map(|(index, diagnostic)| row(index, diagnostic, text, &lines, language, on));
    html! { <section class="problems" aria-label={label} tabindex="0"><ul>{ for rows }</ul></section> }
}

fn row(index: usize, diagnostic: &Diagnostic, text: &str, lines: &LineIndex, language: Language, on: &Callback<Message>) -> Html {
    let (line, column) = lines.line_column(text, diagnostic.span.start);
    let (line, column) = ((line + 1).to_string(), (column + 1).to_string());
    let (class, sign, name) = match diagnostic.severity {
        Severity::Error => ("error", "✕", words::SEVERITY_ERROR),
        Severity::Warning => ("warning", "!", words::SEVERITY_WARNING),
        Severity::Hint => ("hint", "i", words::SEVERITY_HINT),
    };
    let span = diagnostic.span;
    let jump = on.reform(move |_: MouseEvent| Message::Jump(span));
    let fixes = diagnostic.fixes.iter().enumerate().map(|(fix, repair)| {
        let repaired = on.reform(move |_: MouseEvent| Message::Fix { diagnostic: index, fix });
        html! { <button type="button" class="button small" onclick={repaired}>{ fix_title(repair, language) }</button> }
    });
    let exact = exact_words(diagnostic);
    html! {
        <li class={classes!("problem", class)} key={index}>
            <span class="sign" role="img" aria-label={language.say(name)}>{ sign }</span>
            <div>
                <button type="button" class="place" onclick={jump} aria-label={language.fill(words::PROBLEM_JUMP, &[&line])}
                    title={language.fill(words::PROBLEM_AT, &[&line, &column])}>{ format!("{line}:{column}") }</button>
                if !exact.is_empty() { <code translate="no">{ exact }</code> }
                if let Some(plain) = explanation(diagnostic, language) { <p>{ plain }</p> }
                { for fixes }
            </div>
        </li>
    }
}
