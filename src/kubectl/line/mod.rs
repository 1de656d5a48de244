//! The person's shell, as far as command lines around kubectl need one: quotes, variables, `$(…)`, pipes, redirections, here-documents,
//! `&&`, `||`, `;`, `&`, `timeout`.

mod expand;
mod parse;

use std::collections::VecDeque;

use super::applets;
use super::call;
use super::env::{Env, Failure, Flow, Forward, Job, Poll};
use super::{OutputKind, node_shell};
use crate::api::SimTime;

use expand::{expand, expand_text};
use parse::{Command, Joiner, Redirect, Step};

#[derive(Clone, Default)]
pub struct Line {
    steps: VecDeque<Step>,
    current: Option<Running>,
    code: i32,
}

#[derive(Clone)]
struct Running {
    left: VecDeque<Command>,
    command: Command,
    job: Option<Box<dyn Job>>,
    /// What the stages before wrote.
    input: Option<String>,
    captured: String,
    wake: Option<SimTime>,
}

const MOST_CAPTURED: usize = 4 << 20;

impl Line {
    /// Takes a line apart. It may hold several: here-documents and further commands.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { steps: parse::parse(text)?, ..Self::default() })
    }

    /// Goes on as far as it can. The exit code when it has ended.
    pub fn poll(&mut self, env: &mut Env) -> Option<i32> {
        loop {
            if let Some(running) = &mut self.current {
                match running.poll(env, self.code) {
                    Some(code) => {
                        self.code = code;
                        self.current = None;
                        env.vars.insert("?".into(), code.to_string());
                    }
                    None => return None,
                }
            }
            let Some(step) = self.steps.pop_front() else { return Some(self.code) };
            match step.joiner {
                Joiner::And if self.code != 0 => continue,
                Joiner::Or if self.code == 0 => continue,
                _ => {}
            }
            let running = Running::new(step.stages);
            if step.background {
                let mut line = Self { current: Some(running), ..Self::default() };
                if line.poll(env).is_none() {
                    env.started.push(line);
                }
                self.code = 0;
                continue;
            }
            self.current = Some(running);
        }
    }

    fn job(&self) -> Option<&dyn Job> {
        self.current.as_ref()?.job.as_deref()
    }

    pub fn input(&mut self, text: &str, env: &mut Env) {
        if let Some(job) = self.current.as_mut().and_then(|r| r.job.as_mut()) {
            job.input(text, env);
        }
    }

    pub fn stop(&mut self, env: &mut Env) {
        if let Some(job) = self.current.as_mut().and_then(|r| r.job.as_mut()) {
            job.stop(env);
        }
        self.current = None;
        self.steps.clear();
    }

    pub fn prompt(&self) -> Option<&str> {
        self.job()?.prompt()
    }

    pub fn wakes_at(&self) -> Option<SimTime> {
        self.current.as_ref()?.wake
    }

    pub fn forwards(&self) -> Vec<Forward> {
        self.job().map(|j| j.forwards().to_vec()).unwrap_or_default()
    }
}

impl Running {
    fn new(mut stages: VecDeque<Command>) -> Self {
        let command = stages.pop_front().unwrap_or_default();
        Self { left: stages, command, job: None, input: None, captured: String::new(), wake: None }
    }

    fn poll(&mut self, env: &mut Env, before: i32) -> Option<i32> {
        let mut first = self.job.is_none();
        loop {
            let kept = std::mem::take(env.out);
            let input = self.input.take();
            let result = if first { start(&self.command, input, env, before) } else { Ok(Flow::Wait(self.job.take()?)) };
            let polled = match result {
                Ok(Flow::Done(code)) => Ok(Poll::Done(code)),
                Ok(Flow::Wait(mut job)) => {
                    let polled = job.poll(env);
                    self.job = Some(job);
                    polled
                }
                Err(failure) => Err(failure),
            };
            let code = match polled {
                Ok(Poll::Pending(at)) => {
                    self.wake = at;
                    None
                }
                Ok(Poll::Done(code)) => Some(code),
                Err(Failure { text, code, .. }) => {
                    env.err(text);
                    Some(code)
                }
            };
            let fresh = std::mem::replace(env.out, kept);
            self.route(fresh, env);
            let code = code?;
            self.job = None;
            self.wake = None;
            self.flush(env);
            let Some(next) = self.left.pop_front() else { return Some(code) };
            self.command = next;
            self.input = Some(std::mem::take(&mut self.captured));
            first = true;
        }
    }

    /// Sends what was written to the next stage, a file or the terminal.
    fn route(&mut self, fresh: Vec<(OutputKind, String)>, env: &mut Env) {
        let has = |f: fn(&Redirect) -> bool| self.command.redirects.iter().any(f);
        let both = has(|r| matches!(r, Redirect::ErrToOut));
        let silent = has(|r| matches!(r, Redirect::ErrTo(_)));
        let kept = !self.left.is_empty() || has(|r| matches!(r, Redirect::To(..)));
        for (kind, text) in fresh {
            match kind {
                OutputKind::Stderr if silent => {}
                OutputKind::Stderr if !both => env.write(OutputKind::Stderr, text),
                _ if kept && self.captured.len() < MOST_CAPTURED => self.captured.push_str(&text),
                _ if kept => {}
                kind => env.write(kind, text),
            }
        }
    }

