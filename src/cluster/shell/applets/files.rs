//! Files and directories: `ls`, `rm`, `mkdir`, `touch`, `cp`, `mv`, `find`.

use super::Call;
use super::owners::listed;
use crate::cluster::shell::machine::absolute;
use crate::cluster::shell::owner::Owner;
use crate::cluster::shell::{FileError, Kind};

pub(super) fn ls(call: &mut Call) -> i32 {
    let words = if call.options.words.is_empty() { vec![".".to_owned()] } else { call.options.words.clone() };
    let (mut code, mut gap) = (0, "");
    for word in &words {
        let path = call.path(word);
        match call.host.stat(&path) {
            // BusyBox names the file alone, GNU says what it could not do.
            None if call.machine.bash => code = call.fail(&format!("can't access '{word}': No such file or directory"), 2),
            None => code = call.fail(&format!("{word}: No such file or directory"), 1),
            Some(Kind::Directory) if !call.has('d') => {
                if words.len() > 1 {
                    call.say(&format!("{gap}{word}:\n"));
                }
                gap = "\n";
                code = code.max(folder(call, &path, word));
            }
            Some(_) => {
                gap = "\n";
                entry(call, &path, word);
            }
        }
    }
    code
}

/// What is in a folder.
fn folder(call: &mut Call, path: &str, word: &str) -> i32 {
    let mut names = match call.host.list(path) {
        Ok(names) => names,
        Err(error) if call.machine.bash => return call.fail(&format!("can't open directory '{word}': {}", error.words()), 2),
        Err(error) => return call.fail(&format!("can't open '{word}': {}", error.words()), 1),
    };
    if call.has('a') {
        names.splice(..0, [".".to_owned(), "..".to_owned()]);
    } else if !call.has('A') {
        names.retain(|name| !name.starts_with('.'));
    }
    if call.has('l') || call.has('n') {
        // In blocks of 1 KiB, of which files take four at a time.
        let blocks = |name: &String| match call.host.stat(&absolute(path, name)) {
            Some(Kind::File { bytes, .. }) => bytes.div_ceil(4096) * 4,
            Some(Kind::Directory) | None => 4,
        };
        let total: usize = names.iter().map(blocks).sum();
        call.say(&format!("total {total}\n"));
    }
    for name in names {
        entry(call, &absolute(path, &name), &name);
    }
    0
}

fn entry(call: &mut Call, path: &str, name: &str) {
    let numbers = call.has('n');
    let text = if call.has('l') || numbers {
        let (links, bytes, is_folder) = match call.host.stat(path) {
            Some(Kind::File { bytes, .. }) => (1, bytes, false),
            Some(Kind::Directory) | None => (2, 4096, true),
        };
        let (mode, owners) = listed(call.host, path, is_folder, numbers);
        format!("{mode} {links:>4} {owners} {bytes:>9} Jan  1 00:00 {name}\n")
    } else {
        format!("{name}\n")
    };
    call.say(&text);
}

pub(super) fn rm(call: &mut Call) -> i32 {
    let (force, recursive) = (call.has('f'), call.has('r') || call.has('R') || call.name == "rmdir");
    call.each(|call, path, word| match call.host.remove(path, recursive) {
        Ok(()) => Ok(()),
        Err(FileError::NotFound) if force => Ok(()),
        Err(FileError::IsDirectory) if !call.machine.bash => Err(format!("'{word}' is a directory")),
        Err(error) => Err(format!("can't remove '{word}': {}", error.words())),
    })
}

pub(super) fn mkdir(call: &mut Call) -> i32 {
    let (parents, mode) = (call.has('p'), call.options.value('m').map(str::to_owned));
    call.each(|call, path, word| {
        let made = call.host.make_directory(path, parents).and_then(|()| match &mode {
            Some(mode) => {
                let owner = call.host.owner(path);
                call.host.set_owner(path, Owner { mode: owner.changed(mode, true).unwrap_or(owner.mode), ..owner })
            }
            None => Ok(()),
        });
        made.map_err(|e| format!("can't create directory '{word}': {}", e.words()))
    })
}

