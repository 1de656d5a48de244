//! The app's one owner of state: the run, the texts, what is selected, how the page looks. Messages come in, components read it.

use std::collections::VecDeque;
use std::rc::Rc;

use podlab::api::SimTime;
use podlab::cluster::Config;
use podlab::kubectl::{Output, PROMPT};
use podlab::lesson::{Chapter, Entry, Lesson};
use podlab::manifest::{self, Checked};
use podlab::session::{Input, Session, Timed};
use podlab::text::{LineIndex, Severity};
use podlab::view::{self, Target};

use super::attending::{Awaited, Guide};
use super::clock::Clock;
use super::desk::Desk;
use super::examples;
use super::layout::{Layout, Pane};
use super::message::Notice;
use super::stage::{Renewal, Stage};
use crate::ui::lessons::progress::Progress;
use crate::ui::locales::Language;
use crate::ui::storage;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub fn code(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }
}

pub struct Model {
    pub session: Session,
    /// The run before the cluster was emptied, to be brought back.
    pub(super) emptied: Option<Box<Session>>,
    pub desk: Desk,
    /// Counts the texts that the model itself put into the editor; typing does not count.
    pub revision: u32,
    pub checked: Rc<Checked>,
    /// Whose drafts the picture shows: the same, but while a key is half typed and the text cannot be read, the one before.
    drafts: Rc<Checked>,
    pub selected: Option<Target>,
    pub pointed: Option<Target>,
    /// Lines to light up in the editor: half-open ranges, from 0.
    pub marks: Rc<[(usize, usize)]>,
    pub language: Language,
    pub theme: Theme,
    pub layout: Layout,
    pub speed: u32,
    pub playing: bool,
    pub clock: Clock,
    /// A moment that a link asked for and that is still being replayed.
    pub catching_up: Option<SimTime>,
    /// Whether it plays on from there.
    pub plays_on: bool,
    pub guide: Guide,
    /// The list of lessons: empty until it has come.
    pub lessons: Rc<Vec<Chapter<Entry>>>,
    /// Those that have come.
    pub opened: Vec<Lesson>,
    /// The step that is to be opened when its lesson has come.
    pub awaited: Option<Awaited>,
    pub progress: Progress,
    pub notice: Option<Notice>,
    pub stage: Stage,
    pub terminal: Rc<Vec<Output>>,
    /// How much of the terminal's output was cleared away by the learner.
    pub terminal_from: usize,
    pub embedded: bool,
    storage_warned: bool,
    /// A text changed and is not in the browser's storage yet.
    unkept: bool,
    /// The tab that a `kubectl edit` waits for.
    edited: Option<(String, String)>,
    typed_ahead: VecDeque<String>,
    /// What was there when goals were last judged.
    pub(super) judged: (usize, usize, usize),
    shown_at: f64,
    /// A key went down in the terminal since the last frame.
    pub key_pressed: bool,
    keyed_at: f64,
}

/// The playground's cluster.
pub const NODES: usize = 2;
/// How far the first visit's example has run when the page opens.
const HEAD_START: SimTime = SimTime(9_000);
/// How much virtual time passes in one go before the clock on the wall is looked at, and how long a frame may take.
const SLICE_MS: u64 = 500;
const FRAME_BUDGET_MS: f64 = 6.0;
const CATCH_UP_BUDGET_MS: f64 = 14.0;
/// How often the picture and the chart are drawn in turn, and how often while someone types in the terminal.
const SHOW_EVERY_MS: f64 = 45.0;
const SHOW_EVERY_WHILE_TYPING_MS: f64 = 150.0;
const STILL_TYPING_MS: f64 = 400.0;

impl Model {
    /// The page as it opens: what was kept, or the running example.
    pub fn open(language: Language, theme: Theme, embedded: bool) -> Self {
        let desk = Desk::restore().unwrap_or_else(|| Desk::new(&examples::in_language(examples::FIRST, language)));
        let checked = Rc::new(manifest::check(desk.text()));
        Self {
            session: Session::new(Config::nodes(NODES)),
            emptied: None,
            drafts: checked.clone(),
            checked,
            desk,
            revision: 0,
            selected: None,
            pointed: None,
            marks: Rc::from([]),
            language,
            theme,
            layout: Layout::restore(),
            speed: 1,
            playing: true,
            clock: Clock::default(),
            catching_up: None,
            plays_on: false,
            guide: Guide::Closed,
            lessons: Rc::default(),
            opened: Vec::new(),
            awaited: None,
            progress: Progress::restore(),
            notice: None,
            stage: Stage::default(),
            terminal: Rc::default(),
            terminal_from: 0,
            embedded,
            storage_warned: false,
            unkept: false,
            edited: None,
            typed_ahead: VecDeque::new(),
            judged: (usize::MAX, 0, 0),
            shown_at: 0.0,
            key_pressed: false,
            keyed_at: f64::NEG_INFINITY,
        }
    }

