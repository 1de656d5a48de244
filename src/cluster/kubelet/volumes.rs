//! A Pod's volumes: what they hold, and why one cannot be mounted.
//!
//! Models `pkg/volume/{configmap,secret,projected,downwardapi,hostpath,emptydir}` as far as a container sees them. Deviation: what a claim holds is
//! an empty folder.

use std::cell::RefCell;

use crate::api::kinds::{NODE, SERVICE_ACCOUNT};
use crate::api::object::{at, bool_at, i64_at, list_at, namespace, str_at, uid};
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{SimTime, Value};
use crate::cluster::apiserver::token::{Claims, ISSUER, id_after, signed};
use crate::cluster::runtime::Mount;
use crate::cluster::runtime::files::{Inode, Tree};
use crate::cluster::shell::owner::{Owner, SET_GROUP, STICKY};

use super::environment::{Surroundings, expand};
use super::spec::PodSpec;

/// Files of a volume by path: text and mode.
type Files = SortedMap<String, (String, u16)>;

/// A volume as the kubelet makes it.
pub struct Volume {
    pub key: String,
    pub files: Tree,
    /// Where nothing but these files is in it: whose the folder is that the kubelet keeps them in.
    pub whole: Option<Owner>,
}

/// The volumes with what the kubelet writes into them, or the first error of each that cannot be mounted: (volume, error).
pub type Resolved = Result<Vec<Volume>, Vec<(String, String)>>;

/// Each kind of volume that is made for a Pod, the mode of its root, and whether the kubelet alone writes to it. File systems in memory come from
/// the kernel with the sticky bit.
const ROOTS: [(&str, u16, bool); 6] = [
    ("configMap", 0o777, true),
    ("secret", 0o1777, true),
    ("projected", 0o1777, true),
    ("downwardAPI", 0o1777, true),
    ("emptyDir", 0o777, false),
    ("persistentVolumeClaim", 0o755, false),
];

pub fn resolve(around: &Surroundings, spec: &PodSpec, node_files: &SortedMap<String, String>) -> Resolved {
    let (mut mounted, mut failed) = (Vec::new(), Vec::new());
    for volume in list_at(around.pod, "spec.volumes") {
        let name = str_at(volume, "name").unwrap_or("").to_owned();
        match content(around, spec, volume, node_files) {
            Ok(files) => mounted.push(made(around.pod, volume, files)),
            Err(error) => failed.push((name, error)),
        }
    }
    if failed.is_empty() { Ok(mounted) } else { Err(failed) }
}

/// The files with their owners. Models `changeFilePermission` of `pkg/volume/volume_linux.go`: with `fsGroup` everything belongs to that group,
/// which may read it all, and write to it where anybody may.
fn made(pod: &Value, volume: &Value, files: Files) -> Volume {
    let root = ROOTS.iter().find(|(kind, ..)| at(volume, kind).is_some());
    let (mut mode, whole) = root.map_or((0o755, false), |(_, mode, whole)| (*mode, *whole));
    if str_at(volume, "emptyDir.medium") == Some("Memory") {
        mode |= STICKY;
    }
    let group = i64_at(pod, "spec.securityContext.fsGroup").and_then(|g| u32::try_from(g).ok()).filter(|_| root.is_some());
    let shared = |mode: u16, folder: bool| match group {
        None => mode,
        Some(_) => mode | if whole { 0o440 } else { 0o660 } | if folder { SET_GROUP | 0o110 } else { 0 },
    };
    let owner = |user, mode, folder| Owner { user, group: group.unwrap_or(0), mode: shared(mode, folder) };
    let mut out = Tree::from([("/".to_owned(), Inode::folder(owner(0, mode, true)))]);
    for (path, (text, mode)) in files {
        // What only its owner may read is the token, which belongs to the Pod's user.
        let user = if mode == TOKEN_MODE { fs_user(pod).unwrap_or(0) } else { 0 };
        out.insert(format!("/{}", path.trim_start_matches('/')), Inode::file(text, owner(user, mode & 0o777, false)));
    }
    Volume { key: volume_key(pod, volume), files: out, whole: whole.then(|| owner(0, 0o755, true)) }
}

