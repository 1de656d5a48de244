//! IP addresses and networks: which are refused, and which are taken with a warning.
//!
//! Models `k8s.io/apimachinery/pkg/util/validation/ip.go`; Go's older parsers let zeros lead a number, its newer ones do not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::manifest::field::{ErrorList, FieldPath};

/// Go's `ParseIPSloppy`, and whether the newer parser takes the text too.
fn parse(text: &str) -> Option<(IpAddr, bool)> {
    if let Ok(ip) = text.parse::<Ipv6Addr>() {
        return Some((IpAddr::V6(ip), true));
    }
    let parts: Vec<&str> = text.split('.').collect();
    let fine = |p: &&str| !p.is_empty() && p.len() <= 6 && p.bytes().all(|b| b.is_ascii_digit());
    if parts.len() != 4 || !parts.iter().all(fine) {
        return None;
    }
    let mut octets = [0u8; 4];
    for (octet, part) in octets.iter_mut().zip(&parts) {
        *octet = part.parse().ok()?;
    }
    let strict = !parts.iter().any(|p| p.len() > 1 && p.starts_with('0'));
    Some((IpAddr::V4(Ipv4Addr::from(octets)), strict))
}

/// How Go's older type prints an address.
fn shown(ip: IpAddr) -> String {
    match ip {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or_else(|| six.to_string(), |four| four.to_string()),
        IpAddr::V4(four) => four.to_string(),
    }
}

/// A network: its address as it is written, its bits, and whether the newer parser takes the text.
fn parse_network(text: &str) -> Option<(IpAddr, u32, bool)> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, strict) = parse(ip)?;
    let most = if ip.is_ipv6() { 128 } else { 32 };
    let number = Some(bits).filter(|b| !b.is_empty() && b.len() <= 6 && b.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()?;
    (number <= most).then_some((ip, number, strict && (bits.len() == 1 || !bits.starts_with('0'))))
}

/// The address without the bits beyond those of its network.
fn masked(ip: IpAddr, bits: u32) -> IpAddr {
    match ip {
        IpAddr::V4(four) => IpAddr::V4(Ipv4Addr::from(u32::from(four) & u32::MAX.checked_shl(32 - bits).unwrap_or(0))),
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from(u128::from(six) & u128::MAX.checked_shl(128 - bits).unwrap_or(0))),
    }
}

fn mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(six) if six.to_ipv4_mapped().is_some())
}

/// `10.0.0.0/8`: `IsValidCIDRForLegacyField`
pub fn network(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let detail = match parse_network(text) {
        None => "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        Some((_, _, false)) => "must not have leading 0s in IP or prefix length",
        Some((ip, _, _)) if mapped(ip) => "must not have an IPv4-mapped IPv6 address",
        Some((ip, bits, _)) if masked(ip, bits) != ip => "must not have bits set beyond the prefix length",
        Some(_) => return,
    };
    errors.invalid(path, text, detail);
}

/// Whether a network is of IPv6; nothing where it is none.
pub fn is_six(network: &str) -> Option<bool> {
    parse_network(network).map(|(ip, _, _)| ip.is_ipv6() && !mapped(ip))
}

/// Whether the older parser knows an address.
pub fn is_ip(text: &str) -> bool {
    parse(text).is_some()
}

/// Whether a network is a part of another, and smaller; nothing where one is none.
pub fn is_strictly_inside(inner: &str, outer: &str) -> Option<bool> {
    let ((a, bits, _), (b, outer_bits, _)) = (parse_network(inner)?, parse_network(outer)?);
    Some(a.is_ipv6() == b.is_ipv6() && bits > outer_bits && masked(masked(a, bits), outer_bits) == masked(b, outer_bits))
}

/// `ValidateEndpointIP`, of an address that is one.
pub fn special(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let Some((ip, _)) = parse(text) else { return };
    let link_local = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0 == 0xfe80, ip.segments()[0] & 0xff0f == 0xff02),
    };
    for (applies, detail) in [
        (ip.is_unspecified(), format!("may not be unspecified ({text})")),
        (ip.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()),
        (link_local.0, "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()),
        (link_local.1, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned()),
    ] {
        if applies {
            errors.invalid(path, text, detail);
        }
    }
}

/// `IsValidIP`, of an address that the older rules take: in the canonical form.
pub fn canonical(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(form) = parse(text).map(|(ip, _)| shown(ip)).filter(|form| form != text) {
        errors.invalid(path, text, format!("must be in canonical form ({form:?})"));
    }
}

/// `IsValidCIDR`: in the canonical form too.
pub fn canonical_network(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let before = errors.len();
    network(text, path, errors);
    if let Some((ip, bits, _)) = parse_network(text).filter(|_| errors.len() == before) {
        let form = format!("{}/{bits}", shown(masked(ip, bits)));
        if form != text {
            errors.invalid(path, text, format!("must be in canonical form ({form:?})"));
        }
    }
}

/// `GetWarningsForIP`
pub fn warn(text: &str, path: &str, warnings: &mut Vec<String>) {
    let Some((ip, strict)) = parse(text) else { return };
    if !strict || mapped(ip) {
        warnings.push(format!("{path}: non-standard IP address {text:?} is invalid: use {:?}", shown(ip)));
    } else if ip.is_ipv6() && ip.to_string() != text {
        warnings.push(format!("{path}: IPv6 address {text:?} should be in RFC 5952 canonical format ({:?})", ip.to_string()));
    }
}

/// `GetWarningsForCIDR`
pub fn warn_network(text: &str, path: &str, warnings: &mut Vec<String>) {
    let Some((ip, bits, strict)) = parse_network(text) else { return };
    let most = if ip.is_ipv6() { 128 } else { 32 };
    let start = format!("{}/{bits}", shown(masked(ip, bits)));
    let before = warnings.len();
    if masked(ip, bits) != ip {
        let single = format!("{}/{most}", shown(ip));
        warnings.push(format!("{path}: CIDR value {text:?} is ambiguous in this context (should be {start:?} or {single:?}?)"));
    }
    if !strict || mapped(ip) {
        warnings.push(format!("{path}: non-standard CIDR value {text:?} is invalid: use {start:?}"));
    }
    let form = format!("{ip}/{bits}");
    if warnings.len() == before && ip.is_ipv6() && form != text {
        warnings.push(format!("{path}: IPv6 CIDR value {text:?} should be in RFC 5952 canonical format ({form:?})"));
    }
}
