//! Text as it is: `cat`, `head`, `tail`, `wc`, `rev`, `tac`, `cut`, `tr`, `tee`.

use super::{Call, Endless, unescape};

pub(super) fn cat(call: &mut Call) -> i32 {
    let flags = |letters: &str| letters.chars().any(|letter| call.has(letter));
    let (all, filled, visible, tabs, ends) = (call.has('n'), call.has('b'), flags("vetA"), flags("tA"), flags("eA"));
    let plain = !(all || filled || visible);
    let (mut code, mut number) = (0, 0);
    for word in call.inputs(0) {
        let text = match call.open(&word) {
            Ok(text) if plain => text,
            Ok(text) => {
                let mut out = String::new();
                for line in text.split_inclusive('\n') {
                    let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
                    if filled && !body.is_empty() || all && !filled {
                        number += 1;
                        out.push_str(&format!("{number:>6}\t"));
                    }
                    for byte in body.chars() {
                        match byte {
                            '\t' if tabs => out.push_str("^I"),
                            '\t' => out.push('\t'),
                            '\0'..' ' | '\x7f' if visible => out.extend(['^', char::from(byte as u8 ^ 64)]),
                            other if visible && !other.is_ascii() => other.encode_utf8(&mut [0; 4]).bytes().for_each(|b| out.push_str(&meta(b))),
                            other => out.push(other),
                        }
                    }
                    out.push_str(if ends && !end.is_empty() { "$" } else { "" });
                    out.push_str(end);
                }
                out
            }
            Err(failed) => {
                code = failed;
                continue;
            }
        };
        call.say(&text);
    }
    code
}

/// A byte above ASCII as `cat -v` shows it.
fn meta(byte: u8) -> String {
    match byte & 0x7f {
        low @ (0..32 | 127) => format!("M-^{}", char::from(low ^ 64)),
        low => format!("M-{}", char::from(low)),
    }
}

/// `head` and `tail`.
pub(super) fn ends(call: &mut Call) -> i32 {
    let head = call.name == "head";
    let bytes = call.options.value('c').is_some();
    let given = call.options.value(if bytes { 'c' } else { 'n' }).unwrap_or("10").to_owned();
    let (sign, digits) = match given.chars().next() {
        Some(sign @ ('+' | '-')) => (sign, &given[1..]),
        _ => (' ', given.as_str()),
    };
    let count = match call.number(digits) {
        Ok(count) => count,
        Err(code) => return code,
    };
    let words = call.inputs(0);
    if let ([word], true, ' ', true) = (words.as_slice(), head, sign, bytes)
        && let Some(source) = Endless::of(&call.path(word))
    {
        return source.pour(call, count);
    }
    // `tail` opens all before it begins.
    let (mut code, mut texts) = (0, Vec::new());
    for word in &words {
        match call.open(word) {
            Ok(text) => texts.push((word, text)),
            Err(failed) => code = failed,
        }
    }
    let titled = (if head { words.len() } else { texts.len() } > 1 || call.has('v')) && !call.has('q');
    for (at, (word, text)) in texts.iter().enumerate() {
        if titled {
            let gap = if at > 0 || head && words.first() != Some(word) { "\n" } else { "" };
            call.say(&format!("{gap}==> {} <==\n", if *word == "-" { "standard input" } else { word }));
        }
        let pieces: Vec<&str> = if bytes { text.split_inclusive(|_| true).collect() } else { text.split_inclusive('\n').collect() };
        let kept = match (head, sign) {
            // `head -n -2`: all but the last two; `tail -n +2`: from the second on.
            (true, '-') => &pieces[..pieces.len().saturating_sub(count)],
            (true, _) => &pieces[..count.min(pieces.len())],
            (false, '+') => &pieces[count.saturating_sub(1).min(pieces.len())..],
            (false, _) => &pieces[pieces.len().saturating_sub(count)..],
        };
        call.say(&kept.concat());
    }
    if texts.is_empty() && !head && !call.machine.bash && !words.iter().any(|word| call.folder(word)) {
        call.fail("no files", 1);
    }
    code
}

pub(super) fn wc(call: &mut Call) -> i32 {
    let letters: Vec<char> = match "lwmcL".chars().filter(|letter| call.has(*letter)).collect::<Vec<char>>() {
        none if none.is_empty() => vec!['l', 'w', 'c'],
        some => some,
    };
    let words = call.inputs(0);
    let alone = letters.len() == 1 && words.len() == 1;
    let row = |counts: &[usize], name: &str| {
        let shown: Vec<String> = counts.iter().map(|n| if alone { n.to_string() } else { format!("{n:>9}") }).collect();
        format!("{}{}{}\n", shown.join(" "), if name.is_empty() { "" } else { " " }, name)
    };
    let (mut code, mut totals) = (0, vec![0; letters.len()]);
    for word in &words {
        let folder = call.folder(word);
        let text = match call.open(word) {
            Ok(text) => text,
            Err(failed) => {
                code = failed;
                if folder {
                    call.say(&row(&vec![0; letters.len()], word));
                }
                continue;
            }
        };
        let count = |letter: &char| match letter {
            'l' => text.matches('\n').count(),
            'w' => text.split_whitespace().count(),
            'm' => text.chars().count(),
            'c' => text.len(),
            _ => text.lines().map(|line| line.chars().count()).max().unwrap_or(0),
        };
        let counts: Vec<usize> = letters.iter().map(count).collect();
        totals.iter_mut().zip(&counts).for_each(|(total, count)| *total += count);
        call.say(&row(&counts, if call.options.words.is_empty() { "" } else { word }));
    }
    if words.len() > 1 {
        call.say(&row(&totals, "total"));
    }
    code
}

