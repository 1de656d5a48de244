//! The browser door's components, each drawn alone from plain values: what they show, what they ask for.

use std::cell::RefCell;
use std::rc::Rc;

use podlab::api::SimTime;
use podlab::cluster::Config;
use podlab::kubectl::{Output, OutputKind};
use podlab::manifest;
use podlab::session::{Input, Session};
use podlab::view;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, InputEvent};
use yew::{AppHandle, BaseComponent, Callback, Html, Properties, function_component};

use crate::door::{element, pause, says};
use crate::ui::app::message::{Message, TerminalWish};
use crate::ui::intent::Intent;
use crate::ui::locales::Language;
use crate::ui::picture::Outline;
use crate::ui::problems;
use crate::ui::terminal::{Completion, Terminal, TerminalProps};
use crate::ui::timeline::{Controls, Timeline, TimelineProps};

type OutlineProps = <Outline as BaseComponent>::Properties;
type ControlsProps = <Controls as BaseComponent>::Properties;

const BOTH: [Language; 2] = [Language::English, Language::Korean];
const BROKEN: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: broken\nspec:\n  containers:\n    - name: app\n      imaage: nginx\n";
const LOOPING: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: looping}\nspec:\n  containers:\n    - {name: app, image: busybox, command: [sh, -c, 'sleep 5; exit 3']}\n";

/// A component in an element of its own, taken away at the end.
struct Drawn<C: BaseComponent> {
    place: HtmlElement,
    app: Option<AppHandle<C>>,
}

impl<C: BaseComponent> Drawn<C> {
    async fn new(props: C::Properties) -> Self {
        let place = element();
        gloo::utils::body().append_child(&place).expect("a body takes an element");
        let app = yew::Renderer::<C>::with_root_and_props(place.clone().into(), props).render();
        pause(20).await;
        Self { place, app: Some(app) }
    }

    async fn becomes(&mut self, props: C::Properties) {
        self.app.as_mut().expect("it is taken away at the end only").update(props);
        pause(20).await;
    }

    fn all(&self, selector: &str) -> Vec<HtmlElement> {
        let found = self.place.query_selector_all(selector).expect("a valid selector");
        (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
    }

    fn one<E: wasm_bindgen::JsCast>(&self, selector: &str) -> E {
        let found = self.place.query_selector(selector).expect("a valid selector");
        found.unwrap_or_else(|| panic!("no {selector} in {}", self.place.inner_html())).unchecked_into()
    }

    fn text(&self) -> String {
        self.place.text_content().unwrap_or_default()
    }
}

impl<C: BaseComponent> Drop for Drawn<C> {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.place.remove();
    }
}

/// What a component asked for.
struct Asked<T>(Rc<RefCell<Vec<T>>>);

impl<T: 'static> Asked<T> {
    fn new() -> (Self, Callback<T>) {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let kept = asked.clone();
        (Self(asked), Callback::from(move |one| kept.borrow_mut().push(one)))
    }

    fn take(&self) -> Vec<T> {
        self.0.take()
    }
}

fn press(on: &Element, key: &str, control: bool) {
    // web-sys offers a key event's initializer only as one more feature, which the app does not need.
    let init = js_sys::Object::new();
    let said = [("key", key.into()), ("ctrlKey", control.into()), ("bubbles", true.into()), ("cancelable", true.into())];
    for (name, value) in said {
        js_sys::Reflect::set(&init, &name.into(), &value).expect("a plain object takes it");
    }
    let class: js_sys::Function = js_sys::Reflect::get(&js_sys::global(), &"KeyboardEvent".into()).expect("a window has it").unchecked_into();
    let event: Event = js_sys::Reflect::construct(&class, &js_sys::Array::of2(&"keydown".into(), &init)).expect("a valid event").unchecked_into();
    on.dispatch_event(&event).expect("an event that was just made");
}

/// A run of one Pod, played on to this second.
fn run(text: &str, seconds: u64) -> Session {
    let mut session = Session::new(Config::nodes(1));
    session.input(Input::Apply { file: "pod.yaml".into(), text: text.into() });
    session.play_to(SimTime::from_secs(seconds));
    session
}

// ------------------------------------------------------------------------------------------------ problems

#[derive(Properties, PartialEq)]
struct ListProps {
    text: String,
    language: Language,
    on: Callback<Message>,
}

#[function_component(List)]
fn list(props: &ListProps) -> Html {
    problems::problems(&manifest::check(&props.text), &props.text, props.language, &props.on)
}

