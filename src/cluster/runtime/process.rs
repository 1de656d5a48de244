//! The processes of a container: shells and servers as resumable values, with the rules of a process namespace.
//!
//! The first process of a namespace does not get a signal's default action (`man 7 pid_namespaces`): without a handler it ignores SIGTERM. When a
//! container's first process ends, all end.

use super::server::Server;
use super::spaces::Space;
use super::{ContainerId, ExecId, ExecRecord, ExitReason, Runtime, access, bulk, files};
use crate::api::SimTime;
use crate::api::order::SortedMap;
use crate::cluster::Context;
use crate::cluster::images::{Program, is_own_program};
use crate::cluster::log::Fact;
use crate::cluster::shell::{self, Kind, Machine, Manner};

/// What runs in a container.
#[derive(Clone, Debug)]
pub struct Live {
    pub processes: SortedMap<u64, Process>,
    /// Whose processes they see.
    pub space: Space,
    /// The number of the one that is the container: the first of its namespace, where that is the container's own.
    pub first: u64,
    /// What the container used before some of its processes became busy.
    pub idle_cpu_milli: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Process {
    pub pid: u64,
    /// Its program and that one's arguments.
    pub words: Vec<String>,
    pub(super) run: Run,
    pub ended: Option<i32>,
    /// The command whose output its own belongs to.
    pub exec: Option<ExecId>,
    /// The process that started it; `None` for the first one and for commands.
    pub parent: Option<u64>,
    pub stdin: String,
    pub stdin_closed: bool,
    /// It waits for input that has not come.
    pub reads: bool,
    /// When it wants to go on by itself.
    pub wake: Option<SimTime>,
    /// How many slices of time in a row it has used up without waiting for anything.
    pub slices: u32,
}

impl Process {
    /// Whether it waits at this port for others.
    pub fn serves(&self, port: u16) -> bool {
        self.ended.is_none() && matches!(&self.run, Run::Server(server) if server.port == port && server.ready_at.is_none())
    }

    pub fn is_server(&self) -> bool {
        matches!(self.run, Run::Server(_))
    }

    /// Whether it is the command itself, not a child of it.
    pub fn leads(&self) -> bool {
        self.parent.is_none()
    }
}

#[derive(Clone, Debug)]
pub(super) enum Run {
    Shell(Box<Machine>),
    Server(Server),
    /// Its machine is taken out while it steps.
    Stepping,
}

/// How many processes a container may have.
pub(super) const MOST_PROCESSES: usize = 200;
/// From how many on its ended ones are forgotten, oldest first, although somebody may still wait for them.
const MOST_ENDED: usize = 150;
/// How many commands' results are kept.
const MOST_EXECS: usize = 500;
/// Stands for a death by the kernel's memory killer; becomes 137.
pub(super) const OOM: i32 = -9;

/// Whether something is mounted over the folder that an image's programs lie in: `/bin`, which is a link to `/usr/bin` where it is not busybox's.
fn hides_programs(ctx: &Context, id: ContainerId, program: Program) -> bool {
    let folders: &[&str] = if program == Program::Shell { &["/bin"] } else { &["/bin", "/usr", "/usr/bin"] };
    ctx.network.bodies.get(&id).is_some_and(|body| body.mounts.iter().any(|(path, ..)| folders.contains(&path.as_str())))
}

impl Runtime {
    /// Makes the container's first process; the error is runc's.
    pub(super) fn launch(&mut self, id: ContainerId, ctx: &mut Context) -> Result<(), String> {
        let config = self.containers.get(&id).map(|c| c.config.clone()).unwrap_or_default();
        let image = self.find_image(&config.image).ok_or("no such image")?;
        if let Some(error) = files::mount_error(ctx.network, id, &config.name, &config.mounts) {
            return Err(error);
        }
        let directory = if config.working_dir.is_empty() { image.working_directory.to_owned() } else { config.working_dir.clone() };
        match files::stat(ctx.network, id, &directory) {
            Some(Kind::File { .. }) => return Err(format!("mkdir {directory}: not a directory")),
            Some(Kind::Directory) => {}
            // runc makes a missing working directory.
            None => drop(files::make_directory(ctx.network, id, &directory, true)),
        }
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let mut arguments = config.command.clone().filter(|c| !c.is_empty()).unwrap_or_else(|| owned(image.entrypoint));
        match (&config.args, &config.command) {
            (Some(args), _) if !args.is_empty() => arguments.extend(args.iter().cloned()),
            (_, Some(command)) if !command.is_empty() => {}
            _ => arguments.extend(owned(image.command)),
        }
        let first = arguments.first().cloned().unwrap_or_default();
        self.executable(id, image.program, &first, ctx)?;
        let run = self.start_program(id, image.program, &arguments, &directory, config.stdin && config.tty, ctx)?;
        let space = self.containers.get(&id).map_or(Space::Container(id), |container| self.space_of(container));
        let number = self.number(space);
        self.live.insert(id, Live { processes: SortedMap::new(), space, first: number, idle_cpu_milli: None });
        let title = match (image.program, &run) {
            // Its entrypoint becomes the server, which gives itself a title.
            (Program::Nginx, Run::Server(server)) if server.service.is_none() => vec!["nginx: master process nginx -g daemon off;".to_owned()],
            _ => arguments,
        };
        self.add(id, number, title, run, None, "", !config.stdin);
        Ok(())
    }

