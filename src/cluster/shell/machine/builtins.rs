//! The commands that the shell itself knows: those that change it, and those that wait.

use std::rc::Rc;

use super::inside::Goal;
use super::signals::SIGNALS;
use super::wait::Pending;
use super::{DEEPEST, Frame, Machine, Step, signal_name, signal_number};
use crate::cluster::shell::arithmetic::arithmetic;
use crate::cluster::shell::owner::EXECUTE;
use crate::cluster::shell::parser::{Instruction, Manner, Program, of_words};
use crate::cluster::shell::{FileError, Host, Kind, applets};

impl Machine {
    pub(super) fn builtin(&mut self, host: &mut dyn Host, arguments: &[String]) -> Option<Step> {
        let rest = &arguments[1..];
        self.status = match arguments[0].rsplit('/').next().unwrap_or("") {
            ":" | "true" => 0,
            "false" => 1,
            "exit" if !self.bash && rest.first().is_some_and(|t| t.parse::<i32>().is_err()) => {
                self.fault = Some(self.named("exit", &format!("Illegal number: {}", rest[0])));
                2
            }
            "exit" => {
                let code = rest.first().and_then(|t| t.parse::<i32>().ok()).unwrap_or(self.status) & 0xff;
                return Some(self.exit(host, code));
            }
            "return" => {
                let code = rest.first().and_then(|t| t.parse::<i32>().ok()).unwrap_or(self.status);
                self.return_from();
                code
            }
            "break" | "continue" => {
                self.jump_out(arguments[0] == "break");
                0
            }
            "cd" => {
                let (physical, rest) = match rest.split_first() {
                    Some((flag, rest)) if flag == "-P" || flag == "-L" => (flag == "-P", rest),
                    _ => (false, rest),
                };
                let goes_back = rest.first().is_some_and(|word| word == "-");
                let before = || self.variable("OLDPWD").unwrap_or_else(|| self.directory.clone());
                let named = rest.first().cloned().or_else(|| self.variable("HOME"));
                let to = if goes_back { before() } else { named.unwrap_or_else(|| "/".into()) };
                let path = if physical { host.real_path(&self.path(&to)) } else { self.path(&to) };
                let error = match host.stat(&path) {
                    Some(Kind::Directory) if host.may(&path, EXECUTE) => None,
                    Some(Kind::Directory) => Some(FileError::Denied),
                    Some(Kind::File { .. }) => Some(FileError::NotDirectory),
                    None => Some(host.list(&path).err().unwrap_or(FileError::NotFound)),
                };
                if let Some(error) = error {
                    self.complain_of(host, "cd", &format!("can't cd to {to}: {}", error.words()));
                    2
                } else {
                    if goes_back {
                        self.print(host, &format!("{path}\n"));
                    }
                    let before = std::mem::replace(&mut self.directory, path);
                    self.set("OLDPWD", &before);
                    0
                }
            }
            command @ ("export" | "local" | "readonly") => self.declare(host, command, rest),
            "unset" => self.unset_all(rest),
            "set" => self.set_options(host, rest),
            "type" => self.tell(host, rest, false),
            "command" if rest.first().is_some_and(|w| w == "-v" || w == "-V") => self.tell(host, &rest[1..], rest[0] == "-v"),
            "let" => {
                let sums = rest.iter().map(|sum| arithmetic(self, sum)).last();
                i32::from(sums == Some(0))
            }
            "shift" => {
                let count = rest.first().and_then(|t| t.parse().ok()).unwrap_or(1);
                let fits = count <= self.arguments.len();
                self.arguments.drain(..if fits { count } else { 0 });
                i32::from(!fits)
            }
            "trap" => self.trap(host, rest),
            "eval" => {
                let script = rest.join(" ");
                self.status = 0;
                self.call_text(host, &script);
                return Some(Step::Ran);
            }
            "wait" => {
                self.pending = Some(match rest.first().and_then(|t| t.parse().ok()) {
                    Some(pid) => Pending::Child(pid),
                    None => Pending::AllChildren,
                });
                0
            }
            "sleep" => {
                let total: Option<u64> = rest.iter().map(|t| applets::duration_ms(t)).sum();
                match total {
                    Some(total) if !rest.is_empty() => {
                        self.pending = Some(Pending::Until(host.now() + total, 0));
                        0
                    }
                    Some(_) => {
                        self.say_error(host, "BusyBox v1.36.1 multi-call binary.\n\nUsage: sleep [N]...\n");
                        1
                    }
                    None if rest.iter().any(|t| t == "infinity") => {
                        self.pending = Some(Pending::Forever);
                        0
                    }
                    None => {
                        self.say_error(host, &format!("sleep: invalid number '{}'\n", rest.first().map_or("", String::as_str)));
                        1
                    }
                }
            }
            "time" if !rest.is_empty() => {
                let code = [&[Instruction::ClockBegin], of_words(rest).code.as_slice(), &[Instruction::ClockEnd]].concat();
                self.begin(Rc::new(Program { code }), Goal::Print);
                0
            }
            "timeout" => self.timeout(host, rest),
            "watch" => self.watch(host, rest),
            "env" => self.env(host, rest),
            "alias" => {
                for (name, value) in rest.iter().filter_map(|w| w.split_once('=')) {
                    self.call_text(host, &format!("{name}() {{ {value} \"$@\"; }}"));
                }
                return Some(Step::Ran);
            }
            command @ ("." | "source") => {
                let file = rest.first().map_or("", String::as_str);
                match host.read(&self.path(file)) {
                    Ok(text) => {
                        self.status = 0;
                        self.call_text(host, &text);
                        return Some(Step::Ran);
                    }
                    Err(error) if self.bash => {
                        self.complain(host, &format!("{file}: {}", error.words()));
                        1
                    }
                    Err(error) => {
                        let why = if file.contains('/') { format!("can't open '{file}': {}", error.words()) } else { format!("{file}: not found") };
                        self.fault = Some(self.named(command, &why));
                        2
                    }
                }
            }
            "sudo" | "nohup" | "time" if self.bash && !rest.is_empty() => return Some(self.dispatch(host, rest.to_vec())),
            "umask" if rest.is_empty() => {
                self.print(host, "0022\n");
                0
            }
            "history" | "jobs" | "shopt" | "umask" | "ulimit" | "hash" | "disown" | "stty" => 0,
            "usleep" => {
                let micros = rest.first().and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
                self.pending = Some(Pending::Until(host.now() + micros / 1000, 0));
                0
            }
            "read" => {
                let separators = self.variable("IFS").unwrap_or_else(|| " \t".into());
                let names: Vec<String> = rest.iter().filter(|w| !w.starts_with('-')).cloned().collect();
                match self.top().input {
                    Some(index) => {
                        let ended = self.inputs[index].is_empty();
                        let (line, _) = self.inputs[index].line();
                        self.finish_line(&names, &line, &separators);
                        i32::from(ended)
                    }
                    None => {
                        self.pending = Some(Pending::Line { names, got: String::new(), separators });
                        0
                    }
                }
            }
            "tail" if rest.iter().any(|w| w.starts_with('-') && w.contains(['f', 'F'])) => return self.follow(host, rest),
            "kill" => self.kill(host, rest),
            "bash" if !self.bash => return None,
            "sh" | "ash" | "bash" => return Some(self.nested(host, rest)),
            "pwd" => {
                let physical = rest.first().is_some_and(|flag| flag == "-P");
                let line = format!("{}\n", if physical { host.real_path(&self.directory) } else { self.directory.clone() });
                self.print(host, &line);
                0
            }
            _ => return None,
        };
        Some(Step::Ran)
    }

