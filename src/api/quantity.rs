//! Amounts of a resource: `100m`, `1.5`, `64Mi`, `2e3`.

/// An exact amount, in billionths (the finest that Kubernetes keeps).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    nano: i128,
}

impl Quantity {
    /// Reads a quantity as Kubernetes writes it. `None` for anything that is none; amounts finer than a billionth are rounded up.
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (negative, digits) = match number.as_bytes().first()? {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty()) || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (binary, exponent) = scale(suffix)?;
        let mut value: i128 = format!("{whole}{fraction}").parse().ok()?;
        let mut power = 9 + exponent - i32::try_from(fraction.len()).ok()?;
        value = value.checked_mul(1i128.checked_shl(binary)?)?;
        while power > 0 {
            value = value.checked_mul(10)?;
            power -= 1;
        }
        while power < 0 {
            value = value / 10 + i128::from(value % 10 != 0);
            power += 1;
        }
        Some(Self { nano: if negative { -value } else { value } })
    }

    pub fn from_milli(milli: i64) -> Self {
        Self { nano: i128::from(milli) * 1_000_000 }
    }

    pub fn from_units(units: i64) -> Self {
        Self { nano: i128::from(units) * 1_000_000_000 }
    }

    /// Thousandths, rounded up.
    pub fn milli(self) -> i64 {
        ceil(self.nano, 1_000_000)
    }

    /// Whole units (bytes, cores), rounded up.
    pub fn value(self) -> i64 {
        ceil(self.nano, 1_000_000_000)
    }

    pub fn nano(self) -> i128 {
        self.nano
    }
}

fn ceil(value: i128, unit: i128) -> i64 {
    let up = value.div_euclid(unit) + i128::from(value.rem_euclid(unit) != 0);
    i64::try_from(up).unwrap_or(if up < 0 { i64::MIN } else { i64::MAX })
}

/// Suffix → (power of two, power of ten).
fn scale(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => (0, suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|e: &i32| e.abs() < 30)?),
    })
}