    /// What the page begins with: a link, what this tab was at before a reload, or the editor's text applied and running.
    pub fn begin(&mut self, fragment: &str) {
        if !fragment.is_empty() {
            self.start_text();
            self.open_link(fragment);
        } else if self.embedded || !self.resume() {
            self.start_text();
        }
    }

    /// A text that the server would refuse is left for its writer to mend.
    fn start_text(&mut self) {
        if self.checked.exit == 0 {
            self.apply();
            self.session.play_to(HEAD_START);
        }
    }

    /// Puts a text into the editor; the one before goes to the recent manifests.
    pub fn put_text(&mut self, text: &str) {
        self.desk.replace(text);
        self.revision += 1;
        self.text_changed();
    }

    /// After any change of the active text.
    pub fn text_changed(&mut self) {
        self.checked = Rc::new(manifest::check(self.desk.text()));
        self.drafts = self.checked.clone();
        self.marks = Rc::from([]);
        self.stage.stale = true;
        self.unkept = true;
    }

    /// The learner typed. A key that has no colon yet makes the whole text unreadable; its drafts do not come and go with that.
    pub fn typed(&mut self, text: String) {
        let (drafts, before) = (self.drafts.clone(), self.desk.text().len());
        // What is pasted is longer, and its own drafts are what counts.
        const LONGEST_KEY: usize = 40;
        let by_hand = before.abs_diff(text.len()) < LONGEST_KEY;
        self.desk.write(text);
        self.text_changed();
        if by_hand && self.checked.diagnostics.iter().any(|d| d.message.starts_with("error converting YAML")) {
            self.drafts = drafts;
        }
    }

    /// Writes the texts to the browser's storage if any changed since.
    pub fn keep(&mut self) {
        if std::mem::take(&mut self.unkept) && !self.embedded && !self.desk.keep() && !self.storage_warned {
            self.storage_warned = true;
            self.say(self.language.say(crate::ui::locales::STORAGE_FULL));
        }
    }

    /// A hint is none; and an empty sheet is no mistake, though kubectl would say that it holds no objects.
    pub fn problems(&self) -> usize {
        let all = self.checked.diagnostics.iter().filter(|d| d.severity != Severity::Hint).count();
        if self.desk.text().trim().is_empty() { 0 } else { all }
    }

    pub fn say(&mut self, text: &str) {
        self.notice = Some(Notice { text: text.to_owned(), copy: None });
    }

    /// The editor's text goes to the cluster, or to the `kubectl edit` that waits for it.
    pub fn apply(&mut self) {
        let edit = self.session.terminal().wants_edit().filter(|edit| edit.name == self.desk.name());
        let input = match edit {
            Some(edit) if edit.text == self.desk.text() => Input::Interrupt,
            Some(edit) => Input::File { name: edit.name.clone(), text: self.desk.text().to_owned() },
            None => Input::Apply { file: self.desk.name().to_owned(), text: self.desk.text().to_owned() },
        };
        self.act(input);
        self.playing = true;
    }

    /// The person does something, now.
    pub fn act(&mut self, input: Input) {
        self.session.input(input);
        self.stage.stale = true;
    }

    /// `kubectl edit` waits for a text: it gets a tab, which goes when it is done with.
    pub fn follow_edit(&mut self) {
        let wanted = self.session.terminal().wants_edit().map(|edit| (edit.name.clone(), edit.text.clone()));
        let here = self.edited.as_ref().and_then(|(name, _)| self.desk.tabs().iter().position(|tab| tab.name == *name));
        match (wanted, here) {
            (Some(wanted), _) if self.edited.as_ref() == Some(&wanted) => return,
            // What was not valid is opened again, with the reasons above it.
            (Some(wanted), Some(tab)) if self.edited.as_ref().is_some_and(|(name, _)| *name == wanted.0) => {
                self.desk.reopen(tab, &wanted.1);
                self.edited = Some(wanted);
                self.layout.shown = Pane::Manifest;
            }
            (Some(wanted), _) => {
                self.desk.open_tab(&wanted.0, &wanted.1);
                self.edited = Some(wanted);
                self.layout.shown = Pane::Manifest;
            }
            (None, here) => {
                if self.edited.take().is_none() {
                    return;
                }
                if let Some(tab) = here {
                    self.desk.close(tab);
                }
            }
        }
        self.revision += 1;
        self.text_changed();
    }