    /// Whether a word names something that can be run; otherwise runc's complaint.
    fn executable(&self, id: ContainerId, program: Program, word: &str, ctx: &Context) -> Result<(), String> {
        if is_own_program(program, word) {
            return Ok(());
        }
        let has_shell = program.has_shell() && !hides_programs(ctx, id, program);
        let is_known = |word: &str| is_known(word) || word == "bash" && program == Program::Bash;
        if word.contains('/') {
            let name = word.rsplit('/').next().unwrap_or("");
            return match files::stat(ctx.network, id, word) {
                Some(Kind::Directory) => Err(format!("exec: \"{word}\": is a directory")),
                Some(Kind::File { .. }) if access::check(ctx.network, id, word, access::Act::Execute).is_ok() => Ok(()),
                Some(Kind::File { .. }) => Err(format!("exec: \"{word}\": permission denied")),
                None if has_shell && (word.starts_with("/bin/") || word.starts_with("/usr/bin/")) && is_known(name) => Ok(()),
                None => Err(format!("exec: \"{word}\": stat {word}: no such file or directory")),
            };
        }
        if has_shell && is_known(word) { Ok(()) } else { Err(format!("exec: \"{word}\": executable file not found in $PATH")) }
    }

    /// Why the kernel cannot run a file that may be executed: it names no interpreter, or one that is not there (`execve(2)`).
    #[inline(never)]
    fn unreadable(&self, id: ContainerId, word: &str, ctx: &Context) -> Option<&'static str> {
        let text = files::read_file(ctx.network, id, word).ok().filter(|text| !text.starts_with('\u{7f}'))?;
        let Some(first) = text.strip_prefix("#!").map(|rest| rest.lines().next().unwrap_or("").trim()) else { return Some("exec format error") };
        let interpreter = first.split_whitespace().next().unwrap_or("");
        let program = ctx.network.bodies.get(&id).map_or(Program::Pause, |b| b.program);
        self.executable(id, program, interpreter, ctx).is_err().then_some("no such file or directory")
    }

