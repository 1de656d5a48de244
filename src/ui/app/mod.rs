//! The app: it owns the model, answers every message, and lays out the panes.

pub mod attending;
pub mod clock;
pub mod desk;
pub mod examples;
mod focus;
pub mod header;
pub mod icon;
pub mod layout;
mod menu;
pub mod message;
pub mod model;
mod sharing;
mod stage;
mod view;

use std::rc::Rc;

use gloo::events::EventListener;
use gloo::render::AnimationFrame;
use gloo::timers::callback::Timeout;
use podlab::manifest::hover;
use podlab::text;
use wasm_bindgen::JsCast;
use yew::prelude::*;

use crate::ui::afterwards;
use crate::ui::editor::{self, Jump};
use crate::ui::intent::Intent;
use crate::ui::lessons::progress::Progress;
use crate::ui::link;
use crate::ui::locales::{self as words, Language};
use crate::ui::terminal::Completion;
use attending::{Awaited, Guide};
use examples::EXAMPLES;
use focus::Focus;
use message::{DeskWish, LayoutWish, LessonWish, Message, Notice, TerminalWish};
use model::{Model, Theme};
use stage::Renewal;

/// How components answer. Made once: with equal wires and equal values a component has nothing to draw again.
pub struct Wires {
    pub on: Callback<Message>,
    pub wish: Callback<Intent>,
}

pub struct App {
    model: Model,
    frame: Option<AnimationFrame>,
    jump: Option<Jump>,
    completion: Option<Rc<Completion>>,
    /// Counts the notices, so that an equal one is read out again.
    notices: u32,
    measure: Option<layout::Measure>,
    focus: Focus,
    wires: Wires,
    _listeners: Vec<EventListener>,
}

impl Component for App {
    type Message = Message;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let root = gloo::utils::document().document_element();
        let chosen = |name: &str| root.as_ref().and_then(|root| root.get_attribute(name)).unwrap_or_default();
        let language = if chosen("lang") == "ko" { Language::Korean } else { Language::English };
        let theme = if chosen("data-theme") == "dark" { Theme::Dark } else { Theme::Light };
        let mut model = Model::open(language, theme, link::is_embedded());
        model.show_choices();
        model.layout.show();
        model.begin(&link::fragment());
        let wires = Wires { on: ctx.link().callback(|message| message), wish: ctx.link().callback(Message::Wish) };
        let mut app = Self {
            model,
            frame: None,
            jump: None,
            completion: None,
            notices: 0,
            measure: None,
            focus: Focus::default(),
            wires,
            _listeners: listeners(ctx),
        };
        app.model.refresh(Renewal::Whole);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        let before_notice = self.model.notice.clone();
        self.focus.hears(&message);
        let is_frame = matches!(message, Message::Frame(_));
        // Diagnostics come first: the picture follows what is typed a frame later.
        let is_typing = matches!(message, Message::Typed(_) | Message::Cursor(_));
        let wanted = self.model.wanted_file().map(str::to_owned);
        let shown = self.answer(ctx, message);
        if self.model.wanted_file() != wanted.as_deref() {
            self.fetch_lessons(ctx);
        }
        self.model.run_waiting();
        self.model.follow_edit();
        self.model.judge();
        if is_typing {
            editor::show_verdict(&self.model.checked, self.model.desk.text(), self.model.language);
        }
        // Diagnostics come first here too: storage is slow, and a frame always follows what is typed.
        if !is_typing {
            self.model.keep();
        }
        if shown {
            self.model.refresh(match (is_typing, is_frame) {
                (true, _) => Renewal::Later,
                (false, true) => Renewal::Half,
                (false, false) => Renewal::Whole,
            });
        }
        if self.model.notice != before_notice {
            self.notices += 1;
            if before_notice.is_none() {
                self.focus.sees_notice();
            }
        }
        self.want_frame(ctx, is_frame);
        shown
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            self.measure =
                layout::measure("picture-view", ctx.link().callback(|(width, height)| Message::Layout(LayoutWish::Measured(width, height))));
            self.want_frame(ctx, true);
            self.fetch_lessons(ctx);
            // After the first moments, which belong to the picture.
            let on = ctx.link().callback(|()| Message::Idle);
            Timeout::new(2500, move || on.emit(())).forget();
        }
        self.focus.follow(&self.model);
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        view::page(&self.model, self.jump, self.completion.as_ref(), self.notices, &self.wires)
    }
}

