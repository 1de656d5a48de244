//! A number of JSON: whole and exact where it can be, else a float that is finite.

use std::fmt;

use crate::api::float;

#[derive(Clone, Debug, PartialEq)]
pub struct Number(Kind);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Below zero.
    Negative(i64),
    Natural(u64),
    Float(f64),
}

impl Number {
    /// `None` for what JSON cannot write.
    pub fn from_f64(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(Kind::Float(number)))
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Kind::Negative(number) => Some(number),
            Kind::Natural(number) => number.try_into().ok(),
            Kind::Float(_) => None,
        }
    }

    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Kind::Natural(number) => Some(number),
            Kind::Negative(_) | Kind::Float(_) => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        Some(match self.0 {
            Kind::Negative(number) => number as f64,
            Kind::Natural(number) => number as f64,
            Kind::Float(number) => number,
        })
    }

    pub fn is_i64(&self) -> bool {
        self.as_i64().is_some()
    }

    pub fn is_u64(&self) -> bool {
        self.as_u64().is_some()
    }

    pub fn is_f64(&self) -> bool {
        matches!(self.0, Kind::Float(_))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Negative(number) => fmt::Display::fmt(&number, f),
            Kind::Natural(number) => fmt::Display::fmt(&number, f),
            Kind::Float(number) if number != 0.0 && !(1e-4..1e16).contains(&number.abs()) => {
                let (digits, exponent) = float::exponential(number);
                write!(f, "{digits}e{exponent}")
            }
            Kind::Float(number) => {
                f.write_str(&float::plain(number))?;
                // Keeps its point, so that it is read as a float again.
                f.write_str(if number.fract() == 0.0 { ".0" } else { "" })
            }
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(u64::try_from(number).map_or(Kind::Negative(number), Kind::Natural))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(Kind::Natural(number))
    }
}

macro_rules! whole {
    ($($type:ty as $wide:ty)*) => {$(
        impl From<$type> for Number {
            fn from(number: $type) -> Self {
                (number as $wide).into()
            }
        }
    )*};
}
whole!(u8 as u64 u16 as u64 u32 as u64 usize as u64 i8 as i64 i16 as i64 i32 as i64 isize as i64);
