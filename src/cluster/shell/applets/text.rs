//! Text as it is: `cat`, `head`, `tail`, `wc`, `sort`, `uniq`, `rev`, `tac`, `cut`, `tr`, `tee`, `base64`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Call, unescape};
use crate::api::order::InOrder as _;

pub(super) fn cat(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    call.say(&text);
    code
}

/// `head` and `tail`.
pub(super) fn ends(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    let head = call.name == "head";
    if let Some(bytes) = call.options.number('c') {
        let skipped = if head { 0 } else { text.chars().count().saturating_sub(bytes) };
        let cut: String = text.chars().skip(skipped).take(bytes).collect();
        call.say(&cut);
        return code;
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let count = call.options.number('n').unwrap_or(10);
    let sign = call.options.value('n').and_then(|v| v.chars().next());
    let kept = match (head, sign) {
        // `head -n -2`: all but the last two; `tail -n +2`: from the second on.
        (true, Some('-')) => &lines[..lines.len().saturating_sub(count)],
        (true, _) => &lines[..count.min(lines.len())],
        (false, Some('+')) => &lines[count.saturating_sub(1).min(lines.len())..],
        (false, _) => &lines[lines.len().saturating_sub(count)..],
    };
    call.say(&kept.concat());
    code
}

pub(super) fn wc(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    let counts = [('l', text.matches('\n').count()), ('w', text.split_whitespace().count()), ('c', text.len())];
    let wanted: Vec<String> = counts.iter().filter(|(f, _)| call.has(*f)).map(|(_, n)| n.to_string()).collect();
    let name = call.options.words.first().map(|f| format!(" {f}")).unwrap_or_default();
    let line = if wanted.is_empty() {
        format!("{:>9} {:>9} {:>9}{name}\n", counts[0].1, counts[1].1, counts[2].1)
    } else {
        format!("{}{name}\n", wanted.join(" "))
    };
    call.say(&line);
    code
}

fn lines(call: &mut Call, change: impl Fn(&Call, &mut Vec<String>)) -> i32 {
    let (text, code) = call.text(0);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(call, &mut lines);
    let out: String = lines.iter().map(|l| format!("{l}\n")).collect();
    call.say(&out);
    code
}

pub(super) fn sort(call: &mut Call) -> i32 {
    lines(call, |call, lines| {
        let digits = |v: &str| v.chars().take_while(char::is_ascii_digit).collect::<String>();
        let column: usize = call.options.value('k').and_then(|v| digits(v).parse().ok()).unwrap_or(0);
        let separator = call.options.value('t').and_then(|t| t.chars().next());
        let by_number = call.has('n') || call.options.value('k').is_some_and(|k| k.contains('n'));
        let part = |line: &str| -> String {
            match (column.checked_sub(1), separator) {
                (None, _) => line.to_owned(),
                (Some(at), Some(separator)) => line.split(separator).nth(at).unwrap_or("").to_owned(),
                (Some(at), None) => line.split_whitespace().nth(at).unwrap_or("").to_owned(),
            }
        };
        let key = |line: String| -> ((i64, String), String) {
            let part = part(&line);
            if !by_number {
                return ((0, part), line);
            }
            let (sign, rest) = part.trim_start().strip_prefix('-').map_or((1, part.trim_start()), |rest| (-1, rest));
            ((digits(rest).parse::<i64>().unwrap_or(0) * sign, String::new()), line)
        };
        let mut keyed: Vec<_> = lines.drain(..).map(key).collect();
        keyed.order_by(|a, b| a.0.cmp(&b.0));
        lines.extend(keyed.into_iter().map(|(_, line)| line));
        if call.has('r') {
            lines.reverse();
        }
        if call.has('u') {
            lines.dedup();
        }
    })
}

pub(super) fn uniq(call: &mut Call) -> i32 {
    lines(call, |call, lines| {
        let mut counted: Vec<(usize, String)> = Vec::new();
        for line in lines.drain(..) {
            match counted.last_mut() {
                Some((count, last)) if *last == line => *count += 1,
                _ => counted.push((1, line)),
            }
        }
        let kept = counted.into_iter().filter(|(count, _)| !(call.has('d') && *count < 2 || call.has('u') && *count > 1));
        lines.extend(kept.map(|(count, line)| if call.has('c') { format!("{count:>7} {line}") } else { line }));
    })
}

pub(super) fn rev(call: &mut Call) -> i32 {
    lines(call, |_, lines| lines.iter_mut().for_each(|l| *l = l.chars().rev().collect()))
}

pub(super) fn tac(call: &mut Call) -> i32 {
    lines(call, |_, lines| lines.reverse())
}

/// The numbers that `2`, `1,3`, `2-4`, `3-` stand for, as ranges from 1.
fn ranges(text: &str) -> Vec<(usize, usize)> {
    let range = |piece: &str| {
        let (from, to) = piece.split_once('-').unwrap_or((piece, piece));
        let from = if from.is_empty() { 1 } else { from.parse().ok()? };
        Some((from, if to.is_empty() { usize::MAX } else { to.parse().ok()? }))
    };
    text.split(',').filter_map(range).collect()
}

pub(super) fn cut(call: &mut Call) -> i32 {
    let separator = call.options.value('d').and_then(|d| d.chars().next()).unwrap_or('\t').to_string();
    let by_character = call.options.value('c').or(call.options.value('b'));
    let wanted = ranges(by_character.or(call.options.value('f')).unwrap_or(""));
    let by_character = by_character.is_some();
    if wanted.is_empty() {
        return call.fail("you must specify a list of bytes, characters, or fields", 1);
    }
    let is_wanted = |at: usize| wanted.iter().any(|(from, to)| (*from..=*to).contains(&(at + 1)));
    lines(call, |call, lines| {
        if call.has('s') {
            lines.retain(|line| line.contains(&separator));
        }
        for line in lines {
            if by_character {
                *line = line.chars().enumerate().filter(|(at, _)| is_wanted(*at)).map(|(_, c)| c).collect();
            } else if line.contains(&separator) {
                let kept: Vec<&str> = line.split(&separator).enumerate().filter(|(at, _)| is_wanted(*at)).map(|(_, piece)| piece).collect();
                *line = kept.join(&separator);
            }
        }
    })
}

/// The characters that `a-z`, `\n`, `[:upper:]` stand for.
fn set(text: &str) -> Vec<char> {
    let named = [
        ("[:upper:]", "A-Z"),
        ("[:lower:]", "a-z"),
        ("[:digit:]", "0-9"),
        ("[:alpha:]", "A-Za-z"),
        ("[:alnum:]", "A-Za-z0-9"),
        ("[:space:]", " \t\n"),
    ];
    let text = named.iter().fold(unescape(text), |text, (name, range)| text.replace(name, range));
    let characters: Vec<char> = text.chars().collect();
    let mut set = Vec::new();
    let mut i = 0;
    while i < characters.len() {
        if characters.get(i + 1) == Some(&'-') && i + 2 < characters.len() {
            set.extend((characters[i]..=characters[i + 2]).take(300));
            i += 3;
        } else {
            set.push(characters[i]);
            i += 1;
        }
    }
    set
}

pub(super) fn tr(call: &mut Call) -> i32 {
    let (from, to) = (set(call.word(0)), set(call.word(1)));
    let (delete, squeeze, not) = (call.has('d'), call.has('s'), call.has('c') || call.has('C'));
    let mut out = String::new();
    let mut last = None;
    for c in call.stdin.chars() {
        let found = match from.iter().position(|f| *f == c) {
            found if !not => found,
            Some(_) => None,
            None => Some(usize::MAX),
        };
        let new = match found {
            None => Some(c),
            Some(_) if delete => None,
            Some(index) => to.get(index).or(to.last()).copied().or(Some(c)),
        };
        if let Some(new) = new.filter(|new| !(squeeze && found.is_some() && last == Some(*new))) {
            out.push(new);
        }
        last = new.filter(|_| found.is_some());
    }
    call.say(&out)
}

pub(super) fn tee(call: &mut Call) -> i32 {
    let (text, append) = (call.stdin, call.has('a'));
    call.say(text);
    call.each(|call, path, word| call.host.write_file(path, text, append).map_err(|e| format!("{word}: {}", e.words())))
}

pub(super) fn base64(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    if call.has('d') || call.has('D') {
        let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        return match STANDARD.decode(packed) {
            Ok(bytes) => call.say(&String::from_utf8_lossy(&bytes)),
            Err(_) => call.fail("invalid input", 1),
        };
    }
    let packed = STANDARD.encode(text);
    // Lines of 76 letters, as both GNU's and BusyBox's program break them; `-w 0` does not.
    let width = call.options.number('w').unwrap_or(76);
    let mut out = String::new();
    for (at, c) in packed.chars().enumerate() {
        if width > 0 && at > 0 && at % width == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    if width > 0 {
        out.push('\n');
    }
    call.say(&out);
    code
}