pub(super) fn touch(call: &mut Call) -> i32 {
    call.each(|call, path, word| call.host.write_file(path, "", true).map_err(|e| format!("{word}: {}", e.words())))
}

/// `cp` and `mv` of one file.
pub(super) fn copy(call: &mut Call) -> i32 {
    let [from, to] = call.options.words.as_slice() else { return call.fail("missing file operand", 1) };
    let (from_path, to_path) = (call.path(from), call.path(to));
    let into = call.host.stat(&to_path) == Some(Kind::Directory);
    let to_path = if into { absolute(&to_path, from.rsplit('/').next().unwrap_or("")) } else { to_path };
    let from = from.clone();
    let text = match call.host.read(&from_path) {
        Ok(text) => text,
        Err(FileError::Denied) if call.name == "cp" => return call.fail(&format!("can't open '{from}': Permission denied"), 1),
        Err(error) => return call.fail(&format!("can't stat '{from}': {}", error.words()), 1),
    };
    let new = call.host.stat(&to_path).is_none();
    if let Err(error) = call.host.write_file(&to_path, &text, false) {
        return call.fail(&format!("can't create '{to_path}': {}", error.words()), 1);
    }
    // A copy has the mode of what was copied; what was moved is still its owner's. Who may not say so keeps what there is.
    let before = call.host.owner(&from_path);
    let owner = Owner { mode: before.mode, ..if call.name == "mv" { before } else { call.host.owner(&to_path) } };
    let kept = if new || call.name == "mv" { call.host.set_owner(&to_path, owner).is_ok() } else { true };
    if !kept && call.host.stat(&to_path).is_none() {
        return call.fail(&format!("can't preserve ownership of '{to_path}'"), 1);
    }
    i32::from(call.name == "mv" && call.host.remove(&from_path, true).is_err())
}

/// All that lies below a directory; of the tests only `-name` and `-type` are known.
pub(super) fn find(call: &mut Call) -> i32 {
    let value = |flag: &str| call.arguments.iter().position(|a| a == flag).and_then(|at| call.arguments.get(at + 1)).cloned();
    let (name, kind) = (value("-name"), value("-type"));
    let start = call.arguments.first().filter(|a| !a.starts_with('-')).cloned().unwrap_or_else(|| ".".into());
    if call.host.stat(&call.path(&start)).is_none() {
        return call.fail(&format!("{start}: No such file or directory"), 1);
    }
    let mut waiting = vec![start];
    let mut out = String::new();
    for _ in 0..5000 {
        let Some(word) = waiting.pop() else { break };
        let path = call.path(&word);
        let is_directory = call.host.stat(&path) == Some(Kind::Directory);
        let last = word.rsplit('/').next().unwrap_or("");
        let wanted = name.as_ref().is_none_or(|n| crate::cluster::shell::pattern::matches(n, last))
            && kind.as_ref().is_none_or(|k| k == if is_directory { "d" } else { "f" });
        if wanted {
            out.push_str(&format!("{word}\n"));
        }
        if is_directory {
            let names = call.host.list(&path).unwrap_or_default();
            waiting.extend(names.into_iter().rev().map(|n| format!("{}/{n}", word.trim_end_matches('/'))));
        }
    }
    call.say(&out)
}

pub(super) fn basename(call: &mut Call) -> i32 {
    let (word, ending) = (call.word(0).trim_end_matches('/'), call.word(1));
    let name = word.rsplit('/').next().unwrap_or("");
    let text = format!("{}\n", name.strip_suffix(ending).filter(|n| !n.is_empty()).unwrap_or(name));
    call.say(&text)
}

pub(super) fn dirname(call: &mut Call) -> i32 {
    let directory = call.word(0).rsplit_once('/').map_or(".", |(d, _)| if d.is_empty() { "/" } else { d });
    let text = format!("{directory}\n");
    call.say(&text)
}
