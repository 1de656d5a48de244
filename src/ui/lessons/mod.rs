//! The lesson's pane: the list of lessons, and the step that the learner is at.

mod figure;
pub mod progress;
mod question;
mod step;

use podlab::lesson::{Chapter, Entry};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::ui::app::message::{LessonWish, Message};
use crate::ui::locales::{self as words, Language};
use progress::Progress;
pub use step::{BODY, TITLE, step};

pub fn list(chapters: &[Chapter<Entry>], progress: &Progress, language: Language, on: &Callback<Message>) -> Html {
    let load = on.reform(|text| Message::Lesson(LessonWish::ImportProgress(text)));
    let chosen = Callback::from(move |e: Event| {
        let input: HtmlInputElement = e.target_unchecked_into();
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        if let Some(file) = file {
            let load = load.clone();
            wasm_bindgen_futures::spawn_local(async move {
                load.emit(crate::ui::link::read_file(&file).await.unwrap_or_default());
            });
        }
    });
    let next = next(chapters, progress).map(|lesson| &lesson.id);
    let wish = |wish: LessonWish| on.reform(move |_: MouseEvent| Message::Lesson(wish.clone()));
    html! {
        <div class="lesson-body">
            if chapters.is_empty() { <p class="quiet">{ language.say(words::LESSON_NONE) }</p> }
            { for chapters.iter().map(|chapter| html! {
                <section key={chapter.title.en.clone()}>
                    <h3>{ language.of(&chapter.title) }</h3>
                    <ol class="lesson-list">{ for chapter.lessons.iter().map(|lesson| card(lesson, next == Some(&lesson.id), progress, language, on)) }</ol>
                </section>
            }) }
            <div class="row">
                <button type="button" class="button small" onclick={wish(LessonWish::ExportProgress)}>{ language.say(words::LESSON_PROGRESS_EXPORT) }</button>
                <label class="button small file">{ language.say(words::LESSON_PROGRESS_IMPORT) }
                    <input type="file" class="hidden-input" accept=".json,application/json" onchange={chosen} /></label>
            </div>
        </div>
    }
}

/// The lesson to go on with: the first that was begun and not finished, else the first new one behind the last finished one, else
/// the first new one, else the first.
fn next<'a>(chapters: &'a [Chapter<Entry>], progress: &Progress) -> Option<&'a Entry> {
    let lessons: Vec<_> = chapters.iter().flat_map(|chapter| &chapter.lessons).map(|lesson| (lesson, progress.of(&lesson.id))).collect();
    let last = lessons.iter().rposition(|(_, attended)| attended.is_some_and(|a| a.finished));
    let begun = lessons.iter().find(|(_, attended)| attended.is_some_and(|a| !a.finished));
    let new = |from: usize| lessons[from..].iter().find(|(_, attended)| attended.is_none());
    begun.or_else(|| new(last.unwrap_or(0))).or_else(|| new(0)).or(lessons.first()).map(|(lesson, _)| *lesson)
}

fn card(lesson: &Entry, is_next: bool, progress: &Progress, language: Language, on: &Callback<Message>) -> Html {
    let attended = progress.of(&lesson.id);
    let (label, state) = match attended {
        Some(a) if a.finished => (words::LESSON_AGAIN, "finished"),
        Some(_) => (words::LESSON_RESUME, "begun"),
        None => (words::LESSON_START, "new"),
    };
    let id = lesson.id.clone();
    let open = on.reform(move |_: MouseEvent| Message::Lesson(LessonWish::Open(id.clone())));
    let done = attended.map_or(0, |a| a.done.len());
    html! {
        <li key={lesson.id.clone()} class={classes!("lesson-card", state, is_next.then_some("next"))}>
            <h4>{ language.of(&lesson.title) }</h4>
            <p>{ language.of(&lesson.summary) }</p>
            <div class="row">
                <button type="button" class={classes!("button", "small", is_next.then_some("primary"))} onclick={open} aria-label={format!("{}: {}", language.say(label), language.of(&lesson.title))}>{ language.say(label) }</button>
                <span class="quiet">{ language.fill(words::LESSON_MINUTES, &[&lesson.minutes.to_string()]) }</span>
                if done > 0 {
                    <progress class="steps-done" max={lesson.steps.to_string()} value={done.to_string()} aria-label={language.say(words::LESSON_DONE)} />
                }
                if state == "finished" { <span class="tag good">{ "✓ " }{ language.say(words::LESSON_FINISHED) }</span> }
            </div>
        </li>
    }
}
