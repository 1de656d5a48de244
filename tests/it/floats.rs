//! Our reader and printer of floats against the standard library's, bit by bit: on chosen numbers and on random ones that mean harm.
//!
//! `PODLAB_FLOATS=10000000 cargo test --release --test it floats` takes so many of each kind.

use podlab::api::float::{exponential, fixed, plain, read};

/// Knuth's linear congruence; the high bits are good enough here.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ self.0 >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ mixed >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Any finite float above zero; of all sizes, of a common size, with few bits, or almost zero.
    fn float(&mut self) -> f64 {
        let bits = self.next() >> 1;
        let fraction = bits & ((1 << 52) - 1);
        let float = match self.below(6) {
            0 => f64::from_bits((1023 - 60 + self.below(120)) << 52 | fraction),
            1 => f64::from_bits(bits & !0 << self.below(53)),
            2 => f64::from_bits(fraction >> self.below(52)),
            // Around powers of two, where the distance between neighbours changes.
            3 => f64::from_bits((((bits >> 52) % 2046 + 1) << 52) + self.below(5) - 2),
            // As people write them.
            4 => (self.below(100_000_000) as f64) / 10f64.powi(self.below(12) as i32),
            _ => f64::from_bits(bits),
        };
        if float.is_finite() && float > 0.0 { float } else { 0.1 }
    }

    /// A text of digits, perhaps with a point and an exponent.
    fn text(&mut self) -> String {
        let length = if self.below(20) == 0 { 30 + self.below(800) } else { 1 + self.below(25) };
        let mut text: String = (0..length).map(|_| char::from(b'0' + self.below(10) as u8)).collect();
        if self.below(2) == 0 {
            text.insert(self.below(length + 1) as usize, '.');
        }
        let far = [20, 345, 700][self.below(3) as usize];
        if self.below(3) > 0 { format!("{text}e{}", self.below(2 * far) as i64 - far as i64) } else { text }
    }
}

fn count() -> u64 {
    std::env::var("PODLAB_FLOATS").map_or(30_000, |count| count.parse().expect("a number"))
}

fn agrees(text: &str) {
    assert_eq!(read(text).map(f64::to_bits), text.parse::<f64>().ok().map(f64::to_bits), "{text}");
}

/// All decimal digits of `whole × 2^twos`.
fn digits(whole: u128, twos: i64) -> String {
    let mut digits: Vec<u8> = whole.to_string().bytes().rev().map(|digit| digit - b'0').collect();
    // Half of a number is five times it, with the point one further left.
    let (factor, times) = if twos < 0 { (5, -twos) } else { (2, twos) };
    for _ in 0..times {
        let mut carry = 0;
        for digit in &mut digits {
            let product = *digit * factor + carry;
            (*digit, carry) = (product % 10, product / 10);
        }
        if carry > 0 {
            digits.push(carry);
        }
    }
    let text: String = digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
    if twos < 0 { format!("{text}e{twos}") } else { text }
}

#[test]
fn texts_are_read_as_the_standard_library_reads_them() {
    let chosen = "0 -0 1 -1.5 .5 5. +7 1e3 1E-3 1e+3 0.1 123456789012345678901234567890 1e22 1e23 9007199254740993 1.7976931348623157e308 \
        1.7976931348623158e308 1.7976931348623159e308 1e308 1e309 1e310 -1e400 5e-324 2.4703282292062327e-324 2.4703282292062328e-324 2e-324 3e-324 \
        2.2250738585072011e-308 2.2250738585072014e-308 1e-400 1e-325 0e999999999999999999999 1e-99999999999999999999 1e99999999999999999999 \
        - + . e5 1e 1e+ 1e- 1.2.3 .e1 1..2 0x10 1_0 --1 +-1 1e5.0 1e1e1 3.14159265358979323846264338327950288 000000000000000000000000000001e-5 \
        18446744073709551615 18446744073709551616 9999999999999999999 99999999999999999999 0.000000000000000000000000000000000001";
    chosen.split(' ').chain(["", " 1", "1 "]).for_each(agrees);
    agrees(&"9".repeat(2000));
    agrees(&format!("0.{}1", "0".repeat(2000)));
    agrees(&format!("{}e-2000", "1".repeat(2000)));
    let mut random = Random(1);
    (0..count()).for_each(|_| agrees(&random.text()));
}

/// Exactly between two neighbours, and the least bit beside it.
#[test]
fn middles_are_read_as_the_standard_library_reads_them() {
    let mut random = Random(2);
    for _ in 0..count() / 30 {
        let bits = random.float().to_bits();
        let (exponent, fraction) = ((bits >> 52) as i64, u128::from(bits & ((1 << 52) - 1)));
        let whole = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let middle = digits(whole * 2 + 1, exponent.max(1) - 1076);
        agrees(&middle);
        let (body, power) = middle.split_once('e').unwrap_or((&middle, "0"));
        agrees(&format!("{body}.{}1e{power}", "0".repeat(random.below(900) as usize)));
        let less = format!("{}4{}e{power}", &body[..body.len() - 1], "9".repeat(random.below(30) as usize));
        agrees(&less);
        // As many digits as a number of 64 bits takes, and one more.
        for length in [17, 19, 20, 21] {
            if let Some(cut) = body.get(..length) {
                let power: i64 = power.parse().expect("an exponent");
                agrees(&format!("{cut}e{}", power + (body.len() - length) as i64));
            }
        }
    }
}

#[test]
fn floats_are_shown_as_the_standard_library_shows_them() {
    let chosen =
        [0.0, -0.0, 1.0, -1.5, 0.1, 0.3, 1e21, 1e22, 1e23, 5e-324, 1e-323, f64::MAX, f64::MIN_POSITIVE, 9.5e-8, 2_251_799_813_685_248.25, 0.5, 2.5];
    let mut random = Random(3);
    let quarters = (0..count() / 10).map(|n| (((1u64 << 53) - 1 - n * 977) as f64) / [2.0, 4.0, 8.0, 64.0][n as usize % 4]).collect::<Vec<f64>>();
    for float in chosen.into_iter().chain(quarters).chain((0..count()).map(|_| random.float())) {
        let float = if float.to_bits() & 7 == 3 { -float } else { float };
        assert_eq!(plain(float), format!("{float}"));
        let (digits, exponent) = exponential(float);
        assert_eq!(format!("{digits}e{exponent}"), format!("{float:e}"));
        let number = podlab::api::Value::from(float);
        assert_eq!(number.to_string(), format!("{float:?}"));
        if float.abs() < 1e30 {
            for places in [0, 1, 4, 6] {
                assert_eq!(fixed(float, places), format!("{float:.*}", places as usize), "{float:e}");
            }
        }
    }
}
