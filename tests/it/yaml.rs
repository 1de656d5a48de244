//! `tests/data/yaml`: texts that are no YAML, beside go-yaml's words and the place that we mark.

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
