//! Session → pictures as plain data: scene, timeline, inspector, text outline. Read-only; no DOM, no translated sentence.

pub mod history;
pub mod inspector;
pub mod link;
pub mod outline;
pub mod saying;
pub mod scene;
mod target;
#[cfg(test)]
mod tests;
pub mod timeline;
mod written;

pub use link::{lines_of, target_at};
pub use target::Target;
