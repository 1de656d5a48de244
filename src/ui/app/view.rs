//! The page as it is laid out: head, panes, dividers, the phone's tab bar, notices.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::Wires;
use super::attending::Guide;
use super::header::{self, open_file};
use super::icon::{Icon, draw};
use super::layout::{Pane, Size, Splitter};
use super::message::{DeskWish, LayoutWish, LessonWish, Message};
use super::model::Model;
use super::stage;
use crate::ui::editor::{Editor, Jump};
use crate::ui::lessons;
use crate::ui::link;
use crate::ui::locales::{self as words, Language, Word};
use crate::ui::problems::problems;
use crate::ui::terminal::{Completion, Terminal};

pub fn page(model: &Model, jump: Option<Jump>, completion: Option<&Rc<Completion>>, notices: u32, wires: &Wires) -> Html {
    let Wires { on, wish } = wires;
    let language = model.language;
    let has_lesson = model.guide != Guide::Closed;
    let shown = match model.layout.shown {
        Pane::Picture => "show-picture",
        Pane::Manifest => "show-manifest",
        Pane::Timeline => "show-timeline",
        Pane::Terminal => "show-terminal",
        Pane::Lesson if has_lesson => "show-lesson",
        Pane::Lesson => "show-picture",
    };
    let class = classes!(
        "page",
        shown,
        has_lesson.then_some("with-lesson"),
        model.layout.lesson_folded.then_some("lesson-folded"),
        model.embedded.then_some("embed"),
    );
    let resize = on.reform(|(size, to)| Message::Layout(LayoutWish::Resize(size, to)));
    let split = |size: Size, label: Word| html! { <Splitter {size} value={model.layout.size(size)} label={language.say(label)} on_resize={resize.clone()} /> };
    html! {
        <div {class} ondragover={Callback::from(|e: DragEvent| e.prevent_default())} ondrop={dropped(language, on)}>
            <a class="skip" href="#picture" onclick={skip()}>{ language.say(words::SKIP_TO_PICTURE) }</a>
            if model.embedded {
                <header class="embed-head">
                    <h1 class="unseen">{ language.say(words::APP_NAME) }</h1>
                    <a class="button open-whole" href={link::own_address() + "#" + &link::fragment()} target="_blank" rel="noopener">{ language.say(words::EMBED_OPEN) }</a>
                </header>
            } else {
                { header::header(model, on) }
            }
            <main class="panes">
                <div class="left">
                    if has_lesson {
                        { lesson_pane(model, on) }
                        { split(Size::Lesson, words::SPLIT_LESSON) }
                    }
                    { manifest_pane(model, jump, on) }
                </div>
                { split(Size::Manifest, words::SPLIT_MANIFEST) }
                <section class="pane picture-pane" id="picture" aria-label={language.say(words::PICTURE)} tabindex="-1">
                    { stage::picture(model, wish) }
                </section>
                { split(Size::Bottom, words::SPLIT_BOTTOM) }
                <div class="bottom">
                    <section class="pane timeline-pane" aria-label={language.say(words::TIMELINE)}>{ stage::timeline(model, wish) }</section>
                    { split(Size::Timeline, words::SPLIT_TIMELINE) }
                    <section class="pane terminal-pane" aria-label={language.say(words::TERMINAL)}>
                        <Terminal output={model.terminal.clone()} prompt={model.session.terminal().prompt().map(|p| AttrValue::from(p.to_owned()))}
                            completion={completion.cloned()} {language} on={on.clone()} />
                    </section>
                </div>
            </main>
            { tab_bar(model, on) }
            <div class="notices" role="status" aria-live="polite">{ notice(model, notices, on) }</div>
        </div>
    }
}

/// A function of its own, as the first picture comes without a lesson.
#[inline(never)]
fn lesson_pane(model: &Model, on: &Callback<Message>) -> Html {
    let language = model.language;
    let (title, place) = match &model.guide {
        Guide::Course(attending) => {
            let course = &attending.course;
            let place = language.fill(words::LESSON_STEP, &[&(course.step + 1).to_string(), &course.lesson.steps.len().to_string()]);
            (language.of(&course.lesson.title).to_owned(), place)
        }
        Guide::List | Guide::Closed => (language.say(words::LESSONS).to_owned(), String::new()),
    };
    let folded = model.layout.lesson_folded;
    let send = |message: Message| on.reform(move |_: MouseEvent| message.clone());
    html! {
        <section class="pane lesson-pane" aria-label={language.say(words::LESSON)}>
            <div class="bar">
                <h2 class="title" title={title.clone()}>{ title }</h2><span class="quiet">{ place }</span><span class="space"></span>
                <button type="button" class="button small fold" aria-expanded={(!folded).to_string()} aria-label={language.say(words::LESSON_FOLD)}
                    onclick={send(Message::Layout(LayoutWish::FoldLesson(!folded)))}>{ draw(if folded { Icon::Folded } else { Icon::Open }) }</button>
                if matches!(model.guide, Guide::Course(_)) {
                    <button type="button" class="button small" aria-label={language.say(words::LESSON_LIST)} title={language.say(words::LESSON_LIST)} onclick={send(Message::Lesson(LessonWish::List))}>{ draw(Icon::List) }</button>
                }
                <button type="button" class="button small" aria-label={language.say(words::LESSON_CLOSE)} onclick={send(Message::Lesson(LessonWish::Close))}>{ draw(Icon::Close) }</button>
            </div>
            { match &model.guide {
                Guide::Course(attending) => lessons::step(attending, language, on),
                Guide::List | Guide::Closed => lessons::list(&model.lessons, &model.progress, language, on),
            } }
        </section>
    }
}

