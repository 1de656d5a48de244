//! Files and directories: `ls`, `rm`, `mkdir`, `touch`, `cp`, `mv`, `stat`, `find`.

use super::Call;
use crate::cluster::shell::machine::absolute;
use crate::cluster::shell::{FileError, Kind};

pub(super) fn ls(call: &mut Call) -> i32 {
    let words = if call.options.words.is_empty() { vec![".".to_owned()] } else { call.options.words.clone() };
    let mut code = 0;
    for word in &words {
        let path = call.path(word);
        match call.host.stat(&path) {
            // BusyBox names the file alone, GNU says what it could not do.
            None if call.machine.bash => code = call.fail(&format!("can't access '{word}': No such file or directory"), 2),
            None => code = call.fail(&format!("{word}: No such file or directory"), 1),
            Some(Kind::File { .. }) => entry(call, &path, word),
            Some(Kind::Directory) => {
                if words.len() > 1 {
                    call.say(&format!("{word}:\n"));
                }
                for name in call.host.list(&path).unwrap_or_default() {
                    if call.has('a') || call.has('A') || !name.starts_with('.') {
                        entry(call, &absolute(&path, &name), &name);
                    }
                }
            }
        }
    }
    code
}

fn entry(call: &mut Call, path: &str, name: &str) {
    let date = "Jan  1 00:00";
    let text = match call.host.stat(path) {
        _ if !call.has('l') => format!("{name}\n"),
        Some(Kind::File { bytes, executable }) => {
            let mode = if executable { "-rwxr-xr-x" } else { "-rw-r--r--" };
            format!("{mode}    1 root     root     {bytes:>9} {date} {name}\n")
        }
        Some(Kind::Directory) | None => format!("drwxr-xr-x    2 root     root          4096 {date} {name}\n"),
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
    let parents = call.has('p');
    call.each(|call, path, word| call.host.make_directory(path, parents).map_err(|e| format!("can't create directory '{word}': {}", e.words())))
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
        Err(error) => return call.fail(&format!("can't stat '{from}': {}", error.words()), 1),
    };
    if let Err(error) = call.host.write_file(&to_path, &text, false) {
        return call.fail(&format!("can't create '{to_path}': {}", error.words()), 1);
    }
    i32::from(call.name == "mv" && call.host.remove(&from_path, true).is_err())
}

pub(super) fn stat(call: &mut Call) -> i32 {
    call.each(|call, path, word| {
        let text = match call.host.stat(path) {
            Some(Kind::File { bytes, .. }) => format!("  File: {word}\n  Size: {bytes}\tregular file\n"),
            Some(Kind::Directory) => format!("  File: {word}\n  Size: 4096\tdirectory\n"),
            None => return Err(format!("can't stat '{word}': No such file or directory")),
        };
        call.say(&text);
        Ok(())
    })
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
