//! What plain text means: YAML 1.1 scalars in the flavour of go-yaml v2 (`resolve.go`).

use crate::api::float;

/// A scalar as it is typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// Kept as its text, but a printer has to quote it.
    Timestamp,
    String,
}

impl Scalar {
    /// The short tag that messages name.
    pub fn tag(&self) -> &'static str {
        match self {
            Scalar::Null => "!!null",
            Scalar::Bool(_) => "!!bool",
            Scalar::Int(_) | Scalar::Uint(_) => "!!int",
            Scalar::Float(_) => "!!float",
            Scalar::Timestamp => "!!timestamp",
            Scalar::String => "!!str",
        }
    }
}

/// Types plain text.
pub fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b't' | b'T' | b'n' | b'N' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text).unwrap_or(Scalar::String),
        b'.' => word(text).or_else(|| style_float(text)).unwrap_or(Scalar::String),
        b'+' | b'-' | b'0'..=b'9' => word(text).unwrap_or_else(|| number(text)),
        _ => Scalar::String,
    }
}

fn word(text: &str) -> Option<Scalar> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn number(text: &str) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain: String;
    let digits = if text.contains('_') {
        plain = text.replace('_', "");
        plain.as_str()
    } else {
        text
    };
    integer(digits).or_else(|| style_float(digits)).unwrap_or(Scalar::String)
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`: decimal, `0x`, `0o`, `0b`, and a leading zero for octal.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match body.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &body[2..]),
        [b'0', b'o' | b'O', ..] => (8, &body[2..]),
        [b'0', b'b' | b'B', ..] => (2, &body[2..]),
        [b'0', _, ..] => (8, &body[1..]),
        _ => (10, body),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(value).map(Scalar::Int);
    }
    // A sign keeps ParseUint from reading it.
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(value)),
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Scalar::Uint(value)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, as long as it fits a float.
fn style_float(text: &str) -> Option<Scalar> {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let mantissa_fits =
        all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && (!whole.is_empty() || mantissa.starts_with('.'));
    let exponent_fits = exponent.is_none_or(|e| {
        let digits = e.strip_prefix(['-', '+']).unwrap_or(e);
        !digits.is_empty() && all_digits(digits)
    });
    if !mantissa_fits || !exponent_fits {
        return None;
    }
    float::read(text).filter(|f| f.is_finite()).map(Scalar::Float)
}

/// `2024-01-02`, with or without a time of day. The value stays a string, but printing quotes it.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let mut parts = text[..end].split('-');
    let mut date =
        || parts.next().filter(|p| (1..=4).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (date(), date(), date()) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=longest).contains(&day) || text[..end].len() > 10 {
        return false;
    }
    let Some(clock) = text.get(end + 1..) else { return end == text.len() };
    let with_zone = !text[end..].starts_with(' ');
    let (clock, zoned) = match clock.find(['Z', '+', '-']) {
        Some(at) => (&clock[..at], is_zone(&clock[at..])),
        None => (clock, !with_zone),
    };
    let mut limits = [23.0, 59.0, 60.0].iter();
    zoned
        && clock.split(':').count() == 3
        && clock.split(':').all(|p| {
            let limit = limits.next().copied().unwrap_or(0.0);
            !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit() || b == b'.') && float::read(p).is_some_and(|v| v <= limit)
        })
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    text == "Z" || (bytes.len() == 6 && bytes[3] == b':' && [1, 2, 4, 5].iter().all(|i| bytes[*i].is_ascii_digit()))
}

/// `12:30:45`: base 60 for YAML 1.1, a string for go-yaml, which quotes it for others' sake.
pub fn is_base60(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = body.split(':');
    let head = parts.next().unwrap_or_default();
    if !head.starts_with(|c: char| c.is_ascii_digit()) || !head.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    !rest.is_empty()
        && rest.iter().enumerate().all(|(i, part)| {
            let (whole, fraction) = if i + 1 == rest.len() { part.split_once('.').unwrap_or((part, "")) } else { (*part, "") };
            (1..=2).contains(&whole.len())
                && whole.bytes().all(|b| b.is_ascii_digit())
                && (whole.len() == 1 || whole.as_bytes()[0] <= b'5')
                && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        })
}

/// A float as Go's `encoding/json` writes it: the shortest digits, an exponent below 1e-6 and from 1e21.
pub fn json_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) { exponent_form(value, 1) } else { float::plain(value) }
}

/// A float as Go's `strconv.FormatFloat(value, 'g', -1, 64)` writes it.
pub fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let size = value.abs();
    // With the shortest digits, %g takes an exponent from 21 on.
    if size != 0.0 && !(1e-4..1e21).contains(&size) { exponent_form(value, 2) } else { float::plain(value) }
}

fn exponent_form(value: f64, width: usize) -> String {
    let (digits, exponent) = float::exponential(value);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:0>width$}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_typed_as_go_yaml_does() {
        let cases = [
            ("yes", Scalar::Bool(true)),
            ("yES", Scalar::String),
            ("~", Scalar::Null),
            ("0777", Scalar::Int(511)),
            ("08", Scalar::Float(8.0)),
            ("-0b11", Scalar::Int(-3)),
            ("0o9", Scalar::String),
            ("1__0", Scalar::Int(10)),
            ("_1", Scalar::String),
            (".5.", Scalar::String),
            ("1.", Scalar::Float(1.0)),
            ("1e400", Scalar::String),
            ("12:30:45", Scalar::String),
            ("2024-01-02", Scalar::Timestamp),
            ("2024-13-02", Scalar::String),
            ("9223372036854775808", Scalar::Uint(1 << 63)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