/// What the page hears from the window.
fn listeners(ctx: &Context<App>) -> Vec<EventListener> {
    let window = gloo::utils::window();
    let listen = |name: &'static str, message: Message| {
        let on = ctx.link().callback(move |()| message.clone());
        EventListener::new(&window, name, move |_| on.emit(()))
    };
    // The details close themselves while the focus is in them; it falls to the page when what held it went away.
    let close = ctx.link().callback(|()| Message::Wish(Intent::Select(None)));
    let escape = EventListener::new(&window, "keydown", move |event| {
        let is_escape = event.dyn_ref::<web_sys::KeyboardEvent>().is_some_and(|e| e.key() == "Escape");
        if is_escape && gloo::utils::document().active_element().is_none_or(|e| e.tag_name() == "BODY") {
            close.emit(());
        }
    });
    vec![listen("pagehide", Message::Leaving), listen("hashchange", Message::AddressChanged), escape]
}

impl App {
    /// Fetches what somebody waits for.
    fn fetch_lessons(&self, ctx: &Context<Self>) {
        if let Some(file) = self.model.wanted_file() {
            let on = ctx.link().callback(Message::Lessons);
            afterwards::want_text(file, move |text| on.emit(text));
        }
    }

    /// Asks for the next frame while something moves.
    fn want_frame(&mut self, ctx: &Context<Self>, last_is_over: bool) {
        if !self.model.is_moving() {
            self.frame = None;
            self.model.clock.stop();
        } else if last_is_over || self.frame.is_none() {
            let on = ctx.link().callback(Message::Frame);
            self.frame = Some(gloo::render::request_animation_frame(move |at| on.emit(at)));
        }
    }

