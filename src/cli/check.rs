//! `podlab check`.

use std::process::ExitCode;

pub fn main(arguments: &[String]) -> ExitCode {
    let _ = arguments;
    eprintln!("podlab check: not built yet");
    ExitCode::from(2)
}
