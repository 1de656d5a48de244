//! A float → decimal text: the shortest digits that are read as it again, or so many behind the point.

use std::cmp::Ordering;

use super::big::{Big, compare};
use super::parts;
use super::read::Decimal;
use super::scaled::Scaled;

/// The shortest digits of a finite float that is not zero, without its sign, as `digits × 10^tens`; of several equally short the nearest.
fn shortest(value: f64) -> (u64, i64) {
    let (whole, twos) = parts(value);
    let is = |digits: u64, tens: i64| Decimal { whole: digits, tens, digits: &[], more: false }.nearest() == value.abs();
    // So scaled, it has 17 digits before its point, or 18 that begin with 1. The logarithm is that of the highest bit, a little too small.
    let bits = i64::from(u64::BITS - whole.leading_zeros()) - 1 + twos;
    let tens = 16 - ((bits * 1233) >> 12);
    let scaled = Scaled::new(whole, tens);
    let about = Scaled { power: scaled.power + twos, ..scaled };
    let digits = about.size >> -about.power;
    let mut unit: u64 = 100_000_000_000_000_000;
    let mut zeros = 17 - tens;
    loop {
        let mut found = digits / unit;
        // The last digit may be two too small.
        if (found..=found + 3).any(|digits| is(digits, zeros)) {
            // As long as it lies above the middle between this one and the next, or in it.
            while compare(Big::from(found * 10 + 5), zeros - 1, whole, twos) != Ordering::Greater {
                found += 1;
            }
            // At a power of two the lower neighbour is nearer than the upper one.
            return (if is(found, zeros) { found } else { found + 1 }, zeros);
        }
        unit /= 10;
        zeros -= 1;
    }
}

fn sign(value: f64) -> &'static str {
    if value.is_sign_negative() { "-" } else { "" }
}

/// The shortest digits of a finite float, never with an exponent: `0.25`, `-3`.
pub fn plain(value: f64) -> String {
    let sign = sign(value);
    if value == 0.0 {
        return format!("{sign}0");
    }
    let (digits, tens) = shortest(value);
    let digits = digits.to_string();
    let before = digits.len() as i64 + tens;
    if tens >= 0 {
        format!("{sign}{digits}{}", "0".repeat(tens as usize))
    } else if before > 0 {
        let (whole, fraction) = digits.split_at(before as usize);
        format!("{sign}{whole}.{fraction}")
    } else {
        format!("{sign}0.{}{digits}", "0".repeat(-before as usize))
    }
}

/// The shortest digits with one before the point, and the exponent apart: `-1.25` and 7.
pub fn exponential(value: f64) -> (String, i64) {
    let sign = sign(value);
    if value == 0.0 {
        return (format!("{sign}0"), 0);
    }
    let (digits, tens) = shortest(value);
    let digits = digits.to_string();
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    (format!("{sign}{first}{point}{rest}"), tens + rest.len() as i64)
}

/// So many digits behind the point, at most 19, rounded to the even one of two: `{:.2}`. The float's size is below 2^127.
pub fn fixed(value: f64, places: u32) -> String {
    let (whole, twos) = parts(value);
    let places_as_number = 10u128.pow(places);
    let (before, behind) = if twos >= 0 {
        (u128::from(whole) << twos.min(74), 0)
    } else {
        // Of the smallest nothing is left.
        let down = (-twos).min(120) as u32;
        let all = u128::from(whole) * places_as_number;
        let (mut rounded, rest, half) = (all >> down, all & ((1 << down) - 1), 1 << (down - 1));
        if rest > half || rest == half && rounded & 1 == 1 {
            rounded += 1;
        }
        (rounded / places_as_number, rounded % places_as_number)
    };
    let sign = sign(value);
    if places == 0 { format!("{sign}{before}") } else { format!("{sign}{before}.{behind:0>width$}", width = places as usize) }
}
