//! Label selectors as people type them: `a=b,c!=d,e in (f,g),!h`. Models the lexer and parser of `apimachinery/pkg/labels/selector.go`.

use crate::api::labels::Requirement;
use crate::api::order::SortedSet;
use crate::api::{Map, Selector, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    End,
    Word,
    Sign,
}

/// What stands at the head of the text, and the rest behind it.
struct Lexer<'a> {
    rest: &'a str,
}

const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", "<", ">"];

impl<'a> Lexer<'a> {
    fn peek(&self) -> (Token, &'a str) {
        let text = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() {
            return (Token::End, "");
        }
        if let Some(sign) = SIGNS.iter().find(|s| text.starts_with(**s)) {
            return (Token::Sign, &text[..sign.len()]);
        }
        let end = text.find([' ', '\t', '\r', '\n', '=', '!', '(', ')', ',', '<', '>']).unwrap_or(text.len());
        (Token::Word, &text[..end])
    }

    fn take(&mut self) -> (Token, &'a str) {
        let found = self.peek();
        let text = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.rest = text.get(found.1.len()..).unwrap_or("");
        found
    }

    fn at_end(&self) -> bool {
        matches!(self.peek(), (Token::End, _) | (_, ","))
    }
}

/// The selector, or what the server says of its text.
pub fn parse(text: &str) -> Result<Selector, String> {
    let mut lexer = Lexer { rest: text };
    let mut selector = Selector::default();
    loop {
        match lexer.peek() {
            (Token::End, _) => return Ok(selector),
            (Token::Word, _) | (_, "!") => {}
            (_, found) => return Err(format!("found '{found}', expected: !, identifier, or 'end of string'")),
        }
        let requirement = requirement(&mut lexer).map_err(|why| format!("unable to parse requirement: {why}"))?;
        selector.requirements.push(requirement);
        match lexer.take() {
            (Token::End, _) => return Ok(selector),
            (_, ",") => {
                let (token, found) = lexer.peek();
                if token != Token::Word && found != "!" {
                    return Err(format!("found '{found}', expected: identifier after ','"));
                }
            }
            (_, found) => return Err(format!("found '{found}', expected: ',' or 'end of string'")),
        }
    }
}

fn requirement(lexer: &mut Lexer) -> Result<Requirement, String> {
    let absent = lexer.peek().1 == "!";
    if absent {
        lexer.take();
    }
    let (token, key) = lexer.take();
    if token != Token::Word {
        return Err(format!("found '{key}', expected: identifier"));
    }
    if let Some(problem) = key_problem(key) {
        return Err(format!("<nil>: Invalid value: {key:?}: {problem}"));
    }
    if absent {
        return Ok(Requirement::DoesNotExist(key.into()));
    }
    if lexer.at_end() {
        return Ok(Requirement::Exists(key.into()));
    }
    let (_, operator) = lexer.take();
    let values = match operator {
        "in" | "notin" => set(lexer)?,
        "=" | "==" | "!=" | "<" | ">" => vec![exact(lexer)?],
        other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
    };
    if values.is_empty() {
        return Err("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty".into());
    }
    if matches!(operator, "<" | ">") && values[0].parse::<i64>().is_err() {
        return Err(format!("values[0]: Invalid value: {:?}: for 'Gt', 'Lt' operators, the value must be an integer", values[0]));
    }
    for (index, value) in values.iter().enumerate() {
        if let Some(problem) = value_problem(value) {
            return Err(format!("values[{index}][{key}]: Invalid value: {value:?}: {problem}"));
        }
    }
    let key = key.to_owned();
    let bound = values[0].parse().unwrap_or(0);
    Ok(match operator {
        "in" | "=" | "==" => Requirement::In(key, values),
        "<" => Requirement::LessThan(key, bound),
        ">" => Requirement::GreaterThan(key, bound),
        _ => Requirement::NotIn(key, values),
    })
}

