//! Single values of JSON as Go's decoders read and name them: quantities, base64, numbers.

use crate::api::Value;
use crate::yaml::scalar::json_float;

/// What `encoding/json` calls a value in its errors.
pub(super) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A number as Go's encoder writes it.
pub(super) fn number_text(value: &Value) -> String {
    match value {
        // Beyond 64 bits with a sign kubectl itself makes floats of numbers.
        Value::Number(n) if n.as_i64().is_none() => json_float(n.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

const QUANTITY_FORM: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// The syntax of a quantity (`resource.ParseQuantity`).
pub fn check_quantity(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err(QUANTITY_FORM);
    }
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let tail = rest.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let exponent = tail.strip_prefix(['-', '+']).unwrap_or(tail);
    if !exponent.trim_start_matches(|c: char| c.is_ascii_digit()).is_empty() {
        return Err(QUANTITY_FORM);
    }
    let known = match rest {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" => true,
        _ => rest.strip_prefix(['e', 'E']).is_some_and(|e| e.parse::<i64>().is_ok()),
    };
    if known { Ok(()) } else { Err("unable to parse quantity's suffix") }
}

/// What Go's encoder makes of the bytes of a text that is base64: without line breaks, and zero where the last symbol has bits too many.
pub(super) fn encoded_again(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let whole = text.trim_end_matches('=').len();
    let spare = [0, 3, 15][(text.len() - whole).min(2)];
    if spare == 0 || whole == 0 {
        return text;
    }
    let number = match text.as_bytes()[whole - 1] {
        b @ b'A'..=b'Z' => b - b'A',
        b @ b'a'..=b'z' => b - b'a' + 26,
        b @ b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    if number & spare != 0 {
        let symbol = super::defaults::base64(&[(number & !spare) << 2]);
        text.replace_range(whole - 1..whole, &symbol[..1]);
    }
    text
}

/// The byte at which Go's decoder finds that a text is no base64; `None` where it is.
pub(super) fn bad_base64(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let symbol = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut at = 0;
    loop {
        // A quantum of four symbols; line breaks do not count.
        let mut count = 0;
        while count < 4 {
            let Some(byte) = bytes.get(at).copied() else { return if count == 0 { None } else { Some(at - count) } };
            at += 1;
            if matches!(byte, b'\r' | b'\n') {
                continue;
            }
            if symbol(byte) {
                count += 1;
                continue;
            }
            if byte != b'=' || count < 2 {
                return Some(at - 1);
            }
            let mut next = || {
                while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
                    at += 1;
                }
                at += 1;
                bytes.get(at - 1).copied()
            };
            if count == 2 {
                match next() {
                    None => return Some(bytes.len()),
                    Some(b'=') => {}
                    Some(_) => return Some(at - 2),
                }
            }
            let mut next = || {
                while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
                    at += 1;
                }
                bytes.get(at).copied()
            };
            return next().map(|_| at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_refused_where_go_refuses_it() {
        assert_eq!(bad_base64("aGVsbG8="), None);
        assert_eq!(bad_base64("plain text"), Some(5));
        assert_eq!(bad_base64("abcde"), Some(4));
        assert_eq!(bad_base64("YQ=="), None);
        assert_eq!(bad_base64("YQ==x"), Some(4));
    }

    #[test]
    fn quantities_are_refused_in_the_server_s_two_ways() {
        for good in ["1", "1.5Gi", ".5", "5.", "1e3", "1E", "+5", "100m", "1E-3", "Gi", "-"] {
            assert_eq!(check_quantity(good), Ok(()), "{good}");
        }
        for bad in ["", "1x", "64MB", "64 Mi", "1gi", "1e3Mi", "1,5"] {
            assert_eq!(check_quantity(bad), Err(QUANTITY_FORM), "{bad}");
        }
        for bad in ["1K", "64mi", "1e", "1M5", "--1", "1i"] {
            assert_eq!(check_quantity(bad), Err("unable to parse quantity's suffix"), "{bad}");
        }
    }
}
