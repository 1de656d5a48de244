//! The page's head: mark, lessons, examples, files, undo, language, theme, sharing.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::attending::Guide;
use super::desk::summary;
use super::examples::EXAMPLES;
use super::icon::{Icon, draw};
use super::menu::Menu;
use super::message::{DeskWish, LessonWish, Message, Notice, Sharing};
use super::model::{Model, Theme};
use crate::ui::intent::Intent;
use crate::ui::locales::{self as words, Language};

/// The hidden field that the browser asks for a file through.
const UPLOAD: &str = "upload";

pub fn header(model: &Model, on: &Callback<Message>) -> Html {
    let language = model.language;
    let lesson_open = model.guide != Guide::Closed;
    let in_lesson = matches!(model.guide, Guide::Course(_));
    let recent: Vec<String> = model.desk.recent().iter().map(|tab| format!("{} · {}", tab.name, summary(&tab.text))).collect();
    let say = |word| language.say(word);
    let send = |message: Message| on.reform(move |_: MouseEvent| message.clone());
    let item = |label: String, message: Message| html! { <button type="button" role="menuitem" onclick={send(message)}>{ label }</button> };
    let ask = Callback::from(move |_: MouseEvent| {
        let field = gloo::utils::document().get_element_by_id(UPLOAD).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        if let Some(field) = field {
            field.click();
        }
    });
    let chosen = {
        let on = on.clone();
        Callback::from(move |e: Event| {
            let input: HtmlInputElement = e.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                open_file(file, language, on.clone());
            }
            input.set_value("");
        })
    };
    let lesson = if lesson_open { LessonWish::Close } else { LessonWish::List };
    html! {
        <header class="head">
            <h1><span class="mark" aria-hidden="true"></span>{ say(words::APP_NAME) }</h1>
            <button type="button" class={classes!("button", "lessons-button", lesson_open.then_some("on"))} aria-pressed={lesson_open.to_string()} onclick={send(Message::Lesson(lesson))}>{ say(words::LESSONS) }</button>
            <button type="button" class={classes!("button", "playground", (!lesson_open).then_some("on"))} aria-pressed={(!lesson_open).to_string()} onclick={send(Message::Lesson(LessonWish::Close))}>{ say(words::PLAYGROUND) }</button>
            <Menu label={say(words::EXAMPLES)} class="examples">
                { for EXAMPLES.iter().enumerate().map(|(index, example)| item(say(example.title).to_owned(), Message::Desk(DeskWish::Example(index)))) }
            </Menu>
            <Menu label={say(words::FILE)} class="file">
                <button type="button" role="menuitem" onclick={send(Message::Desk(DeskWish::Add))}>{ say(words::FILE_NEW) }</button>
                <button type="button" role="menuitem" onclick={ask}>{ say(words::FILE_UPLOAD) }</button>
                <button type="button" role="menuitem" onclick={send(Message::Desk(DeskWish::Download))}>{ say(words::FILE_DOWNLOAD) }</button>
                <button type="button" role="menuitem" onclick={send(Message::EmptyCluster)}>{ say(words::CLUSTER_EMPTY) }</button>
                <p class="menu-title" role="presentation">{ say(words::RECENT) }</p>
                if recent.is_empty() { <p class="menu-empty" role="presentation">{ say(words::RECENT_NONE) }</p> }
                { for recent.iter().enumerate().map(|(index, title)| item(title.clone(), Message::Desk(DeskWish::BringBack(index)))) }
            </Menu>
            // Outside the menu, which is gone by the time that a file is chosen.
            <input id={UPLOAD} type="file" class="hidden-input" tabindex="-1" aria-hidden="true" accept=".yaml,.yml,.json,.txt,text/plain,application/yaml,application/json" onchange={chosen} />
            <span class="space"></span>
            if model.can_undo() {
                <button type="button" class="button undo" title={say(words::UNDO_HINT)} aria-label={say(words::UNDO)} onclick={send(Message::Wish(Intent::Undo))}>{ "↶" }<span class="word">{ say(words::UNDO) }</span></button>
            }
            <button type="button" class="button language" lang={language.other().code()} aria-label={say(words::LANGUAGE_OTHER_LABEL)} onclick={send(Message::SwitchLanguage)}>{ say(words::LANGUAGE_OTHER) }</button>
            <button type="button" class="button theme" aria-label={say(if model.theme == Theme::Dark { words::THEME_LIGHT } else { words::THEME_DARK })} onclick={send(Message::SwitchTheme)}>
                { draw(if model.theme == Theme::Dark { Icon::Sun } else { Icon::Moon }) }</button>
            <Menu label={say(words::SHARE)} class="share">
                { item(say(words::SHARE_MANIFEST).to_owned(), Message::Share(Sharing::Manifest)) }
                if in_lesson { { item(say(words::SHARE_LESSON).to_owned(), Message::Share(Sharing::Lesson)) } }
                { item(say(words::SHARE_MOMENT).to_owned(), Message::Share(Sharing::Moment)) }
                { item(say(words::SHARE_EMBED).to_owned(), Message::Share(Sharing::Embed)) }
            </Menu>
        </header>
    }
}

/// Longer files are no manifests.
const LARGEST_FILE: f64 = 512.0 * 1024.0;

/// Reads a file that was chosen or dropped, and opens it in the editor.
pub fn open_file(file: web_sys::File, language: Language, on: Callback<Message>) {
    let name = file.name();
    if file.size() > LARGEST_FILE {
        let text = language.fill(words::FILE_TOO_BIG, &[&(LARGEST_FILE as u32 / 1024).to_string()]);
        on.emit(Message::Notice(Notice { text, copy: None }));
        return;
    }
    wasm_bindgen_futures::spawn_local(async move {
        let message = match crate::ui::link::read_file(&file).await {
            // A picture or an archive is no text, whatever a browser makes of it.
            Some(text) if !text.contains('\0') => Message::Desk(DeskWish::Open { name, text }),
            Some(_) | None => Message::Notice(Notice { text: language.say(words::FILE_UNREADABLE).to_owned(), copy: None }),
        };
        on.emit(message);
    });
}
