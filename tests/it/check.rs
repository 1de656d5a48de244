//! `podlab check` as a command: `tests/data/check/transcript.txt` holds its lines (`$ podlab check ARGUMENTS [< FILE]`), what each prints and its
//! exit code. Files are those of the same folder.

use std::fs::{self, File};
use std::process::{Command, Stdio};

const FOLDER: &str = "tests/data/check";

#[test]
fn says_and_ends_as_recorded() {
    let file = format!("{FOLDER}/transcript.txt");
    let recorded = fs::read_to_string(&file).expect("the folder is part of the source");
    let told: Vec<String> = recorded.lines().filter_map(|line| line.strip_prefix("$ podlab ")).map(run).collect();
    let told = told.join("\n");
    if std::env::var_os("PODLAB_UPDATE").is_some() {
        fs::write(&file, &told).expect("the folder is part of the source");
    } else {
        assert!(told == recorded, "{file}: behaviour changed; if on purpose: PODLAB_UPDATE=1 make unit\n{told}");
    }
}

/// One line of the transcript with what really came of it.
fn run(line: &str) -> String {
    let (arguments, input) = line.split_once(" < ").map_or((line, None), |(arguments, input)| (arguments, Some(input)));
    let stdin = input.map_or_else(Stdio::null, |name| File::open(format!("{FOLDER}/{name}")).expect("the folder is part of the source").into());
    let ended = Command::new(env!("CARGO_BIN_EXE_podlab"))
        .args(arguments.split(' '))
        .current_dir(FOLDER)
        .stdin(stdin)
        .output()
        .expect("the tool was built for this test");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).expect("it prints UTF-8");
    let said = text(&ended.stdout) + &text(&ended.stderr);
    format!("$ podlab {line}\n{said}exit {}\n", ended.status.code().map_or("by a signal".into(), |code| code.to_string()))
}