fn manifest_pane(model: &Model, jump: Option<Jump>, on: &Callback<Message>) -> Html {
    let language = model.language;
    let text = AttrValue::from(model.desk.text().to_owned());
    let count = model.problems();
    let counted = match count {
        0 => String::new(),
        1 => language.say(words::PROBLEMS_COUNT_ONE).to_owned(),
        more => language.fill(words::PROBLEMS_COUNT, &[&more.to_string()]),
    };
    let send = |message: Message| on.reform(move |_: MouseEvent| message.clone());
    let only = model.desk.tabs().len() == 1;
    let tabs = model.desk.tabs().iter().enumerate().map(|(index, tab)| {
        let active = index == model.desk.active();
        html! {
            <span class={classes!("file-tab", active.then_some("on"))} key={index}>
                <button type="button" aria-pressed={active.to_string()} onclick={send(Message::Desk(DeskWish::Select(index)))}>{ &tab.name }</button>
                if !only {
                    <button type="button" class="close" aria-label={language.fill(words::TAB_CLOSE, &[&tab.name])} onclick={send(Message::Desk(DeskWish::Close(index)))}>{ draw(Icon::Close) }</button>
                }
            </span>
        }
    });
    html! {
        <section class="pane manifest-pane" aria-label={language.say(words::MANIFEST)}>
            <div class="bar">
                <div class="file-tabs" role="group" aria-label={language.say(words::MANIFEST)}>{ for tabs }</div>
                <button type="button" class="button small" aria-label={language.say(words::TAB_ADD)} title={language.say(words::TAB_ADD)} onclick={send(Message::Desk(DeskWish::Add))}>{ draw(Icon::Add) }</button>
                <span class="count">{ counted }</span><span class="space"></span>
                <button type="button" class="button primary apply" title={language.say(words::APPLY_HINT)} onclick={send(Message::Apply)}>{ language.say(words::APPLY) }<kbd aria-hidden="true">{ if is_mac() { "⌘↵" } else { "Ctrl ↵" } }</kbd></button>
            </div>
            <Editor {text} tab={model.desk.name().to_owned()} revision={model.revision} checked={model.checked.clone()} marks={model.marks.clone()} {jump} {language} on={on.clone()} />
            { problems(&model.checked, model.desk.text(), language, on) }
        </section>
    }
}

fn tab_bar(model: &Model, on: &Callback<Message>) -> Html {
    let tabs = [
        (Pane::Picture, words::PICTURE, Icon::Picture),
        (Pane::Manifest, words::MANIFEST, Icon::Manifest),
        (Pane::Timeline, words::TIMELINE, Icon::Timeline),
        (Pane::Terminal, words::TERMINAL, Icon::Terminal),
        (Pane::Lesson, words::LESSON, Icon::Lesson),
    ];
    // An embedded page has lessons only where its link opens one.
    let without = model.embedded && model.guide == Guide::Closed;
    let each = tabs.into_iter().filter(|(pane, ..)| *pane != Pane::Lesson || !without).map(|(pane, word, icon)| {
        let on_it = model.layout.shown == pane;
        let message = if pane == Pane::Lesson && model.guide == Guide::Closed { Message::Lesson(LessonWish::List) } else { Message::Layout(LayoutWish::Show(pane)) };
        let problems = pane == Pane::Manifest && model.problems() > 0;
        html! {
            <button type="button" key={pane as usize} class={classes!(on_it.then_some("on"), problems.then_some("alert"))} aria-pressed={on_it.to_string()} onclick={on.reform(move |_: MouseEvent| message.clone())}>
                { draw(icon) }{ model.language.say(word) }</button>
        }
    });
    html! { <nav class="tab-bar" aria-label={model.language.say(words::MORE)}>{ for each }</nav> }
}

fn notice(model: &Model, number: u32, on: &Callback<Message>) -> Html {
    let Some(notice) = &model.notice else { return Html::default() };
    html! {
        <div class={classes!("notice", notice.copy.is_none().then_some("passing"))} key={number}>
            <div>
                <p>{ &notice.text }</p>
                if let Some(copy) = &notice.copy { <textarea readonly={true} rows="3" aria-label={notice.text.clone()} value={copy.clone()} /> }
            </div>
            <button type="button" class="button small" aria-label={model.language.say(words::CLOSE)} onclick={on.reform(|_: MouseEvent| Message::Dismiss)}>{ draw(Icon::Close) }</button>
        </div>
    }
}

/// Moves the focus without touching the address, whose fragment belongs to links.
fn skip() -> Callback<MouseEvent> {
    Callback::from(|e: MouseEvent| {
        e.prevent_default();
        let picture = gloo::utils::document().get_element_by_id("picture").and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(picture) = picture {
            // A picture that is not shown on a phone cannot take the focus.
            picture.focus().unwrap_or_default();
        }
    })
}

fn dropped(language: Language, on: &Callback<Message>) -> Callback<DragEvent> {
    let on = on.clone();
    Callback::from(move |e: DragEvent| {
        if let Some(file) = e.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
            e.prevent_default();
            open_file(file, language, on.clone());
        }
    })
}

/// Which key the learner's keyboard has; only for what a button shows.
fn is_mac() -> bool {
    gloo::utils::window().navigator().user_agent().is_ok_and(|agent| agent.contains("Mac"))
}
