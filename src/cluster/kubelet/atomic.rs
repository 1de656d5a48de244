//! Volumes that the kubelet alone writes to: each state of them lies in a folder of its own, and links show the newest.
//!
//! Models `pkg/volume/util/atomic_writer.go`: `KEY → ..data/KEY`, `..data → ..2026_01_01_00_00_30.1234567`. So a container sees all of a change or nothing
//! of it. Deviation: the number at the end of the folder's name is made from the volume and the moment, not drawn.

use crate::api::SimTime;
use crate::cluster::runtime::files::{Content, Inode, Tree};
use crate::cluster::shell::owner::Owner;

use super::spec::fold;

/// The link to the folder of the newest state.
const DATA: &str = "/..data";

/// The folder that holds the newest state of such a volume.
pub fn newest(tree: &Tree) -> Option<&str> {
    match &tree.get(DATA)?.content {
        Content::Link(folder) => Some(folder),
        Content::File(_) | Content::Folder => None,
    }
}

/// The volume with these files (and its root, `/`), or `None` where it shows them already. `owner` is whose the folder of a state is.
pub fn written(before: Option<&Tree>, files: &Tree, owner: Owner, key: &str, now: SimTime) -> Option<Tree> {
    let wanted = || files.iter().filter(|(path, _)| *path != "/");
    match before.map(|tree| (tree, newest(tree))) {
        Some((tree, Some(folder))) => {
            let below = format!("/{folder}");
            let same = wanted().all(|(path, inode)| tree.get(&format!("{below}{path}")) == Some(inode));
            let count = tree.keys().filter(|path| path.strip_prefix(&below).is_some_and(|rest| rest.starts_with('/'))).count();
            if same && count == wanted().count() {
                return None;
            }
        }
        // Without files there is nothing to write.
        Some((_, None)) if wanted().next().is_none() => return None,
        Some((_, None)) | None => {}
    }
    let mut tree: Tree = files.iter().filter(|(path, _)| *path == "/").map(|(path, inode)| (path.clone(), inode.clone())).collect();
    if wanted().next().is_none() {
        return Some(tree);
    }
    let folder = folder(key, now);
    tree.insert(format!("/{folder}"), Inode::folder(owner));
    tree.insert(DATA.into(), Inode::link(folder.clone()));
    for (path, inode) in wanted() {
        let name = path.trim_start_matches('/').split('/').next().unwrap_or("");
        tree.insert(format!("/{name}"), Inode::link(format!("..data/{name}")));
        tree.insert(format!("/{folder}{path}"), inode.clone());
    }
    Some(tree)
}

/// How the folder of a state is called that is written now.
pub fn folder(key: &str, now: SimTime) -> String {
    let number = fold(&format!("{key}{}", now.millis())) >> 32;
    let moment = now.rfc3339().trim_end_matches('Z').replace(['-', 'T', ':'], "_");
    format!("..{moment}.{number}")
}
