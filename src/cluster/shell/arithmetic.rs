//! `$((…))`: C's sums with a shell's variables.

use super::machine::{Machine, subscripted};
use super::parser::is_name;

/// `$((…))`: whole numbers, variables, C's operators with assignments. What makes no sense is the machine's fault, in the words of BusyBox's `math.c`.
pub fn arithmetic(machine: &mut Machine, expression: &str) -> i64 {
    let mut characters: Vec<char> = Vec::new();
    for word in expression.split_whitespace() {
        // A blank parts what would be read as one: `1 2`, `1 + +2`.
        let is_alike = |a: char, b: char| a == b || is_word(a) && is_word(b);
        if characters.last().zip(word.chars().next()).is_some_and(|(a, b)| is_alike(*a, b)) {
            characters.push(' ');
        }
        characters.extend(word.chars());
    }
    if characters.is_empty() {
        return 0;
    }
    let mut reader = Sum { text: &characters, at: 0, machine, depth: 0, skips: 0 };
    let value = reader.comma();
    if reader.at < characters.len() {
        reader.fails("arithmetic syntax error");
    }
    value
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Sum<'a> {
    text: &'a [char],
    at: usize,
    machine: &'a mut Machine,
    depth: usize,
    /// Above zero: what is read is not carried out (the other side of `?:`, `&&`, `||`).
    skips: usize,
}

/// Operators of two sides, weakest first.
const LEVELS: [&[&str]; 11] =
    [&["||"], &["&&"], &["|"], &["^"], &["&"], &["==", "!="], &["<=", ">=", "<", ">"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"], &["**"]];
const ASSIGNMENTS: [&str; 11] = ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="];

impl Sum<'_> {
    fn starts(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }

    /// The first thing that is wrong is told; nothing is read on.
    fn fails(&mut self, why: &str) {
        self.machine.fault.get_or_insert_with(|| why.to_owned());
        self.at = self.text.len();
    }

    fn wants(&mut self, what: &str) {
        if self.starts(what) { self.at += what.len() } else { self.fails("arithmetic syntax error") }
    }

    fn apply(&mut self, operator: &str, left: i64, right: i64) -> i64 {
        if matches!(operator, "/" | "%") && right == 0 && self.skips == 0 {
            self.fails("divide by zero");
        } else if operator == "**" && right < 0 {
            self.fails("exponent less than 0");
        }
        apply(operator, left, right)
    }

    fn comma(&mut self) -> i64 {
        let mut value = self.assignment();
        while self.starts(",") {
            self.at += 1;
            value = self.assignment();
        }
        value
    }

    fn assignment(&mut self) -> i64 {
        let start = self.at;
        let name = self.name();
        if !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !self.starts("==")
            && let Some(operator) = ASSIGNMENTS.iter().find(|o| self.starts(o))
        {
            self.at += operator.len();
            let right = self.assignment();
            let value = if *operator == "=" { right } else { self.apply(operator.trim_end_matches('='), self.value(&name), right) };
            self.assign(&name, value);
            return value;
        }
        self.at = start;
        let condition = self.level(0);
        if !self.starts("?") {
            return condition;
        }
        self.at += 1;
        let yes = self.skipped(condition == 0, Self::assignment);
        self.wants(":");
        let no = self.skipped(condition != 0, Self::assignment);
        if condition != 0 { yes } else { no }
    }

    fn skipped(&mut self, skip: bool, read: impl Fn(&mut Self) -> i64) -> i64 {
        self.skips += usize::from(skip);
        let value = read(self);
        self.skips -= usize::from(skip);
        value
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$')) {
            self.at += 1;
        }
        let name: String = self.text[start..self.at].iter().filter(|c| **c != '$').collect();
        let subscript = self.subscript().filter(|_| self.machine.bash && is_name(&name));
        let Some(subscript) = subscript else { return name };
        self.at += subscript.len() + 2;
        let number = number(&subscript).unwrap_or_else(|| self.value(&subscript));
        format!("{name}[{number}]")
    }

    /// A name or a number between brackets (of bash's arrays; more than that is an error here).
    fn subscript(&self) -> Option<String> {
        let inner = self.text.get(self.at).filter(|c| **c == '[').and(self.text.get(self.at + 1..))?;
        let end = inner.iter().position(|c| !is_word(*c))?;
        (inner[end] == ']' && end > 0).then(|| inner[..end].iter().collect())
    }

    fn value(&self, name: &str) -> i64 {
        let text = match subscripted(name) {
            Some((name, number)) => number.parse().ok().and_then(|number| self.machine.element(name, number)),
            None => self.machine.variable(name),
        };
        text.and_then(|v| v.trim().parse().ok()).unwrap_or(0)
    }

    fn assign(&mut self, name: &str, value: i64) {
        if self.skips > 0 {
            return;
        }
        match subscripted(name).and_then(|(name, number)| Some((name, number.parse().ok()?))) {
            Some((name, number)) => self.machine.set_element(name, number, value.to_string()),
            None => self.machine.set(name, &value.to_string()),
        }
    }

    fn level(&mut self, level: usize) -> i64 {
        let Some(operators) = LEVELS.get(level) else { return self.unit() };
        let mut left = self.level(level + 1);
        loop {
            let found = operators.iter().find(|o| self.starts(o)).filter(|o| {
                // `&` is not the first half of `&&`, `<` not that of `<<`, and nothing is that of an assignment.
                let next = self.text.get(self.at + o.len());
                o.len() == 2 || !(next == Some(&'=') || "&|<>*".contains(**o) && next == o.chars().next().as_ref())
            });
            let Some(operator) = found else { return left };
            self.at += operator.len();
            let decided = *operator == "&&" && left == 0 || *operator == "||" && left != 0;
            let right = self.skipped(decided, |sum| sum.level(level + 1));
            left = self.apply(operator, left, right);
        }
    }

    fn unit(&mut self) -> i64 {
        self.depth += 1;
        if self.depth > 200 {
            self.at = self.text.len();
            return 0;
        }
        for operator in ["++", "--"] {
            if self.starts(operator) && self.text.get(self.at + 2).is_some_and(|c| c.is_ascii_alphabetic() || *c == '_') {
                self.at += 2;
                let name = self.name();
                let value = self.apply(&operator[..1], self.value(&name), 1);
                self.assign(&name, value);
                return value;
            }
        }
        self.at += usize::from(self.starts(" "));
        let sign = self.text.get(self.at).copied();
        if let Some(c) = sign.filter(|c| "-+!~(".contains(*c)) {
            self.at += 1;
            return match c {
                '(' => {
                    let inner = self.comma();
                    self.wants(")");
                    inner
                }
                '-' => self.unit().wrapping_neg(),
                '!' => i64::from(self.unit() == 0),
                '~' => !self.unit(),
                _ => self.unit(),
            };
        }
        let word = self.name();
        if let Some(number) = number(&word) {
            return number;
        }
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            self.fails("arithmetic syntax error");
        }
        let value = self.value(&word);
        for operator in ["++", "--"] {
            if !word.is_empty() && self.starts(operator) {
                self.at += 2;
                let next = self.apply(&operator[..1], value, 1);
                self.assign(&word, next);
                break;
            }
        }
        value
    }
}

