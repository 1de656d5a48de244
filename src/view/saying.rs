//! A sentence for a reader without its words: the key in the tables of UI strings, and what its placeholders stand for.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saying {
    /// Key in the tables, e.g. `pic-state-running`.
    pub code: &'static str,
    /// What `{0}`, `{1}`, … stand for.
    pub args: Vec<String>,
}

impl Saying {
    pub fn new(code: &'static str) -> Self {
        Self { code, args: Vec::new() }
    }

    pub fn with(code: &'static str, args: &[&str]) -> Self {
        Self { code, args: args.iter().map(|a| (*a).to_owned()).collect() }
    }
}
