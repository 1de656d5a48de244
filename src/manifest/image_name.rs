//! The names of images, as the container tools read them: `registry.example/path/name:tag@digest`.
//!
//! Models `ParseImageName` of `pkg/util/parsers`, which stands on the grammar of github.com/distribution/reference.

/// The tag of a name that can be read: `latest` where there is neither tag nor digest, empty where there is only a digest.
pub fn tag(image: &str) -> Option<&str> {
    // Most are a word, with or without a tag, and of these nothing more is to be asked.
    let word = image.bytes().take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9')).count();
    if (1..64).contains(&word) {
        match image[word..].strip_prefix(':') {
            None if word == image.len() => return Some("latest"),
            Some(tag) if is_tag(tag) => return Some(tag),
            _ => {}
        }
    }
    let identifier = image.len() == 64 && image.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if identifier {
        return None;
    }
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return None;
    }
    let (domain, rest) = match name.split_once('/') {
        Some((first, rest)) if first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|b| b.is_ascii_uppercase()) => {
            (Some(first), rest)
        }
        _ => (None, name),
    };
    let (path, tag) = rest.split_once(':').map_or((rest, None), |(path, tag)| (path, Some(tag)));
    // What has no place of its own stands in `library/`.
    let length = path.len() + if domain.is_none() && !path.contains('/') { "library/".len() } else { 0 };
    let sound = domain.is_none_or(is_domain) && path.split('/').all(is_component) && tag.is_none_or(is_tag) && length <= 255;
    sound.then(|| tag.unwrap_or(if digest.is_some() { "" } else { "latest" }))
}

fn is_domain(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let part = |p: &str| edge(p.chars().next()) && edge(p.chars().last()) && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host.split('.').all(part) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Small letters and digits, in groups with one `.`, one or two `_`, or some `-` between them.
fn is_component(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let between = |gap: &str| matches!(gap, "." | "_" | "__") || gap.bytes().all(|b| b == b'-');
    text.starts_with(plain) && text.ends_with(plain) && text.split(plain).filter(|gap| !gap.is_empty()).all(between)
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128 && text.bytes().next().is_some_and(word) && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let Some((kind, hash)) = text.split_once(':') else { return false };
    let length = match kind {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hash.len() == length && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
