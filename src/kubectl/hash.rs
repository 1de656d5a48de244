//! `--append-hash`: the ending of a ConfigMap's or Secret's name that changes with its content.
//!
//! Models `kubectl/pkg/util/hash`: SHA-256 of the object's JSON, ten digits of it in an alphabet without vowels. SHA-256 as in FIPS 180-4.

use super::json;
use crate::api::{Value, object};

/// The ten letters for a ConfigMap or a Secret as a generator wrote it.
pub fn of(value: &Value) -> String {
    let mut seen = crate::api::json!({"kind": value["kind"], "name": object::name(value), "data": value.get("data").cloned().unwrap_or_else(|| crate::api::json!(""))});
    if object::kind(value) == "Secret" {
        seen["type"] = value.get("type").cloned().unwrap_or_else(|| crate::api::json!(""));
    }
    let digest = sha256(json::compact(&seen).as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(10);
    digits.map(|digit| char::from(b"gh2k456789mbcdtf"[usize::from(digit)])).collect()
}

/// The first bits of the fractional parts of the cube roots (of square roots, below) of the first primes.
fn roots() -> ([u32; 64], [u32; 8]) {
    let (mut cubes, mut squares) = ([0u32; 64], [0u32; 8]);
    let primes = (2u128..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    for (i, prime) in primes.take(64).enumerate() {
        // The whole root of prime · 2^96 (2^64) has 32 bits behind the point.
        let root = |scaled: u128, power: u32| -> u128 {
            let (mut low, mut high) = (0u128, 1u128 << 40);
            while high - low > 1 {
                let middle = (low + high) / 2;
                if middle.pow(power) <= scaled { low = middle } else { high = middle }
            }
            low
        };
        cubes[i] = root(prime << 96, 3) as u32;
        if i < 8 {
            squares[i] = root(prime << 64, 2) as u32;
        }
    }
    (cubes, squares)
}

fn sha256(message: &[u8]) -> [u8; 32] {
    let (k, mut h) = roots();
    let mut bytes = message.to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend((message.len() as u64 * 8).to_be_bytes());
    for block in bytes.chunks_exact(64) {
        let mut w = [0u32; 64];
        for (word, four) in w.iter_mut().zip(block.chunks_exact(4)) {
            *word = four.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        }
        for i in 16..64 {
            let (a, b) = (w[i - 15], w[i - 2]);
            let (s0, s1) = (a.rotate_right(7) ^ a.rotate_right(18) ^ a >> 3, b.rotate_right(17) ^ b.rotate_right(19) ^ b >> 10);
            w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
        }
        let mut v = h;
        for i in 0..64 {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = v[4] & v[5] ^ !v[4] & v[6];
            let one = v[7].wrapping_add(s1).wrapping_add(choice).wrapping_add(k[i]).wrapping_add(w[i]);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2];
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(s0).wrapping_add(majority);
        }
        for (sum, part) in h.iter_mut().zip(v) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut out = [0; 32];
    for (four, word) in out.chunks_exact_mut(4).zip(h) {
        four.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn names_end_as_with_kubectl() {
        // Recorded from kubectl 1.36.3: `create cm c2 --append-hash --from-literal=a=1`, `create secret generic s2 …`.
        assert_eq!(of(&json!({"kind": "ConfigMap", "metadata": {"name": "c2"}, "data": {"a": "1"}})), "288cdbm4hf");
        assert_eq!(of(&json!({"kind": "Secret", "metadata": {"name": "s2"}, "data": {"a": "MQ=="}})), "7dm97ckmgd");
    }
}
