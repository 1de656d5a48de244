//! The manifest editor: CodeMirror behind one JavaScript file. It mounts, sets and marks; what the learner types comes back as messages.
//!
//! The model never writes back what the editor emitted: only a new `revision` sets the text, and never while a syllable is being composed.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use podlab::manifest::complete::CompletionKind;
use podlab::manifest::{self, Checked};
use podlab::text::{self, Severity};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::ui::app::message::Message;
use crate::ui::locales::{self as words, Language, Word};
use crate::ui::problems;

#[wasm_bindgen(module = "/src/ui/afterwards.js")]
extern "C" {
    #[derive(Clone)]
    type Handle;
    fn mount(host: &HtmlElement, text: &str, tab: &str, label: &str, calls: &JsValue) -> Handle;
    #[wasm_bindgen(method)]
    fn set_text(this: &Handle, text: &str, tab: &str);
    #[wasm_bindgen(method)]
    fn set_diagnostics(this: &Handle, list: &Array);
    #[wasm_bindgen(method)]
    fn set_marks(this: &Handle, pairs: &[u32]);
    #[wasm_bindgen(method)]
    fn show(this: &Handle, offset: u32);
    #[wasm_bindgen(method)]
    fn jump(this: &Handle, from: u32, to: u32);
    #[wasm_bindgen(method)]
    fn set_phrases(this: &Handle, phrases: &JsValue, label: &str);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

thread_local! {
    /// The page's editor and the verdict that it shows, in which language.
    static SHOWN: RefCell<Option<(Handle, Option<(Rc<Checked>, Language)>)>> = const { RefCell::new(None) };
}

/// Shows a verdict now, so that it need not wait for the page around the editor to be drawn.
pub fn show_verdict(checked: &Rc<Checked>, text: &str, language: Language) {
    let handle = SHOWN.with_borrow_mut(|shown| {
        let (handle, last) = shown.as_mut()?;
        let is_new = !last.as_ref().is_some_and(|(shown, of)| Rc::ptr_eq(shown, checked) && *of == language);
        *last = Some((checked.clone(), language));
        is_new.then(|| handle.clone())
    });
    if let Some(handle) = handle {
        handle.set_diagnostics(&if text.trim().is_empty() { Array::new() } else { diagnostics(checked, text, language) });
    }
}

/// Where the cursor is to go; the number tells two equal wishes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub from: usize,
    pub to: usize,
    pub number: u32,
}

#[derive(Properties)]
pub struct EditorProps {
    pub text: AttrValue,
    /// The name of the tab that holds it: each has its own undo.
    pub tab: AttrValue,
    /// Counts the texts that did not come from the editor.
    pub revision: u32,
    pub checked: Rc<Checked>,
    pub marks: Rc<[(usize, usize)]>,
    pub jump: Option<Jump>,
    pub language: Language,
    pub on: Callback<Message>,
}

impl PartialEq for EditorProps {
    fn eq(&self, other: &Self) -> bool {
        // Typed text needs no look at the text itself: the editor has it already.
        self.revision == other.revision
            && Rc::ptr_eq(&self.checked, &other.checked)
            && self.marks == other.marks
            && self.jump == other.jump
            && self.language == other.language
            && self.on == other.on
    }
}

/// A mounted editor. The calls that it may make back belong to the browser's garbage collector.
struct Mounted {
    handle: Handle,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        SHOWN.take();
        self.handle.destroy();
    }
}

