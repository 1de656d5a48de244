//! What the browser keeps between visits. Storage may be forbidden or full; then the page works on, and says so once.

use web_sys::Storage;

pub const DESK: &str = "podlab.desk.1";
pub const LAYOUT: &str = "podlab.layout.2";
pub const PROGRESS: &str = "podlab.progress.1";
pub const LANGUAGE: &str = "podlab.language";
const RUN: &str = "podlab.run.1";
pub const THEME: &str = "podlab.theme";

fn storage() -> Option<Storage> {
    gloo::utils::window().local_storage().ok().flatten()
}

pub fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Whether it is kept now.
pub fn write(key: &str, value: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// Whether nothing of an earlier visit is kept here.
pub fn is_empty() -> bool {
    let run = gloo::utils::window().session_storage().ok().flatten().and_then(|storage| storage.get_item(RUN).ok().flatten());
    run.is_none() && read(DESK).is_none()
}

/// What this tab was at; forgotten with the tab, and given out once: a run that cannot be shown must not come back with every reload.
pub fn take_run() -> Option<String> {
    let storage = gloo::utils::window().session_storage().ok().flatten()?;
    let kept = storage.get_item(RUN).ok().flatten()?;
    storage.remove_item(RUN).ok()?;
    Some(kept)
}

/// Whether it is kept now.
pub fn keep_run(value: &str) -> bool {
    gloo::utils::window().session_storage().ok().flatten().is_some_and(|storage| storage.set_item(RUN, value).is_ok())
}
