//! Floats and their decimal digits: text → the nearest float, a float → the shortest text that is read as it again.
//!
//! The standard library does both with tables: ten kilobytes of powers of five that do not compress, and six of code for digits. A sixteenth
//! of the engine's download for numbers that a manifest hardly ever has. Here a product of 64 bits decides nearly always, with a bound for
//! its error, and whole numbers of any size decide where it cannot. The tests hold both against the standard library.

mod big;
mod read;
mod scaled;
mod show;

pub use read::read;
pub use show::{exponential, fixed, plain};

/// The nearest number that is not below `least` and not above `most`. The standard library's `clamp` panics where those are the wrong way round,
/// and its words print both: with them would come all of its code for digits.
pub fn within(value: f64, least: f64, most: f64) -> f64 {
    value.max(least).min(most)
}

/// A finite float without its sign, taken apart: `whole × 2^power`.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.abs().to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) as i64 {
        // Below the smallest normal number there is no leading one.
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}
