//! What a word stands for: variables, `$(…)`, and the splitting of what stands in no quotes.

use super::Line;
use super::parse::{Lexer, Part, Word};
use crate::kubectl::OutputKind;
use crate::kubectl::env::Env;

/// How deep `$(…)` may stand in one another.
const DEEPEST: usize = 8;

/// A word's fields: unquoted expansions are split at blanks.
pub(super) fn expand(word: &Word, env: &mut Env, depth: usize) -> Vec<String> {
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
pub(super) fn expand_text(text: &str, env: &mut Env) -> String {
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
