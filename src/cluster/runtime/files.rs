//! Files as a container sees them: those of its image and its own, with volumes mounted over them.
//!
//! Stands for overlayfs and the mounts that runc makes. Deviations: texts of 1 MiB at most (of larger files nobody sees the rest), no hard links, times or
//! devices. Who may do what is decided in [`access`]. Where nothing else is said, a path's symbolic links are followed ([`follow`]).

use crate::api::order::{InOrder as _, SortedMap};
use std::borrow::Cow;

use super::{access, bulk, tmpfs};
use crate::cluster::images::Image;
use crate::cluster::network::{Body, Dns, Network};
use crate::cluster::runtime::ContainerId;
use crate::cluster::shell::owner::Owner;
use crate::cluster::shell::{FileError, Kind, absolute};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    File(String),
    Folder,
    /// A symbolic link and where it points, as it was written.
    Link(String),
}

/// A file, folder or link; whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Inode {
    pub content: Content,
    pub owner: Owner,
}

impl Inode {
    pub fn file(text: impl Into<String>, owner: Owner) -> Self {
        Self { content: Content::File(text.into()), owner }
    }

    pub fn folder(owner: Owner) -> Self {
        Self { content: Content::Folder, owner }
    }

    /// Everybody may do everything with a link; what counts is where it points.
    pub fn link(target: impl Into<String>) -> Self {
        Self { content: Content::Link(target.into()), owner: Owner::root(0o777) }
    }

    pub fn is_link(&self) -> bool {
        matches!(self.content, Content::Link(_))
    }

    /// A file's text.
    fn text(&self) -> Option<&String> {
        if let Content::File(text) = &self.content { Some(text) } else { None }
    }
}

/// Files and folders by absolute path. A folder that only has something below it need not stand here.
pub type Tree = SortedMap<String, Inode>;

/// What the texts of a tree take.
pub fn bytes(tree: &Tree) -> usize {
    tree.values().filter_map(Inode::text).map(String::len).sum()
}

const DIRECTORIES: &[&str] =
    &["/", "/bin", "/dev", "/etc", "/home", "/proc", "/root", "/sys", "/tmp", "/usr", "/usr/bin", "/var", "/var/log", "/var/run", "/run"];

/// Folders whose mode is another than 755.
const MODES: &[(&str, u16)] = &[("/proc", 0o555), ("/root", 0o700), ("/sys", 0o555), ("/tmp", 0o1777)];

/// The root file system of a new container.
pub fn root(image: &Image, hostname: &str, hosts: &str, dns: &Dns) -> Tree {
    let mode = |path: &str| MODES.iter().find(|(p, _)| *p == path).map_or(0o755, |(_, mode)| *mode);
    let folder = |path: &str| (path.to_owned(), Inode::folder(Owner::root(mode(path))));
    let mut files: Tree = DIRECTORIES.iter().map(|d| folder(d)).collect();
    files.extend([folder(image.working_directory)]);
    files.insert("/bin/sh".into(), Inode::file("\u{7f}ELF", Owner::root(0o755)));
    let (passwd, group) = access::accounts();
    let texts =
        [("hostname", format!("{hostname}\n")), ("hosts", hosts.to_owned()), ("passwd", passwd), ("group", group), ("resolv.conf", dns.text())];
    files.extend(texts.into_iter().map(|(name, text)| (format!("/etc/{name}"), Inode::file(text, Owner::plain(false)))));
    if image.port == 80 {
        files.extend(["/usr/share", "/usr/share/nginx", "/usr/share/nginx/html"].map(folder));
    }
    files
}

/// Where a path really lies: in the container's own files, or in a volume (with the path inside of it, and whether it is read-only).
enum Place<'a> {
    Own,
    Volume(&'a str, String, bool),
}

fn place<'a>(body: &'a Body, path: &str) -> Place<'a> {
    for (mount, volume, sub_path, read_only) in &body.mounts {
        let inside = if path == mount { Some("") } else { path.strip_prefix(mount.as_str()).filter(|rest| rest.starts_with('/')) };
        if let Some(inside) = inside {
            let sub = sub_path.trim_matches('/');
            let whole = if sub.is_empty() { inside.to_owned() } else { format!("/{sub}{inside}") };
            return Place::Volume(volume, if whole.is_empty() { "/".into() } else { whole }, *read_only);
        }
    }
    Place::Own
}