    pub(super) fn exit(&mut self, host: &mut dyn Host, code: i32) -> Step {
        self.status = code;
        if self.frames.iter().any(|f| matches!(f, Frame::Subshell { .. })) {
            while let Some(frame) = self.frames.pop() {
                match frame {
                    Frame::Subshell { variables, arrays, own, directory } => {
                        (self.variables, self.arrays, self.own, self.directory) = (variables, arrays, own, directory);
                        break;
                    }
                    Frame::Call { program, back, arguments, locals } => self.come_back(program, back, arguments, locals),
                    Frame::Loop { .. } | Frame::For { .. } | Frame::Clock(_) => {}
                }
            }
            let mut depth = 1;
            while depth > 0 && self.at < self.program.code.len() {
                match self.program.code[self.at] {
                    Instruction::Subshell => depth += 1,
                    Instruction::EndSubshell => depth -= 1,
                    _ => {}
                }
                self.at += 1;
            }
            return Step::Ran;
        }
        self.frames.clear();
        self.reads_commands = false;
        self.at = self.program.code.len();
        self.leave(host, code)
    }

    pub(super) fn jump_out(&mut self, leave: bool) {
        while let Some(frame) = self.frames.last() {
            match frame {
                Frame::Loop { end, next, files } => {
                    let (end, next, files) = (*end, *next, *files);
                    self.files.truncate(files.max(1));
                    // The command's own entry is popped when it returns.
                    let copy = self.top().clone();
                    self.files.push(copy);
                    self.at = if leave { end } else { next };
                    return;
                }
                Frame::Call { .. } => return,
                Frame::Subshell { .. } | Frame::For { .. } | Frame::Clock(_) => drop(self.frames.pop()),
            }
        }
    }