#[wasm_bindgen_test]
async fn a_problem_is_shown_in_the_servers_words_with_its_place_and_its_repair() {
    let expected = manifest::check(BROKEN);
    let diagnostic = expected.diagnostics.iter().find(|d| d.message.contains("imaage")).expect("the misspelt field is found");
    let (asked, on) = Asked::new();
    let drawn = Drawn::<List>::new(ListProps { text: BROKEN.into(), language: Language::English, on }).await;
    assert_eq!(drawn.all("li.problem").len(), expected.diagnostics.len());
    let shown: Vec<String> = drawn.all("li code").iter().filter_map(|code| code.text_content()).collect();
    assert!(shown.contains(&problems::exact_words(diagnostic)), "{shown:?}");
    let place = drawn.all("button.place").into_iter().find(|b| b.text_content().as_deref() == Some("8:7")).expect("line 8, column 7");
    place.click();
    assert_eq!(asked.take(), [Message::Jump(diagnostic.span)]);
    let repair = drawn.all("button.button.small").into_iter().find(|b| b.text_content().is_some_and(|t| t.contains("image"))).expect("a repair");
    repair.click();
    let taken = asked.take();
    let [Message::Fix { diagnostic, fix }] = taken.as_slice() else { panic!("{taken:?}") };
    assert!(expected.diagnostics[*diagnostic].fixes[*fix].apply(BROKEN).contains("\n      image: nginx"));
}

