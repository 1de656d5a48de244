//! Whether an image has to be pulled, and whether its name is one. Models `pkg/kubelet/images/image_manager.go`.
//!
//! Deviations: pulls take some 50 ms each, one beside the other, and never wait for their turn; pull secrets are not used, nor are the records
//! of who pulled what (`KubeletEnsureSecretPulledImages`).

use super::spec::PullPolicy;
use crate::cluster::Random;

/// What the kubelet does about an image before it makes a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    UsePresent,
    Pull,
    /// Policy Never, and it is not there.
    Missing,
}

pub fn plan(policy: PullPolicy, present: bool) -> Plan {
    match (policy, present) {
        (PullPolicy::Always, _) | (PullPolicy::IfNotPresent, false) => Plan::Pull,
        (PullPolicy::IfNotPresent | PullPolicy::Never, true) => Plan::UsePresent,
        (PullPolicy::Never, false) => Plan::Missing,
    }
}

/// How long the simulated registry takes: next to nothing to look whether a present image is still the same, else by size. No two pulls take the
/// same time: the events that tell of them differ in it, so that each is an Event of its own (measured: 18 ms to 152 ms for a present image).
pub fn pull_ms(present: bool, size_bytes: i64, random: &mut Random) -> u64 {
    let chance = random.draw() % 64;
    if present { 20 + chance } else { 400 + chance + u64::try_from(size_bytes).unwrap_or(0) / 40_000 }
}

/// Why a text is no image name, in the words of `distribution/reference`.
pub fn name_error(image: &str) -> Option<String> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let slash = rest.rfind('/').map_or(0, |i| i + 1);
    let (name, tag) = match rest[slash..].find(':') {
        Some(colon) => (&rest[..slash + colon], Some(&rest[slash + colon + 1..])),
        None => (rest, None),
    };
    let (domain, path) = match name.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" || first != first.to_ascii_lowercase() => {
            (Some(first), path.to_owned())
        }
        _ if name.contains('/') => (None, name.to_owned()),
        _ => (None, format!("library/{name}")),
    };
    if path.bytes().any(|b| b.is_ascii_uppercase()) {
        return Some(format!("invalid reference format: repository name ({path}) must be lowercase"));
    }
    let domain_ok = domain.is_none_or(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':')));
    let tag_ok = tag.is_none_or(|t| {
        !t.is_empty()
            && t.len() <= 128
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            && !t.starts_with(['.', '-'])
    });
    let digest_ok = digest.is_none_or(|d| d.split_once(':').is_some_and(|(_, hex)| hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())));
    if domain_ok && tag_ok && digest_ok && path.split('/').all(is_component) { None } else { Some("invalid reference format".into()) }
}

/// Letters and digits, parted by `.`, `_`, `__` or any number of `-`.
fn is_component(part: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = part.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
        && !["..", "___", "._", "_.", ".-", "-.", "_-", "-_"].iter().any(|bad| part.contains(bad))
}

#[cfg(test)]
mod tests {
    use super::name_error;

    #[test]
    fn names_are_checked_as_upstream() {
        for good in ["nginx", "nginx:1.27", "ghcr.io/subicura/echo:v1", "localhost:5000/a/b", "a__b/c-d"] {
            assert_eq!(name_error(good), None, "{good}");
        }
        assert_eq!(name_error("NGINX").as_deref(), Some("invalid reference format: repository name (library/NGINX) must be lowercase"));
        for bad in ["nginx:", "nginx:a b", "-nginx", "nginx image", ""] {
            assert_eq!(name_error(bad).as_deref(), Some("invalid reference format"), "{bad}");
        }
    }
}
