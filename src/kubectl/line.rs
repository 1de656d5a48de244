//! The person's shell, as far as command lines around kubectl need one: quotes, variables, `$(…)`, pipes, redirections, here-documents,
//! `&&`, `||`, `;`, `&`, `timeout`.

use std::collections::VecDeque;

use super::applets;
use super::call;
use super::env::{Env, Failure, Flow, Forward, Job, Poll};
use super::{OutputKind, node_shell};
use crate::api::SimTime;

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Variable { name: String, quoted: bool },
    Command { line: String, quoted: bool },
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Word {
    parts: Vec<Part>,
    /// Something of it stood in quotes, so that it is a word even when empty.
    quoted: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Redirect {
    From(Word),
    Here { text: String, plain: bool },
    To(Word, bool),
    ErrTo(Word),
    ErrToOut,
}

#[derive(Clone, Debug, Default)]
struct Command {
    assignments: Vec<(String, Word)>,
    words: Vec<Word>,
    redirects: Vec<Redirect>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Joiner {
    Always,
    And,
    Or,
}

#[derive(Clone, Debug)]
struct Step {
    joiner: Joiner,
    stages: VecDeque<Command>,
    background: bool,
}

/// A line that runs: a value.
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

const DEEPEST: usize = 8;
const MOST_CAPTURED: usize = 4 << 20;

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

enum Token {
    Word(Word),
    Operator(&'static str),
}

const OPERATORS: [&str; 14] = ["&&", "||", "<<-", "<<", "2>&1", "2>>", "2>", "&>", ">>", ">", "<", "|", "&", ";"];

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn next(&mut self) -> Result<Option<Token>, String> {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
        if self.rest().starts_with("\\\n") {
            self.at += 2;
            return self.next();
        }
        let Some(c) = self.peek() else { return Ok(None) };
        if c == '#' {
            let end = self.rest().find('\n').unwrap_or(self.rest().len());
            self.at += end;
            return self.next();
        }
        if c == '\n' {
            self.at += 1;
            return Ok(Some(Token::Operator("\n")));
        }
        if let Some(operator) = OPERATORS.into_iter().find(|o| self.rest().starts_with(o)) {
            self.at += operator.len();
            return Ok(Some(Token::Operator(operator)));
        }
        if c == '(' || c == ')' {
            return Err(format!("syntax error near unexpected token `{c}'"));
        }
        self.word().map(|w| Some(Token::Word(w)))
    }

    fn word(&mut self) -> Result<Word, String> {
        let mut word = Word::default();
        let mut text = String::new();
        let flush = |text: &mut String, word: &mut Word| {
            if !text.is_empty() {
                word.parts.push(Part::Text(std::mem::take(text)));
            }
        };
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() || "|&;<>()".contains(c) => break,
                '\'' => {
                    self.at += 1;
                    let end = self.rest().find('\'').ok_or("unexpected EOF while looking for matching `''")?;
                    text.push_str(&self.rest()[..end]);
                    self.at += end + 1;
                    word.quoted = true;
                }
                '"' => {
                    self.at += 1;
                    word.quoted = true;
                    loop {
                        match self.peek() {
                            None => return Err("unexpected EOF while looking for matching `\"'".into()),
                            Some('"') => {
                                self.at += 1;
                                break;
                            }
                            Some('\\') => {
                                self.at += 1;
                                match self.bump() {
                                    Some('\n') => {}
                                    Some(c) if "\"\\$`".contains(c) => text.push(c),
                                    Some(c) => text.extend(['\\', c]),
                                    None => text.push('\\'),
                                }
                            }
                            Some('$' | '`') => match self.dollar(true)? {
                                Some(part) => {
                                    flush(&mut text, &mut word);
                                    word.parts.push(part);
                                }
                                None => text.push('$'),
                            },
                            Some(c) => {
                                text.push(c);
                                self.at += c.len_utf8();
                            }
                        }
                    }
                }
                '\\' => {
                    self.at += 1;
                    match self.bump() {
                        Some('\n') | None => {}
                        Some(c) => text.push(c),
                    }
                }
                '$' | '`' => match self.dollar(false)? {
                    Some(part) => {
                        flush(&mut text, &mut word);
                        word.parts.push(part);
                    }
                    None => text.push('$'),
                },
                c => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        flush(&mut text, &mut word);
        Ok(word)
    }

    /// `$NAME`, `${NAME}`, `$(…)`, `` `…` ``, `$?`. `None` for a `$` that stands for itself.
    fn dollar(&mut self, quoted: bool) -> Result<Option<Part>, String> {
        if self.peek() == Some('`') {
            self.at += 1;
            let end = self.rest().find('`').ok_or("unexpected EOF while looking for matching ``'")?;
            let line = self.rest()[..end].to_owned();
            self.at += end + 1;
            return Ok(Some(Part::Command { line, quoted }));
        }
        self.at += 1;
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let start = self.at;
                let (mut depth, mut quote) = (1, None);
                while let Some(c) = self.bump() {
                    match (quote, c) {
                        (Some(q), c) if q == c => quote = None,
                        (Some(_), _) => {}
                        (None, '\'' | '"') => quote = Some(c),
                        (None, '(') => depth += 1,
                        (None, ')') => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        let line = self.text[start..self.at - 1].to_owned();
                        return Ok(Some(Part::Command { line, quoted }));
                    }
                }
                Err("unexpected EOF while looking for matching `)'".into())
            }
            Some('{') => {
                let end = self.rest().find('}').ok_or("unexpected EOF while looking for matching `}'")?;
                let name = self.rest()[1..end].to_owned();
                self.at += end + 1;
                Ok(Some(Part::Variable { name, quoted }))
            }
            Some('?') => {
                self.at += 1;
                Ok(Some(Part::Variable { name: "?".into(), quoted }))
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let end = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(self.rest().len());
                let name = self.rest()[..end].to_owned();
                self.at += end;
                Ok(Some(Part::Variable { name, quoted }))
            }
            _ => Ok(None),
        }
    }
}

