//! Value → text exactly as `kubectl -o yaml` prints it.
//!
//! Models go-yaml v2's `encode.go` and `emitterc.go`: keys in natural order, lists not indented under their key, lines folded after
//! column 80, quotes only where plain text would read as something else.

use crate::api::order::InOrder as _;
use std::cmp::Ordering;

use crate::api::Value;

use super::scalar::{Scalar, go_float, is_base60, resolve};

const BEST_WIDTH: usize = 80;

/// The YAML of a value, with a newline at its end.
pub fn print(value: &Value) -> String {
    let mut printer = Printer { out: String::with_capacity(1024), column: 0 };
    printer.value(value, 0, Place::Root);
    // A literal at the very end brings its own.
    if !printer.out.ends_with('\n') {
        printer.out.push('\n');
    }
    printer.out
}

/// What stands before a value on its line.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Key,
    Item,
}

struct Printer {
    out: String,
    column: usize,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn put_char(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn new_line(&mut self, indent: usize) {
        // After a literal's last line the cursor is already there.
        if !self.out.ends_with('\n') && !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn value(&mut self, value: &Value, indent: usize, place: Place) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                let mut entries: Vec<(&String, &Value)> = map.iter().collect();
                entries.order_by(|a, b| natural(a.0, b.0));
                for (i, (key, value)) in entries.into_iter().enumerate() {
                    match (place, i) {
                        (Place::Root, 0) => {}
                        (Place::Item, 0) => self.put(" "),
                        _ => self.new_line(indent),
                    }
                    self.entry(key, value, indent);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    match (place, i) {
                        (Place::Root, 0) => {}
                        (Place::Item, 0) => self.put(" "),
                        _ => self.new_line(indent),
                    }
                    self.put("-");
                    self.value(item, indent + 2, Place::Item);
                }
            }
            scalar => {
                if place != Place::Root {
                    self.put(" ");
                }
                // A continuation stands two deeper than the collection that holds the scalar.
                let deeper = if place == Place::Item { indent } else { indent + 2 };
                self.scalar(scalar, deeper);
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        // Longer keys need the complex form.
        let simple = key.len() <= 128 && !key.contains('\n');
        if !simple {
            self.put("? ");
            self.string(key, indent + 2, true);
            self.new_line(indent);
        } else {
            self.string(key, indent + 2, false);
        }
        self.put(":");
        let nested = match value {
            Value::Object(map) if !map.is_empty() => indent + 2,
            _ => indent,
        };
        self.value(value, nested, Place::Key);
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.put("null"),
            Value::Bool(b) => self.put(if *b { "true" } else { "false" }),
            Value::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
                (Some(i), _, _) => self.put(&i.to_string()),
                (_, Some(u), _) => self.put(&u.to_string()),
                (_, _, f) => self.put(&go_float(f.unwrap_or_default())),
            },
            Value::String(text) => self.string(text, indent, true),
            Value::Array(_) => self.put("[]"),
            Value::Object(_) => self.put("{}"),
        }
    }

    /// Writes a string in the style that the emitter would choose. `breaks`: whether lines may be folded (not in a simple key).
    fn string(&mut self, text: &str, indent: usize, breaks: bool) {
        let shape = Analysis::of(text);
        let mut style = if text.contains('\n') {
            Style::Literal
        } else if !matches!(resolve(text), Scalar::String) || is_base60(text) {
            Style::Double
        } else {
            Style::Plain
        };
        if style == Style::Literal && (!shape.block_allowed || !breaks) {
            style = Style::Double;
        }
        if style == Style::Plain && !shape.plain_allowed {
            style = Style::Single;
        }
        if style == Style::Single && !shape.single_allowed {
            style = Style::Double;
        }
        match style {
            Style::Plain => self.folded(text, indent, breaks, false),
            Style::Single => {
                self.put("'");
                self.folded(text, indent, breaks, true);
                self.put("'");
            }
            Style::Double => self.double(text, indent, breaks),
            Style::Literal => self.literal(text, indent),
        }
    }

    fn folded(&mut self, text: &str, indent: usize, breaks: bool, quoted: bool) {
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            let inside = !quoted || (at > 0 && next.is_some());
            if c == ' ' && breaks && !spaces && self.column > BEST_WIDTH && inside && next != Some(' ') {
                self.new_line(indent);
            } else if c == '\'' && quoted {
                self.put("''");
            } else {
                self.put_char(c);
            }
            spaces = c == ' ';
        }
    }

    fn double(&mut self, text: &str, indent: usize, breaks: bool) {
        self.put("\"");
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if c == '"' || c == '\\' || !is_printable(c) || is_break(c) {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if breaks && !spaces && self.column > BEST_WIDTH && at > 0 && next.is_some() {
                    self.new_line(indent);
                    if next == Some(' ') {
                        self.put("\\");
                    }
                } else {
                    self.put_char(c);
                }
                spaces = true;
            } else {
                self.put_char(c);
                spaces = false;
            }
        }
        self.put("\"");
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => "\\0",
            '\x07' => "\\a",
            '\x08' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\x0b' => "\\v",
            '\x0c' => "\\f",
            '\r' => "\\r",
            '\x1b' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{a0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                return self.put(&text);
            }
        };
        self.put(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        if !text.ends_with('\n') {
            self.put("-");
        } else if text == "\n" || text.ends_with("\n\n") {
            self.put("+");
        }
        self.out.push('\n');
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.out.extend(std::iter::repeat_n(' ', indent));
            }
            self.out.push_str(line);
        }
        self.column = 0;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What styles a text allows in block context (`yaml_emitter_analyze_scalar`).
