//! One step of a lesson: predict → do → see → explain.

use std::rc::Rc;

use yew::prelude::*;

use super::figure::Figure;
use super::question::{Question, ask};
use crate::ui::app::attending::Attending;
use crate::ui::app::message::{LessonWish, Message};
use crate::ui::locales::{self as words, Language};

/// The element that takes the focus when a step begins, and the one that scrolls.
pub const TITLE: &str = "step-title";
pub const BODY: &str = "step-body";

pub fn step(attending: &Attending, language: Language, on: &Callback<Message>) -> Html {
    let Some(step) = attending.course.now() else { return Html::default() };
    let done = attending.is_done();
    html! {
        <div class="lesson-body" id={BODY}>
            <h2 id={TITLE} tabindex="-1">{ language.of(&step.title) }</h2>
            <div class="prose">{ Html::from_html_unchecked(AttrValue::from(language.of(&step.body).to_owned())) }</div>
            if let Some(predict) = &step.predict {
                { ask(&Question {
                    heading: language.say(words::LESSON_PREDICT),
                    question: &predict.question,
                    choices: &predict.choices,
                    number: predict.number.as_ref(),
                    answer: attending.course.answer.as_deref(),
                    revealed: done,
                    language,
                    on_answer: on.reform(|answer| Message::Lesson(LessonWish::Answer(answer))),
                }) }
            }
            { goals(attending, language) }
            { hints(attending, language) }
            if done {
                <section class="why" aria-live="polite">
                    <h3>{ language.say(words::LESSON_WHY) }</h3>
                    <div class="prose">{ Html::from_html_unchecked(AttrValue::from(language.of(&step.after).to_owned())) }</div>
                    if let Some(plan) = &step.figure {
                        <Figure key={step.id.clone()} plan={Rc::new(plan.clone())} {language} />
                    }
                </section>
                if let Some(quiz) = &step.quiz {
                    { ask(&Question {
                        heading: language.say(words::LESSON_QUIZ),
                        question: &quiz.question,
                        choices: &quiz.choices,
                        number: None,
                        answer: attending.decided.as_deref(),
                        revealed: true,
                        language,
                        on_answer: on.reform(|answer| Message::Lesson(LessonWish::Decide(answer))),
                    }) }
                }
            }
            { actions(attending, language, on) }
        </div>
    }
}

fn goals(attending: &Attending, language: Language) -> Html {
    let Some(step) = attending.course.now().filter(|step| !step.goals.is_empty()) else { return Html::default() };
    let each = step.goals.iter().zip(&attending.met).enumerate().map(|(index, (need, met))| {
        let (sign, state) = if *met { ("✓", words::LESSON_GOAL_MET) } else { ("", words::LESSON_GOAL_OPEN) };
        html! {
            <li key={index} class={if *met { "met" } else { "open" }}>
                <span class="tick" role="img" aria-label={language.say(state)}>{ sign }</span>
                <span>{ Html::from_html_unchecked(AttrValue::from(format!("<span>{}</span>", language.of(&need.text)))) }</span>
            </li>
        }
    });
    html! {
        <section class="goals" aria-live="polite">
            <h3>{ language.say(words::LESSON_GOALS) }</h3>
            <ul>{ for each }</ul>
        </section>
    }
}

fn hints(attending: &Attending, language: Language) -> Html {
    let Some(step) = attending.course.now() else { return Html::default() };
    let open = step.hints.iter().take(attending.course.hints).enumerate().map(|(index, hint)| {
        html! { <div class="hint prose" key={index}><b>{ language.say(words::LESSON_HINT) }{ format!(" {}", index + 1) }</b>{ Html::from_html_unchecked(AttrValue::from(format!("<div>{}</div>", language.of(hint)))) }</div> }
    });
    html! { <div aria-live="polite">{ for open }</div> }
}

fn actions(attending: &Attending, language: Language, on: &Callback<Message>) -> Html {
    let Some(step) = attending.course.now() else { return Html::default() };
    let done = attending.is_done();
    let last = attending.course.step + 1 == attending.course.lesson.steps.len();
    let left = step.hints.len().saturating_sub(attending.course.hints);
    let wish = |wish: LessonWish| on.reform(move |_: MouseEvent| Message::Lesson(wish.clone()));
    html! {
        <>
            if done && last && (step.quiz.is_none() || attending.decided.is_some()) { <p class="complete" role="status">{ language.say(words::LESSON_COMPLETE) }</p> }
            <div class="row lesson-actions">
                if attending.course.step > 0 {
                    <button type="button" class="button small" onclick={wish(LessonWish::Back)}>{ "← " }{ language.say(words::LESSON_BACK) }</button>
                }
                <button type="button" class={classes!("button", "small", done.then_some("primary"))} disabled={!done}
                    onclick={wish(if last { LessonWish::List } else { LessonWish::Next })}>
                    { language.say(if last { words::LESSON_END } else { words::LESSON_NEXT }) }{ " →" }</button>
            </div>
            <div class="row lesson-help">
                if left > 0 && !done {
                    <button type="button" class="button small" onclick={wish(LessonWish::Hint)}>
                        { if attending.course.hints == 0 { language.say(words::LESSON_HINT).to_owned() } else { language.fill(words::LESSON_HINT_MORE, &[&left.to_string()]) } }</button>
                }
                if !step.solution.is_empty() && !done {
                    <button type="button" class="button small" disabled={!attending.script.is_empty()} onclick={wish(LessonWish::ShowMe)}>
                        { language.say(if attending.script.is_empty() { words::LESSON_SHOW_ME } else { words::LESSON_SHOWING }) }</button>
                }
                <button type="button" class="button small" onclick={wish(LessonWish::Reset)}>{ language.say(words::LESSON_RESET) }</button>
            </div>
        </>
    }
}
