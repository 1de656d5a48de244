//! Amounts of a resource: `100m`, `1.5`, `64Mi`, `2e3`.

/// An exact amount, in billionths (the finest that Kubernetes keeps).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    nano: i128,
}

/// What is more counts as this much: enough that sums of it still fit.
const HUGE: i128 = (i128::MAX >> 16) / 1_000_000_000 * 1_000_000_000;

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
        let digits = whole.bytes().chain(fraction.bytes());
        let mut value = digits.fold(0, |value: i128, digit| (value * 10 + i128::from(digit - b'0')).min(HUGE));
        let mut power = exponent.saturating_add(9).saturating_sub(i32::try_from(fraction.len()).ok()?);
        value = value.saturating_mul(1i128.checked_shl(binary)?).min(HUGE);
        while power > 0 && (1..HUGE).contains(&value) {
            value = (value * 10).min(HUGE);
            power -= 1;
        }
        while power < 0 && value > 1 {
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

/// How a quantity is written, kept from input to output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    DecimalSi,
    BinarySi,
    Exponent,
}

/// A quantity as the API server prints it: `0.5` → `500m`, `1024Mi` → `1Gi`. What is no quantity stays as it is.
///
/// Models `Quantity.String` of apimachinery, with its quirk that a text which counts as canonical is kept to the letter.
pub fn canonical(text: &str) -> String {
    let text = text.trim();
    let Some(quantity) = Quantity::parse(text) else { return text.into() };
    if keeps_its_text(text) {
        text.into()
    } else if quantity.nano.abs() >= HUGE {
        print_huge(text)
    } else {
        print(quantity.nano, format_of(text))
    }
}

/// The same for amounts in limits and requests, which are rounded up to thousandths first.
pub fn canonical_rounded_to_milli(text: &str) -> String {
    let text = text.trim();
    let Some(quantity) = Quantity::parse(text) else { return text.into() };
    if quantity.nano % 1_000_000 == 0 {
        return canonical(text);
    }
    let up = (quantity.nano.div_euclid(1_000_000) + 1) * 1_000_000;
    print(up, format_of(text))
}

fn parts(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))).unwrap_or(text.len());
    text.split_at(end)
}

fn format_of(text: &str) -> Format {
    let (_, suffix) = parts(text);
    if suffix.ends_with('i') {
        Format::BinarySi
    } else if suffix.len() > 1 && suffix.starts_with(['e', 'E']) {
        Format::Exponent
    } else {
        Format::DecimalSi
    }
}

/// reference: `ParseQuantity`'s fast path keeps the text where its exponent is a multiple of three and its digits are already short.
fn keeps_its_text(text: &str) -> bool {
    let (number, suffix) = parts(text);
    let digits = number.trim_start_matches(['+', '-']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = format!("{whole}{fraction}");
    let Ok(value) = all.parse::<i64>() else { return false };
    match format_of(text) {
        Format::BinarySi => fraction.is_empty() && value % 8 != 0,
        Format::DecimalSi | Format::Exponent => {
            let Some((_, exponent)) = scale(suffix) else { return false };
            let shift = exponent - i32::try_from(fraction.len()).unwrap_or(0);
            shift % 3 == 0 && !all.ends_with("000") && !whole.trim_start_matches('0').is_empty() && value != 0
        }
    }
}

fn print(nano: i128, format: Format) -> String {
    if nano == 0 {
        return "0".into();
    }
    if format == Format::BinarySi && nano % 1_000_000_000 == 0 && (nano / 1_000_000_000).abs() >= 1024 {
        let mut value = nano / 1_000_000_000;
        let mut power = 0;
        while value % 1024 == 0 && power < 6 {
            value /= 1024;
            power += 1;
        }
        return format!("{value}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]);
    }
    let (mut value, mut exponent) = (nano, -9);
    while value % 1000 == 0 && exponent < 18 {
        value /= 1000;
        exponent += 3;
    }
    if format == Format::Exponent {
        return if exponent == 0 { value.to_string() } else { format!("{value}e{exponent}") };
    }
    let suffix = match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        18 => "E",
        _ => "",
    };
    format!("{value}{suffix}")
}

/// A power of ten beyond all others keeps its digits; all else is cut to the most that Go's `int64` holds (`ParseQuantity`).
fn print_huge(text: &str) -> String {
    let (number, suffix) = parts(text);
    match (number.parse::<i64>(), scale(suffix), format_of(text)) {
        (Ok(mut value), Some((_, mut exponent)), Format::Exponent) => {
            while value % 10 == 0 && value != 0 {
                value /= 10;
                exponent = exponent.saturating_add(1);
            }
            let up = exponent.rem_euclid(3);
            format!("{}e{}", i128::from(value) * 10i128.pow(up.unsigned_abs()), exponent - up)
        }
        _ => format!("{}{}", if number.starts_with('-') { "-" } else { "" }, i64::MAX),
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
        _ => (0, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}
