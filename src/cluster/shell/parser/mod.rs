//! Tokens → a flat program: jumps instead of a tree, so that a machine can stop anywhere and go on.

mod assignment;
mod compound;
mod program;

use std::rc::Rc;

pub use assignment::{halves, is_name};
pub use program::{BOTH, How, Instruction, Program, Redirect};

use super::lexer::{Part, Token, Word, tokens};
use assignment::assignment;

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What `sh` says after `sh: `.
    pub message: String,
    /// Only the end came too early: another line may make it right.
    pub is_open: bool,
}

impl Fault {
    pub(super) fn open(message: &str) -> Self {
        Self { message: message.into(), is_open: true }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { message, is_open: false }
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

/// How a text is read.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// As bash reads it: `((…))` is a sum.
    pub bash: bool,
    /// In how many other texts it stands.
    pub depth: usize,
}

impl Manner {
    pub fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

/// Reads a script; the error is what `sh` says after `sh: `.
pub fn parse(text: &str, manner: Manner) -> Result<Program, String> {
    read(text, manner).map(|(program, _)| program).map_err(|fault| fault.message)
}

/// Reads what a person has typed so far; `None` where they have to go on (`while true`, an open quote, a here-document without its end).
pub fn parse_lines(text: &str, manner: Manner) -> Result<Option<Program>, String> {
    match read(text, manner) {
        Ok((program, is_open)) => Ok((!is_open).then_some(program)),
        Err(fault) if fault.is_open => Ok(None),
        Err(fault) => Err(fault.message),
    }
}

/// A script between brackets or backticks, which end it.
pub(super) fn parse_inside(text: &str, manner: Manner) -> Result<Program, Fault> {
    Ok(parse(text, manner)?)
}

/// A script, and whether something is still open that its end may leave so.
fn read(text: &str, manner: Manner) -> Result<(Program, bool), Fault> {
    let (tokens, is_open) = tokens(text, manner)?;
    let mut parser = Parser { tokens, at: 0, code: Vec::new(), manner, line: 0 };
    parser.list(&[])?;
    match parser.tokens.get(parser.at) {
        None => Ok((Program { code: parser.code }, is_open)),
        Some(token) => Err(unexpected(Some(token))),
    }
}

/// What BusyBox's shell says of a script, as bash says it.
pub fn in_bash(message: &str) -> String {
    let Some(found) = message.strip_prefix("syntax error: unexpected ") else { return message.into() };
    let token = found.split(" (expecting").next().unwrap_or(found).trim_matches('"');
    if token == "end of file" { format!("syntax error: unexpected {token}") } else { format!("syntax error near unexpected token `{token}'") }
}

/// `raise_error_unexpected_syntax` of BusyBox's `ash.c`.
pub fn unexpected(token: Option<&Token>) -> Fault {
    match token {
        None => Fault::open("syntax error: unexpected end of file"),
        Some(Token::Operator(text, _)) if text == "\n" => "syntax error: unexpected newline".into(),
        Some(Token::Operator(text, _)) if text.contains(['<', '>']) => "syntax error: unexpected redirection".into(),
        Some(Token::Operator(text, _)) => format!("syntax error: unexpected \"{text}\"").into(),
        Some(Token::Word(word)) => match plain(word).filter(|word| RESERVED.contains(&word.as_str())) {
            Some(word) => format!("syntax error: unexpected \"{word}\"").into(),
            None => "syntax error: unexpected word".into(),
        },
        Some(Token::Here(_)) => "syntax error: unexpected redirection".into(),
        Some(Token::Sum(_)) => "syntax error: unexpected \"(\"".into(),
    }
}

/// The text of a word without quotes and variables.
fn plain(word: &Word) -> Option<String> {
    match word.as_slice() {
        [Part::Bare(text)] => Some(text.clone()),
        _ => None,
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    code: Vec<Instruction>,
    manner: Manner,
    /// From 0; lines within a word or a here-document do not count.
    line: usize,
}

const RESERVED: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];

impl Parser {
    fn word(&self) -> Option<String> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => plain(word),
            _ => None,
        }
    }

