//! What a command sets: `NAME=value`, and bash's arrays.

use crate::cluster::shell::lexer::{Part, Word};

/// `NAME=value` at the head of a command, and what bash may have there: `NAME=(…)`, `NAME[…]=value`.
pub(super) fn assignment(word: &Word, bash: bool) -> Option<(String, Word)> {
    let Part::Bare(text) = word.first()? else { return None };
    if let [_, array @ Part::Array { .. }] = word.as_slice() {
        return Some((text.trim_end_matches(['=', '+']).to_owned(), vec![array.clone()]));
    }
    if let Some((name, rest)) = text.split_once('[').filter(|(name, _)| bash && is_name(name)) {
        let behind: Word = std::iter::once(Part::Bare(rest.to_owned())).chain(word[1..].iter().cloned()).collect();
        let added = halves(behind.clone(), "]+=").map(|halves| (halves, true));
        let ((subscript, value), added) = added.or_else(|| Some((halves(behind, "]=")?, false)))?;
        return Some((name.to_owned(), vec![Part::Element { subscript, value, added }]));
    }
    let (name, rest) = text.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut value = vec![Part::Bare(rest.to_owned())];
    value.extend(word[1..].iter().cloned());
    Some((name.to_owned(), value))
}

/// A word before and behind the first bare text that is this.
pub fn halves(word: Word, by: &str) -> Option<(Word, Word)> {
    let found = word.iter().enumerate().find_map(|(index, part)| match part {
        Part::Bare(text) => text.split_once(by).map(|(before, behind)| (index, before.to_owned(), behind.to_owned())),
        _ => None,
    });
    let (index, before, behind) = found?;
    let (before, behind) = (Part::Bare(before), Part::Bare(behind));
    Some((word[..index].iter().cloned().chain([before]).collect(), std::iter::once(behind).chain(word[index + 1..].iter().cloned()).collect()))
}

pub fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}
