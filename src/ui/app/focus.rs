//! Where the focus goes, and what comes into sight, when the page has changed under a person's hands.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::attending::Guide;
use super::message::{DeskWish, LessonWish, Message};
use super::model::Model;
use crate::ui::lessons;

/// What is known of it from one drawing of the page to the next.
#[derive(Default)]
pub struct Focus {
    /// The lesson's step that is on the page.
    step: Option<(String, usize)>,
    /// The tab of the editor that was brought into sight.
    tab: usize,
    /// Where the focus goes when what had it is gone after the last message: a selector, of which the last element is meant.
    stand: &'static str,
    /// What had the focus when a notice came.
    before_notice: Option<Element>,
}

/// Stands for what had the focus before the notice came.
const BEFORE_NOTICE: &str = ".notices";

fn stand_after(message: &Message) -> Option<&'static str> {
    match message {
        Message::Fix { .. } => Some(".problems"),
        Message::Dismiss => Some(BEFORE_NOTICE),
        Message::Desk(DeskWish::Close(_)) => Some(".file-tab.on button:first-child"),
        Message::Lesson(LessonWish::Close) => Some(".lessons-button"),
        Message::Lesson(LessonWish::List) => Some(".lesson-card.next button"),
        Message::Lesson(LessonWish::Answer(_) | LessonWish::Decide(_)) => Some(".answered"),
        Message::Lesson(_) => Some("#step-title"),
        _ => None,
    }
}

impl Focus {
    /// A message is about to change the page.
    pub fn hears(&mut self, message: &Message) {
        self.stand = stand_after(message).unwrap_or(self.stand);
    }

    /// A notice came where none was.
    pub fn sees_notice(&mut self) {
        self.before_notice = gloo::utils::document().active_element();
    }

    /// The page was drawn.
    pub fn follow(&mut self, model: &Model) {
        self.show_step(model);
        self.show_tab(model);
        self.keep();
    }

    /// A new step begins at its top, for the eyes and for the keyboard.
    fn show_step(&mut self, model: &Model) {
        let here = match &model.guide {
            Guide::Course(attending) => Some((attending.course.lesson.id.clone(), attending.course.step)),
            Guide::Closed | Guide::List => None,
        };
        if here == self.step {
            return;
        }
        self.step = here;
        let document = gloo::utils::document();
        if let Some(body) = document.get_element_by_id(lessons::BODY) {
            body.set_scroll_top(0);
        }
        if let Some(title) = document.get_element_by_id(lessons::TITLE).and_then(|title| title.dyn_into::<HtmlElement>().ok()) {
            // A title that is not shown (a folded lesson) cannot take the focus.
            title.focus().unwrap_or_default();
        }
    }

    /// Buttons go with what they were for. Who pressed one by a key stays near it.
    fn keep(&mut self) {
        let document = gloo::utils::document();
        let stand = std::mem::take(&mut self.stand);
        if stand.is_empty() || document.active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        let found = match stand {
            BEFORE_NOTICE => self.before_notice.take().map(Into::into),
            _ => document.query_selector_all(stand).ok().and_then(|all| all.get(all.length().checked_sub(1)?)),
        };
        if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            // On a phone it may not be shown, and then need not have it.
            element.focus().unwrap_or_default();
        }
    }

    /// Of many tabs, or in a narrow pane, the one that was just opened may lie outside its bar.
    fn show_tab(&mut self, model: &Model) {
        let here = model.desk.active();
        if here != std::mem::replace(&mut self.tab, here)
            && let Some(tab) = gloo::utils::document().query_selector(".file-tab.on").ok().flatten()
        {
            tab.scroll_into_view();
        }
    }
}