pub(super) fn rev(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    let out: String = text
        .split_inclusive('\n')
        .map(|line| line.trim_end_matches('\n').chars().rev().chain(line.chars().filter(|c| *c == '\n')).collect::<String>())
        .collect();
    call.say(&out);
    code
}

pub(super) fn tac(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    let lines: Vec<&str> = text.split_inclusive('\n').rev().collect();
    call.say(&lines.concat());
    code
}

/// The numbers that `2`, `1,3`, `2-4`, `3-` stand for, as ranges from 1.
fn ranges(call: &mut Call, text: &str) -> Result<Vec<(usize, usize)>, i32> {
    let mut ranges = Vec::new();
    for piece in text.split(',') {
        let (from, to) = piece.split_once('-').unwrap_or((piece, piece));
        let from = if from.is_empty() { 1 } else { call.number(from)? };
        let to = if to.is_empty() { usize::MAX } else { call.number(to)? };
        if to < from {
            return Err(call.fail(&format!("{to}<{from}"), 1));
        }
        ranges.push((from, to));
    }
    Ok(ranges)
}

pub(super) fn cut(call: &mut Call) -> i32 {
    let given: Vec<(char, String)> = call.options.flags.iter().filter(|(letter, _)| "bcf".contains(*letter)).cloned().collect();
    let [(letter, list)] = given.as_slice() else {
        return match given.is_empty() {
            true if call.machine.bash => call.fail("you must specify a list of bytes, characters, or fields", 1),
            true => call.fail("expected a list of bytes, characters, or fields", 1),
            false => call.usage(),
        };
    };
    let by_character = *letter != 'f';
    if by_character && call.has('d') {
        return call.fail("a delimiter may be specified only when operating on fields", 1);
    }
    if by_character && call.has('s') {
        return call.fail("suppressing non-delimited lines makes sense only when operating on fields", 1);
    }
    let wanted = match ranges(call, list) {
        Ok(wanted) => wanted,
        Err(code) => return code,
    };
    let separator = call.options.value('d').and_then(|d| d.chars().next()).unwrap_or('\t').to_string();
    let between = call.options.value('O').unwrap_or(&separator).to_owned();
    let complement = call.machine.bash && call.arguments.iter().any(|a| a == "--complement");
    let is_wanted = |at: usize| wanted.iter().any(|(from, to)| (*from..=*to).contains(&(at + 1))) != complement;
    call.lines(|call, lines| {
        if call.has('s') {
            lines.retain(|line| line.contains(&separator));
        }
        for line in lines {
            if by_character {
                *line = line.chars().enumerate().filter(|(at, _)| is_wanted(*at)).map(|(_, c)| c).collect();
            } else if line.contains(&separator) {
                let kept: Vec<&str> = line.split(&separator).enumerate().filter(|(at, _)| is_wanted(*at)).map(|(_, piece)| piece).collect();
                *line = kept.join(&between);
            }
        }
    })
}

/// The characters that `a-z`, `\n`, `[:upper:]` stand for.
fn set(text: &str) -> Vec<char> {
    let named = [
        ("upper", "A-Z"),
        ("lower", "a-z"),
        ("digit", "0-9"),
        ("alpha", "A-Za-z"),
        ("alnum", "0-9A-Za-z"),
        ("space", "\t-\r "),
        ("blank", "\t "),
        ("punct", "!-/:-@[-`{-~"),
        ("cntrl", "\x01-\x1f\x7f"),
        ("xdigit", "0-9A-Fa-f"),
        ("print", " -~"),
        ("graph", "!-~"),
    ];
    let text = named.iter().fold(unescape(text), |text, (name, range)| text.replace(&format!("[:{name}:]"), range));
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
    // What `-s` makes one of: what is written from the last of the sets.
    let last_set = if call.options.words.len() > 1 { &to } else { &from };
    let mut out = String::new();
    let mut last = None;
    for c in call.stdin.chars() {
        let found = match from.iter().position(|f| *f == c) {
            found if !not => found,
            Some(_) => None,
            None => Some(usize::MAX),
        };
        let new = match found {
            None => c,
            Some(_) if delete => continue,
            Some(index) => to.get(index).or(to.last()).copied().unwrap_or(c),
        };
        let squeezes = squeeze && (last_set.contains(&new) != (not && call.options.words.len() < 2));
        if !(squeezes && last == Some(new)) {
            out.push(new);
        }
        last = Some(new);
    }
    call.say(&out)
}

pub(super) fn tee(call: &mut Call) -> i32 {
    let (text, append) = (call.stdin, call.has('a'));
    call.say(text);
    call.each(|call, path, word| call.host.write_file(path, text, append).map_err(|e| format!("{word}: {}", e.words())))
}
