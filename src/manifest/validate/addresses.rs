//! IP addresses and networks: which are refused, and which are taken with a warning.
//!
//! Models `k8s.io/apimachinery/pkg/util/validation/ip.go`; Go's older parsers let zeros lead a number, its newer ones do not.

use crate::api::ip::Ip;
use crate::manifest::field::{ErrorList, FieldPath};

/// How Go's older type prints an address.
fn shown(ip: Ip) -> String {
    ip.mapped().unwrap_or(ip).to_string()
}

/// A network: its address as it is written, its bits, and whether the newer parser takes the text.
fn parse_network(text: &str) -> Option<(Ip, u32, bool)> {
    let (ip, bits) = text.split_once('/')?;
    let (ip, strict) = Ip::parse(ip)?;
    let number = Some(bits).filter(|b| !b.is_empty() && b.len() <= 6 && b.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()?;
    (number <= ip.width()).then_some((ip, number, strict && (bits.len() == 1 || !bits.starts_with('0'))))
}

/// `10.0.0.0/8`: `IsValidCIDRForLegacyField`
pub fn network(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let detail = match parse_network(text) {
        None => "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        Some((_, _, false)) => "must not have leading 0s in IP or prefix length",
        Some((ip, _, _)) if ip.mapped().is_some() => "must not have an IPv4-mapped IPv6 address",
        Some((ip, bits, _)) if ip.masked(bits) != ip => "must not have bits set beyond the prefix length",
        Some(_) => return,
    };
    errors.invalid(path, text, detail);
}

/// Whether a network is of IPv6; nothing where it is none.
pub fn is_six(network: &str) -> Option<bool> {
    parse_network(network).map(|(ip, _, _)| ip.six && ip.mapped().is_none())
}

/// Whether the older parser knows an address.
pub fn is_ip(text: &str) -> bool {
    Ip::parse(text).is_some()
}

/// Whether a network is a part of another, and smaller; nothing where one is none.
pub fn is_strictly_inside(inner: &str, outer: &str) -> Option<bool> {
    let ((a, bits, _), (b, outer_bits, _)) = (parse_network(inner)?, parse_network(outer)?);
    Some(a.six == b.six && bits > outer_bits && a.masked(outer_bits) == b.masked(outer_bits))
}

/// `ValidateEndpointIP`, of an address that is one.
pub fn special(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let Some((ip, _)) = Ip::parse(text) else { return };
    let first = ip.bits >> (ip.width() - 16);
    let (loopback, link_local, multicast) = if ip.six {
        (ip.bits == 1, first & 0xffc0 == 0xfe80, first & 0xff0f == 0xff02)
    } else {
        (first >> 8 == 127, first == 0xa9fe, ip.bits >> 8 == 0xe0_0000)
    };
    for (applies, detail) in [
        (ip.bits == 0, &*format!("may not be unspecified ({text})")),
        (loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ] {
        if applies {
            errors.invalid(path, text, detail);
        }
    }
}

/// `IsValidIP`, of an address that the older rules take: in the canonical form.
pub fn canonical(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    if let Some(form) = Ip::parse(text).map(|(ip, _)| shown(ip)).filter(|form| form != text) {
        errors.invalid(path, text, format!("must be in canonical form ({form:?})"));
    }
}

/// `IsValidCIDR`: in the canonical form too.
pub fn canonical_network(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let before = errors.len();
    network(text, path, errors);
    if let Some((ip, bits, _)) = parse_network(text).filter(|_| errors.len() == before) {
        let form = format!("{}/{bits}", shown(ip.masked(bits)));
        if form != text {
            errors.invalid(path, text, format!("must be in canonical form ({form:?})"));
        }
    }
}

/// `GetWarningsForIP`
pub fn warn(text: &str, path: &str, warnings: &mut Vec<String>) {
    let Some((ip, strict)) = Ip::parse(text) else { return };
    if !strict || ip.mapped().is_some() {
        warnings.push(format!("{path}: non-standard IP address {text:?} is invalid: use {:?}", shown(ip)));
    } else if ip.six && ip.to_string() != text {
        warnings.push(format!("{path}: IPv6 address {text:?} should be in RFC 5952 canonical format ({:?})", ip.to_string()));
    }
}

/// `GetWarningsForCIDR`
pub fn warn_network(text: &str, path: &str, warnings: &mut Vec<String>) {
    let Some((ip, bits, strict)) = parse_network(text) else { return };
    let start = format!("{}/{bits}", shown(ip.masked(bits)));
    let before = warnings.len();
    if ip.masked(bits) != ip {
        let single = format!("{}/{}", shown(ip), ip.width());
        warnings.push(format!("{path}: CIDR value {text:?} is ambiguous in this context (should be {start:?} or {single:?}?)"));
    }
    if !strict || ip.mapped().is_some() {
        warnings.push(format!("{path}: non-standard CIDR value {text:?} is invalid: use {start:?}"));
    }
    let form = format!("{ip}/{bits}");
    if warnings.len() == before && ip.six && form != text {
        warnings.push(format!("{path}: IPv6 CIDR value {text:?} should be in RFC 5952 canonical format ({form:?})"));
    }
}
