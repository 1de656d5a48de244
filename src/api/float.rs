//! Decimal text → the nearest float.
//!
//! The standard library's reader has ten kilobytes of powers of five, which do not compress; this one divides whole numbers instead, slowly
//! but rightly, and only where the digits are too many for a plain product.

/// `-12.5e3`; `None` for what is no number. What is too large is infinite.
pub fn read(text: &str) -> Option<f64> {
    let (negative, body) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut number = Decimal::default();
    let mut at = 0;
    let (mut seen, mut behind_point) = (false, false);
    loop {
        match body.get(at) {
            Some(digit @ b'0'..=b'9') => {
                seen = true;
                number.push(digit - b'0', behind_point);
            }
            Some(b'.') if !behind_point => behind_point = true,
            _ => break,
        }
        at += 1;
    }
    if !seen {
        return None;
    }
    if let Some(b'e' | b'E') = body.get(at) {
        number.exponent = number.exponent.saturating_add(exponent(&body[at + 1..])?);
    } else if at < body.len() {
        return None;
    }
    let size = number.nearest();
    Some(if negative { -size } else { size })
}

/// Far larger than any that counts, so that sums of exponents cannot overflow.
const FAR: i64 = 1 << 40;

fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |all: i64, digit| (all * 10 + i64::from(digit - b'0')).min(FAR));
    Some(if negative { -size } else { size })
}

/// `digits × 10^exponent`, and a little more where digits were cut off.
#[derive(Default)]
struct Decimal {
    digits: Vec<u8>,
    exponent: i64,
    cut: bool,
}

impl Decimal {
    /// More than decide between two neighbours.
    const MOST: usize = 780;

    fn push(&mut self, digit: u8, behind_point: bool) {
        if self.digits.len() == Self::MOST {
            self.cut |= digit != 0;
            self.exponent += i64::from(!behind_point);
            return;
        }
        // Zeros before the first digit say nothing.
        if digit != 0 || !self.digits.is_empty() {
            self.digits.push(digit);
        }
        self.exponent -= i64::from(behind_point);
    }

    fn nearest(&self) -> f64 {
        let size = self.digits.len() as i64 + self.exponent;
        if self.digits.is_empty() || size < -330 {
            return 0.0;
        }
        if size > 310 {
            return f64::INFINITY;
        }
        if self.digits.len() <= 15 && self.exponent.abs() <= 22 {
            // Both are exact, so that the one operation rounds rightly.
            let whole = self.digits.iter().fold(0.0, |all, digit| all * 10.0 + f64::from(*digit));
            let power = (0..self.exponent.abs()).fold(1.0, |all, _| all * 10.0);
            return if self.exponent < 0 { whole / power } else { whole * power };
        }
        let (mut above, mut below) = (Big::from(0), Big::from(1));
        self.digits.iter().for_each(|digit| above.multiply(10, (*digit).into()));
        let scaled = if self.exponent < 0 { &mut below } else { &mut above };
        (0..self.exponent.abs()).for_each(|_| scaled.multiply(10, 0));
        divide(above, below, self.cut)
    }
}

/// The float nearest to a quotient, to the even one of two.
fn divide(mut above: Big, mut below: Big, mut more: bool) -> f64 {
    // So shifted, the quotient has 63 or 64 bits.
    let shift = 63 - (above.bits() - below.bits());
    let (up, down) = (shift.max(0), (-shift).max(0));
    (0..up).for_each(|_| above.multiply(2, 0));
    (0..down + 64).for_each(|_| below.multiply(2, 0));
    let mut quotient: u64 = 0;
    for _ in 0..64 {
        above.multiply(2, 0);
        quotient <<= 1;
        if above.take(&below) {
            quotient |= 1;
        }
    }
    more |= above.bits() > 0;
    let bits = 64 - i64::from(quotient.leading_zeros());
    let exponent = bits - 1 - shift;
    // Below the smallest normal number there are fewer bits.
    let kept = 53 - (-1022 - exponent).max(0);
    if kept < 0 {
        return 0.0;
    }
    let dropped = bits - kept;
    let (wide, half) = (u128::from(quotient), 1u128 << (dropped - 1));
    let (mut whole, rest) = (wide >> dropped, wide & (half * 2 - 1));
    if rest > half || rest == half && (more || whole & 1 == 1) {
        whole += 1;
    }
    let power = exponent + 1 - kept;
    let unit = if power < -1022 { f64::from_bits(1 << (power + 1074)) } else { f64::from_bits(((power + 1023) as u64) << 52) };
    whole as f64 * unit
}

/// A whole number of any size, the lowest 32 bits first, without empty words at its end.
struct Big(Vec<u32>);

impl Big {
    fn from(number: u32) -> Self {
        Self(if number == 0 { Vec::new() } else { vec![number] })
    }

    fn multiply(&mut self, factor: u32, mut carry: u32) {
        for word in &mut self.0 {
            let product = u64::from(*word) * u64::from(factor) + u64::from(carry);
            (*word, carry) = (product as u32, (product >> 32) as u32);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |last| self.0.len() as i64 * 32 - i64::from(last.leading_zeros()))
    }

    /// Takes the other away, if it is not larger; whether it did.
    fn take(&mut self, other: &Self) -> bool {
        let order = self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()));
        if order.is_lt() {
            return false;
        }
        let mut borrowed = false;
        for (at, word) in self.0.iter_mut().enumerate() {
            let (less, first) = word.overflowing_sub(other.0.get(at).copied().unwrap_or(0));
            let (less, second) = less.overflowing_sub(borrowed.into());
            (*word, borrowed) = (less, first || second);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn agree(text: &str) {
        assert_eq!(read(text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits), "{text}");
    }

    #[test]
    fn it_reads_as_the_standard_library_does() {
        for text in [
            "0",
            "-0",
            "1",
            "-1.5",
            ".5",
            "5.",
            "+7",
            "1e3",
            "1E-3",
            "0.1",
            "123456789012345678901234567890",
            "1e22",
            "1e23",
            "9007199254740993",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "1e309",
            "-1e400",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1e-400",
            "0e999999999999999999999",
            "1e-99999999999999999999",
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "1.2.3",
            "1 ",
            " 1",
            "0x10",
            "1_0",
            "3.14159265358979323846264338327950288",
            "000000000000000000000000000001e-5",
        ] {
            agree(text);
        }
        // A half between two floats, and a little more than it, said with very many digits.
        let half = format!("9007199254740993.{}", "0".repeat(900));
        agree(&half);
        agree(&format!("{half}1"));
        agree(&"9".repeat(2000));
        let mut seed: u64 = 1;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let float = f64::from_bits(seed);
            if float.is_finite() {
                agree(&format!("{float:e}"));
                agree(&format!("{}{}e{}", seed, seed >> 7, (seed >> 40) as i64 % 340 - 170));
            }
        }
    }
}
