//! The icons of a mood. Each has a form of its own, so that none depends on its colour.

use podlab::view::scene::{Icon, Mood};
use yew::prelude::*;

use super::pen::{n, tone};

/// The icon of a mood by itself, outside the picture.
pub fn mood_badge(mood: Mood) -> Html {
    html! {
        <span class={classes!("badge", tone(mood.tone))} aria-hidden="true"><svg width="16" height="16" viewBox="-7 -7 14 14">{ icon(mood.icon, 0.0, 0.0) }</svg></span>
    }
}

/// An icon of 12 × 12 px around a point, in the current colour.
pub fn icon(icon: Icon, x: f64, y: f64) -> Html {
    let inside = match icon {
        Icon::Ready => html! { <circle r="5" class="fill"/> },
        Icon::NotReady => html! { <><circle r="4.8" class="stroke"/><path d="M0 -4.8A4.8 4.8 0 0 0 0 4.8Z" class="fill"/></> },
        Icon::Clock => html! { <><circle r="5" class="stroke"/><path d="M0 -2.8V0.3L2 1.6" class="stroke"/></> },
        Icon::BackOff => {
            html! { <><path d="M-3.6 -3.6A5 5 0 1 1 -5 0.6M-5.2 -5.4L-3.7 -3.4L-1.4 -4.6" class="stroke"/><path d="M0 -2.4V0.3L1.8 1.4" class="stroke"/></> }
        }
        Icon::Check => html! { <><circle r="5.2" class="stroke"/><path d="M-2.6 0.2L-0.7 2.2L2.7 -1.9" class="stroke"/></> },
        Icon::Cross => html! { <><circle r="5.5" class="fill"/><path d="M-2.2 -2.2L2.2 2.2M2.2 -2.2L-2.2 2.2" class="cut"/></> },
        Icon::OutOfMemory => {
            html! { <><path d="M-5.5 4.5V-2.5H5.5V4.5Z" class="stroke"/><path d="M-3.5 2.8V-5.5H-1V2.8ZM1 2.8V-5.5H3.5V2.8Z" class="fill"/></> }
        }
        Icon::Leaving => html! { <circle r="4.8" class="stroke dashed"/> },
        Icon::Draft => html! { <path d="M-5 5L-4.2 1.6L2.4 -5L5 -2.4L-1.6 4.2ZM0.9 -3.5L3.5 -0.9" class="stroke"/> },
    };
    html! { <g class="icon" transform={format!("translate({} {})", n(x), n(y))}>{ inside }</g> }
}
