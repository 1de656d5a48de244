//! The person's machine, and a node that they are on, as a shell sees it: files, programs, processes, the network.

use super::env::{Ending, Env, Failure, Flow, Poll};
use super::verbs::port_forward;
use super::{OutputKind, node_logs, programs};
use crate::api::SimTime;
use crate::api::order::SortedSet;
use crate::cluster::log::Stream;
use crate::cluster::network::{Answer, Failure as Unreachable};
use crate::cluster::shell::Manner;
use crate::cluster::shell::owner::{Credentials, Owner};
use crate::cluster::shell::{Answered, Command, FileError, Host, Input, Kind, Machine, ProcessRow, Progress, Written};
use crate::cluster::{PodRef, Sender, shell};

/// Where the person's files are.
pub const HOME: &str = "/root";
/// What is there before anybody makes it.
const DIRECTORIES: &[&str] = &["/", HOME, "/tmp", "/etc", "/home", "/usr/bin", "/var/log"];
const NODE_DIRECTORIES: &[&str] = &["/etc/kubernetes/manifests", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods"];
/// How much a file may hold.
const MOST_BYTES: usize = 1 << 20;

/// An absolute path as the person's files are named: those at home without their folder.
pub fn key(path: &str) -> String {
    if path == HOME { String::new() } else { path.strip_prefix("/root/").unwrap_or(path).to_owned() }
}

impl Env<'_> {
    /// A path as a command names it, as the name of a file of the person's.
    pub fn key(&self, path: &str) -> String {
        key(&shell::absolute(&self.directory, path))
    }

    /// The absolute paths of all files and of those directories that are there without any.
    fn paths(&self) -> (Vec<String>, SortedSet<String>) {
        let mut directories: SortedSet<String> = self.seat.directories.iter().chain(&[]).cloned().collect();
        directories.extend(DIRECTORIES.iter().map(|d| (*d).to_owned()));
        let files = match &self.node {
            Some(node) => {
                directories.extend(NODE_DIRECTORIES.iter().map(|d| (*d).to_owned()));
                let own = self.cluster.kubelet(node).into_iter().flat_map(|k| k.files().keys().cloned());
                own.chain(node_logs::all(self.cluster, node).map(|f| f.path)).collect()
            }
            None => self.files.keys().map(|name| shell::absolute(HOME, name)).collect(),
        };
        (files, directories)
    }

    /// Whether a command may name this directory, though there may be no file in it.
    pub fn directory_is_there(&self, path: &str) -> bool {
        let path = shell::absolute(&self.directory, path);
        DIRECTORIES.contains(&path.as_str()) || self.seat.directories.contains(&path)
    }

    fn text_of(&self, path: &str) -> Option<&String> {
        match &self.node {
            Some(node) => self.cluster.kubelet(node)?.files().get(path),
            None => self.files.get(&key(path)),
        }
    }

    /// The container's log at a path of the node.
    fn log_at(&self, path: &str) -> Option<node_logs::LogFile<'_>> {
        node_logs::find(self.cluster, self.node.as_ref()?, path)
    }

    /// Writes or removes a file.
    fn put(&mut self, path: &str, text: Option<String>) {
        match (self.node.clone(), text) {
            // Only a node that is not there refuses, and the person is on it.
            (Some(node), text) => drop(self.cluster.write_node_file(&node, path, text.as_deref())),
            (None, Some(text)) => drop(self.files.insert(key(path), text)),
            (None, None) => drop(self.files.remove(&key(path))),
        }
    }

    /// Runs a line that waits for nothing, with its output where the command's is; gives its exit code.
    pub fn run_line(&mut self, line: &str) -> i32 {
        let Ok(mut machine) = Machine::script_in(Manner { bash: true, depth: 0 }, line, &[], self.variables.clone(), HOME) else { return 2 };
        machine.bash = true;
        let mut left = super::MOST_STEPS;
        while left > 0 {
            let (step, cost) = machine.turn(self);
            left -= cost;
            match step {
                shell::Step::Ran => {}
                shell::Step::Exit(code) => return code,
                shell::Step::Sleep(_) | shell::Step::Wait | shell::Step::Input | shell::Step::Server(..) => return 1,
            }
        }
        1
    }

    /// Runs something of a command's with what it writes kept apart.
    fn apart<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> (T, Written) {
        let kept = std::mem::take(self.out);
        let result = run(self);
        let fresh = std::mem::replace(self.out, kept);
        let stream = |kind| if kind == OutputKind::Stderr { Stream::Stderr } else { Stream::Stdout };
        (result, fresh.into_iter().map(|(kind, text)| (stream(kind), text)).collect())
    }
}

