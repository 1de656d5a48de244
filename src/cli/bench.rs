//! `podlab bench`.

use std::process::ExitCode;

pub fn main(arguments: &[String]) -> ExitCode {
    let _ = arguments;
    eprintln!("podlab bench: not built yet");
    ExitCode::from(2)
}
