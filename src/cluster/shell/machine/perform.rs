//! What each instruction of a program does.

use super::streams::Feed;
use super::*;
use crate::cluster::shell::pattern;

impl Machine {
    /// What a redirect that failed was for does not run.
    fn skip_redirected(&mut self) {
        let mut depth = 1;
        while depth > 0 && self.at < self.program.code.len() {
            match self.program.code[self.at] {
                Instruction::Redirect(_) => depth += 1,
                Instruction::EndRedirect => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.pop_files();
    }

    pub(super) fn perform(&mut self, host: &mut dyn Host, instruction: &Instruction) -> Step {
        if self.ready {
            self.ready = false;
        } else if self.depth < DEEPEST {
            let programs = match instruction {
                Instruction::Simple { assignments, words, .. } => expand::substitutions(words.iter().chain(assignments.iter().map(|(_, w)| w))),
                Instruction::ForBegin { words: Some(words) } => expand::substitutions(words.iter()),
                Instruction::Case(word) => expand::substitutions(std::iter::once(word)),
                _ => Vec::new(),
            };
            if !programs.is_empty() {
                self.at -= 1;
                self.values.clear();
                self.prepare(programs);
                return Step::Ran;
            }
        }
        match instruction {
            Instruction::Simple { assignments, words, redirects, line } => {
                self.line = *line;
                return self.simple(host, assignments, words, redirects);
            }
            Instruction::Jump(to) => {
                let back = *to < self.at;
                self.at = *to;
                if back && self.signals.is_empty() {
                    return Step::Ran;
                }
            }
            Instruction::JumpIfFailed(to) if self.status != 0 => self.at = *to,
            Instruction::JumpIfOk(to) if self.status == 0 => self.at = *to,
            Instruction::JumpIfFailed(_) | Instruction::JumpIfOk(_) => {}
            Instruction::Not => self.status = i32::from(self.status == 0),
            Instruction::Pipe(stages) => {
                if self.depth >= DEEPEST {
                    self.status = 2;
                    return Step::Ran;
                }
                let stages: Vec<Stage> = stages
                    .iter()
                    .enumerate()
                    .map(|(index, program)| {
                        let mut machine = self.inside(Rc::clone(program));
                        if index > 0 {
                            (machine.files[0].input, machine.unread) = (None, Feed::default());
                        }
                        Stage { machine, input: (index > 0).then(String::new), closed: false, ended: None }
                    })
                    .collect();
                self.pending = Some(Pending::Pipe(stages));
            }
            Instruction::Redirect(redirects) => {
                let files = self.top().clone();
                self.files.push(files);
                if let Err(message) = self.redirect(host, redirects) {
                    self.complain(host, &message);
                    self.status = 1;
                    self.skip_redirected();
                }
            }
            Instruction::EndRedirect => drop(self.pop_files()),
            Instruction::Subshell => {
                self.copies_arrays();
                let (variables, arrays) = (self.variables.clone(), self.arrays.clone());
                let (own, directory) = (self.own.clone(), self.directory.clone());
                self.frames.push(Frame::Subshell { variables, arrays, own, directory });
            }
            Instruction::EndSubshell => {
                if let Some(Frame::Subshell { variables, arrays, own, directory }) = self.frames.pop() {
                    (self.variables, self.arrays, self.own, self.directory) = (variables, arrays, own, directory);
                }
            }
            Instruction::ForBegin { words } => {
                let values = match words {
                    Some(words) => expand::arguments(self, host, words),
                    None => self.arguments.clone(),
                };
                self.frames.push(Frame::For { values, next: 0 });
            }
            Instruction::ForNext { variable, end } => {
                // The loop's own frame lies on top of the list's.
                let list = self.frames.iter_mut().rev().find_map(|f| if let Frame::For { values, next } = f { Some((values, next)) } else { None });
                match list.and_then(|(values, next)| {
                    *next += 1;
                    values.get(*next - 1).cloned()
                }) {
                    Some(value) => self.set(variable, &value),
                    None => self.at = *end,
                }
            }
            Instruction::Case(word) => {
                let text = expand::text(self, host, word);
                self.cases.push(text);
                self.status = 0;
            }
            Instruction::CaseTest { patterns, otherwise } => {
                let text = self.cases.last().cloned().unwrap_or_default();
                let fits = patterns.iter().any(|p| {
                    let pattern = expand::pattern(self, host, p);
                    self.searched(&pattern, &text);
                    pattern::matches(&pattern, &text)
                });
                if !fits {
                    self.at = *otherwise;
                }
            }
            Instruction::LoopBegin { end, next } => {
                self.frames.push(Frame::Loop { end: *end, next: *next, files: self.files.len() });
                self.status = 0;
            }
            Instruction::LoopEnd => {
                self.frames.pop();
                if matches!(self.frames.last(), Some(Frame::For { .. })) {
                    self.frames.pop();
                }
                if self.status == 1 {
                    self.status = 0;
                }
            }
            Instruction::Background { end } => {
                self.forks();
                let mut child = self.clone();
                child.effort = 0;
                child.frames = Vec::new();
                child.children = Vec::new();
                child.traps = self.traps.iter().filter(|(_, t)| t.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
                child.reads_commands = false;
                child.unread = Feed::default();
                let body = Program { code: self.program.code[..*end].to_vec() };
                child.program = Rc::new(body);
                let pid = host.spawn(child);
                self.children.push(pid);
                self.background = Some(pid);
                self.at = *end;
                self.status = 0;
            }
            Instruction::Function { name, end } => {
                self.functions.insert(name.clone(), (Rc::clone(&self.program), self.at));
                self.at = *end;
                self.status = 0;
            }
            Instruction::ClockBegin => self.frames.push(Frame::Clock(host.now())),
            Instruction::ClockEnd => {
                if let Some(Frame::Clock(since)) = self.frames.pop() {
                    let lines = self.clocked(host.now() - since);
                    self.say_error(host, &lines);
                }
            }
            Instruction::Return => self.return_from(),
            Instruction::Succeed => self.status = 0,
        }
        Step::Ran
    }
}
