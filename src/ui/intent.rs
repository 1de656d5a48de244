//! What a component asks for. The app (and nobody else) answers: it owns the session, the selection and the clock.

use podlab::api::SimTime;
use podlab::session::Input;
use podlab::view::Target;

/// A component's wish, handed up through its `Callback<Intent>`.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Something happens in the cluster, now.
    Do(Input),
    /// Click, Enter: details of this shape; `None` closes them.
    Select(Option<Target>),
    /// Hover, focus: light up this shape and its lines.
    Point(Option<Target>),
    /// A shell in this container, in the terminal.
    OpenShell {
        namespace: String,
        pod: String,
        container: String,
    },
    /// Puts a command on the terminal's line and runs it.
    Run(String),
    Play,
    Pause,
    /// ×1 to ×60.
    Speed(u32),
    Seek(SimTime),
    NextEvent,
    NextRestart,
    Undo,
}
