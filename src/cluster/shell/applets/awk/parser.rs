//! Text → an `awk` program.

use super::tree::{Expression, Flow, Rule, Statement, When};
use crate::api::float;
use crate::cluster::shell::applets::unescape;
use crate::cluster::shell::regex::Regex;

/// Longer ones first.
const SIGNS: &[&str] = &[
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "!~", ">>", "**", "{", "}", "(", ")", "[", "]", ";",
    ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "|", "?", ":", "~", "$", "=",
];

pub(super) const FUNCTIONS: &[&str] =
    &["length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "toupper", "tolower", "int", "sqrt", "rand", "srand"];

const KEYWORDS: &[&str] = &[
    "if", "else", "while", "for", "do", "in", "print", "printf", "next", "exit", "break", "continue", "delete", "getline", "function", "BEGIN", "END",
];

/// Deeper nothing is nested, and longer no sum is.
const DEEPEST: usize = 60;
const LONGEST: usize = 200;

#[derive(Clone, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Name(String),
    Sign(&'static str),
    Line,
    End,
}

type Read<T> = Result<T, &'static str>;

const UNEXPECTED: &str = "Unexpected token";

pub(super) struct Parser {
    text: Vec<char>,
    /// Where the token begins, and what follows it.
    begin: usize,
    at: usize,
    token: Token,
    depth: usize,
    ranges: usize,
    /// Inside of the words of a `print`, where `>` names a file.
    prints: bool,
}

/// Reads a program; the error is what `awk` says.
pub(super) fn read(text: &str) -> Read<Vec<Rule>> {
    let mut parser = Parser { text: text.chars().collect(), begin: 0, at: 0, token: Token::Line, depth: 0, ranges: 0, prints: false };
    let mut rules = Vec::new();
    parser.pass()?;
    loop {
        parser.ends()?;
        if parser.token == Token::End {
            return Ok(rules);
        }
        rules.push(parser.rule()?);
    }
}

impl Parser {
    /// The next token.
    fn pass(&mut self) -> Read<()> {
        loop {
            match (self.text.get(self.at), self.text.get(self.at + 1)) {
                (Some(' ' | '\t' | '\r'), _) => self.at += 1,
                (Some('\\'), Some('\n')) => self.at += 2,
                (Some('#'), _) => self.at += self.text[self.at..].iter().take_while(|c| **c != '\n').count(),
                _ => break,
            }
        }
        self.begin = self.at;
        let rest = &self.text[self.at..];
        let Some(&first) = rest.first() else {
            self.token = Token::End;
            return Ok(());
        };
        let run = |is: &dyn Fn(char) -> bool| rest.iter().take_while(|c| is(**c)).collect::<String>();
        let number = first.is_ascii_digit() || first == '.' && rest.get(1).is_some_and(char::is_ascii_digit);
        self.token = if number {
            let mut text = run(&|c| c.is_ascii_digit() || c == '.');
            let behind: String = rest[text.len()..].iter().take(3).collect();
            let exponent = behind
                .strip_prefix(['e', 'E'])
                .map(|b| b.trim_start_matches(['+', '-']))
                .is_some_and(|b| b.starts_with(|c: char| c.is_ascii_digit()));
            if exponent {
                let sign = usize::from(!behind[1..].starts_with(|c: char| c.is_ascii_digit()));
                text.extend(&rest[text.len()..=text.len() + sign]);
                text.extend(rest[text.len()..].iter().take_while(|c| c.is_ascii_digit()));
            }
            self.at += text.len();
            Token::Number(float::read(&text).ok_or(UNEXPECTED)?)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let name = run(&|c| c.is_ascii_alphanumeric() || c == '_');
            self.at += name.len();
            Token::Name(name)
        } else if first == '\n' {
            self.at += 1;
            Token::Line
        } else if first == '"' {
            self.at += 1;
            let text = self.until('"')?;
            Token::Text(unescape(&text.replace("\\/", "/").replace("\\\"", "\"")))
        } else {
            let sign = SIGNS.iter().find(|sign| sign.chars().zip(rest).filter(|(a, b)| a == *b).count() == sign.len()).ok_or(UNEXPECTED)?;
            self.at += sign.len();
            Token::Sign(sign)
        };
        Ok(())
    }

    /// Up to a mark, which is passed; what is escaped stays so.
    fn until(&mut self, mark: char) -> Read<String> {
        let mut out = String::new();
        while let Some(&c) = self.text.get(self.at).filter(|c| **c != '\n') {
            self.at += 1;
            if c == mark {
                return Ok(out);
            }
            out.push(c);
            if c == '\\' {
                out.extend(self.text.get(self.at));
                self.at += 1;
            }
        }
        Err("Unexpected end of string")
    }

    fn is(&self, what: &str) -> bool {
        match &self.token {
            Token::Sign(sign) => *sign == what,
            Token::Name(name) => name == what && KEYWORDS.contains(&what),
            _ => false,
        }
    }

    fn takes(&mut self, what: &str) -> Read<bool> {
        let is = self.is(what);
        if is {
            self.pass()?;
        }
        Ok(is)
    }

    fn wants(&mut self, what: &str) -> Read<()> {
        if self.takes(what)? { Ok(()) } else { Err(UNEXPECTED) }
    }

    /// Passes over ends of lines and `;`.
    fn ends(&mut self) -> Read<()> {
        while self.token == Token::Line || self.is(";") {
            self.pass()?;
        }
        Ok(())
    }

    fn lines(&mut self) -> Read<()> {
        while self.token == Token::Line {
            self.pass()?;
        }
        Ok(())
    }

    fn name(&mut self) -> Read<String> {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                self.pass()?;
                Ok(name)
            }
            _ => Err(UNEXPECTED),
        }
    }

    fn rule(&mut self) -> Read<Rule> {
        let when = if self.takes("BEGIN")? {
            When::Begin
        } else if self.takes("END")? {
            When::End
        } else if self.is("{") {
            When::Always
        } else {
            let from = self.expression()?;
            if self.takes(",")? {
                self.lines()?;
                self.ranges += 1;
                When::Between(from, self.expression()?, self.ranges - 1)
            } else {
                When::If(from)
            }
        };
        let body = if self.is("{") { Some(self.block()?) } else { None };
        if body.is_none() && matches!(when, When::Begin | When::End) { Err(UNEXPECTED) } else { Ok(Rule { when, body }) }
    }

    fn block(&mut self) -> Read<Vec<Statement>> {
        self.wants("{")?;
        let mut all = Vec::new();
        loop {
            self.ends()?;
            if self.takes("}")? {
                return Ok(all);
            }
            self.statement(&mut all)?;
        }
    }

    /// A statement or a block as the body of another.
    fn body(&mut self) -> Read<Vec<Statement>> {
        self.lines()?;
        if self.takes(";")? {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        self.statement(&mut all)?;
        Ok(all)
    }

    fn statement(&mut self, all: &mut Vec<Statement>) -> Read<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(UNEXPECTED);
        }
        let simple = !(self.is("{") || self.is("if") || self.is("while") || self.is("for"));
        if self.is("{") {
            all.extend(self.block()?);
        } else if self.takes("if")? {
            let asked = self.asked()?;
            let then = self.body()?;
            // An `else` may stand behind a `;` and in the next line.
            let saved = (self.begin, self.at, self.token.clone());
            self.ends()?;
            let other = if self.takes("else")? {
                self.body()?
            } else {
                (self.begin, self.at, self.token) = saved;
                Vec::new()
            };
            all.push(Statement::If(asked, then, other));
        } else if self.takes("while")? {
            let asks = Some(self.asked()?);
            all.push(Statement::Loop { asks, steps: None, body: self.body()?, first: false });
        } else if self.takes("for")? {
            self.looped(all)?;
        } else if self.takes("do")? {
            let body = self.body()?;
            self.ends()?;
            self.wants("while")?;
            let asks = Some(self.asked()?);
            all.push(Statement::Loop { asks, steps: None, body, first: true });
        } else {
            all.push(self.simple()?);
        }
        self.depth -= 1;
        let ended = !simple || matches!(self.token, Token::Line | Token::End) || self.is(";") || self.is("}");
        if ended { Ok(()) } else { Err(UNEXPECTED) }
    }

    /// `( … )` behind `if` and `while`.
    fn asked(&mut self) -> Read<Expression> {
        self.wants("(")?;
        let asked = self.expression()?;
        self.wants(")")?;
        Ok(asked)
    }

    /// Behind `for`.
    fn looped(&mut self, all: &mut Vec<Statement>) -> Read<()> {
        self.wants("(")?;
        let saved = (self.begin, self.at, self.token.clone());
        if let Ok(name) = self.name()
            && self.takes("in")?
            && let Ok(array) = self.name()
            && self.takes(")")?
        {
            let body = self.body()?;
            all.push(Statement::Each(name, array, body));
            return Ok(());
        }
        (self.begin, self.at, self.token) = saved;
        if !self.is(";") {
            all.push(self.simple()?);
        }
        self.wants(";")?;
        let asks = if self.is(";") { None } else { Some(self.expression()?) };
        self.wants(";")?;
        let steps = if self.is(")") { None } else { Some(self.expression()?) };
        self.wants(")")?;
        all.push(Statement::Loop { asks, steps, body: self.body()?, first: false });
        Ok(())
    }

    fn simple(&mut self) -> Read<Statement> {
        for (word, flow) in [("next", Flow::Next), ("break", Flow::Break), ("continue", Flow::Continue)] {
            if self.takes(word)? {
                return Ok(Statement::Flow(flow));
            }
        }
        let formatted = self.is("printf");
        if formatted || self.is("print") {
            self.pass()?;
            return self.print(formatted);
        }
        if self.takes("exit")? {
            let code = if self.is_over() { None } else { Some(self.expression()?) };
            return Ok(Statement::Exit(code));
        }
        if self.takes("delete")? {
            let name = self.name()?;
            let index = if self.takes("[")? { Some(self.list("]")?) } else { None };
            return Ok(Statement::Delete(name, index));
        }
        Ok(Statement::Does(self.expression()?))
    }

    fn is_over(&self) -> bool {
        matches!(self.token, Token::Line | Token::End) || self.is(";") || self.is("}")
    }

    fn print(&mut self, formatted: bool) -> Read<Statement> {
        self.prints = true;
        let mut what = Vec::new();
        // `print (a, b) > "file"`
        let saved = (self.begin, self.at, self.token.clone());
        let mut listed = false;
        if self.takes("(")? {
            self.prints = false;
            what = self.list(")")?;
            self.prints = true;
            listed = self.is_over() || self.is(">") || self.is(">>");
        }
        if !listed {
            (self.begin, self.at, self.token) = saved;
            what.clear();
            while !self.is_over() && !self.is(">") && !self.is(">>") {
                what.push(self.expression()?);
                if !self.takes(",")? {
                    break;
                }
                self.lines()?;
            }
        }
        self.prints = false;
        let appends = self.is(">>");
        let to = if appends || self.is(">") {
            self.pass()?;
            Some((appends, self.level(CONCATENATED)?))
        } else {
            None
        };
        if formatted && what.is_empty() { Err(UNEXPECTED) } else { Ok(Statement::Print { formatted, what, to }) }
    }

    /// Expressions up to a closing sign, which is passed.
    fn list(&mut self, close: &str) -> Read<Vec<Expression>> {
        let mut all = Vec::new();
        let prints = std::mem::replace(&mut self.prints, false);
        self.lines()?;
        while !self.is(close) {
            all.push(self.expression()?);
            self.lines()?;
            if !self.takes(",")? {
                break;
            }
            self.lines()?;
        }
        self.prints = prints;
        self.wants(close)?;
        Ok(all)
    }

    fn expression(&mut self) -> Read<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(UNEXPECTED);
        }
        let left = self.level(0)?;
        let assigns = ["=", "+=", "-=", "*=", "/=", "%=", "^=", "**="].into_iter().find(|sign| self.is(sign));
        let value = match assigns {
            Some(sign) if is_place(&left) => {
                self.pass()?;
                self.lines()?;
                Expression::Assign(Box::new(left), sign.trim_end_matches('='), Box::new(self.expression()?))
            }
            Some(_) => return Err(UNEXPECTED),
            None if self.takes("?")? => {
                self.lines()?;
                let yes = self.expression()?;
                self.lines()?;
                self.wants(":")?;
                self.lines()?;
                Expression::Either(Box::new(left), Box::new(yes), Box::new(self.expression()?))
            }
            None => left,
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Operators of two sides, weakest first.
    fn level(&mut self, level: usize) -> Read<Expression> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        for _ in 0..LONGEST {
            if level == CONCATENATED {
                if !self.begins_value() {
                    return Ok(left);
                }
                let right = self.level(level + 1)?;
                left = Expression::Binary(" ", Box::new(left), Box::new(right));
                continue;
            }
            let Some(sign) = signs.iter().find(|sign| self.is(sign) && !(self.prints && **sign == ">")) else { return Ok(left) };
            self.pass()?;
            if *sign == "in" {
                left = Expression::In(vec![left], self.name()?);
                continue;
            }
            self.lines()?;
            let right = self.level(level + 1)?;
            left = Expression::Binary(sign, Box::new(left), Box::new(right));
        }
        Err(UNEXPECTED)
    }

    fn begins_value(&self) -> bool {
        match &self.token {
            Token::Number(_) | Token::Text(_) => true,
            Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
            Token::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "++" | "--"),
            Token::Line | Token::End => false,
        }
    }

    fn unary(&mut self) -> Read<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(UNEXPECTED);
        }
        let sign = ["!", "-", "+"].into_iter().find(|sign| self.is(sign));
        let value = match sign {
            Some(sign) => {
                self.pass()?;
                Expression::Unary(sign, Box::new(self.unary()?))
            }
            None => {
                let base = self.stepped()?;
                if self.takes("^")? || self.takes("**")? { Expression::Binary("^", Box::new(base), Box::new(self.unary()?)) } else { base }
            }
        };
        self.depth -= 1;
        Ok(value)
    }

    /// `x++`, `--x`
    fn stepped(&mut self) -> Read<Expression> {
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if self.takes(sign)? {
                let place = self.primary()?;
                return if is_place(&place) { Ok(Expression::Step(Box::new(place), true, by)) } else { Err(UNEXPECTED) };
            }
        }
        let value = self.primary()?;
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if is_place(&value) && self.takes(sign)? {
                return Ok(Expression::Step(Box::new(value), false, by));
            }
        }
        Ok(value)
    }

    fn primary(&mut self) -> Read<Expression> {
        match self.token.clone() {
            Token::Number(number) => {
                self.pass()?;
                Ok(Expression::Number(number))
            }
            Token::Text(text) => {
                self.pass()?;
                Ok(Expression::Text(text))
            }
            Token::Sign("/" | "/=") => {
                self.at = self.begin + 1;
                let pattern = self.until('/')?.replace("\\/", "/");
                self.pass()?;
                Ok(Expression::Fits(Regex::new(&pattern, true, false), pattern))
            }
            Token::Sign("$") => {
                self.pass()?;
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(UNEXPECTED);
                }
                let sign = self.is("-") || self.is("++") || self.is("--");
                let number = if sign { self.unary()? } else { self.primary()? };
                self.depth -= 1;
                Ok(Expression::Field(Box::new(number)))
            }
            Token::Sign("(") => {
                self.pass()?;
                let mut all = self.list(")")?;
                if self.is("in") {
                    self.pass()?;
                    return Ok(Expression::In(all, self.name()?));
                }
                match all.len() {
                    // In brackets nothing is assigned to: they are kept as a sum of one.
                    1 => Ok(Expression::Unary("(", Box::new(all.remove(0)))),
                    _ => Err(UNEXPECTED),
                }
            }
            Token::Name(name) => {
                if let Some(function) = FUNCTIONS.iter().find(|f| **f == name) {
                    self.pass()?;
                    let words = if self.takes("(")? { self.list(")")? } else { Vec::new() };
                    return if words.is_empty() && !matches!(*function, "length" | "rand" | "srand") {
                        Err("Too few arguments")
                    } else {
                        Ok(Expression::Call(function, words))
                    };
                }
                let name = self.name()?;
                if self.is("(") && self.text.get(self.begin.wrapping_sub(1)).is_some_and(|c| *c != ' ') {
                    return Err("Call to undefined function");
                }
                Ok(if self.takes("[")? { Expression::Element(name, self.list("]")?) } else { Expression::Variable(name) })
            }
            Token::Sign(_) | Token::Line | Token::End => Err(UNEXPECTED),
        }
    }
}

/// Which of the levels puts side by side what stands side by side.
const CONCATENATED: usize = 5;
const LEVELS: [&[&str]; 8] = [&["||"], &["&&"], &["in"], &["~", "!~"], &["<", "<=", "==", "!=", ">=", ">"], &[], &["+", "-"], &["*", "/", "%"]];

fn is_place(expression: &Expression) -> bool {
    matches!(expression, Expression::Variable(_) | Expression::Field(_) | Expression::Element(..))
}
