//! An `awk` program at work.

use super::tree::{Expression, Flow, Rule, Statement, When};
use super::value::Value;
use crate::api::order::SortedMap;
use crate::cluster::shell::applets::Call;
use crate::cluster::shell::applets::format::Conversion;
use crate::cluster::shell::edit::substitute;
use crate::cluster::shell::regex::Regex;

/// So many statements and turns a program may take, and so much it may print.
const MOST_STEPS: usize = 1_000_000;
const MOST_TEXT: usize = 1 << 22;
const MOST_FIELDS: usize = 10_000;

pub(super) struct Runner<'a, 'b, 'c> {
    pub(super) call: &'a mut Call<'b, 'c>,
    variables: SortedMap<String, Value>,
    arrays: SortedMap<String, SortedMap<String, Value>>,
    line: String,
    fields: Vec<String>,
    /// The ranges between whose ends the line lies.
    inside: Vec<bool>,
    out: String,
    /// Files that were written to: what comes next is put behind.
    opened: Vec<String>,
    steps: usize,
    code: i32,
    random: u64,
}

/// What it ends with, in `awk`'s words.
type Done<T> = Result<T, String>;

impl<'a, 'b, 'c> Runner<'a, 'b, 'c> {
    pub(super) fn new(call: &'a mut Call<'b, 'c>) -> Self {
        let environment = call.machine.environment().iter().map(|(name, value)| (name.clone(), Value::read(value))).collect();
        let mut runner = Self {
            call,
            variables: SortedMap::new(),
            arrays: SortedMap::new(),
            line: String::new(),
            fields: Vec::new(),
            inside: Vec::new(),
            out: String::new(),
            opened: Vec::new(),
            steps: 0,
            code: 0,
            random: 1,
        };
        runner.arrays.insert("ENVIRON".into(), environment);
        for (name, value) in [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\x1c")] {
            runner.set(name, Value::Text(value.into()));
        }
        runner
    }

    /// Runs the rules over all that it reads; gives the exit code.
    pub(super) fn all(&mut self, rules: &[Rule], behind: usize) -> i32 {
        let done = self.each(rules, behind);
        let out = std::mem::take(&mut self.out);
        self.call.say(&out);
        match done {
            Ok(_) => self.code,
            Err(message) => self.call.fail(&format!("cmd. line:1: {message}"), 1),
        }
    }