    /// Lines that were typed while something ran that reads none: their turn comes with the prompt.
    pub fn run_waiting(&mut self) {
        while self.session.terminal().prompt().is_some() {
            let Some(line) = self.typed_ahead.pop_front() else { return };
            self.run(&line);
        }
    }

    /// At the page's own prompt there is nothing to leave, and what reads nothing has no input to end.
    pub fn end_input(&mut self) {
        if self.session.terminal().prompt().is_some_and(|prompt| prompt != PROMPT) {
            self.playing = true;
            self.act(Input::Keys("\u{4}".into()));
        }
    }

    pub fn interrupt(&mut self) {
        self.typed_ahead.clear();
        self.act(Input::Interrupt);
    }

    /// A line of the terminal; its commands see the editor's tabs as files.
    pub fn run(&mut self, line: &str) {
        self.playing = true;
        if self.session.terminal().prompt().is_none() {
            self.typed_ahead.push_back(line.to_owned());
            return;
        }
        for tab in self.desk.tabs() {
            let known = self.session.terminal().files.get(&tab.name);
            let asked_for = line.contains(tab.name.as_str()) || line.contains("-f") || line.contains('*') || line.starts_with("ls");
            if asked_for && known != Some(&tab.text) {
                self.session.input(Input::File { name: tab.name.clone(), text: tab.text.clone() });
            }
        }
        let is_busy = self.session.terminal().is_busy();
        self.act(if is_busy { Input::Keys(format!("{line}\n")) } else { Input::Command(line.to_owned()) });
        let mut words = line.split_whitespace();
        if !is_busy && matches!(words.next(), Some("vi" | "vim" | "nano")) {
            self.open_file(words.find(|word| !word.starts_with('-')).unwrap_or(""));
        }
    }

    /// A file of the terminal's folder gets a tab of the editor.
    fn open_file(&mut self, name: &str) {
        let Some(text) = self.session.terminal().files.get(name).cloned() else { return };
        match self.desk.tabs().iter().position(|tab| tab.name == name) {
            Some(tab) => self.desk.select(tab),
            None => self.desk.open_tab(name, &text),
        }
        self.layout.shown = Pane::Manifest;
        self.revision += 1;
        self.text_changed();
    }

    /// The schema's descriptions are there now. A run that was brought back may have asked for some without getting them: it is played anew.
    pub fn descriptions_came(&mut self) {
        let asks = |timed: &Timed| matches!(&timed.input, Input::Command(line) if line.contains("explain"));
        let is_coming = self.catching_up.is_some();
        if self.session.journal().iter().any(asks) && (is_coming || !self.session.is_in_past()) {
            let at = if is_coming { SimTime::ZERO } else { self.session.now() };
            self.session = Session::replay(self.session.config().clone(), self.session.journal().to_vec(), at);
            self.stage.stale = true;
        }
    }

    pub fn seek(&mut self, to: SimTime) {
        self.session.seek(to.min(self.session.horizon()));
        self.playing = false;
        self.stage.stale = true;
    }

    /// Goes on by so much virtual time.
    pub fn advance(&mut self, millis: u64) {
        let target = self.catching_up.unwrap_or(self.session.now() + millis);
        let performance = gloo::utils::window().performance();
        let clock = || performance.as_ref().map_or(0.0, |p| p.now());
        let budget = if self.catching_up.is_some() { CATCH_UP_BUDGET_MS } else { FRAME_BUDGET_MS };
        let began = clock();
        while self.session.now() < target && clock() - began < budget {
            self.session.play_to(target.min(self.session.now() + SLICE_MS));
        }
        if self.catching_up.is_some_and(|to| self.session.now() >= to) {
            self.catching_up = None;
            self.playing = self.plays_on;
        }
        self.stage.stale = true;
    }

    pub fn next_event(&mut self) {
        self.session.step(3_600_000);
        self.playing = false;
        self.stage.stale = true;
    }

    /// Plays on to the next restart of any container, at most an hour ahead.
    pub fn next_restart(&mut self) {
        self.session.step_to_restart(3_600_000);
        self.playing = false;
        self.stage.stale = true;
    }

