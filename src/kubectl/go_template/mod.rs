//! Go templates as far as people write them for `-o go-template`: fields, `range`, `if`, `with`, `len`, `index`, comparisons, `printf`.
//!
//! Models `text/template`; assignments to variables are the only statements besides.

mod functions;

use self::functions::{FUNCTIONS, call, truth};
use super::jsonpath::{go_show, show};
use crate::api::order::SortedMap;
use crate::api::{Value, float, json};

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Print(Vec<Vec<Word>>),
    Assign(String, Vec<Vec<Word>>),
    If(Vec<Vec<Word>>, Vec<Node>, Vec<Node>),
    With(Vec<Vec<Word>>, Vec<Node>, Vec<Node>),
    Range(Vec<String>, Vec<Vec<Word>>, Vec<Node>, Vec<Node>),
}

#[derive(Clone, Debug)]
enum Word {
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Literal(Value),
    Function(String),
    Group(Vec<Vec<Word>>, Vec<String>),
}

#[derive(Clone, Debug)]
pub struct GoTemplate {
    nodes: Vec<Node>,
}

type Scope = SortedMap<String, Value>;
const DEEPEST: usize = 40;

/// The template cut into text and actions.
fn pieces(text: &str) -> Result<Vec<(bool, String)>, String> {
    let mut out: Vec<(bool, String)> = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let mut before = rest[..open].to_owned();
        rest = &rest[open + 2..];
        if let Some(after) = rest.strip_prefix("- ") {
            before.truncate(before.trim_end().len());
            rest = after;
        }
        out.push((false, before));
        let (mut quote, mut escaped) = (None, false);
        let close = rest.char_indices().find(|(i, c)| {
            if std::mem::take(&mut escaped) {
                return false;
            }
            match (quote, *c) {
                (Some('"'), '\\') => escaped = true,
                (Some(q), c) if q == c => quote = None,
                (None, '"' | '`') => quote = Some(*c),
                (None, '}') => return rest[*i..].starts_with("}}"),
                _ => {}
            }
            false
        });
        let Some((close, _)) = close else { return Err("unclosed action".into()) };
        let mut action = rest[..close].to_owned();
        rest = &rest[close + 2..];
        if action.ends_with(" -") {
            action.truncate(action.len() - 2);
            rest = rest.trim_start();
        }
        out.push((true, action.trim().to_owned()));
    }
    out.push((false, rest.to_owned()));
    Ok(out)
}

impl GoTemplate {
    pub fn parse(text: &str) -> Result<Self, String> {
        let pieces = pieces(text).map_err(|e| format!("template: output:1: {e}"))?;
        let mut at = 0;
        let (nodes, end) = block(&pieces, &mut at, 0).map_err(|e| format!("template: output:1: {e}"))?;
        match end.as_str() {
            "" => Ok(Self { nodes }),
            other => Err(format!("template: output:1: unexpected {{{{{other}}}}}")),
        }
    }

    pub fn text(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        run(&self.nodes, value, &mut Scope::from([("$".into(), value.clone())]), &mut out)?;
        Ok(out)
    }
}

/// Nodes up to `end` or `else`, and which of them it was.
fn block(pieces: &[(bool, String)], at: &mut usize, depth: usize) -> Result<(Vec<Node>, String), String> {
    if depth > DEEPEST {
        return Err("nested too deep".into());
    }
    let mut nodes = Vec::new();
    while let Some((action, text)) = pieces.get(*at) {
        *at += 1;
        if !action {
            if !text.is_empty() {
                nodes.push(Node::Text(text.clone()));
            }
            continue;
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "end" | "else" => return Ok((nodes, text.clone())),
            "if" | "with" | "range" if rest.trim().is_empty() => return Err(format!("missing value for {word}")),
            "if" | "with" => {
                let condition = pipeline(rest)?;
                let (yes, no) = branches(pieces, at, depth)?;
                nodes.push(if word == "if" { Node::If(condition, yes, no) } else { Node::With(condition, yes, no) });
            }
            "range" => {
                let (names, rest) = match rest.split_once(":=") {
                    Some((names, rest)) => (names.split(',').map(|n| n.trim().to_owned()).collect(), rest),
                    None => (Vec::new(), rest),
                };
                let list = pipeline(rest)?;
                let (yes, no) = branches(pieces, at, depth)?;
                nodes.push(Node::Range(names, list, yes, no));
            }
            _ if text.starts_with("/*") || text.is_empty() => {}
            _ if text.starts_with('$') && text.contains('=') => {
                let (name, rest) = text.split_once(":=").or_else(|| text.split_once('=')).unwrap_or((text, ""));
                nodes.push(Node::Assign(name.trim().into(), pipeline(rest)?));
            }
            _ => nodes.push(Node::Print(pipeline(text)?)),
        }
    }
    Ok((nodes, String::new()))
}