#[wasm_bindgen_test]
async fn problems_are_told_in_both_languages_but_for_the_servers_words() {
    let of = |language, text: &str| ListProps { text: text.into(), language, on: Callback::noop() };
    let mut drawn = Drawn::<List>::new(of(Language::English, BROKEN)).await;
    let exact = |drawn: &Drawn<List>| drawn.all("li code").iter().filter_map(|c| c.text_content()).collect::<Vec<_>>();
    let plain = |drawn: &Drawn<List>| drawn.all("li p").iter().filter_map(|p| p.text_content()).collect::<Vec<_>>();
    let english = (exact(&drawn), plain(&drawn));
    drawn.becomes(of(Language::Korean, BROKEN)).await;
    let korean = (exact(&drawn), plain(&drawn));
    assert_eq!(english.0, korean.0);
    assert_eq!(english.1.len(), korean.1.len());
    assert!(!english.1.is_empty() && english.1.iter().zip(&korean.1).all(|(a, b)| a != b), "{english:?} {korean:?}");
    assert!(korean.1.iter().all(|sentence| sentence.chars().any(|c| ('가'..='힣').contains(&c))), "{korean:?}");
    // Nothing is wrong, and nothing is there, are told apart.
    drawn.becomes(of(Language::English, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n")).await;
    let good = drawn.text();
    drawn.becomes(of(Language::English, " \n")).await;
    assert!(!good.is_empty() && !drawn.text().is_empty() && good != drawn.text(), "{good}");
    assert_eq!(drawn.all("li").len(), 0);
}

// ------------------------------------------------------------------------------------------------- outline

fn outline_of(session: &Session) -> Rc<view::outline::Outline> {
    let scene = view::scene::build(session, &manifest::check(""), 900.0);
    Rc::new(view::outline::build(&scene))
}

#[wasm_bindgen_test]
async fn the_outline_says_what_the_picture_shows_and_selects_it() {
    let session = run(LOOPING, 8);
    let (asked, on) = Asked::new();
    let props = |language, selected| OutlineProps { outline: outline_of(&session), language, selected, on: on.clone() };
    let mut drawn = Drawn::<Outline>::new(props(Language::English, None)).await;
    let named = |drawn: &Drawn<Outline>, name: &str| {
        drawn
            .all("button")
            .into_iter()
            .find(|b| b.text_content().is_some_and(|t| t.contains(name)))
            .unwrap_or_else(|| panic!("no {name} in {}", drawn.text()))
    };
    assert!(named(&drawn, "looping").text_content().is_some_and(|words| words.contains("10.244.")), "{}", drawn.text());
    named(&drawn, "looping").click();
    let taken = asked.take();
    let [Intent::Select(Some(target))] = taken.as_slice() else { panic!("{taken:?}") };
    let english = drawn.text();
    drawn.becomes(props(Language::Korean, Some(target.clone()))).await;
    assert_eq!(drawn.all("[aria-current=true]").len(), 1);
    assert!(drawn.all("[aria-current=true]")[0].text_content().is_some_and(|words| words.contains("looping")));
    assert_ne!(drawn.text(), english);
}

// ------------------------------------------------------------------------------------------------ timeline

#[wasm_bindgen_test]
async fn the_timeline_shows_each_state_and_moves_its_playhead_by_keys() {
    let session = run(LOOPING, 40);
    let (asked, on) = Asked::new();
    let timeline = Rc::new(view::timeline::build(&session, None));
    assert!(timeline.groups.iter().any(|group| group.tracks.iter().any(|track| track.bars.len() > 3)), "it runs and ends again and again");
    for language in BOTH {
        let drawn = Drawn::<Timeline>::new(TimelineProps { timeline: timeline.clone(), language, selected: None, on: on.clone() }).await;
        let titles = texts(&drawn.place, ".chart title");
        assert!(titles.iter().any(|title| title.contains("Error 3")), "{titles:?}");
        let playhead: Element = drawn.one("[role=slider]");
        assert_eq!(playhead.get_attribute("aria-valuenow").as_deref(), Some("40000"));
        assert_eq!(playhead.get_attribute("aria-valuetext").as_deref(), Some("00:40"));
        for (key, to) in [("ArrowLeft", 39_000), ("Home", 0), ("End", 40_000), ("ArrowRight", 40_000), ("PageDown", 0), ("a", u64::MAX)] {
            press(&playhead, key, false);
            let wanted = if to == u64::MAX { vec![] } else { vec![Intent::Seek(SimTime(to))] };
            assert_eq!(asked.take(), wanted, "{key}");
        }
        let reaches = drawn.all(".zooms button");
        assert_eq!(reaches.len(), 4);
        let before = texts(&drawn.place, ".chart .t-mini");
        reaches[0].click();
        pause(20).await;
        assert_eq!(drawn.all(".zooms [aria-pressed=true]").len(), 1);
        assert_ne!(texts(&drawn.place, ".chart .t-mini"), before, "half a minute has other marks than two minutes");
    }
}

/// The texts of elements that need not be of HTML.
fn texts(place: &HtmlElement, selector: &str) -> Vec<String> {
    let found = place.query_selector_all(selector).expect("a valid selector");
    (0..found.length()).filter_map(|index| found.item(index)?.text_content()).collect()
}

#[wasm_bindgen_test]
async fn an_empty_run_says_so_in_both_languages() {
    let timeline = Rc::new(view::timeline::build(&Session::new(Config::nodes(1)), None));
    let mut said = Vec::new();
    for language in BOTH {
        let drawn = Drawn::<Timeline>::new(TimelineProps { timeline: timeline.clone(), language, selected: None, on: Callback::noop() }).await;
        said.push(drawn.one::<Element>(".timeline-empty").text_content().unwrap_or_default());
    }
    assert!(!said[0].is_empty() && !said[1].is_empty() && said[0] != said[1], "{said:?}");
}

#[wasm_bindgen_test]
async fn the_controls_ask_and_never_act() {
    let (asked, on) = Asked::new();
    let props = |playing, in_past, can_undo, speed| ControlsProps {
        now: SimTime::from_secs(3_723),
        playing,
        speed,
        in_past,
        can_undo,
        language: Language::English,
        on: on.clone(),
    };
    let mut drawn = Drawn::<Controls>::new(props(true, false, false, 1)).await;
    assert_eq!(drawn.one::<Element>(".clock").text_content().as_deref(), Some("1:02:03"));
    drawn.one::<HtmlElement>("button.play").click();
    assert_eq!(asked.take(), [Intent::Pause]);
    assert_eq!(drawn.all("button.undo").len(), 0);
    drawn.becomes(props(false, true, true, 7)).await;
    drawn.one::<HtmlElement>("button.play").click();
    drawn.one::<HtmlElement>("button.undo").click();
    assert_eq!(asked.take(), [Intent::Play, Intent::Undo]);
    assert_eq!(drawn.all(".clock.is-past").len(), 1);
    let speeds: Vec<String> = drawn.all("option").iter().filter_map(|o| o.text_content()).collect();
    assert!(speeds.contains(&"×7".to_owned()), "a link's own speed is shown: {speeds:?}");
}

// ------------------------------------------------------------------------------------------------ terminal

struct Shown {
    drawn: Drawn<Terminal>,
    asked: Asked<Message>,
    on: Callback<Message>,
}

impl Shown {
    async fn new() -> Self {
        let (asked, all) = Asked::new();
        // That a key went down is told apart from what it means.
        let on = Callback::from(move |message| {
            if message != Message::Key {
                all.emit(message);
            }
        });
        let drawn = Drawn::new(terminal_props(&[], Some("$ "), None, &on)).await;
        Self { drawn, asked, on }
    }

    fn field(&self) -> HtmlInputElement {
        self.drawn.one("input.command")
    }

    fn line(&self) -> String {
        self.field().value()
    }

    /// A component answers when the event that it heard is over.
    async fn press(&self, key: &str) {
        press(&self.field(), key, false);
        pause(5).await;
    }

    async fn control(&self, key: &str) {
        press(&self.field(), key, true);
        pause(5).await;
    }

    async fn type_in(&self, text: &str) {
        let field = self.field();
        field.set_value(text);
        field.dispatch_event(&InputEvent::new("input").expect("a valid event")).expect("an event that was just made");
        pause(5).await;
    }

    async fn run(&self, line: &str) {
        self.type_in(line).await;
        self.press("Enter").await;
    }
}

fn terminal_props(
    output: &[(OutputKind, &str)],
    prompt: Option<&'static str>,
    completion: Option<Completion>,
    on: &Callback<Message>,
) -> TerminalProps {
    TerminalProps {
        output: Rc::new(output.iter().map(|(kind, text)| Output { at: SimTime::ZERO, kind: *kind, text: (*text).to_owned() }).collect()),
        prompt: prompt.map(Into::into),
        completion: completion.map(Rc::new),
        language: Language::English,
        on: on.clone(),
    }
}

fn said(line: &str) -> Message {
    Message::Terminal(TerminalWish::Line(line.into()))
}

#[wasm_bindgen_test]
async fn the_terminal_sends_lines_and_walks_its_history() {
    let terminal = Shown::new().await;
    for line in ["kubectl get pods", "kubectl get pods", "한글 echo", ""] {
        terminal.run(line).await;
    }
    assert_eq!(terminal.asked.take(), [said("kubectl get pods"), said("kubectl get pods"), said("한글 echo"), said("")]);
    assert_eq!(terminal.line(), "", "a sent line is gone");
    terminal.type_in("a draft").await;
    terminal.press("ArrowUp").await;
    assert_eq!(terminal.line(), "한글 echo");
    terminal.press("ArrowUp").await;
    assert_eq!(terminal.line(), "kubectl get pods");
    terminal.press("ArrowUp").await;
    assert_eq!(terminal.line(), "kubectl get pods", "the same line twice is kept once, and the oldest is the end");
    for line in ["한글 echo", "a draft", "a draft"] {
        terminal.press("ArrowDown").await;
        assert_eq!(terminal.line(), line);
    }
}

#[wasm_bindgen_test]
async fn control_keys_of_the_terminal() {
    let mut terminal = Shown::new().await;
    terminal.type_in("half a line").await;
    terminal.control("u").await;
    assert_eq!(terminal.line(), "");
    terminal.type_in("sleep 100").await;
    terminal.control("c").await;
    terminal.control("l").await;
    terminal.control("d").await;
    assert_eq!(terminal.line(), "");
    // Whom it ends is the session's affair; a line that is begun it leaves alone.
    terminal.type_in("half a line").await;
    terminal.control("d").await;
    terminal.control("u").await;
    assert_eq!(terminal.asked.take(), [TerminalWish::Interrupt, TerminalWish::Clear, TerminalWish::EndOfInput].map(Message::Terminal));
    // `clear` is the page's affair, not the cluster's.
    terminal.run(" clear ").await;
    assert_eq!(terminal.asked.take(), [Message::Terminal(TerminalWish::Clear)]);
}

#[wasm_bindgen_test]
async fn control_r_finds_an_older_line() {
    let terminal = Shown::new().await;
    for line in ["kubectl get pods", "kubectl get nodes", "echo done"] {
        terminal.run(line).await;
    }
    terminal.asked.take();
    terminal.control("r").await;
    terminal.type_in("get").await;
    pause(20).await;
    assert!(terminal.drawn.one::<Element>(".line .prompt").text_content().is_some_and(|prompt| prompt.contains("kubectl get nodes")));
    terminal.press("Enter").await;
    assert_eq!(terminal.asked.take(), [said("kubectl get nodes")]);
    terminal.control("r").await;
    terminal.type_in("get").await;
    terminal.press("Escape").await;
    assert_eq!(terminal.line(), "");
    assert_eq!(terminal.asked.take(), []);
}

#[wasm_bindgen_test]
async fn tab_completes_as_far_as_all_agree() {
    let mut terminal = Shown::new().await;
    let offer = |line: &str, start: usize, candidates: &[&str]| Completion {
        line: line.into(),
        start,
        candidates: candidates.iter().map(|c| (*c).to_owned()).collect(),
    };
    // (typed, where the word begins, candidates, what stands there afterwards)
    let cases: [(&str, usize, &[&str], &str); 6] = [
        ("kubectl g", 8, &["get"], "kubectl get "),
        ("kubectl get pods w", 17, &["web-1", "web-2"], "kubectl get pods web-"),
        ("kubectl get pods web-", 17, &["web-1", "web-2"], "kubectl get pods web-"),
        ("cat /e", 4, &["/etc/"], "cat /etc/"),
        ("echo 한", 5, &["한글", "한국"], "echo 한"),
        ("echo x", 5, &[], "echo x"),
    ];
    for (typed, start, candidates, wanted) in cases {
        terminal.type_in(typed).await;
        terminal.press("Tab").await;
        assert_eq!(terminal.asked.take(), [Message::Complete(typed.into())]);
        let props = terminal_props(&[], Some("$ "), Some(offer(typed, start, candidates)), &terminal.on);
        terminal.drawn.becomes(props).await;
        assert_eq!(terminal.line(), wanted);
        let offered = texts(&terminal.drawn.place, ".offered").concat();
        assert_eq!(!offered.is_empty(), wanted == typed && !candidates.is_empty(), "{offered}");
    }
    // An answer for a line that is no longer there is too late.
    terminal.type_in("kubectl delete ").await;
    let props = terminal_props(&[], Some("$ "), Some(offer("kubectl g", 8, &["get"])), &terminal.on);
    terminal.drawn.becomes(props).await;
    assert_eq!(terminal.line(), "kubectl delete ");
}

#[wasm_bindgen_test]
async fn the_terminal_draws_its_output_and_who_said_it() {
    let mut terminal = Shown::new().await;
    let lines = [
        (OutputKind::Command { prompt: 2 }, "$ k get po\n"),
        (OutputKind::Stdout, "\u{1b}[31mred\u{1b}[0m plain\n"),
        (OutputKind::Stderr, "wrong <b>\n"),
    ];
    let props = terminal_props(&lines, None, None, &terminal.on);
    terminal.drawn.becomes(props).await;
    assert_eq!(texts(&terminal.drawn.place, ".screen .typed"), ["$ k get po\n"]);
    assert_eq!(texts(&terminal.drawn.place, ".screen .stdout .red"), ["red"]);
    assert_eq!(texts(&terminal.drawn.place, ".screen .stderr"), ["wrong <b>\n"], "output is text, never markup");
    assert_eq!(terminal.drawn.all(".busy").len(), 1, "something runs");
    // What is long scrolls out of the page.
    let many: Vec<(OutputKind, &str)> = std::iter::repeat_n((OutputKind::Stdout, "line\n"), 4_000).collect();
    let props = terminal_props(&many, Some("$ "), None, &terminal.on);
    terminal.drawn.becomes(props).await;
    assert!((1_000..2_000).contains(&terminal.drawn.all(".screen .stdout").len()));
}

#[wasm_bindgen_test]
async fn every_sentence_is_there_in_both_languages() {
    // The page's own words as they are drawn, not the tables': a switch changes all that is not a name.
    let props =
        |language| ControlsProps { now: SimTime::ZERO, playing: true, speed: 1, in_past: true, can_undo: true, language, on: Callback::noop() };
    let names = |drawn: &Drawn<Controls>| drawn.all("[aria-label]").iter().filter_map(|e| e.get_attribute("aria-label")).collect::<Vec<_>>();
    let mut drawn = Drawn::<Controls>::new(props(Language::English)).await;
    let english = names(&drawn);
    drawn.becomes(props(Language::Korean)).await;
    says(&drawn.place, "↶").await;
    let korean = names(&drawn);
    assert_eq!(english.len(), korean.len());
    assert!(english.iter().zip(&korean).all(|(a, b)| a != b && !b.is_empty()), "{english:?} {korean:?}");
    assert_eq!(Language::English.other(), Language::Korean);
    for key in ["explain-required", "lesson-next", "pic-outline"] {
        let both = BOTH.map(|language| language.find(key));
        assert!(both[0].is_some() && both[1].is_some() && both[0] != both[1], "{key}: {both:?}");
    }
    assert_eq!(Language::English.find("no-such-key"), None);
}
