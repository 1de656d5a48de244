//! Large files: how many bytes a file has beside its text, and the commands that make such files. Nobody keeps megabytes of zeros.

use crate::api::order::SortedMap;
use crate::cluster::log::Stream;
use crate::cluster::network::Network;
use crate::cluster::runtime::ContainerId;
use crate::cluster::shell::{Answered, FileError};

use super::{access, files};

/// Bytes by tree (a volume, or a container's own files: [`own`]) and path.
pub type Bulk = SortedMap<(String, String), i64>;

/// What a disk takes before it says that it is full.
const DISK_BYTES: i64 = 20 << 30;

/// The tree of a container's own files.
pub fn own(id: ContainerId) -> String {
    format!("container {}", id.0)
}

/// What the large files of a tree take together.
pub fn stored(bulk: &Bulk, tree: &str) -> i64 {
    bulk.iter().filter(|((t, _), _)| t == tree).fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
}

/// Whether a word is one of the commands that [`command`] runs.
pub fn is_command(word: &str) -> bool {
    matches!(word, "dd" | "fallocate" | "truncate")
}

/// `dd`, `fallocate` and `truncate`, as busybox has them; `None` is for what they are not asked here.
pub fn command(network: &mut Network, id: ContainerId, directory: &str, arguments: &[String]) -> Option<Answered> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, path, bytes, told) = match words.as_slice() {
        ["dd", rest @ ..] => {
            let value = |key: &str| rest.iter().find_map(|w| w.strip_prefix(key)?.strip_prefix('='));
            if !matches!(value("if")?, "/dev/zero" | "/dev/urandom" | "/dev/random") {
                return None;
            }
            let block = value("bs").map_or(Some(512), amount)?;
            let count = value("count").map_or(Some(DISK_BYTES), amount)?;
            let bytes = block.saturating_mul(count);
            (words[0], value("of")?, bytes, dd_report(block.max(1), bytes.min(DISK_BYTES)))
        }
        ["fallocate", "-l", size, path] | ["truncate", "-s", size, path] => (words[0], *path, amount(size)?, String::new()),
        _ => return None,
    };
    let full = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", directory.trim_end_matches('/')) };
    let allowed = access::check(network, id, &full, access::Act::Write);
    let why = match allowed.and_then(|()| files::fill(network, id, &full, bytes.min(DISK_BYTES))) {
        Ok(()) if bytes > DISK_BYTES => Some(FileError::Full.words()),
        Ok(()) => None,
        Err(error) => Some(error.words()),
    };
    Some(match why {
        None => Answered::Done(0, vec![(Stream::Stderr, told)]),
        Some(why) => {
            let full = why == FileError::Full.words();
            let place = if name != "dd" {
                path.to_owned()
            } else if full {
                format!("error writing '{path}'")
            } else {
                format!("can't open '{path}'")
            };
            Answered::Done(1, vec![(Stream::Stderr, format!("{name}: {place}: {why}\n"))])
        }
    })
}

/// `20`, `4k`, `1M`, `2G`, `1MB`.
fn amount(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "kiB" | "KiB" => 1 << 10,
        "kB" | "KB" => 1000,
        "m" | "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "g" | "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn dd_report(block: i64, bytes: i64) -> String {
    let tenths = (bytes * 10) >> 20;
    let blocks = bytes / block;
    format!("{blocks}+0 records in\n{blocks}+0 records out\n{bytes} bytes ({}.{}MB) copied, 0.01 seconds\n", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{amount, dd_report};

    #[test]
    fn sizes_are_read_as_busybox_reads_them() {
        for (text, bytes) in
            [("20", Some(20)), ("4k", Some(4096)), ("1M", Some(1 << 20)), ("1MB", Some(1_000_000)), ("2G", Some(2 << 30)), ("x", None)]
        {
            assert_eq!(amount(text), bytes, "{text}");
        }
        assert_eq!(amount("99999999999999999999"), None);
        assert_eq!(dd_report(1 << 20, 20 << 20).lines().next(), Some("20+0 records in"));
    }
}
