//! Build-time, for the tests alone: `tests/conformance/traces/*` as one table of texts in `OUT_DIR`, so that a browser can play them, too.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "tests/conformance/traces";

/// Writes `scenarios.rs`: name and files (name, text) of each scenario, in order of name. What was recorded stays out.
pub fn generate(out: &Path) {
    println!("cargo:rerun-if-changed=tests/scenarios.rs");
    println!("cargo:rerun-if-changed={FOLDER}");
    let mut table = String::from("&[\n");
    for folder in inside(Path::new(FOLDER)).into_iter().filter(|folder| folder.join("scenario.yaml").is_file()) {
        writeln!(table, "    ({:?}, &[", name(&folder)).expect("a String takes everything");
        for file in inside(&folder).into_iter().filter(|file| file.extension().is_some_and(|e| e != "jsonl")) {
            let whole = fs::canonicalize(&file).expect("a file that was just listed");
            writeln!(table, "        ({:?}, include_str!({:?})),", name(&file), whole).expect("a String takes everything");
        }
        table.push_str("    ]),\n");
    }
    table.push_str("]\n");
    fs::write(out.join("scenarios.rs"), table).expect("OUT_DIR is writable");
}

/// What lies in a folder, in order of name; nothing where there is no folder.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).map(|entries| entries.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
