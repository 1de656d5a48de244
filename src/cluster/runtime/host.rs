//! A container as its shells see it: files, processes, network, and the commands that its image brings along.

use super::access::{self, Act};
use super::process::{Live, Process, Run};
use super::procfs::{self, Node};
use super::spaces::PAUSE;
use super::tmpfs;
use super::{ContainerId, ContainerRecord, bulk, files};
use crate::api::SimTime;
use crate::api::order::{InOrder as _, SortedMap};
use crate::cluster::Context;
use crate::cluster::images::{self, Program, is_own_program};
use crate::cluster::log::Stream;
use crate::cluster::network::{self, Answer, Source};
use crate::cluster::shell::owner::{Credentials, EXECUTE, Owner, READ, STICKY, WRITE};
use crate::cluster::shell::{self, Answered, Command, FileError, Host, Input, Kind, Listening, Lookup, Machine, Mounted, ProcessRow, Step, absolute};
use std::borrow::Cow;

/// What a step did outside of its machine.
#[derive(Default)]
pub(super) struct Effects {
    pub output: Vec<(Stream, String)>,
    pub spawned: Vec<(u64, Machine)>,
    pub signals: Vec<(u64, String)>,
    /// Signals that a program sends to one that takes its time to end.
    pub slow_signals: Vec<(u64, String)>,
}

impl Effects {
    fn is_empty(&self) -> bool {
        self.output.is_empty() && self.spawned.is_empty() && self.signals.is_empty() && self.slow_signals.is_empty()
    }
}

/// What a process finds beside the processes.
pub(super) struct Around<'a> {
    pub containers: &'a SortedMap<ContainerId, ContainerRecord>,
    /// Who the sandbox's own program runs as, where the container's processes see it.
    pub pause: Option<u32>,
    /// The node's, in bytes and thousandths of a core.
    pub memory: i64,
    pub cpu_milli: i64,
}

/// Lets a process's shell go on, with its container as its host, until it waits, does something that others notice, or has taken the last of
/// the steps that are `left` (at least one).
pub(super) fn run_shell(
    (id, pid): (ContainerId, u64),
    lives: &mut SortedMap<ContainerId, Live>,
    around: Around,
    numbers: &mut u64,
    left: &mut i64,
    ctx: &mut Context,
) -> (Step, Effects) {
    let nothing = (Step::Wait, Effects::default());
    let Some(process) = lives.get_mut(&id).and_then(|live| live.processes.get_mut(&pid)) else { return nothing };
    let mut machine = match std::mem::replace(&mut process.run, Run::Stepping) {
        Run::Shell(machine) => machine,
        other => {
            process.run = other;
            return nothing;
        }
    };
    let (stdin, closed) = (std::mem::take(&mut process.stdin), process.stdin_closed);
    let mut host = ContainerHost { id, pid, ctx, lives, around, stdin, closed, effects: Effects::default(), title: None, next_pid: *numbers };
    let step = loop {
        let (step, cost) = machine.turn(&mut host);
        *left -= cost;
        if step != Step::Ran || *left <= 0 || !host.effects.is_empty() {
            break step;
        }
    };
    let ContainerHost { stdin, effects, title, next_pid, .. } = host;
    *numbers = next_pid;
    if let Some(process) = lives.get_mut(&id).and_then(|live| live.processes.get_mut(&pid)) {
        (process.run, process.stdin) = (Run::Shell(machine), stdin);
        process.words = title.unwrap_or_else(|| std::mem::take(&mut process.words));
    }
    (step, effects)
}

/// A container as its shells see it.
pub(super) struct ContainerHost<'a, 'b> {
    pub(super) id: ContainerId,
    pub(super) pid: u64,
    pub(super) ctx: &'a mut Context<'b>,
    /// The processes as they were before this one went on; what it started since then is among the effects.
    lives: &'a SortedMap<ContainerId, Live>,
    pub(super) around: Around<'a>,
    stdin: String,
    closed: bool,
    pub(super) effects: Effects,
    /// What this process has become.
    title: Option<Vec<String>>,
    pub(super) next_pid: u64,
}