    /// Answers a message; whether the page looks different afterwards.
    fn answer(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        let model = &mut self.model;
        match message {
            Message::Wish(intent) => self.wish(intent),
            Message::Frame(at) => {
                if model.is_running() {
                    let speed = model.speed;
                    let millis = model.clock.frame(at, speed);
                    if millis > 0 || model.catching_up.is_some() {
                        model.advance(millis);
                        model.play_script();
                    }
                }
                // The last frame of a run is always shown.
                return model.is_due(at) || !model.is_running();
            }
            Message::Key => {
                model.key_pressed = true;
                return false;
            }
            Message::Typed(text) => model.typed(text),
            Message::Cursor(at) => {
                let at = text::byte_offset(model.desk.text(), at);
                return model.cursor_at(at);
            }
            Message::Apply => {
                model.apply();
                // On a phone: on to what happens, unless there is something to mend.
                if model.checked.exit == 0 {
                    model.layout.shown = layout::Pane::Picture;
                }
            }
            Message::Fix { diagnostic, fix } => {
                let repaired = model.checked.diagnostics.get(diagnostic).and_then(|d| d.fixes.get(fix)).map(|fix| fix.apply(model.desk.text()));
                if let Some(text) = repaired {
                    model.desk.write(text);
                    model.revision += 1;
                    model.text_changed();
                }
            }
            Message::Jump(span) => self.jump_to(span.start, span.end),
            Message::Desk(wish) => self.desk(wish),
            Message::Terminal(TerminalWish::Line(line)) if line.contains("explain") && !hover::is_described() => {
                let on = ctx.link().callback(Message::Described);
                afterwards::want_descriptions(move || on.emit(line));
                return false;
            }
            Message::Terminal(TerminalWish::Line(line)) | Message::Described(line) => model.run(&line),
            Message::Idle => {
                let on = ctx.link().callback(|()| Message::Descriptions);
                afterwards::want_descriptions(move || on.emit(()));
                return false;
            }
            Message::Descriptions => model.descriptions_came(),
            Message::Lessons(text) => model.file_came(text.as_deref()),
            Message::Terminal(TerminalWish::EndOfInput) => model.end_input(),
            Message::Terminal(TerminalWish::Interrupt) => model.interrupt(),
            Message::Terminal(TerminalWish::Clear) => model.terminal_from = model.session.terminal().output().len(),
            Message::Complete(line) => {
                let (start, candidates) = model.session.terminal().complete(&line, model.session.cluster());
                self.completion = Some(Rc::new(Completion { line, start, candidates }));
            }
            Message::Lesson(wish) => self.lesson(wish),
            Message::Layout(LayoutWish::Show(pane)) => model.layout.shown = pane,
            Message::Layout(LayoutWish::Resize(size, to)) => {
                model.layout.resize(size, to);
                model.layout.show();
            }
            Message::Layout(LayoutWish::Measured(width, height)) => {
                let same = (width - model.stage.width).abs() < 1.0 && (height - model.stage.height).abs() < 1.0;
                // A pane that is not shown has no width.
                if width < 50.0 || same {
                    return false;
                }
                model.layout.show();
                (model.stage.width, model.stage.height) = (width, height);
                model.stage.stale = true;
            }
            Message::Layout(LayoutWish::FoldLesson(folded)) => model.layout.lesson_folded = folded,
            Message::EmptyCluster => model.empty_cluster(),
            Message::SwitchLanguage => model.switch_language(),
            Message::SwitchTheme => model.switch_theme(),
            Message::Share(what) => model.share(what, ctx.link().callback(|message| message)),
            Message::AddressChanged => model.open_link(&link::fragment()),
            Message::Notice(notice) => model.notice = Some(notice),
            Message::Dismiss => model.notice = None,
            Message::Leaving => {
                model.keep();
                model.keep_run();
                // A browser that keeps nothing has already been spoken of.
                model.layout.keep();
                return false;
            }
        }
        true
    }

    /// Puts cursor and focus at a place of the text.
    fn jump_to(&mut self, from: usize, to: usize) {
        let number = self.jump.map_or(0, |jump| jump.number + 1);
        self.jump = Some(Jump { from, to, number });
    }

    fn wish(&mut self, intent: Intent) {
        let model = &mut self.model;
        match intent {
            Intent::Do(input) => {
                model.act(input);
                model.playing = true;
            }
            Intent::Select(target) => {
                model.selected = target.clone();
                model.point(target);
                model.stage.stale = true;
            }
            Intent::Point(target) => model.point(target),
            Intent::OpenShell { namespace, pod, container } => {
                model.layout.shown = layout::Pane::Terminal;
                model.run(&format!("kubectl exec -it -n {namespace} {pod} -c {container} -- sh"));
            }
            Intent::Run(line) => {
                model.layout.shown = layout::Pane::Terminal;
                model.run(&line);
            }
            Intent::Play => model.playing = true,
            Intent::Pause => model.playing = false,
            Intent::Speed(speed) => model.speed = speed.clamp(1, clock::FASTEST),
            Intent::Seek(to) => model.seek(to),
            Intent::NextEvent => model.next_event(),
            Intent::NextRestart => model.next_restart(),
            Intent::Undo => model.undo(),
        }
    }

