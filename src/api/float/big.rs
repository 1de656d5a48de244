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

    /// `self × 5^times`
    fn times_fives(&mut self, times: u64) {
        /// The largest power that a word can hold.
        const MOST: u32 = 13;
        let mut left = times;
        while left > 0 {
            let step = left.min(MOST.into()) as u32;
            self.multiply(5u32.pow(step), 0);
            left -= u64::from(step);
        }
    }

    /// `self × 2^times`; the number is not zero.
    fn times_twos(&mut self, times: u64) {
        self.multiply(1 << (times % 32), 0);
        self.0.splice(0..0, std::iter::repeat_n(0, (times / 32) as usize));
    }
}

/// Compares `whole × 10^tens` with `other × 2^twos`; neither is zero.
pub fn compare(whole: Big, tens: i64, other: u64, twos: i64) -> Ordering {
    let (mut left, mut right) = (whole, Big::from(other));
    let fives = if tens < 0 { &mut right } else { &mut left };
    fives.times_fives(tens.unsigned_abs());
    let doubles = if tens < twos { &mut right } else { &mut left };
    doubles.times_twos(tens.abs_diff(twos));
    left.0.len().cmp(&right.0.len()).then_with(|| left.0.iter().rev().cmp(right.0.iter().rev()))
}