impl ContainerHost<'_, '_> {
    /// In which container a path leads where, through the roots of other processes too: `/proc/8/root/etc/hosts`. Only who is root or the
    /// same user gets there (`ptrace_may_access`).
    fn locate<'p>(&self, path: &'p str) -> Result<(ContainerId, Cow<'p, str>), FileError> {
        if !path.starts_with("/proc/") {
            return Ok((self.id, Cow::Borrowed(path)));
        }
        let Some((pid, rest)) = procfs::of_process(path, self.pid) else { return Ok((self.id, Cow::Borrowed(path))) };
        let Some(inside) = rest.strip_prefix("root/") else { return Ok((self.id, Cow::Borrowed(path))) };
        let (home, _) = self.seen().find(|(_, process)| process.pid == pid && process.ended.is_none()).ok_or(FileError::NotFound)?;
        let own = self.user_of(self.id);
        if own != 0 && own != self.user_of(home) { Err(FileError::Denied) } else { Ok((home, Cow::Owned(format!("/{inside}")))) }
    }

    /// What the kernel tells at a path, once its links were followed.
    fn told(&self, path: &str) -> Option<Node> {
        if !procfs::holds(path) {
            return None;
        }
        match self.pseudo(path)? {
            Node::Link(target) => self.pseudo(&absolute(files::parent(path), &target)),
            node => Some(node),
        }
    }

    fn allow(&self, path: &str, act: Act) -> Result<(), FileError> {
        let (home, path) = self.locate(path)?;
        if procfs::holds(&path) && act == Act::Read {
            return Ok(());
        }
        access::check(self.ctx.network, home, &path, act)
    }

    /// The processes that this one sees, each with its container: its own container's first.
    pub(super) fn seen(&self) -> impl Iterator<Item = (ContainerId, &Process)> {
        let space = self.lives.get(&self.id).map(|live| live.space);
        let own = self.lives.get(&self.id).into_iter().map(|live| (self.id, live));
        let others = self.lives.iter().map(|(id, live)| (*id, live)).filter(move |(id, live)| *id != self.id && Some(live.space) == space);
        own.chain(others).flat_map(|(id, live)| live.processes.values().map(move |process| (id, process)))
    }

    fn user_of(&self, container: ContainerId) -> u32 {
        self.ctx.network.bodies.get(&container).map_or(0, |body| body.user.user)
    }
}

impl Host for ContainerHost<'_, '_> {
    fn now(&self) -> SimTime {
        self.ctx.now
    }

    fn write(&mut self, stream: Stream, text: &str) {
        if !text.is_empty() {
            self.effects.output.push((stream, text.into()));
        }
    }

    fn stat(&self, path: &str) -> Option<Kind> {
        match self.told(path) {
            Some(Node::File(_)) => return Some(Kind::File { bytes: 0, executable: false }),
            Some(Node::Folder(_)) => return Some(Kind::Directory),
            Some(Node::Link(_)) | None => {}
        }
        let (home, path) = self.locate(path).ok()?;
        files::stat(self.ctx.network, home, &path)
    }

    fn link(&self, path: &str) -> Option<(String, Owner)> {
        if procfs::holds(path)
            && let Some(Node::Link(target)) = self.pseudo(path)
        {
            return Some((target, Owner::root(0o777)));
        }
        let (home, path) = self.locate(path).ok()?;
        let path = files::follow(self.ctx.network, home, &path, false).ok()?;
        files::target(self.ctx.network, home, &path).map(|(target, owner)| (target.to_owned(), owner))
    }

    fn real_path(&self, path: &str) -> String {
        files::follow(self.ctx.network, self.id, path, true).map_or_else(|_| path.into(), Cow::into_owned)
    }

    fn make_link(&mut self, target: &str, path: &str) -> Result<(), FileError> {
        // What is there already is said first.
        if self.link(path).is_none() && self.stat(path).is_none() {
            self.allow(path, Act::Write)?;
        }
        files::make_link(self.ctx.network, self.id, target, path)
    }

    fn owner(&self, path: &str) -> Owner {
        match self.told(path) {
            Some(Node::Folder(_)) => Owner::root(0o555),
            Some(_) => Owner::root(0o444),
            None => match self.locate(path) {
                Ok((home, path)) => files::owner(self.ctx.network, home, &path),
                Err(_) => Owner::root(0),
            },
        }
    }

    fn may(&self, path: &str, want: u16) -> bool {
        [(READ, Act::Read), (WRITE, Act::Write), (EXECUTE, Act::Execute)].iter().all(|(bit, act)| want & bit == 0 || self.allow(path, *act).is_ok())
    }

