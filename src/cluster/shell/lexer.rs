//! Script text → tokens. Quotes and substitutions are resolved into parts; their values come when a command runs.

use std::rc::Rc;

use super::applets::unescape;
use super::parser::{Fault, Manner, Program, is_name, parse_inside, unexpected};

/// A piece of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Quoted text: neither split nor globbed.
    Quoted(String),
    /// Bare text.
    Bare(String),
    /// `$name`, `${name:-word}`, `$1`, `$?`, …; `operator` is empty for the plain forms. bash's `${name[subscript]}`.
    Variable { name: String, subscript: Word, operator: String, argument: Word, quoted: bool },
    /// `$(…)` or backticks.
    Command { program: Rc<Program>, quoted: bool },
    /// `$((…))`
    Arithmetic(Word),
    /// The value of `name=(…)`, or of `name+=(…)`.
    Array { words: Vec<Word>, added: bool },
    /// The value of `name[subscript]=value`, or of `name[subscript]+=value`.
    Element { subscript: Word, value: Word, added: bool },
}

pub type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Word(Word),
    /// `;`, `&`, `&&`, `||`, `|`, `(`, `)`, `;;`, `>`, `>>`, `<`, `<<`, `>&`, `<&`, newline as `\n`. A redirect carries its file number.
    Operator(String, Option<u32>),
    /// The text of a here-document.
    Here(Word),
    /// bash's `((…))`
    Sum(Word),
}

/// How deep quotes and substitutions may nest.
const DEEPEST: usize = 40;

pub struct Lexer<'a> {
    text: &'a [char],
    at: usize,
    manner: Manner,
    /// Here-documents whose text begins after this line: (index of the token to fill, end mark, quoted, tabs stripped).
    waiting: Vec<(usize, String, bool, bool)>,
    open: bool,
}

