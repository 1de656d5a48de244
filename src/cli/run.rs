//! `podlab run`.

use std::process::ExitCode;

pub fn main(arguments: &[String]) -> ExitCode {
    let _ = arguments;
    eprintln!("podlab run: not built yet");
    ExitCode::from(2)
}
