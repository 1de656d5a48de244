//! A question to the learner: choices, or a number with its unit.

use podlab::lesson::{Choice, Number, Text};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::ui::locales::{self as words, Language};

pub struct Question<'a> {
    pub heading: &'static str,
    pub question: &'a Text,
    pub choices: &'a [Choice],
    pub number: Option<&'a Number>,
    pub answer: Option<&'a str>,
    /// Whether the reply may be shown already.
    pub revealed: bool,
    pub language: Language,
    pub on_answer: Callback<String>,
}

pub fn ask(asked: &Question) -> Html {
    let language = asked.language;
    let body = match (asked.answer, asked.number) {
        (Some(answer), _) => answered(asked, answer),
        (None, Some(number)) => ask_number(asked, language.of(&number.unit)),
        (None, None) => choices(asked),
    };
    html! {
        <section class="question">
            <h3>{ asked.heading }</h3>
            <div class="prose">{ written(language.of(asked.question)) }</div>
            { body }
        </section>
    }
}

fn choices(props: &Question) -> Html {
    let each = props.choices.iter().map(|choice| {
        let id = choice.id.clone();
        let choose = props.on_answer.reform(move |_: MouseEvent| id.clone());
        html! { <button type="button" class="button choice" key={choice.id.clone()} onclick={choose}>
            <span>{ written(props.language.of(&choice.text)) }</span>
        </button> }
    });
    html! { <div class="choices">{ for each }</div> }
}

fn answered(props: &Question, answer: &str) -> Html {
    let language = props.language;
    let chosen = props.choices.iter().find(|choice| choice.id == answer);
    let (said, reply, right) = match (props.number, chosen) {
        (Some(number), _) => {
            let right = podlab::api::float::read(answer.trim()).is_some_and(|given| (given - number.value).abs() <= number.tolerance);
            let reply = if right { &number.right } else { &number.wrong };
            (Html::from(language.fill(words::LESSON_ANSWERED, &[&format!("{answer} {}", language.of(&number.unit))])), Some(reply), right)
        }
        (None, Some(choice)) => (written(&language.fill(words::LESSON_ANSWERED, &[language.of(&choice.text)])), Some(&choice.reply), choice.right),
        (None, None) => (Html::from(language.fill(words::LESSON_ANSWERED, &[answer])), None, false),
    };
    html! {
        <div class="answered" tabindex="-1">
            <p class="said">{ said }</p>
            if props.revealed {
                if let Some(reply) = reply {
                    <div class={classes!("reply", "prose", if right { "right" } else { "wrong" })} role="status">
                        <span class="sign" aria-hidden="true">{ if right { "✓" } else { "→" } }</span>
                        <div>{ written(language.of(reply)) }</div>
                    </div>
                }
            }
        </div>
    }
}

fn ask_number(asked: &Question, unit: &str) -> Html {
    let on_answer = asked.on_answer.clone();
    let given = Callback::from(move |e: SubmitEvent| {
        e.prevent_default();
        let form: Element = e.target_unchecked_into();
        let field = form.query_selector("input").ok().flatten().and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let value = field.map(|field| field.value().replace(',', ".")).unwrap_or_default();
        // `5.6 s` and `5.6초` are numbers too.
        let value = value.trim().trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned();
        if podlab::api::float::read(&value).is_some() {
            on_answer.emit(value);
        }
    });
    html! {
        <form class="row" onsubmit={given}>
            <input class="number" inputmode="decimal" autocomplete="off" aria-label={asked.language.say(words::LESSON_YOUR_ANSWER)} />
            <span>{ unit }</span>
            <button type="submit" class="button primary small">{ asked.language.say(words::LESSON_ANSWER) }</button>
        </form>
    }
}

/// What a lesson's author wrote, which the build has made into HTML; nothing that a learner typed.
fn written(text: &str) -> Html {
    Html::from_html_unchecked(AttrValue::from(text.to_owned()))
}
