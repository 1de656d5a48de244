//! The native gate: one binary, so that it links once.

mod replay;
#[path = "../runs.rs"]
mod runs;
mod tidy;
