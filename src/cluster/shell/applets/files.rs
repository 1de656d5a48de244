//! Files and directories: `ls`, `rm`, `rmdir`, `mkdir`, `touch`, `cp`, `mv`, `find`, `basename`, `dirname`.

use super::owners::listed;
use super::{Call, links};
use crate::api::order::InOrder as _;
use crate::cluster::shell::machine::absolute;
use crate::cluster::shell::owner::Owner;
use crate::cluster::shell::{FileError, Kind};

pub(super) fn ls(call: &mut Call) -> i32 {
    let words = if call.options.words.is_empty() { vec![".".to_owned()] } else { call.options.words.clone() };
    let (mut code, mut gap, mut files, mut folders) = (0, "", Vec::new(), Vec::new());
    // What is not there comes first, then files, folders behind them.
    for word in &words {
        let path = call.path(word);
        // A link that is named is followed, but not for its details.
        let itself = (call.has('l') || call.has('n')) && !call.has('L') && !call.has('H') && !word.ends_with('/') && call.host.link(&path).is_some();
        match call.host.stat(&path) {
            _ if itself => files.push((path, word)),
            // BusyBox names the file alone, GNU says what it could not do.
            None if call.machine.bash => code = call.fail(&format!("can't access '{word}': No such file or directory"), 2),
            None => {
                let why = call.list(&path).err().unwrap_or(FileError::NotFound);
                code = call.fail(&format!("{word}: {}", why.words()), 1);
            }
            Some(Kind::Directory) if !call.has('d') => folders.push((path, word.clone())),
            Some(_) => files.push((path, word)),
        }
    }
    let titled = words.len() > 1 || call.has('R');
    // Each group in the order of names, whatever the order of the words was.
    if !call.has('U') {
        files.order_by(|(_, a), (_, b)| a.cmp(b));
        folders.order_by(|(_, a), (_, b)| a.cmp(b));
    }
    for (path, word) in files {
        gap = "\n";
        entry(call, &path, word);
    }
    folders.reverse();
    while let Some((path, word)) = folders.pop() {
        if titled {
            call.say(&format!("{gap}{word}:\n"));
        }
        gap = "\n";
        code = code.max(folder(call, &path, &word));
        if call.has('R') {
            let below = call.list(&path).unwrap_or_default().into_iter().rev().filter(|name| call.has('a') || !name.starts_with('.'));
            let below = below.map(|name| (absolute(&path, &name), format!("{}/{name}", word.trim_end_matches('/'))));
            let below: Vec<_> = below.filter(|(path, _)| call.host.link(path).is_none() && call.host.stat(path) == Some(Kind::Directory)).collect();
            folders.extend(below);
        }
    }
    code
}