/// Why runc cannot make the container's mounts: a folder goes over folders alone, a file over files (`mountToRootfs` of its `rootfs_linux.go`).
/// The mounts come in the order in which they are asked for.
pub fn mount_error(network: &Network, id: ContainerId, container: &str, mounts: &[super::Mount]) -> Option<String> {
    let body = network.bodies.get(&id)?;
    // What holds nothing is an empty folder.
    let is_file = |tree: &Tree, path: &str| tree.get(path).map(|inode| inode.text().is_some());
    let wrong = |mount: &&super::Mount| {
        let target = mount.mount_path.trim_end_matches('/');
        // What a node's own paths are is not known.
        let Place::Volume(volume, inside, _) = place(body, target) else { return false };
        if volume.starts_with("host:") {
            return false;
        }
        let file = network.volumes.get(volume).and_then(|tree| is_file(tree, &inside)).unwrap_or(false);
        let below = format!("{target}/");
        let folder = || body.files.range_from(&below).next().is_some_and(|(path, _)| path.starts_with(&below)).then_some(false);
        is_file(&body.files, target).or_else(folder).is_some_and(|covered| covered != file)
    };
    let index = mounts.iter().position(|mount| wrong(&mount))?;
    Some(not_a_directory(&mounts[index], container, index))
}

#[inline(never)]
fn not_a_directory(mount: &super::Mount, container: &str, index: usize) -> String {
    let (source, target, read_only) = (source(mount, container, index), &mount.mount_path, if mount.read_only { "MS_RDONLY|" } else { "" });
    format!(
        "error mounting {source:?} to rootfs at {target:?}: \
         mount src={source}, dst={target}, dstFd=/proc/thread-self/fd/8, flags={read_only}MS_BIND|MS_REC: not a directory"
    )
}

/// Where the kubelet keeps what is mounted: a volume, or what it has bound of a part of one (`doBindSubPath` of `pkg/volume/util/subpath`).
fn source(mount: &super::Mount, container: &str, index: usize) -> String {
    let (uid, name) = mount.volume.split_once('/').unwrap_or_default();
    let plugin = match mount.kind {
        "emptyDir" => "empty-dir".to_owned(),
        "downwardAPI" => "downward-api".to_owned(),
        kind => kind.to_ascii_lowercase(),
    };
    let inside = if mount.sub_path.is_empty() {
        format!("volumes/kubernetes.io~{plugin}/{name}")
    } else {
        format!("volume-subpaths/{name}/{container}/{index}")
    };
    format!("/var/lib/kubelet/pods/{uid}/{inside}")
}

/// The files and the path in them. The path's links were followed.
fn tree<'a>(network: &'a Network, id: ContainerId, path: &'a str) -> Option<(&'a Tree, Cow<'a, str>)> {
    let body = network.bodies.get(&id)?;
    match place(body, path) {
        Place::Own => Some((&body.files, Cow::Borrowed(path))),
        Place::Volume(volume, inside, _) => Some((network.volumes.get(volume)?, Cow::Owned(inside))),
    }
}

/// How many links a path leads through at most (`MAXSYMLINKS` of Linux).
const MOST_LINKS: usize = 40;

/// Where a path leads when its links are followed, the last part's only where `last` says so. Paths are absolute and have no `.` or `..`.
pub fn follow<'a>(network: &Network, id: ContainerId, path: &'a str, last: bool) -> Result<Cow<'a, str>, FileError> {
    let mut path = Cow::Borrowed(path);
    let Some(body) = network.bodies.get(&id) else { return Ok(path) };
    for _ in 0..MOST_LINKS {
        // Most paths lead through nothing that has links.
        let reaches = |mount: &str| path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !body.has_links && !body.mounts.iter().any(|(mount, ..)| reaches(mount)) {
            return Ok(path);
        }
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain(last.then_some(path.len()));
        let found = ends.filter(|end| *end > 1).find_map(|end| Some((end, target(network, id, path.get(..end)?)?.0)));
        let Some((end, target)) = found else { return Ok(path) };
        let onward = format!("{target}{}", path.get(end..).unwrap_or(""));
        path = Cow::Owned(absolute(parent(path.get(..end).unwrap_or("/")), &onward));
    }
    Err(FileError::Loop)
}