#[function_component(Editor)]
pub fn editor(props: &EditorProps) -> Html {
    let host = use_node_ref();
    let mounted = use_mut_ref(|| None::<Mounted>);

    {
        let (host, mounted) = (host.clone(), mounted.clone());
        let (text, tab, on, language) = (props.text.clone(), props.tab.clone(), props.on.clone(), props.language);
        use_effect_with((), move |()| {
            if let Some(host) = host.cast::<HtmlElement>() {
                *mounted.borrow_mut() = Some(open(&host, &text, &tab, language, on));
            }
            move || drop(mounted.borrow_mut().take())
        });
    }
    use_handle(&mounted, props.revision, {
        let (text, tab) = (props.text.clone(), props.tab.clone());
        move |handle| handle.set_text(&text, &tab)
    });
    {
        let (checked, text, language) = (props.checked.clone(), props.text.clone(), props.language);
        use_handle(&mounted, (Rc::as_ptr(&props.checked) as usize, props.language), move |_| show_verdict(&checked, &text, language));
    }
    {
        let (marks, text) = (props.marks.clone(), props.text.clone());
        use_handle(&mounted, props.marks.clone(), move |handle| {
            let pairs: Vec<u32> = marks.iter().flat_map(|(from, to)| [*from as u32, *to as u32]).collect();
            handle.set_marks(&pairs);
            if let Some((line, _)) = marks.first() {
                let start = text::LineIndex::new(&text).start_of(*line);
                handle.show(text::utf16_offset(&text, start) as u32);
            }
        });
    }
    {
        let text = props.text.clone();
        use_handle(&mounted, props.jump, {
            let jump = props.jump;
            move |handle| {
                if let Some(Jump { from, to, .. }) = jump {
                    handle.jump(text::utf16_offset(&text, from) as u32, text::utf16_offset(&text, to) as u32);
                }
            }
        });
    }
    use_handle(&mounted, props.language, {
        let language = props.language;
        move |handle| handle.set_phrases(&phrases(language), language.say(words::MANIFEST_EDITOR))
    });
    html! { <div class="editor" ref={host} /> }
}

/// Tells the editor something after each render in which `deps` changed.
#[hook]
fn use_handle<D: PartialEq + 'static>(mounted: &Rc<RefCell<Option<Mounted>>>, deps: D, tell: impl FnOnce(&Handle) + 'static) {
    let mounted = mounted.clone();
    use_effect_with(deps, move |_| {
        if let Some(mounted) = mounted.borrow().as_ref() {
            tell(&mounted.handle);
        }
    });
}

fn open(host: &HtmlElement, text: &str, tab: &str, language: Language, on: Callback<Message>) -> Mounted {
    let calls = Object::new();
    let offer = |name: &str, call: JsValue| set(&calls, name, &call);
    let change = on.clone();
    offer("change", Closure::<dyn Fn(String)>::new(move |text| change.emit(Message::Typed(text))).into_js_value());
    let cursor = on.clone();
    offer("cursor", Closure::<dyn Fn(u32)>::new(move |at| cursor.emit(Message::Cursor(at as usize))).into_js_value());
    let apply = on.clone();
    offer("apply", Closure::<dyn Fn()>::new(move || apply.emit(Message::Apply)).into_js_value());
    offer("fix", Closure::<dyn Fn(u32, u32)>::new(move |d, f| on.emit(Message::Fix { diagnostic: d as usize, fix: f as usize })).into_js_value());
    offer("complete", Closure::<dyn Fn(String, u32) -> Array>::new(|text: String, at: u32| complete(&text, at as usize)).into_js_value());
    offer("hover", Closure::<dyn Fn(String, u32) -> JsValue>::new(|text: String, at: u32| hover(&text, at as usize)).into_js_value());
    offer("doc", Closure::<dyn Fn(String) -> Option<String>>::new(|key: String| manifest::hover::doc(&key)).into_js_value());
    let described = |done: js_sys::Function| crate::ui::afterwards::want_descriptions(move || drop(done.call0(&JsValue::NULL)));
    offer("described", Closure::<dyn Fn(js_sys::Function)>::new(described).into_js_value());
    offer("pasted", Closure::<dyn Fn(String) -> String>::new(|text: String| crate::ui::link::read_pasted(&text)).into_js_value());
    let handle = mount(host, text, tab, language.say(words::MANIFEST_EDITOR), &calls);
    SHOWN.set(Some((handle.clone(), None)));
    Mounted { handle }
}

fn set(object: &Object, key: &str, value: &JsValue) {
    Reflect::set(object, &key.into(), value).expect("a plain object takes every key");
}

