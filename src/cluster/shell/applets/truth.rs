//! What is true: `test`, `[`, `[[`; and sums and texts with `expr`.

use super::Call;
use crate::cluster::shell::owner::{EXECUTE, READ, WRITE};
use crate::cluster::shell::regex::Regex;
use crate::cluster::shell::{Kind, pattern};

pub(super) fn test(call: &mut Call) -> i32 {
    let mut words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
    if call.name != "test" {
        let close = if call.name == "[" { "]" } else { "]]" };
        if words.pop() != Some(close) {
            let message = if call.machine.bash { format!("missing `{close}'") } else { format!("missing {close}") };
            return call.shell_fails(&message, 2);
        }
    }
    if words.len() > MOST_WORDS {
        return call.shell_fails("too many arguments", 2);
    }
    let mut reader = Reader { call, words: &words, at: 0 };
    let result = if words.is_empty() { Ok(false) } else { reader.either() };
    let left = words.get(reader.at).map(|word| format!("{word}: unknown operand"));
    match left.map_or(result.clone(), |left| result.and(Err(left))) {
        Ok(holds) => i32::from(!holds),
        Err(message) if call.machine.bash => {
            let message = message.replace("bad number", "integer expression expected");
            let message = message.split_once(": unknown operand").map_or(message.as_str(), |_| "too many arguments").to_owned();
            call.shell_fails(&message, 2)
        }
        Err(message) => call.shell_fails(&message, 2),
    }
}

/// More is not looked at: brackets nest.
const MOST_WORDS: usize = 300;

const BINARY: [&str; 15] = ["=", "==", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

struct Reader<'a, 'b, 'c> {
    call: &'a Call<'b, 'c>,
    words: &'a [&'a str],
    at: usize,
}

type Truth = Result<bool, String>;

impl<'a> Reader<'a, '_, '_> {
    fn takes(&mut self, wanted: [&str; 2]) -> bool {
        let takes = self.words.get(self.at).is_some_and(|w| wanted.contains(w));
        self.at += usize::from(takes);
        takes
    }

    fn either(&mut self) -> Truth {
        let mut value = self.both()?;
        while self.takes(["-o", "||"]) {
            value |= self.both()?;
        }
        Ok(value)
    }

    fn both(&mut self) -> Truth {
        let mut value = self.not()?;
        while self.takes(["-a", "&&"]) {
            value &= self.not()?;
        }
        Ok(value)
    }

    /// The operator of two sides behind the next word.
    fn operator(&self) -> Option<&'a str> {
        self.words.get(self.at + 1).copied().filter(|w| BINARY.contains(w))
    }

    fn not(&mut self) -> Truth {
        let more = self.words.len() > self.at + 1;
        if more && self.operator().is_none() && self.takes(["!", "!"]) { Ok(!self.not()?) } else { self.primary() }
    }

    fn primary(&mut self) -> Truth {
        let Some(&word) = self.words.get(self.at) else { return Err("argument expected".into()) };
        if let Some(operator) = self.operator() {
            let Some(right) = self.words.get(self.at + 2) else { return Err(format!("{operator}: argument expected")) };
            self.at += 3;
            return self.compared(word, operator, right);
        }
        let next = self.words.get(self.at + 1).copied();
        self.at += 1;
        match (word, next) {
            ("(", Some(_)) => {
                let value = self.either()?;
                if self.takes([")", ")"]) { Ok(value) } else { Err("closing paren expected".into()) }
            }
            (word, Some(next)) if word.len() == 2 && word.starts_with('-') && "nzefdrwxsLhtbcpSugkOG".contains(&word[1..]) => {
                self.at += 1;
                Ok(self.is(&word[1..], next))
            }
            _ => Ok(!word.is_empty()),
        }
    }

    /// `-f FILE` and the like.
    fn is(&self, letter: &str, word: &str) -> bool {
        let path = self.call.path(word);
        let host = &*self.call.host;
        match letter {
            "n" => return !word.is_empty(),
            "z" => return word.is_empty(),
            "t" => return host.is_terminal(),
            "L" | "h" => return host.link(&path).is_some(),
            _ => {}
        }
        match (host.stat(&path).filter(|_| !word.is_empty()), letter) {
            (None, _) => false,
            (Some(Kind::Directory), "f" | "s") => false,
            (Some(Kind::File { .. }), "d") => false,
            (Some(Kind::File { bytes, .. }), "s") => bytes > 0,
            (Some(Kind::File { executable, .. }), "x") if self.call.machine.bash => executable,
            (Some(_), "r") => host.may(&path, READ),
            (Some(_), "w") => host.may(&path, WRITE),
            (Some(_), "x") => host.may(&path, EXECUTE),
            (Some(_), letter) => "efdOG".contains(letter),
        }
    }

    fn compared(&self, left: &str, operator: &str, right: &str) -> Truth {
        let fits = || if self.call.name == "[[" { pattern::matches(right, left) } else { left == right };
        let number = |text: &str| {
            let shown = if text.is_empty() { String::new() } else { format!("{text}: ") };
            text.trim().parse::<i64>().map_err(|_| format!("{shown}bad number"))
        };
        Ok(match operator {
            "=" | "==" => fits(),
            "!=" => !fits(),
            "<" => left < right,
            ">" => left > right,
            "=~" => {
                let regex = Regex::new(right, true, false);
                let fits = regex.is_match(left);
                self.call.looked([&regex]);
                fits
            }
            // Files have no times here.
            "-nt" | "-ot" => false,
            "-ef" => self.call.path(left) == self.call.path(right),
            _ => {
                let order = number(left)?.cmp(&number(right)?);
                match operator {
                    "-eq" => order.is_eq(),
                    "-ne" => order.is_ne(),
                    "-lt" => order.is_lt(),
                    "-le" => order.is_le(),
                    "-gt" => order.is_gt(),
                    _ => order.is_ge(),
                }
            }
        })
    }
}