/// Where the link at a path points, as it was written, and whose it is. The links before it were followed.
pub fn target<'a>(network: &'a Network, id: ContainerId, path: &str) -> Option<(&'a str, Owner)> {
    let body = network.bodies.get(&id)?;
    let inode = match place(body, path) {
        Place::Own => body.files.get(path),
        Place::Volume(volume, inside, _) => network.volumes.get(volume)?.get(&inside),
    };
    let inode = inode?;
    if let Content::Link(target) = &inode.content { Some((target, inode.owner)) } else { None }
}

/// The folder that a path lies in.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent })
}

/// Makes a symbolic link.
pub fn make_link(network: &mut Network, id: ContainerId, target: &str, path: &str) -> Result<(), FileError> {
    let path = &*follow(network, id, path, false)?;
    if stat(network, id, path).is_some() || self::target(network, id, path).is_some() {
        return Err(FileError::Exists);
    }
    if stat(network, id, parent(path)) != Some(Kind::Directory) {
        return Err(FileError::NotFound);
    }
    let owner = Owner { mode: 0o777, ..access::of_new(network, id, path, false) };
    let (files, inside) = tree_mut(network, id, path)?;
    files.insert(inside, Inode { owner, ..Inode::link(target) });
    if let Some(body) = network.bodies.get_mut(&id) {
        body.has_links = true;
    }
    Ok(())
}

pub fn stat(network: &Network, id: ContainerId, path: &str) -> Option<Kind> {
    let path = &*follow(network, id, path, true).ok()?;
    let (files, inside) = tree(network, id, path)?;
    match files.get(inside.as_ref()) {
        Some(Inode { content: Content::File(text), owner }) => {
            Some(Kind::File { bytes: text.len().saturating_add(bulk_of(network, id, path)), executable: owner.mode & 0o111 != 0 })
        }
        Some(Inode { content: Content::Folder, .. }) => Some(Kind::Directory),
        Some(Inode { content: Content::Link(_), .. }) => None,
        None => {
            let below = format!("{}/", inside.trim_end_matches('/'));
            let mount_below =
                network.bodies.get(&id).is_some_and(|b| b.mounts.iter().any(|(m, ..)| m.starts_with(&format!("{}/", path.trim_end_matches('/')))));
            (inside == "/" || mount_below || files.range_from(&below).next().is_some_and(|(p, _)| p.starts_with(&below))).then_some(Kind::Directory)
        }
    }
}

/// Whose a file or folder is; root's where nobody has said so.
pub fn owner(network: &Network, id: ContainerId, path: &str) -> Owner {
    let path = &*follow(network, id, path, true).unwrap_or(Cow::Borrowed(path));
    let inode = tree(network, id, path).and_then(|(files, inside)| files.get(inside.as_ref()));
    inode.map_or(Owner::plain(true), |inode| inode.owner)
}

/// Whether nobody can write there.
pub fn is_read_only(network: &Network, id: ContainerId, path: &str) -> bool {
    let path = &*follow(network, id, path, true).unwrap_or(Cow::Borrowed(path));
    network.bodies.get(&id).is_some_and(|body| match place(body, path) {
        Place::Own => own_is_read_only(body, path),
        Place::Volume(_, _, read_only) => read_only,
    })
}

fn own_is_read_only(body: &Body, path: &str) -> bool {
    body.read_only_but.as_ref().is_some_and(|open| !path.starts_with("/dev/") && path != "/etc/hosts" && path != open)
}

/// Whether there is a file, without reading it.
pub fn has_file(network: &Network, id: ContainerId, path: &str) -> bool {
    let Ok(path) = follow(network, id, path, true) else { return false };
    tree(network, id, &path).is_some_and(|(files, inside)| files.get(inside.as_ref()).is_some_and(|inode| inode.text().is_some()))
}

