//! Bytes: `od`, `hexdump`, `base64`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::Call;

/// Rows of 16 bytes, each behind its offset; of rows that are alike only the first is shown. At the end stands how many there are.
fn rows(bytes: &[u8], offset: &dyn Fn(usize) -> String, row: &dyn Fn(&[u8]) -> String) -> String {
    let mut out = String::new();
    let (mut before, mut starred) = (None, false);
    for (at, some) in bytes.chunks(16).enumerate() {
        if before == Some(some) && some.len() == 16 {
            out.push_str(if starred { "" } else { "*\n" });
            starred = true;
            continue;
        }
        (before, starred) = (Some(some), false);
        out.push_str(&format!("{}{}\n", offset(at * 16), row(some)));
    }
    let end = offset(bytes.len());
    out + &if end.is_empty() { end } else { format!("{end}\n") }
}

/// Words of two bytes, the low one first.
fn pairs(bytes: &[u8], shown: &dyn Fn(u16) -> String) -> String {
    bytes.chunks(2).map(|two| shown(u16::from(two[0]) | u16::from(*two.get(1).unwrap_or(&0)) << 8)).collect()
}

fn letter(byte: u8) -> String {
    match byte {
        0 => "\\0".into(),
        7..=13 => format!("\\{}", char::from(b"abtnvfr"[usize::from(byte) - 7])),
        32..127 => char::from(byte).to_string(),
        _ => format!("{byte:03o}"),
    }
}

/// The bytes that it reads, as many as a flag says.
fn input(call: &mut Call, flag: char) -> (Vec<u8>, i32) {
    let most = call.options.number(flag).unwrap_or(usize::MAX);
    let (text, code) = call.text(0);
    (text.bytes().take(most).collect(), code)
}

pub(super) fn od(call: &mut Call) -> i32 {
    let (bytes, code) = input(call, 'N');
    let kind = call.options.value('t').unwrap_or("").to_owned();
    let is = |flag: char, long: &str| call.has(flag) || kind == long;
    let row: &dyn Fn(&[u8]) -> String = if is('c', "c") {
        &|some| some.iter().map(|b| format!("{:>4}", letter(*b))).collect()
    } else if is('b', "o1") {
        &|some| some.iter().map(|b| format!(" {b:03o}")).collect()
    } else if is('x', "x2") {
        &|some| pairs(some, &|word| format!(" {word:04x}"))
    } else if kind == "x1" {
        &|some| some.iter().map(|b| format!(" {b:02x}")).collect()
    } else if is('d', "u2") {
        &|some| pairs(some, &|word| format!(" {word:>5}"))
    } else {
        &|some| pairs(some, &|word| format!(" {word:06o}"))
    };
    let radix = call.options.value('A').unwrap_or("o");
    let offset = |at: usize| match radix {
        "n" => String::new(),
        "x" => format!("{at:06x}"),
        "d" => format!("{at:07}"),
        _ => format!("{at:07o}"),
    };
    let out = rows(&bytes, &offset, row);
    call.say(&out);
    code
}

pub(super) fn hexdump(call: &mut Call) -> i32 {
    let (bytes, code) = input(call, 'n');
    let both = |some: &[u8]| {
        let halves: Vec<String> = some.chunks(8).map(|half| half.iter().map(|b| format!(" {b:02x}")).collect()).collect();
        let seen: String = some.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect();
        format!(" {:<50} |{seen}|", halves.join(" "))
    };
    let out = match bytes.is_empty() {
        true => String::new(),
        false if call.has('C') || call.name == "hd" => rows(&bytes, &|at| format!("{at:08x}"), &both),
        false => rows(&bytes, &|at| format!("{at:07x}"), &|some| format!("{:<40}", pairs(some, &|word| format!(" {word:04x}")))),
    };
    call.say(&out);
    code
}

/// What stands in base64, and whether that was all. GNU's program stops at a letter that is none and takes a last group that lacks its filling; BusyBox
/// passes over such letters and leaves such a group out.
fn unpack(text: &str, gnu: bool) -> (Vec<u8>, bool) {
    let known = |c: &char| c.is_ascii_alphanumeric() || "+/=".contains(*c);
    let packed: Vec<char> = text.chars().filter(|c| known(c) || gnu && !matches!(c, '\n' | '\r')).collect();
    let (mut out, mut whole) = (Vec::new(), true);
    for group in packed.chunks(4) {
        let group: String = group.iter().collect();
        match STANDARD.decode(&group) {
            Ok(bytes) => out.extend(bytes),
            Err(_) => {
                let letters = group.trim_end_matches('=');
                if gnu {
                    out.extend(STANDARD_NO_PAD.decode(letters).unwrap_or_default());
                }
                whole = false;
                break;
            }
        }
    }
    (out, whole)
}

pub(super) fn base64(call: &mut Call) -> i32 {
    let (text, code) = call.text(0);
    if call.has('d') || call.has('D') {
        let (bytes, whole) = unpack(&text, call.machine.bash);
        let said = call.say(&String::from_utf8_lossy(&bytes));
        return match whole {
            true => said,
            false => call.fail(if call.machine.bash { "invalid input" } else { "truncated input" }, 1),
        };
    }
    if code != 0 {
        return code;
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
    if width > 0 && !out.is_empty() {
        out.push('\n');
    }
    call.say(&out);
    code
}