    /// A new, empty cluster; the run before can be brought back.
    pub fn empty_cluster(&mut self) {
        self.emptied = Some(Box::new(std::mem::replace(&mut self.session, Session::new(Config::nodes(NODES)))));
        self.terminal_from = 0;
        self.selected = None;
        self.point(None);
        self.playing = true;
        self.stage.stale = true;
    }

    pub fn can_undo(&self) -> bool {
        self.session.can_undo() || self.emptied.is_some()
    }

    /// Brings back the future that was replaced, or else the run before the cluster was emptied.
    pub fn undo(&mut self) {
        if self.session.can_undo() {
            self.session.undo();
        } else if let Some(before) = self.emptied.take() {
            self.session = *before;
        }
        self.stage.stale = true;
    }

    /// Whether animation frames are wanted.
    pub fn is_moving(&self) -> bool {
        self.is_running() || self.stage.waits
    }

    /// Whether virtual time passes.
    pub fn is_running(&self) -> bool {
        self.playing || self.catching_up.is_some() || matches!(&self.guide, Guide::Course(a) if !a.script.is_empty())
    }

    // ---- the two-way link

    /// Something in the picture is pointed at: its lines light up.
    pub fn point(&mut self, target: Option<Target>) {
        let lines = target.as_ref().and_then(|target| self.lines_of(target));
        self.marks = lines.into_iter().collect();
        self.pointed = target;
    }

    /// The lines of the text that a shape comes from, half-open, from 0.
    fn lines_of(&self, target: &Target) -> Option<(usize, usize)> {
        let (document, path) = view::lines_of(&self.session, target, &self.checked.source)?;
        let span = self.checked.source.block_of(document, &path)?;
        let lines = LineIndex::new(self.desk.text());
        let last = lines.line(span.end);
        // A block that ends with its newline ends on the line before.
        let end = if lines.start_of(last) == span.end && span.end > span.start { last } else { last + 1 };
        Some((lines.line(span.start), end))
    }

    /// The cursor moved: the shape of the field that it stands in lights up. Whether that changed anything.
    pub fn cursor_at(&mut self, offset: usize) -> bool {
        let source = &self.checked.source;
        let target = source.path_at(offset).and_then(|(document, path)| view::target_at(&self.session, source, document, &path));
        let changed = target != self.pointed;
        self.pointed = target;
        changed
    }

    // ---- what components read

    /// Whether this frame is to be shown: ten a second are enough for a picture whose motion is the style sheet's. The frame after a key of the
    /// terminal is its echo's alone.
    pub fn is_due(&mut self, at: f64) -> bool {
        if std::mem::take(&mut self.key_pressed) {
            self.keyed_at = at;
            return false;
        }
        let pause = if at - self.keyed_at < STILL_TYPING_MS { SHOW_EVERY_WHILE_TYPING_MS } else { SHOW_EVERY_MS };
        let due = self.stage.waits || at - self.shown_at >= pause || at < self.shown_at;
        if due {
            self.shown_at = at;
        }
        due
    }

    /// Renews the plain pictures that components show, where they changed.
    pub fn refresh(&mut self, renewal: Renewal) {
        let output = self.session.terminal().output();
        self.terminal_from = self.terminal_from.min(output.len());
        let shown = &output[self.terminal_from..];
        if self.terminal.len() != shown.len() || self.terminal.last() != shown.last() {
            self.terminal = Rc::new(shown.to_vec());
        }
        if self.stage.stale {
            // What waits has waited long enough.
            let renewal = if renewal == Renewal::Half && self.stage.waits { Renewal::Whole } else { renewal };
            self.stage.renew(renewal, &self.session, &self.drafts, self.selected.as_ref());
        }
        self.stage.waits = self.stage.stale && !(renewal == Renewal::Half && self.is_running());
    }

    pub fn switch_language(&mut self) {
        self.language = self.language.other();
        storage::write(storage::LANGUAGE, self.language.code());
        self.show_choices();
    }

    pub fn switch_theme(&mut self) {
        self.theme = self.theme.other();
        storage::write(storage::THEME, self.theme.code());
        self.show_choices();
    }

    /// Language and theme as attributes of the document, where style sheet and screen reader look for them.
    pub fn show_choices(&self) {
        if let Some(root) = gloo::utils::document().document_element() {
            // Setting an attribute fails only for a name that is none.
            root.set_attribute("lang", self.language.code()).unwrap_or_default();
            root.set_attribute("data-theme", self.theme.code()).unwrap_or_default();
        }
    }
}
