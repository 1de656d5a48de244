//! Text in columns and numbered lines: `column`, `nl`, `paste`, `fold`.

use super::Call;

/// `column -t`: words below one another, two blanks between. Without `-t` the lines stay as they are.
pub(super) fn column(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    if !call.has('t') {
        call.say(&text);
        return code;
    }
    let separators = call.options.value('s').map(str::to_owned);
    let between = call.options.value('o').unwrap_or("  ").to_owned();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| match &separators {
            Some(signs) => line.split(|c| signs.contains(c)).collect(),
            None => line.split_whitespace().collect(),
        })
        .collect();
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0)).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            let last = at + 1 == row.len();
            let pad = if last { 0 } else { widths[at].saturating_sub(cell.chars().count()) };
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', pad));
            out.push_str(if last { "\n" } else { &between });
        }
    }
    call.say(&out);
    code
}

/// Lines with their numbers; empty ones have none, but with `-b a`.
pub(super) fn nl(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    let every = call.options.value('b') == Some("a");
    let width = call.options.number('w').unwrap_or(6).min(100);
    let between = call.options.value('s').unwrap_or("\t").to_owned();
    let mut number = call.options.number('v').unwrap_or(1);
    let mut out = String::new();
    for line in text.lines() {
        if line.is_empty() && !every {
            out.extend(std::iter::repeat_n(' ', width + between.chars().count()));
        } else {
            out.push_str(&format!("{number:>width$}{between}{line}"));
            number += 1;
        }
        out.push('\n');
    }
    call.say(&out);
    code
}

/// `paste -s`: all lines in one. Otherwise the lines of its one input.
pub(super) fn paste(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    if !call.has('s') {
        call.say(&text);
        return code;
    }
    let between = call.options.value('d').unwrap_or("\t").to_owned();
    call.say(&(text.lines().collect::<Vec<_>>().join(&between) + "\n"));
    code
}

pub(super) fn fold(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    let width = call.options.number('w').unwrap_or(80).max(1);
    let mut out = String::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        for piece in letters.chunks(width) {
            out.extend(piece);
            out.push('\n');
        }
        if letters.is_empty() {
            out.push('\n');
        }
    }
    call.say(&out);
    code
}
