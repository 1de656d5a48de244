//! Decimal text → the nearest float, the even one of two.

use std::cmp::Ordering;

use super::big::{Big, compare};
use super::scaled::{SLACK, Scaled};

/// `-12.5e3`; `None` for what is no number. What is too large is infinite.
pub fn read(text: &str) -> Option<f64> {
    let (negative, text) = signed(text.as_bytes());
    let end = text.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.')).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let mut number = Decimal { whole: 0, tens: exponent(rest)?, digits, more: false };
    let (mut seen, mut behind_point) = (false, false);
    for byte in digits {
        if *byte == b'.' {
            if behind_point {
                return None;
            }
            behind_point = true;
            continue;
        }
        seen = true;
        number.tens -= i64::from(behind_point);
        if number.whole < FULL {
            number.whole = number.whole * 10 + u64::from(byte - b'0');
        } else {
            number.tens += 1;
            number.more |= *byte != b'0';
        }
    }
    let size = seen.then(|| number.nearest())?;
    Some(if negative { -size } else { size })
}

/// From here on a number of 64 bits takes no further digit.
const FULL: u64 = 1_000_000_000_000_000_000;

/// Far larger than any exponent that counts, so that sums of them cannot overflow.
const FAR: i64 = 1 << 40;

fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

/// What stands behind the digits: nothing, or `e-7`.
fn exponent(text: &[u8]) -> Option<i64> {
    let text = match text {
        [] => return Some(0),
        [b'e' | b'E', rest @ ..] => rest,
        _ => return None,
    };
    let (negative, digits) = signed(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |all: i64, digit| (all * 10 + i64::from(digit - b'0')).min(FAR));
    Some(if negative { -size } else { size })
}

/// `whole × 10^tens`, and a little more where the text has more digits.
pub(super) struct Decimal<'a> {
    pub whole: u64,
    pub tens: i64,
    /// The text's, with its point; asked only where there are more.
    pub digits: &'a [u8],
    pub more: bool,
}

impl Decimal<'_> {
    pub fn nearest(&self) -> f64 {
        if self.whole == 0 || self.tens < -344 {
            return 0.0;
        }
        if self.tens > 309 {
            return f64::INFINITY;
        }
        let Scaled { mut size, mut power } = Scaled::new(self.whole, self.tens);
        // A float has 53 of the 64 bits; below the smallest normal number fewer.
        let lost = (-1085 - power).max(0);
        if lost > 63 {
            return 0.0;
        }
        size >>= lost;
        power += lost;
        if power > 960 {
            return f64::INFINITY;
        }
        let (kept, rest) = (size >> 11, size & 0x7ff);
        let up = if rest > 0x400 {
            true
        } else if rest + SLACK < 0x400 {
            false
        } else {
            // Whether it lies above the middle between two floats.
            match self.compare(kept * 2 + 1, power + 10) {
                Ordering::Less => false,
                Ordering::Equal => kept & 1 == 1,
                Ordering::Greater => true,
            }
        };
        // The leading one of a normal number adds one to the exponent's bits, and so does a sum that overflows.
        f64::from_bits((((power + 1085) as u64) << 52) + kept + u64::from(up))
    }

    /// Compares with `other × 2^twos`, exactly.
    fn compare(&self, other: u64, twos: i64) -> Ordering {
        if !self.more {
            return compare(Big::from(self.whole), self.tens, other, twos);
        }
        /// More digits than ever decide between two neighbours, but for whether one of them is not zero.
        const MOST: usize = 780;
        let digits = || self.digits.iter().filter(|byte| **byte != b'.').map(|byte| byte - b'0').skip_while(|digit| *digit == 0);
        let mut all = Big::from(0);
        let mut count = 0;
        for digit in digits().take(MOST) {
            all.multiply(10, digit.into());
            count += 1;
        }
        all.multiply(10, digits().skip(MOST).any(|digit| digit != 0).into());
        // `whole` holds nineteen of them.
        compare(all, self.tens + 18 - count, other, twos)
    }
}
