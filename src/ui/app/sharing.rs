//! Links: what the page puts into one, and what it does with one that was opened.

use podlab::api::SimTime;
use podlab::session::Session;
use podlab::share::{self, LinkError, Moment, Shared};
use yew::Callback;

use super::attending::{Awaited, Guide};
use super::message::{Message, Notice, Sharing};
use super::model::Model;
use crate::ui::link;
use crate::ui::locales as words;
use crate::ui::storage;

impl Model {
    /// Copies a link, and says so once the browser allowed it.
    pub fn share(&mut self, what: Sharing, on: Callback<Message>) {
        let lesson = self.place_in_lesson().filter(|_| what == Sharing::Lesson);
        let moment = (what == Sharing::Moment).then(|| self.moment());
        let fragment = match share::encode(&Shared { manifests: self.desk.for_link(), lesson, moment }) {
            Ok(fragment) => fragment,
            Err(LinkError::TooLong | LinkError::TooMuch | LinkError::Broken | LinkError::Newer) => {
                self.say(self.language.say(words::SHARE_TOO_LONG));
                return;
            }
        };
        let language = self.language;
        let (text, copied) = match what {
            Sharing::Embed => {
                let snippet = format!(
                    r#"<iframe src="{}?embed=1#{fragment}" title="Podlab" width="100%" height="560" loading="lazy"></iframe>"#,
                    link::own_address()
                );
                (snippet, language.say(words::SHARE_COPIED_EMBED).to_owned())
            }
            Sharing::Manifest | Sharing::Lesson | Sharing::Moment => {
                let link = format!("{}#{fragment}", link::own_address());
                let length = link.len().to_string();
                (link, language.fill(words::SHARE_COPIED, &[&length]))
            }
        };
        wasm_bindgen_futures::spawn_local(async move {
            let notice = if link::copy(text.clone()).await {
                Notice { text: copied, copy: None }
            } else {
                Notice { text: language.say(words::SHARE_SHOW).to_owned(), copy: Some(text) }
            };
            on.emit(Message::Notice(notice));
        });
    }

    fn moment(&self) -> Moment {
        let now = self.session.now();
        // What lies ahead of the playhead is no part of this moment.
        let journal = self.session.journal().iter().filter(|timed| timed.at <= now).cloned().collect();
        Moment { config: self.session.config().clone(), journal, at: now }
    }

    fn place_in_lesson(&self) -> Option<(String, usize)> {
        match &self.guide {
            Guide::Course(attending) => Some((attending.course.lesson.id.clone(), attending.course.step)),
            Guide::Closed | Guide::List => self.awaited.as_ref().map(|wanted| (wanted.id.clone(), wanted.step)),
        }
    }

    /// Keeps the lesson's step, or else the run, for the case that the page is only being reloaded.
    pub fn keep_run(&self) {
        let lesson = self.place_in_lesson();
        let moment = lesson.is_none().then(|| self.moment());
        // A run too long for a link begins anew; its text is kept in any case.
        if let Ok(kept) = share::encode(&Shared { manifests: Vec::new(), lesson, moment }) {
            let playing = if self.playing { "+" } else { "-" };
            storage::keep_run(&format!("{playing}{kept}"));
        }
    }

    /// Goes on with what this tab was at; whether there was anything.
    pub fn resume(&mut self) -> bool {
        let Some(kept) = storage::take_run() else { return false };
        let Some((playing, fragment)) = kept.split_at_checked(1) else { return false };
        let Ok(Shared { lesson, moment, .. }) = share::decode(fragment) else { return false };
        let (found_lesson, found_moment) = (lesson.is_some(), moment.is_some());
        if let Some((id, step)) = lesson {
            // The step would put its own manifest there; the learner has gone on from it.
            self.open_lesson(Awaited { id, step, keeps_texts: true });
        }
        if let Some(Moment { config, journal, at }) = moment {
            self.session = Session::replay(config, journal, SimTime::ZERO);
            self.catching_up = Some(at);
            self.plays_on = playing == "+";
            self.playing = false;
        }
        found_lesson || found_moment
    }

    /// Opens what a link's fragment holds; a bad one leaves everything as it is and says why.
    pub fn open_link(&mut self, fragment: &str) {
        if fragment.is_empty() {
            return;
        }
        let opened = share::decode(fragment);
        // A reload is to show the learner's own text, not the link's again. An embedded page keeps no text, so it keeps its link.
        if !self.embedded {
            link::forget_fragment();
        }
        match opened {
            Ok(shared) => self.take(shared),
            Err(error) => {
                let word = match error {
                    LinkError::Broken => words::LINK_BROKEN,
                    LinkError::Newer => words::LINK_NEWER,
                    LinkError::TooLong => words::LINK_TOO_BIG,
                    LinkError::TooMuch => words::LINK_HOSTILE,
                };
                self.say(self.language.say(word));
            }
        }
    }

    fn take(&mut self, shared: Shared) {
        let Shared { manifests, lesson, moment } = shared;
        let (in_lesson, keeps_texts) = (lesson.is_some(), !manifests.is_empty());
        if keeps_texts {
            self.desk.open_all(manifests);
            self.revision += 1;
            self.text_changed();
        }
        if let Some((id, step)) = lesson {
            self.open_lesson(Awaited { id, step, keeps_texts });
        }
        if let Some(Moment { config, journal, at }) = moment {
            (self.guide, self.awaited) = (Guide::Closed, None);
            self.session = Session::replay(config, journal, SimTime::ZERO);
            self.catching_up = Some(at);
            (self.plays_on, self.playing) = (false, false);
        } else if !in_lesson {
            self.session = Session::new(podlab::cluster::Config::nodes(super::model::NODES));
            if self.checked.exit == 0 {
                self.apply();
            }
        }
        self.terminal_from = 0;
        self.selected = None;
        self.stage.stale = true;
        if !self.embedded {
            self.say(self.language.say(words::LINK_OPENED));
        }
    }
}
