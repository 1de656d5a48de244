//! The terminal's pane: output, one line of input with history and completion, a phone's row of helpful keys. Every line goes to the
//! session as an input, so that a run replays.

mod ansi;

use std::rc::Rc;

use podlab::kubectl::{MORE, Output, OutputKind, PROMPT};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use crate::ui::app::message::{Message, Notice, TerminalWish};
use crate::ui::locales::{self as words, Language};

/// What Tab offers for a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    pub line: String,
    /// Where the word begins that the candidates stand for, in bytes.
    pub start: usize,
    pub candidates: Vec<String>,
}

#[derive(Properties)]
pub struct TerminalProps {
    pub output: Rc<Vec<Output>>,
    /// `None` while something runs that reads no line.
    pub prompt: Option<AttrValue>,
    pub completion: Option<Rc<Completion>>,
    pub language: Language,
    pub on: Callback<Message>,
}

impl PartialEq for TerminalProps {
    fn eq(&self, other: &Self) -> bool {
        let same_completion = match (&self.completion, &other.completion) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        Rc::ptr_eq(&self.output, &other.output)
            && same_completion
            && self.prompt == other.prompt
            && self.language == other.language
            && self.on == other.on
    }
}

/// The output that stays on the page; older lines scroll out.
const MOST_SHOWN: usize = 1_500;

pub enum Event {
    Key(KeyboardEvent),
    Typed,
    Pasted(web_sys::Event),
    RunPasted,
    CancelPasted,
    /// A key of the phone's row: `tab`, `up`, `ctrl-c`, `ctrl-d`, or characters to insert.
    Helpful(&'static str),
    Copy,
    Focus,
    Scrolled,
}

#[derive(Default)]
pub struct Terminal {
    input: NodeRef,
    screen: NodeRef,
    /// The learner scrolled up to read: what comes then does not pull the screen away.
    reads_back: bool,
    history: Vec<String>,
    /// Which line of the history is shown; one past the end: the learner's own.
    place: usize,
    draft: String,
    /// Ctrl-R: what is being looked for, and the line found.
    search: Option<Option<String>>,
    pasted: Vec<String>,
    offered: Vec<String>,
}

impl Component for Terminal {
    type Message = Event;
    type Properties = TerminalProps;