    fn each(&mut self, rules: &[Rule], behind: usize) -> Done<()> {
        self.inside = vec![false; rules.len()];
        let mut flow = self.those(rules, |when| matches!(when, When::Begin))?;
        let reads = rules.iter().any(|rule| !matches!(rule.when, When::Begin));
        let mut records = 0.0;
        for word in if reads && flow != Flow::Exit { self.call.inputs(behind) } else { Vec::new() } {
            if let Some((name, value)) = word.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains(['/', '.', '-'])) {
                self.set(name, Value::read(value));
                continue;
            }
            let text = match self.call.open(&word) {
                Ok(text) => text,
                Err(code) => {
                    self.code = code;
                    continue;
                }
            };
            self.set("FILENAME", Value::Text(if word == "-" { String::new() } else { word }));
            let separator = self.get("RS").text();
            let body = text.strip_suffix('\n').unwrap_or(&text);
            let lines: Vec<&str> = match separator.as_str() {
                _ if text.is_empty() => Vec::new(),
                "" => body.split("\n\n").map(|part| part.trim_matches('\n')).filter(|part| !part.is_empty()).collect(),
                separator => body.split(separator).collect(),
            };
            for (at, line) in lines.into_iter().enumerate() {
                records += 1.0;
                self.set("NR", Value::Number(records));
                self.set("FNR", Value::Number(at as f64 + 1.0));
                self.set_line(line.to_owned());
                flow = self.those(rules, |when| !matches!(when, When::Begin | When::End))?;
                if flow == Flow::Exit {
                    break;
                }
            }
            if flow == Flow::Exit {
                break;
            }
        }
        // Also behind an `exit`.
        self.those(rules, |when| matches!(when, When::End)).map(|_| ())
    }

    /// The rules of a kind, for the line there is.
    fn those(&mut self, rules: &[Rule], wanted: impl Fn(&When) -> bool) -> Done<Flow> {
        for rule in rules.iter().filter(|rule| wanted(&rule.when)) {
            let fits = match &rule.when {
                When::Begin | When::End | When::Always => true,
                When::If(asked) => self.value(asked)?.holds(),
                When::Between(from, to, number) => {
                    let fits = self.inside[*number] || self.value(from)?.holds();
                    self.inside[*number] = fits && !self.value(to)?.holds();
                    fits
                }
            };
            let flow = match &rule.body {
                _ if !fits => Flow::On,
                Some(body) => self.run(body)?,
                None => {
                    let line = format!("{}{}", self.line, self.get("ORS").text());
                    self.out.push_str(&line);
                    Flow::On
                }
            };
            match flow {
                Flow::Exit => return Ok(flow),
                Flow::Next => break,
                Flow::On | Flow::Break | Flow::Continue => {}
            }
        }
        Ok(Flow::On)
    }

    fn run(&mut self, body: &[Statement]) -> Done<Flow> {
        for statement in body {
            self.turn()?;
            let flow = match statement {
                Statement::Does(what) => {
                    self.value(what)?;
                    Flow::On
                }
                Statement::Print { formatted, what, to } => {
                    let text = self.printed(*formatted, what)?;
                    match to {
                        None => self.out.push_str(&text),
                        Some((appends, to)) => {
                            let file = self.value(to)?.text();
                            self.write(&file, &text, *appends);
                        }
                    }
                    Flow::On
                }
                Statement::If(asked, then, other) => {
                    let body = if self.value(asked)?.holds() { then } else { other };
                    self.run(body)?
                }
                Statement::Loop { asks, steps, body, first } => {
                    let mut asked = !first;
                    let mut flow = Flow::On;
                    loop {
                        self.turn()?;
                        if let (true, Some(asks)) = (asked, asks)
                            && !self.value(asks)?.holds()
                        {
                            break;
                        }
                        asked = true;
                        flow = self.run(body)?;
                        if !matches!(flow, Flow::On | Flow::Continue) {
                            break;
                        }
                        if let Some(steps) = steps {
                            self.value(steps)?;
                        }
                    }
                    left(flow)
                }
                Statement::Each(name, array, body) => {
                    let keys: Vec<String> = self.arrays.get(array).map(|array| array.keys().cloned().collect()).unwrap_or_default();
                    let mut flow = Flow::On;
                    for key in keys {
                        self.set(name, Value::read(&key));
                        flow = self.run(body)?;
                        if !matches!(flow, Flow::On | Flow::Continue) {
                            break;
                        }
                    }
                    left(flow)
                }
                Statement::Delete(name, index) => {
                    let key = index.as_ref().map(|index| self.key(index)).transpose()?;
                    if let Some(array) = self.arrays.get_mut(name) {
                        match key {
                            Some(key) => drop(array.remove(&key)),
                            None => array.clear(),
                        }
                    }
                    Flow::On
                }
                Statement::Flow(flow) => *flow,
                Statement::Exit(code) => {
                    if let Some(code) = code {
                        self.code = self.value(code)?.number() as i64 as i32 & 0xff;
                    }
                    Flow::Exit
                }
            };
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// One turn more; who takes too many is ended.
    fn turn(&mut self) -> Done<()> {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.out.len() > MOST_TEXT { Err("it runs for ever".into()) } else { Ok(()) }
    }

    fn printed(&mut self, formatted: bool, what: &[Expression]) -> Done<String> {
        let values = self.values(what)?;
        if formatted {
            return Ok(format(&values));
        }
        let words: Vec<String> = values.iter().map(Value::text).collect();
        let line = if what.is_empty() { self.line.clone() } else { words.join(&self.get("OFS").text()) };
        Ok(line + &self.get("ORS").text())
    }

    fn write(&mut self, file: &str, text: &str, appends: bool) {
        match file {
            "/dev/stdout" => self.out.push_str(text),
            "/dev/stderr" => self.call.machine.say_error(self.call.host, text),
            "/dev/null" => {}
            file => {
                let path = self.call.path(file);
                let more = appends || self.opened.contains(&path);
                if self.call.host.write_file(&path, text, more).is_err() {
                    self.code = 1;
                }
                self.opened.push(path);
            }
        }
    }

    fn get(&self, name: &str) -> Value {
        match name {
            "NF" => Value::Number(self.fields.len() as f64),
            name => self.variables.get(name).cloned().unwrap_or_default(),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        if name == "NF" {
            self.fields.resize(value.place().min(MOST_FIELDS), String::new());
            self.line = self.fields.join(&self.get("OFS").text());
            return;
        }
        self.variables.insert(name.to_owned(), value);
    }

    fn set_line(&mut self, line: String) {
        self.fields = pieces(&line, &self.get("FS").text());
        self.line = line;
    }

    fn values(&mut self, all: &[Expression]) -> Done<Vec<Value>> {
        all.iter().map(|one| self.value(one)).collect()
    }

    /// `a[1, 2]`: the key of an element.
    fn key(&mut self, index: &[Expression]) -> Done<String> {
        let words: Vec<String> = self.values(index)?.iter().map(Value::text).collect();
        Ok(words.join(&self.get("SUBSEP").text()))
    }

    /// A pattern: as it was written, or a text.
    fn regex(&mut self, expression: &Expression) -> Done<Regex> {
        let pattern = match expression {
            Expression::Fits(_, pattern) => pattern.clone(),
            other => self.value(other)?.text(),
        };
        Ok(Regex::new(&pattern, true, false))
    }

    fn assign(&mut self, place: &Expression, value: Value) -> Done<()> {
        match place {
            Expression::Variable(name) => self.set(name, value),
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.arrays.entry(name.clone()).or_default().insert(key, value);
            }
            Expression::Field(number) => match self.value(number)?.place() {
                0 => self.set_line(value.text()),
                number if number > MOST_FIELDS => {}
                number => {
                    if self.fields.len() < number {
                        self.fields.resize(number, String::new());
                    }
                    self.fields[number - 1] = value.text();
                    self.line = self.fields.join(&self.get("OFS").text());
                }
            },
            _ => {}
        }
        Ok(())
    }

    fn value(&mut self, expression: &Expression) -> Done<Value> {
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Fits(regex, _) => Value::truth(regex.is_match(&self.line)),
            Expression::Variable(name) => self.get(name),
            Expression::Field(number) => {
                let number = self.value(number)?.number();
                if number < 0.0 {
                    return Err("Access to negative field".into());
                }
                match number as usize {
                    0 => Value::read(&self.line),
                    number => self.fields.get(number - 1).map_or(Value::Nothing, |field| Value::read(field)),
                }
            }
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                self.arrays.entry(name.clone()).or_default().entry(key).or_default().clone()
            }
            Expression::Assign(place, operator, right) => {
                let mut value = self.value(right)?;
                if !operator.is_empty() {
                    let left = self.value(place)?;
                    value = sum(operator, left.number(), value.number())?;
                }
                self.assign(place, value.clone())?;
                value
            }
            Expression::Step(place, new, by) => {
                let before = self.value(place)?.number();
                self.assign(place, Value::Number(before + by))?;
                Value::Number(if *new { before + by } else { before })
            }
            Expression::Unary("(", inner) => self.value(inner)?,
            Expression::Unary("!", inner) => Value::truth(!self.value(inner)?.holds()),
            Expression::Unary(sign, inner) => {
                let number = self.value(inner)?.number();
                Value::Number(if *sign == "-" { -number } else { number })
            }
            Expression::Binary(sign @ ("&&" | "||"), left, right) => {
                let first = self.value(left)?.holds();
                let decided = first == (*sign == "||");
                Value::truth(if decided { first } else { self.value(right)?.holds() })
            }
            Expression::Binary(sign @ ("~" | "!~"), left, right) => {
                let text = self.value(left)?.text();
                Value::truth(self.regex(right)?.is_match(&text) == (*sign == "~"))
            }
            Expression::Binary(sign, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let order = || left.compared(&right);
                match *sign {
                    " " => Value::Text(bounded(left.text() + &right.text())?),
                    "<" => Value::truth(order().is_lt()),
                    "<=" => Value::truth(order().is_le()),
                    ">" => Value::truth(order().is_gt()),
                    ">=" => Value::truth(order().is_ge()),
                    "==" => Value::truth(order().is_eq()),
                    "!=" => Value::truth(order().is_ne()),
                    sign => sum(sign, left.number(), right.number())?,
                }
            }
            Expression::Either(asked, yes, no) => {
                let holds = self.value(asked)?.holds();
                self.value(if holds { yes } else { no })?
            }
            Expression::In(index, name) => {
                let key = self.key(index)?;
                Value::truth(self.arrays.get(name).is_some_and(|array| array.contains_key(&key)))
            }
            Expression::Call(function, words) => self.called(function, words)?,
        })
    }

    fn called(&mut self, function: &str, words: &[Expression]) -> Done<Value> {
        self.turn()?;
        let whole = Expression::Field(Box::new(Expression::Number(0.0)));
        match (function, words) {
            ("length", [Expression::Variable(name)]) if self.arrays.contains_key(name) => {
                return Ok(Value::Number(self.arrays.get(name).map_or(0, SortedMap::len) as f64));
            }
            ("split", [text, Expression::Variable(name), by @ ..]) => {
                let text = self.value(text)?.text();
                let by = match by.first() {
                    Some(Expression::Fits(_, pattern)) => format!("({pattern})"),
                    Some(by) => self.value(by)?.text(),
                    None => self.get("FS").text(),
                };
                let pieces = pieces(&text, &by);
                let count = pieces.len();
                let array = pieces.iter().enumerate().map(|(at, piece)| ((at + 1).to_string(), Value::read(piece))).collect();
                self.arrays.insert(name.clone(), array);
                return Ok(Value::Number(count as f64));
            }
            ("sub" | "gsub", [pattern, with, place @ ..]) => {
                let regex = self.regex(pattern)?;
                let with = self.value(with)?.text();
                let place = place.first().unwrap_or(&whole);
                let text = self.value(place)?.text();
                let mut count = 0;
                if let Some((new, replaced)) = substitute(&regex, &text, &with, function == "gsub", 1) {
                    self.assign(place, Value::Text(bounded(new)?))?;
                    count = replaced;
                }
                return Ok(Value::Number(count as f64));
            }
            ("match", [text, pattern]) => {
                let text = self.value(text)?.text();
                let regex = self.regex(pattern)?;
                let found = regex.find(&regex.characters(&text), 0);
                let (start, length) = found.map_or((0.0, -1.0), |found| (found.start as f64 + 1.0, (found.end - found.start) as f64));
                self.set("RSTART", Value::Number(start));
                self.set("RLENGTH", Value::Number(length));
                return Ok(Value::Number(start));
            }
            _ => {}
        }
        let values = self.values(words)?;
        let first = values.first().cloned();
        let text = || first.as_ref().map_or_else(|| self.line.clone(), Value::text);
        let number = first.as_ref().map_or(0.0, Value::number);
        Ok(match (function, values.as_slice()) {
            ("length", _) => Value::Number(text().chars().count() as f64),
            ("index", [_, part]) => {
                let text = text();
                let part = part.text();
                Value::Number(text.find(&part).map_or(0, |at| text[..at].chars().count() + 1) as f64)
            }
            ("substr", [_, from, count @ ..]) => {
                let from = rounded(from.number());
                let end = count.first().map_or(f64::INFINITY, |count| from + rounded(count.number()));
                let inside = |at: &(usize, char)| at.0 as f64 + 1.0 >= from && (at.0 as f64 + 1.0) < end;
                Value::Text(text().chars().enumerate().filter(inside).map(|(_, c)| c).collect())
            }
            ("sprintf", all) => Value::Text(format(all)),
            ("toupper", _) => Value::Text(text().to_uppercase()),
            ("tolower", _) => Value::Text(text().to_lowercase()),
            ("int", _) => Value::Number(number.trunc()),
            ("sqrt", _) => Value::Number(number.sqrt()),
            ("srand", _) => {
                let before = std::mem::replace(&mut self.random, number as u64 | 1);
                Value::Number(before as f64)
            }
            ("rand", _) => {
                self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                Value::Number((self.random >> 33) as f64 / f64::from(1u32 << 31))
            }
            _ => return Err("Too few arguments".into()),
        })
    }
}

