//! The lines that a shell is given: by a person who types them, or on its standard input.

use std::rc::Rc;

use super::wait::Pending;
use super::{Machine, Step};
use crate::cluster::shell::parser::{Manner, Program, in_bash, parse, parse_lines};
use crate::cluster::shell::{Host, Input};

/// Bytes of a command that goes on: with every line it is read anew from its beginning.
const MOST_BEGUN: usize = 1 << 15;

/// As [`parse_lines`], for no longer than it does not take a learner's time.
fn going_on(text: &str, manner: Manner) -> Result<Option<Program>, String> {
    match parse_lines(text, manner)? {
        None if text.len() > MOST_BEGUN => Err(format!("syntax error: a command of more than {} KiB goes on", MOST_BEGUN >> 10)),
        read => Ok(read),
    }
}

impl Machine {
    /// Whether it has run all that it was given.
    pub fn is_idle(&self) -> bool {
        self.pending.is_none() && self.frames.is_empty() && self.at >= self.program.code.len() && self.leaving.is_none() && self.signals.is_empty()
    }

    /// Gives an idle shell another line; the error is what it says of one that it cannot read.
    pub fn run(&mut self, line: &str) -> Result<(), String> {
        self.begin_with(parse(line, self.manner()))
    }

    /// Gives an idle shell a line that a person has typed: a command that is not whole with it goes on with the next one.
    pub fn typed(&mut self, line: &str) -> Result<(), String> {
        let text = [&self.begun, line, "\n"].concat();
        match going_on(&text, self.manner()).transpose() {
            Some(read) => self.begin_with(read),
            None => {
                self.begun = text;
                Ok(())
            }
        }
    }

    /// No further line comes (Ctrl-D): what was begun ends where it is.
    pub fn end_lines(&mut self) -> Result<(), String> {
        self.begin_with(parse(&self.begun, self.manner()))
    }

    fn begin_with(&mut self, read: Result<Program, String>) -> Result<(), String> {
        let before = self.status;
        self.stop(2);
        self.program = Rc::new(read.map_err(|message| if self.bash { in_bash(&message) } else { message })?);
        (self.at, self.status) = (0, before);
        Ok(())
    }

    /// Whether a command was begun that the next line goes on with.
    pub fn goes_on(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Ctrl-C at the terminal of a shell that reads its commands there: it gives up what it does and asks anew. Gives the process that it waits for, which
    /// gets the signal too; `None` where it is no such shell.
    pub fn interrupt(&mut self) -> Option<Option<u64>> {
        if !(self.prompts && self.reads_commands) {
            return None;
        }
        let waits_for = if let Some(Pending::Child(pid)) = self.pending { Some(pid) } else { None };
        self.stop(130);
        Some(waits_for)
    }

    /// A child that runs a line beside this one.
    pub fn beside(&self, line: &str) -> Result<Self, String> {
        let mut child = self.clone();
        child.children.clear();
        child.traps.clear();
        child.run(line)?;
        child.reads_commands = false;
        Ok(child)
    }

    /// The folder of a shell on a terminal that waits for a line, as a prompt shows it: the home folder is a tilde there. Models `\w` of BusyBox
    /// (`lineedit.c`, `parse_and_put_prompt`).
    pub fn prompt(&self) -> Option<String> {
        if !self.prompts || self.at < self.program.code.len() || self.pending.is_some() {
            return None;
        }
        let home = self.variables.get("HOME").map_or("", String::as_str);
        let below = self.directory.strip_prefix(home).filter(|rest| home.len() > 1 && (rest.is_empty() || rest.starts_with('/')));
        Some(below.map_or_else(|| self.directory.clone(), |rest| format!("~{rest}")))
    }

    /// The next command on standard input, which may take several lines.
    pub(super) fn read_command(&mut self, host: &mut dyn Host) -> Step {
        let read = match self.stdin(host) {
            Input::Empty => return Step::Input,
            Input::Closed if self.begun.is_empty() => return self.leave(host, self.status),
            // What was begun ends where it is.
            Input::Closed => parse(&std::mem::take(&mut self.begun), self.manner()).map(Some),
            Input::Text(text) => {
                self.begun.push_str(&text);
                going_on(&self.begun, self.manner())
            }
        };
        match read {
            Ok(None) => return Step::Ran,
            Ok(Some(program)) => (self.program, self.at) = (Rc::new(program), 0),
            Err(message) => {
                self.complain(host, &message);
                self.status = 2;
                // Where no person can try again, BusyBox's shell ends (`main_loop` of its `ash.c`).
                if !(self.prompts || self.bash) {
                    self.leaving = Some(2);
                }
            }
        }
        self.begun.clear();
        Step::Ran
    }
}