    pub(super) fn kill(&mut self, host: &mut dyn Host, rest: &[String]) -> i32 {
        if let Some((_, names)) = rest.split_first().filter(|(flag, _)| *flag == "-l") {
            let line = |(number, name): &(i32, &str)| match names {
                [] => format!("{number:>2}) {name}\n"),
                _ if names.iter().any(|given| given.parse().is_ok_and(|n: i32| n & 127 == *number)) => format!("{name}\n"),
                _ if names.iter().any(|given| signal_name(given) == *name) => format!("{number}\n"),
                _ => String::new(),
            };
            let lines: String = SIGNALS.iter().map(line).collect();
            self.print(host, &lines);
            return 0;
        }
        if rest.is_empty() {
            self.complain(host, "you need to specify whom to kill");
            return 1;
        }
        let mut signal = "TERM".to_owned();
        let mut failed = 0;
        let mut words = rest.iter().peekable();
        while let Some(word) = words.next() {
            if word == "-s" {
                signal = words.next().map(|s| signal_name(s)).unwrap_or(signal);
            } else if let Some(name) = word.strip_prefix('-').filter(|n| !n.is_empty()) {
                signal = if name == "0" { name.to_owned() } else { signal_name(name) };
                if !SIGNALS.iter().any(|(_, known)| *known == signal) && signal != "0" {
                    self.complain(host, &format!("bad signal name '{name}'"));
                    return 1;
                }
            } else if let Some(job) = word.strip_prefix('%') {
                let from_end = |n| self.children.len().checked_sub(n);
                let place = match job {
                    "" | "%" | "+" => from_end(1),
                    "-" => from_end(2).or(from_end(1)),
                    number => number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)),
                };
                match place.and_then(|place| self.children.get(place)).copied() {
                    Some(pid) => failed = i32::from(host.signal(pid, &signal).is_err()),
                    None => {
                        self.complain(host, &format!("{word}: no such job"));
                        failed = 1;
                    }
                }
            } else if let Ok(pid) = word.parse::<u64>() {
                if signal == "0" && pid == self.pid {
                    // Only asked whether it is there.
                } else if pid == self.pid {
                    // Its own process: as the first one it is protected, otherwise it ends here.
                    if self.pid != 1 && !self.traps.contains_key(&signal) {
                        self.leaving = Some(128 + signal_number(&signal));
                    } else if signal != "KILL" && self.traps.contains_key(&signal) {
                        self.signals.push(signal.clone());
                    }
                } else if let Err(error) = host.signal(pid, &signal) {
                    let why = if error == FileError::NotFound { "No such process" } else { error.words() };
                    self.complain(host, &format!("can't kill pid {pid}: {why}"));
                    failed = 1;
                }
            } else {
                self.complain(host, &format!("invalid number '{word}'"));
                failed = 1;
            }
        }
        failed
    }

    /// `sh …` as a command: another process, waited for.
    pub(super) fn nested(&mut self, host: &mut dyn Host, rest: &[String]) -> Step {
        self.forks();
        let manner = Manner { bash: self.bash, depth: 0 };
        let machine = match rest.split_first() {
            Some((flag, script)) if flag.starts_with('-') && flag.ends_with('c') && !script.is_empty() => {
                Machine::script_in(manner, &script[0], &script[1..], self.environment(), &self.directory)
            }
            Some((file, more)) if !file.starts_with('-') => {
                let path = self.path(file);
                match host.read(&path) {
                    Ok(text) => Machine::script_in(manner, &text, more, self.environment(), &self.directory),
                    Err(_) => Err(format!("can't open '{file}': No such file or directory")),
                }
            }
            _ => match self.top().input {
                Some(index) => {
                    let text = self.inputs[index].rest();
                    Machine::script_in(manner, &text, &[], self.environment(), &self.directory)
                }
                None => {
                    self.reads_commands = true;
                    return Step::Ran;
                }
            },
        };
        match machine {
            Ok(mut child) => {
                child.inputs = self.inputs.clone();
                if self.depth >= DEEPEST {
                    self.status = 2;
                } else if self.depth > 0 || self.bash {
                    // Inside a pipe or a substitution, and under the person's own shell, it is part of this process.
                    child.pid = self.pid;
                    child.enter(self.depth, self.top());
                    self.pending = Some(Pending::Inside { child: Box::new(child), goal: Goal::Print, files: self.top().clone() });
                } else {
                    child.files = vec![self.top().clone()];
                    child.title = Some(std::iter::once("sh".to_owned()).chain(rest.iter().cloned()).collect());
                    let pid = host.spawn(child);
                    self.pending = Some(Pending::Child(pid));
                }
            }
            Err(message) => {
                self.complain(host, &message);
                self.status = 2;
            }
        }
        Step::Ran
    }
}