fn diagnostics(checked: &Checked, text: &str, language: Language) -> Array {
    let list = Array::new();
    for diagnostic in &checked.diagnostics {
        let item = Object::new();
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "info",
        };
        set(&item, "from", &(text::utf16_offset(text, diagnostic.span.start) as u32).into());
        set(&item, "to", &(text::utf16_offset(text, diagnostic.span.end) as u32).into());
        set(&item, "severity", &severity.into());
        set(&item, "message", &problems::exact_words(diagnostic).into());
        set(&item, "explanation", &problems::explanation(diagnostic, language).unwrap_or_default().into());
        let fixes = diagnostic.fixes.iter().map(|fix| JsValue::from(problems::fix_title(fix, language)));
        set(&item, "fixes", &fixes.collect::<Array>());
        list.push(&item);
    }
    list
}

/// What the schema offers at a place: `[{ from, label, detail, kind, insert, key }]`; `key` asks [`doc`] for the documentation.
fn complete(text: &str, at: usize) -> Array {
    let offset = text::byte_offset(text, at);
    let from = text::utf16_offset(text, manifest::complete::start_of_word(text, offset)) as u32;
    let offers = manifest::complete::complete(text, offset);
    let items = offers.into_iter().map(|offer| {
        let kind = match offer.kind {
            CompletionKind::Field => "property",
            CompletionKind::Value => "enum",
            CompletionKind::Snippet => "snippet",
        };
        let item = Object::new();
        set(&item, "from", &from.into());
        for (name, value) in
            [("label", offer.label.as_str()), ("detail", &offer.detail), ("kind", kind), ("insert", &offer.insert), ("key", &offer.doc_key)]
        {
            set(&item, name, &value.into());
        }
        item
    });
    items.collect()
}

/// What the schema says of the field at a place: `{ from, to, title, body }` or null.
fn hover(text: &str, at: usize) -> JsValue {
    let Some(found) = manifest::hover::hover(text, text::byte_offset(text, at)) else { return JsValue::NULL };
    let item = Object::new();
    let required = if found.required { ", required" } else { "" };
    set(&item, "from", &(text::utf16_offset(text, found.span.start) as u32).into());
    set(&item, "to", &(text::utf16_offset(text, found.span.end) as u32).into());
    set(&item, "title", &format!("{} <{}>{required}", found.path, found.type_name).into());
    set(&item, "body", &found.doc.into());
    item.into()
}

/// The library's own English phrases → the words of the tables.
fn phrases(language: Language) -> JsValue {
    const PHRASES: &[(&str, Word)] = &[
        ("Find", words::PHRASE_FIND),
        ("Replace", words::PHRASE_REPLACE_WITH),
        ("next", words::PHRASE_NEXT),
        ("previous", words::PHRASE_PREVIOUS),
        ("all", words::PHRASE_ALL),
        ("match case", words::PHRASE_MATCH_CASE),
        ("regexp", words::PHRASE_REGEXP),
        ("by word", words::PHRASE_BY_WORD),
        ("replace", words::PHRASE_REPLACE),
        ("replace all", words::PHRASE_REPLACE_ALL),
        ("close", words::PHRASE_CLOSE),
        ("current match", words::PHRASE_CURRENT_MATCH),
        ("on line", words::PHRASE_ON_LINE),
        ("Go to line", words::PHRASE_GO_TO_LINE),
        ("go", words::PHRASE_GO),
        ("Diagnostics", words::PHRASE_DIAGNOSTICS),
        ("No diagnostics", words::PHRASE_NO_DIAGNOSTICS),
        ("Completions", words::PHRASE_COMPLETIONS),
        ("Folded lines", words::PHRASE_FOLDED_LINES),
        ("Unfolded lines", words::PHRASE_UNFOLDED_LINES),
        ("to", words::PHRASE_TO),
        ("folded code", words::PHRASE_FOLDED_CODE),
        ("unfold", words::PHRASE_UNFOLD),
        ("Fold line", words::PHRASE_FOLD_LINE),
        ("Unfold line", words::PHRASE_UNFOLD_LINE),
        ("Control character", words::PHRASE_CONTROL_CHARACTER),
    ];
    let object = Object::new();
    for (phrase, word) in PHRASES {
        set(&object, phrase, &language.say(*word).into());
    }
    object.into()
}
