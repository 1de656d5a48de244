//! What lessons say of the page: a button has the same name in both.

use std::fs;

/// The page's own words in a language.
fn words(language: &str) -> Vec<String> {
    let table = |file| fs::read_to_string(format!("src/ui/locales/{file}.{language}.yaml")).expect("the table is part of the source");
    let lines = table("page") + &table("picture");
    lines.lines().filter_map(|line| Some(line.split_once(": ")?.1.trim_matches('"').to_lowercase())).collect()
}

/// What stands in bold, with the words before and after it.
fn in_bold(text: &str) -> Vec<(&str, &str, &str)> {
    let parts: Vec<&str> = text.split("**").collect();
    parts.windows(3).step_by(2).map(|around| (around[0], around[1], around[2])).collect()
}

#[test]
fn buttons_that_a_lesson_names_are_on_the_page() {
    let mut named = 0;
    for folder in fs::read_dir("lessons").expect("the folder is part of the source").flatten().filter(|entry| entry.path().is_dir()) {
        for language in ["en", "ko"] {
            let known = words(language);
            let path = folder.path().join(format!("{language}.md"));
            let text = fs::read_to_string(&path).expect("a lesson has both languages");
            for (before, bold, after) in in_bold(&text) {
                let is_pressed = match language {
                    "en" => ["press ", "Press ", "choose ", "Choose "].iter().any(|verb| before.ends_with(verb)),
                    _ => ["을 누르", "를 누르", "을 고르", "를 고르"].iter().any(|verb| after.starts_with(verb)),
                };
                if is_pressed {
                    named += 1;
                    assert!(
                        known.iter().any(|word| word.contains(&bold.to_lowercase())),
                        "{}: nothing on the page is named {bold:?}",
                        path.display()
                    );
                }
            }
        }
    }
    assert!(named > 10, "lessons name buttons ({named})");
}
