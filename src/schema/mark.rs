//! How the text of descriptions is written, and a number that tells one such text from another: the build and the page know both alike.

/// Stands before the number of a description that came before.
pub const SAME: char = '\u{1}';

/// FNV-1a.
pub fn mark(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
