//! Where the panes stand and how wide they are; remembered between visits.

use podlab::api::float::within;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, ResizeObserver, ResizeObserverEntry};
use yew::prelude::*;

use crate::ui::storage;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Picture,
    Manifest,
    Timeline,
    Terminal,
    Lesson,
}

/// A length that the learner may drag, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Lesson,
    Manifest,
    Bottom,
    Timeline,
}

impl Size {
    const ALL: [Self; 4] = [Self::Lesson, Self::Manifest, Self::Bottom, Self::Timeline];

    fn property(self) -> &'static str {
        match self {
            Self::Lesson => "--lesson",
            Self::Manifest => "--manifest",
            Self::Bottom => "--bottom",
            Self::Timeline => "--timeline",
        }
    }

    fn limits(self) -> (i32, i32) {
        match self {
            Self::Lesson => (240, 560),
            Self::Manifest => (260, 900),
            Self::Bottom => (120, 900),
            Self::Timeline => (240, 2400),
        }
    }

    /// What it is until the learner drags it: on a large screen more, but text of one line that is as wide as such a screen cannot be read.
    fn own(self, (width, height): (f64, f64)) -> i32 {
        let own = match self {
            Self::Lesson => within(230.0 + width * 0.07, 330.0, 470.0),
            Self::Manifest => within(276.0 + width * 0.1, 420.0, 620.0),
            Self::Bottom => within(height * 0.3 - 6.0, 264.0, 430.0),
            Self::Timeline => within(width * 0.5, 720.0, 1800.0),
        };
        own as i32
    }

    /// A divider between columns is dragged sideways.
    fn is_column(self) -> bool {
        self != Self::Bottom
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// What the learner has chosen, in the order of `Size::ALL`.
    sizes: [Option<i32>; 4],
    pub shown: Pane,
    pub lesson_folded: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { sizes: [None; 4], shown: Pane::Picture, lesson_folded: false }
    }
}

impl Layout {
    pub fn restore() -> Self {
        let mut layout = Self::default();
        let kept = storage::read(storage::LAYOUT).unwrap_or_default();
        for (size, kept) in Size::ALL.into_iter().zip(kept.split(' ')) {
            if let Ok(kept) = kept.parse() {
                layout.resize(size, kept);
            }
        }
        layout
    }

    pub fn keep(&self) -> bool {
        storage::write(storage::LAYOUT, &self.sizes.map(|size| size.map_or_else(|| "-".to_owned(), |size| size.to_string())).join(" "))
    }

    pub fn size(&self, size: Size) -> i32 {
        self.sizes[size as usize].unwrap_or_else(|| size.own(window_size()))
    }

    pub fn resize(&mut self, size: Size, to: i32) {
        let (least, most) = size.limits();
        self.sizes[size as usize] = Some(to.clamp(least, most));
    }

    /// Writes the sizes where the style sheet reads them.
    pub fn show(&self) {
        let root = gloo::utils::document().document_element().and_then(|e| e.dyn_into::<HtmlElement>().ok());
        if let Some(root) = root {
            for size in Size::ALL {
                // A browser without custom properties shows the style sheet's own sizes.
                root.style().set_property(size.property(), &format!("{}px", self.size(size))).unwrap_or_default();
            }
        }
    }
}

/// Of the page, in CSS pixels.
fn window_size() -> (f64, f64) {
    let window = gloo::utils::window();
    let length = |told: Result<JsValue, JsValue>| told.ok().and_then(|length| length.as_f64()).unwrap_or_default();
    (length(window.inner_width()), length(window.inner_height()))
}

/// Watches how wide and high an element is; stops when dropped.
pub struct Measure {
    observer: ResizeObserver,
    _report: Closure<dyn Fn(js_sys::Array)>,
}

impl Drop for Measure {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

pub fn measure(id: &str, on: Callback<(f64, f64)>) -> Option<Measure> {
    let element = gloo::utils::document().get_element_by_id(id)?;
    let report = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        if let Ok(entry) = entries.get(0).dyn_into::<ResizeObserverEntry>() {
            on.emit((entry.content_rect().width(), entry.content_rect().height()));
        }
    });
    let observer = ResizeObserver::new(report.as_ref().unchecked_ref()).ok()?;
    observer.observe(&element);
    Some(Measure { observer, _report: report })
}

#[derive(Properties, PartialEq)]
pub struct SplitterProps {
    pub size: Size,
    pub value: i32,
    pub label: &'static str,
    pub on_resize: Callback<(Size, i32)>,
}

/// A divider that mouse, finger and arrow keys move.
#[function_component(Splitter)]
pub fn splitter(props: &SplitterProps) -> Html {
    let held = use_mut_ref(|| None::<(i32, i32)>);
    let SplitterProps { size, value, .. } = *props;
    let (least, most) = size.limits();
    let column = size.is_column();
    let place = move |e: &PointerEvent| if column { e.client_x() } else { e.client_y() };
    // The bottom row grows upwards.
    let way = if column { 1 } else { -1 };

    let on_down = {
        let held = held.clone();
        Callback::from(move |e: PointerEvent| {
            if let Some(element) = e.target().and_then(|t| t.dyn_into::<Element>().ok()) {
                // Without capture the drag ends when the pointer leaves the divider, which is harmless.
                element.set_pointer_capture(e.pointer_id()).unwrap_or_default();
            }
            *held.borrow_mut() = Some((place(&e), value));
        })
    };
    let on_move = {
        let (held, on_resize) = (held.clone(), props.on_resize.clone());
        Callback::from(move |e: PointerEvent| {
            if let Some((from, before)) = *held.borrow() {
                on_resize.emit((size, before + way * (place(&e) - from)));
            }
        })
    };
    let on_up = Callback::from(move |_: PointerEvent| *held.borrow_mut() = None);
    let on_key = {
        let on_resize = props.on_resize.clone();
        Callback::from(move |e: KeyboardEvent| {
            let to = match e.key().as_str() {
                "ArrowLeft" if column => value - 16,
                "ArrowRight" if column => value + 16,
                "ArrowUp" if !column => value + 16,
                "ArrowDown" if !column => value - 16,
                "Home" => least,
                "End" => most,
                _ => return,
            };
            e.prevent_default();
            on_resize.emit((size, to));
        })
    };
    html! {
        <div class={classes!("split", if column { "split-column" } else { "split-row" }, format!("split-{}", &size.property()[2..]))}
            role="separator" tabindex="0" aria-label={props.label} aria-orientation={if column { "vertical" } else { "horizontal" }}
            aria-valuenow={value.to_string()} aria-valuemin={least.to_string()} aria-valuemax={most.to_string()}
            onpointerdown={on_down} onpointermove={on_move} onpointerup={on_up.clone()} onpointercancel={on_up} onkeydown={on_key} />
    }
}