    fn set_owner(&mut self, path: &str, owner: Owner) -> Result<(), FileError> {
        access::set_owner(self.ctx.network, self.id, path, owner)
    }

    fn read(&self, path: &str) -> Result<String, FileError> {
        match self.told(path) {
            Some(Node::File(text)) => return Ok(text),
            Some(Node::Folder(_)) => return Err(FileError::IsDirectory),
            Some(Node::Link(_)) | None => {}
        }
        self.allow(path, Act::Read)?;
        let (home, path) = self.locate(path)?;
        files::read_file(self.ctx.network, home, &path)
    }

    fn write_file(&mut self, path: &str, text: &str, append: bool) -> Result<(), FileError> {
        // Where the container's first process writes: its log.
        if let ("/proc/1/fd/1" | "/proc/1/fd/2", None) = (path, self.around.pause) {
            let stream = if path.ends_with('1') { Stream::Stdout } else { Stream::Stderr };
            self.ctx.network.outbox.push((self.id, stream, text.to_owned()));
            return Ok(());
        }
        match procfs::holds(path) {
            true if path.starts_with("/sys") => return Err(FileError::ReadOnly),
            true if self.told(path).is_some() => return Err(FileError::Denied),
            _ => {}
        }
        self.allow(path, Act::Write)?;
        let (home, path) = self.locate(path)?;
        files::write_file(self.ctx.network, home, &path, text, append)
    }

    fn make_directory(&mut self, path: &str, parents: bool) -> Result<(), FileError> {
        access::fits(path)?;
        if self.stat(path).is_none() {
            // Of a chain of folders the first one that is missing decides.
            let missing = path.match_indices('/').map(|(at, _)| &path[..at]).find(|above| !above.is_empty() && self.stat(above).is_none());
            self.allow(missing.filter(|_| parents).unwrap_or(path), Act::Write)?;
        }
        files::make_directory(self.ctx.network, self.id, path, parents)
    }

    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError> {
        // That it is a folder is said first.
        if recursive || self.stat(path) != Some(Kind::Directory) {
            self.allow(path, Act::Remove)?;
        }
        files::remove(self.ctx.network, self.id, path, recursive)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        if let Some(Node::Folder(mut names)) = self.told(path) {
            names.order();
            return Ok(names);
        }
        self.allow(path, Act::Read)?;
        let (home, path) = self.locate(path)?;
        files::list(self.ctx.network, home, &path)
    }

    fn spawn(&mut self, machine: Machine) -> u64 {
        let pid = self.next_pid;
        self.next_pid += 1;
        self.effects.spawned.push((pid, machine));
        pid
    }

    fn ended(&self, pid: u64) -> Option<i32> {
        if self.effects.spawned.iter().any(|(new, _)| *new == pid) {
            return None;
        }
        match self.seen().find(|(_, process)| process.pid == pid) {
            Some((_, process)) => process.ended,
            None if pid == 1 && self.around.pause.is_some() => None,
            None => Some(127),
        }
    }

    fn signal(&mut self, pid: u64, signal: &str) -> Result<(), FileError> {
        if self.ended(pid).is_some() {
            return Err(FileError::NotFound);
        }
        let own = self.user_of(self.id);
        let home = self.seen().find(|(_, process)| process.pid == pid).map(|(container, _)| container);
        let theirs = home.map_or(self.around.pause.filter(|_| pid == 1), |container| Some(self.user_of(container)));
        if own != 0 && theirs.is_some_and(|user| user != own) {
            return Err(FileError::NotPermitted);
        }
        self.effects.signals.push((pid, signal.into()));
        Ok(())
    }

    fn processes(&self) -> Vec<ProcessRow> {
        let pause = self.around.pause.map(|user| ProcessRow { pid: 1, user, command: PAUSE.into() });
        let seen = self.seen().filter(|(_, process)| process.ended.is_none());
        let row = |(container, process): (ContainerId, &Process)| {
            let words = self.title.as_ref().filter(|_| process.pid == self.pid).unwrap_or(&process.words);
            ProcessRow { pid: process.pid, user: self.user_of(container), command: words.join(" ") }
        };
        let rows = seen.map(row);
        let mut rows: Vec<ProcessRow> = pause.into_iter().chain(rows).collect();
        rows.order_by_key(|row| row.pid);
        rows
    }

