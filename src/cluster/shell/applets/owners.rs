//! Users, groups and modes: `id`, `groups`, `whoami`, `chmod`, `chown`, `chgrp`, `stat`, and what `ls -l` says of a file.

use super::{Call, links};
use crate::cluster::shell::owner::{Credentials, Owner};
use crate::cluster::shell::{Host, Kind};

/// The file with the users' names, and that with the groups'.
const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// The accounts of such a file. Everybody knows root.
fn accounts(host: &dyn Host, file: &str) -> Vec<(String, u32)> {
    let text = host.read(file).unwrap_or_else(|_| "root:x:0:".into());
    let account = |line: &str| {
        let mut fields = line.split(':');
        Some((fields.next()?.to_owned(), fields.nth(1)?.parse().ok()?))
    };
    text.lines().filter_map(account).collect()
}

fn name_of(host: &dyn Host, file: &str, id: u32) -> Option<String> {
    accounts(host, file).into_iter().find(|(_, number)| *number == id).map(|(name, _)| name)
}

pub(super) fn user_name(host: &dyn Host, id: u32) -> String {
    name_of(host, USERS, id).unwrap_or_else(|| id.to_string())
}

fn group_name(host: &dyn Host, id: u32) -> String {
    name_of(host, GROUPS, id).unwrap_or_else(|| id.to_string())
}

/// `0(root)`, or the number alone.
fn both(host: &dyn Host, file: &str, id: u32) -> String {
    name_of(host, file, id).map_or_else(|| id.to_string(), |name| format!("{id}({name})"))
}

pub(super) fn id(call: &mut Call) -> i32 {
    let Credentials { user, group, groups } = call.host.user();
    let (host, named) = (&*call.host, call.has('n') || call.name == "groups");
    let of_group = |id: u32| if named { group_name(host, id) } else { id.to_string() };
    let text = if call.has('u') {
        if named { user_name(host, user) } else { user.to_string() }
    } else if call.has('g') {
        of_group(group)
    } else if call.has('G') || call.name == "groups" {
        groups.iter().map(|id| of_group(*id)).collect::<Vec<_>>().join(" ")
    } else {
        let all: Vec<String> = groups.iter().map(|id| both(host, GROUPS, *id)).collect();
        format!("uid={} gid={} groups={}", both(host, USERS, user), both(host, GROUPS, group), all.join(","))
    };
    call.say(&format!("{text}\n"))
}

pub(super) fn whoami(call: &mut Call) -> i32 {
    let user = call.host.user().user;
    match name_of(call.host, USERS, user) {
        Some(name) => call.say(&format!("{name}\n")),
        None => call.fail(&format!("unknown uid {user}"), 1),
    }
}

/// What `ls -l` says before the size, without the number of links: mode, and owner and group as names or (`-n`) numbers.
pub(super) fn listed(host: &dyn Host, owner: Owner, kind: char, numbers: bool) -> (String, String) {
    let (user, group) =
        if numbers { (owner.user.to_string(), owner.group.to_string()) } else { (user_name(host, owner.user), group_name(host, owner.group)) };
    (owner.shown(kind), format!("{user:<8.8} {group:<8.8}"))
}

/// All that lies below a path, itself first.
fn with_all_below(call: &Call, path: String) -> Vec<String> {
    let mut found = vec![path];
    let mut at = 0;
    while at < found.len() && found.len() < 5000 {
        found.extend(links::below(call, &found[at]).into_iter().map(|(path, _)| path));
        at += 1;
    }
    found
}

/// Gives each named file, and with `-R` all below, another owner or mode.
fn change(call: &mut Call, files: &[String], new: &dyn Fn(Owner, bool) -> Option<Owner>) -> i32 {
    let mut code = 0;
    for word in files {
        let path = call.path(word);
        let paths = if call.has('R') { with_all_below(call, path.clone()) } else { vec![path.clone()] };
        for at in paths {
            let folder = call.host.stat(&at) == Some(Kind::Directory);
            let Some(owner) = new(call.host.owner(&at), folder) else { return 1 };
            if let Err(error) = call.host.set_owner(&at, owner) {
                let shown = at.strip_prefix(&path).map_or_else(|| at.clone(), |rest| format!("{word}{rest}"));
                code = call.fail(&format!("{shown}: {}", error.words()), 1);
            }
        }
    }
    code
}

