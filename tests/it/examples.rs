//! The manifests under Examples and what the page says of them: each can be told in both languages.

use std::fs;

fn lines_of(language: &str) -> Vec<(String, String)> {
    let table = fs::read_to_string(format!("src/ui/locales/page.{language}.yaml")).expect("the table is part of the source");
    let line =
        |line: &str| line.strip_prefix("example-remark-")?.split_once(": ").map(|(key, text)| (key.to_owned(), text.trim_matches('"').to_owned()));
    table.lines().filter_map(line).collect()
}

/// A remark is found in an example by its English words: changed in one place only, it would stay English for everyone.
#[test]
fn remarks_in_examples_are_those_of_the_table() {
    let english = lines_of("en");
    assert!(english.len() > 1, "the table has remarks");
    let source = fs::read_to_string("src/ui/app/examples.rs").expect("the file is part of the source");
    let files = fs::read_dir("src/ui/app/examples").expect("the folder is part of the source").flatten();
    let examples: Vec<(String, String)> =
        files.map(|f| (f.file_name().to_string_lossy().into_owned(), fs::read_to_string(f.path()).expect("an example is UTF-8"))).collect();
    for (key, remark) in &english {
        let word = format!("EXAMPLE_REMARK_{}", key.to_uppercase().replace('-', "_"));
        assert!(source.contains(&word), "nothing puts the remark {key} into the learner's language");
        assert!(examples.iter().any(|(_, text)| text.lines().any(|l| l == remark)), "no example has the remark {remark:?}");
        assert!(lines_of("ko").iter().any(|(k, text)| k == key && text.starts_with("# ") && text != remark), "{key} is no remark in Korean");
    }
    for (file, text) in &examples {
        for remark in text.lines().filter(|l| l.contains("# ")) {
            assert!(english.iter().any(|(_, known)| known == remark), "{file}: {remark:?} is in no table, and would stay English");
        }
        assert!(source.contains(&format!("examples/{file}")), "{file} is under no title");
    }
}
