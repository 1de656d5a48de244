//! Whole numbers of any size, for the rare float that a product of 64 bits does not decide.

use std::cmp::Ordering;

/// The lowest 32 bits first, without empty words at its end.
pub struct Big(Vec<u32>);

impl Big {
    pub fn from(number: u64) -> Self {
        let mut words = vec![number as u32, (number >> 32) as u32];
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words)
    }

    /// `self × factor + more`
    pub fn multiply(&mut self, factor: u32, more: u32) {
        let mut carry = more;
        for word in &mut self.0 {
            let product = u64::from(*word) * u64::from(factor) + u64::from(carry);
            (*word, carry) = (product as u32, (product >> 32) as u32);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    /// `self × base^times`; `most` is the largest power of the base that a word can hold.
    fn scale(&mut self, base: u32, most: u32, times: u64) {
        let mut left = times;
        while left > 0 {
            let step = left.min(most.into()) as u32;
            self.multiply(base.pow(step), 0);
            left -= u64::from(step);
        }
    }
}

/// Compares `whole × 10^tens` with `other × 2^twos`.
pub fn compare(whole: Big, tens: i64, other: u64, twos: i64) -> Ordering {
    let (mut left, mut right) = (whole, Big::from(other));
    let fives = if tens < 0 { &mut right } else { &mut left };
    fives.scale(5, 13, tens.unsigned_abs());
    let doubles = if tens < twos { &mut right } else { &mut left };
    doubles.scale(2, 31, tens.abs_diff(twos));
    left.0.len().cmp(&right.0.len()).then_with(|| left.0.iter().rev().cmp(right.0.iter().rev()))
}
