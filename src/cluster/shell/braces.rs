//! Braces, which make several words of one.

use super::lexer::{Part, Word};

/// How many words the braces of one may make.
pub const MOST_ALTERNATIVES: usize = 1000;

/// bash's `{a,b}` and `{1..5}`: a word becomes several.
pub fn braces(word: Word, left: &mut usize) -> Vec<Word> {
    let found = word.iter().enumerate().find_map(|(index, part)| {
        let Part::Bare(text) = part else { return None };
        let (start, end, pieces) = text.match_indices('{').find_map(|(start, _)| {
            let end = closing(text, start)?;
            Some((start, end, alternatives(&text[start + 1..end])?))
        })?;
        Some((index, text[..start].to_owned(), text[end + 1..].to_owned(), pieces))
    });
    let Some((index, before, after, pieces)) = found else { return vec![word] };
    let mut words = Vec::new();
    for piece in pieces {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let mut one = word.clone();
        one[index] = Part::Bare(format!("{before}{piece}{after}"));
        words.append(&mut braces(one, left));
    }
    words
}

/// Where the brace that opens here is closed.
fn closing(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0;
    text[start..].char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(start + at)
    })
}

/// What stands between braces as a list; `None` where it is just text.
fn alternatives(inner: &str) -> Option<Vec<String>> {
    if let Some((first, last)) = inner.split_once("..") {
        let (first, last) = (first.parse::<i64>().ok()?, last.parse::<i64>().ok()?);
        let steps = first.abs_diff(last).min(MOST_ALTERNATIVES as u64) as i64;
        let sign = if first <= last { 1 } else { -1 };
        return Some((0..=steps).map(|n| (first + sign * n).to_string()).collect());
    }
    let mut depth = 0;
    let pieces: Vec<String> = inner
        .split(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        })
        .map(str::to_owned)
        .collect();
    (pieces.len() > 1).then_some(pieces)
}