    fn start_program(
        &mut self,
        id: ContainerId,
        program: Program,
        arguments: &[String],
        directory: &str,
        terminal: bool,
        ctx: &mut Context,
    ) -> Result<Run, String> {
        let first = arguments.first().map_or("", String::as_str);
        let environment = ctx.network.bodies.get(&id).map(|b| b.environment.clone()).unwrap_or_default();
        if is_own_program(program, first) {
            return Ok(Run::Server(self.server(id, program, arguments, "", ctx)));
        }
        let plain = first.rsplit('/').next().unwrap_or("");
        if first.contains('/')
            && let Some(why) = self.unreadable(id, first, ctx)
        {
            // runc's own process becomes the program; what the kernel says then is its last word.
            return Ok(Run::Shell(Box::new(failing(&format!("exec {first}: {why}"), 255, directory))));
        }
        let machine = if matches!(plain, "sh" | "ash" | "bash") {
            let manner = Manner { bash: plain == "bash", depth: 0 };
            let mut machine = match arguments.get(1).map(String::as_str) {
                Some(flag) if flag.starts_with('-') && flag.ends_with('c') && arguments.len() > 2 => {
                    Machine::script_in(manner, &arguments[2], &arguments[3..], environment, directory)
                        .unwrap_or_else(|message| failing(&format!("sh: {message}"), 2, directory))
                }
                Some(file) if !file.starts_with('-') => match files::read_file(ctx.network, id, &shell::absolute(directory, file)) {
                    Ok(text) => Machine::script_in(manner, &text, &arguments[2..], environment, directory)
                        .unwrap_or_else(|message| failing(&format!("sh: {message}"), 2, directory)),
                    Err(_) => failing(&format!("sh: can't open '{file}': No such file or directory"), 2, directory),
                },
                _ => Machine::interactive(environment, directory, terminal),
            };
            machine.bash = manner.bash;
            machine
        } else {
            Machine::new(shell::of_words(arguments), environment, directory)
        };
        Ok(Run::Shell(Box::new(machine)))
    }

    pub(super) fn add(&mut self, id: ContainerId, pid: u64, words: Vec<String>, mut run: Run, exec: Option<ExecId>, stdin: &str, stdin_closed: bool) {
        if let Run::Shell(machine) = &mut run {
            machine.pid = pid;
        }
        let process =
            Process { pid, words, run, ended: None, exec, parent: None, stdin: stdin.into(), stdin_closed, reads: false, wake: None, slices: 0 };
        if let Some(live) = self.live.get_mut(&id) {
            live.processes.insert(pid, process);
        }
    }

    /// ExecSync and exec with streams. What is asked of a container that does not run ends at once with an error.
    /// `stdin`: `None` is an open terminal, at which a person sits.
    pub fn exec(&mut self, id: ContainerId, command: &[String], stdin: Option<&str>, ctx: &mut Context) -> ExecId {
        let exec = ExecId(self.id());
        self.execs.insert(exec, ExecRecord::default());
        let program = ctx.network.bodies.get(&id).map_or(Program::Pause, |b| b.program);
        let first = command.first().cloned().unwrap_or_default();
        let directory = self.containers.get(&id).map(|c| c.config.working_dir.clone()).filter(|d| !d.is_empty());
        let directory = directory
            .or_else(|| self.containers.get(&id).and_then(|c| self.find_image(&c.config.image)).map(|i| i.working_directory.to_owned()))
            .unwrap_or_else(|| "/".into());
        let error = if self.live.contains_key(&id) {
            let number = 0x9e37_79b9_7f4a_7c15_u128.wrapping_mul(u128::from(exec.0) + 1);
            let why = self.executable(id, program, &first, ctx).err();
            why.map(|why| {
                format!("failed to start exec \"{number:064x}\": OCI runtime exec failed: exec failed: unable to start container process: {why}")
            })
        } else {
            Some("container is in CONTAINER_EXITED state".to_owned())
        };
        if let Some(why) = error {
            if let Some(record) = self.execs.get_mut(&exec) {
                let code = if why.contains("not found") || why.contains("no such file") { 127 } else { 126 };
                (record.exit_code, record.finished_at) = (Some(code), Some(ctx.now));
                record.error = Some(format!("failed to exec in container: {why}"));
            }
            return exec;
        }
        // A server's own program as an exec is just a command that ends.
        let run = self.start_program(id, Program::Shell, command, &directory, stdin.is_none(), ctx);
        if let Ok(run) = run {
            let space = self.live.get(&id).map_or(Space::Container(id), |live| live.space);
            let pid = self.number(space);
            self.add(id, pid, command.to_vec(), run, Some(exec), stdin.unwrap_or(""), stdin.is_some());
            self.pump(id, ctx);
        }
        self.take_outbox(ctx);
        exec
    }

