//! The processes of a container: shells and servers as resumable values, with the rules of a process namespace.
//!
//! The first process does not get a signal's default action (`man 7 pid_namespaces`): without a handler it ignores SIGTERM. When it ends, all end.

use super::host::{Effects, step_machine};
use super::{ContainerId, ExecId, ExecRecord, ExitReason, Runtime, Timer, files};
use crate::api::SimTime;
use crate::api::order::SortedMap;
use crate::cluster::images::{Program, is_own_program};
use crate::cluster::log::{Fact, Stream};
use crate::cluster::network::Service;
use crate::cluster::shell::{self, Kind, Machine, Step};
use crate::cluster::{Context, Task};

/// What runs in a container.
#[derive(Clone, Debug, Default)]
pub struct Live {
    pub processes: SortedMap<u64, Process>,
    pub next_pid: u64,
}

#[derive(Clone, Debug)]
pub struct Process {
    pub pid: u64,
    pub command: String,
    run: Run,
    pub ended: Option<i32>,
    /// The command whose output its own belongs to.
    pub exec: Option<ExecId>,
    /// The process that started it; `None` for the first one and for commands.
    parent: Option<u64>,
    pub stdin: String,
    pub stdin_closed: bool,
    /// When it wants to go on by itself.
    pub wake: Option<SimTime>,
}

impl Process {
    /// Whether it is the command itself, not a child of it.
    pub fn leads(&self) -> bool {
        self.parent.is_none()
    }
}

#[derive(Clone, Debug)]
enum Run {
    Shell(Box<Machine>),
    Server(Server),
}

#[derive(Clone, Debug)]
struct Server {
    port: u16,
    address: String,
    /// Listens from then on; `None` once it does (or never will).
    ready_at: Option<SimTime>,
    /// Ends by itself, with this code.
    ends: Option<(SimTime, i32)>,
    handles_term: bool,
    /// What it prints once it listens.
    greeting: &'static str,
    /// An applet that serves instead of the image's own program.
    service: Option<Service>,
}

/// How many steps the processes of one container may take at one instant before time goes on by [`BUSY_MS`].
const MOST_STEPS: usize = 2000;
/// How much time that many steps take.
const BUSY_MS: u64 = 100;
/// How many processes a container may have.
const MOST_PROCESSES: usize = 200;
/// From how many on its ended ones are forgotten, oldest first, although somebody may still wait for them.
const MOST_ENDED: usize = 150;
/// How many commands' results are kept.
const MOST_EXECS: usize = 500;

impl Runtime {
    /// Makes the container's first process; the error is runc's.
    pub(super) fn launch(&mut self, id: ContainerId, ctx: &mut Context) -> Result<(), String> {
        let config = self.containers.get(&id).map(|c| c.config.clone()).unwrap_or_default();
        let image = self.find_image(&config.image).ok_or("no such image")?;
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
        let run = self.start_program(id, image.program, &arguments, &directory, config.stdin, ctx)?;
        let live = Live { processes: SortedMap::new(), next_pid: 2 };
        self.live.insert(id, live);
        self.add(id, 1, arguments.join(" "), run, None, "", !config.stdin);
        Ok(())
    }

    /// Whether a word names something that can be run; otherwise runc's complaint.
    fn executable(&self, id: ContainerId, program: Program, word: &str, ctx: &Context) -> Result<(), String> {
        if is_own_program(program, word) {
            return Ok(());
        }
        let has_shell = program != Program::Pause;
        if word.contains('/') {
            let name = word.rsplit('/').next().unwrap_or("");
            return match files::stat(ctx.network, id, word) {
                Some(Kind::Directory) => Err(format!("exec: \"{word}\": is a directory")),
                Some(Kind::File { executable: true, .. }) => Ok(()),
                Some(Kind::File { .. }) => Err(format!("exec: \"{word}\": permission denied")),
                None if has_shell && (word.starts_with("/bin/") || word.starts_with("/usr/bin/")) && is_known(name) => Ok(()),
                None => Err(format!("exec: \"{word}\": stat {word}: no such file or directory")),
            };
        }
        if has_shell && is_known(word) { Ok(()) } else { Err(format!("exec: \"{word}\": executable file not found in $PATH")) }
    }

