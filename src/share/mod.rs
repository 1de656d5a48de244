//! The versioned link payload: manifests, the lesson's step, the moment of a run. Wire types live only here.
//!
//! A link's fragment is a version's character and base64url. Behind it: a checksum, then the text of [`wire`] packed by [`coder`], a small
//! context-mixing coder that has read a dictionary of manifests. Reading has limits, and every bad link has its own kind of error.

mod coder;
mod logistic;
mod predict;
mod wire;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::api::SimTime;
use crate::cluster::Config;
use crate::session::Timed;

/// The text of a link without its packing. Fuzzing goes in here: the coder has an answer for any bytes and would only slow it down.
#[cfg(fuzzing)]
pub use wire::{read as read_unpacked, write as write_unpacked};

/// What a link holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shared {
    /// The editor's tabs: name and text. The first one is shown.
    pub manifests: Vec<(String, String)>,
    /// A lesson's id and step, from 0.
    pub lesson: Option<(String, usize)>,
    pub moment: Option<Moment>,
}

/// A run and the place of its playhead.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub config: Config,
    pub journal: Vec<Timed>,
    pub at: SimTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// Cut off, mistyped, or no link of ours at all.
    Broken,
    /// Made by a later version.
    Newer,
    /// Longer than a link may be.
    TooLong,
    /// Well-formed, but asks for more than a link may: too many nodes, inputs or hours.
    TooMuch,
}

/// The version of what [`encode`] writes. Earlier ones stay readable for ever.
const VERSION: char = '1';
/// The longest fragment that is looked at.
pub const LONGEST_LINK: usize = 24 * 1024;

/// The fragment of a link, without `#`.
pub fn encode(shared: &Shared) -> Result<String, LinkError> {
    let text = wire::write(shared)?;
    if text.len() >= coder::LONGEST_TEXT {
        return Err(LinkError::TooLong);
    }
    let mut bytes = checksum(&text).to_vec();
    bytes.extend(coder::pack(&text));
    let link = format!("{VERSION}{}", BASE64.encode(bytes));
    if link.len() > LONGEST_LINK { Err(LinkError::TooLong) } else { Ok(link) }
}

/// Reads a fragment (without `#`).
pub fn decode(link: &str) -> Result<Shared, LinkError> {
    if link.len() > LONGEST_LINK {
        return Err(LinkError::TooLong);
    }
    let mut chars = link.chars();
    match chars.next() {
        Some(VERSION) => {}
        Some('2'..='9') => return Err(LinkError::Newer),
        _ => return Err(LinkError::Broken),
    }
    let bytes = BASE64.decode(chars.as_str()).map_err(|_| LinkError::Broken)?;
    let (sum, packed) = bytes.split_first_chunk::<2>().ok_or(LinkError::Broken)?;
    let text = coder::unpack(packed).ok_or(LinkError::Broken)?;
    // There is one link for a text: what says the same in other bytes was tampered with.
    if checksum(&text) != *sum || coder::pack(&text) != packed {
        return Err(LinkError::Broken);
    }
    wire::read(&text)
}

/// FNV-1a, folded to two bytes.
fn checksum(text: &[u8]) -> [u8; 2] {
    let hash = text.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    ((hash >> 16 ^ hash) as u16).to_be_bytes()
}

#[cfg(test)]
mod tests;