/// `(a,b)`: sorted, each once; between two commas stands an empty value.
fn set(lexer: &mut Lexer) -> Result<Vec<String>, String> {
    let (_, open) = lexer.take();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    let mut values = SortedSet::new();
    match lexer.peek() {
        (_, ")") => {
            lexer.take();
            return Ok(Vec::new());
        }
        (Token::Word, _) | (_, ",") => {}
        (_, found) => return Err(format!("found '{found}', expected: ',', ')' or identifier")),
    }
    loop {
        match lexer.take() {
            (Token::Word, word) => {
                values.insert(word.to_owned());
                match lexer.peek() {
                    (_, ",") => {}
                    (_, ")") => break,
                    (_, found) => return Err(format!("found '{found}', expected: ',' or ')'")),
                }
            }
            (_, ",") => match lexer.peek().1 {
                ")" => {
                    values.insert(String::new());
                    break;
                }
                "," => {
                    lexer.take();
                    values.insert(String::new());
                }
                _ if values.is_empty() => {
                    values.insert(String::new());
                }
                _ => {}
            },
            (_, found) => return Err(format!("found '{found}', expected: ',', or identifier")),
        }
    }
    lexer.take();
    Ok(values.into_iter().collect())
}

fn exact(lexer: &mut Lexer) -> Result<String, String> {
    if lexer.at_end() {
        return Ok(String::new());
    }
    match lexer.take() {
        (Token::Word, word) => Ok(word.to_owned()),
        (_, found) => Err(format!("found '{found}', expected: identifier")),
    }
}

/// As a `metav1.LabelSelector` (`metav1.ParseToLabelSelector`).
pub fn to_value(selector: &Selector) -> Value {
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for requirement in &selector.requirements {
        match requirement {
            Requirement::In(key, values) if values.len() == 1 => {
                labels.insert(key.clone(), json!(values[0]));
            }
            Requirement::In(key, values) => expressions.push(json!({"key": key, "operator": "In", "values": values})),
            Requirement::NotIn(key, values) => expressions.push(json!({"key": key, "operator": "NotIn", "values": values})),
            Requirement::Exists(key) => expressions.push(json!({"key": key, "operator": "Exists"})),
            Requirement::DoesNotExist(key) => expressions.push(json!({"key": key, "operator": "DoesNotExist"})),
            // A LabelSelector has no word for these.
            Requirement::GreaterThan(..) | Requirement::LessThan(..) => {}
        }
    }
    let mut out = Map::new();
    if !expressions.is_empty() {
        out.insert("matchExpressions".into(), Value::Array(expressions));
    }
    if !labels.is_empty() {
        out.insert("matchLabels".into(), Value::Object(labels));
    }
    Value::Object(out)
}

/// What keeps a text from being a label's key (`IsQualifiedName`), its prefix aside.
fn key_problem(key: &str) -> Option<String> {
    let name = key.split_once('/').map_or(key, |(_, name)| name);
    if name.is_empty() {
        return Some(
            "name part must be non-empty; name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
             alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
                .into(),
        );
    }
    let mut problems = Vec::new();
    if name.len() > 63 {
        problems.push("name part must be no more than 63 bytes");
    }
    if !is_label_text(name) {
        problems.push(
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
             'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        );
    }
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// What keeps a text from being a label's value (`IsValidLabelValue`).
pub fn value_problem(value: &str) -> Option<String> {
    let mut problems = Vec::new();
    if value.len() > 63 {
        problems.push("must be no more than 63 bytes");
    }
    if !value.is_empty() && !is_label_text(value) {
        problems.push(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
             alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
             '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        );
    }
    (!problems.is_empty()).then(|| problems.join("; "))
}

fn is_label_text(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(ends) && text.ends_with(ends) && text.chars().all(|c| ends(c) || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_reads_as_the_server_reads_it() {
        let own = |text: &str| parse(text).map(|s| s.requirements);
        let (s, list) = (str::to_owned, |all: &[&str]| all.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            own("a=b, c != d,e in (f, g),!h,i,j notin (k),l>3"),
            Ok(vec![
                Requirement::In(s("a"), list(&["b"])),
                Requirement::NotIn(s("c"), list(&["d"])),
                Requirement::In(s("e"), list(&["f", "g"])),
                Requirement::DoesNotExist(s("h")),
                Requirement::Exists(s("i")),
                Requirement::NotIn(s("j"), list(&["k"])),
                Requirement::GreaterThan(s("l"), 3),
            ])
        );
        assert_eq!(own("a="), Ok(vec![Requirement::In(s("a"), list(&[""]))]));
        assert_eq!(own("in=x"), Ok(vec![Requirement::In(s("in"), list(&["x"]))]));
    }

    #[test]
    fn a_wrong_one_fails_in_its_words() {
        for (text, error) in [
            ("app in (web", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("a=b,", "found '', expected: identifier after ','"),
            ("=b", "found '=', expected: !, identifier, or 'end of string'"),
            ("a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
        ] {
            assert_eq!(parse(text).map(|s| s.requirements), Err(error.to_owned()), "{text}");
        }
    }
}
