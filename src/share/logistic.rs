//! The logistic function and its inverse in whole numbers: a link must read the same in every browser, so no floating point is used.

use std::sync::OnceLock;

/// `65536 / (1 + e^-x)` for x from -12 to 12 in steps of a quarter.
const CURVE: [i32; 97] = [
    1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 28, 36, 47, 60, 77, 98, 126, 162, 208, 267, 342, 439, 562, 720, 922, 1179, 1506, 1921,
    2446, 3108, 3938, 4971, 6249, 7812, 9702, 11955, 14595, 17625, 21025, 24743, 28693, 32768, 36843, 40793, 44511, 47911, 50941, 53581, 55834,
    57724, 59287, 60565, 61598, 62428, 63090, 63615, 64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438, 65459,
    65476, 65489, 65500, 65508, 65514, 65519, 65523, 65526, 65528, 65530, 65531, 65532, 65533, 65534, 65534, 65535, 65535, 65535, 65535, 65535,
    65535,
];

/// The largest stretched value: 12 in units of 1/256.
pub const MOST: i32 = 3071;

/// A stretched value (1/256 units) → a probability of 65536.
pub fn squash(x: i32) -> i32 {
    let x = x.clamp(-MOST, MOST) + 3072;
    let (index, rest) = ((x >> 6) as usize, x & 63);
    (CURVE[index] * (64 - rest) + CURVE[index + 1] * rest) >> 6
}

/// A probability of 65536 → its stretched value: the inverse of [`squash`].
pub fn stretch(p: i32) -> i32 {
    static TABLE: OnceLock<Vec<i16>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut x = -MOST;
        (0..4096)
            .map(|bucket| {
                while x < MOST && squash(x) < bucket * 16 + 8 {
                    x += 1;
                }
                x as i16
            })
            .collect()
    });
    i32::from(table[(p >> 4).clamp(0, 4095) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretching_undoes_squashing() {
        for x in (-1200..=1200).step_by(7) {
            assert!((stretch(squash(x)) - x).abs() <= 20, "at {x}: {}", stretch(squash(x)));
        }
        assert!((1..65536).contains(&squash(i32::MIN)) && (1..65536).contains(&squash(i32::MAX)));
    }
}
