//! The text of a JSONPath template → its nodes, as `parser.go` reads it.

use super::Node;
use crate::api::{Value, float};

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

const DEEPEST: usize = 32;

/// All of a template. The error is the parser's own sentence.
pub(super) fn template(text: &str) -> Result<Vec<Node>, String> {
    Parser { text, at: 0 }.template(false, 0)
}

/// The text of an action alone, as filters and unions hold them (`parseAction`).
fn action(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    let text = format!("{text}}}");
    Parser { text: &text, at: 0 }.path(depth + 1)
}

fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len() } else { 0 };
        found
    }

    /// Text and actions up to the end of the template (or of a range).
    fn template(&mut self, in_range: bool, depth: usize) -> Result<Vec<Node>, String> {
        if depth > DEEPEST {
            return Err("template is nested too deep".into());
        }
        let mut nodes = Vec::new();
        // A range that is never ended goes to the end of the template.
        while !self.rest().is_empty() {
            let open = self.rest().find('{').unwrap_or(self.rest().len());
            if open > 0 {
                nodes.push(Node::Text(self.rest()[..open].to_owned()));
            }
            self.at += open;
            if !self.eat("{") {
                break;
            }
            let mut path = self.path(depth)?;
            match path.first() {
                Some(Node::Word(word)) if word == "range" => {
                    path.remove(0);
                    nodes.push(Node::Range(path, self.template(true, depth + 1)?));
                }
                Some(Node::Word(word)) if word == "end" && in_range => break,
                _ => nodes.push(Node::Action(path)),
            }
        }
        Ok(nodes)
    }

    /// What stands up to the next one that ends a word.
    fn word(&mut self) -> String {
        let start = self.at;
        while let Some(c) = self.peek().filter(|c| !ends_word(*c)) {
            self.at += c.len_utf8();
            if c == '\\' {
                self.next();
            }
        }
        self.text[start..self.at].to_owned()
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut out = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".into()),
                Some(c) if c == quote => return Ok(out),
                Some('\\') => {
                    let Some(next) = self.next() else { return Err("unterminated quoted string".into()) };
                    out.push(match next {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                Some(c) => out.push(c),
            }
        }
    }

    /// Inside of an action, up to its brace (`parseInsideAction`).
    fn path(&mut self, depth: usize) -> Result<Vec<Node>, String> {
        if depth > DEEPEST {
            return Err("template is nested too deep".into());
        }
        let mut nodes = Vec::new();
        loop {
            if self.eat("[?(") {
                nodes.push(self.filter(depth)?);
                continue;
            }
            if self.eat("..") {
                if matches!(nodes.last(), Some(Node::Recursive)) {
                    return Err("invalid multiple recursive descent".into());
                }
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(|c| c == '_' || c.is_alphanumeric()) {
                    nodes.push(Node::Field(self.word().replace('\\', "")));
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".into()),
                Some('}') => return Ok(nodes),
                Some(' ' | '@' | '$') => {}
                Some('[') => nodes.extend(self.bracket(depth)?),
                Some(c @ ('"' | '\'')) => {
                    let text = self.quoted(c)?;
                    nodes.push(Node::Literal(Value::String(text)));
                }
                Some('.') => match self.word().as_str() {
                    "*" => nodes.push(Node::Wildcard),
                    name => nodes.push(Node::Field(name.replace('\\', ""))),
                },
                Some(c) if c.is_ascii_digit() || c == '-' || c == '+' => {
                    let end = self.rest().find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(self.rest().len());
                    let text = &self.text[self.at - 1..self.at + end];
                    self.at += end;
                    let number = text.parse::<i64>().ok().map(Value::from).or_else(|| float::read(text).map(Value::from));
                    nodes.push(Node::Literal(number.ok_or_else(|| format!("cannot parse number {text}"))?));
                }
                Some(c) if c.is_alphanumeric() || c == '_' => {
                    self.at -= c.len_utf8();
                    let word = self.word();
                    nodes.push(match word.as_str() {
                        "true" | "false" => Node::Literal(Value::Bool(word == "true")),
                        _ => Node::Word(word),
                    });
                }
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            }
        }
    }

    /// `[?(LEFT OP RIGHT)]`, of which only the right side may have quotes.
    fn filter(&mut self, depth: usize) -> Result<Node, String> {
        let start = self.at;
        let mut quote = None;
        let mut quoted = false;
        loop {
            let before = self.text[..self.at].ends_with('\\');
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".into()),
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(q) => quoted |= q == c && !before,
                },
                Some(')') if quote.is_some() == quoted => break,
                Some(_) => {}
            }
        }
        let text = &self.text[start..self.at - 1];
        if !self.eat("]") {
            return Err("unclosed array expect ]".into());
        }
        let sign = |c: char| "!<>=".contains(c);
        let split = text.find(sign).filter(|at| *at > 0).and_then(|at| {
            let end = text[at..].find(|c| !sign(c)).map_or(text.len(), |n| at + n);
            (end < text.len()).then(|| (&text[..at], &text[at..end], &text[end..]))
        });
        Ok(match split {
            Some((left, op, right)) => Node::Filter { left: action(left, depth)?, op: op.into(), right: action(right, depth)? },
            None => Node::Filter { left: action(text, depth)?, op: "exists".into(), right: Vec::new() },
        })
    }

    /// `[0]`, `[1:3]`, `['a.b']`, `[a,b]`
    fn bracket(&mut self, depth: usize) -> Result<Vec<Node>, String> {
        let end = self.rest().find([']', '\n']).filter(|end| self.rest()[*end..].starts_with(']'));
        let Some(end) = end else { return Err("unterminated array".into()) };
        let text = &self.text[self.at..self.at + end];
        self.at += end + 1;
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let members = text.split(',').map(|member| action(&format!("[{}]", member.trim_matches(' ')), depth));
            return Ok(vec![Node::Union(members.collect::<Result<_, _>>()?)]);
        }
        if let Some(key) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|key| !key.contains('\'')) {
            return action(&format!(".{key}"), depth);
        }
        let mut parts = text.split(':');
        let mut number = || -> Result<Option<i64>, String> {
            match parts.next().unwrap_or("") {
                "" => Ok(None),
                part if part.strip_prefix('-').unwrap_or(part).bytes().all(|c| c.is_ascii_digit()) => {
                    part.parse().map(Some).map_err(|_| format!("array index {part} is not a number"))
                }
                _ => Err(format!("invalid array index {text}")),
            }
        };
        let (from, to, step) = (number()?, number()?, number()?);
        if parts.next().is_some() {
            return Err(format!("invalid array index {text}"));
        }
        Ok(vec![Node::Array { from, to, step, one: !text.contains(':') }])
    }
}