    fn is(&self, operator: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Operator(text, _)) if text == operator)
    }

    fn take(&mut self, operator: &str) -> bool {
        let is = self.is(operator);
        self.at += usize::from(is);
        is
    }

    fn newlines(&mut self) {
        while self.take("\n") {
            self.line += 1;
        }
    }

    fn expect(&mut self, what: &str) -> Result<(), Fault> {
        if self.word().as_deref() != Some(what) && !self.is(what) {
            return Err(self.wants(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Something else stands here than what has to.
    fn wants(&self, what: &str) -> Fault {
        let mut fault = unexpected(self.tokens.get(self.at));
        fault.message.push_str(&format!(" (expecting \"{what}\")"));
        fault
    }

    /// Commands up to a keyword, which is left. There has to be one, unless the script ends here.
    fn body(&mut self, until: &[&str]) -> Result<(), Fault> {
        let start = self.code.len();
        self.list(until)?;
        if self.code.len() == start && self.at < self.tokens.len() { Err(unexpected(self.tokens.get(self.at))) } else { Ok(()) }
    }

    fn block(&mut self, end: &str) -> Result<(), Fault> {
        self.body(&[end])?;
        self.expect(end)
    }

    /// Commands up to one of these keywords (or `)`, `;;`), which is left.
    fn list(&mut self, until: &[&str]) -> Result<(), Fault> {
        self.manner.depth += 1;
        if self.manner.depth > 60 {
            return Err("too deeply nested".into());
        }
        loop {
            self.newlines();
            let stop = self.at >= self.tokens.len()
                || self.is(")")
                || self.is(";;")
                || self.word().is_some_and(|w| until.contains(&w.as_str()) || RESERVED.contains(&w.as_str()));
            if stop {
                break;
            }
            let start = self.code.len();
            self.and_or()?;
            if self.take("&") {
                // The command becomes the body of another process.
                let mut body: Vec<Instruction> = self.code.split_off(start);
                shift(&mut body, start, 1);
                self.code.push(Instruction::Background { end: start + 1 + body.len() });
                self.code.extend(body);
            } else if !(self.take(";") || self.is("\n")) {
                break;
            }
        }
        self.manner.depth -= 1;
        Ok(())
    }

    fn and_or(&mut self) -> Result<(), Fault> {
        self.pipeline()?;
        loop {
            let and = self.is("&&");
            if !and && !self.is("||") {
                return Ok(());
            }
            self.at += 1;
            self.newlines();
            let jump = self.code.len();
            self.code.push(Instruction::Succeed);
            self.pipeline()?;
            let end = self.code.len();
            self.code[jump] = if and { Instruction::JumpIfFailed(end) } else { Instruction::JumpIfOk(end) };
        }
    }

    fn pipeline(&mut self) -> Result<(), Fault> {
        let timed = self.manner.bash && self.word().as_deref() == Some("time");
        if timed {
            self.at += 1;
            self.code.push(Instruction::ClockBegin);
        }
        let not = self.word().as_deref() == Some("!");
        self.at += usize::from(not);
        let before = std::mem::take(&mut self.code);
        self.command()?;
        let mut first = std::mem::replace(&mut self.code, before);
        if self.is("|") {
            let mut stages = vec![Rc::new(Program { code: first })];
            while self.take("|") {
                self.newlines();
                let before = std::mem::take(&mut self.code);
                self.command()?;
                stages.push(Rc::new(Program { code: std::mem::replace(&mut self.code, before) }));
            }
            self.code.push(Instruction::Pipe(stages));
        } else {
            let by = self.code.len();
            shift(&mut first, 0, by);
            self.code.extend(first);
        }
        if not {
            self.code.push(Instruction::Not);
        }
        if timed {
            self.code.push(Instruction::ClockEnd);
        }
        Ok(())
    }

    fn command(&mut self) -> Result<(), Fault> {
        let start = self.code.len();
        match self.word().as_deref() {
            Some("if") => self.conditional()?,
            Some("while") => self.repeat(false)?,
            Some("until") => self.repeat(true)?,
            Some("for") => self.each()?,
            Some("case") => self.case()?,
            Some("{") => {
                self.at += 1;
                self.block("}")?;
            }
            Some("function") => {
                let Some(Token::Word(word)) = self.tokens.get(self.at + 1).cloned() else { return Err("syntax error: bad function name".into()) };
                self.at += 2;
                return self.function(&word);
            }
            _ if self.is("(") => {
                self.at += 1;
                self.code.push(Instruction::Subshell);
                self.block(")")?;
                self.code.push(Instruction::EndSubshell);
            }
            _ => match self.tokens.get(self.at).cloned() {
                Some(Token::Sum(sum)) => {
                    self.at += 1;
                    self.sum(sum);
                }
                _ => return self.simple(),
            },
        }
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        if !redirects.is_empty() {
            let mut body: Vec<Instruction> = self.code.split_off(start);
            shift(&mut body, start, 1);
            self.code.push(Instruction::Redirect(redirects));
            self.code.extend(body);
            self.code.push(Instruction::EndRedirect);
        }
        Ok(())
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, Fault> {
        let Some(Token::Operator(operator, number)) = self.tokens.get(self.at).cloned() else { return Ok(None) };
        let (how, default) = match operator.as_str() {
            ">" | ">|" => (How::Write, 1),
            ">>" => (How::Append, 1),
            "<" => (How::Read, 0),
            "<<" => (How::Here, 0),
            "<<<" => (How::HereString, 0),
            "&>" | "&>>" => (if operator == "&>" { How::Write } else { How::Append }, BOTH),
            ">&" => (How::Duplicate, 1),
            "<&" => (How::Duplicate, 0),
            _ => return Ok(None),
        };
        self.at += 1;
        match self.tokens.get(self.at).cloned() {
            Some(Token::Word(target) | Token::Here(target)) => {
                self.at += 1;
                Ok(Some(Redirect { number: number.unwrap_or(default), how, target }))
            }
            other => Err(unexpected(other.as_ref())),
        }
    }

    fn simple(&mut self) -> Result<(), Fault> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut arrays = Vec::new();
        loop {
            // Within `[[ … ]]` operators are words.
            let is_test =
                words.first().and_then(plain).is_some_and(|word| word == "[[") && words.last().and_then(plain).is_none_or(|word| word != "]]");
            if !is_test && let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let word = match self.tokens.get(self.at).cloned() {
                Some(Token::Word(word)) => word,
                Some(Token::Operator(operator, _)) if is_test && matches!(operator.as_str(), "&&" | "||" | "(" | ")" | "<" | ">") => {
                    let operator = match operator.as_str() {
                        "&&" => "-a".into(),
                        "||" => "-o".into(),
                        _ => operator,
                    };
                    vec![Part::Bare(operator)]
                }
                _ => break,
            };
            if let Some((name, value)) = words.is_empty().then(|| assignment(&word, self.manner.bash)).flatten() {
                assignments.push((name, value));
                self.at += 1;
                continue;
            }
            self.at += 1;
            if words.is_empty() && self.is("(") {
                return self.function(&word);
            }
            // `local name=(…)` declares the name, then gives it the array.
            if let [Part::Bare(name), Part::Array { .. }] = word.as_slice() {
                let declares = words.first().and_then(plain).is_some_and(|command| ["local", "readonly", "export"].contains(&command.as_str()));
                if !declares {
                    return Err("syntax error: unexpected \"(\"".into());
                }
                words.push(vec![Part::Bare(name.trim_end_matches(['=', '+']).to_owned())]);
                arrays.extend(assignment(&word, true));
                continue;
            }
            words.push(word);
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err(unexpected(self.tokens.get(self.at)));
        }
        self.code.push(Instruction::Simple { assignments, words, redirects, line: self.line });
        if !arrays.is_empty() {
            self.code.push(Instruction::Simple { assignments: arrays, words: Vec::new(), redirects: Vec::new(), line: self.line });
        }
        Ok(())
    }
}

/// Moves the jumps of code that is put `by` further on.
fn shift(code: &mut [Instruction], from: usize, by: usize) {
    for instruction in code {
        match instruction {
            Instruction::Jump(to)
            | Instruction::JumpIfFailed(to)
            | Instruction::JumpIfOk(to)
            | Instruction::ForNext { end: to, .. }
            | Instruction::CaseTest { otherwise: to, .. }
            | Instruction::Background { end: to }
            | Instruction::Function { end: to, .. }
                if *to >= from =>
            {
                *to += by;
            }
            Instruction::LoopBegin { end, next } => {
                *end += by;
                *next += by;
            }
            _ => {}
        }
    }
}

/// A program of one command with these words, as `exec` without a shell runs it.
pub fn of_words(words: &[String]) -> Rc<Program> {
    of_command(Vec::new(), words)
}

/// The same with variables that are set for it.
pub fn of_command(variables: Vec<(String, String)>, words: &[String]) -> Rc<Program> {
    let literal = |text: &str| vec![Part::Quoted(text.to_owned())];
    let assignments = variables.into_iter().map(|(name, value)| (name, literal(&value))).collect();
    let words = words.iter().map(|w| literal(w)).collect();
    Rc::new(Program { code: vec![Instruction::Simple { assignments, words, redirects: Vec::new(), line: 0 }] })
}