    fn start_program(
        &mut self,
        id: ContainerId,
        program: Program,
        arguments: &[String],
        directory: &str,
        stdin: bool,
        ctx: &mut Context,
    ) -> Result<Run, String> {
        let first = arguments.first().map_or("", String::as_str);
        let environment = ctx.network.bodies.get(&id).map(|b| b.environment.clone()).unwrap_or_default();
        if is_own_program(program, first) {
            return Ok(Run::Server(self.server(id, program, arguments, "", ctx)));
        }
        let plain = first.rsplit('/').next().unwrap_or("");
        let machine = if matches!(plain, "sh" | "ash") {
            match arguments.get(1).map(String::as_str) {
                Some(flag) if flag.starts_with('-') && flag.ends_with('c') && arguments.len() > 2 => {
                    Machine::script(&arguments[2], &arguments[3..], environment, directory).unwrap_or_else(|message| failing(&message, directory))
                }
                Some(file) if !file.starts_with('-') => match files::read_file(ctx.network, id, &shell::absolute(directory, file)) {
                    Ok(text) => {
                        Machine::script(&text, &arguments[2..], environment, directory).unwrap_or_else(|message| failing(&message, directory))
                    }
                    Err(_) => failing(&format!("can't open '{file}': No such file or directory"), directory),
                },
                _ => Machine::interactive(environment, directory, stdin),
            }
        } else {
            Machine::new(shell::of_words(arguments), environment, directory)
        };
        Ok(Run::Shell(Box::new(machine)))
    }

    /// A server of the catalogue (or one that the learner described), with its settings from the environment.
    fn server(&mut self, id: ContainerId, program: Program, arguments: &[String], stdin: &str, ctx: &mut Context) -> Server {
        if let Some(server) = applet_server(arguments, stdin, ctx.now) {
            return server;
        }
        let (environment, _) = ctx.network.bodies.get(&id).map(|b| (b.environment.clone(), ())).unwrap_or_default();
        let image = self.containers.get(&id).and_then(|c| self.find_image(&c.config.image));
        let number = |name: &str| environment.get(name).and_then(|v| v.trim().parse::<u64>().ok());
        let port = number("PORT")
            .and_then(|p| u16::try_from(p).ok())
            .filter(|_| image.is_some_and(|i| i.port != 0))
            .unwrap_or_else(|| image.map_or(0, |i| i.port));
        let mut server = Server {
            port,
            address: environment.get("BIND").cloned().unwrap_or_else(|| "0.0.0.0".into()),
            ready_at: (port != 0).then(|| ctx.now + number("DELAY").unwrap_or(0) * 1000),
            ends: None,
            handles_term: program != Program::Kubia && environment.get("IGNORE_TERM").is_none_or(|v| v != "1"),
            greeting: match program {
                Program::Kubia => "Kubia server starting...\n",
                Program::Redis => "Ready to accept connections tcp\n",
                _ => "",
            },
            service: None,
        };
        match program {
            Program::Stress => self.stress(id, arguments, &mut server, ctx),
            Program::Custom(index) => {
                if let Some(custom) = self.custom.get(index) {
                    server.ends = custom.exits_after_ms.map(|after| (ctx.now + after, custom.exit_code));
                }
            }
            _ => {}
        }
        server
    }

    /// `stress --cpu N --vm N --vm-bytes B --timeout S`; without hogs it ends with 0.
    fn stress(&mut self, id: ContainerId, arguments: &[String], server: &mut Server, ctx: &mut Context) {
        let value = |flags: &[&str]| {
            let at = arguments.iter().position(|a| flags.contains(&a.as_str()))?;
            arguments.get(at + 1).cloned()
        };
        let count = |flags: &[&str]| value(flags).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
        let (cpu, vm) = (count(&["--cpu", "-c"]), count(&["--vm", "-m"]));
        let seconds = value(&["--timeout", "-t"]).and_then(|v| v.trim_end_matches('s').parse::<u64>().ok());
        server.handles_term = true;
        server.ends = match seconds {
            _ if cpu == 0 && vm == 0 => Some((ctx.now, 0)),
            Some(seconds) => Some((ctx.now + seconds * 1000, 0)),
            None => None,
        };
        self.use_cpu(id, cpu * 1000 + vm * 100);
        if vm > 0 {
            let bytes = value(&["--vm-bytes"])
                .and_then(|v| {
                    crate::api::Quantity::parse(&v.replace('B', "").replace('M', "Mi").replace('G', "Gi").replace('K', "Ki").replace("ii", "i"))
                })
                .map_or(256 << 20, |q| q.value());
            let wanted = bytes.saturating_mul(vm);
            let limit = self.containers.get(&id).and_then(|c| c.config.memory_limit);
            if limit.is_some_and(|limit| wanted > limit) {
                // Touching the memory takes a moment; then the kernel ends it.
                server.ends = Some((ctx.now + 150, OOM));
            } else if let Some(container) = self.containers.get_mut(&id) {
                container.memory_bytes = wanted;
                self.tell_memory(ctx);
            }
        }
    }

