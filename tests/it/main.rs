//! The native gate: one binary, so that it links once.

mod tidy;
