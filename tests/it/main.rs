//! The native gate: one binary, so that it links once.

mod busybox;
mod check;
mod cluster;
mod containers;
mod controllers;
mod courses;
mod examples;
mod fixes;
mod floats;
mod found;
mod hostile;
mod invariants;
mod lessons;
mod pace;
mod pod_security;
mod replay;
#[path = "../runs.rs"]
mod runs;
mod scheduling;
mod terminal;
mod tidy;
mod update;
mod verdicts;
mod yaml;
