//! The details of the selected shape, with what can be done to it.

mod actions;

use std::rc::Rc;

use podlab::api::SimTime;
use podlab::view;
use podlab::view::inspector::{Details, Event, LogLine, Section};
use podlab::view::saying::Saying;
use podlab::view::scene::Tone;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::intent::Intent;
use super::locales::{self as words, Language};
use super::picture::{mood_badge, say};

#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    pub details: Rc<view::inspector::Details>,
    pub language: Language,
    pub on: Callback<Intent>,
}

#[function_component(Inspector)]
pub fn inspector(props: &InspectorProps) -> Html {
    let InspectorProps { details, language, on } = props;
    let language = *language;
    let close = on.reform(|_: MouseEvent| Intent::Select(None));
    let onkeydown = {
        let on = on.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                on.emit(Intent::Select(None));
            }
        })
    };
    let state = details.state.as_ref().map(|s| say(language, s));
    let aside = use_node_ref();
    use_focus(&aside, details.target.key());
    html! {
        <aside class="inspector" ref={aside} aria-label={language.say(words::INS_LABEL)} {onkeydown}>
            { head(details, language, close) }
            // Another shape's details begin at their top.
            <div key={details.target.key()} class="inspector-body" tabindex="0" role="group" aria-label={language.say(words::INS_DETAILS)}>
                if let Some(state) = state {
                    <p class="meaning">{ state }</p>
                }
                if let Some(alert) = &details.alert {
                    <p class={if alert.bad { "alert is-bad" } else { "alert" }}>{ alert.words.clone() }</p>
                }
                if !details.actions.is_empty() {
                    <actions::Actions actions={details.actions.clone()} {language} on={on.clone()}/>
                }
                { for details.sections.iter().map(|s| section(language, s)) }
                if let Some(log) = &details.log {
                    <h4>{ language.say(words::INS_LOG) }</h4>
                    { log_view(language, log) }
                }
                if !details.events.is_empty() {
                    <h4>{ language.say(words::INS_EVENTS) }</h4>
                    <ul class="events">{ for details.events.iter().map(event) }</ul>
                }
                { links(details, language, on) }
            </div>
        </aside>
    }
}

/// Who chooses a shape by a key goes on in its details, and stands at the shape again when they close.
#[hook]
fn use_focus(aside: &NodeRef, shape: String) {
    let from = use_mut_ref(|| None::<Element>);
    {
        let (aside, from) = (aside.clone(), from.clone());
        use_effect_with(shape, move |_| {
            let active = gloo::utils::document().active_element();
            let by_key = |e: &Element| matches!(e.closest(".picture-svg, .outline"), Ok(Some(_))) && e.matches(":focus-visible").unwrap_or(false);
            if let Some(shape) = active.filter(by_key) {
                *from.borrow_mut() = Some(shape);
            } else if !is_lost() {
                return;
            }
            if from.borrow().is_some() {
                focus(aside.cast::<Element>().and_then(|aside| aside.query_selector(".inspector-body").ok()?));
            }
        });
    }
    use_effect_with((), move |()| {
        move || {
            // What was chosen may be gone by now.
            let shape =
                from.take().map(|shape| if shape.is_connected() { Some(shape) } else { gloo::utils::document().query_selector(SOME_SHAPE).ok()? });
            if let Some(shape) = shape.filter(|_| is_lost()) {
                focus(shape);
            }
        }
    });
}

/// The one shape of the picture that Tab comes to.
const SOME_SHAPE: &str = ".picture-svg [tabindex='0']";

/// Whether the focus is in the details, or was there: their elements come and go.
fn is_lost() -> bool {
    let active = gloo::utils::document().active_element();
    active.is_none_or(|e| e.tag_name() == "BODY" || matches!(e.closest(".inspector"), Ok(Some(_))))
}

fn focus(element: Option<Element>) {
    if let Some(element) = element {
        // Every element of SVG has `focus`, as those of HTML; it fails only for what cannot be seen, which need not have it.
        element.unchecked_into::<HtmlElement>().focus().ok();
    }
}

fn head(details: &Details, language: Language, close: Callback<MouseEvent>) -> Html {
    let name = if details.name.is_empty() { say(language, &details.kind) } else { details.name.clone() };
    html! {
        <header class="inspector-head">
            if let Some(mood) = details.mood {
                { mood_badge(mood) }
            }
            <h3><span class="kind">{ say(language, &details.kind) }</span>{ name }</h3>
            <button type="button" class="close" onclick={close} aria-label={language.say(words::INS_CLOSE)} title={language.say(words::INS_CLOSE)}>{ "×" }</button>
        </header>
    }
}

fn section(language: Language, section: &Section) -> Html {
    html! {
        <>
            if let Some(title) = &section.title {
                <h4>{ say(language, title) }</h4>
            }
            <dl>
                { for section.rows.iter().map(|row| {
                    let tone = row.tone.map(|tone| match tone {
                        Tone::Running => "is-good",
                        Tone::Waiting => "is-waiting",
                        Tone::Failed => "is-bad",
                        Tone::Done | Tone::Draft => "",
                    });
                    html! {
                        <>
                            <dt>{ say(language, &row.label) }</dt>
                            <dd class={classes!(row.code.then_some("mono"), tone)}>{ row.value.clone() }</dd>
                        </>
                    }
                }) }
            </dl>
        </>
    }
}

fn log_view(language: Language, log: &[LogLine]) -> Html {
    if log.is_empty() {
        return html! { <p class="meaning">{ language.say(words::INS_LOG_EMPTY) }</p> };
    }
    html! {
        <div class="logs" tabindex="0" role="log" aria-label={language.say(words::INS_LOG)}>
            { for log.iter().map(|line| html! { <div class={line.stderr.then_some("is-stderr")}>{ line.text.clone() }</div> }) }
        </div>
    }
}

fn event(event: &Event) -> Html {
    let count = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
    html! {
        <li class={event.warning.then_some("is-warning")}>
            <time>{ clock(event.at) }</time>
            <b>{ format!("{}{count}", event.reason) }</b>
            <p>{ event.message.clone() }</p>
        </li>
    }
}

fn clock(at: SimTime) -> String {
    super::timeline::clock(at)
}

fn links(details: &Details, language: Language, on: &Callback<Intent>) -> Html {
    if details.links.is_empty() {
        return Html::default();
    }
    let link = |saying: &Saying, target: &view::Target| {
        let target = target.clone();
        let onclick = on.reform(move |_: MouseEvent| Intent::Select(Some(target.clone())));
        html! { <button type="button" class="act" {onclick}>{ say(language, saying) }</button> }
    };
    html! {
        <>
            <h4>{ language.say(words::INS_LINKS) }</h4>
            <div class="links">{ for details.links.iter().map(|(saying, target)| link(saying, target)) }</div>
        </>
    }
}
