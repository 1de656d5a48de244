//! What the picture's components show: scene, timeline and details as plain values, renewed only when something changed.

use podlab::manifest::Checked;
use podlab::session::Session;
use podlab::view::Target;
use yew::prelude::*;

use super::message::Message;
use super::model::Model;
use crate::ui::locales as words;

#[derive(Default)]
pub struct Stage {
    /// Something changed since the last renewal.
    pub stale: bool,
}

impl Stage {
    pub fn renew(&mut self, session: &Session, checked: &Checked, selected: Option<&Target>) {
        let _ = (session, checked, selected);
        self.stale = false;
    }
}

pub fn picture(model: &Model, on: &Callback<Message>) -> Html {
    let _ = on;
    let rows = model.session.cluster().log().len();
    html! { <><div class="bar"><h2 class="title">{ model.language.say(words::PICTURE) }</h2><span class="quiet">{ format!("{} · {rows}", model.session.now()) }</span></div><p class="quiet">{ model.language.say(words::PICTURE_LOADING) }</p></> }
}

pub fn timeline(model: &Model, on: &Callback<Message>) -> Html {
    let _ = on;
    html! { <div class="bar"><h2 class="title">{ model.language.say(words::TIMELINE) }</h2></div> }
}
