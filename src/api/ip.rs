//! IP addresses as texts and as numbers.
//!
//! The standard library's are made for speed and weigh twice as much in the browser.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip {
    /// Whether it is one of IPv6.
    pub six: bool,
    /// The highest is the first; of IPv4 the low 32.
    pub bits: u128,
}

impl Ip {
    /// An address as Go's `ParseIPSloppy` takes it, and whether its newer parser does, too: zeros may not lead a number.
    pub fn parse(text: &str) -> Option<(Self, bool)> {
        if let Some(bits) = six(text) {
            return Some((Self { six: true, bits }, true));
        }
        let (bits, strict) = four(text)?;
        Some((Self { six: false, bits: bits.into() }, strict))
    }

    /// How many bits it has.
    pub fn width(self) -> u32 {
        if self.six { 128 } else { 32 }
    }

    /// Without the bits beyond those of its network.
    pub fn masked(self, network: u32) -> Self {
        let beyond = self.width() - network;
        let bits = self.bits.checked_shr(beyond).map_or(0, |bits| bits << beyond);
        Self { bits, ..self }
    }

    /// The address of IPv4 that one of IPv6 only wraps.
    pub fn mapped(self) -> Option<Self> {
        (self.six && self.bits >> 32 == 0xffff).then_some(Self { six: false, bits: self.bits & 0xffff_ffff })
    }
}

/// `10.0.0.1`, and whether no zero leads a number.
fn four(text: &str) -> Option<(u32, bool)> {
    let (mut bits, mut count, mut strict) = (0, 0, true);
    for part in text.split('.') {
        if part.len() > 6 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        bits = bits << 8 | u32::from(part.parse::<u8>().ok()?);
        count += 1;
        strict &= part.len() == 1 || !part.starts_with('0');
    }
    (count == 4).then_some((bits, strict))
}

/// `fe80::1`, `::ffff:10.0.0.1`; two colons stand for at least one group of zeros.
fn six(text: &str) -> Option<u128> {
    let (head, tail) = text.split_once("::").map_or((text, None), |(head, tail)| (head, Some(tail)));
    let (head, count) = groups(head, tail.is_none())?;
    let Some(tail) = tail else { return (count == 8).then_some(head) };
    let (tail, more) = groups(tail, true)?;
    let moved = head.checked_shl(16 * (8 - count.min(8))).unwrap_or(0);
    (count + more < 8).then_some(moved | tail)
}

/// Groups of hexadecimal digits, the last two perhaps as an address of IPv4, and how many they are.
fn groups(text: &str, ends: bool) -> Option<(u128, u32)> {
    let (mut bits, mut count) = (0, 0);
    let mut parts = text.split(':').peekable();
    if text.is_empty() {
        return Some((bits, count));
    }
    while let Some(part) = parts.next() {
        if ends && parts.peek().is_none() && part.contains('.') {
            let (four, _) = four(part).filter(|(_, strict)| *strict)?;
            (bits, count) = (bits << 32 | u128::from(four), count + 2);
        } else {
            let hexadecimal = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
            let group = hexadecimal.then(|| u16::from_str_radix(part, 16).ok())??;
            (bits, count) = (bits << 16 | u128::from(group), count + 1);
        }
    }
    Some((bits, count))
}

/// In the canonical form of RFC 5952.
impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.six {
            let [a, b, c, d] = (self.bits as u32).to_be_bytes();
            return write!(f, "{a}.{b}.{c}.{d}");
        }
        if let Some(four) = self.mapped() {
            return write!(f, "::ffff:{four}");
        }
        let group = |at: usize| (self.bits >> (112 - 16 * at)) as u16;
        let zeros = |start: usize| (start..8).take_while(|at| group(*at) == 0).count();
        // The first of the longest; a single one is written out.
        let start = (0..8).rev().max_by_key(|at| zeros(*at)).filter(|at| zeros(*at) > 1);
        let mut at = 0;
        while at < 8 {
            if Some(at) == start {
                f.write_str("::")?;
                at += zeros(at);
                continue;
            }
            if at > 0 && start.is_none_or(|start| at != start + zeros(start)) {
                f.write_str(":")?;
            }
            write!(f, "{:x}", group(at))?;
            at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Ip;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn agrees(text: &str) {
        let ours = Ip::parse(text);
        if let Ok(theirs) = text.parse::<Ipv6Addr>() {
            let (ip, _) = ours.unwrap_or_else(|| panic!("{text} is an address"));
            assert_eq!((ip.six, ip.bits, ip.to_string()), (true, theirs.into(), theirs.to_string()), "{text}");
            assert_eq!(ip.mapped().map(|ip| ip.bits as u32), theirs.to_ipv4_mapped().map(u32::from), "{text}");
        } else {
            let strict = ours.filter(|(_, strict)| *strict).map(|(ip, _)| (ip.six, ip.bits as u32, ip.to_string()));
            let theirs = text.parse::<Ipv4Addr>().ok().map(|ip| (false, ip.into(), ip.to_string()));
            assert_eq!(strict, theirs, "{text}");
        }
    }

    #[test]
    fn addresses_are_read_and_shown_as_the_standard_library_does() {
        let pieces = [
            "",
            "::",
            ":",
            "0",
            "0:0",
            "1:0",
            "0:1:",
            "00fe",
            "1.2.3.4",
            "255.0.256.1",
            "01.2.3.4",
            "ffff",
            "fffff",
            "0:0:0",
            "a.b",
            "-1",
            "+1",
            "1:2:3:4",
        ];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    for d in pieces {
                        agrees(&format!("{a}{b}{c}{d}"));
                    }
                }
            }
        }
        let mut seed: u128 = 1;
        for _ in 0..5000 {
            seed = seed.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
            // Some groups are zero.
            let holes = (0..8).filter(|at| seed >> (at + 60) & 1 == 1).fold(u128::MAX, |mask, at| mask & !(0xffff << (16 * at)));
            agrees(&Ipv6Addr::from(seed & holes).to_string());
            agrees(&Ipv4Addr::from((seed >> 64) as u32).to_string());
        }
    }
}
