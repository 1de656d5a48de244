//! Makes what is generated, each by the room that owns it: the schema table, the tables of UI strings, the lessons, the scenarios for the tests.

#[path = "src/lesson/generate.rs"]
mod lessons;
#[path = "src/ui/locales/generate.rs"]
mod locales;
#[path = "tests/scenarios.rs"]
mod scenarios;
#[path = "src/schema/generate.rs"]
mod schema;

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    schema::generate(&out);
    locales::generate(&out);
    lessons::generate(&out);
    scenarios::generate(&out);
}
