//! `tests/data/yaml`: texts that are no YAML, beside go-yaml's words and the place that we mark.

use podlab::api::Value;
use podlab::manifest::{Root, read_stream};

#[test]
fn errors_have_go_yaml_s_words_and_the_true_place() {
    let data = include_str!("../data/yaml/errors.txt");
    let mut checked = 0;
    for case in data.split("\n== ").skip(1) {
        let (name, rest) = case.split_once('\n').expect("a name and a text");
        let (text, expected) = rest.split_once("\n-- ").expect("a text and what is said of it");
        let text = format!("{text}\n").replace('«', "\t").replace('·', "\u{feff}");
        let error = podlab::yaml::parse(&text, 0).expect_err(name);
        let marked = text[error.span.range()].replace('\t', "«");
        assert_eq!(format!("{} | {marked:?}", error.message), expected.trim_end(), "{name}");
        checked += 1;
    }
    assert!(checked > 10);
}

/// Texts that people write, and what becomes of them while they type: every recorded manifest, whole, cut off, without a line, with a character more.
fn texts() -> Vec<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut texts = Vec::new();
    for folder in ["tests/conformance/verdicts", "tests/data/verdicts"] {
        let entries = std::fs::read_dir(format!("{root}/{folder}")).expect("the recordings are part of the source");
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "jsonl")) {
            let cases = std::fs::read_to_string(path).expect("UTF-8");
            texts.extend(
                cases.lines().filter_map(|line| serde_yaml::from_str::<serde_yaml::Value>(line).ok()?.get("input")?.as_str().map(str::to_owned)),
            );
        }
    }
    const MORE: [&str; 17] = ["\n", " ", ": ", "- ", "#", " #", "\"", "'", "[", "}", ", ", "&a ", "*a", "|\n", "\t", "é", "\u{2028}"];
    let whole = texts.len();
    for index in 0..whole {
        let text = texts[index].clone();
        // A different place in each text; the same ones in every run.
        for (turn, more) in MORE.iter().enumerate() {
            let at = (index * 7919 + turn * 104_729) % (text.len() + 1);
            let Some((before, after)) = text.split_at_checked(at) else { continue };
            texts.push(format!("{before}{more}{after}"));
            if turn % 8 == 0 {
                texts.push(before.to_owned());
                texts.push(format!("{before}{}", after.split_once('\n').map_or("", |(_, rest)| rest)));
            }
        }
    }
    texts
}

#[test]
fn what_is_read_by_lines_is_what_go_yaml_reads() {
    use podlab::yaml::{lines, parse};
    let texts = texts();
    let mut read = 0;
    for text in &texts {
        let Some((value, outline)) = lines::read(text) else { continue };
        read += 1;
        let node = outline.root(text, 0).node();
        let ended = if text.ends_with('\n') { text.clone() } else { format!("{text}\n") };
        assert_eq!(parse(&ended, 0), Ok(Some(node.clone())), "{text}");
        assert_eq!((value, None), (node.to_value(), node.unsupported_number()), "{text}");
    }
    assert!(read * 3 > texts.len(), "{read} of {}", texts.len());
}

/// Every field's path in a value, that of a field it does not have, and the field's text.
fn paths(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    found.push((format!("{path}.missing"), String::new()));
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (format!("{path}.{key}"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (format!("{path}[{index}]"), value)).collect(),
        _ => Vec::new(),
    };
    for (inner, value) in inside {
        paths(value, &inner, found);
        found.extend(value.as_str().map(|text| (path.to_owned(), text.to_owned())));
        found.push((inner, String::new()));
    }
}

#[test]
fn an_outline_tells_the_places_that_the_tree_tells() {
    let mut compared = 0;
    for text in texts().into_iter().step_by(7) {
        for document in read_stream(&text).documents {
            let tree = Root::from(document.root.clone().into_node());
            let mut all = Vec::new();
            paths(&document.value, "", &mut all);
            for (path, value) in &all {
                let message = format!("Invalid value: {value:?}: it is wrong");
                assert_eq!(document.root.span_in(path), tree.span_in(path), "{path} of {text}");
                assert_eq!(document.root.span_of_error(path, &message), tree.span_of_error(path, &message), "{path} of {text}");
                compared += 1;
            }
        }
    }
    assert!(compared > 50_000, "{compared}");
}