/// Marks a token that belongs to the Pod's user (`collectData` of `pkg/volume/projected`).
const TOKEN_MODE: u16 = 0o100_600;

/// The user of all containers, where they have the same one (`FsUserFrom`).
fn fs_user(pod: &Value) -> Option<u32> {
    let of_pod = i64_at(pod, "spec.securityContext.runAsUser");
    let containers = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"].iter().flat_map(|path| list_at(pod, path));
    let mut users = containers.map(|c| i64_at(c, "securityContext.runAsUser").or(of_pod));
    let first = users.next()??;
    if users.all(|user| user == Some(first)) { u32::try_from(first).ok() } else { None }
}

/// `defaultMode`, or what an item says of its own.
fn mode_of(value: &Value, field: &str, otherwise: u16) -> u16 {
    i64_at(value, field).and_then(|m| u16::try_from(m).ok()).map_or(otherwise, |m| m & 0o777)
}

/// How the runtime names a volume: `UID/NAME`, or `host:/path`.
pub fn volume_key(pod: &Value, volume: &Value) -> String {
    match str_at(volume, "hostPath.path") {
        Some(path) => format!("host:{path}"),
        None => format!("{}/{}", uid(pod), str_at(volume, "name").unwrap_or("")),
    }
}

/// Where the container's mounts point. Models `makeMounts` of `kubelet_pods.go`; `lookup` knows the container's variables.
pub fn mounts(pod: &Value, container: &Value, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Mount>, String> {
    let volumes = list_at(pod, "spec.volumes");
    list_at(container, "volumeMounts")
        .iter()
        .filter_map(|mount| {
            let volume = volumes.iter().find(|v| str_at(v, "name") == str_at(mount, "name"))?;
            let sub_path = match sub_path(mount, lookup) {
                Ok(path) => path,
                Err(error) => return Some(Err(error)),
            };
            let always_read_only = ["configMap", "secret", "projected", "downwardAPI", "image"].iter().any(|k| at(volume, k).is_some());
            Some(Ok(Mount {
                volume: volume_key(pod, volume),
                mount_path: str_at(mount, "mountPath").unwrap_or("").to_owned(),
                kind: ROOTS.iter().find(|(kind, ..)| at(volume, kind).is_some()).map_or("", |(kind, ..)| *kind),
                sub_path,
                read_only: always_read_only || bool_at(mount, "readOnly") == Some(true),
            }))
        })
        .collect()
}

/// Which part of its volume a mount shows. What `subPathExpr` becomes is checked here, because the API server could not know it
/// (`ExpandContainerVolumeMounts`, `ValidatePathNoBacksteps`).
fn sub_path(mount: &Value, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let Some(expression) = str_at(mount, "subPathExpr").filter(|e| !e.is_empty()) else {
        return Ok(str_at(mount, "subPath").unwrap_or("").to_owned());
    };
    let missing = RefCell::new(SortedSet::new());
    let path = expand(expression, &|name| {
        let value = lookup(name).filter(|value| !value.is_empty());
        if value.is_none() {
            missing.borrow_mut().insert(name.to_owned());
        }
        value
    });
    let missing: Vec<String> = missing.into_inner().into_iter().collect();
    if !missing.is_empty() {
        return Err(format!("missing value for {}", missing.join(", ")));
    }
    if path.starts_with('/') {
        return Err(format!("error SubPath `{path}` must not be an absolute path"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(format!("unable to provision SubPath `{path}`: must not contain '..'"));
    }
    Ok(path)
}

/// Whether some volume shows what may change while it is mounted, but for the one that admission adds.
pub fn follow_others(pod: &Value) -> bool {
    list_at(pod, "spec.volumes").iter().any(|volume| {
        let changes = ["configMap", "secret", "downwardAPI", "projected"].iter().any(|kind| at(volume, kind).is_some());
        changes && !str_at(volume, "name").unwrap_or("").starts_with("kube-api-access-")
    })
}

/// Whether the Pod has a volume made from this ConfigMap or Secret.
pub fn refers_to(pod: &Value, kind: &str, object: &str) -> bool {
    let (field, name_field) = if kind == "ConfigMap" { ("configMap", "name") } else { ("secret", "secretName") };
    list_at(pod, "spec.volumes").iter().any(|volume| {
        let direct = at(volume, field).is_some_and(|v| str_at(v, name_field) == Some(object));
        direct || list_at(volume, "projected.sources").iter().any(|s| at(s, field).is_some_and(|v| str_at(v, "name") == Some(object)))
    })
}

fn content(around: &Surroundings, spec: &PodSpec, volume: &Value, node_files: &SortedMap<String, String>) -> Result<Files, String> {
    if let Some(source) = at(volume, "configMap") {
        return keyed(around.config_map(source)?, source, mode_of(source, "defaultMode", 0o644), CONFIG_KEY);
    }
    if let Some(source) = at(volume, "secret") {
        return keyed(around.secret(source)?, source, mode_of(source, "defaultMode", 0o644), SECRET_KEY);
    }
    if let Some(source) = at(volume, "downwardAPI") {
        return downward(around, spec, source, mode_of(source, "defaultMode", 0o644));
    }
    if let Some(source) = at(volume, "hostPath") {
        check_host_path(source, node_files)?;
    }
    let mode = mode_of(volume, "projected.defaultMode", 0o644);
    let (mut files, mut errors) = (Files::new(), Vec::new());
    for source in list_at(volume, "projected.sources") {
        match projected(around, spec, source, mode) {
            Ok(more) => files.extend(more),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(aggregate(errors)) }
}

/// As an aggregate of errors reads: each once, in brackets where there are several.
#[inline(never)]
fn aggregate(mut errors: Vec<String>) -> String {
    let mut told = SortedSet::new();
    errors.retain(|error| told.insert(error.clone()));
    if let [one] = errors.as_slice() { one.clone() } else { format!("[{}]", errors.join(", ")) }
}

/// What one source brings into a projected volume. Models `collectData` of `pkg/volume/projected`.
fn projected(around: &Surroundings, spec: &PodSpec, source: &Value, mode: u16) -> Result<Files, String> {
    if let Some(source) = at(source, "configMap") {
        keyed(around.config_map(source)?, source, mode, CONFIG_KEY)
    } else if let Some(source) = at(source, "secret") {
        keyed(around.secret(source)?, source, mode, SECRET_KEY)
    } else if let Some(source) = at(source, "downwardAPI") {
        downward(around, spec, source, mode)
    } else if let Some(source) = at(source, "serviceAccountToken") {
        let own = fs_user(around.pod).is_some() || i64_at(around.pod, "spec.securityContext.fsGroup").is_some();
        let text = token(around, source).ok_or_else(|| {
            format!("failed to fetch token: serviceaccounts {:?} not found", str_at(around.pod, "spec.serviceAccountName").unwrap_or("default"))
        })?;
        Ok(Files::from([(str_at(source, "path").unwrap_or("token").to_owned(), (text, if own { TOKEN_MODE } else { mode }))]))
    } else {
        Ok(Files::new())
    }
}

/// What the kubelet asks for in the Pod's name (`pkg/kubelet/token`). Deviation: it is not asked for anew when four fifths of its time are over.
fn token(around: &Surroundings, source: &Value) -> Option<String> {
    let pod = around.pod;
    let account = around.api.get(SERVICE_ACCOUNT, namespace(pod), str_at(pod, "spec.serviceAccountName").unwrap_or("default"))?;
    let node = around.api.get(NODE, "", str_at(pod, "spec.nodeName").unwrap_or(""));
    let asked = i64_at(source, "expirationSeconds").and_then(|s| u64::try_from(s).ok()).unwrap_or(3600);
    let audience = str_at(source, "audience").filter(|a| !a.is_empty());
    // `WarnOnlyBoundTokenExpirationPeriod`: admission's own volume is known by its odd number of seconds.
    let extended = asked == 3607 && audience.is_none();
    Some(signed(&Claims {
        account,
        audiences: vec![audience.unwrap_or(ISSUER).to_owned()],
        from: str_at(pod, "metadata.creationTimestamp").and_then(SimTime::parse).unwrap_or(SimTime(0)),
        lifetime: if extended { 365 * 86_400 } else { asked },
        bound: node.map(|node| ("node", &**node)).into_iter().chain([("pod", pod)]).collect(),
        warn_after: extended.then_some(asked),
        id: id_after(uid(pod)),
    }))
}

const CONFIG_KEY: &str = "configmap references non-existent config key: ";
const SECRET_KEY: &str = "references non-existent secret key: ";

/// The data's keys as files, or only those that `items` names.
fn keyed(data: Option<SortedMap<String, String>>, source: &Value, mode: u16, missing: &str) -> Result<Files, String> {
    let Some(data) = data else { return Ok(Files::new()) };
    let items = list_at(source, "items");
    if items.is_empty() {
        return Ok(data.into_iter().map(|(path, text)| (path, (text, mode))).collect());
    }
    let mut files = Files::new();
    for item in items {
        let key = str_at(item, "key").unwrap_or("");
        match data.get(key) {
            Some(value) => {
                files.insert(str_at(item, "path").unwrap_or(key).to_owned(), (value.clone(), mode_of(item, "mode", mode)));
            }
            None if bool_at(source, "optional") == Some(true) => {}
            None => return Err(format!("{missing}{key}")),
        }
    }
    Ok(files)
}

fn downward(around: &Surroundings, spec: &PodSpec, source: &Value, mode: u16) -> Result<Files, String> {
    let mut files = Files::new();
    for item in list_at(source, "items") {
        let value = if let Some(field) = str_at(item, "fieldRef.fieldPath") {
            around.field(field)?
        } else if let Some(reference) = at(item, "resourceFieldRef") {
            let named = str_at(reference, "containerName").unwrap_or("");
            match spec.find(named) {
                Some((_, container)) => around.resource(reference, container),
                None => return Err(format!("container {named} not found")),
            }
        } else {
            continue;
        };
        files.insert(str_at(item, "path").unwrap_or("").to_owned(), (value, mode_of(item, "mode", mode)));
    }
    Ok(files)
}

/// Folders that every node has.
const NODE_FOLDERS: [&str; 14] = [
    "/",
    "/etc",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/var",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/pods",
    "/tmp",
    "/usr",
    "/run",
    "/proc",
    "/sys",
];
/// Files that every node has.
const NODE_FILES: [&str; 5] = ["/etc/hostname", "/etc/hosts", "/etc/os-release", "/etc/passwd", "/etc/resolv.conf"];

/// Models the type check of `pkg/volume/hostpath`.
fn check_host_path(source: &Value, node_files: &SortedMap<String, String>) -> Result<(), String> {
    let path = str_at(source, "path").unwrap_or("/");
    let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let is_folder = NODE_FOLDERS.contains(&trimmed) || node_files.keys().any(|f| f.strip_prefix(trimmed).is_some_and(|r| r.starts_with('/')));
    let is_file = NODE_FILES.contains(&trimmed) || node_files.contains_key(trimmed);
    let fail = |what: &str| Err(format!("hostPath type check failed: {path} is not {what}"));
    match str_at(source, "type").unwrap_or("") {
        "Directory" if !is_folder => fail("a directory"),
        "DirectoryOrCreate" if is_file => fail("a directory"),
        "File" if !is_file => fail("a file"),
        "FileOrCreate" if is_folder => fail("a file"),
        "Socket" => fail("a socket file"),
        "CharDevice" => fail("a character device"),
        "BlockDevice" => fail("a block device"),
        _ => Ok(()),
    }
}
