//! `%-08.3f`: what `printf` makes of a number or a text.

use std::str::Chars;

use crate::api::float::{exponential, fixed, within};

/// A conversion, taken apart.
#[derive(Default)]
pub(super) struct Conversion {
    flags: String,
    width: usize,
    precision: Option<usize>,
    pub(super) letter: char,
}

/// Wider nothing is made.
const WIDEST: i64 = 4096;

impl Conversion {
    /// Reads what stands behind `%`; `star` gives the number for a `*`. `None` where no letter that is known ends it.
    pub(super) fn read(rest: &mut Chars, star: &mut dyn FnMut() -> i64) -> Option<Self> {
        let mut made = Self::default();
        let mut c = rest.next()?;
        while "-+ #0".contains(c) {
            made.flags.push(c);
            c = rest.next()?;
        }
        let mut number = |c: &mut char, rest: &mut Chars| {
            let mut number = 0;
            if *c == '*' {
                number = star();
                *c = rest.next()?;
            }
            while let Some(digit) = c.to_digit(10) {
                number = (number * 10 + i64::from(digit)).min(WIDEST);
                *c = rest.next()?;
            }
            Some(number.clamp(-WIDEST, WIDEST))
        };
        let width = number(&mut c, rest)?;
        if width < 0 {
            made.flags.push('-');
        }
        made.width = width.unsigned_abs() as usize;
        if c == '.' {
            c = rest.next()?;
            made.precision = Some(number(&mut c, rest)?.max(0) as usize);
        }
        while "hlLqjzt".contains(c) {
            c = rest.next()?;
        }
        made.letter = c;
        "sbcdiuxXoeEfFgG".contains(c).then_some(made)
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn padded(&self, sign: &str, body: &str, zeros: bool) -> String {
        let gap = self.width.saturating_sub(sign.len() + body.chars().count());
        if self.has('-') {
            format!("{sign}{body}{}", " ".repeat(gap))
        } else if zeros && self.has('0') {
            format!("{sign}{}{body}", "0".repeat(gap))
        } else {
            format!("{}{sign}{body}", " ".repeat(gap))
        }
    }

    /// `%s`, `%c`
    pub(super) fn text(&self, text: &str) -> String {
        match (self.letter, self.precision) {
            ('s', Some(most)) => self.padded("", &text.chars().take(most).collect::<String>(), false),
            _ => self.padded("", text, false),
        }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match negative {
            true => "-",
            false if self.has('+') => "+",
            false if self.has(' ') => " ",
            false => "",
        }
    }

    /// `%d`, `%u`, `%x`, `%o`
    pub(super) fn whole(&self, number: i64) -> String {
        let bits = number as u64;
        let prefix = |prefix| if self.has('#') && number != 0 { prefix } else { "" };
        let (sign, digits) = match self.letter {
            'u' => ("", bits.to_string()),
            'x' => (prefix("0x"), format!("{bits:x}")),
            'X' => (prefix("0X"), format!("{bits:X}")),
            'o' => (prefix("0"), format!("{bits:o}")),
            _ => (self.sign(number < 0), number.unsigned_abs().to_string()),
        };
        let least = self.precision.unwrap_or(0);
        self.padded(sign, &format!("{digits:0>least$}"), self.precision.is_none())
    }

    /// `%f`, `%e`, `%g`
    pub(super) fn real(&self, value: f64) -> String {
        let places = self.precision.unwrap_or(6);
        let size = value.abs();
        let body = match self.letter.to_ascii_lowercase() {
            _ if value.is_nan() => "nan".to_owned(),
            _ if value.is_infinite() => "inf".to_owned(),
            'f' => fixed(within(size, 0.0, 1e38), places.min(19) as u32) + &"0".repeat(places.saturating_sub(19)),
            'e' => scientific(&rounded(size, places + 1), false),
            _ => general(size, places.max(1), self.has('#')),
        };
        let body = if self.letter.is_ascii_uppercase() { body.to_ascii_uppercase() } else { body };
        self.padded(self.sign(value.is_sign_negative()), &body, value.is_finite())
    }
}

/// So many digits, and the power of ten of the first.
fn rounded(value: f64, count: usize) -> (String, i64) {
    let (text, mut tens) = exponential(value);
    let mut digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    if digits.len() > count {
        let odd = digits[count - 1] % 2 == 1;
        let up = digits[count] > b'5' || digits[count] == b'5' && (odd || digits.len() > count + 1);
        digits.truncate(count);
        let nines = digits.iter().rev().take_while(|d| up && **d == b'9').count();
        digits.truncate(count - nines);
        match digits.last_mut() {
            Some(last) => *last += u8::from(up),
            None => {
                digits.push(b'1');
                tens += 1;
            }
        }
    }
    digits.resize(count, b'0');
    (String::from_utf8_lossy(&digits).into_owned(), tens)
}

/// Without the zeros at the end of a fraction.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn scientific((digits, tens): &(String, i64), trims: bool) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let body = format!("{first}{point}{rest}");
    let body = if trims { trimmed(&body) } else { &body };
    format!("{body}e{}{:02}", if *tens < 0 { '-' } else { '+' }, tens.unsigned_abs())
}

fn general(value: f64, count: usize, keeps: bool) -> String {
    let (digits, tens) = rounded(value, count);
    if tens < -4 || tens >= count as i64 {
        return scientific(&(digits, tens), !keeps);
    }
    let body = if tens < 0 {
        format!("0.{}{digits}", "0".repeat((-tens - 1) as usize))
    } else {
        let (whole, fraction) = digits.split_at(tens as usize + 1);
        format!("{whole}{}{fraction}", if fraction.is_empty() { "" } else { "." })
    };
    if keeps { body } else { trimmed(&body).to_owned() }
}
