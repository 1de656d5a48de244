//! A product of 64 bits with a power of ten, and how far it may be from the truth.

/// `size × 2^power`, the highest bit of the size is set.
#[derive(Clone, Copy)]
pub struct Scaled {
    pub size: u64,
    pub power: i64,
}

/// 10^-400: with it every power is a positive one.
const TINY: Scaled = Scaled { size: 0x95fe_7e07_c91e_fafa, power: -1392 };

/// The true size lies between the size and this much above it: every step cuts off bits, none adds any. In parts of 2^-63, the powers of
/// ten from 32 to 256 are 1, 3, 7 and 15 too small, 10^-400 is 1, a number cut after 19 digits 10, and each of ten products loses 1: 47, which
/// are at most 94 in the last bit.
pub const SLACK: u64 = 100;

impl Scaled {
    /// `whole × 10^tens` for tens from -400 to 510; the number is not zero.
    pub fn new(whole: u64, tens: i64) -> Self {
        let zeros = whole.leading_zeros();
        let mut product = Self { size: whole << zeros, power: -i64::from(zeros) };
        let mut left = tens;
        if tens < 0 {
            product = product.times(TINY);
            left += 400;
        }
        let mut power = Self { size: 10 << 60, power: -60 };
        while left > 0 {
            if left & 1 == 1 {
                product = product.times(power);
            }
            power = power.times(power);
            left >>= 1;
        }
        product
    }

    fn times(self, other: Self) -> Self {
        let product = u128::from(self.size) * u128::from(other.size);
        let (high, low) = ((product >> 64) as u64, product as u64);
        let power = self.power + other.power + 64;
        if high >> 63 == 1 { Self { size: high, power } } else { Self { size: high << 1 | low >> 63, power: power - 1 } }
    }
}
