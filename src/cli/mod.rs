//! The native door: `podlab check | run | kubectl | lesson | bench`. Each command is a file; this one only chooses.

mod allocator;
mod bench;
mod check;
mod kubectl;
mod lesson;
mod report;
mod run;
mod scenario;

pub use allocator::Allocator;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: podlab COMMAND

  check [--json | --batch] FILE…   what the API server says of manifests
  run --scenario DIR               plays a recorded scenario's actions, prints what a watch would see
  kubectl --script FILE            runs a terminal transcript's commands, prints the whole transcript
  lesson check [FOLDER]            proves every lesson: goals false before the solution, true after it
  bench [NAME]                     measures

podlab COMMAND --help tells more.
";

pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("check") => check::main(rest),
        Some("run") => run::main(rest),
        Some("kubectl") => kubectl::main(rest),
        Some("lesson") => lesson::main(rest),
        Some("bench") => bench::main(rest),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Some(other) => {
            eprint!("podlab: there is no command {other:?}\n\n{USAGE}");
            ExitCode::from(2)
        }
        None => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