/// `12`, `0x1f`, `017`.
fn number(word: &str) -> Option<i64> {
    match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None if word.len() > 1 && word.starts_with('0') => i64::from_str_radix(word, 8).ok(),
        None => word.parse().ok(),
    }
}

fn apply(operator: &str, left: i64, right: i64) -> i64 {
    let bits = u32::try_from(right & 63).unwrap_or(0);
    match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(bits),
        ">>" => left.wrapping_shr(bits),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "**" => left.wrapping_pow(right.clamp(0, i64::from(u32::MAX)) as u32),
        "/" => left.checked_div(right).unwrap_or(0),
        _ => left.checked_rem(right).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use crate::api::order::SortedMap;
    use std::rc::Rc;

    use super::{Machine, arithmetic};

    #[test]
    fn reckons_as_c_does() {
        let mut machine = Machine::new(Rc::default(), SortedMap::default(), "/");
        let cases = [
            ("1 + 2 * 3", 7),
            ("(1+2)*3 % 4", 1),
            ("i = 4", 4),
            ("i += 2", 6),
            ("i++", 6),
            ("i", 7),
            ("--i", 6),
            ("1 ? 5 : 6", 5),
            ("0 && (i = 9)", 0),
            ("i", 6),
            ("1 << 3 | 1", 9),
            ("5 & 4", 4),
            ("3 < 4 == 1", 1),
            ("0x10 + 010", 24),
            ("7 / 0", 0),
            ("!0 - -1", 2),
        ];
        for (expression, value) in cases {
            assert_eq!(arithmetic(&mut machine, expression), value, "{expression}");
        }
    }
}
