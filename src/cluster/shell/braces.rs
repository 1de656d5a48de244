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
        let (last, step) = last.split_once("..").map_or((last, Some(1)), |(last, step)| (last, step.parse::<i64>().ok()));
        let step = step?.unsigned_abs().max(1);
        let letter = |text: &str| text.chars().next().filter(|c| text.len() == 1 && c.is_ascii_alphabetic()).map(|c| i64::from(u32::from(c)));
        let letters = letter(first).zip(letter(last));
        let (from, to) = letters.or_else(|| first.parse().ok().zip(last.parse().ok()))?;
        let steps = (from.abs_diff(to) / step).min(MOST_ALTERNATIVES as u64) as i64;
        let by = if from <= to { 1 } else { -1 } * i64::try_from(step).ok()?;
        // Where one of them begins with a zero all are as wide as the widest.
        let pads = [first, last].iter().any(|text| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1);
        let width = if pads { first.len().max(last.len()) } else { 0 };
        let shown = |n: i64| match u8::try_from(n).ok().filter(|_| letters.is_some()) {
            Some(letter) => char::from(letter).to_string(),
            None => format!("{n:0width$}"),
        };
        return Some((0..=steps).map(|n| shown(from + by * n)).collect());
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
