//! Symbolic links: `ln`, `readlink`, `realpath`, `unlink`.

use super::Call;
use crate::cluster::shell::machine::absolute;
use crate::cluster::shell::{FileError, Kind};

/// `ln -s TARGET… LINK|DIR`. Without `-s` the kernel's refusal where a file system has no hard links.
pub(super) fn ln(call: &mut Call) -> i32 {
    let mut words = call.options.words.clone();
    let last = if words.len() > 1 { words.pop().unwrap_or_default() } else { ".".to_owned() };
    let path = call.path(&last);
    let as_file = call.has('T') || call.has('n') && call.host.link(&path).is_some();
    let into = call.host.stat(&path) == Some(Kind::Directory) && !as_file;
    let mut code = 0;
    for target in words {
        let name = target.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let shown = if into && last != "." {
            format!("{}/{name}", last.trim_end_matches('/'))
        } else if into {
            name.to_owned()
        } else {
            last.clone()
        };
        let place = call.path(&shown);
        if !call.has('s') {
            let missing = call.host.stat(&call.path(&target)).is_none();
            let what =
                if missing { format!("{target}: {}", FileError::NotFound.words()) } else { format!("{shown}: {}", FileError::NotPermitted.words()) };
            code = call.fail(&what, 1);
            continue;
        }
        if call.has('f') {
            make_room(call, &place);
        }
        match call.host.make_link(&target, &place) {
            Ok(()) if call.has('v') => drop(call.say(&format!("'{shown}' -> '{target}'\n"))),
            Ok(()) => {}
            Err(error) if call.machine.bash => code = call.fail(&format!("failed to create symbolic link '{shown}': {}", error.words()), 1),
            Err(error) => code = call.fail(&format!("{shown}: {}", error.words()), 1),
        }
    }
    code
}

/// `readlink` tells where a link points, with `-f` (and as `realpath`) where a path leads in the end.
pub(super) fn read_link(call: &mut Call) -> i32 {
    let (full, newline) = (call.name == "realpath" || call.has('f'), if call.has('n') { "" } else { "\n" });
    let mut code = 0;
    for word in call.options.words.clone() {
        let path = call.path(&word);
        let found = match call.host.stat(&path) {
            _ if !full => call.host.link(&path).map(|(target, _)| target),
            Some(_) => Some(call.host.real_path(&path)),
            None => None,
        };
        match found {
            Some(path) => drop(call.say(&format!("{path}{newline}"))),
            None if call.name == "realpath" => code = call.fail(&format!("{word}: No such file or directory"), 1),
            None => code = 1,
        }
    }
    code
}

pub(super) fn unlink(call: &mut Call) -> i32 {
    call.each(|call, path, word| {
        let removed = if call.host.link(path).is_none() && call.host.stat(path) == Some(Kind::Directory) {
            Err(FileError::IsDirectory)
        } else {
            call.host.remove(path, false)
        };
        removed.map_err(|error| format!("can't remove file '{word}': {}", error.words()))
    })
}

/// Takes a link or a file away. What cannot be taken away is still there when its place is wanted, and is complained of then (as in BusyBox's `ln.c`).
fn make_room(call: &mut Call, path: &str) {
    if call.host.link(path).is_some() || matches!(call.host.stat(path), Some(Kind::File { .. })) {
        let _ = call.host.remove(path, false);
    }
}

/// Copies a link as a link, in place of what was there.
pub(super) fn copied(call: &mut Call, target: &str, to: (&str, &str)) -> Result<(), String> {
    let (path, shown) = to;
    make_room(call, path);
    call.host.make_link(target, path).map_err(|error| format!("can't create symlink '{shown}': {}", error.words()))
}

/// A folder's entries with their paths, or nothing where the path is a link.
pub(super) fn below(call: &Call, path: &str) -> Vec<(String, String)> {
    if call.host.link(path).is_some() || call.host.stat(path) != Some(Kind::Directory) {
        return Vec::new();
    }
    let names = call.list(path).unwrap_or_default();
    names.into_iter().map(|name| (absolute(path, &name), name)).collect()
}

/// How many folders lie in a folder.
pub(super) fn folders(call: &Call, path: &str) -> usize {
    below(call, path).iter().filter(|(path, _)| call.host.link(path).is_none() && call.host.stat(path) == Some(Kind::Directory)).count()
}