    fn add(&mut self, id: ContainerId, pid: u64, command: String, mut run: Run, exec: Option<ExecId>, stdin: &str, stdin_closed: bool) {
        if let Run::Shell(machine) = &mut run {
            machine.pid = pid;
        }
        let process = Process { pid, command, run, ended: None, exec, parent: None, stdin: stdin.into(), stdin_closed, wake: None };
        if let Some(live) = self.live.get_mut(&id) {
            live.processes.insert(pid, process);
            live.next_pid = live.next_pid.max(pid + 1);
        }
    }

    /// ExecSync and exec with streams. What is asked of a container that does not run ends at once with an error.
    /// `stdin`: `None` is an open terminal for a bare shell and empty input for anything else.
    pub fn exec(&mut self, id: ContainerId, command: &[String], stdin: Option<&str>, ctx: &mut Context) -> ExecId {
        let exec = ExecId(self.id());
        self.execs.insert(exec, ExecRecord::default());
        let program = ctx.network.bodies.get(&id).map_or(Program::Pause, |b| b.program);
        let first = command.first().cloned().unwrap_or_default();
        let directory = self.containers.get(&id).map(|c| c.config.working_dir.clone()).filter(|d| !d.is_empty());
        let directory = directory
            .or_else(|| self.containers.get(&id).and_then(|c| self.find_image(&c.config.image)).map(|i| i.working_directory.to_owned()))
            .unwrap_or_else(|| "/".into());
        let error =
            if !self.live.contains_key(&id) { Some("container is not running".to_owned()) } else { self.executable(id, program, &first, ctx).err() };
        if let Some(why) = error {
            if let Some(record) = self.execs.get_mut(&exec) {
                record.error = Some(format!("exec failed: unable to start container process: {why}"));
                (record.exit_code, record.finished_at) =
                    (Some(if why.contains("not found") || why.contains("no such file") { 127 } else { 126 }), Some(ctx.now));
            }
            return exec;
        }
        let bare_shell = matches!(first.rsplit('/').next().unwrap_or(""), "sh" | "ash") && command.len() == 1;
        // A server's own program as an exec is just a command that ends.
        let run = self.start_program(id, Program::Shell, command, &directory, false, ctx);
        if let Ok(run) = run {
            let pid = self.live.get(&id).map_or(2, |l| l.next_pid);
            let closed = stdin.is_some() || !bare_shell;
            self.add(id, pid, command.join(" "), run, Some(exec), stdin.unwrap_or(""), closed);
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
            (Run::Server(server), "TERM" | "QUIT" | "INT") if server.handles_term => Some(0),
            (Run::Server(server), "TERM") if server.service.is_none() => None,
            (Run::Server(_), _) => (pid != 1).then_some(128 + number),
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
            Run::Server(_) | Run::Shell(_) => None,
        };
        // The kernel kills every process of the container's group (memory.oom.group), whichever took too much.
        let pid = if code == OOM { 1 } else { pid };
        if let Some(record) = exec.filter(|_| leads).and_then(|e| self.execs.get_mut(&e)) {
            (record.exit_code, record.finished_at) = (Some(code), Some(ctx.now));
        }
        if pid == 1 {
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

    /// Runs the container's processes until each waits for something.
    pub(super) fn pump(&mut self, id: ContainerId, ctx: &mut Context) {
        let mut steps = 0;
        loop {
            let Some(live) = self.live.get(&id) else { return };
            let ready = |p: &&Process| p.ended.is_none() && p.wake.is_none_or(|at| at <= ctx.now);
            let pids: Vec<u64> = live.processes.values().filter(ready).map(|p| p.pid).collect();
            let mut progress = false;
            for pid in pids {
                progress |= self.run_one(id, pid, &mut steps, ctx);
                if steps >= MOST_STEPS {
                    // A busy loop costs time, and all the processor that it may have.
                    self.use_cpu(id, 1000);
                    ctx.queue.push(ctx.now + BUSY_MS, Task::Runtime { node: self.node, timer: Timer::Wake { container: id, process: pid } });
                    return;
                }
            }
            if !progress {
                return;
            }
        }
    }

    /// Runs one process until it waits; true where something happened that others may wait for.
    fn run_one(&mut self, id: ContainerId, pid: u64, steps: &mut usize, ctx: &mut Context) -> bool {
        let mut progress = false;
        loop {
            *steps += 1;
            if *steps >= MOST_STEPS {
                return progress;
            }
            let Some(live) = self.live.get_mut(&id) else { return progress };
            let Some(process) = live.processes.get_mut(&pid).filter(|p| p.ended.is_none()) else { return progress };
            let machine = match &mut process.run {
                Run::Server(_) => return self.serve(id, pid, ctx) || progress,
                Run::Shell(machine) => std::mem::replace(&mut **machine, Machine::new(std::rc::Rc::default(), SortedMap::new(), "/")),
            };
            let (step, effects, machine) = step_machine(machine, id, pid, live, ctx);
            let Some(process) = live.processes.get_mut(&pid) else { return progress };
            process.run = Run::Shell(Box::new(machine));
            let exec = process.exec;
            progress |= self.apply(id, pid, exec, effects, ctx);
            match step {
                Step::Ran => {}
                Step::Exit(code) => {
                    self.finish(id, pid, code, ctx);
                    return true;
                }
                Step::Sleep(at) => {
                    if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid))
                        && process.wake != Some(at)
                    {
                        process.wake = Some(at);
                        ctx.queue.push(at, Task::Runtime { node: self.node, timer: Timer::Wake { container: id, process: pid } });
                    }
                    return progress;
                }
                Step::Wait | Step::Input => return progress,
                Step::Server(arguments, stdin) => {
                    let program = ctx.network.bodies.get(&id).map_or(Program::Pause, |b| b.program);
                    let server = self.server(id, program, &arguments, &stdin, ctx);
                    if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) {
                        process.run = Run::Server(server);
                    }
                }
            }
        }
    }

    /// What a step did outside of its machine.
    fn apply(&mut self, id: ContainerId, pid: u64, exec: Option<ExecId>, effects: Effects, ctx: &mut Context) -> bool {
        let progress = !effects.spawned.is_empty() || !effects.signals.is_empty();
        for (stream, text) in effects.output {
            match exec.and_then(|e| self.execs.get_mut(&e)) {
                Some(record) => record.output.push((stream, text)),
                None => self.write_log(id, stream, &text, ctx),
            }
        }
        for (child, machine) in effects.spawned {
            if self.live.get(&id).is_some_and(|l| l.processes.len() < MOST_PROCESSES) {
                self.add(id, child, "sh".into(), Run::Shell(Box::new(machine)), None, "", true);
                if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&child)) {
                    // Its output goes where its parent's goes.
                    process.exec = None;
                    process.command = format!("{{sh}} of {pid}");
                }
                self.inherit(id, child, pid, exec);
            }
        }
        for (target, signal) in effects.signals {
            self.deliver_signal(id, target, &signal, false, ctx);
        }
        progress
    }

    /// A child of a command writes where the command writes; only the command itself ends the exec.
    fn inherit(&mut self, id: ContainerId, child: u64, parent: u64, exec: Option<ExecId>) {
        if let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&child)) {
            (process.parent, process.exec) = (Some(parent), exec);
        }
    }

    /// A server: opens its port when its time has come, ends when its time is over.
    fn serve(&mut self, id: ContainerId, pid: u64, ctx: &mut Context) -> bool {
        let node = self.node;
        let reference = self.reference(id);
        let sandbox = self.containers.get(&id).map(|c| c.sandbox);
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return false };
        let Run::Server(server) = &mut process.run else { return false };
        if let Some((at, code)) = server.ends
            && at <= ctx.now
        {
            self.finish(id, pid, code, ctx);
            return true;
        }
        let mut greeting = "";
        if let Some(at) = server.ready_at.filter(|at| *at <= ctx.now) {
            let _at = at;
            server.ready_at = None;
            let port = server.port;
            if sandbox.is_some_and(|s| ctx.network.is_taken(s, port)) {
                ctx.log.push(ctx.now, Fact::PortTaken { container: reference, port });
                let text = match &server.service {
                    Some(Service::Files(_)) => "httpd: bind: Address already in use\n".to_owned(),
                    Some(Service::Reply(_)) => "nc: bind: Address already in use\n".to_owned(),
                    None => format!("listen tcp {}:{port}: bind: address already in use\n", server.address),
                };
                // It never listened.
                server.port = 0;
                self.write_log(id, Stream::Stderr, &text, ctx);
                self.finish(id, pid, 1, ctx);
                return true;
            }
            greeting = server.greeting;
            let address = server.address.clone();
            if let Some(body) = ctx.network.bodies.get_mut(&id) {
                body.listening.push((address.clone(), port));
                if let Some(service) = server.service.clone() {
                    body.services.insert(port, service);
                }
            }
            ctx.log.push(ctx.now, Fact::PortOpened { container: reference, address: address.clone(), port });
            if let Some(container) = self.containers.get_mut(&id) {
                container.listening.push((address, port));
            }
        }
        let Some(process) = self.live.get_mut(&id).and_then(|l| l.processes.get_mut(&pid)) else { return false };
        let Run::Server(server) = &process.run else { return false };
        let next = server.ready_at.into_iter().chain(server.ends.map(|(at, _)| at)).min();
        let next = next.unwrap_or(SimTime(u64::MAX));
        if process.wake != Some(next) {
            process.wake = Some(next);
            if next != SimTime(u64::MAX) {
                ctx.queue.push(next, Task::Runtime { node, timer: Timer::Wake { container: id, process: pid } });
            }
        }
        if !greeting.is_empty() {
            self.write_log(id, Stream::Stdout, greeting, ctx);
        }
        false
    }
}

