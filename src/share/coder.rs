//! Bytes ↔ as few bits as the predictor allows (arithmetic coding). A zero byte ends a text.

use std::sync::OnceLock;

use super::predict::Predictor;

/// What manifests look like; texts end with a zero byte. Part of the wire format: another text needs another version.
const DICTIONARY: &str = include_str!("dictionary.txt");

/// The longest text, in bytes, its end included. Bounds memory and time of reading a link.
pub const LONGEST_TEXT: usize = 48 * 1024;

/// A predictor that has read the dictionary.
fn primed() -> Predictor {
    static PRIMED: OnceLock<Predictor> = OnceLock::new();
    PRIMED
        .get_or_init(|| {
            let mut predictor = Predictor::new();
            for byte in DICTIONARY.bytes() {
                for shift in (0..8).rev() {
                    predictor.learn(byte >> shift & 1 == 1);
                }
            }
            predictor
        })
        .clone()
}

/// Where a one's part of the range ends.
fn split(low: u32, high: u32, p: u32) -> u32 {
    low + ((u64::from(high - low) * u64::from(p)) >> 16) as u32
}

/// `text` must hold no zero byte.
pub fn pack(text: &[u8]) -> Vec<u8> {
    let mut predictor = primed();
    let (mut low, mut high) = (0u32, u32::MAX);
    let mut out = Vec::new();
    for byte in text.iter().chain(&[0]) {
        for shift in (0..8).rev() {
            let bit = byte >> shift & 1 == 1;
            let middle = split(low, high, predictor.p());
            if bit {
                high = middle;
            } else {
                low = middle + 1;
            }
            predictor.learn(bit);
            while (low ^ high) >> 24 == 0 {
                out.push((high >> 24) as u8);
                (low, high) = (low << 8, high << 8 | 255);
            }
        }
    }
    // The shortest ending: the reader sees zeros behind the last byte.
    let ending = (0..4).find_map(|bytes| {
        let keep = if bytes == 0 { 0 } else { u32::MAX << (32 - 8 * bytes) };
        let value = if low == low & keep { low } else { (low & keep).checked_add(1u32.checked_shl(32 - 8 * bytes).unwrap_or(0))? };
        (value >= low && value <= high).then(|| value.to_be_bytes()[..bytes as usize].to_vec())
    });
    out.extend(ending.unwrap_or_else(|| low.to_be_bytes().to_vec()));
    while out.last() == Some(&0) {
        out.pop();
    }
    out
}

/// `None` for what would be longer than [`LONGEST_TEXT`]. Any bytes give some text: the caller compares a checksum.
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut predictor = primed();
    let (mut low, mut high) = (0u32, u32::MAX);
    let mut bytes = packed.iter().copied().chain(std::iter::repeat(0));
    let mut next = move || u32::from(bytes.next().unwrap_or(0));
    let mut value = (0..4).fold(0, |value, _| value << 8 | next());
    let mut out = Vec::new();
    while out.len() < LONGEST_TEXT {
        let mut byte = 0u8;
        for _ in 0..8 {
            let middle = split(low, high, predictor.p());
            let bit = value <= middle;
            if bit {
                high = middle;
            } else {
                low = middle + 1;
            }
            byte = byte << 1 | u8::from(bit);
            predictor.learn(bit);
            while (low ^ high) >> 24 == 0 {
                (low, high, value) = (low << 8, high << 8 | 255, value << 8 | next());
            }
        }
        if byte == 0 {
            return Some(out);
        }
        out.push(byte);
    }
    None
}