/// A text that grows and grows is not let grow for ever.
fn bounded(text: String) -> Done<String> {
    if text.len() > MOST_TEXT { Err("out of memory".into()) } else { Ok(text) }
}

/// What is left of a flow outside of the loop that it left.
fn left(flow: Flow) -> Flow {
    if matches!(flow, Flow::Next | Flow::Exit) { flow } else { Flow::On }
}

fn rounded(number: f64) -> f64 {
    (number + 0.5).floor()
}

fn sum(operator: &str, left: f64, right: f64) -> Done<Value> {
    Ok(Value::Number(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" | "%" if right == 0.0 => return Err("Division by zero".into()),
        "/" => left / right,
        "%" => left % right,
        _ => power(left, right),
    }))
}

/// Whole powers; of all others only roots of two are known.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 0.5 { base.sqrt() } else { base.powi(exponent as i32) }
}

/// The fields of a line.
fn pieces(line: &str, separator: &str) -> Vec<String> {
    let mut single = separator.chars();
    match (single.next(), single.next()) {
        _ if line.is_empty() => Vec::new(),
        (Some(' '), None) => line.split_whitespace().map(str::to_owned).collect(),
        (Some(mark), None) => line.split(mark).map(str::to_owned).collect(),
        (None, _) => line.chars().map(String::from).collect(),
        (Some(_), Some(_)) => {
            let regex = Regex::new(separator, true, false);
            let text = regex.characters(line);
            let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
            while let Some(found) = regex.find(&text, at).filter(|_| pieces.len() < MOST_FIELDS) {
                if found.end == found.start {
                    at = found.end + 1;
                    if at > text.len() {
                        break;
                    }
                    continue;
                }
                pieces.push(text[from..found.start].iter().collect());
                (from, at) = (found.end, found.end);
            }
            pieces.push(text[from..].iter().collect());
            pieces
        }
    }
}

/// `printf`, `sprintf`: a format and its values.
fn format(values: &[Value]) -> String {
    let Some((format, rest)) = values.split_first() else { return String::new() };
    let (format, mut rest) = (format.text(), rest.iter());
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if let Some(behind) = characters.as_str().strip_prefix('%') {
            out.push('%');
            characters = behind.chars();
            continue;
        }
        let mut star = || rest.next().map_or(0, |value| value.number() as i64);
        let Some(conversion) = Conversion::read(&mut characters, &mut star) else { break };
        let value = rest.next().cloned().unwrap_or_default();
        out.push_str(&match (conversion.letter, &value) {
            ('s' | 'b', value) => conversion.text(&value.text()),
            ('c', Value::Number(number)) => conversion.text(&char::from_u32(*number as u32).map(String::from).unwrap_or_default()),
            ('c', value) => conversion.text(&value.text().chars().take(1).collect::<String>()),
            ('d' | 'i' | 'u' | 'x' | 'X' | 'o', value) => conversion.whole(value.number() as i64),
            (_, value) => conversion.real(value.number()),
        });
    }
    out
}
