//! A small POSIX sh with its applets, as a resumable machine: the same in containers and around kubectl.
//!
//! [`parse`] turns a script into a flat [`Program`]; a [`Machine`] runs it step by step against a [`Host`] (files, network, other processes)
//! and yields whenever it has to wait ([`Step`]). A machine is plain data: cloning it is a checkpoint. Another room embeds it by implementing
//! [`Host`]; commands that the host knows better (`kubectl`) are answered by [`Host::command`].

use crate::api::order::SortedMap;
mod applets;
mod arithmetic;
mod braces;
mod edit;
mod expand;
mod lexer;
mod machine;
pub mod owner;
mod parser;
mod pattern;
mod regex;

pub use applets::{is_applet, short_name};
pub use machine::{Machine, Step, absolute, signal_name, signal_number};
pub use parser::{Manner, Program, of_words, parse, parse_lines};
pub use pattern::matches;

use crate::api::SimTime;
use crate::cluster::log::Stream;
use crate::cluster::network::Answer;
use owner::{Credentials, Owner};

/// Why a file could not be read or written, in the C library's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    NotFound,
    IsDirectory,
    NotDirectory,
    ReadOnly,
    Exists,
    NotEmpty,
    Full,
    Denied,
    NotPermitted,
    Loop,
    NameTooLong,
}

impl FileError {
    pub fn words(self) -> &'static str {
        match self {
            Self::NotFound => "No such file or directory",
            Self::IsDirectory => "Is a directory",
            Self::NotDirectory => "Not a directory",
            Self::ReadOnly => "Read-only file system",
            Self::Exists => "File exists",
            Self::NotEmpty => "Directory not empty",
            Self::Full => "No space left on device",
            Self::Denied => "Permission denied",
            Self::NotPermitted => "Operation not permitted",
            Self::NameTooLong => "File name too long",
            Self::Loop => "Too many levels of symbolic links",
        }
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File { bytes: usize, executable: bool },
    Directory,
}

/// A row of `ps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessRow {
    pub pid: u64,
    /// Who it runs as.
    pub user: u32,
    pub command: String,
}

/// A port at which a process waits for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    pub address: String,
    pub port: u16,
    /// Number and name, where it can be seen.
    pub process: Option<(u64, String)>,
}

/// A file system that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    pub source: String,
    pub path: String,
    pub kind: &'static str,
    pub read_only: bool,
    /// All of it, used and free, in KiB; `None` where it is the node's disk.
    pub room: Option<[u64; 3]>,
}

/// Which `nslookup` stands in an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lookup {
    #[default]
    BusyBox,
    /// From before 1.29: it asks the C library.
    OldBusyBox,
    Bind,
}

/// What was written, in order.
pub type Written = Vec<(Stream, String)>;

/// A command as a shell hands it to its host.
pub struct Command<'a> {
    pub arguments: &'a [String],
    /// Standard input where it was read, a pipe or a file; `None` where it is still the process's own.
    pub stdin: Option<String>,
    pub variables: &'a SortedMap<String, String>,
    /// Where the shell is: an absolute path.
    pub directory: &'a str,
}

/// How a command that only the host knows goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Not one of the host's commands.
    Unknown,
    /// Done: exit code and what it printed.
    Done(i32, Written),
    /// It goes on by itself: [`Host::look`] tells how far it is, by this number.
    /// What it has printed so far comes along.
    Waits(u64, Written),
    /// A server of the image takes the process over.
    BecomesServer,
}

/// How far a command that goes on by itself has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Ended(i32),
    /// Look again when something has happened, at this moment at the latest.
    Waits(Option<SimTime>),
}

/// What standard input has to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Text(String),
    /// Nothing yet.
    Empty,
    Closed,
}

/// Everything outside of a machine. Paths are absolute.
pub trait Host {
    fn now(&self) -> SimTime;
    fn write(&mut self, stream: Stream, text: &str);
    /// A program holds so many bytes more.
    fn hold(&mut self, _bytes: i64) {}
    fn stat(&self, path: &str) -> Option<Kind>;
    fn read(&self, path: &str) -> Result<String, FileError>;
    fn write_file(&mut self, path: &str, text: &str, append: bool) -> Result<(), FileError>;
    fn make_directory(&mut self, path: &str, parents: bool) -> Result<(), FileError>;
    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError>;
    /// Names directly below a directory, sorted.
    fn list(&self, path: &str) -> Result<Vec<String>, FileError>;
    /// Starts another process; gives its number.
    fn spawn(&mut self, machine: Machine) -> u64;
    /// `None` while it runs, its exit code afterwards; an unknown one counts as ended with 127.
    fn ended(&self, pid: u64) -> Option<i32>;
    /// Sends a signal (`TERM`, `KILL`, …, `0`); fails where there is no such process, or it is somebody else's.
    fn signal(&mut self, pid: u64, signal: &str) -> Result<(), FileError>;
    fn processes(&self) -> Vec<ProcessRow>;
    /// A GET (`http://…`) or a plain connection (`tcp://host:port`, its body what is sent).
    fn request(&mut self, url: &str, body: &str) -> Answer;
    /// The shell's process becomes another program, as others see it.
    fn becomes(&mut self, _words: &[String]) {}
    /// The ports of the network that the shell is in.
    fn listening(&self) -> Vec<Listening> {
        Vec::new()
    }
    /// What is mounted beside what every container has.
    fn mounts(&self) -> Vec<Mounted> {
        Vec::new()
    }
    fn hostname(&self) -> String;
    fn lookup(&self) -> Lookup {
        Lookup::default()
    }
    fn ip(&self) -> String;
    fn user(&self) -> Credentials;
    /// Whose a file or folder is.
    fn owner(&self, path: &str) -> Owner {
        Owner::plain(self.stat(path) == Some(Kind::Directory))
    }
    /// Whether the shell's user may read, write or execute what is there (bits of [`owner`]).
    fn may(&self, _path: &str, _want: u16) -> bool {
        true
    }
    /// Where the symbolic link at a path points, as it was written, and whose it is. Without this word a path means what its links lead to.
    fn link(&self, _path: &str) -> Option<(String, Owner)> {
        None
    }
    /// Where a path leads when all its links are followed.
    fn real_path(&self, path: &str) -> String {
        path.into()
    }
    /// Makes a symbolic link at a path.
    fn make_link(&mut self, _target: &str, _path: &str) -> Result<(), FileError> {
        Err(FileError::NotPermitted)
    }
    /// Gives a file another owner, group or mode.
    fn set_owner(&mut self, path: &str, _owner: Owner) -> Result<(), FileError> {
        self.stat(path).map(|_| ()).ok_or(FileError::NotFound)
    }
    /// A command of the host's own, looked up before the applets.
    fn command(&mut self, command: &Command) -> Answered;
    /// What a command that waits has written since the last look, and how far it is.
    fn look(&mut self, _job: u64) -> (Progress, Written) {
        (Progress::Ended(127), Written::new())
    }
    /// Whether a command of the host's own wants its standard input whole before it begins.
    fn reads_stdin(&self, _arguments: &[String]) -> bool {
        false
    }
    /// Whether the host has a command of this name.
    fn knows(&self, _name: &str) -> bool {
        false
    }
    /// Whether standard input is a person's keyboard.
    fn is_terminal(&self) -> bool {
        false
    }
    /// What arrived on standard input and was not read yet.
    fn stdin(&mut self) -> Input;
}
