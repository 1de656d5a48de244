//! Shell patterns, as for files, `case` and `${name#…}`: `*`, `?`, `[a-z]`, and a backslash before what is just itself.
//!
//! A text is looked at once, from one side to the other, with all places in the pattern at the same time: long texts and many stars take no longer than
//! their lengths multiplied.

enum Token {
    /// Any text.
    Any,
    /// Any character.
    One,
    Char(char),
    /// `[…]`: negated, ranges.
    Set(bool, Vec<(char, char)>),
}

pub struct Pattern(Vec<Token>);

/// What `[:name:]` stands for in brackets.
pub const CLASSES: &[(&str, &[(char, char)])] = &[
    ("[:alpha:]", &[('a', 'z'), ('A', 'Z')]),
    ("[:digit:]", &[('0', '9')]),
    ("[:alnum:]", &[('a', 'z'), ('A', 'Z'), ('0', '9')]),
    ("[:upper:]", &[('A', 'Z')]),
    ("[:lower:]", &[('a', 'z')]),
    ("[:xdigit:]", &[('0', '9'), ('a', 'f'), ('A', 'F')]),
    ("[:punct:]", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("[:blank:]", &[(' ', ' '), ('\t', '\t')]),
    ("[:space:]", &[(' ', ' '), ('\t', '\r')]),
];

/// Whether a text may be more than itself as a pattern.
pub fn is_active(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// A text as a pattern that means just itself.
pub fn quote(text: &str) -> String {
    text.chars().flat_map(|c| "*?[]!^-\\".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Whether a pattern fits a whole text.
pub fn matches(pattern: &str, text: &str) -> bool {
    Pattern::new(pattern).fits(text)
}

impl Pattern {
    pub fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let (mut tokens, mut at) = (Vec::new(), 0);
        while let Some(&c) = characters.get(at) {
            at += 1;
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '\\' => {
                    at += 1;
                    Token::Char(characters.get(at - 1).copied().unwrap_or(c))
                }
                '[' => match set(&characters, at) {
                    Some((set, behind)) => {
                        at = behind;
                        set
                    }
                    None => Token::Char(c),
                },
                c => Token::Char(c),
            });
        }
        Self(tokens)
    }

    /// The text that it is, where it is no more than that.
    pub fn literal(&self) -> Option<String> {
        self.0.iter().map(|token| if let Token::Char(c) = token { Some(*c) } else { None }).collect()
    }

    pub fn begins_with(&self, c: char) -> bool {
        matches!(self.0.first(), Some(Token::Char(own)) if *own == c)
    }

    pub fn fits(&self, text: &str) -> bool {
        self.prefix(text, true) == Some(text.len())
    }

    /// Where the longest or the shortest head of the text that fits ends.
    pub fn prefix(&self, text: &str, longest: bool) -> Option<usize> {
        let characters = text.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
        scan(&self.0.iter().collect::<Vec<_>>(), 0, characters, false, longest).map(|(_, end)| end)
    }

    /// Where the longest or the shortest tail of the text that fits begins.
    pub fn suffix(&self, text: &str, longest: bool) -> Option<usize> {
        scan(&self.0.iter().rev().collect::<Vec<_>>(), text.len(), text.char_indices().rev(), false, longest).map(|(_, end)| end)
    }

    /// The first part of the text that fits, as long as it can be: its begin and its end.
    pub fn find(&self, text: &str) -> Option<(usize, usize)> {
        let characters = text.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
        scan(&self.0.iter().collect::<Vec<_>>(), 0, characters, true, true)
    }
}

/// The set that begins behind `[`, and where the pattern goes on; `None` where nothing closes it.
fn set(pattern: &[char], mut at: usize) -> Option<(Token, usize)> {
    let not = matches!(pattern.get(at), Some('!' | '^'));
    at += usize::from(not);
    let (first, mut ranges) = (at, Vec::new());
    loop {
        let mut c = *pattern.get(at)?;
        if c == ']' && at > first {
            return Some((Token::Set(not, ranges), at + 1));
        }
        let named = CLASSES.iter().find(|(name, _)| name.chars().eq(pattern[at..].iter().copied().take(name.len())));
        if let Some((name, class)) = named {
            ranges.extend_from_slice(class);
            at += name.len();
            continue;
        }
        if c == '\\' {
            at += 1;
            c = *pattern.get(at)?;
        }
        at += 1;
        match (pattern.get(at), pattern.get(at + 1)) {
            (Some('-'), Some(&last)) if last != ']' => {
                ranges.push((c, last));
                at += 2;
            }
            _ => ranges.push((c, c)),
        }
    }
}

/// The part of a text that fits, from `begin` or, where it `searches`, from the first place from which one does. A character comes with the place behind it.
fn scan(
    tokens: &[&Token],
    begin: usize,
    mut characters: impl Iterator<Item = (usize, char)>,
    searches: bool,
    longest: bool,
) -> Option<(usize, usize)> {
    // For each place in the pattern that is reached the earliest place in the text from which it is.
    let (mut reached, mut next) = (vec![None; tokens.len() + 1], vec![None; tokens.len() + 1]);
    reached[0] = Some(begin);
    let earlier = |one: Option<usize>, other: usize| Some(one.map_or(other, |one| one.min(other)));
    let (mut best, mut at) = (None, begin);
    loop {
        for (index, token) in tokens.iter().enumerate() {
            if let (Token::Any, Some(from)) = (token, reached[index]) {
                reached[index + 1] = earlier(reached[index + 1], from);
            }
        }
        if let Some(from) = reached[tokens.len()].filter(|from| best.is_none_or(|(first, _)| *from <= first)) {
            best = Some((from, at));
            if !longest {
                return best;
            }
        }
        let Some((behind, c)) = characters.next() else { return best };
        at = behind;
        next.fill(None);
        for (index, token) in tokens.iter().enumerate() {
            let Some(from) = reached[index].filter(|from| best.is_none_or(|(first, _)| *from <= first)) else { continue };
            let to = match token {
                Token::Any => index,
                Token::One => index + 1,
                Token::Char(own) if *own == c => index + 1,
                Token::Set(not, ranges) if ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *not => index + 1,
                Token::Char(_) | Token::Set(..) => continue,
            };
            next[to] = earlier(next[to], from);
        }
        if searches && best.is_none() {
            next[0] = earlier(next[0], at);
        }
        if next.iter().all(Option::is_none) {
            return best;
        }
        std::mem::swap(&mut reached, &mut next);
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, matches, quote};

    #[test]
    fn patterns_fit() {
        assert!(matches("*.t?t", "a.txt") && matches("[!a-c]*", "d1") && !matches("[a-c]", "d") && !matches("a", "ab"));
        assert!(matches("", "") && matches("**", "") && matches("a[", "a[") && matches("[]a]", "]") && matches("[[:digit:]-]", "-"));
        assert!(matches("\\*\\[", "*[") && !matches("\\*", "a") && matches(&quote("[a-b]*?\\"), "[a-b]*?\\"));
    }

    #[test]
    fn parts_fit() {
        let ends = |pattern: &str, text: &str| [false, true].map(|longest| Pattern::new(pattern).prefix(text, longest));
        assert_eq!(ends("*.", "a.b.c"), [Some(2), Some(4)]);
        assert_eq!(ends("x*", "a.b.c"), [None, None]);
        let begins = |pattern: &str, text: &str| [false, true].map(|longest| Pattern::new(pattern).suffix(text, longest));
        assert_eq!(begins(".*", "a.b.c"), [Some(3), Some(1)]);
        assert_eq!(begins("한*", "한글한글"), [Some(6), Some(0)]);
        let found = |pattern: &str, text: &str| Pattern::new(pattern).find(text);
        assert_eq!(found("b*c", "abcabcab"), Some((1, 6)));
        assert_eq!(found("[c-d]", "abcd"), Some((2, 3)));
        assert_eq!(found("b?x", "abcbcx"), Some((3, 6)));
        assert_eq!(found("z", "abc"), None);
    }
}