fn branches(pieces: &[(bool, String)], at: &mut usize, depth: usize) -> Result<(Vec<Node>, Vec<Node>), String> {
    let (yes, end) = block(pieces, at, depth + 1)?;
    match end.as_str() {
        "end" => Ok((yes, Vec::new())),
        "else" => match block(pieces, at, depth + 1)? {
            (no, end) if end == "end" => Ok((yes, no)),
            _ => Err("unexpected EOF".into()),
        },
        _ => match end.strip_prefix("else if ") {
            Some(condition) => {
                let condition = pipeline(condition)?;
                let (inner, no) = branches(pieces, at, depth + 1)?;
                Ok((yes, vec![Node::If(condition, inner, no)]))
            }
            None => Err("unexpected EOF".into()),
        },
    }
}

fn pipeline(text: &str) -> Result<Vec<Vec<Word>>, String> {
    let mut at = 0;
    let found = commands(text, &mut at, 0)?;
    if at < text.len() {
        Err(format!("unexpected {:?} in operand", &text[at..at + text[at..].chars().next().map_or(0, char::len_utf8)]))
    } else {
        Ok(found)
    }
}

fn commands(text: &str, at: &mut usize, depth: usize) -> Result<Vec<Vec<Word>>, String> {
    if depth > DEEPEST {
        return Err("nested too deep".into());
    }
    let mut out = vec![Vec::new()];
    while let Some(c) = text[*at..].chars().next() {
        match c {
            c if c.is_whitespace() => *at += c.len_utf8(),
            ')' => break,
            '|' => {
                *at += 1;
                out.push(Vec::new());
            }
            _ => {
                let word = word(text, at, depth)?;
                if let Some(last) = out.last_mut() {
                    last.push(word);
                }
            }
        }
    }
    Ok(out)
}

fn fields(text: &str, at: &mut usize) -> Vec<String> {
    let end = text[*at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).map_or(text.len(), |n| *at + n);
    let found = text[*at..end].split('.').filter(|f| !f.is_empty()).map(str::to_owned).collect();
    *at = end;
    found
}

fn word(text: &str, at: &mut usize, depth: usize) -> Result<Word, String> {
    let rest = &text[*at..];
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        '.' => Ok(Word::Field(fields(text, at))),
        '$' => {
            let end = rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(rest.len(), |n| n + 1);
            let name = rest[..end].to_owned();
            *at += end;
            Ok(Word::Variable(name, if text[*at..].starts_with('.') { fields(text, at) } else { Vec::new() }))
        }
        '(' => {
            *at += 1;
            let inner = commands(text, at, depth + 1)?;
            if !text[*at..].starts_with(')') {
                return Err("unclosed left paren".into());
            }
            *at += 1;
            Ok(Word::Group(inner, if text[*at..].starts_with('.') { fields(text, at) } else { Vec::new() }))
        }
        '"' | '`' => {
            let mut out = String::new();
            let mut chars = rest.char_indices().skip(1);
            while let Some((i, c)) = chars.next() {
                match c {
                    c if c == first => {
                        *at += i + 1;
                        return Ok(Word::Literal(Value::String(out)));
                    }
                    '\\' if first == '"' => match chars.next() {
                        Some((_, 'n')) => out.push('\n'),
                        Some((_, 't')) => out.push('\t'),
                        Some((_, c)) => out.push(c),
                        None => break,
                    },
                    c => out.push(c),
                }
            }
            Err("unterminated quoted string".into())
        }
        c if c.is_ascii_digit() || c == '-' => {
            let end = rest[1..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(rest.len(), |n| n + 1);
            *at += end;
            let number = rest[..end].parse::<i64>().ok().map(Value::from).or_else(|| float::read(&rest[..end]).map(Value::from));
            number.map(Word::Literal).ok_or_else(|| format!("bad number syntax: {:?}", &rest[..end]))
        }
        c if c.is_alphabetic() => {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            *at += end;
            Ok(match &rest[..end] {
                "true" => Word::Literal(json!(true)),
                "false" => Word::Literal(json!(false)),
                "nil" => Word::Literal(Value::Null),
                name if FUNCTIONS.contains(&name) => Word::Function(name.into()),
                name => return Err(format!("function {name:?} not defined")),
            })
        }
        c => Err(format!("unexpected {:?} in command", c.to_string())),
    }
}

