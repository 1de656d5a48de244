//! A command line taken apart: words with their quotes, redirections, here-documents, pipes, lists.

use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Text(String),
    Variable { name: String, quoted: bool },
    Command { line: String, quoted: bool },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    /// Something of it stood in quotes, so that it is a word even when empty.
    pub(super) quoted: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Redirect {
    From(Word),
    Here { text: String, plain: bool },
    To(Word, bool),
    ErrTo(Word),
    ErrToOut,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Joiner {
    Always,
    And,
    Or,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) joiner: Joiner,
    pub(super) stages: VecDeque<Command>,
    pub(super) background: bool,
}

/// A line that runs: a value.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

pub(super) enum Token {
    Word(Word),
    Operator(&'static str),
}

const OPERATORS: [&str; 14] = ["&&", "||", "<<-", "<<", "2>&1", "2>>", "2>", "&>", ">>", ">", "<", "|", "&", ";"];

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
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
    pub(super) fn dollar(&mut self, quoted: bool) -> Result<Option<Part>, String> {
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

/// Takes a line apart. It may hold several: here-documents and further commands.
pub(super) fn parse(text: &str) -> Result<VecDeque<Step>, String> {
    let mut lexer = Lexer { text, at: 0 };
    let mut steps: VecDeque<Step> = VecDeque::new();
    let mut step = Step { joiner: Joiner::Always, stages: VecDeque::new(), background: false };
    let mut command = Command::default();
    // Where each here-document belongs: step, stage, redirection; its mark, and whether tabs go.
    let mut heres: Vec<([usize; 3], String, bool)> = Vec::new();
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
                        heres.push(([steps.len(), step.stages.len(), command.redirects.len()], mark, operator == "<<-"));
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
                    for ([at, stage, index], mark, strip) in heres.drain(..) {
                        let text = here_document(&mut lexer, &mark, strip);
                        let owner = match steps.get_mut(at) {
                            Some(done) => done.stages.get_mut(stage),
                            None if stage < step.stages.len() => step.stages.get_mut(stage),
                            None => Some(&mut command),
                        };
                        if let Some(Redirect::Here { text: slot, .. }) = owner.and_then(|c| c.redirects.get_mut(index)) {
                            *slot = text;
                        }
                    }
                }
                let empty = command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty();
                if empty && matches!(operator, Some("|" | "&&" | "||" | "&"))
                    || empty && operator == Some(";") && !text.contains('\n') && steps.is_empty() && step.stages.is_empty()
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
                    steps.push_back(std::mem::replace(&mut step, Step { joiner: next, stages: VecDeque::new(), background: false }));
                }
                if operator.is_none() {
                    return Ok(steps);
                }
            }
        }
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
