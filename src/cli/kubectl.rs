//! `podlab kubectl`.

use std::process::ExitCode;

pub fn main(arguments: &[String]) -> ExitCode {
    let _ = arguments;
    eprintln!("podlab kubectl: not built yet");
    ExitCode::from(2)
}
