//! How much room there is and who takes it: `du`, `df`, `mount`, `free`.

use super::{Call, links};
use crate::api::order::InOrder as _;
use crate::cluster::shell::{Kind, Mounted};

/// The node's disk in KiB: all of it, used, free.
const DISK: [u64; 3] = [103_080_888, 12_044_128, 86_684_812];
/// `/dev` and `/dev/shm` of a container, in KiB (`WithDefaultMounts` of containerd).
const SMALL: [u64; 3] = [65_536, 0, 65_536];

/// How deep `du` goes.
const DEEPEST: usize = 200;

pub(super) fn free(call: &mut Call) -> i32 {
    // In KiB: all, used, free, shared, for buffers, to be had.
    const MEMORY: [u64; 6] = [24_536_328, 812_340, 21_203_112, 3124, 2_520_876, 23_398_236];
    let unit = if call.has('b') {
        0
    } else if call.has('m') {
        2
    } else if call.has('g') {
        3
    } else {
        1
    };
    let shown = |kib: u64| match unit {
        0 => kib << 10,
        n => kib >> (10 * (n - 1)),
    };
    let row: String = MEMORY.iter().map(|kib| format!("{:>12}", shown(*kib))).collect();
    let text = format!(
        "              total        used        free      shared  buff/cache   available\nMem:   {row}\nSwap:  {:>12}{:>12}{:>12}\n",
        0, 0, 0
    );
    call.say(&text)
}

/// `1.5K`, `98.3G`, as BusyBox rounds.
fn human(kib: u64) -> String {
    if kib == 0 {
        return "0".into();
    }
    let mut tenths = kib * 10;
    let mut units = "KMGT".chars();
    let mut unit = units.next();
    while tenths >= 10_240 {
        let Some(next) = units.next() else { break };
        (tenths, unit) = ((tenths + 512) / 1024, Some(next));
    }
    format!("{}.{}{}", tenths / 10, tenths % 10, unit.map_or(String::new(), String::from))
}

/// What a path takes with all below it, in KiB; each folder is told on the way.
fn measure(call: &mut Call, path: &str, word: &str, named: bool, depth: usize) -> u64 {
    let folder = call.host.link(path).is_none() && call.host.stat(path) == Some(Kind::Directory);
    let mut kib = match call.host.stat(path) {
        _ if call.host.link(path).is_some() => 0,
        Some(Kind::File { bytes, .. }) => (bytes as u64).div_ceil(4096) * 4,
        Some(Kind::Directory) => 4,
        None => 0,
    };
    // Folders lie in folders; beyond any sense they are not counted.
    let inside = if depth < DEEPEST { links::below(call, path) } else { Vec::new() };
    for (below, name) in inside {
        kib += measure(call, &below, &format!("{}/{name}", word.trim_end_matches('/')), false, depth + 1);
    }
    let deepest = call.options.number('d').unwrap_or(usize::MAX);
    if named || !call.has('s') && depth <= deepest && (folder || call.has('a')) {
        let shown = if call.has('h') {
            human(kib)
        } else if call.has('m') {
            kib.div_ceil(1024).to_string()
        } else {
            kib.to_string()
        };
        call.say(&format!("{shown}\t{word}\n"));
    }
    kib
}

pub(super) fn du(call: &mut Call) -> i32 {
    let words = if call.options.words.is_empty() { vec![".".to_owned()] } else { call.options.words.clone() };
    let (mut code, mut total) = (0, 0);
    for word in words {
        let path = call.path(&word);
        if call.host.stat(&path).is_none() && call.host.link(&path).is_none() {
            code = call.fail(&format!("{word}: No such file or directory"), 1);
            continue;
        }
        total += measure(call, &path, &word, true, 0);
    }
    if call.has('c') {
        let shown = if call.has('h') { human(total) } else { total.to_string() };
        call.say(&format!("{shown}\ttotal\n"));
    }
    code
}

/// What is mounted, by path; the root first.
fn mounts(call: &Call) -> Vec<Mounted> {
    let own = |source: &str, path: &str, kind, room| Mounted { source: source.into(), path: path.into(), kind, read_only: false, room: Some(room) };
    let mut volumes = call.host.mounts();
    volumes.order_by_key(|mounted| mounted.path.clone());
    let mut all = vec![own("overlay", "/", "overlay", DISK), own("tmpfs", "/dev", "tmpfs", SMALL), own("shm", "/dev/shm", "tmpfs", SMALL)];
    all.extend(volumes);
    all
}

pub(super) fn df(call: &mut Call) -> i32 {
    let all = mounts(call);
    let mut chosen: Vec<Mounted> = Vec::new();
    let mut code = 0;
    for word in call.options.words.clone() {
        let path = call.host.real_path(&call.path(&word));
        if call.host.stat(&path).is_none() {
            code = call.fail(&format!("{word}: No such file or directory"), 1);
            continue;
        }
        let holds = |m: &&Mounted| m.path == "/" || path.strip_prefix(&m.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        chosen.extend(all.iter().filter(holds).max_by_key(|m| m.path.len()).cloned());
    }
    if call.options.words.is_empty() {
        chosen = all;
    }
    let (text, megabytes) = (call.has('h'), call.has('m'));
    let title = if text {
        "     Size"
    } else if megabytes {
        "1M-blocks"
    } else {
        "1K-blocks"
    };
    let mut out = format!("Filesystem           {title}      Used Available Use% Mounted on\n");
    for Mounted { source, path, room, .. } in chosen {
        let [whole, used, left] = room.unwrap_or(DISK);
        let shown = |kib: u64| {
            if text {
                human(kib)
            } else if megabytes {
                (kib / 1024).to_string()
            } else {
                kib.to_string()
            }
        };
        let share = (used * 100).div_ceil((used + left).max(1));
        out.push_str(&format!("{source:<20} {:>9} {:>9} {:>9} {share:>3}% {path}\n", shown(whole), shown(used), shown(left)));
    }
    call.say(&out);
    code
}

/// `mount` without words: what is mounted. Nobody may mount anything.
pub(super) fn mount(call: &mut Call) -> i32 {
    if !call.options.words.is_empty() {
        return call.fail("permission denied (are you root?)", 1);
    }
    let kernel = [
        ("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime"),
        ("sysfs", "/sys", "sysfs", "ro,nosuid,nodev,noexec,relatime"),
        ("cgroup", "/sys/fs/cgroup", "cgroup2", "ro,nosuid,nodev,noexec,relatime"),
    ];
    let kernel: String = kernel.iter().map(|(source, path, kind, options)| format!("{source} on {path} type {kind} ({options})\n")).collect();
    let line = |m: Mounted| {
        let size = m.room.filter(|_| m.kind == "tmpfs").map_or(String::new(), |[whole, ..]| format!(",size={whole}k"));
        let line = format!("{} on {} type {} ({},relatime{size})\n", m.source, m.path, m.kind, if m.read_only { "ro" } else { "rw" });
        if m.path == "/" { line + &kernel } else { line }
    };
    let text: String = mounts(call).into_iter().map(line).collect();
    call.say(&text)
}
