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
    fn is_at(self, container: ContainerId, process: &Process) -> bool {
        match self {
            Self::Exec(exec) => process.leads() && process.exec == Some(exec),
            Self::First(id) => container == id && process.pid == 1,
        }
    }
}

impl Runtime {
    /// More text for its standard input; lost where that is closed.
    pub fn type_in(&mut self, seat: Seat, text: &str, ctx: &mut Context) {
        let place = |(id, live): (&ContainerId, &mut super::Live)| {
            let process = live.processes.values_mut().find(|p| seat.is_at(*id, p) && !p.stdin_closed)?;
            process.stdin.push_str(text);
            Some(*id)
        };
        let at = self.live.iter_mut().find_map(place);
        if let Some(id) = at {
            self.pump(id, ctx);
            self.take_outbox(ctx);
        }
    }

    /// What stands before the line that is typed next: the prompt of a shell on a terminal, nothing where a program in it reads (or a shell that
    /// sits at no terminal). `None` while nothing reads.
    pub fn prompt(&self, seat: Seat) -> Option<String> {
        let mut all = self.live.iter().flat_map(|(id, live)| live.processes.values().map(move |p| (*id, p)));
        let (id, process) = all.find(|(id, p)| seat.is_at(*id, p) && p.reads && p.ended.is_none() && !p.stdin_closed)?;
        match &process.run {
            Run::Shell(machine) => Some(machine.prompt().map_or_else(String::new, |folder| self.prompt_in(id, &folder))),
            Run::Server(_) | Run::Stepping => None,
        }
    }

    /// BusyBox tells the folder; dash, which is `sh` in images made from Debian, does not. Root has another sign than everybody else.
    fn prompt_in(&self, id: ContainerId, folder: &str) -> String {
        let config = self.containers.get(&id).map(|c| &c.config);
        let sign = if config.is_none_or(|c| c.user.user == 0) { '#' } else { '$' };
        let of_debian = |c: &&super::ContainerConfig| {
            let program = self.find_image(&c.image).map(|image| image.program);
            matches!(program, Some(Program::Nginx | Program::Redis | Program::Kubia)) && !c.image.contains("alpine")
        };
        if config.filter(of_debian).is_some() { format!("{sign} ") } else { format!("{folder} {sign} ") }
    }
}
