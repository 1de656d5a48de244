//! The page's few signs, drawn so that they look alike on every system.

use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Picture,
    Manifest,
    Timeline,
    Terminal,
    Lesson,
    Close,
    List,
    Add,
    Open,
    Folded,
    Sun,
    Moon,
}

impl Icon {
    /// Strokes in a square of 20.
    fn path(self) -> &'static str {
        match self {
            Self::Picture => "M10 2.5 16.5 6.2v7.6L10 17.5 3.5 13.8V6.2zM7 9.5h6M10 9.5v4",
            Self::Manifest => "M5 2.5h7l3 3v12H5zM7.5 8.5h5M7.5 11.5h5M7.5 14.5h3",
            Self::Timeline => "M10 3a7 7 0 1 0 .001 0M10 6.5V10l2.5 2",
            Self::Terminal => "M2.5 4h15v12h-15zM5.5 8l2.5 2-2.5 2M10 12.5h4",
            Self::Lesson => "M10 5C8 3.5 5.5 3.5 3 4v11.5c2.5-.5 5-.5 7 1 2-1.5 4.5-1.5 7-1V4c-2.5-.5-5-.5-7 1zM10 5v11.5",
            Self::Close => "M5 5l10 10M15 5 5 15",
            Self::List => "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
            Self::Add => "M10 4v12M4 10h12",
            Self::Open => "M5 8l5 5 5-5",
            Self::Folded => "M8 5l5 5-5 5",
            Self::Sun => "M10 6.5a3.5 3.5 0 1 0 .001 0M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M16 4l-1.4 1.4M5.4 14.6 4 16",
            Self::Moon => "M16 12A7 7 0 0 1 8 4a6.5 6.5 0 1 0 8 8z",
        }
    }
}

/// A sign without a name: what it stands beside, or on, is named.
pub fn draw(icon: Icon) -> Html {
    html! { <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" focusable="false"><path d={icon.path()} /></svg> }
}
