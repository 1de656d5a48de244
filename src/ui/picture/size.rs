//! The size of an element as it changes.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// The content width of the element in pixels; `first` until it is known.
#[hook]
pub fn use_width(node: &NodeRef, first: f64) -> f64 {
    use_length(node, first, Element::client_width)
}

/// The content height of the element in pixels; `first` until it is known.
#[hook]
pub fn use_height(node: &NodeRef, first: f64) -> f64 {
    use_length(node, first, Element::client_height)
}

#[hook]
fn use_length(node: &NodeRef, first: f64, length: fn(&Element) -> i32) -> f64 {
    let width = use_state_eq(|| first);
    {
        let width = width.clone();
        use_effect_with(node.clone(), move |node| {
            let element = node.cast::<Element>();
            let measured = element.clone();
            let measure = Closure::<dyn Fn()>::new(move || {
                if let Some(element) = measured.as_ref().filter(|e| length(e) > 0) {
                    width.set(f64::from(length(element)));
                }
            });
            let observer = ResizeObserver::new(measure.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(element)) = (&observer, &element) {
                observer.observe(element);
            }
            move || {
                if let Some(observer) = &observer {
                    observer.disconnect();
                }
                drop(measure);
            }
        });
    }
    *width
}
