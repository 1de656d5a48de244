//! Podlab's core: text in, plain data out. No web crate, no clock, no randomness of its own, no IO.
//!
//! ```text
//! text ──yaml──▶ tree with spans ──manifest──▶ objects + diagnostics ──cluster──▶ state + event log ──view──▶ plain pictures ──ui──▶ DOM
//!                                                      ▲                                                              │
//!                                                      └──────────────── session::Input (everything the person does) ◀┘
//! ```
//!
//! Nothing flows back except as an [`session::Input`]. A whole run is *seed + inputs with their times*; the state at any moment is a pure
//! function of them. Undo, dragging the playhead, share links and lesson checks are all this one replay.

pub mod api;
pub mod cluster;
pub mod kubectl;
pub mod lesson;
pub mod manifest;
pub mod schema;
pub mod session;
pub mod share;
pub mod text;
pub mod view;
pub mod yaml;