    fn request(&mut self, url: &str, body: &str) -> Answer {
        match Source::of_container(self.ctx.network, self.id) {
            Some(source) => network::request(self.ctx, &source, url, body, 0),
            None => Answer { took_ms: 1, result: Err(network::Failure::NoRoute) },
        }
    }

    fn becomes(&mut self, words: &[String]) {
        self.title = Some(words.to_vec());
    }

    fn listening(&self) -> Vec<Listening> {
        let network = &*self.ctx.network;
        let Some(sandbox) = network.bodies.get(&self.id).map(|body| body.sandbox) else { return Vec::new() };
        let mut found = Vec::new();
        for (container, body) in network.bodies.iter().filter(|(_, body)| body.sandbox == sandbox) {
            for (address, port) in &body.listening {
                let serves = |(home, process): &(ContainerId, &Process)| home == container && process.serves(*port);
                let process = self.seen().find(serves).map(|(_, process)| (process.pid, shell::short_name(&process.words.join(" ")).to_owned()));
                found.push(Listening { address: address.clone(), port: *port, process });
            }
        }
        found
    }

    fn mounts(&self) -> Vec<Mounted> {
        let network = &*self.ctx.network;
        let Some(body) = network.bodies.get(&self.id) else { return Vec::new() };
        let mounted = |(path, volume, _, read_only): &(String, String, String, bool)| {
            // The kubelet writes what is secret into memory; the kernel makes such a file system with the sticky bit.
            let in_memory = network.volumes.get(volume).and_then(|tree| tree.get("/")).is_some_and(|root| root.owner.mode & STICKY != 0);
            let kib = |bytes: i64| u64::try_from(bytes / 1024).unwrap_or(0);
            let (used, size) = (tmpfs::used(network, volume), tmpfs::size(network, volume).unwrap_or(self.around.memory));
            Mounted {
                source: if in_memory { "tmpfs" } else { "/dev/vda1" }.into(),
                path: path.clone(),
                kind: if in_memory { "tmpfs" } else { "ext4" },
                read_only: *read_only,
                room: in_memory.then(|| [kib(size), kib(used), kib(size - used)]),
            }
        };
        body.mounts.iter().map(mounted).collect()
    }

    fn hostname(&self) -> String {
        self.ctx.network.bodies.get(&self.id).map_or(String::new(), |b| b.hostname.clone())
    }

    fn lookup(&self) -> Lookup {
        self.around.containers.get(&self.id).map_or(Lookup::BusyBox, |container| images::lookup(&container.config.image))
    }

    fn ip(&self) -> String {
        self.ctx.network.bodies.get(&self.id).map_or(String::new(), |b| b.ip.clone())
    }

    fn user(&self) -> Credentials {
        self.ctx.network.bodies.get(&self.id).map(|b| b.user.clone()).unwrap_or_default()
    }

    fn command(&mut self, command: &Command) -> Answered {
        let arguments = command.arguments;
        let program = self.ctx.network.bodies.get(&self.id).map_or(Program::Pause, |b| b.program);
        if program == Program::Nginx
            && let Some(done) = self.nginx(arguments)
        {
            return done;
        }
        if is_own_program(program, &arguments[0]) {
            return Answered::BecomesServer;
        }
        if program == Program::Redis && arguments[0] == "redis-cli" {
            return self.redis_cli(&arguments[1..], command.stdin.as_deref());
        }
        bulk::command(self.ctx.network, self.id, command.directory, arguments).unwrap_or(Answered::Unknown)
    }

    fn hold(&mut self, bytes: i64) {
        self.ctx.network.tmpfs.charges.push((self.id, bytes.min(self.around.memory)));
    }

    /// Ctrl-D (U+0004), typed on an empty line, ends the input of what reads just then.
    fn stdin(&mut self) -> Input {
        match self.stdin.find('\u{4}') {
            Some(0) => {
                self.stdin.remove(0);
                Input::Closed
            }
            Some(at) => {
                let rest = self.stdin.split_off(at);
                Input::Text(std::mem::replace(&mut self.stdin, rest))
            }
            None if !self.stdin.is_empty() => Input::Text(std::mem::take(&mut self.stdin)),
            None if self.closed => Input::Closed,
            None => Input::Empty,
        }
    }
}
