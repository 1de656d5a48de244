//! `podlab lesson`.

use std::process::ExitCode;

pub fn main(arguments: &[String]) -> ExitCode {
    let _ = arguments;
    eprintln!("podlab lesson: not built yet");
    ExitCode::from(2)
}