pub(super) fn chmod(call: &mut Call) -> i32 {
    // `-x` is a mode, not a flag.
    let words: Vec<String> = call.arguments.iter().filter(|w| !matches!(w.as_str(), "-R" | "-v" | "-c" | "-f" | "--")).cloned().collect();
    let [mode, files @ ..] = words.as_slice() else { return call.fail("missing operand", 1) };
    if files.is_empty() {
        return call.fail(&format!("missing operand after '{mode}'"), 1);
    }
    if Owner::plain(false).changed(mode, false).is_none() {
        return call.fail(&format!("invalid mode '{mode}'"), 1);
    }
    change(call, files, &|owner, folder| Some(Owner { mode: owner.changed(mode, folder)?, ..owner }))
}

pub(super) fn chown(call: &mut Call) -> i32 {
    let words = call.options.words.clone();
    let [to, files @ ..] = words.as_slice() else { return call.fail("missing operand", 1) };
    let (user, group) = if call.name == "chgrp" { ("", to.as_str()) } else { to.split_once([':', '.']).unwrap_or((to, "")) };
    let number = |host: &dyn Host, file, name: &str| {
        if name.is_empty() {
            return Ok(None);
        }
        let known = accounts(host, file).into_iter().find(|(n, _)| n == name).map(|(_, id)| id);
        known.or_else(|| name.parse().ok()).map(Some).ok_or_else(|| name.to_owned())
    };
    let user = match number(call.host, USERS, user) {
        Ok(user) => user,
        Err(name) => return call.fail(&format!("unknown user {name}"), 1),
    };
    let group = match number(call.host, GROUPS, group) {
        Ok(group) => group,
        Err(name) => return call.fail(&format!("unknown group {name}"), 1),
    };
    change(call, files, &|owner, _| Some(Owner { user: user.unwrap_or(owner.user), group: group.unwrap_or(owner.group), ..owner }))
}

/// `stat FILE`, `stat -c FORMAT FILE`.
pub(super) fn stat(call: &mut Call) -> i32 {
    let format = call.options.value('c').map(str::to_owned);
    call.each(|call, path, word| {
        let link = call.host.link(path).filter(|_| !call.has('L'));
        let shown = link.as_ref().map_or_else(|| word.to_owned(), |(target, _)| format!("'{word}' -> '{target}'"));
        let owner = link.as_ref().map_or_else(|| call.host.owner(path), |(_, owner)| *owner);
        let (size, what, letter) = match (&link, call.host.stat(path)) {
            (Some((target, _)), _) => (target.len(), "symbolic link", 'l'),
            (None, None) => return Err(format!("can't stat '{word}': No such file or directory")),
            (None, Some(Kind::File { bytes: 0, .. })) => (0, "regular empty file", '-'),
            (None, Some(Kind::File { bytes, .. })) => (bytes, "regular file", '-'),
            (None, Some(Kind::Directory)) => (4096, "directory", 'd'),
        };
        let (user, group) = (user_name(call.host, owner.user), group_name(call.host, owner.group));
        let (mode, letters) = (owner.mode, owner.shown(letter));
        let text = match &format {
            None => format!(
                "  File: {shown}\n  Size: {size}\t{what}\nAccess: ({mode:04o}/{letters})  Uid: ({:>5}/{user:>8})   Gid: ({:>5}/{group:>8})\n",
                owner.user, owner.group
            ),
            Some(format) => {
                let pairs = [
                    ("%a", format!("{mode:o}")),
                    ("%A", letters),
                    ("%u", owner.user.to_string()),
                    ("%U", user),
                    ("%g", owner.group.to_string()),
                    ("%G", group),
                    ("%n", word.to_owned()),
                    ("%N", shown.clone()),
                    ("%s", size.to_string()),
                    ("%F", what.to_owned()),
                ];
                pairs.iter().fold(format.clone(), |text, (sign, value)| text.replace(sign, value)) + "\n"
            }
        };
        call.say(&text);
        Ok(())
    })
}
