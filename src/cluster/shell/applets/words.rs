//! Words and numbers to print: `echo`, `printf`, `seq`, `yes`.

use super::format::Conversion;
use super::{Call, unescape, unescaped};
use crate::api::float;

/// How many lines a program prints that would never end.
const MOST_LINES: usize = 100_000;

pub(super) fn echo(call: &mut Call) -> i32 {
    let mut words = call.arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some(first) = words.first().filter(|w| w.len() > 1 && w.starts_with('-') && w[1..].chars().all(|c| "neE".contains(c))) {
        newline &= !first.contains('n');
        escapes |= first.contains('e');
        words = &words[1..];
    }
    let (mut text, mut ends) = (words.join(" "), false);
    if escapes {
        (text, ends) = unescaped(&text);
    }
    if newline && !ends {
        text.push('\n');
    }
    call.say(&text)
}

/// `0x1f`, `010`, `'a`, `-5`; `None` for anything else.
fn whole(text: &str) -> Option<i64> {
    if let Some(quoted) = text.strip_prefix(['\'', '"']) {
        return Some(i64::from(u32::from(quoted.chars().next()?)));
    }
    let text = text.trim_start();
    let (minus, digits) = text.strip_prefix('-').map_or((false, text.strip_prefix('+').unwrap_or(text)), |digits| (true, digits));
    let (digits, base) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    let size = u64::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))? as i64;
    Some(if minus { size.wrapping_neg() } else { size })
}

pub(super) fn printf(call: &mut Call) -> i32 {
    let words: &[String] = if call.arguments.first().is_some_and(|a| a == "--") { &call.arguments[1..] } else { call.arguments };
    let Some((format, words)) = words.split_first() else {
        let usage = if call.machine.bash { "usage: printf [-v var] format [arguments]" } else { "usage: printf FORMAT [ARGUMENT...]" };
        return call.shell_fails(usage, 2);
    };
    let (written, mut ends) = unescaped(format);
    let mut rest = words.iter();
    let mut code = 0;
    loop {
        let (mut out, mut used) = (String::new(), false);
        let mut characters = written.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let from = characters.as_str();
            if let Some(behind) = from.strip_prefix('%') {
                out.push('%');
                characters = behind.chars();
                continue;
            }
            let mut star = || rest.next().and_then(|w| whole(w)).unwrap_or(0);
            let Some(conversion) = Conversion::read(&mut characters, &mut star) else {
                call.say(&out);
                let from = format.rsplit_once('%').map_or("", |(_, end)| end);
                let message = if call.machine.bash { format!("`{from}': invalid format character") } else { format!("%{from}: invalid format") };
                return call.shell_fails(&message, 1);
            };
            used = true;
            let word = rest.next().cloned();
            let text = word.as_deref().unwrap_or("");
            let piece = match conversion.letter {
                's' => conversion.text(text),
                'c' => conversion.text(text.get(..text.chars().next().map_or(0, char::len_utf8)).filter(|c| !c.is_empty()).unwrap_or("\0")),
                'b' => {
                    let (text, ended) = unescaped(text);
                    ends |= ended;
                    conversion.text(&text)
                }
                'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                    let number = whole(text);
                    code |= i32::from(number.is_none() && !complains(call, &mut out, &word));
                    conversion.whole(number.unwrap_or(0))
                }
                _ => {
                    let number = float::read(text).or_else(|| Some(whole(text)? as f64));
                    code |= i32::from(number.is_none() && !complains(call, &mut out, &word));
                    conversion.real(number.unwrap_or(0.0))
                }
            };
            out.push_str(&piece);
            if conversion.letter == 'b' && ends {
                break;
            }
        }
        call.say(&out);
        if !used || rest.len() == 0 || ends {
            return code;
        }
    }
}

/// A word that is no number, behind what was printed so far; true where that is well, as for bash where the word is missing.
fn complains(call: &mut Call, out: &mut String, word: &Option<String>) -> bool {
    let shown = word.as_deref().unwrap_or("");
    let message = if call.machine.bash { format!("{shown}: invalid number") } else { format!("invalid number '{shown}'") };
    let well = call.machine.bash && word.is_none();
    if !well {
        call.say(&std::mem::take(out));
        call.shell_fails(&message, 1);
    }
    well
}

pub(super) fn yes(call: &mut Call) -> i32 {
    let line = if call.arguments.is_empty() { "y".to_owned() } else { call.arguments.join(" ") };
    call.say(&format!("{line}\n").repeat(1000))
}

/// A decimal number: its digits without the point, and how many stand behind it.
fn decimal(text: &str) -> Option<(i64, usize)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    if fraction.starts_with(['-', '+']) || fraction.len() > 9 {
        return None;
    }
    Some((digits.parse().ok()?, fraction.len()))
}

pub(super) fn seq(call: &mut Call) -> i32 {
    // A negative number is no flag.
    let is_number = |word: &&String| decimal(word).is_some();
    let words: Vec<String> = match call.arguments.iter().position(|w| is_number(&w)) {
        Some(_) if call.options.words.is_empty() => call.arguments.iter().filter(is_number).cloned().collect(),
        _ => call.options.words.clone(),
    };
    let numbers: Vec<(i64, usize)> = words.iter().filter_map(|w| decimal(w)).collect();
    if numbers.len() != words.len() || numbers.len() > 3 {
        return call.usage();
    }
    let (first, step, last) = match numbers[..] {
        [last] => ((1, 0), (1, 0), last),
        [first, last] => (first, (1, 0), last),
        [first, step, last] => (first, step, last),
        _ => return call.usage(),
    };
    let places = first.1.max(step.1).max(last.1);
    let scaled = |(digits, behind): (i64, usize)| digits.saturating_mul(10i64.pow((places - behind) as u32));
    let (mut at, by, end) = (scaled(first), scaled(step), scaled(last));
    let shown = |number: i64, width: usize| {
        let behind = first.1.max(step.1);
        let number = number / 10i64.pow((places - behind) as u32);
        let digits = format!("{:0>least$}", number.unsigned_abs(), least = behind + 1);
        let (whole, fraction) = digits.split_at(digits.len() - behind);
        let sign = if number < 0 { "-" } else { "" };
        let body = if behind == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") };
        format!("{sign}{body:0>rest$}", rest = width.saturating_sub(sign.len()))
    };
    let width = if call.has('w') { shown(at, 0).len().max(shown(end, 0).len()) } else { 0 };
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES && (by >= 0 && at <= end || by < 0 && at >= end) {
        lines.push(shown(at, width));
        at = at.saturating_add(by);
    }
    if lines.is_empty() {
        return 0;
    }
    let between = call.options.value('s').map_or_else(|| "\n".to_owned(), unescape);
    call.say(&(lines.join(&between) + "\n"))
}
