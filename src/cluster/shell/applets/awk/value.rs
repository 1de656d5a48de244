//! The values of `awk`: numbers, texts, and texts that look like numbers.

use crate::api::float;
use crate::cluster::shell::applets::format::short;

#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Nothing,
    Number(f64),
    Text(String),
    /// What was read and looks like a number counts as both.
    Both(String, f64),
}

/// The number that a text begins with.
fn leading(text: &str) -> Option<(f64, usize)> {
    let start = text.len() - text.trim_start().len();
    let body = &text[start..];
    let end = |from: usize, is: &dyn Fn(char) -> bool| from + body[from..].find(|c: char| !is(c)).unwrap_or(body.len() - from);
    let sign = usize::from(body.starts_with(['-', '+']));
    let mut last = end(sign, &|c| c.is_ascii_digit());
    if body[last..].starts_with('.') {
        last = end(last + 1, &|c| c.is_ascii_digit());
    }
    let digits = body[..last].trim_start_matches('+');
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut exponent = last + usize::from(body[last..].starts_with(['e', 'E']));
    if exponent > last {
        exponent += usize::from(body[exponent..].starts_with(['-', '+']));
        let behind = end(exponent, &|c| c.is_ascii_digit());
        if behind > exponent {
            return Some((float::read(body[..behind].trim_start_matches('+'))?, start + behind));
        }
    }
    Some((float::read(digits)?, start + last))
}

impl Value {
    /// What was read.
    pub(super) fn read(text: &str) -> Self {
        match leading(text) {
            Some((number, end)) if text[end..].trim().is_empty() => Self::Both(text.to_owned(), number),
            _ => Self::Text(text.to_owned()),
        }
    }

    pub(super) fn truth(holds: bool) -> Self {
        Self::Number(f64::from(u8::from(holds)))
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Number(number) | Self::Both(_, number) => *number,
            Self::Text(text) => leading(text).map_or(0.0, |(number, _)| number),
        }
    }

    /// A place in a text or a number of fields: never below nothing.
    pub(super) fn place(&self) -> usize {
        self.number() as usize
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Number(number) if number.trunc() == *number && number.abs() < 1e16 => (*number as i64).to_string(),
            Self::Number(number) => short(*number),
            Self::Text(text) | Self::Both(text, _) => text.clone(),
        }
    }

    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Number(number) | Self::Both(_, number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// Numbers are compared as numbers, all else as text.
    pub(super) fn compared(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Text(_), _) | (_, Self::Text(_)) => self.text().cmp(&other.text()),
            _ => self.number().partial_cmp(&other.number()).unwrap_or(std::cmp::Ordering::Equal),
        }
    }
}