struct Analysis {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut line_breaks, mut special) = (false, false);
        let (mut space_break, mut break_space) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut preceded_by_blank = true;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let followed_by_blank = chars.peek().is_none_or(|(_, c)| matches!(c, ' ' | '\t') || is_break(*c));
            indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if at == 0 => true,
                '?' | '-' if at == 0 => followed_by_blank,
                ':' => followed_by_blank,
                '#' => preceded_by_blank,
                _ => false,
            };
            special |= !is_printable(c);
            if c == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                line_breaks = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            preceded_by_blank = matches!(c, ' ' | '\t') || is_break(c);
        }
        let edge = |c: char| c == ' ' || is_break(c);
        let edges = text.starts_with(edge) || text.ends_with(edge);
        let broken = space_break || special;
        Self {
            plain_allowed: !(edges || broken || break_space || line_breaks || indicators),
            single_allowed: !(broken || break_space),
            block_allowed: !(broken || text.ends_with(' ')),
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml's idea of it; characters beyond the basic plane are not.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// The order of keys: letters after everything else, runs of digits by their value (go-yaml's `sorter.go`).
pub fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let differs = a.iter().zip(&b).position(|(x, y)| x != y);
    let Some(i) = differs else { return a.len().cmp(&b.len()) };
    let (x, y) = (a[i], b[i]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut start: u64 = 0;
    if x == '0' || y == '0' {
        // A zero counts only where a number has already begun.
        let begun = a[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
        start = u64::from(begun);
    }
    let run = |chars: &[char]| {
        let digits = chars[i..].iter().take_while(|c| c.is_ascii_digit());
        digits.fold((start, 0usize), |(value, count), c| (value.saturating_mul(10).saturating_add(u64::from(*c as u32 - 48)), count + 1))
    };
    let ((an, ai), (bn, bi)) = (run(&a), run(&b));
    an.cmp(&bn).then(ai.cmp(&bi)).then(x.cmp(&y))
}

#[cfg(test)]
mod tests {
    use crate::api::json;

    use super::*;

    #[test]
    fn strings_are_quoted_as_kubectl_quotes_them() {
        let cases = [
            ("y", "k: \"y\"\n"),
            ("", "k: \"\"\n"),
            ("08", "k: \"08\"\n"),
            ("1:30", "k: \"1:30\"\n"),
            ("2024-01-01", "k: \"2024-01-01\"\n"),
            ("a: b", "k: 'a: b'\n"),
            ("a:b", "k: a:b\n"),
            ("-x", "k: -x\n"),
            ("'x", "k: '''x'\n"),
            ("x\ny", "k: |-\n  x\n  y\n"),
            ("x\ny\n", "k: |\n  x\n  y\n"),
            ("x\n\n", "k: |+\n  x\n\n"),
            ("\tx", "k: \"\\tx\"\n"),
            ("é", "k: é\n"),
            ("\x01", "k: \"\\x01\"\n"),
            ("=", "k: =\n"),
            ("<<", "k: <<\n"),
            ("?", "k: '?'\n"),
            ("x:", "k: 'x:'\n"),
            ("Infinity", "k: Infinity\n"),
            ("0o7", "k: \"0o7\"\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(print(&json!({ "k": text })), expected);
        }
        let long = ["word"; 24].join(" ");
        assert_eq!(print(&json!({ "k": long })), format!("k: {}\n  {}\n", ["word"; 16].join(" "), ["word"; 8].join(" ")));
    }

    #[test]
    fn collections_stand_as_kubectl_prints_them() {
        let value = json!({"b": [{"x": 1, "a": [1, [2, 3]]}, "s"], "a": {"e": {}, "l": []}, "t": "x\ny\n", "z": null, "n": 1.5});
        assert_eq!(print(&value), "a:\n  e: {}\n  l: []\nb:\n- a:\n  - 1\n  - - 2\n    - 3\n  x: 1\n- s\n\"n\": 1.5\nt: |\n  x\n  y\nz: null\n");
        assert_eq!(natural("a10", "a9"), Ordering::Greater);
        assert_eq!(natural("a-b", "ab"), Ordering::Less);
    }
}