impl Word {
    /// Its text where nothing of it must be worked out.
    fn plain(&self) -> Option<String> {
        self.parts.iter().map(|p| if let Part::Text(t) = p { Some(t.as_str()) } else { None }).collect()
    }
}

impl Line {
    /// Takes a line apart. It may hold several: here-documents and further commands.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lexer = Lexer { text, at: 0 };
        let mut line = Self::default();
        let mut step = Step { joiner: Joiner::Always, stages: VecDeque::new(), background: false };
        let mut command = Command::default();
        let mut heres: Vec<(usize, String, bool, bool)> = Vec::new();
        let unexpected = |what: &str| format!("syntax error near unexpected token `{}'", if what == "\n" { "newline" } else { what });
        loop {
            let token = lexer.next()?;
            match token {
                Some(Token::Word(word)) => {
                    let assignment = word.parts.first().and_then(|p| if let Part::Text(t) = p { t.split_once('=') } else { None });
                    match assignment {
                        Some((name, rest)) if command.words.is_empty() && is_name(name) => {
                            let name = name.to_owned();
                            let rest = rest.to_owned();
                            let mut value = word.clone();
                            value.parts[0] = Part::Text(rest);
                            value.quoted = true;
                            command.assignments.push((name, value));
                        }
                        _ => command.words.push(word),
                    }
                }
                Some(Token::Operator(operator @ ("<" | ">" | ">>" | "2>" | "2>>" | "&>" | "<<" | "<<-"))) => {
                    let Some(Token::Word(target)) = lexer.next()? else { return Err(unexpected("\n")) };
                    command.redirects.push(match operator {
                        "<" => Redirect::From(target),
                        ">" | ">>" => Redirect::To(target, operator == ">>"),
                        "&>" => Redirect::To(target, false),
                        "2>" | "2>>" => Redirect::ErrTo(target),
                        _ => {
                            let mark = target.plain().unwrap_or_default();
                            heres.push((command.redirects.len(), mark, operator == "<<-", target.quoted));
                            Redirect::Here { text: String::new(), plain: target.quoted }
                        }
                    });
                }
                Some(Token::Operator("2>&1")) => command.redirects.push(Redirect::ErrToOut),
                other => {
                    let operator = match other {
                        Some(Token::Operator(operator)) => Some(operator),
                        _ => None,
                    };
                    if matches!(operator, Some("\n") | None) {
                        for (index, mark, strip, _) in heres.drain(..) {
                            let text = here_document(&mut lexer, &mark, strip);
                            if let Some(Redirect::Here { text: slot, .. }) = command.redirects.get_mut(index) {
                                *slot = text;
                            }
                        }
                    }
                    let empty = command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty();
                    if empty && matches!(operator, Some("|" | "&&" | "||" | "&"))
                        || empty && operator == Some(";") && !text.contains('\n') && line.steps.is_empty() && step.stages.is_empty()
                    {
                        return Err(unexpected(operator.unwrap_or("\n")));
                    }
                    if !empty {
                        step.stages.push_back(std::mem::take(&mut command));
                    }
                    match operator {
                        Some("|") => continue,
                        Some("&") => step.background = true,
                        _ => {}
                    }
                    if !step.stages.is_empty() {
                        let next = match operator {
                            Some("&&") => Joiner::And,
                            Some("||") => Joiner::Or,
                            _ => Joiner::Always,
                        };
                        line.steps.push_back(std::mem::replace(&mut step, Step { joiner: next, stages: VecDeque::new(), background: false }));
                    }
                    if operator.is_none() {
                        return Ok(line);
                    }
                }
            }
        }
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

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn here_document(lexer: &mut Lexer, mark: &str, strip: bool) -> String {
    let mut out = String::new();
    while lexer.at < lexer.text.len() {
        let rest = lexer.rest();
        let end = rest.find('\n').unwrap_or(rest.len());
        let raw = &rest[..end];
        let line = if strip { raw.trim_start_matches('\t') } else { raw }.to_owned();
        lexer.at += (end + 1).min(rest.len());
        if line == mark {
            break;
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
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

/// A word's fields: unquoted expansions are split at blanks.
fn expand(word: &Word, env: &mut Env, depth: usize) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    let mut current: Option<String> = word.quoted.then(String::new);
    for part in &word.parts {
        let (text, quoted) = match part {
            Part::Text(text) => (text.clone(), true),
            Part::Variable { name, quoted } => (variable(name, env), *quoted),
            Part::Command { line, quoted } => (substitute(line, env, depth), *quoted),
        };
        if quoted {
            current.get_or_insert_default().push_str(&text);
            continue;
        }
        let mut pieces = text.split_whitespace();
        if text.starts_with(char::is_whitespace) {
            fields.extend(current.take());
        }
        if let Some(piece) = pieces.next() {
            current.get_or_insert_default().push_str(piece);
        }
        for piece in pieces {
            fields.extend(current.take());
            current = Some(piece.to_owned());
        }
        if text.ends_with(char::is_whitespace) {
            fields.extend(current.take());
        }
    }
    fields.extend(current);
    fields
}

fn variable(name: &str, env: &Env) -> String {
    let (name, default) = name.split_once(":-").map_or((name, ""), |(n, d)| (n, d));
    let known = match name {
        "HOME" => Some("/root".to_owned()),
        "PWD" => Some("/root".to_owned()),
        "USER" => Some("root".to_owned()),
        _ => None,
    };
    env.vars.get(name).cloned().or(known).filter(|v| !v.is_empty()).unwrap_or_else(|| default.into())
}

/// The output of a command without its last newlines.
fn substitute(text: &str, env: &mut Env, depth: usize) -> String {
    if depth > DEEPEST {
        return String::new();
    }
    let kept = std::mem::take(env.out);
    let stdin = env.stdin.take();
    if let Ok(mut line) = Line::parse(text) {
        // What waits for something is not waited for here.
        let code = line.poll(env).unwrap_or(1);
        env.vars.insert("?".into(), code.to_string());
    }
    env.stdin = stdin;
    let fresh = std::mem::replace(env.out, kept);
    let mut out = String::new();
    for (kind, text) in fresh {
        if kind == OutputKind::Stderr {
            env.err(text);
        } else {
            out.push_str(&text);
        }
    }
    out.trim_end_matches('\n').to_owned()
}

/// A here-document's text with its variables.
fn expand_text(text: &str, env: &mut Env) -> String {
    let mut lexer = Lexer { text, at: 0 };
    let mut out = String::new();
    while let Some(c) = lexer.peek() {
        match c {
            '\\' => {
                lexer.at += 1;
                match lexer.bump() {
                    Some('\n') => {}
                    Some(c) if "$\\`".contains(c) => out.push(c),
                    Some(c) => out.extend(['\\', c]),
                    None => out.push('\\'),
                }
            }
            '$' | '`' => {
                let at = lexer.at;
                match lexer.dollar(true) {
                    Ok(Some(part)) => {
                        let word = Word { parts: vec![part], quoted: true };
                        out.push_str(&expand(&word, env, 0).join(" "));
                    }
                    _ => {
                        lexer.at = at + 1;
                        out.push(c);
                    }
                }
            }
            c => {
                out.push(c);
                lexer.at += c.len_utf8();
            }
        }
    }
    out
}
