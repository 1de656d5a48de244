//! What a container's processes may do with files: the one place that decides.
//!
//! Models the path walk of Linux (`fs/namei.c`: `may_lookup`, `may_open`, `may_create_in_dir`, `may_delete`) with a umask of 022. All processes of a
//! container are the same user, whoever runs a command in it.

use super::ContainerId;
use super::files::{self, Content, Inode, parent};
use crate::api::order::InOrder as _;
use crate::cluster::network::{Body, Network};
use crate::cluster::shell::owner::{Credentials, EXECUTE, Owner, READ, SET_GROUP, STICKY, WRITE};
use crate::cluster::shell::{FileError, Kind};

/// What of root's power the kernel asks for (`include/uapi/linux/capability.h`): to give files away, to go past their modes, to act as their owner.
const CAP_CHOWN: u64 = 1;
const CAP_DAC_OVERRIDE: u64 = 1 << 1;
const CAP_FOWNER: u64 = 1 << 3;

/// Whether the container's processes have a capability: only root's outlast the start of a program.
fn holds(body: &Body, capability: u64) -> bool {
    body.user.user == 0 && body.capabilities & capability != 0
}

/// `PATH_MAX` less its end, and `NAME_MAX`.
const LONGEST_PATH: usize = 4095;
const LONGEST_NAME: usize = 255;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Read,
    /// Write to it, or make it where it is not there.
    Write,
    Execute,
    /// Take it away.
    Remove,
}

/// Whether the kernel takes a path of this length.
pub fn fits(path: &str) -> Result<(), FileError> {
    let long = path.len() > LONGEST_PATH || path.split('/').any(|name| name.len() > LONGEST_NAME);
    if long { Err(FileError::NameTooLong) } else { Ok(()) }
}

/// Whether the container's user may do this. What is not there, or on a file system without writing, somebody else complains about.
pub fn check(network: &Network, id: ContainerId, path: &str, act: Act) -> Result<(), FileError> {
    let Some(body) = network.bodies.get(&id) else { return Ok(()) };
    let user = &body.user;
    fits(path)?;
    // Who takes a link away does not touch what it points to.
    let path = &*files::follow(network, id, path, act != Act::Remove)?;
    let may = |path: &str, want| {
        let folder = files::stat(network, id, path) == Some(Kind::Directory);
        if user.may(files::owner(network, id, path), folder, want, holds(body, CAP_DAC_OVERRIDE)) { Ok(()) } else { Err(FileError::Denied) }
    };
    if holds(body, CAP_DAC_OVERRIDE) {
        return if act == Act::Execute { may(path, EXECUTE) } else { Ok(()) };
    }
    let mut folder = path;
    while folder != "/" && !folder.is_empty() {
        folder = parent(folder);
        may(folder, EXECUTE)?;
    }
    let there = files::stat(network, id, path).is_some();
    match act {
        Act::Read if there => may(path, READ),
        Act::Execute if there => may(path, EXECUTE),
        Act::Read | Act::Execute => Ok(()),
        Act::Write | Act::Remove if files::is_read_only(network, id, path) => Ok(()),
        Act::Write if there => may(path, WRITE),
        Act::Write if files::stat(network, id, parent(path)).is_none() => Ok(()),
        Act::Remove if !there => Ok(()),
        Act::Write => may(parent(path), WRITE),
        Act::Remove => {
            may(parent(path), WRITE)?;
            let folder = files::owner(network, id, parent(path));
            let own = [folder.user, files::owner(network, id, path).user].contains(&user.user);
            if folder.mode & STICKY == 0 || own || holds(body, CAP_FOWNER) { Ok(()) } else { Err(FileError::NotPermitted) }
        }
    }
}

/// Whose a new file or folder is: its maker's, but of its folder's group where that says so.
pub fn of_new(network: &Network, id: ContainerId, path: &str, is_folder: bool) -> Owner {
    let (user, group) = network.bodies.get(&id).map_or((0, 0), |b| (b.user.user, b.user.group));
    let folder = files::owner(network, id, parent(path));
    let passes_on = folder.mode & SET_GROUP;
    let plain = Owner::plain(is_folder).mode;
    let mode = if is_folder { plain | passes_on } else { plain };
    Owner { user, group: if passes_on == 0 { group } else { folder.group }, mode }
}

/// `chmod` and `chown`: the owner changes the mode, and gives the file to a group of theirs; all else is root's.
pub fn set_owner(network: &mut Network, id: ContainerId, path: &str, owner: Owner) -> Result<(), FileError> {
    let kind = files::stat(network, id, path).ok_or(FileError::NotFound)?;
    let before = files::owner(network, id, path);
    let may = |body: &Body| {
        let own = body.user.user == before.user || holds(body, CAP_FOWNER);
        let gives = owner.user != before.user || owner.group != before.group && !body.user.groups.contains(&owner.group);
        own && (!gives || holds(body, CAP_CHOWN))
    };
    if !network.bodies.get(&id).is_some_and(may) {
        return Err(FileError::NotPermitted);
    }
    let path = &*files::follow(network, id, path, true)?;
    let (tree, inside) = files::tree_mut(network, id, path)?;
    let content = || if kind == Kind::Directory { Content::Folder } else { Content::File(String::new()) };
    let inode = tree.entry(inside).or_insert_with(|| Inode { content: content(), owner });
    inode.owner = owner;
    Ok(())
}

/// The users that every image's `/etc/passwd` has: name, number, home.
const USERS: [(&str, u32, &str); 2] = [("root", 0, "/root"), ("nobody", 65534, "/")];

/// `/etc/passwd` and `/etc/group` of the images.
pub fn accounts() -> (String, String) {
    let passwd =
        USERS.iter().map(|(name, id, home)| format!("{name}:x:{id}:{id}:{name}:{home}:{}\n", if *id == 0 { "/bin/sh" } else { "/bin/false" }));
    (passwd.collect(), USERS.iter().map(|(name, id, _)| format!("{name}:x:{id}:\n")).collect())
}

/// Where a user is at home; who has no account is at the root.
pub fn home(user: u32) -> &'static str {
    USERS.iter().find(|(_, id, _)| *id == user).map_or("/", |(.., home)| home)
}

/// Whom containerd starts a process as: without a group of its own a user has that of its account (`internal/cri/opts`, `WithUserID`).
pub fn credentials(user: i64, group: Option<i64>, more: impl Iterator<Item = i64>) -> Credentials {
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let user = number(user);
    let of_account = || USERS.iter().find(|(_, id, _)| *id == user).map_or(0, |(_, id, _)| *id);
    let group = group.map_or_else(of_account, number);
    let mut groups: Vec<u32> = std::iter::once(group).chain(more.map(number)).collect();
    groups.order();
    groups.dedup();
    Credentials { user, group, groups }
}
