//! `podlab run --scenario DIR`: plays a scenario's actions and prints, one JSON object a line, what watches would have reported.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use super::scenario;

const USAGE: &str = "Usage: podlab run --scenario DIR\n";

pub fn main(arguments: &[String]) -> ExitCode {
    let folder = match arguments {
        [flag, folder] if flag == "--scenario" => Path::new(folder),
        [flag] if flag == "--help" || flag == "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let read = |file: &str| fs::read_to_string(folder.join(file)).map_err(|e| format!("{file}: {e}"));
    match scenario::play(&read) {
        Ok((_, played)) => {
            for refusal in &played.refused {
                eprintln!("{refusal}");
            }
            print!("{}", played.lines);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("podlab run: {error}");
            ExitCode::FAILURE
        }
    }
}