    /// Writes what a `>` has caught.
    fn flush(&mut self, env: &mut Env) {
        for redirect in self.command.redirects.clone() {
            if let Redirect::To(word, append) = redirect {
                let path = expand(&word, env, 0).join(" ");
                let text = std::mem::take(&mut self.captured);
                if path == "/dev/null" {
                    continue;
                }
                let file = env.files.entry(path.trim_start_matches("./").to_owned()).or_default();
                if append { file.push_str(&text) } else { *file = text }
            }
        }
    }
}

/// Works out a command's words and starts it.
fn start(command: &Command, piped: Option<String>, env: &mut Env, before: i32) -> Result<Flow, Failure> {
    env.vars.insert("?".into(), before.to_string());
    let words: Vec<String> = command.words.iter().flat_map(|w| expand(w, env, 0)).collect();
    let mut stdin = piped;
    for redirect in &command.redirects {
        match redirect {
            Redirect::From(word) => {
                let path = expand(word, env, 0).join(" ");
                let plain = path.trim_start_matches("./").to_owned();
                match env.files.get(&plain) {
                    Some(text) => stdin = Some(text.clone()),
                    None if path == "/dev/null" => stdin = Some(String::new()),
                    None => return Err(Failure::raw(format!("bash: {path}: No such file or directory\n"), 1)),
                }
            }
            Redirect::Here { text, plain: true } => stdin = Some(text.clone()),
            Redirect::Here { text, plain: false } => stdin = Some(expand_text(text, env)),
            Redirect::To(..) | Redirect::ErrTo(_) | Redirect::ErrToOut => {}
        }
    }
    let assignments: Vec<(String, String)> = command.assignments.iter().map(|(name, word)| (name.clone(), expand(word, env, 0).join(" "))).collect();
    if words.is_empty() {
        env.vars.extend(assignments);
        return Ok(Flow::Done(0));
    }
    let saved: Vec<(String, Option<String>)> = assignments.iter().map(|(name, _)| (name.clone(), env.vars.get(name).cloned())).collect();
    env.vars.extend(assignments);
    env.stdin = stdin;
    let result = run_words(&words, env);
    env.stdin = None;
    for (name, value) in saved {
        match value {
            Some(value) => drop(env.vars.insert(name, value)),
            None => drop(env.vars.remove(&name)),
        }
    }
    result
}

/// Starts a program by its words.
pub fn run_words(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    match words[0].rsplit('/').next().unwrap_or("") {
        "kubectl" | "k" => call::run(&words[1..], env),
        "timeout" => {
            let mut rest = &words[1..];
            while rest.first().is_some_and(|w| w.starts_with('-')) {
                rest = &rest[1..];
            }
            let [duration, command @ ..] = rest else { return Err(Failure::raw("Try 'timeout --help' for more information.\n".into(), 125)) };
            let millis = applets::seconds(duration).ok_or_else(|| {
                Failure::raw(format!("timeout: invalid time interval '{duration}'\nTry 'timeout --help' for more information.\n"), 125)
            })?;
            if command.is_empty() {
                return Err(Failure::raw("timeout: missing operand\nTry 'timeout --help' for more information.\n".into(), 125));
            }
            let until = env.now() + millis;
            match run_words(command, env)? {
                Flow::Done(code) => Ok(Flow::Done(code)),
                Flow::Wait(inner) => Ok(Flow::wait(Timeout { inner, until })),
            }
        }
        "ssh" => node_shell::run(&words[1..], env),
        _ => applets::run(words, env),
    }
}

/// Runs a line that waits for nothing, with the output where the caller's is.
pub fn run_now(text: &str, env: &mut Env) -> i32 {
    match Line::parse(text) {
        Ok(mut line) => line.poll(env).unwrap_or(1),
        Err(_) => 2,
    }
}

#[derive(Clone)]
struct Timeout {
    inner: Box<dyn Job>,
    until: SimTime,
}

impl Job for Timeout {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        match self.inner.poll(env)? {
            Poll::Done(code) => Ok(Poll::Done(code)),
            Poll::Pending(_) if env.now() >= self.until => Ok(Poll::Done(124)),
            Poll::Pending(at) => Ok(Poll::Pending(Some(at.map_or(self.until, |at| at.min(self.until))))),
        }
    }

    fn input(&mut self, text: &str, env: &mut Env) {
        self.inner.input(text, env);
    }

    fn forwards(&self) -> &[Forward] {
        self.inner.forwards()
    }

    fn stop(&mut self, env: &mut Env) {
        self.inner.stop(env);
    }
}