    /// Sends a signal to a process.
    pub(super) fn deliver_signal(&mut self, id: ContainerId, pid: u64, signal: &str, log: bool, ctx: &mut Context) {
        if log {
            let container = self.reference(id);
            ctx.fact(Fact::Signalled { container, signal: signal.into() });
        }
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)).filter(|p| p.ended.is_none()) else { return };
        let number = shell::signal_number(signal);
        let code = match (&mut process.run, signal) {
            (_, "0") => None,
            // From inside of its namespace not even SIGKILL reaches the first process.
            (_, "KILL") if pid != 1 => Some(137),
            (_, "KILL") => None,
            (Run::Shell(machine), _) => {
                process.wake = None;
                machine.signal(signal, number)
            }
            (Run::Server(server), "TERM" | "QUIT" | "INT") if server.on_term.is_some() => server.on_term,
            (Run::Server(server), _) if server.ignores.contains(&signal) => None,
            (Run::Server(_), _) => (pid != 1).then_some(128 + number),
            (Run::Stepping, _) => None,
        };
        if let Some(code) = code {
            self.finish(id, pid, code, ctx);
        }
    }

    /// A process has ended.
    pub(super) fn finish(&mut self, id: ContainerId, pid: u64, code: i32, ctx: &mut Context) {
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return };
        if process.ended.is_some() {
            return;
        }
        process.ended = Some(code);
        let (exec, leads) = (process.exec, process.leads());
        let opened = match &process.run {
            Run::Server(server) if server.ready_at.is_none() && server.port != 0 => Some(server.port),
            Run::Server(_) | Run::Shell(_) | Run::Stepping => None,
        };
        // The kernel kills every process of the container's group (memory.oom.group), whichever took too much.
        let first = self.live.get(&id).map_or(1, |live| live.first);
        let pid = if code == OOM { first } else { pid };
        if let Some(record) = exec.filter(|_| leads).and_then(|e| self.execs.get_mut(&e)) {
            (record.exit_code, record.finished_at) = (Some(code), Some(ctx.now));
        }
        if pid == first {
            let (code, reason) = match code {
                OOM => (137, ExitReason::OomKilled),
                0 => (0, ExitReason::Completed),
                code => (code, ExitReason::Error),
            };
            self.end(id, code, reason, ctx);
        } else if let Some(port) = opened {
            self.close_port(id, port, ctx);
        }
        self.reap(id, pid);
    }

    /// Forgets what nobody can ask for any more: an ended process without a parent, and what it left behind.
    fn reap(&mut self, id: ContainerId, pid: u64) {
        let Some(live) = self.live.get_mut(&id) else { return };
        live.processes.retain(|_, p| p.ended.is_none() || p.pid != pid && p.parent != Some(pid) || p.pid == pid && p.parent.is_some());
        while live.processes.len() > MOST_ENDED {
            let Some(oldest) = live.processes.values().find(|p| p.ended.is_some()).map(|p| p.pid) else { break };
            live.processes.remove(&oldest);
        }
        if self.execs.len() > MOST_EXECS {
            let kept = self.execs.keys().nth(MOST_EXECS / 2).copied();
            self.execs.retain(|exec, record| record.exit_code.is_none() || kept.is_some_and(|k| *exec >= k));
        }
    }
}

/// Whether a word is a program that every image with a shell has.
fn is_known(word: &str) -> bool {
    matches!(word, "sh" | "ash" | "sleep" | "true" | "false" | "kill" | "redis-cli") || shell::is_applet(word) || bulk::is_command(word)
}

/// A process that only complains.
fn failing(message: &str, status: u8, directory: &str) -> Machine {
    let script = format!("echo '{}' >&2; exit {status}", message.replace('\'', "'\\''"));
    Machine::script(&script, &[], SortedMap::new(), directory).expect("a text in quotes is a word")
}