    fn desk(&mut self, wish: DeskWish) {
        let model = &mut self.model;
        match wish {
            DeskWish::Select(tab) => {
                model.desk.select(tab);
                model.revision += 1;
                model.text_changed();
            }
            DeskWish::Add => {
                model.desk.add();
                model.revision += 1;
                model.text_changed();
                model.layout.shown = layout::Pane::Manifest;
                self.jump_to(0, 0);
            }
            DeskWish::Close(tab) => {
                model.desk.close(tab);
                model.revision += 1;
                model.text_changed();
            }
            DeskWish::Example(index) => {
                if let Some(example) = EXAMPLES.get(index) {
                    model.put_text(&examples::in_language(example.text, model.language));
                }
            }
            DeskWish::BringBack(index) => {
                model.desk.bring_back(index);
                model.revision += 1;
                model.text_changed();
            }
            DeskWish::Open { name, text } => {
                model.put_text(&text);
                model.layout.shown = layout::Pane::Manifest;
                model.say(&model.language.fill(words::FILE_DROPPED, &[&name]));
            }
            DeskWish::Download => {
                if link::download(model.desk.name(), model.desk.text()).is_none() {
                    model.notice =
                        Some(Notice { text: model.language.say(words::FILE_DOWNLOAD).to_owned(), copy: Some(model.desk.text().to_owned()) });
                }
            }
        }
    }

    fn lesson(&mut self, wish: LessonWish) {
        let model = &mut self.model;
        let language = model.language;
        match (wish, &mut model.guide) {
            (LessonWish::List, _) => {
                model.guide = Guide::List;
                model.layout.lesson_folded = false;
                model.layout.shown = layout::Pane::Lesson;
            }
            (LessonWish::Close, _) => {
                (model.guide, model.awaited) = (Guide::Closed, None);
                if model.layout.shown == layout::Pane::Lesson {
                    model.layout.shown = layout::Pane::Picture;
                }
            }
            (LessonWish::Open(id), _) => {
                let step = model.progress.of(&id).filter(|attended| !attended.finished).map_or(0, |attended| attended.step);
                model.open_lesson(Awaited { id, step, keeps_texts: false });
                model.layout.lesson_folded = false;
                model.layout.shown = layout::Pane::Lesson;
            }
            (LessonWish::ExportProgress, _) => {
                if link::download("podlab-progress.json", &model.progress.to_text()).is_none() {
                    model.notice =
                        Some(Notice { text: language.say(words::LESSON_PROGRESS_EXPORT).to_owned(), copy: Some(model.progress.to_text()) });
                }
            }
            (LessonWish::ImportProgress(text), _) => match Progress::read(&text) {
                Some(progress) => {
                    model.progress = progress;
                    model.say(language.say(words::LESSON_PROGRESS_LOADED));
                    if !model.progress.keep() {
                        model.say(language.say(words::STORAGE_FULL));
                    }
                }
                None => model.say(language.say(words::LESSON_PROGRESS_BAD)),
            },
            (LessonWish::Answer(answer), Guide::Course(attending)) => attending.course.answer = Some(answer),
            (LessonWish::Decide(answer), Guide::Course(attending)) => attending.decided = Some(answer),
            (LessonWish::Hint, Guide::Course(attending)) => attending.course.hints += 1,
            (LessonWish::ShowMe, Guide::Course(attending)) => {
                attending.script = attending.course.now().map(|step| step.solution.clone().into()).unwrap_or_default();
                model.playing = true;
                model.play_script();
            }
            (LessonWish::Reset, Guide::Course(attending)) => {
                let (lesson, step) = (attending.course.lesson.clone(), attending.course.step);
                model.begin_step(lesson, step);
            }
            (LessonWish::Next, Guide::Course(attending)) => {
                let (lesson, step) = (attending.course.lesson.clone(), attending.course.step + 1);
                model.begin_step(lesson, step);
            }
            (LessonWish::Back, Guide::Course(attending)) => {
                let (lesson, step) = (attending.course.lesson.clone(), attending.course.step.saturating_sub(1));
                model.begin_step(lesson, step);
            }
            // A button of a step that was closed meanwhile.
            (
                LessonWish::Answer(_)
                | LessonWish::Decide(_)
                | LessonWish::Hint
                | LessonWish::ShowMe
                | LessonWish::Reset
                | LessonWish::Next
                | LessonWish::Back,
                Guide::Closed | Guide::List,
            ) => {}
        }
    }
}