/// What a command that failed leaves: its words on standard error, and its exit code.
fn failed(failure: Failure, mut written: Written) -> (i32, Written) {
    let Ending { text, code, .. } = failure.into_ending();
    written.push((Stream::Stderr, text));
    (code, written)
}

impl Host for Env<'_> {
    fn now(&self) -> SimTime {
        self.cluster.now()
    }

    fn write(&mut self, stream: Stream, text: &str) {
        match stream {
            Stream::Stdout => self.out(text),
            Stream::Stderr => self.err(text),
        }
    }

    fn stat(&self, path: &str) -> Option<Kind> {
        if path == "/dev/null" {
            return Some(Kind::File { bytes: 0, executable: false });
        }
        if let Some(text) = self.text_of(path) {
            return Some(Kind::File { bytes: text.len(), executable: text.starts_with("#!") });
        }
        if let Some(log) = self.log_at(path) {
            return Some(Kind::File { bytes: log.bytes(), executable: false });
        }
        let (files, directories) = self.paths();
        let below = format!("{}/", path.trim_end_matches('/'));
        (directories.contains(path) || files.iter().chain(&directories).any(|f| f.starts_with(&below))).then_some(Kind::Directory)
    }

    fn read(&self, path: &str) -> Result<String, FileError> {
        match (self.text_of(path), self.stat(path)) {
            (Some(text), _) => Ok(text.clone()),
            (None, Some(Kind::Directory)) => Err(FileError::IsDirectory),
            (None, Some(Kind::File { .. })) => Ok(self.log_at(path).map(|log| log.text()).unwrap_or_default()),
            (None, None) => Err(FileError::NotFound),
        }
    }

    fn write_file(&mut self, path: &str, text: &str, append: bool) -> Result<(), FileError> {
        let parent = path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
        match (self.stat(path), self.stat(parent)) {
            (Some(Kind::Directory), _) => return Err(FileError::IsDirectory),
            (_, None) => return Err(FileError::NotFound),
            _ if self.log_at(path).is_some() => return Err(FileError::ReadOnly),
            (_, Some(Kind::File { .. })) => return Err(FileError::NotDirectory),
            (_, Some(Kind::Directory)) => {}
        }
        let before = self.text_of(path).filter(|_| append);
        if before.is_some_and(|before| text.is_empty() || before.len() + text.len() > MOST_BYTES) {
            return Ok(());
        }
        if append
            && self.node.is_none()
            && let Some(file) = self.files.get_mut(&key(path))
        {
            file.push_str(text);
            return Ok(());
        }
        let before = self.text_of(path).filter(|_| append);
        let whole = before.map_or_else(|| text.to_owned(), |before| format!("{before}{text}"));
        self.put(path, Some(whole));
        Ok(())
    }

    fn make_directory(&mut self, path: &str, parents: bool) -> Result<(), FileError> {
        let parent = path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
        if self.stat(path).is_some() {
            return if parents { Ok(()) } else { Err(FileError::Exists) };
        }
        if !parents && self.stat(parent).is_none() {
            return Err(FileError::NotFound);
        }
        self.seat.directories.insert(path.into());
        Ok(())
    }

    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError> {
        match self.stat(path) {
            None => return Err(FileError::NotFound),
            Some(Kind::Directory) if !recursive => return Err(FileError::IsDirectory),
            Some(_) => {}
        }
        let below = format!("{}/", path.trim_end_matches('/'));
        for file in self.paths().0.iter().filter(|f| *f == path || f.starts_with(&below)) {
            self.put(file, None);
        }
        self.seat.directories.retain(|d| d != path && !d.starts_with(&below));
        Ok(())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        match self.stat(path) {
            None => return Err(FileError::NotFound),
            Some(Kind::File { .. }) => return Err(FileError::NotDirectory),
            Some(Kind::Directory) => {}
        }
        let below = format!("{}/", path.trim_end_matches('/'));
        let (files, directories) = self.paths();
        let names: SortedSet<&str> = files
            .iter()
            .chain(&directories)
            .filter_map(|p| p.strip_prefix(&below))
            .filter_map(|rest| rest.split('/').next())
            .filter(|n| !n.is_empty())
            .collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn spawn(&mut self, machine: Machine) -> u64 {
        self.running.start(machine)
    }

    fn ended(&self, pid: u64) -> Option<i32> {
        self.running.ended(pid)
    }

    fn signal(&mut self, pid: u64, signal: &str) -> Result<(), FileError> {
        if self.running.signal(pid, signal) { Ok(()) } else { Err(FileError::NotFound) }
    }

    fn processes(&self) -> Vec<ProcessRow> {
        self.running.rows()
    }

    fn request(&mut self, url: &str, _body: &str) -> Answer {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (host, path) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
        let (name, port) = host.rsplit_once(':').map_or((host, 80), |(name, port)| (name, port.parse::<u16>().unwrap_or(0)));
        let refused = Answer { took_ms: 1, result: Err(Unreachable::Refused) };
        let local = self.node.is_none() && !matches!(scheme, "dns" | "host") && matches!(name, "localhost" | "127.0.0.1");
        let answer = if local {
            let Some(forward) = self.running.forward(port) else { return refused };
            self.out(format!("Handling connection for {port}\n"));
            let place = PodRef { namespace: &forward.namespace, name: &forward.pod };
            let url = format!("{scheme}://localhost:{}{path}", forward.remote);
            let answer = self.cluster.send_request(Sender::Container(place, &forward.container), &url);
            if !matches!(answer, Ok(Answer { result: Err(Unreachable::Refused), .. })) {
                answer
            } else {
                port_forward::find_nobody(&forward, self);
                Ok(Answer { took_ms: 1, result: Err(Unreachable::Closed) })
            }
        } else {
            // The person's own machine stands beside the first node.
            let node = self.node.as_ref().and_then(|node| self.cluster.node_index(node)).unwrap_or(0);
            self.cluster.send_request(Sender::Node(node), url)
        };
        answer.unwrap_or(refused)
    }

    fn hostname(&self) -> String {
        self.node.clone().unwrap_or_else(|| "workstation".into())
    }

    fn ip(&self) -> String {
        let index = self.node.as_ref().and_then(|node| self.cluster.node_index(node));
        index.map_or_else(|| "127.0.1.1".into(), crate::cluster::network::node_ip)
    }

    fn user(&self) -> Credentials {
        Credentials { groups: vec![0], ..Credentials::default() }
    }

    fn owner(&self, path: &str) -> Owner {
        match self.stat(path) {
            // containerd lets nobody else read what a container says.
            Some(Kind::File { .. }) if self.log_at(path).is_some() => Owner::root(0o640),
            Some(Kind::File { executable: true, .. }) => Owner::root(0o755),
            kind => Owner::plain(kind == Some(Kind::Directory)),
        }
    }

    fn command(&mut self, command: &Command) -> Answered {
        let Some(program) = programs::find(&command.arguments[0], self.node.is_some()) else { return Answered::Unknown };
        self.stdin.clone_from(&command.stdin);
        self.variables.clone_from(command.variables);
        self.directory = command.directory.to_owned();
        let (result, written) = self.apart(|env| (program.run)(&command.arguments[1..], env));
        self.stdin = None;
        match result {
            Ok(Flow::Done(code)) => Answered::Done(code, written),
            Ok(Flow::Wait(job)) => Answered::Waits(self.running.wait_for(job), written),
            Err(failure) => {
                let (code, written) = failed(failure, written);
                Answered::Done(code, written)
            }
        }
    }

    fn look(&mut self, id: u64) -> (Progress, Written) {
        let Some(mut job) = self.running.jobs.remove(&id) else { return (Progress::Ended(127), Written::new()) };
        let (result, written) = self.apart(|env| job.poll(env));
        match result {
            Ok(Poll::Done(code)) => (Progress::Ended(code), written),
            Ok(Poll::Pending(at)) => {
                self.running.jobs.insert(id, job);
                (Progress::Waits(at), written)
            }
            Err(failure) => {
                let (code, written) = failed(failure, written);
                (Progress::Ended(code), written)
            }
        }
    }

    fn reads_stdin(&self, arguments: &[String]) -> bool {
        programs::find(&arguments[0], self.node.is_some()).is_some_and(|p| p.reads_stdin(&arguments[1..]))
    }

    fn knows(&self, name: &str) -> bool {
        programs::find(name, self.node.is_some()).is_some_and(|p| p.is_there)
    }

    fn is_terminal(&self) -> bool {
        self.keyboard
    }

    /// What was typed: Ctrl-D (U+0004) ends the input. Without a keyboard there is nothing.
    fn stdin(&mut self) -> Input {
        if !self.keyboard {
            return Input::Closed;
        }
        match self.typed.split_once('\u{4}').map(|(before, after)| (before.to_owned(), after.to_owned())) {
            Some((before, after)) if before.is_empty() => {
                self.typed = after;
                Input::Closed
            }
            Some((before, after)) => {
                self.typed = format!("\u{4}{after}");
                Input::Text(before)
            }
            None if self.typed.is_empty() => Input::Empty,
            None => Input::Text(std::mem::take(&mut self.typed)),
        }
    }
}
