//! The native gate: one binary, so that it links once.

mod fixes;
mod hostile;
mod replay;
#[path = "../runs.rs"]
mod runs;
mod tidy;
mod yaml;
