//! Build-time: `src/ui/locales/*.{en,ko}.yaml` → `OUT_DIR/words.rs` for the page; `explain.en.yaml` alone → `OUT_DIR/explanations.rs` for the native
//! tool. A string that one language lacks fails the build.
//!
//! Each file is one flat mapping `key: sentence`; keys are kebab-case and unique over all files of a language.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

pub fn generate(out: &Path) {
    println!("cargo:rerun-if-changed=src/ui/locales");
    let (en, ko) = (read("en"), read("ko"));
    for (one, other, name) in [(&en, &ko, "ko"), (&ko, &en, "en")] {
        let missing: Vec<_> = one.keys().filter(|key| !other.contains_key(*key)).collect();
        assert!(missing.is_empty(), "src/ui/locales/*.{name}.yaml lack these strings: {missing:?}");
    }
    let mut rust = String::from("// Keys of UI strings, one for each sentence.\n");
    for (index, key) in en.keys().enumerate() {
        // Some are only ever asked for by their key.
        writeln!(rust, "#[allow(dead_code)]\npub const {}: Word = Word({index});", key.to_uppercase().replace(['-', '.'], "_"))
            .expect("a String takes all");
    }
    writeln!(rust, "static KEYS: &[&str] = &{:?};", en.keys().collect::<Vec<_>>()).expect("a String takes all");
    writeln!(rust, "static EN: &[&str] = &{:?};", en.values().collect::<Vec<_>>()).expect("a String takes all");
    writeln!(rust, "static KO: &[&str] = &{:?};", ko.values().collect::<Vec<_>>()).expect("a String takes all");
    std::fs::write(out.join("words.rs"), rust).expect("OUT_DIR is writable");
    let explanations: Vec<(String, String)> = file(Path::new("src/ui/locales/explain.en.yaml")).into_iter().collect();
    std::fs::write(out.join("explanations.rs"), format!("&{explanations:?}")).expect("OUT_DIR is writable");
}

fn file(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read(language: &str) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    let mut paths: Vec<_> = std::fs::read_dir("src/ui/locales").expect("the folder is part of the source").flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths.iter().filter(|p| p.to_string_lossy().ends_with(&format!(".{language}.yaml"))) {
        for (key, sentence) in file(path) {
            // A particle depends on how the word before it sounds: a sentence is worded so that none follows a placeholder.
            let hedge = ["은(는)", "이(가)", "을(를)", "(으)로", "(이)", "와(과)", "과(와)"].into_iter().find(|both| sentence.contains(both));
            assert!(hedge.is_none(), "{}: {key} leaves the particle open", path.display());
            assert!(words.insert(key.clone(), sentence).is_none(), "{}: {key} stands in two files", path.display());
        }
    }
    words
}
