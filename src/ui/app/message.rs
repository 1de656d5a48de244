//! Everything that reaches the app: wishes of components, the clock, typing, and what the page's own chrome asks for.

use podlab::text::Span;

use crate::ui::app::layout::{Pane, Size};
use crate::ui::intent::Intent;

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Wish(Intent),
    /// An animation frame, with its time in milliseconds.
    Frame(f64),
    /// The editor's text changed by the learner's hand.
    Typed(String),
    /// The cursor stands at this UTF-16 unit.
    Cursor(usize),
    /// A key went down in the terminal: the next frame is its echo's.
    Key,
    Apply,
    /// Repair number such of diagnostic number such.
    Fix {
        diagnostic: usize,
        fix: usize,
    },
    /// Show this place in the editor.
    Jump(Span),
    Desk(DeskWish),
    Terminal(TerminalWish),
    /// A line of the terminal whose descriptions are there now, or cannot be had.
    Described(String),
    /// The page has time for what nobody has asked for yet.
    Idle,
    /// The schema's descriptions have come without being asked for.
    Descriptions,
    /// The list of lessons, or one of them, has come; without a text, it cannot be had.
    Lessons(Option<String>),
    /// Tab in the terminal, on this line.
    Complete(String),
    Lesson(LessonWish),
    Layout(LayoutWish),
    /// A new, empty cluster.
    EmptyCluster,
    SwitchLanguage,
    SwitchTheme,
    Share(Sharing),
    /// The page's address changed its fragment.
    AddressChanged,
    /// Something to say to the learner.
    Notice(Notice),
    Dismiss,
    /// The page may be closed any moment: everything is to be kept now.
    Leaving,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DeskWish {
    Select(usize),
    Add,
    Close(usize),
    Example(usize),
    BringBack(usize),
    Open { name: String, text: String },
    Download,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TerminalWish {
    Line(String),
    /// Ctrl-D.
    EndOfInput,
    Interrupt,
    Clear,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LessonWish {
    /// The list of lessons.
    List,
    Open(String),
    Close,
    Answer(String),
    Decide(String),
    Hint,
    ShowMe,
    Reset,
    Next,
    Back,
    ExportProgress,
    ImportProgress(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum LayoutWish {
    /// On a phone: which pane is shown.
    Show(Pane),
    Resize(Size, i32),
    FoldLesson(bool),
    /// The picture's pane is so many CSS pixels wide now.
    Measured(f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    Manifest,
    Lesson,
    Moment,
    Embed,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub text: String,
    /// Something to copy by hand.
    pub copy: Option<String>,
}
