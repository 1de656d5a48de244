//! UI strings: one table per language, checked to be complete when podlab is built.

/// A sentence of the tables; the constants of this module are all there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Korean,
}

include!(concat!(env!("OUT_DIR"), "/words.rs"));

impl Language {
    /// The sentence of a word.
    pub fn say(self, word: Word) -> &'static str {
        match self {
            Self::English => EN[word.0],
            Self::Korean => KO[word.0],
        }
    }

    /// The sentence with its placeholders `{0}`, `{1}`, … filled in.
    pub fn fill(self, word: Word, args: &[&str]) -> String {
        fill_in(self.say(word), args)
    }

    /// The sentence of a key that comes from the core (`explain-required`); `None` for a key that no table has.
    pub fn find(self, key: &str) -> Option<&'static str> {
        KEYS.binary_search(&key).ok().map(|index| self.say(Word(index)))
    }

    /// The other one, for the switch.
    pub fn other(self) -> Self {
        match self {
            Self::English => Self::Korean,
            Self::Korean => Self::English,
        }
    }

    /// The part of a lesson's text in this language.
    pub fn of(self, text: &podlab::lesson::Text) -> &str {
        match self {
            Self::English => &text.en,
            Self::Korean => &text.ko,
        }
    }

    /// The code of the language for `lang` attributes.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }
}

/// A sentence with its placeholders `{0}`, `{1}`, … filled in.
pub fn fill_in(sentence: &str, args: &[impl AsRef<str>]) -> String {
    args.iter().enumerate().fold(sentence.to_owned(), |sentence, (index, arg)| sentence.replace(&format!("{{{index}}}"), arg.as_ref()))
}
