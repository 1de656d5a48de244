//! Session → pictures as plain data: scene, timeline, problems, inspector, text outline. Read-only; no DOM, no translated sentence.

mod target;

pub use target::Target;
