//! Text in columns and numbered lines: `column`, `nl`, `paste`, `fold`.

use super::{Call, unescape};

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
    let step = call.options.number('i').unwrap_or(1);
    let mut out = String::new();
    for line in text.lines() {
        if line.is_empty() && !every {
            out.extend(std::iter::repeat_n(' ', width + between.chars().count()));
        } else {
            out.push_str(&format!("{number:>width$}{between}{line}"));
            number += step;
        }
        out.push('\n');
    }
    call.say(&out);
    code
}

/// The lines of several files side by side, or (`-s`) those of each in one. A `-` takes the next line of standard input each time.
pub(super) fn paste(call: &mut Call) -> i32 {
    let marks: Vec<char> = match call.options.value('d').map(unescape) {
        Some(marks) if !marks.is_empty() => marks.chars().collect(),
        _ => vec!['\t'],
    };
    let mut columns: Vec<(bool, Vec<String>)> = Vec::new();
    for word in call.inputs(0) {
        match call.open(&word) {
            Ok(text) => columns.push((word == "-", text.lines().map(str::to_owned).collect())),
            Err(code) => return code,
        }
    }
    // How many lines of standard input one row takes, and the place of each of its columns in it.
    let takes = columns.iter().filter(|(piped, _)| *piped).count();
    let rows: Vec<Vec<String>> = if call.has('s') {
        columns.into_iter().map(|(_, lines)| lines).collect()
    } else {
        let height = |(piped, lines): &(bool, Vec<String>)| if *piped { lines.len().div_ceil(takes) } else { lines.len() };
        let row = |at: usize| {
            let mut before = 0;
            let cell = |(piped, lines): &(bool, Vec<String>)| {
                let place = if *piped { at * takes + before } else { at };
                before += usize::from(*piped);
                lines.get(place).cloned().unwrap_or_default()
            };
            columns.iter().map(cell).collect()
        };
        (0..columns.iter().map(height).max().unwrap_or(0)).map(row).collect()
    };
    let mut out = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                out.push(marks[(at - 1) % marks.len()]);
            }
            out.push_str(cell);
        }
        out.push('\n');
    }
    call.say(&out)
}

pub(super) fn fold(call: &mut Call) -> i32 {
    let given = call.options.value('w').unwrap_or("80").to_owned();
    let width = match call.number(&given) {
        Ok(width) => width.max(1),
        Err(code) => return code,
    };
    let at_blanks = call.has('s');
    let (text, code) = call.text(0);
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let letters: Vec<char> = line.trim_end_matches('\n').chars().collect();
        let mut at = 0;
        while letters.len() - at > width {
            let blank = letters[at..at + width].iter().rposition(|c| at_blanks && *c == ' ');
            let end = at + blank.map_or(width, |blank| blank + 1);
            out.extend(&letters[at..end]);
            out.push('\n');
            at = end;
        }
        out.extend(&letters[at..]);
        out.push_str(if line.ends_with('\n') { "\n" } else { "" });
    }
    call.say(&out);
    code
}