fn run(nodes: &[Node], dot: &Value, scope: &mut Scope, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(commands) => {
                let value = evaluate(commands, dot, scope)?;
                out.push_str(&if value.is_null() { "<no value>".into() } else { go_show(&value) });
            }
            Node::Assign(name, commands) => {
                let value = evaluate(commands, dot, scope)?;
                scope.insert(name.clone(), value);
            }
            Node::If(condition, yes, no) => {
                let branch = if truth(&evaluate(condition, dot, scope)?) { yes } else { no };
                run(branch, dot, scope, out)?;
            }
            Node::With(condition, yes, no) => {
                let value = evaluate(condition, dot, scope)?;
                if truth(&value) { run(yes, &value, scope, out)? } else { run(no, dot, scope, out)? }
            }
            Node::Range(names, list, yes, no) => {
                let list = evaluate(list, dot, scope)?;
                let items: Vec<(Value, Value)> = match list {
                    Value::Array(items) => items.into_iter().enumerate().map(|(i, v)| (json!(i), v)).collect(),
                    Value::Object(map) => map.into_iter().map(|(k, v)| (json!(k), v)).collect(),
                    Value::Null => Vec::new(),
                    other => return Err(format!("range can't iterate over {}", show(&other))),
                };
                if items.is_empty() {
                    run(no, dot, scope, out)?;
                }
                for (key, item) in items {
                    match names.as_slice() {
                        [one] => drop(scope.insert(one.clone(), item.clone())),
                        [first, second, ..] => {
                            scope.insert(first.clone(), key);
                            scope.insert(second.clone(), item.clone());
                        }
                        [] => {}
                    }
                    run(yes, &item, scope, out)?;
                }
            }
        }
    }
    Ok(())
}

fn evaluate(commands: &[Vec<Word>], dot: &Value, scope: &Scope) -> Result<Value, String> {
    let mut carried: Option<Value> = None;
    for command in commands {
        let mut values = Vec::new();
        for word in command.iter().skip(usize::from(matches!(command.first(), Some(Word::Function(_))))) {
            values.push(operand(word, dot, scope)?);
        }
        values.extend(carried.take());
        carried = Some(match command.first() {
            Some(Word::Function(name)) => call(name, &values)?,
            _ => values.into_iter().next().unwrap_or(Value::Null),
        });
    }
    Ok(carried.unwrap_or(Value::Null))
}

fn operand(word: &Word, dot: &Value, scope: &Scope) -> Result<Value, String> {
    let down = |value: Value, path: &[String]| path.iter().fold(value, |v, f| v.get(f).cloned().unwrap_or(Value::Null));
    Ok(match word {
        Word::Field(path) => down(dot.clone(), path),
        Word::Variable(name, path) => down(scope.get(name).cloned().unwrap_or(Value::Null), path),
        Word::Literal(value) => value.clone(),
        Word::Group(commands, path) => down(evaluate(commands, dot, scope)?, path),
        Word::Function(name) => call(name, &[])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_print() {
        let value = json!({"items": [{"n": "a"}, {"n": "b"}], "phase": "Running"});
        let text = |t: &str| GoTemplate::parse(t).and_then(|t| t.text(&value));
        assert_eq!(text("{{range .items}}{{.n}}{{\"\\n\"}}{{end}}").as_deref(), Ok("a\nb\n"));
        assert_eq!(text("{{if eq .phase \"Running\"}}up{{else}}down{{end}}").as_deref(), Ok("up"));
        assert_eq!(text("{{len .items}} {{.nothing}}").as_deref(), Ok("2 <no value>"));
        assert_eq!(text("{{.a").err().as_deref(), Some("template: output:1: unclosed action"));
    }
}