pub(super) fn expr(call: &mut Call) -> i32 {
    let words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
    if words.is_empty() {
        return if call.machine.bash { call.usage() } else { call.fail("too few arguments", 2) };
    }
    let mut sum = Sum { call, words: &words, at: 0, depth: 0 };
    let value = sum.level(0).and_then(|value| if sum.at == words.len() { Ok(value) } else { Err("syntax error") });
    match value {
        Ok(value) => {
            call.say(&format!("{value}\n"));
            i32::from(is_null(&value))
        }
        Err(message) => call.fail(message, 2),
    }
}

fn is_null(text: &str) -> bool {
    text.is_empty() || text.parse() == Ok(0)
}

struct Sum<'a, 'b, 'c> {
    call: &'a Call<'b, 'c>,
    words: &'a [&'a str],
    at: usize,
    depth: usize,
}

type Value = Result<String, &'static str>;

/// The operators of `expr`, weakest first.
const LEVELS: [&[&str]; 6] = [&["|"], &["&"], &["<", "<=", "=", "==", "!=", ">=", ">"], &["+", "-"], &["*", "/", "%"], &[":"]];

impl<'a> Sum<'a, '_, '_> {
    fn next(&mut self) -> Result<&'a str, &'static str> {
        self.at += 1;
        self.words.get(self.at - 1).copied().ok_or("syntax error")
    }

    fn level(&mut self, level: usize) -> Value {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.words.get(self.at).copied().filter(|w| operators.contains(w)) {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = applied(self.call, operator, left, right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Value {
        self.depth += 1;
        if self.depth > 200 {
            return Err("syntax error");
        }
        let word = self.next()?.to_owned();
        let count = |text: String| text.chars().count().to_string();
        match word.as_str() {
            "(" => {
                let value = self.level(0)?;
                if self.next()? == ")" { Ok(value) } else { Err("syntax error") }
            }
            ")" => Err("syntax error"),
            "length" if self.at < self.words.len() => Ok(count(self.primary()?)),
            "match" if self.at < self.words.len() => {
                let text = self.primary()?;
                let wanted = self.primary()?;
                applied(self.call, ":", text, wanted)
            }
            "index" if self.at < self.words.len() => {
                let (text, wanted) = (self.primary()?, self.primary()?);
                Ok(text.chars().position(|c| wanted.contains(c)).map_or(0, |at| at + 1).to_string())
            }
            "substr" if self.at < self.words.len() => {
                let (text, from, count) = (self.primary()?, self.primary()?, self.primary()?);
                let number = |text: String| text.parse::<usize>().unwrap_or(0);
                let (from, count) = (number(from), number(count));
                Ok(if from == 0 { String::new() } else { text.chars().skip(from - 1).take(count).collect() })
            }
            _ => Ok(word),
        }
    }
}

fn applied(call: &Call, operator: &str, left: String, right: String) -> Value {
    let numbers = left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    let order = numbers.map_or_else(|| left.cmp(&right), |(left, right)| left.cmp(&right));
    let truth = |holds: bool| Ok(i32::from(holds).to_string());
    match operator {
        "|" => Ok(if !is_null(&left) {
            left
        } else if is_null(&right) {
            "0".into()
        } else {
            right
        }),
        "&" => Ok(if is_null(&left) || is_null(&right) { "0".into() } else { left }),
        "=" | "==" => truth(order.is_eq()),
        "!=" => truth(order.is_ne()),
        "<" => truth(order.is_lt()),
        "<=" => truth(order.is_le()),
        ">" => truth(order.is_gt()),
        ">=" => truth(order.is_ge()),
        ":" => {
            let regex = Regex::new(&right, false, false);
            let text = regex.characters(&left);
            let found = regex.find(&text, 0).filter(|found| found.start == 0);
            call.looked([&regex]);
            let group = found.as_ref().and_then(|found| found.groups[1]);
            Ok(match (group, found) {
                (Some((from, to)), _) => text[from..to].iter().collect(),
                (None, _) if right.contains("\\(") => String::new(),
                (None, found) => found.map_or(0, |found| found.end).to_string(),
            })
        }
        _ => {
            let (left, right) = numbers.ok_or("non-numeric argument")?;
            let value = match operator {
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                _ if right == 0 => return Err("division by zero"),
                "/" => left.wrapping_div(right),
                _ => left.wrapping_rem(right),
            };
            Ok(value.to_string())
        }
    }
}