/// The tokens of a script, or what is wrong with it.
///
/// With them whether something is open at the end that a script may leave open, but a person's next line goes on with: a backslash, a here-document.
pub fn tokens(text: &str, manner: Manner) -> Result<(Vec<Token>, bool), Fault> {
    if manner.depth > DEEPEST {
        return Err("too deeply nested".into());
    }
    let characters: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { text: &characters, at: 0, manner, waiting: Vec::new(), open: false };
    let mut found = Vec::new();
    while lexer.next(&mut found)? {}
    Ok((found, lexer.open || !lexer.waiting.is_empty()))
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn starts(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }

    fn next(&mut self, found: &mut Vec<Token>) -> Result<bool, Fault> {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.starts("\\\n") => self.go_on(2),
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
        let Some(c) = self.peek() else { return Ok(false) };
        if c == '\n' {
            self.at += 1;
            found.push(Token::Operator("\n".into(), None));
            for (index, mark, quoted, tabs) in std::mem::take(&mut self.waiting) {
                let body = self.here(&mark, quoted, tabs)?;
                found[index] = Token::Here(body);
            }
            return Ok(true);
        }
        let start = self.at;
        let mut digits = String::new();
        while let Some(d) = self.peek().filter(char::is_ascii_digit) {
            digits.push(d);
            self.at += 1;
        }
        let number = digits.parse().ok().filter(|_| matches!(self.peek(), Some('<' | '>')));
        if number.is_none() {
            self.at = start;
        }
        if self.manner.bash && self.starts("((") && begins_command(found) {
            let at = self.at;
            let inner = self.until_closed(2);
            // `((a); b)` is a subshell in a subshell.
            if self.text.get(self.at.saturating_sub(1)) == Some(&')') && self.text.get(self.at.saturating_sub(2)) == Some(&')') {
                found.push(Token::Sum(double_quoted(&inner?, self.manner.deeper())?));
                return Ok(true);
            }
            self.at = at;
        }
        for operator in ["<<<", "<<-", "&>>", "&&", "&>", "||", ";;", ">>", "<<", ">&", "<&", ">|", ";", "&", "|", "(", ")", "<", ">"] {
            if self.starts(operator) {
                self.at += operator.len();
                if matches!(operator, "<<" | "<<-") {
                    return self.here_mark(operator == "<<-", found);
                }
                found.push(Token::Operator(operator.into(), number));
                return Ok(true);
            }
        }
        let word = self.word()?;
        found.push(Token::Word(word));
        Ok(true)
    }

    /// Past a line's end that a backslash takes away: the next line belongs to it.
    fn go_on(&mut self, by: usize) {
        self.at += by;
        self.open |= self.at >= self.text.len();
    }

    fn here_mark(&mut self, tabs: bool, found: &mut Vec<Token>) -> Result<bool, Fault> {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
        let word = self.word()?;
        let quoted = word.iter().any(|p| matches!(p, Part::Quoted(_)));
        let mark = word.iter().map(|p| if let Part::Quoted(t) | Part::Bare(t) = p { t.as_str() } else { "" }).collect();
        found.push(Token::Operator("<<".into(), None));
        found.push(Token::Here(Word::new()));
        self.waiting.push((found.len() - 1, mark, quoted, tabs));
        Ok(true)
    }

    fn here(&mut self, mark: &str, quoted: bool, tabs: bool) -> Result<Word, Fault> {
        let mut body = String::new();
        loop {
            if self.at >= self.text.len() {
                self.open = true;
                break;
            }
            let mut line = String::new();
            while let Some(c) = self.peek() {
                self.at += 1;
                if c == '\n' {
                    break;
                }
                line.push(c);
            }
            let line = if tabs { line.trim_start_matches('\t') } else { &line };
            if line == mark {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        if quoted { Ok(vec![Part::Quoted(body)]) } else { double_quoted(&body, self.manner.deeper()) }
    }

    fn word(&mut self) -> Result<Word, Fault> {
        let mut word = Word::new();
        let mut bare = String::new();
        let flush = |bare: &mut String, word: &mut Word| {
            if !bare.is_empty() {
                word.push(Part::Bare(std::mem::take(bare)));
            }
        };
        while let Some(c) = self.peek() {
            match c {
                '(' if self.manner.bash && word.is_empty() && bare.strip_suffix('=').is_some_and(|n| is_name(n.strip_suffix('+').unwrap_or(n))) => {
                    let added = bare.ends_with("+=");
                    word.extend([Part::Bare(std::mem::take(&mut bare)), Part::Array { words: self.array()?, added }]);
                    break;
                }
                ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\\' => {
                    self.at += 1;
                    if let Some(next) = self.peek() {
                        if next == '\n' {
                            self.go_on(1);
                        } else {
                            self.at += 1;
                            flush(&mut bare, &mut word);
                            word.push(Part::Quoted(next.to_string()));
                        }
                    }
                }
                '\'' | '"' => {
                    flush(&mut bare, &mut word);
                    word.extend(self.quotation(c)?);
                }
                '$' | '`' => {
                    flush(&mut bare, &mut word);
                    word.push(self.dollar(false)?);
                }
                c => {
                    bare.push(c);
                    self.at += 1;
                }
            }
        }
        flush(&mut bare, &mut word);
        Ok(word)
    }

    /// The words between the brackets that open here.
    fn array(&mut self) -> Result<Vec<Word>, Fault> {
        let inner = self.until_closed(1)?;
        let (tokens, _) = tokens(&inner, self.manner.deeper())?;
        let word = |token| match token {
            Token::Word(word) => Some(Ok(word)),
            Token::Operator(text, _) if text == "\n" => None,
            other => Some(Err(unexpected(Some(&other)))),
        };
        tokens.into_iter().filter_map(word).collect()
    }

    /// What stands between quotes, which begins here.
    fn quotation(&mut self, quote: char) -> Result<Word, Fault> {
        self.at += 1;
        let start = self.at;
        // Substitutions have quotes of their own.
        let mut closing = Vec::new();
        loop {
            let Some(c) = self.peek() else { return Err(Fault::open("syntax error: unterminated quoted string")) };
            match c {
                c if c == quote && closing.is_empty() => break,
                _ if quote == '\'' => {}
                '\\' => self.at += 1,
                '$' if self.starts("$(") => closing.push(')'),
                '$' if self.starts("${") => closing.push('}'),
                c if closing.last() == Some(&c) => drop(closing.pop()),
                _ => {}
            }
            self.at += 1;
        }
        let inner: String = self.text[start..self.at].iter().collect();
        self.at += 1;
        if quote == '\'' {
            return Ok(vec![Part::Quoted(inner)]);
        }
        let mut word = vec![Part::Quoted(String::new())];
        word.extend(double_quoted(&inner, self.manner.deeper())?);
        Ok(word)
    }

    /// `$…` or a backtick at this place.
    fn dollar(&mut self, quoted: bool) -> Result<Part, Fault> {
        if self.peek() == Some('`') {
            self.at += 1;
            let start = self.at;
            while self.peek().is_some_and(|c| c != '`') {
                self.at += 1;
            }
            if self.peek().is_none() {
                return Err(Fault::open("syntax error: EOF in backquote substitution"));
            }
            let inner: String = self.text[start..self.at].iter().collect();
            self.at += 1;
            return Ok(Part::Command { program: Rc::new(parse_inside(&inner, self.manner.deeper())?), quoted });
        }
        self.at += 1;
        if self.peek() == Some('\'') && !quoted {
            let text: String = self.quotation('\'')?.iter().map(|part| if let Part::Quoted(text) = part { text.as_str() } else { "" }).collect();
            return Ok(Part::Quoted(unescape(&text)));
        }
        if self.starts("((") {
            let inner = self.until_closed(2)?;
            return Ok(Part::Arithmetic(double_quoted(&inner, self.manner.deeper())?));
        }
        if self.peek() == Some('(') {
            let inner = self.until_closed(1)?;
            return Ok(Part::Command { program: Rc::new(parse_inside(&inner, self.manner.deeper())?), quoted });
        }
        if self.peek() == Some('{') {
            self.at += 1;
            let start = self.at;
            let (mut depth, mut quote) = (1, None);
            while depth > 0 {
                match (quote, self.peek()) {
                    (_, None) => return Err(Fault::open("syntax error: missing '}'")),
                    (None | Some('"'), Some('\\')) => self.at += usize::from(self.at + 1 < self.text.len()),
                    (Some(open), Some(c)) if c == open => quote = None,
                    (None, Some(c @ '"')) => quote = Some(c),
                    (None, Some(c @ '\'')) if !quoted => quote = Some(c),
                    (None, Some('{')) => depth += 1,
                    (None, Some('}')) => depth -= 1,
                    _ => {}
                }
                self.at += 1;
            }
            let inner: String = self.text[start..self.at - 1].iter().collect();
            return self.braced(&inner, quoted);
        }
        let mut name = String::new();
        while let Some(c) = self.peek() {
            let fits = c == '_' || c.is_ascii_alphabetic() || (!name.is_empty() && c.is_ascii_digit());
            if !fits {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        if name.is_empty() {
            match self.peek() {
                Some(c) if c.is_ascii_digit() || "?$!#@*-".contains(c) => {
                    name.push(c);
                    self.at += 1;
                }
                _ => return Ok(Part::Bare("$".into())),
            }
        }
        Ok(Part::Variable { name, subscript: Word::new(), operator: String::new(), argument: Word::new(), quoted })
    }

    fn braced(&self, inner: &str, quoted: bool) -> Result<Part, Fault> {
        if let Some(name) = inner.strip_prefix('#').filter(|n| !n.is_empty()) {
            let (name, subscript) = self.subscript(name)?.map_or((name, Word::new()), |(name, subscript, _)| (name, subscript));
            return Ok(Part::Variable { name: name.into(), subscript, operator: "#len".into(), argument: Word::new(), quoted });
        }
        if let Some(name) =
            inner.strip_prefix('!').and_then(|keys| keys.strip_suffix("[@]").or(keys.strip_suffix("[*]"))).filter(|_| self.manner.bash)
        {
            let subscript = vec![Part::Quoted(inner[name.len() + 2..inner.len() - 1].to_owned())];
            return Ok(Part::Variable { name: name.into(), subscript, operator: "!".into(), argument: Word::new(), quoted });
        }
        let end = inner
            .find(|c: char| !(c == '_' || c.is_ascii_alphanumeric()))
            .unwrap_or(inner.len())
            .max(usize::from(inner.starts_with(['?', '@', '*', '!', '$', '#', '-'])));
        let (name, rest) = inner.split_at(end);
        let (name, subscript, rest) = self.subscript(inner)?.unwrap_or((name, Word::new(), rest));
        const OPERATORS: [&str; 15] = ["##", "%%", ":-", ":=", ":+", ":?", "-", "=", "+", "?", "#", "%", "//", "/", ":"];
        const BASH: [&str; 4] = ["^^", "^", ",,", ","];
        let known = OPERATORS.iter().chain(if self.manner.bash { &BASH[..] } else { &[] });
        let operator = known.copied().find(|o| rest.starts_with(o)).unwrap_or("");
        if name.is_empty() || operator.is_empty() && !rest.is_empty() {
            return Err("syntax error: bad substitution".into());
        }
        let is_pattern = matches!(operator, "#" | "##" | "%" | "%%" | "/" | "//");
        let argument = parts(&rest[operator.len()..], self.manner.deeper(), Around::Braces { quoted, is_pattern })?;
        Ok(Part::Variable { name: name.into(), subscript, operator: operator.into(), argument, quoted })
    }

    /// bash's `name[subscript]` at the head of what stands in braces, and the rest.
    fn subscript<'a>(&self, inner: &'a str) -> Result<Option<(&'a str, Word, &'a str)>, Fault> {
        let Some((name, behind)) = inner.split_once('[').filter(|(name, _)| self.manner.bash && is_name(name)) else { return Ok(None) };
        let mut depth = 1;
        let closes = |(_, c): &(usize, char)| {
            depth += i32::from(*c == '[') - i32::from(*c == ']');
            depth == 0
        };
        let Some((end, _)) = behind.char_indices().find(closes) else { return Err("syntax error: bad substitution".into()) };
        Ok(Some((name, double_quoted(&behind[..end], self.manner.deeper())?, &behind[end + 1..])))
    }

    /// The text up to the brackets that close those which open here.
    fn until_closed(&mut self, brackets: usize) -> Result<String, Fault> {
        self.at += brackets;
        let start = self.at;
        let mut depth = 1;
        let mut quote = None;
        while let Some(c) = self.peek() {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (Some('"'), '\\') => self.at += 1,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '\\') => self.at += 1,
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth -= 1;
                    if depth == 0 {
                        let inner = self.text[start..self.at].iter().collect();
                        self.at += brackets;
                        return Ok(inner);
                    }
                }
                (None, _) => {}
            }
            self.at += 1;
        }
        Err(Fault::open(if brackets == 2 { "syntax error: missing '))'" } else { "syntax error: unexpected end of file (expecting \")\")" }))
    }
}