/// What is in a folder.
fn folder(call: &mut Call, path: &str, word: &str) -> i32 {
    let mut names = match call.list(path) {
        Ok(names) => names,
        Err(error) if call.machine.bash => return call.fail(&format!("can't open directory '{word}': {}", error.words()), 2),
        Err(error) => return call.fail(&format!("can't open '{word}': {}", error.words()), 1),
    };
    if call.has('a') {
        names.splice(..0, [".".to_owned(), "..".to_owned()]);
    } else if !call.has('A') {
        names.retain(|name| !name.starts_with('.'));
    }
    if call.has('r') {
        names.reverse();
    }
    if call.has('l') || call.has('n') {
        // In blocks of 1 KiB, of which files take four at a time.
        let blocks = |name: &String| match call.host.stat(&absolute(path, name)) {
            _ if !call.has('L') && call.host.link(&absolute(path, name)).is_some() => 0,
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
    let link = call.host.link(path).filter(|_| !call.has('L'));
    let mark = match (&link, call.host.stat(path)) {
        (Some(_), _) if call.has('F') => "@",
        (None, Some(Kind::Directory)) if call.has('p') || call.has('F') => "/",
        _ => "",
    };
    let name = &format!("{name}{mark}");
    let text = if call.has('l') || numbers {
        let (links, bytes, letter) = match (&link, call.host.stat(path)) {
            (Some((target, _)), _) => (1, target.len(), 'l'),
            (None, Some(Kind::File { bytes, .. })) => (1, bytes, '-'),
            // Itself, its own `.`, and the `..` of each folder in it.
            (None, Some(Kind::Directory) | None) => (2 + links::folders(call, path), 4096, 'd'),
        };
        let owner = link.as_ref().map_or_else(|| call.host.owner(path), |(_, owner)| *owner);
        let (mode, owners) = listed(call.host, owner, letter, numbers);
        let arrow = link.map_or(String::new(), |(target, _)| format!(" -> {target}"));
        format!("{mode} {links:>4} {owners} {bytes:>9} Jan  1 00:00 {name}{arrow}\n")
    } else {
        format!("{name}\n")
    };
    call.say(&text);
}

pub(super) fn rm(call: &mut Call) -> i32 {
    let (force, recursive) = (call.has('f'), call.has('r') || call.has('R'));
    call.each(|call, path, word| match call.host.remove(path, recursive) {
        Ok(()) => Ok(()),
        Err(FileError::NotFound) if force => Ok(()),
        Err(FileError::IsDirectory) if !call.machine.bash => Err(format!("'{word}' is a directory")),
        Err(error) => Err(format!("can't remove '{word}': {}", error.words())),
    })
}

/// Removes folders that are empty, with `-p` also those above them.
pub(super) fn rmdir(call: &mut Call) -> i32 {
    let parents = call.has('p');
    call.each(|call, _, word| {
        let mut word = word.trim_end_matches('/');
        loop {
            let path = call.path(word);
            let error = match call.host.stat(&path) {
                None => Some(FileError::NotFound),
                Some(Kind::File { .. }) => Some(FileError::NotDirectory),
                Some(Kind::Directory) if call.host.link(&path).is_some() => Some(FileError::NotDirectory),
                Some(Kind::Directory) if call.list(&path).is_ok_and(|names| !names.is_empty()) => Some(FileError::NotEmpty),
                Some(Kind::Directory) => call.host.remove(&path, true).err(),
            };
            match (error, word.rsplit_once('/')) {
                (Some(error), _) if call.machine.bash => return Err(format!("failed to remove '{word}': {}", error.words())),
                (Some(error), _) => return Err(format!("'{word}': {}", error.words())),
                (None, Some((above, _))) if parents && !above.is_empty() => word = above,
                (None, _) => return Ok(()),
            }
        }
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
    let only_old = call.has('c');
    call.each(|call, path, word| match call.host.stat(path) {
        Some(Kind::Directory) => Ok(()),
        None if only_old => Ok(()),
        _ => call
            .host
            .write_file(path, "", true)
            .map_err(|e| if call.machine.bash { format!("can't touch '{word}': {}", e.words()) } else { format!("{word}: {}", e.words()) }),
    })
}

/// `cp` and `mv`: one thing to a name, or several into a folder.
pub(super) fn copy(call: &mut Call) -> i32 {
    let mut words = call.options.words.clone();
    let to = words.pop().unwrap_or_default();
    let to_path = call.path(&to);
    let into = call.host.stat(&to_path) == Some(Kind::Directory);
    if words.len() > 1 && !into && call.machine.bash {
        return call.fail(&format!("target '{to}' is not a directory"), 1);
    }
    if to.ends_with('/') && !into && words.iter().any(|from| !call.folder(from)) {
        let what =
            if call.name == "mv" { format!("can't rename '{}': Not a directory", words[0]) } else { format!("can't create '{to}': Is a directory") };
        return call.fail(&what, 1);
    }
    let into = into || words.len() > 1;
    let mut code = 0;
    for from in words {
        let last = from.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let shown = if into { format!("{}/{last}", to.trim_end_matches('/')) } else { to.clone() };
        let from_path = call.path(&from);
        if let Err(message) = copied(call, (&from_path, &from), (&call.path(&shown), &shown)) {
            code = call.fail(&message, 1);
            continue;
        }
        if call.name == "mv" && call.host.remove(&from_path, true).is_err() {
            code = 1;
        }
    }
    code
}

/// Copies a file, or a folder with all that is in it; both with their paths and as they were named.
fn copied(call: &mut Call, from: (&str, &str), to: (&str, &str)) -> Result<(), String> {
    let ((from_path, from), (to_path, to)) = (from, to);
    let moves = call.name == "mv";
    let kind = call.host.stat(from_path);
    let follows = kind.is_some() && (to_path == from_path || kind == Some(Kind::Directory) && to_path.starts_with(&format!("{from_path}/")));
    if follows {
        return Err(format!("'{from}' and '{to}' are the same file"));
    }
    let recursive = moves || ['r', 'R', 'a'].iter().any(|flag| call.has(*flag));
    let as_link = (recursive || call.has('d') || call.has('P')) && !call.has('L');
    if let Some((target, _)) = call.host.link(from_path).filter(|_| as_link) {
        return links::copied(call, &target, (to_path, to));
    }
    match kind {
        None if moves && !call.machine.bash => return Err(format!("can't rename '{from}': No such file or directory")),
        None => return Err(format!("can't stat '{from}': No such file or directory")),
        Some(Kind::Directory) if !recursive && call.machine.bash => return Err(format!("-r not specified; omitting directory '{from}'")),
        Some(Kind::Directory) if !recursive => return Err(format!("omitting directory '{from}'")),
        Some(Kind::Directory) => {
            call.host.make_directory(to_path, true).map_err(|e| format!("can't create directory '{to}': {}", e.words()))?;
            for name in call.list(from_path).unwrap_or_default() {
                let (inner, new) = (absolute(from_path, &name), absolute(to_path, &name));
                copied(call, (&inner, &format!("{from}/{name}")), (&new, &format!("{to}/{name}")))?;
            }
            return Ok(());
        }
        Some(Kind::File { .. }) => {}
    }
    let text = call.host.read(from_path).map_err(|error| match error {
        FileError::Denied if !moves => format!("can't open '{from}': Permission denied"),
        error => format!("can't stat '{from}': {}", error.words()),
    })?;
    let new = call.host.stat(to_path).is_none();
    call.host.write_file(to_path, &text, false).map_err(|error| match error {
        error if moves && !call.machine.bash => format!("can't rename '{from}': {}", error.words()),
        error if call.machine.bash && moves => format!("can't move '{from}' to '{to}': {}", error.words()),
        error if call.machine.bash => format!("can't create regular file '{to}': {}", error.words()),
        error => format!("can't create '{to}': {}", error.words()),
    })?;
    // A copy has the mode of what was copied; what was moved is still its owner's. Who may not say so keeps what there is.
    let before = call.host.owner(from_path);
    let owner = Owner { mode: before.mode, ..if moves { before } else { call.host.owner(to_path) } };
    let kept = if new || moves { call.host.set_owner(to_path, owner).is_ok() } else { true };
    if !kept && call.host.stat(to_path).is_none() {
        return Err(format!("can't preserve ownership of '{to_path}'"));
    }
    Ok(())
}

/// A test or an action of `find`.
enum Term {
    Name(String, bool),
    Path(String),
    Type(String),
    Size(char, usize),
    Empty,
    Not,
    Or,
    Print(char),
    Delete,
    Exec(Vec<String>),
}

/// What `find` was asked for: where it begins, how deep it looks, and its terms.
struct Search {
    starts: Vec<String>,
    least: usize,
    most: usize,
    terms: Vec<Term>,
}

/// Reads the words of `find`; the error is what it says.
fn search(call: &Call) -> Result<Search, String> {
    let at = call.arguments.iter().position(|w| w.starts_with(['-', '(', '!'])).unwrap_or(call.arguments.len());
    let (starts, rest) = call.arguments.split_at(at);
    let mut found = Search { starts: starts.to_vec(), least: 0, most: usize::MAX, terms: Vec::new() };
    if found.starts.is_empty() {
        found.starts.push(".".into());
    }
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().cloned().ok_or_else(|| format!("{word} requires an argument"));
        let number = |text: String| {
            text.trim_start_matches(['+', '-'])
                .trim_end_matches(['c', 'k', 'b', 'M'])
                .parse::<usize>()
                .map_err(|_| format!("invalid number '{text}'"))
        };
        let term = match word.as_str() {
            "-name" => Term::Name(value()?, false),
            "-iname" => Term::Name(value()?.to_lowercase(), true),
            "-path" | "-wholename" => Term::Path(value()?),
            "-type" => {
                let kind = value()?;
                if !matches!(kind.as_str(), "f" | "d" | "l" | "s" | "p" | "b" | "c") {
                    return Err(format!("bad arg '{kind}' for -type"));
                }
                Term::Type(kind)
            }
            "-size" => {
                let size = value()?;
                let unit = match size.chars().last() {
                    Some('c') => 1,
                    Some('k') => 1024,
                    Some('M') => 1 << 20,
                    _ => 512,
                };
                Term::Size(size.chars().next().unwrap_or(' '), number(size)?.saturating_mul(unit))
            }
            "-maxdepth" => {
                found.most = number(value()?)?;
                continue;
            }
            "-mindepth" => {
                found.least = number(value()?)?;
                continue;
            }
            "-mtime" | "-mmin" | "-newer" | "-user" | "-group" | "-perm" => {
                value()?;
                continue;
            }
            "-a" | "-and" | "-xdev" | "-depth" | "-follow" => continue,
            "-o" | "-or" => Term::Or,
            "!" | "-not" => Term::Not,
            "-empty" => Term::Empty,
            "-print" => Term::Print('\n'),
            "-print0" => Term::Print('\0'),
            "-delete" => Term::Delete,
            "-exec" | "-ok" => {
                let command: Vec<String> = words.by_ref().take_while(|w| !matches!(w.as_str(), ";" | "+")).cloned().collect();
                Term::Exec(command)
            }
            other => return Err(format!("unrecognized: {other}")),
        };
        found.terms.push(term);
    }
    Ok(found)
}

/// All that lies below folders and passes the tests. `-exec` runs what needs no time: another applet.
pub(super) fn find(call: &mut Call) -> i32 {
    let Search { starts, least, most, terms } = match search(call) {
        Ok(search) => search,
        Err(message) => {
            call.fail(&message, 1);
            return if message.starts_with("unrecognized") && !call.machine.bash { call.usage() } else { 1 };
        }
    };
    let acts = terms.iter().any(|t| matches!(t, Term::Print(_) | Term::Delete | Term::Exec(_)));
    let mut code = 0;
    for start in starts {
        if call.host.stat(&call.path(&start)).is_none() && call.host.link(&call.path(&start)).is_none() {
            code = call.fail(&format!("{start}: No such file or directory"), 1);
            continue;
        }
        let mut waiting = vec![(start, 0)];
        for _ in 0..5000 {
            let Some((word, depth)) = waiting.pop() else { break };
            let path = call.path(&word);
            // Of a link only what stands behind its slash is looked at.
            let inside = if word.ends_with('/') { call.host.real_path(&path) } else { path.clone() };
            let names = if depth < most { links::below(call, &inside) } else { Vec::new() };
            waiting.extend(names.into_iter().rev().map(|(_, n)| (format!("{}/{n}", word.trim_end_matches('/')), depth + 1)));
            if depth >= least && fits(call, &terms, &word, &path) && !acts {
                call.say(&format!("{word}\n"));
            }
        }
    }
    code
}

/// Whether one of the rows of terms between `-o` holds; its actions are carried out on the way.
fn fits(call: &mut Call, terms: &[Term], word: &str, path: &str) -> bool {
    let last = word.rsplit('/').next().unwrap_or("");
    let matches = crate::cluster::shell::pattern::matches;
    terms.split(|t| matches!(t, Term::Or)).any(|row| {
        let mut not = false;
        row.iter().all(|term| {
            let kind = call.host.stat(path);
            let link = !word.ends_with('/') && call.host.link(path).is_some();
            let folder = kind == Some(Kind::Directory) && !link;
            let size = if let Some(Kind::File { bytes, .. }) = kind { bytes } else { 4096 };
            let holds = match term {
                Term::Not => {
                    not = !not;
                    return true;
                }
                Term::Name(name, false) => matches(name, last),
                Term::Name(name, true) => matches(name, &last.to_lowercase()),
                Term::Path(name) => matches(name, word),
                Term::Type(kind) => {
                    kind == if link {
                        "l"
                    } else if folder {
                        "d"
                    } else {
                        "f"
                    }
                }
                Term::Size('+', than) => size > *than,
                Term::Size('-', than) => size < *than,
                Term::Size(_, than) => size == *than,
                Term::Empty if folder => call.list(path).is_ok_and(|names| names.is_empty()),
                Term::Empty => size == 0,
                Term::Print(end) => call.say(&format!("{word}{end}")) == 0,
                Term::Delete => call.host.remove(path, true).is_ok(),
                Term::Exec(command) => {
                    let command: Vec<String> = command.iter().map(|w| w.replace("{}", word)).collect();
                    !command.is_empty() && super::run(call.machine, call.host, &command, "") == Some(0)
                }
                Term::Or => true,
            };
            holds != std::mem::take(&mut not)
        })
    })
}

pub(super) fn basename(call: &mut Call) -> i32 {
    let several = call.has('a') || call.options.value('s').is_some();
    let ending = call.options.value('s').unwrap_or(if several { "" } else { call.word(1) }).to_owned();
    let count = if several { call.options.words.len() } else { 1 };
    for word in call.options.words.iter().take(count).cloned().collect::<Vec<_>>() {
        let short = word.trim_end_matches('/');
        let name = if short.is_empty() && !word.is_empty() { "/" } else { short.rsplit('/').next().unwrap_or("") };
        call.say(&format!("{}\n", name.strip_suffix(ending.as_str()).filter(|n| !n.is_empty()).unwrap_or(name)));
    }
    0
}

pub(super) fn dirname(call: &mut Call) -> i32 {
    let word = call.word(0);
    let short = word.trim_end_matches('/');
    let directory = match short.rsplit_once('/') {
        _ if short.is_empty() && !word.is_empty() => "/",
        Some((above, _)) if above.trim_end_matches('/').is_empty() => "/",
        Some((above, _)) => above.trim_end_matches('/'),
        None => ".",
    };
    let text = format!("{directory}\n");
    call.say(&text)
}
