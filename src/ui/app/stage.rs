//! What the picture's components show: scene, chart, details as plain values, renewed only when something changed; and their two panes.

use std::rc::Rc;

use podlab::manifest::Checked;
use podlab::session::Session;
use podlab::view::{self, Target, inspector::Details, outline::Outline as Told, scene::Scene, timeline::Timeline as Chart};
use yew::prelude::*;

use super::model::Model;
use crate::ui::inspector::Inspector;
use crate::ui::intent::Intent;
use crate::ui::locales as words;
use crate::ui::picture::{Outline, Picture};
use crate::ui::timeline::{Controls, Timeline};

/// The width of the picture's pane before it is measured.
const FIRST_WIDTH: f64 = 960.0;

/// How much of the stage is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Whole,
    /// The picture or the chart, in turn: neither makes a frame late.
    Half,
    /// Nothing now, all with the next frame.
    Later,
}

pub struct Stage {
    /// Something changed since the last renewal.
    pub stale: bool,
    /// Whose turn is next: the chart's.
    chart_next: bool,
    /// It is stale and is to be renewed with the next frame.
    pub waits: bool,
    /// The size of the picture's pane, in CSS pixels.
    pub width: f64,
    pub height: f64,
    scene: Rc<Scene>,
    told: Rc<Told>,
    chart: Rc<Chart>,
    details: Option<Rc<Details>>,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            stale: true,
            chart_next: false,
            waits: false,
            width: FIRST_WIDTH,
            height: 0.0,
            scene: Rc::default(),
            told: Rc::default(),
            chart: Rc::default(),
            details: None,
        }
    }
}

/// Keeps the old value where the new one is equal, so that a component which got it need not look.
fn keep<T: PartialEq>(old: &mut Rc<T>, new: T) {
    if **old != new {
        *old = Rc::new(new);
    }
}

impl Stage {
    /// Stays stale as long as a half of it is.
    pub fn renew(&mut self, renewal: Renewal, session: &Session, checked: &Checked, selected: Option<&Target>) {
        let (picture, chart) = match renewal {
            Renewal::Later => return,
            Renewal::Whole => (true, true),
            Renewal::Half => (!self.chart_next, self.chart_next),
        };
        if chart {
            keep(&mut self.chart, view::timeline::build(session, selected.and_then(pod_of)));
        }
        if picture {
            self.renew_picture(session, checked, selected);
        }
        (self.stale, self.chart_next) = (!(picture && chart), picture);
    }

    fn renew_picture(&mut self, session: &Session, checked: &Checked, selected: Option<&Target>) {
        let drawn = self.width / self.scene.width.max(1.0);
        keep(&mut self.scene, view::scene::build_in(session, checked, self.width, self.height, drawn));
        keep(&mut self.told, view::outline::build(&self.scene));
        self.details = selected.and_then(|target| view::inspector::build(session, target)).map(|new| match self.details.take() {
            Some(old) if *old == new => old,
            _ => Rc::new(new),
        });
    }
}

/// The Pod (`namespace/name`) that a shape belongs to.
fn pod_of(target: &Target) -> Option<&str> {
    match target {
        Target::Pod(pod) | Target::Localhost(pod) | Target::Container { pod, .. } | Target::Volume { pod, .. } => Some(pod),
        Target::Component(_)
        | Target::Node(_)
        | Target::Kubelet(_)
        | Target::Service(_)
        | Target::File { .. }
        | Target::Draft(_)
        | Target::DraftContainer { .. }
        | Target::Network => None,
    }
}

pub fn picture(model: &Model, wish: &Callback<Intent>) -> Html {
    let language = model.language;
    let stage = &model.stage;
    html! {
        <>
            <div class="bar">
                <h2 class="title">{ language.say(words::PICTURE) }</h2>
                if model.catching_up.is_some() { <span class="quiet">{ language.say(words::CATCHING_UP) }</span> }
                <span class="space"></span>
                <Controls now={model.session.now()} playing={model.playing} speed={model.speed} in_past={model.session.is_in_past()}
                    can_undo={model.can_undo()} {language} on={wish.clone()} />
            </div>
            <div class="stage">
                <Picture scene={stage.scene.clone()} {language} selected={model.selected.clone()} pointed={model.pointed.clone()} on={wish.clone()} />
                <Outline outline={stage.told.clone()} {language} selected={model.selected.clone()} on={wish.clone()} />
                if let Some(details) = &stage.details { <Inspector details={details.clone()} {language} on={wish.clone()} /> }
            </div>
        </>
    }
}

pub fn timeline(model: &Model, wish: &Callback<Intent>) -> Html {
    html! { <Timeline timeline={model.stage.chart.clone()} language={model.language} selected={model.selected.clone()} on={wish.clone()} /> }
}