/// Whether a command can begin behind these tokens.
fn begins_command(before: &[Token]) -> bool {
    match before.last() {
        None => true,
        Some(Token::Operator(text, _)) => matches!(text.as_str(), "\n" | ";" | "&" | "&&" | "||" | "|" | "(" | ")" | ";;"),
        Some(Token::Word(word)) => {
            matches!(word.as_slice(), [Part::Bare(text)] if ["while", "until", "if", "elif", "then", "else", "do", "for", "!", "{", "time"].contains(&text.as_str()))
        }
        Some(Token::Here(_) | Token::Sum(_)) => false,
    }
}

/// The parts of a text in double quotes.
fn double_quoted(text: &str, manner: Manner) -> Result<Word, Fault> {
    parts(text, manner, Around::Quotes)
}

/// What stands around a text of which blanks are letters.
#[derive(Clone, Copy)]
enum Around {
    Quotes,
    /// `${name…}`, itself between double quotes or not.
    Braces {
        quoted: bool,
        is_pattern: bool,
    },
}

/// The parts of a text of which blanks are letters.
fn parts(text: &str, manner: Manner, around: Around) -> Result<Word, Fault> {
    if manner.depth > DEEPEST {
        return Err("too deeply nested".into());
    }
    let characters: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { text: &characters, at: 0, manner, waiting: Vec::new(), open: false };
    let mut word = Word::new();
    let mut plain = String::new();
    let flush = |plain: &mut String, word: &mut Word| {
        if !plain.is_empty() {
            let plain = std::mem::take(plain);
            word.push(if matches!(around, Around::Quotes) { Part::Quoted(plain) } else { Part::Bare(plain) });
        }
    };
    // Between double quotes single ones are letters, but not in a pattern; and a backslash quotes whatever follows there.
    let (quoted, quotes): (bool, &[char]) = match around {
        Around::Quotes => (true, &[]),
        Around::Braces { quoted: true, is_pattern: false } => (true, &['"']),
        Around::Braces { quoted, .. } => (quoted, &['"', '\'']),
    };
    let quotes_all = quotes.len() == 2;
    while let Some(c) = lexer.peek() {
        match c {
            '\\' if quotes_all && lexer.text.get(lexer.at + 1).is_some_and(|n| *n != '\n') => {
                flush(&mut plain, &mut word);
                word.push(Part::Quoted(lexer.text[lexer.at + 1].to_string()));
                lexer.at += 2;
            }
            '\\' if lexer.text.get(lexer.at + 1).is_some_and(|n| "$`\"\\\n".contains(*n)) => {
                if lexer.text[lexer.at + 1] != '\n' {
                    plain.push(lexer.text[lexer.at + 1]);
                }
                lexer.at += 2;
            }
            c if quotes.contains(&c) => {
                flush(&mut plain, &mut word);
                word.extend(lexer.quotation(c)?);
            }
            '$' | '`' => {
                flush(&mut plain, &mut word);
                // What a pattern takes from a variable is a pattern, too, unless it has quotes of its own.
                match lexer.dollar(quoted && !quotes_all)? {
                    Part::Bare(text) => plain.push_str(&text),
                    part => word.push(part),
                }
            }
            c => {
                plain.push(c);
                lexer.at += 1;
            }
        }
    }
    flush(&mut plain, &mut word);
    Ok(word)
}