pub fn read_file(network: &Network, id: ContainerId, path: &str) -> Result<String, FileError> {
    let path = &*follow(network, id, path, true)?;
    let (files, inside) = tree(network, id, path).ok_or(FileError::NotFound)?;
    match files.get(inside.as_ref()) {
        Some(Inode { content: Content::File(text), .. }) => Ok(text.clone()),
        Some(Inode { content: Content::Folder, .. }) => Err(FileError::IsDirectory),
        None if stat(network, id, path).is_some() => Err(FileError::IsDirectory),
        Some(Inode { content: Content::Link(_), .. }) | None => Err(FileError::NotFound),
    }
}

/// The files and the path in them, to change them. The path's links were followed.
pub fn tree_mut<'a>(network: &'a mut Network, id: ContainerId, path: &str) -> Result<(&'a mut Tree, String), FileError> {
    let body = network.bodies.get_mut(&id).ok_or(FileError::NotFound)?;
    match place(body, path) {
        Place::Own if own_is_read_only(body, path) => Err(FileError::ReadOnly),
        Place::Own => Ok((&mut body.files, path.to_owned())),
        Place::Volume(_, _, true) => Err(FileError::ReadOnly),
        Place::Volume(volume, inside, false) => {
            let volume = volume.to_owned();
            Ok((network.volumes.entry(volume).or_default(), inside))
        }
    }
}

/// Under which key a path's large content stands.
fn bulk_key(body: &Body, id: ContainerId, path: &str) -> (String, String) {
    match place(body, path) {
        Place::Own => (bulk::own(id), path.to_owned()),
        Place::Volume(volume, inside, _) => (volume.to_owned(), inside),
    }
}

fn bulk_of(network: &Network, id: ContainerId, path: &str) -> usize {
    if network.bulk.is_empty() {
        return 0;
    }
    let key = network.bodies.get(&id).map(|body| bulk_key(body, id, path));
    key.and_then(|key| network.bulk.get(&key)).and_then(|bytes| usize::try_from(*bytes).ok()).unwrap_or(0)
}

/// What lies at a path or below it takes no room any more.
fn forget_bulk(network: &mut Network, id: ContainerId, path: &str) {
    if network.bulk.is_empty() {
        return;
    }
    if let Some((tree, inside)) = network.bodies.get(&id).map(|body| bulk_key(body, id, path)) {
        let below = format!("{}/", inside.trim_end_matches('/'));
        network.bulk.retain(|(t, p), _| *t != tree || *p != inside && !p.starts_with(&below));
    }
}

/// The volume in which a path lies, where there are volumes for which that matters.
fn memory_volume(network: &Network, id: ContainerId, path: &str) -> Option<String> {
    if network.tmpfs.is_empty() {
        return None;
    }
    match place(network.bodies.get(&id)?, path) {
        Place::Volume(volume, ..) => Some(volume.to_owned()),
        Place::Own => None,
    }
}

/// Makes a file of so many bytes that nobody reads; as many as fit, where they do not.
pub fn fill(network: &mut Network, id: ContainerId, path: &str, bytes: i64) -> Result<(), FileError> {
    let path = &*follow(network, id, path, true)?;
    let volume = memory_volume(network, id, path);
    tmpfs::charged(network, id, volume.clone(), |network| {
        write(network, id, path, "", false)?;
        let room = volume.and_then(|v| tmpfs::room(network, &v)).unwrap_or(i64::MAX);
        if let Some(key) = network.bodies.get(&id).map(|body| bulk_key(body, id, path)) {
            network.bulk.insert(key, bytes.min(room));
        }
        if bytes > room { Err(FileError::Full) } else { Ok(()) }
    })
}

/// How much a file may hold.
const MOST_BYTES: usize = 1 << 20;

pub fn write_file(network: &mut Network, id: ContainerId, path: &str, text: &str, append: bool) -> Result<(), FileError> {
    let path = &*follow(network, id, path, true)?;
    let volume = memory_volume(network, id, path);
    tmpfs::charged(network, id, volume, |network| write(network, id, path, text, append))
}

