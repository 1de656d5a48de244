//! Where a command's streams go: redirects, files, the streams of the process.

use std::rc::Rc;

use super::Machine;
use crate::cluster::log::Stream;
use crate::cluster::shell::parser::{BOTH, How, Redirect};
use crate::cluster::shell::{FileError, Host, expand};

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Stream(Stream),
    File(String),
    Nowhere,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Files {
    /// Text that is read instead of standard input: an index of `inputs`.
    pub(super) input: Option<usize>,
    pub(super) out: Target,
    pub(super) error: Target,
}

/// Text that is read bit by bit. A copy shares the text and reads on by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Feed {
    text: Rc<str>,
    /// How many bytes were read.
    at: usize,
}

impl From<String> for Feed {
    fn from(text: String) -> Self {
        Self { text: text.into(), at: 0 }
    }
}

impl Feed {
    pub(super) fn is_empty(&self) -> bool {
        self.at == self.text.len()
    }

    /// The next line without its end, and whether it has one.
    pub(super) fn line(&mut self) -> (String, bool) {
        let rest = &self.text[self.at..];
        let end = rest.find('\n');
        let line = rest[..end.unwrap_or(rest.len())].to_owned();
        self.at += line.len() + usize::from(end.is_some());
        (line, end.is_some())
    }

    pub(super) fn rest(&mut self) -> String {
        let rest = self.text[self.at..].to_owned();
        *self = Self::default();
        rest
    }
}

impl Machine {
    pub(super) fn top(&self) -> &Files {
        self.files.last().expect("the first entry is never popped")
    }

    pub(super) fn pop_files(&mut self) -> Option<Files> {
        if self.files.len() > 1 { self.files.pop() } else { None }
    }

    pub(super) fn redirect(&mut self, host: &mut dyn Host, redirects: &[Redirect]) -> Result<(), String> {
        for redirect in redirects {
            let word = expand::text(self, host, &redirect.target);
            let path = self.path(&word);
            let target = match redirect.how {
                How::Read => {
                    let text = if path == "/dev/null" { String::new() } else { host.read(&path).map_err(|e| self.unopened("open", &word, e))? };
                    self.inputs.push(text.into());
                    self.set_input();
                    continue;
                }
                How::Here => {
                    self.inputs.push(word.into());
                    self.set_input();
                    continue;
                }
                How::HereString => {
                    self.inputs.push((word + "\n").into());
                    self.set_input();
                    continue;
                }
                How::Duplicate if word == "1" => self.top().out.clone(),
                How::Duplicate if word == "2" => self.top().error.clone(),
                How::Duplicate => return Err(format!("{word}: Bad file descriptor")),
                How::Write | How::Append => match path.as_str() {
                    "/dev/null" => Target::Nowhere,
                    "/dev/stdout" | "/proc/self/fd/1" => Target::Stream(Stream::Stdout),
                    "/dev/stderr" | "/proc/self/fd/2" => Target::Stream(Stream::Stderr),
                    // The first process's own.
                    "/proc/1/fd/1" if self.pid == 1 => Target::Stream(Stream::Stdout),
                    "/proc/1/fd/2" if self.pid == 1 => Target::Stream(Stream::Stderr),
                    _ => {
                        host.write_file(&path, "", redirect.how == How::Append).map_err(|e| self.unopened("create", &word, e))?;
                        Target::File(path)
                    }
                },
            };
            let top = self.files.last_mut().expect("the first entry is never popped");
            match redirect.number {
                BOTH => (top.out, top.error) = (target.clone(), target),
                1 => top.out = target,
                2 => top.error = target,
                _ => {}
            }
        }
        Ok(())
    }

    /// bash names the file and the C library's reason, ash says what it could not do.
    fn unopened(&self, what: &str, word: &str, error: FileError) -> String {
        match error {
            error if self.bash => format!("{word}: {}", error.words()),
            FileError::NotFound if what == "open" => format!("can't open {word}: no such file"),
            FileError::NotFound => format!("can't create {word}: nonexistent directory"),
            error => format!("can't {what} {word}: {}", error.words()),
        }
    }

    /// Forgets the texts that nothing reads any more.
    pub(super) fn forget_inputs(&mut self) {
        let kept = self.files.iter().filter_map(|f| f.input).max().map_or(0, |last| last + 1);
        self.inputs.truncate(kept);
    }

    pub(super) fn set_input(&mut self) {
        let index = self.inputs.len() - 1;
        self.files.last_mut().expect("the first entry is never popped").input = Some(index);
    }

    pub(in crate::cluster::shell) fn print(&mut self, host: &mut dyn Host, text: &str) {
        let target = self.top().out.clone();
        self.put(host, target, text);
    }

    pub(in crate::cluster::shell) fn say_error(&mut self, host: &mut dyn Host, text: &str) {
        let target = self.top().error.clone();
        self.put(host, target, text);
    }

    /// The shell's own complaint.
    pub(super) fn complain(&mut self, host: &mut dyn Host, message: &str) {
        let shell = if self.bash { "bash" } else { "sh" };
        self.say_error(host, &format!("{shell}: {message}\n"));
    }

    /// What one of the shell's own commands complains of; a script's line is named (`ash_vmsg` of BusyBox's `ash.c`).
    pub(super) fn complain_of(&mut self, host: &mut dyn Host, command: &str, message: &str) {
        let message = self.named(command, message);
        self.complain(host, &message);
    }

    pub(super) fn named(&self, command: &str, message: &str) -> String {
        if self.prompts || self.bash { format!("{command}: {message}") } else { format!("{command}: line {}: {message}", self.line) }
    }

    pub(super) fn put(&mut self, host: &mut dyn Host, target: Target, text: &str) {
        self.handled(text.len());
        match target {
            Target::Stream(stream) => host.write(stream, text),
            Target::File(path) => {
                if host.write_file(&path, text, true).is_err() {
                    self.status = 1;
                }
            }
            Target::Nowhere => {}
        }
    }

    /// Writes where this command writes.
    pub(super) fn pass_on(&mut self, host: &mut dyn Host, written: Vec<(Stream, String)>) {
        for (stream, text) in written {
            match stream {
                Stream::Stdout => self.print(host, &text),
                Stream::Stderr => self.say_error(host, &text),
            }
        }
    }
}