    fn create(_ctx: &Context<Self>) -> Self {
        Self::default()
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &TerminalProps) -> bool {
        let new = &ctx.props().completion;
        if let Some(completion) = new.as_ref().filter(|new| old.completion.as_ref().is_none_or(|old| !Rc::ptr_eq(old, new))) {
            self.take(completion);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, event: Event) -> bool {
        let on = &ctx.props().on;
        match event {
            Event::Key(e) => return self.key(ctx, &e),
            // The browser shows what is typed; there is nothing to draw unless more than the line changes.
            Event::Typed => {
                let offered = !std::mem::take(&mut self.offered).is_empty();
                if self.search.is_some() {
                    self.look_up();
                }
                return offered || self.search.is_some();
            }
            Event::Pasted(e) => {
                let Some(text) = clipboard_text(&e) else { return false };
                let commands = commands_of(&text);
                if commands.len() < 2 && !text.trim_end().contains('\n') {
                    return false;
                }
                e.prevent_default();
                self.pasted = commands;
            }
            Event::RunPasted => {
                for line in std::mem::take(&mut self.pasted) {
                    self.submit(ctx, line);
                }
                self.focus();
            }
            Event::CancelPasted => {
                self.pasted.clear();
                self.focus();
            }
            Event::Helpful(key) => {
                match key {
                    "tab" => self.complete(ctx),
                    "up" => self.walk(-1),
                    "ctrl-c" => on.emit(Message::Terminal(TerminalWish::Interrupt)),
                    "ctrl-d" => on.emit(Message::Terminal(TerminalWish::EndOfInput)),
                    text => self.set_line(&format!("{}{text}", self.line())),
                }
                self.focus();
            }
            Event::Copy => {
                let text: String = ctx.props().output.iter().flat_map(|o| ansi::pieces(&o.text)).map(|piece| piece.text).collect();
                let (on, language) = (on.clone(), ctx.props().language);
                wasm_bindgen_futures::spawn_local(async move {
                    let notice = if crate::ui::link::copy(text.clone()).await {
                        Notice { text: language.say(words::TERMINAL_COPIED).to_owned(), copy: None }
                    } else {
                        Notice { text: language.say(words::SHARE_SHOW).to_owned(), copy: Some(text) }
                    };
                    on.emit(Message::Notice(notice));
                });
                return false;
            }
            Event::Focus => {
                // A click that selects text to copy must not lose the selection.
                let selecting = gloo::utils::window().get_selection().ok().flatten().is_some_and(|s| !s.is_collapsed());
                if !selecting {
                    self.focus();
                }
                return false;
            }
            Event::Scrolled => {
                let from_end = self.screen.cast::<HtmlElement>().map(|screen| screen.scroll_height() - screen.scroll_top() - screen.client_height());
                self.reads_back = from_end.is_some_and(|pixels| pixels > 40);
                return false;
            }
        }
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        if let Some(screen) = self.screen.cast::<HtmlElement>().filter(|_| !self.reads_back) {
            screen.set_scroll_top(screen.scroll_height());
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let TerminalProps { output, prompt, language, .. } = ctx.props();
        let link = ctx.link();
        let skip = output.len().saturating_sub(MOST_SHOWN);
        let shown = output.iter().enumerate().skip(skip).map(|(index, output)| line(index, output));
        // A program that reads says nothing itself.
        let reads = prompt.as_deref() == Some("") && self.search.is_none();
        let can_leave = prompt.as_deref().is_some_and(|prompt| prompt != PROMPT);
        let key = |name: &'static str, label: &'static str| {
            html! {
                <button type="button" class="button small" onclick={link.callback(move |_| Event::Helpful(name))}>{ label }</button>
            }
        };
        html! {
            <div class="terminal-body" onclick={link.callback(|_| Event::Focus)}>
                <div class="bar terminal-bar">
                    <h2 class="title">{ language.say(words::TERMINAL) }</h2><span class="space"></span>
                    <button type="button" class="button small" onclick={link.callback(|_| Event::Copy)}>{ language.say(words::TERMINAL_COPY) }</button>
                    <button type="button" class="button small" onclick={ctx.props().on.reform(|_: MouseEvent| Message::Terminal(TerminalWish::Clear))}>{ language.say(words::TERMINAL_CLEAR) }</button>
                </div>
                <div class="screen" ref={self.screen.clone()} tabindex="0" role="log"
                    onscroll={link.callback(|_| Event::Scrolled)} aria-label={language.say(words::TERMINAL_OUTPUT)} translate="no">
                    if output.is_empty() { <p class="welcome">{ language.say(words::TERMINAL_WELCOME) }</p> }
                    { for shown }
                    if reads { <p class="welcome">{ language.say(words::TERMINAL_READS) }</p> }
                    if !self.offered.is_empty() { <div class="offered">{ for self.offered.iter().map(|word| html! { <span>{ word }</span> }) }</div> }
                </div>
                if !self.pasted.is_empty() {
                    <div class="ask" role="alertdialog" aria-label={language.fill(words::TERMINAL_PASTE_MANY, &[&self.pasted.len().to_string()])}>
                        <p>{ language.fill(words::TERMINAL_PASTE_MANY, &[&self.pasted.len().to_string()]) }</p>
                        <pre tabindex="0">{ self.pasted.join("\n") }</pre>
                        <button type="button" class="button primary small" onclick={link.callback(|_| Event::RunPasted)}>{ language.say(words::TERMINAL_PASTE_RUN) }</button>
                        <button type="button" class="button small" onclick={link.callback(|_| Event::CancelPasted)}>{ language.say(words::TERMINAL_CANCEL) }</button>
                    </div>
                }
                <div class="line">
                    <span class="prompt" aria-hidden="true">{ self.prompt(prompt.as_ref(), *language) }</span>
                    <input ref={self.input.clone()} class="command" type="text" aria-label={language.say(words::TERMINAL_INPUT)} autocomplete="off"
                        autocapitalize="off" autocorrect="off" spellcheck="false" enterkeyhint="send" translate="no"
                        onkeydown={link.callback(Event::Key)} oninput={link.callback(|_| Event::Typed)} onpaste={link.callback(Event::Pasted)} />
                </div>
                <div class="helpful" role="group" aria-label={language.say(words::TERMINAL_KEYS)}>
                    { key("tab", "Tab") }{ key("up", "↑") }{ key("ctrl-c", "Ctrl-C") }
                    if can_leave { { key("ctrl-d", "Ctrl-D") } }
                    { key("-", "-") }{ key("/", "/") }{ key("|", "|") }{ key("kubectl ", "kubectl") }
                </div>
            </div>
        }
    }
}

impl Terminal {
    fn prompt(&self, prompt: Option<&AttrValue>, language: Language) -> Html {
        match (&self.search, prompt) {
            (Some(found), _) => html! { <span>{ format!("({}) {} ", language.say(words::TERMINAL_SEARCH), found.as_deref().unwrap_or("–")) }</span> },
            (None, Some(prompt)) => html! { <span>{ prompt }</span> },
            (None, None) => html! { <span class="busy" title={language.say(words::TERMINAL_BUSY)}>{ "▸ " }</span> },
        }
    }

    fn field(&self) -> Option<HtmlInputElement> {
        self.input.cast::<HtmlInputElement>()
    }

    fn line(&self) -> String {
        self.field().map(|field| field.value()).unwrap_or_default()
    }

    fn set_line(&self, line: &str) {
        if let Some(field) = self.field() {
            field.set_value(line);
        }
    }

    fn focus(&self) {
        if let Some(field) = self.field() {
            // An element that is not shown cannot take the focus, and need not.
            field.focus().unwrap_or_default();
        }
    }

    fn key(&mut self, ctx: &Context<Self>, e: &KeyboardEvent) -> bool {
        ctx.props().on.emit(Message::Key);
        // Enter that ends a syllable is not the learner's Enter.
        if e.is_composing() {
            return false;
        }
        let control = e.ctrl_key() && !e.alt_key() && !e.meta_key();
        match e.key().as_str() {
            "Enter" => {
                let line = match self.search.take() {
                    Some(found) => found.unwrap_or_default(),
                    None => self.line(),
                };
                self.set_line("");
                self.submit(ctx, line);
            }
            // Tab on an empty line walks on through the page; so does Shift+Tab.
            "Tab" if !e.shift_key() && !self.line().is_empty() && self.search.is_none() => self.complete(ctx),
            "Escape" if self.search.is_some() => {
                self.search = None;
                self.set_line("");
            }
            "ArrowUp" => self.walk(-1),
            "ArrowDown" => self.walk(1),
            "c" if control && !self.has_selection() => {
                self.search = None;
                self.set_line("");
                ctx.props().on.emit(Message::Terminal(TerminalWish::Interrupt));
            }
            "l" if control => ctx.props().on.emit(Message::Terminal(TerminalWish::Clear)),
            "d" if control && self.line().is_empty() => ctx.props().on.emit(Message::Terminal(TerminalWish::EndOfInput)),
            "u" if control => self.set_line(""),
            "r" if control => {
                self.search = Some(None);
                self.set_line("");
            }
            _ => return false,
        }
        e.prevent_default();
        true
    }

    fn has_selection(&self) -> bool {
        self.field().is_some_and(|field| field.selection_start().ok().flatten() != field.selection_end().ok().flatten())
    }

    fn submit(&mut self, ctx: &Context<Self>, line: String) {
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            self.history.push(line.clone());
        }
        self.place = self.history.len();
        self.offered.clear();
        self.reads_back = false;
        // Where no shell reads it, it is a word like any other.
        let asked = ctx.props().prompt.as_deref().is_none_or(|prompt| !matches!(prompt, "" | MORE));
        let wish = if asked && line.trim() == "clear" { TerminalWish::Clear } else { TerminalWish::Line(line) };
        ctx.props().on.emit(Message::Terminal(wish));
    }

    /// One line back or forth in the history.
    fn walk(&mut self, by: isize) {
        if self.place == self.history.len() {
            self.draft = self.line();
        }
        self.place = self.place.saturating_add_signed(by).min(self.history.len());
        let line = self.history.get(self.place).unwrap_or(&self.draft).clone();
        self.set_line(&line);
    }

    /// Ctrl-R: the newest line that holds what was typed.
    fn look_up(&mut self) {
        let wanted = self.line();
        let found = self.history.iter().rev().find(|line| !wanted.is_empty() && line.contains(&wanted)).cloned();
        self.search = Some(found);
    }

    fn complete(&self, ctx: &Context<Self>) {
        ctx.props().on.emit(Message::Complete(self.line()));
    }

    /// Completes as far as all candidates agree; offers them where that is no further.
    fn take(&mut self, completion: &Completion) {
        let Completion { line, start, candidates } = completion;
        if self.line() != *line {
            return;
        }
        let Some(first) = candidates.first() else { return };
        let shared = candidates.iter().fold(first.as_str(), |shared, other| {
            let same = shared.char_indices().zip(other.chars()).find(|((_, a), b)| a != b).map_or(shared.len().min(other.len()), |((at, _), _)| at);
            &shared[..same]
        });
        let end = if candidates.len() == 1 && !shared.ends_with(['/', '=']) { " " } else { "" };
        let word = &line[*start..];
        if shared.len() > word.len() || candidates.len() == 1 {
            self.set_line(&format!("{}{shared}{end}", &line[..*start]));
        } else {
            self.offered = candidates.clone();
        }
    }
}

fn line(index: usize, output: &Output) -> Html {
    let all = output.text.as_str();
    let (class, prompt) = match output.kind {
        OutputKind::Command { prompt } => ("typed", prompt),
        OutputKind::Stdout => ("stdout", 0),
        OutputKind::Stderr => ("stderr", 0),
    };
    let (sign, text) = all.split_at_checked(prompt).unwrap_or(("", all));
    let class = classes!(class, is_table(text).then_some("table"));
    let pieces = ansi::pieces(text);
    html! {
        <span class={class} key={index}>
            if !sign.is_empty() { <span class="prompt" aria-hidden="true">{ sign }</span> }
            { for pieces.into_iter().map(|piece| if piece.class.is_empty() { html! { { piece.text } } } else { html! { <span class={piece.class}>{ piece.text }</span> } }) }
        </span>
    }
}

/// Rows of columns: broken into two lines they could not be read any more.
fn is_table(text: &str) -> bool {
    let row = text.trim_end();
    let columns = row.lines().next().unwrap_or_default();
    !columns.starts_with(' ') && columns.split("   ").filter(|cell| !cell.is_empty()).count() > 2
}

fn clipboard_text(event: &web_sys::Event) -> Option<String> {
    use wasm_bindgen::JsCast;
    event.dyn_ref::<web_sys::ClipboardEvent>()?.clipboard_data()?.get_data("text").ok()
}

/// The commands of a pasted text: one a line, but a line that ends in `\` goes on, and a text with a here-document is one command.
fn commands_of(text: &str) -> Vec<String> {
    if text.contains("<<") {
        return vec![text.trim_end().to_owned()];
    }
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    joined.lines().map(|line| line.trim().trim_start_matches("$ ").to_owned()).filter(|line| !line.is_empty()).collect()
}