fn write(network: &mut Network, id: ContainerId, path: &str, text: &str, append: bool) -> Result<(), FileError> {
    match stat(network, id, parent(path)) {
        Some(Kind::Directory) => {}
        Some(Kind::File { .. }) => return Err(FileError::NotDirectory),
        None => return Err(FileError::NotFound),
    }
    if stat(network, id, path) == Some(Kind::Directory) {
        return Err(FileError::IsDirectory);
    }
    if !append {
        forget_bulk(network, id, path);
    }
    let room = memory_volume(network, id, path).and_then(|v| tmpfs::room(network, &v));
    let owner = access::of_new(network, id, path, false);
    let (files, inside) = tree_mut(network, id, path)?;
    let inode = files.entry(inside).or_insert_with(|| Inode::file("", owner));
    let Content::File(content) = &mut inode.content else { return Err(FileError::IsDirectory) };
    let kept = if append { 0 } else { content.len() };
    if !append {
        content.clear();
    }
    if room.is_some_and(|room| text.len() as i64 > room.saturating_add(kept as i64)) {
        return Err(FileError::Full);
    }
    // Of a large file the beginning is kept; of the rest, how much it is.
    let end = (0..=text.len().min(MOST_BYTES.saturating_sub(content.len()))).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0);
    content.push_str(&text[..end]);
    let rest = (text.len() - end) as i64;
    if rest > 0
        && let Some(key) = network.bodies.get(&id).map(|body| bulk_key(body, id, path))
    {
        *network.bulk.entry(key).or_default() += rest;
    }
    Ok(())
}

pub fn make_directory(network: &mut Network, id: ContainerId, path: &str, parents: bool) -> Result<(), FileError> {
    let path = &*follow(network, id, path, false)?;
    if stat(network, id, path).is_some() {
        return if parents { Ok(()) } else { Err(FileError::Exists) };
    }
    let parent = parent(path).to_owned();
    if stat(network, id, &parent).is_none() {
        if !parents {
            return Err(FileError::NotFound);
        }
        make_directory(network, id, &parent, true)?;
    }
    let owner = access::of_new(network, id, path, true);
    let (files, inside) = tree_mut(network, id, path)?;
    files.insert(inside, Inode::folder(owner));
    Ok(())
}

/// Takes a file away, a link without what it points to, or a folder with all that is in it.
pub fn remove(network: &mut Network, id: ContainerId, path: &str, recursive: bool) -> Result<(), FileError> {
    let path = &*follow(network, id, path, false)?;
    match stat(network, id, path) {
        _ if target(network, id, path).is_some() => {}
        None => return Err(FileError::NotFound),
        Some(Kind::Directory) if !recursive => return Err(FileError::IsDirectory),
        Some(_) => {}
    }
    let volume = memory_volume(network, id, path);
    tmpfs::charged(network, id, volume, |network| {
        forget_bulk(network, id, path);
        let (files, inside) = tree_mut(network, id, path)?;
        let below = format!("{}/", inside.trim_end_matches('/'));
        // The root of a volume stays.
        files.retain(|p, _| p == "/" || *p != inside && !p.starts_with(&below));
        Ok(())
    })
}

pub fn list(network: &Network, id: ContainerId, path: &str) -> Result<Vec<String>, FileError> {
    let path = &*follow(network, id, path, true)?;
    match stat(network, id, path) {
        None => return Err(FileError::NotFound),
        Some(Kind::File { .. }) => return Err(FileError::NotDirectory),
        Some(Kind::Directory) => {}
    }
    let (files, inside) = tree(network, id, path).ok_or(FileError::NotFound)?;
    let below = format!("{}/", inside.trim_end_matches('/'));
    let mut names: Vec<String> = files
        .range_from(&below)
        .map_while(|(p, _)| p.strip_prefix(&below))
        .filter_map(|rest| rest.split('/').next())
        .filter(|n| !n.is_empty())
        .map(str::to_owned)
        .collect();
    let here = format!("{}/", path.trim_end_matches('/'));
    if let Some(body) = network.bodies.get(&id) {
        names.extend(body.mounts.iter().filter_map(|(m, ..)| m.strip_prefix(&here)).filter_map(|rest| rest.split('/').next()).map(str::to_owned));
    }
    names.order();
    names.dedup();
    Ok(names)
}
