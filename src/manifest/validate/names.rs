//! The texts and rules for names, labels and keys that many kinds share.
//!
//! Models `k8s.io/apimachinery/pkg/util/validation` and `…/api/validate/content`. Each function gives the messages that apply, in the server's order.

use crate::api::ip::Ip;

pub const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const SEARCH_PATH: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QNAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const ENV_NAME: &str = "a valid environment variable name must consist only of printable ASCII characters other than '='";
pub const HTTP_HEADER: &str =
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

type Messages = Vec<String>;

fn is_label(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    !bytes.is_empty() && edge(bytes[0]) && edge(bytes[bytes.len() - 1]) && bytes.iter().all(|b| edge(*b) || *b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// `must be no more than N characters`
fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} characters"))
}

pub fn label(text: &str) -> Messages {
    let mut messages: Messages = too_long(text, 63).into_iter().collect();
    if !is_label(text) {
        messages.push(if is_subdomain(text) { "must not contain dots".into() } else { LABEL.into() });
    }
    messages
}

pub fn subdomain(text: &str) -> Messages {
    let mut messages: Messages = too_long(text, 253).into_iter().collect();
    if !is_subdomain(text) {
        messages.push(SUBDOMAIN.into());
    }
    messages
}

fn is_name_part(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_alphanumeric();
    let bytes = text.as_bytes();
    !bytes.is_empty() && edge(bytes[0]) && edge(bytes[bytes.len() - 1]) && bytes.iter().all(|b| edge(*b) || matches!(b, b'-' | b'_' | b'.'))
}

/// Label keys, annotation keys, taint keys: `example.com/name` or `name`.
pub fn qualified_name(text: &str) -> Messages {
    let mut messages = Messages::new();
    let name = match text.split_once('/') {
        None => text,
        Some((prefix, name)) if !name.contains('/') => {
            if prefix.is_empty() {
                messages.push("prefix part must be non-empty".into());
            } else {
                if prefix.len() > 253 {
                    messages.push("prefix part must be no more than 253 bytes".into());
                }
                if !is_subdomain(prefix) {
                    messages.push(format!("prefix part {SUBDOMAIN}"));
                }
            }
            name
        }
        _ => return vec![format!("a valid label key {QNAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")],
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        messages.push("name part must be no more than 63 bytes".into());
    }
    if !is_name_part(name) {
        messages.push(format!("name part {QNAME}"));
    }
    messages
}

pub fn label_value(text: &str) -> Messages {
    let mut messages = Messages::new();
    if text.len() > 63 {
        messages.push("must be no more than 63 bytes".into());
    }
    if !text.is_empty() && !is_name_part(text) {
        messages.push(LABEL_VALUE.into());
    }
    messages
}

/// `IANA_SVC_NAME`
pub fn port_name(text: &str) -> Messages {
    let mut messages: Messages = too_long(text, 15).into_iter().collect();
    let bytes = text.as_bytes();
    if !bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-') || bytes.is_empty() {
        messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        messages.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        messages.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        messages.push("must not begin or end with a hyphen".into());
    }
    messages
}

pub fn config_key(text: &str) -> Messages {
    let mut messages: Messages = too_long(text, 253).into_iter().collect();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        messages.push(CONFIG_KEY.into());
    }
    match text {
        "." => messages.push("must not be '.'".into()),
        ".." => messages.push("must not be '..'".into()),
        _ if text.starts_with("..") => messages.push("must not start with '..'".into()),
        _ => {}
    }
    messages
}

pub fn env_name(text: &str) -> Messages {
    let fine = !text.is_empty() && text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=');
    if fine { Messages::new() } else { vec![ENV_NAME.into()] }
}

pub fn is_http_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Go's `strings.ToLower`, for rules that let pass nothing beyond ASCII: there are two more characters whose small letter is in it. Where what is
/// refused is shown, other capitals stay as they are: the table of all letters would weigh more than this whole file.
pub fn lower(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\u{212a}' {
                'k'
            } else if c == '\u{130}' {
                'i'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// `maskTrailingDash`: a dash at the end and the letter before it become one `a`.
pub fn mask_trailing_dash(text: &str) -> String {
    match text.strip_suffix('-').filter(|rest| !rest.is_empty()) {
        Some(rest) => format!("{}a", &rest[..crate::text::floor_boundary(rest, rest.len() - 1)]),
        None => text.to_owned(),
    }
}

/// `IsDNS1123SubdomainWithUnderscore`; the text without the dot that may end it.
pub fn dns_search_path(text: &str) -> Messages {
    let mut messages: Messages = too_long(text, 253).into_iter().collect();
    if !is_dns_search_path(text) {
        messages.push(SEARCH_PATH.into());
    }
    messages
}

fn is_dns_search_path(text: &str) -> bool {
    let part = |p: &str| {
        let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = p.strip_prefix('_').unwrap_or(p).as_bytes();
        !bytes.is_empty() && edge(bytes[0]) && edge(bytes[bytes.len() - 1]) && bytes.iter().all(|b| edge(*b) || matches!(b, b'-' | b'_'))
    };
    text.split('.').all(part)
}

/// What is wrong with an IP address.
pub fn ip(text: &str) -> Messages {
    match Ip::parse(text) {
        Some((_, false)) => vec!["must not have leading 0s".into()],
        Some((ip, _)) if ip.mapped().is_some() => vec!["must not be an IPv4-mapped IPv6 address".into()],
        Some(_) => Messages::new(),
        None => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into()],
    }
}

/// What keeps a text from standing in the path of a request (`IsPathSegmentName`).
pub fn path_segment(text: &str) -> Messages {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    ['/', '%'].into_iter().filter(|c| text.contains(*c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// `*.example.com`
pub fn wildcard(text: &str) -> Messages {
    let mut messages: Messages = too_long(text, 253).into_iter().collect();
    if !text.strip_prefix("*.").is_some_and(is_subdomain) {
        messages.push(WILDCARD.into());
    }
    messages
}

/// A path below a volume: relative, without `..`.
pub fn local_path(text: &str) -> Messages {
    let mut messages = Messages::new();
    if text.starts_with('/') {
        messages.push("must be a relative path".into());
    }
    if text.split('/').any(|part| part == "..") {
        messages.push("must not contain '..'".into());
    }
    messages
}
