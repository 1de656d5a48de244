//! A person at the terminal of a process: what is typed there, and what stands before it.

use super::process::{Process, Run};
use super::{ContainerId, ExecId, Runtime};
use crate::cluster::Context;
use crate::cluster::images::Program;

/// The process that a person sits at.
#[derive(Clone, Copy, Debug)]
pub enum Seat {
    /// A command's.
    Exec(ExecId),
    /// A container's first one.
    First(ContainerId),
}

impl Seat {
    /// `first`: the number of the container's first process.
    fn is_at(self, container: ContainerId, first: u64, process: &Process) -> bool {
        match self {
            Self::Exec(exec) => process.leads() && process.exec == Some(exec),
            Self::First(id) => container == id && process.pid == first,
        }
    }
}

/// What stands before a line that a command goes on with (`PS2`).
pub const MORE: &str = "> ";

impl Runtime {
    /// More text for its standard input; lost where that is closed.
    pub fn type_in(&mut self, seat: Seat, text: &str, ctx: &mut Context) {
        let place = |(id, live): (&ContainerId, &mut super::Live)| {
            let first = live.first;
            let process = live.processes.values_mut().find(|p| seat.is_at(*id, first, p) && !p.stdin_closed)?;
            process.stdin.push_str(text);
            Some(*id)
        };
        let at = self.live.iter_mut().find_map(place);
        if let Some(id) = at {
            self.pump(id, ctx);
            self.take_outbox(ctx);
        }
    }

    /// Ctrl-C at a shell's terminal; false where no shell reads commands there.
    pub fn interrupt(&mut self, seat: Seat, ctx: &mut Context) -> bool {
        let place = |(id, live): (&ContainerId, &mut super::Live)| {
            let first = live.first;
            let process = live.processes.values_mut().find(|p| seat.is_at(*id, first, p) && p.ended.is_none())?;
            let Run::Shell(machine) = &mut process.run else { return None };
            let waits_for = machine.interrupt()?;
            process.stdin.clear();
            process.wake = None;
            Some((*id, waits_for))
        };
        let Some((id, waits_for)) = self.live.iter_mut().find_map(place) else { return false };
        if let Some(pid) = waits_for {
            self.deliver_signal(id, pid, "INT", false, ctx);
        }
        self.pump(id, ctx);
        self.take_outbox(ctx);
        true
    }

    /// What stands before the line that is typed next: the prompt of a shell on a terminal, nothing where a program in it reads (or a shell that
    /// sits at no terminal). `None` while nothing reads.
    pub fn prompt(&self, seat: Seat) -> Option<String> {
        let mut all = self.live.iter().flat_map(|(id, live)| live.processes.values().map(move |p| (*id, live.first, p)));
        let (id, _, process) = all.find(|(id, first, p)| seat.is_at(*id, *first, p) && p.reads && p.ended.is_none() && !p.stdin_closed)?;
        match &process.run {
            Run::Shell(machine) => Some(match machine.prompt() {
                Some(_) if machine.goes_on() => MORE.into(),
                Some(folder) if machine.bash => self.prompt_of_bash(id, &folder),
                Some(folder) => self.prompt_in(id, &folder),
                None => String::new(),
            }),
            Run::Server(_) | Run::Stepping => None,
        }
    }

    /// `root@web-0:/#`, as the images made from Debian set it up.
    fn prompt_of_bash(&self, id: ContainerId, folder: &str) -> String {
        let container = self.containers.get(&id);
        let host = container.and_then(|c| self.sandboxes.get(&c.sandbox)).map_or("", |sandbox| sandbox.config.hostname.as_str());
        match container.map_or(0, |c| c.config.user.user) {
            0 => format!("root@{host}:{}# ", if folder == "/root" { "~" } else { folder }),
            _ => format!("I have no name!@{host}:{folder}$ "),
        }
    }

    /// BusyBox tells the folder; dash, which is `sh` in images made from Debian, does not. Root has another sign than everybody else.
    fn prompt_in(&self, id: ContainerId, folder: &str) -> String {
        let config = self.containers.get(&id).map(|c| &c.config);
        let sign = if config.is_none_or(|c| c.user.user == 0) { '#' } else { '$' };
        let of_debian = |c: &&super::ContainerConfig| {
            let program = self.find_image(&c.image).map(|image| image.program);
            matches!(program, Some(Program::Nginx | Program::Redis | Program::Kubia | Program::Bash)) && !c.image.contains("alpine")
        };
        if config.filter(of_debian).is_some() { format!("{sign} ") } else { format!("{folder} {sign} ") }
    }
}