/// Stands for a death by the kernel's memory killer; becomes 137.
const OOM: i32 = -9;

/// `httpd` and `nc -l` as servers.
fn applet_server(arguments: &[String], stdin: &str, now: SimTime) -> Option<Server> {
    let value = |flag: char| {
        let at = arguments.iter().position(|a| a.starts_with('-') && !a.starts_with("--") && a[1..].contains(flag))?;
        let rest = arguments[at].split_once(flag).map_or("", |(_, rest)| rest);
        if rest.is_empty() { arguments.get(at + 1).map(String::as_str) } else { Some(rest) }
    };
    let port_of = |text: &str| text.rsplit(':').next().and_then(|p| p.parse::<u16>().ok());
    let (port, service) = match arguments.first().map(String::as_str) {
        Some("httpd") => (value('p').and_then(port_of).unwrap_or(80), Service::Files(value('h').unwrap_or("/").to_owned())),
        Some("nc") => {
            let reply = match arguments.iter().position(|a| a == "-e").and_then(|at| arguments.get(at + 1..)) {
                // `-e echo TEXT`: what the program prints, as far as it can be told from its words.
                Some([program, words @ ..]) if program == "echo" => format!("{}\n", words.join(" ")),
                _ => stdin.to_owned(),
            };
            let bare = || arguments.iter().skip(1).find_map(|a| a.parse::<u16>().ok());
            (value('p').and_then(port_of).or_else(bare)?, Service::Reply(reply))
        }
        _ => return None,
    };
    let address = value('p').and_then(|p| p.rsplit_once(':')).map_or("0.0.0.0", |(address, _)| address).to_owned();
    // As the first process they do not react to SIGTERM: busybox sets no handler.
    Some(Server { port, address, ready_at: Some(now), ends: None, handles_term: false, greeting: "", service: Some(service) })
}

/// Whether a word is a program that every image with a shell has.
fn is_known(word: &str) -> bool {
    matches!(word, "sh" | "ash" | "sleep" | "true" | "false" | "kill" | "redis-cli") || shell::is_applet(word)
}

/// A shell that only complains.
fn failing(message: &str, directory: &str) -> Machine {
    let script = format!("echo 'sh: {}' >&2; exit 2", message.replace('\'', ""));
    Machine::script(&script, &[], SortedMap::new(), directory).expect("a fixed script without quotes inside")
}
